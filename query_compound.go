package ingot

import (
	"fmt"
	"slices"
)

// Union gives the instances of both queries, each once.
func (q Query[T]) Union(other Query[T]) Query[T] { return Query[T]{combine(" UNION ", &q.q, &other.q)} }

// UnionAll gives the instances of both queries, those of both twice.
func (q Query[T]) UnionAll(other Query[T]) Query[T] {
	return Query[T]{combine(" UNION ALL ", &q.q, &other.q)}
}

// Intersect gives the instances that both queries give.
func (q Query[T]) Intersect(other Query[T]) Query[T] {
	return Query[T]{combine(" INTERSECT ", &q.q, &other.q)}
}

// Except gives the instances that the other query does not give.
func (q Query[T]) Except(other Query[T]) Query[T] {
	return Query[T]{combine(" EXCEPT ", &q.q, &other.q)}
}

// Union gives the values of both queries, each once.
func (v Values[T]) Union(other Values[T]) Values[T] { return v.combine(" UNION ", other) }

// UnionAll gives the values of both queries, with repetitions.
func (v Values[T]) UnionAll(other Values[T]) Values[T] { return v.combine(" UNION ALL ", other) }

// Intersect gives the values that both queries give.
func (v Values[T]) Intersect(other Values[T]) Values[T] { return v.combine(" INTERSECT ", other) }

// Except gives the values that the other query does not give.
func (v Values[T]) Except(other Values[T]) Values[T] { return v.combine(" EXCEPT ", other) }

// A Common is a subquery with a variable of its own (a common table expression), for
// [Query.With].
type Common struct {
	v          any
	base, step *query
	targets    []Target
	at         any // the variable that the addresses of targets lie in
	err        error
}

// CTE makes r the variable of a subquery's rows. Its columns are the fields that the
// projection fills:
//
//	q := ingot.Select(u).With(ingot.CTE(r, totals)).JoinOn(r, ingot.C(&r.UserID).EqX(ingot.C(&u.ID)))
func CTE[R any](r *R, v Values[R]) Common {
	return Common{v: r, base: &v.q, targets: v.targets, at: v.base}
}

// Recursive makes r the variable of the rows of first, and of what next gives for rows
// found before, until it gives none. next uses r itself.
func Recursive[R any](r *R, first, next Values[R]) Common {
	c := CTE(r, first)
	c.step = &next.q
	if q, err := next.aligned(first); err != nil {
		c.err = err
	} else {
		c.step = q
	}
	return c
}

// With gives the query subqueries with variables of their own, which it selects or joins.
func (q Query[T]) With(ctes ...Common) Query[T] {
	q.q.ctes = with(q.q.ctes, ctes...)
	return q
}

// A compound is two queries made one, as what another one selects from.
type compound struct {
	op   string
	a, b *query
}

func combine(op string, a, b *query) query {
	q := query{root: a.root, from: &compound{op, a, b}}
	for _, part := range []*query{a, b} {
		if part.err != nil {
			q.fault(part.err)
		}
		if part.only != nil || part.deferred != nil || part.undeferred != nil || len(part.loads) > 0 {
			q.fault(fmt.Errorf("ingot:%sof queries with Only, Defer or Load: say that of the combined query", op))
		}
	}
	return q
}

func (v Values[T]) combine(op string, other Values[T]) Values[T] {
	b, err := other.aligned(v)
	if err != nil {
		v.q.fault(err)
		return v
	}
	q := combine(op, &v.q, b)
	for i, t := range v.targets {
		q.output = append(q.output, output{operand{node: partNode(i)}, t.output().scan})
	}
	return Values[T]{q: q, targets: v.targets, base: v.base}
}

// aligned is the query with its outputs in the order in which those of the model fill the
// same fields.
func (v Values[T]) aligned(model Values[T]) (*query, error) {
	if v.base == nil || model.base == nil {
		return &v.q, nil
	}
	at, _ := addrOf(v.base)
	from, _ := addrOf(model.base)
	q := v.q
	q.output = nil
	for _, want := range model.targets {
		p, typ := addrOf(want.p)
		i := slices.IndexFunc(v.targets, func(t Target) bool {
			x, _ := addrOf(t.p)
			return uintptr(x)-uintptr(at) == uintptr(p)-uintptr(from)
		})
		if i < 0 {
			return nil, fmt.Errorf("ingot: of two projections that are combined one fills a *%s that the other does not", typ)
		}
		q.output = append(q.output, v.targets[i].output())
	}
	if len(v.targets) != len(model.targets) {
		return nil, fmt.Errorf("ingot: two projections that are combined fill %d and %d fields", len(model.targets), len(v.targets))
	}
	return &q, nil
}

// A partNode is an output of the queries that a compound consists of.
type partNode int

func (n partNode) render(r *renderer) {
	r.column(r.scope.vars[0].alias, fmt.Sprintf("c%d", int(n)+1))
}

func (n partNode) parts(func(operand), func(*query)) {}

// compound writes two queries as a table.
func (r *renderer) compound(c *compound) {
	scope := r.scope
	r.scope = scope.outer // the parts do not see the variables of what selects from them
	r.inner++
	r.text("(")
	r.part(c.a)
	r.text(c.op)
	r.part(c.b)
	r.text(")")
	r.inner--
	r.scope = scope
}

// part writes one query of a compound. What has an order or a limit of its own, or is a
// compound itself, is wrapped, for not every database takes it as it is.
func (r *renderer) part(q *query) {
	if len(q.order) == 0 && !q.limited && q.offset == 0 && len(q.ctes) == 0 {
		r.selection(q, wantNamed, &rendered{})
		return
	}
	start := len(r.b)
	s := &rendered{}
	r.selection(q, wantNamed, s)
	inner := string(r.b[start:])
	r.b = r.b[:start]
	r.aliases++
	alias := r.aliases
	r.text("SELECT ")
	if q.output == nil {
		r.scanColumns(alias, s.cols)
	}
	for i := range q.output {
		r.sep(i, ", ")
		r.column(alias, fmt.Sprintf("c%d", i+1))
	}
	r.text(" FROM (")
	r.text(inner)
	r.text(") AS ")
	r.alias(alias)
}

// A cte is a common table expression in a statement.
type cte struct {
	p addr
	m *mapper // made for its variable
}

// common writes WITH and makes its variables known.
func (r *renderer) common(list []Common) {
	r.inner++
	word := "WITH "
	for _, c := range list {
		if c.step != nil {
			word = "WITH RECURSIVE "
		}
	}
	for _, c := range list {
		if c.err != nil {
			r.fail(c.err)
			return
		}
		r.aliases++
		name := fmt.Sprintf("cte%d", r.aliases)
		m, err := derivedMapper(c, name)
		if err != nil {
			r.fail(err)
			return
		}
		p, _ := addrOf(c.v)
		r.text(word)
		word = ", "
		r.ident(name)
		for i, col := range m.columns {
			r.text(pick(i > 0, ", ", " ("))
			r.ident(col.name)
		}
		r.text(") AS (")
		if c.step != nil {
			r.ctes = append(r.ctes, cte{p, m})
		}
		r.selection(c.base, wantRows, &rendered{})
		if c.step != nil {
			r.text(" UNION ALL ")
			r.selection(c.step, wantRows, &rendered{})
		} else {
			r.ctes = append(r.ctes, cte{p, m})
		}
		r.text(")")
	}
	r.text(" ")
	r.inner--
}

// commonOf returns the mapper of a variable of a common table expression; nil if it is
// none.
func (r *renderer) commonOf(p addr) *mapper {
	for i := len(r.ctes) - 1; i >= 0; i-- {
		if r.ctes[i].p == p && p != nil {
			return r.ctes[i].m
		}
	}
	return nil
}

// derivedMapper makes the mapper of a common table expression's variable.
func derivedMapper(c Common, name string) (*mapper, error) {
	p, typ := addrOf(c.v)
	at, _ := addrOf(c.at)
	if p == nil || at == nil {
		return nil, fmt.Errorf("ingot: CTE of a %T: it takes a variable and a projection, CTE(r, Project(q, r, Into(&r.Name, …)))", c.v)
	}
	fields := make([]derivedField, len(c.targets))
	for i, t := range c.targets {
		x, ft := addrOf(t.p)
		offset := uintptr(x) - uintptr(at)
		if x == nil || offset >= typ.Size() {
			return nil, fmt.Errorf("ingot: Into(%T, …) is no field of the projection's variable, a *%s", t.p, typ)
		}
		fields[i] = derivedField{offset, ft}
	}
	m, err := derive(typ, name, fields)
	if err != nil {
		return nil, within(fmt.Sprintf("CTE of a %T", c.v), err)
	}
	return m, nil
}
