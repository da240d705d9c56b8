package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"

	"ingot"
	"ingot/dialects/sqlite"

	_ "modernc.org/sqlite"
)

func Example() {
	type Planet struct {
		ID   int64  `ingot:"pk"`
		Name string `ingot:"size:30;unique"`
	}
	ctx := context.Background()
	pool, err := sql.Open("sqlite", "file:/planets?vfs=memdb&_pragma=busy_timeout(5000)")
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	db, err := ingot.Open(pool, sqlite.Dialect{}, ingot.Options{Models: ingot.MustModels(Planet{})})
	if err != nil {
		panic(err)
	}
	defer db.Close()
	if err := db.CreateAll(ctx); err != nil {
		panic(err)
	}
	s := db.Session()
	defer s.Close()
	s.Add(&Planet{Name: "Mars"})
	s.Add(&Planet{Name: "Venus"})
	if err := s.Commit(ctx); err != nil {
		panic(err)
	}
	p := new(Planet)
	planets, err := ingot.Select(p).OrderBy(ingot.C(&p.Name).Desc()).All(ctx, db)
	for _, p := range planets {
		fmt.Println(p.ID, p.Name)
	}
	fmt.Println(err)
	// Output:
	// 2 Venus
	// 1 Mars
	// <nil>
}

func ExampleDialect_DDL() {
	texts, err := sqlite.Dialect{}.DDL(ingot.CreateTable{Table: ingot.Table{
		Name: "planet",
		Columns: []ingot.Column{
			{Name: "id", Type: "bigint", Auto: true},
			{Name: "name", Type: "varchar(30)"},
		},
		PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
	}}, nil, nil)
	for _, text := range texts {
		fmt.Println(text)
	}
	fmt.Println(err)
	// Output:
	// CREATE TABLE "planet" (
	// 	"id" INTEGER PRIMARY KEY,
	// 	"name" VARCHAR(30) NOT NULL
	// )
	// <nil>
}
