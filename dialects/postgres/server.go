package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ingot"
)

// The flavours that Probe tells apart; empty is PostgreSQL itself.
const (
	citus     = "citus"
	cockroach = "cockroach"
	yugabyte  = "yugabyte"
)

// BeginSQL is one BEGIN with its options.
func (Dialect) BeginSQL(o ingot.TxOptions, _ *ingot.Server) ([]string, error) {
	text := "BEGIN"
	switch o.Isolation {
	case sql.LevelDefault:
	case sql.LevelReadUncommitted:
		text += " ISOLATION LEVEL READ UNCOMMITTED"
	case sql.LevelReadCommitted:
		text += " ISOLATION LEVEL READ COMMITTED"
	case sql.LevelRepeatableRead, sql.LevelSnapshot: // its repeatable read is a snapshot
		text += " ISOLATION LEVEL REPEATABLE READ"
	case sql.LevelSerializable:
		text += " ISOLATION LEVEL SERIALIZABLE"
	default:
		return nil, fmt.Errorf("postgres has no isolation level %s; it has Read Committed, Repeatable Read (Snapshot) and Serializable", o.Isolation)
	}
	if o.ReadOnly {
		text += " READ ONLY"
	}
	return []string{text}, nil
}

// CommitSQL asks for something before COMMIT, in the same message. After a statement that
// failed, COMMIT alone is a ROLLBACK and no error; the question before it is one.
func (Dialect) CommitSQL() string { return "SELECT 1; COMMIT" }

// Probe reads the server's version, flavour and abilities.
func (Dialect) Probe(ctx context.Context, q ingot.Queryer) (ingot.Server, error) {
	version, err := oneText(ctx, q, "SELECT version()")
	if err != nil {
		if v, liteErr := oneText(ctx, q, "SELECT sqlite_version()"); liteErr == nil {
			return ingot.Server{}, fmt.Errorf("the server is SQLite %s, not PostgreSQL: use sqlite.Dialect{} of ingot/dialects/sqlite", v)
		}
		return ingot.Server{}, fmt.Errorf("asking the server for its version: %w", err)
	}
	srv, err := serverOf(version)
	if err == nil {
		err = checkSession(ctx, q)
	}
	if err != nil || srv.Flavour != "" {
		return srv, err
	}
	extension, err := oneText(ctx, q, "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus'")
	if err != nil {
		return ingot.Server{}, fmt.Errorf("asking the server for its extensions: %w", err)
	}
	if extension != "" {
		srv.Flavour = citus
		srv.Caps = capsOf(srv)
	}
	return srv, nil
}

// checkSession refuses what a DSN may say that makes the driver read something else than the
// server has: which drivers those are shows by trying.
func checkSession(ctx context.Context, q ingot.Queryer) error {
	encoding, err := oneText(ctx, q, "SHOW client_encoding")
	if err != nil {
		return fmt.Errorf("asking the server for client_encoding: %w", err)
	}
	switch strings.ToUpper(encoding) {
	case "UTF8", "UTF-8", "": // none: not every server of this wire knows
	case "SQL_ASCII": // bytes as they are, which is what a database of that encoding keeps
	default:
		return fmt.Errorf("the connection has client_encoding = %s, and text here is UTF-8: take client_encoding out of the DSN", encoding)
	}
	const number = 0.30000000000000004
	if f, err := oneValue[float64](ctx, q, "SELECT CAST('0.30000000000000004' AS double precision)", number); err != nil || f != number {
		return fmt.Errorf("the driver reads %v where the server has %v: take extra_float_digits out of the DSN (%w)", f, number, cmp.Or(err, errors.New("digits are lost")))
	}
	want := time.Date(2026, 2, 3, 4, 5, 6, 789_000, time.UTC)
	if at, err := oneValue[time.Time](ctx, q, "SELECT CAST('2026-02-03 04:05:06.000789+00' AS timestamp with time zone)", want); err != nil || !at.Equal(want) {
		return fmt.Errorf("the driver cannot read the times of a session with this DateStyle: take DateStyle out of the DSN (%w)", cmp.Or(err, fmt.Errorf("it reads %v as %v", want, at)))
	}
	return nil
}

// oneValue returns the first column of the first row, or what is given where there is none.
func oneValue[T any](ctx context.Context, q ingot.Queryer, query string, none T) (v T, err error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return v, err
	}
	defer rows.Close()
	if !rows.Next() {
		return none, rows.Err()
	}
	if err := rows.Scan(&v); err != nil {
		return v, err
	}
	return v, rows.Close()
}

var (
	cockroachVersion = regexp.MustCompile(`^CockroachDB .*?v(\d+)\.(\d+)(?:\.(\d+))?`)
	yugabyteVersion  = regexp.MustCompile(`^PostgreSQL .*?-YB-(\d+)\.(\d+)(?:\.(\d+))?`)
	postgresVersion  = regexp.MustCompile(`^(?:PostgreSQL|EnterpriseDB) (\d+)(?:\.(\d+))?(?:\.(\d+))?`)
)

// serverOf reads what SELECT version() answers. Citus keeps PostgreSQL's version, which is
// what its abilities follow.
func serverOf(version string) (ingot.Server, error) {
	for _, known := range []struct {
		flavour string
		version *regexp.Regexp
	}{{cockroach, cockroachVersion}, {yugabyte, yugabyteVersion}, {"", postgresVersion}} {
		if m := known.version.FindStringSubmatch(version); m != nil {
			srv := ingot.Server{Dialect: "postgres", Flavour: known.flavour}
			for i := range srv.Version {
				srv.Version[i], _ = strconv.Atoi(m[i+1])
			}
			srv.Caps = capsOf(srv)
			return srv, nil
		}
	}
	if version != "" && version[0] >= '0' && version[0] <= '9' {
		return ingot.Server{}, fmt.Errorf("the server is MySQL or MariaDB (%s), not PostgreSQL: use mysql.Dialect{} of ingot/dialects/mysql", version)
	}
	return ingot.Server{}, fmt.Errorf("the server says it is %q, not PostgreSQL", version)
}

func capsOf(srv ingot.Server) ingot.Caps {
	c := ingot.Caps{
		InsertReturning:   true,
		UpdateReturning:   true,
		DeleteReturning:   true,
		Keys:              ingot.KeysReserved,
		MaxParams:         65535,
		MaxIdent:          63,
		BatchRows:         1000,
		TransactionalDDL:  true,
		SkipLocked:        true,
		RowLocks:          true,
		Deferrable:        true,
		PartialIndexes:    true,
		ExpressionIndexes: true,
		ArrayIn:           true,
		UpdateFrom:        true,
		ReturningAlias:    true,
		UntypedValues:     true,
		DefaultInValues:   true,
		NullsOrder:        true,
		TupleIn:           true,
		TextUTF8:          true,
		TextNoNUL:         true,
		TextSized:         true,
		Years:             [2]int{-4712, 294275},
		EmptyValues:       "DEFAULT VALUES",
	}
	switch srv.Flavour {
	case cockroach: // keys may come from unique_rowid(), which no sequence reserves
		c.Keys = ingot.KeysSingle
		c.TransactionalDDL = false
		c.Deferrable = false
		c.MaxIdent = 128
	case yugabyte:
		c.TransactionalDDL = false
	case citus: // only where the query meets one shard
		c.SkipLocked = false
	}
	return c
}

// oneText returns the first column of the first row; no row is "".
func oneText(ctx context.Context, q ingot.Queryer, query string) (string, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var text sql.NullString
	if rows.Next() {
		if err := rows.Scan(&text); err != nil {
			return "", err
		}
	}
	return text.String, rows.Err()
}
