package ingot

import "slices"

// Sequences of columns. A default may take its values from the sequence that another column
// brings along. Then it stands only as long as that column does: tables that come or go are
// sorted by it, and where that is not enough the default comes later, or goes earlier, by a
// step of its own.

// A feeder is a column whose sequence others take from.
type feeder struct {
	table  TableName
	column string
}

// feeders are the columns of s whose sequences a default takes from. Where no column would give
// its sequence that name, any may have it, since sequences keep their names where columns and
// tables lose theirs.
func (c *comparison) feeders(s *Schema, text SQLText) (list []feeder) {
	owner, ok := c.dialect.(SequenceOwner)
	if !ok || text == "" {
		return nil
	}
	for _, name := range owner.TakesFrom(text) {
		if c.sequenceIndex(c.from, name) >= 0 || c.sequenceIndex(c.to, name) >= 0 {
			continue
		}
		var named, all []feeder
		for _, t := range s.Tables {
			for _, x := range t.Columns {
				own, ok := owner.OwnSequence(t.name(), x)
				if ok {
					all = append(all, feeder{t.name(), x.Name})
				}
				if ok && c.tableKey(own) == c.tableKey(name) {
					named = append(named, feeder{t.name(), x.Name})
				}
			}
		}
		if named != nil {
			all = named
		}
		list = append(list, all...)
	}
	return list
}

// findFed cuts off the defaults that would come before, or go after, what they take from.
func (c *comparison) findFed() {
	owner, ok := c.dialect.(SequenceOwner)
	if !ok {
		return
	}
	// When sequences come and go: with new tables, one by one, or with removed ones, then with
	// the changes of the others.
	comes, goes := map[feeder]int{}, map[feeder]int{}
	note := func(when map[feeder]int, t TableName, x Column, turn int) {
		if _, ok := owner.OwnSequence(t, x); ok {
			when[feeder{t, x.Name}] = turn
		}
	}
	for i, t := range c.created {
		for _, x := range t.Columns {
			note(comes, t.name(), x, i)
		}
	}
	for i, t := range c.dropped {
		for _, x := range t.Columns {
			note(goes, t.name(), x, -1-i)
		}
	}
	for i, d := range c.kept {
		for _, x := range d.addColumns {
			note(comes, d.table, x, len(c.created)+i)
		}
		for _, x := range d.dropColumns {
			note(goes, d.table, x, i)
		}
		for _, a := range d.alterColumns {
			_, was := owner.OwnSequence(d.table, a.Old)
			if _, is := owner.OwnSequence(d.table, a.New); is != was {
				note(comes, d.table, a.New, len(c.created)+i)
				note(goes, d.table, a.Old, i)
			}
		}
	}
	waits := func(x *Column, before int) bool {
		return slices.ContainsFunc(c.feeders(c.to, x.Default), func(f feeder) bool { turn, ok := comes[f]; return ok && turn >= before })
	}
	leaves := func(x *Column, after int) bool {
		return slices.ContainsFunc(c.feeders(c.from, x.Default), func(f feeder) bool { turn, ok := goes[f]; return ok && turn <= after })
	}
	late := func(t TableName, x *Column) {
		whole := x.clone()
		x.Default = ""
		c.late = append(c.late, AlterColumn{Table: t, Old: x.clone(), New: whole})
	}
	early := func(t TableName, x *Column) {
		whole := x.clone()
		x.Default = ""
		c.early = append(c.early, AlterColumn{Table: t, Old: whole, New: x.clone()})
	}
	for i, t := range c.created {
		for j := range t.Columns {
			if x := &t.Columns[j]; waits(x, i+1) {
				late(t.name(), x)
			}
		}
	}
	for i, t := range c.dropped {
		for j := range t.Columns {
			if x := &t.Columns[j]; leaves(x, -2-i) {
				early(t.name(), x)
			}
		}
	}
	for i, d := range c.kept {
		var added, gone []Column
		for _, x := range d.addColumns {
			switch {
			case !waits(&x, len(c.created)+i):
				added = append(added, x)
			case d.new.bare(x.Name): // rows get values at once
				c.late = append(c.late, AddColumn{d.table, x})
			default:
				late(d.table, &x)
				added = append(added, x)
			}
		}
		for _, x := range d.dropColumns {
			switch {
			case !leaves(&x, i):
				gone = append(gone, x)
			case d.old.bare(x.Name):
				c.early = append(c.early, DropColumn{d.table, x})
			default:
				early(d.table, &x)
				gone = append(gone, x)
			}
		}
		d.addColumns, d.dropColumns = added, gone
		for j := range d.alterColumns {
			a := &d.alterColumns[j]
			if leaves(&a.Old, i) {
				early(d.table, &a.Old)
			}
			if waits(&a.New, len(c.created)+i) {
				late(d.table, &a.New)
			}
		}
		d.alterColumns = slices.DeleteFunc(d.alterColumns, func(a AlterColumn) bool { return sameDefinition(a.Old, a.New) })
	}
	for i := range c.from.Domains {
		d := c.from.Domains[i].clone()
		if c.dropsDomain(&d) && slices.ContainsFunc(c.feeders(c.from, d.Default), func(f feeder) bool { _, ok := goes[f]; return ok }) {
			c.from.Domains[i].Default = ""
			c.early = append(c.early, AlterDomain{Old: d, New: c.from.Domains[i].clone()})
		}
	}
	c.comes = comes
}

// feedLater cuts the default off a domain that takes from what comes later.
func (c *comparison) feedLater(d *Domain) {
	if slices.ContainsFunc(c.feeders(c.to, d.Default), func(f feeder) bool { _, ok := c.comes[f]; return ok }) {
		whole := d.clone()
		d.Default = ""
		c.late = append(c.late, AlterDomain{Old: d.clone(), New: whole})
	}
}

// bare reports whether no part of the table stands on a column.
func (t *Table) bare(column string) bool {
	names := slices.Clone(t.PrimaryKey.Columns)
	var texts []SQLText
	for _, u := range t.Uniques {
		names = append(names, u.Columns...)
	}
	for _, f := range t.ForeignKeys {
		names = append(names, f.Columns...)
	}
	for _, x := range t.Indexes {
		names, texts = append(names, x.columns()...), append(texts, indexTexts(&x)...)
	}
	for _, k := range t.Checks {
		texts = append(texts, k.Expr)
	}
	for _, x := range t.Columns {
		texts = append(texts, x.Generated)
	}
	return !slices.Contains(names, column) && !mentions(column, texts...)
}
