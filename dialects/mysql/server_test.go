package mysql

import (
	"testing"

	"ingot"
)

func TestServersAreToldApart(t *testing.T) {
	single := map[string]string{"wsrep_on": "OFF", "wsrep_provider": "none"}
	wsrep := map[string]string{"wsrep_on": "ON", "wsrep_provider": "/usr/lib/galera/libgalera_smm.so"}
	group := map[string]string{"group_replication_group_name": "a-b"}
	for _, tt := range []struct {
		version   string
		variables map[string]string
		want      string
		keys      ingot.KeyRule
	}{
		{"8.0.36", single, "mysql 8.0.36", ingot.KeysConsecutive},
		{"9.7.4-debian", single, "mysql 9.7.4", ingot.KeysConsecutive},
		{"8.4.3", group, "group-replication 8.4.3", ingot.KeysSingle},
		{"8.0.36-28.1", wsrep, "xtradb-cluster 8.0.36", ingot.KeysSingle},
		{"10.11.19-MariaDB-0+deb12u1", single, "mariadb 10.11.19", ingot.KeysConsecutive},
		{"5.5.5-10.6.1-MariaDB-log", single, "mariadb 10.6.1", ingot.KeysConsecutive},
		{"10.11.19-MariaDB-0+deb12u1", wsrep, "galera 10.11.19", ingot.KeysSingle},
		{"8.0.11-TiDB-v7.5.1", single, "tidb 7.5.1", ingot.KeysSingle},
		{"8.0.30-Vitess", single, "vitess 8.0.30", ingot.KeysSingle},
	} {
		srv, err := serverOf(tt.version)
		srv.Flavour = clusterOf(srv.Flavour, tt.variables)
		srv.Caps = capsOf(&srv, tt.variables)
		if srv.String() != tt.want || srv.Keys != tt.keys || err != nil {
			t.Errorf("server %q = %s, keys %v, %v; want %s, keys %v", tt.version, &srv, srv.Keys, err, tt.want, tt.keys)
		}
	}
}

func TestAnotherServerIsNamed(t *testing.T) {
	for version, want := range map[string]string{
		"PostgreSQL 15.20 on x86_64": `the server is "PostgreSQL 15.20 on x86_64", not MySQL: use postgres.Dialect{} of ingot/dialects/postgres`,
		"5.7.44":                     "mysql 5.7.44 is older than MySQL 8.0",
		"10.5.1-MariaDB":             "mariadb 10.5.1 is older than MariaDB 10.6",
		"5.7.25-TiDB-v6.1.0":         "tidb 6.1.0 is older than TiDB 6.6, which enforces foreign keys",
		"":                           `the server says it is "", not MySQL`,
	} {
		if _, err := serverOf(version); err == nil || err.Error() != want {
			t.Errorf("serverOf(%q) gives %v; want %s", version, err, want)
		}
	}
}
