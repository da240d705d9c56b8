package dbtest

import (
	"fmt"
	"testing"

	"ingot"
)

func serial(name string, t ingot.Type) ingot.Column {
	return ingot.Column{Name: name, Type: t, Auto: true}
}

// The sequence of a serial column stays with it, counter and all, whatever happens to the names
// and the type.
func TestASerialKeepsItsSequence(t *testing.T) {
	of := func(tab, name string, typ ingot.Type, more ...func(*ingot.Table)) *ingot.Schema {
		return schema(table(tab, []ingot.Column{serial(name, typ), col("x", "integer")}, append(more, key(name))...))
	}
	renames := func(s *ingot.Schema, from string) *ingot.Schema {
		s.Tables[0].Columns[0].Was = from
		return s
	}
	for _, x := range []struct {
		name    string
		a, b    *ingot.Schema
		was, is string // the type of the sequence
	}{
		{"the table is renamed", of("old", "id", "bigserial"), of("new", "id", "bigserial", renamed("old")), "bigint", "bigint"},
		{"the column is renamed", of("t", "id", "serial"), renames(of("t", "nr", "serial"), "id"), "integer", "integer"},
		{"both are, and it grows", of("old", "id", "serial"), renames(of("new", "Nr", "bigserial", renamed("old")), "id"), "integer", "bigint"},
		{"both are, and it is an identity", of("old", "id", "bigint"), renames(of("new", "nr", "bigint", renamed("old")), "id"), "bigint", "bigint"},
		{"serial grows", of("t", "id", "serial"), of("t", "id", "bigserial"), "integer", "bigint"},
		{"smallserial grows", of("t", "id", "smallserial"), of("t", "id", "serial"), "smallint", "integer"},
		{"serial grows into what a model says", of("t", "id", "serial"), of("t", "id", "bigint"), "integer", "bigint"},
		{"serial shrinks", of("t", "id", "bigserial"), of("t", "id", "integer"), "bigint", "integer"},
		{"an identity grows into a serial", of("t", "id", "integer"), of("t", "id", "bigserial"), "integer", "bigint"},
	} {
		t.Run(x.name, func(t *testing.T) {
			db := targetNamed("postgres").open(t)
			db.migrate(t, db.inspect(t), ingot.Compare(nil, x.a, ingot.CompareDialect(db.dialect)))
			wantSequence := func(what string, s *ingot.Schema, oid, typ string, last int) string {
				t.Helper()
				name := db.table(&s.Tables[0])
				db.exec(t, "INSERT INTO "+name+" (x) VALUES (0) -- "+what)
				var is, of, key string
				if err := db.QueryRowContext(t.Context(), "SELECT seqrelid::text, seqtypid::regtype::text, (SELECT max(k.k)::text FROM "+name+" AS k(k)) FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid WHERE relnamespace = current_schema()::regnamespace -- "+what).Scan(&is, &of, &key); err != nil {
					t.Fatal(err)
				}
				if oid != "" && is != oid || of != typ || key != fmt.Sprint(last) {
					t.Errorf("%s sequence %s of %s gave %s; want %s of %s, %d", what, is, of, key, oid, typ, last)
				}
				return is
			}
			oid := wantSequence("made", x.a, "", x.was, 1)
			have := db.inspect(t)
			steps := ingot.Compare(have, x.b)
			db.migrate(t, have, steps)
			changed := db.inspect(t)
			wantLaw(t, db, "changed", changed, x.b)
			wantSequence("changed", x.b, oid, x.is, 2)
			if len(changed.Unsupported) > 0 {
				t.Errorf("unsupported: %v", changed.Unsupported)
			}
			db.migrate(t, changed, reversed(t, steps))
			wantLaw(t, db, "reversed", db.inspect(t), x.a)
			wantSequence("reversed", x.a, oid, x.was, 3)
		})
	}
}
