package sqltext

import "testing"

func TestClosed(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"a > 0", true},
		{"f((a), ')')", true},
		{"a) OR (b", false},
		{"(a", false},
		{"a; b", false},
		{"';'", true},
		{"'a", false},
		{"a -- )", true},
		{"a /* ( */", true},
		{"a /* (", false},
	} {
		if got := (Rules{}).Closed(tt.text); got != tt.want {
			t.Errorf("Closed(%q) = %v, want %v", tt.text, got, tt.want)
		}
	}
}
