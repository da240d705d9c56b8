package fake

import (
	"database/sql"
	"fmt"
	"strings"

	"ingot"
)

// Texts are all small pieces of SQL that a dialect answers for itself, on each of the servers:
// names, parameters, limits, locks, the beginnings of transactions. serverOf makes a server of
// what it says of its version.
func Texts(d ingot.Dialect, serverOf func(version string) (ingot.Server, error), versions ...string) (string, error) {
	var b strings.Builder
	for _, name := range []string{"name", "Order", `a"b`, "a`b", "naïve 名"} {
		fmt.Fprintf(&b, "ident  %s => %s\n", name, d.AppendIdent(nil, name))
	}
	fmt.Fprintf(&b, "params %s %s\n", d.AppendPlaceholder(nil, 1), d.AppendPlaceholder(nil, 12))
	fmt.Fprintf(&b, "scan   %s %s\n", d.AppendScanColumn(nil, "t.a", ingot.ScanPlain), d.AppendScanColumn(nil, "t.a", ingot.ScanTime))
	for _, p := range [][2]int{{-1, 0}, {0, 0}, {10, 0}, {10, 20}, {-1, 20}} {
		fmt.Fprintf(&b, "limit  %d %d => %q\n", p[0], p[1], d.AppendLimit(nil, p[0], p[1]))
	}
	for _, version := range versions {
		srv, err := serverOf(version)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "server %s => %s\n", version, &srv)
		for _, lock := range []ingot.Lock{{}, {Update: true}, {Share: true}, {Update: true, SkipLocked: true}, {Share: true, NoWait: true},
			{Update: true, Share: true}, {SkipLocked: true}, {Update: true, SkipLocked: true, NoWait: true}} {
			text, err := d.AppendLock(nil, lock, &srv)
			fmt.Fprintf(&b, "lock   %+v => %q %v\n", lock, text, err)
		}
		for level := sql.LevelDefault; level <= sql.LevelLinearizable; level++ {
			for _, readOnly := range []bool{false, true} {
				o := ingot.TxOptions{Isolation: level, ReadOnly: readOnly}
				begin, err := d.BeginSQL(o, &srv)
				fmt.Fprintf(&b, "begin  %v %v => %q %v\n", level, readOnly, begin, err)
				if x, ok := d.(ingot.TxEnder); ok {
					fmt.Fprintf(&b, "ended  %v %v => %q\n", level, readOnly, x.EndSQL(o, &srv))
				}
			}
		}
	}
	return b.String(), nil
}
