package dbtest

import (
	"fmt"
	"reflect"
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
		have := db.inspectViews(t, receipts{}, base)
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

// Each of these changes can be made too, alone and with rows in the tables, and undone.
func TestOneThingChangedIsMade(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		if strings.HasSuffix(db.name, "-pq") || strings.HasSuffix(db.name, "-mattn") {
			t.Skip("another driver to the same database")
		}
		base := mutationBase(db)
		var have *ingot.Schema
		kept := receipts{}
		begin := func(t *testing.T) {
			db = db.target.open(t)
			none := db.inspect(t)
			db.migrate(t, none, ingot.Compare(none, base, ingot.CompareDialect(db.dialect)))
			db.fill(t, base, base)
			have = db.inspectViews(t, kept, base)
		}
		begin(t)
		for _, m := range mutations(db) {
			changed := base.Clone()
			m.change(changed)
			if strings.Contains(m.name, "schema") || strings.Contains(m.name, "another column") || strings.HasPrefix(m.name, "check ") || strings.HasPrefix(m.name, "default ") || m.name == "integer to boolean" ||
				db.kind == "mysql" && (m.name == "varchar to text" || m.name == "an automatic key") {
				continue // there is none, or what else the table has forbids it
			}
			ok := t.Run(m.name, func(t *testing.T) {
				rows := db.dump(t, base, changed, 0)
				up := ingot.Compare(have, changed, ingot.CompareDialect(db.dialect))
				down, err := ingot.ReverseSteps(up)
				db.migrate(t, have, up)
				there := db.inspectViews(t, kept, changed)
				wantLaw(t, db, "changed", there, changed)
				if got := db.dump(t, base, changed, 1); got != rows {
					t.Errorf("the rows were\n%s, are\n%s, after\n%s", rows, got, listing(up))
				}
				if m.name == "domain, a valid check" {
					have, base.Domains[0].Checks[1].NotValid = there, false
					return
				}
				if slices.ContainsFunc(up, func(s ingot.Step) bool { _, is := s.(ingot.ValidateConstraint); return is }) {
					have = there
					base.Table(ingot.TableName{Name: "more"}).Checks[0].NotValid = there.Table(ingot.TableName{Name: "more"}).Checks[0].NotValid
					base.Table(ingot.TableName{Name: "more"}).ForeignKeys[0].NotValid = there.Table(ingot.TableName{Name: "more"}).ForeignKeys[0].NotValid
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				db.migrate(t, there, down)
				have = db.inspectViews(t, kept, base)
				wantLaw(t, db, "changed back", have, base)
			})
			if !ok {
				begin(t)
			}
		}
	})
}

// inspectViews inspects the database, and has the texts of views as they were meant: not one
// is printed as it was given.
func (db *database) inspectViews(t *testing.T, kept receipts, meant *ingot.Schema) *ingot.Schema {
	t.Helper()
	got := db.inspect(t)
	kept.keep(&ingot.Schema{}, meant, got)
	got.Views = kept.modeled(got).Views
	return got
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
	s := &ingot.Schema{Tables: []ingot.Table{parent, t}, Views: []ingot.View{{Name: "v", SQL: "SELECT id, code FROM parent WHERE id > 5"}}}
	for typ := range constants {
		name := "of " + strings.Trim(strings.NewReplacer("(", " ", ")", "").Replace(string(typ)), " ")
		s.Tables = append(s.Tables, table(name, []ingot.Column{{Name: "id", Type: "integer"}, {Name: "x", Type: typ, Default: constants[typ][0]}}, key("id")))
	}
	more := table("more", []ingot.Column{{Name: "id", Type: "integer"}, {Name: "s", Type: "varchar(40)", Null: true}, {Name: "n", Type: "integer", Null: true}}, key("id"))
	more.Indexes = []ingot.Index{{Name: "ix_more", Parts: []ingot.IndexPart{{Column: "s"}}}}
	switch db.kind {
	case "sqlite":
		more.Columns[1].Collation = "NOCASE"
		more.Indexes[0].Parts[0].Collation = "RTRIM"
	case "postgres":
		more.Columns = append(more.Columns, ingot.Column{Name: "i", Type: "bigint", Auto: true, Identity: &ingot.Identity{Start: 10, Increment: 2, Min: 5, Max: 1000, Cache: 3}})
		more.Checks = []ingot.Check{{Name: "ck_more", Expr: "n > 0", NotValid: true}}
		more.ForeignKeys = []ingot.ForeignKey{{Name: "fk_more", Columns: []string{"n"}, RefTable: "parent", RefColumns: []string{"id"}, NotValid: true, Match: "FULL"}}
		more.Indexes = append(more.Indexes, ingot.Index{Name: "ux_more", Unique: true, Parts: []ingot.IndexPart{{Column: "n"}}, Options: []ingot.Option{{Name: "fillfactor", Value: "70"}}})
		more.Options = []ingot.Option{{Name: "fillfactor", Value: "80"}}
		s.Sequences = []ingot.Sequence{{Name: "seq", Type: "integer", Start: 10, Increment: 2, Min: 5, Max: 1000, Cache: 3}}
		s.Domains = []ingot.Domain{{Name: "label", Type: "varchar(20)", Null: true, Default: "'x'", Checks: []ingot.Check{{Name: "dk_label", Expr: "VALUE <> 'y'"}, {Name: "dk_more", Expr: "VALUE <> 'z'", NotValid: true}}}}
		more.Columns = append(more.Columns, ingot.Column{Name: "l", Type: "label", Null: true})
	case "mysql":
		more.Columns = append(more.Columns, ingot.Column{Name: "at", Type: "datetime", Null: true, OnUpdate: "CURRENT_TIMESTAMP"})
		more.Indexes[0].Parts[0].Prefix = 10
		more.Indexes[0].Options = []ingot.Option{{Name: "comment", Value: "c"}}
		more.Options = []ingot.Option{{Name: "row_format", Value: "compact"}}
	}
	s.Tables = append(s.Tables, more)
	if db.traits().NamedEnums {
		s.Enums = []ingot.Enum{{Name: "mood", Values: []string{"1", "sad"}}}
		s.Tables[1].Columns = append(s.Tables[1].Columns, ingot.Column{Name: "m", Enum: "mood", Default: "'1'"})
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
	renamed := func(kind ingot.ObjectKind, otherwise string) string {
		if slices.Contains(db.traits().Renames, kind) {
			return "rename " + string(kind)
		}
		return otherwise
	}
	of("unique under another name", renamed(ingot.ObjectUnique, "add unique"), func(t *ingot.Table) { t.Uniques[0].Name = "uq_other" })
	list[len(list)-1].alone = false
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
	of("another name of a foreign key", renamed(ingot.ObjectForeignKey, "add foreign key"), func(t *ingot.Table) { t.ForeignKeys[0].Name = "fk_other" })
	list[len(list)-1].alone = false
	of("another name of a check", renamed(ingot.ObjectCheck, "add check"), func(t *ingot.Table) { t.Checks[0].Name = "ck_other" })
	list[len(list)-1].alone = false
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
	of("an index under another name", renamed(ingot.ObjectIndex, "create "), func(t *ingot.Table) { t.Indexes[0].Name = "ix_other" })
	list[len(list)-1].alone = false
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
		list = append(list, mutation{"a value more", "alter enum mood", true, func(s *ingot.Schema) { s.Enums[0].Values = []string{"1", "fine", "sad"} }},
			mutation{"values in another order", "alter enum mood", true, func(s *ingot.Schema) { s.Enums[0].Values = []string{"sad", "1"} }},
			mutation{"a value less", "alter enum mood", true, func(s *ingot.Schema) { s.Enums[0].Values = []string{"1"} }})
	}
	if db.kind == "sqlite" {
		of("a strict table", "alter table t", func(t *ingot.Table) { t.Options = []ingot.Option{{Name: "strict"}} })
		list[len(list)-1].alone = false // it knows fewer types
		of("a table without rowid", "alter table t", func(t *ingot.Table) { t.Options = []ingot.Option{{Name: "without rowid"}} })
		list[len(list)-1].alone = false // the key is automatic no more
	}

	of2 := func(name, step string, change func(*ingot.Table)) {
		list = append(list, mutation{name, step, false, func(s *ingot.Schema) { change(s.Table(ingot.TableName{Name: "more"})) }})
	}
	index2 := func(name string, change func(*ingot.Index)) {
		of2(name, "create ", func(t *ingot.Table) { change(&t.Indexes[len(t.Indexes)-1]) })
	}
	of2("another name of the table", "create table less", func(t *ingot.Table) { t.Name = "less" })
	of2("another name of a column", "add column more.m", func(t *ingot.Table) { t.Columns[2].Name = "m"; t.ForeignKeys, t.Checks, t.Indexes = nil, nil, nil })
	switch db.kind {
	case "sqlite":
		index2("another collation of an index", func(x *ingot.Index) { x.Parts[0].Collation = "BINARY" })
		index2("the collation of the column", func(x *ingot.Index) { x.Parts[0].Collation = "" })
	case "mysql":
		index2("another prefix", func(x *ingot.Index) { x.Parts[0].Prefix = 11 })
		index2("no prefix", func(x *ingot.Index) { x.Parts[0].Prefix = 0 })
		index2("another method", func(x *ingot.Index) { x.Using, x.Parts[0].Prefix = "fulltext", 0 })
		index2("a comment less", func(x *ingot.Index) { x.Options = nil })
		of2("no ON UPDATE", "alter column more.at", func(t *ingot.Table) { t.Column("at").OnUpdate = "" })
		of2("another option", "alter table more", func(t *ingot.Table) { t.Options[0].Value = "redundant" })
		of2("no option", "alter table more", func(t *ingot.Table) { t.Options = nil })
	case "postgres":
		index2("another option of an index", func(x *ingot.Index) { x.Options[0].Value = "71" })
		index2("no option of an index", func(x *ingot.Index) { x.Options = nil })
		index2("a unique index no more", func(x *ingot.Index) { x.Unique = false })
		if db.Server.AtLeast(15, 0) {
			index2("NULLS NOT DISTINCT of an index", func(x *ingot.Index) { x.NullsNotDistinct = true })
		}
		index2("another method", func(x *ingot.Index) { x.Using, x.Unique = "hash", false })
		of2("another option", "alter table more", func(t *ingot.Table) { t.Options[0].Value = "81" })
		of2("no option", "alter table more", func(t *ingot.Table) { t.Options = nil })
		of2("a valid check", "validate constraint ck_more", func(t *ingot.Table) { t.Checks[0].NotValid = false })
		of2("a valid foreign key", "validate constraint fk_more", func(t *ingot.Table) { t.ForeignKeys[0].NotValid = false })
		of2("MATCH SIMPLE", "add foreign key", func(t *ingot.Table) { t.ForeignKeys[0].Match = "" })
		of2("another column referred to", "add foreign key", func(t *ingot.Table) {
			t.ForeignKeys[0].RefColumns, t.ForeignKeys[0].RefTable = []string{"code"}, "parent"
		})
		of2("another schema referred to", "add foreign key", func(t *ingot.Table) { t.ForeignKeys[0].RefSchema = "other" })
		of2("another name of the key", "alter primary key", func(t *ingot.Table) { t.PrimaryKey.Name = "pk_of_more" })
		for i, change := range []func(*ingot.Identity){
			func(i *ingot.Identity) { i.Always = true }, func(i *ingot.Identity) { i.Start = 11 }, func(i *ingot.Identity) { i.Increment = 3 }, func(i *ingot.Identity) { i.Min = 4 },
			func(i *ingot.Identity) { i.Max = 1001 }, func(i *ingot.Identity) { i.Cache = 4 }, func(i *ingot.Identity) { i.Cycle = true },
		} {
			of2(fmt.Sprint("identity, attribute ", i), "alter column more.i", func(t *ingot.Table) { change(t.Column("i").Identity) })
		}
		of2("identity no more", "alter column more.i", func(t *ingot.Table) { t.Column("i").Auto, t.Column("i").Identity = false, nil })
		for _, x := range []struct {
			name   string
			change func(*ingot.Domain)
		}{
			{"type", func(x *ingot.Domain) { x.Type = "varchar(21)" }}, {"family of type", func(x *ingot.Domain) { x.Type = "text" }},
			{"NOT NULL", func(x *ingot.Domain) { x.Null = false }}, {"default", func(x *ingot.Domain) { x.Default = "'X'" }}, {"no default", func(x *ingot.Domain) { x.Default = "" }},
			{"collation", func(x *ingot.Domain) { x.Collation = "C" }}, {"text of a check", func(x *ingot.Domain) { x.Checks[0].Expr = "VALUE <> 'Y'" }},
			{"operator of a check", func(x *ingot.Domain) { x.Checks[0].Expr = "VALUE < 'y'" }}, {"name of a check", func(x *ingot.Domain) { x.Checks[0].Name = "dk_title" }},
			{"no check", func(x *ingot.Domain) { x.Checks = nil }}, {"a check more", func(x *ingot.Domain) {
				x.Checks = append(x.Checks, ingot.Check{Name: "dk_last", Expr: "length(VALUE) < 9"})
			}}, {"a valid check", func(x *ingot.Domain) { x.Checks[1].NotValid = false }},
		} {
			list = append(list, mutation{"domain, " + x.name, "alter domain label: ", true, func(s *ingot.Schema) { x.change(&s.Domains[0]) }})
		}
		for i, change := range []func(*ingot.Sequence){
			func(q *ingot.Sequence) { q.Type = "bigint" }, func(q *ingot.Sequence) { q.Start = 11 }, func(q *ingot.Sequence) { q.Increment = 3 }, func(q *ingot.Sequence) { q.Min = 4 },
			func(q *ingot.Sequence) { q.Max = 1001 }, func(q *ingot.Sequence) { q.Cache = 4 }, func(q *ingot.Sequence) { q.Cycle = true },
		} {
			list = append(list, mutation{fmt.Sprint("sequence, attribute ", i), "alter sequence seq", true, func(s *ingot.Schema) { change(&s.Sequences[0]) }})
		}
		list = append(list,
			mutation{"another name of a sequence", "create sequence other", false, func(s *ingot.Schema) { s.Sequences[0].Name = "other" }},
			mutation{"another schema of a sequence", "create sequence other.seq", false, func(s *ingot.Schema) { s.Sequences[0].Schema = "other" }},
			mutation{"a sequence less", "drop sequence seq", true, func(s *ingot.Schema) { s.Sequences = nil }},
			mutation{"another name of a domain", "create domain title", false, func(s *ingot.Schema) {
				s.Domains[0].Name, s.Table(ingot.TableName{Name: "more"}).Column("l").Type = "title", "title"
			}},
			mutation{"another schema of a domain", "create domain other.label", false, func(s *ingot.Schema) {
				s.Domains[0].Schema, s.Table(ingot.TableName{Name: "more"}).Column("l").Type = "other", "other.label"
			}},
			mutation{"a domain less", "drop domain label", false, func(s *ingot.Schema) {
				s.Domains, s.Table(ingot.TableName{Name: "more"}).Column("l").Type = nil, "text"
			}},
			mutation{"another name of an enum", "create enum mood2", false, func(s *ingot.Schema) { s.Enums[0].Name, s.Tables[1].Column("m").Enum = "mood2", "mood2" }},
			mutation{"another schema of an enum", "create enum other.mood", false, func(s *ingot.Schema) { s.Enums[0].Schema, s.Tables[1].Column("m").Enum = "other", "other.mood" }},
			mutation{"a schema more", "create schema other", true, func(s *ingot.Schema) { s.Schemas = []string{"other"} }},
			mutation{"another schema of a view", "create view other.v", false, func(s *ingot.Schema) { s.Views[0].Schema = "other" }},
			mutation{"another schema of a table", "create table other.more", false, func(s *ingot.Schema) { s.Table(ingot.TableName{Name: "more"}).Schema = "other" }},
		)
	}

	view := func(name, step string, change func(*ingot.View)) {
		list = append(list, mutation{name, step, step != "create view w", func(s *ingot.Schema) { change(&s.Views[0]) }})
	}
	for _, text := range []ingot.SQLText{"SELECT id, code FROM parent WHERE id > 6", "SELECT id, code FROM parent WHERE id >= 5", "SELECT id, code AS c FROM parent WHERE id > 5",
		"SELECT code, id FROM parent WHERE id > 5", "SELECT id, id AS code FROM parent WHERE id > 5", "SELECT DISTINCT id, code FROM parent WHERE id > 5", "SELECT id, code FROM parent"} {
		view("view "+string(text), "alter view v", func(v *ingot.View) { v.SQL = text })
	}
	view("a view under another name", "create view w", func(v *ingot.View) { v.Name = "w" })
	list = append(list, mutation{"a view less", "drop view v", true, func(s *ingot.Schema) { s.Views = nil }})

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

// unmutated are the attributes that the mutation law need not change, each with its reason.
var unmutated = map[string]string{
	"Schema.Unsupported": "what inspection does not understand is never touched",
	"Table.Was":          "says how to compare", "Column.Was": "says how to compare",
	"PrimaryKey.AnyName": "says how to compare", "Unique.AnyName": "says how to compare", "ForeignKey.AnyName": "says how to compare",
	"Check.AnyName": "says how to compare", "Index.AnyName": "says how to compare",
	"Index.Concurrently": "how an index is built, not what it is",
	"Option.Name":        "another name is another option: see Options",
}

// Every attribute of the model of schemas is changed by a mutation, on one database at least.
func TestTheMutationLawChangesEveryAttribute(t *testing.T) {
	changed := map[string]bool{}
	for _, name := range []string{"sqlite", "postgres", "mariadb"} {
		db := &database{target: targetNamed(name)}
		db.Server = db.dialect.(ingot.OfflineDialect).OfflineServer()
		base := mutationBase(db)
		for _, m := range mutations(db) {
			s := base.Clone()
			m.change(s)
			noteChanges(reflect.ValueOf(*base), reflect.ValueOf(*s), changed)
		}
	}
	for _, v := range []any{ingot.Schema{}, ingot.Table{}, ingot.Column{}, ingot.Identity{}, ingot.PrimaryKey{}, ingot.Unique{}, ingot.ForeignKey{},
		ingot.Check{}, ingot.Index{}, ingot.IndexPart{}, ingot.Enum{}, ingot.Sequence{}, ingot.Domain{}, ingot.Option{}, ingot.View{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			name := reflect.TypeOf(v).Name() + "." + f.Name
			if why, listed := unmutated[name]; f.IsExported() && changed[name] == listed {
				t.Errorf("%s: changed by a mutation: %v; listed: %q", name, changed[name], why)
			}
		}
	}
}

// noteChanges notes the attributes in which two values differ.
func noteChanges(a, b reflect.Value, changed map[string]bool) {
	switch a.Kind() {
	case reflect.Pointer:
		if !a.IsNil() && !b.IsNil() {
			noteChanges(a.Elem(), b.Elem(), changed)
		}
	case reflect.Slice:
		for i := range min(a.Len(), b.Len()) {
			noteChanges(a.Index(i), b.Index(i), changed)
		}
	case reflect.Struct:
		for i := range a.NumField() {
			f := a.Type().Field(i)
			if f.IsExported() && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
				changed[a.Type().Name()+"."+f.Name] = true
				noteChanges(a.Field(i), b.Field(i), changed)
			}
		}
	}
}
