package postgres

import (
	"testing"

	"ingot"
)

func TestServersAreToldApart(t *testing.T) {
	for _, tt := range []struct {
		version, want string
		keys          ingot.KeyRule
	}{
		{"PostgreSQL 15.20 (Debian 15.20-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc", "postgres 15.20.0", ingot.KeysReserved},
		{"PostgreSQL 18beta1 on x86_64", "postgres 18.0.0", ingot.KeysReserved},
		{"CockroachDB CCL v24.1.2 (x86_64-pc-linux-gnu, built 2024/06/10, go1.22.4)", "cockroach 24.1.2", ingot.KeysSingle},
		{"PostgreSQL 11.2-YB-2.18.0.0-b0 on x86_64-pc-linux-gnu", "yugabyte 2.18.0", ingot.KeysReserved},
		{"PostgreSQL 15.2-YB-2025.1.0.0-b0 on x86_64", "yugabyte 2025.1.0", ingot.KeysReserved},
	} {
		srv, err := serverOf(tt.version)
		if srv.String() != tt.want || srv.Keys != tt.keys || err != nil {
			t.Errorf("serverOf(%q) = %s, keys %v, %v; want %s, keys %v", tt.version, &srv, srv.Keys, err, tt.want, tt.keys)
		}
	}
}

func TestAnotherServerIsNamed(t *testing.T) {
	for version, want := range map[string]string{
		"10.11.19-MariaDB": "the server is MySQL or MariaDB (10.11.19-MariaDB), not PostgreSQL: use mysql.Dialect{} of ingot/dialects/mysql",
		"8.4.3":            "the server is MySQL or MariaDB (8.4.3), not PostgreSQL: use mysql.Dialect{} of ingot/dialects/mysql",
		"H2 2.0":           `the server says it is "H2 2.0", not PostgreSQL`,
	} {
		if _, err := serverOf(version); err == nil || err.Error() != want {
			t.Errorf("serverOf(%q) gives %v; want %s", version, err, want)
		}
	}
}
