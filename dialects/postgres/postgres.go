// Package postgres is the dialect of PostgreSQL and of what speaks its wire: Citus,
// CockroachDB, YugabyteDB. It names no driver: pgx's stdlib and lib/pq both work.
//
// What one database does its own way stands here: the text of SQL (this file), what the
// server at hand can do (server.go), its errors (errors.go), keys of multi-row INSERTs
// (keys.go), types and expressions compared (token.go, types.go, normal.go), inspection
// (inspect.go) and DDL (ddl.go).
//
// # Times
//
// The word timestamp is timestamp with time zone, an instant, so that neither the driver
// nor the session's TimeZone matters. PostgreSQL's zoneless type is spelled
// timestamp without time zone.
//
// # The session
//
// [ingot.Open] refuses a DSN that makes the driver read something else than the server has:
// a client_encoding that is not UTF8, and a DateStyle or extra_float_digits where the driver
// reads text.
package postgres

import (
	"strconv"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// Dialect is PostgreSQL. The zero value is ready to use.
type Dialect struct{}

// Name is "postgres".
func (Dialect) Name() string { return "postgres" }

// AppendIdent quotes with double quotes.
func (Dialect) AppendIdent(b []byte, name string) []byte {
	return sqltext.AppendQuoted(b, name, '"')
}

// AppendPlaceholder writes $n.
func (Dialect) AppendPlaceholder(b []byte, n int) []byte {
	return strconv.AppendInt(append(b, '$'), int64(n), 10)
}

// AppendScanColumn writes the column as it is: the drivers hand instants over.
func (Dialect) AppendScanColumn(b []byte, col string, _ ingot.ScanKind) []byte {
	return append(b, col...)
}

// AppendLimit writes " LIMIT n OFFSET n".
func (Dialect) AppendLimit(b []byte, limit, offset int) []byte {
	if limit >= 0 {
		b = strconv.AppendInt(append(b, " LIMIT "...), int64(limit), 10)
	}
	if offset > 0 {
		b = strconv.AppendInt(append(b, " OFFSET "...), int64(offset), 10)
	}
	return b
}

// AppendLock writes " FOR UPDATE SKIP LOCKED" and the like.
func (Dialect) AppendLock(b []byte, lock ingot.Lock, srv *ingot.Server) ([]byte, error) {
	return sqltext.AppendLock(b, lock, "FOR SHARE", srv)
}

// ident quotes a name.
func ident(name string) string { return string(sqltext.AppendQuoted(nil, name, '"')) }

// idents quotes names and joins them with commas.
func idents(names []string) string { return sqltext.Idents(names, '"') }

// tableIdent quotes a table's name, with its schema where it has one.
func tableIdent(t ingot.TableName) string {
	return sqltext.TableIdent(t, '"')
}

// literal quotes a string constant, so that it means the same whatever
// standard_conforming_strings says.
func literal(s string) string {
	quoted := string(sqltext.AppendQuoted(nil, s, '\''))
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
