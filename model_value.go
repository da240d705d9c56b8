package ingot

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Values outside of instances: what a query compares with, and what it gives back.

// isPointer reports whether v is a pointer of any type, nil included.
func isPointer(v any) bool { return v != nil && reflect.TypeOf(v).Kind() == reflect.Pointer }

// goType is the name of v's type, without the star of a pointer.
func goType(v any) string {
	t := reflect.TypeOf(v)
	if t == nil {
		return "nil"
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// mapperOf returns the mapper of a variable: a pointer to a mapped struct.
func (ms *Models) mapperOf(v any) (*mapper, error) {
	_, typ := addrOf(v)
	if typ == nil {
		return nil, fmt.Errorf("ingot: %T is no variable of a query: it has to be a pointer to a mapped struct and not nil", v)
	}
	return ms.of(typ)
}

// within is how far inside the instance p lies.
func (m *mapper) within(instance, p addr) (offset uintptr, inside bool) {
	offset = uintptr(p) - uintptr(instance)
	return offset, offset < m.typ.Size()
}

// clear makes an instance the zero value again.
func (m *mapper) clear(p addr) { clearAt(m.typ, p) }

// usual is the columns that are loaded when nobody says which: all that are not deferred.
func (m *mapper) usual() []*column {
	if !slices.ContainsFunc(m.columns, func(c *column) bool { return c.deferred }) {
		return m.columns
	}
	return slices.DeleteFunc(slices.Clone(m.columns), func(c *column) bool { return c.deferred })
}

// noColumn is the error for the address of a field that is no column.
func (m *mapper) noColumn(offset uintptr, typ reflect.Type) error {
	if rel := m.relationAt(offset, typ); rel != nil {
		return fmt.Errorf("ingot: %s.%s is a relation, not a column: Join(&v.%s, w) makes its columns available", m.name, rel.field, rel.field)
	}
	for _, f := range reflect.VisibleFields(m.typ) {
		if len(f.Index) == 1 && f.Offset == offset && f.Type == typ {
			return fmt.Errorf("ingot: %s.%s is not a column", m.name, f.Name)
		}
	}
	return fmt.Errorf("ingot: a %s inside of %s is not a column of its own", typ, m.name)
}

// pointers returns instances as pointers to their type, without copying.
func pointers[T any](ps []addr) []*T { return *ref[[]*T](addr(&ps)) }

// encodeValue turns a Go value into what a driver takes, as the column keeps it; c is nil
// where no column is near.
func encodeValue(v any, c *column, e *encoding) (driver.Value, error) {
	switch v.(type) {
	case nil:
		return nil, nil
	case string:
		if c == nil || c.codec.plain && c.codec.class == classString {
			return v, nil
		}
	case int, int64:
		if c == nil || c.codec.plain && c.codec.class == classInt {
			return v, nil // an int too: making it an int64 is left to database/sql
		}
	case float64:
		if c == nil || c.codec.plain && c.codec.class == classFloat {
			return v, nil
		}
	case bool:
		if c == nil || c.codec.plain && c.codec.class == classBool {
			return v, nil
		}
	}
	t := reflect.TypeOf(v)
	if c != nil {
		p := c.holding(reflect.ValueOf(v))
		if p == nil {
			// Another type, where the column was chosen by name: what it reads as counts.
			p = reflect.New(c.typ).UnsafePointer()
			x, err := encodeValue(v, nil, e)
			if err == nil {
				err = c.codec.load(p, x)
			}
			if err != nil {
				return nil, c.valueError(err)
			}
		}
		x, err := c.codec.value(p, e)
		if err != nil {
			return nil, c.valueError(err)
		}
		return x, nil
	}
	k, err := codecOf(t)
	if err != nil {
		return nil, within(fmt.Sprintf("a %s in the query", t), err)
	}
	x, err := k.value(copyOf(reflect.ValueOf(v)), e)
	if err != nil {
		return nil, within(fmt.Sprintf("a %s in the query", t), err)
	}
	return x, nil
}

// holding returns the address of a value of the column's type that holds v: v itself, or
// what points to it or wraps it; nil if v is of another type.
func (c *column) holding(v reflect.Value) addr {
	switch t := v.Type(); {
	case t == c.typ:
		return copyOf(v)
	case c.typ.Kind() == reflect.Pointer && c.typ.Elem() == t:
		p := copyOf(v)
		return addr(&p)
	case c.codec.inner == t:
		p := reflect.New(c.typ)
		p.Elem().Field(0).Set(v)
		p.Elem().Field(1).SetBool(true)
		return p.UnsafePointer()
	}
	return nil
}

// copyOf returns the address of a copy of v.
func copyOf(v reflect.Value) addr {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.UnsafePointer()
}

// codecOf returns the codec of a type that is no field's.
func codecOf(t reflect.Type) (*codec, error) {
	if t.Kind() == reflect.Interface && t.NumMethod() == 0 {
		return anyCodec(), nil
	}
	return codecs(nil).of(codecKey{typ: t})
}

// anyCodec takes what the driver gives.
func anyCodec() *codec {
	return &codec{
		load: func(p addr, src any) error {
			if b, ok := src.([]byte); ok {
				src = slices.Clone(b) // the driver may use it again
			}
			*ref[any](p) = src
			return nil
		},
		value: func(p addr, _ *encoding) (driver.Value, error) { return *ref[any](p), nil },
	}
}

// keyName is the name of the row whose key the struct holds.
func (m *mapper) keyName(p addr) string {
	var b strings.Builder
	b.WriteString(m.name)
	for i, c := range m.key {
		b.WriteString([]string{"(", ", "}[min(i, 1)])
		v, err := c.valueOf(p, &encoding{})
		switch x := v.(type) {
		case string:
			fmt.Fprintf(&b, "%q", x)
		default:
			if err != nil {
				x = "?"
			}
			fmt.Fprint(&b, x)
		}
	}
	b.WriteByte(')')
	return b.String()
}

// store gives the column of an instance a Go value of its own type or of one that means
// the same.
func (c *column) store(instance addr, v any, e *encoding) error {
	if v != nil && reflect.TypeOf(v) == c.typ {
		reflect.ValueOf(pointerTo(c.typ, c.at(instance))).Elem().Set(reflect.ValueOf(v))
		return nil
	}
	x, err := encodeValue(v, nil, e)
	if err != nil {
		return err
	}
	if err := c.codec.load(c.at(instance), x); err != nil {
		return c.valueError(err)
	}
	return nil
}

// fieldName is the name of a field of a struct by its offset and type.
func fieldName(t reflect.Type, offset uintptr, typ reflect.Type) string {
	if t.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(t) {
			if len(f.Index) == 1 && f.Offset == offset && f.Type == typ {
				return f.Name
			}
		}
	}
	return typ.String()
}

// instanceOf returns the mapper if p points at a pointer to a mapped struct; nil if not.
func (ms *Models) instanceOf(p any) *mapper {
	t := reflect.TypeOf(p).Elem()
	if ms == nil || t.Kind() != reflect.Pointer {
		return nil
	}
	return ms.byType[t.Elem()]
}

// plainCells makes the scan destinations for a value at *base, of the type p points at: the
// value itself, the columns of a mapped struct, or the fields of another one by name.
func plainCells(p any, names []string, ms *Models, base *addr) ([]any, error) {
	t := reflect.TypeOf(p).Elem()
	if k, err := codecOf(t); err == nil {
		if len(names) != 1 {
			return nil, fmt.Errorf("ingot: the result has %d columns, and a %s takes one", len(names), t)
		}
		return []any{&looseCell{codec: k, base: base, name: names[0]}}, nil
	} else if t.Kind() != reflect.Struct {
		return nil, within(fmt.Sprintf("SQL of %s", t), err)
	}
	dest := make([]any, len(names))
	for i, name := range names {
		if ms != nil && ms.byType[t] != nil {
			if c := ms.byType[t].byColumn[name]; c != nil {
				dest[i] = &looseCell{codec: c.codec, base: base, offset: c.offset, name: name}
				continue
			}
		}
		for _, f := range reflect.VisibleFields(t) {
			if !f.IsExported() || f.Name != name && snakeCase(f.Name) != name {
				continue
			}
			at, err := t.FieldByIndex(f.Index), error(nil)
			var offset uintptr
			for n := range f.Index {
				part := t.FieldByIndex(f.Index[:n+1])
				if n > 0 && t.FieldByIndex(f.Index[:n]).Type.Kind() == reflect.Pointer {
					err = fmt.Errorf("ingot: %s.%s lies behind a pointer", t, f.Name)
				}
				offset += part.Offset
			}
			if err != nil {
				return nil, err
			}
			k, err := codecOf(at.Type)
			if err != nil {
				return nil, within(fmt.Sprintf("%s.%s", t, f.Name), err)
			}
			dest[i] = &looseCell{codec: k, base: base, offset: offset, name: name}
			break
		}
		if dest[i] == nil {
			return nil, fmt.Errorf("ingot: the result has a column %q, and %s no field of that name", name, t)
		}
	}
	return dest, nil
}

// A looseCell is the scan destination of a value that is no column of an instance: it
// stores at an offset from a base that moves from row to row.
type looseCell struct {
	codec  *codec
	base   *addr
	offset uintptr
	name   string // for messages
}

// Scan stores a driver's value.
func (l *looseCell) Scan(src any) error {
	if err := l.codec.load(fieldAt(*l.base, l.offset), src); err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	return nil
}

// A derivedField is a field of a struct that is filled from a subquery.
type derivedField struct {
	offset uintptr
	typ    reflect.Type
}

// derive makes a mapper without key for a struct, whose columns are the fields given.
func derive(t reflect.Type, table string, fields []derivedField) (*mapper, error) {
	m := &mapper{typ: t, name: t.Name(), index: -1, table: TableName{Name: table}, slice: reflect.SliceOf(t), byColumn: map[string]*column{}}
	if m.name == "" {
		m.name = "struct"
	}
	for i, f := range fields {
		k, err := codecOf(f.typ)
		if err != nil {
			return nil, err
		}
		field := fieldName(t, f.offset, f.typ)
		c := &column{m: m, index: i, field: field, name: snakeCase(field), place: place{offset: f.offset, typ: f.typ, codec: k}, scan: k.scan, nullable: k.null != nil}
		if m.byColumn[c.name] != nil {
			c.name = fmt.Sprintf("c%d", i+1)
		}
		m.byColumn[c.name] = c
		m.columns = append(m.columns, c)
		m.places = append(m.places, fieldPlace{offset: f.offset, typ: f.typ, column: c})
		if k.inner != nil {
			m.places = append(m.places, fieldPlace{offset: f.offset, typ: k.inner, column: c, inner: true})
		}
	}
	slices.SortStableFunc(m.places, func(a, b fieldPlace) int { return int(a.offset) - int(b.offset) })
	return m, nil
}
