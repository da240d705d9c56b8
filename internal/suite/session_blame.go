package suite

import (
	"errors"
	"strings"
	"testing"

	"ingot"
)

// What the database refuses is told in the words of the program: which row, by which
// relationship, and what to do.

func (on Database) TestAnInstanceOfAnotherSessionIsNamed(t *testing.T) {
	_, _, db := on.cases(t, &cUser{Name: "u", Orders: []*cOrder{{Description: "o"}}}, &cItem{Text: "i"})
	_, i := again[cItem](t, db, 1)
	_, u := again[cUser](t, db, 1)
	_, o := again[cOrder](t, db, 1)
	for _, tt := range []struct {
		name string
		do   func(s *ingot.Session) error
		want string
	}{
		{"added", func(s *ingot.Session) error { return s.Add(o) },
			"cOrder(1) may exist already: if it came from another session, Merge or Attach it"},
		{"reached by a reference", func(s *ingot.Session) error { return s.Add(&cAddress{User: u}) },
			"cUser(1), reached by cAddress(new).User, may exist already"},
		{"reached by a collection", func(s *ingot.Session) error { return s.Add(&cKeyword{Items: []*cItem{i}}) },
			"cItem(1), reached by cKeyword(new).Items, may exist already"},
		{"with another parent", func(s *ingot.Session) error { return s.Add(&cUser{Orders: []*cOrder{o}}) },
			"cOrder(1): cUser.Orders says cUser(new), but cOrder.UserID says 1: set one of them"},
		{"while the session has its own", func(s *ingot.Session) error {
			if _, err := ingot.Get[cOrder](t.Context(), s, 1); err != nil {
				return err
			}
			return s.Add(o)
		}, "cOrder(1) is in this session as another instance: change that one, or Merge this one into it"},
		{"one key twice", func(s *ingot.Session) error {
			return s.AddAll(&cNode{ID: 5, Data: "a"}, &cNode{ID: 5, Data: "b"})
		}, "two instances were added as cNode(5)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := db.Session()
			defer s.Close()
			must(t, tt.do(s))
			err := s.Commit(t.Context())
			wantErr(t, err, tt.want)
			if strings.Count(err.Error(), "ingot:") != 1 || strings.Count(err.Error(), tt.want) != 1 {
				t.Errorf("error %v", err)
			}
			must(t, s.Rollback(t.Context()))
			wantRows(t, db, "SELECT concat(id, name) FROM users", "1u")
			wantRows(t, db, "SELECT concat(id, description) FROM orders", "1o")
			wantRows(t, db, "SELECT data FROM nodes")
			wantRows(t, db, "SELECT name FROM keywords")
		})
	}
}

// A violation of another unique constraint says nothing of keys.
func (on Database) TestOnlyAKeyThatIsTakenIsCalledSo(t *testing.T) {
	type Ticket struct {
		ID   int64  `ingot:"pk"`
		Code string `ingot:"unique;size:20"`
	}
	s, _ := on.session(t, Ticket{})
	must(t, s.AddAll(&Ticket{ID: 7, Code: "a"}, &Ticket{ID: 8, Code: "a"}))
	err := s.Commit(t.Context())
	if !errors.Is(err, ingot.ErrConstraint) || strings.Contains(err.Error(), "exist already") {
		t.Errorf("error %v", err)
	}
}

func (on Database) TestAKeyThatCollidesNamesBothRows(t *testing.T) {
	type Country struct {
		Code string `ingot:"pk;size:10"`
		Name string
	}
	s, _ := on.session(t, Country{})
	a, b := &Country{Code: "a"}, &Country{Code: "b"}
	must(t, s.AddAll(a, b))
	must(t, s.Commit(t.Context()))
	a.Code = "b"
	wantErr(t, s.Commit(t.Context()), `Country("a") changes its key to that of Country("b")`)
	must(t, s.Rollback(t.Context()))
	if a.Code != "a" || b.Code != "b" {
		t.Errorf("after rollback: %v, %v", a, b)
	}
	a.Code = "c"
	must(t, s.Commit(t.Context()))
}
