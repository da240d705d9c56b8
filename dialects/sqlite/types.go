package sqlite

import (
	"strings"

	"ingot"
)

// SQLite takes any words for a type and keeps them; what they do is an affinity, chosen by
// pieces of the words: INT, then CHAR, CLOB and TEXT, then BLOB, then REAL, FLOA and DOUB,
// else NUMERIC (https://www.sqlite.org/datatype3.html, 3.1). The words of the common
// vocabulary get names whose affinity keeps the values as they are: json and uuid are text
// by name, since a NUMERIC column would turn '1.0' into 1.

// typeName spells a type for CREATE TABLE. What is not of the vocabulary is verbatim.
func typeName(t ingot.Type, strict bool) string {
	word, args, _ := strings.Cut(string(t), "(")
	name := ""
	switch word {
	case "boolean", "smallint", "integer", "bigint", "real", "double", "text", "blob", "date", "time":
		name = strings.ToUpper(word)
	case "decimal", "varchar", "char":
		name = strings.ToUpper(word)
		if args != "" {
			name += "(" + strings.ReplaceAll(strings.ReplaceAll(args, " ", ""), ",", ", ")
		}
	case "timestamp":
		name = "DATETIME"
	case "json":
		name = "TEXT"
	case "uuid":
		name = "CHAR(36)"
	case "bigint unsigned": // beyond an int64 they come as text, which INTEGER would round
		if strict {
			return "ANY"
		}
		name = "BLOB"
	default:
		return strings.TrimSpace(string(t))
	}
	if strict {
		return strictName(name)
	}
	return name
}

// strictName is the type of a STRICT table that holds what the type held.
func strictName(name string) string {
	word, _, _ := strings.Cut(name, "(")
	switch word {
	case "BOOLEAN", "SMALLINT", "INTEGER", "BIGINT":
		return "INTEGER"
	case "REAL", "DOUBLE":
		return "REAL"
	case "BLOB":
		return "BLOB"
	}
	return "TEXT"
}

// CanonicalType brings a type to the word of the vocabulary that means the same to SQLite,
// or else to one spelling of itself.
func (Dialect) CanonicalType(t ingot.Type) ingot.Type {
	switch w := canonicalWord(t); w {
	case "": // no type has the affinity of this one
		return "blob"
	case "json":
		return "text"
	case "uuid":
		return "char(36)"
	case "bigint unsigned":
		return "blob"
	default:
		return w
	}
}

// synonym gives one name to type names that differ in nothing but the name. INT stays apart from INTEGER
// as the type of a key; see rowidKey.
func synonym(name string) string {
	switch name {
	case "bool":
		return "boolean"
	case "int", "int4":
		return "integer"
	case "int2":
		return "smallint"
	case "int8":
		return "bigint"
	case "double precision", "float8":
		return "double"
	case "numeric":
		return "decimal"
	case "character varying", "varying character":
		return "varchar"
	case "character":
		return "char"
	case "datetime":
		return "timestamp"
	}
	return name
}

// canonicalWord lowers the case, squeezes the spaces and resolves synonyms.
func canonicalWord(t ingot.Type) ingot.Type {
	var words []string
	var args strings.Builder
	for _, tok := range scan(string(t)) {
		switch {
		case tok.kind == tokenSpace:
		case args.Len() > 0 || tok.text == "(":
			args.WriteString(strings.ToLower(tok.text))
		default:
			words = append(words, strings.ToLower(tok.text))
		}
	}
	return ingot.Type(synonym(strings.Join(words, " ")) + args.String())
}

// vocabularyType is the type as inspection reports it: the word of the vocabulary where
// SQLite would be told the same name again, else the name as it is declared.
func vocabularyType(declared string, strict bool) ingot.Type {
	word := canonicalWord(ingot.Type(declared))
	name := typeName(word, strict)
	if canonicalSpelling(name) == canonicalSpelling(declared) && known(word) {
		return word
	}
	return ingot.Type(declared)
}

// canonicalSpelling is canonicalWord without the synonyms.
func canonicalSpelling(name string) string {
	var b strings.Builder
	for _, tok := range scan(name) {
		if tok.kind != tokenSpace {
			b.WriteString(strings.ToLower(tok.text) + " ")
		}
	}
	return b.String()
}

// known reports whether a canonical type is a word of the common vocabulary.
func known(t ingot.Type) bool {
	word, args, _ := strings.Cut(string(t), "(")
	switch word {
	case "boolean", "smallint", "integer", "bigint", "real", "double", "text", "blob", "date", "time", "timestamp":
		return args == ""
	case "decimal", "varchar", "char":
		return true
	}
	return false
}
