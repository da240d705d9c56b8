package postgres

import (
	"fmt"
	"strings"
	"testing"

	"ingot"
)

// everyStep has at least one step of each kind.
func everyStep() []ingot.Step {
	user := ingot.TableName{Name: "user"}
	return []ingot.Step{
		ingot.CreateSchema{Name: "Shop"},
		ingot.DropSchema{Name: "Shop"},
		ingot.CreateEnum{Enum: ingot.Enum{Name: "mood", Values: []string{"it's", `o\k`}}},
		ingot.AlterEnum{Old: ingot.Enum{Name: "mood", Values: []string{"b", "d"}}, New: ingot.Enum{Name: "mood", Values: []string{"a", "b", "c", "d"}}},
		ingot.AlterEnum{Old: ingot.Enum{Name: "mood", Values: []string{"b", "d"}}, New: ingot.Enum{Name: "mood", Values: []string{"d"}}},
		ingot.DropEnum{Enum: ingot.Enum{Schema: "shop", Name: "mood"}},
		ingot.CreateSequence{Sequence: ingot.Sequence{Name: "s", Start: 10, Increment: 2, Cycle: true}},
		ingot.AlterSequence{Old: ingot.Sequence{Name: "s", Start: 10, Max: 99}, New: ingot.Sequence{Name: "t", Cache: 5}},
		ingot.DropSequence{Sequence: ingot.Sequence{Name: "s"}},
		ingot.CreateView{View: ingot.View{Schema: "shop", Name: "Paid", SQL: "SELECT id FROM t WHERE a <> ';' -- all;"}},
		ingot.AlterView{Old: ingot.View{Name: "v", SQL: "SELECT 1"}, New: ingot.View{Name: "v", SQL: " SELECT 2; "}},
		ingot.DropView{View: ingot.View{Schema: "shop", Name: "Paid"}},
		ingot.CreateView{View: ingot.View{Name: "v"}},
		ingot.CreateView{View: ingot.View{Name: "v", SQL: "SELECT 1; DROP TABLE t"}},
		ingot.CreateTable{Table: ingot.Table{
			Schema: "shop", Name: "order", Comment: "it's",
			Columns: []ingot.Column{
				{Name: "id", Type: "bigint", Auto: true},
				{Name: "number", Type: "integer", Auto: true, Identity: &ingot.Identity{Always: true, Start: 100}},
				{Name: "user_id", Type: "bigint", Null: true, Comment: "who"},
				{Name: "mood", Enum: "mood", Default: "'ok'"},
				{Name: "paid", Type: "decimal(10,2)", Default: "0"},
				{Name: "data", Type: "json"},
				{Name: "made", Type: "timestamp", Default: "now()"},
				{Name: "Word", Type: "varchar(30)", Collation: "de-x-icu"},
				{Name: "twice", Type: "decimal(12,2)", Null: true, Generated: "paid * 2 -- twice"},
			},
			PrimaryKey:  ingot.PrimaryKey{Name: "order_pk", Columns: []string{"id"}},
			Uniques:     []ingot.Unique{{Name: "order_u", Columns: []string{"number", "Word"}, Deferrable: ingot.DeferrableInitiallyDeferred, NullsNotDistinct: true}},
			Checks:      []ingot.Check{{Name: "order_c", Expr: "paid >= 0"}, {Expr: "number > 0"}, {Name: "order_n", Expr: "user_id > 0", NotValid: true}},
			ForeignKeys: []ingot.ForeignKey{{Columns: []string{"user_id"}, RefTable: "user", RefColumns: []string{"id"}, OnDelete: "SET NULL", OnUpdate: "CASCADE"}},
			Indexes:     []ingot.Index{{Name: "order_i", Parts: []ingot.IndexPart{{Column: "user_id", Desc: true}}}},
			Options:     []ingot.Option{{Name: "fillfactor", Value: "70"}, {Name: "unlogged"}, {Name: "engine", Value: "InnoDB"}},
		}},
		ingot.DropTable{Table: ingot.Table{Name: "user"}},
		ingot.RenameTable{Schema: "shop", From: "order", To: "purchase"},
		ingot.AlterTable{Table: user, OldComment: "a", NewComment: "", OldOptions: []ingot.Option{{Name: "unlogged"}, {Name: "fillfactor", Value: "70"}}, NewOptions: []ingot.Option{{Name: "autovacuum_enabled", Value: "false"}}},
		ingot.AddColumn{Table: user, Column: ingot.Column{Name: "nick", Type: "text", Default: "''", Comment: "short"}},
		ingot.DropColumn{Table: user, Column: ingot.Column{Name: "nick"}},
		ingot.RenameColumn{Table: user, From: "nick", To: "Nick"},
		alterOf(ingot.Column{Type: "varchar(10)", Default: "'a'", Null: true}, ingot.Column{Type: "varchar(20)", Default: "'a'"}, ""),
		alterOf(ingot.Column{Type: "text"}, ingot.Column{Type: "integer", Null: true}, ""),
		alterOf(ingot.Column{Type: "text"}, ingot.Column{Type: "integer"}, "length(c)"),
		alterOf(ingot.Column{Type: "text", Default: "'ok'"}, ingot.Column{Enum: "mood", Default: "'ok'"}, ""),
		alterOf(ingot.Column{Type: "bigint"}, ingot.Column{Type: "bigint", Auto: true}, ""),
		alterOf(ingot.Column{Type: "bigint", Auto: true}, ingot.Column{Type: "bigint", Default: "1"}, ""),
		alterOf(ingot.Column{Type: "bigint", Auto: true}, ingot.Column{Type: "bigint", Auto: true, Identity: &ingot.Identity{Always: true, Increment: 5}}, ""),
		alterOf(ingot.Column{Type: "bigint", Null: true, Generated: "a + 1"}, ingot.Column{Type: "bigint", Null: true}, ""),
		alterOf(ingot.Column{Type: "bigint", Null: true, Generated: "a + 1"}, ingot.Column{Type: "bigint", Null: true, Generated: "a + 2"}, ""),
		alterOf(ingot.Column{Type: "text", Comment: "a"}, ingot.Column{Type: "text", Collation: "C", Comment: "b"}, ""),
		ingot.AlterPrimaryKey{Table: user, Old: ingot.PrimaryKey{Columns: []string{"id"}}, New: ingot.PrimaryKey{Columns: []string{"id", "c"}}},
		ingot.AlterPrimaryKey{Table: user, Old: ingot.PrimaryKey{Columns: []string{"id"}}, New: ingot.PrimaryKey{Name: "k", Columns: []string{"id"}}},
		ingot.AddUnique{Table: user, Unique: ingot.Unique{Columns: []string{"c"}}},
		ingot.DropUnique{Table: user, Unique: ingot.Unique{Columns: []string{"c", "d"}}},
		ingot.AddForeignKey{Table: user, ForeignKey: ingot.ForeignKey{Name: "f", Columns: []string{"a", "b"}, RefSchema: "shop", RefTable: "order", RefColumns: []string{"x", "y"}, Match: "FULL", Deferrable: ingot.DeferrableInitiallyImmediate, NotValid: true}},
		ingot.DropForeignKey{Table: user, ForeignKey: ingot.ForeignKey{Columns: []string{"a"}}},
		ingot.AddCheck{Table: user, Check: ingot.Check{Name: "k", Expr: "a > 0", NotValid: true}},
		ingot.DropCheck{Table: user, Check: ingot.Check{Name: "k"}},
		ingot.DropCheck{Table: user, Check: ingot.Check{Expr: "a > 0"}},
		ingot.ValidateConstraint{Table: user, Name: "k"},
		ingot.CreateIndex{Table: user, Index: ingot.Index{Name: "i", Unique: true, Concurrently: true, Using: "gin",
			Parts:   []ingot.IndexPart{{Expr: "lower(c)", Collation: "C", OpClass: "text_pattern_ops", Desc: true, Nulls: "LAST"}, {Column: "d", Prefix: 10}},
			Include: []string{"e"}, Where: "c IS NOT NULL", NullsNotDistinct: true, Options: []ingot.Option{{Name: "fillfactor", Value: "70"}}}},
		ingot.DropIndex{Table: ingot.TableName{Schema: "shop", Name: "order"}, Index: ingot.Index{Name: "i", Concurrently: true}},
		ingot.RenamePart{Table: user, Kind: ingot.ObjectIndex, From: "i", To: "i2"},
		ingot.RenamePart{Table: user, Kind: ingot.ObjectCheck, From: "k", To: "k2"},
		ingot.Exec{SQL: "UPDATE a SET b = ';'; DELETE FROM a"},
		ingot.Do{Name: "fill"},
	}
}

func alterOf(old, new ingot.Column, using ingot.SQLText) ingot.Step {
	old.Name, new.Name = "c", "c"
	return ingot.AlterColumn{Table: ingot.TableName{Name: "user"}, Old: old, New: new, Using: using}
}

// stepsText renders steps, each under its own words.
func stepsText(t *testing.T, d ingot.SchemaDialect, steps []ingot.Step, before *ingot.Schema, srv *ingot.Server) string {
	t.Helper()
	var b strings.Builder
	for _, step := range steps {
		fmt.Fprintf(&b, "-- %v\n", step)
		statements, err := d.DDL(step, before, srv)
		for _, s := range statements {
			b.WriteString(s + ";\n")
		}
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
		}
	}
	return b.String()
}

func TestDDLOfEveryStep(t *testing.T) {
	before := &ingot.Schema{Tables: []ingot.Table{{
		Name:       "user",
		Columns:    []ingot.Column{{Name: "id", Type: "bigint"}, {Name: "c", Type: "bigint"}, {Name: "m", Enum: "mood", Default: "'b'"}},
		PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
		Uniques:    []ingot.Unique{{Name: "u", Columns: []string{"c"}}},
		Checks:     []ingot.Check{{Name: "k", Expr: "c > 0 AND m <> 'd'"}},
		Indexes:    []ingot.Index{{Name: "i", Parts: []ingot.IndexPart{{Column: "id"}}, Where: "m = 'd'"}},
	}}}
	srv, err := serverOf("PostgreSQL 15.20")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "ddl", stepsText(t, Dialect{}, everyStep(), before, &srv))
}

func TestDDLOfDomains(t *testing.T) {
	label := ingot.Domain{Name: "Label", Type: "varchar(20)", Null: true, Default: "'x'::character varying", Checks: []ingot.Check{{Name: "Label_check", Expr: "((VALUE)::text <> ''::text)"}, {Name: "late", Expr: "((VALUE)::text <> 'y'::text)", NotValid: true}}}
	amount := ingot.Domain{Schema: "shop", Name: "amount", Type: "integer", Checks: []ingot.Check{{Name: "amount_check", Expr: "(VALUE > 0)"}}}
	mood := ingot.Domain{Name: "feeling", Type: "mood", Null: true}
	before := &ingot.Schema{
		Unsupported: []ingot.Unsupported{{Kind: "comment", Name: "Label", Reason: "it's short"}},
		Enums:       []ingot.Enum{{Name: "mood", Values: []string{"b", "d"}}},
		Domains:     []ingot.Domain{label, amount, {Name: "Short", Type: `"Label"`, Checks: []ingot.Check{{Name: "short", Expr: "(length((VALUE)::text) < 5)"}}}, {Name: "many", Type: "shop.amount[]", Null: true}, mood},
		Tables: []ingot.Table{{
			Name: "letter",
			Columns: []ingot.Column{
				{Name: "a", Type: `"Label"`, Default: "'z'::character varying"}, {Name: "b", Type: `"Short"`}, {Name: "n", Type: "shop.amount"}, {Name: "m", Type: "many"}, {Name: "f", Type: "feeling", Default: "'b'::mood"},
				{Name: "up", Type: `"Label"`, Null: true, Generated: "upper((a)::text)"}, {Name: "twice", Type: "integer", Null: true, Generated: "((n)::integer * 2)"},
			},
			Checks:  []ingot.Check{{Name: "letter_check", Expr: "((n)::integer > 5)"}},
			Indexes: []ingot.Index{{Name: "letter_i", Parts: []ingot.IndexPart{{Expr: "lower((a)::text)"}}}},
		}, {
			Name: "page", Columns: []ingot.Column{{Name: "n", Type: "shop.amount"}},
			ForeignKeys: []ingot.ForeignKey{{Columns: []string{"n"}, RefTable: "letter", RefColumns: []string{"n"}}},
		}},
	}
	alter := func(old ingot.Domain, change func(*ingot.Domain)) ingot.Step {
		d := old
		d.Checks = append([]ingot.Check{}, old.Checks...)
		change(&d)
		return ingot.AlterDomain{Old: old, New: d}
	}
	text := stepsText(t, Dialect{}, []ingot.Step{
		ingot.CreateDomain{Domain: label},
		ingot.CreateDomain{Domain: ingot.Domain{Name: "word", Type: `"Label"`, Collation: "C", Checks: []ingot.Check{{Expr: "VALUE <> 'a' -- b"}}}},
		ingot.CreateDomain{Domain: ingot.Domain{Name: "nothing"}},
		alter(label, func(d *ingot.Domain) { d.Default, d.Null, d.Checks[1].NotValid = "", false, false }),
		alter(label, func(d *ingot.Domain) {
			d.Default, d.Checks[0].Name, d.Checks[1].Expr = "'y'", "other", "VALUE <> 'q'"
		}),
		alter(label, func(d *ingot.Domain) { d.Checks = []ingot.Check{{Name: "last", Expr: "VALUE <> 'q'"}} }),
		alter(ingot.Domain{Name: "word", Type: "text", Checks: []ingot.Check{{Expr: "VALUE <> ''"}}}, func(d *ingot.Domain) { d.Checks = nil }),
		alter(label, func(d *ingot.Domain) { d.Type, d.Collation = "text", "C" }),
		alter(amount, func(d *ingot.Domain) { d.Type = "bigint" }),
		alter(amount, func(d *ingot.Domain) { d.Type = "boolean" }),
		alter(amount, func(d *ingot.Domain) { d.Checks[0].Expr = "VALUE > 1" }), // there are arrays
		alter(mood, func(d *ingot.Domain) { d.Type = "varchar(9)" }),
		ingot.AlterEnum{Old: before.Enums[0], New: ingot.Enum{Name: "mood", Values: []string{"d", "b"}}},
		ingot.DropDomain{Domain: amount},
		ingot.AlterColumn{Table: ingot.TableName{Name: "letter"}, Old: before.Tables[0].Columns[2], New: ingot.Column{Name: "n", Type: "double"}},
		ingot.AlterColumn{Table: ingot.TableName{Name: "letter"}, Old: before.Tables[0].Columns[4], New: ingot.Column{Name: "f", Type: "text", Default: "'b'"}},
	}, before, nil)
	text += stepsText(t, Dialect{}, []ingot.Step{alter(label, func(d *ingot.Domain) { d.Type = "text" })}, nil, nil)
	golden(t, "domains", text)
	cockroach, err := serverOf("CockroachDB CCL v24.1.2")
	if err != nil {
		t.Fatal(err)
	}
	want := "domain Label: " + cockroach.String() + " has no domains: give the columns its type, and its checks to their tables"
	if _, err := (Dialect{}).DDL(ingot.CreateDomain{Domain: label}, nil, &cockroach); fmt.Sprint(err) != want {
		t.Errorf("DDL = %v; want %s", err, want)
	}
}

func TestNamesPostgresGives(t *testing.T) {
	long := strings.Repeat("x", 70)
	for _, tt := range []struct{ table, columns, label, want string }{
		{"t", "a", "key", "t_a_key"},
		{"t", "", "pkey", "t_pkey"},
		{long, "", "pkey", long[:58] + "_pkey"},
		{"t", long, "fkey", "t_" + long[:56] + "_fkey"},
		{"\u00e9" + long, "a", "key", "\u00e9" + long[:55] + "_a_key"},
	} {
		if got := objectName(tt.table, tt.columns, tt.label); got != tt.want {
			t.Errorf("objectName(%q, %q, %q) = %q; want %q", tt.table, tt.columns, tt.label, got, tt.want)
		}
	}
}

func TestCanonicalTypes(t *testing.T) {
	for given, want := range map[ingot.Type]ingot.Type{
		"int4": "integer", "INT": "integer", "int8": "bigint", "bool": "boolean", "float(24)": "real", "float": "double",
		"numeric( 10 , 2 )": "decimal(10,2)", "decimal": "decimal", "numeric(10)": "decimal(10,0)", "numeric(5, -2)": "decimal(5,-2)",
		"character varying(3)": "varchar(3)", "char": "char(1)", "bpchar": "bpchar", `"char"`: `"char"`,
		"timestamptz": "timestamp", "timestamp": "timestamp", "timestamp without time zone": "timestamp without time zone",
		"timestamp(3)": "timestamp(3) without time zone", "timestamp(3) with time zone": "timestamp(3) with time zone", "timestamptz(6)": "timestamp",
		"jsonb": "json", "json": "json", "pg_catalog.json": "pg_catalog.json", "pg_catalog.int4": "integer",
		"int[3][]": "integer[]", "text array": "text[]", "bytea": "blob", "bigint unsigned": "decimal(20,0)",
		`"My Type"`: `"My Type"`, "public.citext": "public.citext", "bit": "bit(1)", "interval day to second(3)": "interval day to second(3)",
	} {
		if got := (Dialect{}).CanonicalType(given); got != want {
			t.Errorf("CanonicalType(%q) = %q; want %q", given, got, want)
		}
		if got := (Dialect{}).CanonicalType(want); got != want {
			t.Errorf("CanonicalType(%q) = %q is not its own canonical form", want, got)
		}
		if got := (Dialect{}).CanonicalType(ingot.Type(nativeType(want))); got != want && want != "timestamp" && want != "json" && want != "pg_catalog.json" {
			t.Errorf("nativeType(%q) = %q is another type", want, nativeType(want))
		}
	}
}

func TestWhatAnOlderServerHasNotIsNamed(t *testing.T) {
	user := ingot.TableName{Schema: "shop", Name: "user"}
	virtual := ingot.Column{Name: "twice", Type: "bigint", Null: true, Generated: "id * 2", Virtual: true}
	unique := ingot.Unique{Columns: []string{"a", "b"}, NullsNotDistinct: true}
	index := ingot.Index{Name: "i", Unique: true, Parts: []ingot.IndexPart{{Column: "a"}}, NullsNotDistinct: true}
	const noVirtual = " has no virtual generated columns, which came with PostgreSQL 18: leave out virtual, and the column is stored"
	const noDistinct = " has no NULLS NOT DISTINCT, which came with PostgreSQL 15: leave out nulls-not-distinct"
	for _, tt := range []struct {
		step  ingot.Step
		since int
		want  string // before since, with the version as %s
	}{
		{ingot.CreateTable{Table: ingot.Table{Schema: "shop", Name: "user", Columns: []ingot.Column{virtual}}}, 18, "table shop.user, column twice: %s" + noVirtual},
		{ingot.AddColumn{Table: user, Column: virtual}, 18, "table shop.user, column twice: %s" + noVirtual},
		{ingot.AddUnique{Table: user, Unique: unique}, 15, "table shop.user, unique constraint on a, b: %s" + noDistinct},
		{ingot.CreateIndex{Table: user, Index: index}, 15, "table shop.user, index i: %s" + noDistinct},
	} {
		for major := 13; major <= 18; major++ {
			srv, err := serverOf(fmt.Sprintf("PostgreSQL %d.4", major))
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if major < tt.since {
				want = fmt.Sprintf(tt.want, &srv)
			}
			statements, err := Dialect{}.DDL(tt.step, nil, &srv)
			if got := fmt.Sprint(err); got != want && (want != "" || err != nil) || want == "" && len(statements) == 0 {
				t.Errorf("DDL of %v on %s = %q, %v; want error %q", tt.step, &srv, statements, err, want)
			}
		}
	}
}

func TestTraitsFollowTheServer(t *testing.T) {
	for version, want := range map[string]int{"PostgreSQL 15.20": 63, "CockroachDB CCL v24.1.2": 128} {
		srv, err := serverOf(version)
		if got := (Dialect{}).Traits(&srv).MaxIdent; got != want || err != nil {
			t.Errorf("MaxIdent of %s is %d, %v; want %d", version, got, err, want)
		}
	}
	if got := (Dialect{}).Traits(nil).MaxIdent; got != 63 {
		t.Errorf("MaxIdent without a server is %d; want 63", got)
	}
}
