package mysql

import (
	"bytes"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ingot"
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
	var d Dialect
	var b strings.Builder
	for _, name := range []string{"name", "Order", `a"b`, "a`b", "naïve 名"} {
		fmt.Fprintf(&b, "ident  %s => %s\n", name, d.AppendIdent(nil, name))
	}
	fmt.Fprintf(&b, "params %s %s\n", d.AppendPlaceholder(nil, 1), d.AppendPlaceholder(nil, 12))
	fmt.Fprintf(&b, "scan   %s %s\n", d.AppendScanColumn(nil, "t.a", ingot.ScanPlain), d.AppendScanColumn(nil, "t.a", ingot.ScanTime))
	for _, p := range [][2]int{{-1, 0}, {0, 0}, {10, 0}, {10, 20}, {-1, 20}} {
		fmt.Fprintf(&b, "limit  %d %d => %q\n", p[0], p[1], d.AppendLimit(nil, p[0], p[1]))
	}
	for _, version := range []string{"8.4.3", "10.11.19-MariaDB-0+deb12u1", "8.0.11-TiDB-v7.5.1"} {
		srv, err := serverOf(version)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "server %s => %s\n", version, &srv)
		for _, lock := range []ingot.Lock{{}, {Update: true}, {Share: true}, {Update: true, SkipLocked: true}, {Share: true, NoWait: true},
			{Update: true, Share: true}, {SkipLocked: true}, {Update: true, SkipLocked: true, NoWait: true}} {
			text, err := d.AppendLock(nil, lock, &srv)
			fmt.Fprintf(&b, "lock   %+v => %q %v\n", lock, text, err)
		}
		for level := sql.LevelDefault; level <= sql.LevelLinearizable; level++ {
			for _, readOnly := range []bool{false, true} {
				begin, err := d.BeginSQL(ingot.TxOptions{Isolation: level, ReadOnly: readOnly}, &srv)
				fmt.Fprintf(&b, "begin  %v %v => %q %v\n", level, readOnly, begin, err)
			}
		}
	}
	golden(t, "text", b.String())
}
