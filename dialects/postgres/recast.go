package postgres

import (
	"slices"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// recast makes of an expression, as the catalog prints it, one for a column that becomes an
// enum or was one. A constant of the old type loses its cast, so that the server finds the
// type it is compared with, except in an array, which would be one of text. And where a
// column was compared as text only because its type has no operators of its own, it is
// compared as an enum from then on: as text, it could not stand in an index.
func recast(old, new ingot.Column, before *ingot.Schema) func(ingot.SQLText) ingot.SQLText {
	from, _ := typeOf(old)
	to, _ := typeOf(new)
	if new.Enum == "" {
		to, _, _ = strings.Cut(to, "(") // a length would cut constants
	}
	var values []string
	for _, e := range before.Enums {
		if new.Enum != "" && ingot.ParseTableName(new.Enum) == enumName(e) {
			values = e.Values
		}
	}
	return func(text ingot.SQLText) ingot.SQLText {
		tokens, ok := lexical.Tokens(string(text))
		if !ok {
			return text
		}
		r := recasting{text: string(text), tokens: tokens, to: to,
			isOld: func(cast string) bool { return sameTypeName(cast, from) || old.Enum == "" && cast == "text" },
			isNew: func(value string) bool { return new.Enum == "" || slices.Contains(values, value) },
		}
		for i := 0; i < len(tokens); {
			switch {
			case old.Enum == "" && r.comparison(&i, old.Name):
			case r.is(i, "array") && r.is(i+1, "["):
				r.array(&i, old.Enum != "")
			default:
				if value, end, ok := r.constant(i); ok {
					r.replace(i, end, value)
					i = end
				} else {
					i++
				}
			}
		}
		return ingot.SQLText(r.out.String() + r.text[r.at:])
	}
}

// A recasting is an expression on its way to another type. Positions count tokens, but for
// at.
type recasting struct {
	text   string
	tokens []sqltext.Token
	to     string
	isOld  func(cast string) bool  // whether the type is the old one
	isNew  func(value string) bool // whether the new type has the value
	out    strings.Builder
	at     int // bytes of text that are written
}

func (r *recasting) is(i int, text string) bool { return i < len(r.tokens) && r.tokens[i].Is(text) }

// replace writes what comes before the tokens, and text in their place.
func (r *recasting) replace(from, to int, text string) {
	r.out.WriteString(r.text[r.at:r.tokens[from].Start] + text)
	r.at = r.tokens[to-1].End
}

// constant reads 'v'::old, as SQL without the cast, and says where it ends.
func (r *recasting) constant(i int) (value string, end int, ok bool) {
	if i+2 >= len(r.tokens) || r.tokens[i].Kind != sqltext.String || !r.is(i+1, "::") || !r.isNew(r.tokens[i].Text) {
		return "", i, false
	}
	last := i + 2
	for last+2 < len(r.tokens) && r.is(last+1, ".") {
		last += 2
	}
	if r.is(last, "character") && r.is(last+1, "varying") {
		last++
	}
	if !r.isOld(r.text[r.tokens[i+2].Start:r.tokens[last].End]) {
		return "", i, false
	}
	if r.is(last+1, "(") && r.is(last+3, ")") { // its length
		last += 3
	}
	return r.text[r.tokens[i].Start:r.tokens[i].End], last + 1, true
}

// compared reads a constant that may have become text to be compared: ('v'::old)::text.
func (r *recasting) compared(i int) (value string, end int, ok bool) {
	if !r.is(i, "(") {
		return r.constant(i)
	}
	value, end, ok = r.constant(i + 1)
	return value, end + 3, ok && r.is(end, ")") && r.is(end+1, "::") && r.is(end+2, "text")
}

// array passes an array, and gives its constants the new type where they have the old one.
func (r *recasting) array(i *int, old bool) {
	depth := 0
	for {
		switch {
		case r.is(*i, "["):
			depth++
		case r.is(*i, "]"):
			depth--
		}
		if value, end, ok := r.constant(*i); ok && old {
			r.replace(*i, end, value+"::"+r.to)
			*i = end - 1
		}
		if *i++; *i >= len(r.tokens) || depth == 0 && r.is(*i-1, "]") {
			return
		}
	}
}

// comparison passes the column compared with constants, and makes it one of the new type:
// col or (col)::text, an operator, and a constant or ANY or ALL of several.
func (r *recasting) comparison(i *int, column string) bool {
	at := *i
	wrapped := r.is(at, "(") && r.is(at+2, ")") && r.is(at+3, "::") && r.is(at+4, "text")
	if wrapped {
		at++
	}
	if at >= len(r.tokens) || r.tokens[at].Kind > sqltext.Name || r.tokens[at].Text != column {
		return false
	}
	name := r.text[r.tokens[at].Start:r.tokens[at].End]
	if at++; wrapped {
		at += 3
	}
	if at >= len(r.tokens) || !slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, r.tokens[at].Text) || r.tokens[at].Kind != sqltext.Symbol {
		return false
	}
	operator := r.tokens[at].Text
	at++
	if value, end, ok := r.compared(at); ok {
		r.replace(*i, end, name+" "+operator+" "+value)
		*i = end
		return true
	}
	if !r.is(at, "any") && !r.is(at, "all") || !r.is(at+1, "(") {
		return false
	}
	quantifier := strings.ToUpper(r.tokens[at].Text)
	at += 2
	asText := r.is(at, "(")
	if asText {
		at++
	}
	if !r.is(at, "array") || !r.is(at+1, "[") {
		return false
	}
	var values []string
	for at++; r.is(at, "[") || r.is(at, ","); {
		value, end, ok := r.compared(at + 1)
		if !ok {
			return false
		}
		values = append(values, value+"::"+r.to)
		at = end
	}
	for _, symbol := range map[bool][]string{false: {"]", ")"}, true: {"]", ")", "::", "text", "[", "]", ")"}}[asText] {
		if !r.is(at, symbol) {
			return false
		}
		at++
	}
	r.replace(*i, at, name+" "+operator+" "+quantifier+" (ARRAY["+strings.Join(values, ", ")+"])")
	*i = at
	return true
}

// sameTypeName compares a type as catalogs print it with one as DDL spells it, without length.
func sameTypeName(cast, native string) bool {
	plain := func(name string) string {
		name, _, _ = strings.Cut(string(Dialect{}.CanonicalType(ingot.Type(name))), "(")
		if name == "bpchar" { // char of any length
			name = "char"
		}
		return strings.ReplaceAll(name, `"`, "")
	}
	return plain(cast) == plain(native)
}
