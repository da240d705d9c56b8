package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingot"
)

// Two serializable transactions read both accounts, and each writes the other one: PostgreSQL
// refuses the second COMMIT, MySQL a statement of one of the two.
func TestWriteSkewIsRetriedToSuccess(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		var commits sync.Map
		db := base.accounts(t, ingot.Options{Hooks: ingot.Hooks{AfterCommit: func(_ context.Context, s *ingot.Session) { commits.Store(s, true) }}})
		all := newBarrier(2)
		type attempt struct {
			s        *ingot.Session
			account  *Account
			transfer *Transfer
			failed   error
		}
		attempts := make([][]*attempt, 2)
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() {
				errs[i] = db.Transaction(t.Context(), func(s *ingot.Session) error {
					one, err := get(t.Context(), s, 1)
					if err != nil {
						return err
					}
					two, err := get(t.Context(), s, 2)
					if err != nil {
						return err
					}
					a := &attempt{s: s, account: []*Account{one, two}[i], transfer: &Transfer{Amount: one.Balance + two.Balance}}
					attempts[i] = append(attempts[i], a)
					if base.kind == "mysql" {
						all.wait() // both hold locks on what they read
					}
					a.account.Balance -= 10
					if err := s.Add(a.transfer); err != nil {
						return err
					}
					a.failed = s.Flush(t.Context())
					if base.kind == "postgres" {
						all.wait() // both have written
					}
					return a.failed
				}, ingot.Isolation(sql.LevelSerializable), ingot.Retry(3))
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		base.wantBalances(t, 90, 90, 2)
		tries := slices.Concat(attempts...)
		if len(tries) != 3 {
			t.Fatalf("%d tries; want one that fails and two that succeed", len(tries))
		}
		sums := map[int64]bool{}
		for i, a := range attempts {
			for j, x := range a {
				last := j == len(a)-1
				if _, ok := commits.Load(x.s); ok != last {
					t.Errorf("transaction %d, try %d: AfterCommit was called: %v", i, j, ok)
				}
				if last {
					sums[x.transfer.Amount] = true
					if x.transfer.ID == 0 || x.account.Balance != 90 {
						t.Errorf("transaction %d: %+v and %+v were committed", i, x.transfer, x.account)
					}
				} else if x.transfer.ID != 0 || x.account.Balance != 100 {
					t.Errorf("transaction %d: what failed still says %+v and %+v", i, x.transfer, x.account)
				} else if base.kind == "mysql" && !errors.Is(x.failed, ingot.ErrDeadlock) && !errors.Is(x.failed, ingot.ErrSerialization) {
					t.Errorf("transaction %d failed with %v", i, x.failed)
				}
				if j > 0 && x.s == a[j-1].s {
					t.Error("a session is used again")
				}
			}
		}
		if !sums[200] || !sums[190] {
			t.Errorf("the transactions saw the sums %v; no order of them explains that", sums)
		}
	}, "postgres", "mysql")
}

// A row that somebody else has changed since the snapshot was taken fails at the statement.
func TestSerializationFailureAtAStatement(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		if base.kind == "mysql" {
			base = base.with("innodb_snapshot_isolation=ON")
			if err := base.again(t).PingContext(t.Context()); err != nil {
				t.Skipf("the server knows no innodb_snapshot_isolation: %v", err)
			}
		}
		db := base.accounts(t, ingot.Options{})
		tries := 0
		var first *Account
		change := func(s *ingot.Session) error {
			tries++
			a, err := get(t.Context(), s, 1)
			if err != nil {
				return err
			}
			if tries == 1 {
				first = a
				base.exec(t, "UPDATE account SET balance = balance + 1 WHERE id = 1")
			}
			a.Balance *= 2
			return s.Add(&Transfer{Amount: a.Balance})
		}
		err := db.Transaction(t.Context(), change, ingot.Isolation(sql.LevelRepeatableRead))
		if !errors.Is(err, ingot.ErrSerialization) || tries != 1 {
			t.Fatalf("without Retry: %v after %d tries", err, tries)
		}
		base.wantBalances(t, 101, 100, 0)
		if first.Balance != 100 {
			t.Errorf("the account that was not written still says %d", first.Balance)
		}
		tries = 0
		if err := db.Transaction(t.Context(), change, ingot.Isolation(sql.LevelRepeatableRead), ingot.Retry(1)); err != nil || tries != 2 {
			t.Errorf("with Retry(1): %v after %d tries", err, tries)
		}
		base.wantBalances(t, 204, 100, 1)
	}, "postgres", "mysql")
}

func TestDeadlockIsRetriedToSuccess(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		db := base.accounts(t, ingot.Options{})
		both := newBarrier(2)
		var mu sync.Mutex
		var sessions []*ingot.Session
		var failures []error
		var transfers []*Transfer
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() {
				errs[i] = db.Transaction(t.Context(), func(s *ingot.Session) error {
					x := &Transfer{Amount: int64(i)}
					mu.Lock()
					sessions = append(sessions, s)
					transfers = append(transfers, x)
					mu.Unlock()
					for n, id := range []int64{int64(1 + i), int64(2 - i)} {
						if n == 1 {
							both.wait() // each has one
						} else if err := s.Add(x); err != nil {
							return err
						}
						a := new(Account)
						if _, err := ingot.Update(a).Set(ingot.C(&a.Balance).SetX(ingot.Add(ingot.C(&a.Balance), ingot.Value[int64](1)))).Where(ingot.C(&a.ID).Eq(id)).Exec(t.Context(), s); err != nil {
							mu.Lock()
							failures = append(failures, err)
							mu.Unlock()
							return err
						}
					}
					return nil
				}, ingot.Retry(5))
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		base.wantBalances(t, 102, 102, 2)
		if len(failures) != 1 || !errors.Is(failures[0], ingot.ErrDeadlock) || len(sessions) != 3 {
			t.Errorf("%d tries, failing with %v", len(sessions), failures)
		}
		kept := 0
		for _, x := range transfers {
			if x.ID != 0 {
				kept++
			}
		}
		if kept != 2 {
			t.Errorf("%d of %d new instances have a key; want those of the two that were committed", kept, len(transfers))
		}
	}, "postgres", "mysql")
}

// Waiting too long for a lock undoes one statement; the transaction is still open, half done.
func TestLockWaitIsNeverCommittedByHalf(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		option := "innodb_lock_wait_timeout=1"
		if base.kind == "postgres" {
			option = "lock_timeout=200ms"
		}
		base = base.with(option)
		db := base.accounts(t, ingot.Options{})
		holder := base.conn(t)
		mustExec(t, holder, "BEGIN", "UPDATE account SET balance = balance WHERE id = 2")
		tries := 0
		move := func(s *ingot.Session) error {
			tries++
			one, err := get(t.Context(), s, 1)
			if err != nil {
				return err
			}
			two, err := get(t.Context(), s, 2)
			if err != nil {
				return err
			}
			one.Balance -= 10
			if err := s.Flush(t.Context()); err != nil {
				return err
			}
			if two.Balance += 10; tries > 1 {
				mustExec(t, holder, "ROLLBACK")
			}
			flushed := s.Flush(t.Context())
			if tries > 1 {
				return flushed
			}
			if !errors.Is(flushed, ingot.ErrLock) {
				t.Errorf("the flush gives %v; want a lock that is not available", flushed)
			}
			// Committing all the same must not keep the half.
			if err := s.Commit(t.Context()); !errors.Is(err, ingot.ErrRolledBack) || !errors.Is(err, ingot.ErrLock) {
				t.Errorf("Commit after a failed flush = %v", err)
			}
			return nil
		}
		retry := ingot.Retry(1)
		err := db.Transaction(t.Context(), move, retry)
		if base.kind == "postgres" {
			// 55P03 is the caller's to judge.
			if !errors.Is(err, ingot.ErrLock) || tries != 1 {
				t.Fatalf("Transaction = %v after %d tries", err, tries)
			}
			base.wantBalances(t, 100, 100, 0)
			err = db.Transaction(t.Context(), move)
		}
		if err != nil || tries != 2 {
			t.Fatalf("Transaction = %v after %d tries", err, tries)
		}
		base.wantBalances(t, 90, 110, 0)
	}, "postgres", "mysql")
}

type (
	Town struct {
		_  struct{} `ingot:"table:town"`
		ID int64    `ingot:"pk;noauto"`
	}
	Street struct {
		_      struct{} `ingot:"table:street"`
		ID     int64    `ingot:"pk"`
		TownID int64
	}
)

func TestDeferredConstraintFailsTheSessionAtCommit(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		hooks := 0
		plain := base.ingot(t, Town{}, Street{})
		if err := plain.DropAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		key := "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
		if base.kind == "sqlite" {
			key = "INTEGER PRIMARY KEY"
		}
		base.exec(t, "CREATE TABLE town (id bigint PRIMARY KEY)",
			"CREATE TABLE street (id "+key+", town_id bigint NOT NULL CONSTRAINT street_town REFERENCES town (id) DEFERRABLE INITIALLY DEFERRED)")
		db, err := ingot.Open(base.again(t), base.dialect, ingot.Options{Models: plain.Models(), Echo: echo(t),
			Hooks: ingot.Hooks{AfterCommit: func(context.Context, *ingot.Session) { hooks++ }}})
		if err != nil {
			t.Fatal(err)
		}
		for _, flushed := range []bool{false, true} {
			s := db.Session()
			x := &Street{TownID: 7}
			if err := s.Add(x); err != nil {
				t.Fatal(err)
			}
			if flushed { // without it the INSERT is the whole unit of work, sent without BEGIN
				if err := s.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			err := s.Commit(t.Context())
			var c *ingot.ConstraintError
			if !errors.As(err, &c) || !errors.Is(err, ingot.ErrConstraint) || c.Kind != ingot.ForeignKeyViolation {
				t.Fatalf("Commit = %v", err)
			}
			if base.kind == "postgres" && (c.Constraint != "street_town" || c.Table != "street" || !slices.Equal(c.Columns, []string{"town_id"})) {
				t.Errorf("the error names %+v", c)
			}
			if errors.Is(err, ingot.ErrCommitUnknown) || hooks != 0 {
				t.Errorf("Commit = %v, with %d calls of AfterCommit", err, hooks)
			}
			if err := s.Flush(t.Context()); !errors.Is(err, ingot.ErrRolledBack) || !errors.Is(err, ingot.ErrConstraint) {
				t.Errorf("Flush of the failed session = %v", err)
			}
			if err := s.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if x.ID != 0 || s.State(x) != ingot.Transient {
				t.Errorf("%+v is %v", x, s.State(x))
			}
			// The same instances can be saved once what was wrong is right.
			if err := s.AddAll(&Town{ID: 7}, x); err != nil {
				t.Fatal(err)
			}
			if err := s.Commit(t.Context()); err != nil || hooks != 1 {
				t.Errorf("Commit of what is right = %v, with %d calls of AfterCommit", err, hooks)
			}
			s.Close()
			base.exec(t, "DELETE FROM street", "DELETE FROM town")
			hooks = 0
		}
	}, "postgres", "sqlite")
}

func TestConnectionKilledAtAStatement(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		db := base.accounts(t, ingot.Options{})
		tries := 0
		var a *Account
		err := db.Transaction(t.Context(), func(s *ingot.Session) (err error) {
			tries++
			if a, err = get(t.Context(), s, 1); err != nil {
				return err
			}
			a.Balance = 5
			tx, err := s.Tx(t.Context()) // which flushes
			if err != nil {
				return err
			}
			id, err := base.connID(t.Context(), tx)
			if err != nil {
				return err
			}
			base.kill(t, id)
			return s.Add(&Transfer{Amount: 1})
		}, ingot.Retry(3))
		if !errors.Is(err, ingot.ErrConnection) || errors.Is(err, ingot.ErrCommitUnknown) || tries != 1 {
			t.Errorf("Transaction = %v after %d tries; want a lost connection, at once", err, tries)
		}
		base.wantBalances(t, 100, 100, 0)
		if a.Balance != 100 {
			t.Errorf("the account says %d", a.Balance)
		}
		if err := db.Transaction(t.Context(), func(s *ingot.Session) error { return s.Add(&Transfer{Amount: 1}) }); err != nil {
			t.Errorf("the pool does not heal: %v", err)
		}
	}, "postgres", "mysql")
}

// The connection is gone before COMMIT goes out. The server knows that nothing was
// committed; the program cannot.
func TestConnectionKilledBeforeCommit(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		hooks := 0
		db := base.accounts(t, ingot.Options{Hooks: ingot.Hooks{AfterCommit: func(context.Context, *ingot.Session) { hooks++ }}})
		s := db.Session()
		defer s.Close()
		x := &Transfer{Amount: 1}
		if err := s.Add(x); err != nil {
			t.Fatal(err)
		}
		tx, err := s.Tx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var id int64
		text := map[string]string{"postgres": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}[base.kind]
		if err := tx.QueryRowContext(t.Context(), text).Scan(&id); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		base.kill(t, id)
		err = s.Commit(t.Context())
		if !errors.Is(err, ingot.ErrCommitUnknown) || !errors.Is(err, ingot.ErrConnection) || hooks != 0 {
			t.Errorf("Commit = %v, with %d calls of AfterCommit", err, hooks)
		}
		if err := s.Commit(t.Context()); !errors.Is(err, ingot.ErrRolledBack) {
			t.Errorf("Commit of the failed session = %v", err)
		}
		if err := s.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
		base.wantBalances(t, 100, 100, 0)
	}, "postgres", "mysql")
}

// textDSN are options with which a driver sends a statement with arguments in one message.
var textDSN = map[string]string{"mysql": "interpolateParams=true", "pgx": "default_query_exec_mode=exec", "postgres": "binary_parameters=yes"}

// The server has done what it was told, and the answer is lost. Whoever sends it again does
// it twice.
func TestAnswerLost(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		base.accounts(t, ingot.Options{})
		through, cutter := base.with(textDSN[base.driver]).cutter(t)
		models, err := ingot.NewModels(Account{}, Transfer{})
		if err != nil {
			t.Fatal(err)
		}
		hooks := 0
		db, err := ingot.Open(through.again(t), base.dialect, ingot.Options{Models: models, Echo: echo(t), Statements: 1, // the text goes out, not the name of a prepared statement
			Hooks: ingot.Hooks{AfterCommit: func(context.Context, *ingot.Session) { hooks++ }}})
		if err != nil {
			t.Fatal(err)
		}
		for i, tt := range []struct {
			name, at string
			run      func() error
			want     error
		}{
			{"COMMIT", "COMMIT", func() error {
				tries := 0
				err := db.Transaction(t.Context(), func(s *ingot.Session) error {
					tries++
					return s.Add(&Transfer{Amount: 1})
				}, ingot.Retry(3))
				if tries != 1 {
					t.Errorf("%d tries", tries)
				}
				return err
			}, ingot.ErrCommitUnknown},
			{"a statement that is the whole unit of work", "INSERT", func() error {
				s := db.Session()
				defer s.Close()
				if err := s.Add(&Transfer{Amount: 1}); err != nil {
					return err
				}
				return s.Commit(t.Context())
			}, ingot.ErrCommitUnknown},
			{"a statement outside of a session", "INSERT", func() error {
				_, err := db.Exec(t.Context(), "INSERT INTO transfer (amount) VALUES (1)")
				return err
			}, ingot.ErrConnection},
			{"a bulk INSERT", "INSERT", func() error {
				_, err := ingot.Insert(&Transfer{Amount: 1}).Exec(t.Context(), db)
				return err
			}, ingot.ErrConnection},
			{"a bulk INSERT that returns", "INSERT", func() error {
				if !db.Server().InsertReturning {
					_, err := db.Exec(t.Context(), "INSERT INTO transfer (amount) VALUES (1)")
					return err
				}
				_, err := ingot.Insert(&Transfer{Amount: 1}).Returning().All(t.Context(), db)
				return err
			}, ingot.ErrConnection},
		} {
			cutter.cut(tt.at)
			if err := tt.run(); !errors.Is(err, tt.want) || !errors.Is(err, ingot.ErrConnection) {
				t.Errorf("%s: %v; want %v", tt.name, err, tt.want)
			}
			if cutter.cuts != i+1 {
				t.Fatalf("%s: %d answers were lost; want %d", tt.name, cutter.cuts, i+1)
			}
			waitFor(t, func() bool {
				_, _, n := base.balances(t)
				return n >= i+1
			})
			base.wantBalances(t, 100, 100, i+1)
			if hooks != 0 {
				t.Errorf("%s: AfterCommit was called", tt.name)
			}
		}
	}, "postgres", "mysql")
}

// waitFor waits until something is so, for two seconds at most.
func waitFor(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Second); !so() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
}

// deadlock makes fn, which runs with account 1 locked in tx, the victim of a deadlock over
// account 2: the other transaction has done more, and so is worth more.
func (db *database) deadlock(t *testing.T, fn func()) {
	t.Helper()
	other := db.conn(t)
	mustExec(t, other, "BEGIN", "UPDATE account SET balance = balance WHERE id = 2")
	for i := range 20 {
		mustExec(t, other, fmt.Sprintf("INSERT INTO transfer (amount) VALUES (%d)", i))
	}
	id, err := db.connID(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	waits := make(chan error, 1)
	go func() {
		_, err := other.ExecContext(t.Context(), "UPDATE account SET balance = balance WHERE id = 1")
		waits <- err
	}()
	waitFor(t, func() bool {
		time.Sleep(110 * time.Millisecond) // what is asked sooner is answered as before
		var n int
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_mysql_thread_id = %d", id)).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n > 0
	})
	fn()
	if err := <-waits; err != nil {
		t.Errorf("the other transaction was the victim: %v", err)
	}
	mustExec(t, other, "ROLLBACK")
}

// MySQL has undone the transaction, and would commit the next statement by itself.
func TestNothingIsSentAfterADeadlockEndedTheTransaction(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		db := base.accounts(t, ingot.Options{})
		ctx := t.Context()
		begin := func(s *ingot.Session) *ingot.Tx {
			tx, err := s.Tx(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.ExecContext(ctx, "UPDATE account SET balance = balance - 1 WHERE id = 1"); err != nil {
				t.Fatal(err)
			}
			return tx
		}
		lose := map[string]func(tx *ingot.Tx) error{
			"Exec": func(tx *ingot.Tx) error {
				_, err := tx.ExecContext(ctx, "UPDATE account SET balance = 0 WHERE id = 2")
				return err
			},
			"Query": func(tx *ingot.Tx) error {
				rows, err := tx.QueryContext(ctx, "SELECT id FROM account WHERE id >= 2 ORDER BY id FOR UPDATE")
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
				}
				return rows.Err()
			},
			"Query with arguments": func(tx *ingot.Tx) error {
				rows, err := tx.QueryContext(ctx, "SELECT id FROM account WHERE id >= ? FOR UPDATE", 2)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
				}
				return rows.Err()
			},
			"QueryRow": func(tx *ingot.Tx) error {
				var n int
				return tx.QueryRowContext(ctx, "SELECT balance FROM account WHERE id = 2 FOR UPDATE").Scan(&n)
			},
			"Query of which nobody reads the end": func(tx *ingot.Tx) error {
				rows, err := tx.QueryContext(ctx, "SELECT id FROM account WHERE id >= 2 FOR UPDATE")
				if err == nil {
					err = rows.Close()
				}
				return err
			},
		}
		for name, lose := range lose {
			t.Run(name, func(t *testing.T) {
				s := db.Session()
				defer s.Close()
				tx := begin(s)
				base.deadlock(t, func() { t.Logf("the program does not look at: %v", lose(tx)) })
				if _, err := tx.ExecContext(ctx, "INSERT INTO transfer (amount) VALUES (1)"); err == nil || !strings.Contains(err.Error(), "the server has ended the transaction") {
					t.Errorf("the next statement gives %v", err)
				}
				if err := s.Add(&Transfer{Amount: 2}); err != nil {
					t.Fatal(err)
				}
				if err := s.Commit(ctx); err == nil {
					t.Error("Commit succeeds")
				}
				if err := s.Rollback(ctx); err != nil {
					t.Error(err)
				}
				base.wantBalances(t, 100, 100, 0)
			})
			t.Run(name+", then Commit", func(t *testing.T) {
				s := db.Session()
				defer s.Close()
				tx := begin(s)
				base.deadlock(t, func() { _ = lose(tx) })
				if err := s.Commit(ctx); err == nil {
					t.Error("Commit of what was undone succeeds")
				}
				base.wantBalances(t, 100, 100, 0)
			})
		}
		t.Run("a transaction of the caller's", func(t *testing.T) {
			own, err := base.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer own.Rollback()
			s := db.Session(ingot.OnTx(own))
			tx := begin(s)
			base.deadlock(t, func() { _ = lose["Query"](tx) })
			s.Close()
			tries := 0
			err = db.Transaction(ctx, func(s *ingot.Session) error {
				tries++
				return s.Add(&Transfer{Amount: 3})
			}, ingot.OnTx(own), ingot.Retry(3))
			if err == nil || tries != 1 {
				t.Errorf("joining a transaction that is over gives %v after %d tries", err, tries)
			}
			base.wantBalances(t, 100, 100, 0)
		})
		t.Run("DDL", func(t *testing.T) {
			s := db.Session()
			defer s.Close()
			if err := s.Savepoint(ctx, func() error {
				_, err := s.Exec(ctx, "CREATE TABLE other (id INT)")
				return err
			}); err == nil || !strings.Contains(err.Error(), "ended the transaction") {
				t.Errorf("a savepoint that DDL has committed gives %v", err)
			}
		})
	}, "mysql")
}
