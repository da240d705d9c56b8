// Package mysql is the dialect of MySQL 8 and MariaDB 10.6 and newer, and of what speaks
// their wire: Galera, Group Replication, TiDB, Vitess. It names no driver:
// go-sql-driver/mysql works with any DSN.
//
// What one database does its own way stands here: the text of SQL (this file), what the
// server at hand can do (server.go), its errors (errors.go), types and expressions compared
// (token.go, types.go, normal.go), inspection (inspect.go) and DDL (ddl.go).
//
// # Times
//
// The word timestamp is datetime(6), which keeps the text it is given. Times are bound as
// text in UTC and read back as text, so that the driver's loc and parseTime and the
// session's time_zone cannot shift them. In a column of MySQL's own TIMESTAMP the server
// converts between UTC and time_zone; there time_zone has to be '+00:00'. A default of
// CURRENT_TIMESTAMP for the word timestamp becomes utc_timestamp(6).
//
// # The session
//
// Connections that write are made strict (STRICT_TRANS_TABLES) and autocommitting where DSN
// or server say otherwise; what else sql_mode has, ANSI_QUOTES and NO_BACKSLASH_ESCAPES
// among it, changes nothing. [ingot.Open] refuses connections that are not utf8mb4, and
// PAD_CHAR_TO_FULL_LENGTH, which pads text inside of statements. With foreign_key_checks=0 in
// the DSN nothing is checked, and sql_safe_updates=1 refuses the UPDATE of several rows.
//
// # Types
//
// The words text and blob are longtext and longblob: MySQL's own TEXT and BLOB hold 64 KB
// and are spelled text(65535) and blob(65535).
package mysql

import (
	"strconv"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// Dialect is MySQL or MariaDB. The zero value is ready to use.
type Dialect struct{}

// MariaDB is [Dialect] where there is no server to ask: scripts of --sql are written for it. A
// connection says by itself which of the two it leads to.
type MariaDB struct{ Dialect }

// OfflineServer is a MariaDB of the long-term line.
func (MariaDB) OfflineServer() ingot.Server { return offline(mariadb, 10, 11) }

// Name is "mysql", for MariaDB too.
func (Dialect) Name() string { return "mysql" }

// AppendIdent quotes with backquotes, which no sql_mode changes.
func (Dialect) AppendIdent(b []byte, name string) []byte { return sqltext.AppendQuoted(b, name, '`') }

// AppendPlaceholder writes a question mark.
func (Dialect) AppendPlaceholder(b []byte, _ int) []byte { return append(b, '?') }

// AppendScanColumn makes text of times, which the driver would read in its own zone.
func (Dialect) AppendScanColumn(b []byte, col string, kind ingot.ScanKind) []byte {
	if kind == ingot.ScanTime {
		b = append(b, "CAST("...)
		b = append(b, col...)
		return append(b, " AS CHAR)"...)
	}
	return append(b, col...)
}

// AppendLimit writes LIMIT and OFFSET; an offset without a limit needs the largest one.
func (Dialect) AppendLimit(b []byte, limit, offset int) []byte {
	switch {
	case limit >= 0:
		b = strconv.AppendInt(append(b, " LIMIT "...), int64(limit), 10)
	case offset > 0:
		b = append(b, " LIMIT 18446744073709551615"...)
	}
	if offset > 0 {
		b = strconv.AppendInt(append(b, " OFFSET "...), int64(offset), 10)
	}
	return b
}

// AppendLock writes FOR UPDATE, FOR SHARE (MariaDB: LOCK IN SHARE MODE) and what follows.
func (Dialect) AppendLock(b []byte, lock ingot.Lock, srv *ingot.Server) ([]byte, error) {
	share := "FOR SHARE"
	if isMariaDB(srv) {
		share = "LOCK IN SHARE MODE"
	}
	return sqltext.AppendLock(b, lock, share, srv)
}

// ident quotes a name.
func ident(name string) string { return string(sqltext.AppendQuoted(nil, name, '`')) }

// idents quotes names and joins them with commas.
func idents(names []string) string { return sqltext.Idents(names, '`') }

// tableIdent quotes a table's name, with its schema where it has one.
func tableIdent(t ingot.TableName) string {
	return sqltext.TableIdent(t, '`')
}

// literal quotes a string constant, for a session whose sql_mode leaves backslashes their
// meaning.
func literal(s string) string {
	return string(sqltext.AppendQuoted(nil, strings.ReplaceAll(s, `\`, `\\`), '\''))
}
