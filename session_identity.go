package ingot

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// The identity map: within a session one row is one instance. It is strong: an instance
// stays until the session ends or expunges it.
//
// There is one map per model, resolved once per query, because a map of int64 is several
// times as fast as one of anything wider. What leads from an instance to its entry is made
// only when somebody asks for it: a session that reads and writes by query never does.

// An identityMap is what a session knows of one model: its rows by key, and all its instances.
type identityMap struct {
	m     *mapper
	ints  intTable          // by key, if it is one integer that is never NULL
	texts map[string]*entry // by key, if it is anything else
	all   []*entry          // in the order they came; those that left are nil
	gone  int               // how many of all are nil

	fresh []entry // entries to hand out, allocated together
	snaps slab    // snapshots, apart from the instances so that neither keeps the other alive
	size  int
}

// identityMap returns what the session knows of a model.
func (s *Session) identityMap(m *mapper) *identityMap {
	if s.maps == nil {
		s.maps = make([]*identityMap, len(s.db.models.mappers))
	}
	c := s.maps[m.index]
	if c == nil {
		c = &identityMap{m: m, snaps: m.snaps(0)}
		s.maps[m.index] = c
	}
	return c
}

// entry hands out a fresh entry for an instance and counts it in.
func (s *Session) newEntry(m *mapper, p addr) *entry {
	c := s.identityMap(m)
	if len(c.fresh) == 0 {
		c.size = min(max(2*c.size, 1), 64)
		c.fresh = make([]entry, c.size)
	}
	e := &c.fresh[0]
	c.fresh = c.fresh[1:]
	e.m, e.obj = m, p
	s.enrol(e)
	return e
}

// enrol counts an entry in.
func (s *Session) enrol(e *entry) {
	c := s.identityMap(e.m)
	c.all = append(c.all, e)
	s.count++
	if s.byAddr != nil {
		s.byAddr.put(number(e.obj), e)
	}
	s.left.delete(number(e.obj))
}

// dismiss counts an entry out: the session has nothing to do with the instance any more,
// except to remember that it was here.
func (s *Session) dismiss(e *entry, as State) {
	c := s.identityMap(e.m)
	for i := len(c.all) - 1; i >= 0; i-- {
		if c.all[i] == e {
			c.all[i] = nil
			c.gone++
			s.count--
			break
		}
	}
	s.finishDismissal(c, e, as)
}

func (s *Session) finishDismissal(c *identityMap, e *entry, as State) {
	if s.byAddr != nil && s.byAddr.get(number(e.obj)) == e {
		s.byAddr.delete(number(e.obj))
	}
	s.forgetKey(c, e)
	delete(s.assigned, e)
	e.state = as
	if as == Detached {
		s.left.put(number(e.obj), e)
	}
	if c.gone > 32 && c.gone > len(c.all)/2 {
		c.compact()
	}
}

// dismissAll counts out many entries with one pass over each map.
func (s *Session) dismissAll(es []*entry, as State) {
	if len(es) < 8 {
		for _, e := range es {
			s.dismiss(e, as)
		}
		return
	}
	s.marks++
	touched := make([]bool, len(s.maps))
	for _, e := range es {
		e.mark = s.marks
		touched[e.m.index] = true
	}
	if as == Detached {
		s.left.reserve(len(es))
	}
	for i, c := range s.maps {
		if !touched[i] {
			continue
		}
		for j, e := range c.all {
			if e != nil && e.mark == s.marks {
				c.all[j] = nil
				c.gone++
				s.count--
			}
		}
	}
	for _, e := range es {
		s.finishDismissal(s.maps[e.m.index], e, as)
	}
}

// compact closes the gaps of those that left.
func (c *identityMap) compact() {
	kept := c.all[:0]
	for _, e := range c.all {
		if e != nil {
			kept = append(kept, e)
		}
	}
	clear(c.all[len(kept):])
	c.all, c.gone = kept, 0
}

// find returns the entry of an instance; nil if the session does not know it.
func (s *Session) find(m *mapper, p addr) *entry {
	if s.byAddr != nil {
		return s.byAddr.get(number(p))
	}
	if s.maps == nil {
		return nil
	}
	c := s.maps[m.index]
	if c == nil {
		return nil
	}
	if len(c.all) <= 8 {
		for _, e := range c.all {
			if e != nil && e.obj == p {
				return e
			}
		}
		return nil
	}
	if k, ok, err := s.keyOf(m.key, p); ok && err == nil {
		if e := c.lookup(k); e != nil && e.obj == p {
			return e
		}
	}
	s.byAddr = new(intTable)
	s.byAddr.grow(s.count)
	for _, c := range s.maps {
		if c == nil {
			continue
		}
		for _, e := range c.all {
			if e != nil {
				s.byAddr.put(number(e.obj), e)
			}
		}
	}
	return s.byAddr.get(number(p))
}

// A rowKey is a key in the form the identity map takes: the value of the one integer
// column, else all values in one text.
type rowKey struct {
	n      int64
	text   []byte // valid until the next key is made
	single bool
}

// keyOf reads a key, or a foreign key, from an instance. It is not ok while a part is
// NULL.
func (s *Session) keyOf(columns []*column, p addr) (k rowKey, ok bool, err error) {
	if len(columns) == 1 {
		if c := columns[0]; c.codec.getInt != nil {
			return rowKey{n: c.codec.getInt(c.at(p)), single: true}, true, nil
		}
	}
	b := s.keyBuf[:0]
	for _, c := range columns {
		v, err := c.valueOf(p, &s.db.enc)
		if err != nil {
			return k, false, err
		}
		switch x := v.(type) {
		case nil:
			return k, false, nil
		case int64:
			if len(columns) == 1 {
				return rowKey{n: x, single: true}, true, nil
			}
		}
		b = appendKeyPart(b, v)
	}
	s.keyBuf = b
	return rowKey{text: b}, true, nil
}

// appendKeyPart writes a driver's value so that equal values give equal bytes and no two
// lists of values run into each other.
func appendKeyPart(b []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
	case string:
		return append(binary.AppendUvarint(append(b, 's'), uint64(len(v))), v...)
	case []byte:
		return append(binary.AppendUvarint(append(b, 's'), uint64(len(v))), v...)
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 'f'), math.Float64bits(v))
	case bool:
		if v {
			return append(b, 'y')
		}
		return append(b, 'n')
	case time.Time:
		return binary.BigEndian.AppendUint64(append(b, 't'), uint64(v.UnixMicro()))
	}
	x := fmt.Sprint(v)
	return append(binary.AppendUvarint(append(b, 'x'), uint64(len(x))), x...)
}

// lookup returns the entry under a key; nil if there is none.
func (c *identityMap) lookup(k rowKey) *entry {
	if k.single {
		return c.ints.get(k.n)
	}
	return c.texts[string(k.text)]
}

// register puts an entry under its key and returns the one that had it before; nil if
// there was none.
func (c *identityMap) register(k rowKey, e *entry) *entry {
	if k.single {
		return c.ints.put(k.n, e)
	}
	if c.texts == nil {
		c.texts = map[string]*entry{}
	}
	old := c.texts[string(k.text)]
	c.texts[string(k.text)] = e
	return old
}

// takeKeyBack puts a persistent entry under the key of its snapshot, under which it was
// before. An instance that was read under it meanwhile is of a row that is gone.
func (s *Session) takeKeyBack(e *entry) {
	k, ok, err := s.keyOf(e.m.key, e.snap)
	if err != nil || !ok {
		return
	}
	if other := s.identityMap(e.m).register(k, e); other != nil && other != e {
		s.dismiss(other, Detached)
	}
}

// forgetKey takes an entry out of the identity map, unless another one has its key by now.
func (s *Session) forgetKey(c *identityMap, e *entry) {
	if e.snap == nil {
		return
	}
	k, ok, err := s.keyOf(e.m.key, e.snap)
	switch {
	case err != nil || !ok || c.lookup(k) != e:
	case k.single:
		c.ints.delete(k.n)
	default:
		delete(c.texts, string(k.text))
	}
}

// at returns the persistent entry that a foreign key of an instance refers to, where it
// refers to the key. Nil if the session has none or the foreign key is NULL.
func (s *Session) at(ref *reference, p addr) *entry {
	if s.maps == nil || s.maps[ref.target.index] == nil {
		return nil
	}
	columns, isKey := inKeyOrder(ref.target, ref.remote, ref.columns)
	if !isKey {
		return nil
	}
	k, ok, err := s.keyOf(columns, p)
	if err != nil || !ok {
		return nil
	}
	return s.maps[ref.target.index].lookup(k)
}

// inKeyOrder brings foreign into the order of m's key, if target is that key.
func inKeyOrder(m *mapper, target, foreign []*column) ([]*column, bool) {
	if len(target) != len(m.key) {
		return nil, false
	}
	same := true
	for i, c := range target {
		if !c.pk {
			return nil, false
		}
		same = same && m.key[i] == c
	}
	if same {
		return foreign, true
	}
	ordered := make([]*column, len(foreign))
	for i, c := range target {
		for j, k := range m.key {
			if k == c {
				ordered[j] = foreign[i]
			}
		}
	}
	return ordered, true
}

// name names the row for a message: Order(7), Line(7, 2), or Order(new) where the key is
// not known yet. It is the key under which the database knows the row, since the one in
// the instance may have been edited.
func (e *entry) name() string {
	p := e.snap
	if p == nil {
		p = e.obj
		if e.m.auto != nil && e.m.auto.codec.zero(e.m.auto.at(p)) {
			return e.m.name + "(new)"
		}
	}
	return e.m.keyName(p)
}

// An intTable maps integer keys to entries: a hash table with open addressing and linear
// probing, at most two thirds full. Every loaded row is put into one, which takes a fraction
// of what a map of the language does.
type intTable struct {
	slots []intSlot // a power of two
	used  int       // slots that are not free, deleted ones included
	shift uint8     // 64 minus the logarithm of the size
	gone  *entry    // stands in the slots of deleted keys until the table is made anew
}

// An intSlot is free while its entry is nil.
type intSlot struct {
	key int64
	e   *entry
}

// slot returns where a key is, or the free slot where it belongs.
func (t *intTable) slot(key int64) *intSlot {
	mask := uint64(len(t.slots) - 1)
	for i := uint64(key) * 0x9e3779b97f4a7c15 >> t.shift; ; i++ { // Fibonacci hashing
		if s := &t.slots[i&mask]; s.e == nil || s.key == key {
			return s
		}
	}
}

func (t *intTable) get(key int64) *entry {
	if t.used == 0 {
		return nil
	}
	if e := t.slot(key).e; e != t.gone {
		return e
	}
	return nil
}

// put puts an entry under a key and returns the one that was there.
func (t *intTable) put(key int64, e *entry) *entry {
	if 3*t.used >= 2*len(t.slots) {
		n := 1 // doubles it
		if t.used < 512 {
			n += t.used // quadruples it
		}
		t.grow(n)
	}
	s := t.slot(key)
	old := s.e
	if old == nil {
		t.used++
	}
	*s = intSlot{key, e}
	if old == t.gone {
		return nil
	}
	return old
}

// reserve makes room for n keys that come at once, where they are more than it has.
func (t *intTable) reserve(n int) {
	if n > t.used && 3*(t.used+n) >= 2*len(t.slots) {
		t.grow(n)
	}
}

func (t *intTable) delete(key int64) {
	if t.get(key) == nil {
		return
	}
	if t.gone == nil {
		t.gone = new(entry)
	}
	t.slot(key).e = t.gone
}

// grow makes room for n more keys, and forgets those that were deleted.
func (t *intTable) grow(n int) {
	for _, s := range t.slots {
		if s.e != nil && s.e != t.gone {
			n++
		}
	}
	size, shift := 8, uint8(61)
	for 2*size < 3*n+3 {
		size, shift = 2*size, shift-1
	}
	old := t.slots
	t.slots, t.used, t.shift = make([]intSlot, size), 0, shift
	for _, s := range old {
		if s.e != nil && s.e != t.gone {
			*t.slot(s.key) = s
			t.used++
		}
	}
}
