package ingot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingot"
	"ingot/dialects/sqlite"

	_ "modernc.org/sqlite"
)

// The models of the query tests: users with addresses and orders, orders with items by a
// link, a tree, and a pair tied by a composite key.

type quser struct {
	_         struct{} `ingot:"table:user_account"`
	ID        int64    `ingot:"pk"`
	Name      string   `ingot:"size:30"`
	Fullname  *string
	Age       int
	Phone     sql.Null[string]
	Joined    time.Time
	Tags      []string    `ingot:"json"`
	ManagerID *int64      `ingot:"fk:user_account.id"`
	Manager   *quser      `ingot:"via:ManagerID"`
	Addresses []*qaddress `ingot:"inverse:User"`
	Orders    []*qorder   `ingot:"inverse:User"`
}

type qaddress struct {
	_      struct{} `ingot:"table:address"`
	ID     int64    `ingot:"pk"`
	Email  string
	UserID int64  `ingot:"fk:user_account.id"`
	User   *quser `ingot:"inverse:Addresses"`
}

type qorder struct {
	_      struct{} `ingot:"table:orders"`
	ID     int64    `ingot:"pk"`
	Total  int64
	UserID int64    `ingot:"fk:user_account.id"`
	User   *quser   `ingot:"inverse:Orders"`
	Items  []*qitem `ingot:"through:order_items"`
}

type qitem struct {
	_    struct{} `ingot:"table:item"`
	ID   int64    `ingot:"pk"`
	Name string
}

type qnode struct {
	_        struct{} `ingot:"table:node"`
	ID       int64    `ingot:"pk"`
	Data     string
	ParentID *int64   `ingot:"fk:node.id"`
	Parent   *qnode   `ingot:"inverse:Children"`
	Children []*qnode `ingot:"inverse:Parent;order:data desc"`
}

type qtenant struct {
	_      struct{} `ingot:"table:tenant;pk:region,no"`
	Region string
	No     int
	Name   string
	Seats  []*qseat `ingot:"inverse:Tenant"`
}

type qseat struct {
	_        struct{} `ingot:"table:seat;fk:region,tenant_no->tenant.region,no"`
	ID       int64    `ingot:"pk"`
	Region   string
	Tenant   *qtenant `ingot:"inverse:Seats"`
	TenantNo int
}

var queryModels = ingot.MustModels(quser{}, qaddress{}, qorder{}, qitem{}, qnode{}, qtenant{}, qseat{}, qcounter{})

// A sent records statements as they are echoed.
type sent struct {
	mu    sync.Mutex
	lines []string
}

func (s *sent) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, strings.TrimSpace(string(p)))
	return len(p), nil
}

// take returns what was sent since the last call.
func (s *sent) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.lines
	s.lines = nil
	return lines
}

const querySchema = `
CREATE TABLE user_account (id INTEGER PRIMARY KEY, name TEXT NOT NULL, fullname TEXT, age INTEGER NOT NULL, phone TEXT,
	joined DATETIME NOT NULL, tags TEXT NOT NULL, manager_id INTEGER REFERENCES user_account(id));
CREATE TABLE address (id INTEGER PRIMARY KEY, email TEXT NOT NULL, user_id INTEGER NOT NULL REFERENCES user_account(id));
CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER NOT NULL, user_id INTEGER NOT NULL REFERENCES user_account(id));
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE order_items (qorder_id INTEGER NOT NULL REFERENCES orders(id), qitem_id INTEGER NOT NULL REFERENCES item(id), PRIMARY KEY (qorder_id, qitem_id));
CREATE TABLE node (id INTEGER PRIMARY KEY, data TEXT NOT NULL, parent_id INTEGER REFERENCES node(id));
CREATE TABLE tenant (region TEXT NOT NULL, no INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (region, no));
CREATE TABLE seat (id INTEGER PRIMARY KEY, region TEXT NOT NULL, tenant_no INTEGER NOT NULL);
INSERT INTO user_account VALUES
	(7, 'jack', 'Jack Bean', 30, NULL, '2024-01-02 03:04:05', '["a"]', NULL),
	(8, 'ed', 'Ed Wood', 40, '555', '2024-02-02 03:04:05.5', '[]', 7),
	(9, 'fred', NULL, 50, NULL, '2024-03-02 03:04:05', '[]', 7),
	(10, 'chuck', NULL, 0, NULL, '2024-04-02 03:04:05', '[]', 9);
INSERT INTO address VALUES (1, 'jack@bean.com', 7), (2, 'ed@wood.com', 8), (3, 'ed@bettyboop.com', 8), (4, 'ed@lala.com', 8), (5, 'fred@fred.com', 9);
INSERT INTO orders VALUES (1, 10, 7), (2, 20, 9), (3, 30, 7), (4, 40, 9), (5, 50, 7);
INSERT INTO item VALUES (1, 'item 1'), (2, 'item 2'), (3, 'item 3');
INSERT INTO order_items VALUES (1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 3), (5, 1);
INSERT INTO node VALUES (1, 'n1', NULL), (2, 'n11', 1), (3, 'n12', 1), (4, 'n121', 3), (5, 'n2', NULL);
INSERT INTO tenant VALUES ('eu', 1, 'a'), ('eu', 2, 'b'), ('us', 1, 'c');
INSERT INTO seat VALUES (1, 'eu', 1), (2, 'eu', 1), (3, 'us', 1);
`

// openQueries gives an in-memory database with the rows above, and what is sent to it.
func openQueries(t testing.TB, adjust ...func(*ingot.Server)) (*ingot.DB, *sent) {
	t.Helper()
	sqldb, err := sql.Open("sqlite", "file:/"+strings.ReplaceAll(t.Name(), "/", "_")+"?vfs=memdb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sqldb.Close() })
	sqldb.SetMaxOpenConns(4)
	keep, err := sqldb.Conn(t.Context()) // the database lives while a connection does
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keep.Close() })
	if _, err := keep.ExecContext(t.Context(), querySchema); err != nil {
		t.Fatal(err)
	}
	echo := &sent{}
	o := ingot.Options{Models: queryModels, Echo: echo}
	if len(adjust) > 0 {
		o.Adjust = adjust[0]
	}
	db, err := ingot.Open(sqldb, sqlite.Dialect{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	echo.take()
	return db, echo
}

func names(us []*quser) string {
	var list []string
	for _, u := range us {
		list = append(list, u.Name)
	}
	return strings.Join(list, " ")
}

func TestAllScansEveryKindOfColumn(t *testing.T) {
	db, _ := openQueries(t)
	u := new(quser)
	us, err := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()).All(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if names(us) != "jack ed fred chuck" {
		t.Errorf("names %q", names(us))
	}
	ed := us[1]
	if *ed.Fullname != "Ed Wood" || ed.Age != 40 || ed.Phone.V != "555" || *ed.ManagerID != 7 || us[0].ManagerID != nil ||
		!ed.Joined.Equal(time.Date(2024, 2, 2, 3, 4, 5, 5e8, time.UTC)) || !slices.Equal(us[0].Tags, []string{"a"}) {
		t.Errorf("All gave %+v", ed)
	}
}

func TestConditions(t *testing.T) {
	db, echo := openQueries(t)
	u, a, m, o, i := new(quser), new(qaddress), new(quser), new(qorder), new(qitem)
	q := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc())
	jack := "Jack Bean"
	for _, tt := range []struct {
		name string
		q    ingot.Query[quser]
		want string
	}{
		{"eq", q.Where(ingot.C(&u.Name).Eq("ed")), "ed"},
		{"ne", q.Where(ingot.C(&u.Name).Ne("ed")), "jack fred chuck"},
		{"two conditions are ANDed", q.Where(ingot.C(&u.Age).Gt(30)).Where(ingot.C(&u.Age).Lt(50)), "ed"},
		{"le ge", q.Where(ingot.C(&u.Age).Le(40), ingot.C(&u.Age).Ge(30)), "jack ed"},
		{"zero is a value", q.Where(ingot.C(&u.Age).Eq(0)), "chuck"},
		{"in", q.Where(ingot.C(&u.ID).In(7, 9)), "jack fred"},
		{"empty in is false", q.Where(ingot.C(&u.ID).In()), ""},
		{"empty not in is true", q.Where(ingot.C(&u.ID).NotIn()), "jack ed fred chuck"},
		{"not in", q.Where(ingot.C(&u.ID).NotIn(7, 9)), "ed chuck"},
		{"between", q.Where(ingot.C(&u.Age).Between(30, 40)), "jack ed"},
		{"eq nil is IS NULL", q.Where(ingot.C(&u.Fullname).Eq(nil)), "fred chuck"},
		{"ne nil is IS NOT NULL", q.Where(ingot.C(&u.Fullname).Ne(nil)), "jack ed"},
		{"eq pointer", q.Where(ingot.C(&u.Fullname).Eq(&jack)), "jack"},
		{"in with nil", q.Where(ingot.C(&u.Fullname).In(nil, &jack)), "jack fred chuck"},
		{"not in with nil", q.Where(ingot.C(&u.Fullname).NotIn(nil, &jack)), "ed"},
		{"N of a pointer", q.Where(ingot.N(&u.Fullname).Eq("Ed Wood")), "ed"},
		{"value of an sql.Null", q.Where(ingot.C(&u.Phone.V).Eq("555")), "ed"},
		{"an sql.Null", q.Where(ingot.C(&u.Phone).Eq(sql.Null[string]{})), "jack fred chuck"},
		{"is null", q.Where(ingot.C(&u.Phone.V).IsNull()), "jack fred chuck"},
		{"time", q.Where(ingot.C(&u.Joined).Gt(time.Date(2024, 3, 1, 0, 0, 0, 0, time.FixedZone("x", 3600)))), "fred chuck"},
		{"json", q.Where(ingot.C(&u.Tags).Eq([]string{"a"})), "jack"},
		{"or inside and", q.Where(ingot.Or(ingot.C(&u.ID).Eq(7), ingot.C(&u.ID).Eq(8)), ingot.C(&u.Age).Gt(30)), "ed"},
		{"or of none is false", q.Where(ingot.Or()), ""},
		{"and of none is true", q.Where(ingot.And()), "jack ed fred chuck"},
		{"not", q.Where(ingot.Not(ingot.C(&u.ID).In(7, 8))), "fred chuck"},
		{"like", q.Where(ingot.Like(ingot.C(&u.Name), "%e%")), "ed fred"},
		{"not like", q.Where(ingot.NotLike(ingot.C(&u.Name), "%e%")), "jack chuck"},
		{"ilike", q.Where(ingot.ILike(ingot.C(&u.Name), "JA%")), "jack"},
		{"starts with", q.Where(ingot.StartsWith(ingot.C(&u.Name), "ch")), "chuck"},
		{"ends with", q.Where(ingot.EndsWith(ingot.C(&u.Name), "ck")), "jack chuck"},
		{"contains takes % as it stands", q.Where(ingot.ContainsText(ingot.C(&u.Name), "%")), ""},
		{"lower of N", q.Where(ingot.Lower(ingot.N(&u.Fullname)).Eq("ed wood")), "ed"},
		{"length", q.Where(ingot.Length(ingot.C(&u.Name)).Gt(4)), "chuck"},
		{"arithmetic", q.Where(ingot.Add(ingot.C(&u.Age), ingot.Value(10)).Eq(50)), "ed"},
		{"coalesce", q.Where(ingot.Coalesce(ingot.N(&u.Fullname), ingot.C(&u.Name)).Eq("fred")), "fred"},
		{"concat", q.Where(ingot.Concat(ingot.C(&u.Name), ingot.Value("!")).Eq("ed!")), "ed"},
		{"case", q.Where(ingot.Case(ingot.When(ingot.C(&u.Age).Gt(35), ingot.Value("old"))).Else(ingot.Value("young")).Eq("old")), "ed fred"},
		{"cond", q.Where(ingot.Cond("lower(?) = ? OR 1 = 2", ingot.C(&u.Name), "ed"), ingot.C(&u.Age).Eq(40)), "ed"},
		{"raw", q.Where(ingot.Raw[int]("? * 2", ingot.C(&u.Age)).Eq(60)), "jack"},
		{"self-join", q.JoinOn(m, ingot.N(&u.ManagerID).EqX(ingot.C(&m.ID))).Where(ingot.C(&m.Name).Eq("jack")), "ed fred"},
		{"join to one", q.Join(&u.Manager, m).Where(ingot.C(&m.Name).Eq("fred")), "chuck"},
		{"left join to one", q.LeftJoin(&u.Manager, m).Where(ingot.C(&m.ID).IsNull()), "jack"},
		{"join to many gives each once", q.Join(&u.Addresses, a), "jack ed fred"},
		{"join to many filters", q.Join(&u.Addresses, a).Where(ingot.Like(ingot.C(&a.Email), "%ed%")), "ed fred"},
		{"conditions over both", q.Join(&u.Addresses, a).Where(ingot.Or(ingot.C(&a.Email).Eq("ed@lala.com"), ingot.C(&u.ID).Eq(7))), "jack ed"},
		{"left join to many without a match", q.LeftJoin(&u.Addresses, a).Where(ingot.C(&a.ID).IsNull()), "chuck"},
		{"left join to many keeps all", q.LeftJoin(&u.Addresses, a), "jack ed fred chuck"},
		{"many to many", q.Join(&u.Orders, o).Join(&o.Items, i).Where(ingot.C(&i.Name).Eq("item 2")), "jack fred"},
		{"two to-many joins", q.Join(&u.Orders, o).Join(&u.Addresses, a).Where(ingot.C(&o.Total).Gt(20), ingot.C(&a.ID).Gt(1)), "fred"},
		{"to-many joins that meet in a condition", q.Join(&u.Orders, o).Join(&u.Addresses, a).Where(ingot.C(&o.ID).EqX(ingot.C(&a.ID))), "jack"},
		{"duplicates on request", q.Join(&u.Addresses, a).Duplicates(), "jack ed ed ed fred"},
		{"ordered by a to-many variable", ingot.Select(u).Join(&u.Addresses, a).OrderBy(ingot.C(&a.Email).Desc()), "jack fred ed"},
		{"in a subquery", q.Where(ingot.C(&u.ID).InX(ingot.Scalars(ingot.Select(a), ingot.C(&a.UserID)))), "jack ed fred"},
		{"correlated exists", q.Where(ingot.Exists(ingot.Select(a).Where(ingot.C(&a.UserID).EqX(ingot.C(&u.ID)), ingot.Like(ingot.C(&a.Email), "%lala%")))), "ed"},
		{"not exists", q.Where(ingot.NotExists(ingot.Select(a).Where(ingot.C(&a.UserID).EqX(ingot.C(&u.ID))))), "chuck"},
		{"scalar subquery", q.Where(ingot.C(&u.Age).EqX(ingot.Scalar(ingot.Scalars(ingot.Select(m), ingot.Max(ingot.C(&m.Age)))))), "fred"},
		{"limit and offset", q.Limit(2).Offset(1), "ed fred"},
		{"limit 0", q.Limit(0), ""},
		{"offset alone", q.Offset(3), "chuck"},
		{"distinct", q.Distinct(), "jack ed fred chuck"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			us, err := tt.q.All(t.Context(), db)
			text := strings.Join(echo.take(), "\n")
			if err != nil || names(us) != tt.want {
				t.Fatalf("%s\ngave %q, %v; want %q", text, names(us), err, tt.want)
			}
			n, err := tt.q.Count(t.Context(), db)
			if err != nil || n != len(us) {
				t.Errorf("%s\nCount gave %d, %v; want %d", echo.take(), n, err, len(us))
			}
			ok, err := tt.q.Exists(t.Context(), db)
			if err != nil || ok != (len(us) > 0) {
				t.Errorf("%s\nExists gave %v, %v; want %v", echo.take(), ok, err, len(us) > 0)
			}
			i := 0
			for u, err := range tt.q.Iter(t.Context(), db) {
				if err != nil || u.Name != us[i].Name {
					t.Errorf("Iter gave %v, %v at %d", u, err, i)
				}
				i++
			}
			if i != len(us) {
				t.Errorf("Iter gave %d instances, want %d", i, len(us))
			}
			echo.take()
		})
	}
}

func TestMistakesInAQueryAreErrors(t *testing.T) {
	db, echo := openQueries(t)
	u, a := new(quser), new(qaddress)
	own := *u
	type stranger struct{ ID int64 }
	for _, tt := range []struct {
		name string
		run  func() error
		want string
	}{
		{"a field of another variable", func() error {
			_, err := ingot.Select(u).Where(ingot.C(&a.Email).Eq("x")).All(t.Context(), db)
			return err
		}, "*string in the query is no field of its variables (*quser)"},
		{"a field of a copy", func() error {
			_, err := ingot.Select(u).OrderBy(ingot.C(&own.Name).Asc()).All(t.Context(), db)
			return err
		}, "no field of its variables"},
		{"a relation as a column", func() error {
			_, err := ingot.Select(u).Where(ingot.C(&u.Manager).IsNull()).All(t.Context(), db)
			return err
		}, "quser.Manager is a relation, not a column"},
		{"an empty condition", func() error { _, err := ingot.Select(u).Where(ingot.Condition{}).All(t.Context(), db); return err }, "empty Condition"},
		{"a join of the wrong variable", func() error {
			_, err := ingot.Select(u).Join(&u.Addresses, new(qorder)).All(t.Context(), db)
			return err
		}, "quser.Addresses leads to qaddress"},
		{"a join along a column", func() error { _, err := ingot.Select(u).Join(&u.Name, a).All(t.Context(), db); return err }, "no relation"},
		{"one variable twice", func() error { _, err := ingot.Select(u).JoinOn(u).All(t.Context(), db); return err }, "one *quser stands for two tables"},
		{"an unmapped type", func() error { _, err := ingot.Select(new(stranger)).All(t.Context(), db); return err }, "is not in the metadata"},
		{"nil", func() error { _, err := ingot.Select[quser](nil).All(t.Context(), db); return err }, "Select(nil)"},
		{"a nil field", func() error {
			_, err := ingot.Select(u).Where(ingot.C[string](nil).Eq("x")).All(t.Context(), db)
			return err
		}, "C or N of a nil"},
		{"a negative limit", func() error { _, err := ingot.Select(u).Limit(-1).All(t.Context(), db); return err }, "Limit(-1) is negative"},
		{"a bare pointer in Cond", func() error {
			_, err := ingot.Select(u).Where(ingot.Cond("? = 1", &u.Name)).All(t.Context(), db)
			return err
		}, "bare pointer: write C(p) or N(p)"},
		{"too few arguments", func() error { _, err := ingot.Select(u).Where(ingot.Cond("? = ?", 1)).All(t.Context(), db); return err }, "more ? than its 1 arguments"},
		{"too many arguments", func() error { _, err := ingot.Select(u).Where(ingot.Cond("1 = 1", 1)).All(t.Context(), db); return err }, "1 arguments for 0 ?"},
		{"load of a column", func() error { _, err := ingot.Select(u).Load(&u.Name).All(t.Context(), db); return err }, "is no relation"},
		{"load of another variable", func() error { _, err := ingot.Select(u).Load(&a.User).All(t.Context(), db); return err }, "no field of the selected variable"},
		{"top 0", func() error { _, err := ingot.Select(u).Load(&u.Orders, ingot.Top(0)).All(t.Context(), db); return err }, "Top(0)"},
		{"not found", func() error { _, err := ingot.Select(u).Where(ingot.Or()).First(t.Context(), db); return err }, "no row found: quser"},
		{"several", func() error { _, err := ingot.Select(u).One(t.Context(), db); return err }, "more than one row found: quser"},
		{"get of no row", func() error { _, err := ingot.Get[quser](t.Context(), db, 99); return err }, "no row found: quser(99)"},
		{"get with half a key", func() error { _, err := ingot.Get[qtenant](t.Context(), db, "eu"); return err }, "the key of qtenant is (Region, No), 2 values, and 1 were given"},
		{"get with a key of another type", func() error { _, err := ingot.Get[quser](t.Context(), db, "x"); return err }, "key of quser"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			echo.take()
			err := tt.run()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v; want %q\n%s", err, tt.want, echo.take())
			}
		})
	}
}

func TestNothingToRunOnIsAnError(t *testing.T) {
	ctx := t.Context()
	a := new(Album)
	q := ingot.Select(a)
	for name, r := range map[string]ingot.Runner{"nil": nil, "*DB": (*ingot.DB)(nil), "*Session": (*ingot.Session)(nil)} {
		_, get := ingot.Get[Album](ctx, r, 1)
		_, all := q.All(ctx, r)
		_, count := q.Count(ctx, r)
		_, cursor := q.Cursor(r, a)
		_, values := ingot.Scalars(q, ingot.C(&a.ID)).All(ctx, r)
		_, raw := ingot.SQL[int](ctx, r, "SELECT 1")
		_, write := ingot.Delete(a).Everywhere().Exec(ctx, r)
		for range q.Iter(ctx, r) {
		}
		for i, err := range []error{get, all, count, cursor, values, raw, write} {
			if err == nil {
				t.Errorf("%s, entry %d: no error", name, i)
			}
		}
	}
	if _, _, err := q.SQL(nil); err == nil {
		t.Error("SQL(nil): no error")
	}
}

func TestGet(t *testing.T) {
	db, echo := openQueries(t)
	u, err := ingot.Get[quser](t.Context(), db, 8)
	if err != nil || u.Name != "ed" {
		t.Fatalf("Get(8) = %v, %v", u, err)
	}
	c, err := ingot.Get[qtenant](t.Context(), db, "us", 1)
	if err != nil || c.Name != "c" {
		t.Fatalf("Get(us, 1) = %v, %v", c, err)
	}
	if _, err := ingot.Get[quser](t.Context(), db, 11); !errors.Is(err, ingot.ErrNotFound) {
		t.Errorf("Get(11): %v", err)
	}
	if n := len(echo.take()); n != 3 {
		t.Errorf("%d statements", n)
	}
}

func TestProjectAndScalars(t *testing.T) {
	db, _ := openQueries(t)
	u, a := new(quser), new(qaddress)
	var r struct {
		Name string
		N    int64
	}
	rows, err := ingot.Project(ingot.Select(u).LeftJoin(&u.Addresses, a).GroupBy(ingot.C(&u.ID), ingot.C(&u.Name)).OrderBy(ingot.Count(ingot.C(&a.ID)).Desc(), ingot.C(&u.ID).Asc()), &r,
		ingot.Into(&r.Name, ingot.C(&u.Name)), ingot.Into(&r.N, ingot.Count(ingot.C(&a.ID)))).All(t.Context(), db)
	if got := fmt.Sprint(rows); err != nil || got != "[{ed 3} {jack 1} {fred 1} {chuck 0}]" {
		t.Errorf("Project gave %s, %v", got, err)
	}
	names, err := ingot.Scalars(ingot.Select(u).Where(ingot.C(&u.Age).Gt(30)), ingot.C(&u.Name)).All(t.Context(), db)
	if got := fmt.Sprint(names); err != nil || got != "[ed fred]" {
		t.Errorf("Scalars gave %s, %v", got, err)
	}
	latest, err := ingot.Scalars(ingot.Select(u), ingot.Max(ingot.C(&u.Joined))).One(t.Context(), db)
	if err != nil || latest.Month() != time.April {
		t.Errorf("Max gave %v, %v", latest, err)
	}
	none, err := ingot.Scalars(ingot.Select(u).Where(ingot.Or()), ingot.Nullable(ingot.Sum(ingot.C(&u.Age)))).One(t.Context(), db)
	if err != nil || none != nil {
		t.Errorf("Sum over nothing gave %v, %v", none, err)
	}
	n, err := ingot.Scalars(ingot.Select(u), ingot.Count(ingot.C(&u.ID))).Count(t.Context(), db)
	if err != nil || n != 1 {
		t.Errorf("Count of an aggregate gave %d, %v", n, err)
	}
	rank, err := ingot.Scalars(ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc()), ingot.Over(ingot.RowNumber()).OrderBy(ingot.C(&u.Age).Desc())).All(t.Context(), db)
	if got := fmt.Sprint(rank); err != nil || got != "[3 2 1 4]" {
		t.Errorf("Over gave %s, %v", got, err)
	}
}

func TestSQL(t *testing.T) {
	db, _ := openQueries(t)
	us, err := ingot.SQL[*quser](t.Context(), db, "SELECT id, name, age FROM user_account WHERE age > ? ORDER BY id", 30)
	if err != nil || names(us) != "ed fred" {
		t.Errorf("SQL gave %v, %v", names(us), err)
	}
	ns, err := ingot.SQL[int64](t.Context(), db, "SELECT count(*) FROM user_account")
	if err != nil || !slices.Equal(ns, []int64{4}) {
		t.Errorf("SQL gave %v, %v", ns, err)
	}
	type row struct {
		UserName string
		N        int
	}
	rows, err := ingot.SQL[row](t.Context(), db, "SELECT name AS user_name, 5 AS n FROM user_account WHERE id = 7")
	if err != nil || !slices.Equal(rows, []row{{"jack", 5}}) {
		t.Errorf("SQL gave %v, %v", rows, err)
	}
	if _, err := ingot.SQL[*quser](t.Context(), db, "SELECT name FROM user_account"); err == nil || !strings.Contains(err.Error(), `lacks the column "id"`) {
		t.Errorf("SQL without key: %v", err)
	}
	if _, err := ingot.SQL[*quser](t.Context(), db, "SELECT id, 1 AS x FROM user_account"); err == nil || !strings.Contains(err.Error(), `a column "x"`) {
		t.Errorf("SQL with a strange column: %v", err)
	}
}

func TestQueriesDoNotChange(t *testing.T) {
	db, _ := openQueries(t)
	u, a := new(quser), new(qaddress)
	base := ingot.Select(u).Where(ingot.C(&u.Age).Ge(0)).OrderBy(ingot.C(&u.ID).Asc())
	want, _, err := base.SQL(db)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			q := base.Where(ingot.C(&u.Age).Ge(i)).Join(&u.Addresses, a).OrderBy(ingot.C(&a.ID).Asc()).Limit(i).Load(&u.Orders)
			if i%2 == 0 {
				q = base.Where(ingot.C(&u.Name).Eq("ed"))
			}
			if _, err := q.All(t.Context(), db); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, _, _ := base.SQL(db); got != want {
		t.Errorf("the base query became %s; was %s", got, want)
	}
}

func TestIterStopsAndEndsOnErrors(t *testing.T) {
	db, _ := openQueries(t)
	u := new(quser)
	for range 10 { // leaving the loop gives the connection back
		for range ingot.Select(u).Iter(t.Context(), db) {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := 0
	for _, err := range ingot.Select(u).Iter(ctx, db) {
		n++
		if err == nil {
			t.Error("no error of a cancelled context")
		}
	}
	if n != 1 {
		t.Errorf("the range ran %d times", n)
	}
}
