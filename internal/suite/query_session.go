package suite

import (
	"errors"
	"strings"
	"testing"

	"ingot"
)

func (on Database) TestQueriesOfASessionShareInstances(t *testing.T) {
	db, echo := on.queries(t)
	ctx := t.Context()
	s := db.Session()
	defer s.Close()
	u, a, o := new(quser), new(qaddress), new(qorder)
	us, err := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()).Load(&u.Addresses, ingot.As(a)).Load(&a.User).
		Load(&u.Orders, ingot.As(o), ingot.Filter(ingot.C(&o.Total).Gt(20))).Load(&o.Items).All(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := loadedText(us); got != "jack addresses[ 1 ] orders[ 3( 3 ) 5( 1 ) ]; ed addresses[ 2 3 4 ] orders[ ]; fred addresses[ 5 ] orders[ 4( ) ]; chuck addresses[ ] orders[ ]" {
		t.Errorf("loaded %s", got)
	}
	if got := echo.take(); len(got) != 4 {
		t.Errorf("%d statements, want 4:\n%s", len(got), strings.Join(got, "\n"))
	}
	if us[1].Addresses[0].User != us[1] {
		t.Error("an address has another user than the one it hangs on")
	}
	if st := s.Loaded(us[0], &us[0].Addresses); st != ingot.Loaded {
		t.Errorf("addresses are %s", st)
	}
	if st := s.Loaded(us[0], &us[0].Orders); st != ingot.Partial {
		t.Errorf("filtered orders are %s", st)
	}
	again, err := ingot.Select(u).Where(ingot.C(&u.Name).Eq("ed")).One(ctx, s)
	if err != nil || again != us[1] {
		t.Errorf("another instance of a row: %p, %p, %v", again, us[1], err)
	}
	echo.take()
	if got, err := ingot.Get[quser](ctx, s, 8); err != nil || got != us[1] || len(echo.take()) != 0 {
		t.Errorf("Get of a known key: %v, %v", got, err)
	}
	n := 0
	for x, err := range ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()).Iter(ctx, s) {
		if err != nil || x != us[n] {
			t.Fatalf("Iter gave %v, %v", x, err)
		}
		n++
	}
	m, err := ingot.SQL[*quser](ctx, s, "SELECT id, name FROM user_account WHERE id = 9")
	if err != nil || m[0] != us[2] {
		t.Errorf("SQL gave %v, %v", m, err)
	}
	dup, err := ingot.Select(u).Join(&u.Addresses, a).Duplicates().OrderBy(ingot.C(&u.ID).Asc()).All(ctx, s)
	if err != nil || len(dup) != 5 || dup[1] != dup[3] {
		t.Errorf("Duplicates gave %v, %v", dup, err)
	}
}

func (on Database) TestBulkWritesReachTheInstancesOfASession(t *testing.T) {
	db, _ := on.queries(t)
	ctx := t.Context()
	s := db.Session()
	defer s.Close()
	if _, err := ingot.Insert(&qcounter{Word: "a", N: 1}, &qcounter{Word: "b", N: 2}).Exec(ctx, s); err != nil {
		t.Fatal(err)
	}
	a, err := ingot.Get[qcounter](ctx, s, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ingot.Get[qcounter](ctx, s, 2)
	if err != nil {
		t.Fatal(err)
	}
	// Without RETURNING the session does not know which rows it was, until they are read.
	read := func(returning bool, id int64) {
		t.Helper()
		if returning {
			return
		}
		if _, err := ingot.Get[qcounter](ctx, s, id); err != nil {
			t.Error(err)
		}
	}
	can := db.Server()
	c := new(qcounter)
	if n, err := ingot.Update(c).Set(ingot.C(&c.N).SetX(ingot.Mul(ingot.C(&c.N), ingot.Value(10)))).Where(ingot.C(&c.Word).Eq("b")).Exec(ctx, s); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	read(can.UpdateReturning, 2)
	if a.N != 1 || b.N != 20 || b.Rev != 2 {
		t.Errorf("after Update: %+v, %+v", a, b)
	}
	b.N = 21
	if err := s.Flush(ctx); err != nil {
		t.Errorf("a write after a bulk write: %v", err)
	}
	if _, err := ingot.Insert(&qcounter{Word: "a", N: 5}).As(c).OnConflict(&c.Word).DoUpdate().Exec(ctx, s); err != nil {
		t.Error(err)
	}
	if read(can.InsertReturning, 1); a.N != 5 {
		t.Errorf("after an upsert: %+v", a)
	}
	if can.UpdateReturning {
		back, err := ingot.Update(c).Set(ingot.C(&c.N).Set(6)).Where(ingot.C(&c.ID).Eq(1)).Returning().One(ctx, s)
		if err != nil || back != a || a.N != 6 {
			t.Errorf("Returning: %+v, %v", back, err)
		}
	}
	if n, err := ingot.Delete(c).Where(ingot.C(&c.ID).Eq(1)).Exec(ctx, s); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if s.Contains(a) && can.DeleteReturning {
		t.Error("a deleted row's instance is still in the session")
	}
	if _, err := ingot.Get[qcounter](ctx, s, 1); !errors.Is(err, ingot.ErrNotFound) {
		t.Errorf("Get of a deleted row: %v", err)
	}
	if err := s.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if got := counters(t, db); got != "" {
		t.Errorf("after Rollback: %s", got)
	}
}
