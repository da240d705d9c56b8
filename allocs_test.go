package ingot_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"ingot"
)

// TestHotPathsAllocateNoMoreThanRecorded counts allocations and their bytes, the driver's
// included: unlike times they do not depend on the machine, and the garbage collector costs
// by the byte. A number that falls is to be recorded anew.
func TestHotPathsAllocateNoMoreThanRecorded(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, which allocates")
	}
	type Row struct {
		ID    int64 `ingot:"pk"`
		Name  string
		Count int64
		Note  *string
		At    time.Time
	}
	const n = 1000
	ctx := t.Context()
	db := openDB(t, ingot.Options{Models: ingot.MustModels(Row{})})
	if err := db.CreateAll(ctx); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	rows := func() []any {
		out := make([]any, n)
		for i := range out {
			out[i] = &Row{Name: fmt.Sprint("row ", i), Note: new("note"), At: time.Unix(int64(i), 0)}
		}
		return out
	}
	fresh := rows()
	s := db.Session()
	s.AddAll(fresh...)
	must(s.Commit(ctx))
	s.Close()

	r := new(Row)
	all := ingot.Select(r).Where(ingot.C(&r.ID).Le(n)).OrderBy(ingot.C(&r.ID).Asc())
	held := db.Session()
	defer held.Close()
	loaded, err := all.All(ctx, held)
	must(err)
	for _, tt := range []struct {
		name string
		most float64 // allocations
		kb   uint64
		run  func()
	}{
		{"get by key", 43, 1, func() { _, err := ingot.Get[Row](ctx, db, 7); must(err) }},
		{"read 1,000 rows", 7850, 203, func() { _, err := all.All(ctx, db); must(err) }},
		{"read 1,000 rows in a session", 7990, 455, func() {
			s := db.Session()
			_, err := all.All(ctx, s)
			must(err)
			s.Close()
		}},
		{"insert 1,000 rows", 7100, 960, func() {
			for _, x := range fresh {
				x.(*Row).ID = 0
			}
			s := db.Session()
			s.AddAll(fresh...)
			must(s.Commit(ctx))
			s.Close()
		}},
		{"change 1,000 rows", 1100, 380, func() {
			for _, x := range loaded {
				x.Count++
			}
			must(held.Commit(ctx))
		}},
		{"flush 1,000 unchanged rows", 2, 0, func() { must(held.Flush(ctx)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.run() // statements are prepared at their second use
			tt.run()
			// What else the process allocates meanwhile (goroutines of earlier tests, a pool
			// that the garbage collector has emptied, a map whose seed makes it grow earlier)
			// only adds to a run: the least of some runs is what the path itself takes.
			got, kb := math.Inf(1), uint64(math.MaxUint64)
			var before, after runtime.MemStats
			for range 6 {
				got = min(got, testing.AllocsPerRun(1, tt.run))
				runtime.ReadMemStats(&before)
				tt.run()
				runtime.ReadMemStats(&after)
				kb = min(kb, (after.TotalAlloc-before.TotalAlloc)>>10)
			}
			if got > tt.most || kb > tt.kb {
				t.Errorf("%.0f allocations of %d KB, recorded are %.0f of %d KB", got, kb, tt.most, tt.kb)
			}
		})
	}
}
