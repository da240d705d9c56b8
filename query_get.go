package ingot

import (
	"context"
	"fmt"
	"strings"
)

// Get returns the instance of a key, which for a composite key has a value per column in
// the order of the key. None is [ErrNotFound]. A session that already has the instance
// answers without a statement.
func Get[T any](ctx context.Context, r Runner, key ...any) (*T, error) {
	db := engineOf(r)
	if db == nil {
		return nil, errNoRunner
	}
	m, err := db.models.mapperOf((*T)(nil))
	if err != nil {
		return nil, err
	}
	p, err := m.get(ctx, r, key)
	if err != nil {
		return nil, err
	}
	return ref[T](p), nil
}

// A keySelect is the SELECT by key of a mapper: the text never changes.
type keySelect struct {
	sql  string
	cols []*column
}

// keySelectOf is the name under which a DB keeps it.
type keySelectOf struct{ m *mapper }

func (db *DB) keySelect(m *mapper) (*keySelect, error) {
	if k, ok := db.kept.Load(keySelectOf{m}); ok {
		return k.(*keySelect), nil
	}
	r := db.newRenderer()
	r.aliases = 1
	k := &keySelect{cols: m.usual()}
	r.text("SELECT ")
	r.scanColumns(1, k.cols)
	r.text(" FROM ")
	r.table(m.table)
	r.text(" AS t1 WHERE ")
	for i, c := range m.key {
		r.sep(i, " AND ")
		r.column(1, c.name)
		r.text(" = ")
		r.bind(nil)
	}
	k.sql = string(r.b)
	db.kept.Store(keySelectOf{m}, k)
	return k, r.err
}

// get reads the instance of a key.
func (m *mapper) get(ctx context.Context, r Runner, key []any) (addr, error) {
	db := r.engine()
	want, err := m.withKey(key, db)
	if err != nil {
		return nil, err
	}
	if p, err := r.known(m, want); p != nil || err != nil {
		return p, err
	}
	k, err := db.keySelect(m)
	if err != nil {
		return nil, err
	}
	args := make([]any, len(m.key))
	for i, c := range m.key {
		if args[i], err = c.valueOf(want, &db.enc); err != nil {
			return nil, err
		}
	}
	ln, err := r.enter(ctx, need{models: []*mapper{m}})
	if err != nil {
		return nil, err
	}
	defer ln.close()
	rd, err := ln.newReader(m, k.cols, false, nil, 1)
	if err != nil {
		return nil, err
	}
	st := statement{op: "select", model: m.name, sql: k.sql, args: args}
	rows, err := ln.db.query(ctx, ln.tx, st)
	if err != nil {
		return nil, err
	}
	defer ln.tx.leave(rows)
	var p addr
	if rows.Next() {
		if p, err = rd.next(rows); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, ln.db.refused(ln.tx, &st, err)
	}
	if p == nil {
		if ln.track != nil {
			if err := ln.track.missing(m, want); err != nil {
				return nil, err
			}
		}
		return nil, fmt.Errorf("%w: %s", ErrNotFound, m.keyName(want))
	}
	if rd.admit != nil {
		rd.admit.done([]addr{p})
	}
	return p, nil
}

// withKey makes an instance that holds a key given as values.
func (m *mapper) withKey(key []any, db *DB) (addr, error) {
	if len(key) != len(m.key) {
		return nil, fmt.Errorf("ingot: the key of %s is (%s), one value for each, and %d came", m.name, m.keyNames(), len(key))
	}
	p := m.alloc()
	for i, c := range m.key {
		if v, ok := key[i].(int); ok && c.codec.setInt != nil && c.codec.setInt(c.at(p), int64(v)) {
			continue
		}
		if err := c.store(p, key[i], &db.enc); err != nil {
			return nil, within(fmt.Sprintf("key of %s", m.name), err)
		}
	}
	return p, nil
}

func (m *mapper) keyNames() string {
	names := make([]string, len(m.key))
	for i, c := range m.key {
		names[i] = c.field
	}
	return strings.Join(names, ", ")
}
