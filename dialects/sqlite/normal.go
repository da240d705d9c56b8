package sqlite

import (
	"slices"
	"strings"

	"ingot"
)

// SameText reports whether two expressions differ in nothing but what SQLite does not see:
// spaces and comments, the case of keywords and names, the style of quotes around a name,
// parentheses around the whole, <> for !=, == for =, TRUE for 1. Constants have to be equal
// to the byte.
//
// In double quotes may stand a name or, where there is no such name, a string; so two of
// them are the same only to the letter, and a text that is one word (DEFAULT abc is 'abc')
// is too.
func (Dialect) SameText(a, b ingot.SQLText) bool {
	if a == b {
		return true
	}
	x, y := core(string(a)), core(string(b))
	if len(x) == 1 && len(y) == 1 && x[0].kind == tokenWord && y[0].kind == tokenWord && !constantWord(x[0].text) {
		return x[0].text == y[0].text
	}
	return slices.EqualFunc(x, y, sameToken)
}

// core is the tokens of a text that mean something, without parentheses around the whole.
func core(text string) []token {
	var tokens []token
	for _, t := range scan(text) {
		if t.kind != tokenSpace {
			tokens = append(tokens, t)
		}
	}
	for len(tokens) >= 2 && tokens[0].text == "(" && closing(tokens, 0) == len(tokens)-1 {
		tokens = tokens[1 : len(tokens)-1]
	}
	return tokens
}

func sameToken(a, b token) bool {
	if a.kind > b.kind {
		a, b = b, a
	}
	switch {
	case a.kind == tokenWord && b.kind == tokenQuoted:
		name, _ := b.name()
		return sameName(a.text, name) && !constantWord(a.text)
	case a.kind == tokenWord && b.kind == tokenNumber:
		return a.is("true") && b.text == "1" || a.is("false") && b.text == "0"
	case a.kind != b.kind:
		return false
	case a.kind == tokenWord:
		return sameName(a.text, b.text)
	case a.kind == tokenQuoted:
		x, _ := a.name()
		y, _ := b.name()
		return x == y || a.text[0] != '"' && b.text[0] != '"' && sameName(x, y)
	case a.kind == tokenBlob:
		return strings.EqualFold(a.text, b.text)
	case a.kind == tokenOther:
		return operator(a.text) == operator(b.text)
	}
	return a.text == b.text
}

func operator(text string) string {
	switch text {
	case "!=":
		return "<>"
	case "==":
		return "="
	}
	return text
}

// closing is the place of the parenthesis that closes the one at open; -1 if none does.
func closing(tokens []token, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		if tokens[i].kind != tokenOther {
			continue
		}
		switch tokens[i].text {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// constantWord reports whether a word without quotes means something else than a name.
func constantWord(word string) bool {
	switch fold(word) {
	case "true", "false", "null", "current_date", "current_time", "current_timestamp",
		"all", "and", "as", "asc", "between", "by", "case", "cast", "collate", "desc", "distinct", "else", "end", "escape",
		"except", "exists", "filter", "from", "glob", "group", "having", "if", "in", "intersect", "is", "isnull", "join", "like",
		"limit", "match", "not", "notnull", "offset", "on", "or", "order", "over", "raise", "regexp", "select", "then", "union",
		"using", "values", "when", "where", "window", "within":
		return true
	}
	return false
}
