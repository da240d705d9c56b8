package suite

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// tree prints users with what is loaded of them: nil slices as a dash.
func loadedText(us []*quser) string {
	var b strings.Builder
	for _, u := range us {
		fmt.Fprintf(&b, "%s", u.Name)
		if u.Addresses != nil {
			b.WriteString(" addresses[")
			for _, a := range u.Addresses {
				fmt.Fprintf(&b, " %d", a.ID)
			}
			b.WriteString(" ]")
		}
		if u.Orders != nil {
			b.WriteString(" orders[")
			for _, o := range u.Orders {
				fmt.Fprintf(&b, " %d", o.ID)
				if o.Items != nil {
					b.WriteString("(")
					for _, i := range o.Items {
						fmt.Fprintf(&b, " %d", i.ID)
					}
					b.WriteString(" )")
				}
			}
			b.WriteString(" ]")
		}
		if u.Manager != nil {
			fmt.Fprintf(&b, " manager %s", u.Manager.Name)
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func (on Database) TestLoad(t *testing.T) {
	db, echo := on.queries(t)
	u, a, o, i, m := new(quser), new(qaddress), new(qorder), new(qitem), new(quser)
	q := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc())
	for _, tt := range []struct {
		name       string
		q          ingot.Query[quser]
		want       string
		statements int
	}{
		{"nothing", q, "jack; ed; fred; chuck", 1},
		{"one to many, empty ones not nil", q.Load(&u.Addresses),
			"jack addresses[ 1 ]; ed addresses[ 2 3 4 ]; fred addresses[ 5 ]; chuck addresses[ ]", 2},
		{"two relations", q.Load(&u.Addresses).Load(&u.Orders),
			"jack addresses[ 1 ] orders[ 1 3 5 ]; ed addresses[ 2 3 4 ] orders[ ]; fred addresses[ 5 ] orders[ 2 4 ]; chuck addresses[ ] orders[ ]", 3},
		{"limit is of the parents", q.Limit(1).Load(&u.Orders), "jack orders[ 1 3 5 ]", 2},
		{"no parents, no statement", q.Where(ingot.Or()).Load(&u.Orders), "", 1},
		{"nested, many to many", q.Load(&u.Orders, ingot.As(o)).Load(&o.Items),
			"jack orders[ 1( 1 2 3 ) 3( 3 ) 5( 1 ) ]; ed orders[ ]; fred orders[ 2( 1 2 ) 4( ) ]; chuck orders[ ]", 3},
		{"filtered", q.Load(&u.Orders, ingot.As(o), ingot.Filter(ingot.C(&o.Total).Gt(20))),
			"jack orders[ 3 5 ]; ed orders[ ]; fred orders[ 4 ]; chuck orders[ ]", 2},
		{"sorted", q.Load(&u.Orders, ingot.As(o), ingot.Sort(ingot.C(&o.Total).Desc())),
			"jack orders[ 5 3 1 ]; ed orders[ ]; fred orders[ 4 2 ]; chuck orders[ ]", 2},
		{"the best n of each", q.Load(&u.Orders, ingot.As(o), ingot.Sort(ingot.C(&o.Total).Desc()), ingot.Top(2)),
			"jack orders[ 5 3 ]; ed orders[ ]; fred orders[ 4 2 ]; chuck orders[ ]", 2},
		{"the best n of many to many", q.Limit(1).Load(&u.Orders, ingot.As(o)).Load(&o.Items, ingot.As(i), ingot.Sort(ingot.C(&i.ID).Desc()), ingot.Top(1)),
			"jack orders[ 1( 3 ) 3( 3 ) 5( 1 ) ]", 3},
		{"filtered, top and nested", q.Load(&u.Orders, ingot.As(o), ingot.Filter(ingot.C(&o.Total).Lt(50)), ingot.Top(1)).Load(&o.Items),
			"jack orders[ 1( 1 2 3 ) ]; ed orders[ ]; fred orders[ 2( 1 2 ) ]; chuck orders[ ]", 3},
		{"many to one from the query itself", q.Load(&u.Manager), "jack; ed manager jack; fred manager jack; chuck manager fred", 1},
		{"many to one", q.Where(ingot.C(&u.ID).Eq(10)).Load(&u.Manager), "chuck manager fred", 2},
		{"many to one, nested twice", q.Where(ingot.C(&u.ID).Eq(10)).Load(&u.Manager, ingot.As(m)).Load(&m.Manager), "chuck manager fred", 3},
		{"back to the parent", q.Load(&u.Addresses, ingot.As(a)).Load(&a.User),
			"jack addresses[ 1 ]; ed addresses[ 2 3 4 ]; fred addresses[ 5 ]; chuck addresses[ ]", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			echo.take()
			us, err := tt.q.All(t.Context(), db)
			sent := echo.take()
			if got := loadedText(us); err != nil || got != tt.want || len(sent) != tt.statements {
				t.Errorf("%s\ngave %s, %v\nwant %s, %d statements", strings.Join(sent, "\n"), got, err, tt.want, tt.statements)
			}
		})
	}
}

func (on Database) TestLoadSharesInstances(t *testing.T) {
	db, _ := on.queries(t)
	u, a, o := new(quser), new(qaddress), new(qorder)
	us, err := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()).Load(&u.Addresses, ingot.As(a)).Load(&a.User).Load(&u.Orders, ingot.As(o)).Load(&o.Items).All(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if us[1].Addresses[2].User != us[1] {
		t.Error("an address has another user than the one it hangs on")
	}
	if us[0].Orders[0].Items[0] != us[2].Orders[0].Items[0] {
		t.Error("item 1 came as two instances")
	}
}

func (on Database) TestLoadOfTreesAndCompositeKeys(t *testing.T) {
	db, echo := on.queries(t)
	n, c := new(qnode), new(qnode)
	ns, err := ingot.Select(n).Where(ingot.C(&n.ParentID).IsNull()).OrderBy(ingot.C(&n.ID).Asc()).
		Load(&n.Children, ingot.As(c)).Load(&c.Children).All(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if n1 := ns[0]; len(ns) != 2 || n1.Children[0].Data != "n12" || n1.Children[1].Data != "n11" || n1.Children[0].Children[0].Data != "n121" || ns[1].Children == nil {
		t.Errorf("tree %+v", ns)
	}
	if got := echo.take(); len(got) != 3 {
		t.Errorf("%d statements", len(got))
	}

	v := new(qtenant)
	ts, err := ingot.Select(v).OrderBy(ingot.C(&v.Region).Asc(), ingot.C(&v.No).Asc()).Load(&v.Seats).All(t.Context(), db)
	if err != nil || len(ts[0].Seats) != 2 || len(ts[1].Seats) != 0 || len(ts[2].Seats) != 1 {
		t.Errorf("%+v, %v\n%s", ts, err, strings.Join(echo.take(), "\n"))
	}
	s := new(qseat)
	seats, err := ingot.Select(s).OrderBy(ingot.C(&s.ID).Asc()).Load(&s.Tenant).All(t.Context(), db)
	if err != nil || seats[0].Tenant.Name != "a" || seats[0].Tenant != seats[1].Tenant || seats[2].Tenant.Name != "c" {
		t.Errorf("%+v, %v", seats, err)
	}
}

func (on Database) TestLoadAsksInChunks(t *testing.T) {
	db, echo := on.queries(t, func(s *ingot.Server) { s.MaxParams = 10 })
	u := new(quser)
	us, err := ingot.Select(u).Load(&u.Orders).All(t.Context(), db)
	if err != nil || len(us) != 4 {
		t.Fatal(err)
	}
	// Two parameters are the most that a statement of ten has for keys. Where a list of keys
	// is one parameter, one statement serves all.
	want := 3
	if db.Server().ArrayIn {
		want = 2
	}
	if got := echo.take(); len(got) != want || !slices.ContainsFunc(us, func(u *quser) bool { return len(u.Orders) == 3 }) {
		t.Errorf("%d statements: %s", len(got), strings.Join(got, "\n"))
	}
}

func (on Database) TestIterLoadsInStretches(t *testing.T) {
	db, echo := on.queries(t)
	u := new(quser)
	q := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()).Load(&u.Orders)
	var us []*quser
	for u, err := range q.Iter(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		us = append(us, u)
	}
	if got := loadedText(us); got != "jack orders[ 1 3 5 ]; ed orders[ ]; fred orders[ 2 4 ]; chuck orders[ ]" || len(echo.take()) != 2 {
		t.Errorf("loaded %s", got)
	}
	err := db.Transaction(t.Context(), func(s *ingot.Session) error {
		if _, err := ingot.Select(u).ForUpdate().All(t.Context(), s); err != nil {
			return err
		}
		for _, err := range q.Iter(t.Context(), s) {
			return err
		}
		return nil
	})
	if err != nil {
		t.Errorf("Iter with Load in a transaction: %v", err)
	}

	// More than one stretch needs a connection for the rows and one for the loads.
	var rows []*qnode
	for range 1200 {
		rows = append(rows, &qnode{Data: "x"})
	}
	if _, err := ingot.Insert(rows...).Exec(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	n, x := 0, new(qnode)
	echo.take()
	for x, err := range ingot.Select(x).Load(&x.Children).Iter(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; x.Children == nil {
			t.Fatal("children are not loaded")
		}
	}
	if n != 1205 || len(echo.take()) != 4 {
		t.Errorf("%d instances", n)
	}
	err = db.Transaction(t.Context(), func(s *ingot.Session) error {
		if _, err := ingot.Select(u).ForUpdate().All(t.Context(), s); err != nil {
			return err
		}
		for _, err := range ingot.Select(x).Load(&x.Children).Iter(t.Context(), s) {
			return err
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "second connection") {
		t.Errorf("Iter with Load in a transaction: %v", err)
	}
}
