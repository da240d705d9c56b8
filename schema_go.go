package ingot

import (
	"fmt"
	"go/format"
	"reflect"
	"strconv"
	"strings"
)

// FormatSteps writes steps as Go source, []ingot.Step{…}, for revision files. pkg is the
// name this package has there; empty means that its names stand alone. Fields that are zero
// are left out. The functions of a [Do] have no source that could be found: such a step is
// an error.
func FormatSteps(steps []Step, pkg string) (string, error) {
	if len(steps) == 0 {
		return "nil", nil
	}
	if pkg != "" {
		pkg += "."
	}
	g := goWriter{pkg: pkg}
	for _, s := range steps {
		if stepKey(reflect.ValueOf(s)) == "" {
			return "", fmt.Errorf("ingot: %T is not a step: give steps as values, not as pointers", s)
		}
		if d, ok := s.(Do); ok && (d.Func != nil || d.Batch != nil || d.Down != nil) {
			return "", fmt.Errorf("ingot: %s: a function cannot be written as Go source: write this step by hand", s)
		}
	}
	const head = "package p\n\nvar _ = "
	text, err := format.Source([]byte(head + g.value(reflect.ValueOf(steps), false) + "\n"))
	if err != nil {
		return "", within("steps as Go source", err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(text), head), "\n"), nil
}

// A goWriter writes values as Go expressions.
type goWriter struct{ pkg string }

// lineWidth is the length up to which a literal stays on one line.
const lineWidth = 120

// value is v as an expression. elided leaves the type of a struct out, as inside a slice.
func (g goWriter) value(v reflect.Value, elided bool) string {
	switch v.Kind() {
	case reflect.Interface:
		return g.value(v.Elem(), false)
	case reflect.Pointer:
		return "&" + g.value(v.Elem(), false)
	case reflect.Struct:
		return g.structure(v, elided)
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = g.value(v.Index(i), true)
		}
		deep := v.Type().Elem().Kind() != reflect.String && !(len(items) == 1 && v.Type().Elem() == reflect.TypeFor[IndexPart]())
		return g.literal("[]"+g.typeName(v.Type().Elem()), items, deep)
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int64:
		if d, ok := v.Interface().(Deferrable); ok {
			return g.deferrable(d)
		}
		return strconv.FormatInt(v.Int(), 10)
	}
	return goString(v.String())
}

func (g goWriter) structure(v reflect.Value, elided bool) string {
	var items []string
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if canonField(f) && !canonZero(v.Field(i)) {
			items = append(items, f.Name+": "+g.value(v.Field(i), false))
		}
	}
	name := ""
	if !elided {
		name = g.typeName(v.Type())
	}
	if len(items) == 1 { // CreateTable{Table: Table{ hugs
		return name + "{" + items[0] + "}"
	}
	return g.literal(name, items, false)
}

// literal puts the items of a composite literal on one line, or on one each.
func (g goWriter) literal(name string, items []string, apart bool) string {
	line := name + "{" + strings.Join(items, ", ") + "}"
	if len(items) == 0 || !apart && len(line) <= lineWidth && !strings.Contains(line, "\n") {
		return line
	}
	return name + "{\n" + strings.Join(items, ",\n") + ",\n}"
}

func (g goWriter) typeName(t reflect.Type) string {
	if t.PkgPath() == "" {
		return t.String()
	}
	return g.pkg + t.Name()
}

func (g goWriter) deferrable(d Deferrable) string {
	switch d {
	case DeferrableInitiallyImmediate:
		return g.pkg + "DeferrableInitiallyImmediate"
	case DeferrableInitiallyDeferred:
		return g.pkg + "DeferrableInitiallyDeferred"
	}
	return strconv.Itoa(int(d))
}

// goString quotes text so that SQL stays readable: raw where that says the same.
func goString(s string) string {
	lines := strings.Split(s, "\n")
	for _, line := range lines {
		if !strconv.CanBackquote(line) {
			return strconv.Quote(s)
		}
	}
	if len(lines) > 1 || strings.ContainsAny(s, `"\`) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}
