package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ingot"
)

// Queries of every kind, on every server: the same rows have to come back.

type (
	customer struct {
		_        struct{} `ingot:"table:customer"`
		ID       int64    `ingot:"pk"`
		Name     string   `ingot:"size:30;unique"`
		Nick     *string
		Age      int
		Rating   float64
		Active   bool
		Joined   time.Time
		BossID   *int64      `ingot:"fk:customer.id"`
		Boss     *customer   `ingot:"via:BossID"`
		Rev      int         `ingot:"version"`
		Purchase []*purchase `ingot:"inverse:Customer"`
	}
	purchase struct {
		_          struct{} `ingot:"table:purchase"`
		ID         int64    `ingot:"pk"`
		Total      int64
		CustomerID int64     `ingot:"fk:customer.id"`
		Customer   *customer `ingot:"inverse:Purchase"`
		Goods      []*good   `ingot:"through:purchase_good"`
	}
	good struct {
		_    struct{} `ingot:"table:good"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"size:30"`
	}
	hallSlot struct {
		_     struct{} `ingot:"table:slot;pk:hall,no"`
		Hall  string   `ingot:"size:10"`
		No    int      `ingot:"noauto"`
		Seats []*seat  `ingot:"inverse:Slot"`
	}
	seat struct {
		_      struct{} `ingot:"table:seat;fk:hall,slot_no->slot.hall,no"`
		ID     int64    `ingot:"pk"`
		Hall   string   `ingot:"size:10"`
		SlotNo int
		Slot   *hallSlot `ingot:"inverse:Seats"`
	}
)

// shop opens a database with customers, what they bought, and seats.
func (on Database) shop(t *testing.T) *ingot.DB {
	t.Helper()
	x, _ := on.open(t, ingot.Options{}, customer{}, purchase{}, good{}, hallSlot{}, seat{})
	ctx := t.Context()
	nick, boss := "Jacky", int64(1)
	day := func(n int) time.Time { return time.Date(2024, 1, n, 12, 30, 0, 123456000, time.UTC) }
	for _, insert := range []func() (int, error){
		func() (int, error) {
			return ingot.Insert(
				&customer{ID: 1, Name: "jack", Nick: &nick, Age: 30, Rating: 1.5, Active: true, Joined: day(1)},
				&customer{ID: 2, Name: "ed", Age: 40, Rating: 2.5, Active: true, Joined: day(2), BossID: &boss},
				&customer{ID: 3, Name: "fred", Age: 50, Rating: 3.5, Joined: day(3), BossID: &boss},
				&customer{ID: 4, Name: "chuck", Joined: day(4)}).Exec(ctx, x)
		},
		func() (int, error) {
			return ingot.Insert(&purchase{ID: 1, Total: 10, CustomerID: 1}, &purchase{ID: 2, Total: 20, CustomerID: 3},
				&purchase{ID: 3, Total: 30, CustomerID: 1}, &purchase{ID: 4, Total: 40, CustomerID: 3}, &purchase{ID: 5, Total: 50, CustomerID: 1}).Exec(ctx, x)
		},
		func() (int, error) {
			return ingot.Insert(&good{ID: 1, Name: "ham"}, &good{ID: 2, Name: "egg"}, &good{ID: 3, Name: "jam"}).Exec(ctx, x)
		},
		func() (int, error) {
			return ingot.Insert(&hallSlot{Hall: "a", No: 1}, &hallSlot{Hall: "a", No: 2}, &hallSlot{Hall: "b", No: 1}).Exec(ctx, x)
		},
		func() (int, error) {
			return ingot.Insert(&seat{ID: 1, Hall: "a", SlotNo: 1}, &seat{ID: 2, Hall: "a", SlotNo: 1}, &seat{ID: 3, Hall: "b", SlotNo: 1}).Exec(ctx, x)
		},
	} {
		if _, err := insert(); err != nil {
			t.Fatal(err)
		}
	}
	mustExec(t, x, "INSERT INTO purchase_good (purchase_id, good_id) VALUES (1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 3), (5, 1)")
	return x
}

func customers(cs []*customer) string {
	var list []string
	for _, c := range cs {
		list = append(list, c.Name)
	}
	return strings.Join(list, " ")
}

func (on Database) TestQueriesGiveTheSameRowsEverywhere(t *testing.T) {
	db := on.shop(t)
	ctx := t.Context()
	u, m, p, g := new(customer), new(customer), new(purchase), new(good)
	q := ingot.Select(u).OrderBy(ingot.C(&u.ID).Asc())
	sum := new(struct {
		CustomerID int64
		Total      int64
	})
	totals := ingot.CTE(sum, ingot.Project(ingot.Select(p).GroupBy(ingot.C(&p.CustomerID)), sum,
		ingot.Into(&sum.CustomerID, ingot.C(&p.CustomerID)), ingot.Into(&sum.Total, ingot.Cast[int64](ingot.Sum(ingot.C(&p.Total)), ingot.TrustedSQL(map[string]string{"mysql": "signed", "postgres": "bigint", "sqlite": "integer"}[on.Dialect.Name()])))))
	for _, tt := range []struct {
		name string
		q    ingot.Query[customer]
		want string
	}{
		{"all", q, "jack ed fred chuck"},
		{"eq", q.Where(ingot.C(&u.Name).Eq("ed"), ingot.C(&u.Active).Eq(true), ingot.C(&u.Rating).Eq(2.5)), "ed"},
		{"in", q.Where(ingot.C(&u.ID).In(1, 3), ingot.C(&u.Name).In("fred", "ed")), "fred"},
		{"null", q.Where(ingot.C(&u.Nick).Eq(nil), ingot.N(&u.BossID).NotNull()), "ed fred"},
		{"time", q.Where(ingot.C(&u.Joined).Eq(time.Date(2024, 1, 2, 13, 30, 0, 123456000, time.FixedZone("x", 3600)))), "ed"},
		{"time range", q.Where(ingot.C(&u.Joined).Ge(time.Date(2024, 1, 3, 12, 30, 0, 123456000, time.UTC))), "fred chuck"},
		{"like", q.Where(ingot.Like(ingot.C(&u.Name), "%e%")), "ed fred"},
		{"ilike", q.Where(ingot.ILike(ingot.C(&u.Name), "JA%")), "jack"},
		{"literal text", q.Where(ingot.Or(ingot.StartsWith(ingot.C(&u.Name), "ch"), ingot.ContainsText(ingot.C(&u.Name), "%"))), "chuck"},
		{"length", q.Where(ingot.Length(ingot.C(&u.Name)).Eq(5)), "chuck"},
		{"concat", q.Where(ingot.Concat(ingot.C(&u.Name), ingot.Value("!")).Eq("ed!")), "ed"},
		{"lower and upper", q.Where(ingot.Lower(ingot.N(&u.Nick)).Eq("jacky"), ingot.Upper(ingot.C(&u.Name)).Eq("JACK")), "jack"},
		{"coalesce", q.Where(ingot.Coalesce(ingot.N(&u.Nick), ingot.C(&u.Name)).Eq("fred")), "fred"},
		{"arithmetic", q.Where(ingot.Add(ingot.C(&u.Age), ingot.Value(10)).Eq(50)), "ed"},
		{"case", q.Where(ingot.Case(ingot.When(ingot.C(&u.Age).Gt(35), ingot.Value("old"))).Else(ingot.Value("young")).Eq("old")), "ed fred"},
		{"now", q.Where(ingot.C(&u.Joined).LtX(ingot.Now[time.Time]())), "jack ed fred chuck"},
		{"cond", q.Where(ingot.Cond("lower(?) = ?", ingot.C(&u.Name), "ed")), "ed"},
		{"join to one", q.Join(&u.Boss, m).Where(ingot.C(&m.Name).Eq("jack")), "ed fred"},
		{"left join to one", q.LeftJoin(&u.Boss, m).Where(ingot.C(&m.ID).IsNull()), "jack chuck"},
		{"join to many", q.Join(&u.Purchase, p).Where(ingot.C(&p.Total).Ge(30)), "jack fred"},
		{"left join to many", q.LeftJoin(&u.Purchase, p).Where(ingot.C(&p.ID).IsNull()), "ed chuck"},
		{"many to many", q.Join(&u.Purchase, p).Join(&p.Goods, g).Where(ingot.C(&g.Name).Eq("egg")), "jack fred"},
		{"self-join", q.JoinOn(m, ingot.N(&u.BossID).EqX(ingot.C(&m.ID))), "ed fred"},
		{"ordered by many", ingot.Select(u).Join(&u.Purchase, p).OrderBy(ingot.C(&p.Total).Desc()), "jack fred"},
		{"duplicates", q.Join(&u.Purchase, p).Duplicates(), "jack jack jack fred fred"},
		{"nulls last", ingot.Select(u).OrderBy(ingot.C(&u.Nick).Asc().NullsLast(), ingot.C(&u.ID).Desc()), "jack chuck fred ed"},
		{"nulls first", ingot.Select(u).OrderBy(ingot.C(&u.Nick).Desc().NullsFirst(), ingot.C(&u.ID).Asc()), "ed fred chuck jack"},
		{"limit and offset", q.Limit(2).Offset(1), "ed fred"},
		{"offset", q.Offset(3), "chuck"},
		{"page", q.Page(2, ""), "jack ed"},
		{"in a subquery", q.Where(ingot.C(&u.ID).InX(ingot.Scalars(ingot.Select(p), ingot.C(&p.CustomerID)))), "jack fred"},
		{"exists", q.Where(ingot.Not(ingot.Exists(ingot.Select(p).Where(ingot.C(&p.CustomerID).EqX(ingot.C(&u.ID)))))), "ed chuck"},
		{"scalar", q.Where(ingot.C(&u.Age).EqX(ingot.Scalar(ingot.Scalars(ingot.Select(m), ingot.Max(ingot.C(&m.Age)))))), "fred"},
		{"union", ingot.Select(u).Where(ingot.C(&u.Age).Lt(45)).Union(ingot.Select(u).Where(ingot.C(&u.Age).Gt(35)).OrderBy(ingot.C(&u.ID).Asc()).Limit(1)).OrderBy(ingot.C(&u.ID).Asc()), "jack ed chuck"},
		{"except", q.Except(q.Limit(2)).OrderBy(ingot.C(&u.ID).Asc()), "fred chuck"},
		{"cte", q.With(totals).JoinOn(sum, ingot.C(&sum.CustomerID).EqX(ingot.C(&u.ID))).Where(ingot.C(&sum.Total).Gt(70)), "jack"},
		{"for update", q.Where(ingot.C(&u.ID).Eq(1)).LeftJoin(&u.Boss, m).Join(&u.Purchase, p).ForUpdate(), "jack"},
		{"for share", q.Where(ingot.C(&u.ID).Eq(1)).ForShare(), "jack"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, args, _ := tt.q.SQL(db)
			cs, err := tt.q.All(ctx, db)
			if got := customers(cs); err != nil || got != tt.want {
				t.Fatalf("%s %v\ngave %s, %v; want %s", text, args, got, err, tt.want)
			}
			if n, err := tt.q.Count(ctx, db); err != nil || n != len(cs) {
				t.Errorf("%s %v\nCount gave %d, %v; want %d", text, args, n, err, len(cs))
			}
			if ok, err := tt.q.Exists(ctx, db); err != nil || !ok {
				t.Errorf("%s %v\nExists gave %v, %v", text, args, ok, err)
			}
		})
	}

	t.Run("pages", func(t *testing.T) {
		q := ingot.Select(u).OrderBy(ingot.C(&u.Nick).Asc(), ingot.C(&u.Joined).Desc())
		var all []*customer
		after := ""
		for range 5 {
			cs, err := q.Page(1, after).All(ctx, db)
			if err != nil {
				t.Fatal(err)
			}
			if len(cs) == 0 {
				break
			}
			all = append(all, cs...)
			if after, err = q.Cursor(db, cs[0]); err != nil {
				t.Fatal(err)
			}
		}
		if got := customers(all); got != "jack chuck fred ed" {
			t.Errorf("pages gave %s", got)
		}
	})

	t.Run("loads", func(t *testing.T) {
		cs, err := q.Load(&u.Purchase, ingot.As(p), ingot.Sort(ingot.C(&p.Total).Desc()), ingot.Top(2)).Load(&p.Goods).Load(&u.Boss).All(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, c := range cs {
			fmt.Fprint(&b, c.Name)
			for _, p := range c.Purchase {
				fmt.Fprint(&b, " ", p.Total)
				for _, g := range p.Goods {
					fmt.Fprint(&b, ",", g.Name)
				}
			}
			if c.Boss != nil {
				fmt.Fprint(&b, " of ", c.Boss.Name)
			}
			b.WriteString("; ")
		}
		if got := b.String(); got != "jack 50,ham 30,jam; ed of jack; fred 40 20,ham,egg of jack; chuck; " {
			t.Errorf("loaded %s", got)
		}
		v := new(hallSlot)
		ss, err := ingot.Select(v).OrderBy(ingot.C(&v.Hall).Asc(), ingot.C(&v.No).Asc()).Load(&v.Seats).All(ctx, db)
		if err != nil || len(ss) != 3 || len(ss[0].Seats) != 2 || ss[1].Seats == nil || len(ss[2].Seats) != 1 {
			t.Errorf("composite keys: %v, %v", ss, err)
		}
		w := new(seat)
		seats, err := ingot.Select(w).Load(&w.Slot).All(ctx, db)
		if err != nil || len(seats) != 3 || seats[0].Slot == nil {
			t.Errorf("composite keys, to one: %v, %v", seats, err)
		}
	})

	t.Run("values", func(t *testing.T) {
		r := new(struct {
			Name  string
			N     int64
			Sum   *int64
			Mean  *float64
			Last  *int64
			Since time.Time
		})
		rows, err := ingot.Project(ingot.Select(u).LeftJoin(&u.Purchase, p).GroupBy(ingot.C(&u.ID), ingot.C(&u.Name)).Having(ingot.Count(ingot.C(&p.ID)).Ge(0)).OrderBy(ingot.C(&u.ID).Asc()), r,
			ingot.Into(&r.Name, ingot.C(&u.Name)),
			ingot.Into(&r.N, ingot.Count(ingot.C(&p.ID))),
			ingot.Into(&r.Sum, ingot.Nullable(ingot.Sum(ingot.C(&p.Total)))),
			ingot.Into(&r.Mean, ingot.Nullable(ingot.Avg(ingot.C(&p.Total)))),
			ingot.Into(&r.Last, ingot.Nullable(ingot.Max(ingot.C(&p.ID)))),
			ingot.Into(&r.Since, ingot.Min(ingot.C(&u.Joined)))).All(ctx, db)
		if err != nil || len(rows) != 4 || rows[0].N != 3 || *rows[0].Sum != 90 || *rows[0].Mean != 30 || *rows[2].Last != 4 || rows[1].Sum != nil ||
			!rows[3].Since.Equal(time.Date(2024, 1, 4, 12, 30, 0, 123456000, time.UTC)) {
			t.Errorf("Project gave %+v, %v", rows, err)
		}
		ranks, err := ingot.Scalars(ingot.Select(p).OrderBy(ingot.C(&p.ID).Asc()),
			ingot.Over(ingot.RowNumber()).PartitionBy(ingot.C(&p.CustomerID)).OrderBy(ingot.C(&p.Total).Desc())).All(ctx, db)
		if err != nil || fmt.Sprint(ranks) != "[3 2 2 1 1]" {
			t.Errorf("Over gave %v, %v", ranks, err)
		}
		constants, err := ingot.Scalars(ingot.Select(u).Limit(1), ingot.Value(int64(5))).One(ctx, db)
		if err != nil || constants != 5 {
			t.Errorf("Value gave %v, %v", constants, err)
		}
		tree := new(struct {
			ID    int64
			Depth int64
		})
		below := ingot.Recursive(tree,
			ingot.Project(ingot.Select(u).Where(ingot.C(&u.ID).Eq(1)), tree, ingot.Into(&tree.ID, ingot.C(&u.ID)), ingot.Into(&tree.Depth, ingot.Value(int64(0)))),
			ingot.Project(ingot.Select(m).JoinOn(tree, ingot.N(&m.BossID).EqX(ingot.C(&tree.ID))), tree,
				ingot.Into(&tree.ID, ingot.C(&m.ID)), ingot.Into(&tree.Depth, ingot.Add(ingot.C(&tree.Depth), ingot.Value(int64(1))))))
		found, err := ingot.Select(tree).With(below).All(ctx, db)
		if err != nil || len(found) != 3 {
			t.Errorf("Recursive gave %v, %v", found, err)
		}
		raw, err := ingot.SQL[*customer](ctx, db, "SELECT id, name, joined FROM customer WHERE age > ? ORDER BY id", 35)
		if err != nil || customers(raw) != "ed fred" || !raw[0].Joined.Equal(time.Date(2024, 1, 2, 12, 30, 0, 123456000, time.UTC)) {
			t.Errorf("SQL gave %v, %v", customers(raw), err)
		}
	})

	t.Run("writes", func(t *testing.T) {
		n, err := ingot.Update(u).Set(ingot.C(&u.Age).SetX(ingot.Add(ingot.C(&u.Age), ingot.Value(1))), ingot.N(&u.Nick).SetNull()).
			Where(ingot.Exists(ingot.Select(p).Where(ingot.C(&p.CustomerID).EqX(ingot.C(&u.ID))))).Exec(ctx, db)
		if err != nil || n != 2 {
			t.Errorf("Update: %d, %v", n, err)
		}
		jack, err := ingot.Get[customer](ctx, db, 1)
		if err != nil || jack.Age != 31 || jack.Nick != nil || jack.Rev != 2 {
			t.Errorf("after Update: %+v, %v", jack, err)
		}
		row := &customer{ID: 9, Name: "jack", Age: 7, Joined: jack.Joined}
		if _, err := ingot.Insert(row).OnConflict(&row.Name).DoNothing().Exec(ctx, db); err != nil {
			t.Errorf("DoNothing: %v", err)
		}
		if _, err := ingot.Insert(row).OnConflict(&row.Name).DoUpdate(ingot.C(&row.Age).SetX(ingot.Add(ingot.C(&row.Age), ingot.Excluded(ingot.C(&row.Age))))).Exec(ctx, db); err != nil {
			t.Errorf("DoUpdate: %v", err)
		}
		if _, err := ingot.Insert(row).OnConflict(&row.Name).DoUpdate().Exec(ctx, db); err != nil {
			t.Errorf("DoUpdate of all: %v", err)
		}
		jack, err = ingot.Get[customer](ctx, db, 1)
		if err != nil || jack.Age != 7 || jack.Rev != 4 {
			t.Errorf("after upserts: %+v, %v", jack, err)
		}
		if db.Server().UpdateReturning {
			back, err := ingot.Update(u).Set(ingot.C(&u.Age).Set(8)).Where(ingot.C(&u.ID).Eq(1)).Returning().One(ctx, db)
			if err != nil || back.Age != 8 || !back.Joined.Equal(jack.Joined) {
				t.Errorf("Returning: %+v, %v", back, err)
			}
		} else if _, err := ingot.Update(u).Set(ingot.C(&u.Age).Set(8)).Everywhere().Returning().All(ctx, db); err == nil {
			t.Error("Returning: no error where there is none")
		}
		s := db.Session()
		defer s.Close()
		ed, err := ingot.Get[customer](ctx, s, 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ingot.Update(u).Set(ingot.C(&u.Age).Set(99)).Where(ingot.C(&u.ID).Eq(2)).Exec(ctx, s); err != nil {
			t.Fatal(err)
		}
		if again, err := ingot.Get[customer](ctx, s, 2); err != nil || again != ed || ed.Age != 99 {
			t.Errorf("after Update in a session: %+v, %v", ed, err)
		}
		if n, err := ingot.Delete(u).Where(ingot.C(&u.Name).Eq("chuck")).Exec(ctx, s); err != nil || n != 1 {
			t.Errorf("Delete: %d, %v", n, err)
		}
		if err := s.Commit(ctx); err != nil {
			t.Error(err)
		}
		left, err := ingot.Select(u).All(ctx, db)
		slices.SortFunc(left, func(a, b *customer) int { return cmp.Compare(a.ID, b.ID) })
		if customers(left) != "jack ed fred" {
			t.Errorf("left are %s, %v", customers(left), err)
		}
	})
}

type (
	country struct {
		_      struct{} `ingot:"table:country"`
		Code   string   `ingot:"pk;size:30"`
		Cities []*city  `ingot:"inverse:Country"`
	}
	city struct {
		_           struct{} `ingot:"table:city"`
		ID          int64    `ingot:"pk"`
		CountryCode string   `ingot:"size:30;fk:country.code"`
		Country     *country `ingot:"inverse:Cities"`
	}
)

func (on Database) TestRelationsAreLoadedByKeysOfAnyText(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, country{}, city{})
	codes := []string{"plain", `quo"te`, `back\slash`, "com,ma", "{brace}", "NULL", "it's", "ü€"}
	var all []*country
	for _, code := range codes {
		all = append(all, &country{Code: code, Cities: []*city{{}, {}}})
	}
	s := db.Session()
	defer s.Close()
	for _, c := range all {
		if err := s.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, x := new(country), new(city)
	got, err := ingot.Select(c).Load(&c.Cities).All(t.Context(), db)
	if err != nil || len(got) != len(codes) {
		t.Fatal(len(got), err)
	}
	for _, c := range got {
		if len(c.Cities) != 2 {
			t.Errorf("%q has %d cities", c.Code, len(c.Cities))
		}
	}
	cities, err := ingot.Select(x).Load(&x.Country).All(t.Context(), db)
	if err != nil || len(cities) != 2*len(codes) {
		t.Fatal(len(cities), err)
	}
	for _, x := range cities {
		if x.Country == nil || x.Country.Code != x.CountryCode {
			t.Errorf("city %d of %q has country %v", x.ID, x.CountryCode, x.Country)
		}
	}
}
