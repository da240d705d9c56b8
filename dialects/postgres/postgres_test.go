package postgres

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"ingot/internal/fake"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with testdata/name.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s differs (go test -update rewrites it)\n--- got\n%s--- want\n%s", file, got, want)
	}
}

func TestTextOfStatements(t *testing.T) {
	text, err := fake.Texts(Dialect{}, serverOf, "PostgreSQL 15.20 (Debian 15.20-0+deb12u1) on x86_64-pc-linux-gnu", "CockroachDB CCL v24.1.2 (x86_64-pc-linux-gnu)")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "text", text)
}
