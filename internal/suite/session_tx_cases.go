package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"ingot"
)

// Cases of transactions: when one begins and ends, and what a session may do around that.

func (on Database) TestTX005_AReleasedSavepointIsKeptAndReadWithoutAStatement(t *testing.T) {
	a := &cAddress{Email: "a"}
	u := &cUser{Name: "u", Addresses: []*cAddress{a}}
	s, sent, db := on.cases(t, u)
	ctx := t.Context()
	must(t, s.Refresh(ctx, u)) // read in this unit of work, so that it is trusted
	sent.take()
	b := &cAddress{Email: "b"}
	must(t, s.Savepoint(ctx, func() error {
		u.Name = "renamed"
		u.Addresses = append(u.Addresses, b)
		return nil
	}))
	if got := fmt.Sprint(sent.ops()); got != "[begin savepoint update insert savepoint]" {
		t.Errorf("sent %s", got)
	}
	got, err := ingot.Get[cUser](ctx, s, u.ID)
	must(t, err)
	must(t, s.Load(ctx, u, &u.Addresses))
	if got != u || u.Name != "renamed" || !slices.Equal(u.Addresses, []*cAddress{a, b}) || b.User != u || b.ID == 0 {
		t.Errorf("after the release: %+v, %+v", u, b)
	}
	if ops := sent.ops(); len(ops) > 0 {
		t.Errorf("reading what is known sent %v", ops)
	}
	q := new(cAddress)
	all, err := ingot.Select(q).OrderBy(ingot.C(&q.ID).Asc()).All(ctx, s)
	if err != nil || !slices.Equal(all, []*cAddress{a, b}) {
		t.Errorf("All = %v, %v", all, err)
	}
	must(t, s.Commit(ctx))
	if got := fmt.Sprint(sent.ops()); got != "[select commit]" {
		t.Errorf("sent %s", got)
	}
	wantRows(t, db, "SELECT concat(name, email) FROM users JOIN addresses ON user_id = users.id ORDER BY addresses.id", "renameda", "renamedb")
}

// The card's session can be asked whether it is in a transaction; here nothing is decided
// by that. Its Commit, too, acts on the outermost transaction: here it would end a savepoint
// whose function is still running, and is refused.
func (on Database) TestTX008_RollbackIsGlobalAndCommitWaitsForSavepoints(t *testing.T) {
	u := &cUser{Name: "u"}
	s, sent, db := on.cases(t, u)
	ctx := t.Context()
	nested := func(fn func() error) (inner, outer error) {
		u.Name = "before"
		outer = s.Savepoint(ctx, func() error {
			u.Name = "outer"
			inner = s.Savepoint(ctx, func() error { u.Name = "inner"; return fn() })
			return inner
		})
		return inner, outer
	}

	added := &cUser{Name: "added"}
	inner, outer := nested(func() error {
		must(t, s.Add(added))
		must(t, s.Flush(ctx))
		return s.Rollback(ctx)
	})
	wantErr(t, inner, "the transaction ended inside Savepoint")
	wantErr(t, outer, "the transaction ended inside Savepoint")
	if u.Name != "u" || s.State(added) != ingot.Transient || added.ID != 0 || len(s.Dirty()) > 0 {
		t.Errorf("after Rollback: %+v, %+v is %v", u, added, s.State(added))
	}
	if got := fmt.Sprint(sent.ops()); got != "[begin update savepoint update savepoint update insert rollback]" {
		t.Errorf("sent %s", got)
	}
	must(t, s.Commit(ctx)) // nothing is left, and nothing refused
	wantRows(t, db, "SELECT name FROM users", "u")
	sent.take()

	inner, outer = nested(func() error {
		wantErr(t, s.Commit(ctx), "Commit inside Savepoint")
		return nil
	})
	must(t, errors.Join(inner, outer))
	if got := fmt.Sprint(sent.ops()); got != "[begin update savepoint update savepoint update savepoint savepoint]" {
		t.Errorf("sent %s", got)
	}
	must(t, s.Commit(ctx))
	wantRows(t, db, "SELECT name FROM users", "inner")

	// What the handle of a savepoint does is what its function's error does: local.
	stop := errors.New("stop")
	u.Name = "kept"
	if err := s.Savepoint(ctx, func() error { u.Name = "undone"; return stop }); err != stop || u.Name != "kept" {
		t.Errorf("Savepoint = %v, %+v", err, u)
	}
	must(t, s.Commit(ctx))
	wantRows(t, db, "SELECT name FROM users", "kept")
}

// The card begins by Add, assignment and reading as well. Here the first statement that
// needs a transaction begins it, and there is no begin to call twice or to forget.
func (on Database) TestTX009_ATransactionBeginsWhereAStatementNeedsOne(t *testing.T) {
	u := &cUser{Name: "u"}
	_, sent, db := on.cases(t, u)
	ctx := t.Context()
	s := db.Session(ingot.Autoflush(false))
	defer s.Close()
	for _, step := range []struct {
		name string
		do   func() error
		want string
	}{
		{"a flush of nothing", func() error { return s.Flush(ctx) }, "[]"},
		{"a commit of nothing", func() error { return s.Commit(ctx) }, "[]"},
		{"a rollback of nothing", func() error { return s.Rollback(ctx) }, "[]"},
		{"a read", func() (err error) { u, err = ingot.Get[cUser](ctx, s, u.ID); return err }, "[select]"},
		{"an edit, a new instance, a deletion", func() error {
			u.Name = "edited"
			gone := &cNode{}
			return errors.Join(s.Add(&cNode{}), s.Add(gone), s.Delete(gone))
		}, "[]"},
		{"the first write", func() error { return s.Flush(ctx) }, "[begin update insert]"},
		{"a later write", func() error { u.Name = "again"; return s.Flush(ctx) }, "[update]"},
		{"the end", func() error { return s.Commit(ctx) }, "[commit]"},
		{"the end of the next, that is empty", func() error { return s.Commit(ctx) }, "[]"},
		{"a unit of one statement", func() error { u.Name = "third"; return s.Commit(ctx) }, "[update]"},
		{"one that is asked for", func() error { return ignore(s.Tx(ctx)) }, "[begin]"},
		{"and again", func() error { return ignore(s.Tx(ctx)) }, "[]"},
		{"a rollback", func() error { return s.Rollback(ctx) }, "[rollback]"},
	} {
		must(t, step.do())
		if got := fmt.Sprint(sent.ops()); got != step.want {
			t.Errorf("%s sent %s, want %s", step.name, got, step.want)
		}
	}
	wantRows(t, db, "SELECT name FROM users", "third")
}

// There is no hook after a rollback. That of a commit runs in the next unit of work, and may
// do what any unit does; the card refuses its statements.
func (on Database) TestTX011_CommitWritesWhatHooksAdd(t *testing.T) {
	const none = -1
	add := none // how many instances the hooks are still to add
	var seen []string
	db, sent := on.open(t, ingot.Options{Hooks: ingot.Hooks{
		AfterFlush: func(_ context.Context, s *ingot.Session) error {
			if add == 0 {
				return nil
			}
			add--
			return s.Add(&cNode{Data: fmt.Sprint("hook ", add)})
		},
		AfterCommit: func(ctx context.Context, s *ingot.Session) {
			all, err := ingot.Select(new(cNode)).All(ctx, s)
			must(t, err)
			seen = append(seen, fmt.Sprint(len(all), len(s.New()), len(s.Dirty())))
		},
	}}, cNode{})
	s := db.Session()
	defer s.Close()
	ctx := t.Context()

	add = 3
	must(t, s.Add(&cNode{Data: "first"}))
	must(t, s.Commit(ctx))
	if got := fmt.Sprint(sent.ops()); got != "[begin insert insert insert insert commit select]" {
		t.Errorf("sent %s", got)
	}
	wantRows(t, db, "SELECT data FROM nodes ORDER BY id", "first", "hook 2", "hook 1", "hook 0")

	// Without work no hook is called after a flush, and nothing is sent by either end.
	add = 3
	sent.take()
	must(t, s.Commit(ctx))
	must(t, s.Rollback(ctx))
	if got := fmt.Sprint(sent.ops(), add); got != "[select] 3" { // the hook's own
		t.Errorf("sent %s", got)
	}
	if got := fmt.Sprint(seen); got != "[4 0 0 4 0 0]" {
		t.Errorf("the hooks after the commits saw %s", got)
	}

	// One that never stops is stopped, and nothing stays.
	add = 1000
	x := &cNode{Data: "lost"}
	must(t, s.Add(x))
	wantErr(t, s.Commit(ctx), "hooks left something to write after each of 100 flushes")
	if got := sent.take("insert"); len(got) != 100 {
		t.Errorf("sent %d INSERTs, want 100", len(got))
	}
	must(t, s.Rollback(ctx))
	if x.ID != 0 || s.State(x) != ingot.Transient || len(s.New()) > 0 {
		t.Errorf("after Rollback: %+v is %v, new are %v", x, s.State(x), s.New())
	}
	wantRows(t, db, "SELECT count(*) FROM nodes", "4")
}

// The card expires at every commit, or not at all. Here instances stay as they are, and the
// next Get or query that meets a row reads it anew: all of them by one statement.
func (on Database) TestTX012_ACommitIsFollowedByReadingAnew(t *testing.T) {
	var xs []any
	for range 20 {
		xs = append(xs, &cUser{Name: "u"})
	}
	s, sent, db := on.cases(t, xs...)
	ctx := t.Context()
	check := func(when, want string, statements int) {
		t.Helper()
		for _, x := range xs {
			if u := x.(*cUser); u.Name != want {
				t.Fatalf("%s: %+v, want name %q", when, u, want)
			}
		}
		if got := sent.take(); len(got) != statements {
			t.Errorf("%s: sent %d statements, want %d: %q", when, len(got), statements, got)
		}
	}
	elsewhere := func(name string) {
		t.Helper()
		other := db.Session()
		defer other.Close()
		u := new(cUser)
		must(t, ignore(ingot.Update(u).Set(ingot.C(&u.Name).Set(name)).Everywhere().Exec(ctx, other)))
		must(t, other.Commit(ctx))
		sent.take()
	}
	query := func() error { return ignore(ingot.Select(new(cUser)).All(ctx, s)) }

	elsewhere("second")
	check("nothing is read behind one's back", "u", 0)
	must(t, query())
	check("a query after the commit", "second", 1)
	for _, x := range xs {
		got, err := ingot.Get[cUser](ctx, s, x.(*cUser).ID)
		if got != x || err != nil {
			t.Errorf("Get = %+v, %v", got, err)
		}
	}
	check("Get in the same unit of work", "second", 0)
	elsewhere("third")
	must(t, query())
	check("a query in the same unit of work", "second", 1)
	must(t, s.Refresh(ctx, xs...))
	check("Refresh, also of the two collections that are loaded", "third", 3)
	elsewhere("fourth")
	must(t, s.Rollback(ctx))
	check("a rollback", "third", 0)
	must(t, query())
	check("a query after the rollback", "fourth", 1)
	elsewhere("fifth")
	must(t, s.Expire())
	check("Expire", "fourth", 0)
	for _, x := range xs {
		must(t, ignore(ingot.Get[cUser](ctx, s, x.(*cUser).ID)))
	}
	check("Get one by one", "fifth", 20)
	must(t, s.Commit(ctx))
	check("a commit of nothing", "fifth", 0)
}
