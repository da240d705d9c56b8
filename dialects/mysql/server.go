package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"ingot"
)

// The flavours that Probe tells apart; empty is a single MySQL.
const (
	mariadb          = "mariadb"
	galera           = "galera"            // MariaDB Galera Cluster
	xtradb           = "xtradb-cluster"    // Percona's Galera, a MySQL
	groupReplication = "group-replication" // MySQL, InnoDB Cluster
	tidb             = "tidb"
	vitess           = "vitess"
)

func isMariaDB(srv *ingot.Server) bool {
	return srv != nil && (srv.Flavour == mariadb || srv.Flavour == galera)
}

// BeginSQL is START TRANSACTION, after SET TRANSACTION where an isolation level is asked
// for: it holds for the next transaction alone.
func (Dialect) BeginSQL(o ingot.TxOptions, srv *ingot.Server) ([]string, error) {
	var statements []string
	switch o.Isolation {
	case sql.LevelDefault:
	case sql.LevelReadUncommitted:
		statements = append(statements, "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
	case sql.LevelReadCommitted:
		statements = append(statements, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
	case sql.LevelRepeatableRead:
		statements = append(statements, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
	case sql.LevelSerializable:
		if srv != nil && srv.Flavour == tidb {
			return nil, fmt.Errorf("%s has no isolation level Serializable; Repeatable Read is its strictest", srv)
		}
		statements = append(statements, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
	default:
		return nil, fmt.Errorf("mysql has no isolation level %s; it has Read Uncommitted, Read Committed, Repeatable Read and Serializable", o.Isolation)
	}
	if o.ReadOnly {
		return append(statements, "START TRANSACTION READ ONLY"), nil
	}
	return append(statements, "START TRANSACTION"), nil
}

// CheckTxSQL makes a savepoint and gives it up, which takes a transaction: a deadlock ends it,
// and so does DDL, and then the server commits each statement by itself.
func (Dialect) CheckTxSQL() []string {
	return []string{"SAVEPOINT " + savepoints + "check", "RELEASE SAVEPOINT " + savepoints + "check"}
}

// Probe reads the server's version, flavour and abilities.
func (Dialect) Probe(ctx context.Context, q ingot.Queryer) (ingot.Server, error) {
	var version string
	rows, err := readRows(ctx, q, "SELECT VERSION()")
	if err != nil {
		if rows, liteErr := readRows(ctx, q, "SELECT sqlite_version()"); liteErr == nil && len(rows) == 1 {
			return ingot.Server{}, fmt.Errorf("the server is SQLite %s, not MySQL: use sqlite.Dialect{} of ingot/dialects/sqlite", rows[0][0].String)
		}
		return ingot.Server{}, fmt.Errorf("asking the server for its version: %w", err)
	}
	if len(rows) == 1 {
		version = rows[0][0].String
	}
	srv, err := serverOf(version)
	if err != nil {
		return srv, err
	}
	// SHOW VARIABLES leaves out what a server does not have, where @@name would fail.
	rows, err = readRows(ctx, q, "SHOW VARIABLES WHERE Variable_name IN ('character_set_client', 'character_set_results', 'sql_mode', 'group_replication_group_name', 'innodb_autoinc_lock_mode', 'innodb_rollback_on_timeout', 'lower_case_table_names', 'wsrep_on', 'wsrep_provider')")
	if err != nil {
		return srv, fmt.Errorf("asking the server for its variables: %w", err)
	}
	variables := make(map[string]string, len(rows))
	for _, row := range rows {
		variables[strings.ToLower(row[0].String)] = row[1].String
	}
	if err := checkSession(variables); err != nil {
		return srv, err
	}
	srv.Flavour = clusterOf(srv.Flavour, variables)
	srv.Caps = capsOf(&srv, variables)
	return srv, nil
}

// checkSession refuses what a DSN may say that no statement can make up for.
func checkSession(variables map[string]string) error {
	for _, name := range []string{"character_set_client", "character_set_results"} {
		if charset := variables[name]; charset != "" && charset != "utf8mb4" && charset != "binary" {
			return fmt.Errorf("the connection has %s = %s, which does not hold all of Unicode: take charset=%s out of the DSN, or make it charset=utf8mb4", name, charset, charset)
		}
	}
	if strings.Contains(variables["sql_mode"], "PAD_CHAR_TO_FULL_LENGTH") {
		return errors.New("the connection has PAD_CHAR_TO_FULL_LENGTH in its sql_mode, which pads text with spaces inside of statements: take it out of the DSN, or of the server's sql_mode")
	}
	return nil
}

// SetupSQL makes the server refuse what it cannot keep instead of cutting it, and commit a
// statement outside of a transaction, where DSN and server do not say so already.
func (Dialect) SetupSQL(ctx context.Context, q ingot.Queryer) ([]string, error) {
	rows, err := readRows(ctx, q, "SELECT @@SESSION.sql_mode, @@SESSION.autocommit")
	if err != nil || len(rows) != 1 {
		return nil, err
	}
	var setup []string
	if mode := rows[0][0].String; !strings.Contains(mode, "STRICT_TRANS_TABLES") && !strings.Contains(mode, "STRICT_ALL_TABLES") {
		setup = append(setup, "SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@SESSION.sql_mode, ''), 'STRICT_TRANS_TABLES')")
	}
	if rows[0][1].String != "1" {
		setup = append(setup, "SET SESSION autocommit = 1")
	}
	return setup, nil
}

var versionNumber = regexp.MustCompile(`^(?:5\.5\.5-)?(\d+)\.(\d+)(?:\.(\d+))?`)
var tidbVersion = regexp.MustCompile(`TiDB-v?(\d+)\.(\d+)(?:\.(\d+))?`)

// serverOf reads what SELECT VERSION() answers.
func serverOf(version string) (ingot.Server, error) {
	srv := ingot.Server{Dialect: "mysql"}
	m := versionNumber.FindStringSubmatch(version)
	switch {
	case strings.Contains(version, "PostgreSQL"), strings.Contains(version, "CockroachDB"):
		return srv, fmt.Errorf("the server is %q, not MySQL: use postgres.Dialect{} of ingot/dialects/postgres", version)
	case m == nil:
		return srv, fmt.Errorf("the server says it is %q, not MySQL", version)
	case strings.Contains(version, "TiDB"):
		srv.Flavour = tidb
		if t := tidbVersion.FindStringSubmatch(version); t != nil {
			m = t
		}
	case strings.Contains(strings.ToLower(version), "mariadb"):
		srv.Flavour = mariadb
	case strings.Contains(version, "Vitess"):
		srv.Flavour = vitess
	}
	for i := range srv.Version {
		srv.Version[i], _ = strconv.Atoi(m[i+1])
	}
	switch {
	case srv.Flavour == mariadb && !srv.AtLeast(10, 6):
		return srv, fmt.Errorf("%s is older than MariaDB 10.6", &srv)
	case srv.Flavour == tidb && !srv.AtLeast(6, 6):
		return srv, fmt.Errorf("%s is older than TiDB 6.6, which enforces foreign keys", &srv)
	case (srv.Flavour == "" || srv.Flavour == vitess) && !srv.AtLeast(8, 0):
		return srv, fmt.Errorf("mysql %s is older than MySQL 8.0", version)
	}
	srv.Caps = capsOf(&srv, nil)
	return srv, nil
}

// clusterOf tells the members of a cluster from single servers.
func clusterOf(flavour string, variables map[string]string) string {
	provider := strings.ToLower(variables["wsrep_provider"])
	wsrep := strings.EqualFold(variables["wsrep_on"], "ON") && provider != "" && provider != "none"
	switch {
	case wsrep && flavour == mariadb:
		return galera
	case wsrep && flavour == "":
		return xtradb
	case flavour == "" && variables["group_replication_group_name"] != "":
		return groupReplication
	}
	return flavour
}

func capsOf(srv *ingot.Server, variables map[string]string) ingot.Caps {
	maria := isMariaDB(srv)
	c := ingot.Caps{
		InsertReturning: maria,
		DeleteReturning: maria,
		LastInsertID:    true,
		MaxParams:       65535,
		MaxIdent:        64,
		IdentChars:      true,
		BatchRows:       500,
		CacheStatements: true,
		SkipLocked:      true,
		RowLocks:        true,
		UpdateJoin:      true,
		SetInOrder:      true,
		DefaultInValues: true,
		TupleIn:         true,
		NoSelfDelete:    true,
		TextUTF8:        true,
		TextSized:       true,
		NoNaN:           true,
		NoInf:           true,
		TimeText:        "2006-01-02 15:04:05.999999",
		EmptyValues:     "() VALUES ()",
	}
	switch srv.Flavour {
	case "":
		// From 8.0.13 a key part may be an expression.
		c.ExpressionIndexes = srv.AtLeast(8, 1) || srv.AtLeast(8, 0) && srv.Version[2] >= 13
	case tidb:
		c.ExpressionIndexes = true
		c.SkipLocked = false // parsed, and then ignored
	case vitess:
		c.ExpressionIndexes = true
	case groupReplication, xtradb:
		c.ExpressionIndexes = true
	}
	// One INSERT of rows that are known beforehand gets keys by [Dialect.KeyStep]. In a cluster
	// the distance changes when members come and go.
	if srv.Flavour == "" || srv.Flavour == mariadb {
		c.Keys = ingot.KeysConsecutive
	}
	if !maria {
		c.JSONCast = "JSON" // MariaDB's JSON is text
	}
	c.FoldTables = variables["lower_case_table_names"] == "1" || variables["lower_case_table_names"] == "2"
	c.LockWaitEndsTx = strings.EqualFold(variables["innodb_rollback_on_timeout"], "ON")
	return c
}

// readRows reads a small answer whole.
func readRows(ctx context.Context, q ingot.Queryer, query string, args ...any) ([][]sql.NullString, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out [][]sql.NullString
	cells := make([]any, len(columns))
	for rows.Next() {
		row := make([]sql.NullString, len(columns))
		for i := range row {
			cells[i] = &row[i]
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
