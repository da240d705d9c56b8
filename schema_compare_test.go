package ingot

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// randomSchema draws a schema that a strict database would take. Names come from small
// pools, so that two schemas have much in common and much to fight over.
func randomSchema(r *rand.Rand) *Schema {
	s := &Schema{}
	for _, n := range []string{"s1", "s2"} {
		if r.IntN(3) == 0 {
			s.Schemas = append(s.Schemas, n)
		}
	}
	for _, n := range []string{"mood", "size"} {
		if r.IntN(2) == 0 {
			s.Enums = append(s.Enums, Enum{Name: n, Values: []string{"a", "b", "c", "d"}[:1+r.IntN(4)]})
		}
	}
	if r.IntN(2) == 0 {
		s.Sequences = append(s.Sequences, Sequence{Name: "number", Start: int64(r.IntN(3))})
	}
	names := map[string]bool{} // of indexes and unique constraints: one for the whole schema
	take := func(name string) string {
		for i := range 4 {
			if n := fmt.Sprintf("%s%d", name, (r.IntN(4)+i)%4); !names[n] {
				names[n] = true
				return n
			}
		}
		return ""
	}
	types := []Type{"bigint", "text", "varchar(10)"}
	for i := range 5 {
		if r.IntN(4) == 0 {
			continue
		}
		t := Table{Name: fmt.Sprintf("t%d", i)}
		if r.IntN(4) == 0 {
			t.Comment = "about"
		}
		for _, n := range []string{"id", "a", "b", "c", "d"} {
			if n != "id" && r.IntN(3) == 0 {
				continue
			}
			x := Column{Name: n, Type: types[r.IntN(len(types))], Null: n != "id" && r.IntN(2) == 0}
			if r.IntN(4) == 0 {
				x.Default = "0"
			}
			if len(s.Enums) > 0 && r.IntN(6) == 0 {
				x.Type, x.Enum = "", s.Enums[r.IntN(len(s.Enums))].Name
			}
			if n == "c" && t.Column("a") != nil && r.IntN(2) == 0 {
				x.Generated, x.Default = "a || 'x'", ""
			}
			t.Columns = append(t.Columns, x)
		}
		t.PrimaryKey = PrimaryKey{Columns: []string{"id"}}
		if t.Column("a") != nil && r.IntN(4) == 0 {
			t.PrimaryKey.Columns = append(t.PrimaryKey.Columns, "a")
			t.Column("a").Null = false
		}
		some := func() []string {
			var list []string
			for _, x := range t.Columns {
				if r.IntN(2) == 0 {
					list = append(list, x.Name)
				}
			}
			return list
		}
		for range 2 {
			if list := some(); len(list) > 0 && r.IntN(2) == 0 {
				if n := take("uq"); n != "" {
					t.Uniques = append(t.Uniques, Unique{Name: n, Columns: list})
				}
			}
			if list := some(); len(list) > 0 && r.IntN(2) == 0 {
				if n := take("ix"); n != "" {
					x := Index{Name: n, Unique: r.IntN(3) == 0}
					for _, c := range list {
						x.Parts = append(x.Parts, IndexPart{Column: c, Desc: r.IntN(3) == 0})
					}
					t.Indexes = append(t.Indexes, x)
				}
			}
		}
		if r.IntN(2) == 0 {
			c := t.Columns[r.IntN(len(t.Columns))].Name
			t.Checks = append(t.Checks, Check{Name: fmt.Sprintf("ck%d", r.IntN(2)), Expr: SQLText(fmt.Sprintf("%s <> 'x%d'", c, r.IntN(2)))})
		}
		s.Tables = append(s.Tables, t)
	}
	for i := range s.Tables { // foreign keys, cycles and self-references among them
		t := &s.Tables[i]
		for j := range 2 {
			ref := &s.Tables[r.IntN(len(s.Tables))]
			keys := [][]string{ref.PrimaryKey.Columns}
			for _, u := range ref.Uniques {
				keys = append(keys, u.Columns)
			}
			for _, x := range ref.Indexes {
				if x.Unique {
					keys = append(keys, x.columns())
				}
			}
			f := ForeignKey{Name: fmt.Sprintf("fk%d", r.IntN(2)), RefTable: ref.Name, RefColumns: keys[r.IntN(len(keys))]}
			if r.IntN(2) == 0 {
				f.OnDelete = "CASCADE"
			}
			if t.foreignKeyIndex(f) >= 0 || r.IntN(2) == 0 {
				continue
			}
			for k, c := range f.RefColumns {
				n := fmt.Sprintf("f%d%d", j, k)
				x := Column{Name: n, Type: ref.Column(c).Type, Enum: ref.Column(c).Enum, Null: true}
				t.Columns = append(t.Columns, x)
				f.Columns = append(f.Columns, n)
			}
			t.ForeignKeys = append(t.ForeignKeys, f)
			if r.IntN(2) == 0 {
				if n := take("ix"); n != "" {
					t.Indexes = append(t.Indexes, Index{Name: n, Parts: []IndexPart{{Column: f.Columns[0]}}})
				}
			}
		}
	}
	for i := range 4 { // of tables, and of views
		if len(s.Tables) == 0 || r.IntN(2) == 0 {
			continue
		}
		t := &s.Tables[r.IntN(len(s.Tables))]
		of, what := t.Name, t.Columns[r.IntN(len(t.Columns))].Name
		if len(s.Views) > 0 && r.IntN(2) == 0 {
			of, what = s.Views[r.IntN(len(s.Views))].Name, "x"
		}
		s.Views = append(s.Views, View{Name: fmt.Sprintf("v%d", (i*2+r.IntN(2))*5%8), SQL: SQLText("SELECT " + what + " AS x FROM " + of)})
	}
	r.Shuffle(len(s.Tables), func(i, j int) { s.Tables[i], s.Tables[j] = s.Tables[j], s.Tables[i] })
	r.Shuffle(len(s.Views), func(i, j int) { s.Views[i], s.Views[j] = s.Views[j], s.Views[i] })
	return s
}

// judge plays a strict database: it says what is impossible in a schema.
func judge(s *Schema) error {
	names := map[string]string{}
	taken := func(n, t string) error {
		if n != "" && names[n] != "" {
			return fmt.Errorf("%s is on %s and on %s", n, names[n], t)
		}
		names[n] = t
		return nil
	}
	for _, v := range s.Views {
		words := strings.Fields(string(v.SQL))
		of := TableName{Name: words[5]}
		if t := s.Table(of); s.viewIndex(of) < 0 && (t == nil || t.Column(words[1]) == nil) {
			return fmt.Errorf("view %s reads from nothing: %s", v.Name, v.SQL)
		}
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		if err := t.valid(); err != nil {
			return err
		}
		for _, x := range t.Columns {
			if x.Enum != "" && s.enumIndex(TableName{Name: x.Enum}) < 0 {
				return fmt.Errorf("no enum %s for %s.%s", x.Enum, t.Name, x.Name)
			}
			if x.Generated != "" && t.Column("a") == nil {
				return fmt.Errorf("%s.%s is generated from nothing", t.Name, x.Name)
			}
		}
		for _, u := range t.Uniques {
			if err := taken(u.Name, t.Name); err != nil {
				return err
			}
		}
		for _, x := range t.Indexes {
			if err := taken(x.Name, t.Name); err != nil {
				return err
			}
		}
		for _, k := range t.Checks {
			if c, _, _ := strings.Cut(string(k.Expr), " "); t.Column(c) == nil {
				return fmt.Errorf("check %s of %s names %s", k.Name, t.Name, c)
			}
		}
		for _, f := range t.ForeignKeys {
			ref := s.Table(f.ref())
			if ref == nil {
				return fmt.Errorf("foreign key %s of %s: no table %s", f.Name, t.Name, f.RefTable)
			}
			if !(&comparison{}).hasKey(ref, f.RefColumns) {
				return fmt.Errorf("foreign key %s of %s: no key %s of %s", f.Name, t.Name, f.RefColumns, f.RefTable)
			}
			for k := range f.Columns {
				a, b := t.Column(f.Columns[k]), ref.Column(f.RefColumns[k])
				if a.Type != b.Type || a.Enum != b.Enum {
					return fmt.Errorf("foreign key %s of %s: %s is no %s", f.Name, t.Name, a.typeText(), b.typeText())
				}
			}
		}
	}
	return nil
}

// sortedText is a schema as text in which the order of things says nothing.
func sortedText(t testing.TB, s *Schema) string {
	t.Helper()
	s = s.Clone()
	slices.Sort(s.Schemas)
	slices.SortFunc(s.Enums, func(a, b Enum) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Views, func(a, b View) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Tables, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	for i := range s.Tables {
		x := &s.Tables[i]
		slices.SortFunc(x.Columns, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(x.Uniques, func(a, b Unique) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(x.ForeignKeys, func(a, b ForeignKey) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(x.Checks, func(a, b Check) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(x.Indexes, func(a, b Index) int { return strings.Compare(a.Name, b.Name) })
	}
	return schemaText(t, s)
}

func listing(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

func TestStepsLeadFromOneSchemaToTheOtherAndBack(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(5, seed))
		a, b := randomSchema(r), randomSchema(r)
		if err := judge(a); err != nil {
			t.Fatalf("seed %d: the generator is wrong: %v", seed, err)
		}
		before := schemaText(t, a) + schemaText(t, b)
		if steps := Compare(a, a.Clone()); len(steps) > 0 {
			t.Fatalf("seed %d: a schema differs from itself:\n%s", seed, listing(steps))
		}
		steps := Compare(a, b)
		if schemaText(t, a)+schemaText(t, b) != before {
			t.Fatalf("seed %d: Compare changed what it compared", seed)
		}
		if !reflect.DeepEqual(steps, Compare(a, b)) {
			t.Fatalf("seed %d: the steps are not the same again", seed)
		}
		run := func(s *Schema, steps []Step) *Schema {
			s = s.Clone()
			for _, step := range steps {
				err := s.Apply(step)
				if err == nil {
					err = judge(s)
				}
				if err != nil {
					t.Fatalf("seed %d: %s: %v\n%s", seed, step, err, listing(steps))
				}
			}
			return s
		}
		got := run(a, steps)
		if x, y := sortedText(t, got), sortedText(t, b); x != y {
			t.Fatalf("seed %d: the steps\n%slead to\n%s, want\n%s", seed, listing(steps), x, y)
		}
		down, err := ReverseSteps(steps)
		if err != nil {
			t.Fatal(err)
		}
		if x, y := sortedText(t, run(got, down)), sortedText(t, a); x != y {
			t.Fatalf("seed %d: the steps\n%slead back to\n%s, want\n%s", seed, listing(down), x, y)
		}
	}
}

// Every attribute of a table, changed alone, makes steps that bring the change, and their
// reverse takes it back. A new attribute that Compare forgets fails here.
func TestCompareFindsEveryAttribute(t *testing.T) {
	base := func() *Schema {
		return &Schema{
			Enums:     []Enum{{Name: "mood", Values: []string{"a", "b"}}},
			Views:     []View{{Name: "v", SQL: "SELECT 1"}},
			Sequences: []Sequence{{Name: "q", Type: "bigint", Start: 1, Increment: 1, Min: 1, Max: 9, Cache: 1}},
			Tables: []Table{
				{Name: "p", Columns: []Column{{Name: "id", Type: "bigint"}, {Name: "x", Type: "bigint"}}, PrimaryKey: PrimaryKey{Columns: []string{"id"}},
					Uniques: []Unique{{Name: "up", Columns: []string{"x"}}}},
				{Name: "t", Comment: "c", Options: []Option{{"o", "v"}},
					Columns: []Column{
						{Name: "id", Type: "bigint", Auto: true, Identity: &Identity{Start: 1, Increment: 1, Min: 1, Max: 9, Cache: 1}},
						{Name: "a", Type: "text", Null: true, Default: "'d'", OnUpdate: "u", Collation: "c", Comment: "c"},
						{Name: "g", Type: "text", Generated: "upper(a)"},
						{Name: "e", Enum: "mood"}},
					PrimaryKey:  PrimaryKey{Name: "pk", Columns: []string{"id"}},
					Uniques:     []Unique{{Name: "u", Columns: []string{"a"}}},
					ForeignKeys: []ForeignKey{{Name: "f", Columns: []string{"id"}, RefTable: "p", RefColumns: []string{"id"}, OnDelete: "CASCADE", OnUpdate: "CASCADE", Match: "FULL"}},
					Checks:      []Check{{Name: "k", Expr: "a > 0"}},
					Indexes: []Index{{Name: "i", Parts: []IndexPart{{Column: "a", Collation: "c", OpClass: "o", Nulls: "FIRST", Prefix: 3}, {Expr: "lower(a)"}},
						Include: []string{"e"}, Where: "a > 1", Using: "hash", Options: []Option{{"o", "v"}}}},
				},
			},
		}
	}
	tried := 0
	var walk func(v reflect.Value, path string, check func(path string))
	walk = func(v reflect.Value, path string, check func(path string)) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				f := v.Type().Field(i)
				switch f.Name {
				case "Was", "AnyName", "NotValid", "Concurrently", "Unsupported":
				default:
					if !f.IsExported() {
						continue // where the schema comes from
					}
					walk(v.Field(i), path+"."+f.Name, check)
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), check)
			}
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem(), path, check)
			}
		default:
			old := reflect.New(v.Type()).Elem()
			old.Set(v)
			switch v.Kind() {
			case reflect.Bool:
				v.SetBool(!v.Bool())
			case reflect.Int, reflect.Int64:
				v.SetInt(v.Int() + 1)
			default:
				v.SetString(v.String() + "2")
			}
			check(path)
			v.Set(old)
		}
	}
	changed := base()
	walk(reflect.ValueOf(changed).Elem(), "", func(path string) {
		a, b := base(), changed.Clone()
		for i := range b.Tables { // a name that is used elsewhere as well changes there too
			if b.Tables[i].valid() != nil {
				return
			}
		}
		tried++
		steps := Compare(a, b)
		switch path {
		case ".Enums[0].Schema", ".Enums[0].Name": // a column still names the old one, which stays
			return
		case ".Tables[0].Columns[0].Null", ".Tables[1].Columns[0].Null", // a key has no NULL
			".Tables[0].PrimaryKey.Name", // a name where there was none
			".Tables[1].Columns[3].Type": // an enum's own
			if len(steps) > 0 {
				t.Errorf("%s changed: that says nothing, but Compare gives\n%s", path, listing(steps))
			}
			return
		}
		if len(steps) == 0 {
			t.Errorf("%s changed: Compare sees nothing", path)
			return
		}
		after := a.Clone()
		if err := after.ApplySteps(steps); err != nil {
			t.Errorf("%s changed: %v", path, err)
		} else if x, y := sortedText(t, after), sortedText(t, b); x != y {
			t.Errorf("%s changed: the steps\n%slead to\n%s, want\n%s", path, listing(steps), x, y)
		}
		down, err := ReverseSteps(steps)
		if err != nil {
			t.Fatal(err)
		}
		if err := after.ApplySteps(down); err != nil {
			t.Errorf("%s changed: %v", path, err)
		} else if x, y := sortedText(t, after), sortedText(t, a); x != y {
			t.Errorf("%s changed: back leads to\n%s, want\n%s", path, x, y)
		}
	})
	if tried < 60 {
		t.Errorf("%d attributes tried", tried)
	}
}
