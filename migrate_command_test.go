package ingot_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ingot"
)

// A cli is the command on a database and a folder of its own.
type cli struct {
	env ingot.Env
	dir string
}

func newCLI(t testing.TB, models *ingot.Models, revs *ingot.Revisions) *cli {
	t.Helper()
	db := openFile(t, tempFile(t), ingot.Options{Models: models})
	e := db.env(revs)
	e.Dir = t.TempDir()
	return &cli{env: e, dir: e.Dir}
}

// run runs the command and returns what it printed and its exit code.
func (c *cli) run(t testing.TB, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	code := c.env.Run(t.Context(), args, &out, &out)
	return strings.ReplaceAll(out.String(), c.dir+string(filepath.Separator), ""), code
}

// want runs the command and compares code and output; "…" in want stands for anything.
func (c *cli) want(t testing.TB, line string, code int, want string) string {
	t.Helper()
	got, gotCode := c.run(t, splitArgs(line)...)
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", "(?s:.*)")
	if gotCode != code || !regexp.MustCompile("^"+pattern+"$").MatchString(strings.TrimSpace(got)) {
		t.Errorf("%s = %d:\n%s\nwant %d:\n%s", line, gotCode, got, code, want)
	}
	return got
}

// splitArgs splits a command line at spaces outside of quotes.
func splitArgs(line string) []string {
	var args []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			args = append(args, part)
		} else {
			args = append(args, strings.Fields(part)...)
		}
	}
	return args
}

func (c *cli) files(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestCommandMovesAlongALine(t *testing.T) { // CL-06
	c := newCLI(t, nil, threeRevisions())
	c.want(t, "current", 0, "")
	c.want(t, "current --check-heads", 1, "error: target database is not up to date: it is at base, and 3 revisions are waiting: aaaa01, bbbb02, cccc03")
	c.want(t, "heads", 0, "cccc03 (head)")
	c.want(t, "plan +1", 0, "upgrade -> aaaa01, add users\n  1. create table users (id, name)\n     CREATE TABLE…")
	c.want(t, "upgrade +2", 0, "upgrade -> aaaa01, add users\nupgrade aaaa01 -> bbbb02, add email")
	c.want(t, "current", 0, "bbbb02")
	c.want(t, "current -v", 0, "aaaa01 -> bbbb02, add email\n  applied 20… by …, its parents: aaaa01")
	c.want(t, "history -i", 0, "bbbb02 -> cccc03 (head), add orders\naaaa01 -> bbbb02 (current), add email\n<base> -> aaaa01, add users")
	c.want(t, "history -r current:", 0, "bbbb02 -> cccc03 (head), add orders\naaaa01 -> bbbb02, add email")
	c.want(t, "history -r -1:bbbb", 0, "aaaa01 -> bbbb02, add email\n<base> -> aaaa01, add users")
	c.want(t, "history -r bbbb", 2, "history range requires [start]:[end], [start]:, or :[end]; got \"bbbb\"")
	c.want(t, "upgrade", 0, "upgrade bbbb02 -> cccc03, add orders")
	c.want(t, "upgrade head", 0, "nothing to do: the database is at cccc03")
	c.want(t, "current --check-heads", 0, "cccc03 (head)")
	c.want(t, "plan --downgrade -1", 0, "downgrade cccc03 -> bbbb02, add orders\n  1. drop table orders\n     destroys the rows of table orders\n     DROP TABLE…")
	c.want(t, "downgrade -1", 0, "downgrade cccc03 -> bbbb02, add orders")
	c.want(t, "downgrade bbbb02", 0, "nothing to do")
	c.want(t, "downgrade base", 0, "downgrade bbbb02 -> aaaa01, add email\ndowngrade aaaa01 ->, add users")
	c.want(t, "downgrade -1", 2, "error: relative revision -1 didn't produce 1 migrations")
	c.want(t, "stamp head", 0, "stamped: the database is at cccc03")
	c.want(t, "stamp --purge base", 0, "stamped: the database is at base")
	c.want(t, "ensure-version", 0, "")
	c.want(t, "show bbbb", 0, "aaaa01 -> bbbb02, add email\nupgrade:\n  1. add column users.email text\n  2. exec UPDATE users SET email = name || '@example.com'\n"+
		"downgrade:\n  1. exec UPDATE users SET email = NULL\n  2. drop column users.email")
	c.want(t, "show base", 2, "error: base is no revision")
}

func TestCommandLineMistakes(t *testing.T) {
	c := newCLI(t, nil, threeRevisions())
	c.want(t, "", 2, "usage: go run ./migrations COMMAND…")
	c.want(t, "help", 0, "usage: go run ./migrations COMMAND…exit codes…")
	c.want(t, "upgrad", 2, `unknown command "upgrad": want one of revision, upgrade, downgrade, …`)
	c.want(t, "downgrade", 2, "downgrade: got 0 arguments\nusage: go run ./migrations downgrade [flags] target…")
	c.want(t, "upgrade --nope", 2, "upgrade: flag provided but not defined: -nope…")
	c.want(t, "upgrade -h", 0, "usage: go run ./migrations upgrade [flags] [target]…-sql…")
	c.want(t, "upgrade nope99", 2, `error: can't locate revision "nope99"`)
	c.want(t, "upgrade x", 2, `error: can't locate revision "x"; the beginning of an ID needs at least four characters`)
	c.want(t, "downgrade base:head --sql x", 2, "downgrade: got 2 arguments…")
	c.want(t, "stamp head", 0, "stamped: the database is at cccc03")
	c.want(t, "check", 2, "error: no models to compare with: give them to Open in Options.Models, or set Models of the Env")
	for file, want := range map[string]string{
		filepath.Join(t.TempDir(), "nowhere", "x.db"): "error: cannot open the database: the database file cannot be opened: does its folder exist…",
		"migrate.go": "error: cannot open the database as sqlite: the file is not an SQLite database…",
	} {
		c.env.Open = func() (*sql.DB, error) { return sql.Open("sqlite", file) }
		c.want(t, "upgrade", 2, want)
	}
	c.env.Open = nil
	c.want(t, "current", 2, "error: this command needs the database: set Open and Dialect of the Env in migrations/main.go")
	c.want(t, "heads", 0, "cccc03 (head)")
	c.env.Revisions = ingot.NewRevisions(ingot.Revision{ID: "a", Parents: []string{"gone"}})
	c.want(t, "upgrade", 2, "error: revision a: its parent gone is not among the revisions of this program; is the file missing?")
}

func TestRevisionFiles(t *testing.T) { // CL-03
	branched := func() *ingot.Revisions {
		return ingot.NewRevisions(ingot.Revision{ID: "aaaa01"},
			ingot.Revision{ID: "bbbb02", Parents: []string{"aaaa01"}, Labels: []string{"two"}}, ingot.Revision{ID: "cccc03", Parents: []string{"aaaa01"}})
	}
	c := newCLI(t, nil, branched())
	c.want(t, "revision -m x", 2, "error: there are several heads, bbbb02, cccc03: say which one to follow with --head, or merge them")
	c.want(t, "revision -m x --head aaaa", 2, "error: revision aaaa01 is not a head: bbbb02, cccc03 follows it; --splice begins a branch there")
	c.want(t, "revision -m x --head two@head --depends-on nope99", 2, `error: can't locate revision "nope99"`)
	c.want(t, "revision -m x --head two@head --rev-id cccc03", 2, "error: revision cccc03 exists already")
	c.want(t, "revision -m x --head two@head --rev-id a@b", 2, "error: revision \"a@b\": may not contain spaces, quotes, slashes or any of @ + - : ,")
	c.want(t, `merge bbbb02`, 2, "error: nothing to merge: bbbb02 is the only head")
	if files := c.files(t); len(files) != 0 {
		t.Errorf("files written after errors: %v", files)
	}
	c.want(t, `revision -m "It's a Über-long message, that is cut at a word (of forty letters)" --head two@head --depends-on cccc --rev-id dddd04`, 0,
		"wrote dddd04_it_s_a_über_long_message_that_is_cut_at.go")
	c.want(t, `revision -m "it works on windows" --head two@head --rev-id dddd05`, 0, "wrote dddd05_it_works_on_windows_revision.go")
	c.want(t, `merge -m "join" --rev-id eeee06`, 0, "wrote eeee06_join.go")
	c.want(t, `revision -m "it works on windows" --head two@head --rev-id dddd05`, 2, "error: dddd05_it_works_on_windows_revision.go exists already")
	for name, want := range map[string]string{
		"dddd04_it_s_a_über_long_message_that_is_cut_at.go": `package versions

import "ingot"

// It's a Über-long message, that is cut at a word (of forty letters)
//
// Revision dddd04, after bbbb02, written 2026-01-02 03:04 UTC.
var _ = Versions.Add(ingot.Revision{
	ID:        "dddd04",
	Parents:   []string{"bbbb02"},
	DependsOn: []string{"cccc03"},
	Message:   "It's a Über-long message, that is cut at a word (of forty letters)",
	Upgrade:   []ingot.Step{
		// ingot.Exec{SQL: "…", Down: "…"},
	},
	// Downgrade: where it is not written out, it is Upgrade backwards, each step reversed.
})
`,
		"eeee06_join.go": `package versions

import "ingot"

// join
//
// Revision eeee06, after bbbb02 and cccc03, written 2026-01-02 03:04 UTC.
var _ = Versions.Add(ingot.Revision{
	ID:      "eeee06",
	Parents: []string{"bbbb02", "cccc03"},
	Message: "join",
})
`} {
		got, err := os.ReadFile(filepath.Join(c.dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	c.want(t, "show dddd04", 2, `error: can't locate revision "dddd04"`) // it is not in this program
	c.env.Dir = filepath.Join(c.dir, "nowhere")
	c.want(t, "revision --head two@head", 2, "error: the folder of the revisions: …; run the command from the root of the module, or set Env.Dir")
}

func TestBranchesAndMergesAreShown(t *testing.T) {
	c := newCLI(t, nil, ingot.NewRevisions(ingot.Revision{ID: "aaaa01"},
		ingot.Revision{ID: "bbbb02", Parents: []string{"aaaa01"}, Labels: []string{"two"}}, ingot.Revision{ID: "cccc03", Parents: []string{"aaaa01"}},
		ingot.Revision{ID: "dddd04", Parents: []string{"bbbb02", "cccc03"}}, ingot.Revision{ID: "eeee05", DependsOn: []string{"dddd04"}}))
	c.want(t, "branches", 0, "<base> -> aaaa01 (branchpoint)\n  -> bbbb02 (two)\n  -> cccc03")
	c.want(t, "heads", 0, "dddd04 (two) (effective head) (mergepoint)\neeee05 (head)")
	c.want(t, "heads --resolve-dependencies", 0, "eeee05 (head)")
	c.want(t, "upgrade", 2, `error: multiple heads for "head": dddd04, eeee05; write branch@head for one of them, heads for all, or merge them`)
	c.want(t, "upgrade heads", 0, "upgrade -> aaaa01\nupgrade aaaa01 -> cccc03\nupgrade aaaa01 -> bbbb02\nupgrade bbbb02, cccc03 -> dddd04\nupgrade -> eeee05")
	c.want(t, "current", 0, "eeee05 (head)")
}

func TestOfflineScripts(t *testing.T) { // OF-01
	c := newCLI(t, nil, threeRevisions())
	c.env.Open = nil
	all := c.want(t, "upgrade head --sql", 0, "BEGIN;\nCREATE TABLE …ingot_revision…-- upgrade of revision aaaa01: add users\nCREATE TABLE…INSERT INTO \"ingot_revision\"…'aaaa01'…COMMIT;…UPDATE users…'cccc03'…COMMIT;…")
	if strings.Contains(all, "?") {
		t.Errorf("a placeholder is left in\n%s", all)
	}
	c.want(t, "upgrade bbbb02:cccc03 --sql", 0, "…BEGIN;\n-- upgrade of revision cccc03: add orders\nCREATE TABLE…INSERT…COMMIT;…")
	c.want(t, "downgrade cccc03:aaaa01 --sql", 0, "…BEGIN;\n-- downgrade of revision cccc03: add orders\nDROP TABLE…DELETE FROM \"ingot_revision\" WHERE \"id\" = 'cccc03'…bbbb02…COMMIT;…")
	c.want(t, "downgrade cccc03 --sql", 2, "downgrade --sql needs a range, from:to, because no database says where it is")
	c.want(t, "upgrade cccc03:aaaa01 --sql", 2, "error: revision cccc03 is not an ancestor of aaaa01")
	c.want(t, "stamp bbbb02 --sql", 0, "BEGIN;\nCREATE TABLE…'aaaa01'…'bbbb02'…COMMIT;")

	db := openFile(t, tempFile(t), ingot.Options{})
	if _, err := db.pool.Exec(all); err != nil {
		t.Fatal(err)
	}
	wantState(t, db, ingot.NewMigrator(db.DB, threeRevisions()), "cccc03 | orders(id,what) users(id,name,email)")
	if err := ingot.NewMigrator(db.DB, threeRevisions()).Downgrade(t.Context(), "base"); err != nil {
		t.Error(err)
	}
}
