package ingot

import "strings"

// A FuncDialect is a [Dialect] that spells some functions its own way.
type FuncDialect interface {
	// FuncSQL is a function of n arguments as a template, each ? an argument, or empty
	// where the common spelling does. The names are those of the functions of this
	// package in lower case: "length", "concat", "now", "ilike".
	FuncSQL(name string, n int) string
}

// Lower is the text in lower case.
func Lower[T ~string](e Expr[T]) Expr[T] { return call[T]("LOWER", e) }

// Upper is the text in upper case.
func Upper[T ~string](e Expr[T]) Expr[T] { return call[T]("UPPER", e) }

// Trim is the text without spaces at both ends.
func Trim[T ~string](e Expr[T]) Expr[T] { return call[T]("TRIM", e) }

// Length is the number of characters of a text.
func Length[T ~string](e Expr[T]) Expr[int64] { return call[int64]("LENGTH", e) }

// Concat joins texts. NULL among them makes the result NULL.
func Concat[T ~string](es ...Expr[T]) Expr[T] { return call[T]("CONCAT", anyExprs(es)...) }

// Coalesce is the first of the expressions that is not NULL.
func Coalesce[T any](es ...Expr[T]) Expr[T] { return call[T]("COALESCE", anyExprs(es)...) }

// Abs is the number without its sign.
func Abs[T any](e Expr[T]) Expr[T] { return call[T]("ABS", e) }

// Now is the time of the server.
func Now[T any]() Expr[T] { return call[T]("NOW") }

// Sum is the sum over the rows. Over no rows it is NULL: give it a pointer to go to
// ([Nullable]), or a value instead ([Coalesce]).
func Sum[T any](e Expr[T]) Expr[T] { return call[T]("SUM", e) }

// Avg is the mean over the rows; NULL over none.
func Avg[T any](e Expr[T]) Expr[float64] { return call[float64]("AVG", e) }

// Min is the least value; NULL over no rows.
func Min[T any](e Expr[T]) Expr[T] { return call[T]("MIN", e) }

// Max is the greatest value; NULL over no rows.
func Max[T any](e Expr[T]) Expr[T] { return call[T]("MAX", e) }

// Count is the number of rows in which the expression is not NULL.
func Count[T any](e Expr[T]) Expr[int64] { return call[int64]("COUNT", e) }

// CountDistinct is the number of different values that are not NULL.
func CountDistinct[T any](e Expr[T]) Expr[int64] {
	return exprOf[int64](&functionNode{name: "COUNT", distinct: true, args: []operand{operandOf(e)}})
}

// CountAll is the number of rows.
func CountAll() Expr[int64] { return exprOf[int64](textNode("COUNT(*)")) }

// Func calls a function of the database by its name: Func[int]("json_array_length", C(&u.Tags)).
func Func[T any](name TrustedSQL, args ...AnyExpr) Expr[T] {
	return exprOf[T](&functionNode{name: string(name), verbatim: true, args: operandsOf(args)})
}

// Cast is CAST(e AS typ), typ being a type of the database.
func Cast[T any](e AnyExpr, typ TrustedSQL) Expr[T] {
	return exprOf[T](&wrapNode{"CAST(", operandOf(e), " AS " + string(typ) + ")"})
}

// Nullable is the expression as pointers, nil standing for NULL: for what comes from the
// outer side of a left join, and for aggregates over no rows.
func Nullable[T any](e Expr[T]) Expr[*T] { return expr[*T]{operandOf(e)} }

// Typed takes the expression's values as another Go type, without SQL.
func Typed[T any](e AnyExpr) Expr[T] { return expr[T]{operandOf(e)} }

// Add is a + b.
func Add[T any](a, b Expr[T]) Expr[T] { return arithmetic[T](" + ", a, b) }

// Sub is a - b.
func Sub[T any](a, b Expr[T]) Expr[T] { return arithmetic[T](" - ", a, b) }

// Mul is a * b.
func Mul[T any](a, b Expr[T]) Expr[T] { return arithmetic[T](" * ", a, b) }

// Div is a / b, of integers as the database divides them.
func Div[T any](a, b Expr[T]) Expr[T] { return arithmetic[T](" / ", a, b) }

func arithmetic[T any](op string, a, b Expr[T]) Expr[T] {
	return exprOf[T](&wrapNode{"(", operand{node: &infixNode{op, operandOf(a), operandOf(b)}}, ")"})
}

// Like matches a pattern in which % stands for any text and _ for one character, with
// regard to case as the database's LIKE has it.
func Like[T ~string](e Expr[T], pattern T) Condition {
	return Condition{&compareNode{opLike, operandOf(e), string(pattern)}}
}

// NotLike is the negation of [Like].
func NotLike[T ~string](e Expr[T], pattern T) Condition {
	return Condition{&compareNode{opNotLike, operandOf(e), string(pattern)}}
}

// ILike is [Like] without regard to case.
func ILike[T ~string](e Expr[T], pattern T) Condition {
	return Condition{&functionNode{name: "ILIKE", args: []operand{operandOf(e), operandOf(Value(pattern))}}}
}

// StartsWith holds if the text begins with prefix, taken as it stands.
func StartsWith[T ~string](e Expr[T], prefix T) Condition {
	return literalLike(e, "", prefix, "%")
}

// EndsWith holds if the text ends with suffix, taken as it stands.
func EndsWith[T ~string](e Expr[T], suffix T) Condition {
	return literalLike(e, "%", suffix, "")
}

// ContainsText holds if part, taken as it stands, occurs in the text.
func ContainsText[T ~string](e Expr[T], part T) Condition {
	return literalLike(e, "%", part, "%")
}

func literalLike[T ~string](e Expr[T], before string, text T, after string) Condition {
	// The escape is no backslash, which some databases take for one in every literal.
	escaped := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(string(text))
	like := &compareNode{opLike, operandOf(e), before + escaped + after}
	return Condition{&suffixNode{operand{node: like}, " ESCAPE '!'"}}
}

// Is is a condition as an expression.
func Is(c Condition) Expr[bool] {
	return exprOf[bool](&wrapNode{"(", operand{node: &junctionNode{conds: []Condition{c}}}, ")"})
}

// Exists holds if the subquery has a row. The subquery may use the variables of the query
// around it.
func Exists(q Subquery) Condition { return Condition{&existsNode{q.subquery(), false}} }

// NotExists is the negation of [Exists].
func NotExists(q Subquery) Condition { return Condition{&existsNode{q.subquery(), true}} }

// Scalar is the single value of a subquery; NULL if it has no row.
func Scalar[T any](q Values[T]) Expr[T] { return exprOf[T](&scalarNode{q.subquery()}) }

// A CaseExpr is CASE as an expression: the value of the first arm whose condition holds.
type CaseExpr[T any] struct{ expr[T] }

// A CaseArm is one arm of a [Case].
type CaseArm[T any] struct {
	cond  Condition
	value operand
}

// When is an arm of a [Case].
func When[T any](c Condition, value Expr[T]) CaseArm[T] { return CaseArm[T]{c, operandOf(value)} }

// Case is the value of the first arm whose condition holds; NULL if there is none and no
// Else.
func Case[T any](arms ...CaseArm[T]) CaseExpr[T] {
	n := &caseNode{}
	for _, a := range arms {
		n.conds, n.values = append(n.conds, a.cond), append(n.values, a.value)
	}
	return CaseExpr[T]{expr[T]{operand{node: n}}}
}

// Else is the value if no arm's condition holds.
func (c CaseExpr[T]) Else(value Expr[T]) Expr[T] {
	n := *c.o.node.(*caseNode)
	n.other = operandOf(value)
	return exprOf[T](&n)
}

// A Window is a function over the rows around the current one.
type Window[T any] struct{ expr[T] }

// Over makes an aggregate or window function look at rows around the current one: all of
// them, unless PartitionBy and OrderBy say less.
func Over[T any](e Expr[T]) Window[T] {
	return Window[T]{expr[T]{operand{node: &windowNode{fn: operandOf(e)}}}}
}

// PartitionBy looks only at rows that have equal values here.
func (w Window[T]) PartitionBy(by ...AnyExpr) Window[T] {
	n := *w.o.node.(*windowNode)
	n.partition = operandsOf(by)
	return Window[T]{expr[T]{operand{node: &n}}}
}

// OrderBy looks at the rows up to the current one in this order.
func (w Window[T]) OrderBy(by ...Ordering) Window[T] {
	n := *w.o.node.(*windowNode)
	n.order = clip(by)
	return Window[T]{expr[T]{operand{node: &n}}}
}

// Frame gives the frame in words: "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW".
func (w Window[T]) Frame(text TrustedSQL) Window[T] {
	n := *w.o.node.(*windowNode)
	n.frame = string(text)
	return Window[T]{expr[T]{operand{node: &n}}}
}

// RowNumber counts the rows of a window from 1, for [Over].
func RowNumber() Expr[int64] { return call[int64]("ROW_NUMBER") }

// Rank is the rank of the row in its window, with gaps, for [Over].
func Rank() Expr[int64] { return call[int64]("RANK") }

// DenseRank is the rank of the row in its window, without gaps, for [Over].
func DenseRank() Expr[int64] { return call[int64]("DENSE_RANK") }

// Lag is the expression in the row before, NULL in the first, for [Over].
func Lag[T any](e Expr[T]) Expr[*T] { return call[*T]("LAG", e) }

// Lead is the expression in the row after, NULL in the last, for [Over].
func Lead[T any](e Expr[T]) Expr[*T] { return call[*T]("LEAD", e) }

func exprOf[T any](n sqlNode) Expr[T] { return expr[T]{operand{node: n}} }

func call[T any](name string, args ...AnyExpr) Expr[T] {
	return exprOf[T](&functionNode{name: name, args: operandsOf(args)})
}

func anyExprs[T any](es []Expr[T]) []AnyExpr {
	list := make([]AnyExpr, len(es))
	for i, e := range es {
		list[i] = e
	}
	return list
}

func operandsOf(es []AnyExpr) []operand {
	list := make([]operand, len(es))
	for i, e := range es {
		list[i] = operandOf(e)
	}
	return list
}

// A functionNode is a call.
type functionNode struct {
	name     string
	verbatim bool // the user's own: no dialect is asked
	distinct bool
	args     []operand
}

// commonFunctions are the functions that are not NAME(args).
func commonFunction(name string, n int) string {
	switch name {
	case "NOW":
		return "CURRENT_TIMESTAMP"
	case "ILIKE":
		return "LOWER(?) LIKE LOWER(?)"
	case "CONCAT":
		return "(" + strings.TrimSuffix(strings.Repeat("? || ", n), " || ") + ")"
	}
	return ""
}

func (n *functionNode) render(r *renderer) {
	template := ""
	if !n.verbatim {
		if x, ok := r.dialect.(FuncDialect); ok {
			template = x.FuncSQL(strings.ToLower(n.name), len(n.args))
		}
		if template == "" {
			template = commonFunction(n.name, len(n.args))
		}
	}
	if template != "" {
		used := 0
		for piece, mark := range splitMarks(template) {
			r.text(piece)
			if mark && used < len(n.args) {
				r.operand(n.args[used])
				used++
			}
		}
		return
	}
	r.text(n.name)
	r.text(pick(n.distinct, "(DISTINCT ", "("))
	r.operands(n.args)
	r.text(")")
}

func (n *functionNode) parts(visit func(operand), _ func(*query)) {
	for _, a := range n.args {
		visit(a)
	}
}

// A wrapNode is an operand with text around it.
type wrapNode struct {
	before string
	a      operand
	after  string
}

func (n *wrapNode) render(r *renderer) {
	r.text(n.before)
	r.operand(n.a)
	r.text(n.after)
}

func (n *wrapNode) parts(visit func(operand), _ func(*query)) { visit(n.a) }

// A existsNode is EXISTS or NOT EXISTS.
type existsNode struct {
	q   *query
	not bool
}

func (n *existsNode) render(r *renderer) {
	r.text(pick(n.not, "NOT EXISTS (", "EXISTS ("))
	r.existsQuery(n.q)
	r.text(")")
}

func (n *existsNode) parts(_ func(operand), inner func(*query)) { inner(n.q) }

// A scalarNode is a subquery as a value.
type scalarNode struct{ q *query }

func (n *scalarNode) render(r *renderer) {
	r.text("(")
	r.subquery(n.q)
	r.text(")")
}

func (n *scalarNode) parts(_ func(operand), inner func(*query)) { inner(n.q) }

// A caseNode is CASE.
type caseNode struct {
	conds  []Condition
	values []operand
	other  operand
}

func (n *caseNode) render(r *renderer) {
	r.text("CASE")
	for i, c := range n.conds {
		r.text(" WHEN ")
		r.condition(c)
		r.text(" THEN ")
		r.operand(n.values[i])
	}
	if n.other != (operand{}) {
		r.text(" ELSE ")
		r.operand(n.other)
	}
	r.text(" END")
}

func (n *caseNode) parts(visit func(operand), _ func(*query)) {
	for i, c := range n.conds {
		visit(operand{node: c.node})
		visit(n.values[i])
	}
	if n.other != (operand{}) {
		visit(n.other)
	}
}

// A windowNode is OVER.
type windowNode struct {
	fn        operand
	partition []operand
	order     []Ordering
	frame     string
}

func (n *windowNode) render(r *renderer) {
	r.operand(n.fn)
	r.text(" OVER (")
	if len(n.partition) > 0 {
		r.text("PARTITION BY ")
		r.operands(n.partition)
	}
	if len(n.order) > 0 {
		r.text(pick(len(n.partition) > 0, " ORDER BY ", "ORDER BY "))
		r.orderings(n.order)
	}
	if n.frame != "" {
		r.text(" " + n.frame)
	}
	r.text(")")
}

func (n *windowNode) parts(visit func(operand), _ func(*query)) {
	visit(n.fn)
	for _, p := range n.partition {
		visit(p)
	}
	for _, o := range n.order {
		visit(o.o)
	}
}
