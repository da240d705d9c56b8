package suite

import (
	"errors"
	"fmt"
	"testing"

	"ingot"
)

// What triggers make of a row comes back to the instance: versions too.

type vDoc struct {
	_     struct{} `ingot:"table:doc"`
	ID    int64    `ingot:"pk"`
	Title string   `ingot:"size:40;unique"`
	Body  string   `ingot:"size:200;trigger"`
	Rev   int64    `ingot:"version;readonly;default:1"`
}

// docs opens a database whose triggers write bodies small and count versions.
func (on Database) docs(t testing.TB) (*ingot.DB, *recorder) {
	t.Helper()
	db, sent := on.open(t, ingot.Options{}, vDoc{})
	for _, text := range map[string][]ingot.TrustedSQL{
		"sqlite": {
			`CREATE TRIGGER doc_i AFTER INSERT ON doc BEGIN UPDATE doc SET body = lower(body) WHERE id = NEW.id; END`,
			`CREATE TRIGGER doc_u AFTER UPDATE OF title ON doc BEGIN UPDATE doc SET body = lower(body), rev = rev + 1 WHERE id = NEW.id; END`,
		},
		"postgres": {
			`CREATE FUNCTION doc_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				NEW.body = lower(NEW.body);
				IF TG_OP = 'UPDATE' THEN NEW.rev = OLD.rev + 1; END IF;
				RETURN NEW; END $$`,
			`CREATE TRIGGER doc_t BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION doc_f()`,
		},
		"mysql": {
			`CREATE TRIGGER doc_i BEFORE INSERT ON doc FOR EACH ROW SET NEW.body = lower(NEW.body)`,
			`CREATE TRIGGER doc_u BEFORE UPDATE ON doc FOR EACH ROW SET NEW.body = lower(NEW.body), NEW.rev = OLD.rev + 1`,
		},
	}[on.Dialect.Name()] {
		mustExec(t, db, text)
	}
	sent.take()
	return db, sent
}

func (on Database) TestVER008_AVersionMadeByTheDatabaseIsReadBackAndChecked(t *testing.T) {
	ctx := t.Context()
	db, sent := on.docs(t)
	s := db.Session()
	defer s.Close()
	a, b, c := &vDoc{Title: "a", Body: "ABC"}, &vDoc{Title: "b", Body: "DEF"}, &vDoc{Title: "c", Body: "GHI"}
	want := func(text string) {
		t.Helper()
		if got := fmt.Sprint(a.Body, a.Rev, b.Body, b.Rev, c.Body, c.Rev); got != text {
			t.Errorf("the instances have %s, want %s", got, text)
		}
	}
	must(t, s.AddAll(a, b, c))
	must(t, s.Commit(ctx))
	want("abc1def1ghi1")
	a.Title, a.Body = "A", "ABC!"
	must(t, s.Commit(ctx))
	want("abc!2def1ghi1")
	b.Title, c.Title = "B", "C"
	must(t, s.Commit(ctx))
	want("abc!2def2ghi2")
	a.Title, b.Title = b.Title, a.Title // one of them is written twice
	must(t, s.Commit(ctx))
	if a.Rev+b.Rev != 7 {
		t.Errorf("after the swap the versions are %d and %d", a.Rev, b.Rev)
	}
	wantRows(t, db, "SELECT concat(title, body, rev) FROM doc ORDER BY id",
		fmt.Sprint("Babc!", a.Rev), fmt.Sprint("Adef", b.Rev), "Cghi2")
	sent.take()
	must(t, s.Commit(ctx))
	wantWrites(t, sent, nil)

	// Rollback brings back what the database made, too.
	rev := c.Rev
	c.Title, c.Body = "c2", "XYZ"
	must(t, s.Flush(ctx))
	must(t, s.Rollback(ctx))
	if c.Rev != rev || c.Body != "ghi" || c.Title != "C" {
		t.Errorf("after rollback: %+v", c)
	}

	// Somebody else moves the version on.
	s2, other := again[vDoc](t, db, c.ID)
	other.Title = "other"
	must(t, s2.Commit(ctx))
	var stale *ingot.StaleError
	c.Title = "mine"
	if err := s.Commit(ctx); !errors.As(err, &stale) || stale.Key != fmt.Sprintf("vDoc(%d)", c.ID) {
		t.Errorf("update of a row that moved on: %v", err)
	}
	must(t, s.Rollback(ctx))
	must(t, s.Delete(c))
	if err := s.Commit(ctx); !errors.As(err, &stale) {
		t.Errorf("delete of a row that moved on: %v", err)
	}
	must(t, s.Rollback(ctx))
	must(t, s.Refresh(ctx, c))
	must(t, s.Delete(c))
	must(t, s.Commit(ctx))

	// A bulk write leaves the version to the trigger.
	d := new(vDoc)
	if n, err := ingot.Update(d).Set(ingot.C(&d.Title).Set("bulk")).Where(ingot.C(&d.ID).Eq(a.ID)).Exec(ctx, db); n != 1 || err != nil {
		t.Errorf("bulk update: %d, %v", n, err)
	}
	wantRows(t, db, "SELECT concat(title, rev) FROM doc WHERE id = 1", fmt.Sprint("bulk", a.Rev+1))
}

func (on Database) TestDEF004_WhatATriggerWritesComesBackInOneStatementWhereThatCanBe(t *testing.T) {
	db, sent := on.docs(t)
	s := db.Session()
	defer s.Close()
	d := &vDoc{Title: "a", Body: "ABC"}
	must(t, s.Add(d))
	must(t, s.Commit(t.Context()))
	early := db.Server().ReturningEarly
	want := 1
	if early || !db.Server().InsertReturning {
		want = 2 // with a SELECT
	}
	if got := sent.take("insert", "update", "select"); len(got) != want || d.Body != "abc" {
		t.Errorf("sent %q for %q, want %d statements", got, d.Body, want)
	}
	d.Title = "b"
	must(t, s.Commit(t.Context()))
	want = 1
	if early || !db.Server().UpdateReturning {
		want = 2
	}
	if got := sent.take("insert", "update", "select"); len(got) != want || d.Rev != 2 {
		t.Errorf("sent %q, version %d; want %d statements", got, d.Rev, want)
	}
}
