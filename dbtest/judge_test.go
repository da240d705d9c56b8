package dbtest

import (
	"strings"
	"testing"

	"ingot"
)

// What no rule about text can know, the server does; and it never calls two things the same
// that are not.
func TestTheServerJudgesExpressions(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		judge, ok := db.dialect.(ingot.TextJudge)
		if !ok || strings.HasSuffix(db.name, "-pq") || strings.HasSuffix(db.name, "-mattn") {
			t.Skip("no judge")
		}
		x := table("t", []ingot.Column{{Name: "id", Type: "bigint"}, {Name: "a", Type: "varchar(3)", Null: true}, {Name: "b", Type: "integer", Null: true}, {Name: "Group", Type: "text", Null: true}, {Name: "n", Type: "bigint"},
			{Name: "value", Type: "integer", Null: true}, {Name: "current_date", Type: "date", Null: true}}, key("id"))
		long := ingot.SQLText(strings.Repeat(" AND b <> 123456789", 40))
		db.migrate(t, &ingot.Schema{}, []ingot.Step{ingot.CreateTable{Table: x}})
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		column := ingot.Object{Kind: ingot.ObjectColumn, Table: ingot.TableName{Name: "t"}, Name: "a"}
		check := ingot.Object{Kind: ingot.ObjectCheck, Table: ingot.TableName{Name: "t"}, Name: "ck"}
		type pair struct {
			o        ingot.Object
			from, to ingot.SQLText
			same     bool
		}
		pairs := []pair{
			{check, "b > 5", "b > 6", false},
			{check, "b > 5", "b>5", true},
			{check, "b > 5", "(b > (5))", true},
			{check, "a = 'x'", "a = 'X'", false},
			{check, "a = 'x'", "a = 'x '", false},
			{check, "b IN (1, 2)", "b IN (1, 3)", false},
			{check, "nonsense(b)", "nonsense(b )", false},
			{check, "b > 5) AND (b > 6", "b > 5) AND (b > 6 ", false},
			{check, "b > 5; SELECT 1", "b > 5 ; SELECT 1", false},
			{column, "'abcd'", "'abce'", false},
			{column, "'abcd'", "'abc'", false},
		}
		switch db.kind {
		case "sqlite":
			pairs = append(pairs, pair{check, "a IN ('x')", "a = 'x'", true},
				pair{check, "coalesce(a, 'x') <> 'y'", "ifnull(a, 'x') != 'y'", true},
				pair{check, "(b) + 1 > 2", "b + (1) > (2)", true},
				pair{check, "[Group] = 'x'", "\"Group\" == 'x'", true},
				pair{check, "b BETWEEN 1 AND 2", "b BETWEEN 1 AND 3", false},
				pair{check, "a = x'6100ff'", "a = x'6100fe'", false},
				pair{check, "b > 0.12345678901234561", "b > 0.12345678901234565", false},
				pair{check, "b = 9007199254740993", "b = 9007199254740992", false},
				pair{check, "a = 'x' COLLATE nocase", "a = 'x' COLLATE rtrim", false},
				pair{check, "a = ?", "a = ? ", false},
				pair{check, "a = 'x' -- )", "a = 'x'", true})
		case "postgres":
			pairs = append(pairs, pair{check, "COALESCE(id, (0)::bigint) >= 0", "coalesce(id, 0) >= 0", true},
				pair{check, "lower((a)::text) = 'x'::text", "lower(a) = 'x'", true},
				pair{check, "NOT (b < 3)", "b >= 3", true},
				pair{check, "1/0 = b", "1/0 = b ", false},
				pair{column, "'x'::character varying", "'x'", true},
				pair{column, "('x'::text || 'y'::text)", "'x' || 'y'", true})
		case "mysql":
			pairs = append(pairs, pair{check, "octet_length(`a`) > 2", "length(a) > 2", true},
				pair{check, "`id` <> 5 or `id` <> 6", "NOT (id = 5 AND id = 6)", true},
				pair{check, "`id` <> 5 and `id` <> 6", "id <> 5 AND NOT id = 6", true},
				pair{check, "ucase(`a`) = 'X'", "upper(a) = 'X'", true},
				pair{check, "a <> '𝄞'", "a <> '𝄢'", false},
				pair{check, "a <> _latin1'é'", "a <> 'é'", false},
				pair{check, "`id` is null", "`n` IS NULL", false},
				pair{check, "`id` is null or `n` is not null", "id IS NULL OR NOT n IS NULL", true},
				pair{check, "curdate() > '2026-01-01'", "current_date > '2026-01-01'", true},
				pair{check, "`current_date` > '2026-01-01'", "current_date > '2026-01-01'", false},
				pair{check, "`id` is not null and `b` > 5", "b > 5 AND n IS NOT NULL", false},
				pair{check, "b > 5" + long + " AND b > 6", "b > 5" + long + " AND b > 7", false},
				pair{check, "b > 5--3", "b > 5--4", false},
				pair{check, "b > 5 /*!+ 1*/", "b > 5", false})
			if db.name == "mariadb" {
				db.exec(t, "CREATE SEQUENCE counted")
				pairs = append(pairs, pair{column, "nextval(counted)", "(NEXT VALUE FOR counted)", true})
			}
			// A table of one row that the server is certain of.
			db.exec(t, "ALTER TABLE t ENGINE = MyISAM", "INSERT INTO t (id, b, n) VALUES (7, 7, 7)")
			pairs = append(pairs, pair{check, "`b` > 5", "`id` > 5", false}, pair{check, "octet_length(`a`) > 2", "length(a) > 2", true})
		}
		for _, p := range pairs {
			if got := judge.SameByServer(t.Context(), conn, &db.Server, &x, ingot.TextPair{Object: p.o, Attribute: "x", From: p.from, To: p.to}); got != p.same {
				t.Errorf("SameByServer(%s, %s) = %v, want %v", p.from, p.to, got, p.same)
			}
		}
		if _, err := conn.ExecContext(t.Context(), "SELECT 1"); err != nil {
			t.Errorf("the connection is of no use any more: %v", err)
		}
	})
}
