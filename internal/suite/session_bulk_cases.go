package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// Writes without objects, hooks, and what things cost.

func (on Database) TestBLK001_BulkInsertsLeaveTheStructsAlone(t *testing.T) {
	s, sent, db := on.cases(t)
	us := []*cUser{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	if n, err := ingot.Insert(us...).Exec(t.Context(), s); n != 3 || err != nil {
		t.Errorf("Insert: %d, %v", n, err)
	}
	if got := sent.take("insert"); len(got) != 1 {
		t.Errorf("sent %q", got)
	}
	for _, u := range us {
		if u.ID != 0 || s.State(u) != ingot.Transient {
			t.Errorf("the struct became %+v, %v", u, s.State(u))
		}
	}
	if db.Server().InsertReturning {
		back, err := ingot.Insert(&cUser{Name: "d"}, &cUser{Name: "e"}).Returning().All(t.Context(), s)
		if err != nil || len(back) != 2 || back[0].ID == 0 || s.State(back[1]) != ingot.Persistent || len(sent.take("insert")) != 1 {
			t.Errorf("Returning: %v, %v", back, err)
		}
	}
	must(t, s.Commit(t.Context()))
}

func (on Database) TestBLK002_RowsThatLeaveOutTheSameColumnsShareAStatement(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, aEvent{}, tDoc{}, tPage{})
	sent.take()
	insert(t, db, &aEvent{Title: "a"}, &aEvent{Title: "b"}, &aEvent{Title: "c", State: "open"}, &aEvent{Title: "d", State: "open"}, &aEvent{Title: "e"})
	// A zero value and NULL are values; only what is tagged omitzero is left out.
	wantWrites(t, sent, nil,
		"insert event(title, seq, at, made) × 2",
		"insert event(title, seq, at, made, state) × 2",
		"insert event(title, seq, at, made)")
	wantRows(t, db, "SELECT concat(title, state) FROM event ORDER BY id", "adraft", "bdraft", "copen", "dopen", "edraft")
	wantRows(t, db, "SELECT count(*) FROM event WHERE at IS NULL AND seq = 0", "5")

	e := new(aEvent)
	_, err := ingot.Update(e).Set(ingot.C(&e.Seq).Set(1)).Exec(t.Context(), db)
	if !errors.Is(err, ingot.ErrNoWhere) {
		t.Errorf("an update of every row: %v", err)
	}
	n, err := ingot.Update(e).Set(ingot.C(&e.Seq).Set(1)).Where(ingot.C(&e.State).Eq("open")).Where(ingot.C(&e.Title).Eq("c")).Exec(t.Context(), db)
	if n != 1 || err != nil {
		t.Errorf("conditions are ANDed: %d, %v", n, err)
	}

	// The rows of an update are instances. One without a key, or with one that has no row,
	// is refused with its name; nothing is written.
	s := db.Session()
	defer s.Close()
	wantErr(t, s.Attach(&aEvent{Title: "keyless"}), "aEvent(0) has no key, so it has no row")
	x, err := ingot.Get[aEvent](t.Context(), s, 1)
	must(t, err)
	unknown := &aEvent{ID: 77}
	must(t, s.Attach(unknown))
	for _, tt := range []struct{ other, key string }{{"changed", ""}, {"a", "aEvent(77)"}} { // of a batch it is the model
		x.Title, unknown.Title = tt.other, "nobody's"
		var stale *ingot.StaleError
		if err := s.Commit(t.Context()); !errors.As(err, &stale) || stale.Model != "aEvent" || stale.Key != tt.key {
			t.Errorf("an update of a row that is not there: %v; %+v", err, stale)
		}
		must(t, s.Rollback(t.Context()))
	}
	wantRows(t, db, "SELECT title FROM event ORDER BY id", "a", "b", "c", "d", "e")
}

func (on Database) TestBLK004_ABulkUpdateReachesTheInstances(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, aPost{}, aAuthor{})
	s := db.Session()
	defer s.Close()
	p, q := &aPost{Title: "p", Votes: 1}, &aPost{Title: "q", Votes: 2}
	must(t, s.AddAll(p, q))
	must(t, s.Commit(t.Context()))
	v := new(aPost)
	p.Title, p.Votes = "edited", 5 // flushed first, so that the statement sees it
	must(t, ignore(ingot.Update(v).Set(ingot.C(&v.Votes).SetX(ingot.Raw[int64]("? + ?", ingot.C(&v.Votes), 10))).Where(ingot.C(&v.Title).Eq("edited")).Exec(t.Context(), s)))
	if !db.Server().UpdateReturning { // what it was is known when it is read
		must(t, ignore(ingot.Get[aPost](t.Context(), s, p.ID)))
	}
	if p.Votes != 15 || len(s.Dirty()) > 0 {
		t.Errorf("after the update: %+v, dirty %v", p, s.Dirty())
	}
	sent.take()
	wantWrites(t, sent, s.Commit(t.Context()))
	p.Votes++
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT votes FROM post ORDER BY id", "16", "2")

	// An expired instance is not read for it.
	must(t, s.Expire(q))
	sent.take()
	must(t, ignore(ingot.Update(v).Set(ingot.C(&v.Votes).Set(7)).Where(ingot.C(&v.ID).Eq(q.ID)).Exec(t.Context(), s)))
	if got := sent.take("select"); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
	if got, err := ingot.Get[aPost](t.Context(), s, q.ID); got != q || err != nil || q.Votes != 7 {
		t.Errorf("Get = %+v, %v", got, err)
	}
}

// The card keeps old values in memory. By the design RETURNING brings instances up to date.
func (on Database) TestBLK005_AnUpsertThatReturnsRefreshes(t *testing.T) {
	s, _, db := on.cases(t)
	if !db.Server().InsertReturning {
		t.Skip("an upsert gives no rows back here; that it is one error is in TestInsert")
	}
	u := &cUser{ID: 1, Name: "old", Orders: []*cOrder{{Description: "o"}}}
	must(t, s.Add(u))
	must(t, s.Commit(t.Context()))
	v := new(cUser)
	back, err := ingot.Insert(&cUser{ID: 1, Name: "new"}, &cUser{ID: 2, Name: "other"}).As(v).OnConflict(&v.ID).DoUpdate().Returning().All(t.Context(), s)
	if err != nil || len(back) != 2 || back[0] != u || u.Name != "new" || len(u.Orders) != 1 || len(s.Dirty()) > 0 {
		t.Fatalf("Returning: %v, %v; %+v", back, err, u)
	}
	must(t, s.Load(t.Context(), back[1], &back[1].Orders))
	if back[1].Orders == nil {
		t.Error("a relation of a returned row is not loaded")
	}
	must(t, s.Rollback(t.Context()))
	if u.Name != "old" {
		t.Errorf("after rollback: %+v", u)
	}
}

// The card throws such edits away with a warning. Here nothing is lost: they are the next
// flush's.
func (on Database) TestEVT002_EditsByHooksOfOtherInstancesAreNotLost(t *testing.T) {
	var bystander, late *cUser
	db, sent := on.open(t, ingot.Options{Hooks: ingot.Hooks{
		BeforeUpdate: func(_ context.Context, _ *ingot.Session, x any) error {
			if u := x.(*cUser); u != bystander && u != late {
				bystander.Name = "by a hook during the flush"
			}
			return nil
		},
		AfterFlush: func(context.Context, *ingot.Session) error {
			if late.Name == "late" {
				late.Name = "by a hook after the flush"
			}
			return nil
		},
	}}, cUser{}, cAddress{}, cOrder{})
	s := db.Session()
	defer s.Close()
	u := &cUser{Name: "u"}
	bystander, late = &cUser{Name: "bystander"}, &cUser{Name: "l"}
	must(t, s.AddAll(u, bystander, late))
	must(t, s.Commit(t.Context()))
	sent.take()
	u.Name, late.Name = "edited", "late"
	must(t, s.Flush(t.Context()))
	must(t, s.Commit(t.Context()))
	must(t, s.Commit(t.Context()))
	if d := s.Dirty(); len(d) > 0 {
		t.Errorf("dirty are %v", d)
	}
	wantRows(t, db, "SELECT name FROM users ORDER BY id", "edited", "by a hook during the flush", "by a hook after the flush")
}

func (on Database) TestCFG001_MistakesInModelsComeBackTogetherAndAgain(t *testing.T) {
	type (
		Letter struct {
			ID   int64 `ingot:"pk"`
			From int64 `ingot:"fk:person.id"`
			To   int64 `ingot:"fk:person.id"`
		}
		Stranger struct {
			ID int64 `ingot:"pk"`
		}
		Keyless struct{ Name string }
		Person  struct {
			ID        int64       `ingot:"pk"`
			Letters   []*Letter   // two foreign keys
			Strangers []*Stranger // none
			Sent      []*Letter   `ingot:"via:From;inverse:Nothing"`
		}
	)
	var first string
	for range 2 {
		_, err := ingot.NewModels(Person{}, Letter{}, Stranger{}, Keyless{})
		for _, part := range []string{
			"Person.Letters: several foreign keys", "Person.Strangers: no foreign key ties", "Person.Sent", "Keyless",
		} {
			wantErr(t, err, part)
		}
		if text := fmt.Sprint(err); first == "" {
			first = text
		} else if text != first {
			t.Errorf("another error the second time:\n%s\nwas\n%s", text, first)
		}
	}
	for _, twice := range []any{cNode{}, &cNode{}} {
		_, err := ingot.NewModels(cNode{}, twice)
		wantErr(t, err, "cNode: is given twice")
	}
	s, _ := on.session(t, cNode{})
	for range 2 { // a type that is not mapped is the same error each time
		_, err := ingot.Get[Stranger](t.Context(), s, 1)
		wantErr(t, err, "Stranger: is not in the metadata")
	}
}

func (on Database) TestPERF002_StatementsThatWorkOfEachKindTakes(t *testing.T) {
	s, sent, db := on.cases(t)
	var us []*cUser
	for i := range 300 {
		u := &cUser{Name: fmt.Sprint(i)}
		for range 4 {
			u.Orders = append(u.Orders, &cOrder{Description: "o"})
		}
		us = append(us, u)
		must(t, s.Add(u))
	}
	must(t, s.Commit(t.Context()))
	if got, want := len(sent.take("insert")), batches(db, 300, 2)+batches(db, 1200, 3); got != want {
		t.Errorf("%d INSERTs for 300 parents with 4 children each, want %d", got, want)
	}
	must(t, s.Commit(t.Context()))
	if got := sent.take(); len(got) > 0 {
		t.Errorf("a session without changes sent %q", got)
	}
	for i, u := range us {
		u.Name = fmt.Sprint("n", i)
	}
	must(t, s.Commit(t.Context()))
	if got, want := len(sent.take("update")), batches(db, 300, 2); got != want {
		t.Errorf("%d UPDATEs of one column of 300 rows, want %d", got, want)
	}
	fresh := db.Session()
	defer fresh.Close()
	u, o := new(cUser), new(cOrder)
	must(t, ignore(ingot.Select(u).All(t.Context(), fresh)))
	sent.take()
	os, err := ingot.Select(o).Load(&o.User).All(t.Context(), fresh)
	if got := sent.take(); err != nil || len(os) != 1200 || os[7].User == nil || len(got) != 1 {
		t.Errorf("references to what is there: %v by %q", err, got)
	}
	for i := range 20 {
		must(t, ignore(ingot.Merge(t.Context(), fresh, &cUser{ID: int64(i + 1), Name: "merged"})))
	}
	if got := sent.take(); len(got) > 0 {
		t.Errorf("Merge onto what is there sent %q", got)
	}
	must(t, fresh.Commit(t.Context()))
	if got := sent.take("update"); len(got) != 1 { // equal values need no list of them
		t.Errorf("the merged rows: %q", got)
	}
}

// By the card an unreferenced clean instance leaves the session. By the design the identity
// map is strong, and what leaves it is told to: by Expunge, or with the session.
func (on Database) TestPERF003_InstancesStayUntilTheyAreExpunged(t *testing.T) {
	var nodes []any
	for range 9 {
		nodes = append(nodes, &cNode{})
	}
	_, sent, db := on.cases(t, nodes...)
	s := db.Session()
	defer s.Close()
	all, err := ingot.Select(new(cNode)).All(t.Context(), s)
	must(t, err)
	must(t, s.Expire())
	for i, n := range all {
		if got, err := ingot.Get[cNode](t.Context(), s, n.ID); got != n || err != nil {
			t.Errorf("Get(%d) = %p, %v", i, got, err)
		}
	}
	must(t, s.Expunge(all[0], all[1]))
	if s.Contains(all[0]) || !s.Contains(all[2]) {
		t.Errorf("after Expunge: %v, %v", s.State(all[0]), s.State(all[2]))
	}
	sent.take()
	all[0].Data = "not the session's any more"
	wantWrites(t, sent, s.Commit(t.Context()))
	if got, err := ingot.Get[cNode](t.Context(), s, all[0].ID); got == all[0] || err != nil {
		t.Errorf("Get gives the instance that was expunged, %v", err)
	}
}

// After an INSERT what was never set is known without a look: NULL, or the zero that was
// sent. What the database works out comes back from every write of the row.
func (on Database) TestDEF005_WhatIsKnownIsNotReadBack(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, aAuthor{}, aPost{}, tDoc{}, tPage{}, cUser{}, cAddress{}, cOrder{})
	s := db.Session()
	defer s.Close()
	a := &cAddress{Email: "a"}
	must(t, s.Add(a))
	must(t, s.Commit(t.Context()))
	if got := sent.take("select"); len(got) > 0 || a.UserID != nil {
		t.Errorf("sent %q for %+v", got, a)
	}
	d := &tDoc{Title: "one", State: "given"}
	must(t, s.Add(d))
	must(t, s.Commit(t.Context()))
	sent.take()
	for _, edit := range []func(){func() { d.Title = "two" }, func() { d.Title, d.State = "three", "changed" }} {
		edit()
		must(t, s.Commit(t.Context()))
		want := []string{"update"}
		if !db.Server().UpdateReturning {
			want = []string{"update", "select"}
		}
		got := slices.DeleteFunc(sent.ops(), func(op string) bool { return op == "begin" || op == "commit" })
		if !slices.Equal(got, want) || d.Shout != strings.ToUpper(d.Title) {
			t.Errorf("sent %q for %+v", got, d)
		}
	}
}
