package ingot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Flushing: what changed becomes statements.
//
// The work goes through four stages. Collect finds what is new, changed or deleted, and
// listens to both sides of every relationship; sort puts the rows into an order that
// satisfies the foreign keys; run sends them in batches; settle takes what is in the
// database now for the new snapshots. Nothing is settled before all has run, so a flush
// that fails has only its own writing into instances to take back.

// A flush is one flush under way.
type flush struct {
	s   *Session
	ctx context.Context
	lay *layout
	now time.Time // of created and updated columns

	changes []*change // in the order they were found
	spare   chunk[change]
	claims  chunk[claim]
	parents chunk[parentKey]
	args    []any     // room for the arguments of a statement
	found   []*column // the columns that differ in the row looked at
	alike   []*column // those of the row before
	doomed  []*change // deleted, their cascades still to come
	sweeps  []action  // children that are deleted by their foreign keys
	links   []linkChange
	linkAt  map[linkPair]int
	lost    []owned        // what references and links that own it lead to no more
	took    map[owned]bool // see taken
	holders map[holding]map[string]*entry
}

// A chunk hands out values that are allocated together.
type chunk[T any] struct {
	rest []T
	size int
}

func (k *chunk[T]) next() *T {
	if len(k.rest) == 0 {
		k.size = min(4*k.size+1, perPage[T]())
		k.rest = make([]T, k.size)
	}
	v := &k.rest[0]
	k.rest = k.rest[1:]
	return v
}

// An op is what becomes of a row.
type op uint8

const (
	opNone   op = iota // nothing, so far
	opInsert           //
	opUpdate           //
	opDelete           //
	opDrop             // pending, and not to be inserted after all
)

// goes reports whether there will be no row.
func (c *change) goes() bool { return c.op == opDelete || c.op == opDrop }

// A change is the part of one instance in a flush. There is one for every new row, so it is
// kept small.
type change struct {
	e      *entry
	before addr // the instance before the flush wrote into it; nil if it did not
	base   addr // the snapshot with the foreign keys that the database changes by itself; nil if none

	claims   *claim      // the first
	parents  *parentKey  // the first of the foreign keys to copy when the parents have their keys
	cols     []*column   // what the UPDATE sets
	assigned *assignment // expressions that columns are Set to; nil if none
	extra    *extra      // see there; nil if none

	level  int32 // among rows that refer to each other; counts from 1
	op     op
	keyed  bool // columns differ from the snapshot
	linked bool // relations do
	heard  bool // its relations have been listened to
	swept  bool // deleted by the foreign key, along with others
}

// An extra is what few changes have.
type extra struct {
	late    []*column      // foreign keys written by an UPDATE after the INSERT
	parked  addr           // values to have for a while, before the row is written or goes
	parking []*column      // the columns of parked that an UPDATE of its own sets
	edits   []edit         // collections to bring along
	loads   []relationLoad // load states from now on
}

// more returns the extra of a change for writing.
func (c *change) more() *extra {
	if c.extra == nil {
		c.extra = new(extra)
	}
	return c.extra
}

// late returns the foreign keys written by an UPDATE after the INSERT.
func (c *change) late() []*column {
	if c.extra == nil {
		return nil
	}
	return c.extra.late
}

// A parentKey is a foreign key whose parent is inserted by the same flush.
type parentKey struct {
	ref    *reference
	parent *entry
	late   bool       // the parent comes after the child
	next   *parentKey // of the same change
}

// A relationLoad is a load state to be.
type relationLoad struct {
	r *relation
	l LoadState
}

// flush writes what changed.
func (s *Session) flush(ctx context.Context) error {
	_, err := s.flushOnce(ctx, false)
	return err
}

// maxFlushes is how many flushes a commit tries while hooks leave something to write.
const maxFlushes = 100

// flushAll writes what changed, and what the hooks of its flushes leave to write.
func (s *Session) flushAll(ctx context.Context) error {
	for range maxFlushes {
		wrote, err := s.flushOnce(ctx, true)
		if err != nil || !wrote || !s.hooked() || !s.visible(need{raw: true}) {
			return err
		}
	}
	return s.fail(fmt.Errorf("ingot: Commit: hooks left something to write after each of %d flushes", maxFlushes))
}

// flushOnce is one flush, and reports whether there was something to write. A final one is
// followed by nothing but COMMIT, so that a single statement may do without BEGIN.
func (s *Session) flushOnce(ctx context.Context, final bool) (wrote bool, err error) {
	if s.flushing {
		return false, errors.New("ingot: flush inside a flush: a hook may Add and Delete, the flush under way takes it along")
	}
	if len(s.mistakes) > 0 {
		return false, s.fail(errors.Join(s.mistakes...))
	}
	if err := ctx.Err(); err != nil {
		return false, s.fail(s.db.refused(nil, &statement{op: "flush"}, unsent{err}))
	}
	s.flushing = true
	defer func() { s.flushing = false }()
	if err := s.hookFlush(ctx, s.db.opts.Hooks.BeforeFlush); err != nil {
		return false, s.fail(err)
	}
	work, err := s.collect(ctx)
	if err == nil && len(work.changes) > 0 {
		var steps []*step
		if steps, err = work.sort(); err == nil {
			err = work.run(steps, final)
		}
	}
	switch {
	case errors.Is(err, ErrCommitUnknown):
		work.abandon()
		return false, s.fail(err)
	case err != nil:
		work.revert()
		if !strings.HasPrefix(err.Error(), "ingot: ") {
			err = within("Flush", err)
		}
		return false, s.fail(canceled(ctx, err))
	}
	if len(work.changes) == 0 {
		return false, nil
	}
	if err := work.settle(); err != nil {
		return false, s.fail(err)
	}
	if err := s.hookFlush(ctx, s.db.opts.Hooks.AfterFlush); err != nil {
		return false, s.fail(err)
	}
	return true, nil
}

// collect finds what there is to write, after cascades and orphans.
func (s *Session) collect(ctx context.Context) (*flush, error) {
	f := &flush{s: s, ctx: ctx}
	if s.maps == nil {
		return f, nil // it has met no instance
	}
	f.lay = s.db.layout()
	if err := f.find(); err != nil || len(f.changes) == 0 {
		return f, err
	}
	if s.opts.readOnly {
		return f, fmt.Errorf("ingot: %s was changed: %w session", f.changes[0].e.name(), ErrReadOnly)
	}
	f.now = s.db.opts.Now().UTC().Truncate(time.Microsecond)
	for _, stage := range []func() error{f.uncover, f.listen, f.replace, f.decide, f.climb, f.cascade, f.apply, f.follow, f.columns} {
		if err := stage(); err != nil {
			return f, err
		}
	}
	return f, nil
}

// find compares everything with its snapshot.
func (f *flush) find() error {
	s := f.s
	for _, c := range s.maps {
		if c == nil {
			continue
		}
		for _, e := range c.all {
			if e == nil {
				continue
			}
			switch e.state {
			case Persistent:
				keyed, linked := e.dirtyColumns(), e.dirtyRelations()
				assigned := s.assigned[e]
				if !keyed && !linked && assigned == nil {
					continue
				}
				if e.m.view {
					return fmt.Errorf("ingot: %s was changed, but is a view: %w", e.name(), ErrReadOnly)
				}
				w := f.change(e)
				w.keyed, w.linked, w.assigned = keyed, linked, assigned
			case Deleted:
				w := f.change(e)
				w.op, w.linked = opDelete, e.dirtyRelations()
				f.doomed = append(f.doomed, w)
			}
		}
	}
	assigned := s.assigned
	s.assigned = nil // a hook's are for the next flush
	if err := f.recascade(); err != nil {
		return err
	}
	s.recount()
	f.changes = slices.Grow(f.changes, len(s.added))
	for _, e := range s.added {
		c := f.change(e)
		c.op, c.assigned = opInsert, assigned[e]
	}
	return nil
}

// change returns the part of an entry in this flush.
func (f *flush) change(e *entry) *change {
	if e.work != nil {
		return e.work
	}
	c := f.spare.next()
	c.e = e
	e.work = c
	f.changes = append(f.changes, c)
	return c
}

// touch keeps a copy of an instance before the flush first writes into it.
func (f *flush) touch(c *change) {
	if c.before == nil {
		c.before = f.s.identityMap(c.e.m).snaps.next()
		c.e.m.snapshot(c.before, c.e.obj)
	}
}

// columns finds what each UPDATE has to set, and gives versions and times.
func (f *flush) columns() error {
	for _, c := range f.changes {
		switch c.op {
		case opDelete:
			if err := f.hookRow(c); err != nil {
				return err
			}
			continue
		case opDrop:
			continue
		case opNone:
			if !c.keyed && c.before == nil && c.parents == nil && c.assigned == nil {
				continue
			}
			if f.differing(c); len(c.cols) == 0 && c.assigned == nil {
				continue
			}
			c.op = opUpdate
			if auto := c.e.m.auto; auto != nil && auto.codec.zero(auto.at(c.e.obj)) {
				return fmt.Errorf("%s: %s.%s was set to zero, which is no key: set it back, or Delete the row", c.e.name(), auto.m.name, auto.field)
			}
			t := f.lay.plans[c.e.m.index]
			if len(t.stamped)+len(t.back)+len(t.moves) == 0 && c.assigned == nil && f.s.db.opts.Hooks.BeforeUpdate == nil {
				continue // nothing will write into the instance
			}
		}
		f.touch(c)
		if err := f.hookRow(c); err != nil {
			return err
		}
		if c.op == opUpdate {
			f.differing(c)
		}
		if err := c.assign(); err != nil {
			return err
		}
		if err := f.stamp(c); err != nil {
			return err
		}
	}
	return nil
}

// differing finds the columns that differ from the snapshot, or will.
func (f *flush) differing(c *change) {
	e, old := c.e, c.old()
	found := f.found[:0]
	for _, col := range e.m.columns {
		if !col.readOnly && (col.differs(e.obj, old) || c.fills(col)) {
			found = append(found, col)
		}
	}
	f.found = found
	if !slices.Equal(found, f.alike) { // rows that change alike share one list
		f.alike = slices.Clone(found)
	}
	c.cols = slices.Clip(f.alike)
}

// fills reports whether the change copies a parent's key into a column.
func (c *change) fills(col *column) bool {
	for p := c.parents; p != nil; p = p.next {
		if slices.Contains(p.ref.columns, col) {
			return true
		}
	}
	return false
}

// stamp sets the version, the times and the UUIDs of a row about to be written.
func (f *flush) stamp(c *change) error {
	e, insert := c.e, c.op == opInsert
	for _, col := range f.lay.plans[e.m.index].stamped {
		p := col.at(e.obj)
		switch {
		case c.assigned.of(col) != nil:
		case col.version && insert:
			if col.codec.zero(p) {
				if err := f.nextVersion(col, e.obj, nil); err != nil {
					return err
				}
			}
		case col.version:
			if err := f.nextVersion(col, e.obj, e.snap); err != nil {
				return err
			}
			c.sets(col)
		case col.uuidV7 && insert:
			if col.codec.zero(p) {
				if err := f.lay.uuids.fill(col, p, f.now); err != nil {
					return err
				}
			}
		case insert && !col.codec.zero(p), !insert && !col.updated:
		case !insert && slices.Contains(c.cols, col):
			// The program has set it.
		default:
			if err := col.codec.load(p, f.now); err != nil {
				return col.valueError(err)
			}
			if !insert {
				c.sets(col)
			}
		}
	}
	return nil
}

// sets adds a column to an UPDATE, in the order of the model.
func (c *change) sets(col *column) {
	i, found := slices.BinarySearchFunc(c.cols, col, func(a, b *column) int { return a.index - b.index })
	if !found {
		c.cols = slices.Insert(c.cols, i, col)
	}
}

// nextVersion gives a row the version after that of its snapshot: the next number, or the
// time, which moves on by a microsecond where the clock has not.
func (f *flush) nextVersion(col *column, p, snap addr) error {
	var next any
	switch {
	case col.codec.class == classTime:
		now := f.now
		if snap != nil {
			v, err := col.valueOf(snap, &encoding{})
			if err != nil {
				return err
			}
			if old, ok := v.(time.Time); ok && !now.After(old) {
				now = old.Add(time.Microsecond)
			}
		}
		next = now
	case snap == nil:
		next = int64(1)
	default:
		v, err := col.valueOf(snap, &encoding{})
		if err != nil {
			return err
		}
		n, ok := v.(int64)
		if !ok {
			return fmt.Errorf("ingot: %s.%s: a version has to be an integer or a time, not %s", col.m.name, col.field, col.typ)
		}
		next = n + 1
	}
	if err := col.codec.load(col.at(p), next); err != nil {
		return col.valueError(err)
	}
	return nil
}

// revert takes back what a failed flush has written into instances.
func (f *flush) revert() {
	for _, c := range f.changes {
		e := c.e
		e.work = nil
		if c.before == nil {
			continue
		}
		for _, col := range e.m.columns {
			if col.differs(e.obj, c.before) {
				col.codec.save(col.at(e.obj), col.at(c.before))
			}
		}
		for _, r := range e.m.relations {
			if r.differs(e.obj, c.before) {
				r.copy(e.obj, c.before)
			}
		}
	}
}

// abandon leaves everything as it is after a statement that was the whole unit of work and
// of which nobody knows whether it took effect: nothing is restored, nothing sent again.
func (f *flush) abandon() {
	for _, c := range f.changes {
		e := c.e
		e.work = nil
		if e.state == Pending {
			f.s.dismiss(e, Detached)
			continue
		}
		e.unit = 0
		e.snap = f.s.identityMap(e.m).snaps.next()
		e.m.snapshot(e.snap, e.obj)
	}
	f.s.settled()
	f.s.recount()
}

// settle makes what was written the new snapshots: pending becomes persistent, deleted
// becomes detached, and the silent sides of relationships are brought along.
func (f *flush) settle() error {
	s := f.s
	top, records := &s.levels[len(s.levels)-1], 0
	inserted := make([]int, len(s.maps))
	for _, c := range f.changes {
		if c.e.depth != int32(len(s.levels)) {
			records++
		}
		if key := c.e.m.key; c.op == opInsert && len(key) == 1 && key[0].codec.getInt != nil {
			inserted[c.e.m.index]++
		}
	}
	top.log = slices.Grow(top.log, records)
	var gone, dropped []*entry
	for _, c := range f.changes {
		switch e := c.e; {
		case c.op == opDelete:
			s.record(e)
			gone = append(gone, e)
		case c.op == opDrop:
			s.record(e)
			dropped = append(dropped, e)
		case c.rekeyed():
			s.record(e)
			s.forgetKey(s.identityMap(e.m), e)
		}
	}
	s.dismissAll(gone, Detached)
	s.dismissAll(dropped, Transient)
	for i, n := range inserted {
		if n > 0 {
			s.maps[i].ints.reserve(n)
		}
	}
	for _, c := range f.changes {
		e := c.e
		if c.op == opInsert || c.op == opUpdate {
			for _, col := range f.lay.plans[e.m.index].settled {
				if c.op == opInsert || slices.Contains(c.cols, col) || slices.Contains(c.late(), col) {
					col.codec.settle(col.at(e.obj))
				}
			}
		}
		if c.op != opInsert && !c.rekeyed() {
			continue
		}
		k, ok, err := s.keyOf(e.m.key, e.obj)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("ingot: %s was written without a key", e.name())
		}
		s.identityMap(e.m).register(k, e)
	}
	f.bring()
	for _, c := range f.changes {
		e := c.e
		e.work = nil
		if c.goes() || c.op == opNone && c.before == nil && !c.linked && (c.extra == nil || len(c.extra.loads) == 0) {
			continue
		}
		s.record(e)
		if c.op == opInsert {
			f.settleNew(c)
		} else {
			f.settleLoads(c)
		}
		e.snap = s.identityMap(e.m).snaps.next()
		e.m.snapshot(e.snap, e.obj)
	}
	s.recount()
	return nil
}

// settleNew makes a pending entry persistent. All that can hang on a new row is in memory.
func (f *flush) settleNew(c *change) {
	e := c.e
	e.state, e.unit, e.read = Persistent, f.s.unit, f.s.clock
	if e.before == nil {
		e.before = c.before
	}
	for _, r := range e.m.relations {
		switch {
		case r.kind.toMany():
			if r.isNil(e.obj) {
				r.setMany(e.obj, []addr{})
			}
			e.setLoad(r, Loaded, f.s.unit)
		case r.kind == oneToOne || r.one(e.obj) != nil || f.lay.of[r].isNull(e.obj):
			e.setLoad(r, Loaded, f.s.unit)
		}
	}
}

// settleLoads notes what is loaded after a change: an element added to what was not
// loaded makes it partial, nil assigned to what was empties it.
func (f *flush) settleLoads(c *change) {
	e := c.e
	for _, r := range e.m.relations {
		if r.kind.toMany() && e.load(r) == Loaded && r.isNil(e.obj) {
			r.setMany(e.obj, []addr{})
		}
		if !e.changed(r) || e.load(r) != NotLoaded {
			continue
		}
		switch {
		case r.kind.toMany() && len(r.many(e.obj)) > 0:
			e.setLoad(r, Partial, f.s.unit)
		case !r.kind.toMany():
			e.setLoad(r, Loaded, f.s.unit)
		}
	}
	if c.extra == nil {
		return
	}
	for _, l := range c.extra.loads {
		e.setLoad(l.r, l.l, f.s.unit)
	}
}

// rekeyed reports whether a persistent row has another key now.
func (c *change) rekeyed() bool {
	return (c.op == opUpdate || c.op == opNone && c.base != nil) && c.e.m.keyDiffers(c.e.obj, c.e.snap)
}

// keyDiffers reports whether two instances have different keys.
func (m *mapper) keyDiffers(a, b addr) bool {
	for _, c := range m.key {
		if c.differs(a, b) {
			return true
		}
	}
	return false
}
