package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// newModule makes a module in a temporary folder that uses this one by replace, with what
// the tests of this one require.
func newModule(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(mod), "\n")
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/app\n"+rest+"\nrequire ingot v0.0.0\n\nreplace ingot => "+root+"\n")
	write("go.sum", string(sum))
	for name, text := range files {
		write(name, text)
	}
	return dir
}

// run runs the go command in a folder.
func runGo(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "DATABASE_URL=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustGo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := runGo(t, dir, args...)
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

const models = `package models

import "ingot"

type User struct {
	_    struct{} ` + "`ingot:\"table:user_account\"`" + `
	ID   int64    ` + "`ingot:\"pk\"`" + `
	Name string   ` + "`ingot:\"size:30\"`" + `
}

var Models = ingot.MustModels(User{})
`

func TestInitWritesWhatMigrates(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	dir := newModule(t, map[string]string{"models/models.go": models})
	out := mustGo(t, dir, "run", "ingot/cmd/ingot", "init", "-models", "example.com/app/models.Models", "-driver", "modernc.org/sqlite", "migrations")
	for _, want := range []string{"wrote migrations/main.go", "wrote migrations/versions/versions.go", "next: go run ./migrations revision --autogenerate"} {
		if !strings.Contains(out, want) {
			t.Errorf("init printed %q, want %q in it", out, want)
		}
	}
	mustGo(t, dir, "vet", "./...")
	out = mustGo(t, dir, "run", "./migrations", "revision", "--autogenerate", "-m", "Initial migration")
	if !strings.Contains(out, "_initial_migration.go") {
		t.Errorf("revision printed %q", out)
	}
	if out = mustGo(t, dir, "run", "./migrations", "upgrade", "head"); !strings.Contains(out, "Initial migration") {
		t.Errorf("upgrade printed %q", out)
	}
	if out = mustGo(t, dir, "run", "./migrations", "upgrade", "head"); !strings.Contains(out, "nothing to do") {
		t.Errorf("the second upgrade printed %q", out)
	}
	if out = mustGo(t, dir, "run", "./migrations", "revision", "--autogenerate", "-m", "again"); !strings.Contains(out, "no file written") {
		t.Errorf("the second revision printed %q", out)
	}
	if out = mustGo(t, dir, "run", "./migrations", "check"); !strings.Contains(out, "the same") {
		t.Errorf("check printed %q", out)
	}
	file := filepath.Join(dir, "models", "models.go")
	if err := os.WriteFile(file, []byte(strings.Replace(models, "}\n\nvar", "\tAge int\n}\n\nvar", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := runGo(t, dir, "run", "./migrations", "revision", "--autogenerate", "-m", "age"); err == nil || !strings.Contains(out, "--fill user_account.age=VALUE") {
		t.Errorf("a new NOT NULL column: %v, %s", err, out)
	}
	mustGo(t, dir, "run", "./migrations", "revision", "--autogenerate", "-m", "age", "--fill", "user_account.age=18")
	mustGo(t, dir, "vet", "./migrations/...")
	mustGo(t, dir, "run", "./migrations", "upgrade", "head")
	mustGo(t, dir, "run", "./migrations", "check")
	if out = mustGo(t, dir, "run", "./migrations", "downgrade", "-1"); !strings.Contains(out, ", age") {
		t.Errorf("downgrade printed %q", out)
	}
	if out, err := runGo(t, dir, "run", "./migrations", "check"); err == nil || !strings.Contains(out, "exit status 3") {
		t.Errorf("check of a database that is behind: %v, %s", err, out)
	}
	out, err := runGo(t, dir, "run", "ingot/cmd/ingot", "init", "migrations")
	if err == nil || !strings.Contains(out, "the folder migrations is not empty") {
		t.Errorf("init into a folder in use: %v, %s", err, out)
	}
}

func TestInitWithoutFlagsCompilesOnceModelsAndDriverAreNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	dir := newModule(t, map[string]string{"models/models.go": models})
	mustGo(t, dir, "run", "ingot/cmd/ingot", "init", "migrations")
	mustGo(t, dir, "vet", "./...") // compiles even before
	file := filepath.Join(dir, "migrations", "main.go")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), "// Models: models.Models,", "Models: models.Models,", 1)
	edited = strings.Replace(edited, "// The database/sql driver, for example: ", "", 1)
	edited = strings.Replace(edited, `"example.com/app/migrations/versions"`, "\"example.com/app/migrations/versions\"\n\t\"example.com/app/models\"", 1)
	if err := os.WriteFile(file, []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	mustGo(t, dir, "vet", "./...")
	mustGo(t, dir, "run", "./migrations", "current")
}

func TestInitSaysWhatIsWrong(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tt := range []struct {
		args, want string
		code       int
	}{
		{"", "usage: ingot init", 2},
		{"help", "usage: ingot init", 0},
		{"upgrade head", `unknown command "upgrade": this program knows init`, 2},
		{"init", "init needs the name of the folder", 2},
		{"init a b", "one folder, not a and b", 2},
		{"init -nope a", "flag provided but not defined", 2},
		{"init -dialect oracle a", `there is no dialect "oracle"`, 2},
		{"init -driver example.com/x a", "say -dialect sqlite, postgres or mysql", 2},
		{"init -driver example.com/x -dialect mysql a", "-driver-name", 2},
		{"init a", "there is no go.mod", 2},
		{"init -models nonsense a", "there is no go.mod", 2},
	} {
		var out bytes.Buffer
		if code := run(strings.Fields(tt.args), &out, &out); code != tt.code || !strings.Contains(out.String(), tt.want) {
			t.Errorf("ingot %s = %d, %q; want %d, %q", tt.args, code, out.String(), tt.code, tt.want)
		}
	}
}
