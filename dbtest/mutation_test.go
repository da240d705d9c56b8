package dbtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// The mutation law: what a database has differs from each schema that says one thing
// otherwise, and by a step of the kind meant. No comparison that forgives too much passes.

func TestOneThingChangedIsFound(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		if strings.HasSuffix(db.name, "-pq") || strings.HasSuffix(db.name, "-mattn") {
			t.Skip("another driver to the same database")
		}
		base := mutationBase(db)
		none := db.inspect(t)
		db.migrate(t, none, ingot.Compare(none, base, ingot.CompareDialect(db.dialect)))
		have := db.inspect(t)
		wantLaw(t, db, "created", have, base)
		for _, m := range mutations(db) {
			changed := base.Clone()
			m.change(changed)
			steps := ingot.Compare(have, changed, ingot.CompareDialect(db.dialect))
			if len(steps) == 0 {
				t.Errorf("%s: no difference is seen", m.name)
				continue
			}
			if !slices.ContainsFunc(steps, func(s ingot.Step) bool { return strings.HasPrefix(s.String(), m.step) }) {
				t.Errorf("%s: a step %q is missing in\n%s", m.name, m.step, listing(steps))
			}
			if m.alone && len(steps) != 1 {
				t.Errorf("%s: more than one step:\n%s", m.name, listing(steps))
			}
		}
	})
}

// constants are literals that are all different from each other, for a column of a type.
var constants = map[ingot.Type][]ingot.SQLText{
	"integer":     {"0", "1", "-1", "10", "100", "2147483647"},
	"text":        {"''", "' '", "'a'", "'A'", "'a '", "'ä'", "'a''b'", "'a\"b'", "'NULL'", "'0'", "'00'", "'--'", "'a;b'"},
	"varchar(20)": {"''", "'x'", "'X'", "'true'", "'1'", "'CURRENT_TIMESTAMP'", "'now()'", "'(x)'"},
	"boolean":     {"true", "false"},
	"double":      {"0", "0.5", "-0.5", "1.5"},
}

func mutationBase(db *database) *ingot.Schema {
	parent := table("parent", []ingot.Column{{Name: "id", Type: "integer"}, {Name: "code", Type: "varchar(10)"}}, key("id"))
	parent.Uniques = []ingot.Unique{{Name: "uq_code", Columns: []string{"code"}}}
	t := table("t", []ingot.Column{
		{Name: "id", Type: "integer"},
		{Name: "a", Type: "varchar(20)", Null: true, Default: "'x'"},
		{Name: "b", Type: "integer", Null: true},
		{Name: "c", Type: "decimal(10,2)", Default: "0"},
		{Name: "d", Type: "timestamp", Default: "CURRENT_TIMESTAMP"},
		{Name: "g", Type: "integer", Null: true, Generated: "id + 1"},
		{Name: "p", Type: "integer", Null: true},
	}, key("id"))
	t.PrimaryKey.Name = "pk_t"
	t.Uniques = []ingot.Unique{{Name: "uq_t", Columns: []string{"a", "b"}}}
	t.Checks = []ingot.Check{{Name: "ck_t", Expr: "b > 5"}, {Name: "ck_u", Expr: "a <> 'x'"}}
	t.ForeignKeys = []ingot.ForeignKey{{Name: "fk_t", Columns: []string{"p"}, RefTable: "parent", RefColumns: []string{"id"}, OnDelete: "CASCADE"}}
	x := ingot.Index{Name: "ix_t", Parts: []ingot.IndexPart{{Column: "b"}, {Column: "a", Desc: true}}}
	if db.Server.ExpressionIndexes {
		x.Parts = append(x.Parts, ingot.IndexPart{Expr: "abs(b)"})
	}
	if db.Server.PartialIndexes {
		x.Where = "b > 5"
	}
	t.Indexes = []ingot.Index{x}
	s := &ingot.Schema{Tables: []ingot.Table{parent, t}}
	for typ := range constants {
		name := "of " + strings.Trim(strings.NewReplacer("(", " ", ")", "").Replace(string(typ)), " ")
		s.Tables = append(s.Tables, table(name, []ingot.Column{{Name: "id", Type: "integer"}, {Name: "x", Type: typ, Default: constants[typ][0]}}, key("id")))
	}
	if db.traits().NamedEnums {
		s.Enums = []ingot.Enum{{Name: "mood", Values: []string{"ok", "sad"}}}
		s.Tables[1].Columns = append(s.Tables[1].Columns, ingot.Column{Name: "m", Enum: "mood", Default: "'ok'"})
	}
	return s
}

type mutation struct {
	name   string
	step   string // what the step meant begins with
	alone  bool   // no other step comes with it
	change func(*ingot.Schema)
}

func mutations(db *database) []mutation {
	var list []mutation
	of := func(name, step string, change func(*ingot.Table)) {
		list = append(list, mutation{name, step, true, func(s *ingot.Schema) { change(s.Table(ingot.TableName{Name: "t"})) }})
	}
	column := func(name, column string, change func(*ingot.Column)) {
		of(name, "alter column t."+column, func(t *ingot.Table) { change(t.Column(column)) })
	}
	column("a longer varchar", "a", func(c *ingot.Column) { c.Type = "varchar(21)" })
	column("varchar to text", "a", func(c *ingot.Column) { c.Type = "text" })
	column("varchar to char", "a", func(c *ingot.Column) { c.Type = "char(20)" })
	column("integer to bigint", "b", func(c *ingot.Column) { c.Type = "bigint" })
	column("integer to smallint", "b", func(c *ingot.Column) { c.Type = "smallint" })
	column("integer to boolean", "b", func(c *ingot.Column) { c.Type = "boolean" })
	column("precision", "c", func(c *ingot.Column) { c.Type = "decimal(11,2)" })
	column("scale", "c", func(c *ingot.Column) { c.Type = "decimal(10,3)" })
	column("decimal to double", "c", func(c *ingot.Column) { c.Type = "double" })
	column("timestamp to date", "d", func(c *ingot.Column) { c.Type = "date" })
	column("NULL to NOT NULL", "a", func(c *ingot.Column) { c.Null = false })
	column("NOT NULL to NULL", "c", func(c *ingot.Column) { c.Null = true })
	column("a default less", "a", func(c *ingot.Column) { c.Default = "" })
	column("a default more", "b", func(c *ingot.Column) { c.Default = "0" })
	column("a default on the clock", "d", func(c *ingot.Column) { c.Default = "'2020-01-01'" })
	column("a clock less", "d", func(c *ingot.Column) { c.Default = "" })
	column("another generated expression", "g", func(c *ingot.Column) { c.Generated = "id + 2" })
	column("another generated operator", "g", func(c *ingot.Column) { c.Generated = "id - 1" })
	column("generated no more", "g", func(c *ingot.Column) { c.Generated = "" })
	if db.kind != "sqlite" { // where an integer key always is
		column("an automatic key", "id", func(c *ingot.Column) { c.Auto = true })
	}
	if db.kind != "postgres" {
		column("virtual", "g", func(c *ingot.Column) { c.Virtual = true })
	}
	if db.kind != "sqlite" {
		column("a comment", "a", func(c *ingot.Column) { c.Comment = "x" })
		of("a comment on the table", "alter table t", func(t *ingot.Table) { t.Comment = "x" })
	}
	collation := map[string]string{"sqlite": "NOCASE", "postgres": "C", "mysql": "utf8mb4_bin"}[db.kind]
	column("a collation", "a", func(c *ingot.Column) { c.Collation = collation })

	of("a column more", "add column t.z", func(t *ingot.Table) {
		t.Columns = append(t.Columns, ingot.Column{Name: "z", Type: "text", Null: true})
	})
	of("a column less", "drop column t.d", func(t *ingot.Table) {
		t.Columns = slices.DeleteFunc(t.Columns, func(c ingot.Column) bool { return c.Name == "d" })
	})
	of("another key", "alter primary key of t", func(t *ingot.Table) { t.PrimaryKey.Columns = []string{"id", "c"} })
	list[len(list)-1].alone = db.kind != "sqlite" // the key is automatic no more

	unique := func(name string, change func(*ingot.Unique)) {
		of(name, "add unique", func(t *ingot.Table) { change(&t.Uniques[0]) })
		list[len(list)-1].alone = false
	}
	unique("unique in another order", func(u *ingot.Unique) { u.Columns = []string{"b", "a"} })
	unique("unique over less", func(u *ingot.Unique) { u.Columns = []string{"a"} })
	unique("unique under another name", func(u *ingot.Unique) { u.Name = "uq_other" })
	of("a unique less", "drop unique uq_t", func(t *ingot.Table) { t.Uniques = nil })
	if db.kind == "postgres" {
		unique("unique, deferrable", func(u *ingot.Unique) { u.Deferrable = ingot.DeferrableInitiallyImmediate })
		unique("unique, deferred", func(u *ingot.Unique) { u.Deferrable = ingot.DeferrableInitiallyDeferred })
		if db.Server.AtLeast(15, 0) {
			unique("NULLS NOT DISTINCT", func(u *ingot.Unique) { u.NullsNotDistinct = true })
		}
	}

	for _, e := range []ingot.SQLText{"b > 6", "b >= 5", "b < 5", "b <> 5", "c > 5", "b > -5", "b > 5 AND b < 9", "b > 5 OR b < 0", "NOT b > 5", "b > 50", "b > 5 OR b IS NULL"} {
		of("check "+string(e), "add check ck_t", func(t *ingot.Table) { t.Checks[0].Expr = e })
		list[len(list)-1].alone = false
	}
	for _, e := range []ingot.SQLText{"a <> 'X'", "a <> ' x'", "a <> 'x '", "a <> 'x'''", "a = 'x'", "a <> 'y'", "a <> ''", "lower(a) <> 'x'", "a IN ('x')", "a NOT IN ('x', 'y')", "a LIKE 'x'"} {
		of("check "+string(e), "add check ck_u", func(t *ingot.Table) { t.Checks[1].Expr = e })
		list[len(list)-1].alone = false
	}
	of("a check less", "drop check ck_t", func(t *ingot.Table) { t.Checks = t.Checks[1:] })

	fk := func(name string, change func(*ingot.ForeignKey)) {
		of(name, "add foreign key", func(t *ingot.Table) { change(&t.ForeignKeys[0]) })
		list[len(list)-1].alone = false
	}
	fk("no action", func(f *ingot.ForeignKey) { f.OnDelete = "" })
	fk("set null", func(f *ingot.ForeignKey) { f.OnDelete = "SET NULL" })
	fk("restrict", func(f *ingot.ForeignKey) { f.OnDelete = "RESTRICT" })
	fk("on update", func(f *ingot.ForeignKey) { f.OnUpdate = "CASCADE" })
	fk("another column", func(f *ingot.ForeignKey) { f.Columns = []string{"b"} })
	fk("another table", func(f *ingot.ForeignKey) { f.RefTable = "t" })
	fk("another name", func(f *ingot.ForeignKey) { f.Name = "fk_other" })
	if db.Server.Deferrable {
		fk("deferrable", func(f *ingot.ForeignKey) { f.Deferrable = ingot.DeferrableInitiallyImmediate })
		fk("deferred", func(f *ingot.ForeignKey) { f.Deferrable = ingot.DeferrableInitiallyDeferred })
	}
	of("a foreign key less", "drop foreign key fk_t", func(t *ingot.Table) { t.ForeignKeys = nil })

	index := func(name string, change func(*ingot.Index)) {
		of(name, "create ", func(t *ingot.Table) { change(&t.Indexes[0]) })
		list[len(list)-1].alone = false
	}
	index("an index in another order", func(x *ingot.Index) { x.Parts[0], x.Parts[1] = x.Parts[1], x.Parts[0] })
	index("an index the other way", func(x *ingot.Index) { x.Parts[0].Desc = true })
	index("an index this way", func(x *ingot.Index) { x.Parts[1].Desc = false })
	index("an index over less", func(x *ingot.Index) { x.Parts = x.Parts[:1] })
	index("an index under another name", func(x *ingot.Index) { x.Name = "ix_other" })
	list = append(list, mutation{"a unique index", "", false, func(s *ingot.Schema) { s.Table(ingot.TableName{Name: "t"}).Indexes[0].Unique = true }})
	of("an index less", "drop index ix_t", func(t *ingot.Table) { t.Indexes = nil })
	if db.Server.ExpressionIndexes {
		index("another function", func(x *ingot.Index) { x.Parts[2].Expr = "-b" })
		index("another argument", func(x *ingot.Index) { x.Parts[2].Expr = "abs(b + 1)" })
	}
	if db.Server.PartialIndexes {
		index("another predicate", func(x *ingot.Index) { x.Where = "b > 6" })
		index("no predicate", func(x *ingot.Index) { x.Where = "" })
	}
	if db.kind == "postgres" {
		index("nulls first", func(x *ingot.Index) { x.Parts[0].Nulls = "FIRST" })
		index("nulls last", func(x *ingot.Index) { x.Parts[1].Nulls = "LAST" })
		index("include", func(x *ingot.Index) { x.Include = []string{"c"} })
		index("an operator class", func(x *ingot.Index) { x.Parts[1].OpClass = "varchar_pattern_ops" })
		index("a collation in an index", func(x *ingot.Index) { x.Parts[1].Collation = "C" })
		list = append(list, mutation{"a value more", "alter enum mood", true, func(s *ingot.Schema) { s.Enums[0].Values = []string{"ok", "fine", "sad"} }},
			mutation{"values in another order", "alter enum mood", true, func(s *ingot.Schema) { s.Enums[0].Values = []string{"sad", "ok"} }},
			mutation{"a value less", "alter enum mood", true, func(s *ingot.Schema) { s.Enums[0].Values = []string{"ok"} }})
	}
	if db.kind == "sqlite" {
		of("a strict table", "alter table t", func(t *ingot.Table) { t.Options = []ingot.Option{{Name: "strict"}} })
		of("a table without rowid", "alter table t", func(t *ingot.Table) { t.Options = []ingot.Option{{Name: "without rowid"}} })
		list[len(list)-1].alone = false // the key is automatic no more
	}

	for typ, values := range constants {
		name := "of " + strings.Trim(strings.NewReplacer("(", " ", ")", "").Replace(string(typ)), " ")
		for _, v := range values[1:] {
			list = append(list, mutation{fmt.Sprintf("default %s of a %s", v, typ), "alter column " + name + ".x", true, func(s *ingot.Schema) {
				if t := s.Table(ingot.TableName{Name: name}); t != nil {
					t.Column("x").Default = v
				}
			}})
		}
	}
	return list
}
