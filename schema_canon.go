package ingot

// The canonical form of steps: the text that is hashed, kept in receipts and read back. One
// line of JSON per step, {"add_column":{"table":{"name":"user"},"column":{…}}}, after a
// line that names the version. Attributes come in the order of the Go fields, zero ones are
// left out, so that a field added later changes no old text. Version 1 is frozen: texts of
// it are in databases and repositories.
//
// Was and AnyName say how Compare should look, not what a step does, and functions have no
// text: none of them is part of the form.

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

const canonHeader = "ingot steps 1"

// EncodeSteps writes steps in canonical form. Equal steps give equal text, in every
// process and from now on.
func EncodeSteps(steps []Step) ([]byte, error) {
	b := []byte(canonHeader + "\n")
	for _, s := range steps {
		v := reflect.ValueOf(s)
		if stepKey(v) == "" {
			return nil, fmt.Errorf("ingot: %T is not a step: give steps as values, not as pointers", s)
		}
		b = append(appendStep(b, v), '\n')
	}
	return b, nil
}

// HashSteps is the hash of the canonical form, with its version: "1:" and 64 hex digits.
func HashSteps(steps []Step) (string, error) {
	text, err := EncodeSteps(steps)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return "1:" + hex.EncodeToString(sum[:]), nil
}

// DecodeSteps reads the canonical form back. A [Do] comes back without its functions.
func DecodeSteps(text []byte) ([]Step, error) {
	header, body, _ := bytes.Cut(text, []byte("\n"))
	if string(header) != canonHeader {
		return nil, fmt.Errorf("ingot: steps begin with %q, want %q: written by another version?", header, canonHeader)
	}
	var steps []Step
	n := 1
	for line := range bytes.Lines(body) {
		n++
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var x any
		err := d.Decode(&x)
		if err == nil && d.InputOffset() != int64(len(bytes.TrimRight(line, "\n"))) {
			err = errors.New("text after the step")
		}
		var s Step
		if err == nil {
			s, err = decodeStep(x)
		}
		if err != nil {
			return nil, within(fmt.Sprintf("steps, line %d", n), err)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// stepKinds are all steps there are.
func stepKinds() []Step {
	return []Step{
		CreateSchema{}, DropSchema{}, CreateEnum{}, DropEnum{}, AlterEnum{},
		CreateSequence{}, DropSequence{}, AlterSequence{}, CreateDomain{}, DropDomain{}, AlterDomain{},
		CreateView{}, DropView{}, AlterView{},
		CreateTable{}, DropTable{}, RenameTable{}, AlterTable{},
		AddColumn{}, DropColumn{}, RenameColumn{}, AlterColumn{},
		AlterPrimaryKey{}, AddUnique{}, DropUnique{}, AddForeignKey{}, DropForeignKey{},
		AddCheck{}, DropCheck{}, ValidateConstraint{}, CreateIndex{}, DropIndex{},
		RenamePart{},
		Exec{}, Do{},
	}
}

// stepKey is a step's word in the canonical form; empty for what is no step.
func stepKey(v reflect.Value) string {
	for _, k := range stepKinds() {
		if v.IsValid() && reflect.TypeOf(k) == v.Type() {
			return canonKey(v.Type().Name())
		}
	}
	return ""
}

// canonKey is a Go name in small letters and underscores: RefColumns, ref_columns.
func canonKey(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		upper := 'A' <= c && c <= 'Z'
		if upper && i > 0 && 'a' <= name[i-1] && name[i-1] <= 'z' {
			b.WriteByte('_')
		}
		if upper {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// canonField reports whether a field is part of the form.
func canonField(f reflect.StructField) bool {
	return f.Name != "Was" && f.Name != "AnyName" && f.Type.Kind() != reflect.Func
}

func appendStep(b []byte, v reflect.Value) []byte {
	b = append(b, `{"`+stepKey(v)+`":`...)
	return append(appendCanon(b, v), '}')
}

func appendCanon(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Interface:
		return appendStep(b, v.Elem())
	case reflect.Pointer:
		return appendCanon(b, v.Elem())
	case reflect.Struct:
		b = append(b, '{')
		first := true
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !canonField(f) || canonZero(v.Field(i)) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(b, `"`+canonKey(f.Name)+`":`...)
			b = appendCanon(b, v.Field(i))
		}
		return append(b, '}')
	case reflect.Slice:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCanon(b, v.Index(i))
		}
		return append(b, ']')
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	}
	return appendCanonString(b, v.String())
}

// canonZero reports whether a field is left out: the text of a zero value says nothing.
func canonZero(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice:
		return v.Len() == 0
	case reflect.Struct:
		for i := range v.NumField() {
			if canonField(v.Type().Field(i)) && !canonZero(v.Field(i)) {
				return false
			}
		}
		return true
	}
	return v.IsZero()
}

// appendCanonString writes a JSON string, by rules of its own, which no release of
// encoding/json changes. Text that is not UTF-8 is an object around its base64.
func appendCanonString(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		b = append(b, `{"base64":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(s))
		return append(b, `"}`...)
	}
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < 0x20:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func decodeStep(x any) (Step, error) {
	object, ok := x.(map[string]any)
	if !ok || len(object) != 1 {
		return nil, errors.New("a step is an object with one key, its kind")
	}
	for key, body := range object { // one
		for _, k := range stepKinds() {
			t := reflect.TypeOf(k)
			if canonKey(t.Name()) != key {
				continue
			}
			v := reflect.New(t).Elem()
			if err := decodeCanon(v, body, key); err != nil {
				return nil, err
			}
			return v.Interface().(Step), nil
		}
		return nil, fmt.Errorf("unknown step %q: written by a newer version?", key)
	}
	return nil, nil
}

// decodeCanon stores the JSON value x in v; path says where it stands.
func decodeCanon(v reflect.Value, x any, path string) error {
	wrong := func() error { return fmt.Errorf("%s: %T where %s is wanted", path, x, v.Kind()) }
	switch v.Kind() {
	case reflect.Interface:
		s, err := decodeStep(x)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		v.Set(reflect.ValueOf(s))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return decodeCanon(v.Elem(), x, path)
	case reflect.Struct:
		object, ok := x.(map[string]any)
		if !ok {
			return wrong()
		}
		known := 0
		for i := range v.NumField() {
			f := v.Type().Field(i)
			body, ok := object[canonKey(f.Name)]
			if !ok || !canonField(f) {
				continue
			}
			known++
			if err := decodeCanon(v.Field(i), body, path+"."+canonKey(f.Name)); err != nil {
				return err
			}
		}
		if known != len(object) {
			return fmt.Errorf("%s has attributes this version does not know", path)
		}
	case reflect.Slice:
		list, ok := x.([]any)
		if !ok {
			return wrong()
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i := range list {
			if err := decodeCanon(v.Index(i), list[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case reflect.Bool:
		b, ok := x.(bool)
		if !ok {
			return wrong()
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		number, ok := x.(json.Number)
		n, err := strconv.ParseInt(string(number), 10, 64)
		if !ok || err != nil {
			return wrong()
		}
		v.SetInt(n)
	case reflect.String:
		if object, ok := x.(map[string]any); ok && len(object) == 1 {
			text, _ := object["base64"].(string)
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			x = string(b)
		}
		s, ok := x.(string)
		if !ok {
			return wrong()
		}
		v.SetString(s)
	default:
		return wrong()
	}
	return nil
}
