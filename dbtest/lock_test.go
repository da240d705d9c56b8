package dbtest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ingot"
)

func TestMigrationLockAdmitsOne(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		flavours := []string{db.Server.Flavour, "cockroach"}
		if db.kind == "mysql" {
			flavours[1] = "galera"
		}
		for _, flavour := range flavours { // the second one's lock is a row
			srv := db.Server
			srv.Flavour = flavour
			locker := db.dialect.(ingot.MigrationLocker)
			a, b := db.conn(t), db.conn(t)
			first, err := locker.LockMigrations(t.Context(), a, &srv)
			if err != nil {
				t.Fatal(err)
			}
			if err := first.Check(t.Context()); err != nil {
				t.Error(err)
			}
			short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			_, err = locker.LockMigrations(short, b, &srv)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "it is held by ") || strings.Contains(err.Error(), "by :") {
				t.Errorf("%s: a second lock gives %v; want the holder's name", flavour, err)
			}
			if err := first.Unlock(t.Context()); err != nil {
				t.Error(err)
			}
			second, err := locker.LockMigrations(t.Context(), b, &srv)
			if err != nil {
				t.Fatal(err)
			}
			if err := first.Check(t.Context()); err == nil {
				t.Errorf("%s: a lock given back is still held", flavour)
			}
			if err := second.Unlock(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}, "postgres", "mysql")
}

func TestLeaseOfADeadMigratorIsTakenOver(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		srv := db.Server
		srv.Flavour = map[string]string{"postgres": "cockroach", "mysql": "galera"}[db.kind]
		locker := db.dialect.(ingot.MigrationLocker)
		dead, err := locker.LockMigrations(t.Context(), db.conn(t), &srv)
		if err != nil {
			t.Fatal(err)
		}
		db.exec(t, "UPDATE ingot_lock SET until = until - 3600")
		alive, err := locker.LockMigrations(t.Context(), db.conn(t), &srv)
		if err != nil {
			t.Fatal(err)
		}
		if err := dead.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "was lost to") {
			t.Errorf("the one taken for dead finds %v", err)
		}
		for _, l := range []ingot.MigrationLock{dead, alive} {
			if err := l.Unlock(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}, "postgres", "mysql")
}

func TestMigratingNeedsASecondConnection(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		pool := db.again(t)
		pool.SetMaxOpenConns(1)
		x, err := ingot.Open(pool, db.dialect, ingot.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { x.Close() })
		revisions := ingot.NewRevisions()
		revisions.Add(ingot.Revision{ID: "aaaa", Upgrade: []ingot.Step{ingot.Exec{SQL: "SELECT 1"}}})
		err = ingot.NewMigrator(x, revisions).Upgrade(t.Context(), "head")
		if err == nil || !strings.Contains(err.Error(), "SetMaxOpenConns") {
			t.Errorf("Upgrade on a pool of one = %v, want an error that names SetMaxOpenConns", err)
		}
	}, "postgres", "mysql")
}
