package mysql

import (
	"context"
	"ingot"
)

// SameByServer lets the server print both expressions as it reads them: EXPLAIN leaves the
// query it made of a SELECT in the warnings. The table has to be there, since its columns
// give the types. Statement and warnings need one connection, so q has to be one.
func (d Dialect) SameByServer(ctx context.Context, q ingot.Queryer, srv *ingot.Server, t *ingot.Table, p ingot.TextPair) bool {
	a, ok := d.printed(ctx, q, srv, t, p.From)
	if !ok {
		return false
	}
	b, ok := d.printed(ctx, q, srv, t, p.To)
	return ok && a == b
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
	rows, err := q.QueryContext(ctx, word+"SELECT ("+string(text)+"\n) AS x FROM "+string(name))
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
	return note, rows.Err() == nil && note != ""
}
