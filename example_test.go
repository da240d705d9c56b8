package ingot_test

import (
	"context"
	"database/sql"
	"fmt"

	"ingot"
	"ingot/dialects/sqlite"

	_ "modernc.org/sqlite"
)

type Album struct {
	ID     int64 `ingot:"pk"`
	Title  string
	Label  *string  // a pointer may be NULL
	Tracks []*Track `ingot:"inverse:Album;cascade:all,delete-orphan;order:number"`
}

type Track struct {
	ID      int64 `ingot:"pk"`
	Number  int
	Title   string
	AlbumID int64  `ingot:"fk:album.id"`
	Album   *Album `ingot:"inverse:Tracks"`
}

func quickstart(ctx context.Context) error {
	models, err := ingot.NewModels(Album{}, Track{})
	if err != nil {
		return err
	}
	sqldb, err := sql.Open("sqlite", "file:/quickstart?vfs=memdb")
	if err != nil {
		return err
	}
	defer sqldb.Close()
	db, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{Models: models})
	if err != nil {
		return err
	}
	if err := db.CreateAll(ctx); err != nil { // a real program migrates
		return err
	}

	// A session is a unit of work: add, change, remove, and commit the difference.
	s := db.Session()
	defer s.Close()
	blue := &Album{Title: "Kind of Blue", Tracks: []*Track{
		{Number: 1, Title: "So What"}, {Number: 2, Title: "Blue in Green"}}}
	s.Add(blue)
	if err := s.Commit(ctx); err != nil {
		return err
	}
	blue.Label = new("Columbia")
	blue.Tracks[1].Number = 3
	blue.Tracks = append(blue.Tracks, &Track{Number: 2, Title: "Freddie Freeloader"})
	if err := s.Commit(ctx); err != nil {
		return err
	}

	// A table in a query is a variable, and its fields are the columns.
	a, t := new(Album), new(Track)
	albums, err := ingot.Select(a).
		Join(&a.Tracks, t).
		Where(ingot.Like(ingot.C(&t.Title), "%Green%"), ingot.N(&a.Label).Eq("Columbia")).
		Load(&a.Tracks).
		All(ctx, db)
	if err != nil {
		return err
	}
	for _, album := range albums {
		fmt.Println(album.Title)
		for _, track := range album.Tracks {
			fmt.Printf("%d. %s\n", track.Number, track.Title)
		}
	}
	return nil
}

func Example() {
	if err := quickstart(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Kind of Blue
	// 1. So What
	// 2. Freddie Freeloader
	// 3. Blue in Green
}
