package ingot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Revision is one step in the history of a schema. Its file in migrations/versions
// registers it:
//
//	var _ = Versions.Add(ingot.Revision{ID: "27c6a30d7c24", Message: "add users", Upgrade: …})
type Revision struct {
	ID        string
	Parents   []string // none: a base; several: a merge
	DependsOn []string // IDs or labels that must be applied before, without being joined
	Labels    []string // names of the branch that begins here
	Message   string
	Upgrade   []Step
	// Downgrade undoes Upgrade. Nil means Upgrade backwards, each step reversed; an
	// empty list that is not nil means that there is nothing to do.
	Downgrade []Step
}

// DowngradeSteps are the steps that undo the revision: Downgrade or, where that is nil,
// Upgrade reversed. A step that nothing undoes is an error that names it.
func (r Revision) DowngradeSteps() ([]Step, error) {
	if r.Downgrade != nil {
		return r.Downgrade, nil
	}
	steps, err := ReverseSteps(r.Upgrade)
	if err != nil {
		return nil, within(fmt.Sprintf("revision %s cannot be undone", r.ID), err)
	}
	return steps, nil
}

// Revisions is a collection of revisions. It may be used by several goroutines.
type Revisions struct {
	mu   sync.Mutex
	list []Revision
}

// NewRevisions makes a collection, usually of none: the files of a versions folder add
// themselves.
func NewRevisions(revs ...Revision) *Revisions { return &Revisions{list: slices.Clone(revs)} }

// Add adds a revision and returns r, so that it can stand in a variable declaration.
// Mistakes (an ID twice, a parent that is missing, a cycle) are reported, all together, by
// whatever uses the collection first.
func (r *Revisions) Add(rev Revision) *Revisions {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, rev)
	return r
}

// All returns the revisions in the order of their IDs.
func (r *Revisions) All() []Revision {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.Clone(r.list)
	slices.SortStableFunc(list, func(a, b Revision) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// graph links the revisions.
func (r *Revisions) graph() (*graph, error) { return newGraph(r.All()) }

// A Migrator moves one database along the revisions. Its methods may be called from many
// processes at once: each revision runs once.
type Migrator struct {
	db       *DB
	revs     *Revisions
	progress func(Progress)
	ahead    bool
	edited   bool
	wait     time.Duration
	compared []CompareOption
	limit    limits
}

// A MigratorOption changes how a [Migrator] works.
type MigratorOption func(*Migrator)

// OnProgress has f told about each step and each revision, when it begins and when it is
// done.
func OnProgress(f func(Progress)) MigratorOption { return func(m *Migrator) { m.progress = f } }

// AllowAhead lets Upgrade succeed and do nothing where the database has revisions that
// this program does not know: an old program beside a new one.
func AllowAhead() MigratorOption { return func(m *Migrator) { m.ahead = true } }

// AllowEdited accepts revisions whose steps were changed after they had been applied.
func AllowEdited() MigratorOption { return func(m *Migrator) { m.edited = true } }

// LockWait is how long to wait for another migrator, a minute if not given.
func LockWait(d time.Duration) MigratorOption { return func(m *Migrator) { m.wait = d } }

// CompareWith gives options to [Compare] wherever models and database are compared:
// [CompareOnly] leaves schemas, tables or their parts out.
func CompareWith(opts ...CompareOption) MigratorOption {
	return func(m *Migrator) { m.compared = append(m.compared, opts...) }
}

// Progress is what [OnProgress] tells.
type Progress struct {
	Revision Revision
	Down     bool
	Step     int    // counts from 1; 0 is the revision as a whole
	What     string // the step in one line
	Done     bool   // it is done, not about to begin
	Took     time.Duration
}

// NewMigrator returns a migrator. Mistakes in the revisions come back from its methods.
func NewMigrator(db *DB, revs *Revisions, opts ...MigratorOption) *Migrator {
	m := &Migrator{db: db, revs: revs, wait: time.Minute}
	apply(m, opts)
	return m
}

// Errors of migrations that callers tell apart through [errors.Is].
var (
	// ErrBehind reports that the database is not at the heads of the program's revisions.
	ErrBehind = errors.New("ingot: target database is not up to date")
	// ErrEdited reports that a revision was changed after it had been applied.
	ErrEdited = errors.New("ingot: revision was edited after it had been applied")
)

// A MigrationError says which step of which revision failed. What the transaction of the
// revision had done is rolled back; where DDL cannot be, the next run resumes at the step.
type MigrationError struct {
	Revision string
	Message  string // of the revision
	Down     bool
	Step     int    // counts from 1; 0 if it was not a step
	What     string // the step in one line
	Err      error
}

func (e *MigrationError) Error() string {
	verb := goingUp
	if e.Down {
		verb = goingDown
	}
	s := fmt.Sprintf("ingot: %s of revision %s", verb, e.Revision)
	if e.Message != "" {
		s += fmt.Sprintf(" (%s)", e.Message)
	}
	if e.Step > 0 {
		s += fmt.Sprintf(": step %d, %s", e.Step, e.What)
	}
	return s + ": " + strings.TrimPrefix(e.Err.Error(), "ingot: ")
}

// Unwrap returns what failed.
func (e *MigrationError) Unwrap() error { return e.Err }

// Upgrade applies revisions until the target is applied, each in a transaction of its own
// where the database allows it. The target is written as on the command line: "head",
// "heads", an ID or the beginning of one, "+2", "label@head", "id-1". Where nothing is to do it
// takes no lock and sends no statement that writes.
func (m *Migrator) Upgrade(ctx context.Context, targets ...string) error {
	_, err := m.upgrade(ctx, targets)
	return err
}

// Downgrade undoes revisions until nothing above the target is left: "-1", an ID, "base",
// "label@base".
func (m *Migrator) Downgrade(ctx context.Context, target string) error {
	_, err := m.downgrade(ctx, target)
	return err
}

// Stamp marks revisions as applied, or as not applied, up to the targets, and runs
// nothing.
func (m *Migrator) Stamp(ctx context.Context, targets ...string) error {
	return m.stamp(ctx, targets, false)
}

// Current returns the heads of what is applied, those unknown to this program included. It
// writes nothing; a database that was never migrated has none.
func (m *Migrator) Current(ctx context.Context) ([]AppliedRevision, error) {
	v, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	return v.heads(), nil
}

// Applied returns all that is applied, by ID.
func (m *Migrator) Applied(ctx context.Context) ([]AppliedRevision, error) {
	v, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	return v.state.rows, nil
}

// Heads returns the revisions that no other revision has as its parent.
func (m *Migrator) Heads() ([]Revision, error) {
	g, err := m.revs.graph()
	if err != nil {
		return nil, err
	}
	return revisionsOf(g.heads), nil
}

// History returns the revisions of a range, newest first: low and high are written as
// targets, empty for the ends of the graph. "current" is where the database is.
func (m *Migrator) History(ctx context.Context, low, high string) ([]Revision, error) {
	g, err := m.revs.graph()
	if err != nil {
		return nil, err
	}
	applied := g.set()
	if strings.Contains(low+high, "current") {
		v, err := m.look(ctx)
		if err != nil {
			return nil, err
		}
		applied = v.applied
	}
	ns, err := g.between(low, high, applied, true)
	return revisionsOf(ns), err
}

// Check compares the database with the models of the DB and returns the steps that would
// make them equal; none means that they are. The error is [ErrBehind] where revisions wait
// to be applied.
func (m *Migrator) Check(ctx context.Context) ([]Step, error) {
	v, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	if err := v.upToDate(); err != nil {
		return nil, err
	}
	return m.diff(ctx, v)
}

// A PlannedRevision is a revision that an upgrade or downgrade would run.
type PlannedRevision struct {
	Revision Revision
	Down     bool
	Steps    []Step
	SQL      [][]string // the statements of each step
}

// Plan returns what [Migrator.Upgrade] would run, and runs nothing.
func (m *Migrator) Plan(ctx context.Context, targets ...string) ([]PlannedRevision, error) {
	return m.planned(ctx, false, targets)
}

// PlanDowngrade returns what [Migrator.Downgrade] would run, and runs nothing.
func (m *Migrator) PlanDowngrade(ctx context.Context, target string) ([]PlannedRevision, error) {
	return m.planned(ctx, true, []string{target})
}

// EnsureVersion makes the tables that keep what is applied, if they are missing.
func (m *Migrator) EnsureVersion(ctx context.Context) error {
	d, err := m.schemaDialect()
	if err != nil {
		return err
	}
	st, err := m.db.readState(ctx, d)
	if err != nil || st.exists {
		return err
	}
	return m.locked(ctx, func(MigrationLock) error { return m.ensure(ctx, d) })
}

func revisionsOf(ns []*node) []Revision {
	list := make([]Revision, len(ns))
	for i, n := range ns {
		list[i] = n.Revision
	}
	return list
}
