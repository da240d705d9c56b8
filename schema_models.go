package ingot

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Schema is the schema that the models describe, for one dialect: its variants of options
// (type@name:…) go before the common ones. Tables come after those they refer to, and
// otherwise in the order of the models; link tables of many-to-many relations that no model
// maps come behind the models. All names are final: what no option names follows the
// convention given to [NewModels], cut to 63 bytes, which every database takes.
func (ms *Models) Schema(d Dialect) (*Schema, error) {
	if ms == nil {
		return nil, errors.New("ingot: no models: give them to NewModels, and that to Options.Models")
	}
	b := schemaBuilder{models: ms, dialect: d, names: map[string]bool{}, schema: &Schema{modeled: true}}
	if sd, ok := d.(SchemaDialect); ok {
		b.traits, b.schema.dialect = sd.Traits(nil), sd
	}
	for _, m := range ms.mappers {
		if m.view {
			b.view(m)
		} else {
			b.table(m)
		}
	}
	for _, m := range ms.mappers {
		for _, rel := range m.relations {
			b.linkTable(rel)
		}
	}
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	inSchema := func(n string) {
		if n != "" && !slices.Contains(b.schema.Schemas, n) {
			b.schema.Schemas = append(b.schema.Schemas, n)
		}
	}
	for _, t := range b.schema.Tables {
		inSchema(t.Schema)
	}
	for _, v := range b.schema.Views {
		if v.SQL != "" {
			inSchema(v.Schema)
		}
	}
	b.schema.Tables, _ = sortByForeignKeys(b.schema.Tables, func(t TableName) TableName { return t }, true, func(*Table) []TableName { return nil })
	return b.schema, nil
}

// A schemaBuilder makes a schema of models.
type schemaBuilder struct {
	models  *Models
	dialect Dialect
	traits  SchemaTraits
	names   map[string]bool // taken, table by table for constraints, in all for indexes
	typed   map[string]bool // columns of the table whose type: says what they are
	schema  *Schema
	errs    []error
}

func (b *schemaBuilder) view(m *mapper) {
	text, _ := m.options.get(b.dialect.Name(), "view")
	b.schema.Views = append(b.schema.Views, View{Schema: m.table.Schema, Name: m.table.Name, SQL: SQLText(text)})
}

func (b *schemaBuilder) table(m *mapper) {
	t := Table{Schema: m.table.Schema, Name: m.table.Name}
	comment, _ := m.options.get(b.dialect.Name(), "comment")
	t.Comment = unquoted(comment)
	t.Was, _ = m.options.get("", "was")
	for _, o := range b.chosen(m.options) {
		if o.name == "option" {
			name, value, _ := strings.Cut(o.value, "=")
			t.Options = append(t.Options, Option{strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)})
		}
	}
	b.typed = map[string]bool{}
	for _, c := range m.columns {
		b.column(&t, m, c)
		_, b.typed[c.name] = c.options.get(b.dialect.Name(), "type")
	}
	t.PrimaryKey.Columns = namesOf(m.key)
	t.PrimaryKey.Name, t.PrimaryKey.AnyName = b.name(keyOption(m), b.models.naming.PrimaryKey, &t, nil, "", nil)
	b.uniques(&t, m)
	b.foreignKeys(&t, m)
	b.checks(&t, m)
	b.indexes(&t, m)
	b.keyTypes(&t)
	b.schema.Tables = append(b.schema.Tables, t)
}

// keyTypes gives columns of unlimited length a limit where the database cannot index them
// otherwise; but for those whose tag says what type they are of.
func (b *schemaBuilder) keyTypes(t *Table) {
	var names []string
	names = append(names, t.PrimaryKey.Columns...)
	for _, u := range t.Uniques {
		names = append(names, u.Columns...)
	}
	for _, f := range t.ForeignKeys {
		names = append(names, f.Columns...)
	}
	for _, x := range t.Indexes {
		names = append(names, x.columns()...)
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case !slices.Contains(names, c.Name), b.typed[c.Name]:
		case c.Type == "text" && b.traits.KeyText != "":
			c.Type = b.traits.KeyText
		case c.Type == "blob" && b.traits.KeyBlob != "":
			c.Type = b.traits.KeyBlob
		}
	}
}

// keyOption is the option that makes the primary key, with a name: that may be behind it.
func keyOption(m *mapper) tableOption {
	for _, o := range m.options {
		if o.name == "pk" {
			return o
		}
	}
	for _, c := range m.key {
		for _, o := range c.options.parts() {
			if o.name == "pk" && o.mods != nil {
				return o
			}
		}
	}
	return tableOption{}
}

func (b *schemaBuilder) column(t *Table, m *mapper, c *column) {
	dialect := b.dialect.Name()
	x := Column{Name: c.name, Type: c.typeFor(dialect), Null: c.nullable, Auto: c.auto}
	comment, _ := c.options.get(dialect, "comment")
	x.Comment = unquoted(comment)
	x.Was, _ = c.options.get("", "was")
	x.Collation, _ = c.options.get(dialect, "collate")
	if b.traits.DecimalText != "" && c.isText() && !c.options.hasFor(dialect, "type") {
		if isDecimal(b.schema.dialect.CanonicalType(x.Type)) {
			x.Type = b.traits.DecimalText
		}
	}
	if v, ok := c.options.get(dialect, "default"); ok {
		x.Default = SQLText(v)
	}
	if v, ok := c.options.get(dialect, "generated"); ok {
		x.Generated = SQLText(v)
		_, x.Virtual = c.options.get(dialect, "virtual")
	}
	for _, o := range c.options.parts() {
		if o.name == "enum" {
			b.enum(t, m, c, &x, o)
		}
	}
	if x.Type == "" && x.Enum == "" {
		b.errs = append(b.errs, &MappingError{Type: m.name, Field: c.field,
			Text: fmt.Sprintf("has no type for %s: add type@%s:…, or type:… for all databases", dialect, dialect)})
	}
	t.Columns = append(t.Columns, x)
}

// isDecimal reports whether a canonical type is the word decimal, with or without digits.
func isDecimal(t Type) bool { return t == "decimal" || strings.HasPrefix(string(t), "decimal(") }

// enum restricts a column to a list: by a type of its own, inside the column's type, or by
// a check, as the database can. A type: for the dialect goes before.
func (b *schemaBuilder) enum(t *Table, m *mapper, c *column, x *Column, o tableOption) {
	values := unquotedList(o.value)
	_, typed := c.options.get(b.dialect.Name(), "type")
	text := c.codec.class != classInt
	switch {
	case !typed && text && b.traits.NamedEnums:
		name, ok := o.mods.get(b.dialect.Name(), "name")
		if !ok {
			name = cutName(t.Name + "_" + c.name)
		}
		e := Enum{Schema: t.Schema, Name: name, Values: values}
		if ok {
			given := tagName(name, t.Schema)
			e.Schema, e.Name = given.Schema, given.Name
		}
		if i := b.schema.enumIndex(e.name()); i < 0 {
			b.schema.Enums = append(b.schema.Enums, e)
		} else if old := b.schema.Enums[i]; !slices.Equal(old.Values, values) {
			b.errs = append(b.errs, &MappingError{Type: m.name, Field: c.field, Option: o.tagOption.String(),
				Text: fmt.Sprintf("enum %s is (%s) elsewhere: give both the same values, or one of them a name:", e.name(), strings.Join(old.Values, ", "))})
		}
		x.Type, x.Enum = "", e.name().String()
	case !typed && text && b.traits.InlineEnums:
		x.Type = inlineEnum(values)
	default:
		list := strings.Join(values, ", ")
		if text {
			list = literals(values)
		}
		name, any := b.name(o, b.models.naming.Check, t, []string{c.name}, "", nil)
		t.Checks = append(t.Checks, Check{Name: name, AnyName: any,
			Expr: SQLText(string(b.dialect.AppendIdent(nil, c.name)) + " IN (" + list + ")")})
	}
}

// inlineEnum is the type of a column that takes one of the values.
func inlineEnum(values []string) Type {
	return Type("enum(" + strings.ReplaceAll(literals(values), `\`, `\\`) + ")")
}

// literals are strings as SQL writes them.
func literals(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	return strings.Join(quoted, ",")
}

// uniques makes unique constraints; with where: or include:, which no constraint has, unique
// indexes.
func (b *schemaBuilder) uniques(t *Table, m *mapper) {
	dialect := b.dialect.Name()
	for i, u := range m.uniques {
		var next *uniqueKey
		if u.option.name == "unique-index" {
			continue // an index
		}
		if i+1 < len(m.uniques) && samePlace(u.option, m.uniques[i+1].option, u.columns[0], m.uniques[i+1].columns[0]) {
			next = m.uniques[i+1]
		}
		if !b.chooses(u.option, next != nil && next.option.dialect == dialect) {
			continue
		}
		columns := namesOf(u.columns)
		_, distinct := u.option.mods.get(dialect, "nulls-not-distinct")
		name, any := b.name(u.option, b.models.naming.Unique, t, columns, "", nil)
		where, partial := u.option.mods.get(dialect, "where")
		include, includes := u.option.mods.get(dialect, "include")
		if partial || includes {
			x := Index{Name: name, AnyName: any, Unique: true, Where: SQLText(where), NullsNotDistinct: distinct}
			for _, c := range columns {
				x.Parts = append(x.Parts, IndexPart{Column: c})
			}
			if includes {
				x.Include = unquotedList(include)
			}
			t.Indexes = append(t.Indexes, x)
			continue
		}
		t.Uniques = append(t.Uniques, Unique{Name: name, AnyName: any, Columns: columns,
			Deferrable: b.deferrable(u.option), NullsNotDistinct: distinct})
	}
}

func (b *schemaBuilder) foreignKeys(t *Table, m *mapper) {
	for _, k := range m.foreignKeys {
		if k.target.view {
			continue // a view has no key to refer to
		}
		f := ForeignKey{Columns: namesOf(k.columns), RefSchema: k.target.table.Schema, RefTable: k.target.table.Name,
			RefColumns: namesOf(k.remote), Deferrable: b.deferrable(k.option)}
		f.OnDelete, f.OnUpdate = k.action(b.dialect, "ondelete"), k.action(b.dialect, "onupdate")
		if v, _ := k.option.mods.get(b.dialect.Name(), "match"); strings.EqualFold(v, "full") {
			f.Match = "FULL"
		}
		f.Name, f.AnyName = b.name(k.option, b.models.naming.ForeignKey, t, f.Columns, f.RefTable, f.RefColumns)
		t.ForeignKeys = append(t.ForeignKeys, f)
	}
}

func (b *schemaBuilder) deferrable(o tableOption) Deferrable {
	v, ok := o.mods.get(b.dialect.Name(), "deferrable")
	if !ok {
		return NotDeferrable
	}
	d, _ := deferrableOf(v)
	return d
}

// checks makes the checks of columns, then those of the table, which are numbered.
func (b *schemaBuilder) checks(t *Table, m *mapper) {
	add := func(o tableOption, columns []string) {
		if o.name != "check" {
			return
		}
		name, any := b.name(o, b.models.naming.Check, t, columns, "", nil)
		t.Checks = append(t.Checks, Check{Name: name, AnyName: any, Expr: SQLText(o.value)})
	}
	for _, c := range m.columns {
		for _, o := range b.chosen(c.options.parts()) {
			add(o, []string{c.name})
		}
	}
	n := 0
	for _, o := range b.chosen(m.options) {
		if o.name == "check" {
			n++
			add(o, []string{fmt.Sprint(n)})
		}
	}
}

func (b *schemaBuilder) indexes(t *Table, m *mapper) {
	dialect := b.dialect.Name()
	for i, k := range m.indexes {
		chosen := false
		if i+1 < len(m.indexes) {
			next := m.indexes[i+1]
			chosen = samePlace(k.option, next.option, k.terms[0].column, next.terms[0].column) && next.option.dialect == dialect
		}
		if !b.chooses(k.option, chosen) {
			continue
		}
		x := Index{Unique: k.option.name == "unique-index"}
		var columns []string
		for _, term := range k.terms {
			p := IndexPart{Expr: term.expr, Desc: term.desc, Nulls: term.nulls}
			if term.column != nil {
				p.Column = term.column.name
				columns = append(columns, p.Column)
			} else {
				columns = append(columns, "expr")
			}
			x.Parts = append(x.Parts, p)
		}
		x.Name, x.AnyName = b.name(k.option, b.models.naming.Index, t, columns, "", nil)
		where, _ := k.option.mods.get(dialect, "where")
		x.Where = SQLText(where)
		x.Using, _ = k.option.mods.get(dialect, "using")
		_, x.NullsNotDistinct = k.option.mods.get(dialect, "nulls-not-distinct")
		if v, ok := k.option.mods.get(dialect, "include"); ok {
			x.Include = unquotedList(v)
		}
		t.Indexes = append(t.Indexes, x)
	}
}

// chosen leaves out the options that are for other dialects, and those whose variant for this
// one stands right behind them.
func (b *schemaBuilder) chosen(options tableOptions) tableOptions {
	var out tableOptions
	for i, o := range options {
		variant := false
		for _, next := range options[i+1:] {
			if next.name != o.name || next.dialect == "" {
				break
			}
			variant = variant || next.dialect == b.dialect.Name()
		}
		if b.chooses(o, variant) {
			out = append(out, o)
		}
	}
	return out
}

// chooses reports whether an option applies, given whether a variant for this dialect follows.
func (b *schemaBuilder) chooses(o tableOption, variant bool) bool {
	return o.dialect == b.dialect.Name() || o.dialect == "" && !variant
}

// samePlace reports whether two options stand together: on one column, or on blank fields.
func samePlace(a, b tableOption, ca, cb *column) bool {
	return a.name == b.name && a.dialect == "" && b.dialect != "" && a.hasValue == b.hasValue && (a.hasValue || ca == cb)
}

// name is the name that an option gives, or else one by the convention. Names that a table
// would have twice are numbered.
func (b *schemaBuilder) name(o tableOption, template string, t *Table, columns []string, refTable string, refColumns []string) (name string, any bool) {
	if v, ok := o.mods.get(b.dialect.Name(), "name"); ok {
		b.names[strings.ToLower(t.Schema+"."+v)] = true
		return v, false
	}
	full := b.models.naming.expand(template, t.Name, columns, refTable, refColumns)
	name = cutName(full)
	for n := 2; b.names[strings.ToLower(t.Schema+"."+name)]; n++ {
		name = cutName(fmt.Sprintf("%s_%d", full, n))
	}
	b.names[strings.ToLower(t.Schema+"."+name)] = true
	return name, true
}

// maxName is the length of names that every database takes.
const maxName = 63

// cutName shortens a name that is too long, so that different names stay different.
func cutName(name string) string {
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return cutIdent(name, maxName-9) + "_" + hex.EncodeToString(sum[:4])
}

// linkTable makes the table of a many-to-many relation that no model maps, once for both
// sides: the two keys are its key, and a row goes with either end.
func (b *schemaBuilder) linkTable(rel *relation) {
	if rel.link == nil || rel.link.model != nil || b.schema.tableIndex(rel.link.table) >= 0 {
		return
	}
	t := Table{Schema: rel.link.table.Schema, Name: rel.link.table.Name}
	end := func(names []string, key []*column) {
		f := ForeignKey{Columns: names, RefColumns: namesOf(key), OnDelete: "CASCADE"}
		for i, c := range key {
			f.RefSchema, f.RefTable = c.m.table.Schema, c.m.table.Name
			x := Column{Name: names[i], Type: c.typeFor(b.dialect.Name())}
			if source := b.schema.Table(c.m.table); source != nil && source.Column(c.name) != nil {
				x.Type, x.Enum, x.Collation = source.Column(c.name).Type, source.Column(c.name).Enum, source.Column(c.name).Collation
			}
			t.Columns = append(t.Columns, x)
		}
		t.PrimaryKey.Columns = append(t.PrimaryKey.Columns, names...)
		f.Name, f.AnyName = b.name(tableOption{}, b.models.naming.ForeignKey, &t, f.Columns, f.RefTable, f.RefColumns)
		t.ForeignKeys = append(t.ForeignKeys, f)
	}
	end(rel.link.left, rel.local)
	end(rel.link.right, rel.remote)
	t.PrimaryKey.Name, t.PrimaryKey.AnyName = b.name(tableOption{}, b.models.naming.PrimaryKey, &t, nil, "", nil)
	b.schema.Tables = append(b.schema.Tables, t)
}
