package ingot

import (
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sprint describes an object in one line: its columns by name, pointers followed, and the
// instances it is related to by their keys, so that a graph with cycles has an end. It
// needs no metadata and goes by the tags of the struct alone; of a struct without any it
// shows the exported fields. A slice is described element by element. Sprint never panics
// and runs no SQL.
func Sprint(x any) (text string) {
	p := printer{seen: map[addr]bool{}}
	defer func() {
		if r := recover(); r != nil {
			text = p.b.String() + fmt.Sprintf("!(%v)", r)
		}
	}()
	p.value(reflect.ValueOf(x), nil, 0)
	return p.b.String()
}

// A printer writes values. seen are the structs it is inside of.
type printer struct {
	b    strings.Builder
	seen map[addr]bool
}

// printDepth ends what nests without being a model.
const printDepth = 8

// value writes a value with what its tag says of it.
func (p *printer) value(v reflect.Value, tg tag, depth int) {
	if !v.IsValid() {
		p.b.WriteString("nil")
		return
	}
	if depth > printDepth {
		p.b.WriteString("…")
		return
	}
	t := v.Type()
	if c, err := codecs(nil).of(codecKey{typ: t, json: tg.has("json"), null: true}); err == nil {
		p.column(c, v)
		return
	}
	switch t.Kind() {
	case reflect.Interface:
		p.value(v.Elem(), tg, depth+1)
	case reflect.Pointer:
		p.pointer(v, depth)
	case reflect.Struct:
		p.fields(addressable(v), depth)
	case reflect.Slice, reflect.Array:
		p.list(v, func(e reflect.Value) { p.value(e, nil, depth+1) })
	case reflect.Map:
		p.mapping(v, depth)
	default:
		p.b.WriteString(t.String())
	}
}

// addressable returns v, or a copy of it that has an address.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	fresh := reflect.New(v.Type()).Elem()
	fresh.Set(v)
	return fresh
}

// column writes a value as its column would hold it.
func (p *printer) column(c *codec, v reflect.Value) {
	d, err := c.value(addressable(v).Addr().UnsafePointer(), nil)
	if err != nil {
		fmt.Fprintf(&p.b, "!(%v)", err)
		return
	}
	p.driverValue(d, c.class == classJSON)
}

// driverValue writes a value of a column. Bytes are cut off where nobody reads on.
func (p *printer) driverValue(d driver.Value, json bool) {
	switch d := d.(type) {
	case nil:
		p.b.WriteString("nil")
	case string:
		if json {
			p.b.WriteString(d)
		} else {
			p.b.WriteString(strconv.Quote(d))
		}
	case []byte:
		p.b.WriteString("0x" + hex.EncodeToString(d[:min(len(d), 16)]))
		if len(d) > 16 {
			fmt.Fprintf(&p.b, "… (%d bytes)", len(d))
		}
	case time.Time:
		p.b.WriteString(d.Format(timeText))
	default:
		fmt.Fprint(&p.b, d)
	}
}

// pointer writes what a pointer leads to.
func (p *printer) pointer(v reflect.Value, depth int) {
	q := v.UnsafePointer()
	switch {
	case q == nil:
		p.b.WriteString("nil")
	case p.seen[q]:
		p.b.WriteString(typeName(v.Type().Elem()) + "{…}")
	default:
		p.seen[q] = true
		p.value(v.Elem(), nil, depth+1)
		delete(p.seen, q)
	}
}

func (p *printer) list(v reflect.Value, element func(reflect.Value)) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		p.b.WriteString("nil")
		return
	}
	p.b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			p.b.WriteString(", ")
		}
		element(v.Index(i))
	}
	p.b.WriteByte(']')
}

// mapping writes a map in the order of its keys' text.
func (p *printer) mapping(v reflect.Value, depth int) {
	if v.IsNil() {
		p.b.WriteString("nil")
		return
	}
	var entries []string
	for it := v.MapRange(); it.Next(); {
		e := printer{seen: p.seen}
		e.value(it.Key(), nil, 0)
		e.b.WriteString(": ")
		e.value(it.Value(), nil, depth+1)
		entries = append(entries, e.b.String())
	}
	slices.Sort(entries)
	p.b.WriteString("{" + strings.Join(entries, ", ") + "}")
}

// fields writes a struct.
func (p *printer) fields(v reflect.Value, depth int) {
	p.b.WriteString(typeName(v.Type()) + "{")
	first := true
	mapped := len(keyFields(v)) > 0
	eachField(v, "", func(f printField) {
		if !first {
			p.b.WriteString(", ")
		}
		first = false
		switch {
		case mapped && f.relation:
			p.b.WriteString(f.name + ": ")
			p.relation(f.value, depth)
		case mapped:
			p.b.WriteString(f.column + ": ")
			p.value(f.value, f.tag, depth+1)
		default:
			p.b.WriteString(f.name + ": ")
			p.value(f.value, f.tag, depth+1)
		}
	})
	p.b.WriteByte('}')
}

// relation writes related instances by their keys.
func (p *printer) relation(v reflect.Value, depth int) {
	if v.Kind() == reflect.Slice {
		p.list(v, func(e reflect.Value) { p.relation(e, depth) })
		return
	}
	if v.IsNil() {
		p.b.WriteString("nil")
		return
	}
	keys := keyFields(v.Elem())
	if len(keys) == 0 {
		p.value(v, nil, depth+1)
		return
	}
	p.b.WriteString(typeName(v.Type().Elem()) + "(")
	if !slices.ContainsFunc(keys, func(k printField) bool { return !k.value.IsZero() }) {
		p.b.WriteString("new)")
		return
	}
	for i, k := range keys {
		if i > 0 {
			p.b.WriteString(", ")
		}
		p.value(k.value, k.tag, depth+1)
	}
	p.b.WriteByte(')')
}

// typeName is the name of a type without its package.
func typeName(t reflect.Type) string {
	if t.Name() == "" {
		return "struct"
	}
	return t.Name()
}

// A printField is a field as a model would have it.
type printField struct {
	name, column string
	tag          tag
	value        reflect.Value
	relation     bool
}

// eachField visits the fields that a model would map, embedded structs flattened.
func eachField(v reflect.Value, prefix string, visit func(printField)) {
	r := &registration{Models: &Models{}}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tg, _, _ := lookupTag(f)
		switch {
		case f.Name == "_" || tg.has("-"):
		case r.flattens(f, tg) && (f.IsExported() || f.Anonymous):
			p, _ := tg.get("prefix")
			eachField(v.Field(i), prefix+p, visit)
		case f.IsExported():
			column, ok := tg.get("column")
			if !ok {
				column = snakeCase(f.Name)
			}
			visit(printField{f.Name, prefix + column, tg, v.Field(i), r.isRelation(f.Type, tg) && relatedType(f.Type) != nil})
		}
	}
}

// keyFields lists the fields of the primary key, by pk on the fields or on a blank one.
func keyFields(v reflect.Value) []printField {
	var names []string
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Name == "_" {
			tg, _, _ := lookupTag(f)
			if list, ok := tg.get("pk"); ok {
				names = unquotedList(list)
			}
		}
	}
	var keys, named []printField
	eachField(v, "", func(f printField) {
		switch {
		case slices.Contains(names, f.column) || slices.Contains(names, f.name):
			named = append(named, f)
		case f.tag.has("pk"):
			keys = append(keys, f)
		}
	})
	slices.SortStableFunc(named, func(a, b printField) int { return position(names, a) - position(names, b) })
	return append(named, keys...)
}

func position(names []string, f printField) int {
	return max(slices.Index(names, f.column), slices.Index(names, f.name))
}
