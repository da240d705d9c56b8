// Package suite is how sessions and queries have to behave on every database, written once.
//
// The tests are the methods Test… of [Database]; [Run] runs all of them on each database it
// is given. The root's tests give it SQLite, the module dbtest every server and driver. After
// each test nothing may be left open: see [Watch].
package suite

import (
	"context"
	"database/sql"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"ingot"
)

// A Database is one that the tests run on: a server or library with the driver to reach it.
type Database struct {
	Name    string // as it stands in the names of tests
	Dialect ingot.Dialect
	// Open makes an empty database for one test, gone when the test ends, and returns the
	// name of the driver and a DSN.
	Open func(t testing.TB) (driver, dsn string)
	// Programs is how many programs the random tests run, unless a flag says otherwise.
	Programs int
}

// Run runs every test of the suite on each of the databases, whose name comes last in the
// test's.
func Run(t *testing.T, databases ...Database) {
	tests := reflect.TypeFor[Database]()
	for i := range tests.NumMethod() {
		name, isTest := strings.CutPrefix(tests.Method(i).Name, "Test")
		if !isTest {
			continue
		}
		test := tests.Method(i).Func.Interface().(func(Database, *testing.T))
		t.Run(name, func(t *testing.T) {
			for _, d := range databases {
				t.Run(d.Name, func(t *testing.T) { test(d, t) })
			}
		})
	}
}

// pool opens a pool on an empty database.
func (on Database) pool(t testing.TB) *sql.DB {
	t.Helper()
	driver, dsn := on.Open(t)
	return Watch(t, on.Dialect, driver, dsn)
}

// open opens a database with the tables of the models. sent records every statement.
func (on Database) open(t testing.TB, o ingot.Options, models ...any) (*ingot.DB, *recorder) {
	t.Helper()
	return on.openOn(t, on.pool(t), o, models...)
}

func (on Database) openOn(t testing.TB, pool *sql.DB, o ingot.Options, models ...any) (*ingot.DB, *recorder) {
	t.Helper()
	var err error
	if o.Models, err = ingot.NewModels(models...); err != nil {
		t.Fatal(err)
	}
	sent := &recorder{}
	o.Tracer = sent
	db, err := ingot.Open(pool, on.Dialect, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.CreateAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent.take()
	return db, sent
}

// session opens a session on a fresh database.
func (on Database) session(t testing.TB, models ...any) (*ingot.Session, *recorder) {
	t.Helper()
	db, sent := on.open(t, ingot.Options{}, models...)
	s := db.Session()
	t.Cleanup(func() { s.Close() })
	return s, sent
}

// A recorder records statements.
type recorder struct {
	mu        sync.Mutex
	list      []ingot.TracedStatement
	countdown int
	cancel    func() // called at the statement that brings countdown to zero
}

func (r *recorder) StatementStart(ctx context.Context, s *ingot.TracedStatement) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, *s)
	if r.countdown--; r.countdown == 0 && r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
	return ctx
}

func (r *recorder) StatementEnd(context.Context, *ingot.TracedStatement) {}

// cancelAt cancels a context at the n-th statement from now; it reports whether the one
// before was cancelled.
func (r *recorder) cancelAt(n int, cancel func()) (cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	cut = r.cancel == nil
	r.countdown, r.cancel = n, cancel
	return cut
}

// take returns the statements since the last take, those of the ops given or all.
func (r *recorder) take(ops ...string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var texts []string
	for _, s := range r.statements(ops) {
		texts = append(texts, s.SQL)
	}
	return texts
}

// statements returns what take does, with all that is known of each. r is locked.
func (r *recorder) statements(ops []string) []ingot.TracedStatement {
	var list []ingot.TracedStatement
	for _, s := range r.list {
		if len(ops) == 0 || slices.Contains(ops, s.Op) {
			list = append(list, s)
		}
	}
	r.list = nil
	return list
}

// ops returns the kinds of the statements since the last take.
func (r *recorder) ops() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ops []string
	for _, s := range r.list {
		ops = append(ops, s.Op)
	}
	r.list = nil
	return ops
}

// wantErr compares an error by a part of its text.
func wantErr(t testing.TB, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error %v; want one with %q", err, part)
	}
}

func mustExec(t testing.TB, db *ingot.DB, text ingot.TrustedSQL, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantRows compares what the database has: rows of one column, as text.
func wantRows(t testing.TB, r ingot.Runner, text ingot.TrustedSQL, want ...string) {
	t.Helper()
	got, err := ingot.SQL[string](t.Context(), r, text)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\n\tgives %q\n\twant  %q", text, got, want)
	}
}
