package ingot

import (
	"cmp"
	"slices"
	"strings"
)

// Views. A view is its text, and what it reads from are the names behind FROM and JOIN: one
// that happens to be an alias only costs a view that is made anew for nothing. Databases
// refuse to change what a view reads from, or change the view along with it, or leave it
// broken. So all views that are ours and read from what changes go first and come back last.

// diffViews returns the drops that come before all other steps, and what makes views after
// them.
func (c *comparison) diffViews(renames []Step) (gone, made []Step) {
	changes := c.changesUnderViews(renames)
	var dropped, remade, altered, same []View // those of from
	for _, v := range c.from.Views {
		w := c.findView(c.to, v.name())
		switch {
		case w == nil:
			if c.mayDrop(Object{ObjectView, v.name(), ""}) {
				dropped = append(dropped, v)
			}
		case v.SQL == "" || w.SQL == "":
		case slices.ContainsFunc(changes, func(ch viewChange) bool { return ch.under(v) }):
			remade = append(remade, v)
		case !c.sameText(TextPair{Object{ObjectView, v.name(), ""}, "view", v.SQL, w.SQL}):
			altered = append(altered, v)
		default:
			same = append(same, v)
		}
	}
	// What reads from a view that goes, if only for a moment, goes before it.
	for more := true; more; {
		more = false
		reads := func(v View) bool {
			return slices.ContainsFunc(slices.Concat(dropped, remade, altered), func(x View) bool { return x.name() != v.name() && readsFrom(v.SQL, x.Name) })
		}
		for _, list := range []*[]View{&same, &altered} {
			*list = slices.DeleteFunc(*list, func(v View) bool {
				is := reads(v)
				if is {
					remade, more = append(remade, v), true
				}
				return is
			})
		}
	}
	dropped = append(dropped, remade...)
	for _, v := range slices.Backward(inViewOrder(dropped)) {
		gone = append(gone, DropView{v})
	}
	for _, w := range inViewOrder(c.to.Views) {
		is := func(v View) bool { return c.tableKey(v.name()) == c.tableKey(w.name()) }
		old := slices.IndexFunc(altered, is)
		switch {
		case w.SQL == "":
		case old >= 0:
			made = append(made, AlterView{altered[old], w})
		case slices.ContainsFunc(remade, is), c.findView(c.from, w.name()) == nil:
			made = append(made, CreateView{w})
		}
	}
	return gone, made
}

// findView is the view that goes by the name; nil if there is none.
func (c *comparison) findView(s *Schema, name TableName) *View {
	key := c.tableKey(name)
	i := slices.IndexFunc(s.Views, func(v View) bool { return c.tableKey(v.name()) == key })
	if i < 0 {
		return nil
	}
	return &s.Views[i]
}

// A viewChange is a table that a view may read from and that changes: in some columns, or,
// without any, as a whole. One that only gets columns changes for those that read all it has.
// Or it is an enum or domain that is made anew.
type viewChange struct {
	table   string
	columns []string
	grows   bool
	typ     TableName
}

// under reports whether a view may read from what changes.
func (ch viewChange) under(v View) bool {
	if ch.typ.Name != "" {
		return hasName(v.SQL, ch.typ.Name)
	}
	if ch.grows {
		return readsFrom(v.SQL, ch.table) && readsAll(v.SQL)
	}
	return readsFrom(v.SQL, ch.table) &&
		(ch.columns == nil || readsAll(v.SQL) || slices.ContainsFunc(ch.columns, func(name string) bool { return mentions(name, v.SQL) }))
}

// readsFrom reports whether a query may read from a table or view of that name.
func readsFrom(text SQLText, name string) bool {
	const (
		elsewhere = iota
		from      // behind FROM or JOIN
		on        // behind ON or USING: a comma leads back
	)
	at := []int{elsewhere} // by depth of brackets
	for token := range sqlTokens(text) {
		here := &at[len(at)-1]
		switch token {
		case "(":
			inside := *here
			if inside == on {
				inside = elsewhere
			}
			at = append(at, inside)
			continue
		case ")":
			at = at[:max(1, len(at)-1)]
			continue
		case ",":
			if *here == on {
				*here = from
			}
			continue
		}
		word, quote := identOf(token)
		if quote == 0 {
			switch strings.ToLower(word) {
			case "from", "join", "straight_join", "table":
				*here = from
				continue
			case "on", "using":
				*here = on
				continue
			case "select", "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "union", "except", "intersect", "values":
				*here = elsewhere
				continue
			}
		}
		if *here == from && strings.EqualFold(word, name) {
			return true
		}
	}
	return false
}

// readsAll reports whether a view may read all columns of something without naming them. The
// star of a product or of count(*) stands behind something else.
func readsAll(text SQLText) bool {
	last := ""
	for token := range sqlTokens(text) {
		if token == "*" && slices.Contains([]string{"select", "distinct", "all", ",", "."}, strings.ToLower(last)) {
			return true
		}
		if strings.TrimSpace(token) != "" && !strings.HasPrefix(token, "--") && !strings.HasPrefix(token, "/*") {
			last = token
		}
	}
	return false
}

// hasName reports whether a name stands anywhere in a text, as that of a type, say.
func hasName(text SQLText, name string) bool {
	for token := range sqlTokens(text) {
		if word, _ := identOf(token); strings.EqualFold(word, name) {
			return true
		}
	}
	return false
}

// changesUnderViews lists what changes so that a view may be in the way of it.
func (c *comparison) changesUnderViews(renames []Step) (list []viewChange) {
	for _, s := range renames {
		switch s := s.(type) {
		case RenameTable:
			list = append(list, viewChange{table: s.From}, viewChange{table: s.To})
		case RenameColumn:
			list = append(list, viewChange{table: s.Table.Name, columns: []string{s.From, s.To}})
		}
	}
	for i := range c.dropped {
		list = append(list, viewChange{table: c.dropped[i].Name})
	}
	for _, d := range c.kept {
		if d.alterKey { // GROUP BY the key stands on it
			list = append(list, viewChange{table: d.table.Name})
		}
		if len(d.addColumns) > 0 {
			list = append(list, viewChange{table: d.table.Name, grows: true})
		}
		var columns []string
		for _, x := range d.dropColumns {
			columns = append(columns, x.Name)
		}
		for _, a := range d.alterColumns {
			if !c.sameColumnType(&a.Old, &a.New) || a.Old.Collation != a.New.Collation || a.Old.Generated != a.New.Generated || a.Old.Virtual != a.New.Virtual {
				columns = append(columns, a.Old.Name)
			}
		}
		for _, x := range d.old.Columns { // computed from them, it changes too
			if slices.ContainsFunc(columns, func(name string) bool { return mentions(name, x.Generated) }) {
				columns = append(columns, x.Name)
			}
		}
		if columns != nil {
			list = append(list, viewChange{table: d.table.Name, columns: columns})
		}
	}
	var retyped func(name TableName)
	retyped = func(name TableName) {
		if slices.ContainsFunc(list, func(ch viewChange) bool { return ch.typ == name }) {
			return
		}
		list = append(list, viewChange{typ: name})
		for _, t := range c.from.Tables {
			for _, x := range t.Columns {
				if x.Enum == name.String() || hasName(SQLText(x.Type), name.Name) { // an array of it, too
					list = append(list, viewChange{table: t.Name, columns: []string{x.Name}})
				}
			}
		}
		for _, d := range c.from.Domains {
			if hasName(SQLText(d.Type), name.Name) {
				retyped(d.name())
			}
		}
	}
	for _, e := range c.to.Enums { // one that only grows is made anew on the way back
		if i := c.from.enumIndex(e.name()); i >= 0 && !slices.Equal(c.from.Enums[i].Values, e.Values) {
			retyped(e.name())
		}
	}
	for _, d := range c.to.Domains { // arrays of one that is only checked anew make it anew
		if i := c.from.domainIndex(d.name()); i >= 0 {
			old, changed := c.from.Domains[i].clone(), d.clone()
			if !c.sameDomain(&old, &changed) {
				retyped(d.name())
			}
		}
	}
	return list
}

// inViewOrder sorts views by name, but each behind those it reads from. Where words that are
// no names of views make a ring of them, the first goes first.
func inViewOrder(views []View) (sorted []View) {
	waiting := slices.SortedFunc(slices.Values(views), func(a, b View) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	for len(waiting) > 0 {
		i := slices.IndexFunc(waiting, func(v View) bool {
			return !slices.ContainsFunc(waiting, func(x View) bool { return x.name() != v.name() && readsFrom(v.SQL, x.Name) })
		})
		i = max(i, 0)
		sorted = append(sorted, waiting[i])
		waiting = slices.Delete(waiting, i, i+1)
	}
	return sorted
}
