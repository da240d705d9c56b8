package ingot

import (
	"errors"
	"fmt"
	"slices"
)

// Owners: what a row is let go by, and what becomes of it then.
//
// A reference to one row, or a link, may own what it leads to (delete-orphan): what it leads
// to no more is an orphan, unless another owner has taken it. What was there before has to be
// known for that, so it is loaded where it was not.

// uncover loads the references to one row that were set without having been loaded, where
// the row that was there before has to go, or to let go.
func (f *flush) uncover() error {
	for _, m := range f.lay.order {
		for _, r := range m.relations {
			if r.kind != oneToOne && !r.owns() {
				continue
			}
			var owners []*entry
			for _, c := range f.changes {
				if c.e.m == m && c.op == opNone && c.e.load(r) != Loaded && (c.linked && c.e.changed(r) || c.keyed && f.refersAnew(c.e, r)) {
					owners = append(owners, c.e)
				}
			}
			if len(owners) > 0 {
				if err := f.loadOld(r, r.local, owners...); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// owns reports whether a reference or a link keeps what it leads to: without it that is an
// orphan.
func (r *relation) owns() bool {
	return (r.kind == manyToOne || r.kind == manyToMany) && r.cascade.has(cascadeOrphan)
}

// refersAnew reports whether the columns of a many-to-one relation were changed.
func (f *flush) refersAnew(e *entry, r *relation) bool {
	return r.kind == manyToOne && slices.ContainsFunc(r.local, func(col *column) bool { return col.differs(e.obj, e.snap) })
}

// loadOld loads a relation that the columns tie, as they were before they were edited.
func (f *flush) loadOld(r *relation, columns []*column, owners ...*entry) error {
	now := r.m.snaps(len(owners))
	for _, e := range owners {
		edited := now.next()
		e.m.snapshot(edited, e.obj)
		set := func(from addr) {
			for _, col := range columns {
				col.codec.save(col.at(e.obj), col.at(from))
			}
		}
		set(e.snap)
		defer set(edited)
	}
	return f.s.loadMissing(f.ctx, r, owners)
}

// lose notes that a reference which owns its target leads elsewhere now.
func (f *flush) lose(e *entry, r *relation) {
	if !r.owns() || e.snap == nil {
		return
	}
	if t := f.s.find(r.target, r.one(e.snap)); t != nil && t.owned() {
		f.lost = append(f.lost, owned{r, t})
	}
}

// An owned is what a relation that owns its target led to, or leads to now.
type owned struct {
	r *relation
	t *entry
}

// taken is what references and links that own their targets lead to anew.
func (f *flush) taken() map[owned]bool {
	if f.took != nil {
		return f.took
	}
	f.took = map[owned]bool{}
	for _, c := range f.changes {
		for cl := c.claims; cl != nil; cl = cl.next {
			t := cl.parent
			if cl.key && t == nil {
				t = f.s.at(cl.ref, c.e.obj)
			}
			for _, r := range cl.ref.up {
				if r.owns() && t != nil {
					f.took[owned{r, t}] = true
				}
			}
		}
	}
	for _, l := range f.links {
		if l.add {
			f.took[owned{l.r, l.right}] = true
			f.took[owned{l.r.inverse, l.left}] = true
		}
	}
	return f.took
}

// replace finds who had the parent that a child has been given, where a parent has only
// one: who is not spoken of is let go.
func (f *flush) replace() error {
	type place struct {
		r      *relation
		parent *entry
	}
	var places []place
	var taken map[place]*entry
	var errs []error
	for _, c := range f.changes {
		if c.goes() {
			continue
		}
		for cl := c.claims; cl != nil; cl = cl.next {
			parent := cl.parent
			if parent == nil && cl.key && !cl.null {
				parent = f.s.at(cl.ref, c.e.obj)
			}
			if parent == nil || parent.work != nil && parent.work.op == opDelete {
				continue
			}
			for _, r := range cl.ref.down {
				if r.kind != oneToOne {
					continue
				}
				at := place{r, parent}
				if other := taken[at]; other != nil {
					errs = append(errs, fmt.Errorf("%s.%s is given two: %s and %s", parent.name(), r.field, other.name(), c.e.name()))
					continue
				}
				if taken == nil {
					taken = map[place]*entry{}
				}
				taken[at] = c.e
				places = append(places, at)
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	unread := map[*relation][]*entry{}
	for _, at := range places {
		unread[at.r] = append(unread[at.r], at.parent)
	}
	for _, at := range places {
		if parents := unread[at.r]; parents != nil {
			delete(unread, at.r)
			if err := f.s.loadMissing(f.ctx, at.r, parents); err != nil {
				return err
			}
		}
		if at.parent.snap == nil {
			continue
		}
		t := f.s.find(at.r.target, at.r.one(at.parent.snap))
		if t == nil || t == taken[at] || t.work != nil && t.work.claim(f.lay.of[at.r]) != nil {
			continue
		}
		cl := f.claimOn(f.change(t), f.lay.of[at.r])
		cl.left, cl.leftBy = at.parent, at.r
	}
	return nil
}

// climb makes sure that in a tree, which is a reference to the own table with a collection
// on the other end, no row becomes its own ancestor. A row that is its own parent is a root.
func (f *flush) climb() error {
	s := f.s
	for _, m := range f.lay.order {
		for _, ref := range f.lay.refs[m.index] {
			if ref.target != m || !slices.ContainsFunc(ref.down, func(r *relation) bool { return r.kind == oneToMany }) {
				continue
			}
			s.marks += 2
			sound, here := s.marks-1, s.marks
			for _, c := range f.changes {
				if c.claim(ref) == nil {
					continue
				}
				var path []*entry
				for e := c.e; e != nil && e.mark != sound; {
					if e.mark == here {
						return fmt.Errorf("%s is made its own ancestor: by %s it is under %s", e.name(), ref.columnNames(), nameList(path[slices.Index(path, e)+1:]))
					}
					e.mark = here
					path = append(path, e)
					p := f.parentOf(e, ref)
					if p == e {
						break
					}
					e = p
				}
				for _, e := range path {
					e.mark = sound
				}
			}
		}
	}
	return nil
}

// parentOf returns the parent that a row will have, as far as the session knows it.
func (f *flush) parentOf(e *entry, ref *reference) *entry {
	if c := e.work; c != nil {
		if c.goes() {
			return nil
		}
		if cl := c.claim(ref); cl != nil {
			switch cl.verdict {
			case setParent:
				return cl.parent
			case setKey:
				return f.s.at(ref, e.obj)
			case setNull:
				return nil
			}
		}
	}
	if e.snap == nil {
		return nil
	}
	return f.s.at(ref, e.snap)
}

// release lets a child go whose parent is deleted.
func (f *flush) release(c *change, r *relation, parent *entry) error {
	ref := f.lay.of[r]
	cl := f.claimOn(c, ref)
	switch cl.verdict {
	case setNull:
		return nil
	case keep, setParent:
		if cl.verdict == setParent && cl.parent != parent {
			return nil
		}
	case setKey:
		return nil
	}
	if !ref.nullable() {
		return fmt.Errorf("%s is to be deleted, but %s refers to it and its %s cannot be NULL: let %s.%s cascade delete, or delete it too",
			parent.name(), c.e.name(), ref.columnNames(), r.m.name, r.field)
	}
	cl.left, cl.leftBy, cl.verdict = parent, r, setNull
	return nil
}
