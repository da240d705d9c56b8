package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"ingot"
)

// DDL renders a step as statements. Statements of one step belong into one transaction,
// but for CREATE INDEX CONCURRENTLY, which runs outside of any.
func (Dialect) DDL(step ingot.Step, before *ingot.Schema, srv *ingot.Server) ([]string, error) {
	if err := beyond(step, srv); err != nil {
		return nil, err
	}
	switch x := step.(type) {
	case ingot.CreateSchema:
		return []string{"CREATE SCHEMA " + ident(x.Name)}, nil
	case ingot.DropSchema:
		return []string{"DROP SCHEMA " + ident(x.Name)}, nil

	case ingot.CreateEnum:
		return []string{createEnum(enumName(x.Enum), x.Enum.Values)}, nil
	case ingot.DropEnum:
		return []string{"DROP TYPE " + tableIdent(enumName(x.Enum))}, nil
	case ingot.AlterEnum:
		return alterEnum(x.Old, x.New, before, srv)

	case ingot.CreateSequence:
		return []string{"CREATE SEQUENCE " + tableIdent(sequenceName(x.Sequence)) + sequenceOptions(nil, x.Sequence)}, nil
	case ingot.DropSequence:
		return []string{"DROP SEQUENCE " + tableIdent(sequenceName(x.Sequence))}, nil
	case ingot.AlterSequence:
		return alterSequence(x.Old, x.New), nil

	case ingot.CreateDomain:
		return createDomain(x.Domain, before)
	case ingot.DropDomain:
		return []string{"DROP DOMAIN " + tableIdent(domainName(x.Domain))}, nil
	case ingot.AlterDomain:
		return alterDomain(x.Old, x.New, before, srv)
	case ingot.CreateView:
		return createView(x.View, before)
	case ingot.DropView:
		return []string{dropView(x.View)}, nil
	case ingot.AlterView: // CREATE OR REPLACE takes no other columns
		return createView(x.New, before, dropView(x.Old))

	case ingot.CreateTable:
		return createTable(x.Table)
	case ingot.DropTable:
		return []string{"DROP TABLE " + tableIdent(tableName(x.Table))}, nil
	case ingot.RenameTable:
		return []string{alter(ingot.TableName{Schema: x.Schema, Name: x.From}) + "RENAME TO " + ident(x.To)}, nil
	case ingot.AlterTable:
		return alterTable(x)

	case ingot.AddColumn:
		def, err := columnDef(x.Column)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", x.Table, err)
		}
		return append([]string{alter(x.Table) + "ADD COLUMN " + def}, columnComment(x.Table, x.Column.Name, "", x.Column.Comment)...), nil
	case ingot.DropColumn:
		return []string{alter(x.Table) + "DROP COLUMN " + ident(x.Column.Name)}, nil
	case ingot.RenameColumn:
		return []string{alter(x.Table) + "RENAME COLUMN " + ident(x.From) + " TO " + ident(x.To)}, nil
	case ingot.AlterColumn:
		return alterColumn(x, before, srv)

	case ingot.AlterPrimaryKey:
		return alterPrimaryKey(x, before), nil
	case ingot.AddUnique:
		return []string{alter(x.Table) + "ADD " + uniqueDef(x.Unique)}, nil
	case ingot.DropUnique:
		return []string{alter(x.Table) + "DROP CONSTRAINT " + ident(uniqueName(x, before))}, nil
	case ingot.AddForeignKey:
		return []string{alter(x.Table) + "ADD " + foreignKeyDef(x.ForeignKey) + notValid(x.ForeignKey.NotValid)}, nil
	case ingot.DropForeignKey:
		return []string{alter(x.Table) + "DROP CONSTRAINT " + ident(foreignKeyName(x, before))}, nil
	case ingot.AddCheck:
		return []string{alter(x.Table) + "ADD " + checkDef(x.Check) + notValid(x.Check.NotValid)}, nil
	case ingot.DropCheck:
		if x.Check.Name == "" {
			return nil, fmt.Errorf("table %s: a check without a name cannot be dropped: inspect the database for the name it gave", x.Table)
		}
		return []string{alter(x.Table) + "DROP CONSTRAINT " + ident(x.Check.Name)}, nil
	case ingot.ValidateConstraint:
		return []string{alter(x.Table) + "VALIDATE CONSTRAINT " + ident(x.Name)}, nil

	case ingot.RenamePart:
		if x.Kind == ingot.ObjectIndex {
			return []string{"ALTER INDEX " + tableIdent(ingot.TableName{Schema: x.Table.Schema, Name: x.From}) + " RENAME TO " + ident(x.To)}, nil
		}
		return []string{alter(x.Table) + "RENAME CONSTRAINT " + ident(x.From) + " TO " + ident(x.To)}, nil
	case ingot.CreateIndex:
		text, err := createIndex(x.Table, x.Index)
		return append(dropInvalid(x.Table, x.Index, before), text), err
	case ingot.DropIndex:
		if x.Index.Name == "" {
			return nil, fmt.Errorf("table %s: an index without a name cannot be dropped: inspect the database for the name it gave", x.Table)
		}
		text := "DROP INDEX "
		if x.Index.Concurrently {
			text += "CONCURRENTLY "
		}
		return []string{text + tableIdent(ingot.TableName{Schema: x.Table.Schema, Name: x.Index.Name})}, nil

	case ingot.Exec:
		return rules.Statements(string(x.SQL)), nil
	case ingot.Do:
		return nil, nil
	}
	return nil, fmt.Errorf("postgres cannot render a step of type %T", step)
}

// dropInvalid makes room for an index of which a failed CREATE INDEX CONCURRENTLY has left an
// invalid one behind.
func dropInvalid(t ingot.TableName, x ingot.Index, before *ingot.Schema) []string {
	if before == nil || !slices.ContainsFunc(before.Unsupported, func(u ingot.Unsupported) bool {
		return u.Kind == invalidIndex && u.Name == dotted(t)+"."+x.Name
	}) {
		return nil
	}
	text := "DROP INDEX "
	if x.Concurrently {
		text += "CONCURRENTLY "
	}
	return []string{text + "IF EXISTS " + tableIdent(ingot.TableName{Schema: t.Schema, Name: x.Name})}
}

// beyond is the error for what an older server, or another flavour, would call a syntax error.
func beyond(step ingot.Step, srv *ingot.Server) error {
	if srv == nil {
		return nil
	}
	var t ingot.Table
	switch x := step.(type) {
	case ingot.CreateDomain:
		if srv.Flavour == cockroach {
			return fmt.Errorf("domain %s: %s has no domains: give the columns its type, and its checks to their tables", domainName(x.Domain), srv)
		}
	case ingot.CreateTable:
		t = x.Table
	case ingot.AddColumn:
		t = ingot.Table{Schema: x.Table.Schema, Name: x.Table.Name, Columns: []ingot.Column{x.Column}}
	case ingot.AlterColumn:
		t = ingot.Table{Schema: x.Table.Schema, Name: x.Table.Name, Columns: []ingot.Column{x.New}}
	case ingot.AddUnique:
		t = ingot.Table{Schema: x.Table.Schema, Name: x.Table.Name, Uniques: []ingot.Unique{x.Unique}}
	case ingot.AddForeignKey:
		t = ingot.Table{Schema: x.Table.Schema, Name: x.Table.Name, ForeignKeys: []ingot.ForeignKey{x.ForeignKey}}
	case ingot.CreateIndex:
		t = ingot.Table{Schema: x.Table.Schema, Name: x.Table.Name, Indexes: []ingot.Index{x.Index}}
	}
	unnamed := func(name string, columns []string) string { return cmp.Or(name, "on "+strings.Join(columns, ", ")) }
	if srv.Flavour == cockroach && !srv.Deferrable {
		const refusal = "table %s, %s %s: %s has no deferrable constraints: leave out deferrable"
		for _, u := range t.Uniques {
			if u.Deferrable != ingot.NotDeferrable {
				return fmt.Errorf(refusal, tableName(t), "unique constraint", unnamed(u.Name, u.Columns), srv)
			}
		}
		for _, f := range t.ForeignKeys {
			if f.Deferrable != ingot.NotDeferrable {
				return fmt.Errorf(refusal, tableName(t), "foreign key", unnamed(f.Name, f.Columns), srv)
			}
		}
	}
	if srv.Flavour != "" && srv.Flavour != citus { // whose versions are others
		return nil
	}
	for _, c := range t.Columns {
		if c.Generated != "" && c.Virtual && !srv.AtLeast(18, 0) {
			return fmt.Errorf("table %s, column %s: %s has no virtual generated columns, which came with PostgreSQL 18: leave out virtual, and the column is stored", tableName(t), c.Name, srv)
		}
	}
	distinct := func(what, name string) error {
		return fmt.Errorf("table %s, %s %s: %s has no NULLS NOT DISTINCT, which came with PostgreSQL 15: leave out nulls-not-distinct", tableName(t), what, name, srv)
	}
	for _, u := range t.Uniques {
		if u.NullsNotDistinct && !srv.AtLeast(15, 0) {
			return distinct("unique constraint", unnamed(u.Name, u.Columns))
		}
	}
	for _, x := range t.Indexes {
		if x.NullsNotDistinct && !srv.AtLeast(15, 0) {
			return distinct("index", x.Name)
		}
	}
	return nil
}

func dropView(v ingot.View) string {
	return "DROP VIEW " + tableIdent(ingot.TableName{Schema: v.Schema, Name: v.Name})
}

// createView makes a view, and again what was said of it beside its text where it was there
// when the database was inspected.
func createView(v ingot.View, before *ingot.Schema, first ...string) ([]string, error) {
	name := ingot.TableName{Schema: v.Schema, Name: v.Name}
	texts := rules.Statements(string(v.SQL))
	if len(texts) != 1 {
		return nil, fmt.Errorf("view %s: its text has %d statements, want one SELECT", name, len(texts))
	}
	statements := append(first, "CREATE VIEW "+tableIdent(name)+" AS "+expr(ingot.SQLText(texts[0])))
	if before == nil {
		return statements, nil
	}
	var last []string
	for _, u := range before.Unsupported {
		part, ofPart := strings.CutPrefix(u.Name, dotted(name)+".")
		if u.Name != dotted(name) && !ofPart {
			continue
		}
		column := !ofPart || rules.Mentions(texts[0], part) || strings.Contains(texts[0], "*")
		switch u.Kind {
		case "view option", "trigger", "rule":
			statements = append(statements, string(u.SQL))
		case "column default", "privilege":
			if column { // it may have gone
				statements = append(statements, string(u.SQL))
			}
		case "comment":
			if !ofPart {
				statements = append(statements, "COMMENT ON VIEW "+tableIdent(name)+" IS "+literal(u.Reason))
			} else if column {
				statements = append(statements, "COMMENT ON COLUMN "+tableIdent(name)+"."+ident(part)+" IS "+literal(u.Reason))
			}
		case "view owner":
			last = append(last, string(u.SQL))
		}
	}
	return append(statements, last...), nil
}

func tableName(t ingot.Table) ingot.TableName {
	return ingot.TableName{Schema: t.Schema, Name: t.Name}
}
func enumName(e ingot.Enum) ingot.TableName { return ingot.TableName{Schema: e.Schema, Name: e.Name} }
func sequenceName(s ingot.Sequence) ingot.TableName {
	return ingot.TableName{Schema: s.Schema, Name: s.Name}
}

func domainName(d ingot.Domain) ingot.TableName {
	return ingot.TableName{Schema: d.Schema, Name: d.Name}
}

func alter(t ingot.TableName) string { return "ALTER TABLE " + tableIdent(t) + " " }

func notValid(is bool) string {
	if is {
		return " NOT VALID"
	}
	return ""
}

// createTable makes the table, then what CREATE TABLE has no place for.
func createTable(t ingot.Table) ([]string, error) {
	name := tableName(t)
	parts := make([]string, 0, len(t.Columns)+4)
	for _, c := range t.Columns {
		def, err := columnDef(c)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", name, err)
		}
		parts = append(parts, def)
	}
	if len(t.PrimaryKey.Columns) > 0 {
		parts = append(parts, primaryKeyDef(t.PrimaryKey))
	}
	for i, u := range t.Uniques {
		if !isTwin(t, i) {
			parts = append(parts, uniqueDef(u))
		}
	}
	for _, c := range t.Checks {
		if !c.NotValid {
			parts = append(parts, checkDef(c))
		}
	}
	for _, f := range t.ForeignKeys {
		if !f.NotValid && !ownIndex(t, f) {
			parts = append(parts, foreignKeyDef(f))
		}
	}
	create, with, tail, err := tableOptions(name, t.Options)
	if err != nil {
		return nil, err
	}
	list := "()"
	if len(parts) > 0 {
		list = "(\n\t" + strings.Join(parts, ",\n\t") + "\n)"
	}
	statements := []string{create + tableIdent(name) + " " + list + with + tail}
	for _, c := range t.Checks {
		if c.NotValid {
			statements = append(statements, alter(name)+"ADD "+checkDef(c)+" NOT VALID")
		}
	}
	for i, u := range t.Uniques {
		if isTwin(t, i) {
			statements = append(statements, alter(name)+"ADD "+uniqueDef(u))
		}
	}
	for _, x := range t.Indexes {
		x.Concurrently = false // the table is empty, and in the same transaction
		text, err := createIndex(name, x)
		if err != nil {
			return nil, err
		}
		statements = append(statements, text)
	}
	for _, f := range t.ForeignKeys {
		if f.NotValid || ownIndex(t, f) {
			statements = append(statements, alter(name)+"ADD "+foreignKeyDef(f)+notValid(f.NotValid))
		}
	}
	if t.Comment != "" {
		statements = append(statements, tableComment(name, t.Comment))
	}
	for _, c := range t.Columns {
		statements = append(statements, columnComment(name, c.Name, "", c.Comment)...)
	}
	return statements, nil
}

// isTwin reports whether a unique constraint says what one before it or the primary key says,
// which CREATE TABLE would make one of.
func isTwin(t ingot.Table, i int) bool {
	u := t.Uniques[i]
	return slices.Equal(u.Columns, t.PrimaryKey.Columns) || slices.ContainsFunc(t.Uniques[:i], func(o ingot.Unique) bool { return slices.Equal(u.Columns, o.Columns) })
}

// ownIndex reports whether a foreign key of the table refers to a key of its own that is an
// index, which comes after the table.
func ownIndex(t ingot.Table, f ingot.ForeignKey) bool {
	if f.RefTable != t.Name || f.RefSchema != t.Schema {
		return false
	}
	is := func(columns []string) bool {
		return slices.Equal(slices.Sorted(slices.Values(columns)), slices.Sorted(slices.Values(f.RefColumns)))
	}
	return !is(t.PrimaryKey.Columns) && !slices.ContainsFunc(t.Uniques, func(u ingot.Unique) bool { return is(u.Columns) })
}

// tableOptions sorts options into the places CREATE TABLE has for them. Those of other
// databases are left out, since one model may serve them all.
func tableOptions(name ingot.TableName, options []ingot.Option) (create, with, tail string, err error) {
	create = "CREATE TABLE "
	var storage []string
	for _, o := range options {
		switch {
		case o.Name == "unlogged":
			create = "CREATE UNLOGGED TABLE "
		case o.Name == "tablespace":
			tail += " TABLESPACE " + ident(o.Value)
		case storageOption(o.Name):
			storage = append(storage, o.Name+" = "+o.Value)
		case foreignOption(o.Name):
		default:
			return "", "", "", fmt.Errorf("table %s: postgres has no option %q", name, o.Name)
		}
	}
	if len(storage) > 0 {
		with = " WITH (" + strings.Join(storage, ", ") + ")"
	}
	return create, with, tail, nil
}

func storageOption(name string) bool {
	for _, prefix := range []string{"fillfactor", "autovacuum_", "toast", "parallel_workers", "vacuum_", "log_autovacuum", "user_catalog_table"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func foreignOption(name string) bool {
	return slices.Contains([]string{"strict", "without rowid", "autoincrement", "engine", "charset", "collate", "row_format"}, name)
}

func columnDef(c ingot.Column) (string, error) {
	typ, err := typeOf(c)
	if err != nil {
		return "", err
	}
	def := ident(c.Name) + " " + typ
	if c.Collation != "" {
		def += " COLLATE " + collation(c.Collation)
	}
	switch {
	case c.Generated != "":
		def += " GENERATED ALWAYS AS (" + expr(c.Generated) + ")"
		if c.Virtual {
			def += " VIRTUAL"
		} else {
			def += " STORED"
		}
	case isIdentity(c):
		def += " GENERATED " + identityWord(c.Identity) + " AS IDENTITY" + identityOptions(c.Identity)
	case c.Default != "":
		def += " DEFAULT " + expr(c.Default)
	}
	if !c.Null {
		def += " NOT NULL"
	}
	return def, nil
}

// isSerial reports whether a default takes the column's values from a sequence that it owns.
func isSerial(c ingot.Column) bool {
	return strings.HasSuffix(strings.ToLower(string(c.Type)), "serial")
}

// isIdentity reports whether the database fills the column by a sequence of its own. A
// serial type brings its own default.
func isIdentity(c ingot.Column) bool {
	return (c.Auto || c.Identity != nil) && !isSerial(c)
}

func identityWord(i *ingot.Identity) string {
	if i != nil && i.Always {
		return "ALWAYS"
	}
	return "BY DEFAULT"
}

func identityOptions(i *ingot.Identity) string {
	if i == nil {
		return ""
	}
	options := strings.TrimSpace(sequenceOptions(nil, ingot.Sequence{Start: i.Start, Increment: i.Increment, Min: i.Min, Max: i.Max, Cache: i.Cache, Cycle: i.Cycle}))
	if options == "" {
		return ""
	}
	return " (" + options + ")"
}

// sequenceOptions writes what is set, or, given the sequence before, what differs: then what
// a default follows from may have changed with it.
func sequenceOptions(old *ingot.Sequence, s ingot.Sequence) string {
	was, is := ingot.Sequence{}, s
	if old != nil {
		was, is = wholeSequence(*old), wholeSequence(s)
	}
	var b strings.Builder
	if is.Type != was.Type {
		b.WriteString(" AS " + nativeType(is.Type))
		if old != nil {
			was = retyped(was, is.Type)
		}
	}
	for _, o := range []struct { // NO MINVALUE would mean another value where the type changes too
		word    string
		was, is int64
	}{
		{"INCREMENT BY", was.Increment, is.Increment}, {"MINVALUE", was.Min, is.Min}, {"MAXVALUE", was.Max, is.Max},
		{"START WITH", was.Start, is.Start}, {"CACHE", was.Cache, is.Cache},
	} {
		if o.was != o.is {
			fmt.Fprintf(&b, " %s %d", o.word, o.is)
		}
	}
	switch {
	case s.Cycle && !was.Cycle:
		b.WriteString(" CYCLE")
	case was.Cycle && !s.Cycle:
		b.WriteString(" NO CYCLE")
	}
	return b.String()
}

// retyped is a sequence after its type alone has changed: bounds that were those of the type
// follow it.
func retyped(s ingot.Sequence, t ingot.Type) ingot.Sequence {
	s = wholeSequence(s)
	from := highest(s.Type)
	s.Type = cmp.Or(t, "bigint")
	if to := highest(s.Type); s.Max == from {
		s.Max = to
	}
	if to := highest(s.Type); s.Min == -from-1 {
		s.Min = -to - 1
	}
	return s
}

func alterSequence(old, s ingot.Sequence) []string {
	var statements []string
	if old.Name != s.Name {
		statements = append(statements, "ALTER SEQUENCE "+tableIdent(sequenceName(old))+" RENAME TO "+ident(s.Name))
	}
	name := tableIdent(sequenceName(s))
	alter := func(options string) string { return "ALTER SEQUENCE " + name + options }
	statements = append(statements, intoRange(literal(name), old, s, alter)...)
	if options := sequenceOptions(&old, s); options != "" {
		statements = append(statements, alter(options))
	}
	return statements
}

// intoRange moves a sequence that has not come as far as its new range, or gave out nothing
// yet, to its new start: PostgreSQL refuses bounds that its value lies outside of.
func intoRange(sequence string, old, s ingot.Sequence, alter func(options string) string) []string {
	was, is := wholeSequence(old), wholeSequence(s)
	if is.Min <= was.Min && is.Max >= was.Max {
		return nil
	}
	var statements []string
	if is.Start < was.Min || is.Start > was.Max {
		wide := was
		if wide.Min, wide.Max = min(was.Min, is.Min), max(was.Max, is.Max); wide.Max > highest(was.Type) || wide.Min < -highest(was.Type)-1 {
			wide.Type = is.Type
		}
		statements = append(statements, alter(sequenceOptions(&was, wide)))
	}
	last := "pg_catalog.pg_sequence_last_value(" + sequence + ")"
	short := fmt.Sprintf("%s < %d", last, is.Min)
	if is.Increment < 0 {
		short = fmt.Sprintf("%s > %d", last, is.Max)
	}
	return append(statements, fmt.Sprintf("SELECT pg_catalog.setval(%s, %d, false) WHERE %s IS NULL OR %s", sequence, is.Start, last, short))
}

func constraint(name string) string {
	if name == "" {
		return ""
	}
	return "CONSTRAINT " + ident(name) + " "
}

func primaryKeyDef(k ingot.PrimaryKey) string {
	return constraint(k.Name) + "PRIMARY KEY (" + idents(k.Columns) + ")"
}

func uniqueDef(u ingot.Unique) string {
	text := constraint(u.Name) + "UNIQUE "
	if u.NullsNotDistinct {
		text += "NULLS NOT DISTINCT "
	}
	return text + "(" + idents(u.Columns) + ")" + deferrable(u.Deferrable)
}

func foreignKeyDef(f ingot.ForeignKey) string {
	text := constraint(f.Name) + "FOREIGN KEY (" + idents(f.Columns) + ") REFERENCES " +
		tableIdent(ingot.TableName{Schema: f.RefSchema, Name: f.RefTable})
	if len(f.RefColumns) > 0 {
		text += " (" + idents(f.RefColumns) + ")"
	}
	if f.Match != "" {
		text += " MATCH " + f.Match
	}
	if f.OnDelete != "" {
		text += " ON DELETE " + f.OnDelete
	}
	if f.OnUpdate != "" {
		text += " ON UPDATE " + f.OnUpdate
	}
	return text + deferrable(f.Deferrable)
}

func deferrable(d ingot.Deferrable) string {
	switch d {
	case ingot.DeferrableInitiallyImmediate:
		return " DEFERRABLE"
	case ingot.DeferrableInitiallyDeferred:
		return " DEFERRABLE INITIALLY DEFERRED"
	}
	return ""
}

func checkDef(c ingot.Check) string {
	return constraint(c.Name) + "CHECK (" + expr(c.Expr) + ")"
}

func createIndex(t ingot.TableName, x ingot.Index) (string, error) {
	var b strings.Builder
	b.WriteString("CREATE ")
	if x.Unique {
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX ")
	if x.Concurrently {
		b.WriteString("CONCURRENTLY ")
	}
	if x.Name != "" {
		b.WriteString(ident(x.Name) + " ")
	}
	b.WriteString("ON " + tableIdent(t))
	if x.Using != "" {
		b.WriteString(" USING " + strings.ToLower(x.Using))
	}
	b.WriteString(" (")
	for i, part := range x.Parts {
		if i > 0 {
			b.WriteString(", ")
		}
		if part.Column != "" {
			b.WriteString(ident(part.Column))
		} else {
			b.WriteString("(" + expr(part.Expr) + ")")
		}
		if part.Collation != "" {
			b.WriteString(" COLLATE " + collation(part.Collation))
		}
		if part.OpClass != "" {
			b.WriteString(" " + part.OpClass)
		}
		if part.Desc {
			b.WriteString(" DESC")
		}
		if part.Nulls != "" {
			b.WriteString(" NULLS " + part.Nulls)
		}
	}
	b.WriteString(")")
	if len(x.Include) > 0 {
		b.WriteString(" INCLUDE (" + idents(x.Include) + ")")
	}
	if x.NullsNotDistinct {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	var storage []string
	for _, o := range x.Options {
		if !indexOption(x, o.Name) {
			return "", fmt.Errorf("index %s of table %s: postgres has no option %q", x.Name, t, o.Name)
		}
		name, value := o.Name, o.Value
		if !plainName(name) {
			name = ident(name)
		}
		if !plainValue.MatchString(value) {
			value = literal(value)
		}
		storage = append(storage, name+" = "+value)
	}
	if len(storage) > 0 {
		b.WriteString(" WITH (" + strings.Join(storage, ", ") + ")")
	}
	if x.Where != "" {
		b.WriteString(" WHERE " + expr(x.Where))
	}
	return b.String(), nil
}

// indexOption knows the storage parameters of PostgreSQL's own methods. Those of extensions know
// theirs.
func indexOption(x ingot.Index, name string) bool {
	own := slices.Contains([]string{"", "btree", "hash", "gin", "gist", "spgist", "brin"}, strings.ToLower(x.Using))
	return !own || slices.Contains([]string{"fillfactor", "deduplicate_items", "buffering", "fastupdate", "gin_pending_list_limit",
		"pages_per_range", "autosummarize"}, name)
}

// plainValue is what a storage parameter may be without quotes.
var plainValue = regexp.MustCompile(`^([a-z_]+|[-+]?[0-9.]+)$`)

// collation quotes the name of a collation, which may stand in a schema.
func collation(name string) string { return tableIdent(collationName(name)) }

// expr is an expression as it goes into a statement; a comment in it must not swallow what
// follows.
func expr(text ingot.SQLText) string {
	s := strings.TrimSpace(string(text))
	if strings.Contains(s, "--") {
		s += "\n"
	}
	return s
}

func tableComment(t ingot.TableName, comment string) string {
	return "COMMENT ON TABLE " + tableIdent(t) + " IS " + commentText(comment)
}

func columnComment(t ingot.TableName, column, old, new string) []string {
	if old == new {
		return nil
	}
	return []string{"COMMENT ON COLUMN " + tableIdent(t) + "." + ident(column) + " IS " + commentText(new)}
}

func commentText(s string) string {
	if s == "" {
		return "NULL"
	}
	return literal(s)
}

func alterTable(x ingot.AlterTable) ([]string, error) {
	var statements []string
	if x.OldComment != x.NewComment {
		statements = append(statements, tableComment(x.Table, x.NewComment))
	}
	var set, reset []string
	for _, o := range x.NewOptions {
		if slices.Contains(x.OldOptions, o) {
			continue
		}
		switch {
		case o.Name == "unlogged":
			statements = append(statements, alter(x.Table)+"SET UNLOGGED")
		case o.Name == "tablespace":
			statements = append(statements, alter(x.Table)+"SET TABLESPACE "+ident(o.Value))
		case storageOption(o.Name):
			set = append(set, o.Name+" = "+o.Value)
		case foreignOption(o.Name):
		default:
			return nil, fmt.Errorf("table %s: postgres has no option %q", x.Table, o.Name)
		}
	}
	for _, o := range x.OldOptions {
		if slices.ContainsFunc(x.NewOptions, func(n ingot.Option) bool { return n.Name == o.Name }) {
			continue
		}
		switch {
		case o.Name == "unlogged":
			statements = append(statements, alter(x.Table)+"SET LOGGED")
		case o.Name == "tablespace":
			statements = append(statements, alter(x.Table)+"SET TABLESPACE pg_default")
		case storageOption(o.Name):
			reset = append(reset, o.Name)
		}
	}
	if len(set) > 0 {
		statements = append(statements, alter(x.Table)+"SET ("+strings.Join(set, ", ")+")")
	}
	if len(reset) > 0 {
		statements = append(statements, alter(x.Table)+"RESET ("+strings.Join(reset, ", ")+")")
	}
	return statements, nil
}

func alterPrimaryKey(x ingot.AlterPrimaryKey, before *ingot.Schema) []string {
	var actions []string
	if len(x.Old.Columns) > 0 {
		name := x.Old.Name
		if t := tableOf(before, x.Table); name == "" && slices.Equal(t.PrimaryKey.Columns, x.Old.Columns) {
			name = t.PrimaryKey.Name
		}
		name = cmp.Or(name, objectName(x.Table.Name, "", "pkey"))
		if slices.Equal(x.Old.Columns, x.New.Columns) && x.New.Name != "" {
			return []string{alter(x.Table) + "RENAME CONSTRAINT " + ident(name) + " TO " + ident(x.New.Name)}
		}
		actions = append(actions, "DROP CONSTRAINT "+ident(name))
	}
	if len(x.New.Columns) > 0 {
		actions = append(actions, "ADD "+primaryKeyDef(x.New))
	}
	return []string{alter(x.Table) + strings.Join(actions, ", ")}
}

// alterColumn changes what differs in one ALTER TABLE, which PostgreSQL runs in an order
// that works: the default goes before the type changes and comes back after, since the old
// one may not convert, and keeps a cast in its text where it does.
func alterColumn(x ingot.AlterColumn, before *ingot.Schema, srv *ingot.Server) ([]string, error) {
	old, c := x.Old, x.New
	serial := isSerial(old) || isSerial(c)
	for _, side := range []*ingot.Column{&old, &c} {
		if isSerial(*side) {
			side.Type, side.Auto, side.Default = Dialect{}.CanonicalType(side.Type), true, ""
		}
	}
	anew := isSerial(x.Old) && plainIdentity(c.Identity, c.Type) != nil
	if old.Generated != c.Generated && c.Generated != "" || old.Generated != "" && c.Generated != "" && old.Virtual != c.Virtual {
		if old.Generated != "" && old.Virtual == c.Virtual && srv != nil && srv.Flavour == "" && srv.AtLeast(17, 0) {
			text := alter(x.Table) + "ALTER COLUMN " + ident(c.Name) + " SET EXPRESSION AS (" + expr(c.Generated) + ")"
			return append([]string{text}, columnComment(x.Table, c.Name, old.Comment, c.Comment)...), nil
		}
		return remakeColumn(x.Table, c, before)
	}
	oldType, err := typeOf(old)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", x.Table, err)
	}
	newType, err := typeOf(c)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", x.Table, err)
	}
	was, is := madeOf(old, before), madeOf(c, before)
	name := "ALTER COLUMN " + ident(c.Name) + " "
	retype := oldType != newType || plainCollation(old.Collation) != plainCollation(c.Collation)
	identityGoes := isIdentity(old) && (!isIdentity(c) || anew)
	identityComes := (!isIdentity(old) || anew) && isIdentity(c)

	var actions []string
	if old.Generated != "" && c.Generated == "" {
		actions = append(actions, name+"DROP EXPRESSION")
	}
	var first, last []string // beside a new type an identity wants a statement of its own
	if identityGoes {        // an identity or a serial
		actions = append(actions, name+"DROP IDENTITY IF EXISTS", name+"DROP DEFAULT")
		if retype {
			first, actions = []string{alter(x.Table) + strings.Join(actions, ", ")}, nil
		}
	}
	dropDefault := old.Default != "" && (retype || c.Default == "")
	if dropDefault && !identityGoes {
		actions = append(actions, name+"DROP DEFAULT")
	}
	if retype {
		text := name + "TYPE " + newType
		if c.Collation != "" {
			text += " COLLATE " + collation(c.Collation)
		}
		if x.Using != "" {
			text += " USING " + expr(x.Using)
		} else if using := usingClause(ident(c.Name), was, is, oldType, newType); using != "" {
			text += " USING " + using
		}
		actions = append(actions, text)
	}
	if c.Default != "" && (dropDefault || old.Default != c.Default) {
		actions = append(actions, name+"SET DEFAULT "+expr(c.Default))
	}
	switch {
	case old.Null && !c.Null:
		actions = append(actions, name+"SET NOT NULL")
	case !old.Null && c.Null:
		actions = append(actions, name+"DROP NOT NULL")
	}
	if identityComes {
		add := name + "ADD GENERATED " + identityWord(c.Identity) + " AS IDENTITY" + identityOptions(c.Identity)
		if retype {
			last = []string{alter(x.Table) + add}
		} else {
			actions = append(actions, add)
		}
	}
	var statements, sequence, after []string
	if isIdentity(old) && isIdentity(c) && !anew {
		was, is := identitySequence(old), identitySequence(c)
		always := old.Identity != nil && old.Identity.Always
		if (c.Identity != nil && c.Identity.Always) != always {
			actions = append(actions, name+"SET GENERATED "+identityWord(c.Identity))
		}
		set := func(options string) string {
			return name + "SET " + strings.Join(sequenceWords.FindAllString(options, -1), " SET ")
		}
		after := retyped(was, is.Type) // as the column is
		if options := sequenceOptions(&after, is); options != "" {
			actions = append(actions, set(options))
		}
		statements = intoRange(fmt.Sprintf("pg_catalog.pg_get_serial_sequence(%s, %s)::pg_catalog.regclass", literal(tableIdent(x.Table)), literal(c.Name)), was, is,
			func(options string) string { return alter(x.Table) + set(options) })
		if serial && oldType != newType { // whose name may have been another table's or column's
			sequence = []string{"DO " + literal(fmt.Sprintf("BEGIN EXECUTE 'ALTER SEQUENCE ' || pg_catalog.pg_get_serial_sequence(%s, %s) || ' AS %s'; END", literal(tableIdent(x.Table)), literal(c.Name), newType))}
		}
	}
	if retype && before != nil && before.Table(x.Table) != nil {
		a := aside{t: before.Table(x.Table), columns: []string{c.Name}}
		if was.Enum != "" || is.Enum != "" {
			a.recast = recast(was, is, before)
		}
		if was.Type != old.Type || was.Enum != old.Enum { // of a domain
			constants := a.recast
			a.recast = func(text ingot.SQLText) ingot.SQLText {
				if text = uncast(text, []string{c.Name}, was, is); constants != nil {
					text = constants(text)
				}
				return text
			}
		}
		var drops []string
		if drops, after, err = a.statements(); err != nil {
			return nil, err
		}
		statements = append(statements, drops...)
	}
	if len(actions) > 0 {
		statements = append(statements, alter(x.Table)+strings.Join(actions, ", "))
	}
	statements = slices.Concat(first, statements, last, sequence, after)
	if identityComes { // rows that are there have keys already
		last, beyond, start := "max", ">=", int64(1)
		if i := c.Identity; i != nil {
			if start = cmp.Or(i.Start, i.Min, 1); i.Increment < 0 {
				last, beyond, start = "min", "<=", cmp.Or(i.Start, i.Max, -1)
			}
		}
		last += "(" + ident(c.Name) + ")"
		statements = append(statements, fmt.Sprintf("SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence(%s, %s), %s) FROM %s HAVING %s %s %d",
			literal(tableIdent(x.Table)), literal(c.Name), last, tableIdent(x.Table), last, beyond, start))
	}
	return append(statements, columnComment(x.Table, c.Name, old.Comment, c.Comment)...), nil
}

// usingClause is the conversion of the rows. PostgreSQL's own refuses what it would have to
// cut off, so that USING is written only where there is none. old and new are what the types
// are made of.
func usingClause(column string, old, new ingot.Column, oldType, newType string) string {
	from, to := family(Dialect{}.CanonicalType(old.Type)), family(Dialect{}.CanonicalType(new.Type))
	switch {
	case oldType == newType:
		return ""
	case old.Enum != "" && new.Enum != "":
		return column + "::text::" + newType
	case new.Enum != "" && sameTypeName("char", string(old.Type)): // without the blanks it is filled up with
		return column + "::text::" + newType
	case new.Enum != "":
		return column + "::" + newType
	case strings.HasSuffix(oldType, "[]") && strings.HasSuffix(newType, "[]"): // enums convert by way of text only
		return column + "::text[]::" + newType
	case to == "text", old.Enum == "" && from == to:
		return ""
	case from == "number" && to == "boolean":
		return column + " <> 0"
	case from == "boolean" && to == "number":
		return column + "::integer"
	}
	return column + "::" + newType
}

// identitySequence is the sequence behind an identity column.
func identitySequence(c ingot.Column) ingot.Sequence {
	s := ingot.Sequence{Type: Dialect{}.CanonicalType(c.Type)}
	if i := c.Identity; i != nil {
		s.Start, s.Increment, s.Min, s.Max, s.Cache, s.Cycle = i.Start, i.Increment, i.Min, i.Max, i.Cache, i.Cycle
	}
	return s
}

// sequenceWords cuts the options of a sequence apart.
var sequenceWords = regexp.MustCompile(`(?:INCREMENT BY|MINVALUE|MAXVALUE|START WITH|CACHE) -?\d+|(?:NO )?CYCLE`)

// remakeColumn drops a column that the database computes and adds it anew, with all that
// lay on it.
func remakeColumn(table ingot.TableName, c ingot.Column, before *ingot.Schema) ([]string, error) {
	if before == nil {
		return nil, fmt.Errorf("column %s of table %s has to be made anew, and what lies on it is not known: give the schema before the step", c.Name, table)
	}
	t := before.Table(table)
	if t == nil {
		return nil, fmt.Errorf("there is no table %s", table)
	}
	a := aside{t: t, gone: []ingot.Column{c}}
	drops, adds, err := a.statements()
	return append(drops, adds...), err
}

// An aside is what has to go while a column changes, and comes back after: PostgreSQL changes
// no type under a generated column, and reads no constant of an enum as something else.
type aside struct {
	t       *ingot.Table
	gone    []ingot.Column // columns made anew
	columns []string       // those whose type changes
	recast  func(ingot.SQLText) ingot.SQLText
	recheck func(ingot.SQLText) ingot.SQLText // for checks, where it is set
}

func (a aside) statements() (drops, adds []string, err error) {
	table := tableName(*a.t)
	changed := func(text ingot.SQLText) bool {
		return text != "" && slices.ContainsFunc(a.columns, func(c string) bool { return rules.Mentions(string(text), c) })
	}
	for _, g := range a.t.Columns {
		is := func(c ingot.Column) bool { return c.Name == g.Name }
		if !slices.Contains(a.columns, g.Name) && changed(g.Generated) && !slices.ContainsFunc(a.gone, is) {
			a.gone = append(a.gone, g)
		}
	}
	if a.recast == nil {
		a.columns, a.recast = nil, func(text ingot.SQLText) ingot.SQLText { return text }
	}
	gone := func(columns []string) bool {
		return slices.ContainsFunc(a.gone, func(g ingot.Column) bool { return slices.Contains(columns, g.Name) })
	}
	mentions := func(texts ...ingot.SQLText) bool {
		return slices.ContainsFunc(texts, func(text ingot.SQLText) bool {
			return changed(text) ||
				text != "" && slices.ContainsFunc(a.gone, func(g ingot.Column) bool { return rules.Mentions(string(text), g.Name) })
		})
	}
	var parts []string
	add := func(text string) { parts = append(parts, alter(table)+"ADD "+text) }
	if gone(a.t.PrimaryKey.Columns) {
		add(primaryKeyDef(a.t.PrimaryKey))
	}
	for _, u := range a.t.Uniques {
		if gone(u.Columns) {
			add(uniqueDef(u))
		}
	}
	for _, k := range a.t.Checks {
		if mentions(k.Expr) {
			if a.columns != nil && k.Name != "" {
				drops = append(drops, alter(table)+"DROP CONSTRAINT "+ident(k.Name))
			}
			if a.recheck != nil {
				k.Expr = a.recheck(k.Expr)
			} else {
				k.Expr = a.recast(k.Expr)
			}
			add(checkDef(k) + notValid(k.NotValid))
		}
	}
	for _, f := range a.t.ForeignKeys {
		if gone(f.Columns) {
			add(foreignKeyDef(f) + notValid(f.NotValid))
		}
	}
	for _, x := range a.t.Indexes {
		texts := []ingot.SQLText{x.Where}
		columns := slices.Clone(x.Include)
		x.Parts = slices.Clone(x.Parts)
		for i, p := range x.Parts {
			texts, columns = append(texts, p.Expr), append(columns, p.Column)
			x.Parts[i].Expr = a.recast(p.Expr)
		}
		if !mentions(texts...) && !gone(columns) {
			continue
		}
		if a.columns != nil {
			drops = append(drops, "DROP INDEX "+tableIdent(ingot.TableName{Schema: a.t.Schema, Name: x.Name}))
		}
		x.Where, x.Concurrently = a.recast(x.Where), false
		text, err := createIndex(table, x)
		if err != nil {
			return nil, nil, err
		}
		parts = append(parts, text)
	}
	for _, g := range a.gone {
		drops = append(drops, alter(table)+"DROP COLUMN "+ident(g.Name))
		g.Generated = a.recast(g.Generated)
		def, err := columnDef(g)
		if err != nil {
			return nil, nil, fmt.Errorf("table %s: %w", table, err)
		}
		adds = append(adds, alter(table)+"ADD COLUMN "+def)
	}
	adds = append(adds, parts...)
	for _, g := range a.gone {
		adds = append(adds, columnComment(table, g.Name, "", g.Comment)...)
	}
	return drops, adds, nil
}

func createEnum(name ingot.TableName, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = literal(v)
	}
	return "CREATE TYPE " + tableIdent(name) + " AS ENUM (" + strings.Join(quoted, ", ") + ")"
}

// alterEnum adds values in place; a type that loses values or changes their order is made
// anew, and its columns converted by the values' names.
func alterEnum(old, enum ingot.Enum, before *ingot.Schema, srv *ingot.Server) ([]string, error) {
	var statements []string
	name := enumName(enum)
	if old.Name != enum.Name {
		statements = append(statements, "ALTER TYPE "+tableIdent(enumName(old))+" RENAME TO "+ident(enum.Name))
	}
	if slices.Equal(old.Values, enum.Values) {
		return statements, nil
	}
	if subsequence(old.Values, enum.Values) {
		for i, v := range enum.Values {
			if slices.Contains(old.Values, v) {
				continue
			}
			text := "ALTER TYPE " + tableIdent(name) + " ADD VALUE " + literal(v)
			switch {
			case i > 0:
				text += " AFTER " + literal(enum.Values[i-1])
			case len(enum.Values) > 1:
				text += " BEFORE " + literal(old.Values[0])
			}
			statements = append(statements, text)
		}
		return statements, nil
	}
	if before == nil {
		return nil, fmt.Errorf("enum %s has to be made anew, and its columns are not known: give the schema before the step", name)
	}
	values := ingot.Column{Enum: name.String()}
	r := remake{before: before, from: values, to: values, types: []remade{{was: enumName(old), name: name}}, enum: enum, srv: srv}
	anew, err := r.statements("TYPE", []string{createEnum(name, enum.Values)})
	return append(statements, anew...), err
}

// subsequence reports whether all of a stand in b in the same order.
func subsequence(a, b []string) bool {
	for _, v := range b {
		if len(a) > 0 && a[0] == v {
			a = a[1:]
		}
	}
	return len(a) == 0
}

// tableOf is the table as it is before the step, empty where that is not known. What has no
// name in the step has one there: the one that PostgreSQL gives may have been taken, and the
// table may have had another name.
func tableOf(before *ingot.Schema, name ingot.TableName) *ingot.Table {
	if before != nil && before.Table(name) != nil {
		return before.Table(name)
	}
	return &ingot.Table{}
}

func uniqueName(x ingot.DropUnique, before *ingot.Schema) string {
	name := x.Unique.Name
	for _, u := range tableOf(before, x.Table).Uniques {
		if name == "" && slices.Equal(u.Columns, x.Unique.Columns) && u.Deferrable == x.Unique.Deferrable && u.NullsNotDistinct == x.Unique.NullsNotDistinct {
			name = u.Name
		}
	}
	return cmp.Or(name, objectName(x.Table.Name, strings.Join(x.Unique.Columns, "_"), "key"))
}

func foreignKeyName(x ingot.DropForeignKey, before *ingot.Schema) string {
	gone := x.ForeignKey
	given := objectName(x.Table.Name, strings.Join(gone.Columns, "_"), "fkey")
	if gone.Name != "" {
		return gone.Name
	}
	action := func(s string) string { return cmp.Or(s, "NO ACTION") }
	best, name := -1, given
	for _, f := range tableOf(before, x.Table).ForeignKeys {
		if !slices.Equal(f.Columns, gone.Columns) || !slices.Equal(f.RefColumns, gone.RefColumns) || f.RefTable != gone.RefTable || f.RefSchema != gone.RefSchema {
			continue
		}
		like := 0 // of several between the same columns
		if action(f.OnDelete) == action(gone.OnDelete) && action(f.OnUpdate) == action(gone.OnUpdate) && f.Deferrable == gone.Deferrable && cmp.Or(f.Match, "SIMPLE") == cmp.Or(gone.Match, "SIMPLE") {
			like += 2
		}
		if f.Name == "" || strings.HasPrefix(f.Name, given) {
			like++
		}
		if like > best {
			best, name = like, cmp.Or(f.Name, given)
		}
	}
	return name
}

// objectName is the name PostgreSQL gives to what has none: table, columns and a label,
// the longer of the first two cut until all fits into 63 bytes.
func objectName(table, columns, label string) string {
	room := 63 - len(label) - 1
	if columns != "" {
		room--
	}
	a, b := len(table), len(columns)
	for a+b > room {
		if a > b {
			a--
		} else {
			b--
		}
	}
	name := cut(table, a)
	if columns != "" {
		name += "_" + cut(columns, b)
	}
	return name + "_" + label
}

// cut shortens a name to n bytes without cutting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

var errNoSchema = errors.New("search_path names no schema that exists: set it, or give the connection a schema")
