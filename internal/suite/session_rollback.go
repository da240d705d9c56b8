package suite

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"ingot"
)

// What a rollback makes of what was only read: last committed is what was read before the
// unit, or the savepoint, wrote anything. What was read after that may be its own doing.

// wantOrders compares how much of a user's orders is loaded, and which they are.
func wantOrders(t testing.TB, s *ingot.Session, u *cUser, when string, state ingot.LoadState, want ...string) {
	t.Helper()
	got := []string{}
	for _, o := range u.Orders {
		got = append(got, o.Description)
	}
	if l := s.Loaded(u, &u.Orders); l != state || !slices.Equal(got, want) || (state == ingot.Loaded) != (u.Orders != nil) {
		t.Errorf("%s: %v %q (nil is %v), want %v %q", when, l, got, u.Orders == nil, state, want)
	}
}

// read is a fresh session that has read a user whose orders are o1 and o2.
func (on Database) readUser(t *testing.T) (*ingot.Session, *recorder, *ingot.DB, *cUser) {
	t.Helper()
	_, sent, db := on.cases(t, &cUser{Name: "u", Orders: []*cOrder{{Description: "o1"}, {Description: "o2"}}}, &cUser{Name: "v"})
	s, u := again[cUser](t, db, 1)
	sent.take()
	return s, sent, db, u
}

func (on Database) TestRollbackKeepsTheRelationsThatWereReadBeforeTheUnitWrote(t *testing.T) {
	s, sent, db, u := on.readUser(t)
	ctx := t.Context()
	must(t, s.Load(ctx, u, &u.Orders))
	must(t, s.Load(ctx, u, &u.Addresses))
	o1, o2 := u.Orders[0], u.Orders[1]
	must(t, s.Load(ctx, o1, &o1.User))
	u.Name, o2.Description = "edited", "edited"
	u.Orders = []*cOrder{o2, {Description: "new"}}
	must(t, s.Flush(ctx))
	u.Orders = nil
	must(t, s.Rollback(ctx))
	wantOrders(t, s, u, "after rollback", ingot.Loaded, "o1", "o2")
	if u.Name != "u" || u.Orders[0] != o1 || o1.User != u || s.State(o1) != ingot.Persistent || u.Addresses == nil || s.Loaded(u, &u.Addresses) != ingot.Loaded {
		t.Errorf("after rollback: %+v, %+v", u, o1)
	}
	sent.take()
	wantWrites(t, sent, s.Commit(ctx)) // nothing is left to do
	u.Orders = u.Orders[1:]
	wantWrites(t, sent, s.Commit(ctx), "delete orders by id")
	wantRows(t, db, "SELECT description FROM orders", "o2")

	// A commit that fails is the usual case.
	must(t, s.Add(&cOrder{}))
	u.Orders = append(u.Orders, &cOrder{Description: "lost"})
	if err := s.Commit(ctx); !errors.Is(err, ingot.ErrConstraint) {
		t.Errorf("Commit = %v", err)
	}
	must(t, s.Rollback(ctx))
	wantOrders(t, s, u, "after a failed commit", ingot.Loaded, "o2")
}

func (on Database) TestRollbackForgetsTheRelationsThatWereReadAfterTheUnitWrote(t *testing.T) {
	for name, write := range map[string]func(s *ingot.Session, u *cUser) error{
		"flush": func(s *ingot.Session, u *cUser) error { return s.Add(&cOrder{Description: "o3", UserID: u.ID}) },
		"bulk":  func(s *ingot.Session, u *cUser) error { return bulkMove(t, s) },
		"text": func(s *ingot.Session, u *cUser) error {
			return ignore(s.Exec(t.Context(), "UPDATE orders SET user_id = 2"))
		},
		"the transaction handed out": func(s *ingot.Session, u *cUser) error {
			tx, err := s.Tx(t.Context())
			must(t, err)
			return ignore(tx.ExecContext(t.Context(), "UPDATE orders SET user_id = 2"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _, u := on.readUser(t)
			must(t, write(s, u))
			must(t, s.Load(t.Context(), u, &u.Orders))
			if n := len(u.Orders); n == 2 {
				t.Errorf("the unit does not see what it wrote: %d orders", n)
			}
			must(t, s.Rollback(t.Context()))
			wantOrders(t, s, u, "after rollback", ingot.NotLoaded)
			must(t, s.Load(t.Context(), u, &u.Orders))
			wantOrders(t, s, u, "loaded again", ingot.Loaded, "o1", "o2")
		})
	}
}

func bulkMove(t *testing.T, s *ingot.Session) error {
	o := new(cOrder)
	return ignore(ingot.Update(o).Set(ingot.C(&o.UserID).Set(2)).Everywhere().Exec(t.Context(), s))
}

func (on Database) TestRollbackToASavepointKeepsWhatWasReadBeforeItWrote(t *testing.T) {
	stop := errors.New("stop")
	for _, tt := range []struct {
		name          string
		before, after func(s *ingot.Session, u *cUser) error // what is done around the Load, inside
		state         ingot.LoadState
		want          []string
	}{
		{"read, then written", nil, func(s *ingot.Session, u *cUser) error { u.Orders = u.Orders[1:]; return s.Flush(t.Context()) }, ingot.Loaded, []string{"o1", "o2", "o3"}},
		{"written, then read", func(s *ingot.Session, u *cUser) error { return bulkMove(t, s) }, nil, ingot.NotLoaded, nil},
		{"written in a part that was kept, then read", func(s *ingot.Session, u *cUser) error {
			return s.Savepoint(t.Context(), func() error { return bulkMove(t, s) })
		}, nil, ingot.NotLoaded, nil},
		{"written in a part that was undone, then read", func(s *ingot.Session, u *cUser) error {
			err := s.Savepoint(t.Context(), func() error { must(t, bulkMove(t, s)); return stop })
			if err == stop {
				return nil
			}
			return err
		}, nil, ingot.Loaded, []string{"o1", "o2", "o3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _, _, u := on.readUser(t)
			must(t, s.Add(&cOrder{Description: "o3", UserID: u.ID})) // written before the savepoint
			err := s.Savepoint(t.Context(), func() error {
				if tt.before != nil {
					must(t, tt.before(s, u))
				}
				must(t, s.Load(t.Context(), u, &u.Orders))
				if tt.after != nil {
					must(t, tt.after(s, u))
				}
				return stop
			})
			if err != stop {
				t.Fatalf("Savepoint = %v", err)
			}
			wantOrders(t, s, u, "after the savepoint", tt.state, tt.want...)
			must(t, s.Rollback(t.Context()))
			wantOrders(t, s, u, "after rollback", ingot.NotLoaded) // the unit had written o3
		})
	}
}

func (on Database) TestRollbackKeepsTheValuesThatWereReadLast(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, vFoo{})
	s := db.Session()
	defer s.Close()
	f := &vFoo{Value: "first"}
	must(t, s.Add(f))
	must(t, s.Commit(t.Context()))
	mustExec(t, db, "UPDATE foo SET value = 'second', version = 2") // somebody else
	if _, err := ingot.Get[vFoo](t.Context(), s, f.ID); err != nil || f.Value != "second" {
		t.Fatalf("Get = %v, %+v", err, f)
	}
	f.Value = "mine"
	must(t, s.Flush(t.Context()))
	must(t, s.Rollback(t.Context()))
	if f.Value != "second" || f.Version != 2 {
		t.Errorf("after rollback: %+v, want what was committed last", f)
	}
	f.Value = "mine" // no stale version stands in the way
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT concat(value, version) FROM foo", "mine3")
}

func (on Database) TestRollbackKeepsLinksThatWereReadBeforeTheUnitWrote(t *testing.T) {
	_, sent, db := on.cases(t, &cItem{Text: "i", Keywords: []*cKeyword{{Name: "a"}, {Name: "b"}}})
	s, i := again[cItem](t, db, 1)
	must(t, s.Load(t.Context(), i, &i.Keywords))
	b := i.Keywords[1]
	i.Keywords = append(i.Keywords[1:2:2], &cKeyword{Name: "c"})
	must(t, s.Flush(t.Context()))
	must(t, s.Rollback(t.Context()))
	if len(i.Keywords) != 2 || i.Keywords[1] != b || s.Loaded(i, &i.Keywords) != ingot.Loaded {
		t.Errorf("after rollback: %v", fmt.Sprint(len(i.Keywords)))
	}
	sent.take()
	i.Keywords = i.Keywords[:1]
	wantWrites(t, sent, s.Commit(t.Context()), "delete item_keywords by c_item_id, c_keyword_id")
}
