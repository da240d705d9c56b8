package ingot

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// A CompareOption changes how [Compare] looks at schemas.
type CompareOption func(*comparison)

// CompareDialect lets a dialect say what is the same to its database: types by their
// canonical spelling, expressions by their text, attributes it does not keep, names it folds
// or cuts. It is needed only where neither schema comes from [DB.Inspect] or
// [Models.Schema], which remember theirs; without any, equal is equal to the letter. A
// dialect that knows nothing of schemas changes nothing.
func CompareDialect(d Dialect) CompareOption {
	return func(c *comparison) { c.dialect, _ = d.(SchemaDialect) }
}

// CompareOwned limits what may be dropped to objects that owned knows: what a database holds
// beyond the models stays, unless a revision made it. Without the option everything of from
// is owned.
func CompareOwned(owned func(Object) bool) CompareOption {
	return func(c *comparison) { c.owned = owned }
}

// CompareOnly leaves out, on both sides, the objects that in denies. A foreign key to a
// table left out stays.
func CompareOnly(in func(Object) bool) CompareOption {
	return func(c *comparison) { c.in = in }
}

// CompareText asks same about two expressions that neither their bytes nor the dialect call
// equal: a receipt may know better, or the server's own parser.
func CompareText(same func(TextPair) bool) CompareOption {
	return func(c *comparison) { c.same = append(c.same, same) }
}

// An Object is a part of a schema, as filters see it.
type Object struct {
	Kind  ObjectKind
	Table TableName // for what is no part of a table, the object's own name
	Name  string    // of a part of Table; may be empty for a constraint that has no name
}

// An ObjectKind tells objects apart.
type ObjectKind string

// The kinds of objects.
const (
	ObjectSchema     ObjectKind = "schema"
	ObjectEnum       ObjectKind = "enum"
	ObjectSequence   ObjectKind = "sequence"
	ObjectDomain     ObjectKind = "domain" // of its check, the name is in Name
	ObjectTable      ObjectKind = "table"
	ObjectView       ObjectKind = "view"
	ObjectColumn     ObjectKind = "column"
	ObjectUnique     ObjectKind = "unique"
	ObjectForeignKey ObjectKind = "foreign key"
	ObjectCheck      ObjectKind = "check"
	ObjectIndex      ObjectKind = "index"
)

// A TextPair are two texts of one expression that may mean the same.
type TextPair struct {
	Object    Object
	Attribute string // "default", "check", "where", "expression", "generated", "on update", "view"
	From, To  SQLText
}

// Compare finds the steps that lead from one schema to another; none if they are the same.
// It is a pure function: equal schemas give equal steps, in the same order.
//
// The steps run as they stand. Views that go, or stand on what changes, are dropped before all
// else, and made after all else, each behind those it reads from. Schemas, enums, sequences
// and domains come next; then renames; new tables, parents before children, each with its
// indexes; removed tables, children first; then table by table in order of their names what is
// added, altered and removed. A foreign key waits, or goes first, where the key it refers to
// changes too, and foreign keys that form a cycle are added once their tables exist. Drops come
// before what takes their name.
//
// Constraints and indexes match by name, and by what they are where one side has no name of
// its own. A table or column that says what it was before is renamed; those that exchange
// their names are, by way of a spare one, where their definitions tell that they have not
// done so yet. The order of columns, and of the parts of a table, makes no difference. Views
// are their texts; one without a text is left alone. What inspection listed as unsupported is
// not compared, nor are the tables in which migrations keep their state. Where to was made of
// models, what no tag can say (operator classes, sequences, domains, options a tag leaves out,
// an enum that no column takes) is taken as it is.
func Compare(from, to *Schema, opts ...CompareOption) []Step {
	c := &comparison{}
	apply(c, opts)
	for _, s := range []*Schema{from, to} {
		if c.dialect == nil && s != nil {
			c.dialect = s.dialect
		}
		if c.server == nil && s != nil {
			c.server = s.server
		}
	}
	if c.dialect != nil {
		c.traits = c.dialect.Traits(c.server)
	}
	c.from, c.to = c.prepare(from), c.prepare(to)
	renames := c.renames()
	c.spell()
	for i := range c.to.Tables {
		if old := c.find(c.from, c.to.Tables[i].name()); old != nil && c.to.modeled {
			c.adopt(old, &c.to.Tables[i])
		}
	}
	c.fromNormal, c.toNormal = c.normalize(c.from), c.normalize(c.to)
	c.held = map[string]bool{}
	for i := range c.from.Tables {
		for _, n := range c.from.Tables[i].partNames() {
			c.held[c.key(n)] = true
		}
	}
	c.findWanted()
	c.pairTables()
	c.findDisturbed()
	c.findFed()
	gone, made := c.diffViews(renames)

	c.add(gone...)
	c.createShared()
	c.add(renames...)
	c.add(c.moved...)
	c.add(c.early...)
	if c.namesClash() {
		c.dropTables()
		c.createTables()
	} else {
		c.createTables()
		c.dropTables()
	}
	for _, d := range c.kept {
		c.add(d.steps()...)
	}
	c.add(c.late...)
	c.dropShared()
	c.add(made...)
	return untangle(c.steps)
}

// A comparison is one run of [Compare].
type comparison struct {
	dialect SchemaDialect // nil without one
	server  *Server       // nil where no side comes from one
	traits  SchemaTraits
	owned   func(Object) bool
	in      func(Object) bool
	same    []func(TextPair) bool

	from, to             *Schema // copies, filtered; renames are applied to from
	fromNormal, toNormal *Schema // the same in normal form, index by index

	held   map[string]bool // names of the tables of from and of their parts
	wanted map[string]bool // names that parts of to take which from has not where they stand
	moved  []Step          // parts renamed

	created, dropped []Table           // as in to and from, parents first
	cycles           []tableForeignKey // those of new tables that come after all of them
	cyclesGone       []tableForeignKey // those of removed ones that go before all of them
	kept             []*tableDiff      // by name
	early, late      []Step            // foreign keys and defaults that cannot stand at their table's place

	comes map[feeder]int // columns that come with a sequence

	steps []Step
}

func (c *comparison) add(steps ...Step) { c.steps = append(c.steps, steps...) }

func (c *comparison) mayDrop(o Object) bool { return c.owned == nil || c.owned(o) }

// key is the form of a name in which equal names are equal.
func (c *comparison) key(name string) string {
	if c.traits.FoldNames {
		name = strings.ToLower(name)
	}
	return cutIdent(name, c.traits.MaxIdent)
}

func (c *comparison) tableKey(t TableName) TableName {
	if c.traits.FoldTables {
		t.Schema, t.Name = strings.ToLower(t.Schema), strings.ToLower(t.Name)
	}
	return TableName{cutIdent(t.Schema, c.traits.MaxIdent), cutIdent(t.Name, c.traits.MaxIdent)}
}

func (c *comparison) keys(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = c.key(n)
	}
	return out
}

// cutIdent cuts a name to at most limit bytes, between characters; 0 is no limit.
func cutIdent(name string, limit int) string {
	if limit <= 0 || len(name) <= limit {
		return name
	}
	for limit > 0 && name[limit]&0xC0 == 0x80 {
		limit--
	}
	return name[:limit]
}

// prepare copies a schema without what the filter leaves out.
func (c *comparison) prepare(s *Schema) *Schema {
	if s == nil {
		return &Schema{}
	}
	s = s.Clone()
	s.Tables = slices.DeleteFunc(s.Tables, func(t Table) bool { return isStateTable(t.name()) })
	if c.in == nil {
		return s
	}
	out := func(kind ObjectKind, t TableName, name string) bool { return !c.in(Object{kind, t, name}) }
	s.Schemas = slices.DeleteFunc(s.Schemas, func(n string) bool { return out(ObjectSchema, TableName{Name: n}, "") })
	s.Enums = slices.DeleteFunc(s.Enums, func(e Enum) bool { return out(ObjectEnum, e.name(), "") })
	s.Sequences = slices.DeleteFunc(s.Sequences, func(q Sequence) bool { return out(ObjectSequence, q.name(), "") })
	s.Views = slices.DeleteFunc(s.Views, func(v View) bool { return out(ObjectView, v.name(), "") })
	s.Tables = slices.DeleteFunc(s.Tables, func(t Table) bool { return out(ObjectTable, t.name(), "") })
	for i := range s.Tables {
		t := &s.Tables[i]
		n := t.name()
		t.Columns = slices.DeleteFunc(t.Columns, func(x Column) bool { return out(ObjectColumn, n, x.Name) })
		t.Uniques = slices.DeleteFunc(t.Uniques, func(x Unique) bool { return out(ObjectUnique, n, x.Name) })
		t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(x ForeignKey) bool { return out(ObjectForeignKey, n, x.Name) })
		t.Checks = slices.DeleteFunc(t.Checks, func(x Check) bool { return out(ObjectCheck, n, x.Name) })
		t.Indexes = slices.DeleteFunc(t.Indexes, func(x Index) bool { return out(ObjectIndex, n, x.Name) })
	}
	return s
}

// normalize copies a schema and gives what means the same one form.
func (c *comparison) normalize(s *Schema) *Schema {
	s = s.Clone()
	for i := range s.Tables {
		s.Tables[i] = c.normalTable(s, s.Tables[i])
	}
	return s
}

// normalTable gives a table of s, which is the caller's own copy, its normal form.
func (c *comparison) normalTable(s *Schema, t Table) Table {
	for j := range t.Columns {
		x := &t.Columns[j]
		if slices.Contains(t.PrimaryKey.Columns, x.Name) {
			x.Null = false // whatever the catalog says of it
		}
		if strings.EqualFold(strings.TrimSpace(string(x.Default)), "null") {
			x.Default = ""
		}
	}
	for j := range t.ForeignKeys {
		f := &t.ForeignKeys[j]
		f.OnDelete, f.OnUpdate = actionWord(f.OnDelete), actionWord(f.OnUpdate)
		if f.Match = strings.ToUpper(f.Match); f.Match == "SIMPLE" || f.Match == "NONE" {
			f.Match = ""
		}
	}
	if c.dialect == nil {
		return t
	}
	known := c.domains(s)
	var inherited Table // what collations the columns have by their domains
	for j := range t.Columns {
		x := &t.Columns[j]
		inherited.Columns = append(inherited.Columns, Column{Name: x.Name, Type: x.Type, Collation: known.collationOf(x.Type)})
		x.Collation = cmp.Or(x.Collation, inherited.Columns[j].Collation)
	}
	c.dialect.NormalizeTable(&t)
	c.dialect.NormalizeTable(&inherited)
	for j := range t.Columns {
		if x := &t.Columns[j]; x.Collation == inherited.Columns[j].Collation {
			x.Collation = ""
		}
	}
	return t
}

func actionWord(action string) string {
	if action = strings.ToUpper(action); action == "NO ACTION" {
		return ""
	}
	return action
}

// renames finds the tables and columns of to that say what they were in from, and renames
// them there.
func (c *comparison) renames() []Step {
	var steps []Step
	rename := func(s Step) {
		if c.from.Apply(s) == nil {
			steps = append(steps, s)
		}
	}
	for i := range c.swappedTables() {
		t := &c.to.Tables[i]
		old := c.find(c.from, TableName{t.Schema, t.Was})
		aside := c.spareName(old.Name, func(name string) bool {
			n := TableName{old.Schema, name}
			return c.find(c.from, n) == nil && c.find(c.to, n) == nil
		})
		rename(RenameTable{Schema: old.Schema, From: old.Name, To: aside})
		t.Was = aside
	}
	was := func(t *Table) (TableName, bool) { return TableName{t.Schema, t.Was}, t.Was != "" && t.Was != t.Name }
	for range c.to.Tables { // a chain of renames frees one name at a time
		before := len(steps)
		for i := range c.to.Tables {
			t := &c.to.Tables[i]
			old, ok := was(t)
			if !ok || c.find(c.from, old) == nil || c.find(c.from, t.name()) != nil {
				continue
			}
			if stays := c.find(c.to, old); stays != nil && stays.Was == "" {
				continue // a table of that name goes on
			}
			rename(RenameTable{Schema: t.Schema, From: c.find(c.from, old).Name, To: t.Name})
		}
		if len(steps) == before {
			break
		}
	}
	for i := range c.to.Tables {
		t := &c.to.Tables[i]
		old := c.find(c.from, t.name())
		if old == nil {
			continue
		}
		for j := range c.swappedColumns(old, t) {
			x := &t.Columns[j]
			source := c.column(old, x.Was)
			aside := c.spareName(source.Name, func(name string) bool { return c.column(old, name) == nil && c.column(t, name) == nil })
			rename(RenameColumn{Table: old.name(), From: source.Name, To: aside})
			x.Was = aside
		}
		for range t.Columns {
			before := len(steps)
			for _, x := range t.Columns {
				if x.Was == "" || x.Was == x.Name {
					continue
				}
				source := c.column(old, x.Was)
				if source == nil || c.column(old, x.Name) != nil {
					continue
				}
				if stays := c.column(t, x.Was); stays != nil && stays.Was == "" {
					continue
				}
				rename(RenameColumn{Table: old.name(), From: source.Name, To: x.Name})
			}
			if len(steps) == before {
				break
			}
		}
	}
	return steps
}

// swappedTables yields one table out of each ring of tables that exchange their names: the one
// whose table goes aside first. What has been exchanged still says what it was, so a ring
// counts only where the tables are more alike with their names exchanged than as they are, or
// where somebody has answered that they are renamed.
func (c *comparison) swappedTables() iter.Seq[int] {
	unlike := func(i int, name string) int {
		t := &c.to.Tables[i]
		old := c.find(c.from, TableName{t.Schema, name})
		columns := func(a, b *Table) (n int) {
			for _, x := range a.Columns {
				if y := c.column(b, x.Name); y == nil || !c.sameColumnType(&x, y) {
					n++
				}
			}
			return n
		}
		return columns(old, t) + columns(t, old)
	}
	return c.rings(len(c.to.Tables), func(i int) (string, string, bool) {
		t := &c.to.Tables[i]
		return c.tableKey(TableName{t.Schema, t.Was}).String(), c.tableKey(t.name()).String(),
			t.Was != "" && c.find(c.from, TableName{t.Schema, t.Was}) != nil && c.find(c.from, t.name()) != nil
	}, func(i int) bool { return c.to.answered[c.to.Tables[i].name().String()] },
		func(i int) (int, int) { return unlike(i, c.to.Tables[i].Was), unlike(i, c.to.Tables[i].Name) })
}

// swappedColumns does so for the columns of a table.
func (c *comparison) swappedColumns(old, t *Table) iter.Seq[int] {
	var from, to *Table // in normal form, where it is asked for
	unlike := func(i int, name string) int {
		if from == nil {
			from = &c.normalize(&Schema{Tables: []Table{*old}}).Tables[0]
			to = &c.normalize(&Schema{Tables: []Table{*t}}).Tables[0]
			if c.to.modeled {
				c.adopt(from, to)
			}
		}
		if c.sameColumn(t.name(), c.column(from, name), &to.Columns[i]) {
			return 0
		}
		return 1
	}
	return c.rings(len(t.Columns), func(i int) (string, string, bool) {
		x := &t.Columns[i]
		return c.key(x.Was), c.key(x.Name), x.Was != "" && c.column(old, x.Was) != nil && c.column(old, x.Name) != nil
	}, func(i int) bool { return c.to.answered[dotted(t.name(), t.Columns[i].Name)] },
		func(i int) (int, int) { return unlike(i, t.Columns[i].Was), unlike(i, t.Columns[i].Name) })
}

// rings finds, among n things that say what they were, those that exchange their names in a
// ring, and yields the first of each. unlike says how much a thing differs from what it says
// it was, and from what has its name.
func (c *comparison) rings(n int, renamed func(i int) (was, is string, ok bool), answered func(i int) bool, unlike func(i int) (was, is int)) iter.Seq[int] {
	return func(yield func(int) bool) {
		next := map[string]int{} // a name, and what says that it was this
		for i := range n {
			if was, is, ok := renamed(i); ok && was != is {
				next[was] = i
			}
		}
		done := make([]bool, n)
		for i := range n {
			var ring []int
			closed := false
			for j, ok := i, true; ok && !done[j] && !closed; {
				var is string
				if _, is, ok = renamed(j); ok {
					done[j] = true
					ring = append(ring, j)
					j, ok = next[is]
					closed = ok && j == i
				}
			}
			exchanged, stayed := 0, 0
			for _, j := range ring {
				if closed {
					was, is := unlike(j)
					exchanged, stayed = exchanged+was, stayed+is
				}
			}
			if closed && len(ring) > 1 && (exchanged < stayed || slices.ContainsFunc(ring, answered)) && !yield(i) {
				return
			}
		}
	}
}

// spareName is a name beside name that is free.
func (c *comparison) spareName(name string, free func(string) bool) string {
	for n := 1; ; n++ {
		suffix := "_was"
		if n > 1 {
			suffix = fmt.Sprintf("_was%d", n)
		}
		if spare := cutIdent(name, maxName-len(suffix)) + suffix; free(spare) {
			return spare
		}
	}
}

// spell gives what to has the names that the database knows it by: cut where it cuts them, and
// as from has them where case makes no other name. The steps speak of one thing by one name.
func (c *comparison) spell() {
	if c.traits.MaxIdent == 0 && !c.traits.FoldNames && !c.traits.FoldTables {
		return
	}
	cut := func(name *string) { *name = cutIdent(*name, c.traits.MaxIdent) }
	for i := range c.to.Views {
		v := &c.to.Views[i]
		if old := c.findView(c.from, v.name()); old != nil {
			v.Schema, v.Name = old.Schema, old.Name
		}
		cut(&v.Schema)
		cut(&v.Name)
	}
	for i := range c.to.Tables {
		t := &c.to.Tables[i]
		column := func(of *Table, name *string) {
			if of != nil && c.column(of, *name) != nil {
				*name = c.column(of, *name).Name
			}
			cut(name)
		}
		old := c.find(c.from, t.name())
		if old != nil {
			t.Schema, t.Name = old.Schema, old.Name
		}
		cut(&t.Schema)
		cut(&t.Name)
		list := func(of *Table, names []string) {
			for j := range names {
				column(of, &names[j])
			}
		}
		for j := range t.Columns {
			column(old, &t.Columns[j].Name)
		}
		cut(&t.PrimaryKey.Name)
		list(old, t.PrimaryKey.Columns)
		for j := range t.Uniques {
			cut(&t.Uniques[j].Name)
			list(old, t.Uniques[j].Columns)
		}
		for j := range t.Checks {
			cut(&t.Checks[j].Name)
		}
		for j := range t.Indexes {
			x := &t.Indexes[j]
			cut(&x.Name)
			for k := range x.Parts {
				column(old, &x.Parts[k].Column)
			}
			list(old, x.Include)
		}
		for j := range t.ForeignKeys {
			f := &t.ForeignKeys[j]
			cut(&f.Name)
			list(old, f.Columns)
			ref := c.find(c.from, f.ref())
			list(ref, f.RefColumns)
			if ref != nil {
				f.RefSchema, f.RefTable = ref.Schema, ref.Name
			}
			cut(&f.RefSchema)
			cut(&f.RefTable)
		}
	}
}

// find is the table that goes by the name; nil if there is none.
func (c *comparison) find(s *Schema, name TableName) *Table {
	if t := s.Table(name); t != nil {
		return t
	}
	key := c.tableKey(name)
	i := slices.IndexFunc(s.Tables, func(t Table) bool { return c.tableKey(t.name()) == key })
	if i < 0 {
		return nil
	}
	return &s.Tables[i]
}

// column is the column that goes by the name; nil if there is none.
func (c *comparison) column(t *Table, name string) *Column {
	if x := t.Column(name); x != nil {
		return x
	}
	key := c.key(name)
	i := slices.IndexFunc(t.Columns, func(x Column) bool { return c.key(x.Name) == key })
	if i < 0 {
		return nil
	}
	return &t.Columns[i]
}

// pairTables sorts the tables into created, dropped and kept, and compares the kept ones.
func (c *comparison) pairTables() {
	for i := range c.to.Tables {
		t := &c.to.Tables[i]
		old := c.find(c.from, t.name())
		if old == nil {
			c.created = append(c.created, c.to.Tables[i].final())
			continue
		}
		j := c.from.tableIndex(old.name())
		if c.to.modeled {
			c.adopt(&c.fromNormal.Tables[j], &c.toNormal.Tables[i])
		}
		c.kept = append(c.kept, c.diffTable(old, t, &c.fromNormal.Tables[j], &c.toNormal.Tables[i]))
	}
	for i := range c.from.Tables {
		t := &c.from.Tables[i]
		if c.find(c.to, t.name()) == nil && c.mayDrop(Object{ObjectTable, t.name(), ""}) {
			c.dropped = append(c.dropped, t.final())
		}
	}
	byName := func(a, b TableName) int { return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name)) }
	slices.SortFunc(c.dropped, func(a, b Table) int { return byName(a.name(), b.name()) })
	c.created, c.cycles = c.inOrder(c.to, c.created)
	c.dropped, c.cyclesGone = c.inOrder(c.from, c.dropped)
	slices.SortFunc(c.kept, func(a, b *tableDiff) int { return byName(a.table, b.table) })
}

// findWanted finds the names that new tables, and new parts of others, take.
func (c *comparison) findWanted() {
	c.wanted = map[string]bool{}
	for i := range c.to.Tables {
		t := c.to.Tables[i].Clone()
		var there []string
		if old := c.find(c.from, t.name()); old != nil {
			there = c.keys(old.partNames())
			t.PrimaryKey = PrimaryKey{} // what follows a convention may keep another name
			t.Uniques = slices.DeleteFunc(t.Uniques, func(x Unique) bool { return x.AnyName })
			t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(x ForeignKey) bool { return x.AnyName })
			t.Checks = slices.DeleteFunc(t.Checks, func(x Check) bool { return x.AnyName })
			t.Indexes = slices.DeleteFunc(t.Indexes, func(x Index) bool { return x.AnyName })
		}
		for _, n := range c.keys(t.partNames()) {
			if !slices.Contains(there, n) {
				c.wanted[n] = true
			}
		}
	}
}

// adopt gives a table of the models what the database's has and no tag can say.
func (c *comparison) adopt(old, new *Table) {
	for i := range new.Columns {
		x := &new.Columns[i]
		if was := c.column(old, x.Name); was != nil {
			x.OnUpdate = was.OnUpdate
			stays := slices.Index(old.PrimaryKey.Columns, was.Name) == slices.Index(new.PrimaryKey.Columns, x.Name)
			if was.Auto && x.Default == "" && x.Generated == "" && stays && !slices.Equal(new.PrimaryKey.Columns, []string{x.Name}) {
				x.Auto = true // only of a key a tag can say it
			}
			if x.Auto && was.Auto {
				if was.Identity != nil { // without what follows from the type, which may change
					plain := c.normalTable(c.from, old.Clone())
					was.Identity = c.column(&plain, was.Name).Identity
				}
				x.Identity = was.clone().Identity
			}
		}
	}
	for _, o := range old.Options {
		if !slices.ContainsFunc(new.Options, func(n Option) bool { return n.Name == o.Name }) {
			new.Options = append(new.Options, o)
		}
	}
	for i := range new.Indexes {
		x := &new.Indexes[i]
		j := slices.IndexFunc(old.Indexes, func(o Index) bool {
			return len(o.Parts) == len(x.Parts) && (c.key(o.Name) == c.key(x.Name) || x.AnyName && slices.Equal(c.keys(o.columns()), c.keys(x.columns())))
		})
		if j < 0 {
			continue
		}
		x.Options = slices.Clone(old.Indexes[j].Options)
		for k := range x.Parts {
			p, was := &x.Parts[k], old.Indexes[j].Parts[k]
			p.Collation, p.OpClass, p.Prefix = was.Collation, was.OpClass, was.Prefix
		}
	}
}

// final is the table without what only speaks to Compare.
func (t *Table) final() Table {
	f := t.Clone()
	f.Was = ""
	f.PrimaryKey.AnyName = false
	for i := range f.Columns {
		f.Columns[i].Was = ""
	}
	for i := range f.Uniques {
		f.Uniques[i].AnyName = false
	}
	for i := range f.ForeignKeys {
		f.ForeignKeys[i].AnyName = false
	}
	for i := range f.Checks {
		f.Checks[i].AnyName = false
	}
	for i := range f.Indexes {
		f.Indexes[i].AnyName = false
	}
	return f
}

// createShared makes and widens what tables use.
func (c *comparison) createShared() {
	for _, n := range c.to.Schemas {
		if !slices.Contains(c.from.Schemas, n) {
			c.add(CreateSchema{n})
		}
	}
	for _, e := range c.to.Enums {
		if i := c.from.enumIndex(e.name()); i < 0 {
			c.add(CreateEnum{e})
		} else if old := c.from.Enums[i]; !slices.Equal(old.Values, e.Values) && !narrows(old, e) {
			c.add(AlterEnum{Old: old, New: e})
		}
	}
	for _, q := range c.to.Sequences {
		if i := c.sequenceIndex(c.from, q.name()); i < 0 {
			c.add(CreateSequence{q})
		} else if old := c.from.Sequences[i]; c.plainSequence(old) != c.plainSequence(q) {
			q.Schema, q.Name = old.Schema, old.Name
			c.add(AlterSequence{Old: old, New: q})
		}
	}
	c.createDomains()
}

// sequenceIndex finds the sequence that goes by the name; negative if there is none.
func (c *comparison) sequenceIndex(s *Schema, name TableName) int {
	key := c.tableKey(name)
	return slices.IndexFunc(s.Sequences, func(q Sequence) bool { return c.tableKey(q.name()) == key })
}

// plainSequence leaves its options to a sequence, and of those what is no default.
func (c *comparison) plainSequence(q Sequence) Sequence {
	q.Schema, q.Name = "", ""
	if n, ok := c.dialect.(SequenceNormalizer); ok {
		n.NormalizeSequence(&q)
	}
	return q
}

// narrows reports whether an enum only loses values: then its columns change first.
func narrows(old, new Enum) bool {
	return !slices.ContainsFunc(new.Values, func(v string) bool { return !slices.Contains(old.Values, v) }) &&
		len(new.Values) < len(old.Values)
}

// dropShared narrows and drops what tables used.
func (c *comparison) dropShared() {
	for _, e := range c.to.Enums {
		if i := c.from.enumIndex(e.name()); i >= 0 && narrows(c.from.Enums[i], e) {
			c.add(AlterEnum{Old: c.from.Enums[i], New: e})
		}
	}
	c.dropDomains()
	for _, q := range slices.Backward(c.from.Sequences) {
		if !c.to.modeled && c.sequenceIndex(c.to, q.name()) < 0 && c.mayDrop(Object{ObjectSequence, q.name(), ""}) {
			c.add(DropSequence{q})
		}
	}
	for _, e := range slices.Backward(c.from.Enums) {
		name := e.name().String()
		if c.to.enumIndex(e.name()) < 0 && !c.usesType(c.to, name) && !c.keepsDomainOver(e.name()) && (!c.to.modeled || c.usesType(c.from, name)) && c.mayDrop(Object{ObjectEnum, e.name(), ""}) {
			c.add(DropEnum{e})
		}
	}
	for _, n := range slices.Backward(c.from.Schemas) {
		if !slices.Contains(c.to.Schemas, n) && c.mayDrop(Object{ObjectSchema, TableName{Name: n}, ""}) {
			c.add(DropSchema{n})
		}
	}
}

// usesType reports whether a column is of the type, or names it without saying what it is.
func (c *comparison) usesType(s *Schema, name string) bool {
	return slices.ContainsFunc(s.Tables, func(t Table) bool {
		return slices.ContainsFunc(t.Columns, func(x Column) bool { return c.key(x.typeName()) == c.key(name) })
	})
}

// createTables makes the new tables, parents first, and what their foreign keys have to wait
// for last.
func (c *comparison) createTables() {
	for _, t := range c.created {
		indexes := t.Indexes
		if c.traits.ForeignKeyIndexes {
			indexes = nil
		} else {
			t.Indexes = nil
		}
		var own []ForeignKey // to a key of the table's own that one of its indexes is
		t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(f ForeignKey) bool {
			switch {
			case c.waits(f):
				c.late = append(c.late, AddForeignKey{t.name(), f})
			case !c.traits.ForwardReferences && f.ref() == t.name() && !c.hasKey(&t, f.RefColumns):
				own = append(own, f)
			default:
				return false
			}
			return true
		})
		c.add(CreateTable{t})
		for _, x := range indexes {
			c.add(CreateIndex{t.name(), x})
		}
		for _, f := range own {
			c.add(AddForeignKey{t.name(), f})
		}
	}
	for _, f := range c.cycles {
		c.add(AddForeignKey(f))
	}
}

// dropTables drops the removed tables, children first, each after its indexes.
func (c *comparison) dropTables() {
	for _, f := range slices.Backward(c.cyclesGone) {
		c.add(DropForeignKey(f))
	}
	for _, t := range slices.Backward(c.dropped) {
		if !c.traits.ForeignKeyIndexes { // there an index may be what its foreign key needs
			t.Indexes = slices.DeleteFunc(t.Indexes, func(x Index) bool {
				needed := slices.ContainsFunc(c.dropped, func(other Table) bool {
					return slices.ContainsFunc(other.ForeignKeys, func(f ForeignKey) bool {
						return c.tableKey(f.ref()) == c.tableKey(t.name()) && samePlaces(f.RefColumns, x.key())
					})
				})
				if !needed {
					c.add(DropIndex{t.name(), x})
				}
				return !needed
			})
		}
		c.add(DropTable{t})
	}
}

// A tableForeignKey is a foreign key with its table.
type tableForeignKey struct {
	Table      TableName
	ForeignKey ForeignKey
}

// inOrder sorts tables of s so that each follows those it refers to, and those whose sequences
// its defaults take from, and of equals the one that stood first. Where they form a cycle,
// foreign keys are cut off and returned, unless a key may refer to what comes later.
func (c *comparison) inOrder(s *Schema, tables []Table) (sorted []Table, cut []tableForeignKey) {
	return sortByForeignKeys(tables, c.tableKey, c.traits.ForwardReferences, func(t *Table) (names []TableName) {
		for _, x := range t.Columns {
			for _, from := range c.feeders(s, x.Default) {
				names = append(names, from.table)
			}
		}
		return names
	})
}

func sortByForeignKeys(tables []Table, key func(TableName) TableName, forward bool, more func(*Table) []TableName) (sorted []Table, cut []tableForeignKey) {
	waiting := map[TableName]int{} // table to its index, until it is placed
	for i := range tables {
		waiting[key(tables[i].name())] = i
	}
	parents := func(t *Table) []int { // those not placed yet
		names := more(t)
		for _, f := range t.ForeignKeys {
			names = append(names, f.ref())
		}
		var list []int
		for _, name := range names {
			if p := key(name); p != key(t.name()) {
				if i, ok := waiting[p]; ok {
					list = append(list, i)
				}
			}
		}
		return list
	}
	inCycle := func(start int) bool {
		seen := map[int]bool{}
		for next := parents(&tables[start]); len(next) > 0; next = next[1:] {
			if next[0] == start {
				return true
			}
			if !seen[next[0]] {
				seen[next[0]] = true
				next = append(next, parents(&tables[next[0]])...)
			}
		}
		return false
	}
	place := func(i int) {
		t := tables[i].Clone()
		name := key(t.name())
		if !forward {
			t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(f ForeignKey) bool {
				_, later := waiting[key(f.ref())]
				later = later && key(f.ref()) != name
				if later {
					cut = append(cut, tableForeignKey{t.name(), f})
				}
				return later
			})
		}
		delete(waiting, name)
		sorted = append(sorted, t)
	}
	for len(waiting) > 0 {
		before := len(waiting)
		for i := range tables {
			if _, ok := waiting[key(tables[i].name())]; ok && len(parents(&tables[i])) == 0 {
				place(i)
			}
		}
		if len(waiting) < before {
			continue
		}
		for i := range tables {
			if _, ok := waiting[key(tables[i].name())]; ok && inCycle(i) {
				place(i)
				break
			}
		}
	}
	return sorted, cut
}

// namesClash reports whether a new table brings a name that something removed still holds:
// names of indexes and keys are often shared by all tables of a schema.
func (c *comparison) namesClash() bool {
	held := map[string]bool{}
	for i := range c.dropped {
		for _, n := range c.dropped[i].partNames() {
			held[c.key(n)] = true
		}
	}
	for _, d := range c.kept {
		for _, u := range d.dropUniques {
			held[c.key(u.Name)] = true
		}
		for _, x := range d.dropIndexes {
			held[c.key(x.Name)] = true
		}
	}
	for i := range c.created {
		for _, n := range c.created[i].partNames() {
			if held[c.key(n)] {
				return true
			}
		}
	}
	return false
}

// partNames are the names of the table, its constraints and indexes.
func (t *Table) partNames() []string {
	names := []string{t.Name}
	add := func(n string) {
		if n != "" {
			names = append(names, n)
		}
	}
	add(t.PrimaryKey.Name)
	for _, x := range t.Uniques {
		add(x.Name)
	}
	for _, x := range t.ForeignKeys {
		add(x.Name)
	}
	for _, x := range t.Checks {
		add(x.Name)
	}
	for _, x := range t.Indexes {
		add(x.Name)
	}
	return names
}

// untangle moves drops of indexes and constraints before the first step that takes their name,
// on whatever table: some databases share names between kinds, and name an index after its
// foreign key.
func untangle(steps []Step) []Step {
	takes := func(s Step) []string {
		switch s := s.(type) {
		case CreateTable:
			return s.Table.partNames()
		case CreateIndex:
			return []string{s.Index.Name}
		case AddUnique:
			return []string{s.Unique.Name}
		case AddForeignKey:
			return []string{s.ForeignKey.Name}
		case AddCheck:
			return []string{s.Check.Name}
		case AlterPrimaryKey:
			return []string{s.New.Name}
		}
		return nil
	}
	first := map[string]int{}
	for i := 0; i < len(steps); i++ {
		var gives string
		switch s := steps[i].(type) {
		case DropIndex:
			gives = s.Index.Name
		case DropUnique:
			gives = s.Unique.Name
		case DropForeignKey:
			gives = s.ForeignKey.Name
		case DropCheck:
			gives = s.Check.Name
		}
		at, taken := first[gives]
		if gives != "" && taken {
			s := steps[i]
			steps = slices.Insert(slices.Delete(steps, i, i+1), at, s)
			clear(first)
			i = -1
			continue
		}
		for _, n := range takes(steps[i]) {
			if _, ok := first[n]; !ok {
				first[n] = i
			}
		}
	}
	return steps
}

// waits reports whether a foreign key has to be added after everything else, because what it
// refers to is only made, or changed, along with the kept tables.
func (c *comparison) waits(f ForeignKey) bool {
	if c.traits.ForwardReferences {
		return false
	}
	d := c.keptTable(f.ref())
	return d != nil && (d.otherwise() || !c.hasKey(d.old, f.RefColumns) || !c.hasKey(d.new, f.RefColumns) || d.touchesKey(f.RefColumns))
}

func (c *comparison) keptTable(name TableName) *tableDiff {
	key := c.tableKey(name)
	for _, d := range c.kept {
		if c.tableKey(d.table) == key {
			return d
		}
	}
	return nil
}

// hasKey reports whether a table has a primary key, unique constraint or unique index over
// exactly these columns, in whatever order.
func (c *comparison) hasKey(t *Table, columns []string) bool {
	want := c.keys(columns)
	slices.Sort(want)
	is := func(columns []string) bool {
		have := c.keys(columns)
		slices.Sort(have)
		return len(have) > 0 && slices.Equal(have, want)
	}
	return is(t.PrimaryKey.Columns) ||
		slices.ContainsFunc(t.Uniques, func(u Unique) bool { return is(u.Columns) }) ||
		slices.ContainsFunc(t.Indexes, func(x Index) bool { return is(x.key()) })
}

// findDisturbed moves foreign keys of kept tables out of the way of changes to the columns
// they join and the keys they refer to: removed ones go first, added ones come last, and
// those that stay are taken off in between.
func (c *comparison) findDisturbed() {
	gone := map[TableName]bool{}
	for i := range c.dropped {
		gone[c.tableKey(c.dropped[i].name())] = true
	}
	for _, d := range c.kept {
		d.dropForeignKeys = slices.DeleteFunc(d.dropForeignKeys, func(f ForeignKey) bool {
			ref := c.keptTable(f.ref())
			first := gone[c.tableKey(f.ref())] ||
				ref != nil && (ref.touchesKey(f.RefColumns) || ref.otherwise()) || d.otherwise() ||
				d.touchesIndex(f.Columns) || d.retypes(f.Columns)
			if first {
				c.early = append(c.early, DropForeignKey{d.table, f})
			}
			return first
		})
		d.addForeignKeys = slices.DeleteFunc(d.addForeignKeys, func(f ForeignKey) bool {
			wait := c.waits(f) || !c.traits.ForwardReferences && d.otherwise()
			if wait {
				c.late = append(c.late, AddForeignKey{d.table, f})
			}
			return wait
		})
		if c.traits.ForwardReferences {
			continue
		}
		for _, p := range d.sameForeignKeys {
			ref := c.keptTable(p.to.ref())
			if d.retypes(p.from.Columns) || ref != nil && ref.touchesKey(p.from.RefColumns) {
				c.early = append(c.early, DropForeignKey{d.table, p.from})
				p.to.Name, p.to.AnyName = p.from.Name, false
				d.validate = slices.DeleteFunc(d.validate, func(name string) bool { return name == p.from.Name })
				c.late = append(c.late, AddForeignKey{d.table, p.to})
			}
		}
	}
}
