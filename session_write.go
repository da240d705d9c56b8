package ingot

import (
	crand "crypto/rand"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Writing: batches of rows become statements, and what the database made of them comes
// back.
//
// Rows share a statement if they have the same table and the same columns. The keys the
// database generates for several rows at once are matched to their instances by what it
// guarantees (see KeyRule), never by the order in which rows happen to return.

// A writePlan is how a model is written. It is worked out once.
type writePlan struct {
	m         *mapper
	insert    []*column // in an INSERT, generated key included
	keyless   []*column // in an INSERT without it
	omit      []*column // left out of it while zero
	back      []*column // read back after every write: readonly and generated
	stamped   []*column // version, created, updated and uuidv7
	settled   []*column // come back from the database not quite as they were sent
	moves     []*column // come back in a way that only the database knows: read back when written
	arrays    []string  // by column: the type of an array parameter with the values of many rows; empty if none can be
	uniques   [][]*column
	triggered bool // a trigger may change what is read back
}

func newWritePlan(m *mapper, d Dialect) *writePlan {
	t := &writePlan{m: m, arrays: make([]string, len(m.columns))}
	binder, _ := d.(ArrayBinder)
	for _, c := range m.columns {
		if binder != nil && c.codec.class != classCustom && !c.options.has("enum") && (c.codec.class != classBytes || c.codec.word == "blob") {
			t.arrays[c.index] = binder.ArrayType(c.typeFor(d.Name()))
		}
		if c.readOnly || c.options.has("trigger") {
			t.back = append(t.back, c)
			t.triggered = t.triggered || !c.options.has("generated")
		}
		if c.readOnly {
			continue
		}
		t.insert = append(t.insert, c)
		if c != m.auto {
			t.keyless = append(t.keyless, c)
		}
		if c.omitZero {
			t.omit = append(t.omit, c)
		}
		if c.version || c.created || c.updated || c.uuidV7 {
			t.stamped = append(t.stamped, c)
		}
		if c.codec.settle != nil {
			t.settled = append(t.settled, c)
		}
	}
	t.uniques = append(t.uniques, m.key)
	for _, u := range m.uniques {
		if !u.option.mods.has("where") {
			t.uniques = append(t.uniques, u.columns)
		}
	}
	return t
}

// spare returns a value that a column certainly takes and that nobody has: 60 random bits or
// more. It is nil where there is none.
func (t *writePlan) spare(c *column) any {
	if c.readOnly || c.codec.class != classString && c.codec.class != classInt {
		return nil
	}
	for _, name := range []string{"type", "check", "enum", "generated", "precision"} {
		if c.options.has(name) {
			return nil
		}
	}
	for _, o := range t.m.options {
		if o.name == "check" {
			return nil
		}
	}
	if slices.ContainsFunc(t.m.foreignKeys, func(k *foreignKey) bool { return slices.Contains(k.columns, c) }) {
		return nil
	}
	if c.codec.class == classInt {
		n := math.MinInt64 + rand.Int64N(1<<62)
		if c.codec.word != "bigint" || c.codec.load(c.at(t.m.alloc()), n) != nil {
			return nil // too few numbers for nobody to have one
		}
		return n
	}
	text := "ingot-" + crand.Text()
	for _, o := range c.options {
		if n, err := strconv.Atoi(o.value); o.name == "size" && (err != nil || n < len(text)) {
			if err != nil || n < 12 {
				return nil
			}
			text = text[len(text)-n:]
		}
	}
	return text
}

// A step is one batch: rows that one statement, or a few of the same form, can write.
type step struct {
	f        *flush
	kind     stepKind
	m        *mapper
	plan     *writePlan
	cols     []*column // what is sent
	back     []*column // what is read back
	keyless  bool      // INSERT without the generated key
	keyStep  int64     // how far apart the keys are that one INSERT generates
	vague    bool      // what the driver reports need not be the key
	parked   bool      // UPDATE to what rows are to have for a while
	changes  []*change
	ref      *reference // of stepSweep, whose changes are the parents
	link     *linkStep
	assigned *assignment        // expressions to set, of an UPDATE of one row; of an INSERT, those of its first row
	texts    map[textKey]string // of statements that come more than once
}

// A textKey says which of a step's statements have the same text.
type textKey struct {
	op   string
	rows int
}

// A stepKind is what the statements of a step do.
type stepKind int

const (
	stepInsert stepKind = iota
	stepUpdate
	stepDelete
	stepSweep
	stepLink
)

// batch puts consecutive actions that can share a statement into steps. UPDATEs of
// different columns do not hold each other up.
func (f *flush) batch(steps []*step, actions []action) []*step {
	for i := 0; i < len(actions); {
		a := actions[i]
		j := i + 1
		for j < len(actions) && actions[j].kind == a.kind && actions[j].level == a.level && actions[j].c.e.m == a.c.e.m && actions[j].ref == a.ref && !actions[j].alone {
			j++
		}
		run := actions[i:j]
		i = j
		m := a.c.e.m
		t := f.lay.plans[m.index]
		switch a.kind {
		case actInsert:
			steps = f.batchInserts(steps, t, run)
		case actDelete:
			steps = append(steps, &step{f: f, kind: stepDelete, m: m, plan: t, changes: changesOf(run)})
		case actSweep:
			steps = append(steps, &step{f: f, kind: stepSweep, m: a.ref.m, ref: a.ref, changes: changesOf(run)})
		default:
			steps = f.batchUpdates(steps, t, run)
		}
	}
	return steps
}

func changesOf(actions []action) []*change {
	cs := make([]*change, len(actions))
	for i := range actions {
		cs[i] = actions[i].c
	}
	return cs
}

// batchInserts splits INSERTs where the columns sent change, so that rows keep their
// order.
func (f *flush) batchInserts(steps []*step, t *writePlan, run []action) []*step {
	var cur *step
	for _, a := range run {
		e := a.c.e
		keyless := t.m.auto != nil && t.m.auto.codec.zero(t.m.auto.at(e.obj))
		omits := func(c *column) bool { return c.codec.zero(c.at(e.obj)) && a.c.assigned.of(c) == nil }
		same := cur != nil && cur.keyless == keyless && slices.Equal(cur.assigned.columns(), a.c.assigned.columns()) &&
			!slices.ContainsFunc(t.omit, func(c *column) bool { return slices.Contains(cur.cols, c) == omits(c) })
		if !same {
			cur = &step{f: f, kind: stepInsert, m: t.m, plan: t, keyless: keyless, back: t.back, cols: t.insert, assigned: a.c.assigned}
			if keyless {
				cur.cols = t.keyless
			}
			for _, c := range t.omit {
				if c != t.m.auto && omits(c) {
					cur.back = append(slices.Clip(cur.back), c)
				}
			}
			if len(cur.back) > len(t.back) {
				cur.cols = slices.DeleteFunc(slices.Clone(cur.cols), func(c *column) bool { return slices.Contains(cur.back, c) })
			}
			cur.readMoved()
			steps = append(steps, cur)
		}
		cur.changes = append(cur.changes, a.c)
	}
	return steps
}

// batchUpdates groups UPDATEs by the columns they set, in the order of first appearance.
func (f *flush) batchUpdates(steps []*step, t *writePlan, run []action) []*step {
	first := len(steps)
	for _, a := range run {
		cols, parked := a.c.cols, false
		switch a.kind {
		case actLate:
			cols = a.c.late()
		case actClear:
			cols, parked = a.c.late(), true
		case actPark:
			cols, parked = a.c.extra.parking, true
		}
		var assigned *assignment
		if a.kind == actUpdate {
			assigned = a.c.assigned
		}
		var st *step
		for _, x := range steps[first:] {
			if assigned == nil && x.assigned == nil && slices.Equal(x.cols, cols) {
				st = x
				break
			}
		}
		if st == nil {
			st = &step{f: f, kind: stepUpdate, m: t.m, plan: t, cols: cols, parked: parked, assigned: assigned}
			if v := t.m.version; parked && v != nil && v.readOnly {
				st.back = []*column{v}
			}
			if !parked {
				st.back = t.back
				st.readMoved()
			}
			steps = append(steps, st)
		}
		st.changes = append(st.changes, a.c)
	}
	return steps
}

// readMoved makes the step read back what only the database knows of what it sends: columns that
// come back otherwise, and what expressions came to.
func (st *step) readMoved() {
	for _, c := range st.plan.moves {
		if slices.Contains(st.cols, c) {
			st.back = append(slices.Clip(st.back), c)
		}
	}
	for _, c := range st.assigned.columns() {
		if !slices.Contains(st.back, c) {
			st.back = append(slices.Clip(st.back), c)
		}
	}
}

// run sends the steps. A unit of work that is one statement needs no BEGIN.
func (f *flush) run(steps []*step, final bool) error {
	s := f.s
	if len(steps) == 0 {
		return nil
	}
	s.writes()
	alone := final && s.tx == nil && !s.opts.eager && len(steps) == 1 && steps[0].single() && !s.hooked()
	if alone {
		// A key that does not come back is found out after the row is written.
		if err := steps[0].findKey(); err != nil {
			return steps[0].blame(err)
		}
		alone = !steps[0].vague
	}
	if !alone {
		if err := s.begin(f.ctx); err != nil {
			return err
		}
	}
	for _, st := range steps {
		if err := st.run(); err != nil {
			if alone && unknownOutcome(err) {
				return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
			}
			return st.blame(err)
		}
	}
	return nil
}

// single reports whether a step is one statement that writes all or nothing.
func (st *step) single() bool {
	db := st.f.s.db
	if len(st.changes) != 1 || st.kind == stepLink || st.kind == stepSweep {
		return false
	}
	switch st.kind {
	case stepInsert:
		return len(st.back) == 0 || st.returns(db.server.InsertReturning)
	case stepUpdate:
		return len(st.back) == 0 || st.returns(db.server.UpdateReturning)
	}
	return true
}

// returns reports whether RETURNING, where the server has it, gives what there is to read back.
func (st *step) returns(has bool) bool {
	return has && !(st.plan.triggered && st.f.s.db.server.ReturningEarly)
}

func (st *step) run() error {
	switch st.kind {
	case stepInsert:
		return st.runInsert()
	case stepUpdate:
		return st.runUpdate()
	case stepDelete:
		return st.runDelete()
	case stepSweep:
		return st.runSweep()
	}
	return st.link.run(st.f)
}

// copyKeys gives rows the keys that their parents have by now.
func (f *flush) copyKeys(c *change, late bool) error {
	for p := c.parents; p != nil; p = p.next {
		if p.late != late {
			if p.late {
				// It has to be NULL until the parent is there.
				if err := f.clear(c, p.ref); err != nil {
					return err
				}
			}
			continue
		}
		if err := f.takeKey(c, p.ref, p.parent); err != nil {
			return err
		}
	}
	return nil
}

// runInsert inserts the rows of a step.
func (st *step) runInsert() error {
	f := st.f
	for _, c := range st.changes {
		if err := f.copyKeys(c, false); err != nil {
			return err
		}
	}
	together := st.canReadBack()
	if st.keyless && len(st.changes) > 1 {
		known, err := st.foreseeKeys()
		if err != nil {
			return err
		}
		together = together && known
	}
	n := 1
	if together && len(st.cols) > 0 {
		perRow := len(st.cols)
		if st.assigned != nil {
			for _, c := range st.changes {
				perRow = max(perRow, len(st.cols)+c.assigned.args)
			}
		}
		n = f.s.db.batchRows(perRow)
	}
	for cs := range slices.Chunk(st.changes, n) {
		if err := st.insertBatch(cs); err != nil {
			return err
		}
	}
	return nil
}

// columnsOf are columns and where their values are.
type columnsOf struct {
	cols []*column
	in   func(*change) addr
}

func (st *step) now(c *change) addr { return c.e.obj }

// arrays makes one parameter of each column's values, in the order of the rows; nil where
// that cannot be, or does not pay.
func (st *step) arrays(cs []*change, groups ...columnsOf) ([]any, error) {
	if len(cs) < 2 || st.assigned != nil {
		return nil, nil
	}
	n := 0
	for _, g := range groups {
		for _, col := range g.cols {
			if st.plan.arrays[col.index] == "" {
				return nil, nil
			}
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	args := make([]any, 0, n)
	var b []byte
	for _, g := range groups {
		for _, col := range g.cols {
			fits := true
			var err error
			b, err = appendArray(b[:0], len(cs), func(i int) (driver.Value, error) {
				v, err := col.valueOf(g.in(cs[i]), &st.f.s.db.enc)
				fits = fits && arrayElement(v)
				return v, err
			})
			if err != nil || !fits {
				return nil, err
			}
			args = append(args, string(b))
		}
	}
	return args, nil
}

// canReadBack reports whether what comes back can be matched to its rows: by their keys.
func (st *step) canReadBack() bool {
	return !slices.ContainsFunc(st.m.key, func(c *column) bool { return slices.Contains(st.back, c) })
}

// insertBatch inserts rows by one statement.
func (st *step) insertBatch(cs []*change) error {
	db := st.f.s.db
	arrays, err := st.arrays(cs, columnsOf{st.cols, st.now})
	if err != nil {
		return err
	}
	what, perRow := "insert", len(st.cols)
	if arrays != nil {
		what, perRow = "insert arrays", 1
	}
	w := st.writer(what, cs, perRow)
	w.op = "insert"
	w.text("INSERT INTO ")
	w.table(st.m.table)
	switch {
	case arrays != nil:
		w.text(" (")
		w.columns(st.cols, "")
		w.text(") SELECT * FROM ")
		w.unnest(st.plan, arrays, st.cols)
	case len(st.cols) > 0:
		w.text(" (")
		w.columns(st.cols, "")
		w.text(") VALUES ")
		for i, c := range cs {
			w.sep(i, ", ")
			w.text("(")
			for i, col := range st.cols {
				w.sep(i, ", ")
				w.given(c, col, c.e.obj)
			}
			w.text(")")
		}
	default:
		w.text(" " + db.server.EmptyValues)
	}
	if w.err != nil {
		return w.err
	}
	generated := st.keyless
	if err := st.findKey(); err != nil {
		return err
	}
	single := db.server.InsertReturning && (len(cs) == 1 || !generated)
	if single && st.returns(true) && (st.vague || generated && !db.server.LastInsertID || len(st.back) > 0) {
		return st.readReturned(w, cs, st.back, generated)
	}
	if single && st.vague {
		if err := st.readReturned(w, cs, nil, generated); err != nil {
			return err
		}
		return st.readBack(cs)
	}
	res, err := w.exec()
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err == nil && n != int64(len(cs)) {
		return &StaleError{Op: "insert", Model: st.m.name, Table: st.m.table.String(), Want: len(cs), Got: int(n)}
	}
	if generated {
		id, err := res.LastInsertId()
		if err != nil {
			return st.lost(within(fmt.Sprintf("the key of a new %s did not come back", st.m.name), err))
		}
		auto := st.m.auto
		if id == 0 || st.vague {
			return st.lost(fmt.Errorf("ingot: the key of a new %s did not come back: does the database generate the values of %s.%s by itself? Else give them (noauto in the tag), or let the program make them (uuidv7)", st.m.name, st.m.table, auto.name))
		}
		for i, c := range cs {
			if err := auto.codec.load(auto.at(c.e.obj), id+int64(i)*st.keyStep); err != nil {
				return st.lost(auto.valueError(err))
			}
		}
	}
	return st.readBack(cs)
}

// lost is an error about what came back from a statement that has done its work.
func (st *step) lost(err error) error {
	if st.f.s.tx == nil {
		return fmt.Errorf("%w; the row is written all the same, since no transaction was open to undo it", err)
	}
	return err
}

// readReturned runs a statement that returns the key and what the database filled in.
func (st *step) readReturned(w *writer, cs []*change, back []*column, generated bool) error {
	w.text(" RETURNING ")
	cols := slices.Clone(st.m.key)
	for _, c := range back {
		if !c.pk {
			cols = append(cols, c)
		}
	}
	w.scanColumns(cols)
	n, err := st.scanRows(cols, cs, generated && len(cs) == 1, func(scan func(*sql.Rows) error) error {
		return st.f.s.db.queryWrite(st.f.ctx, st.f.s.tx, w.statement(), scan)
	})
	if err != nil {
		return err
	}
	if n != len(cs) {
		return st.stale(w.op, cs, n)
	}
	return nil
}

// readBack reads what the database filled in, where the statement could not return it.
func (st *step) readBack(cs []*change) error {
	if len(st.back) == 0 {
		return nil
	}
	w := st.writer("select", cs, len(st.m.key))
	cols := append(slices.Clone(st.m.key), st.back...)
	w.text("SELECT ")
	w.scanColumns(cols)
	w.text(" FROM ")
	w.table(st.m.table)
	w.text(" WHERE ")
	w.keyList(st.m.key, "", cs, st.written)
	n, err := st.scanRows(cols, cs, false, w.each)
	if err == nil && n != len(cs) {
		err = st.stale("read", cs, n)
	}
	return err
}

// written is the struct with the key that a row has once the step is done.
func (st *step) written(c *change) addr {
	if st.parked {
		return c.old()
	}
	return c.e.obj
}

// scanRows puts rows that came back into their instances: the only one, or the one with
// the same key.
func (st *step) scanRows(cols []*column, cs []*change, only bool, each func(func(*sql.Rows) error) error) (int, error) {
	row := st.m.alloc()
	cells := newCells(cols, &row)
	var byKey map[string]*change
	if len(cs) > 1 {
		byKey = make(map[string]*change, len(cs))
		for _, c := range cs {
			k, err := st.keyText(st.written(c))
			if err != nil {
				return 0, err
			}
			byKey[k] = c
		}
	}
	n := 0
	err := each(func(rows *sql.Rows) error {
		if err := rows.Scan(cells...); err != nil {
			return st.lost(err)
		}
		c := cs[0]
		if byKey != nil {
			k, err := st.keyText(row)
			if err != nil {
				return err
			}
			if c = byKey[k]; c == nil {
				return fmt.Errorf("ingot: the database returned %s, which was not written", st.m.keyName(row))
			}
		}
		n++
		for _, col := range cols {
			if !col.pk || only && col == st.m.auto || slices.Contains(st.back, col) {
				col.codec.save(col.at(c.e.obj), col.at(row))
			}
		}
		return nil
	})
	return n, err
}

func (st *step) keyText(p addr) (string, error) {
	var b []byte
	for _, c := range st.m.key {
		v, err := c.valueOf(p, &st.f.s.db.enc)
		if err != nil {
			return "", err
		}
		b = appendKeyPart(b, v)
	}
	return string(b), nil
}

// runUpdate updates the rows of a step.
func (st *step) runUpdate() error {
	f := st.f
	db := f.s.db
	for _, c := range st.changes {
		if st.parked {
			break
		}
		if err := f.copyKeys(c, c.op == opInsert); err != nil {
			return err
		}
	}
	n := db.batchRows(len(st.cols) + len(st.match()))
	if len(st.back) > 0 && !st.returns(db.server.UpdateReturning) || !db.server.UpdateFrom && !db.server.UpdateJoin {
		n = 1
	}
	for cs := range slices.Chunk(st.changes, n) {
		if err := st.updateBatch(cs); err != nil {
			return err
		}
		if v := st.m.version; v != nil && v.readOnly {
			for _, c := range cs {
				c.moveVersion(v)
			}
		}
	}
	return nil
}

// old is the struct with the key, and the version, under which the database knows a row.
// A row inserted by this very flush has no snapshot yet.
func (c *change) old() addr {
	switch {
	case c.base != nil:
		return c.base
	case c.e.snap != nil:
		return c.e.snap
	}
	return c.e.obj
}

// moveVersion makes the version that the database has given a row the one to find it by.
func (c *change) moveVersion(v *column) {
	if c.base == nil && c.e.snap == nil {
		return // found by the instance itself
	}
	base := c.e.m.alloc()
	c.e.m.copyTo(base, c.old())
	v.codec.save(v.at(base), v.at(c.e.obj))
	c.base = base
}

// source is the struct whose values an UPDATE writes.
func (st *step) source(c *change) addr {
	if st.parked {
		return c.extra.parked
	}
	return c.e.obj
}

// match lists the columns an UPDATE or DELETE finds its row by.
func (st *step) match() []*column {
	if v := st.m.version; v != nil {
		return append(slices.Clip(st.m.key), v)
	}
	return st.m.key
}

// updateBatch updates rows by one statement.
func (st *step) updateBatch(cs []*change) error {
	db := st.f.s.db
	match := st.match()
	what, perRow := "update", len(st.cols)+len(match)
	alike := len(cs) == 1 || st.m.version == nil && st.alike(cs)
	if alike {
		what, perRow = "update alike", 1
	}
	var arrays []any
	if !alike {
		var err error
		if arrays, err = st.arrays(cs, columnsOf{match, (*change).old}, columnsOf{st.cols, st.source}); err != nil {
			return err
		}
		if arrays != nil {
			what, perRow = "update arrays", 1
		}
	}
	w := st.writer(what, cs, perRow)
	w.op = "update"
	switch {
	case alike:
		cols := st.cols
		if st.assigned != nil && db.server.SetInOrder {
			var err error
			if cols, err = st.assigned.inOrder(cs[0].e, cols); err != nil {
				return err
			}
		}
		w.text("UPDATE ")
		w.table(st.m.table)
		w.text(" SET ")
		for i, c := range cols {
			w.sep(i, ", ")
			w.ident(c.name)
			w.text(" = ")
			if st.assigned != nil {
				w.given(cs[0], c, st.source(cs[0]))
			} else {
				w.value(c, st.source(cs[0]))
			}
		}
		w.text(" WHERE ")
		w.keyList(match, "", cs, (*change).old)
	case arrays != nil:
		w.text("UPDATE ")
		w.table(st.m.table)
		w.text(" AS t SET ")
		w.assignments(st.cols, "", len(match)+1)
		w.text(" FROM ")
		w.unnest(st.plan, arrays, match, st.cols)
		w.text(" AS v (")
		for i := range len(match) + len(st.cols) {
			w.sep(i, ", ")
			w.alias(i + 1)
		}
		w.text(") WHERE ")
		w.joins(match)
	case db.server.UpdateFrom:
		w.text("UPDATE ")
		w.table(st.m.table)
		w.text(" AS t SET ")
		w.assignments(st.cols, "", len(match)+1)
		w.text(" FROM (VALUES ")
		if db.server.UntypedValues {
			// Types come from the first row, which matches nothing.
			w.text("(")
			w.typedNulls(slices.Concat(match, st.cols))
			w.text("), ")
		}
		for i, c := range cs {
			w.sep(i, ", ")
			w.text("(")
			w.values(match, c.old())
			w.text(", ")
			w.values(st.cols, st.source(c))
			w.text(")")
		}
		w.text(") AS v WHERE ")
		w.joins(match)
	default:
		w.text("UPDATE ")
		w.table(st.m.table)
		w.text(" AS t JOIN (")
		for i, c := range cs {
			w.sep(i, " UNION ALL ")
			w.text("SELECT ")
			w.named(match, c.old(), 1, i == 0)
			w.text(", ")
			w.named(st.cols, st.source(c), len(match)+1, i == 0)
		}
		w.text(") AS v ON ")
		w.joins(match)
		w.text(" SET ")
		w.assignments(st.cols, "t", len(match)+1)
	}
	if w.err != nil {
		return w.err
	}
	if len(st.back) > 0 && st.returns(db.server.UpdateReturning) {
		if !alike && db.server.ReturningAlias {
			w.qualifier = "t"
		}
		return st.readReturned(w, cs, st.back, false)
	}
	res, err := w.exec()
	if err != nil {
		return err
	}
	if err := st.counted(w, res, cs); err != nil {
		return err
	}
	return st.readBack(cs)
}

// alike reports whether rows are to have the same values in what an UPDATE sets: they need
// no list of values, only of keys.
func (st *step) alike(cs []*change) bool {
	for _, c := range cs[1:] {
		for _, col := range st.cols {
			if col.differs(st.source(c), st.source(cs[0])) {
				return false
			}
		}
	}
	return true
}

// counted compares the rows that an UPDATE found with those it was sent for. Some
// databases count only rows whose values changed; then a look decides.
func (st *step) counted(w *writer, res sql.Result, cs []*change) error {
	n, err := res.RowsAffected()
	if err != nil || n == int64(len(cs)) {
		return err
	}
	if n < int64(len(cs)) && st.m.version == nil {
		found, err := st.count(cs)
		if err != nil {
			return err
		}
		if found == len(cs) {
			return nil
		}
		n = int64(found)
	}
	return st.stale(w.op, cs, int(n))
}

// count counts the rows that are there under the keys they were written under.
func (st *step) count(cs []*change) (int, error) {
	w := st.writer("count", cs, len(st.m.key))
	w.op = "select"
	w.text("SELECT COUNT(*) FROM ")
	w.table(st.m.table)
	w.text(" WHERE ")
	w.keyList(st.m.key, "", cs, st.now)
	n := 0
	err := w.each(func(rows *sql.Rows) error { return rows.Scan(&n) })
	return n, err
}

func (st *step) stale(op string, cs []*change, got int) error {
	e := &StaleError{Op: op, Model: st.m.name, Table: st.m.table.String(), Want: len(cs), Got: got}
	if len(cs) == 1 {
		e.Key = cs[0].e.name()
	}
	return e
}

// runDelete deletes the rows of a step.
func (st *step) runDelete() error {
	match := st.match()
	for cs := range slices.Chunk(st.changes, st.f.s.db.batchRows(len(match))) {
		w := st.writer("delete", cs, len(match))
		w.text("DELETE FROM ")
		w.table(st.m.table)
		w.text(" WHERE ")
		w.keyList(match, "", cs, (*change).old)
		res, err := w.exec()
		if err != nil {
			return err
		}
		if got, err := res.RowsAffected(); err == nil && got != int64(len(cs)) {
			return st.stale("delete", cs, int(got))
		}
	}
	return nil
}

// runSweep deletes the children of deleted rows. How many there are nobody knows.
func (st *step) runSweep() error {
	names := make([]string, len(st.ref.columns))
	for i, c := range st.ref.columns {
		names[i] = c.name
	}
	for cs := range slices.Chunk(st.changes, st.f.s.db.batchRows(len(names))) {
		w := st.writer("delete", cs, len(names))
		w.keyName = ""
		if err := w.deleteOf(st.m.table, names, st.ref.remote, cs); err != nil {
			return err
		}
	}
	return nil
}

// deleteOf deletes the rows whose columns hold the values that others have in cols.
func (w *writer) deleteOf(t TableName, names []string, cols []*column, of []*change) error {
	w.text("DELETE FROM ")
	w.table(t)
	w.text(" WHERE ")
	in := len(names) == 1 && len(of) > 1
	if in {
		w.ident(names[0])
		w.text(" IN (")
	}
	for i, c := range of {
		switch {
		case in:
			w.sep(i, ", ")
			w.value(cols[0], c.e.snap)
		case len(of) == 1:
			w.linkEquals(names, cols, c.e.snap)
		default:
			w.sep(i, " OR ")
			w.text("(")
			w.linkEquals(names, cols, c.e.snap)
			w.text(")")
		}
	}
	if in {
		w.text(")")
	}
	_, err := w.exec()
	return err
}
