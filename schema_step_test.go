package ingot

import (
	"reflect"
	"testing"
)

// stepSchema is a schema to try steps on.
func stepSchema() *Schema {
	return &Schema{Tables: []Table{
		{Name: "user", Columns: []Column{{Name: "id", Type: "bigint", Auto: true}, {Name: "name", Type: "varchar(30)"},
			{Name: "a", Type: "integer"}, {Name: "b", Type: "integer", Null: true}},
			PrimaryKey: PrimaryKey{Columns: []string{"id"}},
			Uniques:    []Unique{{Name: "uq_user_name", Columns: []string{"name"}}, {Name: "uq_ab", Columns: []string{"a", "b"}}},
			Checks:     []Check{{Name: "ck_name", Expr: `name <> 'name' AND "name" <> '' AND name (1) = 1`}},
			Indexes:    []Index{{Name: "ix_user_b", Parts: []IndexPart{{Column: "b"}}, Where: "b > 0"}}},
		{Name: "order", Columns: []Column{{Name: "id", Type: "bigint"}, {Name: "user_id", Type: "bigint"}},
			PrimaryKey:  PrimaryKey{Columns: []string{"id"}},
			ForeignKeys: []ForeignKey{{Name: "fk_order_user", Columns: []string{"user_id"}, RefTable: "user", RefColumns: []string{"id"}}}},
	}, Views: []View{{Name: "ids", SQL: "SELECT 1"}}}
}

func TestApplyAndReverseGiveBackTheSchema(t *testing.T) {
	user := TableName{Name: "user"}
	for _, tt := range []struct {
		step Step
		text string
	}{
		{CreateSchema{"shop"}, "create schema shop"},
		{CreateEnum{Enum{Name: "mood", Values: []string{"ok", "sad"}}}, `create enum mood ["ok" "sad"]`},
		{CreateSequence{Sequence{Name: "number", Start: 5}}, "create sequence number"},
		{CreateView{View{Name: "names", SQL: "SELECT name\n\tFROM \"user\""}}, `create view names as SELECT name FROM "user"`},
		{AlterView{View{Name: "ids", SQL: "SELECT 1"}, View{Name: "ids", SQL: "SELECT 2"}}, "alter view ids to SELECT 2"},
		{CreateTable{Table{Schema: "shop", Name: "item", Columns: []Column{{Name: "id", Type: "bigint"}}}}, "create table shop.item (id)"},
		{RenameTable{From: "user", To: "person"}, "rename table user to person"},
		{AlterTable{Table: user, NewComment: "who", NewOptions: []Option{{"strict", ""}}}, `alter table user: comment "" to "who", options () to (strict)`},
		{AddColumn{user, Column{Name: "age", Type: "integer", Default: "0"}}, "add column user.age integer not null default 0"},
		{RenameColumn{user, "name", "full_name"}, "rename column user.name to full_name"},
		{AlterColumn{Table: user, Old: Column{Name: "a", Type: "integer"}, New: Column{Name: "a", Type: "text", Null: true}, Using: "a::text"},
			"alter column user.a: type integer to text, not null to null using a::text"},
		{AlterPrimaryKey{user, PrimaryKey{Columns: []string{"id"}}, PrimaryKey{Columns: []string{"id", "a"}}}, "alter primary key of user: (id) to (id, a)"},
		{AddUnique{user, Unique{Name: "uq_a", Columns: []string{"a"}}}, "add unique uq_a on user (a)"},
		{AddUnique{user, Unique{Columns: []string{"a"}}}, "add unique on user (a)"},
		{AddForeignKey{user, ForeignKey{Name: "fk_b", Columns: []string{"b"}, RefTable: "order", RefColumns: []string{"id"}, OnDelete: "SET NULL"}},
			"add foreign key fk_b on user (b) to order (id) on delete set null"},
		{AddUnique{user, Unique{Name: "uq_a", Columns: []string{"a"}, NullsNotDistinct: true, Deferrable: DeferrableInitiallyDeferred}}, "add unique uq_a on user (a) nulls not distinct deferrable initially deferred"},
		{AddForeignKey{user, ForeignKey{Name: "fk_b", Columns: []string{"b"}, RefTable: "order", RefColumns: []string{"id"}, OnUpdate: "CASCADE", Match: "FULL", Deferrable: DeferrableInitiallyImmediate, NotValid: true}},
			"add foreign key fk_b on user (b) to order (id) on update cascade match full deferrable not valid"},
		{AddCheck{user, Check{Name: "ck_a", Expr: "a > 0"}}, "add check ck_a on user (a > 0)"},
		{AddCheck{user, Check{Name: "ck_a", Expr: "a > 0", NotValid: true}}, "add check ck_a on user (a > 0) not valid"},
		{RenamePart{user, ObjectIndex, "ix_user_b", "ix_b"}, "rename index ix_user_b on user to ix_b"},
		{RenamePart{user, ObjectUnique, "uq_ab", "uq_ba"}, "rename unique uq_ab on user to uq_ba"},
		{RenamePart{user, ObjectCheck, "ck_name", "ck_n"}, "rename check ck_name on user to ck_n"},
		{RenamePart{TableName{Name: "order"}, ObjectForeignKey, "fk_order_user", "fk_o"}, "rename foreign key fk_order_user on order to fk_o"},
		{CreateIndex{user, Index{Name: "ix_a", Unique: true, Parts: []IndexPart{{Column: "a", Desc: true}, {Expr: "lower(name)"}}, Where: "a > 0"}},
			"create unique index ix_a on user (a desc, lower(name)) where a > 0"},
		{CreateIndex{user, Index{Name: "ix_a", Unique: true, Parts: []IndexPart{{Column: "a", Nulls: "FIRST"}}, Using: "BTREE", Include: []string{"b"}, NullsNotDistinct: true}},
			"create unique index ix_a on user using btree (a nulls first) include (b) nulls not distinct"},
		{Exec{SQL: "CREATE TABLE\n\tx (y int)", Down: "DROP TABLE x", State: []Step{CreateTable{Table{Name: "x", Columns: []Column{{Name: "y", Type: "integer"}}}}}},
			"exec CREATE TABLE x (y int)"},
	} {
		if got := tt.step.String(); got != tt.text {
			t.Errorf("String() = %q, want %q", got, tt.text)
		}
		s := stepSchema()
		if err := s.Apply(tt.step); err != nil {
			t.Error(err)
			continue
		}
		if reflect.DeepEqual(s, stepSchema()) {
			t.Errorf("%s: changed nothing", tt.step)
		}
		if back := tt.step.Reverse().Reverse(); back.String() != (tt.text) && tt.text[:5] != "alter" {
			t.Errorf("Reverse().Reverse() = %s, want %s", back, tt.step)
		}
		if err := s.Apply(tt.step.Reverse()); err != nil {
			t.Error(err)
		}
		if got, want := schemaText(t, s), schemaText(t, stepSchema()); got != want {
			t.Errorf("%s: reversed gives\n%s, want\n%s", tt.step, got, want)
		}
	}
}

// schemaText is a schema as canonical text, for comparing.
func schemaText(t testing.TB, s *Schema) string {
	t.Helper()
	var steps []Step
	for _, name := range s.Schemas {
		steps = append(steps, CreateSchema{name})
	}
	for _, e := range s.Enums {
		steps = append(steps, CreateEnum{e})
	}
	for _, q := range s.Sequences {
		steps = append(steps, CreateSequence{q})
	}
	for _, x := range s.Tables {
		steps = append(steps, CreateTable{x})
	}
	for _, v := range s.Views {
		steps = append(steps, CreateView{v})
	}
	text, err := EncodeSteps(steps)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestApplyRenamesInsideExpressions(t *testing.T) {
	s := stepSchema()
	if err := s.Apply(RenameColumn{TableName{Name: "user"}, "name", "title"}); err != nil {
		t.Fatal(err)
	}
	user := s.Table(TableName{Name: "user"})
	want := SQLText(`title <> 'name' AND "title" <> '' AND name (1) = 1`)
	if got := user.Checks[0].Expr; got != want {
		t.Errorf("check is %s, want %s", got, want)
	}
	if got := user.Uniques[0].Columns[0]; got != "title" {
		t.Errorf("unique is on %s, want title", got)
	}
	if err := s.Apply(RenameTable{From: "user", To: "person"}); err != nil {
		t.Fatal(err)
	}
	if got := s.Table(TableName{Name: "order"}).ForeignKeys[0].RefTable; got != "person" {
		t.Errorf("foreign key refers to %s, want person", got)
	}
}

func TestApplyDropsAColumnWithWhatStandsOnItAlone(t *testing.T) {
	s := &Schema{Tables: []Table{{Name: "t", Columns: []Column{{Name: "id", Type: "bigint"}, {Name: "length", Type: "integer"}, {Name: "name", Type: "text"}},
		Checks:  []Check{{Name: "ck_length", Expr: `"length" > 0`}, {Name: "ck_name", Expr: "length(name) > 0"}},
		Indexes: []Index{{Name: "ix", Parts: []IndexPart{{Expr: "abs(length)"}}}}}}}
	name := TableName{Name: "t"}
	if err := s.Apply(DropColumn{name, Column{Name: "length"}}); err != nil {
		t.Fatal(err)
	}
	if x := s.Table(name); len(x.Checks) != 1 || x.Checks[0].Name != "ck_name" || len(x.Indexes) != 0 {
		t.Errorf("what is left: %+v", x)
	}
	if err := s.Apply(CreateIndex{name, Index{Name: "ix", Parts: []IndexPart{{Column: "id"}}, Where: "name <> ''"}}); err != nil {
		t.Fatal(err)
	}
	const want = "ingot: drop column t.name: index ix of table t stands on column name and others: drop it first"
	if err := s.Apply(DropColumn{name, Column{Name: "name"}}); err == nil || err.Error() != want {
		t.Errorf("Apply = %v, want %s", err, want)
	}
}

// A column may be called as a type, a field of a time or a word that only its place makes one.
func TestAColumnIsToldFromTheWordsOfItsName(t *testing.T) {
	for _, tt := range []struct{ column, text, want string }{
		{"text", "lower((title)::text) <> text", "lower((title)::text) <> new"},
		{"text", "CAST(text AS text) = (text)::character varying(9)", "CAST(new AS text) = (new)::character varying(9)"},
		{"precision", "CAST(precision AS double precision) > precision::double precision", "CAST(new AS double precision) > new::double precision"},
		{"mood", "(mood)::public.mood = ANY (ARRAY['a'::mood, mood])", "(new)::public.mood = ANY (ARRAY['a'::mood, new])"},
		{"time", "(at AT TIME ZONE 'UTC'::text)::timestamp(3) with time zone < time", "(at AT TIME ZONE 'UTC'::text)::timestamp(3) with time zone < new"},
		{"at", "(at AT TIME ZONE zone) > now()", "(new AT TIME ZONE zone) > now()"},
		{"year", "EXTRACT(year FROM born) = year AND year::interval year to month > x", "EXTRACT(year FROM born) = new AND new::interval year to month > x"},
		{"date", "date > date '2000-01-01' AND date(date) > 1", "new > date '2000-01-01' AND date(new) > 1"},
		{"end", `CASE WHEN "end" > 0 THEN "end" ELSE 1 END`, `CASE WHEN "new" > 0 THEN "new" ELSE 1 END`},
		{"end", "CASE WHEN a THEN CASE b WHEN 1 THEN 2 END END < end", "CASE WHEN a THEN CASE b WHEN 1 THEN 2 END END < new"},
		{"in", "`in` in (1, 2)", "`new` in (1, 2)"},
		{"nocase", "nocase = name COLLATE nocase", "new = name COLLATE nocase"},
		{"public", "public.f(public) = (row).public", "public.f(new) = (row).public"},
		{"tag", "tags[tag] = ANY (ARRAY[[tag, 'x'], [tag, '[tag]']]) OR [tag] > [a b]", "tags[new] = ANY (ARRAY[[new, 'x'], [new, '[tag]']]) OR [new] > [a b]"},
		{"t", "t.a > t -- t\n/* t */", "t.a > new -- t\n/* t */"},
	} {
		if got := renameIdent(SQLText(tt.text), tt.column, "new"); string(got) != tt.want {
			t.Errorf("renaming %s in %s\n got %s\nwant %s", tt.column, tt.text, got, tt.want)
		}
	}
}

func TestApplyNamesWhatIsMissing(t *testing.T) {
	user, nobody := TableName{Name: "user"}, TableName{Name: "nobody"}
	for _, tt := range []struct {
		step Step
		want string
	}{
		{DropTable{Table{Name: "nobody"}}, "ingot: drop table nobody: there is no table nobody"},
		{CreateTable{Table{Name: "user"}}, "ingot: create table user (): table user already exists"},
		{CreateTable{Table{Name: "x", PrimaryKey: PrimaryKey{Columns: []string{"y"}}}}, "ingot: create table x (): table x has no column y"},
		{AddColumn{nobody, Column{Name: "x", Type: "text"}}, "ingot: add column nobody.x text not null: there is no table nobody"},
		{AddColumn{user, Column{Name: "name", Type: "text"}}, "ingot: add column user.name text not null: table user already has column name"},
		{DropColumn{user, Column{Name: "x"}}, "ingot: drop column user.x: table user has no column x"},
		{DropColumn{user, Column{Name: "a"}}, "ingot: drop column user.a: unique uq_ab of table user stands on column a and others: drop it first"},
		{DropColumn{user, Column{Name: "id"}}, "ingot: drop column user.id: foreign key fk_order_user of table order refers to column id: drop it first"},
		{RenameColumn{user, "a", "b"}, "ingot: rename column user.a to b: table user already has column b"},
		{DropIndex{user, Index{Name: "ix"}}, "ingot: drop index ix on user (): there is no index ix of table user"},
		{DropUnique{user, Unique{Columns: []string{"b"}}}, "ingot: drop unique on user (b): there is no unique (b) of table user"},
		{AddUnique{user, Unique{Name: "uq", Columns: []string{"x"}}}, "ingot: add unique uq on user (x): table user has no column x"},
		{CreateIndex{user, Index{Name: "ix_user_b"}}, "ingot: create index ix_user_b on user (): table user already has ix_user_b"},
		{ValidateConstraint{user, "ck"}, "ingot: validate constraint ck on user: table user has no foreign key or check ck"},
		{&RenameTable{}, "ingot: rename table  to : *ingot.RenameTable is not a step: give steps as values, not as pointers"},
		{Exec{SQL: "x", State: []Step{DropSchema{"a"}}}, "ingot: exec x: drop schema a: there is no schema a"},
	} {
		s := stepSchema()
		err := s.Apply(tt.step)
		if err == nil || err.Error() != tt.want {
			t.Errorf("Apply = %v, want %s", err, tt.want)
		}
		if !reflect.DeepEqual(s, stepSchema()) {
			t.Errorf("%s: the schema changed though the step failed", tt.step)
		}
	}
}

func TestReverseStepsStopsAtWhatNothingUndoes(t *testing.T) {
	for _, s := range []Step{Exec{SQL: "x"}, Do{Name: "fill"}} {
		if _, err := ReverseSteps([]Step{CreateSchema{"a"}, s}); err == nil {
			t.Errorf("ReverseSteps(%s) has no error", s)
		}
	}
	down, err := ReverseSteps([]Step{CreateSchema{"a"}, ValidateConstraint{Name: "x"}, CreateSchema{"b"}})
	if err != nil || len(down) != 2 || down[0] != (DropSchema{"b"}) {
		t.Errorf("ReverseSteps = %v, %v", down, err)
	}
}

func TestDestroysNamesTheData(t *testing.T) {
	user := TableName{Name: "user"}
	for _, tt := range []struct {
		step Step
		want string
	}{
		{DropTable{Table{Name: "user"}}, "the rows of table user"},
		{DropColumn{user, Column{Name: "a"}}, "the values of column user.a"},
		{DropColumn{user, Column{Name: "a", Generated: "b + 1"}}, ""},
		{AlterColumn{Table: user, Old: Column{Name: "a", Type: "varchar(30)"}, New: Column{Name: "a", Type: "varchar(20)"}}, "what is longer than 20 in column user.a"},
		{AlterColumn{Table: user, Old: Column{Name: "a", Type: "text"}, New: Column{Name: "a", Type: "varchar(20)"}}, "what is longer than 20 in column user.a"},
		{AlterColumn{Table: user, Old: Column{Name: "a", Type: "varchar(20)"}, New: Column{Name: "a", Type: "varchar(30)"}}, ""},
		{AlterEnum{Enum{Name: "m", Values: []string{"a", "b"}}, Enum{Name: "m", Values: []string{"b"}}}, `the values "a" of enum m`},
	} {
		if got := Destroys(tt.step); got != tt.want {
			t.Errorf("Destroys(%s) = %q, want %q", tt.step, got, tt.want)
		}
	}
}
