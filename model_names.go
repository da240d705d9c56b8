package ingot

import (
	"strings"
	"unicode"
)

// Naming turns Go names into names of the database. A value of it among the arguments of
// [NewModels] applies to all models there. Empty parts mean the default.
type Naming struct {
	Table  func(typeName string) string  // default: snake_case
	Column func(fieldName string) string // default: snake_case; without the prefix of embedded structs

	// Templates of the names of constraints and indexes that no name: option gives.
	// {table}, {columns}, {reftable} and {refcolumns} stand for names; columns are
	// joined by underscores.
	PrimaryKey string // default: pk_{table}
	ForeignKey string // default: fk_{table}_{columns}_{reftable}
	Unique     string // default: uq_{table}_{columns}
	Check      string // default: ck_{table}_{columns}
	Index      string // default: ix_{table}_{columns}
}

// withDefaults fills what was left empty.
func (n Naming) withDefaults() Naming {
	if n.Table == nil {
		n.Table = snakeCase
	}
	if n.Column == nil {
		n.Column = snakeCase
	}
	for _, t := range []struct {
		template *string
		standard string
	}{
		{&n.PrimaryKey, "pk_{table}"},
		{&n.ForeignKey, "fk_{table}_{columns}_{reftable}"},
		{&n.Unique, "uq_{table}_{columns}"},
		{&n.Check, "ck_{table}_{columns}"},
		{&n.Index, "ix_{table}_{columns}"},
	} {
		if *t.template == "" {
			*t.template = t.standard
		}
	}
	return n
}

// expand fills in a template. Columns and reference may be empty.
func (n Naming) expand(template, table string, columns []string, refTable string, refColumns []string) string {
	return strings.NewReplacer(
		"{table}", table,
		"{columns}", strings.Join(columns, "_"),
		"{reftable}", refTable,
		"{refcolumns}", strings.Join(refColumns, "_"),
	).Replace(template)
}

// snakeCase turns a Go name into snake_case. A word begins where a capital follows a small
// letter or a digit, and at the last capital of a run that a small letter ends, so that
// initialisms stay whole: HTTPServerID is http_server_id, OAuth2Token is oauth2_token. A
// lone capital at the start belongs to the word behind it.
func snakeCase(name string) string {
	name, _, _ = strings.Cut(name, "[") // the arguments of a generic type
	r := []rune(name)
	var b strings.Builder
	for i, c := range r {
		if unicode.IsUpper(c) && i > 0 && r[i-1] != '_' {
			after := unicode.IsLower(r[i-1]) || unicode.IsDigit(r[i-1])
			lastOfRun := unicode.IsUpper(r[i-1]) && i+1 < len(r) && unicode.IsLower(r[i+1])
			if after || lastOfRun && !plural(r[i:]) && i > 1 {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// plural reports whether a run of capitals ends in a plural s, as in UserIDs.
func plural(rest []rune) bool {
	return len(rest) >= 2 && rest[1] == 's' && (len(rest) == 2 || unicode.IsUpper(rest[2]))
}
