package ingot

import (
	"fmt"
	"math/bits"
)

// Joins. A query for instances gives each one once, so a join that may match several rows
// is no JOIN there but a condition: key IN (SELECT …), or EXISTS where that does not say
// it. What belongs together inside goes into one of them: the joins that hang on each
// other, and every condition that mentions them.
//
// Queries for values, and those that ask for duplicates, join as written.

// A joinPlan is how the joins and conditions of a SELECT are written.
type joinPlan struct {
	q      *query
	items  []joinItem
	groups []joinGroup
	outer  []Condition // conditions that mention no group
}

// A joinItem is a join, resolved.
type joinItem struct {
	*join
	rel   *relation // nil for JoinOn
	owner int       // source whose relation it is
	src   int       // its own source
	group int       // of the group it is in, -1 if it is written as a join
}

// A joinGroup is joins that are written as one condition.
type joinGroup struct {
	items []int
	conds []Condition
	used  bool // mentioned by a condition or an ordering
}

// planJoins resolves the joins and decides how they are written.
func (r *renderer) planJoins(q *query) *joinPlan {
	p := &r.plan
	if p.q != nil {
		p = new(joinPlan) // a subquery's
	}
	p.q = q
	if len(q.joins) == 0 {
		p.outer = q.where
		return p
	}
	if len(q.joins) > 60 {
		r.fail(fmt.Errorf("ingot: %d joins in one query; 60 are the most", len(q.joins)))
		return p
	}
	p.items = make([]joinItem, 0, len(q.joins))
	for i := range q.joins {
		j := &q.joins[i]
		item := joinItem{join: j, group: -1}
		if j.rel != nil {
			item.rel, item.owner = r.relationOf(j.rel)
			if item.rel == nil {
				r.fail(fmt.Errorf("ingot: Join(%T, …) is no relation of a variable of the query: Join(&u.Addresses, a), and what it starts from has to come first", j.rel))
				return p
			}
		}
		src := r.declare(j.v)
		if src == nil {
			return p
		}
		item.src = len(r.scope.vars) - 1
		if item.rel != nil {
			if item.rel.target != src.m {
				r.fail(fmt.Errorf("ingot: %s.%s leads to %s, and the variable joined is a *%s", item.rel.m.name, item.rel.field, item.rel.target.name, src.m.name))
				return p
			}
			if item.rel.kind == manyToMany {
				r.aliases++
				src.link = r.aliases
				if item.rel.link.model != nil {
					r.models = append(r.models, item.rel.link.model)
				}
			}
		}
		p.items = append(p.items, item)
	}
	if q.duplicates || q.distinct || q.output != nil || len(q.group) > 0 {
		p.outer = q.where
		return p
	}
	p.groupJoins(r)
	return p
}

// groupJoins finds what has to be a condition instead of a join.
func (p *joinPlan) groupJoins(r *renderer) {
	locks := p.q.lock.Update || p.q.lock.Share // a lock is for the rows of the root alone
	var multiplies uint64
	joined := make([]uint64, len(p.items)) // what an item hangs on, itself included
	for i, item := range p.items {
		joined[i] = 1 << i
		many := locks || item.rel == nil || item.rel.kind.toMany()
		for _, c := range item.on {
			joined[i] |= p.mentions(r, operand{node: c.node})
		}
		if item.rel != nil && item.owner > 0 {
			joined[i] |= 1 << (item.owner - 1)
		}
		if many || joined[i]&multiplies != 0 {
			multiplies |= 1 << i
		}
	}
	if multiplies == 0 {
		p.outer = p.q.where
		return
	}
	conds := flatten(nil, p.q.where)
	mentioned := make([]uint64, len(conds))
	set := newMerger(len(p.items))
	for i := range p.items {
		set.merge(joined[i] & multiplies)
	}
	for i, c := range conds {
		mentioned[i] = p.mentions(r, operand{node: c.node}) & multiplies
		set.merge(mentioned[i])
	}
	number := map[int]int{}
	for i := range p.items {
		if multiplies&(1<<i) == 0 {
			continue
		}
		head := set.head(i)
		g, ok := number[head]
		if !ok {
			g = len(p.groups)
			number[head] = g
			p.groups = append(p.groups, joinGroup{})
		}
		p.items[i].group = g
		p.groups[g].items = append(p.groups[g].items, i)
	}
	for i, c := range conds {
		if mentioned[i] == 0 {
			p.outer = append(p.outer, c)
			continue
		}
		g := &p.groups[p.items[bits.TrailingZeros64(mentioned[i])].group]
		g.conds, g.used = append(g.conds, c), true
	}
}

// flatten takes conditions out of the ANDs they are in.
func flatten(list, conds []Condition) []Condition {
	for _, c := range conds {
		if j, ok := c.node.(*junctionNode); ok && j.word == " AND " && len(j.conds) > 0 {
			list = flatten(list, j.conds)
		} else {
			list = append(list, c)
		}
	}
	return list
}

// A merger is sets of small numbers that merge (a disjoint-set forest).
type merger []int

func newMerger(n int) merger {
	m := make(merger, n)
	for i := range m {
		m[i] = i
	}
	return m
}

func (m merger) head(i int) int {
	for m[i] != i {
		i = m[i]
	}
	return i
}

func (m merger) merge(set uint64) {
	if set == 0 {
		return
	}
	first := m.head(bits.TrailingZeros64(set))
	for ; set != 0; set &= set - 1 {
		h := m.head(bits.TrailingZeros64(set))
		first, h = min(first, h), max(first, h)
		m[h] = first
	}
}

// mentions returns the joins whose variables an operand uses, as bits.
func (p *joinPlan) mentions(r *renderer, o operand) uint64 {
	var set uint64
	var visit func(operand)
	var shadows []any // variables of subqueries, which hide ours
	var inner func(*query)
	visit = func(o operand) {
		if o.field != nil {
			if i := r.sourceOf(o.field, shadows); i > 0 {
				set |= 1 << (i - 1)
			}
		} else if o.node != nil {
			o.node.parts(visit, inner)
		}
	}
	inner = func(q *query) {
		hidden := len(shadows)
		shadows = append(shadows, q.root)
		for _, j := range q.joins {
			shadows = append(shadows, j.v)
		}
		q.operands(visit)
		shadows = shadows[:hidden]
	}
	visit(o)
	return set
}

// operands shows all operands of a query.
func (q *query) operands(visit func(operand)) {
	conds := func(list []Condition) {
		for _, c := range list {
			visit(operand{node: c.node})
		}
	}
	for _, j := range q.joins {
		conds(j.on)
	}
	conds(q.where)
	conds(q.having)
	for _, o := range q.order {
		visit(o.o)
	}
	for _, o := range q.group {
		visit(o)
	}
	for _, o := range q.output {
		visit(o.operand)
	}
}

// sourceOf is the number of the source of this SELECT that a field lies in, or -1.
func (r *renderer) sourceOf(field any, hidden []any) int {
	p, _ := addrOf(field)
	if p == nil {
		return -1
	}
	for i, src := range r.scope.vars {
		if _, inside := src.m.within(src.p, p); inside {
			for _, v := range hidden {
				if h, _ := addrOf(v); h == src.p {
					return -1
				}
			}
			return i
		}
	}
	return -1
}

// joins writes the joins that are joins.
func (p *joinPlan) joins(r *renderer) {
	for i := range p.items {
		if p.items[i].group < 0 {
			p.join(r, i)
		}
	}
}

// join writes one join.
func (p *joinPlan) join(r *renderer, i int) {
	item := &p.items[i]
	src := r.scope.vars[item.src]
	r.text(pick(item.left, " LEFT JOIN ", " JOIN "))
	if src.link != 0 {
		r.text("(")
		p.target(r, item)
		r.text(")")
	} else {
		p.target(r, item)
	}
	r.text(" ON ")
	p.on(r, item)
}

// target writes the table of a join, with the link before it.
func (p *joinPlan) target(r *renderer, item *joinItem) {
	src := r.scope.vars[item.src]
	if src.link != 0 {
		r.table(item.rel.link.table)
		r.text(" AS ")
		r.alias(src.link)
		r.text(" JOIN ")
	}
	r.table(src.m.table)
	r.text(" AS ")
	r.alias(src.alias)
	if src.link != 0 {
		r.text(" ON ")
		for k, c := range item.rel.remote {
			r.sep(k, " AND ")
			r.column(src.alias, c.name)
			r.text(" = ")
			r.column(src.link, item.rel.link.right[k])
		}
	}
}

// on writes what ties a join to its owner, and the conditions that came with it.
func (p *joinPlan) on(r *renderer, item *joinItem) {
	if item.rel == nil {
		if len(item.join.on) == 0 {
			r.text("1 = 1")
		}
		r.conditions(item.join.on)
		return
	}
	src, owner := r.scope.vars[item.src], r.scope.vars[item.owner]
	for k, c := range item.rel.local {
		r.sep(k, " AND ")
		p.remote(r, item, src, k)
		r.text(" = ")
		r.column(owner.alias, c.name)
	}
	for _, c := range item.join.on {
		r.text(" AND ")
		r.condition(c)
	}
}

// remote writes the k-th column on the far side of what ties a join to its owner.
func (p *joinPlan) remote(r *renderer, item *joinItem, src source, k int) {
	if src.link != 0 {
		r.column(src.link, item.rel.link.left[k])
	} else {
		r.column(src.alias, item.rel.remote[k].name)
	}
}

// where writes the conditions, those that stand for joins included.
func (p *joinPlan) where(r *renderer) {
	word := " WHERE "
	next := func() {
		r.text(word)
		word = " AND "
	}
	for _, c := range p.outer {
		next()
		r.condition(c)
	}
	for i := range p.groups {
		g := &p.groups[i]
		first := &p.items[g.items[0]]
		if first.left && !g.used && p.allLeft(g) {
			for _, i := range g.items { // keeps every row: only mistakes in it matter
				for _, c := range p.items[i].on {
					r.check(operand{node: c.node})
				}
			}
			continue
		}
		next()
		owner := r.scope.vars[first.owner]
		if p.lacks(r, g) {
			p.without(r, g)
			continue
		}
		if p.tiesOnce(g) {
			r.column(owner.alias, first.rel.local[0].name)
			r.text(" IN (SELECT ")
			p.remote(r, first, r.scope.vars[first.src], 0)
			p.inside(r, g, true)
		} else {
			r.text("EXISTS (SELECT 1")
			p.inside(r, g, false)
		}
		r.text(")")
	}
}

// lacks reports whether the group is one left join of which the only condition says that
// nothing was found.
func (p *joinPlan) lacks(r *renderer, g *joinGroup) bool {
	item := &p.items[g.items[0]]
	if len(g.items) != 1 || !item.left || item.rel == nil || len(item.rel.local) != 1 || item.owner != 0 || len(g.conds) != 1 {
		return false
	}
	n, ok := g.conds[0].node.(*suffixNode)
	if !ok || n.text != " IS NULL" || n.a.field == nil || r.sourceOf(n.a.field, nil) != item.src {
		return false
	}
	c := r.columnOf(n.a)
	return c != nil && !c.nullable && !item.rel.local[0].nullable
}

// without writes such a group: NOT IN needs no index to be quick, where a join that finds
// nothing does.
func (p *joinPlan) without(r *renderer, g *joinGroup) {
	item := &p.items[g.items[0]]
	src := r.scope.vars[item.src]
	r.column(r.scope.vars[item.owner].alias, item.rel.local[0].name)
	r.text(" NOT IN (SELECT ")
	p.remote(r, item, src, 0)
	r.text(" FROM ")
	p.target(r, item)
	r.text(" WHERE ")
	p.remote(r, item, src, 0)
	r.text(" IS NOT NULL")
	for _, c := range item.join.on {
		r.text(" AND ")
		r.condition(c)
	}
	r.text(")")
}

func (p *joinPlan) allLeft(g *joinGroup) bool {
	for _, i := range g.items {
		if !p.items[i].left {
			return false
		}
	}
	return true
}

// tiesOnce reports whether one column ties the group to the rest: then IN says it, which
// databases answer from either side, without an index too.
func (p *joinPlan) tiesOnce(g *joinGroup) bool {
	first := &p.items[g.items[0]]
	if first.left || first.rel == nil || len(first.rel.local) != 1 {
		return false
	}
	for _, i := range g.items[1:] {
		item := &p.items[i]
		if item.rel == nil || item.owner == 0 || p.items[item.owner-1].group != first.group {
			return false
		}
	}
	return true
}

// inside writes the FROM and WHERE of a group. tied: the first join's tie is written
// outside.
func (p *joinPlan) inside(r *renderer, g *joinGroup, tied bool) {
	first := &p.items[g.items[0]]
	r.text(" FROM ")
	word := " WHERE "
	if first.left {
		r.aliases++
		r.text("(SELECT 1 AS one) AS ")
		r.alias(r.aliases)
		p.join(r, g.items[0])
	} else {
		p.target(r, first)
	}
	for _, i := range g.items[1:] {
		p.join(r, i)
	}
	if !first.left {
		switch {
		case !tied:
			r.text(word)
			word = " AND "
			p.on(r, first)
		default:
			for _, c := range first.join.on {
				r.text(word)
				word = " AND "
				r.condition(c)
			}
		}
	}
	for _, c := range g.conds {
		r.text(word)
		word = " AND "
		r.condition(c)
	}
}

// ordering writes a term of ORDER BY. By a variable of a group it is the least or
// greatest value of the rows that match.
func (p *joinPlan) ordering(r *renderer, o Ordering) {
	if len(p.groups) == 0 {
		r.ordering(o, nil)
		return
	}
	r.ordering(o, func(x operand) *column {
		set := p.mentions(r, x)
		group := -1
		for ; set != 0; set &= set - 1 {
			if g := p.items[bits.TrailingZeros64(set)].group; g >= 0 {
				group = g
			}
		}
		if group < 0 {
			return r.operand(x)
		}
		g := &p.groups[group]
		r.text(pick(o.desc, "(SELECT MAX(", "(SELECT MIN("))
		r.operand(x)
		r.text(")")
		p.inside(r, g, false)
		r.text(")")
		return nil
	})
}
