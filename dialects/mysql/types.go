package mysql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

var (
	lexical = sqltext.Rules{MySQL: true}
	rules   = sqltext.Rules{
		MySQL:    true,
		Reserved: func(word string) bool { return clocks[word] },
		Functions: map[string]string{
			"now": "current_timestamp", "localtime": "current_timestamp", "localtimestamp": "current_timestamp",
			"curdate": "current_date", "curtime": "current_time",
			"lcase": "lower", "ucase": "upper", "octet_length": "length", "character_length": "char_length",
			"mid": "substring", "substr": "substring", "pow": "power", "ceil": "ceiling",
		},
		Type: func(t string) string { return string(Dialect{}.CanonicalType(ingot.Type(t))) },
	}
	// clocks are the functions that may stand without brackets.
	clocks = map[string]bool{"current_timestamp": true, "current_date": true, "current_time": true, "localtime": true,
		"localtimestamp": true, "current_user": true, "utc_timestamp": true, "utc_date": true, "utc_time": true}
)

// CanonicalType writes a type in words of the common vocabulary where it has one, else as
// MySQL prints it without its display width.
func (Dialect) CanonicalType(t ingot.Type) ingot.Type {
	p, ok := parseType(string(t))
	if !ok {
		return ingot.Type(strings.Join(strings.Fields(string(t)), " "))
	}
	return ingot.Type(p.canonical())
}

// A typeText is a type cut into its parts: decimal(10,2) unsigned is {decimal, 10 2, unsigned}.
type typeText struct {
	name string
	args []string // numbers, or values as literals
	tail string   // unsigned, zerofill
}

func parseType(text string) (typeText, bool) {
	tokens, ok := lexical.Tokens(text)
	if !ok || len(tokens) == 0 {
		return typeText{}, false
	}
	var p typeText
	var words, tail []string
	closed := false
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case t.Is("("):
			for i++; i < len(tokens) && !tokens[i].Is(")"); i++ {
				switch t := tokens[i]; {
				case t.Kind == sqltext.String:
					p.args = append(p.args, literal(t.Text))
				case !t.Is(","):
					p.args = append(p.args, text[t.Start:t.End])
				}
			}
			if i == len(tokens) {
				return p, false
			}
			closed = true
		case t.Kind != sqltext.Word:
			return p, false
		case closed, t.Text == "unsigned", t.Text == "zerofill", t.Text == "signed":
			tail = append(tail, t.Text)
		default:
			words = append(words, t.Text)
		}
	}
	tail = slices.DeleteFunc(tail, func(w string) bool { return w == "signed" })
	if slices.Contains(tail, "zerofill") && !slices.Contains(tail, "unsigned") {
		tail = slices.Insert(tail, 0, "unsigned")
	}
	p.name = strings.Join(words, " ")
	if len(tail) > 0 {
		p.tail = " " + strings.Join(tail, " ")
	}
	return p, p.name != ""
}

func (p typeText) canonical() string {
	args := ""
	if len(p.args) > 0 {
		args = "(" + strings.Join(p.args, ",") + ")"
	}
	width := "" // how wide an integer is printed says nothing, unless it is filled with zeros
	if strings.Contains(p.tail, "zerofill") {
		width = args
	}
	length := -1
	if len(p.args) == 1 {
		if n, err := strconv.Atoi(p.args[0]); err == nil {
			length = n
		}
	}
	switch p.name {
	case "bool", "boolean":
		return "boolean"
	case "tinyint", "int1":
		if length == 1 && p.tail == "" {
			return "boolean"
		}
		return "tinyint" + width + p.tail
	case "smallint", "int2":
		return "smallint" + width + p.tail
	case "mediumint", "int3", "middleint":
		return "mediumint" + width + p.tail
	case "int", "integer", "int4":
		return "integer" + width + p.tail
	case "bigint", "int8":
		return "bigint" + width + p.tail
	case "real":
		return "real" + p.tail
	case "float", "float4":
		switch {
		case len(p.args) == 2:
			return "float" + args + p.tail
		case length > 24:
			return "double" + p.tail
		}
		return "real" + p.tail
	case "double", "double precision", "float8":
		return "double" + args + p.tail
	case "decimal", "numeric", "dec", "fixed":
		switch len(p.args) {
		case 0:
			args = "(10,0)"
		case 1:
			args = "(" + p.args[0] + ",0)"
		}
		return "decimal" + args + p.tail
	case "varchar", "character varying", "char varying":
		return "varchar" + args
	case "char", "character", "binary", "bit":
		name := strings.Replace(p.name, "character", "char", 1)
		if args == "" {
			args = "(1)"
		}
		return name + args
	case "longtext", "longblob":
		return strings.TrimPrefix(p.name, "long")
	case "text", "blob":
		return sized(p.name, length)
	case "year":
		return "year"
	case "datetime":
		switch length {
		case 6:
			return "timestamp"
		case -1, 0:
			return "datetime"
		}
		return "datetime" + args
	case "time":
		if length == 6 {
			return "time"
		}
		return "time" + args
	}
	return p.name + args + p.tail
}

// sized is text(n) or blob(n): the smallest type that holds so much, in utf8mb4. As the
// word of the vocabulary, without a length, it is the largest; with 65535 it is MySQL's own
// type of that name.
func sized(name string, length int) string {
	bytes := length
	if name == "text" && length != 65535 {
		bytes = 4 * length
	}
	switch {
	case length < 0:
		return name
	case bytes < 1<<8:
		return "tiny" + name
	case bytes < 1<<16:
		return name + "(65535)"
	case bytes < 1<<24:
		return "medium" + name
	}
	return name
}

// nativeUUID reports whether the server has a type for UUIDs.
func nativeUUID(srv *ingot.Server) bool { return isMariaDB(srv) && srv.AtLeast(10, 7) }

// What stands for a UUID where the server has no type for it.
const (
	uuidText      = "char(36)"
	uuidCollation = "ascii_bin"
)

// nativeType is the type as DDL spells it.
func nativeType(t ingot.Type, srv *ingot.Server) string {
	canonical := string(Dialect{}.CanonicalType(t))
	head, tail := canonical, ""
	if i := strings.IndexAny(canonical, " ("); i >= 0 {
		head, tail = canonical[:i], canonical[i:]
	}
	switch head {
	case "boolean":
		return "tinyint(1)"
	case "integer":
		return "int" + tail
	case "real":
		return "float" + tail
	case "text", "blob":
		if tail == "(65535)" {
			return head
		}
		return "long" + head
	case "timestamp":
		if tail == "" {
			return "datetime(6)"
		}
	case "time":
		if tail == "" {
			return "time(6)"
		}
	case "uuid":
		if !nativeUUID(srv) {
			return uuidText + " CHARACTER SET ascii COLLATE " + uuidCollation
		}
	}
	return canonical
}

// typeOf is the type of a column as DDL spells it; an enum's values are found in before.
func typeOf(c ingot.Column, before *ingot.Schema, srv *ingot.Server) (string, error) {
	switch {
	case c.Enum != "":
		if before != nil {
			for _, e := range before.Enums {
				if (ingot.TableName{Schema: e.Schema, Name: e.Name}).String() == c.Enum {
					return enumType(e.Values), nil
				}
			}
		}
		return "", fmt.Errorf("column %s takes enum %s, which no step before has made", c.Name, c.Enum)
	case c.Type == "":
		return "", fmt.Errorf("column %s has no type", c.Name)
	}
	return nativeType(c.Type, srv), nil
}

func enumType(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = literal(v)
	}
	return "enum(" + strings.Join(quoted, ",") + ")"
}

// isNumber reports whether constants of the type stand without quotes.
func isNumber(t ingot.Type) bool {
	name, _, _ := strings.Cut(string(t), "(")
	name, _, _ = strings.Cut(name, " ")
	switch name {
	case "boolean", "tinyint", "smallint", "mediumint", "integer", "bigint", "real", "float", "double", "decimal", "bit", "year":
		return true
	}
	return false
}

// catalogType is a type as information_schema prints it, where text, timestamp and time are
// MySQL's own and not the words of the vocabulary.
func catalogType(text string) ingot.Type {
	text, _, _ = strings.Cut(text, " /*") // what MariaDB alone has
	switch text {
	case "text", "blob":
		text += "(65535)"
	case "timestamp", "time":
		text += "(0)"
	}
	return Dialect{}.CanonicalType(ingot.Type(text))
}
