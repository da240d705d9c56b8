package dbtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ingot"
)

// A modelsProgram is one program of many packages of written models. Run, it compares each
// with the database it was written from.
type modelsProgram struct {
	dir   string
	cases []modelsCase
}

type modelsCase struct {
	name   string
	db     *database
	source string
	leave  []string // what no model can have
}

// add writes the models of what a database holds.
func (p *modelsProgram) add(t *testing.T, name string, db *database) {
	t.Helper()
	db.SetMaxIdleConns(0) // the program needs connections too
	source, unsaid, err := ingot.FormatModels(db.inspect(t), db.dialect, fmt.Sprintf("m%d", len(p.cases)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	c := modelsCase{name: name, db: db, source: source}
	for _, u := range unsaid {
		switch u.Kind {
		case "table", "foreign key", "check", "default", "generated column":
			c.leave = append(c.leave, u.Name)
			t.Logf("%s: no tag says %s %s: %s %s", name, u.Kind, u.Name, u.Reason, u.SQL)
		}
	}
	p.cases = append(p.cases, c)
}

// run builds the program and runs it; each difference is an error.
func (p *modelsProgram) run(t *testing.T) {
	t.Helper()
	p.dir = t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(name, strings.Replace(string(text), "replace ingot => ..", "replace ingot => "+filepath.Dir(here), 1))
	}
	var imports, cases strings.Builder
	for i, c := range p.cases {
		write(fmt.Sprintf("m%d/models.go", i), c.source)
		fmt.Fprintf(&imports, "\t\"ingot/dbtest/m%d\"\n", i)
		fmt.Fprintf(&cases, "\t\t{%q, %q, %q, dialects[%q], %#v, m%d.Models},\n", c.name, c.db.driver, c.db.dsn, c.db.kind, c.leave, i)
	}
	write("main.go", strings.NewReplacer("IMPORTS", imports.String(), "CASES", cases.String()).Replace(modelsMain))
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
		for _, c := range p.cases {
			if strings.Contains(string(out), "case "+c.name+":") {
				t.Logf("case %s\n%s", c.name, c.source)
				break
			}
		}
	}
}

const modelsMain = `package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"ingot"
	"ingot/dialects/mysql"
	"ingot/dialects/postgres"
	"ingot/dialects/sqlite"

IMPORTS)

var dialects = map[string]ingot.Dialect{"sqlite": sqlite.Dialect{}, "postgres": postgres.Dialect{}, "mysql": mysql.Dialect{}}

func main() {
	for _, c := range []struct {
		name, driver, dsn string
		dialect           ingot.Dialect
		leave             []string
		models            *ingot.Models
	}{
CASES	} {
		if err := compare(c.driver, c.dsn, c.dialect, c.leave, c.models); err != nil {
			fmt.Printf("case %s: %v\n", c.name, err)
		}
	}
}

func compare(driver, dsn string, d ingot.Dialect, leave []string, models *ingot.Models) error {
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	db, err := ingot.Open(pool, d, ingot.Options{Models: models})
	if err != nil {
		return err
	}
	defer db.Close()
	ctx := context.Background()
	want, err := models.Schema(d)
	if err != nil {
		return err
	}
	have, err := db.Inspect(ctx, want.Schemas...)
	if err != nil {
		return err
	}
	for _, step := range ingot.Compare(have, want, ingot.CompareOn(ctx, db), ingot.CompareOnly(func(o ingot.Object) bool {
		return o.Kind != ingot.ObjectView && !slices.Contains(leave, o.Table.String()) && !slices.Contains(leave, o.Table.String()+"."+o.Name)
	})) {
		if err != nil {
			err = fmt.Errorf("%w\n\t%v", err, step)
			continue
		}
		err = fmt.Errorf("\n\t%v", step)
	}
	return err
}
`

// Models written from a database compile, map back, and are the same as the database.
func TestWrittenModelsAreTheirDatabase(t *testing.T) {
	const batch = 20 // each holds connections
	for _, name := range []string{"sqlite", "postgres", "mariadb", "mysql"} {
		for first := *lawFirst; first < *lawFirst+uint64(*lawSeeds); first += batch {
			t.Run(fmt.Sprintf("%s-%d", name, first), func(t *testing.T) {
				p := &modelsProgram{}
				for seed := first; seed < min(first+batch, *lawFirst+uint64(*lawSeeds)); seed++ {
					db := targetNamed(name).open(t)
					s := drawPath(seed, db)[0]
					db.migrate(t, &ingot.Schema{}, ingot.Compare(&ingot.Schema{}, s, ingot.CompareDialect(db.dialect)))
					p.add(t, fmt.Sprint("seed", seed), db)
				}
				p.run(t)
			})
		}
	}
}
