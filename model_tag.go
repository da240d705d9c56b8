package ingot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The grammar of a tag:
//
//	tag    = [ option { ";" option } ]
//	option = name [ "@" dialect ] [ ":" value ]
//
// A value is text up to the next ";" that no quote and no parenthesis protects, taken
// verbatim but for space around it. A comment is prose, in which an apostrophe is none of
// SQL's quotes: there only a quote at the very start protects.

// A tagOption is one option of a tag: name, name@dialect, or either with :value.
type tagOption struct {
	name, dialect, value string
	hasValue             bool
}

func (o tagOption) String() string {
	s := o.name
	if o.dialect != "" {
		s += "@" + o.dialect
	}
	if o.hasValue {
		s += ":" + o.value
	}
	return s
}

// A tag is the options in the order they were written.
type tag []tagOption

func (t tag) String() string {
	parts := make([]string, len(t))
	for i, o := range t {
		parts[i] = o.String()
	}
	return strings.Join(parts, ";")
}

// has reports whether the tag has an option, for whatever dialect.
func (t tag) has(name string) bool {
	return slices.ContainsFunc(t, func(o tagOption) bool { return o.name == name })
}

// get returns the value of an option that has no dialects.
func (t tag) get(name string) (value string, ok bool) {
	for _, o := range t {
		if o.name == name {
			return o.value, true
		}
	}
	return "", false
}

// parseTag reads a tag. It knows the grammar, not the options.
func parseTag(s string) (tag, error) {
	var t tag
	for rest := s; rest != ""; {
		o, n, err := parseOption(rest)
		if err != nil {
			return t, err
		}
		rest = rest[n:]
		if o != (tagOption{}) {
			t = append(t, o)
		}
	}
	return t, nil
}

// parseOption reads one option and the ";" behind it, n bytes in all. Nothing between two
// semicolons is no option and no mistake.
func parseOption(s string) (o tagOption, n int, err error) {
	n = strings.IndexAny(s, ":;")
	if n < 0 {
		n = len(s)
	}
	name, dialect, at := strings.Cut(s[:n], "@")
	o.name, o.dialect = strings.TrimSpace(name), strings.TrimSpace(dialect)
	o.hasValue = n < len(s) && s[n] == ':'
	if o.hasValue {
		length, err := valueLength(s[n+1:], o.name == "comment")
		if err != nil {
			return o, 0, fmt.Errorf("option %q: %w", o.name, err)
		}
		o.value = strings.TrimSpace(s[n+1 : n+1+length])
		n += 1 + length
	}
	if n < len(s) {
		n++ // the semicolon
	}
	switch {
	case o.name == "" && (o.hasValue || at):
		return o, 0, fmt.Errorf("option without a name: %q", s[:n])
	case at && o.dialect == "":
		return o, 0, fmt.Errorf("option %q: no dialect after @", o.name)
	}
	return o, n, nil
}

// valueLength finds the end of a value.
func valueLength(s string, prose bool) (int, error) {
	if prose {
		if t := strings.TrimSpace(s); t == "" || t[0] != '\'' && t[0] != '"' {
			if i := strings.IndexByte(s, ';'); i >= 0 {
				return i, nil
			}
			return len(s), nil
		}
	}
	depth := 0
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return 0, fmt.Errorf("no ( for the ) in %q", s)
			}
		case c == ';' && depth == 0:
			return i, nil
		}
	}
	if quote != 0 {
		return 0, fmt.Errorf("no closing %c in %q", quote, s)
	}
	if depth > 0 {
		return 0, fmt.Errorf("no closing ) in %q", s)
	}
	return len(s), nil
}

// columnOptions are the options of a column in tag order. Modifiers (ondelete:, name:,
// where:) follow the option they belong to.
type columnOptions []tagOption

// get returns the value of an option for a dialect: the dialect's own variant before the
// common one.
func (o columnOptions) get(dialect, name string) (value string, ok bool) {
	for _, x := range o {
		if x.name == name && x.dialect == dialect {
			return x.value, true
		}
		if x.name == name && x.dialect == "" && !ok {
			value, ok = x.value, true
		}
	}
	return value, ok
}

// parts groups the options: each main option with the modifiers that belong to it.
func (o columnOptions) parts() tableOptions {
	var parts tableOptions
	for _, x := range o {
		if !isModifier(x.name) {
			parts = append(parts, tableOption{tagOption: x})
			continue
		}
		if i := headOf(parts, x.name); i >= 0 {
			parts[i].mods = append(parts[i].mods, x)
		}
	}
	return parts
}

// tableOptions are the options of the blank fields: each main option (unique, index, check,
// fk) heads its modifiers.
type tableOptions []tableOption

type tableOption struct {
	tagOption
	mods columnOptions

	path, prefix string // of the embedded struct it stands in
}

// get returns the value of a main option for a dialect, as [columnOptions.get] does.
func (o tableOptions) get(dialect, name string) (value string, ok bool) {
	for _, x := range o {
		if x.name == name && x.dialect == dialect {
			return x.value, true
		}
		if x.name == name && x.dialect == "" && !ok {
			value, ok = x.value, true
		}
	}
	return value, ok
}

// headOf finds the option a modifier belongs to: the nearest one before it that can have it.
func headOf(parts tableOptions, modifier string) int {
	heads := modifierHeads(modifier)
	for i := len(parts) - 1; i >= 0; i-- {
		if slices.Contains(heads, parts[i].name) {
			return i
		}
	}
	return -1
}

// isModifier reports whether an option only says more about the one before it.
func isModifier(name string) bool { return modifierHeads(name) != nil }

// modifierHeads lists the options a modifier can belong to; nil for a main option.
func modifierHeads(name string) []string {
	switch name {
	case "name":
		return []string{"pk", "unique", "index", "unique-index", "check", "fk", "enum"}
	case "where", "include":
		return []string{"index", "unique-index", "unique"}
	case "using":
		return []string{"index", "unique-index"}
	case "nulls-not-distinct":
		return []string{"unique", "unique-index"}
	case "ondelete", "onupdate", "match":
		return []string{"fk"}
	case "deferrable":
		return []string{"fk", "unique"}
	case "virtual":
		return []string{"generated"}
	}
	return nil
}

// A tagPlace is a set of the places a tag can stand at.
type tagPlace int

const (
	onTable    tagPlace = 1 << iota // a blank field
	onColumn                        // a field kept in a column
	onRelation                      // a field that holds other models
	onEmbed                         // a struct whose fields are flattened
)

func (p tagPlace) String() string {
	switch p {
	case onTable:
		return "a blank field"
	case onColumn:
		return "a column"
	case onRelation:
		return "a relation"
	}
	return "an embedded struct"
}

// An optionSpec says where an option may stand and what it takes.
type optionSpec struct {
	name  string
	place tagPlace
	value valueForm
	ddl   bool // has variants by dialect
}

// A valueForm says whether an option takes a value.
type valueForm int

const (
	noValue valueForm = iota
	needValue
	mayValue
)

// optionSpecs are all options there are.
func optionSpecs() []optionSpec {
	return []optionSpec{
		{"-", onColumn | onRelation | onEmbed, noValue, false},

		{"table", onTable, needValue, false},
		{"schema", onTable, needValue, false},
		{"pk", onTable, needValue, false},
		{"unique", onTable, needValue, true},
		{"index", onTable, needValue, true},
		{"unique-index", onTable, needValue, true},
		{"fk", onTable, needValue, false},
		{"option", onTable, needValue, true},
		{"view", onTable, mayValue, true},

		{"column", onColumn, needValue, false},
		{"pk", onColumn, noValue, false},
		{"auto", onColumn, noValue, false},
		{"noauto", onColumn, noValue, false},
		{"size", onColumn, needValue, true},
		{"type", onColumn, needValue, true},
		{"precision", onColumn, needValue, true},
		{"null", onColumn, noValue, false},
		{"notnull", onColumn, noValue, false},
		{"default", onColumn, needValue, true},
		{"omitzero", onColumn, noValue, false},
		{"unique", onColumn, noValue, true},
		{"index", onColumn, noValue, true},
		{"unique-index", onColumn, noValue, true},
		{"fk", onColumn, needValue, false},
		{"generated", onColumn, needValue, true},
		{"virtual", onColumn, noValue, true},
		{"enum", onColumn, needValue, false},
		{"json", onColumn, noValue, false},
		{"version", onColumn, noValue, false},
		{"readonly", onColumn, noValue, false},
		{"trigger", onColumn, noValue, false},
		{"created", onColumn, noValue, false},
		{"updated", onColumn, noValue, false},
		{"uuidv7", onColumn, noValue, false},
		{"deferred", onColumn, noValue, false},
		{"collate", onColumn, needValue, true},

		{"comment", onTable | onColumn, needValue, true},
		{"was", onTable | onColumn, needValue, false},
		{"check", onTable | onColumn, needValue, true},
		{"name", onTable | onColumn, needValue, true},
		{"where", onTable | onColumn, needValue, true},
		{"using", onTable | onColumn, needValue, true},
		{"include", onTable | onColumn, needValue, true},
		{"nulls-not-distinct", onTable | onColumn, noValue, true},
		{"ondelete", onTable | onColumn, needValue, true},
		{"onupdate", onTable | onColumn, needValue, true},
		{"match", onTable | onColumn, needValue, true},
		{"deferrable", onTable | onColumn, mayValue, true},

		{"inverse", onRelation, needValue, false},
		{"via", onRelation, needValue, false},
		{"through", onRelation, needValue, false},
		{"cascade", onRelation, needValue, false},
		{"passive-deletes", onRelation, noValue, false},
		{"order", onRelation, needValue, false},
		{"position", onRelation, needValue, false},
		{"post-update", onRelation, noValue, false},

		{"prefix", onEmbed, needValue, false},
		{"embed", onEmbed, noValue, false},
	}
}

// specOf finds what an option may be at a place.
func specOf(name string, place tagPlace) (optionSpec, bool) {
	for _, s := range optionSpecs() {
		if s.name == name && s.place&place != 0 {
			return s, true
		}
	}
	return optionSpec{}, false
}

// checkOption says what is wrong with the form of an option at a place; empty if nothing.
func checkOption(o tagOption, place tagPlace) string {
	spec, ok := specOf(o.name, place)
	switch {
	case !ok:
		return unknownOption(o, place)
	case o.hasValue && spec.value == noValue:
		if place == onColumn && (o.name == "unique" || o.name == "index" || o.name == "unique-index") {
			return fmt.Sprintf("takes no value on a column: write %q to name it, or put it on a blank field for several columns", o.name+";name:"+o.value)
		}
		return fmt.Sprintf("takes no value on %s: write %q", place, o.name)
	case o.value == "" && spec.value == needValue:
		return "needs a value: " + o.name + ":…"
	case o.value == "" && o.hasValue:
		return "has an empty value: leave out the colon"
	case o.dialect != "" && !spec.ddl:
		return "is the same for all databases: leave out @" + o.dialect
	}
	return ""
}

// unknownOption explains an option that does not exist, or not here.
func unknownOption(o tagOption, place tagPlace) string {
	for _, p := range []tagPlace{onTable, onColumn, onRelation, onEmbed} {
		if _, ok := specOf(o.name, p); ok {
			return fmt.Sprintf("belongs on %s, not on %s", p, place)
		}
	}
	var names []string
	for _, s := range optionSpecs() {
		if s.place&place != 0 {
			names = append(names, s.name)
		}
	}
	if near := synonym(o.name); slices.Contains(names, near) {
		return fmt.Sprintf("unknown option: did you mean %q?", near)
	}
	return "unknown option" + didYouMean(o.name, names)
}

// synonym returns our name for an option that others call differently.
func synonym(name string) string {
	switch strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(name)) {
	case "primary", "primarykey", "pkey", "id", "key":
		return "pk"
	case "autoincrement", "autoincr", "serial", "identity":
		return "auto"
	case "nullable":
		return "null"
	case "foreignkey", "references", "ref":
		return "fk"
	case "uniqueindex":
		return "unique"
	case "backpopulates", "backref", "inverseof":
		return "inverse"
	case "many2many", "manytomany", "m2m", "secondary", "joinable", "jointable":
		return "through"
	case "tablename":
		return "table"
	case "length", "len", "max":
		return "size"
	case "omitempty", "nullzero":
		return "omitzero"
	case "rename", "renamed", "old":
		return "was"
	case "embedded", "inline":
		return "embed"
	case "lazy", "defer":
		return "deferred"
	}
	return ""
}

// didYouMean ends a message with the nearest candidate, or with all of them where none is
// near.
func didYouMean(word string, candidates []string) string {
	if near := nearest(word, candidates); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	if len(candidates) == 0 {
		return ""
	}
	return "; there is " + strings.Join(candidates, ", ")
}

// nearest returns the candidate with the fewest edits from word, if it is near enough to
// be meant; of equals the first.
func nearest(word string, candidates []string) string {
	best, edits := "", max(1, (len(word)+1)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < edits && d < len(c) {
			best, edits = c, d
		}
	}
	return best
}

// distance counts insertions, deletions, replacements and swaps of neighbours that lead
// from a to b (optimal string alignment).
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// splitList splits a value at the commas that no quote and no parenthesis protects.
func splitList(s string) []string {
	var list []string
	depth, start := 0, 0
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			list = append(list, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(list, strings.TrimSpace(s[start:]))
}

// unquoted is the text of a comment or name: what one in quotes says without them.
func unquoted(value string) string {
	if n := len(value); n >= 2 && (value[0] == '\'' || value[0] == '"') && value[n-1] == value[0] {
		quote := value[:1]
		return strings.ReplaceAll(value[1:n-1], quote+quote, quote)
	}
	return value
}

// unquotedList is a list whose elements may stand in quotes.
func unquotedList(s string) []string {
	list := splitList(s)
	for i, v := range list {
		list[i] = unquoted(v)
	}
	return list
}

// isName reports whether the value of an option is a name, which may stand in quotes.
func isName(option string) bool {
	switch option {
	case "table", "schema", "column", "was", "name", "collate":
		return true
	}
	return false
}

// referenceAction reads the value of ondelete: and onupdate:. No action is the empty one.
func referenceAction(value string) (action string, ok bool) {
	switch strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToUpper(value)) {
	case "CASCADE":
		return "CASCADE", true
	case "SETNULL":
		return "SET NULL", true
	case "SETDEFAULT":
		return "SET DEFAULT", true
	case "RESTRICT":
		return "RESTRICT", true
	case "NOACTION":
		return "", true
	}
	return "", false
}

// deferrableOf reads the value of deferrable; none means that it is up to each
// transaction.
func deferrableOf(value string) (d Deferrable, ok bool) {
	switch strings.TrimPrefix(strings.ToLower(value), "initially ") {
	case "", "immediate":
		return DeferrableInitiallyImmediate, true
	case "deferred":
		return DeferrableInitiallyDeferred, true
	}
	return NotDeferrable, false
}

// checkValue says what is wrong with the value of an option, as far as it can be told
// without its column.
func checkValue(o tagOption) string {
	switch o.name {
	case "size":
		if n, err := strconv.Atoi(o.value); err != nil || n <= 0 {
			return "wants a number above zero, like size:30"
		}
	case "precision":
		p, s, ok := precisionOf(o.value)
		if !ok || p <= 0 || s < 0 || s > p {
			return "wants digits in all and behind the point, like precision:10,2"
		}
	case "ondelete", "onupdate":
		if _, ok := referenceAction(o.value); !ok {
			return "unknown action" + didYouMean(o.value, []string{"cascade", "set null", "set default", "restrict", "no action"})
		}
	case "deferrable":
		if _, ok := deferrableOf(o.value); !ok {
			return "wants deferrable, deferrable:immediate or deferrable:deferred"
		}
	case "match":
		if v := strings.ToLower(o.value); v != "full" && v != "simple" {
			return "wants match:full or match:simple"
		}
	case "enum":
		seen := map[string]bool{}
		for _, v := range splitList(o.value) {
			if v == "" {
				return "has an empty value in its list: write '' if it is meant"
			}
			v = unquoted(v)
			if seen[v] {
				return fmt.Sprintf("lists %q twice", v)
			}
			seen[v] = true
		}
	}
	return ""
}

// precisionOf reads precision:10,2 or precision:10.
func precisionOf(value string) (digits, scale int, ok bool) {
	p, s, hasScale := strings.Cut(value, ",")
	digits, err := strconv.Atoi(strings.TrimSpace(p))
	if err == nil && hasScale {
		scale, err = strconv.Atoi(strings.TrimSpace(s))
	}
	return digits, scale, err == nil
}
