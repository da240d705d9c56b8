package ingot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
)

// A Session is one unit of work after another, for one goroutine: it keeps one instance
// per row, finds out what became of them, and writes that in one transaction.
//
// Add, Delete, plain assignment, append to and removal from slices are all it takes;
// [Session.Commit] does the rest. A session does nothing before the first statement that
// is needed, and holds no connection between its transactions. Use from two goroutines at
// once is [ErrConcurrent], use after Close [ErrClosed].
type Session struct {
	db   *DB
	opts sessionOptions

	busy     atomic.Bool
	closed   bool
	flushing bool
	failed   error                  // why the session refuses work until Rollback
	mistakes []error                // of Add, Delete and Set, for the next flush
	assigned map[*entry]*assignment // by Set, for the next flush

	committed bool // something is, which no retry may do again

	maps   []*identityMap // by model; nil where none was met
	byAddr *intTable      // by address of the instance; nil until somebody asks
	left   intTable       // those that were here once, by address
	added  []*entry       // pending, in the order they were added
	doomed int            // entries marked for deletion
	count  int
	clock  uint32 // counts savepoints
	marks  int    // counts cascades
	keyBuf []byte

	unit   uint32  // unit of work; values read in an earlier one are not trusted
	tx     *Tx     // nil until a statement needs one
	levels []level // the transaction and its open savepoints
}

// A SessionOption changes how a session works; see [OnTx], [ReadOnly], [Autoflush] and
// [Isolation].
type SessionOption func(*sessionOptions)

type sessionOptions struct {
	joined    *sql.Tx
	noTx      bool // OnTx(nil): a transaction of its own would commit what the caller means to end
	readOnly  bool
	noFlush   bool
	isolation sql.IsolationLevel
	eager     bool // every statement runs in the transaction, reads too
	retries   int
}

// OnTx makes the session work inside a transaction that the caller began and will end.
// Commit then flushes, and Rollback restores the instances; neither touches tx.
func OnTx(tx *sql.Tx) SessionOption {
	return func(o *sessionOptions) { o.joined, o.noTx, o.eager = tx, tx == nil, true }
}

// ReadOnly makes the session refuse to write. With an isolation level its reads share one
// read-only transaction. In a transaction given by [OnTx], which may write, raw text is
// judged by its words: what functions do that it calls is not seen.
func ReadOnly() SessionOption { return func(o *sessionOptions) { o.readOnly = true } }

// Autoflush says whether queries of the session flush first what they might see. Sessions
// do by default.
func Autoflush(on bool) SessionOption { return func(o *sessionOptions) { o.noFlush = !on } }

// Isolation sets the isolation level of the session's transactions. All its statements,
// reads included, then run inside one.
func Isolation(level sql.IsolationLevel) SessionOption {
	return func(o *sessionOptions) { o.isolation = level; o.eager = level != sql.LevelDefault }
}

// Session begins a unit of work. The caller closes it.
func (db *DB) Session(opts ...SessionOption) *Session {
	s := &Session{db: db, unit: 1}
	apply(&s.opts, opts)
	s.levels = []level{{}}
	return s
}

// Add makes an instance pending: the next flush inserts its row, and those of all new
// instances that it reaches through relationships with the save-update cascade. A deleted
// instance becomes persistent again.
//
// The error names what is wrong with x. The next Flush or Commit returns it again, so it
// need not be checked here.
func (s *Session) Add(x any) error { return s.AddAll(x) }

// AddAll is [Session.Add] for several instances, in the order given.
func (s *Session) AddAll(xs ...any) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	var errs []error
	for _, x := range xs {
		if err := s.add(x); err != nil {
			errs = append(errs, within("Add", err))
		}
	}
	s.mistakes = append(s.mistakes, errs...)
	return errors.Join(errs...)
}

// Delete marks a persistent instance: the next flush deletes its row, and does to those
// that hang on it what their relationships' cascades say. A pending instance becomes
// transient again.
//
// The next Flush or Commit returns the error again, so it need not be checked here.
func (s *Session) Delete(x any) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	err := s.markDeleted(x)
	if err != nil {
		err = within("Delete", err)
		s.mistakes = append(s.mistakes, err)
	}
	return err
}

// Flush writes every pending, dirty and deleted instance to the database.
//
// It runs inside the session's transaction and does not commit. Parents are inserted
// before children and deleted after them; equals keep the order they were added in, so
// the same work always sends the same statements. With no work it sends none. On error no
// instance changes state, and the session refuses work with [ErrRolledBack] and the first
// cause until [Session.Rollback].
func (s *Session) Flush(ctx context.Context) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	return s.flush(ctx)
}

// Commit flushes and makes the work of the unit last. Instances stay in the session and
// usable; the next Get or query that meets their rows reads them anew.
//
// If the flush or the COMMIT fails nothing was committed, and the session refuses work
// until [Session.Rollback]. The exception is [ErrCommitUnknown]: the connection was lost
// in the middle of the COMMIT, and only a look at the data can tell what became of it.
func (s *Session) Commit(ctx context.Context) error {
	if err := s.start(); err != nil {
		return err
	}
	defer s.leave()
	return s.commit(ctx)
}

// Rollback undoes the unit of work, in the database and in memory: new instances are
// transient again, without the keys they were given, deleted ones persistent, and changed
// ones have the values last committed, edits never flushed included. A relationship that
// was loaded before the unit wrote anything stays loaded, as it was read; one loaded later is
// not loaded any more. Fields that are not mapped stay as they are. It ends the refusal of a
// session that failed.
func (s *Session) Rollback(ctx context.Context) error {
	if !s.busy.CompareAndSwap(false, true) {
		return ErrConcurrent
	}
	defer s.leave()
	if s.closed {
		return errSessionClosed
	}
	if s.flushing {
		return errors.New("ingot: Rollback inside a flush: return an error from the hook instead")
	}
	return s.rollback(ctx)
}

// Close ends the session. An open transaction is rolled back, in the database and in
// memory, as [Session.Rollback] does. The instances are detached. Closing twice is fine.
func (s *Session) Close() error {
	if !s.busy.CompareAndSwap(false, true) {
		return ErrConcurrent
	}
	defer s.leave()
	if s.closed {
		return nil
	}
	if s.flushing {
		return errors.New("ingot: Close inside a flush: return an error from the hook instead")
	}
	var err error
	if s.tx != nil {
		err = s.rollback(context.Background())
	}
	s.closed = true
	return err
}

// State says where an instance stands. Nil, and what is no pointer to a model, is
// [Transient]. After Close every instance the session had is [Detached].
func (s *Session) State(x any) State {
	if !s.busy.CompareAndSwap(false, true) {
		return Transient
	}
	defer s.leave()
	m, p, err := s.db.instance(x)
	if err != nil {
		return Transient
	}
	if e := s.find(m, p); e != nil {
		if s.closed && e.owned() && e.state != Pending {
			return Detached
		}
		return e.state
	}
	if e := s.left.get(number(p)); e != nil {
		return e.state
	}
	return Transient
}

// Contains reports whether the session would write the instance: it is pending,
// persistent or deleted.
func (s *Session) Contains(x any) bool {
	switch s.State(x) {
	case Pending, Persistent, Deleted:
		return true
	}
	return false
}

// Loaded says how much of a relationship is in memory: s.Loaded(user, &user.Addresses).
// Only what is loaded can be removed; what was not loaded is never taken for removed.
func (s *Session) Loaded(x, field any) LoadState {
	if !s.busy.CompareAndSwap(false, true) {
		return NotLoaded
	}
	defer s.leave()
	m, p, err := s.db.instance(x)
	if err != nil {
		return NotLoaded
	}
	r, err := m.relationOf(p, field)
	if err != nil {
		return NotLoaded
	}
	if e := s.find(m, p); e != nil {
		return e.load(r)
	}
	return NotLoaded
}

// New returns the pending instances in the order they were added.
func (s *Session) New() []any {
	return s.view(func(e *entry) bool { return e.state == Pending })
}

// Dirty returns the persistent instances that differ from what the database has, by model
// and in the order they came.
func (s *Session) Dirty() []any {
	return s.view(s.edited)
}

func (s *Session) edited(e *entry) bool {
	return e.state == Persistent && (e.dirty() || s.assigned[e] != nil)
}

// Deleted returns the instances whose rows go at the next flush.
func (s *Session) Deleted() []any {
	return s.view(func(e *entry) bool { return e.state == Deleted })
}

func (s *Session) view(is func(*entry) bool) []any {
	if !s.busy.CompareAndSwap(false, true) {
		return nil
	}
	defer s.leave()
	var xs []any
	for _, c := range s.maps {
		if c == nil {
			continue
		}
		for _, e := range c.all {
			if e != nil && is(e) {
				xs = append(xs, e.m.instance(e.obj))
			}
		}
	}
	return xs
}

// start begins a call on the session, or says why it cannot be made.
func (s *Session) start() error {
	if !s.busy.CompareAndSwap(false, true) {
		return ErrConcurrent
	}
	if err := s.usable(); err != nil {
		s.leave()
		return err
	}
	return nil
}

// leave ends a call on the session.
func (s *Session) leave() { s.busy.Store(false) }

// usable says why the session refuses work; nil if it does not.
func (s *Session) usable() error {
	switch {
	case s.closed:
		return errSessionClosed
	case s.failed != nil:
		return fmt.Errorf("%w, because of: %w", ErrRolledBack, s.failed)
	}
	return nil
}

// fail makes the session refuse work until Rollback, with the first cause.
func (s *Session) fail(err error) error {
	if s.failed == nil {
		s.failed = err
	}
	return err
}

var errSessionClosed = fmt.Errorf("%w of the session", ErrClosed)

// add makes an instance pending, with what it reaches.
func (s *Session) add(x any) error {
	m, p, err := s.writable(x)
	if err != nil {
		return err
	}
	e := s.find(m, p)
	if e == nil {
		e = s.readmit(p)
	}
	switch {
	case e == nil:
		e = s.makePending(m, p)
	case e.state == Deleted:
		s.record(e)
		e.state = Persistent
		s.doomed--
	}
	e.explicit = true
	return s.reach(e)
}

// makePending makes a new instance pending.
func (s *Session) makePending(m *mapper, p addr) *entry {
	e := s.newEntry(m, p)
	s.record(e)
	e.state = Pending
	s.added = append(s.added, e)
	return e
}

// markDeleted marks an instance for deletion.
func (s *Session) markDeleted(x any) error {
	m, p, err := s.writable(x)
	if err != nil {
		return err
	}
	e := s.find(m, p)
	switch {
	case e == nil && s.left.get(number(p)) != nil:
		return fmt.Errorf("%s: %w", m.keyName(p), ErrDetached)
	case e == nil:
		return fmt.Errorf("%s is not in this session: get it with Get or a query, or Attach it", m.keyName(p))
	case e.state == Pending:
		s.dismissPending(e)
	case e.state == Persistent:
		s.record(e)
		e.state = Deleted
		s.doomed++
	}
	return nil
}

// dismissPending makes a pending instance transient again.
func (s *Session) dismissPending(e *entry) {
	s.record(e)
	s.dismiss(e, Transient)
}

// readmit takes back a persistent instance that was expunged, if nobody has its key now.
func (s *Session) readmit(p addr) *entry {
	e := s.left.get(number(p))
	if e == nil || !e.expunged || e.snap == nil {
		return nil
	}
	k, ok, err := s.keyOf(e.m.key, e.snap)
	if err != nil || !ok || s.identityMap(e.m).lookup(k) != nil {
		return nil
	}
	s.record(e)
	e.state, e.expunged = Persistent, false
	s.enrol(e)
	s.identityMap(e.m).register(k, e)
	return e
}

// writable checks what was given to Add or Delete.
func (s *Session) writable(x any) (*mapper, addr, error) {
	m, p, err := s.db.instance(x)
	switch {
	case err != nil:
		return nil, nil, err
	case s.opts.readOnly:
		return nil, nil, fmt.Errorf("%s: %w session", m.name, ErrReadOnly)
	case m.view:
		return nil, nil, fmt.Errorf("%s is a view: %w", m.name, ErrReadOnly)
	}
	return m, p, nil
}

// instance finds the mapper of x and its address. The error says what x is instead of a
// pointer to a model.
func (db *DB) instance(x any) (*mapper, addr, error) {
	if x == nil {
		return nil, nil, errors.New("got nil, want a pointer to a model")
	}
	p, t := addrOf(x)
	switch {
	case t == nil:
		return nil, nil, fmt.Errorf("got %T, want a pointer: &x", x)
	case p == nil:
		return nil, nil, fmt.Errorf("got a nil %T", x)
	}
	m, err := db.models.of(t)
	return m, p, err
}

// relationOf finds the relation of which field is the address in instance p.
func (m *mapper) relationOf(p addr, field any) (*relation, error) {
	f, t := addrOf(field)
	if f != nil {
		for _, r := range m.relations {
			if r.at(p) == f && r.typ == t {
				return r, nil
			}
		}
	}
	return nil, fmt.Errorf("ingot: %T is not a relationship of this %s: give the address of one of its fields, &x.%s", field, m.name, m.firstRelation())
}

func (m *mapper) firstRelation() string {
	if len(m.relations) == 0 {
		return "Field"
	}
	return m.relations[0].field
}
