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

// Steps are made as plain values, by Compare or by hand in a revision. Each says what it
// does, and gives the step that undoes it.
func ExampleStep() {
	item := ingot.TableName{Name: "item"}
	unique := ingot.Unique{Name: "uq_item_sku", Columns: []string{"sku"}, Deferrable: ingot.DeferrableInitiallyDeferred}
	key := ingot.ForeignKey{Name: "fk_item_shop", Columns: []string{"shop_id"}, RefTable: "shop", RefColumns: []string{"id"},
		OnDelete: "CASCADE", Deferrable: ingot.DeferrableInitiallyImmediate}
	index := ingot.Index{Name: "ix_item_name", Parts: []ingot.IndexPart{{Expr: "lower(name)"}, {Column: "price", Desc: true}}, Where: "price > 0"}
	mood := ingot.Enum{Name: "mood", Values: []string{"sad", "ok"}}
	for _, step := range []ingot.Step{
		ingot.CreateSchema{Name: "audit"},
		ingot.CreateEnum{Enum: mood},
		ingot.AlterEnum{Old: mood, New: ingot.Enum{Name: "mood", Values: []string{"sad", "ok", "happy"}}},
		ingot.CreateSequence{Sequence: ingot.Sequence{Name: "numbers", Start: 100}},
		ingot.AlterSequence{Old: ingot.Sequence{Name: "numbers", Start: 100}, New: ingot.Sequence{Name: "numbers", Start: 100, Cycle: true}},
		ingot.AlterTable{Table: item, NewOptions: []ingot.Option{{Name: "strict"}}},
		ingot.AddColumn{Table: item, Column: ingot.Column{Name: "number", Type: "bigint", Identity: &ingot.Identity{Start: 100}}},
		ingot.AlterColumn{Table: item, Old: ingot.Column{Name: "name", Type: "varchar(30)"}, New: ingot.Column{Name: "name", Type: "text"}},
		ingot.AlterPrimaryKey{Table: item, Old: ingot.PrimaryKey{Columns: []string{"id"}}, New: ingot.PrimaryKey{Columns: []string{"shop_id", "id"}}},
		ingot.AddUnique{Table: item, Unique: unique},
		ingot.AddForeignKey{Table: item, ForeignKey: key},
		ingot.AddCheck{Table: item, Check: ingot.Check{Name: "ck_item_price", Expr: "price >= 0"}},
		ingot.CreateIndex{Table: item, Index: index},
		ingot.RenamePart{Table: item, Kind: ingot.ObjectIndex, From: "ix_name", To: "ix_item_name"},
		ingot.ValidateConstraint{Table: item, Name: "ck_item_price"}, // nothing to undo
	} {
		fmt.Println(step)
		fmt.Println("  ", step.Reverse())
	}
	// Output:
	// create schema audit
	//    drop schema audit
	// create enum mood ["sad" "ok"]
	//    drop enum mood
	// alter enum mood: ["sad" "ok"] to ["sad" "ok" "happy"]
	//    alter enum mood: ["sad" "ok" "happy"] to ["sad" "ok"]
	// create sequence numbers
	//    drop sequence numbers
	// alter sequence numbers
	//    alter sequence numbers
	// alter table item: options () to (strict)
	//    alter table item: options (strict) to ()
	// add column item.number bigint not null identity
	//    drop column item.number
	// alter column item.name: type varchar(30) to text
	//    alter column item.name: type text to varchar(30)
	// alter primary key of item: (id) to (shop_id, id)
	//    alter primary key of item: (shop_id, id) to (id)
	// add unique uq_item_sku on item (sku) deferrable initially deferred
	//    drop unique uq_item_sku on item (sku) deferrable initially deferred
	// add foreign key fk_item_shop on item (shop_id) to shop (id) on delete cascade deferrable
	//    drop foreign key fk_item_shop on item (shop_id) to shop (id) on delete cascade deferrable
	// add check ck_item_price on item (price >= 0)
	//    drop check ck_item_price on item (price >= 0)
	// create index ix_item_name on item (lower(name), price desc) where price > 0
	//    drop index ix_item_name on item (lower(name), price desc) where price > 0
	// rename index ix_name on item to ix_item_name
	//    rename index ix_item_name on item to ix_name
	// validate constraint ck_item_price on item
	//    <nil>
}

// A migration that is written by hand takes away what nobody needs. Each step holds what
// was there, so that the downgrade brings it back.
func ExampleStep_drop() {
	item := ingot.TableName{Name: "item"}
	down, err := ingot.ReverseSteps([]ingot.Step{
		ingot.DropIndex{Table: item, Index: ingot.Index{Name: "ix_item_sku", Parts: []ingot.IndexPart{{Column: "sku"}}}},
		ingot.DropCheck{Table: item, Check: ingot.Check{Name: "ck_item_sku", Expr: "sku <> ''"}},
		ingot.DropForeignKey{Table: item, ForeignKey: ingot.ForeignKey{Name: "fk_item_sku", Columns: []string{"sku"}, RefTable: "sku", RefColumns: []string{"id"}}},
		ingot.DropUnique{Table: item, Unique: ingot.Unique{Name: "uq_item_sku", Columns: []string{"sku"}, Deferrable: ingot.NotDeferrable}},
		ingot.DropColumn{Table: item, Column: ingot.Column{Name: "sku", Type: "text", Null: true}},
		ingot.DropSequence{Sequence: ingot.Sequence{Name: "numbers"}},
		ingot.DropEnum{Enum: ingot.Enum{Name: "mood", Values: []string{"sad", "ok"}}},
		ingot.DropSchema{Name: "audit"},
	})
	for _, step := range down {
		fmt.Println(step)
	}
	fmt.Println(err)
	// Output:
	// create schema audit
	// create enum mood ["sad" "ok"]
	// create sequence numbers
	// add column item.sku text
	// add unique uq_item_sku on item (sku)
	// add foreign key fk_item_sku on item (sku) to sku (id)
	// add check ck_item_sku on item (sku <> '')
	// create index ix_item_sku on item (sku)
	// <nil>
}

func ExampleSchema_Clone() {
	before := shop()
	after := before.Clone() // shares nothing
	after.Table(ingot.TableName{Name: "item"}).Column("id").Comment = "as on the label"
	fmt.Println(ingot.Compare(before, after))

	copied := after.Tables[0].Clone()
	copied.Name = "item_archive"
	after.Tables = append(after.Tables, copied)
	fmt.Println(ingot.Compare(before, after))
	// Output:
	// [alter column item.id: comment none to as on the label]
	// [create table item_archive (id) alter column item.id: comment none to as on the label]
}

// A column takes a domain by its name. Domains are made in an order that runs.
func ExampleDomain() {
	email := ingot.Domain{Name: "email", Type: "varchar(80)", Null: true, Checks: []ingot.Check{{Name: "at", Expr: "VALUE LIKE '%@%'"}}}
	from := shop(ingot.Column{Name: "contact", Type: "email"})
	from.Domains = []ingot.Domain{email}
	to := from.Clone()
	to.Domains[0].Checks[0].Expr = "VALUE LIKE '_%@_%'"
	to.Domains = append([]ingot.Domain{{Name: "work_email", Type: "email"}}, to.Domains...)
	steps := ingot.Compare(from, to)
	fmt.Println(steps[1].(ingot.CreateDomain).Domain.Type)
	for _, step := range steps {
		fmt.Println(step)
	}
	steps, _ = ingot.ReverseSteps(steps)
	fmt.Println(steps[0].(ingot.DropDomain))
	fmt.Println(steps[1].(ingot.AlterDomain).New.Checks[0].Expr)
	// Output:
	// email
	// alter domain email: without check at (VALUE LIKE '%@%'), with check at (VALUE LIKE '_%@_%')
	// create domain work_email email not null
	// drop domain work_email
	// VALUE LIKE '%@%'
}

// A filter of tables and their parts is asked for each of them.
func ExampleObjectKind() {
	want := shop(ingot.Column{Name: "price", Type: "bigint"})
	want.Schemas = []string{"audit"}
	want.Enums = []ingot.Enum{{Name: "mood", Values: []string{"sad"}}}
	want.Sequences = []ingot.Sequence{{Name: "numbers"}}
	want.Domains = []ingot.Domain{{Name: "email", Type: "text"}}
	steps := ingot.Compare(shop(), want, ingot.CompareOnly(func(o ingot.Object) bool {
		switch o.Kind {
		case ingot.ObjectSchema, ingot.ObjectEnum, ingot.ObjectSequence, ingot.ObjectDomain:
			return false // made by another program
		case ingot.ObjectTable, ingot.ObjectColumn:
			return o.Table.Schema == ""
		case ingot.ObjectUnique, ingot.ObjectForeignKey, ingot.ObjectCheck, ingot.ObjectIndex:
			return !strings.HasPrefix(o.Name, "tmp_")
		}
		return true
	}))
	fmt.Println(steps)
	// Output: [add column item.price bigint not null]
}

// What inspection cannot put into tables is kept as text or listed, and never touched.
func ExampleUnsupported() {
	ctx, db := exampleAlbums()
	for _, text := range []ingot.TrustedSQL{
		"CREATE VIEW titles AS SELECT title FROM album",
		"CREATE TRIGGER tidy AFTER INSERT ON album BEGIN DELETE FROM album WHERE title = ''; END",
	} {
		if _, err := db.Exec(ctx, text); err != nil {
			fmt.Println(err)
		}
	}
	schema, err := db.Inspect(ctx)
	for _, view := range schema.Views {
		fmt.Println(view.Name, "is", view.SQL)
	}
	for _, other := range schema.Unsupported {
		fmt.Println(other.Kind, other.Name)
	}
	fmt.Println(err)
	// Output:
	// titles is SELECT title FROM album
	// trigger album.tidy
	// <nil>
}

// Views are compared by their texts. One that reads from what changes goes before, and comes
// back after; of one that others made CompareOwned says that it stays.
func ExampleView() {
	before, after := shop(), shop()
	before.Views = []ingot.View{{Name: "ids", SQL: "SELECT id FROM item"}, {Name: "old", SQL: "SELECT 1"}, {Name: "theirs", SQL: "SELECT 2"}}
	after.Views = []ingot.View{{Name: "ids", SQL: "SELECT id FROM item WHERE id > 0"}, {Name: "more", SQL: "SELECT id FROM ids"}}
	ours := ingot.CompareOwned(func(o ingot.Object) bool { return o.Kind == ingot.ObjectView && o.Table.Name != "theirs" })
	for _, step := range ingot.Compare(before, after, ours) {
		switch s := step.(type) {
		case ingot.CreateView:
			fmt.Println("new:", s.View.Name)
		case ingot.DropView:
			fmt.Println("gone:", s.View.Name)
		case ingot.AlterView:
			fmt.Println(s)
		}
	}
	// Output:
	// gone: old
	// alter view ids to SELECT id FROM item WHERE id > 0
	// new: more
}

// A name with a dot of its own stands in double quotes.
func ExampleParseTableName() {
	for _, text := range []string{"sales.orders", `sales."orders.2026"`} {
		name := ingot.ParseTableName(text)
		fmt.Println(name.Schema, name.Name)
	}
	fmt.Println(ingot.TableName{Name: "orders.2026"})
	// Output:
	// sales orders
	// sales orders.2026
	// "orders.2026"
}
