package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ingot"
)

// DDL renders a step. What ALTER TABLE cannot do becomes a rebuild; see rebuild.go.
func (d Dialect) DDL(step ingot.Step, before *ingot.Schema, srv *ingot.Server) ([]string, error) {
	texts, _, err := d.DDLGroup([]ingot.Step{step}, before, srv)
	return texts, err
}

// DDLGroup renders the first n of the steps together, n at least 1: consecutive changes of
// one table are one rebuild.
func (Dialect) DDLGroup(steps []ingot.Step, before *ingot.Schema, srv *ingot.Server) (texts []string, n int, err error) {
	if len(steps) == 0 {
		return nil, 0, nil
	}
	switch s := steps[0].(type) {
	case ingot.CreateTable:
		texts, err = createTable(&s.Table)
	case ingot.DropTable:
		texts = []string{"DROP TABLE " + qualified(s.Table.Schema, s.Table.Name)}
	case ingot.CreateView:
		texts, err = createView(s.View)
	case ingot.DropView:
		texts = []string{dropView(s.View)}
	case ingot.AlterView:
		texts, err = createView(s.New)
		texts = append([]string{dropView(s.Old)}, texts...)
	case ingot.RenameTable:
		texts = renameTable(s)
	case ingot.RenameColumn:
		texts = []string{"ALTER TABLE " + qualified(s.Table.Schema, s.Table.Name) + " RENAME COLUMN " + ident(s.From) + " TO " + ident(s.To)}
	case ingot.CreateEnum, ingot.DropEnum, ingot.AlterEnum, ingot.ValidateConstraint:
		// An enum is a text column with a check; every row is checked from the start.
	case ingot.CreateSchema, ingot.DropSchema:
		err = errors.New("SQLite has no schemas: attach a database file with ATTACH, on every connection")
	case ingot.CreateSequence, ingot.DropSequence, ingot.AlterSequence:
		err = errors.New("SQLite has no sequences: its tables count their own keys")
	case ingot.CreateDomain, ingot.DropDomain, ingot.AlterDomain:
		err = errors.New("SQLite has no domains: give the columns their type, and their checks to the tables")
	case ingot.Exec:
		texts = []string{string(s.SQL)}
	case ingot.Do:
		err = errors.New("a function of the program has no SQL")
	default:
		texts, n, err = alterTable(steps, before, srv)
		if err != nil {
			return nil, 0, fmt.Errorf("%v: %w", steps[0], err)
		}
		return texts, n, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%v: %w", steps[0], err)
	}
	return texts, 1, nil
}

// stepTable is the table a step changes a part of.
func stepTable(step ingot.Step) (ingot.TableName, bool) {
	switch s := step.(type) {
	case ingot.AlterTable:
		return s.Table, true
	case ingot.AddColumn:
		return s.Table, true
	case ingot.DropColumn:
		return s.Table, true
	case ingot.AlterColumn:
		return s.Table, true
	case ingot.AlterPrimaryKey:
		return s.Table, true
	case ingot.AddUnique:
		return s.Table, true
	case ingot.DropUnique:
		return s.Table, true
	case ingot.AddForeignKey:
		return s.Table, true
	case ingot.DropForeignKey:
		return s.Table, true
	case ingot.AddCheck:
		return s.Table, true
	case ingot.DropCheck:
		return s.Table, true
	case ingot.RenamePart:
		return s.Table, true
	case ingot.CreateIndex:
		return s.Table, true
	case ingot.DropIndex:
		return s.Table, true
	}
	return ingot.TableName{}, false
}

// qualified is a name with its schema, where it has one.
func qualified(schema, name string) string {
	if schema == "" {
		return ident(name)
	}
	return ident(schema) + "." + ident(name)
}

func dropView(v ingot.View) string { return "DROP VIEW " + qualified(v.Schema, v.Name) }

func createView(v ingot.View) ([]string, error) {
	text := strings.TrimSpace(string(v.SQL))
	if text == "" {
		return nil, errors.New("its text is not known: give it a SELECT")
	}
	return []string{"CREATE VIEW " + qualified(v.Schema, v.Name) + " AS " + text}, nil
}

// createTable renders a table with its indexes.
func createTable(t *ingot.Table) ([]string, error) {
	text, err := tableText(t, t.Name)
	if err != nil {
		return nil, err
	}
	texts := []string{text}
	for i := range t.Indexes {
		text, err := indexText(t.Schema, t.Name, &t.Indexes[i])
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// renameTable goes by a third name where only the case changes, since SQLite finds the old
// name taken.
func renameTable(s ingot.RenameTable) []string {
	if s.From != s.To && sameName(s.From, s.To) {
		between := rebuildPrefix + s.To
		return []string{
			"ALTER TABLE " + qualified(s.Schema, s.From) + " RENAME TO " + ident(between),
			"ALTER TABLE " + qualified(s.Schema, between) + " RENAME TO " + ident(s.To),
		}
	}
	return []string{"ALTER TABLE " + qualified(s.Schema, s.From) + " RENAME TO " + ident(s.To)}
}

// tableText is the CREATE TABLE statement of t under a name.
func tableText(t *ingot.Table, name string) (string, error) {
	if len(t.Columns) == 0 {
		return "", fmt.Errorf("table %s has no columns", t.Name)
	}
	strict := option(t, optStrict)
	rowid := rowidColumn(t)
	if option(t, optAutoincrement) && rowid == "" {
		return "", fmt.Errorf("table %s is autoincrement, but its key is not one generated integer column", t.Name)
	}
	var lines []string
	inline := false // the key stands with its column
	for i := range t.Columns {
		c := &t.Columns[i]
		key := ""
		if len(t.PrimaryKey.Columns) == 1 && t.PrimaryKey.Columns[0] == c.Name {
			order := keptValue(t, keptOrderKey)
			switch {
			case c.Name == rowid:
				key = " PRIMARY KEY" + conflictText(t, keptConflictKey)
				if option(t, optAutoincrement) {
					key += " AUTOINCREMENT"
				}
			case strings.EqualFold(typeName(c.Type, strict), "INTEGER") && keyListNames(order, t.PrimaryKey.Columns) && strings.HasSuffix(order, " DESC"):
				key = " PRIMARY KEY DESC" + conflictText(t, keptConflictKey) // written apart, it would be the rowid
			}
			if key != "" {
				key, inline = constraintName(t.PrimaryKey.Name)+key, true
			}
		}
		text, err := columnText(t, c, strict, c.Name == rowid, key)
		if err != nil {
			return "", err
		}
		lines = append(lines, text)
	}
	if len(t.PrimaryKey.Columns) > 0 && !inline {
		list := idents(t.PrimaryKey.Columns)
		if order := keptValue(t, keptOrderKey); keyListNames(order, t.PrimaryKey.Columns) {
			list = order
		}
		lines = append(lines, strings.TrimPrefix(constraintName(t.PrimaryKey.Name)+" PRIMARY KEY ("+list+")"+conflictText(t, keptConflictKey), " "))
	}
	for _, u := range t.Uniques {
		if u.Deferrable != ingot.NotDeferrable || u.NullsNotDistinct {
			return "", fmt.Errorf("unique (%s): in SQLite a unique constraint is checked at once and takes NULLs as distinct", strings.Join(u.Columns, ", "))
		}
		columns := idents(u.Columns)
		list := columns
		if order := keptValue(t, keptOrderUnique+columns); keyListNames(order, u.Columns) {
			list = order
		}
		lines = append(lines, strings.TrimPrefix(constraintName(u.Name)+" UNIQUE ("+list+")"+conflictText(t, keptConflictUnique+columns), " "))
	}
	for i := range t.ForeignKeys {
		f := &t.ForeignKeys[i]
		text, err := referencesText(t, f)
		if err != nil {
			return "", err
		}
		lines = append(lines, strings.TrimPrefix(constraintName(f.Name)+" FOREIGN KEY ("+idents(f.Columns)+")"+text, " "))
	}
	for _, c := range t.Checks {
		lines = append(lines, strings.TrimPrefix(constraintName(c.Name)+" CHECK "+parens(c.Expr), " "))
	}
	text := "CREATE TABLE " + qualified(t.Schema, name) + " (\n\t" + strings.Join(lines, ",\n\t") + "\n)"
	var options []string
	for _, o := range t.Options {
		switch {
		case o.Name == optStrict, o.Name == optWithoutRowID:
			options = append(options, strings.ToUpper(o.Name))
		case o.Name == optAutoincrement, isKept(o):
		default:
			return "", fmt.Errorf("table %s: SQLite has no table option %q: it has %q, %q and %q", t.Name, o.Name, optStrict, optWithoutRowID, optAutoincrement)
		}
	}
	if len(options) > 0 {
		slices.Sort(options)
		text += " " + strings.Join(options, ", ")
	}
	return text, nil
}

// columnText is a column of CREATE TABLE and of ADD COLUMN. rowid says that the column is
// the rowid; key is the primary key where it stands with the column.
func columnText(t *ingot.Table, c *ingot.Column, strict, rowid bool, key string) (string, error) {
	if c.OnUpdate != "" {
		return "", fmt.Errorf("column %s: SQLite has no ON UPDATE for columns: use a trigger, or set the field before it is saved", c.Name)
	}
	text := ident(c.Name)
	name := typeName(c.Type, strict)
	switch {
	case rowid:
		name = "INTEGER"
	case c.Type == "" && c.Enum != "":
		name = "TEXT"
	}
	if name != "" {
		text += " " + name
	}
	text += key
	if !c.Null && !rowid {
		text += " NOT NULL" + conflictText(t, keptConflictNotNull+ident(c.Name))
	}
	if c.Default != "" {
		text += " DEFAULT " + defaultText(c.Default)
	}
	if c.Collation != "" {
		text += " COLLATE " + ident(c.Collation)
	}
	if c.Generated != "" {
		text += " GENERATED ALWAYS AS " + parens(c.Generated)
		if c.Virtual {
			text += " VIRTUAL"
		} else {
			text += " STORED"
		}
	}
	return text, nil
}

// referencesText is what a foreign key says after its own columns.
func referencesText(t *ingot.Table, f *ingot.ForeignKey) (string, error) {
	if f.RefSchema != t.Schema {
		return "", fmt.Errorf("foreign key (%s) of table %s refers to another schema, which SQLite cannot do", strings.Join(f.Columns, ", "), t.Name)
	}
	text := " REFERENCES " + ident(f.RefTable)
	if len(f.RefColumns) > 0 {
		text += " (" + idents(f.RefColumns) + ")"
	}
	if f.OnDelete != "" {
		text += " ON DELETE " + strings.ToUpper(f.OnDelete)
	}
	if f.OnUpdate != "" {
		text += " ON UPDATE " + strings.ToUpper(f.OnUpdate)
	}
	if f.Match != "" {
		text += " MATCH " + strings.ToUpper(f.Match)
	}
	switch f.Deferrable {
	case ingot.DeferrableInitiallyImmediate:
		text += " DEFERRABLE INITIALLY IMMEDIATE"
	case ingot.DeferrableInitiallyDeferred:
		text += " DEFERRABLE INITIALLY DEFERRED"
	}
	return text, nil
}

// indexText is a CREATE INDEX statement. What only speeds others up is left out: INCLUDE,
// operator classes, lengths of prefixes.
func indexText(schema, table string, x *ingot.Index) (string, error) {
	switch {
	case x.Name == "":
		return "", fmt.Errorf("an index of table %s has no name", table)
	case x.Using != "" && !strings.EqualFold(x.Using, "btree"):
		return "", fmt.Errorf("index %s: SQLite has no index method %q: name the database it is for, as in using@postgres", x.Name, x.Using)
	case x.NullsNotDistinct:
		return "", fmt.Errorf("index %s: SQLite takes NULLs as distinct", x.Name)
	}
	text := "CREATE "
	if x.Unique {
		text += "UNIQUE "
	}
	text += "INDEX " + qualified(schema, x.Name) + " ON " + ident(table) + " ("
	for i, p := range x.Parts {
		if i > 0 {
			text += ", "
		}
		switch {
		case p.Column != "":
			text += ident(p.Column)
		case endsInComment(p.Expr):
			text += string(p.Expr) + "\n"
		default:
			text += string(p.Expr)
		}
		if p.Collation != "" {
			text += " COLLATE " + ident(p.Collation)
		}
		if p.Desc {
			text += " DESC"
		}
	}
	text += ")"
	if x.Where != "" {
		text += " WHERE " + string(x.Where)
	}
	return text, nil
}

func constraintName(name string) string {
	if name == "" {
		return ""
	}
	return " CONSTRAINT " + ident(name)
}

func conflictText(t *ingot.Table, name string) string {
	if word := keptValue(t, name); word != "" {
		return " ON CONFLICT " + word
	}
	return ""
}

// parens puts an expression in parentheses, which a comment at its end must not swallow.
func parens(e ingot.SQLText) string {
	if endsInComment(e) {
		return "(" + string(e) + "\n)"
	}
	return "(" + string(e) + ")"
}

func endsInComment(e ingot.SQLText) bool {
	tokens := scan(string(e))
	if len(tokens) == 0 {
		return false
	}
	last := tokens[len(tokens)-1]
	return last.kind == tokenSpace && strings.HasPrefix(last.text, "--") && !strings.HasSuffix(last.text, "\n")
}

// defaultText puts a default in parentheses unless it is one constant.
func defaultText(e ingot.SQLText) string {
	if constant(e) || len(core(string(e))) == 1 {
		return strings.TrimSpace(string(e))
	}
	return parens(e)
}

// constant reports whether a default is a literal, with or without a sign.
func constant(e ingot.SQLText) bool {
	tokens := core(string(e))
	if len(tokens) == 2 && (tokens[0].text == "-" || tokens[0].text == "+") && tokens[1].kind == tokenNumber {
		return true
	}
	if len(tokens) != 1 {
		return false
	}
	t := tokens[0]
	return t.kind == tokenNumber || t.kind == tokenString || t.kind == tokenBlob || t.is("true") || t.is("false") || t.is("null")
}

// option reports whether a table has an option that takes no value.
func option(t *ingot.Table, name string) bool {
	return slices.ContainsFunc(t.Options, func(o ingot.Option) bool { return o.Name == name })
}

// keptValue is what inspection kept under a name; empty where nothing.
func keptValue(t *ingot.Table, name string) string {
	for _, o := range t.Options {
		if o.Name == name {
			return o.Value
		}
	}
	return ""
}

// keyListNames reports whether a kept list still speaks of these columns.
func keyListNames(list string, columns []string) bool {
	if list == "" {
		return false
	}
	p := newParser("(" + list + ")")
	names := p.names()
	return p.err == nil && slices.Equal(names, columns)
}

// rowidColumn is the column that is the table's rowid; empty where none is. It has to be the
// whole key and be declared INTEGER, which a generated key is, whatever its type.
func rowidColumn(t *ingot.Table) string {
	if len(t.PrimaryKey.Columns) != 1 || option(t, optWithoutRowID) {
		return ""
	}
	if order := keptValue(t, keptOrderKey); order != "" && keyListNames(order, t.PrimaryKey.Columns) {
		return ""
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Name != t.PrimaryKey.Columns[0] || c.Generated != "" {
			continue
		}
		if strings.EqualFold(typeName(c.Type, option(t, optStrict)), "INTEGER") {
			return c.Name
		}
		switch canonicalWord(c.Type) {
		case "smallint", "integer", "bigint":
			if c.Auto || c.Identity != nil {
				return c.Name
			}
		}
	}
	return ""
}

// Traits are the facts about SQLite that comparison needs.
func (Dialect) Traits(*ingot.Server) ingot.SchemaTraits {
	return ingot.SchemaTraits{ForwardReferences: true, DecimalText: "text", FoldTables: true, FoldNames: true, WideIntegers: true, QuietOptions: []string{optAutoincrement}}
}

// NormalizeTable clears what SQLite does not keep, and gives what is the same one form: a
// key that is the rowid is an automatic integer, whatever integer it was asked to be.
func (Dialect) NormalizeTable(t *ingot.Table) {
	strict, rowid := option(t, optStrict), rowidColumn(t)
	t.Comment = ""
	for i := range t.Columns {
		c := &t.Columns[i]
		c.Comment, c.OnUpdate, c.Identity = "", "", nil
		if c.Auto = c.Name == rowid; c.Auto {
			c.Type, c.Null = "integer", false
		} else if c.Type != "" {
			c.Type = vocabularyType(typeName(c.Type, strict), strict)
		}
		c.Collation = normalCollation(c.Collation)
		if c.Generated == "" {
			c.Virtual = false
		}
	}
	for i := range t.ForeignKeys {
		t.ForeignKeys[i].NotValid = false
	}
	for i := range t.Checks {
		t.Checks[i].NotValid = false
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		x.Include, x.Options = nil, nil
		if strings.EqualFold(x.Using, "btree") {
			x.Using = ""
		}
		for j := range x.Parts {
			p := &x.Parts[j]
			if p.Expr != "" {
				// "name COLLATE nocase" is a column with a collation.
				if q, err := parseIndexPart(string(p.Expr)); err == nil {
					q = resolvePart(t, q)
					p.Column, p.Expr, p.Desc = q.Column, q.Expr, p.Desc || q.Desc
					if p.Collation == "" {
						p.Collation = q.Collation
					}
				}
			}
			p.Nulls, p.OpClass, p.Prefix = "", "", 0
			p.Collation = normalCollation(p.Collation)
			if p.Collation == "" && p.Column == "" {
				continue
			}
			if c := t.Column(p.Column); c != nil && p.Collation == normalCollation(c.Collation) {
				p.Collation = "" // the column's own
			}
		}
	}
	t.Options = slices.DeleteFunc(t.Options, isKept)
}

func normalCollation(name string) string {
	if strings.EqualFold(name, "BINARY") {
		return ""
	}
	return strings.ToUpper(name)
}
