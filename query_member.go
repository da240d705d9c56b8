package ingot

import (
	"errors"
	"fmt"
)

// MemberOf holds if the row of v, a variable of the query, is a member of a relationship of
// an instance: MemberOf(o, user, &user.Orders). It reads the instance's key, not the
// relationship, which may be too big to load. Append to it works without loading, too, and
// a query counts it, looks for one member, or reads a page:
//
//	n, err := ingot.Select(o).Where(ingot.MemberOf(o, user, &user.Orders)).Count(ctx, s)
func MemberOf(v, instance, rel any) Condition {
	return Condition{&memberOfNode{v, instance, rel}}
}

type memberOfNode struct{ v, instance, rel any }

func (n *memberOfNode) render(r *renderer) {
	src, rel, owner, err := n.resolve(r)
	if err != nil {
		r.fail(err)
		return
	}
	r.models = append(r.models, rel.m)
	values := make([]any, len(rel.local))
	for k, c := range rel.local {
		if values[k], err = c.valueOf(owner, &r.db.enc); err != nil {
			r.fail(err)
			return
		}
		if values[k] == nil { // NULL refers to nothing
			r.text("1 = 0")
			return
		}
	}
	link := 0
	if rel.link != nil {
		r.aliases++
		link = r.aliases
		if rel.link.model != nil {
			r.models = append(r.models, rel.link.model)
		}
		r.text("EXISTS (SELECT 1 FROM ")
		r.table(rel.link.table)
		r.text(" AS ")
		r.alias(link)
		r.text(" WHERE ")
		for k, c := range rel.remote {
			r.column(link, rel.link.right[k])
			r.text(" = ")
			r.column(src.alias, c.name)
			r.text(" AND ")
		}
	}
	for k := range rel.local {
		r.sep(k, " AND ")
		if link != 0 {
			r.column(link, rel.link.left[k])
		} else {
			r.column(src.alias, rel.remote[k].name)
		}
		r.text(" = ")
		r.bind(values[k])
	}
	if link != 0 {
		r.text(")")
	}
}

// resolve finds the variable, the relation and the instance.
func (n *memberOfNode) resolve(r *renderer) (src *source, rel *relation, owner addr, err error) {
	m, err := r.db.models.mapperOf(n.instance)
	if err != nil {
		return nil, nil, nil, within("MemberOf", err)
	}
	if owner, _ = addrOf(n.instance); owner == nil {
		return nil, nil, nil, fmt.Errorf("ingot: MemberOf: a nil %T has no members", n.instance)
	}
	if field, typ := addrOf(n.rel); field != nil {
		if offset, inside := m.within(owner, field); inside {
			rel = m.relationAt(offset, typ)
		}
	}
	if rel == nil {
		return nil, nil, nil, fmt.Errorf("ingot: MemberOf: %T is no relationship of the %s given: MemberOf(o, user, &user.Orders)", n.rel, m.name)
	}
	if rel.kind != manyToOne && m.auto != nil && m.auto.codec.zero(m.auto.at(owner)) {
		return nil, nil, nil, fmt.Errorf("ingot: MemberOf: the %s has no key yet: flush first", m.name)
	}
	p, _ := addrOf(n.v)
	for sc := r.scope; sc != nil && p != nil; sc = sc.outer {
		for i := range sc.vars {
			if src := &sc.vars[i]; src.p == p && src.m == rel.target {
				return src, rel, owner, nil
			}
		}
	}
	if p == nil {
		return nil, nil, nil, errors.New("ingot: MemberOf of nil: give it a variable of the query")
	}
	return nil, nil, nil, fmt.Errorf("ingot: MemberOf: %T is no variable of the query for the %s in %s.%s", n.v, rel.target.name, m.name, rel.field)
}

func (n *memberOfNode) parts(visit func(operand), _ func(*query)) { visit(operand{field: n.v}) }
