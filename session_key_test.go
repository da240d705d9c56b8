package ingot_test

import (
	"testing"

	"ingot"
)

func TestUnloadedChildrenFollowAChangedKey(t *testing.T) {
	type Book struct {
		ID     int64  `ingot:"pk"`
		Author string `ingot:"fk:writer.name;deferrable:deferred"`
	}
	type Writer struct {
		Name  string  `ingot:"pk"`
		Books []*Book `ingot:"cascade:all"`
	}
	db := openDB(t, ingot.Options{Models: ingot.MustModels(Writer{}, Book{})})
	if err := db.CreateAll(t.Context()); err != nil {
		t.Fatal(err)
	}
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
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := new(Book)
	n, err := ingot.Select(b).Where(ingot.C(&b.Author).Eq("Charlotte Brontë")).Count(t.Context(), db)
	if n != 2 || err != nil {
		t.Errorf("%d books followed, %v; want 2", n, err)
	}
}
