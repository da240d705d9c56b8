// Package dbtest runs ingot on real databases: PostgreSQL with pgx and lib/pq, MariaDB and
// MySQL with go-sql-driver/mysql, SQLite with modernc.org/sqlite and mattn/go-sqlite3.
//
// Servers are found by INGOT_POSTGRES, INGOT_MARIADB and INGOT_MYSQL, which hold DSNs; the
// first two default to the standard port on 127.0.0.1 (mysql.sh starts a MySQL). A server
// that does not answer is a skip that says so, and a failure where CI=true. The tests start
// PgBouncer themselves, in front of that PostgreSQL, and a Galera cluster of three nodes.
package dbtest
