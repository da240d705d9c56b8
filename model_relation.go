package ingot

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Foreign keys are resolved first, by table and column; relations then follow from them:
// the field's type names the other model, and exactly one foreign key must tie the two, or
// via: says which. With inverse: one of the two sides may leave that to the other.

// mapForeignKeys resolves fk: options of columns and blank fields.
func (r *registration) mapForeignKeys(m *mapper) {
	for _, c := range m.columns {
		for _, o := range c.options.parts() {
			if o.name == "fk" {
				table, remote, ok := cutLast(o.value, ".")
				if !ok || strings.Contains(remote, ",") {
					r.report(m, c.field, o.tagOption, "wants table.column, like fk:user_account.id; for several columns write `_ struct{} ingot:\"fk:a,b->table.a,b\"`")
					continue
				}
				r.addForeignKey(m, c.field, o, []*column{c}, table, []string{remote})
			}
		}
	}
	for _, o := range m.options {
		if o.name != "fk" {
			continue
		}
		field := strings.TrimSuffix(o.path, ".")
		local, target, ok := strings.Cut(o.value, "->")
		names := splitList(target)
		table, first, ok2 := cutLast(names[0], ".")
		if !ok || !ok2 {
			r.report(m, field, o.tagOption, "wants columns->table.columns, like fk:tenant_id,user_id->user.tenant_id,id")
			continue
		}
		names[0] = first
		columns, ok := r.columnList(m, o, local)
		if !ok {
			continue
		}
		if len(columns) != len(names) {
			r.report(m, field, o.tagOption, fmt.Sprintf("ties %d columns to %d", len(columns), len(names)))
			continue
		}
		r.addForeignKey(m, field, o, columns, table, names)
	}
}

// cutLast cuts at the last separator.
func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+len(sep):]), true
}

// tableNamed finds a model by the table name of a tag: with its schema, or in the schema
// of the model that names it, or in the default one.
func (r *registration) tableNamed(m *mapper, name string) *mapper {
	for _, t := range []TableName{tagName(name, m.table.Schema), ParseTableName(name), {m.table.Schema, name}, {"", name}} {
		if found := r.byTable[t]; found != nil {
			return found
		}
	}
	return nil
}

// tagName is the name of a table or type in a tag: in the schema of the model that names it,
// if it does not say another; with a dot in front, in the default one.
func tagName(name, home string) TableName {
	t := ParseTableName(name)
	if t.Schema == "" && !strings.HasPrefix(name, ".") {
		t.Schema = home
	}
	return t
}

// tableNames lists the tables of all models, for messages.
func (r *registration) tableNames() []string {
	var names []string
	for _, m := range r.mappers {
		names = append(names, m.table.String())
	}
	return names
}

// modelNamed finds a model by its Go name.
func (r *registration) modelNamed(name string) *mapper {
	for _, m := range r.mappers {
		if m.typ.Name() == name || m.name == name {
			return m
		}
	}
	return nil
}

func (r *registration) addForeignKey(m *mapper, field string, o tableOption, columns []*column, table string, names []string) {
	table = unquoted(table)
	target := r.tableNamed(m, table)
	if target == nil {
		if t := r.modelNamed(table); t != nil {
			r.report(m, field, o.tagOption, fmt.Sprintf("%q is a Go type: write its table, %q", table, t.table))
			return
		}
		r.report(m, field, o.tagOption, fmt.Sprintf("no model has table %q", table)+didYouMean(table, r.tableNames()))
		return
	}
	var remote []*column
	for _, name := range names {
		c := r.column(m, target, field, tableOption{tagOption: o.tagOption}, name)
		if c == nil {
			return
		}
		remote = append(remote, c)
	}
	for i, c := range columns {
		if a, b := c.codec.class, remote[i].codec.class; a != b && a != classCustom && b != classCustom && a != "" {
			r.report(m, field, o.tagOption, fmt.Sprintf("column %s is of type %s, but %s.%s of type %s: the two must hold the same values", c.name, c.typ, target.table, remote[i].name, remote[i].typ))
			return
		}
	}
	if !target.view && !sameColumns(remote, target.key) && len(target.key) > 0 && !slices.ContainsFunc(target.uniques, func(u *uniqueKey) bool {
		return sameColumns(remote, u.columns) && !u.option.mods.has("where")
	}) {
		r.report(m, field, o.tagOption, fmt.Sprintf("%s (%s) is neither the primary key nor unique: refer to the key (%s), or tag it unique",
			target.table, strings.Join(names, ", "), strings.Join(namesOf(target.key), ", ")))
		return
	}
	for i, c := range columns {
		if c.refers == nil && c != remote[i] && c.codec.class == remote[i].codec.class && !c.options.has("enum") && !remote[i].options.has("enum") && r.types[c.typ] == "" {
			c.refers = remote[i]
		}
	}
	for _, mod := range o.mods {
		if a, _ := referenceAction(mod.value); (mod.name == "ondelete" || mod.name == "onupdate") && a == "SET NULL" &&
			!slices.ContainsFunc(columns, func(c *column) bool { return c.nullable }) {
			r.report(m, field, mod, fmt.Sprintf("the column is NOT NULL: make the field a *%s, or choose another action", strings.TrimPrefix(columns[0].typ.String(), "*")))
		}
	}
	m.foreignKeys = append(m.foreignKeys, &foreignKey{m, columns, target, remote, o})
	if m.auto != nil && slices.Contains(columns, m.auto) && !m.auto.options.has("auto") {
		m.auto.auto, m.auto = false, nil // the key comes from the row it refers to
	}
}

// sameColumns compares two sets of columns.
func sameColumns(a, b []*column) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(c *column) bool { return !slices.Contains(b, c) })
}

// namesOf lists the names of columns.
func namesOf(columns []*column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

func (k *foreignKey) String() string {
	return fmt.Sprintf("%s.%s", k.m.name, k.columns[len(k.columns)-1].field)
}

// action is what a foreign key has the database do by itself at ondelete or onupdate.
func (k *foreignKey) action(d Dialect, event string) string {
	v, _ := k.option.mods.get(d.Name(), event)
	a, _ := referenceAction(v)
	return a
}

// unique reports whether no two rows can hold the same reference.
func (k *foreignKey) unique() bool {
	return sameColumns(k.columns, k.m.key) || slices.ContainsFunc(k.m.uniques, func(u *uniqueKey) bool { return sameColumns(u.columns, k.columns) })
}

// addRelation notes a field that holds other models, to be resolved when all are known.
func (r *registration) addRelation(m *mapper, f reflect.StructField, field string, offset uintptr, tg tag) {
	target := relatedType(f.Type)
	if target == nil {
		base := f.Type
		for base.Kind() == reflect.Slice || base.Kind() == reflect.Pointer {
			base = base.Elem()
		}
		r.report(m, field, tagOption{}, fmt.Sprintf("a %s is no relation: use *%s for one, []*%s for many", f.Type, base.Name(), base.Name()))
		return
	}
	tg = r.checkTag(m, field, tg, onRelation)
	if r.byType[target] == nil {
		r.broken[m][field] = true
		r.report(m, field, tagOption{}, fmt.Sprintf("%s is not in the metadata: give it to NewModels, or tag the field json to keep it in a column, or - to leave it out", target))
		return
	}
	rel := &relation{
		m: m, index: len(m.relations), field: field, place: place{offset: offset, typ: f.Type},
		target: r.byType[target], passive: tg.has("passive-deletes"), postUpdate: tg.has("post-update"),
	}
	m.relations = append(m.relations, rel)
	m.relByName[field] = rel
	if short := m.promoted(field); m.relByName[short] == nil {
		m.relByName[short] = rel
	}
	m.places = append(m.places, fieldPlace{offset: offset, typ: f.Type, relation: rel})
	r.pending[rel] = tg
}

// mapRelations resolves all relations: what each finds by itself, then what the other side
// tells, then whether the two sides agree.
func (r *registration) mapRelations() {
	var all []*relation
	for _, m := range r.mappers {
		all = append(all, m.relations...)
	}
	for _, rel := range all {
		r.findInverse(rel)
	}
	resolved := map[*relation]bool{}
	for _, rel := range all {
		resolved[rel] = r.resolve(rel)
	}
	for _, rel := range all {
		if resolved[rel] {
			r.checkInverse(rel)
			r.relationOptions(rel)
		}
	}
}

func (r *registration) option(rel *relation, name string) (tableOption, bool) {
	for _, o := range r.pending[rel] {
		if o.name == name {
			return tableOption{tagOption: o}, true
		}
	}
	return tableOption{}, false
}

// findInverse ties the two sides that name each other. A side that names none is tied by
// the other.
func (r *registration) findInverse(rel *relation) {
	o, ok := r.option(rel, "inverse")
	if !ok {
		return
	}
	other := rel.target.relByName[o.value]
	if other == nil {
		if r.broken[rel.target][o.value] {
			return // reported where it stands
		}
		var names []string
		for _, x := range rel.target.relations {
			names = append(names, x.field)
		}
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s has no relation %q", rel.target.name, o.value)+didYouMean(o.value, names))
		return
	}
	if other.target != rel.m {
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s.%s holds %s, not %s", other.m.name, other.field, other.target.name, rel.m.name))
		return
	}
	if back, ok := r.option(other, "inverse"); ok && rel.m.relByName[back.value] != rel {
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s.%s does not point back: it says inverse:%s", other.m.name, other.field, back.value))
		return
	}
	if other.inverse != nil && other.inverse != rel {
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s.%s is the inverse of %s already", other.m.name, other.field, other.inverse.field))
		return
	}
	if other == rel {
		r.report(rel.m, rel.field, o.tagOption, "a relation cannot be its own inverse")
		return
	}
	rel.inverse, other.inverse = other, rel
}

// resolve finds what a relation follows: a foreign key or a link.
func (r *registration) resolve(rel *relation) bool {
	through, many := r.option(rel, "through")
	if !many && rel.inverse != nil && rel.typ.Kind() == reflect.Slice && rel.inverse.typ.Kind() == reflect.Slice {
		through, many = r.option(rel.inverse, "through")
	}
	if many {
		return r.resolveLink(rel, through)
	}
	key, own, ok := r.keyOf(rel)
	if !ok {
		return false
	}
	rel.key = key
	switch {
	case rel.typ.Kind() == reflect.Slice:
		rel.kind, rel.local, rel.remote = oneToMany, key.remote, key.columns
	case own:
		rel.kind, rel.local, rel.remote = manyToOne, key.columns, key.remote
	default:
		rel.kind, rel.local, rel.remote = oneToOne, key.remote, key.columns
	}
	return true
}

// keysBetween lists the foreign keys of a model that refer to another.
func keysBetween(from, to *mapper) []*foreignKey {
	var keys []*foreignKey
	for _, k := range from.foreignKeys {
		if k.target == to {
			keys = append(keys, k)
		}
	}
	return keys
}

// named reports whether a name from via: means the foreign key.
func (k *foreignKey) named(name string) bool {
	return slices.ContainsFunc(k.columns, func(c *column) bool { return c.name == name || k.m.byField[name] == c })
}

// keyOf finds the foreign key of a relation. own tells that rel.m holds it.
func (r *registration) keyOf(rel *relation) (key *foreignKey, own, ok bool) {
	many := rel.typ.Kind() == reflect.Slice
	var mine []*foreignKey
	if !many {
		mine = keysBetween(rel.m, rel.target)
	}
	theirs := keysBetween(rel.target, rel.m)
	via, hasVia := r.option(rel, "via")
	if rel.m == rel.target && !many {
		// Both sides have the same keys: with a pointer on each, via: tells them apart.
		theirs = nil
		if rel.inverse != nil && rel.inverse.typ.Kind() != reflect.Slice && !hasVia {
			if _, other := r.option(rel.inverse, "via"); other {
				mine, theirs = nil, mine
			} else {
				r.report(rel.m, rel.field, tagOption{}, fmt.Sprintf("it cannot be told whether %s or %s holds the foreign key: put via: on the one that does, and on that one only", rel.field, rel.inverse.field))
				return nil, false, false
			}
		}
	}
	if hasVia {
		by := func(k *foreignKey) bool { return !k.named(via.value) }
		m, t := slices.DeleteFunc(slices.Clone(mine), by), slices.DeleteFunc(slices.Clone(theirs), by)
		if len(m)+len(t) == 0 {
			r.noKey(rel, via, mine, theirs)
			return nil, false, false
		}
		mine, theirs = m, t
	} else if rel.inverse != nil {
		// What the other side says or can only mean is meant here too.
		if v, ok := r.option(rel.inverse, "via"); ok {
			by := func(k *foreignKey) bool { return !k.named(v.value) }
			if m, t := slices.DeleteFunc(slices.Clone(mine), by), slices.DeleteFunc(slices.Clone(theirs), by); len(m)+len(t) > 0 {
				mine, theirs = m, t
			}
		}
		if rel.inverse.typ.Kind() == reflect.Slice {
			theirs = nil // the many side's rows refer, so the key is here
		}
	}
	switch {
	case len(mine) == 1:
		return mine[0], true, true
	case len(mine) == 0 && len(theirs) == 1:
		return theirs[0], false, true
	}
	r.noKey(rel, tableOption{}, mine, theirs)
	return nil, false, false
}

// noKey reports that no foreign key, or more than one, ties two models.
func (r *registration) noKey(rel *relation, via tableOption, mine, theirs []*foreignKey) {
	candidates := append(slices.Clone(mine), theirs...)
	if len(mine) > 0 && via.name == "" {
		candidates = mine
	}
	var names, fixes []string
	for _, k := range candidates {
		names = append(names, k.String())
		fixes = append(fixes, "via:"+k.columns[len(k.columns)-1].field)
	}
	many := rel.typ.Kind() == reflect.Slice
	switch {
	case len(candidates) > 0 && via.name != "":
		r.report(rel.m, rel.field, via.tagOption, fmt.Sprintf("no foreign key between %s and %s is named so: write %s", rel.m.name, rel.target.name, strings.Join(fixes, " or ")))
	case len(candidates) > 0:
		r.report(rel.m, rel.field, tagOption{}, fmt.Sprintf("several foreign keys tie %s to %s (%s): say which with %s", rel.m.name, rel.target.name, strings.Join(names, ", "), strings.Join(fixes, " or ")))
	case r.brokenKeys(rel.m) || r.brokenKeys(rel.target):
		// A foreign key that may be the one is reported already.
	case many && len(keysBetween(rel.m, rel.target)) > 0:
		r.report(rel.m, rel.field, tagOption{}, fmt.Sprintf("is a slice, but the foreign key is in %s itself: make it a *%s, or add a foreign key to %s", rel.m.name, rel.target.typ.Name(), rel.target.name))
	case many:
		r.report(rel.m, rel.field, tagOption{}, fmt.Sprintf("no foreign key ties %s to %s: add fk:%s to a column of %s, or name a link table with through:", rel.target.name, rel.m.name, r.keyText(rel.m), rel.target.name))
	default:
		r.report(rel.m, rel.field, tagOption{}, fmt.Sprintf("no foreign key ties %s to %s: add fk:%s to a column of %s", rel.m.name, rel.target.name, r.keyText(rel.target), rel.m.name))
	}
}

// keyText is what fk: would say to refer to a model.
func (r *registration) keyText(m *mapper) string {
	if len(m.key) == 1 {
		return m.table.String() + "." + m.key[0].name
	}
	return m.table.String() + ".…"
}

// brokenKeys reports whether a model has foreign keys that could not be resolved.
func (r *registration) brokenKeys(m *mapper) bool {
	n := 0
	for _, c := range m.columns {
		if c.options.has("fk") {
			n++
		}
	}
	for _, o := range m.options {
		if o.name == "fk" {
			n++
		}
	}
	for f := range m.typ.Fields() {
		if tg, _, err := lookupTag(f); err != nil || r.broken[m][f.Name] && tg.has("fk") {
			return true
		}
	}
	return n != len(m.foreignKeys)
}

// resolveLink finds the table between the two sides of a many-to-many relation:
// through:table, through:Type, or through:table(left,right) with the columns of a table
// that has no model.
func (r *registration) resolveLink(rel *relation, o tableOption) bool {
	if rel.typ.Kind() != reflect.Slice {
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("is for many-to-many: make the field a []*%s", rel.target.typ.Name()))
		return false
	}
	rel.kind = manyToMany
	name, columns, hasColumns := strings.Cut(o.value, "(")
	name = strings.TrimSpace(name)
	model := r.tableNamed(rel.m, name)
	if model == nil {
		model = r.modelNamed(name)
	}
	mirrored := false // the option is the other side's
	if _, own := r.option(rel, "through"); !own {
		mirrored = true
	}
	if model != nil {
		if hasColumns {
			r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s is mapped: its columns are known; write through:%s, and via: where its foreign keys leave a choice", model.name, name))
			return false
		}
		return r.resolveModelLink(rel, o, model)
	}
	if name == "" || badName(name) != "" {
		r.report(rel.m, rel.field, o.tagOption, "wants the name of a table or of a mapped type")
		return false
	}
	if first := []rune(name)[0]; first >= 'A' && first <= 'Z' {
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("type %s is not in the metadata: give it to NewModels", name))
		return false
	}
	rel.local, rel.remote = rel.m.key, rel.target.key
	if len(rel.local) == 0 || len(rel.remote) == 0 {
		return false // no primary key: reported
	}
	rel.link = &link{table: tagName(name, rel.m.table.Schema)}
	if !hasColumns && rel.inverse != nil && !mirrored {
		if back, ok := r.option(rel.inverse, "through"); ok {
			if n, c, has := strings.Cut(back.value, "("); has && strings.TrimSpace(n) == name {
				columns, hasColumns, mirrored = c, true, true
			}
		}
	}
	if !hasColumns {
		rel.link.left, rel.link.right = r.linkColumns(rel.m), r.linkColumns(rel.target)
		if slices.ContainsFunc(rel.link.left, func(c string) bool { return slices.Contains(rel.link.right, c) }) {
			r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("both sides would be kept in column %s: name the columns, like through:%s(%s,other_id), this side's first", rel.link.left[0], name, rel.link.left[0]))
			return false
		}
		return true
	}
	columns, closed := strings.CutSuffix(strings.TrimSpace(columns), ")")
	left, right, arrow := strings.Cut(columns, "->")
	if !arrow {
		left, right, _ = strings.Cut(columns, ",")
	}
	l, rt := unquotedList(left), unquotedList(right)
	if mirrored {
		l, rt = rt, l
	}
	if !closed || len(l) != len(rel.local) || len(rt) != len(rel.remote) || slices.Contains(l, "") || slices.Contains(rt, "") {
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("wants %d column(s) for %s and %d for %s: through:%s(left,right), or through:%s(left,…->right,…) for composite keys",
			len(rel.local), rel.m.name, len(rel.remote), rel.target.name, name, name))
		return false
	}
	rel.link.left, rel.link.right = l, rt
	return true
}

// linkColumns names the columns of a bare link table that refer to a model.
func (r *registration) linkColumns(m *mapper) []string {
	var names []string
	for _, c := range m.key {
		names = append(names, r.naming.Column(m.typ.Name())+"_"+c.name)
	}
	return names
}

// resolveModelLink finds the two foreign keys of a mapped association type.
func (r *registration) resolveModelLink(rel *relation, o tableOption, model *mapper) bool {
	lefts, rights := keysBetween(model, rel.m), keysBetween(model, rel.target)
	if v, ok := r.option(rel, "via"); ok {
		lefts = slices.DeleteFunc(lefts, func(k *foreignKey) bool { return !k.named(v.value) })
	}
	if rel.inverse != nil {
		if v, ok := r.option(rel.inverse, "via"); ok {
			rights = slices.DeleteFunc(rights, func(k *foreignKey) bool { return !k.named(v.value) })
		}
	}
	if len(lefts) == 1 {
		rights = slices.DeleteFunc(rights, func(k *foreignKey) bool { return k == lefts[0] })
	}
	if len(rights) == 1 {
		lefts = slices.DeleteFunc(lefts, func(k *foreignKey) bool { return k == rights[0] })
	}
	if len(lefts) != 1 || len(rights) != 1 {
		if r.brokenKeys(model) {
			return false
		}
		side, keys := rel.m, lefts
		if len(lefts) == 1 {
			side, keys = rel.target, rights
		}
		if len(keys) == 0 {
			r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("no foreign key of %s refers to %s (%s): add one", model.name, side.name, side.table))
			return false
		}
		var names []string
		for _, k := range keys {
			names = append(names, k.columns[len(k.columns)-1].field)
		}
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("several foreign keys of %s refer to %s (%s): say with via: which of them means %s", model.name, side.name, strings.Join(names, ", "), rel.m.name))
		return false
	}
	left, right := lefts[0], rights[0]
	rel.local, rel.remote = left.remote, right.remote
	rel.link = &link{table: model.table, model: model, left: namesOf(left.columns), right: namesOf(right.columns)}
	return true
}

// checkInverse reports two sides that do not fit together.
func (r *registration) checkInverse(rel *relation) {
	other := rel.inverse
	o, named := r.option(rel, "inverse")
	if other == nil || !named {
		return
	}
	if _, both := r.option(other, "inverse"); both && (other.m.index < rel.m.index || other.m == rel.m && other.index < rel.index) {
		return // said from there
	}
	switch {
	case rel.kind == manyToMany && other.kind == manyToMany && other.link != nil:
		if rel.link.table != other.link.table || !slices.Equal(rel.link.left, other.link.right) || !slices.Equal(rel.link.right, other.link.left) {
			r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s.%s goes through %s (%s), this side through %s (%s): the two must be one link seen from both ends",
				other.m.name, other.field, other.link.table, strings.Join(append(slices.Clone(other.link.left), other.link.right...), ", "),
				rel.link.table, strings.Join(append(slices.Clone(rel.link.left), rel.link.right...), ", ")))
		}
	case rel.kind == manyToMany || other.kind == manyToMany:
		if other.key != nil || rel.key != nil {
			r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("one side goes through a link table and %s.%s does not", other.m.name, other.field))
		}
	case rel.key != nil && other.key != nil && rel.key != other.key:
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s.%s follows foreign key %s, this side %s: add via:%s there, or via:%s here",
			other.m.name, other.field, other.key, rel.key, rel.key.columns[len(rel.key.columns)-1].field, other.key.columns[len(other.key.columns)-1].field))
	case rel.key != nil && other.key != nil && (rel.kind == manyToOne) == (other.kind == manyToOne):
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s.%s and this side are the same end of foreign key %s", other.m.name, other.field, rel.key))
	}
}

// relationOptions reads what a relation does, now that its shape is known.
func (r *registration) relationOptions(rel *relation) {
	rel.cascade = cascadeSave | cascadeMerge
	if o, ok := r.option(rel, "cascade"); ok {
		r.cascadeOption(rel, o)
	}
	if o, ok := r.option(rel, "order"); ok {
		r.orderOption(rel, o)
	}
	if o, ok := r.option(rel, "position"); ok {
		r.positionOption(rel, o)
	}
	if o, ok := r.option(rel, "passive-deletes"); ok && rel.kind == manyToOne {
		r.report(rel.m, rel.field, o.tagOption, "is for the side that is referred to: the database deletes children, never parents")
	}
	if o, ok := r.option(rel, "post-update"); ok && rel.kind == manyToMany {
		r.report(rel.m, rel.field, o.tagOption, "is for foreign keys of the models themselves: a link table has no cycles")
	}
}

// cascadeOption reads cascade:. delete-orphan asks for a child that can have only one
// parent: always so on the side that is referred to; on the other only where the foreign
// key is unique, and on a many-to-many only where a mapped link says that a child is
// linked once.
func (r *registration) cascadeOption(rel *relation, o tableOption) {
	words := splitList(o.value)
	var c cascade
	known := []string{"save-update", "merge", "refresh-expire", "expunge", "delete", "delete-orphan", "all", "none"}
	for _, w := range words {
		switch w {
		case "save-update":
			c |= cascadeSave
		case "merge":
			c |= cascadeMerge
		case "refresh-expire":
			c |= cascadeRefresh
		case "expunge":
			c |= cascadeExpunge
		case "delete":
			c |= cascadeDelete
		case "delete-orphan":
			c |= cascadeOrphan
		case "all":
			c |= cascadeAll
		case "none":
			if len(words) > 1 {
				r.report(rel.m, rel.field, o.tagOption, `"none" contradicts the rest`)
			}
		default:
			r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("unknown cascade %q", w)+didYouMean(w, known))
		}
	}
	rel.cascade = c
	if !c.has(cascadeOrphan) {
		return
	}
	switch {
	case !c.has(cascadeDelete):
		r.report(rel.m, rel.field, o.tagOption, "delete-orphan needs delete: write cascade:all,delete-orphan")
	case rel.kind == manyToOne && !rel.key.unique():
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("delete-orphan on a many-to-one would delete a %s that others refer to: put it on the other side, or tag %s unique", rel.target.name, rel.key))
	case rel.kind == manyToMany && !rel.linkedOnce():
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("delete-orphan on a many-to-many would delete a %s that others are linked to: map the link table as a type whose reference to %s is unique, or leave it out", rel.target.name, rel.target.name))
	}
}

// linkedOnce reports whether a mapped link lets each target have one owner only.
func (rel *relation) linkedOnce() bool {
	if rel.link.model == nil {
		return false
	}
	var right []*column
	for _, name := range rel.link.right {
		right = append(right, rel.link.model.byColumn[name])
	}
	return sameColumns(right, rel.link.model.key) ||
		slices.ContainsFunc(rel.link.model.uniques, func(u *uniqueKey) bool { return sameColumns(u.columns, right) })
}

// orderOption reads order:, columns or fields of the target with asc or desc.
func (r *registration) orderOption(rel *relation, o tableOption) {
	if !rel.kind.toMany() {
		r.report(rel.m, rel.field, o.tagOption, "is for slices: one row has no order")
		return
	}
	for _, item := range splitList(o.value) {
		name, dir, _ := strings.Cut(item, " ")
		dir = strings.ToLower(strings.TrimSpace(dir))
		if dir != "" && dir != "asc" && dir != "desc" {
			r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%q is no direction: write asc or desc", dir))
			continue
		}
		if c := r.column(rel.m, rel.target, rel.field, o, name); c != nil {
			rel.order = append(rel.order, orderTerm{c, dir == "desc"})
		}
	}
}

// positionOption reads position:, an integer column of the rows that make up the slice.
func (r *registration) positionOption(rel *relation, o tableOption) {
	of := rel.target
	switch {
	case !rel.kind.toMany():
		r.report(rel.m, rel.field, o.tagOption, "is for slices: one row has no position")
		return
	case rel.kind == manyToMany && rel.link.model == nil:
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("the position is kept in the link: map table %s as a type that has it", rel.link.table))
		return
	case rel.kind == manyToMany:
		of = rel.link.model
	}
	if _, both := r.option(rel, "order"); both {
		r.report(rel.m, rel.field, o.tagOption, "contradicts order:, since the position is the order")
		return
	}
	c := r.column(rel.m, of, rel.field, o, o.value)
	switch {
	case c == nil:
	case c.codec.class != classInt:
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s.%s is of type %s: a position is an integer", of.name, c.field, c.typ))
	case c.pk || c.readOnly || c.version:
		r.report(rel.m, rel.field, o.tagOption, fmt.Sprintf("%s.%s is not free to be written", of.name, c.field))
	default:
		rel.position = c
	}
}
