package ingot

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"strconv"
)

// The text of statements that write rows, and their arguments.

// A writer builds one statement.
type writer struct {
	db        *DB
	ctx       context.Context
	tx        *Tx
	op        string
	model     string
	keyName   string
	qualifier string
	b         []byte
	args      []any
	err       error

	f     *flush // that keeps the room for arguments
	st    *step  // whose text it is, where the step sends it more than once
	key   textKey
	known string // the text, which an earlier batch has built: only arguments are wanted
}

// writer begins a statement on rows of the step that binds so many values of each. What
// op, the number of rows and the step do not determine must not go into its text.
func (st *step) writer(op string, cs []*change, perRow int) *writer {
	s := st.f.s
	w := &writer{db: s.db, ctx: st.f.ctx, tx: s.tx, op: op, model: st.m.name, args: st.f.args[:0], f: st.f}
	st.f.args = nil
	w.args = slices.Grow(w.args, len(cs)*perRow)
	if len(cs) == 1 && cs[0].e.snap != nil {
		w.keyName = cs[0].e.name()
	}
	if 2*len(cs) <= len(st.changes) && st.assigned == nil {
		w.st, w.key = st, textKey{op, len(cs)}
		w.known = st.texts[w.key]
	}
	if w.known == "" {
		w.b = make([]byte, 0, 128+len(cs)*perRow*4)
	}
	return w
}

func (w *writer) statement() statement {
	st := statement{op: w.op, model: w.model, key: w.keyName, sql: w.known, args: w.args, more: w.st != nil}
	if w.known != "" {
		return st
	}
	st.sql = string(w.b)
	if w.st != nil {
		if w.st.texts == nil {
			w.st.texts = map[textKey]string{}
		}
		w.st.texts[w.key] = st.sql
	}
	return st
}

// exec sends the statement. Its arguments make room for those of the next.
func (w *writer) exec() (sql.Result, error) {
	if w.err != nil {
		return nil, w.err
	}
	res, err := w.db.exec(w.ctx, w.tx, w.statement())
	if err == nil && w.f != nil {
		clear(w.args)
		w.f.args, w.args = w.args, nil
	}
	return res, err
}

// each sends a statement that reads, and hands each row to scan.
func (w *writer) each(scan func(*sql.Rows) error) error {
	if w.err != nil {
		return w.err
	}
	ln := lane{db: w.db, tx: w.tx}
	return ln.query(w.ctx, w.statement(), scan)
}

func (w *writer) text(s string) {
	if w.known == "" {
		w.b = append(w.b, s...)
	}
}

// sep writes what stands between the elements of a list: before each but the first.
func (w *writer) sep(i int, s string) {
	if i > 0 {
		w.text(s)
	}
}

func (w *writer) ident(name string) {
	if w.known == "" {
		w.b = w.db.dialect.AppendIdent(w.b, name)
	}
}

func (w *writer) table(t TableName) {
	if t.Schema != "" {
		w.ident(t.Schema)
		w.text(".")
	}
	w.ident(t.Name)
}

// column writes a column, qualified where a qualifier is given.
func (w *writer) column(name, qualifier string) {
	if qualifier != "" {
		w.text(qualifier)
		w.text(".")
	}
	w.ident(name)
}

func (w *writer) columns(cols []*column, qualifier string) {
	for i, c := range cols {
		w.sep(i, ", ")
		w.column(c.name, qualifier)
	}
}

// scanColumns writes columns of a result.
func (w *writer) scanColumns(cols []*column) {
	for i, c := range cols {
		w.sep(i, ", ")
		start := len(w.b)
		w.column(c.name, w.qualifier)
		if c.scan != ScanPlain && w.known == "" {
			col := string(w.b[start:])
			w.b = w.db.dialect.AppendScanColumn(w.b[:start], col, c.scan)
		}
	}
}

// bind writes a parameter.
func (w *writer) bind(v any) {
	w.args = append(w.args, v)
	if w.known == "" {
		w.b = w.db.dialect.AppendPlaceholder(w.b, len(w.args))
	}
}

// unnest binds arrays of values as a table.
func (w *writer) unnest(t *writePlan, arrays []any, groups ...[]*column) {
	w.text("unnest(")
	for _, cols := range groups {
		for _, c := range cols {
			w.sep(len(w.args), ", ")
			w.bind(arrays[len(w.args)])
			w.text("::" + t.arrays[c.index])
		}
	}
	w.text(")")
}

// value binds a column of an instance.
func (w *writer) value(c *column, p addr) {
	v, err := c.valueOf(p, &w.db.enc)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.bind(v)
}

func (w *writer) values(cols []*column, p addr) {
	for i, c := range cols {
		w.sep(i, ", ")
		w.value(c, p)
	}
}

// given writes what a column is Set to, or else binds the value that it has.
func (w *writer) given(c *change, col *column, p addr) {
	if x := c.assigned.of(col); x != nil {
		w.expression(c.e, x)
	} else {
		w.value(col, p)
	}
}

// equals writes col = ? AND …
func (w *writer) equals(cols []*column, p addr) {
	for i, c := range cols {
		w.sep(i, " AND ")
		w.ident(c.name)
		w.text(" = ")
		w.value(c, p)
	}
}

// keyList writes the condition that a row is one of the changes'.
func (w *writer) keyList(cols []*column, qualifier string, cs []*change, of func(*change) addr) {
	switch {
	case len(cs) == 1:
		w.equals(cols, of(cs[0]))
	case len(cols) == 1 && w.db.server.ArrayIn:
		text, err := appendArray(nil, len(cs), func(i int) (driver.Value, error) { return cols[0].valueOf(of(cs[i]), &w.db.enc) })
		if err != nil && w.err == nil {
			w.err = err
		}
		w.column(cols[0].name, qualifier)
		w.text(" = ANY(")
		w.bind(string(text))
		w.text(")")
	case len(cols) == 1:
		w.column(cols[0].name, qualifier)
		w.text(" IN (")
		for i, c := range cs {
			w.sep(i, ", ")
			w.value(cols[0], of(c))
		}
		w.text(")")
	default:
		for i, c := range cs {
			w.sep(i, " OR ")
			w.text("(")
			w.equals(cols, of(c))
			w.text(")")
		}
	}
}

// alias writes the name that the n-th column of a list of values has: column1, column2, …
func (w *writer) alias(n int) {
	if w.known == "" {
		w.b = strconv.AppendInt(append(w.b, "column"...), int64(n), 10)
	}
}

// named binds columns in a SELECT, with names the first time.
func (w *writer) named(cols []*column, p addr, from int, first bool) {
	for i, c := range cols {
		w.sep(i, ", ")
		w.value(c, p)
		if first {
			w.text(" AS ")
			w.alias(from + i)
		}
	}
}

// assignments writes col = v.column3, …
func (w *writer) assignments(cols []*column, qualifier string, from int) {
	for i, c := range cols {
		w.sep(i, ", ")
		w.column(c.name, qualifier)
		w.text(" = v.")
		w.alias(from + i)
	}
}

// joins writes t.col = v.column1 AND …
func (w *writer) joins(match []*column) {
	for i, c := range match {
		w.sep(i, " AND ")
		w.column(c.name, "t")
		w.text(" = v.")
		w.alias(1 + i)
	}
}

// typedNulls writes a NULL of each column's type.
func (w *writer) typedNulls(cols []*column) {
	for i, c := range cols {
		w.sep(i, ", ")
		w.text("(SELECT ")
		w.ident(c.name)
		w.text(" FROM ")
		w.table(c.m.table)
		w.text(" WHERE false)")
	}
}
