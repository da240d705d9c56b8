package suite

import (
	"errors"
	"testing"

	"ingot"
)

// MySQL counts only rows that an UPDATE changes, unless the DSN says clientFoundRows=true.
func (on Database) TestWritingWhatIsThereAlreadyIsNotStale(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, User{}, Address{})
	ctx := t.Context()
	s := db.Session()
	defer s.Close()
	users := []*User{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	if err := s.AddAll(users[0], users[1], users[2]); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 3} {
		mustExec(t, db, "UPDATE user_account SET name = 'same'")
		for _, u := range users[:n] {
			u.Name = "same"
		}
		if err := s.Commit(ctx); err != nil {
			t.Fatalf("%d rows that had the value already: %v", n, err)
		}
		for _, u := range users[:n] {
			u.Name = "other"
		}
		if err := s.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	mustExec(t, db, "DELETE FROM user_account WHERE name = 'other'")
	users[0].Name = "gone"
	var stale *ingot.StaleError
	if err := s.Commit(ctx); !errors.As(err, &stale) {
		t.Errorf("a row that is gone gives %v; want a StaleError", err)
	}
}
