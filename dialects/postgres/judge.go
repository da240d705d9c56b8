package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ingot"
)

// SameByServer lets PostgreSQL's parser and planner print both expressions, over a table of
// no rows that has the columns and types of t: casts that change nothing, and spellings of one
// operator, are gone then. It runs in a read-only transaction that is rolled back, under a
// time limit, since planning evaluates what is immutable.
//
// Views of both texts are made instead where p is of a view, temporary ones, in a transaction
// that is rolled back: a plan would not say what the columns are called.
func (d Dialect) SameByServer(ctx context.Context, q ingot.Queryer, srv *ingot.Server, t *ingot.Table, p ingot.TextPair) bool {
	b, ok := q.(beginner)
	if ok && p.Object.Kind == ingot.ObjectView {
		return sameView(ctx, b, p)
	}
	query, readable := "", false
	if ok {
		query, readable = judgeQuery(t, p)
	}
	if !readable {
		return false
	}
	tx, err := b.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return false
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = '2s'"); err != nil {
		return false
	}
	// Drivers keep statements by their text, and one prepared before an enum was rebuilt knows
	// the type no more: no two are alike.
	query += " /* " + strconv.FormatInt(time.Now().UnixNano(), 36) + " */"
	var text []byte
	if err := tx.QueryRowContext(ctx, query).Scan(&text); err != nil {
		return false
	}
	var plans []struct {
		Plan struct{ Output []string }
	}
	if err := json.Unmarshal(text, &plans); err != nil || len(plans) != 1 {
		return false
	}
	out := plans[0].Plan.Output
	return len(out) == 2 && out[0] == out[1]
}

// A beginner is a connection.
type beginner interface {
	BeginTx(context.Context, *sql.TxOptions) (*sql.Tx, error)
}

// sameView compares what the server makes of the texts of a view.
func sameView(ctx context.Context, b beginner, p ingot.TextPair) bool {
	tx, err := b.BeginTx(ctx, nil)
	if err != nil {
		return false
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = '2s'"); err != nil {
		return false
	}
	var made [2]string
	for i, text := range []ingot.SQLText{p.From, p.To} {
		statements := rules.Statements(string(text))
		if len(statements) != 1 {
			return false
		}
		name := "ingot_view_" + strconv.Itoa(i)
		if _, err := tx.ExecContext(ctx, "CREATE TEMPORARY VIEW "+name+" AS "+expr(ingot.SQLText(statements[0]))); err != nil {
			return false
		}
		row := tx.QueryRowContext(ctx, "SELECT pg_catalog.pg_get_viewdef(c.oid) || COALESCE(pg_catalog.array_to_string(c.reloptions, ','), '') FROM pg_catalog.pg_class c WHERE c.oid = 'pg_temp."+name+"'::pg_catalog.regclass")
		if err := row.Scan(&made[i]); err != nil {
			return false
		}
	}
	return made[0] == made[1]
}

// modifiers are the lengths in types. A cast to a length would cut constants, and make
// different ones the same.
var modifiers = regexp.MustCompile(`\([^)]*\)`)

// judgeQuery is the EXPLAIN of both expressions; false where a text could end before its end.
func judgeQuery(t *ingot.Table, p ingot.TextPair) (query string, ok bool) {
	if !rules.Closed(string(p.From)) || !rules.Closed(string(p.To)) {
		return "", false
	}
	columns := make([]string, 0, len(t.Columns))
	cast := ""
	for _, c := range t.Columns {
		if isSerial(c) { // no type outside of CREATE TABLE
			c.Type = Dialect{}.CanonicalType(c.Type)
		}
		typ, err := typeOf(c)
		if err != nil {
			return "", false
		}
		columns = append(columns, ident(c.Name)+" "+typ)
		if c.Name == p.Object.Name && p.Object.Kind == ingot.ObjectColumn {
			if cast = strings.TrimSpace(modifiers.ReplaceAllString(typ, "")); cast == "char" || cast == "character" {
				cast = "bpchar"
			}
		}
	}
	item := func(text ingot.SQLText) string {
		if cast != "" {
			return "CAST((" + expr(text) + ") AS " + cast + ")"
		}
		return "(" + expr(text) + ")"
	}
	return "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT " + item(p.From) + ", " + item(p.To) +
		" FROM pg_catalog.json_to_recordset('[]') AS t(" + strings.Join(columns, ", ") + ")", true
}
