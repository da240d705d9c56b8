package ingot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Autogenerate: the steps from the live database to the models. It refuses to guess. What
// looks like a rename, and what would fail on a table with rows, is a question; the answer
// comes with the next call and is written into the revision.

// Decisions answer the questions of a [*DecisionError].
type Decisions struct {
	// Rename maps what the database has to its new name: "user.name" to "full_name" for a
	// column, "user" to "account" for a table.
	Rename map[string]string
	// NoRename takes everything that looks renamed for dropped and added.
	NoRename bool
	// Fill gives a column that becomes NOT NULL a value, as SQL, in the rows that have
	// none: "user.age" to "0".
	Fill map[string]TrustedSQL
	// NoFill leaves such columns without one: the revision fails on tables with rows.
	NoFill bool
}

// A DecisionError lists what autogenerate must not decide by itself.
type DecisionError struct{ Questions []string }

func (e *DecisionError) Error() string {
	return "ingot: a decision is needed:\n  " + strings.Join(e.Questions, "\n  ")
}

// Autogenerate returns the steps from the database to the models of the DB, to be written
// into a revision; none means that there is nothing to do. The database must be at the
// heads of the revisions, else the error is [ErrBehind].
func (m *Migrator) Autogenerate(ctx context.Context, answers Decisions) ([]Step, error) {
	v, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	if err := v.upToDate(); err != nil {
		return nil, err
	}
	steps, err := m.compare(ctx, v, answers)
	if err != nil {
		return nil, err
	}
	return m.decide(v.d, steps, answers)
}

// diff compares without asking anything.
func (m *Migrator) diff(ctx context.Context, v *view) ([]Step, error) {
	return m.compare(ctx, v, Decisions{})
}

// compare compares the live database with the models.
func (m *Migrator) compare(ctx context.Context, v *view, answers Decisions) ([]Step, error) {
	if m.db.models == nil {
		return nil, errors.New("ingot: no models to compare with: give them to Open in Options.Models, or set Models of the Env")
	}
	to, err := m.db.models.Schema(v.d)
	if err != nil {
		return nil, err
	}
	from, err := inspect(ctx, v.d, poolQueryer{m.db}, &m.db.server, schemaNames(to))
	if err != nil {
		return nil, err
	}
	if v.state.exists {
		kept, err := (stateStore{m.db, poolQueryer{m.db}}).receipts(ctx)
		if err != nil {
			return nil, err
		}
		from.asModeled(kept)
	}
	if err := answers.name(from, to); err != nil {
		return nil, err
	}
	made := v.made(m.db)
	opts := []CompareOption{CompareDialect(v.d), CompareOn(ctx, m.db),
		CompareOwned(func(o Object) bool {
			switch o.Kind {
			case ObjectTable, ObjectView, ObjectEnum, ObjectSequence, ObjectDomain, ObjectSchema:
				return made(o.Table)
			}
			return true
		})}
	opts = append(opts, m.compared...)
	if m.limit.schemas != nil || m.limit.tables != nil {
		only, err := m.limit.option(from, to)
		if err != nil {
			return nil, err
		}
		opts = append(opts, only)
	}
	return Compare(from, to, opts...), nil
}

// limits are the schemas and tables that a command is limited to; none is no limit.
type limits struct{ schemas, tables []string }

// option leaves out, beside what [CompareOnly] does, what is beyond the limits. What is no
// table goes with the tables that need it.
func (l limits) option(from, to *Schema) (CompareOption, error) {
	renamed := map[TableName]bool{} // tables of which the other name is within the limits
	within := func(t TableName) bool {
		return renamed[t] || (l.schemas == nil || slices.Contains(l.schemas, cmp.Or(t.Schema, "default"))) && (l.tables == nil || slices.Contains(l.tables, t.String()))
	}
	here := map[string]bool{} // tables, schemas and enums within the limits
	names := map[string]bool{"default": true}
	for i := range to.Tables {
		if t := &to.Tables[i]; t.Was != "" {
			was := TableName{t.Schema, t.Was}
			renamed[was], renamed[t.name()] = within(t.name()), within(was)
		}
	}
	for _, s := range []*Schema{from, to} {
		for _, n := range s.Schemas {
			names[n] = true
		}
		for i := range s.Tables {
			t := &s.Tables[i]
			names[t.name().String()], names[t.Schema] = true, true
			if !within(t.name()) {
				continue
			}
			here["schema "+t.Schema] = true
			for _, x := range t.Columns {
				here["enum "+x.Enum] = true
			}
		}
		for i := range s.Views {
			v := &s.Views[i]
			names[v.name().String()], names[v.Schema] = true, true
			if within(v.name()) {
				here["schema "+v.Schema] = true
			}
		}
	}
	for _, n := range slices.Concat(l.schemas, l.tables) {
		if !names[n] {
			return nil, fmt.Errorf("ingot: neither models nor database have a schema, table or view %s", n)
		}
	}
	in := func(o Object) bool {
		switch o.Kind {
		case ObjectSchema:
			return here["schema "+o.Table.Name] || l.tables == nil && slices.Contains(l.schemas, o.Table.Name)
		case ObjectEnum:
			return here["enum "+o.Table.String()]
		case ObjectSequence, ObjectDomain:
			return l.tables == nil && within(o.Table)
		}
		return within(o.Table)
	}
	return func(c *comparison) {
		if also := c.in; also != nil {
			c.in = func(o Object) bool { return in(o) && also(o) }
		} else {
			c.in = in
		}
	}, nil
}

// schemaNames are the named schemas a schema has tables in.
func schemaNames(s *Schema) []string {
	names := slices.Clone(s.Schemas)
	for _, t := range s.Tables {
		names = append(names, t.Schema)
	}
	for _, v := range s.Views {
		names = append(names, v.Schema)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "" })
}

// made are the tables and other objects that the applied revisions made: what else the
// database holds, and no model claims, is somebody else's.
func (v *view) made(db *DB) func(TableName) bool {
	made := map[TableName]bool{}
	key := (&comparison{traits: v.d.Traits(&db.server)}).tableKey
	order := v.g.order(v.applied, v.g.headsOf(v.applied))
	for _, n := range slices.Backward(order) {
		for _, s := range flatSteps(n.Upgrade) {
			switch s := s.(type) {
			case CreateTable:
				made[key(s.Table.name())] = true
			case DropTable:
				delete(made, key(s.Table.name()))
			case RenameTable:
				delete(made, key(TableName{s.Schema, s.From}))
				made[key(TableName{s.Schema, s.To})] = true
			case CreateView:
				made[key(s.View.name())] = true
			case DropView:
				delete(made, key(s.View.name()))
			case CreateEnum:
				made[key(s.Enum.name())] = true
			case CreateSequence:
				made[key(s.Sequence.name())] = true
			case CreateDomain:
				made[key(s.Domain.name())] = true
			case CreateSchema:
				made[key(TableName{Name: s.Name})] = true
			}
		}
	}
	return func(t TableName) bool { return made[key(t)] }
}

// name tells the schema of the models what was renamed.
func (a Decisions) name(from, to *Schema) error {
	to.answered = map[string]bool{}
	for _, old := range slices.Sorted(maps.Keys(a.Rename)) {
		now := a.Rename[old]
		if t := findTable(from, old); t != nil {
			after := findTable(to, now)
			if after == nil && t.Schema != "" {
				after = to.Table(TableName{t.Schema, now})
			}
			if after == nil {
				return fmt.Errorf("ingot: rename %s to %s: no model has a table of the new name", old, now)
			}
			after.Was = t.Name
			to.answered[after.name().String()] = true
			continue
		}
		i := strings.LastIndexByte(old, '.')
		if i < 0 {
			return fmt.Errorf("ingot: rename %s to %s: the database has no such table; a column is written table.column", old, now)
		}
		now = now[strings.LastIndexByte(now, '.')+1:]
		before := findTable(from, old[:i])
		if before == nil || before.Column(old[i+1:]) == nil {
			return fmt.Errorf("ingot: rename %s to %s: the database has no such column", old, now)
		}
		after := to.Table(before.name())
		for j := range to.Tables {
			if after == nil && to.Tables[j].Was == before.Name && to.Tables[j].Schema == before.Schema {
				after = &to.Tables[j]
			}
		}
		if after == nil || after.Column(now) == nil {
			return fmt.Errorf("ingot: rename %s to %s: the model has no column %s", old, now, now)
		}
		after.Column(now).Was = old[i+1:]
		to.answered[dotted(after.name(), now)] = true
	}
	return nil
}

// findTable finds a table by its name as people write it, schema.table or table.
func findTable(s *Schema, name string) *Table {
	for i := range s.Tables {
		if s.Tables[i].name().String() == name {
			return &s.Tables[i]
		}
	}
	return nil
}

// decide asks about what must not be guessed, and works the answers into the steps.
func (m *Migrator) decide(d SchemaDialect, steps []Step, answers Decisions) ([]Step, error) {
	f := filling{m: m, answers: answers, unused: maps.Clone(answers.Fill)}
	if !answers.NoRename {
		f.questions = renameQuestions(d, steps)
	}
	for _, s := range steps {
		f.step(s)
	}
	f.flush()
	for _, name := range slices.Sorted(maps.Keys(f.unused)) {
		f.questions = append(f.questions, fmt.Sprintf("--fill %s: no such column becomes NOT NULL", name))
	}
	if len(f.questions) > 0 {
		return nil, &DecisionError{Questions: f.questions}
	}
	return f.steps, nil
}

// A filling gives values to columns that become NOT NULL. The steps on the columns of a
// table that stand together stay together: what is added, then the values, then what is
// altered, so that a table that has to be made anew is made anew once.
type filling struct {
	m         *Migrator
	answers   Decisions
	unused    map[string]TrustedSQL
	questions []string
	steps     []Step

	table         TableName // of the steps that wait
	before, after []Step    // they: before and after the values
	values        []Step
}

func (f *filling) flush() {
	f.steps = slices.Concat(f.steps, f.before, f.values, f.after)
	f.before, f.values, f.after = nil, nil, nil
}

func (f *filling) step(s Step) {
	t, _ := tableOf(s)
	if t != f.table {
		f.flush()
		f.table = t
	}
	switch s := s.(type) {
	case AddColumn:
		c := s.Column
		if c.Null || c.Default != "" || c.Auto || c.Identity != nil || c.Generated != "" || !f.value(t, c, "is new and NOT NULL without a default") {
			f.before = append(f.before, s)
			return
		}
		s.Column.Null = true
		f.before = append(f.before, s)
		f.after = append(f.after, AlterColumn{Table: t, Old: s.Column, New: c})
	case AlterColumn:
		if s.Old.Null && !s.New.Null && s.New.Generated == "" && f.value(t, s.New, "becomes NOT NULL") && (s.Old.Type != s.New.Type || s.Old.Enum != s.New.Enum) {
			// The value is one of the new type.
			typed := s.New
			typed.Null = true
			f.before = append(f.before, AlterColumn{Table: t, Old: s.Old, New: typed, Using: s.Using})
			s.Old, s.Using = typed, ""
		}
		f.after = append(f.after, s)
	default:
		f.flush()
		f.steps = append(f.steps, s)
	}
}

// value adds the statement that gives a column its value where it has none, or asks for
// the value. A column with a default takes that.
func (f *filling) value(t TableName, c Column, why string) bool {
	name := dotted(t, c.Name)
	value, ok := f.answers.Fill[name]
	delete(f.unused, name)
	if !ok && c.Default != "" {
		value, ok = TrustedSQL(c.Default), true
	}
	if ok {
		column := f.m.ident(c.Name)
		f.values = append(f.values, Exec{SQL: TrustedSQL(fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s IS NULL", f.m.tableIdent(t), column, value, column))})
	} else if !f.answers.NoFill {
		f.questions = append(f.questions, fmt.Sprintf("column %s %s: what shall rows have that exist? --fill %s=VALUE (SQL), or --no-fill if no table has rows", name, why, name))
	}
	return ok
}

// ident quotes a name.
func (m *Migrator) ident(name string) string { return string(m.db.dialect.AppendIdent(nil, name)) }

func (m *Migrator) tableIdent(t TableName) string {
	if t.Schema == "" {
		return m.ident(t.Name)
	}
	return m.ident(t.Schema) + "." + m.ident(t.Name)
}

// renameQuestions finds drops and adds that look like one rename.
func renameQuestions(d SchemaDialect, steps []Step) (questions []string) {
	var droppedColumns []DropColumn
	var droppedTables []DropTable
	for _, s := range steps {
		switch s := s.(type) {
		case DropColumn:
			droppedColumns = append(droppedColumns, s)
		case DropTable:
			droppedTables = append(droppedTables, s)
		}
	}
	for _, s := range steps {
		switch s := s.(type) {
		case AddColumn:
			for _, x := range droppedColumns {
				if x.Table == s.Table && x.Column.Enum == s.Column.Enum && d.CanonicalType(x.Column.Type) == d.CanonicalType(s.Column.Type) {
					old := dotted(x.Table, x.Column.Name)
					questions = append(questions, fmt.Sprintf("was column %s renamed to %s? --rename %s=%s, or --no-rename to drop the one and add the other", old, s.Column.Name, old, s.Column.Name))
				}
			}
		case CreateTable:
			for _, x := range droppedTables {
				if x.Table.Schema == s.Table.Schema && sameTableColumns(d, &x.Table, &s.Table) {
					questions = append(questions, fmt.Sprintf("was table %s renamed to %s? --rename %s=%s, or --no-rename to drop the one and create the other",
						x.Table.name(), s.Table.name(), x.Table.name(), s.Table.name()))
				}
			}
		}
	}
	return questions
}

// sameTableColumns reports whether two tables have the same columns by name and type.
func sameTableColumns(d SchemaDialect, a, b *Table) bool {
	return len(a.Columns) == len(b.Columns) && !slices.ContainsFunc(a.Columns, func(c Column) bool {
		other := b.Column(c.Name)
		return other == nil || other.Enum != c.Enum || d.CanonicalType(other.Type) != d.CanonicalType(c.Type)
	})
}

// undo are the steps of a downgrade that have to be written out: nil where reversing the
// upgrade does it. Giving values to columns needs no undoing, nor does what happened to a
// column since it was added.
func undo(steps []Step) ([]Step, error) {
	if _, err := ReverseSteps(steps); err == nil {
		return nil, nil
	}
	down, err := ReverseSteps(slices.DeleteFunc(slices.Clone(steps), func(s Step) bool {
		_, ok := s.(Exec)
		return ok
	}))
	if err != nil {
		return nil, err
	}
	for i, s := range down {
		x, ok := s.(DropColumn)
		if !ok {
			continue
		}
		for j := i - 1; j >= 0; j-- { // the first of them met the column as it is
			if a, ok := down[j].(AlterColumn); ok && a.Table == x.Table && a.New.Name == x.Column.Name {
				x.Column, down[j] = a.Old, nil
			}
		}
		down[i] = x
	}
	return slices.DeleteFunc(down, func(s Step) bool { return s == nil }), nil
}
