package ingot

import (
	"errors"
	"fmt"
	"slices"
)

// Assignments: columns that get the value of an SQL expression at a flush.

// An assignment is what [Session.Set] was told about one instance.
type assignment struct {
	cols []*column
	sets []Assignment
	args int // parameters of the expressions
}

// Set gives columns of an instance the values of expressions, which the database works out
// when the next flush writes the row:
//
//	err := s.Set(post, ingot.C(&post.Votes).SetX(ingot.Add(ingot.C(&post.Votes), ingot.Value(1))))
//
// The instance stands for its row in the expressions, and has the new values after the
// flush. Until then it has the old ones; a field that was edited cannot be Set as well. A
// pending instance has no row yet that an expression could read.
// Rollback, Expire and Refresh take it back. Keys, foreign keys and versions are not Set.
//
// The next Flush or Commit returns the error again, so it need not be checked here.
func (s *Session) Set(x any, sets ...Assignment) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	err := s.assign(x, sets)
	if err != nil {
		err = within("Set", err)
		s.mistakes = append(s.mistakes, err)
	}
	return err
}

func (s *Session) assign(x any, sets []Assignment) error {
	m, p, err := s.writable(x)
	if err != nil {
		return err
	}
	e := s.find(m, p)
	if e == nil || e.state != Pending {
		if e, err = s.persistent(x); err != nil {
			return err
		}
	}
	a := s.assigned[e]
	r := s.db.newRenderer()
	defer r.free()
	r.beside(e)
	for _, set := range sets {
		c := r.columnOf(set.column)
		r.operand(set.value)
		switch {
		case r.err != nil:
			return within(e.name(), r.err)
		case c == nil:
			return fmt.Errorf("%s: something that is no column is given a value", e.name())
		}
		if why := unassignable(c); why != "" {
			return fmt.Errorf("%s.%s %s", e.name(), c.field, why)
		}
		if a == nil {
			a = &assignment{}
			if s.assigned == nil {
				s.assigned = map[*entry]*assignment{}
			}
			s.assigned[e] = a
		}
		if slices.Contains(a.cols, c) {
			return fmt.Errorf("%s.%s is Set twice: flush in between", e.name(), c.field)
		}
		a.cols, a.sets, a.args = append(a.cols, c), append(a.sets, set), len(r.args)
	}
	if len(sets) == 0 {
		return errors.New("nothing: give it assignments, ingot.C(&x.Field).SetX(…)")
	}
	return nil
}

// unassignable says why a column does not take an expression; empty if it does.
func unassignable(c *column) string {
	switch {
	case c.pk:
		return "is of the key, which has to be known: assign to the field"
	case c.readOnly:
		return "is read-only"
	case c.version:
		return "is the version, which moves with every update by itself"
	case slices.ContainsFunc(c.m.foreignKeys, func(k *foreignKey) bool { return slices.Contains(k.columns, c) }):
		return "is a foreign key, which has to be known: assign to the field or the relationship"
	}
	return ""
}

// assign adds what is Set to a row about to be written.
func (c *change) assign() error {
	for _, col := range c.assigned.columns() {
		edited := slices.Contains(c.cols, col)
		if c.op == opInsert {
			edited = !col.codec.zero(col.at(c.e.obj))
		}
		if edited {
			return fmt.Errorf("%s.%s was edited and is Set to an expression: do one of them, or flush in between", c.e.name(), col.field)
		}
		if c.op == opUpdate {
			c.sets(col)
		}
	}
	return nil
}

// columns are those that are Set.
func (a *assignment) columns() []*column {
	if a == nil {
		return nil
	}
	return a.cols
}

// inOrder brings the columns of an UPDATE into an order in which each is read before it is
// set, for servers where an expression sees what stands before it.
func (a *assignment) inOrder(e *entry, cols []*column) ([]*column, error) {
	values := make([]operand, len(cols))
	for i, c := range cols {
		if x := a.of(c); x != nil {
			values[i] = *x
		}
	}
	order, stuck := setOrder(cols, values, e.obj)
	if stuck != "" {
		return nil, fmt.Errorf("ingot: %s: %s: flush in between", e.name(), stuck)
	}
	sorted := make([]*column, len(cols))
	for i, k := range order {
		sorted[i] = cols[k]
	}
	return sorted, nil
}

// of returns the expression that a column is Set to; nil if it is to have its field's value.
func (a *assignment) of(c *column) *operand {
	if a == nil {
		return nil
	}
	if i := slices.Index(a.cols, c); i >= 0 {
		return &a.sets[i].value
	}
	return nil
}

// beside makes an instance the variable of a statement that writes its row.
func (r *renderer) beside(e *entry) {
	r.enter()
	r.target = e.m
	r.unwritten = e.state == Pending
	if src := r.declare(e.m.instance(e.obj)); src != nil {
		src.alias = 0
	}
}

// expression writes an expression in which an instance stands for its row.
func (w *writer) expression(e *entry, x *operand) {
	r := w.db.newRenderer()
	defer r.free()
	r.beside(e)
	r.b, r.args = w.b, w.args
	r.operand(*x)
	w.b, w.args = r.b, r.args
	if w.err == nil {
		w.err = r.err
	}
}
