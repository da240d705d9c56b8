package sqlite

import "strings"

// A token is a piece of SQL text. The tokens of a text, put together, are the text.
type token struct {
	kind tokenKind
	text string
	at   int // where it begins
}

type tokenKind int

const (
	tokenSpace  tokenKind = iota // white space or a comment
	tokenWord                    // a keyword or a plain name
	tokenQuoted                  // a name in double quotes, backquotes or brackets
	tokenString                  // 'text'
	tokenBlob                    // x'00ff'
	tokenNumber
	tokenOther // an operator, a punctuation mark, a parameter
)

// scan takes a text apart as SQLite's own tokenizer does (sqlite3GetToken in tokenize.c).
// What is not closed reaches to the end.
func scan(text string) []token {
	var list []token
	for at := 0; at < len(text); {
		kind, n := scanOne(text[at:])
		list = append(list, token{kind, text[at : at+n], at})
		at += n
	}
	return list
}

// scanOne returns the kind and length of the token that s begins with; s is not empty.
func scanOne(s string) (tokenKind, int) {
	switch c := s[0]; {
	case isSpace(c):
		n := 1
		for n < len(s) && isSpace(s[n]) {
			n++
		}
		return tokenSpace, n
	case strings.HasPrefix(s, "--"):
		return tokenSpace, after(s, 2, "\n")
	case strings.HasPrefix(s, "/*"):
		return tokenSpace, after(s, 2, "*/")
	case c == '\'':
		return tokenString, quotedLen(s)
	case c == '"' || c == '`':
		return tokenQuoted, quotedLen(s)
	case c == '[':
		return tokenQuoted, after(s, 1, "]")
	case (c == 'x' || c == 'X') && len(s) > 1 && s[1] == '\'':
		return tokenBlob, 1 + quotedLen(s[1:])
	case isDigit(c) || c == '.' && len(s) > 1 && isDigit(s[1]):
		return tokenNumber, numberLen(s)
	case isWord(c):
		n := 1
		for n < len(s) && isWord(s[n]) {
			n++
		}
		return tokenWord, n
	}
	for _, op := range []string{"->>", "||", "->", "==", "<=", "<>", "<<", ">=", ">>", "!="} {
		if strings.HasPrefix(s, op) {
			return tokenOther, len(op)
		}
	}
	return tokenOther, 1
}

// after returns where s goes on after the end mark, looked for from the given place.
func after(s string, from int, end string) int {
	if i := strings.Index(s[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(s)
}

// quotedLen is the length of what s, which begins with a quote mark, has in quotes; a
// doubled mark stands for itself.
func quotedLen(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			continue
		}
		if i+1 == len(s) || s[i+1] != s[0] {
			return i + 1
		}
		i++
	}
	return len(s)
}

// numberLen also takes in what follows a number without a space: SQLite refuses that, and
// so it stays in one piece.
func numberLen(s string) int {
	n := 1
	for n < len(s) && (isWord(s[n]) || s[n] == '.' || (s[n] == '+' || s[n] == '-') && (s[n-1] == 'e' || s[n-1] == 'E') && !isHex(s)) {
		n++
	}
	return n
}

func isHex(s string) bool { return len(s) > 1 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') }

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' && c != '\v' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// is reports whether the token is the keyword.
func (t token) is(keyword string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, keyword)
}

// name is what a token says where SQLite expects a name: even a string is one there.
func (t token) name() (name string, ok bool) {
	switch t.kind {
	case tokenWord:
		return t.text, true
	case tokenQuoted, tokenString:
		mark := t.text[:1]
		if mark == "[" {
			return strings.TrimSuffix(t.text[1:], "]"), true
		}
		inner := t.text[1:]
		if len(inner) > 0 {
			inner = strings.TrimSuffix(inner, mark)
		}
		return strings.ReplaceAll(inner, mark+mark, mark), true
	}
	return "", false
}
