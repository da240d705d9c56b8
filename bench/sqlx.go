package main

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// sqlxImpl is sqlx as its guide shows it: struct scanning, NamedExec with slices for
// batches, sqlx.In for lists.
type sqlxImpl struct {
	byKey
	s  *store
	db *sqlx.DB
}

type (
	sqlxUser struct {
		ID        int64  `db:"id"`
		Name      string `db:"name"`
		Email     string `db:"email"`
		Age       int64  `db:"age"`
		Active    bool   `db:"active"`
		CreatedAt any    `db:"created_at"`
	}
	sqlxAuthor struct {
		ID    int64       `db:"id"`
		Name  string      `db:"name"`
		Books []*sqlxBook `db:"-"`
	}
	sqlxBook struct {
		ID       int64  `db:"id"`
		AuthorID int64  `db:"author_id"`
		Title    string `db:"title"`
		Pages    int64  `db:"pages"`
	}
)

func newSqlx(ctx context.Context, s *store) (implementation, error) {
	db, err := sqlx.ConnectContext(ctx, s.driver, s.dsn)
	if err != nil {
		return nil, err
	}
	if s.kind == "sqlite" {
		sqlx.BindDriver(s.driver, sqlx.QUESTION)
	}
	db.MapperFunc(snake)
	return &sqlxImpl{s: s, db: db}, nil
}

// snake turns the field names of the plain structs into column names.
func snake(field string) string {
	switch field {
	case "ID":
		return "id"
	case "CreatedAt":
		return "created_at"
	case "AuthorID":
		return "author_id"
	}
	return string(field[0]|0x20) + field[1:]
}

func (x *sqlxImpl) name() string { return "sqlx" }
func (x *sqlxImpl) close() error { return x.db.Close() }

const insertUserReturning = "INSERT INTO bench_user (name, email, age, active, created_at) VALUES (?,?,?,?,?) RETURNING id"

func (x *sqlxImpl) insertOne(ctx context.Context, i int) (id int64, err error) {
	u := makeUser(i)
	err = x.db.GetContext(ctx, &id, x.db.Rebind(insertUserReturning), u.Name, u.Email, u.Age, u.Active, x.s.time(u.CreatedAt))
	return id, err
}

func (x *sqlxImpl) tx(ctx context.Context, fn func(tx *sqlx.Tx) error) error {
	tx, err := x.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

func (x *sqlxImpl) named(ctx context.Context, tx *sqlx.Tx, q string, rows any) (out []int64, err error) {
	q, args, err := sqlx.Named(q, rows)
	if err != nil {
		return nil, err
	}
	return out, tx.SelectContext(ctx, &out, tx.Rebind(q), args...)
}

func (x *sqlxImpl) insertMany(ctx context.Context, from, n int) (out []int64, err error) {
	us := make([]sqlxUser, n)
	for i := range us {
		u := makeUser(from + i)
		us[i] = sqlxUser{0, u.Name, u.Email, u.Age, u.Active, x.s.time(u.CreatedAt)}
	}
	err = x.tx(ctx, func(tx *sqlx.Tx) error {
		for k := 0; k < n; k += 500 {
			got, err := x.named(ctx, tx, "INSERT INTO bench_user (name, email, age, active, created_at) VALUES (:name, :email, :age, :active, :created_at) RETURNING id", us[k:k+500])
			if err != nil {
				return err
			}
			out = append(out, got...)
		}
		return nil
	})
	return out, err
}

func (x *sqlxImpl) insertGraph(ctx context.Context, n, books int) error {
	return x.tx(ctx, func(tx *sqlx.Tx) error {
		var as []sqlxAuthor
		for _, a := range makeGraph(n, books) {
			as = append(as, sqlxAuthor{Name: a.Name})
		}
		got, err := x.named(ctx, tx, "INSERT INTO bench_author (name) VALUES (:name) RETURNING id", as)
		if err != nil {
			return err
		}
		var bs []sqlxBook
		for i, a := range makeGraph(n, books) {
			for _, b := range a.Books {
				bs = append(bs, sqlxBook{AuthorID: got[i], Title: b.Title, Pages: b.Pages})
			}
		}
		for k := 0; k < len(bs); k += 500 {
			if _, err := x.named(ctx, tx, "INSERT INTO bench_book (author_id, title, pages) VALUES (:author_id, :title, :pages) RETURNING id", bs[k:k+500]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *sqlxImpl) get(ctx context.Context, id int64) (any, error) {
	u := new(user)
	return u, x.db.GetContext(ctx, u, x.db.Rebind("SELECT id, name, email, age, active, created_at FROM bench_user WHERE id = ?"), id)
}

func (x *sqlxImpl) wide(ctx context.Context) (any, error) {
	var out []*wide
	return out, x.db.SelectContext(ctx, &out, "SELECT "+wideColumns+" FROM bench_wide ORDER BY id")
}

func (x *sqlxImpl) graph(ctx context.Context) (any, error) {
	var as []*sqlxAuthor
	if err := x.db.SelectContext(ctx, &as, "SELECT id, name FROM bench_author ORDER BY id"); err != nil {
		return nil, err
	}
	keys, byID := make([]int64, len(as)), make(map[int64]*sqlxAuthor, len(as))
	for i, a := range as {
		keys[i], byID[a.ID] = a.ID, a
	}
	q, args, err := sqlx.In("SELECT id, author_id, title, pages FROM bench_book WHERE author_id IN (?) ORDER BY id", keys)
	if err != nil {
		return nil, err
	}
	var bs []*sqlxBook
	if err := x.db.SelectContext(ctx, &bs, x.db.Rebind(q), args...); err != nil {
		return nil, err
	}
	for _, b := range bs {
		a := byID[b.AuthorID]
		a.Books = append(a.Books, b)
	}
	return as, nil
}

func (x *sqlxImpl) list(ctx context.Context, age int64) (any, error) {
	var out []*user
	err := x.db.SelectContext(ctx, &out, x.db.Rebind("SELECT id, name, email, age, active, created_at FROM bench_user WHERE age >= ? AND active = ? AND name LIKE ? ORDER BY age, id LIMIT 20"), age, true, "user %")
	return out, err
}

func (x *sqlxImpl) load(ctx context.Context) (any, error) {
	var out []*user
	err := x.db.SelectContext(ctx, &out, "SELECT id, name, email, age, active, created_at FROM bench_user WHERE id <= 1000 ORDER BY id")
	return out, err
}

func (x *sqlxImpl) change(ctx context.Context, loaded any, age int64) error {
	return x.tx(ctx, func(tx *sqlx.Tx) error {
		st, err := tx.PreparexContext(ctx, tx.Rebind("UPDATE bench_user SET age = ? WHERE id = ?"))
		if err != nil {
			return err
		}
		defer st.Close()
		for _, u := range loaded.([]*user) {
			u.Age = age
			if _, err := st.ExecContext(ctx, u.Age, u.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *sqlxImpl) remove(ctx context.Context, given any) error {
	keys := given.([]int64)
	return x.tx(ctx, func(tx *sqlx.Tx) error {
		for _, q := range []string{"DELETE FROM bench_book WHERE author_id IN (?)", "DELETE FROM bench_author WHERE id IN (?)"} {
			q, args, err := sqlx.In(q, keys)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, tx.Rebind(q), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *sqlxImpl) modify(ctx context.Context, id, age int64) error {
	return x.tx(ctx, func(tx *sqlx.Tx) error {
		u := new(user)
		if err := tx.GetContext(ctx, u, tx.Rebind("SELECT id, name, email, age, active, created_at FROM bench_user WHERE id = ?"), id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, tx.Rebind("UPDATE bench_user SET age = ? WHERE id = ?"), age, u.ID)
		return err
	})
}

func (x *sqlxImpl) text(age int64) (string, int) {
	q, args, err := sqlx.In("SELECT id, name, email, age, active, created_at FROM bench_user WHERE age >= ? AND active = ? AND name LIKE ? ORDER BY age, id LIMIT 20", age, true, "user %")
	if err != nil {
		return fmt.Sprint(err), 0
	}
	return x.db.Rebind(q), len(args)
}
