package postgres

import (
	"fmt"
	"slices"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// createDomain makes a domain, then the checks that its values need not hold.
func createDomain(d ingot.Domain, before *ingot.Schema) ([]string, error) {
	name := domainName(d)
	if d.Type == "" {
		return nil, fmt.Errorf("domain %s has no type", name)
	}
	text := "CREATE DOMAIN " + tableIdent(name) + " AS " + nativeType(d.Type)
	if d.Collation != "" {
		text += " COLLATE " + collation(d.Collation)
	}
	switch {
	case d.Default != "":
		text += " DEFAULT " + expr(d.Default)
	case domainOf(d.Type, before) != nil:
		text += " DEFAULT NULL" // else it would get that of the other domain
	}
	if !d.Null {
		text += " NOT NULL"
	}
	var after []string
	for _, k := range d.Checks {
		if k.NotValid {
			after = append(after, alterDomainText(name)+"ADD "+checkDef(k)+" NOT VALID")
		} else {
			text += " " + checkDef(k)
		}
	}
	return append([]string{text}, after...), nil
}

func alterDomainText(name ingot.TableName) string { return "ALTER DOMAIN " + tableIdent(name) + " " }

// alterDomain changes a domain in place, or makes it anew: where its type or collation
// changes, and where PostgreSQL would have to look into arrays, which it refuses.
func alterDomain(old, d ingot.Domain, before *ingot.Schema, srv *ingot.Server) ([]string, error) {
	name := domainName(d)
	changes, looks, err := changeDomain(withNames(old, before), d)
	if err != nil {
		return nil, err
	}
	retyped := nativeType(old.Type) != nativeType(d.Type) || plainCollation(old.Collation) != plainCollation(d.Collation)
	if retyped && before == nil {
		return nil, fmt.Errorf("domain %s has to be made anew, and its columns are not known: give the schema before the step", name)
	}
	r := remake{before: before, types: []remade{{was: name, name: name}}, srv: srv}
	if !retyped && !(looks && before != nil && r.inArrays()) {
		return changes, nil
	}
	r.from, r.to = madeOf(ingot.Column{Type: old.Type}, before), madeOf(ingot.Column{Type: d.Type}, before)
	create, err := createDomain(d, before)
	if err != nil {
		return nil, err
	}
	return r.statements("DOMAIN", create)
}

// withNames gives the checks without one the names they got.
func withNames(d ingot.Domain, before *ingot.Schema) ingot.Domain {
	there := domainOf(ingot.Type(tableIdent(domainName(d))), before)
	if there == nil {
		return d
	}
	d.Checks = slices.Clone(d.Checks)
	for i := range d.Checks {
		if d.Checks[i].Name != "" {
			continue
		}
		for _, k := range there.Checks {
			named := func(o ingot.Check) bool { return o.Name == k.Name }
			if strings.HasPrefix(k.Name, objectName(d.Name, "", "check")) && !slices.ContainsFunc(d.Checks, named) {
				d.Checks[i].Name = k.Name
				break
			}
		}
	}
	return d
}

// changeDomain changes all but type and collation. looks says that values that are there are
// looked at.
func changeDomain(old, d ingot.Domain) (statements []string, looks bool, err error) {
	var first, last []string
	do := func(list *[]string, action string) { *list = append(*list, alterDomainText(domainName(d))+action) }
	kept := make([]bool, len(d.Checks))
	find := func(ok func(ingot.Check) bool) int {
		for i, k := range d.Checks {
			if !kept[i] && ok(k) {
				kept[i] = true
				return i
			}
		}
		return -1
	}
	for _, k := range old.Checks {
		i := find(func(n ingot.Check) bool { return n.Expr == k.Expr && (n.Name == k.Name || n.Name == "") })
		if i < 0 && k.Name != "" {
			i = find(func(n ingot.Check) bool {
				return n.Expr == k.Expr && !slices.ContainsFunc(old.Checks, func(o ingot.Check) bool { return o.Name == n.Name })
			})
		}
		switch {
		case i >= 0:
			to := d.Checks[i]
			name := k.Name
			if to.Name != "" && to.Name != k.Name {
				name = to.Name
				do(&first, "RENAME CONSTRAINT "+ident(k.Name)+" TO "+ident(to.Name))
			}
			if k.NotValid && !to.NotValid {
				looks = true
				do(&last, "VALIDATE CONSTRAINT "+ident(name))
			}
		case k.Name == "":
			return nil, false, fmt.Errorf("domain %s: a check without a name cannot be dropped: inspect the database for the name it gave", domainName(d))
		default:
			do(&statements, "DROP CONSTRAINT "+ident(k.Name))
		}
	}
	statements = append(statements, first...)
	if old.Default != d.Default {
		if d.Default != "" {
			do(&statements, "SET DEFAULT "+expr(d.Default))
		} else {
			do(&statements, "DROP DEFAULT")
		}
	}
	switch {
	case old.Null && !d.Null:
		looks = true
		do(&statements, "SET NOT NULL")
	case !old.Null && d.Null:
		do(&statements, "DROP NOT NULL")
	}
	for i, k := range d.Checks {
		if !kept[i] {
			looks = looks || !k.NotValid
			do(&statements, "ADD "+checkDef(k)+notValid(k.NotValid))
		}
	}
	return append(statements, last...), looks, nil
}

// A remake makes a type anew under its name, since it cannot become what it has to be, and
// with it the domains over it. The old ones step aside, the columns are converted, and the old
// ones go.
type remake struct {
	before   *ingot.Schema
	types    []remade     // the type itself, then the domains over it, each behind what it is made of
	from, to ingot.Column // what the type itself is made of
	enum     ingot.Enum   // the type itself, where it is one
	srv      *ingot.Server
}

type remade struct {
	was, name ingot.TableName
	arrays    int // around the values
	domain    *ingot.Domain
}

// of is the type among those made anew that a type names.
func (r *remake) of(t ingot.Type) (is *remade, arrays int) {
	name, arrays := typeName(t)
	for i := range r.types {
		if r.types[i].was == name {
			return &r.types[i], arrays
		}
	}
	return nil, 0
}

func (r *remake) ofColumn(c ingot.Column) (is *remade, arrays int) {
	if c.Enum != "" {
		c.Type = ingot.Type(tableIdent(ingot.ParseTableName(c.Enum)))
	}
	return r.of(c.Type)
}

// findDomains adds the domains over what is made anew.
func (r *remake) findDomains() {
	for again := true; again; {
		again = false
		for i := range r.before.Domains {
			d := &r.before.Domains[i]
			over, arrays := r.of(d.Type)
			if there, _ := r.of(ingot.Type(tableIdent(domainName(*d)))); over == nil || there != nil {
				continue
			}
			r.types = append(r.types, remade{was: domainName(*d), name: domainName(*d), arrays: over.arrays + arrays, domain: d})
			again = true
		}
	}
}

// inArrays reports whether a column holds arrays of the type.
func (r *remake) inArrays() bool {
	r.findDomains()
	return slices.ContainsFunc(r.before.Tables, func(t ingot.Table) bool {
		return slices.ContainsFunc(t.Columns, func(c ingot.Column) bool {
			is, arrays := r.ofColumn(c)
			return is != nil && is.arrays+arrays > 0
		})
	})
}

// statements are all of it; create makes the type itself, which word calls TYPE or DOMAIN.
func (r *remake) statements(word string, create []string) ([]string, error) {
	r.findDomains()
	var statements, rights, drops []string
	for i, x := range r.types {
		if i > 0 {
			word = "DOMAIN"
		}
		stale := ingot.TableName{Schema: x.name.Schema, Name: cut(x.name.Name, 63-len("__old")) + "__old"}
		statements = append(statements, "ALTER "+word+" "+tableIdent(x.name)+" RENAME TO "+ident(stale.Name))
		drops = append(drops, "DROP "+word+" "+tableIdent(stale))
		if r.srv == nil || r.srv.Flavour != cockroach { // which has no plpgsql
			rights = append(rights, handOver(stale, x.name))
		}
	}
	statements = append(statements, create...)
	for _, x := range r.types[1:] {
		d := *x.domain
		over, arrays := r.of(d.Type)
		d.Type = ingot.Type(tableIdent(over.name) + strings.Repeat("[]", arrays))
		d.Default = r.recast(d.Default, nil)
		d.Checks = slices.Clone(d.Checks)
		for i := range d.Checks {
			d.Checks[i].Expr = r.recast(d.Checks[i].Expr, []string{"value"})
		}
		texts, err := createDomain(d, r.before)
		if err != nil {
			return nil, err
		}
		statements = append(statements, texts...)
	}
	before, after := r.foreignKeys()
	statements = append(statements, before...)
	for i := range r.before.Tables {
		texts, err := r.table(&r.before.Tables[i])
		if err != nil {
			return nil, err
		}
		statements = append(statements, texts...)
	}
	statements = append(append(statements, after...), rights...)
	slices.Reverse(drops)
	return append(statements, drops...), nil
}

// handOver gives a type what was said of the one it stands for: who may use it, comments, and
// its owner. The server knows them, a script does not.
func handOver(from, to ingot.TableName) string {
	body := strings.NewReplacer("OLD", literal(tableIdent(from))+"::regtype", "NEW", literal(tableIdent(to))+"::regtype").Replace(`DECLARE x text; BEGIN FOR x IN WITH
o AS (SELECT * FROM pg_catalog.pg_type WHERE oid = OLD), n AS (SELECT * FROM pg_catalog.pg_type WHERE oid = NEW),
had AS (SELECT a.* FROM o, n, pg_catalog.aclexplode(COALESCE(o.typacl, pg_catalog.acldefault('T', n.typowner))) a),
has AS (SELECT DISTINCT a.grantee FROM o, n, pg_catalog.aclexplode(COALESCE(n.typacl, pg_catalog.acldefault('T', n.typowner))) a WHERE o.typacl IS NOT NULL OR n.typacl IS NOT NULL)
SELECT text FROM (
SELECT 1, pg_catalog.format('REVOKE ALL ON TYPE %s FROM %s', NEW, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END) FROM has
UNION ALL SELECT 2, pg_catalog.format('GRANT USAGE ON TYPE %s TO %s%s', NEW, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) FROM had WHERE EXISTS (SELECT 1 FROM has)
UNION ALL SELECT 3, pg_catalog.format('COMMENT ON TYPE %s IS %L', NEW, pg_catalog.obj_description(OLD, 'pg_type')) WHERE pg_catalog.obj_description(OLD, 'pg_type') IS NOT NULL
UNION ALL SELECT 3, pg_catalog.format('COMMENT ON CONSTRAINT %I ON DOMAIN %s IS %L', k.conname, NEW, d.description) FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_constraint c ON c.conname = k.conname AND c.contypid = NEW
JOIN pg_catalog.pg_description d ON d.objoid = k.oid AND d.classoid = 'pg_catalog.pg_constraint'::regclass WHERE k.contypid = OLD
UNION ALL SELECT 4, pg_catalog.format('ALTER TYPE %s OWNER TO %s', NEW, o.typowner::regrole) FROM o, n WHERE o.typowner <> n.typowner
) AS s(place, text) ORDER BY place LOOP EXECUTE x; END LOOP; END`)
	return "DO " + literal(body)
}

// foreignKeys takes those off, and puts them back, that join columns of the type: for a moment
// the columns are of different types.
func (r *remake) foreignKeys() (drops, adds []string) {
	if r.from.Enum == "" && (Dialect{}).CanonicalType(r.from.Type) == (Dialect{}).CanonicalType(r.to.Type) {
		return nil, nil
	}
	for _, t := range r.before.Tables {
		for _, f := range t.ForeignKeys {
			if !slices.ContainsFunc(f.Columns, func(name string) bool {
				c := t.Column(name)
				if c == nil {
					return false
				}
				is, _ := r.ofColumn(*c)
				return is != nil
			}) {
				continue
			}
			f.Name = foreignKeyName(ingot.DropForeignKey{Table: tableName(t), ForeignKey: f}, r.before)
			drops = append(drops, alter(tableName(t))+"DROP CONSTRAINT "+ident(f.Name))
			adds = append(adds, alter(tableName(t))+"ADD "+foreignKeyDef(f)+notValid(f.NotValid))
		}
	}
	return drops, adds
}

// table converts the columns of a table. Expressions hold constants of the old type, or read
// the columns as what it was made of, so that what they stand in goes before and comes back
// after.
func (r *remake) table(t *ingot.Table) ([]string, error) {
	a := aside{t: t}
	var actions []string
	for _, c := range t.Columns {
		is, arrays := r.ofColumn(c)
		if is == nil {
			continue
		}
		if c.Generated != "" { // computed anew
			a.gone = append(a.gone, c)
			continue
		}
		a.columns = append(a.columns, c.Name)
		name := "ALTER COLUMN " + ident(c.Name) + " "
		if c.Default != "" {
			actions = append(actions, name+"DROP DEFAULT")
		}
		typ := tableIdent(is.name) + strings.Repeat("[]", arrays)
		text := name + "TYPE " + typ
		if c.Collation != "" {
			text += " COLLATE " + collation(c.Collation)
		}
		if using := r.using(ident(c.Name), typ, is.arrays+arrays); using != "" {
			text += " USING " + using
		}
		actions = append(actions, text)
		if c.Default != "" {
			actions = append(actions, name+"SET DEFAULT "+expr(r.recast(c.Default, nil)))
		}
	}
	if actions == nil && a.gone == nil {
		return nil, nil
	}
	a.recast = func(text ingot.SQLText) ingot.SQLText { return r.recast(text, a.columns) }
	if r.enum.Name != "" {
		r.fromText(&a)
	}
	statements, after, err := a.statements()
	if err != nil {
		return nil, err
	}
	if actions != nil {
		statements = append(statements, alter(tableName(*t))+strings.Join(actions, ", "))
	}
	return append(statements, after...), nil
}

// fromText lets texts that speak of columns of text speak of the enum: as they are where the
// same steps made a column one of the enum before. A check may compare an enum as text on
// purpose, since it may call what is not immutable.
func (r *remake) fromText(a *aside) {
	was, is := ingot.Column{Type: "varchar"}, ingot.Column{Enum: enumName(r.enum).String()}
	known := &ingot.Schema{Enums: []ingot.Enum{r.enum}}
	constants := a.recast
	a.recheck = func(text ingot.SQLText) ingot.SQLText { return recast(was, is, known)(constants(text)) }
	a.recast = func(text ingot.SQLText) ingot.SQLText {
		text = constants(text)
		for _, name := range a.columns {
			column := was
			column.Name = name
			text = recast(column, is, known)(text)
		}
		return text
	}
}

// recast makes a text say of the new type what it said of the old one.
func (r remake) recast(text ingot.SQLText, columns []string) ingot.SQLText {
	text = uncast(text, columns, r.from, r.to)
	words := func(c ingot.Column) bool { return c.Enum == "" && family(Dialect{}.CanonicalType(c.Type)) == "text" }
	if r.from.Enum == r.to.Enum && (!words(r.from) || !words(r.to) || r.from.Type == r.to.Type) {
		return text
	}
	for _, name := range append([]string{""}, columns...) {
		r.from.Name = name
		text = recast(r.from, r.to, r.before)(text)
	}
	return text
}

// using is the conversion of a column of the type, or of arrays of it, to typ.
func (r *remake) using(column, typ string, arrays int) string {
	switch {
	case arrays > 1:
		return column + "::text::" + typ
	case arrays == 1 && (r.from.Enum != "" || r.to.Enum != ""):
		return column + "::text[]::" + typ
	case arrays == 1:
		if usingClause(column, r.from, r.to, "", typ) != "" {
			return column + "::" + typ
		}
		return ""
	case r.from.Enum != "":
		return column + "::text::" + typ
	}
	using := usingClause(column, r.from, r.to, "", typ)
	if using != "" && !strings.HasSuffix(using, "::"+typ) {
		using = "(" + using + ")::" + typ
	}
	return using
}

// uncast takes away the casts by which the catalog says that a column of a domain, or a number,
// is read as what the domain is made of: of another one it would be read otherwise. So are casts
// to something wider, which cost nothing, where they would cut what it is made of now.
func uncast(text ingot.SQLText, columns []string, made, now ingot.Column) ingot.SQLText {
	tokens, ok := lexical.Tokens(string(text))
	base, err := typeOf(made)
	if !ok || err != nil {
		return text
	}
	var b strings.Builder
	at := 0
	for i := 0; i+4 < len(tokens); i++ {
		if i > 0 && tokens[i-1].Kind <= sqltext.Name && tokens[i-1].End == tokens[i].Start { // arguments of a function
			continue
		}
		name := tokens[i+1].Kind <= sqltext.Name && slices.Contains(columns, tokens[i+1].Text)
		if !tokens[i].Is("(") || !name && tokens[i+1].Kind != sqltext.Number || !tokens[i+2].Is(")") || !tokens[i+3].Is("::") {
			continue
		}
		last := castEnd(tokens, i+4)
		cast := string(text[tokens[i+4].Start:tokens[last].End])
		cuts := width(ingot.Type(cast)) > 0 && width(made.Type) > 0 && width(made.Type) <= width(ingot.Type(cast)) && width(ingot.Type(cast)) < width(now.Type)
		if cuts || sameTypeName(cast, base) || cast == "text" && family(Dialect{}.CanonicalType(made.Type)) == "text" {
			b.WriteString(string(text[at:tokens[i].Start] + text[tokens[i+1].Start:tokens[i+1].End]))
			at = tokens[last].End
		}
	}
	return ingot.SQLText(b.String()) + text[at:]
}

// width tells numeric types by what they hold, the narrower ones first; 0 is none of them.
func width(t ingot.Type) int {
	name, _, _ := strings.Cut(string(Dialect{}.CanonicalType(t)), "(")
	return 1 + slices.Index([]string{"smallint", "integer", "bigint", "decimal", "real", "double"}, name)
}

// castEnd is the last token of the name of a type, without its length.
func castEnd(tokens []sqltext.Token, at int) int {
	for at+2 < len(tokens) && tokens[at+1].Is(".") {
		at += 2
	}
	if at+1 < len(tokens) && (tokens[at].Is("character") && tokens[at+1].Is("varying") || tokens[at].Is("double") && tokens[at+1].Is("precision")) {
		at++
	}
	return at
}
