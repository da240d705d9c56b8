package ingot

import (
	"fmt"
	"slices"
)

// Cascades: what an operation on one instance does to those it hangs together with.
//
// Save-update runs twice, when something is added and again at the flush: what a program
// links in between is found then, and what it has let go meanwhile is not inserted.

// reach makes pending whatever the save-update cascade reaches from an entry.
func (s *Session) reach(e *entry) error {
	s.marks++
	return s.spread(e)
}

// spread carries the save-update cascade on from an entry, once per mark.
func (s *Session) spread(e *entry) error {
	if e.mark == s.marks {
		return nil
	}
	e.mark = s.marks
	for _, r := range e.m.relations {
		if !r.cascade.has(cascadeSave) {
			continue
		}
		if s.left.used > 0 && e.snap != nil {
			for _, p := range r.members(e.snap) {
				s.readmit(p) // what was let go while it was expunged
			}
		}
		if !r.kind.toMany() {
			if p := r.one(e.obj); p != nil {
				if err := s.spreadTo(e, r, p); err != nil {
					return err
				}
			}
			continue
		}
		for _, p := range r.many(e.obj) {
			if p == nil {
				continue // the flush says so
			}
			if err := s.spreadTo(e, r, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// spreadTo takes in what a relation leads to. What is persistent needs no visit: it is
// known already, and visited for its own sake where it has changed.
func (s *Session) spreadTo(from *entry, r *relation, p addr) error {
	e := s.find(r.target, p)
	if e == nil {
		e = s.readmit(p)
	}
	if e == nil {
		if r.target.view {
			return fmt.Errorf("%s.%s holds a new %s, which is a view: %w", from.name(), r.field, r.target.name, ErrReadOnly)
		}
		e = s.makePending(r.target, p)
	}
	if e.state != Pending {
		return nil
	}
	return s.spread(e)
}

// recascade finds what became reachable since it was added, and makes transient again what
// a cascade had reached and nothing reaches any more.
func (f *flush) recascade() error {
	s := f.s
	s.marks++
	for i := 0; i < len(s.added); i++ { // spreading may add more
		if e := s.added[i]; e.state == Pending && e.explicit {
			if err := s.spread(e); err != nil {
				return err
			}
		}
	}
	for _, c := range f.changes {
		if c.e.state == Persistent && c.linked {
			if err := s.spread(c.e); err != nil {
				return err
			}
		}
	}
	for _, e := range s.added {
		if e.state == Pending && e.mark != s.marks {
			s.dismissPending(e)
		}
	}
	return nil
}

// doom adds an instance to those this flush deletes. A pending one is simply not inserted.
func (f *flush) markDeleted(e *entry) {
	c := f.change(e)
	switch c.op {
	case opDelete, opDrop:
		return
	}
	if e.state == Pending {
		c.op = opDrop
	} else {
		c.op = opDelete
	}
	f.doomed = append(f.doomed, c)
}

// cascade carries deletion along relations: to what hangs on the deleted rows with the
// delete cascade, while the rest is let go. It goes in rounds, so that what is not loaded
// is loaded by one statement per relation and round.
func (f *flush) cascade() error {
	type letGo struct {
		child *change
		r     *relation
		from  *entry
	}
	var free []letGo
	for len(f.doomed) > 0 {
		round := f.doomed
		f.doomed = nil
		for _, m := range f.lay.order {
			var owners []*entry
			for _, c := range round {
				if c.e.m == m {
					owners = append(owners, c.e)
				}
			}
			if len(owners) == 0 {
				continue
			}
			for _, r := range m.relations {
				carries := r.cascade.has(cascadeDelete) || r.cascade.has(cascadeOrphan)
				switch {
				case r.kind == manyToOne && !carries, r.kind == manyToMany && !carries:
					continue // the links go in any case
				case r.passive || !carries && !f.lay.of[r].nullable():
					// The database does it, or it has the last word.
				case carries && f.sweepable(r):
					f.sweep(r, owners)
				default:
					if err := f.s.loadMissing(f.ctx, r, owners); err != nil {
						return err
					}
				}
				for _, e := range owners {
					for _, p := range r.members(e.obj) {
						t := f.s.find(r.target, p)
						if t == nil || f.elsewhere(t, r, e) {
							continue
						}
						if carries {
							f.markDeleted(t)
						} else if r.kind != manyToOne {
							free = append(free, letGo{f.change(t), r, e})
						}
					}
				}
			}
			if err := f.deletedByDatabase(m, owners); err != nil {
				return err
			}
		}
	}
	for _, x := range free {
		if x.child.goes() || x.r.passive {
			continue
		}
		if err := f.release(x.child, x.r, x.from); err != nil {
			return err
		}
	}
	return nil
}

// sweepable reports whether the children of a relation can be deleted by their foreign key,
// unseen: nothing hangs on them that would have to be known first.
func (f *flush) sweepable(r *relation) bool {
	if r.kind != oneToMany && r.kind != oneToOne {
		return false
	}
	m := r.target
	carries := func(r *relation) bool { return r.cascade.has(cascadeDelete) || r.cascade.has(cascadeOrphan) }
	if len(f.lay.refBy[m.index]) > 0 || len(f.lay.links[m.index]) > 0 || m.version != nil ||
		f.s.db.opts.Hooks.BeforeDelete != nil || slices.ContainsFunc(m.relations, carries) {
		return false
	}
	// A new row might take over the key or another unique value of one of them.
	return !slices.ContainsFunc(f.changes, func(c *change) bool {
		return c.e.m == m && c.op != opDelete &&
			(len(f.lay.plans[m.index].uniques) > 1 || m.auto == nil || !m.auto.codec.zero(m.auto.at(c.e.obj)))
	})
}

// sweep notes that the children of deleted parents, as far as they are not loaded, go by
// their foreign key. Those that the session knows all the same are deleted with them.
func (f *flush) sweep(r *relation, owners []*entry) {
	ref := f.lay.of[r]
	var parents []*entry
	for _, e := range owners {
		if e.state != Pending && e.load(r) != Loaded {
			parents = append(parents, e)
			f.sweeps = append(f.sweeps, action{kind: actSweep, c: e.work, ref: ref})
		}
	}
	for _, t := range f.known(ref, parents) {
		f.markDeleted(t)
		t.work.swept = true
	}
}

// known returns the children of parents that the session knows, but for those that are
// deleted or of which something new is said.
func (f *flush) known(ref *reference, parents []*entry) []*entry {
	s := f.s
	if len(parents) == 0 || s.maps[ref.m.index] == nil {
		return nil
	}
	is := make(map[*entry]bool, len(parents))
	for _, p := range parents {
		is[p] = true
	}
	var list []*entry
	for _, t := range s.maps[ref.m.index].all {
		if t == nil || t.snap == nil || t.work != nil && (t.work.op == opDelete || t.work.claim(ref) != nil) {
			continue
		}
		if p := f.at(ref, t.snap, true); p != nil && is[p] {
			list = append(list, t)
		}
	}
	return list
}

// deletedByDatabase tells memory what the foreign keys of children do by themselves when
// their parents go (ON DELETE), where no relationship sees to them before.
func (f *flush) deletedByDatabase(m *mapper, parents []*entry) error {
	for _, ref := range f.lay.refBy[m.index] {
		cascades := ref.onDelete == "CASCADE"
		if !cascades && ref.onDelete != "SET NULL" || slices.ContainsFunc(ref.down, func(r *relation) bool {
			return !r.passive && (r.cascade.has(cascadeDelete) || ref.nullable())
		}) {
			continue
		}
		for _, t := range f.known(ref, parents) {
			if cascades {
				f.markDeleted(t)
				t.work.swept = true
				continue
			}
			c := f.change(t)
			f.claimOn(c, ref).verdict = setNull
			if err := f.clear(c, ref); err != nil {
				return err
			}
			c.rebase()
			for _, col := range ref.columns {
				col.codec.save(col.at(c.base), col.at(t.obj))
			}
		}
	}
	return nil
}

// members is what a relation of an instance holds, of any shape. It is a view.
func (r *relation) members(p addr) []addr {
	if r.kind.toMany() {
		return r.many(p)
	}
	if q := r.one(p); q != nil {
		return []addr{q}
	}
	return nil
}

// elsewhere reports whether a child in the collection of a deleted parent has been given
// another parent by now, or was let go.
func (f *flush) elsewhere(t *entry, r *relation, parent *entry) bool {
	if r.kind == manyToOne || r.kind == manyToMany {
		return r.cascade.has(cascadeOrphan) && f.taken()[owned{r, t}]
	}
	if t.work == nil {
		return false
	}
	cl := t.work.claim(f.lay.of[r])
	return cl != nil && (cl.verdict == setParent && cl.parent != parent || cl.verdict == setKey)
}
