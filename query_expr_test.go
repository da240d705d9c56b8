package ingot

import (
	"strings"
	"testing"
)

func TestSplitMarks(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"a = ?", "a = |?"},
		{"? = ?", "|? = |?"},
		{"a ?? b", "a ?| b"},
		{"a = '?' AND b = ?", "a = '?' AND b = |?"},
		{`"?" = ? -- why?`, `"?" = |?| -- why?`},
		{"-- ?\n?", "-- ?\n|?"},
		{"/* ? */ ?", "/* ? */ |?"},
		{"'it''s ?' || ?", "'it''s ?' || |?"},
		{"'open ?", "'open ?"},
		{"/* open ?", "/* open ?"},
	} {
		var got []string
		for piece, mark := range splitMarks(tt.text) {
			if mark {
				piece += "|?"
			}
			got = append(got, piece)
		}
		// A mark ends its piece; what follows begins the next.
		text := strings.ReplaceAll(strings.Join(got, "|"), "?| ", "? ")
		want := strings.ReplaceAll(tt.want, "?| ", "? ")
		if text != want {
			t.Errorf("splitMarks(%q) = %q; want %q", tt.text, text, want)
		}
	}
}

// What splitMarks cuts up can be put together again.
func FuzzSplitMarks(f *testing.F) {
	for _, text := range []string{"a = ?", "'?' ?? ?", "-- ?\n/* ? */ ?", `"`, "/*", "'"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		literal := 0
		for piece, mark := range splitMarks(text) {
			b.WriteString(piece)
			if mark {
				b.WriteByte('?')
			} else if strings.HasSuffix(piece, "?") {
				literal++
			}
		}
		if got := b.String(); len(got) > len(text) || len(text)-len(got) > literal {
			t.Errorf("splitMarks(%q) lost text: %q", text, got)
		}
	})
}

func TestElementsOfAnArrayLiteral(t *testing.T) {
	for _, tt := range []struct {
		value any
		want  string
	}{
		{int64(-5), "-5"},
		{1.5, "1.5"},
		{true, "true"},
		{"plain", `"plain"`},
		{`a"b\c,{d}`, `"a\"b\\c,{d}"`},
		{"", `""`},
		{"NULL", `"NULL"`},
		{[]byte{0xde, 0xad}, `"\\xdead"`},
		{nil, "NULL"},
	} {
		if got := string(appendArrayElement(nil, tt.value)); got != tt.want {
			t.Errorf("appendArrayElement(%v) = %s; want %s", tt.value, got, tt.want)
		}
	}
}
