package suite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"ingot"
	"ingot/dialects/mysql"
	"ingot/dialects/postgres"
	"ingot/dialects/sqlite"

	_ "modernc.org/sqlite"
)

var updateGolden = flag.Bool("update", false, "rewrite testdata/*.golden")

// A stubServer is a driver that knows nothing but its version.
type stubServer string

func (s stubServer) Connect(context.Context) (driver.Conn, error) { return stubConn{s}, nil }
func (s stubServer) Driver() driver.Driver                        { return nil }

type stubConn struct{ version stubServer }

func (stubConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("stub") }
func (stubConn) Begin() (driver.Tx, error)           { return nil, errors.New("stub") }
func (stubConn) Close() error                        { return nil }

func (c stubConn) QueryContext(_ context.Context, text string, _ []driver.NamedValue) (driver.Rows, error) {
	if strings.Contains(strings.ToLower(text), "version()") {
		return &stubRows{[]driver.Value{string(c.version)}}, nil
	}
	return &stubRows{}, nil
}

// stubRows is at most one row of one column.
type stubRows struct{ row []driver.Value }

func (r *stubRows) Columns() []string { return []string{"x"} }
func (r *stubRows) Close() error      { return nil }
func (r *stubRows) Next(dest []driver.Value) error {
	if r.row == nil {
		return io.EOF
	}
	copy(dest, r.row)
	r.row = nil
	return nil
}

// texts are the queries of the golden files.
func queryTexts(t *testing.T, db *ingot.DB) []struct {
	name string
	q    interface {
		SQL(*ingot.DB) (string, []any, error)
	}
} {
	sum := new(struct{ UserID, Sum int64 })
	tree := new(struct{ ID, Depth int64 })
	n, child := new(qnode), new(qnode)
	u, a, m, o, i := new(quser), new(qaddress), new(quser), new(qorder), new(qitem)
	q := ingot.Select(u)
	r := new(struct {
		Name string
		N    int64
	})
	type entry = struct {
		name string
		q    interface {
			SQL(*ingot.DB) (string, []any, error)
		}
	}
	named := q.OrderBy(ingot.C(&u.Name).Desc())
	behind, err := named.Cursor(db, &quser{ID: 7, Name: "ed"})
	must(t, err)
	return []entry{
		{"all", q},
		{"conditions", q.Where(ingot.C(&u.Name).Eq("ed"), ingot.Or(ingot.C(&u.Age).Gt(30), ingot.C(&u.Fullname).Eq(nil)), ingot.Not(ingot.C(&u.ID).In(1, 2)))},
		{"empty lists", q.Where(ingot.C(&u.ID).In(), ingot.C(&u.ID).NotIn())},
		{"text", q.Where(ingot.Like(ingot.C(&u.Name), "%e%"), ingot.ILike(ingot.C(&u.Name), "e%"), ingot.ContainsText(ingot.C(&u.Name), "100%"))},
		{"functions", q.Where(ingot.Length(ingot.Concat(ingot.Lower(ingot.C(&u.Name)), ingot.Value("!"))).Gt(3), ingot.Coalesce(ingot.N(&u.Fullname), ingot.C(&u.Name)).Ne("x"))},
		{"arithmetic and case", q.Where(ingot.Case(ingot.When(ingot.C(&u.Age).Lt(18), ingot.Value("minor"))).Else(ingot.Value("adult")).Eq("minor"), ingot.Mul(ingot.C(&u.Age), ingot.Value(2)).Between(10, 20))},
		{"text of one's own", q.Where(ingot.Cond("? IS NOT DISTINCT FROM ?", ingot.C(&u.Age), 5))},
		{"order", q.OrderBy(ingot.C(&u.Fullname).Desc().NullsLast(), ingot.C(&u.ID).Asc())},
		{"limit", q.Limit(10).Offset(20)},
		{"offset", q.Offset(20)},
		{"join to one", q.Join(&u.Manager, m).Where(ingot.C(&m.Name).Eq("jack"))},
		{"left join to one", q.LeftJoin(&u.Manager, m, ingot.C(&m.Age).Gt(40)).OrderBy(ingot.C(&m.Name).Asc())},
		{"join to many", q.Join(&u.Addresses, a).Where(ingot.Like(ingot.C(&a.Email), "%ed%"), ingot.C(&u.Age).Gt(1))},
		{"join to many, ordered by it", q.Join(&u.Addresses, a).OrderBy(ingot.C(&a.Email).Desc())},
		{"left join to many", q.LeftJoin(&u.Addresses, a).Where(ingot.C(&a.ID).IsNull())},
		{"many to many", q.Join(&u.Orders, o).Join(&o.Items, i).Where(ingot.C(&i.Name).Eq("x"))},
		{"many to many, as it is", q.LeftJoin(&u.Orders, o).LeftJoin(&o.Items, i).Duplicates()},
		{"join on", q.JoinOn(m, ingot.C(&m.Age).GtX(ingot.C(&u.Age)))},
		{"subqueries", q.Where(ingot.C(&u.ID).InX(ingot.Scalars(ingot.Select(a), ingot.C(&a.UserID))), ingot.NotExists(ingot.Select(o).Where(ingot.C(&o.UserID).EqX(ingot.C(&u.ID)))))},
		{"distinct", q.Distinct().Only(&u.Name)},
		{"union", q.Where(ingot.C(&u.Age).Lt(5)).Union(q.OrderBy(ingot.C(&u.Age).Desc()).Limit(1)).OrderBy(ingot.C(&u.ID).Asc())},
		{"union all, intersect, except", q.UnionAll(q.Where(ingot.C(&u.Age).Lt(5))).Intersect(q).Except(q.Where(ingot.C(&u.ID).Eq(1)))},
		{"common table expression", ingot.Select(u).With(ingot.CTE(sum, ingot.Project(ingot.Select(o).GroupBy(ingot.C(&o.UserID)), sum,
			ingot.Into(&sum.UserID, ingot.C(&o.UserID)), ingot.Into(&sum.Sum, ingot.Count(ingot.C(&o.ID)))))).JoinOn(sum, ingot.C(&sum.UserID).EqX(ingot.C(&u.ID)))},
		{"recursive common table expression", ingot.Select(tree).With(ingot.Recursive(tree,
			ingot.Project(ingot.Select(n).Where(ingot.C(&n.ID).Eq(1)), tree, ingot.Into(&tree.ID, ingot.C(&n.ID)), ingot.Into(&tree.Depth, ingot.Value(int64(0)))),
			ingot.Project(ingot.Select(child).JoinOn(tree, ingot.N(&child.ParentID).EqX(ingot.C(&tree.ID))), tree,
				ingot.Into(&tree.ID, ingot.C(&child.ID)), ingot.Into(&tree.Depth, ingot.Add(ingot.C(&tree.Depth), ingot.Value(int64(1)))))))},
		{"window with a frame", ingot.Scalars(ingot.Select(o), ingot.Over(ingot.Count(ingot.C(&o.ID))).PartitionBy(ingot.C(&o.UserID)).OrderBy(ingot.C(&o.ID).Asc()).Frame("ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"))},
		{"lock, not waiting", q.Where(ingot.C(&u.ID).Eq(1)).ForUpdate(ingot.NoWait)},
		{"lock", q.Where(ingot.C(&u.ID).Eq(1)).ForUpdate(ingot.SkipLocked)},
		{"share", q.Where(ingot.C(&u.ID).Eq(1)).ForShare()},
		{"page", q.OrderBy(ingot.C(&u.Fullname).Asc()).Page(5, "")},
		{"next page", named.Page(5, behind)},
		{"projection", ingot.Project(q.LeftJoin(&u.Addresses, a).GroupBy(ingot.C(&u.Name)).Having(ingot.Count(ingot.C(&a.ID)).Gt(1)), r, ingot.Into(&r.Name, ingot.C(&u.Name)), ingot.Into(&r.N, ingot.Count(ingot.C(&a.ID))))},
		{"latest time", ingot.Scalars(q, ingot.Max(ingot.C(&u.Joined)))},
		{"window", ingot.Scalars(ingot.Select(o), ingot.Over(ingot.RowNumber()).PartitionBy(ingot.C(&o.UserID)).OrderBy(ingot.C(&o.Total).Desc()))},
		{"composite key", ingot.Select(new(qtenant))},
	}
}

func TestTheTextOfQueriesInEachDialect(t *testing.T) {
	for _, tt := range []struct {
		dialect ingot.Dialect
		open    func(t *testing.T) *sql.DB
	}{
		{sqlite.Dialect{}, func(t *testing.T) *sql.DB {
			pool, err := sql.Open("sqlite", "file:/golden?vfs=memdb")
			if err != nil {
				t.Fatal(err)
			}
			return pool
		}},
		{postgres.Dialect{}, func(*testing.T) *sql.DB { return sql.OpenDB(stubServer("PostgreSQL 15.4 on x86_64")) }},
		{mysql.Dialect{}, func(*testing.T) *sql.DB { return sql.OpenDB(stubServer("8.0.36")) }},
	} {
		t.Run(tt.dialect.Name(), func(t *testing.T) {
			pool := tt.open(t)
			t.Cleanup(func() { pool.Close() })
			db, err := ingot.Open(pool, tt.dialect, ingot.Options{Models: ingot.MustModels(quser{}, qaddress{}, qorder{}, qitem{}, qnode{}, qtenant{}, qseat{}, qcounter{})})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, x := range queryTexts(t, db) {
				text, args, err := x.q.SQL(db)
				fmt.Fprintf(&b, "-- %s\n%s\n", x.name, text)
				if len(args) > 0 {
					fmt.Fprintf(&b, "-- %v\n", args)
				}
				if err != nil {
					fmt.Fprintf(&b, "-- %v\n", err)
				}
				b.WriteByte('\n')
			}
			file := "testdata/query_" + tt.dialect.Name() + ".golden"
			if *updateGolden {
				if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", file, b.String(), want)
			}
		})
	}
}
