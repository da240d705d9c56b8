package ingot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An UpsertDialect is a [Dialect] that does not say ON CONFLICT.
type UpsertDialect interface {
	// AppendConflict writes what comes between the rows of an INSERT and the assignments
	// of its update. With nothing set no assignments follow; any is some column of the
	// table.
	AppendConflict(b []byte, target []string, nothing bool, any string) []byte
	// AppendExcluded writes the value that a column would have been given.
	AppendExcluded(b []byte, column string) []byte
}

// An InsertQuery inserts rows as they stand, without a session's bookkeeping: no cascades,
// and generated keys are not put into the structs. Like [Query] it never changes.
type InsertQuery[T any] struct{ w bulk }

// Insert inserts structs as rows. Zero values are values, except in generated keys and
// columns tagged omitzero. Rows that leave out the same columns share a statement.
func Insert[T any](rows ...*T) InsertQuery[T] {
	q := InsertQuery[T]{bulk{op: "insert"}}
	for _, row := range rows {
		if row == nil {
			q.w.err = errors.New("ingot: Insert of a nil " + goType(row))
			return q
		}
		q.w.rows = append(q.w.rows, addr(row))
	}
	q.w.v = new(T)
	if len(rows) > 0 {
		q.w.v = rows[0]
	}
	return q
}

// A Conflict says what happens to rows that exist already.
type Conflict[T any] struct{ w bulk }

// OnConflict names the unique columns by which a row exists already: fields of the first
// row by their address, OnConflict(&row.Email), or of a variable that [InsertQuery.As]
// names.
func (q InsertQuery[T]) OnConflict(fields ...any) Conflict[T] {
	q.w.conflict = &conflict{fields: clip(fields)}
	return Conflict[T](q)
}

// As makes u the table's variable, for OnConflict and what follows it.
func (q InsertQuery[T]) As(u *T) InsertQuery[T] {
	q.w.v = u
	return q
}

// DoNothing leaves such rows as they are.
func (c Conflict[T]) DoNothing() InsertQuery[T] {
	c.w.conflict = &conflict{fields: c.w.conflict.fields, nothing: true}
	return InsertQuery[T](c)
}

// DoUpdate sets columns of such rows, or without arguments all that were given values
// and are not what was in conflict. [Excluded] is the value that was to be inserted.
func (c Conflict[T]) DoUpdate(sets ...Assignment) InsertQuery[T] {
	c.w.conflict = &conflict{fields: c.w.conflict.fields, sets: clip(sets)}
	return InsertQuery[T](c)
}

// Excluded is the value that the row in conflict was to be inserted with:
// DoUpdate(C(&u.Count).SetX(Add(C(&u.Count), Excluded(C(&u.Count))))).
func Excluded[T any](c Col[T]) Expr[T] { return exprOf[T](&excludedNode{c.o}) }

// Exec inserts the rows and returns how many were inserted or updated.
func (q InsertQuery[T]) Exec(ctx context.Context, r Runner) (int, error) { return q.w.exec(ctx, r) }

// Returning gives the rows back as the database has them.
func (q InsertQuery[T]) Returning() Returning[T] { return Returning[T](q) }

// An UpdateQuery sets columns of all rows that match, by one statement. Like [Query] it
// never changes.
type UpdateQuery[T any] struct{ w bulk }

// Update changes rows of the variable's table without loading them:
//
//	n, err := ingot.Update(u).Set(ingot.C(&u.Age).Set(0)).Where(ingot.C(&u.Name).Eq("ed")).Exec(ctx, db)
//
// Columns tagged version and updated move along. Instances that a session holds are
// brought up to date: at once where the server has UPDATE … RETURNING, else when they are
// next read. Until then a change to one with a version is refused as stale.
func Update[T any](u *T) UpdateQuery[T] { return UpdateQuery[T]{newWrite("update", u)} }

// Set adds to what is set. Expressions see the row as it was; where the server assigns one
// column after the other, in whatever order that takes, or the update is an error.
func (q UpdateQuery[T]) Set(sets ...Assignment) UpdateQuery[T] {
	q.w.sets = with(q.w.sets, sets...)
	return q
}

// Where changes only rows for which all conditions hold, those given before included.
func (q UpdateQuery[T]) Where(conds ...Condition) UpdateQuery[T] {
	q.w.where = with(q.w.where, conds...)
	return q
}

// Everywhere says that every row of the table is meant, where there is no Where.
func (q UpdateQuery[T]) Everywhere() UpdateQuery[T] {
	q.w.everywhere = true
	return q
}

// Exec changes the rows and returns how many the database says there were.
func (q UpdateQuery[T]) Exec(ctx context.Context, r Runner) (int, error) { return q.w.exec(ctx, r) }

// Returning gives the rows back as they are after the change.
func (q UpdateQuery[T]) Returning() Returning[T] { return Returning[T](q) }

// A DeleteQuery deletes all rows that match, by one statement. Like [Query] it never
// changes.
type DeleteQuery[T any] struct{ w bulk }

// Delete deletes rows of the variable's table without loading them. Cascades are those of
// the database's foreign keys alone.
func Delete[T any](u *T) DeleteQuery[T] { return DeleteQuery[T]{newWrite("delete", u)} }

// Where deletes only rows for which all conditions hold, those given before included.
func (q DeleteQuery[T]) Where(conds ...Condition) DeleteQuery[T] {
	q.w.where = with(q.w.where, conds...)
	return q
}

// Everywhere says that every row of the table is meant, where there is no Where.
func (q DeleteQuery[T]) Everywhere() DeleteQuery[T] {
	q.w.everywhere = true
	return q
}

// Exec deletes the rows and returns how many there were.
func (q DeleteQuery[T]) Exec(ctx context.Context, r Runner) (int, error) { return q.w.exec(ctx, r) }

// Returning gives the rows back as they were.
func (q DeleteQuery[T]) Returning() Returning[T] { return Returning[T](q) }

// Returning is a write that gives its rows back, where the server can do that.
type Returning[T any] struct{ w bulk }

// All runs the write and returns its rows.
func (q Returning[T]) All(ctx context.Context, r Runner) ([]*T, error) {
	ps, err := q.w.returning(ctx, r)
	return pointers[T](ps), err
}

// One runs the write and returns its only row; none is [ErrNotFound], several are
// [ErrMultiple], after the fact.
func (q Returning[T]) One(ctx context.Context, r Runner) (*T, error) {
	ps, err := q.w.returning(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case len(ps) == 0:
		return nil, fmt.Errorf("%w: %s", ErrNotFound, goType(q.w.v))
	case len(ps) > 1:
		return nil, fmt.Errorf("%w: %s", ErrMultiple, goType(q.w.v))
	}
	return ref[T](ps[0]), nil
}

// A bulk is an INSERT, UPDATE or DELETE of many rows.
type bulk struct {
	op         string
	v          any    // the table's variable
	rows       []addr // to insert
	conflict   *conflict
	sets       []Assignment
	where      []Condition
	everywhere bool
	err        error
}

// A conflict is what follows ON CONFLICT.
type conflict struct {
	fields  []any
	nothing bool
	sets    []Assignment // none: all columns that were given values
}

func newWrite[T any](op string, u *T) bulk {
	w := bulk{op: op, v: u}
	if u == nil {
		w.err = fmt.Errorf("ingot: %s of nil: give it a variable, u := new(%s)", op, goType(u))
	}
	return w
}

// A bulkStatement is a write as one statement.
type bulkStatement struct {
	st     statement
	models []*mapper
	raw    bool
	cols   []*column // written; nil for DELETE
	back   []*column // of RETURNING
	// upserted are the rows sent where each is either inserted or updated; else 0.
	upserted int
}

func (w *bulk) exec(ctx context.Context, r Runner) (int, error) {
	n := 0
	err := w.run(ctx, r, false, func(ln *lane, m *mapper, st *bulkStatement) error {
		if len(st.back) > 0 { // a session wants to know which rows
			var keys []addr
			if err := ln.writeAndRead(ctx, m, st, false, func(p addr) { keys = append(keys, p) }); err != nil {
				return err
			}
			n += len(keys)
			return ln.wrote(m, keys, st)
		}
		res, err := ln.db.exec(ctx, ln.tx, st.st)
		if err != nil {
			return err
		}
		rows, err := res.RowsAffected()
		if err != nil {
			return err
		}
		n += int(rows)
		if st.upserted > 0 {
			n += st.upserted - int(rows) // some servers count a row that was there as two, or as none
		}
		if w.op == "insert" && (w.conflict == nil || w.conflict.nothing) {
			return nil // what was not there is in no session
		}
		return ln.wrote(m, nil, st)
	})
	return n, err
}

func (w *bulk) returning(ctx context.Context, r Runner) ([]addr, error) {
	found := []addr{}
	err := w.run(ctx, r, true, func(ln *lane, m *mapper, st *bulkStatement) error {
		start := len(found)
		if err := ln.writeAndRead(ctx, m, st, w.op != "delete", func(p addr) { found = append(found, p) }); err != nil {
			return err
		}
		if w.op == "delete" {
			return ln.wrote(m, found[start:], st)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (l *lane) wrote(m *mapper, keys []addr, st *bulkStatement) error {
	if l.track == nil {
		return nil
	}
	return l.track.wrote(m, keys, st.cols)
}

// writeAndRead runs a statement with RETURNING. Where admit is set the session takes the
// rows in, replacing what it has; else they are instances of their own.
func (l *lane) writeAndRead(ctx context.Context, m *mapper, st *bulkStatement, admit bool, each func(addr)) error {
	reading := *l
	if !admit {
		reading.track = nil
	}
	rd, err := reading.newReader(m, st.back, true, nil, 0)
	if err != nil {
		return err
	}
	var all []addr
	err = l.db.queryWrite(ctx, l.tx, st.st, func(rows *sql.Rows) error {
		p, err := rd.next(rows)
		if err != nil {
			return err
		}
		all = append(all, p)
		each(p)
		return nil
	})
	if err == nil && rd.admit != nil {
		rd.admit.done(all)
	}
	return err
}

// run writes the statements and runs each: several of them, without a session, in a
// transaction of their own, so that all happen or none.
func (w *bulk) run(ctx context.Context, r Runner, back bool, do func(*lane, *mapper, *bulkStatement) error) error {
	db := engineOf(r)
	if db == nil {
		return errNoRunner
	}
	if w.err != nil {
		return w.err
	}
	m, err := db.models.mapperOf(w.v)
	if err != nil {
		return err
	}
	if m.view {
		return fmt.Errorf("%w: %s is a view", ErrReadOnly, m.name)
	}
	// The statements are made before the runner is entered, which may flush, so that
	// mistakes come back before anything is sent. Whether a session is there is known only
	// inside: its keys are asked for wherever the server can tell.
	_, alone := r.(*DB)
	statements, err := w.statements(db, m, back, !alone)
	if err != nil {
		return err
	}
	n := need{models: []*mapper{m}, write: true}
	for _, st := range statements {
		n.models, n.raw = append(n.models, st.models...), n.raw || st.raw
	}
	if len(statements) == 0 {
		return nil
	}
	ln, err := r.enter(ctx, n)
	if err != nil {
		return err
	}
	defer ln.close()
	own := ln.tx == nil && len(statements) > 1
	if own {
		if ln.tx, err = db.begin(ctx, TxOptions{}); err != nil {
			return err
		}
	}
	for _, st := range statements {
		if err := do(&ln, m, st); err != nil {
			if own {
				err = errors.Join(err, ln.tx.rollback(ctx))
			}
			return err
		}
	}
	if own {
		return ln.tx.commit(ctx)
	}
	return nil
}

// statements writes the text.
func (w *bulk) statements(db *DB, m *mapper, back, tracked bool) ([]*bulkStatement, error) {
	if w.op == "insert" {
		return w.inserts(db, m, back, tracked)
	}
	if len(w.where) == 0 && !w.everywhere {
		return nil, fmt.Errorf("%w: %s of %s would touch every row; if that is meant, say Everywhere", ErrNoWhere, w.op, m.name)
	}
	r := w.renderer(db, m)
	st := &bulkStatement{}
	can := db.server.DeleteReturning
	if w.op == "update" {
		can = db.server.UpdateReturning
		r.text("UPDATE ")
		r.table(m.table)
		r.text(" SET ")
		st.cols = r.assignments(w.sets, m)
		if len(w.sets) == 0 {
			r.fail(fmt.Errorf("ingot: Update of %s without Set", m.name))
		}
	} else {
		r.text("DELETE FROM ")
		r.table(m.table)
	}
	if len(w.where) > 0 {
		r.text(" WHERE ")
		r.conditions(w.where)
	}
	switch {
	case back:
		st.back = m.usual()
	case tracked && can:
		st.back = keyAnd(st.cols, m)
	}
	r.returning(st.back, can, w.op, m)
	if err := st.finish(w.op, m, r); err != nil {
		return nil, err
	}
	return []*bulkStatement{st}, nil
}

// renderer is for a statement that writes rows of the variable's table, which has no alias there.
func (w *bulk) renderer(db *DB, m *mapper) *renderer {
	r := db.newRenderer()
	r.enter()
	r.target = m
	if src := r.declare(w.v); src != nil {
		src.alias = 0
	}
	return r
}

// keyAnd are the columns by which a session learns what has changed.
func keyAnd(cols []*column, m *mapper) []*column {
	back := slices.Clone(m.key)
	for _, c := range cols {
		if !slices.Contains(back, c) {
			back = append(back, c)
		}
	}
	return back
}

func (st *bulkStatement) finish(op string, m *mapper, r *renderer) error {
	st.st = statement{op: op, model: m.name, sql: string(r.b), args: r.args}
	st.models, st.raw = r.models, r.raw
	return r.err
}

// returning writes RETURNING.
func (r *renderer) returning(cols []*column, can bool, op string, m *mapper) {
	if len(cols) == 0 {
		return
	}
	if !can {
		r.fail(fmt.Errorf("ingot: %s cannot give back the rows of %s of %s: run it, then select them", &r.db.server, pick(op == "delete", "a delete", "an "+op), m.name))
		return
	}
	r.text(" RETURNING ")
	r.scanColumns(0, cols)
}

// assign begins to set a column, behind those that are set already.
func (r *renderer) assign(set []*column, c *column) []*column {
	r.sep(len(set), ", ")
	r.ident(c.name)
	r.text(" = ")
	return append(set, c)
}

// assignments writes what SET sets, and what moves along: the version and the time of the
// last change.
func (r *renderer) assignments(sets []Assignment, m *mapper) []*column {
	var cols, asked []*column
	var values []operand
	for _, a := range sets {
		c := r.columnOf(a.column)
		switch {
		case c == nil:
			r.fail(errors.New("ingot: Set of something that is no column"))
			return nil
		case c.m != m:
			r.fail(fmt.Errorf("ingot: Set of %s.%s in a write of %s", c.m.name, c.field, m.name))
			return nil
		case slices.Contains(asked, c):
			r.fail(fmt.Errorf("ingot: %s.%s is set twice", m.name, c.field))
			return nil
		case c.readOnly:
			r.fail(fmt.Errorf("%w: %s.%s", ErrReadOnly, m.name, c.field))
			return nil
		}
		asked, values = append(asked, c), append(values, a.value)
	}
	var order []int
	if r.db.server.SetInOrder {
		var stuck string
		if order, stuck = setOrder(asked, values, r.scope.vars[0].p); stuck != "" {
			r.fail(fmt.Errorf("ingot: %s: %s: it takes two updates", m.name, stuck))
			return nil
		}
	}
	for i := range asked {
		if order != nil {
			i = order[i]
		}
		cols = r.assign(cols, asked[i])
		r.operand(values[i])
	}
	for _, c := range m.columns {
		switch {
		case c.readOnly || slices.Contains(cols, c):
		case c.updated, c.version && c.codec.class == classTime:
			cols = r.assign(cols, c)
			r.now(c)
		case c.version:
			cols = r.assign(cols, c)
			r.column(0, c.name)
			r.text(" + 1")
		}
	}
	return cols
}

// setOrder brings columns that are set to values, in a row that the struct at p stands for,
// into an order in which each is read before it is set. Some servers have only the new value
// of what stands before. Where there is no such order, stuck says why.
func setOrder(cols []*column, values []operand, p addr) (order []int, stuck string) {
	reads := make([][]addr, len(cols))
	for i, v := range values {
		v.visit(func(field any) {
			at, _ := addrOf(field)
			reads[i] = append(reads[i], at)
		})
	}
	done := make([]bool, len(cols))
	free := func(k int) bool {
		for i, others := range reads {
			if i != k && !done[i] && slices.Contains(others, cols[k].at(p)) {
				return false
			}
		}
		return !done[k]
	}
	for len(order) < len(cols) {
		next := -1
		for k := len(cols) - 1; k >= 0; k-- {
			if free(k) {
				next = k
			}
		}
		if next < 0 {
			var names []string
			for i, c := range cols {
				if !done[i] {
					names = append(names, c.field)
				}
			}
			return nil, strings.Join(names, " and ") + " are Set to expressions of each other, and this server has only the new value of what stands before"
		}
		done[next] = true
		order = append(order, next)
	}
	return order, ""
}

// visit calls see with each field that an expression reads.
func (o operand) visit(see func(field any)) {
	each := func(o operand) { o.visit(see) }
	if o.field != nil {
		see(o.field)
	} else if _, is := o.node.(*excludedNode); !is && o.node != nil { // no column is read there
		o.node.parts(each, func(q *query) { q.operands(each) })
	}
}

// now binds the time of the engine's clock.
func (r *renderer) now(c *column) {
	p := c.m.alloc()
	if err := c.codec.load(c.at(p), r.db.opts.Now()); err != nil {
		r.fail(c.valueError(err))
		return
	}
	r.bindColumn(c, p)
}

// bindColumn binds a column of an instance.
func (r *renderer) bindColumn(c *column, p addr) {
	v, err := c.valueOf(p, &r.db.enc)
	if err != nil {
		r.fail(err)
		return
	}
	r.bind(v)
}

// inserts writes the rows in as few statements as they and the server allow, in the order
// given.
func (w *bulk) inserts(db *DB, m *mapper, back, tracked bool) ([]*bulkStatement, error) {
	var list []*bulkStatement
	for start := 0; start < len(w.rows); {
		cols := w.given(m, w.rows[start])
		n, room := 1, 1
		if len(cols) > 0 {
			room = db.batchRows(len(cols))
		}
		for n < room && start+n < len(w.rows) && slices.Equal(w.given(m, w.rows[start+n]), cols) {
			n++
		}
		st, err := w.insert(db, m, cols, w.rows[start:start+n], back, tracked)
		if err != nil {
			return nil, err
		}
		list = append(list, st)
		start += n
	}
	return list, nil
}

// given is the columns that a row is inserted with.
func (w *bulk) given(m *mapper, row addr) []*column {
	cols := make([]*column, 0, len(m.columns))
	for _, c := range m.columns {
		if c.readOnly || (c.auto || c.omitZero) && c.codec.zero(c.at(row)) && !c.stamped() {
			continue
		}
		cols = append(cols, c)
	}
	return cols
}

// stamped reports whether a zero value is replaced by the clock's or a first version.
func (c *column) stamped() bool { return c.created || c.updated || c.version }

func (w *bulk) insert(db *DB, m *mapper, cols []*column, rows []addr, back, tracked bool) (*bulkStatement, error) {
	r := w.renderer(db, m)
	r.text("INSERT INTO ")
	r.table(m.table)
	if len(cols) == 0 {
		r.text(" ")
		r.text(db.server.EmptyValues)
	} else {
		r.text(" (")
		for i, c := range cols {
			r.sep(i, ", ")
			r.ident(c.name)
		}
		r.text(") VALUES ")
		for i, row := range rows {
			r.sep(i, ", ")
			r.text("(")
			for k, c := range cols {
				r.sep(k, ", ")
				r.given(c, row)
			}
			r.text(")")
		}
	}
	st := &bulkStatement{cols: cols}
	if w.conflict != nil {
		st.cols = w.onConflict(r, m, cols)
		if !w.conflict.nothing {
			st.upserted = len(rows)
		}
	}
	switch {
	case back:
		st.back = m.usual()
	case tracked && w.conflict != nil && !w.conflict.nothing && db.server.InsertReturning:
		st.back = keyAnd(st.cols, m)
	}
	r.returning(st.back, db.server.InsertReturning, "insert", m)
	return st, st.finish("insert", m, r)
}

// given binds a column of a row, or what stands for its zero value.
func (r *renderer) given(c *column, row addr) {
	switch {
	case !c.stamped() || !c.codec.zero(c.at(row)):
		r.bindColumn(c, row)
	case c.version && c.codec.class != classTime:
		r.bind(int64(1))
	default:
		r.now(c)
	}
}

// onConflict writes ON CONFLICT and returns the columns it updates.
func (w *bulk) onConflict(r *renderer, m *mapper, given []*column) []*column {
	var target []string
	var cols []*column
	for _, f := range w.conflict.fields {
		var c *column
		if x, ok := f.(AnyExpr); ok {
			c = r.columnOf(x.operand())
		} else {
			_, c = r.resolve(f)
		}
		if c == nil {
			r.fail(errors.New("ingot: OnConflict of something that is no column"))
			return nil
		}
		target, cols = append(target, c.name), append(cols, c)
	}
	if own, ok := r.dialect.(UpsertDialect); ok {
		r.b = own.AppendConflict(r.b, target, w.conflict.nothing, m.columns[0].name)
	} else {
		r.text(" ON CONFLICT")
		for i, name := range target {
			r.text(pick(i > 0, ", ", " ("))
			r.ident(name)
		}
		r.text(pick(len(target) > 0, ")", ""))
		r.text(pick(w.conflict.nothing, " DO NOTHING", " DO UPDATE SET "))
	}
	if w.conflict.nothing {
		return nil
	}
	if len(target) == 0 {
		r.fail(errors.New("ingot: OnConflict().DoUpdate(): an update needs the unique columns, OnConflict(&row.Email)"))
		return nil
	}
	if len(w.conflict.sets) > 0 {
		return r.assignments(w.conflict.sets, m)
	}
	var set []*column
	for _, c := range given {
		if slices.Contains(cols, c) || c.pk || c.created || c.version || c.readOnly {
			continue
		}
		set = r.assign(set, c)
		r.excluded(c)
	}
	if v := m.version; v != nil && !v.readOnly && v.codec.class != classTime {
		set = r.assign(set, v)
		r.column(0, v.name)
		r.text(" + 1")
	}
	if len(set) == 0 {
		r.fail(fmt.Errorf("ingot: DoUpdate of %s has nothing to set: say DoNothing", m.name))
	}
	return set
}

// excluded writes the value a column was to be inserted with.
func (r *renderer) excluded(c *column) {
	if own, ok := r.dialect.(UpsertDialect); ok {
		r.b = own.AppendExcluded(r.b, c.name)
		return
	}
	r.text("excluded.")
	r.ident(c.name)
}

// An excludedNode is the value that a row in conflict was to be inserted with.
type excludedNode struct{ o operand }

func (n *excludedNode) render(r *renderer) {
	if c := r.columnOf(n.o); c != nil {
		r.excluded(c)
	}
}

func (n *excludedNode) parts(visit func(operand), _ func(*query)) { visit(n.o) }
