package dbtest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ingot"
)

type (
	dmUser struct {
		_     struct{} `ingot:"table:user;check:mail <> 'x'"`
		ID    int64    `ingot:"pk"`
		Mail  string   `ingot:"type:email;unique;default:'a@b'"`
		Title *string  `ingot:"type:\"Label\";index"`
		Tags  string   `ingot:"type:\"Label\"[];default:'{}'"`
	}
)

// No tag declares a domain: revisions make and change them by steps written by hand, and
// autogenerate leaves them alone.
func TestModelsTakeDomains(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		email := ingot.Domain{Name: "email", Type: "varchar(80)", Null: true, Default: "lower('A@B')", Checks: []ingot.Check{{Name: "at", Expr: "VALUE IN ('x') OR VALUE LIKE '%@%'"}}}
		label := ingot.Domain{Name: "Label", Type: "email", Null: true}
		text := email
		text.Type, text.Checks = "text", []ingot.Check{{Name: "at", Expr: "VALUE LIKE '%@%'"}}
		revisions := ingot.NewRevisions(ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.CreateDomain{Domain: email}, ingot.CreateDomain{Domain: label}}})
		x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Models: ingot.MustModels(dmUser{}), Echo: echo(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { x.Close() })
		if err := ingot.NewMigrator(x, revisions).Upgrade(t.Context(), "head"); err != nil {
			t.Fatal(err)
		}
		autogenerate(t, db, revisions, "two", []string{"one"}, dmUser{})
		db.exec(t, `INSERT INTO "user" (id, title, tags) VALUES (1, 'a@c', '{b@b}')`)
		receipts := func() (list []string) {
			for _, row := range db.list(t, "SELECT object, model FROM ingot_object") {
				if strings.HasPrefix(row[0], "email ") {
					list = append(list, row[0]+": "+row[1])
				}
			}
			slices.Sort(list)
			return list
		}
		if got, want := strings.Join(receipts(), "\n"), "email check at: VALUE IN ('x') OR VALUE LIKE '%@%'\nemail column value default: lower('A@B')"; got != want {
			t.Errorf("receipts are\n%s\nwant\n%s", got, want)
		}
		revisions.Add(ingot.Revision{ID: "three", Parents: []string{"two"}, Upgrade: []ingot.Step{ingot.AlterDomain{Old: email, New: text}}})
		m := ingot.NewMigrator(x, revisions)
		for _, to := range []string{"three", "two"} {
			err := m.Upgrade(t.Context(), "three")
			if to == "two" {
				err = m.Downgrade(t.Context(), to)
			}
			if err != nil {
				t.Fatal(err)
			}
			here := db.inspect(t)
			want := &ingot.Schema{Domains: []ingot.Domain{text, label}, Tables: here.Tables}
			if to == "two" {
				want.Domains[0] = email
			}
			wantLaw(t, db, "at "+to, here, want)
			if len(here.Unsupported) > 0 {
				t.Errorf("unsupported: %v", here.Unsupported)
			}
			if left, err := ingot.NewMigrator(x, revisions).Autogenerate(t.Context(), ingot.Decisions{}); to == "three" && (err != nil || len(left) > 0) {
				t.Errorf("at %s autogenerate finds %v, %v", to, left, err)
			}
			if got := db.list(t, `SELECT title, tags::text FROM "user" -- `+to); got[0] != [2]string{"a@c", "{b@b}"} {
				t.Errorf("at %s the row is %v", to, got)
			}
		}
		if err := m.Downgrade(t.Context(), "base"); err != nil {
			t.Fatal(err)
		}
		if left := db.inspect(t); len(left.Domains) > 0 || len(receipts()) > 0 {
			t.Errorf("at base there are %v and receipts %q", left.Domains, receipts())
		}
	}, "postgres")
}

// What a domain would cut off makes two defaults different all the same.
func TestConstantsOfDomainsAreNotCut(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		s := domains(schema(table("t", []ingot.Column{{Name: "id", Type: "bigint"}, {Name: "a", Type: "short", Null: true, Default: "'abcd'"}}, key("id"))),
			ingot.Domain{Name: "short", Type: "varchar(3)", Null: true, Default: "'abce'"}, ingot.Domain{Name: "shorter", Type: "short", Null: true, Default: "'abcf'"})
		db.migrate(t, db.inspect(t), ingot.Compare(nil, s, ingot.CompareDialect(db.dialect)))
		have := db.inspect(t)
		wantLaw(t, db, "created", have, s)
		for _, change := range []func(*ingot.Schema){
			func(s *ingot.Schema) { s.Tables[0].Columns[1].Default = "'abcx'" },
			func(s *ingot.Schema) { s.Tables[0].Columns[1].Default = "'abc'" },
			func(s *ingot.Schema) { s.Domains[0].Default = "'abcx'" },
			func(s *ingot.Schema) { s.Domains[1].Default = "'abc'" },
		} {
			other := s.Clone()
			change(other)
			if steps, err := db.compare(t.Context(), have, other); len(steps) != 1 || err != nil {
				t.Errorf("the difference is %v, %v; want one step", steps, err)
			}
		}
	}, "postgres")
}

// A view on a column of a domain that is made anew is made anew as well, or, where it is left
// out, named by the server.
func TestAViewHoldsADomain(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, "CREATE DOMAIN label AS varchar(20)", "CREATE TABLE t (id bigint PRIMARY KEY, a label)", "CREATE VIEW v AS SELECT a FROM t")
		have := db.inspect(t)
		to := have.Clone()
		to.Domains[0].Type = "text"
		noViews := ingot.CompareOnly(func(o ingot.Object) bool { return o.Kind != ingot.ObjectView })
		err := db.tryMigrate(t.Context(), have, ingot.Compare(have, to, noViews))
		if err == nil || !strings.Contains(err.Error(), "used by a view") {
			t.Errorf("got %v; want the error that names the view", err)
		}
		have = db.inspect(t)
		db.migrate(t, have, ingot.Compare(have, to))
		wantLaw(t, db, "changed", db.inspect(t), to)
	}, "postgres")
}

// A step on a domain or enum knows the tables of its schema.
func TestTypesOfANamedSchemaAreMadeAnew(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		other := fresh()
		t.Cleanup(func() {
			if _, err := db.Exec("DROP SCHEMA IF EXISTS " + other + " CASCADE"); err != nil {
				t.Error(err)
			}
		})
		label := ingot.Domain{Schema: other, Name: "label", Type: "varchar(20)", Null: true}
		mood := ingot.Enum{Schema: other, Name: "mood", Values: []string{"sad", "ok"}}
		text, turned := label, ingot.Enum{Schema: other, Name: "mood", Values: []string{"ok", "sad"}}
		text.Type = "text"
		tab := ingot.Table{Schema: other, Name: "t", Columns: []ingot.Column{{Name: "a", Type: ingot.Type(other + ".label")}, {Name: "m", Enum: other + ".mood"}}}
		revisions := ingot.NewRevisions(
			ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.CreateSchema{Name: other}, ingot.CreateDomain{Domain: label}, ingot.CreateEnum{Enum: mood}, ingot.CreateTable{Table: tab}}},
			ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{ingot.AlterDomain{Old: label, New: text}}},
			ingot.Revision{ID: "three", Parents: []string{"two"}, Upgrade: []ingot.Step{ingot.AlterEnum{Old: mood, New: turned}}})
		x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Echo: echo(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { x.Close() })
		m := ingot.NewMigrator(x, revisions)
		if err := m.Upgrade(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		db.exec(t, "COMMENT ON DOMAIN "+other+".label IS 'it''s short'", "COMMENT ON TYPE "+other+".mood IS 'of today'")
		if err := m.Upgrade(t.Context(), "head"); err != nil {
			t.Fatal(err)
		}
		comments := db.list(t, "SELECT typname, obj_description(oid, 'pg_type') FROM pg_type WHERE typnamespace = '"+other+"'::regnamespace AND typtype IN ('d', 'e') ORDER BY 1")
		if want := [][2]string{{"label", "it's short"}, {"mood", "of today"}}; !slices.Equal(comments, want) {
			t.Errorf("comments are %q; want %q", comments, want)
		}
		if err := m.Downgrade(t.Context(), "base"); err != nil {
			t.Fatal(err)
		}
	}, "postgres")
}

// Collations of other schemas, and with names to quote, are found where they are, and read back
// as they were given.
func TestCollationsOfOtherSchemas(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		other := fresh()
		t.Cleanup(func() {
			if _, err := db.Exec("DROP SCHEMA IF EXISTS " + other + " CASCADE"); err != nil {
				t.Error(err)
			}
		})
		db.exec(t, "CREATE SCHEMA "+other)
		for _, name := range []string{other + ".german", other + `."Mixed.Case"`, other + `."a""b"`, other + `."C"`, "plain", `"Home.Coll"`, `"home.coll"`, `"x""y"`} {
			db.exec(t, "CREATE COLLATION "+name+` FROM "POSIX"`)
		}
		s := table("t", cols(), key("id"))
		for i, c := range []string{other + ".german", other + `."Mixed.Case"`, other + `."a""b"`, other + `."C"`, "plain", "Home.Coll", `"home.coll"`, `"x""y"`, "pg_catalog.C", "POSIX", `"default"`} {
			name := fmt.Sprint("c", i)
			s.Columns = append(s.Columns, ingot.Column{Name: name, Type: "text", Null: true, Collation: c}, ingot.Column{Name: name + "d", Type: ingot.Type("d" + name), Null: true},
				ingot.Column{Name: name + "e", Type: ingot.Type("d" + name), Collation: c})
			s.Indexes = append(s.Indexes, ingot.Index{Name: "ix" + name, Parts: []ingot.IndexPart{{Column: "c0"}, {Column: name}, {Column: "c4", Collation: c}, {Expr: "lower(id::text)", Collation: c}}})
		}
		s.Indexes[10].Parts[3].Collation = "" // that of the expression
		want := schema(s)
		for i := range 11 {
			want.Domains = append(want.Domains, ingot.Domain{Name: fmt.Sprint("dc", i), Type: "text", Null: true, Collation: s.Columns[1+3*i].Collation})
		}
		none := db.inspect(t)
		steps := ingot.Compare(nil, want, ingot.CompareDialect(db.dialect))
		db.migrate(t, none, steps)
		made := db.inspect(t)
		wantLaw(t, db, "made", made, want)
		db.migrate(t, made, reversed(t, steps))
		db.migrate(t, none, ingot.Compare(none, made, ingot.CompareDialect(db.dialect)))
		again := db.inspect(t)
		wantLaw(t, db, "made again", again, want)
		if !reflect.DeepEqual(again.Tables, made.Tables) || !reflect.DeepEqual(again.Domains, made.Domains) {
			t.Errorf("inspection differs:\n%+v\n%+v", made, again)
		}
		for i, c := range []string{"C", other + ".german", "plain", "Home.Coll"} { // one by one
			to := again.Clone()
			to.Tables[0].Columns[1+3*(i+3)].Collation = c
			steps := ingot.Compare(again, to, ingot.CompareDialect(db.dialect))
			if n := len(steps); n != 1 && i != 1 || n != 3 && i == 1 { // there an index says it too
				t.Errorf("the steps are %v", steps)
			}
			db.migrate(t, again, steps)
			wantLaw(t, db, "changed", db.inspect(t), to)
			db.migrate(t, to, reversed(t, steps))
			wantLaw(t, db, "reversed", db.inspect(t), again)
		}
	}, "postgres")
}

// A type that is made anew is the same to everybody: owner, privileges and comments stay, those
// of domains over it too.
func TestTypesMadeAnewKeepTheirRights(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		one, two := fresh(), fresh()
		admin := db.target.admin(t)
		t.Cleanup(func() {
			for _, s := range []string{"DROP OWNED BY " + one + ", " + two + " CASCADE", "DROP ROLE " + one + ", " + two} {
				if _, err := admin.Exec(s); err != nil {
					t.Error(err)
				}
			}
		})
		db.exec(t, "CREATE ROLE "+one, "CREATE ROLE "+two, "GRANT CREATE ON SCHEMA "+db.schemaName(t)+" TO "+one,
			`CREATE TYPE "Mood" AS ENUM ('sad', 'ok')`, `CREATE DOMAIN feeling AS "Mood" CONSTRAINT "not ""x" CHECK (VALUE <> 'sad')`, "CREATE DOMAIN word AS varchar(9)", "CREATE DOMAIN open AS text",
			`CREATE TABLE t (a "Mood", b feeling[], c word, d open)`, "INSERT INTO t VALUES ('ok', '{ok}', 'w')",
			`GRANT USAGE ON TYPE "Mood" TO `+one+" WITH GRANT OPTION", `COMMENT ON TYPE "Mood" IS 'it''s'`, "REVOKE ALL ON TYPE feeling FROM PUBLIC", "GRANT USAGE ON TYPE feeling TO "+two,
			`COMMENT ON CONSTRAINT "not ""x" ON DOMAIN feeling IS 'why'`, "ALTER DOMAIN word OWNER TO "+one, "COMMENT ON DOMAIN word IS 'letters'",
			"ALTER DEFAULT PRIVILEGES IN SCHEMA "+db.schemaName(t)+" GRANT USAGE ON TYPES TO "+two)
		rights := func(what string) string {
			var text string
			err := db.QueryRowContext(t.Context(), `SELECT string_agg(concat_ws(' ', typname, pg_get_userbyid(typowner), (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(coalesce(typacl, acldefault('T', typowner))) x), obj_description(t.oid, 'pg_type'),
(SELECT obj_description(k.oid, 'pg_constraint') FROM pg_constraint k WHERE contypid = t.oid)), E'\n' ORDER BY typname) FROM pg_type t WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd') -- `+what).Scan(&text)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		have, was := db.inspect(t), rights("before")
		to := have.Clone()
		slices.Reverse(to.Enums[0].Values)
		for i := range to.Domains {
			if d := &to.Domains[i]; d.Name != "feeling" {
				d.Type = "varchar(20)"
			}
		}
		steps := ingot.Compare(have, to, ingot.CompareDialect(db.dialect))
		if len(steps) != 3 {
			t.Fatalf("the steps are %v", steps)
		}
		db.migrate(t, have, steps)
		wantLaw(t, db, "changed", db.inspect(t), to)
		if is := rights("after"); is != was {
			t.Errorf("the rights are\n%s\nthey were\n%s", is, was)
		}
		db.migrate(t, to, reversed(t, steps))
		if is := rights("reversed"); is != was {
			t.Errorf("reversed, the rights are\n%s\nthey were\n%s", is, was)
		}
	}, "postgres")
}

// A view that has to go for a moment is the same to everybody afterwards: only its text is its
// own, but what was said of it comes back with it.
func TestViewsMadeAnewKeepTheirRights(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		one, two := fresh(), fresh()
		admin := db.target.admin(t)
		t.Cleanup(func() {
			for _, s := range []string{"DROP OWNED BY " + one + ", " + two + " CASCADE", "DROP ROLE " + one + ", " + two} {
				if _, err := admin.Exec(s); err != nil {
					t.Error(err)
				}
			}
		})
		db.exec(t, "CREATE ROLE "+one, "CREATE ROLE "+two, "GRANT CREATE, USAGE ON SCHEMA "+db.schemaName(t)+" TO "+one,
			"CREATE TABLE t (a int, b text)", `CREATE VIEW "V.1" WITH (check_option=local, security_barrier) AS SELECT a, b AS "B 2" FROM t WHERE a > 0`, `CREATE VIEW w AS SELECT * FROM "V.1"`,
			`GRANT SELECT, UPDATE ON "V.1" TO `+two+" WITH GRANT OPTION", `GRANT INSERT ("B 2") ON "V.1" TO PUBLIC`, `ALTER VIEW "V.1" ALTER COLUMN "B 2" SET DEFAULT 'x;y'`,
			`COMMENT ON VIEW "V.1" IS 'it''s'`, `COMMENT ON COLUMN "V.1"."B 2" IS 'two'`, "GRANT SELECT ON t TO "+one, "ALTER VIEW w OWNER TO "+one, "GRANT SELECT ON w TO "+two,
			"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", `CREATE TRIGGER "on" INSTEAD OF INSERT ON w FOR EACH ROW EXECUTE FUNCTION f()`, `CREATE RULE ru AS ON DELETE TO w DO INSTEAD NOTHING`)
		rights := func(what string) string {
			var text string
			err := db.QueryRowContext(t.Context(), `SELECT string_agg(concat_ws(' ', relname, pg_get_userbyid(relowner), (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(coalesce(relacl, acldefault('r', relowner))) x), reloptions, obj_description(c.oid),
(SELECT string_agg(concat_ws(' ', attname, attacl, col_description(c.oid, attnum), (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = c.oid AND adnum = attnum)), ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0),
(SELECT pg_get_triggerdef(g.oid) FROM pg_trigger g WHERE tgrelid = c.oid), (SELECT count(*) FROM pg_rewrite WHERE ev_class = c.oid)), E'\n' ORDER BY relname) FROM pg_class c WHERE relnamespace = current_schema()::regnamespace AND relkind = 'v' -- `+what).Scan(&text)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		have, was := db.inspect(t), rights("before")
		to := have.Clone()
		to.Tables[0].Columns[0].Type = "bigint"
		steps := ingot.Compare(have, to, ingot.CompareDialect(db.dialect))
		if len(steps) != 5 {
			t.Fatalf("the steps are %v", steps)
		}
		db.migrate(t, have, steps)
		now := db.inspect(t)
		wantLaw(t, db, "changed", now, to)
		if is := rights("after"); is != was {
			t.Errorf("the rights are\n%s\nthey were\n%s", is, was)
		}
		db.migrate(t, now, reversed(t, steps))
		if is := rights("reversed"); is != was {
			t.Errorf("reversed, the rights are\n%s\nthey were\n%s", is, was)
		}
		less := now.Clone() // a column that goes takes its own along
		less.Views[0].SQL, less.Views[1].SQL = "SELECT a FROM t", `SELECT a FROM "V.1"`
		now = db.inspect(t)
		db.migrate(t, now, ingot.Compare(now, less, ingot.CompareDialect(db.dialect)))
	}, "postgres")
}
