package main

import (
	"context"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// gormImpl is GORM with what its performance page advises: prepared statements and no
// default transaction, batches for inserts, Preload for children.
type gormImpl struct {
	byKey
	db *gorm.DB
}

type (
	gormUser struct {
		ID        int64 `gorm:"primaryKey"`
		Name      string
		Email     string
		Age       int64
		Active    bool
		CreatedAt time.Time
	}
	gormWide struct {
		ID      int64 `gorm:"primaryKey"`
		A       int64
		B       int64
		C       float64
		D       bool
		E, F, G string
		H       *string
		I       *int64
		At      time.Time
		Until   *time.Time
	}
	gormAuthor struct {
		ID    int64 `gorm:"primaryKey"`
		Name  string
		Books []*gormBook `gorm:"foreignKey:AuthorID"`
	}
	gormBook struct {
		ID       int64 `gorm:"primaryKey"`
		AuthorID int64
		Title    string
		Pages    int64
	}
)

func (gormUser) TableName() string   { return "bench_user" }
func (gormWide) TableName() string   { return "bench_wide" }
func (gormAuthor) TableName() string { return "bench_author" }
func (gormBook) TableName() string   { return "bench_book" }

func newGorm(_ context.Context, s *store) (implementation, error) {
	var d gorm.Dialector
	if s.kind == "pg" {
		d = postgres.New(postgres.Config{DriverName: s.driver, DSN: s.dsn})
	} else {
		d = sqlite.New(sqlite.Config{DriverName: s.driver, DSN: s.dsn})
	}
	db, err := gorm.Open(d, &gorm.Config{PrepareStmt: true, SkipDefaultTransaction: true, Logger: logger.Discard})
	return &gormImpl{db: db}, err
}

func (g *gormImpl) name() string { return "gorm" }

func (g *gormImpl) close() error {
	db, err := g.db.DB()
	if err != nil {
		return err
	}
	return db.Close()
}

func gormUserOf(u user) *gormUser { x := gormUser(u); return &x }

func (g *gormImpl) insertOne(ctx context.Context, i int) (int64, error) {
	u := gormUserOf(makeUser(i))
	err := g.db.WithContext(ctx).Create(u).Error
	return u.ID, err
}

func (g *gormImpl) insertMany(ctx context.Context, from, n int) ([]int64, error) {
	us := make([]*gormUser, n)
	for i := range us {
		us[i] = gormUserOf(makeUser(from + i))
	}
	err := g.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return tx.CreateInBatches(us, 500).Error })
	out := make([]int64, n)
	for i, u := range us {
		out[i] = u.ID
	}
	return out, err
}

func (g *gormImpl) insertGraph(ctx context.Context, n, books int) error {
	as := make([]*gormAuthor, n)
	for i, a := range makeGraph(n, books) {
		as[i] = &gormAuthor{Name: a.Name}
		for _, b := range a.Books {
			as[i].Books = append(as[i].Books, &gormBook{Title: b.Title, Pages: b.Pages})
		}
	}
	return g.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return tx.Create(as).Error })
}

func (g *gormImpl) get(ctx context.Context, id int64) (any, error) {
	u := new(gormUser)
	return u, g.db.WithContext(ctx).Take(u, id).Error
}

func (g *gormImpl) wide(ctx context.Context) (any, error) {
	var out []*gormWide
	err := g.db.WithContext(ctx).Order("id").Find(&out).Error
	return out, err
}

func (g *gormImpl) graph(ctx context.Context) (any, error) {
	var out []*gormAuthor
	err := g.db.WithContext(ctx).Preload("Books", func(db *gorm.DB) *gorm.DB { return db.Order("id") }).Order("id").Find(&out).Error
	return out, err
}

func (g *gormImpl) query(db *gorm.DB, age int64) *gorm.DB {
	return db.Where("age >= ?", age).Where("active = ?", true).Where("name LIKE ?", "user %").Order("age, id").Limit(20)
}

func (g *gormImpl) list(ctx context.Context, age int64) (any, error) {
	var out []*gormUser
	err := g.query(g.db.WithContext(ctx), age).Find(&out).Error
	return out, err
}

func (g *gormImpl) load(ctx context.Context) (any, error) {
	var out []*gormUser
	err := g.db.WithContext(ctx).Where("id <= 1000").Order("id").Find(&out).Error
	return out, err
}

func (g *gormImpl) change(ctx context.Context, loaded any, age int64) error {
	return g.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, u := range loaded.([]*gormUser) {
			if err := tx.Model(u).Update("age", age).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

func (g *gormImpl) remove(ctx context.Context, given any) error {
	keys := given.([]int64)
	return g.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Where("author_id IN ?", keys).Delete(&gormBook{}).Error; err != nil {
			return err
		}
		return tx.Delete(&gormAuthor{}, keys).Error
	})
}

func (g *gormImpl) modify(ctx context.Context, id, age int64) error {
	return g.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		u := new(gormUser)
		if err := tx.Take(u, id).Error; err != nil {
			return err
		}
		return tx.Model(u).Update("age", age).Error
	})
}

func (g *gormImpl) text(age int64) (string, int) {
	var out []*gormUser
	st := g.query(g.db.Session(&gorm.Session{DryRun: true}), age).Find(&out).Statement
	return st.SQL.String(), len(st.Vars)
}
