package ingot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Apply replays a step on the schema in memory. It judges only what replay needs: what a
// step takes away or changes has to be there, and what it makes must not. On error the
// schema is as before. [Do] changes nothing; [Exec] changes what its State says.
func (s *Schema) Apply(step Step) error {
	if err := s.apply(step); err != nil {
		return within(fmt.Sprintf("%v", step), err)
	}
	return nil
}

// ApplySteps replays steps in order and stops at the first error.
func (s *Schema) ApplySteps(steps []Step) error {
	for _, step := range steps {
		if err := s.Apply(step); err != nil {
			return err
		}
	}
	return nil
}

// Table returns the table of that name, to be read or changed in place; nil if there is
// none.
func (s *Schema) Table(name TableName) *Table {
	if i := s.tableIndex(name); i >= 0 {
		return &s.Tables[i]
	}
	return nil
}

// Column returns the column of that name, to be read or changed in place; nil if there is
// none.
func (t *Table) Column(name string) *Column {
	if i := t.columnIndex(name); i >= 0 {
		return &t.Columns[i]
	}
	return nil
}

// Clone copies the schema so that no part is shared.
func (s *Schema) Clone() *Schema {
	c := *s
	c.Schemas = slices.Clone(s.Schemas)
	c.Enums = cloneEach(s.Enums, Enum.clone)
	c.Sequences = slices.Clone(s.Sequences)
	c.Domains = cloneEach(s.Domains, Domain.clone)
	c.Tables = cloneEach(s.Tables, Table.Clone)
	c.Views = slices.Clone(s.Views)
	c.Unsupported = slices.Clone(s.Unsupported)
	return &c
}

// Clone copies the table so that no part is shared.
func (t Table) Clone() Table {
	t.Columns = cloneEach(t.Columns, Column.clone)
	t.PrimaryKey = t.PrimaryKey.clone()
	t.Uniques = cloneEach(t.Uniques, Unique.clone)
	t.ForeignKeys = cloneEach(t.ForeignKeys, ForeignKey.clone)
	t.Checks = slices.Clone(t.Checks)
	t.Indexes = cloneEach(t.Indexes, Index.clone)
	t.Options = slices.Clone(t.Options)
	return t
}

func (e Enum) clone() Enum {
	e.Values = slices.Clone(e.Values)
	return e
}

func (d Domain) clone() Domain {
	d.Checks = slices.Clone(d.Checks)
	return d
}

func (c Column) clone() Column {
	if c.Identity != nil {
		c.Identity = new(*c.Identity)
	}
	return c
}

func (k PrimaryKey) clone() PrimaryKey {
	k.Columns = slices.Clone(k.Columns)
	return k
}

func (u Unique) clone() Unique {
	u.Columns = slices.Clone(u.Columns)
	return u
}

func (f ForeignKey) clone() ForeignKey {
	f.Columns, f.RefColumns = slices.Clone(f.Columns), slices.Clone(f.RefColumns)
	return f
}

func (x Index) clone() Index {
	x.Parts, x.Include, x.Options = slices.Clone(x.Parts), slices.Clone(x.Include), slices.Clone(x.Options)
	return x
}

func cloneEach[T any](list []T, clone func(T) T) []T {
	if list == nil {
		return nil
	}
	out := make([]T, len(list))
	for i, x := range list {
		out[i] = clone(x)
	}
	return out
}

func (s *Schema) apply(step Step) error {
	switch x := step.(type) {
	case CreateSchema:
		if slices.Contains(s.Schemas, x.Name) {
			return fmt.Errorf("schema %s already exists", x.Name)
		}
		s.Schemas = append(s.Schemas, x.Name)
	case DropSchema:
		return dropPart(&s.Schemas, slices.Index(s.Schemas, x.Name), "schema "+x.Name)

	case CreateEnum:
		if s.enumIndex(x.Enum.name()) >= 0 {
			return fmt.Errorf("enum %s already exists", x.Enum.name())
		}
		s.Enums = append(s.Enums, x.Enum.clone())
	case DropEnum:
		return dropPart(&s.Enums, s.enumIndex(x.Enum.name()), "enum "+x.Enum.name().String())
	case AlterEnum:
		i := s.enumIndex(x.Old.name())
		if i < 0 {
			return fmt.Errorf("there is no enum %s", x.Old.name())
		}
		s.Enums[i] = x.New.clone()

	case CreateSequence:
		if s.sequenceIndex(x.Sequence.name()) >= 0 {
			return fmt.Errorf("sequence %s already exists", x.Sequence.name())
		}
		s.Sequences = append(s.Sequences, x.Sequence)
	case DropSequence:
		return dropPart(&s.Sequences, s.sequenceIndex(x.Sequence.name()), "sequence "+x.Sequence.name().String())
	case AlterSequence:
		i := s.sequenceIndex(x.Old.name())
		if i < 0 {
			return fmt.Errorf("there is no sequence %s", x.Old.name())
		}
		s.Sequences[i] = x.New

	case CreateDomain:
		if s.domainIndex(x.Domain.name()) >= 0 {
			return fmt.Errorf("domain %s already exists", x.Domain.name())
		}
		s.Domains = append(s.Domains, x.Domain.clone())
	case DropDomain:
		return dropPart(&s.Domains, s.domainIndex(x.Domain.name()), "domain "+x.Domain.name().String())
	case AlterDomain:
		i := s.domainIndex(x.Old.name())
		if i < 0 {
			return fmt.Errorf("there is no domain %s", x.Old.name())
		}
		if x.New.name() != x.Old.name() {
			return fmt.Errorf("the new definition is of domain %s: drop the one and create the other", x.New.name())
		}
		s.Domains[i] = x.New.clone()
	case CreateView:
		if s.viewIndex(x.View.name()) >= 0 {
			return fmt.Errorf("view %s already exists", x.View.name())
		}
		s.Views = append(s.Views, x.View)
	case DropView:
		return dropPart(&s.Views, s.viewIndex(x.View.name()), "view "+x.View.name().String())
	case AlterView:
		i := s.viewIndex(x.Old.name())
		if i < 0 {
			return fmt.Errorf("there is no view %s", x.Old.name())
		}
		s.Views[i] = x.New

	case CreateTable:
		if s.tableIndex(x.Table.name()) >= 0 {
			return fmt.Errorf("table %s already exists", x.Table.name())
		}
		if err := x.Table.valid(); err != nil {
			return err
		}
		s.Tables = append(s.Tables, x.Table.Clone())
	case DropTable:
		return dropPart(&s.Tables, s.tableIndex(x.Table.name()), "table "+x.Table.name().String())
	case RenameTable:
		return s.renameTable(TableName{x.Schema, x.From}, TableName{x.Schema, x.To})

	case Exec:
		after := s.Clone()
		for _, state := range x.State {
			if err := after.apply(state); err != nil {
				return fmt.Errorf("%v: %w", state, err)
			}
		}
		*s = *after
	case Do:
	default:
		return s.applyToTable(step)
	}
	return nil
}

// applyToTable replays the steps that change a part of one table.
func (s *Schema) applyToTable(step Step) error {
	name, ok := tableOf(step)
	if !ok {
		return fmt.Errorf("%T is not a step: give steps as values, not as pointers", step)
	}
	t := s.Table(name)
	if t == nil {
		return fmt.Errorf("there is no table %s", name)
	}
	switch x := step.(type) {
	case AlterTable:
		t.Comment, t.Options = x.NewComment, slices.Clone(x.NewOptions)
	case AddColumn:
		if t.Column(x.Column.Name) != nil {
			return fmt.Errorf("table %s already has column %s", name, x.Column.Name)
		}
		t.Columns = append(t.Columns, x.Column.clone())
	case DropColumn:
		return s.dropColumn(t, x.Column.Name)
	case RenameColumn:
		return s.renameColumn(t, x.From, x.To)
	case AlterColumn:
		c := t.Column(x.Old.Name)
		if c == nil {
			return t.missing(x.Old.Name)
		}
		if x.New.Name != x.Old.Name {
			return fmt.Errorf("the new definition is of column %s: rename with RenameColumn", x.New.Name)
		}
		*c = x.New.clone()
	case AlterPrimaryKey:
		if err := t.has(x.New.Columns); err != nil {
			return err
		}
		t.PrimaryKey = x.New.clone()
	case AddUnique:
		return addPart(t, &t.Uniques, x.Unique.clone(), x.Unique.Name, x.Unique.Columns, t.uniqueIndex)
	case DropUnique:
		return dropPart(&t.Uniques, t.uniqueIndex(x.Unique), t.part("unique", x.Unique.Name, columnList(x.Unique.Columns)))
	case AddForeignKey:
		return addPart(t, &t.ForeignKeys, x.ForeignKey.clone(), x.ForeignKey.Name, x.ForeignKey.Columns, t.foreignKeyIndex)
	case DropForeignKey:
		return dropPart(&t.ForeignKeys, t.foreignKeyIndex(x.ForeignKey), t.part("foreign key", x.ForeignKey.Name, x.ForeignKey.text()))
	case AddCheck:
		return addPart(t, &t.Checks, x.Check, x.Check.Name, nil, t.checkIndex)
	case DropCheck:
		return dropPart(&t.Checks, t.checkIndex(x.Check), t.part("check", x.Check.Name, string(x.Check.Expr)))
	case ValidateConstraint:
		if i := t.foreignKeyIndex(ForeignKey{Name: x.Name}); i >= 0 {
			t.ForeignKeys[i].NotValid = false
		} else if i := t.checkIndex(Check{Name: x.Name}); i >= 0 {
			t.Checks[i].NotValid = false
		} else {
			return fmt.Errorf("table %s has no foreign key or check %s", name, x.Name)
		}
	case RenamePart:
		return t.renamePart(x)
	case CreateIndex:
		return addPart(t, &t.Indexes, x.Index.clone(), x.Index.Name, x.Index.columns(), t.indexIndex)
	case DropIndex:
		return dropPart(&t.Indexes, t.indexIndex(x.Index), t.part("index", x.Index.Name, x.Index.text()))
	}
	return nil
}

// tableOf is the table that a step on a part of a table changes.
func tableOf(step Step) (TableName, bool) {
	switch x := step.(type) {
	case AlterTable:
		return x.Table, true
	case AddColumn:
		return x.Table, true
	case DropColumn:
		return x.Table, true
	case RenameColumn:
		return x.Table, true
	case AlterColumn:
		return x.Table, true
	case AlterPrimaryKey:
		return x.Table, true
	case AddUnique:
		return x.Table, true
	case DropUnique:
		return x.Table, true
	case AddForeignKey:
		return x.Table, true
	case DropForeignKey:
		return x.Table, true
	case AddCheck:
		return x.Table, true
	case DropCheck:
		return x.Table, true
	case ValidateConstraint:
		return x.Table, true
	case RenamePart:
		return x.Table, true
	case CreateIndex:
		return x.Table, true
	case DropIndex:
		return x.Table, true
	}
	return TableName{}, false
}

// dropPart removes the i-th element; a negative i means that what is not there.
func dropPart[T any](list *[]T, i int, what string) error {
	if i < 0 {
		return fmt.Errorf("there is no %s", what)
	}
	*list = slices.Delete(*list, i, i+1)
	return nil
}

// addPart appends a part to a table whose columns it names. The name must be free; parts
// without a name are named by the database.
func addPart[T any](t *Table, list *[]T, x T, name string, columns []string, index func(T) int) error {
	if err := t.has(columns); err != nil {
		return err
	}
	if name != "" && index(x) >= 0 {
		return fmt.Errorf("table %s already has %s", t.name(), name)
	}
	*list = append(*list, x)
	return nil
}

// dropColumn takes a column away, and with it the parts that stand on it alone. A part
// that other columns share is an error, because no two databases do the same with it.
func (s *Schema) dropColumn(t *Table, column string) error {
	i := t.columnIndex(column)
	if i < 0 {
		return t.missing(column)
	}
	shared := func(what, name string, columns []string) error {
		if len(columns) > 1 && slices.Contains(columns, column) {
			return fmt.Errorf("%s stands on column %s and others: drop it first", t.part(what, name, columnList(columns)), column)
		}
		return nil
	}
	if err := shared("primary key", t.PrimaryKey.Name, t.PrimaryKey.Columns); err != nil {
		return err
	}
	for _, u := range t.Uniques {
		if err := shared("unique", u.Name, u.Columns); err != nil {
			return err
		}
	}
	for _, f := range t.ForeignKeys {
		if err := shared("foreign key", f.Name, f.Columns); err != nil {
			return err
		}
	}
	for _, x := range t.Indexes {
		if err := shared("index", x.Name, t.standsOn(x.columns(), indexTexts(&x)...)); err != nil {
			return err
		}
	}
	for _, k := range t.Checks {
		if err := shared("check", k.Name, t.standsOn(nil, k.Expr)); err != nil {
			return err
		}
	}
	for j := range s.Tables {
		other := &s.Tables[j]
		for _, f := range other.ForeignKeys {
			if other != t && f.ref() == t.name() && slices.Contains(f.RefColumns, column) {
				return fmt.Errorf("%s refers to column %s: drop it first", other.part("foreign key", f.Name, f.text()), column)
			}
		}
	}

	alone := func(columns []string) bool { return slices.Contains(columns, column) }
	t.Columns = slices.Delete(t.Columns, i, i+1)
	if alone(t.PrimaryKey.Columns) {
		t.PrimaryKey = PrimaryKey{}
	}
	t.Uniques = slices.DeleteFunc(t.Uniques, func(u Unique) bool { return alone(u.Columns) })
	t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(f ForeignKey) bool { return alone(f.Columns) })
	t.Indexes = slices.DeleteFunc(t.Indexes, func(x Index) bool { return alone(x.columns()) || mentions(column, indexTexts(&x)...) })
	t.Checks = slices.DeleteFunc(t.Checks, func(k Check) bool { return mentions(column, k.Expr) })
	return nil
}

// standsOn adds to columns those of the table that texts name.
func (t *Table) standsOn(columns []string, texts ...SQLText) []string {
	for _, c := range t.Columns {
		if !slices.Contains(columns, c.Name) && mentions(c.Name, texts...) {
			columns = append(columns, c.Name)
		}
	}
	return columns
}

// partName is the name of the part that goes by it, to be read or changed; nil if there is none.
func (t *Table) partName(kind ObjectKind, name string) *string {
	switch kind {
	case ObjectUnique:
		if i := slices.IndexFunc(t.Uniques, func(u Unique) bool { return u.Name == name }); i >= 0 {
			return &t.Uniques[i].Name
		}
	case ObjectForeignKey:
		if i := slices.IndexFunc(t.ForeignKeys, func(f ForeignKey) bool { return f.Name == name }); i >= 0 {
			return &t.ForeignKeys[i].Name
		}
	case ObjectCheck:
		if i := slices.IndexFunc(t.Checks, func(k Check) bool { return k.Name == name }); i >= 0 {
			return &t.Checks[i].Name
		}
	case ObjectIndex:
		if i := slices.IndexFunc(t.Indexes, func(x Index) bool { return x.Name == name }); i >= 0 {
			return &t.Indexes[i].Name
		}
	}
	return nil
}

func (t *Table) renamePart(s RenamePart) error {
	name := t.partName(s.Kind, s.From)
	switch {
	case name == nil || s.From == "":
		return fmt.Errorf("table %s has no %s %s", t.name(), s.Kind, s.From)
	case t.partName(s.Kind, s.To) != nil:
		return fmt.Errorf("table %s already has %s", t.name(), s.To)
	}
	*name = s.To
	return nil
}

func (s *Schema) renameTable(from, to TableName) error {
	t := s.Table(from)
	if t == nil {
		return fmt.Errorf("there is no table %s", from)
	}
	if s.Table(to) != nil {
		return fmt.Errorf("table %s already exists", to)
	}
	t.Name = to.Name
	for i := range s.Tables {
		for j := range s.Tables[i].ForeignKeys {
			if f := &s.Tables[i].ForeignKeys[j]; f.ref() == from {
				f.RefTable = to.Name
			}
		}
	}
	return nil
}

// renameColumn renames the column wherever the table's parts, and foreign keys of others,
// name it; in expressions too, as every database does.
func (s *Schema) renameColumn(t *Table, from, to string) error {
	c := t.Column(from)
	if c == nil {
		return t.missing(from)
	}
	if t.Column(to) != nil {
		return fmt.Errorf("table %s already has column %s", t.name(), to)
	}
	c.Name = to
	rename := func(columns []string) {
		for i := range columns {
			if columns[i] == from {
				columns[i] = to
			}
		}
	}
	text := func(e *SQLText) { *e = renameIdent(*e, from, to) }
	for i := range t.Columns {
		text(&t.Columns[i].Generated)
	}
	rename(t.PrimaryKey.Columns)
	for _, u := range t.Uniques {
		rename(u.Columns)
	}
	for i := range t.Checks {
		text(&t.Checks[i].Expr)
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		for j := range x.Parts {
			if x.Parts[j].Column == from {
				x.Parts[j].Column = to
			}
			text(&x.Parts[j].Expr)
		}
		rename(x.Include)
		text(&x.Where)
	}
	for i := range s.Tables {
		other := &s.Tables[i]
		for _, f := range other.ForeignKeys {
			if other == t {
				rename(f.Columns)
			}
			if f.ref() == t.name() {
				rename(f.RefColumns)
			}
		}
	}
	return nil
}

// valid reports parts that name columns the table does not have, and names given twice.
func (t *Table) valid() error {
	for i, c := range t.Columns {
		if t.columnIndex(c.Name) != i {
			return fmt.Errorf("table %s has column %s twice", t.name(), c.Name)
		}
	}
	if err := t.has(t.PrimaryKey.Columns); err != nil {
		return err
	}
	for _, u := range t.Uniques {
		if err := t.has(u.Columns); err != nil {
			return err
		}
	}
	for _, f := range t.ForeignKeys {
		if err := t.has(f.Columns); err != nil {
			return err
		}
	}
	for _, x := range t.Indexes {
		if err := t.has(x.columns()); err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) has(columns []string) error {
	for _, c := range columns {
		if t.Column(c) == nil {
			return t.missing(c)
		}
	}
	return nil
}

func (t *Table) missing(column string) error {
	return fmt.Errorf("table %s has no column %s", t.name(), column)
}

// part names a part of the table in messages.
func (t *Table) part(kind, name, definition string) string {
	if name == "" {
		name = definition
	}
	return fmt.Sprintf("%s %s of table %s", kind, oneLine(name), t.name())
}

// columns are the columns the index names outside of expressions.
func (x *Index) columns() []string {
	var names []string
	for _, p := range x.Parts {
		if p.Column != "" {
			names = append(names, p.Column)
		}
	}
	return append(names, x.Include...)
}

// key are the columns of which a unique index has no two the same; none where it has
// expressions or not all rows.
func (x *Index) key() []string {
	var names []string
	for _, p := range x.Parts {
		if !x.Unique || x.Where != "" || p.Column == "" {
			return nil
		}
		names = append(names, p.Column)
	}
	return names
}

func (f *ForeignKey) ref() TableName { return TableName{f.RefSchema, f.RefTable} }

func (s *Schema) tableIndex(name TableName) int {
	i := slices.IndexFunc(s.Tables, func(t Table) bool { return t.Schema == name.Schema && t.Name == name.Name })
	if i < 0 && s.server != nil && s.server.FoldTables {
		i = slices.IndexFunc(s.Tables, func(t Table) bool {
			return strings.EqualFold(t.Schema, name.Schema) && strings.EqualFold(t.Name, name.Name)
		})
	}
	return i
}

func (s *Schema) enumIndex(name TableName) int {
	return slices.IndexFunc(s.Enums, func(e Enum) bool { return e.name() == name })
}

func (s *Schema) sequenceIndex(name TableName) int {
	return slices.IndexFunc(s.Sequences, func(q Sequence) bool { return q.name() == name })
}

func (s *Schema) domainIndex(name TableName) int {
	return slices.IndexFunc(s.Domains, func(d Domain) bool { return d.name() == name })
}

// domainOf is the domain that a type, or what its arrays are made of, names; nil if it names
// none.
func (s *Schema) domainOf(t Type) *Domain {
	if i := s.domainIndex(namedType(t)); i >= 0 {
		return &s.Domains[i]
	}
	return nil
}

// namedType reads the name that a type begins with, as SQL writes it.
func namedType(t Type) (name TableName) {
	rest := strings.TrimSpace(string(t))
	for rest != "" {
		token := sqlToken(rest)
		word, quote := identOf(token)
		if quote == 0 {
			word = strings.ToLower(word)
		}
		name.Schema, name.Name = name.Name, word
		if rest = strings.TrimPrefix(rest, token); !strings.HasPrefix(rest, ".") {
			break
		}
		rest = rest[1:]
	}
	return name
}

func (s *Schema) viewIndex(name TableName) int {
	return slices.IndexFunc(s.Views, func(v View) bool { return v.name() == name })
}

func (t *Table) columnIndex(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// The index functions find a part by its name or, where it has none, by what it is:
// nameless ones first.

func (t *Table) uniqueIndex(u Unique) int {
	return findPart(t.Uniques, u.Name, func(x Unique) string { return x.Name }, func(x Unique) bool {
		return slices.Equal(x.Columns, u.Columns)
	})
}

func (t *Table) foreignKeyIndex(f ForeignKey) int {
	nameOf := func(x ForeignKey) string { return x.Name }
	like := func(x ForeignKey) bool {
		return slices.Equal(x.Columns, f.Columns) && x.ref() == f.ref() && slices.Equal(x.RefColumns, f.RefColumns)
	}
	i := findPart(t.ForeignKeys, f.Name, nameOf, func(x ForeignKey) bool { // of several between the same columns
		return like(x) && cmp.Or(x.OnDelete, "NO ACTION") == cmp.Or(f.OnDelete, "NO ACTION") &&
			cmp.Or(x.OnUpdate, "NO ACTION") == cmp.Or(f.OnUpdate, "NO ACTION") && x.Deferrable == f.Deferrable
	})
	if i < 0 && f.Name == "" {
		i = findPart(t.ForeignKeys, "", nameOf, like)
	}
	return i
}

func (t *Table) checkIndex(c Check) int {
	return findPart(t.Checks, c.Name, func(x Check) string { return x.Name }, func(x Check) bool { return x.Expr == c.Expr })
}

func (t *Table) indexIndex(x Index) int {
	return findPart(t.Indexes, x.Name, func(y Index) string { return y.Name }, func(y Index) bool {
		return y.Unique == x.Unique && y.Where == x.Where && slices.Equal(y.Parts, x.Parts)
	})
}

func findPart[T any](list []T, name string, nameOf func(T) string, same func(T) bool) int {
	if name != "" {
		return slices.IndexFunc(list, func(x T) bool { return nameOf(x) == name })
	}
	if i := slices.IndexFunc(list, func(x T) bool { return nameOf(x) == "" && same(x) }); i >= 0 {
		return i
	}
	return slices.IndexFunc(list, same)
}
