package ingot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// Merging: instances that came from elsewhere, as copies or as they are.

// Merge copies x, which belongs to no session, onto the session's instance of the same
// key, and returns that. It is read first if the session does not have it; if there is no
// such row, or x has no key yet, it is a new pending instance. The rows to be written are
// found by the next flush, as ever.
//
// A zero value cannot be told from one that was never set, so the caller decides: fields
// are the addresses of the fields of x to copy (&x.Name, &x.Lines); none means all
// columns, and those relationships with the merge cascade that are not nil. What the
// relationships lead to is merged as a whole. A version in x that is not zero has to be
// the row's, else the error is a [*StaleError].
func Merge[T any](ctx context.Context, s *Session, x *T, fields ...any) (*T, error) {
	if err := s.start(); err != nil {
		return nil, err
	}
	defer s.leave()
	m, p, err := s.writable(x)
	if err != nil {
		return nil, within("Merge", err)
	}
	mg := &merge{s: s, ctx: ctx, done: map[addr]*entry{}}
	only, err := m.fieldsOf(p, fields)
	if err != nil {
		return nil, within("Merge", err)
	}
	e, err := mg.merge(m, p, only)
	if err != nil {
		return nil, within("Merge", err)
	}
	return ref[T](e.obj), nil
}

// A merge is one call of Merge.
type merge struct {
	s    *Session
	ctx  context.Context
	done map[addr]*entry // by source
}

// A fieldSet is a choice of fields; nil is all of them.
type fieldSet struct {
	columns   []*column
	relations []*relation
}

// fieldsOf finds the fields of instance p whose addresses are given.
func (m *mapper) fieldsOf(p addr, fields []any) (*fieldSet, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	set := &fieldSet{}
next:
	for _, f := range fields {
		at, _ := addrOf(f)
		for _, c := range m.columns {
			if at == c.at(p) {
				set.columns = append(set.columns, c)
				continue next
			}
		}
		for _, r := range m.relations {
			if at == r.at(p) {
				set.relations = append(set.relations, r)
				continue next
			}
		}
		return nil, fmt.Errorf("%T is not the address of a mapped field of the %s given", f, m.name)
	}
	return set, nil
}

// merge copies one instance onto the session's.
func (mg *merge) merge(m *mapper, src addr, only *fieldSet) (*entry, error) {
	s := mg.s
	if e := mg.done[src]; e != nil {
		return e, nil
	}
	if e := s.find(m, src); e != nil {
		mg.done[src] = e // it is here already
		return e, nil
	}
	e, err := s.fetch(mg.ctx, m, src)
	if err != nil {
		return nil, err
	}
	if e == nil {
		e = s.makePending(m, m.alloc())
		e.explicit = true
		only = nil // a new row has nothing else to keep
	} else if v := m.version; v != nil && !v.codec.zero(v.at(src)) && v.differs(src, e.snap) {
		return nil, &StaleError{Op: "read", Model: m.name, Key: e.name(), Table: m.table.String(), Want: 1}
	}
	mg.done[src] = e
	for _, c := range m.columns {
		switch {
		case only != nil && !slices.Contains(only.columns, c), c.readOnly, c.version && e.state != Pending, c.pk && e.state != Pending:
		case c.differs(e.obj, src):
			c.codec.save(c.at(e.obj), c.at(src))
		}
	}
	for _, r := range m.relations {
		asked := only != nil && slices.Contains(only.relations, r)
		if !asked && (only != nil || !r.cascade.has(cascadeMerge) || r.isNil(src)) {
			continue
		}
		if err := mg.relation(e, r, src); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// relation merges what a relation leads to. The whole collection has to be known, for what
// is missing in the source is removed.
func (mg *merge) relation(e *entry, r *relation, src addr) error {
	s := mg.s
	if e.state != Pending && e.load(r) != Loaded {
		if err := s.loadRelation(mg.ctx, r, []addr{e.obj}, nil); err != nil {
			return err
		}
	}
	list := []addr{}
	for i, p := range r.members(src) {
		if p == nil {
			return fmt.Errorf("%s.%s[%d] is nil", r.m.name, r.field, i)
		}
		t, err := mg.merge(r.target, p, nil)
		if err != nil {
			return err
		}
		list = append(list, t.obj)
	}
	if r.kind.toMany() {
		r.setMany(e.obj, list)
		return nil
	}
	if len(list) == 0 {
		r.setOne(e.obj, nil)
	} else {
		r.setOne(e.obj, list[0])
	}
	return nil
}

// fetch returns the entry of the key that an instance holds: from the session, else from
// the database. Nil if the key is not set, or there is no such row.
func (s *Session) fetch(ctx context.Context, m *mapper, key addr) (*entry, error) {
	if m.auto != nil && m.auto.codec.zero(m.auto.at(key)) {
		return nil, nil
	}
	k, ok, err := s.keyOf(m.key, key)
	if err != nil || !ok {
		return nil, err
	}
	if e := s.identityMap(m).lookup(k); e != nil && s.trusted(e) {
		return e, nil
	}
	if err := s.reading(ctx); err != nil {
		return nil, err
	}
	sel, err := s.db.keySelect(m)
	if err != nil {
		return nil, err
	}
	args := make([]any, len(m.key))
	for i, c := range m.key {
		if args[i], err = c.valueOf(key, &s.db.enc); err != nil {
			return nil, err
		}
	}
	ln := lane{db: s.db, tx: s.tx, track: (*tracking)(s)}
	rd, err := ln.newReader(m, sel.cols, false, nil, 1)
	if err != nil {
		return nil, err
	}
	st := statement{op: "select", model: m.name, sql: sel.sql, args: args}
	var e *entry
	err = ln.query(ctx, st, func(rows *sql.Rows) error {
		p, err := rd.next(rows)
		if err == nil {
			e = s.find(m, p)
		}
		return err
	})
	return e, err
}

// Attach takes instances in that were loaded elsewhere, as persistent and without reading
// them: their present values are taken for what the database has. With them come those
// that the save-update cascade reaches and that have a key; those without one are new.
// Collections that are not nil count as [Partial], since nobody knows what they lack.
func (s *Session) Attach(xs ...any) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	var errs []error
	for _, x := range xs {
		m, p, err := s.writable(x)
		if err == nil && s.find(m, p) == nil && !s.keyed(m, p) {
			err = fmt.Errorf("%s has no key, so it has no row: Add it", m.keyName(p))
		}
		if err == nil {
			err = s.attach(m, p)
		}
		if err != nil {
			errs = append(errs, within("Attach", err))
		}
	}
	return errors.Join(errs...)
}

// keyed reports whether an instance has a key.
func (s *Session) keyed(m *mapper, p addr) bool {
	if m.auto != nil {
		return !m.auto.codec.zero(m.auto.at(p))
	}
	_, ok, err := s.keyOf(m.key, p)
	return ok && err == nil
}

// attach takes one instance in, and what hangs on it.
func (s *Session) attach(m *mapper, p addr) error {
	if s.find(m, p) != nil {
		return nil
	}
	c := s.identityMap(m)
	k, ok, err := s.keyOf(m.key, p)
	if err != nil || !ok {
		return err
	}
	if old := c.lookup(k); old != nil {
		return fmt.Errorf("the session has another instance of %s: Merge copies one onto the other", old.name())
	}
	k.text = slices.Clone(k.text)
	e := s.newEntry(m, p)
	e.state, e.unit = Persistent, s.unit // no record: a rollback does not undo it
	c.register(k, e)
	var fresh []*entry
	for _, r := range m.relations {
		for _, q := range r.members(p) {
			if q == nil || !r.cascade.has(cascadeSave) {
				continue
			}
			if s.keyed(r.target, q) || s.find(r.target, q) != nil {
				if err := s.attach(r.target, q); err != nil {
					return err
				}
			} else {
				fresh = append(fresh, s.makePending(r.target, q))
			}
		}
		switch {
		case r.isNil(p):
		case r.kind.toMany():
			e.setLoad(r, Partial, s.unit)
		default:
			e.setLoad(r, Loaded, s.unit)
		}
	}
	e.snap = c.snaps.next()
	m.snapshot(e.snap, p)
	// New members are news: the snapshot must not have them.
	for _, f := range fresh {
		for _, r := range m.relations {
			if r.target == f.m && slices.Contains(r.members(p), f.obj) {
				r.drop(e.snap, f.obj)
			}
		}
		s.marks++
		if err := s.spread(f); err != nil {
			return err
		}
	}
	return nil
}

// drop takes an instance out of a relation of a snapshot under construction.
func (r *relation) drop(snap, p addr) {
	if r.kind.toMany() {
		r.setMany(snap, slices.DeleteFunc(slices.Clone(r.many(snap)), func(q addr) bool { return q == p }))
	} else if r.one(snap) == p {
		r.setOne(snap, nil)
	}
}

// Expunge makes the session forget instances: they are detached, unsaved edits stay in
// them and are not written, pending ones are transient again. The expunge cascade takes
// along what they reach.
func (s *Session) Expunge(xs ...any) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	var errs []error
	for _, x := range xs {
		m, p, err := s.db.instance(x)
		e := (*entry)(nil)
		if err == nil {
			if e = s.find(m, p); e == nil {
				err = fmt.Errorf("%s is not in this session", m.keyName(p))
			}
		}
		if err != nil {
			errs = append(errs, within("Expunge", err))
			continue
		}
		s.expunge(e)
	}
	s.recount()
	return errors.Join(errs...)
}

func (s *Session) expunge(e *entry) {
	if !e.owned() {
		return
	}
	as := Detached
	if e.state == Pending {
		as = Transient
	}
	e.expunged = true
	s.dismiss(e, as)
	for _, r := range e.m.relations {
		if !r.cascade.has(cascadeExpunge) {
			continue
		}
		for _, p := range r.members(e.obj) {
			if t := s.find(r.target, p); t != nil {
				s.expunge(t)
			}
		}
	}
}
