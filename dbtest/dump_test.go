package dbtest

import (
	"bytes"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// What comes back from a dump is the same schema, though the server prints some of it anew.

func TestDumpedAndRestoredSchemasAreTheSame(t *testing.T) {
	for _, name := range []string{"postgres", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			x := targetNamed(name)
			files, err := filepath.Glob("testdata/schemas/*." + x.kind + ".sql")
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				app, _, _ := strings.Cut(filepath.Base(file), ".")
				t.Run(app, func(t *testing.T) {
					db, copied := x.open(t), x.open(t)
					db.exec(t, fixtureStatements(t, file)...)
					want := db.inspect(t)
					switch x.kind {
					case "postgres":
						text := pipe(t, nil, "pg_dump", "--no-owner", "--schema-only", "-n", db.schemaName(t), serverURL(t, x.dsn))
						text = bytes.ReplaceAll(text, []byte(db.schemaName(t)), []byte(copied.schemaName(t)))
						text = bytes.ReplaceAll(text, []byte("CREATE SCHEMA "+copied.schemaName(t)+";"), nil)
						pipe(t, text, "psql", "-q", "-v", "ON_ERROR_STOP=1", serverURL(t, x.dsn))
						want = replaceText(t, want, db.schemaName(t), copied.schemaName(t))
					case "mysql":
						from, flags := mysqlFlags(t, db.dsn)
						to, _ := mysqlFlags(t, copied.dsn)
						text := pipe(t, nil, "mariadb-dump", append(flags, "--no-data", from)...)
						pipe(t, text, "mariadb", append(flags, to)...)
					}
					wantLaw(t, copied, "restored", copied.inspect(t), want)
				})
			}
		})
	}
}

// pipe runs a program of the server's, if it is there.
func pipe(t *testing.T, in []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(in)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if strings.Contains(errs.String(), "server version mismatch") {
			t.Skip(errs.String())
		}
		t.Fatalf("%s: %v\n%s", name, err, errs.String())
	}
	return out.Bytes()
}

// serverURL is the DSN without what only the driver understands.
func serverURL(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u.String()
}

// mysqlFlags are the database of a DSN, and what leads to the server.
func mysqlFlags(t *testing.T, dsn string) (database string, flags []string) {
	t.Helper()
	c, err := mysqldriver.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(c.Addr, ":")
	flags = []string{"--host=" + host, "--port=" + port, "--user=" + c.User}
	if c.Passwd != "" {
		flags = append(flags, "--password="+c.Passwd)
	}
	return c.DBName, flags
}
