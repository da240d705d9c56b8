package sqltext

import "ingot"

// AppendQuoted appends s between quote marks, those inside doubled: how every database
// quotes a name.
func AppendQuoted(b []byte, s string, mark byte) []byte {
	b = append(b, mark)
	for i := range len(s) {
		if s[i] == mark {
			b = append(b, mark)
		}
		b = append(b, s[i])
	}
	return append(b, mark)
}

// Idents quotes names and joins them with commas.
func Idents(names []string, mark byte) string {
	var b []byte
	for i, name := range names {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = AppendQuoted(b, name, mark)
	}
	return string(b)
}

// TableIdent quotes a table's name, with its schema where it has one.
func TableIdent(t ingot.TableName, mark byte) string {
	if t.Schema == "" {
		return string(AppendQuoted(nil, t.Name, mark))
	}
	return string(AppendQuoted(append(AppendQuoted(nil, t.Schema, mark), '.'), t.Name, mark))
}
