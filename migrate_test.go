package ingot_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingot"
	"ingot/dialects/sqlite"
)

// A fileDB is an SQLite database in a file, and a way around ingot to look into it.
type fileDB struct {
	*ingot.DB
	pool *sql.DB
	file string
}

// openFile opens a database in a file, as a process of its own would.
func openFile(t testing.TB, file string, o ingot.Options) *fileDB {
	t.Helper()
	pool, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	db, err := ingot.Open(pool, sqlite.Dialect{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &fileDB{db, pool, file}
}

// column reads the first column of a query.
func (db *fileDB) column(t testing.TB, query string) (list []string) {
	t.Helper()
	rows, err := db.pool.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func tempFile(t testing.TB) string { return filepath.Join(t.TempDir(), "test.db") }

// table is a table with an integer key and columns of text.
func table(name string, columns ...string) ingot.Table {
	t := ingot.Table{Name: name, PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
		Columns: []ingot.Column{{Name: "id", Type: "bigint", Auto: true}}}
	for _, c := range columns {
		t.Columns = append(t.Columns, ingot.Column{Name: c, Type: "text", Null: true})
	}
	return t
}

// threeRevisions make users, add a column and make orders.
func threeRevisions() *ingot.Revisions {
	return ingot.NewRevisions(
		ingot.Revision{ID: "aaaa01", Message: "add users", Upgrade: []ingot.Step{ingot.CreateTable{Table: table("users", "name")}}},
		ingot.Revision{ID: "bbbb02", Parents: []string{"aaaa01"}, Message: "add email", Upgrade: []ingot.Step{
			ingot.AddColumn{Table: ingot.TableName{Name: "users"}, Column: ingot.Column{Name: "email", Type: "text", Null: true}},
			ingot.Exec{SQL: "UPDATE users SET email = name || '@example.com'", Down: "UPDATE users SET email = NULL"},
		}},
		ingot.Revision{ID: "cccc03", Parents: []string{"bbbb02"}, Message: "add orders", Upgrade: []ingot.Step{ingot.CreateTable{Table: table("orders", "what")}}},
	)
}

// describe is what the database has: heads, and tables with columns.
func describe(t testing.TB, db *fileDB, m *ingot.Migrator) string {
	t.Helper()
	var parts []string
	current, err := m.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range current {
		parts = append(parts, r.ID)
	}
	parts = append(parts, "|")
	parts = append(parts, db.column(t, "SELECT m.name || '(' || group_concat(c.name) || ')' FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'ingot%' GROUP BY m.name ORDER BY m.name")...)
	return strings.Join(parts, " ")
}

func wantState(t testing.TB, db *fileDB, m *ingot.Migrator, want string) {
	t.Helper()
	if got := describe(t, db, m); got != want {
		t.Errorf("the database is at %q, want %q", got, want)
	}
}

func wantError(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want %q in it", err, want)
	}
}

func TestMigratorGoesUpAndDown(t *testing.T) {
	for _, mode := range []string{"transactional", "stepwise"} {
		t.Run(mode, func(t *testing.T) {
			db := openFile(t, tempFile(t), ingot.Options{Adjust: func(s *ingot.Server) { s.TransactionalDDL = mode == "transactional" }})
			m := ingot.NewMigrator(db.DB, threeRevisions())
			for _, step := range []struct{ move, target, want string }{
				{"up", "+1", "aaaa01 | users(id,name)"},
				{"up", "head", "cccc03 | orders(id,what) users(id,name,email)"},
				{"up", "head", "cccc03 | orders(id,what) users(id,name,email)"},
				{"down", "-1", "bbbb02 | users(id,name,email)"},
				{"down", "aaaa", "aaaa01 | users(id,name)"},
				{"up", "head", "cccc03 | orders(id,what) users(id,name,email)"},
				{"down", "base", "|"},
				{"up", "bbbb02", "bbbb02 | users(id,name,email)"},
			} {
				var err error
				if step.move == "up" {
					err = m.Upgrade(t.Context(), step.target)
				} else {
					err = m.Downgrade(t.Context(), step.target)
				}
				if err != nil {
					t.Fatalf("%s %s: %v", step.move, step.target, err)
				}
				wantState(t, db, m, step.want)
			}
		})
	}
}

func TestUpgradeOfAnUpToDateDatabaseOnlyReads(t *testing.T) {
	file := tempFile(t)
	if err := ingot.NewMigrator(openFile(t, file, ingot.Options{}).DB, threeRevisions()).Upgrade(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sent strings.Builder
	db := openFile(t, file, ingot.Options{Echo: &sent})
	if err := ingot.NewMigrator(db.DB, threeRevisions()).Upgrade(t.Context()); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(sent.String()) {
		if !strings.HasPrefix(strings.TrimSpace(line), "SELECT") {
			t.Errorf("sent %q", line)
		}
	}
}

func TestCurrentOfADatabaseNeverMigratedMakesNoTables(t *testing.T) {
	db := openFile(t, tempFile(t), ingot.Options{})
	m := ingot.NewMigrator(db.DB, threeRevisions())
	if current, err := m.Current(t.Context()); err != nil || len(current) != 0 {
		t.Errorf("Current = %v, %v", current, err)
	}
	res, err := db.Exec(t.Context(), "CREATE TABLE ingot_revision (id)")
	if err != nil {
		t.Errorf("the table of revisions was made: %v, %v", res, err)
	}
}

func TestManyMigratorsAtOnceRunEachRevisionOnce(t *testing.T) {
	file := tempFile(t)
	openFile(t, file, ingot.Options{})
	var mu sync.Mutex
	var ran []string
	var group sync.WaitGroup
	for range 10 {
		db := openFile(t, file, ingot.Options{})
		m := ingot.NewMigrator(db.DB, threeRevisions(), ingot.OnProgress(func(p ingot.Progress) {
			if p.Step == 0 && p.Done {
				mu.Lock()
				defer mu.Unlock()
				ran = append(ran, p.Revision.ID)
			}
		}))
		group.Go(func() {
			if err := m.Upgrade(context.Background(), "head"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if want := []string{"aaaa01", "bbbb02", "cccc03"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
	db := openFile(t, file, ingot.Options{})
	wantState(t, db, ingot.NewMigrator(db.DB, threeRevisions()), "cccc03 | orders(id,what) users(id,name,email)")
}

// failing are three revisions of which the third fails at its second step until repaired.
func failing(sql ingot.TrustedSQL) *ingot.Revisions {
	revs := threeRevisions().All()
	revs[2].Upgrade = append(revs[2].Upgrade, ingot.Exec{SQL: sql, Down: "SELECT 1"}, ingot.CreateTable{Table: table("after")})
	return ingot.NewRevisions(revs...)
}

func TestAFailureUndoesItsRevisionAndNoOther(t *testing.T) { // TX-01, OF-04
	db := openFile(t, tempFile(t), ingot.Options{})
	m := ingot.NewMigrator(db.DB, failing("INSERT INTO missing VALUES (1)"))
	err := m.Upgrade(t.Context(), "head")
	wantError(t, err, "upgrade of revision cccc03 (add orders): step 2, exec INSERT INTO missing VALUES (1): ")
	if e, ok := errors.AsType[*ingot.MigrationError](err); !ok || e.Revision != "cccc03" || e.Step != 2 || e.Down {
		t.Errorf("error is %#v", err)
	}
	wantState(t, db, m, "bbbb02 | users(id,name,email)")
	var out strings.Builder
	db.env(failing("SELECT 1")).Run(t.Context(), []string{"current"}, &out, &out)
	if want := "failed: upgrade of cccc03, step 2, exec INSERT INTO missing VALUES (1), "; !strings.Contains(out.String(), want) {
		t.Errorf("current prints %q, want %q in it", out.String(), want)
	}
	m = ingot.NewMigrator(db.DB, failing("SELECT 1"))
	if err := m.Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	wantState(t, db, m, "cccc03 | after(id) orders(id,what) users(id,name,email)")
}

func TestAFailureWithoutTransactionalDDLIsResumed(t *testing.T) { // TX-02
	stepwise := ingot.Options{Adjust: func(s *ingot.Server) { s.TransactionalDDL = false }}
	db := openFile(t, tempFile(t), stepwise)
	m := ingot.NewMigrator(db.DB, failing("INSERT INTO missing VALUES (1)"))
	wantError(t, m.Upgrade(t.Context(), "head"), "step 2")
	wantState(t, db, m, "bbbb02 | orders(id,what) users(id,name,email)")

	edited := failing("SELECT 1").All()
	edited[2].Upgrade[0] = ingot.CreateTable{Table: table("orders", "what", "when")}
	err := ingot.NewMigrator(db.DB, ingot.NewRevisions(edited...)).Upgrade(t.Context(), "head")
	if !errors.Is(err, ingot.ErrEdited) {
		t.Errorf("a step that has run was edited: %v", err)
	}

	m = ingot.NewMigrator(db.DB, failing("SELECT 1"))
	if err := m.Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	wantState(t, db, m, "cccc03 | after(id) orders(id,what) users(id,name,email)")
	if err := m.Downgrade(t.Context(), "-1"); err != nil {
		t.Fatal(err)
	}
	wantState(t, db, m, "bbbb02 | users(id,name,email)")

	m = ingot.NewMigrator(db.DB, failing("INSERT INTO missing VALUES (1)"))
	wantError(t, m.Upgrade(t.Context(), "head"), "step 2")
	if err := m.Downgrade(t.Context(), "bbbb02"); err != nil {
		t.Fatal(err)
	}
	wantState(t, db, m, "bbbb02 | users(id,name,email)")
}

func TestARunThatDiedIsResumed(t *testing.T) {
	file := tempFile(t)
	stepwise := ingot.Options{Adjust: func(s *ingot.Server) { s.TransactionalDDL = false }}
	db := openFile(t, file, stepwise)
	ctx, cancel := context.WithCancel(t.Context())
	m := ingot.NewMigrator(db.DB, failing("SELECT 1"), ingot.OnProgress(func(p ingot.Progress) {
		if p.Revision.ID == "cccc03" && p.Step == 1 && p.Done {
			cancel()
		}
	}))
	if err := m.Upgrade(ctx, "head"); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	// As if the process had died between the statement and its receipt.
	for _, text := range []ingot.TrustedSQL{"UPDATE ingot_step SET state = 'running' WHERE revision = 'cccc03' AND step = 1", "DELETE FROM ingot_step WHERE revision = 'cccc03' AND step > 1"} {
		if _, err := db.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	m = ingot.NewMigrator(openFile(t, file, stepwise).DB, failing("SELECT 1"))
	if err := m.Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	wantState(t, db, m, "cccc03 | after(id) orders(id,what) users(id,name,email)")
}

func TestACancelledUpgradeLeavesNothingHalfWritten(t *testing.T) {
	for _, file := range []string{tempFile(t), ":memory:"} {
		db := openFile(t, file, ingot.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		m := ingot.NewMigrator(db.DB, threeRevisions(), ingot.OnProgress(func(p ingot.Progress) {
			if p.Revision.ID == "bbbb02" && p.Step == 2 && !p.Done {
				cancel()
			}
		}))
		if err := m.Upgrade(ctx, "head"); !errors.Is(err, context.Canceled) && !errors.Is(err, ingot.ErrCanceled) {
			t.Errorf("error is %v", err)
		}
		wantState(t, db, m, "aaaa01 | users(id,name)")
		if err := m.Upgrade(t.Context(), "head"); err != nil {
			t.Error(err)
		}
		wantState(t, db, m, "cccc03 | orders(id,what) users(id,name,email)")
	}
}

func TestEditedRevisionIsRefused(t *testing.T) { // TX-04
	db := openFile(t, tempFile(t), ingot.Options{})
	if err := ingot.NewMigrator(db.DB, threeRevisions()).Upgrade(t.Context(), "bbbb02"); err != nil {
		t.Fatal(err)
	}
	edited := threeRevisions().All()
	edited[0].Upgrade = []ingot.Step{ingot.CreateTable{Table: table("users", "nickname")}}
	revs := ingot.NewRevisions(edited...)
	for _, err := range []error{
		ingot.NewMigrator(db.DB, revs).Upgrade(t.Context(), "head"),
		ingot.NewMigrator(db.DB, revs).Downgrade(t.Context(), "base"),
	} {
		if !errors.Is(err, ingot.ErrEdited) {
			t.Errorf("error is %v, want ErrEdited", err)
		}
		wantError(t, err, "aaaa01, applied 20")
	}
	m := ingot.NewMigrator(db.DB, revs, ingot.AllowEdited())
	if err := m.Upgrade(t.Context(), "head"); err != nil {
		t.Error(err)
	}
}

func TestUnknownRevisionInTheDatabase(t *testing.T) { // CL-09, TX-13
	db := openFile(t, tempFile(t), ingot.Options{})
	if err := ingot.NewMigrator(db.DB, threeRevisions()).Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	old := ingot.NewRevisions(threeRevisions().All()[:2]...)
	m := ingot.NewMigrator(db.DB, old)
	for _, err := range []error{m.Upgrade(t.Context(), "head"), m.Downgrade(t.Context(), "aaaa01"), m.Stamp(t.Context(), "head")} {
		if _, ok := errors.AsType[*ingot.UnknownRevisionError](err); !ok {
			t.Errorf("error is %v", err)
		}
		wantError(t, err, `can't locate revision "cccc03": the database has it, applied 20`)
		wantError(t, err, "its parents: bbbb02")
	}
	current, err := m.Current(t.Context())
	if err != nil || len(current) != 1 || current[0].Known || current[0].ID != "cccc03" || current[0].Parents[0] != "bbbb02" {
		t.Errorf("Current = %+v, %v", current, err)
	}
	if err := ingot.NewMigrator(db.DB, old, ingot.AllowAhead()).Upgrade(t.Context(), "head"); err != nil {
		t.Error(err)
	}
	wantState(t, db, m, "cccc03 | orders(id,what) users(id,name,email)")
}

func TestAnIrreversibleDowngradeRunsNothing(t *testing.T) {
	revs := threeRevisions().All()
	revs[1].Upgrade[1] = ingot.Exec{SQL: "UPDATE users SET email = name"}
	db := openFile(t, tempFile(t), ingot.Options{})
	m := ingot.NewMigrator(db.DB, ingot.NewRevisions(revs...))
	if err := m.Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	wantError(t, m.Downgrade(t.Context(), "base"), "revision bbbb02 cannot be undone: ")
	wantState(t, db, m, "cccc03 | orders(id,what) users(id,name,email)")
}

func TestMistakesInRevisionsComeBeforeTheDatabase(t *testing.T) {
	db := openFile(t, tempFile(t), ingot.Options{})
	revs := ingot.NewRevisions(ingot.Revision{ID: "a", Parents: []string{"b"}}, ingot.Revision{ID: "b", Parents: []string{"a"}})
	wantError(t, ingot.NewMigrator(db.DB, revs).Upgrade(t.Context(), "head"), "cycle of revisions: a -> b -> a")
	wantError(t, ingot.NewMigrator(db.DB, ingot.NewRevisions(ingot.Revision{ID: "a", Upgrade: []ingot.Step{ingot.Do{Name: "fill"}}})).Upgrade(t.Context(), "head"), "step 1, do fill version 0: it has no Func")
	if err := ingot.NewMigrator(db.DB, nil).Upgrade(t.Context(), "head"); err != nil {
		t.Errorf("no revisions: %v", err)
	}
}

func TestStampMovesTheMarkerAndRunsNothing(t *testing.T) {
	revs := ingot.NewRevisions(
		ingot.Revision{ID: "a"}, ingot.Revision{ID: "b", Parents: []string{"a"}},
		ingot.Revision{ID: "c1", Parents: []string{"b"}, Labels: []string{"one"}}, ingot.Revision{ID: "d1", Parents: []string{"c1"}},
		ingot.Revision{ID: "c2", Parents: []string{"b"}, Labels: []string{"two"}}, ingot.Revision{ID: "d2", Parents: []string{"c2"}},
	)
	db := openFile(t, tempFile(t), ingot.Options{})
	m := ingot.NewMigrator(db.DB, revs)
	for _, tt := range []struct{ target, want string }{
		{"heads", "d1 d2 |"},
		{"two@-1", "c2 d1 |"},
		{"two@head", "d1 d2 |"},
		{"one@base", "d2 |"},
		{"b", "b |"},
		{"d1", "d1 |"},
		{"base", "|"},
		{"+1", "a |"},
	} {
		if err := m.Stamp(t.Context(), tt.target); err != nil {
			t.Fatalf("stamp %s: %v", tt.target, err)
		}
		wantState(t, db, m, tt.want)
	}
}

func TestDoRunsInTheTransactionOfItsRevision(t *testing.T) {
	fill := func(ctx context.Context, tx *ingot.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO users (name) VALUES ('sandy')")
		return err
	}
	broken := func(ctx context.Context, tx *ingot.Tx) error {
		if err := fill(ctx, tx); err != nil {
			return err
		}
		return errors.New("enough")
	}
	steps := func(f func(context.Context, *ingot.Tx) error) *ingot.Revisions {
		return ingot.NewRevisions(ingot.Revision{ID: "aaaa01", Upgrade: []ingot.Step{
			ingot.CreateTable{Table: table("users", "name")}, ingot.Do{Name: "fill", Version: 1, Func: f}}})
	}
	db := openFile(t, tempFile(t), ingot.Options{})
	wantError(t, ingot.NewMigrator(db.DB, steps(broken)).Upgrade(t.Context(), "head"), "step 2, do fill version 1: enough")
	m := ingot.NewMigrator(db.DB, steps(fill))
	wantState(t, db, m, "|")
	if err := m.Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	if names := db.column(t, "SELECT name FROM users"); !slices.Equal(names, []string{"sandy"}) {
		t.Errorf("users are %v", names)
	}
}

// env is an Env whose command works on the database of db.
func (db *fileDB) env(revs *ingot.Revisions) ingot.Env {
	return ingot.Env{
		Revisions: revs, Dialect: sqlite.Dialect{}, Models: db.Models(),
		Open:    func() (*sql.DB, error) { return sql.Open("sqlite", db.file) },
		Options: ingot.Options{Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }},
	}
}
