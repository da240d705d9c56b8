package dbtest

import (
	"strings"
	"testing"

	"ingot"
)

// What the round-trip law found, each as small as it goes.
func TestTheLawFound(t *testing.T) {
	id := ingot.Column{Name: "id", Type: "integer"}
	key := ingot.PrimaryKey{Columns: []string{"id"}}
	null := func(name string, t ingot.Type) ingot.Column { return ingot.Column{Name: name, Type: t, Null: true} }
	to := func(name string, columns ...string) ingot.ForeignKey {
		return ingot.ForeignKey{Name: name, Columns: columns, RefTable: "p", RefColumns: []string{"id", "x"}[:len(columns)]}
	}
	parent := ingot.Table{Name: "p", Columns: []ingot.Column{id, {Name: "x", Type: "integer"}}, PrimaryKey: key,
		Uniques: []ingot.Unique{{Name: "p_id_x", Columns: []string{"id", "x"}}}}
	child := func(keys []ingot.ForeignKey, indexes ...ingot.Index) *ingot.Schema {
		return &ingot.Schema{Tables: []ingot.Table{parent, {Name: "c", Columns: []ingot.Column{id, null("fk1", "integer"), null("fk2", "integer")}, PrimaryKey: key,
			ForeignKeys: keys, Indexes: indexes}}}
	}
	unnamed := to("", "fk1")
	cascading := to("", "fk1")
	cascading.OnDelete = "CASCADE"
	index := func(name string, columns ...string) ingot.Index {
		return ingot.Index{Name: name, Parts: parts(columns...)}
	}
	computed := func(columns ...ingot.Column) *ingot.Schema {
		return &ingot.Schema{Tables: []ingot.Table{{Name: "t", Columns: append([]ingot.Column{id}, columns...), PrimaryKey: key}}}
	}
	from := func(name, text ingot.SQLText) ingot.Column {
		return ingot.Column{Name: string(name), Type: "double", Null: true, Generated: text}
	}
	star := func(view ingot.SQLText, columns ...ingot.Column) *ingot.Schema {
		s := computed(columns...)
		s.Views = []ingot.View{{Name: "v", SQL: view}}
		return s
	}
	amount := func(base ingot.Type, checks ...ingot.Check) *ingot.Schema {
		s := computed(ingot.Column{Name: "a", Type: `"Amount"`}, from("b", "coalesce(a, 0) * 2"))
		s.Domains = []ingot.Domain{{Name: "Amount", Type: base, Checks: checks}}
		return s
	}
	feeling := func(base ingot.Type) *ingot.Schema {
		s := computed(ingot.Column{Name: "a", Type: `"Feeling"`, Default: "'1'"})
		s.Enums = []ingot.Enum{{Name: "mood", Values: []string{"1"}}, {Name: "mind", Values: []string{"1", "2"}}}
		s.Domains = []ingot.Domain{{Name: "Feeling", Type: base}}
		return s
	}
	uniques := func(list ...ingot.Unique) *ingot.Schema {
		s := computed(null("a", "integer"))
		s.Tables[0].Uniques = list
		return s
	}
	indexed := computed(ingot.Column{Name: "a", Type: "double"}, from("b", "abs(a)"))
	indexed.Tables[0].Indexes = []ingot.Index{index("ix", "b")}
	counting := func(unique ...ingot.Unique) *ingot.Schema {
		s := computed(ingot.Column{Name: "n", Type: "bigint", Auto: true})
		s.Tables[0].Uniques = unique
		return s
	}
	for _, c := range []struct {
		name, kind string
		path       []*ingot.Schema
	}{
		{"foreign keys of the same columns share an index", "mysql", []*ingot.Schema{
			child(nil), child([]ingot.ForeignKey{to("z", "fk1")}), child([]ingot.ForeignKey{to("z", "fk1"), to("m", "fk1")}), child([]ingot.ForeignKey{to("m", "fk1")}), child(nil)}},
		{"the one of more columns has it", "mysql", []*ingot.Schema{
			child([]ingot.ForeignKey{to("one", "fk1")}), child([]ingot.ForeignKey{to("one", "fk1"), to("two", "fk1", "fk2")}), child([]ingot.ForeignKey{to("one", "fk1")}),
			child([]ingot.ForeignKey{to("two", "fk1", "fk2")}), child(nil)}},
		{"an index that serves comes and goes", "mysql", []*ingot.Schema{
			child([]ingot.ForeignKey{to("one", "fk1"), to("more", "fk1")}), child([]ingot.ForeignKey{to("one", "fk1"), to("more", "fk1")}, index("ix", "fk1", "fk2")),
			child([]ingot.ForeignKey{to("more", "fk1")}), child([]ingot.ForeignKey{to("more", "fk1")}, index("ix", "fk1", "fk2")), child([]ingot.ForeignKey{to("other", "fk1")}), child(nil)}},
		{"one of two is renamed", "mysql", []*ingot.Schema{
			child([]ingot.ForeignKey{to("a1", "fk1"), to("a2", "fk1")}), child([]ingot.ForeignKey{to("a3", "fk1"), to("a2", "fk1")}), child([]ingot.ForeignKey{to("a2", "fk1")}), child(nil)}},
		{"the one of two that is dropped is the one meant", "sqlite postgres", []*ingot.Schema{
			child([]ingot.ForeignKey{unnamed}), child([]ingot.ForeignKey{unnamed, cascading}), child([]ingot.ForeignKey{cascading}), child([]ingot.ForeignKey{unnamed})}},
		{"what is computed no more goes first", "", []*ingot.Schema{
			computed(from("a", "abs(id)"), from("b", "abs(id)")), computed(from("a", "abs(b)"), null("b", "double")), computed(null("a", "double"), from("b", "abs(a)"))}},
		{"a view of all columns follows them", "", []*ingot.Schema{
			star("SELECT q.* FROM t q"), star("SELECT q.* FROM t q", null("a", "integer")), star("SELECT q.id FROM t q", null("a", "integer"), null("b", "integer")), star("SELECT q.* FROM t q")}},
		{"what is computed from a column goes before it changes", "", []*ingot.Schema{indexed, computed(ingot.Column{Name: "a", Type: "varchar(20)"})}},
		{"unique constraints whose names the server numbers", "mysql", []*ingot.Schema{
			uniques(ingot.Unique{Columns: []string{"id", "a"}}), uniques(ingot.Unique{Columns: []string{"id", "a"}}, ingot.Unique{Columns: []string{"id"}}), uniques()}},
		{"a domain of another kind of number", "postgres", []*ingot.Schema{amount("decimal(10,2)"), amount("smallint"), amount("double"), amount("bigint")}},
		{"a check of a domain without a name", "postgres", []*ingot.Schema{
			amount("smallint"), amount("bigint", ingot.Check{Expr: "VALUE > -5"}, ingot.Check{Name: "ck", Expr: "VALUE <> 77"}), amount("bigint", ingot.Check{Name: "ck", Expr: "VALUE <> 77"})}},
		{"a domain over another enum", "postgres", []*ingot.Schema{feeling(`"mood"`), feeling(`"mind"`), {}}},
		{"a column that counts outside of the primary key", "mysql", []*ingot.Schema{
			computed(), counting(ingot.Unique{Name: "uq", Columns: []string{"n"}}), counting(ingot.Unique{Name: "other", Columns: []string{"n", "id"}}), computed()}},
		{"a key that is counted no more", "sqlite", []*ingot.Schema{
			{Tables: []ingot.Table{{Name: "t", Columns: []ingot.Column{{Name: "id", Type: "integer", Auto: true}}, PrimaryKey: key, Options: []ingot.Option{{Name: "autoincrement"}}}}},
			{Tables: []ingot.Table{{Name: "t", Columns: []ingot.Column{{Name: "id", Type: "bigint"}}, PrimaryKey: key}}}}},
		{"names with dots and backslashes", "postgres", []*ingot.Schema{
			{Enums: []ingot.Enum{{Name: `a."b"`, Values: []string{"1"}}}, Tables: []ingot.Table{{Name: `t\.x`, Columns: []ingot.Column{{Name: "id", Type: "serial"}, {Name: "e", Enum: `"a.""b"""`}}, PrimaryKey: key}}},
			{Enums: []ingot.Enum{{Name: `a."b"`, Values: []string{"2", "1"}}}, Tables: []ingot.Table{{Name: `t\.x`, Columns: []ingot.Column{{Name: "id", Type: "bigserial"}, {Name: "e", Enum: `"a.""b"""`}}, PrimaryKey: key}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			on(t, func(t *testing.T, db *database) {
				if c.kind != "" && !strings.Contains(c.kind, db.kind) {
					t.Skip("of " + c.kind)
				}
				if err := db.tryPath(t.Context(), c.path...); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
