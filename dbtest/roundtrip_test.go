package dbtest

import (
	"reflect"
	"slices"
	"testing"

	"ingot"
)

// schemaDialect is the schema side of the database's dialect.
func (db *database) schemaDialect(t testing.TB) ingot.SchemaDialect {
	t.Helper()
	d, ok := db.dialect.(ingot.SchemaDialect)
	if !ok {
		t.Skipf("%s has no schema side yet", db.name)
	}
	return d
}

// run applies steps to the database, and returns the schema they leave.
func (db *database) run(t testing.TB, before *ingot.Schema, steps []ingot.Step) *ingot.Schema {
	t.Helper()
	after := before.Clone()
	for _, step := range steps {
		statements, err := db.schemaDialect(t).DDL(step, after, &db.Server)
		if err != nil {
			t.Fatalf("%v: %v", step, err)
		}
		for _, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatalf("%v\n%s\n%v", step, s, err)
			}
		}
		if err := after.Apply(step); err != nil {
			t.Fatal(err)
		}
	}
	return after
}

func (db *database) inspect(t testing.TB) *ingot.Schema {
	t.Helper()
	s, err := db.tryInspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantSame fails if there is a step from one schema to the other.
func (db *database) wantSame(t testing.TB, what string, from, to *ingot.Schema) {
	t.Helper()
	if steps := ingot.Compare(from, to, ingot.CompareDialect(db.dialect)); len(steps) > 0 {
		source, err := ingot.FormatSteps(steps, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s differs:\n%s", what, source)
	}
}

func reversed(t testing.TB, steps []ingot.Step) []ingot.Step {
	t.Helper()
	var back []ingot.Step
	for _, s := range slices.Backward(steps) {
		r := s.Reverse()
		if r == nil {
			t.Fatalf("%v has no reverse", s)
		}
		back = append(back, r)
	}
	return back
}

// A change is a pair of schemas that the database has to tell apart, and lead to each other.
type change struct {
	name     string
	from, to ingot.Schema
	oneWay   bool // the reverse loses what cannot be got back
}

// checkChange creates the first schema, changes it to the second and back, and inspects
// after each.
func checkChange(t *testing.T, db *database, c change) {
	d := ingot.CompareDialect(db.dialect)
	empty := &ingot.Schema{}
	state := db.run(t, empty, ingot.Compare(empty, &c.from, d))
	created := db.inspect(t)
	db.wantSame(t, "what was created", created, &c.from)
	db.wantSame(t, "what was meant", &c.from, created)

	steps := ingot.Compare(&c.from, &c.to, d)
	if len(steps) == 0 {
		t.Fatal("Compare sees no difference")
	}
	state = db.run(t, state, steps)
	changed := db.inspect(t)
	db.wantSame(t, "what was changed", changed, &c.to)
	if len(ingot.Compare(changed, &c.from, d)) == 0 {
		t.Error("the change cannot be told from what was before")
	}
	if c.oneWay {
		return
	}
	db.run(t, state, reversed(t, steps))
	db.wantSame(t, "what was reversed", db.inspect(t), &c.from)
}

func table(name string, columns []ingot.Column, more ...func(*ingot.Table)) ingot.Table {
	t := ingot.Table{Name: name, Columns: columns}
	for _, m := range more {
		m(&t)
	}
	return t
}

func tables(t ...ingot.Table) ingot.Schema { return ingot.Schema{Tables: t} }

func id() ingot.Column { return ingot.Column{Name: "id", Type: "bigint", Auto: true} }

func key(columns ...string) func(*ingot.Table) {
	return func(t *ingot.Table) { t.PrimaryKey = ingot.PrimaryKey{Columns: columns} }
}

// everyType has a column of each word of the vocabulary, and some beyond.
func everyType(verbatim ...ingot.Type) ingot.Table {
	t := table("every_type", []ingot.Column{id()}, key("id"))
	words := []ingot.Type{"boolean", "smallint", "integer", "bigint", "real", "double", "decimal(10,2)", "varchar(30)", "char(3)",
		"text", "blob", "date", "time", "timestamp", "json", "uuid"}
	for i, w := range append(words, verbatim...) {
		t.Columns = append(t.Columns, ingot.Column{Name: "c" + string(rune('a'+i/26)) + string(rune('a'+i%26)), Type: w, Null: i%2 == 0})
	}
	return t
}

// columnOf is a table with an id and the columns.
func columnOf(c ...ingot.Column) ingot.Schema {
	return tables(table("t", append([]ingot.Column{id()}, c...), key("id")))
}

func TestSchemasBesideTheDefaultOne(t *testing.T) { // SC-01
	on(t, func(t *testing.T, db *database) {
		other := fresh()
		t.Cleanup(func() { db.Exec("DROP SCHEMA IF EXISTS " + other + map[string]string{"postgres": " CASCADE"}[db.kind]) })
		home := table("t", []ingot.Column{id()}, key("id"))
		parent := table("t", []ingot.Column{id()}, key("id"))
		parent.Schema = other
		child := table("c", []ingot.Column{id(), {Name: "p", Type: "bigint"}}, key("id"))
		child.ForeignKeys = []ingot.ForeignKey{{Name: "c_p", Columns: []string{"p"}, RefSchema: other, RefTable: "t", RefColumns: []string{"id"}}}
		cousin := child.Clone()
		cousin.Schema = other
		want := tables(home, parent, child, cousin)
		want.Schemas = []string{other}
		if db.kind == "postgres" {
			want.Enums = []ingot.Enum{{Schema: other, Name: "mood", Values: []string{"a"}}}
			want.Tables[0].Columns = append(want.Tables[0].Columns, ingot.Column{Name: "m", Enum: other + ".mood", Default: "'a'"})
		}
		db.run(t, &ingot.Schema{}, ingot.Compare(&ingot.Schema{}, &want, ingot.CompareDialect(db.dialect)))
		got, err := db.schemaDialect(t).Inspect(t.Context(), db.DB, &db.Server, []string{other})
		if err != nil {
			t.Fatal(err)
		}
		db.wantSame(t, "what was created", got, &want)
		if alone := db.inspect(t); len(alone.Tables) != 2 || len(alone.Schemas) != 0 {
			t.Errorf("the default schema has %d tables; want 2", len(alone.Tables))
		}
	}, "postgres", "mysql")
}

func TestInspectionDoesNotDependOnTheSession(t *testing.T) { // SC-02
	db := targetNamed("postgres").open(t)
	db.exec(t, "CREATE TABLE t (id serial PRIMARY KEY, made timestamptz DEFAULT '2020-01-01 12:00:00+00', wait interval DEFAULT '1 day 2 hours', \"User\" text DEFAULT 'x' CHECK (\"User\" <> 'y'))")
	want := db.inspect(t)
	other := *db
	other.dsn = db.dsn + "&timezone=Asia/Kolkata&DateStyle=German&IntervalStyle=iso_8601&quote_all_identifiers=on"
	other.DB = other.again(t)
	if got := other.inspect(t); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	got, err := db.schemaDialect(t).Inspect(t.Context(), tx, &db.Server, nil)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("inside of a transaction: got %+v, %v\nwant %+v", got, err, want)
	}
	var zone string
	if err := tx.QueryRowContext(t.Context(), "SHOW timezone").Scan(&zone); err != nil || zone != "Asia/Kolkata" {
		t.Errorf("inspection leaves the transaction in time zone %s, %v", zone, err)
	}
}

// wantSettled compares the models with the database that was made from them.
func (db *database) wantSettled(t *testing.T, models *ingot.Models) {
	t.Helper()
	want, err := models.Schema(db.schemaDialect(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range ingot.Compare(db.inspect(t), want, ingot.CompareDialect(db.schemaDialect(t))) {
		t.Errorf("right after CreateAll there is still to do: %+v", step)
	}
}
