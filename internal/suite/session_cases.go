package suite

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ingot"
)

// Behavioural cases, each by the id it has in the list of cases that the design refers to.

// notForGo are cases that have no meaning here, each with the reason.
var notForGo = []struct{ id, why string }{
	{"INH-002", "tables that share a row by inheritance: a Go type embeds another by flattening it into its own table"},
	{"INH-003", "the same; that an UPDATE names only the columns that changed is BAT-005's"},
	{"INH-005", "several types in one table, told apart by a column: a query has one Go type"},
	{"INH-006", "columns of a subclass, read when the type is known: there are none"},
	{"VER-007", "the version of a base table: there is one table per type"},
}

func (on Database) TestCasesThatAreNotForGoHaveNoTest(t *testing.T) {
	tests := reflect.TypeFor[Database]()
	for _, c := range notForGo {
		for i := range tests.NumMethod() {
			if name := tests.Method(i).Name; strings.HasPrefix(name, "Test"+strings.Replace(c.id, "-", "", 1)) {
				t.Errorf("%s has a test, %s, and is listed as none for Go: %s", c.id, name, c.why)
			}
		}
	}
}

// Models of the cases: a user with optional addresses, orders that are its own, items
// linked to keywords, and a tree.
type (
	cUser struct {
		_         struct{} `ingot:"table:users"`
		ID        int64    `ingot:"pk"`
		Name      string
		Addresses []*cAddress `ingot:"inverse:User"`
		Orders    []*cOrder   `ingot:"inverse:User;cascade:all,delete-orphan"`
	}
	cAddress struct {
		_      struct{} `ingot:"table:addresses"`
		ID     int64    `ingot:"pk"`
		UserID *int64   `ingot:"fk:users.id"`
		Email  string
		User   *cUser `ingot:"inverse:Addresses"`
	}
	cOrder struct {
		_           struct{} `ingot:"table:orders"`
		ID          int64    `ingot:"pk"`
		UserID      int64    `ingot:"fk:users.id"`
		Description string
		User        *cUser `ingot:"inverse:Orders"`
	}
	cItem struct {
		_        struct{} `ingot:"table:items"`
		ID       int64    `ingot:"pk"`
		Text     string
		Keywords []*cKeyword `ingot:"through:item_keywords;inverse:Items"`
	}
	cKeyword struct {
		_     struct{} `ingot:"table:keywords"`
		ID    int64    `ingot:"pk"`
		Name  string
		Items []*cItem `ingot:"inverse:Keywords"`
	}
	cNode struct {
		_        struct{} `ingot:"table:nodes"`
		ID       int64    `ingot:"pk"`
		ParentID *int64   `ingot:"fk:nodes.id"`
		Data     string
		Parent   *cNode   `ingot:"inverse:Children"`
		Children []*cNode `ingot:"inverse:Parent;cascade:all,delete-orphan"`
	}
)

// cases opens a session on the models of the cases, with what is given committed.
func (on Database) cases(t testing.TB, xs ...any) (*ingot.Session, *recorder, *ingot.DB) {
	t.Helper()
	db, sent := on.open(t, ingot.Options{}, cUser{}, cAddress{}, cOrder{}, cItem{}, cKeyword{}, cNode{})
	s := db.Session()
	t.Cleanup(func() { s.Close() })
	must(t, s.AddAll(xs...))
	must(t, s.Commit(t.Context()))
	sent.take()
	return s, sent, db
}

// again gives a fresh session and the instance of a key in it.
func again[T any](t testing.TB, db *ingot.DB, key int64) (*ingot.Session, *T) {
	t.Helper()
	s := db.Session()
	t.Cleanup(func() { s.Close() })
	x, err := ingot.Get[T](t.Context(), s, key)
	must(t, err)
	return s, x
}

func (on Database) TestUOW001_ParentThenChildrenInOneStatementEach(t *testing.T) {
	s, sent, _ := on.cases(t)
	u := &cUser{Name: "u", Addresses: []*cAddress{{Email: "a1"}, {Email: "a2"}}}
	must(t, s.Add(u))
	wantWrites(t, sent, s.Flush(t.Context()),
		"insert users(name)",
		"insert addresses(user_id, email) × 2")
	if got := fmt.Sprint(u.Addresses[0].ID, u.Addresses[1].ID, *u.Addresses[1].UserID); got != "1 2 1" {
		t.Errorf("keys %s", got)
	}
}

func (on Database) TestUOW002_DeletedChildrenAreNotNulled(t *testing.T) {
	u := &cUser{Name: "u", Addresses: []*cAddress{{Email: "a1"}, {Email: "a2"}}}
	s, sent, _ := on.cases(t, u)
	for _, x := range []any{u, u.Addresses[0], u.Addresses[1]} {
		must(t, s.Delete(x))
	}
	wantWrites(t, sent, s.Flush(t.Context()), "delete addresses by id × 2", "delete users by id")
}

func (on Database) TestUOW004_ASharedParentIsReachedOnce(t *testing.T) {
	s, sent, _ := on.cases(t)
	u := &cUser{Name: "u"}
	must(t, s.AddAll(&cAddress{User: u}, &cAddress{User: u}))
	wantWrites(t, sent, s.Flush(t.Context()),
		"insert users(name)",
		"insert addresses(user_id, email) × 2")
	if len(u.Addresses) != 2 {
		t.Errorf("the other side has %d", len(u.Addresses))
	}
}

func (on Database) TestUOW005_ClearedReferencesBeforeTheTargetGoes(t *testing.T) {
	u := &cUser{Name: "u", Addresses: []*cAddress{{Email: "a1"}, {Email: "a2"}}}
	s, sent, _ := on.cases(t, u)
	u.Addresses[0].User, u.Addresses[1].User = nil, nil
	must(t, s.Delete(u))
	wantWrites(t, sent, s.Flush(t.Context()),
		"update addresses(user_id) by id × 2",
		"delete users by id")
}

func (on Database) TestUOW007_ClearingAReferenceIsOneUpdate(t *testing.T) {
	_, sent, db := on.cases(t, &cUser{Name: "u", Addresses: []*cAddress{{Email: "a1"}}})
	s, a := again[cAddress](t, db, 1)
	must(t, s.Load(t.Context(), a, &a.User))
	sent.take()
	a.User = nil
	wantWrites(t, sent, s.Flush(t.Context()), "update addresses(user_id) by id")
	must(t, s.Rollback(t.Context()))

	s, a = again[cAddress](t, db, 1)
	a.UserID = nil // not loaded: the column says it
	wantWrites(t, sent, s.Flush(t.Context()), "update addresses(user_id) by id")
}

func (on Database) TestUOW008_TablesAreOrderedWithoutLinks(t *testing.T) {
	s, sent, _ := on.cases(t)
	one := int64(1)
	a, u := &cAddress{ID: 1, UserID: &one}, &cUser{ID: 1}
	must(t, s.AddAll(a, u))
	wantWrites(t, sent, s.Flush(t.Context()),
		"insert users(name)",
		"insert addresses(user_id, email)")
	if a.User != u || len(u.Addresses) != 1 {
		t.Errorf("sides after a flush by key: %v, %v", a.User, u.Addresses)
	}
	must(t, s.Delete(u))
	must(t, s.Delete(a))
	wantWrites(t, sent, s.Flush(t.Context()), "delete addresses by id", "delete users by id")
}

func (on Database) TestUOW010_OnlyWhatChangedIsWritten(t *testing.T) {
	u1, u2, a3 := &cUser{Addresses: []*cAddress{{Email: "a1"}}}, &cUser{Addresses: []*cAddress{{Email: "a2"}}}, &cAddress{Email: "a3"}
	s, sent, db := on.cases(t, u1, u2, a3)
	u2.Name = "renamed"
	u1.Addresses = []*cAddress{a3}
	wantWrites(t, sent, s.Flush(t.Context()),
		"update users(name) by id",
		"update addresses(user_id) by id × 2")
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT concat(email, coalesce(user_id, 0)) FROM addresses ORDER BY id", "a10", "a22", "a31")
}

func (on Database) TestUOW011_UpdatesOfDifferentColumnsAreTwoStatements(t *testing.T) {
	var as []any
	for range 5 {
		as = append(as, &cAddress{User: &cUser{}})
	}
	s, sent, _ := on.cases(t, as...)
	as[2].(*cAddress).Email = "new"
	as[3].(*cAddress).User = &cUser{Name: "new"}
	wantWrites(t, sent, s.Flush(t.Context()),
		"insert users(name)",
		"update addresses(email) by id",
		"update addresses(user_id) by id")
}

func (on Database) TestSELF002_ATreeIsInsertedLevelByLevel(t *testing.T) {
	s, sent, db := on.cases(t)
	n := func(data string, children ...*cNode) *cNode { return &cNode{Data: data, Children: children} }
	must(t, s.Add(n("1", n("11"), n("12", n("121"), n("122"), n("123")), n("13"))))
	insert := "insert nodes(parent_id, data) × 3"
	wantWrites(t, sent, s.Commit(t.Context()), "insert nodes(parent_id, data)", insert, insert)
	wantRows(t, db, "SELECT concat(data, ':', coalesce(parent_id, 0)) FROM nodes ORDER BY id", "1:0", "11:1", "12:1", "13:1", "121:3", "122:3", "123:3")
}

func (on Database) TestSELF003_ATreeIsDeletedFromTheLeaves(t *testing.T) {
	root := &cNode{Data: "root", Children: []*cNode{{Data: "a"}, {Data: "b"}}}
	s, sent, db := on.cases(t, root)
	must(t, s.Delete(root))
	wantWrites(t, sent, s.Flush(t.Context()), "delete nodes by id × 2", "delete nodes by id")
	must(t, s.Rollback(t.Context()))

	s, root = again[cNode](t, db, 1)
	must(t, s.Delete(root))
	sent.take()
	wantWrites(t, sent, s.Commit(t.Context()), "delete nodes by id × 2", "delete nodes by id")
	wantRows(t, db, "SELECT data FROM nodes")
}

func (on Database) TestSELF004_ARowThatRefersToItselfIsDeleted(t *testing.T) {
	n := &cNode{Data: "1"}
	s, sent, db := on.cases(t, n, &cNode{Data: "2"})
	n.Parent = n
	must(t, s.Commit(t.Context()))
	sent.take()
	must(t, s.Delete(n))
	want := []string{"delete nodes by id"}
	if db.Server().NoSelfDelete { // MySQL finds that the row is referred to
		want = []string{"update nodes(parent_id) by id", "delete nodes by id"}
	}
	wantWrites(t, sent, s.Commit(t.Context()), want...)
	wantRows(t, db, "SELECT data FROM nodes", "2")
}

func (on Database) TestSELF006_AnOrphanTakesItsSubtreeAlong(t *testing.T) {
	n3 := &cNode{Data: "3", Children: []*cNode{{Data: "4"}}}
	n1 := &cNode{Data: "1", Children: []*cNode{{Data: "2"}, n3}}
	s, _, db := on.cases(t, n1)
	n1.Children = n1.Children[:1]
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT data FROM nodes ORDER BY id", "1", "2")
}

// Models of tables that refer to each other.
type (
	yPerson struct {
		_          struct{} `ingot:"table:person"`
		ID         int64    `ingot:"pk"`
		FavoriteID *int64   `ingot:"fk:ball.id"`
		Favorite   *yBall   `ingot:"via:FavoriteID"`
		Balls      []*yBall `ingot:"inverse:Person;cascade:all,delete-orphan"`
	}
	yBall struct {
		_        struct{} `ingot:"table:ball"`
		ID       int64    `ingot:"pk"`
		PersonID int64    `ingot:"fk:person.id"`
		Person   *yPerson `ingot:"inverse:Balls"`
	}
)

func (on Database) TestCYC001_ACycleOfNewRowsIsBrokenByAnUpdate(t *testing.T) {
	s, sent := on.session(t, yPerson{}, yBall{})
	ball := &yBall{}
	p := &yPerson{Favorite: ball, Balls: []*yBall{ball, {}}}
	must(t, s.Add(p))
	wantWrites(t, sent, s.Commit(t.Context()),
		"insert person(favorite_id)",
		"insert ball(person_id) × 2",
		"update person(favorite_id) by id")
	if *p.FavoriteID != ball.ID || ball.PersonID != p.ID {
		t.Errorf("keys: %v, %v", *p.FavoriteID, ball.PersonID)
	}
	must(t, s.Delete(p))
	wantWrites(t, sent, s.Commit(t.Context()),
		"update person(favorite_id) by id",
		"delete ball by id × 2",
		"delete person by id")
}

func (on Database) TestCYC001_ACycleThatCannotBeBrokenIsNamed(t *testing.T) {
	s, sent := on.session(t, zHen{}, zEgg{})
	h := &zHen{}
	h.Egg = &zEgg{Hen: h}
	must(t, s.Add(h))
	err := s.Flush(t.Context())
	wantErr(t, err, "zHen(new) needs, by zHen.EggID, zEgg(new) needs, by zEgg.HenID, zHen(new)")
	if got := sent.take("insert"); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}

type (
	zHen struct {
		_     struct{} `ingot:"table:hen"`
		ID    int64    `ingot:"pk"`
		EggID int64    `ingot:"fk:egg.id"`
		Egg   *zEgg    `ingot:"via:EggID"`
	}
	zEgg struct {
		_     struct{} `ingot:"table:egg"`
		ID    int64    `ingot:"pk"`
		HenID int64    `ingot:"fk:hen.id"`
		Hen   *zHen    `ingot:"via:HenID"`
	}
)

func (on Database) TestM2M002_OnlyTheDifferenceOfLinksIsWritten(t *testing.T) {
	k1, k2 := &cKeyword{Name: "k1"}, &cKeyword{Name: "k2"}
	a, b := &cItem{Text: "a", Keywords: []*cKeyword{k1}}, &cItem{Text: "b", Keywords: []*cKeyword{k1, k2}}
	s, sent, db := on.cases(t, a, b)
	a.Text = "renamed"
	b.Keywords = append(b.Keywords, &cKeyword{Name: "k3"})
	wantWrites(t, sent, s.Flush(t.Context()),
		"update items(text) by id",
		"insert keywords(name)",
		"insert item_keywords(c_item_id, c_keyword_id)")
	a.Keywords = append(a.Keywords, k2)
	b.Keywords = slices.DeleteFunc(b.Keywords, func(k *cKeyword) bool { return k == k1 })
	wantWrites(t, sent, s.Commit(t.Context()),
		"delete item_keywords by c_item_id, c_keyword_id",
		"insert item_keywords(c_item_id, c_keyword_id)")
	wantRows(t, db, "SELECT concat(c_item_id, '-', c_keyword_id) FROM item_keywords ORDER BY 1", "1-1", "1-2", "2-2", "2-3")
	if len(k2.Items) != 2 || len(k1.Items) != 1 {
		t.Errorf("the other sides: %d, %d", len(k1.Items), len(k2.Items))
	}
}

func (on Database) TestM2M003_EmptiedAndRefilledWritesTheNetChange(t *testing.T) {
	k := []*cKeyword{{Name: "k1"}, {Name: "k2"}, {Name: "k3"}}
	a := &cItem{Keywords: slices.Clone(k)}
	s, sent, db := on.cases(t, a)
	a.Keywords = nil
	a.Keywords = append(a.Keywords, k[2], k[0])
	wantWrites(t, sent, s.Flush(t.Context()), "delete item_keywords by c_item_id, c_keyword_id")
	a.Keywords = nil
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT c_keyword_id FROM item_keywords")
	wantRows(t, db, "SELECT count(*) FROM keywords", "3")
}

func (on Database) TestM2M005_ADeletedRowTakesItsLinksAlongUnloaded(t *testing.T) {
	k := &cKeyword{Name: "k"}
	_, sent, db := on.cases(t, &cItem{Keywords: []*cKeyword{k, {Name: "l"}}})
	s, item := again[cItem](t, db, 1)
	must(t, s.Delete(item))
	sent.take()
	wantWrites(t, sent, s.Commit(t.Context()),
		"delete item_keywords by c_item_id", "delete items by id")
	wantRows(t, db, "SELECT count(*) FROM keywords", "2")
}

func (on Database) TestM2M006_ALinkRemovedBehindTheSessionIsStale(t *testing.T) {
	a := &cItem{Keywords: []*cKeyword{{Name: "k"}}}
	s, _, db := on.cases(t, a)
	mustExec(t, db, "DELETE FROM item_keywords")
	a.Keywords = nil
	err := s.Commit(t.Context())
	if e, ok := errors.AsType[*ingot.StaleError](err); !ok || e.Table != "item_keywords" || e.Want != 1 || e.Got != 0 {
		t.Errorf("error %v", err)
	}
}

func (on Database) TestM2M008_TheSameMemberTwiceIsAnError(t *testing.T) {
	k := &cKeyword{Name: "k"}
	s, sent, _ := on.cases(t, k)
	must(t, s.Add(&cItem{Keywords: []*cKeyword{k, k}}))
	wantErr(t, s.Flush(t.Context()), "cItem(new).Keywords holds cKeyword(1) twice")
	if got := sent.take(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}

func (on Database) TestM2M008_BothSidesOfALinkWriteItOnce(t *testing.T) {
	a, k := &cItem{}, &cKeyword{}
	s, sent, _ := on.cases(t, a, k)
	a.Keywords, k.Items = append(a.Keywords, k), append(k.Items, a)
	wantWrites(t, sent, s.Flush(t.Context()), "insert item_keywords(c_item_id, c_keyword_id)")
	if len(a.Keywords) != 1 || len(k.Items) != 1 {
		t.Errorf("after the flush: %d, %d", len(a.Keywords), len(k.Items))
	}
}

func (on Database) TestREL001_AMovedChildSurvivesItsOldParent(t *testing.T) {
	o := &cOrder{Description: "o"}
	u1, u2 := &cUser{Orders: []*cOrder{o}}, &cUser{}
	s, _, db := on.cases(t, u1, u2)
	u1.Orders = nil
	u2.Orders = append(u2.Orders, o)
	must(t, s.Delete(u1))
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT concat(description, user_id) FROM orders", "o2")
	if o.User != u2 {
		t.Errorf("pointer %v", o.User)
	}
}

func (on Database) TestREL003_MovingBringsTheOtherSideAlong(t *testing.T) {
	for _, way := range []string{"pointer", "collection", "key"} {
		t.Run(way, func(t *testing.T) {
			a := &cAddress{Email: "a"}
			u1, u2 := &cUser{Addresses: []*cAddress{a}}, &cUser{}
			s, sent, _ := on.cases(t, u1, u2)
			old := u1.Addresses
			switch way {
			case "pointer":
				a.User = u2
			case "collection":
				u2.Addresses = append(u2.Addresses, a) // still in the old one, too
				u1.Addresses = nil
			case "key":
				a.UserID = &u2.ID
			}
			wantWrites(t, sent, s.Flush(t.Context()), "update addresses(user_id) by id")
			if a.User != u2 || *a.UserID != u2.ID || len(u1.Addresses) != 0 || u1.Addresses == nil || len(u2.Addresses) != 1 {
				t.Errorf("after: %v %v %v %v", a.User == u2, *a.UserID, u1.Addresses, u2.Addresses)
			}
			if old[0] != a {
				t.Error("the old slice was edited in place")
			}
		})
	}
}

func (on Database) TestContradictionsNameBothSides(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(a *cAddress, u1, u2, u3 *cUser)
		want string
	}{
		{"two collections", func(a *cAddress, u1, u2, u3 *cUser) {
			u2.Addresses, u3.Addresses = []*cAddress{a}, []*cAddress{a}
		}, "cAddress(1) is given to two parents: cUser(2) by cUser.Addresses, cUser(3) by cUser.Addresses"},
		{"pointer and collection", func(a *cAddress, u1, u2, u3 *cUser) {
			a.User = u2
			u3.Addresses = []*cAddress{a}
		}, "cAddress(1) is given to two parents: cUser("},
		{"pointer and key", func(a *cAddress, u1, u2, u3 *cUser) {
			a.User, a.UserID = u2, &u3.ID
		}, "cAddress(1): cAddress.User says cUser(2), but cAddress.UserID says 3"},
		{"taken out and pointed to", func(a *cAddress, u1, u2, u3 *cUser) {
			a.User, u1.Addresses = u2, nil
			u2.Addresses = nil
		}, ""},
		{"nil in a collection", func(a *cAddress, u1, u2, u3 *cUser) {
			u2.Addresses = []*cAddress{nil}
		}, "cUser(2).Addresses[0] is nil"},
		{"the same child twice", func(a *cAddress, u1, u2, u3 *cUser) {
			u1.Addresses = []*cAddress{a, a}
		}, "cUser(1).Addresses holds cAddress(1) twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &cAddress{Email: "a"}
			u1, u2, u3 := &cUser{Addresses: []*cAddress{a}}, &cUser{}, &cUser{}
			s, sent, _ := on.cases(t, u1, u2, u3)
			tt.edit(a, u1, u2, u3)
			err := s.Flush(t.Context())
			if tt.want == "" {
				must(t, err)
				return
			}
			wantErr(t, err, tt.want)
			if got := sent.take(); len(got) != 0 {
				t.Errorf("sent %q", got)
			}
			must(t, s.Rollback(t.Context()))
			if a.User != u1 || len(u1.Addresses) != 1 {
				t.Errorf("after rollback: %v, %v", a.User, u1.Addresses)
			}
		})
	}
}

func (on Database) TestCAS003_APointerToAParentDoesNotAddTheChild(t *testing.T) {
	u := &cUser{}
	s, sent, _ := on.cases(t, u)
	a := &cAddress{User: u}
	wantWrites(t, sent, s.Flush(t.Context()))
	u.Addresses = append(u.Addresses, a)
	wantWrites(t, sent, s.Flush(t.Context()), "insert addresses(user_id, email)")
}

func (on Database) TestCAS006_ARemovedChildUnderADeletedParent(t *testing.T) {
	u := &cUser{Orders: []*cOrder{{Description: "1"}, {Description: "2"}}}
	s, _, db := on.cases(t, u)
	u.Orders = u.Orders[1:]
	must(t, s.Delete(u))
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT description FROM orders")

	u2 := &cUser{Addresses: []*cAddress{{Email: "1"}, {Email: "2"}}}
	must(t, s.Add(u2))
	must(t, s.Commit(t.Context()))
	must(t, s.Delete(u2)) // no delete cascade: they stay, without a user
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT concat(email, coalesce(user_id, 0)) FROM addresses", "10", "20")
}

func (on Database) TestORP002_APendingChildTakenOutIsNeverInserted(t *testing.T) {
	s, sent, _ := on.cases(t)
	o := &cOrder{}
	u := &cUser{Orders: []*cOrder{o}}
	must(t, s.Add(u))
	if s.State(o) != ingot.Pending {
		t.Errorf("state %v", s.State(o))
	}
	u.Orders = nil
	wantWrites(t, sent, s.Flush(t.Context()), "insert users(name)")
	if s.State(o) != ingot.Transient || o.ID != 0 {
		t.Errorf("state %v, id %d", s.State(o), o.ID)
	}
}

func (on Database) TestORP004_AChildThatNeverHadAParentIsInserted(t *testing.T) {
	s, _, _ := on.cases(t)
	must(t, s.Add(&cNode{Data: "alone"}))
	must(t, s.Flush(t.Context()))
	must(t, s.Add(&cOrder{})) // its user cannot be NULL
	err := s.Flush(t.Context())
	if !errors.Is(err, ingot.ErrConstraint) {
		t.Errorf("error %v", err)
	}
}

func (on Database) TestDEL005_ADeletedChildLeavesLoadedCollections(t *testing.T) {
	u := &cUser{Addresses: []*cAddress{{Email: "1"}, {Email: "2"}}}
	s, _, _ := on.cases(t, u)
	before := u.Addresses
	must(t, s.Delete(u.Addresses[0]))
	must(t, s.Flush(t.Context()))
	if len(u.Addresses) != 1 || u.Addresses[0].Email != "2" || len(before) != 2 {
		t.Errorf("after: %v", u.Addresses)
	}
}

func (on Database) TestBAT002_AssignedAndRevertedWritesNothing(t *testing.T) {
	u := &cUser{Name: "u"}
	s, sent, _ := on.cases(t, u)
	u.Name = string([]byte{'u'}) // equal, at another address
	wantWrites(t, sent, s.Flush(t.Context()))
}

func (on Database) TestBAT005_UpdatesOfTheSameColumnsShareAStatement(t *testing.T) {
	var us []any
	for range 250 {
		us = append(us, &cUser{Name: "u"})
	}
	s, sent, db := on.cases(t, us...)
	for i, x := range us {
		x.(*cUser).Name = fmt.Sprint(i)
	}
	must(t, s.Flush(t.Context()))
	if got, want := len(sent.take("update")), batches(db, 250, 2); got != want {
		t.Errorf("%d statements for 250 rows, want %d", got, want)
	}
}

func (on Database) TestBAT006_EveryRowGetsItsOwnKey(t *testing.T) {
	s, sent, db := on.cases(t)
	var as []*cAddress
	for i := range 250 {
		a := &cAddress{Email: fmt.Sprint(i), User: &cUser{Name: fmt.Sprint(i)}}
		as = append(as, a)
		must(t, s.Add(a))
	}
	must(t, s.Commit(t.Context()))
	if got, want := len(sent.take("insert")), batches(db, 250, 2)+batches(db, 250, 3); got != want {
		t.Errorf("%d statements, want %d", got, want)
	}
	wantRows(t, db, "SELECT count(*) FROM users u JOIN addresses a ON a.user_id = u.id AND a.email = u.name", "250")
	wantRows(t, db, "SELECT email FROM addresses WHERE id = "+ingot.TrustedSQL(fmt.Sprint(as[123].ID)), "123")
}

// A unique label under one parent, and one that may be NULL.
type (
	uBox struct {
		_     struct{} `ingot:"table:box"`
		ID    int64    `ingot:"pk"`
		Slots []*uSlot `ingot:"inverse:Box;cascade:all,delete-orphan"`
	}
	uSlot struct {
		_     struct{} `ingot:"table:slot"`
		ID    int64    `ingot:"pk"`
		BoxID int64    `ingot:"fk:box.id"`
		Label string   `ingot:"unique"`
		Place *int64   `ingot:"unique"`
		Rank  int64    `ingot:"unique"`
		Box   *uBox    `ingot:"inverse:Slots"`
	}
)

func slot(label string, rank int64) *uSlot { return &uSlot{Label: label, Place: &rank, Rank: rank} }

func (on Database) TestBAT009_ReplacingARowWithAUniqueValueDeletesFirst(t *testing.T) {
	s, sent := on.session(t, uBox{}, uSlot{})
	b := &uBox{Slots: []*uSlot{slot("a", 1), slot("b", 2)}}
	must(t, s.Add(b))
	must(t, s.Commit(t.Context()))
	sent.take()
	b.Slots = []*uSlot{slot("a", 1), slot("b", 2)}
	wantWrites(t, sent, s.Commit(t.Context()),
		"delete slot by id × 2",
		"insert slot(box_id, label, place, rank) × 2")
}

func (on Database) TestUniqueValuesChangeHandsAmongUpdates(t *testing.T) {
	s, sent := on.session(t, uBox{}, uSlot{})
	one, two, three := slot("a", 1), slot("b", 2), slot("c", 3)
	b := &uBox{Slots: []*uSlot{one, two, three}}
	must(t, s.Add(b))
	must(t, s.Commit(t.Context()))
	sent.take()
	// A chain: who gives comes before who takes.
	one.Rank, two.Rank, three.Rank = 2, 3, 4
	wantWrites(t, sent, s.Flush(t.Context()),
		"update slot(rank) by id", "update slot(rank) by id", "update slot(rank) by id")
	// A swap of values that may be NULL, and one of texts: one is parked.
	one.Place, two.Place = two.Place, one.Place
	must(t, s.Flush(t.Context()))
	one.Label, two.Label = two.Label, one.Label
	must(t, s.Flush(t.Context()))
	if got := len(sent.take("update")); got != 6 {
		t.Errorf("%d UPDATEs for two swaps, want 6", got)
	}
	must(t, s.Commit(t.Context()))
	if one.Label != "b" || *one.Place != 2 {
		t.Errorf("after the swaps: %+v", one)
	}
	// So is one of large numbers: there is one that nobody has.
	one.Rank, two.Rank = two.Rank, one.Rank
	must(t, s.Commit(t.Context()))
	if got := len(sent.take("update")); got != 3 || one.Rank != 3 {
		t.Errorf("%d UPDATEs for the swap, want 3; after it: %+v", got, one)
	}
}

func (on Database) TestASwapWithoutALegalWayNamesBothRows(t *testing.T) {
	type Seat struct {
		ID    int64  `ingot:"pk"`
		Small int32  `ingot:"unique"`
		Short string `ingot:"unique;size:8"`
		Sized string `ingot:"unique;size:12"`
		Even  int64  `ingot:"unique;check:even >= 0"`
	}
	s, _ := on.session(t, Seat{})
	a, b := &Seat{Small: 1, Short: "a", Sized: "a", Even: 1}, &Seat{Small: 2, Short: "b", Sized: "b", Even: 2}
	must(t, s.AddAll(a, b))
	must(t, s.Commit(t.Context()))
	a.Sized, b.Sized = b.Sized, a.Sized // 12 characters are enough
	must(t, s.Commit(t.Context()))
	for _, tt := range []struct {
		field string
		swap  func()
	}{
		{"Small", func() { a.Small, b.Small = b.Small, a.Small }},
		{"Short", func() { a.Short, b.Short = b.Short, a.Short }},
		{"Even", func() { a.Even, b.Even = b.Even, a.Even }},
	} {
		tt.swap()
		err := s.Commit(t.Context())
		wantErr(t, err, "takes over the unique "+tt.field+" of Seat(")
		wantErr(t, err, "Seat(1)")
		wantErr(t, err, "Seat(2)")
		must(t, s.Rollback(t.Context()))
	}
	if a.Small != 1 || a.Short != "a" || a.Sized != "b" || a.Even != 1 {
		t.Errorf("after rollbacks: %+v", a)
	}
}

func (on Database) TestRSW001_ADeletedRowIsReplacedUnderItsKey(t *testing.T) {
	old := &cUser{ID: 1, Name: "old", Orders: []*cOrder{{ID: 1}, {ID: 2}}}
	s, _, db := on.cases(t, old)
	must(t, s.Delete(old))
	fresh := &cUser{ID: 1, Name: "new", Orders: []*cOrder{{Description: "x"}}}
	must(t, s.Add(fresh))
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT name FROM users", "new")
	wantRows(t, db, "SELECT description FROM orders", "x")
	if got, err := ingot.Get[cUser](t.Context(), s, 1); got != fresh || err != nil {
		t.Errorf("Get = %p, %v; want the new instance %p", got, err, fresh)
	}
}

type vFoo struct {
	_       struct{} `ingot:"table:foo"`
	ID      int64    `ingot:"pk"`
	Value   string
	Version int64 `ingot:"version"`
}

func (on Database) TestVER001_AVersionThatMovedIsStale(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, vFoo{})
	s1, s2 := db.Session(), db.Session()
	defer s1.Close()
	defer s2.Close()
	f := &vFoo{Value: "a"}
	must(t, s1.AddAll(f, &vFoo{Value: "b"}))
	must(t, s1.Commit(t.Context()))
	if f.Version != 1 {
		t.Errorf("version of a new row = %d", f.Version)
	}
	g, err := ingot.Get[vFoo](t.Context(), s2, f.ID)
	must(t, err)
	g.Value = "c"
	sent.take()
	wantWrites(t, sent, s2.Commit(t.Context()), "update foo(value, version) by id, version")
	f.Value = "d"
	err = s1.Commit(t.Context())
	if e, ok := errors.AsType[*ingot.StaleError](err); !ok || e.Key != "vFoo(1)" || e.Want != 1 || e.Got != 0 || e.Table != "foo" {
		t.Errorf("error %v", err)
	}
	must(t, s1.Rollback(t.Context()))
	if f.Value != "a" || f.Version != 1 {
		t.Errorf("after rollback: %+v", f)
	}
	f.Value = "unsaved"
	if _, err = ingot.Get[vFoo](t.Context(), s1, f.ID); !errors.As(err, new(*ingot.StaleError)) {
		t.Errorf("a read that finds a moved version under an edit: %v", err)
	}
	must(t, s1.Rollback(t.Context()))
	must(t, s1.Refresh(t.Context(), f))
	if f.Value != "c" || f.Version != 2 {
		t.Errorf("after refresh: %+v", f)
	}
}

func (on Database) TestAVersionMayBeATime(t *testing.T) {
	type Foo struct {
		_       struct{} `ingot:"table:foo"`
		ID      int64    `ingot:"pk"`
		Value   string
		Version time.Time `ingot:"version"`
	}
	now := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC)
	db, sent := on.open(t, ingot.Options{Now: func() time.Time { return now }}, Foo{})
	s1, s2 := db.Session(), db.Session()
	defer s1.Close()
	defer s2.Close()
	f, other := &Foo{Value: "a"}, &Foo{Value: "b"}
	must(t, s1.AddAll(f, other))
	must(t, s1.Commit(t.Context()))
	g, err := ingot.Get[Foo](t.Context(), s2, f.ID)
	must(t, err)
	if !f.Version.Equal(now) || !g.Version.Equal(now) {
		t.Errorf("versions of a new row %v, read %v; want %v", f.Version, g.Version, now)
	}
	g.Value = "c"
	sent.take()
	wantWrites(t, sent, s2.Commit(t.Context()), "update foo(value, version) by id, version")
	if want := now.Add(time.Microsecond); !g.Version.Equal(want) { // the clock stands still, the version does not
		t.Errorf("version %v after an update; want %v", g.Version, want)
	}
	now = now.Add(time.Second)
	f.Value, other.Value = "d", "d"
	if err := s1.Commit(t.Context()); !errors.As(err, new(*ingot.StaleError)) {
		t.Errorf("two updates of which one is stale: %v", err)
	}
	must(t, s1.Rollback(t.Context()))
	must(t, s1.Refresh(t.Context(), f))
	must(t, s1.Delete(f))
	other.Value = "e"
	must(t, s1.Commit(t.Context()))
	if !other.Version.Equal(now) {
		t.Errorf("version %v; want the clock's %v", other.Version, now)
	}
}

func (on Database) TestVER002_ARowThatIsGoneIsStale(t *testing.T) {
	for _, op := range []string{"update", "delete"} {
		t.Run(op, func(t *testing.T) {
			u := &cUser{Name: "u"}
			s, _, db := on.cases(t, u)
			mustExec(t, db, "DELETE FROM users")
			if op == "update" {
				u.Name = "v"
			} else {
				must(t, s.Delete(u))
			}
			err := s.Commit(t.Context())
			if e, ok := errors.AsType[*ingot.StaleError](err); !ok || e.Op != op || e.Key != "cUser(1)" {
				t.Errorf("error %v", err)
			}
		})
	}
}

func (on Database) TestTX002_RollbackBringsDeletedAndOrphanedBack(t *testing.T) {
	o := &cOrder{Description: "o"}
	u := &cUser{Orders: []*cOrder{o}}
	s, _, _ := on.cases(t, u)
	u.Orders = nil
	must(t, s.Flush(t.Context()))
	must(t, s.Rollback(t.Context()))
	if len(u.Orders) != 1 || s.State(o) != ingot.Persistent || o.User != u {
		t.Errorf("after an orphan's rollback: %v, %v", u.Orders, s.State(o))
	}
	must(t, s.Delete(u))
	must(t, s.Flush(t.Context()))
	must(t, s.Rollback(t.Context()))
	if len(u.Orders) != 1 || s.State(o) != ingot.Persistent || s.State(u) != ingot.Persistent {
		t.Errorf("after a deletion's rollback: %v, %v", u.Orders, s.State(u))
	}
	must(t, s.Delete(u))
	must(t, s.Commit(t.Context()))
	must(t, s.Rollback(t.Context()))
	if s.State(u) != ingot.Detached {
		t.Errorf("after commit and rollback: %v", s.State(u))
	}
}

func (on Database) TestTX003_AFailedFlushIsRefusedUntilRollback(t *testing.T) {
	s, _, db := on.cases(t, &cUser{ID: 1, Name: "u"})
	x := &cUser{ID: 1, Name: "again"}
	s2 := db.Session()
	defer s2.Close()
	fresh := &cUser{Name: "fresh"}
	must(t, s2.AddAll(fresh, x))
	first := s2.Commit(t.Context())
	if !errors.Is(first, ingot.ErrConstraint) {
		t.Fatalf("error %v", first)
	}
	if fresh.ID != 0 {
		t.Errorf("a failed flush left the key %d", fresh.ID)
	}
	for _, err := range []error{s2.Commit(t.Context()), s2.Flush(t.Context()), s2.Add(&cUser{}), func() error { _, err := ingot.Get[cUser](t.Context(), s2, 1); return err }()} {
		if !errors.Is(err, ingot.ErrRolledBack) || !errors.Is(err, ingot.ErrConstraint) {
			t.Errorf("error %v", err)
		}
	}
	must(t, s2.Rollback(t.Context()))
	if s2.State(x) != ingot.Transient {
		t.Errorf("state %v", s2.State(x))
	}
	x.ID = 0
	must(t, s2.AddAll(fresh, x))
	must(t, s2.Commit(t.Context()))
	_ = s
}

func (on Database) TestTX006_AnOuterRollbackUndoesReleasedSavepoints(t *testing.T) {
	u := &cUser{Name: "old"}
	s, _, _ := on.cases(t, u)
	added := &cUser{Name: "added"}
	must(t, s.Savepoint(t.Context(), func() error {
		u.Name = "outer"
		return s.Savepoint(t.Context(), func() error {
			u.Name = "inner"
			return s.Add(added)
		})
	}))
	if added.ID == 0 || u.Name != "inner" {
		t.Errorf("after release: %+v, %+v", added, u)
	}
	must(t, s.Rollback(t.Context()))
	if u.Name != "old" || added.ID != 0 || s.State(added) != ingot.Transient {
		t.Errorf("after rollback: %+v, %+v, %v", u, added, s.State(added))
	}
}

func (on Database) TestSavepointUndoesItsPartAlone(t *testing.T) {
	u := &cUser{Name: "committed"}
	s, _, db := on.cases(t, u)
	u.Name = "before"
	stop := errors.New("stop")
	err := s.Savepoint(t.Context(), func() error {
		u.Name = "inside"
		must(t, s.Flush(t.Context()))
		u.Name = "unflushed"
		return stop
	})
	if err != stop || u.Name != "before" {
		t.Errorf("Savepoint = %v, name %q", err, u.Name)
	}
	err = s.Savepoint(t.Context(), func() error {
		must(t, s.Add(&cOrder{})) // has no user
		return s.Flush(t.Context())
	})
	if !errors.Is(err, ingot.ErrConstraint) {
		t.Errorf("Savepoint = %v", err)
	}
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT name FROM users", "before")
}

func (on Database) TestIDM001_GetGivesTheSameInstance(t *testing.T) {
	u := &cUser{Name: "u"}
	s, sent, db := on.cases(t, u)
	mustExec(t, db, "UPDATE users SET name = 'changed'")
	sent.take()
	got, err := ingot.Get[cUser](t.Context(), s, u.ID) // another unit of work: read again
	if got != u || err != nil || u.Name != "changed" || len(sent.take()) != 1 {
		t.Errorf("Get = %p %v, %q", got, err, u.Name)
	}
	mustExec(t, db, "UPDATE users SET name = 'again'")
	sent.take()
	got, err = ingot.Get[cUser](t.Context(), s, u.ID)
	if got != u || err != nil || u.Name != "changed" || len(sent.take()) != 0 {
		t.Errorf("Get = %p %v, %q", got, err, u.Name)
	}
	if _, err := ingot.Get[cUser](t.Context(), s, 99); !errors.Is(err, ingot.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

func (on Database) TestIDM005_AnInstanceWhoseRowIsGoneLeavesTheSession(t *testing.T) {
	u, v := &cUser{Name: "u"}, &cUser{Name: "v"}
	s, _, db := on.cases(t, u, v)
	mustExec(t, db, "DELETE FROM users")
	if _, err := ingot.Get[cUser](t.Context(), s, u.ID); !errors.Is(err, ingot.ErrNotFound) || s.State(u) != ingot.Detached {
		t.Errorf("Get = %v, state %v", err, s.State(u))
	}
	s2 := db.Session(ingot.Autoflush(false))
	defer s2.Close()
	must(t, s2.Attach(v))
	must(t, s2.Commit(t.Context()))
	v.Name = "edited"
	if _, err := ingot.Get[cUser](t.Context(), s2, v.ID); !errors.As(err, new(*ingot.StaleError)) {
		t.Errorf("Get of an edited one = %v", err)
	}
}

func (on Database) TestIDM002_AQueryKeepsEditsAndLoadedValues(t *testing.T) {
	u := &cUser{Name: "u"}
	s, _, db := on.cases(t, u)
	u.Name = "edited"
	mustExec(t, db, "UPDATE users SET name = 'elsewhere'")
	s2 := db.Session(ingot.Autoflush(false))
	defer s2.Close()
	v, err := ingot.Get[cUser](t.Context(), s2, 1)
	must(t, err)
	v.Name = "edited"
	q := new(cUser)
	all, err := ingot.Select(q).All(t.Context(), s2)
	if err != nil || len(all) != 1 || all[0] != v || v.Name != "edited" {
		t.Errorf("All = %v, %v", all, err)
	}
	must(t, s2.Refresh(t.Context(), v))
	if v.Name != "elsewhere" || len(s2.Dirty()) != 0 {
		t.Errorf("after Refresh: %+v", v)
	}
	_ = s
}

func (on Database) TestAFL001_AQueryFlushesWhatItCouldSee(t *testing.T) {
	s, sent, _ := on.cases(t)
	must(t, s.Add(&cKeyword{Name: "k"}))
	u := &cUser{Name: "u"}
	must(t, s.Add(u))
	q := new(cNode)
	_, err := ingot.Select(q).All(t.Context(), s) // nodes cannot see users
	wantWrites(t, sent, err)
	v := new(cUser)
	all, err := ingot.Select(v).All(t.Context(), s)
	if err != nil || len(all) != 1 || all[0] != u {
		t.Errorf("All = %v, %v", all, err)
	}
}

func (on Database) TestMRG001_MergeCopiesOntoTheSessionsInstance(t *testing.T) {
	u := &cUser{Name: "old"}
	s, sent, db := on.cases(t, u)
	got, err := ingot.Merge(t.Context(), s, &cUser{ID: u.ID, Name: "new"})
	if got != u || err != nil || u.Name != "new" {
		t.Errorf("Merge = %p, %v", got, err)
	}
	sent.take()
	fresh := &cUser{Name: "fresh"}
	got, err = ingot.Merge(t.Context(), s, fresh)
	if got == fresh || err != nil || s.State(got) != ingot.Pending || len(sent.take()) != 0 {
		t.Errorf("Merge of a new one = %p, %v, %v", got, err, s.State(got))
	}
	got, err = ingot.Merge(t.Context(), s, &cUser{ID: 77, Name: "unknown"})
	if err != nil || s.State(got) != ingot.Pending {
		t.Errorf("Merge of an unknown key = %v, %v", err, s.State(got))
	}
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT concat(id, name) FROM users ORDER BY id", "1new", "2fresh", "77unknown")
}

func (on Database) TestMRG002_TheCallerSaysWhichFieldsAreMeant(t *testing.T) {
	u := &cUser{Name: "old", Orders: []*cOrder{{Description: "o"}}}
	s, _, _ := on.cases(t, u)
	x := &cUser{ID: u.ID}
	if _, err := ingot.Merge(t.Context(), s, x, &x.Orders); err != nil {
		t.Fatal(err)
	}
	if u.Name != "old" || len(u.Orders) != 0 {
		t.Errorf("after Merge of Orders alone: %+v", u)
	}
	must(t, s.Rollback(t.Context()))
	if _, err := ingot.Merge(t.Context(), s, &cUser{ID: u.ID, Name: "new"}); err != nil || len(u.Orders) != 1 {
		t.Errorf("a nil collection emptied the target: %v, %v", u.Orders, err)
	}
	y := 5
	_, err := ingot.Merge(t.Context(), s, x, &y)
	wantErr(t, err, "*int is not the address of a mapped field of the cUser given")
}

func (on Database) TestMRG005_CopiesOfOneKeyBecomeOne(t *testing.T) {
	s, _, db := on.cases(t, &cUser{Name: "u", Orders: []*cOrder{{Description: "o"}}})
	got, err := ingot.Merge(t.Context(), s, &cUser{ID: 1, Name: "n", Orders: []*cOrder{
		{ID: 1, UserID: 1, Description: "changed"}, {UserID: 1, Description: "added"}}})
	must(t, err)
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT description FROM orders ORDER BY id", "changed", "added")
	if len(got.Orders) != 2 {
		t.Errorf("orders %v", got.Orders)
	}
}

func (on Database) TestAttachTakesInstancesInWithoutReading(t *testing.T) {
	_, sent, db := on.cases(t, &cUser{Name: "u", Orders: []*cOrder{{Description: "o"}}})
	u := &cUser{ID: 1, Name: "u", Orders: []*cOrder{{ID: 1, UserID: 1, Description: "o"}}}
	s := db.Session()
	defer s.Close()
	must(t, s.Attach(u))
	u.Name = "edited"
	wantWrites(t, sent, s.Flush(t.Context()), "update users(name) by id")
	u.Orders = nil // partial: what was known is removed
	wantWrites(t, sent, s.Commit(t.Context()), "delete orders by id")
	wantErr(t, s.Attach(&cUser{Name: "no key"}), "has no key")
	wantErr(t, s.Attach(&cUser{ID: 1}), "another instance of cUser(1)")
}

func (on Database) TestEXP001_ExpireDropsEditsAndTheNextReadRefreshes(t *testing.T) {
	u := &cUser{Name: "u", Orders: []*cOrder{{}}}
	s, _, db := on.cases(t, u)
	u.Name = "edited"
	must(t, s.Expire(u))
	if u.Name != "u" || s.Loaded(u, &u.Orders) != ingot.NotLoaded {
		t.Errorf("after Expire: %+v", u)
	}
	mustExec(t, db, "UPDATE users SET name = 'db'")
	if _, err := ingot.Get[cUser](t.Context(), s, 1); err != nil || u.Name != "db" {
		t.Errorf("after Get: %+v, %v", u, err)
	}
}

func (on Database) TestEXP002_RefreshAndExpireWantAPersistentInstance(t *testing.T) {
	s, _, _ := on.cases(t)
	p := &cUser{Name: "pending"}
	must(t, s.Add(p))
	wantErr(t, s.Refresh(t.Context(), p), "cUser(new) has no row yet")
	wantErr(t, s.Expire(&cUser{ID: 7}), "cUser(7) is not in this session")
}

func (on Database) TestSessionLoadServesSiblings(t *testing.T) {
	var us []any
	for range 5 {
		us = append(us, &cUser{Orders: []*cOrder{{}, {}}})
	}
	_, sent, db := on.cases(t, us...)
	s := db.Session()
	defer s.Close()
	q := new(cUser)
	all, err := ingot.Select(q).All(t.Context(), s)
	must(t, err)
	sent.take()
	for _, u := range all {
		must(t, s.Load(t.Context(), u, &u.Orders))
		if len(u.Orders) != 2 || u.Orders[0].User != nil && u.Orders[0].User != u {
			t.Errorf("orders of %d: %v", u.ID, u.Orders)
		}
	}
	if got := sent.take(); len(got) != 1 {
		t.Errorf("sent %d statements for the loop, want 1: %q", len(got), got)
	}
}

func (on Database) TestUseAfterCloseAndFromTwoGoroutines(t *testing.T) {
	s, _, _ := on.cases(t)
	err := s.Savepoint(t.Context(), func() error { return nil })
	must(t, err)
	must(t, s.Close())
	must(t, s.Close())
	for _, err := range []error{s.Add(&cUser{}), s.Flush(t.Context()), s.Commit(t.Context()), s.Rollback(t.Context())} {
		if !errors.Is(err, ingot.ErrClosed) {
			t.Errorf("error %v", err)
		}
	}
}

func (on Database) TestConcurrentUseIsRefused(t *testing.T) {
	var s *ingot.Session
	var got []error
	db, _ := on.open(t, ingot.Options{Hooks: ingot.Hooks{AfterLoad: func(any) error {
		done := make(chan error)
		go func() { done <- errors.Join(s.Add(&cNode{}), s.Flush(context.Background())) }()
		got = append(got, <-done)
		return nil
	}}}, cNode{})
	setup := db.Session()
	must(t, setup.Add(&cNode{}))
	must(t, setup.Commit(t.Context()))
	must(t, setup.Close())
	s = db.Session()
	defer s.Close()
	_, err := ingot.Get[cNode](t.Context(), s, 1)
	must(t, err)
	if len(got) != 1 || !errors.Is(got[0], ingot.ErrConcurrent) {
		t.Errorf("use from another goroutine during a query: %v", got)
	}
	must(t, s.Commit(t.Context()))
}

// A keyOnly has no column that an INSERT could name.
type keyOnly struct {
	ID int64 `ingot:"pk"`
}

func (on Database) TestRowsOfNothingButAKeyAreInsertedOnce(t *testing.T) {
	db, _ := on.open(t, ingot.Options{BatchSize: 2}, keyOnly{})
	s := db.Session()
	defer s.Close()
	for range 5 {
		must(t, s.Add(&keyOnly{}))
	}
	must(t, s.Commit(t.Context()))
	if n, err := ingot.Select(new(keyOnly)).Count(t.Context(), s); err != nil || n != 5 {
		t.Errorf("%d rows, %v; want 5", n, err)
	}
}
