package ingot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// want is what an ending wants of a query.
type want int

const (
	wantRows   want = iota // instances or values
	wantCount              // how many there are
	wantExists             // whether there is one
	wantNamed              // rows of a table for another query
)

// A renderer writes one statement: text into b, parameters into args. The first mistake
// stays in err, and what is written after it does not matter.
type renderer struct {
	db        *DB
	dialect   Dialect
	b         []byte
	args      []any
	scope     *scope
	aliases   int // aliases given out: t1, t2, …; no two in a statement are the same
	models    []*mapper
	raw       bool // some text is the user's: it may read anything
	ctes      []cte
	inner     int     // depth of subqueries
	target    *mapper // of a write: its columns go by the table's name
	unwritten bool    // the row of the target is not there yet
	err       error

	// What most queries need lies here, and a renderer is used again once its statement is
	// done, so that a statement costs little more than its text.
	buf      [640]byte
	firstArg [6]any
	first    scope
	sources  [2]source
	reads    [2]*mapper
	plan     joinPlan
	root     query // the query being written
	result   rendered
}

// A scope is the variables of one SELECT, and around them those of the outer ones.
type scope struct {
	vars  []source
	outer *scope
}

// A source is a variable in a query.
type source struct {
	v     any
	p     addr
	m     *mapper
	alias int
	link  int // alias of the link table that leads to it; 0 if none
}

// newRenderer makes a renderer, or takes one that was freed.
func (db *DB) newRenderer() *renderer {
	r, _ := db.scratch.Get().(*renderer)
	if r == nil {
		r = new(renderer)
	}
	r.db, r.dialect = db, db.dialect
	r.b, r.args, r.models = r.buf[:0], r.firstArg[:0], r.reads[:0]
	return r
}

// free makes the renderer available to others. Its statement, and what else came from it,
// is not to be used any more.
func (r *renderer) free() {
	db := r.db
	*r = renderer{}
	db.scratch.Put(r)
}

// render writes the query as a statement. The caller frees it when the statement is done.
func (q *query) render(db *DB, w want) (*rendered, error) {
	if db == nil {
		return nil, errNoRunner
	}
	r := db.newRenderer()
	r.root = *q
	s := &r.result
	s.r = r
	r.statement(&r.root, w, s)
	if most := db.server.MaxParams; most > 0 && len(r.args) > most {
		r.fail(fmt.Errorf("ingot: the query has %d parameters, and the server takes at most %d: split a long In into several queries, or put the values into a table and use InX", len(r.args), most))
	}
	if err := r.err; err != nil {
		r.free()
		return nil, err
	}
	s.st = statement{op: "select", sql: string(r.b), args: r.args}
	if s.m != nil {
		s.st.model = s.m.name
	}
	s.need = need{models: r.models, raw: r.raw, lock: q.lock.Update || q.lock.Share}
	return s, nil
}

// enter opens the scope of a SELECT.
func (r *renderer) enter() {
	if r.scope == nil && r.first.vars == nil {
		r.first.vars = r.sources[:0]
		r.scope = &r.first
		return
	}
	r.scope = &scope{outer: r.scope}
}

func (r *renderer) leave() { r.scope = r.scope.outer }

func (r *renderer) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *renderer) text(s string) { r.b = append(r.b, s...) }

// sep writes what stands between the elements of a list: before each but the first.
func (r *renderer) sep(i int, s string) {
	if i > 0 {
		r.text(s)
	}
}

func (r *renderer) ident(name string) { r.b = r.dialect.AppendIdent(r.b, name) }

func (r *renderer) table(t TableName) {
	if t.Schema != "" {
		r.ident(t.Schema)
		r.b = append(r.b, '.')
	}
	r.ident(t.Name)
}

func (r *renderer) alias(n int) {
	r.b = append(r.b, 't')
	r.b = strconv.AppendInt(r.b, int64(n), 10)
}

// column writes a column of an alias; alias 0 is the table that is written, which has
// none: not every database allows one there.
func (r *renderer) column(alias int, name string) {
	if alias == 0 {
		if r.unwritten {
			r.fail(fmt.Errorf("ingot: the expression reads %s.%s of a row that is not there yet", r.target.table, name))
		}
		r.ident(r.target.table.Name)
	} else {
		r.alias(alias)
	}
	r.b = append(r.b, '.')
	r.ident(name)
}

// scanColumn writes a column of the outermost result.
func (r *renderer) scanColumn(alias int, c *column) {
	start := len(r.b)
	r.column(alias, c.name)
	if c.scan != ScanPlain && r.inner == 0 {
		col := string(r.b[start:])
		r.b = r.dialect.AppendScanColumn(r.b[:start], col, c.scan)
	}
}

// bind writes a parameter. v is what the driver gets.
func (r *renderer) bind(v any) {
	r.args = append(r.args, v)
	r.b = r.dialect.AppendPlaceholder(r.b, len(r.args))
}

// encode turns a Go value into what the driver gets, as the column col keeps it.
func (r *renderer) encode(v any, col *column) (any, bool) {
	x, err := encodeValue(v, col, &r.db.enc)
	if err != nil {
		r.fail(err)
		return nil, false
	}
	return x, true
}

// operand writes an operand. If it is a column, it is returned.
func (r *renderer) operand(o operand) *column {
	switch {
	case o.field != nil:
		src, c := r.resolve(o.field)
		if c != nil {
			r.column(src.alias, c.name)
		}
		return c
	case o.node != nil:
		if n, ok := o.node.(*chosenNode); ok {
			src, c := n.column(r)
			if c != nil {
				r.column(src.alias, c.name)
			}
			return c
		}
		o.node.render(r)
	default:
		r.fail(errors.New("ingot: an expression of the query is nil or the zero value"))
	}
	return nil
}

func (r *renderer) operands(list []operand) {
	for i, o := range list {
		r.sep(i, ", ")
		r.operand(o)
	}
}

// columnOf returns the column an operand is, without writing it; nil if it is none.
func (r *renderer) columnOf(o operand) *column {
	if n, ok := o.node.(*chosenNode); ok {
		_, c := n.column(r)
		return c
	}
	if o.field == nil {
		r.check(o)
		return nil
	}
	_, c := r.resolve(o.field)
	return c
}

// check finds the mistakes in an operand without writing it.
func (r *renderer) check(o operand) {
	b, args := len(r.b), len(r.args)
	r.operand(o)
	r.b, r.args = r.b[:b], r.args[:args]
}

func (r *renderer) condition(c Condition) {
	if c.node == nil {
		r.fail(errors.New("ingot: an empty Condition{} in the query: it would say nothing"))
		return
	}
	c.node.render(r)
}

// conditions writes conditions joined by AND.
func (r *renderer) conditions(conds []Condition) {
	for i, c := range conds {
		r.sep(i, " AND ")
		r.condition(c)
	}
}

func (r *renderer) orderings(list []Ordering) {
	for i, o := range list {
		r.sep(i, ", ")
		r.ordering(o, nil)
	}
}

// ordering writes one term, its operand by the function given, if one is.
func (r *renderer) ordering(o Ordering, by func(operand) *column) {
	operand := func(x operand) {
		if by != nil {
			by(x)
		} else {
			r.operand(x)
		}
	}
	if o.err != nil {
		r.fail(o.err)
		return
	}
	if o.nulls != 0 && !r.db.server.NullsOrder {
		r.text("(")
		operand(o.o)
		r.text(pick(o.nulls < 0, " IS NOT NULL), ", " IS NULL), "))
	}
	operand(o.o)
	if o.desc {
		r.text(" DESC")
	}
	if o.nulls != 0 && r.db.server.NullsOrder {
		r.text(pick(o.nulls < 0, " NULLS FIRST", " NULLS LAST"))
	}
}

// resolve finds the column of a field by its address, in the variables of this SELECT
// first, then in those around it. A field of none of them is a mistake.
func (r *renderer) resolve(field any) (*source, *column) {
	p, typ := addrOf(field)
	if p == nil {
		r.fail(fmt.Errorf("ingot: C or N of a nil %T: give it the address of a field, C(&u.Name)", field))
		return nil, nil
	}
	for sc := r.scope; sc != nil; sc = sc.outer {
		for i := range sc.vars {
			src := &sc.vars[i]
			offset, inside := src.m.within(src.p, p)
			if !inside {
				continue
			}
			if c, _ := src.m.columnAt(offset, typ); c != nil {
				return src, c
			}
			r.fail(src.m.noColumn(offset, typ))
			return nil, nil
		}
	}
	r.fail(r.stranger(field))
	return nil, nil
}

// stranger is the error for a field of a variable that is not in the query.
func (r *renderer) stranger(field any) error {
	var names []string
	for sc := r.scope; sc != nil; sc = sc.outer {
		for _, src := range sc.vars {
			names = append(names, "*"+src.m.name)
		}
	}
	return fmt.Errorf("ingot: a %T in the query is no field of its variables (%s): each has to be given to Select or Join, and fields taken from that very pointer", field, strings.Join(names, ", "))
}

// declare adds a variable to the scope.
func (r *renderer) declare(v any) *source {
	p, _ := addrOf(v)
	m := r.commonOf(p)
	own := m == nil
	if own {
		var err error
		if m, err = r.db.models.mapperOf(v); err != nil {
			r.fail(err)
			return nil
		}
	}
	for _, src := range r.scope.vars {
		if src.p == p && src.m == m {
			r.fail(fmt.Errorf("ingot: one *%s stands for two tables of the query: make a second variable, new(%s)", m.name, m.name))
			return nil
		}
	}
	r.aliases++
	r.scope.vars = append(r.scope.vars, source{v: v, p: p, m: m, alias: r.aliases})
	if own {
		r.models = append(r.models, m)
	}
	return &r.scope.vars[len(r.scope.vars)-1]
}

// statement writes a SELECT that is a statement of its own.
func (r *renderer) statement(q *query, w want, s *rendered) {
	switch {
	case w == wantRows:
		r.selection(q, w, s)
	case w == wantCount && (q.limited || q.offset > 0 || q.distinct || len(q.group) > 0 || len(q.having) > 0 || aggregates(q.output)):
		// What shapes the rows has to happen before they are counted.
		r.inner++
		r.text("SELECT COUNT(*) FROM (")
		r.selection(q, wantCount, s)
		r.text(") AS counted")
		r.inner--
	default:
		r.selection(q, w, s)
	}
}

// aggregates reports whether a value may be an aggregate, which makes one row of all.
func aggregates(list []output) bool {
	for _, o := range list {
		if o.node != nil {
			return true
		}
	}
	return false
}

// subquery writes a query inside another one.
func (r *renderer) subquery(q *query) {
	r.inner++
	r.selection(q, wantRows, &rendered{})
	r.inner--
}

// existsQuery writes a query of which only the existence of rows matters.
func (r *renderer) existsQuery(q *query) {
	r.inner++
	r.selection(q, wantExists, &rendered{})
	r.inner--
}

// selection writes one SELECT.
func (r *renderer) selection(q *query, w want, s *rendered) {
	if q.err != nil {
		r.fail(q.err)
		return
	}
	if len(q.ctes) > 0 {
		r.common(q.ctes)
		if r.err != nil {
			return
		}
	}
	r.enter()
	defer r.leave()
	rows := w == wantRows || w == wantNamed

	root := r.declare(q.root)
	if root == nil {
		return
	}
	s.m = root.m
	if q.page != nil {
		if q = r.paged(q, root); r.err != nil {
			return
		}
	}
	plan := r.planJoins(q)
	if r.err != nil {
		return
	}
	root = &r.scope.vars[0]

	r.text(pick(q.distinct, "SELECT DISTINCT ", "SELECT "))
	shaped := q.distinct || len(q.group) > 0 || len(q.having) > 0 || q.limited || q.offset > 0
	switch {
	case w == wantCount && !shaped && !aggregates(q.output):
		r.text("COUNT(*)")
	case !rows && (!q.distinct || w == wantExists) && !aggregates(q.output):
		r.text("1")
	case q.output != nil:
		s.outputs = r.outputs(q.output, w == wantCount || w == wantNamed)
	default:
		if s.cols = r.resultColumns(q, root); s.cols == nil {
			return
		}
		usual := q.only == nil && q.deferred == nil && q.undeferred == nil
		r.scanList(root, s.cols, usual && r.inner == 0 && root.alias == 1)
	}

	r.text(" FROM ")
	if q.from != nil {
		alias := root.alias
		r.compound(q.from)
		r.text(" AS ")
		r.alias(alias)
	} else {
		r.table(root.m.table)
		r.text(" AS ")
		r.alias(root.alias)
	}
	plan.joins(r)
	plan.where(r)
	if len(q.group) > 0 {
		r.text(" GROUP BY ")
		r.operands(q.group)
	}
	if len(q.having) > 0 {
		r.text(" HAVING ")
		r.conditions(q.having)
	}
	if len(q.order) > 0 && (rows || q.limited || q.offset > 0) {
		r.text(" ORDER BY ")
		for i, o := range q.order {
			r.sep(i, ", ")
			plan.ordering(r, o)
		}
	}
	limit := -1
	if q.limited {
		limit = q.limit
	}
	if w == wantExists && r.inner == 0 && (limit < 0 || limit > 1) {
		limit = 1
	}
	if limit >= 0 || q.offset > 0 {
		r.b = r.dialect.AppendLimit(r.b, limit, q.offset)
	}
	if (q.lock.Update || q.lock.Share) && rows {
		b, err := r.dialect.AppendLock(r.b, q.lock, &r.db.server)
		if err != nil {
			r.fail(err)
		}
		r.b = b
	}
}

// outputs writes the expressions of a result, named where the text around needs names.
func (r *renderer) outputs(list []output, named bool) []*column {
	cols := make([]*column, len(list))
	for i, o := range list {
		r.sep(i, ", ")
		start := len(r.b)
		c, scan := r.operand(o.operand), o.scan
		if cols[i] = c; c != nil {
			scan = c.scan
		}
		if scan != ScanPlain && r.inner == 0 {
			col := string(r.b[start:])
			r.b = r.dialect.AppendScanColumn(r.b[:start], col, scan)
		}
		if named {
			r.text(" AS c")
			r.b = strconv.AppendInt(r.b, int64(i+1), 10)
		}
	}
	return cols
}

// A usualList is the key under which the text of scanList is kept.
type usualList struct{ *mapper }

// scanList writes the columns of instances. Most queries ask for the usual ones of their
// first variable, whose text is made once.
func (r *renderer) scanList(root *source, cols []*column, usual bool) {
	if usual {
		if text, ok := r.db.kept.Load(usualList{root.m}); ok {
			r.text(text.(string))
			return
		}
	}
	start := len(r.b)
	r.scanColumns(root.alias, cols)
	if usual {
		r.db.kept.Store(usualList{root.m}, string(r.b[start:]))
	}
}

// resultColumns is the columns of the instances that the query asks for: the key always,
// and what relations to be loaded hang on.
func (r *renderer) resultColumns(q *query, root *source) []*column {
	if q.only == nil && q.deferred == nil && q.undeferred == nil {
		return root.m.usual()
	}
	ask := make([]bool, len(root.m.columns))
	for _, c := range root.m.columns {
		ask[c.index] = q.only == nil && !c.deferred
	}
	set := func(fields []any, to bool) bool {
		for _, f := range fields {
			src, c := r.resolve(f)
			if c == nil {
				return false
			}
			if src != root {
				r.fail(fmt.Errorf("ingot: Only, Defer and Undefer take fields of the selected variable, not of %s", src.m.name))
				return false
			}
			ask[c.index] = to
		}
		return true
	}
	if !set(q.only, true) || !set(q.deferred, false) || !set(q.undeferred, true) {
		return nil
	}
	for _, c := range root.m.key {
		ask[c.index] = true
	}
	if root.m.version != nil {
		ask[root.m.version.index] = true
	}
	for _, l := range q.loads {
		if rel := r.relation(l.rel); rel != nil && rel.m == root.m {
			for _, c := range rel.local {
				ask[c.index] = true
			}
		}
	}
	var cols []*column
	for _, c := range root.m.columns {
		if ask[c.index] {
			cols = append(cols, c)
		}
	}
	return cols
}

// relation finds the relation of a field by its address in the variables of this SELECT;
// nil if it is none, which is no mistake yet.
func (r *renderer) relation(field any) *relation {
	rel, _ := r.relationOf(field)
	return rel
}

func (r *renderer) relationOf(field any) (*relation, int) {
	p, typ := addrOf(field)
	if p == nil {
		return nil, 0
	}
	for i, src := range r.scope.vars {
		if offset, inside := src.m.within(src.p, p); inside {
			return src.m.relationAt(offset, typ), i
		}
	}
	return nil, 0
}
