package ingot

import (
	"iter"
	"slices"
	"strings"
)

// Names of columns in SQL text that a database printed or a model says: which tokens may be
// one, and which are words of SQL, though a column may have the same name. Dialects parse
// expressions; what is here has to do for all of them, and need only tell whether a column is
// named.

// renameIdent replaces a column in SQL text, quoted or not, and leaves strings, comments,
// and the names of functions and types alone.
func renameIdent(text SQLText, from, to string) SQLText {
	var b strings.Builder
	for _, t := range sqlWords(text) {
		name, quote := identOf(t.text)
		switch {
		case !t.column:
			b.WriteString(t.text)
		case quote == 0 && strings.EqualFold(name, from):
			if plain, _ := identOf(to); plain == to {
				b.WriteString(to)
			} else {
				b.WriteString(`"` + strings.ReplaceAll(to, `"`, `""`) + `"`)
			}
		case quote == '[' && name == from:
			b.WriteString("[" + to + "]")
		case quote != 0 && name == from:
			q := string(quote)
			b.WriteString(q + strings.ReplaceAll(to, q, q+q) + q)
		default:
			b.WriteString(t.text)
		}
	}
	return SQLText(b.String())
}

// mentions reports whether one of the texts names a column.
func mentions(column string, texts ...SQLText) bool {
	return slices.ContainsFunc(texts, func(text SQLText) bool {
		return slices.ContainsFunc(sqlWords(text), func(t sqlWord) bool {
			name, _ := identOf(t.text)
			return t.column && strings.EqualFold(name, column)
		})
	})
}

// A sqlWord is a token of SQL text. column says that it can be the name of a column.
type sqlWord struct {
	text   string
	column bool
}

// sqlWords cuts a text into its tokens, space included.
func sqlWords(text SQLText) []sqlWord {
	var words []sqlWord
	arrays := 0 // open brackets that hold elements, not a name
	for rest := string(text); rest != ""; {
		token := sqlToken(rest)
		if token[0] == '[' && (arrays > 0 || len(words) > 0 && elementsBehind(words[len(words)-1].text)) {
			token = "["
			arrays++
		} else if token == "]" {
			arrays = max(0, arrays-1)
		}
		words = append(words, sqlWord{text: token})
		rest = rest[len(token):]
	}
	p := &namePlaces{}
	for i := range words {
		if !isSpace(words[i].text) {
			p.words = append(p.words, &words[i])
		}
	}
	for i, w := range p.words {
		w.column = p.isColumn(i)
	}
	return words
}

// elementsBehind reports whether a bracket behind the token, without space, is that of an array.
func elementsBehind(token string) bool {
	return wordByte(token[len(token)-1]) || token == ")" || token == "]"
}

func isSpace(token string) bool {
	return strings.TrimSpace(token) == "" || strings.HasPrefix(token, "--") || strings.HasPrefix(token, "/*")
}

// namePlaces go through the tokens of a text, without the space between them.
type namePlaces struct {
	words []*sqlWord
	cases int  // CASEs without their END
	typed bool // the token before is of a type
	named bool // the type goes on to the next bracket, as behind CAST(x AS
}

// at is a token as keywords are compared; empty beyond the ends, and for what is quoted.
func (p *namePlaces) at(i int) string {
	if i < 0 || i >= len(p.words) {
		return ""
	}
	return strings.ToLower(p.words[i].text)
}

// isColumn reports whether a token can be the name of a column where it stands.
func (p *namePlaces) isColumn(i int) bool {
	name, quote := identOf(p.words[i].text)
	before, next := p.at(i-1), p.at(i+1)
	if name == "" {
		p.typed, p.named = p.typed && p.at(i) == ".", false
		return false
	}
	word := p.at(i) // with its quotes, where it has some
	switch {
	case before == ":" && p.at(i-2) == ":", before == "." && p.typed, // x::text, x::public.mood
		p.typed && slices.Contains(typeWords, word):
		p.typed = true
		return false
	case before == "as", p.named: // CAST(x AS double precision)
		p.named = true
		return false
	}
	p.typed = false
	switch {
	case next == ".", before == "." && p.at(i-2) == ")", before == "collate", next == "(":
		return false // a schema, a field of a row, a collation, a function
	case quote != 0:
		return true
	case word == "case":
		p.cases++
		return false
	case word == "end" && p.cases > 0:
		p.cases--
		return false
	case strings.HasPrefix(next, "'"): // date '2000-01-01'
		return false
	case next == "from" && before == "(" && p.at(i-2) == "extract":
		return false
	case slices.Contains(zoneWords, before) && word == "time" && next == "zone", word == "zone" && before == "time",
		slices.Contains(zoneWords, word) && next == "time" && p.at(i+2) == "zone":
		return false
	}
	return !slices.Contains(plainWords, word)
}

var (
	// typeWords go on with the name of a type.
	typeWords = []string{"precision", "varying", "with", "without", "time", "zone", "year", "month", "day", "hour", "minute", "second", "to"}
	// zoneWords stand in front of TIME ZONE.
	zoneWords = []string{"at", "with", "without"}
	// plainWords are no column in any database unless they are quoted.
	plainWords = []string{"and", "or", "not", "null", "is", "in", "between", "when", "then", "else", "as", "collate", "select", "where", "from", "distinct", "exists"}
)

// sqlTokens are the tokens of a text, space included.
func sqlTokens(text SQLText) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := string(text); rest != ""; {
			token := sqlToken(rest)
			if !yield(token) {
				return
			}
			rest = rest[len(token):]
		}
	}
}

// sqlToken cuts the first token off a text that is not empty: a word, a quoted thing, a
// comment or one other character.
func sqlToken(s string) string {
	until := func(end string, from int) string {
		if i := strings.Index(s[from:], end); i >= 0 {
			return s[:from+i+len(end)]
		}
		return s
	}
	switch c := s[0]; {
	case c == '\'' || c == '"' || c == '`':
		for i := 1; i < len(s); i++ {
			if s[i] != c {
				continue
			}
			if i+1 < len(s) && s[i+1] == c {
				i++
				continue
			}
			return s[:i+1]
		}
		return s
	case c == '[':
		return until("]", 1)
	case strings.HasPrefix(s, "--"):
		return until("\n", 2)
	case strings.HasPrefix(s, "/*"):
		return until("*/", 2)
	case wordByte(c):
		i := 1
		for i < len(s) && wordByte(s[i]) {
			i++
		}
		return s[:i]
	}
	return s[:1]
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// identOf is the name in an identifier token and the quote it stands in, 0 for none. What
// is no identifier has no name.
func identOf(token string) (name string, quote byte) {
	if token == "" {
		return "", 0
	}
	switch c := token[0]; {
	case c == '"' || c == '`':
		if len(token) >= 2 && token[len(token)-1] == c {
			return strings.ReplaceAll(token[1:len(token)-1], string(c)+string(c), string(c)), c
		}
	case c == '[':
		if len(token) >= 2 && token[len(token)-1] == ']' {
			return token[1 : len(token)-1], c
		}
	case wordByte(c) && (c < '0' || c > '9'):
		for i := range len(token) {
			if !wordByte(token[i]) {
				return "", 0
			}
		}
		return token, 0
	}
	return "", 0
}
