package dbtest

import (
	"reflect"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"

	"ingot"
)

func TestMySQLRoundTrip(t *testing.T) {
	for _, name := range []string{"mariadb", "mysql"} {
		t.Run(name, func(t *testing.T) {
			for _, c := range mysqlChanges(name == "mysql") {
				t.Run(c.name, func(t *testing.T) { checkChange(t, targetNamed(name).open(t), c) })
			}
		})
	}
}

func mysqlChanges(expressions bool) []change {
	with := func(m func(*ingot.Table)) ingot.Schema {
		return tables(
			table("p", []ingot.Column{{Name: "x", Type: "bigint"}, {Name: "y", Type: "bigint"}}, key("x", "y"), func(t *ingot.Table) {
				t.Uniques = []ingot.Unique{{Name: "p_y", Columns: []string{"y"}}}
			}),
			table("t", []ingot.Column{id(), {Name: "a", Type: "bigint", Null: true}, {Name: "b", Type: "bigint", Null: true}, {Name: "Group", Type: "varchar(30)", Null: true}}, key("id"), m))
	}
	plain := with(func(*ingot.Table) {})
	index := func(x ingot.Index) ingot.Schema {
		return with(func(t *ingot.Table) { t.Indexes = []ingot.Index{x} })
	}
	a := []ingot.IndexPart{{Column: "a"}}
	defaults := func(c ...ingot.Column) ingot.Schema {
		for i := range c {
			c[i].Name = string(rune('a' + i))
		}
		return columnOf(c...)
	}
	changes := []change{
		{"table options", columnOf(ingot.Column{Name: "a", Type: "integer"}), func() ingot.Schema {
			s := columnOf(ingot.Column{Name: "a", Type: "integer"})
			s.Tables[0].Options = []ingot.Option{{Name: "max_rows", Value: "1000"}, {Name: "stats_persistent", Value: "1"}, {Name: "row_format", Value: "compact"}}
			return s
		}(), false},
		{"types", tables(everyType()), tables(everyType("tinyint", "tinyint unsigned", "mediumint", "integer unsigned", "bigint unsigned", "datetime", "datetime(3)", "timestamp(0)", "timestamp(6)", "time(0)", "text(65535)", "blob(65535)", "tinytext", "mediumblob", "binary(16)", "varbinary(20)", "bit(3)", "year", "enum('a','it''s','c\\\\d')", "set('a','b')", "decimal(20,0) unsigned", "integer(5) unsigned zerofill", "double(10,2)")), false},
		{"varchar grows", columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Default: "'x'", Comment: "kept"}), columnOf(ingot.Column{Name: "a", Type: "varchar(20)", Default: "'x'", Comment: "kept"}), false},
		{"varchar becomes text", columnOf(ingot.Column{Name: "a", Type: "varchar(10)"}), columnOf(ingot.Column{Name: "a", Type: "text"}), false},
		{"datetime becomes exact", columnOf(ingot.Column{Name: "a", Type: "datetime"}), columnOf(ingot.Column{Name: "a", Type: "timestamp"}), false},
		{"text becomes a number", columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Default: "'7'"}), columnOf(ingot.Column{Name: "a", Type: "integer", Default: "7"}), false},
		{"null", columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Null: true, Default: "'x'"}), columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Default: "'x'"}), false},
		{"defaults", defaults(ingot.Column{Type: "integer", Default: "1"}, ingot.Column{Type: "boolean", Default: "TRUE"}, ingot.Column{Type: "varchar(20)", Default: "'it''s'"}, ingot.Column{Type: "decimal(10,2)", Default: "1.5"}, ingot.Column{Type: "timestamp", Default: "CURRENT_TIMESTAMP(6)"}, ingot.Column{Type: "varchar(20)", Default: "''"}, ingot.Column{Type: "bit(3)", Default: "b'101'"}),
			defaults(ingot.Column{Type: "integer", Default: "-1"}, ingot.Column{Type: "boolean", Default: "FALSE"}, ingot.Column{Type: "varchar(20)", Default: "'a\\\\b'"}, ingot.Column{Type: "decimal(10,2)", Default: "0"}, ingot.Column{Type: "timestamp", Default: "NOW(6)", OnUpdate: "CURRENT_TIMESTAMP(6)"}, ingot.Column{Type: "varchar(20)", Default: "'NULL'"}, ingot.Column{Type: "bit(3)", Default: "b'1'"}), false},
		{"default expressions", defaults(ingot.Column{Type: "integer", Default: "1 + 1"}, ingot.Column{Type: "varchar(40)", Default: "concat('a', 'b')"}, ingot.Column{Type: "text", Default: "'x'"}, ingot.Column{Type: "timestamp", Default: "utc_timestamp(6)"}),
			defaults(ingot.Column{Type: "integer", Default: "(1 + 2)"}, ingot.Column{Type: "varchar(40)", Default: "uuid()"}, ingot.Column{Type: "text"}, ingot.Column{Type: "timestamp", Default: "utc_timestamp(6)", Comment: "changed"}), false},
		{"comment", columnOf(ingot.Column{Name: "a", Type: "integer", Default: "5"}), columnOf(ingot.Column{Name: "a", Type: "integer", Default: "5", Comment: `it's a \ "comment"`}), false},
		{"collation", columnOf(ingot.Column{Name: "a", Type: "varchar(10)"}), columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Collation: "utf8mb4_bin"}), false},
		{"comment beyond three bytes", columnOf(ingot.Column{Name: "a", Type: "integer", Comment: "a 𝄞"}), columnOf(ingot.Column{Name: "a", Type: "integer", Comment: "b 𝄞"}), false},
		{"collation of three bytes", columnOf(ingot.Column{Name: "a", Type: "varchar(10)"}), columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Collation: "utf8_bin"}), false},
		{"charset", columnOf(ingot.Column{Name: "a", Type: "varchar(10)"}), columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Collation: "latin1_german1_ci"}), false},
		{"auto goes", columnOf(ingot.Column{Name: "a", Type: "integer"}), tables(table("t", []ingot.Column{{Name: "id", Type: "bigint"}, {Name: "a", Type: "integer"}}, key("id"))), false},
		{"generated", columnOf(ingot.Column{Name: "a", Type: "bigint", Null: true}, ingot.Column{Name: "g", Type: "bigint", Null: true, Generated: "a + 1"}), columnOf(ingot.Column{Name: "a", Type: "bigint", Null: true}, ingot.Column{Name: "g", Type: "bigint", Null: true, Generated: "a + 2", Virtual: true}), false},
		{"generated becomes plain", columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Null: true}, ingot.Column{Name: "g", Type: "varchar(30)", Null: true, Generated: "concat(a, 'it''s')"}), columnOf(ingot.Column{Name: "a", Type: "varchar(10)", Null: true}, ingot.Column{Name: "g", Type: "varchar(30)", Null: true}), false},
		{"column comes", plain, with(func(t *ingot.Table) {
			t.Columns = append(t.Columns, ingot.Column{Name: "c", Type: "varchar(20)", Default: "''", Comment: "c"})
		}), false},
		{"primary key", plain, with(func(t *ingot.Table) { t.PrimaryKey = ingot.PrimaryKey{Name: "t_key", Columns: []string{"id", "Group"}} }), true},
		{"unique", plain, with(func(t *ingot.Table) { t.Uniques = []ingot.Unique{{Name: "u", Columns: []string{"a", "Group"}}} }), false},
		{"check", plain, with(func(t *ingot.Table) { t.Checks = []ingot.Check{{Name: "c", Expr: "a > 0 AND b BETWEEN 1 AND 5"}} }), false},
		{"check in", plain, with(func(t *ingot.Table) {
			t.Checks = []ingot.Check{{Name: "c", Expr: "`Group` IN ('a', 'it''s') OR a NOT IN (1, 2)"}}
		}), false},
		{"check function", plain, with(func(t *ingot.Table) {
			t.Checks = []ingot.Check{{Name: "c", Expr: "length(lower(`Group`)) != 3 OR a IS NULL"}}
		}), false},
		{"foreign key", plain, with(func(t *ingot.Table) {
			t.ForeignKeys = []ingot.ForeignKey{{Name: "f", Columns: []string{"a", "b"}, RefTable: "p", RefColumns: []string{"x", "y"}, OnDelete: "CASCADE", OnUpdate: "SET NULL"}}
		}), false},
		{"foreign key to unique", plain, with(func(t *ingot.Table) {
			t.ForeignKeys = []ingot.ForeignKey{{Name: "f", Columns: []string{"a"}, RefTable: "p", RefColumns: []string{"y"}, OnDelete: "RESTRICT"}}
		}), false},
		{"foreign key with an index", plain, with(func(t *ingot.Table) {
			t.Indexes = []ingot.Index{{Name: "i", Parts: []ingot.IndexPart{{Column: "a"}, {Column: "b"}}}}
			t.ForeignKeys = []ingot.ForeignKey{{Name: "f", Columns: []string{"a"}, RefTable: "p", RefColumns: []string{"y"}}}
		}), false},
		{"index", plain, index(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Column: "a", Desc: true}, {Column: "Group", Prefix: 10}}}), false},
		{"unique index", index(ingot.Index{Name: "i", Parts: a}), index(ingot.Index{Name: "i", Parts: a, Unique: true}), false},
		{"fulltext index", plain, index(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Column: "Group"}}, Using: "fulltext"}), false},
		{"invisible index", index(ingot.Index{Name: "i", Parts: a}), index(ingot.Index{Name: "i", Parts: a, Options: []ingot.Option{{Name: "invisible"}, {Name: "comment", Value: "it's"}}}), false},
		{"table comment and options", plain, with(func(t *ingot.Table) {
			t.Comment, t.Options = "it's", []ingot.Option{{Name: "collate", Value: "utf8mb4_bin"}, {Name: "row_format", Value: "compressed"}}
		}), false},
		{"enum grows", columnOf(ingot.Column{Name: "m", Type: "enum('a','b')", Default: "'b'"}), columnOf(ingot.Column{Name: "m", Type: "enum('c','a','b')", Default: "'b'"}), false},
	}
	letters := func(text string) ingot.Schema {
		s := columnOf(ingot.Column{Name: "ä", Type: "varchar(20)", Null: true}, ingot.Column{Name: "d", Type: "varchar(20)", Default: ingot.SQLText("concat('日本', '" + text + "')")},
			ingot.Column{Name: "g", Type: "varchar(50)", Null: true, Generated: ingot.SQLText("concat(`ä`, 'Ã¤', '" + text + "')")})
		s.Tables[0].Checks = []ingot.Check{{Name: "c", Expr: ingot.SQLText("`ä` <> '" + text + "'")}}
		if expressions {
			s.Tables[0].Indexes = []ingot.Index{{Name: "i", Parts: []ingot.IndexPart{{Expr: ingot.SQLText("concat(`ä`, '" + text + "')")}}}}
		}
		return s
	}
	named := func(name, old string) ingot.Schema {
		q := ingot.SQLText(targetNamed("mysql").dialect.AppendIdent(nil, name))
		s := columnOf(ingot.Column{Name: name, Was: old, Type: "integer"}, ingot.Column{Name: "g", Type: "bigint", Null: true, Generated: q + " + 1"}, ingot.Column{Name: "v", Type: "bigint", Null: true, Generated: "abs(" + q + ")", Virtual: true})
		s.Tables[0].Checks = []ingot.Check{{Name: "c", Expr: q + " > 0 OR " + q + " <> 'say_a'"}}
		if expressions {
			s.Tables[0].Indexes = []ingot.Index{{Name: "i", Parts: []ingot.IndexPart{{Expr: q + " + 2"}, {Column: name}}}}
		}
		return s
	}
	counted := func(auto bool) ingot.Schema {
		s := tables(table("p", []ingot.Column{{Name: "id", Type: "bigint", Auto: auto}}, key("id")), table("t", []ingot.Column{{Name: "p", Type: "bigint"}}))
		s.Tables[1].ForeignKeys = []ingot.ForeignKey{{Name: "f", Columns: []string{"p"}, RefTable: "p", RefColumns: []string{"id"}}}
		return s
	}
	changes = append(changes, change{"defaults of bytes", defaults(ingot.Column{Type: "binary(4)", Default: "''"}, ingot.Column{Type: "varbinary(9)", Default: "'x'"}),
		defaults(ingot.Column{Type: "binary(4)", Default: "'0x'"}, ingot.Column{Type: "varbinary(9)", Default: "'ä''\\\\'"}), false})
	if expressions {
		changes = append(changes, change{"default of no text", defaults(ingot.Column{Type: "binary(3)", Default: "0x61ff62"}), defaults(ingot.Column{Type: "binary(3)", Default: "0x61ff63"}), false})
		changes = append(changes, change{"a default beyond three bytes", defaults(ingot.Column{Type: "varchar(9)", Default: "'𝄞'"}), defaults(ingot.Column{Type: "varchar(9)", Default: "'𝄢'"}), false})
	}
	referring := func(x ...ingot.Index) ingot.Schema {
		return with(func(t *ingot.Table) {
			t.Indexes = x
			t.ForeignKeys = []ingot.ForeignKey{{Name: "f", Columns: []string{"a"}, RefTable: "p", RefColumns: []string{"y"}}}
		})
	}
	changes = append(changes, change{"an index backwards beside a foreign key", referring(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Column: "a", Desc: true}}}), index(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Column: "a", Desc: true}}}), false})
	changes = append(changes, change{"renamed where expressions name it", named("say_a", ""), named("it`s b", "say_a"), false},
		change{"auto of a key that others refer to", counted(true), counted(false), false})
	changes = append(changes, change{"letters of all alphabets", letters("é"), letters("€ß日it''s"), false})
	if expressions {
		changes = append(changes, change{"expression index", index(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Expr: "lower(`Group`)"}}}), index(ingot.Index{Name: "i", Parts: []ingot.IndexPart{{Expr: "concat(`Group`, 'it''s')", Desc: true}, {Column: "a"}}, Unique: true}), false})
	}
	return changes
}

func TestAPeriodIsToldFromACheck(t *testing.T) {
	db := targetNamed("mariadb").open(t)
	db.exec(t, "CREATE TABLE checked (a date NOT NULL COMMENT '\n  PERIOD FOR `p` (', b date NOT NULL, CONSTRAINT p CHECK (a < b))",
		"CREATE TABLE dated (a date NOT NULL, b date NOT NULL, PERIOD FOR p (a, b), CONSTRAINT q CHECK (a < b))")
	s := db.inspect(t)
	for table, want := range map[string]string{"checked": "p", "dated": "q"} {
		if checks := s.Table(ingot.TableName{Name: table}).Checks; len(checks) != 1 || checks[0].Name != want {
			t.Errorf("%s has the checks %v, want %s alone", table, checks, want)
		}
	}
	if want := (ingot.Unsupported{Kind: "period", Name: "dated.p", Reason: "`a` < `b`"}); len(s.Unsupported) != 1 || s.Unsupported[0] != want {
		t.Errorf("unsupported: %v, want %v", s.Unsupported, want)
	}
}

func TestInspectionDoesNotDependOnTheMode(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		db.exec(t, fixtureStatements(t, "testdata/schemas/nasty.mysql.sql")...)
		want := db.inspect(t)
		for _, mode := range []string{"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI,NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE"} {
			config, err := mysqldriver.ParseDSN(db.dsn)
			if err != nil {
				t.Fatal(err)
			}
			config.Params = map[string]string{"sql_mode": "'" + mode + "'"}
			other := *db
			other.dsn = config.FormatDSN()
			other.DB = other.again(t)
			if got := other.inspect(t); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s", mode, listing(ingot.Compare(want, got)))
			}
		}
	}, "mysql")
}
