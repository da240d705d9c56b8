package postgres

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

var (
	lexical = sqltext.Rules{Reserved: reserved}
	rules   = sqltext.Rules{
		Reserved:  reserved,
		Functions: map[string]string{"current_timestamp": "now", "transaction_timestamp": "now"},
		Type:      func(t string) string { return string(Dialect{}.CanonicalType(ingot.Type(t))) },
	}
)

// CanonicalType writes a type in words of the common vocabulary where it has one, else as
// PostgreSQL prints it. jsonb is the word json; PostgreSQL's textual type is spelled
// pg_catalog.json.
func (Dialect) CanonicalType(t ingot.Type) ingot.Type {
	p, ok := parseType(string(t))
	if !ok {
		return ingot.Type(strings.Join(strings.Fields(string(t)), " "))
	}
	return ingot.Type(p.canonical() + p.array)
}

// A typeText is a type cut into its parts: numeric (10,2) [] is {numeric, 10,2, []}.
type typeText struct {
	name  string // words, with single spaces
	args  []string
	array string // "[]" or empty: PostgreSQL keeps neither bounds nor dimensions
}

func parseType(text string) (typeText, bool) {
	tokens, ok := lexical.Tokens(text)
	if !ok || len(tokens) == 0 {
		return typeText{}, false
	}
	var p typeText
	var words []string
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case t.Is("["), t.Is("array"):
			p.array = "[]"
			for i+1 < len(tokens) && (tokens[i+1].Is("[") || tokens[i+1].Is("]") || tokens[i+1].Kind == sqltext.Number) {
				i++
			}
		case t.Is("]"):
		case t.Is("("):
			var arg string
			for i++; i < len(tokens) && !tokens[i].Is(")"); i++ {
				if tokens[i].Is(",") {
					p.args, arg = append(p.args, arg), ""
					continue
				}
				arg += text[tokens[i].Start:tokens[i].End] // a sign and its number are two
			}
			if arg != "" {
				p.args = append(p.args, arg)
			}
			if i == len(tokens) {
				return p, false
			}
		case t.Is("."):
			if len(words) == 0 || i+1 == len(tokens) {
				return p, false
			}
			i++
			words[len(words)-1] += "." + spell(tokens[i])
		case t.Kind == sqltext.Word, t.Kind == sqltext.Name:
			words = append(words, spell(t))
		default:
			return p, false
		}
	}
	p.name = strings.Join(words, " ")
	if p.name != "pg_catalog.json" {
		p.name = strings.TrimPrefix(p.name, "pg_catalog.")
	}
	return p, p.name != ""
}

// spell writes a token as PostgreSQL would: quoted only where it must be.
func spell(t sqltext.Token) string {
	if t.Kind == sqltext.Name && !(plainName(t.Text) && !reserved(t.Text) && t.Text != "char") {
		return ident(t.Text)
	}
	return t.Text
}

func (p typeText) canonical() string {
	args := ""
	if len(p.args) > 0 {
		args = "(" + strings.Join(p.args, ",") + ")"
	}
	switch p.name {
	case "bool", "boolean":
		return "boolean"
	case "int2", "smallint", "smallserial", "serial2", "tinyint", "tinyint unsigned":
		return "smallint"
	case "int4", "int", "integer", "serial", "serial4", "smallint unsigned", "unsigned smallint":
		return "integer"
	case "int8", "bigint", "bigserial", "serial8", "integer unsigned", "int unsigned", "unsigned integer", "unsigned int":
		return "bigint"
	case "bigint unsigned", "unsigned bigint": // no unsigned integers here
		return "decimal(20,0)"
	case "float4", "real":
		return "real"
	case "float8", "double precision", "double":
		return "double"
	case "float":
		if len(p.args) == 1 {
			if bits, err := strconv.Atoi(p.args[0]); err == nil && bits <= 24 {
				return "real"
			}
		}
		return "double"
	case "numeric", "decimal", "dec":
		if len(p.args) == 1 {
			return "decimal(" + p.args[0] + ",0)"
		}
		return "decimal" + args
	case "varchar", "character varying", "char varying":
		return "varchar" + args
	case "char", "character":
		if args == "" {
			return "char(1)"
		}
		return "char" + args
	case "bpchar":
		if args == "" {
			return "bpchar"
		}
		return "char" + args
	case "bytea", "blob":
		return "blob"
	case "jsonb", "json":
		return "json"
	case "timestamp with time zone", "timestamptz":
		if len(p.args) == 0 || p.args[0] == "6" {
			return "timestamp"
		}
		return "timestamp" + args + " with time zone"
	case "timestamp":
		if len(p.args) == 0 {
			return "timestamp"
		}
		return "timestamp" + defaultPrecision(args) + " without time zone"
	case "timestamp without time zone":
		return "timestamp" + defaultPrecision(args) + " without time zone"
	case "time", "time without time zone":
		return "time" + defaultPrecision(args)
	case "time with time zone", "timetz":
		return "time" + defaultPrecision(args) + " with time zone"
	case "bit":
		if args == "" {
			return "bit(1)"
		}
		return "bit" + args
	case "varbit", "bit varying":
		return "bit varying" + args
	}
	return p.name + args
}

func defaultPrecision(args string) string {
	if args == "(6)" {
		return ""
	}
	return args
}

// ArrayType is the type of an array that holds values of a column of type t. Types whose
// text form is not what the driver's values print as go without: bound one by one, the server
// converts each.
func (Dialect) ArrayType(t ingot.Type) string {
	p, ok := parseType(string(t))
	if !ok {
		return ""
	}
	switch p.canonical() {
	case "boolean", "smallint", "integer", "bigint", "real", "double", "text", "uuid", "blob", "timestamp":
		return nativeType(t) + "[]"
	}
	if p.name == "varchar" || p.name == "character varying" || p.name == "numeric" || p.name == "decimal" {
		return nativeType(t) + "[]"
	}
	return ""
}

// nativeType is the type as DDL spells it.
func nativeType(t ingot.Type) string {
	p, ok := parseType(string(t))
	if !ok {
		return string(t)
	}
	if strings.HasSuffix(p.name, "serial") {
		return p.name
	}
	element := p.canonical()
	head, args, _ := strings.Cut(element, "(")
	if args != "" {
		args = "(" + args
	}
	switch head {
	case "double":
		element = "double precision"
	case "decimal":
		element = "numeric" + args
	case "blob":
		element = "bytea"
	case "json":
		element = "jsonb"
	case "timestamp":
		if args == "" {
			element = "timestamp with time zone"
		}
	}
	return element + p.array
}

// typeOf is the type of a column as DDL spells it: that of its enum, or its own.
func typeOf(c ingot.Column) (string, error) {
	switch {
	case c.Enum != "":
		return tableIdent(ingot.ParseTableName(c.Enum)), nil
	case c.Type == "":
		return "", fmt.Errorf("column %s has no type", c.Name)
	}
	return nativeType(c.Type), nil
}

// typeName reads a type as the name of one that somebody made, and how many arrays are around.
func typeName(t ingot.Type) (name ingot.TableName, arrays int) {
	p, ok := parseType(string(t))
	if !ok {
		return name, 0
	}
	tokens, ok := lexical.Tokens(p.name)
	switch {
	case ok && len(tokens) == 1:
		name.Name = tokens[0].Text
	case ok && len(tokens) == 3:
		name = ingot.TableName{Schema: tokens[0].Text, Name: tokens[2].Text}
	}
	return name, len(p.array) / 2
}

// domainOf is the domain that a type names; nil where it names none, or none is known.
func domainOf(t ingot.Type, s *ingot.Schema) *ingot.Domain {
	name, arrays := typeName(t)
	if s == nil || arrays > 0 {
		return nil
	}
	if i := slices.IndexFunc(s.Domains, func(d ingot.Domain) bool { return domainName(d) == name }); i >= 0 {
		return &s.Domains[i]
	}
	return nil
}

// madeOf is the column with what its domain is made of in the place of the domain, an enum by
// its name.
func madeOf(c ingot.Column, s *ingot.Schema) ingot.Column {
	for range 64 { // a ring can stand in a revision
		d := domainOf(c.Type, s)
		if d == nil {
			break
		}
		c.Type = d.Type
	}
	name, arrays := typeName(c.Type)
	if s != nil && arrays == 0 && slices.ContainsFunc(s.Enums, func(e ingot.Enum) bool { return enumName(e) == name }) {
		c.Type, c.Enum = "", name.String()
	}
	return c
}

// collationName reads the name of a collation. With quotes it is written as in SQL, and so are
// two plain words; but de_DE.utf8 and eo.utf8 are one name.
func collationName(text string) ingot.TableName {
	schema, name, two := strings.Cut(text, ".")
	if two = two && plainName(schema) && plainName(name) && name != "utf8"; two || strings.Contains(text, `"`) {
		tokens, ok := lexical.Tokens(text)
		switch {
		case ok && len(tokens) == 1:
			return ingot.TableName{Name: tokens[0].Text}
		case ok && len(tokens) == 3 && tokens[1].Is("."):
			return ingot.TableName{Schema: tokens[0].Text, Name: tokens[2].Text}
		}
	}
	if schema == "pg_catalog" {
		return ingot.TableName{Schema: schema, Name: name}
	}
	return ingot.TableName{Name: text}
}

// plainCollation is the one spelling of a collation; none for the default one.
func plainCollation(text string) string {
	n := collationName(text)
	switch bare := (ingot.TableName{Name: n.Name}); {
	case n.Schema != "" && n.Schema != "pg_catalog":
		return tableIdent(n)
	case n.Name == "default":
		return ""
	case collationName(n.Name) != bare:
		return ident(n.Name)
	}
	return n.Name
}

// family groups types between which PostgreSQL converts by itself when a column's type
// changes.
func family(t ingot.Type) string {
	name, _, _ := strings.Cut(string(t), "(")
	switch strings.TrimSpace(name) {
	case "smallint", "integer", "bigint", "real", "double", "decimal":
		return "number"
	case "varchar", "char", "text", "bpchar":
		return "text"
	case "date", "timestamp", "timestamp without time zone":
		return "date"
	case "time", "time with time zone":
		return "time"
	}
	return string(t)
}

// plainName reports whether a name survives without quotes.
func plainName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !(c == '_' || 'a' <= c && c <= 'z' || i > 0 && ('0' <= c && c <= '9' || c == '$')) {
			return false
		}
	}
	return name != ""
}

// reserved are the words PostgreSQL does not take as names without quotes.
func reserved(word string) bool { return reservedWords[word] }

var reservedWords = wordSet(`all analyse analyze and any array as asc asymmetric authorization
	between bigint binary bit boolean both case cast char character check coalesce collate collation
	column concurrently constraint create cross current_catalog current_date current_role
	current_schema current_time current_timestamp current_user dec decimal default deferrable desc
	distinct do else end except exists extract false fetch float for foreign freeze from full grant
	greatest group grouping having ilike in initially inner inout int integer intersect interval into
	is isnull join lateral leading least left like limit localtime localtimestamp national natural
	nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps
	overlay placing position precision primary real references returning right row select
	session_user setof similar smallint some substring symmetric system_user table tablesample then
	time timestamp to trailing treat trim true union unique user using values varchar variadic
	verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest
	xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`)

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}
