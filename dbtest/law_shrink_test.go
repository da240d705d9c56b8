package dbtest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// shrink takes away from schemas what it can while they still fail: whole schemas first, then
// tables, then parts, then single attributes, each from all or from one.
func shrink(path []*ingot.Schema, fails func(path []*ingot.Schema) bool) []*ingot.Schema {
	for i := 0; i < len(path) && len(path) > 2; {
		less := slices.Delete(slices.Clone(path), i, i+1)
		if i < len(less) { // which comes to be with nothing before it
			less[i] = less[i].Clone()
			forgetNames(less[i])
		}
		if fails(less) {
			path = less
		} else {
			i++
		}
	}
	try := func(change func(s *ingot.Schema), on ...*ingot.Schema) bool {
		var before []*ingot.Schema
		for _, s := range on {
			before = append(before, s.Clone())
			change(s)
		}
		same := true
		for i, s := range on {
			same = same && reflect.DeepEqual(s, before[i])
		}
		if !same && !slices.ContainsFunc(path, func(s *ingot.Schema) bool { return !wellFormed(s) }) && fails(path) {
			return true
		}
		for i, s := range on {
			*s = *before[i]
		}
		return false
	}
	for again := true; again; {
		again = false
		for _, whole := range []bool{true, false} {
			var places [][]string
			for _, s := range path {
				for _, p := range placesOf(reflect.ValueOf(s).Elem(), nil) {
					if !slices.ContainsFunc(places, func(q []string) bool { return slices.Equal(p, q) }) {
						places = append(places, p)
					}
				}
			}
			for _, p := range places {
				if isElement := strings.HasPrefix(p[len(p)-1], "["); isElement != whole {
					continue
				}
				clear := func(s *ingot.Schema) {
					clearPlace(reflect.ValueOf(s).Elem(), p)
					for i := range s.Tables { // with a table go the foreign keys to it
						s.Tables[i].ForeignKeys = slices.DeleteFunc(s.Tables[i].ForeignKeys, func(f ingot.ForeignKey) bool {
							return s.Table(ingot.TableName{Schema: f.RefSchema, Name: f.RefTable}) == nil
						})
					}
				}
				found := try(clear, path...)
				for i := 0; i < len(path) && !found; i++ {
					found = try(clear, path[i])
				}
				again = again || found
			}
		}
	}
	return path
}

// forgetNames takes away the names that tables and columns had.
func forgetNames(s *ingot.Schema) {
	for i := range s.Tables {
		s.Tables[i].Was = ""
		for j := range s.Tables[i].Columns {
			s.Tables[i].Columns[j].Was = ""
		}
	}
}

// wellFormed reports whether columns have types, and parts what they are on. What is in an
// expression, or in a view, the database will say.
func wellFormed(s *ingot.Schema) bool {
	if slices.ContainsFunc(s.Domains, func(x ingot.Domain) bool {
		return x.Type == "" || slices.ContainsFunc(x.Checks, func(k ingot.Check) bool { return k.Expr == "" })
	}) {
		return false
	}
	if slices.ContainsFunc(s.Views, func(v ingot.View) bool { return v.SQL == "" }) {
		return false
	}
	for _, t := range s.Tables {
		names := slices.Clone(t.PrimaryKey.Columns)
		for _, u := range t.Uniques {
			names = append(names, u.Columns...)
		}
		for _, f := range t.ForeignKeys {
			names = append(names, f.Columns...)
		}
		for _, x := range t.Indexes {
			names = append(names, x.Include...)
			for _, p := range x.Parts {
				if p.Column != "" {
					names = append(names, p.Column)
				}
			}
		}
		if slices.ContainsFunc(names, func(n string) bool { return t.Column(n) == nil }) {
			return false
		}
		if slices.ContainsFunc(t.Columns, func(c ingot.Column) bool { return c.Type == "" && c.Enum == "" }) || len(t.Columns) == 0 ||
			slices.ContainsFunc(t.Uniques, func(u ingot.Unique) bool { return len(u.Columns) == 0 }) ||
			slices.ContainsFunc(t.Checks, func(k ingot.Check) bool { return k.Expr == "" }) ||
			slices.ContainsFunc(t.ForeignKeys, func(f ingot.ForeignKey) bool {
				return len(f.Columns) == 0 || len(f.Columns) != len(f.RefColumns)
			}) ||
			slices.ContainsFunc(t.Indexes, func(x ingot.Index) bool {
				return len(x.Parts) == 0 || slices.ContainsFunc(x.Parts, func(p ingot.IndexPart) bool { return p.Column == "" && p.Expr == "" })
			}) {
			return false
		}
	}
	return true
}

// placesOf are the ways to all elements of slices and all attributes that are not zero:
// names of fields, and elements by their names in brackets.
func placesOf(v reflect.Value, to []string) (places [][]string) {
	at := func(step string) []string { return append(slices.Clone(to), step) }
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || v.Field(i).IsZero() || f.Name == "Name" || f.Name == "Value" {
				continue
			}
			if v.Field(i).Kind() != reflect.Slice {
				places = append(places, at(f.Name))
			}
			places = append(places, placesOf(v.Field(i), at(f.Name))...)
		}
	case reflect.Pointer:
		return placesOf(v.Elem(), to)
	case reflect.Slice:
		for i := range v.Len() {
			places = append(places, at(elementKey(v.Index(i), i)))
		}
		for i := range v.Len() {
			places = append(places, placesOf(v.Index(i), at(elementKey(v.Index(i), i)))...)
		}
	}
	return places
}

func elementKey(v reflect.Value, i int) string {
	if v.Kind() == reflect.Struct && v.FieldByName("Name").IsValid() && v.FieldByName("Name").String() != "" {
		return "[" + v.FieldByName("Name").String() + "]"
	}
	return fmt.Sprintf("[%d]", i)
}

// clearPlace takes the element away, or makes the attribute zero, if it is there.
func clearPlace(v reflect.Value, place []string) {
	for i, step := range place {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return
			}
			v = v.Elem()
		}
		if v.Kind() == reflect.Struct {
			v = v.FieldByName(step)
			if i == len(place)-1 {
				v.SetZero()
			}
			continue
		}
		at := -1
		for j := range v.Len() {
			if elementKey(v.Index(j), j) == step {
				at = j
			}
		}
		switch {
		case at < 0:
			return
		case i == len(place)-1:
			v.Set(reflect.AppendSlice(v.Slice3(0, at, at), v.Slice(at+1, v.Len())))
		default:
			v = v.Index(at)
		}
	}
}

func TestFailingSchemasAreMadeSmall(t *testing.T) {
	db := &database{target: targetNamed("postgres"), other: "other"}
	db.Server = db.dialect.(ingot.OfflineDialect).OfflineServer()
	for seed := uint64(1); ; seed++ {
		path := drawPath(seed, db)
		bad := func(s *ingot.Schema) bool {
			return slices.ContainsFunc(s.Tables, func(t ingot.Table) bool {
				return slices.ContainsFunc(t.Indexes, func(x ingot.Index) bool { return x.NullsNotDistinct })
			})
		}
		if len(path) < 3 || !bad(path[1]) || len(path[1].Tables) < 3 {
			continue
		}
		path = shrink(path, func(path []*ingot.Schema) bool { return slices.ContainsFunc(path, bad) })
		size := 0 // a table, its column and type, an index, its part and column, and what is bad
		for _, s := range path {
			size += len(placesOf(reflect.ValueOf(*s), nil))
		}
		if len(path) > 2 || size > 7 || !slices.ContainsFunc(path, bad) {
			t.Errorf("seed %d: got %d schemas with %d attributes, the last %+v", seed, len(path), size, *path[len(path)-1])
		}
		return
	}
}
