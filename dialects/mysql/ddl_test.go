package mysql

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
		ingot.CreateEnum{Enum: ingot.Enum{Name: "mood", Values: []string{"a"}}},
		ingot.AlterEnum{Old: ingot.Enum{Name: "mood", Values: []string{"b", "d"}}, New: ingot.Enum{Name: "mood", Values: []string{"it's", `o\k`}}},
		ingot.DropEnum{Enum: ingot.Enum{Name: "mood"}},
		ingot.CreateSequence{Sequence: ingot.Sequence{Name: "s", Start: 10, Increment: 2, Cycle: true}},
		ingot.CreateSequence{Sequence: ingot.Sequence{Name: "S 2", Schema: "shop", Type: "bigint", Increment: -1, Cache: 1}},
		ingot.CreateSequence{Sequence: ingot.Sequence{Name: "s", Type: "integer"}},
		ingot.AlterSequence{Old: ingot.Sequence{Name: "s"}, New: ingot.Sequence{Name: "s", Cache: 5}},
		ingot.AlterSequence{Old: ingot.Sequence{Name: "s", Cache: 5, Cycle: true}, New: ingot.Sequence{Name: "s", Min: 20, Start: 30}},
		ingot.AlterSequence{Old: ingot.Sequence{Name: "s", Max: 25}, New: ingot.Sequence{Name: "s", Min: 20, Start: 30}},
		ingot.AlterSequence{Old: ingot.Sequence{Name: "s", Increment: -1}, New: ingot.Sequence{Name: "s", Increment: -1, Max: -5}},
		ingot.AlterSequence{Old: ingot.Sequence{Name: "s"}, New: ingot.Sequence{Name: "s", Increment: -1}},
		ingot.AlterSequence{Old: ingot.Sequence{Name: "s"}, New: ingot.Sequence{Name: "t"}},
		ingot.DropSequence{Sequence: ingot.Sequence{Name: "s"}},
		ingot.CreateDomain{Domain: ingot.Domain{Name: "d", Type: "text"}},
		ingot.AlterDomain{Old: ingot.Domain{Name: "d", Type: "text"}, New: ingot.Domain{Name: "d", Type: "text", Null: true}},
		ingot.DropDomain{Domain: ingot.Domain{Name: "d", Type: "text"}},
		ingot.CreateView{View: ingot.View{Schema: "shop", Name: "Paid", SQL: "SELECT id FROM t WHERE a <> ';' -- all;"}},
		ingot.AlterView{Old: ingot.View{Name: "v", SQL: "SELECT 1"}, New: ingot.View{Name: "v", SQL: " SELECT 2; "}},
		ingot.DropView{View: ingot.View{Schema: "shop", Name: "Paid"}},
		ingot.CreateView{View: ingot.View{Name: "v"}},
		ingot.CreateView{View: ingot.View{Name: "v", SQL: "SELECT 1; DROP TABLE t"}},
		ingot.CreateTable{Table: ingot.Table{
			Schema: "shop", Name: "order", Comment: "it's",
			Columns: []ingot.Column{
				{Name: "id", Type: "bigint", Auto: true},
				{Name: "user_id", Type: "bigint", Null: true, Comment: `who\`},
				{Name: "mood", Enum: "mood", Default: "'b'"},
				{Name: "paid", Type: "decimal(10,2)", Default: "0"},
				{Name: "data", Type: "json", Default: "'{}'"},
				{Name: "made", Type: "timestamp", Default: "CURRENT_TIMESTAMP(6)", OnUpdate: "CURRENT_TIMESTAMP(6)"},
				{Name: "seen", Type: "timestamp(0)", Null: true},
				{Name: "Word", Type: "varchar(30)", Collation: "utf8mb4_bin"},
				{Name: "key", Type: "uuid", Default: "uuid()"},
				{Name: "bytes", Type: "blob"},
				{Name: "note", Type: "text(65535)", Default: "'x'"},
				{Name: "twice", Type: "decimal(12,2)", Null: true, Generated: "paid * 2 -- twice"},
			},
			PrimaryKey:  ingot.PrimaryKey{Name: "order_pk", Columns: []string{"id"}},
			Uniques:     []ingot.Unique{{Name: "order_u", Columns: []string{"paid", "Word"}, Deferrable: ingot.DeferrableInitiallyDeferred}},
			Checks:      []ingot.Check{{Name: "order_c", Expr: "paid >= 0"}, {Expr: "user_id > 0"}},
			ForeignKeys: []ingot.ForeignKey{{Columns: []string{"user_id"}, RefSchema: "people", RefTable: "user", RefColumns: []string{"id"}, OnDelete: "SET NULL", OnUpdate: "RESTRICT"}},
			Indexes:     []ingot.Index{{Name: "order_i", Parts: []ingot.IndexPart{{Column: "user_id", Desc: true}, {Column: "note", Prefix: 20}}}},
			Options:     []ingot.Option{{Name: "row_format", Value: "compressed"}, {Name: "fillfactor", Value: "70"}},
		}},
		ingot.DropTable{Table: ingot.Table{Name: "user"}},
		ingot.RenameTable{Schema: "shop", From: "order", To: "purchase"},
		ingot.AlterTable{Table: user, OldComment: "a", NewComment: "", OldOptions: []ingot.Option{{Name: "row_format", Value: "compressed"}}, NewOptions: []ingot.Option{{Name: "collate", Value: "latin1_german1_ci"}}},
		ingot.AddColumn{Table: user, Column: ingot.Column{Name: "nick", Type: "varchar(30)", Default: "''", Comment: "short"}},
		ingot.DropColumn{Table: user, Column: ingot.Column{Name: "nick"}},
		ingot.RenameColumn{Table: user, From: "nick", To: "Nick"},
		alterOf(ingot.Column{Type: "varchar(10)", Null: true}, ingot.Column{Type: "varchar(20)", Default: "'a'", Comment: "kept", Collation: "utf8mb4_bin"}, ""),
		alterOf(ingot.Column{Type: "text"}, ingot.Column{Type: "integer"}, "length(c)"),
		alterOf(ingot.Column{Type: "bigint"}, ingot.Column{Type: "bigint", Auto: true}, ""),
		alterOf(ingot.Column{Type: "bigint", Generated: "a + 1"}, ingot.Column{Type: "bigint", Generated: "a + 2"}, ""),
		alterOf(ingot.Column{Type: "bigint", Generated: "a + 1"}, ingot.Column{Type: "bigint", Generated: "a + 1", Virtual: true}, ""),
		ingot.AlterPrimaryKey{Table: user, Old: ingot.PrimaryKey{Columns: []string{"id"}}, New: ingot.PrimaryKey{Columns: []string{"id", "c"}}},
		ingot.AddUnique{Table: user, Unique: ingot.Unique{Columns: []string{"c"}}},
		ingot.DropUnique{Table: user, Unique: ingot.Unique{Name: "u", Columns: []string{"c", "d"}}},
		ingot.AddForeignKey{Table: user, ForeignKey: ingot.ForeignKey{Name: "f", Columns: []string{"a", "b"}, RefSchema: "shop", RefTable: "order", RefColumns: []string{"x", "y"}, OnDelete: "CASCADE", Match: "FULL", NotValid: true}},
		ingot.AddForeignKey{Table: user, ForeignKey: ingot.ForeignKey{Name: "f", Columns: []string{"a"}, RefTable: "order", RefColumns: []string{"x"}, OnDelete: "SET DEFAULT"}},
		ingot.AddForeignKey{Table: ingot.TableName{Schema: "shop", Name: "order"}, ForeignKey: ingot.ForeignKey{Name: "f", Columns: []string{"a"}, RefTable: "user", RefColumns: []string{"x"}}},
		ingot.DropForeignKey{Table: user, ForeignKey: ingot.ForeignKey{Name: "f", Columns: []string{"c"}}},
		ingot.DropForeignKey{Table: user, ForeignKey: ingot.ForeignKey{Name: "fa", Columns: []string{"a"}}},
		ingot.AddCheck{Table: user, Check: ingot.Check{Name: "k", Expr: "a > 0"}},
		ingot.DropCheck{Table: user, Check: ingot.Check{Name: "k"}},
		ingot.DropCheck{Table: user, Check: ingot.Check{Name: "c"}},
		ingot.ValidateConstraint{Table: user, Name: "k"},
		ingot.CreateIndex{Table: user, Index: ingot.Index{Name: "i", Unique: true, Parts: []ingot.IndexPart{{Expr: "lower(c)", Desc: true}, {Column: "d", Prefix: 10}}}},
		ingot.CreateIndex{Table: user, Index: ingot.Index{Name: "i", Using: "fulltext", Parts: []ingot.IndexPart{{Column: "d"}}, Options: []ingot.Option{{Name: "parser", Value: "ngram"}, {Name: "invisible"}}}},
		ingot.CreateIndex{Table: user, Index: ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Column: "d"}}, Where: "d > 0"}},
		ingot.DropIndex{Table: ingot.TableName{Schema: "shop", Name: "order"}, Index: ingot.Index{Name: "i"}},
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
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
			continue
		}
		for _, s := range statements {
			b.WriteString(s + ";\n")
		}
	}
	return b.String()
}

func TestDDLOfEveryStep(t *testing.T) {
	before := &ingot.Schema{
		Enums: []ingot.Enum{{Name: "mood", Values: []string{"b", "d"}}},
		Tables: []ingot.Table{{
			Name:        "user",
			Columns:     []ingot.Column{{Name: "id", Type: "bigint"}, {Name: "a", Type: "bigint"}, {Name: "c", Type: "bigint"}, {Name: "m", Enum: "mood", Default: "'b'"}},
			PrimaryKey:  ingot.PrimaryKey{Columns: []string{"id"}},
			Uniques:     []ingot.Unique{{Name: "u", Columns: []string{"c"}}},
			ForeignKeys: []ingot.ForeignKey{{Name: "fa", Columns: []string{"a"}, RefTable: "order", RefColumns: []string{"x"}}},
			Checks:      []ingot.Check{{Name: "k", Expr: "c > 0"}},
			Indexes:     []ingot.Index{{Name: "i", Parts: []ingot.IndexPart{{Column: "c", Desc: true}}}},
		}},
	}
	for name, version := range map[string]string{"ddl_mysql": "8.4.3", "ddl_mariadb": "10.11.19-MariaDB"} {
		t.Run(name, func(t *testing.T) {
			srv, err := serverOf(version)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, stepsText(t, Dialect{}, everyStep(), before, &srv))
		})
	}
}

func TestCanonicalTypes(t *testing.T) {
	mysql := &ingot.Server{Dialect: "mysql", Version: [3]int{8, 4, 3}}
	for given, want := range map[ingot.Type]ingot.Type{
		"INT(11)": "integer", "int(10) unsigned": "integer unsigned", "bigint(20)": "bigint", "tinyint(1)": "boolean", "tinyint(4)": "tinyint",
		"bool": "boolean", "int(5) zerofill": "integer(5) unsigned zerofill", "float": "real", "float(53)": "double", "double precision": "double",
		"numeric( 10 , 2 )": "decimal(10,2)", "decimal": "decimal(10,0)", "char": "char(1)", "character varying(3)": "varchar(3)",
		"longtext": "text", "text": "text", "text(65535)": "text(65535)", "text(100)": "text(65535)", "text(20)": "tinytext", "text(100000)": "mediumtext",
		"longblob": "blob", "blob(65535)": "blob(65535)", "blob(100)": "tinyblob", "datetime(6)": "timestamp", "datetime": "datetime", "timestamp(0)": "timestamp(0)",
		"time(6)": "time", "time(0)": "time(0)", "year(4)": "year", "json": "json", "uuid": "uuid", "enum('A', 'it''s')": "enum('A','it''s')", "bit": "bit(1)",
	} {
		if got := (Dialect{}).CanonicalType(given); got != want {
			t.Errorf("CanonicalType(%q) = %q; want %q", given, got, want)
		}
		if got := (Dialect{}).CanonicalType(want); got != want {
			t.Errorf("CanonicalType(%q) = %q is not its own canonical form", want, got)
		}
		if got := catalogType(nativeType(want, mysql)); got != want && want != "uuid" {
			t.Errorf("nativeType(%q) = %q reads as %q", want, nativeType(want, mysql), got)
		}
	}
}
