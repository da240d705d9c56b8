package ingot

import "slices"

// The layout is what a session has to know about the models as a whole. It is worked out
// once per DB.
type layout struct {
	of    map[*relation]*reference // for every relation but many-to-many
	refs  [][]*reference           // by model: the foreign keys its table has
	refBy [][]*reference           // by model: the foreign keys that refer to its table
	links [][]*relation            // by model: the many-to-many relations whose links hold its rows, one per link and side
	plans []*writePlan             // by model: how it is written

	order []*mapper  // parents before children
	rank  []int      // by model: models of equal rank refer to each other
	knot  []bool     // by model: its rank refers to itself, so rows have to be sorted
	sees  [][]bool   // by model: whose changes a query for it can see
	uuids uuidSource // of uuidv7 columns
}

// A reference is one foreign key of a model, its child being the model that has it, with
// all relations that speak for it.
type reference struct {
	*foreignKey
	up    []*relation // the child's many-to-one relations
	down  []*relation // the parent's collections
	index int         // among the child's references

	onDelete, onUpdate string // what the database does to the child by itself: "CASCADE", "SET NULL"
}

// orphans reports whether a child that its parent let go is deleted.
func (ref *reference) orphans() bool {
	return slices.ContainsFunc(ref.down, func(r *relation) bool { return r.cascade.has(cascadeOrphan) })
}

// nullable reports whether the reference can be cleared. Of a composite one, a single
// column that takes NULL is enough.
func (ref *reference) nullable() bool {
	return slices.ContainsFunc(ref.columns, func(c *column) bool { return c.nullable && !c.pk })
}

// postUpdate reports whether the reference is written after its row in any case.
func (ref *reference) postUpdate() bool {
	is := func(r *relation) bool { return r.postUpdate }
	return ref.nullable() && (slices.ContainsFunc(ref.up, is) || slices.ContainsFunc(ref.down, is))
}

// layoutKey finds the layout among what rooms keep in a DB.
type layoutKey struct{}

func (db *DB) layout() *layout {
	if l, ok := db.kept.Load(layoutKey{}); ok {
		return l.(*layout)
	}
	fresh := newLayout(db.models, db.dialect)
	for _, p := range fresh.plans {
		p.moves = db.enc.moves(p.m)
		p.settled = slices.DeleteFunc(p.settled, func(c *column) bool { return slices.Contains(p.moves, c) })
	}
	l, _ := db.kept.LoadOrStore(layoutKey{}, fresh)
	return l.(*layout)
}

func newLayout(ms *Models, d Dialect) *layout {
	n := len(ms.mappers)
	l := &layout{
		of:    map[*relation]*reference{},
		refs:  make([][]*reference, n),
		refBy: make([][]*reference, n),
		links: make([][]*relation, n),
		plans: make([]*writePlan, n),
		knot:  make([]bool, n),
		sees:  make([][]bool, n),
	}
	for _, m := range ms.mappers {
		l.plans[m.index] = newWritePlan(m, d)
		for _, key := range m.foreignKeys {
			l.reference(key)
		}
	}
	for _, m := range ms.mappers {
		for _, r := range m.relations {
			l.relation(r)
		}
	}
	g := newOrdering(n)
	for _, refs := range l.refs {
		for _, ref := range refs {
			ref.onDelete, ref.onUpdate = ref.action(d, "ondelete"), ref.action(d, "onupdate")
			g.edge(ref.target.index, ref.m.index)
		}
	}
	l.rank = g.components()
	for _, refs := range l.refs {
		for _, ref := range refs {
			if l.rank[ref.target.index] == l.rank[ref.m.index] {
				l.knot[ref.target.index], l.knot[ref.m.index] = true, true
			}
		}
	}
	l.order = slices.Clone(ms.mappers)
	slices.SortStableFunc(l.order, func(a, b *mapper) int { return l.rank[a.index] - l.rank[b.index] })
	for _, m := range ms.mappers {
		l.sees[m.index] = make([]bool, n)
		l.look(m, l.sees[m.index])
	}
	return l
}

// reference returns the reference of a foreign key, the same for all who ask.
func (l *layout) reference(key *foreignKey) *reference {
	of := key.m.index
	for _, ref := range l.refs[of] {
		if ref.foreignKey == key {
			return ref
		}
	}
	ref := &reference{foreignKey: key, index: len(l.refs[of])}
	l.refs[of] = append(l.refs[of], ref)
	l.refBy[key.target.index] = append(l.refBy[key.target.index], ref)
	return ref
}

// relation files a relation under what it speaks for.
func (l *layout) relation(r *relation) {
	switch r.kind {
	case manyToOne:
		ref := l.reference(r.key)
		ref.up = append(ref.up, r)
		l.of[r] = ref
	case oneToOne, oneToMany:
		ref := l.reference(r.key)
		ref.down = append(ref.down, r)
		l.of[r] = ref
	case manyToMany:
		l.links[r.m.index] = append(l.links[r.m.index], r)
		if r.inverse == nil {
			l.links[r.target.index] = append(l.links[r.target.index], r)
		}
	}
}

// look marks the models whose changes a query for m can see: m itself, what it refers to
// (a collection there decides about foreign keys here, a deletion there about rows here),
// and what it is linked with.
func (l *layout) look(m *mapper, seen []bool) {
	if seen[m.index] {
		return
	}
	seen[m.index] = true
	for _, ref := range l.refs[m.index] {
		l.look(ref.target, seen)
	}
	for _, r := range l.links[m.index] {
		l.look(r.m, seen)
		l.look(r.target, seen)
	}
}

// canonical returns the one of a relation and its inverse that stands for their link, and
// whether r is the other one.
func (r *relation) canonical() (c *relation, swapped bool) {
	if r.inverse == nil {
		return r, false
	}
	if r.inverse.m.index < r.m.index || r.inverse.m == r.m && r.inverse.index < r.index {
		return r.inverse, true
	}
	return r, false
}
