package main

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"
)

// The rows of all workloads, as plain data. Implementations map types of their own with
// fields of the same names.
type (
	user struct {
		ID        int64
		Name      string
		Email     string
		Age       int64
		Active    bool
		CreatedAt time.Time
	}
	wide struct {
		ID      int64
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
	author struct {
		ID    int64
		Name  string
		Books []*book
	}
	book struct {
		ID       int64
		AuthorID int64
		Title    string
		Pages    int64
	}
)

const (
	users    = 2000 // rows that W4, W7, W8 and W10 read
	authors  = 200
	children = 5
)

var epoch = time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)

// made are the users there are: to make their texts is nobody's work that is timed.
var made = sync.OnceValue(func() []user {
	us := make([]user, 4096)
	for i := range us {
		us[i] = newUser(i)
	}
	return us
})

func makeUser(i int) user { return made()[i%4096] }

func newUser(i int) user {
	return user{Name: fmt.Sprintf("user %06d", i), Email: fmt.Sprintf("user%06d@example.org", i),
		Age: int64(i % 90), Active: i%2 == 0, CreatedAt: epoch.Add(time.Duration(i) * time.Second)}
}

func makeWide(i int) wide {
	w := wide{ID: int64(i + 1), A: int64(i) * 7, B: int64(-i), C: float64(i) / 4, D: i%3 == 0,
		E: fmt.Sprintf("first text %d", i), F: fmt.Sprintf("second %d", i), G: "third",
		At: epoch.Add(time.Duration(i) * time.Minute)}
	if i%2 == 0 {
		h, n, u := fmt.Sprintf("maybe %d", i), int64(i), epoch.Add(time.Duration(i)*time.Hour)
		w.H, w.I, w.Until = &h, &n, &u
	}
	return w
}

// An implementation does every workload its own way. Slices that come back hold pointers
// to structs with the fields above.
type implementation interface {
	name() string
	insertOne(ctx context.Context, i int) (id int64, err error)           // W1
	insertMany(ctx context.Context, from, n int) (ids []int64, err error) // W2
	insertGraph(ctx context.Context, authors, books int) (err error)      // W3
	get(ctx context.Context, id int64) (any, error)                       // W4
	wide(ctx context.Context) (any, error)                                // W5
	graph(ctx context.Context) (any, error)                               // W6
	list(ctx context.Context, age int64) (any, error)                     // W7
	load(ctx context.Context) (any, error)                                // W8, untimed: the users that change
	change(ctx context.Context, loaded any, age int64) error              // W8
	loadAuthors(ctx context.Context, ids []int64) (any, error)            // W9, untimed: what goes
	remove(ctx context.Context, given any) error                          // W9
	modify(ctx context.Context, id int64, age int64) error                // W10
	text(age int64) (string, int)                                         // W11: SQL and number of arguments
	close() error
}

// byKey is what deletes by key alone.
type byKey struct{}

func (byKey) loadAuthors(_ context.Context, ids []int64) (any, error) { return ids, nil }

// A workload is one piece of work: what to do before each operation, untimed, and the
// operation.
type workload struct {
	name  string
	title string
	heavy bool // prepared and timed one by one
	// before brings the database to the state that run needs.
	before func(ctx context.Context, s *store, m implementation, i int) (any, error)
	run    func(ctx context.Context, m implementation, i int, given any) (any, error)
	check  func(ctx context.Context, s *store, got any, i int) error
}

var workloads = []workload{
	{name: "W1", title: "insert one and commit",
		run: func(ctx context.Context, m implementation, i int, _ any) (any, error) { return m.insertOne(ctx, i) },
		check: func(ctx context.Context, s *store, got any, i int) error {
			return s.wantUsers(ctx, []int64{got.(int64)}, i)
		}},
	{name: "W2", title: "insert 1,000, keys read back", heavy: true, before: trimUsers,
		run: func(ctx context.Context, m implementation, i int, _ any) (any, error) {
			return m.insertMany(ctx, i*1000, 1000)
		},
		check: func(ctx context.Context, s *store, got any, i int) error {
			return s.wantUsers(ctx, got.([]int64), i*1000)
		}},
	{name: "W3", title: "insert a graph of 200 × 5", heavy: true,
		before: func(ctx context.Context, s *store, _ implementation, _ int) (any, error) {
			return nil, s.emptyGraph(ctx)
		},
		run: func(ctx context.Context, m implementation, i int, _ any) (any, error) {
			return nil, m.insertGraph(ctx, authors, children)
		},
		check: func(ctx context.Context, s *store, _ any, _ int) error { return s.wantGraph(ctx, authors, children) }},
	{name: "W4", title: "get by key",
		run: func(ctx context.Context, m implementation, i int, _ any) (any, error) {
			return m.get(ctx, int64(i%users)+1)
		},
		check: func(_ context.Context, _ *store, got any, i int) error {
			want := makeUser(i % users)
			want.ID = int64(i%users) + 1
			return same(got, want)
		}},
	{name: "W5", title: "read 1,000 wide rows",
		run:   func(ctx context.Context, m implementation, _ int, _ any) (any, error) { return m.wide(ctx) },
		check: checkWide},
	{name: "W6", title: "200 parents with 1,000 children", heavy: true,
		before: func(ctx context.Context, s *store, _ implementation, _ int) (any, error) {
			return nil, s.fillGraph(ctx)
		},
		run: func(ctx context.Context, m implementation, _ int, _ any) (any, error) { return m.graph(ctx) },
		check: func(_ context.Context, _ *store, got any, _ int) error {
			v := reflect.ValueOf(got)
			if v.Len() != authors {
				return fmt.Errorf("%d authors, want %d", v.Len(), authors)
			}
			for i := range v.Len() {
				a := reflect.Indirect(v.Index(i))
				if n := a.FieldByName("Books").Len(); n != children {
					return fmt.Errorf("author %d has %d books, want %d", i, n, children)
				}
				for j := range children {
					b := reflect.Indirect(a.FieldByName("Books").Index(j))
					if b.FieldByName("AuthorID").Int() != a.FieldByName("ID").Int() {
						return fmt.Errorf("book %d of author %d belongs to another", j, i)
					}
				}
			}
			return nil
		}},
	{name: "W7", title: "list by condition",
		run: func(ctx context.Context, m implementation, i int, _ any) (any, error) {
			return m.list(ctx, int64(20+i%50))
		},
		check: func(_ context.Context, _ *store, got any, i int) error {
			v := reflect.ValueOf(got)
			if v.Len() != 20 {
				return fmt.Errorf("%d users, want 20", v.Len())
			}
			for k := range v.Len() {
				u := reflect.Indirect(v.Index(k))
				if u.FieldByName("Age").Int() < int64(20+i%50) || !u.FieldByName("Active").Bool() {
					return fmt.Errorf("user %d does not match the condition", k)
				}
			}
			return nil
		}},
	{name: "W8", title: "change one field of 1,000 loaded objects", heavy: true,
		before: func(ctx context.Context, _ *store, m implementation, _ int) (any, error) { return m.load(ctx) },
		run: func(ctx context.Context, m implementation, i int, given any) (any, error) {
			return nil, m.change(ctx, given, int64(100+i%50))
		},
		check: func(ctx context.Context, s *store, _ any, i int) error {
			return s.wantCount(ctx, 1000, "SELECT count(*) FROM bench_user WHERE id <= 1000 AND age = "+fmt.Sprint(100+i%50))
		}},
	{name: "W9", title: "delete 200 with their children", heavy: true,
		before: func(ctx context.Context, s *store, m implementation, _ int) (any, error) {
			ids, err := s.refillGraph(ctx)
			if err != nil {
				return nil, err
			}
			return m.loadAuthors(ctx, ids)
		},
		run: func(ctx context.Context, m implementation, _ int, given any) (any, error) {
			return nil, m.remove(ctx, given)
		},
		check: func(ctx context.Context, s *store, _ any, _ int) error {
			return s.wantCount(ctx, 0, "SELECT (SELECT count(*) FROM bench_author) + (SELECT count(*) FROM bench_book)")
		}},
	{name: "W10", title: "read, modify, write",
		run: func(ctx context.Context, m implementation, i int, _ any) (any, error) {
			return nil, m.modify(ctx, int64(i%users)+1, int64(200+i%50))
		},
		check: func(ctx context.Context, s *store, _ any, i int) error {
			return s.wantCount(ctx, 1, fmt.Sprintf("SELECT count(*) FROM bench_user WHERE id = %d AND age = %d", i%users+1, 200+i%50))
		}},
	{name: "W11", title: "text of a dynamic query",
		run: func(_ context.Context, m implementation, i int, _ any) (any, error) {
			text, n := m.text(int64(i % 50))
			if n < 3 || n > 4 || len(text) < 40 { // some bind the limit too
				return nil, fmt.Errorf("%d arguments in %q, want 3 or 4", n, text)
			}
			return nil, nil
		}},
}

func trimUsers(ctx context.Context, s *store, _ implementation, _ int) (any, error) {
	return nil, s.exec(ctx, "DELETE FROM bench_user WHERE id > 2000")
}

func checkWide(_ context.Context, s *store, got any, _ int) error {
	v := reflect.ValueOf(got)
	if v.Len() != s.wideRows {
		return fmt.Errorf("%d wide rows, want %d", v.Len(), s.wideRows)
	}
	for i := 0; i < v.Len(); i += 97 {
		if err := same(v.Index(i).Interface(), makeWide(i)); err != nil {
			return err
		}
	}
	return nil
}

// same compares the fields of an implementation's struct with the plain one.
func same(got, want any) error {
	g, w := reflect.Indirect(reflect.ValueOf(got)), reflect.ValueOf(want)
	for i := range w.NumField() {
		name := w.Type().Field(i).Name
		a, b := g.FieldByName(name), w.Field(i)
		if b.Kind() == reflect.Pointer && a.Kind() == reflect.Pointer {
			if a.IsNil() != b.IsNil() {
				return fmt.Errorf("%s: nil is %v, want %v", name, a.IsNil(), b.IsNil())
			}
			if a.IsNil() {
				continue
			}
			a, b = a.Elem(), b.Elem()
		}
		if t, ok := a.Interface().(time.Time); ok {
			if !t.Equal(b.Interface().(time.Time)) {
				return fmt.Errorf("%s is %v, want %v", name, t, b)
			}
			continue
		}
		if fmt.Sprint(a.Interface()) != fmt.Sprint(b.Interface()) {
			return fmt.Errorf("%s is %v, want %v", name, a, b)
		}
	}
	return nil
}
