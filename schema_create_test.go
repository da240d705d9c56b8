package ingot_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"ingot"
	"ingot/dialects/sqlite"
)

type (
	scAuthor struct {
		_       struct{}    `ingot:"table:author"`
		ID      int64       `ingot:"pk"`
		Name    string      `ingot:"size:30;unique"`
		Mood    string      `ingot:"enum:glad,sad;default:'glad'"`
		Born    time.Time   `ingot:"default:CURRENT_TIMESTAMP"`
		BestID  *int64      `ingot:"fk:book.id"`
		Best    *scBook     `ingot:"via:BestID"`
		Books   []*scBook   `ingot:"inverse:Author"`
		Friends []*scAuthor `ingot:"through:friendship(a_id,b_id)"`
	}
	scBook struct {
		_        struct{} `ingot:"table:book;index:title desc,(lower(title));where:title <> '';check:pages > 0"`
		ID       int64    `ingot:"pk"`
		Title    string
		Pages    int32     `ingot:"default:1"`
		Thick    bool      `ingot:"generated:pages > 500;virtual"`
		AuthorID int64     `ingot:"fk:author.id;ondelete:cascade"`
		Author   *scAuthor `ingot:"inverse:Books;via:AuthorID"`
	}
	scTitle struct {
		_     struct{} `ingot:"table:titles;view:SELECT id, title FROM book"`
		ID    int64    `ingot:"pk"`
		Title string
	}
)

func TestCreateAllMakesTheTablesOfTheModels(t *testing.T) {
	models := ingot.MustModels(scAuthor{}, scBook{}, scTitle{})
	var echo strings.Builder
	db := openDB(t, ingot.Options{Models: models, Echo: &echo})
	ctx := t.Context()
	if err := db.CreateAll(ctx); err != nil {
		t.Fatal(err)
	}
	want, err := models.Schema(sqlite.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := db.Inspect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range ingot.Compare(got, want, ingot.CompareDialect(sqlite.Dialect{})) {
		t.Errorf("what was created differs: %s", s)
	}
	if len(got.Views) != 1 || got.Views[0].Name != "titles" {
		t.Errorf("views are %v", got.Views)
	}
	mustExec(t, db, "INSERT INTO author (id, name) VALUES (1, 'Tove')")
	mustExec(t, db, "INSERT INTO book (id, title, author_id) VALUES (1, 'Summer', 1)")
	mustExec(t, db, "UPDATE author SET best_id = 1")
	mustExec(t, db, "CREATE TABLE theirs (id INTEGER PRIMARY KEY)")

	echo.Reset()
	if err := db.CreateAll(ctx); err != nil {
		t.Errorf("a second CreateAll: %v", err)
	}
	if strings.Contains(echo.String(), "CREATE") {
		t.Errorf("a second CreateAll sent %s", &echo)
	}
	if err := db.DropAll(ctx); err != nil {
		t.Fatal(err)
	}
	got, err = db.Inspect(ctx)
	if err != nil || len(got.Tables) != 1 || got.Tables[0].Name != "theirs" || len(got.Views) != 0 {
		t.Errorf("DropAll leaves %+v, %v", got, err)
	}
	if err := db.DropAll(ctx); err != nil {
		t.Errorf("a second DropAll: %v", err)
	}
	if err := db.CreateAll(ctx); err != nil {
		t.Errorf("CreateAll after DropAll: %v", err)
	}
	if _, err := db.Exec(ctx, "INSERT INTO book (title, author_id) VALUES ('x', 99)"); err == nil {
		t.Error("foreign keys are not enforced any more")
	}
}

func TestCreateAllMakesAllOrNothing(t *testing.T) {
	type Bad struct {
		_  struct{} `ingot:"table:bad;check:no such sql"`
		ID int64    `ingot:"pk"`
	}
	db := openDB(t, ingot.Options{Models: ingot.MustModels(scAuthor{}, scBook{}, Bad{})})
	if err := db.CreateAll(t.Context()); err == nil || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("CreateAll = %v", err)
	}
	if s, err := db.Inspect(t.Context()); err != nil || len(s.Tables) != 0 {
		t.Errorf("%d tables were made, %v", len(s.Tables), err)
	}
}

func TestCreateAllSaysWhatIsMissing(t *testing.T) {
	db := openDB(t, ingot.Options{})
	if err := db.CreateAll(t.Context()); err == nil || !strings.Contains(err.Error(), "no models") {
		t.Errorf("CreateAll without models: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	db = openDB(t, ingot.Options{Models: ingot.MustModels(scAuthor{}, scBook{})})
	if err := db.CreateAll(ctx); err == nil {
		t.Error("CreateAll runs after its context ended")
	}
	if err := db.CreateAll(t.Context()); err != nil {
		t.Errorf("after that: %v", err)
	}
}

func BenchmarkCreateAll(b *testing.B) {
	models := ingot.MustModels(scAuthor{}, scBook{}, scTitle{})
	for b.Loop() {
		pool, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			b.Fatal(err)
		}
		db, err := ingot.Open(pool, sqlite.Dialect{}, ingot.Options{Models: models})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.CreateAll(b.Context()); err != nil {
			b.Fatal(err)
		}
		pool.Close()
	}
}

// A database of its own for every case of a test, in a millisecond.
func ExampleDB_CreateAll_databasePerCase() {
	type Item struct {
		_    struct{} `ingot:"table:item"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"unique"`
	}
	models := ingot.MustModels(Item{})
	open := func() *ingot.DB { // in a test: with t.Cleanup for Close
		pool, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			panic(err)
		}
		db, err := ingot.Open(pool, sqlite.Dialect{}, ingot.Options{Models: models})
		if err != nil {
			panic(err)
		}
		if err := db.CreateAll(context.Background()); err != nil {
			panic(err)
		}
		return db
	}
	ctx := context.Background()
	for _, name := range []string{"first", "second"} {
		db := open()
		_, err := db.Exec(ctx, "INSERT INTO item (id, name) VALUES (1, ?)", name) // no rest of the case before
		fmt.Println(name, err)
	}
	// Output:
	// first <nil>
	// second <nil>
}

func ExampleDB_Inspect() {
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
	_, err = db.Exec(ctx, `CREATE TABLE "Order Items" (id INTEGER PRIMARY KEY, qty INT NOT NULL DEFAULT 1 CHECK (qty > 0))`)
	fmt.Println(err)
	s, err := db.Inspect(ctx)
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			fmt.Printf("%s: %s %s %q\n", t.Name, c.Name, c.Type, c.Default)
		}
		fmt.Println(t.Checks[0].Expr)
	}
	fmt.Println(err)
	// Output:
	// <nil>
	// Order Items: id integer ""
	// Order Items: qty INT "1"
	// qty > 0
	// <nil>
}
