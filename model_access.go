package ingot

// This file alone reaches model fields by address.
//
// Contract: offset and type are checked once, at registration (exported field, crossing no
// pointer). From then on an addr is the address of a model struct, or of a field of one,
// that the caller keeps alive, and a codec reads or writes a value of exactly the field's
// type there. A pointer to another model is stored with the write barrier that any store of
// an unsafe.Pointer has.

import (
	"database/sql/driver"
	"reflect"
	"slices"
	"unsafe"
)

// An addr is the address of a model instance or of one of its fields. It keeps the
// instance alive.
type addr = unsafe.Pointer

// A place is where a field lies in its struct and how its values move.
type place struct {
	offset uintptr
	typ    reflect.Type
	codec  *codec // nil for relations
}

// at returns the address of the field inside the instance.
func (f *place) at(instance addr) addr { return unsafe.Add(instance, f.offset) }

// ref is the value of type T at an address. T must have the layout of what lies there.
func ref[T any](p addr) *T { return (*T)(p) }

// addrOf returns the address a pointer holds and the type it points to; nil if x is no
// pointer or a nil one.
func addrOf(x any) (addr, reflect.Type) {
	v := reflect.ValueOf(x)
	if v.Kind() != reflect.Pointer {
		return nil, nil
	}
	return v.UnsafePointer(), v.Type().Elem()
}

// number is the address as a number, for looking up who lives there and nothing else: it
// keeps nothing alive.
func number(p addr) int64 { return int64(uintptr(p)) }

// pointerTo is the address as a *t. It does not allocate.
func pointerTo(t reflect.Type, p addr) any { return reflect.NewAt(t, p).Interface() }

// instance is the address as the *T that users know. It does not allocate.
func (m *mapper) instance(p addr) any { return pointerTo(m.typ, p) }

// alloc returns a new zero instance.
func (m *mapper) alloc() addr { return reflect.New(m.typ).UnsafePointer() }

// A slab hands out instances, or snapshots of them, from one allocation. Any of them keeps
// all alive, so nothing that outlives its neighbours by much belongs into a large slab.
type slab struct {
	slice reflect.Type
	width uintptr
	base  addr
	used  int
	size  int
	grow  int // size of the next allocation; negative: it doubles
}

const slabLimit = 64

// slab returns a slab that allocates n instances at once; n < 1 begins with 4 and grows
// to 64.
func (m *mapper) slab(n int) slab { return newSlab(m.typ, m.slice, n) }

// snaps returns a slab of what [mapper.snapshot] fills.
func (m *mapper) snaps(n int) slab { return newSlab(m.boxed, m.boxedSlice, n) }

func newSlab(t, slice reflect.Type, n int) slab {
	if n < 1 {
		n = -4
	}
	return slab{slice: slice, width: t.Size(), grow: n}
}

// next hands out a fresh zero instance.
func (s *slab) next() addr {
	if s.used == s.size {
		n := s.grow
		if n < 0 {
			s.grow = max(2*n, -slabLimit)
			n = -n
		}
		s.base = reflect.MakeSlice(s.slice, n, n).UnsafePointer()
		s.size, s.used = n, 0
	}
	p := unsafe.Add(s.base, uintptr(s.used)*s.width)
	s.used++
	return p
}

// copyTo assigns the instance src to dst as Go does: pointers and slices are shared.
func (m *mapper) copyTo(dst, src addr) { assign(m.typ, dst, src) }

// assign is *dst = *src for values of type t.
func assign(t reflect.Type, dst, src addr) {
	reflect.NewAt(t, dst).Elem().Set(reflect.NewAt(t, src).Elem())
}

// snapshot makes dst, fresh from [mapper.snaps], a copy of the instance or snapshot src that
// later changes of src do not reach: what pointers lead to is copied into dst itself, other
// deep columns are cloned, slices of relations copied. The instances they point to are
// shared.
func (m *mapper) snapshot(dst, src addr) {
	m.copyTo(dst, src)
	for i := range m.boxes {
		b := &m.boxes[i]
		if p := ref[addr](b.column.at(dst)); *p != nil {
			inside := unsafe.Add(dst, b.offset)
			b.column.codec.elem.copy(inside, *p)
			*p = inside
		}
	}
	for _, c := range m.cloned {
		c.codec.clone(c.at(dst), c.at(src))
	}
	for _, r := range m.relations {
		if r.typ.Kind() == reflect.Slice {
			if p := ref[[]addr](r.at(dst)); *p != nil {
				*p = slices.Clone(*p)
			}
		}
	}
}

// sameFlat reports whether the flat columns of two instances are equal byte for byte.
// False says little: equal strings may lie at two addresses, and padding has no meaning.
func (m *mapper) sameFlat(a, b addr) bool {
	for _, s := range m.flat {
		if bytesAt(a, s) != bytesAt(b, s) {
			return false
		}
	}
	return true
}

// bytesAt is a view of raw memory, for comparing only.
func bytesAt(p addr, s span) string {
	return unsafe.String((*byte)(unsafe.Add(p, s.offset)), s.size)
}

// one returns the instance that a to-one relation of instance p holds; nil if none.
func (r *relation) one(p addr) addr { return *ref[addr](r.at(p)) }

// setOne makes a to-one relation of p hold q.
func (r *relation) setOne(p, q addr) { *ref[addr](r.at(p)) = q }

// many is a view of the slice that a to-many relation of p holds: read it, do not change
// or keep it.
func (r *relation) many(p addr) []addr { return *ref[[]addr](r.at(p)) }

// setMany gives a to-many relation of p a fresh slice with the instances of list. Nil and
// empty stay apart.
func (r *relation) setMany(p addr, list []addr) {
	fresh := slices.Clone(list)
	if list != nil && len(list) == 0 {
		fresh = []addr{}
	}
	*ref[[]addr](r.at(p)) = fresh
}

// isNil reports whether a relation of p holds nil; an empty slice is not nil.
func (r *relation) isNil(p addr) bool {
	if r.kind.toMany() {
		return r.many(p) == nil
	}
	return r.one(p) == nil
}

// A fieldPlace is what lies at an offset under a type.
type fieldPlace struct {
	offset   uintptr
	typ      reflect.Type
	column   *column
	relation *relation
	inner    bool // the value inside a sql.Null
}

// columnAt finds the column that a pointer to a t at the offset means. inner tells that it
// points to the value inside a sql.Null rather than to the field. Nil if there is none.
func (m *mapper) columnAt(offset uintptr, t reflect.Type) (c *column, inner bool) {
	p := m.placeAt(offset, t)
	return p.column, p.inner
}

// relationAt finds the relation whose field lies at the offset; nil if there is none.
func (m *mapper) relationAt(offset uintptr, t reflect.Type) *relation {
	return m.placeAt(offset, t).relation
}

func (m *mapper) placeAt(offset uintptr, t reflect.Type) fieldPlace {
	i, j := 0, len(m.places)
	for i < j { // by hand: every field named in a query comes here
		if h := int(uint(i+j) >> 1); m.places[h].offset < offset {
			i = h + 1
		} else {
			j = h
		}
	}
	for ; i < len(m.places) && m.places[i].offset == offset; i++ {
		if m.places[i].typ == t {
			return m.places[i]
		}
	}
	return fieldPlace{}
}

// newCells makes the destinations of one scan plan: one [sql.Scanner] per column, which
// stores into the field of the instance that *base points at when a row is scanned.
func newCells(columns []*column, base *addr) []any {
	cells := make([]any, len(columns))
	general := make([]cell, len(columns))
	for i, c := range columns {
		general[i] = cell{base: base, column: c}
		switch {
		case c.codec.plain && c.typ.Kind() == reflect.Int64:
			cells[i] = (*int64Cell)(&general[i])
		case c.codec.plain && c.typ.Kind() == reflect.String:
			cells[i] = (*stringCell)(&general[i])
		default:
			cells[i] = &general[i]
		}
	}
	return cells
}

// A cell is a scan destination for one column.
type cell struct {
	base   *addr
	column *column
}

// Scan stores a driver's value.
func (c *cell) Scan(src any) error {
	if err := c.column.codec.load(c.column.at(*c.base), src); err != nil {
		return c.column.valueError(err)
	}
	return nil
}

// An int64Cell is the cell of a field of kind int64.
type int64Cell cell

// Scan stores a driver's value.
func (c *int64Cell) Scan(src any) error {
	v, ok := src.(int64)
	if !ok {
		return (*cell)(c).Scan(src)
	}
	*ref[int64](c.column.at(*c.base)) = v
	return nil
}

// A stringCell is the cell of a field of kind string.
type stringCell cell

// Scan stores a driver's value.
func (c *stringCell) Scan(src any) error {
	v, ok := src.(string)
	if !ok {
		return (*cell)(c).Scan(src)
	}
	*ref[string](c.column.at(*c.base)) = v
	return nil
}

// A codec moves the values of one Go type between a field and the database. It is made
// once per type and used by any number of goroutines.
type codec struct {
	// load stores a value that a driver made: nil, int64, float64, bool, []byte, string,
	// time.Time or one of the driver's own. NULL into a field that cannot hold it is an
	// error. Bytes are copied.
	load func(p addr, src any) error
	// value returns the field as a driver takes it.
	value func(p addr, e *encoding) (driver.Value, error)
	// equal reports whether two fields hold the same database value.
	equal func(a, b addr) bool
	// copy assigns as Go does.
	copy func(dst, src addr)
	// clone copies deeply; nil where a plain copy of the field's bytes is a snapshot.
	clone func(dst, src addr)
	// zero reports whether the field is the Go zero value.
	zero func(p addr) bool
	// null reports whether the field stands for NULL; nil where it never does.
	null func(p addr) bool
	// settle brings the field to what a reload would give (times to UTC microseconds);
	// nil where nothing is lost on the way.
	settle func(p addr)

	// getInt and setInt are the quick way to integers; nil for all else and where NULL
	// is possible. setInt reports whether the value fits.
	getInt func(p addr) int64
	setInt func(p addr, v int64) bool

	class valueClass
	word  Type         // in the common vocabulary; empty where nobody knows
	scan  ScanKind     // how a result column must be selected
	plain bool         // the field's kind says all: no wrapper, no restriction
	inner reflect.Type // of a sql.Null: the type of its value
	elem  *codec       // of a pointer: the codec of what it points to
}

// save assigns src to dst so that later changes of one do not reach the other.
func (k *codec) save(dst, src addr) {
	if k.clone != nil {
		k.clone(dst, src)
		return
	}
	k.copy(dst, src)
}

// valueError says which field refused a value from the database.
func (c *column) valueError(err error) error {
	return &ValueError{Model: c.m.name, Field: c.field, Column: c.name, Err: err}
}

// valueOf returns the column of an instance as a driver takes it.
func (c *column) valueOf(instance addr, e *encoding) (driver.Value, error) {
	v, err := c.codec.value(c.at(instance), e)
	if err == nil {
		err = e.check(c, v)
	}
	if err != nil {
		return nil, c.valueError(err)
	}
	return v, nil
}

// take gives the column of instance dst the value that the column from of instance src
// has, as keys go from a row to those that refer to it. Their Go types may differ.
func (c *column) take(dst addr, from *column, src addr) error {
	switch {
	case c.typ == from.typ && c.codec == from.codec:
		c.codec.save(c.at(dst), from.at(src))
		return nil
	case c.codec.setInt != nil && from.codec.getInt != nil:
		v := from.codec.getInt(from.at(src))
		if !c.codec.setInt(c.at(dst), v) {
			return c.valueError(overflow(v, c.typ))
		}
		return nil
	}
	v, err := from.valueOf(src, &encoding{})
	if err != nil {
		return err
	}
	if err := c.codec.load(c.at(dst), v); err != nil {
		return c.valueError(err)
	}
	return nil
}

// fieldAt is the address of a part of a value.
func fieldAt(p addr, offset uintptr) addr { return unsafe.Add(p, offset) }

// perPage is how many values of a type fill 4 KB, less what the allocator keeps there itself.
func perPage[T any]() int {
	var v T
	return max(1, (4096-8)/int(unsafe.Sizeof(v)))
}

// bytesView is the array of n bytes at p as a slice.
func bytesView(p addr, n int) []byte { return unsafe.Slice((*byte)(p), n) }

// clearAt sets the value of type t at p to zero.
func clearAt(t reflect.Type, p addr) { reflect.NewAt(t, p).Elem().SetZero() }

// isZeroAt reports whether the value of type t at p is zero.
func isZeroAt(t reflect.Type, p addr) bool { return reflect.NewAt(t, p).Elem().IsZero() }
