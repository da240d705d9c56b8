package sqlite_test

import (
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// The laws of comparison, with every attribute that SQLite has. Round trip: a schema that
// was created is inspected the same, still so after a random change and after its reverse,
// and the rows are there. Mutation: an attribute changed alone is found.

var seeds = flag.Int("seeds", 60, "random schemas to try")

func TestRandomSchemasComeBack(t *testing.T) {
	for seed := range *seeds {
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { checkRoundTrip(t, rand.New(rand.NewPCG(uint64(seed), 1))) }) {
			return
		}
	}
}

func checkRoundTrip(t *testing.T, r *rand.Rand) {
	db := openDSN(t, ":memory:")
	db.SetMaxOpenConns(1)
	a := draw(r)
	b, pairs := change(r, a)
	want := func(name string, s *ingot.Schema, ids string) {
		t.Helper()
		got := inspect(t, db)
		if diff := compare(got, s); diff != "" {
			t.Fatalf("%s: inspection differs:\n%s", name, diff)
		}
		if diff := compare(s, got); diff != "" {
			t.Fatalf("%s: inspection differs the other way round:\n%s", name, diff)
		}
		if got := dump(t, db, s, pairs, ids); ids != "" && got != dumped {
			t.Fatalf("%s: the rows are\n%s\nwant\n%s", name, got, dumped)
		}
		if got := rows(t, db, "SELECT * FROM pragma_foreign_key_check"); got != "" {
			t.Fatalf("%s: rows without parents: %s", name, got)
		}
	}
	apply(t, db, ingot.Compare(&ingot.Schema{}, a, ingot.CompareDialect(d))...)
	fill(t, db, a)
	run(t, db, "PRAGMA foreign_keys="+[]string{"ON", "OFF"}[r.IntN(2)])
	want("created", a, "a")
	up := ingot.Compare(inspect(t, db), b, ingot.CompareDialect(d))
	if _, err := migrate(t, db, up...); err != nil {
		t.Fatalf("%v\nof the steps\n%s", err, steps(up))
	}
	want("changed", b, "b")
	down, err := ingot.ReverseSteps(up)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrate(t, db, down...); err != nil {
		t.Fatalf("%v\nof the steps\n%s", err, steps(down))
	}
	want("reversed", a, "a")
}

func steps(list []ingot.Step) string {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

// dumped is what three rows look like in every column: their numbers.
const dumped = "1|2|3"

// fill writes three rows into each table; the columns of row n hold n, so that all keys are
// unique and all foreign keys refer to rows.
func fill(t *testing.T, db *sql.DB, s *ingot.Schema) {
	t.Helper()
	for _, x := range s.Tables {
		for n := 1; n <= 3; n++ {
			var names, values []string
			for _, c := range x.Columns {
				switch {
				case c.Generated != "":
					continue
				case c.Type == "blob":
					values = append(values, fmt.Sprintf("x'3%d'", n)) // the digit, as a strict blob
				default:
					values = append(values, fmt.Sprint(n))
				}
				names = append(names, quote(c.Name))
			}
			run(t, db, "INSERT INTO "+quote(x.Name)+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(values, ", ")+")")
		}
	}
}

// dump reads the columns that both schemas have; it is dumped if each holds 1, 2 and 3.
func dump(t *testing.T, db *sql.DB, s *ingot.Schema, pairs []pair, side string) string {
	t.Helper()
	for _, p := range pairs {
		table, column := p.table[0], p.column[0]
		if side == "b" {
			table, column = p.table[1], p.column[1]
		}
		got := rows(t, db, "SELECT group_concat(v, '|') FROM (SELECT CAST(CAST("+quote(column)+" AS INTEGER) AS TEXT) v FROM "+quote(table)+" ORDER BY 1)")
		if got != dumped {
			return table + "." + column + ": " + got
		}
	}
	return dumped
}

func quote(name string) string { return string(d.AppendIdent(nil, name)) }

// A pair is one column in the two schemas.
type pair struct{ table, column [2]string }

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }
func chance(r *rand.Rand, n int) bool       { return r.IntN(n) == 0 }

// draw makes a schema of a few tables.
func draw(r *rand.Rand) *ingot.Schema {
	s := &ingot.Schema{}
	names := []string{"user", "Order", "a\"b", "größe", "group by", "x'y", "plain", "t,t"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i := range 2 + r.IntN(4) {
		t := table{Name: names[i]}
		for j := range 2 + r.IntN(6) {
			t.Columns = append(t.Columns, drawColumn(r, fmt.Sprintf("%s%d", pick(r, "a", "B", "select ", "c\"", "d.", "é"), j)))
		}
		switch r.IntN(5) {
		case 0, 1:
			t.Columns[0] = column{Name: "id", Type: pick[ingot.Type](r, "integer", "bigint"), Auto: true}
			t.PrimaryKey = ingot.PrimaryKey{Name: pick(r, "", "pk "+t.Name), Columns: []string{"id"}}
			if chance(r, 3) {
				t.Options = append(t.Options, ingot.Option{Name: "autoincrement"})
			}
		case 2:
			t.PrimaryKey = ingot.PrimaryKey{Name: pick(r, "", "pk "+t.Name), Columns: []string{t.Columns[1].Name, t.Columns[0].Name}}
		case 3:
			t.Columns[0].Type = "varchar(9)"
			t.PrimaryKey = ingot.PrimaryKey{Columns: []string{t.Columns[0].Name}}
		}
		for _, c := range t.PrimaryKey.Columns {
			t.Column(c).Null, t.Column(c).Default = false, ""
		}
		if len(t.PrimaryKey.Columns) > 0 && !t.Columns[0].Auto && chance(r, 3) {
			t.Options = append(t.Options, ingot.Option{Name: "without rowid"})
		}
		if chance(r, 4) && !slices.ContainsFunc(t.Columns, func(c column) bool { return c.Type == "" || strings.Contains(string(c.Type), " ") }) {
			t.Options = append(t.Options, ingot.Option{Name: "strict"})
		}
		for j := range r.IntN(3) {
			decorate(r, &t, fmt.Sprintf("%d_%d", i, j))
		}
		s.Tables = append(s.Tables, t)
	}
	for i := range s.Tables {
		if chance(r, 2) {
			refer(r, s, i, fmt.Sprint("fk", i))
		}
	}
	return s
}

func drawColumn(r *rand.Rand, name string) column {
	c := column{Name: name, Null: chance(r, 2), Type: pick[ingot.Type](r, "boolean", "smallint", "integer", "bigint", "real", "double", "decimal(8,2)", "varchar(9)",
		"char(4)", "text", "blob", "date", "time", "timestamp", "json", "uuid", "INT", "UNSIGNED BIG INT", "nvarchar ( 10 )", "")}
	if chance(r, 3) {
		c.Default = pick[ingot.SQLText](r, "0", "-1.5", "'it''s; (x)'", "x'00ff'", "CURRENT_TIMESTAMP", "lower(hex(randomblob(2)))", "TRUE", "1 + 1")
		if c.Type == "blob" || strings.Contains(string(c.Default), "x'") {
			c.Default, c.Type = "x'00ff'", "blob" // what STRICT takes
		}
		if c.Default[0] == '\'' || c.Default[0] == 'C' || c.Default[0] == 'l' {
			c.Type = "text"
		}
		if c.Default == "-1.5" {
			c.Type = "double"
		}
	}
	if c.Type == "text" && chance(r, 3) {
		c.Collation = pick(r, "NOCASE", "rtrim", "BINARY")
	}
	return c
}

// decorate adds a constraint, an index or a generated column.
func decorate(r *rand.Rand, t *table, id string) {
	var plain []string
	for _, c := range t.Columns {
		if c.Generated == "" && !strings.HasPrefix(c.Name, "add ") { // whose rows are all the same
			plain = append(plain, c.Name)
		}
	}
	a, b := pick(r, plain...), pick(r, plain...)
	both := []string{a, b}
	if a == b {
		both = both[:1]
	}
	q := quote(a)
	expr := pick(r, "length("+q+") >= 0", q+" IS NULL OR "+q+" <> ')' -- CHECK (", "("+q+" <> 'it''s') /* ( */", "coalesce("+q+", 1) != 'X' AND "+quote(b)+" IS NOT 'select'")
	switch r.IntN(4) {
	case 0:
		t.Uniques = append(t.Uniques, ingot.Unique{Name: pick(r, "", "uq "+id), Columns: both})
	case 1:
		t.Checks = append(t.Checks, ingot.Check{Name: pick(r, "", "ck \""+id), Expr: ingot.SQLText(expr)})
	case 2:
		x := ingot.Index{Name: "ix " + id, Unique: chance(r, 2)}
		for _, c := range both {
			x.Parts = append(x.Parts, ingot.IndexPart{Column: c, Desc: chance(r, 3), Collation: pick(r, "", "", "nocase", "BINARY")})
		}
		if chance(r, 2) {
			x.Parts = append(x.Parts, ingot.IndexPart{Expr: ingot.SQLText("lower(" + q + ") || ','"), Desc: chance(r, 2)})
		}
		if chance(r, 2) {
			x.Where = ingot.SQLText(q + " IS NOT NULL AND " + q + " <> ' WHERE '")
		}
		t.Indexes = append(t.Indexes, x)
	case 3:
		t.Columns = append(t.Columns, column{Name: "gen" + id, Type: "text", Null: true, Generated: ingot.SQLText("lower(" + q + ") -- )"), Virtual: chance(r, 2)})
	}
}

// refer adds a foreign key to the key of a table; all rows refer to rows.
func refer(r *rand.Rand, s *ingot.Schema, i int, name string) {
	t, p := &s.Tables[i], &s.Tables[r.IntN(len(s.Tables))]
	if len(p.PrimaryKey.Columns) != 1 {
		return
	}
	c := column{Name: "ref " + name, Type: p.Column(p.PrimaryKey.Columns[0]).Type, Null: true}
	t.Columns = append(t.Columns, c)
	t.ForeignKeys = append(t.ForeignKeys, ingot.ForeignKey{Name: pick(r, "", name), Columns: []string{c.Name}, RefTable: p.Name, RefColumns: slices.Clone(p.PrimaryKey.Columns),
		OnDelete: pick(r, "", "CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT"), OnUpdate: pick(r, "", "CASCADE"), Match: pick(r, "", "FULL"),
		Deferrable: pick(r, ingot.NotDeferrable, ingot.DeferrableInitiallyImmediate, ingot.DeferrableInitiallyDeferred)})
}

// change makes another schema of one: parts added, changed and removed, tables and columns
// renamed. The pairs are the columns that stay.
func change(r *rand.Rand, a *ingot.Schema) (*ingot.Schema, []pair) {
	b := a.Clone()
	for i := range b.Tables {
		t := &b.Tables[i]
		from := t.Name
		if chance(r, 5) {
			t.Name = "new " + from
			for j := range b.Tables {
				for k := range b.Tables[j].ForeignKeys {
					if f := &b.Tables[j].ForeignKeys[k]; f.RefTable == from {
						f.RefTable = t.Name
					}
				}
			}
			t.Was = from
		}
		for n := range r.IntN(4) {
			id := fmt.Sprintf("new %d_%d", i, n)
			switch r.IntN(9) {
			case 0:
				c := drawColumn(r, "add "+id)
				c.Null = c.Null || c.Default == ""
				if !strings.Contains(fmt.Sprint(t.Options), "strict") || c.Type != "" && !strings.Contains(string(c.Type), " ") && c.Type != "INT" {
					t.Columns = append(t.Columns, c)
				}
			case 1:
				decorate(r, t, id)
			case 2:
				refer(r, b, i, id)
			case 3:
				t.Uniques = drop(r, t.Uniques)
			case 4:
				t.Checks = drop(r, t.Checks)
			case 5:
				t.ForeignKeys = drop(r, t.ForeignKeys)
			case 6:
				t.Indexes = drop(r, t.Indexes)
			case 7:
				c := &t.Columns[r.IntN(len(t.Columns))]
				if c.Generated == "" && c.Default == "" && !strings.HasPrefix(c.Name, "add ") && !strings.HasPrefix(c.Name, "ref ") && !slices.Contains(t.PrimaryKey.Columns, c.Name) && c.Type != "blob" {
					c.Null, c.Default = !c.Null, pick[ingot.SQLText](r, "", "7")
				}
			case 8:
				c := &t.Columns[r.IntN(len(t.Columns))]
				if c.Generated == "" && c.Collation == "" && c.Type != "blob" && !c.Auto && !slices.Contains(t.PrimaryKey.Columns, c.Name) &&
					!slices.ContainsFunc(t.ForeignKeys, func(f ingot.ForeignKey) bool { return slices.Contains(f.Columns, c.Name) }) && c.Default == "" {
					c.Type = pick[ingot.Type](r, "text", "varchar(20)", "integer", "decimal(9,3)")
				}
			}
		}
		if chance(r, 4) {
			rename(t, b, &t.Columns[r.IntN(len(t.Columns))])
		}
	}
	var pairs []pair
	for i := range b.Tables {
		for _, c := range b.Tables[i].Columns {
			was := c.Name
			if c.Was != "" {
				was = c.Was
			}
			if old := a.Tables[i].Column(was); old != nil {
				pairs = append(pairs, pair{[2]string{a.Tables[i].Name, b.Tables[i].Name}, [2]string{was, c.Name}})
			}
		}
	}
	return b, pairs
}

func drop[T any](r *rand.Rand, list []T) []T {
	if len(list) == 0 {
		return list
	}
	i := r.IntN(len(list))
	return slices.Delete(list, i, i+1)
}

// rename gives a column another name, in all that mentions it.
func rename(t *table, s *ingot.Schema, c *column) {
	if c.Was != "" || strings.HasPrefix(c.Name, "add ") || strings.Contains(c.Name, "new ") {
		return
	}
	was, name := c.Name, "re "+c.Name
	step := ingot.RenameColumn{Table: ingot.TableName{Name: t.Name}, From: was, To: name}
	if s.Apply(step) == nil {
		t.Column(name).Was = was
	}
}

func TestEveryAttributeChangedAloneIsFound(t *testing.T) {
	base := &ingot.Schema{Tables: everything()}
	skip := []string{"Was", "AnyName", "NotValid", "Concurrently", "Comment", "OnUpdate", "Identity", "Include", "NullsNotDistinct", "OpClass", "Nulls", "Prefix", "RefSchema", "Enum"}
	changed := base.Clone()
	n := 0
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() && !slices.Contains(skip, f.Name) {
					walk(v.Field(i), path+"."+f.Name)
				}
			}
			return
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
			return
		case reflect.Pointer:
			return
		}
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		switch v.Kind() {
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int:
			v.SetInt((v.Int() + 1) % 3)
		default:
			v.SetString("z" + v.String())
		}
		n++
		if compare(base, changed) == "" && !harmless(base, path, old.String()) {
			t.Errorf("%s: %v changed to %v is not found", path, old, v)
		}
		v.Set(old)
	}
	walk(reflect.ValueOf(&changed.Tables).Elem(), "tables")
	if n < 300 {
		t.Errorf("only %d attributes were changed", n)
	}
}

// harmless are the changes that mean nothing to SQLite, or nothing at all.
func harmless(s *ingot.Schema, path, old string) bool {
	var i, j int
	fmt.Sscanf(path, "tables[%d].Columns[%d]", &i, &j)
	c := s.Tables[i].Columns[j]
	switch path[strings.LastIndexByte(path, '.'):] {
	case ".Virtual":
		return c.Generated == ""
	case ".Null":
		return slices.Contains(s.Tables[i].PrimaryKey.Columns, c.Name)
	case ".Auto": // follows from type and key
		return true
	case ".Name": // a key gets its name when it is made
		return old == "" && strings.HasSuffix(path, "PrimaryKey.Name")
	case ".Column": // beside an expression
		return old == ""
	}
	return strings.HasSuffix(path, "].Value")
}
