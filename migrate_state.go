package ingot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// What a database knows of its own migrations, in three tables ([isStateTable] has their
// names).
//
// ingot_revision has a row for every revision applied, parents included, so that the
// database can explain itself to a program that does not know the revision. The heads are
// computed from it.
//
// ingot_step are the receipts of steps: which ran, when, from where, with which hash, and
// how it ended. Where DDL cannot be rolled back, a run resumes after the last step done.
//
// ingot_object are the receipts of texts: for every expression a step made, as the model
// has it and as the catalog printed it afterwards. A database rewrites what it is given
// (B0 in its catalogs has no one spelling), and this is how the two are known to be equal.

// stateTables are the three tables.
func stateTables() []Table {
	c := func(name string, typ Type) Column { return Column{Name: name, Type: typ} }
	return []Table{
		{Name: revisionTable, PrimaryKey: PrimaryKey{Name: "pk_ingot_revision", Columns: []string{"id"}}, Columns: []Column{
			c("id", "varchar(128)"), c("parents", "text"), c("depends_on", "text"), c("message", "text"),
			c("hash", "varchar(128)"), c("how", "varchar(16)"), c("applied_at", "varchar(32)"), c("applied_by", "varchar(255)"),
		}},
		{Name: stepTable, PrimaryKey: PrimaryKey{Name: "pk_ingot_step", Columns: []string{"revision", "direction", "step"}}, Columns: []Column{
			c("revision", "varchar(128)"), c("direction", "varchar(16)"), c("step", "integer"), c("what", "text"),
			c("hash", "varchar(128)"), c("state", "varchar(16)"), c("error", "text"),
			c("started_at", "varchar(32)"), c("ended_at", "varchar(32)"), c("ran_by", "varchar(255)"),
		}},
		{Name: objectTable, PrimaryKey: PrimaryKey{Name: "pk_ingot_object", Columns: []string{"object"}}, Columns: []Column{
			c("object", "varchar(512)"), c("model", "text"), c("catalog", "text"), c("revision", "varchar(128)"), c("server", "varchar(128)"),
		}},
	}
}

// An AppliedRevision is a revision as the database remembers it.
type AppliedRevision struct {
	ID        string
	Parents   []string
	DependsOn []string
	Message   string
	Hash      string // of the steps of the upgrade
	Stamped   bool   // marked as applied, not run
	At        time.Time
	By        string // program and host
	Known     bool   // this program has it
}

// describe is what is known about an applied revision, for messages.
func (a *AppliedRevision) describe() string {
	how := "applied"
	if a.Stamped {
		how = "stamped"
	}
	s := fmt.Sprintf("%s %s by %s", how, a.At.Format("2006-01-02 15:04:05 MST"), a.By)
	if a.Message != "" {
		s += fmt.Sprintf(" (%q)", a.Message)
	}
	return s + ", its parents: " + cmp.Or(strings.Join(a.Parents, ", "), "none")
}

// A migrationState is what was read of the database.
type migrationState struct {
	exists  bool              // the tables are there
	rows    []AppliedRevision // by id
	partial []string          // not applied, but some of their steps have run
	undoing []string          // applied, but some of their steps are undone
	failed  []stepRow         // steps that failed and have not run since
}

// A stepRow is the receipt of a step.
type stepRow struct {
	revision, direction string
	step                int // counts from 1
	what, hash, state   string
	err                 string
	startedAt, endedAt  string
	by                  string
}

// The directions and states of receipts.
const (
	goingUp     = "upgrade"
	goingDown   = "downgrade"
	stepRunning = "running"
	stepDone    = "done"
	stepFailed  = "failed"
	// batchSuffix makes the direction of a receipt that says how far batches came.
	batchSuffix = " batch"
)

// A stateStore reads and writes the three tables over q: the DB outside of a transaction,
// or a Tx.
type stateStore struct {
	db *DB
	q  Queryer
}

// stateSQL quotes what stands in backquotes as the dialect does, and lets arg write what
// stands for the n-th question mark.
func stateSQL(d Dialect, text string, arg func(b []byte, n int) []byte) string {
	var b []byte
	n := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '?':
			n++
			b = arg(b, n)
		case '`':
			j := i + 1 + strings.IndexByte(text[i+1:], '`')
			b = d.AppendIdent(b, text[i+1:j])
			i = j
		default:
			b = append(b, text[i])
		}
	}
	return string(b)
}

func (s stateStore) sql(text string) string {
	return stateSQL(s.db.dialect, text, s.db.dialect.AppendPlaceholder)
}

func (s stateStore) exec(ctx context.Context, text string, args ...any) error {
	_, err := s.q.ExecContext(ctx, s.sql(text), args...)
	return err
}

// each runs a query and hands each row to scan.
func (s stateStore) each(ctx context.Context, text string, args []any, dest []any, row func()) error {
	rows, err := s.q.QueryContext(ctx, s.sql(text), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		row()
	}
	return rows.Err()
}

// read reads the state. A database without the tables is one where nothing was applied.
func (s stateStore) read(ctx context.Context) (*migrationState, error) {
	st := &migrationState{exists: true}
	var id, parents, deps, message, hash, how, at, by string
	err := s.each(ctx, "SELECT `id`, `parents`, `depends_on`, `message`, `hash`, `how`, `applied_at`, `applied_by` FROM `"+revisionTable+"` ORDER BY `id`", nil,
		[]any{&id, &parents, &deps, &message, &hash, &how, &at, &by}, func() {
			t, _ := time.Parse(time.RFC3339Nano, at)
			st.rows = append(st.rows, AppliedRevision{ID: id, Parents: strings.Fields(parents), DependsOn: strings.Fields(deps),
				Message: message, Hash: hash, Stamped: how == "stamp", At: t, By: by})
		})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(st.rows, func(a, b AppliedRevision) int { return cmp.Compare(a.ID, b.ID) })
	for i := range st.rows[min(1, len(st.rows)):] {
		if st.rows[i].ID == st.rows[i+1].ID { // the key keeps them out
			return nil, fmt.Errorf("ingot: %s has several rows for revision %s, expected one row: delete the others, and see that id is the table's primary key", revisionTable, st.rows[i].ID)
		}
	}
	var revision string
	err = s.each(ctx, "SELECT DISTINCT s.`revision` FROM `"+stepTable+"` s WHERE s.`direction` = 'upgrade' AND s.`state` = 'done' AND NOT EXISTS (SELECT 1 FROM `"+revisionTable+"` r WHERE r.`id` = s.`revision`) ORDER BY s.`revision`", nil,
		[]any{&revision}, func() { st.partial = append(st.partial, revision) })
	if err != nil {
		return nil, err
	}
	err = s.each(ctx, "SELECT DISTINCT s.`revision` FROM `"+stepTable+"` s JOIN `"+revisionTable+"` r ON r.`id` = s.`revision` WHERE s.`direction` = 'downgrade' AND s.`state` = 'done' ORDER BY s.`revision`", nil,
		[]any{&revision}, func() { st.undoing = append(st.undoing, revision) })
	if err != nil {
		return nil, err
	}
	st.failed, err = s.steps(ctx, "`state` <> 'done'")
	return st, err
}

// steps reads receipts of steps.
func (s stateStore) steps(ctx context.Context, where string, args ...any) ([]stepRow, error) {
	var list []stepRow
	var r stepRow
	err := s.each(ctx, "SELECT `revision`, `direction`, `step`, `what`, `hash`, `state`, `error`, `started_at`, `ended_at`, `ran_by` FROM `"+stepTable+"` WHERE "+where+" ORDER BY `revision`, `direction`, `step`", args,
		[]any{&r.revision, &r.direction, &r.step, &r.what, &r.hash, &r.state, &r.err, &r.startedAt, &r.endedAt, &r.by}, func() { list = append(list, r) })
	return list, err
}

// missing returns the tables of the state that are not there.
func (s stateStore) missing(ctx context.Context, d SchemaDialect) ([]Table, error) {
	have, err := inspect(ctx, d, s.q, &s.db.server, nil)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(stateTables(), func(t Table) bool {
		return slices.ContainsFunc(have.Tables, func(x Table) bool { return x.Schema == "" && x.Name == t.Name })
	}), nil
}

// ensure makes the tables that are missing.
func (s stateStore) ensure(ctx context.Context, d SchemaDialect) error {
	missing, err := s.missing(ctx, d)
	if err != nil {
		return err
	}
	for _, t := range missing {
		texts, err := d.DDL(CreateTable{Table: t}, &Schema{}, &s.db.server)
		if err != nil {
			return err
		}
		if err := execAll(ctx, s.q, texts); err != nil {
			return err
		}
	}
	return nil
}

// execAll runs statements, one after the other.
func execAll(ctx context.Context, q Queryer, texts []string) error {
	for _, text := range texts {
		if _, err := q.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// addRevision notes that a revision is applied; stamped says that it was not run.
func (s stateStore) addRevision(ctx context.Context, n *node, stamped bool) error {
	how := goingUp
	if stamped {
		how = "stamp"
	}
	hash, err := n.upgradeHash()
	if err != nil {
		return err
	}
	return s.exec(ctx, "INSERT INTO `"+revisionTable+"` (`id`, `parents`, `depends_on`, `message`, `hash`, `how`, `applied_at`, `applied_by`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		n.ID, strings.Join(ids(n.parents), " "), strings.Join(ids(n.deps), " "), n.Message, hash, how, s.now(), programName())
}

// removeRevision notes that a revision is not applied any more. It must have been.
func (s stateStore) removeRevision(ctx context.Context, id string) error {
	res, err := s.q.ExecContext(ctx, s.sql("DELETE FROM `"+revisionTable+"` WHERE `id` = ?"), id)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err == nil && n != 1 {
		return fmt.Errorf("ingot: %s has %d rows for revision %s, expected one row: somebody else changed the table meanwhile", revisionTable, n, id)
	}
	return nil
}

// dropSteps forgets the receipts of a revision in one direction.
func (s stateStore) dropSteps(ctx context.Context, revision, direction string) error {
	return s.exec(ctx, "DELETE FROM `"+stepTable+"` WHERE `revision` = ? AND `direction` = ?", revision, direction)
}

// putStep writes the receipt of a step over an older one.
func (s stateStore) putStep(ctx context.Context, r stepRow) error {
	if err := s.exec(ctx, "DELETE FROM `"+stepTable+"` WHERE `revision` = ? AND `direction` = ? AND `step` = ?", r.revision, r.direction, r.step); err != nil {
		return err
	}
	return s.exec(ctx, "INSERT INTO `"+stepTable+"` (`revision`, `direction`, `step`, `what`, `hash`, `state`, `error`, `started_at`, `ended_at`, `ran_by`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		r.revision, r.direction, r.step, r.what, r.hash, r.state, r.err, r.startedAt, r.endedAt, programName())
}

func (s stateStore) now() string { return stateTime(s.db.opts.Now()) }

func stateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// programName says which program on which host runs.
func programName() string {
	name := filepath.Base(os.Args[0])
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path != "" {
		name = info.Main.Path
		if v := info.Main.Version; v != "" && v != "(devel)" {
			name += "@" + v
		}
	}
	if host, err := os.Hostname(); err == nil {
		name += " on " + host
	}
	if r := []rune(name); len(r) > 255 {
		name = string(r[:255])
	}
	return name
}

// readState reads the state outside of any transaction. A database without the tables is
// one where nothing was applied; they are not made.
func (db *DB) readState(ctx context.Context, d SchemaDialect) (*migrationState, error) {
	q := poolQueryer{db}
	s := stateStore{db, q}
	st, err := s.read(ctx)
	if err == nil {
		return st, nil
	}
	missing, other := s.missing(ctx, d)
	switch {
	case other != nil:
		return nil, errors.Join(err, other)
	case len(missing) == 0: // another migrator has made them meanwhile
		return s.read(ctx)
	}
	return &migrationState{}, nil
}

// A poolQueryer runs statements on any connection, one by one.
type poolQueryer struct{ db *DB }

// Conn is for dialects that inspect in a snapshot, which takes one connection.
func (p poolQueryer) Conn(ctx context.Context) (*sql.Conn, error) { return p.db.conn(ctx) }

func (p poolQueryer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.db.exec(ctx, nil, statement{op: "exec", sql: query, args: args})
}

func (p poolQueryer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.db.query(ctx, nil, statement{op: "select", sql: query, args: args})
}
