package suite

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// The model-based random test: seeded programs of edits against a session and against an
// oracle that keeps the same facts in plain maps. After every flush the live session and the
// oracle have to agree, after every commit and rollback the database too, and at the end a
// fresh session. Faults strike at any statement. A program that fails is shrunk to the steps
// that matter.
//
// random_models.go has the models, random_oracle.go what is held true of them,
// random_program.go how programs run, random_steps.go what they do, random_check.go what is
// compared, fault.go how statements fail.

var (
	randomSeed = flag.Uint64("random.seed", 0, "run this one program of the random test")
	randomRuns = flag.Int("random.runs", 0, "how many programs the random test runs on each database")
)

// stage opens a database with the models of all shapes.
func (on Database) stage(t *testing.T) (*stage, []*shape) {
	t.Helper()
	driver, dsn := on.Open(t)
	pool, faults := watchFaults(t, on.Dialect, driver, dsn)
	shs := shapes()
	db, sent := on.openOn(t, pool, ingot.Options{}, shapeModels(shs)...)
	return &stage{t: t, db: db, pool: pool, faults: faults, sent: sent, verbs: verbs()}, shs
}

// clear empties the tables of a shape.
func (st *stage) clear(sh *shape) {
	st.t.Helper()
	exec := func(text string) {
		if _, err := st.pool.ExecContext(st.t.Context(), text); err != nil {
			st.t.Fatal(err)
		}
	}
	for _, n := range sh.nets {
		exec("DELETE FROM " + n.table)
	}
	for i, k := range slices.Backward(sh.kinds) {
		for _, e := range sh.edges {
			if e.child == k && slices.Index(sh.kinds, e.parent) >= i {
				exec("UPDATE " + k.name + " SET " + columnName(e.fk[0]) + " = NULL")
			}
		}
	}
	for _, k := range slices.Backward(sh.kinds) {
		exec("DELETE FROM " + k.name)
	}
}

// length is how many steps a random program has.
const length = 60

// random runs the program of a seed and returns it.
func (st *stage) random(shs []*shape, seed uint64) (*program, error) {
	r := rand.New(rand.NewPCG(seed, 7))
	sh := shs[seed%uint64(len(shs))]
	st.clear(sh)
	var p *program
	p = st.program(sh, r.IntN(2) == 0, st.steps(r, length, &p))
	return p, p.run()
}

// again runs the steps of a program that has failed, or some of them.
func (st *stage) again(failed *program, steps []step) (*program, error) {
	st.clear(failed.sh)
	st.sent.take()
	p := st.program(failed.sh, failed.began, replay(steps))
	return p, p.run()
}

// shrink finds a program of few steps that fails too: it leaves out half of the steps, then
// quarters, down to single ones, until none can be spared.
func (st *stage) shrink(failed *program, err error) (*program, error) {
	for size := (len(failed.ran) + 1) / 2; size > 0; {
		smaller := false
		for at := 0; at < len(failed.ran); {
			rest := slices.Delete(slices.Clone(failed.ran), at, min(at+size, len(failed.ran)))
			p, e := st.again(failed, rest)
			if e == nil || errors.Is(e, errUnknown) || len(p.ran) >= len(failed.ran) {
				at += size
				continue
			}
			failed, err, smaller = p, e, true
		}
		if size > 1 || !smaller {
			size /= 2
		}
	}
	return failed, err
}

func (on Database) TestRandomProgramsAgreeWithTheOracle(t *testing.T) {
	st, shs := on.stage(t)
	first, n := uint64(1), uint64(cmp.Or(*randomRuns, on.Programs))
	if *randomSeed != 0 {
		first, n = *randomSeed, 1
	}
	for seed := first; seed < first+n; seed++ {
		p, err := st.random(shs, seed)
		if err == nil || errors.Is(err, errUnknown) {
			continue
		}
		long := len(p.ran)
		p, err = st.shrink(p, err)
		if _, again := st.again(p, p.ran); again != nil { // for its statements
			err = again
		}
		t.Fatalf("seed %d (go test -run '%s' . -random.seed=%d) over %s: %v\n%d of its %d steps:\n%slast statements:\n\t%s", seed, t.Name(), seed,
			p.sh.name, err, len(p.ran), long, p.text(), strings.Join(last(st.sent.take(), 12), "\n\t"))
	}
}

// An oracle that is wrong is found out, by a program of the few steps that it takes.
func (on Database) TestAFailingRandomProgramIsShrunk(t *testing.T) {
	st, shs := on.stage(t)
	st.spoil = func(before, after *world, deleted *thing) { // it takes members to go with their team
		for _, e := range before.sh.down(deleted.kind) {
			for _, c := range before.children(e, deleted) {
				if after.rows[c] != nil {
					after.remove(c)
				}
			}
		}
	}
	crew := uint64(len(shs)) // the seeds of the first shape are its multiples
	for seed := crew; seed < 100*crew; seed += crew {
		p, err := st.random(shs, seed)
		if err == nil || errors.Is(err, errUnknown) {
			continue
		}
		p, err = st.shrink(p, err)
		n := len(p.ran) // two are added, perhaps linked, and one is deleted
		if n < 3 || n > 4 || !strings.Contains(p.text(), "  1. add team") || !strings.Contains(p.text(), fmt.Sprintf("  %d. delete team", n)) ||
			!strings.Contains(err.Error(), "should not be") {
			t.Errorf("seed %d: it is shrunk to %d steps, which fail by %v:\n%s", seed, n, err, p.text())
		}
		return
	}
	t.Error("no program has found it out")
}

func last(list []string, n int) []string { return list[max(0, len(list)-n):] }
