package ingot

import (
	"fmt"
	"strings"
)

// A FieldError reports a field that a user chose and may not use.
type FieldError struct {
	Name    string
	Allowed []string // names of the columns allowed
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("ingot: no field %q to sort or filter by; there are %s", e.Name, strings.Join(e.Allowed, ", "))
}

// Field is the column that a user has chosen by name, out of those allowed, which are
// given by address: Field(u, r.FormValue("sort"), &u.Name, &u.Email).Desc(). The name is
// that of the column or of the Go field. Any other name is a [*FieldError] of the query.
// Values compared with are converted to the column's type.
func Field[T any](u *T, name string, allowed ...any) Col[any] {
	return Col[any]{expr[any]{operand{node: &chosenNode{u, name, clip(allowed)}}}}
}

// A chosenNode is a column chosen by name.
type chosenNode struct {
	v       any
	name    string
	allowed []any
}

// column finds the column.
func (n *chosenNode) column(r *renderer) (*source, *column) {
	e := &FieldError{Name: n.name}
	for _, f := range n.allowed {
		src, c := r.resolve(f)
		if c == nil {
			return nil, nil
		}
		if src.v != n.v {
			r.fail(fmt.Errorf("ingot: Field of a *%s allows a field of another variable, a *%s", goType(n.v), src.m.name))
			return nil, nil
		}
		if n.name == c.name || strings.EqualFold(n.name, c.field) {
			return src, c
		}
		e.Allowed = append(e.Allowed, c.name)
	}
	r.fail(e)
	return nil, nil
}

func (n *chosenNode) render(r *renderer) { r.operand(operand{node: n}) }

func (n *chosenNode) parts(visit func(operand), _ func(*query)) {
	for _, f := range n.allowed {
		visit(operand{field: f})
	}
}
