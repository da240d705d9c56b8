// Package sqlite is the dialect of SQLite, over any driver of [database/sql].
//
// Foreign keys are enforced on every connection that writes, whatever the DSN says. Who meets
// another's transaction waits five seconds for it, or as long as the DSN says: with
// modernc.org/sqlite _pragma=busy_timeout(20000). A database in memory is one per connection,
// and Open keeps to one connection then; file:/name?vfs=memdb gives the same database to all.
//
// The parts: the text of SQL (this file), what the library at hand can do (server.go), its
// errors (errors.go), keys of multi-row INSERTs (keys.go), the stored DDL read back (token.go,
// parse.go), inspection (inspect.go), types and expressions compared (types.go, normal.go),
// DDL with the copy-and-swap that stands in for the ALTERs SQLite lacks (ddl.go, rebuild.go),
// and the mode in which that runs (migration.go).
package sqlite

import (
	"strconv"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// A Dialect speaks SQLite. The zero value is ready to use.
type Dialect struct{}

// Name returns "sqlite".
func (Dialect) Name() string { return "sqlite" }

// AppendIdent quotes a name with double quotes.
func (Dialect) AppendIdent(b []byte, name string) []byte { return sqltext.AppendQuoted(b, name, '"') }

// AppendPlaceholder writes a question mark.
func (Dialect) AppendPlaceholder(b []byte, n int) []byte { return append(b, '?') }

// AppendScanColumn puts a plus in front of times: an expression has no declared type, by
// which drivers would choose to parse the text.
func (Dialect) AppendScanColumn(b []byte, col string, kind ingot.ScanKind) []byte {
	if kind == ingot.ScanTime {
		b = append(b, '+')
	}
	return append(b, col...)
}

// AppendLimit writes LIMIT and OFFSET; an offset without a limit needs LIMIT -1.
func (Dialect) AppendLimit(b []byte, limit, offset int) []byte {
	if limit < 0 && offset <= 0 {
		return b
	}
	b = append(b, " LIMIT "...)
	b = strconv.AppendInt(b, int64(max(limit, -1)), 10)
	if offset > 0 {
		b = append(b, " OFFSET "...)
		b = strconv.AppendInt(b, int64(offset), 10)
	}
	return b
}

// AppendLock writes nothing: a transaction that writes holds the whole database, so that
// what a lock asks for is granted by BEGIN IMMEDIATE.
func (Dialect) AppendLock(b []byte, lock ingot.Lock, srv *ingot.Server) ([]byte, error) {
	return b, nil
}

// ident quotes a name.
func ident(name string) string { return string(sqltext.AppendQuoted(nil, name, '"')) }

// idents quotes names and joins them with commas.
func idents(names []string) string { return sqltext.Idents(names, '"') }

// literal quotes a string constant.
func literal(s string) string { return string(sqltext.AppendQuoted(nil, s, '\'')) }

// fold is equality of names as SQLite has it: ASCII letters of either case are the same.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// sameName reports whether two names are the same to SQLite.
func sameName(a, b string) bool { return a == b || fold(a) == fold(b) }
