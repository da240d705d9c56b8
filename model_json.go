package ingot

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"time"
)

// jsonCodec keeps a value of any type as JSON. A nil slice or map is NULL where the column
// takes it, else the empty list or object. A flush brings the field to what the JSON reads
// back as, unless its type has fields that JSON does not show.
func jsonCodec(t reflect.Type, null bool) *codec {
	nilable := t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Interface
	isNil := func(p addr) bool { return nilable && isZeroAt(t, p) }
	text := func(p addr) ([]byte, error) {
		if isNil(p) {
			switch {
			case t.Kind() == reflect.Map:
				return []byte("{}"), nil
			case t.Kind() == reflect.Slice && !t.Implements(reflect.TypeFor[json.Marshaler]()) && t.Elem().Kind() != reflect.Uint8:
				return []byte("[]"), nil
			}
			return []byte("null"), nil
		}
		return json.Marshal(pointerTo(t, p))
	}
	c := &codec{
		load: func(p addr, src any) error {
			clearAt(t, p)
			switch v := src.(type) {
			case nil:
				if !nilable && !null {
					return errNull
				}
				return nil
			case []byte:
				return json.Unmarshal(v, pointerTo(t, p))
			case string:
				return json.Unmarshal([]byte(v), pointerTo(t, p))
			}
			return wrongType(src, "JSON text")
		},
		value: func(p addr, _ *encoding) (driver.Value, error) {
			if null && isNil(p) {
				return nil, nil
			}
			b, err := text(p)
			if err != nil {
				return nil, errors.New("cannot be written as JSON: " + err.Error())
			}
			return string(b), nil
		},
		equal: func(a, b addr) bool {
			if null && isNil(a) != isNil(b) {
				return false
			}
			if reflect.DeepEqual(pointerTo(t, a), pointerTo(t, b)) {
				return true
			}
			x, errX := text(a)
			y, errY := text(b)
			return errX == nil && errY == nil && bytes.Equal(x, y)
		},
		copy:  func(dst, src addr) { assign(t, dst, src) },
		zero:  func(p addr) bool { return isZeroAt(t, p) },
		class: classJSON, word: "json",
	}
	if !hidesFromJSON(t, nil) {
		c.settle = func(p addr) {
			if null && isNil(p) {
				return
			}
			fresh := reflect.New(t).UnsafePointer()
			if b, err := text(p); err == nil && c.load(fresh, b) == nil {
				c.copy(p, fresh)
			}
		}
	}
	if hasPointers(t) {
		c.clone = func(dst, src addr) {
			reflect.NewAt(t, dst).Elem().Set(deepCopy(reflect.NewAt(t, src).Elem(), 0))
		}
	}
	if null && nilable {
		c.null = isNil
	}
	return c
}

// hidesFromJSON reports whether a type has fields that JSON does not show. Reading such a
// value back would clear them.
func hidesFromJSON(t reflect.Type, seen []reflect.Type) bool {
	if slices.Contains(seen, t) || t == reflect.TypeFor[time.Time]() || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return false
	}
	seen = append(seen, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return hidesFromJSON(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" || hidesFromJSON(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// deepCopy copies what JSON can show of a value: everything that exported fields, maps,
// slices and pointers lead to. Unexported fields are copied as Go does. What is nested
// deeper than JSON could be is a cycle, which cannot be written anyway.
func deepCopy(v reflect.Value, depth int) reflect.Value {
	if depth > 1000 || !hasPointers(v.Type()) {
		return v
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		fresh := reflect.New(v.Type().Elem())
		fresh.Elem().Set(deepCopy(v.Elem(), depth+1))
		return fresh.Convert(v.Type())
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		fresh := reflect.New(v.Type()).Elem()
		fresh.Set(deepCopy(v.Elem(), depth+1))
		return fresh
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			fresh.Index(i).Set(deepCopy(v.Index(i), depth+1))
		}
		return fresh
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		fresh := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			fresh.SetMapIndex(it.Key(), deepCopy(it.Value(), depth+1))
		}
		return fresh
	case reflect.Array:
		fresh := reflect.New(v.Type()).Elem()
		for i := range v.Len() {
			fresh.Index(i).Set(deepCopy(v.Index(i), depth+1))
		}
		return fresh
	case reflect.Struct:
		fresh := reflect.New(v.Type()).Elem()
		fresh.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fresh.Field(i).Set(deepCopy(v.Field(i), depth+1))
			}
		}
		return fresh
	}
	return v
}
