package ingot_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"ingot"
	"ingot/dialects/sqlite"
)

// A rewritingDialect is a database that prints checks otherwise than they were written, and
// knows no two spellings to be the same.
type rewritingDialect struct{ sqlite.Dialect }

func (d rewritingDialect) Inspect(ctx context.Context, q ingot.Queryer, srv *ingot.Server, schemas []string) (*ingot.Schema, error) {
	s, err := d.Dialect.Inspect(ctx, q, srv, schemas)
	if err != nil {
		return nil, err
	}
	for i := range s.Tables {
		for j := range s.Tables[i].Checks {
			c := &s.Tables[i].Checks[j]
			c.Expr = ingot.SQLText(strings.ToUpper(string(c.Expr)))
		}
	}
	return s, nil
}

func (rewritingDialect) SameText(a, b ingot.SQLText) bool { return a == b }

// A checked model, and the same with another check.
type (
	checkedV1 struct {
		_   struct{} `ingot:"table:thing;check:size > 1;name:big"`
		ID  int64    `ingot:"pk"`
		Big int      `ingot:"column:size"`
	}
	checkedV2 struct {
		_   struct{} `ingot:"table:thing;check:size > 2;name:big"`
		ID  int64    `ingot:"pk"`
		Big int      `ingot:"column:size"`
	}
)

func openWith(t *testing.T, file string, d ingot.Dialect, o ingot.Options) *ingot.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	db, err := ingot.Open(pool, d, o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestReceiptsKnowWhatTheCatalogRewrote(t *testing.T) {
	file := tempFile(t)
	revs := ingot.NewRevisions()
	migrator := func(d ingot.Dialect, model any) *ingot.Migrator {
		return ingot.NewMigrator(openWith(t, file, d, ingot.Options{Models: ingot.MustModels(model)}), revs)
	}
	steps, err := migrator(rewritingDialect{}, checkedV1{}).Autogenerate(t.Context(), ingot.Decisions{})
	if err != nil {
		t.Fatal(err)
	}
	revs.Add(ingot.Revision{ID: "aaaa01", Upgrade: steps})
	if err := migrator(rewritingDialect{}, checkedV1{}).Upgrade(t.Context()); err != nil {
		t.Fatal(err)
	}
	check := func(model any) string {
		t.Helper()
		steps, err := migrator(rewritingDialect{}, model).Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return stepList(steps)
	}
	if got := check(checkedV1{}); got != "" {
		t.Errorf("right after the upgrade check finds\n%s", got)
	}
	// The text of a later step on the same table stays known.
	revs.Add(ingot.Revision{ID: "bbbb02", Parents: []string{"aaaa01"}, Upgrade: []ingot.Step{ingot.CreateIndex{
		Table: ingot.TableName{Name: "thing"}, Index: ingot.Index{Name: "ix", Parts: []ingot.IndexPart{{Column: "size"}}}}}})
	if err := migrator(rewritingDialect{}, checkedV1{}).Upgrade(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := check(checkedV1{}); got != "drop index ix on thing (size)" {
		t.Errorf("after an index check finds\n%s", got)
	}
	if got := check(checkedV2{}); !strings.Contains(got, "drop check big on thing (size > 1)\nadd check big on thing (size > 2)") {
		t.Errorf("of another check check finds\n%s", got)
	}
	// What somebody changed by hand is a difference, receipts or not.
	db := openFile(t, file, ingot.Options{})
	mustExec(t, db.DB, "DROP TABLE thing")
	mustExec(t, db.DB, "CREATE TABLE thing (id INTEGER CONSTRAINT pk_thing PRIMARY KEY, size BIGINT NOT NULL, CONSTRAINT big CHECK (size > 3))")
	if got := check(checkedV1{}); !strings.Contains(got, "add check big on thing (size > 1)") {
		t.Errorf("of a change by hand check finds\n%s", got)
	}
}

// A lockingDialect has a lock of its own.
type lockingDialect struct {
	sqlite.Dialect
	lock *fakeLock
}

type fakeLock struct {
	taken, checked, freed int
	refuse, lost          error
}

func (d lockingDialect) LockMigrations(ctx context.Context, conn ingot.Queryer, srv *ingot.Server) (ingot.MigrationLock, error) {
	if d.lock.refuse != nil {
		<-ctx.Done()
		return nil, d.lock.refuse
	}
	d.lock.taken++
	return d.lock, nil
}

func (l *fakeLock) Check(context.Context) error  { l.checked++; return l.lost }
func (l *fakeLock) Unlock(context.Context) error { l.freed++; return nil }

func TestTheLockIsTakenWhereSomethingIsToDo(t *testing.T) { // TX-08, TX-07
	lock := &fakeLock{}
	file := tempFile(t)
	db := openWith(t, file, lockingDialect{lock: lock}, ingot.Options{})
	m := ingot.NewMigrator(db, threeRevisions(), ingot.LockWait(20*time.Millisecond))
	if _, err := m.Current(t.Context()); err != nil || lock.taken != 0 {
		t.Errorf("current took %d locks, %v", lock.taken, err)
	}
	lock.lost = errors.New("another session")
	wantError(t, m.Upgrade(t.Context()), "another session")
	lock.lost = nil
	if err := m.Upgrade(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := (fakeLock{taken: 2, checked: 4, freed: 2}); *lock != want {
		t.Errorf("lock was used as %+v, want %+v", *lock, want)
	}
	if err := m.Upgrade(t.Context()); err != nil || lock.taken != 2 {
		t.Errorf("an upgrade with nothing to do took a lock: %+v, %v", lock, err)
	}
	lock.refuse = errors.New("process 7 has it since 12:00")
	wantError(t, m.Downgrade(t.Context(), "-1"), "another migrator holds the lock of this database: process 7 has it since 12:00")
}
