package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"ingot"
)

// KeySource is the table and the sequence that the column's default draws from. A column
// without such a default, and one that is GENERATED ALWAYS and so refuses keys sent along, has
// none; nor has one that owns a sequence but has another default, or whose table has triggers
// or rules that may replace the key.
func (Dialect) KeySource(ctx context.Context, q ingot.Queryer, _ *ingot.Server, table ingot.TableName, column string) (string, error) {
	rows, err := q.QueryContext(ctx, keySource, tableIdent(table), column)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var source string
	for rows.Next() {
		if err := rows.Scan(&source); err != nil {
			return "", err
		}
	}
	return source, rows.Err()
}

var keySource = `SELECT a.attrelid || ' ' || pg_catalog.format('%I.%I', n.nspname, s.relname)
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class s ON s.oid = pg_catalog.pg_get_serial_sequence($1::text, $2::text)::pg_catalog.regclass
JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1::text::pg_catalog.regclass AND a.attname = $2::text
AND NOT ` + replaced + `
AND (a.attidentity = 'd' OR a.attidentity = '' AND a.attgenerated = '' AND ` + isNextOf("s.oid") + ")"

// replaced says whether rows may get other keys than they are sent with: by a rule, or by a
// trigger that comes before (2) the row (1) is inserted (4), of the table or of a partition.
const replaced = `EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = $1::text::pg_catalog.regclass AND (c.relhasrules
OR c.relhastriggers AND EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgtype & 7 = 7 AND t.tgenabled <> 'D')
OR c.relkind = 'p' AND EXISTS (SELECT 1 FROM pg_catalog.pg_partition_tree(c.oid) p JOIN pg_catalog.pg_trigger t ON t.tgrelid = p.relid
WHERE t.tgtype & 7 = 7 AND t.tgenabled <> 'D')))`

// ReserveKeys takes n values of the sequence, if the name still means that table (another
// search_path has another one), and no trigger has come meanwhile. They come as one array:
// a row for each would cost more than the keys, as would looking the name up for each.
func (Dialect) ReserveKeys(ctx context.Context, q ingot.Queryer, _ *ingot.Server, source string, table ingot.TableName, _ string, n int) ([]int64, error) {
	id, sequence, _ := strings.Cut(source, " ")
	rows, err := q.QueryContext(ctx, "SELECT pg_catalog.array_agg(pg_catalog.nextval((SELECT $2::text::pg_catalog.regclass)))::text FROM pg_catalog.generate_series(1, $3::int)"+
		" WHERE $1::text::pg_catalog.regclass::pg_catalog.oid::text = $4::text AND NOT "+replaced, tableIdent(table), sequence, n, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list sql.NullString
	for rows.Next() {
		if err := rows.Scan(&list); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil || !list.Valid {
		return nil, err
	}
	keys := make([]int64, 0, n)
	for text := range strings.SplitSeq(strings.Trim(list.String, "{}"), ",") {
		key, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("keys of %s: %w", table, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
