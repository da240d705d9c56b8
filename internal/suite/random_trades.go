package suite

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// Rows under boxes trade their unique values, come, go and change boxes, all in one flush.
func (on Database) TestRandomTradesOfUniqueValues(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, uBox{}, uSlot{})
	for seed := range uint64(cmp.Or(*randomRuns, on.Programs)) {
		if *randomSeed != 0 && seed != *randomSeed {
			continue
		}
		mustExec(t, db, "DELETE FROM slot")
		mustExec(t, db, "DELETE FROM box")
		sent.take()
		r := rand.New(rand.NewPCG(seed, 11))
		s := db.Session()
		boxes := []*uBox{{}, {}}
		must(t, s.AddAll(boxes[0], boxes[1]))
		var rows []*uSlot
		rank := int64(0)
		for round := range 12 {
			for range r.IntN(3) { // some go
				if len(rows) == 0 {
					break
				}
				i := r.IntN(len(rows))
				for _, b := range boxes {
					b.Slots = slices.DeleteFunc(slices.Clone(b.Slots), func(x *uSlot) bool { return x == rows[i] })
				}
				rows = slices.Delete(rows, i, i+1)
			}
			for range r.IntN(4) { // some come
				rank++
				x := &uSlot{Rank: rank}
				rows = append(rows, x)
				b := boxes[r.IntN(2)]
				b.Slots = append(b.Slots, x)
			}
			if len(rows) > 0 && r.IntN(3) == 0 { // one changes boxes
				x := rows[r.IntN(len(rows))]
				from, to := boxes[0], boxes[1]
				if slices.Contains(to.Slots, x) {
					from, to = to, from
				}
				from.Slots = slices.DeleteFunc(slices.Clone(from.Slots), func(y *uSlot) bool { return x == y })
				to.Slots = append(to.Slots, x)
			}
			for _, x := range rows { // most trade
				if r.IntN(4) > 0 {
					x.Label = ""
				}
			}
			labels := r.Perm(len(rows) + 3)
			taken := map[string]bool{}
			for _, x := range rows {
				taken[x.Label] = true
			}
			for i, x := range rows {
				if x.Label == "" {
					for taken[fmt.Sprint("l", labels[i])] {
						labels[i] = (labels[i] + 1) % (len(rows) + 3)
					}
					x.Label = fmt.Sprint("l", labels[i])
					taken[x.Label] = true
				}
			}
			places := r.Perm(len(rows) + 1)
			for i, x := range rows {
				if place := int64(places[i]); place > 0 {
					x.Place = &place
				} else {
					x.Place = nil
				}
			}
			var err error
			if r.IntN(2) == 0 {
				err = s.Flush(t.Context())
			} else {
				err = s.Commit(t.Context())
			}
			if err != nil {
				t.Fatalf("seed %d, round %d: %v\n\t%s", seed, round, err, strings.Join(last(sent.take(), 12), "\n\t"))
			}
			sent.take()
		}
		must(t, s.Commit(t.Context()))
		var want []string
		for _, x := range rows {
			place := int64(0)
			if x.Place != nil {
				place = *x.Place
			}
			want = append(want, fmt.Sprintf("%d %d %s %d", x.ID, x.BoxID, x.Label, place))
		}
		got, err := ingot.SQL[string](t.Context(), db, "SELECT concat(id, ' ', box_id, ' ', label, ' ', coalesce(place, 0)) FROM slot")
		must(t, err)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: the database has %q, want %q", seed, got, want)
		}
		s.Close()
	}
}
