package ingot_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The package may be copied into any module. Here that is done as the README says, and
// everything a user does with the package is done with the copy.
func TestTheCopyInAnotherModuleWorks(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module from nothing")
	}
	t.Parallel() // it waits for the go command most of the time
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "INGOT="+root, "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}

	// The same versions as here, so that nothing new is downloaded; no require of ingot.
	write(t, filepath.Join(dir, "go.mod"), strings.Replace(readFile(t, "go.mod"), "module ingot\n", "module example.com/shop\n", 1))
	write(t, filepath.Join(dir, "go.sum"), readFile(t, "go.sum"))

	commands := block(t, "README.md", "sed -i")
	run("bash", "-euc", commands)
	for _, pkg := range strings.Fields(run("go", "list", "-deps", "./...")) {
		if pkg == "ingot" || strings.HasPrefix(pkg, "ingot/") {
			t.Errorf("the copy still imports %s", pkg)
		}
	}
	run("go", "vet", "./...")

	// The tutorial comes along, rewritten by the same line.
	tutorial := filepath.Join(dir, "ingot", "examples", "tutorial")
	if err := os.CopyFS(tutorial, os.DirFS("examples/tutorial")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} { // it is part of this module now
		if err := os.Remove(filepath.Join(tutorial, name)); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(commands) {
		if strings.Contains(line, "sed -i") {
			run("bash", "-euc", line)
		}
	}
	if got, want := run("go", "run", "./ingot/examples/tutorial"), readFile(t, "examples/tutorial/testdata/output.golden"); got != want {
		t.Errorf("the tutorial of the copy printed\n%s\nwant\n%s", got, want)
	}

	// A new project, from init to a database that is up to date.
	write(t, filepath.Join(dir, "models", "models.go"), `package models

import "example.com/shop/ingot"

type Customer struct {
	ID   int64 `+"`ingot:\"pk\"`"+`
	Name string
}

var Models = ingot.MustModels(Customer{})
`)
	run("go", "run", "./ingot/cmd/ingot", "init", "migrations",
		"-models", "example.com/shop/models.Models", "-driver", "modernc.org/sqlite", "-dsn", "shop.db")
	run("go", "run", "./migrations", "revision", "--autogenerate", "-m", "Initial migration")
	run("go", "run", "./migrations", "upgrade", "head")
	run("go", "run", "./migrations", "check")
	for _, pkg := range strings.Fields(run("go", "list", "-deps", "./...")) {
		if pkg == "ingot" || strings.HasPrefix(pkg, "ingot/") {
			t.Errorf("the project imports %s", pkg)
		}
	}
	if mod := readFile(t, filepath.Join(dir, "go.mod")); strings.Contains(mod, "ingot") {
		t.Errorf("the project requires ingot:\n%s", mod)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
