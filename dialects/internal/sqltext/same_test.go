package sqltext

import (
	"strings"
	"testing"
)

var (
	pg = Rules{
		Reserved:  func(w string) bool { return w == "user" || strings.HasPrefix(w, "current_") },
		Functions: map[string]string{"current_timestamp": "now"},
		Type: func(t string) string {
			return strings.NewReplacer("character varying", "varchar", "numeric", "decimal").Replace(strings.ToLower(t))
		},
	}
	my = Rules{
		MySQL:     true,
		Reserved:  func(w string) bool { return w == "user" || strings.HasPrefix(w, "current_") },
		Functions: map[string]string{"lcase": "lower", "now": "current_timestamp"},
	}
)

func TestSameExpressions(t *testing.T) {
	for _, tt := range []struct {
		rules Rules
		a, b  string
	}{
		{pg, `'x'`, `'x'::character varying`},
		{pg, `'it''s'`, `'it''s'::text`},
		{pg, `-1`, `'-1'::integer`},
		{pg, `3000000000`, `'3000000000'::bigint`},
		{pg, `1+1`, `(1 + 1)`},
		{pg, `E'\\'`, `'\'::text`},
		{pg, `now()`, `CURRENT_TIMESTAMP`},
		{pg, `now() at time zone 'utc'`, `(now() AT TIME ZONE 'utc'::text)`},
		{pg, `now() at time zone 'utc'`, `timezone('utc'::text, now())`},
		{pg, `'ok'`, `'ok'::schema.mood`},
		{pg, `b IN ('x','y')`, `((b)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))`},
		{pg, `b IN ('x','y')`, `(b = ANY (ARRAY['x'::text, 'y'::text]))`},
		{pg, `b IN ('x')`, `(b = 'x'::text)`},
		{pg, `n NOT IN (1, 2)`, `(n <> ALL (ARRAY[1, 2]))`},
		{pg, `n between 1 and 5 and m > 0`, `((n >= 1) AND (n <= 5) AND (m > 0))`},
		{pg, `n > 0`, `(n > (0)::numeric)`},
		{pg, `n > -1`, `(n > '-1'::integer)`},
		{pg, `name like 'a%'`, `((name)::text ~~ 'a%'::text)`},
		{pg, `a != b or not c`, `((a <> b) OR (NOT c))`},
		{pg, `lower(Name)`, `lower((name))`},
		{pg, `"name" is not null`, `(name IS NOT NULL)`},
		{pg, `cast('1' as jsonb)`, `'1'::jsonb`},
		{pg, `date '2020-01-01'`, `'2020-01-01'::date`},
		{pg, `case when a then 1 else 2 end`, "CASE\n    WHEN a THEN 1\n    ELSE 2\nEND"},
		{pg, `a - b - c`, `((a - b) - c)`},
		{pg, `data->>'k' = 'v'`, `((data ->> 'k'::text) = 'v'::text)`},
		{my, `lower(a) = 'x'`, "(lcase(`a`) = _utf8mb4'x')"},
		{my, `a in ('x', 'y')`, "(`a` in (_utf8mb4'x',_utf8mb4'y'))"},
		{my, `TRUE`, `1`},
		{my, "5-- 3\n", `5`},
		{my, `0`, `0.00`},
		{my, `now()`, `current_timestamp()`},
		{my, `CURRENT_TIMESTAMP(6)`, `current_timestamp(6)`},
		{my, `a between 1 and 2`, "(`a` between 1 and 2)"},
		{my, `"x"`, `'x'`},
	} {
		if !tt.rules.Same(tt.a, tt.b) || !tt.rules.Same(tt.b, tt.a) {
			t.Errorf("%s and %s are the same", tt.a, tt.b)
		}
	}
}

func TestDifferentExpressions(t *testing.T) {
	for _, tt := range []struct {
		rules Rules
		a, b  string
	}{
		{pg, `'x'`, `'X'`},
		{pg, `'x'`, `'x '`},
		{pg, `'xy'`, `'xy'::character(1)`},
		{pg, `'now'`, `'now'::text`},
		{pg, `'1'`, `1`},
		{pg, `1`, `'2'::integer`},
		{pg, `1`, `-1`},
		{pg, `1.5`, `1.50`},
		{pg, `n / 2`, `n / (2)::numeric`},
		{pg, `f('a')`, `f('a'::regclass, 1)`},
		{pg, `f('a'::text)`, `f('a'::regclass)`},
		{pg, `user`, `"user"`},
		{pg, `name`, `"Name"`},
		{pg, `a - b - c`, `a - (b - c)`},
		{pg, `a and b or c`, `a and (b or c)`},
		{pg, `not a = b`, `(not a) = b`},
		{pg, `b IN ('x','y')`, `b IN ('y','x')`},
		{pg, `b IN ('x','y')`, `b IN ('x')`},
		{pg, `b::text = '1'`, `b = '1'`},
		{pg, `a < b`, `a <= b`},
		{pg, `n between 1 and 5`, `n not between 1 and 5`},
		{pg, `E'\x41'`, `'x41'`},
		{pg, `x'41'`, `'41'`},
		{pg, `$$a$$`, `'b'`},
		{pg, ``, `''`},
		{pg, `a -- b`, `a - b`},
		{pg, `'a`, `'a'`},
		{my, `'a'`, `'b'`},
		{my, `5--3`, `5--4`},
		{my, `a /*!+ 1*/`, `a`},
		{my, `_latin1'é'`, `'é'`},
		{my, `'0'`, `0`},
		{my, `a || b`, `a or b`},
		{my, `1.5`, `15`},
		{my, `10`, `1`},
		{my, `0x61`, `0x62`},
		{my, `a in (1)`, `a in (1, 2)`},
	} {
		if tt.rules.Same(tt.a, tt.b) || tt.rules.Same(tt.b, tt.a) {
			t.Errorf("%s and %s differ", tt.a, tt.b)
		}
	}
}

func TestStatementsOfAScript(t *testing.T) {
	for _, tt := range []struct {
		rules  Rules
		script string
		want   []string
	}{
		{pg, "select 1; select ';' ;; -- ;\n select 2", []string{"select 1", "select ';'", "-- ;\n select 2"}},
		{pg, "create function f() returns int as $x$ begin; end; $x$ language plpgsql; select 1", []string{"create function f() returns int as $x$ begin; end; $x$ language plpgsql", "select 1"}},
		{pg, "create function f() returns int begin atomic select 1; select 2; end; select 1", []string{"create function f() returns int begin atomic select 1; select 2; end", "select 1"}},
		{pg, "begin; select 1; end", []string{"begin", "select 1", "end"}},
		{my, "select 1--1; /*!50003 create trigger g before insert on t for each row begin set @a = 1; end */; select 2",
			[]string{"select 1--1", "/*!50003 create trigger g before insert on t for each row begin set @a = 1; end */", "select 2"}},
		{my, "insert into t values ('a\\';'); # ;\nselect `;`", []string{"insert into t values ('a\\';')", "# ;\nselect `;`"}},
		{my, "create trigger g before insert on t for each row begin if 1 then set @a = case when 1 then 2 end; end if; set @b = 1; end; select 1",
			[]string{"create trigger g before insert on t for each row begin if 1 then set @a = case when 1 then 2 end; end if; set @b = 1; end", "select 1"}},
		{pg, "select 'open", []string{"select 'open"}},
		{pg, " -- nothing\n", nil},
	} {
		got := tt.rules.Statements(tt.script)
		if strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("Statements(%q) = %q; want %q", tt.script, got, tt.want)
		}
	}
}

func FuzzSameIsReflexiveAndNeverPanics(f *testing.F) {
	f.Add(`a = ANY (ARRAY['x'::text])`, `b in (1)`)
	f.Add(`case when a then -1 end`, `'x'`)
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, r := range []Rules{pg, my} {
			if !r.Same(a, a) {
				t.Errorf("%q differs from itself", a)
			}
			if r.Same(a, b) != r.Same(b, a) {
				t.Errorf("%q and %q: the order matters", a, b)
			}
			quote := func(s string) string {
				return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, ``), "'", "''") + "'"
			}
			if x, y := quote(a), quote(b); r.Same(x, y) != (x == y) {
				t.Errorf("constants %s and %s", x, y)
			}
			r.Statements(a)
		}
	})
}
