package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ingot"
)

// SameByServer compares the programs that SQLite makes of both expressions, over the table,
// which has to be there. EXPLAIN runs nothing.
//
// It prints less than the program holds: a blob ends at its first zero byte, a float after 16
// digits, the name of a collation after 18 characters. Texts that may have these are not
// judged.
func (Dialect) SameByServer(ctx context.Context, q ingot.Queryer, srv *ingot.Server, t *ingot.Table, p ingot.TextPair) bool {
	if p.Object.Kind == ingot.ObjectView || !judgeable(string(p.From)) || !judgeable(string(p.To)) {
		return false
	}
	a := program(ctx, q, t, p.From)
	return a != nil && slices.Equal(a, program(ctx, q, t, p.To))
}

// judgeable reports whether a text is one expression whose program EXPLAIN prints in full.
func judgeable(text string) bool {
	depth := 0
	for _, tok := range scan(text) {
		switch {
		case tok.kind == tokenBlob, tok.kind == tokenNumber && len(tok.text) > 15, tok.is("collate"), tok.is("select"):
			return false
		case tok.kind != tokenOther:
		case tok.text == "(":
			depth++
		case tok.text == ")":
			depth--
		case strings.ContainsAny(tok.text, ";?:@$"):
			return false
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}

// program is what SQLite would run, line by line; nil where it would not.
func program(ctx context.Context, q ingot.Queryer, t *ingot.Table, text ingot.SQLText) []string {
	rows, err := q.QueryContext(ctx, "EXPLAIN SELECT "+parens(text)+" FROM "+qualified(t.Schema, t.Name))
	if err != nil {
		return nil
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var addr, opcode, p1, p2, p3, p4, p5, comment any
		if err := rows.Scan(&addr, &opcode, &p1, &p2, &p3, &p4, &p5, &comment); err != nil {
			return nil
		}
		line := ""
		for _, cell := range []any{opcode, p1, p2, p3, p4, p5} {
			if b, ok := cell.([]byte); ok {
				cell = string(b)
			}
			line += fmt.Sprint(cell) + " "
		}
		lines = append(lines, line)
	}
	if rows.Err() != nil {
		return nil
	}
	return lines
}
