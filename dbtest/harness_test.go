package dbtest

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"
	_ "modernc.org/sqlite"

	"ingot"
	"ingot/dialects/mysql"
	"ingot/dialects/postgres"
	"ingot/dialects/sqlite"
	"ingot/internal/suite"
)

// A target is a database server, or library, with the driver to reach it.
type target struct {
	name    string // as it stands in names of tests
	kind    string // "postgres", "mysql" or "sqlite"
	driver  string
	dialect ingot.Dialect
	dsn     string // empty: not configured
	needed  bool   // its absence fails where CI=true
}

// targets are all databases, in the order tests run on them.
func targets() []target {
	pg := cmp.Or(os.Getenv("INGOT_POSTGRES"), "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable")
	maria := cmp.Or(os.Getenv("INGOT_MARIADB"), "root@tcp(127.0.0.1:3306)/")
	return []target{
		{"sqlite", "sqlite", "sqlite", sqlite.Dialect{}, "file", true},
		{"sqlite-mattn", "sqlite", "sqlite3", sqlite.Dialect{}, "file", true},
		{"postgres", "postgres", "pgx", postgres.Dialect{}, pg, true},
		{"postgres-pq", "postgres", "postgres", postgres.Dialect{}, pg, true},
		{"mariadb", "mysql", "mysql", mysql.MariaDB{}, maria, true},
		{"mysql", "mysql", "mysql", mysql.Dialect{}, os.Getenv("INGOT_MYSQL"), false},
	}
}

func targetNamed(name string) target {
	all := targets()
	return all[slices.IndexFunc(all, func(x target) bool { return x.name == name })]
}

// A database is an empty schema or database of its own for one test.
type database struct {
	*sql.DB
	target
	Server ingot.Server
	dsn    string
	other  string // a schema beside the default one, which inspection reads too; empty for none
}

// on runs f as a subtest on each database whose kind is among kinds, all without any. Each
// gets a database of its own, which is gone afterwards, and must leave nothing open.
func on(t *testing.T, f func(t *testing.T, db *database), kinds ...string) {
	for _, target := range targets() {
		if len(kinds) > 0 && !slices.Contains(kinds, target.kind) {
			continue
		}
		t.Run(target.name, func(t *testing.T) { f(t, target.open(t)) })
	}
}

// open makes a database on the target.
func (x target) open(t testing.TB) *database {
	t.Helper()
	db := &database{target: x, dsn: x.fresh(t)}
	db.DB = db.again(t)
	srv, err := x.dialect.Probe(t.Context(), db.DB)
	if err != nil {
		t.Fatal(err)
	}
	db.Server = srv
	return db
}

// fresh makes an empty database, gone when the test ends, and returns its DSN.
func (x target) fresh(t testing.TB) string {
	t.Helper()
	switch {
	case x.dsn == "":
		t.Skipf("no server: set INGOT_%s to a DSN", strings.ToUpper(x.name))
	case x.kind == "postgres":
		return x.schema(t)
	case x.kind == "mysql":
		return x.database(t)
	}
	// Each driver takes the parameter it knows; what it does not know it leaves.
	return "file:" + filepath.Join(t.TempDir(), "test.db") + "?_pragma=foreign_keys(1)&_foreign_keys=on"
}

// again opens another pool on the same database, closed when the test ends.
func (db *database) again(t testing.TB) *sql.DB {
	t.Helper()
	return suite.Watch(t, db.dialect, db.driver, db.dsn)
}

// exec runs statements that have to succeed.
func (db *database) exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s\n%v", s, err)
		}
	}
}

var count atomic.Int64

// fresh is a name that no other test uses, here or in another process.
func fresh() string {
	return fmt.Sprintf("ingot_%d_%d_%d", os.Getpid(), time.Now().Unix()%100000, count.Add(1))
}

// admin connects to the server, to make and drop databases.
func (x target) admin(t testing.TB) *sql.DB {
	t.Helper()
	pool, err := sql.Open(x.driver, x.dsn)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		if x.needed && os.Getenv("CI") == "true" {
			t.Fatalf("no %s: %v", x.name, err)
		}
		t.Skipf("no %s: %v", x.name, err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// schema makes a schema and returns a DSN in which it is the default.
func (x target) schema(t testing.TB) string {
	t.Helper()
	admin, name := x.admin(t), fresh()
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// What a test left locked would hold DROP SCHEMA up for ever.
		if _, err := admin.Exec("SET lock_timeout = '5s'; DROP SCHEMA " + name + " CASCADE"); err != nil {
			t.Errorf("dropping schema %s: %v", name, err)
		}
	})
	u, err := url.Parse(x.dsn)
	if err != nil {
		t.Fatalf("INGOT_POSTGRES has to be a URL: %v", err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// database makes a database and returns its DSN.
func (x target) database(t testing.TB) string {
	t.Helper()
	admin, name := x.admin(t), fresh()
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP DATABASE " + name); err != nil {
			t.Errorf("dropping database %s: %v", name, err)
		}
	})
	config, err := mysqldriver.ParseDSN(x.dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.DBName = name
	return config.FormatDSN()
}
