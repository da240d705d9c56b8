package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// Schemas as applications have them, written by hand: nothing in them is lost, they are the
// same as themselves, can be made again from what inspection says, word by word as the
// server itself describes them, and have models.

// fixtureStatements are the statements of a file: each ends with a semicolon at the end of a
// line, and what goes on is indented or END.
func fixtureStatements(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	begin := 0
	for i, line := range lines {
		last := i+1 == len(lines)
		if strings.HasSuffix(line, ";") && (last || !strings.HasPrefix(lines[i+1], "\t") && !strings.HasPrefix(lines[i+1], "END")) {
			list = append(list, strings.TrimSuffix(strings.Join(lines[begin:i+1], "\n"), ";"))
			begin = i + 1
		}
	}
	return list
}

// beforehand are the statements that make what steps cannot: it has to be there before.
var beforehand = regexp.MustCompile(`^CREATE (EXTENSION|FUNCTION|TYPE \w+ AS \(|COLLATION)`)

func TestSchemasOfApplications(t *testing.T) {
	for _, name := range []string{"sqlite", "postgres", "mariadb", "mysql"} {
		t.Run(name, func(t *testing.T) {
			x := targetNamed(name)
			files, err := filepath.Glob("testdata/schemas/*." + x.kind + ".sql")
			if err != nil || len(files) == 0 {
				t.Fatal("no schemas:", err)
			}
			if name != x.kind {
				more, _ := filepath.Glob("testdata/schemas/*." + name + ".sql")
				files = append(files, more...)
			}
			p := &modelsProgram{}
			for _, file := range files {
				app, _, _ := strings.Cut(filepath.Base(file), ".")
				t.Run(app, func(t *testing.T) { checkFixture(t, x, file) })
				db := x.open(t)
				db.exec(t, fixtureStatements(t, file)...)
				p.add(t, app, db)
			}
			p.run(t)
		})
	}
}

func checkFixture(t *testing.T, x target, file string) {
	statements := fixtureStatements(t, file)
	db := x.open(t)
	db.exec(t, statements...)
	have := db.inspect(t)
	for _, u := range have.Unsupported {
		t.Logf("unsupported: %s %s: %s", u.Kind, u.Name, u.Reason)
	}
	db.wantAllNames(t, have)
	wantLaw(t, db, "inspected twice", db.inspect(t), have)

	copied := x.open(t)
	for _, s := range statements {
		if beforehand.MatchString(s) {
			copied.exec(t, s)
		}
	}
	meant := have.Clone()
	if x.kind == "postgres" { // functions and types bring their schema's name along
		meant = replaceText(t, have, db.schemaName(t), copied.schemaName(t))
	}
	start := copied.inspect(t)
	var steps []ingot.Step
	meant.Tables = slices.DeleteFunc(meant.Tables, func(t ingot.Table) bool { // not understood as a whole
		return slices.ContainsFunc(have.Unsupported, func(u ingot.Unsupported) bool {
			return u.Name == t.Name && strings.HasSuffix(u.Kind, "versioned table") || strings.HasPrefix(u.Name, t.Name+".") && u.Kind == "period"
		})
	})
	steps = ingot.Compare(start, meant, ingot.CompareDialect(x.dialect))
	copied.migrate(t, start, steps)
	again := copied.inspect(t)
	wantLaw(t, copied, "made again", again, meant)

	want, got := db.describe(t), copied.describe(t)
	for _, name := range sortedKeys(want) {
		table, _, _ := strings.Cut(name, "\x00")
		if slices.ContainsFunc(have.Unsupported, func(u ingot.Unsupported) bool {
			return u.Name == table || strings.HasPrefix(u.Name, table+".") && u.Kind != "trigger" && u.Kind != "rule"
		}) {
			continue
		}
		if got[name] != want[name] {
			t.Errorf("%q was\n%s\nand is, made again,\n%s", name, want[name], got[name])
		}
	}
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (db *database) schemaName(t *testing.T) string {
	t.Helper()
	var name string
	if err := db.QueryRowContext(t.Context(), "SELECT current_schema()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

// replaceText replaces a name in all texts of a schema.
func replaceText(t *testing.T, s *ingot.Schema, old, new string) *ingot.Schema {
	t.Helper()
	text, err := ingot.EncodeSteps(ingot.Compare(&ingot.Schema{}, s))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		return s
	}
	steps, err := ingot.DecodeSteps([]byte(strings.ReplaceAll(string(text), old, new)))
	if err != nil {
		t.Fatal(err)
	}
	out := &ingot.Schema{}
	if err := out.ApplySteps(steps); err != nil {
		t.Fatal(err)
	}
	return out
}

// list reads rows of two columns.
func (db *database) list(t *testing.T, query string) (rows [][2]string) {
	t.Helper()
	r, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for r.Next() {
		var row [2]string
		if err := r.Scan(&row[0], &row[1]); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// wantAllNames fails for each object that the catalog names and inspection does not: kind and
// name, with the table's in front.
func (db *database) wantAllNames(t *testing.T, s *ingot.Schema) {
	t.Helper()
	known := map[string]bool{}
	for _, u := range s.Unsupported {
		known[u.Name] = true
	}
	for _, e := range s.Enums {
		known[e.Name] = true
	}
	for _, q := range s.Sequences {
		known[q.Name] = true
	}
	for _, d := range s.Domains {
		known[d.Name] = true
	}
	for _, v := range s.Views {
		known[v.Name] = true
	}
	for _, x := range s.Tables {
		known[x.Name] = true
		add := func(name string) { known[x.Name+"."+name] = true }
		for _, c := range x.Columns {
			add(c.Name)
		}
		add(x.PrimaryKey.Name)
		if len(x.PrimaryKey.Columns) > 0 {
			add("PRIMARY")
		}
		for _, u := range x.Uniques {
			add(u.Name)
		}
		for _, f := range x.ForeignKeys {
			add(f.Name)
			if len(f.Columns) > 0 { // the index that comes along
				add(f.Columns[0])
			}
		}
		for _, k := range x.Checks {
			add(k.Name)
		}
		for _, i := range x.Indexes {
			add(i.Name)
		}
	}
	for _, row := range db.list(t, catalogNames[db.target.family()]) {
		if !known[row[1]] {
			t.Errorf("%s %s is lost", row[0], row[1])
		}
	}
}

func (x target) family() string {
	if x.name == "mariadb" {
		return x.name
	}
	return x.kind
}

var catalogNames = map[string]string{
	"sqlite": `SELECT type, CASE WHEN type IN ('index', 'trigger') THEN tbl_name || '.' || name ELSE name END FROM sqlite_master WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'
UNION ALL SELECT 'column', m.name || '.' || x.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) x WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'lyrics%' AND m.name NOT LIKE 'event_search%'`,
	"postgres": `SELECT 'relation ' || c.relkind::text, c.relname::text FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind NOT IN ('i', 'I', 'S', 'c') AND NOT c.relispartition
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
UNION ALL SELECT 'column', c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'constraint', c.relname || '.' || k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition AND k.contype <> 'n' AND k.conislocal
UNION ALL SELECT 'index', t.relname || '.' || c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid WHERE c.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p') AND NOT t.relispartition
UNION ALL SELECT 'trigger', c.relname || '.' || g.tgname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relnamespace = current_schema()::regnamespace AND NOT g.tgisinternal
UNION ALL SELECT 'policy', c.relname || '.' || p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = current_schema()::regnamespace
UNION ALL SELECT 'rule', c.relname || '.' || r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = current_schema()::regnamespace AND r.rulename <> '_RETURN'
UNION ALL SELECT 'statistics', s.stxname FROM pg_statistic_ext s WHERE s.stxnamespace = current_schema()::regnamespace
UNION ALL SELECT 'function', p.proname FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype IN ('e', 'i'))
UNION ALL SELECT 'collation', p.collname FROM pg_collation p WHERE p.collnamespace = current_schema()::regnamespace
UNION ALL SELECT 'partition', c.relname FROM pg_class c WHERE c.relispartition AND c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
UNION ALL SELECT 'index of a materialized view', c.relname || '.' || i.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid WHERE c.relkind = 'm' AND c.relnamespace = current_schema()::regnamespace
UNION ALL SELECT 'range type', t.typname FROM pg_type t WHERE t.typtype = 'r' AND t.typnamespace = current_schema()::regnamespace
UNION ALL SELECT 'text search configuration', cfgname FROM pg_ts_config WHERE cfgnamespace = current_schema()::regnamespace
UNION ALL SELECT 'text search dictionary', dictname FROM pg_ts_dict WHERE dictnamespace = current_schema()::regnamespace
UNION ALL SELECT 'operator', oprname FROM pg_operator WHERE oprnamespace = current_schema()::regnamespace
UNION ALL SELECT 'sequence', c.relname FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i'))
UNION ALL SELECT 'type', t.typname FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND (SELECT relkind FROM pg_class c WHERE c.oid = t.typrelid) = 'c') AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')`,
}

func init() {
	for _, name := range []string{"mysql", "mariadb"} {
		q := `SELECT lower(TABLE_TYPE), TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
UNION ALL SELECT 'column', concat(c.TABLE_NAME, '.', c.COLUMN_NAME) FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE NOT IN ('VIEW', 'SEQUENCE')
UNION ALL SELECT 'index', concat(TABLE_NAME, '.', INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
UNION ALL SELECT 'constraint', concat(TABLE_NAME, '.', CONSTRAINT_NAME) FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_TYPE <> 'CHECK'
UNION ALL SELECT 'trigger', concat(EVENT_OBJECT_TABLE, '.', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
UNION ALL SELECT 'routine', ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
UNION ALL SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()`
		catalogNames[name] = q
	}
}

// describe is what the server itself says of each table, part by part, without the names of
// databases and schemas.
func (db *database) describe(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	switch db.kind {
	case "postgres":
		name := db.schemaName(t)
		for _, row := range db.list(t, `SELECT c.relname || E'\x01' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attcollation::regcollation, col_description(c.oid, a.attnum),
(SELECT concat_ws(' ', seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle, seqtypid::regtype) FROM pg_sequence WHERE seqrelid = pg_get_serial_sequence(quote_ident(c.relname), a.attname)::regclass))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT c.relname || E'\x01' || k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition AND k.contype <> 'c'
UNION ALL SELECT c.relname || E'\x01index ' || i.relname, pg_get_indexdef(x.indexrelid) FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
UNION ALL SELECT t.typname || E'\x01domain', concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, pg_get_expr(t.typdefaultbin, 0), t.typcollation::regcollation, (SELECT string_agg(k.conname || ' ' || pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid)) FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype = 'd'
UNION ALL SELECT c.relname || E'\x01', concat_ws(' ', c.relpersistence, c.reloptions::text, obj_description(c.oid, 'pg_class')) FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND NOT c.relispartition`) {
			table, part, _ := strings.Cut(row[0], "\x01")
			out[table+"\x00"+part] = strings.ReplaceAll(row[1], name+".", "")
		}
	case "mysql":
		name := db.list(t, "SELECT DATABASE(), ''")[0][0]
		counter := regexp.MustCompile(` AUTO_INCREMENT=\d+`)
		for _, row := range db.list(t, "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'") {
			create := db.list(t, "SHOW CREATE TABLE "+db.quote(row[0]))[0][1]
			create = strings.ReplaceAll(counter.ReplaceAllString(create, ""), db.quote(name)+".", "")
			lines := strings.Split(create, "\n")
			for i := range lines {
				lines[i] = strings.TrimSuffix(lines[i], ",")
			}
			lines = slices.DeleteFunc(lines, func(line string) bool { // the server names what a foreign key needs
				_, columns, isKey := strings.Cut(line, "` (")
				return isKey && strings.HasPrefix(line, "  KEY ") && strings.Contains(create, "FOREIGN KEY ("+columns)
			})
			slices.Sort(lines)
			out[row[0]] = strings.Join(lines, "\n")
		}
	case "sqlite":
		for _, row := range db.list(t, "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite%'") {
			for part, q := range map[string]string{
				"columns":      "SELECT name, upper(replace(type, ' ', '')) || '|' || (\"notnull\" AND (pk = 0 OR type <> 'INTEGER')) || '|' || coalesce(dflt_value, 'none') || '|' || pk || '|' || hidden FROM pragma_table_xinfo(%s) ORDER BY cid",
				"indexes":      "SELECT CASE origin WHEN 'c' THEN l.name ELSE origin END, l.\"unique\" || '|' || partial || '|' || group_concat(coalesce(x.name, x.cid) || x.desc || x.coll) FROM pragma_index_list(%s) l JOIN pragma_index_xinfo(l.name) x GROUP BY l.name ORDER BY 1, 2",
				"foreign keys": "SELECT \"table\", group_concat(\"from\", ' ') || on_update || on_delete || match FROM pragma_foreign_key_list(%s) GROUP BY id ORDER BY 1, 2",
			} {
				out[row[0]+"\x00"+part] = fmt.Sprint(db.list(t, fmt.Sprintf(q, "'"+strings.ReplaceAll(row[0], "'", "''")+"'")))
			}
		}
	}
	return out
}

// A countingQueryer counts the questions. It begins no transaction.
type countingQueryer struct {
	ingot.Queryer
	n int
}

func (q *countingQueryer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	q.n++
	return q.Queryer.QueryContext(ctx, query, args...)
}

func TestInspectionAsksTheSameNumberOfQuestionsWhateverIsThere(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		count := func() (questions, tables int) {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			q := &countingQueryer{Queryer: conn}
			s, err := db.schemaDialect(t).Inspect(t.Context(), q, &db.Server, nil)
			if err != nil {
				t.Fatal(err)
			}
			return q.n, len(s.Tables)
		}
		switch db.target.family() { // of what one statement asks for each
		case "postgres":
			db.exec(t, "CREATE SEQUENCE s", "CREATE DOMAIN d AS text")
		case "mariadb":
			db.exec(t, "CREATE SEQUENCE s", "CREATE TABLE t (since date NOT NULL, until date NOT NULL, CHECK (since < until))")
		}
		none, first := count()
		for i := range 30 {
			db.exec(t, fmt.Sprintf("CREATE TABLE t%d (id integer PRIMARY KEY, a integer NOT NULL, b varchar(20) DEFAULT 'x', since date NOT NULL, until date NOT NULL, CHECK (since < until), CHECK (a > 0), CHECK (id < a), CONSTRAINT u%d UNIQUE (b, a), CONSTRAINT f%d FOREIGN KEY (a) REFERENCES t%d (id))", i, i, i, max(0, i-1)),
				fmt.Sprintf("CREATE INDEX i%d ON t%d (b)", i, i))
			switch db.target.family() {
			case "postgres":
				db.exec(t, fmt.Sprint("CREATE SEQUENCE s", i), fmt.Sprintf("CREATE DOMAIN d%d AS text CHECK (VALUE <> '') CHECK (VALUE <> 'x')", i))
			case "mariadb":
				db.exec(t, fmt.Sprint("CREATE SEQUENCE s", i))
			}
		}
		if many, tables := count(); many != none || tables != first+30 {
			t.Errorf("%d questions about %d tables, %d about %d", none, first, many, tables)
		}
	})
}
