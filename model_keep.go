package ingot

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What a database keeps of a value. The law: after a flush an instance equals what a fresh
// session would read, or the flush is an error that names the column. Three things see to it:
//
//   - settle, of a codec, brings the field to what every database makes of it: times to
//     microseconds of UTC, nil in a column that takes no NULL to empty, JSON to what it reads
//     back as;
//   - check refuses before it is sent what the server would cut, round to nothing, or refuse
//     without naming the column;
//   - columns of a type that changes values in ways of its own (numbers of fixed scale, dates,
//     padded text, JSON that the server parses) are read back after they are written.

// An encoding is how a server takes values. The zero value checks nothing.
type encoding struct {
	timeText string // see Caps.TimeText
	server   *Server
	keeps    [][]columnKeep // by model and column
}

// A columnKeep is what the type of a column holds of its Go type.
type columnKeep struct {
	typ    Type
	chars  int  // most characters of text; 0 without limit
	bytes  int  // most bytes; 0 without limit
	bits   int  // of a signed integer; 0 without limit
	digits int  // before the point of a decimal; 0 without limit
	number bool // text that has to be a decimal number
	json   bool // the server parses it
	moves  bool // has to be read back
}

// newEncoding works out how a server keeps the columns of the models.
func newEncoding(ms *Models, d Dialect, srv *Server) encoding {
	e := encoding{timeText: srv.TimeText, server: srv}
	if ms == nil {
		return e
	}
	canonical := func(t Type) Type { return Type(strings.ToLower(string(t))) }
	if x, ok := d.(interface{ CanonicalType(Type) Type }); ok {
		canonical = x.CanonicalType
	}
	e.keeps = make([][]columnKeep, len(ms.mappers))
	for i, m := range ms.mappers {
		e.keeps[i] = make([]columnKeep, len(m.columns))
		for k, c := range m.columns {
			e.keeps[i][k] = newKeep(c, canonical(c.typeFor(d.Name())), srv)
		}
	}
	return e
}

// checkNames refuses names of tables and columns that are longer than the server takes: some
// would cut them, and find another table's.
func (ms *Models) checkNames(srv *Server) error {
	if ms == nil || srv.MaxIdent == 0 {
		return nil
	}
	var errs []error
	check := func(m *mapper, field, option, name string) {
		n, unit := len(name), "bytes"
		if srv.IdentChars {
			n, unit = utf8.RuneCountInString(name), "characters"
		}
		if n > srv.MaxIdent {
			errs = append(errs, &MappingError{Type: m.name, Field: field,
				Text: fmt.Sprintf("the name %q has %d %s, and %s takes %d: give a shorter one with %s:", name, n, unit, srv, srv.MaxIdent, option)})
		}
	}
	for _, m := range ms.mappers {
		check(m, "", "table", m.table.Name)
		for _, c := range m.columns {
			check(m, c.field, "column", c.name)
		}
	}
	return errors.Join(errs...)
}

func newKeep(c *column, t Type, srv *Server) columnKeep {
	k := columnKeep{typ: t}
	head, args, _ := strings.Cut(string(t), "(")
	args, tail, _ := strings.Cut(args, ")")
	size, _ := strconv.Atoi(args)
	class := c.codec.class
	text := c.isText()
	if srv.TextSized {
		switch head {
		case "varchar", "char":
			k.chars = size
		case "varbinary", "binary":
			k.bytes = size
		}
	}
	exact := false
	switch head += tail; head {
	case "smallint", "integer", "bigint":
		k.bits = map[string]int{"smallint": 16, "integer": 32, "bigint": 64}[head]
		exact = class == classInt || class == classBool || class == classCustom
	case "tinyint", "mediumint", "boolean", "bigint unsigned", "integer unsigned", "smallint unsigned":
		exact = class == classInt || class == classBool || class == classCustom
	case "decimal":
		p, s, ok := precisionOf(args)
		if ok {
			k.digits = p - s
		}
		k.number = text
		exact = class == classInt && ok && s == 0
	case "real":
		exact = class == classFloat && c.codec.word == "real"
	case "double":
		exact = class == classFloat || class == classCustom
	case "text", "varchar", "mediumtext", "tinytext", "longtext":
		exact = text || class == classJSON
	case "char":
		exact = text && !srv.TextSized || c.options.has("enum")
	case "blob", "varbinary", "mediumblob", "tinyblob", "longblob":
		exact = class == classBytes || class == classInt || class == classCustom
	case "uuid":
		exact = class == classText && c.codec.word == "uuid"
	case "timestamp":
		exact = class == classTime || class == classCustom
	case "json":
		k.json = true
		exact = class == classJSON && !verbatimJSON(c.typ, nil)
	default:
		exact = strings.HasPrefix(head, "enum")
	}
	k.moves = !exact && !c.options.has("enum")
	return k
}

// isText reports whether the values of a column are sent as text.
func (c *column) isText() (text bool) {
	switch c.codec.class {
	case classString, classText:
		return true
	case classCustom:
		t := c.typ
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		} else if c.codec.inner != nil {
			t = c.codec.inner
		}
		defer func() {
			if recover() != nil { // its Value cannot take the zero value
				text = false
			}
		}()
		v, err := reflect.New(t).Interface().(driver.Valuer).Value()
		_, text = v.(string)
		return text && err == nil
	}
	return false
}

// hasFor reports whether an option stands there for one dialect by name.
func (o columnOptions) hasFor(dialect, name string) bool {
	return slices.ContainsFunc(o, func(x tagOption) bool { return x.name == name && x.dialect == dialect })
}

// verbatimJSON reports whether a type can hold JSON as it is spelled, or writes it by itself:
// what a server makes of that cannot be told from here.
func verbatimJSON(t reflect.Type, seen []reflect.Type) bool {
	if slices.Contains(seen, t) {
		return false
	}
	seen = append(seen, t)
	switch {
	case t == reflect.TypeFor[time.Time]():
		return false
	case t == reflect.TypeFor[json.Number](), reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return verbatimJSON(t.Elem(), seen)
	case reflect.Map:
		return verbatimJSON(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if verbatimJSON(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// of returns what is known of a column; nil if nothing is.
func (e *encoding) of(c *column) *columnKeep {
	if e.keeps == nil || c.m.index < 0 {
		return nil
	}
	return &e.keeps[c.m.index][c.index]
}

// moves lists the columns of a model that have to be read back.
func (e *encoding) moves(m *mapper) (list []*column) {
	for _, c := range m.columns {
		if k := e.of(c); k != nil && k.moves && !c.readOnly {
			list = append(list, c)
		}
	}
	return list
}

// check refuses a value that the column would not keep.
func (e *encoding) check(c *column, v driver.Value) error {
	if e.server == nil {
		return nil
	}
	k := e.of(c)
	if k == nil {
		return nil
	}
	switch v := v.(type) {
	case string:
		return e.checkText(k, v)
	case int64:
		if k.bits > 0 && k.bits < 64 && v>>(k.bits-1) != v>>63 || k.digits > 0 && k.digits < 19 && v != 0 && digitsOf(v) > k.digits {
			return fmt.Errorf("%d does not fit %s", v, k.typ)
		}
	case float64:
		switch {
		case math.IsNaN(v) && e.server.NoNaN, math.IsInf(v, 0) && e.server.NoInf:
			return fmt.Errorf("%s cannot keep %v: use NULL or another type for it", e.server, v)
		case k.digits > 0 && math.Abs(v) >= math.Pow10(k.digits):
			return fmt.Errorf("%v does not fit %s", v, k.typ)
		}
	case []byte:
		if k.bytes > 0 && len(v) > k.bytes {
			return fmt.Errorf("%d bytes do not fit %s", len(v), k.typ)
		}
	case time.Time:
		if y, r := v.Year(), e.server.Years; r != [2]int{} && (y < r[0] || y > r[1]) {
			return fmt.Errorf("%s keeps the years %d to %d, not %d", e.server, r[0], r[1], y)
		}
	}
	return nil
}

func (e *encoding) checkText(k *columnKeep, v string) error {
	switch {
	case e.server.TextUTF8 && !utf8.ValidString(v):
		return fmt.Errorf("%s is not UTF-8, which text has to be in %s: use []byte", shorten(v), e.server)
	case e.server.TextNoNUL && strings.IndexByte(v, 0) >= 0:
		return fmt.Errorf("%s has a zero byte, which %s cannot keep in text: use []byte", shorten(v), e.server)
	case e.server.TextNoNUL && k.json && hasNUL(v):
		return fmt.Errorf("the JSON has a zero character, which %s cannot keep", e.server)
	case k.chars > 0 && len(v) > k.chars && utf8.RuneCountInString(v) > k.chars:
		return fmt.Errorf("%d characters do not fit %s", utf8.RuneCountInString(v), k.typ)
	case k.bytes > 0 && len(v) > k.bytes:
		return fmt.Errorf("%d bytes do not fit %s", len(v), k.typ)
	case k.number:
		return k.checkNumber(v)
	}
	return nil
}

// checkNumber refuses text that is no decimal number, or too large for the column.
func (k *columnKeep) checkNumber(v string) error {
	n := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(v, "-"), "+"), "0")
	whole, fraction, point := strings.Cut(n, ".")
	bad := len(v) == 0 || point && fraction == "" && whole == "" || !strings.ContainsAny(v, "0123456789")
	for _, part := range []string{whole, fraction} {
		bad = bad || strings.ContainsFunc(part, func(r rune) bool { return r < '0' || r > '9' })
	}
	switch {
	case bad || len(v) > 1 && (v[0] == '-' || v[0] == '+') && (v[1] == '-' || v[1] == '+'):
		return fmt.Errorf("%s is no decimal number", shorten(v))
	case k.digits > 0 && len(whole) > k.digits:
		return fmt.Errorf("%s does not fit %s", shorten(v), k.typ)
	}
	return nil
}

func digitsOf(v int64) int { return len(strings.TrimPrefix(strconv.FormatInt(v, 10), "-")) }

// hasNUL reports whether JSON has the escape of the character zero.
func hasNUL(text string) bool {
	for i := strings.IndexByte(text, '\\'); i >= 0 && i+1 < len(text); {
		if strings.HasPrefix(text[i+1:], "u0000") {
			return true
		}
		next := strings.IndexByte(text[i+2:], '\\')
		if next < 0 {
			return false
		}
		i += 2 + next
	}
	return false
}
