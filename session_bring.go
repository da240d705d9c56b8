package ingot

// Bringing along: after a flush the sides of a relationship that were silent say what the
// others said. Slices are replaced, never edited in place.

// An edit is what a flush does to a collection that was silent about a link.
type edit struct {
	r    *relation
	plus []addr
	drop map[addr]bool
}

// editOf returns the edit of a relation of an entry.
func (f *flush) editOf(e *entry, r *relation) *edit {
	x := f.change(e).more()
	for i := range x.edits {
		if x.edits[i].r == r {
			return &x.edits[i]
		}
	}
	x.edits = append(x.edits, edit{r: r})
	return &x.edits[len(x.edits)-1]
}

// join brings a relation of an entry along: p is in it now. What is not loaded stays so.
func (f *flush) join(e *entry, r *relation, p addr) {
	if w := e.work; w != nil && w.goes() {
		return
	}
	if e.load(r) == Loaded || e.state == Pending {
		ed := f.editOf(e, r)
		ed.plus = append(ed.plus, p)
	}
}

// part brings a relation of an entry along: p is not in it any more.
func (f *flush) part(e *entry, r *relation, p addr) {
	if w := e.work; w != nil && w.goes() {
		return
	}
	if r.isNil(e.obj) {
		return
	}
	ed := f.editOf(e, r)
	if ed.drop == nil {
		ed.drop = map[addr]bool{}
	}
	ed.drop[p] = true
}

// bring tells the silent sides of every verdict. It runs when all is written.
func (f *flush) bring() {
	n := len(f.changes) // edits add entries, but no verdicts
	for i := 0; i < n; i++ {
		c := f.changes[i]
		e := c.e
		if c.op == opDelete {
			f.bringDeleted(e)
			continue
		}
		for cl := c.claims; cl != nil; cl = cl.next {
			f.bringClaim(c, cl)
		}
	}
	f.bringUnlinked()
	for _, l := range f.links {
		r, p, q := l.r, l.left, l.right
		for range 2 {
			if r == nil {
				break
			}
			if l.add {
				f.join(p, r, q.obj)
			} else {
				f.part(p, r, q.obj)
			}
			r, p, q = r.inverse, q, p
		}
	}
	for i := 0; i < len(f.changes); i++ {
		f.edit(f.changes[i])
	}
}

// bringClaim tells the silent sides of one verdict.
func (f *flush) bringClaim(c *change, cl *claim) {
	e := c.e
	var parent *entry
	switch cl.verdict {
	case keep:
		return
	case setParent:
		parent = cl.parent
	case setKey:
		parent = f.at(cl.ref, e.obj, false)
	}
	for _, r := range cl.ref.down {
		if old := f.oldParent(e, cl, r); old != nil && old != parent {
			f.part(old, r, e.obj)
		}
		if parent != nil && cl.by != r {
			f.join(parent, r, e.obj)
		}
	}
	for _, r := range cl.ref.up {
		switch {
		case parent != nil:
			if r.one(e.obj) != parent.obj {
				f.touch(c)
				r.setOne(e.obj, parent.obj)
			}
			c.loaded(r, Loaded)
		case cl.verdict == setKey:
			if r.one(e.obj) != nil {
				f.touch(c)
				r.setOne(e.obj, nil)
			}
			c.loaded(r, NotLoaded)
		case cl.verdict == setNull:
			if r.one(e.obj) != nil {
				f.touch(c)
				r.setOne(e.obj, nil)
			}
			c.loaded(r, Loaded)
		}
	}
}

// loaded notes how much of a relation is loaded from now on. All that can hang on a new row
// is in memory anyway.
func (c *change) loaded(r *relation, l LoadState) {
	if c.op != opInsert {
		c.more().loads = append(c.more().loads, relationLoad{r, l})
	}
}

// bringDeleted takes a deleted row out of the collections that hold it.
func (f *flush) bringDeleted(e *entry) {
	for _, ref := range f.lay.refs[e.m.index] {
		for _, r := range ref.down {
			if old := f.oldParent(e, nil, r); old != nil {
				f.part(old, r, e.obj)
			}
		}
	}
}

// bringUnlinked takes deleted rows out of the many-to-many collections that hold them. Who
// holds them only those collections know, since the other side may not be loaded.
func (f *flush) bringUnlinked() {
	for _, m := range f.lay.order {
		if len(f.lay.links[m.index]) == 0 {
			continue
		}
		gone := map[addr]bool{}
		for _, c := range f.changes {
			if c.op == opDelete && c.e.m == m {
				gone[c.e.obj] = true
			}
		}
		if len(gone) == 0 {
			continue
		}
		for _, c := range f.s.maps {
			if c == nil {
				continue
			}
			for _, r := range c.m.relations {
				if r.kind != manyToMany || r.target != m {
					continue
				}
				for _, e := range c.all {
					if e == nil || e.load(r) == NotLoaded {
						continue
					}
					for _, p := range r.many(e.obj) {
						if gone[p] {
							f.part(e, r, p)
						}
					}
				}
			}
		}
	}
}

// oldParent finds the parent that a row had according to the database, if the session
// knows it.
func (f *flush) oldParent(e *entry, cl *claim, r *relation) *entry {
	if cl != nil && cl.left != nil && cl.leftBy == r {
		return cl.left
	}
	if e.snap == nil {
		return nil
	}
	ref := f.lay.of[r]
	if p := f.at(ref, e.snap, true); p != nil {
		return p
	}
	for _, up := range ref.up {
		if q := up.one(e.snap); q != nil {
			return f.s.find(ref.target, q)
		}
	}
	return nil
}

// edit changes the collections of one entry that were silent, replacing slices.
func (f *flush) edit(c *change) {
	e := c.e
	if c.extra == nil {
		return
	}
	for i := range c.extra.edits {
		ed := &c.extra.edits[i]
		r := ed.r
		if !r.kind.toMany() {
			p := r.one(e.obj)
			if ed.drop[p] {
				p = nil
			}
			for _, q := range ed.plus {
				p = q
			}
			if p != r.one(e.obj) {
				f.touch(c)
				r.setOne(e.obj, p)
			}
			continue
		}
		now := r.many(e.obj)
		var have map[addr]bool
		if len(now)*len(ed.plus) > 64 {
			have = make(map[addr]bool, len(now))
			for _, p := range now {
				have[p] = true
			}
		}
		list := make([]addr, 0, len(now)+len(ed.plus))
		for _, p := range now {
			if !ed.drop[p] {
				list = append(list, p)
			}
		}
		kept := len(list)
		for _, p := range ed.plus {
			switch {
			case have != nil && have[p]:
			case have == nil && contains(now, p):
			default:
				list = append(list, p)
			}
		}
		if kept == len(now) && len(list) == kept {
			continue
		}
		f.touch(c)
		r.setMany(e.obj, list)
	}
}

func contains(list []addr, p addr) bool {
	for _, q := range list {
		if p == q {
			return true
		}
	}
	return false
}
