package mysql

import (
	"context"
	"strconv"

	"ingot"
)

// KeyStep is auto_increment_increment of the session. The server takes as many values as an
// INSERT has rows at once, in every innodb_autoinc_lock_mode, and gives them to the rows as
// they stand. That is no longer so where a trigger sets the column, or the variable; only its
// text can tell, and one that names neither does not. Whoever may not see the triggers of the
// table inserts row by row, and so does whoever writes through a view or fills the column in
// another way.
func (Dialect) KeyStep(ctx context.Context, q ingot.Queryer, _ *ingot.Server, table ingot.TableName, column string) (int64, error) {
	schema := "DATABASE()"
	if table.Schema != "" {
		schema = literal(table.Schema)
	}
	of := func(prefix string) string {
		return prefix + "SCHEMA = " + schema + " AND " + prefix + "TABLE = " + literal(table.Name)
	}
	const may = " WHERE PRIVILEGE_TYPE = 'TRIGGER'"
	rows, err := readRows(ctx, q, "SELECT @@SESSION.auto_increment_increment FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "+schema+
		" AND TABLE_NAME = "+literal(table.Name)+" AND COLUMN_NAME = "+literal(column)+" AND LOCATE('auto_increment', EXTRA) > 0"+
		" AND (EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES"+may+")"+
		" OR EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES"+may+" AND "+schema+" LIKE TABLE_SCHEMA)"+
		" OR EXISTS (SELECT 1 FROM information_schema.TABLE_PRIVILEGES"+may+" AND TABLE_SCHEMA = "+schema+" AND TABLE_NAME = "+literal(table.Name)+"))"+
		" AND NOT EXISTS (SELECT 1 FROM information_schema.TRIGGERS WHERE "+of("EVENT_OBJECT_")+" AND EVENT_MANIPULATION = 'INSERT'"+
		" AND (ACTION_TIMING = 'BEFORE' AND LOCATE("+literal(column)+", ACTION_STATEMENT) > 0 OR LOCATE('auto_increment', ACTION_STATEMENT) > 0 OR LOCATE('insert_id', ACTION_STATEMENT) > 0))")
	if err != nil || len(rows) != 1 {
		return 0, err
	}
	return strconv.ParseInt(rows[0][0].String, 10, 64)
}
