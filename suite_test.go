package ingot_test

import (
	"path/filepath"
	"testing"

	"ingot/dialects/sqlite"
	"ingot/internal/suite"
)

// How sessions and queries behave, on the one database that needs no server. The module
// dbtest runs the same tests on all of them.
func TestSuite(t *testing.T) {
	suite.Run(t, suite.Database{Name: "sqlite", Dialect: sqlite.Dialect{}, Programs: 150, Open: func(t testing.TB) (driver, dsn string) {
		return "sqlite", "file:" + filepath.Join(t.TempDir(), "test.db") + "?_pragma=foreign_keys(1)&_pragma=synchronous(0)"
	}})
}
