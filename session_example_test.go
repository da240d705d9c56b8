package ingot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"

	"ingot"
	"ingot/dialects/sqlite"
)

// exampleAlbums opens a database of its own with one album of two tracks.
func exampleAlbums() (context.Context, *ingot.DB) {
	ctx := context.Background()
	db, err := openAlbums(ctx)
	if err != nil {
		log.Fatal(err)
	}
	s := db.Session()
	defer s.Close()
	s.Add(&Album{Title: "Kind of Blue", Tracks: []*Track{{Number: 1, Title: "So What"}, {Number: 2, Title: "Blue in Green"}}})
	if err := s.Commit(ctx); err != nil {
		log.Fatal(err)
	}
	return ctx, db
}

func ExampleDB_Session() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, err := ingot.Get[Album](ctx, s, 1)
	if err != nil {
		log.Fatal(err)
	}
	album.Title += " (Legacy Edition)"
	fmt.Println(s.Commit(ctx))
	// Output: <nil>
}

func ExampleSession_Add() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album := &Album{Title: "Blue Train", Tracks: []*Track{{Number: 1, Title: "Blue Train"}}}
	s.Add(album) // its tracks come along
	fmt.Println(s.State(album), s.State(album.Tracks[0]))
	fmt.Println(s.Commit(ctx), album.ID, album.Tracks[0].AlbumID)
	// Output:
	// pending pending
	// <nil> 2 2
}

func ExampleSession_AddAll() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	s.AddAll(&Album{Title: "Giant Steps"}, &Album{Title: "Blue Train"})
	s.Add(nil) // a mistake: the commit says so, and writes nothing
	fmt.Println(s.Commit(ctx))
	// Output: ingot: Add: got nil, want a pointer to a model
}

func ExampleSession_Delete() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	s.Delete(album)
	fmt.Println(s.State(album), s.Commit(ctx), s.State(album))
	n, _ := ingot.Select(new(Track)).Count(ctx, s)
	fmt.Println(n, "tracks left")
	// Output:
	// deleted <nil> detached
	// 0 tracks left
}

func ExampleSession_Set() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	track, t := &Track{AlbumID: 1, Title: "Freddie Freeloader"}, new(Track)
	s.Add(track)
	last := ingot.Scalar(ingot.Scalars(ingot.Select(t).Where(ingot.C(&t.AlbumID).Eq(1)), ingot.Max(ingot.C(&t.Number))))
	s.Set(track, ingot.C(&track.Number).SetX(ingot.Add(last, ingot.Value(1))))
	fmt.Println(s.Flush(ctx), track.Number) // one INSERT: the database found the number
	s.Set(track, ingot.C(&track.Number).SetX(ingot.Mul(ingot.C(&track.Number), ingot.Value(10))))
	fmt.Println(s.Commit(ctx), track.Number)
	// Output:
	// <nil> 3
	// <nil> 30
}

func ExampleSession_Flush() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album := &Album{Title: "Giant Steps"}
	s.Add(album)
	fmt.Println(s.Flush(ctx), album.ID) // the key is there, the transaction goes on
	// Output: <nil> 2
}

func ExampleSession_Commit() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	track, _ := ingot.Get[Track](ctx, s, 2)
	track.Title = "Freddie Freeloader" // assignment is all it takes
	fmt.Println(s.Commit(ctx))
	// Output: <nil>
}

func ExampleSession_Rollback() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	fresh := &Album{Title: "Giant Steps"}
	s.Add(fresh)
	album.Title = "edited"
	s.Flush(ctx)
	s.Rollback(ctx)
	fmt.Printf("%s; %d, %v\n", album.Title, fresh.ID, s.State(fresh))
	// Output: Kind of Blue; 0, transient
}

func ExampleSession_Close() {
	ctx, db := exampleAlbums()
	s := db.Session()
	album, _ := ingot.Get[Album](ctx, s, 1)
	fmt.Println(s.Close(), s.State(album), album.Title)
	fmt.Println(errors.Is(s.Flush(ctx), ingot.ErrClosed))
	// Output:
	// <nil> detached Kind of Blue
	// true
}

func ExampleSession_State() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album := &Album{Title: "Giant Steps"}
	fmt.Println(s.State(album))
	s.Add(album)
	fmt.Println(s.State(album))
	s.Commit(ctx)
	fmt.Println(s.State(album))
	s.Delete(album)
	fmt.Println(s.State(album))
	s.Commit(ctx)
	fmt.Println(s.State(album))
	// Output:
	// transient
	// pending
	// persistent
	// deleted
	// detached
}

func ExampleSession_Contains() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	fmt.Println(s.Contains(album), s.Contains(&Album{ID: 1}))
	// Output: true false
}

func ExampleSession_Loaded() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	fmt.Println(s.Loaded(album, &album.Tracks))
	album.Tracks = append(album.Tracks, &Track{Number: 3, Title: "All Blues"}) // no need to load for that
	s.Flush(ctx)
	fmt.Println(s.Loaded(album, &album.Tracks))
	s.Load(ctx, album, &album.Tracks)
	fmt.Println(s.Loaded(album, &album.Tracks), len(album.Tracks))
	// Output:
	// not loaded
	// partial
	// loaded 3
}

func ExampleSession_Load() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	albums, _ := ingot.Select(new(Album)).All(ctx, s)
	for _, album := range albums { // one statement serves them all
		if err := s.Load(ctx, album, &album.Tracks); err != nil {
			log.Fatal(err)
		}
		fmt.Println(album.Title, len(album.Tracks))
	}
	// Output: Kind of Blue 2
}

func ExampleSession_New() {
	_, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	s.Add(&Album{Title: "Giant Steps"})
	for _, x := range s.New() {
		fmt.Println(x.(*Album).Title)
	}
	// Output: Giant Steps
}

func ExampleSession_Dirty() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	album.Title = "edited"
	fmt.Println(len(s.Dirty()), s.Dirty()[0] == any(album))
	// Output: 1 true
}

func ExampleSession_Deleted() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	track, _ := ingot.Get[Track](ctx, s, 1)
	s.Delete(track)
	fmt.Println(len(s.Deleted()))
	// Output: 1
}

func ExampleSession_Savepoint() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	err := s.Savepoint(ctx, func() error {
		album.Title = "tried"
		s.Add(&Track{Title: "no album"}) // the foreign key refuses
		return s.Flush(ctx)
	})
	fmt.Println(errors.Is(err, ingot.ErrConstraint), album.Title)
	fmt.Println(s.Commit(ctx))
	// Output:
	// true Kind of Blue
	// <nil>
}

func ExampleSession_Tx() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	tx, err := s.Tx(ctx)
	if err != nil {
		log.Fatal(err)
	}
	var n int
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM track").Scan(&n)
	fmt.Println(n, err)
	// Output: 2 <nil>
}

func ExampleSession_Exec() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	res, err := s.Exec(ctx, "UPDATE album SET title = upper(title)")
	if err != nil {
		log.Fatal(err)
	}
	n, _ := res.RowsAffected()
	s.Refresh(ctx, album)
	fmt.Println(n, album.Title)
	// Output: 1 KIND OF BLUE
}

func ExampleSession_Refresh() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	db.Exec(ctx, "UPDATE album SET title = ?", "changed elsewhere")
	album.Title = "edited"
	fmt.Println(s.Refresh(ctx, album), album.Title)
	// Output: <nil> changed elsewhere
}

func ExampleSession_Expire() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	db.Exec(ctx, "UPDATE album SET title = ?", "changed elsewhere")
	s.Expire(album) // the next read of the row counts
	again, _ := ingot.Get[Album](ctx, s, 1)
	fmt.Println(again == album, album.Title)
	// Output: true changed elsewhere
}

func ExampleSession_Expunge() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	album.Title = "not to be written"
	s.Expunge(album)
	fmt.Println(s.State(album), s.Commit(ctx))
	// Output: detached <nil>
}

func ExampleSession_Attach() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	// As it came with a form, say: read an hour ago, in another process.
	track := &Track{ID: 2, Number: 2, Title: "Blue in Green", AlbumID: 1}
	s.Attach(track)
	track.Title = "Freddie Freeloader" // only this is written
	fmt.Println(s.Commit(ctx))
	// Output: <nil>
}

func ExampleMerge() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	form := &Track{ID: 2, Title: "Freddie Freeloader"} // the form knows no more
	track, err := ingot.Merge(ctx, s, form, &form.Title)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(track.Number, track.Title, len(s.Dirty()))
	// Output: 2 Freddie Freeloader 1
}

func ExampleDB_Transaction() {
	ctx, db := exampleAlbums()
	err := db.Transaction(ctx, func(s *ingot.Session) error {
		album, err := ingot.Get[Album](ctx, s, 1)
		if err != nil {
			return err
		}
		album.Title = "renamed"
		return nil // commits
	}, ingot.Retry(3))
	fmt.Println(err)
	// Output: <nil>
}

// A trigger of the database refuses with a code of its own, which becomes a kind of one's own.
func ExampleOptions_classify() {
	ctx := context.Background()
	errQuota := errors.New("quota exceeded")
	sqldb, err := sql.Open("sqlite", "file:/classify?vfs=memdb")
	if err != nil {
		log.Fatal(err)
	}
	defer sqldb.Close()
	db, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{
		Models: albumModels,
		Classify: func(err error, r *ingot.Refusal) {
			// SQLState and Number are those of PostgreSQL and MySQL, Code is SQLite's.
			switch e := ingot.ReadDriverError(err); {
			case e.SQLState == "Q0001", e.Number == 1644, e.Code == 1811:
				r.Kind = errQuota
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateAll(ctx); err != nil {
		log.Fatal(err)
	}
	_, err = db.Exec(ctx, `CREATE TRIGGER quota BEFORE INSERT ON album
		WHEN (SELECT count(*) FROM album) = 1 BEGIN SELECT RAISE(ABORT, 'one is enough'); END`)
	if err != nil {
		log.Fatal(err)
	}
	s := db.Session()
	defer s.Close()
	s.AddAll(&Album{Title: "Giant Steps"}, &Album{Title: "Blue Train"})
	fmt.Println(errors.Is(s.Commit(ctx), errQuota))
	// Output: true
}

func ExampleOnTx() {
	ctx := context.Background()
	sqldb, err := sql.Open("sqlite", "file:/ontx?vfs=memdb&_pragma=foreign_keys(1)")
	if err != nil {
		log.Fatal(err)
	}
	defer sqldb.Close()
	db, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{Models: albumModels})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateAll(ctx); err != nil {
		log.Fatal(err)
	}
	tx, err := sqldb.BeginTx(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	s := db.Session(ingot.OnTx(tx))
	defer s.Close()
	s.Add(&Album{Title: "Giant Steps"})
	fmt.Println(s.Commit(ctx), tx.Commit()) // the first only flushes
	// Output: <nil> <nil>
}

func ExampleReadOnly() {
	ctx, db := exampleAlbums()
	s := db.Session(ingot.ReadOnly())
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	album.Title = "edited"
	fmt.Println(errors.Is(s.Commit(ctx), ingot.ErrReadOnly))
	// Output: true
}

func ExampleAutoflush() {
	ctx, db := exampleAlbums()
	s := db.Session(ingot.Autoflush(false))
	defer s.Close()
	s.Add(&Album{Title: "Giant Steps"})
	n, _ := ingot.Select(new(Album)).Count(ctx, s)
	fmt.Println(n) // the new one is not there yet
	// Output: 1
}

func ExampleIsolation() {
	ctx, db := exampleAlbums()
	s := db.Session(ingot.Isolation(sql.LevelSerializable))
	defer s.Close()
	album, err := ingot.Get[Album](ctx, s, 1) // inside the transaction
	fmt.Println(album.Title, err)
	// Output: Kind of Blue <nil>
}

func ExampleHooks() {
	ctx := context.Background()
	sqldb, err := sql.Open("sqlite", "file:/hooks?vfs=memdb")
	if err != nil {
		log.Fatal(err)
	}
	defer sqldb.Close()
	db, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{Models: albumModels, Hooks: ingot.Hooks{
		BeforeInsert: func(_ context.Context, _ *ingot.Session, x any) error {
			if a, ok := x.(*Album); ok && a.Title == "" {
				return errors.New("an album needs a title")
			}
			return nil
		},
	}})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateAll(ctx); err != nil {
		log.Fatal(err)
	}
	s := db.Session()
	defer s.Close()
	s.Add(&Album{})
	fmt.Println(s.Commit(ctx))
	// Output: ingot: BeforeInsert of Album(new): an album needs a title
}

func ExampleState() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	describe := func(x any) string {
		switch s.State(x) {
		case ingot.Transient:
			return "a plain struct"
		case ingot.Pending:
			return "to be inserted"
		case ingot.Persistent:
			return "in the database"
		case ingot.Deleted:
			return "to be deleted"
		case ingot.Detached:
			return "no longer of this session"
		}
		return ""
	}
	album, _ := ingot.Get[Album](ctx, s, 1)
	fresh := &Album{Title: "Giant Steps"}
	fmt.Println(describe(album), "/", describe(fresh))
	s.Add(fresh)
	s.Delete(album)
	fmt.Println(describe(album), "/", describe(fresh))
	s.Expunge(album)
	fmt.Println(describe(album), "/", describe(fresh))
	// Output:
	// in the database / a plain struct
	// to be deleted / to be inserted
	// no longer of this session / to be inserted
}

// An empty slice may be all there is, or not have been asked for.
func ExampleLoadState() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	for _, load := range []func() error{
		func() error { return nil },
		func() error { album.Tracks = append(album.Tracks, &Track{Title: "All Blues"}); return s.Flush(ctx) },
		func() error { return s.Load(ctx, album, &album.Tracks) },
	} {
		if err := load(); err != nil {
			log.Fatal(err)
		}
		switch s.Loaded(album, &album.Tracks) {
		case ingot.NotLoaded:
			fmt.Println("nobody asked for the tracks")
		case ingot.Partial:
			fmt.Println("what was added is there:", len(album.Tracks))
		case ingot.Loaded:
			fmt.Println("all are there:", len(album.Tracks))
		}
	}
	// Output:
	// nobody asked for the tracks
	// what was added is there: 1
	// all are there: 3
}

// What the database refused says where; the session refuses to go on until Rollback.
func ExampleStatementError() {
	ctx := context.Background()
	s := club(ctx).Session()
	defer s.Close()
	ann, _ := ingot.Get[member](ctx, s, 1)
	ann.Name = "bob"
	err := s.Flush(ctx)
	if e, ok := errors.AsType[*ingot.StatementError](err); ok {
		fmt.Println(e.Op, e.Key, e.Column, e.Kind)
	}
	fmt.Println(errors.Is(s.Commit(ctx), ingot.ErrRolledBack))
	fmt.Println(s.Rollback(ctx), ann.Name)
	// Output:
	// update member(1) name ingot: constraint violated
	// true
	// <nil> ann
}

func ExampleConstraintError() {
	ctx := context.Background()
	db := club(ctx)
	for _, m := range []*member{{Name: "ann"}, {Name: "dan", SponsorID: new(int64(99))}} {
		s := db.Session()
		s.Add(m)
		err := s.Commit(ctx)
		s.Close()
		if e, ok := errors.AsType[*ingot.ConstraintError](err); ok {
			switch e.Kind {
			case ingot.UniqueViolation:
				fmt.Println(m.Name, "is there already:", e.Table, e.Columns)
			case ingot.ForeignKeyViolation:
				fmt.Println(m.Name, "refers to what is not there")
			case ingot.NotNullViolation, ingot.CheckViolation, ingot.ExclusionViolation:
				fmt.Println("the program should not have sent that:", e)
			}
		}
	}
	// Output:
	// ann is there already: member [name]
	// dan refers to what is not there
}

// Somebody else was faster: the row is gone, or its version moved on.
func ExampleStaleError() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	track, _ := ingot.Get[Track](ctx, s, 2)
	db.Exec(ctx, "DELETE FROM track WHERE id = 2")
	track.Title = "Freddie Freeloader"
	if e, ok := errors.AsType[*ingot.StaleError](s.Commit(ctx)); ok {
		fmt.Println(e.Op, e.Key, e.Want, e.Got)
	}
	// Output: update Track(2) 1 0
}

func ExampleValueError() {
	ctx, db := exampleAlbums()
	db.Exec(ctx, "UPDATE track SET number = 'first' WHERE id = 1") // SQLite lets that pass
	_, err := ingot.Get[Track](ctx, db, 1)
	if e, ok := errors.AsType[*ingot.ValueError](err); ok {
		fmt.Println(e.Model, e.Field, e.Column)
	}
	// Output: Track Number number
}

func ExampleErrCanceled() {
	ctx, db := exampleAlbums()
	ctx, cancel := context.WithCancel(ctx)
	cancel() // the user went away
	_, err := ingot.Get[Album](ctx, db, 1)
	fmt.Println(errors.Is(err, ingot.ErrCanceled), errors.Is(err, context.Canceled))
	// Output: true true
}

func ExampleErrDetached() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	album, _ := ingot.Get[Album](ctx, s, 1)
	s.Expunge(album)
	fmt.Println(errors.Is(s.Refresh(ctx, album), ingot.ErrDetached))
	s.Attach(album) // back again
	fmt.Println(s.Refresh(ctx, album))
	// Output:
	// true
	// <nil>
}

func ExampleTx() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	tx, err := s.Tx(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := tx.ExecContext(ctx, "UPDATE track SET number = number * 10"); err != nil {
		log.Fatal(err)
	}
	rows, err := tx.QueryContext(ctx, "SELECT title, number FROM track ORDER BY number")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var title string
		var number int
		if err := rows.Scan(&title, &number); err != nil {
			log.Fatal(err)
		}
		fmt.Println(number, title)
	}
	fmt.Println(rows.Err())
	// Output:
	// 10 So What
	// 20 Blue in Green
	// <nil>
}

type traced []ingot.TracedStatement

// A span of OpenTelemetry would begin here and travel in the context.
func (*traced) StatementStart(ctx context.Context, _ *ingot.TracedStatement) context.Context {
	return ctx
}

func (l *traced) StatementEnd(_ context.Context, s *ingot.TracedStatement) { *l = append(*l, *s) }

func ExampleTracer() {
	ctx := context.Background()
	sqldb, err := sql.Open("sqlite", "file:/tracer?vfs=memdb")
	if err != nil {
		log.Fatal(err)
	}
	defer sqldb.Close()
	var seen traced
	var tracer ingot.Tracer = &seen
	db, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{Models: albumModels, Tracer: tracer})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateAll(ctx); err != nil {
		log.Fatal(err)
	}
	s := db.Session()
	defer s.Close()
	s.AddAll(&Album{Title: "Giant Steps"}, &Album{Title: "Blue Train"})
	fmt.Println(s.Commit(ctx))
	for _, statement := range seen {
		if statement.Model != "" {
			fmt.Println(statement.Op, statement.Model, statement.Rows)
		}
	}
	// Output:
	// <nil>
	// insert Album 2
}

func ExampleDB_Server() {
	_, db := exampleAlbums()
	srv := db.Server()
	fmt.Println(srv.Dialect, srv.AtLeast(3, 35))
	if srv.UpdateReturning { // one of the Caps
		fmt.Println("an UPDATE gives its rows back")
	}
	// Output:
	// sqlite true
	// an UPDATE gives its rows back
}

func ExampleDB_Models() {
	_, db := exampleAlbums()
	schema, err := db.Models().Schema(db.Dialect())
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range schema.Tables {
		fmt.Println(t.Name, len(t.Columns))
	}
	// Output:
	// album 3
	// track 4
}
