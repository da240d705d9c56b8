package main

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"
	"testing"

	"ingot"
)

// A counter counts statements.
type counter struct{ n atomic.Int64 }

func (c *counter) StatementStart(ctx context.Context, _ *ingot.TracedStatement) context.Context {
	c.n.Add(1)
	return ctx
}

func (c *counter) StatementEnd(context.Context, *ingot.TracedStatement) {}

// TestWorkGrowsInProportion holds the exponents of allocations and statements, from 3,000 to
// 30,000 rows, near one or below: what is quadratic shows at once, whatever the machine.
func TestWorkGrowsInProportion(t *testing.T) {
	if testing.Short() {
		t.Skip("loads and writes 30,000 rows, seven times")
	}
	s, err := openStore(t.Context(), "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.db.Close()
		_ = s.drop()
	})
	sqldb, plain, err := openIngot(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sqldb.Close() })
	sent := new(counter)
	db, err := ingot.Open(sqldb, plain.Dialect(), ingot.Options{Models: ingotModels, Tracer: sent})
	if err != nil {
		t.Fatal(err)
	}
	const small, large = 3_000, 30_000
	for _, w := range growthWorks {
		t.Run(w.name, func(t *testing.T) {
			count := func(n int) (allocations, statements float64) {
				run, err := w.prepare(t.Context(), s, db, n)
				if err != nil {
					t.Fatal(err)
				}
				var before, after runtime.MemStats
				sent.n.Store(0)
				runtime.ReadMemStats(&before)
				if err := run(); err != nil {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				return float64(after.Mallocs - before.Mallocs), float64(sent.n.Load())
			}
			a1, s1 := count(small)
			a2, s2 := count(large)
			exponent := func(from, to float64) float64 { return math.Log(to/from) / math.Log(large/small) }
			if e := exponent(a1, a2); e > 1.05 {
				t.Errorf("allocations: %.0f for %d rows, %.0f for %d: exponent %.2f", a1, small, a2, large, e)
			}
			if e := exponent(s1, s2); e > 1.05 {
				t.Errorf("statements: %.0f for %d rows, %.0f for %d: exponent %.2f", s1, small, s2, large, e)
			}
		})
	}
}
