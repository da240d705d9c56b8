package dbtest

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"

	"ingot"
)

// The command, verb by verb, and its scripts given to the server's own client.

// command runs the command of a program with these models and revisions, and returns what it
// prints.
func (db *database) command(t *testing.T, env ingot.Env, code int, args ...string) string {
	t.Helper()
	env.Dialect = db.dialect
	env.Open = func() (*sql.DB, error) { return sql.Open(db.driver, db.dsn) }
	if env.Dir == "" {
		env.Dir = t.TempDir()
	}
	var out bytes.Buffer
	if got := env.Run(t.Context(), args, &out, &out); got != code {
		t.Fatalf("%s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, &out)
	}
	if strings.Count(out.String(), "ingot: ") > 1 {
		t.Errorf("%s: the prefix is there twice:\n%s", strings.Join(args, " "), &out)
	}
	return out.String()
}

// shopRevisions make the tables of the shop, and then what only SQL can say.
func shopRevisions(t *testing.T, db *database) ingot.Env {
	t.Helper()
	m, err := ingot.NewModels(shopUser2{}, shopOrder2{})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := m.Schema(db.dialect)
	if err != nil {
		t.Fatal(err)
	}
	user := db.quote("user")
	several := "INSERT INTO " + user + " (login, mood) VALUES ('a;b -- c', 'ok'); -- a comment; with a semicolon\nINSERT INTO " + user + " (login, mood) VALUES ('it''s', 'sad') -- the last"
	trigger, drop := "CREATE TRIGGER shout BEFORE UPDATE ON "+user+" FOR EACH ROW BEGIN SET NEW.mood = 'ok'; SET NEW.login = CONCAT(NEW.login, ';'); END", "DROP TRIGGER shout"
	switch db.kind {
	case "postgres":
		trigger = "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.mood = 'ok'; NEW.login = NEW.login || ';'; RETURN NEW; END $$; CREATE TRIGGER shout BEFORE UPDATE ON " + user + " FOR EACH ROW EXECUTE FUNCTION shout()"
		drop = "DROP TRIGGER shout ON " + user + "; DROP FUNCTION shout()"
	case "sqlite":
		trigger = "CREATE TRIGGER shout AFTER UPDATE OF mood ON " + user + " BEGIN UPDATE " + user + " SET login = login || ';' WHERE id = NEW.id; END"
	}
	two := []ingot.Step{
		ingot.Exec{SQL: ingot.TrustedSQL(several), Down: ingot.TrustedSQL("DELETE FROM " + user + " WHERE id > 0;")},
		ingot.Exec{SQL: ingot.TrustedSQL(trigger), Down: ingot.TrustedSQL(drop)},
	}
	if db.kind == "postgres" {
		two = append(two, ingot.Exec{SQL: ingot.TrustedSQL("VACUUM " + user), Down: "SELECT 1"}, ingot.Exec{SQL: "CREATE INDEX CONCURRENTLY later ON " + ingot.TrustedSQL(user) + " (id)", Down: "DROP INDEX later"})
	}
	return ingot.Env{Models: m, Revisions: ingot.NewRevisions(
		ingot.Revision{ID: "aaaa01", Message: "the tables", Upgrade: ingot.Compare(&ingot.Schema{}, schema, ingot.CompareDialect(db.dialect))},
		ingot.Revision{ID: "bbbb02", Parents: []string{"aaaa01"}, Message: "what SQL says", Upgrade: two},
	)}
}

// wantShop looks at what the revisions leave.
func (db *database) wantShop(t *testing.T) {
	t.Helper()
	db.exec(t, "UPDATE "+db.quote("user")+" SET mood = 'fine'")
	var logins []string
	rows, err := db.QueryContext(t.Context(), "SELECT login FROM "+db.quote("user")+" ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		logins = append(logins, s)
	}
	if got := fmt.Sprintf("%q", logins); got != `["a;b -- c;" "it's;"]` {
		t.Errorf("the table has %s", got)
	}
}

func TestTheWholeCommand(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		env := shopRevisions(t, db)
		says := func(code int, want string, args ...string) {
			t.Helper()
			if out := db.command(t, env, code, args...); !strings.Contains(out, want) {
				t.Errorf("%s: %s\nwant …%s…", strings.Join(args, " "), out, want)
			}
		}
		says(0, "bbbb02", "heads")
		says(0, "aaaa01", "history")
		says(ingot.ExitBehind, "", "check")
		says(0, "CREATE TABLE", "plan")
		says(0, "aaaa01", "upgrade", "aaaa01")
		says(0, "aaaa01", "current")
		says(0, "bbbb02", "upgrade", "head")
		db.wantShop(t)
		says(0, "bbbb02", "current")
		if left := db.command(t, env, map[bool]int{true: ingot.ExitDiffers, false: 0}[db.kind == "postgres"], "check"); db.kind == "postgres" && strings.Count(left, "later") == 0 {
			t.Errorf("check: %s", left) // the index that SQL made is no model's
		}
		says(0, "", "downgrade", "aaaa01")
		says(0, "", "upgrade", "head")
		says(0, "", "downgrade", "aaaa01")
		says(0, "", "stamp", "bbbb02")
		says(0, "bbbb02", "current")
		says(0, "", "stamp", "aaaa01")
		says(ingot.ExitBehind, "", "check")
		says(0, "", "upgrade", "head")
		says(0, "", "downgrade", "base")
		says(0, "", "ensure-version")
		more := env
		more.Revisions, more.Dir = ingot.NewRevisions(), t.TempDir()
		says(0, "", "stamp", "base")
		if out := db.command(t, more, 0, "revision", "--autogenerate", "-m", "all of it"); !strings.Contains(out, "all_of_it") {
			t.Errorf("revision: %s", out)
		}
		files, err := os.ReadDir(more.Dir)
		if err != nil || len(files) != 1 {
			t.Errorf("revision leaves %d files, %v", len(files), err)
		}
	})
}

func TestScriptsRunInTheServersOwnClient(t *testing.T) { // OF-03
	on(t, func(t *testing.T, db *database) {
		env := shopRevisions(t, db)
		var program string
		var args []string
		switch db.kind {
		case "postgres":
			program, args = "psql", []string{"-q", "-v", "ON_ERROR_STOP=1", "-d", strings.Replace(db.dsn, "search_path=", "options=-csearch_path%3D", 1)}
		case "mysql":
			config, err := mysqldriver.ParseDSN(db.dsn)
			if err != nil {
				t.Fatal(err)
			}
			host, port, _ := strings.Cut(config.Addr, ":")
			program, args = "mysql", []string{"-h", host, "-P", port, "-u", config.User, "-p" + config.Passwd, config.DBName}
			if config.Passwd == "" {
				args = append(args[:6], "--skip-password", config.DBName)
			}
			if db.name == "mariadb" {
				program = "mariadb"
			}
		case "sqlite":
			file, _, _ := strings.Cut(strings.TrimPrefix(db.dsn, "file:"), "?")
			program, args = "sqlite3", []string{"-bail", file}
		}
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no client: %v", err)
		}
		client := func(script string) {
			t.Helper()
			cmd := exec.CommandContext(t.Context(), program, args...)
			cmd.Stdin = strings.NewReader(script)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s\n%s", program, err, out, script)
			}
		}
		client(db.command(t, env, 0, "upgrade", "head", "--sql"))
		db.wantShop(t)
		if out := db.command(t, env, 0, "current"); !strings.Contains(out, "bbbb02") {
			t.Errorf("current: %s", out)
		}
		client(db.command(t, env, 0, "downgrade", "bbbb02:aaaa01", "--sql"))
		if out := db.command(t, env, 0, "current"); !strings.Contains(out, "aaaa01") {
			t.Errorf("current: %s", out)
		}
		client(db.command(t, env, 0, "stamp", "aaaa01:bbbb02", "--sql"))
		client(db.command(t, env, 0, "stamp", "bbbb02:aaaa01", "--sql"))
		db.command(t, env, ingot.ExitBehind, "check")
		client(db.command(t, env, 0, "downgrade", "aaaa01:base", "--sql"))
		if db.inspect(t).Table(ingot.TableName{Name: "user"}) != nil {
			t.Error("downgrade leaves the table")
		}
	})
}

func TestScriptsAreForMySQLOrForMariaDB(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		meant := tables(table("t", []ingot.Column{id(), {Name: "u", Type: "uuid"}, {Name: "n", Type: "bigint", Default: "nextval(`s`)"}}, key("id")))
		meant.Sequences = []ingot.Sequence{{Name: "s", Start: 5}}
		env := ingot.Env{Models: ingot.MustModels(), Revisions: ingot.NewRevisions(
			ingot.Revision{ID: "aaaa01", Upgrade: ingot.Compare(&ingot.Schema{}, &meant, ingot.CompareDialect(db.dialect))})}
		if db.name == "mysql" {
			if out := db.command(t, env, ingot.ExitError, "upgrade", "head", "--sql"); !strings.Contains(out, "sequence s: MySQL has no sequences, MariaDB has: a script for it wants mysql.MariaDB{}") {
				t.Error(out)
			}
			return
		}
		many := *db
		config, err := mysqldriver.ParseDSN(db.dsn)
		if err != nil {
			t.Fatal(err)
		}
		config.MultiStatements = true
		many.dsn = config.FormatDSN()
		many.again(t).ExecContext(t.Context(), db.command(t, env, 0, "upgrade", "head", "--sql"))
		got := db.inspect(t)
		got.Tables = slices.DeleteFunc(got.Tables, func(x ingot.Table) bool { return strings.HasPrefix(x.Name, "ingot_") })
		db.wantSame(t, "what a script makes", got, &meant)
	}, "mysql")
}
