package ingot_test

import (
	"context"
	"fmt"

	"ingot"
)

// print shows what an expression is for bob, or over all rows where it is an aggregate or a window.
func print[T any](db *ingot.DB, q ingot.Query[member], what string, e ingot.Expr[T]) {
	vs, err := ingot.Scalars(q, e).All(context.Background(), db)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(what, vs)
}

func Example_functions() {
	db := club(context.Background())
	m := new(member)
	name, age := ingot.C(&m.Name), ingot.C(&m.Age)
	bob := ingot.Select(m).Where(name.Eq("bob"))
	print(db, bob, "Upper", ingot.Upper(name))
	print(db, bob, "Lower", ingot.Lower(ingot.N(&m.Nick)))
	print(db, bob, "Length", ingot.Length(name))
	print(db, bob, "Trim", ingot.Trim(ingot.Value("  text ")))
	print(db, bob, "Concat", ingot.Concat(name, ingot.Value(" alias "), ingot.N(&m.Nick)))
	print(db, bob, "Coalesce", ingot.Coalesce(ingot.N(&m.Nick), name))
	print(db, bob, "Sub", ingot.Sub(age, ingot.Value(1)))
	print(db, bob, "Mul", ingot.Mul(age, ingot.Value(2)))
	print(db, bob, "Div", ingot.Div(age, ingot.Value(3)))
	print(db, bob, "Abs", ingot.Abs(ingot.Value(-5)))
	print(db, bob, "Cast", ingot.Cast[string](age, "text"))
	print(db, bob, "Typed", ingot.Typed[float64](age))
	print(db, bob, "Func", ingot.Func[int]("instr", name, ingot.Value("b")))
	print(db, bob, "Is", ingot.Is(age.Gt(35)))
	// Output:
	// Upper [BOB]
	// Lower [bobby]
	// Length [3]
	// Trim [text]
	// Concat [bob alias Bobby]
	// Coalesce [Bobby]
	// Sub [39]
	// Mul [80]
	// Div [13]
	// Abs [5]
	// Cast [40]
	// Typed [40]
	// Func [1]
	// Is [true]
}

func Example_aggregates() {
	db := club(context.Background())
	m, p := new(member), new(payment)
	paid := ingot.Select(m).LeftJoin(&m.Payments, p)
	print(db, paid, "CountAll", ingot.CountAll())
	print(db, paid, "CountDistinct", ingot.CountDistinct(ingot.C(&m.ID)))
	print(db, paid, "Avg", ingot.Avg(ingot.C(&p.Amount)))
	print(db, paid, "Min", ingot.Min(ingot.C(&p.Amount)))
	print(db, paid.GroupBy(ingot.C(&m.Name)).Having(ingot.CountAll().Gt(1)), "Having", ingot.C(&m.Name))
	// Output:
	// CountAll [4]
	// CountDistinct [3]
	// Avg [20]
	// Min [10]
	// Having [ann]
}

func Example_windows() {
	db := club(context.Background())
	m := new(member)
	name, age := ingot.C(&m.Name), ingot.C(&m.Age)
	all := ingot.Select(m).OrderBy(name.Asc())
	print(db, all, "RowNumber", ingot.Over(ingot.RowNumber()).OrderBy(age.Asc()))
	print(db, all, "Rank", ingot.Over(ingot.Rank()).OrderBy(age.Desc()))
	print(db, all, "DenseRank", ingot.Over(ingot.DenseRank()).OrderBy(age.Desc()))
	print(db, all, "Lag", ingot.Coalesce(ingot.Typed[int](ingot.Over(ingot.Lag(age)).OrderBy(name.Asc())), ingot.Value(-1)))
	print(db, all, "Lead", ingot.Coalesce(ingot.Typed[int](ingot.Over(ingot.Lead(age)).OrderBy(name.Asc())), ingot.Value(-1)))
	print(db, all, "Frame", ingot.Over(ingot.Sum(age)).OrderBy(name.Asc()).Frame("ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"))
	// Output:
	// RowNumber [2 3 1]
	// Rank [2 1 3]
	// DenseRank [2 1 3]
	// Lag [-1 30 40]
	// Lead [40 25 -1]
	// Frame [30 70 65]
}

func Example_conditions() {
	ctx := context.Background()
	db := club(ctx)
	m, p := new(member), new(payment)
	name := ingot.C(&m.Name)
	paid := ingot.Select(p).Where(ingot.C(&p.MemberID).EqX(ingot.C(&m.ID)))
	for _, c := range []ingot.Condition{
		ingot.StartsWith(name, "a"),
		ingot.EndsWith(name, "b"),
		ingot.NotLike(name, "%o%"),
		ingot.ILike(name, "CL%"),
		ingot.NotExists(paid),
		ingot.And(ingot.Exists(paid), ingot.N(&m.Nick).IsNull()),
	} {
		show(ingot.Select(m).Where(c).All(ctx, db))
	}
	// Output:
	// ann <nil>
	// bob <nil>
	// ann <nil>
	// cleo <nil>
	// cleo <nil>
	// ann <nil>
}

func ExampleOrdering_NullsLast() {
	ctx := context.Background()
	db := club(ctx)
	m := new(member)
	nick := ingot.C(&m.Nick).Asc()
	show(ingot.Select(m).OrderBy(nick.NullsLast(), ingot.C(&m.ID).Asc()).All(ctx, db))
	show(ingot.Select(m).OrderBy(nick.NullsFirst(), ingot.C(&m.ID).Asc()).Offset(1).All(ctx, db))
	// Output:
	// bob ann cleo <nil>
	// cleo bob <nil>
}

func ExampleQuery_Except() {
	ctx := context.Background()
	db := club(ctx)
	m, old := new(member), new(member)
	all, over := ingot.Select(m), ingot.Select(old).Where(ingot.C(&old.Age).Ge(30))
	byName := ingot.C(&m.Name).Asc()
	show(all.Except(over).OrderBy(byName).All(ctx, db))
	show(all.Intersect(over).OrderBy(byName).All(ctx, db))
	show(all.UnionAll(over).OrderBy(byName).All(ctx, db))
	// Output:
	// cleo <nil>
	// ann bob <nil>
	// ann ann bob bob cleo <nil>
}

func ExampleConflict_DoNothing() {
	ctx := context.Background()
	db := club(ctx)
	row := &member{Name: "ann", Age: 99}
	fmt.Println(ingot.Insert(row).OnConflict(&row.Name).DoNothing().Exec(ctx, db))
	// Output: 0 <nil>
}

func ExampleDB_DropAll() {
	ctx := context.Background()
	db := club(ctx)
	err := db.DropAll(ctx)
	schema, _ := db.Inspect(ctx)
	fmt.Println(err, len(schema.Tables))
	fmt.Println(db.CreateAll(ctx))
	fmt.Println(ingot.Select(new(member)).Count(ctx, db))
	// Output:
	// <nil> 0
	// <nil>
	// 0 <nil>
}

func ExampleFormatModels() {
	ctx := context.Background()
	db := club(ctx)
	schema, err := db.Inspect(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	source, unsaid, err := ingot.FormatModels(schema, db.Dialect(), "models")
	fmt.Print(source)
	fmt.Println(len(unsaid), err)
	// Output:
	// // Package models has the models of a database, written from its tables.
	// package models
	//
	// import (
	// 	"ingot"
	// )
	//
	// // Models is the metadata.
	// var Models = ingot.MustModels(
	// 	Member{},
	// 	Payment{},
	// )
	//
	// // Member is a row of table member.
	// type Member struct {
	// 	ID        int64  `ingot:"pk;type:integer"`
	// 	Name      string `ingot:"size:30;unique"`
	// 	Nick      *string
	// 	Age       int64
	// 	SponsorID *int64 `ingot:"type:bigint;fk:member.id"`
	//
	// 	Sponsor        *Member    `ingot:"inverse:SponsorMembers;via:sponsor_id"`
	// 	SponsorMembers []*Member  `ingot:"inverse:Sponsor;via:sponsor_id"`
	// 	Payments       []*Payment `ingot:"inverse:Member"`
	// }
	//
	// // Payment is a row of table payment.
	// type Payment struct {
	// 	ID       int64 `ingot:"pk;type:integer"`
	// 	Amount   int64
	// 	MemberID int64 `ingot:"type:bigint;fk:member.id"`
	//
	// 	Member *Member `ingot:"inverse:Payments"`
	// }
	// 0 <nil>
}
