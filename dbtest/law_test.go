package dbtest

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// The round-trip law: a random schema, made on a real database and inspected, is no
// different; nor is it after the steps to another random schema, nor after their reverse.
// Rows that are there survive.

var (
	lawSeeds = flag.Int("law.seeds", 12, "random schemas to try on each database")
	lawFirst = flag.Uint64("law.first", 1, "the first seed")
)

func TestRandomSchemasRoundTrip(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		if strings.HasSuffix(db.name, "-pq") || strings.HasSuffix(db.name, "-mattn") {
			t.Skip("another driver to the same database")
		}
		db.schemaDialect(t)
		for i := range *lawSeeds {
			seed := *lawFirst + uint64(i)
			ok := t.Run(fmt.Sprint(seed), func(t *testing.T) { checkLaw(t, db, seed) })
			if !ok {
				return // what it left behind would fail the next
			}
		}
	})
}

func checkLaw(t *testing.T, db *database, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 42))
	a := draw(r, db)
	checkPair(t, db, a, mutate(r, db, a))
}

// checkPair makes the first schema, leads it to the second and back, and drops all.
func checkPair(t *testing.T, db *database, a, b *ingot.Schema) {
	t.Helper()
	d := ingot.CompareDialect(db.dialect)

	none := db.inspect(t)
	db.migrate(t, none, ingot.Compare(none, a, d))
	atA := db.inspect(t)
	wantLaw(t, db, "created", atA, a)
	db.fill(t, a, b)
	rows := db.dump(t, a, b)

	up := ingot.Compare(atA, b, d)
	db.migrate(t, atA, up)
	atB := db.inspect(t)
	wantLaw(t, db, "changed", atB, b)
	if got := db.dump(t, a, b); got != rows {
		t.Errorf("the rows were\n%s, are\n%s, after\n%s", rows, got, listing(up))
	}

	down, err := ingot.ReverseSteps(up)
	if err != nil {
		t.Fatal(err)
	}
	db.migrate(t, atB, down)
	back := db.inspect(t)
	wantLaw(t, db, "reversed", back, a)
	wantLaw(t, db, "reversed, by the catalog", back, atA)
	if got := db.dump(t, a, b); got != rows {
		t.Errorf("the rows were\n%s, are\n%s, after\n%s", rows, got, listing(down))
	}

	db.migrate(t, back, ingot.Compare(back, none, d))
	wantLaw(t, db, "dropped", db.inspect(t), none)
}

func wantLaw(t *testing.T, db *database, what string, got, want *ingot.Schema) {
	t.Helper()
	for _, c := range []struct {
		way      string
		from, to *ingot.Schema
	}{{"", got, want}, {" (the other way)", want, anyNames(got)}} {
		steps := ingot.Compare(c.from, c.to, ingot.CompareDialect(db.dialect))
		if len(steps) > 0 { // the server knows more than the text
			engine, err := ingot.Open(db.DB, db.dialect, ingot.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { engine.Close() })
			steps = ingot.Compare(c.from, c.to, ingot.CompareOn(t.Context(), engine))
		}
		if len(steps) > 0 {
			source, _ := ingot.FormatSteps(steps, "")
			t.Fatalf("what was %s differs%s:\n%s\n%s", what, c.way, listing(steps), source)
		}
	}
}

// anyNames is the schema with no name insisted on: the other side may have left some to the
// database.
func anyNames(s *ingot.Schema) *ingot.Schema {
	s = s.Clone()
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

// migrate runs steps as a migration does: on one connection in its mode, in one transaction
// where DDL is transactional.
func (db *database) migrate(t *testing.T, before *ingot.Schema, steps []ingot.Step) {
	t.Helper()
	ctx := t.Context()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if m, ok := db.dialect.(ingot.MigrationConn); ok {
		end, err := m.BeginMigration(ctx, conn, steps, &db.Server)
		if err != nil {
			t.Fatal(err)
		}
		if end != nil {
			defer func() {
				if err := end(context.WithoutCancel(ctx)); err != nil {
					t.Error(err)
				}
			}()
		}
	}
	state := before.Clone()
	run := func(text string, step ingot.Step) {
		t.Helper()
		if _, err := conn.ExecContext(ctx, text); err != nil {
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
			t.Fatalf("%v\n%s\n%v\namong\n%s", step, text, err, listing(steps))
		}
	}
	if db.Server.TransactionalDDL {
		run("BEGIN", nil)
	}
	for _, step := range steps {
		texts, err := db.schemaDialect(t).DDL(step, state, &db.Server)
		if err != nil {
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
			t.Fatalf("%v: %v\namong\n%s", step, err, listing(steps))
		}
		for _, text := range texts {
			run(text, step)
		}
		if err := state.Apply(step); err != nil {
			t.Fatalf("%v\namong\n%s", err, listing(steps))
		}
	}
	if m, ok := db.dialect.(ingot.MigrationConn); ok {
		if err := m.CheckMigration(ctx, conn, steps, &db.Server); err != nil {
			t.Fatal(err)
		}
	}
	if db.Server.TransactionalDDL {
		run("COMMIT", nil)
	}
}

// fill puts rows into the tables of a, and lets them refer to rows of tables that b has too.
// What a constraint refuses is left out.
func (db *database) fill(t *testing.T, s, b *ingot.Schema) {
	try := func(text string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text+fmt.Sprintf(" /* %d */", count.Add(1))); err != nil && !strings.Contains(strings.ToLower(err.Error()), "constraint") && !strings.Contains(err.Error(), "uplicate") {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for i := range s.Tables {
		x := &s.Tables[i]
		for n := range 3 {
			var names, values []string
			for _, c := range x.Columns {
				if c.Generated != "" || c.Null && n == 1 || c.Auto || strings.HasPrefix(c.Name, "fk") {
					continue
				}
				names = append(names, db.quote(c.Name))
				values = append(values, sample(c.Type, n))
			}
			text := "INSERT INTO " + db.quote(x.Name) + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
			if len(names) == 0 {
				text = "INSERT INTO " + db.quote(x.Name) + " " + db.Server.EmptyValues
			}
			try(text)
		}
	}
	for _, x := range s.Tables {
		for _, f := range x.ForeignKeys {
			if b.Table(ingot.TableName{Name: f.RefTable}) != nil {
				try("UPDATE " + db.quote(x.Name) + " SET " + db.quote(f.Columns[0]) + " = 1")
			}
		}
	}
}

// sample is a value of a type that casts to most others.
func sample(t ingot.Type, n int) string {
	switch word, _, _ := strings.Cut(string(t), "("); word {
	case "mood[]":
		return "'{1}'"
	case "boolean":
		return fmt.Sprint(n%2 == 0)
	case "varchar", "char", "text":
		return fmt.Sprintf("'%d'", n+1)
	case "blob":
		return fmt.Sprintf("'%d'", n+1)
	case "", "enum": // every list has it
		return "'1'"
	case "date":
		return fmt.Sprintf("'2024-02-%02d'", n+1)
	case "time":
		return fmt.Sprintf("'10:11:%02d'", n)
	case "timestamp", "datetime":
		return fmt.Sprintf("'2024-02-03 10:11:%02d'", n)
	case "json":
		return fmt.Sprintf(`'{"n":%d}'`, n)
	case "uuid":
		return fmt.Sprintf("'6ba7b810-9dad-11d1-80b4-00c04fd430c%d'", n)
	}
	return fmt.Sprint(n + 1)
}

// dump is the content of the columns that both schemas have with the same type.
func (db *database) dump(t *testing.T, a, b *ingot.Schema) string {
	t.Helper()
	var out strings.Builder
	for _, x := range a.Tables {
		y := b.Table(ingot.TableName{Name: x.Name})
		if y == nil {
			continue
		}
		var names []string
		for _, c := range x.Columns {
			if other := y.Column(c.Name); other != nil && other.Type == c.Type && other.Enum == c.Enum && c.Generated == "" && other.Generated == "" {
				names = append(names, db.quote(c.Name))
			}
		}
		if len(names) == 0 {
			continue
		}
		rows, err := db.QueryContext(t.Context(), "SELECT "+strings.Join(names, ", ")+" FROM "+db.quote(x.Name)+
			fmt.Sprintf(" /* %d */", count.Add(1))) // drivers keep statements by their text
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for rows.Next() {
			cells := make([]any, len(names))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				t.Fatal(err)
			}
			line := x.Name
			for _, c := range cells {
				v := *c.(*any)
				if text, ok := v.([]byte); ok {
					v = string(text)
				}
				line += fmt.Sprintf(" | %v", v)
			}
			lines = append(lines, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
		slices.Sort(lines)
		out.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return out.String()
}

func (db *database) traits() ingot.SchemaTraits {
	return db.dialect.(ingot.SchemaDialect).Traits(&db.Server)
}

// one draws one of a few.
func one[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func (db *database) quote(name string) string { return string(db.dialect.AppendIdent(nil, name)) }

// tablePool and columnPool hold names of all kinds.
var (
	tablePool  = []string{"user", "Order Items", "größe", `quo"te`, "t5"}
	columnPool = []string{"name", "select", "Mixed", "naïve", "e"}
)

// draw makes a random schema that the database takes.
func draw(r *rand.Rand, db *database) *ingot.Schema {
	s := &ingot.Schema{}
	if db.traits().NamedEnums {
		s.Enums = []ingot.Enum{{Name: "Mood", Values: []string{"1", "it's", "c"}[:1+r.IntN(3)]}}
		if r.IntN(2) == 0 {
			s.Sequences = []ingot.Sequence{{Name: "Free One", Start: int64(1 + r.IntN(2)), Cache: int64(r.IntN(3))}}
		}
	}
	for _, name := range tablePool {
		if r.IntN(3) > 0 {
			s.Tables = append(s.Tables, drawTable(r, db, name))
		}
	}
	for i := range s.Tables {
		drawForeignKeys(r, db, s, &s.Tables[i])
	}
	r.Shuffle(len(s.Tables), func(i, j int) { s.Tables[i], s.Tables[j] = s.Tables[j], s.Tables[i] })
	return s
}

// mutate makes another schema: each table stays as it is, changes, goes, or is drawn anew.
func mutate(r *rand.Rand, db *database, a *ingot.Schema) *ingot.Schema {
	s := &ingot.Schema{Enums: a.Clone().Enums}
	if len(s.Enums) > 0 && r.IntN(2) == 0 {
		s.Enums[0].Values = append(s.Enums[0].Values, "more")
	}
	if len(a.Sequences) > 0 && r.IntN(2) == 0 {
		s.Sequences = []ingot.Sequence{{Name: "Free One", Start: 7, Increment: 2}}
	}
	for _, name := range tablePool {
		old := a.Table(ingot.TableName{Name: name})
		switch {
		case old == nil:
			if r.IntN(3) == 0 {
				s.Tables = append(s.Tables, drawTable(r, db, name))
			}
		case r.IntN(5) == 0: // goes
		default:
			t := old.Clone()
			t.ForeignKeys = nil
			for range r.IntN(4) {
				mutateTable(r, db, &t)
			}
			s.Tables = append(s.Tables, t)
		}
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		old := a.Table(ingot.TableName{Name: t.Name})
		if old == nil || r.IntN(2) == 0 {
			drawForeignKeys(r, db, s, t)
			continue
		}
		for _, f := range old.ForeignKeys {
			ref := s.Table(ingot.TableName{Name: f.RefTable})
			if ref != nil && ref.Column(f.RefColumns[0]) != nil && isKey(ref, f.RefColumns[0]) && t.Column(f.Columns[0]) != nil &&
				t.Column(f.Columns[0]).Type == ref.Column(f.RefColumns[0]).Type {
				t.ForeignKeys = append(t.ForeignKeys, f)
			}
		}
	}
	return s
}

func isKey(t *ingot.Table, column string) bool {
	return slices.Equal(t.PrimaryKey.Columns, []string{column}) ||
		slices.ContainsFunc(t.Uniques, func(u ingot.Unique) bool { return slices.Equal(u.Columns, []string{column}) })
}

// types that change into each other without losing the samples.
var typePool = [][]ingot.Type{
	{"smallint", "integer", "bigint", "decimal(10,2)", "double"},
	{"varchar(20)", "varchar(40)", "char(5)", "text"},
	{"timestamp"}, {"date"}, {"time"}, {"json"}, {"uuid"}, {"blob"}, {"boolean"}, {"real"},
}

func drawColumn(r *rand.Rand, db *database, name string) ingot.Column {
	group := typePool[min(r.IntN(12), len(typePool)-1)]
	if r.IntN(2) == 0 {
		group = typePool[r.IntN(2)]
	}
	c := ingot.Column{Name: name, Type: group[r.IntN(len(group))], Null: r.IntN(2) == 0}
	drawDefault(r, &c)
	switch {
	case r.IntN(8) > 0:
	case db.traits().NamedEnums:
		c.Type, c.Enum, c.Default = "", "Mood", one[ingot.SQLText](r, "", "'1'")
	case db.traits().InlineEnums:
		c.Type, c.Default = one[ingot.Type](r, "enum('1','b')", "enum('1','it''s','b')"), one[ingot.SQLText](r, "", "'1'")
	}
	if strings.HasPrefix(string(c.Type), "varchar") && r.IntN(4) == 0 {
		c.Collation = map[string]string{"sqlite": "NOCASE", "postgres": "C", "mysql": "utf8mb4_bin"}[db.kind]
	}
	if r.IntN(5) == 0 {
		c.Comment = "it's \"about\" " + name
	}
	return c
}

func drawDefault(r *rand.Rand, c *ingot.Column) {
	c.Default = ""
	if r.IntN(3) > 0 {
		return
	}
	var pool []ingot.SQLText
	switch word, _, _ := strings.Cut(string(c.Type), "("); word {
	case "smallint", "integer", "bigint":
		pool = []ingot.SQLText{"0", "7", "-1"}
	case "decimal", "double":
		pool = []ingot.SQLText{"0", "1.5", "-2.25"}
	case "varchar", "char":
		pool = []ingot.SQLText{"''", "'x'", "'it''s'", "'(a)'", "'--'"}
	case "boolean":
		pool = []ingot.SQLText{"true", "false"}
	case "timestamp":
		pool = []ingot.SQLText{"CURRENT_TIMESTAMP"}
	}
	if pool != nil {
		c.Default = pool[r.IntN(len(pool))]
	}
}

func drawTable(r *rand.Rand, db *database, name string) ingot.Table {
	t := ingot.Table{Name: name, Columns: []ingot.Column{{Name: "id", Type: []ingot.Type{"bigint", "integer"}[r.IntN(2)]}},
		PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}}}
	t.Columns[0].Auto = r.IntN(2) == 0
	if r.IntN(2) == 0 {
		t.PrimaryKey.Name = "pk_" + name
	}
	if r.IntN(5) == 0 {
		t.Comment = "of " + name
	}
	for _, c := range columnPool {
		if r.IntN(3) > 0 {
			t.Columns = append(t.Columns, drawColumn(r, db, c))
		}
	}
	if r.IntN(3) == 0 && db.readsKey(&t) {
		t.Columns = append(t.Columns, ingot.Column{Name: "sum", Type: "bigint", Null: true, Generated: "id + 1"})
	}
	for range r.IntN(4) {
		drawPart(r, db, &t)
	}
	return t
}

// keyable are the columns every database can index.
func keyable(t *ingot.Table) []string {
	var names []string
	for _, c := range t.Columns {
		switch word, _, _ := strings.Cut(string(c.Type), "("); word {
		case "text", "blob", "json":
		default:
			if c.Generated == "" {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

// readsKey reports whether expressions may name the key: where it is auto-increment, MySQL
// and MariaDB let none.
func (db *database) readsKey(t *ingot.Table) bool { return db.kind != "mysql" || !t.Columns[0].Auto }

func drawPart(r *rand.Rand, db *database, t *ingot.Table) {
	names := keyable(t)
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:1+r.IntN(min(2, len(names)))]
	free := func(prefix string) string {
		for i := 1; ; i++ {
			n := fmt.Sprintf("%s_%s_%d", prefix, t.Name, i)
			if !slices.ContainsFunc(t.Uniques, func(u ingot.Unique) bool { return u.Name == n }) &&
				!slices.ContainsFunc(t.Indexes, func(x ingot.Index) bool { return x.Name == n }) &&
				!slices.ContainsFunc(t.Checks, func(k ingot.Check) bool { return k.Name == n }) {
				return n
			}
		}
	}
	withID := names // no two rows are the same in it
	if !slices.Contains(names, "id") {
		withID = append(slices.Clone(names), "id")
	}
	switch r.IntN(4) {
	case 0:
		names = withID
		same := func(u ingot.Unique) bool { return slices.Equal(u.Columns, names) }
		if !slices.ContainsFunc(t.Uniques, same) && !slices.Equal(names, []string{"id"}) {
			u := ingot.Unique{Name: free("uq"), Columns: slices.Clone(names)}
			if r.IntN(4) == 0 {
				u.Name = ""
			}
			if db.kind == "postgres" && r.IntN(3) == 0 {
				u.Deferrable = one(r, ingot.DeferrableInitiallyDeferred, ingot.DeferrableInitiallyImmediate)
			}
			if db.kind == "postgres" && db.Server.AtLeast(15, 0) && r.IntN(4) == 0 {
				u.NullsNotDistinct = true
			}
			t.Uniques = append(t.Uniques, u)
		}
	case 1, 2:
		x := ingot.Index{Name: free("ix"), Unique: r.IntN(4) == 0}
		if x.Unique {
			names = withID
		}
		for _, n := range names {
			x.Parts = append(x.Parts, ingot.IndexPart{Column: n, Desc: r.IntN(3) == 0})
		}
		if db.Server.ExpressionIndexes && r.IntN(3) == 0 && db.readsKey(t) {
			x.Parts = append(x.Parts, ingot.IndexPart{Expr: "abs(id)"})
		}
		if db.Server.PartialIndexes && r.IntN(3) == 0 {
			x.Where = one[ingot.SQLText](r, "id > 3", "id IN (1, 2)", "id BETWEEN 1 AND 5", "NOT id = 0", "id IS NOT NULL AND (id > 1 OR id < 0)")
		}
		if db.kind == "postgres" {
			if r.IntN(4) == 0 {
				x.Include = []string{"id"}
			}
			x.Parts[0].Nulls = one(r, "", "", "FIRST", "LAST")
			if !x.Unique && len(x.Parts) == 1 && x.Include == nil && r.IntN(4) == 0 {
				x.Using, x.Parts[0].Desc, x.Parts[0].Nulls = "hash", false, ""
			}
		}
		if x.Unique && x.Where == "" && len(x.Parts) == len(names) {
			x.Unique = false // told apart from a unique constraint by some databases only
		}
		t.Indexes = append(t.Indexes, x)
	case 3:
		if !db.readsKey(t) {
			return
		}
		k := ingot.Check{Expr: one[ingot.SQLText](r, "id > 0", "id <> 77", "id IN (1, 2, 3) OR id > 3", "id BETWEEN 1 AND 100000", "abs(id) >= 0",
			"id <> 5 AND id <> 6", "NOT (id = 5 AND id = 6)", "coalesce(id, 0) >= 0", "id + 1 > 0 OR id IS NULL", "CASE WHEN id > 5 THEN 1 ELSE 2 END > 0", "id > 0 OR 'a;b' <> 'it''s'")}
		if !slices.ContainsFunc(t.Checks, func(o ingot.Check) bool { return o.Expr == k.Expr }) {
			if k.Name = free("ck"); db.kind == "sqlite" && r.IntN(5) == 0 {
				k.Name = ""
			}
			t.Checks = append(t.Checks, k)
		}
	}
}

func mutateTable(r *rand.Rand, db *database, t *ingot.Table) {
	i := r.IntN(len(t.Columns))
	c := &t.Columns[i]
	used := c.Generated != "" || c.Name == "id" || slices.Contains(t.PrimaryKey.Columns, c.Name) || slices.ContainsFunc(t.Uniques, func(u ingot.Unique) bool { return slices.Contains(u.Columns, c.Name) }) ||
		slices.ContainsFunc(t.Indexes, func(x ingot.Index) bool {
			return slices.ContainsFunc(x.Parts, func(p ingot.IndexPart) bool { return p.Column == c.Name })
		})
	switch r.IntN(11) {
	case 0:
		if !used && !strings.HasPrefix(c.Name, "fk") && (c.Null || c.Default != "") { // it has to come back
			t.Columns = slices.Delete(t.Columns, i, i+1)
		}
	case 1:
		for _, n := range []string{"added", "Also Added", "group"} {
			if t.Column(n) == nil {
				add := drawColumn(r, db, n)
				add.Null = add.Null || add.Default == ""
				t.Columns = slices.Insert(t.Columns, 1, add)
				break
			}
		}
	case 2, 3:
		for _, group := range typePool[:2] {
			if j := slices.Index(group, c.Type); j >= 0 && !used && !strings.HasPrefix(c.Name, "fk") {
				c.Type = group[r.IntN(len(group))]
				drawDefault(r, c)
			}
		}
	case 4:
		if c.Generated == "" && !c.Auto {
			drawDefault(r, c)
		}
	case 5:
		if c.Generated == "" && !slices.Contains(t.PrimaryKey.Columns, c.Name) && c.Name != "id" {
			c.Null = true
		}
	case 6:
		if len(t.Uniques) > 0 {
			t.Uniques = t.Uniques[1:]
		} else if len(t.Checks) > 0 {
			t.Checks = t.Checks[1:]
		}
	case 7:
		if len(t.Indexes) > 0 {
			t.Indexes = t.Indexes[1:]
		}
	case 8:
		drawPart(r, db, t)
		if n := len(t.Uniques); n > 0 && r.IntN(2) == 0 {
			slices.Reverse(t.Uniques[n-1].Columns)
		}
	case 9:
		if c.Was == "" && !used && !strings.HasPrefix(c.Name, "fk") && t.Column("new "+c.Name) == nil && !slices.Contains(t.PrimaryKey.Columns, c.Name) {
			c.Was, c.Name = c.Name, "new "+c.Name
		}
	case 10:
		c.Comment, t.Comment = "other", "of another"
	}
}

func drawForeignKeys(r *rand.Rand, db *database, s *ingot.Schema, t *ingot.Table) {
	for range r.IntN(3) {
		ref := &s.Tables[r.IntN(len(s.Tables))]
		name := fmt.Sprintf("fk%d", r.IntN(3))
		if t.Column(name) != nil {
			continue
		}
		f := ingot.ForeignKey{Name: "fk_" + t.Name + "_" + name, Columns: []string{name}, RefTable: ref.Name, RefColumns: []string{"id"},
			OnDelete: one(r, "", "CASCADE", "SET NULL", "RESTRICT"), OnUpdate: one(r, "", "", "CASCADE", "SET NULL")}
		if r.IntN(5) == 0 && db.kind != "mysql" {
			f.Name = ""
		}
		if db.Server.Deferrable && r.IntN(4) == 0 {
			f.Deferrable = ingot.DeferrableInitiallyDeferred
		}
		t.Columns = append(t.Columns, ingot.Column{Name: name, Type: ref.Column("id").Type, Null: true})
		t.ForeignKeys = append(t.ForeignKeys, f)
	}
}
