package dbtest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// What the round-trip law draws: every attribute of the model of schemas, wherever the
// database has it. Rows are there when a schema changes, so that all constraints hold for
// the samples they are filled with, and what goes can come back.

// An artist draws schemas for a database.
type artist struct {
	*rand.Rand
	db    *database
	path  []*ingot.Schema // what led to the schema that is drawn
	drawn *ingot.Schema   // which has the tables that are done
}

// drawPath draws a schema, and what becomes of it, once or more often.
func drawPath(seed uint64, db *database) []*ingot.Schema {
	d := artist{Rand: rand.New(rand.NewPCG(seed, 42)), db: db}
	path := []*ingot.Schema{d.schema()}
	for again := true; again; again = len(path) < 5 && d.once(3) {
		path = append(path, d.changed(path...))
	}
	return path
}

// once is true one time in n.
func (d artist) once(n int) bool { return d.IntN(n) == 0 }

// one draws one of a few.
func one[T any](d artist, list ...T) T { return list[d.IntN(len(list))] }

// tablePool and columnPool hold names of all kinds, some as long as PostgreSQL takes them.
var (
	tablePool  = []string{"user", "Order Items", "größe", `quo"te`, "t5", "it's", "back`tick", "日本", strings.Repeat("wide", 15) + "abc", "a.b", "semi;colon -- x", `back\slash`, "$1"}
	columnPool = []string{"name", "select", "Mixed", "naïve", "e", `q"c`, "b`c", "it's", "per cent%", strings.Repeat("ä", 31) + "x", "a.b", "/*c*/ ;", "two\nlines", `\n`, "wh?t", ":name", "value", "current_date"}
	remarks    = []string{`it's "about" this`, `back\slash, \n and \'`, "two\nlines\tand a tab", "/* not */ -- the end; $1 ? :x %s", "ünï¢ode"}
)

// name is the name of a part of a table: of its own in the schema, and on PostgreSQL at
// times too long.
func (d artist) name(kind string, t *ingot.Table) string {
	taken := d.taken(t)
	for i := 1; ; i++ {
		n := short(fmt.Sprintf("%s%d %s", kind, i, t.Name))
		if !taken[n] && !taken[n+strings.Repeat("é", 31)] {
			if d.db.traits().MaxIdent > 0 && d.once(12) {
				n += strings.Repeat("é", 31)
			}
			return n
		}
	}
}

// taken are the names of parts that the table cannot give to another one.
func (d artist) taken(t *ingot.Table) map[string]bool {
	tables := []ingot.Table{*t}
	for _, o := range d.drawn.Tables {
		if o.Name != t.Name || o.Schema != t.Schema {
			tables = append(tables, o)
		}
	}
	if len(d.path) > 0 { // a table may have a name that another had
		for _, o := range d.path[len(d.path)-1].Tables {
			if o.Schema == t.Schema && o.Name == cmp.Or(t.Was, t.Name) {
				o = ingot.Table{ForeignKeys: o.ForeignKeys} // which come back when all else is drawn
			}
			tables = append(tables, o)
		}
	}
	taken := map[string]bool{}
	for _, t := range tables {
		taken[t.PrimaryKey.Name] = true
		for _, x := range t.Uniques {
			taken[x.Name] = true
		}
		for _, x := range t.Indexes {
			taken[x.Name] = true
		}
		for _, x := range t.Checks {
			taken[x.Name] = true
		}
		for _, x := range t.ForeignKeys {
			taken[x.Name] = true
		}
	}
	return taken
}

// short cuts a name to 60 bytes, which every database takes.
func short(name string) string {
	for len(name) > 60 {
		runes := []rune(name)
		name = string(runes[:len(runes)-1])
	}
	return name
}

// schema makes a random schema that the database takes.
func (d artist) schema() *ingot.Schema {
	s := &ingot.Schema{}
	d.drawn = s
	if d.db.other != "" && d.once(3) {
		s.Schemas = []string{d.db.other}
	}
	if d.db.traits().NamedEnums {
		for range 1 + d.IntN(2) {
			name := one(d, "Mood", `it's "Mood".x`, "état")
			if slices.ContainsFunc(s.Enums, func(e ingot.Enum) bool { return e.Name == name }) {
				continue
			}
			e := ingot.Enum{Name: name, Values: []string{"1", "it's", `b\c, "d"`, "ä"}[:1+d.IntN(4)]}
			if len(s.Schemas) > 0 && d.once(2) {
				e.Schema = d.db.other
			}
			s.Enums = append(s.Enums, e)
		}
		for _, name := range []string{"Label", "Short Label", "Amount", "Feeling"} {
			if d.once(3) {
				d.addDomain(s, name)
			}
		}
	}
	if d.hasSequences() && d.once(2) {
		s.Sequences = []ingot.Sequence{d.sequence(s)}
	}
	for _, i := range d.Perm(len(tablePool))[:1+d.IntN(4)] {
		s.Tables = append(s.Tables, d.table(s, tablePool[i]))
	}
	for i := range s.Tables {
		d.foreignKeys(s, &s.Tables[i])
	}
	if d.once(3) {
		d.link(s)
	}
	for i := range s.Tables {
		d.lonely(s, &s.Tables[i])
	}
	for _, name := range viewPool {
		if d.once(3) {
			d.view(s, name)
		}
	}
	return s
}

func (d artist) hasSequences() bool { return d.db.kind == "postgres" || d.db.name == "mariadb" }

// nextval takes values from a sequence.
func (d artist) nextval(q ingot.Sequence) ingot.SQLText {
	name := d.db.quote(q.Name)
	if q.Schema != "" {
		name = d.db.quote(q.Schema) + "." + name
	}
	if d.db.kind == "postgres" {
		return ingot.SQLText("nextval('" + strings.ReplaceAll(name, "'", "''") + "')")
	}
	return ingot.SQLText(one(d, "nextval("+name+")", "(NEXT VALUE FOR "+name+")"))
}

var viewPool = []string{"Seen First", "a", "summary"} // one is a name that columns have, too

// view adds a view: of a table, of another view, or of both.
func (d artist) view(s *ingot.Schema, name string) {
	if len(s.Tables) == 0 || slices.ContainsFunc(s.Tables, func(t ingot.Table) bool { return t.Name == name }) {
		return
	}
	v := ingot.View{Name: name}
	if len(s.Schemas) > 0 && d.once(3) {
		v.Schema = d.db.other
	}
	t := &s.Tables[d.IntN(len(s.Tables))]
	of := func(column string) string { return "q." + d.db.quote(column) }
	text := "SELECT " + of(t.Columns[0].Name) + " AS x"
	if c := &t.Columns[d.IntN(len(t.Columns))]; d.once(2) && d.db.kind != "sqlite" {
		text += ", coalesce(" + of(c.Name) + ") AS y"
	} else {
		text += ", " + of(c.Name) + " AS y"
	}
	text += " FROM " + d.db.table(t) + " q"
	if len(s.Views) > 0 && d.once(2) {
		w := s.Views[d.IntN(len(s.Views))]
		text += one(d, ", ", " CROSS JOIN ") + d.db.table(&ingot.Table{Schema: w.Schema, Name: w.Name}) + " w"
	}
	if c := d.readable(t); c != nil && d.once(2) {
		text += " WHERE " + of(c.Name) + " IS NOT NULL"
	}
	if c := &t.Columns[0]; d.once(5) {
		text = one(d, "SELECT q.* FROM "+d.db.table(t)+" q", "SELECT count(*) AS x, max("+of(c.Name)+") AS y FROM "+d.db.table(t)+" q GROUP BY "+of(c.Name),
			"SELECT "+of(c.Name)+" AS x FROM "+d.db.table(t)+" q UNION ALL SELECT "+of(c.Name)+" AS x FROM "+d.db.table(t)+" q")
	}
	v.SQL = ingot.SQLText(text)
	s.Views = append(s.Views, v)
}

func (d artist) sequence(s *ingot.Schema) ingot.Sequence {
	q := ingot.Sequence{Name: "Free One", Type: one[ingot.Type](d, "", "integer", "smallint", "bigint"), Start: int64(d.IntN(3)) * 20, Increment: int64(d.IntN(3)),
		Cache: int64(d.IntN(3)), Cycle: d.once(2)}
	if d.once(3) {
		q.Min = 5
		q.Start = max(q.Start, 5)
	}
	if d.once(3) {
		q.Max = 1000
	}
	if d.once(4) {
		q.Increment, q.Start, q.Min, q.Max = -2, 0, 0, 0
	}
	if len(s.Schemas) > 0 && d.once(2) {
		q.Schema = d.db.other
	}
	if d.db.kind == "mysql" {
		q.Type = one[ingot.Type](d, "", "bigint")
	}
	return q
}

// domainGroups are the groups of what domains are made of, by their names.
var domainGroups = map[string]string{"Label": "text", "Short Label": "text", "Amount": "number", "Feeling": "feeling"}

// domainGroup is the group of a domain's values; empty for what is none.
func domainGroup(t ingot.Type) string {
	for name, group := range domainGroups {
		if s := string(t); s == `"`+name+`"` || strings.HasSuffix(s, `."`+name+`"`) || s == strings.ToLower(name) {
			return group
		}
	}
	return ""
}

// domainType is how a column names a domain.
func (d artist) domainType(x *ingot.Domain) ingot.Type {
	name := d.db.quote(x.Name)
	if x.Schema != "" {
		name = d.db.quote(x.Schema) + "." + name
	}
	return ingot.Type(name)
}

// addDomain draws a domain, some over another or over the enum.
func (d artist) addDomain(s *ingot.Schema, name string) {
	x := ingot.Domain{Name: name, Null: d.once(2)}
	if len(s.Schemas) > 0 && d.once(3) {
		x.Schema = d.db.other
	}
	switch x.Type = d.domainBase(domainGroups[name]); {
	case name == "Short Label" && len(s.Domains) > 0 && s.Domains[0].Name == "Label":
		x.Type = d.domainType(&s.Domains[0])
	case name == "Feeling" && len(s.Enums) == 0:
		return
	case name == "Feeling":
		x.Type = d.enumType(one(d, s.Enums...))
	}
	d.domainDefault(&x)
	if domainGroups[name] == "text" && d.once(4) {
		x.Collation = one(d, collations[d.db.kind]...)
	}
	for range d.IntN(3) {
		d.domainCheck(&x)
	}
	if len(x.Checks) > 0 && d.once(5) {
		x.Checks[0].Name = ""
	}
	s.Domains = append(s.Domains, x)
}

func (d artist) domainBase(group string) ingot.Type {
	if group == "number" {
		return one[ingot.Type](d, "smallint", "integer", "bigint", "decimal(10,2)", "double")
	}
	return one[ingot.Type](d, "varchar(20)", "varchar(40)", "text")
}

func (d artist) enumType(e ingot.Enum) ingot.Type {
	return d.domainType(&ingot.Domain{Schema: e.Schema, Name: e.Name})
}

// domainDefault draws a default; what is not null has one, for rows that are there.
func (d artist) domainDefault(x *ingot.Domain) {
	c := ingot.Column{Type: d.domainType(x)}
	d.setDefault(&c)
	if x.Default = c.Default; x.Default == "" && !x.Null {
		x.Default = map[string]ingot.SQLText{"text": "'x'", "number": "7", "feeling": "'1'"}[domainGroups[x.Name]]
	}
}

// domainCheck adds a check that holds for all samples.
func (d artist) domainCheck(x *ingot.Domain) {
	like := ingot.Table{Name: x.Name, Columns: []ingot.Column{{Name: "value", Type: d.domainType(x)}}, Checks: x.Checks}
	k := ingot.Check{Name: d.name("dk", &like), Expr: d.condition(&like), NotValid: d.once(4)}
	if d.once(3) {
		k.Expr = ingot.SQLText(strings.ReplaceAll(string(k.Expr), `"value"`, "VALUE"))
	}
	if !slices.ContainsFunc(x.Checks, func(o ingot.Check) bool { return o.Expr == k.Expr }) {
		x.Checks = append(x.Checks, k)
	}
}

// enumName is how a column of the enum names it.
func enumName(e ingot.Enum) string {
	return ingot.TableName{Schema: e.Schema, Name: e.Name}.String()
}

// groupOf is the group of a column's type: what expressions may do with it.
func groupOf(c *ingot.Column) string {
	if c.Enum != "" {
		return "enum"
	}
	if group := domainGroup(c.Type); group != "" {
		return group
	}
	switch word, _, _ := strings.Cut(string(c.Type), "("); word {
	case "smallint", "integer", "bigint", "decimal", "double", "real":
		return "number"
	case "varchar", "char", "text":
		return "text"
	default:
		return word
	}
}

// typePool are types that change into each other without losing the samples, group by group.
var typePool = [][]ingot.Type{
	{"smallint", "integer", "bigint", "decimal(10,2)", "double"},
	{"varchar(20)", "varchar(40)", "char(5)", "text"},
	{"timestamp"}, {"date"}, {"time"}, {"json"}, {"uuid"}, {"blob"}, {"boolean"}, {"real"},
}

// verbatim are types of one database alone.
var verbatim = map[string][]ingot.Type{
	"postgres": {"bit varying(5)", "int4range", "macaddr", `"char"`, "decimal(20)", "time(3) with time zone", "tsvector", "text[]", "integer[]", "inet", "interval", "bit(3)", "timestamp(3) with time zone", "timestamp(0)", "pg_catalog.json", "varchar", "decimal"},
	"mysql":    {"tinytext", "mediumblob", "float", "decimal(10,2) unsigned", "time(3)", "tinyint unsigned", "mediumint", "datetime", "datetime(3)", "year", "text(65535)", "varbinary(20)", "bigint unsigned", "set('1','b')", "integer(5) zerofill"},
	"sqlite":   {"NUMERIC(5)", "my type", "INT"},
}

func (d artist) column(s *ingot.Schema, t *ingot.Table, name string) ingot.Column {
	group := typePool[min(d.IntN(12), len(typePool)-1)]
	if d.once(2) {
		group = typePool[d.IntN(2)]
	}
	c := ingot.Column{Name: name, Type: one(d, group...), Null: d.once(2)}
	if has(t.Options, "strict") && c.Type == "decimal(10,2)" {
		c.Type = "double" // decimals are text there, and expressions compare them as such
	}
	switch {
	case d.once(10) && !has(t.Options, "strict"):
		c.Type = one(d, verbatim[d.db.kind]...)
	case !d.once(8) && (len(s.Domains) == 0 || !d.once(4)):
	case len(s.Domains) > 0 && d.once(2):
		c.Type = d.domainType(&s.Domains[d.IntN(len(s.Domains))])
		if d.once(5) {
			c.Type += "[]"
		}
	case len(s.Enums) > 0 && d.once(3):
		c.Type = d.enumType(one(d, s.Enums...)) + "[]"
	case len(s.Enums) > 0:
		c.Type, c.Enum = "", enumName(one(d, s.Enums...))
	case d.db.traits().InlineEnums:
		c.Type = one[ingot.Type](d, "enum('1','b')", "enum('1','it''s','b')", "enum('b','1')")
	}
	if d.setDefault(&c); c.Type == "bigint" && len(s.Sequences) > 0 && d.once(2) {
		c.Default = d.nextval(s.Sequences[0])
	}
	if g := groupOf(&c); g == "text" && d.once(4) {
		c.Collation = one(d, collations[d.db.kind]...)
	}
	if strings.HasPrefix(string(c.Type), "datetime") && d.once(2) {
		c.OnUpdate = "CURRENT_TIMESTAMP"
	}
	if d.once(5) {
		c.Comment = one(d, remarks...)
	}
	if c.Type == "bigint" && d.db.kind == "postgres" && d.once(3) {
		c.Auto, c.Null, c.Default, c.Identity = true, false, "", d.identity()
	}
	return c
}

var collations = map[string][]string{"sqlite": {"NOCASE", "RTRIM"}, "postgres": {"C", "POSIX"}, "mysql": {"utf8mb4_bin", "utf8mb4_unicode_ci", "latin1_swedish_ci"}}

func has(options []ingot.Option, name string) bool {
	return slices.ContainsFunc(options, func(o ingot.Option) bool { return o.Name == name })
}

func (d artist) identity() *ingot.Identity {
	i := &ingot.Identity{Always: d.once(2), Start: int64(d.IntN(3)) * 100, Increment: int64(d.IntN(3)), Cache: int64(d.IntN(3)), Cycle: d.once(4)}
	if d.once(3) {
		i.Min, i.Start = 10, max(i.Start, 10)
	}
	if d.once(3) {
		i.Max = 100000
	}
	return i
}

// setDefault draws a default, or none.
func (d artist) setDefault(c *ingot.Column) {
	c.Default = ""
	if !d.once(3) || strings.HasSuffix(string(c.Type), "zerofill") {
		return
	}
	var pool []ingot.SQLText
	switch word, _, _ := strings.Cut(string(c.Type), "("); word {
	case "":
		pool = []ingot.SQLText{"'1'"}
	case "enum":
		pool = []ingot.SQLText{"'1'", "'b'"}
	case "smallint", "integer", "bigint":
		pool = []ingot.SQLText{"0", "7", "-1", "5 + 4"}
	case "decimal", "double":
		pool = []ingot.SQLText{"0", "7.5", "-2.25", "50", "1e2"}
		if d.db.kind == "sqlite" { // where an integer column, made STRICT later, refuses what is not whole
			pool = []ingot.SQLText{"0", "7.0", "-2.0", "50", "1e2"}
		}
		if strings.HasSuffix(string(c.Type), "unsigned") {
			pool = []ingot.SQLText{"0", "7.5"}
		}
	case "char":
		pool = []ingot.SQLText{"''", "'x'", "'it''s'", "'(a)'", "'--'", "'NULL'", "lower('X')"}
	case "varchar":
		pool = []ingot.SQLText{"''", "'x'", "'it''s'", "'(a)'", "'--'", "'NULL'", "lower('X')", "'two\nlines'", `'back\\slash'`, "'$1 ? ; /*'"}
	case "text":
		pool = []ingot.SQLText{"''", "'x'", "'it''s'", "lower('X')"}
	case "boolean":
		pool = []ingot.SQLText{"true", "false"}
	case "timestamp", "datetime":
		pool = []ingot.SQLText{"CURRENT_TIMESTAMP", "'2020-01-02 03:04:05'"}
	case "date":
		pool = []ingot.SQLText{"'2020-01-02'", "CURRENT_DATE"}
	case "json":
		pool = []ingot.SQLText{`'{}'`, `'{"b": 1, "a": 2}'`}
	case "uuid":
		pool = []ingot.SQLText{"'6ba7b810-9dad-11d1-80b4-00c04fd430c9'"}
		if d.db.kind == "postgres" {
			pool = append(pool, "gen_random_uuid()")
		}
	case "text[]", "integer[]":
		pool = []ingot.SQLText{"'{}'", "ARRAY[]::" + ingot.SQLText(c.Type)}
	case "interval":
		pool = []ingot.SQLText{"'14 days'", "interval '1 day'"}
	default:
		switch domainGroup(c.Type) {
		case "number":
			pool = []ingot.SQLText{"0", "7", "5 + 4"}
		case "text":
			pool = []ingot.SQLText{"''", "'x'", "'it''s'", "lower('X')"}
		case "feeling":
			pool = []ingot.SQLText{"'1'"}
		}
	}
	if pool != nil {
		c.Default = one(d, pool...)
	}
}

func (d artist) table(s *ingot.Schema, name string) ingot.Table {
	t := ingot.Table{Name: name, Columns: []ingot.Column{{Name: "id", Type: one[ingot.Type](d, "bigint", "integer")}}}
	if len(s.Schemas) > 0 && d.once(3) {
		t.Schema = d.db.other
	}
	if d.db.kind == "sqlite" && d.once(5) {
		t.Options = []ingot.Option{{Name: "strict"}}
	}
	if d.once(3) { // a key that is not the primary one
		t.Columns = append(t.Columns, ingot.Column{Name: "k1", Type: "integer"}, ingot.Column{Name: "k2", Type: "varchar(20)"})
	}
	id := &t.Columns[0]
	switch n := d.IntN(8); {
	case n == 0 && t.Column("k1") != nil:
		t.PrimaryKey.Columns = one(d, []string{"id", "k1"}, []string{"k1", "id"}, []string{"k2"}, []string{"k2", "k1"})
	case n == 1 && d.db.kind != "mysql": // without one, it shows the first unique key for one
	default:
		t.PrimaryKey.Columns = []string{"id"}
		id.Auto = d.once(2)
	}
	if id.Auto && d.db.kind == "postgres" {
		if d.once(4) {
			id.Identity = d.identity()
		} else if d.once(4) {
			id.Type = map[ingot.Type]ingot.Type{"bigint": "bigserial", "integer": "serial"}[id.Type]
		}
	}
	if len(t.PrimaryKey.Columns) > 0 && d.once(2) {
		if n := short("pk_" + name); !d.taken(&t)[n] {
			t.PrimaryKey.Name, t.PrimaryKey.AnyName = n, d.once(4)
		}
	}
	if d.db.kind == "sqlite" && t.PrimaryKey.Columns != nil {
		switch {
		case id.Auto && d.once(4):
			t.Options = append(t.Options, ingot.Option{Name: "autoincrement"})
		case !id.Auto && d.once(4):
			t.Options = append(t.Options, ingot.Option{Name: "without rowid"})
		}
	}
	if d.db.kind == "postgres" && d.once(5) {
		t.Options = append(t.Options, one(d, ingot.Option{Name: "fillfactor", Value: "70"}, ingot.Option{Name: "autovacuum_enabled", Value: "false"}))
	}
	if d.db.kind == "mysql" && d.once(5) {
		t.Options = append(t.Options, one(d, ingot.Option{Name: "row_format", Value: "compact"}, ingot.Option{Name: "stats_persistent", Value: "1"}, ingot.Option{Name: "max_rows", Value: "1000"}))
	}
	if d.once(5) {
		t.Comment = one(d, remarks...)
	}
	if t.Column("k1") != nil {
		keys := [][]string{{"k1", "k2"}}
		if !slices.Equal(t.PrimaryKey.Columns, []string{"k2"}) {
			keys = append(keys, []string{"k2"})
		}
		if !slices.Equal(t.PrimaryKey.Columns, []string{"id"}) {
			keys = append(keys, []string{"id"})
		}
		for _, key := range keys {
			switch {
			case d.once(3):
			case d.once(3) && d.db.kind != "mysql":
				t.Indexes = append(t.Indexes, ingot.Index{Name: d.name("ux", &t), Unique: true, Parts: parts(key...)})
			default:
				t.Uniques = append(t.Uniques, ingot.Unique{Name: d.name("uq", &t), Columns: key})
			}
		}
	}
	for _, i := range d.Perm(len(columnPool))[:d.IntN(6)] {
		t.Columns = append(t.Columns, d.column(s, &t, columnPool[i]))
	}
	for _, n := range []string{"sum", "Two"} {
		if d.once(3) {
			if c, ok := d.generated(&t, n); ok {
				t.Columns = append(t.Columns, c)
			}
		}
	}
	for range d.IntN(5) {
		d.part(&t)
	}
	return t
}

func parts(columns ...string) []ingot.IndexPart {
	var list []ingot.IndexPart
	for _, c := range columns {
		list = append(list, ingot.IndexPart{Column: c})
	}
	return list
}

// generated draws a column that the database computes.
func (d artist) generated(t *ingot.Table, name string) (ingot.Column, bool) {
	c := d.readable(t)
	if c == nil || d.db.kind == "mysql" && strings.HasPrefix(string(c.Type), "char") { // whose meaning depends on sql_mode there
		return ingot.Column{}, false
	}
	q := d.db.quote(c.Name)
	g := ingot.Column{Name: name, Null: true, Virtual: d.db.kind != "postgres" && d.once(2)}
	switch groupOf(c) {
	case "number":
		g.Type, g.Generated = "double", ingot.SQLText(one(d, q+" + 1", "abs("+q+")", "coalesce("+q+", 0) * 2", "CASE WHEN "+q+" > 5 THEN 1 ELSE 2 END"))
	case "text":
		g.Type, g.Generated = "varchar(60)", ingot.SQLText(one(d, "lower("+q+")", "coalesce("+q+", 'it''s')", "upper("+q+")"))
	default:
		return g, false
	}
	return g, true
}

// readable draws a column that expressions may name: where the key is auto-increment, MySQL
// and MariaDB let none name it.
func (d artist) readable(t *ingot.Table) *ingot.Column {
	var list []*ingot.Column
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Generated == "" && !strings.HasPrefix(c.Name, "fk") && !(d.db.kind == "mysql" && c.Auto) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return one(d, list...)
}

// keyable are the columns every database can index, at times computed ones.
func (d artist) keyable(t *ingot.Table) []string {
	var names []string
	for _, c := range t.Columns {
		switch word, _, _ := strings.Cut(string(c.Type), "("); word {
		case "text", "blob", "json", "pg_catalog.json", "tinytext", "mediumblob":
		default:
			if (c.Generated == "" || d.once(3)) && !strings.HasSuffix(string(c.Type), "[]") {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

// condition draws what holds for all samples; empty where the column gives nothing to say.
func (d artist) condition(t *ingot.Table) ingot.SQLText {
	c := d.readable(t)
	if c == nil {
		return ""
	}
	q := d.db.quote(c.Name)
	if d.once(4) { // two columns
		o := d.readable(t)
		p := d.db.quote(o.Name)
		if groupOf(o) == groupOf(c) && (groupOf(c) == "number" || groupOf(c) == "date") {
			return ingot.SQLText(one(d, q+" < "+p+" OR "+q+" >= "+p+" OR "+p+" IS NULL", "NOT ("+q+" = "+p+" AND "+q+" <> "+p+")"))
		}
		return ingot.SQLText(one(d, "("+q+" IS NULL OR "+p+" IS NULL) OR "+q+" IS NOT NULL", q+" IS NULL OR "+p+" IS NULL OR NOT "+p+" IS NULL"))
	}
	pool := []string{"X IS NOT NULL OR X IS NULL"}
	switch groupOf(c) {
	case "number":
		pool = []string{"X > -1000", "X <> 77", "X IN (1, 2, 3) OR X > 3 OR X < 1", "X BETWEEN -100 AND 100000", "NOT X = 555", "abs(X) < 90000", "coalesce(X, 0) <> 99",
			"X <> 55 AND X <> 66", "NOT (X = 55 AND X = 66)", "X + 1 <> 1000 OR X IS NULL", "CASE WHEN X > 5 THEN 1 ELSE 2 END > 0", "X > -1000 OR 'a;b' = 'it''s'"}
	case "text":
		pool = []string{"X <> 'zzz'", "X NOT IN ('q', 'zz')", "X IN ('q') OR X <> 'q'", "lower(X) <> 'zzz'", "length(X) < 1000", "X LIKE '%' OR X IS NULL", "X NOT LIKE 'zz%'", "X <> 'it''s not'", "coalesce(X, '') <> 'a;b'"}
	case "enum":
		pool = []string{"X = '1' OR X <> '1'", "X IN ('1') OR X <> '1'"}
	case "date":
		pool = []string{"X > '1999-01-01'"}
	}
	return ingot.SQLText(strings.ReplaceAll(one(d, pool...), "X", q))
}

// part draws a unique constraint, an index or a check.
func (d artist) part(t *ingot.Table) {
	names := d.keyable(t)
	d.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:1+d.IntN(min(2, len(names)))]
	withID := withKey(t, names)
	switch d.IntN(4) {
	case 0:
		same := func(u ingot.Unique) bool { return slices.Equal(u.Columns, withID) }
		if slices.ContainsFunc(t.Uniques, same) || slices.Equal(withID, []string{"id"}) || slices.Equal(withID, t.PrimaryKey.Columns) {
			return
		}
		u := ingot.Unique{Name: d.name("uq", t), Columns: withID, AnyName: d.once(5)}
		if d.once(5) {
			u.Name, u.AnyName = "", false
		}
		if d.db.kind == "postgres" && d.once(3) {
			u.Deferrable = one(d, ingot.DeferrableInitiallyDeferred, ingot.DeferrableInitiallyImmediate)
		}
		if d.db.kind == "postgres" && d.db.Server.AtLeast(15, 0) && d.once(4) {
			u.NullsNotDistinct = true
		}
		t.Uniques = append(t.Uniques, u)
	case 1, 2:
		t.Indexes = append(t.Indexes, d.index(t, names, withID))
	case 3:
		k := ingot.Check{Name: d.name("ck", t), Expr: d.condition(t), AnyName: d.once(5)}
		if k.Expr == "" || slices.ContainsFunc(t.Checks, func(o ingot.Check) bool { return o.Expr == k.Expr }) {
			return
		}
		if d.db.kind == "sqlite" && d.once(5) {
			k.Name, k.AnyName = "", false
		}
		k.NotValid = d.db.kind == "postgres" && d.once(5)
		t.Checks = append(t.Checks, k)
	}
}

// withKey is the columns and what makes no two rows the same in them.
func withKey(t *ingot.Table, names []string) []string {
	names = slices.Clone(names)
	key := []string{"id"}
	if t.Column("id") == nil {
		key = t.PrimaryKey.Columns
	}
	for _, c := range key {
		if !slices.Contains(names, c) {
			names = append(names, c)
		}
	}
	return names
}

func (d artist) index(t *ingot.Table, names, withID []string) ingot.Index {
	x := ingot.Index{Name: d.name("ix", t), Unique: d.once(4), AnyName: d.once(6)}
	if x.Unique {
		names = withID
	}
	x.Parts = parts(names...)
	plain := d.db.name == "mysql" && has(t.Options, "engine") // MyISAM has no other indexes there
	for i := range x.Parts {
		p := &x.Parts[i]
		c := t.Column(p.Column)
		p.Desc = d.once(3) && !plain
		if d.db.kind == "postgres" {
			p.Nulls = one(d, "", "", "FIRST", "LAST")
		}
		if groupOf(c) != "text" || x.Unique {
			continue
		}
		switch {
		case d.db.kind == "mysql" && strings.HasPrefix(string(c.Type), "varchar") && d.once(2):
			p.Prefix = 3 + d.IntN(5)
		case d.db.kind == "mysql":
		case d.once(3):
			p.Collation = one(d, append(collations[d.db.kind], map[string]string{"sqlite": "BINARY", "postgres": "default"}[d.db.kind])...)
		case d.db.kind == "postgres" && d.once(2):
			p.OpClass = map[bool]string{true: "bpchar_pattern_ops", false: "text_pattern_ops"}[strings.HasPrefix(string(c.Type), "char")]
		}
	}
	if d.db.kind == "mysql" && !x.Unique { // what can be indexed only at its beginning, or by words
		for _, c := range t.Columns {
			if c.Type == "text" && c.Generated == "" && d.once(2) {
				x.Parts = []ingot.IndexPart{{Column: c.Name, Prefix: 10}}
				if d.once(2) {
					x.Using, x.Parts[0].Prefix = "fulltext", 0
				}
				break
			}
		}
	}
	if c := d.readable(t); c != nil && d.db.Server.ExpressionIndexes && d.once(3) && x.Using == "" && !plain {
		switch q := d.db.quote(c.Name); groupOf(c) {
		case "number":
			x.Parts = append(x.Parts, ingot.IndexPart{Expr: ingot.SQLText(one(d, "abs("+q+")", q+" + 1", "-"+q, "coalesce("+q+", 0)")), Desc: d.once(3)})
		case "text":
			if d.db.kind == "mysql" && strings.Contains(string(c.Type), "text") {
				break // it indexes no expression of that
			}
			x.Parts = append(x.Parts, ingot.IndexPart{Expr: ingot.SQLText(one(d, "lower("+q+")", "coalesce("+q+", 'none of the "+strings.Repeat("long ", 15)+"ones')")), Desc: d.once(3)})
		}
	}
	if d.db.Server.PartialIndexes && d.once(3) {
		x.Where = d.condition(t)
	}
	switch d.db.kind {
	case "postgres":
		if d.once(4) {
			x.Include = []string{t.Columns[d.IntN(len(t.Columns))].Name}
		}
		x.NullsNotDistinct = x.Unique && d.db.Server.AtLeast(15, 0) && d.once(3)
		if d.once(4) {
			x.Options = []ingot.Option{{Name: "fillfactor", Value: one(d, "70", "80")}}
		}
		d.method(t, &x)
	case "mysql":
		if d.once(4) {
			x.Options = append(x.Options, ingot.Option{Name: "comment", Value: "it's for \"speed\""})
		}
		if d.once(5) {
			x.Options = append(x.Options, ingot.Option{Name: "invisible"})
		}
	}
	desc := func(p ingot.IndexPart) bool { return p.Desc }
	if x.Unique && x.Options == nil && len(x.Parts) == len(withID) && !slices.ContainsFunc(x.Parts, desc) && d.db.kind == "mysql" {
		x.Unique = false // told apart from a unique constraint by some databases only
	}
	return x
}

// method draws another access method, on PostgreSQL, where the index suits it.
func (d artist) method(t *ingot.Table, x *ingot.Index) {
	if x.Unique || x.Include != nil || !d.once(3) {
		return
	}
	for _, c := range t.Columns {
		switch {
		case c.Generated != "" || !d.once(2):
		case c.Type == "json":
			*x = ingot.Index{Name: x.Name, Using: "gin", Where: x.Where, Parts: []ingot.IndexPart{{Column: c.Name, OpClass: one(d, "", "jsonb_path_ops")}}}
			return
		case c.Type == "text[]" || c.Type == "integer[]":
			*x = ingot.Index{Name: x.Name, Using: "GIN", Where: x.Where, Parts: parts(c.Name), Options: []ingot.Option{{Name: "fastupdate", Value: "off"}}}
			return
		case groupOf(&c) == "number":
			*x = ingot.Index{Name: x.Name, Using: one(d, "hash", "brin"), Where: x.Where, Parts: parts(c.Name)}
			return
		}
	}
}

// foreignKeys draws keys of the table to itself and others.
func (d artist) foreignKeys(s *ingot.Schema, t *ingot.Table) {
	for range d.IntN(3) {
		ref := &s.Tables[d.IntN(len(s.Tables))]
		if d.db.kind == "mysql" && t.Schema != "" && ref.Schema == "" {
			continue // it would look for the table in the database of t
		}
		keys := keysOf(ref)
		if len(keys) == 0 {
			continue
		}
		key := slices.Clone(one(d, keys...))
		name := fmt.Sprintf("fk%d", d.IntN(3))
		if t.Column(name) != nil || t.Column(name+"b") != nil {
			continue
		}
		if d.db.kind != "mysql" && d.once(3) { // there the columns stand as in the key
			slices.Reverse(key)
		}
		f := ingot.ForeignKey{Name: d.name("fk", t), RefSchema: ref.Schema, RefTable: ref.Name, RefColumns: key, AnyName: d.once(5),
			OnDelete: one(d, "", "CASCADE", "SET NULL", "RESTRICT", "NO ACTION"), OnUpdate: one(d, "", "", "CASCADE", "SET NULL", "RESTRICT")}
		if d.once(5) && d.db.kind != "mysql" {
			f.Name, f.AnyName = "", false
		}
		if d.db.kind != "mysql" && d.once(6) {
			f.OnDelete = "SET DEFAULT"
		}
		if d.db.kind == "postgres" {
			f.Match = one(d, "", "FULL", "SIMPLE")
			f.NotValid = d.once(5)
		}
		if d.db.Server.Deferrable {
			f.Deferrable = one(d, ingot.NotDeferrable, ingot.NotDeferrable, ingot.DeferrableInitiallyDeferred, ingot.DeferrableInitiallyImmediate)
		}
		// Rows of a table that is new can have a value from the beginning.
		null := len(d.path) > 0 || ref == t || d.once(2)
		if !null {
			f.OnDelete, f.OnUpdate = noNull(f.OnDelete), noNull(f.OnUpdate)
		}
		for i, k := range key {
			c := ingot.Column{Name: name + []string{"", "b"}[i], Type: keyType(ref.Column(k).Type), Null: null, Collation: ref.Column(k).Collation}
			if at := slices.IndexFunc(t.Columns, func(o ingot.Column) bool { // one that refers already
				return strings.HasPrefix(o.Name, "fk") && o.Type == c.Type && o.Collation == c.Collation && o.Null == c.Null && !slices.Contains(f.Columns, o.Name)
			}); at >= 0 && len(d.path) == 0 && d.once(3) {
				f.Columns = append(f.Columns, t.Columns[at].Name)
				continue
			}
			t.Columns = append(t.Columns, c)
			f.Columns = append(f.Columns, c.Name)
		}
		t.ForeignKeys = append(t.ForeignKeys, f)
	}
}

// noNull is an action that sets no column to NULL.
func noNull(action string) string {
	if strings.HasPrefix(action, "SET") {
		return "CASCADE"
	}
	return action
}

// link draws a table whose primary key is made of foreign keys to two others.
func (d artist) link(s *ingot.Schema) {
	t := ingot.Table{Name: "Links", Columns: []ingot.Column{}}
	for _, i := range d.Perm(len(s.Tables))[:min(2, len(s.Tables))] {
		ref := &s.Tables[i]
		if ref.Schema != "" || len(ref.PrimaryKey.Columns) != 1 || len(keysOf(ref)) == 0 {
			return
		}
		to := ref.Column(ref.PrimaryKey.Columns[0])
		c := ingot.Column{Name: fmt.Sprintf("fk%d", len(t.Columns)), Type: keyType(to.Type), Collation: to.Collation}
		t.Columns = append(t.Columns, c)
		t.PrimaryKey.Columns = append(t.PrimaryKey.Columns, c.Name)
		t.ForeignKeys = append(t.ForeignKeys, ingot.ForeignKey{Name: fmt.Sprintf("to %d", i), Columns: []string{c.Name}, RefTable: ref.Name, RefColumns: []string{to.Name},
			OnDelete: one(d, "", "CASCADE"), OnUpdate: one(d, "", "CASCADE")})
	}
	if d.once(2) {
		slices.Reverse(t.PrimaryKey.Columns)
	}
	if d.db.kind == "sqlite" && d.once(2) {
		t.Options = []ingot.Option{{Name: "without rowid"}}
	}
	if d.once(2) {
		t.Columns = append(t.Columns, d.column(s, &t, "note"))
	}
	s.Tables = append(s.Tables, t)
}

// keyType is the type of a column that refers to one.
func keyType(t ingot.Type) ingot.Type {
	switch t {
	case "bigserial":
		return "bigint"
	case "serial":
		return "integer"
	}
	return t
}

// keysOf are the keys of a table over columns that stay as they are: id, k1 and k2.
func keysOf(t *ingot.Table) [][]string {
	var keys [][]string
	add := func(columns []string) {
		if len(columns) > 0 && !slices.ContainsFunc(columns, func(c string) bool { return c != "id" && c != "k1" && c != "k2" }) && len(columns) < 3 {
			keys = append(keys, columns)
		}
	}
	add(t.PrimaryKey.Columns)
	for _, u := range t.Uniques {
		if u.Deferrable == ingot.NotDeferrable {
			add(u.Columns)
		}
	}
	for _, x := range t.Indexes {
		var columns []string
		for _, p := range x.Parts {
			if p.Column == "" || p.Prefix > 0 || p.Collation != "" || p.OpClass != "" {
				columns = []string{""}
				break
			}
			columns = append(columns, p.Column)
		}
		if x.Unique && x.Where == "" {
			add(columns)
		}
	}
	return keys
}

// joined reports whether a foreign key of the table, or to it, exists.
func joined(s *ingot.Schema, t *ingot.Table) bool {
	return len(t.ForeignKeys) > 0 || slices.ContainsFunc(s.Tables, func(o ingot.Table) bool {
		return slices.ContainsFunc(o.ForeignKeys, func(f ingot.ForeignKey) bool { return f.RefTable == t.Name && f.RefSchema == t.Schema })
	})
}

// isLonely reports whether tables that foreign keys join cannot have the option.
func isLonely(o ingot.Option) bool {
	return slices.Contains([]string{"unlogged", "engine", "charset", "collate"}, o.Name)
}

// lonely draws such options.
func (d artist) lonely(s *ingot.Schema, t *ingot.Table) {
	if joined(s, t) {
		return
	}
	t.Options = slices.DeleteFunc(t.Options, isLonely)
	switch {
	case d.db.kind == "postgres" && d.once(6):
		t.Options = append(t.Options, ingot.Option{Name: "unlogged"})
	case d.db.kind == "mysql" && d.once(5) && !has(t.Options, "row_format") && !has(t.Options, "stats_persistent") && !(d.db.name == "mysql" && slices.ContainsFunc(t.Indexes, elaborate)):
		t.Options = append(t.Options, ingot.Option{Name: "engine", Value: "MyISAM"})
	case d.db.kind == "mysql" && d.once(4):
		t.Options = append(t.Options, one(d, []ingot.Option{{Name: "collate", Value: "utf8mb4_bin"}}, []ingot.Option{{Name: "charset", Value: "latin1"}},
			[]ingot.Option{{Name: "charset", Value: "latin1"}, {Name: "collate", Value: "latin1_bin"}})...)
	}
}

// elaborate reports whether an index goes backwards, or over an expression.
func elaborate(x ingot.Index) bool {
	return slices.ContainsFunc(x.Parts, func(p ingot.IndexPart) bool { return p.Desc || p.Expr != "" })
}

// undrawn are the attributes that the law draws nowhere, each with its reason.
var undrawn = map[string]string{
	"Schema.Unsupported": "what inspection does not understand is never touched",
	"Index.Concurrently": "how an index is built, not what it is: in no transaction, as the law's steps are",
}

// only are the attributes that some databases alone have. MySQL has indexes on expressions beyond
// MariaDB, which has sequences.
var only = map[string]string{
	"Schema.Schemas": "postgres mariadb mysql", "Schema.Enums": "postgres", "Schema.Domains": "postgres",
	"Schema.Sequences": "postgres mariadb",
	"Table.Schema":     "postgres mariadb mysql", "View.Schema": "postgres mariadb mysql", "Column.Enum": "postgres", "Column.OnUpdate": "mariadb mysql", "Column.Identity": "postgres",
	"Column.Virtual":    "sqlite mariadb mysql", // PostgreSQL 18 has them
	"Unique.Deferrable": "postgres", "Unique.NullsNotDistinct": "postgres",
	"ForeignKey.RefSchema": "postgres mariadb mysql", "ForeignKey.Match": "postgres", "ForeignKey.Deferrable": "sqlite postgres", "ForeignKey.NotValid": "postgres",
	"Check.NotValid": "postgres", "Index.Include": "postgres", "Index.Where": "sqlite postgres", "Index.Using": "postgres mariadb mysql", "Index.NullsNotDistinct": "postgres",
	"Index.Options": "postgres mariadb mysql",
	"Option.Value":  "postgres mariadb mysql", "IndexPart.Nulls": "postgres", "IndexPart.Collation": "sqlite postgres", "IndexPart.OpClass": "postgres", "IndexPart.Prefix": "mariadb mysql", "IndexPart.Expr": "sqlite postgres mysql",
	"Enum": "postgres", "Sequence": "postgres mariadb", "Domain": "postgres", "Identity": "postgres",
}

// Every attribute of the model of schemas is drawn, on every database that has it.
func TestTheLawDrawsEveryAttribute(t *testing.T) {
	for _, name := range []string{"sqlite", "postgres", "mariadb", "mysql"} {
		db := &database{target: targetNamed(name), other: "other"}
		db.Server = db.dialect.(ingot.OfflineDialect).OfflineServer()
		if db.kind == "sqlite" {
			db.other = ""
		}
		drawn := map[string]bool{}
		for seed := range uint64(1000) {
			for _, s := range drawPath(seed, db) {
				noteDrawn(reflect.ValueOf(*s), drawn)
			}
		}
		for _, v := range []any{ingot.Schema{}, ingot.Table{}, ingot.Column{}, ingot.Identity{}, ingot.PrimaryKey{}, ingot.Unique{}, ingot.ForeignKey{},
			ingot.Check{}, ingot.Index{}, ingot.IndexPart{}, ingot.Enum{}, ingot.Sequence{}, ingot.Domain{}, ingot.Option{}, ingot.View{}} {
			for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
				of := reflect.TypeOf(v).Name()
				attribute := of + "." + f.Name
				_, not := undrawn[attribute]
				where, some := only[attribute]
				if w, ok := only[of]; ok {
					where, some = w, true
				}
				want := !not && (!some || strings.Contains(where, name))
				if f.IsExported() && drawn[attribute] != want {
					t.Errorf("%s: %s is drawn: %v, want %v", name, attribute, drawn[attribute], want)
				}
			}
		}
	}
}

// noteDrawn notes the attributes that are not zero.
func noteDrawn(v reflect.Value, drawn map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			noteDrawn(v.Elem(), drawn)
		}
	case reflect.Slice:
		for i := range v.Len() {
			noteDrawn(v.Index(i), drawn)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !v.Field(i).IsZero() {
				drawn[v.Type().Name()+"."+f.Name] = true
				noteDrawn(v.Field(i), drawn)
			}
		}
	}
}
