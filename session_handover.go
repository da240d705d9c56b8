package ingot

import (
	"fmt"
	"slices"
)

// Unique values changing hands: one row gives up a value that another one takes, in the
// same flush.
//
// Databases check uniqueness row by row, so the giver has to be written before the taker.
// That crosses the order of tables and ranks, and the whole flush is sorted again as a
// graph with every dependency spelled out. Where that has a cycle (two rows swap values,
// or rows that still refer to the giver first need the taker), the giver's value is parked:
// set to NULL, or to a value nobody else can have, before everything else.

// A takeover is a unique value that goes from one action's row to another's.
type takeover struct {
	giver, taker int
	columns      []*column
	parked       bool
}

// takeovers finds the unique values that change hands among the actions.
func (f *flush) takeovers(actions []action) []takeover {
	var over []takeover
	for _, m := range f.lay.order {
		for _, columns := range f.lay.plans[m.index].uniques {
			over = f.takeoversOf(over, actions, m, columns)
		}
	}
	return over
}

func (f *flush) takeoversOf(over []takeover, actions []action, m *mapper, columns []*column) []takeover {
	moves := func(c *change) bool {
		return slices.ContainsFunc(columns, func(col *column) bool { return col.differs(c.e.obj, c.e.snap) })
	}
	gives := func(a action) bool {
		return a.c.e.m == m && (a.kind == actDelete || a.kind == actUpdate && moves(a.c))
	}
	takes := func(a action) bool {
		return a.c.e.m == m && (a.kind == actInsert || a.kind == actUpdate && moves(a.c))
	}
	if !slices.ContainsFunc(actions, takes) || !slices.ContainsFunc(actions, gives) {
		return over
	}
	givers := map[string]int{}
	for i, a := range actions {
		if !gives(a) {
			continue
		}
		if k, ok := f.uniqueText(columns, a.c.e.snap); ok {
			givers[k] = i
		}
	}
	for i, a := range actions {
		if !takes(a) || f.unknown(a.c, columns) {
			continue
		}
		k, ok := f.uniqueText(columns, a.c.e.obj)
		if !ok {
			continue
		}
		if g, ok := givers[k]; ok && g != i {
			over = append(over, takeover{giver: g, taker: i, columns: columns})
		}
	}
	return over
}

// unknown reports whether a value is still to come from the database: nobody has it yet.
func (f *flush) unknown(c *change, columns []*column) bool {
	for _, col := range columns {
		if c.op == opInsert && col.auto && col.codec.zero(col.at(c.e.obj)) || c.fills(col) || c.assigned.of(col) != nil {
			return true
		}
	}
	return false
}

// uniqueText is a unique value as text; not ok where NULL makes it no one's.
func (f *flush) uniqueText(columns []*column, p addr) (string, bool) {
	var b []byte
	for _, c := range columns {
		v, err := c.valueOf(p, &f.s.db.enc)
		if err != nil || v == nil {
			return "", false
		}
		b = appendKeyPart(b, v)
	}
	return string(b), true
}

// handOver sorts the actions so that givers come before takers.
func (f *flush) handOver(actions []action, over []takeover) ([]action, error) {
	for {
		all := slices.Clip(actions)
		parks := map[int]int{} // the parking UPDATE of a giver, one for all it gives
		for _, o := range over {
			if _, ok := parks[o.giver]; o.parked && !ok {
				parks[o.giver] = len(all)
				all = append(all, action{kind: actPark, c: actions[o.giver].c})
			}
		}
		g := f.dependencies(all, len(actions), over, parks)
		kinds := make([]int, len(all))
		for i, a := range all {
			kinds[i] = int(a.kind)*len(f.lay.order) + a.c.e.m.index
		}
		order, cycle := g.sort(kinds)
		if cycle == nil {
			return f.regroup(all, g, order), nil
		}
		if err := f.unlock(actions, over, cycle); err != nil {
			return nil, err
		}
	}
}

// dependencies spells out what has to come before what. The parking UPDATEs stand behind
// the actions proper, from index n on.
func (f *flush) dependencies(all []action, n int, over []takeover, parks map[int]int) *ordering {
	g := newOrdering(len(all))
	type spot struct{ save, late, clear, remove int }
	at := make(map[*change]*spot, n)
	for i, a := range all[:n] {
		p := at[a.c]
		if p == nil {
			p = &spot{-1, -1, -1, -1}
			at[a.c] = p
		}
		switch a.kind {
		case actInsert, actUpdate:
			p.save = i
		case actLate:
			p.late = i
		case actClear:
			p.clear = i
		case actDelete:
			p.remove = i
		}
	}
	edge := func(a, b int) {
		if a >= 0 && b >= 0 && a != b {
			g.edge(a, b)
		}
	}
	var newKeys map[string]*change
	sweeps := map[*change][]int{}
	for i, a := range all[:n] {
		if a.kind == actSweep {
			sweeps[a.c] = append(sweeps[a.c], i)
			edge(i, at[a.c].remove)
		}
	}
	for _, a := range all[:n] {
		c := a.c
		p := at[c]
		if a.kind == actSweep {
			continue
		}
		if a.kind == actLate {
			edge(p.save, p.late)
		}
		for pk := c.parents; pk != nil; pk = pk.next {
			if w := at[pk.parent.work]; w != nil {
				if pk.late {
					edge(w.save, p.late)
				} else {
					edge(w.save, p.save)
				}
			}
		}
		if a.kind != actInsert {
			// What referred to a row that goes has to let go of it before.
			for _, ref := range f.lay.refs[c.e.m.index] {
				t := f.at(ref, c.e.snap, true)
				if t == nil || t.work == nil || at[t.work] == nil {
					continue
				}
				edge(p.save, at[t.work].remove)
				for _, i := range sweeps[t.work] {
					edge(p.save, i)
				}
				edge(p.clear, at[t.work].remove)
				if p.clear < 0 {
					edge(p.remove, at[t.work].remove)
				}
			}
		}
		for cl := c.claims; cl != nil; cl = cl.next {
			if cl.verdict == setKey && a.kind != actDelete {
				if newKeys == nil {
					newKeys = f.newKeys(all[:n])
				}
				if w := newKeys[f.refText(cl.ref, c.e.obj)]; w != nil {
					edge(at[w].save, p.save)
				}
			}
		}
	}
	for _, o := range over {
		if !o.parked {
			edge(o.giver, o.taker)
			continue
		}
		edge(parks[o.giver], o.taker)
		edge(parks[o.giver], o.giver)
	}
	return g
}

// newKeys finds the rows to be inserted under keys that the program has chosen.
func (f *flush) newKeys(actions []action) map[string]*change {
	keys := map[string]*change{}
	for _, a := range actions {
		if a.kind != actInsert {
			continue
		}
		if k, ok := f.uniqueText(a.c.e.m.key, a.c.e.obj); ok {
			keys[a.c.e.m.name+"\x00"+k] = a.c
		}
	}
	return keys
}

// refText is the key that a foreign key names, as newKeys has it; empty if it is none.
func (f *flush) refText(ref *reference, p addr) string {
	columns, isKey := inKeyOrder(ref.target, ref.remote, ref.columns)
	if !isKey {
		return ""
	}
	k, ok := f.uniqueText(columns, p)
	if !ok {
		return ""
	}
	return ref.target.name + "\x00" + k
}

// regroup brings the actions into the order found and starts a new batch where a row
// depends on one of the batch before.
func (f *flush) regroup(all []action, g *ordering, order []int) []action {
	before := make([][]int, len(all))
	for a, next := range g.next {
		for _, b := range next {
			before[b] = append(before[b], a)
		}
	}
	place := make([]int, len(all))
	sorted := make([]action, 0, len(all))
	start := 0
	for i, n := range order {
		a := all[n]
		place[n] = i
		a.level = 0
		if i > 0 {
			prev := sorted[i-1]
			switch {
			case a.kind != prev.kind || a.c.e.m != prev.c.e.m || a.ref != prev.ref:
				start = i
			case slices.ContainsFunc(before[n], func(b int) bool { return place[b] >= start }):
				a.alone = true
				start = i
			}
		}
		sorted = append(sorted, a)
	}
	return sorted
}

// unlock breaks a cycle by parking the value of one giver in it.
// A cycle without one is an error that names both rows.
func (f *flush) unlock(actions []action, over []takeover, cycle []int) error {
	var stuck *takeover
	for i, a := range cycle {
		b := cycle[(i+1)%len(cycle)]
		for j := range over {
			o := &over[j]
			if o.giver != a || o.taker != b || o.parked {
				continue
			}
			c := actions[o.giver].c
			if stuck == nil {
				stuck = o
			}
			if col, value := f.parkable(o.columns, c); col != nil {
				o.parked = true
				if c.op == opUpdate {
					c.sets(col)
				}
				return f.park(c, []*column{col}, value)
			}
		}
	}
	if stuck == nil {
		names := make([]string, len(cycle))
		for i, a := range cycle {
			if a < len(actions) {
				names[i] = actions[a].c.e.name()
			}
		}
		return fmt.Errorf("ingot: these rows cannot be written one after the other: %v", names)
	}
	giver, taker := actions[stuck.giver].c.e, actions[stuck.taker].c.e
	text := ""
	for i, c := range stuck.columns {
		if i > 0 {
			text += ", "
		}
		text += c.field
	}
	return fmt.Errorf("ingot: %s takes over the unique %s of %s, which cannot give it up before: "+
		"let a column of it be NULL, or flush in between with another value", taker.name(), text, giver.name())
}

// parkable finds a column that can have another value for a while, and that value; nil is
// NULL.
func (f *flush) parkable(columns []*column, c *change) (*column, any) {
	for _, col := range columns {
		if col.nullable && !col.pk {
			return col, nil
		}
	}
	for _, col := range columns {
		if col.pk {
			continue
		}
		if v := f.lay.plans[col.m.index].spare(col); v != nil {
			return col, v
		}
	}
	return nil, nil
}

// park notes what a row is to have for a while.
func (f *flush) park(c *change, columns []*column, value any) error {
	x := c.more()
	if x.parked == nil {
		x.parked = c.e.m.alloc()
		c.e.m.copyTo(x.parked, c.e.obj)
	}
	for _, col := range columns {
		if value == nil && (!col.nullable || col.pk) {
			continue
		}
		if err := col.codec.load(col.at(x.parked), value); err != nil {
			return col.valueError(err)
		}
		if !slices.Contains(x.parking, col) {
			x.parking = append(x.parking, col)
		}
	}
	return nil
}
