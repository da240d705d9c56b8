package suite

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ingot"
)

// Columns that get the value of an expression at the flush.

type (
	aPost struct {
		_        struct{} `ingot:"table:post"`
		ID       int64    `ingot:"pk"`
		Title    string
		Votes    int64
		Rev      int64    `ingot:"version"`
		AuthorID *int64   `ingot:"fk:author.id"`
		Author   *aAuthor `ingot:"inverse:Posts"`
		Score    *float64
		Upper    string `ingot:"readonly;default:'none'"`
	}
	aAuthor struct {
		_     struct{} `ingot:"table:author"`
		ID    int64    `ingot:"pk"`
		Posts []*aPost `ingot:"inverse:Author"`
	}
)

func oneMore(p *aPost) ingot.Assignment {
	return ingot.C(&p.Votes).SetX(ingot.Add(ingot.C(&p.Votes), ingot.Value(int64(1))))
}

func (on Database) posts(t testing.TB, posts ...any) (*ingot.Session, *recorder, *ingot.DB) {
	t.Helper()
	db, sent := on.open(t, ingot.Options{}, aPost{}, aAuthor{})
	s := db.Session()
	t.Cleanup(func() { s.Close() })
	must(t, s.AddAll(posts...))
	must(t, s.Commit(t.Context()))
	sent.take()
	return s, sent, db
}

func (on Database) TestBAT008_AnExpressionIsWrittenByTheFlushAndReadBack(t *testing.T) {
	p, q := &aPost{Title: "p", Votes: 1}, &aPost{Title: "q", Votes: 5}
	s, sent, db := on.posts(t, p, q)
	mustExec(t, db, "UPDATE post SET votes = 10 WHERE id = 1") // somebody else votes
	must(t, s.Set(p, oneMore(p)))
	must(t, s.Set(q, oneMore(q), ingot.N(&q.Score).SetX(ingot.Raw[float64]("? / 2.0", ingot.C(&q.Votes)))))
	if p.Votes != 1 || len(s.Dirty()) != 2 {
		t.Errorf("before the flush: %d votes, dirty are %v", p.Votes, s.Dirty())
	}
	q.Title = "Q"
	set := "title, votes, rev, score"
	if db.Server().SetInOrder { // what is read before what is set
		set = "title, rev, score, votes"
	}
	wantWrites(t, sent, s.Commit(t.Context()),
		"update post(votes, rev) by id, rev",
		"update post("+set+") by id, rev")
	if p.Votes != 11 || q.Votes != 6 || q.Score == nil || *q.Score != 2.5 || p.Rev != 2 || q.Rev != 2 {
		t.Errorf("after: %+v, %+v", p, q)
	}
	wantRows(t, db, "SELECT concat(title, votes) FROM post ORDER BY id", "p11", "Q6")
	wantWrites(t, sent, s.Commit(t.Context()))

	// The new values are the snapshot: edits and further expressions go on from there.
	p.Votes++
	must(t, s.Flush(t.Context()))
	must(t, s.Set(p, oneMore(p)))
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT votes FROM post WHERE id = 1", "13")
	if p.Votes != 13 {
		t.Errorf("the instance has %d votes", p.Votes)
	}
}

// Expressions see the row as it was, whatever else is set, where the server can do that.
func (on Database) TestExpressionsSeeTheOldValues(t *testing.T) {
	p := &aPost{Title: "p", Votes: 1, Score: new(8.0)}
	s, _, db := on.posts(t, p)
	must(t, s.Set(p, ingot.C(&p.Votes).SetX(ingot.Raw[int64]("? * 10", ingot.N(&p.Score))), ingot.N(&p.Score).SetX(ingot.Raw[float64]("? * 2", ingot.C(&p.Votes)))))
	err := s.Commit(t.Context())
	if db.Server().SetInOrder {
		wantErr(t, err, "aPost(1): Votes and Score are Set to expressions of each other")
		return
	}
	must(t, err)
	if p.Votes != 80 || *p.Score != 2 {
		t.Errorf("%d votes, score %v", p.Votes, *p.Score)
	}
}

func (on Database) TestAnExpressionIsSeenByQueriesAndUndoneByRollback(t *testing.T) {
	p := &aPost{Title: "p", Votes: 1}
	s, sent, db := on.posts(t, p)
	must(t, s.Set(p, oneMore(p)))
	v := new(aPost)
	n, err := ingot.Select(v).Where(ingot.C(&v.Votes).Eq(2)).Count(t.Context(), s)
	if n != 1 || err != nil || p.Votes != 2 {
		t.Errorf("the query finds %d, %v; the instance has %d votes", n, err, p.Votes)
	}
	must(t, s.Rollback(t.Context()))
	if p.Votes != 1 || p.Rev != 1 {
		t.Errorf("after rollback: %+v", p)
	}
	sent.take()
	for _, undo := range []func() error{
		func() error { return s.Rollback(t.Context()) },
		func() error { return s.Expire(p) },
		func() error { return s.Refresh(t.Context(), p) },
	} {
		must(t, s.Set(p, oneMore(p)))
		must(t, undo())
		wantWrites(t, sent, s.Commit(t.Context()))
	}
	must(t, s.Savepoint(t.Context(), func() error { return s.Set(p, oneMore(p)) }))
	wantErr(t, s.Savepoint(t.Context(), func() error {
		must(t, s.Set(p, oneMore(p)))
		must(t, s.Flush(t.Context()))
		must(t, s.Set(p, oneMore(p)))
		return ingot.ErrNotFound
	}), "no row found")
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT votes FROM post", "2")
	if p.Votes != 2 {
		t.Errorf("the instance has %d votes", p.Votes)
	}
}

func (on Database) TestAnExpressionOfADeletedRowIsNotSent(t *testing.T) {
	p := &aPost{Title: "p"}
	s, sent, _ := on.posts(t, p)
	must(t, s.Set(p, oneMore(p)))
	must(t, s.Delete(p))
	wantWrites(t, sent, s.Commit(t.Context()), "delete post by id, rev")
}

func (on Database) TestSetNamesWhatItCannotDo(t *testing.T) {
	p := &aPost{Title: "p", Votes: 1}
	s, sent, _ := on.posts(t, p)
	other := new(aPost)
	for _, tt := range []struct {
		name string
		do   func() error
		want string
	}{
		{"a new instance", func() error {
			n := &aPost{}
			must(t, s.Add(n))
			return s.Set(n, oneMore(n))
		}, "Set: aPost(new): the expression reads post.votes of a row that is not there yet"},
		{"a new instance in a subquery", func() error {
			n, q := &aPost{}, new(aPost)
			must(t, s.Add(n))
			return s.Set(n, ingot.C(&n.Votes).SetX(ingot.Scalar(ingot.Scalars(ingot.Select(q), ingot.C(&n.Votes)))))
		}, "Set: aPost(new): the expression reads post.votes of a row that is not there yet"},
		{"a value beside an expression", func() error {
			n := &aPost{Votes: 3}
			must(t, s.Add(n))
			must(t, s.Set(n, ingot.C(&n.Votes).SetX(ingot.Raw[int64]("1 + 1"))))
			return s.Flush(t.Context())
		}, "aPost(new).Votes was edited and is Set to an expression"},
		{"a stranger", func() error { return s.Set(other, oneMore(other)) }, "Set: aPost(0) is not in this session"},
		{"nothing", func() error { return s.Set(p) }, "Set: nothing: give it assignments"},
		{"a field of another", func() error { return s.Set(p, oneMore(other)) }, "aPost"},
		{"the key", func() error { return s.Set(p, ingot.C(&p.ID).Set(7)) }, "aPost(1).ID is of the key"},
		{"a foreign key", func() error { return s.Set(p, ingot.N(&p.AuthorID).SetNull()) }, "aPost(1).AuthorID is a foreign key"},
		{"the version", func() error { return s.Set(p, ingot.C(&p.Rev).Set(7)) }, "aPost(1).Rev is the version"},
		{"what is read-only", func() error { return s.Set(p, ingot.C(&p.Upper).Set("x")) }, "aPost(1).Upper is read-only"},
		{"the same twice", func() error { must(t, s.Set(p, oneMore(p))); return s.Set(p, oneMore(p)) }, "aPost(1).Votes is Set twice"},
		{"nil", func() error { return s.Set(nil) }, "Set: got nil"},
		{"an edited field", func() error {
			must(t, s.Set(p, oneMore(p)))
			p.Votes = 9
			return s.Flush(t.Context())
		}, "aPost(1).Votes was edited and is Set to an expression"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantErr(t, tt.do(), tt.want)
			wantErr(t, s.Commit(t.Context()), tt.want)
			must(t, s.Rollback(t.Context()))
			wantWrites(t, sent, nil)
		})
	}
}

// aEvent has columns that the database may fill in, and one of each way to do it.
type aEvent struct {
	_     struct{} `ingot:"table:event"`
	ID    int64    `ingot:"pk"`
	Title string
	Seq   int64
	At    *time.Time
	Made  time.Time `ingot:"created"`
	State string    `ingot:"omitzero;default:'draft';size:20"`
}

func (on Database) TestDEF002_AnExpressionIsInsertedAndReadBack(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, aEvent{}, aPost{}, aAuthor{})
	mustExec(t, db, "INSERT INTO post (title, votes, rev) VALUES ('p', 41, 1)")
	s := db.Session()
	defer s.Close()
	e, v := &aEvent{Title: "e"}, new(aPost)
	must(t, s.Add(e))
	must(t, s.Set(e,
		ingot.C(&e.Seq).SetX(ingot.Add(ingot.Coalesce(ingot.Scalar(ingot.Scalars(ingot.Select(v), ingot.Max(ingot.C(&v.Votes)))), ingot.Value(int64(0))), ingot.Value(int64(1)))),
		ingot.N(&e.At).SetX(ingot.Now[time.Time]()),
		ingot.C(&e.Made).SetX(ingot.Now[time.Time]()),
		ingot.C(&e.State).SetX(ingot.Lower(ingot.Value("OPEN")))))
	if e.Seq != 0 || e.At != nil {
		t.Errorf("before the flush: %+v", e)
	}
	sent.take()
	must(t, s.Commit(t.Context()))
	want := []string{"insert", "select"}
	if db.Server().InsertReturning {
		want = want[:1]
	}
	got := slices.DeleteFunc(sent.ops(), func(op string) bool { return op == "begin" || op == "commit" })
	if !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if e.Seq != 42 || e.At == nil || e.At.Before(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) || e.Made.IsZero() || e.State != "open" {
		t.Errorf("after: %+v", e)
	}
	wantRows(t, db, "SELECT concat(title, seq, state) FROM event", "e42open")

	// It is the snapshot: nothing is left to write, and edits go on from there.
	wantWrites(t, sent, s.Commit(t.Context()))
	e.Seq++
	wantWrites(t, sent, s.Commit(t.Context()), "update event(seq) by id")
	fresh, again := again[aEvent](t, db, e.ID)
	if !again.At.Equal(*e.At) || !again.Made.Equal(e.Made) {
		t.Errorf("the session has %+v, the database %+v", e, again)
	}
	must(t, fresh.Close())
}

func (on Database) TestDEF002_RowsThatSetTheSameColumnsShareAnInsert(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, aEvent{})
	s := db.Session()
	defer s.Close()
	var es []*aEvent
	for i := range 6 {
		e := &aEvent{Title: fmt.Sprint("e", i)}
		es = append(es, e)
		must(t, s.Add(e))
		switch i {
		case 0, 1, 2: // expressions with as many parameters as each of them has
			must(t, s.Set(e, ingot.C(&e.Seq).SetX(ingot.Add(ingot.Value(int64(i)), ingot.Value(int64(100))))))
		case 3:
			must(t, s.Set(e, ingot.C(&e.Seq).SetX(ingot.Raw[int64]("7 * 7")), ingot.C(&e.State).Set("open")))
		}
	}
	wantWrites(t, sent, s.Commit(t.Context()),
		"insert event(title, seq, at, made) × 3",
		"insert event(title, seq, at, made, state)",
		"insert event(title, seq, at, made) × 2")
	var got []string
	for _, e := range es {
		got = append(got, fmt.Sprint(e.Title, e.Seq, e.State))
	}
	want := []string{"e0100draft", "e1101draft", "e2102draft", "e349open", "e40draft", "e50draft"}
	if !slices.Equal(got, want) {
		t.Errorf("the instances have %q, want %q", got, want)
	}
	wantRows(t, db, "SELECT concat(title, seq, state) FROM event ORDER BY id", want...)
}

func (on Database) TestAnExpressionOfANewRowGoesWithIt(t *testing.T) {
	s, sent := on.session(t, aEvent{})
	e := &aEvent{Title: "e"}
	add := func() {
		must(t, s.Add(e))
		must(t, s.Set(e, ingot.C(&e.Seq).SetX(ingot.Raw[int64]("40 + 2"))))
	}
	for _, undo := range []func() error{
		func() error { return s.Delete(e) },
		func() error { return s.Expunge(e) },
		func() error { return s.Rollback(t.Context()) },
	} {
		add()
		must(t, undo())
		wantWrites(t, sent, s.Commit(t.Context()))
		must(t, s.Add(e))
		must(t, s.Flush(t.Context()))
		if sent.take(); e.Seq != 0 {
			t.Errorf("the expression outlived its row: %+v", e)
		}
		must(t, s.Rollback(t.Context()))
	}
	add()
	must(t, s.Flush(t.Context()))
	if e.Seq != 42 {
		t.Errorf("after the flush: %+v", e)
	}
	must(t, s.Rollback(t.Context()))
	if e.Seq != 0 || e.ID != 0 || e.State != "" {
		t.Errorf("after rollback: %+v", e)
	}
}
