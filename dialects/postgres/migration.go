package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"ingot"
	"ingot/dialects/internal/lease"
	"ingot/dialects/internal/sqltext"
)

// LockMigrations takes an advisory lock for the default schema, in a transaction that is open
// for as long as the lock is held: a lock of the session would stay with the server's
// process, which a pooler of transactions (PgBouncer) gives to others meanwhile, and would be
// granted to whoever gets that process next. The transaction sees no data between its
// statements, so nobody waits for it. Where such locks hold nothing (CockroachDB,
// YugabyteDB), or only on one node, a row is the lock.
func (Dialect) LockMigrations(ctx context.Context, conn ingot.Queryer, srv *ingot.Server) (ingot.MigrationLock, error) {
	standby, err := oneText(ctx, conn, "SELECT pg_catalog.pg_is_in_recovery()::text")
	if err == nil && standby == "true" {
		return nil, fmt.Errorf("%w: the server is a standby; migrate on the primary", ingot.ErrReadOnly)
	}
	if srv.Flavour == cockroach || srv.Flavour == yugabyte {
		return lease.Acquire(ctx, conn, lease.Text{
			Table:       ident("ingot_lock"),
			Now:         "CAST(extract(epoch FROM now()) AS BIGINT)",
			Placeholder: func(n int) string { return "$" + strconv.Itoa(n) },
		})
	}
	attempt := context.WithoutCancel(ctx) // it does not wait, and cut short it would cost the connection
	for {
		lock, holder, err := tryLock(attempt, conn)
		if lock != nil || err != nil {
			return lock, err
		}
		// Asking again, not waiting inside of a statement: CREATE INDEX CONCURRENTLY would
		// wait for that statement to end.
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("it is held by %s: %w", holder, ctx.Err())
		case <-time.After(20*time.Millisecond + rand.N(80*time.Millisecond)):
		}
	}
}

// tryLock begins the transaction that holds the lock, or names who holds it.
func tryLock(ctx context.Context, conn ingot.Queryer) (_ ingot.MigrationLock, holder string, err error) {
	held := false
	defer func() {
		if !held {
			_, undone := conn.ExecContext(ctx, "ROLLBACK")
			err = errors.Join(err, undone)
		}
	}()
	// At a stricter level the transaction would keep its first snapshot.
	if _, err := conn.ExecContext(ctx, "BEGIN ISOLATION LEVEL READ COMMITTED"); err != nil {
		return nil, "", err
	}
	got, err := oneText(ctx, conn, "SELECT pg_catalog.pg_try_advisory_xact_lock("+lockKey+")::text")
	if err != nil {
		return nil, "", err
	}
	if got != "true" {
		holder, _ = oneText(ctx, conn, lockHolder)
		return nil, holder, nil
	}
	if err := rest(ctx, conn); err != nil {
		return nil, "", err
	}
	held = true
	return advisoryLock{conn}, "", nil
}

// rest leaves the transaction idle. The server keeps the last query, and with it the snapshot
// that CREATE INDEX CONCURRENTLY waits for, until the next statement; this one has none.
func rest(ctx context.Context, conn ingot.Queryer) error {
	_, err := conn.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0")
	return err
}

// lockKey tells the locks of migrations from others, schema by schema.
const lockKey = "pg_catalog.hashtextextended('ingot migrations ' || current_schema()::text, 0)"

// An advisory lock with a key of 64 bits stands as two halves.
const lockHolders = `FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
AND (l.classid::bigint << 32) | l.objid::bigint = ` + lockKey

const lockHolder = `SELECT 'process ' || a.pid || ' of the server, ' || COALESCE(NULLIF(a.application_name, ''), 'a program') || ' at ' || COALESCE(a.client_addr::text, 'the same host')
FROM pg_catalog.pg_stat_activity a WHERE a.pid IN (SELECT l.pid ` + lockHolders + `) LIMIT 1`

type advisoryLock struct{ conn ingot.Queryer }

// Check looks whether the transaction is still there, with its lock.
func (l advisoryLock) Check(ctx context.Context) error {
	held, err := oneText(ctx, l.conn, "SELECT l.pid::text "+lockHolders+" AND l.pid = pg_catalog.pg_backend_pid()")
	switch {
	case err != nil:
		return fmt.Errorf("the lock of the migrations cannot be checked: %w", err)
	case held == "":
		return errors.New("the lock of the migrations was lost: the connection has another process of the server than it had; migrate over a direct connection, not through a pooler of statements")
	}
	return rest(ctx, l.conn)
}

func (l advisoryLock) Unlock(ctx context.Context) error {
	_, err := l.conn.ExecContext(ctx, "ROLLBACK")
	return err
}

// OutsideTransaction is so for what PostgreSQL runs only by itself, and for new values of an
// enum, which the transaction that adds them could not use.
func (Dialect) OutsideTransaction(step ingot.Step, _ *ingot.Server) bool {
	switch x := step.(type) {
	case ingot.CreateIndex:
		return x.Index.Concurrently
	case ingot.DropIndex:
		return x.Index.Concurrently
	case ingot.AlterEnum:
		return len(x.New.Values) > len(x.Old.Values) && subsequence(x.Old.Values, x.New.Values)
	case ingot.Exec:
		tokens, ok := rules.Tokens(string(x.SQL))
		return ok && alone(tokens)
	}
	return false
}

// alone reports whether a statement must not run in a transaction.
func alone(tokens []sqltext.Token) bool {
	word := func(i int) string {
		if i < len(tokens) && tokens[i].Kind == sqltext.Word {
			return tokens[i].Text
		}
		return ""
	}
	switch first, second := word(0), word(1); first {
	case "vacuum":
		return true
	case "create", "drop":
		if second == "database" || second == "tablespace" {
			return true
		}
	case "alter":
		if second == "system" {
			return true
		}
		if second == "type" {
			for i := range tokens {
				if word(i) == "add" && word(i+1) == "value" {
					return true
				}
			}
		}
		return false
	case "reindex":
		if second == "database" || second == "system" {
			return true
		}
	default:
		return false
	}
	for i := range min(len(tokens), 6) {
		if word(i) == "concurrently" {
			return true
		}
	}
	return false
}

// OfflineServer is the oldest PostgreSQL with all that the schemas here can say.
func (Dialect) OfflineServer() ingot.Server {
	srv := ingot.Server{Dialect: "postgres", Version: [3]int{15, 0, 0}}
	srv.Caps = capsOf(srv)
	return srv
}

// AppendLiteral writes a string constant.
func (Dialect) AppendLiteral(b []byte, s string) []byte { return append(b, literal(s)...) }

// OfflineMode is nothing: BEGIN and COMMIT are enough.
func (Dialect) OfflineMode([]ingot.Step, *ingot.Server) (begin, check, end []string) {
	return nil, nil, nil
}
