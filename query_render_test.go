package ingot

import (
	"context"
	"testing"
)

// A textDialect is as little of a dialect as rendering needs.
type textDialect struct{}

func (textDialect) Name() string { return "plain" }
func (textDialect) AppendIdent(b []byte, name string) []byte {
	return append(append(append(b, '"'), name...), '"')
}
func (textDialect) AppendPlaceholder(b []byte, _ int) []byte      { return append(b, '?') }
func (textDialect) AppendLimit(b []byte, limit, _ int) []byte     { return append(b, " LIMIT n"...) }
func (textDialect) BeginSQL(TxOptions, *Server) ([]string, error) { return nil, nil }
func (textDialect) Classify(error, *Server) Refusal               { return Refusal{} }
func (textDialect) Probe(context.Context, Queryer) (Server, error) {
	return Server{}, nil
}
func (textDialect) AppendScanColumn(b []byte, col string, _ ScanKind) []byte {
	return append(b, col...)
}
func (textDialect) AppendLock(b []byte, _ Lock, _ *Server) ([]byte, error) { return b, nil }

type renderedUser struct {
	ID     int64 `ingot:"pk"`
	Name   string
	Email  string
	Age    int
	City   string
	Active bool
}

func renderDB(t testing.TB) *DB {
	t.Helper()
	ms, err := NewModels(renderedUser{})
	if err != nil {
		t.Fatal(err)
	}
	return &DB{dialect: textDialect{}, models: ms}
}

// dynamicQuery is what a handler does with three filters of a request.
func dynamicQuery(db *DB, u *renderedUser, city string, age int) (string, []any, error) {
	q := Select(u).Where(C(&u.City).Eq(city), C(&u.Age).Ge(age), C(&u.Active).Eq(true)).OrderBy(C(&u.Name).Asc()).Limit(20)
	return q.SQL(db)
}

func TestTextOfADynamicQueryTakesFewAllocations(t *testing.T) {
	db, u := renderDB(t), new(renderedUser)
	text, args, err := dynamicQuery(db, u, "Oslo", 1018)
	want := `SELECT t1."id", t1."name", t1."email", t1."age", t1."city", t1."active" FROM "rendered_user" AS t1 WHERE t1."city" = ? AND t1."age" >= ? AND t1."active" = ? ORDER BY t1."name" LIMIT n`
	if err != nil || text != want || len(args) != 3 {
		t.Fatalf("%s, %v, %v; want %s", text, args, err, want)
	}
	n := testing.AllocsPerRun(100, func() { dynamicQuery(db, u, "Oslo", 1018) })
	if n > 10 {
		t.Errorf("%v allocations; want 10 at most", n)
	}
	t.Logf("%v allocations", n)
}

func BenchmarkDynamicQuery(b *testing.B) {
	db, u := renderDB(b), new(renderedUser)
	b.ReportAllocs()
	for b.Loop() {
		dynamicQuery(db, u, "Oslo", 1018)
	}
}
