package ingot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A Runner runs queries: a [*DB] gives plain objects, fastest; a [*Session] gives the
// instances of its identity map and keeps track of them. The set is closed.
type Runner interface {
	engine() *DB
	// enter is asked before each query and bulk write. A session refuses here what it
	// cannot serve (closed, in use, failed), flushes what the statement could see, and
	// begins its transaction where one is needed.
	enter(ctx context.Context, n need) (lane, error)
	// known returns the instance of a key without a statement, if the runner has one that
	// may still be trusted; nil if not. The key is in the key columns of an instance that
	// is good for nothing else.
	known(m *mapper, key addr) (addr, error)
}

// A need is what a statement is about to do.
type need struct {
	models []*mapper // mapped tables it reads or writes
	raw    bool      // text of the user's: it may read or write anything
	lock   bool      // it locks rows
	write  bool      // it writes
}

// A lane is where a statement runs and who looks after its rows.
type lane struct {
	db    *DB
	tx    *Tx     // nil: alone, on the pool
	track tracker // nil: objects are not tracked
	leave func()  // ends the use of the runner; nil where there is nothing to end
}

func (l *lane) close() {
	if l.leave != nil {
		l.leave()
	}
}

// A tracker is the session behind a lane.
type tracker interface {
	// track is told that rows of m are coming, about n of them (0: nobody knows), with
	// these columns. With refresh, loaded values are replaced by the rows'.
	track(m *mapper, cols []*column, refresh bool, n int) (admitter, error)
	// wants reports whether a relation of an instance has to be read: it is not loaded,
	// or may no longer be trusted. It is not asked for filtered loads.
	wants(owner addr, r *relation) bool
	// find returns the instance a many-to-one relation of owner refers to by its foreign
	// key, where it is known and may be trusted; nil if not.
	find(owner addr, r *relation) addr
	// missing is told that there is no row of the key that an instance holds.
	missing(m *mapper, key addr) error
	// fill puts what was read into a relation that wants accepted: the members (non-nil),
	// or none or one for a to-one relation, and the state it has from now on. Unsaved
	// edits stay.
	fill(owner addr, r *relation, members []addr, state LoadState) error
	// wrote is told that a bulk write has changed rows of m behind the instances: which, by
	// instances that hold their keys and what the columns written are now (nil: any row),
	// and these columns (nil: the rows are gone).
	wrote(m *mapper, keys []addr, cols []*column) error
}

// An admitter takes the rows of one query in.
type admitter interface {
	// admit is given a row in a fresh instance. It returns the instance to use: this one,
	// which it then owns, or the one the session already has of that key, refreshed as
	// its rules say; then the fresh one is used for another row.
	admit(fresh addr) (addr, error)
	// done is told all instances of the query, in order: siblings, which a later Load of
	// one serves together.
	done(all []addr)
}

// A LoadState says how much of a relation is in memory.
type LoadState uint8

// The load states.
const (
	NotLoaded LoadState = iota // the field says nothing
	Partial                    // loaded filtered or top-n: what is missing is not removed
	Loaded                     // all of it
)

func (s LoadState) String() string {
	switch s {
	case NotLoaded:
		return "not loaded"
	case Partial:
		return "partial"
	}
	return "loaded"
}

func (db *DB) engine() *DB { return db }

var errNoRunner = errors.New("ingot: nil where a query or write needs a *DB or a *Session to run on")

// engineOf returns the engine of a runner; nil if the caller has given none.
func engineOf(r Runner) *DB {
	if r == nil {
		return nil
	}
	return r.engine()
}

func (db *DB) enter(ctx context.Context, n need) (lane, error) {
	return lane{db: db}, db.usable()
}

func (db *DB) known(*mapper, addr) (addr, error) { return nil, nil }

// A reader turns rows into instances of one mapper.
type reader struct {
	m     *mapper
	dest  []any // scan destinations: extra ones in front, then a cell per column
	row   addr  // where the cells store
	fresh addr  // an instance of the slab that no row has taken yet; nil if none
	slab  slab
	admit admitter // nil: untracked
	// scanned is shown each row before a session may put another instance in its place;
	// nil if nobody looks.
	scanned func(fresh addr) error
}

// maxSlab bounds a slab: one object that stays alive keeps all of it.
const maxSlab = 64

// newReader makes the scan plan of a query: for the columns, behind the extra destinations.
// expect is how many rows may come; 0 if nobody knows.
func (l *lane) newReader(m *mapper, cols []*column, refresh bool, extra []any, expect int) (*reader, error) {
	rd := &reader{m: m, slab: m.slab(min(expect, maxSlab))}
	rd.dest = newCells(cols, &rd.row)
	if len(extra) > 0 {
		rd.dest = append(extra, rd.dest...)
	}
	if l.track != nil && len(m.key) > 0 {
		var err error
		if rd.admit, err = l.track.track(m, cols, refresh, expect); err != nil {
			return nil, err
		}
	}
	return rd, nil
}

// next reads the current row.
func (rd *reader) next(rows *sql.Rows) (addr, error) {
	if rd.fresh == nil {
		rd.fresh = rd.slab.next()
	}
	p := rd.fresh
	rd.row = p
	if err := rows.Scan(rd.dest...); err != nil {
		return nil, within(fmt.Sprintf("cannot read %s", rd.m.name), err)
	}
	if rd.scanned != nil {
		if err := rd.scanned(p); err != nil {
			return nil, err
		}
	}
	if rd.admit == nil {
		rd.fresh = nil
		return p, nil
	}
	use, err := rd.admit.admit(p)
	if err != nil {
		return nil, err
	}
	if use == p {
		rd.fresh = nil
	} else {
		rd.m.clear(p) // what lies behind its pointers may be the other instance's by now
	}
	return use, nil
}

// query runs a statement of the lane and hands each row to scan.
func (l *lane) query(ctx context.Context, st statement, scan func(*sql.Rows) error) error {
	rows, err := l.db.query(ctx, l.tx, st)
	if err != nil {
		return err
	}
	defer l.tx.leave(rows)
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return l.db.refused(l.tx, &st, err)
	}
	return nil
}
