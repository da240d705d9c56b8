package ingot

import (
	"context"
	"fmt"
	"slices"
)

// Link rows: the tables between the two sides of many-to-many relations. They come and go
// by the difference between collections and their snapshots, and are never rewritten.

// A linkStep is one batch of link rows of one relation.
type linkStep struct {
	r     *relation
	add   bool
	pairs []linkChange
	side  []*change // deleted rows whose links all go, instead of pairs
	right bool      // they stand on the right
}

// unlinks plans the DELETEs of link rows: pair by pair, and all that a deleted row has.
func (f *flush) unlinks(steps []*step) []*step {
	steps = f.linkSteps(steps, false)
	for _, m := range f.lay.order {
		if len(f.lay.links[m.index]) == 0 {
			continue
		}
		var gone []*change
		for _, c := range f.changes {
			if c.op == opDelete && c.e.m == m {
				gone = append(gone, c)
			}
		}
		if len(gone) == 0 {
			continue
		}
		sortByKey(gone)
		for _, r := range f.lay.links[m.index] {
			if r.passive {
				continue
			}
			if r.m == m {
				steps = append(steps, f.linkStep(&linkStep{r: r, side: gone}))
			}
			if r.target == m && r.inverse == nil {
				steps = append(steps, f.linkStep(&linkStep{r: r, side: gone, right: true}))
			}
		}
	}
	return steps
}

// linkRows plans the INSERTs of link rows.
func (f *flush) linkRows(steps []*step) []*step { return f.linkSteps(steps, true) }

// linkSteps batches the pairs that come, or those that go. What a deleted row had goes
// with the row.
func (f *flush) linkSteps(steps []*step, add bool) []*step {
	first := len(steps)
	for _, l := range f.links {
		if l.add != add || !add && (l.left.deleted() || l.right.deleted()) {
			continue
		}
		if add && (l.left.dropped() || l.right.dropped()) {
			continue
		}
		var ls *linkStep
		for _, st := range steps[first:] {
			if st.link.r == l.r {
				ls = st.link
			}
		}
		if ls == nil {
			ls = &linkStep{r: l.r, add: add}
			steps = append(steps, f.linkStep(ls))
		}
		ls.pairs = append(ls.pairs, l)
	}
	return steps
}

func (f *flush) linkStep(ls *linkStep) *step {
	return &step{f: f, kind: stepLink, m: ls.r.m, link: ls}
}

func (e *entry) deleted() bool { return e.work != nil && e.work.op == opDelete }
func (e *entry) dropped() bool { return e.work != nil && e.work.op == opDrop }

func (ls *linkStep) run(f *flush) error {
	if ls.side != nil {
		return ls.runSide(f)
	}
	r := ls.r
	width := len(r.local) + len(r.remote)
	for pairs := range slices.Chunk(ls.pairs, f.s.db.batchRows(width)) {
		n := len(pairs)
		w := ls.writer(f, n*width)
		if ls.add {
			w.op = "insert"
			ls.insert(w, pairs)
		} else {
			ls.delete(w, pairs)
		}
		res, err := w.exec()
		if err != nil {
			return err
		}
		if got, err := res.RowsAffected(); err == nil && got != int64(n) {
			key := ""
			if n == 1 {
				key = pairs[0].left.name() + "–" + pairs[0].right.name()
			}
			return &StaleError{Op: w.op, Model: r.m.name + "." + r.field, Key: key, Table: r.link.table.String(), Want: n, Got: int(got)}
		}
	}
	return nil
}

func (ls *linkStep) writer(f *flush, args int) *writer {
	s := f.s
	return &writer{db: s.db, ctx: f.ctx, tx: s.tx, op: "delete", model: ls.r.m.name + "." + ls.r.field,
		b: make([]byte, 0, 128+args*3), args: make([]any, 0, args)}
}

func (ls *linkStep) insert(w *writer, pairs []linkChange) {
	r := ls.r
	w.text("INSERT INTO ")
	w.table(r.link.table)
	w.text(" (")
	for i, name := range slices.Concat(r.link.left, r.link.right) {
		w.sep(i, ", ")
		w.ident(name)
	}
	w.text(") VALUES ")
	for i, l := range pairs {
		w.sep(i, ", ")
		w.text("(")
		w.values(r.local, l.left.obj)
		w.text(", ")
		w.values(r.remote, l.right.obj)
		w.text(")")
	}
}

func (ls *linkStep) delete(w *writer, pairs []linkChange) {
	r := ls.r
	w.text("DELETE FROM ")
	w.table(r.link.table)
	w.text(" WHERE ")
	for i, l := range pairs {
		w.sep(i, " OR ")
		if len(pairs) > 1 {
			w.text("(")
		}
		w.linkEquals(r.link.left, r.local, l.left.snap)
		w.text(" AND ")
		w.linkEquals(r.link.right, r.remote, l.right.snap)
		if len(pairs) > 1 {
			w.text(")")
		}
	}
}

// linkEquals writes name = value AND … for the columns one side has in the link.
func (w *writer) linkEquals(names []string, cols []*column, p addr) {
	for i, name := range names {
		w.sep(i, " AND ")
		w.ident(name)
		w.text(" = ")
		w.value(cols[i], p)
	}
}

// runSide deletes all link rows of deleted rows. How many there were nobody knows.
func (ls *linkStep) runSide(f *flush) error {
	names, cols := ls.r.link.left, ls.r.local
	if ls.right {
		names, cols = ls.r.link.right, ls.r.remote
	}
	for cs := range slices.Chunk(ls.side, f.s.db.batchRows(len(cols))) {
		if err := ls.writer(f, len(cs)*len(cols)).deleteOf(ls.r.link.table, names, cols, cs); err != nil {
			return err
		}
	}
	return nil
}

// loadMissing loads a relation of the instances that do not have all of it.
func (s *Session) loadMissing(ctx context.Context, r *relation, owners []*entry) error {
	var missing []addr
	for _, e := range owners {
		if e.state != Pending && e.load(r) != Loaded {
			missing = append(missing, e.obj)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	// A read and the DELETE it leads to belong into one transaction.
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.loadRelation(ctx, r, missing, nil); err != nil {
		return within(fmt.Sprintf("loading %s.%s for the cascade", r.m.name, r.field), err)
	}
	return nil
}
