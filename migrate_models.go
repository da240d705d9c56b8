package ingot

import (
	"cmp"
	"fmt"
	"go/format"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// FormatModels writes the models of a schema that [DB.Inspect] read, as the source of a Go
// file of package pkg: a struct for each table, with relationships along the foreign keys, and
// a variable Models with all of them. Compared with the database, the models are the same.
//
// What no tag can say stands in comments and comes back in unsaid. Most of it [Compare] leaves
// as it is; of the rest, such as a table without a primary key, the comment says what is
// missing.
func FormatModels(s *Schema, d Dialect, pkg string) (source string, unsaid []Unsupported, err error) {
	sd, ok := d.(SchemaDialect)
	if !ok {
		return "", nil, fmt.Errorf("ingot: dialect %s cannot inspect or define schemas", d.Name())
	}
	if !isGoName(pkg) || unicode.IsUpper([]rune(pkg)[0]) {
		return "", nil, fmt.Errorf("ingot: %q is no name of a package", pkg)
	}
	w := &modelWriter{schema: s, d: sd, traits: sd.Traits(s.server), naming: Naming{}.withDefaults(),
		byTable: map[TableName]*modelText{}, types: map[string]bool{"Models": true}}
	w.nameModels()
	w.chooseTypes()
	w.findForeignKeys()
	w.findLinks()
	w.agreeOnTypes()
	for _, m := range w.models {
		w.columns(m)
		w.parts(m)
	}
	for _, m := range w.models {
		w.relations(m)
	}
	for _, m := range slices.Concat(w.models, w.bare) {
		if m.link != nil {
			w.linkFields(m)
		}
	}
	text := w.file(pkg)
	formatted, err := format.Source([]byte(text))
	if err != nil {
		return "", nil, within("models as Go source", err)
	}
	return string(formatted), w.unsaid, nil
}

// A modelWriter is one run of [FormatModels].
type modelWriter struct {
	schema  *Schema
	d       SchemaDialect
	traits  SchemaTraits
	naming  Naming
	models  []*modelText
	bare    []*modelText // link tables that need no model
	byTable map[TableName]*modelText
	types   map[string]bool // names of Go types that are taken
	unsaid  []Unsupported
}

// A modelText is a struct in the making.
type modelText struct {
	t       Table // in normal form
	name    string
	columns []*fieldText
	options []string // tags of blank fields
	rels    []string // lines
	keys    []*keyText
	notes   []string
	taken   map[string]bool // names of fields
	link    *linkText       // it is the table of a many-to-many relation
}

// A fieldText is a field of a column in the making.
type fieldText struct {
	c     *Column
	name  string
	base  string // Go type without what makes it nullable
	word  Type   // that follows from the Go type
	key   bool
	tags  []string
	parts []string // kinds of parts, of the column alone, that the tags have
}

// A keyText is a foreign key that a tag can say.
type keyText struct {
	f        *ForeignKey
	m, ref   *modelText
	own, far []*fieldText
}

// A linkText is a table that does nothing but tie rows of two others.
type linkText struct {
	left, right *keyText
	bare        bool // as made of through: alone, so that it needs no model
}

// note says what no tag can.
func (w *modelWriter) note(m *modelText, kind, name, reason string, text SQLText) {
	u := Unsupported{Kind: kind, Name: m.t.name().String(), Reason: reason, SQL: text}
	if name != "" {
		u.Name += "." + name
	}
	w.unsaid = append(w.unsaid, u)
	m.notes = append(m.notes, u.line())
}

func (u Unsupported) line() string {
	line := strings.TrimSuffix(fmt.Sprintf("%s %s: %s", u.Kind, u.Name, u.Reason), ": ")
	if u.SQL != "" {
		line += ": " + string(u.SQL)
	}
	return strings.Join(strings.Fields(line), " ")
}

// nameModels chooses the names of types and fields, for all tables that a model can have.
func (w *modelWriter) nameModels() {
	for _, t := range w.schema.Tables {
		if isStateTable(t.name()) {
			continue
		}
		m := &modelText{t: t.Clone(), taken: map[string]bool{}}
		w.d.NormalizeTable(&m.t)
		why := badName(t.Name)
		if len(m.t.PrimaryKey.Columns) == 0 {
			why = "it has no primary key, which a model needs"
		}
		for _, c := range t.Columns {
			if why == "" && badName(c.Name) != "" {
				why = "a column " + badName(c.Name)
			}
		}
		if why != "" {
			w.unsaid = append(w.unsaid, Unsupported{Kind: "table", Name: t.name().String(), Reason: why})
			continue
		}
		for _, o := range t.Options {
			if !slices.Contains(m.t.Options, o) && strings.ToLower(o.Name) != o.Name {
				w.note(m, "option", "", o.Name+"="+o.Value, "")
			}
		}
		m.name = free(w.types, goName(singular(t.Name)), goName(t.Schema)+goName(singular(t.Name)))
		for i := range m.t.Columns {
			c := &m.t.Columns[i]
			name := goName(c.Name)
			for n := 2; m.taken[name] || name != c.Name && m.t.Column(name) != nil; n++ {
				name = goName(c.Name) + strconv.Itoa(n)
			}
			m.taken[name] = true
			m.columns = append(m.columns, &fieldText{c: c, name: name, key: slices.Contains(m.t.PrimaryKey.Columns, c.Name)})
		}
		w.models = append(w.models, m)
		w.byTable[t.name()] = m
	}
}

// free takes the first of the names that is not taken, or numbers the last.
func free(taken map[string]bool, names ...string) string {
	for _, n := range names {
		if !taken[n] {
			taken[n] = true
			return n
		}
	}
	last := names[len(names)-1]
	for n := 2; ; n++ {
		if name := last + strconv.Itoa(n); !taken[name] {
			taken[name] = true
			return name
		}
	}
}

func (m *modelText) field(column string) *fieldText {
	for _, f := range m.columns {
		if f.c.Name == column {
			return f
		}
	}
	return nil
}

func (m *modelText) fields(columns []string) []*fieldText {
	var list []*fieldText
	for _, c := range columns {
		if f := m.field(c); f != nil {
			list = append(list, f)
		}
	}
	return list
}

// chooseTypes gives each column the Go type that holds its values.
func (w *modelWriter) chooseTypes() {
	for _, m := range w.models {
		for _, f := range m.columns {
			f.base, f.word = fieldType(w.d.CanonicalType(w.schema.madeOf(f.c.Type)), w.traits.WideIntegers)
			if w.traits.WideIntegers && goClass(f.base) == classInt {
				f.base, f.word = "int64", "bigint"
			}
			if w.traits.DecimalText != "" && f.base == "string" && isDecimal(w.d.CanonicalType(f.c.Type)) {
				f.base, f.word = "float64", "double" // the database has made a number of it
			}
			if f.c.Enum != "" {
				f.base, f.word = "string", "text"
			}
		}
	}
}

// fieldType is the Go type for values of a canonical type, and the word that follows from it.
// Digits that a float would round stay text. With anyName, types are called as one likes, and
// pieces of their names say what they hold; else a name that is not known is somebody's own.
func fieldType(t Type, anyName bool) (base string, word Type) {
	name, args, _ := strings.Cut(strings.ToLower(string(t)), "(")
	_, tail, _ := strings.Cut(args, ")")
	name = strings.TrimSpace(name)
	unsigned := strings.Contains(tail+" "+name, "unsigned")
	name = strings.TrimSpace(strings.TrimSuffix(name, "unsigned"))
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(name, p) })
	}
	integer := func(signed, plain string, s, p Type) (string, Type) {
		if unsigned {
			return plain, p
		}
		return signed, s
	}
	switch name {
	case "boolean":
		return "bool", "boolean"
	case "tinyint":
		return integer("int8", "uint8", "smallint", "smallint")
	case "smallint", "year":
		return integer("int16", "uint16", "smallint", "integer")
	case "mediumint", "integer", "int":
		return integer("int32", "uint32", "integer", "bigint")
	case "bigint":
		return integer("int64", "uint64", "bigint", "bigint unsigned")
	case "real", "float":
		return "float32", "real"
	case "double":
		return "float64", "double"
	case "decimal":
		p, s, ok := precisionOf(strings.TrimSuffix(args, ")"+tail))
		switch {
		case ok && s == 0 && p <= 18:
			return "int64", "bigint"
		case ok && p <= 15:
			return "float64", "double"
		}
		return "string", "text"
	case "date", "timestamp", "datetime", "timestamp with time zone", "timestamp without time zone":
		return "time.Time", "timestamp"
	case "json":
		return "json.RawMessage", "json"
	case "blob":
		return "[]byte", "blob"
	}
	switch {
	case slices.Contains([]string{"binary", "varbinary", "tinyblob", "mediumblob"}, name):
		return "[]byte", "blob"
	case !anyName || has("[", "range", "interval", "point"):
	case has("timestamp"):
		return "time.Time", "timestamp"
	case has("char", "clob", "text"):
	case has("blob", "binary"):
		return "[]byte", "blob"
	case has("int"):
		return integer("int64", "uint64", "bigint", "bigint unsigned")
	case has("floa", "doub", "real"):
		return "float64", "double"
	}
	return "string", "text"
}

// goClass is what foreign keys have to agree on.
func goClass(base string) valueClass {
	switch {
	case base == "bool":
		return classBool
	case strings.Contains(base, "int"):
		return classInt
	case strings.HasPrefix(base, "float"):
		return classFloat
	case base == "time.Time":
		return classTime
	case base == "[]byte":
		return classBytes
	case base == "json.RawMessage":
		return classJSON
	}
	return classString
}

// agreeOnTypes gives columns that refer to others values of the same kind.
func (w *modelWriter) agreeOnTypes() {
	for range 20 { // a chain of references, which may be a ring
		for _, m := range w.models {
			for _, k := range m.keys {
				for i, f := range k.own {
					if far := k.far[i]; goClass(f.base) != goClass(far.base) {
						if goClass(f.base) == classString { // text holds everything
							far.base, far.word = f.base, f.word
						} else {
							f.base, f.word = far.base, far.word
						}
					}
				}
			}
		}
	}
	for _, m := range w.models {
		for _, f := range m.columns {
			if f.key && f.base == "json.RawMessage" {
				f.base, f.word = "string", "text"
			}
		}
	}
}

// findForeignKeys sorts out the foreign keys that a tag can say.
func (w *modelWriter) findForeignKeys() {
	for _, m := range w.models {
		for i := range m.t.ForeignKeys {
			f := &m.t.ForeignKeys[i]
			ref := w.byTable[f.ref()]
			k := &keyText{f: f, m: m, ref: ref, own: m.fields(f.Columns)}
			if ref != nil {
				k.far = ref.fields(f.RefColumns)
			}
			_, inOwn := w.byTable[TableName{m.t.Schema, f.RefTable}]
			null := slices.ContainsFunc(k.own, func(f *fieldText) bool { return f.c.Null && !f.key })
			var why string
			switch {
			case ref == nil:
				why = "no model has the table it refers to"
			case f.RefSchema == "" && m.t.Schema != "" && inOwn:
				why = "its own schema has a table of that name too"
			case len(k.far) == 0 || len(k.far) != len(k.own):
				why = "the columns it refers to are not there"
			case !ref.hasKey(f.RefColumns):
				why = "it refers to columns that are no key"
			case (f.OnDelete == "SET NULL" || f.OnUpdate == "SET NULL") && !null:
				why = "it sets columns to NULL that cannot be"
			case f.Match != "" && !strings.EqualFold(f.Match, "full"):
				why = "MATCH " + f.Match
			}
			if why != "" {
				w.note(m, "foreign key", f.Name, why, SQLText(f.text()))
				continue
			}
			if f.NotValid {
				w.note(m, "foreign key", f.Name, "it is not validated", "")
			}
			m.keys = append(m.keys, k)
		}
	}
}

// hasKey reports whether no two rows have the same values in these columns.
func (m *modelText) hasKey(columns []string) bool {
	return samePlaces(m.t.PrimaryKey.Columns, columns) ||
		slices.ContainsFunc(m.t.Uniques, func(u Unique) bool { return samePlaces(u.Columns, columns) }) ||
		slices.ContainsFunc(m.t.Indexes, func(x Index) bool { return samePlaces(x.key(), columns) })
}

// findLinks finds the tables whose key is two foreign keys, and nothing else.
func (w *modelWriter) findLinks() {
	for _, m := range w.models {
		if len(m.keys) != 2 || len(m.keys) != len(m.t.ForeignKeys) {
			continue
		}
		a, b := m.keys[0], m.keys[1]
		all := slices.Concat(a.f.Columns, b.f.Columns)
		if len(all) != len(m.columns) || !samePlaces(all, m.t.PrimaryKey.Columns) ||
			!slices.Equal(a.f.RefColumns, a.ref.t.PrimaryKey.Columns) || !slices.Equal(b.f.RefColumns, b.ref.t.PrimaryKey.Columns) || a.ref == m || b.ref == m {
			continue
		}
		l := &linkText{left: a, right: b}
		if slices.Equal(slices.Concat(b.f.Columns, a.f.Columns), m.t.PrimaryKey.Columns) {
			l.left, l.right = b, a
		}
		l.bare = w.isBare(m, l)
		m.link = l
	}
	w.models = slices.DeleteFunc(w.models, func(m *modelText) bool {
		if m.link != nil && m.link.bare {
			w.bare = append(w.bare, m)
			return true
		}
		return false
	})
}

// isBare reports whether through: alone makes this very table.
func (w *modelWriter) isBare(m *modelText, l *linkText) bool {
	t := &m.t
	simple := func(s string) bool { return isGoName(s) && s == strings.ToLower(s) && s < "\x7f" }
	plain := func(k *keyText) bool {
		f := k.f
		return f.OnDelete == "CASCADE" && f.OnUpdate == "" && f.Match == "" && f.Deferrable == NotDeferrable && !f.NotValid
	}
	place := func(ref *modelText) int { return slices.Index(w.models, ref) }
	if !plain(l.left) || !plain(l.right) || place(l.left.ref) > place(l.right.ref) ||
		!slices.Equal(slices.Concat(l.left.f.Columns, l.right.f.Columns), t.PrimaryKey.Columns) ||
		len(t.Uniques)+len(t.Checks)+len(t.Indexes)+len(t.Options) > 0 || t.Comment != "" ||
		!simple(t.Name) || t.Schema != l.left.ref.t.Schema || t.Schema != l.right.ref.t.Schema ||
		slices.ContainsFunc(m.columns, func(f *fieldText) bool { return !simple(f.c.Name) }) {
		return false
	}
	for _, k := range []*keyText{l.left, l.right} {
		for i, f := range k.own {
			want := Column{Name: f.c.Name, Type: k.far[i].c.Type, Enum: k.far[i].c.Enum, Collation: k.far[i].c.Collation}
			if !sameDefinition(*f.c, want) {
				return false
			}
		}
	}
	// Whoever refers to it needs a model of it.
	return !slices.ContainsFunc(w.models, func(o *modelText) bool {
		return slices.ContainsFunc(o.keys, func(k *keyText) bool { return k.ref == m })
	})
}

// say adds an option to a list if it has a value, and reports whether the tag's grammar can
// carry that.
func say(tags *[]string, name, value string) bool {
	if value == "" {
		return true
	}
	if isName(name) && (unquoted(value) != value || !sayable(name, value)) {
		value = quotedBy(`"`, value)
	}
	if name == "comment" && (!sayable(name, value) || unquoted(value) != value) {
		value = quotedBy(`'`, value)
	}
	if !sayable(name, value) {
		return false
	}
	*tags = append(*tags, name+":"+value)
	return true
}

// quotedBy puts a text in quotes, and doubles those that it has.
func quotedBy(q, text string) string { return q + strings.ReplaceAll(text, q, q+q) + q }

// sayable reports whether a value comes back from a tag as it is.
func sayable(name, value string) bool {
	t, err := parseTag(name + ":" + value + ";x")
	if err != nil || len(t) != 2 || t[0].name != name || t[0].value != value {
		return false
	}
	return !isName(name) || !strings.HasPrefix(value, "'") && unquoted(value) == value || strings.HasPrefix(value, `"`)
}

// named adds a name: where the name is not the one that follows anyway.
func (w *modelWriter) named(tags *[]string, name, template string, m *modelText, columns []string, f ForeignKey) {
	if name != cutName(w.naming.expand(template, m.t.Name, columns, f.RefTable, f.RefColumns)) {
		say(tags, "name", name)
	}
}

// columns writes what tags say of columns.
func (w *modelWriter) columns(m *modelText) {
	t := &m.t
	for _, f := range m.columns {
		c := f.c
		if c.Name != w.naming.Column(f.name) {
			say(&f.tags, "column", c.Name)
		}
		single := f.key && len(t.PrimaryKey.Columns) == 1
		if single {
			f.tags = append(f.tags, "pk")
			w.named(&f.tags, t.PrimaryKey.Name, w.naming.PrimaryKey, m, nil, ForeignKey{})
		}
		refers := slices.ContainsFunc(m.keys, func(k *keyText) bool { return slices.Contains(k.own, f) })
		made := single && goClass(f.base) == classInt && c.Default == "" && c.Generated == "" && c.Enum == "" && !refers
		switch {
		case single && c.Auto && !made && goClass(f.base) == classInt:
			f.tags = append(f.tags, "auto")
		case single && !c.Auto && made:
			f.tags = append(f.tags, "noauto")
		case c.Auto && !single:
			w.note(m, "column", c.Name, "the database makes its values", "")
			f.tags = append(f.tags, "omitzero")
		}
		w.columnType(m, f)
		if c.Null && !f.key && (f.base == "[]byte" || f.base == "json.RawMessage") {
			f.tags = append(f.tags, "null")
		}
		if c.Generated != "" {
			if say(&f.tags, "generated", string(c.Generated)) {
				if c.Virtual {
					f.tags = append(f.tags, "virtual")
				}
			} else {
				f.tags = append(f.tags, "readonly")
				w.note(m, "generated column", c.Name, "no tag can hold its expression", c.Generated)
			}
		}
		if !say(&f.tags, "default", string(c.Default)) {
			w.note(m, "default", c.Name, "no tag can hold it", c.Default)
		} else if c.Default != "" && !c.Null && (f.key || w.zeroMeansNone(m, f)) {
			f.tags = append(f.tags, "omitzero") // no such value is ever meant
		}
		if c.OnUpdate != "" {
			w.note(m, "column", c.Name, "on update", c.OnUpdate)
		}
		if c.Identity != nil {
			w.note(m, "identity", c.Name, c.Identity.text(), "")
		}
		say(&f.tags, "collate", c.Collation)
		say(&f.tags, "comment", c.Comment)
	}
}

// zeroMeansNone reports whether the zero value of a field is none that the column takes.
func (w *modelWriter) zeroMeansNone(m *modelText, f *fieldText) bool {
	if values, _, ok := w.enumOf(m, f.c); ok {
		return !slices.Contains(values, "")
	}
	t := strings.ToLower(string(w.d.CanonicalType(w.schema.madeOf(f.c.Type))))
	name, _, _ := strings.Cut(t, "(")
	name, _, _ = strings.Cut(name, " ")
	switch {
	case f.base == "time.Time", f.base == "json.RawMessage":
		return true
	case f.base != "string" || w.traits.WideIntegers: // any text goes where types are only names
		return false
	}
	return strings.HasSuffix(t, "[]") || strings.HasSuffix(t, "range") || slices.Contains([]string{"uuid", "decimal", "time", "interval", "inet", "inet4", "inet6", "cidr", "macaddr", "money"}, name)
}

// columnType says the type where it does not follow from the Go type.
func (w *modelWriter) columnType(m *modelText, f *fieldText) {
	c := f.c
	if values, name, ok := w.enumOf(m, c); ok {
		quoted := make([]string, len(values))
		for i, v := range values {
			if quoted[i] = v; len(splitList(v)) != 1 || strings.TrimSpace(v) != v || v == "" || strings.ContainsAny(v, `'"();`) {
				quoted[i] = quotedBy(`'`, v)
			}
		}
		if say(&f.tags, "enum", strings.Join(quoted, ",")) {
			say(&f.tags, "name", name)
			return
		}
	}
	if c.Enum != "" {
		say(&f.tags, "type", c.Enum)
		return
	}
	expected := f.word
	if c.Auto && expected == "bigint unsigned" {
		expected = "bigint" // no key that the database makes is larger
	}
	for _, k := range m.keys {
		if i := slices.Index(k.own, f); i >= 0 && k.far[i] != f {
			expected = k.far[i].c.Type
			break
		}
	}
	name, args, _ := strings.Cut(string(c.Type), "(")
	args, tail, _ := strings.Cut(args, ")")
	indexed := w.traits.KeyText != "" && (c.Type == "text" || c.Type == "blob") // there a key would be something shorter
	switch {
	case w.d.CanonicalType(expected) == w.d.CanonicalType(c.Type) && !indexed:
	case name == "varchar" && tail == "" && f.base == "string" && args != "" && checkValue(tagOption{name: "size", value: args}) == "":
		f.tags = append(f.tags, "size:"+args)
	case name == "decimal" && args != "" && tail == "" && goClass(f.base) != classString && checkValue(tagOption{name: "precision", value: args}) == "":
		f.tags = append(f.tags, "precision:"+args)
	case c.Type == "": // a type of no words
		w.note(m, "column", c.Name, "it has no type", "")
	case !say(&f.tags, "type", string(c.Type)):
		w.note(m, "column type", c.Name, "no tag can hold it", SQLText(c.Type))
	}
}

// enumOf are the values of a column that takes one of a few, and the name of the type where
// it has one that does not follow.
func (w *modelWriter) enumOf(m *modelText, c *Column) (values []string, name string, ok bool) {
	if c.Enum != "" {
		for _, e := range w.schema.Enums {
			if e.name().String() == c.Enum {
				switch name = e.name().String(); {
				case e.Schema == m.t.Schema:
					name = TableName{Name: e.Name}.String()
				case e.Schema == "":
					name = "." + name
				}
				if name == cutName(m.t.Name+"_"+c.Name) {
					name = ""
				}
				return e.Values, name, true
			}
		}
	}
	if list, is := strings.CutPrefix(string(c.Type), "enum("); is && strings.HasSuffix(list, ")") {
		values = unquotedList(strings.ReplaceAll(strings.TrimSuffix(list, ")"), `\\`, `\`))
		return values, "", w.d.CanonicalType(inlineEnum(values)) == c.Type
	}
	return nil, "", false
}

// list names columns as tags do: by their own names, or by their fields' where those would
// not stand in a list.
func (m *modelText) list(columns []string) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = m.inTag(c)
	}
	return strings.Join(names, ",")
}

func (m *modelText) inTag(column string) string {
	if f := m.field(column); f != nil && !isGoName(column) {
		return f.name
	}
	return column
}

// parts writes what tags say of the table and its parts.
func (w *modelWriter) parts(m *modelText) {
	t := &m.t
	var tags []string
	if t.Name != w.naming.Table(m.name) {
		say(&tags, "table", t.Name)
	}
	say(&tags, "schema", t.Schema)
	say(&tags, "comment", t.Comment)
	for _, o := range t.Options {
		text := o.Name
		if o.Value != "" {
			text += "=" + o.Value
		}
		if !say(&tags, "option", text) {
			w.note(m, "option", "", text, "")
		}
	}
	m.blank(tags)
	if len(t.PrimaryKey.Columns) > 1 {
		tags := []string{"pk:" + m.list(t.PrimaryKey.Columns)}
		w.named(&tags, t.PrimaryKey.Name, w.naming.PrimaryKey, m, nil, ForeignKey{})
		m.blank(tags)
	}
	for _, u := range t.Uniques {
		var mods []string
		w.named(&mods, u.Name, w.naming.Unique, m, u.Columns, ForeignKey{})
		if u.NullsNotDistinct {
			mods = append(mods, "nulls-not-distinct")
		}
		m.part("unique", m.fields(u.Columns), "unique", "unique:"+m.list(u.Columns), append(mods, deferrableTag(u.Deferrable)...))
	}
	for _, k := range m.keys {
		w.foreignKey(k)
	}
	for _, k := range t.Checks {
		var tags []string
		if !say(&tags, "check", string(k.Expr)) {
			w.note(m, "check", k.Name, "no tag can hold its expression", k.Expr)
			continue
		}
		say(&tags, "name", k.Name)
		m.blank(tags)
		if k.NotValid {
			w.note(m, "check", k.Name, "it is not validated", "")
		}
	}
	for i := range t.Indexes {
		w.index(m, &t.Indexes[i])
	}
}

func (m *modelText) blank(tags []string) {
	if len(tags) > 0 {
		m.options = append(m.options, strings.Join(tags, ";"))
	}
}

// part writes a part of the table with its column where it has one, which has no other of the
// kind, else on a blank field.
func (m *modelText) part(kind string, on []*fieldText, tag, blank string, mods []string) {
	if len(on) == 1 && !slices.Contains(on[0].parts, kind) {
		f := on[0]
		f.parts = append(f.parts, kind)
		f.tags = append(append(f.tags, tag), mods...)
		return
	}
	m.blank(append([]string{blank}, mods...))
}

func deferrableTag(d Deferrable) []string {
	switch d {
	case DeferrableInitiallyImmediate:
		return []string{"deferrable"}
	case DeferrableInitiallyDeferred:
		return []string{"deferrable:deferred"}
	}
	return nil
}

func (w *modelWriter) foreignKey(k *keyText) {
	f := k.f
	table := k.ref.t.Name
	if f.RefSchema != "" && f.RefSchema != k.m.t.Schema {
		table = f.RefSchema + "." + table
	}
	if !isGoName(strings.ReplaceAll(table, ".", "")) {
		table = quotedBy(`"`, table)
	}
	target := table + "." + k.ref.list(f.RefColumns)
	var mods []string
	for _, a := range [][2]string{{"ondelete", f.OnDelete}, {"onupdate", f.OnUpdate}, {"match", f.Match}} {
		say(&mods, a[0], strings.ToLower(a[1]))
	}
	mods = append(mods, deferrableTag(f.Deferrable)...)
	w.named(&mods, f.Name, w.naming.ForeignKey, k.m, f.Columns, *f)
	k.m.part("fk", k.own, "fk:"+target, "fk:"+k.m.list(f.Columns)+"->"+target, mods)
}

func (w *modelWriter) index(m *modelText, x *Index) {
	kind := "index"
	if x.Unique {
		kind = "unique-index"
	}
	var terms, columns, mods []string
	for _, p := range x.Parts {
		term := m.inTag(p.Column)
		columns = append(columns, cmp.Or(p.Column, "expr"))
		if p.Column == "" {
			term = "(" + string(p.Expr) + ")"
		}
		if p.Desc {
			term += " desc"
		}
		if p.Nulls != "" {
			term += " nulls " + strings.ToLower(p.Nulls)
		}
		terms = append(terms, term)
		if p.Collation != "" || p.OpClass != "" || p.Prefix != 0 {
			what := cmp.Or(p.Column, string(p.Expr)) + " " + p.Collation + " " + p.OpClass
			if p.Prefix != 0 {
				what = fmt.Sprintf("the first %d of %s", p.Prefix, what)
			}
			w.note(m, "index", x.Name, strings.Join(strings.Fields(what), " "), "")
		}
	}
	for _, o := range x.Options {
		w.note(m, "index", x.Name, "option "+strings.TrimSuffix(o.Name+"="+o.Value, "="), "")
	}
	w.named(&mods, x.Name, w.naming.Index, m, columns, ForeignKey{})
	ok := say(&mods, "using", x.Using)
	if x.NullsNotDistinct {
		mods = append(mods, "nulls-not-distinct")
	}
	include := slices.Clone(x.Include)
	for i, n := range include {
		if !isGoName(n) {
			include[i] = quotedBy(`"`, n)
		}
	}
	ok = ok && say(&mods, "include", strings.Join(include, ",")) && say(&mods, "where", string(x.Where))
	var tags []string
	if !ok || !say(&tags, kind, strings.Join(terms, ",")) || len(splitList(strings.Join(terms, ","))) != len(terms) {
		w.note(m, "index", x.Name, "no tag can hold it", SQLText(x.text()))
		return
	}
	var on []*fieldText
	if len(terms) == 1 && terms[0] == m.inTag(x.Parts[0].Column) {
		on = m.fields(columns)
	}
	m.part("index", on, kind, tags[0], mods)
}

// keysTo are the foreign keys of a model that refer to another.
func keysTo(from, to *modelText) []*keyText {
	return slices.DeleteFunc(slices.Clone(from.keys), func(k *keyText) bool { return k.ref != to })
}

// via is the column by which a foreign key is told from the others between two models, empty
// where there are none. ok is false where it cannot be told from those of the same direction,
// alone where it can from those of the other direction too.
func (k *keyText) via() (tags []string, alone, ok bool) {
	same, back := keysTo(k.m, k.ref), keysTo(k.ref, k.m)
	if len(same) == 1 && len(back) == 0 {
		return nil, true, true
	}
	clash := func(name string, keys []*keyText) bool {
		return slices.ContainsFunc(keys, func(o *keyText) bool {
			return o != k && (slices.ContainsFunc(o.own, func(x *fieldText) bool { return x.c.Name == name || x.name == name }))
		})
	}
	for _, f := range slices.Backward(k.own) {
		name := k.m.inTag(f.c.Name)
		if clash(name, same) {
			continue
		}
		if tags, ok = []string{"via:" + name}, true; k.m == k.ref || !clash(name, back) {
			return tags, true, true
		}
	}
	return tags, false, ok
}

// relations writes the two sides of each foreign key of a model.
func (w *modelWriter) relations(m *modelText) {
	for _, k := range m.keys {
		via, alone, ok := k.via()
		if !ok {
			m.notes = append(m.notes, fmt.Sprintf("foreign key %s: no relationship, since other foreign keys have all its columns", k.f.Name))
			continue
		}
		role := k.roleName()
		one := free(m.taken, role, role+k.ref.name, k.ref.name+"Ref")
		unique := m.hasKey(k.f.Columns) && alone
		many, typ := pluralName(m.name), "[]*"+m.name
		if unique {
			many, typ = m.name, "*"+m.name
		}
		switch {
		case k.m == k.ref && role == "Parent" && !unique:
			many = "Children"
		case len(keysTo(k.m, k.ref)) > 1 || k.m == k.ref:
			many = role + many
		}
		many = free(k.ref.taken, many, many+"By"+role, m.name+role)
		m.relation(one, "*"+k.ref.name, append([]string{"inverse:" + many}, via...))
		back := []string{"inverse:" + one}
		if !(k.m == k.ref && unique) { // there via: says who holds the key
			back = append(back, via...)
		}
		k.ref.relation(many, typ, back)
	}
}

func (m *modelText) relation(name, typ string, tags []string) {
	m.rels = append(m.rels, name+" "+typ+" "+tagLiteral(tags))
}

// roleName is what the columns of a foreign key call the one they refer to.
func (k *keyText) roleName() string {
	if len(k.own) != 1 {
		return k.ref.name
	}
	name := k.own[0].c.Name
	for _, suffix := range []string{"_" + k.far[0].c.Name, "_id", "_ID", "_Id", "Id", "ID", " id"} {
		if rest, ok := strings.CutSuffix(name, suffix); ok && rest != "" {
			return goName(rest)
		}
	}
	if name == k.far[0].c.Name || strings.EqualFold(name, "id") {
		return k.ref.name
	}
	return goName(name)
}

// linkFields writes the two sides of a many-to-many relation: through the table, or through
// its model where it has one.
func (w *modelWriter) linkFields(m *modelText) {
	left, right := m.link.left, m.link.right
	through := m.name
	if m.link.bare {
		sep := ","
		if len(left.own) > 1 || len(right.own) > 1 {
			sep = "->"
		}
		through = m.t.Name + "(" + strings.Join(left.f.Columns, ",") + sep + strings.Join(right.f.Columns, ",") + ")"
	} else if t := w.byTable[TableName{left.ref.t.Schema, m.name}]; t != nil && t != m {
		return // the name would mean that table
	}
	name := func(k *keyText) string {
		if left.ref == right.ref {
			return pluralName(k.roleName())
		}
		return pluralName(k.ref.name)
	}
	mine := free(left.ref.taken, name(right), name(right)+"Via"+m.name)
	theirs := free(right.ref.taken, name(left), name(left)+"Via"+m.name)
	side := func(k *keyText, tags ...string) []string {
		if left.ref == right.ref && !m.link.bare {
			tags = append(tags, "via:"+m.inTag(k.f.Columns[0]))
		}
		return tags
	}
	left.ref.relation(mine, "[]*"+right.ref.name, side(left, "through:"+through, "inverse:"+theirs))
	right.ref.relation(theirs, "[]*"+left.ref.name, side(right, "inverse:"+mine))
}

func tagLiteral(tags []string) string {
	text := "ingot:" + strconv.Quote(strings.Join(tags, ";"))
	if strconv.CanBackquote(text) {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}

// file is the whole source.
func (w *modelWriter) file(pkg string) string {
	var body strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&body, format+"\n", args...) }
	imports := map[string]bool{}
	var names []string
	for _, m := range w.models {
		names = append(names, m.name+"{}")
		p("\n// %s is a row of table %s.", m.name, oneLine(m.t.name().String()))
		for i, n := range m.notes {
			if i == 0 {
				p("//\n// Beyond what tags can say:")
			}
			p("//   - %s", n)
		}
		p("type %s struct {", m.name)
		for _, o := range m.options {
			p("\t_ struct{} %s", tagLiteral([]string{o}))
		}
		for _, f := range m.columns {
			typ := f.base
			if f.c.Null && !f.key && typ != "[]byte" && typ != "json.RawMessage" {
				typ = "*" + typ
			}
			imports["time"] = imports["time"] || f.base == "time.Time"
			imports["encoding/json"] = imports["encoding/json"] || f.base == "json.RawMessage"
			line := f.name + " " + typ
			if len(f.tags) > 0 {
				line += " " + tagLiteral(f.tags)
			}
			p("\t%s", line)
		}
		if len(m.rels) > 0 {
			p("")
		}
		for _, r := range m.rels {
			p("\t%s", r)
		}
		p("}")
	}
	var head strings.Builder
	fmt.Fprintf(&head, "// Package %s has the models of a database, written from its tables.\npackage %s\n\nimport (\n", pkg, pkg)
	for _, name := range []string{"encoding/json", "time"} {
		if imports[name] {
			fmt.Fprintf(&head, "%q\n", name)
		}
	}
	fmt.Fprintf(&head, "\n%s\n)\n\n// Models is the metadata.\nvar Models = ingot.MustModels(\n%s)\n", importLine("ingot", importPath()), strings.Join(append(names, ""), ",\n"))
	var beyond []string
	for _, u := range w.unsaid {
		if u.Kind == "table" {
			beyond = append(beyond, u.line())
		}
	}
	for _, v := range w.schema.Views {
		beyond = append(beyond, "view "+v.name().String())
	}
	for _, q := range w.schema.Sequences {
		beyond = append(beyond, "sequence "+q.name().String())
	}
	for _, d := range w.schema.Domains {
		beyond = append(beyond, CreateDomain{d}.String()[len("create "):])
	}
	for _, u := range w.schema.Unsupported {
		beyond = append(beyond, Unsupported{Kind: u.Kind, Name: u.Name, Reason: u.Reason}.line())
	}
	if len(beyond) > 0 {
		body.WriteString("\n// The database has more, of which there is no model:\n")
		for _, b := range beyond {
			fmt.Fprintf(&body, "//   - %s\n", b)
		}
	}
	return head.String() + body.String()
}

// singular is the name of one of what a table holds many of, as far as English is regular.
func singular(name string) string {
	lower := strings.ToLower(name)
	end := func(s string) bool { return strings.HasSuffix(lower, s) }
	cut := func(n int) string { return name[:len(name)-n] }
	switch {
	case len(lower) != len(name) || len(name) < 4 || end("ss") || end("us") || end("is") || end("news") || end("series") || end("species"):
		return name
	case end("ies"):
		return cut(3) + "y"
	case end("sses"), end("shes"), end("ches"), end("xes"), end("zzes"), end("uses") && !end("ouses") && !end("auses"):
		return cut(2)
	case end("s"):
		return cut(1)
	}
	return name
}

// pluralName is the reverse of singular, of Go names.
func pluralName(name string) string {
	end := func(s ...string) bool {
		return slices.ContainsFunc(s, func(s string) bool { return strings.HasSuffix(strings.ToLower(name), s) })
	}
	switch {
	case end("y") && !end("ay", "ey", "oy", "uy"):
		return name[:len(name)-1] + "ies"
	case end("s", "x", "z", "sh", "ch"):
		return name + "es"
	}
	return name + "s"
}

// isInitialism reports whether Go writes a word in capitals throughout.
func isInitialism(word string) bool {
	const words = " acl api ascii cpu css dns eof guid html http https id ip json lhs os qps ram rhs rpc sla smtp sql ssh tcp tls ttl udp ui uid uuid uri url utf8 vm xml xmpp xsrf xss "
	return strings.Contains(words, " "+word+" ")
}

// goName is an exported Go name made of the words of a name. What begins with no capital, as
// a digit or a Chinese character does, gets an X in front.
func goName(name string) string {
	var words []string
	start := -1
	runes := []rune(name)
	for i, r := range runes {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		if start >= 0 && (!letter || unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))) {
			words, start = append(words, string(runes[start:i])), -1
		}
		if letter && start < 0 {
			start = i
		}
	}
	if start >= 0 {
		words = append(words, string(runes[start:]))
	}
	var b strings.Builder
	for _, w := range words {
		lower := strings.ToLower(w)
		switch r := []rune(lower); {
		case isInitialism(lower):
			b.WriteString(strings.ToUpper(w))
		case strings.HasSuffix(lower, "s") && isInitialism(lower[:len(lower)-1]):
			b.WriteString(strings.ToUpper(lower[:len(lower)-1]) + "s")
		default:
			b.WriteString(string(unicode.ToUpper(r[0])) + string(r[1:]))
		}
	}
	out := b.String()
	if out == "" || !unicode.IsUpper([]rune(out)[0]) {
		out = "X" + out
	}
	return out
}

// isGoName reports whether a name is a Go identifier, and so needs no quotes in a tag.
func isGoName(name string) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return name != ""
}
