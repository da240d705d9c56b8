// Command tutorial walks through ingot from an empty database to a deleted user: it
// migrates, writes, queries, changes a model, migrates again and deletes. What it prints
// between the headings is what its sessions send to the database.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ingot"
	"ingot/dialects/sqlite"
	"ingot/examples/tutorial/migrations/versions"
	"ingot/examples/tutorial/models"
	"ingot/examples/tutorial/models/first"

	_ "modernc.org/sqlite"
)

func main() {
	if err := tutorial(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tutorial runs the chapters on a database file in a temporary folder.
func tutorial(ctx context.Context, w io.Writer) error {
	dir, err := os.MkdirTemp("", "ingot-tutorial-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sqldb, err := sql.Open("sqlite", filepath.Join(dir, "example.db"))
	if err != nil {
		return err
	}
	defer sqldb.Close()

	// A program has one set of models. The tutorial has two, since it shows what happens
	// when they change: the ones of the first revision, and the ones of today.
	before, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{Models: first.Models, Echo: indent{w}})
	if err != nil {
		return err
	}
	today, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{Models: models.Models, Echo: indent{w}})
	if err != nil {
		return err
	}
	quiet, err := ingot.Open(sqldb, sqlite.Dialect{}, ingot.Options{}) // migrations say a lot
	if err != nil {
		return err
	}
	for _, chapter := range []struct {
		title string
		run   func() error
	}{
		{"Migrate an empty database", func() error { return upgrade(ctx, w, quiet, "27c6a30d7c24") }},
		{"Add users with their addresses", func() error { return add(ctx, w, before) }},
		{"Query along a relationship", func() error { return query(ctx, w, before) }},
		{"Change what was loaded", func() error { return change(ctx, w, before) }},
		{"Change a model and migrate again", func() error { return upgrade(ctx, w, quiet, "head") }},
		{"Find the rows kept", func() error { return use(ctx, w, today) }},
		{"Delete a user, addresses included", func() error { return remove(ctx, w, today) }},
	} {
		fmt.Fprintf(w, "\n== %s\n\n", chapter.title)
		if err := chapter.run(); err != nil {
			return fmt.Errorf("%s: %w", chapter.title, err)
		}
	}
	return nil
}

// upgrade migrates to a revision and tells which steps it takes.
func upgrade(ctx context.Context, w io.Writer, db *ingot.DB, target string) error {
	tell := func(p ingot.Progress) {
		switch {
		case p.Done:
		case p.Step == 0:
			fmt.Fprintf(w, "revision %s, %s\n", p.Revision.ID, p.Revision.Message)
		default:
			fmt.Fprintf(w, "  %s\n", p.What)
		}
	}
	return ingot.NewMigrator(db, versions.Versions, ingot.OnProgress(tell)).Upgrade(ctx, target)
}

// add writes three users with their addresses.
func add(ctx context.Context, w io.Writer, db *ingot.DB) error {
	s := db.Session()
	defer s.Close()

	spongebob := &first.User{Name: "spongebob", Fullname: new("Spongebob Squarepants"),
		Addresses: []*first.Address{{EmailAddress: "spongebob@sqlalchemy.org"}}}
	sandy := &first.User{Name: "sandy", Fullname: new("Sandy Cheeks"), Addresses: []*first.Address{
		{EmailAddress: "sandy@sqlalchemy.org"}, {EmailAddress: "sandy@squirrelpower.org"}}}
	patrick := &first.User{Name: "patrick", Fullname: new("Patrick Star")}
	s.AddAll(spongebob, sandy, patrick)
	if err := s.Commit(ctx); err != nil {
		return err
	}
	fmt.Fprintf(w, "keys are filled in: sandy is %d, and her addresses belong to user %d\n",
		sandy.ID, sandy.Addresses[0].UserID)
	return nil
}

// query finds users by what their addresses look like, and loads all their addresses.
func query(ctx context.Context, w io.Writer, db *ingot.DB) error {
	s := db.Session()
	defer s.Close()

	u, a := new(first.User), new(first.Address) // a table in a query is a variable, its fields are the columns
	users, err := ingot.Select(u).
		Join(&u.Addresses, a).
		Where(ingot.Like(ingot.C(&a.EmailAddress), "%@sqlalchemy.org"), ingot.C(&u.Name).In("sandy", "spongebob")).
		OrderBy(ingot.C(&u.Name).Asc()).
		Load(&u.Addresses).
		All(ctx, s)
	if err != nil {
		return err
	}
	for _, user := range users {
		fmt.Fprintf(w, "%s (%s)\n", user.Name, *user.Fullname)
		for _, address := range user.Addresses {
			fmt.Fprintf(w, "  %s\n", address.EmailAddress)
		}
	}
	return nil
}

// change edits instances; only what changed is written.
func change(ctx context.Context, w io.Writer, db *ingot.DB) error {
	s := db.Session()
	defer s.Close()

	u := new(first.User)
	patrick, err := ingot.Select(u).Where(ingot.C(&u.Name).Eq("patrick")).Load(&u.Addresses).One(ctx, s)
	if err != nil {
		return err
	}
	patrick.Fullname = new("Patrick Starfish")
	patrick.Addresses = append(patrick.Addresses, &first.Address{EmailAddress: "patrick@bikini-bottom.org"})
	return s.Commit(ctx)
}

// use works with the new column; the rows of before are there.
func use(ctx context.Context, w io.Writer, db *ingot.DB) error {
	s := db.Session()
	defer s.Close()
	u := new(models.User)
	users, err := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()).Load(&u.Addresses).All(ctx, s)
	if err != nil {
		return err
	}
	for _, user := range users {
		fmt.Fprintf(w, "%s, addresses: %d, nickname: %s\n", user.Name, len(user.Addresses), orNone(user.Nickname))
	}
	users[0].Nickname = new("SquarePants")
	return s.Commit(ctx)
}

// remove deletes a user, whose addresses go along.
func remove(ctx context.Context, w io.Writer, db *ingot.DB) error {
	s := db.Session()
	defer s.Close()

	u := new(models.User)
	sandy, err := ingot.Select(u).Where(ingot.C(&u.Name).Eq("sandy")).One(ctx, s)
	if err != nil {
		return err
	}
	s.Delete(sandy)
	if err := s.Commit(ctx); err != nil {
		return err
	}

	a := new(models.Address)
	left, err := ingot.Select(a).OrderBy(ingot.C(&a.ID).Asc()).Load(&a.User).All(ctx, s)
	if err != nil {
		return err
	}
	for _, address := range left {
		fmt.Fprintf(w, "%s is left, of %s, nickname: %s\n", address.EmailAddress, address.User.Name, orNone(address.User.Nickname))
	}
	return nil
}

// orNone is what s points to.
func orNone(s *string) string {
	if s == nil {
		return "none"
	}
	return *s
}

// indent sets the statements that a DB echoes apart from the rest of the output.
type indent struct{ w io.Writer }

func (i indent) Write(line []byte) (int, error) {
	_, err := fmt.Fprintf(i.w, "    %s\n", bytes.TrimSuffix(line, []byte("\n")))
	return len(line), err
}
