package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"ingot"
	"ingot/dialects/sqlite"
)

// SQLite's drivers take ReadOnly for a word without meaning.
func TestReadOnlyHoldsOnEveryDatabase(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		db := base.accounts(t, ingot.Options{})
		ctx := t.Context()
		a := new(Account)
		raise := ingot.Update(a).Set(ingot.C(&a.Balance).Set(1)).Where(ingot.C(&a.ID).Eq(1))
		for name, write := range map[string]func(s *ingot.Session) error{
			"an edit": func(s *ingot.Session) error {
				a, err := get(ctx, s, 1)
				if err != nil {
					t.Fatal(err)
				}
				a.Balance = 1
				return s.Commit(ctx)
			},
			"a new instance": func(s *ingot.Session) error {
				if err := s.Add(&Transfer{Amount: 1}); err != nil {
					return err
				}
				return s.Flush(ctx)
			},
			"a bulk UPDATE": func(s *ingot.Session) error { _, err := raise.Exec(ctx, s); return err },
			"text":          func(s *ingot.Session) error { _, err := s.Exec(ctx, "UPDATE account SET balance = 1"); return err },
			"text that reads": func(s *ingot.Session) error {
				if !db.Server().InsertReturning {
					return ingot.ErrReadOnly
				}
				_, err := ingot.SQL[int64](ctx, s, "INSERT INTO transfer (amount) VALUES (1) RETURNING id")
				return err
			},
			"the transaction handed out": func(s *ingot.Session) error {
				tx, err := s.Tx(ctx)
				if err != nil {
					t.Fatal(err)
				}
				_, err = tx.ExecContext(ctx, "UPDATE account SET balance = 1")
				return err
			},
		} {
			for kind, options := range map[string][]ingot.SessionOption{
				"plain":    {ingot.ReadOnly()},
				"isolated": {ingot.ReadOnly(), ingot.Isolation(sql.LevelSerializable)},
			} {
				s := db.Session(options...)
				if err := write(s); !errors.Is(err, ingot.ErrReadOnly) {
					t.Errorf("%s, %s: %v; want ErrReadOnly", name, kind, err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := db.Transaction(ctx, write, ingot.ReadOnly()); !errors.Is(err, ingot.ErrReadOnly) {
				t.Errorf("%s, in Transaction: %v; want ErrReadOnly", name, err)
			}
		}
		base.wantBalances(t, 100, 100, 0)
		// The connection is for writing again.
		for range 3 {
			if err := db.Transaction(ctx, func(s *ingot.Session) error { return s.Add(&Transfer{Amount: 1}) }); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestIsolationLevelsHoldForOneTransaction(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		db := base.accounts(t, ingot.Options{})
		ctx := t.Context()
		level := func(s *ingot.Session) (string, error) {
			if _, err := get(ctx, s, 1); err != nil {
				return "", err
			}
			text := ingot.TrustedSQL("SELECT current_setting('transaction_isolation')")
			if base.kind == "mysql" {
				time.Sleep(110 * time.Millisecond) // what is asked sooner is answered as before
				text = "SELECT trx_isolation_level FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = CONNECTION_ID()"
			}
			got, err := ingot.SQL[string](ctx, s, text)
			return strings.ToLower(strings.Join(got, ", ")), err
		}
		wantLevel := func(db *ingot.DB, what, want string, options ...ingot.SessionOption) error {
			return db.Transaction(ctx, func(s *ingot.Session) error {
				got, err := level(s)
				if err == nil && got != want {
					t.Errorf("%s is %q; want %q", what, got, want)
				}
				return err
			}, options...)
		}
		standard := "read committed"
		if base.kind == "mysql" {
			standard = "repeatable read"
		}
		for l := sql.LevelDefault; l <= sql.LevelLinearizable; l++ {
			want, known := map[sql.IsolationLevel]string{sql.LevelDefault: standard, sql.LevelReadUncommitted: "read uncommitted", sql.LevelReadCommitted: "read committed",
				sql.LevelRepeatableRead: "repeatable read", sql.LevelSerializable: "serializable"}[l]
			if l == sql.LevelSnapshot && base.kind == "postgres" {
				want, known = "repeatable read", true
			}
			err := wantLevel(db, l.String(), want, ingot.Isolation(l))
			if known != (err == nil) {
				t.Errorf("level %v: %v", l, err)
			} else if err != nil && !strings.Contains(err.Error(), "has no isolation level "+l.String()) {
				t.Errorf("level %v: %v; want an error that names it", l, err)
			}
			if err := wantLevel(db, "the transaction after "+l.String(), standard); err != nil {
				t.Error(err)
			}
		}
		// What is asked for and then not begun must not wait on the connection.
		sqldb := base.again(t)
		sqldb.SetMaxOpenConns(1)
		ends := &endsAt{text: map[string]string{"mysql": "START TRANSACTION", "postgres": "BEGIN"}[base.kind]}
		one, err := ingot.Open(sqldb, base.dialect, ingot.Options{Models: db.Models(), Tracer: ends})
		if err != nil {
			t.Fatal(err)
		}
		// A driver that hears of the end of the context too late has begun it, and at that level.
		if err := wantLevel(one, "a transaction cancelled as it begins", "serializable", ingot.Isolation(sql.LevelSerializable)); err != nil &&
			!errors.Is(err, context.Canceled) && !errors.Is(err, ingot.ErrConnection) {
			t.Errorf("a transaction cancelled as it begins gives %v", err)
		}
		ends.text = "-"
		if err := wantLevel(one, "the transaction after one that never began", standard); err != nil {
			t.Error(err)
		}
	}, "postgres", "mysql")
}

// An endsAt ends the context of the statement that begins with a text, before it is sent.
type endsAt struct{ text string }

func (e *endsAt) StatementStart(ctx context.Context, s *ingot.TracedStatement) context.Context {
	if strings.HasPrefix(s.SQL, e.text) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx
	}
	return ctx
}

func (*endsAt) StatementEnd(context.Context, *ingot.TracedStatement) {}

func TestATransactionIsJoinedAndGivenOut(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		hooks := 0
		db := base.accounts(t, ingot.Options{Hooks: ingot.Hooks{AfterCommit: func(context.Context, *ingot.Session) { hooks++ }}})
		ctx := t.Context()
		for _, commit := range []bool{false, true} {
			own, err := base.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := own.ExecContext(ctx, "UPDATE account SET balance = 150 WHERE id = 1"); err != nil {
				t.Fatal(err)
			}
			s := db.Session(ingot.OnTx(own))
			one, err := get(ctx, s, 1)
			if err != nil || one.Balance != 150 {
				t.Fatalf("the session sees %+v, %v; want what its transaction has written", one, err)
			}
			one.Balance += 5
			x := &Transfer{Amount: 1}
			if err := s.Add(x); err != nil {
				t.Fatal(err)
			}
			// A part fails and is undone, in the middle of the caller's transaction.
			failed := errors.New("no")
			if err := s.Savepoint(ctx, func() error {
				one.Balance = -1
				if err := s.Add(&Transfer{Amount: 2}); err != nil {
					return err
				}
				return errors.Join(s.Flush(ctx), failed)
			}); !errors.Is(err, failed) {
				t.Errorf("Savepoint = %v", err)
			}
			if one.Balance != 155 {
				t.Errorf("after the savepoint the account says %d", one.Balance)
			}
			if err := s.Commit(ctx); err != nil || hooks != 0 {
				t.Errorf("Commit = %v, with %d calls of AfterCommit before the caller has committed", err, hooks)
			}
			if base.kind != "sqlite" { // where nobody else may read
				base.wantBalances(t, map[bool]int{false: 100, true: 100}[commit], 100, 0)
			}
			var n int
			if err := own.QueryRowContext(ctx, "SELECT balance FROM account WHERE id = 1").Scan(&n); err != nil || n != 155 {
				t.Errorf("the caller's transaction sees %d, %v", n, err)
			}
			s.Close()
			if commit {
				err = own.Commit()
			} else {
				err = own.Rollback()
			}
			if err != nil {
				t.Fatal(err)
			}
			base.wantBalances(t, map[bool]int{false: 100, true: 155}[commit], 100, map[bool]int{false: 0, true: 1}[commit])
		}
		// And the other way round: ours, for statements of the program's own.
		s := db.Session()
		defer s.Close()
		if err := s.Add(&Transfer{Amount: 3}); err != nil {
			t.Fatal(err)
		}
		tx, err := s.Tx(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM transfer").Scan(&n); err != nil || n != 2 {
			t.Errorf("the transaction given out sees %d transfers, %v; want the one that was waiting, too", n, err)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE account SET balance = 7 WHERE id = 2"); err != nil {
			t.Fatal(err)
		}
		if err := s.Rollback(ctx); err != nil {
			t.Fatal(err)
		}
		base.wantBalances(t, 155, 100, 1)
		if err := tx.QueryRowContext(ctx, "SELECT 1").Scan(&n); !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("the transaction after its end: %v", err)
		}
	})
}

// The context ends at one statement after the other; either nothing was written, or all of
// it, or nobody knows and says so.
func TestContextEndsAtEachPoint(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		setup := base.accounts(t, ingot.Options{})
		cut := &cutAt{}
		db, err := ingot.Open(base.again(t), base.dialect, ingot.Options{Models: setup.Models(), Tracer: cut, Echo: echo(t)})
		if err != nil {
			t.Fatal(err)
		}
		points := 0
		for i := 1; ; i++ {
			before, _, transfers := base.balances(t)
			ctx, cancel := context.WithCancel(t.Context())
			cut.left, cut.cancel, cut.at = i, cancel, ""
			tries := 0
			var one *Account
			x := &Transfer{Amount: 1}
			err := db.Transaction(ctx, func(s *ingot.Session) (err error) {
				tries++
				if one, err = get(ctx, s, 1); err != nil {
					return err
				}
				one.Balance++
				return s.Add(x)
			}, ingot.Retry(3))
			cancel()
			after, _, written := base.balances(t)
			if cut.left > 0 { // all was sent before
				if err != nil || after != before+1 || written != transfers+1 {
					t.Errorf("undisturbed: %v", err)
				}
				break
			}
			points++
			done := after == before+1 && written == transfers+1
			if !done && (after != before || written != transfers) {
				t.Fatalf("cut at %q: half was written", cut.at)
			}
			switch {
			case err == nil && !done || err != nil && done && !errors.Is(err, ingot.ErrCommitUnknown):
				t.Errorf("cut at %q: %v, and written: %v", cut.at, err, done)
			case err == nil:
			case !errors.Is(err, context.Canceled):
				t.Errorf("cut at %q: %v; want the reason in it", cut.at, err)
			case tries > 1:
				t.Errorf("cut at %q: %d tries", cut.at, tries)
			case !errors.Is(err, ingot.ErrCommitUnknown) && (x.ID != 0 || one != nil && int(one.Balance) != before):
				t.Errorf("cut at %q: what was undone still says %+v and %+v", cut.at, x, one)
			}
		}
		if points < 4 {
			t.Errorf("%d points; want BEGIN, reads, writes, COMMIT", points)
		}
		// While a statement runs, and while one waits.
		slow := map[string]string{"postgres": "SELECT pg_sleep(2)", "mysql": "SELECT SLEEP(2)",
			"sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"}[base.kind]
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		err = setup.Transaction(ctx, func(s *ingot.Session) error {
			if err := s.Add(&Transfer{Amount: 9}); err != nil {
				return err
			}
			tx, err := s.Tx(ctx)
			if err != nil {
				return err
			}
			var n sql.NullString
			return tx.QueryRowContext(ctx, slow).Scan(&n)
		}, ingot.Retry(3))
		if err == nil || errors.Is(err, ingot.ErrCommitUnknown) || time.Since(start) > 1500*time.Millisecond {
			t.Errorf("a statement cut off while it runs gives %v after %v", err, time.Since(start))
		}
		if n := 0; base.QueryRowContext(t.Context(), "SELECT count(*) FROM transfer WHERE amount = 9").Scan(&n) != nil || n != 0 {
			t.Errorf("%d transfers of a transaction that was cut off", n)
		}
	})
}

// A cutAt cancels at the n-th statement, just before it is sent.
type cutAt struct {
	left   int
	cancel func()
	at     string
}

func (c *cutAt) StatementStart(ctx context.Context, s *ingot.TracedStatement) context.Context {
	if c.left > 0 {
		if c.left--; c.left == 0 {
			c.at = s.SQL
			c.cancel()
		}
	}
	return ctx
}

func (*cutAt) StatementEnd(context.Context, *ingot.TracedStatement) {}

// Pools and processes of one SQLite file add up what they write; nobody's is lost.
func TestSQLiteIsSharedByPoolsAndProcesses(t *testing.T) {
	const rounds = 15
	add := func(ctx context.Context, db *ingot.DB) error {
		for range rounds {
			err := db.Transaction(ctx, func(s *ingot.Session) error {
				one, err := get(ctx, s, 1)
				if err != nil {
					return err
				}
				one.Balance++
				return s.Add(&Transfer{Amount: one.Balance})
			}, ingot.Retry(20))
			if err != nil {
				return err
			}
		}
		return nil
	}
	if dsn := os.Getenv("INGOT_TEST_ADD"); dsn != "" { // this is one of the processes
		pool, err := sql.Open(os.Getenv("INGOT_TEST_DRIVER"), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		db, err := ingot.Open(pool, sqlite.Dialect{}, ingot.Options{Models: ingot.MustModels(Account{}, Transfer{})})
		if err != nil {
			t.Fatal(err)
		}
		if err := add(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		return
	}
	on(t, func(t *testing.T, base *database) {
		first := base.accounts(t, ingot.Options{})
		second, err := ingot.Open(base.again(t), base.dialect, ingot.Options{Models: first.Models()})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i, db := range []*ingot.DB{first, second} {
			wg.Go(func() { errs[i] = add(t.Context(), db) })
		}
		for i := 2; i < 4; i++ {
			wg.Go(func() {
				cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSQLiteIsSharedByPoolsAndProcesses$")
				cmd.Env = append(os.Environ(), "INGOT_TEST_ADD="+base.dsn, "INGOT_TEST_DRIVER="+base.driver)
				if out, err := cmd.CombinedOutput(); err != nil {
					errs[i] = fmt.Errorf("%w\n%s", err, out)
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		base.wantBalances(t, 100+4*rounds, 100, 4*rounds)
	}, "sqlite")
}

// A deferred transaction of the caller's that has read cannot write once another has
// written, however long it waits (517).
func TestSQLiteSnapshotThatMovedIsASerializationFailure(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		base.exec(t, "PRAGMA journal_mode=WAL")
		db := base.accounts(t, ingot.Options{})
		own, err := base.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer own.Rollback()
		s := db.Session(ingot.OnTx(own))
		defer s.Close()
		one, err := get(t.Context(), s, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Transaction(t.Context(), func(s *ingot.Session) error { return s.Add(&Transfer{Amount: 1}) }); err != nil {
			t.Fatal(err)
		}
		one.Balance = 5
		start := time.Now()
		if err := s.Commit(t.Context()); !errors.Is(err, ingot.ErrSerialization) || time.Since(start) > time.Second {
			t.Errorf("Commit = %v after %v; want a serialization failure at once", err, time.Since(start))
		}
		if err := s.Rollback(t.Context()); err != nil || one.Balance != 100 {
			t.Errorf("Rollback = %v, and the account says %d", err, one.Balance)
		}
	}, "sqlite")
}
