package ingot

import "fmt"

// An Expr is an expression whose values in Go are T: a column ([C], [N]), a function of
// expressions ([Lower], [Count], …), a value ([Value]) or raw text ([Raw]). T comes from
// the field alone, so that what is compared with it is checked by the compiler.
type Expr[T any] interface {
	AnyExpr

	// Eq is the condition that the expression equals v; for a nil pointer, IS NULL.
	Eq(v T) Condition
	// Ne is the negation of Eq: for a nil pointer, IS NOT NULL.
	Ne(v T) Condition
	Lt(v T) Condition
	Le(v T) Condition
	Gt(v T) Condition
	Ge(v T) Condition
	// In is the condition that the expression is one of vs; of none it is false.
	In(vs ...T) Condition
	// NotIn is the condition that the expression is none of vs; of none it is true.
	NotIn(vs ...T) Condition
	// Between includes both ends.
	Between(lo, hi T) Condition
	IsNull() Condition
	NotNull() Condition

	// EqX and its like compare with another expression of the same type.
	EqX(e Expr[T]) Condition
	NeX(e Expr[T]) Condition
	LtX(e Expr[T]) Condition
	LeX(e Expr[T]) Condition
	GtX(e Expr[T]) Condition
	GeX(e Expr[T]) Condition
	// InX is the condition that a row of the subquery has the expression's value.
	InX(q Values[T]) Condition
	// NotInX is the negation of InX. As SQL has it, a NULL among the rows makes it
	// unknown, which is not true.
	NotInX(q Values[T]) Condition

	Asc() Ordering
	Desc() Ordering
}

// An AnyExpr is an expression of whatever type. The set is closed: every [Expr] is one.
type AnyExpr interface{ operand() operand }

// A Col is a column of a variable of the query, as an expression and as the target of a
// write.
type Col[T any] struct{ expr[T] }

// C is the column of a field, given by its address in a variable of the query:
// C(&u.Age), and C(&u.Phone.V) for an sql.Null.
func C[T any](field *T) Col[T] { return Col[T]{expr[T]{operand{field: field}}} }

// N is the column of a field that is a pointer, as values of what it points at: for
// Nick *string, N(&u.Nick) compares with a string where C(&u.Nick) does with a *string.
func N[T any](field **T) Col[T] { return Col[T]{expr[T]{operand{field: field}}} }

// Set gives the column a value, in an [Update] or the update of an upsert.
func (c Col[T]) Set(v T) Assignment {
	return Assignment{column: c.o, value: operand{node: &boundNode{v, c.o.field}}}
}

// SetX gives the column the value of an expression.
func (c Col[T]) SetX(e Expr[T]) Assignment {
	return Assignment{column: c.o, value: operandOf(e)}
}

// SetNull gives the column NULL.
func (c Col[T]) SetNull() Assignment {
	return Assignment{column: c.o, value: operand{node: textNode("NULL")}}
}

// An Assignment is a column with the value it is to get.
type Assignment struct{ column, value operand }

// A Condition is a predicate. It always becomes SQL: an empty one is an error of the
// query, never left out.
type Condition struct{ node sqlNode }

// An Ordering is an expression to sort by, with its direction.
type Ordering struct {
	o     operand
	desc  bool
	nulls int8 // -1 first, +1 last, 0 as the database has it
	err   error
}

// NullsFirst puts NULL before all values.
func (o Ordering) NullsFirst() Ordering { o.nulls = -1; return o }

// NullsLast puts NULL after all values.
func (o Ordering) NullsLast() Ordering { o.nulls = +1; return o }

// And holds if all conditions do; of none it is true.
func And(conds ...Condition) Condition {
	return Condition{&junctionNode{" AND ", "1 = 1", clip(conds)}}
}

// Or holds if one of the conditions does; of none it is false.
func Or(conds ...Condition) Condition { return Condition{&junctionNode{" OR ", "1 = 0", clip(conds)}} }

// Not is the negation of a condition.
func Not(c Condition) Condition { return Condition{&negationNode{c}} }

// Cond is a condition as SQL text. Each ? outside of quotes takes an argument: a column or
// expression becomes SQL, everything else a bound parameter; a literal ? is written ??.
func Cond(text TrustedSQL, args ...any) Condition {
	return Condition{&rawNode{string(text), clip(args)}}
}

// Raw is a value as SQL text, with arguments as in [Cond].
func Raw[T any](text TrustedSQL, args ...any) Expr[T] {
	return expr[T]{operand{node: &rawNode{string(text), clip(args)}}}
}

// Value is a bound parameter as an expression.
func Value[T any](v T) Expr[T] { return expr[T]{operand{node: &boundNode{v, nil}}} }

// clip copies a caller's slice, so that a query does not change when the caller does.
func clip[E any](s []E) []E { return append([]E(nil), s...) }

// An operand is a column by the address of its field, or the root of an expression. Apart
// from these two it is nothing, which is an error of the query.
type operand struct {
	field any
	node  sqlNode
}

// A sqlNode is a part of an expression that writes itself as SQL.
type sqlNode interface {
	render(r *renderer)
	// parts shows the operands and conditions it is made of.
	parts(visit func(operand), inner func(*query))
}

func operandOf(e AnyExpr) operand {
	if e == nil {
		return operand{}
	}
	return e.operand()
}

// An expr implements [Expr] for everything that has an operand.
type expr[T any] struct{ o operand }

func (e expr[T]) operand() operand { return e.o }

func (e expr[T]) Eq(v T) Condition { return Condition{&compareNode{opEq, e.o, v}} }
func (e expr[T]) Ne(v T) Condition { return Condition{&compareNode{opNe, e.o, v}} }
func (e expr[T]) Lt(v T) Condition { return Condition{&compareNode{opLt, e.o, v}} }
func (e expr[T]) Le(v T) Condition { return Condition{&compareNode{opLe, e.o, v}} }
func (e expr[T]) Gt(v T) Condition { return Condition{&compareNode{opGt, e.o, v}} }
func (e expr[T]) Ge(v T) Condition { return Condition{&compareNode{opGe, e.o, v}} }

func (e expr[T]) In(vs ...T) Condition    { return Condition{&memberNode{e.o, anys(vs), false}} }
func (e expr[T]) NotIn(vs ...T) Condition { return Condition{&memberNode{e.o, anys(vs), true}} }

func (e expr[T]) Between(lo, hi T) Condition { return Condition{&betweenNode{e.o, lo, hi}} }
func (e expr[T]) IsNull() Condition          { return Condition{&suffixNode{e.o, " IS NULL"}} }
func (e expr[T]) NotNull() Condition         { return Condition{&suffixNode{e.o, " IS NOT NULL"}} }

func (e expr[T]) EqX(x Expr[T]) Condition { return Condition{&infixNode{" = ", e.o, operandOf(x)}} }
func (e expr[T]) NeX(x Expr[T]) Condition { return Condition{&infixNode{" <> ", e.o, operandOf(x)}} }
func (e expr[T]) LtX(x Expr[T]) Condition { return Condition{&infixNode{" < ", e.o, operandOf(x)}} }
func (e expr[T]) LeX(x Expr[T]) Condition { return Condition{&infixNode{" <= ", e.o, operandOf(x)}} }
func (e expr[T]) GtX(x Expr[T]) Condition { return Condition{&infixNode{" > ", e.o, operandOf(x)}} }
func (e expr[T]) GeX(x Expr[T]) Condition { return Condition{&infixNode{" >= ", e.o, operandOf(x)}} }

func (e expr[T]) InX(q Values[T]) Condition { return Condition{&inQueryNode{e.o, q.subquery(), false}} }
func (e expr[T]) NotInX(q Values[T]) Condition {
	return Condition{&inQueryNode{e.o, q.subquery(), true}}
}

func (e expr[T]) Asc() Ordering  { return Ordering{o: e.o} }
func (e expr[T]) Desc() Ordering { return Ordering{o: e.o, desc: true} }

func anys[T any](vs []T) []any {
	list := make([]any, len(vs))
	for i, v := range vs {
		list[i] = v
	}
	return list
}

// A compareOp is an operator that compares with a value.
type compareOp uint8

const (
	opEq compareOp = iota
	opNe
	opLt
	opLe
	opGt
	opGe
	opLike
	opNotLike
)

var compareText = [...]string{" = ", " <> ", " < ", " <= ", " > ", " >= ", " LIKE ", " NOT LIKE "}

// A comparison compares with a value.
type compareNode struct {
	op    compareOp
	left  operand
	value any
}

func (n *compareNode) render(r *renderer) {
	col := r.operand(n.left)
	if n.op >= opLike { // a pattern is text, whatever values the column takes
		r.text(compareText[n.op])
		r.bind(n.value)
		return
	}
	v, ok := r.encode(n.value, col)
	if !ok {
		return
	}
	switch {
	case v == nil && n.op == opEq:
		r.text(" IS NULL")
	case v == nil && n.op == opNe:
		r.text(" IS NOT NULL")
	default:
		r.text(compareText[n.op])
		r.bindBeside(col, v)
	}
}

// bindBeside writes a parameter that is compared with a column.
func (r *renderer) bindBeside(col *column, v any) {
	cast := r.db.server.JSONCast
	if cast == "" || v == nil || col == nil || col.codec.class != classJSON || col.typeFor(r.dialect.Name()) != "json" {
		r.bind(v)
		return
	}
	r.text("CAST(")
	r.bind(v)
	r.text(" AS " + cast + ")")
}

func (n *compareNode) parts(visit func(operand), _ func(*query)) { visit(n.left) }

// A boundNode is a value as a parameter, encoded as the column like takes it, if there is one.
type boundNode struct {
	value any
	like  any // address of the column's field; nil if none
}

func (n *boundNode) render(r *renderer) {
	var col *column
	if n.like != nil {
		if _, col = r.resolve(n.like); col == nil {
			return
		}
	}
	v, ok := r.encode(n.value, col)
	if !ok {
		return
	}
	// A parameter has the type of what it stands beside. Where nothing stands there, some
	// servers take it for text.
	typ := ""
	if r.db.server.UntypedValues && col == nil {
		switch v.(type) {
		case int, int64:
			typ = "bigint"
		case float64:
			typ = "double precision"
		case bool:
			typ = "boolean"
		case string:
			typ = "text"
		}
	}
	if typ == "" {
		r.bindBeside(col, v)
		return
	}
	r.text("CAST(")
	r.bind(v)
	r.text(" AS " + typ + ")")
}

func (n *boundNode) parts(func(operand), func(*query)) {}

// A textNode is SQL text of ours.
type textNode string

func (n textNode) render(r *renderer)                { r.text(string(n)) }
func (n textNode) parts(func(operand), func(*query)) {}

// A infixNode is two operands with an operator between them.
type infixNode struct {
	op   string
	a, b operand
}

func (n *infixNode) render(r *renderer) {
	r.operand(n.a)
	r.text(n.op)
	r.operand(n.b)
}

func (n *infixNode) parts(visit func(operand), _ func(*query)) { visit(n.a); visit(n.b) }

// A suffixNode is an operand with text behind it.
type suffixNode struct {
	a    operand
	text string
}

func (n *suffixNode) render(r *renderer) {
	r.operand(n.a)
	r.text(n.text)
}

func (n *suffixNode) parts(visit func(operand), _ func(*query)) { visit(n.a) }

// A memberNode is IN or NOT IN a list of values.
type memberNode struct {
	left   operand
	values []any
	not    bool
}

func (n *memberNode) render(r *renderer) {
	// NULL is in no list of SQL: it is asked for apart, as Eq and Ne do.
	col := r.columnOf(n.left)
	values, null := make([]any, 0, len(n.values)), false
	for _, v := range n.values {
		v, ok := r.encode(v, col)
		if !ok {
			return
		}
		if v == nil {
			null = true
		} else {
			values = append(values, v)
		}
	}
	switch {
	case len(values) == 0 && !null && n.not:
		r.text("1 = 1")
	case len(values) == 0 && !null:
		r.text("1 = 0")
	case len(values) == 0:
		r.operand(n.left)
		r.text(pick(n.not, " IS NOT NULL", " IS NULL"))
	case null:
		r.text("(")
		n.list(r, values)
		r.text(pick(n.not, " AND ", " OR "))
		r.operand(n.left)
		r.text(pick(n.not, " IS NOT NULL)", " IS NULL)"))
	default:
		n.list(r, values)
	}
}

func (n *memberNode) list(r *renderer, values []any) {
	col := r.operand(n.left)
	r.text(pick(n.not, " NOT IN (", " IN ("))
	for i, v := range values {
		r.sep(i, ", ")
		r.bindBeside(col, v)
	}
	r.text(")")
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func (n *memberNode) parts(visit func(operand), _ func(*query)) { visit(n.left) }

// A betweenNode is a range of values, both ends included.
type betweenNode struct {
	left   operand
	lo, hi any
}

func (n *betweenNode) render(r *renderer) {
	col := r.operand(n.left)
	lo, ok := r.encode(n.lo, col)
	if !ok {
		return
	}
	hi, ok := r.encode(n.hi, col)
	if !ok {
		return
	}
	r.text(" BETWEEN ")
	r.bind(lo)
	r.text(" AND ")
	r.bind(hi)
}

func (n *betweenNode) parts(visit func(operand), _ func(*query)) { visit(n.left) }

// A inQueryNode is IN or NOT IN a subquery.
type inQueryNode struct {
	left operand
	q    *query
	not  bool
}

func (n *inQueryNode) render(r *renderer) {
	r.operand(n.left)
	r.text(pick(n.not, " NOT IN (", " IN ("))
	r.subquery(n.q)
	r.text(")")
}

func (n *inQueryNode) parts(visit func(operand), inner func(*query)) { visit(n.left); inner(n.q) }

// A junctionNode is AND or OR.
type junctionNode struct {
	word  string
	none  string // what it is of no conditions
	conds []Condition
}

func (n *junctionNode) render(r *renderer) {
	switch len(n.conds) {
	case 0:
		r.text(n.none)
		return
	case 1:
		r.condition(n.conds[0])
		return
	}
	r.text("(")
	for i, c := range n.conds {
		if i > 0 {
			r.text(n.word)
		}
		r.condition(c)
	}
	r.text(")")
}

func (n *junctionNode) parts(visit func(operand), _ func(*query)) {
	for _, c := range n.conds {
		visit(operand{node: c.node})
	}
}

// A negationNode is NOT.
type negationNode struct{ c Condition }

func (n *negationNode) render(r *renderer) {
	r.text("NOT (")
	r.condition(n.c)
	r.text(")")
}

func (n *negationNode) parts(visit func(operand), _ func(*query)) { visit(operand{node: n.c.node}) }

// A rawNode is SQL text with ? for its arguments.
type rawNode struct {
	text string
	args []any
}

func (n *rawNode) render(r *renderer) {
	r.raw = true
	r.text("(")
	n.body(r)
	r.text(")")
}

func (n *rawNode) body(r *renderer) {
	used := 0
	for piece, mark := range splitMarks(n.text) {
		r.text(piece)
		if !mark {
			continue
		}
		if used == len(n.args) {
			r.fail(fmt.Errorf("ingot: %q has more ? than its %d arguments; a literal ? is written ??", n.text, len(n.args)))
			return
		}
		n.argument(r, n.args[used])
		used++
	}
	if used < len(n.args) {
		r.fail(fmt.Errorf("ingot: %q has %d arguments for %d ?", n.text, len(n.args), used))
	}
}

func (n *rawNode) argument(r *renderer, a any) {
	switch a := a.(type) {
	case AnyExpr:
		r.operand(operandOf(a))
	case Condition:
		r.condition(a)
	case Subquery:
		r.text("(")
		r.subquery(a.subquery())
		r.text(")")
	default:
		if isPointer(a) {
			r.fail(fmt.Errorf("ingot: argument %T of %q is a bare pointer: write C(p) or N(p) for the column, *p for the value", a, n.text))
			return
		}
		if v, ok := r.encode(a, nil); ok {
			r.bind(v)
		}
	}
}

func (n *rawNode) parts(visit func(operand), inner func(*query)) {
	for _, a := range n.args {
		switch a := a.(type) {
		case AnyExpr:
			visit(operandOf(a))
		case Condition:
			visit(operand{node: a.node})
		case Subquery:
			inner(a.subquery())
		}
	}
}

// splitMarks cuts SQL text at the ? that stand for arguments: not in quotes or comments,
// and not doubled, which is a literal one.
func splitMarks(text string) func(yield func(piece string, mark bool) bool) {
	return func(yield func(string, bool) bool) {
		start := 0
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case c == '\'' || c == '"' || c == '`':
				for i++; i < len(text) && text[i] != c; i++ {
				}
			case c == '-' && i+1 < len(text) && text[i+1] == '-':
				for i < len(text) && text[i] != '\n' {
					i++
				}
			case c == '/' && i+1 < len(text) && text[i+1] == '*':
				for i += 2; i+1 < len(text) && (text[i] != '*' || text[i+1] != '/'); i++ {
				}
				i++
			case c == '?' && i+1 < len(text) && text[i+1] == '?':
				if !yield(text[start:i+1], false) {
					return
				}
				i++
				start = i + 1
			case c == '?':
				if !yield(text[start:i], true) {
					return
				}
				start = i + 1
			}
		}
		if start < len(text) {
			yield(text[start:], false)
		}
	}
}
