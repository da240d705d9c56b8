package dbtest

import (
	"testing"

	"ingot"
)

func TestPostgresRoundTrip(t *testing.T) {
	texts := func(def ingot.SQLText) ingot.Schema {
		return tables(table("t", []ingot.Column{id(), {Name: "a", Type: "varchar(30)", Null: true, Default: def}}, key("id")))
	}
	with := func(m func(*ingot.Table)) ingot.Schema {
		return tables(
			table("p", []ingot.Column{{Name: "x", Type: "bigint"}, {Name: "y", Type: "bigint"}}, key("x", "y"), func(t *ingot.Table) {
				t.Uniques = []ingot.Unique{{Name: "p_y", Columns: []string{"y"}}}
			}),
			table("t", []ingot.Column{id(), {Name: "a", Type: "bigint", Null: true}, {Name: "b", Type: "bigint", Null: true}, {Name: "Group", Type: "text", Null: true}}, key("id"), m))
	}
	plain := with(func(*ingot.Table) {})
	index := func(x ingot.Index) ingot.Schema {
		return with(func(t *ingot.Table) { t.Indexes = []ingot.Index{x} })
	}
	a := []ingot.IndexPart{{Column: "a"}}
	enum := func(def ingot.SQLText, values ...string) ingot.Schema {
		s := tables(table("t", []ingot.Column{id(), {Name: "m", Enum: "Mood", Default: def}}, key("id"), func(t *ingot.Table) {
			t.Checks = []ingot.Check{{Name: "t_m", Expr: "m <> 'sad'"}}
		}))
		s.Enums = []ingot.Enum{{Name: "Mood", Values: values}}
		return s
	}
	sequence := func(q ingot.Sequence) ingot.Schema {
		return ingot.Schema{Sequences: []ingot.Sequence{q}}
	}
	for _, c := range []change{
		{"types", tables(everyType()), tables(everyType("interval", "timestamp without time zone", "timestamp(3) with time zone", "pg_catalog.json", "numeric", "varchar", "integer[]", "bytea", "inet", "time(3) with time zone", "bit(3)", "text[]", "tsvector", "\"char\"", "xml", "int4range")), false},
		{"varchar grows", columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Default: "'x'"}), columnOf(ingot.Column{Name: "a", Type: "varchar(20)", Default: "'x'"}), false},
		{"varchar becomes text", columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Default: "'x'"}), columnOf(ingot.Column{Name: "a", Type: "text", Default: "'x'"}), false},
		{"text becomes a number", columnOf(ingot.Column{Name: "a", Type: "text", Default: "'7'"}), columnOf(ingot.Column{Name: "a", Type: "integer", Default: "7"}), false},
		{"a number becomes a boolean", columnOf(ingot.Column{Name: "a", Type: "integer", Default: "0"}), columnOf(ingot.Column{Name: "a", Type: "boolean", Default: "false"}), false},
		{"integer grows", columnOf(ingot.Column{Name: "a", Type: "integer"}), columnOf(ingot.Column{Name: "a", Type: "bigint"}), false},
		{"timestamp loses its zone", columnOf(ingot.Column{Name: "a", Type: "timestamp"}), columnOf(ingot.Column{Name: "a", Type: "timestamp without time zone"}), false},
		{"textual json becomes json", columnOf(ingot.Column{Name: "a", Type: "pg_catalog.json"}), columnOf(ingot.Column{Name: "a", Type: "json"}), false},
		{"null", columnOf(ingot.Column{Name: "a", Type: "text", Null: true}), columnOf(ingot.Column{Name: "a", Type: "text"}), false},
		{"default comes", texts(""), texts("'it''s'"), false},
		{"default changes", texts("'a'"), texts("'b'"), false},
		{"default with a backslash", texts(`'a'`), texts(`E'\\'`), false},
		{"default function", columnOf(ingot.Column{Name: "a", Type: "timestamp", Default: "now()"}), columnOf(ingot.Column{Name: "a", Type: "timestamp", Default: "CURRENT_TIMESTAMP + interval '1 day'"}), false},
		{"default numbers", columnOf(ingot.Column{Name: "a", Type: "decimal(10,2)", Default: "-1"}), columnOf(ingot.Column{Name: "a", Type: "decimal(10,2)", Default: "1.50"}), false},
		{"default bigint", columnOf(ingot.Column{Name: "a", Type: "bigint", Default: "3000000000"}), columnOf(ingot.Column{Name: "a", Type: "bigint", Default: "-3000000000"}), false},
		{"comment", columnOf(ingot.Column{Name: "a", Type: "text"}), columnOf(ingot.Column{Name: "a", Type: "text", Comment: `it's a \ "comment"`}), false},
		{"collation", columnOf(ingot.Column{Name: "a", Type: "text"}), columnOf(ingot.Column{Name: "a", Type: "text", Collation: "C"}), false},
		{"identity comes", columnOf(ingot.Column{Name: "a", Type: "bigint"}), columnOf(ingot.Column{Name: "a", Type: "bigint", Auto: true}), false},
		{"a serial column", columnOf(ingot.Column{Name: "a", Type: "serial", Auto: true}), columnOf(ingot.Column{Name: "a", Type: "serial", Auto: true, Comment: "x"}), false},
		{"serial to identity", columnOf(ingot.Column{Name: "a", Type: "bigserial", Auto: true}), columnOf(ingot.Column{Name: "a", Type: "bigint", Auto: true, Identity: &ingot.Identity{Always: true}}), true},
		{"serial no more", columnOf(ingot.Column{Name: "a", Type: "bigserial", Auto: true}), columnOf(ingot.Column{Name: "a", Type: "bigint"}), false},
		{"identity options", columnOf(ingot.Column{Name: "a", Type: "bigint", Auto: true, Identity: &ingot.Identity{Always: true, Start: 100, Increment: 5}}), columnOf(ingot.Column{Name: "a", Type: "bigint", Auto: true}), true},
		{"generated", columnOf(ingot.Column{Name: "a", Type: "bigint", Null: true}, ingot.Column{Name: "g", Type: "bigint", Null: true, Generated: "a + 1"}), columnOf(ingot.Column{Name: "a", Type: "bigint", Null: true}, ingot.Column{Name: "g", Type: "bigint", Null: true, Generated: "a + 2"}), false},
		{"column comes", plain, with(func(t *ingot.Table) {
			t.Columns = append(t.Columns, ingot.Column{Name: "c", Type: "text", Default: "''", Comment: "c"})
		}), false},
		{"primary key", plain, with(func(t *ingot.Table) { t.PrimaryKey = ingot.PrimaryKey{Name: "t_key", Columns: []string{"id", "Group"}} }), true},
		{"unique", plain, with(func(t *ingot.Table) { t.Uniques = []ingot.Unique{{Name: "u", Columns: []string{"a", "Group"}}} }), false},
		{"unique with nulls", plain, with(func(t *ingot.Table) {
			t.Uniques = []ingot.Unique{{Name: "u", Columns: []string{"a"}, NullsNotDistinct: true, Deferrable: ingot.DeferrableInitiallyDeferred}}
		}), false},
		{"check", plain, with(func(t *ingot.Table) { t.Checks = []ingot.Check{{Name: "c", Expr: "a > 0 AND b BETWEEN 1 AND 5"}} }), false},
		{"check in", plain, with(func(t *ingot.Table) {
			t.Checks = []ingot.Check{{Name: "c", Expr: `"Group" IN ('a', 'b') OR a NOT IN (1, 2)`}}
		}), false},
		{"check not valid", plain, with(func(t *ingot.Table) {
			t.Checks = []ingot.Check{{Name: "c", Expr: `"Group" LIKE 'a%' OR a IS NULL`, NotValid: true}}
		}), false},
		{"foreign key", plain, with(func(t *ingot.Table) {
			t.ForeignKeys = []ingot.ForeignKey{{Name: "f", Columns: []string{"a", "b"}, RefTable: "p", RefColumns: []string{"x", "y"}, OnDelete: "CASCADE", OnUpdate: "SET NULL", Match: "FULL", Deferrable: ingot.DeferrableInitiallyDeferred}}
		}), false},
		{"foreign key to unique", plain, with(func(t *ingot.Table) {
			t.ForeignKeys = []ingot.ForeignKey{{Name: "f", Columns: []string{"a"}, RefTable: "p", RefColumns: []string{"y"}, OnDelete: "RESTRICT", NotValid: true, Deferrable: ingot.DeferrableInitiallyImmediate}}
		}), false},
		{"index", plain, index(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Column: "a", Desc: true}, {Column: "Group", Nulls: "FIRST"}}}), false},
		{"unique index", index(ingot.Index{Name: "i", Parts: a}), index(ingot.Index{Name: "i", Parts: a, Unique: true}), false},
		{"partial index", index(ingot.Index{Name: "i", Parts: a, Where: "b > 0"}), index(ingot.Index{Name: "i", Parts: a, Where: "b > 1"}), false},
		{"expression index", index(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Expr: `lower("Group")`}}}), index(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Expr: `upper("Group")`, Desc: true, Nulls: "LAST"}}}), false},
		{"index include", plain, index(ingot.Index{Name: "i", Parts: a, Include: []string{"b", "Group"}, Options: []ingot.Option{{Name: "fillfactor", Value: "70"}}}), false},
		{"index method", plain, index(ingot.Index{Name: "i", Parts: a, Using: "hash"}), false},
		{"index operator class", plain, index(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Column: "Group", OpClass: "text_pattern_ops", Collation: "C"}}}), false},
		{"index with nulls", plain, index(ingot.Index{Name: "i", Parts: a, Unique: true, NullsNotDistinct: true}), false},
		{"table comment and options", plain, with(func(t *ingot.Table) {
			t.Comment, t.Options = "it's", []ingot.Option{{Name: "fillfactor", Value: "70"}}
		}), false},
		{"enum grows", enum("'ok'", "sad", "ok"), enum("'ok'", "bad", "sad", "so", "ok", "fine"), false},
		{"enum shrinks", enum("'ok'", "sad", "ok", "fine"), enum("'ok'", "ok", "sad"), false},
		{"sequence", sequence(ingot.Sequence{Name: "s"}), sequence(ingot.Sequence{Name: "s", Type: "integer", Increment: 2, Max: 1000}), true},
	} {
		t.Run(c.name, func(t *testing.T) { checkChange(t, targetNamed("postgres").open(t), c) })
	}
}
