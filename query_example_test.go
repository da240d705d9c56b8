package ingot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"strings"
	"sync/atomic"
	"time"

	"ingot"
	"ingot/dialects/sqlite"
)

// The examples of queries are about the members of a club and what they paid.

type member struct {
	ID        int64  `ingot:"pk"`
	Name      string `ingot:"size:30;unique"`
	Nick      *string
	Age       int
	SponsorID *int64     `ingot:"fk:member.id"`
	Sponsor   *member    `ingot:"via:SponsorID"`
	Payments  []*payment `ingot:"inverse:Member"`
}

type payment struct {
	ID       int64 `ingot:"pk"`
	Amount   int64
	MemberID int64   `ingot:"fk:member.id"`
	Member   *member `ingot:"inverse:Payments"`
}

var clubs atomic.Int64

// club opens an in-memory database with three members: ann, who paid twice, bob, who paid
// once, and cleo, whom ann sponsors.
func club(ctx context.Context) *ingot.DB {
	pool, err := sql.Open("sqlite", fmt.Sprintf("file:/club%d?vfs=memdb", clubs.Add(1)))
	if err != nil {
		log.Fatal(err)
	}
	db, err := ingot.Open(pool, sqlite.Dialect{}, ingot.Options{Models: ingot.MustModels(member{}, payment{})})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.CreateAll(ctx); err != nil {
		log.Fatal(err)
	}
	ann := &member{Name: "ann", Age: 30, Payments: []*payment{{Amount: 10}, {Amount: 30}}}
	bob := &member{Name: "bob", Age: 40, Nick: new("Bobby"), Payments: []*payment{{Amount: 20}}}
	s := db.Session()
	defer s.Close()
	s.AddAll(ann, bob, &member{Name: "cleo", Age: 25, Sponsor: ann})
	if err := s.Commit(ctx); err != nil {
		log.Fatal(err)
	}
	return db
}

// show prints the names of members.
func show(ms []*member, err error) {
	var names []string
	for _, m := range ms {
		names = append(names, m.Name)
	}
	fmt.Println(strings.Join(names, " "), err)
}

func ExampleSelect() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	ms, err := ingot.Select(m).Where(ingot.C(&m.Age).Ge(30)).OrderBy(ingot.C(&m.Name).Asc()).All(ctx, db)
	show(ms, err)
	// Output: ann bob <nil>
}

func ExampleGet() {
	ctx := context.Background()
	db := club(ctx)
	m, err := ingot.Get[member](ctx, db, 2)
	fmt.Println(m.Name, err)
	_, err = ingot.Get[member](ctx, db, 9)
	fmt.Println(err, errors.Is(err, ingot.ErrNotFound))
	// Output:
	// bob <nil>
	// ingot: no row found: member(9) true
}

func ExampleC() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	ms, err := ingot.Select(m).Where(ingot.C(&m.Name).In("ann", "cleo"), ingot.C(&m.Age).Lt(30)).All(ctx, db)
	show(ms, err)
	ms, err = ingot.Select(m).Where(ingot.C(&m.Nick).Eq(nil)).OrderBy(ingot.C(&m.ID).Asc()).All(ctx, db) // IS NULL
	show(ms, err)
	// Output:
	// cleo <nil>
	// ann cleo <nil>
}

func ExampleN() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	ms, err := ingot.Select(m).Where(ingot.N(&m.Nick).Eq("Bobby")).All(ctx, db)
	show(ms, err)
	// Output: bob <nil>
}

func ExampleQuery_Join() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	ms, err := ingot.Select(m).Join(&m.Payments, p).Where(ingot.C(&p.Amount).Ge(10)).OrderBy(ingot.C(&m.ID).Asc()).All(ctx, db)
	show(ms, err) // ann once, though she paid twice
	// Output: ann bob <nil>
}

func ExampleQuery_LeftJoin() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	ms, err := ingot.Select(m).LeftJoin(&m.Payments, p).Where(ingot.C(&p.ID).IsNull()).All(ctx, db)
	show(ms, err)
	// Output: cleo <nil>
}

// Two variables of one type are a self-join.
func ExampleQuery_JoinOn() {
	ctx := context.Background()
	db := club(ctx)
	m, older := new(member), new(member)
	ms, err := ingot.Select(m).JoinOn(older, ingot.C(&older.Age).GtX(ingot.C(&m.Age))).OrderBy(ingot.C(&m.ID).Asc()).All(ctx, db)
	show(ms, err)
	// Output: ann cleo <nil>
}

func ExampleQuery_Duplicates() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	ms, err := ingot.Select(m).Join(&m.Payments, p).OrderBy(ingot.C(&p.ID).Asc()).Duplicates().All(ctx, db)
	show(ms, err)
	// Output: ann ann bob <nil>
}

func ExampleQuery_Load() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	ms, err := ingot.Select(m).OrderBy(ingot.C(&m.ID).Asc()).
		Load(&m.Payments, ingot.As(p), ingot.Sort(ingot.C(&p.Amount).Desc()), ingot.Top(1)).
		Load(&m.Sponsor).
		All(ctx, db)
	for _, m := range ms {
		fmt.Print(m.Name)
		for _, p := range m.Payments {
			fmt.Print(" paid ", p.Amount)
		}
		if m.Sponsor != nil {
			fmt.Print(" sponsored by ", m.Sponsor.Name)
		}
		fmt.Println()
	}
	fmt.Println(err)
	// Output:
	// ann paid 30
	// bob paid 20
	// cleo sponsored by ann
	// <nil>
}

func ExampleFilter() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	ann, err := ingot.Select(m).Where(ingot.C(&m.Name).Eq("ann")).Load(&m.Payments, ingot.As(p), ingot.Filter(ingot.C(&p.Amount).Gt(10))).One(ctx, db)
	fmt.Println(len(ann.Payments), ann.Payments[0].Amount, err)
	// Output: 1 30 <nil>
}

func ExampleQuery_One() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	bob, err := ingot.Select(m).Where(ingot.C(&m.Name).Eq("bob")).One(ctx, db)
	fmt.Println(bob.Age, err)
	_, err = ingot.Select(m).One(ctx, db)
	fmt.Println(err, errors.Is(err, ingot.ErrMultiple))
	// Output:
	// 40 <nil>
	// ingot: more than one row found: member true
}

func ExampleQuery_First() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	oldest, err := ingot.Select(m).OrderBy(ingot.C(&m.Age).Desc()).First(ctx, db)
	fmt.Println(oldest.Name, err)
	// Output: bob <nil>
}

func ExampleQuery_Count() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	n, err := ingot.Select(m).Join(&m.Payments, p).Count(ctx, db) // as many as All gives
	fmt.Println(n, err)
	// Output: 2 <nil>
}

func ExampleQuery_Exists() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	ok, err := ingot.Select(m).Where(ingot.C(&m.Age).Gt(65)).Exists(ctx, db)
	fmt.Println(ok, err)
	// Output: false <nil>
}

func ExampleMemberOf() {
	ctx, db := exampleAlbums()
	s := db.Session()
	defer s.Close()
	t := new(Track)
	album, _ := ingot.Get[Album](ctx, s, 1)
	album.Tracks = append(album.Tracks, &Track{Number: 3, Title: "All Blues"}) // to those that are not loaded
	tracks := ingot.Select(t).Where(ingot.MemberOf(t, album, &album.Tracks))
	n, _ := tracks.Count(ctx, s)
	third, _ := tracks.Where(ingot.C(&t.Number).Eq(3)).Exists(ctx, s)
	fmt.Println(n, third, s.Loaded(album, &album.Tracks))
	// Output: 3 true partial
}

func ExampleQuery_Iter() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	for x, err := range ingot.Select(m).OrderBy(ingot.C(&m.ID).Asc()).Iter(ctx, db) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(x.Name)
		if x.Name == "bob" {
			break // closes the rows
		}
	}
	// Output:
	// ann
	// bob
}

func ExampleQuery_Page() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	q := ingot.Select(m).OrderBy(ingot.C(&m.Age).Desc())
	page, err := q.Page(2, "").All(ctx, db)
	show(page, err)
	next, err := q.Cursor(db, page[1])
	if err != nil {
		log.Fatal(err)
	}
	page, err = q.Page(2, next).All(ctx, db)
	show(page, err)
	// Output:
	// bob ann <nil>
	// cleo <nil>
}

func ExampleQuery_Only() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	bob, err := ingot.Select(m).Only(&m.Name).Where(ingot.C(&m.Name).Eq("bob")).One(ctx, db)
	fmt.Println(bob.ID, bob.Name, bob.Age, err) // the age was not asked for
	// Output: 2 bob 0 <nil>
}

func ExampleQuery_SQL() {
	db := club(context.Background())
	p := new(payment)
	text, args, err := ingot.Select(p).Where(ingot.C(&p.Amount).Between(5, 15)).OrderBy(ingot.C(&p.ID).Desc()).Limit(3).SQL(db)
	fmt.Println(text, args, err)
	// Output: SELECT t1."id", t1."amount", t1."member_id" FROM "payment" AS t1 WHERE t1."amount" BETWEEN ? AND ? ORDER BY t1."id" DESC LIMIT 3 [5 15] <nil>
}

// A query is locked on databases that lock rows; SQLite locks as a whole.
func ExampleQuery_ForUpdate() {
	ctx := context.Background()
	db := club(ctx)
	err := db.Transaction(ctx, func(s *ingot.Session) error {
		p := new(payment)
		due, err := ingot.Select(p).OrderBy(ingot.C(&p.ID).Asc()).Limit(1).ForUpdate(ingot.SkipLocked).One(ctx, s)
		if err != nil {
			return err
		}
		due.Amount = 11
		return nil
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleOr() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	ms, err := ingot.Select(m).Where(ingot.Or(ingot.C(&m.Age).Lt(30), ingot.Not(ingot.C(&m.Nick).IsNull()))).OrderBy(ingot.C(&m.ID).Asc()).All(ctx, db)
	show(ms, err)
	// Output: bob cleo <nil>
}

func ExampleLike() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	ms, err := ingot.Select(m).Where(ingot.Like(ingot.C(&m.Name), "%o%")).OrderBy(ingot.C(&m.ID).Asc()).All(ctx, db)
	show(ms, err)
	ms, err = ingot.Select(m).Where(ingot.ContainsText(ingot.C(&m.Name), "%")).All(ctx, db) // a percent sign, not a pattern
	show(ms, err)
	// Output:
	// bob cleo <nil>
	//  <nil>
}

// Text of SQL has to be a constant; columns and values go in as arguments.
func ExampleCond() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	ms, err := ingot.Select(m).Where(ingot.Cond("substr(?, 1, 1) = ?", ingot.C(&m.Name), "a")).All(ctx, db)
	show(ms, err)
	// Output: ann <nil>
}

func ExampleRaw() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	ms, err := ingot.Select(m).Where(ingot.Raw[int]("? % 4", ingot.C(&m.Age)).Eq(1)).All(ctx, db)
	show(ms, err)
	// Output: cleo <nil>
}

func ExampleExists() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	ms, err := ingot.Select(m).Where(ingot.Exists(ingot.Select(p).Where(ingot.C(&p.MemberID).EqX(ingot.C(&m.ID)), ingot.C(&p.Amount).Gt(25)))).All(ctx, db)
	show(ms, err)
	// Output: ann <nil>
}

func ExampleScalar() {
	ctx := context.Background()
	db := club(ctx)
	m, x := new(member), new(member)
	youngest := ingot.Scalar(ingot.Scalars(ingot.Select(x), ingot.Min(ingot.C(&x.Age))))
	ms, err := ingot.Select(m).Where(ingot.C(&m.Age).EqX(youngest)).All(ctx, db)
	show(ms, err)
	// Output: cleo <nil>
}

func ExampleCase() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	group := ingot.Case(ingot.When(ingot.C(&m.Age).Lt(30), ingot.Value("young"))).Else(ingot.Value("grown"))
	groups, err := ingot.Scalars(ingot.Select(m).OrderBy(ingot.C(&m.ID).Asc()), group).All(ctx, db)
	fmt.Println(groups, err)
	// Output: [grown grown young] <nil>
}

func ExampleOver() {
	ctx := context.Background()
	db := club(ctx)
	p := new(payment)
	sums, err := ingot.Scalars(ingot.Select(p).OrderBy(ingot.C(&p.ID).Asc()),
		ingot.Over(ingot.Sum(ingot.C(&p.Amount))).PartitionBy(ingot.C(&p.MemberID)).OrderBy(ingot.C(&p.ID).Asc())).All(ctx, db)
	fmt.Println(sums, err)
	// Output: [10 40 20] <nil>
}

func ExampleProject() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	r := new(struct {
		Name string
		N    int64
		Sum  *int64 // nil where nothing was paid
	})
	rows, err := ingot.Project(ingot.Select(m).LeftJoin(&m.Payments, p).GroupBy(ingot.C(&m.Name)).OrderBy(ingot.C(&m.Name).Asc()), r,
		ingot.Into(&r.Name, ingot.C(&m.Name)),
		ingot.Into(&r.N, ingot.Count(ingot.C(&p.ID))),
		ingot.Into(&r.Sum, ingot.Nullable(ingot.Sum(ingot.C(&p.Amount))))).All(ctx, db)
	for _, r := range rows {
		if r.Sum != nil {
			fmt.Println(r.Name, r.N, *r.Sum)
		} else {
			fmt.Println(r.Name, r.N)
		}
	}
	fmt.Println(err)
	// Output:
	// ann 2 40
	// bob 1 20
	// cleo 0
	// <nil>
}

func ExampleScalars() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	ages, err := ingot.Scalars(ingot.Select(m).OrderBy(ingot.C(&m.Age).Asc()), ingot.C(&m.Age)).All(ctx, db)
	fmt.Println(ages, err)
	oldest, err := ingot.Scalars(ingot.Select(m), ingot.Max(ingot.C(&m.Age))).One(ctx, db)
	fmt.Println(oldest, err)
	// Output:
	// [25 30 40] <nil>
	// 40 <nil>
}

func ExampleSQL() {
	ctx := context.Background()
	db := club(ctx)
	ms, err := ingot.SQL[*member](ctx, db, "SELECT * FROM member WHERE age > ? ORDER BY id", 28)
	show(ms, err)
	n, err := ingot.SQL[int64](ctx, db, "SELECT count(*) FROM payment")
	fmt.Println(n, err)
	// Output:
	// ann bob <nil>
	// [3] <nil>
}

// A field chosen by a user is one of those allowed.
func ExampleField() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	for _, sort := range []string{"age", "password"} {
		ms, err := ingot.Select(m).OrderBy(ingot.Field(m, sort, &m.Name, &m.Age).Asc()).All(ctx, db)
		show(ms, err)
	}
	// Output:
	// cleo ann bob <nil>
	//  ingot: no field "password" to sort or filter by; there are name, age
}

func ExampleQuery_Union() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	young := ingot.Select(m).Where(ingot.C(&m.Age).Lt(28))
	named := ingot.Select(m).Where(ingot.C(&m.Nick).NotNull())
	ms, err := young.Union(named).OrderBy(ingot.C(&m.ID).Asc()).All(ctx, db)
	show(ms, err)
	// Output: bob cleo <nil>
}

func ExampleCTE() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	paid := new(struct{ MemberID, Sum int64 })
	sums := ingot.CTE(paid, ingot.Project(ingot.Select(p).GroupBy(ingot.C(&p.MemberID)), paid,
		ingot.Into(&paid.MemberID, ingot.C(&p.MemberID)), ingot.Into(&paid.Sum, ingot.Sum(ingot.C(&p.Amount)))))
	ms, err := ingot.Select(m).With(sums).JoinOn(paid, ingot.C(&paid.MemberID).EqX(ingot.C(&m.ID))).Where(ingot.C(&paid.Sum).Gt(30)).All(ctx, db)
	show(ms, err)
	// Output: ann <nil>
}

func ExampleRecursive() {
	ctx := context.Background()
	db := club(ctx)
	m, next := new(member), new(member)
	chain := new(struct {
		ID    int64
		Depth int
	})
	below := ingot.Recursive(chain,
		ingot.Project(ingot.Select(m).Where(ingot.C(&m.Name).Eq("ann")), chain,
			ingot.Into(&chain.ID, ingot.C(&m.ID)), ingot.Into(&chain.Depth, ingot.Value(0))),
		ingot.Project(ingot.Select(next).JoinOn(chain, ingot.N(&next.SponsorID).EqX(ingot.C(&chain.ID))), chain,
			ingot.Into(&chain.ID, ingot.C(&next.ID)), ingot.Into(&chain.Depth, ingot.Add(ingot.C(&chain.Depth), ingot.Value(1)))))
	rows, err := ingot.Select(chain).With(below).OrderBy(ingot.C(&chain.Depth).Asc()).All(ctx, db)
	for _, r := range rows {
		fmt.Println(r.ID, r.Depth)
	}
	fmt.Println(err)
	// Output:
	// 1 0
	// 3 1
	// <nil>
}

func ExampleInsert() {
	ctx := context.Background()
	db := club(ctx)
	n, err := ingot.Insert(&member{Name: "dan", Age: 50}, &member{Name: "eve", Age: 60}).Exec(ctx, db)
	fmt.Println(n, err)
	row := &member{Name: "ann", Age: 31}
	n, err = ingot.Insert(row).OnConflict(&row.Name).DoUpdate(ingot.C(&row.Age).SetX(ingot.Excluded(ingot.C(&row.Age)))).Exec(ctx, db)
	fmt.Println(n, err)
	ann, err := ingot.Get[member](ctx, db, 1)
	fmt.Println(ann.Name, ann.Age, err)
	// Output:
	// 2 <nil>
	// 1 <nil>
	// ann 31 <nil>
}

func ExampleUpdate() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	n, err := ingot.Update(m).Set(ingot.C(&m.Age).SetX(ingot.Add(ingot.C(&m.Age), ingot.Value(1))), ingot.C(&m.Nick).SetNull()).
		Where(ingot.C(&m.Name).Ne("cleo")).Exec(ctx, db)
	fmt.Println(n, err)
	ms, err := ingot.Update(m).Set(ingot.C(&m.Age).Set(0)).Where(ingot.C(&m.ID).Eq(1)).Returning().All(ctx, db)
	show(ms, err)
	_, err = ingot.Update(m).Set(ingot.C(&m.Age).Set(0)).Exec(ctx, db)
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// ann <nil>
	// ingot: statement without Where: update of member would touch every row; if that is meant, say Everywhere
}

func ExampleDelete() {
	ctx := context.Background()
	db := club(ctx)
	p := new(payment)
	n, err := ingot.Delete(p).Where(ingot.C(&p.Amount).Lt(15)).Exec(ctx, db)
	fmt.Println(n, err)
	n, err = ingot.Delete(p).Everywhere().Exec(ctx, db)
	fmt.Println(n, err)
	// Output:
	// 1 <nil>
	// 2 <nil>
}

func ExampleQuery_LeftJoinOn() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	ms, err := ingot.Select(m).
		LeftJoinOn(p, ingot.C(&p.MemberID).EqX(ingot.C(&m.ID)), ingot.C(&p.Amount).Gt(25)).
		Where(ingot.C(&p.ID).IsNull()).OrderBy(ingot.C(&m.ID).Asc()).All(ctx, db)
	show(ms, err) // who never paid more than 25
	// Output: bob cleo <nil>
}

func ExampleQuery_Distinct() {
	ctx := context.Background()
	db := club(ctx)
	p := new(payment)
	payers, err := ingot.Scalars(ingot.Select(p).Distinct().OrderBy(ingot.C(&p.MemberID).Asc()), ingot.C(&p.MemberID)).All(ctx, db)
	fmt.Println(payers, err)
	// Output: [1 2] <nil>
}

func ExampleQuery_Defer() {
	type Song struct {
		ID     int64 `ingot:"pk"`
		Title  string
		Lyrics string `ingot:"deferred"` // long, and seldom needed
	}
	ctx := context.Background()
	db := exampleDB(ingot.MustModels(Song{}))
	if err := db.CreateAll(ctx); err != nil {
		log.Fatal(err)
	}
	if _, err := ingot.Insert(&Song{Title: "Carey", Lyrics: "The wind is in"}).Exec(ctx, db); err != nil {
		log.Fatal(err)
	}
	s := new(Song)
	for _, q := range []ingot.Query[Song]{
		ingot.Select(s),
		ingot.Select(s).Undefer(&s.Lyrics),
		ingot.Select(s).Defer(&s.Title),
	} {
		song, err := q.One(ctx, db)
		fmt.Printf("%q %q %v\n", song.Title, song.Lyrics, err)
	}
	// Output:
	// "Carey" "" <nil>
	// "Carey" "The wind is in" <nil>
	// "" "" <nil>
}

// On PostgreSQL and MySQL the statement ends in FOR SHARE and NOWAIT: nobody changes the
// row until the transaction ends, and one that is being changed is ErrLock at once. SQLite
// locks as a whole.
func ExampleQuery_ForShare() {
	ctx := context.Background()
	db := club(ctx)
	err := db.Transaction(ctx, func(s *ingot.Session) error {
		m := new(member)
		ann, err := ingot.Select(m).Where(ingot.C(&m.ID).Eq(1)).ForShare(ingot.NoWait).One(ctx, s)
		if errors.Is(err, ingot.ErrLock) {
			return errors.New("ann is being edited: try again later")
		}
		if err != nil {
			return err
		}
		return s.Add(&payment{MemberID: ann.ID, Amount: int64(ann.Age)})
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleQuery_Cursor() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	q := ingot.Select(m).OrderBy(ingot.C(&m.Age).Asc())
	_, err := q.Page(2, "what a user typed").All(ctx, db)
	fmt.Println(errors.Is(err, ingot.ErrCursor))
	first, err := q.Page(2, "").All(ctx, db)
	if err != nil {
		log.Fatal(err)
	}
	cursor, err := q.Cursor(db, first[1]) // goes into the link to the next page
	if err != nil {
		log.Fatal(err)
	}
	show(q.Page(2, cursor).All(ctx, db))
	// Output:
	// true
	// bob <nil>
}

func ExampleNow() {
	ctx := context.Background()
	db := club(ctx)
	past, err := ingot.Select(new(member)).Where(ingot.Now[time.Time]().Gt(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))).Exists(ctx, db)
	fmt.Println(past, err)
	// Output: true <nil>
}

// A query for values has what one for instances has.
func ExampleValues() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	ages := ingot.Scalars(ingot.Select(m).OrderBy(ingot.C(&m.Age).Asc()), ingot.C(&m.Age))
	fmt.Println(ages.First(ctx, db))
	fmt.Println(ages.Count(ctx, db))
	fmt.Println(ages.Exists(ctx, db))
	for age, err := range ages.Iter(ctx, db) {
		fmt.Println(age, err)
	}
	fmt.Println(ages.SQL(db))

	members := ingot.Scalars(ingot.Select(m), ingot.C(&m.ID))
	payers := ingot.Scalars(ingot.Select(p), ingot.C(&p.MemberID))
	fmt.Println(members.Except(payers).All(ctx, db))
	fmt.Println(members.Intersect(payers).Count(ctx, db))
	fmt.Println(members.Union(payers).Count(ctx, db))
	fmt.Println(members.UnionAll(payers).Count(ctx, db))
	// Output:
	// 25 <nil>
	// 3 <nil>
	// true <nil>
	// 25 <nil>
	// 30 <nil>
	// 40 <nil>
	// SELECT t1."age" FROM "member" AS t1 ORDER BY t1."age" [] <nil>
	// [3] <nil>
	// 2 <nil>
	// 3 <nil>
	// 6 <nil>
}

// Rows that were refused because they are there already do not come back.
func ExampleInsertQuery_Returning() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	fresh, err := ingot.Insert(&member{Name: "ann"}, &member{Name: "dan", Age: 50}).As(m).
		OnConflict(&m.Name).DoNothing().Returning().All(ctx, db)
	for _, x := range fresh {
		fmt.Println(x.ID, x.Name)
	}
	fmt.Println(err)
	// Output:
	// 4 dan
	// <nil>
}

func ExampleReturning_One() {
	ctx := context.Background()
	db := club(ctx)
	p := new(payment)
	gone, err := ingot.Delete(p).Where(ingot.C(&p.ID).Eq(1)).Returning().One(ctx, db)
	fmt.Println(gone.Amount, err)
	_, err = ingot.Delete(p).Where(ingot.C(&p.ID).Eq(1)).Returning().One(ctx, db)
	fmt.Println(errors.Is(err, ingot.ErrNotFound))
	// Output:
	// 10 <nil>
	// true
}

func ExampleUpdateQuery_Everywhere() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	older := ingot.Update(m).Set(ingot.C(&m.Age).SetX(ingot.Add(ingot.C(&m.Age), ingot.Value(1))))
	_, err := older.Exec(ctx, db)
	fmt.Println(errors.Is(err, ingot.ErrNoWhere))
	fmt.Println(older.Everywhere().Exec(ctx, db))
	// Output:
	// true
	// 3 <nil>
}

func ExampleFieldError() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	_, err := ingot.Select(m).OrderBy(ingot.Field(m, "password", &m.Name, &m.Age).Asc()).All(ctx, db)
	if e, ok := errors.AsType[*ingot.FieldError](err); ok { // the user's mistake, not the program's
		fmt.Printf("cannot sort by %s; choose from %v\n", e.Name, e.Allowed)
	}
	// Output: cannot sort by password; choose from [name age]
}
