package ingot

import (
	"slices"
	"strings"
)

// A tableDiff is how one table differs.
type tableDiff struct {
	c        *comparison
	table    TableName // as in from, which the steps meet
	old, new *Table    // in normal form

	addColumns      []Column
	alterColumns    []AlterColumn
	dropColumns     []Column
	oldKey          PrimaryKey
	newKey          PrimaryKey
	alterKey        bool
	dropUniques     []Unique
	addUniques      []Unique
	dropIndexes     []Index
	addIndexes      []Index
	dropChecks      []Check
	addChecks       []Check
	validate        []string
	comment         bool
	newComment      string
	newOptions      []Option
	dropForeignKeys []ForeignKey
	addForeignKeys  []ForeignKey
	sameForeignKeys []pair[ForeignKey]
}

// A pair is one thing on both sides.
type pair[T any] struct{ from, to T }

// diffTable compares the tables in normal form, and takes columns for the steps as they were
// given.
func (c *comparison) diffTable(from, to, old, new *Table) *tableDiff {
	d := &tableDiff{c: c, table: from.name(), old: old, new: new}
	d.diffColumns(from, to)
	d.diffPrimaryKey()
	d.diffForeignKeys()
	d.diffUniques()
	d.diffIndexes()
	d.diffChecks()
	d.newComment, d.newOptions = new.Comment, new.Options
	if c.to.modeled {
		d.newOptions = slices.Clone(new.Options)
		for _, o := range old.Options {
			named := func(x Option) bool { return x.Name == o.Name }
			if slices.Contains(c.traits.QuietOptions, o.Name) && !slices.ContainsFunc(new.Options, named) {
				d.newOptions = append(d.newOptions, o)
			}
		}
	}
	d.comment = old.Comment != new.Comment || !sameOptions(old.Options, d.newOptions)
	return d
}

// steps are the steps of the table, in the order in which they run.
func (d *tableDiff) steps() []Step {
	var first, last []Step // drops before the columns they stand on change, and after
	place := func(s Step, onAltered bool) {
		if onAltered {
			first = append(first, s)
		} else {
			last = append(last, s)
		}
	}
	early := d.computedFromAltered()
	for _, x := range d.dropIndexes {
		place(DropIndex{d.table, x}, d.alters(x.columns(), indexTexts(&x)...) || slices.ContainsFunc(early, func(c Column) bool {
			return slices.Contains(x.columns(), c.Name) || slices.Contains(x.Include, c.Name) || mentions(c.Name, indexTexts(&x)...)
		}))
	}
	for _, u := range d.dropUniques {
		place(DropUnique{d.table, u}, d.alters(u.Columns) || slices.ContainsFunc(early, func(c Column) bool { return slices.Contains(u.Columns, c.Name) }))
	}
	nDrops := len(last)
	for _, k := range d.dropChecks {
		place(DropCheck{d.table, k}, d.alters(nil, k.Expr) || slices.ContainsFunc(early, func(c Column) bool { return mentions(c.Name, k.Expr) }))
	}
	drops, dropChecks := last[:nDrops], last[nDrops:]

	var steps []Step
	for _, x := range d.addColumns {
		steps = append(steps, AddColumn{d.table, x})
	}
	steps = append(steps, first...)
	for _, x := range early {
		steps = append(steps, DropColumn{d.table, x})
	}
	for _, x := range d.alterColumns {
		steps = append(steps, x)
	}
	steps = append(steps, drops...)
	if d.alterKey {
		steps = append(steps, AlterPrimaryKey{d.table, d.oldKey, d.newKey})
	}
	for _, u := range d.addUniques {
		steps = append(steps, AddUnique{d.table, u})
	}
	for _, x := range d.addIndexes {
		steps = append(steps, CreateIndex{d.table, x})
	}
	for _, f := range d.dropForeignKeys {
		steps = append(steps, DropForeignKey{d.table, f})
	}
	for _, f := range d.addForeignKeys {
		steps = append(steps, AddForeignKey{d.table, f})
	}
	if d.comment {
		steps = append(steps, AlterTable{d.table, d.old.Comment, d.newComment, d.old.Options, d.newOptions})
	}
	steps = append(steps, dropChecks...)
	for _, k := range d.addChecks {
		steps = append(steps, AddCheck{d.table, k})
	}
	for _, name := range d.validate {
		steps = append(steps, ValidateConstraint{d.table, name})
	}
	for _, x := range d.dropColumns {
		if !slices.ContainsFunc(early, func(c Column) bool { return c.Name == x.Name }) {
			steps = append(steps, DropColumn{d.table, x})
		}
	}
	return steps
}

// computedFromAltered are the columns to drop that are computed from ones that change, and could
// perhaps not be computed after that: they go before.
func (d *tableDiff) computedFromAltered() (list []Column) {
	for _, x := range d.dropColumns {
		if x.Generated != "" && d.alters(nil, x.Generated) {
			list = append(list, x)
		}
	}
	return list
}

// diffColumns compares column by column. Generated columns are added after and dropped before
// the others, on which they may stand.
func (d *tableDiff) diffColumns(from, to *Table) {
	c := d.c
	var generated []Column
	for i := range d.new.Columns {
		x := &d.new.Columns[i]
		given := to.Column(x.Name)
		if given == nil {
			given = x
		}
		add := given.clone()
		add.Was = ""
		old := c.column(d.old, x.Name)
		switch {
		case old != nil && !c.sameColumn(d.table, old, x):
			before := old.clone()
			if g := from.Column(old.Name); g != nil {
				before = g.clone()
			}
			add.Name = before.Name
			add.Null = x.Null
			before.Null = old.Null
			if sameDefinition(before, add) { // only an option of the table makes it another
				if add = x.clone(); sameDefinition(before, add) {
					continue
				}
				add.Name, add.Was = before.Name, ""
			}
			d.alterColumns = append(d.alterColumns, AlterColumn{Table: d.table, Old: before, New: add})
		case old != nil:
		case x.Generated != "":
			generated = append(generated, add)
		default:
			d.addColumns = append(d.addColumns, add)
		}
	}
	d.addColumns = append(d.addColumns, generated...)
	d.alterColumns = inComputedOrder(d.alterColumns)

	var plain []Column
	for i := range d.old.Columns {
		x := &d.old.Columns[i]
		if c.column(d.new, x.Name) != nil || !c.mayDrop(Object{ObjectColumn, d.table, x.Name}) {
			continue
		}
		drop := *x
		if g := from.Column(x.Name); g != nil {
			drop = g.clone()
		}
		if x.Generated != "" {
			d.dropColumns = append(d.dropColumns, drop)
		} else {
			plain = append(plain, drop)
		}
	}
	d.dropColumns = append(d.dropColumns, plain...)
}

// inComputedOrder sorts changes of columns, because no expression names a computed column: one
// that is computed no more goes before those computed from it, and those that were computed
// from one that becomes computed go before it.
func inComputedOrder(waiting []AlterColumn) (sorted []AlterColumn) {
	before := func(a, b AlterColumn) bool {
		return a.New.Generated == "" && a.Old.Generated != "" && mentions(a.Old.Name, b.New.Generated) ||
			b.Old.Generated == "" && b.New.Generated != "" && mentions(b.Old.Name, a.Old.Generated)
	}
	for len(waiting) > 0 {
		i := slices.IndexFunc(waiting, func(b AlterColumn) bool {
			return !slices.ContainsFunc(waiting, func(a AlterColumn) bool { return a.Old.Name != b.Old.Name && before(a, b) })
		})
		i = max(i, 0) // a ring is the database's to refuse
		sorted = append(sorted, waiting[i])
		waiting = slices.Delete(waiting, i, i+1)
	}
	return sorted
}

// sameDefinition reports whether two columns are written the same.
func sameDefinition(a, b Column) bool {
	if (a.Identity == nil) != (b.Identity == nil) || a.Identity != nil && *a.Identity != *b.Identity {
		return false
	}
	a.Identity, b.Identity, a.Was, b.Was = nil, nil, "", ""
	return a == b
}

func (c *comparison) sameColumn(t TableName, a, b *Column) bool {
	o := Object{ObjectColumn, t, a.Name}
	return c.sameColumnType(a, b) &&
		a.Null == b.Null &&
		c.sameText(TextPair{o, "default", a.Default, b.Default}) &&
		c.sameText(TextPair{o, "on update", a.OnUpdate, b.OnUpdate}) &&
		a.Auto == b.Auto &&
		(a.Identity == nil) == (b.Identity == nil) && (a.Identity == nil || *a.Identity == *b.Identity) &&
		c.sameText(TextPair{o, "generated", a.Generated, b.Generated}) &&
		a.Virtual == b.Virtual &&
		a.Collation == b.Collation &&
		a.Comment == b.Comment
}

// sameColumnType takes the name of an enum for the same as that enum.
func (c *comparison) sameColumnType(a, b *Column) bool {
	if a.Enum == "" && b.Enum == "" {
		return c.sameType(a.Type, b.Type)
	}
	return c.key(a.typeName()) == c.key(b.typeName())
}

// typeName is the column's type or the name of its enum.
func (c *Column) typeName() string {
	if c.Enum != "" {
		return c.Enum
	}
	return string(c.Type)
}

func (c *comparison) sameType(a, b Type) bool {
	if a == b || c.dialect == nil {
		return a == b
	}
	return c.dialect.CanonicalType(a) == c.dialect.CanonicalType(b)
}

// sameText goes from the cheapest answer to the dearest. An expression is never the same as
// none.
func (c *comparison) sameText(p TextPair) bool {
	if p.From == p.To {
		return true
	}
	if p.From == "" || p.To == "" {
		return false
	}
	if c.dialect != nil && c.dialect.SameText(p.From, p.To) {
		return true
	}
	return slices.ContainsFunc(c.same, func(same func(TextPair) bool) bool { return same(p) })
}

func (d *tableDiff) diffPrimaryKey() {
	a, b := d.old.PrimaryKey, d.new.PrimaryKey
	renamed := b.Name != "" && !b.AnyName && a.Name != "" && d.c.key(a.Name) != d.c.key(b.Name)
	if slices.Equal(d.c.keys(a.Columns), d.c.keys(b.Columns)) && !(renamed && len(a.Columns) > 0) {
		return
	}
	b.AnyName = false
	d.alterKey, d.oldKey, d.newKey = true, a, b
}

func (d *tableDiff) diffUniques() {
	c := d.c
	d.dropUniques, d.addUniques, _ = diffParts(d, ObjectUnique, d.old.Uniques, d.new.Uniques,
		func(u *Unique) (*string, *bool) { return &u.Name, &u.AnyName },
		func(a, b Unique) bool {
			return slices.Equal(c.keys(a.Columns), c.keys(b.Columns)) && a.Deferrable == b.Deferrable && a.NullsNotDistinct == b.NullsNotDistinct
		})
}

func (d *tableDiff) diffForeignKeys() {
	c := d.c
	d.dropForeignKeys, d.addForeignKeys, d.sameForeignKeys = diffParts(d, ObjectForeignKey, d.old.ForeignKeys, d.new.ForeignKeys,
		func(f *ForeignKey) (*string, *bool) { return &f.Name, &f.AnyName },
		func(a, b ForeignKey) bool {
			return slices.Equal(c.joins(&a), c.joins(&b)) && c.tableKey(a.ref()) == c.tableKey(b.ref()) &&
				a.OnDelete == b.OnDelete && a.OnUpdate == b.OnUpdate && a.Match == b.Match && a.Deferrable == b.Deferrable
		})
	for _, p := range d.sameForeignKeys {
		if p.from.NotValid && !p.to.NotValid {
			d.validate = append(d.validate, p.from.Name)
		}
	}
}

// joins are the pairs of columns a foreign key joins, in an order of their own.
func (c *comparison) joins(f *ForeignKey) []string {
	var pairs []string
	for i, x := range f.Columns {
		p := c.key(x) + "\x00"
		if i < len(f.RefColumns) {
			p += c.key(f.RefColumns[i])
		}
		pairs = append(pairs, p)
	}
	slices.Sort(pairs)
	return pairs
}

func (d *tableDiff) diffChecks() {
	var same []pair[Check]
	d.dropChecks, d.addChecks, same = diffParts(d, ObjectCheck, d.old.Checks, d.new.Checks,
		func(k *Check) (*string, *bool) { return &k.Name, &k.AnyName },
		func(a, b Check) bool {
			return d.c.sameText(TextPair{Object{ObjectCheck, d.table, a.Name}, "check", a.Expr, b.Expr})
		})
	for _, p := range same {
		if p.from.NotValid && !p.to.NotValid {
			d.validate = append(d.validate, p.from.Name)
		}
	}
}

func (d *tableDiff) diffIndexes() {
	d.dropIndexes, d.addIndexes, _ = diffParts(d, ObjectIndex, d.old.Indexes, d.new.Indexes,
		func(x *Index) (*string, *bool) { return &x.Name, &x.AnyName },
		func(a, b Index) bool { return d.c.sameIndex(d.table, &a, &b) })
}

// diffParts pairs the parts of one kind, and says which are to be dropped, which to be added,
// and which are the same: what changed under its name is dropped and added, what only its name
// says is another is renamed where it can be.
func diffParts[T any](d *tableDiff, kind ObjectKind, old, new []T, part func(*T) (name *string, any *bool), same func(a, b T) bool) (drop, add []T, kept []pair[T]) {
	m := match(d.c, old, new, part, same)
	name := func(x *T) (string, *bool) {
		n, convention := part(x)
		return *n, convention
	}
	if slices.Contains(d.c.traits.Renames, kind) {
		for j, b := range slices.Backward(m.added) {
			to, _ := name(&b)
			i := slices.IndexFunc(m.gone, func(a T) bool {
				from, _ := name(&a)
				return from != "" && same(a, b) && d.c.mayDrop(Object{kind, d.table, from})
			})
			if i < 0 || to == "" || d.c.held[d.c.key(to)] {
				continue
			}
			d.c.held[d.c.key(to)] = true
			a := m.gone[i]
			from, _ := part(&a)
			d.c.moved = append(d.c.moved, RenamePart{d.table, kind, *from, to})
			*from = to
			m.same = append(m.same, pair[T]{a, b})
			m.gone, m.added = slices.Delete(m.gone, i, i+1), slices.Delete(m.added, j, j+1)
		}
	}
	for _, x := range m.gone {
		if i, ok := any(&x).(*Index); ok && d.implied(i) {
			continue
		}
		if n, _ := name(&x); d.c.mayDrop(Object{kind, d.table, n}) {
			drop = append(drop, x)
		}
	}
	for _, x := range m.added {
		if i, ok := any(&x).(*Index); !ok || !d.there(i) {
			add = append(add, x)
		}
	}
	for _, p := range m.changed {
		drop, add = append(drop, p.from), append(add, p.to)
	}
	for i := range add {
		_, convention := name(&add[i])
		*convention = false
	}
	return drop, add, m.same
}

// implied reports whether the database made the index itself, for a foreign key that stays
// or comes.
func (d *tableDiff) implied(x *Index) bool {
	return d.c.traits.ForeignKeyIndexes && !x.Unique && slices.ContainsFunc(d.new.ForeignKeys, func(f ForeignKey) bool {
		return slices.Equal(d.c.keys(f.Columns), d.c.keys(x.columns()))
	})
}

// there reports whether the database has the index, though inspection may not say so: that of
// a foreign key, which stays, named as it.
func (d *tableDiff) there(x *Index) bool {
	of := func(f ForeignKey) bool {
		return slices.EqualFunc(x.Parts, f.Columns, func(p IndexPart, column string) bool {
			return p == IndexPart{Column: p.Column} && d.c.key(p.Column) == d.c.key(column)
		})
	}
	return d.implied(x) && x.Using == "" && len(x.Options) == 0 && slices.ContainsFunc(d.old.ForeignKeys, of) &&
		slices.ContainsFunc(d.new.ForeignKeys, func(f ForeignKey) bool { return of(f) && d.c.key(f.Name) == d.c.key(x.Name) })
}

func (c *comparison) sameIndex(t TableName, a, b *Index) bool {
	o := Object{ObjectIndex, t, a.Name}
	return a.Unique == b.Unique &&
		slices.EqualFunc(a.Parts, b.Parts, func(p, q IndexPart) bool {
			return c.key(p.Column) == c.key(q.Column) &&
				c.sameText(TextPair{o, "expression", p.Expr, q.Expr}) &&
				p.Desc == q.Desc && strings.EqualFold(p.Nulls, q.Nulls) &&
				p.Collation == q.Collation && p.OpClass == q.OpClass && p.Prefix == q.Prefix
		}) &&
		slices.Equal(c.keys(a.Include), c.keys(b.Include)) &&
		c.sameText(TextPair{o, "where", a.Where, b.Where}) &&
		strings.EqualFold(a.Using, b.Using) &&
		a.NullsNotDistinct == b.NullsNotDistinct &&
		sameOptions(a.Options, b.Options)
}

// sameOptions compares options in whatever order.
func sameOptions(a, b []Option) bool {
	sorted := func(o []Option) []Option {
		return slices.SortedFunc(slices.Values(o), func(x, y Option) int { return strings.Compare(x.Name, y.Name) })
	}
	return slices.Equal(sorted(a), sorted(b))
}

// A matching says which parts of two tables are the same, changed under their name, gone, or
// added.
type matching[T any] struct {
	same, changed []pair[T]
	gone, added   []T
}

// match pairs parts, one to one: by name where both sides have the same one, then by what
// they are where the new side has no name it insists on.
func match[T any](c *comparison, old, new []T, part func(*T) (name *string, any *bool), same func(a, b T) bool) matching[T] {
	var m matching[T]
	name := func(x T) (string, bool) {
		n, convention := part(&x)
		return *n, *convention
	}
	oldDone, newDone := make([]bool, len(old)), make([]bool, len(new))
	for j, b := range new {
		nb, _ := name(b)
		if nb == "" {
			continue
		}
		for i, a := range old {
			if na, _ := name(a); !oldDone[i] && na != "" && c.key(na) == c.key(nb) && same(a, b) {
				oldDone[i], newDone[j] = true, true
				m.same = append(m.same, pair[T]{a, b})
				break
			}
		}
	}
	for j, b := range new {
		nb, any := name(b)
		if newDone[j] || nb != "" && !any {
			continue
		}
		for i, a := range old {
			if !oldDone[i] && same(a, b) {
				oldDone[i], newDone[j] = true, true
				m.same = append(m.same, pair[T]{a, b})
				break
			}
		}
	}
	for j, b := range new {
		nb, _ := name(b)
		if newDone[j] || nb == "" {
			continue
		}
		for i, a := range old {
			if na, _ := name(a); !oldDone[i] && na != "" && c.key(na) == c.key(nb) {
				oldDone[i], newDone[j] = true, true
				m.changed = append(m.changed, pair[T]{a, b})
				break
			}
		}
	}
	for i, a := range old {
		if !oldDone[i] {
			m.gone = append(m.gone, a)
		}
	}
	for j, b := range new {
		if !newDone[j] {
			m.added = append(m.added, b)
		}
	}
	// What keeps a name that is not its own gives it up to the part whose name it is.
	for i := 0; i < len(m.same); i++ {
		p := m.same[i]
		na, _ := name(p.from)
		nb, _ := name(p.to)
		if nb != "" && c.key(na) != c.key(nb) && (c.wanted[c.key(na)] || slices.ContainsFunc(m.added, func(x T) bool { n, _ := name(x); return c.key(n) == c.key(na) })) {
			m.same = slices.Delete(m.same, i, i+1)
			m.gone, m.added = append(m.gone, p.from), append(m.added, p.to)
			i = -1
		}
	}
	return m
}

// alters reports whether one of the columns, or one that a text names, is altered.
func (d *tableDiff) alters(columns []string, texts ...SQLText) bool {
	return slices.ContainsFunc(d.alterColumns, func(a AlterColumn) bool {
		return slices.Contains(columns, a.Old.Name) || mentions(a.Old.Name, texts...)
	})
}

func indexTexts(x *Index) []SQLText {
	texts := []SQLText{x.Where}
	for _, p := range x.Parts {
		texts = append(texts, p.Expr)
	}
	return texts
}

// retypes reports whether one of the columns gets another type or collation.
func (d *tableDiff) retypes(columns []string) bool {
	return slices.ContainsFunc(d.alterColumns, func(a AlterColumn) bool {
		return slices.Contains(columns, a.Old.Name) && (!d.c.sameColumnType(&a.Old, &a.New) || a.Old.Collation != a.New.Collation)
	})
}

// touchesKey reports whether a key over these columns is taken away, for good or for a
// moment, or its columns change: then no foreign key may refer to it meanwhile. Nor while a
// second one comes: the database may hold the foreign key to either, and its way back fails.
func (d *tableDiff) touchesKey(columns []string) bool {
	is := func(other []string) bool { return len(other) > 0 && samePlaces(columns, other) }
	return d.retypes(columns) ||
		d.alterKey && (is(d.oldKey.Columns) || is(d.newKey.Columns)) ||
		slices.ContainsFunc(slices.Concat(d.dropUniques, d.addUniques), func(u Unique) bool { return is(u.Columns) }) ||
		slices.ContainsFunc(slices.Concat(d.dropIndexes, d.addIndexes), func(x Index) bool { return is(x.key()) }) ||
		slices.ContainsFunc(d.dropColumns, func(x Column) bool { return slices.Contains(columns, x.Name) })
}

// otherwise reports whether options of the table change: with the old or the new ones, foreign
// keys may not refer to it, or to others from it.
func (d *tableDiff) otherwise() bool { return !sameOptions(d.old.Options, d.newOptions) }

// touchesIndex reports whether an index that begins with these columns is taken away: a
// database may need it as long as the foreign key is there.
func (d *tableDiff) touchesIndex(columns []string) bool {
	begins := func(other []string) bool {
		return len(other) >= len(columns) && samePlaces(columns, other[:len(columns)])
	}
	return d.alterKey && begins(d.oldKey.Columns) ||
		slices.ContainsFunc(d.dropUniques, func(u Unique) bool { return begins(u.Columns) }) ||
		slices.ContainsFunc(d.dropIndexes, func(x Index) bool { return begins(x.columns()) })
}

// samePlaces reports whether two lists hold the same columns in whatever order.
func samePlaces(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
