package mysql

import (
	"slices"
	"strings"

	"ingot"
)

// Indexes of foreign keys. A foreign key needs an index, and the server makes one, named as it
// is, where no other serves; inspection does not show it. It goes by itself where one comes
// that serves, but only if the server has made it and not a statement, a dump's, say. So all
// that changes which foreign keys have such an index says what becomes of it.

// ownIndexed are the foreign keys of a table that have an index made for them. Of several over
// the same columns it is the last one's, and one whose columns begin another's needs none.
func ownIndexed(t *ingot.Table, srv *ingot.Server) (list []ingot.ForeignKey) {
	for i, f := range t.ForeignKeys {
		other := func(o ingot.ForeignKey) bool { return len(o.Columns) > len(f.Columns) && covers(o.Columns, f) }
		later := func(o ingot.ForeignKey) bool { return sameColumns(o, f) }
		if !covered(t, f, "", srv) && !slices.ContainsFunc(t.ForeignKeys, other) && !slices.ContainsFunc(t.ForeignKeys[i+1:], later) {
			list = append(list, f)
		}
	}
	return list
}

// alterKeys makes a table anew in its keys and indexes, in one statement with the indexes of
// its foreign keys and that of a column that counts.
func (w writer) alterKeys(table ingot.TableName, step ingot.Step, actions ...string) []string {
	t, after := w.around(table, step)
	drops, adds := w.moveIndexes(t, after)
	if after != nil {
		if from, to := counted(t, w.srv), counted(after, w.srv); from != "" && to == "" {
			drops = append(drops, "DROP INDEX "+ident(from))
		} else if from == "" && to != "" {
			adds = append(adds, addCounted(to))
		}
	}
	return []string{alter(table) + strings.Join(slices.Concat(adds, drops, actions), ", ")}
}

// around is the table before and after a step; nil where before does not say.
func (w writer) around(table ingot.TableName, step ingot.Step) (before, after *ingot.Table) {
	if w.before == nil || w.before.Table(table) == nil {
		return nil, nil
	}
	s := ingot.Schema{Tables: []ingot.Table{w.before.Table(table).Clone()}}
	if s.ApplySteps([]ingot.Step{step}) != nil {
		return nil, nil
	}
	return w.before.Table(table), &s.Tables[0]
}

// moveIndexes returns what a step takes away and adds for the foreign keys of a table, which is
// given as it is around the step.
func (w writer) moveIndexes(t, after *ingot.Table) (drops, adds []string) {
	if after == nil || len(t.ForeignKeys) == 0 && len(after.ForeignKeys) == 0 {
		return nil, nil
	}
	from, to := ownIndexed(t, w.srv), ownIndexed(after, w.srv)
	missing := func(in []ingot.ForeignKey, f ingot.ForeignKey) bool {
		return !slices.ContainsFunc(in, func(o ingot.ForeignKey) bool { return o.Name == f.Name && sameColumns(o, f) })
	}
	for _, f := range from {
		if missing(to, f) && f.Name != "" && !generatedName(t.Name, f.Name) {
			drops = append(drops, "DROP INDEX "+ident(f.Name))
		}
	}
	for _, f := range to {
		if missing(from, f) {
			adds = append(adds, addIndex(t.Name, f))
		}
	}
	return drops, adds
}

func addIndex(table string, f ingot.ForeignKey) string {
	name := f.Name
	if name == "" || generatedName(table, name) {
		name = f.Columns[0]
	}
	return "ADD INDEX " + ident(name) + " (" + idents(f.Columns) + ")"
}

// addForeignKey leaves the index to the server but where others go because of it.
func (w writer) addForeignKey(x ingot.AddForeignKey) ([]string, error) {
	def, err := foreignKeyDef(x.Table, x.ForeignKey)
	drops, adds := w.moveIndexes(w.around(x.Table, x))
	actions := []string{"ADD " + def}
	if drops != nil {
		actions = slices.Concat(drops, adds, actions)
	}
	return []string{alter(x.Table) + strings.Join(actions, ", ")}, err
}

// renameForeignKey drops the foreign key and adds it under the new name.
func (w writer) renameForeignKey(x ingot.RenamePart, f ingot.ForeignKey) ([]string, error) {
	drops, adds := w.moveIndexes(w.around(x.Table, x))
	gone := []string{"DROP FOREIGN KEY " + ident(x.From)}
	for _, o := range ownIndexed(w.before.Table(x.Table), w.srv) {
		if o.Name != x.From && sameColumns(o, f) { // made anew, it is not the server's, which would give it the new name
			gone = append(gone, "DROP INDEX "+ident(o.Name), addIndex(x.Table.Name, o))
		}
	}
	f.Name = x.To
	def, err := foreignKeyDef(x.Table, f)
	return []string{alter(x.Table) + strings.Join(gone, ", "), alter(x.Table) + strings.Join(slices.Concat(drops, adds, []string{"ADD " + def}), ", ")}, err
}

// covers reports whether an index over the columns serves the foreign key.
func covers(columns []string, f ingot.ForeignKey) bool {
	return len(columns) >= len(f.Columns) && slices.EqualFunc(columns[:len(f.Columns)], f.Columns, strings.EqualFold)
}

func sameColumns(a, b ingot.ForeignKey) bool {
	return len(a.Columns) == len(b.Columns) && covers(a.Columns, b)
}

// covered reports whether an index of the table, but for the one named, serves the foreign
// key.
func covered(t *ingot.Table, f ingot.ForeignKey, but string, srv *ingot.Server) bool {
	return covers(t.PrimaryKey.Columns, f) ||
		slices.ContainsFunc(t.Uniques, func(u ingot.Unique) bool { return (u.Name != but || but == "") && covers(u.Columns, f) }) ||
		slices.ContainsFunc(t.Indexes, func(i ingot.Index) bool { return (i.Name != but || but == "") && covers(columnsOf(i, srv), f) })
}

// generatedName reports whether the server named the foreign key; then the index has the
// name of a column, which may be taken.
func generatedName(table, name string) bool { return strings.HasPrefix(name, table+"_ibfk_") }

// columnsOf are the columns an index begins with, up to one that is not whole, or on MySQL goes
// backwards: what serves a foreign key.
func columnsOf(x ingot.Index, srv *ingot.Server) []string {
	var columns []string
	for _, p := range x.Parts {
		if p.Column == "" || p.Prefix > 0 || p.Desc && !isMariaDB(srv) {
			break
		}
		columns = append(columns, p.Column)
	}
	return columns
}
