package sqlite_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ingot"
)

type (
	column = ingot.Column
	table  = ingot.Table
)

// apply renders steps against what the database has, and runs them as a migration does.
func apply(t testing.TB, db *sql.DB, steps ...ingot.Step) []string {
	t.Helper()
	texts, err := migrate(t, db, steps...)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func migrate(t testing.TB, db *sql.DB, steps ...ingot.Step) (all []string, err error) {
	t.Helper()
	ctx := t.Context()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	srv := probe(t, conn)
	end, err := d.BeginMigration(ctx, conn, steps, srv)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := end(ctx); e != nil {
			t.Error(e)
		}
	}()
	run(t, conn, "BEGIN IMMEDIATE")
	done := false
	defer func() {
		if !done {
			run(t, conn, "ROLLBACK")
		}
	}()
	for rest := steps; len(rest) > 0; {
		before, err := d.Inspect(ctx, conn, srv, nil)
		if err != nil {
			return nil, err
		}
		texts, n, err := d.DDLGroup(rest, before, srv)
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			if _, err := conn.ExecContext(ctx, text); err != nil {
				return nil, fmt.Errorf("%w\nin %s", err, text)
			}
		}
		all, rest = append(all, texts...), rest[n:]
	}
	if err := d.CheckMigration(ctx, conn, steps, srv); err != nil {
		return nil, err
	}
	done = true
	run(t, conn, "COMMIT")
	return all, nil
}

func inspect(t testing.TB, q ingot.Queryer) *ingot.Schema {
	t.Helper()
	s, err := d.Inspect(t.Context(), q, probe(t, q), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func compare(from, to *ingot.Schema) string {
	var lines []string
	for _, s := range ingot.Compare(from, to, ingot.CompareDialect(d)) {
		lines = append(lines, fmt.Sprint(s))
	}
	return strings.Join(lines, "\n")
}

// everything has each attribute that a table of SQLite can have.
func everything() []table {
	return []table{
		{
			Name: "user", PrimaryKey: ingot.PrimaryKey{Name: "pk_user", Columns: []string{"id"}},
			Columns: []column{
				{Name: "id", Type: "bigint", Auto: true},
				{Name: "name", Type: "varchar(30)", Default: "'it''s'"},
				{Name: "nick", Type: "text", Null: true, Collation: "nocase"},
				{Name: "group", Type: "integer", Default: "-1"},
				{Name: "Mixed \"case\"", Type: "boolean", Default: "TRUE"},
				{Name: "ratio", Type: "double", Null: true, Default: "1.5e3"},
				{Name: "price", Type: "decimal(10,2)"},
				{Name: "code", Type: "char(2)", Null: true},
				{Name: "data", Type: "blob", Null: true, Default: "x'00ff'"},
				{Name: "born", Type: "date", Null: true},
				{Name: "at", Type: "time", Null: true},
				{Name: "created", Type: "timestamp", Default: "CURRENT_TIMESTAMP"},
				{Name: "token", Type: "text", Default: "lower(hex(randomblob(4)))"},
				{Name: "doc", Type: "json", Null: true},
				{Name: "uid", Type: "uuid", Null: true},
				{Name: "small", Type: "smallint", Null: true},
				{Name: "narrow", Type: "real", Null: true},
				{Name: "odd", Type: "UNSIGNED BIG INT", Null: true},
				{Name: "untyped", Type: "", Null: true},
				{Name: "upper", Type: "text", Null: true, Generated: "upper(name)", Virtual: true},
				{Name: "total", Type: "integer", Null: true, Generated: "\"group\" + 1 -- one more"},
			},
			Uniques: []ingot.Unique{{Name: "uq_user_name", Columns: []string{"name", "nick"}}, {Columns: []string{"code"}}},
			Checks:  []ingot.Check{{Name: "ck name", Expr: "name <> ')' AND length(name) > 0"}, {Expr: "price >= 0 -- CHECK ("}},
			Indexes: []ingot.Index{
				{Name: "ix_user_born", Parts: []ingot.IndexPart{{Column: "born", Desc: true}, {Column: "nick"}}},
				{Name: "ix_user_lower", Unique: true, Parts: []ingot.IndexPart{{Expr: "lower(name)"}, {Expr: "price * 2", Desc: true}}},
				{Name: "ix_user_part", Parts: []ingot.IndexPart{{Column: "code", Collation: "NOCASE"}}, Where: "code IS NOT NULL AND name <> ' WHERE '"},
				{Name: "ix_user_binary", Parts: []ingot.IndexPart{{Column: "nick", Collation: "BINARY"}}},
			},
		},
		{
			Name: "Order", PrimaryKey: ingot.PrimaryKey{Columns: []string{"tenant", "no"}},
			Columns: []column{
				{Name: "tenant", Type: "integer"}, {Name: "no", Type: "text"},
				{Name: "user_id", Type: "bigint", Null: true}, {Name: "parent_no", Type: "text", Null: true},
			},
			ForeignKeys: []ingot.ForeignKey{
				{Name: "fk_user", Columns: []string{"user_id"}, RefTable: "user", RefColumns: []string{"id"}, OnDelete: "CASCADE", OnUpdate: "SET NULL"},
				{Columns: []string{"tenant", "parent_no"}, RefTable: "Order", RefColumns: []string{"tenant", "no"}, Deferrable: ingot.DeferrableInitiallyDeferred},
				{Name: "later", Columns: []string{"no"}, RefTable: "zebra", RefColumns: []string{"id"}, OnDelete: "RESTRICT", Match: "FULL", Deferrable: ingot.DeferrableInitiallyImmediate},
			},
			Options: []ingot.Option{{Name: "without rowid"}},
		},
		{
			Name: "strict", PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
			Columns: []column{
				{Name: "id", Type: "bigint", Auto: true}, {Name: "ok", Type: "boolean"}, {Name: "at", Type: "timestamp"},
				{Name: "price", Type: "decimal(10,2)"}, {Name: "what", Type: "ANY", Null: true},
			},
			Options: []ingot.Option{{Name: "strict"}},
		},
		{
			Name: "counted", PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
			Columns: []column{{Name: "id", Type: "integer", Auto: true}},
			Options: []ingot.Option{{Name: "autoincrement"}},
		},
		{
			Name: "zebra", PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
			Columns: []column{{Name: "id", Type: "text"}, {Name: "n", Type: "bigint"}},
		},
		{Name: "nokey", Columns: []column{{Name: "a", Type: "text"}}},
		{
			Name: "plainkey", PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
			Columns: []column{{Name: "id", Type: "bigint"}},
		},
	}
}

func createSteps(tables []table) []ingot.Step {
	var steps []ingot.Step
	for _, t := range tables {
		steps = append(steps, ingot.CreateTable{Table: t})
	}
	return steps
}

func TestWhatIsCreatedIsInspectedTheSame(t *testing.T) {
	db := open(t)
	tables := everything()
	apply(t, db, createSteps(tables)...)
	got := inspect(t, db)
	if diff := compare(got, &ingot.Schema{Tables: tables}); diff != "" {
		t.Errorf("what was created differs:\n%s", diff)
	}
	if diff := compare(&ingot.Schema{Tables: tables}, got); diff != "" {
		t.Errorf("the other way round:\n%s", diff)
	}
	if len(got.Unsupported) > 0 {
		t.Errorf("unsupported: %v", got.Unsupported)
	}

	// The same from its own inspection.
	again := open(t)
	apply(t, again, createSteps(got.Tables)...)
	if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", inspect(t, again)); a != b {
		t.Errorf("created from the inspection:\n%s\nwant\n%s", b, a)
	}
}

func TestDDL(t *testing.T) { // SL-01, SL-03, SL-04
	var b strings.Builder
	db := open(t)
	show := func(name string, texts []string) {
		fmt.Fprintf(&b, "-- %s\n", name)
		for _, text := range texts {
			b.WriteString(text + ";\n")
		}
		b.WriteString("\n")
	}
	show("everything", apply(t, db, createSteps(everything())...))
	user := ingot.TableName{Name: "user"}
	for _, tt := range []struct {
		name  string
		steps []ingot.Step
	}{
		{"a column that may be NULL", []ingot.Step{ingot.AddColumn{Table: user, Column: column{Name: "bio", Type: "text", Null: true}}}},
		{"a column with a constant", []ingot.Step{ingot.AddColumn{Table: user, Column: column{Name: "rank", Type: "integer", Default: "0"}}}},
		{"a column with its foreign key and check", []ingot.Step{
			ingot.AddColumn{Table: user, Column: column{Name: "zebra_id", Type: "text", Null: true}},
			ingot.AddColumn{Table: user, Column: column{Name: "kind", Type: "text", Default: "'a'"}},
			ingot.AddForeignKey{Table: user, ForeignKey: ingot.ForeignKey{Name: "fk_zebra", Columns: []string{"zebra_id"}, RefTable: "zebra", RefColumns: []string{"id"}}},
			ingot.AddCheck{Table: user, Check: ingot.Check{Name: "ck_kind", Expr: "kind IN ('a', 'b')"}},
			ingot.CreateIndex{Table: user, Index: ingot.Index{Name: "ix_zebra", Parts: []ingot.IndexPart{{Column: "zebra_id"}}}}}},
		{"a column nothing uses is dropped", []ingot.Step{ingot.DropColumn{Table: user, Column: column{Name: "bio"}}}},
		{"a column with an index is dropped", []ingot.Step{
			ingot.CreateIndex{Table: user, Index: ingot.Index{Name: "ix_rank", Parts: []ingot.IndexPart{{Column: "rank"}}}},
			ingot.DropColumn{Table: user, Column: column{Name: "rank"}}}},
		{"a comment is nothing", []ingot.Step{ingot.AlterColumn{Table: user, Old: column{Name: "born", Type: "date", Null: true}, New: column{Name: "born", Type: "date", Null: true, Comment: "x"}}}},
		{"renames", []ingot.Step{
			ingot.RenameColumn{Table: user, From: "born", To: "birthday"},
			ingot.RenameTable{From: "nokey", To: "NoKey"},
			ingot.RenameTable{From: "NoKey", To: "other"}}},
		{"several changes are one rebuild", []ingot.Step{
			ingot.AddColumn{Table: ingot.TableName{Name: "counted"}, Column: column{Name: "at", Type: "timestamp", Default: "CURRENT_TIMESTAMP"}},
			ingot.AddColumn{Table: ingot.TableName{Name: "counted"}, Column: column{Name: "n", Type: "integer", Null: true}},
			ingot.AddUnique{Table: ingot.TableName{Name: "counted"}, Unique: ingot.Unique{Name: "uq_counted_n", Columns: []string{"n"}}},
			ingot.CreateIndex{Table: ingot.TableName{Name: "counted"}, Index: ingot.Index{Name: "ix_counted", Parts: []ingot.IndexPart{{Column: "at"}}}}}},
		{"a conversion", []ingot.Step{ingot.AlterColumn{Table: ingot.TableName{Name: "zebra"}, Old: column{Name: "n", Type: "bigint"}, New: column{Name: "n", Type: "text", Null: true}, Using: "n || '!'"}}},
		{"the key", []ingot.Step{ingot.AlterPrimaryKey{Table: ingot.TableName{Name: "Order"}, Old: ingot.PrimaryKey{Columns: []string{"tenant", "no"}}, New: ingot.PrimaryKey{Columns: []string{"no", "tenant"}}}}},
		{"an option", []ingot.Step{ingot.AlterTable{Table: ingot.TableName{Name: "strict"}, OldOptions: []ingot.Option{{Name: "strict"}}}}},
		{"gone", []ingot.Step{ingot.DropTable{Table: table{Name: "plainkey"}}}},
	} {
		before := inspect(t, db)
		show(tt.name, apply(t, db, tt.steps...))
		want := before.Clone()
		if err := want.ApplySteps(tt.steps); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := compare(inspect(t, db), want); diff != "" {
			t.Errorf("%s: the database differs from the replay:\n%s", tt.name, diff)
		}
	}
	golden(t, "ddl.sql.golden", b.String())
}

func TestRebuildsKeepTheRows(t *testing.T) { // SL-06, SL-07
	for _, keys := range []string{"ON", "OFF"} {
		t.Run("foreign keys "+keys, func(t *testing.T) {
			db := openDSN(t, ":memory:")
			db.SetMaxOpenConns(1)
			run(t, db, "PRAGMA foreign_keys="+keys,
				"CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, up INT REFERENCES parent)",
				"CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INT REFERENCES parent ON DELETE CASCADE)",
				"INSERT INTO parent VALUES (1, 'a', NULL), (2, 'b', 1), (9, 'c', 2)", "DELETE FROM parent WHERE id = 9",
				"INSERT INTO child VALUES (1, 1), (2, 2), (3, NULL)",
				"CREATE VIEW names AS SELECT name FROM parent",
				"CREATE INDEX parent_name ON parent (name) WHERE name > ''",
				"CREATE TABLE log (text TEXT)",
				"CREATE TRIGGER parent_log AFTER INSERT ON parent BEGIN INSERT INTO log VALUES (NEW.name); END",
				"CREATE TRIGGER child_log AFTER DELETE ON child BEGIN INSERT INTO log SELECT name FROM parent; END")
			before := inspect(t, db)
			p := ingot.TableName{Name: "parent"}
			apply(t, db, ingot.AlterColumn{Table: p, Old: column{Name: "name", Type: "text", Null: true}, New: column{Name: "name", Type: "varchar(30)"}},
				ingot.AddColumn{Table: p, Column: column{Name: "at", Type: "timestamp", Default: "CURRENT_TIMESTAMP"}},
				ingot.DropColumn{Table: p, Column: column{Name: "at"}})
			for _, tt := range []struct{ name, query, want string }{
				{"rows", "SELECT * FROM parent", "1|a|<nil>\n2|b|1"},
				{"children", "SELECT * FROM child", "1|1\n2|2\n3|<nil>"},
				{"the view", "SELECT * FROM names", "a\nb"},
				{"violations", "SELECT * FROM pragma_foreign_key_check", ""},
				{"enforcement", "PRAGMA foreign_keys", map[string]string{"ON": "1", "OFF": "0"}[keys]},
				{"the other pragma", "PRAGMA legacy_alter_table", "0"},
				{"references", "SELECT m.name, f.\"table\" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f ORDER BY 1", "child|parent\nparent|parent"},
				{"indexes and triggers", "SELECT type, name FROM sqlite_master WHERE type IN ('index', 'trigger') ORDER BY 2", "trigger|child_log\ntrigger|parent_log\nindex|parent_name"},
			} {
				if got := rows(t, db, tt.query); got != tt.want {
					t.Errorf("%s: %s gives\n%s\nwant\n%s", tt.name, tt.query, got, tt.want)
				}
			}
			run(t, db, "INSERT INTO parent (name) VALUES ('d')")
			if got := rows(t, db, "SELECT max(id), (SELECT group_concat(text) FROM log) FROM parent"); got != "10|d" && got != "10|a,b,c,d" {
				t.Errorf("the next key and the log are %s", got)
			}
			after := inspect(t, db)
			if got, want := fmt.Sprint(after.Unsupported, after.Views), fmt.Sprint(before.Unsupported, before.Views); got != want {
				t.Errorf("triggers and views are\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestRebuildsKeepWhatModelsCannotSay(t *testing.T) { // SL-09
	db := openDSN(t, ":memory:",
		`CREATE TABLE t (a TEXT COLLATE RTRIM NOT NULL ON CONFLICT IGNORE, "b" INT /* CHECK ( */ CHECK (b > 0 -- CHECK (
		), c TEXT CONSTRAINT "u c" UNIQUE ON CONFLICT REPLACE, d TEXT DEFAULT "quoted", e DEFAULT word,
		PRIMARY KEY (a COLLATE nocase DESC, b) ON CONFLICT FAIL, UNIQUE (c DESC, a), CHECK (c <> 'it''s (' OR (a)))`,
		"CREATE INDEX i ON t (a COLLATE nocase DESC, lower(b)) WHERE [b] > 1",
		"INSERT INTO t (a, b, c) VALUES ('x', 1, 'c1'), ('y', 2, 'c2')",
		"CREATE TABLE desckey (id INTEGER PRIMARY KEY DESC, v)",
		"CREATE TABLE intkey (id INT PRIMARY KEY, v)",
		"INSERT INTO intkey VALUES (5, 'v')",
		"CREATE TABLE plain (v, w)", "INSERT INTO plain (rowid, v) VALUES (7, 'x'), (3, 'y')")
	db.SetMaxOpenConns(1)
	before := inspect(t, db)
	add := func(name string) ingot.Step {
		return ingot.AddColumn{Table: ingot.TableName{Name: name}, Column: column{Name: "extra", Type: "text", Default: "lower('N')"}}
	}
	apply(t, db, add("t"), add("desckey"), add("intkey"), add("plain"))
	want := before.Clone()
	if err := want.ApplySteps([]ingot.Step{add("t"), add("desckey"), add("intkey"), add("plain")}); err != nil {
		t.Fatal(err)
	}
	after := inspect(t, db)
	if a, b := fmt.Sprintf("%+v", after), fmt.Sprintf("%+v", want); a != b {
		t.Errorf("after the rebuild:\n%s\nwant\n%s", a, b)
	}
	for _, tt := range []struct{ query, want string }{
		{"SELECT * FROM t", "x|1|c1|quoted|word|n\ny|2|c2|quoted|word|n"},
		{"SELECT rowid, v FROM plain ORDER BY 1", "3|y\n7|x"},
		{"SELECT m.name, count(*) FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE i.origin = 'pk' GROUP BY 1 ORDER BY 1", "desckey|1\nintkey|1\nt|1"},
	} {
		if got := rows(t, db, tt.query); got != tt.want {
			t.Errorf("%s gives\n%s\nwant\n%s", tt.query, got, tt.want)
		}
	}
	run(t, db, "INSERT INTO t (a, b, c) VALUES (NULL, 1, 'z')") // ON CONFLICT IGNORE
}

func TestInspectListsWhatItCannotRepresent(t *testing.T) {
	db := openDSN(t, ":memory:",
		"CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT)",
		"CREATE VIRTUAL TABLE search USING fts5(body, content='docs')",
		"CREATE VIRTUAL TABLE box USING rtree(id, a, b)",
		"CREATE TRIGGER docs_search AFTER INSERT ON docs BEGIN INSERT INTO search(rowid, body) VALUES (NEW.id, NEW.body); END",
		"CREATE VIEW v (x) AS SELECT body FROM docs", "CREATE VIEW [w] AS SELECT id FROM docs",
		"CREATE TABLE ingot_rebuild_docs (id INTEGER)",
		"CREATE TABLE box_office (id INTEGER)")
	db.SetMaxOpenConns(1)
	s := inspect(t, db)
	var got []string
	for _, x := range s.Tables {
		got = append(got, "table "+x.Name)
	}
	for _, x := range s.Views {
		got = append(got, "view "+x.Name+": "+string(x.SQL))
	}
	for _, x := range s.Unsupported {
		got = append(got, x.Kind+" "+x.Name)
	}
	want := []string{"table box_office", "table docs", `view v: WITH "v" ("x") AS (SELECT body FROM docs) SELECT * FROM "v"`, "view w: SELECT id FROM docs", "leftover table ingot_rebuild_docs",
		"shadow table box_node", "shadow table box_parent", "shadow table box_rowid",
		"shadow table search_config", "shadow table search_data", "shadow table search_docsize", "shadow table search_idx",
		"trigger docs.docs_search", "virtual table box", "virtual table search"}
	if !slices.Equal(got, want) {
		t.Errorf("inspection found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	_, err := migrate(t, db, ingot.AddColumn{Table: ingot.TableName{Name: "docs"}, Column: column{Name: "n", Type: "integer"}})
	if err == nil || !strings.Contains(err.Error(), "left over") {
		t.Errorf("a rebuild over a leftover: %v", err)
	}
}

func TestRebuildsRefuseToRunWithForeignKeysEnforced(t *testing.T) { // SL-06
	db := openDSN(t, ":memory:", "PRAGMA foreign_keys=ON", "CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p INT REFERENCES p ON DELETE CASCADE)",
		"INSERT INTO p VALUES (1)", "INSERT INTO c VALUES (1)")
	db.SetMaxOpenConns(1)
	step := ingot.AddColumn{Table: ingot.TableName{Name: "p"}, Column: column{Name: "n", Type: "integer"}}
	texts, err := d.DDL(step, inspect(t, db), probe(t, db))
	if err != nil {
		t.Fatal(err)
	}
	if res, err := db.QueryContext(t.Context(), texts[0]); err == nil {
		for res.Next() {
		}
		err = res.Err()
		res.Close()
		if err == nil || !strings.Contains(err.Error(), "oreign_keys must be off") {
			t.Errorf("%s: %v", texts[0], err)
		}
	}
	if _, err := db.ExecContext(t.Context(), texts[0]); err == nil {
		t.Errorf("%s went through", texts[0])
	}
	// Inside a transaction the pragma does nothing, and that is found out.
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	run(t, conn, "BEGIN")
	if _, err := d.BeginMigration(t.Context(), conn, []ingot.Step{step}, nil); err == nil {
		t.Error("BeginMigration inside a transaction went through")
	}
	run(t, conn, "ROLLBACK")
}

func TestCheckMigrationFindsRowsWithoutParents(t *testing.T) {
	db := openDSN(t, ":memory:", "CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p INT REFERENCES p)", "CREATE TABLE other (p INT REFERENCES p2)",
		"INSERT INTO c VALUES (1), (2)", "INSERT INTO other VALUES (1)")
	for _, tt := range []struct {
		name string
		step ingot.Step
		want string
	}{
		{"a dropped parent", ingot.DropTable{Table: table{Name: "P"}}, "2 rows of table c refer to rows of table p that are not there"},
		{"another table", ingot.DropTable{Table: table{Name: "x"}}, ""},
		{"no rebuild", ingot.CreateTable{Table: table{Name: "p"}}, ""},
	} {
		err := d.CheckMigration(t.Context(), db, []ingot.Step{tt.step}, nil)
		if got := fmt.Sprint(err); tt.want == "" && err != nil || tt.want != "" && got != tt.want {
			t.Errorf("%s: CheckMigration = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestScriptsRollBackWhereRowsLoseTheirParents(t *testing.T) {
	for _, tt := range []struct {
		name string
		rows string
		fail bool
	}{
		{"children", "INSERT INTO c VALUES (1)", true},
		{"none", "INSERT INTO c VALUES (NULL)", false},
	} {
		db := openDSN(t, ":memory:", "PRAGMA foreign_keys=ON", "CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p INT REFERENCES p)",
			"INSERT INTO p VALUES (1)", tt.rows)
		db.SetMaxOpenConns(1)
		srv := d.OfflineServer()
		steps := []ingot.Step{ingot.DropTable{Table: table{Name: "p"}}}
		begin, check, end := d.OfflineMode(steps, &srv)
		texts, err := d.DDL(steps[0], nil, &srv)
		if err != nil {
			t.Fatal(err)
		}
		run(t, db, slices.Concat(begin, []string{"BEGIN"}, texts)...)
		var failed error
		for _, text := range append(check, "COMMIT") {
			if _, err := db.ExecContext(t.Context(), text); err != nil && failed == nil {
				failed = err
			}
		}
		run(t, db, end...)
		if left := rows(t, db, "SELECT count(*) FROM sqlite_master WHERE name = 'p'"); (failed != nil) != tt.fail || (left == "1") != tt.fail {
			t.Errorf("%s: %v, and %s tables p are left", tt.name, failed, left)
		}
	}
}

func TestDDLNeedsTheTableItMakesAnew(t *testing.T) { // SL-10
	step := ingot.AddUnique{Table: ingot.TableName{Name: "t"}, Unique: ingot.Unique{Columns: []string{"a"}}}
	if texts, err := d.DDL(step, nil, nil); err == nil || !strings.Contains(err.Error(), "live database or a given definition") {
		t.Errorf("DDL without the schema before = %q, %v", texts, err)
	}
	_, err := d.DDL(ingot.DropCheck{Table: ingot.TableName{Name: "t"}, Check: ingot.Check{Name: "nope"}},
		&ingot.Schema{Tables: []table{{Name: "t", Columns: []column{{Name: "a"}}}}}, nil)
	if err == nil || !strings.Contains(err.Error(), "there is no check nope") {
		t.Errorf("dropping an unknown check: %v", err)
	}
}

func TestMigrationsKeepTriggersOfRenamedTables(t *testing.T) {
	pool := open(t, "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT)", "CREATE TABLE c (p INT REFERENCES p ON DELETE CASCADE)", "CREATE TABLE log (text)",
		"CREATE TRIGGER p_log AFTER UPDATE OF a ON p BEGIN INSERT INTO log VALUES (NEW.a); END",
		"INSERT INTO p VALUES (1, 'x')", "INSERT INTO c VALUES (1)")
	db, err := ingot.Open(pool, d, ingot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	q := ingot.TableName{Name: "q"}
	revisions := ingot.NewRevisions()
	revisions.Add(ingot.Revision{ID: "1", Upgrade: []ingot.Step{
		ingot.RenameTable{From: "p", To: "q"},
		ingot.RenameColumn{Table: q, From: "a", To: "b"},
		ingot.AddColumn{Table: q, Column: column{Name: "n", Type: "integer", Null: true}},
		ingot.AddUnique{Table: q, Unique: ingot.Unique{Name: "uq_q", Columns: []string{"b", "n"}}},
		ingot.AddCheck{Table: q, Check: ingot.Check{Name: "ck_q", Expr: "n > 0"}},
	}})
	m := ingot.NewMigrator(db, revisions)
	if err := m.Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	run(t, pool, "UPDATE q SET b = 'y'")
	for _, tt := range []struct{ query, want string }{
		{"SELECT * FROM log", "y"},
		{"SELECT * FROM c", "1"},
		{"SELECT count(*) FROM ingot_step WHERE state = 'done'", "5"},
		{"SELECT \"table\" FROM pragma_foreign_key_list('c')", "q"},
	} {
		if got := rows(t, pool, tt.query); got != tt.want {
			t.Errorf("%s gives %s, want %s", tt.query, got, tt.want)
		}
	}
	if err := m.Downgrade(t.Context(), "base"); err != nil {
		t.Fatal(err)
	}
	run(t, pool, "UPDATE p SET a = 'z'")
	if got := rows(t, pool, "SELECT group_concat(text) FROM log"); got != "y,z" {
		t.Errorf("after the downgrade the log is %s", got)
	}
}

func TestMigrationsThatOrphanRowsAreRolledBack(t *testing.T) {
	pool := open(t, "CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p INT REFERENCES p ON DELETE CASCADE)", "INSERT INTO p VALUES (1)", "INSERT INTO c VALUES (1)")
	db, err := ingot.Open(pool, d, ingot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	revisions := ingot.NewRevisions()
	revisions.Add(ingot.Revision{ID: "1", Upgrade: []ingot.Step{ingot.DropTable{Table: table{Name: "p", Columns: []column{{Name: "id", Type: "integer"}}}}}})
	err = ingot.NewMigrator(db, revisions).Upgrade(t.Context(), "head")
	if err == nil || !strings.Contains(err.Error(), "1 rows of table c refer to rows of table p that are not there") {
		t.Errorf("Upgrade = %v", err)
	}
	if got := rows(t, pool, "SELECT (SELECT count(*) FROM p), (SELECT count(*) FROM c)"); got != "1|1" {
		t.Errorf("left are %s", got)
	}
}

func TestTablesThatReferToEachOtherCanBeDropped(t *testing.T) {
	db := openDSN(t, ":memory:", "PRAGMA foreign_keys=ON", "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b)", "CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a)",
		"INSERT INTO a VALUES (1, NULL)", "INSERT INTO b VALUES (1, 1)", "UPDATE a SET b = 1")
	db.SetMaxOpenConns(1)
	var steps []ingot.Step
	for _, x := range inspect(t, db).Tables {
		steps = append(steps, ingot.DropTable{Table: x})
	}
	apply(t, db, steps...)
	if got := rows(t, db, "SELECT count(*) FROM sqlite_master"); got != "0" {
		t.Errorf("%s objects are left", got)
	}
}

func TestAutoincrementIsComparedWhereModelsNameIt(t *testing.T) {
	type plain struct {
		_  struct{} `ingot:"table:t"`
		ID int64    `ingot:"pk"`
	}
	type counted struct {
		_  struct{} `ingot:"table:t;option@sqlite:autoincrement"`
		ID int64    `ingot:"pk"`
	}
	for _, tt := range []struct {
		name, have string
		model      any
		same       bool
	}{
		{"neither", "CREATE TABLE t (id INTEGER PRIMARY KEY)", plain{}, true},
		{"the database alone", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)", plain{}, true},
		{"the model alone", "CREATE TABLE t (id INTEGER PRIMARY KEY)", counted{}, false},
		{"both", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)", counted{}, true},
	} {
		db := open(t, tt.have)
		models, err := ingot.NewModels(tt.model)
		if err != nil {
			t.Fatal(err)
		}
		want, err := models.Schema(d)
		if err != nil {
			t.Fatal(err)
		}
		steps := ingot.Compare(inspect(t, db), want, ingot.CompareDialect(d))
		if (len(steps) == 0) != tt.same {
			t.Errorf("%s: the steps are %v", tt.name, steps)
		}
		apply(t, db, steps...)
		if diff := compare(inspect(t, db), want); diff != "" {
			t.Errorf("%s: after them\n%s", tt.name, diff)
		}
	}
}

func TestViewsAndTriggersThatUseADroppedColumnAreNamed(t *testing.T) {
	for _, tt := range []struct{ name, object, column, want string }{
		{"a view, by ALTER", "CREATE VIEW v AS SELECT plain FROM t", "plain", "view v"},
		{"a view, by a rebuild", "CREATE VIEW v AS SELECT a FROM t", "a", "view v"},
		{"a trigger", "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO l VALUES (NEW.a); END", "a", "trigger g"},
		{"a trigger of another table", "CREATE TRIGGER g AFTER DELETE ON l BEGIN INSERT INTO l SELECT a FROM t; END", "a", "trigger g"},
		{"a view of all columns", "CREATE VIEW v AS SELECT * FROM t", "a", ""},
		{"a view of another column of that name", "CREATE VIEW v AS SELECT a FROM other", "a", ""},
	} {
		db := open(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT UNIQUE, plain INT)", "CREATE TABLE l (x)", "CREATE TABLE other (a)", tt.object)
		name := ingot.TableName{Name: "t"}
		drop := []ingot.Step{ingot.DropColumn{Table: name, Column: column{Name: tt.column, Type: "INT", Null: true}}}
		_, err := migrate(t, db, drop...)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: dropping the column: %v, want an error about %q", tt.name, err, tt.want)
		}
	}
}

func TestNamesChangeTheirCaseAlone(t *testing.T) {
	db := open(t, "CREATE TABLE t (a INT CHECK (a > 0), b REFERENCES t (a))", "CREATE INDEX i ON t (a)")
	before := inspect(t, db)
	steps := []ingot.Step{ingot.RenameTable{From: "t", To: "T"}, ingot.RenameColumn{Table: ingot.TableName{Name: "T"}, From: "a", To: "A"}}
	apply(t, db, steps...)
	if err := before.ApplySteps(steps); err != nil {
		t.Fatal(err)
	}
	after := inspect(t, db)
	if diff := compare(after, before); diff != "" || after.Tables[0].Name != "T" || after.Tables[0].Columns[0].Name != "A" {
		t.Errorf("inspection has %+v, differs:\n%s", after.Tables, diff)
	}
}
