package ingot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Loading: how rows become instances of a session, and what a second reading may change.
//
// A row whose key the session knows becomes the same instance. Within a unit of work what
// was read stays as it is; what an earlier unit read is replaced, column by column, except
// where the program has edited it. Refresh, locking reads and RETURNING always replace.

// A siblings is what came from one query: a later Load of one serves all.
type siblings struct {
	all []*entry
}

// maxSiblings bounds how many instances one Load serves.
const maxSiblings = 10_000

func (s *Session) engine() *DB {
	if s == nil {
		return nil
	}
	return s.db
}

// enter implements [Runner].
func (s *Session) enter(ctx context.Context, n need) (lane, error) {
	if err := s.start(); err != nil {
		return lane{}, err
	}
	if err := s.prepare(ctx, n); err != nil {
		s.leave()
		return lane{}, err
	}
	return lane{db: s.db, tx: s.tx, track: (*tracking)(s), leave: s.leave}, nil
}

// prepare flushes what the statement could see and begins the transaction it needs.
func (s *Session) prepare(ctx context.Context, n need) error {
	if n.write && s.opts.readOnly {
		return fmt.Errorf("ingot: %w session", ErrReadOnly)
	}
	if !s.opts.noFlush && !s.flushing && s.visible(n) {
		if err := s.flush(ctx); err != nil {
			return within("flush before the query (Autoflush)", err)
		}
	}
	// A text of the user's may write whatever it begins with.
	text := n.raw && len(n.models) == 0
	if n.write || text {
		s.writes()
	}
	if n.write || n.lock || text || s.opts.eager {
		return s.begin(ctx)
	}
	return nil
}

// visible reports whether there is unsaved work that a statement could see.
func (s *Session) visible(n need) bool {
	if s.maps == nil {
		return false
	}
	if len(s.mistakes) > 0 {
		return true
	}
	var seen []bool
	if !n.raw {
		seen = make([]bool, len(s.maps))
		lay := s.db.layout()
		for _, m := range n.models {
			for i, sees := range lay.sees[m.index] {
				seen[i] = seen[i] || sees
			}
		}
	}
	for e := range s.assigned {
		if seen == nil || seen[e.m.index] {
			return true
		}
	}
	for i, c := range s.maps {
		if c == nil || seen != nil && !seen[i] {
			continue
		}
		for _, e := range c.all {
			if e != nil && (e.state != Persistent || e.dirty()) {
				return true
			}
		}
	}
	return false
}

// known implements [Runner].
func (s *Session) known(m *mapper, key addr) (addr, error) {
	if err := s.start(); err != nil {
		return nil, err
	}
	defer s.leave()
	if s.maps == nil || s.maps[m.index] == nil {
		return nil, nil
	}
	k, ok, err := s.keyOf(m.key, key)
	if err != nil || !ok {
		return nil, err
	}
	e := s.maps[m.index].lookup(k)
	if e == nil || !s.trusted(e) {
		return nil, nil
	}
	if e.state == Deleted {
		return nil, fmt.Errorf("%w: %s is deleted in this session", ErrNotFound, e.name())
	}
	return e.obj, nil
}

// A tracking is a session as queries see it.
type tracking Session

func (t *tracking) session() *Session { return (*Session)(t) }

// track implements tracker.
func (t *tracking) track(m *mapper, cols []*column, refresh bool, n int) (admitter, error) {
	s := t.session()
	c := s.identityMap(m)
	if n > 0 && c.ints.used == 0 && len(m.key) == 1 && m.key[0].codec.getInt != nil {
		c.ints.grow(min(n, 4096))
	}
	a := &admission{s: s, c: c, m: m, cols: cols, lacks: m.lacking(cols), refresh: refresh, after: s.db.opts.Hooks.AfterLoad}
	if len(m.key) == 1 && m.key[0].codec.getInt != nil {
		a.key = m.key[0]
	}
	return a, nil
}

// An admission takes the rows of one query in.
type admission struct {
	s       *Session
	c       *identityMap
	m       *mapper
	cols    []*column
	lacks   *lack
	key     *column // the one integer key column; nil if it is not that simple
	refresh bool
	after   func(any) error
}

// admit implements admitter.
func (a *admission) admit(fresh addr) (addr, error) {
	var k rowKey
	if a.key != nil {
		k = rowKey{n: a.key.codec.getInt(a.key.at(fresh)), single: true}
	} else {
		var ok bool
		var err error
		if k, ok, err = a.s.keyOf(a.m.key, fresh); err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("ingot: a row of %s came with NULL in its key", a.m.table)
		}
	}
	if e := a.c.lookup(k); e != nil {
		cols := a.cols
		if !a.refresh && e.unit == a.s.unit {
			cols = e.lacks.among(cols) // what was read in this unit of work stays
		}
		if len(cols) > 0 {
			if err := a.s.renew(e, fresh, cols, a.refresh); err != nil {
				return nil, err
			}
			if a.after != nil {
				if err := a.after(a.m.instance(e.obj)); err != nil {
					return nil, err
				}
			}
		}
		return e.obj, nil
	}
	if a.after != nil {
		if err := a.after(a.m.instance(fresh)); err != nil {
			return nil, err
		}
	}
	a.s.settleIn(a.c, k, fresh).lacks = a.lacks
	return fresh, nil
}

// settleIn makes a fresh instance persistent.
func (s *Session) settleIn(c *identityMap, k rowKey, p addr) *entry {
	e := s.newEntry(c.m, p)
	e.state, e.unit, e.read = Persistent, s.unit, s.clock
	e.snap = c.snaps.next()
	c.m.snapshot(e.snap, p)
	c.register(k, e)
	return e
}

// renew gives a persistent instance the columns of a row. Edited columns keep the edit,
// unless they are to be replaced too; then the row may not have moved on under the edit.
func (s *Session) renew(e *entry, row addr, cols []*column, replace bool) error {
	m := e.m
	dirty := e.dirtyColumns()
	if v := m.version; v != nil && dirty && !replace && v.differs(row, e.snap) {
		return &StaleError{Op: "read", Model: m.name, Key: e.name(), Table: m.table.String(), Want: 1}
	}
	s.recordRead(e)
	snap := s.identityMap(m).snaps.next()
	m.snapshot(snap, e.snap)
	for _, c := range cols {
		if replace || !dirty || !c.differs(e.obj, e.snap) {
			if c.differs(e.obj, row) {
				c.codec.save(c.at(e.obj), c.at(row))
			}
		}
		c.codec.save(c.at(snap), c.at(row))
	}
	e.snap, e.unit, e.read, e.lacks = snap, s.unit, s.clock, e.lacks.without(cols)
	// A many-to-one relation says what the foreign key says.
	for _, ref := range s.db.layout().refs[m.index] {
		for _, r := range ref.up {
			old := r.one(snap)
			if old == nil {
				continue
			}
			if t := s.find(ref.target, old); t != nil && t.snap != nil && s.refers(snap, ref, t.snap) {
				continue
			}
			var now addr
			if t := s.at(ref, snap); t != nil {
				now = t.obj
			} else {
				e.setLoad(r, NotLoaded, 0)
			}
			if r.one(e.obj) == old {
				r.setOne(e.obj, now)
			}
			r.setOne(snap, now)
		}
	}
	return nil
}

// done implements admitter.
func (a *admission) done(all []addr) {
	if len(a.m.relations) == 0 || len(all) < 2 {
		return
	}
	sib := &siblings{all: make([]*entry, 0, len(all))}
	for _, p := range all {
		if e := a.s.find(a.m, p); e != nil {
			sib.all = append(sib.all, e)
			e.siblings = sib
		}
	}
}

// wants implements tracker.
func (t *tracking) wants(owner addr, r *relation) bool {
	e := t.session().find(r.m, owner)
	return e == nil || e.load(r) != Loaded || e.loadUnit(r) != t.session().unit
}

// find implements tracker.
func (t *tracking) find(owner addr, r *relation) addr {
	s := t.session()
	ref := s.db.layout().of[r]
	if ref == nil {
		return nil
	}
	if e := s.at(ref, owner); e != nil && e.unit == s.unit && e.state != Deleted {
		return e.obj
	}
	return nil
}

// missing implements tracker: an instance whose row is gone leaves the session, unless it
// has unsaved edits; those are too good to be lost without a word.
func (t *tracking) missing(m *mapper, key addr) error {
	s := t.session()
	k, ok, err := s.keyOf(m.key, key)
	if err != nil || !ok {
		return err
	}
	e := s.identityMap(m).lookup(k)
	switch {
	case e == nil || e.state != Persistent:
		return nil
	case e.dirty() || s.assigned[e] != nil:
		return &StaleError{Op: "read", Model: m.name, Key: e.name(), Table: m.table.String(), Want: 1}
	}
	s.record(e)
	s.dismiss(e, Detached)
	return nil
}

// fill implements tracker.
func (t *tracking) fill(owner addr, r *relation, members []addr, state LoadState) error {
	s := t.session()
	e := s.find(r.m, owner)
	if e == nil {
		return nil
	}
	if state == Partial && e.load(r) == Loaded {
		return nil // more is known already
	}
	s.recordRead(e)
	s.fill(e, r, members, state)
	return nil
}

// fill puts what was read into a relation. Unsaved edits stay: what the program has added
// is in it, what it has taken out is not.
func (s *Session) fill(e *entry, r *relation, members []addr, state LoadState) {
	snap := e.snap
	if e.depth > 0 { // an undo record may hold it
		snap = s.identityMap(e.m).snaps.next()
		e.m.snapshot(snap, e.snap)
	}
	edited := r.differs(e.obj, e.snap)
	if !r.kind.toMany() {
		var p addr
		if len(members) > 0 {
			p = members[0]
		}
		if !edited {
			r.setOne(e.obj, p)
		}
		r.setOne(snap, p)
	} else {
		if members == nil {
			members = []addr{}
		}
		if !edited {
			r.setMany(e.obj, members)
		} else {
			r.setMany(e.obj, merged(members, r.many(e.snap), r.many(e.obj)))
		}
		r.setMany(snap, members)
	}
	e.snap = snap
	e.setLoad(r, state, s.unit)
}

// merged applies the edits that lead from then to now to what was read.
func merged(read, then, now []addr) []addr {
	was := make(map[addr]bool, len(then))
	for _, p := range then {
		was[p] = true
	}
	is := make(map[addr]bool, len(now))
	for _, p := range now {
		is[p] = true
	}
	list := make([]addr, 0, len(read)+len(now))
	have := make(map[addr]bool, len(read))
	for _, p := range read {
		if was[p] && !is[p] {
			continue // taken out
		}
		list = append(list, p)
		have[p] = true
	}
	for _, p := range now {
		if !was[p] && !have[p] {
			list = append(list, p)
		}
	}
	return list
}

// wrote implements tracker.
func (t *tracking) wrote(m *mapper, keys []addr, cols []*column) error {
	s := t.session()
	if s.maps == nil || s.maps[m.index] == nil {
		return nil
	}
	c := s.maps[m.index]
	var hit []*entry
	if keys == nil {
		for _, e := range c.all {
			if e != nil && e.state != Pending {
				hit = append(hit, e)
			}
		}
	}
	for _, p := range keys {
		k, ok, err := s.keyOf(m.key, p)
		if err != nil {
			return err
		}
		e := c.lookup(k)
		if !ok || e == nil {
			continue
		}
		if cols == nil {
			hit = append(hit, e)
			continue
		}
		unit := e.unit // of the other columns
		if err := s.renew(e, p, cols, true); err != nil {
			return err
		}
		e.unit = unit
	}
	for _, e := range hit {
		s.record(e)
		e.unit = 0 // the next Get or query reads it again
	}
	if cols == nil && keys != nil {
		s.dismissAll(hit, Detached)
	}
	return nil
}

// Load loads a relationship of an instance: s.Load(ctx, user, &user.Addresses). The
// others that came from the same query get theirs by the same statement, so that a loop
// over them sends one and not one each. What is loaded and may still be trusted is not
// loaded again.
func (s *Session) Load(ctx context.Context, x, field any, opts ...LoadOption) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	e, err := s.persistent(x)
	if err != nil {
		return within("Load", err)
	}
	r, err := e.m.relationOf(e.obj, field)
	if err != nil {
		return err
	}
	if e.load(r) == Loaded && e.loadUnit(r) == s.unit && len(opts) == 0 {
		return nil
	}
	if err := s.prepare(ctx, need{models: []*mapper{r.m, r.target}}); err != nil {
		return err
	}
	owners := []addr{e.obj}
	if e.siblings != nil && len(opts) == 0 {
		for _, t := range e.siblings.all {
			if len(owners) == maxSiblings {
				break
			}
			if t != e && t.state == Persistent && (t.load(r) != Loaded || t.loadUnit(r) != s.unit) {
				owners = append(owners, t.obj)
			}
		}
	}
	return s.loadRelation(ctx, r, owners, opts)
}

// loadRelation loads a relation of instances by one statement, or as few as it takes.
func (s *Session) loadRelation(ctx context.Context, r *relation, owners []addr, opts []LoadOption) error {
	ln := lane{db: s.db, tx: s.tx, track: (*tracking)(s)}
	root := r.m.alloc()
	what := newLoading(pointerTo(r.typ, r.at(root)), opts)
	return ln.load(ctx, r.m, r.m.instance(root), owners, []loading{what})
}

// persistent returns the entry of a persistent instance of this session.
func (s *Session) persistent(x any) (*entry, error) {
	m, p, err := s.db.instance(x)
	if err != nil {
		return nil, err
	}
	e := s.find(m, p)
	switch {
	case e == nil && s.left.get(number(p)) != nil:
		return nil, fmt.Errorf("%s: %w", m.keyName(p), ErrDetached)
	case e == nil:
		return nil, fmt.Errorf("%s is not in this session", m.keyName(p))
	case e.state == Pending:
		return nil, fmt.Errorf("%s has no row yet: flush first", e.name())
	case e.state == Deleted:
		return nil, fmt.Errorf("%s is being deleted", e.name())
	}
	return e, nil
}

// Refresh reads instances anew, unsaved edits of their columns lost, and reads again the
// relationships that were loaded. A row that is gone is [ErrNotFound].
func (s *Session) Refresh(ctx context.Context, xs ...any) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	var errs []error
	byModel := make([][]*entry, len(s.db.models.mappers))
	for _, x := range xs {
		e, err := s.persistent(x)
		if err != nil {
			errs = append(errs, within("Refresh", err))
			continue
		}
		byModel[e.m.index] = append(byModel[e.m.index], e)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := s.reading(ctx); err != nil {
		return err
	}
	for i := 0; i < len(byModel); i++ {
		if len(byModel[i]) > 0 {
			if err := s.refresh(ctx, byModel[i], map[*entry]bool{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// refresh reads the rows of entries of one model, then what they had loaded.
func (s *Session) refresh(ctx context.Context, es []*entry, done map[*entry]bool) error {
	var todo []*entry
	for _, e := range es {
		if !done[e] {
			done[e] = true
			todo = append(todo, e)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	m := todo[0].m
	for rest := todo; len(rest) > 0; {
		n := min(len(rest), s.db.batchRows(len(m.key)))
		found, err := s.reread(ctx, m, rest[:n])
		if err != nil {
			return err
		}
		for _, e := range rest[:n] {
			if !found[e] {
				name := e.name()
				s.record(e)
				s.dismiss(e, Detached)
				return fmt.Errorf("%w: %s, which was loaded before", ErrNotFound, name)
			}
			e.reset()
			delete(s.assigned, e)
		}
		rest = rest[n:]
	}
	for _, r := range m.relations {
		var owners []addr
		for _, e := range todo {
			if e.load(r) != NotLoaded && !(r.kind == manyToOne && r.one(e.obj) == nil) {
				s.recordRead(e)
				e.setLoad(r, NotLoaded, 0)
				owners = append(owners, e.obj)
			}
		}
		if len(owners) == 0 {
			continue
		}
		if err := s.loadRelation(ctx, r, owners, nil); err != nil {
			return err
		}
		if r.cascade.has(cascadeRefresh) {
			var members []*entry
			for _, o := range owners {
				for _, p := range r.members(o) {
					if t := s.find(r.target, p); t != nil && t.state == Persistent {
						members = append(members, t)
					}
				}
			}
			if err := s.refresh(ctx, members, done); err != nil {
				return err
			}
		}
	}
	return nil
}

// reread reads the rows of entries and replaces their columns.
func (s *Session) reread(ctx context.Context, m *mapper, es []*entry) (map[*entry]bool, error) {
	w := &writer{db: s.db, ctx: ctx, tx: s.tx, op: "select", model: m.name}
	w.text("SELECT ")
	w.scanColumns(m.columns)
	w.text(" FROM ")
	w.table(m.table)
	w.text(" WHERE ")
	cs := make([]*change, len(es))
	for i, e := range es {
		cs[i] = &change{e: e}
	}
	w.keyList(m.key, "", cs, func(c *change) addr { return c.e.snap })
	row := m.alloc()
	cells := newCells(m.columns, &row)
	found := map[*entry]bool{}
	err := w.each(func(rows *sql.Rows) error {
		row = m.alloc()
		if err := rows.Scan(cells...); err != nil {
			return err
		}
		k, ok, err := s.keyOf(m.key, row)
		if err != nil || !ok {
			return err
		}
		e := s.identityMap(m).lookup(k)
		if e == nil {
			return nil
		}
		if err := s.renew(e, row, m.columns, true); err != nil {
			return err
		}
		found[e] = true
		if hook := s.db.opts.Hooks.AfterLoad; hook != nil {
			return hook(m.instance(e.obj))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Expire makes the session forget what it knows of instances: unsaved edits are dropped,
// relationships count as not loaded, and the next Get or query that meets the rows reads
// them anew. Until then the fields keep the values last read. Without arguments it expires
// everything that is persistent.
func (s *Session) Expire(xs ...any) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	var es []*entry
	for _, x := range xs {
		e, err := s.persistent(x)
		if err != nil {
			return within("Expire", err)
		}
		es = append(es, e)
	}
	if len(xs) == 0 {
		for _, c := range s.maps {
			if c != nil {
				for _, e := range c.all {
					if e != nil && e.state == Persistent {
						es = append(es, e)
					}
				}
			}
		}
	}
	seen := map[*entry]bool{}
	for len(es) > 0 {
		e := es[len(es)-1]
		es = es[:len(es)-1]
		if seen[e] || e.state != Persistent {
			continue
		}
		seen[e] = true
		for _, r := range e.m.relations {
			if r.cascade.has(cascadeRefresh) {
				for _, p := range r.members(e.obj) {
					if t := s.find(r.target, p); t != nil {
						es = append(es, t)
					}
				}
			}
		}
		s.expire(e)
	}
	return nil
}

func (s *Session) expire(e *entry) {
	s.recordRead(e)
	e.reset()
	delete(s.assigned, e)
	e.unit = 0
	if e.loads == nil {
		return
	}
	snap := s.identityMap(e.m).snaps.next()
	e.m.snapshot(snap, e.snap)
	for _, r := range e.m.relations {
		if e.load(r) == NotLoaded {
			continue
		}
		if r.kind.toMany() {
			r.setMany(e.obj, nil)
			r.setMany(snap, nil)
		} else {
			r.setOne(e.obj, nil)
			r.setOne(snap, nil)
		}
		e.setLoad(r, NotLoaded, 0)
	}
	e.snap = snap
}
