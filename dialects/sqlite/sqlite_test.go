package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ingot"
	"ingot/dialects/sqlite"
	"ingot/internal/fake"

	_ "modernc.org/sqlite"
)

var d sqlite.Dialect

// open gives a fresh database of one file, with the statements run on it, closed when the
// test ends.
func open(t testing.TB, statements ...string) *sql.DB {
	t.Helper()
	return openDSN(t, filepath.Join(t.TempDir(), "test.db"), statements...)
}

func openDSN(t testing.TB, dsn string, statements ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	run(t, db, statements...)
	return db
}

func run(t testing.TB, q ingot.Queryer, statements ...string) {
	t.Helper()
	for _, text := range statements {
		if _, err := q.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%v\nin %s", err, text)
		}
	}
}

// rows gives the result of a query as text, a line a row, columns separated by bars.
func rows(t testing.TB, q ingot.Queryer, text string) string {
	t.Helper()
	res, err := q.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatalf("%v\nin %s", err, text)
	}
	defer res.Close()
	names, err := res.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for res.Next() {
		cells, dest := make([]any, len(names)), make([]any, len(names))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := res.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		words := make([]string, len(cells))
		for i, c := range cells {
			words[i] = fmt.Sprint(c)
			if b, ok := c.([]byte); ok {
				words[i] = string(b)
			}
		}
		lines = append(lines, strings.Join(words, "|"))
	}
	if err := res.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func probe(t testing.TB, q ingot.Queryer) *ingot.Server {
	t.Helper()
	srv, err := d.Probe(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return &srv
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ name, got, want string }{
		{"a name", string(d.AppendIdent(nil, "order")), `"order"`},
		{"a name with a quote", string(d.AppendIdent([]byte("x."), `a"b`)), `x."a""b"`},
		{"a placeholder", string(d.AppendPlaceholder(nil, 3)), "?"},
		{"a plain column", string(d.AppendScanColumn(nil, `t."a"`, ingot.ScanPlain)), `t."a"`},
		{"a time", string(d.AppendScanColumn(nil, `t."a"`, ingot.ScanTime)), `+t."a"`},
		{"no limit", string(d.AppendLimit(nil, -1, 0)), ""},
		{"a limit", string(d.AppendLimit(nil, 3, 0)), " LIMIT 3"},
		{"a limit of nothing", string(d.AppendLimit(nil, 0, 0)), " LIMIT 0"},
		{"an offset", string(d.AppendLimit(nil, -1, 2)), " LIMIT -1 OFFSET 2"},
		{"both", string(d.AppendLimit(nil, 3, 2)), " LIMIT 3 OFFSET 2"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
	if b, err := d.AppendLock(nil, ingot.Lock{Update: true, SkipLocked: true}, nil); len(b) > 0 || err != nil {
		t.Errorf("AppendLock = %q, %v; want nothing", b, err)
	}
}

func TestProbe(t *testing.T) {
	srv := probe(t, open(t))
	if srv.String() != fmt.Sprintf("sqlite %d.%d.%d", srv.Version[0], srv.Version[1], srv.Version[2]) || srv.Version[0] != 3 ||
		!srv.InsertReturning || !srv.UpdateFrom || srv.MaxParams != 32766 || srv.Keys != ingot.KeysReserved {
		t.Errorf("Probe = %+v", srv)
	}
}

func TestProbeNamesWhatIsWrongWithTheFile(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, dsn, want string }{
		{"another file", text, "not an SQLite database"},
		{"no such folder", filepath.Join(t.TempDir(), "none", "x.db"), "cannot be opened"},
		{"a folder", t.TempDir(), "cannot be opened"},
	} {
		if _, err := d.Probe(t.Context(), openDSN(t, tt.dsn)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Probe = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestSingleConn(t *testing.T) {
	for _, tt := range []struct {
		dsn  string
		want bool
	}{
		{":memory:", true},
		{"", true},
		{":memory:?_pragma=busy_timeout(5000)", true},
		{"file:/single?vfs=memdb", false},
		{"file:/single2?vfs=memdb&_pragma=busy_timeout(60000)", false},
		{"file:single?mode=memory&cache=shared", false},
		{filepath.Join(t.TempDir(), "x.db"), false},
	} {
		if got, err := d.SingleConn(t.Context(), openDSN(t, tt.dsn)); got != tt.want || err != nil {
			t.Errorf("SingleConn(%q) = %v, %v; want %v", tt.dsn, got, err, tt.want)
		}
	}
}

func TestSetupTurnsForeignKeysOn(t *testing.T) {
	for _, tt := range []struct{ dsn, want string }{
		{":memory:", "[PRAGMA foreign_keys=ON]"},
		{":memory:?_pragma=foreign_keys(1)", "[]"},
	} {
		if got, err := d.SetupSQL(t.Context(), openDSN(t, tt.dsn)); fmt.Sprint(got) != tt.want || err != nil {
			t.Errorf("SetupSQL on %q = %v, %v; want %v", tt.dsn, got, err, tt.want)
		}
	}
}

func TestWaitLeavesTheDSNItsWord(t *testing.T) {
	for _, tt := range []struct{ dsn, want string }{
		{":memory:", "PRAGMA busy_timeout=5000"},
		{":memory:?_pragma=busy_timeout(1)", ""},
	} {
		if got, err := d.WaitSQL(t.Context(), openDSN(t, tt.dsn), 5*time.Second); got != tt.want || err != nil {
			t.Errorf("WaitSQL on %q = %q, %v; want %q", tt.dsn, got, err, tt.want)
		}
	}
}

func TestReadOnlyTransactionsRefuseWrites(t *testing.T) {
	conn, err := open(t, "CREATE TABLE t (a)").Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	o := ingot.TxOptions{ReadOnly: true, Isolation: sql.LevelSerializable}
	begin, err := d.BeginSQL(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, begin...)
	_, err = conn.ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
	if r := d.Classify(err, nil); r.Kind != ingot.ErrReadOnly {
		t.Errorf("INSERT in a read-only transaction: %v, classified %+v", err, r)
	}
	run(t, conn, "ROLLBACK")
	run(t, conn, d.EndSQL(o, nil)...)
	run(t, conn, "INSERT INTO t VALUES (1)")
}

func TestClassify(t *testing.T) {
	db := openDSN(t, ":memory:",
		"PRAGMA foreign_keys=ON",
		`CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INT NOT NULL DEFAULT 0, c INT, UNIQUE (b, c), CHECK (b <> 7), CONSTRAINT "small (b)" CHECK (b < 10))`,
		"CREATE TABLE low (a)", "CREATE UNIQUE INDEX p_lower ON low (lower(a))", "INSERT INTO low VALUES ('a')",
		"CREATE TABLE k (p INT REFERENCES p)",
		"CREATE TABLE s (n INT) STRICT",
		"INSERT INTO p VALUES (1, 'a', 1, 1)")
	db.SetMaxOpenConns(1)
	for _, tt := range []struct{ name, text, want string }{
		{"one column", "INSERT INTO p (a) VALUES ('a')", "unique||p|[a]"},
		{"several columns", "INSERT INTO p (b, c) VALUES (1, 1)", "unique||p|[b c]"},
		{"the rowid", "INSERT INTO p (id) VALUES (1)", "unique||p|[id]"},
		{"an expression index", "INSERT INTO low VALUES ('A')", "unique|p_lower||[]"},
		{"NOT NULL", "INSERT INTO p (b) VALUES (NULL)", "not null||p|[b]"},
		{"an unnamed check", "INSERT INTO p (b) VALUES (7)", "check|b <> 7||[]"},
		{"a named check", "INSERT INTO p (b) VALUES (11)", "check|small (b)||[]"},
		{"a foreign key", "INSERT INTO k VALUES (9)", "foreign key|||[]"},
		{"a strict type", "INSERT INTO s VALUES ('x')", "check||s|[n]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := db.ExecContext(t.Context(), tt.text)
			for _, err := range []error{err, fmt.Errorf("wrapped: %w", err), errors.New(err.Error())} {
				r := d.Classify(err, nil)
				if r.Constraint == nil && tt.name == "a strict type" {
					continue // only the code tells
				}
				if r.Constraint == nil || !errors.Is(r.Kind, ingot.ErrConstraint) {
					t.Fatalf("Classify(%v) = %+v", err, r)
				}
				c := r.Constraint
				if got := fmt.Sprintf("%s|%s|%s|%v", c.Kind, c.Constraint, c.Table, c.Columns); got != tt.want {
					t.Errorf("Classify(%v) = %s, want %s", err, got, tt.want)
				}
			}
		})
	}
}

// mattnError has the shape of mattn/go-sqlite3's Error, a value with two number fields.
type mattnError struct {
	Code         errNo
	ExtendedCode errNoExtended
	err          string
}

type (
	errNo         int
	errNoExtended int
)

func (e mattnError) Error() string { return e.err }

func TestClassifyOtherErrors(t *testing.T) {
	db := openDSN(t, ":memory:")
	_, rollback := db.ExecContext(t.Context(), "ROLLBACK")
	_, syntax := db.ExecContext(t.Context(), "SELEC")
	for _, tt := range []struct {
		name string
		err  error
		want ingot.Refusal
	}{
		{"nothing", nil, ingot.Refusal{}},
		{"a busy database", mattnError{5, 5, "database is locked"}, ingot.Refusal{Kind: ingot.ErrLock, Retry: true}},
		{"a stale snapshot", mattnError{5, 517, "database is locked"}, ingot.Refusal{Kind: ingot.ErrSerialization, Retry: true}},
		{"the same in a wrapper", fmt.Errorf("x: %w", errors.Join(errors.New("y"), mattnError{5, 517, ""})), ingot.Refusal{Kind: ingot.ErrSerialization, Retry: true}},
		{"a full disk", mattnError{13, 13, "database or disk is full"}, ingot.Refusal{TxEnded: true}},
		{"an interrupt", mattnError{9, 9, "interrupted"}, ingot.Refusal{Kind: ingot.ErrCanceled, TxEnded: true}},
		{"a cancelled context", fmt.Errorf("x: %w", context.Canceled), ingot.Refusal{Kind: ingot.ErrCanceled, TxEnded: true}},
		{"a rollback too many", rollback, ingot.Refusal{TxEnded: true, NoTx: true}},
		{"a syntax error", syntax, ingot.Refusal{}},
	} {
		if got := d.Classify(tt.err, nil); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: Classify(%v) = %+v, want %+v", tt.name, tt.err, got, tt.want)
		}
	}
}

func TestOpenGivesAnInMemoryDatabaseOneConnection(t *testing.T) {
	for _, tt := range []struct {
		dsn  string
		want int
	}{
		{":memory:", 1},
		{"file:/open?vfs=memdb", 0},
	} {
		pool := openDSN(t, tt.dsn)
		db, err := ingot.Open(pool, d, ingot.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := pool.Stats().MaxOpenConnections; got != tt.want {
			t.Errorf("Open(%q) leaves %d connections, want %d", tt.dsn, got, tt.want)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A reader that comes while another connection writes learns that it has to wait, not that
// there is no such table.
func TestAnInMemoryDatabaseIsLockedNotEmpty(t *testing.T) {
	pool := openDSN(t, "file:/locked?vfs=memdb&_pragma=busy_timeout(1)")
	db, err := ingot.Open(pool, d, ingot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), "CREATE TABLE t (a)"); err != nil {
		t.Fatal(err)
	}
	err = db.Transaction(t.Context(), func(s *ingot.Session) error {
		if _, err := s.Exec(t.Context(), "INSERT INTO t VALUES (1)"); err != nil {
			return err
		}
		if _, err := ingot.SQL[int64](t.Context(), db, "SELECT a FROM t"); !errors.Is(err, ingot.ErrLock) {
			t.Errorf("a reader beside a writer: %v; want ErrLock", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func reserve(t *testing.T, db ingot.Queryer, table, column string, n int) ([]int64, error) {
	t.Helper()
	name := ingot.TableName{Name: table}
	source, err := d.KeySource(t.Context(), db, nil, name, column)
	if err != nil || source == "" {
		return nil, err
	}
	return d.ReserveKeys(t.Context(), db, nil, source, name, column, n)
}

func TestReserveKeys(t *testing.T) {
	db := openDSN(t, ":memory:",
		"CREATE TABLE empty (id INTEGER PRIMARY KEY, v)",
		`CREATE TABLE "some ""rows" ("Id" integer, v, PRIMARY KEY ("Id"))`,
		`INSERT INTO "some ""rows" VALUES (-4, 0), (41, 0)`,
		"CREATE TABLE negative (id INTEGER PRIMARY KEY)",
		"INSERT INTO negative VALUES (-4)",
		"CREATE TABLE full (id INTEGER PRIMARY KEY)",
		"INSERT INTO full VALUES (9223372036854775806)",
		"CREATE TABLE int (id INT PRIMARY KEY)",
		"CREATE TABLE descending (id INTEGER PRIMARY KEY DESC)",
		"CREATE TABLE norowid (id INTEGER PRIMARY KEY) WITHOUT ROWID",
		"CREATE TABLE pair (id INTEGER, b INTEGER, PRIMARY KEY (id, b))",
		"CREATE TABLE nokey (id INTEGER)")
	db.SetMaxOpenConns(1)
	check := func(name, table, column, want string) {
		t.Helper()
		keys, err := reserve(t, db, table, column, 2)
		if fmt.Sprint(keys) != want || err != nil {
			t.Errorf("%s: ReserveKeys = %v, %v; want %s", name, keys, err, want)
		}
	}
	check("an empty table", "empty", "id", "[1 2]")
	check("another case", "EMPTY", "ID", "[1 2]")
	check("a table with rows", `some "rows`, "Id", "[42 43]")
	check("negative keys are left alone", "negative", "id", "[1 2]")
	check("keys used up", "full", "id", "[]")
	check("INT is no rowid", "int", "id", "[]")
	check("DESC is no rowid", "descending", "id", "[]")
	check("WITHOUT ROWID", "norowid", "id", "[]")
	check("a composite key", "pair", "id", "[]")
	check("no key", "nokey", "id", "[]")
	check("another column", "empty", "v", "[]")
	run(t, db, "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT)")
	check("before the first row", "counted", "id", "[1 2]")
	run(t, db, "INSERT INTO counted VALUES (7)", "DELETE FROM counted")
	check("keys of deleted rows do not come again", "Counted", "id", "[8 9]")
	check("other tables beside it", "empty", "id", "[1 2]")
}

func TestTextOfStatements(t *testing.T) {
	serverOf := func(version string) (ingot.Server, error) {
		db := (&fake.Server{Answers: map[string][][]string{"sqlite_version": {{version, "0"}}}}).Open()
		defer db.Close()
		return sqlite.Dialect{}.Probe(t.Context(), db)
	}
	text, err := fake.Texts(sqlite.Dialect{}, serverOf, "3.50.1", "3.31.0")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "text.golden", text)
}

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with a file of testdata.
func golden(t testing.TB, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update rewrites it. Got:\n%s", file, got)
	}
}
