package suite

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"ingot"
)

func (on Database) TestPagesFollowEachOther(t *testing.T) {
	db, _ := on.queries(t)
	u := new(quser)
	for _, tt := range []struct {
		name string
		q    ingot.Query[quser]
		want string
	}{
		{"by key", ingot.Select(u), "jack ed fred chuck"},
		{"by a column, descending", ingot.Select(u).OrderBy(ingot.C(&u.Age).Desc()), "fred ed jack chuck"},
		{"NULL last", ingot.Select(u).OrderBy(ingot.C(&u.Fullname).Asc()), "ed jack fred chuck"},
		{"NULL last, descending", ingot.Select(u).OrderBy(ingot.C(&u.Fullname).Desc()), "jack ed fred chuck"},
		{"NULL first", ingot.Select(u).OrderBy(ingot.C(&u.Fullname).Asc().NullsFirst(), ingot.C(&u.Name).Asc()), "chuck fred ed jack"},
		{"by time, filtered", ingot.Select(u).Where(ingot.C(&u.Age).Gt(0)).OrderBy(ingot.C(&u.Joined).Desc()), "fred ed jack"},
		{"by a chosen field", ingot.Select(u).OrderBy(ingot.Field(u, "name", &u.Name, &u.Age).Asc()), "chuck ed fred jack"},
	} {
		for size := 1; size <= 3; size++ {
			t.Run(fmt.Sprint(tt.name, " in pages of ", size), func(t *testing.T) {
				var all []*quser
				after := ""
				for range 10 {
					us, err := tt.q.Page(size, after).All(t.Context(), db)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, us...)
					if len(us) < size {
						break
					}
					if after, err = tt.q.Cursor(db, us[len(us)-1]); err != nil {
						t.Fatal(err)
					}
				}
				if got := names(all); got != tt.want {
					t.Errorf("pages gave %s; want %s", got, tt.want)
				}
			})
		}
	}
	us, _ := ingot.Select(u).All(t.Context(), db)
	cursor, err := ingot.Select(u).OrderBy(ingot.C(&u.Name).Asc()).Cursor(db, us[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{cursor, "x", "e30", cursor + "?"} {
		if _, err := ingot.Select(u).Page(2, text).All(t.Context(), db); !errors.Is(err, ingot.ErrCursor) {
			t.Errorf("Page(2, %q): %v", text, err)
		}
	}
	if _, err := ingot.Select(u).OrderBy(ingot.Lower(ingot.C(&u.Name)).Asc()).Page(2, "").All(t.Context(), db); err == nil || !strings.Contains(err.Error(), "ordered by an expression") {
		t.Errorf("Page by an expression: %v", err)
	}
}

func (on Database) TestFieldsChosenByUsers(t *testing.T) {
	db, _ := on.queries(t)
	u := new(quser)
	choose := func(name string) ingot.Col[any] { return ingot.Field(u, name, &u.Name, &u.Age, &u.Joined) }
	for _, tt := range []struct {
		name string
		q    ingot.Query[quser]
		want string
	}{
		{"column name", ingot.Select(u).OrderBy(choose("name").Asc()), "chuck ed fred jack"},
		{"Go name", ingot.Select(u).OrderBy(choose("Age").Desc()), "fred ed jack chuck"},
		{"a value of the type", ingot.Select(u).Where(choose("age").Eq(40)), "ed"},
		{"a value as text", ingot.Select(u).Where(choose("age").Eq("40")), "ed"},
		{"a time as text", ingot.Select(u).Where(choose("joined").Gt("2024-04-01")), "chuck"},
	} {
		us, err := tt.q.All(t.Context(), db)
		if got := names(us); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
	for _, name := range []string{"fullname", "id", "", "name; drop table user_account", "1"} {
		_, err := ingot.Select(u).OrderBy(choose(name).Asc()).All(t.Context(), db)
		if e, ok := errors.AsType[*ingot.FieldError](err); !ok || fmt.Sprint(e.Allowed) != "[name age joined]" || e.Name != name {
			t.Errorf("Field(%q): %v", name, err)
		}
	}
	if _, err := ingot.Select(u).Where(choose("age").Eq("forty")).All(t.Context(), db); err == nil || !strings.Contains(err.Error(), "quser.Age") {
		t.Errorf("a value of another type: %v", err)
	}
}
