package sqlite

import (
	"testing"

	"ingot"
)

func TestSameText(t *testing.T) {
	for _, tt := range []struct {
		name, a, b string
		want       bool
	}{
		{"spaces and comments", "a>1", " a /* x */ > 1 -- y", true},
		{"case of keywords and names", "lower(Name) IS NOT NULL", "LOWER(name) is not null", true},
		{"quotes around names", `"a" > 1`, "[a] > 1", true},
		{"quotes or none", "`Name` > 1", "name > 1", true},
		{"parentheses around all", "((a > 1))", "a > 1", true},
		{"parentheses that are not around all", "(a) > (1)", "a) > (1", false},
		{"operators", "a != 1 OR b == 2", "a <> 1 OR b = 2", true},
		{"truth", "a = TRUE", "a = 1", true},
		{"blobs", "x'aB'", "X'Ab'", true},
		{"strings", "a = 'x'", "a = 'X'", false},
		{"spaces in strings", "'a b'", "'a  b'", false},
		{"strings in double quotes", `a = "x"`, `a = "X"`, false},
		{"a string and a name", "a = 'x'", `a = "x"`, false},
		{"a keyword and a name", `"null"`, "null", false},
		{"true and a name", `"true"`, "true", false},
		{"one word is a string as a default", "abc", "ABC", false},
		{"clock functions", "current_timestamp", "CURRENT_TIMESTAMP", true},
		{"numbers", "1.0", "1", false},
		{"other numbers", "10", "1 0", false},
		{"another operator", "a > 1", "a >= 1", false},
		{"more", "a > 1", "a > 1 AND b", false},
	} {
		if got := (Dialect{}).SameText(ingot.SQLText(tt.a), ingot.SQLText(tt.b)); got != tt.want {
			t.Errorf("%s: SameText(%q, %q) = %v", tt.name, tt.a, tt.b, got)
		}
		if got := (Dialect{}).SameText(ingot.SQLText(tt.b), ingot.SQLText(tt.a)); got != tt.want {
			t.Errorf("%s: SameText(%q, %q) = %v", tt.name, tt.b, tt.a, got)
		}
	}
}

func TestTypes(t *testing.T) {
	for _, tt := range []struct{ typ, name, strict, canonical string }{
		{"boolean", "BOOLEAN", "INTEGER", "boolean"},
		{"smallint", "SMALLINT", "INTEGER", "smallint"},
		{"integer", "INTEGER", "INTEGER", "integer"},
		{"bigint", "BIGINT", "INTEGER", "bigint"},
		{"real", "REAL", "REAL", "real"},
		{"double", "DOUBLE", "REAL", "double"},
		{"decimal(10,2)", "DECIMAL(10, 2)", "TEXT", "decimal(10,2)"},
		{"varchar(30)", "VARCHAR(30)", "TEXT", "varchar(30)"},
		{"char(2)", "CHAR(2)", "TEXT", "char(2)"},
		{"text", "TEXT", "TEXT", "text"},
		{"blob", "BLOB", "BLOB", "blob"},
		{"date", "DATE", "TEXT", "date"},
		{"time", "TIME", "TEXT", "time"},
		{"timestamp", "DATETIME", "TEXT", "timestamp"},
		{"json", "TEXT", "TEXT", "text"},
		{"uuid", "CHAR(36)", "TEXT", "char(36)"},
		{"VARCHAR ( 255 )", "VARCHAR ( 255 )", "VARCHAR ( 255 )", "varchar(255)"},
		{"numeric(10,2)", "numeric(10,2)", "numeric(10,2)", "decimal(10,2)"},
		{"Nvarchar(9)", "Nvarchar(9)", "Nvarchar(9)", "nvarchar(9)"},
		{"INT", "INT", "INT", "integer"},
		{"unsigned  BIG int", "unsigned  BIG int", "unsigned  BIG int", "unsigned big int"},
		{"ANY", "ANY", "ANY", "any"},
		{"", "", "", "blob"}, // no type has the affinity of that one
	} {
		if got := typeName(ingot.Type(tt.typ), false); got != tt.name {
			t.Errorf("typeName(%q) = %q, want %q", tt.typ, got, tt.name)
		}
		if got := typeName(ingot.Type(tt.typ), true); got != tt.strict {
			t.Errorf("typeName(%q) of a strict table = %q, want %q", tt.typ, got, tt.strict)
		}
		if got := (Dialect{}).CanonicalType(ingot.Type(tt.typ)); string(got) != tt.canonical {
			t.Errorf("CanonicalType(%q) = %q, want %q", tt.typ, got, tt.canonical)
		}
		if got := (Dialect{}).CanonicalType(ingot.Type(typeName(ingot.Type(tt.typ), false))); string(got) != tt.canonical {
			t.Errorf("CanonicalType of the name of %q = %q, want %q", tt.typ, got, tt.canonical)
		}
	}
}

func TestInspectedTypes(t *testing.T) {
	for _, tt := range []struct{ declared, want string }{
		{"VARCHAR ( 255 )", "varchar(255)"},
		{"INTEGER", "integer"},
		{"INT", "INT"},
		{"DATETIME", "timestamp"},
		{"TIMESTAMP", "TIMESTAMP"},
		{"numeric(10,2)", "numeric(10,2)"},
		{"TEXT", "text"},
		{"", ""},
	} {
		if got := vocabularyType(tt.declared, false); string(got) != tt.want {
			t.Errorf("vocabularyType(%q) = %q, want %q", tt.declared, got, tt.want)
		}
	}
}
