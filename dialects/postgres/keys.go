package postgres

import (
	"context"

	"ingot"
)

// KeySource is the sequence that the column's default draws from. A column without such a
// default, and one that is GENERATED ALWAYS and so refuses keys sent along, has none; nor
// has one that owns a sequence but has another default.
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

const keySource = `SELECT pg_catalog.format('%I.%I', n.nspname, s.relname)
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class s ON s.oid = pg_catalog.pg_get_serial_sequence($1::text, $2::text)::pg_catalog.regclass
JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1::text::pg_catalog.regclass AND a.attname = $2::text
AND (a.attidentity = 'd' OR a.attidentity = '' AND a.attgenerated = '' AND pg_catalog.pg_get_expr(d.adbin, d.adrelid) =
'nextval(' || pg_catalog.quote_literal(s.oid::pg_catalog.regclass::text) || '::regclass)')`

// ReserveKeys takes n values of the sequence.
func (Dialect) ReserveKeys(ctx context.Context, q ingot.Queryer, _ *ingot.Server, source string, _ ingot.TableName, _ string, n int) ([]int64, error) {
	rows, err := q.QueryContext(ctx, "SELECT pg_catalog.nextval($1::text::pg_catalog.regclass) FROM pg_catalog.generate_series(1, $2::int)", source, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	keys := make([]int64, 0, n)
	for rows.Next() {
		var key int64
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}
