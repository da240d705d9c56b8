package ingot_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"

	"ingot"
	"ingot/dialects/sqlite"

	_ "modernc.org/sqlite"
)

var albumModels = ingot.MustModels(Album{}, Track{})

// openAlbums opens a database of its own in memory, with the tables of the models.
func openAlbums(ctx context.Context) (*ingot.DB, error) {
	sqldb, err := sql.Open("sqlite", "file:/"+rand.Text()+"?vfs=memdb")
	if err != nil {
		return nil, err
	}
	db, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{Models: albumModels})
	if err != nil {
		return nil, err
	}
	return db, db.CreateAll(ctx)
}

// Every case of a table-driven test gets a fresh database.
func ExampleDB_CreateAll() {
	ctx := context.Background()
	for _, tt := range []struct {
		name   string
		albums []*Album
		want   int
	}{
		{"nothing", nil, 0},
		{"one without tracks", []*Album{{Title: "Blue"}}, 0},
		{"two with tracks", []*Album{{Title: "Blue", Tracks: []*Track{{Title: "Carey"}}},
			{Title: "Hejira", Tracks: []*Track{{Title: "Coyote"}, {Title: "Amelia"}}}}, 3},
	} {
		db, err := openAlbums(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		s := db.Session()
		for _, album := range tt.albums {
			s.Add(album)
		}
		if err := s.Commit(ctx); err != nil {
			fmt.Println(err)
		}
		s.Close()
		if got, err := ingot.Select(new(Track)).Count(ctx, db); err != nil || got != tt.want {
			fmt.Printf("%s: %d tracks, %v; want %d\n", tt.name, got, err, tt.want)
		}
	}
	fmt.Println("ok")
	// Output: ok
}
