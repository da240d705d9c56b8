package ingot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Transactions: when one begins, what is remembered to undo it in memory, and how it ends.
//
// The memory of a session has levels as its transaction has savepoints. The first change
// of an entry at a level leaves a record of how it was; undoing a level goes through its
// records backwards. Releasing a savepoint hands the records to the level below.
//
// What was only read is a change as well, where the level has written before: it may be the
// level's own doing. What was read before is what is committed, and stays.

// A level is the transaction, or a savepoint in it, as far as memory is concerned.
type level struct {
	name  string // of the savepoint; empty for the transaction
	log   []undoRecord
	born  []*entry // those that the session did not know before
	clock uint32   // of the session when the level began
	wrote bool     // something was sent that may have written
	open  bool     // somebody else may write at any time
}

// An undoRecord is how an entry was before its first change at a level.
type undoRecord struct {
	e        *entry
	snap     addr
	loads    []relLoad
	lacks    *lack
	state    State
	explicit bool
	depth    int32 // of the record before this one
}

// record remembers how an entry is, once per level.
func (s *Session) record(e *entry) {
	s.recordAt(e, len(s.levels))
}

// recordRead is record for an entry that takes in what was read.
func (s *Session) recordRead(e *entry) {
	depth := len(s.levels)
	for depth > 0 && !s.levels[depth-1].wrote && s.opts.joined == nil {
		depth--
	}
	switch {
	case int(e.depth) > depth:
		s.record(e)
	case depth > 0:
		s.recordAt(e, depth)
	}
}

// recordAt remembers how an entry is, at the level of a depth.
func (s *Session) recordAt(e *entry, depth int) {
	if int(e.depth) == depth {
		return
	}
	l := &s.levels[depth-1]
	if e.state == Transient {
		l.born = append(l.born, e)
	} else {
		l.log = append(l.log, undoRecord{e: e, state: e.state, explicit: e.explicit, snap: e.snap, loads: e.loads, lacks: e.lacks, depth: e.depth})
		if e.loads != nil {
			e.loads = append([]relLoad(nil), e.loads...)
		}
	}
	e.depth = int32(depth)
}

// writes notes that something is sent that may write.
func (s *Session) writes() { s.levels[len(s.levels)-1].wrote = true }

// undoLevel brings the entries that the top level has changed back to what they were.
func (s *Session) undoLevel() {
	top := &s.levels[len(s.levels)-1]
	// Keys may have wandered from one entry to another: all leave, then all return.
	for i := range top.log {
		if e := top.log[i].e; e.state == Persistent || e.state == Deleted {
			s.forgetKey(s.identityMap(e.m), e)
		}
	}
	var out []*entry
	for _, e := range top.born {
		if e.state == Persistent || e.state == Deleted {
			s.forgetKey(s.identityMap(e.m), e)
		}
		s.takeBack(e)
		if e.owned() {
			out = append(out, e)
		} else if s.left.get(number(e.obj)) == e {
			s.left.delete(number(e.obj))
		}
	}
	s.dismissAll(out, Transient)
	for _, e := range top.born {
		e.state, e.explicit, e.snap, e.loads, e.lacks, e.depth = Transient, false, nil, nil, nil, 0
	}
	for i := range top.log {
		u := &top.log[i]
		e := u.e
		was := e.owned()
		if e.expunged {
			continue
		}
		e.state, e.explicit, e.snap, e.loads, e.lacks, e.depth = u.state, u.explicit, u.snap, u.loads, u.lacks, u.depth
		if e.state == Persistent || e.state == Deleted {
			if !was {
				s.enrol(e)
			}
			s.takeKeyBack(e)
			e.unload()
		}
	}
	top.log, top.born = nil, nil
	s.recount()
}

// unload makes empty collections nil that are not loaded any more.
func (e *entry) unload() {
	for _, r := range e.m.relations {
		if r.kind.toMany() && r.isNil(e.snap) && len(r.many(e.obj)) == 0 {
			r.setMany(e.obj, nil)
		}
	}
}

// takeBack makes a new instance what it was before it was first written: the key it was
// given and all else that the flush filled in go, what the program has set stays.
func (s *Session) takeBack(e *entry) {
	if e.before == nil {
		return
	}
	m := e.m
	for _, c := range m.columns {
		if c.differs(e.before, e.snap) && (c.pk || !c.differs(e.obj, e.snap)) {
			c.codec.save(c.at(e.obj), c.at(e.before))
		}
	}
	for _, r := range m.relations {
		filled := r.differs(e.before, e.snap) || r.isNil(e.before) // an empty collection, given to a new row
		if filled && !r.differs(e.obj, e.snap) {
			r.copy(e.obj, e.before)
		}
	}
	e.before, e.snap, e.loads = nil, nil, nil
}

// restore gives all persistent instances the values of their snapshots, edits never
// flushed included. Fields that are not mapped stay.
func (s *Session) restore() {
	for _, c := range s.maps {
		if c == nil {
			continue
		}
		for _, e := range c.all {
			if e != nil && e.snap != nil && e.dirty() {
				s.forgetEdited(e)
				e.reset()
			}
		}
	}
}

// forgetEdited forgets the references of an instance that were read by foreign keys that are
// edited, and taken back now.
func (s *Session) forgetEdited(e *entry) {
	for _, ref := range s.db.layout().refs[e.m.index] {
		if !slices.ContainsFunc(ref.columns, func(c *column) bool { return c.differs(e.obj, e.snap) }) {
			continue
		}
		for _, r := range ref.up {
			if e.load(r) == NotLoaded {
				continue
			}
			if p := r.one(e.snap); p != nil {
				if t := s.find(r.target, p); t != nil && t.snap != nil && s.refers(e.snap, ref, t.snap) {
					continue
				}
			}
			snap := s.identityMap(e.m).snaps.next()
			e.m.snapshot(snap, e.snap)
			r.setOne(snap, nil)
			e.snap = snap
			e.setLoad(r, NotLoaded, 0)
		}
	}
}

// reset gives an instance the values of its snapshot.
func (e *entry) reset() {
	for _, c := range e.m.columns {
		if c.differs(e.obj, e.snap) {
			c.codec.save(c.at(e.obj), c.at(e.snap))
		}
	}
	for _, r := range e.m.relations {
		if r.differs(e.obj, e.snap) {
			r.copy(e.obj, e.snap)
		}
	}
}

// recount finds out again who is pending and who is marked.
func (s *Session) recount() {
	kept := s.added[:0]
	for _, e := range s.added {
		if e.state == Pending {
			kept = append(kept, e)
		}
	}
	clear(s.added[len(kept):])
	s.added = kept
	s.doomed = 0
	for _, c := range s.maps {
		if c == nil {
			continue
		}
		for _, e := range c.all {
			if e != nil && e.state == Deleted {
				s.doomed++
			}
		}
	}
}

// begin begins the transaction, if it has not been.
func (s *Session) begin(ctx context.Context) error {
	if s.tx != nil {
		return nil
	}
	var err error
	switch {
	case s.opts.noTx:
		err = errors.New("ingot: OnTx(nil): give it the *sql.Tx that BeginTx returned, or leave it out")
	case s.opts.joined != nil:
		if s.tx, err = s.db.join(ctx, s.opts.joined); s.tx != nil {
			s.tx.reads = s.opts.readOnly
		}
	default:
		s.tx, err = s.db.begin(ctx, TxOptions{Isolation: s.opts.isolation, ReadOnly: s.opts.readOnly})
	}
	return err
}

// reading begins the transaction where even a read needs it.
func (s *Session) reading(ctx context.Context) error {
	if s.opts.eager {
		return s.begin(ctx)
	}
	return nil
}

// commit flushes and ends the transaction.
func (s *Session) commit(ctx context.Context) error {
	if s.flushing {
		return errors.New("ingot: Commit inside a flush: the flush that called the hook belongs to one already, or to none")
	}
	if len(s.levels) > 1 {
		return errors.New("ingot: Commit inside Savepoint: let its function return first")
	}
	if err := s.flushAll(ctx); err != nil {
		return err
	}
	if s.tx != nil {
		tx := s.tx
		s.tx = nil
		if err := tx.commit(ctx); err != nil {
			if errors.Is(err, ErrCommitUnknown) {
				s.settled() // nobody knows what to restore
			}
			return s.fail(canceled(ctx, err))
		}
	}
	s.committed = s.committed || s.levels[0].wrote
	s.settled()
	if s.opts.joined == nil {
		s.hookAfterCommit(ctx)
	}
	return nil
}

// settled ends a unit of work of which nothing is to be undone any more.
func (s *Session) settled() {
	for _, u := range s.levels[0].log {
		u.e.depth, u.e.before = 0, nil
	}
	for _, e := range s.levels[0].born {
		e.depth, e.before = 0, nil
	}
	s.levels = append(s.levels[:0], level{clock: s.clock})
	s.unit++
}

// rollback undoes the transaction and memory with it.
func (s *Session) rollback(ctx context.Context) error {
	var err error
	if s.tx != nil {
		err = s.tx.rollback(ctx)
		s.tx = nil
	}
	for len(s.levels) > 1 {
		s.undoLevel()
		s.levels = s.levels[:len(s.levels)-1]
	}
	s.undoLevel()
	s.restore()
	s.levels = append(s.levels[:0], level{clock: s.clock})
	s.unit++
	s.failed, s.mistakes, s.assigned = nil, nil, nil
	if err != nil {
		// The connection is gone and the transaction with it; there is nothing to do.
		return within("ROLLBACK failed, the connection was given up", err)
	}
	return nil
}

// Savepoint runs fn inside a savepoint of the session's transaction. If fn returns an
// error, or something in it failed, what happened since is undone, in the database and in
// memory as [Session.Rollback] does, and the session is usable as before; the error is
// handed on. What was unsaved is flushed first, so that it belongs to the transaction and
// not to the savepoint.
func (s *Session) Savepoint(ctx context.Context, fn func() error) error {
	if fn == nil {
		return errors.New("ingot: Savepoint without a function")
	}
	name, err := s.savepoint(ctx)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // fn has panicked
			_ = s.endSavepoint(ctx, name, errors.New("ingot: panic"))
		}
	}()
	err = fn()
	done = true
	return s.endSavepoint(ctx, name, err)
}

func (s *Session) savepoint(ctx context.Context) (string, error) {
	if err := s.start(); err != nil {
		return "", err
	}
	defer s.leave()
	if err := s.flush(ctx); err != nil {
		return "", err
	}
	if err := s.begin(ctx); err != nil {
		return "", err
	}
	name, err := s.tx.savepoint(ctx)
	if err != nil {
		return "", s.fail(err)
	}
	s.clock++
	open := s.levels[len(s.levels)-1].open
	s.levels = append(s.levels, level{name: name, clock: s.clock, wrote: open, open: open})
	return name, nil
}

// endSavepoint releases a savepoint, or goes back to it when err is not nil or the session
// has failed meanwhile.
func (s *Session) endSavepoint(ctx context.Context, name string, err error) error {
	if !s.busy.CompareAndSwap(false, true) {
		return errors.Join(err, ErrConcurrent)
	}
	defer s.leave()
	top := len(s.levels) - 1
	if s.closed || top < 1 || s.levels[top].name != name {
		// Rollback inside fn has ended the transaction, savepoints and all.
		return errors.Join(err, errors.New("ingot: the transaction ended inside Savepoint"))
	}
	if err == nil && s.failed == nil {
		if err = s.flush(ctx); err == nil {
			if err = s.tx.releaseTo(ctx, name); err == nil {
				s.mergeLevel()
				return nil
			}
		}
	}
	if err == nil {
		err = s.failed
	}
	if back := s.tx.rollbackTo(ctx, name); back != nil {
		s.mergeLevel()
		return s.fail(errors.Join(err, back))
	}
	clock := s.levels[top].clock
	s.undoLevel()
	s.levels = s.levels[:top]
	s.restore()
	s.distrust(clock)
	s.failed, s.mistakes, s.assigned = nil, nil, nil
	return err
}

// mergeLevel hands the records of the top level to the one below, which keeps its own
// where it has older ones.
func (s *Session) mergeLevel() {
	top := len(s.levels) - 1
	below := &s.levels[top-1]
	for _, u := range s.levels[top].log {
		if u.depth < int32(top) {
			below.log = append(below.log, u)
		}
		u.e.depth = int32(top)
	}
	for _, e := range s.levels[top].born {
		e.depth = int32(top)
	}
	below.born = append(below.born, s.levels[top].born...)
	below.wrote, below.open = below.wrote || s.levels[top].wrote, below.open || s.levels[top].open
	s.levels = s.levels[:top]
}

// distrust makes the session read again what it has read since a time of its clock.
func (s *Session) distrust(clock uint32) {
	for _, c := range s.maps {
		if c == nil {
			continue
		}
		for _, e := range c.all {
			if e != nil && e.read >= clock {
				e.unit = 0
			}
		}
	}
}

// Tx begins the session's transaction, if it has not been, and hands it out for
// statements of one's own. What was unsaved is flushed first. It ends with the session's
// Commit or Rollback. Rows written through it are not known to the session: see
// [Session.Refresh].
func (s *Session) Tx(ctx context.Context) (*Tx, error) {
	if err := s.start(); err != nil {
		return nil, err
	}
	defer s.leave()
	if !s.opts.noFlush && !s.flushing {
		if err := s.flush(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	s.writes()
	s.levels[len(s.levels)-1].open = true
	return s.tx, nil
}

// Exec runs one statement in the session's transaction. What was unsaved is flushed
// first. Instances do not learn of what it changes: see [Session.Refresh].
func (s *Session) Exec(ctx context.Context, text TrustedSQL, args ...any) (sql.Result, error) {
	tx, err := s.Tx(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	defer s.leave()
	if s.opts.readOnly {
		return nil, fmt.Errorf("ingot: Exec: %w session", ErrReadOnly)
	}
	return tx.ExecContext(ctx, string(text), args...)
}

// Retry makes [DB.Transaction] run its function again, up to n more times, with a fresh
// session, when the database ended the transaction for a reason that is gone on the second
// try: a serialization failure or a deadlock. The waits grow and are random. A function that
// has committed a part itself is not run again, since that part would be done twice.
func Retry(n int) SessionOption { return func(o *sessionOptions) { o.retries = n } }

// Transaction runs fn with a session whose statements all run in one transaction, reads
// too. It commits when fn returns nil; otherwise it rolls back and returns fn's error. The
// session is closed afterwards: what fn has loaded stays usable as plain structs.
func (db *DB) Transaction(ctx context.Context, fn func(s *Session) error, opts ...SessionOption) error {
	if fn == nil {
		return errors.New("ingot: Transaction without a function")
	}
	for try := 0; ; try++ {
		s := db.Session(opts...)
		s.opts.eager = true
		err := s.transact(ctx, fn)
		if err == nil || try >= s.opts.retries || s.committed || s.opts.joined != nil || !db.mayRetry(err) {
			return err
		}
		// Full jitter over a window that doubles: those who collided spread out.
		window := min(time.Second, 10*time.Millisecond<<min(try, 10))
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(time.Duration(rand.Int64N(int64(window))) + time.Millisecond):
		}
	}
}

func (s *Session) transact(ctx context.Context, fn func(s *Session) error) (err error) {
	defer func() { err = also(err, s.Close()) }()
	err = fn(s)
	if err == nil {
		err = s.Commit(ctx)
	}
	if err == nil || errors.Is(err, ErrCommitUnknown) {
		return err
	}
	return also(err, s.Rollback(context.WithoutCancel(ctx)))
}

// also joins an error that happened later; alone, the first one stays as it is.
func also(err, later error) error {
	if later == nil {
		return err
	}
	return errors.Join(err, later)
}

// mayRetry reports whether an error means that the same transaction may succeed if run
// again from its beginning.
func (db *DB) mayRetry(err error) bool {
	return !errors.Is(err, ErrCommitUnknown) && db.classify(err).Retry
}
