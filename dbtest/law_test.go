package dbtest

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ingot"
)

// The round-trip law: a random schema, made on a real database and inspected, is no
// different; nor is it after the steps to another random schema, and to more, nor after their
// reverse. Rows that are there survive. Schemas that break the law are printed with their
// seed, made as small as they go.

var (
	lawSeeds = flag.Int("law.seeds", 8, "random schemas to try on each database")
	lawFirst = flag.Uint64("law.first", 1, "the first seed")
)

func TestRandomSchemasRoundTrip(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		if strings.HasSuffix(db.name, "-pq") || strings.HasSuffix(db.name, "-mattn") {
			t.Skip("another driver to the same database")
		}
		forget := func() {}
		if db.kind != "sqlite" {
			db.other = fresh() + ` "Ö'x`
			admin := db.admin(t)
			admin.SetMaxOpenConns(1)
			forget = func() {
				for _, text := range map[string][]string{
					"postgres": {"DROP SCHEMA IF EXISTS " + db.quote(db.other) + " CASCADE"},
					"mysql":    {"SET foreign_key_checks = 0", "DROP DATABASE IF EXISTS " + db.quote(db.other)},
				}[db.kind] {
					if _, err := admin.Exec(text); err != nil {
						t.Error(err)
					}
				}
			}
			t.Cleanup(forget)
		}
		again := func(t *testing.T) *database { // an empty database
			for _, text := range db.leftTables(t) { // whose foreign keys hold names of the other schema
				db.exec(t, text)
			}
			forget()
			empty := db.target.open(t)
			empty.other = db.other
			return empty
		}
		for i := range *lawSeeds {
			seed := *lawFirst + uint64(i)
			path := drawPath(seed, db)
			err := db.tryPath(t.Context(), path...)
			if err == nil {
				continue
			}
			tries, first := 0, err
			path = shrink(path, func(path []*ingot.Schema) bool {
				var small error
				t.Run("smaller", func(t *testing.T) { small = again(t).tryPath(t.Context(), path...) })
				if tries++; tries > 600 || small == nil || kindOf(small) != kindOf(err) {
					return false
				}
				err = small
				return true
			})
			text := fmt.Sprintf("seed %d (-law.first=%d -law.seeds=1): %v\nand made smaller: %v\n\nthe schema was\n%s", seed, seed, first, err, db.source(nil, path[0]))
			for i, s := range path[1:] {
				text += "\nand changed by\n" + db.source(path[i], s)
			}
			t.Error(text)
			db = again(t) // what it left behind would fail the next
		}
	})
}

// leftTables are the statements that drop the tables of a MySQL database, in one session.
func (db *database) leftTables(t *testing.T) []string {
	if db.kind != "mysql" {
		return nil
	}
	db.SetMaxOpenConns(1)
	texts := []string{"SET foreign_key_checks = 0"}
	for _, x := range db.inspect(t).Tables {
		if x.Schema == "" {
			texts = append(texts, "DROP TABLE "+db.table(&x))
		}
	}
	return append(texts, "SET foreign_key_checks = 1")
}

// source is what leads from one schema, nil for none, to another, as Go. What speaks to Compare
// alone is not in the steps.
func (db *database) source(from, to *ingot.Schema) string {
	conventions := ""
	for _, t := range to.Tables {
		for _, x := range t.Uniques {
			if x.AnyName {
				conventions += fmt.Sprintf("%q ", x.Name)
			}
		}
		for _, x := range t.ForeignKeys {
			if x.AnyName {
				conventions += fmt.Sprintf("%q ", x.Name)
			}
		}
		for _, x := range t.Checks {
			if x.AnyName {
				conventions += fmt.Sprintf("%q ", x.Name)
			}
		}
		for _, x := range t.Indexes {
			if x.AnyName {
				conventions += fmt.Sprintf("%q ", x.Name)
			}
		}
	}
	source, err := ingot.FormatSteps(ingot.Compare(from, to, ingot.CompareDialect(db.dialect)), "")
	if err != nil {
		return err.Error()
	}
	return source + "\nAnyName: " + conventions
}

var details = regexp.MustCompile("'[^']*'|\"[^\"]*\"|`[^`]*`|[0-9]+")

// kindOf tells errors apart: the first line, without names and numbers.
func kindOf(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return details.ReplaceAllString(line, "")
}

func checkPair(t *testing.T, db *database, a, b *ingot.Schema) {
	t.Helper()
	if err := db.tryPath(t.Context(), a, b); err != nil {
		t.Fatal(err)
	}
}

// tryPath makes the first schema, leads it to the next ones and back, and drops all.
func (db *database) tryPath(ctx context.Context, path ...*ingot.Schema) error {
	d := ingot.CompareDialect(db.dialect)
	kept := receipts{}
	there, err := db.tryInspect(ctx)
	if err != nil {
		return err
	}
	none := there
	migrate := func(steps []ingot.Step) error {
		if err := db.tryMigrate(ctx, there, steps); err != nil {
			return err
		}
		after, err := db.tryInspect(ctx)
		if err != nil {
			return err
		}
		meant := kept.modeled(there)
		if err := meant.ApplySteps(steps); err != nil {
			return err
		}
		kept.keep(there, meant, after)
		there = after
		return nil
	}
	keeping := func(i, side int, steps []ingot.Step) error { // rows of what is in path[i] and the next one
		shared := sharedTables(path[i], path[i+1])
		before, err := db.tryDump(ctx, shared, side)
		if err != nil {
			return err
		}
		if err := migrate(steps); err != nil {
			return err
		}
		after, err := db.tryDump(ctx, shared, 1-side)
		if err == nil && before != after {
			err = fmt.Errorf("rows are lost or changed: they were\n%s, are\n%s, after\n%s", before, after, listing(steps))
		}
		return err
	}

	if err := migrate(ingot.Compare(none, path[0], d)); err != nil {
		return err
	}
	there.Views = kept.modeled(there).Views // MySQL prints none as it was given
	if err := db.tryLaw(ctx, "created", there, path[0]); err != nil {
		return err
	}
	ways := make([][]ingot.Step, len(path))
	for i, next := range path[1:] {
		var old []sharedTable // with the rows they have: a constraint that went may come back
		if i > 0 {
			old = sharedTables(path[i-1], path[i])
		}
		if err := db.tryFill(ctx, old, path[i:]...); err != nil {
			return err
		}
		if ways[i], err = db.compare(ctx, kept.modeled(there), next); err != nil {
			return err
		}
		if err := keeping(i, 0, ways[i]); err != nil {
			return err
		}
		if err := db.tryLaw(ctx, "changed", kept.modeled(there), next); err != nil {
			return err
		}
	}
	for i := len(path) - 2; i >= 0; i-- {
		down, err := ingot.ReverseSteps(ways[i])
		if err != nil {
			return err
		}
		if err := keeping(i, 1, down); err != nil {
			return err
		}
		if err := db.tryLaw(ctx, "reversed", kept.modeled(there), path[i]); err != nil {
			return err
		}
	}
	if err := migrate(ingot.Compare(there, none, d)); err != nil {
		return err
	}
	return db.tryLaw(ctx, "dropped", there, none)
}

// receipts are texts as the steps have them and as the catalog prints them, by where they
// stand: what migrations keep, since texts depend on how an object came to be.
type receipts map[string][2]ingot.SQLText

func eachText(s *ingot.Schema, fn func(at string, text *ingot.SQLText)) {
	for i := range s.Domains {
		x := &s.Domains[i]
		at := fmt.Sprintf("%q %q ", x.Schema, x.Name)
		fn(at+"default", &x.Default)
		for j := range x.Checks {
			if k := &x.Checks[j]; k.Name != "" {
				fn(at+"check "+k.Name, &k.Expr)
			}
		}
	}
	for i := range s.Views {
		v := &s.Views[i]
		fn(fmt.Sprintf("%q %q view", v.Schema, v.Name), &v.SQL)
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		at := fmt.Sprintf("%q %q ", t.Schema, t.Name)
		for j := range t.Columns {
			c := &t.Columns[j]
			fn(at+"column "+c.Name, &c.Default)
			fn(at+"generated "+c.Name, &c.Generated)
		}
		for j := range t.Checks {
			if k := &t.Checks[j]; k.Name != "" {
				fn(at+"check "+k.Name, &k.Expr)
			}
		}
		for j := range t.Indexes {
			x := &t.Indexes[j]
			fn(at+"where "+x.Name, &x.Where)
			for k := range x.Parts {
				fn(fmt.Sprint(at, "part ", k, x.Name), &x.Parts[k].Expr)
			}
		}
	}
}

// keep notes the texts of a schema as it was meant, and as it came back, of what the steps
// touched.
func (r receipts) keep(before, meant, got *ingot.Schema) {
	texts, meant := map[string]ingot.SQLText{}, meant.Clone()
	was := r.modeled(before)
	meant.Domains = slices.DeleteFunc(meant.Domains, func(d ingot.Domain) bool {
		return slices.ContainsFunc(was.Domains, func(x ingot.Domain) bool { return reflect.DeepEqual(x, d) })
	})
	meant.Tables = slices.DeleteFunc(meant.Tables, func(t ingot.Table) bool {
		return slices.ContainsFunc(was.Tables, func(x ingot.Table) bool { return reflect.DeepEqual(x, t) })
	})
	eachText(meant, func(at string, text *ingot.SQLText) { texts[at] = *text })
	eachText(got.Clone(), func(at string, text *ingot.SQLText) {
		if model := texts[at]; model != "" && *text != "" {
			r[at] = [2]ingot.SQLText{model, *text}
		}
	})
}

// modeled is a schema with the texts that were meant where the catalog still prints the same.
func (r receipts) modeled(s *ingot.Schema) *ingot.Schema {
	s = s.Clone()
	eachText(s, func(at string, text *ingot.SQLText) {
		if kept, ok := r[at]; ok && kept[1] == *text {
			*text = kept[0]
		}
	})
	return s
}

// compare lets the server judge what the texts do not tell.
func (db *database) compare(ctx context.Context, from, to *ingot.Schema) ([]ingot.Step, error) {
	steps := ingot.Compare(from, to, ingot.CompareDialect(db.dialect))
	if len(steps) == 0 {
		return nil, nil
	}
	engine, err := ingot.Open(db.DB, db.dialect, ingot.Options{})
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	return ingot.Compare(from, to, ingot.CompareOn(ctx, engine)), nil
}

func wantLaw(t *testing.T, db *database, what string, got, want *ingot.Schema) {
	t.Helper()
	if err := db.tryLaw(t.Context(), what, got, want); err != nil {
		t.Fatal(err)
	}
}

// tryLaw compares a schema that was inspected with the one that was meant, both ways. What
// was validated need not become invalid again, and the index that a foreign key needs need not go.
func (db *database) tryLaw(ctx context.Context, what string, got, want *ingot.Schema) error {
	for _, c := range []struct {
		way      string
		from, to *ingot.Schema
	}{{"", got, want}, {" (the other way)", want, anyNames(got)}} {
		steps, err := db.compare(ctx, c.from, c.to)
		if err != nil {
			return err
		}
		if c.way != "" {
			steps = slices.DeleteFunc(steps, func(s ingot.Step) bool { return db.serves(s, got) })
		}
		if len(steps) > 0 && !(c.way != "" && onlyValidate(steps)) {
			source, _ := ingot.FormatSteps(steps, "")
			return fmt.Errorf("what was %s differs%s: %T:\n%s\n%s", what, c.way, steps[0], listing(steps), source)
		}
	}
	return nil
}

// onlyValidate reports whether steps do nothing but look at rows that are there. Views of what
// is looked at may be made anew.
func onlyValidate(steps []ingot.Step) bool {
	return !slices.ContainsFunc(steps, func(s ingot.Step) bool {
		switch s := s.(type) {
		case ingot.ValidateConstraint:
			return false
		case ingot.DropView:
			return !slices.ContainsFunc(steps, func(made ingot.Step) bool { return made == ingot.CreateView(s) })
		case ingot.CreateView:
			return !slices.ContainsFunc(steps, func(gone ingot.Step) bool { return gone == ingot.DropView(s) })
		case ingot.AlterDomain:
			from, to := s.Old, s.New
			for _, x := range []*ingot.Domain{&from, &to} {
				x.Checks = slices.Clone(x.Checks)
				slices.SortFunc(x.Checks, func(a, b ingot.Check) int { return cmp.Compare(a.Name, b.Name) })
			}
			for i := range from.Checks {
				from.Checks[i].NotValid = from.Checks[i].NotValid && i < len(to.Checks) && to.Checks[i].NotValid
			}
			return !reflect.DeepEqual(from, to)
		}
		return true
	})
}

// serves reports whether a step makes an index that MySQL keeps for a foreign key, if it was not
// made for it: it need not be in the schema that was meant.
func (db *database) serves(s ingot.Step, got *ingot.Schema) bool {
	x, is := s.(ingot.CreateIndex)
	return is && db.traits().ForeignKeyIndexes && !x.Index.Unique && slices.ContainsFunc(got.Table(x.Table).ForeignKeys, func(f ingot.ForeignKey) bool {
		return slices.EqualFunc(x.Index.Parts, f.Columns, func(p ingot.IndexPart, column string) bool { return p.Column == column })
	})
}

// anyNames is the schema with no name insisted on: the other side may have left some to the
// database.
func anyNames(s *ingot.Schema) *ingot.Schema {
	s = s.Clone()
	for i := range s.Domains {
		for j := range s.Domains[i].Checks {
			s.Domains[i].Checks[j].AnyName = true
		}
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		t.PrimaryKey.AnyName = true
		for j := range t.Uniques {
			t.Uniques[j].AnyName = true
		}
		for j := range t.ForeignKeys {
			t.ForeignKeys[j].AnyName = true
		}
		for j := range t.Checks {
			t.Checks[j].AnyName = true
		}
		for j := range t.Indexes {
			t.Indexes[j].AnyName = true
		}
	}
	return s
}

func listing(steps []ingot.Step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

func (db *database) migrate(t *testing.T, before *ingot.Schema, steps []ingot.Step) {
	t.Helper()
	if err := db.tryMigrate(t.Context(), before, steps); err != nil {
		t.Fatal(err)
	}
}

// tryMigrate runs steps as a migration does: on one connection in its mode, in one
// transaction where DDL is transactional, and rendered together where the dialect does so.
func (db *database) tryMigrate(ctx context.Context, before *ingot.Schema, steps []ingot.Step) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	mode, hasMode := db.dialect.(ingot.MigrationConn)
	if hasMode {
		end, err := mode.BeginMigration(ctx, conn, steps, &db.Server)
		if err != nil {
			return err
		}
		if end != nil {
			defer func() {
				if failed := end(context.WithoutCancel(ctx)); err == nil {
					err = failed
				}
			}()
		}
	}
	defer func() {
		if err != nil {
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
		}
	}()
	if db.Server.TransactionalDDL {
		if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
			return err
		}
	}
	state := before.Clone()
	for rest := steps; len(rest) > 0; {
		texts, n, err := db.render(rest, state)
		if err != nil {
			return fmt.Errorf("%T is not rendered: %w\n%v\namong\n%s", rest[0], err, rest[0], listing(steps))
		}
		for _, text := range texts {
			if _, err := conn.ExecContext(ctx, text); err != nil {
				return fmt.Errorf("%T: %w\n%v\n%s\namong\n%s", rest[0], err, rest[0], text, listing(steps))
			}
		}
		if err := state.ApplySteps(rest[:n]); err != nil {
			return fmt.Errorf("%w\namong\n%s", err, listing(steps))
		}
		rest = rest[n:]
	}
	if hasMode {
		if err := mode.CheckMigration(ctx, conn, steps, &db.Server); err != nil {
			return err
		}
	}
	if db.Server.TransactionalDDL {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	return err
}

func (db *database) render(steps []ingot.Step, before *ingot.Schema) (texts []string, n int, err error) {
	if g, ok := db.dialect.(interface {
		DDLGroup([]ingot.Step, *ingot.Schema, *ingot.Server) ([]string, int, error)
	}); ok {
		return g.DDLGroup(steps, before, &db.Server)
	}
	texts, err = db.dialect.(ingot.SchemaDialect).DDL(steps[0], before, &db.Server)
	return texts, 1, err
}

func (db *database) fill(t *testing.T, s, b *ingot.Schema) {
	t.Helper()
	if err := db.tryFill(t.Context(), nil, s, b); err != nil {
		t.Fatal(err)
	}
}

// tryFill puts rows into the tables of the first schema that have none, but for the old ones, and
// lets them refer to rows of tables that all the others have too. What a constraint refuses is
// left out.
func (db *database) tryFill(ctx context.Context, old []sharedTable, path ...*ingot.Schema) error {
	try := func(text string) error {
		_, err := db.ExecContext(ctx, text+fmt.Sprintf(" /* %d */", count.Add(1)))
		if err != nil && !strings.Contains(strings.ToLower(err.Error()), "constraint") && !strings.Contains(err.Error(), "uplicate") && !strings.Contains(err.Error(), "cannot be null") && !strings.Contains(err.Error(), "does not allow null values") {
			return fmt.Errorf("rows: %w\n%s", err, text)
		}
		return nil
	}
	a := path[0]
	stays := func(x *ingot.Table) bool {
		for i, next := range path[1:] {
			shared := sharedTables(path[i], next)
			at := slices.IndexFunc(shared, func(s sharedTable) bool { return s.tables[0] == x })
			if at < 0 {
				return false
			}
			x = shared[at].tables[1]
		}
		return true
	}
	first := func(ref *ingot.Table, column string) string { // MySQL wants the table that is written in one more SELECT
		return "(SELECT v FROM (SELECT min(" + db.quote(column) + ") AS v FROM " + db.table(ref) + ") first)"
	}
	filled := make([]bool, len(a.Tables)) // or as far as they can be
	order := make([]int, len(a.Tables))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(len(needed(&a.Tables[i])), len(needed(&a.Tables[j]))) })
	for _, i := range order {
		x := &a.Tables[i]
		needs := needed(x)
		refers := func(c ingot.Column) bool { // or did once, and may again
			return strings.HasPrefix(c.Name, "fk") && !c.Null && !slices.Contains(needs, c.Name)
		}
		if slices.ContainsFunc(old, func(s sharedTable) bool { return s.tables[1] == x }) || slices.ContainsFunc(x.Columns, refers) || slices.ContainsFunc(x.ForeignKeys, func(f ingot.ForeignKey) bool {
			ref := a.Table(ingot.TableName{Schema: f.RefSchema, Name: f.RefTable})
			return slices.ContainsFunc(f.Columns, func(c string) bool { return slices.Contains(needs, c) }) && (ref == nil || !stays(ref) || shares(x, f))
		}) {
			filled[i] = true
			continue
		}
		if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+db.table(x)+fmt.Sprintf(") /* %d */", count.Add(1))).Scan(&filled[i]); err != nil {
			return err
		}
		for n := range 3 {
			if filled[i] {
				break
			}
			var names, values []string
			for _, c := range x.Columns {
				if c.Generated != "" || c.Null && n == 1 || c.Auto || strings.HasPrefix(c.Name, "fk") {
					continue
				}
				names = append(names, db.quote(c.Name))
				values = append(values, db.sample(c, n))
			}
			for _, f := range x.ForeignKeys {
				for j, c := range f.Columns {
					if ref := a.Table(ingot.TableName{Schema: f.RefSchema, Name: f.RefTable}); slices.Contains(needs, c) && !slices.Contains(names, db.quote(c)) {
						names, values = append(names, db.quote(c)), append(values, first(ref, f.RefColumns[j]))
					}
				}
			}
			text := "INSERT INTO " + db.table(x) + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
			if len(names) == 0 {
				text = "INSERT INTO " + db.table(x) + " " + db.Server.EmptyValues
			}
			if err := try(text); err != nil {
				return err
			}
		}
	}
	for i := range a.Tables {
		x := &a.Tables[i]
		for _, f := range x.ForeignKeys {
			ref := a.Table(ingot.TableName{Schema: f.RefSchema, Name: f.RefTable})
			if filled[i] || ref == nil || !stays(ref) || shares(x, f) {
				continue
			}
			var sets []string
			for j, c := range f.Columns {
				if x.Column(c).Null {
					sets = append(sets, db.quote(c)+" = "+first(ref, f.RefColumns[j]))
				}
			}
			if sets == nil {
				continue
			}
			if err := try("UPDATE " + db.table(x) + " SET " + strings.Join(sets, ", ")); err != nil {
				return err
			}
		}
	}
	return nil
}

// shares reports whether another foreign key of the table wants its own value in the same
// column.
func shares(t *ingot.Table, f ingot.ForeignKey) bool {
	return slices.ContainsFunc(t.ForeignKeys, func(o ingot.ForeignKey) bool {
		return !reflect.DeepEqual(o, f) && slices.ContainsFunc(f.Columns, func(c string) bool { return slices.Contains(o.Columns, c) })
	})
}

// needed are the columns of foreign keys that hold no NULL.
func needed(t *ingot.Table) (columns []string) {
	for _, f := range t.ForeignKeys {
		for _, c := range f.Columns {
			if !t.Column(c).Null {
				columns = append(columns, c)
			}
		}
	}
	return columns
}

// sample is a value that casts to most others of its group of types.
func (db *database) sample(c ingot.Column, n int) string {
	switch domainGroup(c.Type) {
	case "feeling":
		return "'1'"
	case "text", "number":
		return fmt.Sprintf("'%d'", n+1)
	}
	switch word, _, _ := strings.Cut(string(c.Type), "("); word {
	case "boolean":
		return fmt.Sprint(n%2 == 0)
	case "blob":
		return map[string]string{"sqlite": fmt.Sprintf("x'3%d'", n+1)}[db.kind] + map[string]string{"postgres": fmt.Sprintf("'%d'", n+1), "mysql": fmt.Sprintf("'%d'", n+1)}[db.kind]
	case "", "enum", "varchar", "char", `"char"`, "tinytext", "text", "varbinary", "binary", "set": // every list has '1'
		if c.Enum != "" || word == "enum" || word == "set" {
			return "'1'"
		}
		return fmt.Sprintf("'%d'", n+1)
	case "date":
		return fmt.Sprintf("'2024-02-%02d'", n+1)
	case "time":
		return fmt.Sprintf("'10:11:%02d'", n)
	case "timestamp", "datetime":
		return fmt.Sprintf("'2024-02-03 10:11:%02d'", n)
	case "year":
		return fmt.Sprint(2024 + n)
	case "json", "pg_catalog.json":
		return fmt.Sprintf(`'{"n":%d}'`, n)
	case "uuid":
		return fmt.Sprintf("'6ba7b810-9dad-11d1-80b4-00c04fd430c%d'", n)
	case "inet":
		return fmt.Sprintf("'10.0.0.%d'", n)
	case "interval":
		return fmt.Sprintf("'%d days'", n)
	case "bit", "bit varying":
		return "'101'"
	case "int4range":
		return fmt.Sprintf("'[%d,9)'", n)
	case "macaddr":
		return fmt.Sprintf("'08:00:2b:01:02:0%d'", n)
	case "tsvector":
		return "'1'"
	case "point":
		return map[string]string{"postgres": "'(1,2)'", "mysql": "POINT(1, 2)"}[db.kind]
	}
	if strings.HasSuffix(string(c.Type), "[]") {
		return "'{1}'"
	}
	if strings.HasPrefix(string(c.Type), `"`) { // an enum
		return "'1'"
	}
	return fmt.Sprint(n + 1)
}

// A sharedTable is a table that two schemas have, whatever they call it, with the columns
// that both have and no expression computes.
type sharedTable struct {
	tables  [2]*ingot.Table
	columns [][2]*ingot.Column
}

func sharedTables(a, b *ingot.Schema) []sharedTable {
	var list []sharedTable
	for j := range b.Tables {
		y := &b.Tables[j]
		x := a.Table(ingot.TableName{Schema: y.Schema, Name: y.Name})
		moved := func(o ingot.Table) bool { return o.Schema == y.Schema && o.Was == y.Name && o.Name != y.Was }
		if y.Was != "" && (x == nil || slices.ContainsFunc(b.Tables, moved)) {
			x = a.Table(ingot.TableName{Schema: y.Schema, Name: y.Was})
		}
		if x == nil {
			continue
		}
		s := sharedTable{tables: [2]*ingot.Table{x, y}}
		for m := range y.Columns {
			q := &y.Columns[m]
			p := x.Column(q.Name)
			moved := func(o ingot.Column) bool { return o.Was == q.Name && o.Name != q.Was }
			if q.Was != "" && (p == nil || slices.ContainsFunc(y.Columns, moved)) {
				p = x.Column(q.Was)
			}
			if p != nil && p.Generated == "" && q.Generated == "" && (!retyped(p, q) || holdsNumbers(p) && holdsNumbers(q)) {
				s.columns = append(s.columns, [2]*ingot.Column{p, q})
			}
		}
		list = append(list, s)
	}
	return list
}

// retyped reports whether the columns are of different types, or of a domain, which may have
// become another.
func retyped(p, q *ingot.Column) bool {
	return p.Type != q.Type || p.Enum != q.Enum || domainGroup(ingot.Type(strings.TrimSuffix(string(p.Type), "[]"))) != ""
}

func holdsNumbers(c *ingot.Column) bool {
	return slices.Contains([]string{"number", "text", "enum"}, groupOf(c))
}

func (db *database) dump(t *testing.T, a, b *ingot.Schema, side int) string {
	t.Helper()
	text, err := db.tryDump(t.Context(), sharedTables(a, b), side)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// tryDump is the content of the columns that two schemas share, as the one of that side names
// them. Where the type is another, it is the numbers that the rows were filled with, which
// all types of a group hold.
func (db *database) tryDump(ctx context.Context, shared []sharedTable, side int) (string, error) {
	var out strings.Builder
	for _, s := range shared {
		var names []string
		for _, c := range s.columns {
			name := db.quote(c[side].Name)
			if db.kind == "sqlite" { // whose drivers make times of text by the type of the column
				name = "CAST(" + name + " AS TEXT)"
			}
			names = append(names, name)
		}
		if len(names) == 0 {
			continue
		}
		rows, err := db.QueryContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+db.table(s.tables[side])+
			fmt.Sprintf(" /* %d */", count.Add(1))) // drivers keep statements by their text
		if err != nil {
			return "", err
		}
		var lines []string
		for rows.Next() {
			cells := make([]any, len(names))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				rows.Close()
				return "", err
			}
			line := s.tables[0].Name
			for i, c := range cells {
				v := *c.(*any)
				if text, ok := v.([]byte); ok {
					v = string(text)
				}
				text := fmt.Sprint(v)
				if p := s.columns[i]; v != nil && retyped(p[0], p[1]) {
					number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
					if text = "other"; err == nil && number >= 1 && number <= 3 {
						text = fmt.Sprint(number)
					}
				}
				line += " | " + text
			}
			lines = append(lines, line)
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return "", err
		}
		slices.Sort(lines)
		out.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return out.String(), nil
}

func (db *database) traits() ingot.SchemaTraits {
	return db.dialect.(ingot.SchemaDialect).Traits(&db.Server)
}

func (db *database) quote(name string) string { return string(db.dialect.AppendIdent(nil, name)) }

// table is the quoted name of a table.
func (db *database) table(t *ingot.Table) string {
	if t.Schema != "" {
		return db.quote(t.Schema) + "." + db.quote(t.Name)
	}
	return db.quote(t.Name)
}

func (db *database) tryInspect(ctx context.Context) (*ingot.Schema, error) {
	var others []string
	if db.other != "" {
		others = []string{db.other}
	}
	return db.dialect.(ingot.SchemaDialect).Inspect(ctx, db.DB, &db.Server, others)
}
