package main

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
)

// bunImpl is Bun with bulk inserts, a bulk UPDATE over VALUES and Relation for children.
type bunImpl struct {
	byKey
	db *bun.DB
}

type (
	bunUser struct {
		bun.BaseModel `bun:"table:bench_user,alias:u"`
		ID            int64 `bun:",pk,autoincrement"`
		Name          string
		Email         string
		Age           int64
		Active        bool
		CreatedAt     time.Time
	}
	bunWide struct {
		bun.BaseModel `bun:"table:bench_wide,alias:w"`
		ID            int64 `bun:",pk,autoincrement"`
		A             int64
		B             int64
		C             float64
		D             bool
		E, F, G       string
		H             *string
		I             *int64
		At            time.Time
		Until         *time.Time
	}
	bunAuthor struct {
		bun.BaseModel `bun:"table:bench_author,alias:a"`
		ID            int64 `bun:",pk,autoincrement"`
		Name          string
		Books         []*bunBook `bun:"rel:has-many,join:id=author_id"`
	}
	bunBook struct {
		bun.BaseModel `bun:"table:bench_book,alias:b"`
		ID            int64 `bun:",pk,autoincrement"`
		AuthorID      int64
		Title         string
		Pages         int64
	}
)

func newBun(_ context.Context, s *store) (implementation, error) {
	db, err := sql.Open(s.driver, s.dsn)
	if err != nil {
		return nil, err
	}
	var d schema.Dialect = pgdialect.New()
	if s.kind == "sqlite" {
		d = sqlitedialect.New()
	}
	return &bunImpl{db: bun.NewDB(db, d)}, nil
}

func (b *bunImpl) name() string { return "bun" }
func (b *bunImpl) close() error { return b.db.Close() }

func bunUserOf(u user) *bunUser {
	return &bunUser{Name: u.Name, Email: u.Email, Age: u.Age, Active: u.Active, CreatedAt: u.CreatedAt}
}

func (b *bunImpl) insertOne(ctx context.Context, i int) (int64, error) {
	u := bunUserOf(makeUser(i))
	_, err := b.db.NewInsert().Model(u).Exec(ctx)
	return u.ID, err
}

func (b *bunImpl) insertMany(ctx context.Context, from, n int) ([]int64, error) {
	us := make([]*bunUser, n)
	for i := range us {
		us[i] = bunUserOf(makeUser(from + i))
	}
	_, err := b.db.NewInsert().Model(&us).Exec(ctx)
	out := make([]int64, n)
	for i, u := range us {
		out[i] = u.ID
	}
	return out, err
}

func (b *bunImpl) insertGraph(ctx context.Context, n, books int) error {
	return b.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		graph := makeGraph(n, books)
		as := make([]*bunAuthor, n)
		for i, a := range graph {
			as[i] = &bunAuthor{Name: a.Name}
		}
		if _, err := tx.NewInsert().Model(&as).Exec(ctx); err != nil {
			return err
		}
		var bs []*bunBook
		for i, a := range graph {
			for _, x := range a.Books {
				bs = append(bs, &bunBook{AuthorID: as[i].ID, Title: x.Title, Pages: x.Pages})
			}
		}
		_, err := tx.NewInsert().Model(&bs).Exec(ctx)
		return err
	})
}

func (b *bunImpl) get(ctx context.Context, id int64) (any, error) {
	u := new(bunUser)
	return u, b.db.NewSelect().Model(u).Where("id = ?", id).Scan(ctx)
}

func (b *bunImpl) wide(ctx context.Context) (any, error) {
	var out []*bunWide
	err := b.db.NewSelect().Model(&out).Order("id").Scan(ctx)
	return out, err
}

func (b *bunImpl) graph(ctx context.Context) (any, error) {
	var out []*bunAuthor
	err := b.db.NewSelect().Model(&out).Relation("Books", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("b.id") }).Order("a.id").Scan(ctx)
	return out, err
}

func (b *bunImpl) query(age int64, model any) *bun.SelectQuery {
	return b.db.NewSelect().Model(model).Where("age >= ?", age).Where("active = ?", true).Where("name LIKE ?", "user %").Order("age", "id").Limit(20)
}

func (b *bunImpl) list(ctx context.Context, age int64) (any, error) {
	var out []*bunUser
	err := b.query(age, &out).Scan(ctx)
	return out, err
}

func (b *bunImpl) load(ctx context.Context) (any, error) {
	var out []*bunUser
	err := b.db.NewSelect().Model(&out).Where("id <= 1000").Order("id").Scan(ctx)
	return out, err
}

func (b *bunImpl) change(ctx context.Context, loaded any, age int64) error {
	us := loaded.([]*bunUser)
	for _, u := range us {
		u.Age = age
	}
	_, err := b.db.NewUpdate().Model(&us).Column("age").Bulk().Exec(ctx)
	return err
}

func (b *bunImpl) remove(ctx context.Context, given any) error {
	keys := given.([]int64)
	return b.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewDelete().Model((*bunBook)(nil)).Where("author_id IN (?)", bun.List(keys)).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewDelete().Model((*bunAuthor)(nil)).Where("id IN (?)", bun.List(keys)).Exec(ctx)
		return err
	})
}

func (b *bunImpl) modify(ctx context.Context, id, age int64) error {
	return b.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		u := new(bunUser)
		if err := tx.NewSelect().Model(u).Where("id = ?", id).Scan(ctx); err != nil {
			return err
		}
		u.Age = age
		_, err := tx.NewUpdate().Model(u).Column("age").WherePK().Exec(ctx)
		return err
	})
}

func (b *bunImpl) text(age int64) (string, int) {
	q, err := b.query(age, (*bunUser)(nil)).AppendQuery(b.db.QueryGen(), nil)
	if err != nil {
		return err.Error(), 0
	}
	return string(q), 3 // Bun writes the arguments into the text
}
