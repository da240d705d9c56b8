// Package sqltext reads the SQL of servers: it cuts text into tokens and statements, and
// tells whether two expressions are the same but for the way they are written. Dialects
// give it their rules.
package sqltext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rules are what a dialect writes its own way.
type Rules struct {
	// MySQL: backquoted names, backslashes in strings, strings in double quotes, # comments,
	// charset introducers before strings.
	MySQL bool
	// Reserved are the words that mean something else when they stand unquoted.
	Reserved func(word string) bool
	// Functions are other names of functions, with the one that stands for them all.
	Functions map[string]string
	// Type brings a type to the spelling in which equal types are equal.
	Type func(string) string
}

// A Kind is what a token is.
type Kind int

// The kinds of tokens.
const (
	Word   Kind = iota // an unquoted name or keyword, in lower case
	Name               // a quoted name, without its quotes
	String             // a string constant, decoded
	Number
	Symbol // an operator or a bracket
	Param
)

// A Token is a piece of text. Prefix stands before a string that is not plain: x'61'.
type Token struct {
	Kind       Kind
	Text       string
	Prefix     string
	Start, End int // bytes of the source
}

// Is reports whether the token is the word or symbol.
func (t Token) Is(text string) bool {
	return (t.Kind == Word || t.Kind == Symbol) && t.Text == text
}

// Tokens cuts text into tokens, without comments and spaces. It reports false where a quote
// or comment does not end.
func (r Rules) Tokens(text string) ([]Token, bool) {
	l := lexer{rules: r, text: text}
	for l.next() {
	}
	return l.tokens, !l.broken
}

// Mentions reports whether an expression names the column. Text that cannot be read
// mentions everything.
func (r Rules) Mentions(text, column string) bool {
	tokens, ok := r.Tokens(text)
	return !ok || slices.ContainsFunc(tokens, func(t Token) bool {
		return t.Kind == Name && t.Text == column || t.Kind == Word && t.Text == strings.ToLower(column)
	})
}

type lexer struct {
	rules  Rules
	text   string
	at     int
	tokens []Token
	broken bool
}

func (l *lexer) rest() string { return l.text[l.at:] }

func (l *lexer) add(kind Kind, text, prefix string, start int) bool {
	l.tokens = append(l.tokens, Token{kind, text, prefix, start, l.at})
	return true
}

// next reads one token or one gap between tokens; false at the end.
func (l *lexer) next() bool {
	if l.at >= len(l.text) || l.broken {
		return false
	}
	start, rest := l.at, l.rest()
	c := rest[0]
	switch {
	case strings.IndexByte(" \t\r\n\f\v", c) >= 0:
		l.at++
		return true
	case strings.HasPrefix(rest, "--") && !(l.rules.MySQL && len(rest) > 2 && rest[2] > ' '), l.rules.MySQL && c == '#':
		if end := strings.IndexByte(rest, '\n'); end >= 0 {
			l.at += end + 1
		} else {
			l.at = len(l.text)
		}
		return true
	case strings.HasPrefix(rest, "/*"):
		l.comment()
		if l.rules.MySQL && (strings.HasPrefix(rest, "/*!") || strings.HasPrefix(rest, "/*M!")) && !l.broken {
			l.add(Symbol, l.text[start:l.at], "", start) // which the server reads
		}
		return true
	case c == '\'', c == '"' && l.rules.MySQL:
		s, ok := l.quoted(c, l.rules.MySQL)
		if !ok {
			return false
		}
		return l.add(String, s, "", start)
	case c == '"', c == '`' && l.rules.MySQL:
		s, ok := l.quoted(c, false)
		if !ok {
			return false
		}
		return l.add(Name, s, "", start)
	case c == '$' && !l.rules.MySQL:
		return l.dollar()
	case c >= '0' && c <= '9', c == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		return l.number()
	case c == '?':
		l.at++
		return l.add(Param, "?", "", start)
	}
	if letter, size := utf8.DecodeRuneInString(rest); letter == '_' || unicode.IsLetter(letter) {
		l.at += size
		l.word(start)
		return true
	}
	for _, symbol := range symbols {
		if strings.HasPrefix(rest, symbol) {
			l.at += len(symbol)
			return l.add(Symbol, symbol, "", start)
		}
	}
	_, size := utf8.DecodeRuneInString(rest)
	l.at += size
	return l.add(Symbol, rest[:size], "", start)
}

// symbols longer than a character, the longest first.
var symbols = []string{"!~~*", "!~*", "!~~", "<=>", "->>", "#>>", "~~*", "||", "::", "<=", ">=", "<>", "!=", "->", "#>", "@>", "<@", "&&", "<<", ">>", "~~", "~*", "!~", ":=", "=="}

func (l *lexer) comment() {
	depth := 0
	for l.at < len(l.text) {
		switch {
		case strings.HasPrefix(l.rest(), "/*") && (depth == 0 || !l.rules.MySQL):
			depth++
			l.at += 2
		case strings.HasPrefix(l.rest(), "*/"):
			l.at += 2
			if depth--; depth == 0 {
				return
			}
		default:
			l.at++
		}
	}
	l.broken = true
}

// quoted reads up to the closing quote and decodes.
func (l *lexer) quoted(quote byte, backslash bool) (string, bool) {
	var b strings.Builder
	for l.at++; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		switch {
		case c == quote && l.at+1 < len(l.text) && l.text[l.at+1] == quote:
			l.at++
			b.WriteByte(quote)
		case c == quote:
			l.at++
			return b.String(), true
		case c == '\\' && backslash && l.at+1 < len(l.text):
			l.at++
			b.WriteString(unescape(l.text[l.at], l.rules.MySQL))
		default:
			b.WriteByte(c)
		}
	}
	l.broken = true
	return "", false
}

// unescape decodes the character behind a backslash. Escapes by number stay as they are
// written, so that nothing is equal to them but the same text.
func unescape(c byte, mysql bool) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case 'b':
		return "\b"
	}
	if mysql {
		switch c {
		case '0':
			return "\x00"
		case 'Z':
			return "\x1a"
		case '%', '_':
			return `\` + string(rune(c))
		}
		return string(rune(c))
	}
	switch {
	case c == 'f':
		return "\f"
	case c == 'x', c == 'u', c == 'U', '0' <= c && c <= '7':
		return "\\\x00" + string(rune(c)) // no constant of PostgreSQL holds a NUL
	}
	return string(rune(c))
}

// dollar reads $1 and $tag$text$tag$.
func (l *lexer) dollar() bool {
	start, rest := l.at, l.rest()
	end := 1
	for end < len(rest) && (rest[end] == '_' || rest[end] >= 0x80 || isAlnum(rest[end])) {
		end++
	}
	if end > 1 && rest[1] >= '0' && rest[1] <= '9' {
		l.at += end
		return l.add(Param, rest[:end], "", start)
	}
	if end == len(rest) || rest[end] != '$' {
		l.at++
		return l.add(Symbol, "$", "", start)
	}
	tag := rest[:end+1]
	body, _, ok := strings.Cut(rest[len(tag):], tag)
	if !ok {
		l.broken = true
		return false
	}
	l.at += len(body) + 2*len(tag)
	return l.add(String, body, "", start)
}

func (l *lexer) number() bool {
	start := l.at
	if rest := l.rest(); len(rest) > 1 && rest[0] == '0' && strings.IndexByte("xXbB", rest[1]) >= 0 {
		l.at += 2
		for l.at < len(l.text) && isAlnum(l.text[l.at]) {
			l.at++
		}
		return l.add(Number, strings.ToLower(l.text[start:l.at]), "", start)
	}
	digits := func() {
		for l.at < len(l.text) && l.text[l.at] >= '0' && l.text[l.at] <= '9' {
			l.at++
		}
	}
	digits()
	if l.at < len(l.text) && l.text[l.at] == '.' {
		l.at++
		digits()
	}
	if l.at < len(l.text) && (l.text[l.at] == 'e' || l.text[l.at] == 'E') {
		mark := l.at
		l.at++
		if l.at < len(l.text) && (l.text[l.at] == '+' || l.text[l.at] == '-') {
			l.at++
		}
		if first := l.at; true {
			digits()
			if l.at == first {
				l.at = mark
			}
		}
	}
	return l.add(Number, strings.ToLower(l.text[start:l.at]), "", start)
}

// word reads a name or keyword, or the prefix of a string.
func (l *lexer) word(start int) {
	for l.at < len(l.text) {
		c, size := utf8.DecodeRuneInString(l.rest())
		if c != '_' && c != '$' && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			break
		}
		l.at += size
	}
	text := strings.ToLower(l.text[start:l.at])
	gap := l.at
	for l.rules.MySQL && text[0] == '_' && gap < len(l.text) && l.text[gap] == ' ' {
		gap++
	}
	if gap < len(l.text) && l.text[gap] == '\'' {
		switch {
		case l.rules.MySQL && (text == "_utf8mb4" || text == "_utf8mb3" || text == "_utf8" || text == "_latin1" || text == "n"):
			// Which charset the same characters were sent in is not part of the constant. Beyond
			// ASCII, the same bytes are other characters in latin1.
			l.at = gap
			if s, ok := l.quoted('\'', true); ok {
				prefix := ""
				if text == "_latin1" && strings.ContainsFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) {
					prefix = text
				}
				l.add(String, s, prefix, start)
			}
			return
		case text == "e" && !l.rules.MySQL:
			if s, ok := l.quoted('\'', true); ok {
				l.add(String, s, "", start)
			}
			return
		case text == "b", text == "x", text == "n":
			if s, ok := l.quoted('\'', false); ok {
				l.add(String, strings.ToLower(s), text, start)
			}
			return
		}
	}
	l.add(Word, text, "", start)
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Statements cuts a script at its semicolons, those inside the bodies of triggers and
// routines left alone. Text that cannot be read is one statement.
func (r Rules) Statements(script string) []string {
	tokens, ok := r.Tokens(script)
	if !ok {
		return []string{strings.TrimSpace(script)}
	}
	var statements []string
	start, depth := 0, 0
	var words []string // of the current statement
	cut := func(end int) {
		if len(words) > 0 {
			statements = append(statements, strings.TrimSpace(script[start:end]))
		}
		words, depth = nil, 0
	}
	for i, t := range tokens {
		if t.Is(";") && depth == 0 {
			cut(t.Start)
			start = t.End
			continue
		}
		words = append(words, t.Text)
		if t.Kind == Word && routine(words) {
			next := Token{}
			if i+1 < len(tokens) {
				next = tokens[i+1]
			}
			previous := Token{}
			if i > 0 {
				previous = tokens[i-1]
			}
			switch {
			case t.Text == "begin" && (r.MySQL || next.Is("atomic")), t.Text == "case" && depth > 0 && !previous.Is("end"):
				depth++
			case t.Text == "end" && depth > 0 && !slices.Contains([]string{"if", "loop", "while", "repeat"}, next.Text):
				depth--
			}
		}
	}
	cut(len(script))
	return statements
}

// routine reports whether the statement makes something that has a body.
func routine(words []string) bool {
	if words[0] != "create" && words[0] != "alter" {
		return false
	}
	for _, word := range words[:min(len(words), 16)] {
		switch word {
		case "trigger", "procedure", "function", "event":
			return true
		}
	}
	return false
}
