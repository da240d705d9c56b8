package sqlite

import (
	"fmt"
	"strings"
	"testing"
)

func TestScan(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"words and marks", "a<>b_1", "w:a o:<> w:b_1"},
		{"a string with a quote", "'it''s'", "s:'it''s'"},
		{"four quote styles", "\"a\"\"b\"`c``d`[e f]'g'", "q:\"a\"\"b\" q:`c``d` q:[e f] s:'g'"},
		{"comments", "a--b\nc/*d'*/e", "w:a w:c w:e"},
		{"a blob", "x'00' X'ff' xy", "b:x'00' b:X'ff' w:xy"},
		{"numbers", "1 .5 1.5e-3 0x1F-1 1_000", "n:1 n:.5 n:1.5e-3 n:0x1F o:- n:1 n:1_000"},
		{"a minus behind a number", "1-2", "n:1 o:- n:2"},
		{"operators", "a->>b||c", "w:a o:->> w:b o:|| w:c"},
		{"what is not closed", "'abc", "s:'abc"},
		{"letters beyond ASCII", "größe", "w:größe"},
	} {
		var words []string
		for _, tok := range scan(tt.text) {
			if tok.kind != tokenSpace {
				words = append(words, string(" wqsbno"[tok.kind])+":"+tok.text)
			}
		}
		if got := strings.Join(words, " "); got != tt.want {
			t.Errorf("%s: scan(%q) = %s, want %s", tt.name, tt.text, got, tt.want)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range []string{"", "a b", "'", "\"x", "[", "/*", "--", "x'", "1e+", "0x1e-2", "a.b.\x00c", "CREATE TABLE t (a INT)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		for _, tok := range scan(text) {
			if tok.text == "" || tok.at != b.Len() {
				t.Fatalf("scan(%q) has the token %+v at %d", text, tok, b.Len())
			}
			b.WriteString(tok.text)
			_, _ = tok.name() // it takes any token
		}
		if b.String() != text {
			t.Fatalf("the tokens of %q are %q", text, b.String())
		}
		// Whatever the text, the parsers end.
		parseTable("CREATE TABLE t (" + text)
		parseTable(text)
		parseIndex("CREATE INDEX i ON t (" + text)
		parseIndexPart(text)
	})
}

func TestParseTable(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"columns and types", "CREATE TABLE t (a, b INT, [c d] VARCHAR ( 30 ) , 'e' unsigned big int)", "a: b:INT c d:VARCHAR ( 30 ) e:unsigned big int"},
		{"a check in a comment", "CREATE TABLE t (a INT /* CHECK (a > 1) */ CHECK (a > ')'), -- CHECK (b)\n CHECK ((a) /* ) */ < 2))", "a:INT check(a > ')') check((a) /* ) */ < 2)"},
		{"any case of keywords", "create table if not exists main.t (a int Not Null Default (1 + 2) constraint u UNIQUE)", "a:int notnull default(1 + 2) unique u[a]"},
		{"defaults", "CREATE TABLE t (a DEFAULT -1, b DEFAULT 'x''y' NOT NULL, c DEFAULT CURRENT_TIMESTAMP, d DEFAULT NULL)", "a: default(-1) b: notnull default('x''y') c: default(CURRENT_TIMESTAMP) d: default(NULL)"},
		{"a key of its own", "CREATE TABLE t (id INTEGER CONSTRAINT k PRIMARY KEY DESC ON CONFLICT replace AUTOINCREMENT)", "id:INTEGER key k[id desc] on conflict REPLACE auto"},
		{"a key of the table", "CREATE TABLE t (a, b, CONSTRAINT k PRIMARY KEY (a COLLATE nocase DESC, b)) WITHOUT ROWID, STRICT", "a: b: key k[a nocase desc,b] without rowid strict"},
		{"constraints without commas", "CREATE TABLE t (a, UNIQUE (a) CHECK (a) CONSTRAINT x CHECK (b))", "a: unique [a] check(a) check x(b)"},
		{"foreign keys", "CREATE TABLE t (a REFERENCES p ON DELETE SET NULL ON UPDATE CASCADE NOT NULL, b, CONSTRAINT f FOREIGN KEY (a, b) REFERENCES q (x, y) MATCH full ON DELETE no action NOT DEFERRABLE, c REFERENCES r (z) DEFERRABLE INITIALLY DEFERRED)",
			""},
		{"generated columns", "CREATE TABLE t (a, b INT GENERATED ALWAYS AS (a + 1) STORED, c AS (f(a)) NOT NULL, generated int)", "a: b:INT generated(a + 1) stored c: notnull generated(f(a)) generated:int"},
		{"collations", `CREATE TABLE t (a TEXT COLLATE "NOCASE" NOT NULL ON CONFLICT FAIL)`, "a:TEXT notnull on conflict FAIL collate NOCASE"},
	} {
		def, err := parseTable(tt.text)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s: parseTable(%q) = %v, want an error", tt.name, tt.text, describe(def))
			}
			continue
		}
		if got := describe(def); got != tt.want || err != nil {
			t.Errorf("%s: parseTable(%q) =\n%s, %v; want\n%s", tt.name, tt.text, got, err, tt.want)
		}
	}
}

func TestParseForeignKeys(t *testing.T) {
	def, err := parseTable("CREATE TABLE t (a REFERENCES p ON DELETE SET NULL ON UPDATE CASCADE NOT NULL, c CONSTRAINT g REFERENCES r (z) DEFERRABLE INITIALLY DEFERRED, b, " +
		"CONSTRAINT f FOREIGN KEY (a, b) REFERENCES q (x, y) MATCH full ON DELETE no action NOT DEFERRABLE, FOREIGN KEY (b) REFERENCES t DEFERRABLE)")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range def.foreignKeys {
		got = append(got, fmt.Sprint(f))
	}
	want := "{ [a]  p [] SET NULL CASCADE  0 false false}\n{g [c]  r [z]    2 false false}\n{f [a b]  q [x y]   FULL 0 false false}\n{ [b]  t []    1 false false}"
	if strings.Join(got, "\n") != want {
		t.Errorf("foreign keys:\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// describe prints a definition without its foreign keys.
func describe(def *tableDef) string {
	if def == nil {
		return ""
	}
	var words []string
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	conflict := func(c string) {
		if c != "" {
			add("on conflict %s", c)
		}
	}
	for _, c := range def.columns {
		add("%s:%s", c.name, c.typ)
		if c.notNull {
			add("notnull")
		}
		conflict(c.conflict)
		if c.def != "" {
			add("default(%s)", c.def)
		}
		if c.collation != "" {
			add("collate %s", c.collation)
		}
		if c.generated != "" {
			add("generated(%s)", c.generated)
		}
		if c.stored {
			add("stored")
		}
	}
	key := func(kind string, k *keyDef) {
		var parts []string
		for _, p := range k.parts {
			text := p.name
			if p.collation != "" {
				text += " " + p.collation
			}
			if p.desc {
				text += " desc"
			}
			parts = append(parts, text)
		}
		add("%s %s[%s]", kind, k.name, strings.Join(parts, ","))
		conflict(k.conflict)
		if k.autoincrement {
			add("auto")
		}
	}
	if def.key != nil {
		key("key", def.key)
	}
	for i := range def.uniques {
		key("unique", &def.uniques[i])
	}
	for _, c := range def.checks {
		if c.Name != "" {
			add("check %s(%s)", c.Name, c.Expr)
		} else {
			add("check(%s)", c.Expr)
		}
	}
	if def.withoutRowID {
		add("without rowid")
	}
	if def.strict {
		add("strict")
	}
	return strings.Join(words, " ")
}

func TestParseIndex(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"columns", `CREATE INDEX i ON t (a, "b c" DESC, d COLLATE nocase ASC)`, "a;b c desc;d collate nocase"},
		{"expressions", "CREATE UNIQUE INDEX main.i ON t (lower(a), (b + c) COLLATE binary, substr(a, 1, 2) DESC, f(a COLLATE nocase))",
			"(lower(a));((b + c)) collate binary;(substr(a, 1, 2)) desc;(f(a COLLATE nocase))"},
		{"a predicate", "create index i on t(a) WHERE a > ')' /* where */ AND b IS NOT NULL", "a where a > ')' /* where */ AND b IS NOT NULL"},
	} {
		def, err := parseIndex(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var parts []string
		for _, p := range def.parts {
			text := p.Column
			if p.Expr != "" {
				text = "(" + string(p.Expr) + ")"
			}
			if p.Collation != "" {
				text += " collate " + p.Collation
			}
			if p.Desc {
				text += " desc"
			}
			parts = append(parts, text)
		}
		got := strings.Join(parts, ";")
		if def.where != "" {
			got += " where " + def.where
		}
		if got != tt.want {
			t.Errorf("%s: parseIndex(%q) =\n%s; want\n%s", tt.name, tt.text, got, tt.want)
		}
	}
}
