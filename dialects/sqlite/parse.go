package sqlite

import (
	"fmt"
	"strings"

	"ingot"
)

// What the catalogs of SQLite do not tell stands in the text of CREATE TABLE and CREATE
// INDEX, which sqlite_master keeps as it was typed: checks, names of constraints, DEFERRABLE,
// AUTOINCREMENT, COLLATE, ON CONFLICT, generated columns, expressions of indexes. This parser
// reads the grammar of SQLite's parse.y, leaving expressions as text.

// A tableDef is a CREATE TABLE statement.
type tableDef struct {
	columns      []columnDef
	key          *keyDef
	uniques      []keyDef
	foreignKeys  []ingot.ForeignKey
	checks       []ingot.Check
	strict       bool
	withoutRowID bool
}

type columnDef struct {
	name      string
	typ       string // as typed
	notNull   bool
	conflict  string // of NOT NULL
	def       string // default, without the parentheses
	collation string
	generated string
	stored    bool
}

// A keyDef is a PRIMARY KEY or UNIQUE constraint.
type keyDef struct {
	name          string
	parts         []keyPart
	conflict      string
	autoincrement bool
	inline        bool // stands with its column
}

type keyPart struct {
	name, collation string
	desc            bool
}

func (k *keyDef) columns() []string {
	names := make([]string, len(k.parts))
	for i, p := range k.parts {
		names[i] = p.name
	}
	return names
}

// plain reports whether the names of the columns say all.
func (k *keyDef) plain() bool {
	for _, p := range k.parts {
		if p.desc || p.collation != "" {
			return false
		}
	}
	return true
}

// An indexDef is a CREATE INDEX statement.
type indexDef struct {
	parts []ingot.IndexPart // Expr is set, or Column where the part is a mere name
	where string
}

// A parser walks over the tokens of a statement that are not space. The first mistake takes
// it to the end, so that every loop ends.
type parser struct {
	text   string
	tokens []token
	i      int
	err    error
}

func newParser(text string) *parser {
	p := &parser{text: text, tokens: make([]token, 0, len(text)/5+4)}
	for at := 0; at < len(text); {
		kind, n := scanOne(text[at:])
		if kind != tokenSpace {
			p.tokens = append(p.tokens, token{kind, text[at : at+n], at})
		}
		at += n
	}
	return p
}

func shorten(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// parseTable reads a CREATE TABLE statement.
func parseTable(text string) (*tableDef, error) {
	p := newParser(text)
	p.must("create")
	p.take("temp", "temporary")
	p.must("table")
	p.objectName()
	p.mustMark("(")
	def := new(tableDef)
	for {
		p.column(def)
		if !p.mark(",") || p.atConstraint() {
			break
		}
	}
	for p.atConstraint() {
		p.tableConstraint(def)
		p.mark(",")
	}
	p.mustMark(")")
	for !p.end() {
		switch {
		case p.take("strict"):
			def.strict = true
		case p.take("without"):
			p.must("rowid")
			def.withoutRowID = true
		default:
			p.mustMark(",")
		}
	}
	return def, p.err
}

// parseIndex reads a CREATE INDEX statement.
func parseIndex(text string) (*indexDef, error) {
	p := newParser(text)
	p.must("create")
	p.take("unique")
	p.must("index")
	p.objectName()
	p.must("on")
	p.needName()
	p.mustMark("(")
	def := new(indexDef)
	for p.err == nil {
		begin := p.i
		p.skipTo(",", ")")
		def.parts = append(def.parts, p.indexPart(begin, p.i))
		if p.mark(")") {
			break
		}
		p.mustMark(",")
	}
	if p.take("where") {
		begin := p.i
		p.i = len(p.tokens)
		def.where = p.between(begin, p.i)
	} else if !p.end() {
		p.fail("the end or WHERE")
	}
	return def, p.err
}

// parseIndexPart reads one element of an index.
func parseIndexPart(text string) (ingot.IndexPart, error) {
	p := newParser(text)
	part := p.indexPart(0, len(p.tokens))
	return part, p.err
}

// indexPart reads the tokens between two places as an element of an index.
func (p *parser) indexPart(begin, end int) ingot.IndexPart {
	var part ingot.IndexPart
	last := func(n int) token {
		if end-n < begin {
			return token{}
		}
		return p.tokens[end-n]
	}
	if last(1).is("asc") || last(1).is("desc") {
		part.Desc = last(1).is("desc")
		end--
	}
	if name, ok := last(1).name(); ok && last(2).is("collate") && end-3 >= begin && !p.nested(begin, end-2) {
		part.Collation = name
		end -= 2
	}
	if begin == end {
		p.fail("an expression")
		return part
	}
	if name, ok := p.tokens[begin].name(); ok && end == begin+1 {
		part.Column = name
		return part
	}
	part.Expr = ingot.SQLText(p.between(begin, end))
	return part
}

// nested reports whether a token stands within parentheses opened after begin.
func (p *parser) nested(begin, i int) bool {
	depth := 0
	for _, t := range p.tokens[begin:i] {
		switch t.text {
		case "(":
			depth++
		case ")":
			depth--
		}
	}
	return depth != 0
}

func (p *parser) column(def *tableDef) {
	c := columnDef{name: p.needName()}
	begin := p.i
	for !p.end() && !p.atColumnConstraint() {
		if _, ok := p.tokens[p.i].name(); !ok {
			break
		}
		p.i++
	}
	if p.i > begin && p.peekMark("(") {
		p.parens()
	}
	c.typ = p.between(begin, p.i)
	var name string // of the constraint to come
	for {
		switch {
		case p.take("constraint"):
			name = p.needName()
			continue
		case p.take("default"):
			c.def = p.defaultValue()
		case p.take("null"):
			p.conflict()
		case p.peek(0, "not") && p.peek(1, "null"):
			p.i += 2
			c.notNull, c.conflict = true, p.conflict()
		case p.take("primary"):
			p.must("key")
			k := keyDef{name: name, parts: []keyPart{{name: c.name, desc: p.sortOrder()}}, inline: true}
			k.conflict = p.conflict()
			k.autoincrement = p.take("autoincrement")
			def.key = &k
		case p.take("unique"):
			def.uniques = append(def.uniques, keyDef{name: name, parts: []keyPart{{name: c.name}}, conflict: p.conflict()})
		case p.take("check"):
			def.checks = append(def.checks, ingot.Check{Name: name, Expr: ingot.SQLText(p.parens())})
		case p.take("references"):
			def.foreignKeys = append(def.foreignKeys, p.references(ingot.ForeignKey{Name: name, Columns: []string{c.name}}))
		case p.peek(0, "deferrable") || p.peek(0, "not") && p.peek(1, "deferrable"):
			if len(def.foreignKeys) == 0 {
				p.fail("REFERENCES before DEFERRABLE")
			}
			def.foreignKeys[len(def.foreignKeys)-1].Deferrable = p.deferrable()
		case p.take("collate"):
			c.collation = p.needName()
		case p.take("generated"):
			p.must("always")
			continue
		case p.take("as"):
			c.generated = p.parens()
			c.stored = p.take("stored")
			p.take("virtual")
		default:
			def.columns = append(def.columns, c)
			return
		}
		name = ""
	}
}

// atColumnConstraint reports whether the type of a column ends here.
func (p *parser) atColumnConstraint() bool {
	for _, word := range []string{"constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "as", "deferrable"} {
		if p.peek(0, word) {
			return true
		}
	}
	return p.peek(0, "generated") && p.peek(1, "always")
}

func (p *parser) atConstraint() bool {
	for _, word := range []string{"constraint", "primary", "unique", "check", "foreign"} {
		if p.peek(0, word) {
			return true
		}
	}
	return false
}

func (p *parser) tableConstraint(def *tableDef) {
	var name string
	for p.take("constraint") {
		name = p.needName()
	}
	switch {
	case p.take("primary"):
		p.must("key")
		k := keyDef{name: name}
		k.parts, k.autoincrement = p.keyParts()
		k.conflict = p.conflict()
		def.key = &k
	case p.take("unique"):
		k := keyDef{name: name}
		k.parts, _ = p.keyParts()
		k.conflict = p.conflict()
		def.uniques = append(def.uniques, k)
	case p.take("check"):
		def.checks = append(def.checks, ingot.Check{Name: name, Expr: ingot.SQLText(p.parens())})
		p.conflict() // SQLite reads it and does nothing with it
	case p.take("foreign"):
		p.must("key")
		columns := p.names()
		p.must("references")
		f := p.references(ingot.ForeignKey{Name: name, Columns: columns})
		if p.peek(0, "deferrable") || p.peek(0, "not") {
			f.Deferrable = p.deferrable()
		}
		def.foreignKeys = append(def.foreignKeys, f)
	}
}

// keyParts reads the columns of a key: (a DESC, b COLLATE nocase AUTOINCREMENT).
func (p *parser) keyParts() (parts []keyPart, autoincrement bool) {
	p.mustMark("(")
	for {
		k := keyPart{name: p.needName()}
		if p.take("collate") {
			k.collation = p.needName()
		}
		k.desc = p.sortOrder()
		parts = append(parts, k)
		autoincrement = p.take("autoincrement") || autoincrement
		if p.mark(")") || p.err != nil {
			return parts, autoincrement
		}
		p.mustMark(",")
	}
}

// names reads a list of names in parentheses.
func (p *parser) names() []string {
	parts, _ := p.keyParts()
	return (&keyDef{parts: parts}).columns()
}

// references reads what follows REFERENCES, up to DEFERRABLE.
func (p *parser) references(f ingot.ForeignKey) ingot.ForeignKey {
	f.RefTable = p.needName()
	if p.peekMark("(") {
		f.RefColumns = p.names()
	}
	for {
		switch {
		case p.take("match"):
			f.Match = strings.ToUpper(p.needName())
		case p.take("on"):
			switch {
			case p.take("delete"):
				f.OnDelete = p.action()
			case p.take("update"):
				f.OnUpdate = p.action()
			default: // ON INSERT, which SQLite reads and ignores
				p.must("insert")
				p.action()
			}
		default:
			return f
		}
	}
}

func (p *parser) action() string {
	switch {
	case p.take("cascade"):
		return "CASCADE"
	case p.take("restrict"):
		return "RESTRICT"
	case p.take("no"):
		p.must("action")
		return ""
	}
	p.must("set")
	if p.take("null") {
		return "SET NULL"
	}
	p.must("default")
	return "SET DEFAULT"
}

// deferrable reads [NOT] DEFERRABLE [INITIALLY …].
func (p *parser) deferrable() ingot.Deferrable {
	not := p.take("not")
	p.must("deferrable")
	d := ingot.DeferrableInitiallyImmediate
	if p.take("initially") && !p.take("immediate") {
		p.must("deferred")
		d = ingot.DeferrableInitiallyDeferred
	}
	if not {
		return ingot.NotDeferrable
	}
	return d
}

// defaultValue reads what follows DEFAULT.
func (p *parser) defaultValue() string {
	if p.peekMark("(") {
		return p.parens()
	}
	begin := p.i
	if p.peekMark("+") || p.peekMark("-") {
		p.i++
	}
	if p.end() || p.tokens[p.i].kind == tokenOther {
		p.fail("a value")
	}
	p.i++
	return p.between(begin, p.i)
}

// conflict reads ON CONFLICT; empty where there is none.
func (p *parser) conflict() string {
	if !p.peek(0, "on") || !p.peek(1, "conflict") {
		return ""
	}
	p.i += 2
	return strings.ToUpper(p.needName())
}

// sortOrder reads ASC or DESC and reports DESC.
func (p *parser) sortOrder() bool {
	p.take("asc")
	return p.take("desc")
}

// objectName reads the name of what is created.
func (p *parser) objectName() {
	if p.take("if") {
		p.must("not")
		p.must("exists")
	}
	p.needName()
	if p.mark(".") {
		p.needName()
	}
}

// parens reads what stands in parentheses, and returns it without them.
func (p *parser) parens() string {
	open := p.i
	p.mustMark("(")
	p.skipTo(")")
	p.mustMark(")")
	if p.err != nil {
		return ""
	}
	return strings.TrimSpace(p.text[p.tokens[open].at+1 : p.tokens[p.i-1].at])
}

// skipTo stops at the first of the marks outside of parentheses.
func (p *parser) skipTo(marks ...string) {
	depth := 0
	for ; !p.end(); p.i++ {
		if depth == 0 {
			for _, m := range marks {
				if p.peekMark(m) {
					return
				}
			}
		}
		switch {
		case p.peekMark("("):
			depth++
		case p.peekMark(")"):
			depth--
		}
	}
}

// between is the text from one token to before another, spaces and comments in it included.
func (p *parser) between(begin, end int) string {
	if begin >= end {
		return ""
	}
	last := p.tokens[end-1]
	return p.text[p.tokens[begin].at : last.at+len(last.text)]
}

func (p *parser) end() bool { return p.i >= len(p.tokens) }

// peek reports whether the n-th token from here is the keyword.
func (p *parser) peek(n int, keyword string) bool {
	return p.i+n < len(p.tokens) && p.tokens[p.i+n].is(keyword)
}

func (p *parser) peekMark(mark string) bool {
	return !p.end() && p.tokens[p.i].kind == tokenOther && p.tokens[p.i].text == mark
}

// take skips one of the keywords, if it is there.
func (p *parser) take(keywords ...string) bool {
	for _, k := range keywords {
		if p.peek(0, k) {
			p.i++
			return true
		}
	}
	return false
}

// mark skips a punctuation mark, if it is there.
func (p *parser) mark(mark string) bool {
	if !p.peekMark(mark) {
		return false
	}
	p.i++
	return true
}

func (p *parser) must(keyword string) {
	if !p.take(keyword) {
		p.fail(strings.ToUpper(keyword))
	}
}

func (p *parser) mustMark(mark string) {
	if !p.mark(mark) {
		p.fail(fmt.Sprintf("%q", mark))
	}
}

func (p *parser) needName() string {
	if !p.end() {
		if name, ok := p.tokens[p.i].name(); ok {
			p.i++
			return name
		}
	}
	p.fail("a name")
	return ""
}

// fail notes the first mistake and goes to the end.
func (p *parser) fail(want string) {
	near := "the end"
	if !p.end() {
		near = fmt.Sprintf("%q", shorten(p.text[p.tokens[p.i].at:]))
	}
	if p.err == nil {
		p.err = fmt.Errorf("cannot read %q: %s expected at %s", shorten(p.text), want, near)
	}
	p.i = len(p.tokens)
}
