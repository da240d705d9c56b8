package dbtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"

	"ingot"
)

// A Keyed is a row whose key the database makes, in a table that each test makes for itself.
type Keyed struct {
	_    struct{} `ingot:"table:keyed"`
	ID   int64    `ingot:"pk"`
	Word string
}

// keyed opens the database with the table that the statements make.
func (db *database) keyed(t *testing.T, statements ...string) *ingot.DB {
	t.Helper()
	db.exec(t, statements...)
	x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Models: ingot.MustModels(Keyed{}), Echo: echo(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

var words int

// add adds so many rows in one flush, before which it runs statements on their connection; of
// those with explicit keys, the key is given. It checks that each key leads to its own row.
func (db *database) add(t *testing.T, x *ingot.DB, n int, before []string, explicit ...int64) []*Keyed {
	t.Helper()
	var rows []*Keyed
	for i := range n + len(explicit) {
		words++
		k := &Keyed{Word: fmt.Sprint("w", words)}
		if i >= n {
			k.ID = explicit[i-n]
		}
		rows = append(rows, k)
	}
	rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	s := x.Session()
	defer s.Close()
	for _, text := range before {
		if _, err := s.Exec(t.Context(), ingot.TrustedSQL(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range rows {
		if err := s.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatalf("adding %d rows and %v: %v", n, explicit, err)
	}
	db.wantOwn(t, rows)
	return rows
}

// wantOwn reads back each row by the key that its object has, on a connection of its own.
func (db *database) wantOwn(t *testing.T, rows []*Keyed) {
	t.Helper()
	for _, k := range rows {
		var word string
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT word FROM keyed WHERE id = %d", k.ID)).Scan(&word); err != nil || word != k.Word {
			t.Errorf("the object %+v leads to the row %q, %v", k, word, err)
		}
	}
}

func TestKeysLeadToTheirRows(t *testing.T) {
	const (
		maria = "CREATE TABLE keyed (id BIGINT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))"
		pg    = "CREATE TABLE keyed (id bigint PRIMARY KEY DEFAULT nextval('%s'), word text)"
	)
	for _, tt := range []struct {
		name, kind string
		setup      []string
		before     []string // in the transaction, on its connection
		explicit   []int64
	}{
		{"AUTO_INCREMENT", "mysql", []string{maria}, nil, []int64{-5, 40, 700}},
		{"MyISAM", "mysql", []string{maria + " ENGINE=MyISAM"}, nil, nil},
		{"partitions", "mysql", []string{maria + " PARTITION BY HASH (id) PARTITIONS 3"}, nil, []int64{50}},
		{"a step of the session", "mysql", []string{maria}, []string{"SET SESSION auto_increment_increment = 7, SESSION auto_increment_offset = 3"}, []int64{1000}},
		{"an offset beyond the step", "mysql", []string{maria}, []string{"SET SESSION auto_increment_increment = 3, SESSION auto_increment_offset = 10"}, nil},
		{"NO_AUTO_VALUE_ON_ZERO", "mysql", []string{maria}, []string{"SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')"}, []int64{90}},
		{"INSERT_ID", "mysql", []string{maria}, []string{"SET INSERT_ID = CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)"}, nil},
		{"LAST_INSERT_ID", "mysql", []string{maria}, []string{"DO LAST_INSERT_ID(123)"}, nil},
		{"a trigger that makes the key", "mysql", []string{maria, "CREATE TRIGGER tr BEFORE INSERT ON keyed FOR EACH ROW SET NEW.id = 100000 - SUBSTR(NEW.word, 2)"}, nil, nil},
		{"a trigger that makes some keys", "mysql", []string{maria, "CREATE TRIGGER tr BEFORE INSERT ON keyed FOR EACH ROW SET NEW.id = IF(SUBSTR(NEW.word, 2) % 3 = 0, 100000 - SUBSTR(NEW.word, 2), NEW.id)"}, nil, nil},
		{"a trigger that changes the step", "mysql", []string{maria, "CREATE TRIGGER tr BEFORE INSERT ON keyed FOR EACH ROW SET SESSION auto_increment_increment = 1 + CAST(SUBSTR(NEW.word, 2) AS UNSIGNED) % 5"}, nil, nil},
		{"a trigger that fills another table", "mysql", []string{maria, "CREATE TABLE log (id BIGINT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))", "INSERT INTO log VALUES (900, '')",
			"CREATE TRIGGER tr BEFORE INSERT ON keyed FOR EACH ROW INSERT INTO log (word) VALUES (NEW.word), (NEW.word)", "CREATE TRIGGER tr2 AFTER INSERT ON keyed FOR EACH ROW INSERT INTO log (word) SELECT word FROM log LIMIT 3"}, nil, []int64{77}},
		{"a trigger that sets LAST_INSERT_ID", "mysql", []string{maria, "CREATE TRIGGER tr AFTER INSERT ON keyed FOR EACH ROW SET @x = LAST_INSERT_ID(5)"}, nil, nil},
		{"a view", "mysql", []string{"CREATE TABLE base (id BIGINT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))", "CREATE TRIGGER tr BEFORE INSERT ON base FOR EACH ROW SET NEW.id = 100000 - SUBSTR(NEW.word, 2)", "CREATE VIEW keyed AS SELECT * FROM base"}, nil, nil},

		{"serial", "postgres", []string{"CREATE TABLE keyed (id bigserial PRIMARY KEY, word text)"}, nil, []int64{-5, 700}},
		{"smallserial", "postgres", []string{"CREATE TABLE keyed (id smallserial PRIMARY KEY, word text)"}, nil, []int64{-5, 700}},
		{"identity by default", "postgres", []string{"CREATE TABLE keyed (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, word text)"}, nil, []int64{900}},
		{"identity always", "postgres", []string{"CREATE TABLE keyed (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word text)"}, nil, nil},
		{"a step", "postgres", []string{"CREATE TABLE keyed (id bigint GENERATED BY DEFAULT AS IDENTITY (INCREMENT 5 START 3 CACHE 20) PRIMARY KEY, word text)"}, nil, []int64{4, -1}},
		{"counting down through zero", "postgres", []string{"CREATE TABLE keyed (id bigint GENERATED BY DEFAULT AS IDENTITY (INCREMENT -1 START 4 MAXVALUE 10 MINVALUE -1000 CYCLE) PRIMARY KEY, word text)"}, nil, nil},
		{"a cycle", "postgres", []string{"CREATE TABLE keyed (id bigint GENERATED BY DEFAULT AS IDENTITY (START 45 MINVALUE 1 MAXVALUE 50 CYCLE) PRIMARY KEY, word text)"}, nil, nil},
		{"a sequence of nobody", "postgres", []string{"CREATE SEQUENCE sq INCREMENT 3", fmt.Sprintf(pg, "sq")}, nil, []int64{-2}},
		{"an owned sequence that is not the default", "postgres", []string{"CREATE TABLE keyed (id bigserial PRIMARY KEY, word text)", "CREATE SEQUENCE sq START 500", "ALTER TABLE keyed ALTER id SET DEFAULT nextval('sq') + 1000"}, nil, nil},
		{"a default of an expression", "postgres", []string{"CREATE TABLE keyed (id bigserial PRIMARY KEY, word text)", "ALTER TABLE keyed ALTER id SET DEFAULT -nextval('keyed_id_seq')"}, nil, nil},
		{"a trigger that makes the key", "postgres", []string{"CREATE TABLE keyed (id bigserial PRIMARY KEY, word text)", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := 100000 - substr(NEW.word, 2)::int; RETURN NEW; END'",
			"CREATE TRIGGER tr BEFORE INSERT ON keyed FOR EACH ROW EXECUTE FUNCTION f()"}, nil, nil},
		{"a trigger of a partition", "postgres", []string{"CREATE TABLE keyed (id bigserial PRIMARY KEY, word text) PARTITION BY RANGE (id)", "CREATE TABLE part PARTITION OF keyed FOR VALUES FROM (1) TO (1000000)",
			"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := 100000 - substr(NEW.word, 2)::int; RETURN NEW; END'",
			"CREATE TRIGGER tr BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION f()"}, nil, nil},
		{"a trigger that inserts as well", "postgres", []string{"CREATE TABLE keyed (id bigserial PRIMARY KEY, word text)", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.word <> $$x$$ THEN INSERT INTO keyed (word) VALUES ($$x$$); END IF; RETURN NEW; END'",
			"CREATE TRIGGER tr AFTER INSERT ON keyed FOR EACH ROW EXECUTE FUNCTION f()"}, nil, nil},
		{"a rule", "postgres", []string{"CREATE TABLE base (id bigserial PRIMARY KEY, word text)", "CREATE TABLE keyed (id bigserial PRIMARY KEY, word text)",
			"CREATE RULE r AS ON INSERT TO keyed DO ALSO INSERT INTO base (word) VALUES (NEW.word)"}, nil, nil},
		{"a view", "postgres", []string{"CREATE TABLE base (id bigserial PRIMARY KEY, word text)", "CREATE VIEW keyed AS SELECT * FROM base"}, nil, nil},

		{"INTEGER", "sqlite", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY, word TEXT)"}, nil, []int64{-5, 40, 700}},
		{"AUTOINCREMENT", "sqlite", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT)", "INSERT INTO keyed VALUES (500, '')", "DELETE FROM keyed"}, nil, []int64{-5, 600}},
		{"all keys used up", "sqlite", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY, word TEXT)", "INSERT INTO keyed VALUES (9223372036854775806, '')"}, nil, []int64{-9}},
		{"a trigger that inserts as well", "sqlite", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY, word TEXT)", "CREATE TRIGGER tr AFTER INSERT ON keyed WHEN NEW.word <> 'x' BEGIN INSERT INTO keyed (word) VALUES ('x'); END"}, nil, []int64{-9}},
		{"a trigger that fills another table", "sqlite", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY, word TEXT)", "CREATE TABLE log (id INTEGER PRIMARY KEY, word TEXT)", "INSERT INTO log VALUES (900, '')",
			"CREATE TRIGGER tr AFTER INSERT ON keyed BEGIN INSERT INTO log (word) VALUES (NEW.word); END"}, nil, []int64{-9}},
		{"INT with a default", "sqlite", []string{"CREATE TABLE keyed (id INT PRIMARY KEY DEFAULT (abs(random() >> 8)), word TEXT)"}, nil, nil},
		{"INTEGER WITHOUT ROWID", "sqlite", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY DEFAULT (abs(random() >> 8)), word TEXT) WITHOUT ROWID"}, nil, []int64{4}},
	} {
		t.Run(tt.kind+": "+tt.name, func(t *testing.T) {
			on(t, func(t *testing.T, db *database) {
				x := db.keyed(t, tt.setup...)
				db.add(t, x, 2, tt.before)
				db.add(t, x, 1, nil)
				db.add(t, x, 7, tt.before, tt.explicit...)
				db.add(t, x, 1, tt.before)
				db.add(t, x, 3, nil)
			}, tt.kind)
		})
	}
}

// What the keys come from changes after the first rows.
func TestKeysLeadToTheirRowsAfterAChange(t *testing.T) {
	for _, tt := range []struct {
		name, kind string
		setup      []string
		change     []string
	}{
		{"a trigger comes", "mysql", []string{"CREATE TABLE keyed (id BIGINT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))"},
			[]string{"CREATE TRIGGER tr BEFORE INSERT ON keyed FOR EACH ROW SET NEW.id = 100000 - SUBSTR(NEW.word, 2)"}},
		{"a trigger comes", "postgres", []string{"CREATE TABLE keyed (id bigserial PRIMARY KEY, word text)"},
			[]string{"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := 100000 - substr(NEW.word, 2)::int; RETURN NEW; END'",
				"CREATE TRIGGER tr BEFORE INSERT ON keyed FOR EACH ROW EXECUTE FUNCTION f()"}},
		{"another default", "postgres", []string{"CREATE TABLE keyed (id bigserial PRIMARY KEY, word text)"},
			[]string{"CREATE SEQUENCE sq", "ALTER TABLE keyed ALTER id SET DEFAULT nextval('sq') + 1000"}},
		{"another table", "postgres", []string{"CREATE TABLE keyed (id bigserial PRIMARY KEY, word text)"},
			[]string{"ALTER TABLE keyed RENAME TO old", "CREATE TABLE keyed (id bigint GENERATED BY DEFAULT AS IDENTITY (START 50) PRIMARY KEY, word text)"}},
		{"another table", "sqlite", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY, word TEXT)"},
			[]string{"DROP TABLE keyed", "CREATE TABLE keyed (id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT)"}},
	} {
		t.Run(tt.kind+": "+tt.name, func(t *testing.T) {
			on(t, func(t *testing.T, db *database) {
				x := db.keyed(t, tt.setup...)
				db.add(t, x, 3, nil)
				db.exec(t, tt.change...)
				db.add(t, x, 3, nil)
				db.add(t, x, 1, nil)
			}, tt.kind)
		})
	}
}

// Where the database does not make a key, or does not say which, that is an error and nothing
// stays written by it.
func TestAKeyThatDoesNotComeBack(t *testing.T) {
	for _, tt := range []struct{ name, kind, table string }{
		{"INT", "sqlite", "CREATE TABLE keyed (id INT PRIMARY KEY, word TEXT)"},
		{"INTEGER DESC", "sqlite", "CREATE TABLE keyed (id INTEGER PRIMARY KEY DESC, word TEXT)"},
		{"a view", "sqlite", "CREATE TABLE base (id INTEGER PRIMARY KEY, word TEXT); CREATE VIEW keyed AS SELECT * FROM base; CREATE TRIGGER tr INSTEAD OF INSERT ON keyed BEGIN INSERT INTO base (word) VALUES (NEW.word); END"},
		{"a default that is no AUTO_INCREMENT", "mysql", "CREATE TABLE keyed (id BIGINT PRIMARY KEY DEFAULT (uuid_short()), word VARCHAR(20))"},
		{"no default", "mysql", "CREATE TABLE keyed (id BIGINT PRIMARY KEY, word VARCHAR(20))"},
		{"no default", "postgres", "CREATE TABLE keyed (id bigint PRIMARY KEY, word text)"},
	} {
		t.Run(tt.kind+": "+tt.name, func(t *testing.T) {
			on(t, func(t *testing.T, db *database) {
				x := db.keyed(t, strings.Split(tt.table, "; ")[0])
				if _, rest, ok := strings.Cut(tt.table, "; "); ok {
					db.exec(t, rest)
				}
				for _, n := range []int{1, 3} {
					err := x.Transaction(t.Context(), func(s *ingot.Session) error {
						for range n {
							if err := s.Add(&Keyed{Word: "lost"}); err != nil {
								return err
							}
						}
						return nil
					})
					if err == nil || !strings.Contains(err.Error(), "keyed") && !strings.Contains(err.Error(), "Keyed") {
						t.Errorf("adding %d gives %v; want an error that names the table", n, err)
					}
				}
				count := func() (n int) {
					t.Helper()
					if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM keyed").Scan(&n); err != nil {
						t.Fatal(err)
					}
					return n
				}
				if n := count(); n != 0 {
					t.Errorf("%d rows are there", n)
				}
				// Without a transaction, the row is not there, or the error says that it is.
				s := x.Session()
				defer s.Close()
				if err := s.Add(&Keyed{Word: "lost"}); err != nil {
					t.Fatal(err)
				}
				if err := s.Commit(t.Context()); err == nil || strings.Contains(err.Error(), "written all the same") != (count() == 1) || count() == 1 && tt.kind == "sqlite" {
					t.Errorf("a single insert gives %v, and %d rows are there", err, count())
				}
			}, tt.kind)
		})
	}
}

// Several insert at once, in batches of different sizes and with keys of their own in between.
func TestKeysLeadToTheirRowsAmongOthers(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		x := db.ingot(t, Keyed{})
		var wg sync.WaitGroup
		var mu sync.Mutex
		var all []*Keyed
		for w := range 4 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(w), 1))
				for round := range 8 {
					var rows []*Keyed
					err := x.Transaction(t.Context(), func(s *ingot.Session) error {
						rows = nil
						for i := range 1 + r.IntN(40) {
							k := &Keyed{Word: fmt.Sprint(w, "-", round, "-", i)}
							if r.IntN(6) == 0 {
								k.ID = -int64(1 + w*10000 + round*100 + i) // beyond what the database makes
							}
							rows = append(rows, k)
							if err := s.Add(k); err != nil {
								return err
							}
							if r.IntN(15) == 0 {
								if err := s.Flush(t.Context()); err != nil {
									return err
								}
							}
						}
						return nil
					}, ingot.Retry(20))
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					all = append(all, rows...)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		db.wantOwn(t, all)
	})
}

// A Watched is a Keyed whose word a trigger changes.
type Watched struct {
	_    struct{} `ingot:"table:keyed"`
	ID   int64    `ingot:"pk"`
	Word string   `ingot:"trigger"`
}

func TestKeysLeadToTheirRowsBesideTriggerColumns(t *testing.T) {
	const trigger = "CREATE TRIGGER tr AFTER INSERT ON keyed BEGIN UPDATE keyed SET word = 'T' || NEW.word WHERE id = NEW.id; END"
	for _, tt := range []struct {
		name  string
		setup []string
		fails bool
	}{
		{"INTEGER", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY, word TEXT)", trigger}, false},
		{"INT with a default", []string{"CREATE TABLE keyed (id INT PRIMARY KEY DEFAULT (abs(random() >> 8)), word TEXT)", trigger}, false},
		{"INTEGER WITHOUT ROWID", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY DEFAULT (abs(random() >> 8)), word TEXT) WITHOUT ROWID", trigger}, false},
		{"INT", []string{"CREATE TABLE keyed (id INT PRIMARY KEY, word TEXT)", "INSERT INTO keyed VALUES (1, 'other')", trigger}, true},
		{"INTEGER DESC", []string{"CREATE TABLE keyed (id INTEGER PRIMARY KEY DESC, word TEXT)", "INSERT INTO keyed (rowid, id, word) VALUES (5, 6, 'other')", trigger}, true},
		{"a view", []string{"CREATE TABLE base (id INTEGER PRIMARY KEY, word TEXT)", "CREATE VIEW keyed AS SELECT * FROM base", "CREATE TRIGGER tr INSTEAD OF INSERT ON keyed BEGIN INSERT INTO base (word) VALUES ('T' || NEW.word); END"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			on(t, func(t *testing.T, db *database) {
				db.exec(t, tt.setup...)
				x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Models: ingot.MustModels(Watched{}), Echo: echo(t)})
				if err != nil {
					t.Fatal(err)
				}
				defer x.Close()
				for _, n := range []int{1, 3} {
					var rows []*Watched
					s := x.Session()
					defer s.Close()
					for i := range n {
						rows = append(rows, &Watched{Word: fmt.Sprint(n, i)})
						if err := s.Add(rows[i]); err != nil {
							t.Fatal(err)
						}
					}
					if err := s.Commit(t.Context()); (err != nil) != tt.fails {
						t.Errorf("adding %d gives %v", n, err)
					}
					for i, k := range rows {
						var word string
						if tt.fails {
							if k.ID != 0 {
								t.Errorf("%+v has a key", k)
							}
						} else if err := db.QueryRowContext(t.Context(), "SELECT word FROM keyed WHERE id = ?", k.ID).Scan(&word); err != nil || word != k.Word || word != fmt.Sprint("T", n, i) {
							t.Errorf("%+v leads to the row %q, %v", k, word, err)
						}
					}
					if err := s.Rollback(t.Context()); err != nil {
						t.Error(err)
					}
				}
				var n int
				if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM keyed WHERE word LIKE 'T%'").Scan(&n); err != nil || tt.fails && n != 0 {
					t.Errorf("%d rows are there, %v", n, err)
				}
			}, "sqlite")
		})
	}
}

const autoIncrement = "CREATE TABLE keyed (id BIGINT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))"

func TestKeysLeadToTheirRowsByTheStepOfTheDSN(t *testing.T) {
	on(t, func(t *testing.T, plain *database) {
		db := plain.saying(t, "auto_increment_increment=3&auto_increment_offset=2")
		x := db.keyed(t, autoIncrement)
		last := int64(-1)
		for _, n := range []int{3, 1, 5} {
			for _, k := range db.add(t, x, n, nil) {
				if k.ID%3 != 2 || k.ID <= last {
					t.Errorf("key %d after those up to %d", k.ID, last)
				}
			}
			if err := db.QueryRowContext(t.Context(), "SELECT max(id) FROM keyed").Scan(&last); err != nil {
				t.Fatal(err)
			}
		}
		db.add(t, x, 4, nil, 500, -7)
	}, "mysql")
}

// Who may not see the triggers of a table cannot know what they do with its keys.
func TestKeysLeadToTheirRowsWhereTriggersAreHidden(t *testing.T) {
	for name, setup := range map[string][]string{
		"none":               {autoIncrement},
		"one makes the keys": {autoIncrement, "CREATE TRIGGER tr BEFORE INSERT ON keyed FOR EACH ROW SET NEW.id = 100000 - SUBSTR(NEW.word, 2)"},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, func(t *testing.T, db *database) {
				db.exec(t, setup...)
				config, err := mysqldriver.ParseDSN(db.dsn)
				if err != nil {
					t.Fatal(err)
				}
				role := fresh()
				for _, host := range []string{"'%'", "localhost"} {
					user := role + "@" + host
					db.exec(t, "CREATE USER "+user+" IDENTIFIED BY 'x'", "GRANT SELECT, INSERT ON "+config.DBName+".* TO "+user)
					t.Cleanup(func() { db.Exec("DROP USER " + user) })
				}
				config.User, config.Passwd = role, "x"
				poor := *db
				poor.dsn = config.FormatDSN()
				x := poor.keyed(t)
				db.add(t, x, 4, nil)
				db.add(t, x, 1, nil)
			}, "mysql")
		})
	}
}

// An Upserted is a row that may be there already.
type Upserted struct {
	ID   int64  `ingot:"pk"`
	Word string `ingot:"size:20;unique"`
	N    int
}

// Keys that rows in conflict use up, and give to nobody, mislead nobody.
func TestKeysLeadToTheirRowsBesideUpserts(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		x, ctx := db.ingot(t, Upserted{}), t.Context()
		u := new(Upserted)
		same := func(rows ...*Upserted) {
			t.Helper()
			for _, r := range rows {
				got, err := ingot.Get[Upserted](ctx, x, r.ID)
				if err != nil || *got != *r {
					t.Errorf("%+v leads to %+v, %v", *r, got, err)
				}
			}
		}
		row := func(word string, n int) *Upserted { return &Upserted{Word: word, N: n} }
		add := func(rows ...*Upserted) {
			t.Helper()
			if err := x.Transaction(ctx, func(s *ingot.Session) error {
				for _, r := range rows {
					if err := s.Add(r); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			same(rows...)
		}
		a, b, c := row("a", 1), row("b", 1), row("c", 1)
		add(a, b, c)
		given := []*Upserted{row("a", 2), row("d", 2), row("b", 2), row("e", 2)}
		if _, err := ingot.Insert(given...).As(u).OnConflict(&u.Word).DoNothing().Exec(ctx, x); err != nil {
			t.Fatal(err)
		}
		same(a, b, c)
		add(row("f", 1), row("g", 1))
		update := ingot.Insert(row("f", 3), row("c", 3), row("h", 3), row("a", 3), row("i", 3)).As(u).OnConflict(&u.Word).DoUpdate(ingot.C(&u.N).SetX(ingot.Excluded(ingot.C(&u.N))))
		if x.Server().InsertReturning {
			back, err := update.Returning().All(ctx, x)
			if err != nil || len(back) != 5 {
				t.Fatalf("%d rows come back, %v", len(back), err)
			}
			same(back...)
		} else if _, err := update.Exec(ctx, x); err != nil {
			t.Fatal(err)
		}
		a.N, c.N = 3, 3
		same(a, b, c)
		add(row("j", 1), row("k", 1), row("l", 1))
		add(row("m", 1))
		for _, r := range given {
			if r.ID != 0 {
				t.Errorf("a bulk Insert has given %+v a key", *r)
			}
		}
		all, err := ingot.Select(u).All(ctx, x)
		if err != nil || len(all) != 13 {
			t.Errorf("%d rows are there, %v", len(all), err)
		}
	})
}

// A Given is a Keyed whose key the program makes.
type Given struct {
	_    struct{} `ingot:"table:keyed"`
	ID   int64    `ingot:"pk;noauto"`
	Word string   `ingot:"size:20"`
}

func TestKeysOfTheProgramStay(t *testing.T) {
	on(t, func(t *testing.T, plain *database) {
		for name, made := range map[string]func(db *database, x *ingot.DB) error{
			"made by CreateAll": func(_ *database, x *ingot.DB) error { return x.CreateAll(t.Context()) },
			"AUTO_INCREMENT":    func(db *database, _ *ingot.DB) error { db.exec(t, autoIncrement); return nil },
		} {
			db := plain.saying(t, "auto_increment_increment=3&auto_increment_offset=2")
			db.exec(t, "DROP TABLE IF EXISTS keyed")
			x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Models: ingot.MustModels(Given{}), Echo: echo(t)})
			if err != nil {
				t.Fatal(err)
			}
			if err := made(db, x); err != nil {
				t.Fatal(err)
			}
			keys := []int64{900, -4, 17, 16, 18, 1, 5000}
			if name == "made by CreateAll" {
				keys = append(keys, 0)
			}
			s := x.Session()
			var rows []*Keyed
			for _, key := range keys {
				g := &Given{ID: key, Word: fmt.Sprint("w", key)}
				rows = append(rows, &Keyed{ID: key, Word: g.Word})
				if err := s.Add(g); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Commit(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			s.Close()
			db.wantOwn(t, rows)
			x.Close()
		}
	}, "mysql")
}
