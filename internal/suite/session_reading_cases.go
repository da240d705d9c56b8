package suite

import (
	"errors"
	"fmt"
	"testing"

	"ingot"
)

// What is read, from where, and what it does to what is there.

func (on Database) TestAFL002_AnErrorOfAnImplicitFlushSaysSo(t *testing.T) {
	u := &cUser{Name: "u"}
	s, _, _ := on.cases(t, u)
	o := &cOrder{Description: "nobody's"}
	must(t, s.Add(o))
	u.Name = "edited"
	_, err := ingot.Select(new(cOrder)).All(t.Context(), s)
	if !errors.Is(err, ingot.ErrConstraint) {
		t.Errorf("error %v", err)
	}
	wantErr(t, err, "flush before the query (Autoflush)")
	_, err = ingot.Select(new(cNode)).All(t.Context(), s)
	if !errors.Is(err, ingot.ErrRolledBack) || !errors.Is(err, ingot.ErrConstraint) {
		t.Errorf("the next query: %v", err)
	}
	must(t, s.Rollback(t.Context()))
	if s.Contains(o) || u.Name != "u" {
		t.Errorf("after rollback: %v, %+v", s.State(o), u)
	}
}

func (on Database) TestIDM004_AReferenceIsAnsweredFromTheSession(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, tTenant{}, tLogin{}, tTicket{}, cNode{})
	setup := db.Session()
	must(t, setup.AddAll(&tTenant{Code: "acme", Users: []*tLogin{{Number: 1, Tickets: []*tTicket{{Text: "a"}, {Text: "b"}}}}}, &cNode{Children: []*cNode{{}}}))
	must(t, setup.Commit(t.Context()))
	must(t, setup.Close())
	s := db.Session()
	defer s.Close()
	login, err := ingot.Get[tLogin](t.Context(), s, "acme", 1)
	must(t, err)
	v := new(tTicket)
	tickets, err := ingot.Select(v).All(t.Context(), s)
	must(t, err)
	root, err := ingot.Get[cNode](t.Context(), s, 1)
	must(t, err)
	leaf, err := ingot.Get[cNode](t.Context(), s, 2)
	must(t, err)
	for _, tt := range []struct {
		name string
		load func() error
		want int
	}{
		{"by a composite key", func() error { return s.Load(t.Context(), tickets[0], &tickets[0].Login) }, 0},
		{"to itself", func() error { return s.Load(t.Context(), leaf, &leaf.Parent) }, 0},
		{"of a NULL", func() error { return s.Load(t.Context(), root, &root.Parent) }, 0},
		{"of what is not there", func() error { return s.Load(t.Context(), login, &login.Tenant) }, 1},
		{"again", func() error { return s.Load(t.Context(), login, &login.Tenant) }, 0},
		{"with a condition", func() error {
			x := new(tLogin)
			return s.Load(t.Context(), tickets[1], &tickets[1].Login, ingot.As(x), ingot.Filter(ingot.C(&x.Number).Gt(0)))
		}, 1},
	} {
		sent.take()
		must(t, tt.load())
		if got := sent.take(); len(got) != tt.want {
			t.Errorf("%s: sent %q, want %d statements", tt.name, got, tt.want)
		}
	}
	if tickets[0].Login != login || tickets[1].Login != login || leaf.Parent != root || login.Tenant.Code != "acme" {
		t.Errorf("loaded: %+v, %+v", tickets[0], leaf)
	}
	if root.Parent != nil || s.Loaded(root, &root.Parent) != ingot.Loaded {
		t.Errorf("a reference that is NULL is %v", s.Loaded(root, &root.Parent))
	}
}

// What the card calls merging without a load is Attach here.
func (on Database) TestMRG004_AttachTakesAGraphWithoutReading(t *testing.T) {
	_, sent, db := on.cases(t, &cUser{Name: "u", Addresses: []*cAddress{{Email: "a"}, {Email: "b"}}})
	s1, u := again[cUser](t, db, 1)
	must(t, s1.Load(t.Context(), u, &u.Addresses))
	for _, a := range u.Addresses {
		must(t, s1.Load(t.Context(), a, &a.User))
	}
	must(t, s1.Close())
	sent.take()
	s := db.Session()
	defer s.Close()
	must(t, s.Attach(u))
	a := u.Addresses[0]
	for _, x := range []any{u, a, u.Addresses[1]} {
		if s.State(x) != ingot.Persistent {
			t.Errorf("%T is %v", x, s.State(x))
		}
	}
	if got, err := ingot.Get[cAddress](t.Context(), s, a.ID); got != a || err != nil || a.User != u || len(s.Dirty()) > 0 {
		t.Errorf("Get = %p, %v; dirty %v", got, err, s.Dirty())
	}
	if got := sent.take(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
	// What changes from then on is written, and no more. The flush cannot tell an edit made
	// before: present values are taken for the database's.
	a.User = nil
	wantWrites(t, sent, s.Commit(t.Context()), "update addresses(user_id) by id")
	if len(u.Addresses) != 1 {
		t.Errorf("the other side has %d", len(u.Addresses))
	}
	fresh := &cUser{Name: "new"}
	wantErr(t, s.Attach(fresh), "has no key")
	if s.State(fresh) != ingot.Transient {
		t.Errorf("state %v", s.State(fresh))
	}
	wantErr(t, s.Attach(nil), "got nil")
}

func (on Database) TestEXP004_RefreshReadsTheInstanceAndItsRelations(t *testing.T) {
	_, sent, db := on.cases(t, &cUser{Name: "u", Addresses: []*cAddress{{Email: "a"}, {Email: "b"}}})
	s, u := again[cUser](t, db, 1)
	must(t, s.Load(t.Context(), u, &u.Addresses))
	a := u.Addresses[0]
	mustExec(t, db, "UPDATE users SET name = 'db'")
	mustExec(t, db, "INSERT INTO addresses (user_id, email) VALUES (1, 'c')")
	u.Name, a.Email = "edited", "kept"
	u.Addresses = u.Addresses[1:]
	sent.take()
	must(t, s.Refresh(t.Context(), u))
	if got := sent.take(); len(got) != 2 {
		t.Errorf("sent %q, want a SELECT of the row and one of what was loaded", got)
	}
	if u.Name != "db" || len(u.Addresses) != 3 || u.Addresses[0] != a || a.Email != "kept" {
		t.Errorf("after Refresh: %+v, %+v", u, a)
	}
	if d := s.Dirty(); len(d) != 1 || d[0] != any(a) {
		t.Errorf("dirty are %v, want the address with its edit", d)
	}
	wantWrites(t, sent, s.Commit(t.Context()), "update addresses(email) by id")

	// Expire reads nothing; what is not loaded then is not written, and comes with a Load.
	u.Name, u.Addresses = "edited", nil
	must(t, s.Expire(u))
	if got := sent.take(); len(got) > 0 || s.Loaded(u, &u.Addresses) != ingot.NotLoaded {
		t.Errorf("Expire sent %q, addresses are %v", got, s.Loaded(u, &u.Addresses))
	}
	must(t, ignore(ingot.Get[cUser](t.Context(), s, 1)))
	must(t, s.Load(t.Context(), u, &u.Addresses))
	if got := sent.take(); len(got) != 2 || u.Name != "db" || len(u.Addresses) != 3 {
		t.Errorf("sent %q for %+v", got, u)
	}
	// A relation that was not loaded is not loaded by Refresh either.
	s2, v := again[cUser](t, db, 1)
	sent.take()
	must(t, s2.Refresh(t.Context(), v))
	if got := sent.take(); len(got) != 1 || v.Addresses != nil {
		t.Errorf("sent %q", got)
	}
}

// By the card a pending child leaves the session with its parent's Expire only under
// delete-orphan. By the design what only a cascade has reached is not inserted without it.
func (on Database) TestEXP005_APendingChildLeavesWithTheCollection(t *testing.T) {
	for _, undo := range []string{"Expire", "Refresh"} {
		t.Run(undo, func(t *testing.T) {
			u := &cUser{Name: "u", Orders: []*cOrder{{Description: "o"}}}
			s, sent, db := on.cases(t, u)
			order, address, kept := &cOrder{Description: "new"}, &cAddress{Email: "new"}, &cAddress{Email: "added by name"}
			u.Orders, u.Addresses = append(u.Orders, order), append(u.Addresses, address, kept)
			must(t, s.AddAll(u, kept))
			if s.State(order) != ingot.Pending {
				t.Errorf("state %v", s.State(order))
			}
			if undo == "Expire" {
				must(t, s.Expire(u))
			} else {
				must(t, s.Refresh(t.Context(), u))
				if len(u.Orders) != 1 || len(u.Addresses) != 0 {
					t.Errorf("after Refresh: %d orders, %d addresses", len(u.Orders), len(u.Addresses))
				}
			}
			sent.take()
			wantWrites(t, sent, s.Commit(t.Context()), "insert addresses(user_id, email)")
			if s.State(order) != ingot.Transient || s.State(address) != ingot.Transient || kept.UserID != nil {
				t.Errorf("states %v, %v; %+v", s.State(order), s.State(address), kept)
			}
			wantRows(t, db, "SELECT description FROM orders", "o")
		})
	}
}

func (on Database) TestEAG001_TwoStatementsForAnyNumberOfParents(t *testing.T) {
	db, sent := on.queries(t)
	u := new(quser)
	q := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()).Load(&u.Addresses)
	for name, r := range map[string]func() ingot.Runner{"database": func() ingot.Runner { return db }, "session": func() ingot.Runner {
		s := db.Session()
		t.Cleanup(func() { s.Close() })
		return s
	}} {
		for _, tt := range []struct {
			q    ingot.Query[quser]
			want string
		}{
			{q, "jack addresses[ 1 ]; ed addresses[ 2 3 4 ]; fred addresses[ 5 ]; chuck addresses[ ]"},
			{q.Where(ingot.C(&u.ID).Eq(8)), "ed addresses[ 2 3 4 ]"},
			{q.Limit(2).Offset(1), "ed addresses[ 2 3 4 ]; fred addresses[ 5 ]"},
			{q.Where(ingot.C(&u.ID).Eq(10)), "chuck addresses[ ]"},
		} {
			runner := r()
			sent.take()
			us, err := tt.q.All(t.Context(), runner)
			if got, n := loadedText(us), len(sent.take()); got != tt.want || n != 2 || err != nil {
				t.Errorf("%s: %s by %d statements, %v; want %s by 2", name, got, n, err, tt.want)
			}
		}
	}
	s := db.Session()
	defer s.Close()
	sent.take()
	jack, err := ingot.Get[quser](t.Context(), s, 7)
	must(t, err)
	must(t, s.Load(t.Context(), jack, &jack.Addresses))
	must(t, s.Load(t.Context(), jack, &jack.Addresses))
	if got := sent.take(); len(got) != 2 || len(jack.Addresses) != 1 {
		t.Errorf("Get and Load sent %q", got)
	}
	// No parents, no second statement.
	if us, err := q.Where(ingot.C(&u.ID).Eq(99)).All(t.Context(), s); len(us) > 0 || err != nil || len(sent.take()) != 1 {
		t.Errorf("%v, %v", us, err)
	}
}

// Chunks are as large as the server takes parameters, so there is no size to choose.
func (on Database) TestEAG002_KeysAreAskedForInChunks(t *testing.T) {
	for _, most := range []int{18, 28, 58} {
		db, sent := on.queries(t, func(s *ingot.Server) { s.MaxParams = most })
		var rows []*qnode
		for range 45 {
			rows = append(rows, &qnode{Data: "x"}) // with five that are there, fifty
		}
		insert(t, db, rows...)
		n := new(qnode)
		sent.take()
		ns, err := ingot.Select(n).Load(&n.Children).All(t.Context(), db)
		must(t, err)
		want := 1 + (50+most-9)/(most-8)
		if db.Server().ArrayIn {
			want = 2
		}
		if got := sent.take(); len(got) != want || len(ns) != 50 {
			t.Errorf("%d parents by %d statements of %d parameters, want %d", len(ns), len(got), most, want)
		}
		for _, n := range ns {
			if n.Children == nil {
				t.Fatalf("%+v has no collection", n)
			}
		}
	}
}

// There is no loading by join. What the card asks of it holds for joins that filter: a limit
// counts parents, each of which comes once.
func (on Database) TestEAG004_ALimitCountsParents(t *testing.T) {
	db, sent := on.queries(t)
	u, a, o := new(quser), new(qaddress), new(qorder)
	q := ingot.Select(u).Join(&u.Addresses, a).LeftJoin(&u.Orders, o).Where(ingot.Like(ingot.C(&a.Email), "%.com")).OrderBy(ingot.C(&u.ID).Asc()).Load(&u.Addresses).Load(&u.Orders)
	for _, tt := range []struct {
		q    ingot.Query[quser]
		want string
	}{
		{q.Limit(2), "jack addresses[ 1 ] orders[ 1 3 5 ]; ed addresses[ 2 3 4 ] orders[ ]"},
		{q.Limit(2).Offset(1), "ed addresses[ 2 3 4 ] orders[ ]; fred addresses[ 5 ] orders[ 2 4 ]"},
		{q.Distinct().Limit(5), "jack addresses[ 1 ] orders[ 1 3 5 ]; ed addresses[ 2 3 4 ] orders[ ]; fred addresses[ 5 ] orders[ 2 4 ]"},
	} {
		sent.take()
		us, err := tt.q.All(t.Context(), db)
		if got, n := loadedText(us), len(sent.take()); got != tt.want || n != 3 || err != nil {
			t.Errorf("%s by %d statements, %v; want %s by 3", got, n, err, tt.want)
		}
	}
	sent.take()
	x := new(qaddress)
	as, err := ingot.Select(x).OrderBy(ingot.C(&x.ID).Desc()).Limit(3).Load(&x.User).All(t.Context(), db)
	if err != nil || len(as) != 3 || as[1].User != as[2].User || as[0].User.Name != "fred" || len(sent.take()) != 2 {
		t.Errorf("references of three: %v, %v", as, err)
	}
}

// An account has two collections of one table, and there are two references to it.
type (
	eAccount struct {
		_    struct{}     `ingot:"table:account"`
		ID   int64        `ingot:"pk"`
		Out  []*eTransfer `ingot:"via:FromID;inverse:From"`
		Into []*eTransfer `ingot:"via:ToID;inverse:To"`
	}
	eTransfer struct {
		_      struct{}  `ingot:"table:transfer"`
		ID     int64     `ingot:"pk"`
		FromID int64     `ingot:"fk:account.id"`
		ToID   *int64    `ingot:"fk:account.id"`
		From   *eAccount `ingot:"via:FromID;inverse:Out"`
		To     *eAccount `ingot:"via:ToID;inverse:Into"`
	}
)

func (on Database) TestEAG005_TwoRelationsToOneTable(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, eAccount{}, eTransfer{})
	insert(t, db, &eAccount{}, &eAccount{})
	insert(t, db, &eTransfer{FromID: 1, ToID: new(int64(2))}, &eTransfer{FromID: 1, ToID: new(int64(2))}, &eTransfer{FromID: 2, ToID: new(int64(1))}, &eTransfer{FromID: 2})
	s := db.Session()
	defer s.Close()
	a, out, into := new(eAccount), new(eTransfer), new(eTransfer)
	sent.take()
	all, err := ingot.Select(a).Join(&a.Out, out).Join(&a.Into, into).OrderBy(ingot.C(&a.ID).Asc()).Load(&a.Out).Load(&a.Into).All(t.Context(), s)
	if err != nil || len(all) != 2 || len(all[0].Out) != 2 || len(all[0].Into) != 1 || len(all[1].Out) != 2 || len(all[1].Into) != 2 || len(sent.take()) != 3 {
		t.Errorf("accounts %v, %v", all, err)
	}
	x := new(eTransfer)
	sent.take()
	ts, err := ingot.Select(x).OrderBy(ingot.C(&x.ID).Asc()).Load(&x.From).Load(&x.To).All(t.Context(), s)
	if err != nil || ts[2].From != all[1] || ts[2].To != all[0] || ts[3].To != nil || s.Loaded(ts[3], &ts[3].To) != ingot.Loaded {
		t.Errorf("transfers %v, %v", ts, err)
	}
	if got := sent.take(); len(got) != 1 { // both accounts are in the session
		t.Errorf("sent %q", got)
	}
}

func (on Database) TestEAG007_ATreeIsLoadedAsDeepAsIsAsked(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, cNode{})
	setup := db.Session()
	leaf := &cNode{Data: "4"}
	must(t, setup.Add(&cNode{Data: "1", Children: []*cNode{{Data: "2", Children: []*cNode{{Data: "3", Children: []*cNode{leaf}}}}, {Data: "2b"}}}))
	must(t, setup.Commit(t.Context()))
	must(t, setup.Close())
	a, b, c := new(cNode), new(cNode), new(cNode)
	roots := ingot.Select(a).Where(ingot.C(&a.ParentID).IsNull())
	one := roots.Load(&a.Children, ingot.As(b))
	three := one.Load(&b.Children, ingot.As(c)).Load(&c.Children)
	for _, tt := range []struct {
		name  string
		q     ingot.Query[cNode]
		depth int
	}{{"no depth", roots, 0}, {"one level", one, 1}, {"three levels", three, 3}} {
		s := db.Session()
		sent.take()
		all, err := tt.q.All(t.Context(), s)
		must(t, err)
		if got := sent.take(); len(got) != tt.depth+1 || len(all) != 1 {
			t.Errorf("%s: sent %q", tt.name, got)
		}
		depth := 0
		for n := all[0]; len(n.Children) > 0; n = n.Children[0] {
			depth++
			must(t, s.Load(t.Context(), n.Children[0], &n.Children[0].Parent)) // the way back is at hand
			if n.Children[0].Parent != n {
				t.Errorf("%s: another parent", tt.name)
			}
		}
		if got := sent.take(); depth != tt.depth || len(got) > 0 {
			t.Errorf("%s: depth %d, sent %q", tt.name, depth, got)
		}
		must(t, s.Close())
	}
	// Unlimited: level by level, each by one statement.
	s := db.Session()
	defer s.Close()
	level, err := roots.All(t.Context(), s)
	must(t, err)
	sent.take()
	n, levels := 0, 0
	for ; len(level) > 0; levels++ {
		var next []*cNode
		for _, x := range level {
			must(t, s.Load(t.Context(), x, &x.Children))
			next = append(next, x.Children...)
			n++
		}
		level = next
	}
	if got := sent.take(); n != 5 || len(got) != levels {
		t.Errorf("%d nodes on %d levels by %d statements", n, levels, len(got))
	}
	top := &cNode{Data: "deep"}
	for range 200 {
		top = &cNode{Children: []*cNode{top}}
	}
	must(t, s.Add(top))
	must(t, s.Commit(t.Context()))
	fresh, x := again[cNode](t, db, top.ID)
	for x.Data != "deep" {
		must(t, fresh.Load(t.Context(), x, &x.Children))
		x = x.Children[0]
	}
}

// A badge is its holder's only one, which no constraint says.
type (
	eHolder struct {
		_     struct{} `ingot:"table:holder"`
		ID    int64    `ingot:"pk"`
		Badge *eBadge
	}
	eBadge struct {
		_        struct{} `ingot:"table:badge"`
		ID       int64    `ingot:"pk"`
		HolderID *int64   `ingot:"fk:holder.id"`
	}
)

// The card takes one of several rows and warns. Here it is an error: none is guessed.
func (on Database) TestEAG008_ASingleValuedRelationWithSeveralRows(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, eHolder{}, eBadge{})
	insert(t, db, &eHolder{}, &eHolder{})
	insert(t, db, &eBadge{HolderID: new(int64(1))}, &eBadge{HolderID: new(int64(2))}, &eBadge{HolderID: new(int64(2))})
	s := db.Session()
	defer s.Close()
	h := new(eHolder)
	for _, r := range []ingot.Runner{db, s} {
		_, err := ingot.Select(h).Load(&h.Badge).All(t.Context(), r)
		wantErr(t, err, "eHolder.Badge")
		one, err := ingot.Select(h).Where(ingot.C(&h.ID).Eq(1)).Load(&h.Badge).One(t.Context(), r)
		if err != nil || one.Badge == nil || one.Badge.ID != 1 {
			t.Errorf("the other one: %+v, %v", one, err)
		}
	}
}

func (on Database) TestEAG008_RowsOneByOneBringRelationsAlong(t *testing.T) {
	db, sent := on.queries(t)
	s := db.Session()
	defer s.Close()
	u := new(quser)
	var got []string
	for x, err := range ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()).Load(&u.Manager).Load(&u.Addresses).Iter(t.Context(), db) {
		must(t, err)
		got = append(got, loadedText([]*quser{x}))
	}
	if text := fmt.Sprint(got); text != "[jack addresses[ 1 ] ed addresses[ 2 3 4 ] manager jack fred addresses[ 5 ] manager jack chuck addresses[ ] manager fred]" {
		t.Errorf("one by one: %s", text)
	}
	// A filter is for its Load alone: Refresh reads what there is.
	a := new(qaddress)
	us, err := ingot.Select(u).Where(ingot.C(&u.ID).Eq(8)).Load(&u.Addresses, ingot.As(a), ingot.Filter(ingot.C(&a.ID).Eq(3))).All(t.Context(), s)
	if err != nil || len(us[0].Addresses) != 1 || s.Loaded(us[0], &us[0].Addresses) != ingot.Partial {
		t.Errorf("filtered: %v, %v", us, err)
	}
	sent.take()
	must(t, s.Refresh(t.Context(), us[0]))
	if len(us[0].Addresses) != 3 || s.Loaded(us[0], &us[0].Addresses) != ingot.Loaded {
		t.Errorf("after Refresh: %d addresses, %v", len(us[0].Addresses), s.Loaded(us[0], &us[0].Addresses))
	}
}
