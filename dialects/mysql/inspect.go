package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// Inspect reads information_schema on one connection. Its tables know no snapshot: where
// the schema changes meanwhile, so may what is read. Names in the database of the DSN stand
// without it.
func (d Dialect) Inspect(ctx context.Context, q ingot.Queryer, srv *ingot.Server, schemas []string) (*ingot.Schema, error) {
	if pool, ok := q.(interface {
		Conn(context.Context) (*sql.Conn, error)
	}); ok {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return nil, fmt.Errorf("inspecting the database: %w", err)
		}
		defer conn.Close()
		q = conn
	}
	restore, err := plainMode(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("inspecting the database: %w", err)
	}
	defer restore()
	i := &inspection{q: q, srv: srv, schema: &ingot.Schema{}, tables: map[ingot.TableName]*inspected{}, counts: map[ingot.TableName]ingot.Type{}}
	if err := i.settle(ctx, schemas); err != nil {
		return nil, fmt.Errorf("inspecting the database: %w", err)
	}
	for _, read := range []func(context.Context) error{
		i.readSchemas, i.readTables, i.readColumns, i.readSequences, i.readForeignKeys, i.readIndexes, i.readChecks, i.readViews, i.readUnsupported,
	} {
		if err := read(ctx); err != nil {
			return nil, fmt.Errorf("inspecting the database: %w", err)
		}
	}
	i.finish()
	return i.schema, nil
}

// plainMode takes sql_mode back to its plainest for a while: with ANSI_QUOTES the catalog
// prints names in double quotes, which elsewhere are those of strings.
func plainMode(ctx context.Context, q ingot.Queryer) (restore func(), err error) {
	rows, err := readRows(ctx, q, "SELECT @@SESSION.sql_mode")
	if err != nil || len(rows) != 1 || !strings.Contains(rows[0][0].String, "ANSI_QUOTES") {
		return func() {}, err
	}
	if _, err := q.ExecContext(ctx, "SET SESSION sql_mode = ''"); err != nil {
		return nil, err
	}
	return func() {
		_, _ = q.ExecContext(context.WithoutCancel(ctx), "SET SESSION sql_mode = '"+rows[0][0].String+"'")
	}, nil
}

// An inspection is one run of Inspect.
type inspection struct {
	q       ingot.Queryer
	srv     *ingot.Server
	home    string   // the default database
	within  []string // the databases read, home first
	collate string   // what utf8mb4 sorts by here
	schema  *ingot.Schema
	tables  map[ingot.TableName]*inspected // by database and name

	sequences []ingot.TableName
	counts    map[ingot.TableName]ingot.Type // types of sequences
}

type inspected struct {
	ingot.Table
	collate    string            // of columns that have none of their own
	collations map[string]string // collation by column
}

func (i *inspection) settle(ctx context.Context, schemas []string) error {
	rows, err := i.read(ctx, "SELECT DATABASE(), COLLATION(CONVERT('' USING utf8mb4))")
	if err != nil {
		return err
	}
	i.home, i.collate = rows[0][0], rows[0][1]
	if i.home == "" {
		return errors.New("the connection has no database: name one in the DSN")
	}
	i.within = append([]string{i.home}, schemas...)
	return nil
}

// read returns the rows as text; NULL is "".
func (i *inspection) read(ctx context.Context, query string) ([][]string, error) {
	rows, err := readRows(ctx, i.q, query)
	out := make([][]string, len(rows))
	for n, row := range rows {
		out[n] = make([]string, len(row))
		for m, cell := range row {
			out[n][m] = cell.String
		}
	}
	return out, err
}

// in is the condition that a column names one of the databases read.
func (i *inspection) in(column string) string {
	names := make([]string, len(i.within))
	for n, name := range i.within {
		names[n] = literal(name)
	}
	return column + " IN (" + strings.Join(names, ", ") + ")"
}

// name drops the default database.
func (i *inspection) name(schema string) string {
	if schema == i.home {
		return ""
	}
	return schema
}

func (i *inspection) unsupported(kind, schema, name, reason string) {
	if schema = i.name(schema); schema != "" {
		name = schema + "." + name
	}
	i.schema.Unsupported = append(i.schema.Unsupported, ingot.Unsupported{Kind: kind, Name: name, Reason: reason})
}

func (i *inspection) table(schema, name string) *inspected {
	return i.tables[ingot.TableName{Schema: schema, Name: name}]
}

func (i *inspection) readSchemas(ctx context.Context) error {
	rows, err := i.read(ctx, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE "+i.in("SCHEMA_NAME"))
	for _, row := range rows {
		if row[0] != i.home {
			i.schema.Schemas = append(i.schema.Schemas, row[0])
		}
	}
	return err
}

func (i *inspection) readTables(ctx context.Context) error {
	rows, err := i.read(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, CREATE_OPTIONS, TABLE_COLLATION, TABLE_COMMENT FROM information_schema.TABLES WHERE "+i.in("TABLE_SCHEMA"))
	for _, row := range rows {
		switch kind := row[2]; {
		case kind == "VIEW":
			continue
		case kind == "SEQUENCE":
			i.sequences = append(i.sequences, ingot.TableName{Schema: row[0], Name: row[1]})
			continue
		case kind != "BASE TABLE":
			i.unsupported(strings.ToLower(kind)+" table", row[0], row[1], "it keeps more than its rows")
		}
		t := &inspected{Table: ingot.Table{Schema: i.name(row[0]), Name: row[1], Comment: row[6]}, collate: row[5], collations: map[string]string{}}
		options := []ingot.Option{{Name: "engine", Value: row[3]}}
		if row[5] != i.collate {
			options = append(options, ingot.Option{Name: "collate", Value: row[5]})
		}
		for _, word := range strings.Fields(row[4]) {
			name, value, _ := strings.Cut(word, "=")
			switch name = strings.ToLower(name); {
			case name == "row_format", numberOption(name):
				options = append(options, ingot.Option{Name: name, Value: value})
			case name == "partitioned":
				i.unsupported("partitioned table", row[0], row[1], "its partitions are not kept")
			default:
				i.unsupported("table option", row[0], row[1], word)
			}
		}
		t.Options = normalOptions(options)
		i.tables[ingot.TableName{Schema: row[0], Name: row[1]}] = t
	}
	return err
}

func (i *inspection) readColumns(ctx context.Context) error {
	rows, err := readRows(ctx, i.q, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLLATION_NAME, COLUMN_COMMENT, GENERATION_EXPRESSION FROM information_schema.COLUMNS WHERE "+
		i.in("TABLE_SCHEMA")+" ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION")
	if err != nil {
		return err
	}
	for _, row := range rows {
		t := i.table(row[0].String, row[1].String)
		if t == nil {
			if row[2].String == "minimum_value" {
				i.counts[ingot.TableName{Schema: row[0].String, Name: row[1].String}] = catalogType(row[3].String)
			}
			continue
		}
		c := ingot.Column{Name: row[2].String, Null: row[4].String == "YES", Comment: row[8].String}
		c.Type, c.Collation = i.typeAndCollation(t, row[3].String, row[7].String)
		t.collations[c.Name] = row[7].String
		extra := row[6].String
		lower := strings.ToLower(extra)
		if at := strings.Index(lower, "on update "); at >= 0 {
			c.OnUpdate = ingot.SQLText(strings.Fields(extra[at:])[2])
		}
		switch {
		case strings.Contains(lower, "auto_increment"):
			c.Auto = true
		case strings.Contains(lower, "virtual generated"), strings.Contains(lower, "stored generated"), strings.Contains(lower, "persistent"):
			c.Generated = i.expression(row[9].String)
			c.Virtual = strings.Contains(lower, "virtual")
		default:
			c.Default = i.defaultText(c.Type, row[5], strings.Contains(lower, "default_generated"))
			if c.OnUpdate != "" && strings.HasPrefix(string(c.Default), "'0000-00-00 00:00:00") {
				c.Default = "" // which MariaDB gives a clock that has no default
			}
		}
		if strings.Contains(row[3].String, " COMPRESSED*/") { // MariaDB's, in a comment
			i.unsupported("column", row[0].String, t.Name+"."+c.Name, "it is compressed")
		}
		if strings.Contains(lower, "invisible") {
			i.unsupported("column", row[0].String, t.Name+"."+c.Name, "it is invisible")
		}
		t.Columns = append(t.Columns, c)
	}
	return nil
}

// typeAndCollation reads a type, and the collation where it is not the table's.
func (i *inspection) typeAndCollation(t *inspected, text, collation string) (ingot.Type, string) {
	if text == uuidText && collation == uuidCollation && !nativeUUID(i.srv) {
		return "uuid", ""
	}
	if collation == t.collate {
		collation = ""
	}
	return catalogType(text), collation
}

// expression is the text of an expression. MySQL keeps its quotes escaped, as if it were to
// stand in a string; MariaDB escapes those inside of strings, which are doubled here.
func (i *inspection) expression(text string) ingot.SQLText {
	if !isMariaDB(i.srv) {
		return ingot.SQLText(plainStrings(unescaped(decodedTwice(text))))
	}
	var b strings.Builder
	for n := 0; n < len(text); n++ {
		if text[n] == '\\' && n+1 < len(text) {
			if n++; text[n] == '\'' {
				b.WriteByte('\'') // and the quote once more
			} else {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(text[n])
	}
	return ingot.SQLText(b.String())
}

// unescaped is a text without the backslashes in front of its quotes and backslashes.
func unescaped(text string) string {
	return strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(text)
}

// plainStrings writes the strings of an expression without the charset that every connection
// has, and as tags and other programs take them: a quote doubled.
func plainStrings(text string) string {
	tokens, _ := lexical.Tokens(text)
	var b strings.Builder
	at := 0
	for _, t := range tokens {
		if source := text[t.Start:t.End]; t.Kind == sqltext.String && strings.HasPrefix(source, "_utf8mb4") {
			b.WriteString(text[at:t.Start])
			if at = t.End; strings.ContainsFunc(t.Text, unicode.IsControl) {
				b.WriteString(strings.TrimSpace(strings.TrimPrefix(source, "_utf8mb4")))
			} else {
				b.WriteString(literal(t.Text))
			}
		}
	}
	return b.String() + text[at:]
}

// decodedTwice undoes what MySQL does to expressions: it takes the bytes of their UTF-8 for
// characters, and encodes those. A text that is not so comes back as it is.
func decodedTwice(text string) string {
	bytes := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return text
		}
		bytes = append(bytes, byte(r))
	}
	if !utf8.Valid(bytes) {
		return text
	}
	return string(bytes)
}

// defaultText is a default as SQL. MariaDB keeps SQL, and the word NULL for none; MySQL
// keeps constants without their quotes, and marks expressions.
func (i *inspection) defaultText(t ingot.Type, value sql.NullString, generated bool) ingot.SQLText {
	switch {
	case !value.Valid, isMariaDB(i.srv) && value.String == "NULL":
		return ""
	case isMariaDB(i.srv):
		return i.unqualified(i.expression(value.String))
	case generated:
		return i.expression(value.String)
	case isNumber(t):
		return ingot.SQLText(value.String)
	case strings.HasPrefix(string(t), "binary(") || strings.HasPrefix(string(t), "varbinary("):
		if digits, ok := strings.CutPrefix(value.String, "0x"); ok { // but for the zeros at its end
			bytes, err := hex.DecodeString(digits)
			if text := string(bytes); err == nil && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl) {
				return ingot.SQLText(literal(text))
			}
			return ingot.SQLText(strings.ToLower(value.String))
		}
	}
	return ingot.SQLText(literal(value.String))
}

func (i *inspection) readForeignKeys(ctx context.Context) error {
	rows, err := i.read(ctx, `SELECT k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.UPDATE_RULE, r.DELETE_RULE
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND `+i.in("k.TABLE_SCHEMA")+` AND `+i.in("r.CONSTRAINT_SCHEMA")+`
ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`)
	for _, row := range rows {
		t := i.table(row[0], row[1])
		if t == nil {
			continue
		}
		last := len(t.ForeignKeys) - 1
		if last < 0 || t.ForeignKeys[last].Name != row[2] {
			t.ForeignKeys = append(t.ForeignKeys, ingot.ForeignKey{Name: row[2], RefSchema: i.name(row[4]), RefTable: row[5],
				OnUpdate: noRestrict(row[7]), OnDelete: noRestrict(row[8])})
			last++
		}
		f := &t.ForeignKeys[last]
		f.Columns, f.RefColumns = append(f.Columns, row[3]), append(f.RefColumns, row[6])
	}
	return err
}

func (i *inspection) readIndexes(ctx context.Context) error {
	expression, visible := "EXPRESSION", "IS_VISIBLE"
	if isMariaDB(i.srv) {
		expression, visible = "NULL", "CASE IGNORED WHEN 'YES' THEN 'NO' ELSE 'YES' END"
	}
	rows, err := i.read(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, COLLATION, INDEX_TYPE, INDEX_COMMENT, "+expression+", "+visible+
		" FROM information_schema.STATISTICS WHERE "+i.in("TABLE_SCHEMA")+" ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX")
	for _, row := range rows {
		t := i.table(row[0], row[1])
		if t == nil {
			continue
		}
		if row[2] == "PRIMARY" {
			if t.PrimaryKey.Columns = append(t.PrimaryKey.Columns, row[4]); row[8] != "" && len(t.PrimaryKey.Columns) == 1 {
				i.unsupported("comment", row[0], row[1]+".PRIMARY", row[8])
			}
			continue
		}
		last := len(t.Indexes) - 1
		if last < 0 || t.Indexes[last].Name != row[2] {
			x := ingot.Index{Name: row[2], Unique: row[3] == "0"}
			if kind := strings.ToLower(row[7]); kind != "btree" || inMemory(&t.Table) {
				x.Using = kind
			}
			if row[8] != "" {
				x.Options = append(x.Options, ingot.Option{Name: "comment", Value: row[8]})
			}
			if row[10] == "NO" {
				x.Options = append(x.Options, ingot.Option{Name: "invisible"})
			}
			t.Indexes = append(t.Indexes, x)
			last++
		}
		x := &t.Indexes[last]
		part := ingot.IndexPart{Column: row[4], Expr: i.expression(row[9]), Desc: row[6] == "D"}
		if x.Using != "fulltext" && x.Using != "spatial" {
			part.Prefix, _ = strconv.Atoi(row[5])
		}
		x.Parts = append(x.Parts, part)
	}
	for _, t := range i.tables {
		t.Indexes = slices.DeleteFunc(t.Indexes, func(x ingot.Index) bool {
			u, ok := uniqueOf(x)
			if ok {
				t.Uniques = append(t.Uniques, u)
			}
			return ok
		})
		for n := 0; n < len(t.Indexes); {
			if f := i.cameAlong(t, t.Indexes[n]); f >= 0 {
				t.Indexes = slices.Delete(t.Indexes, n, n+1)
				if k := t.ForeignKeys[f]; slices.ContainsFunc(t.ForeignKeys[f+1:], func(o ingot.ForeignKey) bool { return sameColumns(o, k) }) { // it stands last
					t.ForeignKeys = append(slices.Delete(t.ForeignKeys, f, f+1), k)
				}
			} else {
				n++
			}
		}
	}
	return err
}

// cameAlong is which foreign key the server made the index for, -1 for none: over its columns,
// named as it, or, where the server named that too, as its first column. Where another serves
// the foreign key, the index is one of its own.
func (i *inspection) cameAlong(t *inspected, x ingot.Index) int {
	if x.Unique || x.Using != "" || len(x.Options) > 0 {
		return -1
	}
	return slices.IndexFunc(t.ForeignKeys, func(f ingot.ForeignKey) bool {
		named := x.Name == f.Name || generatedName(t.Name, f.Name) && strings.HasPrefix(x.Name, f.Columns[0])
		return named && slices.Equal(columnsOf(x, i.srv), f.Columns) && len(x.Parts) == len(f.Columns) && !covered(&t.Table, f, x.Name, i.srv)
	})
}

func (i *inspection) readChecks(ctx context.Context) error {
	query := "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, 'YES', LEVEL FROM information_schema.CHECK_CONSTRAINTS WHERE " + i.in("CONSTRAINT_SCHEMA")
	if !isMariaDB(i.srv) {
		query = "SELECT c.CONSTRAINT_SCHEMA, t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE, t.ENFORCED, 'Table' FROM information_schema.CHECK_CONSTRAINTS c JOIN information_schema.TABLE_CONSTRAINTS t" +
			" ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME AND t.CONSTRAINT_TYPE = 'CHECK' WHERE " + i.in("c.CONSTRAINT_SCHEMA")
	}
	rows, err := i.read(ctx, query)
	if err != nil {
		return err
	}
	var like []ingot.TableName // tables with checks like periods
	for _, row := range rows {
		if t := i.table(row[0], row[1]); t != nil && isMariaDB(i.srv) && mayBePeriod(t, row[3]) {
			like = append(like, ingot.TableName{Schema: row[0], Name: row[1]})
		}
	}
	definitions, err := i.definitions(ctx, like)
	for _, row := range rows {
		t := i.table(row[0], row[1])
		switch {
		case t == nil, row[5] == "Column" && i.isJSON(t, row[3]):
			continue
		case isPeriod(definitions[ingot.TableName{Schema: row[0], Name: row[1]}], row[2]):
			i.unsupported("period", row[0], row[1]+"."+row[2], row[3])
			continue
		}
		t.Checks = append(t.Checks, ingot.Check{Name: row[2], Expr: i.expression(row[3])})
		if row[4] != "YES" {
			i.unsupported("check", row[0], row[1]+"."+row[2], "it is NOT ENFORCED")
		}
	}
	return err
}

// isJSON takes MariaDB's JSON for what it is: a longtext with this check, whose name may be one
// that the column had before.
func (i *inspection) isJSON(t *inspected, check string) bool {
	for n := range t.Columns {
		c := &t.Columns[n]
		if c.Type == "text" && t.collations[c.Name] == "utf8mb4_bin" && rules.Same(check, "json_valid("+ident(c.Name)+")") {
			c.Type, c.Collation = "json", ""
			return true
		}
	}
	return false
}

// between is what MariaDB makes of PERIOD FOR: a check like any other in its catalogs.
var between = regexp.MustCompile("^`([^`]+)` < `([^`]+)`$")

// mayBePeriod reports whether a check may be a period: over two columns of one type, of dates
// or times, that take no NULL.
func mayBePeriod(t *inspected, check string) bool {
	names := between.FindStringSubmatch(check)
	if names == nil {
		return false
	}
	a, b := t.Column(names[1]), t.Column(names[2])
	return a != nil && b != nil && !a.Null && !b.Null && a.Type == b.Type &&
		(strings.HasPrefix(string(a.Type), "date") || strings.HasPrefix(string(a.Type), "timestamp"))
}

// definitions asks MariaDB how it would make the tables, all in one statement: before 11.4 no
// catalog tells a period from a check.
func (i *inspection) definitions(ctx context.Context, tables []ingot.TableName) (map[ingot.TableName]string, error) {
	if len(tables) == 0 {
		return nil, nil
	}
	text := "BEGIN NOT ATOMIC "
	for _, t := range tables {
		text += "SHOW CREATE TABLE " + tableIdent(t) + "; "
	}
	rows, err := i.q.QueryContext(ctx, text+"END")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[ingot.TableName]string{}
	for n := 0; n == 0 || rows.NextResultSet(); n++ {
		for rows.Next() {
			var name, definition string
			if err := rows.Scan(&name, &definition); err != nil {
				return nil, err
			}
			out[tables[n]] = definition
		}
	}
	return out, rows.Err()
}

// isPeriod reports whether a definition has a period of that name: on a line of its own, where
// no comment can have one.
func isPeriod(definition, name string) bool {
	return strings.Contains(definition, "\n  PERIOD FOR "+ident(name)+" (") || strings.Contains(definition, "\n  PERIOD FOR "+name+" (")
}

func (i *inspection) readViews(ctx context.Context) error {
	rows, err := i.read(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION FROM information_schema.VIEWS WHERE "+i.in("TABLE_SCHEMA"))
	for _, row := range rows {
		text := i.atHome(row[2])
		if row[3] != "NONE" && text != "" {
			text += " WITH " + row[3] + " CHECK OPTION"
		}
		i.schema.Views = append(i.schema.Views, ingot.View{Schema: i.name(row[0]), Name: row[1], SQL: ingot.SQLText(text)})
	}
	return err
}

// atHome takes the name of the default schema away from the names in a query, of which the
// server prints each with its schema.
func (i *inspection) atHome(text string) string {
	tokens, ok := lexical.Tokens(text)
	if !ok {
		return text
	}
	var b strings.Builder
	end := 0
	for n := 0; n+1 < len(tokens); n++ {
		t := tokens[n]
		qualified := n > 0 && tokens[n-1].Is(".")
		if t.Kind == sqltext.Name && tokens[n+1].Is(".") && !qualified && i.name(t.Text) == "" {
			b.WriteString(text[end:t.Start])
			end = tokens[n+1].End
		}
	}
	return b.String() + text[end:]
}

func (i *inspection) readUnsupported(ctx context.Context) error {
	rows, err := i.read(ctx, "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION FROM information_schema.TRIGGERS WHERE "+i.in("EVENT_OBJECT_SCHEMA"))
	for _, row := range rows {
		i.unsupported("trigger", row[0], row[1]+"."+row[2], strings.ToLower(row[3]+" "+row[4]))
	}
	if err != nil {
		return err
	}
	rows, err = i.read(ctx, "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE, '' FROM information_schema.ROUTINES WHERE "+i.in("ROUTINE_SCHEMA")+
		" UNION ALL SELECT EVENT_SCHEMA, EVENT_NAME, 'EVENT', STATUS FROM information_schema.EVENTS WHERE "+i.in("EVENT_SCHEMA"))
	for _, row := range rows {
		i.unsupported(strings.ToLower(row[2]), row[0], row[1], strings.ToLower(row[3]))
	}
	return err
}

// finish puts everything in an order that depends on names alone.
func (i *inspection) finish() {
	s := i.schema
	byName := func(aSchema, aName, bSchema, bName string) int {
		return cmp.Or(cmp.Compare(aSchema, bSchema), cmp.Compare(aName, bName))
	}
	for _, t := range i.tables {
		slices.SortFunc(t.Uniques, func(a, b ingot.Unique) int { return cmp.Compare(a.Name, b.Name) })
		slices.SortFunc(t.Checks, func(a, b ingot.Check) int { return cmp.Compare(a.Name, b.Name) })
		s.Tables = append(s.Tables, t.Table)
	}
	slices.Sort(s.Schemas)
	slices.SortFunc(s.Sequences, func(a, b ingot.Sequence) int { return byName(a.Schema, a.Name, b.Schema, b.Name) })
	slices.SortFunc(s.Tables, func(a, b ingot.Table) int { return byName(a.Schema, a.Name, b.Schema, b.Name) })
	slices.SortFunc(s.Views, func(a, b ingot.View) int { return byName(a.Schema, a.Name, b.Schema, b.Name) })
	slices.SortFunc(s.Unsupported, func(a, b ingot.Unsupported) int { return byName(a.Kind, a.Name, b.Kind, b.Name) })
}
