package suite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"ingot"
)

// The steps of random programs: each does the same thing to the session and to the oracle.

func verbs() []*verb {
	return []*verb{
		{"add", 26, genAdd, (*program).add, func(p *program, st step) string {
			text := fmt.Sprintf("add %s%d", p.sh.kinds[st.rel].name, st.a)
			for i, e := range p.sh.up(p.sh.kinds[st.rel]) {
				if up := p.things[st.to[i]]; up != nil {
					text += fmt.Sprintf(", %s %v by %s", e.ref, up, p.addWay(st, i))
				}
			}
			if st.bits&1 > 0 {
				text += ", by Add"
			}
			return text
		}},
		{"link", 22, genEdge, (*program).link, func(p *program, st step) string {
			e := p.sh.edges[st.rel]
			return fmt.Sprintf("give %v to %v as %s by %s", p.things[st.a], p.things[st.b], e.ref,
				[]string{"pointer", "collection", "collection, and leave it in others", "key"}[st.way])
		}},
		{"let go", 10, genEdge, (*program).letGo, func(p *program, st step) string {
			e := p.sh.edges[st.rel]
			return fmt.Sprintf("let %v go from its %s by %s", p.things[st.a], e.ref, []string{"pointer", "collection", "collection", "key"}[st.way])
		}},
		{"reorder", 6, genEdge, (*program).reorder, func(p *program, st step) string { return fmt.Sprintf("reorder the children of %v", p.things[st.b]) }},
		{"tie", 10, genNet, (*program).tie, func(p *program, st step) string {
			return fmt.Sprintf("tie %v and %v by %s", p.things[st.a], p.things[st.b], p.side(st))
		}},
		{"untie", 6, genNet, (*program).untie, func(p *program, st step) string {
			return fmt.Sprintf("untie %v and %v by %s", p.things[st.a], p.things[st.b], p.side(st))
		}},
		{"edit", 14, genEdit, (*program).edit, func(p *program, st step) string {
			return fmt.Sprintf("set %s of %v to %q", st.field, p.things[st.a], st.text)
		}},
		{"increment", 3, genThing, (*program).increment, tellThing("increment %v by an expression")},
		{"edit and take back", 3, genThing, (*program).nothing, tellThing("edit %v and take it back")},
		{"delete", 9, genThing, (*program).remove, func(p *program, st step) string {
			return fmt.Sprintf("delete %v%s", p.things[st.a], []string{"", ", flushed before"}[st.bits&1])
		}},
		{"flush", 10, nil, func(p *program, st step) error { p.can(st); return p.flush() }, nil},
		{"commit", 6, nil, (*program).commitStep, nil},
		{"rollback", 4, nil, func(p *program, st step) error {
			if p.depth > 0 {
				return errSkip
			}
			p.can(st)
			return p.rollback(st)
		}, nil},
		{"savepoint", 6, nil, (*program).savepoint, nil},
		{"release", 3, nil, (*program).endSavepoint, nil},
		{"undo", 3, nil, (*program).endSavepoint, nil},
		{"reload", 3, nil, (*program).reload, nil},
		{"load", 14, genThing, (*program).load, func(p *program, st step) string {
			return fmt.Sprintf("load %s of %v%s", p.relation(st), p.things[st.a], []string{"", ", the first of each"}[st.bits>>8&1])
		}},
		{"query", 6, genKind, (*program).query, func(p *program, st step) string {
			return fmt.Sprintf("query all %ss with %v", p.sh.kinds[st.rel].name, p.loads(p.sh.kinds[st.rel], st.bits))
		}},
		{"get", 8, genAny, (*program).get, tellThing("get %v")},
		{"refresh", 4, genThing, (*program).refresh, tellThing("refresh %v")},
		{"expire", 4, genThing, (*program).expire, tellThing("expire %v")},
		{"expunge", 3, genThing, (*program).expunge, tellThing("expunge %v")},
		{"attach", 4, genAny, (*program).attach, tellThing("attach %v")},
		{"merge", 6, genMerge, (*program).merge, func(p *program, st step) string {
			return fmt.Sprintf("merge %v with label %s%s", p.things[st.a], st.text, []string{"", ", its label alone", ", without one of its children", ""}[st.way])
		}},
		{"contradict", 1, genEdge, (*program).contradict, func(p *program, st step) string {
			return fmt.Sprintf("give %v to two at once, one of them %v", p.things[st.a], p.things[st.b])
		}},
		{"fault", 6, func(p *program, r *rand.Rand, st *step) bool {
			st.a, st.way = 1+r.IntN(6), r.IntN(int(faultKinds))
			return true
		}, (*program).fault, func(p *program, st step) string {
			return fmt.Sprintf("let statement %d from here fail %v", st.a, faultKind(st.way))
		}},
	}
}

func tellThing(format string) func(*program, step) string {
	return func(p *program, st step) string { return fmt.Sprintf(format, p.things[st.a]) }
}

// Generators choose what a step is about, out of what is there.

func pick[T any](r *rand.Rand, list []T) (x T, ok bool) {
	if len(list) == 0 {
		return x, false
	}
	return list[r.IntN(len(list))], true
}

// pickOf chooses a thing of a kind, or of any; mostly one that the session has.
func (p *program) pickOf(r *rand.Rand, k *kind) int {
	loaded := r.IntN(8) > 0
	t, ok := pick(r, p.now.things(func(t *thing) bool { return (k == nil || t.kind == k) && (!loaded || t.x != nil) }))
	if !ok {
		return 0
	}
	return t.n
}

func genThing(p *program, r *rand.Rand, st *step) bool {
	t, ok := pick(r, p.now.things(func(t *thing) bool { return t.x != nil }))
	if ok {
		st.a = t.n
		st.rel = r.IntN(8)
	}
	return ok
}

func genAny(p *program, r *rand.Rand, st *step) bool {
	missing := r.IntN(2) == 0
	t, ok := pick(r, p.now.things(func(t *thing) bool { return !missing || t.x == nil }))
	if ok {
		st.a = t.n
	}
	return ok
}

func genKind(p *program, r *rand.Rand, st *step) bool {
	st.rel = r.IntN(len(p.sh.kinds))
	return true
}

func genMerge(p *program, r *rand.Rand, st *step) bool {
	st.text = fmt.Sprint("m", r.IntN(5))
	if st.way == 3 {
		p.last++
		st.b = p.last
		st.rel = r.IntN(len(p.sh.kinds))
		return true
	}
	ok := genAny(p, r, st)
	st.rel = r.IntN(8)
	return ok
}

func genAdd(p *program, r *rand.Rand, st *step) bool {
	st.rel = r.IntN(len(p.sh.kinds))
	for _, e := range p.sh.up(p.sh.kinds[st.rel]) {
		n := 0
		if e.required || r.IntN(3) > 0 {
			if n = p.pickOf(r, e.parent); n == 0 && e.required {
				return false
			}
		}
		st.to = append(st.to, n)
	}
	p.last++
	st.a = p.last
	return true
}

func genEdge(p *program, r *rand.Rand, st *step) bool {
	if len(p.sh.edges) == 0 {
		return false
	}
	st.rel = r.IntN(len(p.sh.edges))
	e := p.sh.edges[st.rel]
	st.a, st.b = p.pickOf(r, e.child), p.pickOf(r, e.parent)
	return st.a != 0 && st.b != 0
}

func genNet(p *program, r *rand.Rand, st *step) bool {
	if len(p.sh.nets) == 0 {
		return false
	}
	st.rel = r.IntN(len(p.sh.nets))
	n := p.sh.nets[st.rel]
	st.a, st.b = p.pickOf(r, n.a), p.pickOf(r, n.b)
	return st.a != 0 && st.b != 0
}

func genEdit(p *program, r *rand.Rand, st *step) bool {
	if !genThing(p, r, st) {
		return false
	}
	k := p.things[st.a].kind
	st.field, _ = pick(r, k.vals)
	st.text = p.newValue(r, k, st.field)
	return true
}

// newValue makes a value up; a unique one out of few, so that rows want those of others.
func (p *program) newValue(r *rand.Rand, k *kind, field string) string {
	n := r.IntN(4)
	if field == k.unique {
		n = r.IntN(30)
	}
	f, _ := k.typ.FieldByName(field)
	switch {
	case f.Type.Kind() == reflect.Pointer && n == 0:
		return "NULL"
	case f.Type.Kind() == reflect.Int64:
		return strconv.Itoa(n)
	}
	return fmt.Sprint("v", n)
}

// Edits.

const (
	byPointer = "pointer"
	byColl    = "collection"
	byKey     = "key"
)

// addWay is by which side a new child gets its i-th parent.
func (p *program) addWay(st step, i int) string {
	e := p.sh.up(p.sh.kinds[st.rel])[i]
	way := []string{byPointer, byColl, byColl, byKey}[st.bits>>(8+2*i)&3]
	up := p.things[st.to[i]]
	switch {
	case e.ordered, way == byKey && e.same != "":
		return byColl
	case way == byKey && !p.keyStands(up):
		return byPointer
	}
	return way
}

// keyStands reports whether the database knows a thing under the key that it has.
func (p *program) keyStands(t *thing) bool {
	return p.base.rows[t] != nil && p.base.key(t) == p.now.key(t) && p.base.rows[t].vals[t.kind.unique] == p.now.rows[t].vals[t.kind.unique]
}

// add makes a new row.
func (p *program) add(st step) error {
	k := p.sh.kinds[st.rel]
	t := &thing{n: st.a, kind: k}
	r := &row{vals: map[string]string{"Label": t.String()}, up: map[*edge]*thing{}, lists: map[*edge][]*thing{}}
	for _, f := range k.vals {
		switch {
		case f == k.unique && k.typ.Field(0).Name == f, f == k.unique:
			r.vals[f] = strconv.Itoa(100 + st.a)
		case f == "Score":
			r.vals[f] = strconv.Itoa(int(st.bits >> 4 & 3))
		case f == "Note":
			r.vals[f] = []string{"NULL", "note"}[st.bits>>4&1]
		case f == "Grade":
			r.vals[f] = []string{"", "a"}[st.bits>>5&1]
		}
	}
	next := p.now.clone()
	next.rows[t] = r
	if p.things[st.a] != nil {
		return errSkip
	}
	tenant := func() string { return strconv.Itoa(int(st.bits >> 4 & 1)) }
	_, tenanted := k.typ.FieldByName("Tenant")
	if tenanted {
		r.vals["Tenant"] = tenant()
	}
	edges := p.sh.up(k)
	for i, e := range edges {
		up := p.live(st.to[i])
		if up == nil && e.required {
			return errSkip
		}
		if up == nil || e.same != "" && next.rows[up].vals[e.same] != r.vals[e.same] || e.one && len(next.children(e, up)) > 0 ||
			e.ordered && !p.whole(up, e) {
			if e.required {
				return errSkip
			}
			continue
		}
		next.move(e, t, up)
	}
	if !next.reachable(p.base) {
		return errSkip
	}
	x := reflect.New(k.typ).Interface()
	for f, v := range r.vals {
		setText(x, f, v)
	}
	for f, v := range k.fresh {
		if r.vals[f] == "" {
			r.vals[f] = v
		}
	}
	t.x = x
	p.things[t.n] = t
	p.can(st)
	explicit := st.bits&1 > 0 || len(r.up) == 0
	heard := false
	for i, e := range edges {
		up := r.up[e]
		if up == nil {
			continue
		}
		way := p.addWay(st, i)
		p.speak(t, e, way)
		switch way {
		case byPointer:
			setOne(x, e.ref, up.x)
		case byColl:
			p.put(e, t, up)
			heard = true
		case byKey:
			for j, f := range e.fk {
				setText(x, f, textOf(up.x, e.to[j]))
			}
		}
	}
	p.now = next
	if explicit || !heard {
		return p.s.Add(x)
	}
	return nil
}

// whole reports whether all children of a thing are in memory, where it stands.
func (p *program) whole(t *thing, e *edge) bool {
	return p.base.rows[t] == nil || p.s.Loaded(t.x, addressOf(t.x, e.coll)) == ingot.Loaded
}

// put puts a child into the collection of a parent.
func (p *program) put(e *edge, c, to *thing) {
	if e.one {
		setOne(to.x, e.coll, c.x)
	} else if list := manyOf(to.x, e.coll); !slices.Contains(list, c.x) {
		setMany(to.x, e.coll, append(list, c.x), false)
	}
}

// takeOut takes a child out of the collections of all parents.
func (p *program) takeOut(e *edge, c *thing, but *thing, inPlace bool) {
	for t := range p.things2() {
		if t.kind != e.parent || t.x == nil || t == but {
			continue
		}
		if e.one {
			if oneOf(t.x, e.coll) == c.x {
				setOne(t.x, e.coll, nil)
			}
			continue
		}
		if list := manyOf(t.x, e.coll); slices.Contains(list, c.x) {
			setMany(t.x, e.coll, slices.DeleteFunc(list, func(x any) bool { return x == c.x }), inPlace)
		}
	}
}

// link gives a child another parent.
func (p *program) link(st step) error {
	e := p.sh.edges[st.rel]
	c, to := p.live(st.a), p.live(st.b)
	if c == nil || to == nil || p.now.rows[c].up[e] == to {
		return errSkip
	}
	side := []string{byPointer, byColl, byColl, byKey}[st.way]
	if !p.mayse(c, e, side) || e.same != "" && p.now.rows[c].vals[e.same] != p.now.rows[to].vals[e.same] ||
		e.child == e.parent && p.now.above(e, c, to) || e.ordered && (side != byColl || !p.whole(to, e)) ||
		side == byKey && (!p.keyStands(to) || e.same != "") || st.way == 2 && p.said[saying(c, e)] != "" {
		return errSkip
	}
	next := p.now.clone()
	var old *thing
	if e.one {
		if list := next.children(e, to); len(list) > 0 {
			old = list[0]
			if side != byColl || p.said[saying(old, e)] != "" || p.base.rows[old] == nil ||
				p.said[saying(to, e)+" child"] != "" || p.s.Loaded(to.x, addressOf(to.x, e.coll)) != ingot.Loaded && p.depth < 0 {
				return errSkip
			}
			if !p.drop(next, e, old) {
				return errSkip
			}
			if next.rows[c] == nil {
				return errSkip // it went with the old one
			}
		}
	}
	next.move(e, c, to)
	if !next.reachable(p.base) {
		return errSkip
	}
	p.can(st)
	p.speak(c, e, side)
	if old != nil {
		p.speak(old, e, side)
	}
	switch side {
	case byPointer:
		setOne(c.x, e.ref, to.x)
	case byColl:
		if st.way == 1 {
			p.takeOut(e, c, to, st.bits&2 > 0)
		}
		p.put(e, c, to)
	case byKey:
		for i, f := range e.fk {
			setText(c.x, f, textOf(to.x, e.to[i]))
		}
	}
	p.now = next
	return nil
}

// drop lets a child go in the oracle: where it is an orphan then, it goes altogether.
func (p *program) drop(w *world, e *edge, c *thing) bool {
	switch {
	case e.orphan:
		if _, ok := w.doomed(c); !ok {
			return false
		}
		w.remove(c)
	case e.required:
		return false
	default:
		w.move(e, c, nil)
	}
	return true
}

// letGo takes a child from its parent.
func (p *program) letGo(st step) error {
	e := p.sh.edges[st.rel]
	c := p.live(st.a)
	if c == nil || p.now.rows[c].up[e] == nil {
		return errSkip
	}
	up := p.now.rows[c].up[e]
	if p.base.rows[c] == nil || p.base.rows[c].up[e] != up {
		return errSkip // to take back an edit says nothing
	}
	side := []string{byPointer, byColl, byColl, byKey}[st.way]
	if !p.mayse(c, e, side) || e.ordered && side != byColl {
		return errSkip
	}
	if e.orphan {
		for _, other := range p.sh.up(c.kind) {
			if other != e && p.said[saying(c, other)] != "" {
				return errSkip
			}
		}
		if !p.untouched(c) {
			return errSkip
		}
	}
	switch {
	case side == byPointer && (up.x == nil || oneOf(c.x, e.ref) != up.x),
		side == byColl && (up.x == nil || !slices.Contains(membersOf(up.x, e.coll), c.x)),
		side == byKey && e.required:
		return errSkip
	}
	next := p.now.clone()
	if !p.drop(next, e, c) || !next.reachable(p.base) {
		return errSkip
	}
	p.can(st)
	p.speak(c, e, side)
	switch side {
	case byPointer:
		setOne(c.x, e.ref, nil)
	case byColl:
		p.takeOut(e, c, nil, st.bits&2 > 0)
	case byKey:
		for _, f := range e.fk {
			setText(c.x, f, "NULL")
		}
	}
	p.now = next
	return nil
}

// untouched reports whether nothing was done to a thing, and to those that would go with
// it, since the last flush.
func (p *program) untouched(t *thing) bool {
	all, ok := p.now.doomed(t)
	if !ok {
		return false
	}
	for _, x := range all {
		if p.base.rows[x] == nil || !slices.Equal(p.now.claims(x), p.base.claims(x)) {
			return false
		}
		for _, e := range p.sh.up(x.kind) {
			if p.now.rows[x].up[e] != p.base.rows[x].up[e] || p.said[saying(x, e)] != "" && x != t {
				return false
			}
		}
		for _, e := range p.sh.down(x.kind) {
			if !slices.Equal(p.now.children(e, x), p.base.children(e, x)) {
				return false
			}
		}
		for l := range p.now.links {
			if (l.a == x || l.b == x) && !p.base.links[l] {
				return false
			}
		}
		for l := range p.base.links {
			if (l.a == x || l.b == x) && !p.now.links[l] {
				return false
			}
		}
	}
	return true
}

// reorder brings an ordered collection into another order.
func (p *program) reorder(st step) error {
	e := p.sh.edges[st.rel]
	t := p.live(st.b)
	if !e.ordered || t == nil || !p.whole(t, e) {
		return errSkip
	}
	list, want := manyOf(t.x, e.coll), p.now.children(e, t)
	if len(list) != len(want) || len(list) < 2 {
		return errSkip
	}
	for i, c := range want {
		if list[i] != c.x {
			return errSkip
		}
	}
	p.can(st)
	next := slices.Clone(want)
	if st.bits&2 > 0 {
		slices.Reverse(next)
	} else {
		next = append(next[1:], next[0])
	}
	p.now = p.now.clone()
	p.now.rows[t].lists[e] = next
	list = nil
	for _, c := range next {
		list = append(list, c.x)
	}
	setMany(t.x, e.coll, list, st.bits&4 > 0)
	return nil
}

// side names the side on which a link of a net is edited.
func (p *program) side(st step) string {
	n := p.sh.nets[st.rel]
	return []string{n.ofA, n.ofB}[st.way&1]
}

// ends are the two ends of a link, the one with the collection that is edited first.
func (p *program) ends(st step) (n *net, l link, at, other *thing, err error) {
	n = p.sh.nets[st.rel]
	a, b := p.live(st.a), p.live(st.b)
	if a == nil || b == nil {
		return nil, l, nil, nil, errSkip
	}
	at, other = a, b
	if st.way&1 > 0 {
		at, other = b, a
	}
	l = link{n, a, b}
	if was := p.said[fmt.Sprint(l)]; was != "" && was != p.side(st) {
		return nil, l, nil, nil, errSkip
	}
	return n, l, at, other, nil
}

func (p *program) tie(st step) error {
	_, l, at, other, err := p.ends(st)
	if err != nil || p.now.links[l] {
		return errSkip
	}
	list := manyOf(at.x, p.side(st))
	if slices.Contains(list, other.x) {
		return errSkip
	}
	p.can(st)
	p.said[fmt.Sprint(l)] = p.side(st)
	setMany(at.x, p.side(st), append(list, other.x), false)
	p.now = p.now.clone()
	p.now.links[l] = true
	return nil
}

func (p *program) untie(st step) error {
	_, l, at, other, err := p.ends(st)
	if err != nil || !p.now.links[l] {
		return errSkip
	}
	list := manyOf(at.x, p.side(st))
	if !slices.Contains(list, other.x) {
		return errSkip
	}
	p.can(st)
	p.said[fmt.Sprint(l)] = p.side(st)
	setMany(at.x, p.side(st), slices.DeleteFunc(list, func(x any) bool { return x == other.x }), st.bits&2 > 0)
	p.now = p.now.clone()
	delete(p.now.links, l)
	return nil
}

// edit gives a column another value.
func (p *program) edit(st step) error {
	t := p.live(st.a)
	if t == nil || !slices.Contains(t.kind.vals, st.field) || p.said[fmt.Sprint(t.n, " ", st.field)] != "" {
		return errSkip
	}
	next := p.now.clone()
	next.rows[t].vals[st.field] = st.text
	if st.field == t.kind.unique {
		for _, e := range p.sh.down(t.kind) {
			for _, c := range p.now.children(e, t) {
				if p.said[saying(c, e)] != "" {
					return errSkip
				}
			}
		}
		if !next.reachable(p.base) {
			return errSkip
		}
	}
	if st.field == "Grade" && p.base.rows[t] == nil {
		return errSkip // the default would fill in for a zero
	}
	p.can(st)
	setText(t.x, st.field, st.text)
	p.now = next
	return nil
}

// increment adds one to a score in the database.
func (p *program) increment(st step) error {
	t := p.live(st.a)
	if t == nil || !t.kind.twice {
		return errSkip
	}
	p.can(st)
	if err := p.flush(); err != nil {
		return err
	}
	x := t.x.(*rItem)
	if err := p.s.Set(x, ingot.C(&x.Score).SetX(ingot.Add(ingot.C(&x.Score), ingot.Value(int64(1))))); err != nil {
		return err
	}
	p.now = p.now.clone()
	n, _ := strconv.Atoi(p.now.rows[t].vals["Score"])
	p.now.rows[t].vals["Score"] = strconv.Itoa(n + 1)
	p.said[fmt.Sprint(t.n, " Score")] = "expression"
	return nil
}

// nothing edits and takes it back: that is no work for a flush.
func (p *program) nothing(st step) error {
	t := p.live(st.a)
	if t == nil {
		return errSkip
	}
	p.can(st)
	if err := p.flush(); err != nil {
		return err
	}
	label := textOf(t.x, "Label")
	setText(t.x, "Label", label+"!")
	setText(t.x, "Label", strings.Clone(label))
	for _, e := range p.sh.down(t.kind) {
		if e.one {
			old := oneOf(t.x, e.coll)
			setOne(t.x, e.coll, nil)
			setOne(t.x, e.coll, old)
			continue
		}
		list := manyOf(t.x, e.coll)
		if len(list) > 0 {
			setMany(t.x, e.coll, list[1:], false)
		}
		if !e.ordered && len(list) > 0 {
			list = append(list[1:], list[0])
		}
		setMany(t.x, e.coll, list, false)
	}
	return p.silent("an edit that was taken back")
}

// silent flushes what must be no work.
func (p *program) silent(after string) error {
	p.sent.take()
	if err := p.s.Flush(p.ctx); err != nil {
		return err
	}
	if sent := p.sent.take(); len(sent) > 0 {
		return fmt.Errorf("a flush after %s sends %q", after, sent)
	}
	return nil
}

// remove deletes a row.
func (p *program) remove(st step) error {
	t := p.live(st.a)
	if t == nil {
		return errSkip
	}
	if _, ok := p.now.doomed(t); !ok {
		return errSkip
	}
	if st.bits&1 == 0 && !p.untouched(t) {
		return errSkip
	}
	for _, e := range p.sh.down(t.kind) {
		// Whom the database takes along, the session learns of by the collection alone.
		if e.passive && !p.whole(t, e) {
			return errSkip
		}
	}
	next := p.now.clone()
	next.remove(t)
	if p.spoil != nil {
		p.spoil(p.now, next, t)
	}
	if !next.reachable(p.base) {
		return errSkip
	}
	p.can(st)
	if st.bits&1 > 0 {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if err := p.s.Delete(t.x); err != nil {
		return err
	}
	p.now = next
	return nil
}

// Transactions.

func (p *program) flush() error {
	if err := p.s.Flush(p.ctx); err != nil {
		return err
	}
	if p.faults.hit() == "" {
		if n := len(p.s.New()) + len(p.s.Dirty()) + len(p.s.Deleted()); n > 0 {
			return fmt.Errorf("after the flush %d instances have work left", n)
		}
		if err := p.silent("a flush"); err != nil {
			return err
		}
	}
	return p.settle("the flush")
}

func (p *program) commitStep(st step) error {
	if p.depth > 0 {
		return errSkip
	}
	p.can(st)
	return p.commit(st)
}

func (p *program) commit(step) error {
	if err := p.s.Commit(p.ctx); err != nil {
		return err
	}
	p.disarm()
	if err := p.settle("the commit"); err != nil {
		return err
	}
	p.saved, p.wrote, p.unit, p.shaky = p.now.clone(), false, p.clock, false
	if err := p.check("the commit"); err != nil {
		return err
	}
	return p.checkFresh()
}

// rollback undoes the unit of work: what is new is transient and without a key.
func (p *program) rollback(step) error {
	err := p.s.Rollback(p.ctx)
	if err != nil && p.faults.hit() == "" {
		return err
	}
	p.disarm()
	p.shaky = false
	if err := p.forgotten(p.saved); err != nil {
		return fmt.Errorf("after the rollback: %w", err)
	}
	p.now, p.wrote = p.saved.clone(), false
	p.base = p.now.clone()
	if err := p.reread(p.unit); err != nil {
		return fmt.Errorf("after the rollback: %w", err)
	}
	if n := len(p.s.New()) + len(p.s.Dirty()) + len(p.s.Deleted()); n > 0 {
		return fmt.Errorf("after the rollback %d instances have work left", n)
	}
	if err := p.settle("the rollback"); err != nil {
		return err
	}
	return p.check("the rollback")
}

// forgotten checks what became of those that are not in a world any more.
func (p *program) forgotten(w *world) error {
	for t := range p.now.rows {
		if w.rows[t] != nil || t.x == nil || t.expunged {
			continue
		}
		if state := p.s.State(t.x); state != ingot.Transient {
			return fmt.Errorf("%v is %v, want transient", t, state)
		}
		if t.kind.auto && textOf(t.x, "ID") != "0" {
			return fmt.Errorf("%v kept its key %s", t, textOf(t.x, "ID"))
		}
	}
	return nil
}

// savepoint runs the steps up to its end in a savepoint.
func (p *program) savepoint(st step) error {
	if p.depth == 3 {
		return errSkip
	}
	p.can(st)
	undo, since := errors.New("undo"), 0
	var before *world
	err := p.s.Savepoint(p.t.Context(), func() error {
		if err := p.settle("the flush before the savepoint"); err != nil {
			return err
		}
		before, since = p.now.clone(), p.clock
		p.depth++
		defer func() { p.depth-- }()
		for {
			st, ok := p.source()
			switch {
			case !ok || st.do == "release":
				p.can(step{do: "release"})
				return nil
			case st.do == "undo":
				p.can(st)
				return undo
			}
			if err := p.do(st); err != nil {
				return fmt.Errorf("%s: %w", p.tell(st), err)
			}
		}
	})
	if err == nil {
		return p.settle("the release of the savepoint")
	}
	if before == nil || !errors.Is(err, undo) && !p.struck(err) {
		return err
	}
	if p.struck(err) {
		p.renew()
		if p.s.Flush(p.ctx) != nil {
			return err // the end of the savepoint has failed too
		}
	}
	if err := p.forgotten(before); err != nil {
		return fmt.Errorf("after the savepoint was undone: %w", err)
	}
	p.now = before
	p.base = p.now.clone()
	clear(p.said)
	if e := p.reread(since); e != nil {
		return e
	}
	if e := p.settle("the undone savepoint"); e != nil {
		return e
	}
	if errors.Is(err, undo) {
		return nil
	}
	return err
}

func (p *program) endSavepoint(st step) error { return errSkip } // where none is open

// fault makes one of the next statements fail.
func (p *program) fault(st step) error {
	p.can(st)
	p.renew()
	p.faults.arm(st.a, faultKind(st.way), p.cancel)
	return nil
}

// reload goes on with a fresh session that has loaded some.
func (p *program) reload(st step) error {
	if p.depth > 0 {
		return errSkip
	}
	p.can(st)
	if err := p.commit(st); err != nil {
		return err
	}
	if err := p.s.Close(); err != nil {
		return err
	}
	p.flushy = st.bits&1 > 0 // without it, loads meet unsaved edits
	p.s = p.db.Session(ingot.Autoflush(p.flushy))
	for t := range p.now.rows {
		t.x = nil
	}
	byKey := p.byKey()
	for i, k := range p.sh.kinds {
		bits := st.bits >> (1 + 5*i)
		if bits&3 == 0 {
			continue
		}
		xs, err := k.all(p.ctx, p.s, p.loads(k, bits>>2))
		if err != nil {
			return err
		}
		for _, x := range xs {
			if err := p.take(byKey, x); err != nil {
				return err
			}
		}
	}
	return p.settle("the reload")
}

// loads chooses some of a kind's relationships.
func (p *program) loads(k *kind, bits uint64) (fields []string) {
	for i, field := range p.sh.relations(k) {
		if bits>>i&1 > 0 {
			fields = append(fields, field)
		}
	}
	return fields
}

// Reading.

func (p *program) relation(st step) string {
	fields := p.sh.relations(p.things[st.a].kind)
	if len(fields) == 0 {
		return "nothing"
	}
	return fields[st.rel%len(fields)]
}

// load loads a relationship in the middle of unsaved edits.
func (p *program) load(st step) error {
	t := p.live(st.a)
	if t == nil || p.s.State(t.x) != ingot.Persistent || len(p.sh.relations(t.kind)) == 0 {
		return errSkip
	}
	field := p.relation(st)
	var opts []ingot.LoadOption
	if many := reflect.ValueOf(t.x).Elem().FieldByName(field).Kind() == reflect.Slice; many && st.bits>>8&1 > 0 {
		opts = append(opts, ingot.Top(1))
	}
	p.can(st)
	if err := p.s.Load(p.ctx, t.x, addressOf(t.x, field), opts...); err != nil {
		return err
	}
	return p.settle("the load")
}

// query lets all rows of a kind meet what is loaded and edited.
func (p *program) query(st step) error {
	k := p.sh.kinds[st.rel]
	p.can(st)
	xs, err := k.all(p.ctx, p.s, p.loads(k, st.bits))
	if err != nil {
		return err
	}
	if p.flushy {
		if err := p.settle("the query"); err != nil { // it was flushed, if it had to be
			return err
		}
	}
	byKey := p.byKey()
	for _, x := range xs {
		if slices.ContainsFunc(p.now.things(func(t *thing) bool { return t.x == x }), func(*thing) bool { return true }) {
			continue
		}
		if p.s.State(x) == ingot.Deleted || p.unsavedRemoval(x) {
			continue
		}
		if err := p.take(byKey, x); err != nil {
			return err
		}
	}
	return p.settle("the query")
}

// unsavedRemoval reports whether an instance is of a row that goes with the next flush.
func (p *program) unsavedRemoval(x any) bool {
	for t := range p.base.rows {
		if t.x == x {
			return true
		}
	}
	return false
}

// keyValues are the values of a thing's key, of the types that its fields have.
func (p *program) keyValues(t *thing) []any {
	x := reflect.New(t.kind.typ).Interface()
	var key []any
	for _, f := range t.kind.key {
		v, _ := p.base.value(t, f)
		setText(x, f, v)
		key = append(key, reflect.ValueOf(x).Elem().FieldByName(f).Interface())
	}
	return key
}

// get finds a row by its key, in the session or in the database.
func (p *program) get(st step) error {
	t := p.there(st.a)
	if t == nil || p.base.rows[t] == nil || p.base.key(t) != p.now.key(t) {
		return errSkip
	}
	p.can(st)
	x, err := t.kind.get(p.ctx, p.s, p.keyValues(t))
	if err != nil {
		return err
	}
	if err := p.is(t, x); err != nil {
		return err
	}
	return p.settle("the Get")
}

// is makes an instance stand for its thing, which has no other.
func (p *program) is(t *thing, x any) error {
	switch t.x {
	case x:
		return nil
	case nil:
		p.clock++
		t.x, t.taken = x, p.clock
		return nil
	}
	return fmt.Errorf("there is a second instance of %v", t)
}

// reread gets those again that were loaded since a time of the clock, after what they were
// loaded from was undone: the session has nothing older to bring back, and must not trust
// what it has.
func (p *program) reread(since int) error {
	for t := range p.now.rows {
		if t.x == nil || t.taken <= since {
			continue
		}
		if x, err := t.kind.get(p.ctx, p.s, p.keyValues(t)); err != nil || x != t.x {
			return fmt.Errorf("the key of %v, which was loaded meanwhile, gets %v, %w", t, x, err)
		}
	}
	return nil
}

// refresh reads a row again, unsaved edits lost.
func (p *program) refresh(st step) error {
	t := p.live(st.a)
	if t == nil {
		return errSkip
	}
	p.can(st)
	if err := p.flush(); err != nil {
		return err
	}
	p.wrote = true // a rollback brings back what was loaded
	label := textOf(t.x, "Label")
	setText(t.x, "Label", "lost")
	if err := p.s.Refresh(p.ctx, t.x); err != nil {
		setText(t.x, "Label", label)
		return err
	}
	return p.settle("the refresh")
}

// expire forgets what was read.
func (p *program) expire(st step) error {
	t := p.live(st.a)
	if t == nil {
		return errSkip
	}
	p.can(st)
	if err := p.flush(); err != nil {
		return err
	}
	xs := []any{t.x}
	if st.bits&6 == 0 {
		xs = nil // all
	}
	p.wrote = true // a rollback brings back what was loaded
	if err := p.s.Expire(xs...); err != nil {
		return err
	}
	return p.settle("the expiry")
}

// untouchedUnit reports whether there is nothing that a rollback would undo.
func (p *program) untouchedUnit() bool {
	return !p.wrote && p.depth == 0 && p.now.same(p.base) && p.base.same(p.saved)
}

// expunge takes a row out of the session, with those that go along. Nobody else may hold
// them, now or after a rollback, for that could not be edited any more.
func (p *program) expunge(st step) error {
	t := p.live(st.a)
	if t == nil || !p.untouchedUnit() {
		return errSkip
	}
	out := []any{t.x}
	for i := 0; i < len(out); i++ {
		for _, e := range p.sh.down(p.kindOf(out[i])) {
			for _, x := range membersOf(out[i], e.coll) {
				if e.cascade && !slices.Contains(out, x) {
					out = append(out, x)
				}
			}
		}
	}
	for t := range p.now.rows {
		if t.x == nil || slices.Contains(out, t.x) {
			continue
		}
		for _, field := range p.sh.relations(t.kind) {
			if slices.ContainsFunc(membersOf(t.x, field), func(x any) bool { return slices.Contains(out, x) }) {
				return errSkip
			}
		}
	}
	p.can(st)
	if err := p.s.Expunge(t.x); err != nil {
		return err
	}
	for t := range p.now.rows {
		if t.x == nil || !slices.Contains(out, t.x) {
			continue
		}
		if state := p.s.State(t.x); state != ingot.Detached {
			return fmt.Errorf("%v is %v after Expunge", t, state)
		}
		t.x, t.expunged = nil, true
	}
	return p.settle("the expunge")
}

// copyOf makes an instance of a row that belongs to no session. It is not ok where the oracle
// does not know all there is in it.
func (p *program) copyOf(t *thing, versions bool) (x any, ok bool) {
	x = reflect.New(t.kind.typ).Interface()
	for _, f := range t.kind.columns() {
		v, known := p.now.value(t, f)
		switch {
		case known:
			setText(x, f, v)
		case f == "Place" && t.x != nil:
			setText(x, f, textOf(t.x, f))
		case f == "Place" || versions:
			return nil, false
		}
	}
	return x, true
}

// attach takes in an instance that was loaded elsewhere.
func (p *program) attach(st step) error {
	t := p.there(st.a)
	if t == nil || t.x != nil || !p.untouchedUnit() {
		return errSkip
	}
	x, ok := p.copyOf(t, true)
	if !ok {
		return errSkip
	}
	p.can(st)
	if err := p.s.Attach(x); err != nil {
		return err
	}
	p.clock++
	t.x, t.taken = x, p.clock
	return p.settle("the attach")
}

// merge copies a detached instance onto the session's: all of it, its label alone, or with
// its children, one of whom is missing. The last way brings a new row.
func (p *program) merge(st step) error {
	if st.way == 3 {
		return p.mergeNew(st)
	}
	t := p.there(st.a)
	if t == nil || p.base.rows[t] == nil {
		return errSkip
	}
	if x, ok := p.copyOf(t, false); !ok || x == nil {
		return errSkip
	}
	p.can(st)
	if err := p.flush(); err != nil {
		return err
	}
	next := p.now.clone()
	next.rows[t].vals["Label"] = st.text
	x, _ := p.copyOf(t, false)
	setText(x, "Label", st.text)
	var fields []any
	switch edges := p.sh.down(t.kind); {
	case st.way == 1:
		fields = append(fields, addressOf(x, "Label"))
		for _, f := range t.kind.vals {
			if f != "Label" && !slices.Contains(t.kind.key, f) {
				reflect.ValueOf(x).Elem().FieldByName(f).SetZero()
			}
		}
	case st.way == 2 && len(edges) > 0:
		e := edges[st.rel%len(edges)]
		if e.ordered || e.one {
			break
		}
		if e.passive && t.x == nil {
			break
		}
		list := []any{}
		for i, c := range p.now.children(e, t) {
			if i == 0 && c != t && p.drop(next, e, c) {
				continue
			}
			if next.rows[c] == nil {
				continue // it went with the one left out
			}
			y, ok := p.copyOf(c, false)
			if !ok {
				return nil
			}
			list = append(list, y)
			p.speak(c, e, byColl)
		}
		for c := range p.now.rows {
			if c.kind == e.child {
				p.speak(c, e, byColl)
			}
		}
		setMany(x, e.coll, list, false)
	}
	got, err := t.kind.merge(p.ctx, p.s, x, fields)
	if err != nil {
		return err
	}
	if err := p.is(t, got); err != nil {
		return err
	}
	p.now = next
	return p.settle("the merge")
}

func (p *program) mergeNew(st step) error {
	k := p.sh.kinds[st.rel]
	if p.things[st.b] != nil || !k.auto || slices.ContainsFunc(p.sh.up(k), func(e *edge) bool { return e.required }) || k.unique != "" {
		return errSkip
	}
	t := &thing{n: st.b, kind: k}
	r := &row{vals: map[string]string{}, up: map[*edge]*thing{}, lists: map[*edge][]*thing{}}
	x := reflect.New(k.typ).Interface()
	if _, tenanted := k.typ.FieldByName("Tenant"); tenanted {
		r.vals["Tenant"] = "1"
		setText(x, "Tenant", "1")
	}
	for _, f := range k.vals {
		r.vals[f] = textOf(x, f)
	}
	r.vals["Label"] = st.text
	setText(x, "Label", st.text)
	p.things[t.n] = t
	p.can(st)
	var err error
	if t.x, err = k.merge(p.ctx, p.s, x, nil); err != nil {
		return err
	}
	p.now = p.now.clone()
	p.now.rows[t] = r
	return p.settle("the merge")
}

// contradict gives a child to two parents at once: an error that names both, and no work
// until Rollback.
func (p *program) contradict(st step) error {
	e := p.sh.edges[st.rel]
	c, to := p.live(st.a), p.live(st.b)
	if c == nil || to == nil || p.depth > 0 || e.one || e.same != "" || p.now.rows[c].up[e] == to || e.child == e.parent || slices.Contains(membersOf(to.x, e.coll), c.x) {
		return errSkip
	}
	var other *thing
	for _, t := range p.now.things(func(t *thing) bool { return t.kind == e.parent && t != to && t.x != nil }) {
		if p.now.rows[c].up[e] != t && oneOf(c.x, e.ref) != t.x {
			other = t
		}
	}
	if other == nil {
		return errSkip
	}
	p.can(st)
	if err := p.flush(); err != nil {
		return err
	}
	setOne(c.x, e.ref, other.x)
	setMany(to.x, e.coll, append(manyOf(to.x, e.coll), c.x), false)
	err := p.s.Flush(p.ctx)
	if p.faults.hit() != "" && p.injected(err) {
		return err
	}
	if err == nil || !strings.Contains(err.Error(), "two parents") {
		return fmt.Errorf("two parents at once: error %v, want one that says so", err)
	}
	if again := p.s.Flush(p.ctx); !errors.Is(again, ingot.ErrRolledBack) || !strings.Contains(again.Error(), "two parents") {
		return fmt.Errorf("after %w: %w", err, again)
	}
	return p.rollback(st)
}
