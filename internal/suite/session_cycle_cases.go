package suite

import (
	"fmt"
	"testing"
	"time"

	"ingot"
)

// Cases of what is written when: trees, and tables that refer to each other.

type (
	wRoot struct {
		_      struct{}   `ingot:"table:root"`
		ID     int64      `ingot:"pk"`
		Middle []*wMiddle `ingot:"inverse:Root;cascade:all,delete-orphan"`
	}
	wMiddle struct {
		_      struct{} `ingot:"table:middle"`
		ID     int64    `ingot:"pk"`
		RootID int64    `ingot:"fk:root.id"`
		Root   *wRoot   `ingot:"inverse:Middle"`
		Leaves []*wLeaf `ingot:"inverse:Middle;cascade:all,delete-orphan"`
	}
	wLeaf struct {
		_        struct{} `ingot:"table:leaf"`
		ID       int64    `ingot:"pk"`
		MiddleID int64    `ingot:"fk:middle.id"`
		Middle   *wMiddle `ingot:"inverse:Leaves"`
		KindID   int64    `ingot:"fk:leaf_kind.id"`
		Kind     *wKind
	}
	wKind struct {
		_  struct{} `ingot:"table:leaf_kind"`
		ID int64    `ingot:"pk"`
	}
)

func (on Database) TestUOW013_ASubtreeThatIsNotLoadedGoesFromTheLeaves(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, wRoot{}, wMiddle{}, wLeaf{}, wKind{})
	s := db.Session()
	defer s.Close()
	kind := &wKind{}
	must(t, s.Add(&wRoot{Middle: []*wMiddle{
		{Leaves: []*wLeaf{{Kind: kind}, {Kind: kind}}},
		{Leaves: []*wLeaf{{Kind: kind}}},
		{}}}))
	must(t, s.Commit(t.Context()))

	s2, middle := again[wMiddle](t, db, 1)
	must(t, s2.Delete(middle))
	sent.take()
	wantWrites(t, sent, s2.Commit(t.Context()), "delete leaf by middle_id", "delete middle by id")

	s3, root := again[wRoot](t, db, 1)
	must(t, s3.Delete(root))
	sent.take()
	must(t, s3.Flush(t.Context()))
	if got := fmt.Sprint(sent.ops()); got != "[begin select delete delete delete]" {
		t.Errorf("sent %v, want one SELECT for the middle", got)
	}
	must(t, s3.Commit(t.Context()))
	wantRows(t, db, "SELECT concat((SELECT count(*) FROM root), (SELECT count(*) FROM middle), (SELECT count(*) FROM leaf), (SELECT count(*) FROM leaf_kind))", "0001")
}

// Of a reference that is not loaded the column says that it is cleared.
func (on Database) TestSELF005_AnUnloadedReferenceIsClearedByOneUpdate(t *testing.T) {
	type Plain struct {
		ID       int64  `ingot:"pk"`
		ParentID *int64 `ingot:"fk:plain.id"`
		Parent   *Plain
	}
	db, sent := on.open(t, ingot.Options{}, Plain{})
	first := db.Session()
	defer first.Close()
	must(t, first.Add(&Plain{Parent: &Plain{}}))
	must(t, first.Commit(t.Context()))
	s, p := again[Plain](t, db, 2)
	sent.take()
	p.ParentID = nil
	must(t, s.Commit(t.Context()))
	if got := fmt.Sprint(sent.ops()); got != "[update]" {
		t.Errorf("sent %v", got)
	}
	wantRows(t, db, "SELECT id FROM plain WHERE parent_id IS NULL ORDER BY id", "1", "2")
}

// The tables of yPerson and yBall refer to each other, the rows here do not.
func (on Database) TestCYC002_TablesInACycleOfRowsThatAreNot(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, yPerson{}, yBall{}, yToken{})
	s := db.Session()
	defer s.Close()
	b1, b2 := &yBall{}, &yBall{}
	p1 := &yPerson{Balls: []*yBall{b1, b2}}
	p2 := &yPerson{Favorite: b1}
	must(t, s.AddAll(&yToken{Owner: p2, Ball: b2}, p2, p1))
	wantWrites(t, sent, s.Flush(t.Context()),
		"insert person(favorite_id)",
		"insert ball(person_id) × 2",
		"insert person(favorite_id)",
		"insert token(owner_id, ball_id)")
	p3 := &yPerson{Favorite: &yBall{Person: p2}}
	must(t, s.Add(p3))
	wantWrites(t, sent, s.Flush(t.Context()),
		"insert ball(person_id)",
		"insert person(favorite_id)")
	p1.Favorite = p3.Favorite
	must(t, s.Delete(p3))
	wantWrites(t, sent, s.Commit(t.Context()),
		"update person(favorite_id) by id",
		"delete person by id")
	wantRows(t, db, "SELECT concat(id, '-', coalesce(favorite_id, 0)) FROM person ORDER BY id", fmt.Sprintf("%d-%d", p1.ID, *p1.FavoriteID), fmt.Sprintf("%d-%d", p2.ID, b1.ID))
}

type yToken struct {
	_       struct{} `ingot:"table:token"`
	ID      int64    `ingot:"pk"`
	OwnerID int64    `ingot:"fk:person.id"`
	Owner   *yPerson
	BallID  int64 `ingot:"fk:ball.id"`
	Ball    *yBall
}

// Models whose cycle is to be broken at a certain foreign key.
type (
	qPerson struct {
		_          struct{} `ingot:"table:person"`
		ID         int64    `ingot:"pk"`
		Name       string
		FavoriteID *int64   `ingot:"fk:ball.id"`
		Favorite   *qBall   `ingot:"via:FavoriteID"`
		Balls      []*qBall `ingot:"inverse:Person;post-update"`
	}
	qBall struct {
		_        struct{} `ingot:"table:ball"`
		ID       int64    `ingot:"pk"`
		PersonID *int64   `ingot:"fk:person.id"`
		Person   *qPerson `ingot:"inverse:Balls"`
	}
)

func (on Database) TestCYC004_PostUpdateSaysWhereACycleIsBroken(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, qPerson{}, qBall{})
	s := db.Session()
	defer s.Close()
	p := &qPerson{Name: "p", Balls: []*qBall{{}, {}, {}, {}}}
	p.Favorite = p.Balls[0]
	must(t, s.Add(p))
	wantWrites(t, sent, s.Commit(t.Context()),
		"insert ball(person_id) × 4",
		"insert person(name, favorite_id)",
		"update ball(person_id) by id × 4")
	wantRows(t, db, "SELECT count(*) FROM ball WHERE person_id = 1", "4")
	for _, b := range p.Balls {
		must(t, s.Delete(b))
	}
	must(t, s.Delete(p))
	// SQLAlchemy clears it in all four rows; one is enough.
	wantWrites(t, sent, s.Commit(t.Context()),
		"update ball(person_id) by id",
		"delete ball by id × 3",
		"delete person by id",
		"delete ball by id")
}

// Without a cycle among the rows that go, SQLAlchemy clears the reference all the same.
func (on Database) TestCYC005_PostUpdateOfWhatStays(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, uPerson{}, uBall{})
	s := db.Session()
	defer s.Close()
	b := &uBall{}
	p := &uPerson{Favorite: b}
	must(t, s.Add(p))
	wantWrites(t, sent, s.Flush(t.Context()),
		"insert person(favorite_id)",
		"insert ball(person_id)",
		"update person(favorite_id) by id")
	b.Person = p
	must(t, s.Commit(t.Context()))

	s2, ball := again[uBall](t, db, 1)
	sent.take()
	ball.PersonID = nil // not loaded
	wantWrites(t, sent, s2.Commit(t.Context()), "update ball(person_id) by id")
	if ball.Person != nil {
		t.Errorf("person %v", ball.Person)
	}
	must(t, s.Refresh(t.Context(), b))
	sent.take()
	must(t, s.Delete(p))
	wantWrites(t, sent, s.Commit(t.Context()), "delete person by id")
	wantRows(t, db, "SELECT id FROM ball", "1")
}

type (
	uPerson struct {
		_          struct{} `ingot:"table:person"`
		ID         int64    `ingot:"pk"`
		FavoriteID *int64   `ingot:"fk:ball.id"`
		Favorite   *uBall   `ingot:"via:FavoriteID;post-update"`
	}
	uBall struct {
		_        struct{} `ingot:"table:ball"`
		ID       int64    `ingot:"pk"`
		PersonID *int64   `ingot:"fk:person.id"`
		Person   *uPerson `ingot:"via:PersonID;post-update"`
	}
)

// A parent with its children in three tables and a favorite in each.
type (
	pParent struct {
		_       struct{}  `ingot:"table:parent"`
		ID      int64     `ingot:"pk"`
		C1ID    *int64    `ingot:"fk:child1.id"`
		C2ID    *int64    `ingot:"fk:child2.id"`
		C3ID    *int64    `ingot:"fk:child3.id"`
		C1      *pChild1  `ingot:"via:C1ID;post-update"`
		C2      *pChild2  `ingot:"via:C2ID;post-update"`
		C3      *pChild3  `ingot:"via:C3ID;post-update"`
		Version int64     `ingot:"version"`
		Changed time.Time `ingot:"updated"`
	}
	pChild1 struct {
		_        struct{} `ingot:"table:child1"`
		ID       int64    `ingot:"pk"`
		ParentID int64    `ingot:"fk:parent.id"`
		Parent   *pParent `ingot:"via:ParentID"`
	}
	pChild2 struct {
		_        struct{} `ingot:"table:child2"`
		ID       int64    `ingot:"pk"`
		ParentID int64    `ingot:"fk:parent.id"`
		Parent   *pParent `ingot:"via:ParentID"`
	}
	pChild3 struct {
		_        struct{} `ingot:"table:child3"`
		ID       int64    `ingot:"pk"`
		ParentID int64    `ingot:"fk:parent.id"`
		Parent   *pParent `ingot:"via:ParentID"`
	}
)

// favorites gives a parent new children, which it refers to.
func favorites(p *pParent) {
	p.C1, p.C2, p.C3 = &pChild1{Parent: p}, &pChild2{Parent: p}, &pChild3{Parent: p}
}

func (on Database) TestCYC007_PostponedColumnsOfARowAreWrittenTogether(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, pParent{}, pChild1{}, pChild2{}, pChild3{})
	s := db.Session()
	defer s.Close()
	p := &pParent{}
	favorites(p)
	must(t, s.Add(p))
	wantWrites(t, sent, s.Commit(t.Context()),
		"insert parent(c1_id, c2_id, c3_id, version, changed)",
		"insert child1(parent_id)",
		"insert child2(parent_id)",
		"insert child3(parent_id)",
		"update parent(c1_id, c2_id, c3_id) by id, version")
	p.C1, p.C2, p.C3 = nil, nil, nil
	wantWrites(t, sent, s.Commit(t.Context()), "update parent(c1_id, c2_id, c3_id, version, changed) by id, version")
	wantRows(t, db, "SELECT concat(coalesce(c1_id, 0), coalesce(c2_id, 0), coalesce(c3_id, 0)) FROM parent", "000")
}

// What is written after the row's own INSERT, and before its DELETE, belongs to those: it
// moves neither the version nor the time. SQLAlchemy counts a version for each UPDATE.
func (on Database) TestCYC008_PostponedColumnsMoveTheVersionOnce(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	db, sent := on.open(t, ingot.Options{Now: func() time.Time { return now }}, pParent{}, pChild1{}, pChild2{}, pChild3{})
	s := db.Session()
	defer s.Close()
	p := &pParent{}
	favorites(p)
	must(t, s.Add(p))
	must(t, s.Commit(t.Context()))
	if p.Version != 1 || !p.Changed.Equal(now) {
		t.Errorf("after the insert: %+v", p)
	}
	now = now.Add(time.Hour)
	p.C1 = &pChild1{Parent: p}
	sent.take()
	wantWrites(t, sent, s.Commit(t.Context()),
		"insert child1(parent_id)",
		"update parent(c1_id, version, changed) by id, version")
	if p.Version != 2 || !p.Changed.Equal(now) {
		t.Errorf("after a change: %+v", p)
	}
	wantRows(t, db, "SELECT version FROM parent", "2")

	old, err := ingot.Select(new(pChild1)).All(t.Context(), s)
	must(t, err)
	for _, x := range []any{old[0], old[1], p.C2, p.C3, p} {
		must(t, s.Delete(x))
	}
	sent.take()
	wantWrites(t, sent, s.Commit(t.Context()),
		"update parent(c1_id, c2_id, c3_id) by id, version",
		"delete child3 by id",
		"delete child2 by id",
		"delete child1 by id × 2",
		"delete parent by id, version")

	q := &pParent{}
	favorites(q)
	must(t, s.Add(q))
	must(t, s.Commit(t.Context()))
	mustExec(t, db, "UPDATE parent SET version = 7")
	for _, x := range []any{q.C1, q.C2, q.C3, q} {
		must(t, s.Delete(x))
	}
	err = s.Commit(t.Context())
	wantErr(t, err, fmt.Sprintf("stale update of pParent(%d)", q.ID))
}
