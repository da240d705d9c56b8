package ingot

import (
	"strings"
	"testing"
)

// table builds a table with an integer key from definitions: "name type", with null and
// default behind it, or "!name type" for columns outside of the key table's first one.
func table(name string, columns ...string) Table {
	t := Table{Name: name, Columns: []Column{{Name: "id", Type: "integer"}}, PrimaryKey: PrimaryKey{Columns: []string{"id"}}}
	for _, text := range columns {
		x := Column{}
		words := strings.Fields(text)
		x.Name, x.Type = words[0], Type(words[1])
		for i, w := range words[2:] {
			switch w {
			case "null":
				x.Null = true
			case "default":
				x.Default = SQLText(words[2+i+1])
			case "was":
				x.Was = words[2+i+1]
			}
		}
		t.Columns = append(t.Columns, x)
	}
	return t
}

// was says what a table was before.
func was(t Table, name string) Table {
	t.Was = name
	return t
}

// with adds parts to a table.
func (t Table) with(parts ...any) Table {
	for _, p := range parts {
		switch p := p.(type) {
		case Unique:
			t.Uniques = append(t.Uniques, p)
		case ForeignKey:
			t.ForeignKeys = append(t.ForeignKeys, p)
		case Check:
			t.Checks = append(t.Checks, p)
		case Index:
			t.Indexes = append(t.Indexes, p)
		case PrimaryKey:
			t.PrimaryKey = p
		case Column:
			t.Columns = append(t.Columns, p)
		case string:
			t.Comment = p
		}
	}
	return t
}

// options adds options to a table.
func (t Table) options(names ...string) Table {
	for _, n := range names {
		t.Options = append(t.Options, Option{Name: n})
	}
	return t
}

func index(name string, columns ...string) Index {
	x := Index{Name: name}
	for _, c := range columns {
		x.Parts = append(x.Parts, IndexPart{Column: c})
	}
	return x
}

func uniqueIndex(name string, columns ...string) Index {
	x := index(name, columns...)
	x.Unique = true
	return x
}

func fk(name, column, to string) ForeignKey {
	return ForeignKey{Name: name, Columns: []string{column}, RefTable: to, RefColumns: []string{"id"}}
}

func schema(tables ...Table) *Schema { return &Schema{Tables: tables} }

// withViews adds views to a schema, name by name with their texts.
func withViews(s *Schema, namesAndTexts ...string) *Schema {
	for i := 0; i < len(namesAndTexts); i += 2 {
		s.Views = append(s.Views, View{Name: namesAndTexts[i], SQL: SQLText(namesAndTexts[i+1])})
	}
	return s
}

// change returns a foreign key with one thing set.
func (f ForeignKey) change(set func(*ForeignKey)) ForeignKey { set(&f); return f }

func TestCompareFindsTheStepsMeant(t *testing.T) {
	sqlite := plainDialect{name: "sqlite", traits: SchemaTraits{ForwardReferences: true, FoldTables: true, FoldNames: true}}
	postgres := plainDialect{name: "postgres", traits: SchemaTraits{MaxIdent: 63}}
	mysql := plainDialect{name: "mysql", traits: SchemaTraits{ForeignKeyIndexes: true, FoldNames: true}}
	long := strings.Repeat("ä", 40)
	for _, tt := range []struct {
		name     string
		from, to *Schema
		dialect  Dialect
		want     string
	}{
		{"a table comes, another goes",
			schema(table("old", "x integer").with(index("ix_old_x", "x"))),
			schema(table("new", "y varchar(20)").with(Unique{Name: "uq_new_y", Columns: []string{"y"}}, index("ix_new_y2", "y"))), nil,
			"create table new (id, y); create index ix_new_y2 on new (y); drop index ix_old_x on old (x); drop table old"},
		{"parents come before children, whatever the order",
			schema(), schema(table("child", "parent_id integer").with(fk("fk", "parent_id", "parent")), table("parent")), nil,
			"create table parent (id); create table child (id, parent_id)"},
		{"children go before parents",
			schema(table("parent"), table("child", "parent_id integer").with(fk("fk", "parent_id", "parent"))), schema(), nil,
			"drop table child; drop table parent"},
		{"a cycle is closed when its tables are there",
			schema(), schema(table("a", "b_id integer").with(fk("fk_a", "b_id", "b")), table("b", "a_id integer").with(fk("fk_b", "a_id", "a")), table("c", "a_id integer").with(fk("fk_c", "a_id", "a"))), nil,
			"create table a (id, b_id); create table b (id, a_id); create table c (id, a_id); add foreign key fk_a on a (b_id) to b (id)"},
		{"a cycle needs nothing where keys may refer forward",
			schema(), schema(table("a", "b_id integer").with(fk("fk_a", "b_id", "b")), table("b", "a_id integer").with(fk("fk_b", "a_id", "a"))), sqlite,
			"create table a (id, b_id); create table b (id, a_id)"},
		{"a cycle is opened before its tables go",
			schema(table("a", "b_id integer").with(fk("fk_a", "b_id", "b")), table("b", "a_id integer").with(fk("fk_b", "a_id", "a"))), schema(), nil,
			"drop foreign key fk_a on a (b_id) to b (id); drop table b; drop table a"},
		{"a mixed difference has the usual order",
			schema(table("user", "name varchar(50) null", "a1 text null", "pw varchar(50) null").with(index("pw_idx", "pw")),
				table("address", "email varchar(100)"),
				table("order", "amount numeric(8,2) default 0"),
				table("extra", "x char", "uid integer").with(fk("fk_extra", "uid", "user"))),
			schema(table("user", "name varchar(50)", "a1 text null default 'x'"),
				table("address", "email varchar(100)", "street varchar(50) null").with(Unique{Name: "uq_email", Columns: []string{"email"}}),
				table("order", "amount numeric(10,2) null default 0", "user_id integer null").with(fk("fk_order", "user_id", "user")),
				table("item", "description varchar(100)", "order_id integer").with(fk("fk_item", "order_id", "order"))), nil,
			`create table item (id, description, order_id); drop table extra;
			add column address.street varchar(50); add unique uq_email on address (email);
			add column order.user_id integer; alter column order.amount: type numeric(8,2) to numeric(10,2), not null to null; add foreign key fk_order on order (user_id) to user (id);
			alter column user.name: null to not null; alter column user.a1: default none to 'x'; drop index pw_idx on user (pw); drop column user.pw`},
		{"added columns keep the order of the model",
			schema(table("user", "name text")), schema(table("user", "username varchar(50)", "name text", "password_hash varchar(32)", "timestamp datetime")), nil,
			"add column user.username varchar(50) not null; add column user.password_hash varchar(32) not null; add column user.timestamp datetime not null"},
		{"the order of columns and parts says nothing",
			schema(table("t", "a text", "b text").with(index("i", "a"), index("j", "b"), Unique{Columns: []string{"a", "b"}}, Unique{Columns: []string{"a", "id"}})),
			schema(table("t", "b text", "a text").with(Unique{Columns: []string{"a", "id"}}, Unique{Columns: []string{"a", "b"}}, index("j", "b"), index("i", "a"))), nil, ""},
		{"the spelling of a type is the dialect's business", schema(table("t", "a VARCHAR(5)")), schema(table("t", "a varchar(5)")), sqlite, ""},
		{"without a dialect a type is its text", schema(table("t", "a VARCHAR(5)")), schema(table("t", "a varchar(5)")), nil, "alter column t.a: type VARCHAR(5) to varchar(5)"},
		{"a key's NULL says nothing", schema(table("t").with(PrimaryKey{Columns: []string{"id", "k"}}, Column{Name: "k", Type: "text", Null: true})),
			schema(table("t").with(PrimaryKey{Columns: []string{"id", "k"}}, Column{Name: "k", Type: "text"})), nil, ""},
		{"the order of a key matters", schema(table("t", "a text").with(PrimaryKey{Columns: []string{"id", "a"}})),
			schema(table("t", "a text").with(PrimaryKey{Columns: []string{"a", "id"}})), nil, "alter primary key of t: (id, a) to (a, id)"},
		{"DEFAULT NULL is none", schema(table("t", "a text null default NULL")), schema(table("t", "a text null")), nil, ""},

		{"a table is renamed", schema(table("user", "name text")), schema(Table{Name: "person", Was: "user", Columns: table("x", "name text").Columns, PrimaryKey: PrimaryKey{Columns: []string{"id"}}}), nil,
			"rename table user to person"},
		{"a column is renamed, and what names it with it",
			schema(table("t", "name text").with(index("ix_t_name", "name"), Check{Name: "ck", Expr: "name <> ''"})),
			schema(table("t", "full_name text was name").with(index("ix_t_name", "full_name"), Check{Name: "ck", Expr: "full_name <> ''"})), nil,
			"rename column t.name to full_name"},
		{"a rename that happened stays quiet", schema(table("t", "full_name text")), schema(table("t", "full_name text was name")), nil, ""},
		{"names are freed in turn", schema(table("t", "b text", "c text")), schema(table("t", "a text was b", "b text was c")), nil,
			"rename column t.b to a; rename column t.c to b"},
		{"two exchange their names", schema(table("t", "a text", "b integer")), schema(table("t", "a integer was b", "b text was a")), nil,
			"rename column t.b to b_was; rename column t.a to b; rename column t.b_was to a"},
		{"which happened, and stays quiet", schema(table("t", "a integer", "b text")), schema(table("t", "a integer was b", "b text was a")), nil, ""},
		{"or cannot be told from nothing", schema(table("t", "a text", "b text")), schema(table("t", "a text was b", "b text was a")), nil, ""},
		{"three do, and a spare name is taken", schema(table("t", "a text", "b integer", "c date", "c_was date")), schema(table("t", "a date was c", "b text was a", "c integer was b", "c_was date")), nil,
			"rename column t.c to c_was2; rename column t.b to c; rename column t.a to b; rename column t.c_was2 to a"},
		{"a chain that ends in two that do", schema(table("t", "a text", "b integer", "x text")), schema(table("t", "a integer was b", "b text was a", "y text was x")), nil,
			"rename column t.b to b_was; rename column t.a to b; rename column t.x to y; rename column t.b_was to a"},
		{"one that refers to two is none", schema(table("t", "a text", "b integer")), schema(table("t", "a integer was b", "b text was b")), nil,
			"alter column t.a: type text to integer; alter column t.b: type integer to text"},
		{"two tables exchange their names",
			schema(table("x", "a text").with(index("ix_a", "a")), table("y", "b integer"), table("z", "x_id integer").with(fk("fk", "x_id", "x"))),
			schema(was(table("x", "b integer"), "y"), was(table("y", "a text").with(index("ix_a", "a")), "x"), table("z", "x_id integer").with(fk("fk", "x_id", "y"))), nil,
			"rename table y to y_was; rename table x to y; rename table y_was to x"},
		{"which happened, too", schema(table("x", "b integer"), table("y", "a text")), schema(was(table("x", "b integer"), "y"), was(table("y", "a text"), "x")), nil, ""},
		{"views follow what they read from",
			withViews(schema(table("t", "a text")), "a", "SELECT a FROM b", "b", "SELECT a FROM t"),
			withViews(schema(table("t", "a text", "c text"), table("u")), "c", "SELECT a FROM u, d", "d", "SELECT a FROM t"), nil,
			"drop view a; drop view b; create table u (id); add column t.c text not null; create view d as SELECT a FROM t; create view c as SELECT a FROM u, d"},
		{"a view takes another text, and what reads from it comes again",
			withViews(schema(table("t", "a text")), "v", "SELECT a FROM t", "w", "SELECT a FROM v", "x", "SELECT 1"),
			withViews(schema(table("t", "a text")), "v", "SELECT a, id FROM t", "w", "SELECT a FROM v", "x", "SELECT 2"), nil,
			"drop view w; alter view v to SELECT a, id FROM t; create view w as SELECT a FROM v; alter view x to SELECT 2"},
		{"a column changes under a view, another beside it",
			withViews(schema(table("t", "a text", "b text")), "v", `SELECT "a" FROM t`, "w", "SELECT b FROM t"),
			withViews(schema(table("t", "a integer", "b text")), "v", `SELECT "a" FROM t`, "w", "SELECT b FROM t"), nil,
			`drop view v; alter column t.a: type text to integer; create view v as SELECT "a" FROM t`},
		{"a default is nothing to a view", withViews(schema(table("t", "a text")), "v", "SELECT * FROM t"), withViews(schema(table("t", "a text default 1")), "v", "SELECT * FROM t"), nil,
			"alter column t.a: default none to 1"},
		{"all columns are read by a star", withViews(schema(table("t", "a text")), "v", "SELECT * FROM t"), withViews(schema(table("t", "b text was a")), "v", "SELECT * FROM t"), nil,
			"drop view v; rename column t.a to b; create view v as SELECT * FROM t"},
		{"a table under a view is renamed", withViews(schema(table("t", "a text")), "v", "SELECT a FROM t"), withViews(schema(was(table("u", "a text"), "t")), "v", "SELECT a FROM u"), nil,
			"drop view v; rename table t to u; create view v as SELECT a FROM u"},
		{"a table becomes a view, and a view a table", withViews(schema(table("t")), "v", "SELECT 1"), withViews(schema(table("v")), "t", "SELECT 1"), nil,
			"drop view v; create table v (id); drop table t; create view t as SELECT 1"},
		{"an enum is made anew under a view",
			withViews(&Schema{Enums: []Enum{{Name: "mood", Values: []string{"a"}}, {Name: "size", Values: []string{"a"}}}}, "v", "SELECT 'a'::mood", "w", "SELECT 'a'::size"),
			withViews(&Schema{Enums: []Enum{{Name: "mood", Values: []string{"b"}}, {Name: "size", Values: []string{"a", "b"}}}}, "v", "SELECT 'a'::mood", "w", "SELECT 'a'::size"), nil,
			`drop view w; drop view v; alter enum mood: ["a"] to ["b"]; alter enum size: ["a"] to ["a" "b"]; create view v as SELECT 'a'::mood; create view w as SELECT 'a'::size`},
		{"a view without a text is left alone", withViews(schema(table("t", "a text")), "v", "SELECT a FROM t"), withViews(schema(table("t")), "v", "", "w", ""), nil, "drop column t.a"},
		{"an old name that goes on is no rename", schema(table("t", "b text")), schema(table("t", "a text was b", "b text")), nil, "add column t.a text not null"},
		{"rename and change", schema(table("t", "b text")), schema(table("t", "a text null was b")), nil, "rename column t.b to a; alter column t.a: not null to null"},

		{"a foreign key waits for the options of the tables it joins",
			schema(table("a"), table("b").options("unlogged")),
			schema(table("a", "b_id integer").with(fk("fk", "b_id", "b")), table("b")), postgres,
			"add column a.b_id integer not null; alter table b: options (unlogged) to (); add foreign key fk on a (b_id) to b (id)"},
		{"and goes before they change",
			schema(table("a", "b_id integer").with(fk("fk", "b_id", "b")), table("b")),
			schema(table("a", "b_id integer"), table("b").options("unlogged")), postgres,
			"drop foreign key fk on a (b_id) to b (id); alter table b: options () to (unlogged)"},
		{"a name that another part has only kept is given back",
			schema(table("t", "a integer", "b integer").with(index("ix_t_a", "a"))),
			schema(table("t", "a integer", "b integer").with(index("ix_t_a", "b"), Index{Name: "ix_t_b", AnyName: true, Parts: []IndexPart{{Column: "a"}}})), nil,
			"drop index ix_t_a on t (a); create index ix_t_a on t (b); create index ix_t_b on t (a)"},

		{"an index becomes a named unique constraint", schema(table("t", "a text").with(index("ix", "a"))), schema(table("t", "a text").with(Unique{Name: "uq", Columns: []string{"a"}})), nil,
			"drop index ix on t (a); add unique uq on t (a)"},
		{"the same name, another definition",
			schema(table("t", "a text", "b text").with(index("i", "a"), Unique{Name: "u", Columns: []string{"a"}})),
			schema(table("t", "a text", "b text").with(uniqueIndex("i", "a"), Unique{Name: "u", Columns: []string{"a", "b"}})), nil,
			"drop index i on t (a); drop unique u on t (a); add unique u on t (a, b); create unique index i on t (a)"},
		{"case of names counts", schema(table("t", "a text").with(index("SomeName", "a"))), schema(table("t", "a text").with(index("somename", "a"))), postgres,
			"drop index SomeName on t (a); create index somename on t (a)"},
		{"case of names is folded", schema(table("T", "A text").with(index("SomeName", "A"))), schema(table("t", "a text").with(index("somename", "a"))), sqlite, ""},
		{"a name is cut by the database", schema(table("t", "a text").with(index(long[:62], "a"))), schema(table("t", "a text").with(index(long, "a"))), postgres, ""},
		{"the order in an index matters", schema(table("t", "x text", "y text").with(index("i", "x", "y"), Unique{Name: "u", Columns: []string{"x", "y"}})),
			schema(table("t", "x text", "y text").with(index("i", "y", "x"), Unique{Name: "u", Columns: []string{"y", "x"}})), nil,
			"drop index i on t (x, y); drop unique u on t (x, y); add unique u on t (y, x); create index i on t (y, x)"},
		{"a predicate matters", schema(table("t", "a text").with(Index{Name: "i", Parts: []IndexPart{{Column: "a"}}, Where: "active"})),
			schema(table("t", "a text").with(Index{Name: "i", Parts: []IndexPart{{Column: "a"}}, Where: "active and a <> ''"})), nil,
			"drop index i on t (a) where active; create index i on t (a) where active and a <> ''"},
		{"text the dialect calls the same is", schema(table("t", "a text").with(Index{Name: "i", Parts: []IndexPart{{Expr: "LOWER(a)"}}, Where: "A > 0"})),
			schema(table("t", "a text").with(Index{Name: "i", Parts: []IndexPart{{Expr: "lower(a)"}}, Where: "a > 0"})), postgres, ""},
		{"an index moves to another table under its name", schema(table("a", "x text"), table("b", "x text").with(index("i", "x"))),
			schema(table("a", "x text").with(index("i", "x")), table("b", "x text")), nil,
			"drop index i on b (x); create index i on a (x)"},
		{"a removed table's names are free for a new one", schema(table("a", "x text").with(Unique{Name: "u", Columns: []string{"x"}})),
			schema(table("b", "x text").with(Unique{Name: "u", Columns: []string{"x"}})), nil, "drop table a; create table b (id, x)"},
		{"a name by convention only does not churn", schema(table("t", "a text").with(Unique{Name: "t_a_key", Columns: []string{"a"}}, index("by_hand", "a"))),
			schema(table("t", "a text").with(Unique{Name: "uq_t_a", Columns: []string{"a"}, AnyName: true}, Index{Name: "ix_t_a", Parts: []IndexPart{{Column: "a"}}, AnyName: true})), nil, ""},
		{"a name that was asked for does", schema(table("t", "a text").with(Unique{Name: "t_a_key", Columns: []string{"a"}})),
			schema(table("t", "a text").with(Unique{Name: "uq_t_a", Columns: []string{"a"}})), nil, "drop unique t_a_key on t (a); add unique uq_t_a on t (a)"},

		{"foreign keys come and go", schema(table("a"), table("b", "x integer", "y integer").with(fk("f1", "x", "a"))), schema(table("a"), table("b", "x integer", "y integer").with(fk("f2", "y", "a"))), nil,
			"drop foreign key f1 on b (x) to a (id); add foreign key f2 on b (y) to a (id)"},
		{"pairs of columns may stand in any order",
			schema(table("a"), table("b", "x integer", "y integer").with(ForeignKey{Name: "f", Columns: []string{"x", "y"}, RefTable: "a", RefColumns: []string{"id", "k"}})),
			schema(table("a"), table("b", "x integer", "y integer").with(ForeignKey{Name: "f", Columns: []string{"y", "x"}, RefTable: "a", RefColumns: []string{"k", "id"}})), nil, ""},
		{"an action matters, its case does not",
			schema(table("a"), table("b", "x integer", "y integer").with(fk("f", "x", "a").change(func(f *ForeignKey) { f.OnDelete = "caSCAde"; f.OnUpdate = "no action" }), fk("g", "y", "a"))),
			schema(table("a"), table("b", "x integer", "y integer").with(fk("f", "x", "a").change(func(f *ForeignKey) { f.OnDelete = "CASCADE" }), fk("g", "y", "a").change(func(f *ForeignKey) { f.OnDelete = "SET NULL" }))), nil,
			"drop foreign key g on b (y) to a (id); add foreign key g on b (y) to a (id) on delete set null"},
		{"deferrable matters", schema(table("a", "x integer").with(fk("f", "x", "a"))), schema(table("a", "x integer").with(fk("f", "x", "a").change(func(f *ForeignKey) { f.Deferrable = DeferrableInitiallyDeferred }))), nil,
			"drop foreign key f on a (x) to a (id); add foreign key f on a (x) to a (id) deferrable initially deferred"},
		{"what was not validated is", schema(table("a", "x integer").with(fk("f", "x", "a").change(func(f *ForeignKey) { f.NotValid = true }), Check{Name: "c", Expr: "x > 0", NotValid: true})),
			schema(table("a", "x integer").with(fk("f", "x", "a"), Check{Name: "c", Expr: "x > 0"})), nil, "validate constraint f on a; validate constraint c on a"},
		{"two that are alike are two", schema(table("a", "x integer").with(fk("f", "x", "a"), fk("g", "x", "a"))), schema(table("a", "x integer").with(fk("f", "x", "a"))), nil,
			"drop foreign key g on a (x) to a (id)"},
		{"a key that changes takes its foreign keys off",
			schema(table("a", "x integer").with(Unique{Name: "u1", Columns: []string{"x"}}), table("b", "ax integer").with(ForeignKey{Name: "f", Columns: []string{"ax"}, RefTable: "a", RefColumns: []string{"x"}})),
			schema(table("a", "x integer").with(Unique{Name: "u2", Columns: []string{"x"}}), table("b", "ax integer").with(ForeignKey{Name: "f", Columns: []string{"ax"}, RefTable: "a", RefColumns: []string{"x"}})), nil,
			"drop foreign key f on b (ax) to a (x); drop unique u1 on a (x); add unique u2 on a (x); add foreign key f on b (ax) to a (x)"},
		{"a foreign key waits for the key it refers to",
			schema(table("b", "x integer"), table("c", "x integer")),
			schema(table("b", "x integer").with(Unique{Name: "u", Columns: []string{"x"}}), table("a", "x integer").with(ForeignKey{Name: "f", Columns: []string{"x"}, RefTable: "b", RefColumns: []string{"x"}}),
				table("c", "x integer").with(ForeignKey{Name: "g", Columns: []string{"x"}, RefTable: "b", RefColumns: []string{"x"}})), nil,
			"create table a (id, x); add unique u on b (x); add foreign key g on c (x) to b (x); add foreign key f on a (x) to b (x)"},
		{"a foreign key to a removed table goes first", schema(table("a"), table("b", "x integer").with(fk("f", "x", "a"))), schema(table("b", "x integer")), nil,
			"drop foreign key f on b (x) to a (id); drop table a"},
		{"the index a foreign key brought is no difference", schema(table("a"), table("b", "x integer").with(fk("f", "x", "a"), index("f", "x"))), schema(table("a"), table("b", "x integer").with(fk("f", "x", "a"))), mysql, ""},
		{"without its foreign key it is", schema(table("a"), table("b", "x integer").with(fk("f", "x", "a"), index("f", "x"))), schema(table("a"), table("b", "x integer")), mysql,
			"drop foreign key f on b (x) to a (id); drop index f on b (x)"},

		{"a check comes, changes and goes", schema(table("t", "a integer").with(Check{Name: "c1", Expr: "a > 1"}, Check{Name: "c2", Expr: "a > 2"})),
			schema(table("t", "a integer").with(Check{Name: "c2", Expr: "a > 3"}, Check{Name: "c3", Expr: "a > 4"})), nil,
			"drop check c1 on t (a > 1); drop check c2 on t (a > 2); add check c3 on t (a > 4); add check c2 on t (a > 3)"},
		{"a check without a name is known by its text", schema(table("t", "a integer").with(Check{Expr: "a > 1"})), schema(table("t", "a integer").with(Check{Name: "ck_t_a", Expr: "a > 1", AnyName: true})), nil, ""},
		{"a check over a column that changes goes before", schema(table("t", "a integer").with(Check{Name: "c", Expr: "a > 1"})), schema(table("t", "a text").with(Check{Name: "c", Expr: "a > '1'"})), nil,
			"drop check c on t (a > 1); alter column t.a: type integer to text; add check c on t (a > '1')"},
		{"comments", schema(table("t", "a text").with("old")), schema(table("t", "a text").with("new")), nil, `alter table t: comment "old" to "new"`},
		{"generated columns come last and go first",
			schema(table("t", "a text").with(Column{Name: "g", Type: "text", Generated: "upper(a)"})),
			schema(table("t").with(Column{Name: "h", Type: "text", Generated: "upper(b)"}, Column{Name: "b", Type: "text"})), nil,
			"add column t.b text not null; add column t.h text not null generated upper(b); drop column t.g; drop column t.a"},
		{"an enum whose schema needs quotes is made anew under a view of its column",
			withViews(&Schema{Schemas: []string{`a "b`}, Enums: []Enum{{Schema: `a "b`, Name: "m", Values: []string{"a"}}}, Tables: []Table{table("t").with(Column{Name: "x", Enum: `a "b.m`})}}, "v", "SELECT x FROM t"),
			withViews(&Schema{Schemas: []string{`a "b`}, Enums: []Enum{{Schema: `a "b`, Name: "m", Values: []string{"b"}}}, Tables: []Table{table("t").with(Column{Name: "x", Enum: `a "b.m`})}}, "v", "SELECT x FROM t"), nil,
			`drop view v; alter enum a "b.m: ["a"] to ["b"]; create view v as SELECT x FROM t`},
		{"an enum gains a value before, and loses it after",
			&Schema{Enums: []Enum{{Name: "m", Values: []string{"a"}}, {Name: "n", Values: []string{"a", "b"}}, {Name: "gone"}}, Tables: []Table{table("t")}},
			&Schema{Enums: []Enum{{Name: "m", Values: []string{"a", "b"}}, {Name: "n", Values: []string{"b"}}}, Tables: []Table{table("t", "x text null")}}, nil,
			`alter enum m: ["a"] to ["a" "b"]; add column t.x text; alter enum n: ["a" "b"] to ["b"]; drop enum gone`},
		{"an enum may be named like any type", &Schema{Enums: []Enum{{Name: "m", Values: []string{"a"}}}, Tables: []Table{table("t").with(Column{Name: "x", Enum: "m"})}},
			schema(table("t", "x m")), postgres, ""},
		{"schemas frame everything", &Schema{Schemas: []string{"old"}, Tables: []Table{{Schema: "old", Name: "t"}}}, &Schema{Schemas: []string{"new"}, Tables: []Table{{Schema: "new", Name: "t"}}}, nil,
			"create schema new; drop table old.t; create table new.t (); drop schema old"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			steps := Compare(tt.from, tt.to, CompareDialect(tt.dialect))
			var lines []string
			for _, s := range steps {
				lines = append(lines, s.String())
			}
			got := strings.Join(lines, "; ")
			if want := strings.Join(strings.Fields(tt.want), " "); got != want {
				t.Errorf("Compare gives\n%s, want\n%s", strings.ReplaceAll(got, "; ", "\n"), strings.ReplaceAll(want, "; ", "\n"))
			}
			after := tt.from.Clone()
			if err := after.ApplySteps(steps); err != nil {
				t.Fatal(err)
			}
			if again := Compare(after, tt.to, CompareDialect(tt.dialect)); len(again) > 0 {
				t.Errorf("after the steps there is more to do:\n%s", listing(again))
			}
		})
	}
}

func TestCompareLeavesAloneWhatIsNotOwned(t *testing.T) { // SC-07
	from := schema(table("ours"), table("theirs"), table("t", "a text").with(index("made_by_hand", "a")))
	owned := CompareOwned(func(o Object) bool { return o.Kind == ObjectTable && o.Table.Name == "ours" })
	if got := listing(Compare(from, schema(table("t", "a text")), owned)); got != "drop table ours\n" {
		t.Errorf("Compare gives %s", got)
	}
}

func TestCompareLeavesOutWhatTheFilterDenies(t *testing.T) { // FK-07
	from := schema(table("out", "a text"))
	to := schema(table("out", "b text"), table("child", "x integer").with(fk("f", "x", "out")))
	steps := Compare(from, to, CompareOnly(func(o Object) bool { return o.Table.Name != "out" }))
	if got := listing(steps); got != "create table child (id, x)\n" || len(steps[0].(CreateTable).Table.ForeignKeys) != 1 {
		t.Errorf("Compare gives %s", got)
	}
}

func TestCompareAsksForTextsItCannotJudge(t *testing.T) {
	from := schema(table("t").with(Check{Name: "c", Expr: "(a = ANY (ARRAY[1]))"}))
	to := schema(table("t").with(Check{Name: "c", Expr: "a IN (1)"}))
	var asked []TextPair
	steps := Compare(from, to, CompareText(func(p TextPair) bool { asked = append(asked, p); return true }))
	want := TextPair{Object{ObjectCheck, TableName{Name: "t"}, "c"}, "check", "(a = ANY (ARRAY[1]))", "a IN (1)"}
	if len(steps) != 0 || len(asked) == 0 || asked[0] != want {
		t.Errorf("Compare gives %v and asked %v", steps, asked)
	}
}

func TestCompareTakesAsItIsWhatModelsCannotSay(t *testing.T) {
	type Item struct {
		_    struct{} `ingot:"table:item"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"index"`
	}
	d := plainDialect{name: "postgres"}
	to, err := MustModels(Item{}).Schema(d)
	if err != nil {
		t.Fatal(err)
	}
	from := to.Clone()
	from.modeled = false
	from.Sequences = []Sequence{{Name: "number"}}
	item := &from.Tables[0]
	item.Options = []Option{{"fillfactor", "70"}}
	item.Columns[0].Identity = &Identity{Start: 7}
	item.Columns[1].OnUpdate = "CURRENT_TIMESTAMP"
	item.Indexes[0].Parts[0].OpClass = "text_pattern_ops"
	item.Indexes[0].Name = "by_hand"
	if steps := Compare(from, to, CompareDialect(d)); len(steps) > 0 {
		t.Errorf("Compare gives %s", listing(steps))
	}
	item.Columns[1].Type = "integer"
	steps := Compare(from, to, CompareDialect(d))
	if len(steps) != 1 || steps[0].(AlterColumn).New.OnUpdate != "CURRENT_TIMESTAMP" {
		t.Errorf("Compare gives %+v", steps)
	}
	if steps := Compare(from, &Schema{Tables: to.Tables}, CompareDialect(d)); len(steps) != 6 {
		t.Errorf("a schema that says everything differs: %s", listing(steps))
	}
}

func TestWhatAViewReadsFrom(t *testing.T) {
	for _, tt := range []struct {
		text string
		is   bool
	}{
		{"SELECT a FROM t", true},
		{"select a from T", true},
		{`SELECT a FROM "t"`, true},
		{"SELECT a FROM `t`", true},
		{"SELECT a FROM s.t x", true},
		{"SELECT t FROM u", false},
		{"SELECT a, t FROM u", false},
		{"SELECT a FROM u, t", true},
		{"SELECT a FROM u WHERE t > 1 ORDER BY a, t", false},
		{"SELECT a FROM u JOIN v ON u.t = v.t", false},
		{"SELECT a FROM u JOIN v ON f(u.x, t) AND v.t = 1", false},
		{"SELECT a FROM u JOIN v ON u.x = v.x, t", true},
		{"SELECT a FROM u JOIN v USING (x) JOIN t USING (x)", true},
		{"SELECT a FROM (u JOIN t ON true)", true},
		{"SELECT (SELECT max(b) FROM t), 't'", true},
		{"SELECT a FROM u WHERE a IN (SELECT b FROM t)", true},
		{"SELECT 1 UNION SELECT a FROM t", true},
		{"WITH x AS (SELECT a FROM t) SELECT a FROM x", true},
		{"TABLE t", true},
		{"SELECT 'FROM t' -- FROM t", false},
	} {
		if is := readsFrom(SQLText(tt.text), "t"); is != tt.is {
			t.Errorf("readsFrom(%q, t) = %v, want %v", tt.text, is, tt.is)
		}
	}
}
