package main

import (
	"fmt"
	"strings"
	"testing"

	"ingot"
)

// BenchmarkThousandTables reads the schema of 1,000 tables of ten columns, with a key, a
// unique constraint, a check, an index and a foreign key each, and compares it with itself.
func BenchmarkThousandTables(b *testing.B) {
	for _, name := range []string{"sqlite", "pg"} {
		b.Run(name, func(b *testing.B) {
			s, err := openStore(b.Context(), name)
			if err != nil {
				b.Skip(err)
			}
			b.Cleanup(func() {
				s.db.Close()
				_ = s.drop()
			})
			const tables = 1000
			var ddl strings.Builder
			for i := range tables {
				fmt.Fprintf(&ddl, "CREATE TABLE many_%d (id bigint PRIMARY KEY, a integer NOT NULL DEFAULT 0, b varchar(40) DEFAULT 'x', c text, d timestamp, e numeric(10,2), f boolean, g real, h date, up bigint, "+
					"CONSTRAINT uq_%d UNIQUE (a, b), CONSTRAINT ck_%d CHECK (a > 0 AND b <> 'y'), CONSTRAINT fk_%d FOREIGN KEY (up) REFERENCES many_%d (id)); CREATE INDEX ix_%d ON many_%d (d DESC, lower(c)) WHERE a > 5;\n", i, i, i, i, max(0, i-1), i, i)
			}
			if _, err := s.db.ExecContext(b.Context(), ddl.String()); err != nil {
				b.Fatal(err)
			}
			sqldb, db, err := openIngot(s)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { sqldb.Close() })
			var have *ingot.Schema
			b.Run("inspect", func(b *testing.B) {
				for b.Loop() {
					if have, err = db.Inspect(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				if len(have.Tables) < tables {
					b.Fatalf("%d tables", len(have.Tables))
				}
			})
			b.Run("compare", func(b *testing.B) {
				if have == nil {
					b.Skip("nothing was inspected")
				}
				for b.Loop() {
					if steps := ingot.Compare(have, have); len(steps) > 0 {
						b.Fatal(steps[0])
					}
				}
			})
		})
	}
}
