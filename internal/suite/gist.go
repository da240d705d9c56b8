package suite

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// What a flush writes is the same on every database, table by table and row by row; the text
// is not. A gist is what all have in common: the kind of statement, the table, the columns
// written, those the rows are found by, and how many rows:
//
//	insert users(name)
//	update addresses(user_id) by id × 2
//	delete orders by id × 3
//
// An INSERT's gist leaves a column id out: a generated key is sent along where it was
// reserved ahead of the rows, and not where the database counts up. RETURNING is left out
// too, which takes the place of a SELECT where the database has it.
var gists = []struct {
	shape *regexp.Regexp
	make  func(m []string) string
}{
	{regexp.MustCompile(`^INSERT INTO (\S+) \((.*?)\) VALUES (.*)$`), func(m []string) string {
		return times(fmt.Sprintf("insert %s(%s)", m[1], strings.Join(columnNames(m[2]), ", ")), rowsOf(m[3]))
	}},
	{regexp.MustCompile(`^UPDATE (\S+) AS t SET (.*) FROM \(VALUES (.*)\) AS v WHERE (.*)$`), func(m []string) string {
		return update(m[1], m[2], m[4], strings.Count(m[3], "(?"))
	}},
	{regexp.MustCompile(`^UPDATE (\S+) SET (.*) WHERE (\S+) IN \((.*)\)$`), func(m []string) string {
		return update(m[1], m[2], m[3]+" = ?", strings.Count(m[4], "?"))
	}},
	{regexp.MustCompile(`^UPDATE (\S+) SET (.*) WHERE (.*)$`), func(m []string) string { return update(m[1], m[2], m[3], 1) }},
	{regexp.MustCompile(`^UPDATE (\S+) AS t JOIN \((.*)\) AS v ON (.*) SET (.*)$`), func(m []string) string {
		return update(m[1], m[4], m[3], strings.Count(m[2], "SELECT"))
	}},
	{regexp.MustCompile(`^DELETE FROM (\S+) WHERE (\S+) IN \((.*)\)$`), func(m []string) string {
		return times(fmt.Sprintf("delete %s by %s", m[1], m[2]), strings.Count(m[3], "?"))
	}},
	{regexp.MustCompile(`^DELETE FROM (\S+) WHERE (.*)$`), func(m []string) string {
		rows := strings.Split(m[2], " OR ")
		return times(fmt.Sprintf("delete %s by %s", m[1], strings.Join(columnNames(strings.Trim(rows[0], "()")), ", ")), len(rows))
	}},
}

// wantWrites compares the gists of the writes sent since the last look.
func wantWrites(t testing.TB, sent *recorder, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Errorf("error: %v", err)
	}
	sent.mu.Lock()
	list := sent.statements([]string{"insert", "update", "delete"})
	sent.mu.Unlock()
	var got, texts []string
	for _, st := range list {
		got = append(got, gist(unfold(st)))
		texts = append(texts, st.SQL)
	}
	if !slices.Equal(got, want) {
		t.Errorf("wrote\n\t%s\nwant\n\t%s\nby\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), strings.Join(texts, "\n\t"))
	}
}

var (
	quotes      = regexp.MustCompile("[\"`]")
	placeholder = regexp.MustCompile(`\$\d+`)
	returning   = regexp.MustCompile(` RETURNING .*`)
	separator   = regexp.MustCompile(`, | AND `)
)

var (
	anyOf  = regexp.MustCompile(`= ANY\(\$\d+\)`)
	table  = regexp.MustCompile(`FROM unnest\(\$.*?\) AS v \(.*?\)`)
	values = regexp.MustCompile(`SELECT \* FROM unnest\(.*\)`)
)

// unfold writes a statement whose rows come in arrays as one that binds each value.
func unfold(st ingot.TracedStatement) string {
	if len(st.Args) == 0 {
		return st.SQL
	}
	array, _ := st.Args[len(st.Args)-1].(string)
	if !strings.HasPrefix(array, "{") {
		return st.SQL
	}
	quoted := false
	n := 1
	for i := range len(array) {
		switch {
		case array[i] == '"' && array[i-1] != '\\':
			quoted = !quoted
		case array[i] == ',' && !quoted:
			n++
		}
	}
	each := func(s string) string { return strings.TrimSuffix(strings.Repeat(s+", ", n), ", ") }
	text := anyOf.ReplaceAllString(st.SQL, "IN ("+each("?")+")")
	text = table.ReplaceAllString(text, "FROM (VALUES "+each("(?)")+") AS v")
	return values.ReplaceAllString(text, "VALUES "+each("(?)"))
}

// gist is the gist of a statement; one of another shape stays as it is.
func gist(text string) string {
	text = returning.ReplaceAllString(plain(text), "")
	for _, g := range gists {
		if m := g.shape.FindStringSubmatch(text); m != nil {
			return g.make(m)
		}
	}
	return text
}

// batches is how many statements rows go in that bind so many values each.
func batches(db *ingot.DB, rows, perRow int) int {
	srv := db.Server()
	n := srv.BatchRows
	if srv.BatchParams > 0 {
		n = min(n, srv.BatchParams/perRow)
	}
	return (rows + n - 1) / n
}

// plain is a statement without quotes, its parameters as question marks.
func plain(text string) string {
	return placeholder.ReplaceAllString(quotes.ReplaceAllString(text, ""), "?")
}

func update(table, set, where string, rows int) string {
	return times(fmt.Sprintf("update %s(%s) by %s", table, strings.Join(columnNames(set), ", "), strings.Join(columnNames(where), ", ")), rows)
}

// rowsOf counts the rows of VALUES, whose values may be expressions in parentheses.
func rowsOf(list string) int {
	rows, depth := 0, 0
	for _, c := range list {
		switch c {
		case '(':
			if depth == 0 {
				rows++
			}
			depth++
		case ')':
			depth--
		}
	}
	return rows
}

// columnNames are the columns of a list, of assignments or of conditions.
func columnNames(list string) []string {
	var names []string
	for _, part := range separator.Split(list, -1) {
		name, _, compared := strings.Cut(strings.TrimPrefix(part, "t."), " = ")
		if name != "id" || compared {
			names = append(names, name)
		}
	}
	return names
}

func times(text string, n int) string {
	if n == 1 {
		return text
	}
	return fmt.Sprintf("%s × %d", text, n)
}
