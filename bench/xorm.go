package main

import (
	"context"
	"time"

	"xorm.io/builder"
	"xorm.io/xorm"
)

// xormImpl is xorm. It reads no keys back from multi-row inserts, so that inserts that need
// keys are loops, and it loads no relations, so that children are a second query by hand.
type xormImpl struct {
	byKey
	s *store
	e *xorm.Engine
}

type (
	xormUser struct {
		ID        int64 `xorm:"pk autoincr 'id'"`
		Name      string
		Email     string
		Age       int64
		Active    bool
		CreatedAt time.Time `xorm:"datetime(6)"`
	}
	xormWide struct {
		ID    int64 `xorm:"pk autoincr 'id'"`
		A     int64
		B     int64
		C     float64
		D     bool
		E     string
		F     string
		G     string
		H     *string
		I     *int64
		At    time.Time  `xorm:"datetime(6)"`
		Until *time.Time `xorm:"datetime(6)"`
	}
	xormAuthor struct {
		ID    int64 `xorm:"pk autoincr 'id'"`
		Name  string
		Books []*xormBook `xorm:"-"`
	}
	xormBook struct {
		ID       int64 `xorm:"pk autoincr 'id'"`
		AuthorID int64 `xorm:"'author_id'"`
		Title    string
		Pages    int64
	}
)

func (xormUser) TableName() string   { return "bench_user" }
func (xormWide) TableName() string   { return "bench_wide" }
func (xormAuthor) TableName() string { return "bench_author" }
func (xormBook) TableName() string   { return "bench_book" }

func newXorm(_ context.Context, s *store) (implementation, error) {
	e, err := xorm.NewEngine(s.driver, s.dsn)
	if err != nil {
		return nil, err
	}
	e.SetTZDatabase(time.UTC)
	e.SetTZLocation(time.UTC)
	return &xormImpl{s: s, e: e}, nil
}

func (x *xormImpl) name() string { return "xorm" }
func (x *xormImpl) close() error { return x.e.Close() }

func (x *xormImpl) tx(ctx context.Context, fn func(s *xorm.Session) error) error {
	s := x.e.NewSession().Context(ctx)
	defer s.Close()
	if err := s.Begin(); err != nil {
		return err
	}
	if err := fn(s); err != nil {
		return err
	}
	return s.Commit()
}

func (x *xormImpl) insertOne(ctx context.Context, i int) (int64, error) {
	u := xormUser(makeUser(i))
	_, err := x.e.Context(ctx).InsertOne(&u)
	return u.ID, err
}

func (x *xormImpl) insertMany(ctx context.Context, from, n int) ([]int64, error) {
	out := make([]int64, n)
	err := x.tx(ctx, func(s *xorm.Session) error {
		for i := range out {
			u := xormUser(makeUser(from + i))
			if _, err := s.InsertOne(&u); err != nil {
				return err
			}
			out[i] = u.ID
		}
		return nil
	})
	return out, err
}

func (x *xormImpl) insertGraph(ctx context.Context, n, books int) error {
	return x.tx(ctx, func(s *xorm.Session) error {
		for _, a := range makeGraph(n, books) {
			row := &xormAuthor{Name: a.Name}
			if _, err := s.InsertOne(row); err != nil {
				return err
			}
			for _, b := range a.Books {
				if _, err := s.InsertOne(&xormBook{AuthorID: row.ID, Title: b.Title, Pages: b.Pages}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (x *xormImpl) get(ctx context.Context, id int64) (any, error) {
	u := new(xormUser)
	_, err := x.e.Context(ctx).ID(id).Get(u)
	return u, err
}

func (x *xormImpl) wide(ctx context.Context) (any, error) {
	var out []*xormWide
	err := x.e.Context(ctx).Asc("id").Find(&out)
	return out, err
}

func (x *xormImpl) graph(ctx context.Context) (any, error) {
	var as []*xormAuthor
	if err := x.e.Context(ctx).Asc("id").Find(&as); err != nil {
		return nil, err
	}
	keys, byID := make([]int64, len(as)), make(map[int64]*xormAuthor, len(as))
	for i, a := range as {
		keys[i], byID[a.ID] = a.ID, a
	}
	var bs []*xormBook
	if err := x.e.Context(ctx).In("author_id", keys).Asc("id").Find(&bs); err != nil {
		return nil, err
	}
	for _, b := range bs {
		a := byID[b.AuthorID]
		a.Books = append(a.Books, b)
	}
	return as, nil
}

func (x *xormImpl) list(ctx context.Context, age int64) (any, error) {
	var out []*xormUser
	err := x.e.Context(ctx).Where("age >= ?", age).And("active = ?", true).And("name LIKE ?", "user %").Asc("age", "id").Limit(20).Find(&out)
	return out, err
}

func (x *xormImpl) load(ctx context.Context) (any, error) {
	var out []*xormUser
	err := x.e.Context(ctx).Where("id <= 1000").Asc("id").Find(&out)
	return out, err
}

func (x *xormImpl) change(ctx context.Context, loaded any, age int64) error {
	return x.tx(ctx, func(s *xorm.Session) error {
		for _, u := range loaded.([]*xormUser) {
			u.Age = age
			if _, err := s.ID(u.ID).Cols("age").Update(u); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *xormImpl) remove(ctx context.Context, given any) error {
	keys := given.([]int64)
	return x.tx(ctx, func(s *xorm.Session) error {
		if _, err := s.In("author_id", keys).Delete(&xormBook{}); err != nil {
			return err
		}
		_, err := s.In("id", keys).Delete(&xormAuthor{})
		return err
	})
}

func (x *xormImpl) modify(ctx context.Context, id, age int64) error {
	return x.tx(ctx, func(s *xorm.Session) error {
		u := new(xormUser)
		if _, err := s.ID(id).Get(u); err != nil {
			return err
		}
		u.Age = age
		_, err := s.ID(id).Cols("age").Update(u)
		return err
	})
}

func (x *xormImpl) text(age int64) (string, int) {
	b := builder.Dialect(map[string]string{"pg": builder.POSTGRES, "sqlite": builder.SQLITE}[x.s.kind])
	q, args, err := b.Select("id", "name", "email", "age", "active", "created_at").From("bench_user").
		Where(builder.Gte{"age": age}.And(builder.Eq{"active": true}).And(builder.Expr("name LIKE ?", "user %"))).
		OrderBy("age, id").Limit(20).ToSQL()
	if err != nil {
		return err.Error(), 0
	}
	return q, len(args)
}
