package suite

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

// queries opens a database with the rows below, and what is sent to it.
func (on Database) queries(t testing.TB, adjust ...func(*ingot.Server)) (*ingot.DB, *recorder) {
	t.Helper()
	o := ingot.Options{}
	if len(adjust) > 0 {
		o.Adjust = adjust[0]
	}
	db, sent := on.open(t, o, quser{}, qaddress{}, qorder{}, qitem{}, qnode{}, qtenant{}, qseat{}, qcounter{})
	day := func(month time.Month, nanos int) time.Time {
		return time.Date(2024, month, 2, 3, 4, 5, nanos, time.UTC)
	}
	insert(t, db, &quser{ID: 7, Name: "jack", Fullname: new("Jack Bean"), Age: 30, Joined: day(1, 0), Tags: []string{"a"}},
		&quser{ID: 8, Name: "ed", Fullname: new("Ed Wood"), Age: 40, Phone: sql.Null[string]{V: "555", Valid: true}, Joined: day(2, 5e8), Tags: []string{}, ManagerID: new(int64(7))},
		&quser{ID: 9, Name: "fred", Age: 50, Joined: day(3, 0), Tags: []string{}, ManagerID: new(int64(7))},
		&quser{ID: 10, Name: "chuck", Joined: day(4, 0), Tags: []string{}, ManagerID: new(int64(9))})
	insert(t, db, &qaddress{ID: 1, Email: "jack@bean.com", UserID: 7}, &qaddress{ID: 2, Email: "ed@wood.com", UserID: 8}, &qaddress{ID: 3, Email: "ed@bettyboop.com", UserID: 8},
		&qaddress{ID: 4, Email: "ed@lala.com", UserID: 8}, &qaddress{ID: 5, Email: "fred@fred.com", UserID: 9})
	insert(t, db, &qorder{ID: 1, Total: 10, UserID: 7}, &qorder{ID: 2, Total: 20, UserID: 9}, &qorder{ID: 3, Total: 30, UserID: 7},
		&qorder{ID: 4, Total: 40, UserID: 9}, &qorder{ID: 5, Total: 50, UserID: 7})
	insert(t, db, &qitem{ID: 1, Name: "item 1"}, &qitem{ID: 2, Name: "item 2"}, &qitem{ID: 3, Name: "item 3"})
	mustExec(t, db, "INSERT INTO order_items (qorder_id, qitem_id) VALUES (1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 3), (5, 1)")
	for _, n := range []*qnode{{Data: "n1"}, {Data: "n11", ParentID: new(int64(1))}, {Data: "n12", ParentID: new(int64(1))}, {Data: "n121", ParentID: new(int64(3))}, {Data: "n2"}} {
		insert(t, db, n) // one by one, so that the database counts them from 1 to 5
	}
	insert(t, db, &qtenant{Region: "eu", No: 1, Name: "a"}, &qtenant{Region: "eu", No: 2, Name: "b"}, &qtenant{Region: "us", No: 1, Name: "c"})
	insert(t, db, &qseat{ID: 1, Region: "eu", TenantNo: 1}, &qseat{ID: 2, Region: "eu", TenantNo: 1}, &qseat{ID: 3, Region: "us", TenantNo: 1})
	sent.take()
	return db, sent
}

func insert[T any](t testing.TB, db *ingot.DB, rows ...*T) {
	t.Helper()
	if _, err := ingot.Insert(rows...).Exec(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

func names(us []*quser) string {
	var list []string
	for _, u := range us {
		list = append(list, u.Name)
	}
	return strings.Join(list, " ")
}

func (on Database) TestAllScansEveryKindOfColumn(t *testing.T) {
	db, _ := on.queries(t)
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

func (on Database) TestConditions(t *testing.T) {
	db, echo := on.queries(t)
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

func (on Database) TestMistakesInAQueryAreErrors(t *testing.T) {
	db, echo := on.queries(t)
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
		{"get with half a key", func() error { _, err := ingot.Get[qtenant](t.Context(), db, "eu"); return err }, "the key of qtenant is (Region, No), one value for each, and 1 came"},
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

func (on Database) TestGet(t *testing.T) {
	db, echo := on.queries(t)
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

func (on Database) TestProjectAndScalars(t *testing.T) {
	db, _ := on.queries(t)
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

func (on Database) TestSQL(t *testing.T) {
	db, _ := on.queries(t)
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

func (on Database) TestQueriesDoNotChange(t *testing.T) {
	db, _ := on.queries(t)
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

func (on Database) TestIterStopsAndEndsOnErrors(t *testing.T) {
	db, _ := on.queries(t)
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
