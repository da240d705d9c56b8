package ingot

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// A Query selects instances of T. It is a value that never changes: every method returns a
// new one, so that a base query can be shared, also between goroutines.
//
// Mistakes made on the way (a field of a variable that is not in the query, a negative
// limit) come back from the ending: [Query.All], [Query.First], [Query.One],
// [Query.Count], [Query.Exists] or [Query.Iter].
//
// A query gives each instance once, however many rows of a joined to-many relation match:
// such a join filters. [Query.Duplicates] asks for an instance per row instead.
type Query[T any] struct{ q query }

// Select begins a query for the rows of a mapped struct. u is the table's variable: its
// fields, by address, are the columns. It is never read or written.
//
//	u := new(User)
//	users, err := ingot.Select(u).Where(ingot.C(&u.Name).Eq("sandy")).All(ctx, db)
func Select[T any](u *T) Query[T] {
	q := Query[T]{query{root: u}}
	if u == nil {
		q.q.err = errors.New("ingot: Select(nil): give it a variable, u := new(" + goType(u) + ")")
	}
	return q
}

// A query is what [Query] and [Values] hold. Slices in it are never appended to in place.
type query struct {
	root       any // the variable selected
	joins      []join
	where      []Condition
	group      []operand
	having     []Condition
	order      []Ordering
	limit      int // valid with limited
	offset     int
	limited    bool
	distinct   bool
	duplicates bool
	lock       Lock
	only       []any // fields to load; nil: all that are not deferred
	deferred   []any // fields not to load
	undeferred []any // deferred fields to load
	loads      []loading
	output     []output // what a Values gives; nil: instances of root
	page       *pageSpec
	from       *compound // what is selected from instead of the root's table
	ctes       []Common
	err        error // the first mistake made
}

// An output is an expression of a result.
type output struct {
	operand
	scan ScanKind
}

// A join is one more variable.
type join struct {
	left bool
	rel  any // address of the relation's field; nil for JoinOn
	v    any // the variable
	on   []Condition
}

// with appends to a slice that other queries may share.
func with[E any](s []E, more ...E) []E {
	return append(slices.Clip(s), more...)
}

func (q *query) fault(err error) {
	if q.err == nil {
		q.err = err
	}
}

// Join adds v, a variable of the other model, along a relation: Join(&u.Addresses, a). It
// keeps rows that have a match; on adds to what makes one.
func (q Query[T]) Join(rel, v any, on ...Condition) Query[T] {
	q.q.joins = with(q.q.joins, join{rel: rel, v: v, on: clip(on)})
	return q
}

// LeftJoin adds v along a relation and keeps rows without a match.
func (q Query[T]) LeftJoin(rel, v any, on ...Condition) Query[T] {
	q.q.joins = with(q.q.joins, join{left: true, rel: rel, v: v, on: clip(on)})
	return q
}

// JoinOn adds v where the conditions hold, without a relation.
func (q Query[T]) JoinOn(v any, on ...Condition) Query[T] {
	q.q.joins = with(q.q.joins, join{v: v, on: clip(on)})
	return q
}

// LeftJoinOn adds v where the conditions hold and keeps rows without a match.
func (q Query[T]) LeftJoinOn(v any, on ...Condition) Query[T] {
	q.q.joins = with(q.q.joins, join{left: true, v: v, on: clip(on)})
	return q
}

// Where keeps rows for which all conditions hold, those given before included.
func (q Query[T]) Where(conds ...Condition) Query[T] {
	q.q.where = with(q.q.where, conds...)
	return q
}

// GroupBy makes one row of those with equal values, for [Project] and [Scalars].
func (q Query[T]) GroupBy(es ...AnyExpr) Query[T] {
	q.q.group = with(q.q.group, operandsOf(es)...)
	return q
}

// Having keeps groups for which all conditions hold.
func (q Query[T]) Having(conds ...Condition) Query[T] {
	q.q.having = with(q.q.having, conds...)
	return q
}

// OrderBy sorts, after the orderings given before. By a variable of a joined to-many
// relation, instances are sorted by the least of its matches (descending: the greatest).
func (q Query[T]) OrderBy(by ...Ordering) Query[T] {
	q.q.order = with(q.q.order, by...)
	return q
}

// Limit gives at most n instances.
func (q Query[T]) Limit(n int) Query[T] {
	if n < 0 {
		q.q.fault(fmt.Errorf("ingot: Limit(%d) is negative", n))
	}
	q.q.limit, q.q.limited = n, true
	return q
}

// Offset skips the first n instances.
func (q Query[T]) Offset(n int) Query[T] {
	if n < 0 {
		q.q.fault(fmt.Errorf("ingot: Offset(%d) is negative", n))
	}
	q.q.offset = n
	return q
}

// Distinct selects different rows only.
func (q Query[T]) Distinct() Query[T] {
	q.q.distinct = true
	return q
}

// Duplicates gives an instance once for each row, as SQL does: a user joined to two
// addresses comes twice.
func (q Query[T]) Duplicates() Query[T] {
	q.q.duplicates = true
	return q
}

// A LockOption changes what a locking query does about rows others have locked.
type LockOption func(*Lock)

// SkipLocked leaves out rows that others have locked.
func SkipLocked(l *Lock) { l.SkipLocked = true }

// NoWait makes a row that others have locked an error at once, [ErrLock].
func NoWait(l *Lock) { l.NoWait = true }

// ForUpdate locks the rows of T against writes and other locks until the transaction
// ends, and reads them anew even where a session has loaded them before.
func (q Query[T]) ForUpdate(opts ...LockOption) Query[T] {
	q.q.lock = newLock(Lock{Update: true}, opts)
	return q
}

// ForShare locks the rows of T against writes until the transaction ends.
func (q Query[T]) ForShare(opts ...LockOption) Query[T] {
	q.q.lock = newLock(Lock{Share: true}, opts)
	return q
}

func newLock(l Lock, opts []LockOption) Lock {
	apply(&l, opts)
	return l
}

// Only loads these fields, given by address, and the key; the others keep their zero value
// and are never written while they are not loaded.
func (q Query[T]) Only(fields ...any) Query[T] {
	q.q.only = with(q.q.only, fields...)
	return q
}

// Defer does not load these fields.
func (q Query[T]) Defer(fields ...any) Query[T] {
	q.q.deferred = with(q.q.deferred, fields...)
	return q
}

// Undefer loads fields that the model defers.
func (q Query[T]) Undefer(fields ...any) Query[T] {
	q.q.undeferred = with(q.q.undeferred, fields...)
	return q
}

// Load loads a relation of the instances along with them, Load(&u.Addresses), by a second
// statement for all of them. What a variable given by [As] stands for can be loaded in turn.
func (q Query[T]) Load(rel any, opts ...LoadOption) Query[T] {
	q.q.loads = with(q.q.loads, newLoading(rel, opts))
	return q
}

// All returns the instances, none being no error.
func (q Query[T]) All(ctx context.Context, r Runner) ([]*T, error) {
	ps, err := q.q.all(ctx, r)
	return pointers[T](ps), err
}

// First returns the first instance, or [ErrNotFound].
func (q Query[T]) First(ctx context.Context, r Runner) (*T, error) {
	if !q.q.limited || q.q.limit > 1 {
		q.q.limit, q.q.limited = 1, true
	}
	ps, err := q.q.all(ctx, r)
	if err != nil {
		return nil, err
	}
	if len(ps) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, goType(q.q.root))
	}
	return ref[T](ps[0]), nil
}

// One returns the only instance; none is [ErrNotFound], several are [ErrMultiple].
func (q Query[T]) One(ctx context.Context, r Runner) (*T, error) {
	if !q.q.limited || q.q.limit > 2 {
		q.q.limit, q.q.limited = 2, true
	}
	ps, err := q.q.all(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case len(ps) == 0:
		return nil, fmt.Errorf("%w: %s", ErrNotFound, goType(q.q.root))
	case len(ps) > 1:
		return nil, fmt.Errorf("%w: %s", ErrMultiple, goType(q.q.root))
	}
	return ref[T](ps[0]), nil
}

// Count returns how many instances All would.
func (q Query[T]) Count(ctx context.Context, r Runner) (int, error) { return q.q.count(ctx, r) }

// Exists reports whether All would return an instance.
func (q Query[T]) Exists(ctx context.Context, r Runner) (bool, error) { return q.q.exists(ctx, r) }

// Iter runs the query and yields instances one by one, in constant memory of its own. A
// non-nil error ends the range; leaving the loop closes the rows. Meanwhile a connection is
// taken, and a transaction may not be able to do anything else. Relations are loaded for
// some hundred instances at a time, which takes a second connection.
func (q Query[T]) Iter(ctx context.Context, r Runner) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for p, err := range q.q.iter(ctx, r) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(ref[T](p), nil) {
				return
			}
		}
	}
}

// SQL returns the statement that All would send, with its arguments.
func (q Query[T]) SQL(db *DB) (string, []any, error) {
	return q.q.text(db)
}

func (q Query[T]) subquery() *query { return &q.q }

func (q *query) text(db *DB) (string, []any, error) {
	s, err := q.render(db, wantRows)
	if err != nil {
		return "", nil, err
	}
	defer s.r.free()
	return s.st.sql, slices.Clone(s.st.args), nil
}

// A Subquery is a query inside another one: a [Query] or [Values].
type Subquery interface{ subquery() *query }

// A rendered is a query as a statement, with what its ending needs to know.
type rendered struct {
	r       *renderer // holds all of it
	st      statement
	m       *mapper   // of the selected variable
	cols    []*column // of the instances, in the order of the result
	outputs []*column // for values: the column of each that is one
	need    need
}

// all runs the query and its loads.
func (q *query) all(ctx context.Context, r Runner) ([]addr, error) {
	s, err := q.render(engineOf(r), wantRows)
	if err != nil {
		return nil, err
	}
	defer s.r.free()
	ln, err := r.enter(ctx, s.need)
	if err != nil {
		return nil, err
	}
	defer ln.close()
	return q.run(ctx, &ln, s)
}

// run reads the instances in a lane, and what is loaded with them.
func (q *query) run(ctx context.Context, ln *lane, s *rendered) ([]addr, error) {
	expect := 0
	if q.limited {
		expect = q.limit
	}
	rd, err := ln.newReader(s.m, s.cols, q.refreshes(), nil, expect)
	if err != nil {
		return nil, err
	}
	found := make([]addr, 0, min(expect, 1024))
	rows, err := ln.db.query(ctx, ln.tx, s.st)
	if err != nil {
		return nil, err
	}
	defer ln.tx.leave(rows)
	for rows.Next() {
		p, err := rd.next(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	if err := rows.Err(); err != nil {
		return nil, ln.db.refused(ln.tx, &s.st, err)
	}
	rows.Close() // a single connection has to be free for the loads
	if rd.admit != nil {
		rd.admit.done(found)
	}
	if len(q.loads) > 0 {
		return found, ln.load(ctx, s.m, q.root, found, q.loads)
	}
	return found, nil
}

// refreshes reports whether loaded values are replaced: a lock says that the caller wants
// what is there now.
func (q *query) refreshes() bool { return q.lock.Update || q.lock.Share }

// iter reads instances one by one.
func (q *query) iter(ctx context.Context, r Runner) iter.Seq2[addr, error] {
	return func(yield func(addr, error) bool) {
		s, err := q.render(engineOf(r), wantRows)
		if err != nil {
			yield(nil, err)
			return
		}
		defer s.r.free()
		ln, err := r.enter(ctx, s.need)
		if err != nil {
			yield(nil, err)
			return
		}
		rd, err := ln.newReader(s.m, s.cols, q.refreshes(), nil, 0)
		if err != nil {
			ln.close()
			yield(nil, err)
			return
		}
		rows, err := ln.db.query(ctx, ln.tx, s.st)
		ln.close() // the loop's body may use the session
		if err != nil {
			yield(nil, err)
			return
		}
		defer ln.tx.leave(rows)
		// Where relations are loaded, so many instances are read ahead and served at once.
		ahead := make([]addr, 0, 1)
		if len(q.loads) > 0 {
			ahead = make([]addr, 0, iterAhead)
		}
		flush := func(open bool) bool {
			if len(q.loads) > 0 && len(ahead) > 0 {
				if err := q.loadAhead(ctx, r, &ln, s, ahead, open); err != nil {
					yield(nil, err)
					return false
				}
			}
			for _, p := range ahead {
				if !yield(p, nil) {
					return false
				}
			}
			ahead = ahead[:0]
			return true
		}
		for rows.Next() {
			p, err := rd.next(rows)
			if err != nil {
				yield(nil, err)
				return
			}
			if ahead = append(ahead, p); len(ahead) == cap(ahead) && !flush(true) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, ln.db.refused(ln.tx, &s.st, err))
			return
		}
		rows.Close()
		flush(false)
	}
}

// iterAhead is how many instances Iter reads before it loads their relations.
const iterAhead = 500

// loadAhead loads relations, while the rows of the query are still open on another
// connection.
func (q *query) loadAhead(ctx context.Context, r Runner, ln *lane, s *rendered, found []addr, open bool) error {
	if open && (ln.tx != nil || ln.db.single || ln.db.sqldb.Stats().MaxOpenConnections == 1) {
		return errors.New("ingot: Iter keeps its rows open, and Load needs statements of its own on a second connection: " +
			"not inside a transaction, and not with a pool of one; use All, or Page by Page")
	}
	again, err := r.enter(ctx, s.need)
	if err != nil {
		return err
	}
	defer again.close()
	return again.load(ctx, s.m, q.root, found, q.loads)
}

// count runs the query as a count.
func (q *query) count(ctx context.Context, r Runner) (int, error) {
	var n int64
	err := q.single(ctx, r, wantCount, &n)
	return int(n), err
}

// exists runs the query as a look for a first row.
func (q *query) exists(ctx context.Context, r Runner) (bool, error) {
	var n int64
	err := q.single(ctx, r, wantExists, &n)
	return n != 0, err
}

// single runs the query for one number.
func (q *query) single(ctx context.Context, r Runner, w want, n *int64) error {
	s, err := q.render(engineOf(r), w)
	if err != nil {
		return err
	}
	defer s.r.free()
	ln, err := r.enter(ctx, s.need)
	if err != nil {
		return err
	}
	defer ln.close()
	rows, err := ln.db.query(ctx, ln.tx, s.st)
	if err != nil {
		return err
	}
	defer ln.tx.leave(rows)
	for rows.Next() {
		if w == wantExists {
			*n = 1
			return nil
		}
		if err := rows.Scan(n); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return ln.db.refused(ln.tx, &s.st, err)
	}
	return nil
}
