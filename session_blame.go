package ingot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Blame: what the session knows of why the database refused a row.
//
// A plain struct does not tell which session it came from, so an instance of another one is
// taken for a new row with a key of its own choice. The database knows better, and here its
// answer is told in the words of the program. It costs nothing until then.

// blame adds to the refusal of a step which rows it was about and what to do.
func (st *step) blame(err error) error {
	var refused *ConstraintError
	if st.m == nil || !errors.As(err, &refused) {
		return err
	}
	var reasons []string
	for _, c := range st.changes {
		reason := ""
		switch {
		case refused.Kind == UniqueViolation && refused.isKeyOf(st.m):
			reason = st.f.keyTaken(c)
		case refused.Kind == ForeignKeyViolation && c.rekeyed():
			reason = st.f.keyHeld(c)
		}
		if reason != "" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	const most = 3
	switch n := len(reasons); {
	case n == 0:
		return err
	case n > most:
		reasons = append(reasons[:most], fmt.Sprintf("and so on for %d more rows of the statement", n-most))
	}
	return fmt.Errorf("%w; %s", err, strings.Join(reasons, "; "))
}

// isKeyOf reports whether the constraint is the primary key of the model's table.
func (e *ConstraintError) isKeyOf(m *mapper) bool {
	if len(e.Columns) == 0 {
		return e.Constraint == "PRIMARY" // what MySQL says, and says no more
	}
	return len(e.Columns) == len(m.key) && !slices.ContainsFunc(m.key, func(c *column) bool { return !slices.Contains(e.Columns, c.name) })
}

// keyTaken says whose key a row would have taken; empty if it was not its own choice.
func (f *flush) keyTaken(c *change) string {
	e := c.e
	if c.op != opInsert && !c.rekeyed() || c.before != nil && e.m.auto != nil && e.m.auto.codec.zero(e.m.auto.at(c.before)) {
		return ""
	}
	name := e.m.keyName(e.obj)
	key, ok := f.uniqueText(e.m.key, e.obj)
	if !ok {
		return ""
	}
	for _, other := range f.s.maps[e.m.index].all {
		if other == nil || other == e || other.work != nil && other.work.op == opDelete {
			continue
		}
		if k, ok := f.uniqueText(e.m.key, other.obj); !ok || k != key {
			continue
		}
		switch {
		case c.rekeyed():
			return fmt.Sprintf("%s changes its key to that of %s: delete or change that one too", e.name(), name)
		case other.state == Pending:
			return fmt.Sprintf("two instances were added as %s%s: add one of them", name, f.reachedBy(e))
		}
		return fmt.Sprintf("%s is in this session as another instance%s: change that one, or Merge this one into it", name, f.reachedBy(e))
	}
	if c.rekeyed() {
		return fmt.Sprintf("%s changes its key to %s, which may exist already", e.name(), name)
	}
	return fmt.Sprintf("%s%s may exist already: if it came from another session, Merge or Attach it; if it is new, leave its key to the database or choose another one",
		name, f.reachedBy(e))
}

// reachedBy says which relationship led to an instance that was not itself added.
func (f *flush) reachedBy(e *entry) string {
	if e.explicit {
		return ""
	}
	for _, c := range f.changes {
		for _, r := range c.e.m.relations {
			if r.target == e.m && r.cascade.has(cascadeSave) && slices.Contains(r.members(c.e.obj), e.obj) {
				return fmt.Sprintf(", reached by %s.%s,", c.e.name(), r.field)
			}
		}
	}
	return ""
}

// keyHeld says which foreign keys hold on to the key that a row gives up.
func (f *flush) keyHeld(c *change) string {
	var held []string
	for _, ref := range f.lay.refBy[c.e.m.index] {
		if ref.onUpdate != "CASCADE" && slices.ContainsFunc(ref.remote, func(col *column) bool { return col.differs(c.e.obj, c.e.snap) }) {
			held = append(held, ref.columnNames())
		}
	}
	if len(held) == 0 {
		return ""
	}
	return fmt.Sprintf("%s becomes %s, and rows refer to it by %s: give the foreign key onupdate:cascade, or deferrable:deferred where the database has that",
		c.e.name(), c.e.m.keyName(c.e.obj), strings.Join(held, " and "))
}
