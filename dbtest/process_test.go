package dbtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// A program is a module of its own in a temporary folder, which uses this one by replace and
// requires what these tests require.
type program struct {
	t   *testing.T
	dir string
	dsn string
}

func newProgram(t *testing.T, dsn string, files map[string]string) program {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	p := program{t, t.TempDir(), dsn}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p.write(name, strings.NewReplacer("module ingot/dbtest", "module example.com/app", "replace ingot => ..", "replace ingot => "+root).Replace(string(text)))
	}
	for name, text := range files {
		p.write(name, text)
	}
	return p
}

func (p program) write(name, text string) {
	p.t.Helper()
	file := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// edit replaces texts of a file, pair by pair, that have to be there.
func (p program) edit(name string, pairs ...string) {
	p.t.Helper()
	source, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	text := string(source)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			p.t.Fatalf("%s has no %s:\n%s", name, pairs[i], text)
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	p.write(name, text)
}

// run runs a process in the folder of the program, which has to exit with the code and say
// each of the texts.
func (p program) run(code int, command []string, wants ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), command[0], command[1:]...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "DATABASE_URL="+p.dsn)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		p.t.Fatalf("%q: %v", command, err)
	}
	if cmd.ProcessState.ExitCode() != code {
		p.t.Fatalf("%q exits with %d, want %d\n%s", command, cmd.ProcessState.ExitCode(), code, out)
	}
	for _, want := range wants {
		if !strings.Contains(string(out), want) {
			p.t.Errorf("%q prints\n%s\nwant in it: %s", command, out, want)
		}
	}
	return string(out)
}

const processModels = `package models

import (
	"time"

	"ingot"
)

type User struct {
	_      struct{} ` + "`ingot:\"table:user_account\"`" + `
	ID     int64     ` + "`ingot:\"pk\"`" + `
	Name   string    ` + "`ingot:\"size:30;unique\"`" + `
	Born   time.Time
	Orders []*Order
}

type Order struct {
	_      struct{} ` + "`ingot:\"table:order\"`" + `
	ID     int64 ` + "`ingot:\"pk\"`" + `
	UserID int64 ` + "`ingot:\"fk:user_account.id\"`" + `
	User   *User
	Note   *string ` + "`ingot:\"default:'it''s 100%'\"`" + `
}

var Models = ingot.MustModels(User{}, Order{})
`

// What init writes is compiled and run as a process of its own, which knows the server by
// DATABASE_URL alone.
func TestTheGeneratedCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	for _, tt := range []struct{ target, driver string }{
		{"postgres", "github.com/jackc/pgx/v5/stdlib"},
		{"mariadb", "github.com/go-sql-driver/mysql"},
	} {
		t.Run(tt.target, func(t *testing.T) {
			db := targetNamed(tt.target).open(t)
			p := newProgram(t, db.dsn, map[string]string{"models/models.go": processModels})
			p.run(0, []string{"go", "run", "ingot/cmd/ingot", "init", "migrations", "-models", "example.com/app/models.Models", "-driver", tt.driver},
				"wrote migrations/main.go", "wrote migrations/versions/versions.go")
			// The program is built anew where its files have changed.
			build := func() { p.run(0, []string{"go", "build", "-o", "app", "./migrations"}) }
			app := func(code int, args string, wants ...string) string {
				t.Helper()
				return p.run(code, append([]string{"./app"}, strings.Fields(args)...), wants...)
			}
			tables := func() []string {
				var names []string
				for _, table := range db.inspect(t).Tables {
					names = append(names, table.Name)
				}
				slices.Sort(names)
				return names
			}

			build()
			app(0, "revision --autogenerate -m initial", "_initial.go")
			build()
			app(0, "models", "MustModels()")
			app(0, "history", "initial")
			app(0, "upgrade head --sql", "CREATE TABLE", "user_account", "ingot_")
			if got := tables(); len(got) != 0 {
				t.Fatalf("revision, history, models and --sql leave %q in the database", got)
			}
			app(0, "upgrade head", "initial")
			if got := tables(); !slices.Contains(got, "order") || !slices.Contains(got, "user_account") {
				t.Fatalf("after upgrade the tables are %q", got)
			}
			app(0, "check", "the same")
			app(0, "current", "(head)")
			app(0, "history", "initial")
			app(0, "upgrade head", "nothing to do")
			app(0, "revision --autogenerate -m again", "no file written")

			// The models written from the database are those of the database.
			p.write("models/models.go", app(0, "models", "type UserAccount struct", "type Order struct"))
			build()
			app(0, "check", "the same")

			app(0, "downgrade base", "initial")
			if got := tables(); slices.Contains(got, "user_account") || slices.Contains(got, "order") {
				t.Errorf("downgrade base leaves %q", got)
			}
			app(ingot.ExitBehind, "check")
		})
	}
}
