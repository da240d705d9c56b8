package ingot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Receipts of texts. A database rewrites the expressions it is given, and what it prints
// depends on how the object came to be. So after each revision the texts of its tables and
// domains are kept twice: as the steps have them and as the catalog prints them. Whoever compares later
// puts the first in the place of the second where the catalog still prints the same.

// eachText calls fn with every text of a table that a database may rewrite. The object names
// where it stands; fn may change the text.
func eachText(t *Table, fn func(object string, text *SQLText)) {
	at := t.name().String()
	visit := func(text *SQLText, format string, args ...any) {
		if *text != "" {
			fn(at+" "+fmt.Sprintf(format, args...), text)
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if typ := SQLText(c.Type); !commonType(c.Type) {
			visit(&typ, "column %s type", c.Name)
			c.Type = Type(typ)
		}
		visit(&c.Default, "column %s default", c.Name)
		visit(&c.OnUpdate, "column %s on update", c.Name)
		visit(&c.Generated, "column %s generated", c.Name)
	}
	for i := range t.Checks {
		if c := &t.Checks[i]; c.Name != "" {
			visit(&c.Expr, "check %s", c.Name)
		}
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		visit(&x.Where, "index %s where", x.Name)
		for j := range x.Parts {
			visit(&x.Parts[j].Expr, "index %s part %d", x.Name, j+1)
		}
	}
}

// eachDomainText is eachText for a domain, whose name no table of its schema has.
func eachDomainText(d *Domain, fn func(object string, text *SQLText)) {
	like := Table{Schema: d.Schema, Name: d.Name, Columns: []Column{d.column()}, Checks: d.Checks}
	like.Columns[0].Name = domainValue
	eachText(&like, fn)
	d.Type, d.Default = like.Columns[0].Type, like.Columns[0].Default
}

// eachViewText is eachText for a view, whose name no table has.
func eachViewText(v *View, fn func(object string, text *SQLText)) {
	if v.SQL != "" {
		fn(v.name().String()+" view", &v.SQL)
	}
}

// eachObjectText is eachText for all tables, domains and views of a schema.
func (s *Schema) eachObjectText(fn func(object string, text *SQLText)) {
	for i := range s.Tables {
		eachText(&s.Tables[i], fn)
	}
	for i := range s.Domains {
		eachDomainText(&s.Domains[i], fn)
	}
	for i := range s.Views {
		eachViewText(&s.Views[i], fn)
	}
}

// textsOf is eachText for the table, domain or view of that name, if there is one.
func (s *Schema) textsOf(name TableName, fn func(object string, text *SQLText)) {
	if t := s.Table(name); t != nil {
		eachText(t, fn)
	} else if i := s.domainIndex(name); i >= 0 {
		eachDomainText(&s.Domains[i], fn)
	} else if i := s.viewIndex(name); i >= 0 {
		eachViewText(&s.Views[i], fn)
	}
}

// commonType reports whether a type is a word of the common vocabulary, which dialects know
// in all its spellings.
func commonType(t Type) bool {
	word, _, _ := strings.Cut(string(t), "(")
	switch word {
	case "boolean", "smallint", "integer", "bigint", "real", "double", "decimal", "varchar", "char", "text", "blob",
		"date", "time", "timestamp", "json", "uuid":
		return true
	}
	return false
}

// A textReceipt is a text as the model has it, and as the catalog printed it.
type textReceipt struct{ model, catalog SQLText }

// receipts reads what was kept of texts.
func (s stateStore) receipts(ctx context.Context) (map[string]textReceipt, error) {
	kept := map[string]textReceipt{}
	var object, model, catalog string
	err := s.each(ctx, "SELECT `object`, `model`, `catalog` FROM `"+objectTable+"`", nil,
		[]any{&object, &model, &catalog}, func() { kept[object] = textReceipt{SQLText(model), SQLText(catalog)} })
	return kept, err
}

// asModeled puts the texts of models in the place of what the catalog made of them.
func (s *Schema) asModeled(kept map[string]textReceipt) {
	if len(kept) == 0 {
		return
	}
	s.eachObjectText(func(object string, text *SQLText) {
		if r, ok := kept[object]; ok && r.catalog == *text {
			*text = r.model
		}
	})
}

// keepTexts writes the receipts of the texts in the tables, domains and views that the
// revision touched.
func (r *revisionRun) keepTexts(ctx context.Context, s stateStore) error {
	steps := r.steps
	var touched []TableName
	touch := func(t TableName) {
		if !slices.Contains(touched, t) {
			touched = append(touched, t)
		}
	}
	for _, step := range flatSteps(steps) {
		switch kind, object := objectOf(step); kind {
		case ObjectTable, ObjectView, ObjectDomain:
			touch(object)
		}
		if x, ok := step.(RenameTable); ok {
			touch(TableName{x.Schema, x.To})
		}
	}
	if len(touched) == 0 {
		return nil
	}
	kept, err := s.receipts(ctx)
	if err != nil {
		return err
	}
	// The texts as the models have them: what was there, as modeled, and the steps. A step
	// that cannot be replayed costs its texts, nothing more.
	modeled := &Schema{}
	if r.met != nil {
		modeled = r.met.Clone()
	}
	modeled.asModeled(kept)
	for _, step := range steps[r.first:] {
		_ = modeled.Apply(step)
	}
	texts := map[string]SQLText{}
	for _, step := range steps[:r.first] { // done by an earlier run
		one := &Schema{}
		switch x := step.(type) {
		case CreateTable, CreateDomain, CreateView:
			_ = one.Apply(step)
		case AlterView:
			_ = one.Apply(CreateView{x.New})
		}
		one.eachObjectText(func(object string, text *SQLText) { texts[object] = *text })
	}
	for _, t := range touched {
		modeled.textsOf(t, func(object string, text *SQLText) {
			if _, ok := texts[object]; !ok {
				texts[object] = *text
			}
		})
	}
	if len(texts) == 0 && len(kept) == 0 {
		return nil
	}
	here, err := inspect(ctx, r.d, s.q, &r.m.db.server, schemasOf(flatSteps(steps)))
	if err != nil {
		return err
	}
	r.before = here // more exact than what was replayed
	now := map[string]textReceipt{}
	for _, t := range touched {
		here.textsOf(t, func(object string, text *SQLText) {
			if model, ok := texts[object]; ok && model != *text {
				now[object] = textReceipt{model, *text}
			}
		})
	}
	for _, t := range touched {
		for _, object := range slices.Sorted(maps.Keys(kept)) {
			if _, ok := now[object]; !ok && strings.HasPrefix(object, t.String()+" ") {
				if err := s.exec(ctx, "DELETE FROM `"+objectTable+"` WHERE `object` = ?", object); err != nil {
					return err
				}
			}
		}
	}
	for _, object := range slices.Sorted(maps.Keys(now)) {
		if kept[object] == now[object] {
			continue
		}
		if err := s.exec(ctx, "DELETE FROM `"+objectTable+"` WHERE `object` = ?", object); err != nil {
			return err
		}
		if err := s.exec(ctx, "INSERT INTO `"+objectTable+"` (`object`, `model`, `catalog`, `revision`, `server`) VALUES (?, ?, ?, ?, ?)",
			object, string(now[object].model), string(now[object].catalog), r.n.ID, r.m.db.server.String()); err != nil {
			return err
		}
	}
	return nil
}

// flatSteps puts what an [Exec] says it does to the schema in the place of the Exec.
func flatSteps(steps []Step) []Step {
	var flat []Step
	for _, s := range steps {
		if x, ok := s.(Exec); ok && len(x.State) > 0 {
			flat = append(flat, flatSteps(x.State)...)
		} else {
			flat = append(flat, s)
		}
	}
	return flat
}
