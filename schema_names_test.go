package ingot_test

import (
	"testing"

	"ingot"
)

func TestTableNamesAreReadAsTheyAreWritten(t *testing.T) {
	parts := []string{"a", "", ".", "a.b", `"`, `"a`, `a"b`, `"a".b`, `"."`, `""`, "Ö x", "a.b.c"}
	for _, schema := range parts {
		for _, name := range parts {
			if name == "" {
				continue
			}
			want := ingot.TableName{Schema: schema, Name: name}
			if got := ingot.ParseTableName(want.String()); got != want {
				t.Errorf("%+q is written %s, which is read as %+q", want, want, got)
			}
		}
	}
}
