package ingot_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"ingot"
	"ingot/dialects/sqlite"
)

// shop is a schema of one table.
func shop(columns ...ingot.Column) *ingot.Schema {
	return &ingot.Schema{Tables: []ingot.Table{{
		Name:       "item",
		Columns:    append([]ingot.Column{{Name: "id", Type: "bigint", Auto: true}}, columns...),
		PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
	}}}
}

func ExampleCompare() {
	from := shop(ingot.Column{Name: "title", Type: "text"})
	to := shop(
		ingot.Column{Name: "name", Type: "text", Was: "title"},
		ingot.Column{Name: "price", Type: "decimal(10,2)", Default: "0"},
	)
	for _, step := range ingot.Compare(from, to) {
		fmt.Println(step)
	}
	// Output:
	// rename column item.title to name
	// add column item.price decimal(10,2) not null default 0
}

func ExampleCompareOwned() {
	from, to := shop(), &ingot.Schema{}
	made := map[string]bool{} // by our revisions: nothing yet
	steps := ingot.Compare(from, to, ingot.CompareOwned(func(o ingot.Object) bool { return made[o.Table.Name] }))
	fmt.Println(len(steps), "steps")
	// Output: 0 steps
}

func ExampleModels_Schema() {
	type Item struct {
		_     struct{} `ingot:"table:item"`
		ID    int64    `ingot:"pk"`
		Name  string   `ingot:"size:30;unique"`
		Price *float64
	}
	schema, err := ingot.MustModels(Item{}).Schema(sqlite.Dialect{})
	if err != nil {
		fmt.Println(err)
		return
	}
	item := schema.Table(ingot.TableName{Name: "item"})
	for _, c := range item.Columns {
		fmt.Println(c.Name, c.Type, c.Null)
	}
	fmt.Println(item.PrimaryKey.Name, item.Uniques[0].Name)
	// Output:
	// id bigint false
	// name varchar(30) false
	// price double true
	// pk_item uq_item_name
}

func ExampleSchema_Apply() {
	schema := shop()
	item := ingot.TableName{Name: "item"}
	fmt.Println(schema.Apply(ingot.AddColumn{Table: item, Column: ingot.Column{Name: "name", Type: "text"}}))
	fmt.Println(schema.Apply(ingot.RenameColumn{Table: item, From: "title", To: "name"}))
	// Output:
	// <nil>
	// ingot: rename column item.title to name: table item has no column title
}

func ExampleReverseSteps() {
	steps := []ingot.Step{
		ingot.CreateTable{Table: shop().Tables[0]},
		ingot.Exec{SQL: "INSERT INTO item (id) VALUES (1)", Down: "DELETE FROM item"},
	}
	down, err := ingot.ReverseSteps(steps)
	for _, step := range down {
		fmt.Println(step)
	}
	fmt.Println(err)
	// Output:
	// exec DELETE FROM item
	// drop table item
	// <nil>
}

func ExampleDestroys() {
	fmt.Println(ingot.Destroys(ingot.DropTable{Table: shop().Tables[0]}))
	// Output: the rows of table item
}

func ExampleEncodeSteps() {
	text, err := ingot.EncodeSteps([]ingot.Step{ingot.CreateTable{Table: shop().Tables[0]}})
	fmt.Print(string(text))
	fmt.Println(err)

	steps, err := ingot.DecodeSteps(text)
	fmt.Println(steps, err)
	// Output:
	// ingot steps 1
	// {"create_table":{"table":{"name":"item","columns":[{"name":"id","type":"bigint","auto":true}],"primary_key":{"columns":["id"]}}}}
	// <nil>
	// [create table item (id)] <nil>
}

func ExampleHashSteps() {
	hash, err := ingot.HashSteps([]ingot.Step{ingot.DropTable{Table: shop().Tables[0]}})
	fmt.Println(hash[:12], err)
	// Output: 1:eef077c4b1 <nil>
}

func ExampleFormatSteps() {
	text, err := ingot.FormatSteps([]ingot.Step{ingot.CreateTable{Table: shop().Tables[0]}}, "ingot")
	fmt.Println(text, err)
	// Output:
	// []ingot.Step{
	// 	ingot.CreateTable{Table: ingot.Table{
	// 		Name: "item",
	// 		Columns: []ingot.Column{
	// 			{Name: "id", Type: "bigint", Auto: true},
	// 		},
	// 		PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}},
	// 	}},
	// } <nil>
}

func ExampleCompareDialect() {
	from := shop(ingot.Column{Name: "sold", Type: "BOOLEAN", Default: "TRUE"})
	to := shop(ingot.Column{Name: "sold", Type: "boolean", Default: "true"})
	fmt.Println(len(ingot.Compare(from, to)), "steps by the letter")
	fmt.Println(len(ingot.Compare(from, to, ingot.CompareDialect(sqlite.Dialect{}))), "steps for the database")
	// Output:
	// 1 steps by the letter
	// 0 steps for the database
}

func ExampleCompareOnly() {
	steps := ingot.Compare(shop(), &ingot.Schema{}, ingot.CompareOnly(func(o ingot.Object) bool {
		return o.Table.Name != "item" // somebody else's
	}))
	fmt.Println(len(steps), "steps")
	// Output: 0 steps
}

func ExampleCompareText() {
	check := func(text ingot.SQLText) *ingot.Schema {
		s := shop()
		s.Tables[0].Checks = []ingot.Check{{Name: "ck_item", Expr: text}}
		return s
	}
	steps := ingot.Compare(check("(id > 0)"), check("id > 0"), ingot.CompareText(func(p ingot.TextPair) bool {
		return strings.Trim(string(p.From), "()") == string(p.To)
	}))
	fmt.Println(len(steps), "steps")
	// Output: 0 steps
}

func ExampleCompareOn() {
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	db, err := ingot.Open(pool, sqlite.Dialect{}, ingot.Options{})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	_, err = db.Exec(ctx, "CREATE TABLE item (id INTEGER PRIMARY KEY)")
	fmt.Println(err)
	have, err := db.Inspect(ctx)
	for _, step := range ingot.Compare(have, shop(ingot.Column{Name: "name", Type: "text", Null: true}), ingot.CompareOn(ctx, db)) {
		fmt.Println(step)
	}
	fmt.Println(err)
	// Output:
	// <nil>
	// add column item.name text
	// <nil>
}

func ExampleSchema_ApplySteps() {
	s := &ingot.Schema{}
	err := s.ApplySteps([]ingot.Step{
		ingot.CreateTable{Table: shop().Tables[0]},
		ingot.RenameTable{From: "item", To: "product"},
	})
	fmt.Println(s.Tables[0].Name, err)
	// Output: product <nil>
}
