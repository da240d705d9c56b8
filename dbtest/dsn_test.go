package dbtest

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"

	"ingot"
	"ingot/dialects/mysql"
	"ingot/dialects/postgres"
	"ingot/dialects/sqlite"
)

// What a DSN may say to defeat a program, and the same unit of work under each of it: the
// results are the same, since nothing that matters is left to the session of the server.

type DSNOwner struct {
	ID      int64       `ingot:"pk"`
	Email   string      `ingot:"size:40;unique"`
	Version int64       `ingot:"version"`
	Things  []*DSNThing `ingot:"inverse:Owner;cascade:all,delete-orphan"`
}

type DSNThing struct {
	ID      int64     `ingot:"pk"`
	OwnerID int64     `ingot:"fk:dsn_owner.id"`
	Owner   *DSNOwner `ingot:"inverse:Things"`
	Text    string
	Short   string  `ingot:"size:5;default:'it''s'"`
	State   lawWord `ingot:"enum:a,'it''s','back\\slash'"`
	Float   float64
	Small   float32
	Big     uint64
	Small8  int8
	Data    []byte
	At      time.Time `ingot:"index"`
	Maybe   sql.Null[time.Time]
	Price   string          `ingot:"precision:10,2"`
	JSON    map[string]any  `ingot:"json"`
	Raw     json.RawMessage `ingot:"null"`
	UUID    kindUUID
	OK      bool
	Native  string `ingot:"size:20;null"`
}

func dsnThings() []*DSNThing {
	return []*DSNThing{
		{Text: "it's a \\ \"back\\\\slash\" `x` 🧱\x01\r\n", Short: `'\'"`, State: "it's", Float: 0.1, Small: 0.1, Big: math.MaxUint64, Small8: -128, Data: []byte("\x00\xff\\x41'\\"),
			At: time.Date(2026, 3, 29, 2, 30, 0, 123456789, time.FixedZone("", -3600)), Maybe: sql.Null[time.Time]{V: time.Date(1900, 1, 1, 0, 0, 0, 1000, time.UTC), Valid: true},
			Price: "1.50", JSON: map[string]any{"a\\": "\"'\\🧱", "n": 1.5}, Raw: json.RawMessage(`{"k":"\\"}`), UUID: kindUUID{1, 0xff}, OK: true},
		{State: `back\slash`, Float: math.Pi * 1e100, Small: math.MaxFloat32, Price: "0.00", At: time.Time{}, Text: strings.Repeat("ü🧱", 3000)},
		{State: "a", Float: 5e-324, Price: "-99999999.99", At: time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
	}
}

// everythingHolds runs a unit of work of every kind, and looks at what came of it over a
// plain connection.
func everythingHolds(t *testing.T, raw *database, plain *database) {
	ctx := t.Context()
	models := ingot.MustModels(DSNOwner{}, DSNThing{})
	db, err := ingot.Open(raw.DB, raw.dialect, ingot.Options{Models: models})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.CreateAll(ctx); err != nil {
		t.Fatal(err)
	}
	raw.wantSettled(t, models)
	other, err := ingot.Open(plain.DB, plain.dialect, ingot.Options{Models: models})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	same := func(what string, want []*DSNThing) {
		t.Helper()
		for _, x := range want {
			for name, engine := range map[string]*ingot.DB{"same": db, "plain": other} {
				got, err := ingot.Get[DSNThing](ctx, engine, x.ID)
				if err != nil {
					t.Fatalf("%s, over the %s connection: %v", what, name, err)
				}
				g, w := *got, *x
				g.Owner, w.Owner = nil, nil
				if !reflect.DeepEqual(g, w) {
					t.Errorf("%s, over the %s connection:\ngot  %+v\nwant %+v", what, name, g, w)
				}
			}
		}
	}
	s := db.Session()
	defer s.Close()
	owner := &DSNOwner{Email: "a@b", Things: dsnThings()}
	if err := errors.Join(s.Add(owner), s.Commit(ctx)); err != nil {
		t.Fatal(err)
	}
	things := owner.Things
	same("insert", things)
	for _, x := range things {
		u := new(DSNThing)
		got, err := ingot.Select(u).Where(ingot.C(&u.Text).Eq(x.Text), ingot.C(&u.At).Eq(x.At), ingot.C(&u.Float).Eq(x.Float), ingot.C(&u.Data).Eq(x.Data), ingot.C(&u.UUID).Eq(x.UUID), ingot.C(&u.State).Eq(x.State), ingot.C(&u.Big).Eq(x.Big)).All(ctx, other)
		if err != nil || len(got) != 1 || got[0].ID != x.ID {
			t.Errorf("the row just written is not found by its values: %d rows, %v", len(got), err)
		}
		x.Text, x.At, x.OK = x.Text+`\`, x.At.Add(-time.Hour*24), !x.OK
	}
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	same("update of several", things)
	things[0].Raw = nil
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	same("update of one", things)
	one := &DSNOwner{Email: "alone"} // one statement, without BEGIN
	lone := db.Session()
	defer lone.Close()
	if err := errors.Join(lone.Add(one), lone.Commit(ctx)); err != nil {
		t.Fatal(err)
	}
	u := new(DSNOwner)
	if n, err := ingot.Update(u).Set(ingot.C(&u.Email).Set("alone")).Where(ingot.C(&u.Email).Eq("alone")).Exec(ctx, db); err != nil || n != 1 {
		t.Errorf("Update: %d rows, %v; want 1", n, err)
	}
	if n, err := ingot.Select(u).Where(ingot.C(&u.Email).Eq("alone")).Count(ctx, other); err != nil || n != 1 {
		t.Errorf("another connection finds %d rows of what was committed, %v", n, err)
	}

	twice := db.Session()
	defer twice.Close()
	err = errors.Join(twice.Add(&DSNOwner{Email: "a@b"}), twice.Commit(ctx))
	if c, ok := errors.AsType[*ingot.ConstraintError](err); !ok || c.Kind != ingot.UniqueViolation {
		t.Errorf("a second row of a unique value: %v", err)
	}
	long := db.Session()
	defer long.Close()
	err = errors.Join(long.Add(&DSNOwner{Email: strings.Repeat("x", 41)}), long.Commit(ctx))
	if _, ok := errors.AsType[*ingot.ValueError](err); !ok && raw.kind != "sqlite" {
		t.Errorf("text that is too long: %v", err)
	}
	if _, err := db.Exec(ctx, "INSERT INTO dsn_owner (email, version) VALUES ('123456789012345678901234567890123456789012345', 1)"); err == nil && raw.kind != "sqlite" {
		t.Error("the server cuts text that is too long")
	}
	if _, err := db.Exec(ctx, "INSERT INTO dsn_thing (owner_id) VALUES (-5)"); err == nil {
		t.Error("the server takes a row without values that are not null")
	}
	_, err = db.Exec(ctx, "UPDATE dsn_thing SET owner_id = -5")
	if c, ok := errors.AsType[*ingot.ConstraintError](err); !ok || c.Kind != ingot.ForeignKeyViolation {
		t.Errorf("a reference to nothing: %v", err)
	}
	stale, err := ingot.Get[DSNOwner](ctx, s, owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(ctx, "UPDATE dsn_owner SET version = version + 1"); err != nil {
		t.Fatal(err)
	}
	stale.Email = "stale"
	if _, ok := errors.AsType[*ingot.StaleError](s.Flush(ctx)); !ok {
		t.Error("a version that moved is not noticed")
	}
	if err := s.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Delete(things[0]), s.Commit(ctx)); err != nil {
		t.Fatal(err)
	}
	if err := db.DropAll(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestWhateverTheDSNSays(t *testing.T) {
	options := map[string][]string{
		"mariadb": {
			"", "clientFoundRows=true", "parseTime=true", "parseTime=true&loc=Asia%2FKolkata", "loc=America%2FNew_York&time_zone=%27-03:00%27",
			"sql_mode=''", "sql_mode='ANSI_QUOTES'", "sql_mode='ANSI'", "sql_mode='NO_BACKSLASH_ESCAPES'", "sql_mode='ORACLE'", "sql_mode='TRADITIONAL,ONLY_FULL_GROUP_BY'",
			"interpolateParams=true", "interpolateParams=true&sql_mode='NO_BACKSLASH_ESCAPES'", "interpolateParams=true&parseTime=true&loc=Asia%2FKolkata&sql_mode=''",
			"time_zone='%2B05:30'", "autocommit=0", "autocommit=0&sql_mode=''", "collation=utf8mb4_bin", "charset=utf8mb4", "multiStatements=true", "rejectReadOnly=true", "columnsWithAlias=true",
			"tx_isolation='SERIALIZABLE'", "unique_checks=0", "auto_increment_increment=7", "innodb_lock_wait_timeout=2", "sql_auto_is_null=1", "lower_case_table_names", "character_set_results=NULL",
		},
		"postgres": {
			"", "statement_cache_capacity=100", "default_query_exec_mode=simple_protocol", "default_query_exec_mode=exec", "default_query_exec_mode=cache_describe", "default_query_exec_mode=describe_exec",
			"standard_conforming_strings=off", "standard_conforming_strings=off&default_query_exec_mode=exec", "DateStyle=German", "TimeZone=Asia%2FKolkata", "TimeZone=America%2FNew_York&default_query_exec_mode=simple_protocol", "bytea_output=escape", "extra_float_digits=-15", "IntervalStyle=iso_8601", "xmlbinary=hex",
			"default_transaction_isolation=serializable", "default_transaction_deferrable=on", "quote_all_identifiers=on", "array_nulls=off", "plan_cache_mode=force_generic_plan", "jit=off", "lock_timeout=2000", "statement_timeout=20000", "check_function_bodies=off", "transform_null_equals=on", "escape_string_warning=off&backslash_quote=off", "row_security=off", "default_tablespace=", "synchronous_commit=off",
		},
		"postgres-pq": {
			"", "binary_parameters=yes", "standard_conforming_strings=off", "TimeZone=Asia%2FKolkata", "TimeZone=Asia%2FKolkata&binary_parameters=yes", "bytea_output=escape", "bytea_output=escape&binary_parameters=yes", "IntervalStyle=iso_8601", "default_transaction_isolation=serializable", "quote_all_identifiers=on",
		},
		"sqlite": {
			"", "_txlock=deferred", "_txlock=immediate", "_txlock=exclusive", "_pragma=foreign_keys(0)", "_pragma=journal_mode(WAL)", "_pragma=journal_mode(MEMORY)", "_pragma=journal_mode(TRUNCATE)", "_pragma=locking_mode(NORMAL)", "_time_format=sqlite", "_time_format=datetime", "_texttotime=1", "_inttotime=1", "_time_integer_format=unix", "_pragma=case_sensitive_like(1)", "_pragma=recursive_triggers(1)", "_pragma=defer_foreign_keys(1)", "_pragma=cell_size_check(1)", "_pragma=legacy_alter_table(1)", "_pragma=trusted_schema(0)", "_pragma=encoding('UTF-16')", "_pragma=busy_timeout(100)", "_pragma=count_changes(1)", "_pragma=reverse_unordered_selects(1)",
		},
		"sqlite-mattn": {
			"", "_txlock=immediate", "_txlock=exclusive", "_foreign_keys=off", "_journal_mode=WAL", "_journal_mode=MEMORY", "_loc=auto", "_loc=UTC", "_busy_timeout=0", "_case_sensitive_like=true", "_recursive_triggers=true", "_defer_foreign_keys=true", "cache=shared", "_secure_delete=true", "_ignore_check_constraints=true", "_writable_schema=false", "_cslike=1",
		},
	}
	for name, list := range options {
		t.Run(name, func(t *testing.T) {
			for i, o := range list {
				t.Run(fmt.Sprint(i), func(t *testing.T) { // a name becomes a path, which options would break
					t.Log(o)
					plain := targetNamed(name).open(t)
					everythingHolds(t, plain.saying(t, o), plain)
				})
			}
		})
	}
}

// saying is the database over a DSN that says something more.
func (db *database) saying(t testing.TB, options string) *database {
	other := *db
	switch {
	case db.kind == "sqlite":
		other.dsn, _, _ = strings.Cut(db.dsn, "?")
		other.dsn += "?" + options
	case strings.Contains(db.dsn, "?"):
		other.dsn += "&" + options
	default:
		other.dsn += "?" + options
	}
	other.DB = other.again(t)
	return &other
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ target, options, want string }{
		{"mariadb", "charset=latin1", "character_set_client = latin1"},
		{"mariadb", "charset=utf8", "make it charset=utf8mb4"},
		{"mariadb", "sql_mode='PAD_CHAR_TO_FULL_LENGTH'", "PAD_CHAR_TO_FULL_LENGTH"},
		{"mariadb", "nonsense=1", "nonsense"},
		{"postgres", "client_encoding=LATIN1", "take client_encoding out of the DSN"},
		{"postgres", "DateStyle=German&default_query_exec_mode=simple_protocol", "take DateStyle out of the DSN"},
		{"postgres-pq", "client_encoding=LATIN1", "client_encoding"},
		{"postgres-pq", "DateStyle=German", "take DateStyle out of the DSN"},
		{"postgres-pq", "DateStyle=SQL,+DMY", "take DateStyle out of the DSN"},
		{"postgres-pq", "extra_float_digits=-15", "take extra_float_digits out of the DSN"},
		{"sqlite", "mode=ro", "unable to open database file"},
		{"sqlite", "vfs=nonsense", "nonsense"},
	} {
		t.Run(c.target, func(t *testing.T) {
			db := targetNamed(c.target).open(t).saying(t, c.options)
			if db.kind == "sqlite" {
				db.dsn = strings.Replace(db.dsn, "test.db", "no.db", 1)
				db.DB = db.again(t)
			}
			_, err := ingot.Open(db.DB, db.dialect, ingot.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "ingot:") != 1 {
				t.Errorf("Open with %s: %v; want …%s…", c.options, err, c.want)
			}
		})
	}
}

func TestADialectKnowsTheServersOfOthers(t *testing.T) {
	dialects := map[string]ingot.Dialect{"sqlite": sqlite.Dialect{}, "postgres": postgres.Dialect{}, "mysql": mysql.Dialect{}}
	on(t, func(t *testing.T, db *database) {
		for name, d := range dialects {
			_, err := ingot.Open(db.DB, d, ingot.Options{})
			if name == db.kind {
				if err != nil {
					t.Error(err)
				}
				continue
			}
			if want := "use " + db.kind + ".Dialect{} of ingot/dialects/" + db.kind; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Open as %s: %v; want …%s", name, err, want)
			}
		}
	})
}

func TestAServerThatIsNotThere(t *testing.T) {
	for _, x := range targets() {
		if x.kind == "sqlite" || x.name == "mysql" {
			continue
		}
		dsn := map[string]string{"postgres": "postgres://postgres@127.0.0.1:1/postgres?sslmode=disable", "mysql": "root@tcp(127.0.0.1:1)/"}[x.kind]
		pool, err := sql.Open(x.driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		if _, err := ingot.Open(pool, x.dialect, ingot.Options{}); err == nil || !strings.Contains(err.Error(), "ingot: cannot open the database: ") || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v", x.name, err)
		}
	}
}

func TestAReadOnlyFileIsReadAndSaysSoWhereItIsWritten(t *testing.T) {
	on(t, func(t *testing.T, plain *database) {
		ctx := t.Context()
		models := ingot.Options{Models: ingot.MustModels(DSNOwner{}, DSNThing{})}
		db, err := ingot.Open(plain.DB, plain.dialect, models)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := db.Session()
		defer s.Close()
		if err := errors.Join(db.CreateAll(ctx), s.Add(&DSNOwner{ID: 1, Email: "x"}), s.Commit(ctx)); err != nil {
			t.Fatal(err)
		}
		raw := plain.saying(t, "mode=ro")
		db, err = ingot.Open(raw.DB, raw.dialect, models)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s = db.Session()
		defer s.Close()
		x, err := ingot.Get[DSNOwner](ctx, s, 1)
		if err != nil || x.Email != "x" {
			t.Fatalf("%v, %v", x, err)
		}
		x.Email = "y"
		if err := s.Commit(ctx); !errors.Is(err, ingot.ErrReadOnly) {
			t.Errorf("writing: %v; want ErrReadOnly", err)
		}
		if err := db.CreateAll(ctx); err != nil && !errors.Is(err, ingot.ErrReadOnly) {
			t.Errorf("CreateAll: %v; want ErrReadOnly", err)
		}
	}, "sqlite")
}

// A role without rights is told what it may not do, and to which table.
func TestARoleWithoutRights(t *testing.T) {
	on(t, func(t *testing.T, plain *database) {
		ctx := t.Context()
		models := ingot.Options{Models: ingot.MustModels(DSNOwner{}, DSNThing{})}
		db, err := ingot.Open(plain.DB, plain.dialect, models)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.CreateAll(ctx); err != nil {
			t.Fatal(err)
		}
		role := fresh()
		poor := *plain
		switch plain.kind {
		case "postgres":
			u, err := url.Parse(plain.dsn)
			if err != nil {
				t.Fatal(err)
			}
			schema := u.Query().Get("search_path")
			plain.exec(t, "CREATE ROLE "+role+" LOGIN PASSWORD 'x'", "GRANT USAGE ON SCHEMA "+schema+" TO "+role, "GRANT SELECT ON dsn_owner TO "+role)
			t.Cleanup(func() { plain.Exec("DROP OWNED BY " + role); plain.Exec("DROP ROLE " + role) })
			u.User = url.UserPassword(role, "x")
			poor.dsn = u.String()
		case "mysql":
			config, err := mysqldriver.ParseDSN(plain.dsn)
			if err != nil {
				t.Fatal(err)
			}
			plain.exec(t, "CREATE USER "+role+"@'%' IDENTIFIED BY 'x'", "CREATE USER "+role+"@localhost IDENTIFIED BY 'x'",
				"GRANT SELECT ON "+config.DBName+".dsn_owner TO "+role+"@'%'", "GRANT SELECT ON "+config.DBName+".dsn_owner TO "+role+"@localhost")
			t.Cleanup(func() { plain.Exec("DROP USER " + role + "@'%', " + role + "@localhost") })
			config.User, config.Passwd = role, "x"
			poor.dsn = config.FormatDSN()
		}
		poor.DB = poor.again(t)
		t.Cleanup(func() { poor.DB.Close() })
		db, err = ingot.Open(poor.DB, poor.dialect, models)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := db.Session()
		defer s.Close()
		says := func(what string, err error, words ...string) {
			t.Helper()
			if err == nil {
				t.Errorf("%s is allowed", what)
				return
			}
			for _, w := range words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%s: %v; want …%s…", what, err, w)
				}
			}
			if strings.Count(err.Error(), "ingot: ") > 1 {
				t.Errorf("%s: the prefix is there twice: %v", what, err)
			}
		}
		_, err = ingot.Get[DSNThing](ctx, s, 1)
		says("select", err, "select DSNThing", "denied", "dsn_thing")
		says("insert", errors.Join(s.Add(&DSNOwner{ID: 5, Email: "x"}), s.Commit(ctx)), "insert DSNOwner", "denied", "dsn_owner")
		_, err = db.Exec(ctx, "CREATE TABLE other (id int)")
		says("create", err, "denied")
		extra := ingot.Options{Models: ingot.MustModels(DSNOwner{}, DSNThing{}, rightsless{})}
		more, err := ingot.Open(poor.DB, poor.dialect, extra)
		if err != nil {
			t.Fatal(err)
		}
		defer more.Close()
		says("CreateAll", more.CreateAll(ctx), "denied")
		var revisions ingot.Revisions
		revisions.Add(ingot.Revision{ID: "a1", Upgrade: []ingot.Step{ingot.CreateTable{Table: table("other", []ingot.Column{id()}, key("id"))}}})
		says("migrate", ingot.NewMigrator(more, &revisions).Upgrade(ctx, "head"), "denied", map[string]string{"postgres": "schema", "mysql": "ingot_"}[plain.kind])
	}, "postgres", "mysql")
}

// A database whose charset does not hold all of Unicode takes it all the same, where tables
// have a charset of their own, or says what is wrong.
func TestADatabaseInAnotherCharset(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		admin, name := db.admin(t), fresh()
		other := *db
		create := "CREATE DATABASE " + name + " CHARACTER SET latin1"
		if db.kind == "postgres" {
			create = "CREATE DATABASE " + name + " ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
			u, err := url.Parse(db.target.dsn)
			if err != nil {
				t.Fatal(err)
			}
			u.Path = "/" + name
			other.dsn = u.String()
		} else {
			config, err := mysqldriver.ParseDSN(db.dsn)
			if err != nil {
				t.Fatal(err)
			}
			config.DBName = name
			other.dsn = config.FormatDSN()
		}
		if _, err := admin.ExecContext(t.Context(), create); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := admin.Exec("DROP DATABASE " + name); err != nil {
				t.Error(err)
			}
		})
		other.DB = other.again(t)
		everythingHolds(t, &other, &other)
	}, "postgres", "mysql")
}

type rightsless struct {
	ID int64 `ingot:"pk"`
}
