package main

import (
	"context"
	"database/sql"
	"time"

	"ingot"
	"ingot/dialects/postgres"
	"ingot/dialects/sqlite"
)

type (
	ingotUser struct {
		_         struct{} `ingot:"table:bench_user"`
		ID        int64    `ingot:"pk"`
		Name      string
		Email     string
		Age       int64
		Active    bool
		CreatedAt time.Time
	}
	ingotWide struct {
		_       struct{} `ingot:"table:bench_wide"`
		ID      int64    `ingot:"pk"`
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
	ingotAuthor struct {
		_     struct{} `ingot:"table:bench_author"`
		ID    int64    `ingot:"pk"`
		Name  string
		Books []*ingotBook `ingot:"cascade:all,delete-orphan;order:id"`
	}
	ingotBook struct {
		_        struct{} `ingot:"table:bench_book"`
		ID       int64    `ingot:"pk"`
		AuthorID int64    `ingot:"fk:bench_author.id"`
		Title    string
		Pages    int64
	}
)

var ingotModels = ingot.MustModels(ingotUser{}, ingotWide{}, ingotAuthor{}, ingotBook{})

func openIngot(s *store) (*sql.DB, *ingot.DB, error) {
	sqldb, err := sql.Open(s.driver, s.dsn)
	if err != nil {
		return nil, nil, err
	}
	var d ingot.Dialect = sqlite.Dialect{}
	if s.kind == "pg" {
		d = postgres.Dialect{}
	}
	db, err := ingot.Open(sqldb, d, ingot.Options{Models: ingotModels})
	return sqldb, db, err
}

// ingotDB reads without tracking: *DB as the runner. It writes no objects.
type ingotDB struct {
	byKey
	sqldb *sql.DB
	db    *ingot.DB
}

func newIngotDB(_ context.Context, s *store) (implementation, error) {
	sqldb, db, err := openIngot(s)
	return &ingotDB{sqldb: sqldb, db: db}, err
}

func (m *ingotDB) name() string { return "ingot DB" }

func (m *ingotDB) close() error {
	_ = m.db.Close()
	return m.sqldb.Close()
}

func (m *ingotDB) insertOne(context.Context, int) (int64, error)         { return 0, errMissing }
func (m *ingotDB) insertMany(context.Context, int, int) ([]int64, error) { return nil, errMissing }
func (m *ingotDB) insertGraph(context.Context, int, int) error           { return errMissing }
func (m *ingotDB) change(context.Context, any, int64) error              { return errMissing }
func (m *ingotDB) remove(context.Context, any) error                     { return errMissing }
func (m *ingotDB) modify(context.Context, int64, int64) error            { return errMissing }
func (m *ingotDB) load(context.Context) (any, error)                     { return nil, nil }
func (m *ingotDB) get(ctx context.Context, id int64) (any, error)        { return getUser(ctx, m.db, id) }
func (m *ingotDB) wide(ctx context.Context) (any, error)                 { return allWide(ctx, m.db) }
func (m *ingotDB) graph(ctx context.Context) (any, error)                { return allAuthors(ctx, m.db) }
func (m *ingotDB) list(ctx context.Context, age int64) (any, error)      { return listUsers(ctx, m.db, age) }
func (m *ingotDB) text(age int64) (string, int)                          { return ingotText(m.db, age) }

func getUser(ctx context.Context, r ingot.Runner, id int64) (any, error) {
	return ingot.Get[ingotUser](ctx, r, id)
}

func allWide(ctx context.Context, r ingot.Runner) (any, error) {
	w := new(ingotWide)
	return ingot.Select(w).OrderBy(ingot.C(&w.ID).Asc()).All(ctx, r)
}

func allAuthors(ctx context.Context, r ingot.Runner) (any, error) {
	a := new(ingotAuthor)
	return ingot.Select(a).OrderBy(ingot.C(&a.ID).Asc()).Load(&a.Books).All(ctx, r)
}

func dynamic(age int64) ingot.Query[ingotUser] {
	u := new(ingotUser)
	return ingot.Select(u).
		Where(ingot.C(&u.Age).Ge(age), ingot.C(&u.Active).Eq(true), ingot.Like(ingot.C(&u.Name), "user %")).
		OrderBy(ingot.C(&u.Age).Asc(), ingot.C(&u.ID).Asc()).Limit(20)
}

func listUsers(ctx context.Context, r ingot.Runner, age int64) (any, error) {
	return dynamic(age).All(ctx, r)
}

func ingotText(db *ingot.DB, age int64) (string, int) {
	text, args, err := dynamic(age).SQL(db)
	if err != nil {
		return err.Error(), 0
	}
	return text, len(args)
}

// ingotSession does everything in a session of its own for each operation.
type ingotSession struct {
	sqldb *sql.DB
	db    *ingot.DB
	s     *ingot.Session // between what loads and what writes
}

func newIngotSession(_ context.Context, s *store) (implementation, error) {
	sqldb, db, err := openIngot(s)
	return &ingotSession{sqldb: sqldb, db: db}, err
}

func (m *ingotSession) name() string { return "ingot session" }

func (m *ingotSession) close() error {
	_ = m.db.Close()
	return m.sqldb.Close()
}

// in runs fn in a session and commits it.
func (m *ingotSession) in(ctx context.Context, fn func(s *ingot.Session) error) error {
	s := m.db.Session()
	defer s.Close()
	if err := fn(s); err != nil {
		return err
	}
	return s.Commit(ctx)
}

func newIngotUser(i int) *ingotUser {
	u := makeUser(i)
	return &ingotUser{Name: u.Name, Email: u.Email, Age: u.Age, Active: u.Active, CreatedAt: u.CreatedAt}
}

func (m *ingotSession) insertOne(ctx context.Context, i int) (int64, error) {
	u := newIngotUser(i)
	err := m.in(ctx, func(s *ingot.Session) error { return s.Add(u) })
	return u.ID, err
}

func (m *ingotSession) insertMany(ctx context.Context, from, n int) ([]int64, error) {
	us := make([]*ingotUser, n)
	err := m.in(ctx, func(s *ingot.Session) error {
		for i := range us {
			us[i] = newIngotUser(from + i)
			if err := s.Add(us[i]); err != nil {
				return err
			}
		}
		return nil
	})
	out := make([]int64, n)
	for i, u := range us {
		out[i] = u.ID
	}
	return out, err
}

func (m *ingotSession) insertGraph(ctx context.Context, n, books int) error {
	return m.in(ctx, func(s *ingot.Session) error {
		for _, a := range makeGraph(n, books) {
			x := &ingotAuthor{Name: a.Name}
			for _, b := range a.Books {
				x.Books = append(x.Books, &ingotBook{Title: b.Title, Pages: b.Pages})
			}
			if err := s.Add(x); err != nil {
				return err
			}
		}
		return nil
	})
}

// reading runs fn in a session that ends without a commit.
func (m *ingotSession) reading(fn func(s *ingot.Session) (any, error)) (any, error) {
	s := m.db.Session()
	defer s.Close()
	return fn(s)
}

func (m *ingotSession) get(ctx context.Context, id int64) (any, error) {
	return m.reading(func(s *ingot.Session) (any, error) { return getUser(ctx, s, id) })
}

func (m *ingotSession) wide(ctx context.Context) (any, error) {
	return m.reading(func(s *ingot.Session) (any, error) { return allWide(ctx, s) })
}

func (m *ingotSession) graph(ctx context.Context) (any, error) {
	return m.reading(func(s *ingot.Session) (any, error) { return allAuthors(ctx, s) })
}

func (m *ingotSession) list(ctx context.Context, age int64) (any, error) {
	return m.reading(func(s *ingot.Session) (any, error) { return listUsers(ctx, s, age) })
}

func (m *ingotSession) load(ctx context.Context) (any, error) {
	if m.s != nil {
		m.s.Close()
	}
	m.s = m.db.Session()
	u := new(ingotUser)
	return ingot.Select(u).Where(ingot.C(&u.ID).Le(1000)).OrderBy(ingot.C(&u.ID).Asc()).All(ctx, m.s)
}

func (m *ingotSession) change(ctx context.Context, loaded any, age int64) error {
	for _, u := range loaded.([]*ingotUser) {
		u.Age = age
	}
	return m.s.Commit(ctx)
}

func (m *ingotSession) loadAuthors(ctx context.Context, keys []int64) (any, error) {
	if m.s != nil {
		m.s.Close()
	}
	m.s = m.db.Session()
	a := new(ingotAuthor)
	return ingot.Select(a).Where(ingot.C(&a.ID).In(keys...)).Load(&a.Books).All(ctx, m.s)
}

func (m *ingotSession) remove(ctx context.Context, given any) error {
	for _, a := range given.([]*ingotAuthor) {
		if err := m.s.Delete(a); err != nil {
			return err
		}
	}
	return m.s.Commit(ctx)
}

func (m *ingotSession) modify(ctx context.Context, id, age int64) error {
	return m.db.Transaction(ctx, func(s *ingot.Session) error {
		u, err := ingot.Get[ingotUser](ctx, s, id)
		if err != nil {
			return err
		}
		u.Age = age
		return nil
	})
}

func (m *ingotSession) text(age int64) (string, int) { return ingotText(m.db, age) }
