package ingot_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestTheREADMEShowsTestedExamples(t *testing.T) {
	readme := readFile(t, "README.md")
	for _, file := range []string{"example_test.go", "example_testing_test.go"} {
		_, code, _ := strings.Cut(readFile(t, file), "package ingot_test\n\n")
		if !strings.Contains(readme, "```go\n"+code+"```\n") {
			t.Errorf("README.md has no block that is %s, word for word after its package clause", file)
		}
	}
}

func TestTheLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, file := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		for _, m := range link.FindAllStringSubmatch(readFile(t, file), -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
		}
	}
}

// block returns the block of code in a document that holds some text.
func block(t *testing.T, file, text string) string {
	t.Helper()
	parts := strings.Split(readFile(t, file), "\n```")
	for i := 1; i < len(parts); i += 2 {
		if _, code, _ := strings.Cut(parts[i], "\n"); strings.Contains(code, text) {
			return code
		}
	}
	t.Fatalf("%s has no block of code with %s", file, text)
	return ""
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
