package ingot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"ingot"
	"ingot/dialects/sqlite"
)

// A server behind a proxy, or one that Open does not know by name, may be able to do less
// than its version says.
func ExampleOptions_adjust() {
	type Song struct {
		ID    int64 `ingot:"pk"`
		Title string
	}
	sqldb, err := sql.Open("sqlite", "file:/adjust?vfs=memdb")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sqldb.Close()
	var sent strings.Builder
	db, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{
		Models: ingot.MustModels(Song{}),
		Echo:   &sent,
		Adjust: func(s *ingot.Server) {
			s.Keys = ingot.KeysSingle // no promise about generated keys: one row at a time
			s.InsertReturning = false
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	s := db.Session()
	defer s.Close()
	err = errors.Join(db.CreateAll(ctx), s.AddAll(&Song{Title: "So What"}, &Song{Title: "Blue in Green"}), s.Commit(ctx))
	fmt.Println(strings.Count(sent.String(), "INSERT INTO"), strings.Count(sent.String(), "RETURNING"), err)
	// Output: 2 0 <nil>
}
