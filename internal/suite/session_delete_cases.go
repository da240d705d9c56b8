package suite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ingot"
)

// Cases of deletion: what the database does by itself, rows replaced under their keys, and
// references to a single row.

// Children that the database deletes, ones it clears, and ones it guards.
type (
	dParent struct {
		_       struct{}    `ingot:"table:dparent"`
		ID      int64       `ingot:"pk"`
		Gone    []*dGone    `ingot:"inverse:Parent;cascade:all;passive-deletes"`
		Cleared []*dCleared `ingot:"inverse:Parent;passive-deletes"`
		Guarded []*dGuarded `ingot:"inverse:Parent;passive-deletes"`
		Dropped []*dDropped `ingot:"inverse:Parent;passive-deletes"`
	}
	dGone struct {
		_        struct{} `ingot:"table:gone"`
		ID       int64    `ingot:"pk"`
		ParentID int64    `ingot:"fk:dparent.id;ondelete:cascade"`
		Parent   *dParent `ingot:"inverse:Gone"`
	}
	dCleared struct {
		_        struct{} `ingot:"table:cleared"`
		ID       int64    `ingot:"pk"`
		ParentID *int64   `ingot:"fk:dparent.id;ondelete:set null"`
		Parent   *dParent `ingot:"inverse:Cleared"`
	}
	dGuarded struct {
		_        struct{} `ingot:"table:guarded"`
		ID       int64    `ingot:"pk"`
		Name     string
		ParentID *int64   `ingot:"fk:dparent.id"`
		Parent   *dParent `ingot:"inverse:Guarded"`
	}
	dDropped struct {
		_        struct{} `ingot:"table:dropped"`
		ID       int64    `ingot:"pk"`
		ParentID int64    `ingot:"fk:dparent.id;ondelete:cascade"`
		Parent   *dParent `ingot:"inverse:Dropped"`
	}
)

func (on Database) passive(t testing.TB, p *dParent) (*ingot.Session, *recorder, *ingot.DB) {
	t.Helper()
	db, sent := on.open(t, ingot.Options{}, dParent{}, dGone{}, dCleared{}, dGuarded{}, dDropped{})
	s := db.Session()
	t.Cleanup(func() { s.Close() })
	must(t, s.Add(p))
	must(t, s.Commit(t.Context()))
	sent.take()
	return s, sent, db
}

func (on Database) TestDEL001_WhatTheDatabaseDeletesIsNeitherReadNorDeleted(t *testing.T) {
	_, sent, db := on.passive(t, &dParent{Gone: []*dGone{{}, {}, {}, {}}, Cleared: []*dCleared{{}}, Dropped: []*dDropped{{}}})
	s, p := again[dParent](t, db, 1)
	must(t, s.Delete(p))
	sent.take()
	must(t, s.Commit(t.Context()))
	if got := sent.take(); len(got) != 1 {
		t.Errorf("sent %q, want one DELETE", got)
	}
	wantRows(t, db, "SELECT concat((SELECT count(*) FROM dparent), (SELECT count(*) FROM gone), (SELECT count(*) FROM dropped))", "000")
	wantRows(t, db, "SELECT count(*) FROM cleared WHERE parent_id IS NULL", "1")
}

// What the session knows of such children is brought along, without a statement for each
// where there is no cascade.
func (on Database) TestDEL001_InstancesLearnWhatTheDatabaseDidToThem(t *testing.T) {
	p := &dParent{Gone: []*dGone{{}, {}}, Cleared: []*dCleared{{}}, Dropped: []*dDropped{{}}}
	s, sent, db := on.passive(t, p)
	gone, cleared, dropped := p.Gone[0], p.Cleared[0], p.Dropped[0]
	must(t, s.Delete(p))
	wantWrites(t, sent, s.Flush(t.Context()), "delete gone by id × 2", "delete dparent by id")
	check := func(when string, st ingot.State, clear bool) {
		t.Helper()
		if s.State(gone) != st || s.State(dropped) != st || (cleared.ParentID == nil) != clear || (cleared.Parent == nil) != clear {
			t.Errorf("%s: %v, %v, %+v", when, s.State(gone), s.State(dropped), cleared)
		}
	}
	check("after the flush", ingot.Detached, true)
	must(t, s.Rollback(t.Context()))
	check("after rollback", ingot.Persistent, false)
	must(t, s.Delete(p))
	must(t, s.Commit(t.Context()))
	check("after commit", ingot.Detached, true)
	wantWrites(t, sent, s.Commit(t.Context()), "delete gone by id × 2", "delete dparent by id")
	wantRows(t, db, "SELECT count(*) FROM cleared WHERE parent_id IS NULL", "1")
}

// SQLAlchemy leaves the foreign key of a removed child alone, too, where passive deletes
// are "all"; here a removal is an edit like any other.
func (on Database) TestDEL002_TheDatabaseGuardsWhatIsLeftToIt(t *testing.T) {
	for _, tt := range []struct {
		name string
		load func(s *ingot.Session, p *dParent) error
	}{
		{"not loaded", func(s *ingot.Session, p *dParent) error { return nil }},
		{"loaded", func(s *ingot.Session, p *dParent) error { return s.Load(t.Context(), p, &p.Guarded) }},
		{"loaded and edited", func(s *ingot.Session, p *dParent) error {
			err := s.Load(t.Context(), p, &p.Guarded)
			p.Guarded[0].Name = "edited"
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, db := on.passive(t, &dParent{Guarded: []*dGuarded{{}}})
			s, p := again[dParent](t, db, 1)
			must(t, tt.load(s, p))
			must(t, s.Delete(p))
			if err := s.Commit(t.Context()); !errors.Is(err, ingot.ErrConstraint) {
				t.Errorf("Commit = %v", err)
			}
			must(t, s.Rollback(t.Context()))
			wantRows(t, db, "SELECT concat(name, parent_id) FROM guarded", "1")
		})
	}
	p := &dParent{Guarded: []*dGuarded{{}}}
	s, sent, _ := on.passive(t, p)
	p.Guarded = nil
	wantWrites(t, sent, s.Commit(t.Context()), "update guarded(parent_id) by id")
	must(t, s.Delete(p))
	must(t, s.Commit(t.Context()))
	if got := sent.take(); len(got) != 1 {
		t.Errorf("sent %q, want one DELETE of the childless parent", got)
	}
}

// Rows that refer to each other by a foreign key alone are deleted from the leaves, so
// that each DELETE finds its rows, whatever the database would do by itself.
func (on Database) TestDEL004_RowsWithoutRelationshipsAreDeletedInOrder(t *testing.T) {
	type Branch struct {
		ID       int64  `ingot:"pk"`
		ParentID *int64 `ingot:"fk:branch.id;ondelete:cascade"`
	}
	s, sent := on.session(t, Branch{})
	root := &Branch{}
	must(t, s.Add(root))
	must(t, s.Flush(t.Context()))
	leaf := &Branch{ParentID: &root.ID}
	must(t, s.Add(leaf))
	must(t, s.Commit(t.Context()))
	must(t, s.Delete(root))
	must(t, s.Delete(leaf))
	sent.take()
	wantWrites(t, sent, s.Commit(t.Context()), "delete branch by id", "delete branch by id")

	must(t, s.Add(root))
	root.ID = 0
	must(t, s.Flush(t.Context()))
	child := &Branch{ParentID: &root.ID}
	must(t, s.Add(child))
	must(t, s.Commit(t.Context()))
	must(t, s.Delete(root))
	must(t, s.Commit(t.Context()))
	if s.State(child) != ingot.Detached {
		t.Errorf("the row that went along is %v", s.State(child))
	}
}

// A codec of one's own: text that compares without case.
type caseless string

func (c caseless) Equal(d caseless) bool        { return strings.EqualFold(string(c), string(d)) }
func (c caseless) Value() (driver.Value, error) { return string(c), nil }
func (c *caseless) Scan(src any) error          { *c = caseless(fmt.Sprint(text(src))); return nil }

func text(src any) any {
	if b, ok := src.([]byte); ok {
		return string(b)
	}
	return src
}

func (on Database) TestBAT003_OnlyWhatChangedIsWritten(t *testing.T) {
	type Thing struct {
		ID    int64    `ingot:"pk"`
		Code  caseless `ingot:"type:varchar(20)"`
		Foo   string
		Bar   *string
		Other int
	}
	db, sent := on.open(t, ingot.Options{}, Thing{})
	first := db.Session()
	defer first.Close()
	must(t, first.Add(&Thing{Code: "Code", Foo: "foo", Bar: new("bar"), Other: 5}))
	must(t, first.Commit(t.Context()))
	s, x := again[Thing](t, db, 1)
	sent.take()
	x.Foo = "changed"
	wantWrites(t, sent, s.Flush(t.Context()), "update thing(foo) by id")
	x.Bar = new(string(append([]byte("b"), "ar"...))) // equal, at another address
	wantWrites(t, sent, s.Flush(t.Context()))
	x.Code = "other"
	wantWrites(t, sent, s.Flush(t.Context()), "update thing(code) by id")
	must(t, s.Expire(x))
	x.Other = 6
	sent.take()
	must(t, s.Commit(t.Context()))
	if got := fmt.Sprint(sent.ops()); got != "[update commit]" {
		t.Errorf("sent %v", got)
	}
	wantRows(t, db, "SELECT concat(code, foo, bar, other) FROM thing", "otherchangedbar6")
}
