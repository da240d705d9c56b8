package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"ingot"
)

// Options of tables that models may name.
const (
	optStrict        = "strict"
	optWithoutRowID  = "without rowid"
	optAutoincrement = "autoincrement"
)

// Options that inspection makes of what models cannot say, so that a table made anew keeps
// it. They are followed by the columns they speak of, and are never compared.
const (
	keptConflictNotNull = "conflict not null "
	keptConflictKey     = "conflict primary key"
	keptConflictUnique  = "conflict unique "
	keptOrderKey        = "order primary key"
	keptOrderUnique     = "order unique "
)

func isKept(o ingot.Option) bool {
	return strings.HasPrefix(o.Name, "conflict ") || strings.HasPrefix(o.Name, "order ")
}

// rebuildPrefix begins the name under which a table is made anew, until it takes the place
// of the old one.
const rebuildPrefix = "ingot_rebuild_"

// Inspect reads main, and the attached databases named in schemas, each in one statement,
// which is a snapshot whatever q is.
//
// Virtual tables, their shadows, triggers and leftovers of rebuilds are listed as
// unsupported, the text of a trigger with them. So is a table whose definition cannot be
// read; what the catalogs tell of it is there all the same. Names that begin with sqlite_
// are SQLite's own.
func (Dialect) Inspect(ctx context.Context, q ingot.Queryer, srv *ingot.Server, schemas []string) (*ingot.Schema, error) {
	s := &ingot.Schema{}
	for _, name := range append([]string{""}, schemas...) {
		c := catalog{schema: name, database: cmp.Or(name, "main")}
		if name == "main" {
			continue
		}
		if err := c.read(ctx, q, srv); err != nil {
			if name != "" {
				return nil, fmt.Errorf("cannot read schema %q; in SQLite a schema is a database file attached with ATTACH: %w", name, err)
			}
			return nil, err
		}
		if name != "" {
			s.Schemas = append(s.Schemas, name)
		}
		c.describe(s)
	}
	return s, nil
}

// A catalog is what one database file says of itself.
type catalog struct {
	schema, database string
	objects          []object
	columns          map[string][]columnInfo // by table
	shadows          []string
}

type object struct{ kind, name, table, text string }

type columnInfo struct {
	name, typ, def string
	notNull        bool
	hidden         int
}

// read runs the one statement.
func (c *catalog) read(ctx context.Context, q ingot.Queryer, srv *ingot.Server) error {
	schema, name := ident(c.database), literal(c.database)
	columns, hidden := "pragma_table_xinfo", "x.hidden"
	if srv != nil && !srv.AtLeast(3, 26) {
		columns, hidden = "pragma_table_info", "0"
	}
	own := func(column string) string {
		return column + ` NOT LIKE 'sqlite\_%' ESCAPE '\' AND ` + column + ` NOT LIKE 'libsql\_%' ESCAPE '\'`
	}
	text := "SELECT 0, type, name, tbl_name, coalesce(sql, ''), rowid, 0 FROM " + schema + ".sqlite_master WHERE " + own("name") +
		// A virtual table has no root page; to ask for its columns would need its module.
		" UNION ALL SELECT 1, m.name, x.name, x.type, coalesce(x.dflt_value, ''), x.cid, x.\"notnull\" + 2 * " + hidden +
		" FROM " + schema + ".sqlite_master m JOIN " + columns + "(m.name, " + name + ") x WHERE m.type = 'table' AND m.rootpage > 0 AND " + own("m.name")
	if srv == nil || srv.AtLeast(3, 37) {
		text += " UNION ALL SELECT 2, name, '', '', '', 0, 0 FROM pragma_table_list WHERE schema = " + name + " AND type = 'shadow'"
	}
	rows, err := q.QueryContext(ctx, text+" ORDER BY 1, 6")
	if err != nil {
		return err
	}
	defer rows.Close()
	c.columns = map[string][]columnInfo{}
	for rows.Next() {
		var part, place, flags int
		var a, b, d, e string
		if err := rows.Scan(&part, &a, &b, &d, &e, &place, &flags); err != nil {
			return err
		}
		switch part {
		case 0:
			c.objects = append(c.objects, object{a, b, d, e})
		case 1:
			c.columns[a] = append(c.columns[a], columnInfo{b, d, e, flags&1 != 0, flags / 2})
		case 2:
			c.shadows = append(c.shadows, a)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}

// describe adds what was read to s.
func (c *catalog) describe(s *ingot.Schema) {
	var tables []ingot.Table
	var indexes []object
	var other []ingot.Unsupported
	shadows := c.findShadows()
	for _, o := range c.objects {
		switch {
		case o.kind == "index":
			if o.text != "" { // else it is a constraint's
				indexes = append(indexes, o)
			}
		case o.kind == "view":
			s.Views = append(s.Views, ingot.View{Schema: c.schema, Name: o.name, SQL: viewText(o)})
		case o.kind == "trigger":
			other = append(other, ingot.Unsupported{Kind: "trigger", Name: c.dotted(o.table, o.name), SQL: ingot.SQLText(o.text)})
		case isVirtual(o.text):
			other = append(other, ingot.Unsupported{Kind: "virtual table", Name: c.dotted(o.name), SQL: ingot.SQLText(o.text),
				Reason: "its module decides what it is"})
		case shadows[o.name] != "":
			other = append(other, ingot.Unsupported{Kind: "shadow table", Name: c.dotted(o.name), Reason: "belongs to virtual table " + shadows[o.name]})
		case strings.HasPrefix(o.name, rebuildPrefix):
			other = append(other, ingot.Unsupported{Kind: "leftover table", Name: c.dotted(o.name),
				Reason: "made by a change of table " + strings.TrimPrefix(o.name, rebuildPrefix) + " that did not finish"})
		default:
			t, err := c.table(o)
			if err != nil {
				other = append(other, ingot.Unsupported{Kind: "table definition", Name: c.dotted(o.name), SQL: ingot.SQLText(o.text), Reason: err.Error()})
			}
			tables = append(tables, t)
		}
	}
	for _, o := range indexes {
		t := findTable(tables, o.table)
		if t == nil {
			continue // of a shadow table or a leftover
		}
		x, err := index(t, o)
		if err != nil {
			other = append(other, ingot.Unsupported{Kind: "index", Name: c.dotted(o.table, o.name), SQL: ingot.SQLText(o.text), Reason: err.Error()})
			continue
		}
		t.Indexes = append(t.Indexes, x)
	}
	for i := range tables {
		resolveReferences(&tables[i], tables)
		slices.SortFunc(tables[i].Indexes, func(a, b ingot.Index) int { return cmp.Compare(a.Name, b.Name) })
	}
	slices.SortFunc(tables, func(a, b ingot.Table) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(other, func(a, b ingot.Unsupported) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(s.Views, func(a, b ingot.View) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	s.Tables = append(s.Tables, tables...)
	s.Unsupported = append(s.Unsupported, other...)
}

func (c *catalog) dotted(names ...string) string {
	if c.schema != "" {
		names = append([]string{c.schema}, names...)
	}
	return strings.Join(names, ".")
}

// viewText is the SELECT of a view. Names that CREATE VIEW gives to its columns become those
// of a common table expression.
func viewText(o object) ingot.SQLText {
	p := newParser(o.text)
	p.must("create")
	p.take("temp", "temporary")
	p.must("view")
	p.objectName()
	var columns []string
	if p.peekMark("(") {
		columns = p.names()
	}
	p.must("as")
	if p.err != nil {
		return ingot.SQLText(o.text)
	}
	body := ingot.SQLText(p.between(p.i, len(p.tokens)))
	if columns == nil {
		return body
	}
	return ingot.SQLText("WITH "+ident(o.name)+" ("+idents(columns)+") AS ") + ingot.SQLText(parens(body)) + ingot.SQLText(" SELECT * FROM "+ident(o.name))
}

// isVirtual goes by the words with which SQLite itself begins the text of a virtual table.
func isVirtual(text string) bool { return strings.HasPrefix(text, "CREATE VIRTUAL TABLE ") }

// findShadows gives the tables in which virtual tables keep their data, each with its
// virtual table. SQLite names them since 3.37, and only where the module is at hand.
func (c *catalog) findShadows() map[string]string {
	known := []string{"content", "segments", "segdir", "docsize", "stat", "data", "idx", "config", "node", "rowid", "parent"}
	shadows := map[string]string{}
	for _, v := range c.objects {
		if v.kind != "table" || !isVirtual(v.text) {
			continue
		}
		for _, o := range c.objects {
			suffix, ok := strings.CutPrefix(fold(o.name), fold(v.name)+"_")
			if ok && (slices.Contains(known, suffix) || slices.Contains(c.shadows, o.name)) {
				shadows[o.name] = v.name
			}
		}
	}
	for _, name := range c.shadows {
		if shadows[name] == "" {
			shadows[name] = "unknown"
		}
	}
	return shadows
}

// table describes a table from the catalog and from the text of its definition. Where that
// cannot be read, the table is what the catalog alone tells.
func (c *catalog) table(o object) (ingot.Table, error) {
	t := ingot.Table{Schema: c.schema, Name: o.name}
	infos := c.columns[o.name]
	def, err := parseTable(o.text)
	if err == nil && !slices.EqualFunc(infos, def.columns, func(a columnInfo, b columnDef) bool { return a.name == b.name }) {
		err = fmt.Errorf("cannot read %q: its columns are not those that SQLite has", shorten(o.text))
	}
	if err != nil {
		def = &tableDef{columns: make([]columnDef, len(infos))}
	}
	if def.strict {
		t.Options = append(t.Options, ingot.Option{Name: optStrict})
	}
	if def.withoutRowID {
		t.Options = append(t.Options, ingot.Option{Name: optWithoutRowID})
	}
	for i, info := range infos {
		d := def.columns[i]
		col := ingot.Column{Name: info.name, Type: vocabularyType(info.typ, def.strict), Null: !info.notNull,
			Default: ingot.SQLText(cmp.Or(d.def, info.def)), Generated: ingot.SQLText(d.generated), Virtual: info.hidden == 2, Collation: d.collation}
		if d.conflict != "" {
			t.Options = append(t.Options, ingot.Option{Name: keptConflictNotNull + ident(info.name), Value: d.conflict})
		}
		t.Columns = append(t.Columns, col)
	}
	resolve := func(names []string) []string { return resolveColumns(&t, names) }
	if k := def.key; k != nil {
		t.PrimaryKey = ingot.PrimaryKey{Name: k.name, Columns: resolve(k.columns())}
		i := slices.IndexFunc(t.Columns, func(c ingot.Column) bool { return c.Name == t.PrimaryKey.Columns[0] })
		rowid := len(k.parts) == 1 && i >= 0 && strings.EqualFold(infos[i].typ, "INTEGER") && !def.withoutRowID && !(k.inline && k.parts[0].desc)
		if rowid {
			t.Columns[i].Auto = true
			if k.autoincrement {
				t.Options = append(t.Options, ingot.Option{Name: optAutoincrement})
			}
		} else if !k.plain() {
			t.Options = append(t.Options, ingot.Option{Name: keptOrderKey, Value: keyList(k, t.PrimaryKey.Columns)})
		}
		if k.conflict != "" {
			t.Options = append(t.Options, ingot.Option{Name: keptConflictKey, Value: k.conflict})
		}
	}
	for i := range def.uniques {
		u := &def.uniques[i]
		columns := resolve(u.columns())
		t.Uniques = append(t.Uniques, ingot.Unique{Name: u.name, Columns: columns})
		if !u.plain() {
			t.Options = append(t.Options, ingot.Option{Name: keptOrderUnique + idents(columns), Value: keyList(u, columns)})
		}
		if u.conflict != "" {
			t.Options = append(t.Options, ingot.Option{Name: keptConflictUnique + idents(columns), Value: u.conflict})
		}
	}
	for _, f := range def.foreignKeys {
		f.Columns, f.RefSchema = resolve(f.Columns), c.schema
		t.ForeignKeys = append(t.ForeignKeys, f)
	}
	t.Checks = def.checks
	return t, err
}

// keyList writes the columns of a key with all that was said of them.
func keyList(k *keyDef, columns []string) string {
	list := make([]string, len(columns))
	for i, p := range k.parts {
		list[i] = ident(columns[i])
		if p.collation != "" {
			list[i] += " COLLATE " + ident(p.collation)
		}
		if p.desc {
			list[i] += " DESC"
		}
	}
	return strings.Join(list, ", ")
}

// index describes an index of t.
func index(t *ingot.Table, o object) (ingot.Index, error) {
	x := ingot.Index{Name: o.name}
	def, err := parseIndex(o.text)
	if err != nil {
		return x, err
	}
	p := newParser(o.text)
	x.Unique = p.take("create") && p.take("unique")
	x.Where = ingot.SQLText(def.where)
	for _, part := range def.parts {
		x.Parts = append(x.Parts, resolvePart(t, part))
	}
	return x, nil
}

// resolvePart gives a column its name as the table has it; a word that is no column is an
// expression.
func resolvePart(t *ingot.Table, part ingot.IndexPart) ingot.IndexPart {
	if part.Column == "" {
		return part
	}
	if name, ok := findColumn(t, part.Column); ok {
		part.Column = name
	} else {
		part.Column, part.Expr = "", ingot.SQLText(part.Column)
	}
	return part
}

// resolveReferences gives tables and columns that foreign keys refer to the names those
// have, and columns where none are given: the primary key.
func resolveReferences(t *ingot.Table, tables []ingot.Table) {
	for i := range t.ForeignKeys {
		f := &t.ForeignKeys[i]
		ref := findTable(tables, f.RefTable)
		if ref == nil {
			continue
		}
		f.RefTable = ref.Name
		if len(f.RefColumns) == 0 && len(ref.PrimaryKey.Columns) == len(f.Columns) {
			f.RefColumns = slices.Clone(ref.PrimaryKey.Columns)
		}
		f.RefColumns = resolveColumns(ref, f.RefColumns)
	}
}

func findTable(tables []ingot.Table, name string) *ingot.Table {
	for i := range tables {
		if sameName(tables[i].Name, name) {
			return &tables[i]
		}
	}
	return nil
}

func findColumn(t *ingot.Table, name string) (string, bool) {
	for i := range t.Columns {
		if sameName(t.Columns[i].Name, name) {
			return t.Columns[i].Name, true
		}
	}
	return name, false
}

func resolveColumns(t *ingot.Table, names []string) []string {
	var list []string
	for _, n := range names {
		n, _ = findColumn(t, n)
		list = append(list, n)
	}
	return list
}
