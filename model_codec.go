package ingot

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	textenc "encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// A valueClass says what kind of value a column holds, whatever Go type it is wrapped in.
type valueClass string

const (
	classInt    valueClass = "integer"
	classFloat  valueClass = "float"
	classBool   valueClass = "boolean"
	classString valueClass = "string"
	classBytes  valueClass = "bytes"
	classTime   valueClass = "time"
	classJSON   valueClass = "json"
	classText   valueClass = "text"   // a TextMarshaler
	classCustom valueClass = "custom" // a Scanner and Valuer
)

// A codecKey is all that a codec depends on.
type codecKey struct {
	typ  reflect.Type
	json bool
	null bool   // tagged null: nil slices and maps are NULL, plain types can be loaded from it
	fk   bool   // refers to another row: then zero of a plain type that is tagged null is NULL
	enum string // value of enum:
}

// codecs makes each codec once.
type codecs map[codecKey]*codec

// of returns the codec of a type, or an error that says what to do about it.
func (cs codecs) of(k codecKey) (*codec, error) {
	if c := cs[k]; c != nil {
		return c, nil
	}
	c, err := cs.make(k)
	if err != nil {
		return nil, err
	}
	if cs != nil {
		cs[k] = c
	}
	return c, nil
}

func (cs codecs) make(k codecKey) (*codec, error) {
	t := k.typ
	if t.Kind() == reflect.Pointer {
		if t.Elem().Kind() == reflect.Pointer {
			return nil, errors.New("a pointer to a pointer cannot be a column: use one *")
		}
		k.typ, k.null, k.fk = t.Elem(), false, false
		e, err := cs.of(k)
		if err != nil {
			return nil, err
		}
		return pointerCodec(t, e), nil
	}
	if isSQLNull(t) {
		k.typ, k.null, k.fk = t.Field(0).Type, false, false
		e, err := cs.of(k)
		if err != nil {
			return nil, err
		}
		return nullCodec(t, e), nil
	}
	if k.json || t == reflect.TypeFor[json.RawMessage]() {
		return jsonCodec(t, k.null), nil
	}
	c, err := baseCodec(t, k.null)
	if err == nil && k.enum != "" {
		c, err = enumCodec(t, c, k.enum)
	}
	if err == nil && k.null && c.null == nil {
		c = plainNullCodec(t, c, k.fk)
	}
	return c, err
}

// plainNullCodec reads NULL as the zero value of a type that cannot tell the two apart, for
// columns that are tagged null. What is written is the value as it stands, zero included;
// but a reference to nothing is NULL, since no row has key zero.
func plainNullCodec(t reflect.Type, base *codec, fk bool) *codec {
	c := *base
	c.plain = false
	c.load = func(p addr, src any) error {
		if src == nil {
			clearAt(t, p)
			return nil
		}
		return base.load(p, src)
	}
	if !fk {
		return &c
	}
	c.getInt, c.setInt, c.null = nil, nil, base.zero
	c.value = func(p addr, e *encoding) (driver.Value, error) {
		if base.zero(p) {
			return nil, nil
		}
		return base.value(p, e)
	}
	return &c
}

// baseCodec makes the codec of a type that is neither pointer nor sql.Null.
func baseCodec(t reflect.Type, null bool) (*codec, error) {
	p := reflect.PointerTo(t)
	valuer, scanner := p.Implements(reflect.TypeFor[driver.Valuer]()), p.Implements(reflect.TypeFor[sql.Scanner]())
	marshals, unmarshals := p.Implements(reflect.TypeFor[textenc.TextMarshaler]()), p.Implements(reflect.TypeFor[textenc.TextUnmarshaler]())
	switch {
	case t == reflect.TypeFor[time.Time]():
		return timeCodec(), nil
	case valuer && scanner:
		return customCodec(t), nil
	case valuer:
		return nil, fmt.Errorf("%s has Value but *%s has no Scan: add Scan(any) error, or tag the field json", t, t.Name())
	case scanner:
		return nil, fmt.Errorf("*%s has Scan but %s has no Value: add Value() (driver.Value, error), or tag the field json", t.Name(), t)
	case marshals && unmarshals:
		return textCodec(t), nil
	case t.Kind() == reflect.Struct && t.ConvertibleTo(reflect.TypeFor[time.Time]()):
		return timeCodec(), nil
	}
	switch t.Kind() {
	case reflect.Int:
		return intCodec[int]("bigint"), nil
	case reflect.Int8:
		return intCodec[int8]("smallint"), nil
	case reflect.Int16:
		return intCodec[int16]("smallint"), nil
	case reflect.Int32:
		return intCodec[int32]("integer"), nil
	case reflect.Int64:
		return int64Codec(), nil
	case reflect.Uint8:
		return intCodec[uint8]("smallint"), nil
	case reflect.Uint16:
		return intCodec[uint16]("integer"), nil
	case reflect.Uint32:
		return intCodec[uint32]("bigint"), nil
	case reflect.Uint:
		return uint64Codec[uint](), nil
	case reflect.Uint64:
		return uint64Codec[uint64](), nil
	case reflect.Float32:
		return floatCodec[float32]("real"), nil
	case reflect.Float64:
		return floatCodec[float64]("double"), nil
	case reflect.Bool:
		return boolCodec(), nil
	case reflect.String:
		return stringCodec(), nil
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return bytesCodec(null), nil
		}
	case reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Len() > 0 {
			return byteArrayCodec(t), nil
		}
	}
	return nil, unsupportedType(t)
}

// unsupportedType says what to do about a type that no column can hold as it is.
func unsupportedType(t reflect.Type) error {
	switch t.Kind() {
	case reflect.Struct:
		return fmt.Errorf("%s is no column: tag the field json, or embed to flatten it, or give the type Scan and Value, or leave it out with -", t)
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Interface:
		return fmt.Errorf("%s is no column: tag the field json, or give a type of your own Scan and Value, or leave it out with -", t)
	}
	return fmt.Errorf("%s cannot be kept in a database: leave the field out with -", t)
}

var errNull = errors.New("cannot hold NULL: use a pointer or sql.Null")

func wrongType(src any, want string) error {
	switch v := src.(type) {
	case nil:
		return errNull
	case []byte:
		return fmt.Errorf("%s is no %s", shorten(string(v)), want)
	case string:
		return fmt.Errorf("%s is no %s", shorten(v), want)
	}
	return fmt.Errorf("%v (%T) is no %s", src, src, want)
}

// shorten quotes text for an error.
func shorten(s string) string {
	if len(s) > 40 {
		return strconv.Quote(s[:40]) + "…"
	}
	return strconv.Quote(s)
}

func overflow(v any, t reflect.Type) error { return fmt.Errorf("%v overflows %s", v, t) }

// plainCodec is what all flat, comparable types share. The zero value is never NULL.
func plainCodec[T comparable](load func(addr, any) error, value func(addr, *encoding) (driver.Value, error)) *codec {
	var zero T
	return &codec{
		load:  load,
		value: value,
		equal: func(a, b addr) bool { return *ref[T](a) == *ref[T](b) },
		copy:  func(dst, src addr) { *ref[T](dst) = *ref[T](src) },
		zero:  func(p addr) bool { return *ref[T](p) == zero },
		plain: true,
	}
}

func int64Codec() *codec {
	c := plainCodec[int64](
		func(p addr, src any) (err error) {
			v, ok := src.(int64)
			if !ok {
				if v, err = toInt64(src); err != nil {
					return err
				}
			}
			*ref[int64](p) = v
			return nil
		},
		func(p addr, _ *encoding) (driver.Value, error) { return *ref[int64](p), nil },
	)
	c.getInt = func(p addr) int64 { return *ref[int64](p) }
	c.setInt = func(p addr, v int64) bool { *ref[int64](p) = v; return true }
	c.class, c.word = classInt, "bigint"
	return c
}

func intCodec[T int | int8 | int16 | int32 | uint8 | uint16 | uint32](word Type) *codec {
	c := plainCodec[T](
		func(p addr, src any) (err error) {
			v, ok := src.(int64)
			if !ok {
				if v, err = toInt64(src); err != nil {
					return err
				}
			}
			if int64(T(v)) != v {
				return overflow(v, reflect.TypeFor[T]())
			}
			*ref[T](p) = T(v)
			return nil
		},
		func(p addr, _ *encoding) (driver.Value, error) { return int64(*ref[T](p)), nil },
	)
	c.getInt = func(p addr) int64 { return int64(*ref[T](p)) }
	c.setInt = func(p addr, v int64) bool {
		if int64(T(v)) != v {
			return false
		}
		*ref[T](p) = T(v)
		return true
	}
	c.class, c.word = classInt, word
	return c
}

// uint64Codec writes what an int64 cannot hold as decimal text, which servers take for a
// number.
func uint64Codec[T uint | uint64]() *codec {
	c := plainCodec[T](
		func(p addr, src any) error {
			v, ok := src.(int64)
			if ok && v >= 0 {
				*ref[T](p) = T(v)
				return nil
			}
			u, err := toUint64(src)
			if err == nil {
				*ref[T](p) = T(u)
			}
			return err
		},
		func(p addr, _ *encoding) (driver.Value, error) {
			v := uint64(*ref[T](p))
			if v > math.MaxInt64 {
				return strconv.FormatUint(v, 10), nil
			}
			return int64(v), nil
		},
	)
	c.getInt = func(p addr) int64 { return int64(*ref[T](p)) }
	c.setInt = func(p addr, v int64) bool {
		if v < 0 {
			return false
		}
		*ref[T](p) = T(v)
		return true
	}
	c.class, c.word = classInt, "bigint unsigned"
	return c
}

// toInt64 converts what is not an int64 already.
func toInt64(src any) (int64, error) {
	switch v := src.(type) {
	case nil:
		return 0, errNull
	case int64:
		return v, nil
	case []byte:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return n, nil
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, nil
		}
	case float64:
		if v == math.Trunc(v) && v >= math.MinInt64 && v < math.MaxInt64 {
			return int64(v), nil
		}
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	default:
		switch v := reflect.ValueOf(src); {
		case v.CanInt():
			return v.Int(), nil
		case v.CanUint() && v.Uint() <= math.MaxInt64:
			return int64(v.Uint()), nil
		}
	}
	return 0, wrongType(src, "64-bit integer")
}

func toUint64(src any) (uint64, error) {
	switch v := src.(type) {
	case []byte:
		if n, err := strconv.ParseUint(string(v), 10, 64); err == nil {
			return n, nil
		}
	case string:
		if n, err := strconv.ParseUint(v, 10, 64); err == nil {
			return n, nil
		}
	case float64:
		// SQLite turns integers that large into REAL, which does not hold them exactly.
		if v == math.Trunc(v) && v >= 0 && v < math.MaxUint64 {
			return uint64(v), nil
		}
	default:
		if v := reflect.ValueOf(src); src != nil && v.CanUint() {
			return v.Uint(), nil
		}
	}
	if n, err := toInt64(src); err == nil && n >= 0 {
		return uint64(n), nil
	}
	return 0, wrongType(src, "unsigned 64-bit integer")
}

func floatCodec[T float32 | float64](word Type) *codec {
	c := plainCodec[T](
		func(p addr, src any) (err error) {
			v, ok := src.(float64)
			if !ok {
				if v, err = toFloat64(src); err != nil {
					return err
				}
			}
			f := T(v)
			if math.IsInf(float64(f), 0) && !math.IsInf(v, 0) {
				return overflow(v, reflect.TypeFor[T]())
			}
			*ref[T](p) = f
			return nil
		},
		func(p addr, _ *encoding) (driver.Value, error) { return float64(plainZero(*ref[T](p))), nil },
	)
	c.settle = func(p addr) { *ref[T](p) = plainZero(*ref[T](p)) }
	c.equal = func(a, b addr) bool {
		x, y := *ref[T](a), *ref[T](b)
		return x == y || x != x && y != y
	}
	c.class, c.word = classFloat, word
	return c
}

// plainZero makes -0 the zero that every database keeps.
func plainZero[T float32 | float64](v T) T {
	if v == 0 {
		return 0
	}
	return v
}

func toFloat64(src any) (float64, error) {
	switch v := src.(type) {
	case nil:
		return 0, errNull
	case int64:
		return float64(v), nil
	case []byte:
		if f, err := strconv.ParseFloat(string(v), 64); err == nil {
			return f, nil
		}
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f, nil
		}
	default:
		switch v := reflect.ValueOf(src); {
		case v.CanFloat():
			return v.Float(), nil
		case v.CanInt():
			return float64(v.Int()), nil
		case v.CanUint():
			return float64(v.Uint()), nil
		}
	}
	return 0, wrongType(src, "number")
}

func boolCodec() *codec {
	c := plainCodec[bool](
		func(p addr, src any) (err error) {
			v, ok := src.(bool)
			if !ok {
				if v, err = toBool(src); err != nil {
					return err
				}
			}
			*ref[bool](p) = v
			return nil
		},
		func(p addr, _ *encoding) (driver.Value, error) { return *ref[bool](p), nil },
	)
	c.class, c.word = classBool, "boolean"
	return c
}

// toBool knows the numbers of databases without booleans and the single byte of BIT(1).
func toBool(src any) (bool, error) {
	switch v := src.(type) {
	case nil:
		return false, errNull
	case int64:
		if v == 0 || v == 1 {
			return v == 1, nil
		}
	case []byte:
		if len(v) == 1 && v[0] <= 1 {
			return v[0] == 1, nil
		}
		if b, err := strconv.ParseBool(string(v)); err == nil {
			return b, nil
		}
	case string:
		if b, err := strconv.ParseBool(v); err == nil {
			return b, nil
		}
	default:
		if n, err := toInt64(src); err == nil && (n == 0 || n == 1) {
			return n == 1, nil
		}
	}
	return false, wrongType(src, "boolean")
}

func stringCodec() *codec {
	c := plainCodec[string](
		func(p addr, src any) (err error) {
			v, ok := src.(string)
			if !ok {
				if v, err = toString(src); err != nil {
					return err
				}
			}
			*ref[string](p) = v
			return nil
		},
		func(p addr, _ *encoding) (driver.Value, error) { return *ref[string](p), nil },
	)
	c.class, c.word = classString, "text"
	return c
}

func toString(src any) (string, error) {
	switch v := src.(type) {
	case nil:
		return "", errNull
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	}
	if v := reflect.ValueOf(src); v.Kind() == reflect.String {
		return v.String(), nil
	}
	return "", wrongType(src, "string")
}

// bytesCodec writes a nil slice as NULL where the column takes it, else as empty.
func bytesCodec(null bool) *codec {
	c := &codec{
		load: func(p addr, src any) error {
			var v []byte
			switch src := src.(type) {
			case nil:
			case []byte:
				v = append([]byte{}, src...)
			case string:
				v = []byte(src)
			default:
				return wrongType(src, "byte string")
			}
			*ref[[]byte](p) = v
			return nil
		},
		value: func(p addr, _ *encoding) (driver.Value, error) {
			switch v := *ref[[]byte](p); {
			case v != nil:
				return bytes.Clone(v), nil // a driver may keep what it is given until the statement ends
			case null:
				return nil, nil
			}
			return []byte{}, nil
		},
		equal: func(a, b addr) bool {
			x, y := *ref[[]byte](a), *ref[[]byte](b)
			return bytes.Equal(x, y) && (!null || (x == nil) == (y == nil))
		},
		copy:  func(dst, src addr) { *ref[[]byte](dst) = *ref[[]byte](src) },
		clone: func(dst, src addr) { *ref[[]byte](dst) = bytes.Clone(*ref[[]byte](src)) },
		zero:  func(p addr) bool { return *ref[[]byte](p) == nil },
		class: classBytes, word: "blob", plain: true,
	}
	if null {
		c.null = c.zero
		return c
	}
	c.settle = func(p addr) {
		if b := ref[[]byte](p); *b == nil {
			*b = []byte{}
		}
	}
	return c
}

// byteArrayCodec keeps arrays of bytes, such as hashes, as they are.
func byteArrayCodec(t reflect.Type) *codec {
	n := t.Len()
	view := func(p addr) []byte { return bytesView(p, n) }
	return &codec{
		load: func(p addr, src any) error {
			var v []byte
			switch src := src.(type) {
			case []byte:
				v = src
			case string:
				v = []byte(src)
			default:
				return wrongType(src, "byte string")
			}
			if len(v) != n {
				return fmt.Errorf("%d bytes do not fit %s", len(v), t)
			}
			copy(view(p), v)
			return nil
		},
		value: func(p addr, _ *encoding) (driver.Value, error) { return bytes.Clone(view(p)), nil },
		equal: func(a, b addr) bool { return bytes.Equal(view(a), view(b)) },
		copy:  func(dst, src addr) { copy(view(dst), view(src)) },
		zero:  func(p addr) bool { return !slices.ContainsFunc(view(p), func(b byte) bool { return b != 0 }) },
		class: classBytes, word: "blob",
	}
}

// enumCodec refuses to write what the list does not have. It reads anything: a newer
// program may have stored a value that this one does not know yet.
func enumCodec(t reflect.Type, base *codec, list string) (*codec, error) {
	values := unquotedList(list)
	c := *base
	c.plain = false
	switch {
	case base.class == classInt && base.getInt != nil:
		for _, v := range values {
			if _, err := strconv.ParseInt(v, 10, 64); err != nil {
				return nil, fmt.Errorf("%q is no number, and the field is of type %s", v, t)
			}
		}
	case base.class != classString && base.class != classText:
		return nil, fmt.Errorf("%s cannot be an enum: it takes strings and integers", t)
	}
	c.value = func(p addr, e *encoding) (driver.Value, error) {
		v, err := base.value(p, e)
		if err != nil {
			return nil, err
		}
		text, isString := v.(string)
		if !isString {
			text = strconv.FormatInt(base.getInt(p), 10)
		}
		if !slices.Contains(values, text) {
			return nil, fmt.Errorf("%s is none of %s", shorten(text), list)
		}
		return v, nil
	}
	return &c, nil
}

// pointerCodec keeps nil as NULL.
func pointerCodec(t reflect.Type, e *codec) *codec {
	elem := t.Elem()
	alloc := allocator(elem)
	clone := func(dst, src addr) {
		q := *ref[addr](src)
		if q != nil {
			q = alloc()
			e.save(q, *ref[addr](src))
		}
		*ref[addr](dst) = q
	}
	isNil := func(p addr) bool { return *ref[addr](p) == nil }
	c := &codec{
		load: func(p addr, src any) error {
			if src == nil {
				*ref[addr](p) = nil
				return nil
			}
			q := alloc()
			if err := e.load(q, src); err != nil {
				return err
			}
			*ref[addr](p) = q
			return nil
		},
		value: func(p addr, enc *encoding) (driver.Value, error) {
			q := *ref[addr](p)
			if q == nil {
				return nil, nil
			}
			return e.value(q, enc)
		},
		equal: func(a, b addr) bool {
			x, y := *ref[addr](a), *ref[addr](b)
			return x == y || x != nil && y != nil && e.equal(x, y)
		},
		copy:  func(dst, src addr) { *ref[addr](dst) = *ref[addr](src) },
		clone: clone,
		zero:  isNil,
		null:  isNil,
		class: e.class, word: e.word, scan: e.scan, elem: e,
	}
	if e.settle != nil {
		// What it points to may be shared with the caller's own variables: settle a copy.
		c.settle = func(p addr) {
			if !isNil(p) {
				clone(p, p)
				e.settle(*ref[addr](p))
			}
		}
	}
	return c
}

// allocator returns a function that makes a new value of a type.
func allocator(t reflect.Type) func() addr {
	switch t {
	case reflect.TypeFor[string]():
		return func() addr { return addr(new(string)) }
	case reflect.TypeFor[int64]():
		return func() addr { return addr(new(int64)) }
	case reflect.TypeFor[time.Time]():
		return func() addr { return addr(new(time.Time)) }
	}
	return func() addr { return reflect.New(t).UnsafePointer() }
}

// isSQLNull reports whether a type is sql.Null[T] or one of its elder siblings, which all
// hold a value and then Valid.
func isSQLNull(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == "database/sql" && t.NumField() == 2 &&
		t.Field(1).Name == "Valid" && t.Field(1).Type.Kind() == reflect.Bool && t.Field(0).IsExported()
}

// nullCodec keeps Valid false as NULL. The value lies at the start of the struct.
func nullCodec(t reflect.Type, e *codec) *codec {
	off := t.Field(1).Offset
	valid := func(p addr) *bool { return ref[bool](fieldAt(p, off)) }
	c := &codec{
		load: func(p addr, src any) error {
			if src == nil {
				clearAt(t, p)
				return nil
			}
			if err := e.load(p, src); err != nil {
				return err
			}
			*valid(p) = true
			return nil
		},
		value: func(p addr, enc *encoding) (driver.Value, error) {
			if !*valid(p) {
				return nil, nil
			}
			return e.value(p, enc)
		},
		equal: func(a, b addr) bool {
			if *valid(a) && *valid(b) {
				return e.equal(a, b)
			}
			return *valid(a) == *valid(b)
		},
		copy: func(dst, src addr) {
			e.copy(dst, src)
			*valid(dst) = *valid(src)
		},
		zero:  func(p addr) bool { return !*valid(p) && e.zero(p) },
		null:  func(p addr) bool { return !*valid(p) },
		class: e.class, word: e.word, scan: e.scan, inner: t.Field(0).Type,
	}
	if e.clone != nil {
		c.clone = func(dst, src addr) {
			e.clone(dst, src)
			*valid(dst) = *valid(src)
		}
	}
	c.settle = func(p addr) {
		switch {
		case !*valid(p):
			clearAt(t, p)
		case e.settle != nil:
			e.settle(p)
		}
	}
	return c
}

// customCodec leaves everything to Scan and Value of the type itself.
func customCodec(t reflect.Type) *codec {
	value := func(p addr, e *encoding) (driver.Value, error) {
		v, err := pointerTo(t, p).(driver.Valuer).Value()
		if err != nil {
			return nil, err
		}
		if t, ok := v.(time.Time); ok {
			return timeValue(t, e)
		}
		return driver.DefaultParameterConverter.ConvertValue(v)
	}
	load := func(p addr, src any) error {
		if b, ok := src.([]byte); ok {
			src = bytes.Clone(b) // Scan may keep it
		}
		return pointerTo(t, p).(sql.Scanner).Scan(src)
	}
	c := &codec{
		load:  load,
		value: value,
		equal: func(a, b addr) bool {
			x, errX := value(a, nil)
			y, errY := value(b, nil)
			return errX == nil && errY == nil && sameValue(x, y)
		},
		copy:  func(dst, src addr) { assign(t, dst, src) },
		zero:  func(p addr) bool { return isZeroAt(t, p) },
		class: classCustom,
	}
	c.settle = func(p addr) {
		v, err := value(p, nil)
		if at, ok := v.(time.Time); ok && err == nil {
			loadFresh(t, load, p, settleTime(at))
		}
	}
	if hasPointers(t) {
		// Nobody but the type knows how to copy it, so a copy takes the way over the
		// database: Value, then Scan.
		c.clone = func(dst, src addr) {
			if v, err := value(src, nil); err != nil || !loadFresh(t, load, dst, v) {
				c.copy(dst, src)
			}
		}
	}
	if zeroIsNull(t) {
		c.null = func(p addr) bool {
			v, err := value(p, nil)
			return err == nil && v == nil
		}
	}
	return c
}

// loadFresh puts into dst what load makes of a value, all of it new. Where that is an error,
// dst stays as it is.
func loadFresh(t reflect.Type, load func(addr, any) error, dst addr, v any) bool {
	fresh := reflect.New(t).UnsafePointer()
	if load(fresh, v) != nil {
		return false
	}
	assign(t, dst, fresh)
	return true
}

// zeroIsNull asks a type whether its zero value is NULL: then it can carry NULL.
func zeroIsNull(t reflect.Type) (null bool) {
	defer func() {
		if recover() != nil {
			null = false
		}
	}()
	v, err := reflect.New(t).Interface().(driver.Valuer).Value()
	return err == nil && v == nil
}

// sameValue compares two values of Value.
func sameValue(x, y driver.Value) bool {
	switch x := x.(type) {
	case []byte:
		y, ok := y.([]byte)
		return ok && bytes.Equal(x, y)
	case time.Time:
		y, ok := y.(time.Time)
		return ok && x.Equal(y)
	case nil, int64, float64, bool, string:
		return x == y
	}
	return reflect.DeepEqual(x, y)
}

// textCodec keeps a type as its text.
func textCodec(t reflect.Type) *codec {
	text := func(p addr) ([]byte, error) { return pointerTo(t, p).(textenc.TextMarshaler).MarshalText() }
	uuid := isUUID(t)
	load := func(p addr, src any) error {
		var b []byte
		switch v := src.(type) {
		case nil:
			return errNull
		case []byte:
			b = bytes.Clone(v)
		case string:
			b = []byte(v)
		default:
			s, err := toString(src)
			if err != nil {
				return wrongType(src, t.String())
			}
			b = []byte(s)
		}
		if uuid {
			if id, ok := parseUUID(b); ok {
				copy(bytesView(p, 16), id[:])
				return nil
			}
		}
		return pointerTo(t, p).(textenc.TextUnmarshaler).UnmarshalText(b)
	}
	c := &codec{
		load: load,
		value: func(p addr, _ *encoding) (driver.Value, error) {
			b, err := text(p)
			return string(b), err
		},
		equal: func(a, b addr) bool {
			x, errX := text(a)
			y, errY := text(b)
			return errX == nil && errY == nil && bytes.Equal(x, y)
		},
		copy:  func(dst, src addr) { assign(t, dst, src) },
		zero:  func(p addr) bool { return isZeroAt(t, p) },
		class: classText, word: "text",
	}
	c.settle = func(p addr) {
		if b, err := text(p); err == nil {
			loadFresh(t, load, p, string(b))
		}
	}
	if uuid {
		c.word, c.settle = "uuid", nil
		c.equal = func(a, b addr) bool { return bytes.Equal(bytesView(a, 16), bytesView(b, 16)) }
	}
	if hasPointers(t) {
		c.clone = func(dst, src addr) {
			if b, err := text(src); err != nil || !loadFresh(t, load, dst, b) {
				c.copy(dst, src)
			}
		}
	}
	return c
}

// isUUID reports whether a type is a UUID: 16 bytes whose text is their hexadecimal digits.
// A ULID has the same bytes and another text.
func isUUID(t reflect.Type) (is bool) {
	if t.Kind() != reflect.Array || t.Elem().Kind() != reflect.Uint8 || t.Len() != 16 {
		return false
	}
	defer func() {
		if recover() != nil {
			is = false
		}
	}()
	b, err := reflect.New(t).Interface().(textenc.TextMarshaler).MarshalText()
	id, ok := parseUUID(b)
	return err == nil && ok && len(b) >= 32 && id == [16]byte{}
}

// parseUUID reads a UUID as servers give it: as text with dashes or without, or as its bytes.
func parseUUID(b []byte) (id [16]byte, ok bool) {
	switch len(b) {
	case 16:
		return [16]byte(b), true
	case 32:
	case 36:
		if b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
			return id, false
		}
		b = slices.Concat(b[:8], b[9:13], b[14:18], b[19:23], b[24:])
	default:
		return id, false
	}
	_, err := hex.Decode(id[:], b)
	return id, err == nil
}

// hasPointers reports whether a value of t can share memory that may change with its copy.
// Strings and the location of a time never change.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return false
		}
		for f := range t.Fields() {
			if hasPointers(f.Type) {
				return true
			}
		}
		return false
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	}
	return false
}
