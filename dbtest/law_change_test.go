package dbtest

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"ingot"
)

// changed draws what becomes of the last of some schemas: each table stays as it is, changes, is renamed,
// goes, or is drawn anew.
func (d artist) changed(path ...*ingot.Schema) *ingot.Schema {
	d.path = path
	a := path[len(path)-1].Clone()
	forgetNames(a)
	s := &ingot.Schema{Schemas: slices.Clone(a.Schemas), Enums: a.Clone().Enums}
	d.drawn = s
	if d.db.other != "" && d.once(4) {
		s.Schemas = []string{d.db.other}
	}
	follow := func(t ingot.Type, enum string) (ingot.Type, string) { return t, enum }
	for _, e := range a.Enums {
		next, before := d.changeEnum(s, e), follow
		follow = func(t ingot.Type, enum string) (ingot.Type, string) { return next(before(t, enum)) }
	}
	if d.hasSequences() {
		if len(a.Sequences) == 0 || d.once(2) {
			if d.once(2) {
				s.Sequences = []ingot.Sequence{d.sequence(s)}
			}
		} else {
			s.Sequences = slices.Clone(a.Sequences)
		}
	}
	followDomain := d.changeDomains(s, a)
	now := map[ingot.TableName]string{} // new names of tables
	for i := range a.Tables {
		if d.once(6) { // goes
			continue
		}
		t := a.Tables[i].Clone()
		t.ForeignKeys = nil
		now[ingot.TableName{Schema: t.Schema, Name: t.Name}] = t.Name
		if d.once(6) {
			names := []string{short("new " + t.Name)}
			for _, o := range s.Tables { // a chain of renames
				if o.Was != "" && o.Schema == t.Schema {
					names = append(names, o.Was)
				}
			}
			d.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			taken := func(o ingot.Table) bool { return o.Schema == t.Schema && o.Name == names[0] }
			freed := func(o ingot.Table) bool { return o.Schema == t.Schema && o.Was == names[0] }
			if !slices.ContainsFunc(s.Tables, taken) && (!slices.ContainsFunc(a.Tables, taken) || slices.ContainsFunc(s.Tables, freed)) { // of one that goes, it would be that one
				t.Was, t.Name = t.Name, names[0]
				now[ingot.TableName{Schema: t.Schema, Name: t.Was}] = t.Name
			}
		}
		for j := range t.Columns {
			t.Columns[j].Type, t.Columns[j].Enum = follow(t.Columns[j].Type, t.Columns[j].Enum)
			t.Columns[j].Type = followDomain(t.Columns[j].Type)
			if len(a.Sequences) > 0 && !slices.ContainsFunc(s.Sequences, func(q ingot.Sequence) bool { return q.Schema == a.Sequences[0].Schema }) && takesNext(&t.Columns[j]) {
				t.Columns[j].Default = ""
			}
		}
		for range d.IntN(6) {
			d.changeTable(s, &t, &a.Tables[i])
		}
		for j := range t.Columns { // rows that are there need a value in what is added
			c := &t.Columns[j]
			c.Null = c.Null || a.Tables[i].Column(c.Name) == nil && c.Was == "" && c.Default == "" && !c.Auto && c.Generated == ""
		}
		s.Tables = append(s.Tables, t)
	}
	if d.once(2) {
		name := tablePool[d.IntN(len(tablePool))]
		if !slices.ContainsFunc(a.Tables, func(t ingot.Table) bool { return t.Name == name }) {
			s.Tables = append(s.Tables, d.table(s, name))
		}
	}
	for i := range s.Tables {
		d.changeForeignKeys(s, &s.Tables[i], a, now)
	}
	for i := range s.Tables {
		if d.once(6) {
			d.retypeKey(s, &s.Tables[i])
		}
		t := &s.Tables[i]
		if joined(s, t) {
			t.Options = slices.DeleteFunc(t.Options, isLonely)
		} else if d.once(3) {
			d.lonely(s, t)
		}
	}
	d.changeViews(s, a)
	if len(s.Schemas) > 0 && d.once(2) && !slices.ContainsFunc(s.Tables, func(t ingot.Table) bool { return t.Schema != "" }) &&
		!slices.ContainsFunc(s.Views, func(v ingot.View) bool { return v.Schema != "" }) &&
		!slices.ContainsFunc(s.Enums, func(e ingot.Enum) bool { return e.Schema != "" }) && !slices.ContainsFunc(s.Sequences, func(q ingot.Sequence) bool { return q.Schema != "" }) &&
		!slices.ContainsFunc(s.Domains, func(x ingot.Domain) bool { return x.Schema != "" }) {
		s.Schemas = nil
	}
	d.Shuffle(len(s.Tables), func(i, j int) { s.Tables[i], s.Tables[j] = s.Tables[j], s.Tables[i] })
	return s
}

// takesNext reports whether the column takes its values from a sequence.
func takesNext(c *ingot.Column) bool {
	return strings.Contains(strings.ToLower(string(c.Default)), "next")
}

// changeViews keeps most of the views that still read from something, and draws others.
func (d artist) changeViews(s, a *ingot.Schema) {
	for again := true; again; { // they stand in the order in which they were drawn
		again = false
		for _, v := range a.Views {
			is := func(w ingot.View) bool { return w.Name == v.Name }
			if slices.ContainsFunc(s.Views, is) || d.once(6) || v.Schema != "" && len(s.Schemas) == 0 || !d.stands(s, v) {
				continue
			}
			s.Views = append(s.Views, v)
			again = true
		}
	}
	for _, name := range viewPool {
		if !slices.ContainsFunc(s.Views, func(v ingot.View) bool { return v.Name == name }) && d.once(3) {
			d.view(s, name)
		}
	}
	for i := range s.Views {
		switch text := string(s.Views[i].SQL); {
		case !d.once(6) || strings.HasSuffix(text, " LIMIT 7"):
		case strings.Contains(text, " GROUP BY ") || strings.Contains(text, " UNION "):
			s.Views[i].SQL += " LIMIT 7"
		default:
			s.Views[i].SQL += map[bool]ingot.SQLText{true: " AND 1 = 0", false: " WHERE 1 = 0"}[strings.Contains(string(s.Views[i].SQL), " WHERE ")]
		}
	}
}

// stands reports whether a view finds its table, columns and other view in a schema.
func (d artist) stands(s *ingot.Schema, v ingot.View) bool {
	for i := range s.Tables {
		t := &s.Tables[i]
		text := string(v.SQL)
		if !strings.Contains(text, " FROM "+d.db.table(t)+" q") {
			continue
		}
		for _, c := range t.Columns {
			text = strings.ReplaceAll(text, "q."+d.db.quote(c.Name), "")
		}
		if strings.Contains(text, "q."+d.db.quote("")[:1]) {
			return false // a column that is gone
		}
		if _, other, ok := strings.Cut(text, " q"); ok && strings.Contains(other, " w") {
			return slices.ContainsFunc(s.Views, func(w ingot.View) bool {
				return strings.Contains(other, " "+d.db.table(&ingot.Table{Schema: w.Schema, Name: w.Name})+" w")
			})
		}
		return true
	}
	return false
}

// changeEnum changes an enum of the schema, and returns what its columns become.
func (d artist) changeEnum(s *ingot.Schema, old ingot.Enum) func(ingot.Type, string) (ingot.Type, string) {
	at := slices.IndexFunc(s.Enums, func(e ingot.Enum) bool { return e.Name == old.Name && e.Schema == old.Schema })
	e := &s.Enums[at]
	become := func(array ingot.Type, c ingot.Column) func(ingot.Type, string) (ingot.Type, string) {
		return func(t ingot.Type, enum string) (ingot.Type, string) {
			switch {
			case enum == enumName(old):
				return c.Type, c.Enum
			case t == d.enumType(old)+"[]":
				return array, ""
			}
			return t, enum
		}
	}
	add := func(at int, value string) {
		if !slices.Contains(e.Values, value) {
			e.Values = slices.Insert(e.Values, at, value)
		}
	}
	switch d.IntN(8) {
	case 0:
		add(len(e.Values), "more")
	case 1:
		add(d.IntN(len(e.Values)+1), "between")
	case 2:
		slices.Reverse(e.Values)
	case 3:
		e.Values = []string{"1"}
	case 4: // one value for another
		e.Values = []string{"1", `a "new" one`}
	case 5:
		if other := "Another " + old.Name; !strings.HasPrefix(old.Name, "Another") {
			e.Name = other
			return become(d.enumType(*e)+"[]", ingot.Column{Enum: enumName(*e)})
		}
	case 6: // it goes
		s.Enums = slices.Delete(s.Enums, at, at+1)
		return become("text[]", ingot.Column{Type: "varchar(40)"})
	}
	return func(t ingot.Type, enum string) (ingot.Type, string) { return t, enum }
}

// changeDomains draws what becomes of the domains, and returns what their columns become. The
// rows that are there stay as they are.
func (d artist) changeDomains(s, a *ingot.Schema) func(ingot.Type) ingot.Type {
	gone := map[ingot.Type]ingot.Type{}
	for _, x := range a.Clone().Domains {
		was := d.domainType(&x)
		hadDefault := x.Default != ""
		if x.Name == "Feeling" {
			x.Type = "varchar(40)"
			if len(s.Enums) > 0 {
				x.Type = d.enumType(s.Enums[0])
			}
		}
		if to, ok := gone[x.Type]; ok {
			x.Type = to
		}
		if domainGroup(x.Type) == "" && x.Name != "Feeling" && d.once(3) {
			x.Type = d.domainBase(domainGroups[x.Name])
		}
		switch d.IntN(10) {
		case 0:
			gone[was] = x.Type
			if x.Name == "Feeling" {
				gone[was] = "varchar(40)"
			}
			gone[was+"[]"] = "text[]"
			continue
		case 1:
			x.Null = x.Null && !hadDefault || d.once(2) // rows have NULL only where there was no default
			d.domainDefault(&x)
		case 2:
			if domainGroups[x.Name] == "text" {
				x.Collation = one(d, append(collations[d.db.kind], "")...)
			}
		case 3, 4:
			d.domainCheck(&x)
		case 5:
			if len(x.Checks) > 0 {
				x.Checks = x.Checks[1:]
			}
		case 6:
			for i := range x.Checks {
				x.Checks[i].NotValid = false
			}
		case 7:
			if len(x.Checks) > 0 && x.Checks[0].Name != "" {
				x.Checks[0].Name = "renamed"
			}
		case 8:
			if len(x.Checks) > 0 && x.Checks[0].Name != "" {
				old := x.Checks
				x.Checks = x.Checks[1:]
				d.domainCheck(&x)
				x.Checks[len(x.Checks)-1].Name = old[0].Name
			}
		}
		s.Domains = append(s.Domains, x)
	}
	if d.db.kind == "postgres" && d.once(5) && !slices.ContainsFunc(a.Domains, func(x ingot.Domain) bool { return x.Name == "Amount" }) {
		d.addDomain(s, "Amount")
	}
	return func(t ingot.Type) ingot.Type {
		if to, ok := gone[t]; ok {
			return to
		}
		return t
	}
}

// used reports whether the key, an index, a constraint or an expression stands on the column.
func (d artist) used(t *ingot.Table, c *ingot.Column) bool {
	in := func(columns []string) bool { return slices.Contains(columns, c.Name) }
	return in(t.PrimaryKey.Columns) || slices.ContainsFunc(t.Uniques, func(u ingot.Unique) bool { return in(u.Columns) }) ||
		slices.ContainsFunc(t.Indexes, func(x ingot.Index) bool {
			return in(x.Include) || slices.ContainsFunc(x.Parts, func(p ingot.IndexPart) bool { return p.Column == c.Name })
		}) || d.named(t, c)
}

// named reports whether an expression names the column.
func (d artist) named(t *ingot.Table, c *ingot.Column) bool {
	q := d.db.quote(c.Name)
	return slices.ContainsFunc(texts(t), func(e *ingot.SQLText) bool { return strings.Contains(string(*e), q) })
}

// computes reports whether a generated column names the column.
func (d artist) computes(t *ingot.Table, c *ingot.Column) bool {
	q := d.db.quote(c.Name)
	return slices.ContainsFunc(t.Columns, func(g ingot.Column) bool { return strings.Contains(string(g.Generated), q) })
}

// texts are the expressions of a table that may name columns.
func texts(t *ingot.Table) []*ingot.SQLText {
	var list []*ingot.SQLText
	for i := range t.Columns {
		list = append(list, &t.Columns[i].Generated)
	}
	for i := range t.Checks {
		list = append(list, &t.Checks[i].Expr)
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		list = append(list, &x.Where)
		for j := range x.Parts {
			list = append(list, &x.Parts[j].Expr)
		}
	}
	return list
}

// drop takes a column away with what stands on it.
func (d artist) drop(t *ingot.Table, name string) {
	q := d.db.quote(name)
	names := func(texts ...ingot.SQLText) bool {
		return slices.ContainsFunc(texts, func(e ingot.SQLText) bool { return strings.Contains(string(e), q) })
	}
	t.Uniques = slices.DeleteFunc(t.Uniques, func(u ingot.Unique) bool { return slices.Contains(u.Columns, name) })
	t.Checks = slices.DeleteFunc(t.Checks, func(k ingot.Check) bool { return names(k.Expr) })
	t.Indexes = slices.DeleteFunc(t.Indexes, func(x ingot.Index) bool {
		return names(x.Where) || slices.Contains(x.Include, name) || slices.ContainsFunc(x.Parts, func(p ingot.IndexPart) bool { return p.Column == name || names(p.Expr) })
	})
	for _, c := range slices.Clone(t.Columns) {
		if names(c.Generated) {
			d.drop(t, c.Name)
		}
	}
	t.Columns = slices.DeleteFunc(t.Columns, func(c ingot.Column) bool { return c.Name == name })
}

// isKey reports whether the column is one that keys stand on.
func isKey(c *ingot.Column) bool {
	return c.Name == "id" || c.Name == "k1" || c.Name == "k2" || strings.HasPrefix(c.Name, "fk")
}

// changeTable makes one change to a table, which was old. The rows of old are there.
func (d artist) changeTable(s *ingot.Schema, t, old *ingot.Table) {
	c := &t.Columns[d.IntN(len(t.Columns))]
	was := old.Column(c.Name)
	if was == nil && c.Was != "" {
		was = old.Column(c.Was)
	}
	plain := c.Generated == "" && !c.Auto && !isKey(c)
	switch d.IntN(18) {
	case 0:
		if !isKey(c) && (c.Auto || was == nil || was.Auto || was.Null || was.Default != "") && d.steady(old, was) { // it has to come back
			d.drop(t, c.Name)
		}
	case 1:
		for _, n := range []string{"added", "Also Added", "group"} {
			if t.Column(n) == nil && old.Column(n) == nil {
				add := d.column(s, t, n)
				add.Null = !add.Auto && (add.Null || add.Default == "")
				t.Columns = slices.Insert(t.Columns, 1, add)
				break
			}
		}
	case 2, 3:
		d.retype(t, c)
	case 4:
		if plain {
			d.setDefault(c)
		}
	case 5:
		switch {
		case plain && !c.Null:
			c.Null = !slices.Contains(t.PrimaryKey.Columns, c.Name)
		case plain && was != nil && was.Null && was.Default != "" && was.Generated == "" && was.Default != "CURRENT_DATE" && d.steady(old, was): // so that no row has NULL
			c.Null = false
		}
	case 6:
		switch {
		case len(t.Uniques) > 0 && d.once(2):
			t.Uniques = t.Uniques[1:]
		case len(t.Checks) > 0:
			t.Checks = t.Checks[1:]
		case len(t.Indexes) > 0:
			t.Indexes = t.Indexes[1:]
		}
	case 7, 8:
		d.part(t)
	case 9:
		d.changePart(t)
	case 10:
		d.renamePart(t)
	case 11:
		names := []string{short("new " + c.Name)}
		for _, o := range t.Columns { // a chain of renames
			if o.Was != "" {
				names = append(names, o.Was)
			}
		}
		name := one(d, names...)
		freed := old.Column(name) == nil || slices.ContainsFunc(t.Columns, func(o ingot.Column) bool { return o.Was == name })
		if freed && c.Was == "" && was != nil && !isKey(c) && t.Column(name) == nil {
			d.renameColumn(t, c, name)
		}
	case 12:
		c.Comment, t.Comment = one(d, "", "other"), one(d, "", "of another")
	case 13:
		d.changeOptions(t)
	case 14:
		d.changeKey(t)
	case 15:
		d.changeGenerated(t, c, old, was)
	case 16:
		switch {
		case c.Auto && c.Identity != nil && c.Name != "id":
			c.Identity = d.identity()
		case c.Name == "id" && slices.Equal(t.PrimaryKey.Columns, []string{"id"}) && !has(t.Options, "autoincrement") && !has(t.Options, "without rowid") && !d.named(t, c):
			c.Auto, c.Identity, c.Type = !c.Auto, nil, keyType(c.Type)
		}
	case 17:
		switch {
		case groupOf(c) == "text" && plain:
			c.Collation = one(d, append(collations[d.db.kind], "")...)
		case strings.HasPrefix(string(c.Type), "datetime"):
			c.OnUpdate = one[ingot.SQLText](d, "", "CURRENT_TIMESTAMP")
		}
	}
}

// steady reports whether a column, nil for a new one, was all the time what it is: where a
// later change takes it away, rows come back with a value of the last kind.
func (d artist) steady(t *ingot.Table, c *ingot.Column) bool {
	if c == nil {
		return true
	}
	name, column := ingot.TableName{Schema: t.Schema, Name: t.Name}, c.Name
	for i := len(d.path) - 1; i > 0; i-- {
		if x := d.path[i].Table(name); x != nil && x.Column(column) != nil {
			name.Name, column = cmp.Or(x.Was, x.Name), cmp.Or(x.Column(column).Was, column)
		}
		x := d.path[i-1].Table(name)
		if x == nil || x.Column(column) == nil {
			return true
		}
		old := *x.Column(column)
		if old.Name, old.Was, old.Comment = c.Name, c.Was, c.Comment; !reflect.DeepEqual(old, *c) {
			return false
		}
	}
	return true
}

// retype gives a column another type that holds its values.
func (d artist) retype(t *ingot.Table, c *ingot.Column) {
	if c.Generated != "" || c.Auto || isKey(c) {
		return
	}
	if d.db.kind == "mysql" && slices.ContainsFunc(t.Indexes, func(x ingot.Index) bool {
		return slices.ContainsFunc(x.Parts, func(p ingot.IndexPart) bool { return p.Column == c.Name && (p.Prefix > 0 || x.Using != "") })
	}) {
		return // lengths of prefixes depend on the type
	}
	group := groupOf(c)
	if domainGroup(c.Type) != "" && d.once(2) {
		return
	}
	switch {
	case (group == "number" || group == "text") && d.once(4) && c.Default == "" && !d.used(t, c):
		c.Type = one[ingot.Type](d, "integer", "varchar(20)", "text", "bigint")
	case group == "number" && c.Type != "real":
		c.Type = one(d, typePool[0]...)
	case group == "text" && c.Type != "varchar":
		c.Type = one(d, typePool[1]...)
		if d.db.kind == "mysql" && (c.Type == "text" && d.used(t, c) || c.Type == "char(5)" && d.computes(t, c)) { // MariaDB computes nothing from char, which depends on sql_mode
			c.Type = "varchar(40)"
		}
	case (group == "enum" || group == "set") && d.once(2):
		c.Type, c.Enum = "varchar(20)", ""
	default:
		return
	}
	if has(t.Options, "strict") && c.Type == "decimal(10,2)" {
		c.Type = "double"
	}
	if groupOf(c) != "text" {
		c.Collation = ""
	}
	if c.Default != "'1'" {
		d.setDefault(c)
	}
	for i := range t.Indexes { // classes of operators are of a type
		for j := range t.Indexes[i].Parts {
			if p := &t.Indexes[i].Parts[j]; p.Column == c.Name && p.OpClass != "" {
				p.OpClass = map[bool]string{true: "bpchar_pattern_ops", false: "text_pattern_ops"}[strings.HasPrefix(string(c.Type), "char")]
			}
		}
	}
}

// retypeKey widens or narrows a key with all that refers to it.
func (d artist) retypeKey(s *ingot.Schema, t *ingot.Table) {
	key := one(d, "id", "k1", "k2")
	c := t.Column(key)
	if c == nil || keyType(c.Type) != c.Type {
		return
	}
	for _, o := range s.Tables { // a column that refers to another key, too, is of that one's type
		for i, f := range o.ForeignKeys {
			shared := func(g ingot.ForeignKey) bool {
				return slices.ContainsFunc(f.Columns, func(c string) bool { return slices.Contains(g.Columns, c) })
			}
			if f.RefTable == t.Name && f.RefSchema == t.Schema && slices.ContainsFunc(slices.Delete(slices.Clone(o.ForeignKeys), i, i+1), shared) {
				return
			}
		}
	}
	if key == "k2" {
		c.Type = one[ingot.Type](d, "varchar(20)", "varchar(40)")
	} else {
		c.Type = one[ingot.Type](d, "integer", "bigint")
	}
	if id := c.Identity; id != nil && id.Max > 1<<30 {
		id.Max = 0
	}
	for i := range s.Tables {
		for _, f := range s.Tables[i].ForeignKeys {
			if at := slices.Index(f.RefColumns, key); at >= 0 && f.RefTable == t.Name && f.RefSchema == t.Schema {
				s.Tables[i].Column(f.Columns[at]).Type = c.Type
			}
		}
	}
}

// changePart makes a part of the table another one under its name.
func (d artist) changePart(t *ingot.Table) {
	switch {
	case len(t.Checks) > 0 && d.once(3):
		k := &t.Checks[d.IntN(len(t.Checks))]
		if e := d.condition(t); e != "" && !slices.ContainsFunc(t.Checks, func(o ingot.Check) bool { return o.Expr == e }) {
			k.Expr = e
		}
		k.NotValid = false
	case len(t.Uniques) > 0 && d.once(2):
		u := &t.Uniques[d.IntN(len(t.Uniques))]
		if columns := slices.Clone(u.Columns); u.Name != "" && d.once(2) {
			slices.Reverse(columns)
			if !slices.ContainsFunc(t.Uniques, func(o ingot.Unique) bool { return slices.Equal(o.Columns, columns) }) {
				u.Columns = columns
			}
		}
		if d.db.kind == "postgres" {
			u.Deferrable = one(d, ingot.NotDeferrable, ingot.DeferrableInitiallyDeferred, ingot.DeferrableInitiallyImmediate)
			u.NullsNotDistinct = !u.NullsNotDistinct && d.db.Server.AtLeast(15, 0) && slices.Contains(u.Columns, "id")
		}
	case len(t.Indexes) > 0:
		i := d.IntN(len(t.Indexes))
		names := d.keyable(t)
		names = names[:1+d.IntN(min(2, len(names)))]
		x := d.index(t, names, withKey(t, names))
		x.Name = t.Indexes[i].Name
		t.Indexes[i] = x
	}
}

// renamePart gives a part another name; one that does not insist on it keeps the old one.
func (d artist) renamePart(t *ingot.Table) {
	switch {
	case len(t.Uniques) > 0 && d.once(3):
		if u := &t.Uniques[d.IntN(len(t.Uniques))]; u.Name != "" {
			u.Name = d.name("renamed", t)
		}
	case len(t.Checks) > 0 && d.once(2):
		if k := &t.Checks[d.IntN(len(t.Checks))]; k.Name != "" {
			k.Name = d.name("renamed", t)
		}
	case len(t.Indexes) > 0:
		t.Indexes[d.IntN(len(t.Indexes))].Name = d.name("renamed", t)
	}
}

func (d artist) renameColumn(t *ingot.Table, c *ingot.Column, name string) {
	c.Was, c.Name = c.Name, name
	for _, e := range texts(t) {
		*e = ingot.SQLText(strings.ReplaceAll(string(*e), d.db.quote(c.Was), d.db.quote(name)))
	}
	rename := func(columns []string) {
		if i := slices.Index(columns, c.Was); i >= 0 {
			columns[i] = name
		}
	}
	for i := range t.Uniques {
		rename(t.Uniques[i].Columns)
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		rename(x.Include)
		for j := range x.Parts {
			if x.Parts[j].Column == c.Was {
				x.Parts[j].Column = name
			}
		}
	}
}

func (d artist) changeOptions(t *ingot.Table) {
	switch d.db.kind {
	case "postgres":
		t.Options = slices.DeleteFunc(t.Options, func(o ingot.Option) bool { return o.Name == "fillfactor" })
		if d.once(2) {
			t.Options = append(t.Options, ingot.Option{Name: "fillfactor", Value: one(d, "70", "85")})
		}
	case "mysql":
		if has(t.Options, "engine") {
			return
		}
		t.Options = slices.DeleteFunc(t.Options, func(o ingot.Option) bool { return o.Name == "row_format" || o.Name == "max_rows" })
		if d.once(2) {
			t.Options = append(t.Options, one(d, ingot.Option{Name: "row_format", Value: "redundant"}, ingot.Option{Name: "max_rows", Value: "2000"}))
		}
	case "sqlite":
		toggle := func(name string) {
			if has(t.Options, name) {
				t.Options = slices.DeleteFunc(t.Options, func(o ingot.Option) bool { return o.Name == name })
			} else {
				t.Options = append(t.Options, ingot.Option{Name: name})
			}
		}
		id := t.Column("id")
		switch {
		case !slices.ContainsFunc(t.Columns, func(c ingot.Column) bool {
			return slices.Contains(verbatim["sqlite"], c.Type) || c.Type == "decimal(10,2)"
		}) && d.once(2):
			toggle("strict")
		case !slices.Equal(t.PrimaryKey.Columns, []string{"id"}):
		case id.Auto:
			toggle("autoincrement")
		default:
			toggle("without rowid")
		}
	}
}

// changeKey changes the primary key, or its name.
func (d artist) changeKey(t *ingot.Table) {
	if has(t.Options, "without rowid") || has(t.Options, "autoincrement") {
		return
	}
	id := t.Column("id")
	switch {
	case id == nil:
		return
	case d.once(2):
		if n := one(d, "", short("key of "+t.Name)); len(t.PrimaryKey.Columns) > 0 && (n == "" || !d.taken(t)[n]) {
			t.PrimaryKey.Name = n
		}
		return
	case t.Column("k1") != nil && d.once(2):
		t.PrimaryKey.Columns = one(d, []string{"id", "k1"}, []string{"k1", "id"})
	case d.once(2) && d.db.kind != "mysql":
		t.PrimaryKey = ingot.PrimaryKey{}
	default:
		t.PrimaryKey.Columns = []string{"id"}
		return
	}
	if d.db.kind != "postgres" {
		id.Auto = false
	}
	t.Uniques = slices.DeleteFunc(t.Uniques, func(u ingot.Unique) bool { return slices.Equal(u.Columns, t.PrimaryKey.Columns) })
}

// changeGenerated changes how a column is computed, or whether.
func (d artist) changeGenerated(t *ingot.Table, c *ingot.Column, old *ingot.Table, was *ingot.Column) {
	switch {
	case c.Generated != "" && d.once(3):
		c.Generated, c.Virtual = "", false
	case c.Generated != "" && d.once(2) && d.db.kind != "postgres":
		c.Virtual = !c.Virtual
	case c.Generated != "":
		if g, ok := d.generated(t, c.Name); ok && groupOf(&g) == groupOf(c) {
			c.Generated = g.Generated
		}
	case c.Null && !isKey(c) && !d.used(t, c) && !c.Auto && c.OnUpdate == "" && d.steady(old, was):
		comment, was := c.Comment, c.Was
		c.Generated = "1" // so that it is not computed from itself
		if g, ok := d.generated(t, c.Name); ok && groupOf(&g) == "number" && groupOf(c) == "number" {
			*c = g
			c.Comment, c.Was = comment, was
		} else {
			c.Generated = ""
		}
	}
}

// changeForeignKeys gives a table those of its foreign keys that still have a key to refer to,
// some of them changed, and some more.
func (d artist) changeForeignKeys(s *ingot.Schema, t *ingot.Table, a *ingot.Schema, now map[ingot.TableName]string) {
	for i := range a.Tables {
		old := &a.Tables[i]
		if old.Schema != t.Schema || now[ingot.TableName{Schema: old.Schema, Name: old.Name}] != t.Name {
			continue
		}
		for _, f := range old.ForeignKeys {
			f.Columns, f.RefColumns = slices.Clone(f.Columns), slices.Clone(f.RefColumns)
			name, there := now[ingot.TableName{Schema: f.RefSchema, Name: f.RefTable}]
			ref := s.Table(ingot.TableName{Schema: f.RefSchema, Name: name})
			if !there || ref == nil || d.once(8) || !slices.ContainsFunc(keysOf(ref), func(key []string) bool {
				return slices.Equal(key, f.RefColumns) || d.db.kind != "mysql" && len(key) == 2 && slices.Contains(f.RefColumns, key[0]) && slices.Contains(f.RefColumns, key[1])
			}) {
				continue
			}
			f.RefTable = name
			switch d.IntN(8) {
			case 0:
				f.OnDelete = one(d, "", "CASCADE", "SET NULL", "RESTRICT")
			case 1:
				f.OnUpdate = one(d, "", "CASCADE", "SET NULL")
			case 2:
				if d.db.Server.Deferrable {
					f.Deferrable = one(d, ingot.NotDeferrable, ingot.DeferrableInitiallyDeferred, ingot.DeferrableInitiallyImmediate)
				}
			case 3:
				f.NotValid = false
			case 4:
				if f.Name != "" {
					f.Name = d.name("renamed", t)
				}
			case 5:
				if d.db.kind == "postgres" {
					f.Match = one(d, "", "FULL")
				}
			}
			if slices.ContainsFunc(f.Columns, func(c string) bool { return !t.Column(c).Null }) {
				f.OnDelete, f.OnUpdate = noNull(f.OnDelete), noNull(f.OnUpdate)
			}
			fits := true
			for j, c := range f.RefColumns { // as the key is now
				column, key := t.Column(f.Columns[j]), keyType(ref.Column(c).Type)
				fits = fits && (column.Type == key || !slices.ContainsFunc(t.ForeignKeys, func(o ingot.ForeignKey) bool { return slices.Contains(o.Columns, column.Name) }))
			}
			if !fits { // with what another key of the same column refers to
				continue
			}
			for j, c := range f.RefColumns {
				t.Column(f.Columns[j]).Type = keyType(ref.Column(c).Type)
			}
			t.ForeignKeys = append(t.ForeignKeys, f)
		}
	}
	if d.once(2) {
		d.foreignKeys(s, t)
	}
}
