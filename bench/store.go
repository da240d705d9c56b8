package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// A store is a database with the tables and rows of the workloads.
type store struct {
	kind     string // "sqlite" or "pg"
	driver   string
	dsn      string
	db       *sql.DB
	wideRows int
	backends []string // process ids of the server, of all that use the store
	drop     func() error
}

const wideColumns = "id, a, b, c, d, e, f, g, h, i, at, until"

// openStore makes a fresh database: a file with WAL, or a schema of its own on the server
// that INGOT_POSTGRES names (default: 127.0.0.1).
func openStore(ctx context.Context, kind string) (*store, error) {
	s := &store{kind: kind, wideRows: 1000}
	var ddl string
	switch kind {
	case "sqlite":
		dir, err := os.MkdirTemp("", "ingot-bench")
		if err != nil {
			return nil, err
		}
		s.driver = "sqlite"
		s.dsn = "file:" + filepath.Join(dir, "bench.db") +
			"?_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_txlock=immediate"
		s.drop = func() error { return os.RemoveAll(dir) }
		ddl = sqliteTables
	case "pg":
		s.driver = "pgx"
		base := os.Getenv("INGOT_POSTGRES")
		if base == "" {
			base = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
		}
		admin, err := sql.Open("pgx", base)
		if err != nil {
			return nil, err
		}
		schema := fmt.Sprintf("ingot_bench_%d", os.Getpid())
		if _, err := admin.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
			return nil, err
		}
		s.drop = func() error {
			_, err := admin.Exec("DROP SCHEMA " + schema + " CASCADE")
			admin.Close()
			return err
		}
		sep := "?"
		if strings.Contains(base, "?") {
			sep = "&"
		}
		s.dsn = base + sep + "search_path=" + schema + "&application_name=" + schema
		ddl = pgTables
	default:
		return nil, fmt.Errorf("unknown database %q: sqlite or pg", kind)
	}
	db, err := sql.Open(s.driver, s.dsn)
	if err != nil {
		return nil, err
	}
	s.db = db
	for _, q := range strings.Split(ddl, ";") {
		if strings.TrimSpace(q) == "" {
			continue
		}
		if err := s.exec(ctx, q); err != nil {
			return nil, err
		}
	}
	return s, s.fill(ctx)
}

const sqliteTables = `
CREATE TABLE bench_user (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, age BIGINT NOT NULL, active BOOLEAN NOT NULL, created_at DATETIME NOT NULL);
CREATE TABLE bench_wide (id INTEGER PRIMARY KEY, a BIGINT NOT NULL, b BIGINT NOT NULL, c DOUBLE NOT NULL, d BOOLEAN NOT NULL, e TEXT NOT NULL, f TEXT NOT NULL, g TEXT NOT NULL, h TEXT, i BIGINT, at DATETIME NOT NULL, until DATETIME);
CREATE TABLE bench_author (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE bench_book (id INTEGER PRIMARY KEY, author_id BIGINT NOT NULL REFERENCES bench_author (id), title TEXT NOT NULL, pages BIGINT NOT NULL);
CREATE INDEX bench_user_age ON bench_user (age);
CREATE INDEX bench_book_author ON bench_book (author_id)`

const pgTables = `
CREATE TABLE bench_user (id BIGSERIAL PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, age BIGINT NOT NULL, active BOOLEAN NOT NULL, created_at TIMESTAMPTZ NOT NULL);
CREATE TABLE bench_wide (id BIGSERIAL PRIMARY KEY, a BIGINT NOT NULL, b BIGINT NOT NULL, c DOUBLE PRECISION NOT NULL, d BOOLEAN NOT NULL, e TEXT NOT NULL, f TEXT NOT NULL, g TEXT NOT NULL, h TEXT, i BIGINT, at TIMESTAMPTZ NOT NULL, until TIMESTAMPTZ);
CREATE TABLE bench_author (id BIGSERIAL PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE bench_book (id BIGSERIAL PRIMARY KEY, author_id BIGINT NOT NULL REFERENCES bench_author (id), title TEXT NOT NULL, pages BIGINT NOT NULL);
CREATE INDEX bench_user_age ON bench_user (age);
CREATE INDEX bench_book_author ON bench_book (author_id)`

func (s *store) exec(ctx context.Context, q string, args ...any) error {
	if _, err := s.db.ExecContext(ctx, q, args...); err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return nil
}

// values is the list of placeholders for rows of n columns.
func (s *store) values(rows, n int) string {
	var b strings.Builder
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for c := range n {
			if c > 0 {
				b.WriteByte(',')
			}
			if s.kind == "pg" {
				fmt.Fprintf(&b, "$%d", r*n+c+1)
			} else {
				b.WriteByte('?')
			}
		}
		b.WriteByte(')')
	}
	return b.String()
}

// time is how the rows that everybody reads keep a time in SQLite: as UTC text.
func (s *store) time(t time.Time) any {
	if s.kind == "sqlite" {
		return t.Format("2006-01-02 15:04:05.999999")
	}
	return t
}

func (s *store) timeOrNull(t *time.Time) any {
	if t == nil {
		return nil
	}
	return s.time(*t)
}

func (s *store) fill(ctx context.Context) error {
	var args []any
	for i := range users {
		u := makeUser(i)
		args = append(args, u.Name, u.Email, u.Age, u.Active, s.time(u.CreatedAt))
		if len(args) == 2500 {
			if err := s.exec(ctx, "INSERT INTO bench_user (name, email, age, active, created_at) VALUES "+s.values(500, 5), args...); err != nil {
				return err
			}
			args = args[:0]
		}
	}
	return s.fillWide(ctx, s.wideRows)
}

// fillWide makes bench_wide hold n rows.
func (s *store) fillWide(ctx context.Context, n int) error {
	if err := s.exec(ctx, "DELETE FROM bench_wide"); err != nil {
		return err
	}
	s.wideRows = n
	var args []any
	rows := 0
	for i := range n {
		w := makeWide(i)
		args = append(args, w.ID, w.A, w.B, w.C, w.D, w.E, w.F, w.G, w.H, w.I, s.time(w.At), s.timeOrNull(w.Until))
		if rows++; rows == 100 || i == n-1 {
			if err := s.exec(ctx, "INSERT INTO bench_wide ("+wideColumns+") VALUES "+s.values(rows, 12), args...); err != nil {
				return err
			}
			args, rows = args[:0], 0
		}
	}
	return nil
}

func (s *store) emptyGraph(ctx context.Context) error {
	if err := s.exec(ctx, "DELETE FROM bench_book"); err != nil {
		return err
	}
	return s.exec(ctx, "DELETE FROM bench_author")
}

func (s *store) fillGraph(ctx context.Context) error {
	var n int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM bench_book").Scan(&n); err != nil || n == authors*children {
		return err
	}
	_, err := s.refillGraph(ctx)
	return err
}

// refillGraph makes the authors and books anew and returns the authors' keys.
func (s *store) refillGraph(ctx context.Context) ([]int64, error) {
	if err := s.emptyGraph(ctx); err != nil {
		return nil, err
	}
	var ids []int64
	var as, bs []any
	for i := range authors {
		ids = append(ids, int64(i+1))
		as = append(as, int64(i+1), fmt.Sprintf("author %d", i))
		for j := range children {
			bs = append(bs, int64(i+1), fmt.Sprintf("book %d of %d", j, i), int64(100+j))
		}
	}
	if err := s.exec(ctx, "INSERT INTO bench_author (id, name) VALUES "+s.values(authors, 2), as...); err != nil {
		return nil, err
	}
	if s.kind == "pg" {
		if err := s.exec(ctx, "SELECT setval('bench_author_id_seq', $1)", authors); err != nil {
			return nil, err
		}
	}
	return ids, s.exec(ctx, "INSERT INTO bench_book (author_id, title, pages) VALUES "+s.values(authors*children, 3), bs...)
}

// findBackends looks for the processes of a PostgreSQL server that serve the store.
func (s *store) findBackends(ctx context.Context) error {
	if s.kind != "pg" {
		return nil
	}
	rows, err := s.db.QueryContext(ctx, "SELECT pid::text FROM pg_stat_activity WHERE application_name = current_setting('application_name')")
	if err != nil {
		return err
	}
	defer rows.Close()
	s.backends = nil
	for rows.Next() {
		var pid string
		if err := rows.Scan(&pid); err != nil {
			return err
		}
		s.backends = append(s.backends, pid)
	}
	return rows.Err()
}

func (s *store) wantCount(ctx context.Context, want int, q string) error {
	var n int
	if err := s.db.QueryRowContext(ctx, q).Scan(&n); err != nil {
		return err
	}
	if n != want {
		return fmt.Errorf("%s: %d, want %d", q, n, want)
	}
	return nil
}

// wantUsers checks that the k-th key belongs to user from+k.
func (s *store) wantUsers(ctx context.Context, ids []int64, from int) error {
	for k, id := range ids {
		var got user
		if err := s.db.QueryRowContext(ctx, fmt.Sprintf("SELECT name, email, age, active, created_at FROM bench_user WHERE id = %d", id)).
			Scan(&got.Name, &got.Email, &got.Age, &got.Active, &got.CreatedAt); err != nil {
			return err
		}
		if err := same(got, withID(makeUser(from+k), 0)); err != nil {
			return fmt.Errorf("user %d (key %d): %w", from+k, id, err)
		}
	}
	return nil
}

func withID(u user, id int64) user { u.ID = id; return u }

func (s *store) wantGraph(ctx context.Context, authors, books int) error {
	if err := s.wantCount(ctx, authors, "SELECT count(*) FROM bench_author"); err != nil {
		return err
	}
	return s.wantCount(ctx, authors, fmt.Sprintf(
		"SELECT count(*) FROM (SELECT a.id FROM bench_author a JOIN bench_book b ON b.author_id = a.id GROUP BY a.id HAVING count(*) = %d) x", books))
}
