package sqltext

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Same reports whether two expressions are the same for certain: whether they parse to the
// same tree, but for what a server adds or takes away when it prints one. Brackets that
// group nothing are gone by then, and so are different spellings of one operator. What is
// left is a cast on one side of a constant that has that type anyway. Text that is not
// understood is the same only token by token.
func (r Rules) Same(a, b string) bool {
	if a == b {
		return true
	}
	x, ok := r.parse(a)
	if !ok {
		return r.sameTokens(a, b)
	}
	y, ok := r.parse(b)
	if !ok {
		return r.sameTokens(a, b)
	}
	c := comparer{budget: 10000}
	return c.same(x, y, true) && c.budget > 0
}

// sameTokens compares without understanding.
func (r Rules) sameTokens(a, b string) bool {
	x, ok := r.Tokens(a)
	if !ok {
		return false
	}
	y, ok := r.Tokens(b)
	return ok && slices.EqualFunc(x, y, func(s, t Token) bool {
		if s.Kind <= Name && t.Kind <= Name {
			return r.nameText(s) == r.nameText(t)
		}
		return s.Kind == t.Kind && s.Text == t.Text && s.Prefix == t.Prefix
	})
}

// nameText is the name a token stands for, marked where only quotes make it one.
func (r Rules) nameText(t Token) string {
	if t.Kind == Word {
		return t.Text
	}
	if r.MySQL {
		if r.Reserved != nil && r.Reserved(strings.ToLower(t.Text)) {
			return "`" + strings.ToLower(t.Text)
		}
		return strings.ToLower(t.Text)
	}
	if !plain.MatchString(t.Text) || r.Reserved != nil && r.Reserved(t.Text) {
		return `"` + t.Text
	}
	return t.Text
}

var plain = regexp.MustCompile(`^[a-z_][a-z0-9_$]*$`)

// A node is a part of an expression. What its op is, its text or type completes.
type node struct {
	op   string // "string" (with its prefix), "number", "name", "call", "cast", "array", "row", or an operator
	text string
	args []*node
}

// A comparer compares two trees. BETWEEN has its operand twice, so that a tree may be far
// larger than its text: what exceeds the budget is not the same.
type comparer struct{ budget int }

// same compares two parts. loose says that a number may carry a cast that keeps its value:
// on its own, or where it is only compared.
func (c *comparer) same(a, b *node, loose bool) bool {
	if c.budget--; c.budget <= 0 {
		return false
	}
	if a.op == "cast" && b.op == "cast" && a.text != b.text {
		return stringType(a.text) && stringType(b.text) && a.args[0].op == "string" && c.same(a.args[0], b.args[0], loose)
	}
	if a.op == "cast" && b.op != "cast" {
		a, b = b, a
	}
	if a.op != "cast" && b.op == "cast" {
		inner := b.args[0]
		switch inner.op {
		case "string":
			return a.op == "string" && constantType(b.text) && !movingTime[strings.ToLower(strings.TrimSpace(inner.text))] && sameLeaf(a, inner)
		case "number":
			return loose && a.op == "number" && sameLeaf(a, inner) && keepsNumber(inner.text, b.text)
		}
		return false
	}
	if a.op != b.op || len(a.args) != len(b.args) {
		return false
	}
	if len(a.args) == 0 {
		return sameLeaf(a, b)
	}
	if a.text != b.text {
		return false
	}
	comparing := comparisons[a.op] || a.op == "any" || a.op == "all"
	for i := range a.args {
		x, y := a.args[i], b.args[i]
		if comparing && len(a.args) == 2 && words(a.args[1-i]) && words(b.args[1-i]) {
			// varchar is compared as text, which the server prints
			x, y = withoutTextCast(x), withoutTextCast(y)
		}
		if !c.same(x, y, comparing || a.op == "array" && loose || a.op == "and" || a.op == "or") {
			return false
		}
	}
	return true
}

func sameLeaf(a, b *node) bool { return a.op == b.op && a.text == b.text && len(b.args) == 0 }

func stringType(t string) bool { return t == "text" || t == "varchar" }

// constantType are types without an argument that would cut the constant off.
func constantType(t string) bool { return !strings.Contains(t, "(") }

// movingTime are the constants that mean another time each time they are converted.
var movingTime = map[string]bool{"now": true, "today": true, "tomorrow": true, "yesterday": true}

// keepsNumber reports whether a cast leaves the number as it is.
func keepsNumber(number, t string) bool {
	whole := !strings.ContainsAny(number, ".e")
	switch t {
	case "smallint", "integer", "bigint", "decimal", "double":
		return whole || t == "decimal"
	}
	return false
}

// words reports whether a node is text that no number looks like, or a list of such.
func words(n *node) bool {
	switch n.op {
	case "string":
		_, err := strconv.ParseFloat(strings.TrimSpace(n.text), 64)
		return err != nil
	case "cast":
		return stringType(n.text) && words(n.args[0])
	case "array":
		return !slices.ContainsFunc(n.args, func(x *node) bool { return !words(x) })
	}
	return false
}

func withoutTextCast(n *node) *node {
	if n.op == "cast" && n.text == "text" && n.args[0].op != "string" {
		return n.args[0]
	}
	return n
}

var comparisons = map[string]bool{"=": true, "<>": true, "<": true, ">": true, "<=": true, ">=": true, "like": true, "not like": true, "ilike": true, "not ilike": true}

// parser reads an expression by the precedence of its operators.
type parser struct {
	rules  Rules
	source string
	tokens []Token
	at     int
	depth  int
	failed bool
}

func (r Rules) parse(text string) (*node, bool) {
	tokens, ok := r.Tokens(text)
	if !ok || len(tokens) == 0 {
		return nil, false
	}
	p := &parser{rules: r, source: text, tokens: tokens}
	n := p.expr(0)
	return n, !p.failed && p.at == len(tokens)
}

func (p *parser) fail() *node {
	p.failed = true
	return &node{}
}

func (p *parser) peek() Token {
	if p.at < len(p.tokens) && !p.failed {
		return p.tokens[p.at]
	}
	return Token{Kind: -1}
}

func (p *parser) is(texts ...string) bool {
	for i, text := range texts {
		if p.failed || p.at+i >= len(p.tokens) || !p.tokens[p.at+i].Is(text) {
			return false
		}
	}
	return true
}

func (p *parser) accept(texts ...string) bool {
	if p.is(texts...) {
		p.at += len(texts)
		return true
	}
	return false
}

func (p *parser) want(text string) {
	if !p.accept(text) {
		p.failed = true
	}
}

// Binding powers. MySQL has IS, LIKE and IN on the level of comparisons.
const (
	bindOr = iota + 1
	bindAnd
	bindNot
	bindIs
	bindCompare
	bindLike
	bindOther
	bindAdd
	bindMultiply
	bindPower
	bindZone
	bindCollate
	bindSign
	bindCast
)

func (p *parser) expr(min int) *node {
	if p.depth++; p.depth > 500 {
		return p.fail()
	}
	defer func() { p.depth-- }()
	left := p.operand()
	for !p.failed {
		next, ok := p.operator(left, min)
		if !ok {
			break
		}
		left = next
	}
	return left
}

// operator reads an operator that binds tighter than min, and what stands behind it.
func (p *parser) operator(left *node, min int) (*node, bool) {
	is, like := bindIs, bindLike
	if p.rules.MySQL {
		is, like = bindCompare, bindCompare
	}
	binary := func(op string, bind int) (*node, bool) {
		if bind <= min {
			return left, false
		}
		p.at++
		right := p.expr(bind)
		if op == "and" || op == "or" {
			return flat(op, left, right), true
		}
		return &node{op: op, args: []*node{left, right}}, true
	}
	t := p.peek()
	switch {
	case t.Kind != Word && t.Kind != Symbol:
		return left, false
	case t.Is("or"):
		return binary("or", bindOr)
	case t.Is("and"), t.Is("&&") && p.rules.MySQL:
		return binary("and", bindAnd)
	case t.Is("="), t.Is("<"), t.Is(">"), t.Is("<="), t.Is(">="), t.Is("<>"), t.Is("!="), t.Is("<=>"):
		op := t.Text
		if op == "!=" {
			op = "<>"
		}
		if bindCompare > min && p.at+1 < len(p.tokens) {
			for _, word := range []string{"any", "some", "all"} {
				if p.tokens[p.at+1].Is(word) && !p.rules.MySQL {
					p.at += 2
					p.want("(")
					list := p.expr(0)
					p.want(")")
					if word == "some" {
						word = "any"
					}
					return membership(word, op, left, list), true
				}
			}
		}
		return binary(op, bindCompare)
	case p.is("is"), p.is("isnull"), p.is("notnull"):
		if is <= min {
			return left, false
		}
		return p.isTest(left), true
	case p.is("between"), p.is("not", "between"):
		if like <= min {
			return left, false
		}
		not := p.accept("not")
		p.at++
		low := p.expr(like)
		p.want("and")
		high := p.expr(like)
		if not {
			return flat("or", &node{op: "<", args: []*node{left, low}}, &node{op: ">", args: []*node{left, high}}), true
		}
		return flat("and", &node{op: ">=", args: []*node{left, low}}, &node{op: "<=", args: []*node{left, high}}), true
	case p.is("in"), p.is("not", "in"):
		if like <= min {
			return left, false
		}
		not := p.accept("not")
		p.at++
		p.want("(")
		list := &node{op: "array", args: p.list(")")}
		if not {
			return membership("all", "<>", left, list), true
		}
		return membership("any", "=", left, list), true
	}
	if !p.rules.MySQL {
		for _, o := range []struct{ symbol, op string }{{"~~", "like"}, {"!~~", "not like"}, {"~~*", "ilike"}, {"!~~*", "not ilike"}} {
			if t.Is(o.symbol) { // binds as other operators do
				return binary(o.op, bindOther)
			}
		}
	}
	for _, word := range []string{"like", "ilike", "regexp", "rlike"} {
		not := p.is("not", word)
		if !not && !p.is(word) {
			continue
		}
		if like <= min {
			return left, false
		}
		op := word
		if not {
			op = "not " + op
			p.at++
		}
		n, ok := binary(op, like)
		if p.accept("escape") {
			n.args = append(n.args, p.expr(like))
		}
		return n, ok
	}
	switch {
	case t.Is("+"), t.Is("-"):
		return binary(t.Text, bindAdd)
	case t.Is("*"), t.Is("/"), t.Is("%"), t.Is("div") && p.rules.MySQL, t.Is("mod") && p.rules.MySQL:
		op := t.Text
		if op == "mod" {
			op = "%"
		}
		return binary(op, bindMultiply)
	case p.is("collate"):
		return binary("collate", bindCollate)
	}
	if p.rules.MySQL {
		switch {
		case t.Is("->"), t.Is("->>"):
			return binary(t.Text, bindCast)
		}
		return left, false // what || and & bind depends on settings: not understood
	}
	switch {
	case t.Is("^"):
		return binary("^", bindPower)
	case p.is("at", "time", "zone"):
		if bindZone <= min {
			return left, false
		}
		p.at += 3
		return &node{op: "call", text: "timezone", args: []*node{p.expr(bindZone), left}}, true
	case t.Is("::"):
		if bindCast <= min {
			return left, false
		}
		p.at++
		return cast(left, p.typeName()), true
	case t.Is("["):
		p.at++
		n := &node{op: "[]", args: append([]*node{left}, p.list("]")...)}
		return n, true
	case t.Kind == Symbol && strings.ContainsRune("|&#~@<>!*/%^?-", rune(t.Text[0])):
		return binary(t.Text, bindOther)
	}
	return left, false
}

func (p *parser) isTest(left *node) *node {
	switch {
	case p.accept("isnull"):
		return &node{op: "is null", args: []*node{left}}
	case p.accept("notnull"):
		return &node{op: "is not null", args: []*node{left}}
	}
	p.at++
	op := "is "
	if p.accept("not") {
		op += "not "
	}
	for _, word := range []string{"null", "true", "false", "unknown"} {
		if p.accept(word) {
			return &node{op: op + word, args: []*node{left}}
		}
	}
	if p.accept("distinct", "from") {
		return &node{op: op + "distinct from", args: []*node{left, p.expr(bindIs)}}
	}
	return p.fail()
}

// operand reads a constant, a name, a call, or an expression in brackets or behind a sign.
func (p *parser) operand() *node {
	t := p.peek()
	next := func() Token {
		if p.at+1 < len(p.tokens) {
			return p.tokens[p.at+1]
		}
		return Token{Kind: -1}
	}()
	switch {
	case t.Kind == String:
		p.at++
		if p.peek().Kind == String {
			return p.fail()
		}
		return &node{op: "string" + t.Prefix, text: t.Text}
	case t.Kind == Number:
		p.at++
		return number(t.Text, p.rules.MySQL)
	case t.Kind == Param:
		return p.fail()
	case p.accept("("):
		if p.is("select") || p.is("with") || p.is("values") {
			return p.fail()
		}
		list := p.list(")")
		if len(list) == 1 {
			return list[0]
		}
		return &node{op: "row", args: list}
	case p.accept("-"):
		return negate(p.expr(bindSign))
	case p.accept("+"):
		return p.expr(bindSign)
	case p.accept("not"):
		return &node{op: "not", args: []*node{p.expr(bindNot)}}
	case p.accept("!") && p.rules.MySQL:
		return &node{op: "not", args: []*node{p.expr(bindSign)}}
	case p.is("case"):
		return p.caseOf()
	case p.is("cast", "("):
		p.at += 2
		inner := p.expr(0)
		p.want("as")
		start, depth := p.at, 0
		for p.at < len(p.tokens) && (depth > 0 || !p.tokens[p.at].Is(")")) {
			switch {
			case p.tokens[p.at].Is("("):
				depth++
			case p.tokens[p.at].Is(")"):
				depth--
			}
			p.at++
		}
		if p.failed || p.at == start || p.at == len(p.tokens) {
			return p.fail()
		}
		typ := p.source[p.tokens[start].Start:p.tokens[p.at-1].End]
		p.want(")")
		return cast(inner, p.typeText(typ))
	case p.is("array", "["):
		p.at += 2
		return &node{op: "array", args: p.list("]")}
	case t.Kind == Word && next.Kind == String && !p.rules.MySQL:
		p.at += 2
		return cast(&node{op: "string" + next.Prefix, text: next.Text}, p.typeText(t.Text))
	case p.is("exists"), p.is("select"), p.is("interval"), p.is("row"), p.is("any"), p.is("all"):
		return p.fail()
	case t.Kind == Word, t.Kind == Name:
		return p.name()
	}
	return p.fail()
}

func (p *parser) name() *node {
	first := p.peek()
	text := p.rules.nameText(first)
	quoted := first.Kind == Name
	for p.at++; p.is("."); p.at++ {
		p.at++
		if k := p.peek().Kind; k != Word && k != Name {
			return p.fail()
		}
		text += "." + p.rules.nameText(p.peek())
		quoted = true
	}
	text = strings.TrimPrefix(text, "pg_catalog.")
	function := text
	if f, ok := p.rules.Functions[text]; ok {
		function = f
	}
	if p.accept("(") {
		if p.accept("*", ")") {
			return &node{op: "call", text: function + "(*)"}
		}
		args := p.list(")")
		if function == "current_timestamp" && len(args) == 1 && args[0].text == "0" {
			args = nil
		}
		return &node{op: "call", text: function, args: args}
	}
	if !quoted {
		switch text {
		case "true", "false":
			if p.rules.MySQL {
				return &node{op: "number", text: map[string]string{"true": "1", "false": "0"}[text]}
			}
			return &node{op: "constant", text: text}
		case "null":
			return &node{op: "constant", text: text}
		}
		if p.rules.Reserved != nil && p.rules.Reserved(text) { // now() without its brackets
			return &node{op: "call", text: function}
		}
	}
	return &node{op: "name", text: text}
}

// list reads expressions up to the closing bracket.
func (p *parser) list(end string) []*node {
	var list []*node
	if p.accept(end) {
		return list
	}
	for !p.failed {
		list = append(list, p.expr(0))
		if p.accept(end) {
			return list
		}
		p.want(",")
	}
	return list
}

func (p *parser) caseOf() *node {
	p.at++
	n := &node{op: "case"}
	if !p.is("when") {
		n.text = "of"
		n.args = append(n.args, p.expr(0))
	}
	for p.accept("when") {
		n.args = append(n.args, p.expr(0))
		p.want("then")
		n.args = append(n.args, p.expr(0))
	}
	if p.accept("else") {
		n.text += " else"
		n.args = append(n.args, p.expr(0))
	}
	p.want("end")
	return n
}

// typeName reads the type behind ::.
func (p *parser) typeName() string {
	start := p.at
	if k := p.peek().Kind; k != Word && k != Name {
		p.failed = true
		return ""
	}
	p.at++
	if p.accept(".") {
		p.at++
	}
	p.accept("varying")
	p.accept("precision")
	if p.accept("(") {
		for p.at < len(p.tokens) && !p.is(")") {
			p.at++
		}
		p.want(")")
	}
	if !p.accept("with", "time", "zone") {
		p.accept("without", "time", "zone")
	}
	for p.accept("[", "]") {
	}
	if p.failed {
		return ""
	}
	return p.typeText(p.source[p.tokens[start].Start:p.tokens[p.at-1].End])
}

func (p *parser) typeText(text string) string {
	if p.rules.Type != nil {
		return p.rules.Type(text)
	}
	return strings.ToLower(text)
}

// number brings a number to its shortest form where how it is written says nothing.
func number(text string, short bool) *node {
	if short && strings.Contains(text, ".") && !strings.ContainsAny(text, "ex") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
		if text == "" || text[0] == '.' {
			text = "0" + text
		}
	}
	return &node{op: "number", text: text}
}

func negate(n *node) *node {
	if n.op == "number" && !strings.HasPrefix(n.text, "-") {
		return &node{op: "number", text: "-" + n.text}
	}
	return &node{op: "negative", args: []*node{n}}
}

// flat makes one list of what one operator joins.
func flat(op string, parts ...*node) *node {
	n := &node{op: op}
	for _, part := range parts {
		if part.op == op {
			n.args = append(n.args, part.args...)
		} else {
			n.args = append(n.args, part)
		}
	}
	return n
}

// membership is x = ANY (list); a list of one is a plain comparison.
func membership(word, op string, x, list *node) *node {
	if list.op == "cast" && strings.HasSuffix(list.text, "[]") && list.args[0].op == "array" {
		element := strings.TrimSuffix(list.text, "[]")
		inner := &node{op: "array"}
		for _, e := range list.args[0].args {
			inner.args = append(inner.args, cast(e, element))
		}
		list = inner
	}
	if list.op == "array" && len(list.args) == 1 && (word == "any" && op == "=" || word == "all" && op == "<>") {
		return &node{op: op, args: []*node{x, list.args[0]}}
	}
	return &node{op: word, text: op, args: []*node{x, list}}
}

// cast drops casts that say nothing: of a constant that is a number, to the type that number
// has by itself, and of text to text.
func cast(n *node, t string) *node {
	switch {
	case n.op == "string" && integer.MatchString(n.text):
		value, err := strconv.ParseInt(n.text, 10, 64)
		small := value >= math.MinInt32 && value <= math.MaxInt32
		if err == nil && (t == "integer" && small || t == "bigint" && !small) {
			return &node{op: "number", text: n.text}
		}
		if t == "smallint" || t == "integer" || t == "bigint" || t == "decimal" || t == "double" {
			return &node{op: "cast", text: t, args: []*node{{op: "number", text: n.text}}}
		}
	case n.op == "string" && t == "decimal" && decimal.MatchString(n.text):
		return &node{op: "number", text: n.text}
	case n.op == "string" && t == "double" && decimal.MatchString(n.text):
		return &node{op: "cast", text: t, args: []*node{{op: "number", text: n.text}}}
	case n.op == "cast" && stringType(t) && stringType(n.text) && n.args[0].op == "string":
		n = n.args[0]
	case n.op == "cast" && n.text == t:
		return n
	}
	return &node{op: "cast", text: t, args: []*node{n}}
}

var (
	integer = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]+$`)
)
