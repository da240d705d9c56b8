package suite

import (
	"errors"
	"fmt"
	"testing"

	"ingot"
)

// Cases of references to a single row from both ends, and of rows that take over the key
// of another.

type (
	// The address is the user's: without it, it goes.
	gUser struct {
		_       struct{} `ingot:"table:guser"`
		ID      int64    `ingot:"pk"`
		Name    string
		Address *gAddress `ingot:"inverse:User;cascade:all,delete-orphan"`
		Desk    *gDesk    `ingot:"inverse:User"`
	}
	gAddress struct {
		_      struct{} `ingot:"table:gaddress"`
		ID     int64    `ingot:"pk"`
		Email  string
		UserID *int64 `ingot:"fk:guser.id;unique"`
		User   *gUser `ingot:"inverse:Address"`
	}
	// A desk stays without its user.
	gDesk struct {
		_      struct{} `ingot:"table:gdesk"`
		ID     int64    `ingot:"pk"`
		Email  string
		UserID *int64 `ingot:"fk:guser.id"`
		User   *gUser `ingot:"inverse:Desk"`
	}
)

func (on Database) TestO2O001_ASecondChildReplacesTheFirst(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, s *ingot.Session, u *gUser)
		want string // addresses and desks, with their users
	}{
		{"by the parent", func(t *testing.T, s *ingot.Session, u *gUser) {
			must(t, s.Load(t.Context(), u, &u.Address))
			must(t, s.Load(t.Context(), u, &u.Desk))
			u.Address, u.Desk = &gAddress{Email: "new"}, &gDesk{Email: "new"}
		}, "[new:1] [old:0 new:1]"},
		{"by the parent, not loaded", func(t *testing.T, s *ingot.Session, u *gUser) {
			u.Address, u.Desk = &gAddress{Email: "new"}, &gDesk{Email: "new"}
		}, "[new:1] [old:0 new:1]"},
		{"by the child", func(t *testing.T, s *ingot.Session, u *gUser) {
			must(t, s.Load(t.Context(), u, &u.Address))
			must(t, s.Load(t.Context(), u, &u.Desk))
			must(t, s.AddAll(&gAddress{Email: "new", User: u}, &gDesk{Email: "new", User: u}))
		}, "[new:1] [old:0 new:1]"},
		{"by the child, not loaded", func(t *testing.T, s *ingot.Session, u *gUser) {
			must(t, s.AddAll(&gAddress{Email: "new", User: u}, &gDesk{Email: "new", User: u}))
		}, "[new:1] [old:0 new:1]"},
		{"by the child's column", func(t *testing.T, s *ingot.Session, u *gUser) {
			must(t, s.AddAll(&gAddress{Email: "new", UserID: &u.ID}, &gDesk{Email: "new", UserID: &u.ID}))
		}, "[new:1] [old:0 new:1]"},
		{"by both", func(t *testing.T, s *ingot.Session, u *gUser) {
			u.Address, u.Desk = &gAddress{Email: "new", User: u}, &gDesk{Email: "new", User: u}
		}, "[new:1] [old:0 new:1]"},
		{"by nothing", func(t *testing.T, s *ingot.Session, u *gUser) {
			must(t, s.Load(t.Context(), u, &u.Address))
			must(t, s.Load(t.Context(), u, &u.Desk))
			u.Address, u.Desk = nil, nil
		}, "[] [old:0]"},
		{"nil where nothing was loaded", func(t *testing.T, s *ingot.Session, u *gUser) {
			u.Address, u.Desk = nil, nil
		}, "[old:1] [old:1]"},
		{"deleted with what it has", func(t *testing.T, s *ingot.Session, u *gUser) {
			must(t, s.Delete(u))
		}, "[] [old:0]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, _ := on.open(t, ingot.Options{}, gUser{}, gAddress{}, gDesk{})
			first := db.Session()
			defer first.Close()
			must(t, first.Add(&gUser{Name: "u", Address: &gAddress{Email: "old"}, Desk: &gDesk{Email: "old"}}))
			must(t, first.Commit(t.Context()))
			s, u := again[gUser](t, db, 1)
			tt.do(t, s, u)
			must(t, s.Commit(t.Context()))
			of := func(table ingot.TrustedSQL) []string {
				rows, err := ingot.SQL[string](t.Context(), db, "SELECT concat(email, ':', coalesce(user_id, 0)) FROM "+table+" ORDER BY id")
				must(t, err)
				return rows
			}
			if got := fmt.Sprint(of("gaddress"), of("gdesk")); got != tt.want {
				t.Errorf("the database has %s, want %s", got, tt.want)
			}
			must(t, s.Commit(t.Context())) // memory agrees
		})
	}
}

func (on Database) TestO2O003_AChildMovesBetweenOwners(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser)
		want []string // addresses
	}{
		{"by the child", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) { a.User = u2 }, []string{"a:2"}},
		{"by the owners", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) { u1.Address, u2.Address = nil, a }, []string{"a:2"}},
		{"by the new owner alone", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) { u2.Address = a }, []string{"a:2"}},
		{"back and forth", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) {
			a.User = u2
			must(t, s.Flush(t.Context()))
			a.User = u1
			must(t, s.Flush(t.Context()))
			u2.Address = a
		}, []string{"a:2"}},
		{"exchanged", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) {
			u2.Address = &gAddress{Email: "b"}
			must(t, s.Flush(t.Context()))
			u1.Address, u2.Address = u2.Address, u1.Address
		}, []string{"a:2", "b:1"}},
		{"exchanged by the children", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) {
			b := &gAddress{Email: "b"}
			u2.Address = b
			must(t, s.Flush(t.Context()))
			a.User, b.User = u2, u1
		}, []string{"a:2", "b:1"}},
		{"with the old owner expired", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) {
			must(t, s.Commit(t.Context()))
			must(t, s.Expire(u1))
			u1.Address = &gAddress{Email: "new"}
			a.User = u2
		}, []string{"a:2", "new:1"}},
		{"replaced while expired", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) {
			must(t, s.Expire(u1))
			u1.Address = &gAddress{Email: "new"}
		}, []string{"new:1"}},
		{"with the old owner expunged", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) {
			must(t, s.Expunge(u1))
			must(t, s.Add(a)) // the cascade took it along
			a.User = u2
		}, []string{"a:2"}},
		{"and the old owner goes", func(t *testing.T, s *ingot.Session, a *gAddress, u1, u2 *gUser) {
			a.User = u2
			must(t, s.Delete(u1))
		}, []string{"a:2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &gAddress{Email: "a"}
			u1, u2 := &gUser{Address: a}, &gUser{}
			db, _ := on.open(t, ingot.Options{}, gUser{}, gAddress{}, gDesk{})
			s := db.Session()
			defer s.Close()
			must(t, s.AddAll(u1, u2))
			must(t, s.Commit(t.Context()))
			tt.do(t, s, a, u1, u2)
			must(t, s.Commit(t.Context()))
			wantRows(t, db, "SELECT concat(email, ':', user_id) FROM gaddress ORDER BY email", tt.want...)
			if s.Contains(a) && (u2.Address != a || a.User != u2) || u1.Address == a && s.Contains(u1) {
				t.Errorf("in memory: %+v, %+v, %+v", a, u1, u2)
			}
		})
	}
}

// The owner by a reference of its own: it goes when nothing of its kind is left to it.
func (on Database) TestO2O003_TheOldOwnerIsTheOrphan(t *testing.T) {
	count := ingot.TrustedSQL("SELECT count(*) FROM pref")
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, s *ingot.Session, h1, h2 *hHead)
		want string // prefs left
	}{
		{"given another", func(t *testing.T, s *ingot.Session, h1, h2 *hHead) { h1.Pref = &hPref{} }, "2"},
		{"cleared", func(t *testing.T, s *ingot.Session, h1, h2 *hHead) { h1.Pref = nil }, "1"},
		{"cleared by the column", func(t *testing.T, s *ingot.Session, h1, h2 *hHead) { h1.PrefID = nil }, "1"},
		{"taken over", func(t *testing.T, s *ingot.Session, h1, h2 *hHead) { h1.Pref, h2.Pref = h2.Pref, nil }, "1"},
		{"exchanged", func(t *testing.T, s *ingot.Session, h1, h2 *hHead) { h1.Pref, h2.Pref = h2.Pref, h1.Pref }, "2"},
		{"taken over from one that goes", func(t *testing.T, s *ingot.Session, h1, h2 *hHead) {
			h1.Pref, h2.Pref = h2.Pref, nil
			must(t, s.Delete(h2))
		}, "1"},
		{"while it was expunged", func(t *testing.T, s *ingot.Session, h1, h2 *hHead) {
			must(t, s.Expunge(h1.Pref))
			h1.Pref = &hPref{}
		}, "2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, _ := on.open(t, ingot.Options{}, hHead{}, hPref{}, hDeep{})
			s := db.Session()
			defer s.Close()
			h1, h2 := &hHead{Pref: &hPref{}}, &hHead{Pref: &hPref{}}
			must(t, s.AddAll(h1, h2))
			must(t, s.Commit(t.Context()))
			tt.do(t, s, h1, h2)
			must(t, s.Commit(t.Context()))
			wantRows(t, db, count, tt.want)
		})
	}
}

// Rows that take over a key. SQLAlchemy makes one UPDATE of the two, and what was never
// set keeps the old row's value; a struct has no value that was never set, so the old row
// goes and the new one comes.

type (
	sPlan struct {
		_     struct{} `ingot:"table:plan"`
		ID    int64    `ingot:"pk"`
		Tasks []*sTask `ingot:"inverse:Plan;cascade:all,delete-orphan"`
		Sheet *sSheet  `ingot:"inverse:Plan;cascade:all,delete-orphan"`
	}
	sTask struct {
		_      struct{} `ingot:"table:task"`
		ID     int64    `ingot:"pk"`
		PlanID int64    `ingot:"fk:plan.id"`
		Data   *string
		NoteID *int64 `ingot:"fk:note.id"`
		Plan   *sPlan `ingot:"inverse:Tasks"`
		Note   *sNote
	}
	// The key of a sheet is that of its plan.
	sSheet struct {
		_    struct{} `ingot:"table:sheet"`
		ID   int64    `ingot:"pk;fk:plan.id"`
		Text string
		Plan *sPlan `ingot:"inverse:Sheet"`
	}
	sNote struct {
		_  struct{} `ingot:"table:note"`
		ID int64    `ingot:"pk"`
	}
)

func (on Database) TestRSW002_ANewRowTakesOverAKeyAsAWhole(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, sPlan{}, sTask{}, sSheet{}, sNote{})
	s := db.Session()
	defer s.Close()
	p := &sPlan{Tasks: []*sTask{{ID: 7, Data: new("old"), Note: &sNote{}}}, Sheet: &sSheet{Text: "old"}}
	must(t, s.Add(p))
	must(t, s.Commit(t.Context()))
	sent.take()
	p.Tasks = []*sTask{{ID: 7}}
	wantWrites(t, sent, s.Flush(t.Context()), "delete task by id", "insert task(plan_id, data, note_id)")
	wantRows(t, s, "SELECT concat(id, coalesce(data, '-'), coalesce(note_id, 0)) FROM task", "7-0")
	old := p.Sheet
	sent.take()
	p.Sheet = &sSheet{Text: "new"}
	wantWrites(t, sent, s.Flush(t.Context()), "delete sheet by id", "insert sheet(text)")
	if s.State(old) != ingot.Detached || p.Sheet.ID != p.ID {
		t.Errorf("sheets: %v, %+v", s.State(old), p.Sheet)
	}
	if got, err := ingot.Get[sSheet](t.Context(), s, p.ID); got != p.Sheet || err != nil {
		t.Errorf("Get = %v, %v", got, err)
	}
	must(t, s.Rollback(t.Context()))
	if p.Sheet != old || s.State(old) != ingot.Persistent || *p.Tasks[0].Data != "old" {
		t.Errorf("after rollback: %+v, %v", p, s.State(old))
	}

	// Merge writes what differs of the row that is there.
	sent.take()
	_, err := ingot.Merge(t.Context(), s, &sPlan{ID: p.ID, Sheet: &sSheet{ID: p.ID, Text: "merged"}})
	must(t, err)
	wantWrites(t, sent, s.Commit(t.Context()), "update sheet(text) by id")
	wantRows(t, db, "SELECT text FROM sheet", "merged")
}

// A reference that stays would have to lead to the new row: that cannot be told from a
// mistake, so it is one.
func (on Database) TestRSW002_AKeyThatIsReferredToIsNotTakenOver(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, sPlan{}, sTask{}, sSheet{}, sNote{})
	s := db.Session()
	defer s.Close()
	note := &sNote{}
	must(t, s.AddAll(note, &sPlan{Tasks: []*sTask{{Note: note}}}))
	must(t, s.Commit(t.Context()))
	s2 := db.Session()
	defer s2.Close()
	old, err := ingot.Get[sNote](t.Context(), s2, note.ID)
	must(t, err)
	must(t, s2.Delete(old))
	must(t, s2.Add(&sNote{ID: note.ID}))
	if err := s2.Commit(t.Context()); !errors.Is(err, ingot.ErrConstraint) {
		t.Errorf("Commit = %v", err)
	}
	must(t, s2.Rollback(t.Context()))
	wantRows(t, db, "SELECT note_id FROM task", fmt.Sprint(note.ID))
}

// A key that is a foreign key follows its parent's change in the database, and is no new
// row for that.
func (on Database) TestRSW002_AKeyThatFollowsItsParentIsNotReplaced(t *testing.T) {
	s, sent := on.session(t, tTenant{}, tLogin{}, tTicket{})
	tenant := &tTenant{Code: "old", Users: []*tLogin{{Number: 1, Nick: "n"}}}
	must(t, s.Add(tenant))
	must(t, s.Commit(t.Context()))
	login := tenant.Users[0]
	tenant.Code = "new"
	tenant.Users = []*tLogin{login, {Number: 2}}
	sent.take()
	wantWrites(t, sent, s.Commit(t.Context()), "update tenant(code) by code", "insert login(code, number, nick)")
	tenant.Users = []*tLogin{{Number: 1}, tenant.Users[1]}
	wantWrites(t, sent, s.Commit(t.Context()), "delete login by code, number", "insert login(code, number, nick)")
	wantRows(t, s, "SELECT concat(code, number, nick) FROM login ORDER BY number", "new1", "new2")
}

func (on Database) TestO2O001_TwoChildrenInOnePlaceAreNamed(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, s *ingot.Session, u *gUser)
	}{
		{"both by themselves", func(t *testing.T, s *ingot.Session, u *gUser) {
			must(t, s.AddAll(&gDesk{User: u}, &gDesk{User: u}))
		}},
		{"one by each side", func(t *testing.T, s *ingot.Session, u *gUser) {
			u.Desk = &gDesk{}
			must(t, s.Add(&gDesk{UserID: &u.ID}))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, sent := on.open(t, ingot.Options{}, gUser{}, gAddress{}, gDesk{})
			s := db.Session()
			defer s.Close()
			u := &gUser{}
			must(t, s.Add(u))
			must(t, s.Commit(t.Context()))
			tt.do(t, s, u)
			sent.take()
			wantErr(t, s.Commit(t.Context()), "gUser(1).Desk is given two: gDesk(new) and gDesk(new)")
			wantWrites(t, sent, nil)
		})
	}
}
