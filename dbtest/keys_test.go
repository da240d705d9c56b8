package dbtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

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
