package ingot

import (
	"math/rand/v2"
	"testing"
)

// The table does what a map does, whatever comes and goes.
func TestIntTableIsAMap(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		var table intTable
		want := map[int64]*entry{}
		for range 2000 {
			key := r.Int64N(300) - 150
			if r.IntN(20) == 0 {
				key = r.Int64() - r.Int64()
			}
			switch r.IntN(5) {
			case 0:
				table.delete(key)
				delete(want, key)
			case 1:
				table.grow(r.IntN(100))
			default:
				e := new(entry)
				if got := table.put(key, e); got != want[key] {
					t.Fatalf("seed %d: put(%d) = %p, want %p", seed, key, got, want[key])
				}
				want[key] = e
			}
			if got := table.get(key); got != want[key] {
				t.Fatalf("seed %d: get(%d) = %p, want %p", seed, key, got, want[key])
			}
		}
		for key, e := range want {
			if got := table.get(key); got != e {
				t.Fatalf("seed %d: get(%d) = %p, want %p", seed, key, got, e)
			}
		}
	}
}
