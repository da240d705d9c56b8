package mysql

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// DDL renders a step as statements. Each statement commits by itself. What is changed of a
// column is said with everything else that the column has: what MODIFY leaves out is gone.
func (Dialect) DDL(step ingot.Step, before *ingot.Schema, srv *ingot.Server) ([]string, error) {
	w := writer{before: before, srv: srv}
	switch x := step.(type) {
	case ingot.CreateSchema:
		return []string{"CREATE DATABASE " + ident(x.Name) + " DEFAULT CHARACTER SET utf8mb4"}, nil
	case ingot.DropSchema:
		return []string{"DROP DATABASE " + ident(x.Name)}, nil

	case ingot.CreateEnum, ingot.DropEnum:
		return nil, nil // values stand in the columns
	case ingot.AlterEnum:
		return w.alterEnum(x)

	case ingot.CreateSequence:
		return w.createSequence(x.Sequence)
	case ingot.DropSequence:
		return []string{"DROP SEQUENCE " + tableIdent(sequenceName(x.Sequence))}, w.noSequences(x.Sequence)
	case ingot.AlterSequence:
		return w.alterSequence(x.Old, x.New)

	case ingot.CreateDomain:
		return nil, noDomains(x.Domain)
	case ingot.DropDomain:
		return nil, noDomains(x.Domain)
	case ingot.AlterDomain:
		return nil, noDomains(x.New)

	case ingot.CreateView:
		return createView("CREATE VIEW ", x.View)
	case ingot.DropView:
		return []string{"DROP VIEW " + tableIdent(ingot.TableName{Schema: x.View.Schema, Name: x.View.Name})}, nil
	case ingot.AlterView:
		return createView("CREATE OR REPLACE VIEW ", x.New)

	case ingot.CreateTable:
		return w.createTable(x.Table)
	case ingot.DropTable:
		return []string{"DROP TABLE " + tableIdent(tableName(x.Table))}, nil
	case ingot.RenameTable:
		return []string{alter(ingot.TableName{Schema: x.Schema, Name: x.From}) + "RENAME TO " + tableIdent(ingot.TableName{Schema: x.Schema, Name: x.To})}, nil
	case ingot.AlterTable:
		return w.alterTable(x)

	case ingot.AddColumn:
		def, err := w.columnDef(x.Table, x.Column)
		if isAuto(x.Column) {
			def += ", " + addCounted(x.Column.Name)
		}
		return []string{alter(x.Table) + "ADD COLUMN " + def}, err
	case ingot.DropColumn:
		return []string{alter(x.Table) + w.dropColumn(x.Column.Name)}, nil
	case ingot.RenameColumn:
		return w.renameColumn(x)
	case ingot.AlterColumn:
		return w.alterColumn(x)

	case ingot.AlterPrimaryKey:
		if slices.Equal(x.Old.Columns, x.New.Columns) {
			return nil, nil // it has no name of its own
		}
		var actions []string
		if len(x.Old.Columns) > 0 {
			actions = append(actions, "DROP PRIMARY KEY")
		}
		if len(x.New.Columns) > 0 {
			actions = append(actions, "ADD PRIMARY KEY ("+idents(x.New.Columns)+")")
		}
		return w.alterKeys(x.Table, x, actions...), nil
	case ingot.AddUnique:
		return w.alterKeys(x.Table, x, "ADD "+uniqueDef(x.Unique)), nil
	case ingot.DropUnique:
		return w.alterKeys(x.Table, x, "DROP INDEX "+ident(w.uniqueName(x))), nil
	case ingot.AddForeignKey:
		return w.addForeignKey(x)
	case ingot.DropForeignKey:
		if x.ForeignKey.Name == "" {
			return nil, fmt.Errorf("table %s: a foreign key without a name cannot be dropped: inspect the database for the name it gave", x.Table)
		}
		return w.alterKeys(x.Table, x, "DROP FOREIGN KEY "+ident(x.ForeignKey.Name)), nil
	case ingot.AddCheck:
		return []string{alter(x.Table) + "ADD " + checkDef(x.Check)}, nil
	case ingot.DropCheck:
		return w.dropCheck(x)
	case ingot.ValidateConstraint:
		return nil, nil // constraints are always valid here

	case ingot.RenamePart:
		return w.renamePart(x)
	case ingot.CreateIndex:
		def, err := w.indexDef(x.Table, x.Index)
		return w.alterKeys(x.Table, x, "ADD "+def), err
	case ingot.DropIndex:
		if x.Index.Name == "" {
			return nil, fmt.Errorf("table %s: an index without a name cannot be dropped: inspect the database for the name it gave", x.Table)
		}
		return w.alterKeys(x.Table, x, "DROP INDEX "+ident(x.Index.Name)), nil

	case ingot.Exec:
		return rules.Statements(string(x.SQL)), nil
	case ingot.Do:
		return nil, nil
	}
	return nil, fmt.Errorf("mysql cannot render a step of type %T", step)
}

func noDomains(d ingot.Domain) error {
	return fmt.Errorf("domain %s: mysql has no domains: give the columns its type, and its checks to their tables", ingot.TableName{Schema: d.Schema, Name: d.Name})
}

// A writer renders for one server, after what before says.
type writer struct {
	before *ingot.Schema
	srv    *ingot.Server
}

func createView(words string, v ingot.View) ([]string, error) {
	name := ingot.TableName{Schema: v.Schema, Name: v.Name}
	texts := lexical.Statements(string(v.SQL))
	if len(texts) != 1 {
		return nil, fmt.Errorf("view %s: its text has %d statements, want one SELECT", name, len(texts))
	}
	return []string{words + tableIdent(name) + " AS " + expr(ingot.SQLText(texts[0]))}, nil
}

func tableName(t ingot.Table) ingot.TableName {
	return ingot.TableName{Schema: t.Schema, Name: t.Name}
}

func alter(t ingot.TableName) string { return "ALTER TABLE " + tableIdent(t) + " " }

func firstOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func (w writer) createTable(t ingot.Table) ([]string, error) {
	name := tableName(t)
	parts := make([]string, 0, len(t.Columns)+4)
	add := func(def string, err error) error {
		parts = append(parts, def)
		return err
	}
	for _, c := range t.Columns {
		if err := add(w.columnDef(name, c)); err != nil {
			return nil, err
		}
	}
	if len(t.PrimaryKey.Columns) > 0 {
		parts = append(parts, "PRIMARY KEY ("+idents(t.PrimaryKey.Columns)+")")
	}
	for _, u := range t.Uniques {
		parts = append(parts, uniqueDef(u))
	}
	for _, x := range t.Indexes { // before the foreign keys, which need some
		if err := add(w.indexDef(name, x)); err != nil {
			return nil, err
		}
	}
	for _, c := range t.Checks {
		parts = append(parts, checkDef(c))
	}
	for _, f := range t.ForeignKeys {
		if err := add(foreignKeyDef(name, f)); err != nil {
			return nil, err
		}
	}
	text := "CREATE TABLE " + tableIdent(name) + " (\n\t" + strings.Join(parts, ",\n\t") + "\n)"
	for _, o := range tableOptions(t.Options) {
		text += " " + o
	}
	if t.Comment != "" {
		text += " COMMENT = " + literal(t.Comment)
	}
	return []string{text}, nil
}

// tableOptions are the options that CREATE TABLE says, charset and engine always, whatever
// the server's defaults. Those of other databases are left out.
func tableOptions(options []ingot.Option) []string {
	value := func(name, otherwise string) string {
		for _, o := range options {
			if o.Name == name && o.Value != "" {
				return o.Value
			}
		}
		return otherwise
	}
	out := []string{"ENGINE = " + value("engine", "InnoDB")}
	collate := value("collate", "")
	out = append(out, "DEFAULT CHARACTER SET = "+value("charset", charsetOf(collate)))
	if collate != "" {
		out = append(out, "COLLATE = "+collate)
	}
	if format := value("row_format", ""); format != "" {
		out = append(out, "ROW_FORMAT = "+format)
	}
	for _, o := range options {
		if numberOption(o.Name) {
			out = append(out, strings.ToUpper(o.Name)+" = "+o.Value)
		}
	}
	return out
}

// charsetOf is the charset that a collation belongs to: its first word.
func charsetOf(collation string) string {
	if collation == "" {
		return "utf8mb4"
	}
	charset, _, _ := strings.Cut(collation, "_")
	return charset
}

// columnDef is the whole definition of a column.
func (w writer) columnDef(table ingot.TableName, c ingot.Column) (string, error) {
	typ, err := typeOf(c, w.before, w.srv)
	if err != nil {
		return "", fmt.Errorf("table %s: %w", table, err)
	}
	def := ident(c.Name) + " " + typ
	if c.Collation != "" && !strings.Contains(typ, " COLLATE ") {
		def += " CHARACTER SET " + charsetOf(c.Collation) + " COLLATE " + c.Collation
	}
	switch {
	case c.Generated != "":
		def += " GENERATED ALWAYS AS (" + expr(c.Generated) + ")"
		if c.Virtual {
			def += " VIRTUAL"
		} else {
			def += " STORED"
		}
	case !c.Null:
		def += " NOT NULL"
	case strings.HasPrefix(typ, "timestamp"):
		def += " NULL" // without it some servers make it NOT NULL
	}
	if c.Default != "" && c.Generated == "" {
		def += " DEFAULT " + w.defaultOf(c)
	}
	if c.OnUpdate != "" {
		def += " ON UPDATE " + expr(clockUpdate(c.OnUpdate, c.Type))
	}
	if isAuto(c) {
		def += " AUTO_INCREMENT"
	}
	if c.Comment != "" {
		def += " COMMENT " + literal(c.Comment)
	}
	return def, nil
}

// defaultOf is a default as MySQL takes it: what is no constant stands in brackets, but for
// the time of the clock; MySQL wants brackets around constants too where the column is text
// or JSON.
func (w writer) defaultOf(c ingot.Column) string {
	text := expr(clockText(c.Default, c.Type))
	tokens, ok := lexical.Tokens(text)
	if !ok || len(tokens) == 0 {
		return "(" + text + ")"
	}
	signed := tokens[0].Is("-") || tokens[0].Is("+")
	if signed {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 {
		return "(" + text + ")"
	}
	first := tokens[0]
	// MySQL's catalog keeps a constant in three bytes for a character, an expression in full.
	far := func(c rune) bool { return c > 0xffff }
	bare := isMariaDB(w.srv) || !large(c.Type) && !strings.ContainsFunc(first.Text, far)
	constant := len(tokens) == 1 && (first.Kind == sqltext.String || first.Kind == sqltext.Number || first.Is("true") || first.Is("false") || first.Is("null"))
	switch {
	case constant && bare:
		return text
	case isClock(tokens) && (isMariaDB(w.srv) || keepsTime(c.Type)):
		return text
	case !signed && tokens[0].Is("(") && closes(tokens):
		return text
	}
	return "(" + text + ")"
}

// large are the types whose defaults are expressions.
func large(t ingot.Type) bool {
	name, _, _ := strings.Cut(string(Dialect{}.CanonicalType(t)), "(")
	return slices.Contains([]string{"text", "tinytext", "mediumtext", "blob", "tinyblob", "mediumblob", "json", "geometry", "point"}, name)
}

// keepsTime reports whether MySQL takes the clock for the default of a type as it is.
func keepsTime(t ingot.Type) bool {
	name, _, _ := strings.Cut(string(Dialect{}.CanonicalType(t)), "(")
	return name == "datetime" || name == "timestamp"
}

// isClock reports whether the text is CURRENT_TIMESTAMP by any of its names.
func isClock(tokens []sqltext.Token) bool {
	if tokens[0].Kind != sqltext.Word || !slices.Contains([]string{"current_timestamp", "now", "localtime", "localtimestamp"}, tokens[0].Text) {
		return false
	}
	rest := tokens[1:]
	return len(rest) == 0 || len(rest) <= 3 && rest[0].Is("(") && rest[len(rest)-1].Is(")")
}

// clockText gives the clock the precision that the column has, which MySQL asks for. The
// word timestamp keeps UTC, so that its clock is UTC too, whatever the session's time_zone;
// a precision that was written says that the server's own meaning is meant.
func clockText(text ingot.SQLText, t ingot.Type) ingot.SQLText {
	tokens, ok := lexical.Tokens(string(text))
	if !ok || len(tokens) == 0 || !isClock(tokens) || len(tokens) == 4 {
		return text
	}
	if (Dialect{}).CanonicalType(t) == "timestamp" {
		return "utc_timestamp(6)"
	}
	return clockUpdate(text, t)
}

// clockUpdate is the same for ON UPDATE, which takes the clock of the session alone.
func clockUpdate(text ingot.SQLText, t ingot.Type) ingot.SQLText {
	tokens, ok := lexical.Tokens(string(text))
	if !ok || len(tokens) == 0 || !isClock(tokens) || len(tokens) == 4 {
		return text
	}
	switch canonical := (Dialect{}).CanonicalType(t); {
	case canonical == "timestamp":
		return "CURRENT_TIMESTAMP(6)"
	case strings.HasPrefix(string(canonical), "datetime("), strings.HasPrefix(string(canonical), "timestamp("):
		if _, precision, _ := strings.Cut(string(canonical), "("); precision != "0)" {
			return ingot.SQLText("CURRENT_TIMESTAMP(" + precision)
		}
	}
	return text
}

// closes reports whether the first bracket closes with the last token.
func closes(tokens []sqltext.Token) bool {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			if depth--; depth == 0 {
				return i == len(tokens)-1
			}
		}
	}
	return false
}

// expr is an expression as it goes into a statement; a comment in it must not swallow what
// follows.
func expr(text ingot.SQLText) string {
	s := strings.TrimSpace(string(text))
	if strings.Contains(s, "--") || strings.Contains(s, "#") {
		s += "\n"
	}
	return s
}

func constraint(name string) string {
	if name == "" {
		return ""
	}
	return "CONSTRAINT " + ident(name) + " "
}

func uniqueDef(u ingot.Unique) string {
	return constraint(u.Name) + "UNIQUE (" + idents(u.Columns) + ")"
}

func checkDef(c ingot.Check) string { return constraint(c.Name) + "CHECK (" + expr(c.Expr) + ")" }

func foreignKeyDef(table ingot.TableName, f ingot.ForeignKey) (string, error) {
	text := constraint(f.Name) + "FOREIGN KEY (" + idents(f.Columns) + ") REFERENCES " +
		tableIdent(ingot.TableName{Schema: f.RefSchema, Name: f.RefTable}) + " (" + idents(f.RefColumns) + ")"
	if table.Schema != "" && f.RefSchema == "" {
		return "", fmt.Errorf("foreign key %s of table %s: mysql would look for %s in %s: give its model a schema too", f.Name, table, f.RefTable, table.Schema)
	}
	if len(f.RefColumns) == 0 {
		return "", fmt.Errorf("foreign key %s of table %s: mysql needs the columns it refers to", f.Name, table)
	}
	for _, action := range []struct{ word, action string }{{" ON DELETE ", noRestrict(f.OnDelete)}, {" ON UPDATE ", noRestrict(f.OnUpdate)}} {
		switch action.action {
		case "":
		case "SET DEFAULT":
			return "", fmt.Errorf("foreign key %s of table %s: InnoDB has no%sSET DEFAULT", f.Name, table, action.word)
		default:
			text += action.word + action.action
		}
	}
	return text, nil
}

// indexDef is an index as it stands in CREATE TABLE and behind ADD.
func (w writer) indexDef(table ingot.TableName, x ingot.Index) (string, error) {
	if x.Where != "" {
		return "", fmt.Errorf("index %s of table %s: mysql has no index of only some rows (%s): leave it out with where@mysql:, or index a generated column", x.Name, table, x.Where)
	}
	var b strings.Builder
	using := strings.ToLower(x.Using)
	switch {
	case using == "fulltext" || using == "spatial":
		b.WriteString(strings.ToUpper(using) + " ")
	case x.Unique:
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX ")
	if x.Name != "" {
		b.WriteString(ident(x.Name) + " ")
	}
	if using == "hash" || using == "rtree" || using == "btree" { // said, it is not the engine's own
		b.WriteString("USING " + strings.ToUpper(using) + " ")
	}
	b.WriteString("(")
	for i, p := range x.Parts {
		if i > 0 {
			b.WriteString(", ")
		}
		switch {
		case p.Column != "":
			b.WriteString(ident(p.Column))
		case w.srv != nil && !w.srv.ExpressionIndexes:
			return "", fmt.Errorf("index %s of table %s: %s has no index of an expression (%s): index a generated column", x.Name, table, w.srv, p.Expr)
		default:
			b.WriteString("(" + expr(p.Expr) + ")")
		}
		if p.Prefix > 0 {
			fmt.Fprintf(&b, "(%d)", p.Prefix)
		}
		if p.Desc {
			b.WriteString(" DESC")
		}
	}
	b.WriteString(")")
	for _, o := range x.Options {
		switch o.Name {
		case "parser":
			b.WriteString(" WITH PARSER " + ident(o.Value))
		case "comment":
			b.WriteString(" COMMENT " + literal(o.Value))
		case "invisible":
			if isMariaDB(w.srv) {
				b.WriteString(" IGNORED")
			} else {
				b.WriteString(" INVISIBLE")
			}
		}
	}
	return b.String(), nil
}

func (w writer) alterTable(x ingot.AlterTable) ([]string, error) {
	var actions []string
	if x.OldComment != x.NewComment {
		actions = append(actions, "COMMENT = "+literal(x.NewComment))
	}
	old, new := tableOptions(x.OldOptions), tableOptions(x.NewOptions)
	collate := false
	for _, o := range new {
		switch {
		case slices.Contains(old, o):
		case strings.HasPrefix(o, "DEFAULT CHARACTER SET"), strings.HasPrefix(o, "COLLATE"):
			collate = true
		default:
			actions = append(actions, o)
		}
	}
	for _, o := range old {
		name, _, _ := strings.Cut(o, " = ")
		if slices.ContainsFunc(new, func(n string) bool { return strings.HasPrefix(n, name+" =") }) {
			continue
		}
		switch name {
		case "COLLATE":
			collate = true
		case "ROW_FORMAT", "PACK_KEYS", "STATS_PERSISTENT", "STATS_AUTO_RECALC", "STATS_SAMPLE_PAGES":
			actions = append(actions, name+" = DEFAULT")
		default:
			if numberOption(strings.ToLower(name)) {
				actions = append(actions, name+" = 0")
			}
		}
	}
	if collate { // the columns go along that have no collation of their own
		if w.before == nil || w.before.Table(x.Table) == nil {
			return nil, fmt.Errorf("table %s gets another charset or collation, and its columns are not known: give the schema before the step", x.Table)
		}
		for _, o := range new {
			if strings.HasPrefix(o, "DEFAULT CHARACTER SET") || strings.HasPrefix(o, "COLLATE") {
				actions = append(actions, o)
			}
		}
		for _, c := range w.before.Table(x.Table).Columns {
			if c.Collation != "" || !isText(c) {
				continue
			}
			def, err := w.columnDef(x.Table, c)
			if err != nil {
				return nil, err
			}
			actions = append(actions, "MODIFY COLUMN "+def)
		}
	}
	if len(actions) == 0 {
		return nil, nil
	}
	return []string{alter(x.Table) + strings.Join(actions, ", ")}, nil
}

// isText reports whether a column has a charset, which is its table's where it names none.
func isText(c ingot.Column) bool {
	name, _, _ := strings.Cut(string(Dialect{}.CanonicalType(c.Type)), "(")
	return c.Enum != "" || slices.Contains([]string{"char", "varchar", "tinytext", "text", "mediumtext", "enum", "set"}, name)
}

// alterColumn restates the column. A column that turns into a generated one, or the other
// way round, is made anew with the indexes that lie on it.
func (w writer) alterColumn(x ingot.AlterColumn) ([]string, error) {
	if x.Using != "" {
		return nil, fmt.Errorf("column %s of table %s: mysql converts by itself and takes no USING (%s): write an Exec for mysql", x.New.Name, x.Table, x.Using)
	}
	def, err := w.columnDef(x.Table, x.New)
	if err != nil {
		return nil, err
	}
	if (x.Old.Generated == "") == (x.New.Generated == "") && (x.New.Generated == "" || x.Old.Virtual == x.New.Virtual) {
		text := alter(x.Table) + "MODIFY COLUMN " + def
		if x.Old.Auto != x.New.Auto && !isMariaDB(w.srv) && w.joined(x.Table, x.Old.Name) {
			// MySQL takes it for another type.
			return []string{"SET SESSION foreign_key_checks = 0", text, "SET SESSION foreign_key_checks = 1"}, nil
		}
		return []string{text}, nil
	}
	if w.before == nil || w.before.Table(x.Table) == nil {
		return nil, fmt.Errorf("column %s of table %s has to be made anew, and what lies on it is not known: give the schema before the step", x.New.Name, x.Table)
	}
	var drops, adds []string
	t := w.before.Table(x.Table)
	for _, k := range t.Checks {
		if k.Name != "" && rules.Mentions(string(k.Expr), x.New.Name) {
			drops = append(drops, "DROP CONSTRAINT "+ident(k.Name))
			adds = append(adds, "ADD "+checkDef(k))
		}
	}
	for _, u := range t.Uniques {
		if u.Name != "" && slices.Contains(u.Columns, x.New.Name) {
			drops = append(drops, "DROP INDEX "+ident(u.Name))
			adds = append(adds, "ADD "+uniqueDef(u))
		}
	}
	for _, i := range t.Indexes {
		if i.Name != "" && indexMentions(i, x.New.Name) {
			text, err := w.indexDef(x.Table, i)
			if err != nil {
				return nil, err
			}
			drops = append(drops, "DROP INDEX "+ident(i.Name))
			adds = append(adds, "ADD "+text)
		}
	}
	drops = append(drops, w.dropColumn(x.New.Name))
	adds = append([]string{"ADD COLUMN " + def}, adds...)
	return []string{alter(x.Table) + strings.Join(drops, ", "), alter(x.Table) + strings.Join(adds, ", ")}, nil
}

// dropColumn goes the long way where the name that MySQL gives a column that is dropped at once
// would be cut in the middle of a letter.
func (w writer) dropColumn(name string) string {
	text := "DROP COLUMN " + ident(name)
	if !isMariaDB(w.srv) && len(name) > 30 && len(name) > utf8.RuneCountInString(name) {
		text += ", ALGORITHM = COPY"
	}
	return text
}

// A column that counts has to begin a key. One that is added before its key, or outlives it,
// stands in a unique index in between.
func addCounted(column string) string {
	return "ADD UNIQUE " + ident(column) + " (" + ident(column) + ")"
}

// counted is the column that counts where it begins no key; empty for none.
func counted(t *ingot.Table, srv *ingot.Server) string {
	i := slices.IndexFunc(t.Columns, isAuto)
	if i < 0 {
		return ""
	}
	name := t.Columns[i].Name
	if strings.EqualFold(firstOf(t.PrimaryKey.Columns), name) ||
		slices.ContainsFunc(t.Uniques, func(u ingot.Unique) bool { return strings.EqualFold(firstOf(u.Columns), name) }) ||
		slices.ContainsFunc(t.Indexes, func(x ingot.Index) bool { return len(x.Parts) > 0 && strings.EqualFold(x.Parts[0].Column, name) }) ||
		slices.ContainsFunc(ownIndexed(t, srv), func(f ingot.ForeignKey) bool { return strings.EqualFold(f.Columns[0], name) }) {
		return ""
	}
	return name
}

func isAuto(c ingot.Column) bool { return c.Auto || c.Identity != nil }

// joined reports whether a foreign key leads from the column or to it.
func (w writer) joined(table ingot.TableName, column string) bool {
	return w.before != nil && slices.ContainsFunc(w.before.Tables, func(t ingot.Table) bool {
		return slices.ContainsFunc(t.ForeignKeys, func(f ingot.ForeignKey) bool {
			return tableName(t) == table && slices.Contains(f.Columns, column) ||
				f.RefTable == table.Name && f.RefSchema == table.Schema && slices.Contains(f.RefColumns, column)
		})
	})
}

func indexMentions(x ingot.Index, column string) bool {
	return slices.ContainsFunc(x.Parts, func(p ingot.IndexPart) bool {
		return strings.EqualFold(p.Column, column) || p.Expr != "" && rules.Mentions(string(p.Expr), column)
	})
}

// renameColumn also restates the expressions that name the column, without which MySQL
// refuses.
func (w writer) renameColumn(x ingot.RenameColumn) ([]string, error) {
	const mark = "ingot_renamed" // a name that nothing else has, and that needs no quotes
	text := alter(x.Table) + "RENAME COLUMN " + ident(x.From) + " TO " + ident(x.To)
	if isMariaDB(w.srv) {
		return append(w.reopen(x.Table), text), nil
	}
	old, t := w.around(x.Table, ingot.RenameColumn{Table: x.Table, From: x.From, To: mark})
	if t == nil {
		return []string{text}, nil
	}
	// What stood in double quotes is a string.
	names := strings.NewReplacer("`"+mark+"`", ident(x.To), `"`+mark+`"`, `"`+x.From+`"`, mark, ident(x.To))
	changed := func(old ingot.SQLText, new *ingot.SQLText) bool {
		*new = ingot.SQLText(names.Replace(string(*new)))
		return old != *new
	}
	for i := range t.Columns {
		if changed(old.Columns[i].Generated, &t.Columns[i].Generated) {
			def, err := w.columnDef(x.Table, t.Columns[i])
			if err != nil {
				return nil, err
			}
			text += ", MODIFY COLUMN " + def
		}
	}
	for i, k := range t.Checks {
		if changed(old.Checks[i].Expr, &k.Expr) && k.Name != "" {
			text += ", DROP CONSTRAINT " + ident(k.Name) + ", ADD " + checkDef(k)
		}
	}
	for i, k := range t.Indexes {
		named := false
		for j := range k.Parts {
			p := &k.Parts[j]
			named = changed(old.Indexes[i].Parts[j].Expr, &p.Expr) || named
			if p.Column == mark {
				p.Column = x.To
			}
		}
		if named && k.Name != "" {
			def, err := w.indexDef(x.Table, k)
			if err != nil {
				return nil, err
			}
			text += ", DROP INDEX " + ident(k.Name) + ", ADD " + def
		}
	}
	return []string{text}, nil
}

// uniqueName finds the name that the server gave to a constraint without one: that of its first
// column, with a number where that was taken.
func (w writer) uniqueName(x ingot.DropUnique) string {
	if x.Unique.Name == "" && w.before != nil && w.before.Table(x.Table) != nil {
		for _, u := range w.before.Table(x.Table).Uniques {
			if u.Name != "" && slices.EqualFunc(u.Columns, x.Unique.Columns, strings.EqualFold) && strings.HasPrefix(u.Name, u.Columns[0]) {
				return u.Name
			}
		}
	}
	return cmp.Or(x.Unique.Name, firstOf(x.Unique.Columns))
}

// renamePart renames an index; what else has a name is dropped and added under the new one.
func (w writer) renamePart(x ingot.RenamePart) ([]string, error) {
	if x.Kind == ingot.ObjectIndex || x.Kind == ingot.ObjectUnique {
		return []string{alter(x.Table) + "RENAME INDEX " + ident(x.From) + " TO " + ident(x.To)}, nil
	}
	if w.before == nil || w.before.Table(x.Table) == nil {
		return nil, fmt.Errorf("%s %s of table %s has to be made anew, and its definition is not known: give the schema before the step", x.Kind, x.From, x.Table)
	}
	t := w.before.Table(x.Table)
	for _, f := range t.ForeignKeys {
		if x.Kind == ingot.ObjectForeignKey && f.Name == x.From {
			return w.renameForeignKey(x, f)
		}
	}
	for _, k := range t.Checks {
		if x.Kind == ingot.ObjectCheck && k.Name == x.From {
			k.Name = x.To
			return []string{alter(x.Table) + "DROP CONSTRAINT " + ident(x.From) + ", ADD " + checkDef(k)}, nil
		}
	}
	return nil, fmt.Errorf("table %s has no %s %s", x.Table, x.Kind, x.From)
}

// reopen makes MariaDB open the table anew. Where a query has given the table an alias, as views
// do, what the server keeps open of it finds no column of its checks and generated columns when
// one is renamed.
func (w writer) reopen(name ingot.TableName) []string {
	if !isMariaDB(w.srv) || w.before == nil {
		return nil
	}
	t := w.before.Table(name)
	if t == nil || len(t.Checks) == 0 && !slices.ContainsFunc(t.Columns, func(c ingot.Column) bool { return c.Generated != "" || c.Type == "json" }) {
		return nil
	}
	return []string{alter(name) + "COMMENT = " + literal(t.Comment)}
}

// dropCheck drops a check. One of a single column, which MariaDB names as the column, goes
// when the column is restated.
func (w writer) dropCheck(x ingot.DropCheck) ([]string, error) {
	if x.Check.Name == "" {
		return nil, fmt.Errorf("table %s: a check without a name cannot be dropped: inspect the database for the name it gave", x.Table)
	}
	if isMariaDB(w.srv) && w.before != nil {
		if t := w.before.Table(x.Table); t != nil {
			if c := t.Column(x.Check.Name); c != nil {
				def, err := w.columnDef(x.Table, *c)
				return []string{alter(x.Table) + "MODIFY COLUMN " + def}, err
			}
		}
	}
	return []string{alter(x.Table) + "DROP CONSTRAINT " + ident(x.Check.Name)}, nil
}

// alterEnum restates the columns that take the enum.
func (w writer) alterEnum(x ingot.AlterEnum) ([]string, error) {
	if w.before == nil {
		return nil, fmt.Errorf("enum %s: its columns are not known: give the schema before the step", x.New.Name)
	}
	after := w.before.Clone()
	for i := range after.Enums {
		if after.Enums[i].Schema == x.Old.Schema && after.Enums[i].Name == x.Old.Name {
			after.Enums[i].Values = x.New.Values
		}
	}
	w.before = after
	var statements []string
	for _, t := range after.Tables {
		for _, c := range t.Columns {
			if c.Enum == (ingot.TableName{Schema: x.Old.Schema, Name: x.Old.Name}).String() {
				def, err := w.columnDef(tableName(t), c)
				if err != nil {
					return nil, err
				}
				statements = append(statements, alter(tableName(t))+"MODIFY COLUMN "+def)
			}
		}
	}
	return statements, nil
}
