package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"math"

	"ingot"
)

// The sources of keys: the largest rowid of the table, or the largest it ever had.
const (
	fromRowid    = "rowid"
	fromSequence = "sqlite_sequence"
)

// KeySource finds out whether the key is the rowid, whether the table has triggers, which may
// insert into it as well, and whether the table is one of those
// with AUTOINCREMENT, or may become one: the database has them if sqlite_sequence is there.
func (Dialect) KeySource(ctx context.Context, q ingot.Queryer, _ *ingot.Server, table ingot.TableName, column string) (string, error) {
	// Every key has an index but the one that is the rowid.
	var key string
	var indexed, sequence, triggers bool
	const onTable = " WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE)"
	err := queryRow(ctx, q, "SELECT name, EXISTS (SELECT 1 FROM pragma_index_list(?1, ?2) WHERE origin = 'pk'),"+
		" EXISTS (SELECT 1 FROM pragma_table_info('sqlite_sequence', ?2)), EXISTS (SELECT 1 FROM "+ident(schemaOf(table))+".sqlite_master"+onTable+" OR EXISTS (SELECT 1 FROM sqlite_temp_master"+onTable+" FROM pragma_table_info(?1, ?2) WHERE pk > 0",
		[]any{&key, &indexed, &sequence, &triggers}, table.Name, schemaOf(table))
	if err == sql.ErrNoRows {
		return "", nil // no key, or no table
	}
	rowid := !indexed && !triggers && sameName(key, column)
	switch {
	case err != nil || !rowid:
		return "", err
	case sequence:
		return fromSequence, nil
	}
	return fromRowid, nil
}

// ReserveKeys takes the n keys after the largest that the table has, or ever had where it
// is AUTOINCREMENT. Nobody else can insert meanwhile: the caller's transaction holds the
// write lock. A trigger that has come since KeySource and inserts into the table meets these
// keys as taken, which is an error and never a mix-up.
//
// A table whose keys are used up gets none: there SQLite picks free ones at random, row by
// row.
func (Dialect) ReserveKeys(ctx context.Context, q ingot.Queryer, _ *ingot.Server, source string, table ingot.TableName, column string, n int) ([]int64, error) {
	if n <= 0 {
		return nil, nil
	}
	schema := schemaOf(table)
	text := "SELECT max(" + ident(column) + ") FROM " + ident(schema) + "." + ident(table.Name)
	if source == fromSequence {
		// An AUTOINCREMENT table has a row here once it has had one of its own.
		text = "SELECT max(ifnull((" + text + "), 0), ifnull((SELECT max(seq) FROM " + ident(schema) + ".sqlite_sequence WHERE name = " + literal(table.Name) + " COLLATE NOCASE), 0))"
	}
	var last sql.NullInt64
	if err := queryRow(ctx, q, text, []any{&last}); err != nil {
		return nil, err
	}
	from := max(last.Int64, 0)
	if from > math.MaxInt64-int64(n) {
		return nil, nil
	}
	keys := make([]int64, n)
	for i := range keys {
		keys[i] = from + 1 + int64(i)
	}
	return keys, nil
}

func schemaOf(table ingot.TableName) string { return cmp.Or(table.Schema, "main") }
