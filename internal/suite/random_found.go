package suite

import (
	"context"
	"errors"
	"testing"

	"ingot"
)

// What the random test has found, each as a program of its own.

func (on Database) TestAForeignKeyToAUniqueColumnThatIsSetReachesBothSides(t *testing.T) {
	s, _ := on.session(t, rAccount{}, rLetter{})
	a, b := &rAccount{Email: "a"}, &rAccount{Email: "b"}
	must(t, s.AddAll(a, b))
	must(t, s.Flush(t.Context()))
	l := &rLetter{AccountEmail: new("a")}
	must(t, s.Add(l))
	must(t, s.Flush(t.Context()))
	if l.Account != a || len(a.Letters) != 1 || a.Letters[0] != l {
		t.Errorf("the letter is to %p, and a %p has the letters %v", l.Account, a, a.Letters)
	}
	l.AccountEmail = new("b")
	must(t, s.Commit(t.Context()))
	if l.Account != b || len(a.Letters) != 0 || len(b.Letters) != 1 {
		t.Errorf("the letter is to %p; a has the letters %v, b %p has %v", l.Account, a.Letters, b, b.Letters)
	}
	_, err := ingot.Select(new(rLetter)).All(t.Context(), s) // reads again what an earlier unit of work had
	if must(t, err); l.Account != b {
		t.Errorf("after it was read again the letter is to %p, want %p", l.Account, b)
	}
}

// A land's code is part of its laws' keys, and those of their clauses' foreign keys.
func (on Database) TestChildrenFollowAKeyThatFollowsItsParent(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(from, to *rLand, law *rLaw, old *rClause) (code string)
	}{
		{"a new child of a row whose key the database changes", func(from, _ *rLand, law *rLaw, _ *rClause) string {
			from.Code = "c"
			law.Clauses = append(law.Clauses, &rClause{Label: "new"})
			return "c"
		}},
		{"a child of a row whose key goes with a new parent", func(_, to *rLand, law *rLaw, _ *rClause) string {
			to.Laws = append(to.Laws, law)
			return "b"
		}},
		{"a new child of such a row", func(_, to *rLand, law *rLaw, _ *rClause) string {
			law.Land = to
			law.Clauses = append(law.Clauses, &rClause{Label: "new"})
			return "b"
		}},
		{"a child of a row that goes to a new parent", func(_, _ *rLand, law *rLaw, _ *rClause) string {
			law.Land = &rLand{Code: "d"}
			law.Clauses = append(law.Clauses, &rClause{Label: "new"})
			return "d"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := on.session(t, rLand{}, rCity{}, rLaw{}, rClause{})
			clause := &rClause{Label: "old"}
			law := &rLaw{No: 1, Clauses: []*rClause{clause}}
			from, to := &rLand{Code: "a", Laws: []*rLaw{law}}, &rLand{Code: "b"}
			must(t, s.AddAll(from, to))
			must(t, s.Commit(t.Context()))
			want := tt.edit(from, to, law, clause)
			must(t, s.Commit(t.Context()))
			wantRows(t, s, "SELECT DISTINCT law_land FROM clause", want)
			for _, c := range law.Clauses {
				if c.LawLand != want || law.LandCode != want || c.Law != law {
					t.Errorf("clause %q is of law %q, which has land %q, want %q", c.Label, c.LawLand, law.LandCode, want)
				}
			}
			clause.Label = "edited"
			must(t, s.Commit(t.Context()))
		})
	}
}

func (on Database) TestASavepointThatCannotBeEndedSaysWhy(t *testing.T) {
	st, _ := on.stage(t)
	s := st.db.Session()
	defer s.Close()
	must(t, s.Add(&rTeam{Label: "t"}))
	err := s.Savepoint(t.Context(), func() error {
		must(t, s.Add(&rTeam{Label: "u"}))
		st.faults.arm(2, faultAfter, nil) // RELEASE runs, so that there is nothing to go back to
		return nil
	})
	again := s.Flush(t.Context())
	if !errors.Is(err, errInjected) || !errors.Is(again, ingot.ErrRolledBack) || !errors.Is(again, errInjected) {
		t.Errorf("the savepoint: %v; then %v; want both to name the fault", err, again)
	}
	must(t, s.Rollback(t.Context()))
	must(t, s.Commit(t.Context()))
	wantRows(t, st.db, "SELECT label FROM team")
}

func (on Database) TestASavepointIsUndoneUnderAContextThatHasEnded(t *testing.T) {
	s, _ := on.session(t, rTeam{}, rMember{}, rItem{}, rBadge{}, rTag{})
	must(t, s.Add(&rTeam{Label: "t"}))
	ctx, cancel := context.WithCancel(t.Context())
	stop := errors.New("stop")
	err := s.Savepoint(ctx, func() error {
		cancel()
		return stop
	})
	if err != stop {
		t.Errorf("error %v, want that of the function", err)
	}
	must(t, s.Add(&rTeam{Label: "u"}))
	must(t, s.Commit(t.Context()))
	wantRows(t, s, "SELECT label FROM team ORDER BY id", "t", "u")
}

func (on Database) TestWhatAnEditedForeignKeyHasReadIsForgottenWithTheEdit(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, rStop{})
	first := &rStop{Label: "first"}
	setUp := db.Session()
	must(t, setUp.AddAll(first, &rStop{Label: "second", Prev: first}))
	must(t, setUp.Commit(t.Context()))
	must(t, setUp.Close())
	s := db.Session(ingot.Autoflush(false))
	defer s.Close()
	x := new(rStop)
	second, err := ingot.Select(x).Where(ingot.C(&x.Label).Eq("second")).One(t.Context(), s)
	must(t, err)
	second.PrevID = nil
	must(t, s.Load(t.Context(), second, &second.Prev)) // by the foreign key as it stands: nothing
	must(t, s.Rollback(t.Context()))
	if second.PrevID == nil || s.Loaded(second, &second.Prev) != ingot.NotLoaded {
		t.Errorf("after the rollback the key is %v and the reference %v, %v", second.PrevID, second.Prev, s.Loaded(second, &second.Prev))
	}
	must(t, s.Load(t.Context(), second, &second.Prev))
	if second.Prev == nil || second.Prev.Label != "first" {
		t.Errorf("the reference is %v", second.Prev)
	}
}
