package suite

import (
	"errors"
	"fmt"
	"testing"

	"ingot"
)

// What is not loaded is not written: deferred columns, and those a query left out.

type letter struct {
	ID      int64 `ingot:"pk"`
	Subject string
	Body    string  `ingot:"deferred"`
	Seal    *string `ingot:"deferred"`
	Pages   int     `ingot:"deferred"`
	Version int     `ingot:"version"`
}

func (on Database) TestADeferredColumnIsNotWrittenWhileItIsUnloaded(t *testing.T) {
	const stored = "body/seal/3"
	for _, tt := range []struct {
		name  string
		edit  func(s *ingot.Session, x *letter) error
		wrote []string
		row   string // subject/body/seal/pages
	}{
		{"nothing", func(*ingot.Session, *letter) error { return nil }, nil, "subject/" + stored},
		{"another column", func(_ *ingot.Session, x *letter) error { x.Subject = "new"; return nil },
			[]string{"update letter(subject, version) by id, version"}, "new/" + stored},
		{"another column, twice", func(s *ingot.Session, x *letter) error {
			x.Subject = "once"
			err := s.Flush(t.Context())
			x.Subject = "twice"
			return err
		}, []string{"update letter(subject, version) by id, version", "update letter(subject, version) by id, version"}, "twice/" + stored},
		{"another column, after a rollback", func(s *ingot.Session, x *letter) error {
			x.Subject, x.Body = "lost", "lost"
			err := errors.Join(s.Flush(t.Context()), s.Rollback(t.Context()))
			x.Subject = "new"
			return err
		}, []string{"update letter(subject, body, version) by id, version", "update letter(subject, version) by id, version"}, "new/" + stored},
		{"another column, by Merge of it", func(s *ingot.Session, x *letter) error {
			y := &letter{ID: x.ID, Subject: "new"}
			return ignore(ingot.Merge(t.Context(), s, y, &y.Subject))
		}, []string{"update letter(subject, version) by id, version"}, "new/" + stored},
		{"the column itself", func(_ *ingot.Session, x *letter) error { x.Body = "new"; return nil },
			[]string{"update letter(body, version) by id, version"}, "subject/new/seal/3"},
		{"the column itself, by Set to its zero value", func(s *ingot.Session, x *letter) error {
			return s.Set(x, ingot.C(&x.Body).Set(""), ingot.C(&x.Seal).SetNull(), ingot.C(&x.Pages).Set(0))
		}, []string{"update letter(body, seal, pages, version) by id, version"}, "subject//none/0"},
		{"the column, loaded first", func(s *ingot.Session, x *letter) error {
			err := s.Refresh(t.Context(), x)
			if got := fmt.Sprint(x.Body, *x.Seal, x.Pages); got != "bodyseal3" {
				t.Errorf("Refresh read %s", got)
			}
			x.Body, x.Seal, x.Pages = "", nil, 0
			return err
		}, []string{"update letter(body, seal, pages, version) by id, version"}, "subject//none/0"},
		{"the column, undeferred in the same unit of work", func(s *ingot.Session, x *letter) error {
			q := new(letter)
			x.Subject = "new"
			err := ignore(ingot.Select(q).Undefer(&q.Body, &q.Seal).All(t.Context(), s))
			if x.Body != "body" || x.Seal == nil || x.Pages != 0 {
				t.Errorf("the query read %+v", x)
			}
			x.Body, x.Seal = "", nil
			return err
		}, []string{"update letter(subject, version) by id, version", "update letter(body, seal, version) by id, version"}, "new//none/3"},
		{"the row, deleted and added again", func(s *ingot.Session, x *letter) error {
			err := errors.Join(s.Delete(x), s.Add(x))
			x.Subject = "new"
			return err
		}, []string{"update letter(subject, version) by id, version"}, "new/" + stored},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, sent := on.open(t, ingot.Options{}, letter{})
			insert(t, db, &letter{Subject: "subject", Body: "body", Seal: new("seal"), Pages: 3, Version: 1})
			s, x := again[letter](t, db, 1)
			if x.Body != "" || x.Seal != nil || x.Pages != 0 {
				t.Fatalf("Get read deferred columns: %+v", x)
			}
			sent.take()
			must(t, tt.edit(s, x))
			wantWrites(t, sent, s.Commit(t.Context()), tt.wrote...)
			wantRows(t, db, "SELECT concat(subject, '/', body, '/', coalesce(seal, 'none'), '/', pages) FROM letter", tt.row)
		})
	}
}

// A row that takes the place of another has its own values, whatever was known of the other.
func (on Database) TestARowThatReplacesAnotherHasNothingOfItsUnloadedColumns(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, letter{})
	insert(t, db, &letter{Subject: "subject", Body: "body", Seal: new("seal"), Pages: 3, Version: 1})
	s, x := again[letter](t, db, 1)
	must(t, s.Delete(x))
	must(t, s.Add(&letter{ID: 1, Subject: "replaced"}))
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT concat(subject, '/', body, '/', coalesce(seal, 'none'), '/', pages) FROM letter", "replaced//none/0")
}

func (on Database) TestAColumnThatAQueryLeftOutIsNotWritten(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, letter{})
	insert(t, db, &letter{Subject: "subject", Body: "body", Pages: 3, Version: 1}, &letter{Subject: "second", Body: "body", Pages: 3, Version: 1})
	s := db.Session()
	defer s.Close()
	q := new(letter)
	sent.take()
	all, err := ingot.Select(q).Only(&q.Pages, &q.Version).OrderBy(ingot.C(&q.ID).Asc()).All(t.Context(), s)
	must(t, err)
	for _, x := range all {
		if x.Subject != "" || x.Pages != 3 {
			t.Errorf("Only read %+v", x)
		}
		x.Pages++
	}
	x, err := ingot.Get[letter](t.Context(), s, all[0].ID) // reads what a Get has to know
	if err != nil || x != all[0] || x.Subject != "subject" || x.Body != "" || x.Pages != 4 {
		t.Errorf("Get = %+v, %v", x, err)
	}
	wantWrites(t, sent, s.Commit(t.Context()), "update letter(pages, version) by id, version × 2")
	wantRows(t, db, "SELECT concat(subject, body, pages) FROM letter ORDER BY id", "subjectbody4", "secondbody4")
}
