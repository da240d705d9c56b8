package suite

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ingot"
)

// What programs of the random test compare: the oracle with the live session, with the
// database, and with a fresh session.

// check compares the database, and the live session with it in what the oracle does not
// know: versions and places.
func (p *program) check(when string) error {
	var errs []error
	for _, k := range p.sh.kinds {
		if err := p.checkTable(k); err != nil {
			errs = append(errs, err)
		}
	}
	for _, n := range p.sh.nets {
		var want []string
		for l := range p.now.links {
			if l.net == n {
				want = append(want, l.a.id+" "+l.b.id)
			}
		}
		got, err := p.rows("SELECT " + n.colA + ", " + n.colB + " FROM " + n.table)
		if err != nil {
			return err
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			errs = append(errs, fmt.Errorf("table %s has %q, want %q", n.table, got, want))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("after %s the database disagrees: %w", when, err)
	}
	return nil
}

// checkTable compares one table.
func (p *program) checkTable(k *kind) error {
	columns := k.columns()
	names := make([]string, len(columns))
	for i, f := range columns {
		names[i] = columnName(f)
	}
	got, err := p.rows("SELECT " + strings.Join(names, ", ") + " FROM " + k.name)
	if err != nil {
		return err
	}
	stored := map[string][]string{}
	for _, line := range got {
		values := strings.Split(line, " ")
		key := make([]string, len(k.key))
		for i, f := range k.key {
			key[i] = values[slices.Index(columns, f)]
		}
		stored[k.name+"("+strings.Join(key, ", ")+")"] = values
	}
	var errs []error
	places := map[*thing]string{}
	for _, t := range p.now.things(func(t *thing) bool { return t.kind == k }) {
		values := stored[p.now.key(t)]
		if values == nil {
			errs = append(errs, fmt.Errorf("%v, %s, is not there", t, p.now.key(t)))
			continue
		}
		delete(stored, p.now.key(t))
		for i, f := range columns {
			want, known := p.now.value(t, f)
			switch {
			case known:
			case t.x == nil:
				want = values[i]
			default:
				want = textOf(t.x, f)
			}
			if values[i] != want {
				errs = append(errs, fmt.Errorf("%v has %s %q, want %q", t, f, values[i], want))
			}
			if f == "Place" {
				places[t] = fmt.Sprintf("%10s", values[i])
			}
		}
	}
	for key := range stored {
		errs = append(errs, fmt.Errorf("%s is there, and should not be", key))
	}
	for _, e := range p.sh.up(k) {
		if !e.ordered {
			continue
		}
		for t := range p.now.rows {
			list := p.now.rows[t].lists[e]
			if !slices.IsSortedFunc(list, func(a, b *thing) int { return strings.Compare(places[a], places[b]) }) {
				errs = append(errs, fmt.Errorf("the places of %v contradict their order", list))
			}
		}
	}
	return errors.Join(errs...)
}

// rows reads rows as texts, past the library.
func (p *program) rows(text string) (list []string, err error) {
	rows, err := p.pool.QueryContext(p.t.Context(), text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values := make([]sql.Null[string], len(columns))
	cells, texts := make([]any, len(columns)), make([]string, len(columns))
	for i := range values {
		cells[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		for i, v := range values {
			texts[i] = v.V
			if !v.Valid {
				texts[i] = "NULL"
			}
		}
		list = append(list, strings.Join(texts, " "))
	}
	return list, rows.Err()
}

// columnName is the column of a field: HostID is host_id.
func columnName(field string) string {
	var b strings.Builder
	for i, c := range field {
		if c >= 'A' && c <= 'Z' {
			if i > 0 && field[i-1] >= 'a' && field[i-1] <= 'z' {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// checkLive compares the instances of the session, all of whose work is flushed.
func (p *program) checkLive() error {
	return p.checkSession(p.s, func(t *thing) any { return t.x })
}

// checkFresh compares a session that reads everything anew.
func (p *program) checkFresh() error {
	s := p.db.Session()
	defer s.Close()
	byKey := map[string]any{}
	for _, k := range p.sh.kinds {
		xs, err := k.all(p.ctx, s, p.sh.relations(k))
		if err != nil {
			return fmt.Errorf("a fresh session: %w", err)
		}
		for _, x := range xs {
			byKey[k.keyOf(x)] = x
		}
	}
	if len(byKey) != len(p.now.rows) {
		return fmt.Errorf("a fresh session has %d rows, want %d", len(byKey), len(p.now.rows))
	}
	if err := p.checkSession(s, func(t *thing) any { return byKey[p.now.key(t)] }); err != nil {
		return fmt.Errorf("in a fresh session %w", err)
	}
	return nil
}

// checkSession compares the instances that stand for things in a session.
func (p *program) checkSession(s *ingot.Session, of func(*thing) any) error {
	var errs []error
	for _, t := range p.now.things(func(t *thing) bool { return of(t) != nil }) {
		if err := p.checkInstance(s, t, of); err != nil {
			errs = append(errs, fmt.Errorf("%v, %s: %w", t, t.kind.keyOf(of(t)), err))
		}
	}
	return errors.Join(errs...)
}

func (p *program) checkInstance(s *ingot.Session, t *thing, of func(*thing) any) error {
	x := of(t)
	if state := s.State(x); state != ingot.Persistent {
		return fmt.Errorf("it is %v", state)
	}
	for _, f := range t.kind.columns() {
		if want, known := p.now.value(t, f); known && textOf(x, f) != want {
			return fmt.Errorf("%s is %q, want %q", f, textOf(x, f), want)
		}
	}
	for _, e := range p.sh.up(t.kind) {
		want := p.now.rows[t].up[e]
		switch got := oneOf(x, e.ref); {
		case got == nil && want != nil && s.Loaded(x, addressOf(x, e.ref)) != ingot.NotLoaded:
			return fmt.Errorf("%s is nil, and %v, want %v", e.ref, s.Loaded(x, addressOf(x, e.ref)), want)
		case got != nil && (want == nil || got != of(want)):
			return fmt.Errorf("%s is %s, want %v", e.ref, e.parent.keyOf(got), want)
		}
	}
	for _, e := range p.sh.down(t.kind) {
		if err := p.checkMembers(s, x, e.coll, e.child, p.now.children(e, t), e.ordered, of); err != nil {
			return err
		}
	}
	for _, n := range p.sh.nets {
		if n.a == t.kind {
			if err := p.checkMembers(s, x, n.ofA, n.b, p.now.linked(n, t, false), false, of); err != nil {
				return err
			}
		}
		if n.b == t.kind {
			if err := p.checkMembers(s, x, n.ofB, n.a, p.now.linked(n, t, true), false, of); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkMembers compares what a relationship holds: all where it is loaded, and nobody else
// where it is partial.
func (p *program) checkMembers(s *ingot.Session, x any, field string, k *kind, want []*thing, ordered bool, of func(*thing) any) error {
	got, loaded := membersOf(x, field), s.Loaded(x, addressOf(x, field))
	var missing []string
	have := map[any]bool{}
	for _, y := range got {
		if have[y] {
			return fmt.Errorf("%s, %v, holds %s twice", field, loaded, k.keyOf(y))
		}
		have[y] = true
	}
	for _, t := range want {
		if y := of(t); y == nil || !have[y] {
			missing = append(missing, t.String())
		} else {
			delete(have, y)
		}
	}
	for y := range have {
		return fmt.Errorf("%s, %v, holds %s, which it has not", field, loaded, k.keyOf(y))
	}
	if loaded != ingot.Loaded {
		return nil
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s, %v, lacks %v", field, loaded, missing)
	}
	if ordered && len(want) == len(got) {
		for i, t := range want {
			if got[i] != of(t) {
				return fmt.Errorf("%s is not in order: number %d is %s, want %v", field, i, k.keyOf(got[i]), t)
			}
		}
	}
	return nil
}
