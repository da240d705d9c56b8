package ingot

import (
	"os"
	"regexp"
	"testing"
)

func TestTheCommentOfModelsNamesEveryTagOption(t *testing.T) {
	text, err := os.ReadFile("model.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range optionSpecs() {
		if o.name != "-" && !regexp.MustCompile(`(?m)^//.*\b`+regexp.QuoteMeta(o.name)+`\b`).Match(text) {
			t.Errorf("the comment of Models does not say what %q does", o.name)
		}
	}
}
