package ingot

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
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
	failed error     // the first statement that failed, and was not undone by a savepoint
	check  []string  // statements that fail where no transaction is open (see TxChecker)
	unsure bool      // an answer that we have not read may have said that it is over
	reads  bool      // of a read-only session, in a transaction of the caller's, which may write
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
	for tries := -1; ; tries-- {
		tx, err := db.beginOnce(ctx, o, texts)
		var e *StatementError
		if err == nil || !errors.As(err, &e) || e.Kind != ErrConnection || e.unsent || ctx.Err() != nil {
			return tx, err
		}
		// The server has hung up since the connection was last used, and may have done so on
		// all that wait in the pool.
		if tries < 0 {
			tries = 1 + db.sqldb.Stats().Idle
		}
		if tries <= 1 {
			return nil, err
		}
	}
}

func (db *DB) beginOnce(ctx context.Context, o TxOptions, texts []string) (*Tx, error) {
	conn, err := db.writer(ctx)
	if err != nil {
		return nil, db.refused(nil, &statement{op: "begin", sql: "BEGIN"}, unsent{canceled(ctx, err)})
	}
	tx := &Tx{db: db, conn: conn, check: db.checks()}
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
	// The server may have ended it already.
	tx := &Tx{db: db, joined: t, check: db.checks(), unsure: true}
	return tx, tx.sure(ctx)
}

func (db *DB) checks() []string {
	if x, ok := db.dialect.(TxChecker); ok {
		return x.CheckTxSQL()
	}
	return nil
}

// sure finds out whether the transaction is still open, where the rows of an earlier answer
// may have ended with an error that only their reader has seen.
func (tx *Tx) sure(ctx context.Context) error {
	if tx.ended != nil || !tx.unsure {
		return tx.ended
	}
	tx.unsure = false
	for _, text := range tx.check {
		if _, err := tx.db.exec(ctx, tx, statement{op: "savepoint", sql: text}); err != nil {
			tx.unsure = tx.ended == nil
			return cmp.Or(tx.ended, err)
		}
	}
	return nil
}

// leave closes rows that may not have been read to their end: what the server says in the
// place of the rest is seen here alone. Outside of a transaction (nil) it does not matter.
func (tx *Tx) leave(rows *sql.Rows) {
	if err := rows.Close(); err != nil && tx != nil {
		tx.unsure = true
	}
}

// ExecContext runs a statement in the transaction. The error is a [*StatementError], or
// [ErrReadOnly] where a read-only session has joined the transaction ([OnTx]).
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if tx.reads {
		return nil, fmt.Errorf("ingot: ExecContext: %w session", ErrReadOnly)
	}
	return tx.db.exec(ctx, tx, statement{op: "exec", sql: query, args: args})
}

// QueryContext runs a query in the transaction; the caller closes the rows. The error is a
// [*StatementError], or [ErrReadOnly] as for [Tx.ExecContext].
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := tx.refuses(query); err != nil {
		return nil, err
	}
	rows, err := tx.db.query(ctx, tx, statement{op: "exec", sql: query, args: args})
	tx.unsure = tx.unsure || rows != nil
	return rows, err
}

// QueryRowContext runs a query of which the first row counts.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	st := statement{op: "exec", sql: query, args: args}
	err := tx.refuses(query)
	if err == nil {
		err = tx.sure(ctx)
	}
	if err != nil {
		// A *sql.Row is made by database/sql alone; this one never reaches a connection.
		return tx.db.sqldb.QueryRowContext(endedContext{ctx, err}, query, args...)
	}
	tx.unsure = true
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

// refuses is the error for a query of a read-only session that writes, in a transaction of
// the caller's, where the database would let it.
func (tx *Tx) refuses(query string) error {
	if tx == nil || !tx.reads || !mayWrite(query) {
		return nil
	}
	return fmt.Errorf("ingot: the query writes: %w session", ErrReadOnly)
}

// mayWrite reports whether text that returns rows writes as well, as far as its words tell:
// what a function does they do not.
func mayWrite(text string) bool {
	text = quotedOrLock.ReplaceAllString(text, " ")
	return !beginsToRead.MatchString(text) || writesInside.MatchString(text)
}

var (
	quotedOrLock = regexp.MustCompile("(?is)'[^']*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\\*.*?\\*/|\\bfor\\s+(no\\s+key\\s+)?update\\b")
	beginsToRead = regexp.MustCompile(`(?i)^[\s(]*(select|values|table|with|show|explain|describe|desc|pragma)\b`)
	writesInside = regexp.MustCompile(`(?is)^[\s(]*(with|explain)\b.*\b(insert|update|delete|merge)\b|\binto\b`)
)

// An endedContext has ended, and says why.
type endedContext struct {
	context.Context
	why error
}

func (c endedContext) Err() error { return c.why }

func (endedContext) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// exec sends a statement unless the server has ended the transaction.
func (tx *Tx) exec(ctx context.Context, st *statement) (sql.Result, error) {
	if err := tx.sure(ctx); err != nil {
		return nil, err
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
	if err := tx.sure(ctx); err != nil {
		return nil, err
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

// note remembers that a statement has failed, and whether the transaction has ended with it:
// by the server's word, or with its connection.
func (tx *Tx) note(r Refusal, err error) {
	if tx == nil {
		return
	}
	if tx.failed == nil {
		tx.failed = err
	}
	switch {
	case tx.ended != nil:
	case r.TxEnded:
		tx.ended = within("the server has ended the transaction", err)
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		tx.ended = within("the connection of the transaction is lost", err)
	}
}

// commit ends the transaction. Where the answer was lost, the error is
// [ErrCommitUnknown]; any other error means that nothing was committed. In a joined
// transaction it does nothing.
func (tx *Tx) commit(ctx context.Context) error {
	if ended := tx.ended; ended != nil {
		return errors.Join(ended, tx.rollback(ctx))
	}
	if tx.joined != nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(tx.db.refused(tx, &statement{op: "commit"}, unsent{err}), tx.rollback(ctx))
	}
	if err := tx.sure(ctx); err != nil {
		return errors.Join(err, tx.rollback(ctx))
	}
	commit, failed := "COMMIT", tx.failed
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
	if e, ok := err.(*StatementError); ok && e.Kind == nil && failed != nil {
		// The refusal alone does not say what was wrong.
		err = fmt.Errorf("ingot: a statement of the transaction has failed: %w; and then %w", failed, err)
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
	tx.ended, tx.unsure = nil, false // ROLLBACK is the one statement that always may be sent
	_, err := tx.db.exec(ctx, tx, statement{op: "rollback", sql: "ROLLBACK"})
	return tx.release(err != nil && !tx.db.classify(err).NoTx)
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

// rollbackTo undoes what happened since the savepoint, and the savepoint, whatever became
// of ctx.
func (tx *Tx) rollbackTo(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, err := tx.db.exec(ctx, tx, statement{op: "savepoint", sql: "ROLLBACK TO SAVEPOINT " + name})
	if err != nil {
		return err
	}
	tx.failed = nil
	return tx.releaseTo(ctx, name)
}

// unknownOutcome reports whether the answer to a COMMIT was lost on the way.
func unknownOutcome(err error) bool {
	var e *StatementError
	if errors.As(err, &e) && e.unsent {
		return false
	}
	return errors.Is(err, ErrCommitUnknown) || errors.Is(err, ErrConnection) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
