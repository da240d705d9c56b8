package ingot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ingot"
	"ingot/dialects/sqlite"
)

// Versions are what the files of a versions folder make.
func exampleVersions() *ingot.Revisions {
	versions := ingot.NewRevisions()
	_ = versions.Add(ingot.Revision{
		ID:      "27c6a30d7c24",
		Message: "add users",
		Upgrade: []ingot.Step{
			ingot.CreateTable{Table: ingot.Table{
				Name: "users",
				Columns: []ingot.Column{
					{Name: "id", Type: "bigint", Auto: true},
					{Name: "name", Type: "varchar(30)"},
				},
				PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
			}},
		},
	})
	_ = versions.Add(ingot.Revision{
		ID:      "b8f1d1a0ff57",
		Parents: []string{"27c6a30d7c24"},
		Message: "add email",
		Upgrade: []ingot.Step{
			ingot.AddColumn{Table: ingot.TableName{Name: "users"}, Column: ingot.Column{Name: "email", Type: "text", Null: true}},
		},
	})
	return versions
}

// exampleDB is an empty database in memory.
func exampleDB(models *ingot.Models) *ingot.DB {
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		panic(err)
	}
	db, err := ingot.Open(pool, sqlite.Dialect{}, ingot.Options{Models: models})
	if err != nil {
		panic(err)
	}
	return db
}

func ExampleRevisions_Add() {
	versions := ingot.NewRevisions()
	// In the file of a revision: var _ = Versions.Add(ingot.Revision{…})
	_ = versions.Add(ingot.Revision{ID: "27c6a30d7c24", Message: "add users"})
	_ = versions.Add(ingot.Revision{ID: "b8f1d1a0ff57", Message: "add email", Parents: []string{"27c6a30d7c24"}})
	for _, r := range versions.All() {
		fmt.Println(r.ID, r.Message)
	}
	// Output:
	// 27c6a30d7c24 add users
	// b8f1d1a0ff57 add email
}

func ExampleRevision_DowngradeSteps() {
	for _, r := range exampleVersions().All() {
		steps, err := r.DowngradeSteps()
		fmt.Println(r.ID, steps, err)
	}
	// Output:
	// 27c6a30d7c24 [drop table users] <nil>
	// b8f1d1a0ff57 [drop column users.email] <nil>
}

func ExampleMigrator_Upgrade() {
	ctx := context.Background()
	m := ingot.NewMigrator(exampleDB(nil), exampleVersions(), ingot.OnProgress(func(p ingot.Progress) {
		if p.Step > 0 && p.Done {
			fmt.Println(p.Revision.ID, p.What)
		}
	}))
	fmt.Println(m.Upgrade(ctx, "head"))
	fmt.Println(m.Upgrade(ctx, "head")) // nothing is left to do
	// Output:
	// 27c6a30d7c24 create table users (id, name)
	// b8f1d1a0ff57 add column users.email text
	// <nil>
	// <nil>
}

func ExampleMigrator_Downgrade() {
	ctx := context.Background()
	m := ingot.NewMigrator(exampleDB(nil), exampleVersions())
	fmt.Println(m.Upgrade(ctx, "head"), m.Downgrade(ctx, "-1"))
	current, err := m.Current(ctx)
	fmt.Println(current[0].ID, current[0].Message, err)
	fmt.Println(m.Downgrade(ctx, "-2"))
	// Output:
	// <nil> <nil>
	// 27c6a30d7c24 add users <nil>
	// ingot: relative revision -2 didn't produce 2 migrations
}

func ExampleMigrator_Stamp() {
	ctx := context.Background()
	m := ingot.NewMigrator(exampleDB(nil), exampleVersions())
	fmt.Println(m.Stamp(ctx, "head")) // the tables are there already
	applied, err := m.Applied(ctx)
	for _, r := range applied {
		fmt.Println(r.ID, r.Stamped, r.Parents)
	}
	fmt.Println(err)
	// Output:
	// <nil>
	// 27c6a30d7c24 true []
	// b8f1d1a0ff57 true [27c6a30d7c24]
	// <nil>
}

func ExampleMigrator_Plan() {
	plan, err := ingot.NewMigrator(exampleDB(nil), exampleVersions()).Plan(context.Background(), "head")
	for _, p := range plan {
		for i, step := range p.Steps {
			fmt.Println(p.Revision.ID, step)
			fmt.Println("  " + strings.Join(strings.Fields(strings.Join(p.SQL[i], "; ")), " "))
		}
	}
	fmt.Println(err)
	// Output:
	// 27c6a30d7c24 create table users (id, name)
	//   CREATE TABLE "users" ( "id" INTEGER PRIMARY KEY, "name" VARCHAR(30) NOT NULL )
	// b8f1d1a0ff57 add column users.email text
	//   ALTER TABLE "users" ADD COLUMN "email" TEXT
	// <nil>
}

func ExampleMigrator_PlanDowngrade() {
	ctx := context.Background()
	m := ingot.NewMigrator(exampleDB(nil), exampleVersions())
	if err := m.Upgrade(ctx, "head"); err != nil {
		fmt.Println(err)
	}
	plan, err := m.PlanDowngrade(ctx, "base")
	for _, p := range plan {
		fmt.Println(p.Revision.ID, p.Steps)
	}
	fmt.Println(err)
	// Output:
	// b8f1d1a0ff57 [drop column users.email]
	// 27c6a30d7c24 [drop table users]
	// <nil>
}

func ExampleMigrator_History() {
	m := ingot.NewMigrator(exampleDB(nil), exampleVersions())
	heads, err := m.Heads()
	fmt.Println(heads[0].ID, err)
	revs, err := m.History(context.Background(), "", "heads")
	for _, r := range revs {
		fmt.Println(r.ID, r.Message)
	}
	fmt.Println(err)
	// Output:
	// b8f1d1a0ff57 <nil>
	// b8f1d1a0ff57 add email
	// 27c6a30d7c24 add users
	// <nil>
}

func ExampleMigrator_Autogenerate() {
	type User struct {
		_     struct{} `ingot:"table:users"`
		ID    int64    `ingot:"pk"`
		Name  string   `ingot:"size:30"`
		Email *string
		Age   int
	}
	ctx := context.Background()
	m := ingot.NewMigrator(exampleDB(ingot.MustModels(User{})), exampleVersions())
	_, err := m.Autogenerate(ctx, ingot.Decisions{})
	fmt.Println(errors.Is(err, ingot.ErrBehind))

	if err := m.Upgrade(ctx, "head"); err != nil {
		fmt.Println(err)
	}
	_, err = m.Autogenerate(ctx, ingot.Decisions{})
	fmt.Println(err)
	steps, err := m.Autogenerate(ctx, ingot.Decisions{Fill: map[string]ingot.TrustedSQL{"users.age": "18"}})
	for _, s := range steps {
		fmt.Println(s)
	}
	fmt.Println(err)
	// Output:
	// true
	// ingot: a decision is needed:
	//   column users.age is new and NOT NULL without a default: what shall rows have that exist? --fill users.age=VALUE (SQL), or --no-fill if no table has rows
	// add column users.age bigint
	// exec UPDATE "users" SET "age" = 18 WHERE "age" IS NULL
	// alter column users.age: null to not null
	// <nil>
}

func ExampleMigrator_Check() {
	type User struct {
		_    struct{} `ingot:"table:users"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"size:30"`
	}
	ctx := context.Background()
	m := ingot.NewMigrator(exampleDB(ingot.MustModels(User{})), exampleVersions())
	if err := m.Upgrade(ctx, "head"); err != nil {
		fmt.Println(err)
	}
	steps, err := m.Check(ctx)
	fmt.Println(steps, err)
	// Output: [drop column users.email] <nil>
}

func ExampleEnv_Run() {
	pool := func() (*sql.DB, error) { return sql.Open("sqlite", "file:/example?vfs=memdb") }
	keep, err := pool() // an in-memory database lives as long as a connection to it
	if err != nil {
		fmt.Println(err)
	}
	defer keep.Close()
	if err := keep.Ping(); err != nil {
		fmt.Println(err)
	}
	env := ingot.Env{Revisions: exampleVersions(), Dialect: sqlite.Dialect{}, Open: pool}
	for _, line := range []string{"upgrade head", "upgrade head", "current", "history", "downgrade base"} {
		code := env.Run(context.Background(), strings.Fields(line), os.Stdout, os.Stdout)
		fmt.Println("exit", code)
	}
	// Output:
	// upgrade -> 27c6a30d7c24, add users
	// upgrade 27c6a30d7c24 -> b8f1d1a0ff57, add email
	// exit 0
	// nothing to do: the database is at b8f1d1a0ff57
	// exit 0
	// b8f1d1a0ff57 (head)
	// exit 0
	// 27c6a30d7c24 -> b8f1d1a0ff57 (head), add email
	// <base> -> 27c6a30d7c24, add users
	// exit 0
	// downgrade b8f1d1a0ff57 -> 27c6a30d7c24, add email
	// downgrade 27c6a30d7c24 ->, add users
	// exit 0
}

func ExampleScaffold_Write() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/app\n"), 0o644); err != nil {
		fmt.Println(err)
	}
	files, err := ingot.Scaffold{
		Dir: filepath.Join(dir, "migrations"), Models: "example.com/app/models.Models",
		Driver: "modernc.org/sqlite", DriverName: "sqlite", Dialect: "sqlite", DSN: "example.db",
	}.Write()
	for _, f := range files {
		rel, _ := filepath.Rel(dir, f)
		fmt.Println(filepath.ToSlash(rel))
	}
	fmt.Println(err)
	// Output:
	// migrations/main.go
	// migrations/versions/versions.go
	// <nil>
}

func TestScaffoldIsPrecise(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("go.mod", []byte("// the app\nmodule \"example.com/app\" // ours\n\ngo 1.26\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := ingot.Scaffold{Dir: "db/migrations", Models: "example.com/app/sql.Meta", Driver: "modernc.org/sqlite", DriverName: "sqlite", Dialect: "sqlite", DSN: `a"b.db`}
	if _, err := s.Write(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("db/migrations/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Write()
	wantError(t, err, "the folder db/migrations is not empty")
	s.Dir, s.Models = "other", "example.com/app/models"
	_, err = s.Write()
	wantError(t, err, `models "example.com/app/models": want the import path of the package and the variable: example.com/app/models.Models`)
	if _, err := os.Stat("other"); !os.IsNotExist(err) {
		t.Error("the folder was made in spite of the error")
	}
	t.Chdir(root)
	golden(t, "main.go.golden", string(text))
}
