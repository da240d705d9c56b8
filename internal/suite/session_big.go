package suite

import (
	"testing"

	"ingot"
)

// Collections that are too big to load: counted, searched, appended to and taken from
// without loading them.

func (on Database) TestACollectionIsCountedAndSearchedWithoutLoading(t *testing.T) {
	k := []*cKeyword{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	_, sent, db := on.cases(t,
		&cUser{Name: "u", Orders: []*cOrder{{Description: "1"}, {Description: "2"}, {Description: "3"}}}, &cUser{Name: "v", Orders: []*cOrder{{Description: "4"}}},
		&cItem{Text: "i", Keywords: k[:2]}, &cItem{Text: "j", Keywords: k[1:]}, &cNode{Data: "root", Children: []*cNode{{Data: "leaf"}}})
	s, u := again[cUser](t, db, 1)
	i, err := ingot.Get[cItem](t.Context(), s, 1)
	must(t, err)
	leaf, err := ingot.Get[cNode](t.Context(), s, 2)
	must(t, err)
	root, err := ingot.Get[cNode](t.Context(), s, 1)
	must(t, err)
	o, kw, n := new(cOrder), new(cKeyword), new(cNode)
	orders := ingot.Select(o).Where(ingot.MemberOf(o, u, &u.Orders))
	keywords := ingot.Select(kw).Where(ingot.MemberOf(kw, i, &i.Keywords))
	sent.take()
	for _, tt := range []struct {
		name  string
		count func() (int, error)
		want  int
	}{
		{"one-to-many", func() (int, error) { return orders.Count(t.Context(), s) }, 3},
		{"on the database", func() (int, error) { return orders.Count(t.Context(), db) }, 3},
		{"narrowed", func() (int, error) { return orders.Where(ingot.C(&o.Description).Gt("1")).Count(t.Context(), s) }, 2},
		{"negated", func() (int, error) {
			return ingot.Select(o).Where(ingot.Not(ingot.MemberOf(o, u, &u.Orders))).Count(t.Context(), s)
		}, 1},
		{"many-to-many", func() (int, error) { return keywords.Count(t.Context(), s) }, 2},
		{"a reference", func() (int, error) {
			return ingot.Select(n).Where(ingot.MemberOf(n, leaf, &leaf.Parent)).Count(t.Context(), s)
		}, 1},
		{"a reference that is NULL", func() (int, error) {
			return ingot.Select(n).Where(ingot.MemberOf(n, root, &root.Parent)).Count(t.Context(), s)
		}, 0},
		{"of a joined variable", func() (int, error) {
			v := new(cUser)
			return ingot.Select(v).Join(&v.Orders, o).Where(ingot.MemberOf(o, u, &u.Orders)).Count(t.Context(), s)
		}, 1},
		{"in a subquery", func() (int, error) {
			v := new(cUser)
			return ingot.Select(v).Where(ingot.Exists(ingot.Select(o).Where(ingot.MemberOf(o, u, &u.Orders), ingot.C(&o.UserID).EqX(ingot.C(&v.ID))))).Count(t.Context(), s)
		}, 1},
	} {
		got, err := tt.count()
		if texts := sent.take(); err != nil || got != tt.want || len(texts) != 1 {
			t.Errorf("%s: %d, %v by %q; want %d by one statement", tt.name, got, err, texts, tt.want)
		}
	}
	for key, want := range map[int64]bool{3: true, 4: false} {
		if got, err := orders.Where(ingot.C(&o.ID).Eq(key)).Exists(t.Context(), s); got != want || err != nil {
			t.Errorf("order %d is a member: %v, %v", key, got, err)
		}
	}
	if s.Loaded(u, &u.Orders) != ingot.NotLoaded || u.Orders != nil || i.Keywords != nil {
		t.Errorf("loaded: %v, %v, %v", s.Loaded(u, &u.Orders), u.Orders, i.Keywords)
	}
	// Bulk writes take it, too.
	must(t, ignore(ingot.Update(o).Set(ingot.C(&o.Description).Set("x")).Where(ingot.MemberOf(o, u, &u.Orders)).Exec(t.Context(), s)))
	must(t, ignore(ingot.Delete(o).Where(ingot.MemberOf(o, u, &u.Orders), ingot.C(&o.ID).Gt(2)).Exec(t.Context(), s)))
	wantRows(t, s, "SELECT concat(id, description) FROM orders ORDER BY id", "1x", "2x", "44")
}

func (on Database) TestACollectionIsChangedWithoutLoading(t *testing.T) {
	k := []*cKeyword{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	_, sent, db := on.cases(t, &cUser{Name: "u", Orders: []*cOrder{{Description: "1"}, {Description: "2"}}}, &cItem{Text: "i", Keywords: k[:2]}, k[2])
	s, u := again[cUser](t, db, 1)
	i, err := ingot.Get[cItem](t.Context(), s, 1)
	must(t, err)
	c, err := ingot.Get[cKeyword](t.Context(), s, 3)
	must(t, err)
	sent.take()
	u.Orders = append(u.Orders, &cOrder{Description: "3"})
	i.Keywords = append(i.Keywords, c)
	// What is not saved yet counts: the query flushes.
	o := new(cOrder)
	n, err := ingot.Select(o).Where(ingot.MemberOf(o, u, &u.Orders)).Count(t.Context(), s)
	if n != 3 || err != nil {
		t.Errorf("%d orders, %v", n, err)
	}
	must(t, s.Flush(t.Context()))
	wantWrites(t, sent, nil, "insert orders(user_id, description)", "insert item_keywords(c_item_id, c_keyword_id)")
	if s.Loaded(u, &u.Orders) != ingot.Partial || s.Loaded(i, &i.Keywords) != ingot.Partial || len(i.Keywords) != 1 {
		t.Errorf("loaded: %v, %v", s.Loaded(u, &u.Orders), i.Keywords)
	}
	// A member that is loaded alone is taken out alone.
	must(t, s.Load(t.Context(), i, &i.Keywords, ingot.As(new(cKeyword)), ingot.Top(1)))
	one, err := ingot.Select(o).Where(ingot.MemberOf(o, u, &u.Orders)).OrderBy(ingot.C(&o.ID).Asc()).First(t.Context(), s)
	must(t, err)
	must(t, s.Delete(one))
	kw := new(cKeyword)
	must(t, s.Load(t.Context(), i, &i.Keywords, ingot.As(kw), ingot.Filter(ingot.C(&kw.Name).Eq("b"))))
	if len(i.Keywords) != 1 || i.Keywords[0].Name != "b" {
		t.Errorf("keywords loaded: %d", len(i.Keywords))
	}
	sent.take()
	i.Keywords = nil
	wantWrites(t, sent, s.Commit(t.Context()),
		"delete item_keywords by c_item_id, c_keyword_id",
		"delete orders by id")
	wantRows(t, db, "SELECT c_keyword_id FROM item_keywords ORDER BY 1", "1", "3")
	wantRows(t, db, "SELECT description FROM orders ORDER BY id", "2", "3")
}

func (on Database) TestMemberOfNamesWhatIsWrong(t *testing.T) {
	s, sent, _ := on.cases(t)
	u, o := &cUser{}, new(cOrder)
	must(t, s.Add(u))
	for _, tt := range []struct {
		name string
		cond ingot.Condition
		want string
	}{
		{"an instance without a key", ingot.MemberOf(o, u, &u.Orders), "MemberOf: the cUser has no key yet: flush first"},
		{"a relationship of another instance", ingot.MemberOf(o, u, &new(cUser).Orders), "MemberOf: *[]*suite.cOrder is no relationship of the cUser given"},
		{"a column", ingot.MemberOf(o, u, &u.Name), "MemberOf: *string is no relationship of the cUser given"},
		{"nothing", ingot.MemberOf(nil, &cUser{ID: 1}, nil), "MemberOf: <nil> is no relationship of the cUser given"},
		{"no instance", ingot.MemberOf(o, nil, nil), "MemberOf: <nil> is no variable of a query"},
		{"a nil instance", ingot.MemberOf(o, (*cUser)(nil), nil), "MemberOf: a nil *suite.cUser has no members"},
	} {
		_, err := ingot.Select(o).Where(tt.cond).Count(t.Context(), s)
		wantErr(t, err, tt.want)
	}
	x := &cUser{ID: 1}
	_, err := ingot.Select(o).Where(ingot.MemberOf(new(cOrder), x, &x.Orders)).Count(t.Context(), s)
	wantErr(t, err, "MemberOf: *suite.cOrder is no variable of the query for the cOrder in cUser.Orders")
	_, err = ingot.Select(o).Where(ingot.MemberOf(nil, x, &x.Orders)).Count(t.Context(), s)
	wantErr(t, err, "MemberOf of nil")
	if got := sent.take(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}
