package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"ingot"
)

// Probe reads the version of the SQLite library and the head of the database file.
func (Dialect) Probe(ctx context.Context, q ingot.Queryer) (ingot.Server, error) {
	srv := ingot.Server{Dialect: "sqlite"}
	// Counting reads the file; the version alone is known without it.
	var version string
	var objects int
	err := queryRow(ctx, q, "SELECT sqlite_version(), (SELECT count(*) FROM sqlite_master)", []any{&version, &objects})
	if err != nil {
		return srv, explainProbe(ctx, q, err)
	}
	fmt.Sscanf(version, "%d.%d.%d", &srv.Version[0], &srv.Version[1], &srv.Version[2])
	if !srv.AtLeast(3, 16) {
		return srv, fmt.Errorf("sqlite %s is older than 3.16, the first that tells about its tables in queries: use a newer driver", version)
	}
	srv.Caps = caps(&srv)
	return srv, nil
}

// explainProbe says why a database does not answer as SQLite does.
func explainProbe(ctx context.Context, q ingot.Queryer, err error) error {
	switch code := errorCode(err); code & 0xff {
	case codeNotADB:
		return fmt.Errorf("the file is not an SQLite database, or it is encrypted: %w", err)
	case codeCantOpen:
		return fmt.Errorf("the database file cannot be opened: does its folder exist, and may this program write there? %w", err)
	case codeCorrupt:
		return fmt.Errorf("the database file is damaged: %w", err)
	case 0:
	default:
		return err
	}
	var version string
	if queryRow(ctx, q, "SELECT version()", []any{&version}) != nil {
		return err
	}
	right := "mysql"
	if strings.Contains(version, "PostgreSQL") || strings.Contains(version, "Cockroach") {
		right = "postgres"
	}
	return fmt.Errorf("the server is not SQLite but %q: use %s.Dialect{} of ingot/dialects/%s", version, right, right)
}

// caps are the abilities of the version in srv.
func caps(srv *ingot.Server) ingot.Caps {
	returning := srv.AtLeast(3, 35)
	params := 32766
	if !srv.AtLeast(3, 32) {
		params = 999
	}
	return ingot.Caps{
		InsertReturning:   returning,
		UpdateReturning:   returning,
		ReturningEarly:    true,
		DeleteReturning:   returning,
		LastInsertID:      true,
		Keys:              ingot.KeysReserved,
		MaxParams:         params,
		BatchRows:         100,
		BatchParams:       100, // binding gets dear: the time of some drivers grows with the square of their number
		CacheStatements:   true,
		TransactionalDDL:  true,
		Deferrable:        true,
		PartialIndexes:    true,
		ExpressionIndexes: true,
		UpdateFrom:        srv.AtLeast(3, 33),
		NullsOrder:        srv.AtLeast(3, 30),
		TupleIn:           srv.AtLeast(3, 40), // tried there; lists of rows are newer than row values
		NoNaN:             true,
		TimeText:          "2006-01-02 15:04:05.999999",
		EmptyValues:       "DEFAULT VALUES",
	}
}

// BeginSQL begins a transaction. One that may write takes the write lock at once: a
// transaction that reads first and writes later may find that it cannot (SQLITE_BUSY_SNAPSHOT).
// Every isolation level is granted, since transactions are serializable. A read-only one
// is made so by a pragma of the connection, which EndSQL takes back.
func (Dialect) BeginSQL(o ingot.TxOptions, srv *ingot.Server) ([]string, error) {
	if o.ReadOnly {
		return []string{"BEGIN", "PRAGMA query_only=ON"}, nil
	}
	return []string{"BEGIN IMMEDIATE"}, nil
}

// EndSQL brings the connection back to what it was before BeginSQL, after COMMIT or
// ROLLBACK.
func (Dialect) EndSQL(o ingot.TxOptions, srv *ingot.Server) []string {
	if o.ReadOnly {
		return []string{"PRAGMA query_only=OFF"}
	}
	return nil
}

// SetupSQL turns the enforcement of foreign keys on, unless the DSN does.
func (Dialect) SetupSQL(ctx context.Context, q ingot.Queryer) ([]string, error) {
	var on bool
	if err := queryRow(ctx, q, "PRAGMA foreign_keys", []any{&on}); err != nil {
		return nil, err
	}
	if on {
		return nil, nil
	}
	return []string{"PRAGMA foreign_keys=ON"}, nil
}

// WaitSQL sets the busy timeout, unless the DSN does: without one whoever meets another's
// transaction fails at once.
func (Dialect) WaitSQL(ctx context.Context, q ingot.Queryer, wait time.Duration) (string, error) {
	var ms int64
	if err := queryRow(ctx, q, "PRAGMA busy_timeout", []any{&ms}); err != nil || ms != 0 {
		return "", err
	}
	return fmt.Sprintf("PRAGMA busy_timeout=%d", wait.Milliseconds()), nil
}

// SingleConn reports whether each connection of db has a database of its own: one in
// memory (:memory:) or a temporary file, unless a shared cache or the memdb VFS gives the
// same one to all.
func (Dialect) SingleConn(ctx context.Context, db *sql.DB) (bool, error) {
	one, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer one.Close()
	var file sql.NullString
	if err := queryRow(ctx, one, "SELECT file FROM pragma_database_list WHERE name = 'main'", []any{&file}); err != nil {
		return false, err
	}
	if file.String != "" {
		return false, nil
	}
	if limit := db.Stats().MaxOpenConnections; limit == 1 {
		return true, nil
	}
	other, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer other.Close()
	// It goes for good: it has read an empty schema, and while another connection has the
	// lock it would say that there is no such table, instead of that it has to wait.
	defer other.Raw(func(any) error { return driver.ErrBadConn })
	run := func(c *sql.Conn, text string) error {
		_, err := c.ExecContext(ctx, text)
		return err
	}
	// A shared cache has one size, whichever connection sets it. This comes first: to wait
	// for a lock in a shared cache has no time limit.
	var size, seen, patience int
	if err := queryRow(ctx, one, "PRAGMA cache_size", []any{&size}); err != nil {
		return false, err
	}
	if err := run(one, fmt.Sprintf("PRAGMA cache_size=%d", size-1)); err != nil {
		return false, err
	}
	err = queryRow(ctx, other, "PRAGMA cache_size", []any{&seen})
	if err := errors.Join(err, run(one, fmt.Sprintf("PRAGMA cache_size=%d", size))); err != nil || seen == size-1 {
		return false, err
	}
	// Two databases can both be locked for writing; one cannot.
	if err := queryRow(ctx, other, "PRAGMA busy_timeout", []any{&patience}); err != nil {
		return false, err
	}
	if err := run(other, "PRAGMA busy_timeout=0"); err != nil {
		return false, err
	}
	defer run(other, fmt.Sprintf("PRAGMA busy_timeout=%d", patience))
	if err := run(one, "BEGIN IMMEDIATE"); err != nil {
		return false, ignoreBusy(err) // another connection holds it: it is shared
	}
	defer run(one, "ROLLBACK")
	if err := run(other, "BEGIN IMMEDIATE"); err != nil {
		return false, ignoreBusy(err)
	}
	return true, run(other, "ROLLBACK")
}

// ignoreBusy drops the error that says that another connection holds the lock.
func ignoreBusy(err error) error {
	if code := errorCode(err) & 0xff; code == codeBusy || code == codeLocked {
		return nil
	}
	return err
}

// queryRow reads the first row of a query.
func queryRow(ctx context.Context, q ingot.Queryer, text string, dest []any, args ...any) error {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	return rows.Close()
}
