package ingot

import (
	"errors"
	"slices"
	"strings"
)

// Order: which rows a flush writes when.
//
// By ranks of tables: link rows that go; then, parents' tables before children's, UPDATEs
// before INSERTs; then new link rows; then DELETEs, children's tables before parents'.
// UPDATEs are sorted by key, INSERTs by when the instances were added.

// An action is one row's statement, before it is put into a batch with others.
type action struct {
	c     *change
	ref   *reference // of actSweep
	level int32      // rows of different levels never share a batch
	kind  actionKind
	alone bool // begins a batch: a row of the one before has to be written first
}

// An actionKind is what a statement does.
type actionKind uint8

const (
	actInsert actionKind = iota
	actUpdate
	actLate  // UPDATE of foreign keys that an INSERT had to leave NULL
	actClear // UPDATE that makes foreign keys NULL before rows that refer to each other go
	actDelete
	actSweep // DELETE of the children of c by their foreign key
	actPark  // UPDATE of a unique value to one that is in nobody's way
)

// sort plans the statements.
func (f *flush) sort() ([]*step, error) {
	if c := f.changes[0]; len(f.changes) == 1 && len(f.links) == 0 && len(f.sweeps) == 0 && !f.lay.knot[c.e.m.index] {
		return f.sortOne(c), nil
	}
	n := len(f.s.db.models.mappers)
	inserts, updates, deletes := make([][]*change, n), make([][]*change, n), make([][]*change, n)
	counts := make([]int, n)
	for _, c := range f.changes {
		if c.op == opInsert {
			counts[c.e.m.index]++
		}
	}
	for i, count := range counts {
		inserts[i] = make([]*change, 0, count)
	}
	for _, c := range f.changes {
		i := c.e.m.index
		switch c.op {
		case opInsert:
			inserts[i] = append(inserts[i], c)
		case opUpdate:
			updates[i] = append(updates[i], c)
		case opDelete:
			if !c.swept {
				deletes[i] = append(deletes[i], c)
			}
		}
	}
	actions, removals := make([]action, 0, len(f.changes)), []action(nil)
	for lo := 0; lo < len(f.lay.order); {
		hi := lo + 1
		for hi < len(f.lay.order) && f.lay.rank[f.lay.order[hi].index] == f.lay.rank[f.lay.order[lo].index] {
			hi++
		}
		group := f.lay.order[lo:hi]
		lo = hi
		for _, m := range group {
			sortByKey(updates[m.index])
			sortByKey(deletes[m.index])
		}
		var gone []action
		var err error
		if !f.lay.knot[group[0].index] {
			m := group[0].index
			actions = appendActions(actions, actUpdate, updates[m], 0)
			actions = appendActions(actions, actInsert, inserts[m], 0)
			gone = appendActions(gone, actDelete, deletes[m], 0)
		} else {
			if actions, err = f.untie(actions, group, inserts, updates); err != nil {
				return nil, err
			}
			if gone, err = f.untieDeletes(group, deletes); err != nil {
				return nil, err
			}
		}
		for _, a := range f.sweeps {
			if slices.Contains(group, a.ref.m) {
				gone = append(gone, a)
			}
		}
		if len(gone) > 0 {
			removals = append(gone, removals...)
		}
	}
	saves := len(actions)
	actions = append(actions, removals...)
	if over := f.takeovers(actions); len(over) > 0 {
		ordered, err := f.handOver(actions, over)
		if err != nil {
			return nil, err
		}
		return f.steps(ordered, len(ordered)), nil
	}
	return f.steps(actions, saves), nil
}

// sortOne plans the statement of the only row that changed. It has nobody to be in the way of.
func (f *flush) sortOne(c *change) []*step {
	a := action{c: c}
	switch c.op {
	case opInsert:
		a.kind = actInsert
	case opUpdate:
		a.kind = actUpdate
	case opDelete:
		a.kind = actDelete
	default:
		return nil
	}
	one := []action{a}
	return f.steps(one, 1)
}

func appendActions(list []action, kind actionKind, cs []*change, level int32) []action {
	list = slices.Grow(list, len(cs))
	for _, c := range cs {
		list = append(list, action{kind: kind, c: c, level: level})
	}
	return list
}

// sortByKey puts persistent rows into the order of their keys, where keys have one.
func sortByKey(cs []*change) {
	if len(cs) < 2 {
		return
	}
	if key := cs[0].e.m.key; len(key) == 1 && key[0].codec.getInt != nil {
		k := key[0]
		slices.SortStableFunc(cs, func(a, b *change) int {
			x, y := k.codec.getInt(k.at(a.e.snap)), k.codec.getInt(k.at(b.e.snap))
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
		return
	}
	slices.SortStableFunc(cs, func(a, b *change) int { return strings.Compare(a.e.sortText(), b.e.sortText()) })
}

// sortText orders keys that are not one integer.
func (e *entry) sortText() string {
	var b []byte
	for _, c := range e.m.key {
		if v, err := c.valueOf(e.snap, &encoding{}); err == nil {
			b = appendSortPart(b, v)
		}
	}
	return string(b)
}

// appendSortPart writes a value so that bytes sort as values do.
func appendSortPart(b []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return appendKeyPart(b, v^(-1<<63))
	case string:
		return append(append(b, v...), 0)
	}
	return appendKeyPart(b, v)
}

// untie orders rows of tables that refer to each other: by how many new rows each has
// above it, level by level. A cycle is broken at a foreign key that may be NULL at first.
func (f *flush) untie(actions []action, group []*mapper, inserts, updates [][]*change) ([]action, error) {
	var all []*change
	for _, m := range group {
		all = append(all, inserts[m.index]...)
		all = append(all, updates[m.index]...)
	}
	if len(all) == 0 {
		return actions, nil
	}
	for _, c := range all {
		f.postpone(c)
	}
	deepest := int32(0)
	for restart := true; restart; {
		restart = false
		for _, c := range all {
			c.level = 0
		}
		t := tie{f: f, rank: f.lay.rank[group[0].index]}
		for _, c := range all {
			if err := t.visit(c); err != nil {
				if !errors.Is(err, errRestart) {
					return nil, err
				}
				restart = true
				break
			}
		}
		deepest = t.deepest
	}
	byLevel := make([][]action, deepest+1)
	for _, m := range group {
		for _, c := range updates[m.index] {
			byLevel[c.level] = append(byLevel[c.level], action{kind: actUpdate, c: c, level: c.level})
		}
		for _, c := range inserts[m.index] {
			byLevel[c.level] = append(byLevel[c.level], action{kind: actInsert, c: c, level: c.level})
		}
	}
	for _, as := range byLevel {
		actions = append(actions, as...)
	}
	for _, m := range group {
		for _, c := range append(slices.Clip(updates[m.index]), inserts[m.index]...) {
			for p := c.parents; p != nil; p = p.next {
				if p.late {
					for _, col := range p.ref.columns {
						if col.nullable && !col.pk {
							c.more().late = append(c.more().late, col)
						}
					}
				}
			}
			if len(c.late()) > 0 {
				actions = append(actions, action{kind: actLate, c: c})
			}
		}
	}
	return actions, nil
}

// postpone marks the foreign keys that post-update writes afterwards in any case.
func (f *flush) postpone(c *change) {
	for p := c.parents; p != nil; p = p.next {
		if c.op == opInsert && p.ref.postUpdate() {
			p.late = true
		}
	}
}

// errRestart says that a foreign key was postponed further up, so levels count anew.
var errRestart = errors.New("restart")

// A tie walks from rows to the new rows they refer to.
type tie struct {
	f       *flush
	rank    int
	path    []*change
	edges   []*parentKey // which parent of each on the path is being visited
	deepest int32
}

func (t *tie) visit(c *change) error {
	if c.level != 0 {
		return nil
	}
	c.level = -1
	t.path = append(t.path, c)
	level := int32(1)
	for p := c.parents; p != nil; p = p.next {
		w := p.parent.work
		if p.late || w == nil || w.op != opInsert || t.f.lay.rank[w.e.m.index] != t.rank {
			continue
		}
		t.edges = append(t.edges[:len(t.path)-1], p)
		if w.level == -1 {
			if err := t.cut(w); err != nil {
				return err
			}
			continue
		}
		if err := t.visit(w); err != nil {
			return err
		}
		level = max(level, w.level+1)
	}
	c.level = level
	t.deepest = max(t.deepest, level)
	t.path = t.path[:len(t.path)-1]
	return nil
}

// cut breaks the cycle from w along the path and back to w. The edge just met is the
// cheapest to break; with another one the levels have to be counted anew.
func (t *tie) cut(w *change) error {
	from := slices.Index(t.path, w)
	for i := len(t.path) - 1; i >= from; i-- {
		c := t.path[i]
		p := t.edges[i]
		if !p.ref.nullable() || c.op != opInsert {
			continue
		}
		p.late = true
		if i == len(t.path)-1 {
			return nil
		}
		return errRestart
	}
	var names []string
	for i := from; i < len(t.path); i++ {
		c := t.path[i]
		names = append(names, c.e.name()+" needs, by "+t.edges[i].ref.columnNames()+",")
	}
	return errors.New("ingot: new rows need each other and none can be first: " + strings.Join(names, " ") + " " + w.e.name() +
		"; let one of these foreign keys be NULL, so that it can be written afterwards")
}

// untieDeletes orders the DELETEs of tables that refer to each other, children first. In a
// cycle one foreign key is made NULL before.
func (f *flush) untieDeletes(group []*mapper, deletes [][]*change) ([]action, error) {
	var all []*change
	for _, m := range group {
		all = append(all, deletes[m.index]...)
	}
	if len(all) == 0 {
		return nil, nil
	}
	u := untying{f: f, rank: f.lay.rank[group[0].index]}
	for restart := true; restart; {
		restart = false
		u.path, u.edges, u.deepest = nil, nil, 0
		for _, c := range all {
			c.level = 0
		}
		for _, c := range all {
			if c.level != 0 {
				continue
			}
			if err := u.visit(c); err != nil {
				if !errors.Is(err, errRestart) {
					return nil, err
				}
				restart = true
				break
			}
		}
	}
	var clears []action
	for _, c := range all {
		if len(c.late()) > 0 {
			clears = append(clears, action{kind: actClear, c: c})
		}
	}
	deepest := u.deepest
	byLevel := make([][]action, deepest+1)
	for _, m := range slices.Backward(group) {
		for _, c := range deletes[m.index] {
			byLevel[c.level] = append(byLevel[c.level], action{kind: actDelete, c: c, level: c.level})
		}
	}
	for _, as := range slices.Backward(byLevel) {
		clears = append(clears, as...)
	}
	return clears, nil
}

// An untying walks from deleted rows to the deleted rows they refer to.
type untying struct {
	f       *flush
	rank    int
	path    []*change
	edges   []*reference // by which each on the path leads to the next
	deepest int32
}

func (u *untying) visit(c *change) error {
	c.level = -1
	u.path = append(u.path, c)
	level := int32(1)
	for _, ref := range u.f.lay.refs[c.e.m.index] {
		t := u.f.at(ref, c.e.snap, true)
		if t == nil || t.work == nil || t.work.op != opDelete || u.f.lay.rank[t.m.index] != u.rank ||
			slices.ContainsFunc(ref.columns, func(col *column) bool { return slices.Contains(c.late(), col) }) {
			continue
		}
		if t == c.e {
			if u.f.s.db.server.NoSelfDelete && ref.nullable() {
				if err := u.f.unset(c, ref); err != nil {
					return err
				}
			}
			continue
		}
		w := t.work
		u.edges = append(u.edges[:len(u.path)-1], ref)
		switch {
		case w.level == -1:
			if err := u.cut(w); err != nil {
				return err
			}
			continue
		case w.level == 0:
			if err := u.visit(w); err != nil {
				return err
			}
		}
		level = max(level, w.level+1)
	}
	c.level = level
	u.deepest = max(u.deepest, level)
	u.path = u.path[:len(u.path)-1]
	return nil
}

// cut makes a foreign key NULL that closes a cycle of deleted rows, if one of them is
// post-update that one.
func (u *untying) cut(w *change) error {
	from, at := slices.Index(u.path, w), -1
	for i := from; i < len(u.path); i++ {
		if ref := u.edges[i]; ref.nullable() && (at < 0 || ref.postUpdate() || !u.edges[at].postUpdate()) {
			at = i
		}
	}
	if at >= 0 {
		if err := u.f.unset(u.path[at], u.edges[at]); err != nil {
			return err
		}
		if at == len(u.path)-1 {
			return nil
		}
		return errRestart
	}
	var names []string
	for i := from; i < len(u.path); i++ {
		names = append(names, u.path[i].e.name()+", by "+u.edges[i].columnNames()+",")
	}
	return errors.New("ingot: deleted rows refer to each other and none can go first: " + strings.Join(names, " ") + " " + w.e.name() +
		"; let one of these foreign keys be NULL")
}

// unset makes a foreign key NULL before its row goes.
func (f *flush) unset(c *change, ref *reference) error {
	if err := f.park(c, ref.columns, nil); err != nil {
		return err
	}
	for _, col := range ref.columns {
		if col.nullable && !col.pk {
			c.more().late = append(c.more().late, col)
		}
	}
	return nil
}

// steps puts actions into batches, with the link rows around them. firstRemoval is where
// the DELETEs begin.
func (f *flush) steps(actions []action, firstRemoval int) []*step {
	var steps []*step
	steps = f.unlinks(steps)
	steps = f.batch(steps, actions[:firstRemoval])
	steps = f.linkRows(steps)
	return f.batch(steps, actions[firstRemoval:])
}
