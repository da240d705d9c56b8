package dbtest

import (
	"flag"
	"testing"

	"ingot/internal/suite"
)

var _ = flag.Bool("update", false, "rewrite internal/suite/testdata/*.golden")

// How sessions and queries behave, on every database.
func TestSuite(t *testing.T) {
	var databases []suite.Database
	for _, x := range targets() {
		databases = append(databases, suite.Database{Name: x.name, Dialect: x.dialect, Programs: 15, Open: func(t testing.TB) (driver, dsn string) {
			return x.driver, x.fresh(t)
		}})
	}
	suite.Run(t, databases...)
}
