package suite

import (
	"fmt"
	"testing"

	"ingot"
)

// Keys that programs choose and change.

type (
	// Linked and self-referential rows under natural keys, and a reference to a unique
	// column that is not the key; where a foreign key follows by itself, it says so.
	kTag struct {
		_     struct{} `ingot:"table:tag"`
		Name  string   `ingot:"pk;size:20"`
		Posts []*kPost `ingot:"inverse:Tags"`
	}
	kPost struct {
		_    struct{} `ingot:"table:post"`
		Slug string   `ingot:"pk;size:20"`
		Tags []*kTag  `ingot:"through:post_tag;inverse:Posts"`
	}
	kLink struct {
		_    struct{} `ingot:"table:post_tag"`
		Post string   `ingot:"pk;size:20;fk:post.slug;onupdate:cascade"`
		Tag  string   `ingot:"pk;size:20;fk:tag.name;onupdate:cascade"`
	}
	kDir struct {
		_      struct{} `ingot:"table:dir"`
		Name   string   `ingot:"pk;size:20"`
		In     *string  `ingot:"fk:dir.name;onupdate:cascade;size:20"`
		Parent *kDir    `ingot:"inverse:Dirs"`
		Dirs   []*kDir  `ingot:"inverse:Parent"`
	}
	kOwner struct {
		_    struct{} `ingot:"table:owner"`
		ID   int64    `ingot:"pk"`
		Nick string   `ingot:"unique;size:20"`
		Cars []*kCar  `ingot:"inverse:Owner"`
	}
	kCar struct {
		_     struct{} `ingot:"table:car"`
		ID    int64    `ingot:"pk"`
		Nick  *string  `ingot:"fk:owner.nick;onupdate:cascade;size:20"`
		Owner *kOwner  `ingot:"inverse:Cars"`
	}
)

func (on Database) TestNPK003_LinksFollowARenamedKey(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, kTag{}, kPost{}, kLink{})
	s := db.Session()
	defer s.Close()
	tags := []*kTag{{Name: "a"}, {Name: "b"}}
	p := &kPost{Slug: "p", Tags: tags}
	must(t, s.AddAll(p, &kPost{Slug: "q", Tags: tags[:1]}))
	must(t, s.Commit(t.Context()))
	sent.take()
	tags[0].Name, p.Slug = "A", "P"
	wantWrites(t, sent, s.Flush(t.Context()), "update tag(name) by name", "update post(slug) by slug")
	wantWrites(t, sent, s.Flush(t.Context()))
	wantRows(t, s, "SELECT concat(post, '-', tag) FROM post_tag ORDER BY 1", "P-A", "P-b", "q-A")
	p.Tags = p.Tags[1:] // the link is found under the keys that it has by now
	wantWrites(t, sent, s.Commit(t.Context()), "delete post_tag by tag, post")
	wantRows(t, db, "SELECT concat(post, '-', tag) FROM post_tag ORDER BY 1", "P-b", "q-A")
}

func (on Database) TestNPK003_AUniqueColumnThatIsReferredToIsFollowed(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, kOwner{}, kCar{})
	s := db.Session()
	defer s.Close()
	o := &kOwner{Nick: "old", Cars: []*kCar{{}, {}}}
	must(t, s.Add(o))
	must(t, s.Commit(t.Context()))
	sent.take()
	o.Nick = "new"
	wantWrites(t, sent, s.Flush(t.Context()), "update owner(nick) by id")
	if *o.Cars[1].Nick != "new" {
		t.Errorf("the car has %q", *o.Cars[1].Nick)
	}
	wantWrites(t, sent, s.Commit(t.Context()))
	wantRows(t, db, "SELECT nick FROM car", "new", "new")

	// Children that are not loaded, and one that another session loads.
	s2, o2 := again[kOwner](t, db, o.ID)
	sent.take()
	o2.Nick = "newest"
	wantWrites(t, sent, s2.Commit(t.Context()), "update owner(nick) by id")
	must(t, s2.Load(t.Context(), o2, &o2.Cars))
	if len(o2.Cars) != 2 || *o2.Cars[0].Nick != "newest" {
		t.Errorf("loaded: %d cars", len(o2.Cars))
	}
}

func (on Database) TestNPK003_ATreeFollowsARenamedKey(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, kDir{})
	if db.Server().NoSelfDelete {
		t.Skip("MySQL does not carry ON UPDATE CASCADE on in the table that is updated")
	}
	s := db.Session()
	defer s.Close()
	root := &kDir{Name: "root", Dirs: []*kDir{{Name: "a", Dirs: []*kDir{{Name: "b"}}}}}
	must(t, s.Add(root))
	must(t, s.Commit(t.Context()))
	sent.take()
	a := root.Dirs[0]
	a.Name = "A"
	wantWrites(t, sent, s.Flush(t.Context()), "update dir(name) by name")
	if *a.Dirs[0].In != "A" || *a.In != "root" {
		t.Errorf("the child is in %q", *a.Dirs[0].In)
	}
	wantWrites(t, sent, s.Commit(t.Context()))
	root.Name, a.Name = "ROOT", "AA"
	must(t, s.Commit(t.Context()))
	wantRows(t, db, `SELECT concat(name, ' in ', "in") FROM dir WHERE "in" IS NOT NULL ORDER BY name`, "AA in ROOT", "b in AA")
}

type kSeat struct {
	_      struct{} `ingot:"table:seat"`
	Code   int64    `ingot:"pk"`
	Status int64    `ingot:"pk"`
	Data   string
}

func (on Database) TestNPK005_KeysChangeHands(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, kSeat{})
	s := db.Session()
	defer s.Close()
	a, b := &kSeat{Code: 1, Status: 1, Data: "a"}, &kSeat{Code: 1, Status: 2, Data: "b"}
	want := func(when string, text ...string) {
		t.Helper()
		for _, k := range []*kSeat{a, b} {
			if got, err := ingot.Get[kSeat](t.Context(), s, k.Code, k.Status); got != k || err != nil {
				t.Errorf("%s: Get(%d, %d) = %p, %v; want %q", when, k.Code, k.Status, got, err, k.Data)
			}
		}
		wantRows(t, s, "SELECT concat(data, status) FROM seat ORDER BY data", text...)
	}
	must(t, s.AddAll(a, b))
	must(t, s.Commit(t.Context()))
	sent.take()
	a.Status, b.Status = 3, 1
	wantWrites(t, sent, s.Commit(t.Context()),
		"update seat(status) by code, status", "update seat(status) by code, status")
	want("moved on", "a3", "b1")
	a.Status, b.Status = 1, 2
	wantWrites(t, sent, s.Commit(t.Context()),
		"update seat(status) by code, status", "update seat(status) by code, status")
	want("moved back", "a1", "b2")
	a.Status, b.Status = 2, 1 // a swap would need a key that nobody has, which only the program knows
	err := s.Commit(t.Context())
	wantErr(t, err, "takes over the unique Code, Status of kSeat(1, ")
	wantErr(t, err, "flush in between with another value")
	must(t, s.Rollback(t.Context()))
	a.Status = 9
	must(t, s.Flush(t.Context()))
	a.Status, b.Status = 2, 1
	must(t, s.Commit(t.Context()))
	want("swapped", "a2", "b1")

	// In a savepoint that is released, and then all is rolled back.
	must(t, s.Savepoint(t.Context(), func() error { a.Status, b.Status = 3, 2; return nil }))
	want("in a savepoint", "a3", "b2")
	must(t, s.Rollback(t.Context()))
	if a.Status != 2 || b.Status != 1 {
		t.Errorf("after rollback: %+v, %+v", a, b)
	}
	want("rolled back", "a2", "b1")
	must(t, s.Rollback(t.Context()))

	// In one that is rolled back, after a change that stays.
	a.Data = "a!"
	stop := fmt.Errorf("stop")
	if err := s.Savepoint(t.Context(), func() error {
		a.Status, b.Status = 5, 2
		must(t, s.Flush(t.Context()))
		return stop
	}); err != stop {
		t.Fatal(err)
	}
	want("after the savepoint", "a!2", "b1")
	must(t, s.Commit(t.Context()))
}

func (on Database) TestNPK006_RollbackGivesKeysBackToTheirInstances(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, textShelf{}, textBook{})
	s := db.Session()
	defer s.Close()
	u1, u2 := &textShelf{Key: "u1", Note: "one"}, &textShelf{Key: "u2", Note: "two"}
	must(t, s.AddAll(u1, u2))
	must(t, s.Commit(t.Context()))
	back := func(when string) {
		t.Helper()
		must(t, s.Rollback(t.Context()))
		for _, u := range []*textShelf{u1, u2} {
			want := map[*textShelf]string{u1: "u1", u2: "u2"}[u]
			got, err := ingot.Get[textShelf](t.Context(), s, want)
			if got != u || err != nil || u.Key != want || s.State(u) != ingot.Persistent {
				t.Errorf("%s: Get(%q) = %p, %v with key %q", when, want, got, err, u.Key)
			}
		}
	}
	must(t, s.Delete(u1))
	must(t, s.Flush(t.Context()))
	u2.Key = "u1"
	must(t, s.Flush(t.Context()))
	if got, err := ingot.Get[textShelf](t.Context(), s, "u1"); got != u2 || err != nil {
		t.Errorf("Get = %p, %v; want the one renamed", got, err)
	}
	back("replaced by an update")

	// Over several flushes, and a new row under the key that became free.
	must(t, s.Delete(u1))
	must(t, s.Flush(t.Context()))
	u2.Key = "u1"
	must(t, s.Flush(t.Context()))
	u2.Key = "u3"
	u4 := &textShelf{Key: "u2"}
	must(t, s.Add(u4))
	must(t, s.Flush(t.Context()))
	u2.Key = "u1"
	must(t, s.Flush(t.Context()))
	back("replaced by several updates")
	if s.State(u4) != ingot.Transient {
		t.Errorf("the new row's instance is %v", s.State(u4))
	}

	// A row that comes under the key unseen, and is read.
	must(t, s.Delete(u1))
	must(t, s.Flush(t.Context()))
	must(t, ignore(ingot.Insert(&textShelf{Key: "u1", Note: "by text"}).Exec(t.Context(), s)))
	other, err := ingot.Get[textShelf](t.Context(), s, "u1")
	if err != nil || other == u1 || other.Note != "by text" {
		t.Errorf("Get = %+v, %v", other, err)
	}
	back("replaced by an insert of its own")
	if s.State(other) == ingot.Persistent {
		t.Errorf("two instances have one key")
	}
}
