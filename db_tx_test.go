package ingot_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ingot"
	"ingot/dialects/mysql"
	"ingot/dialects/postgres"
	"ingot/dialects/sqlite"
)

// A faults is a connector whose connections fail as they are told to: those of a real driver,
// or, without one, of a server that agrees to everything and knows its version alone.
type faults struct {
	real    driver.Driver
	dsn     string
	version string
	connect func() error            // asked before a connection is made
	before  func(text string) error // asked before a statement is run
	after   func(text string) error // asked when it has been
	rest    error                   // met by who leaves rows of gadgets before their end
	log     []string                // statements that reached a connection
	conns   int                     // connections made
}

func (f *faults) Driver() driver.Driver { return f.real }

func (f *faults) Connect(context.Context) (driver.Conn, error) {
	if f.connect != nil {
		if err := f.connect(); err != nil {
			return nil, err
		}
	}
	f.conns++
	if f.real == nil {
		return &faultyConn{f: f}, nil
	}
	c, err := f.real.Open(f.dsn)
	return &faultyConn{Conn: c, f: f}, err
}

type faultyConn struct {
	driver.Conn
	f *faults
}

func (c *faultyConn) Begin() (driver.Tx, error)                { return nil, errors.New("begun by text alone") }
func (c *faultyConn) Prepare(string) (driver.Stmt, error)      { return nil, errors.New("not prepared") }
func (c *faultyConn) CheckNamedValue(*driver.NamedValue) error { return nil }

func (c *faultyConn) Close() error {
	if c.Conn != nil {
		return c.Conn.Close()
	}
	return nil
}

func (c *faultyConn) around(text string, run func() error) error {
	c.f.log = append(c.f.log, text)
	if c.f.before != nil {
		if err := c.f.before(text); err != nil {
			return err
		}
	}
	if c.Conn != nil {
		if err := run(); err != nil {
			return err
		}
	}
	if c.f.after != nil {
		return c.f.after(text)
	}
	return nil
}

func (c *faultyConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (res driver.Result, err error) {
	res = insertedSeven{}
	err = c.around(text, func() (err error) {
		res, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
		return err
	})
	return res, err
}

func (c *faultyConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = c.around(text, func() (err error) {
		rows, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
		return err
	})
	if c.Conn == nil && err == nil {
		rows = &stubRows{}
		switch {
		case strings.Contains(strings.ToLower(text), "version()"):
			rows = &stubRows{[]driver.Value{c.f.version}}
		case strings.Contains(text, "RETURNING"):
			rows = &stubRows{[]driver.Value{int64(7)}}
		case c.f.rest != nil && strings.Contains(text, "gadget"):
			rows = gadgetRows{c.f.rest}
		}
	}
	return rows, err
}

// gadgetRows go on until they are left, which meets an error.
type gadgetRows struct{ rest error }

func (gadgetRows) Columns() []string { return []string{"id", "name"} }
func (r gadgetRows) Close() error    { return r.rest }
func (gadgetRows) Next(dest []driver.Value) error {
	for i := range dest {
		dest[i] = int64(7) // a name as well, which is no text
	}
	return nil
}

type insertedSeven struct{}

func (insertedSeven) LastInsertId() (int64, error) { return 7, nil }
func (insertedSeven) RowsAffected() (int64, error) { return 1, nil }

// faulting is the error for a statement that begins with prefix, the given times.
func faulting(times int, prefix string, err error) func(string) error {
	return func(text string) error {
		if times > 0 && strings.HasPrefix(text, prefix) {
			times--
			return err
		}
		return nil
	}
}

// Errors in the shapes of the drivers, as the servers of which no test can be had send them.
type (
	stateError  struct{ Code, Message string }
	numberError struct {
		Number  uint16
		Message string
	}
)

func (e *stateError) Error() string    { return e.Message }
func (e *stateError) SQLState() string { return e.Code }
func (e *numberError) Error() string   { return fmt.Sprintf("Error %d: %s", e.Number, e.Message) }

type gadget struct {
	_    struct{} `ingot:"table:gadget"`
	ID   int64    `ingot:"pk"`
	Name string
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error %v; want one with %q", err, part)
	}
}

// wantGadgets counts the rows of a name.
func wantGadgets(t testing.TB, db *ingot.DB, name string, want int) {
	t.Helper()
	x := new(gadget)
	if n, err := ingot.Select(x).Where(ingot.C(&x.Name).Eq(name)).Count(t.Context(), db); err != nil || n != want {
		t.Errorf("%d rows have the name %q, %v; want %d", n, name, err, want)
	}
}

func (f *faults) open(t *testing.T, d ingot.Dialect, o ingot.Options) (*ingot.DB, *sql.DB) {
	t.Helper()
	o.Models = ingot.MustModels(gadget{})
	pool := sql.OpenDB(f)
	t.Cleanup(func() { pool.Close() })
	db, err := ingot.Open(pool, d, o)
	must(t, err)
	f.log = nil
	return db, pool
}

const (
	cockroachDB = "CockroachDB CCL v24.1.2 (x86_64-pc-linux-gnu, built 2024/06/10, go1.22.4)"
	yugabyteDB  = "PostgreSQL 11.2-YB-2.18.0.0-b0 on x86_64-pc-linux-gnu"
	tiDB        = "8.0.11-TiDB-v7.5.1"
	vitess      = "8.0.30-Vitess"
)

// Each shape comes at a statement and at COMMIT, twice in a row, and a third try finds peace.
func TestServersThatCannotBeRunAreRetriedByTheirErrors(t *testing.T) {
	pg, my := ingot.Dialect(postgres.Dialect{}), ingot.Dialect(mysql.Dialect{})
	for _, tt := range []struct {
		name    string
		version string
		dialect ingot.Dialect
		err     error
		kind    error
		retried bool
	}{
		{"cockroach/restart", cockroachDB, pg, &stateError{"40001", "restart transaction: TransactionRetryWithProtoRefreshError: WriteTooOldError"}, ingot.ErrSerialization, true},
		{"cockroach/old code", cockroachDB, pg, &stateError{"CR000", "restart transaction"}, ingot.ErrSerialization, true},
		{"cockroach/ambiguous", cockroachDB, pg, &stateError{"40003", "result is ambiguous: error=rpc error [exhausted]"}, ingot.ErrCommitUnknown, false},
		{"yugabyte/conflict", yugabyteDB, pg, &stateError{"40001", "Operation expired: Transaction aborted"}, ingot.ErrSerialization, true},
		{"yugabyte/deadlock", yugabyteDB, pg, &stateError{"40P01", "deadlock detected"}, ingot.ErrDeadlock, true},
		{"yugabyte/schema moved", yugabyteDB, pg, &stateError{"XX000", "The catalog snapshot used for this transaction has been invalidated: schema version mismatch"}, ingot.ErrSerialization, true},
		{"tidb/write conflict", tiDB, my, &numberError{9007, "Write conflict, txnStartTS=1, conflictStartTS=2 [try again later]"}, ingot.ErrSerialization, true},
		{"tidb/for update aborted", tiDB, my, &numberError{8002, "can not retry select for update statement"}, ingot.ErrSerialization, true},
		{"tidb/lock lost", tiDB, my, &numberError{8005, "Write Conflict, txnStartTS is stale"}, ingot.ErrSerialization, true},
		{"tidb/commit failed", tiDB, my, &numberError{8022, "Error: KV error safe to retry [try again later]"}, ingot.ErrSerialization, true},
		{"tidb/schema moved", tiDB, my, &numberError{8028, "Information schema is changed during the execution of the statement"}, ingot.ErrSerialization, true},
		{"tidb/deadlock", tiDB, my, &numberError{1213, "Deadlock found when trying to get lock; try restarting transaction"}, ingot.ErrDeadlock, true},
		{"vitess/killed", vitess, my, &numberError{1105, "target: commerce.0.primary: vttablet: rpc error: code = Aborted desc = transaction 1: in use: exceeded timeout: 20s"}, ingot.ErrSerialization, true},
		{"vitess/no primary", vitess, my, &numberError{1105, "target: commerce.0.primary: vttablet: rpc error: code = Unavailable desc = connection error"}, ingot.ErrConnection, false},
		{"vitess/another", vitess, my, &numberError{1105, "target: commerce.0.primary: vttablet: rpc error: code = InvalidArgument desc = x"}, nil, false},
	} {
		for _, where := range []string{"INSERT", "COMMIT"} {
			t.Run(tt.name+"/"+where, func(t *testing.T) {
				f := &faults{version: tt.version}
				hooks := 0
				db, _ := f.open(t, tt.dialect, ingot.Options{Hooks: ingot.Hooks{AfterCommit: func(context.Context, *ingot.Session) { hooks++ }}})
				if flavour, _, _ := strings.Cut(tt.name, "/"); db.Server().Flavour != flavour {
					t.Fatalf("%q is taken for %q", tt.version, db.Server().Flavour)
				}
				prefix := where
				if where == "COMMIT" && tt.dialect == pg {
					prefix = "SELECT 1; COMMIT"
				}
				f.before = faulting(2, prefix, tt.err)
				var objects []*gadget
				err := db.Transaction(t.Context(), func(s *ingot.Session) error {
					x := &gadget{Name: "x"}
					objects = append(objects, x)
					return s.Add(x)
				}, ingot.Retry(5))
				tries := 1
				switch {
				case tt.retried:
					tries = 3
					if err != nil || hooks != 1 {
						t.Errorf("Transaction = %v, with %d calls of AfterCommit; want success and 1", err, hooks)
					}
				case tt.kind != nil && !errors.Is(err, tt.kind), !errors.Is(err, tt.err), hooks != 0:
					t.Errorf("Transaction = %v, with %d calls of AfterCommit; want %v and none", err, hooks, tt.kind)
				}
				if unknown := where == "COMMIT" && errors.Is(tt.kind, ingot.ErrConnection) || tt.kind == ingot.ErrCommitUnknown; errors.Is(err, ingot.ErrCommitUnknown) != unknown {
					t.Errorf("Transaction = %v; unknown: %v", err, unknown)
				}
				if len(objects) != tries {
					t.Errorf("the function ran %d times; want %d", len(objects), tries)
				}
				for i, x := range objects {
					if i < tries-1 && x.ID != 0 {
						t.Errorf("an instance of try %d kept the key %d", i+1, x.ID)
					}
				}
				// Nothing but ROLLBACK may follow where the server has ended the transaction.
				refused := 0
				for i, text := range f.log[:len(f.log)-1] {
					if next := f.log[i+1]; strings.HasPrefix(text, prefix) {
						if refused++; refused <= tries-1 && next != "ROLLBACK" {
							t.Errorf("%q follows on %q, which was refused", next, text)
						}
					}
				}
			})
		}
	}
}

// What the server says nobody reads, and the next statement would be committed by itself.
func TestAStatementSwallowedIsNotCommitted(t *testing.T) {
	f := &faults{version: "8.4.3"}
	db, _ := f.open(t, mysql.Dialect{}, ingot.Options{})
	f.before = faulting(1, "UPDATE", &numberError{1213, "Deadlock found when trying to get lock; try restarting transaction"})
	s := db.Session()
	defer s.Close()
	tx, err := s.Tx(t.Context())
	must(t, err)
	_, _ = tx.ExecContext(t.Context(), "UPDATE gadget SET name = 'a'")
	f.log = nil
	_, err = tx.ExecContext(t.Context(), "INSERT INTO gadget VALUES (1)")
	wantErr(t, err, "the server has ended the transaction")
	var n int
	wantErr(t, tx.QueryRowContext(t.Context(), "SELECT 1").Scan(&n), "the server has ended the transaction")
	wantErr(t, s.Commit(t.Context()), "Deadlock found")
	if want := []string{"ROLLBACK"}; !slices.Equal(f.log, want) {
		t.Errorf("sent %q after the transaction had ended; want %q", f.log, want)
	}
}

// The server ends the transaction in the middle of rows that nobody wants.
func TestRowsLeftEarlyMayHaveEndedTheTransaction(t *testing.T) {
	g := new(gadget)
	for name, read := range map[string]func(s *ingot.Session) error{
		"Exists": func(s *ingot.Session) error {
			_, err := ingot.Select(g).Exists(t.Context(), s)
			return err
		},
		"Iter": func(s *ingot.Session) error {
			for range ingot.Select(g).Iter(t.Context(), s) {
				break
			}
			return nil
		},
		"values": func(s *ingot.Session) error {
			for range ingot.Scalars[int64](ingot.Select(g), ingot.C(&g.ID)).Iter(t.Context(), s) {
				break
			}
			return nil
		},
		"a value that cannot be read": func(s *ingot.Session) error {
			_, _ = ingot.SQL[bool](t.Context(), s, "SELECT id, name FROM gadget")
			return nil
		},
		"Get": func(s *ingot.Session) error {
			_, _ = ingot.Get[gadget](t.Context(), s, 7)
			return nil
		},
	} {
		for _, gone := range []bool{true, false} {
			f := &faults{version: "8.4.3"}
			db, _ := f.open(t, mysql.Dialect{}, ingot.Options{})
			f.rest = &numberError{1317, "Query execution was interrupted"}
			if gone {
				f.before = faulting(1, "RELEASE SAVEPOINT", &numberError{1305, "SAVEPOINT does not exist"})
			}
			err := db.Transaction(t.Context(), func(s *ingot.Session) error {
				if err := read(s); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				return s.Add(&gadget{ID: 1})
			})
			if log := strings.Join(f.log, "\n"); gone != (err != nil) || gone == strings.Contains(log, "INSERT") || gone == strings.Contains(log, "COMMIT") {
				t.Errorf("%s, the transaction gone: %t: %v after %q", name, gone, err, f.log)
			}
		}
	}
}

var errQuota = errors.New("quota exceeded")

func TestACodeOfOnesOwnIsAKindOfOnesOwn(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version string
		dialect ingot.Dialect
		err     error
	}{
		{"state", "PostgreSQL 15.20", postgres.Dialect{}, &stateError{"P0042", "quota"}},
		{"number", "8.4.3", mysql.Dialect{}, &numberError{1644, "quota"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &faults{version: tt.version}
			db, _ := f.open(t, tt.dialect, ingot.Options{Classify: func(err error, r *ingot.Refusal) {
				if e := ingot.ReadDriverError(err); e.SQLState == "P0042" || e.Number == 1644 {
					*r = ingot.Refusal{Kind: errQuota, Retry: true}
				}
			}})
			f.before = faulting(2, "INSERT", tt.err)
			tries := 0
			insert := func(s *ingot.Session) error { tries++; return s.Add(&gadget{Name: "x"}) }
			if err := db.Transaction(t.Context(), insert, ingot.Retry(1)); !errors.Is(err, errQuota) || !errors.Is(err, tt.err) {
				t.Errorf("Transaction = %v; want the kind given and the driver's error", err)
			}
			if tries != 2 {
				t.Errorf("%d tries; want 2", tries)
			}
		})
	}
}

// A connection that was closed while it waited in the pool costs BEGIN another try.
func TestBeginTriesTheOtherConnections(t *testing.T) {
	f := &faults{version: "PostgreSQL 15.20"}
	db, _ := f.open(t, postgres.Dialect{}, ingot.Options{})
	s := db.Session(ingot.Isolation(sql.LevelSerializable))
	other := db.Session(ingot.Isolation(sql.LevelSerializable))
	for _, s := range []*ingot.Session{s, other} {
		_, err := s.Tx(t.Context())
		must(t, err)
	}
	must(t, s.Close())
	must(t, other.Close()) // two connections wait by now
	f.before = faulting(2, "BEGIN", &stateError{"57P01", "terminating connection due to administrator command"})
	must(t, db.Transaction(t.Context(), func(s *ingot.Session) error { return s.Add(&gadget{Name: "x"}) }))
	f.before = faulting(99, "BEGIN", &stateError{"57P01", "terminating connection due to administrator command"})
	f.log = nil
	err := db.Transaction(t.Context(), func(s *ingot.Session) error { return s.Add(&gadget{Name: "x"}) })
	if !errors.Is(err, ingot.ErrConnection) || errors.Is(err, ingot.ErrCommitUnknown) || len(f.log) > 9 {
		t.Errorf("a server that always hangs up gives %v after %q", err, f.log)
	}
}

// openFaulty is a real database behind connections that fail.
func openFaulty(t *testing.T) (*faults, *ingot.DB, *sql.DB) {
	t.Helper()
	pool, err := sql.Open("sqlite", "")
	must(t, err)
	defer pool.Close()
	// All that a connection needs stands in the DSN, so that none has to be set up.
	f := &faults{real: pool.Driver(), dsn: "file:" + filepath.Join(t.TempDir(), "test.db") + "?_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)"}
	db, faulty := f.open(t, sqlite.Dialect{}, ingot.Options{})
	must(t, db.CreateAll(t.Context()))
	return f, db, faulty
}

// The answer to a write that was the whole unit of work gets lost on the way, or the write
// does; nobody can tell, and nothing is sent again.
func TestACommitOfUnknownOutcomeRestoresNothing(t *testing.T) {
	for _, lost := range []error{driver.ErrBadConn, io.ErrUnexpectedEOF, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, context.DeadlineExceeded} {
		for _, arrived := range []int{0, 1} {
			f, db, _ := openFaulty(t)
			s := db.Session()
			defer s.Close()
			u := &gadget{Name: "perhaps"}
			must(t, s.Add(u))
			if arrived == 1 {
				f.after = faulting(1, "INSERT", lost)
			} else {
				f.before = faulting(1, "INSERT", lost)
			}
			if err := s.Commit(t.Context()); !errors.Is(err, ingot.ErrCommitUnknown) || !errors.Is(err, lost) {
				t.Errorf("%v: Commit = %v", lost, err)
			}
			wantErr(t, s.Commit(t.Context()), "needs a Rollback")
			must(t, s.Rollback(t.Context()))
			must(t, s.Commit(t.Context())) // nothing is sent a second time
			wantGadgets(t, db, "perhaps", arrived)
			if st := s.State(u); st != ingot.Detached {
				t.Errorf("state %v", st)
			}
		}
	}
}

// What never left is no commit of unknown outcome: the unit of work can be saved again.
func TestACommitThatWasNeverSentIsKnown(t *testing.T) {
	f, db, pool := openFaulty(t)
	for name, commit := range map[string]func(*ingot.Session) error{
		"no server": func(s *ingot.Session) error {
			f.connect = func() error { return &net.OpError{Op: "dial", Err: errors.New("connection refused")} }
			defer func() { f.connect = nil }()
			return s.Commit(t.Context())
		},
		"no connection in time": func(s *ingot.Session) error {
			ctx, cancel := context.WithCancel(t.Context())
			f.connect = func() error { cancel(); return ctx.Err() }
			defer func() { f.connect = nil }()
			return s.Commit(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := db.Session()
			defer s.Close()
			x := &gadget{Name: name}
			must(t, s.Add(x))
			var held []*sql.Conn
			for range pool.Stats().Idle { // only new connections are left
				c, err := pool.Conn(t.Context())
				must(t, err)
				held = append(held, c)
			}
			err := commit(s)
			for _, c := range held {
				c.Close()
			}
			if err == nil || errors.Is(err, ingot.ErrCommitUnknown) {
				t.Fatalf("Commit = %v; want an error that says what became of it", err)
			}
			must(t, s.Rollback(t.Context()))
			if st := s.State(x); st != ingot.Transient {
				t.Errorf("state %v; want transient", st)
			}
			must(t, s.Add(x))
			must(t, s.Commit(t.Context()))
			wantGadgets(t, db, name, 1)
		})
	}
}

// A write outside of a session is not sent a second time either, whatever database/sql would
// do on a connection that its driver calls bad.
func TestAWriteOutsideOfASessionIsSentOnce(t *testing.T) {
	f, db, _ := openFaulty(t)
	for name, write := range map[string]func() error{
		"raw": func() error {
			_, err := db.Exec(t.Context(), "INSERT INTO gadget (name) VALUES (?)", "raw")
			return err
		},
		"bulk": func() error {
			_, err := ingot.Insert(&gadget{Name: "bulk"}).Exec(t.Context(), db)
			return err
		},
	} {
		f.log = nil
		f.after = faulting(9, "INSERT", driver.ErrBadConn)
		if err := write(); !errors.Is(err, ingot.ErrConnection) {
			t.Errorf("%s: the write gives %v; want a lost connection", name, err)
		}
		f.after = nil
		if n := strings.Count(strings.Join(f.log, "\n"), "INSERT"); n != 1 {
			t.Errorf("%s: sent %d times: %q", name, n, f.log)
		}
		wantGadgets(t, db, name, 1)
	}
}

// stubRows is at most one row of one column.
type stubRows struct{ row []driver.Value }

func (r *stubRows) Columns() []string { return []string{"x"} }
func (r *stubRows) Close() error      { return nil }
func (r *stubRows) Next(dest []driver.Value) error {
	if r.row == nil {
		return io.EOF
	}
	copy(dest, r.row)
	r.row = nil
	return nil
}
