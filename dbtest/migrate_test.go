package dbtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
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

// A run that died left the receipt of a step under way. Whether the step has run is seen in the
// schema it is about, which need not be the default one.
func TestAStepOfANamedSchemaThatWasUnderWayIsRun(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		other := fresh()
		t.Cleanup(func() {
			if _, err := db.Exec("DROP SCHEMA IF EXISTS " + other); err != nil {
				t.Error(err)
			}
		})
		tab := table("a", []ingot.Column{id()}, key("id"))
		tab.Schema = other
		m := db.runner(t,
			ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.CreateSchema{Name: other}, ingot.CreateTable{Table: tab}}},
			ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{ingot.DropTable{Table: tab}}})
		if err := m.Upgrade(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		db.exec(t, "INSERT INTO ingot_step (revision, direction, step, what, hash, state, error, started_at, ended_at, ran_by) VALUES ('two', 'upgrade', 1, '', '', 'running', '', '', '', '')")
		if err := m.Upgrade(t.Context(), "two"); err != nil {
			t.Fatal(err)
		}
		if left := db.list(t, "SELECT table_name, '' FROM information_schema.tables WHERE table_schema = '"+other+"'"); len(left) > 0 {
			t.Errorf("the step was not run: %v is there", left)
		}
	}, "mysql")
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

// runner is a migrator of some revisions on a pool of its own.
func (db *database) runner(t *testing.T, revisions ...ingot.Revision) *ingot.Migrator {
	t.Helper()
	x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Echo: echo(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return ingot.NewMigrator(x, ingot.NewRevisions(revisions...))
}

func wantErrorWith(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %v, want %q in it", err, part)
		}
	}
}

func TestAnIndexThatFailedToBuildIsBuiltAgain(t *testing.T) { // TX-11
	on(t, func(t *testing.T, db *database) {
		name := ingot.TableName{Name: "t"}
		tab := table("t", []ingot.Column{id(), col("a", "integer")}, key("id"))
		index := ingot.Index{Name: "i", Unique: true, Parts: parts("a"), Concurrently: true}
		m := db.runner(t, ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.CreateTable{Table: tab}}},
			ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{ingot.CreateIndex{Table: name, Index: index}}})
		if err := m.Upgrade(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		db.exec(t, "INSERT INTO t (id, a) VALUES (1, 7), (2, 7)")
		wantErrorWith(t, m.Upgrade(t.Context(), "head"), "create unique index i")
		left := db.inspect(t)
		if len(left.Unsupported) != 1 || left.Unsupported[0].Kind != "invalid index" || left.Unsupported[0].Name != "t.i" {
			t.Fatalf("what failed leaves %+v", left.Unsupported)
		}
		meant := left.Clone()
		meant.Unsupported = nil
		meant.Table(name).Indexes = []ingot.Index{index}
		if steps := ingot.Compare(left, meant); len(steps) != 1 {
			t.Errorf("the index is there and invalid, and Compare finds %v", steps)
		}
		db.exec(t, "DELETE FROM t WHERE id = 2")
		if err := m.Upgrade(t.Context(), "head"); err != nil {
			t.Fatal(err)
		}
		if after := db.inspect(t); len(after.Unsupported) != 0 || len(after.Table(name).Indexes) != 1 {
			t.Errorf("built again it is %+v, %+v", after.Unsupported, after.Table(name).Indexes)
		}
	}, "postgres")
}

func TestARevisionStoredTwiceIsRefused(t *testing.T) { // TX-14
	on(t, func(t *testing.T, db *database) {
		a := ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.CreateTable{Table: table("a", []ingot.Column{id()}, key("id"))}}}
		b := ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{ingot.CreateTable{Table: table("b", []ingot.Column{id()}, key("id"))}}}
		if err := db.runner(t, a).Upgrade(t.Context(), "head"); err != nil {
			t.Fatal(err)
		}
		m := db.runner(t, a, b)
		db.exec(t, "CREATE TABLE aside AS SELECT * FROM ingot_revision", "DROP TABLE ingot_revision", "ALTER TABLE aside RENAME TO ingot_revision",
			"INSERT INTO ingot_revision SELECT * FROM ingot_revision")
		for _, err := range []error{m.Upgrade(t.Context(), "head"), m.Downgrade(t.Context(), "base"), m.Stamp(t.Context(), "head")} {
			wantErrorWith(t, err, "several rows for revision one, expected one row")
		}
		if s := db.inspect(t); s.Table(ingot.TableName{Name: "a"}) == nil || s.Table(ingot.TableName{Name: "b"}) != nil {
			t.Error("something was done all the same")
		}
	})
}

func TestARevisionWhoseRowVanishesIsRolledBack(t *testing.T) { // TX-14
	on(t, func(t *testing.T, db *database) {
		m := db.runner(t, ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.CreateTable{Table: table("a", []ingot.Column{id()}, key("id"))},
			ingot.Exec{SQL: "SELECT 1", Down: "DELETE FROM ingot_revision"}}})
		if err := m.Upgrade(t.Context(), "head"); err != nil {
			t.Fatal(err)
		}
		wantErrorWith(t, m.Downgrade(t.Context(), "base"), "has 0 rows for revision one, expected one row")
		current, err := m.Current(t.Context())
		if err != nil || (len(current) == 1) != db.Server.TransactionalDDL {
			t.Errorf("the database is at %+v, %v", current, err)
		}
	})
}

func TestDependentObjectsAreNamed(t *testing.T) { // TX-16
	on(t, func(t *testing.T, db *database) {
		name := ingot.TableName{Name: "t"}
		g := ingot.Column{Name: "g", Type: "integer", Null: true, Generated: "b + 1"}
		tab := table("t", []ingot.Column{id(), col("a", "integer"), col("b", "integer"), g}, key("id"))
		db.migrate(t, &ingot.Schema{}, []ingot.Step{ingot.CreateTable{Table: tab}})
		db.exec(t, "CREATE VIEW v AS SELECT a FROM t", "CREATE VIEW w AS SELECT a FROM v", "CREATE TYPE mood AS ENUM ('x')", "CREATE TABLE u (m mood, t integer CONSTRAINT fk REFERENCES t)")
		wider := tab.Columns[1]
		wider.Type = "bigint"
		before := db.inspect(t)
		for _, c := range []struct {
			step  ingot.Step
			wants []string
		}{
			{ingot.AlterColumn{Table: name, Old: tab.Columns[1], New: wider}, []string{"view v", `column "a"`}},
			{ingot.DropColumn{Table: name, Column: tab.Columns[1]}, []string{"view v", "view w"}},
			{ingot.DropColumn{Table: name, Column: tab.Columns[2]}, []string{"column g of table t"}},
			{ingot.AlterPrimaryKey{Table: name, Old: before.Table(name).PrimaryKey}, []string{"constraint fk on table u"}},
			{ingot.DropEnum{Enum: ingot.Enum{Name: "mood", Values: []string{"x"}}}, []string{"column m of table u"}},
		} {
			m := db.runner(t, ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.AddColumn{Table: name, Column: col("more", "integer")}, c.step}})
			wantErrorWith(t, m.Upgrade(t.Context(), "head"), append(c.wants, c.step.String())...)
			wantLaw(t, db, "after "+c.step.String(), db.inspect(t), before)
		}
	}, "postgres")
}

func TestBatchesGoOnWhereTheyStopped(t *testing.T) { // TX-19
	on(t, func(t *testing.T, db *database) {
		tab := table("a", []ingot.Column{id(), {Name: "n", Type: "integer", Default: "0"}}, key("id"))
		stop, calls := 3, 0
		do := ingot.Do{Name: "count", Version: 1,
			Batch: func(ctx context.Context, tx *ingot.Tx, after string) (string, error) {
				calls++
				from, _ := strconv.Atoi(after)
				if _, err := tx.ExecContext(ctx, fmt.Sprintf("UPDATE a SET n = n + 1 WHERE id > %d AND id <= %d", from, from+10)); err != nil {
					return "", err
				}
				if calls == stop {
					return "", errors.New("killed")
				}
				if from += 10; from < 45 {
					return strconv.Itoa(from), nil
				}
				return "", nil
			},
			Down: func(ctx context.Context, tx *ingot.Tx) error {
				_, err := tx.ExecContext(ctx, "UPDATE a SET n = 0")
				return err
			}}
		m := db.runner(t, ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.CreateTable{Table: tab}}},
			ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{ingot.AddColumn{Table: ingot.TableName{Name: "a"}, Column: col("x", "integer")}, do,
				ingot.AddColumn{Table: ingot.TableName{Name: "a"}, Column: col("y", "integer")}}})
		if err := m.Upgrade(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		for i := range 45 {
			db.exec(t, fmt.Sprintf("INSERT INTO a (id) VALUES (%d)", i+1))
		}
		want := func(what string, rows ...[2]string) {
			t.Helper()
			text := map[string]string{"mysql": "char"}[db.kind]
			if text == "" {
				text = "text"
			}
			if got := db.list(t, fmt.Sprintf("SELECT CAST(n AS %s), CAST(count(*) AS %[1]s) FROM a GROUP BY n ORDER BY n", text)); !slices.Equal(got, rows) {
				t.Errorf("%s: values and rows are %v, want %v", what, got, rows)
			}
		}
		wantErrorWith(t, m.Upgrade(t.Context(), "head"), "step 2, do count", "killed")
		want("killed", [2]string{"0", "25"}, [2]string{"1", "20"})
		if err := m.Downgrade(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		want("undone", [2]string{"0", "45"})
		calls = 0
		wantErrorWith(t, m.Upgrade(t.Context(), "head"), "killed")
		if err := m.Upgrade(t.Context(), "head"); err != nil {
			t.Fatal(err)
		}
		want("gone on", [2]string{"1", "45"})
		if calls != 6 || db.inspect(t).Table(ingot.TableName{Name: "a"}).Column("y") == nil {
			t.Errorf("%d batches ran", calls)
		}
		if left := db.list(t, "SELECT direction, what FROM ingot_step WHERE state <> 'done'"); len(left) > 0 {
			t.Errorf("receipts are left: %v", left)
		}
		if err := m.Downgrade(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		want("downgraded", [2]string{"0", "45"})
	})
}

func TestNamesAreExchangedWithTheirRows(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		a := schema(table("x", cols(col("a", "integer"), col("b", "varchar(20)"), col("c", "date")), key("id"), check("ck_b", "b <> 'z'"), index("ix_a", "a")),
			table("y", cols(col("n", "integer")), key("id"), ref("fk_n", "n", "x", "id")))
		b := schema(table("y", cols(col("a", "date"), col("b", "integer"), col("c", "varchar(20)")), key("id"), check("ck_b", "c <> 'z'"), index("ix_a", "b")),
			table("x", cols(col("n", "integer")), key("id"), ref("fk_n", "n", "y", "id")))
		for i, was := range []string{"c", "a", "b"} {
			b.Tables[0].Columns[i+1].Was = was
		}
		b.Tables[0].Was, b.Tables[1].Was = "x", "y"
		db.migrate(t, &ingot.Schema{}, ingot.Compare(&ingot.Schema{}, a, ingot.CompareDialect(db.dialect)))
		db.exec(t, "INSERT INTO x (id, a, b, c) VALUES (1, 7, 'word', '2020-02-02')", "INSERT INTO y (id, n) VALUES (5, 1)")
		have := db.inspect(t)
		steps, err := db.compare(t.Context(), have, b)
		if err != nil {
			t.Fatal(err)
		}
		db.migrate(t, have, steps)
		wantLaw(t, db, "exchanged", db.inspect(t), b)
		var date, word string
		var n, id int
		row := db.QueryRowContext(t.Context(), "SELECT CAST(y.a AS char(10)), y.b, y.c, x.id FROM y JOIN x ON x.n = y.id")
		if err := row.Scan(&date, &n, &word, &id); err != nil || date != "2020-02-02" || n != 7 || word != "word" || id != 5 {
			t.Errorf("the row is %s, %d, %s, %d, %v", date, n, word, id, err)
		}
		down, err := ingot.ReverseSteps(steps)
		if err != nil {
			t.Fatal(err)
		}
		db.migrate(t, db.inspect(t), down)
		wantLaw(t, db, "exchanged back", db.inspect(t), a)
	})
}

// The models of a library with views, as they were and as they are.
type viewBook1 struct {
	_     struct{} `ingot:"table:book"`
	ID    int64    `ingot:"pk"`
	Title string   `ingot:"size:50"`
	Pages int32
}

type viewLong1 struct {
	_  struct{} `ingot:"table:long_book;view:SELECT id, title AS label FROM book WHERE pages > 500"`
	ID int64    `ingot:"pk"`
}

type viewCount struct { // reads from a view, and comes before it by name
	_ struct{} `ingot:"table:a_count;view:SELECT count(*) AS n, 1 AS id FROM long_book"`
	N int64    `ingot:"pk"`
}

type viewTheirs struct { // somebody else makes it
	_  struct{} `ingot:"table:theirs;view"`
	ID int64    `ingot:"pk"`
}

type viewBook2 struct {
	_     struct{} `ingot:"table:tome;was:book"`
	ID    int64    `ingot:"pk"`
	Label string   `ingot:"size:50;was:title"`
	Pages int64
}

type viewLong2 struct {
	_  struct{} `ingot:"table:long_book;view:SELECT id, label FROM tome WHERE pages > 600;view@postgres:SELECT id, label FROM tome WHERE pages > 600 AND id::text <> ''"`
	ID int64    `ingot:"pk"`
}

func TestViewsOfModelsAreMigrated(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		views := func() (names []string) {
			for _, v := range db.inspect(t).Views {
				names = append(names, v.Name)
			}
			return names
		}
		labels := func() string { return fmt.Sprint(db.list(t, "SELECT 'label', label FROM long_book ORDER BY label")) }
		db.exec(t, "CREATE VIEW theirs AS SELECT 1 AS id", "CREATE VIEW other AS SELECT 2 AS id")
		revisions := ingot.NewRevisions()
		autogenerate(t, db, revisions, "one", nil, viewBook1{}, viewCount{}, viewLong1{}, viewTheirs{})
		if got := views(); !slices.Equal(got, []string{"a_count", "long_book", "other", "theirs"}) {
			t.Errorf("views are %v", got)
		}
		db.exec(t, "INSERT INTO book (id, title, pages) VALUES (1, 'short', 10), (2, 'long', 550), (3, 'longer', 650)")
		if got := labels(); got != "[[label long] [label longer]]" {
			t.Errorf("long books are %s", got)
		}
		autogenerate(t, db, revisions, "two", []string{"one"}, viewBook2{}, viewCount{}, viewLong2{}, viewTheirs{})
		if got := labels(); got != "[[label longer]]" {
			t.Errorf("after two long books are %s", got)
		}
		autogenerate(t, db, revisions, "three", []string{"two"}, viewBook2{}, viewTheirs{})
		if got := views(); !slices.Equal(got, []string{"other", "theirs"}) {
			t.Errorf("after three views are %v", got)
		}
		m := db.runner(t, revisions.All()...)
		for _, to := range []string{"two", "one"} {
			if err := m.Downgrade(t.Context(), to); err != nil {
				t.Fatal(err)
			}
		}
		if got := labels(); got != "[[label long] [label longer]]" {
			t.Errorf("back at one long books are %s", got)
		}
		if err := m.Downgrade(t.Context(), "base"); err != nil {
			t.Fatal(err)
		}
		if got := views(); !slices.Equal(got, []string{"other", "theirs"}) {
			t.Errorf("at base views are %v", got)
		}
	})
}

// Where the server judges no views, those that no revision has made are made again, once.
func TestViewsOfCreateAllAreTakenOver(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		models := []any{viewBook1{}, viewCount{}, viewLong1{}}
		x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Models: ingot.MustModels(models...)})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		if err := x.CreateAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		revisions := ingot.NewRevisions()
		autogenerate(t, db, revisions, "one", nil, models...)
		want := map[string]int{"mysql": 3}[db.kind] // one is dropped, changed is what it reads from, and it is made again
		if steps := revisions.All()[0].Upgrade; len(steps) != want {
			t.Errorf("the steps are %v, want %d", steps, want)
		}
		if n := fmt.Sprint(db.list(t, "SELECT 'count', n FROM a_count")); n != "[[count 0]]" {
			t.Errorf("the view says %s", n)
		}
	})
}

func TestWhatAViewThatIsNotOursReadsFromIsKept(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		revisions := ingot.NewRevisions()
		autogenerate(t, db, revisions, "one", nil, viewBook1{})
		db.exec(t, "CREATE VIEW theirs AS SELECT pages FROM book")
		x := ingot.DropColumn{Table: ingot.TableName{Name: "book"}, Column: notNull("pages", "integer")}
		revisions.Add(ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{x}})
		wantErrorWith(t, db.runner(t, revisions.All()...).Upgrade(t.Context(), "head"), "view theirs", "drop column book.pages")
	}, "sqlite", "postgres") // MySQL leaves the view broken
}

func TestTheServerJudgesViews(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, "CREATE TABLE t (id integer PRIMARY KEY, a varchar(9))", "CREATE VIEW v AS SELECT id, lower(a) AS l FROM t WHERE id IN (1, 2)")
		have := db.inspect(t)
		for text, same := range map[ingot.SQLText]bool{
			"select ID, lower( a ) l from T x where id = any (array[1, 2])":         false,
			"SELECT t.id, lower(a) AS l FROM t WHERE id IN (1, 2)":                  true,
			"SELECT id, lower(a) AS l FROM t WHERE id = ANY (ARRAY[1, 2]);":         true,
			"SELECT id, lower(a) AS m FROM t WHERE id IN (1, 2)":                    false,
			"SELECT id, lower(a) AS l FROM t WHERE id IN (1, 3)":                    false,
			"SELECT id, lower(a) AS l FROM t WHERE id IN (1, 2) WITH CHECK OPTION":  false,
			"SELECT id, lower(a) AS l FROM t WHERE id IN (1, 2); DROP TABLE t":      false,
			"SELECT id, lower(a) AS l FROM t WHERE id IN (1, 2) LIMIT pg_sleep(10)": false,
		} {
			meant := have.Clone()
			meant.Views[0].SQL = text
			steps, err := db.compare(t.Context(), have, meant)
			if err != nil || (len(steps) == 0) != same {
				t.Errorf("%s: the steps are %v, %v", text, steps, err)
			}
		}
		if left := db.inspect(t); len(left.Tables) != 1 || len(left.Views) != 1 {
			t.Errorf("judging left %+v", left)
		}
	}, "postgres")
}

func TestAColumnIsRenamedThoughAQueryNamedItsTableOtherwise(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		name := ingot.TableName{Name: "t"}
		tab := table("t", cols(col("e", "date"), ingot.Column{Name: "g", Type: "integer", Null: true, Generated: "id + 1"}), key("id"), check("ck", "e > '1999-01-01'"))
		tab.Comment = "it's"
		db.migrate(t, &ingot.Schema{}, []ingot.Step{ingot.CreateTable{Table: tab}})
		db.list(t, "SELECT q.e, q.g FROM t q")
		step := ingot.RenameColumn{Table: name, From: "e", To: "f"}
		before := db.inspect(t)
		db.migrate(t, before, []ingot.Step{step})
		if err := before.Apply(step); err != nil {
			t.Fatal(err)
		}
		wantLaw(t, db, "renamed", db.inspect(t), before)
	})
}

// Models of which the key is changed, and nothing else.
type (
	keyPlain struct {
		_    struct{} `ingot:"table:keyed"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"size:20"`
	}
	keyNarrow struct {
		_    struct{} `ingot:"table:keyed"`
		ID   int32    `ingot:"pk"`
		Name string   `ingot:"size:20"`
	}
	keyText struct {
		_    struct{} `ingot:"table:keyed"`
		ID   string   `ingot:"pk;size:30"`
		Name string   `ingot:"size:20"`
	}
	keyOther struct {
		_    struct{} `ingot:"table:keyed"`
		ID   int64
		Name string `ingot:"pk;size:20"`
	}
	keyBehind struct {
		_    struct{} `ingot:"table:keyed;pk:name,id"`
		ID   int64
		Name string `ingot:"size:20"`
	}
)

func TestAKeyThatTheDatabaseMakesBecomesAnother(t *testing.T) {
	for _, tt := range []struct {
		name string
		to   any
	}{
		{"a smaller integer", keyNarrow{}},
		{"text", keyText{}},
		{"another column", keyOther{}},
		{"one behind another column", keyBehind{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			on(t, func(t *testing.T, db *database) {
				revisions := ingot.NewRevisions()
				autogenerate(t, db, revisions, "one", nil, keyPlain{})
				atOne := db.inspect(t)
				db.exec(t, "INSERT INTO keyed (name) VALUES ('ann'), ('bob')")
				autogenerate(t, db, revisions, "two", []string{"one"}, tt.to)
				x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Echo: echo(t)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { x.Close() })
				if err := ingot.NewMigrator(x, revisions).Downgrade(t.Context(), "one"); err != nil {
					t.Fatal(err)
				}
				db.wantSame(t, "what was downgraded", db.inspect(t), atOne)
				db.exec(t, "INSERT INTO keyed (name) VALUES ('cyd')")
				var n int
				if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM keyed WHERE id = 1 AND name = 'ann' OR id = 2 AND name = 'bob'").Scan(&n); err != nil || n != 2 {
					t.Errorf("%d of 2 rows are left, %v", n, err)
				}
			})
		})
	}
}

func TestALinkTableTakesAKeyOfItsOwn(t *testing.T) {
	type side struct {
		_  struct{} `ingot:"table:side"`
		ID int64    `ingot:"pk"`
	}
	type link1 struct {
		_     struct{} `ingot:"table:link;pk:one_id,other_id"`
		One   int64    `ingot:"column:one_id;fk:side.id"`
		Other int64    `ingot:"column:other_id;fk:side.id"`
	}
	type link2 struct {
		_     struct{} `ingot:"table:link;unique:one_id,other_id"`
		ID    int64    `ingot:"pk"`
		One   int64    `ingot:"column:one_id;fk:side.id"`
		Other int64    `ingot:"column:other_id;fk:side.id"`
	}
	on(t, func(t *testing.T, db *database) {
		revisions := ingot.NewRevisions()
		autogenerate(t, db, revisions, "one", nil, side{}, link1{})
		atOne := db.inspect(t)
		db.exec(t, "INSERT INTO side (id) VALUES (1), (2)", "INSERT INTO link (one_id, other_id) VALUES (1, 2), (2, 1)")
		autogenerate(t, db, revisions, "two", []string{"one"}, side{}, link2{})
		db.exec(t, "INSERT INTO link (one_id, other_id) VALUES (1, 1)")
		x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Echo: echo(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { x.Close() })
		if err := ingot.NewMigrator(x, revisions).Downgrade(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		db.wantSame(t, "what was downgraded", db.inspect(t), atOne)
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM link").Scan(&n); err != nil || n != 3 {
			t.Errorf("%d of 3 rows are left, %v", n, err)
		}
	})
}
