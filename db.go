package ingot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure [Open]. The zero value is ready to use, though without models it
// serves raw SQL and schemas only.
type Options struct {
	Models *Models // the metadata

	Echo     io.Writer    // every statement, readably, with its arguments; nil writes nothing
	Logger   *slog.Logger // one debug record per statement, one error record per failed one; nil logs nothing
	Tracer   Tracer       // told before and after each statement; nil traces nothing
	HideArgs bool         // Echo, Logger and Tracer see no argument values

	BatchSize  int              // most rows in one INSERT, UPDATE or DELETE; zero means what suits the server
	Statements int              // most statements kept prepared where that pays; zero means 256
	Now        func() time.Time // clock for created and updated columns; nil means time.Now
	Adjust     func(*Server)    // overrules what Open found out about the server; nil accepts it
	Hooks      Hooks            // functions called at points of the unit of work

	// Classify overrules what the dialect made of a driver's error, which stands in r: a code
	// of one's own, or of a server that the dialect does not know. [ReadDriverError] tells
	// what err says. It may be called by many goroutines; nil accepts every reading.
	Classify func(err error, r *Refusal)
}

// A DB is a database as one dialect speaks to it: the engine that sessions, queries and
// migrations run on. It is safe for concurrent use. It does not own the *sql.DB.
type DB struct {
	sqldb   *sql.DB
	dialect Dialect
	server  Server
	models  *Models
	opts    Options
	enc     encoding
	setup   []string // statements a connection needs before it may write
	waits   bool     // setup makes connections wait for locks; those that only read are made to here
	ready   readyConns
	stmts   *statementCache // nil where the driver keeps statements itself
	kept    sync.Map        // statements that never change, by keys of the rooms' own types
	scratch sync.Pool       // what writes statements, for the next one
	single  bool            // the pool is one connection: an in-memory database
	closed  atomic.Bool

	keySources sync.Map // of *column: what its generated keys come from, a string
}

// Open asks the server what it is and returns an engine for it. The error names the right
// dialect where another database answers. sqldb stays the caller's to close.
//
// An in-memory SQLite database lives in one connection; Open limits the pool to it.
func Open(sqldb *sql.DB, d Dialect, o Options) (*DB, error) {
	if sqldb == nil || d == nil {
		return nil, fmt.Errorf("ingot: Open needs a *sql.DB and a dialect, one of those in dialects/")
	}
	db := &DB{sqldb: sqldb, dialect: d, models: o.Models, opts: o}
	ctx := context.Background()
	var conn *sql.Conn
	err := db.unlocked(func() (err error) { // a DSN may say what takes a lock
		conn, err = sqldb.Conn(ctx)
		return err
	})
	if err != nil {
		_, said := d.Probe(ctx, noConn{err}) // the dialect knows what the error means
		return nil, within("cannot open the database", cmp.Or(said, err))
	}
	defer conn.Close() // a second time where all goes well, which does nothing
	err = db.unlocked(func() error {
		db.server, err = d.Probe(ctx, conn)
		return err
	})
	if err != nil {
		return nil, within(fmt.Sprintf("cannot open the database as %s", d.Name()), err)
	}
	if o.Adjust != nil {
		o.Adjust(&db.server)
	}
	if x, ok := d.(ConnSetup); ok {
		err = db.unlocked(func() error {
			db.setup, err = x.SetupSQL(ctx, conn)
			return err
		})
		if err != nil {
			return nil, within("cannot open the database", err)
		}
	}
	if x, ok := d.(LockWaiter); ok {
		var text string
		err = db.unlocked(func() error {
			text, err = x.WaitSQL(ctx, conn, lockWait)
			return err
		})
		if err != nil {
			return nil, within("cannot open the database", err)
		}
		if text != "" {
			db.setup, db.waits = append(db.setup, text), true
		}
	}
	conn.Close()
	if x, ok := d.(SingleConn); ok {
		err = db.unlocked(func() error {
			db.single, err = x.SingleConn(ctx, sqldb)
			return err
		})
		if err != nil {
			return nil, within("cannot open the database", err)
		}
		if db.single {
			sqldb.SetMaxOpenConns(1)
			sqldb.SetMaxIdleConns(1)
			sqldb.SetConnMaxLifetime(0)
			sqldb.SetConnMaxIdleTime(0)
		}
	}
	if err := o.Models.checkNames(&db.server); err != nil {
		return nil, err
	}
	db.enc = newEncoding(o.Models, d, &db.server)
	if db.server.CacheStatements {
		db.stmts = newStatementCache(sqldb, cmp.Or(o.Statements, 256))
	}
	if db.opts.Now == nil {
		db.opts.Now = time.Now
	}
	return db, nil
}

// A noConn is a connection that could not be had.
type noConn struct{ err error }

func (c noConn) ExecContext(context.Context, string, ...any) (sql.Result, error) { return nil, c.err }
func (c noConn) QueryContext(context.Context, string, ...any) (*sql.Rows, error) { return nil, c.err }

// unlocked runs f, and runs it again for a while when another process holds the lock of the
// database: of several programs that start at once, all shall start.
func (db *DB) unlocked(f func() error) error {
	return db.retryLocked(context.Background(), f)
}

// retryLocked runs f until it meets no lock, for as long as lockWait. f must not have done
// anything where it fails.
func (db *DB) retryLocked(ctx context.Context, f func() error) error {
	end := time.Now().Add(lockWait)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := f()
		if err == nil || db.classify(err).Kind != ErrLock || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// Server returns what Open found out about the server.
func (db *DB) Server() Server { return db.server }

// Dialect returns the dialect given to Open.
func (db *DB) Dialect() Dialect { return db.dialect }

// Models returns the metadata given to Open; nil if none was.
func (db *DB) Models() *Models { return db.models }

// Exec runs one statement outside of any session. Arguments are bound, never spliced in.
// The error is a [*StatementError].
func (db *DB) Exec(ctx context.Context, text TrustedSQL, args ...any) (sql.Result, error) {
	return db.exec(ctx, nil, statement{op: "exec", sql: string(text), args: args})
}

// maxParams is how many parameters a statement may have.
func (db *DB) maxParams() int {
	if db.server.MaxParams > 0 {
		return db.server.MaxParams
	}
	return 999
}

// batchRows is how many rows one statement may have at n parameters each.
func (db *DB) batchRows(perRow int) int {
	perRow = max(perRow, 1)
	n := db.opts.BatchSize
	if n <= 0 {
		n = max(db.server.BatchRows, 1)
		if db.server.BatchParams > 0 {
			n = min(n, db.server.BatchParams/perRow)
		}
	}
	return max(min(n, db.maxParams()/perRow), 1)
}

// Close releases the prepared statements. What begins on the DB afterwards is [ErrClosed]; a
// transaction under way may go on to its end. Close does not close the *sql.DB.
func (db *DB) Close() error {
	if db.closed.Swap(true) || db.stmts == nil {
		return nil
	}
	return db.stmts.close()
}

// A statement is one statement on its way to the database.
type statement struct {
	op    string // as in StatementError
	model string
	key   string
	sql   string
	args  []any
	more  bool // the same text follows, with other arguments
}

// exec runs a statement that returns no rows: in tx, or alone on the pool when tx is nil.
func (db *DB) exec(ctx context.Context, tx *Tx, st statement) (sql.Result, error) {
	ctx, done := db.begun(ctx, &st)
	var res sql.Result
	var err error
	switch {
	case tx != nil:
		res, err = tx.exec(ctx, &st)
	case len(db.setup) == 0 && db.stmts != nil:
		res, err = db.execCached(ctx, st.sql, st.args)
	default:
		res, err = db.execOnce(ctx, st.sql, st.args)
	}
	if done != nil {
		done(res, err)
	}
	if err != nil {
		return nil, db.refused(tx, &st, blamed(ctx, err))
	}
	return res, nil
}

// query runs a statement that returns rows: in tx, or alone on the pool when tx is nil. A
// statement that writes and returns rows goes by queryWrite.
func (db *DB) query(ctx context.Context, tx *Tx, st statement) (*sql.Rows, error) {
	ctx, done := db.begun(ctx, &st)
	var rows *sql.Rows
	var err error
	switch {
	case tx != nil:
		rows, err = tx.query(ctx, &st)
	case db.waits:
		// A connection that only reads is not set up: that would cost each read a
		// connection held apart.
		err = db.retryLocked(ctx, func() error {
			rows, err = db.queryPool(ctx, st.sql, st.args)
			return err
		})
	default:
		rows, err = db.queryPool(ctx, st.sql, st.args)
	}
	if done != nil {
		done(nil, err)
	}
	if err != nil {
		return nil, db.refused(tx, &st, blamed(ctx, err))
	}
	return rows, nil
}

// queryWrite runs one statement that writes and returns rows, and hands each row to scan.
// Unlike query it may be used without a transaction: a connection that must be set up
// before it writes is.
func (db *DB) queryWrite(ctx context.Context, tx *Tx, st statement, scan func(*sql.Rows) error) error {
	run := func(q func(context.Context, statement) (*sql.Rows, error)) error {
		rows, err := q(ctx, st)
		if err != nil {
			return err
		}
		defer tx.leave(rows)
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return db.refused(tx, &st, err)
		}
		return nil
	}
	if tx != nil || len(db.setup) == 0 && db.stmts != nil {
		return run(func(ctx context.Context, st statement) (*sql.Rows, error) { return db.query(ctx, tx, st) })
	}
	conn, err := db.writer(ctx)
	if err != nil {
		return db.refused(nil, &st, unsent{canceled(ctx, err)})
	}
	defer conn.Close()
	return run(func(ctx context.Context, st statement) (*sql.Rows, error) {
		ctx, done := db.begun(ctx, &st)
		var rows *sql.Rows
		var err error
		if ended := ctx.Err(); ended != nil {
			err = unsent{ended}
		} else {
			rows, err = conn.QueryContext(ctx, st.sql, st.args...)
		}
		if done != nil {
			done(nil, err)
		}
		if err != nil {
			return nil, db.refused(nil, &st, blamed(ctx, err))
		}
		return rows, nil
	})
}

// execCached runs a statement on any connection, prepared from its second time on.
func (db *DB) execCached(ctx context.Context, text string, args []any) (sql.Result, error) {
	if err := db.await(ctx); err != nil {
		return nil, unsent{err}
	}
	if st := db.stmts.take(ctx, text); st != nil {
		defer db.stmts.give(st)
		return st.stmt.ExecContext(ctx, args...)
	}
	return db.execOnce(ctx, text, args)
}

// queryPool runs a query on any connection.
func (db *DB) queryPool(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	if err := db.await(ctx); err != nil {
		return nil, err
	}
	if st := db.stmts.take(ctx, text); st != nil {
		defer db.stmts.give(st)
		return st.stmt.QueryContext(ctx, args...)
	}
	return db.sqldb.QueryContext(ctx, text, args...)
}

// execOnce runs a statement on a connection that is set up for writing. The connection is
// held, because *sql.DB would send the statement again on another one where the driver calls
// this one bad, and some drivers do that when the server may have run it.
func (db *DB) execOnce(ctx context.Context, text string, args []any) (sql.Result, error) {
	conn, err := db.writer(ctx)
	if err != nil {
		return nil, unsent{err}
	}
	defer conn.Close()
	return conn.ExecContext(ctx, text, args...)
}

// writer takes a connection from the pool and sets it up for writing. The caller closes it.
func (db *DB) writer(ctx context.Context) (*sql.Conn, error) {
	conn, err := db.conn(ctx)
	if err != nil {
		return nil, err
	}
	if len(db.setup) == 0 || db.ready.has(conn) {
		return conn, nil
	}
	for _, text := range db.setup {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			conn.Close()
			return nil, err
		}
	}
	db.ready.add(conn, db.sqldb.Stats().OpenConnections)
	return conn, nil
}

// oneConnWait is how long a statement waits for the only connection of an in-memory
// database: long enough for other goroutines, short enough to find a deadlock with oneself.
const oneConnWait = 5 * time.Second

// lockWait is how long a statement waits for another connection to let go of the database,
// where the DSN does not say and the database would not wait.
const lockWait = 5 * time.Second

// usable says whether the DB was closed.
func (db *DB) usable() error {
	if db.closed.Load() {
		return fmt.Errorf("%w of the DB", ErrClosed)
	}
	return nil
}

// conn takes a connection of the pool. The wait for the only one of an in-memory database
// has a bound.
func (db *DB) conn(ctx context.Context) (*sql.Conn, error) {
	if err := db.usable(); err != nil {
		return nil, err
	}
	if !db.single {
		return db.sqldb.Conn(ctx)
	}
	wait, cancel := context.WithTimeout(ctx, oneConnWait)
	defer cancel()
	conn, err := db.sqldb.Conn(wait)
	if ctx.Err() == nil && err == context.DeadlineExceeded {
		err = fmt.Errorf("%w: an in-memory database has one connection, and an open transaction or unfinished rows hold it; end them first, or give each connection the same database (file:/name?vfs=memdb)", ErrLock)
	}
	return conn, err
}

// await waits until the only connection of an in-memory database is free. It is a wait of
// its own because the statement that follows may take as long as it likes.
func (db *DB) await(ctx context.Context) error {
	if !db.single {
		return db.usable()
	}
	conn, err := db.conn(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}

// readyConns remembers the connections that are set up. What database/sql has closed stays
// in it until it is emptied, which only costs setting up again.
type readyConns struct {
	mu    sync.Mutex
	conns map[any]struct{}
}

func (r *readyConns) has(conn *sql.Conn) (found bool) {
	_ = conn.Raw(func(dc any) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		_, found = r.conns[dc]
		return nil
	})
	return found
}

func (r *readyConns) add(conn *sql.Conn, open int) {
	_ = conn.Raw(func(dc any) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.conns == nil || len(r.conns) > 2*open+16 {
			r.conns = map[any]struct{}{}
		}
		r.conns[dc] = struct{}{}
		return nil
	})
}

// refused wraps a driver's error with what was being done, and notes in tx whether the
// server has ended the transaction.
func (db *DB) refused(tx *Tx, st *statement, err error) error {
	e := &StatementError{Op: st.op, Model: st.model, Key: st.key, SQL: st.sql, Err: err}
	if x, ok := err.(unsent); ok {
		e.Err, e.unsent = x.error, true
	} else {
		e.unsent = unreachable(err)
	}
	switch r := db.classify(e.Err); {
	case r.Constraint != nil:
		e.Kind, e.Err = ErrConstraint, r.Constraint
		if len(r.Constraint.Columns) == 1 {
			e.Column = r.Constraint.Columns[0]
		}
		tx.note(r, e)
	default:
		e.Kind = r.Kind
		if r.Objects != "" {
			e.Err = fmt.Errorf("%w: %s", e.Err, r.Objects)
		}
		tx.note(r, e)
	}
	return e
}

// classify reads a driver's error.
func (db *DB) classify(err error) Refusal {
	r := db.dialect.Classify(err, &db.server)
	if db.opts.Classify != nil {
		db.opts.Classify(err, &r)
	}
	return r
}

// canceled adds the reason to an error that a cancelled context has caused: drivers may say
// no more than that the connection is bad.
func canceled(ctx context.Context, err error) error {
	cause := ctx.Err()
	if at, ok := ctx.Deadline(); ok && cause == nil && !time.Now().Before(at) {
		cause = context.DeadlineExceeded // the network has its own clock for it, which may be the faster
	}
	if cause != nil && !errors.Is(err, cause) {
		return errors.Join(err, cause)
	}
	return err
}

// blamed is canceled for an error that may be unsent.
func blamed(ctx context.Context, err error) error {
	if x, ok := err.(unsent); ok {
		return unsent{canceled(ctx, x.error)}
	}
	return canceled(ctx, err)
}

// An unsent error was met before the statement went to the server.
type unsent struct{ error }

func (e unsent) Unwrap() error { return e.error }

// apply calls options; nil ones are left out.
func apply[T any, O ~func(*T)](to *T, opts []O) {
	for _, o := range opts {
		if o != nil {
			o(to)
		}
	}
}
