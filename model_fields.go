package ingot

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A registration is what NewModels knows on the way: it goes over all models once per
// step, and each step goes on where an earlier one found mistakes, so that all come back
// together. What is known to be broken is not complained about a second time.
type registration struct {
	*Models
	general []error
	errs    map[*mapper][]error
	broken  map[*mapper]map[string]bool // fields and columns that a mistake kept out
	pending map[*relation]tag
	codecs  codecs
}

func newRegistration(models []any) *registration {
	r := &registration{
		Models:  &Models{byType: map[reflect.Type]*mapper{}, byTable: map[TableName]*mapper{}},
		errs:    map[*mapper][]error{},
		broken:  map[*mapper]map[string]bool{},
		pending: map[*relation]tag{},
		codecs:  codecs{},
	}
	r.naming = Naming{}.withDefaults()
	for i, x := range models {
		t := reflect.TypeOf(x)
		if t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch x := x.(type) {
		case nil:
			r.general = append(r.general, &MappingError{Type: "nil", Text: fmt.Sprintf("argument %d is no model: give a struct, like User{}", i+1)})
			continue
		case Naming:
			r.naming = x.withDefaults()
			continue
		case *Naming:
			if x != nil {
				r.naming = x.withDefaults()
			}
			continue
		case TypeMap:
			r.types = x
			continue
		}
		switch {
		case t.Kind() != reflect.Struct:
			r.general = append(r.general, &MappingError{Type: shortenType(t), Text: "is no model: give a struct, like User{}"})
		case t.Name() == "":
			r.general = append(r.general, &MappingError{Type: shortenType(t), Text: "has no name to map by: declare the struct as a type"})
		case r.byType[t] != nil:
			r.report(r.byType[t], "", tagOption{}, "is given twice")
		default:
			r.add(t, t.Name())
		}
	}
	for _, m := range r.mappers {
		if slices.ContainsFunc(r.mappers, func(o *mapper) bool { return o != m && o.typ.Name() == m.typ.Name() }) {
			m.name = m.typ.String() // with its package
		}
	}
	return r
}

// add takes in a struct that is to be mapped.
func (r *registration) add(t reflect.Type, name string) *mapper {
	m := &mapper{
		typ: t, name: name, index: len(r.mappers), slice: reflect.SliceOf(t),
		byField: map[string]*column{}, byColumn: map[string]*column{}, relByName: map[string]*relation{},
	}
	r.mappers = append(r.mappers, m)
	r.byType[t] = m
	r.broken[m] = map[string]bool{}
	return m
}

// run maps what was added.
func (r *registration) run() (*Models, error) {
	for _, m := range r.mappers {
		r.mapFields(m)
	}
	for _, m := range r.mappers {
		r.mapTable(m)
	}
	for _, m := range r.mappers {
		r.mapForeignKeys(m)
	}
	r.mapRelations()
	if err := r.err(); err != nil {
		return nil, err
	}
	return r.Models, nil
}

func shortenType(t reflect.Type) string {
	s := t.String()
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return s
}

// report records a mistake.
func (r *registration) report(m *mapper, field string, o tagOption, text string) {
	e := &MappingError{Type: m.name, Field: field, Text: text}
	if o.name != "" {
		e.Option = o.String()
	}
	r.errs[m] = append(r.errs[m], e)
}

// err returns all mistakes, model by model.
func (r *registration) err() error {
	all := slices.Clone(r.general)
	for _, m := range r.mappers {
		all = append(all, r.errs[m]...)
	}
	return errors.Join(all...)
}

// lookupTag finds and parses the tag of a field, and notices what [reflect.StructTag]
// silently takes for no tag.
func lookupTag(f reflect.StructField) (t tag, ok bool, err error) {
	text, ok := f.Tag.Lookup("ingot")
	if !ok {
		if raw := string(f.Tag); raw == "ingot" || strings.HasPrefix(raw, "ingot:") || strings.Contains(raw, " ingot:") {
			return nil, true, fmt.Errorf("malformed struct tag %q: write `ingot:\"…\"`", raw)
		}
		return nil, false, nil
	}
	t, err = parseTag(text)
	return t, true, err
}

// mapFields makes columns and relations of a struct's fields.
func (r *registration) mapFields(m *mapper) {
	r.walk(m, m.typ, 0, "", "")
	slices.SortStableFunc(m.places, func(a, b fieldPlace) int { return cmp.Compare(a.offset, b.offset) })
	for i := 1; i < len(m.places); i++ {
		if a, b := m.places[i-1], m.places[i]; a.offset == b.offset && a.typ == b.typ {
			r.report(m, b.column.field, tagOption{}, fmt.Sprintf("has no size and the same type as %s: the two cannot be told apart by address", a.column.field))
		}
	}
	m.findSpans()
}

// findSpans splits the columns into byte ranges and those that need a closer look.
func (m *mapper) findSpans() {
	var flat []span
	parts := []reflect.StructField{{Name: "Instance", Type: m.typ}}
	for _, c := range m.columns {
		if c.codec.clone != nil {
			m.deep = append(m.deep, c)
			if e := c.codec.elem; e != nil && e.clone == nil {
				m.boxes = append(m.boxes, box{column: c})
				parts = append(parts, reflect.StructField{Name: fmt.Sprint("Box", len(m.boxes)), Type: c.typ.Elem()})
			} else {
				m.cloned = append(m.cloned, c)
			}
			continue
		}
		flat = append(flat, span{c.offset, c.typ.Size()})
	}
	m.boxed = m.typ
	if len(m.boxes) > 0 {
		m.boxed = reflect.StructOf(parts)
		for i := range m.boxes {
			m.boxes[i].offset = m.boxed.Field(i + 1).Offset
		}
	}
	m.boxedSlice = reflect.SliceOf(m.boxed)
	slices.SortFunc(flat, func(a, b span) int { return cmp.Compare(a.offset, b.offset) })
	for _, s := range flat {
		if n := len(m.flat); n > 0 {
			// A gap this small is padding, or a field whose change costs one more look.
			last := &m.flat[n-1]
			if s.offset-(last.offset+last.size) < 8 {
				last.size = s.offset + s.size - last.offset
				continue
			}
		}
		m.flat = append(m.flat, s)
	}
}

// walk maps the fields of a struct that lies at an offset of the model.
func (r *registration) walk(m *mapper, t reflect.Type, offset uintptr, path, prefix string) {
	for f := range t.Fields() {
		field := path + f.Name
		tg, tagged, err := lookupTag(f)
		if err != nil {
			r.report(m, field, tagOption{}, err.Error())
		}
		switch {
		case f.Name == "_":
			if tagged {
				r.tableTag(m, tg, path, prefix)
			}
		case tg.has("-"):
			if len(tg) > 1 {
				r.report(m, field, tagOption{name: "-"}, fmt.Sprintf("leaves the field out, which contradicts the rest of %q", tg))
			}
			if tg[0].hasValue || tg[0].dialect != "" {
				r.report(m, field, tg[0], "takes no value")
			}
		case !f.IsExported() && !(f.Anonymous && r.flattens(f, tg)):
			if tagged {
				r.report(m, field, tagOption{}, "is not exported, so it cannot be mapped: export it or remove the tag")
			}
		case r.flattens(f, tg):
			r.checkTag(m, field, tg, onEmbed)
			p, _ := tg.get("prefix")
			r.walk(m, f.Type, offset+f.Offset, field+".", prefix+p)
		case f.Anonymous && f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct:
			r.report(m, field, tagOption{}, fmt.Sprintf("is embedded as a pointer, so its fields may not be there: embed %s itself", f.Type.Elem()))
		case r.isRelation(f.Type, tg):
			r.addRelation(m, f, field, offset+f.Offset, tg)
		default:
			r.addColumn(m, f, field, offset+f.Offset, prefix, tg)
		}
	}
}

// flattens reports whether the fields of a struct become columns of the model.
func (r *registration) flattens(f reflect.StructField, tg tag) bool {
	if f.Type.Kind() != reflect.Struct || tg.has("json") {
		return false
	}
	if tg.has("embed") || tg.has("prefix") {
		return true
	}
	if !f.Anonymous {
		return false
	}
	_, err := codecs(nil).of(codecKey{typ: f.Type})
	return err != nil
}

// relatedType is the struct that a field of type *T or []*T points to; nil for other types.
func relatedType(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	return t.Elem()
}

// elemOf is what a type is made of, below slices and pointers.
func elemOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// isRelation reports whether a field holds other models: by its type, or by what its tag
// says it should be.
func (r *registration) isRelation(t reflect.Type, tg tag) bool {
	if tg.has("json") || tg.has("type") || tg.has("column") {
		return false
	}
	target := relatedType(t)
	if target == nil {
		return elemOf(t).Kind() == reflect.Struct && slices.ContainsFunc(tg, func(o tagOption) bool {
			spec, ok := specOf(o.name, onRelation)
			return ok && spec.place == onRelation
		})
	}
	if r.byType[target] != nil {
		return true
	}
	_, err := codecs(nil).of(codecKey{typ: reflect.PointerTo(target)})
	return err != nil
}

// checkTag reports the options that are unknown, misplaced, malformed or repeated, and
// returns the good ones.
func (r *registration) checkTag(m *mapper, field string, tg tag, place tagPlace) tag {
	var good tag
	for _, o := range tg {
		text := checkOption(o, place)
		if text == "" {
			text = checkValue(o)
		}
		if text == "" && place != onTable && !isModifier(o.name) && slices.ContainsFunc(good, func(x tagOption) bool {
			return x.name == o.name && x.dialect == o.dialect
		}) && o.name != "check" {
			text = "is given twice"
		}
		if text != "" {
			r.report(m, field, o, text)
			continue
		}
		if isName(o.name) {
			o.value = unquoted(o.value)
		}
		good = append(good, o)
	}
	var parts tableOptions
	for _, o := range good {
		if !isModifier(o.name) {
			parts = append(parts, tableOption{tagOption: o})
			continue
		}
		i := headOf(parts, o.name)
		if i < 0 {
			r.report(m, field, o, "belongs behind "+strings.Join(headsAt(o.name, place), " or "))
			continue
		}
		if slices.ContainsFunc(parts[i].mods, func(x tagOption) bool { return x.name == o.name && x.dialect == o.dialect }) {
			r.report(m, field, o, fmt.Sprintf("is given twice for %q", parts[i].tagOption))
		}
		parts[i].mods = append(parts[i].mods, o)
	}
	return good
}

// headsAt lists the options a modifier can follow at a place.
func headsAt(modifier string, place tagPlace) []string {
	var heads []string
	for _, h := range modifierHeads(modifier) {
		if _, ok := specOf(h, place); ok {
			heads = append(heads, h)
		}
	}
	return heads
}

// tableTag takes in the options of a blank field. Inside an embedded struct, names of
// columns and fields are the struct's own.
func (r *registration) tableTag(m *mapper, tg tag, path, prefix string) {
	tg = r.checkTag(m, strings.TrimSuffix(path, "."), tg, onTable)
	for _, o := range columnOptions(tg).parts() {
		if path != "" {
			switch o.name {
			case "index", "unique-index", "unique", "check", "fk":
			default:
				r.report(m, strings.TrimSuffix(path, "."), o.tagOption, "belongs on a blank field of the model itself, not of an embedded struct")
				continue
			}
			o.path, o.prefix = path, prefix
		}
		m.options = append(m.options, o)
	}
}

// addColumn maps a field to a column.
func (r *registration) addColumn(m *mapper, f reflect.StructField, field string, offset uintptr, prefix string, tg tag) {
	tg = r.checkTag(m, field, tg, onColumn)
	name, ok := tg.get("column")
	if !ok {
		name = r.naming.Column(f.Name)
	}
	name = prefix + name
	fail := func(o tagOption, text string) {
		r.report(m, field, o, text)
		r.broken[m][field], r.broken[m][name] = true, true
	}
	enum, _ := tg.get("enum")
	codec, err := r.codecs.of(codecKey{typ: f.Type, json: tg.has("json"), null: tg.has("null"), fk: tg.has("null") && tg.has("fk"), enum: enum})
	if err != nil {
		option := tagOption{}
		if enum != "" {
			if _, plain := r.codecs.of(codecKey{typ: f.Type, json: tg.has("json")}); plain == nil {
				option = tagOption{name: "enum", value: enum, hasValue: true}
			}
		}
		fail(option, r.explainType(f.Type, err))
		return
	}
	if text := badName(name); text != "" {
		fail(tagOption{name: "column", value: name, hasValue: true}, text)
		return
	}
	if other := m.byColumn[name]; other != nil {
		fail(tagOption{}, fmt.Sprintf("column %q is taken by field %s: name one of them with column:, or leave one out with -", name, other.field))
		return
	}
	c := &column{
		m: m, index: len(m.columns), field: field, name: name,
		place: place{offset, f.Type, codec}, scan: codec.scan,
		pk:       tg.has("pk"),
		nullable: (codec.null != nil || tg.has("null")) && !tg.has("notnull"),
		omitZero: tg.has("omitzero"),
		readOnly: tg.has("readonly") || tg.has("generated"),
		deferred: tg.has("deferred"),
		version:  tg.has("version"),
		created:  tg.has("created"),
		updated:  tg.has("updated"),
		uuidV7:   tg.has("uuidv7"),
		options:  columnOptions(tg),
	}
	r.checkColumn(c, tg)
	c.word = r.typeOf(c)
	if c.word == "" && !tg.has("type") {
		r.report(m, field, tagOption{}, fmt.Sprintf("has no type in the database that follows from %s: add type:, or give NewModels a TypeMap", f.Type))
	}
	m.columns = append(m.columns, c)
	m.byField[field], m.byColumn[name] = c, c
	if short := m.promoted(field); m.byField[short] == nil {
		m.byField[short] = c
	}
	m.places = append(m.places, fieldPlace{offset: offset, typ: f.Type, column: c})
	if codec.inner != nil {
		m.places = append(m.places, fieldPlace{offset: offset, typ: codec.inner, column: c, inner: true})
	}
}

// promoted is the path by which Go itself knows a field: without the structs it is embedded
// in by type alone.
func (m *mapper) promoted(field string) string {
	names := strings.Split(field, ".")
	var path []string
	t := m.typ
	for i, name := range names {
		f, _ := t.FieldByName(name)
		if i == len(names)-1 || !f.Anonymous {
			path = append(path, name)
		}
		t = f.Type
	}
	return strings.Join(path, ".")
}

// badName says what makes a name impossible in any database.
func badName(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "is an empty name"
	case strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return "has a control character in its name"
	}
	return ""
}

// explainType adds to an error about a type what the metadata knows better.
func (r *registration) explainType(t reflect.Type, err error) string {
	base := elemOf(t)
	if m := r.byType[base]; m != nil {
		if t.Kind() == reflect.Slice {
			return fmt.Sprintf("a relation to %s is a []*%s", m.name, base.Name())
		}
		return fmt.Sprintf("a relation to %s is a *%s; to flatten its fields into this table, tag the field embed", m.name, base.Name())
	}
	return err.Error()
}

// A columnRule says when an option of a column is a mistake.
type columnRule struct {
	option string
	broken bool
	text   string
}

// checkRules reports the options of a column that break a rule.
func (r *registration) checkRules(c *column, rules []columnRule) {
	for _, rule := range rules {
		if o, ok := c.options.option(rule.option); ok && rule.broken {
			r.report(c.m, c.field, o, rule.text)
		}
	}
}

// option finds an option by name, for whatever dialect.
func (o columnOptions) option(name string) (tagOption, bool) {
	i := slices.IndexFunc(o, func(x tagOption) bool { return x.name == name })
	if i < 0 {
		return tagOption{}, false
	}
	return o[i], true
}

// has reports whether the options have one of a name, for whatever dialect.
func (o columnOptions) has(name string) bool { return tag(o).has(name) }

// checkColumn reports options that contradict each other or the field's type.
func (r *registration) checkColumn(c *column, tg tag) {
	k := c.codec
	number := k.class == classInt || k.class == classFloat || k.class == classCustom || k.class == classText || k.class == classString
	pointer := k.null != nil && !tg.has("null")
	rules := []columnRule{
		{"pk", tg.has("null"), "contradicts null: a key is never NULL"},
		{"pk", pointer, fmt.Sprintf("a key is never NULL, and %s can be: use a plain type", c.typ)},
		{"pk", k.class == classJSON, "JSON cannot be a key"},
		{"auto", tg.has("noauto"), "contradicts noauto"},
		{"auto", k.class != classInt, fmt.Sprintf("the database makes integers, and the field is of type %s", c.typ)},
		{"null", tg.has("notnull"), "contradicts notnull"},
		{"size", k.class != classString && k.class != classText, fmt.Sprintf("is the length of text, and the field is of type %s", c.typ)},
		{"precision", !number, fmt.Sprintf("is for numbers and text that is one, and the field is of type %s", c.typ)},
		{"enum", tg.has("json"), "contradicts json"},
		{"version", !c.readOnly && (k.getInt == nil && (k.class != classTime || pointer) || tg.has("enum")), fmt.Sprintf("wants a plain integer or a time, and the field is of type %s", c.typ)},
		{"version", tg.has("null"), "contradicts null: a version is never NULL"},
		{"version", c.readOnly && (k.class == classJSON || k.null != nil), "has to be compared by =, and never be NULL"},
		{"version", c.omitZero, "contradicts omitzero: the version counts from what is stored"},
		{"version", c.deferred, "contradicts deferred: the version has to be known"},
		{"created", k.class != classTime, fmt.Sprintf("wants a time, and the field is of type %s", c.typ)},
		{"updated", k.class != classTime, fmt.Sprintf("wants a time, and the field is of type %s", c.typ)},
		{"created", tg.has("updated"), "contradicts updated, which covers the insert too"},
		{"created", c.readOnly, "contradicts readonly: it is written"},
		{"updated", c.readOnly, "contradicts readonly: it is written"},
		{"uuidv7", !takesUUID(c), fmt.Sprintf("wants a [16]byte, a type that marshals to text, or a string, and the field is of type %s", c.typ)},
		{"uuidv7", c.readOnly, "contradicts readonly: it is written"},
		{"generated", tg.has("default"), "contradicts default"},
		{"generated", tg.has("omitzero"), "contradicts omitzero: a generated column is never written"},
		{"generated", tg.has("auto"), "contradicts auto"},
		{"readonly", tg.has("omitzero"), "contradicts omitzero: a read-only column is never written"},
		{"readonly", tg.has("auto"), "contradicts auto"},
		{"trigger", c.pk, "contradicts pk: a row is found by its key while it is written"},
		{"trigger", tg.has("generated"), "contradicts generated: such a column is read back anyway"},
	}
	r.checkRules(c, rules)
	for _, o := range tg {
		if (o.name == "size" || o.name == "precision") && slices.ContainsFunc(tg, func(x tagOption) bool { return x.name == "type" && x.dialect == o.dialect }) {
			r.report(c.m, c.field, o, "contradicts type:, which says it all")
		}
	}
}

// takesUUID reports whether a field can hold a UUID, as bytes or as text.
func takesUUID(c *column) bool {
	switch c.codec.class {
	case classString, classText, classCustom:
		return true
	case classBytes:
		return c.typ.Kind() != reflect.Array || c.typ.Len() == 16
	}
	return false
}

// typeOf gives a column its type in the common vocabulary: what the tag says, what the
// metadata says of the Go type, what the Go type itself says.
func (r *registration) typeOf(c *column) Type {
	if t := sizedType("", c.options); t != "" {
		return t
	}
	base := c.typ
	if base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	for _, t := range []reflect.Type{c.typ, base, c.codec.inner} {
		if word, ok := r.types[t]; ok && t != nil {
			return word
		}
	}
	return c.codec.word
}

// sizedType is the type that precision: or size: make for a dialect; empty without them.
func sizedType(dialect string, o columnOptions) Type {
	if v, ok := o.get(dialect, "precision"); ok {
		digits, scale, _ := precisionOf(v)
		return Type(fmt.Sprintf("decimal(%d,%d)", digits, scale))
	}
	if v, ok := o.get(dialect, "size"); ok {
		return Type("varchar(" + v + ")")
	}
	return ""
}

// typeFor is the column's type for a dialect: as written in the tag, else that of the column
// it refers to, which some servers want to be the very same, else what follows from the Go
// type. A key that the database makes is never as large as an unsigned integer can be.
func (c *column) typeFor(dialect string) Type {
	for range 8 { // a chain of references, which may be a ring
		if v, ok := c.options.get(dialect, "type"); ok {
			return Type(v)
		}
		if t := sizedType(dialect, c.options); t != "" {
			return t
		}
		if c.refers == nil {
			break
		}
		c = c.refers
	}
	if c.auto && c.word == "bigint unsigned" {
		return "bigint"
	}
	return c.word
}

// mapTable settles what the model as a whole is: table, key, uniques, indexes.
func (r *registration) mapTable(m *mapper) {
	m.table.Name = r.naming.Table(cmp.Or(m.typ.Name(), m.name))
	seen := map[string]bool{}
	for _, o := range m.options {
		single := slices.Contains([]string{"table", "schema", "pk", "view", "comment", "was"}, o.name)
		if single && seen[o.name+"@"+o.dialect] {
			r.report(m, "", o.tagOption, "is given twice")
			continue
		}
		seen[o.name+"@"+o.dialect] = true
		switch o.name {
		case "table":
			m.table.Name = o.value
		case "schema":
			m.table.Schema = o.value
		case "view":
			m.view = true
		case "pk":
			r.keyOption(m, o)
		case "unique":
			if columns, ok := r.columnList(m, o, o.value); ok {
				m.uniques = append(m.uniques, &uniqueKey{columns, o})
			}
		case "index", "unique-index":
			r.indexOption(m, o)
		}
	}
	if text := badName(m.table.Name); text != "" {
		r.report(m, "", tagOption{name: "table", value: m.table.Name, hasValue: true}, text)
	}
	if other := r.byTable[m.table]; other != nil {
		r.report(m, "", tagOption{}, fmt.Sprintf("table %q is %s's already: name another with `_ struct{} ingot:\"table:…\"`", m.table, other.name))
	} else {
		r.byTable[m.table] = m
	}
	var ofColumns []*uniqueKey
	var indexes []*indexKey
	for _, c := range m.columns {
		for _, o := range c.options.parts() {
			switch o.name {
			case "unique":
				ofColumns = append(ofColumns, &uniqueKey{[]*column{c}, o})
			case "index", "unique-index":
				indexes = append(indexes, &indexKey{[]indexTerm{{column: c}}, o})
			}
		}
	}
	m.uniques, m.indexes = append(ofColumns, m.uniques...), append(indexes, m.indexes...)
	for _, x := range m.indexes {
		if x.option.name == "unique-index" && !slices.ContainsFunc(x.terms, func(t indexTerm) bool { return t.column == nil }) {
			u := &uniqueKey{option: x.option}
			for _, t := range x.terms {
				u.columns = append(u.columns, t.column)
			}
			m.uniques = append(m.uniques, u)
		}
	}
	r.mapKey(m)
	for _, c := range m.columns {
		switch {
		case !c.version:
		case m.version != nil:
			r.report(m, c.field, tagOption{name: "version"}, fmt.Sprintf("is given twice: %s has it too", m.version.field))
		default:
			m.version = c
		}
	}
}

// keyOption reads pk: of a blank field.
func (r *registration) keyOption(m *mapper, o tableOption) {
	columns, ok := r.columnList(m, o, o.value)
	if !ok {
		r.broken[m]["pk"] = true
		return
	}
	for _, c := range m.columns {
		if c.pk && !slices.Contains(columns, c) {
			r.report(m, c.field, tagOption{name: "pk"}, fmt.Sprintf("contradicts %q on the blank field", o))
		}
	}
	for _, c := range columns {
		c.pk = true
		if c.codec.null != nil || c.options.has("null") {
			r.report(m, c.field, tagOption{}, fmt.Sprintf("a key is never NULL, and %s can be: use a plain type", c.typ))
		}
		if c.codec.class == classJSON {
			r.report(m, c.field, tagOption{}, "JSON cannot be a key")
		}
	}
	m.key = columns
}

// mapKey settles the primary key.
func (r *registration) mapKey(m *mapper) {
	if m.key == nil {
		for _, c := range m.columns {
			if c.pk {
				m.key = append(m.key, c)
			}
		}
	}
	for _, c := range m.columns {
		r.checkRules(c, []columnRule{
			{"auto", !c.pk, "belongs on the primary key: the database makes no other values"},
			{"noauto", !c.pk, "belongs on the primary key: no other column is generated"},
			{"deferred", c.pk, "contradicts pk: the key is always loaded"},
			{"version", c.pk, "contradicts pk: a key does not move"},
		})
	}
	if len(m.key) == 0 {
		if r.broken[m]["pk"] || r.brokenKey(m) {
			return
		}
		text := "has no primary key: tag the field that is it with `ingot:\"pk\"`, or several of them, or add `_ struct{} ingot:\"pk:a,b\"`"
		for _, c := range m.columns {
			if c.name == "id" {
				text = fmt.Sprintf("has no primary key: tag field %s with `ingot:\"pk\"`", c.field)
			}
		}
		r.report(m, "", tagOption{}, text)
		return
	}
	for _, c := range m.key {
		c.nullable = false
		if c.options.has("auto") && len(m.key) > 1 {
			r.report(m, c.field, tagOption{name: "auto"}, "the database makes a key only where it is one column")
		}
	}
	c := m.key[0]
	if len(m.key) > 1 || c.codec.getInt == nil || c.options.has("noauto") || m.view || c.readOnly {
		return
	}
	if c.options.has("auto") || !c.options.has("fk") && !c.options.has("enum") && !c.options.has("default") {
		c.auto, m.auto = true, c
	}
}

// brokenKey reports whether a field that was to be the key is among the broken ones.
func (r *registration) brokenKey(m *mapper) bool {
	for f := range m.typ.Fields() {
		if tg, _, err := lookupTag(f); r.broken[m][f.Name] && (err != nil || tg.has("pk")) {
			return true
		}
	}
	return false
}

// find returns the column that a name in a tag means: a column or a Go field. Inside an
// embedded struct its own go first.
func (m *mapper) find(o tableOption, name string) *column {
	return cmp.Or(m.byColumn[o.prefix+name], m.byField[o.path+name], m.byColumn[name], m.byField[name])
}

// field is the embedded struct that an option stands in; empty for the model itself.
func (o tableOption) field() string { return strings.TrimSuffix(o.path, ".") }

// columnNames lists the columns of a model, for messages.
func (m *mapper) columnNames() []string {
	names := make([]string, len(m.columns))
	for i, c := range m.columns {
		names[i] = c.name
	}
	return names
}

// column finds the column that an option names, or reports that there is none.
func (r *registration) column(m *mapper, of *mapper, field string, o tableOption, name string) *column {
	c := of.find(o, name)
	if c == nil && !r.broken[of][name] && !r.broken[of][o.path+name] && !r.broken[of][o.prefix+name] {
		r.report(m, field, o.tagOption, fmt.Sprintf("%s has no column %q", of.name, name)+didYouMean(name, of.columnNames()))
	}
	return c
}

// columnList reads a list of columns.
func (r *registration) columnList(m *mapper, o tableOption, value string) (columns []*column, ok bool) {
	ok = true
	for _, name := range splitList(value) {
		c := r.column(m, m, o.field(), o, name)
		switch {
		case c == nil:
			ok = false
		case slices.Contains(columns, c):
			r.report(m, o.field(), o.tagOption, fmt.Sprintf("names column %q twice", c.name))
			ok = false
		default:
			columns = append(columns, c)
		}
	}
	return columns, ok
}

// indexOption reads index: of a blank field: columns and expressions in parentheses, each
// with asc or desc, nulls first or nulls last behind it.
func (r *registration) indexOption(m *mapper, o tableOption) {
	key := &indexKey{option: o}
	for _, item := range splitList(o.value) {
		var t indexTerm
		name := item
		for cut := true; cut; {
			name, cut = cutIndexWord(name, &t)
		}
		if strings.HasPrefix(name, "(") && strings.HasSuffix(name, ")") {
			t.expr = SQLText(strings.TrimSpace(name[1 : len(name)-1]))
			key.terms = append(key.terms, t)
			continue
		}
		if t.column = r.column(m, m, o.field(), o, name); t.column == nil {
			return
		}
		key.terms = append(key.terms, t)
	}
	m.indexes = append(m.indexes, key)
}

// cutIndexWord takes one word of order off the end of an element of an index.
func cutIndexWord(s string, t *indexTerm) (rest string, ok bool) {
	for _, w := range []struct {
		suffix string
		set    func()
	}{
		{" asc", func() {}},
		{" desc", func() { t.desc = true }},
		{" nulls first", func() { t.nulls = "FIRST" }},
		{" nulls last", func() { t.nulls = "LAST" }},
	} {
		if n := len(s) - len(w.suffix); n > 0 && strings.EqualFold(s[n:], w.suffix) {
			w.set()
			return strings.TrimSpace(s[:n]), true
		}
	}
	return s, false
}
