//go:build entbench

package main

import (
	"context"
	"database/sql"
	"fmt"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"ingot/bench/ent"
	entauthor "ingot/bench/ent/author"
	entbook "ingot/bench/ent/book"
	entuser "ingot/bench/ent/user"
	entwide "ingot/bench/ent/wide"
)

// entImpl is ent with bulk creation. It has no bulk update of different rows.
type entImpl struct {
	byKey
	s      *store
	client *ent.Client
	driver string
}

func withEnt(all []opener) []opener { return append(all, newEnt) }

func newEnt(_ context.Context, s *store) (implementation, error) {
	db, err := sql.Open(s.driver, s.dsn)
	if err != nil {
		return nil, err
	}
	name := dialect.SQLite
	if s.kind == "pg" {
		name = dialect.Postgres
	}
	return &entImpl{s: s, client: ent.NewClient(ent.Driver(entsql.OpenDB(name, db))), driver: name}, nil
}

func (e *entImpl) name() string { return "ent" }
func (e *entImpl) close() error { return e.client.Close() }

func (e *entImpl) tx(ctx context.Context, fn func(tx *ent.Tx) error) error {
	tx, err := e.client.Tx(ctx)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

func create(c *ent.UserClient, u user) *ent.UserCreate {
	return c.Create().SetName(u.Name).SetEmail(u.Email).SetAge(u.Age).SetActive(u.Active).SetCreatedAt(u.CreatedAt)
}

func (e *entImpl) insertOne(ctx context.Context, i int) (int64, error) {
	u, err := create(e.client.User, makeUser(i)).Save(ctx)
	if err != nil {
		return 0, err
	}
	return u.ID, nil
}

func (e *entImpl) insertMany(ctx context.Context, from, n int) (out []int64, err error) {
	err = e.tx(ctx, func(tx *ent.Tx) error {
		for k := 0; k < n; k += 500 {
			part := make([]*ent.UserCreate, 500)
			for i := range part {
				part[i] = create(tx.User, makeUser(from+k+i))
			}
			us, err := tx.User.CreateBulk(part...).Save(ctx)
			if err != nil {
				return err
			}
			for _, u := range us {
				out = append(out, u.ID)
			}
		}
		return nil
	})
	return out, err
}

func (e *entImpl) insertGraph(ctx context.Context, n, books int) error {
	return e.tx(ctx, func(tx *ent.Tx) error {
		graph := makeGraph(n, books)
		as, err := tx.Author.MapCreateBulk(graph, func(c *ent.AuthorCreate, i int) { c.SetName(graph[i].Name) }).Save(ctx)
		if err != nil {
			return err
		}
		var bs []*ent.BookCreate
		for i, a := range graph {
			for _, b := range a.Books {
				bs = append(bs, tx.Book.Create().SetAuthorID(as[i].ID).SetTitle(b.Title).SetPages(b.Pages))
			}
		}
		for k := 0; k < len(bs); k += 500 {
			if _, err := tx.Book.CreateBulk(bs[k : k+500]...).Save(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *entImpl) get(ctx context.Context, id int64) (any, error) { return e.client.User.Get(ctx, id) }

func (e *entImpl) wide(ctx context.Context) (any, error) {
	return e.client.Wide.Query().Order(entwide.ByID()).All(ctx)
}

func (e *entImpl) graph(ctx context.Context) (any, error) {
	as, err := e.client.Author.Query().Order(entauthor.ByID()).WithBooks(func(q *ent.BookQuery) { q.Order(entbook.ByID()) }).All(ctx)
	if err != nil {
		return nil, err
	}
	type parent struct {
		ID    int64
		Books []*ent.Book
	}
	out := make([]parent, len(as))
	for i, a := range as {
		out[i] = parent{a.ID, a.Edges.Books}
	}
	return out, nil
}

func (e *entImpl) query(age int64) *ent.UserQuery {
	return e.client.User.Query().Where(entuser.AgeGTE(age), entuser.Active(true), entuser.NameHasPrefix("user ")).
		Order(entuser.ByAge(), entuser.ByID()).Limit(20)
}

func (e *entImpl) list(ctx context.Context, age int64) (any, error) { return e.query(age).All(ctx) }

func (e *entImpl) load(ctx context.Context) (any, error) {
	return e.client.User.Query().Where(entuser.IDLTE(1000)).Order(entuser.ByID()).All(ctx)
}

func (e *entImpl) change(ctx context.Context, loaded any, age int64) error {
	return e.tx(ctx, func(tx *ent.Tx) error {
		for _, u := range loaded.([]*ent.User) {
			if _, err := tx.User.UpdateOne(u).SetAge(age).Save(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *entImpl) remove(ctx context.Context, given any) error {
	keys := given.([]int64)
	return e.tx(ctx, func(tx *ent.Tx) error {
		if _, err := tx.Book.Delete().Where(entbook.AuthorIDIn(keys...)).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.Author.Delete().Where(entauthor.IDIn(keys...)).Exec(ctx)
		return err
	})
}

func (e *entImpl) modify(ctx context.Context, id, age int64) error {
	return e.tx(ctx, func(tx *ent.Tx) error {
		u, err := tx.User.Get(ctx, id)
		if err != nil {
			return err
		}
		return tx.User.UpdateOne(u).SetAge(age).Exec(ctx)
	})
}

// text builds with ent's SQL builder: the client shows no text.
func (e *entImpl) text(age int64) (string, int) {
	b := entsql.Dialect(e.driver)
	t := b.Table(entuser.Table)
	q, args := b.Select(t.Columns(entuser.Columns...)...).From(t).
		Where(entsql.And(entsql.GTE(t.C(entuser.FieldAge), age), entsql.EQ(t.C(entuser.FieldActive), true), entsql.Like(t.C(entuser.FieldName), "user %"))).
		OrderBy(t.C(entuser.FieldAge), t.C(entuser.FieldID)).Limit(20).Query()
	if len(args) == 2 { // ent writes a true boolean without an argument
		args = append(args, true)
	}
	return fmt.Sprint(q), len(args)
}
