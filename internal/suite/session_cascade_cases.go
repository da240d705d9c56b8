package suite

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"ingot"
)

// Cases of cascades, orphans and moves between parents.

func (on Database) TestCAS001_CascadesAreCheckedAtRegistration(t *testing.T) {
	type Parent struct {
		ID int64 `ingot:"pk"`
	}
	type Unknown struct {
		ID       int64   `ingot:"pk"`
		ParentID int64   `ingot:"fk:parent.id"`
		Parent   *Parent `ingot:"cascade:save-update,everything"`
	}
	type WithoutDelete struct {
		ID       int64   `ingot:"pk"`
		ParentID int64   `ingot:"fk:parent.id;unique"`
		Parent   *Parent `ingot:"cascade:save-update,delete-orphan"`
	}
	type Shared struct {
		ID       int64   `ingot:"pk"`
		ParentID int64   `ingot:"fk:parent.id"`
		Parent   *Parent `ingot:"cascade:all,delete-orphan"`
	}
	type NoneAndMore struct {
		ID       int64   `ingot:"pk"`
		ParentID int64   `ingot:"fk:parent.id"`
		Parent   *Parent `ingot:"cascade:none,delete"`
	}
	type Passive struct {
		ID       int64   `ingot:"pk"`
		ParentID int64   `ingot:"fk:parent.id"`
		Parent   *Parent `ingot:"passive-deletes"`
	}
	for _, tt := range []struct {
		model any
		want  string
	}{
		{Unknown{}, `unknown cascade "everything"`},
		{WithoutDelete{}, "delete-orphan needs delete: write cascade:all,delete-orphan"},
		{Shared{}, "would delete a Parent that others refer to"},
		{NoneAndMore{}, `"none" contradicts the rest`},
		{Passive{}, "is for the side that is referred to"},
	} {
		_, err := ingot.NewModels(Parent{}, tt.model)
		wantErr(t, err, tt.want)
	}
}

// An instance that was expunged with its collection keeps what it knows: taken back, what
// was removed meanwhile is removed, and what was added is new. SQLAlchemy does so for every
// detached instance; Attach cannot know what one from elsewhere has lost.
func (on Database) TestCAS004_EditsWhileExpungedCountWhenAddedAgain(t *testing.T) {
	u := &cUser{Name: "u", Orders: []*cOrder{{Description: "1"}, {Description: "2"}}, Addresses: []*cAddress{{Email: "1"}, {Email: "2"}}}
	s, sent, db := on.cases(t, u)
	gone, away := u.Orders[0], u.Addresses[0]
	must(t, s.Expunge(u))
	if s.State(gone) != ingot.Detached || s.State(away) != ingot.Persistent {
		t.Errorf("states after Expunge: %v, %v", s.State(gone), s.State(away))
	}
	must(t, s.Expunge(away))
	u.Orders = append(u.Orders[1:], &cOrder{Description: "3"})
	u.Addresses = u.Addresses[1:]
	must(t, s.Add(u))
	for _, o := range []*cOrder{gone, u.Orders[0]} {
		if s.State(o) != ingot.Persistent {
			t.Errorf("state of order %d: %v", o.ID, s.State(o))
		}
	}
	wantWrites(t, sent, s.Commit(t.Context()),
		"update addresses(user_id) by id",
		"insert orders(user_id, description)",
		"delete orders by id")
	wantRows(t, db, "SELECT description FROM orders ORDER BY id", "2", "3")
	wantRows(t, db, "SELECT concat(email, coalesce(user_id, 0)) FROM addresses ORDER BY id", "10", "21")
}

// The same for a single reference: what it held before is the orphan.
func (on Database) TestCAS004_AReplacedReferenceTakesTheOldTargetAlong(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, hHead{}, hPref{}, hDeep{})
	s := db.Session()
	defer s.Close()
	h := &hHead{Pref: &hPref{Name: "old"}}
	must(t, s.Add(h))
	must(t, s.Commit(t.Context()))
	old := h.Pref
	must(t, s.Expunge(h))
	h.Pref = &hPref{Name: "new"}
	must(t, s.Add(h))
	if s.State(old) != ingot.Persistent || s.State(h.Pref) != ingot.Pending {
		t.Errorf("states: %v, %v", s.State(old), s.State(h.Pref))
	}
	sent.take()
	wantWrites(t, sent, s.Commit(t.Context()),
		"insert pref(name, deep_id)",
		"update head(pref_id) by id",
		"delete pref by id")
	wantRows(t, db, "SELECT name FROM pref", "new")

	// Not loaded, it is looked for.
	s2, h2 := again[hHead](t, db, h.ID)
	h2.Pref = &hPref{Name: "newer"}
	must(t, s2.Commit(t.Context()))
	wantRows(t, db, "SELECT name FROM pref", "newer")

	// So it is where the column says it.
	third := &hPref{Name: "third"}
	s3, h3 := again[hHead](t, db, h.ID)
	must(t, s3.Add(third))
	must(t, s3.Flush(t.Context()))
	h3.PrefID = &third.ID
	must(t, s3.Commit(t.Context()))
	wantRows(t, db, "SELECT name FROM pref", "third")
}

// A chain of references that take along what they lead to.
type (
	hHead struct {
		_      struct{} `ingot:"table:head"`
		ID     int64    `ingot:"pk"`
		PrefID *int64   `ingot:"fk:pref.id;unique"`
		Pref   *hPref   `ingot:"cascade:all,delete-orphan"`
	}
	hPref struct {
		_      struct{} `ingot:"table:pref"`
		ID     int64    `ingot:"pk"`
		Name   string
		DeepID *int64 `ingot:"fk:deep.id"`
		Deep   *hDeep `ingot:"cascade:all"`
	}
	hDeep struct {
		_  struct{} `ingot:"table:deep"`
		ID int64    `ingot:"pk"`
	}
)

func (on Database) TestCAS007_DeleteFollowsReferencesAsTheyAreAtTheFlush(t *testing.T) {
	count := ingot.TrustedSQL("SELECT concat((SELECT count(*) FROM head), (SELECT count(*) FROM pref), (SELECT count(*) FROM deep))")
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, s *ingot.Session, h *hHead)
		want string
	}{
		{"all of the chain", func(t *testing.T, s *ingot.Session, h *hHead) { must(t, s.Delete(h)) }, "000"},
		{"attached after Delete", func(t *testing.T, s *ingot.Session, h *hHead) {
			h.Pref.Deep = nil
			must(t, s.Flush(t.Context()))
			must(t, s.Delete(h))
			deep, err := ingot.Get[hDeep](t.Context(), s, 1)
			must(t, err)
			h.Pref.Deep = deep
		}, "000"},
		{"new and attached after Delete", func(t *testing.T, s *ingot.Session, h *hHead) {
			must(t, s.Delete(h))
			h.Pref.Deep = &hDeep{} // never inserted; the old one is let go
		}, "001"},
		{"cleared before Delete", func(t *testing.T, s *ingot.Session, h *hHead) {
			h.Pref.Deep = nil
			must(t, s.Delete(h))
		}, "001"},
		{"cleared after Delete, which SQLAlchemy should do", func(t *testing.T, s *ingot.Session, h *hHead) {
			must(t, s.Delete(h))
			h.Pref.Deep = nil
		}, "001"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, _ := on.open(t, ingot.Options{}, hHead{}, hPref{}, hDeep{})
			s := db.Session(ingot.Autoflush(false))
			defer s.Close()
			h := &hHead{Pref: &hPref{Deep: &hDeep{}}}
			must(t, s.Add(h))
			must(t, s.Commit(t.Context()))
			tt.do(t, s, h)
			must(t, s.Commit(t.Context()))
			wantRows(t, db, count, tt.want)
		})
	}
	t.Run("not loaded", func(t *testing.T) {
		db, sent := on.open(t, ingot.Options{}, hHead{}, hPref{}, hDeep{})
		first := db.Session()
		defer first.Close()
		must(t, first.Add(&hHead{Pref: &hPref{Deep: &hDeep{}}}))
		must(t, first.Commit(t.Context()))
		s, h := again[hHead](t, db, 1)
		must(t, s.Delete(h))
		sent.take()
		wantWrites(t, sent, s.Commit(t.Context()), "delete head by id", "delete pref by id", "delete deep by id")
	})
}

// A flush between the two halves of a move deletes the orphan. To SQLAlchemy it cannot come
// back; here it is a new row, which must not speak of its old parent.
func (on Database) TestREL001_AnOrphanThatIsTakenInAfterItsFlush(t *testing.T) {
	o := &cOrder{Description: "o"}
	u1, u2 := &cUser{Orders: []*cOrder{o}}, &cUser{}
	s, sent, db := on.cases(t, u1, u2)
	move := func() {
		u1.Orders = nil
		wantWrites(t, sent, s.Flush(t.Context()), "delete orders by id")
		u2.Orders = []*cOrder{o}
	}
	move()
	wantErr(t, s.Flush(t.Context()), "cOrder(1) is given to two parents: cUser(2) by cUser.Orders, cUser(1) by cOrder.User")
	must(t, s.Rollback(t.Context()))
	if len(u1.Orders) != 1 || len(u2.Orders) != 0 || o.User != u1 || s.State(o) != ingot.Persistent {
		t.Errorf("after rollback: %+v, %+v, %v", u1, o, s.State(o))
	}
	sent.take()
	move()
	o.User, o.UserID = u2, 0
	wantWrites(t, sent, s.Commit(t.Context()), "insert orders(user_id, description)")
	wantRows(t, db, "SELECT concat(id, description, user_id) FROM orders", "1o2")
}

// A parent by a unique column that is not its key.
type (
	kA struct {
		_     struct{} `ingot:"table:a"`
		ID    int64    `ingot:"pk"`
		Ident string   `ingot:"unique;size:20"`
		Bs    []*kB    `ingot:"inverse:A"`
	}
	kB struct {
		_     struct{} `ingot:"table:b"`
		ID    int64    `ingot:"pk"`
		Ident string   `ingot:"column:a_ident;fk:a.ident;size:20"`
		A     *kA      `ingot:"inverse:Bs"`
	}
)

func (on Database) TestREL004_ChildrenChangeParentsThatTheyKnowByAUniqueColumn(t *testing.T) {
	for _, loaded := range []bool{true, false} {
		t.Run(fmt.Sprintf("collection loaded %v", loaded), func(t *testing.T) {
			db, sent := on.open(t, ingot.Options{}, kA{}, kB{})
			first := db.Session()
			defer first.Close()
			must(t, first.AddAll(&kA{Ident: "one", Bs: []*kB{{}, {}}}, &kA{Ident: "two"}))
			must(t, first.Commit(t.Context()))
			s := db.Session()
			defer s.Close()
			a1, err := ingot.Get[kA](t.Context(), s, 1)
			must(t, err)
			a2, err := ingot.Get[kA](t.Context(), s, 2)
			must(t, err)
			bs, err := ingot.Select(new(kB)).All(t.Context(), s)
			must(t, err)
			if loaded {
				must(t, s.Load(t.Context(), a1, &a1.Bs))
			}
			for _, b := range bs {
				b.A = a2
			}
			must(t, s.Delete(a1))
			sent.take()
			wantWrites(t, sent, s.Commit(t.Context()), "update b(a_ident) by id × 2", "delete a by id")
			wantRows(t, db, "SELECT a_ident FROM b", "two", "two")
			if bs[0].Ident != "two" {
				t.Errorf("%+v", bs[0])
			}
		})
	}
}

func (on Database) TestREL006_ANilMemberIsNamedAndTheSliceLeftAlone(t *testing.T) {
	k, a := &cKeyword{Name: "k"}, &cAddress{Email: "a"}
	i, u, n := &cItem{}, &cUser{}, &cNode{}
	for _, tt := range []struct {
		name string
		edit func()
		want string
		left func() int
	}{
		{"one-to-many", func() { u.Addresses = []*cAddress{a, nil} }, "cUser(1).Addresses[1] is nil", func() int { return len(u.Addresses) }},
		{"many-to-many", func() { i.Keywords = []*cKeyword{nil, k} }, "cItem(1).Keywords[0] is nil", func() int { return len(i.Keywords) }},
		{"of children that cascade", func() { n.Children = []*cNode{nil, {}} }, "cNode(1).Children[0] is nil", func() int { return len(n.Children) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			*k, *a, *i, *u, *n = cKeyword{}, cAddress{}, cItem{}, cUser{}, cNode{}
			s, sent, _ := on.cases(t, k, a, i, u, n)
			tt.edit()
			wantErr(t, s.Commit(t.Context()), tt.want)
			if got := sent.take(); len(got) > 0 || tt.left() != 2 {
				t.Errorf("sent %q, %d members left", got, tt.left())
			}
		})
	}
	t.Run("of a new parent", func(t *testing.T) {
		s, sent, _ := on.cases(t)
		must(t, s.Add(&cUser{Orders: []*cOrder{nil}}))
		wantErr(t, s.Commit(t.Context()), "cUser(new).Orders[0] is nil")
		if got := sent.take(); len(got) > 0 {
			t.Errorf("sent %q", got)
		}
	})
}

// A child with two parents that each keep it, and a third that does not.
type (
	oOwner struct {
		_     struct{} `ingot:"table:owner"`
		ID    int64    `ingot:"pk"`
		Cards []*oCard `ingot:"inverse:Owner;cascade:all,delete-orphan"`
	}
	oDeck struct {
		_     struct{} `ingot:"table:deck"`
		ID    int64    `ingot:"pk"`
		Cards []*oCard `ingot:"inverse:Deck;cascade:all,delete-orphan"`
	}
	oTable struct {
		_     struct{} `ingot:"table:desk"`
		ID    int64    `ingot:"pk"`
		Cards []*oCard `ingot:"inverse:Table"`
	}
	oCard struct {
		_       struct{} `ingot:"table:card"`
		ID      int64    `ingot:"pk"`
		Name    string
		OwnerID *int64  `ingot:"fk:owner.id"`
		DeckID  *int64  `ingot:"fk:deck.id"`
		TableID *int64  `ingot:"fk:desk.id"`
		Owner   *oOwner `ingot:"inverse:Cards"`
		Deck    *oDeck  `ingot:"inverse:Cards"`
		Table   *oTable `ingot:"inverse:Cards"`
	}
)

func (on Database) TestORP005_AChildOfTwoParentsIsAnOrphanWithoutEither(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(c *oCard, owner *oOwner, deck *oDeck, other *oDeck)
		want []string // cards left, with their parents
	}{
		{"taken out of one", func(c *oCard, owner *oOwner, deck, other *oDeck) { deck.Cards = nil }, nil},
		{"taken out of the other", func(c *oCard, owner *oOwner, deck, other *oDeck) { owner.Cards = nil }, nil},
		{"taken out of both", func(c *oCard, owner *oOwner, deck, other *oDeck) { owner.Cards, deck.Cards = nil, nil }, nil},
		{"its pointer cleared", func(c *oCard, owner *oOwner, deck, other *oDeck) { c.Deck = nil }, nil},
		{"its column cleared", func(c *oCard, owner *oOwner, deck, other *oDeck) { c.DeckID = nil }, nil},
		{"moved to another of the same kind", func(c *oCard, owner *oOwner, deck, other *oDeck) {
			deck.Cards, other.Cards = nil, []*oCard{c}
		}, []string{"c-1-2-1"}},
		{"moved in one, let go by the other", func(c *oCard, owner *oOwner, deck, other *oDeck) {
			c.Deck, owner.Cards = other, nil
		}, nil},
		{"let go by one that does not keep it", func(c *oCard, owner *oOwner, deck, other *oDeck) { c.Table.Cards = nil }, []string{"c-1-1-0"}},
		{"edited only", func(c *oCard, owner *oOwner, deck, other *oDeck) { c.Name = "d" }, []string{"d-1-1-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, _ := on.open(t, ingot.Options{}, oOwner{}, oDeck{}, oTable{}, oCard{})
			s := db.Session()
			defer s.Close()
			c := &oCard{Name: "c"}
			owner, deck, other := &oOwner{Cards: []*oCard{c}}, &oDeck{Cards: []*oCard{c}}, &oDeck{}
			must(t, s.AddAll(owner, deck, other, &oTable{Cards: []*oCard{c}}))
			must(t, s.Commit(t.Context()))
			tt.do(c, owner, deck, other)
			must(t, s.Commit(t.Context()))
			wantRows(t, db, "SELECT concat(name, '-', owner_id, '-', deck_id, '-', coalesce(table_id, 0)) FROM card", tt.want...)
			if want := len(tt.want); len(owner.Cards) != want || len(deck.Cards)+len(other.Cards) != want {
				t.Errorf("cards in memory: %v, %v, %v", owner.Cards, deck.Cards, other.Cards)
			}
		})
	}
	t.Run("without a parent from the start", func(t *testing.T) {
		db, _ := on.open(t, ingot.Options{}, oOwner{}, oDeck{}, oTable{}, oCard{})
		s := db.Session()
		defer s.Close()
		must(t, s.AddAll(&oCard{Name: "none"}, &oOwner{Cards: []*oCard{{Name: "one"}}}))
		must(t, s.Commit(t.Context()))
		s2, c := again[oCard](t, db, 1)
		c.Name = "still none" // nobody let it go
		must(t, s2.Commit(t.Context()))
		wantRows(t, db, "SELECT name FROM card ORDER BY id", "still none", "one")
	})
}

// Boxes that share a pool of parts, each in one box by a mapped link, with pieces of
// their own.
type (
	lBox struct {
		_     struct{} `ingot:"table:lbox"`
		ID    int64    `ingot:"pk"`
		Parts []*lPart `ingot:"through:lBoxed;cascade:all,delete-orphan;inverse:Boxes"`
	}
	lBoxed struct {
		_      struct{} `ingot:"table:boxed;pk:box_id,part_id"`
		BoxID  int64    `ingot:"fk:lbox.id"`
		PartID int64    `ingot:"fk:part.id;unique"`
	}
	lPart struct {
		_      struct{} `ingot:"table:part"`
		ID     int64    `ingot:"pk"`
		Name   string
		Boxes  []*lBox   `ingot:"inverse:Parts"`
		Pieces []*lPiece `ingot:"inverse:Part;cascade:all,delete-orphan"`
	}
	lPiece struct {
		_      struct{} `ingot:"table:piece"`
		ID     int64    `ingot:"pk"`
		PartID int64    `ingot:"fk:part.id"`
		Part   *lPart   `ingot:"inverse:Pieces"`
	}
)

func (on Database) TestORP007_OrphansOfAManyToManyWithOneOwner(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, s *ingot.Session, a, b *lBox)
		want string // boxes, links, parts, pieces
	}{
		{"removed", func(t *testing.T, s *ingot.Session, a, b *lBox) { a.Parts = a.Parts[1:] }, "2111"},
		{"the owner deleted", func(t *testing.T, s *ingot.Session, a, b *lBox) { must(t, s.Delete(a)) }, "1000"},
		{"removed from the other side", func(t *testing.T, s *ingot.Session, a, b *lBox) { a.Parts[0].Boxes = nil }, "2111"},
		{"moved", func(t *testing.T, s *ingot.Session, a, b *lBox) { b.Parts, a.Parts = a.Parts, nil }, "2222"},
		{"moved by the other side", func(t *testing.T, s *ingot.Session, a, b *lBox) { a.Parts[0].Boxes = []*lBox{b} }, "2222"},
		{"moved with a flush between", func(t *testing.T, s *ingot.Session, a, b *lBox) {
			part := a.Parts[0]
			b.Parts = nil
			a.Parts = a.Parts[1:]
			b.Parts = append(b.Parts, part)
			must(t, s.Flush(t.Context()))
			b.Parts, a.Parts = nil, append(a.Parts, part)
		}, "2222"},
		{"moved away from a deleted owner", func(t *testing.T, s *ingot.Session, a, b *lBox) {
			b.Parts, a.Parts = a.Parts, nil
			must(t, s.Delete(a))
		}, "1222"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, _ := on.open(t, ingot.Options{}, lBox{}, lBoxed{}, lPart{}, lPiece{})
			s := db.Session()
			defer s.Close()
			a, b := &lBox{Parts: []*lPart{{Name: "1", Pieces: []*lPiece{{}}}, {Name: "2", Pieces: []*lPiece{{}}}}}, &lBox{}
			must(t, s.AddAll(a, b))
			must(t, s.Commit(t.Context()))
			tt.do(t, s, a, b)
			must(t, s.Commit(t.Context()))
			wantRows(t, db, "SELECT concat((SELECT count(*) FROM lbox), (SELECT count(*) FROM boxed), (SELECT count(*) FROM part), (SELECT count(*) FROM piece))", tt.want)
		})
	}
	t.Run("two owners", func(t *testing.T) {
		db, _ := on.open(t, ingot.Options{}, lBox{}, lBoxed{}, lPart{}, lPiece{})
		s := db.Session()
		defer s.Close()
		part := &lPart{}
		must(t, s.AddAll(&lBox{Parts: []*lPart{part}}, &lBox{Parts: []*lPart{part}}))
		// The database says so; SQLAlchemy does when it is attached.
		if err := s.Commit(t.Context()); !errors.Is(err, ingot.ErrConstraint) {
			t.Errorf("Commit = %v", err)
		}
	})
	t.Run("by a table that is not mapped", func(t *testing.T) {
		type Target struct {
			ID int64 `ingot:"pk"`
		}
		type Owner struct {
			ID      int64     `ingot:"pk"`
			Targets []*Target `ingot:"through:owner_target;cascade:all,delete-orphan"`
		}
		_, err := ingot.NewModels(Owner{}, Target{})
		wantErr(t, err, "delete-orphan on a many-to-many would delete a Target that others are linked to")
	})
}

// However children came into the session, they are no orphans. SQLAlchemy's parents that
// vanish from memory while their children stay have no counterpart: the identity map is
// strong.
func (on Database) TestORP008_LoadedChildrenAreNoOrphans(t *testing.T) {
	for _, tt := range []struct {
		name string
		load func(t *testing.T, s *ingot.Session, u *cUser)
	}{
		{"loaded afterwards", func(t *testing.T, s *ingot.Session, u *cUser) { must(t, s.Load(t.Context(), u, &u.Orders)) }},
		{"with the query", func(t *testing.T, s *ingot.Session, u *cUser) {
			v := new(cUser)
			must(t, ignore(ingot.Select(v).Load(&v.Orders).All(t.Context(), s)))
		}},
		{"without the parent", func(t *testing.T, s *ingot.Session, u *cUser) {
			must(t, ignore(ingot.Select(new(cOrder)).All(t.Context(), s)))
		}},
		{"merged", func(t *testing.T, s *ingot.Session, u *cUser) {
			must(t, ignore(ingot.Merge(t.Context(), s, &cUser{ID: 1, Name: "u", Orders: []*cOrder{{ID: 1, UserID: 1, Description: "o"}}})))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, sent, db := on.cases(t, &cUser{Name: "u", Orders: []*cOrder{{Description: "o"}}})
			s, u := again[cUser](t, db, 1)
			tt.load(t, s, u)
			sent.take()
			wantWrites(t, sent, s.Flush(t.Context()))
			must(t, s.Commit(t.Context()))
			must(t, s.Refresh(t.Context(), u))
			must(t, s.Load(t.Context(), u, &u.Orders))
			u.Orders = nil
			sent.take()
			wantWrites(t, sent, s.Commit(t.Context()), "delete orders by id")
		})
	}
	t.Run("attached", func(t *testing.T) {
		_, sent, db := on.cases(t, &cUser{Name: "u", Orders: []*cOrder{{Description: "o"}}})
		s := db.Session()
		defer s.Close()
		u := &cUser{ID: 1, Name: "u", Orders: []*cOrder{{ID: 1, UserID: 1, Description: "o"}}}
		must(t, s.Attach(u))
		wantWrites(t, sent, s.Flush(t.Context()))
		u.Orders = slices.Delete(u.Orders, 0, 1)
		wantWrites(t, sent, s.Commit(t.Context()), "delete orders by id")
	})
	t.Run("of a parent whose key changed", func(t *testing.T) {
		s, _ := on.session(t, tTenant{}, tLogin{}, tTicket{})
		tenant := &tTenant{Code: "old", Users: []*tLogin{{Number: 1}, {Number: 2}}}
		must(t, s.Add(tenant))
		must(t, s.Commit(t.Context()))
		tenant.Code = "new"
		tenant.Users = tenant.Users[1:]
		must(t, s.Commit(t.Context()))
		wantRows(t, s, "SELECT concat(code, number) FROM login", "new2")
	})
}
