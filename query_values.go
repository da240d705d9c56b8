package ingot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Values is a query for values instead of instances: one of a kind ([Scalars]) or structs
// filled from expressions ([Project]). Like [Query] it never changes. As a subquery it
// goes into [Expr.InX], [Exists] and [Scalar].
type Values[T any] struct {
	q       query
	targets []Target // what fills T; one without address for Scalars
	base    any      // the variable that the addresses of targets lie in; nil for Scalars
}

// Scalars is the values of an expression over the rows of a query.
//
//	names, err := ingot.Scalars(ingot.Select(u), ingot.C(&u.Name)).All(ctx, db)
func Scalars[T, U any](q Query[U], e Expr[T]) Values[T] {
	v := Values[T]{q: q.q, targets: []Target{{p: new(T), o: operandOf(e)}}}
	v.q.output = []output{v.targets[0].output()}
	return v
}

// A Target is a field that a projection fills, with the expression it comes from.
type Target struct {
	p any
	o operand
}

func (t Target) output() output {
	switch t.p.(type) {
	case *time.Time, **time.Time, *sql.Null[time.Time], *sql.NullTime:
		return output{t.o, ScanTime}
	}
	return output{t.o, ScanPlain}
}

// Into fills a field of the projection's variable from an expression of the same type.
func Into[T any](field *T, e Expr[T]) Target { return Target{field, operandOf(e)} }

// Project fills structs of any kind from the rows of a query. Like a table's variable, r
// only says which fields are meant.
//
//	r := new(struct{ Name string; N int64 })
//	rows, err := ingot.Project(ingot.Select(u).Join(&u.Addresses, a).GroupBy(ingot.C(&u.Name)), r,
//		ingot.Into(&r.Name, ingot.C(&u.Name)),
//		ingot.Into(&r.N, ingot.Count(ingot.C(&a.ID)))).All(ctx, db)
func Project[R, U any](q Query[U], r *R, targets ...Target) Values[R] {
	v := Values[R]{q: q.q, targets: clip(targets), base: r}
	v.q.output = make([]output, len(targets))
	for i, t := range targets {
		v.q.output[i] = t.output()
	}
	switch {
	case r == nil:
		v.q.fault(errors.New("ingot: Project(q, nil): give it a variable, r := new(Row)"))
	case len(targets) == 0:
		v.q.fault(errors.New("ingot: Project without Into: nothing to fill"))
	}
	return v
}

// All returns the values, none being no error.
func (v Values[T]) All(ctx context.Context, r Runner) ([]T, error) {
	list := []T{}
	err := v.each(ctx, r, func(x T) bool {
		list = append(list, x)
		return true
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// First returns the first value, or [ErrNotFound].
func (v Values[T]) First(ctx context.Context, r Runner) (T, error) {
	if !v.q.limited || v.q.limit > 1 {
		v.q.limit, v.q.limited = 1, true
	}
	return v.only(ctx, r)
}

// One returns the only value; none is [ErrNotFound], several are [ErrMultiple].
func (v Values[T]) One(ctx context.Context, r Runner) (T, error) {
	if !v.q.limited || v.q.limit > 2 {
		v.q.limit, v.q.limited = 2, true
	}
	return v.only(ctx, r)
}

func (v Values[T]) only(ctx context.Context, r Runner) (one T, err error) {
	n := 0
	err = v.each(ctx, r, func(x T) bool {
		one = x
		n++
		return n < 2
	})
	switch {
	case err != nil:
	case n == 0:
		err = fmt.Errorf("%w: values of %s", ErrNotFound, goType(v.q.root))
	case n > 1:
		err = fmt.Errorf("%w: values of %s", ErrMultiple, goType(v.q.root))
	}
	if err != nil {
		var none T
		return none, err
	}
	return one, nil
}

// Count returns how many values All would.
func (v Values[T]) Count(ctx context.Context, r Runner) (int, error) { return v.q.count(ctx, r) }

// Exists reports whether All would return a value.
func (v Values[T]) Exists(ctx context.Context, r Runner) (bool, error) { return v.q.exists(ctx, r) }

// Iter runs the query and yields its values one by one. A non-nil error ends the range;
// leaving the loop closes the rows.
func (v Values[T]) Iter(ctx context.Context, r Runner) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		left := false
		err := v.each(ctx, r, func(x T) bool {
			left = !yield(x, nil)
			return !left
		})
		if err != nil && !left {
			var none T
			yield(none, err)
		}
	}
}

// SQL returns the statement that All would send, with its arguments.
func (v Values[T]) SQL(db *DB) (string, []any, error) {
	return v.q.text(db)
}

func (v Values[T]) subquery() *query { return &v.q }

// each hands the values to yield until it returns false.
func (v Values[T]) each(ctx context.Context, r Runner, yield func(T) bool) error {
	if len(v.q.loads) > 0 {
		return errors.New("ingot: Load on a query for values: there are no instances to load for")
	}
	s, err := v.q.render(engineOf(r), wantRows)
	if err != nil {
		return err
	}
	defer s.r.free()
	var base addr
	dest, err := v.cells(s.outputs, &base)
	if err != nil {
		return err
	}
	ln, err := r.enter(ctx, s.need)
	if err != nil {
		return err
	}
	rows, err := ln.db.query(ctx, ln.tx, s.st)
	ln.close() // yield may use the session
	if err != nil {
		return err
	}
	defer ln.tx.leave(rows)
	for rows.Next() {
		x := new(T)
		base = addr(x)
		if err := rows.Scan(dest...); err != nil {
			return within("cannot read a value", err)
		}
		if !yield(*x) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return ln.db.refused(ln.tx, &s.st, err)
	}
	return nil
}

// cells makes a scan destination per expression, storing relative to *base. columns has
// the column of each expression that is one.
func (v Values[T]) cells(columns []*column, base *addr) ([]any, error) {
	dest := make([]any, len(v.targets))
	start, typ := addrOf(v.base)
	for i, t := range v.targets {
		p, at := addrOf(t.p)
		cell := &looseCell{base: base}
		switch {
		case v.base == nil: // Scalars: the value itself
			cell.name = at.String()
		case p == nil:
			return nil, errors.New("ingot: Into of a nil pointer: Into(&r.Name, …)")
		default:
			cell.offset = uintptr(p) - uintptr(start)
			if cell.offset >= typ.Size() {
				return nil, fmt.Errorf("ingot: Into(%T, …) is no field of the projection's variable, a *%s: take the address from that very pointer", t.p, typ)
			}
			cell.name = fieldName(typ, cell.offset, at)
		}
		if c := columns[i]; c != nil && c.typ == at {
			cell.codec = c.codec
		} else {
			var err error
			if cell.codec, err = codecOf(at); err != nil {
				return nil, within(cell.name, err)
			}
		}
		dest[i] = cell
	}
	return dest, nil
}

// SQL runs raw text and maps its result: SQL[*User] to instances by column names, SQL of
// another struct to its fields by name, SQL[int64] to the values of the only column. Each
// ? in the text takes an argument, as in [Cond].
func SQL[T any](ctx context.Context, r Runner, text TrustedSQL, args ...any) ([]T, error) {
	db := engineOf(r)
	if db == nil {
		return nil, errNoRunner
	}
	st, err := db.rawStatement(text, args)
	if err != nil {
		return nil, err
	}
	ln, err := r.enter(ctx, need{raw: true})
	if err != nil {
		return nil, err
	}
	defer ln.close()
	if err := ln.tx.refuses(st.sql); err != nil {
		return nil, err
	}
	m := db.models.instanceOf(new(T))
	if m != nil {
		st.model = m.name
	}
	rows, err := ln.db.query(ctx, ln.tx, st)
	if err != nil {
		return nil, err
	}
	defer ln.tx.leave(rows)
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	list := []T{}
	if m != nil {
		var found []addr
		if found, err = ln.readNamed(m, names, rows); err == nil {
			list = *ref[[]T](addr(&found)) // T is a pointer to the mapper's struct
		}
	} else {
		list, err = readPlain[T](db, names, rows)
	}
	if err != nil {
		return nil, err
	}
	if err := rows.Err(); err != nil {
		return nil, ln.db.refused(ln.tx, &st, err)
	}
	return list, nil
}

// rawStatement is a text of the user's with its arguments. A text without ? takes them as
// its own placeholders want them.
func (db *DB) rawStatement(text TrustedSQL, args []any) (statement, error) {
	r := db.newRenderer()
	marks := 0
	for _, mark := range splitMarks(string(text)) {
		if mark {
			marks++
		}
	}
	if marks > 0 || len(args) == 0 {
		(&rawNode{string(text), args}).body(r)
	} else {
		r.text(string(text))
		for _, a := range args {
			if v, ok := r.encode(a, nil); ok {
				r.args = append(r.args, v)
			}
		}
	}
	return statement{op: "select", sql: string(r.b), args: r.args}, r.err
}

// readNamed reads instances from columns by their names.
func (l *lane) readNamed(m *mapper, names []string, rows *sql.Rows) ([]addr, error) {
	cols := make([]*column, len(names))
	seen := map[*column]bool{}
	for i, name := range names {
		c := m.byColumn[name]
		switch {
		case c == nil:
			return nil, fmt.Errorf("ingot: the result has a column %q, which %s has not", name, m.name)
		case seen[c]:
			return nil, fmt.Errorf("ingot: the result has the column %q twice", name)
		}
		cols[i], seen[c] = c, true
	}
	for _, c := range m.key {
		if !seen[c] {
			return nil, fmt.Errorf("ingot: the result lacks the column %q, part of the key of %s", c.name, m.name)
		}
	}
	rd, err := l.newReader(m, cols, false, nil, 0)
	if err != nil {
		return nil, err
	}
	found := []addr{}
	for rows.Next() {
		p, err := rd.next(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	if rd.admit != nil {
		rd.admit.done(found)
	}
	return found, nil
}

// readPlain reads values, or structs by the names of their fields.
func readPlain[T any](db *DB, names []string, rows *sql.Rows) ([]T, error) {
	var base addr
	dest, err := plainCells(new(T), names, db.models, &base)
	if err != nil {
		return nil, err
	}
	list := []T{}
	for rows.Next() {
		x := new(T)
		base = addr(x)
		if err := rows.Scan(dest...); err != nil {
			return nil, within(fmt.Sprintf("cannot read a %T", *x), err)
		}
		list = append(list, *x)
	}
	return list, nil
}
