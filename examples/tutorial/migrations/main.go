// Command migrations moves the schema of the database along the revisions in versions:
//
//	go run ./migrations revision --autogenerate -m "what changes"
//	go run ./migrations upgrade head
package main

import (
	"cmp"
	"database/sql"
	"os"

	"ingot"
	"ingot/dialects/sqlite"

	_ "modernc.org/sqlite"

	"ingot/examples/tutorial/migrations/versions"
	"ingot/examples/tutorial/models"
)

func main() {
	ingot.Main(ingot.Env{
		Models:    models.Models,
		Revisions: versions.Versions,
		Dialect:   sqlite.Dialect{},
		Open: func() (*sql.DB, error) {
			return sql.Open("sqlite", cmp.Or(os.Getenv("DATABASE_URL"), "example.db"))
		},
	})
}
