package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ingot"
)

// Composite and natural keys, values from clock and database, order in collections.
type (
	tTenant struct {
		_     struct{}  `ingot:"table:tenant"`
		Code  string    `ingot:"pk"`
		Users []*tLogin `ingot:"inverse:Tenant;cascade:all,delete-orphan"`
	}
	tLogin struct {
		_       struct{} `ingot:"table:login"`
		Code    string   `ingot:"pk;fk:tenant.code;onupdate:cascade"`
		Number  int      `ingot:"pk"`
		Nick    string
		Tenant  *tTenant   `ingot:"inverse:Users"`
		Tickets []*tTicket `ingot:"inverse:Login;cascade:all,delete-orphan"`
	}
	tTicket struct {
		_      struct{} `ingot:"table:ticket;fk:login_code,login_number->login.code,number;onupdate:cascade"`
		ID     int64    `ingot:"pk"`
		Code   string   `ingot:"column:login_code"`
		Number int      `ingot:"column:login_number"`
		Text   string
		Login  *tLogin `ingot:"inverse:Tickets"`
	}
	tDoc struct {
		_       struct{} `ingot:"table:doc"`
		ID      int64    `ingot:"pk"`
		Title   string
		State   string    `ingot:"omitzero;default:'draft'"`
		Shout   string    `ingot:"generated:upper(title)"`
		Made    time.Time `ingot:"created"`
		Changed time.Time `ingot:"updated"`
		Pages   []*tPage  `ingot:"inverse:Doc;cascade:all,delete-orphan;position:Place"`
	}
	tPage struct {
		_     struct{} `ingot:"table:page"`
		ID    int64    `ingot:"pk"`
		DocID int64    `ingot:"fk:doc.id"`
		Place int
		Text  string
		Doc   *tDoc `ingot:"inverse:Pages"`
	}
)

func (on Database) TestUOW014_KeysThatAreForeignKeysAreCopiedFirst(t *testing.T) {
	s, sent := on.session(t, tTenant{}, tLogin{}, tTicket{})
	tenant := &tTenant{Code: "acme", Users: []*tLogin{{Number: 1, Tickets: []*tTicket{{Text: "a"}, {Text: "b"}}}, {Number: 2}}}
	must(t, s.Add(tenant))
	wantWrites(t, sent, s.Commit(t.Context()),
		"insert tenant(code)",
		"insert login(code, number, nick) × 2",
		"insert ticket(login_code, login_number, text) × 2")
	ticket := tenant.Users[0].Tickets[1]
	if ticket.Code != "acme" || ticket.Number != 1 {
		t.Errorf("ticket %+v", ticket)
	}
	got, err := ingot.Get[tLogin](t.Context(), s, "acme", 2)
	if got != tenant.Users[1] || err != nil {
		t.Errorf("Get by a composite key = %p, %v", got, err)
	}
	must(t, s.Delete(tenant))
	wantWrites(t, sent, s.Commit(t.Context()),
		"delete ticket by id × 2",
		"delete login by code, number × 2",
		"delete tenant by code")
}

func (on Database) TestO2O002_ClearingAKeyThatIsAForeignKeyIsAnError(t *testing.T) {
	s, _ := on.session(t, tTenant{}, tLogin{}, tTicket{})
	login := &tLogin{Number: 1, Tickets: []*tTicket{{Text: "a"}}}
	tenant := &tTenant{Code: "acme", Users: []*tLogin{login}}
	must(t, s.Add(tenant))
	must(t, s.Commit(t.Context()))
	login.Tenant = nil // delete-orphan: it goes
	must(t, s.Commit(t.Context()))
	if s.State(login) != ingot.Detached {
		t.Errorf("state %v", s.State(login))
	}
}

func (on Database) TestNPK002_AChangedKeyIsFollowedByTheDatabase(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, tTenant{}, tLogin{}, tTicket{})
	s := db.Session()
	defer s.Close()
	tenant := &tTenant{Code: "old", Users: []*tLogin{{Number: 1, Tickets: []*tTicket{{Text: "a"}}}}}
	must(t, s.Add(tenant))
	must(t, s.Commit(t.Context()))
	sent.take()
	tenant.Code = "new"
	wantWrites(t, sent, s.Flush(t.Context()), "update tenant(code) by code")
	login := tenant.Users[0]
	if login.Code != "new" || login.Tickets[0].Code != "new" {
		t.Errorf("children in memory: %q, %q", login.Code, login.Tickets[0].Code)
	}
	wantWrites(t, sent, s.Flush(t.Context()))
	if got, err := ingot.Get[tLogin](t.Context(), s, "new", 1); got != login || err != nil {
		t.Errorf("Get = %p, %v", got, err)
	}
	must(t, s.Rollback(t.Context()))
	if tenant.Code != "old" || login.Code != "old" || login.Tickets[0].Code != "old" {
		t.Errorf("after rollback: %q, %q", tenant.Code, login.Code)
	}
	if got, err := ingot.Get[tLogin](t.Context(), s, "old", 1); got != login || err != nil {
		t.Errorf("Get = %p, %v", got, err)
	}
}

func (on Database) TestDEF001_ValuesMadeElsewhereComeBack(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 678912345, time.FixedZone("", 3600))
	db, sent := on.open(t, ingot.Options{Now: func() time.Time { return now }}, tDoc{}, tPage{})
	s := db.Session()
	defer s.Close()
	d := &tDoc{Title: "one"}
	must(t, s.AddAll(d, &tDoc{Title: "two"}, &tDoc{Title: "three", State: "done"}))
	wantWrites(t, sent, s.Commit(t.Context()),
		"insert doc(title, made, changed) × 2",
		"insert doc(title, state, made, changed)")
	utc := now.UTC().Truncate(time.Microsecond)
	if d.ID != 1 || d.State != "draft" || d.Shout != "ONE" || d.Made != utc || d.Changed != utc {
		t.Errorf("after insert: %+v", d)
	}
	now = now.Add(time.Hour)
	d.Title = "uno"
	wantWrites(t, sent, s.Commit(t.Context()), "update doc(title, changed) by id")
	if d.Shout != "UNO" || d.Made != utc || !d.Changed.Equal(utc.Add(time.Hour)) {
		t.Errorf("after update: %+v", d)
	}
	wantWrites(t, sent, s.Commit(t.Context()))
}

func (on Database) TestValuesMadeElsewhereComeBackToEachOfManyRows(t *testing.T) {
	s, _ := on.session(t, tDoc{}, tPage{})
	var docs []*tDoc
	for i := range 7 {
		d := &tDoc{Title: fmt.Sprint("a", i)}
		docs = append(docs, d)
		must(t, s.Add(d))
	}
	must(t, s.Commit(t.Context()))
	for i, d := range docs {
		d.Title = fmt.Sprint("b", i)
	}
	must(t, s.Commit(t.Context()))
	for i, d := range docs {
		if want := fmt.Sprint("B", i); d.Shout != want {
			t.Errorf("row %d has %q, want %q", i, d.Shout, want)
		}
	}
}

func (on Database) TestPositionKeepsTheOrderOfTheSlice(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, tDoc{}, tPage{})
	s := db.Session()
	defer s.Close()
	a, b, c := &tPage{Text: "a"}, &tPage{Text: "b"}, &tPage{Text: "c"}
	d := &tDoc{Title: "d", Pages: []*tPage{a, b, c}}
	must(t, s.Add(d))
	must(t, s.Commit(t.Context()))
	sent.take()
	d.Pages = []*tPage{c, a, b}
	must(t, s.Commit(t.Context()))
	d.Pages = []*tPage{c, b}
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT concat(text, place) FROM page ORDER BY place", "c0", "b1")
	if c.Place != 0 || b.Place != 1 {
		t.Errorf("places %d, %d", c.Place, b.Place)
	}
}

func (on Database) TestCancelledInTheMiddleLeavesNothingHalfWritten(t *testing.T) {
	for at := 1; at <= 4; at++ {
		s, sent, db := on.cases(t, &cUser{Name: "there"})
		ctx, cancel := context.WithCancel(t.Context())
		sent.cancelAt(at, cancel)
		u := &cUser{Name: "u", Addresses: []*cAddress{{Email: "a"}}}
		must(t, s.Add(u))
		err := s.Commit(ctx)
		cancel()
		if err == nil && at == 4 {
			// Not every driver cancels a COMMIT under way; then it has worked.
			wantRows(t, db, "SELECT name FROM users ORDER BY id", "there", "u")
			continue
		}
		if err == nil {
			t.Fatalf("cancelled at statement %d: no error", at)
		}
		if errors.Is(err, ingot.ErrCommitUnknown) {
			continue // cancelled in the middle of the COMMIT
		}
		if !errors.Is(err, context.Canceled) || !errors.Is(err, ingot.ErrCanceled) {
			t.Errorf("cancelled at statement %d: %v", at, err)
		}
		wantErr(t, s.Flush(t.Context()), "needs a Rollback")
		must(t, s.Rollback(t.Context()))
		if u.ID != 0 || u.Addresses[0].ID != 0 || u.Addresses[0].UserID != nil {
			t.Errorf("cancelled at %d: keys left behind: %+v", at, u.Addresses[0])
		}
		wantRows(t, db, "SELECT name FROM users", "there")
		must(t, s.Add(u))
		must(t, s.Commit(t.Context()))
		wantRows(t, db, "SELECT name FROM users", "there", "u")
	}
}

func (on Database) TestAContextThatHasEndedIsTheSameErrorEverywhere(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, cUser{}, cAddress{}, cOrder{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer stop()
	for _, ctx := range []context.Context{ended, late} {
		for name, do := range map[string]func(s *ingot.Session) error{
			"read":   func(s *ingot.Session) error { return ignore(ingot.Select(new(cUser)).All(ctx, s)) },
			"begin":  func(s *ingot.Session) error { return ignore(s.Tx(ctx)) },
			"commit": func(s *ingot.Session) error { s.Add(&cUser{}); return s.Commit(ctx) },
			"commit after a flush": func(s *ingot.Session) error {
				s.Add(&cUser{})
				must(t, s.Flush(t.Context()))
				return s.Commit(ctx)
			},
			"commit of nothing in a transaction": func(s *ingot.Session) error {
				must(t, ignore(s.Tx(t.Context())))
				return s.Commit(ctx)
			},
			"bulk":        func(*ingot.Session) error { return ignore(ingot.Delete(new(cUser)).Everywhere().Exec(ctx, db)) },
			"transaction": func(*ingot.Session) error { return db.Transaction(ctx, func(*ingot.Session) error { return nil }) },
		} {
			s := db.Session()
			err := do(s)
			if !errors.Is(err, ingot.ErrCanceled) || !errors.Is(err, ctx.Err()) {
				t.Errorf("%s: %v, want ErrCanceled and %v", name, err, ctx.Err())
			}
			must(t, s.Close())
		}
	}
	wantRows(t, db, "SELECT name FROM users")
}

// ignore is the error of a call whose value does not matter.
func ignore[T any](_ T, err error) error { return err }

func (on Database) TestATransactionThatIsNilIsNotBegun(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, cUser{}, cAddress{}, cOrder{})
	s := db.Session(ingot.OnTx(nil))
	defer s.Close()
	must(t, s.Add(&cUser{Name: "u"}))
	wantErr(t, s.Commit(t.Context()), "OnTx(nil)")
	wantErr(t, ignore(db.Session(ingot.OnTx(nil)).Tx(t.Context())), "OnTx(nil)")
	if got := sent.ops(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}

func (on Database) TestTransactionCommitsRollsBackAndRetries(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, cUser{}, cAddress{}, cOrder{})
	must(t, db.Transaction(t.Context(), func(s *ingot.Session) error { return s.Add(&cUser{Name: "kept"}) }))
	if got := sent.ops(); !slices.Equal(got, []string{"begin", "insert", "commit"}) {
		t.Errorf("sent %q", got)
	}
	stop := errors.New("stop")
	u := &cUser{Name: "lost"}
	err := db.Transaction(t.Context(), func(s *ingot.Session) error {
		must(t, s.Add(u))
		must(t, s.Flush(t.Context()))
		return stop
	})
	if err != stop || u.ID != 0 {
		t.Errorf("Transaction = %v, key %d", err, u.ID)
	}
	wantRows(t, db, "SELECT name FROM users", "kept")

	tries := 0
	err = db.Transaction(t.Context(), func(s *ingot.Session) error {
		tries++
		if tries < 3 {
			return &ingot.StatementError{Op: "update", Err: retryable[on.Dialect.Name()]}
		}
		return s.Add(&cUser{Name: "third"})
	}, ingot.Retry(5))
	if err != nil || tries != 3 {
		t.Errorf("Transaction = %v after %d tries", err, tries)
	}
}

// TestWhatTransactionHasCommittedIsNotRetried: it would be done twice.
func (on Database) TestWhatTransactionHasCommittedIsNotRetried(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, cUser{}, cAddress{}, cOrder{})
	passing := &ingot.StatementError{Op: "update", Err: retryable[on.Dialect.Name()]}
	for _, tt := range []struct {
		writes bool
		tries  int
	}{{true, 1}, {false, 3}} {
		tries := 0
		err := db.Transaction(t.Context(), func(s *ingot.Session) error {
			tries++
			if tt.writes {
				must(t, s.Add(&cUser{Name: "once"}))
			} else if _, err := ingot.Select(new(cUser)).All(t.Context(), s); err != nil {
				return err
			}
			must(t, s.Commit(t.Context()))
			return passing
		}, ingot.Retry(2))
		if tries != tt.tries || !errors.Is(err, passing) {
			t.Errorf("writes %v: %d tries, %v; want %d", tt.writes, tries, err, tt.tries)
		}
	}
	wantRows(t, db, "SELECT name FROM users", "once")
}

// retryable are errors after which running the transaction again may succeed, by dialect.
var retryable = map[string]error{
	"sqlite":   busy{},
	"postgres": serialization{},
	"mysql":    errors.New("Error 1213 (40001): Deadlock found when trying to get lock"),
}

type busy struct{}

func (busy) Error() string { return "database is locked (5) (SQLITE_BUSY)" }
func (busy) Code() int     { return 5 }

type serialization struct{}

func (serialization) Error() string    { return "could not serialize access due to concurrent update" }
func (serialization) SQLState() string { return "40001" }

func (on Database) TestSessionJoinsACallersTransaction(t *testing.T) {
	pool := on.pool(t)
	db, _ := on.openOn(t, pool, ingot.Options{}, cUser{}, cAddress{}, cOrder{})
	tx, err := pool.Begin()
	must(t, err)
	s := db.Session(ingot.OnTx(tx))
	u := &cUser{Name: "u"}
	must(t, s.Add(u))
	must(t, s.Commit(t.Context()))
	must(t, s.Close())
	must(t, tx.Rollback())
	wantRows(t, db, "SELECT name FROM users")
	if u.ID != 1 {
		t.Errorf("key %d", u.ID)
	}
}

func (on Database) TestReadOnlySessionsRefuseToWrite(t *testing.T) {
	_, _, db := on.cases(t, &cUser{Name: "u"})
	s := db.Session(ingot.ReadOnly())
	defer s.Close()
	if err := s.Add(&cUser{}); !errors.Is(err, ingot.ErrReadOnly) {
		t.Errorf("Add: %v", err)
	}
	must(t, s.Rollback(t.Context()))
	u, err := ingot.Get[cUser](t.Context(), s, 1)
	must(t, err)
	u.Name = "x"
	if err := s.Commit(t.Context()); !errors.Is(err, ingot.ErrReadOnly) {
		t.Errorf("Commit: %v", err)
	}
}

func (on Database) TestReadOnlySessionsDoNotWriteInATransactionGiven(t *testing.T) {
	pool := on.pool(t)
	db, _ := on.openOn(t, pool, ingot.Options{}, cUser{}, cAddress{}, cOrder{})
	given, err := pool.Begin()
	must(t, err)
	defer given.Rollback()
	_, err = given.Exec("INSERT INTO users (name) VALUES ('u')")
	must(t, err)
	s := db.Session(ingot.ReadOnly(), ingot.OnTx(given))
	defer s.Close()
	const write = "UPDATE users SET name = 'x'"
	if _, err := s.Exec(t.Context(), write); !errors.Is(err, ingot.ErrReadOnly) {
		t.Errorf("Exec: %v", err)
	}
	tx, err := s.Tx(t.Context())
	must(t, err)
	if _, err := tx.ExecContext(t.Context(), write); !errors.Is(err, ingot.ErrReadOnly) {
		t.Errorf("ExecContext: %v", err)
	}
	var name string
	must(t, tx.QueryRowContext(t.Context(), "SELECT name FROM users").Scan(&name))
	if name != "u" {
		t.Errorf("name %q", name)
	}
	for _, text := range []ingot.TrustedSQL{
		"INSERT INTO users (name) VALUES ('x') RETURNING name",
		" -- SELECT\nUPDATE users SET name = 'x' RETURNING name",
		"WITH q AS (SELECT 1) DELETE FROM users RETURNING name",
		"/* ' */ WITH q AS (DELETE FROM users RETURNING name) SELECT name FROM q",
		"EXPLAIN ANALYZE DELETE FROM users",
		"SELECT name INTO backup FROM users",
		"CALL p()",
	} {
		if _, err := ingot.SQL[string](t.Context(), s, text); !errors.Is(err, ingot.ErrReadOnly) {
			t.Errorf("SQL of %q: %v", text, err)
		}
		rows, err := tx.QueryContext(t.Context(), string(text))
		if !errors.Is(err, ingot.ErrReadOnly) {
			t.Errorf("QueryContext of %q: %v", text, err)
		}
		if err == nil {
			rows.Close()
		}
		if err := tx.QueryRowContext(t.Context(), string(text)).Scan(&name); !errors.Is(err, ingot.ErrReadOnly) {
			t.Errorf("QueryRowContext of %q: %v", text, err)
		}
	}
	for _, text := range []ingot.TrustedSQL{
		"(SELECT name FROM users)",
		"/* x */ WITH q AS (SELECT name AS n, 'delete' AS d FROM users) SELECT n FROM q",
		"SELECT name FROM users WHERE name <> 'it''s; INSERT INTO' FOR UPDATE",
	} {
		if on.Dialect.Name() == "sqlite" {
			text = ingot.TrustedSQL(strings.TrimSuffix(strings.Trim(string(text), "()"), " FOR UPDATE"))
		}
		wantRows(t, s, text, "u")
	}
	_, err = given.ExecContext(t.Context(), write) // the caller's is not bound
	must(t, err)
	must(t, s.Commit(t.Context()))
}

func (on Database) TestHooksAreCalledAtTheirPoints(t *testing.T) {
	var log []string
	name := func(x any) string {
		if u, ok := x.(*cUser); ok {
			return u.Name
		}
		return fmt.Sprintf("%T", x)
	}
	row := func(what string) func(context.Context, *ingot.Session, any) error {
		return func(_ context.Context, _ *ingot.Session, x any) error {
			log = append(log, what+" "+name(x))
			return nil
		}
	}
	var added bool
	db, _ := on.open(t, ingot.Options{Hooks: ingot.Hooks{
		BeforeFlush: func(_ context.Context, s *ingot.Session) error {
			log = append(log, "before flush")
			if !added {
				added = true
				return s.Add(&cUser{Name: "by hook"})
			}
			return nil
		},
		AfterFlush: func(_ context.Context, s *ingot.Session) error {
			log = append(log, fmt.Sprintf("after flush, %d new", len(s.New())))
			return nil
		},
		AfterCommit:  func(context.Context, *ingot.Session) { log = append(log, "after commit") },
		BeforeInsert: row("insert"),
		BeforeUpdate: func(_ context.Context, _ *ingot.Session, x any) error {
			log = append(log, "update "+name(x))
			x.(*cUser).Name += "!"
			return nil
		},
		BeforeDelete: row("delete"),
		AfterLoad:    func(x any) error { log = append(log, "load "+name(x)); return nil },
	}}, cUser{}, cAddress{}, cOrder{})
	s := db.Session()
	defer s.Close()
	u := &cUser{Name: "u"}
	must(t, s.Add(u))
	must(t, s.Commit(t.Context()))
	u.Name = "v"
	must(t, s.Commit(t.Context()))
	must(t, s.Delete(u))
	must(t, s.Commit(t.Context()))
	fresh := db.Session()
	defer fresh.Close()
	_, err := ingot.Select(new(cUser)).All(t.Context(), fresh)
	must(t, err)
	want := []string{"before flush", "insert u", "insert by hook", "after flush, 0 new", "after commit",
		"before flush", "update v", "after flush, 0 new", "after commit",
		"before flush", "delete v!", "after flush, 0 new", "after commit", "before flush", "load by hook"}
	// A query of a session without changes may or may not ask for a flush.
	log = slices.DeleteFunc(log, func(l string) bool { return l == "before flush" })
	want = slices.DeleteFunc(want, func(l string) bool { return l == "before flush" })
	if !slices.Equal(log, want) {
		t.Errorf("called\n\t%s\nwant\n\t%s", strings.Join(log, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func (on Database) TestAHookThatFailsFailsTheFlush(t *testing.T) {
	stop := errors.New("stop")
	db, sent := on.open(t, ingot.Options{Hooks: ingot.Hooks{
		BeforeInsert: func(context.Context, *ingot.Session, any) error { return stop },
	}}, cNode{})
	s := db.Session()
	defer s.Close()
	must(t, s.Add(&cNode{}))
	err := s.Commit(t.Context())
	if !errors.Is(err, stop) || len(sent.take("insert")) != 0 {
		t.Errorf("Commit = %v", err)
	}
	wantErr(t, err, "BeforeInsert of cNode(new)")
}

func (on Database) TestReferencesToWhatIsNotSavedAreErrors(t *testing.T) {
	s, sent, _ := on.cases(t, &cUser{Name: "u", Orders: []*cOrder{{Description: "o"}}}, &cUser{Name: "v"})
	u, err := ingot.Get[cUser](t.Context(), s, 1)
	must(t, err)
	v, err := ingot.Get[cUser](t.Context(), s, 2)
	must(t, err)
	sent.take()
	must(t, s.Delete(v))
	u.Orders[0].User = v
	wantErr(t, s.Flush(t.Context()), "cOrder(1): cOrder.User gives it cUser(2), which is being deleted")
	if got := sent.take("insert", "update", "delete"); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
	must(t, s.Rollback(t.Context()))
	n := &cNode{}
	n.Children = []*cNode{n}
	must(t, s.Add(n))
	wantErr(t, s.Flush(t.Context()), "a row cannot be its own parent and child")
}

func (on Database) TestSessionsViewsOfItsWork(t *testing.T) {
	u := &cUser{Name: "u"}
	v := &cUser{Name: "v"}
	s, _, _ := on.cases(t, u, v)
	n := &cNode{}
	must(t, s.Add(n))
	u.Name = "edited"
	must(t, s.Delete(v))
	if got := s.New(); len(got) != 1 || got[0] != n {
		t.Errorf("New = %v", got)
	}
	if got := s.Dirty(); len(got) != 1 || got[0] != u {
		t.Errorf("Dirty = %v", got)
	}
	if got := s.Deleted(); len(got) != 1 || got[0] != v {
		t.Errorf("Deleted = %v", got)
	}
	if !s.Contains(u) || s.Contains(&cUser{}) {
		t.Error("Contains")
	}
	must(t, s.Expunge(u))
	if s.Contains(u) || s.State(u) != ingot.Detached {
		t.Errorf("after Expunge: %v", s.State(u))
	}
	must(t, s.Add(u))
	if s.State(u) != ingot.Persistent {
		t.Errorf("added again: %v", s.State(u))
	}
	must(t, s.Add(v)) // taken back
	must(t, s.Commit(t.Context()))
	if s.State(v) != ingot.Persistent {
		t.Errorf("a deletion taken back: %v", s.State(v))
	}
}

func (on Database) TestAFlushOfManyUnchangedInstancesAllocatesNothingForThem(t *testing.T) {
	var us []any
	for range 2000 {
		us = append(us, &cNode{Data: "d"})
	}
	s, _, _ := on.cases(t, us...)
	got := testing.AllocsPerRun(10, func() { _ = s.Flush(t.Context()) })
	if got > 10 {
		t.Errorf("%v allocations for a flush of 2000 unchanged instances", got)
	}
}

func (on Database) TestACommitCancelledBeforeItIsSentIsKnown(t *testing.T) {
	s, sent, db := on.cases(t, &cUser{Name: "there"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	u := &cUser{Name: "new"}
	must(t, s.Add(u))
	sent.cancelAt(1, cancel) // the INSERT is the whole unit of work
	if err := s.Commit(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ingot.ErrCommitUnknown) {
		t.Fatalf("Commit = %v", err)
	}
	must(t, s.Rollback(t.Context()))
	if st := s.State(u); st != ingot.Transient {
		t.Errorf("state %v", st)
	}
	must(t, s.Add(u))
	must(t, s.Commit(t.Context()))
	wantRows(t, db, "SELECT name FROM users ORDER BY name", "new", "there")
}

func (on Database) TestRawTextBelongsToTheTransaction(t *testing.T) {
	s, _, db := on.cases(t)
	if !db.Server().InsertReturning {
		t.Skip("text that writes returns no rows here: s.Exec is for it")
	}
	ids, err := ingot.SQL[int64](t.Context(), s, "INSERT INTO users (name) VALUES ('raw') RETURNING id")
	if err != nil || len(ids) != 1 {
		t.Fatalf("SQL = %v, %v", ids, err)
	}
	must(t, s.Rollback(t.Context()))
	wantRows(t, db, "SELECT name FROM users")
}

func (on Database) TestASessionWithoutModelsServesRawText(t *testing.T) {
	db, _ := on.open(t, ingot.Options{})
	s := db.Session()
	defer s.Close()
	if _, err := s.Exec(t.Context(), "CREATE TABLE t (n INTEGER)"); err != nil {
		t.Fatal(err)
	}
	must(t, s.Commit(t.Context()))
	wantErr(t, s.Add(&cUser{}), "is not in the metadata")
	must(t, s.Rollback(t.Context()))
	must(t, s.Flush(t.Context()))
	if st := s.State(&cUser{}); st != ingot.Transient {
		t.Errorf("state %v", st)
	}
}

func (on Database) TestNothingBeginsOnAClosedDB(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, cUser{}, cAddress{}, cOrder{})
	ctx := t.Context()
	under := db.Session()
	defer under.Close()
	must(t, under.Add(&cUser{Name: "u"}))
	must(t, under.Flush(ctx))
	must(t, db.Close())
	must(t, under.Add(&cUser{Name: "v"}))
	must(t, under.Commit(ctx)) // it was under way
	sent.take()
	s := db.Session()
	defer s.Close()
	must(t, s.Add(&cUser{Name: "w"}))
	u := new(cUser)
	revs := ingot.NewRevisions(ingot.Revision{ID: "aaaa01", Upgrade: []ingot.Step{ingot.DropTable{Table: ingot.Table{Name: "users"}}}})
	for call, err := range map[string]error{
		"Commit":      s.Commit(ctx),
		"Transaction": db.Transaction(ctx, func(s *ingot.Session) error { return s.Add(&cUser{}) }),
		"Exec":        ignore(db.Exec(ctx, "SELECT 1")),
		"All":         ignore(ingot.Select(u).All(ctx, db)),
		"Insert":      ignore(ingot.Insert(&cUser{Name: "x"}).Exec(ctx, db)),
		"Inspect":     ignore(db.Inspect(ctx)),
		"CreateAll":   db.CreateAll(ctx),
		"DropAll":     db.DropAll(ctx),
		"Upgrade":     ingot.NewMigrator(db, revs).Upgrade(ctx, "head"),
		"Check":       ignore(ingot.NewMigrator(db, revs).Check(ctx)),
	} {
		if !errors.Is(err, ingot.ErrClosed) || !strings.Contains(err.Error(), "use after Close of the DB") {
			t.Errorf("%s: %v; want ErrClosed, of the DB", call, err)
		}
	}
}

func (on Database) TestOptionsThatAreNilAreLeftOut(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, cUser{}, cAddress{}, cOrder{})
	ctx := t.Context()
	s := db.Session(nil, ingot.ReadOnly())
	defer s.Close()
	u := new(cUser)
	_, err := ingot.Select(u).Load(&u.Orders, nil, ingot.Top(1)).All(ctx, s)
	must(t, err)
	must(t, ignore(ingot.NewMigrator(db, ingot.NewRevisions(), nil).Plan(ctx, "heads")))
	if steps := ingot.Compare(&ingot.Schema{}, &ingot.Schema{}, nil); len(steps) > 0 {
		t.Errorf("Compare: %v", steps)
	}
	if err := s.Add(&cUser{Name: "u"}); !errors.Is(err, ingot.ErrReadOnly) {
		t.Errorf("Add to a read-only session: %v", err)
	}
}

func (on Database) TestARowThatIsNotThereIsNamedByItsKey(t *testing.T) {
	type Shelf struct {
		Key  kindUUID `ingot:"pk"`
		Name string   `ingot:"pk;size:20"`
	}
	db, _ := on.open(t, ingot.Options{}, Shelf{})
	_, err := ingot.Get[Shelf](t.Context(), db, kindUUID{1}, "top")
	if want := `ingot: no row found: Shelf("01000000000000000000000000000000", "top")`; err == nil || err.Error() != want {
		t.Errorf("Get: %v; want %s", err, want)
	}
	wantErr(t, ignore(ingot.Get[Shelf](t.Context(), db, 5)), "the key of Shelf is (Key, Name), one value for each, and 1 came")
}
