package mysql

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"ingot"
	"ingot/internal/fake"
)

// What differs from flavour to flavour, found by the questions that Probe asks. Servers of the
// last four were never run: these are what their documentation says.
func TestFlavoursOfMySQL(t *testing.T) {
	wsrep := "wsrep_on=ON wsrep_provider=libgalera_smm.so auto_increment_increment=1"
	for _, tt := range []struct {
		version, variables string
		want               string // the server, and what it can
	}{
		{"8.0.36", "auto_increment_increment=1", "mysql 8.0.36: keys counted up, expression indexes, skip locked, serializable, lock by function"},
		{"8.0.12", "auto_increment_increment=1", "mysql 8.0.12: keys counted up, skip locked, serializable, lock by function"},
		{"9.7.4", "auto_increment_increment=2", "mysql 9.7.4: keys counted up, expression indexes, skip locked, serializable, lock by function"},
		{"8.4.3", "auto_increment_increment=1 lower_case_table_names=1", "mysql 8.4.3: keys counted up, expression indexes, skip locked, serializable, tables folded, lock by function"},
		{"10.11.19-MariaDB-0+deb12u1", "auto_increment_increment=1 wsrep_on=OFF wsrep_provider=none", "mariadb 10.11.19: returning, keys counted up, skip locked, serializable, lock by function"},
		{"10.11.19-MariaDB-0+deb12u1", wsrep, "galera 10.11.19: returning, keys one by one, skip locked, serializable, lock by row"},
		{"8.0.36-28.1", wsrep, "xtradb-cluster 8.0.36: keys one by one, expression indexes, skip locked, serializable, lock by row"},
		{"9.7.4", "auto_increment_increment=7 group_replication_group_name=a-b", "group-replication 9.7.4: keys one by one, expression indexes, skip locked, serializable, lock by row"},
		{"8.0.11-TiDB-v7.5.1", "auto_increment_increment=1", "tidb 7.5.1: keys one by one, expression indexes, lock by function"},
		{"8.0.30-Vitess", "auto_increment_increment=1", "vitess 8.0.30: keys one by one, expression indexes, skip locked, serializable, lock by row"},
	} {
		server := &fake.Server{Answers: map[string][][]string{"VERSION()": {{tt.version}}, "SHOW VARIABLES": nil, "GET_LOCK": {{"1"}}}}
		for _, v := range strings.Fields(tt.variables) {
			name, value, _ := strings.Cut(v, "=")
			server.Answers["SHOW VARIABLES"] = append(server.Answers["SHOW VARIABLES"], []string{name, value})
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
		add(srv.InsertReturning, "returning")
		add(true, map[ingot.KeyRule]string{ingot.KeysSingle: "keys one by one", ingot.KeysConsecutive: "keys counted up"}[srv.Keys])
		add(srv.ExpressionIndexes, "expression indexes")
		_, err = Dialect{}.AppendLock(nil, ingot.Lock{Update: true, SkipLocked: true}, &srv)
		add(srv.SkipLocked && err == nil, "skip locked")
		_, err = Dialect{}.BeginSQL(ingot.TxOptions{Isolation: sql.LevelSerializable}, &srv)
		add(err == nil, "serializable")
		add(srv.FoldTables, "tables folded")
		add(srv.TransactionalDDL, "DDL in transactions")
		add(srv.Deferrable, "deferrable")
		add(srv.PartialIndexes, "partial indexes")
		add(srv.MaxIdent != 64 || !srv.IdentChars, "other names")
		add(srv.MaxParams != 65535, "other parameters")
		lock, err := Dialect{}.LockMigrations(t.Context(), db, &srv)
		if err != nil {
			t.Errorf("LockMigrations of %s: %v", &srv, err)
			continue
		}
		by := "function"
		if strings.Contains(fmt.Sprint(server.Sent()), "INSERT INTO `ingot_lock`") {
			by = "row"
		}
		add(true, "lock by "+by)
		if got := srv.String() + ": " + strings.Join(can, ", "); got != tt.want {
			t.Errorf("%s with %s is\n%s; want\n%s", tt.version, tt.variables, got, tt.want)
		}
		server.Answers["RELEASE_LOCK"] = nil
		if err := lock.Unlock(t.Context()); err != nil {
			t.Errorf("Unlock of %s: %v", &srv, err)
		}
		db.Close()
	}
}
