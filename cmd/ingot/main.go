// Command ingot writes the folder from which migrations are run. Everything after that is
// the business of the program written there, which knows models and driver:
//
//	go run ingot/cmd/ingot init migrations
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"ingot"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// drivers are well-known database/sql drivers, the first of a dialect being its default in
// what init writes: import path, the name it registers, dialect.
func drivers() [][3]string {
	return [][3]string{
		{"modernc.org/sqlite", "sqlite", "sqlite"},
		{"github.com/mattn/go-sqlite3", "sqlite3", "sqlite"},
		{"github.com/ncruces/go-sqlite3/driver", "sqlite3", "sqlite"},
		{"github.com/jackc/pgx/v5/stdlib", "pgx", "postgres"},
		{"github.com/lib/pq", "postgres", "postgres"},
		{"github.com/go-sql-driver/mysql", "mysql", "mysql"},
	}
}

// examples are data source names to begin with.
func example(dialect string) string {
	switch dialect {
	case "postgres":
		return "postgres://localhost/example"
	case "mysql":
		return "root@tcp(localhost:3306)/example"
	}
	return "example.db"
}

const usage = `usage: ingot init [flags] FOLDER

init writes FOLDER/main.go, the env from which migrations are run, and FOLDER/versions, the
package of the revisions. FOLDER must be empty or not exist; "migrations" is usual. Then:

  go mod tidy
  go run ./migrations revision --autogenerate -m "Initial migration"
  go run ./migrations upgrade head

flags:
`

// run is the command. It exits with 0, or with 2 after an error.
func run(args []string, out, errOut io.Writer) int {
	var s ingot.Scaffold
	fs := flag.NewFlagSet("init", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&s.Models, "models", "", "your metadata, `package.Variable`: example.com/app/models.Models")
	fs.StringVar(&s.Driver, "driver", "", "`import path` of the database/sql driver: modernc.org/sqlite")
	fs.StringVar(&s.DriverName, "driver-name", "", "the `name` the driver registers, if it is not a well-known one")
	fs.StringVar(&s.Dialect, "dialect", "", "sqlite, postgres or mysql; found by the driver if it is a well-known one")
	fs.StringVar(&s.DSN, "dsn", "", "the data source `name`; the variable DATABASE_URL goes before it")
	help := func(w io.Writer) {
		fmt.Fprint(w, usage)
		fs.SetOutput(w)
		fs.PrintDefaults()
	}
	if len(args) == 0 {
		help(errOut)
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		help(out)
		return 0
	case "init":
	default:
		fmt.Fprintf(errOut, "unknown command %q: this program knows init; the rest (revision, upgrade, …) is the program init writes: go run ./migrations help\n", args[0])
		return 2
	}
	args = args[1:]
	for len(args) > 0 {
		if !strings.HasPrefix(args[0], "-") {
			if s.Dir != "" {
				fmt.Fprintf(errOut, "init: one folder, not %s and %s\n", s.Dir, args[0])
				return 2
			}
			s.Dir, args = args[0], args[1:]
			continue
		}
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				help(out)
				return 0
			}
			fmt.Fprintf(errOut, "init: %v\n", err)
			return 2
		}
		args = fs.Args()
	}
	if err := complete(&s); err != nil {
		fmt.Fprintf(errOut, "init: %v\n", err)
		return 2
	}
	files, err := s.Write()
	if err != nil {
		fmt.Fprintf(errOut, "init: %s\n", strings.TrimPrefix(err.Error(), "ingot: "))
		return 2
	}
	for _, f := range files {
		fmt.Fprintf(out, "wrote %s\n", f)
	}
	var open []string
	if s.Models == "" {
		open = append(open, "your models")
	}
	if s.Driver == "" {
		open = append(open, "a driver")
	}
	if len(open) > 0 {
		fmt.Fprintf(out, "%s still names no %s: the comments there say where, or run init with -models and -driver\n", files[0], strings.TrimPrefix(strings.Join(open, " and no "), "your "))
	}
	fmt.Fprintln(out, "first: go mod tidy, if the module does not have the driver yet")
	fmt.Fprintf(out, "next: go run ./%s revision --autogenerate -m \"Initial migration\"\n", path.Clean(s.Dir))
	return 0
}

// complete fills in what follows from a well-known driver or dialect.
func complete(s *ingot.Scaffold) error {
	known := drivers()
	i := slices.IndexFunc(known, func(d [3]string) bool { return d[0] == s.Driver })
	if i < 0 && s.Driver == "" {
		i = slices.IndexFunc(known, func(d [3]string) bool { return d[2] == cmp.Or(s.Dialect, "sqlite") })
	}
	if i >= 0 {
		s.DriverName = cmp.Or(s.DriverName, known[i][1])
		s.Dialect = cmp.Or(s.Dialect, known[i][2])
		s.Suggest = known[i][0]
	}
	switch {
	case s.Dialect == "":
		return fmt.Errorf("driver %s is not one of the well-known ones: say -dialect sqlite, postgres or mysql, and -driver-name", s.Driver)
	case s.Dialect != "sqlite" && s.Dialect != "postgres" && s.Dialect != "mysql":
		return fmt.Errorf("there is no dialect %q: want sqlite, postgres or mysql", s.Dialect)
	case s.DriverName == "":
		return fmt.Errorf("driver %s is not one of the well-known ones: say the name it registers with -driver-name", s.Driver)
	}
	s.DSN = cmp.Or(s.DSN, example(s.Dialect))
	return nil
}
