package ingot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Running revisions. What is to do is worked out twice: before the lock, so that a database
// that is up to date costs two reads and no lock, and again inside the transaction of each
// revision, so that of several migrators at once each finds what the others left.

// A view is the graph and what the database says about it.
type view struct {
	g       *graph
	d       SchemaDialect
	state   *migrationState
	applied nodeSet           // the known revisions that are applied
	unknown []AppliedRevision // applied, and not among the program's revisions
}

func (m *Migrator) schemaDialect() (SchemaDialect, error) {
	d, ok := m.db.dialect.(SchemaDialect)
	if !ok {
		return nil, fmt.Errorf("ingot: dialect %s knows nothing of schemas: migrations need a SchemaDialect", m.db.dialect.Name())
	}
	return d, nil
}

// look reads the state outside of any transaction.
func (m *Migrator) look(ctx context.Context) (*view, error) {
	g, err := m.revs.graph()
	if err != nil {
		return nil, err
	}
	d, err := m.schemaDialect()
	if err != nil {
		return nil, err
	}
	var state *migrationState
	err = m.patiently(ctx, func() (err error) {
		state, err = m.db.readState(ctx, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	return newView(g, d, state), nil
}

func newView(g *graph, d SchemaDialect, state *migrationState) *view {
	v := &view{g: g, d: d, state: state, applied: g.set()}
	for i := range state.rows {
		r := &state.rows[i]
		if n := g.byID[r.ID]; n != nil {
			r.Known = true
			v.applied.add(n)
		} else {
			v.unknown = append(v.unknown, *r)
		}
	}
	return v
}

// heads are the applied revisions that no other applied one needs, by the program's graph
// and, for those it does not know, by what the database has stored.
func (v *view) heads() []AppliedRevision {
	needed := map[string]bool{}
	for _, r := range v.state.rows {
		if n := v.g.byID[r.ID]; n != nil {
			for _, d := range slices.Concat(n.parents, n.deps) {
				needed[d.ID] = true
			}
		} else {
			for _, id := range slices.Concat(r.Parents, r.DependsOn) {
				needed[id] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(v.state.rows), func(r AppliedRevision) bool { return needed[r.ID] })
}

// upToDate is nil when all that the program knows is applied.
func (v *view) upToDate() error {
	if err := v.refuseUnknown(); err != nil {
		return err
	}
	var waiting []*node
	for _, n := range v.g.nodes {
		if !v.applied.has(n) {
			waiting = append(waiting, n)
		}
	}
	if len(waiting) > 0 {
		return fmt.Errorf("%w: it is at %s, and %s waiting: %s", ErrBehind,
			cmp.Or(idList(v.g.headsOf(v.applied)), "base"), counted(len(waiting), "revision is", "revisions are"), idList(waiting))
	}
	return nil
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// refuseUnknown is the error for a database that is at revisions this program does not
// have.
func (v *view) refuseUnknown() error {
	var errs []error
	for i := range v.unknown {
		u := &v.unknown[i]
		errs = append(errs, &UnknownRevisionError{ID: u.ID, Text: ": the database has it, " + u.describe() +
			"; is the program older than the database, or the file of the revision missing?"})
	}
	return errors.Join(errs...)
}

// refuseEdited is the error for applied revisions whose steps are not what was run.
func (v *view) refuseEdited() error {
	var errs []error
	for _, r := range v.state.rows {
		n := v.g.byID[r.ID]
		if n == nil {
			continue
		}
		hash, err := n.upgradeHash()
		if err != nil {
			errs = append(errs, within(fmt.Sprintf("revision %s", n.ID), err))
		} else if version, _, _ := strings.Cut(r.Hash, ":"); strings.HasPrefix(hash, version+":") && hash != r.Hash {
			errs = append(errs, fmt.Errorf("%w: %s, %s; put it back as it was, and the change into a new revision", ErrEdited, r.ID, r.describe()))
		}
	}
	return errors.Join(errs...)
}

// refuseUndoing is the error for a revision, among those the program knows, of which a
// downgrade was begun and not finished.
func (v *view) refuseUndoing() error {
	if len(v.state.undoing) == 0 {
		return nil
	}
	n := v.g.byID[v.state.undoing[0]]
	return fmt.Errorf("ingot: the downgrade of revision %s was begun and not finished: run it again (downgrade %s)", n.ID, cmp.Or(strings.Join(ids(n.parents), " "), "base"))
}

// upgrade returns the revisions it ran.
func (m *Migrator) upgrade(ctx context.Context, targets []string) ([]*node, error) {
	v, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	if m.ahead && len(v.unknown) > 0 {
		return nil, nil
	}
	plan, err := m.upgradePlan(v, targets)
	if err != nil || len(plan) == 0 {
		return nil, err
	}
	// Relative targets count from where the database was, so they are resolved once.
	return m.run(ctx, v, false, plan, func(v *view) ([]*node, error) {
		return slices.DeleteFunc(slices.Clone(plan), v.applied.has), v.refuse(m)
	})
}

// refuse checks what both directions check.
func (v *view) refuse(m *Migrator) error {
	err := v.refuseUnknown()
	if err == nil && !m.edited {
		err = v.refuseEdited()
	}
	return err
}

// upgradePlan is what to run for the targets, head if none is given.
func (m *Migrator) upgradePlan(v *view, targets []string) ([]*node, error) {
	if err := v.refuse(m); err != nil {
		return nil, err
	}
	if err := v.refuseUndoing(); err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		targets = []string{"head"}
	}
	plan, err := v.g.planUpgrade(v.applied, targets...)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, n := range plan {
		errs = append(errs, checkSteps(n, n.Upgrade))
	}
	return plan, errors.Join(errs...)
}

// downgrade returns the revisions it undid.
func (m *Migrator) downgrade(ctx context.Context, target string) ([]*node, error) {
	v, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	plan, err := m.downgradePlan(v, target)
	if err != nil || len(plan) == 0 {
		return nil, err
	}
	return m.run(ctx, v, true, plan, func(v *view) ([]*node, error) {
		present := v.present()
		return slices.DeleteFunc(slices.Clone(plan), func(n *node) bool { return !present.has(n) }), v.refuse(m)
	})
}

// present is what is applied, in part or as a whole.
func (v *view) present() nodeSet {
	s := slices.Clone(v.applied)
	for _, id := range v.state.partial {
		if n := v.g.byID[id]; n != nil {
			s.add(n)
		}
	}
	return s
}

func (m *Migrator) downgradePlan(v *view, target string) ([]*node, error) {
	if err := v.refuse(m); err != nil {
		return nil, err
	}
	plan, err := v.g.planDowngrade(v.present(), target)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, n := range plan {
		steps, err := n.DowngradeSteps()
		errs = append(errs, err, checkSteps(n, steps))
	}
	return plan, errors.Join(errs...)
}

// checkSteps finds what would fail before anything runs.
func checkSteps(n *node, steps []Step) error {
	if _, err := HashSteps(steps); err != nil {
		return within(fmt.Sprintf("revision %s", n.ID), err)
	}
	for i, s := range steps {
		if do, ok := s.(Do); ok && (do.Func == nil) == (do.Batch == nil) {
			what := "it has no Func"
			if do.Func != nil {
				what = "it has a Func and a Batch: which is meant?"
			}
			return fmt.Errorf("ingot: revision %s: step %d, %s: %s", n.ID, i+1, do, what)
		}
	}
	return nil
}

// run runs revisions under the lock. pending says, given the state inside the transaction,
// what is still to do.
func (m *Migrator) run(ctx context.Context, v *view, down bool, plan []*node, pending func(*view) ([]*node, error)) (done []*node, err error) {
	err = m.locked(ctx, func(lock MigrationLock) error {
		var r *revisionRun
		for _, next := range plan {
			if lock != nil {
				if err := lock.Check(ctx); err != nil {
					return err
				}
			}
			r = &revisionRun{m: m, d: v.d, g: v.g, down: down, exists: v.state.exists || r != nil, pending: pending, guess: next, last: r}
			if err := r.run(ctx); err != nil {
				return err
			}
			if r.n == nil {
				return nil // others have done the rest
			}
			r.last = nil
			done = append(done, r.n)
		}
		return nil
	})
	return done, err
}

// locked runs fn with the lock against other migrators, where the dialect has one; lock is
// nil where not.
func (m *Migrator) locked(ctx context.Context, fn func(lock MigrationLock) error) (err error) {
	locker, ok := m.db.dialect.(MigrationLocker)
	if !ok {
		return fn(nil)
	}
	if m.db.sqldb.Stats().MaxOpenConnections == 1 {
		return errors.New("ingot: migrating takes two connections, of which one holds the lock against other migrators, and the pool is limited to one: allow it two with SetMaxOpenConns, at least while migrating")
	}
	conn, err := m.db.conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	wait, cancel := context.WithTimeout(ctx, m.wait)
	defer cancel()
	lock, err := locker.LockMigrations(wait, conn, &m.db.server)
	switch {
	case err != nil && wait.Err() != nil && ctx.Err() == nil:
		return within("another migrator holds the lock of this database", err)
	case err != nil:
		return within("no lock against other migrators", err)
	}
	defer func() {
		free, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, lock.Unlock(free))
	}()
	return fn(lock)
}

// patiently runs fn again while another migrator holds what it needs.
func (m *Migrator) patiently(ctx context.Context, fn func() error) error {
	end := time.Now().Add(m.wait)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		err := fn()
		if err == nil || !m.db.lockedOut(err) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// lockedOut reports whether err says that somebody else holds a lock. Errors met while
// reading rows come as the driver made them.
func (db *DB) lockedOut(err error) bool {
	return errors.Is(err, ErrLock) || db.classify(err).Kind == ErrLock
}

// transaction runs fn in a transaction on a connection that is in the mode steps need.
func (m *Migrator) transaction(ctx context.Context, steps []Step, fn func(*Tx) error) (err error) {
	db := m.db
	conn, err := db.writer(ctx)
	if err != nil {
		return err
	}
	tx := &Tx{db: db, conn: conn}
	// What has to happen in the end happens whatever became of ctx.
	after := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	}
	mode, _ := db.dialect.(MigrationConn)
	if len(steps) == 0 {
		mode = nil
	}
	bad := false // the connection is in a state nobody knows
	defer func() { _ = tx.release(bad) }()
	if mode != nil {
		end, err := mode.BeginMigration(ctx, tx, steps, &db.server)
		if err != nil {
			bad = !db.single // an in-memory database would go with its connection
			return err
		}
		if end != nil {
			defer func() {
				ctx, cancel := after()
				defer cancel()
				tx.ended = nil
				bad = end(ctx) != nil || bad
			}()
		}
	}
	defer func() {
		if err != nil && !errors.Is(err, ErrCommitUnknown) {
			ctx, cancel := after()
			defer cancel()
			tx.ended = nil // ROLLBACK is the one statement that always may be sent
			_, e := db.exec(ctx, tx, statement{op: "rollback", sql: "ROLLBACK"})
			bad = bad || e != nil && !db.classify(e).NoTx
		}
	}()
	texts, err := db.dialect.BeginSQL(TxOptions{}, &db.server)
	if err != nil {
		return err
	}
	for _, text := range texts {
		if err := m.send(ctx, tx, "begin", text); err != nil {
			return err
		}
	}
	if err := fn(tx); err != nil {
		return err
	}
	if mode != nil {
		if err := mode.CheckMigration(ctx, tx, steps, &db.server); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := m.send(context.WithoutCancel(ctx), tx, "commit", "COMMIT"); err != nil {
		if unknownOutcome(err) {
			bad = true
			return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
		}
		return err
	}
	return nil
}

// send sends BEGIN or COMMIT, which wait for locks of others.
func (m *Migrator) send(ctx context.Context, tx *Tx, op, text string) error {
	return m.patiently(ctx, func() error {
		_, err := m.db.exec(ctx, tx, statement{op: op, sql: text})
		return err
	})
}

// ensure makes the tables of the state.
func (m *Migrator) ensure(ctx context.Context, d SchemaDialect) error {
	return m.transaction(ctx, nil, func(tx *Tx) error { return stateStore{m.db, tx}.ensure(ctx, d) })
}

// A revisionRun runs one revision, up or down.
type revisionRun struct {
	m       *Migrator
	d       SchemaDialect
	g       *graph
	down    bool
	exists  bool // the tables of the state are there
	pending func(*view) ([]*node, error)
	guess   *node // what is probably next

	n       *node // what is run; nil: nothing is left to do
	whole   bool  // undoing: n was applied as a whole
	steps   []Step
	first   int     // steps done by an earlier run
	unsure  bool    // the first step was under way when an earlier run died
	met     *Schema // the schema the revision met
	before  *Schema // the schema the next step meets; nil: not known, inspect
	sent    int     // steps whose statements have been sent, along with an earlier step's
	state   *migrationState
	last    *revisionRun // the run before this one; nil: none
	started time.Time
	failed  *stepRow // the step under way
}

// errOtherNext reports that another revision is next than was guessed.
var errOtherNext = errors.New("ingot: another revision is next")

// run chooses the next revision and runs it.
func (r *revisionRun) run(ctx context.Context) (err error) {
	for {
		if r.m.db.server.TransactionalDDL {
			err = r.runWhole(ctx)
		} else {
			err = r.runStepwise(ctx)
		}
		if err != errOtherNext {
			break
		}
		r.guess, r.n, r.unsure, r.before, r.met = r.n, nil, false, nil, nil
	}
	switch {
	case r.n == nil:
		return err
	case err == nil:
		r.report(Progress{Done: true, Took: time.Since(r.started)})
		return nil
	}
	e := &MigrationError{Revision: r.n.ID, Message: r.n.Message, Down: r.down, Err: err}
	if r.failed != nil {
		e.Step, e.What = r.failed.step, r.failed.what
		r.noteFailure(ctx, err)
	}
	return e
}

// runWhole runs a revision in one transaction, cut only where a step must not be in one.
func (r *revisionRun) runWhole(ctx context.Context) error {
	at, chosen := 0, false
	for {
		outside := false
		err := r.m.transaction(ctx, r.guessedSteps(), func(tx *Tx) error {
			if !chosen {
				if err := r.choose(ctx, tx); err != nil || r.n == nil {
					return err
				}
				// The connection was prepared for the steps of the guess.
				if r.n != r.guess {
					return errOtherNext
				}
				at, chosen = r.first, true
				r.report(Progress{})
			}
			for ; at < len(r.steps); at++ {
				if r.outside(r.steps[at]) || batched(r.steps[at]) {
					outside = true
					return nil
				}
				if err := r.step(ctx, tx, at); err != nil {
					return err
				}
			}
			return r.finish(ctx, tx)
		})
		if err != nil || !outside {
			return err
		}
		if err := r.stepAlone(ctx, at); err != nil {
			return err
		}
		at++
	}
}

// guessedSteps are the steps the connection is prepared for.
func (r *revisionRun) guessedSteps() []Step {
	if r.guess == nil {
		return nil
	}
	if !r.down {
		return r.guess.Upgrade
	}
	steps, _ := r.guess.DowngradeSteps()
	return steps
}

// runStepwise runs each step in a transaction of its own, because DDL would end any.
func (r *revisionRun) runStepwise(ctx context.Context) error {
	if err := r.choose(ctx, poolQueryer{r.m.db}); err != nil || r.n == nil {
		return err
	}
	r.report(Progress{})
	for at := r.first; at < len(r.steps); at++ {
		if err := r.stepAlone(ctx, at); err != nil {
			return err
		}
	}
	return r.m.transaction(ctx, nil, func(tx *Tx) error { return r.finish(ctx, tx) })
}

// choose reads the state and takes the next revision.
func (r *revisionRun) choose(ctx context.Context, q Queryer) error {
	s := stateStore{r.m.db, q}
	if !r.exists {
		if err := s.ensure(ctx, r.d); err != nil {
			return err
		}
	}
	state, err := s.read(ctx)
	if err != nil {
		return err
	}
	r.state = state
	v := newView(r.g, r.d, state)
	todo, err := r.pending(v)
	if err != nil || len(todo) == 0 {
		return err
	}
	// The schema is what the last revision left, unless somebody else has run one since.
	if r.last != nil && r.last.before != nil && r.last.left(state) {
		r.before, r.met = r.last.before, r.last.before.Clone()
	}
	r.n, r.started = todo[0], time.Now()
	r.whole = v.applied.has(r.n)
	return r.resume(ctx, s)
}

// left reports whether the revisions applied are those that this run left.
func (r *revisionRun) left(state *migrationState) bool {
	ids := func(rows []AppliedRevision) map[string]bool {
		set := map[string]bool{}
		for _, a := range rows {
			set[a.ID] = true
		}
		return set
	}
	then, now := ids(r.state.rows), ids(state.rows)
	if then[r.n.ID] = true; r.down {
		delete(then, r.n.ID)
	}
	return maps.Equal(then, now)
}

// resume finds out what to run, and where an earlier run stopped.
func (r *revisionRun) resume(ctx context.Context, s stateStore) (err error) {
	// A revision that was applied in part is undone by reversing what was done.
	direction, run := r.direction(), r.n.Upgrade
	if r.down && r.whole {
		if run, err = r.n.DowngradeSteps(); err != nil {
			return err
		}
	} else if r.down {
		direction = goingUp
	}
	rows, err := s.steps(ctx, "`revision` = ? AND `direction` = ?", r.n.ID, direction)
	if err != nil {
		return err
	}
	done := 0
	for _, row := range rows {
		if row.state != stepDone {
			r.unsure = r.unsure || row.state == stepRunning && row.step == done+1
			continue
		}
		if row.step != done+1 {
			return fmt.Errorf("ingot: %s has no receipt for step %d of revision %s, but one for step %d: it was changed by hand", stepTable, done+1, r.n.ID, row.step)
		}
		hash := ""
		if done < len(run) {
			if hash, err = HashSteps(run[done : done+1]); err != nil {
				return err
			}
		}
		if hash != row.hash {
			return fmt.Errorf("%w: step %d of %s (%s) has run already", ErrEdited, row.step, r.n.ID, row.what)
		}
		done++
	}
	if r.down && !r.whole {
		begun, err := s.steps(ctx, "`revision` = ? AND `direction` = ? AND `step` = ?", r.n.ID, goingUp+batchSuffix, done+1)
		if err != nil {
			return err
		}
		if len(begun) > 0 && done < len(run) && batched(run[done]) {
			done++ // some of its batches
		}
		r.steps, err = ReverseSteps(run[:done])
		r.unsure = false
		return err
	}
	r.steps, r.first = run, done
	return nil
}

func (r *revisionRun) direction() string {
	if r.down {
		return goingDown
	}
	return goingUp
}

// step runs the step at an index in tx, and writes its receipt there.
func (r *revisionRun) step(ctx context.Context, tx *Tx, at int) error {
	if err := r.begin(at); err != nil {
		return err
	}
	if err := r.execute(ctx, tx, at, len(r.steps)); err != nil {
		return err
	}
	return r.end(ctx, tx)
}

// stepAlone runs a step of which a receipt must say that it was under way: where it
// cannot be rolled back.
func (r *revisionRun) stepAlone(ctx context.Context, at int) error {
	if err := r.begin(at); err != nil {
		return err
	}
	db, pool := r.m.db, poolQueryer{r.m.db}
	if r.unsure && at == r.first {
		here, err := inspect(ctx, r.d, pool, &db.server, schemasOf(r.steps[at:at+1]))
		if err != nil {
			return err
		}
		if hasEffect(r.steps[at], here) {
			return r.end(ctx, pool)
		}
	}
	if err := r.m.transaction(ctx, nil, func(tx *Tx) error { return (stateStore{db, tx}).putStep(ctx, *r.failed) }); err != nil {
		return err
	}
	if batched(r.steps[at]) {
		return r.batches(ctx, at)
	}
	if r.outside(r.steps[at]) {
		if err := r.execute(ctx, pool, at, at+1); err != nil {
			return err
		}
		return r.m.transaction(ctx, nil, func(tx *Tx) error { return r.end(ctx, tx) })
	}
	return r.m.transaction(ctx, r.steps[at:at+1], func(tx *Tx) error {
		if err := r.execute(ctx, tx, at, at+1); err != nil {
			return err
		}
		return r.end(ctx, tx)
	})
}

// outside reports whether a step must not run in a transaction.
func (r *revisionRun) outside(s Step) bool {
	splitter, ok := r.d.(StepSplitter)
	return ok && splitter.OutsideTransaction(s, &r.m.db.server)
}

// batched reports whether a step has a transaction for each of its batches.
func batched(s Step) bool {
	do, ok := s.(Do)
	return ok && do.Batch != nil
}

// batches runs a step batch by batch. How far it came is a receipt of its own, which a
// failure leaves alone; nothing of it is left when the revision is finished.
func (r *revisionRun) batches(ctx context.Context, at int) error {
	do := r.steps[at].(Do)
	place := *r.failed
	place.direction += batchSuffix
	rows, err := (stateStore{r.m.db, poolQueryer{r.m.db}}).steps(ctx, "`revision` = ? AND `direction` = ? AND `step` = ? AND `hash` = ?",
		place.revision, place.direction, place.step, place.hash)
	if err != nil {
		return err
	}
	after := ""
	if len(rows) > 0 {
		after = rows[0].what
	}
	r.before = nil
	for more := true; more; {
		err := r.m.transaction(ctx, nil, func(tx *Tx) error {
			last, err := do.Batch(ctx, tx, after)
			if err != nil {
				return err
			}
			if more = last != ""; !more {
				return r.end(ctx, tx)
			}
			if last == after {
				return fmt.Errorf("ingot: its Batch came no further than %q: want how far it came, or %q where nothing is left", after, "")
			}
			after, place.what = last, last
			return (stateStore{r.m.db, tx}).putStep(ctx, place)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// begin makes the receipt of a step.
func (r *revisionRun) begin(at int) error {
	hash, err := HashSteps(r.steps[at : at+1])
	if err != nil {
		return err
	}
	r.failed = &stepRow{revision: r.n.ID, direction: r.direction(), step: at + 1, what: r.steps[at].String(),
		hash: hash, state: stepRunning, startedAt: stateTime(r.m.db.opts.Now())}
	r.report(Progress{Step: at + 1, What: r.failed.what})
	return nil
}

// end writes the receipt of the step under way as done.
func (r *revisionRun) end(ctx context.Context, q Queryer) error {
	row := *r.failed
	row.state, row.endedAt = stepDone, stateTime(r.m.db.opts.Now())
	if err := (stateStore{r.m.db, q}).putStep(ctx, row); err != nil {
		return err
	}
	r.report(Progress{Step: row.step, What: row.what, Done: true})
	r.failed = nil
	return nil
}

// execute does what the step says, and at once what those before end say, where the dialect
// takes them together.
func (r *revisionRun) execute(ctx context.Context, q Queryer, at, end int) (err error) {
	if at < r.sent {
		return nil
	}
	if r.before == nil {
		if r.before, err = inspect(ctx, r.d, q, &r.m.db.server, schemasOf(r.steps)); err != nil {
			return err
		}
		if r.met == nil {
			r.met = r.before.Clone()
		}
	}
	if do, ok := r.steps[at].(Do); ok {
		r.before = nil
		tx, ok := q.(*Tx)
		if !ok {
			return errors.New("ingot: a Do step needs a transaction")
		}
		return do.Func(ctx, tx)
	}
	texts, n, err := renderGroup(r.d, r.steps[at:end], r.before, &r.m.db.server)
	if err != nil {
		return err
	}
	r.sent = at + n
	if err := execAll(ctx, q, texts); err != nil {
		return err
	}
	switch r.steps[at].(type) {
	case Exec, RenameTable, RenameColumn, AlterTable:
		r.before = nil // only the database knows what it did: the texts of triggers, say, change with names
	default:
		if r.before.ApplySteps(r.steps[at:at+n]) != nil {
			r.before = nil // the catalog and the steps see it differently
		}
	}
	return nil
}

// finish moves the database's state, in the transaction of the last steps.
func (r *revisionRun) finish(ctx context.Context, tx *Tx) error {
	s := stateStore{r.m.db, tx}
	back := goingDown
	if r.down {
		back = goingUp
	}
	if r.whole {
		if err := s.removeRevision(ctx, r.n.ID); err != nil {
			return err
		}
	}
	if err := s.dropSteps(ctx, r.n.ID, back); err != nil {
		return err
	}
	if !r.down {
		if err := s.addRevision(ctx, r.n, false); err != nil {
			return err
		}
	}
	if err := s.exec(ctx, "DELETE FROM `"+stepTable+"` WHERE `revision` = ? AND `state` <> 'done'", r.n.ID); err != nil {
		return err
	}
	return r.keepTexts(ctx, s)
}

// noteFailure writes a receipt of the step that failed, after its transaction is rolled
// back. That this may fail too changes nothing about the error.
func (r *revisionRun) noteFailure(ctx context.Context, cause error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	row := *r.failed
	row.state, row.err, row.endedAt = stepFailed, cause.Error(), stateTime(r.m.db.opts.Now())
	_ = r.m.transaction(ctx, nil, func(tx *Tx) error {
		s := stateStore{r.m.db, tx}
		if err := s.ensure(ctx, r.d); err != nil {
			return err
		}
		return s.putStep(ctx, row)
	})
}

func (r *revisionRun) report(p Progress) {
	if r.m.progress != nil {
		p.Revision, p.Down = r.n.Revision, r.down
		r.m.progress(p)
	}
}

// stamp moves what is applied without running anything.
func (m *Migrator) stamp(ctx context.Context, targets []string, purge bool) error {
	v, err := m.look(ctx)
	if err != nil {
		return err
	}
	if !purge {
		if err := v.refuseUnknown(); err != nil {
			return fmt.Errorf("%w; --purge forgets what the database has", err)
		}
	}
	after, err := v.stamped(targets, purge)
	if err != nil {
		return err
	}
	if slices.Equal(after, v.applied) && len(v.unknown) == 0 && v.state.exists {
		return nil
	}
	return m.locked(ctx, func(MigrationLock) error {
		return m.transaction(ctx, nil, func(tx *Tx) error {
			s := stateStore{m.db, tx}
			if err := s.ensure(ctx, v.d); err != nil {
				return err
			}
			state, err := s.read(ctx)
			if err != nil {
				return err
			}
			v := newView(v.g, v.d, state)
			if after, err = v.stamped(targets, purge); err != nil {
				return err
			}
			return s.setApplied(ctx, v, after)
		})
	})
}

// stamped is what is applied after a stamp: the targets and all below them, nothing above
// them, and what was there beside them.
func (v *view) stamped(targets []string, purge bool) (nodeSet, error) {
	after := slices.Clone(v.applied)
	if purge {
		after = v.g.set()
	}
	for _, text := range targets {
		t := parseTarget(text)
		if t.symbol == "base" && !t.relative {
			gone := v.g.headsOf(after)
			if t.branch != "" {
				var err error
				if gone, err = v.g.onBranch(gone, t.branch); err != nil {
					return nil, err
				}
			}
			stay := slices.DeleteFunc(v.g.headsOf(after), func(n *node) bool { return slices.Contains(gone, n) })
			after = v.g.closure(stay)
			continue
		}
		current := v.g.headsOf(after)
		var ends []*node
		var err error
		switch {
		case !t.relative:
			ends, err = v.g.targets(t, current)
		case t.symbol == "" && t.steps < 0:
			var end *node
			if _, end, err = v.g.downgradeTarget(t, after, current); end != nil {
				ends = []*node{end}
			} else if err == nil {
				after = v.g.set()
			}
		default:
			ends, err = v.g.upgradeTargets(after, text)
		}
		if err != nil {
			return nil, err
		}
		for _, end := range ends {
			for _, n := range v.g.nodes {
				if n != end && n.above.has(end) && !slices.Contains(ends, n) {
					after.remove(n)
				}
			}
		}
		after.addAll(v.g.closure(ends))
	}
	return after, nil
}

// setApplied makes the rows what after says, and forgets unknown ones.
func (s stateStore) setApplied(ctx context.Context, v *view, after nodeSet) error {
	for _, u := range v.unknown {
		if err := s.removeRevision(ctx, u.ID); err != nil {
			return err
		}
	}
	for _, n := range v.g.nodes {
		switch {
		case v.applied.has(n) && !after.has(n):
			if err := s.removeRevision(ctx, n.ID); err != nil {
				return err
			}
		case !v.applied.has(n) && after.has(n):
			if err := s.addRevision(ctx, n, true); err != nil {
				return err
			}
		default:
			continue
		}
		for _, direction := range []string{goingUp, goingDown, goingUp + batchSuffix, goingDown + batchSuffix} {
			if err := s.dropSteps(ctx, n.ID, direction); err != nil {
				return err
			}
		}
	}
	return nil
}

// planned is a dry run: the statements are rendered against the schema as it would be.
func (m *Migrator) planned(ctx context.Context, down bool, targets []string) ([]PlannedRevision, error) {
	v, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	var plan []*node
	if down {
		plan, err = m.downgradePlan(v, targets[0])
	} else {
		plan, err = m.upgradePlan(v, targets)
	}
	if err != nil || len(plan) == 0 {
		return nil, err
	}
	var steps []Step
	for _, n := range plan {
		steps = append(append(steps, n.Upgrade...), n.Downgrade...)
	}
	here, err := inspect(ctx, v.d, poolQueryer{m.db}, &m.db.server, schemasOf(flatSteps(steps)))
	if err != nil {
		return nil, err
	}
	return renderPlan(plan, down, v.d, &m.db.server, here)
}

// renderPlan renders revisions as SQL, replaying them on before.
func renderPlan(plan []*node, down bool, d SchemaDialect, srv *Server, before *Schema) ([]PlannedRevision, error) {
	var list []PlannedRevision
	for _, n := range plan {
		p := PlannedRevision{Revision: n.Revision, Down: down, Steps: n.Upgrade}
		if down {
			var err error
			if p.Steps, err = n.DowngradeSteps(); err != nil {
				return nil, err
			}
		}
		sent := 0 // steps rendered, some along with an earlier one
		for i, s := range p.Steps {
			var texts []string
			var err error
			if _, ok := s.(Do); ok {
				texts = []string{"-- " + s.String() + ": a function of the program"}
			} else if i >= sent {
				var n int
				texts, n, err = renderGroup(d, p.Steps[i:], before, srv)
				sent = i + n
			}
			if err == nil {
				err = before.Apply(s)
			}
			if err != nil {
				return nil, &MigrationError{Revision: n.ID, Message: n.Message, Down: down, Step: i + 1, What: s.String(), Err: err}
			}
			p.SQL = append(p.SQL, texts)
		}
		list = append(list, p)
	}
	return list, nil
}

// schemasOf are the named schemas that steps touch.
func schemasOf(steps []Step) []string {
	var names []string
	for _, s := range steps {
		if _, object := objectOf(s); object.Schema != "" && !slices.Contains(names, object.Schema) {
			names = append(names, object.Schema)
		}
	}
	slices.Sort(names)
	return names
}

// objectOf is what a step makes, drops or changes, in whole or in part; empty for none.
func objectOf(step Step) (ObjectKind, TableName) {
	switch s := step.(type) {
	case CreateTable:
		return ObjectTable, s.Table.name()
	case DropTable:
		return ObjectTable, s.Table.name()
	case RenameTable:
		return ObjectTable, TableName{s.Schema, s.From}
	case CreateView:
		return ObjectView, s.View.name()
	case DropView:
		return ObjectView, s.View.name()
	case AlterView:
		return ObjectView, s.New.name()
	case CreateEnum:
		return ObjectEnum, s.Enum.name()
	case DropEnum:
		return ObjectEnum, s.Enum.name()
	case AlterEnum:
		return ObjectEnum, s.Old.name()
	case CreateSequence:
		return ObjectSequence, s.Sequence.name()
	case DropSequence:
		return ObjectSequence, s.Sequence.name()
	case AlterSequence:
		return ObjectSequence, s.Old.name()
	case CreateDomain:
		return ObjectDomain, s.Domain.name()
	case DropDomain:
		return ObjectDomain, s.Domain.name()
	case AlterDomain:
		return ObjectDomain, s.Old.name()
	}
	if t, ok := tableOf(step); ok {
		return ObjectTable, t
	}
	return "", TableName{}
}

// hasEffect reports whether the schema shows that the step has run, for steps that were
// under way when an earlier run died: it cannot be replayed, and its reverse can.
func hasEffect(step Step, here *Schema) bool {
	_, name := objectOf(step)
	t := here.Table(name)
	switch s := step.(type) {
	case CreateTable: // perhaps made without all of its parts
		return t != nil && len(t.Columns) == len(s.Table.Columns) && len(t.Indexes) == len(s.Table.Indexes)
	case AddUnique: // parts without a name can be added again and again
		return t != nil && t.uniqueIndex(s.Unique) >= 0
	case AddForeignKey:
		return t != nil && t.foreignKeyIndex(s.ForeignKey) >= 0
	case AddCheck:
		return t != nil && t.checkIndex(s.Check) >= 0
	case CreateIndex:
		return t != nil && t.indexIndex(s.Index) >= 0
	case CreateSchema, DropSchema, Exec: // the schema does not tell
		return false
	}
	undo := step.Reverse()
	return undo != nil && here.Clone().Apply(step) != nil && here.Clone().Apply(undo) == nil
}
