package suite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// Programs of the random test. A program is data: a list of steps, which name things by a
// number that the step that makes them gives them. So any of the steps can be left out: those
// that have lost their meaning by that do nothing.

// A step is one thing that a program does.
type step struct {
	do          string // a verb of the table below
	a, b        int    // things
	to          []int  // the parents of a new one, by edge; 0 for none
	rel         int    // which kind, edge, net or relationship
	way         int    // on which of the ways there are
	field, text string // the value to give
	bits        uint64 // for the small decisions
}

// A verb is what a step can do.
type verb struct {
	name   string
	weight int // how often it comes
	gen    func(*program, *rand.Rand, *step) bool
	run    func(*program, step) error
	tell   func(*program, step) string
}

// errSkip says that a step has no meaning where it stands.
var errSkip = errors.New("skip")

// errUnknown ends a program whose commit has no known outcome.
var errUnknown = errors.New("outcome unknown")

// A stage is what programs run on.
type stage struct {
	t      testing.TB
	db     *ingot.DB
	pool   *sql.DB
	faults *faults
	sent   *recorder
	verbs  []*verb
	spoil  func(before, after *world, deleted *thing) // what is to be wrong with the oracle, to see whether it is found
}

// A program is one that runs.
type program struct {
	*stage
	sh     *shape
	ctx    context.Context
	cancel func()
	s      *ingot.Session
	began  bool // with autoflush, and so in the session at hand
	flushy bool
	source func() (step, bool)
	ran    []step // what had a meaning

	things map[int]*thing
	last   int    // the number given last
	now    *world // as the program has made it
	base   *world // as it was flushed
	saved  *world // as it was committed
	said   map[string]string
	depth  int  // open savepoints
	clock  int  // counts instances that were loaded
	unit   int  // of the clock when the unit of work began
	wrote  bool // something was flushed since the last commit
	shaky  bool // a statement was cancelled since then: some drivers take the connection away later
	log    []string
}

func (st *stage) program(sh *shape, autoflush bool, source func() (step, bool)) *program {
	w := newWorld(sh)
	p := &program{stage: st, sh: sh, source: source, began: autoflush, flushy: autoflush, s: st.db.Session(ingot.Autoflush(autoflush)), things: map[int]*thing{},
		now: w, base: w.clone(), saved: w.clone(), said: map[string]string{}}
	p.faults.arm(0, 0, nil)
	p.renew()
	return p
}

// renew makes a context that has not been cancelled.
func (p *program) renew() { p.ctx, p.cancel = context.WithCancel(p.t.Context()) }

// disarm ends what a fault would do or has done to the steps that follow.
func (p *program) disarm() {
	p.faults.arm(0, 0, nil)
	if p.ctx.Err() != nil {
		p.renew()
		p.shaky = true
	}
}

// steps is the source of a random program of n steps.
func (st *stage) steps(r *rand.Rand, n int, p **program) func() (step, bool) {
	total := 0
	for _, v := range st.verbs {
		total += v.weight
	}
	return func() (step, bool) {
		if n--; n < 0 {
			return step{}, false
		}
		for {
			i := r.IntN(total)
			for _, v := range st.verbs {
				if i -= v.weight; i >= 0 {
					continue
				}
				st := step{do: v.name, bits: r.Uint64(), way: r.IntN(4)}
				if v.gen == nil || v.gen(*p, r, &st) {
					return st, true
				}
				break
			}
		}
	}
}

// replay is the source of a program that is known.
func replay(steps []step) func() (step, bool) {
	return func() (st step, ok bool) {
		if len(steps) == 0 {
			return st, false
		}
		st, steps = steps[0], steps[1:]
		return st, true
	}
}

// run runs the program to its end and closes its session.
func (p *program) run() (err error) {
	defer func() {
		p.faults.arm(0, 0, nil)
		p.cancel()
		if closed := p.s.Close(); err == nil {
			err = closed
		}
	}()
	for {
		st, ok := p.source()
		if !ok {
			break
		}
		if err := p.do(st); err != nil {
			return fmt.Errorf("%s: %w", p.tell(st), err)
		}
	}
	p.disarm()
	if err := p.commit(step{}); err != nil {
		return fmt.Errorf("the commit at the end: %w", err)
	}
	return nil
}

// do runs one step. A fault that has struck is dealt with where the session can work on.
func (p *program) do(st step) error {
	at := len(p.ran)
	err := p.verb(st.do).run(p, st)
	switch {
	case errors.Is(err, errSkip):
		p.ran = p.ran[:at]
		return nil
	case err == nil:
		if p.faults.hit() != "" {
			p.disarm()
		}
		return nil
	case !p.struck(err):
		return err
	case p.depth > 0 && st.do != "savepoint":
		return err // undoes the savepoint
	}
	return p.recover(st, err)
}

// can notes that a step has a meaning, and is about to be done.
func (p *program) can(st step) {
	p.ran = append(p.ran, st)
	p.log = append(p.log, p.tell(st))
}

func (p *program) tell(st step) string {
	v := p.verb(st.do)
	if v.tell == nil {
		return v.name
	}
	return v.tell(p, st)
}

func (st *stage) verb(name string) *verb {
	return st.verbs[slices.IndexFunc(st.verbs, func(v *verb) bool { return v.name == name })]
}

// recover goes on after an injected fault: the session must say what was first, and work
// again after Rollback, as if nothing had been.
func (p *program) recover(st step, err error) error {
	kind := p.faults.kind
	p.disarm()
	if errors.Is(err, ingot.ErrCommitUnknown) {
		return errUnknown
	}
	if !p.injected(err) {
		return fmt.Errorf("the error does not name the fault: %w", err)
	}
	again := p.s.Flush(p.ctx)
	writes := slices.Contains([]string{"flush", "commit", "delete"}, st.do)
	gaveUp := kind == faultCancel && !writes && errors.Is(again, driver.ErrBadConn) // as some drivers do with what was cancelled
	reads := slices.Contains([]string{"load", "query", "get"}, st.do)
	switch {
	case again == nil && writes:
		return fmt.Errorf("it failed (%w), but the session works on without Rollback", err)
	case again == nil && st.do == "savepoint":
		return p.settle("a savepoint that a fault has undone")
	case again == nil && reads && (kind == faultBefore || kind == faultAfter):
		return p.settle("fault at " + st.do)
	case again == nil: // what failed to be read may have been the end of the transaction
	case !gaveUp && !p.injected(again), !errors.Is(again, ingot.ErrRolledBack) && writes:
		return fmt.Errorf("after %w: %w, want ErrRolledBack with the first cause", err, again)
	case p.depth > 0:
		return struckError{err}
	}
	return p.rollback(step{})
}

// A struckError is what a fault has led to, on its way out of a savepoint.
type struckError struct{ error }

func (e struckError) Unwrap() error { return e.error }

// struck reports whether an error comes from a fault.
func (p *program) struck(err error) bool {
	var e struckError
	return p.faults.hit() != "" || errors.As(err, &e) || p.shaky && errors.Is(err, driver.ErrBadConn)
}

func (p *program) injected(err error) bool {
	return p.shaky && errors.Is(err, driver.ErrBadConn) || errors.Is(err, errInjected) || errors.Is(err, context.Canceled) || errors.Is(err, ingot.ErrCanceled)
}

// live returns a thing by its number, if it is there and the session has it.
func (p *program) live(n int) *thing {
	if t := p.there(n); t != nil && t.x != nil {
		return t
	}
	return nil
}

// there returns a thing by its number, if it is there.
func (p *program) there(n int) *thing {
	if t := p.things[n]; t != nil && p.now.rows[t] != nil {
		return t
	}
	return nil
}

// speak notes on which side a relationship is edited before the next flush. Two sides are
// not, for they could contradict each other.
func (p *program) speak(t *thing, e *edge, side string) { p.said[saying(t, e)] = side }

func (p *program) mayse(t *thing, e *edge, side string) bool {
	was := p.said[saying(t, e)]
	return was == "" || was == side
}

func saying(t *thing, e *edge) string { return fmt.Sprint(t.n, " ", e.child.name, e.fk) }

// settle follows what a statement may have done: instances that were loaded stand for
// their things, and if all is flushed, it is compared.
func (p *program) settle(when string) error {
	if len(p.s.New())+len(p.s.Dirty())+len(p.s.Deleted()) > 0 {
		return p.adopt()
	}
	if !p.now.same(p.base) {
		p.wrote = true
	}
	p.base = p.now.clone()
	clear(p.said)
	for t := range p.now.rows {
		if t.x != nil && t.kind.auto {
			t.id = textOf(t.x, "ID")
		}
	}
	if err := p.adopt(); err != nil {
		return err
	}
	if err := p.checkLive(); err != nil {
		return fmt.Errorf("after %s: %w", when, err)
	}
	return nil
}

// adopt finds the things of instances that loaded relationships have brought.
func (p *program) adopt() error {
	known := map[any]bool{}
	var queue []any
	for t := range p.things2() {
		if t.x == nil {
			continue
		}
		known[t.x] = true
		if p.s.Contains(t.x) {
			queue = append(queue, t.x)
		}
	}
	var byKey map[string]*thing
	for i := 0; i < len(queue); i++ {
		k := p.kindOf(queue[i])
		for _, field := range p.sh.relations(k) {
			for _, x := range membersOf(queue[i], field) {
				if known[x] {
					continue
				}
				known[x] = true
				if byKey == nil {
					byKey = p.byKey()
				}
				if err := p.take(byKey, x); err != nil {
					return fmt.Errorf("%s of %s: %w", field, k.keyOf(queue[i]), err)
				}
				queue = append(queue, x)
			}
		}
	}
	return nil
}

// things2 are all that some world has.
func (p *program) things2() map[*thing]bool {
	all := map[*thing]bool{}
	for _, w := range []*world{p.now, p.base, p.saved} {
		for t := range w.rows {
			all[t] = true
		}
	}
	return all
}

// byKey finds things by the keys that they have in the database.
func (p *program) byKey() map[string]*thing {
	m := map[string]*thing{}
	for t := range p.base.rows {
		m[p.base.key(t)] = t
	}
	return m
}

// take makes an instance stand for its thing.
func (p *program) take(byKey map[string]*thing, x any) error {
	key := p.kindOf(x).keyOf(x)
	t := byKey[key]
	switch {
	case t == nil && p.s.State(x) != ingot.Persistent:
		return fmt.Errorf("it holds %s, which is %v", key, p.s.State(x))
	case t == nil:
		return fmt.Errorf("%s was loaded, which should not be there", key)
	case t.x != nil && t.x != x:
		return fmt.Errorf("%v has two instances", t)
	}
	t.x = x
	p.clock++
	t.taken = p.clock
	return nil
}

func (p *program) kindOf(x any) *kind {
	for _, k := range p.sh.kinds {
		if reflect.TypeOf(x).Elem() == k.typ {
			return k
		}
	}
	panic(fmt.Sprintf("%T is of no shape", x))
}

// text prints the steps that had a meaning.
func (p *program) text() string {
	var b strings.Builder
	for i, line := range p.log {
		fmt.Fprintf(&b, "\t%3d. %s\n", i+1, line)
	}
	return b.String()
}
