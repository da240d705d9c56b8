package mysql

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// SameByServer lets the server print both expressions as it reads them: EXPLAIN leaves the
// query it made of a SELECT in the warnings. The table has to be there, since its columns
// give the types. Statement and warnings need one connection, so q has to be one.
func (d Dialect) SameByServer(ctx context.Context, q ingot.Queryer, srv *ingot.Server, t *ingot.Table, p ingot.TextPair) bool {
	if p.Object.Kind == ingot.ObjectView {
		return false // EXPLAIN reads rows, and prints them in the place of their columns
	}
	if same, ok := sameConstant(ctx, q, t, p); ok {
		return same
	}
	if !slices.Equal(constants(string(p.From)), constants(string(p.To))) {
		return false // what is printed has neither charsets nor characters beyond three bytes
	}
	a, ok := d.printed(ctx, q, srv, t, p.From)
	if !ok {
		return false
	}
	b, ok := d.printed(ctx, q, srv, t, p.To)
	return ok && a == b
}

// constants are the strings in an expression, in order of what they are.
func constants(text string) []string {
	tokens, _ := lexical.Tokens(text)
	var list []string
	for _, t := range tokens {
		if t.Kind == sqltext.String {
			list = append(list, t.Prefix+"'"+t.Text)
		}
	}
	slices.Sort(list)
	return list
}

// sameConstant asks whether two constants are one value of the column's type, as which the
// server keeps a default: '2020-01-01' is the first second of that day. ok is false where
// that cannot be asked.
func sameConstant(ctx context.Context, q ingot.Queryer, t *ingot.Table, p ingot.TextPair) (same, ok bool) {
	c := t.Column(p.Object.Name)
	if p.Attribute != "default" || c == nil || !isConstant(string(p.From)) || !isConstant(string(p.To)) {
		return false, false
	}
	native := nativeType(c.Type, nil)
	word, args, _ := strings.Cut(native, "(")
	switch strings.TrimSuffix(word, " unsigned") {
	case "decimal", "date", "time", "datetime", "double":
	case "timestamp":
		native = "datetime(" + args
	case "tinyint", "smallint", "mediumint", "int", "bigint":
		native = "decimal(65,0)"
	default:
		return false, false
	}
	native = strings.TrimSuffix(native, " unsigned")
	cast := func(text ingot.SQLText) string { return "CAST(" + string(text) + " AS " + native + ")" }
	rows, err := q.QueryContext(ctx, "SELECT "+cast(p.From)+" = "+cast(p.To))
	if err != nil {
		return false, false
	}
	defer rows.Close()
	var is sql.NullBool
	if !rows.Next() || rows.Scan(&is) != nil {
		return false, false
	}
	return is.Bool, is.Valid
}

// isConstant reports whether a text is one string or number, with or without a sign.
func isConstant(text string) bool {
	tokens, ok := lexical.Tokens(text)
	if ok && len(tokens) == 2 && (tokens[0].Is("-") || tokens[0].Is("+")) {
		tokens = tokens[1:]
	}
	return ok && len(tokens) == 1 && (tokens[0].Kind == sqltext.String || tokens[0].Kind == sqltext.Number)
}

// printed is what the server makes of an expression.
func (d Dialect) printed(ctx context.Context, q ingot.Queryer, srv *ingot.Server, t *ingot.Table, text ingot.SQLText) (string, bool) {
	if !rules.Closed(string(text)) {
		return "", false
	}
	var name []byte
	if t.Schema != "" {
		name = append(d.AppendIdent(name, t.Schema), '.')
	}
	name = d.AppendIdent(name, t.Name)
	word := "EXPLAIN FORMAT=TRADITIONAL " // newer ones draw a tree otherwise, and leave no note
	if isMariaDB(srv) {
		word = "EXPLAIN EXTENDED "
	}
	const end = " limit 0" // so that no row is read, whose values would stand for columns
	// Joined so, no column is known to have no NULL: tests for it would become true or false.
	rows, err := q.QueryContext(ctx, word+"SELECT ("+string(text)+"\n) AS x FROM (SELECT 1 AS ingot_one) ingot_one LEFT JOIN "+string(name)+" ON TRUE"+end)
	if err != nil {
		return "", false
	}
	for rows.Next() {
	}
	if rows.Close() != nil || rows.Err() != nil {
		return "", false
	}
	if rows, err = q.QueryContext(ctx, "SHOW WARNINGS"); err != nil {
		return "", false
	}
	defer rows.Close()
	note := ""
	for rows.Next() {
		var level, message string
		var code int
		if err := rows.Scan(&level, &code, &message); err != nil {
			return "", false
		}
		if code == 1003 { // ER_YES: the query as read
			note = message
		}
	}
	// What is read for a constant may lose its columns.
	at := strings.LastIndex(note, " AS `x` from ")
	if rows.Err() != nil || at < 0 || !strings.HasSuffix(note, end) {
		return "", false
	}
	_, note, _ = strings.Cut(note[:at], "select ")
	return note, slices.Equal(columnsIn(t, note), columnsIn(t, string(text)))
}

// columnsIn counts how often an expression names each column.
func columnsIn(t *ingot.Table, text string) []int {
	tokens, _ := lexical.Tokens(text)
	counts := make([]int, len(t.Columns))
	for i, token := range tokens {
		table := i+1 < len(tokens) && tokens[i+1].Is(".")
		if token.Kind == sqltext.Word && (clocks[token.Text] || token.Text == "value" && i > 0 && (tokens[i-1].Is("next") || tokens[i-1].Is("previous"))) {
			continue // whatever columns there are
		}
		for k := range counts {
			if token.Kind <= sqltext.Name && !table && strings.EqualFold(token.Text, t.Columns[k].Name) {
				counts[k]++
			}
		}
	}
	return counts
}
