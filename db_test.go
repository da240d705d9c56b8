package ingot_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite"

	"ingot"
	"ingot/dialects/mysql"
	"ingot/dialects/sqlite"
)

// openDB opens a database file of its own with the options given.
func openDB(t testing.TB, o ingot.Options) *ingot.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	db, err := ingot.Open(pool, sqlite.Dialect{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t testing.TB, db *ingot.DB, text ingot.TrustedSQL, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	pool := func(dsn string) *sql.DB {
		p, err := sql.Open("sqlite", dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		return p
	}
	for _, tt := range []struct {
		name    string
		pool    *sql.DB
		dialect ingot.Dialect
		want    string
	}{
		{"no database handle", nil, sqlite.Dialect{}, "Open needs a *sql.DB"},
		{"no dialect", pool(":memory:"), nil, "one of those in dialects"},
		{"a file that is no database", pool("file:" + text), sqlite.Dialect{}, "not a database"},
		{"a folder that is not there", pool("file:" + filepath.Join(dir, "no", "such.db")), sqlite.Dialect{}, "does its folder exist"},
		{"another database than the dialect's", pool(":memory:"), mysql.Dialect{}, "sqlite"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, err := ingot.Open(tt.pool, tt.dialect, ingot.Options{})
			if db != nil || err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tt.want)) {
				t.Errorf("Open = %v, %v; want an error with %q", db, err, tt.want)
			}
		})
	}
}

func TestEchoWritesStatementsReadably(t *testing.T) {
	for _, tt := range []struct {
		name string
		hide bool
		want string
	}{
		{"with arguments", false, `INSERT INTO t VALUES (?, ?, ?) -- 1, "a \"b\"", NULL`},
		{"without their values", true, `INSERT INTO t VALUES (?, ?, ?) -- 3 hidden`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			db := openDB(t, ingot.Options{Echo: &out, HideArgs: tt.hide})
			mustExec(t, db, "CREATE TABLE t (a, b, c)")
			out.Reset()
			mustExec(t, db, "INSERT INTO t VALUES (?, ?, ?)", 1, `a "b"`, nil)
			if got := strings.TrimSpace(out.String()); got != tt.want {
				t.Errorf("Echo wrote %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLoggerHidesArguments(t *testing.T) {
	var out bytes.Buffer
	l := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	db := openDB(t, ingot.Options{Logger: l, HideArgs: true})
	mustExec(t, db, "CREATE TABLE t (a)")
	mustExec(t, db, "INSERT INTO t VALUES (?)", "secret")
	if _, err := db.Exec(t.Context(), "INSERT INTO nowhere VALUES (?)", "secret"); err == nil {
		t.Fatal("an insert into a missing table worked")
	}
	got := out.String()
	for _, want := range []string{"level=DEBUG", "op=exec", "INSERT INTO t", "rows=1", "level=ERROR", "nowhere"} {
		if !strings.Contains(got, want) {
			t.Errorf("the log lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "secret") {
		t.Errorf("the log shows an argument:\n%s", got)
	}
}

type spanKey struct{}

// spans is a tracer that nests as OpenTelemetry's do: by the context.
type spans struct{ lines []string }

func (s *spans) StatementStart(ctx context.Context, st *ingot.TracedStatement) context.Context {
	parent, _ := ctx.Value(spanKey{}).(string)
	s.lines = append(s.lines, "start "+parent+"/"+st.Op)
	return context.WithValue(ctx, spanKey{}, parent+"/"+st.Op)
}

func (s *spans) StatementEnd(ctx context.Context, st *ingot.TracedStatement) {
	s.lines = append(s.lines, "end "+ctx.Value(spanKey{}).(string))
	if st.Err != nil {
		s.lines = append(s.lines, "error")
	}
}

func TestTracerSpansNestByContext(t *testing.T) {
	s := new(spans)
	db := openDB(t, ingot.Options{Tracer: s})
	ctx := context.WithValue(t.Context(), spanKey{}, "request")
	if _, err := db.Exec(ctx, "CREATE TABLE t (a)"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(ctx, "nonsense"); err == nil {
		t.Fatal("nonsense worked")
	}
	want := "start request/exec, end request/exec, start request/exec, end request/exec, error"
	if got := strings.Join(s.lines, ", "); got != want {
		t.Errorf("the tracer saw %s, want %s", got, want)
	}
}

func TestEveryWriterEnforcesForeignKeys(t *testing.T) {
	for _, dsn := range []string{"", "?_pragma=foreign_keys(0)", "?_pragma=foreign_keys(1)"} {
		t.Run("DSN "+dsn, func(t *testing.T) {
			pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "fk.db")+dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			db, err := ingot.Open(pool, sqlite.Dialect{}, ingot.Options{})
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, db, "CREATE TABLE p (id INTEGER PRIMARY KEY)")
			mustExec(t, db, "CREATE TABLE c (p REFERENCES p)")
			pool.SetMaxIdleConns(0) // a new connection for each statement
			_, err = db.Exec(t.Context(), "INSERT INTO c VALUES (7)")
			var ce *ingot.ConstraintError
			if !errors.As(err, &ce) || ce.Kind != ingot.ForeignKeyViolation || !errors.Is(err, ingot.ErrConstraint) {
				t.Errorf("an orphan was refused with %v, want a foreign key violation", err)
			}
		})
	}
}

// The DSN does not say how long to wait for a lock; without a wait most of these would fail.
func TestWhoMeetsALockWaits(t *testing.T) {
	db := openDB(t, ingot.Options{Models: ingot.MustModels(Album{}, Track{})})
	if err := db.CreateAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, "INSERT INTO album (id, title) VALUES (1, '')")
	var all sync.WaitGroup
	try := func(what string, f func() error) {
		all.Go(func() {
			for range 3 {
				if err := f(); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
	for range 8 {
		try("transaction", func() error {
			return db.Transaction(t.Context(), func(s *ingot.Session) error {
				a, err := ingot.Get[Album](t.Context(), s, 1)
				if err == nil {
					a.Title += "x"
				}
				return err
			})
		})
		try("single statement", func() error {
			_, err := ingot.Insert(&Track{AlbumID: 1}).Exec(t.Context(), db)
			return err
		})
		try("read", func() error {
			_, err := ingot.Select(new(Track)).All(t.Context(), db)
			return err
		})
	}
	all.Wait()
	a, err := ingot.Get[Album](t.Context(), db, 1)
	if err != nil || len(a.Title) != 24 {
		t.Errorf("the counter is %v, %v; want 24 updates", a, err)
	}
}

func TestStatementErrorNamesTheStatement(t *testing.T) {
	db := openDB(t, ingot.Options{})
	mustExec(t, db, "CREATE TABLE t (a NOT NULL)")
	_, err := db.Exec(t.Context(), "INSERT INTO t VALUES (?)", nil)
	e, ok := errors.AsType[*ingot.StatementError](err)
	if !ok || e.Op != "exec" || e.SQL != "INSERT INTO t VALUES (?)" || e.Column != "a" || e.Kind != ingot.ErrConstraint {
		t.Errorf("Exec = %#v, want a StatementError about column a", err)
	}
}

func ExampleOpen() {
	pool, err := sql.Open("sqlite", "file:/open-example?vfs=memdb")
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	db, err := ingot.Open(pool, sqlite.Dialect{}, ingot.Options{Echo: os.Stdout})
	if err != nil {
		panic(err)
	}
	defer db.Close()
	_, _ = db.Exec(context.Background(), "CREATE TABLE pet (name TEXT)")
	_, _ = db.Exec(context.Background(), "INSERT INTO pet (name) VALUES (?)", "Gary")
	// Output:
	// CREATE TABLE pet (name TEXT)
	// INSERT INTO pet (name) VALUES (?) -- "Gary"
}
