package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// Inspect reads the catalogs in one snapshot: in a transaction of its own where q can begin
// one. The settings that change what the catalogs print are fixed meanwhile. Names in the
// default schema, which is the first of search_path that exists, stand without it.
func (d Dialect) Inspect(ctx context.Context, q ingot.Queryer, srv *ingot.Server, schemas []string) (s *ingot.Schema, err error) {
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
	if b, ok := q.(interface {
		BeginTx(context.Context, *sql.TxOptions) (*sql.Tx, error)
	}); ok {
		tx, err := b.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
		if err != nil {
			return nil, fmt.Errorf("inspecting the database: %w", err)
		}
		defer tx.Rollback()
		q = tx
	}
	i := &inspection{q: q, schema: &ingot.Schema{}, tables: map[string]*inspected{}}
	restore, err := i.settle(ctx)
	if err != nil {
		return nil, fmt.Errorf("inspecting the database: %w", err)
	}
	i.within = append([]string{i.home}, schemas...)
	for _, read := range []func(context.Context) error{
		i.readSchemas, i.readEnums, i.readSequences, i.readDomains, i.readTables, i.readColumns, i.readConstraints, i.readIndexes, i.readViews, i.readUnsupported, restore,
	} {
		if err := read(ctx); err != nil {
			return nil, fmt.Errorf("inspecting the database: %w", err)
		}
	}
	i.finish()
	return i.schema, nil
}

// An inspection is one run of Inspect.
type inspection struct {
	q       ingot.Queryer
	home    string   // the default schema
	within  []string // the schemas read, home first
	version int      // server_version_num
	schema  *ingot.Schema
	tables  map[string]*inspected // by oid
	oids    []string
}

type inspected struct {
	ingot.Table
	columns map[string]string // name by attnum
}

// settings that change how catalogs print expressions. With the default schema alone in the
// search path, what lies there stands bare and all else qualified, whatever the role's path.
var settings = []struct{ name, value string }{
	{"TimeZone", "UTC"},
	{"DateStyle", "ISO, YMD"},
	{"IntervalStyle", "postgres"},
	{"bytea_output", "hex"},
	{"extra_float_digits", "1"},
	{"quote_all_identifiers", "off"},
}

// settle fixes the settings and returns what brings the transaction's own back.
func (i *inspection) settle(ctx context.Context) (restore func(context.Context) error, err error) {
	query := "SELECT current_schema()::text, current_setting('server_version_num'), current_setting('search_path')"
	for _, s := range settings {
		query += ", current_setting('" + s.name + "')"
	}
	rows, err := i.read(ctx, query)
	if err != nil {
		return nil, err
	}
	old := rows[0]
	if i.home = old[0]; i.home == "" {
		return nil, errNoSchema
	}
	i.version, _ = strconv.Atoi(old[1])
	set := func(path string, values []string) string {
		text := "SELECT set_config('search_path', " + literal(path) + ", true)"
		for n, s := range settings {
			text += ", set_config('" + s.name + "', " + literal(values[n]) + ", true)"
		}
		return text
	}
	fixed := make([]string, len(settings))
	for n, s := range settings {
		fixed[n] = s.value
	}
	if _, err := i.read(ctx, set(ident(i.home), fixed)); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		_, err := i.read(ctx, set(old[2], old[3:]))
		return err
	}, nil
}

// read returns the rows as text; NULL is "".
func (i *inspection) read(ctx context.Context, query string) ([][]string, error) {
	rows, err := i.q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	texts := make([]sql.NullString, len(columns))
	cells := make([]any, len(columns))
	for n := range texts {
		cells[n] = &texts[n]
	}
	var out [][]string
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		row := make([]string, len(texts))
		for n, t := range texts {
			row[n] = t.String
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// inSchemas is the condition that a column named n.nspname is among the schemas read.
func (i *inspection) inSchemas() string {
	names := make([]string, len(i.within))
	for n, name := range i.within {
		names[n] = literal(name)
	}
	return "n.nspname IN (" + strings.Join(names, ", ") + ")"
}

// notOfExtension is the condition that the object belongs to no extension.
func notOfExtension(catalog, oid string) string {
	return "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog." + catalog + "'::pg_catalog.regclass AND e.objid = " + oid + " AND e.deptype = 'e')"
}

// name drops the default schema.
func (i *inspection) name(schema string) string {
	if schema == i.home {
		return ""
	}
	return schema
}

func (i *inspection) unsupported(kind, schema, name, reason string) {
	i.schema.Unsupported = append(i.schema.Unsupported, ingot.Unsupported{Kind: kind, Name: dotted(ingot.TableName{Schema: i.name(schema), Name: name}), Reason: reason})
}

// dotted is how something unsupported is called.
func dotted(name ingot.TableName) string {
	if name.Schema == "" {
		return name.Name
	}
	return name.Schema + "." + name.Name
}

func (i *inspection) readSchemas(ctx context.Context) error {
	rows, err := i.read(ctx, "SELECT n.nspname::text FROM pg_catalog.pg_namespace n WHERE "+i.inSchemas())
	for _, row := range rows {
		if row[0] != i.home {
			i.schema.Schemas = append(i.schema.Schemas, row[0])
		}
	}
	return err
}

func (i *inspection) readEnums(ctx context.Context) error {
	rows, err := i.read(ctx, `SELECT n.nspname::text, t.typname::text, pg_catalog.json_agg(e.enumlabel::text ORDER BY e.enumsortorder)::text
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid
WHERE `+i.inSchemas()+" AND "+notOfExtension("pg_type", "t.oid")+" GROUP BY 1, 2")
	for _, row := range rows {
		i.schema.Enums = append(i.schema.Enums, ingot.Enum{Schema: i.name(row[0]), Name: row[1], Values: list(row[2])})
	}
	return err
}

func (i *inspection) readSequences(ctx context.Context) error {
	rows, err := i.read(ctx, `SELECT n.nspname::text, c.relname::text, pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE `+i.inSchemas()+` AND c.relpersistence <> 't' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))`)
	for _, row := range rows {
		s := ingot.Sequence{Schema: i.name(row[0]), Name: row[1], Type: Dialect{}.CanonicalType(ingot.Type(row[2])),
			Start: number(row[3]), Increment: number(row[4]), Min: number(row[5]), Max: number(row[6]), Cache: number(row[7]), Cycle: row[8] == "true"}
		i.schema.Sequences = append(i.schema.Sequences, plainSequence(s))
	}
	return err
}

func (i *inspection) readDomains(ctx context.Context) error {
	rows, err := i.read(ctx, `SELECT n.nspname::text, t.typname::text, pg_catalog.format_type(t.typbasetype, t.typtypmod), NOT t.typnotnull, pg_catalog.pg_get_expr(t.typdefaultbin, 0),
CASE WHEN t.typcollation <> b.typcollation THEN (SELECT `+collationText+` FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = t.typcollation) END,
k.conname::text, pg_catalog.pg_get_expr(k.conbin, 0), NOT k.convalidated
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid AND k.contype = 'c'
WHERE t.typtype = 'd' AND `+i.inSchemas()+" AND "+notOfExtension("pg_type", "t.oid")+" ORDER BY 1, 2, 7")
	for _, row := range rows {
		schema, last := i.name(row[0]), len(i.schema.Domains)-1
		if last < 0 || i.schema.Domains[last].Name != row[1] || i.schema.Domains[last].Schema != schema {
			i.schema.Domains = append(i.schema.Domains, ingot.Domain{Schema: schema, Name: row[1], Type: catalogType(row[2]),
				Null: row[3] == "true", Default: ingot.SQLText(row[4]), Collation: row[5]})
			last++
		}
		if row[6] != "" {
			d := &i.schema.Domains[last]
			d.Checks = append(d.Checks, ingot.Check{Name: row[6], Expr: ingot.SQLText(row[7]), NotValid: row[8] == "true"})
		}
	}
	return err
}

// collationText is the name of collation co in schema cn, which stands without the schema where
// it is found so. A name that would be read as another is quoted.
const collationText = `CASE WHEN NOT pg_catalog.pg_collation_is_visible(co.oid) THEN pg_catalog.format('"%s"."%s"', pg_catalog.replace(cn.nspname, '"', '""'), pg_catalog.replace(co.collname, '"', '""'))
WHEN co.collname ~ '^[a-z_][a-z0-9_$]*[.][a-z_][a-z0-9_$]*$|"' AND co.collname NOT LIKE '%.utf8' THEN pg_catalog.quote_ident(co.collname) ELSE co.collname::text END`

func (i *inspection) readTables(ctx context.Context) error {
	rows, err := i.read(ctx, `SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text, pg_catalog.array_to_json(c.reloptions)::text, ts.spcname::text,
pg_catalog.obj_description(c.oid, 'pg_class'), pg_catalog.pg_get_partkeydef(c.oid), c.relrowsecurity,
EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid), c.reloftype::pg_catalog.regtype,
(SELECT pg_catalog.json_agg('toast.' || o)::text FROM pg_catalog.pg_class tc, pg_catalog.unnest(tc.reloptions) o WHERE tc.oid = c.reltoastrelid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND `+i.inSchemas()+" AND "+notOfExtension("pg_class", "c.oid"))
	for _, row := range rows {
		t := &inspected{Table: ingot.Table{Schema: i.name(row[1]), Name: row[2], Comment: row[7]}, columns: map[string]string{}}
		if row[4] == "u" {
			t.Options = append(t.Options, ingot.Option{Name: "unlogged"})
		}
		if row[6] != "" {
			t.Options = append(t.Options, ingot.Option{Name: "tablespace", Value: row[6]})
		}
		t.Options = append(append(t.Options, storage(row[5])...), storage(row[12])...)
		if row[3] == "p" {
			i.unsupported("partitioned table", row[1], row[2], "partition by "+row[8])
		}
		if row[9] == "true" {
			i.unsupported("row security", row[1], row[2], "rows are filtered by policies")
		}
		if row[10] == "true" {
			i.unsupported("inheritance", row[1], row[2], "the table inherits from another")
		}
		if row[11] != "-" {
			i.unsupported("typed table", row[1], row[2], "its columns are those of type "+row[11])
		}
		i.tables[row[0]] = t
		i.oids = append(i.oids, row[0])
	}
	slices.Sort(i.oids)
	return err
}

// ofTables is the condition that oid is one of the tables read.
func (i *inspection) ofTables(oid string) string {
	if len(i.oids) == 0 {
		return "false"
	}
	return oid + " = ANY ('{" + strings.Join(i.oids, ",") + "}'::pg_catalog.oid[])"
}

// isNextOf is the condition that default d is the next value of a sequence, and nothing else.
// Backslashes are left out, which a setting doubles.
func isNextOf(oid string) string {
	const text = "pg_catalog.replace(%s, pg_catalog.chr(92), '')"
	return fmt.Sprintf(text, "pg_catalog.pg_get_expr(d.adbin, d.adrelid)") +
		" = 'nextval(' || pg_catalog.quote_literal(" + fmt.Sprintf(text, oid+"::pg_catalog.regclass::text") + ") || '::regclass)'"
}

func (i *inspection) readColumns(ctx context.Context) error {
	rows, err := i.read(ctx, `SELECT a.attrelid, a.attnum, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), t.typtype::text, tn.nspname::text, t.typname::text,
a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text,
CASE WHEN a.attcollation <> t.typcollation THEN (SELECT `+collationText+`
 FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END,
pg_catalog.col_description(a.attrelid, a.attnum),
dep.deptype = 'a' AND `+isNextOf("s.seqrelid")+`,
s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN (pg_catalog.pg_depend dep JOIN pg_catalog.pg_sequence s ON s.seqrelid = dep.objid)
ON dep.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND dep.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
AND dep.refobjid = a.attrelid AND dep.refobjsubid = a.attnum AND dep.deptype IN ('a', 'i')
WHERE `+i.ofTables("a.attrelid")+" AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum, 14 DESC")
	for _, row := range rows {
		t := i.tables[row[0]]
		if _, again := t.columns[row[1]]; again { // it owns a second sequence
			continue
		}
		t.columns[row[1]] = row[2]
		c := ingot.Column{Name: row[2], Null: row[7] != "true", Collation: row[11], Comment: row[12]}
		if row[4] == "e" {
			c.Enum = ingot.TableName{Schema: i.name(row[5]), Name: row[6]}.String()
		} else {
			c.Type = catalogType(row[3])
		}
		switch {
		case row[10] != "":
			c.Generated, c.Virtual = ingot.SQLText(row[8]), row[10] == "v"
		case row[9] != "":
			c.Auto = true
			c.Identity = &ingot.Identity{Always: row[9] == "a", Start: number(row[14]), Increment: number(row[15]),
				Min: number(row[16]), Max: number(row[17]), Cache: number(row[18]), Cycle: row[19] == "true"}
		case row[13] == "true":
			c.Auto = true
			limits := map[ingot.Type]string{"smallint": "32767", "integer": "2147483647", "bigint": "9223372036854775807"}
			if strings.Join(row[14:20], " ") == "1 1 1 "+limits[c.Type]+" 1 false" {
				c.Type = serialOf(c.Type)
			} else {
				i.part(t, "sequence", c.Name, fmt.Sprintf("not as serial makes it: start %s, increment %s, from %s to %s, cache %s, cycle %s", row[14], row[15], row[16], row[17], row[18], row[19]))
			}
		default:
			c.Default = ingot.SQLText(row[8])
		}
		t.Columns = append(t.Columns, c)
	}
	return err
}

func (i *inspection) readConstraints(ctx context.Context) error {
	nullsNotDistinct, setColumns, enforced := "false", "NULL", "true"
	if i.version >= 150000 {
		nullsNotDistinct, setColumns = "x.indnullsnotdistinct", "pg_catalog.array_to_string(k.confdelsetcols, ' ')"
	}
	if i.version >= 180000 {
		enforced = "k.conenforced AND NOT k.conperiod"
	}
	names := func(rel, key string) string {
		return "(SELECT pg_catalog.json_agg(a.attname::text ORDER BY u.n)::text FROM pg_catalog.unnest(k." + key + ") WITH ORDINALITY u(num, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = k." + rel + " AND a.attnum = u.num)"
	}
	rows, err := i.read(ctx, `SELECT k.conrelid, k.conname::text, k.contype::text, `+names("conrelid", "conkey")+`, k.condeferrable, k.condeferred, k.convalidated, k.connoinherit,
pg_catalog.pg_get_expr(k.conbin, k.conrelid), rn.nspname::text, r.relname::text, `+names("confrelid", "confkey")+`, k.confupdtype::text, k.confdeltype::text, k.confmatchtype::text,
`+nullsNotDistinct+", "+setColumns+", "+enforced+`, x.indnatts > x.indnkeyatts, CASE WHEN k.contype = 'x' THEN pg_catalog.pg_get_constraintdef(k.oid) END
FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_class r ON r.oid = k.confrelid LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = k.conindid AND k.contype <> 'f'
WHERE `+i.ofTables("k.conrelid")+" AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conparentid = 0 AND (k.conislocal OR k.contype <> 'c') ORDER BY k.conrelid, k.conname")
	for _, row := range rows {
		t, name, columns := i.tables[row[0]], row[1], list(row[3])
		deferred := ingot.NotDeferrable
		switch {
		case row[5] == "true":
			deferred = ingot.DeferrableInitiallyDeferred
		case row[4] == "true":
			deferred = ingot.DeferrableInitiallyImmediate
		}
		switch row[2] {
		case "p":
			t.PrimaryKey = ingot.PrimaryKey{Name: name, Columns: columns}
			if deferred != ingot.NotDeferrable {
				i.part(t, "primary key", name, "it is deferrable")
			}
		case "u":
			t.Uniques = append(t.Uniques, ingot.Unique{Name: name, Columns: columns, Deferrable: deferred, NullsNotDistinct: row[15] == "true"})
		case "c":
			t.Checks = append(t.Checks, ingot.Check{Name: name, Expr: ingot.SQLText(row[8]), NotValid: row[6] != "true"})
			if row[7] == "true" {
				i.part(t, "check", name, "it is NO INHERIT")
			}
		case "f":
			f := ingot.ForeignKey{Name: name, Columns: columns, RefSchema: i.name(row[9]), RefTable: row[10], RefColumns: list(row[11]),
				OnUpdate: actions[row[12]], OnDelete: actions[row[13]], Deferrable: deferred, NotValid: row[6] != "true"}
			if row[14] == "f" {
				f.Match = "FULL"
			}
			t.ForeignKeys = append(t.ForeignKeys, f)
			if row[16] != "" {
				i.part(t, "foreign key", name, "ON DELETE sets only some of its columns")
			}
		case "x":
			i.part(t, "exclusion constraint", name, row[19])
		}
		if row[17] != "true" {
			i.part(t, "constraint", name, "it is NOT ENFORCED or temporal")
		}
		if row[18] == "true" && row[2] != "x" {
			i.part(t, "constraint", name, "it INCLUDEs other columns")
		}
	}
	return err
}

var actions = map[string]string{"a": "", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

// part lists a part of a table as unsupported.
func (i *inspection) part(t *inspected, kind, name, reason string) {
	i.unsupported(kind, cmp.Or(t.Schema, i.home), t.Name+"."+name, reason)
}

func (i *inspection) readIndexes(ctx context.Context) error {
	nullsNotDistinct := "false"
	if i.version >= 150000 {
		nullsNotDistinct = "x.indnullsnotdistinct"
	}
	rows, err := i.read(ctx, `SELECT x.indrelid, c.relname::text, x.indisunique, x.indisvalid, `+nullsNotDistinct+`, am.amname::text, pg_catalog.array_to_json(c.reloptions)::text,
pg_catalog.pg_get_expr(x.indpred, x.indrelid), k.n <= x.indnkeyatts, x.indkey[k.n-1], CASE WHEN x.indkey[k.n-1] = 0 THEN pg_catalog.pg_get_indexdef(x.indexrelid, k.n, false) END,
k.n <= x.indnkeyatts AND (x.indoption[k.n-1] & 1) = 1, k.n <= x.indnkeyatts AND (x.indoption[k.n-1] & 2) = 2,
CASE WHEN NOT oc.opcdefault OR ia.attoptions IS NOT NULL THEN CASE WHEN ocn.nspname IN ('pg_catalog', `+literal(i.home)+`) THEN pg_catalog.quote_ident(oc.opcname) ELSE pg_catalog.quote_ident(ocn.nspname) || '.' || pg_catalog.quote_ident(oc.opcname) END
 || COALESCE((SELECT ' (' || pg_catalog.string_agg(pg_catalog.regexp_replace(o, '=.*', '') || '=' || pg_catalog.quote_literal(pg_catalog.regexp_replace(o, '^[^=]*=', '')), ', ' ORDER BY o) || ')' FROM pg_catalog.unnest(ia.attoptions) o), '') END,
CASE WHEN CASE WHEN x.indkey[k.n-1] = 0 THEN pg_catalog.strpos(pg_catalog.pg_get_indexdef(x.indexrelid), pg_catalog.pg_get_indexdef(x.indexrelid, k.n, false) || ' COLLATE ') > 0 ELSE co.oid <> a.attcollation END THEN `+collationText+` END, c.relkind::text
FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid JOIN pg_catalog.pg_am am ON am.oid = c.relam
CROSS JOIN LATERAL pg_catalog.generate_series(1, x.indnatts::int) k(n)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k.n-1] AND a.attnum <> 0
LEFT JOIN pg_catalog.pg_attribute ia ON ia.attrelid = x.indexrelid AND ia.attnum = k.n
LEFT JOIN (pg_catalog.pg_opclass oc JOIN pg_catalog.pg_namespace ocn ON ocn.oid = oc.opcnamespace) ON k.n <= x.indnkeyatts AND oc.oid = x.indclass[k.n-1]
LEFT JOIN (pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace) ON k.n <= x.indnkeyatts AND co.oid = x.indcollation[k.n-1]
WHERE `+i.ofTables("x.indrelid")+` AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint con WHERE con.conindid = x.indexrelid AND con.contype IN ('p', 'u', 'x'))
ORDER BY x.indrelid, c.relname, k.n`)
	var table *inspected
	for _, row := range rows {
		t := i.tables[row[0]]
		if row[3] != "true" {
			i.invalid(t, row[1], row[15] == "I")
			continue
		}
		if last := len(t.Indexes) - 1; table != t || last < 0 || t.Indexes[last].Name != row[1] {
			x := ingot.Index{Name: row[1], Unique: row[2] == "true", NullsNotDistinct: row[4] == "true", Where: ingot.SQLText(row[7]), Options: storage(row[6])}
			if row[5] != "btree" {
				x.Using = row[5]
			}
			t.Indexes = append(t.Indexes, x)
		}
		table = t
		x := &t.Indexes[len(t.Indexes)-1]
		if row[8] != "true" {
			x.Include = append(x.Include, t.columns[row[9]])
			continue
		}
		part := ingot.IndexPart{Column: t.columns[row[9]], Expr: ingot.SQLText(row[10]), Desc: row[11] == "true", OpClass: row[13], Collation: row[14]}
		switch first := row[12] == "true"; {
		case first && !part.Desc:
			part.Nulls = "FIRST"
		case !first && part.Desc && row[5] == "btree":
			part.Nulls = "LAST"
		}
		x.Parts = append(x.Parts, part)
	}
	return err
}

const invalidIndex = "invalid index"

// invalid lists an index that a failed CREATE INDEX CONCURRENTLY has left behind, or one of a
// partitioned table that not all partitions have.
func (i *inspection) invalid(t *inspected, name string, partitioned bool) {
	kind, reason := invalidIndex, "a concurrent build failed: drop it, or build it again"
	if partitioned {
		kind, reason = "index", "it is invalid, since not all partitions have it"
	}
	before := len(i.schema.Unsupported)
	i.part(t, kind, name, reason)
	if before > 0 && i.schema.Unsupported[before-1] == i.schema.Unsupported[before] { // once, not for each of its columns
		i.schema.Unsupported = i.schema.Unsupported[:before]
	}
}

func (i *inspection) readViews(ctx context.Context) error {
	rows, err := i.read(ctx, `SELECT n.nspname::text, c.relname::text, pg_catalog.pg_get_viewdef(c.oid), (SELECT pg_catalog.upper(o.option_value) FROM pg_catalog.pg_options_to_table(c.reloptions) o WHERE o.option_name = 'check_option')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND c.relpersistence <> 't' AND `+i.inSchemas()+" AND "+notOfExtension("pg_class", "c.oid"))
	for _, row := range rows {
		text := strings.TrimSuffix(strings.TrimSpace(row[2]), ";")
		if row[3] != "" {
			text += "\n  WITH " + row[3] + " CHECK OPTION"
		}
		i.schema.Views = append(i.schema.Views, ingot.View{Schema: i.name(row[0]), Name: row[1], SQL: ingot.SQLText(text)})
	}
	return err
}

func (i *inspection) readUnsupported(ctx context.Context) error {
	ownTriggers := ""
	if i.version >= 130000 { // those of a partitioned table are on its partitions too
		ownTriggers = "g.tgparentid = 0 AND "
	}
	within := i.inSchemas()
	object := func(kind, catalog, prefix, reason string) string {
		return "SELECT '" + kind + "', n.nspname::text, o." + prefix + "name::text, " + reason + ", NULL FROM pg_catalog." + catalog + " o JOIN pg_catalog.pg_namespace n ON n.oid = o." + prefix + "namespace WHERE " + within + " AND " + notOfExtension(catalog, "o.oid")
	}
	comment := func(catalog, name, of string) string { // on what cannot keep one in a schema
		return "SELECT 'comment', n.nspname::text, " + name + ", d.description, NULL FROM pg_catalog.pg_description d JOIN " + of + " WHERE d.classoid = 'pg_catalog." + catalog + "'::pg_catalog.regclass AND " + within + " AND " + notOfExtension(catalog, "d.objoid")
	}
	relation := `SELECT %s, n.nspname::text, c.relname::text, %s, CASE WHEN c.relkind = 'm' THEN pg_catalog.pg_get_viewdef(c.oid) END FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = '%s' AND ` + i.inSchemas() + " AND " + notOfExtension("pg_class", "c.oid")
	ofView := func(kind, part, reason, statement, from string) string { // what a view is given beside its text
		return "SELECT '" + kind + "', n.nspname::text, " + part + ", " + reason + ", " + statement + " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " + from + " c.relkind = 'v' AND " + within + " AND " + notOfExtension("pg_class", "c.oid")
	}
	const grantee = "CASE p.grantee WHEN 0 THEN 'PUBLIC' ELSE p.grantee::pg_catalog.regrole::text END"
	rows, err := i.read(ctx, strings.Join([]string{
		ofView("view option", "c.relname::text", "o", "pg_catalog.format('ALTER VIEW %s SET (%s)', c.oid::pg_catalog.regclass, o)", "CROSS JOIN pg_catalog.unnest(c.reloptions) o WHERE o NOT LIKE 'check!_option=%' ESCAPE '!' AND"),
		ofView("column default", "c.relname || '.' || a.attname", "'of a view'", "pg_catalog.format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', c.oid::pg_catalog.regclass, a.attname, pg_catalog.pg_get_expr(d.adbin, d.adrelid))", "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE"),
		ofView("privilege", "c.relname::text", "p.privilege_type || ' of ' || "+grantee, "pg_catalog.format('GRANT %s ON %s TO %s%s', p.privilege_type, c.oid::pg_catalog.regclass, "+grantee+", CASE WHEN p.is_grantable THEN ' WITH GRANT OPTION' END)", "CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) p WHERE p.grantee <> c.relowner AND"),
		ofView("privilege", "c.relname || '.' || a.attname", "p.privilege_type || ' of ' || "+grantee, "pg_catalog.format('GRANT %s (%I) ON %s TO %s%s', p.privilege_type, a.attname, c.oid::pg_catalog.regclass, "+grantee+", CASE WHEN p.is_grantable THEN ' WITH GRANT OPTION' END)", "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) p WHERE"),
		ofView("view owner", "c.relname::text", "c.relowner::pg_catalog.regrole::text", "pg_catalog.format('ALTER VIEW %s OWNER TO %s', c.oid::pg_catalog.regclass, c.relowner::pg_catalog.regrole)", "WHERE c.relowner <> (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) AND"),
		fmt.Sprintf(relation, "'materialized view'", "'it keeps rows of its own'", "m"),
		fmt.Sprintf(relation, "'foreign table'", "'it lies on another server'", "f"),
		fmt.Sprintf(relation, "'composite type'", "'a type of rows'", "c"),
		`SELECT 'trigger', n.nspname::text, c.relname || '.' || g.tgname, '', pg_catalog.pg_get_triggerdef(g.oid) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT g.tgisinternal AND ` + ownTriggers + within,
		`SELECT 'policy', n.nspname::text, c.relname || '.' || p.polname, 'a policy of row security', NULL FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ` + i.inSchemas(),
		`SELECT 'rule', n.nspname::text, c.relname || '.' || r.rulename, '', pg_catalog.pg_get_ruledef(r.oid) FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND ` + i.inSchemas(),
		`SELECT 'statistics', n.nspname::text, s.stxname::text, '', pg_catalog.pg_get_statisticsobjdef(s.oid) FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace WHERE ` + i.inSchemas(),
		object("collation", "pg_collation", "coll", "''"),
		object("text search configuration", "pg_ts_config", "cfg", "''"),
		object("text search dictionary", "pg_ts_dict", "dict", "COALESCE(o.dictinitoption, '')"),
		object("operator", "pg_operator", "opr", "pg_catalog.concat_ws(', ', NULLIF(pg_catalog.format_type(o.oprleft, NULL), '-'), pg_catalog.format_type(o.oprright, NULL))"),
		object("operator class", "pg_opclass", "opc", "'for ' || pg_catalog.format_type(o.opcintype, NULL)"),
		object("extension", "pg_extension", "ext", "o.extversion"),
		`SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, n.nspname::text, p.proname::text, pg_catalog.pg_get_function_identity_arguments(p.oid), CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ` + i.inSchemas() + " AND " + notOfExtension("pg_proc", "p.oid") + " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend i WHERE i.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND i.objid = p.oid AND i.deptype = 'i')",
		`SELECT 'range type', n.nspname::text, t.typname::text, 'of ' || pg_catalog.format_type(r.rngsubtype, NULL), NULL FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE ` + within + " AND " + notOfExtension("pg_type", "t.oid"),
		`SELECT 'partition', n.nspname::text, c.relname::text, 'of ' || h.inhparent::pg_catalog.regclass || ' ' || pg_catalog.pg_get_expr(c.relpartbound, c.oid), NULL FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f') AND ` + within,
		`SELECT CASE WHEN c.relkind = 'm' THEN 'index' ELSE 'clustered index' END, n.nspname::text, c.relname || '.' || x.indexrelid::pg_catalog.regclass, CASE WHEN c.relkind = 'm' THEN 'of a materialized view' ELSE 'rows were put in its order' END, pg_catalog.pg_get_indexdef(x.indexrelid) FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE (c.relkind = 'm' OR x.indisclustered) AND ` + within,
		`SELECT 'replica identity', n.nspname::text, c.relname::text, CASE c.relreplident WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing' ELSE 'an index' END, NULL FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relreplident <> 'd' AND ` + i.ofTables("c.oid"),
		`SELECT 'column storage', n.nspname::text, c.relname || '.' || a.attname, pg_catalog.concat_ws(', ', CASE WHEN a.attstattarget >= 0 THEN 'statistics ' || a.attstattarget END, CASE WHEN a.attstorage <> t.typstorage THEN 'storage ' || CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END END, (SELECT pg_catalog.string_agg(o, ', ' ORDER BY o) FROM pg_catalog.unnest(a.attoptions) o WHERE o LIKE 'n!_distinct%' ESCAPE '!')), NULL FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.attstattarget >= 0 OR a.attstorage <> t.typstorage OR a.attoptions::text LIKE '%n!_distinct%' ESCAPE '!') AND ` + i.ofTables("c.oid"),
		comment("pg_class", "t.relname || '.' || c.relname", "pg_catalog.pg_class c ON c.oid = d.objoid JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid JOIN pg_catalog.pg_class t ON t.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"),
		comment("pg_class", "pg_catalog.concat_ws('.', c.relname, a.attname)", "pg_catalog.pg_class c ON c.oid = d.objoid AND c.relkind IN ('v', 'm', 'S', 'c') JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid <> 0"),
		comment("pg_constraint", "t.relname || '.' || c.conname", "pg_catalog.pg_constraint c ON c.oid = d.objoid JOIN pg_catalog.pg_class t ON t.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace"),
		comment("pg_type", "t.typname::text", "pg_catalog.pg_type t ON t.oid = d.objoid AND t.typtype IN ('e', 'd') JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"),
	}, "\nUNION ALL "))
	for _, row := range rows {
		i.unsupported(row[0], row[1], row[2], row[3])
		i.schema.Unsupported[len(i.schema.Unsupported)-1].SQL = ingot.SQLText(row[4])
	}
	return err
}

// withoutEnum is the default of a column. A constant for a domain over an enum is printed as one
// of the enum, which would tie it to what the domain is made of just now.
func (i *inspection) withoutEnum(c ingot.Column) ingot.SQLText {
	made := madeOf(c, i.schema)
	tokens, ok := lexical.Tokens(string(c.Default))
	if c.Enum != "" || made.Enum == "" || !ok || len(tokens) < 3 || tokens[0].Kind != sqltext.String || !tokens[1].Is("::") {
		return c.Default
	}
	if name, arrays := typeName(ingot.Type(c.Default[tokens[2].Start:])); arrays > 0 || name != ingot.ParseTableName(made.Enum) {
		return c.Default
	}
	return c.Default[:tokens[0].End]
}

// finish puts everything in an order that depends on names alone.
func (i *inspection) finish() {
	s := i.schema
	for _, oid := range i.oids {
		t := i.tables[oid].Table
		for j := range t.Columns {
			t.Columns[j].Default = i.withoutEnum(t.Columns[j])
		}
		slices.SortStableFunc(t.Options, func(a, b ingot.Option) int { return cmp.Compare(a.Name, b.Name) })
		s.Tables = append(s.Tables, t)
	}
	byName := func(aSchema, aName, bSchema, bName string) int {
		return cmp.Or(cmp.Compare(aSchema, bSchema), cmp.Compare(aName, bName))
	}
	slices.Sort(s.Schemas)
	slices.SortFunc(s.Enums, func(a, b ingot.Enum) int { return byName(a.Schema, a.Name, b.Schema, b.Name) })
	slices.SortFunc(s.Sequences, func(a, b ingot.Sequence) int { return byName(a.Schema, a.Name, b.Schema, b.Name) })
	slices.SortFunc(s.Domains, func(a, b ingot.Domain) int { return byName(a.Schema, a.Name, b.Schema, b.Name) })
	slices.SortFunc(s.Tables, func(a, b ingot.Table) int { return byName(a.Schema, a.Name, b.Schema, b.Name) })
	slices.SortFunc(s.Views, func(a, b ingot.View) int { return byName(a.Schema, a.Name, b.Schema, b.Name) })
	slices.SortFunc(s.Unsupported, func(a, b ingot.Unsupported) int { return byName(a.Kind, a.Name, b.Kind, b.Name) })
}

// catalogType is a type as format_type prints it. The word json is jsonb.
func catalogType(text string) ingot.Type {
	if element, _, _ := strings.Cut(text, "["); element == "json" {
		text = "pg_catalog." + text
	}
	return Dialect{}.CanonicalType(ingot.Type(text))
}

// serialOf is the type that brings a sequence along.
func serialOf(t ingot.Type) ingot.Type {
	switch t {
	case "smallint":
		return "smallserial"
	case "bigint":
		return "bigserial"
	}
	return "serial"
}

// list reads a JSON array of strings.
func list(text string) []string {
	var names []string
	if text != "" && json.Unmarshal([]byte(text), &names) != nil {
		return nil
	}
	return names
}

// storage reads reloptions, such as ["fillfactor=70"].
func storage(text string) []ingot.Option {
	var options []ingot.Option
	for _, o := range list(text) {
		name, value, _ := strings.Cut(o, "=")
		options = append(options, ingot.Option{Name: name, Value: value})
	}
	return options
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}
