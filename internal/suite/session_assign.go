package suite

import (
	"testing"

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
		}, "Set: aPost(new) has no row yet: flush first"},
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
