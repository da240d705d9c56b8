package suite

import (
	"fmt"
	"strings"
	"testing"

	"ingot"
)

func (on Database) TestSetOperations(t *testing.T) {
	db, echo := on.queries(t)
	u := new(quser)
	young := ingot.Select(u).Where(ingot.C(&u.Age).Lt(45))
	old := ingot.Select(u).Where(ingot.C(&u.Age).Gt(35))
	for _, tt := range []struct {
		name string
		q    ingot.Query[quser]
		want string
	}{
		{"union", young.Union(old).OrderBy(ingot.C(&u.ID).Asc()), "jack ed fred chuck"},
		{"union all", young.UnionAll(old).OrderBy(ingot.C(&u.ID).Asc()), "jack ed ed fred chuck"},
		{"intersect", young.Intersect(old), "ed"},
		{"except", young.Except(old).OrderBy(ingot.C(&u.ID).Desc()), "chuck jack"},
		{"where and limit after", young.Union(old).Where(ingot.C(&u.Name).Ne("jack")).OrderBy(ingot.C(&u.ID).Asc()).Limit(2), "ed fred"},
		{"limits inside", young.OrderBy(ingot.C(&u.Age).Asc()).Limit(1).Union(old.OrderBy(ingot.C(&u.Age).Desc()).Limit(1)).OrderBy(ingot.C(&u.ID).Asc()), "fred chuck"},
		{"of three", young.Union(old).Except(ingot.Select(u).Where(ingot.C(&u.ID).Eq(7))).OrderBy(ingot.C(&u.ID).Asc()), "ed fred chuck"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			us, err := tt.q.All(t.Context(), db)
			if err != nil || names(us) != tt.want {
				t.Errorf("%s\ngave %s, %v; want %s", strings.Join(echo.take(), "\n"), names(us), err, tt.want)
			}
			if n, err := tt.q.Count(t.Context(), db); err != nil || n != len(us) {
				t.Errorf("%s\nCount gave %d, %v", strings.Join(echo.take(), "\n"), n, err)
			}
			echo.take()
		})
	}
	us, err := young.Union(old).OrderBy(ingot.C(&u.ID).Asc()).Load(&u.Addresses).All(t.Context(), db)
	if err != nil || len(us[1].Addresses) != 3 {
		t.Errorf("Load of a union: %v", err)
	}
	ages, err := ingot.Scalars(young, ingot.C(&u.Age)).Intersect(ingot.Scalars(old, ingot.C(&u.Age))).All(t.Context(), db)
	if err != nil || fmt.Sprint(ages) != "[40]" {
		t.Errorf("Intersect of values: %v, %v\n%s", ages, err, echo.take())
	}
	if _, err := young.Load(&u.Orders).Union(old).All(t.Context(), db); err == nil || !strings.Contains(err.Error(), "Only, Defer or Load") {
		t.Errorf("Union of a query with Load: %v", err)
	}
}

func (on Database) TestCommonTableExpressions(t *testing.T) {
	db, echo := on.queries(t)
	u, o := new(quser), new(qorder)
	sum := new(struct {
		UserID int64
		Total  int64
	})
	totals := ingot.CTE(sum, ingot.Project(ingot.Select(o).GroupBy(ingot.C(&o.UserID)), sum,
		ingot.Into(&sum.UserID, ingot.C(&o.UserID)), ingot.Into(&sum.Total, ingot.Sum(ingot.C(&o.Total)))))
	us, err := ingot.Select(u).With(totals).JoinOn(sum, ingot.C(&sum.UserID).EqX(ingot.C(&u.ID))).Where(ingot.C(&sum.Total).Gt(70)).All(t.Context(), db)
	if err != nil || names(us) != "jack" {
		t.Errorf("a joined CTE: %v, %v\n%s", names(us), err, strings.Join(echo.take(), "\n"))
	}
	sums, err := ingot.Select(sum).With(totals).OrderBy(ingot.C(&sum.Total).Asc()).All(t.Context(), db)
	if err != nil || len(sums) != 2 || sums[0].Total != 60 || sums[1].UserID != 7 {
		t.Errorf("a selected CTE: %+v, %v\n%s", sums, err, strings.Join(echo.take(), "\n"))
	}

	n, c := new(qnode), new(qnode)
	tree := new(struct {
		ID    int64
		Depth int
	})
	below := ingot.Recursive(tree,
		ingot.Project(ingot.Select(n).Where(ingot.C(&n.ID).Eq(1)), tree, ingot.Into(&tree.ID, ingot.C(&n.ID)), ingot.Into(&tree.Depth, ingot.Value(0))),
		ingot.Project(ingot.Select(c).JoinOn(tree, ingot.N(&c.ParentID).EqX(ingot.C(&tree.ID))), tree,
			ingot.Into(&tree.Depth, ingot.Add(ingot.C(&tree.Depth), ingot.Value(1))), ingot.Into(&tree.ID, ingot.C(&c.ID))))
	rows, err := ingot.Select(tree).With(below).OrderBy(ingot.C(&tree.ID).Asc()).All(t.Context(), db)
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprint(*r))
	}
	if s := strings.Join(got, " "); err != nil || s != "{1 0} {2 1} {3 1} {4 2}" {
		t.Errorf("a tree: %s, %v\n%s", s, err, strings.Join(echo.take(), "\n"))
	}
	ns, err := ingot.Select(n).With(below).Where(ingot.C(&n.ID).InX(ingot.Scalars(ingot.Select(tree).Where(ingot.C(&tree.Depth).Gt(0)), ingot.C(&tree.ID)))).Count(t.Context(), db)
	if err != nil || ns != 3 {
		t.Errorf("instances of a tree: %d, %v\n%s", ns, err, strings.Join(echo.take(), "\n"))
	}

	// In a session too: what has no key is not tracked.
	s := db.Session()
	defer s.Close()
	if rows, err := ingot.Select(tree).With(below).All(t.Context(), s); err != nil || len(rows) != 4 {
		t.Errorf("a CTE in a session: %v, %v", rows, err)
	}
	if _, err := ingot.Select(tree).All(t.Context(), db); err == nil || !strings.Contains(err.Error(), "is not in the metadata") {
		t.Errorf("a CTE that With does not name: %v", err)
	}
}
