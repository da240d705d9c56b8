package suite

import (
	"fmt"
	"slices"
	"testing"

	"ingot"
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

func sandy() *User {
	return &User{Name: "sandy", Addresses: []*Address{{EmailAddress: "sandy@sqlalchemy.org"}, {EmailAddress: "sandy@squirrelpower.org"}}}
}

func (on Database) TestCommitOfTheTutorialFillsKeysIn(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, User{}, Address{})
	s := db.Session()
	defer s.Close()
	full := "Spongebob Squarepants"
	spongebob := &User{Name: "spongebob", Fullname: &full, Addresses: []*Address{{EmailAddress: "spongebob@sqlalchemy.org"}}}
	sandy, patrick := sandy(), &User{Name: "patrick"}
	must(t, s.AddAll(spongebob, sandy, patrick))
	if st := s.State(sandy.Addresses[0]); st != ingot.Pending {
		t.Errorf("state of a reached instance = %v, want pending", st)
	}
	wantWrites(t, sent, s.Commit(t.Context()),
		"insert user_account(name, fullname) × 3",
		"insert address(email_address, user_id) × 3")
	if got := fmt.Sprint(spongebob.ID, sandy.ID, patrick.ID, sandy.Addresses[1].UserID, sandy.Addresses[1].User == sandy); got != "1 2 3 2 true" {
		t.Errorf("keys and sides = %s", got)
	}
	if patrick.Addresses == nil || s.Loaded(patrick, &patrick.Addresses) != ingot.Loaded {
		t.Errorf("a new parent's empty collection is not loaded: %v", patrick.Addresses)
	}
	wantWrites(t, sent, s.Commit(t.Context()))
	wantRows(t, db, `SELECT concat(u.name, ':', a.id) FROM user_account u JOIN address a ON a.user_id = u.id ORDER BY a.id`,
		"spongebob:1", "sandy:2", "sandy:3")
}

func (on Database) TestGetFindsTheInstanceWithoutSQL(t *testing.T) {
	s, sent := on.session(t, User{}, Address{})
	u := sandy()
	must(t, s.Add(u))
	must(t, s.Flush(t.Context()))
	sent.take()
	got, err := ingot.Get[User](t.Context(), s, u.ID)
	if got != u || err != nil || len(sent.take()) != 0 {
		t.Errorf("Get = %p, %v; want %p without a statement", got, err, u)
	}
}

func (on Database) TestOneInsertIsSentWithoutBegin(t *testing.T) {
	s, sent := on.session(t, User{}, Address{})
	must(t, s.Add(&User{Name: "patrick"}))
	must(t, s.Commit(t.Context()))
	if got := sent.take(); len(got) != 1 {
		t.Errorf("sent %q, want the INSERT alone", got)
	}
}

func (on Database) TestUpdateWritesOnlyWhatChanged(t *testing.T) {
	s, sent := on.session(t, User{}, Address{})
	u := sandy()
	must(t, s.Add(u))
	must(t, s.Commit(t.Context()))
	sent.take()
	u.Name = "Sandy"
	wantWrites(t, sent, s.Flush(t.Context()), "update user_account(name) by id")
	u.Name = "x"
	u.Name = "Sandy"
	wantWrites(t, sent, s.Flush(t.Context()))
}

func (on Database) TestORP001_RemovedFromTheCollectionIsDeleted(t *testing.T) {
	s, sent := on.session(t, User{}, Address{})
	u := sandy()
	must(t, s.Add(u))
	must(t, s.Commit(t.Context()))
	sent.take()
	gone := u.Addresses
	u.Addresses = nil
	wantWrites(t, sent, s.Commit(t.Context()), "delete address by id × 2")
	if u.Addresses == nil || s.State(gone[0]) != ingot.Detached {
		t.Errorf("after: %v, %v", u.Addresses, s.State(gone[0]))
	}
}

func (on Database) TestDeleteCascadesToChildrenLoadedOrNot(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, User{}, Address{})
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
	wantWrites(t, sent, s2.Commit(t.Context()), "delete address by user_id", "delete user_account by id")
	wantRows(t, db, "SELECT name FROM user_account", "patrick")
	wantRows(t, db, "SELECT id FROM address")
}

func (on Database) TestRollbackRestoresInstances(t *testing.T) {
	s, _ := on.session(t, User{}, Address{})
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

func (on Database) TestBadInputToAddIsRememberedByTheFlush(t *testing.T) {
	type Stranger struct{ ID int64 }
	for _, tt := range []struct {
		name string
		x    any
		want string
	}{
		{"nil", nil, "got nil, want a pointer to a model"},
		{"a nil pointer", (*User)(nil), "got a nil *suite.User"},
		{"a struct", User{}, "got suite.User, want a pointer"},
		{"an unmapped type", &Stranger{}, "Stranger: is not in the metadata"},
		{"a number", 7, "got int, want a pointer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, sent := on.session(t, User{}, Address{})
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

func (on Database) TestArgumentsSeenByATracerStay(t *testing.T) {
	db, seen := on.open(t, ingot.Options{}, User{}, Address{})
	u := new(User)
	for _, name := range []string{"a", "b"} {
		if _, err := ingot.Select(u).Where(ingot.C(&u.Name).Eq(name)).All(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	if got := seen.list[0].Args; len(got) != 1 || got[0] != "a" {
		t.Errorf("the arguments of the first statement became %v", got)
	}
}

func (on Database) TestTour(t *testing.T) {
	ctx := t.Context()
	db, _ := on.open(t, ingot.Options{}, User{}, Address{})
	s := db.Session()
	defer s.Close()
	spongebob := &User{Name: "spongebob", Fullname: new("Spongebob Squarepants"),
		Addresses: []*Address{{EmailAddress: "spongebob@sqlalchemy.org"}}}
	sandy := &User{Name: "sandy", Fullname: new("Sandy Cheeks"), Addresses: []*Address{
		{EmailAddress: "sandy@sqlalchemy.org"}, {EmailAddress: "sandy@squirrelpower.org"}}}
	patrick := &User{Name: "patrick", Fullname: new("Patrick Star")}
	if err := s.AddAll(spongebob, sandy, patrick); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	u, a := new(User), new(Address)
	users, err := ingot.Select(u).
		Join(&u.Addresses, a).
		Where(ingot.Like(ingot.C(&a.EmailAddress), "%@sqlalchemy.org"), ingot.C(&u.Name).In("sandy", "spongebob")).
		OrderBy(ingot.C(&u.Name).Asc()).
		Load(&u.Addresses).
		All(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range users {
		got = append(got, fmt.Sprintf("%d %s %d", u.ID, u.Name, len(u.Addresses)))
	}
	want := []string{fmt.Sprintf("%d sandy 2", sandy.ID), fmt.Sprintf("%d spongebob 1", spongebob.ID)}
	if !slices.Equal(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
	sandy.Addresses = sandy.Addresses[:1]
	if err := s.Delete(patrick); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := ingot.Select(a).Count(ctx, db); n != 2 || err != nil {
		t.Errorf("%d addresses are left, %v; want 2", n, err)
	}
}
