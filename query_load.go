package ingot

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Loading relations: one statement per relation for all instances of a query, by a list of
// their keys ("select-in"). Which member belongs to which owner is read from the row, not
// from the instance, which in a session may hold unsaved edits.

// A loading is a relation to load.
type loading struct {
	rel    any // address of the relation's field
	as     any // variable for the members; nil if nobody needs one
	filter []Condition
	sort   []Ordering
	top    int
	topped bool
	err    error
}

// A LoadOption says what of a relation is loaded, and how.
type LoadOption func(*loading)

// As makes v the variable of the members, for [Filter], [Sort] and further loads:
//
//	.Load(&u.Orders, ingot.As(o), ingot.Top(3)).Load(&o.Items)
func As(v any) LoadOption { return func(l *loading) { l.as = v } }

// Filter loads only members for which all conditions hold. The relation is [Partial] then.
func Filter(conds ...Condition) LoadOption {
	return func(l *loading) { l.filter = with(l.filter, conds...) }
}

// Sort orders the members of each owner, before the order of the relation itself.
func Sort(by ...Ordering) LoadOption { return func(l *loading) { l.sort = with(l.sort, by...) } }

// Top loads only the first n members of each owner. The relation is [Partial] then.
func Top(n int) LoadOption {
	return func(l *loading) {
		l.top, l.topped = n, true
		if n < 1 {
			l.err = fmt.Errorf("ingot: Top(%d): it takes at least one", n)
		}
	}
}

func newLoading(rel any, opts []LoadOption) loading {
	l := loading{rel: rel}
	apply(&l, opts)
	return l
}

// partial reports whether members may be missing.
func (l *loading) partial() bool { return l.topped || len(l.filter) > 0 }

// A loaded is a variable with its instances, where loads may start.
type loaded struct {
	v         any
	p         addr
	m         *mapper
	instances []addr
}

// load runs the loads of a query for its instances, which root stands for, in order.
func (l *lane) load(ctx context.Context, m *mapper, root any, instances []addr, loads []loading) error {
	p, _ := addrOf(root)
	at := []loaded{{root, p, m, unique(instances)}}
	for i := range loads {
		next, err := l.loadOne(ctx, &loads[i], at)
		if err != nil {
			return err
		}
		at = append(at, next)
	}
	return nil
}

// loadOne loads one relation and returns its members.
func (l *lane) loadOne(ctx context.Context, what *loading, at []loaded) (loaded, error) {
	if what.err != nil {
		return loaded{}, what.err
	}
	owners, rel, err := what.owners(at)
	if err != nil {
		return loaded{}, err
	}
	next := loaded{v: what.as, m: rel.target}
	if what.as == nil {
		next.v = rel.target.instance(rel.target.alloc())
	}
	var typ any
	if next.p, typ = addrOf(next.v); typ != rel.target.typ {
		return loaded{}, fmt.Errorf("ingot: As(%T): %s.%s leads to %s", what.as, rel.m.name, rel.field, rel.target.name)
	}
	job := &loadJob{lane: l, what: what, rel: rel, v: next.v, at: at}
	for _, o := range owners {
		if !what.partial() && l.track != nil && !l.track.wants(o, rel) {
			if what.as != nil {
				next.instances = append(next.instances, rel.all(o)...)
			}
		} else {
			job.owners = append(job.owners, o)
		}
	}
	if len(job.owners) > 0 {
		if err := job.run(ctx); err != nil {
			return loaded{}, err
		}
	}
	if what.as != nil || rel.target == at[0].m { // something may be loaded for them, or answered from them
		next.instances = unique(append(next.instances, job.members...))
	}
	return next, nil
}

// owners finds the relation and the instances it is loaded for.
func (what *loading) owners(at []loaded) ([]addr, *relation, error) {
	p, typ := addrOf(what.rel)
	if p == nil {
		return nil, nil, fmt.Errorf("ingot: Load(%T): give it the address of a relation, Load(&u.Addresses)", what.rel)
	}
	for _, x := range at {
		offset, inside := x.m.within(x.p, p)
		if !inside {
			continue
		}
		if rel := x.m.relationAt(offset, typ); rel != nil {
			return x.instances, rel, nil
		}
		return nil, nil, fmt.Errorf("ingot: Load(%T): this field of %s is no relation", what.rel, x.m.name)
	}
	return nil, nil, fmt.Errorf("ingot: Load(%T): this is no field of the selected variable, nor of one that As has named in an earlier Load", what.rel)
}

// all returns the instances in the relation's field of an owner.
func (r *relation) all(owner addr) []addr {
	if r.kind.toMany() {
		return r.many(owner)
	}
	if p := r.one(owner); p != nil {
		return []addr{p}
	}
	return nil
}

// unique drops repeated instances and keeps their order.
func unique(ps []addr) []addr {
	seen := make(map[addr]struct{}, len(ps))
	repeated := func(p addr) bool {
		_, again := seen[p]
		seen[p] = struct{}{}
		return again || p == nil
	}
	i := slices.IndexFunc(ps, repeated)
	if i < 0 {
		return ps
	}
	rest := slices.Clone(ps[:i])
	for _, p := range ps[i+1:] {
		if !repeated(p) {
			rest = append(rest, p)
		}
	}
	return rest
}

// A loadJob is one relation being loaded for its owners.
type loadJob struct {
	lane   *lane
	what   *loading
	rel    *relation
	v      any // variable of the members
	at     []loaded
	owners []addr

	slots   []loadSlot // one per key of the owners
	index   keyIndex   // slot by key
	none    []addr     // owners without key
	members []addr
}

// A loadSlot is a key, who has it, and what was found for it.
type loadSlot struct {
	owners []addr
	key    addr // an instance that has the key in rel.local
	found  []addr
	known  bool // answered without a statement
}

func (j *loadJob) run(ctx context.Context) error {
	if err := j.keys(); err != nil {
		return err
	}
	if j.rel.kind == manyToOne && !j.what.partial() {
		if err := j.atHand(); err != nil {
			return err
		}
	}
	var ask []int
	for i := range j.slots {
		if !j.slots[i].known {
			ask = append(ask, i)
		}
	}
	for len(ask) > 0 {
		n, err := j.query(ctx, ask)
		if err != nil {
			return err
		}
		ask = ask[n:]
	}
	return j.fill()
}

// keys gives each key of the owners a slot.
func (j *loadJob) keys() error {
	j.index = newKeyIndex(j.rel.local, len(j.owners))
	j.slots = make([]loadSlot, 0, len(j.owners))
	for _, o := range j.owners {
		i, ok, err := j.index.put(o, j.rel.local, len(j.slots))
		switch {
		case err != nil:
			return err
		case !ok:
			j.none = append(j.none, o)
		case i == len(j.slots):
			j.slots = append(j.slots, loadSlot{key: o, owners: j.owners[:0:0]})
			fallthrough
		default:
			j.slots[i].owners = append(j.slots[i].owners, o)
		}
	}
	return nil
}

// atHand answers many-to-one relations from instances that are there already: those of
// the session, or of this very query.
func (j *loadJob) atHand() error {
	if !slices.Equal(j.rel.remote, j.rel.target.key) {
		return nil
	}
	if track := j.lane.track; track != nil {
		for i := range j.slots {
			s := &j.slots[i]
			if p := track.find(s.key, j.rel); p != nil {
				s.found, s.known = []addr{p}, true
			}
		}
		return nil
	}
	for _, x := range j.at {
		if x.m != j.rel.target {
			continue
		}
		for _, p := range x.instances {
			i, ok, err := j.index.get(p, j.rel.remote)
			if err != nil {
				return err
			}
			if ok && !j.slots[i].known {
				j.slots[i].found, j.slots[i].known = []addr{p}, true
			}
		}
	}
	return nil
}

// query asks for the members of as many of the slots as one statement takes, and returns
// how many that were.
func (j *loadJob) query(ctx context.Context, ask []int) (int, error) {
	db := j.lane.db
	r := db.newRenderer()
	defer r.free()
	r.enter()
	src := r.declare(j.v)
	if src == nil {
		return 0, r.err
	}
	cols := src.m.usual()
	for _, c := range j.rel.remote {
		if c.m == src.m && !slices.Contains(cols, c) {
			cols = with(cols, c)
		}
	}
	n := j.render(r, src, cols, ask)
	if r.err != nil {
		return 0, r.err
	}

	// The key of a row's owner is in the row itself, or comes in front of it from the link.
	keyCols := j.rel.remote
	var front []any
	var link addr
	if j.rel.kind == manyToMany {
		keyCols = j.rel.local
		link = j.rel.m.alloc()
		base := link
		front = newCells(j.rel.local, &base)
	}
	rd, err := j.lane.newReader(src.m, cols, false, front, 0)
	if err != nil {
		return 0, err
	}
	slot := -1
	rd.scanned = func(fresh addr) error {
		if link != nil {
			fresh = link
		}
		i, ok, err := j.index.get(fresh, keyCols)
		if err == nil && !ok {
			err = j.otherSpelling(fresh, keyCols, ask[:n])
		}
		slot = i
		return err
	}
	shared := newShared(j)
	var all []addr
	st := statement{op: "select", model: src.m.name, sql: string(r.b), args: r.args}
	err = j.lane.query(ctx, st, func(rows *sql.Rows) error {
		p, err := rd.next(rows)
		if err != nil {
			return err
		}
		if p, err = shared.of(p); err != nil {
			return err
		}
		j.slots[slot].found = append(j.slots[slot].found, p)
		if rd.admit != nil {
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if rd.admit != nil {
		if j.rel.kind == manyToMany {
			all = unique(all)
		}
		rd.admit.done(all)
	}
	return n, nil
}

// otherSpelling is the error for a row whose key is none of those asked for, byte by byte: the
// database takes more than that for equal. Which owner it belongs to is not guessed.
func (j *loadJob) otherSpelling(row addr, cols []*column, asked []int) error {
	spell := func(p addr, cols []*column) string {
		var text []string
		for _, c := range cols {
			v, err := c.valueOf(p, &j.lane.db.enc)
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			text = append(text, pick(err == nil, fmt.Sprintf("%#v", v), "?"))
		}
		return strings.Join(text, ", ")
	}
	came, want := spell(row, cols), ""
	for _, i := range asked {
		if w := spell(j.slots[i].key, j.rel.local); want == "" || strings.EqualFold(w, came) {
			want = w
		}
	}
	return fmt.Errorf("ingot: loading %s.%s: for the key %s a row with %s came, which the database takes for equal and Go does not: spell both alike, or give the columns a collation that tells them apart",
		j.rel.m.name, j.rel.field, want, came)
}

// A sharedRows gives one instance per row where a row comes once for each owner and no
// session does that.
type sharedRows struct {
	index keyIndex
	cols  []*column
	list  []addr
}

func newShared(j *loadJob) *sharedRows {
	if j.rel.kind != manyToMany || j.lane.track != nil || len(j.rel.target.key) == 0 {
		return nil
	}
	return &sharedRows{index: newKeyIndex(j.rel.target.key, 0), cols: j.rel.target.key}
}

func (s *sharedRows) of(p addr) (addr, error) {
	if s == nil {
		return p, nil
	}
	i, ok, err := s.index.put(p, s.cols, len(s.list))
	if err != nil || !ok {
		return p, err
	}
	if i == len(s.list) {
		s.list = append(s.list, p)
	}
	return s.list[i], nil
}

// render writes the statement for the slots, or for as many as fit, and returns how many
// those are.
func (j *loadJob) render(r *renderer, src *source, cols []*column, ask []int) int {
	rel := j.rel
	link := 0
	if rel.kind == manyToMany {
		r.aliases++
		link = r.aliases
	}
	ownerKey := func(k int) {
		if link != 0 {
			r.column(link, rel.link.left[k])
		} else {
			r.column(src.alias, rel.remote[k].name)
		}
	}
	keyName := func(k int) string { return fmt.Sprintf("ingot_key%d", k+1) }
	var order []Ordering
	if !j.sorts() {
		order = with(j.what.sort, rel.orderings(src.alias, link)...)
	}

	r.text("SELECT ")
	if j.what.topped {
		r.aliases++
		outer := r.aliases
		if link != 0 {
			for k := range rel.local {
				r.column(outer, keyName(k))
				r.text(", ")
			}
		}
		r.scanColumns(outer, cols)
		r.text(" FROM (SELECT ")
		defer func() {
			r.text(") AS ")
			r.alias(outer)
			r.text(" WHERE ")
			r.column(outer, "ingot_rank")
			r.text(" <= ")
			r.bind(int64(j.what.top))
			r.text(" ORDER BY ")
			r.column(outer, "ingot_rank")
		}()
		r.inner++
		defer func() { r.inner-- }()
	}
	if link != 0 {
		for k := range rel.local {
			ownerKey(k)
			if j.what.topped {
				r.text(" AS ")
				r.ident(keyName(k))
			}
			r.text(", ")
		}
	}
	r.scanColumns(src.alias, cols)
	if j.what.topped {
		r.text(", ROW_NUMBER() OVER (PARTITION BY ")
		for k := range rel.local {
			r.sep(k, ", ")
			ownerKey(k)
		}
		r.text(" ORDER BY ")
		if len(order) > 0 {
			r.orderings(order)
		} else {
			for k, c := range rel.target.key {
				r.sep(k, ", ")
				r.column(src.alias, c.name)
			}
		}
		r.text(") AS ")
		r.ident("ingot_rank")
	}
	r.text(" FROM ")
	r.table(src.m.table)
	r.text(" AS ")
	r.alias(src.alias)
	if link != 0 {
		r.text(" JOIN ")
		r.table(rel.link.table)
		r.text(" AS ")
		r.alias(link)
		r.text(" ON ")
		for k, c := range rel.remote {
			r.sep(k, " AND ")
			r.column(link, rel.link.right[k])
			r.text(" = ")
			r.column(src.alias, c.name)
		}
	}
	r.text(" WHERE ")
	for _, c := range j.what.filter {
		r.condition(c)
		r.text(" AND ")
	}
	n := j.keyList(r, ownerKey, ask)
	if !j.what.topped && len(order) > 0 {
		r.text(" ORDER BY ")
		r.orderings(order)
	}
	return n
}

func (r *renderer) scanColumns(alias int, cols []*column) {
	for i, c := range cols {
		r.sep(i, ", ")
		r.scanColumn(alias, c)
	}
}

// orderings is the order of the relation itself: its order: option, then its position,
// which may be kept in the link.
func (rel *relation) orderings(alias, link int) []Ordering {
	var list []Ordering
	for _, t := range rel.order {
		list = append(list, Ordering{o: operand{node: &columnNode{alias, t.column}}, desc: t.desc})
	}
	if c := rel.position; c != nil {
		if c.m != rel.target {
			alias = link
		}
		list = append(list, Ordering{o: operand{node: &columnNode{alias, c}}})
	}
	return list
}

// A columnNode is a column of an alias of ours.
type columnNode struct {
	alias int
	c     *column
}

func (n *columnNode) render(r *renderer)                { r.column(n.alias, n.c.name) }
func (n *columnNode) parts(func(operand), func(*query)) {}

// keyList writes the condition that the owner's key is one of the slots', and returns how
// many slots went into it.
func (j *loadJob) keyList(r *renderer, ownerKey func(int), ask []int) int {
	db, width := j.lane.db, len(j.rel.local)
	value := func(slot, k int) driver.Value {
		v, err := j.rel.local[k].valueOf(j.slots[slot].key, &db.enc)
		if err != nil {
			r.fail(err)
		}
		return v
	}
	if width == 1 && db.server.ArrayIn {
		text, _ := appendArray(nil, len(ask), func(i int) (driver.Value, error) { return value(ask[i], 0), nil })
		ownerKey(0)
		r.text(" = ANY(")
		r.bind(string(text))
		r.text(")")
		return len(ask)
	}
	room := (db.maxParams() - len(r.args) - 8) / width
	if most := db.server.BatchParams; most > 0 {
		room = min(room, 5*most/width) // a longer list costs more to bind than another statement
	}
	if width > 1 && !db.server.TupleIn {
		room = min(room, 200) // a chain of ORs is as deep as it is long, and depth is limited
	}
	if room < 1 {
		r.fail(errors.New("ingot: the conditions of a Load leave no room for its keys"))
		return len(ask)
	}
	n := min(len(ask), room)
	ask = ask[:n]
	switch {
	case width == 1:
		ownerKey(0)
		r.text(" IN (")
		// Padded to a power of two, so that few texts serve all sizes.
		padded := 1
		for padded < n {
			padded *= 2
		}
		var v driver.Value
		for i := range min(padded, room) {
			r.sep(i, ", ")
			if i < n {
				v = value(ask[i], 0)
			}
			r.bind(v)
		}
		r.text(")")
	case db.server.TupleIn:
		r.text("(")
		for k := range width {
			r.sep(k, ", ")
			ownerKey(k)
		}
		r.text(") IN (")
		for i, slot := range ask {
			r.text(pick(i > 0, ", (", "("))
			for k := range width {
				r.sep(k, ", ")
				r.bind(value(slot, k))
			}
			r.text(")")
		}
		r.text(")")
	default:
		r.text("(")
		for i, slot := range ask {
			r.text(pick(i > 0, " OR (", "("))
			for k := range width {
				r.sep(k, " AND ")
				ownerKey(k)
				r.text(" = ")
				r.bind(value(slot, k))
			}
			r.text(")")
		}
		r.text(")")
	}
	return n
}

// arrayElement reports whether a value has a text form that an array can hold.
func arrayElement(v driver.Value) bool {
	t, ok := v.(time.Time)
	return !ok || t.Year() >= 1 && t.Year() <= 9999
}

// appendArray writes n values as an array, in the text form that is one parameter.
func appendArray(b []byte, n int, value func(i int) (driver.Value, error)) ([]byte, error) {
	b = append(b, '{')
	for i := range n {
		switch i {
		case 0:
		case 1:
			b = slices.Grow(b, n*(len(b)+1)) // as much as the first takes, for all
			fallthrough
		default:
			b = append(b, ',')
		}
		v, err := value(i)
		if err != nil {
			return nil, err
		}
		b = appendArrayElement(b, v)
	}
	return append(b, '}'), nil
}

// appendArrayElement writes an element of an array.
func appendArrayElement(b []byte, v driver.Value) []byte {
	var s string
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case bool:
		return strconv.AppendBool(b, v)
	case []byte:
		return append(hex.AppendEncode(append(b, `"\\x`...), v), '"')
	case time.Time:
		if v = v.UTC(); !arrayElement(v) {
			return append(v.AppendFormat(append(b, '"'), "2006-01-02 15:04:05.999999Z"), '"')
		}
		return append(appendTime(append(b, '"'), v), `Z"`...)
	case nil:
		return append(b, "NULL"...)
	case string:
		s = v
	default:
		s = fmt.Sprint(v)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// fill puts what was found into the owners.
func (j *loadJob) fill() error {
	state := Loaded
	if j.what.partial() {
		state = Partial
	}
	total := 0
	for i := range j.slots {
		total += len(j.slots[i].found) * len(j.slots[i].owners)
	}
	j.members = make([]addr, 0, total)
	block := make([]addr, 0, total) // the slices of all owners, each clipped to its part
	sorts := j.byKey()
	for i := range j.slots {
		s := &j.slots[i]
		if sorts != nil {
			sorts(s.found)
		}
		j.members = append(j.members, s.found...)
		for _, o := range s.owners {
			if !j.rel.kind.toMany() && len(s.found) > 1 {
				return fmt.Errorf("%w: %s.%s holds one %s, but several rows refer to %s", ErrMultiple,
					j.rel.m.name, j.rel.field, j.rel.target.name, j.rel.m.keyName(o))
			}
			start := len(block)
			block = append(block, s.found...)
			if err := j.put(o, block[start:len(block):len(block)], state); err != nil {
				return err
			}
		}
	}
	for _, o := range j.none {
		if err := j.put(o, block[0:0:0], state); err != nil {
			return err
		}
	}
	return nil
}

func (j *loadJob) put(owner addr, found []addr, state LoadState) error {
	if j.lane.track != nil {
		return j.lane.track.fill(owner, j.rel, found, state)
	}
	switch {
	case j.rel.kind.toMany():
		*ref[[]addr](j.rel.at(owner)) = found
	case len(found) == 0:
		j.rel.setOne(owner, nil)
	default:
		j.rel.setOne(owner, found[0])
	}
	return nil
}

// sorts reports whether members are sorted here, by their key: where that is the order of
// the relation, or where it has none, so that the same rows always come in the same order.
// It costs little, for they mostly come so, and saves the database a sort.
func (j *loadJob) sorts() bool {
	key, order := j.rel.target.key, j.rel.order
	return j.rel.kind.toMany() && len(key) == 1 && key[0].codec.getInt != nil && !j.what.topped && len(j.what.sort) == 0 &&
		(len(order) == 0 && j.rel.position == nil || len(order) > 0 && order[0].column == key[0] && !order[0].desc)
}

// byKey returns how to sort members by their key.
func (j *loadJob) byKey() func([]addr) {
	if !j.sorts() {
		return nil
	}
	key := j.rel.target.key[0]
	by := func(a, b addr) int { return cmp.Compare(key.codec.getInt(key.at(a)), key.codec.getInt(key.at(b))) }
	return func(ps []addr) {
		if !slices.IsSortedFunc(ps, by) {
			slices.SortStableFunc(ps, by)
		}
	}
}

// A keyIndex numbers keys. Keys of one integer, which most are, have a map of their own,
// five times as fast as one of anything else.
type keyIndex struct {
	ints map[int64]int
	text map[string]int
	buf  []byte
}

func newKeyIndex(cols []*column, n int) keyIndex {
	if len(cols) == 1 && cols[0].codec.class == classInt {
		return keyIndex{ints: make(map[int64]int, n)}
	}
	return keyIndex{text: make(map[string]int, n)}
}

// get returns the number of the key in these columns of an instance; ok is false if it has
// none, as where a column is NULL.
func (x *keyIndex) get(p addr, cols []*column) (number int, ok bool, err error) {
	return x.put(p, cols, -1)
}

// put is get, but gives a key without a number the next one.
func (x *keyIndex) put(p addr, cols []*column, next int) (number int, ok bool, err error) {
	if x.ints != nil {
		k, ok, err := intKey(p, cols[0])
		if !ok {
			return -1, false, err
		}
		if number, ok = x.ints[k]; !ok && next >= 0 {
			x.ints[k] = next
			return next, true, nil
		}
		return number, ok, nil
	}
	if ok, err := x.textKey(p, cols); !ok {
		return -1, false, err
	}
	if number, ok = x.text[string(x.buf)]; !ok && next >= 0 {
		x.text[string(x.buf)] = next
		return next, true, nil
	}
	return number, ok, nil
}

// intKey reads a key of one integer.
func intKey(p addr, c *column) (k int64, ok bool, err error) {
	if c.codec.getInt != nil {
		return c.codec.getInt(c.at(p)), true, nil
	}
	v, err := c.valueOf(p, &encoding{})
	if err != nil || v == nil {
		return 0, false, err
	}
	k, err = toInt64(v)
	return k, err == nil, err
}

// textKey writes a key of any columns into the buffer, so that keys are equal if and only
// if their texts are.
func (x *keyIndex) textKey(p addr, cols []*column) (ok bool, err error) {
	x.buf = x.buf[:0]
	for _, c := range cols {
		v, err := c.valueOf(p, &encoding{})
		if err != nil || v == nil {
			return false, err
		}
		x.buf = appendKey(x.buf, v)
	}
	return true, nil
}

func appendKey(b []byte, v driver.Value) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0) // the length, so that (a, bc) is not (ab, c)
	switch v := v.(type) {
	case string:
		b = append(b, v...)
	case []byte:
		b = append(b, v...)
	case int64:
		b = strconv.AppendInt(b, v, 10)
	case time.Time:
		b = strconv.AppendInt(b, v.UnixMicro(), 10)
	default:
		b = fmt.Append(b, v)
	}
	n := len(b) - start - 4
	b[start], b[start+1], b[start+2], b[start+3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
	return b
}
