package ingot_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"ingot"
	"ingot/dialects/sqlite"
)

// The tutorial's models.
type (
	User struct {
		_         struct{} `ingot:"table:user_account"`
		ID        int64    `ingot:"pk"`
		Name      string   `ingot:"size:30"`
		Fullname  *string
		Addresses []*Address `ingot:"inverse:User;cascade:all,delete-orphan"`
	}
	Address struct {
		_            struct{} `ingot:"table:address"`
		ID           int64    `ingot:"pk"`
		EmailAddress string
		UserID       int64 `ingot:"fk:user_account.id"`
		User         *User `ingot:"inverse:Addresses"`
	}
)

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

// take returns the statements since the last take, those of the ops given or all.
func (r *recorder) take(ops ...string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var texts []string
	for _, s := range r.list {
		if len(ops) == 0 || slices.Contains(ops, s.Op) {
			texts = append(texts, s.SQL)
		}
	}
	r.list = nil
	return texts
}

// newDB opens an in-memory database with the tables of the models.
func newDB(t testing.TB, o ingot.Options, models ...any) (*ingot.DB, *recorder) {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "test.db")+"?_pragma=foreign_keys(1)&_pragma=synchronous(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	if o.Models, err = ingot.NewModels(models...); err != nil {
		t.Fatal(err)
	}
	sent := &recorder{}
	o.Tracer = sent
	db, err := ingot.Open(pool, sqlite.Dialect{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.CreateAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent.take()
	return db, sent
}

// newSession opens a session on a fresh database. sent records every statement.
func newSession(t testing.TB, models ...any) (*ingot.Session, *recorder) {
	t.Helper()
	db, sent := newDB(t, ingot.Options{}, models...)
	s := db.Session()
	t.Cleanup(func() { s.Close() })
	return s, sent
}

// wantSQL compares the writes sent since the last look.
func wantSQL(t testing.TB, sent *recorder, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Errorf("error: %v", err)
	}
	if got := sent.take("insert", "update", "delete"); !slices.Equal(got, want) {
		t.Errorf("sent\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// wantErr compares an error by a part of its text.
func wantErr(t testing.TB, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error %v; want one with %q", err, part)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantRows compares what the database has, each row as its values joined by commas.
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

func sandy() *User {
	return &User{Name: "sandy", Addresses: []*Address{{EmailAddress: "sandy@sqlalchemy.org"}, {EmailAddress: "sandy@squirrelpower.org"}}}
}

func TestCommitOfTheTutorialFillsKeysIn(t *testing.T) {
	db, sent := newDB(t, ingot.Options{}, User{}, Address{})
	s := db.Session()
	defer s.Close()
	full := "Spongebob Squarepants"
	spongebob := &User{Name: "spongebob", Fullname: &full, Addresses: []*Address{{EmailAddress: "spongebob@sqlalchemy.org"}}}
	sandy, patrick := sandy(), &User{Name: "patrick"}
	must(t, s.AddAll(spongebob, sandy, patrick))
	if st := s.State(sandy.Addresses[0]); st != ingot.Pending {
		t.Errorf("state of a reached instance = %v, want pending", st)
	}
	wantSQL(t, sent, s.Commit(t.Context()),
		`INSERT INTO "user_account" ("id", "name", "fullname") VALUES (?, ?, ?), (?, ?, ?), (?, ?, ?)`,
		`INSERT INTO "address" ("id", "email_address", "user_id") VALUES (?, ?, ?), (?, ?, ?), (?, ?, ?)`)
	if got := fmt.Sprint(spongebob.ID, sandy.ID, patrick.ID, sandy.Addresses[1].UserID, sandy.Addresses[1].User == sandy); got != "1 2 3 2 true" {
		t.Errorf("keys and sides = %s", got)
	}
	if patrick.Addresses == nil || s.Loaded(patrick, &patrick.Addresses) != ingot.Loaded {
		t.Errorf("a new parent's empty collection is not loaded: %v", patrick.Addresses)
	}
	wantSQL(t, sent, s.Commit(t.Context()))
	wantRows(t, db, `SELECT u.name || ':' || a.id FROM user_account u JOIN address a ON a.user_id = u.id ORDER BY a.id`,
		"spongebob:1", "sandy:2", "sandy:3")
}

func TestGetFindsTheInstanceWithoutSQL(t *testing.T) {
	s, sent := newSession(t, User{}, Address{})
	u := sandy()
	must(t, s.Add(u))
	must(t, s.Flush(t.Context()))
	sent.take()
	got, err := ingot.Get[User](t.Context(), s, u.ID)
	if got != u || err != nil || len(sent.take()) != 0 {
		t.Errorf("Get = %p, %v; want %p without a statement", got, err, u)
	}
}

func TestOneInsertIsSentWithoutBegin(t *testing.T) {
	s, sent := newSession(t, User{}, Address{})
	must(t, s.Add(&User{Name: "patrick"}))
	must(t, s.Commit(t.Context()))
	if got := sent.take(); len(got) != 1 {
		t.Errorf("sent %q, want the INSERT alone", got)
	}
}

func TestUpdateWritesOnlyWhatChanged(t *testing.T) {
	s, sent := newSession(t, User{}, Address{})
	u := sandy()
	must(t, s.Add(u))
	must(t, s.Commit(t.Context()))
	sent.take()
	u.Name = "Sandy"
	wantSQL(t, sent, s.Flush(t.Context()), `UPDATE "user_account" SET "name" = ? WHERE "id" = ?`)
	u.Name = "x"
	u.Name = "Sandy"
	wantSQL(t, sent, s.Flush(t.Context()))
}

func TestORP001_RemovedFromTheCollectionIsDeleted(t *testing.T) {
	s, sent := newSession(t, User{}, Address{})
	u := sandy()
	must(t, s.Add(u))
	must(t, s.Commit(t.Context()))
	sent.take()
	gone := u.Addresses
	u.Addresses = nil
	wantSQL(t, sent, s.Commit(t.Context()), `DELETE FROM "address" WHERE "id" IN (?, ?)`)
	if u.Addresses == nil || s.State(gone[0]) != ingot.Detached {
		t.Errorf("after: %v, %v", u.Addresses, s.State(gone[0]))
	}
}

func TestDeleteCascadesToChildrenLoadedOrNot(t *testing.T) {
	db, sent := newDB(t, ingot.Options{}, User{}, Address{})
	s := db.Session()
	defer s.Close()
	must(t, s.AddAll(sandy(), &User{Name: "patrick"}))
	must(t, s.Commit(t.Context()))
	s2 := db.Session()
	defer s2.Close()
	u, err := ingot.Get[User](t.Context(), s2, 1)
	must(t, err)
	sent.take()
	must(t, s2.Delete(u))
	wantSQL(t, sent, s2.Commit(t.Context()), `DELETE FROM "address" WHERE "user_id" = ?`, `DELETE FROM "user_account" WHERE "id" = ?`)
	wantRows(t, db, "SELECT name FROM user_account", "patrick")
	wantRows(t, db, "SELECT id FROM address")
}

func TestRollbackRestoresInstances(t *testing.T) {
	s, _ := newSession(t, User{}, Address{})
	u := sandy()
	must(t, s.Add(u))
	must(t, s.Commit(t.Context()))
	patrick := &User{Name: "patrick"}
	must(t, s.Add(patrick))
	u.Name = "changed"
	gone := u.Addresses[0]
	u.Addresses = u.Addresses[1:]
	must(t, s.Flush(t.Context()))
	if patrick.ID != 2 || s.State(gone) != ingot.Detached {
		t.Fatalf("after flush: %v, %v", patrick.ID, s.State(gone))
	}
	u.Name = "never flushed"
	must(t, s.Rollback(t.Context()))
	if u.Name != "sandy" || len(u.Addresses) != 2 || u.Addresses[0] != gone || patrick.ID != 0 ||
		s.State(patrick) != ingot.Transient || s.State(gone) != ingot.Persistent || s.State(u) != ingot.Persistent {
		t.Errorf("after rollback: %+v, %v, %v, %v", u, patrick.ID, s.State(patrick), s.State(gone))
	}
	if patrick.Addresses != nil {
		t.Errorf("the rolled back instance kept %v", patrick.Addresses)
	}
}

func TestBadInputToAddIsRememberedByTheFlush(t *testing.T) {
	type Stranger struct{ ID int64 }
	for _, tt := range []struct {
		name string
		x    any
		want string
	}{
		{"nil", nil, "got nil, want a pointer to a model"},
		{"a nil pointer", (*User)(nil), "got a nil *ingot_test.User"},
		{"a struct", User{}, "got ingot_test.User, want a pointer"},
		{"an unmapped type", &Stranger{}, "Stranger: is not in the metadata"},
		{"a number", 7, "got int, want a pointer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, sent := newSession(t, User{}, Address{})
			wantErr(t, s.Add(tt.x), tt.want)
			must(t, s.Rollback(t.Context()))
			wantErr(t, s.Delete(tt.x), tt.want)
			wantErr(t, s.Commit(t.Context()), tt.want)
			wantErr(t, s.Commit(t.Context()), "session needs a Rollback")
			if got := sent.take(); len(got) != 0 {
				t.Errorf("sent %q", got)
			}
		})
	}
}
