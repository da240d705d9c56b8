package ingot

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// A Tx is the open transaction of a session or of a migration, for statements of one's own
// ([Session.Tx], the function of a [Do] step). It has no Commit: who began it ends it.
//
// It is a pinned connection with BEGIN sent as text, not a *sql.Tx: that would begin
// SQLite's transactions deferred, start a goroutine for every query, and let a statement
// through to a connection whose transaction the server has ended, where MySQL commits it.
type Tx struct {
	db     *DB
	conn   *sql.Conn // ours, nil in a joined transaction
	joined *sql.Tx   // the caller's
	ended  error     // why nothing more may be sent
	uses   map[string]*sql.Stmt
	points int      // savepoints made so far: they never share a name
	after  []string // statements the connection needs once the transaction has ended
}

// begin opens a transaction on a connection of its own. ctx bounds the wait for the
// connection and for BEGIN, not the transaction.
func (db *DB) begin(ctx context.Context, o TxOptions) (*Tx, error) {
	texts, err := db.dialect.BeginSQL(o, &db.server)
	if err != nil {
		return nil, err
	}
	begin := statement{op: "begin", sql: "BEGIN"}
	conn, err := db.writer(ctx)
	if err != nil {
		return nil, db.refused(nil, &begin, err)
	}
	tx := &Tx{db: db, conn: conn}
	if x, ok := db.dialect.(TxEnder); ok {
		tx.after = x.EndSQL(o, &db.server)
	}
	for _, text := range texts {
		if _, err := db.exec(ctx, tx, statement{op: "begin", sql: text}); err != nil {
			_ = tx.rollback(ctx) // it may have begun all the same
			return nil, err
		}
	}
	return tx, nil
}

// join makes a Tx of a transaction that the caller began and will end.
func (db *DB) join(ctx context.Context, t *sql.Tx) (*Tx, error) {
	if x, ok := db.dialect.(ConnSetup); ok {
		missing, err := x.SetupSQL(ctx, t)
		if err != nil {
			return nil, err
		}
		if len(missing) > 0 {
			return nil, fmt.Errorf("ingot: the transaction given runs on a connection that was not set up with %q, and it is too late inside a transaction: put it into the DSN", missing)
		}
	}
	return &Tx{db: db, joined: t}, nil
}

// ExecContext runs a statement in the transaction. The error is a [*StatementError].
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return tx.db.exec(ctx, tx, statement{op: "exec", sql: query, args: args})
}

// QueryContext runs a query in the transaction; the caller closes the rows. The error is a
// [*StatementError].
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.db.query(ctx, tx, statement{op: "exec", sql: query, args: args})
}

// QueryRowContext runs a query of which the first row counts.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	st := statement{op: "exec", sql: query, args: args}
	if tx.ended != nil || tx.conn == nil && tx.joined == nil {
		ctx, cancel := context.WithCancel(ctx)
		cancel() // a *sql.Row can be made by database/sql alone; this one never reaches a connection
		return tx.db.sqldb.QueryRowContext(ctx, query, args...)
	}
	ctx, done := tx.db.begun(ctx, &st)
	var row *sql.Row
	if tx.joined != nil {
		row = tx.joined.QueryRowContext(ctx, query, args...)
	} else {
		row = tx.conn.QueryRowContext(ctx, query, args...)
	}
	if done != nil {
		done(nil, row.Err())
	}
	if err := row.Err(); err != nil {
		_ = tx.db.refused(tx, &st, err)
	}
	return row
}

// exec sends a statement unless the server has ended the transaction.
func (tx *Tx) exec(ctx context.Context, st *statement) (sql.Result, error) {
	if tx.ended != nil {
		return nil, tx.ended
	}
	if tx.joined != nil {
		return tx.joined.ExecContext(ctx, st.sql, st.args...)
	}
	if p := tx.prepared(ctx, st); p != nil {
		return p.ExecContext(ctx, st.args...)
	}
	return tx.conn.ExecContext(ctx, st.sql, st.args...)
}

// query sends a query unless the server has ended the transaction.
func (tx *Tx) query(ctx context.Context, st *statement) (*sql.Rows, error) {
	if tx.ended != nil {
		return nil, tx.ended
	}
	if tx.joined != nil {
		return tx.joined.QueryContext(ctx, st.sql, st.args...)
	}
	if p := tx.prepared(ctx, st); p != nil {
		return p.QueryContext(ctx, st.args...)
	}
	return tx.conn.QueryContext(ctx, st.sql, st.args...)
}

// prepared returns the statement kept for a text that is sent for the second time, or will
// be, where preparing pays; nil otherwise.
func (tx *Tx) prepared(ctx context.Context, st *statement) *sql.Stmt {
	if tx.db.stmts == nil || len(st.args) == 0 {
		return nil
	}
	p, seen := tx.uses[st.sql]
	if p != nil {
		return p
	}
	if !seen {
		if tx.uses == nil {
			tx.uses = map[string]*sql.Stmt{}
		}
		if len(tx.uses) >= 256 {
			return nil
		}
		tx.uses[st.sql] = nil
		if !st.more {
			return nil
		}
	}
	p, err := tx.conn.PrepareContext(ctx, st.sql)
	if err != nil {
		return nil // sending it unprepared brings the same error, with its context
	}
	tx.uses[st.sql] = p
	return p
}

// note remembers that the server has ended the transaction.
func (tx *Tx) note(r Refusal, err error) {
	if tx != nil && r.TxEnded && tx.ended == nil {
		tx.ended = fmt.Errorf("ingot: the server has ended the transaction: %w", err)
	}
}

// commit ends the transaction. Where the answer was lost, the error is
// [ErrCommitUnknown]; any other error means that nothing was committed. In a joined
// transaction it does nothing.
func (tx *Tx) commit(ctx context.Context) error {
	if tx.ended != nil {
		return errors.Join(tx.ended, tx.rollback(ctx))
	}
	if tx.joined != nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, tx.rollback(ctx))
	}
	commit := "COMMIT"
	if x, ok := tx.db.dialect.(TxCommitter); ok {
		commit = x.CommitSQL()
	}
	_, err := tx.db.exec(ctx, tx, statement{op: "commit", sql: commit})
	if err == nil {
		return tx.release(false)
	}
	if unknownOutcome(err) {
		return errors.Join(fmt.Errorf("%w: %w", ErrCommitUnknown, err), tx.release(true))
	}
	return errors.Join(err, tx.rollback(ctx))
}

// rollback undoes the transaction, whatever became of ctx. A connection on which even that
// fails is given up, and the server undoes the transaction with it. In a joined
// transaction it does nothing.
func (tx *Tx) rollback(ctx context.Context) error {
	if tx.joined != nil || tx.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	tx.ended = nil // ROLLBACK is the one statement that always may be sent
	_, err := tx.db.exec(ctx, tx, statement{op: "rollback", sql: "ROLLBACK"})
	return tx.release(err != nil && !tx.db.dialect.Classify(err, &tx.db.server).NoTx)
}

// release gives the connection back, or gives it up where its state is unknown.
func (tx *Tx) release(bad bool) error {
	tx.ended = cmp.Or(tx.ended, sql.ErrTxDone)
	for _, st := range tx.uses {
		if st != nil {
			_ = st.Close()
		}
	}
	conn := tx.conn
	tx.conn, tx.uses = nil, nil
	if conn == nil {
		return nil
	}
	for _, text := range tx.after {
		if bad {
			break
		}
		_, err := conn.ExecContext(context.Background(), text)
		bad = err != nil
	}
	if bad {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		return nil // Raw has closed it already
	}
	return conn.Close()
}

// savepoint makes a savepoint and returns its name.
func (tx *Tx) savepoint(ctx context.Context) (string, error) {
	tx.points++
	name := fmt.Sprintf("ingot_%d", tx.points)
	_, err := tx.db.exec(ctx, tx, statement{op: "savepoint", sql: "SAVEPOINT " + name})
	return name, err
}

// releaseTo keeps what happened since the savepoint.
func (tx *Tx) releaseTo(ctx context.Context, name string) error {
	_, err := tx.db.exec(ctx, tx, statement{op: "savepoint", sql: "RELEASE SAVEPOINT " + name})
	return err
}

// rollbackTo undoes what happened since the savepoint, whatever became of ctx.
func (tx *Tx) rollbackTo(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, err := tx.db.exec(ctx, tx, statement{op: "savepoint", sql: "ROLLBACK TO SAVEPOINT " + name})
	return err
}

// unknownOutcome reports whether the answer to a COMMIT was lost on the way.
func unknownOutcome(err error) bool {
	return errors.Is(err, ErrCommitUnknown) || errors.Is(err, ErrConnection) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
