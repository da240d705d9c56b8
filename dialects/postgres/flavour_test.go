package postgres

import (
	"fmt"
	"strings"
	"testing"

	"ingot"
	"ingot/internal/fake"
)

// What differs from flavour to flavour, found by the questions that Probe asks. CockroachDB,
// YugabyteDB and Citus were never run by these tests: this is what their documentation says.
func TestFlavoursOfPostgreSQL(t *testing.T) {
	for _, tt := range []struct {
		version, citus string
		want           string // the server, and what it can
	}{
		{"PostgreSQL 15.20 (Debian 15.20-0+deb12u1) on x86_64", "", "postgres 15.20.0: keys reserved, skip locked, DDL in transactions, deferrable, names of 63, lock by function"},
		{"PostgreSQL 17.2 on x86_64", "13.0-1", "citus 17.2.0: keys reserved, DDL in transactions, deferrable, names of 63, lock by function"},
		{"CockroachDB CCL v24.1.2 (x86_64-pc-linux-gnu, built 2024/06/10, go1.22.4)", "", "cockroach 24.1.2: keys one by one, skip locked, names of 128, lock by row"},
		{"PostgreSQL 11.2-YB-2.18.0.0-b0 on x86_64", "", "yugabyte 2.18.0: keys reserved, skip locked, deferrable, names of 63, lock by row"},
		{"PostgreSQL 15.2-YB-2025.1.0.0-b0 on x86_64", "", "yugabyte 2025.1.0: keys reserved, skip locked, deferrable, names of 63, lock by row"},
	} {
		server := &fake.Server{Answers: map[string][][]string{
			"SELECT version()": {{tt.version}}, "client_encoding": {{"UTF8"}}, "0.30000000000000004": nil, "timestamp with time zone": nil,
			"pg_is_in_recovery": {{"false"}}, "pg_try_advisory_xact_lock": {{"true"}}, "pg_extension": nil,
		}}
		if tt.citus != "" {
			server.Answers["pg_extension"] = [][]string{{tt.citus}}
		}
		db := server.Open()
		srv, err := Dialect{}.Probe(t.Context(), db)
		if err != nil {
			t.Errorf("Probe of %s: %v", tt.version, err)
			continue
		}
		can := []string{}
		add := func(ok bool, what string) {
			if ok {
				can = append(can, what)
			}
		}
		add(true, map[ingot.KeyRule]string{ingot.KeysSingle: "keys one by one", ingot.KeysReserved: "keys reserved"}[srv.Keys])
		_, err = Dialect{}.AppendLock(nil, ingot.Lock{Update: true, SkipLocked: true}, &srv)
		add(srv.SkipLocked && err == nil, "skip locked")
		add(srv.TransactionalDDL, "DDL in transactions")
		_, err = Dialect{}.DDL(ingot.AddUnique{Table: ingot.TableName{Name: "t"}, Unique: ingot.Unique{Columns: []string{"a"}, Deferrable: ingot.DeferrableInitiallyDeferred}}, nil, &srv)
		add(srv.Deferrable && err == nil, "deferrable")
		add(true, fmt.Sprint("names of ", srv.MaxIdent))
		add(!srv.InsertReturning || !srv.ArrayIn || !srv.UpdateFrom, "other writes")
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lock, err := Dialect{}.LockMigrations(t.Context(), conn, &srv)
		if err != nil {
			t.Errorf("LockMigrations of %s: %v", &srv, err)
			continue
		}
		by := "function"
		if strings.Contains(fmt.Sprint(server.Sent()), `INSERT INTO "ingot_lock"`) || strings.Contains(fmt.Sprint(server.Sent()), `INSERT INTO ingot_lock`) {
			by = "row"
		}
		add(true, "lock by "+by)
		if got := srv.String() + ": " + strings.Join(can, ", "); got != tt.want {
			t.Errorf("%s is\n%s; want\n%s", tt.version, got, tt.want)
		}
		if err := lock.Unlock(t.Context()); err != nil {
			t.Errorf("Unlock of %s: %v", &srv, err)
		}
		conn.Close()
		db.Close()
	}
}

func TestDeferrableIsRefusedWhereTheServerHasItNot(t *testing.T) {
	srv, err := serverOf("CockroachDB CCL v24.1.2")
	if err != nil {
		t.Fatal(err)
	}
	fk := ingot.ForeignKey{Name: "f", Columns: []string{"a"}, RefTable: "u", Deferrable: ingot.DeferrableInitiallyDeferred}
	for _, step := range []ingot.Step{
		ingot.AddForeignKey{Table: ingot.TableName{Name: "t"}, ForeignKey: fk},
		ingot.CreateTable{Table: ingot.Table{Name: "t", ForeignKeys: []ingot.ForeignKey{fk}}},
	} {
		const want = "table t, foreign key f: cockroach 24.1.2 has no deferrable constraints: leave out deferrable"
		if _, err := (Dialect{}).DDL(step, nil, &srv); err == nil || err.Error() != want {
			t.Errorf("DDL of %v gives %v; want %s", step, err, want)
		}
	}
}
