package ingot

import (
	"fmt"
	"slices"
	"strings"
)

// ReverseSteps undoes a list of steps: each step reversed, the last one first. A step that
// nothing undoes is an error that names it. A validated constraint may stay validated, so
// [ValidateConstraint] is left out.
func ReverseSteps(steps []Step) ([]Step, error) {
	var down []Step
	for _, s := range slices.Backward(steps) {
		if _, ok := s.(ValidateConstraint); ok {
			continue
		}
		back := s.Reverse()
		if back == nil {
			return nil, fmt.Errorf("ingot: %s: nothing undoes this step: write the downgrade by hand", s)
		}
		down = append(down, back)
	}
	return down, nil
}

// Destroys says what data a step throws away ("the rows of table user"); empty where it
// keeps everything.
func Destroys(s Step) string {
	switch s := s.(type) {
	case DropTable:
		return "the rows of table " + s.Table.name().String()
	case DropColumn:
		if s.Column.Generated == "" {
			return "the values of column " + dotted(s.Table, s.Column.Name)
		}
	case AlterEnum:
		var gone []string
		for _, v := range s.Old.Values {
			if !slices.Contains(s.New.Values, v) {
				gone = append(gone, fmt.Sprintf("%q", v))
			}
		}
		if gone != nil {
			return fmt.Sprintf("the values %s of enum %s", strings.Join(gone, ", "), s.Old.name())
		}
	case AlterColumn:
		if n := shortened(s.Old.Type, s.New.Type); n > 0 {
			return fmt.Sprintf("what is longer than %d in column %s", n, dotted(s.Table, s.New.Name))
		}
	case AlterDomain:
		if n := shortened(s.Old.Type, s.New.Type); n > 0 {
			return fmt.Sprintf("what is longer than %d in columns of domain %s", n, s.New.name())
		}
	}
	return ""
}

// shortened is the length that a text is limited to, and was not before; else 0.
func shortened(old, new Type) int {
	if from, to := sizeOf(old), sizeOf(new); to > 0 && (from > to || from == 0 && old == "text") {
		return to
	}
	return 0
}

// sizeOf is n of a varchar(n) or char(n), else 0.
func sizeOf(t Type) (n int) {
	if _, err := fmt.Sscanf(string(t), "varchar(%d)", &n); err != nil {
		fmt.Sscanf(string(t), "char(%d)", &n)
	}
	return n
}

func (t *Table) name() TableName    { return TableName{t.Schema, t.Name} }
func (e *Enum) name() TableName     { return TableName{e.Schema, e.Name} }
func (s *Sequence) name() TableName { return TableName{s.Schema, s.Name} }
func (d *Domain) name() TableName   { return TableName{d.Schema, d.Name} }
func (v *View) name() TableName     { return TableName{v.Schema, v.Name} }

func dotted(t TableName, part string) string { return t.String() + "." + part }

func (s CreateSchema) Reverse() Step   { return DropSchema(s) }
func (s DropSchema) Reverse() Step     { return CreateSchema(s) }
func (s CreateEnum) Reverse() Step     { return DropEnum(s) }
func (s DropEnum) Reverse() Step       { return CreateEnum(s) }
func (s AlterEnum) Reverse() Step      { return AlterEnum{Old: s.New, New: s.Old} }
func (s CreateSequence) Reverse() Step { return DropSequence(s) }
func (s DropSequence) Reverse() Step   { return CreateSequence(s) }
func (s AlterSequence) Reverse() Step  { return AlterSequence{Old: s.New, New: s.Old} }
func (s CreateDomain) Reverse() Step   { return DropDomain(s) }
func (s DropDomain) Reverse() Step     { return CreateDomain(s) }
func (s AlterDomain) Reverse() Step    { return AlterDomain{Old: s.New, New: s.Old} }
func (s CreateView) Reverse() Step     { return DropView(s) }
func (s DropView) Reverse() Step       { return CreateView(s) }
func (s AlterView) Reverse() Step      { return AlterView{Old: s.New, New: s.Old} }
func (s CreateTable) Reverse() Step    { return DropTable(s) }
func (s DropTable) Reverse() Step      { return CreateTable(s) }
func (s RenameTable) Reverse() Step {
	return RenameTable{Schema: s.Schema, From: s.To, To: s.From}
}
func (s AlterTable) Reverse() Step {
	return AlterTable{s.Table, s.NewComment, s.OldComment, s.NewOptions, s.OldOptions}
}
func (s AddColumn) Reverse() Step  { return DropColumn(s) }
func (s DropColumn) Reverse() Step { return AddColumn(s) }
func (s RenameColumn) Reverse() Step {
	return RenameColumn{Table: s.Table, From: s.To, To: s.From}
}

// Reverse gives the column its old definition. Using is for one direction only.
func (s AlterColumn) Reverse() Step {
	return AlterColumn{Table: s.Table, Old: s.New, New: s.Old}
}
func (s AlterPrimaryKey) Reverse() Step {
	return AlterPrimaryKey{Table: s.Table, Old: s.New, New: s.Old}
}
func (s AddUnique) Reverse() Step      { return DropUnique(s) }
func (s DropUnique) Reverse() Step     { return AddUnique(s) }
func (s AddForeignKey) Reverse() Step  { return DropForeignKey(s) }
func (s DropForeignKey) Reverse() Step { return AddForeignKey(s) }
func (s AddCheck) Reverse() Step       { return DropCheck(s) }
func (s DropCheck) Reverse() Step      { return AddCheck(s) }

// Reverse returns nil, though there is nothing to undo either: see [ReverseSteps].
func (s ValidateConstraint) Reverse() Step { return nil }
func (s CreateIndex) Reverse() Step        { return DropIndex(s) }
func (s DropIndex) Reverse() Step          { return CreateIndex(s) }

func (s RenamePart) Reverse() Step {
	return RenamePart{Table: s.Table, Kind: s.Kind, From: s.To, To: s.From}
}

// Reverse exchanges SQL and Down; without Down, or where a step of State cannot be
// reversed, it returns nil.
func (s Exec) Reverse() Step {
	if s.Down == "" {
		return nil
	}
	state, err := ReverseSteps(s.State)
	if err != nil {
		return nil
	}
	return Exec{SQL: s.Down, Down: s.SQL, State: state}
}

// Reverse exchanges Func and Down; without Down it returns nil. A Batch is not got back by
// reversing twice.
func (s Do) Reverse() Step {
	if s.Down == nil {
		return nil
	}
	return Do{Name: s.Name, Version: s.Version, Func: s.Down, Down: s.Func}
}

func (s CreateSchema) String() string { return "create schema " + s.Name }
func (s DropSchema) String() string   { return "drop schema " + s.Name }
func (s CreateEnum) String() string {
	return fmt.Sprintf("create enum %s %q", s.Enum.name(), s.Enum.Values)
}
func (s DropEnum) String() string { return "drop enum " + s.Enum.name().String() }
func (s AlterEnum) String() string {
	return fmt.Sprintf("alter enum %s: %q to %q", s.New.name(), s.Old.Values, s.New.Values)
}
func (s CreateSequence) String() string { return "create sequence " + s.Sequence.name().String() }
func (s DropSequence) String() string   { return "drop sequence " + s.Sequence.name().String() }
func (s AlterSequence) String() string  { return "alter sequence " + s.New.name().String() }
func (s CreateDomain) String() string {
	return oneLine(fmt.Sprintf("create domain %s %s", s.Domain.name(), s.Domain.text()))
}
func (s DropDomain) String() string { return "drop domain " + s.Domain.name().String() }
func (s AlterDomain) String() string {
	return fmt.Sprintf("alter domain %s: %s", s.New.name(), domainChange(&s.Old, &s.New))
}
func (s CreateView) String() string {
	return oneLine(fmt.Sprintf("create view %s as %s", s.View.name(), s.View.SQL))
}
func (s DropView) String() string { return "drop view " + s.View.name().String() }
func (s AlterView) String() string {
	return oneLine(fmt.Sprintf("alter view %s to %s", s.New.name(), s.New.SQL))
}
func (s CreateTable) String() string {
	names := make([]string, len(s.Table.Columns))
	for i, c := range s.Table.Columns {
		names[i] = c.Name
	}
	return fmt.Sprintf("create table %s (%s)", s.Table.name(), strings.Join(names, ", "))
}
func (s DropTable) String() string { return "drop table " + s.Table.name().String() }
func (s RenameTable) String() string {
	return fmt.Sprintf("rename table %s to %s", TableName{s.Schema, s.From}, s.To)
}
func (s AlterTable) String() string {
	var what []string
	if s.OldComment != s.NewComment {
		what = append(what, fmt.Sprintf("comment %q to %q", s.OldComment, s.NewComment))
	}
	if !slices.Equal(s.OldOptions, s.NewOptions) {
		what = append(what, fmt.Sprintf("options %s to %s", optionsText(s.OldOptions), optionsText(s.NewOptions)))
	}
	return fmt.Sprintf("alter table %s: %s", s.Table, strings.Join(what, ", "))
}
func (s AddColumn) String() string {
	return fmt.Sprintf("add column %s %s", dotted(s.Table, s.Column.Name), s.Column.text())
}
func (s DropColumn) String() string { return "drop column " + dotted(s.Table, s.Column.Name) }
func (s RenameColumn) String() string {
	return fmt.Sprintf("rename column %s to %s", dotted(s.Table, s.From), s.To)
}
func (s AlterColumn) String() string {
	t := fmt.Sprintf("alter column %s: %s", dotted(s.Table, s.New.Name), columnChange(&s.Old, &s.New))
	if s.Using != "" {
		t += " using " + string(s.Using)
	}
	return t
}
func (s AlterPrimaryKey) String() string {
	return fmt.Sprintf("alter primary key of %s: %s to %s", s.Table, columnList(s.Old.Columns), columnList(s.New.Columns))
}
func (s AddUnique) String() string {
	return fmt.Sprintf("add unique %s", partText(s.Unique.Name, s.Table, s.Unique.text()))
}
func (s DropUnique) String() string {
	return fmt.Sprintf("drop unique %s", partText(s.Unique.Name, s.Table, s.Unique.text()))
}
func (s AddForeignKey) String() string {
	return fmt.Sprintf("add foreign key %s", partText(s.ForeignKey.Name, s.Table, s.ForeignKey.text()))
}
func (s DropForeignKey) String() string {
	return fmt.Sprintf("drop foreign key %s", partText(s.ForeignKey.Name, s.Table, s.ForeignKey.text()))
}
func (s AddCheck) String() string {
	return fmt.Sprintf("add check %s", partText(s.Check.Name, s.Table, s.Check.text()))
}
func (s DropCheck) String() string {
	return fmt.Sprintf("drop check %s", partText(s.Check.Name, s.Table, s.Check.text()))
}
func (s ValidateConstraint) String() string {
	return fmt.Sprintf("validate constraint %s on %s", s.Name, s.Table)
}
func (s CreateIndex) String() string {
	return fmt.Sprintf("create %sindex %s", uniqueWord(s.Index.Unique), partText(s.Index.Name, s.Table, s.Index.text()))
}
func (s DropIndex) String() string {
	return fmt.Sprintf("drop %sindex %s", uniqueWord(s.Index.Unique), partText(s.Index.Name, s.Table, s.Index.text()))
}
func (s RenamePart) String() string {
	return fmt.Sprintf("rename %s %s on %s to %s", s.Kind, s.From, s.Table, s.To)
}
func (s Exec) String() string { return "exec " + oneLine(string(s.SQL)) }
func (s Do) String() string   { return fmt.Sprintf("do %s version %d", s.Name, s.Version) }

// text is the column's definition without its name.
func (c *Column) text() string {
	var b strings.Builder
	b.WriteString(c.typeText())
	if !c.Null {
		b.WriteString(" not null")
	}
	if c.Default != "" {
		b.WriteString(" default " + string(c.Default))
	}
	if c.Auto {
		b.WriteString(" auto")
	}
	if c.Identity != nil {
		b.WriteString(" identity")
	}
	if c.Generated != "" {
		b.WriteString(" generated " + string(c.Generated))
	}
	return oneLine(b.String())
}

func (c *Column) typeText() string {
	if c.Enum != "" {
		return "enum " + c.Enum
	}
	return string(c.Type)
}

// columnChange lists the attributes in which two definitions of a column differ.
func columnChange(old, new *Column) string {
	var what []string
	add := func(attribute, from, to string) {
		if from != to {
			if attribute != "" {
				attribute += " "
			}
			none := func(s string) string {
				if s == "" {
					return "none"
				}
				return s
			}
			what = append(what, attribute+none(from)+" to "+none(to))
		}
	}
	null := map[bool]string{true: "null", false: "not null"}
	yes := map[bool]string{true: "yes", false: "no"}
	add("type", old.typeText(), new.typeText())
	add("", null[old.Null], null[new.Null])
	add("default", string(old.Default), string(new.Default))
	add("on update", string(old.OnUpdate), string(new.OnUpdate))
	add("auto", yes[old.Auto], yes[new.Auto])
	add("identity", old.Identity.text(), new.Identity.text())
	add("generated", string(old.Generated), string(new.Generated))
	add("virtual", yes[old.Virtual], yes[new.Virtual])
	add("collation", old.Collation, new.Collation)
	add("comment", old.Comment, new.Comment)
	return oneLine(strings.Join(what, ", "))
}

// text is the domain's definition without its name.
func (d *Domain) text() string {
	c := d.column()
	t := c.text()
	for _, k := range d.Checks {
		t += " check (" + string(k.Expr) + ")"
	}
	return t
}

// column is a column that a domain is like.
func (d *Domain) column() Column {
	return Column{Type: d.Type, Null: d.Null, Default: d.Default, Collation: d.Collation}
}

// domainChange lists the attributes in which two definitions of a domain differ, and the
// checks.
func domainChange(old, new *Domain) string {
	from, to := old.column(), new.column()
	what := []string{columnChange(&from, &to)}
	if what[0] == "" {
		what = nil
	}
	without := func(verb string, list, others []Check) {
		for _, k := range list {
			if !slices.Contains(others, k) {
				t := verb + " check " + k.Name
				if k.NotValid {
					t += " not valid"
				}
				what = append(what, t+" ("+string(k.Expr)+")")
			}
		}
	}
	without("without", old.Checks, new.Checks)
	without("with", new.Checks, old.Checks)
	return oneLine(strings.Join(what, ", "))
}

func (i *Identity) text() string {
	if i == nil {
		return ""
	}
	text := "by default"
	if i.Always {
		text = "always"
	}
	for _, o := range []struct {
		name  string
		value int64
	}{{"start", i.Start}, {"increment", i.Increment}, {"min", i.Min}, {"max", i.Max}, {"cache", i.Cache}} {
		if o.value != 0 {
			text += fmt.Sprintf(" %s %d", o.name, o.value)
		}
	}
	if i.Cycle {
		text += " cycle"
	}
	return text
}

func (f *ForeignKey) text() string {
	t := columnList(f.Columns) + " to " + TableName{f.RefSchema, f.RefTable}.String() + " " + columnList(f.RefColumns)
	if f.OnDelete != "" {
		t += " on delete " + strings.ToLower(f.OnDelete)
	}
	if f.OnUpdate != "" {
		t += " on update " + strings.ToLower(f.OnUpdate)
	}
	if f.Match != "" {
		t += " match " + strings.ToLower(f.Match)
	}
	return t + f.Deferrable.text() + notValidText(f.NotValid)
}

func (u *Unique) text() string {
	return columnList(u.Columns) + distinctText(u.NullsNotDistinct) + u.Deferrable.text()
}

func (c *Check) text() string { return "(" + string(c.Expr) + ")" + notValidText(c.NotValid) }

func (d Deferrable) text() string {
	switch d {
	case DeferrableInitiallyImmediate:
		return " deferrable"
	case DeferrableInitiallyDeferred:
		return " deferrable initially deferred"
	}
	return ""
}

func notValidText(is bool) string {
	if is {
		return " not valid"
	}
	return ""
}

func distinctText(is bool) string {
	if is {
		return " nulls not distinct"
	}
	return ""
}

func (x *Index) text() string {
	parts := make([]string, len(x.Parts))
	for i, p := range x.Parts {
		parts[i] = p.Column + string(p.Expr)
		if p.Desc {
			parts[i] += " desc"
		}
		if p.Nulls != "" {
			parts[i] += " nulls " + strings.ToLower(p.Nulls)
		}
	}
	t := columnList(parts)
	if x.Using != "" {
		t = "using " + strings.ToLower(x.Using) + " " + t
	}
	if x.Include != nil {
		t += " include " + columnList(x.Include)
	}
	t += distinctText(x.NullsNotDistinct)
	if x.Where != "" {
		t += " where " + string(x.Where)
	}
	return oneLine(t)
}

func uniqueWord(unique bool) string {
	if unique {
		return "unique "
	}
	return ""
}

// partText is "name on table definition", without a name where the database chose it.
func partText(name string, t TableName, definition string) string {
	if name != "" {
		name += " "
	}
	return oneLine(name + "on " + t.String() + " " + definition)
}

func columnList(columns []string) string { return "(" + strings.Join(columns, ", ") + ")" }

func optionsText(options []Option) string {
	words := make([]string, len(options))
	for i, o := range options {
		words[i] = o.Name
		if o.Value != "" {
			words[i] += "=" + o.Value
		}
	}
	return "(" + strings.Join(words, ", ") + ")"
}

// oneLine folds white space and cuts what would not fit a line.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 160 {
		return string(r[:159]) + "…"
	}
	return s
}

func (CreateSchema) step()       {}
func (DropSchema) step()         {}
func (CreateEnum) step()         {}
func (DropEnum) step()           {}
func (AlterEnum) step()          {}
func (CreateSequence) step()     {}
func (DropSequence) step()       {}
func (AlterSequence) step()      {}
func (CreateDomain) step()       {}
func (DropDomain) step()         {}
func (AlterDomain) step()        {}
func (CreateView) step()         {}
func (DropView) step()           {}
func (AlterView) step()          {}
func (CreateTable) step()        {}
func (DropTable) step()          {}
func (RenameTable) step()        {}
func (AlterTable) step()         {}
func (AddColumn) step()          {}
func (DropColumn) step()         {}
func (RenameColumn) step()       {}
func (AlterColumn) step()        {}
func (AlterPrimaryKey) step()    {}
func (AddUnique) step()          {}
func (DropUnique) step()         {}
func (AddForeignKey) step()      {}
func (DropForeignKey) step()     {}
func (AddCheck) step()           {}
func (DropCheck) step()          {}
func (ValidateConstraint) step() {}
func (CreateIndex) step()        {}
func (DropIndex) step()          {}
func (RenamePart) step()         {}
func (Exec) step()               {}
func (Do) step()                 {}
