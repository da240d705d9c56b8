package ingot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
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

// A function of the program is a step, too: here because no SQL takes names apart as well
// as Go. It works in the transaction of the revision.
func ExampleDo() {
	ctx := context.Background()
	_, db := exampleAlbums()
	versions := ingot.NewRevisions()
	_ = versions.Add(ingot.Revision{ID: "51c0ffee0001", Message: "shout", Upgrade: []ingot.Step{ingot.Do{
		Name: "shout", Version: 1,
		Func: func(ctx context.Context, tx *ingot.Tx) error {
			rows, err := tx.QueryContext(ctx, "SELECT id, title FROM album")
			if err != nil {
				return err
			}
			defer rows.Close()
			titles := map[int64]string{}
			for rows.Next() {
				var id int64
				var title string
				if err := rows.Scan(&id, &title); err != nil {
					return err
				}
				titles[id] = title
			}
			if err := rows.Err(); err != nil {
				return err
			}
			for id, title := range titles {
				if _, err := tx.ExecContext(ctx, "UPDATE album SET title = ? WHERE id = ?", strings.ToUpper(title), id); err != nil {
					return err
				}
			}
			return nil
		},
		Down: func(context.Context, *ingot.Tx) error { return nil }, // nothing to do, but it can be done
	}}})
	fmt.Println(ingot.NewMigrator(db, versions).Upgrade(ctx, "head"))
	album, err := ingot.Get[Album](ctx, db, 1)
	fmt.Println(album.Title, err)
	// Output:
	// <nil>
	// KIND OF BLUE <nil>
}

// What went wrong has a type that says where.
func ExampleMigrationError() {
	ctx := context.Background()
	versions := exampleVersions()
	_ = versions.Add(ingot.Revision{ID: "c0de00000003", Parents: []string{"b8f1d1a0ff57"}, Message: "fill emails",
		Upgrade: []ingot.Step{ingot.Exec{SQL: "UPDATE users SET mail = ''"}}})
	db := exampleDB(nil)
	err := ingot.NewMigrator(db, versions).Upgrade(ctx, "head")
	if e, ok := errors.AsType[*ingot.MigrationError](err); ok {
		fmt.Println(e.Revision, e.Message, e.Step, e.What)
	}
	current, err := ingot.NewMigrator(db, versions).Current(ctx) // the revisions before it are applied
	fmt.Println(current[0].ID, err)
	// Output:
	// c0de00000003 fill emails 1 exec UPDATE users SET mail = ''
	// b8f1d1a0ff57 <nil>
}

func ExampleUnknownRevisionError() {
	ctx := context.Background()
	db := exampleDB(nil)
	err := ingot.NewMigrator(db, exampleVersions()).Upgrade(ctx, "27c6", "c0ffee")
	if e, ok := errors.AsType[*ingot.UnknownRevisionError](err); ok {
		fmt.Println(e.ID, "is unknown")
	}
	fmt.Println(err)
	// Output:
	// c0ffee is unknown
	// ingot: can't locate revision "c0ffee"
}

// Two people wrote a revision after the same one: "head" could be either.
func ExampleMultipleHeadsError() {
	versions := exampleVersions()
	_ = versions.Add(ingot.Revision{ID: "c0de00000003", Parents: []string{"27c6a30d7c24"}, Message: "add phone"})
	m := ingot.NewMigrator(exampleDB(nil), versions)
	err := m.Upgrade(context.Background(), "head")
	if e, ok := errors.AsType[*ingot.MultipleHeadsError](err); ok {
		fmt.Println(e.Heads)
	}
	fmt.Println(m.Upgrade(context.Background(), "heads")) // both; "revision --merge" joins them for good
	// Output:
	// [b8f1d1a0ff57 c0de00000003]
	// <nil>
}

func ExampleDecisionError() {
	type Person struct {
		_     struct{} `ingot:"table:users"`
		ID    int64    `ingot:"pk"`
		Name  string   `ingot:"size:30"`
		Phone *string
	}
	ctx := context.Background()
	m := ingot.NewMigrator(exampleDB(ingot.MustModels(Person{})), exampleVersions())
	if err := m.Upgrade(ctx, "head"); err != nil {
		fmt.Println(err)
	}
	_, err := m.Autogenerate(ctx, ingot.Decisions{})
	if e, ok := errors.AsType[*ingot.DecisionError](err); ok {
		for _, question := range e.Questions {
			fmt.Println(question)
		}
	}
	fmt.Println(m.Autogenerate(ctx, ingot.Decisions{Rename: map[string]string{"users.email": "phone"}}))
	// Output:
	// was column users.email renamed to phone? --rename users.email=phone, or --no-rename to drop the one and add the other
	// [rename column users.email to phone] <nil>
}

func ExampleCompareWith() {
	type User struct {
		_    struct{} `ingot:"table:users"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"size:30"`
	}
	ctx := context.Background()
	db := exampleDB(ingot.MustModels(User{}))
	for _, opts := range [][]ingot.MigratorOption{
		nil,
		{ingot.CompareWith(ingot.CompareOnly(func(o ingot.Object) bool { return o.Name != "email" }))},
	} {
		m := ingot.NewMigrator(db, exampleVersions(), opts...)
		if err := m.Upgrade(ctx, "head"); err != nil {
			fmt.Println(err)
		}
		fmt.Println(m.Check(ctx))
	}
	// Output:
	// [drop column users.email] <nil>
	// [] <nil>
}

func ExampleAllowEdited() {
	ctx := context.Background()
	db := exampleDB(nil)
	if err := ingot.NewMigrator(db, exampleVersions()).Upgrade(ctx, "27c6a30d7c24"); err != nil {
		fmt.Println(err)
	}
	versions := ingot.NewRevisions() // the first one is not what it was
	for _, r := range exampleVersions().All() {
		if r.ID == "27c6a30d7c24" {
			r.Upgrade = append(r.Upgrade, ingot.Exec{SQL: "INSERT INTO users (name) VALUES ('admin')", Down: "DELETE FROM users"})
		}
		_ = versions.Add(r)
	}
	fmt.Println(errors.Is(ingot.NewMigrator(db, versions).Upgrade(ctx, "head"), ingot.ErrEdited))
	fmt.Println(ingot.NewMigrator(db, versions, ingot.AllowEdited()).Upgrade(ctx, "head"))
	// Output:
	// true
	// <nil>
}

// During a rolling deployment, an old program starts beside a new one that has migrated.
func ExampleAllowAhead() {
	ctx := context.Background()
	db := exampleDB(nil)
	if err := ingot.NewMigrator(db, exampleVersions()).Upgrade(ctx, "head"); err != nil {
		fmt.Println(err)
	}
	old := ingot.NewRevisions()
	_ = old.Add(exampleVersions().All()[0])
	err := ingot.NewMigrator(db, old).Upgrade(ctx, "head")
	_, unknown := errors.AsType[*ingot.UnknownRevisionError](err)
	fmt.Println(unknown)
	fmt.Println(ingot.NewMigrator(db, old, ingot.AllowAhead()).Upgrade(ctx, "head"))
	// Output:
	// true
	// <nil>
}

// With the tables there, the program can run as a user that may not create any.
func ExampleMigrator_EnsureVersion() {
	ctx := context.Background()
	db := exampleDB(nil)
	m := ingot.NewMigrator(db, exampleVersions())
	fmt.Println(m.EnsureVersion(ctx), m.EnsureVersion(ctx))
	fmt.Println(m.Current(ctx))
	tables, err := ingot.SQL[string](ctx, db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
	fmt.Println(tables, err)
	// Output:
	// <nil> <nil>
	// [] <nil>
	// [ingot_object ingot_revision ingot_step] <nil>
}

// A job that deploys tells the outcomes of the command apart by its exit code.
func ExampleEnv_Run_exitCodes() {
	type User struct {
		_    struct{} `ingot:"table:users"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"size:30"`
	}
	pool := func() (*sql.DB, error) { return sql.Open("sqlite", "file:/exitcodes?vfs=memdb") }
	keep, err := pool()
	if err != nil {
		fmt.Println(err)
	}
	defer keep.Close()
	if err := keep.Ping(); err != nil {
		fmt.Println(err)
	}
	env := ingot.Env{Models: ingot.MustModels(User{}), Revisions: exampleVersions(), Dialect: sqlite.Dialect{}, Open: pool}
	for _, line := range []string{"check", "upgrade 27c6a30d7c24", "check", "upgrade head", "check", "chekc"} {
		switch env.Run(context.Background(), strings.Fields(line), io.Discard, io.Discard) {
		case ingot.ExitOK:
			fmt.Println(line, "went well")
		case ingot.ExitDiffers:
			fmt.Println(line, "found models and database different")
		case ingot.ExitBehind:
			fmt.Println(line, "found revisions to be applied")
		case ingot.ExitError:
			fmt.Println(line, "failed")
		}
	}
	// Output:
	// check found revisions to be applied
	// upgrade 27c6a30d7c24 went well
	// check found revisions to be applied
	// upgrade head went well
	// check found models and database different
	// chekc failed
}
