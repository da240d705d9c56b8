package mysql

import "strings"

// FuncSQL knows the functions that MySQL spells its own way.
func (Dialect) FuncSQL(name string, n int) string {
	switch name {
	case "length": // LENGTH counts bytes
		return "CHAR_LENGTH(?)"
	case "concat": // || is OR
		return "CONCAT(" + strings.TrimSuffix(strings.Repeat("?, ", n), ", ") + ")"
	case "now": // in UTC, as times are kept
		return "UTC_TIMESTAMP(6)"
	}
	return ""
}

// AppendConflict writes ON DUPLICATE KEY UPDATE, which minds every unique key and not only
// the target. To do nothing it sets a column to itself: INSERT IGNORE would let other
// mistakes through.
func (d Dialect) AppendConflict(b []byte, _ []string, nothing bool, any string) []byte {
	b = append(b, " ON DUPLICATE KEY UPDATE "...)
	if nothing {
		b = d.AppendIdent(b, any)
		b = append(b, " = "...)
		b = d.AppendIdent(b, any)
	}
	return b
}

// AppendExcluded writes VALUES(column), which MySQL and MariaDB both know.
func (d Dialect) AppendExcluded(b []byte, column string) []byte {
	b = append(b, "VALUES("...)
	return append(d.AppendIdent(b, column), ')')
}
