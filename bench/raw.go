package main

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// raw is what a patient expert writes by hand on database/sql: everything prepared once,
// multi-row VALUES on SQLite, arrays with unnest on PostgreSQL, typed Scan.
type raw struct {
	byKey
	s  *store
	db *sql.DB

	insertUser, insertUsers, getUser, allWide, allAuthors, booksOf, listUsers, firstUsers, setAge, setAges *sql.Stmt
	insertAuthors, insertBooks, deleteBooks, deleteAuthors                                                 *sql.Stmt
}

func newRaw(ctx context.Context, s *store) (implementation, error) {
	db, err := sql.Open(s.driver, s.dsn)
	if err != nil {
		return nil, err
	}
	r := &raw{s: s, db: db}
	ph := func(n int) string {
		if s.kind == "pg" {
			return "$" + strconv.Itoa(n)
		}
		return "?"
	}
	prep := func(q string) *sql.Stmt {
		if err != nil {
			return nil
		}
		var st *sql.Stmt
		if st, err = db.PrepareContext(ctx, q); err != nil {
			err = fmt.Errorf("%s: %w", q, err)
		}
		return st
	}
	const userColumns = "id, name, email, age, active, created_at"
	if s.kind == "pg" {
		r.insertUser = prep("INSERT INTO bench_user (name, email, age, active, created_at) VALUES ($1,$2,$3,$4,$5) RETURNING id")
		r.insertUsers = prep("INSERT INTO bench_user (name, email, age, active, created_at) SELECT a,b,c,d,e FROM unnest($1::text[],$2::text[],$3::bigint[],$4::boolean[],$5::timestamptz[]) WITH ORDINALITY AS t(a,b,c,d,e,n) ORDER BY n RETURNING id")
		r.insertAuthors = prep("INSERT INTO bench_author (name) SELECT a FROM unnest($1::text[]) WITH ORDINALITY AS t(a,n) ORDER BY n RETURNING id")
		r.insertBooks = prep("INSERT INTO bench_book (author_id, title, pages) SELECT a,b,c FROM unnest($1::bigint[],$2::text[],$3::bigint[]) WITH ORDINALITY AS t(a,b,c,n) ORDER BY n RETURNING id")
		r.booksOf = prep("SELECT id, author_id, title, pages FROM bench_book WHERE author_id = ANY($1) ORDER BY id")
		r.setAges = prep("UPDATE bench_user SET age = v.age FROM unnest($1::bigint[],$2::bigint[]) AS v(id, age) WHERE bench_user.id = v.id")
		r.deleteBooks = prep("DELETE FROM bench_book WHERE author_id = ANY($1)")
		r.deleteAuthors = prep("DELETE FROM bench_author WHERE id = ANY($1)")
	} else {
		r.insertUser = prep("INSERT INTO bench_user (name, email, age, active, created_at) VALUES (?,?,?,?,?)")
		r.insertUsers = prep("INSERT INTO bench_user (name, email, age, active, created_at) VALUES " + s.values(batch(s), 5) + " RETURNING id")
		r.insertAuthors = prep("INSERT INTO bench_author (name) VALUES " + s.values(authors, 1) + " RETURNING id")
		r.insertBooks = prep("INSERT INTO bench_book (author_id, title, pages) VALUES " + s.values(batch(s), 3) + " RETURNING id")
		in := "(" + strings.TrimSuffix(strings.Repeat("?,", authors), ",") + ")"
		r.booksOf = prep("SELECT id, author_id, title, pages FROM bench_book WHERE author_id IN " + in + " ORDER BY id")
		r.setAges = prep("UPDATE bench_user SET age = v.column2 FROM (VALUES " + s.values(100, 2) + ") AS v WHERE bench_user.id = v.column1")
		r.deleteBooks = prep("DELETE FROM bench_book WHERE author_id IN " + in)
		r.deleteAuthors = prep("DELETE FROM bench_author WHERE id IN " + in)
	}
	r.getUser = prep("SELECT " + userColumns + " FROM bench_user WHERE id = " + ph(1))
	r.allWide = prep("SELECT " + wideColumns + " FROM bench_wide ORDER BY id")
	r.allAuthors = prep("SELECT id, name FROM bench_author ORDER BY id")
	r.listUsers = prep("SELECT " + userColumns + " FROM bench_user WHERE age >= " + ph(1) + " AND active = " + ph(2) + " AND name LIKE " + ph(3) + " ORDER BY age, id LIMIT 20")
	r.firstUsers = prep("SELECT " + userColumns + " FROM bench_user WHERE id <= 1000 ORDER BY id")
	r.setAge = prep("UPDATE bench_user SET age = " + ph(1) + " WHERE id = " + ph(2))
	return r, err
}

func (r *raw) name() string { return "raw" }
func (r *raw) close() error { return r.db.Close() }

func (r *raw) insertOne(ctx context.Context, i int) (id int64, err error) {
	u := makeUser(i)
	if r.s.kind == "pg" {
		err = r.insertUser.QueryRowContext(ctx, u.Name, u.Email, u.Age, u.Active, u.CreatedAt).Scan(&id)
		return id, err
	}
	res, err := r.insertUser.ExecContext(ctx, u.Name, u.Email, u.Age, u.Active, r.s.time(u.CreatedAt))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// batch is how many rows go into one INSERT. The SQLite driver's time to bind grows with
// the square of the number of parameters.
func batch(s *store) int {
	if s.kind == "pg" {
		return 1000
	}
	return 100
}

// inTx runs fn in a transaction.
func (r *raw) inTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

func ids(rows *sql.Rows, err error) ([]int64, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

func (r *raw) insertMany(ctx context.Context, from, n int) (out []int64, err error) {
	us := make([]user, n)
	for i := range us {
		us[i] = makeUser(from + i)
	}
	err = r.inTx(ctx, func(tx *sql.Tx) error {
		st := tx.StmtContext(ctx, r.insertUsers)
		for k := 0; k < n; k += batch(r.s) {
			got, err := ids(st.QueryContext(ctx, r.userArgs(us[k:k+batch(r.s)])...))
			if err != nil {
				return err
			}
			for i, id := range got {
				us[k+i].ID = id
			}
			out = append(out, got...)
		}
		return nil
	})
	return out, err
}

func (r *raw) userArgs(us []user) []any {
	if r.s.kind == "pg" {
		n := len(us)
		a, b, c, d, e := make([]string, n), make([]string, n), make([]int64, n), make([]bool, n), make([]any, n)
		for i, u := range us {
			a[i], b[i], c[i], d[i], e[i] = u.Name, u.Email, u.Age, u.Active, u.CreatedAt
		}
		return []any{a, b, c, d, e}
	}
	args := make([]any, 0, 5*len(us))
	for i := range us {
		u := &us[i]
		args = append(args, u.Name, u.Email, u.Age, u.Active, r.s.time(u.CreatedAt))
	}
	return args
}

type names struct {
	authors [authors]string
	books   [authors][children]string
}

// titles are the texts of the graph, made once.
var titles = sync.OnceValue(func() *names {
	n := new(names)
	for i := range n.authors {
		n.authors[i] = fmt.Sprintf("author %d", i)
		for j := range n.books[i] {
			n.books[i][j] = fmt.Sprintf("book %d of %d", j, i)
		}
	}
	return n
})

func makeGraph(authors, books int) []*author {
	out := make([]*author, authors)
	for i := range out {
		out[i] = &author{Name: titles().authors[i]}
		for j := range books {
			out[i].Books = append(out[i].Books, &book{Title: titles().books[i][j], Pages: int64(100 + j)})
		}
	}
	return out
}

func (r *raw) insertGraph(ctx context.Context, n, books int) error {
	as := makeGraph(n, books)
	var bs []*book
	return r.inTx(ctx, func(tx *sql.Tx) error {
		var args []any
		if r.s.kind == "pg" {
			names := make([]string, n)
			for i, a := range as {
				names[i] = a.Name
			}
			args = []any{names}
		} else {
			for _, a := range as {
				args = append(args, a.Name)
			}
		}
		got, err := ids(tx.StmtContext(ctx, r.insertAuthors).QueryContext(ctx, args...))
		if err != nil {
			return err
		}
		for i, a := range as {
			a.ID = got[i]
			for _, b := range a.Books {
				b.AuthorID = a.ID
				bs = append(bs, b)
			}
		}
		st := tx.StmtContext(ctx, r.insertBooks)
		for k := 0; k < len(bs); k += batch(r.s) {
			part := bs[k : k+batch(r.s)]
			args = args[:0]
			if r.s.kind == "pg" {
				a, t, p := make([]int64, len(part)), make([]string, len(part)), make([]int64, len(part))
				for i, b := range part {
					a[i], t[i], p[i] = b.AuthorID, b.Title, b.Pages
				}
				args = append(args, a, t, p)
			} else {
				for _, b := range part {
					args = append(args, b.AuthorID, b.Title, b.Pages)
				}
			}
			got, err := ids(st.QueryContext(ctx, args...))
			if err != nil {
				return err
			}
			for i, b := range part {
				b.ID = got[i]
			}
		}
		return nil
	})
}

func (r *raw) get(ctx context.Context, id int64) (any, error) {
	u := new(user)
	return u, r.getUser.QueryRowContext(ctx, id).Scan(&u.ID, &u.Name, &u.Email, &u.Age, &u.Active, &u.CreatedAt)
}

func (r *raw) wide(ctx context.Context) (any, error) {
	rows, err := r.allWide.QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*wide
	for rows.Next() {
		w := new(wide)
		if err := rows.Scan(&w.ID, &w.A, &w.B, &w.C, &w.D, &w.E, &w.F, &w.G, &w.H, &w.I, &w.At, &w.Until); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

func (r *raw) graph(ctx context.Context) (any, error) {
	rows, err := r.allAuthors.QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*author
	byID := make(map[int64]*author, authors)
	for rows.Next() {
		a := new(author)
		if err := rows.Scan(&a.ID, &a.Name); err != nil {
			return nil, err
		}
		out, byID[a.ID] = append(out, a), a
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var args []any
	if r.s.kind == "pg" {
		keys := make([]int64, len(out))
		for i, a := range out {
			keys[i] = a.ID
		}
		args = []any{keys}
	} else {
		for _, a := range out {
			args = append(args, a.ID)
		}
	}
	if rows, err = r.booksOf.QueryContext(ctx, args...); err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		b := new(book)
		if err := rows.Scan(&b.ID, &b.AuthorID, &b.Title, &b.Pages); err != nil {
			return nil, err
		}
		a := byID[b.AuthorID]
		a.Books = append(a.Books, b)
	}
	return out, rows.Err()
}

func scanUsers(rows *sql.Rows, err error) ([]*user, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*user
	for rows.Next() {
		u := new(user)
		if err := rows.Scan(&u.ID, &u.Name, &u.Email, &u.Age, &u.Active, &u.CreatedAt); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

func (r *raw) list(ctx context.Context, age int64) (any, error) {
	return scanUsers(r.listUsers.QueryContext(ctx, age, true, "user %"))
}

func (r *raw) load(ctx context.Context) (any, error) {
	return scanUsers(r.firstUsers.QueryContext(ctx))
}

func (r *raw) change(ctx context.Context, loaded any, age int64) error {
	us := loaded.([]*user)
	return r.inTx(ctx, func(tx *sql.Tx) error {
		st := tx.StmtContext(ctx, r.setAges)
		if r.s.kind == "pg" {
			keys, ages := make([]int64, len(us)), make([]int64, len(us))
			for i, u := range us {
				u.Age = age
				keys[i], ages[i] = u.ID, u.Age
			}
			_, err := st.ExecContext(ctx, keys, ages)
			return err
		}
		for k := 0; k < len(us); k += 100 {
			args := make([]any, 0, 200)
			for _, u := range us[k : k+100] {
				u.Age = age
				args = append(args, u.ID, u.Age)
			}
			if _, err := st.ExecContext(ctx, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *raw) remove(ctx context.Context, given any) error {
	keys := given.([]int64)
	var args []any
	if r.s.kind == "pg" {
		args = []any{keys}
	} else {
		for _, id := range keys {
			args = append(args, id)
		}
	}
	return r.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.StmtContext(ctx, r.deleteBooks).ExecContext(ctx, args...); err != nil {
			return err
		}
		_, err := tx.StmtContext(ctx, r.deleteAuthors).ExecContext(ctx, args...)
		return err
	})
}

func (r *raw) modify(ctx context.Context, id, age int64) error {
	return r.inTx(ctx, func(tx *sql.Tx) error {
		u := new(user)
		if err := tx.StmtContext(ctx, r.getUser).QueryRowContext(ctx, id).Scan(&u.ID, &u.Name, &u.Email, &u.Age, &u.Active, &u.CreatedAt); err != nil {
			return err
		}
		u.Age = age
		_, err := tx.StmtContext(ctx, r.setAge).ExecContext(ctx, u.Age, u.ID)
		return err
	})
}

func (r *raw) text(age int64) (string, int) {
	b := make([]byte, 0, 256)
	args := make([]any, 0, 4)
	b = append(b, "SELECT id, name, email, age, active, created_at FROM bench_user WHERE "...)
	cond := func(sep, text string, v any) {
		b = append(b, sep...)
		b = append(b, text...)
		args = append(args, v)
		if r.s.kind == "pg" {
			b = append(b, '$')
			b = strconv.AppendInt(b, int64(len(args)), 10)
		} else {
			b = append(b, '?')
		}
	}
	cond("", "age >= ", age)
	cond(" AND ", "active = ", true)
	cond(" AND ", "name LIKE ", "user %")
	b = append(b, " ORDER BY age, id LIMIT 20"...)
	return string(b), len(args)
}
