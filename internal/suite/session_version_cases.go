package suite

import (
	"errors"
	"fmt"
	"testing"

	"ingot"
)

func wantStale(t testing.TB, err error, what string) {
	t.Helper()
	if !errors.As(err, new(*ingot.StaleError)) {
		t.Errorf("%s: %v, want a *StaleError", what, err)
	}
}

// The card has a locking read of a moved version fail. By the design it brings the instance
// up to date, and what is stale is the edit: it fails as it is flushed before the query.
func (on Database) TestVER004_ALockingReadOfAVersionThatMoved(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, vFoo{}, cUser{}, cAddress{}, cOrder{})
	insert(t, db, &vFoo{Value: "a"})
	insert(t, db, &cUser{Name: "u"})
	q := new(vFoo)
	lock := ingot.Select(q).ForUpdate()
	for _, autoflush := range []bool{true, false} {
		s := db.Session(ingot.Autoflush(autoflush))
		f, err := ingot.Get[vFoo](t.Context(), s, 1)
		must(t, err)
		old := f.Version
		mustExec(t, db, "UPDATE foo SET version = version + 1, value = 'b'")
		got, err := lock.One(t.Context(), s)
		if got != f || err != nil || f.Value != "b" || f.Version != old+1 {
			t.Errorf("a lock on an unedited row: %p %v, %+v", got, err, f)
		}
		must(t, s.Rollback(t.Context()))
		mustExec(t, db, "UPDATE foo SET version = version + 1, value = 'c'")
		f.Value = "mine"
		_, err = lock.One(t.Context(), s)
		if autoflush {
			wantStale(t, err, "a lock on an edited row")
			must(t, s.Rollback(t.Context()))
			must(t, s.Refresh(t.Context(), f))
		} else {
			must(t, err)
		}
		if f.Value != "c" || f.Version != old+2 || len(s.Dirty()) > 0 {
			t.Errorf("after the lock or Refresh: %+v", f)
		}
		f.Value = "mine"
		must(t, s.Commit(t.Context()))

		// Without a version nothing is checked.
		u, err := ingot.Get[cUser](t.Context(), s, 1)
		must(t, err)
		must(t, s.Rollback(t.Context()))
		mustExec(t, db, "UPDATE users SET name = 'moved'")
		u.Name = fmt.Sprint("mine ", autoflush)
		must(t, s.Commit(t.Context()))
		wantRows(t, db, "SELECT name FROM users", u.Name)
		must(t, s.Close())
	}
}

func (on Database) TestVER005_MergeChecksTheVersionThatIsGiven(t *testing.T) {
	for _, held := range []bool{false, true} {
		t.Run(fmt.Sprint("in the session ", held), func(t *testing.T) {
			db, sent := on.open(t, ingot.Options{}, vFoo{})
			insert(t, db, &vFoo{Value: "a", Version: 5})
			for _, tt := range []struct {
				version, after int64
				stale          bool
			}{{0, 6, false}, {6, 7, false}, {6, 7, true}, {8, 7, true}} {
				s := db.Session()
				if held {
					must(t, ignore(ingot.Get[vFoo](t.Context(), s, 1)))
				}
				value := fmt.Sprint("v", tt.version, tt.after)
				got, err := ingot.Merge(t.Context(), s, &vFoo{ID: 1, Value: value, Version: tt.version})
				if tt.stale {
					wantStale(t, err, fmt.Sprintf("Merge of version %d", tt.version))
					must(t, s.Close())
					continue
				}
				must(t, err)
				sent.take()
				wantWrites(t, sent, s.Commit(t.Context()), "update foo(value, version) by id, version")
				if got.Version != tt.after {
					t.Errorf("Merge of version %d gives %d, want %d", tt.version, got.Version, tt.after)
				}
				// Merging what is there already writes nothing.
				must(t, ignore(ingot.Merge(t.Context(), s, &vFoo{ID: 1, Value: value, Version: tt.after})))
				wantWrites(t, sent, s.Commit(t.Context()))
				must(t, s.Close())
			}
			wantRows(t, db, "SELECT concat(value, version) FROM foo", "v6 77")
		})
	}
	// A version of a row that is not there is that of the new row.
	db, _ := on.open(t, ingot.Options{}, vFoo{})
	s := db.Session()
	defer s.Close()
	must(t, ignore(ingot.Merge(t.Context(), s, &vFoo{ID: 9, Value: "new", Version: 3})))
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT concat(id, value, version) FROM foo", "9new3")
}

// A parent and its one child under the same key, both with a version.
type (
	vParent struct {
		_       struct{} `ingot:"table:parent"`
		ID      int64    `ingot:"pk;noauto"`
		Data    string
		Version int64   `ingot:"version"`
		Child   *vChild `ingot:"inverse:Parent;cascade:all,delete-orphan"`
	}
	vChild struct {
		_       struct{} `ingot:"table:child"`
		ID      int64    `ingot:"pk;noauto;fk:parent.id"`
		Data    string
		Version int64    `ingot:"version"`
		Parent  *vParent `ingot:"inverse:Child"`
	}
)

// The card lets a row that takes over the key of a deleted one go on from its version. By the
// design it is deleted and inserted: a new row, whose version begins anew.
func (on Database) TestVER008_ARowUnderADeletedKeyBeginsAnew(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, vParent{}, vChild{})
	s := db.Session()
	defer s.Close()
	p := &vParent{ID: 1, Data: "p", Child: &vChild{Data: "c"}}
	must(t, s.Add(p))
	must(t, s.Commit(t.Context()))
	p.Data, p.Child.Data = "p2", "c2"
	must(t, s.Commit(t.Context()))
	if p.Version != 2 || p.Child.Version != 2 {
		t.Errorf("versions %d, %d", p.Version, p.Child.Version)
	}
	sent.take()
	p.Child = &vChild{Data: "c3"}
	wantWrites(t, sent, s.Commit(t.Context()), "delete child by id, version", "insert child(data, version)")
	p.Child.Data = "c4"
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT concat(p.data, p.version, c.data, c.version) FROM parent p JOIN child c ON c.id = p.id", "p22c42")

	must(t, s.Delete(p))
	fresh := &vParent{ID: 1, Data: "fresh", Child: &vChild{Data: "too"}}
	must(t, s.Add(fresh))
	sent.take()
	wantWrites(t, sent, s.Commit(t.Context()),
		"delete child by id, version", "delete parent by id, version",
		"insert parent(data, version)", "insert child(data, version)")
	wantRows(t, db, "SELECT concat(p.data, p.version, c.data, c.version) FROM parent p JOIN child c ON c.id = p.id", "fresh1too1")

	// The version is the parent's own: a child that changes does not move it.
	fresh.Child.Data = "other"
	wantWrites(t, sent, s.Commit(t.Context()), "update child(data, version) by id, version")
}

func (on Database) TestVER008_ManyRowsAndBulkWritesKeepVersions(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, vFoo{})
	s := db.Session()
	defer s.Close()
	fs := []*vFoo{{Value: "a"}, {Value: "b"}, {Value: "c"}}
	must(t, s.AddAll(fs[0], fs[1], fs[2]))
	must(t, s.Commit(t.Context()))
	sent.take()
	for _, f := range fs {
		f.Value += "!"
	}
	wantWrites(t, sent, s.Commit(t.Context()), "update foo(value, version) by id, version × 3")
	mustExec(t, db, "UPDATE foo SET version = 7 WHERE id = 2")
	for _, f := range fs {
		f.Value += "!"
	}
	err := s.Commit(t.Context())
	if e, ok := errors.AsType[*ingot.StaleError](err); !ok || e.Want != 3 || e.Got != 2 {
		t.Errorf("one of three is stale: %v", err)
	}
	must(t, s.Rollback(t.Context()))
	must(t, s.Delete(fs[1]))
	must(t, s.Delete(fs[2]))
	err = s.Commit(t.Context())
	if e, ok := errors.AsType[*ingot.StaleError](err); !ok || e.Op != "delete" || e.Want != 2 || e.Got != 1 {
		t.Errorf("one of two deleted is stale: %v", err)
	}
	must(t, s.Rollback(t.Context()))

	// Rows of a bulk insert begin at 1, a bulk update moves them on, and one that names the
	// version in its condition finds no row under another.
	insert(t, db, &vFoo{Value: "d"})
	f := new(vFoo)
	update := ingot.Update(f).Set(ingot.C(&f.Value).Set("D")).Where(ingot.C(&f.ID).Eq(4), ingot.C(&f.Version).Eq(1))
	for _, want := range []int{1, 0} {
		if n, err := update.Exec(t.Context(), db); n != want || err != nil {
			t.Errorf("bulk update: %d, %v; want %d", n, err, want)
		}
	}
	wantRows(t, db, "SELECT concat(value, version) FROM foo ORDER BY id", "a!2", "b!7", "c!2", "D2")
}
