package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"ingot"
	"ingot/dialects/mysql"
	"ingot/dialects/postgres"
	"ingot/dialects/sqlite"
)

// refused runs a statement that has to fail, and classifies the error.
func (db *database) refused(t *testing.T, q ingot.Queryer, statement string) ingot.Refusal {
	t.Helper()
	_, err := q.ExecContext(t.Context(), statement)
	if err == nil {
		t.Fatalf("%s succeeds", statement)
	}
	t.Logf("%s: %v", statement, err)
	return db.dialect.Classify(err, &db.Server)
}

func (db *database) conn(t *testing.T) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestConstraintErrorsNameWhatWasViolated(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, "CREATE TABLE parent (x INT NOT NULL, y INT NOT NULL, CONSTRAINT parent_pk PRIMARY KEY (x, y))",
			`CREATE TABLE child (id INT PRIMARY KEY, name VARCHAR(30) NOT NULL, a INT, b INT,
			CONSTRAINT child_name UNIQUE (name), CONSTRAINT child_a CHECK (a > 0),
			CONSTRAINT child_parent FOREIGN KEY (a, b) REFERENCES parent (x, y))`,
			"INSERT INTO parent VALUES (1, 1)", "INSERT INTO child VALUES (1, 'it''s a ''key'' x', 1, 1)")
		// Each database says as much as it can: where is what it leaves out.
		for _, tt := range []struct {
			statement string
			want      ingot.ConstraintError
			silent    map[string]string // kind of database to the fields it does not tell
		}{
			{"INSERT INTO child VALUES (2, 'it''s a ''key'' x', NULL, NULL)", ingot.ConstraintError{Kind: ingot.UniqueViolation, Constraint: "child_name", Table: "child", Columns: []string{"name"}},
				map[string]string{"sqlite": "constraint", "mysql": "columns", "mariadb": "table columns"}},
			{"INSERT INTO child VALUES (1, 'b', NULL, NULL)", ingot.ConstraintError{Kind: ingot.UniqueViolation, Constraint: "child_pkey", Table: "child", Columns: []string{"id"}},
				map[string]string{"sqlite": "constraint", "mysql": "constraint columns", "mariadb": "constraint table columns"}},
			{"INSERT INTO child VALUES (3, 'c', 1, 7)", ingot.ConstraintError{Kind: ingot.ForeignKeyViolation, Constraint: "child_parent", Table: "child", Columns: []string{"a", "b"}},
				map[string]string{"sqlite": "constraint table columns"}},
			{"DELETE FROM parent", ingot.ConstraintError{Kind: ingot.ForeignKeyViolation, Constraint: "child_parent", Table: "child"},
				map[string]string{"sqlite": "constraint table columns"}},
			{"UPDATE child SET name = NULL", ingot.ConstraintError{Kind: ingot.NotNullViolation, Table: "child", Columns: []string{"name"}},
				map[string]string{"mysql": "table", "mariadb": "table"}},
			{"UPDATE child SET a = -1", ingot.ConstraintError{Kind: ingot.CheckViolation, Constraint: "child_a", Table: "child"},
				map[string]string{"sqlite": "table", "mysql": "table"}},
		} {
			r := db.refused(t, db, tt.statement)
			if r.Kind != ingot.ErrConstraint || r.Constraint == nil || r.TxEnded || r.Retry {
				t.Errorf("%s: %+v is no constraint violation", tt.statement, r)
				continue
			}
			got, want := *r.Constraint, tt.want
			silent := tt.silent[db.kind]
			if db.name == "mariadb" {
				silent = tt.silent["mariadb"]
			}
			for _, field := range strings.Fields(silent) {
				switch field {
				case "constraint":
					got.Constraint, want.Constraint = "", ""
				case "table":
					got.Table, want.Table = "", ""
				case "columns":
					got.Columns, want.Columns = nil, nil
				}
			}
			if got.Err == nil {
				t.Errorf("%s: the driver's error is lost", tt.statement)
			}
			got.Err = nil
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v; want %+v", tt.statement, got, want)
			}
		}
	})
}

func TestDeferredConstraintFailsAtCommit(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, "CREATE TABLE p (id INT PRIMARY KEY)", "CREATE TABLE c (p INT CONSTRAINT c_p REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)")
		c := db.conn(t)
		for _, s := range []string{"BEGIN", "INSERT INTO c VALUES (1)"} {
			if _, err := c.ExecContext(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		r := db.refused(t, c, "COMMIT")
		if r.Kind != ingot.ErrConstraint || r.Constraint.Kind != ingot.ForeignKeyViolation {
			t.Errorf("%+v is no violated foreign key", r)
		}
		c.ExecContext(t.Context(), "ROLLBACK")
	}, "sqlite", "postgres")
}

// begin starts a transaction on a connection of its own.
func (db *database) begin(t *testing.T, o ingot.TxOptions) *sql.Conn {
	t.Helper()
	c := db.conn(t)
	statements, err := db.dialect.BeginSQL(o, &db.Server)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := c.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	t.Cleanup(func() { c.ExecContext(context.Background(), "ROLLBACK") })
	return c
}

func mustExec(t *testing.T, q ingot.Queryer, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := q.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestDeadlockIsRetried(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, "CREATE TABLE t (id INT PRIMARY KEY, n INT)", "INSERT INTO t VALUES (1, 0), (2, 0)")
		a, b := db.begin(t, ingot.TxOptions{}), db.begin(t, ingot.TxOptions{})
		mustExec(t, a, "UPDATE t SET n = 1 WHERE id = 1")
		mustExec(t, b, "UPDATE t SET n = 2 WHERE id = 2")
		other := make(chan error, 1)
		go func() {
			_, err := b.ExecContext(t.Context(), "UPDATE t SET n = 2 WHERE id = 1")
			other <- err
		}()
		time.Sleep(200 * time.Millisecond) // b waits by now, or soon
		_, err := a.ExecContext(t.Context(), "UPDATE t SET n = 1 WHERE id = 2")
		a.ExecContext(t.Context(), "ROLLBACK")
		err = errors.Join(err, <-other)
		r := db.dialect.Classify(err, &db.Server)
		if r.Kind != ingot.ErrDeadlock || !r.Retry || r.TxEnded != (db.kind == "mysql") {
			t.Errorf("%v is read as %+v", err, r)
		}
	}, "postgres", "mysql")
}

func TestSerializationFailureIsRetried(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, "CREATE TABLE t (id INT PRIMARY KEY, n INT)", "INSERT INTO t VALUES (1, 0), (2, 0)")
		o := ingot.TxOptions{Isolation: sql.LevelSerializable}
		a, b := db.begin(t, o), db.begin(t, o)
		for _, c := range []*sql.Conn{a, b} {
			var sum int
			if err := c.QueryRowContext(t.Context(), "SELECT sum(n) FROM t").Scan(&sum); err != nil {
				t.Fatal(err)
			}
		}
		mustExec(t, a, "UPDATE t SET n = 1 WHERE id = 1")
		mustExec(t, b, "UPDATE t SET n = 1 WHERE id = 2")
		mustExec(t, a, "COMMIT")
		if r := db.refused(t, b, "COMMIT"); r.Kind != ingot.ErrSerialization || !r.Retry {
			t.Errorf("a write skew is read as %+v", r)
		}
	}, "postgres")
}

func TestLocksThatAreNotAvailable(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		a, b := db.begin(t, ingot.TxOptions{}), db.begin(t, ingot.TxOptions{})
		mustExec(t, a, "SELECT id FROM t FOR UPDATE")
		lock, err := db.dialect.AppendLock([]byte("SELECT id FROM t"), ingot.Lock{Share: true, NoWait: true}, &db.Server)
		if err != nil {
			t.Fatal(err)
		}
		if r := db.refused(t, b, string(lock)); r.Kind != ingot.ErrLock || r.TxEnded {
			t.Errorf("NOWAIT is read as %+v", r)
		}
		mustExec(t, b, "ROLLBACK")
		lock, err = db.dialect.AppendLock([]byte("SELECT id FROM t"), ingot.Lock{Update: true, SkipLocked: true}, &db.Server)
		if err != nil {
			t.Fatal(err)
		}
		var id int
		if err := b.QueryRowContext(t.Context(), string(lock)).Scan(&id); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("SKIP LOCKED gives %d, %v", id, err)
		}
		wait := "SET innodb_lock_wait_timeout = 1"
		if db.kind == "postgres" {
			wait = "SET lock_timeout = '100ms'"
		}
		mustExec(t, b, wait)
		if r := db.refused(t, b, "UPDATE t SET id = 2"); r.Kind != ingot.ErrLock || r.TxEnded {
			t.Errorf("a lock waited for is read as %+v", r)
		}
	}, "postgres", "mysql")
}

func TestReadOnlyTransactionRefusesWrites(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
		for level := range sql.LevelLinearizable {
			o := ingot.TxOptions{Isolation: level, ReadOnly: true}
			if _, err := db.dialect.BeginSQL(o, &db.Server); err != nil {
				continue
			}
			c := db.begin(t, o)
			if r := db.refused(t, c, "INSERT INTO t VALUES (1)"); r.Kind != ingot.ErrReadOnly || r.Retry {
				t.Errorf("%v: a write is read as %+v", level, r)
			}
			mustExec(t, c, "ROLLBACK")
			c.Close()
		}
	}, "postgres", "mysql")
}

func TestTerminatedConnectionIsLost(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		c := db.begin(t, ingot.TxOptions{})
		me, kill := "SELECT pg_backend_pid()", "SELECT pg_terminate_backend(%d)"
		if db.kind == "mysql" {
			me, kill = "SELECT CONNECTION_ID()", "KILL %d"
		}
		var id int
		if err := c.QueryRowContext(t.Context(), me).Scan(&id); err != nil {
			t.Fatal(err)
		}
		db.exec(t, fmt.Sprintf(kill, id))
		time.Sleep(100 * time.Millisecond)
		if r := db.refused(t, c, "SELECT 1"); r.Kind != ingot.ErrConnection || !r.TxEnded {
			t.Errorf("a statement after the end of the connection is read as %+v", r)
		}
	}, "postgres", "mysql")
}

func TestCancelledStatement(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		sleep := "SELECT pg_sleep(10)"
		if db.kind == "mysql" {
			sleep = "SELECT SLEEP(10)"
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := db.ExecContext(ctx, sleep)
		if r := db.dialect.Classify(err, &db.Server); r.Kind != ingot.ErrCanceled || r.Retry {
			t.Errorf("%v is read as %+v", err, r)
		}
	}, "postgres", "mysql")
}

func TestProbeNamesTheRightDialect(t *testing.T) {
	dialects := map[string]ingot.Dialect{"sqlite": sqlite.Dialect{}, "postgres": postgres.Dialect{}, "mysql": mysql.Dialect{}}
	on(t, func(t *testing.T, db *database) {
		t.Logf("%s", &db.Server)
		for name, d := range dialects {
			_, err := d.Probe(t.Context(), db)
			switch want := "use " + db.kind + ".Dialect{}"; {
			case name == db.kind && err != nil:
				t.Error(err)
			case name != db.kind && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("%s on %s: %v; want %q", name, db.name, err, want)
			}
		}
	})
}

func TestReservedKeysAreTheColumns(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, `CREATE TABLE "By Default" (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, a int)`,
			`CREATE TABLE "Serial" (id serial PRIMARY KEY, a int)`,
			"CREATE TABLE always (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int)",
			"CREATE TABLE plain (id bigint PRIMARY KEY, a int)",
			"CREATE SEQUENCE own", "CREATE TABLE separate (id bigint DEFAULT nextval('own') PRIMARY KEY, a int)",
			"CREATE TABLE other (id serial PRIMARY KEY)", "ALTER TABLE other ALTER COLUMN id SET DEFAULT 7")
		reserver := db.dialect.(ingot.KeyReserver)
		for table, want := range map[string]int{"By Default": 3, "Serial": 3, "always": 0, "plain": 0, "separate": 0, "other": 0} {
			name := ingot.TableName{Name: table}
			source, err := reserver.KeySource(t.Context(), db, &db.Server, name, "id")
			if err != nil || (source != "") != (want > 0) {
				t.Errorf("%s: the source of its keys is %q, %v", table, source, err)
			}
			if want == 0 {
				continue
			}
			keys, err := reserver.ReserveKeys(t.Context(), db, &db.Server, source, name, "id", want)
			if err != nil {
				t.Fatal(err)
			}
			var next int64
			if err := db.QueryRowContext(t.Context(), fmt.Sprintf(`INSERT INTO %q (a) VALUES (1) RETURNING id`, table)).Scan(&next); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(keys, []int64{1, 2, 3}) || next != 4 {
				t.Errorf("%s: reserved %v, and then the database gave %d", table, keys, next)
			}
		}
		if source, err := reserver.KeySource(t.Context(), db, &db.Server, ingot.TableName{Name: "missing"}, "id"); err == nil {
			t.Errorf("%q has keys of a table that does not exist", source)
		}
	}, "postgres")
}
