package dbtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"ingot"
)

// The models of a shop as they were, and as they are.
type shopUser1 struct {
	_    struct{} `ingot:"table:user"`
	ID   int64    `ingot:"pk"`
	Name string   `ingot:"size:30"`
	Mood string   `ingot:"enum:sad,ok;default:'ok'"`
}

type shopOrder1 struct {
	_      struct{} `ingot:"table:order;check:total >= 0"`
	ID     int64    `ingot:"pk"`
	UserID int64    `ingot:"fk:user.id"`
	Total  int32    `ingot:"default:0"`
	Note   *string
}

type shopUser2 struct {
	_     struct{} `ingot:"table:user;comment:who buys"`
	ID    int64    `ingot:"pk"`
	Login string   `ingot:"size:60;was:name;unique"`
	Mood  string   `ingot:"enum:sad,fine,ok;default:'fine'"`
}

type shopOrder2 struct {
	_      struct{} `ingot:"table:order;check:total >= 0 and total < 1000000"`
	ID     int64    `ingot:"pk"`
	UserID int64    `ingot:"fk:user.id;ondelete:cascade;index"`
	Total  int64    `ingot:"default:0"`
	Note   *string  `ingot:"default:''"`
	Made   string   `ingot:"size:10;default:'new';comment:it's"`
}

// autogenerate is the revision from what the database is to the models.
func autogenerate(t *testing.T, db *database, revisions *ingot.Revisions, id string, parents []string, models ...any) {
	t.Helper()
	m, err := ingot.NewModels(models...)
	if err != nil {
		t.Fatal(err)
	}
	x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Models: m, Echo: echo(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	steps, err := ingot.NewMigrator(x, revisions).Autogenerate(t.Context(), ingot.Decisions{})
	if err != nil {
		t.Fatal(err)
	}
	revisions.Add(ingot.Revision{ID: id, Parents: parents, Message: id, Upgrade: steps})
	migrator := ingot.NewMigrator(x, revisions)
	if err := migrator.Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	if left, err := migrator.Check(t.Context()); err != nil || len(left) > 0 {
		source, _ := ingot.FormatSteps(left, "")
		t.Errorf("after %s check finds %v\n%s", id, err, source)
	}
}

func TestMigrationsGoUpAndDown(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		revisions := ingot.NewRevisions()
		autogenerate(t, db, revisions, "one", nil, shopUser1{}, shopOrder1{})
		atOne := db.inspect(t)
		user, order := db.quote("user"), db.quote("order")
		db.exec(t, "INSERT INTO "+user+" (id, name, mood) VALUES (1, 'ann', 'ok'), (2, 'bob', 'sad')",
			"INSERT INTO "+order+" (id, user_id, total, note) VALUES (1, 1, 5, 'x')")
		autogenerate(t, db, revisions, "two", []string{"one"}, shopUser2{}, shopOrder2{})
		var login, mood string
		if err := db.QueryRowContext(t.Context(), "SELECT login, mood FROM "+user+" WHERE id = 1").Scan(&login, &mood); err != nil || login != "ann" || mood != "ok" {
			t.Errorf("user 1 is %s, %s after the upgrade, %v", login, mood, err)
		}
		x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Echo: echo(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { x.Close() })
		migrator := ingot.NewMigrator(x, revisions)
		if err := migrator.Downgrade(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		db.wantSame(t, "what was downgraded", db.inspect(t), atOne)
		if err := migrator.Downgrade(t.Context(), "base"); err != nil {
			t.Fatal(err)
		}
		if left := db.inspect(t); len(left.Enums) > 0 || len(left.Tables) > 4 {
			t.Errorf("at base there are %d tables and %d enums", len(left.Tables), len(left.Enums))
		}
	})
}

func TestTenMigratorsMigrateOnce(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		m, err := ingot.NewModels(shopUser2{}, shopOrder2{})
		if err != nil {
			t.Fatal(err)
		}
		schema, err := m.Schema(db.dialect)
		if err != nil {
			t.Fatal(err)
		}
		steps := ingot.Compare(&ingot.Schema{}, schema, ingot.CompareDialect(db.dialect))
		revisions := ingot.NewRevisions(ingot.Revision{ID: "one", Upgrade: steps},
			ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{ingot.Exec{SQL: ingot.TrustedSQL("INSERT INTO " + db.quote("user") + " (login, mood) VALUES ('ann', 'ok')")}}})
		var wg sync.WaitGroup
		errs := make([]error, 10)
		for i := range errs {
			pool := db.again(t)
			wg.Go(func() {
				x, err := ingot.Open(pool, db.dialect, ingot.Options{Models: m})
				if err == nil {
					defer x.Close()
					err = ingot.NewMigrator(x, revisions).Upgrade(t.Context(), "head")
				}
				if err != nil {
					errs[i] = fmt.Errorf("migrator %d: %w", i, err)
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+db.quote("user")).Scan(&n); err != nil || n != 1 {
			t.Errorf("the second revision ran %d times, %v", n, err)
		}
	})
}

func TestFailedRevisionResumes(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		create := ingot.CreateTable{Table: table("a", []ingot.Column{id()}, key("id"))}
		other := ingot.CreateTable{Table: table("b", []ingot.Column{id()}, key("id"))}
		revision := ingot.Revision{ID: "one", Upgrade: []ingot.Step{create, ingot.Exec{SQL: "INSERT INTO c VALUES (1)"}, other}}
		x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Echo: echo(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { x.Close() })
		migrator := ingot.NewMigrator(x, ingot.NewRevisions(revision))
		err = migrator.Upgrade(t.Context(), "head")
		var failed *ingot.MigrationError
		if !errors.As(err, &failed) || failed.Step != 2 || !strings.Contains(err.Error(), "INSERT INTO c") {
			t.Fatalf("the revision gives %v; want an error of its second step", err)
		}
		if here := db.inspect(t).Table(ingot.TableName{Name: "a"}) != nil; here == db.Server.TransactionalDDL {
			t.Errorf("the first step left its table: %v", here)
		}
		db.exec(t, "CREATE TABLE c (id INT)")
		if err := migrator.Upgrade(t.Context(), "head"); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b"} {
			if db.inspect(t).Table(ingot.TableName{Name: name}) == nil {
				t.Errorf("there is no table %s", name)
			}
		}
	})
}

func TestStepsThatTakeNoTransaction(t *testing.T) { // TX-10
	on(t, func(t *testing.T, db *database) {
		mood := ingot.Enum{Name: "mood", Values: []string{"sad", "ok"}}
		more := ingot.Enum{Name: "mood", Values: []string{"sad", "so", "ok"}}
		tab := table("t", []ingot.Column{id(), {Name: "m", Enum: "mood", Default: "'ok'"}}, key("id"))
		name := ingot.TableName{Name: "t"}
		index := ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Column: "m"}}, Concurrently: true}
		old, new := tab.Columns[1], tab.Columns[1]
		new.Default = "'so'" // which the transaction that adds the value could not say
		revisions := ingot.NewRevisions(
			ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.CreateEnum{Enum: mood}, ingot.CreateTable{Table: tab}}},
			ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{ingot.AlterEnum{Old: mood, New: more},
				ingot.AlterColumn{Table: name, Old: old, New: new}, ingot.CreateIndex{Table: name, Index: index}, ingot.Exec{SQL: "VACUUM t", Down: "VACUUM t"}}})
		x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Echo: echo(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { x.Close() })
		m := ingot.NewMigrator(x, revisions)
		if err := m.Upgrade(t.Context(), "head"); err != nil {
			t.Fatal(err)
		}
		after := db.inspect(t)
		if got := after.Table(name); len(got.Indexes) != 1 || !db.schemaDialect(t).SameText(got.Columns[1].Default, "'so'") || len(after.Enums[0].Values) != 3 {
			t.Errorf("the second revision leaves %+v", got)
		}
		if err := m.Downgrade(t.Context(), "base"); err != nil {
			t.Error(err)
		}
	}, "postgres")
}
