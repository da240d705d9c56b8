package suite

import (
	"errors"
	"testing"

	"ingot"
)

func (on Database) TestUnloadedChildrenFollowAChangedKey(t *testing.T) {
	type Book struct {
		ID     int64  `ingot:"pk"`
		Author string `ingot:"fk:writer.name;deferrable:deferred"`
	}
	type Writer struct {
		Name  string  `ingot:"pk"`
		Books []*Book `ingot:"cascade:all"`
	}
	db, _ := on.open(t, ingot.Options{}, Writer{}, Book{})
	s := db.Session()
	s.Add(&Writer{Name: "Currer Bell", Books: []*Book{{}, {}}})
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()

	s = db.Session()
	defer s.Close()
	w, err := ingot.Get[Writer](t.Context(), s, "Currer Bell")
	if err != nil {
		t.Fatal(err)
	}
	w.Name = "Charlotte Brontë"
	err = s.Commit(t.Context())
	if !db.Server().Deferrable { // no order of statements keeps the constraint: the key needs onupdate:cascade
		if !errors.Is(err, ingot.ErrConstraint) {
			t.Errorf("Commit = %v, want a constraint violation", err)
		}
		wantErr(t, err, `Writer("Currer Bell") becomes Writer("Charlotte Brontë"), and rows refer to it by Book.Author: give the foreign key onupdate:cascade`)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	b := new(Book)
	n, err := ingot.Select(b).Where(ingot.C(&b.Author).Eq("Charlotte Brontë")).Count(t.Context(), db)
	if n != 2 || err != nil {
		t.Errorf("%d books followed, %v; want 2", n, err)
	}
}

func (on Database) TestAKeyThatIsReferredToNamesTheForeignKey(t *testing.T) {
	type Book struct {
		ID     int64  `ingot:"pk"`
		Author string `ingot:"fk:writer.name"`
	}
	type Writer struct {
		Name string `ingot:"pk"`
	}
	db, _ := on.open(t, ingot.Options{}, Writer{}, Book{})
	s := db.Session()
	defer s.Close()
	w, free := &Writer{Name: "Currer Bell"}, &Writer{Name: "Acton"}
	must(t, s.AddAll(w, free, &Book{Author: "Currer Bell"}))
	must(t, s.Commit(t.Context()))
	w.Name = "Charlotte Brontë"
	wantErr(t, s.Commit(t.Context()), `Writer("Currer Bell") becomes Writer("Charlotte Brontë"), and rows refer to it by Book.Author: give the foreign key onupdate:cascade, or deferrable:deferred`)
	must(t, s.Rollback(t.Context()))
	free.Name = "Anne" // nothing refers to it
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT name FROM writer ORDER BY name", "Anne", "Currer Bell")
}
