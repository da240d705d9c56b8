package ingot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Relationships: from two sides and a column to one decision.
//
// A link between two rows is told in up to three places: the child's pointer, its foreign
// key, and the parent's collection. A place speaks only where it differs from its
// snapshot. What is said about one foreign key of one child is gathered as a claim; a
// claim that says two things is an error that names both, all others become a verdict, and
// the places that were silent are brought along when the flush has succeeded.

// A claim is what is said about one foreign key of one child.
type claim struct {
	ref     *reference
	parent  *entry    // the parent that was named; nil if none was
	by      *relation // who named it: the child's relation, or one of the parent
	key     bool      // the foreign-key columns were changed
	null    bool      // ... to NULL
	nilled  bool      // the child's pointer was set to nil
	verdict verdict
	left    *entry // the parent whose collection let the child go
	leftBy  *relation
	next    *claim // of the same change
}

// A verdict is what becomes of a foreign key.
type verdict uint8

const (
	keep      verdict = iota // nothing new was said
	setParent                // it refers to claim.parent
	setKey                   // it is as the columns say
	setNull                  // it refers to nothing
)

// claim returns the claim on a foreign key of the change's instance; nil if nobody spoke.
func (c *change) claim(ref *reference) *claim {
	for cl := c.claims; cl != nil; cl = cl.next {
		if cl.ref == ref {
			return cl
		}
	}
	return nil
}

// claimOn is claim for who wants to speak.
func (f *flush) claimOn(c *change, ref *reference) *claim {
	last := &c.claims
	for ; *last != nil; last = &(*last).next {
		if (*last).ref == ref {
			return *last
		}
	}
	*last = f.claims.next()
	(*last).ref = ref
	return *last
}

// listen gathers what the changed instances say about links.
func (f *flush) listen() error {
	var errs []error
	for i := 0; i < len(f.changes); i++ { // a child that is spoken of joins at the end
		c := f.changes[i]
		if c.heard || c.op == opNone && !c.linked && !c.keyed {
			continue
		}
		c.heard = true
		e := c.e
		for _, r := range e.m.relations {
			if c.op == opInsert && r.isNil(e.obj) || c.op != opInsert && !e.changed(r) {
				continue
			}
			if err := f.hear(c, r); err != nil {
				errs = append(errs, err)
			}
		}
		if c.op == opDelete {
			continue
		}
		for _, ref := range f.lay.refs[e.m.index] {
			f.hearKey(c, ref)
		}
	}
	return errors.Join(errs...)
}

// hear takes in what one changed relation says.
func (f *flush) hear(c *change, r *relation) error {
	switch r.kind {
	case manyToOne:
		return f.hearPointer(c, r)
	case manyToMany:
		return f.hearLinks(c, r)
	}
	return f.hearCollection(c, r)
}

// hearPointer takes in a child's pointer to its parent.
func (f *flush) hearPointer(c *change, r *relation) error {
	e := c.e
	if c.op == opDelete {
		return nil
	}
	f.lose(e, r)
	p := r.one(e.obj)
	if p == nil {
		f.claimOn(c, f.lay.of[r]).nilled = true
		return nil
	}
	t, err := f.member(e, r, p)
	if err != nil {
		return err
	}
	return f.name(c, f.lay.of[r], t, r)
}

// hearCollection takes in who came to a parent's collection and who left it.
func (f *flush) hearCollection(c *change, r *relation) error {
	ref := f.lay.of[r]
	came, left, err := f.diff(c.e, r)
	if err != nil {
		return err
	}
	for _, t := range left {
		cl := f.claimOn(f.change(t), ref)
		cl.left, cl.leftBy = c.e, r
	}
	if c.op == opDelete {
		return nil // what came goes with the cascade
	}
	for _, t := range came {
		if t == c.e && r.m == r.target {
			return fmt.Errorf("%s.%s holds the %s itself: a row cannot be its own parent and child", c.e.name(), r.field, r.target.name)
		}
		if err := f.name(f.change(t), ref, c.e, r); err != nil {
			return err
		}
	}
	return f.number(c, r)
}

// number writes the places of a collection into the column that keeps them.
func (f *flush) number(c *change, r *relation) error {
	if r.position == nil {
		return nil
	}
	for i, p := range r.many(c.e.obj) {
		t := f.s.find(r.target, p)
		if t == nil || r.position.codec.getInt != nil && r.position.codec.getInt(r.position.at(p)) == int64(i) {
			continue
		}
		f.touch(f.change(t))
		if err := r.position.codec.load(r.position.at(p), int64(i)); err != nil {
			return r.position.valueError(err)
		}
	}
	return nil
}

// diff compares a collection with its snapshot.
func (f *flush) diff(e *entry, r *relation) (came, left []*entry, err error) {
	s := f.s
	s.marks += 2
	then, both := s.marks-1, s.marks
	var old []*entry
	if e.snap != nil {
		for _, p := range r.members(e.snap) {
			t := s.find(r.target, p)
			if t == nil {
				if x := s.left.get(number(p)); x != nil && x.expunged {
					return nil, nil, fmt.Errorf("%s.%s held %s, which was expunged: Add that, so that it can be let go", e.name(), r.field, x.name())
				}
				continue
			}
			t.mark = then
			old = append(old, t)
		}
	}
	for i, p := range r.members(e.obj) {
		if p == nil {
			return nil, nil, fmt.Errorf("%s.%s[%d] is nil", e.name(), r.field, i)
		}
		if e.deleted() && r.cascade.has(cascadeDelete) && s.find(r.target, p) == nil {
			continue // new, and gone with the cascade
		}
		t, err := f.member(e, r, p)
		if err != nil {
			return nil, nil, err
		}
		switch t.mark {
		case then:
		case both:
			return nil, nil, fmt.Errorf("%s.%s holds %s twice", e.name(), r.field, t.name())
		default:
			came = append(came, t)
		}
		t.mark = both
	}
	for _, t := range old {
		if t.mark == then {
			left = append(left, t)
		}
	}
	return came, left, nil
}

// member returns the entry of an instance that a relation holds. One that no flush will
// save is an error, not a lost link.
func (f *flush) member(e *entry, r *relation, p addr) (*entry, error) {
	t := f.s.find(r.target, p)
	if t == nil || !t.owned() {
		fix := "Add it"
		if x := f.s.left.get(number(p)); x != nil && x.expunged {
			fix = "it was expunged; Add it"
		} else if x != nil {
			fix = "it was deleted; take it out"
		} else if !r.cascade.has(cascadeSave) {
			fix = "Add it, or give the relationship the save-update cascade"
		}
		return nil, fmt.Errorf("%s.%s holds a %s that is not in the session: %s", e.name(), r.field, r.target.keyName(p), fix)
	}
	return t, nil
}

// name takes in that a relation, the child's or the parent's, gives a child a parent.
func (f *flush) name(c *change, ref *reference, parent *entry, by *relation) error {
	cl := f.claimOn(c, ref)
	if cl.parent != nil && cl.parent != parent {
		return fmt.Errorf("%s is given to two parents: %s by %s.%s, %s by %s.%s", c.e.name(),
			cl.parent.name(), cl.by.m.name, cl.by.field, parent.name(), by.m.name, by.field)
	}
	cl.parent, cl.by = parent, by
	return nil
}

// hearKey takes in foreign-key columns that were set by hand.
func (f *flush) hearKey(c *change, ref *reference) {
	e := c.e
	changed, null := false, false
	for _, col := range ref.columns {
		isNull := col.isNull(e.obj)
		null = null || isNull
		switch {
		case e.snap != nil:
			changed = changed || col.differs(e.obj, e.snap)
		case isNull || col.codec.zero(col.at(e.obj)):
			// A new row that says nothing; of a composite key all columns have to speak.
			if !col.pk {
				return
			}
		default:
			changed = true
		}
	}
	if !changed {
		return
	}
	cl := f.claimOn(c, ref)
	cl.key, cl.null = true, null
	for _, r := range ref.up {
		f.lose(e, r)
	}
}

// decide turns claims into verdicts. A child that nothing holds any more is an orphan.
func (f *flush) decide() error {
	for _, l := range f.lost {
		if !f.taken()[l] {
			f.markDeleted(l.t)
		}
	}
	var errs []error
	for i := 0; i < len(f.changes); i++ {
		c := f.changes[i]
		if c.goes() {
			continue
		}
		for cl := c.claims; cl != nil; cl = cl.next {
			if err := f.judge(c, cl); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// judge decides one claim.
func (f *flush) judge(c *change, cl *claim) error {
	e, ref := c.e, cl.ref
	switch {
	case cl.parent != nil:
		if cl.left == cl.parent {
			return fmt.Errorf("%s was taken out of %s.%s, but %s.%s gives it to that %s", e.name(),
				cl.left.name(), cl.leftBy.field, cl.by.m.name, cl.by.field, ref.target.name)
		}
		if cl.key {
			if err := f.agree(c, cl); err != nil {
				return err
			}
		}
		cl.verdict = setParent
		return nil
	case cl.key && !cl.null:
		if cl.left != nil && f.s.refers(e.obj, ref, cl.left.obj) {
			return fmt.Errorf("%s was taken out of %s.%s, but its %s refers to it", e.name(), cl.left.name(), cl.leftBy.field, ref.columnNames())
		}
		cl.verdict = setKey
		return nil
	case cl.left == nil && !cl.nilled && !cl.key:
		return nil
	case e.state == Pending:
		return nil // nobody held it in the database
	case cl.left == nil && !cl.key && ref.isNull(e.obj):
		return nil
	}
	// Nobody names a parent any more.
	if ref.orphans() {
		f.markDeleted(e)
		return nil
	}
	if !ref.nullable() {
		return fmt.Errorf("%s has no %s any more, but %s cannot be NULL: give it another one, delete it, or let the relationship cascade delete-orphan",
			e.name(), ref.target.name, ref.columnNames())
	}
	cl.verdict = setNull
	return nil
}

// nameList names rows, the first few of many.
func nameList(es []*entry) string {
	const most = 5
	text := ""
	for i, e := range es[:min(len(es), most)] {
		if i > 0 {
			text += ", under "
		}
		text += e.name()
	}
	if len(es) > most {
		text += fmt.Sprintf(" and %d more", len(es)-most)
	}
	return text
}

// agree checks that the parent named is the one the foreign-key columns name.
func (f *flush) agree(c *change, cl *claim) error {
	e, ref := c.e, cl.ref
	for i, col := range ref.columns {
		silent := col.codec.zero(col.at(e.obj)) || col.isNull(e.obj)
		if e.snap != nil {
			silent = !col.differs(e.obj, e.snap)
		}
		if silent {
			continue
		}
		same, err := f.s.sameValue(col, e.obj, ref.remote[i], cl.parent.obj)
		if err != nil {
			return err
		}
		if !same {
			v, _ := col.valueOf(e.obj, &encoding{})
			return fmt.Errorf("%s: %s.%s says %s, but %s.%s says %v: set one of them", e.name(),
				cl.by.m.name, cl.by.field, cl.parent.name(), e.m.name, col.field, v)
		}
	}
	return nil
}

// sameValue compares columns of two instances, whatever their Go types.
func (s *Session) sameValue(a *column, p addr, b *column, q addr) (bool, error) {
	if a.codec.getInt != nil && b.codec.getInt != nil {
		return a.codec.getInt(a.at(p)) == b.codec.getInt(b.at(q)), nil
	}
	v, err := a.valueOf(p, &s.db.enc)
	if err != nil && a.codec.zero(a.at(p)) {
		return false, nil // a foreign key that is not set yet need not be a value: a decimal as text
	}
	if err != nil {
		return false, err
	}
	w, err := b.valueOf(q, &s.db.enc)
	if err != nil || v == nil || w == nil {
		return false, err
	}
	return string(appendKeyPart(nil, v)) == string(appendKeyPart(nil, w)), nil
}

// refers reports whether the foreign key of one instance holds what another one has.
func (s *Session) refers(child addr, ref *reference, parent addr) bool {
	for i, c := range ref.columns {
		if same, err := s.sameValue(c, child, ref.remote[i], parent); err != nil || !same {
			return false
		}
	}
	return true
}

// A holding says where the values of a foreign key to columns that are not the key are
// looked for: in the parents' snapshots, or in the parents as they are to be.
type holding struct {
	ref *reference
	old bool
}

// at is Session.at for any foreign key.
func (f *flush) at(ref *reference, p addr, old bool) *entry {
	s := f.s
	if _, isKey := inKeyOrder(ref.target, ref.remote, ref.columns); isKey {
		return s.at(ref, p)
	}
	h := holding{ref, old}
	holders := f.holders[h]
	if holders == nil {
		holders = map[string]*entry{}
		for _, e := range s.identityMap(ref.target).all {
			if e == nil || old && e.snap == nil {
				continue
			}
			at := e.obj
			if old {
				at = e.snap
			}
			if k, ok := s.partsOf(ref.remote, at); ok {
				holders[k] = e
			}
		}
		if f.holders == nil {
			f.holders = map[holding]map[string]*entry{}
		}
		f.holders[h] = holders
	}
	k, ok := s.partsOf(ref.columns, p)
	if !ok {
		return nil
	}
	return holders[k]
}

// partsOf is the values of columns as one text; not ok while one of them is NULL.
func (s *Session) partsOf(columns []*column, p addr) (string, bool) {
	var b []byte
	for _, c := range columns {
		v, err := c.valueOf(p, &s.db.enc)
		if err != nil || v == nil {
			return "", false
		}
		b = appendKeyPart(b, v)
	}
	return string(b), true
}

// isNull reports whether the foreign key of an instance refers to nothing.
func (ref *reference) isNull(p addr) bool {
	return slices.ContainsFunc(ref.columns, func(c *column) bool { return c.isNull(p) })
}

// columnNames names the fields of a foreign key.
func (ref *reference) columnNames() string {
	names := make([]string, len(ref.columns))
	for i, c := range ref.columns {
		names[i] = c.m.name + "." + c.field
	}
	return strings.Join(names, ", ")
}

// apply writes verdicts into foreign keys. The key of a new parent may not be known yet;
// then it is copied right before the child is written.
func (f *flush) apply() error {
	for i := 0; i < len(f.changes); i++ {
		c := f.changes[i]
		if c.goes() {
			continue
		}
		for cl := c.claims; cl != nil; cl = cl.next {
			switch cl.verdict {
			case setParent:
				switch w := cl.parent.work; {
				case w != nil && w.goes():
					return fmt.Errorf("%s: %s.%s gives it %s, which is being deleted", c.e.name(), cl.by.m.name, cl.by.field, cl.parent.name())
				case w != nil && w.op == opInsert:
					f.awaitKey(c, cl.ref, cl.parent)
					if !slices.ContainsFunc(cl.ref.remote, func(col *column) bool { return col.codec.zero(col.at(cl.parent.obj)) }) {
						if err := f.takeKey(c, cl.ref, cl.parent); err != nil { // for those that refer to c in turn
							return err
						}
					}
				default:
					if err := f.takeKey(c, cl.ref, cl.parent); err != nil {
						return err
					}
				}
			case setNull:
				if err := f.clear(c, cl.ref); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// follow lets foreign keys go with the keys they refer to, where those were changed. Where
// the database does it itself (ON UPDATE CASCADE), memory is only told; elsewhere the
// children are updated after their parent.
func (f *flush) follow() error {
	for i := 0; i < len(f.changes); i++ { // children whose own key changes join at the end
		c := f.changes[i]
		e := c.e
		if e.snap == nil || c.op != opNone || !c.keyed && c.base == nil && c.before == nil {
			continue
		}
		for _, ref := range f.lay.refBy[e.m.index] {
			moved := func(col *column) bool { return col.differs(e.obj, e.snap) }
			if !slices.ContainsFunc(ref.remote, moved) {
				continue
			}
			if err := f.followers(e, ref); err != nil {
				return err
			}
		}
	}
	for _, c := range f.changes { // the key of a parent that was named may have changed since
		for cl := c.claims; cl != nil; cl = cl.next {
			if cl.verdict != setParent || c.goes() || cl.parent.work == nil || cl.parent.work.op != opNone {
				continue
			}
			if err := f.takeKey(c, cl.ref, cl.parent); err != nil {
				return err
			}
		}
	}
	return nil
}

// followers tells the children of one parent about its new key.
func (f *flush) followers(parent *entry, ref *reference) error {
	s := f.s
	byDatabase := ref.onUpdate == "CASCADE"
	if !byDatabase {
		// Their rows still have the old one, by which they are loaded.
		for _, r := range ref.down {
			if err := f.loadOld(r, ref.remote, parent); err != nil {
				return err
			}
		}
	}
	identityMap := s.maps[ref.m.index]
	if identityMap == nil {
		return nil
	}
	for _, t := range identityMap.all {
		if t == nil || t.snap == nil || !s.refers(t.snap, ref, parent.snap) {
			continue
		}
		c := f.change(t)
		if !byDatabase {
			if cl := c.claim(ref); c.op == opNone && (cl == nil || cl.verdict == keep) {
				f.awaitKey(c, ref, parent)
			}
			continue
		}
		f.touch(c)
		c.rebase()
		edited := slices.ContainsFunc(ref.columns, func(col *column) bool { return col.differs(t.obj, t.snap) })
		for i, col := range ref.columns {
			if err := col.take(c.base, ref.remote[i], parent.obj); err != nil {
				return err
			}
			if !edited {
				col.codec.save(col.at(t.obj), col.at(c.base))
			}
		}
	}
	return nil
}

// rebase gives a change a copy of its snapshot, for what the database changes by itself.
func (c *change) rebase() {
	if c.base == nil {
		c.base = c.e.m.alloc()
		c.e.m.copyTo(c.base, c.e.snap)
	}
}

// clear makes a foreign key NULL, as far as its columns can be.
func (f *flush) clear(c *change, ref *reference) error {
	f.touch(c)
	for _, col := range ref.columns {
		if col.nullable && !col.pk {
			if err := col.codec.load(col.at(c.e.obj), nil); err != nil {
				return col.valueError(err)
			}
		}
	}
	return nil
}

// awaitKey notes that a change takes the key of a parent once that has one.
func (f *flush) awaitKey(c *change, ref *reference, parent *entry) {
	last := &c.parents
	for *last != nil {
		last = &(*last).next
	}
	*last = f.parents.next()
	**last = parentKey{ref: ref, parent: parent}
}

// takeKey copies the key of a parent into the foreign key of a child.
func (f *flush) takeKey(c *change, ref *reference, parent *entry) error {
	for i, col := range ref.columns {
		same, err := f.s.sameValue(col, c.e.obj, ref.remote[i], parent.obj)
		if err != nil {
			return err
		}
		if same {
			continue
		}
		f.touch(c)
		if err := col.take(c.e.obj, ref.remote[i], parent.obj); err != nil {
			return fmt.Errorf("%s: %w", c.e.name(), err)
		}
	}
	return nil
}

// A linkPair identifies a row of a many-to-many relation.
type linkPair struct {
	r           *relation // the canonical one of the two sides
	left, right *entry
}

// A linkChange is such a row, coming or going.
type linkChange struct {
	linkPair
	add bool
	by  *relation // who said so
}

// hearLinks takes in who came to a many-to-many collection and who left it. A link that
// both sides speak of is written once.
func (f *flush) hearLinks(c *change, r *relation) error {
	came, left, err := f.diff(c.e, r)
	if err != nil {
		return err
	}
	for _, t := range left {
		if err := f.link(c.e, r, t, false); err != nil {
			return err
		}
	}
	if c.op == opDelete {
		return nil
	}
	for _, t := range came {
		if err := f.link(c.e, r, t, true); err != nil {
			return err
		}
	}
	return nil
}

func (f *flush) link(e *entry, r *relation, t *entry, add bool) error {
	canon, swapped := r.canonical()
	p := linkPair{canon, e, t}
	if swapped {
		p.left, p.right = t, e
	}
	if i, ok := f.linkAt[p]; ok {
		if l := f.links[i]; l.add != add {
			return fmt.Errorf("%s and %s: %s.%s and %s.%s say opposite things about their link", p.left.name(), p.right.name(),
				l.by.m.name, l.by.field, r.m.name, r.field)
		}
		return nil
	}
	if f.linkAt == nil {
		f.linkAt = map[linkPair]int{}
	}
	f.linkAt[p] = len(f.links)
	f.links = append(f.links, linkChange{p, add, r})
	if add {
		return nil
	}
	if canon.owns() {
		f.lost = append(f.lost, owned{canon, p.right})
	}
	if back := canon.inverse; back != nil && back.owns() {
		f.lost = append(f.lost, owned{back, p.left})
	}
	return nil
}
