package suite

import (
	"fmt"
	"reflect"
	"testing"

	"ingot"
)

// The matrix: what each word of cascade: does on each kind of relationship. Each kind has a
// parent with six relationships, one per word and with that word alone, and a child in each.
// An operation on the parent may reach only the children whose word says so.

var matrixWords = []string{"Save", "Merge", "Refresh", "Expunge", "Delete", "Orphan"}

type (
	m1Parent struct {
		_       struct{}   `ingot:"table:m1_parent"`
		ID      int64      `ingot:"pk"`
		Save    []*m1Child `ingot:"via:SaveID;cascade:save-update"`
		Merge   []*m1Child `ingot:"via:MergeID;cascade:merge"`
		Refresh []*m1Child `ingot:"via:RefreshID;cascade:refresh-expire"`
		Expunge []*m1Child `ingot:"via:ExpungeID;cascade:expunge"`
		Delete  []*m1Child `ingot:"via:DeleteID;cascade:delete"`
		Orphan  []*m1Child `ingot:"via:OrphanID;cascade:delete,delete-orphan"`
	}
	m1Child struct {
		_         struct{} `ingot:"table:child"`
		ID        int64    `ingot:"pk"`
		Label     string
		SaveID    *int64 `ingot:"fk:m1_parent.id"`
		MergeID   *int64 `ingot:"fk:m1_parent.id"`
		RefreshID *int64 `ingot:"fk:m1_parent.id"`
		ExpungeID *int64 `ingot:"fk:m1_parent.id"`
		DeleteID  *int64 `ingot:"fk:m1_parent.id"`
		OrphanID  *int64 `ingot:"fk:m1_parent.id"`
	}

	m2Parent struct {
		_       struct{} `ingot:"table:m2_parent"`
		ID      int64    `ingot:"pk"`
		Save    *m2Child `ingot:"via:SaveID;cascade:save-update"`
		Merge   *m2Child `ingot:"via:MergeID;cascade:merge"`
		Refresh *m2Child `ingot:"via:RefreshID;cascade:refresh-expire"`
		Expunge *m2Child `ingot:"via:ExpungeID;cascade:expunge"`
		Delete  *m2Child `ingot:"via:DeleteID;cascade:delete"`
		Orphan  *m2Child `ingot:"via:OrphanID;cascade:delete,delete-orphan"`
	}
	m2Child struct {
		_         struct{} `ingot:"table:child"`
		ID        int64    `ingot:"pk"`
		Label     string
		SaveID    *int64 `ingot:"fk:m2_parent.id;unique"`
		MergeID   *int64 `ingot:"fk:m2_parent.id;unique"`
		RefreshID *int64 `ingot:"fk:m2_parent.id;unique"`
		ExpungeID *int64 `ingot:"fk:m2_parent.id;unique"`
		DeleteID  *int64 `ingot:"fk:m2_parent.id;unique"`
		OrphanID  *int64 `ingot:"fk:m2_parent.id;unique"`
	}

	m3Parent struct {
		_         struct{} `ingot:"table:m3_parent"`
		ID        int64    `ingot:"pk"`
		SaveID    *int64   `ingot:"fk:child.id"`
		MergeID   *int64   `ingot:"fk:child.id"`
		RefreshID *int64   `ingot:"fk:child.id"`
		ExpungeID *int64   `ingot:"fk:child.id"`
		DeleteID  *int64   `ingot:"fk:child.id"`
		OrphanID  *int64   `ingot:"fk:child.id;unique"`
		Save      *m3Child `ingot:"via:SaveID;cascade:save-update"`
		Merge     *m3Child `ingot:"via:MergeID;cascade:merge"`
		Refresh   *m3Child `ingot:"via:RefreshID;cascade:refresh-expire"`
		Expunge   *m3Child `ingot:"via:ExpungeID;cascade:expunge"`
		Delete    *m3Child `ingot:"via:DeleteID;cascade:delete"`
		Orphan    *m3Child `ingot:"via:OrphanID;cascade:delete,delete-orphan"`
	}
	m3Child struct {
		_     struct{} `ingot:"table:child"`
		ID    int64    `ingot:"pk"`
		Label string
	}

	m4Parent struct {
		_       struct{}   `ingot:"table:m4_parent"`
		ID      int64      `ingot:"pk"`
		Save    []*m4Child `ingot:"through:m4_save;cascade:save-update"`
		Merge   []*m4Child `ingot:"through:m4_merge;cascade:merge"`
		Refresh []*m4Child `ingot:"through:m4_refresh;cascade:refresh-expire"`
		Expunge []*m4Child `ingot:"through:m4_expunge;cascade:expunge"`
		Delete  []*m4Child `ingot:"through:m4_delete;cascade:delete"`
		Orphan  []*m4Child `ingot:"through:m4Owned;cascade:delete,delete-orphan"`
	}
	m4Child struct {
		_     struct{} `ingot:"table:child"`
		ID    int64    `ingot:"pk"`
		Label string
	}
	m4Owned struct {
		_        struct{} `ingot:"table:m4_owned;pk:parent_id,child_id"`
		ParentID int64    `ingot:"fk:m4_parent.id"`
		ChildID  int64    `ingot:"fk:child.id;unique"`
	}
)

// A matrixKind is a kind of relationship.
type matrixKind struct {
	name   string
	models []any
	parent func() any
	child  func() any
	get    func(t testing.TB, s *ingot.Session, key int64) any
	merge  func(t testing.TB, s *ingot.Session, x any)
}

func matrixOf[P, C any](name string, models ...any) matrixKind {
	return matrixKind{
		name:   name,
		models: append(models, *new(P), *new(C)),
		parent: func() any { return new(P) },
		child:  func() any { return new(C) },
		get: func(t testing.TB, s *ingot.Session, key int64) any {
			t.Helper()
			x, err := ingot.Get[P](t.Context(), s, key)
			must(t, err)
			return x
		},
		merge: func(t testing.TB, s *ingot.Session, x any) {
			t.Helper()
			must(t, ignore(ingot.Merge(t.Context(), s, x.(*P))))
		},
	}
}

var matrixKinds = []matrixKind{
	matrixOf[m1Parent, m1Child]("one-to-many"),
	matrixOf[m2Parent, m2Child]("one-to-one"),
	matrixOf[m3Parent, m3Child]("many-to-one"),
	matrixOf[m4Parent, m4Child]("many-to-many", m4Owned{}),
}

func field(x any, name string) reflect.Value { return reflect.ValueOf(x).Elem().FieldByName(name) }

func key(x any) int64 { return field(x, "ID").Int() }

// hold gives a parent a child by the relationship of a word; nil takes away what it has.
func hold(parent any, word string, child any) {
	f := field(parent, word)
	switch {
	case child == nil:
		f.SetZero()
	case f.Kind() == reflect.Slice:
		f.Set(reflect.Append(reflect.MakeSlice(f.Type(), 0, 1), reflect.ValueOf(child)))
	default:
		f.Set(reflect.ValueOf(child))
	}
}

// held is the only child that a fresh session finds by the relationship of a word; empty if
// there is none.
func (k matrixKind) held(t testing.TB, db *ingot.DB, parent int64, word string) string {
	t.Helper()
	s := db.Session()
	defer s.Close()
	p := k.get(t, s, parent)
	f := field(p, word)
	must(t, s.Load(t.Context(), p, f.Addr().Interface()))
	if f.Kind() == reflect.Slice {
		if f.Len() == 0 {
			return ""
		}
		f = f.Index(0)
	}
	if f.IsNil() {
		return ""
	}
	return f.Elem().FieldByName("Label").String()
}

// labelled is a new child.
func (k matrixKind) labelled(label string) any {
	c := k.child()
	field(c, "Label").SetString(label)
	return c
}

// family commits a parent with a child by each word, and returns them.
func (k matrixKind) family(t testing.TB, s *ingot.Session) (parent any, children map[string]any) {
	t.Helper()
	parent, children = k.parent(), map[string]any{}
	for _, w := range matrixWords {
		children[w] = k.labelled(w)
		hold(parent, w, children[w])
		must(t, s.Add(children[w]))
	}
	must(t, s.Add(parent))
	must(t, s.Commit(t.Context()))
	return parent, children
}

func (on Database) TestMatrixOfCascades(t *testing.T) {
	gone := func(t testing.TB, s *ingot.Session, c any) bool {
		n, err := ingot.SQL[int64](t.Context(), s, ingot.TrustedSQL(fmt.Sprintf("SELECT count(*) FROM child WHERE id = %d", key(c))))
		must(t, err)
		return n[0] == 0
	}
	unedited := func(t testing.TB, s *ingot.Session, c any) bool { return field(c, "Label").String() != "edited" }
	edit := func(children map[string]any) {
		for _, c := range children {
			field(c, "Label").SetString("edited")
		}
	}
	ops := []struct {
		name    string
		do      func(t testing.TB, k matrixKind, db *ingot.DB, s *ingot.Session, p any, children map[string]any)
		reached func(t testing.TB, s *ingot.Session, c any) bool
		words   string // of the children that it reaches
	}{
		{"delete", func(t testing.TB, k matrixKind, db *ingot.DB, s *ingot.Session, p any, _ map[string]any) {
			must(t, s.Delete(p))
			must(t, s.Flush(t.Context()))
		}, gone, "Delete Orphan"},
		{"delete what is not loaded", func(t testing.TB, k matrixKind, db *ingot.DB, s *ingot.Session, p any, _ map[string]any) {
			fresh := db.Session()
			defer fresh.Close()
			must(t, fresh.Delete(k.get(t, fresh, key(p))))
			must(t, fresh.Commit(t.Context()))
		}, gone, "Delete Orphan"},
		{"remove", func(t testing.TB, k matrixKind, db *ingot.DB, s *ingot.Session, p any, _ map[string]any) {
			for _, w := range matrixWords {
				hold(p, w, nil)
			}
			must(t, s.Commit(t.Context()))
			for _, w := range matrixWords {
				if got := k.held(t, db, key(p), w); got != "" {
					t.Errorf("%s still holds %s", w, got)
				}
			}
		}, gone, "Orphan"},
		{"merge", func(t testing.TB, k matrixKind, db *ingot.DB, s *ingot.Session, p any, children map[string]any) {
			copied := k.parent()
			reflect.ValueOf(copied).Elem().Set(reflect.ValueOf(p).Elem())
			for w, c := range children {
				other := k.child()
				reflect.ValueOf(other).Elem().Set(reflect.ValueOf(c).Elem())
				field(other, "Label").SetString("merged")
				hold(copied, w, other)
			}
			k.merge(t, s, copied)
		}, func(t testing.TB, s *ingot.Session, c any) bool { return field(c, "Label").String() == "merged" }, "Merge"},
		{"expunge", func(t testing.TB, k matrixKind, db *ingot.DB, s *ingot.Session, p any, _ map[string]any) {
			must(t, s.Expunge(p))
		}, func(t testing.TB, s *ingot.Session, c any) bool { return s.State(c) == ingot.Detached }, "Expunge"},
		{"refresh", func(t testing.TB, k matrixKind, db *ingot.DB, s *ingot.Session, p any, children map[string]any) {
			edit(children)
			must(t, s.Refresh(t.Context(), p))
		}, unedited, "Refresh"},
		{"expire", func(t testing.TB, k matrixKind, db *ingot.DB, s *ingot.Session, p any, children map[string]any) {
			edit(children)
			must(t, s.Expire(p))
		}, unedited, "Refresh"},
	}
	for _, k := range matrixKinds {
		db, _ := on.open(t, ingot.Options{}, k.models...)
		for _, op := range ops {
			t.Run(k.name+"/"+op.name, func(t *testing.T) {
				s := db.Session()
				defer s.Close()
				p, children := k.family(t, s)
				op.do(t, k, db, s, p, children)
				got := ""
				for _, w := range matrixWords {
					if op.reached(t, s, children[w]) {
						got += " " + w
					}
				}
				if got != " "+op.words {
					t.Errorf("it reaches those of%s, want %s", got, op.words)
				}
			})
		}
	}
}

func (on Database) TestMatrixOfNewChildren(t *testing.T) {
	for _, k := range matrixKinds {
		t.Run(k.name, func(t *testing.T) {
			db, _ := on.open(t, ingot.Options{}, k.models...)
			for _, w := range matrixWords {
				s := db.Session()
				p, c := k.parent(), k.labelled(w)
				hold(p, w, c)
				must(t, s.Add(p))
				want := ingot.Transient
				if w == "Save" {
					want = ingot.Pending
				}
				if got := s.State(c); got != want {
					t.Errorf("%s: a new child is %v, want %v", w, got, want)
				}
				err := s.Commit(t.Context())
				if w == "Save" {
					must(t, err)
				} else {
					wantErr(t, err, "that is not in the session: Add it, or give the relationship the save-update cascade")
				}
				must(t, s.Close())
			}
			wantRows(t, db, "SELECT label FROM child", "Save")

			// What was reached, and is let go before the flush, is not inserted.
			s := db.Session()
			defer s.Close()
			p, c := k.parent(), k.labelled("let go")
			hold(p, "Save", c)
			must(t, s.Add(p))
			hold(p, "Save", nil)
			must(t, s.Commit(t.Context()))
			if s.State(c) != ingot.Transient || key(c) != 0 {
				t.Errorf("let go before the flush: %v, %+v", s.State(c), c)
			}
			hold(p, "Delete", c)
			must(t, s.Delete(p)) // with it goes what was new in it
			must(t, s.Commit(t.Context()))
			wantRows(t, db, "SELECT label FROM child", "Save")
			if s.State(c) != ingot.Transient {
				t.Errorf("new in what was deleted: %v", s.State(c))
			}
		})
	}
}

func (on Database) TestMatrixOfMoves(t *testing.T) {
	for _, k := range matrixKinds {
		db, _ := on.open(t, ingot.Options{}, k.models...)
		for _, w := range []string{"Save", "Orphan"} {
			for _, flush := range []string{"no flush", "a flush"} {
				t.Run(k.name+" "+w+" with "+flush+" between", func(t *testing.T) {
					s := db.Session()
					defer s.Close()
					p, q, c := k.parent(), k.parent(), k.labelled("c")
					hold(p, w, c)
					must(t, s.AddAll(c, p, q))
					must(t, s.Commit(t.Context()))
					hold(p, w, nil)
					if flush == "a flush" {
						must(t, s.Flush(t.Context()))
					}
					hold(q, w, c)
					err := s.Commit(t.Context())
					if w == "Orphan" && flush == "a flush" {
						wantErr(t, err, "that is not in the session: it was deleted; take it out")
						return
					}
					must(t, err)
					if a, b := k.held(t, db, key(p), w), k.held(t, db, key(q), w); a != "" || b != "c" {
						t.Errorf("the old parent holds %q, the new one %q", a, b)
					}
				})
			}
		}
	}
}

// The association object: a link with columns, and a key, of its own.
type (
	nLeft struct {
		_     struct{} `ingot:"table:nleft"`
		ID    int64    `ingot:"pk"`
		Links []*nLink `ingot:"inverse:Left;cascade:all,delete-orphan"`
		Loose []*nLoose
	}
	nLink struct {
		_       struct{} `ingot:"table:nlink;pk:left_id,right_id"`
		LeftID  int64    `ingot:"fk:nleft.id"`
		RightID int64    `ingot:"fk:nright.id"`
		Note    string
		Left    *nLeft  `ingot:"inverse:Links"`
		Right   *nRight `ingot:"inverse:Links"`
	}
	nRight struct {
		_     struct{} `ingot:"table:nright"`
		ID    int64    `ingot:"pk"`
		Name  string
		Links []*nLink `ingot:"inverse:Right;cascade:all,delete-orphan"`
	}
	nLoose struct { // the same without a cascade
		_       struct{} `ingot:"table:nloose;pk:left_id,right_id"`
		LeftID  int64    `ingot:"fk:nleft.id"`
		RightID int64    `ingot:"fk:nright.id"`
		Right   *nRight
	}
)

func (on Database) TestMatrixOfAssociationObjects(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight)
		want []string // links; lefts and rights stay
		fail string
	}{
		{"left as it is", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) {}, []string{"1-1 a", "1-2 b"}, ""},
		{"removed from the left", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) { l.Links = l.Links[1:] }, []string{"1-2 b"}, ""},
		{"removed from the right", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) { r.Links = nil }, []string{"1-2 b"}, ""},
		{"deleted", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) { must(t, s.Delete(l.Links[0])) }, []string{"1-2 b"}, ""},
		{"the right deleted", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) { must(t, s.Delete(r)) }, []string{"1-2 b"}, ""},
		{"the left deleted", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) { must(t, s.Delete(l)) }, nil, ""},
		{"added with a new right", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) {
			l.Links = append(l.Links, &nLink{Right: &nRight{}, Note: "c"})
		}, []string{"1-1 a", "1-2 b", "1-3 c"}, ""},
		{"replaced by one of the same key", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) {
			l.Links = []*nLink{{Right: r, Note: "new"}, l.Links[1]}
		}, []string{"1-1 new", "1-2 b"}, ""},
		{"moved to another left, key and all", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) {
			other.Links, l.Links = l.Links[:1], l.Links[1:]
		}, []string{"1-2 b", "2-1 a"}, ""},
		{"moved by the link", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) { l.Links[0].Left = other }, []string{"1-2 b", "2-1 a"}, ""},
		{"both ends moved", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) {
			x := l.Links[0]
			x.Left, x.Right = other, &nRight{}
		}, []string{"1-2 b", "2-3 a"}, ""},
		{"the same pair twice", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) {
			l.Links = append(l.Links, &nLink{Right: r})
		}, nil, "nLink(1, 1)"},
		{"loose, let go", func(t testing.TB, s *ingot.Session, l, other *nLeft, r *nRight) {
			l.Loose = append(l.Loose, &nLoose{Right: r})
			must(t, s.Commit(t.Context()))
			l.Loose = nil
		}, nil, "nLoose(1, 1) has no nLeft any more, but nLoose.LeftID cannot be NULL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, _ := on.open(t, ingot.Options{}, nLeft{}, nLink{}, nRight{}, nLoose{})
			s := db.Session()
			defer s.Close()
			r := &nRight{Name: "r"}
			l, other := &nLeft{Links: []*nLink{{Right: r, Note: "a"}, {Right: &nRight{}, Note: "b"}}}, &nLeft{}
			must(t, s.AddAll(l, other))
			must(t, s.Commit(t.Context()))
			tt.do(t, s, l, other, r)
			err := s.Commit(t.Context())
			if tt.fail != "" {
				wantErr(t, err, tt.fail)
				return
			}
			must(t, err)
			wantRows(t, db, "SELECT concat(left_id, '-', right_id, ' ', note) FROM nlink ORDER BY 1", tt.want...)
			must(t, s.Commit(t.Context()))
		})
	}
}

// Of a collection that is partial only what is known can be removed, and what is added
// joins what is not known.
func (on Database) TestMatrixOfPartialCollections(t *testing.T) {
	load := map[string]func(t testing.TB, s *ingot.Session, u *cUser, i *cItem){
		"not loaded": func(t testing.TB, s *ingot.Session, u *cUser, i *cItem) {},
		"partial": func(t testing.TB, s *ingot.Session, u *cUser, i *cItem) {
			must(t, s.Load(t.Context(), u, &u.Orders, ingot.Top(1)))
			must(t, s.Load(t.Context(), u, &u.Addresses, ingot.Top(1)))
			must(t, s.Load(t.Context(), i, &i.Keywords, ingot.Top(1)))
		},
	}
	rows := ingot.TrustedSQL("SELECT concat((SELECT count(*) FROM orders), (SELECT count(*) FROM addresses WHERE user_id IS NOT NULL), (SELECT count(*) FROM item_keywords))")
	for _, tt := range []struct {
		name, load string
		do         func(t testing.TB, s *ingot.Session, u *cUser, i *cItem)
		want       string
	}{
		{"nil", "not loaded", func(t testing.TB, s *ingot.Session, u *cUser, i *cItem) {
			u.Orders, u.Addresses, i.Keywords = nil, nil, nil
		}, "333"},
		{"nil", "partial", func(t testing.TB, s *ingot.Session, u *cUser, i *cItem) {
			u.Orders, u.Addresses, i.Keywords = nil, nil, nil
		}, "222"},
		{"append", "not loaded", add, "444"},
		{"append", "partial", add, "444"},
		{"replace", "partial", func(t testing.TB, s *ingot.Session, u *cUser, i *cItem) {
			u.Orders, u.Addresses, i.Keywords = nil, nil, nil
			add(t, s, u, i)
		}, "333"},
		{"delete", "not loaded", func(t testing.TB, s *ingot.Session, u *cUser, i *cItem) {
			must(t, s.Delete(u))
			must(t, s.Delete(i))
		}, "000"},
		{"delete", "partial", func(t testing.TB, s *ingot.Session, u *cUser, i *cItem) {
			must(t, s.Delete(u))
			must(t, s.Delete(i))
		}, "000"},
		{"append and delete", "not loaded", func(t testing.TB, s *ingot.Session, u *cUser, i *cItem) {
			add(t, s, u, i)
			must(t, s.AddAll(u.Addresses[0], i.Keywords[0])) // no cascade deletes them
			must(t, s.Delete(u))
			must(t, s.Delete(i))
		}, "000"},
	} {
		t.Run(tt.name+" "+tt.load, func(t *testing.T) {
			_, _, db := on.cases(t,
				&cUser{Orders: []*cOrder{{}, {}, {}}, Addresses: []*cAddress{{}, {}, {}}},
				&cItem{Keywords: []*cKeyword{{}, {}, {}}})
			s, u := again[cUser](t, db, 1)
			i, err := ingot.Get[cItem](t.Context(), s, 1)
			must(t, err)
			load[tt.load](t, s, u, i)
			tt.do(t, s, u, i)
			must(t, s.Commit(t.Context()))
			wantRows(t, db, rows, tt.want)
		})
	}
	s, sent, _ := on.cases(t, &cUser{})
	u, err := ingot.Get[cUser](t.Context(), s, 1)
	must(t, err)
	u.Addresses = []*cAddress{{}}
	must(t, s.Delete(u))
	sent.take()
	wantErr(t, s.Commit(t.Context()), "cUser(1).Addresses holds a cAddress(0) that is not in the session: Add it")
	wantWrites(t, sent, nil)
}

func add(t testing.TB, s *ingot.Session, u *cUser, i *cItem) {
	u.Orders = append(u.Orders, &cOrder{})
	u.Addresses = append(u.Addresses, &cAddress{})
	i.Keywords = append(i.Keywords, &cKeyword{})
}
