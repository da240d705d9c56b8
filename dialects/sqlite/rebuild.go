package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ingot"
)

// Copy and swap. ALTER TABLE of SQLite adds plain columns, drops those nothing uses, and
// renames. All else makes the table anew under another name, copies the rows, drops the old
// one and takes its name, in the order of https://www.sqlite.org/lang_altertable.html, 7.
//
// Which way is taken follows from the definitions alone, never from the rows of the day:
// adding a NOT NULL column without default would work on an empty table and fail later.
//
// Three traps are closed. To drop a table while foreign keys are enforced deletes its rows
// first, and with them those of children that cascade; so foreign_keys has to be off, which
// a transaction cannot change: BeginMigration does it, and a guard in front of each rebuild
// refuses to run otherwise. To take the name over checks all views, one of which names the
// table that is not there, unless legacy_alter_table is on. And the old table has to go
// before the new one takes its name: renamed away, it would take along the foreign keys that
// refer to it.

// alterTable renders the first steps of a list, which change parts of one table.
func alterTable(steps []ingot.Step, before *ingot.Schema, srv *ingot.Server) ([]string, int, error) {
	name, ok := stepTable(steps[0])
	if !ok {
		return nil, 0, fmt.Errorf("%T is not a step: give steps as values, not as pointers", steps[0])
	}
	switch s := steps[0].(type) {
	case ingot.CreateIndex:
		text, err := indexText(name.Schema, name.Name, &s.Index)
		return []string{text}, 1, err
	case ingot.DropIndex:
		return []string{"DROP INDEX " + qualified(name.Schema, s.Index.Name)}, 1, nil
	}
	if before == nil {
		return nil, 0, errors.New("SQLite may have to make the table anew: that needs a live database or a given definition")
	}
	t := before.Table(name)
	if t == nil {
		return nil, 0, fmt.Errorf("there is no table %s", name)
	}
	group := 1
	for group < len(steps) {
		if next, ok := stepTable(steps[group]); !ok || next != name {
			break
		}
		group++
	}
	steps = withKept(steps[:group], t)
	if texts, ok, err := alterInPlace(steps, t); ok || err != nil {
		return texts, group, err
	}
	after := before.Clone()
	if err := after.ApplySteps(steps); err != nil {
		return nil, 0, err
	}
	texts, err := rebuild(before, t, after.Table(name), steps, srv)
	return texts, group, err
}

// withKept adds to the new options of a table those that models cannot say.
func withKept(steps []ingot.Step, t *ingot.Table) []ingot.Step {
	steps = slices.Clone(steps)
	for i, s := range steps {
		a, ok := s.(ingot.AlterTable)
		if !ok {
			continue
		}
		a.NewOptions = slices.Clone(a.NewOptions)
		for _, o := range t.Options {
			if isKept(o) && !slices.Contains(a.OldOptions, o) {
				a.NewOptions = append(a.NewOptions, o)
			}
		}
		steps[i] = a
	}
	return steps
}

// alterInPlace renders steps on one table none of which needs a rebuild; ok is false if one
// does.
func alterInPlace(steps []ingot.Step, t *ingot.Table) (texts []string, ok bool, err error) {
	now := &ingot.Schema{Tables: []ingot.Table{t.Clone()}}
	for i := 0; i < len(steps); {
		t := &now.Tables[0]
		more, n, err := addColumns(steps[i:], t)
		if err != nil {
			return nil, false, err
		}
		if n == 0 {
			n = 1
			more, ok, err = alterOne(steps[i], t)
			if !ok || err != nil {
				return nil, false, err
			}
		}
		texts = append(texts, more...)
		if err := now.ApplySteps(steps[i : i+n]); err != nil {
			return nil, false, err
		}
		i += n
	}
	return texts, true, nil
}

// addColumns renders the steps in front that add columns of a kind that ADD COLUMN takes,
// with the foreign keys and checks of those columns alone. n is how many they are.
func addColumns(steps []ingot.Step, t *ingot.Table) (texts []string, n int, err error) {
	type addition struct {
		column *ingot.Column
		text   string
	}
	var added []addition
	find := func(columns ...string) *addition {
		for i := range added {
			if len(columns) == 1 && sameName(added[i].column.Name, columns[0]) {
				return &added[i]
			}
		}
		return nil
	}
	strict := option(t, optStrict)
	for _, step := range steps {
		taken := false
		switch s := step.(type) {
		case ingot.AddColumn:
			if addable(&s.Column) {
				text, err := columnText(t, &s.Column, strict, false, "")
				if err != nil {
					return nil, 0, err
				}
				added = append(added, addition{&s.Column, text})
				taken = true
			}
		case ingot.AddForeignKey:
			// With a default, the rows there are would refer to something at once.
			if a := find(s.ForeignKey.Columns...); a != nil && a.column.Null && a.column.Default == "" && a.column.Generated == "" {
				text, err := referencesText(t, &s.ForeignKey)
				if err != nil {
					return nil, 0, err
				}
				a.text += constraintName(s.ForeignKey.Name) + text
				taken = true
			}
		case ingot.AddCheck:
			if a := checked(s.Check.Expr, func(name string) *addition { return find(name) }); a != nil {
				a.text += constraintName(s.Check.Name) + " CHECK " + parens(s.Check.Expr)
				taken = true
			}
		}
		if !taken {
			break
		}
		n++
	}
	for _, a := range added {
		texts = append(texts, "ALTER TABLE "+qualified(t.Schema, t.Name)+" ADD COLUMN "+a.text)
	}
	return texts, n, nil
}

// checked is the added column that a check is about, if it names no other added one.
func checked[T any](expr ingot.SQLText, find func(string) *T) *T {
	var only *T
	for _, tok := range scan(string(expr)) {
		name, ok := tok.name()
		if !ok || tok.kind == tokenString {
			continue
		}
		if a := find(name); a != nil {
			if only != nil && only != a {
				return nil
			}
			only = a
		}
	}
	return only
}

// addable reports whether ADD COLUMN takes the column whatever rows the table has.
func addable(c *ingot.Column) bool {
	switch {
	case c.Generated != "":
		return c.Virtual && c.Null
	case c.Default == "":
		return c.Null
	case !constant(c.Default):
		return false
	}
	return c.Null || !core(string(c.Default))[0].is("null")
}

// alterOne renders a step that needs no rebuild; ok is false for one that does.
func alterOne(step ingot.Step, t *ingot.Table) (texts []string, ok bool, err error) {
	switch s := step.(type) {
	case ingot.CreateIndex:
		text, err := indexText(t.Schema, t.Name, &s.Index)
		return []string{text}, true, err
	case ingot.DropIndex:
		return []string{"DROP INDEX " + qualified(t.Schema, s.Index.Name)}, true, nil
	case ingot.RenamePart:
		for _, x := range t.Indexes {
			if s.Kind == ingot.ObjectIndex && x.Name == s.From {
				x.Name = s.To
				text, err := indexText(t.Schema, t.Name, &x)
				return []string{"DROP INDEX " + qualified(t.Schema, s.From), text}, true, err
			}
		}
		return nil, false, nil
	case ingot.DropColumn:
		return dropColumn(s, t)
	case ingot.AlterColumn:
		// A comment, say, leaves no trace.
		after := &ingot.Schema{Tables: []ingot.Table{t.Clone()}}
		if err := after.Apply(s); err != nil {
			return nil, false, err
		}
		old, err := tableText(t, t.Name)
		if err != nil {
			return nil, false, err
		}
		text, err := tableText(&after.Tables[0], t.Name) // an error is one only if no step behind makes up for it
		return nil, err == nil && text == old && s.Using == "", nil
	case ingot.AlterTable:
		return nil, sameTableOptions(s.OldOptions, s.NewOptions), nil
	}
	return nil, false, nil
}

func sameTableOptions(a, b []ingot.Option) bool {
	for _, o := range a {
		if !isKept(o) && !slices.Contains(b, o) {
			return false
		}
	}
	for _, o := range b {
		if !isKept(o) && !slices.Contains(a, o) {
			return false
		}
	}
	return true
}

// dropColumn renders a column taken away by ALTER, after the indexes on it alone. What else
// the table says of the column needs a rebuild; views and triggers that use it are SQLite's
// to find, and it names them.
func dropColumn(s ingot.DropColumn, t *ingot.Table) (texts []string, ok bool, err error) {
	is := func(name string) bool { return sameName(name, s.Column.Name) }
	uses := func(e ingot.SQLText) bool { return mentions(e, s.Column.Name) }
	used := slices.ContainsFunc(t.PrimaryKey.Columns, is) ||
		slices.ContainsFunc(t.Uniques, func(u ingot.Unique) bool { return slices.ContainsFunc(u.Columns, is) }) ||
		slices.ContainsFunc(t.ForeignKeys, func(f ingot.ForeignKey) bool { return slices.ContainsFunc(f.Columns, is) }) ||
		slices.ContainsFunc(t.Checks, func(c ingot.Check) bool { return uses(c.Expr) }) ||
		slices.ContainsFunc(t.Columns, func(c ingot.Column) bool { return uses(c.Generated) })
	if used {
		return nil, false, nil
	}
	for _, x := range t.Indexes {
		on := false
		for _, p := range x.Parts {
			on = on || is(p.Column)
			if uses(p.Expr) {
				return nil, false, nil
			}
		}
		if uses(x.Where) {
			return nil, false, nil
		}
		if on && len(x.Parts) > 1 {
			return nil, false, fmt.Errorf("index %s stands on column %s and others: drop it first", x.Name, s.Column.Name)
		}
		if on {
			texts = append(texts, "DROP INDEX "+qualified(t.Schema, x.Name))
		}
	}
	return append(texts, "ALTER TABLE "+qualified(t.Schema, t.Name)+" DROP COLUMN "+ident(s.Column.Name)), true, nil
}

// mentions reports whether an expression has the name in it.
func mentions(e ingot.SQLText, name string) bool {
	for _, tok := range scan(string(e)) {
		if n, ok := tok.name(); ok && tok.kind != tokenString && sameName(n, name) {
			return true
		}
	}
	return false
}

// rebuild makes the table anew as after has it.
func rebuild(before *ingot.Schema, t, after *ingot.Table, steps []ingot.Step, srv *ingot.Server) ([]string, error) {
	temp := rebuildPrefix + t.Name
	for _, u := range before.Unsupported {
		switch {
		case u.Kind == "leftover table" && u.Name == strings.TrimPrefix(t.Schema+"."+temp, "."):
			return nil, fmt.Errorf("table %s is there already, left over from a change that did not finish: see that its rows are in %s too, then drop it", temp, t.Name)
		case u.Kind == "table definition" && u.Name == strings.TrimPrefix(t.Schema+"."+t.Name, "."):
			return nil, fmt.Errorf("the table has to be made anew, and its definition is not understood: %s", u.Reason)
		}
	}
	create, err := tableText(after, temp)
	if err != nil {
		return nil, err
	}
	triggers, err := triggersOf(before, t)
	if err != nil {
		return nil, err
	}
	schema := func(name string) string { return qualified(t.Schema, name) }

	var texts []string
	if srv == nil || srv.AtLeast(3, 38) {
		// The message of the error is the path, which no JSON text has.
		texts = append(texts, "SELECT json_extract('{}', 'foreign_keys must be off before BEGIN') FROM pragma_foreign_keys WHERE foreign_keys = 1")
	}
	texts = append(texts, "PRAGMA legacy_alter_table=ON", create)
	if to, from := copied(t, after, steps); len(to) > 0 {
		// OR ABORT: the table's own ON CONFLICT might drop rows that clash.
		texts = append(texts, "INSERT OR ABORT INTO "+schema(temp)+" ("+strings.Join(to, ", ")+") SELECT "+strings.Join(from, ", ")+" FROM "+schema(t.Name))
	}
	if option(t, optAutoincrement) && option(after, optAutoincrement) {
		sequence := schema("sqlite_sequence")
		texts = append(texts,
			"DELETE FROM "+sequence+" WHERE name = "+literal(temp),
			"INSERT INTO "+sequence+" (name, seq) SELECT "+literal(temp)+", seq FROM "+sequence+" WHERE name = "+literal(t.Name)+" COLLATE NOCASE")
	}
	texts = append(texts,
		"DROP TABLE "+schema(t.Name),
		"ALTER TABLE "+schema(temp)+" RENAME TO "+ident(after.Name))
	for i := range after.Indexes {
		text, err := indexText(t.Schema, after.Name, &after.Indexes[i])
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	texts = append(texts, triggers...)
	texts = append(texts, "PRAGMA legacy_alter_table=OFF")
	if usedElsewhere(before, steps) {
		// To rename a column, of whatever table, SQLite reads all views and triggers again
		// and names the one that is broken.
		check := schema(rebuildPrefix + "check")
		texts = append(texts,
			"CREATE TABLE "+check+" (a)",
			"ALTER TABLE "+check+" RENAME COLUMN a TO b",
			"DROP TABLE "+check)
	}
	return texts, nil
}

// usedElsewhere reports whether a view or trigger may use a column that the steps drop.
func usedElsewhere(before *ingot.Schema, steps []ingot.Step) bool {
	for _, step := range steps {
		s, ok := step.(ingot.DropColumn)
		if !ok {
			continue
		}
		uses := func(text ingot.SQLText) bool { return mentions(text, s.Column.Name) }
		if slices.ContainsFunc(before.Views, func(v ingot.View) bool { return uses(v.SQL) }) ||
			slices.ContainsFunc(before.Unsupported, func(u ingot.Unsupported) bool { return uses(u.SQL) }) {
			return true
		}
	}
	return false
}

// copied lists the columns that keep their values, and what these are taken from. A hidden
// rowid is kept too: full-text tables, say, refer to it.
func copied(t, after *ingot.Table, steps []ingot.Step) (to, from []string) {
	using := map[string]string{}
	fresh := map[string]bool{}
	for _, step := range steps {
		switch s := step.(type) {
		case ingot.AddColumn:
			fresh[fold(s.Column.Name)] = true
		case ingot.AlterColumn:
			if s.Using != "" {
				using[fold(s.New.Name)] = parens(s.Using)
			}
		}
	}
	if !option(t, optWithoutRowID) && !option(after, optWithoutRowID) && rowidColumn(t) == "" && rowidColumn(after) == "" {
		for _, name := range []string{"rowid", "_rowid_", "oid"} {
			if _, taken := findColumn(after, name); taken {
				continue
			}
			if _, taken := findColumn(t, name); !taken {
				to, from = append(to, name), append(from, name)
				break
			}
		}
	}
	for _, c := range after.Columns {
		old, ok := findColumn(t, c.Name)
		if !ok || fresh[fold(c.Name)] || c.Generated != "" {
			continue
		}
		to = append(to, ident(c.Name))
		e := using[fold(c.Name)]
		if e == "" {
			e = ident(old)
			// A column takes what its affinity makes of the values, and keeps what it
			// cannot change. STRICT refuses that, though bytes can be text and the reverse.
			was, is := typeName(t.Column(old).Type, option(t, optStrict)), typeName(c.Type, true)
			if option(after, optStrict) && (was == "BLOB") != (is == "BLOB") && (is == "BLOB" || is == "TEXT") {
				e = "CAST(" + e + " AS " + is + ")"
			}
		}
		from = append(from, e)
	}
	return to, from
}

// triggersOf are the statements that made the triggers of a table, and indexes whose text
// was not understood: they go with the table and have to be made again.
func triggersOf(before *ingot.Schema, t *ingot.Table) ([]string, error) {
	var texts []string
	for _, u := range before.Unsupported {
		if u.Kind != "trigger" && u.Kind != "index" || u.SQL == "" {
			continue
		}
		if !strings.HasPrefix(u.Name, strings.TrimPrefix(t.Schema+"."+t.Name+".", ".")) || !sameName(tableAfterOn(string(u.SQL)), t.Name) {
			continue
		}
		if t.Schema != "" {
			return nil, fmt.Errorf("the table has to be made anew, and %s %s of an attached database would be lost: drop it first", u.Kind, u.Name)
		}
		texts = append(texts, string(u.SQL))
	}
	return texts, nil
}

// tableAfterOn is the table that a CREATE TRIGGER or CREATE INDEX statement is on.
func tableAfterOn(text string) string {
	p := newParser(text)
	p.must("create")
	p.take("unique")
	p.i++ // TRIGGER or INDEX
	p.objectName()
	for !p.end() && !p.take("on") {
		p.i++
	}
	name := p.needName()
	if p.mark(".") {
		name = p.needName()
	}
	return name
}
