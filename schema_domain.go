package ingot

import (
	"slices"
	"strings"
)

// Domains, as [Compare] has them. To every question about what its text means, a domain is
// answered as a table of one column is that has its type, its default and its checks.

// domainValue is the name of that column: in a check it stands for the value.
const domainValue = "value"

// table is the table that a domain is like.
func (d *Domain) table() Table {
	c := d.column()
	c.Name = domainValue
	return Table{Schema: d.Schema, Name: d.Name, Columns: []Column{c}, Checks: slices.Clone(d.Checks)}
}

// inTypeOrder sorts domains so that each follows those it is made of, and of equals the one
// that stood first.
func inTypeOrder(domains []Domain) []Domain {
	waiting := Schema{Domains: slices.Clone(domains)}
	var sorted []Domain
	for len(waiting.Domains) > 0 {
		i := slices.IndexFunc(waiting.Domains, func(d Domain) bool {
			over := waiting.domainOf(d.Type)
			return over == nil || over.name() == d.name()
		})
		i = max(i, 0) // a ring is the database's to refuse
		sorted = append(sorted, waiting.Domains[i])
		waiting.Domains = slices.Delete(waiting.Domains, i, i+1)
	}
	return sorted
}

// createDomains makes and changes domains. No model declares any.
func (c *comparison) createDomains() {
	if c.to.modeled {
		return
	}
	for _, d := range inTypeOrder(c.to.Domains) {
		if c.leavesOut(&d) {
			continue
		}
		if i := c.from.domainIndex(d.name()); i < 0 {
			for j := range d.Checks {
				d.Checks[j].AnyName = false
			}
			c.feedLater(&d)
			c.add(CreateDomain{d})
		} else if old := c.from.Domains[i]; !c.sameDomain(&old, &d) {
			c.feedLater(&d)
			c.add(AlterDomain{Old: old, New: d})
		}
	}
}

// dropDomains drops those that are gone, what is made of others first.
func (c *comparison) dropDomains() {
	for _, d := range slices.Backward(inTypeOrder(c.from.Domains)) {
		if c.dropsDomain(&d) {
			c.add(DropDomain{d})
		}
	}
}

func (c *comparison) dropsDomain(d *Domain) bool {
	return !c.to.modeled && !c.leavesOut(d) && c.to.domainIndex(d.name()) < 0 && c.mayDrop(Object{ObjectDomain, d.name(), ""})
}

// leavesOut reports whether the filter leaves a domain out. What it says of columns that stay
// holds all the same.
func (c *comparison) leavesOut(d *Domain) bool {
	return c.in != nil && !c.in(Object{ObjectDomain, d.name(), ""})
}

// keepsDomainOver reports whether a domain that stays is made of the enum.
func (c *comparison) keepsDomainOver(enum TableName) bool {
	for i := range c.from.Domains {
		d := &c.from.Domains[i]
		if j := c.to.domainIndex(d.name()); j >= 0 {
			d = &c.to.Domains[j]
		}
		if namedType(d.Type) == enum && !c.dropsDomain(d) {
			return true
		}
	}
	return false
}

// sameDomain compares two domains. Where they differ, b says as a does what means the same, so
// that a step from one to the other changes nothing else.
func (c *comparison) sameDomain(a, b *Domain) bool {
	from, to := c.normalTable(c.from, a.table()), c.normalTable(c.to, b.table())
	p, q := &from.Columns[0], &to.Columns[0]
	o := Object{ObjectDomain, a.name(), ""}
	anew := !c.sameType(p.Type, q.Type) || p.Collation != q.Collation
	same := !anew && p.Null == q.Null
	switch {
	case !c.sameText(TextPair{o, "default", p.Default, q.Default}):
		same = false
	case !anew:
		b.Default = a.Default
	}
	checks := match(c, from.Checks, to.Checks, func(k *Check) (*string, *bool) { return &k.Name, &k.AnyName }, func(x, y Check) bool {
		return c.sameText(TextPair{Object{ObjectDomain, a.name(), x.Name}, "check", x.Expr, y.Expr})
	})
	for _, pair := range checks.same {
		validate := pair.from.NotValid && !pair.to.NotValid
		kept := &b.Checks[slices.Index(to.Checks, pair.to)]
		if kept.Name = pair.from.Name; !anew {
			kept.Expr = pair.from.Expr
		}
		kept.NotValid = pair.from.NotValid && !validate
		same = same && !validate
	}
	for i := range b.Checks {
		b.Checks[i].AnyName = false
	}
	return same && len(checks.changed)+len(checks.gone)+len(checks.added) == 0
}

// domains is the schema that knows the domains which s speaks of.
func (c *comparison) domains(s *Schema) *Schema {
	if s.modeled {
		return c.from
	}
	return s
}

// collationOf is the collation that a domain gives its columns; empty for what is none.
func (s *Schema) collationOf(t Type) string {
	for range s.Domains { // more is a ring
		d := s.domainOf(t)
		if d == nil || strings.HasSuffix(string(t), "]") {
			return ""
		}
		if d.Collation != "" {
			return d.Collation
		}
		t = d.Type
	}
	return ""
}

// madeOf is what a domain, and what it is over, is made of in the end; t itself if it is none.
func (s *Schema) madeOf(t Type) Type {
	for range s.Domains { // more is a ring
		if d := s.domainOf(t); d != nil && !strings.HasSuffix(string(t), "]") {
			t = d.Type
		}
	}
	return t
}
