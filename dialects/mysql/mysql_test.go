package mysql

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
	text, err := fake.Texts(Dialect{}, serverOf, "8.4.3", "10.11.19-MariaDB-0+deb12u1", "8.0.11-TiDB-v7.5.1")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "text", text)
}
