package ingot

import "slices"

// States: what a session knows of one instance, and what dirty means.
//
// Plain structs have no setters to listen to, so a session keeps a copy of each instance
// as the database has it, its snapshot. Dirty is: unlike the snapshot. Snapshots are never
// changed once taken, only replaced; the undo log of a transaction is the list of those
// that were replaced.

// A State says where an instance stands between a program and its session.
type State uint8

// The states of an instance. An instance that a session has never met is transient: a
// struct alone does not tell where it came from.
const (
	Transient  State = iota // a plain struct
	Pending                 // added, no row yet
	Persistent              // has a row, a key and a session
	Deleted                 // its row goes at the next flush
	Detached                // has a key, no session any more
)

func (st State) String() string {
	switch st {
	case Transient:
		return "transient"
	case Pending:
		return "pending"
	case Persistent:
		return "persistent"
	case Deleted:
		return "deleted"
	}
	return "detached"
}

// An entry is what a session knows of one instance.
type entry struct {
	m    *mapper
	obj  addr // the instance
	snap addr // its snapshot; nil while pending

	state    State
	explicit bool   // given to Add by name, not reached through a cascade
	expunged bool   // forgotten on request: a rollback does not bring it back
	unit     uint32 // the unit of work in which its values were read; see Session.unit
	depth    int32  // transaction depth of its last undo record, counting from 1; 0 if none
	read     uint32 // when it was read last, on the session's own clock
	mark     int    // the last cascade that reached it

	before   addr      // the instance before its first INSERT; nil once committed
	loads    []relLoad // by relation; nil if none is loaded
	lacks    *lack     // the columns that are not loaded; nil if all are
	siblings *siblings // what came from the same query
	work     *change   // its part in the flush under way; nil otherwise
}

// A lack is columns that were not read. Instances of one query share it.
type lack struct{ cols []*column }

// lacking is what was not read where cols were.
func (m *mapper) lacking(cols []*column) *lack {
	if len(cols) == len(m.columns) {
		return nil
	}
	return (&lack{m.columns}).without(cols)
}

// without is what is left when cols are read; nil if nothing is.
func (l *lack) without(cols []*column) *lack {
	if l == nil {
		return nil
	}
	rest := slices.DeleteFunc(slices.Clone(l.cols), func(c *column) bool { return slices.Contains(cols, c) })
	if len(rest) == 0 {
		return nil
	}
	return &lack{rest}
}

// among returns those of cols that are lacking.
func (l *lack) among(cols []*column) []*column {
	if l == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(cols), func(c *column) bool { return !slices.Contains(l.cols, c) })
}

// trusted reports whether an entry has, read in this unit of work, what a plain read gives.
func (s *Session) trusted(e *entry) bool {
	return e.unit == s.unit && (e.lacks == nil || !slices.ContainsFunc(e.lacks.cols, func(c *column) bool { return !c.deferred }))
}

// A relLoad is how much of one relation is loaded, and in which unit of work it was read.
type relLoad struct {
	state LoadState
	unit  uint32
}

// load returns how much of a relation is loaded.
func (e *entry) load(r *relation) LoadState {
	if e.loads == nil {
		return NotLoaded
	}
	return e.loads[r.index].state
}

// loadUnit returns the unit of work in which a relation was read.
func (e *entry) loadUnit(r *relation) uint32 {
	if e.loads == nil {
		return 0
	}
	return e.loads[r.index].unit
}

// setLoad notes how much of a relation is loaded, as of a unit of work.
func (e *entry) setLoad(r *relation, l LoadState, unit uint32) {
	if e.loads == nil {
		if l == NotLoaded {
			return
		}
		e.loads = make([]relLoad, len(e.m.relations))
	}
	e.loads[r.index] = relLoad{l, unit}
}

// owned reports whether the session would write the instance.
func (e *entry) owned() bool { return e.state != Transient && e.state != Detached }

// dirty reports whether a persistent instance differs from its snapshot.
func (e *entry) dirty() bool {
	return e.dirtyColumns() || e.dirtyRelations()
}

func (e *entry) dirtyColumns() bool {
	m := e.m
	if !m.sameFlat(e.obj, e.snap) {
		// Bytes may differ where values do not: equal strings at two addresses.
		for _, c := range m.columns {
			if c.differs(e.obj, e.snap) {
				return true
			}
		}
		return false
	}
	for _, c := range m.deep {
		if c.differs(e.obj, e.snap) {
			return true
		}
	}
	return false
}

func (e *entry) dirtyRelations() bool {
	for _, r := range e.m.relations {
		if e.changed(r) {
			return true
		}
	}
	return false
}

// changed reports whether a relation differs from the snapshot. Nil in a collection that
// is not loaded means nothing; an element changed in place counts.
func (e *entry) changed(r *relation) bool { return r.differs(e.obj, e.snap) }

// differs reports whether a column has different values in two instances.
func (c *column) differs(a, b addr) bool { return !c.codec.equal(c.at(a), c.at(b)) }

// isNull reports whether a column of an instance is NULL.
func (c *column) isNull(p addr) bool { return c.codec.null != nil && c.codec.null(c.at(p)) }

// differs reports whether a relation holds something else in two instances; for
// collections nil and empty are the same.
func (r *relation) differs(a, b addr) bool {
	if r.kind.toMany() {
		return !slices.Equal(r.many(a), r.many(b))
	}
	return r.one(a) != r.one(b)
}

// copy gives the relation of dst what that of src holds, in a slice of its own.
func (r *relation) copy(dst, src addr) {
	if r.kind.toMany() {
		r.setMany(dst, r.many(src))
		return
	}
	r.setOne(dst, r.one(src))
}
