package dbtest

import (
	"fmt"
	"testing"

	"ingot"
)

func serial(name string, t ingot.Type) ingot.Column {
	return ingot.Column{Name: name, Type: t, Auto: true}
}

// A default stands on the sequence of another table's column, whatever the tables are called:
// it comes after that column and goes before it, both ways.
func TestADefaultTakesFromTheSequenceOfAColumn(t *testing.T) {
	k := key("id")
	from := func(name, sequence string, more ...func(*ingot.Table)) ingot.Table {
		return table(name, cols(def(notNull("n", "bigint"), ingot.SQLText("nextval('"+sequence+"')")), col("x", "integer")), append(more, k)...)
	}
	owner := func(name string, more ...func(*ingot.Table)) ingot.Table {
		return table(name, []ingot.Column{serial("id", "bigserial"), col("x", "integer")}, append(more, k)...)
	}
	identity := table("Owner.1", []ingot.Column{counter(ingot.Identity{Always: true, Start: 5}), col("x", "integer")})
	plain := func(name string) ingot.Table {
		return table(name, cols(notNull("n", "bigint"), col("x", "integer")), k)
	}
	number := ingot.Domain{Name: "number", Type: "bigint", Null: true, Default: "nextval('zz_id_seq')"}
	fixed := number
	fixed.Default = "7"
	for _, x := range []attack{
		{"an owner that comes and goes", "", schema(), schema(from("a", "zz_id_seq"), owner("zz"), from("zzz", "zz_id_seq"))},
		{"an identity with a name to quote", "", schema(), schema(from("a", `"Owner.1_n_seq"`), identity)},
		{"an owner that refers back", "", schema(), schema(from("a", "zz_id_seq"), owner("zz", ref("fk_zz", "x", "a", "id")))},
		{"owners of each other", "", schema(),
			schema(table("a", []ingot.Column{serial("id", "serial"), def(col("n", "bigint"), "nextval('b_id_seq')")}, k), table("b", []ingot.Column{serial("id", "serial"), def(col("n", "bigint"), "nextval('a_id_seq')")}, k))},
		{"a table of its own", "", schema(), schema(table("a", []ingot.Column{def(notNull("n", "bigint"), "nextval('a_id_seq')"), serial("id", "serial")}, k))},
		{"a default that leaves its owner", "", schema(from("a", "zz_id_seq"), owner("zz")), schema(plain("a"))},
		{"a default that changes its owner", "", schema(from("a", "zz_id_seq"), owner("zz")), schema(from("a", "yy_id_seq"), owner("yy"))},
		{"a column that goes with its owner", "", schema(from("a", "zz_id_seq"), owner("zz")), schema(table("a", cols(col("x", "integer")), k))},
		{"a column of the owner", "", schema(from("a", "b_x_seq"), table("b", cols(serial("x", "serial")), k)), schema(plain("a"), table("b", cols(), k))},
		{"a column that is an owner no more", "", schema(from("a", "b_x_seq"), table("b", cols(serial("x", "serial")), k)), schema(plain("a"), table("b", cols(notNull("x", "integer")), k))},
		{"a column that takes and is of another type", "", schema(from("a", "zz_id_seq"), owner("zz")),
			schema(table("a", cols(def(notNull("n", "integer"), "3"), col("x", "integer")), k))},
		{"a table that takes from a column that comes", "", schema(table("b", cols(), k)), schema(from("a", "b_x_seq"), table("b", cols(serial("x", "serial")), k))},
		{"a domain", "", schema(table("a", cols(col("n", "text")), k)), domains(schema(table("a", cols(col("n", "number")), k), owner("zz")), number)},
		{"a domain that stays", "", domains(schema(table("a", cols(col("n", "number")), k)), fixed), domains(schema(table("a", cols(col("n", "number")), k), owner("zz")), number)},
		{"a column that is renamed and one that comes", "", schema(owner("zz")), schema(table("zz", []ingot.Column{was(serial("nr", "bigserial"), "id"), col("x", "integer"), def(col("n", "bigint"), "nextval('zz_id_seq')")}, key("nr")))},
	} {
		t.Run(x.name, func(t *testing.T) {
			db := targetNamed("postgres").open(t)
			checkPair(t, db, x.a, x.b)
			if x.name != "a column that is renamed and one that comes" { // made at once, it would have another sequence
				checkPair(t, db, backwards(x.b, x.a), backwards(x.a, x.b))
			}
		})
	}
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
			steps := ingot.Compare(have, x.b, ingot.CompareDialect(db.dialect))
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
