package ingot

import (
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
)

// everyStep has each kind of step once, with every attribute there is.
func everyStep() []Step {
	var steps []Step
	for i, k := range stepKinds() {
		v := reflect.New(reflect.TypeOf(k)).Elem()
		fill(v, rand.New(rand.NewPCG(1, uint64(i))), 2, true)
		steps = append(steps, v.Interface().(Step))
	}
	return steps
}

// fill sets what v holds at random; all sets everything, else about half stays zero.
func fill(v reflect.Value, r *rand.Rand, depth int, all bool) {
	if !all && r.IntN(2) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Interface:
		k := stepKinds()[r.IntN(len(stepKinds())-2)] // no Exec inside Exec
		v.Set(reflect.New(reflect.TypeOf(k)).Elem())
		s := reflect.New(reflect.TypeOf(k)).Elem()
		fill(s, r, depth-1, all)
		v.Set(s)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), r, depth, all)
	case reflect.Struct:
		for i := range v.NumField() {
			if canonField(v.Type().Field(i)) {
				fill(v.Field(i), r, depth, all)
			}
		}
	case reflect.Slice:
		n := 1 + r.IntN(2)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), r, depth, all || v.Type().Elem().Kind() == reflect.Interface)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(1 + r.IntN(2)))
	case reflect.String:
		texts := []string{"a", "b_c", "it's \"x\"\\", "line\nbreak\t", "ünïcödé €", "`tick`", "<&>", "\u2028"}
		v.SetString(texts[r.IntN(len(texts))])
	}
}

// The file holds each kind of step with every attribute it had when version 1 was frozen.
// Such texts are in users' repositories and databases: it is never rewritten.
func TestCanonicalFormIsFrozen(t *testing.T) {
	text, err := os.ReadFile("testdata/steps.v1.golden")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := DecodeSteps(text)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := EncodeSteps(steps); string(again) != string(text) || err != nil {
		t.Errorf("the form changed (%v):\n%s", err, again)
	}
	const want = "1:d5bc15509c7c45f07efb10ef8dec7775d5ef035cc70b9f09e2f5f0465acfd7fe"
	if got, err := HashSteps(steps); got != want || err != nil {
		t.Errorf("HashSteps = %s, %v; want %s", got, err, want)
	}
}

func TestCanonicalFormIsReadBackTheSame(t *testing.T) {
	check := func(steps []Step) {
		t.Helper()
		text, err := EncodeSteps(steps)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeSteps(text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		again, err := EncodeSteps(back)
		if string(again) != string(text) || err != nil {
			t.Fatalf("read back and written again:\n%s\nwas\n%s", again, text)
		}
	}
	steps := everyStep()
	check(steps)
	text, _ := EncodeSteps(steps)
	if back, err := DecodeSteps(text); err != nil || !reflect.DeepEqual(back, steps) {
		t.Errorf("DecodeSteps gives other steps: %v", err)
	}
	r := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		v := reflect.New(reflect.TypeOf(stepKinds()[r.IntN(len(stepKinds()))])).Elem()
		fill(v, r, 2, false)
		check([]Step{v.Interface().(Step)})
	}
	check([]Step{Exec{SQL: "\xff\xfe", Down: "\x00\x1f"}})
}

func TestCanonicalFormLeavesOutWhatSaysNothing(t *testing.T) {
	a, _ := HashSteps([]Step{AddColumn{TableName{Name: "t"}, Column{Name: "c", Type: "text", Was: "b"}},
		AlterPrimaryKey{Old: PrimaryKey{Columns: []string{}, AnyName: true}}, Do{Name: "x", Func: nil}})
	b, _ := HashSteps([]Step{AddColumn{TableName{Name: "t"}, Column{Name: "c", Type: "text"}}, AlterPrimaryKey{}, Do{Name: "x"}})
	if a != b {
		t.Error("hash depends on Was, AnyName or an empty slice")
	}
}

func TestDecodeStepsSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", `ingot: steps begin with "", want "ingot steps 1": written by another version?`},
		{"ingot steps 2\n", `ingot: steps begin with "ingot steps 2", want "ingot steps 1": written by another version?`},
		{"ingot steps 1\n{\"drop_moon\":{}}\n", `ingot: steps, line 2: unknown step "drop_moon": written by a newer version?`},
		{"ingot steps 1\n{\"drop_schema\":{\"nam\":\"x\"}}\n", "ingot: steps, line 2: drop_schema has attributes this version does not know"},
		{"ingot steps 1\n{\"drop_schema\":{\"name\":5}}\n", "ingot: steps, line 2: drop_schema.name: json.Number where string is wanted"},
		{"ingot steps 1\n\n", "ingot: steps, line 2: EOF"},
		{"ingot steps 1\n[]\n", "ingot: steps, line 2: a step is an object with one key, its kind"},
		{"ingot steps 1\n{\"drop_schema\":{}} {}\n", "ingot: steps, line 2: text after the step"},
	} {
		if _, err := DecodeSteps([]byte(tt.text)); err == nil || err.Error() != tt.want {
			t.Errorf("DecodeSteps(%q) = %v, want %s", tt.text, err, tt.want)
		}
	}
	if _, err := EncodeSteps([]Step{&DropSchema{}}); err == nil || !strings.Contains(err.Error(), "*ingot.DropSchema is not a step") {
		t.Errorf("EncodeSteps of a pointer: %v", err)
	}
}

func FuzzDecodeSteps(f *testing.F) {
	text, err := EncodeSteps(everyStep())
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text[len(canonHeader)+1:])) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		steps, err := DecodeSteps([]byte(canonHeader + "\n" + line))
		if err != nil {
			return
		}
		text, err := EncodeSteps(steps)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeSteps(text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := EncodeSteps(back); err != nil || string(again) != string(text) {
			t.Errorf("%s is read back as %s", text, again)
		}
	})
}
