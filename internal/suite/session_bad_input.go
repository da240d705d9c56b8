package suite

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ingot"
)

// Bad input: graphs that no rows can be. Each is an error that names object, field and key;
// nothing is written, and after Rollback everything is as it was.

// Cases that have no test, each with the reason:
//
//   - REL-006, an object of an unrelated class: it does not compile. A slice has a type, and
//     embedding makes no subclass.
//   - REL-002, and CAS-001 on view-only relationships: a relationship that is never written
//     is a query.
//   - ORP-008, a parent that vanished from memory: the identity map is strong.
//   - DEL-002, a removal under passive_deletes=all: it is an edit, written like any other.
//   - DEL-004, counts that are not confirmed: each DELETE is sorted so that it finds its
//     rows, and a count that does not match is an error.
//   - RSW-002, attributes that were never set: a struct's zero cannot be told from unset.
//   - INH: models have no inheritance; embedded structs are columns of their table.

func (on Database) TestBadInputIsNamedAndNothingIsWritten(t *testing.T) {
	type graph struct {
		u, v *cUser // u has an order and an address
		o    *cOrder
		a    *cAddress
		i    *cItem // with keyword k
		k    *cKeyword
		n    *cNode // n → child → leaf
		s    *ingot.Session
		db   *ingot.DB
	}
	_, sent, db := on.cases(t,
		&cUser{Name: "u", Orders: []*cOrder{{Description: "o"}}, Addresses: []*cAddress{{Email: "a"}}}, &cUser{Name: "v"},
		&cItem{Text: "i", Keywords: []*cKeyword{{Name: "k"}}},
		&cNode{Data: "n", Children: []*cNode{{Data: "child", Children: []*cNode{{Data: "leaf"}}}}})
	before := content(t, db)
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, g *graph)
		want string
	}{
		{"nil in a one-to-many", func(t *testing.T, g *graph) { g.u.Addresses = append(g.u.Addresses, nil) }, "cUser(1).Addresses[1] is nil"},
		{"nil in a many-to-many", func(t *testing.T, g *graph) { g.i.Keywords = append(g.i.Keywords, nil) }, "cItem(1).Keywords[1] is nil"},
		{"nil deep in what is new", func(t *testing.T, g *graph) {
			g.n.Children = append(g.n.Children, &cNode{Children: []*cNode{{}, nil}})
		}, "cNode(new).Children[1] is nil"},
		{"nil in what is deleted", func(t *testing.T, g *graph) {
			g.u.Orders = append(g.u.Orders, nil)
			must(t, g.s.Delete(g.u))
		}, "cUser(1).Orders[1] is nil"},
		{"a child twice", func(t *testing.T, g *graph) { g.u.Orders = append(g.u.Orders, g.o) }, "cUser(1).Orders holds cOrder(1) twice"},
		{"a link twice", func(t *testing.T, g *graph) { g.k.Items = append(g.k.Items, g.i) }, "cKeyword(1).Items holds cItem(1) twice"},
		{"a new child twice", func(t *testing.T, g *graph) {
			x := &cOrder{}
			g.u.Orders = append(g.u.Orders, x, x)
		}, "cUser(1).Orders holds cOrder(new) twice"},
		{"a child in two parents", func(t *testing.T, g *graph) {
			x := &cUser{Orders: []*cOrder{g.o}}
			g.u.Orders, g.v.Orders = nil, []*cOrder{g.o}
			must(t, g.s.Add(x))
		}, "cOrder(1) is given to two parents: cUser("},
		{"a child in its old and a new parent's slice, and a third's pointer", func(t *testing.T, g *graph) {
			x := &cUser{}
			must(t, g.s.Add(x))
			g.v.Orders, g.o.User = []*cOrder{g.o}, x
		}, "cOrder(1) is given to two parents: cUser("},
		{"pointer and column", func(t *testing.T, g *graph) { g.o.User, g.o.UserID = g.v, 77 }, "cOrder(1): cOrder.User says cUser(2), but cOrder.UserID says 77"},
		{"an order without its user", func(t *testing.T, g *graph) {
			must(t, g.s.Add(&cOrder{Description: "none"}))
		}, "cOrder"},
		{"a node that is its own parent", func(t *testing.T, g *graph) {
			x := &cNode{}
			x.Parent = x
			must(t, g.s.Add(x))
			x.Children = []*cNode{x}
		}, "cNode(new).Children holds the cNode itself: a row cannot be its own parent and child"},
		{"a node among its own children", func(t *testing.T, g *graph) { g.n.Children = append(g.n.Children, g.n) }, "cNode(1).Children holds the cNode itself"},
		{"a node made its own ancestor", func(t *testing.T, g *graph) {
			leaf := g.n.Children[0].Children[0]
			leaf.Children = []*cNode{g.n}
		}, "cNode(1) is made its own ancestor: by cNode.ParentID it is under cNode(3), under cNode(2)"},
		{"a node made its own ancestor by its column", func(t *testing.T, g *graph) { g.n.ParentID = new(int64(2)) },
			"cNode(1) is made its own ancestor: by cNode.ParentID it is under cNode(2)"},
		{"new nodes in a ring", func(t *testing.T, g *graph) {
			x := &cNode{Children: []*cNode{{}}}
			x.Parent = x.Children[0]
			must(t, g.s.Add(x))
		}, "cNode(new) is made its own ancestor: by cNode.ParentID it is under cNode(new)"},
		{"keys that collide", func(t *testing.T, g *graph) { g.v.ID = g.u.ID }, "cUser(2) changes its key to that of cUser(1): delete or change that one too"},
		{"a key that becomes zero", func(t *testing.T, g *graph) { g.a.ID = 0 }, "cAddress(1): cAddress.ID was set to zero, which is no key"},
		{"two new rows of one key", func(t *testing.T, g *graph) {
			must(t, g.s.AddAll(&cKeyword{ID: 9, Name: "a"}, &cKeyword{ID: 9, Name: "b"}))
		}, "two instances were added as cKeyword(9)"},
		{"a reference to what is deleted", func(t *testing.T, g *graph) {
			must(t, g.s.Delete(g.v))
			g.a.User = g.v
		}, "cAddress(1): cAddress.User gives it cUser(2), which is being deleted"},
		{"an object of another session", func(t *testing.T, g *graph) {
			_, other := again[cUser](t, g.db, 2)
			g.a.User = other
		}, "cUser(2) is in this session as another instance, reached by cAddress(1).User,: change that one, or Merge this one into it"},
		{"an object of another session in a slice", func(t *testing.T, g *graph) {
			_, other := again[cKeyword](t, g.db, 1)
			g.i.Keywords = append(g.i.Keywords, other)
		}, "cKeyword(1) is in this session as another instance, reached by cItem(1).Keywords,"},
		{"deletion of an object of another session", func(t *testing.T, g *graph) {
			_, other := again[cUser](t, g.db, 2)
			wantErr(t, g.s.Delete(other), "cUser(2) is not in this session: get it with Get or a query, or Attach it")
		}, "cUser(2) is not in this session"},
		{"a slice given to Add", func(t *testing.T, g *graph) { wantErr(t, g.s.Add([]*cUser{g.u}), "got []*suite.cUser, want a pointer") }, "got []*suite.cUser"},
		{"a pointer to a pointer", func(t *testing.T, g *graph) { wantErr(t, g.s.Add(&g.u), "*suite.cUser: is not in the metadata") }, "*suite.cUser: is not in the metadata"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &graph{s: db.Session(), db: db}
			defer g.s.Close()
			u, i, n := new(cUser), new(cItem), new(cNode)
			us, err := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()).Load(&u.Orders).Load(&u.Addresses).All(t.Context(), g.s)
			must(t, err)
			is, err := ingot.Select(i).Load(&i.Keywords).All(t.Context(), g.s)
			must(t, err)
			ns, err := ingot.Select(n).OrderBy(ingot.C(&n.ID).Asc()).Load(&n.Children).All(t.Context(), g.s)
			must(t, err)
			g.u, g.v, g.o, g.a, g.i, g.k, g.n = us[0], us[1], us[0].Orders[0], us[0].Addresses[0], is[0], is[0].Keywords[0], ns[0]
			must(t, g.s.Load(t.Context(), g.o, &g.o.User))
			must(t, g.s.Load(t.Context(), g.k, &g.k.Items))
			tt.do(t, g)
			wantErr(t, g.s.Commit(t.Context()), tt.want)
			must(t, g.s.Rollback(t.Context()))
			if after := content(t, g.db); after != before {
				t.Errorf("the database had %s, and has %s", before, after)
			}
			sent.take()
			wantWrites(t, sent, g.s.Commit(t.Context()))
			if len(g.u.Orders) != 1 || len(g.u.Addresses) != 1 || len(g.i.Keywords) != 1 || len(g.n.Children) != 1 || g.o.User != g.u {
				t.Errorf("after Rollback: %+v, %+v, %+v", g.u, g.i, g.n)
			}
		})
	}
}

// content is all rows of the tables of the cases.
func content(t testing.TB, db *ingot.DB) string {
	t.Helper()
	var all []string
	for _, text := range []ingot.TrustedSQL{
		"SELECT concat('user ', id, name) FROM users ORDER BY id",
		"SELECT concat('address ', id, coalesce(user_id, 0), email) FROM addresses ORDER BY id",
		"SELECT concat('order ', id, user_id, description) FROM orders ORDER BY id",
		"SELECT concat('item ', id, text) FROM items ORDER BY id",
		"SELECT concat('keyword ', id, name) FROM keywords ORDER BY id",
		"SELECT concat('link ', c_item_id, c_keyword_id) FROM item_keywords ORDER BY c_item_id, c_keyword_id",
		"SELECT concat('node ', id, coalesce(parent_id, 0), data) FROM nodes ORDER BY id",
	} {
		rows, err := ingot.SQL[string](t.Context(), db, text)
		must(t, err)
		all = append(all, rows...)
	}
	return strings.Join(all, ", ")
}

// A session belongs to one goroutine: whatever a second one calls meanwhile is refused.
func (on Database) TestEveryCallFromASecondGoroutineIsRefused(t *testing.T) {
	var s *ingot.Session
	refused := map[string]error{}
	u := &cUser{Name: "u"}
	db, _ := on.open(t, ingot.Options{Hooks: ingot.Hooks{AfterLoad: func(any) error {
		done, ctx := make(chan bool), t.Context()
		go func() {
			defer close(done)
			for call, err := range map[string]error{
				"Add":       s.Add(&cNode{}),
				"Delete":    s.Delete(u),
				"Flush":     s.Flush(ctx),
				"Commit":    s.Commit(ctx),
				"Rollback":  s.Rollback(ctx),
				"Close":     s.Close(),
				"Savepoint": s.Savepoint(ctx, func() error { return nil }),
				"Expunge":   s.Expunge(u),
				"Expire":    s.Expire(u),
				"Refresh":   s.Refresh(ctx, u),
				"Attach":    s.Attach(&cUser{ID: 7}),
				"Load":      s.Load(ctx, u, &u.Orders),
				"Merge":     ignore(ingot.Merge(ctx, s, &cUser{ID: 7})),
				"Get":       ignore(ingot.Get[cUser](ctx, s, 1)),
				"Select":    ignore(ingot.Select(new(cUser)).All(ctx, s)),
				"Exec":      ignore(s.Exec(ctx, "DELETE FROM users")),
			} {
				refused[call] = err
			}
		}()
		<-done
		return nil
	}}}, cUser{}, cAddress{}, cOrder{}, cNode{})
	setup := db.Session()
	must(t, setup.Add(u))
	must(t, setup.Commit(t.Context()))
	must(t, setup.Close())
	s = db.Session()
	defer s.Close()
	must(t, ignore(ingot.Get[cUser](t.Context(), s, 1)))
	if len(refused) != 16 {
		t.Errorf("%d calls were made", len(refused))
	}
	for call, err := range refused {
		if !errors.Is(err, ingot.ErrConcurrent) {
			t.Errorf("%s: %v", call, err)
		}
	}
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT name FROM users", "u")
}

// Of its own session a hook may not end the flush that called it.
func (on Database) TestAHookCannotEndItsFlush(t *testing.T) {
	var got error
	db, _ := on.open(t, ingot.Options{Hooks: ingot.Hooks{BeforeInsert: func(ctx context.Context, s *ingot.Session, _ any) error {
		for _, err := range []error{s.Flush(ctx), s.Commit(ctx), s.Rollback(ctx), s.Close()} {
			if err == nil || !strings.Contains(err.Error(), "inside a flush") {
				got = errors.Join(got, errors.New("one was taken"), err)
			}
		}
		return nil
	}}}, cNode{})
	s := db.Session()
	defer s.Close()
	must(t, s.Add(&cNode{}))
	must(t, s.Commit(t.Context()))
	must(t, got)
}
