package suite

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// The oracle of the random test: what the rows are, in plain maps. Keys that the database
// makes are all it takes from the session.

// A thing is one row through its life.
type thing struct {
	n    int // by when it was made
	kind *kind
	x    any    // the instance in the live session; nil while none is loaded
	id   string // the generated key, once it is known

	taken    int  // when the instance was loaded, on the program's clock; 0 if it was made
	expunged bool // since when a second instance is one that was loaded, not made
}

func (t *thing) String() string {
	if t == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s%d", t.kind.name, t.n)
}

// A row is what the oracle holds true of a thing. Values are texts, nil is "NULL".
type row struct {
	vals  map[string]string
	up    map[*edge]*thing   // the parents it has
	lists map[*edge][]*thing // its children in their order, where that is kept
}

// A link is one row of a many-to-many relationship.
type link struct {
	net  *net
	a, b *thing
}

// A world is the whole database.
type world struct {
	sh    *shape
	rows  map[*thing]*row
	links map[link]bool
}

func newWorld(sh *shape) *world {
	return &world{sh: sh, rows: map[*thing]*row{}, links: map[link]bool{}}
}

func (w *world) clone() *world {
	c := &world{sh: w.sh, rows: make(map[*thing]*row, len(w.rows)), links: maps.Clone(w.links)}
	for t, r := range w.rows {
		lists := make(map[*edge][]*thing, len(r.lists))
		for e, list := range r.lists {
			lists[e] = slices.Clone(list)
		}
		c.rows[t] = &row{vals: maps.Clone(r.vals), up: maps.Clone(r.up), lists: lists}
	}
	return c
}

// same reports whether two worlds have the same rows and links.
func (w *world) same(v *world) bool {
	return maps.EqualFunc(w.rows, v.rows, func(a, b *row) bool {
		return maps.Equal(a.vals, b.vals) && maps.Equal(a.up, b.up) && maps.EqualFunc(a.lists, b.lists, slices.Equal)
	}) && maps.Equal(w.links, v.links)
}

// things lists those that are there, in the order of their making.
func (w *world) things(is func(*thing) bool) []*thing {
	var ts []*thing
	for t := range w.rows {
		if is(t) {
			ts = append(ts, t)
		}
	}
	slices.SortFunc(ts, func(a, b *thing) int { return a.n - b.n })
	return ts
}

// children lists those that t is the parent of.
func (w *world) children(e *edge, t *thing) []*thing {
	if e.ordered {
		return w.rows[t].lists[e]
	}
	return w.things(func(c *thing) bool { return c.kind == e.child && w.rows[c].up[e] == t })
}

// linked lists what t is linked with, seen from the side of b or of a.
func (w *world) linked(n *net, t *thing, fromB bool) (list []*thing) {
	for l := range w.links {
		if l.net == n && !fromB && l.a == t {
			list = append(list, l.b)
		}
		if l.net == n && fromB && l.b == t {
			list = append(list, l.a)
		}
	}
	slices.SortFunc(list, func(a, b *thing) int { return a.n - b.n })
	return list
}

// move gives a child another parent along an edge, or none. Of an ordered collection it
// becomes the last.
func (w *world) move(e *edge, c, to *thing) {
	if e.ordered {
		if old := w.rows[c].up[e]; old != nil && w.rows[old] != nil {
			lists := w.rows[old].lists
			lists[e] = slices.DeleteFunc(lists[e], func(x *thing) bool { return x == c })
		}
		if to != nil {
			w.rows[to].lists[e] = append(w.rows[to].lists[e], c)
		}
	}
	if to == nil {
		delete(w.rows[c].up, e)
		return
	}
	w.rows[c].up[e] = to
}

// doomed lists what goes when t is deleted, and reports whether it can go: what stays must
// be able to let it go.
func (w *world) doomed(t *thing) (all []*thing, ok bool) {
	all = []*thing{t}
	for i := 0; i < len(all); i++ {
		for _, e := range w.sh.down(all[i].kind) {
			for _, c := range w.children(e, all[i]) {
				if e.cascade && !slices.Contains(all, c) {
					all = append(all, c)
				}
			}
		}
	}
	for _, x := range all {
		for _, e := range w.sh.down(x.kind) {
			for _, c := range w.children(e, x) {
				if e.required && !slices.Contains(all, c) {
					return nil, false
				}
			}
		}
	}
	return all, true
}

// remove deletes a row with what goes along; the rest lets it go.
func (w *world) remove(t *thing) {
	all, _ := w.doomed(t)
	for _, x := range all {
		for _, e := range w.sh.up(x.kind) {
			w.move(e, x, nil)
		}
		for _, e := range w.sh.down(x.kind) {
			for _, c := range slices.Clone(w.children(e, x)) {
				w.move(e, c, nil)
			}
		}
	}
	for _, x := range all {
		delete(w.rows, x)
		maps.DeleteFunc(w.links, func(l link, _ bool) bool { return l.a == x || l.b == x })
	}
}

// above reports whether a is b, or above it along an edge of a model to itself.
func (w *world) above(e *edge, a, b *thing) bool {
	for ; b != nil; b = w.rows[b].up[e] {
		if a == b {
			return true
		}
	}
	return false
}

// value is what a field of a row has to be. What the oracle does not know, versions and
// places, is not ok.
func (w *world) value(t *thing, field string) (text string, ok bool) {
	r := w.rows[t]
	if v, ok := r.vals[field]; ok {
		return v, true
	}
	for _, e := range w.sh.up(t.kind) {
		if i := slices.Index(e.fk, field); i >= 0 {
			if up := r.up[e]; up != nil {
				return w.value(up, e.to[i])
			}
			return "NULL", true
		}
	}
	switch {
	case field == "ID":
		return t.id, true
	case field == "Twice":
		n, _ := strconv.Atoi(r.vals["Score"])
		return strconv.Itoa(2 * n), true
	}
	return "", false
}

// key is the key of a row.
func (w *world) key(t *thing) string {
	parts := make([]string, len(t.kind.key))
	for i, f := range t.kind.key {
		parts[i], _ = w.value(t, f)
	}
	return t.kind.name + "(" + strings.Join(parts, ", ") + ")"
}

// keyOf is the key that an instance holds.
func (k *kind) keyOf(x any) string {
	parts := make([]string, len(k.key))
	for i, f := range k.key {
		parts[i] = textOf(x, f)
	}
	return k.name + "(" + strings.Join(parts, ", ") + ")"
}

// claims lists what only one row may have and this one does: unique values, the place of the
// only child, keys made of two references.
func (w *world) claims(t *thing) (list []string) {
	r := w.rows[t]
	if r == nil {
		return nil
	}
	if f := t.kind.unique; f != "" {
		list = append(list, fmt.Sprint(t.kind.name, " ", f, " ", r.vals[f]))
	}
	pair := ""
	for _, e := range w.sh.up(t.kind) {
		if up := r.up[e]; e.one && up != nil {
			list = append(list, fmt.Sprint(t.kind.name, " under ", up))
		}
		pair += fmt.Sprint(r.up[e], " ")
	}
	if t.kind.pair {
		list = append(list, t.kind.name+" "+pair)
	}
	return list
}

// reachable reports whether the database can get from one world to the other row by row
// without two rows having the same at any time: nobody has what another one has, and nobody
// waits for one that waits for it.
func (w *world) reachable(from *world) bool {
	had := map[string]*thing{}
	for t := range from.rows {
		for _, c := range from.claims(t) {
			had[c] = t
		}
	}
	has, waits := map[string]*thing{}, map[*thing][]*thing{}
	for t := range w.rows {
		for _, c := range w.claims(t) {
			if has[c] != nil {
				return false
			}
			has[c] = t
			if h := had[c]; h != nil && h != t {
				if w.rows[h] == nil && from.referred(h, w) {
					return false // it cannot go before those that stay let it go
				}
				waits[t] = append(waits[t], h)
			}
		}
	}
	for t := range waits {
		seen := map[*thing]bool{}
		for next := slices.Clone(waits[t]); len(next) > 0; next = next[1:] {
			if next[0] == t {
				return false
			}
			if !seen[next[0]] {
				seen[next[0]] = true
				next = append(next, waits[next[0]]...)
			}
		}
	}
	return true
}

// referred reports whether somebody who stays refers to a row.
func (w *world) referred(t *thing, after *world) bool {
	for _, e := range w.sh.down(t.kind) {
		if slices.ContainsFunc(w.children(e, t), func(c *thing) bool { return after.rows[c] != nil }) {
			return true
		}
	}
	return false
}

// What stands in the fields of instances, as texts.

func addressOf(x any, field string) any {
	return reflect.ValueOf(x).Elem().FieldByName(field).Addr().Interface()
}

func textOf(x any, field string) string {
	v := reflect.ValueOf(x).Elem().FieldByName(field)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "NULL"
		}
		v = v.Elem()
	}
	return fmt.Sprint(v.Interface())
}

// setText gives a field the value of a text.
func setText(x any, field, text string) {
	v := reflect.ValueOf(x).Elem().FieldByName(field)
	if v.Kind() == reflect.Pointer {
		if text == "NULL" {
			v.SetZero()
			return
		}
		v.Set(reflect.New(v.Type().Elem())) // never through the old pointer: somebody may share it
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		v.SetString(text)
		return
	}
	n, _ := strconv.ParseInt(text, 10, 64) // 0 for a key that is not known yet
	v.SetInt(n)
}

// columns lists the fields of a kind that are columns.
func (k *kind) columns() (names []string) {
	for i := range k.typ.NumField() {
		f := k.typ.Field(i)
		t := f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if f.Name != "_" && t.Kind() != reflect.Slice && t.Kind() != reflect.Struct {
			names = append(names, f.Name)
		}
	}
	return names
}

// oneOf and manyOf read relationships of instances.
func oneOf(x any, field string) any {
	v := reflect.ValueOf(x).Elem().FieldByName(field)
	if v.IsNil() {
		return nil
	}
	return v.Interface()
}

func setOne(x any, field string, to any) {
	v := reflect.ValueOf(x).Elem().FieldByName(field)
	if to == nil {
		v.SetZero()
		return
	}
	v.Set(reflect.ValueOf(to))
}

func manyOf(x any, field string) (list []any) {
	v := reflect.ValueOf(x).Elem().FieldByName(field)
	for i := range v.Len() {
		list = append(list, v.Index(i).Interface())
	}
	return list
}

// setMany gives a collection a new slice; with inPlace it edits the old one as far as it goes.
func setMany(x any, field string, list []any, inPlace bool) {
	v := reflect.ValueOf(x).Elem().FieldByName(field)
	s := reflect.MakeSlice(v.Type(), 0, len(list))
	if inPlace && !v.IsNil() {
		s = v.Slice(0, 0)
	}
	for _, y := range list {
		s = reflect.Append(s, reflect.ValueOf(y))
	}
	v.Set(s)
}

// membersOf is what a relationship of any shape holds.
func membersOf(x any, field string) []any {
	v := reflect.ValueOf(x).Elem().FieldByName(field)
	switch {
	case v.Kind() == reflect.Slice:
		return manyOf(x, field)
	case v.IsNil():
		return nil
	}
	return []any{v.Interface()}
}
