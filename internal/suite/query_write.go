package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ingot"
)

type qcounter struct {
	_       struct{} `ingot:"table:counter"`
	ID      int64    `ingot:"pk"`
	Word    string   `ingot:"unique"`
	N       int
	Rev     int       `ingot:"version"`
	Changed time.Time `ingot:"updated"`
	Note    *string
}

func counters(t testing.TB, db *ingot.DB) string {
	t.Helper()
	c := new(qcounter)
	cs, err := ingot.Select(c).OrderBy(ingot.C(&c.ID).Asc()).All(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range cs {
		fmt.Fprintf(&b, "%d:%s=%d/%d ", c.ID, c.Word, c.N, c.Rev)
	}
	return strings.TrimSpace(b.String())
}

func (on Database) TestInsert(t *testing.T) {
	db, sent := on.queries(t)
	ctx := t.Context()
	n, err := ingot.Insert(&qcounter{Word: "a", N: 1}, &qcounter{Word: "b"}, &qcounter{ID: 70, Word: "c"}).Exec(ctx, db)
	if err != nil || n != 3 {
		t.Fatalf("%d, %v", n, err)
	}
	if got := counters(t, db); got != "1:a=1/1 2:b=0/1 70:c=0/1" {
		t.Errorf("rows %s", got)
	}
	if got := sent.ops(); !slices.Equal(got, []string{"begin", "insert", "insert", "commit", "select"}) {
		t.Errorf("sent %q", got)
	}

	if _, err := ingot.Insert(&qcounter{Word: "d"}, &qcounter{ID: 70, Word: "e"}).Exec(ctx, db); !errors.Is(err, ingot.ErrConstraint) {
		t.Errorf("a row that exists: %v", err)
	}
	if got := counters(t, db); strings.Contains(got, "d") {
		t.Errorf("a failed insert left %s", got)
	}

	row := &qcounter{Word: "a", N: 5}
	n, err = ingot.Insert(row).OnConflict(&row.Word).DoNothing().Exec(ctx, db)
	if err != nil || n != 0 {
		t.Errorf("DoNothing: %d, %v", n, err)
	}
	n, err = ingot.Insert(row).OnConflict(&row.Word).DoUpdate(ingot.C(&row.N).SetX(ingot.Add(ingot.C(&row.N), ingot.Excluded(ingot.C(&row.N))))).Exec(ctx, db)
	if err != nil || n != 1 {
		t.Errorf("DoUpdate: %d, %v", n, err)
	}
	if got := counters(t, db); !strings.HasPrefix(got, "1:a=6/2") {
		t.Errorf("rows %s", got)
	}
	back, err := ingot.Insert(&qcounter{Word: "a", N: 9}, &qcounter{Word: "z", N: 2}).OnConflict(&row.Word).DoUpdate().Returning().All(ctx, db)
	if err == nil || !strings.Contains(err.Error(), "no field of its variables") {
		t.Errorf("a conflict on another struct's field: %v, %v", back, err)
	}
	back, err = ingot.Insert(&qcounter{Word: "a", N: 9}, &qcounter{Word: "z", N: 2}).As(row).OnConflict(&row.Word).DoUpdate().Returning().All(ctx, db)
	if !db.Server().InsertReturning {
		wantErr(t, err, "cannot give back the rows of an insert of qcounter")
	} else if err != nil || len(back) != 2 || back[0].N != 9 || back[0].Rev != 3 || back[0].ID != 1 || back[1].Word != "z" || back[1].Changed.IsZero() {
		t.Errorf("Returning: %+v, %v", back, err)
	}
	if n, err := ingot.Insert[qcounter]().Exec(ctx, db); n != 0 || err != nil {
		t.Errorf("Insert of nothing: %d, %v", n, err)
	}
	if _, err := ingot.Insert[qcounter](nil).Exec(ctx, db); err == nil {
		t.Error("Insert(nil): no error")
	}
}

func (on Database) TestInsertGoesInBatches(t *testing.T) {
	db, echo := on.queries(t, func(s *ingot.Server) { s.BatchRows = 4 })
	var rows []*qcounter
	for i := range 10 {
		rows = append(rows, &qcounter{Word: fmt.Sprint(i)})
	}
	if n, err := ingot.Insert(rows...).Exec(t.Context(), db); err != nil || n != 10 {
		t.Fatalf("%d, %v", n, err)
	}
	if got := strings.Count(strings.Join(echo.take(), "\n"), "INSERT"); got != 3 {
		t.Errorf("%d statements, want 3", got)
	}
}

func (on Database) TestUpdateAndDelete(t *testing.T) {
	db, echo := on.queries(t)
	ctx := t.Context()
	if _, err := ingot.Insert(&qcounter{Word: "a", N: 1}, &qcounter{Word: "b", N: 2}, &qcounter{Word: "c", N: 3}).Exec(ctx, db); err != nil {
		t.Fatal(err)
	}
	echo.take()
	c, u := new(qcounter), new(quser)
	n, err := ingot.Update(c).Set(ingot.C(&c.N).Set(0), ingot.C(&c.Note).SetNull()).Where(ingot.C(&c.Word).Ne("c")).Exec(ctx, db)
	if err != nil || n != 2 || counters(t, db) != "1:a=0/2 2:b=0/2 3:c=3/1" {
		t.Errorf("Update: %d, %v, %s", n, err, counters(t, db))
	}
	if got := plain(echo.take()[0]); got != "UPDATE counter SET n = ?, note = NULL, rev = counter.rev + 1, changed = ? WHERE counter.word <> ?" {
		t.Errorf("sent %s", got)
	}
	n, err = ingot.Update(c).Set(ingot.C(&c.N).SetX(ingot.Add(ingot.C(&c.N), ingot.Value(10)))).Everywhere().Exec(ctx, db)
	if err != nil || n != 3 || counters(t, db) != "1:a=10/3 2:b=10/3 3:c=13/2" {
		t.Errorf("Update: %d, %v, %s", n, err, counters(t, db))
	}
	noted := ingot.Update(c).Set(ingot.N(&c.Note).Set("x")).Where(ingot.C(&c.ID).Eq(3))
	back, err := noted.Returning().One(ctx, db)
	if !db.Server().UpdateReturning {
		wantErr(t, err, "cannot give back the rows of an update of qcounter")
		_, err = noted.Exec(ctx, db)
		must(t, err)
		back, err = ingot.Get[qcounter](ctx, db, 3)
	}
	if err != nil || *back.Note != "x" || back.Rev != 3 {
		t.Errorf("Returning: %+v, %v", back, err)
	}
	n, err = ingot.Delete(c).Where(ingot.NotExists(ingot.Select(u).Where(ingot.C(&u.ID).EqX(ingot.Add(ingot.C(&c.ID), ingot.Value[int64](6)))))).Exec(ctx, db)
	if err != nil || n != 0 {
		t.Errorf("Delete: %d, %v", n, err)
	}
	going := ingot.Delete(c).Where(ingot.C(&c.N).Eq(10))
	gone, err := going.Returning().All(ctx, db)
	if !db.Server().DeleteReturning {
		wantErr(t, err, "cannot give back the rows of a delete of qcounter")
		gone = []*qcounter{nil, nil}
		n, err = going.Exec(ctx, db)
		gone = gone[:n]
	}
	if err != nil || len(gone) != 2 || counters(t, db) != "3:c=13/3" {
		t.Errorf("Delete: %+v, %v, %s", gone, err, counters(t, db))
	}

	for _, tt := range []struct {
		name string
		err  func() error
		want string
	}{
		{"delete without where", func() error { _, err := ingot.Delete(c).Exec(ctx, db); return err }, "statement without Where"},
		{"update without where", func() error { _, err := ingot.Update(c).Set(ingot.C(&c.N).Set(1)).Exec(ctx, db); return err }, "say Everywhere"},
		{"update without set", func() error { _, err := ingot.Update(c).Everywhere().Exec(ctx, db); return err }, "without Set"},
		{"set twice", func() error {
			_, err := ingot.Update(c).Set(ingot.C(&c.N).Set(1), ingot.C(&c.N).Set(2)).Everywhere().Exec(ctx, db)
			return err
		}, "qcounter.N is set twice"},
		{"set of another table", func() error {
			_, err := ingot.Update(c).Set(ingot.C(&u.Age).Set(1)).Everywhere().Exec(ctx, db)
			return err
		}, "no field of its variables"},
		{"nil", func() error { _, err := ingot.Delete[qcounter](nil).Everywhere().Exec(ctx, db); return err }, "delete of nil"},
	} {
		if err := tt.err(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
	if counters(t, db) != "3:c=13/3" {
		t.Errorf("a refused write left %s", counters(t, db))
	}
}

type qTriple struct {
	_    struct{} `ingot:"table:triple"`
	Word string   `ingot:"pk;size:10"`
	A    int64
	B    int64
	C    int64
}

// Expressions see the row as it was, whatever is set beside them: where the server assigns
// from left to right, by the order in which the columns stand.
func (on Database) TestAnUpdateReadsWhatWasThere(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, qTriple{}, aAuthor{}, aPost{})
	ctx := t.Context()
	must(t, ignore(ingot.Insert(&aPost{Title: "no votes"}).Exec(ctx, db)))
	x, p := new(qTriple), new(aPost)
	a, b, c := ingot.C(&x.A), ingot.C(&x.B), ingot.C(&x.C)
	upTo := ingot.Scalar(ingot.Scalars(ingot.Select(p).Where(ingot.C(&p.Votes).LeX(a)), ingot.CountAll()))
	row := &qTriple{Word: "w", A: 10, B: 20, C: 30}
	for _, tt := range []struct {
		name  string
		sets  []ingot.Assignment
		want  string // A, B, C
		stuck string // what a server that assigns in order says
	}{
		{"values", []ingot.Assignment{a.Set(1), b.Set(2)}, "1 2 3", ""},
		{"what is read is set before", []ingot.Assignment{a.Set(7), b.SetX(ingot.Add(a, c))}, "7 4 3", ""},
		{"a chain", []ingot.Assignment{c.Set(0), b.SetX(c), a.SetX(b)}, "2 3 0", ""},
		{"by a subquery", []ingot.Assignment{a.Set(-5), c.SetX(upTo)}, "-5 2 1", ""},
		{"of itself", []ingot.Assignment{a.SetX(ingot.Add(a, a)), b.SetX(ingot.Add(b, a))}, "2 3 3", ""},
		{"of each other", []ingot.Assignment{a.SetX(b), b.SetX(a), c.Set(0)}, "2 1 0",
			"qTriple: A and B are Set to expressions of each other, and this server has only the new value of what stands before: it takes two updates"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			must(t, ignore(ingot.Delete(x).Everywhere().Exec(ctx, db)))
			must(t, ignore(ingot.Insert(&qTriple{Word: "w", A: 1, B: 2, C: 3}).Exec(ctx, db)))
			_, err := ingot.Update(x).Set(tt.sets...).Everywhere().Exec(ctx, db)
			if tt.stuck != "" && db.Server().SetInOrder {
				wantErr(t, err, tt.stuck)
				return
			}
			must(t, err)
			wantRows(t, db, "SELECT concat(a, ' ', b, ' ', c) FROM triple", tt.want)
			// The update of an upsert is no different.
			must(t, ignore(ingot.Update(x).Set(a.Set(1), b.Set(2), c.Set(3)).Everywhere().Exec(ctx, db)))
			must(t, ignore(ingot.Insert(row).As(x).OnConflict(&x.Word).DoUpdate(tt.sets...).Exec(ctx, db)))
			wantRows(t, db, "SELECT concat(a, ' ', b, ' ', c) FROM triple", tt.want)
		})
	}
	// What was to be inserted is no column.
	swap := []ingot.Assignment{a.SetX(ingot.Excluded(b)), b.SetX(ingot.Excluded(a))}
	must(t, ignore(ingot.Insert(row).As(x).OnConflict(&x.Word).DoUpdate(swap...).Exec(ctx, db)))
	wantRows(t, db, "SELECT concat(a, ' ', b) FROM triple", "20 10")
}
