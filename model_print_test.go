package ingot

import (
	"database/sql"
	"testing"
	"time"
)

type printTag struct {
	Tenant string `ingot:"pk"`
	No     int    `ingot:"pk"`
}

type printPlace struct {
	City string
	Zip  *string
}

type printUser struct {
	_       struct{} `ingot:"table:user"`
	ID      int64    `ingot:"pk"`
	Name    string   `ingot:"column:full_name"`
	Nick    *string
	Phone   sql.Null[string]
	Born    time.Time
	Photo   []byte
	Meta    map[string]int `ingot:"json"`
	Home    printPlace     `ingot:"prefix:home_"`
	Secret  string         `ingot:"-"`
	hidden  int
	Boss    *printUser
	Staff   []*printUser
	Tags    []*printTag
	Unknown *plainThing
}

type plainThing struct {
	A    int
	B    any
	C    map[string]any
	D    []plainThing
	E    func()
	Next *plainThing
}

type panics struct{}

func (p *panics) MarshalText() ([]byte, error) { panic("no text") }
func (p *panics) UnmarshalText([]byte) error   { return nil }

type printPanic struct {
	ID int64 `ingot:"pk"`
	P  panics
}

func TestSprint(t *testing.T) {
	boss := &printUser{ID: 7, Name: "boss"}
	u := &printUser{ID: 1, Name: "sandy", Nick: ptr("sa"), Phone: sql.Null[string]{V: "5", Valid: true}, Born: noon, Photo: []byte("photo"), Meta: map[string]int{"a": 1},
		Home: printPlace{City: "Bikini Bottom"}, Secret: "x", hidden: 1, Boss: boss, Staff: []*printUser{{ID: 2}, {}, nil}, Tags: []*printTag{{"t", 3}}}
	boss.Boss, u.Unknown = u, &plainThing{A: 1}
	loop := &plainThing{A: 1, B: []any{1, "x", nil}, C: map[string]any{"b": 2, "a": true}}
	loop.Next, loop.D = loop, []plainThing{{A: 2, Next: loop}}
	self := map[string]any{}
	self["self"] = self
	for _, tt := range []struct {
		name string
		x    any
		want string
	}{
		{"columns by name, relations by key", u, `printUser{id: 1, full_name: "sandy", nick: "sa", phone: "5", born: 2026-11-22 12:00:00.123456, photo: 0x70686f746f, meta: {"a":1}, home_city: "Bikini Bottom", home_zip: nil, Boss: printUser(7), Staff: [printUser(2), printUser(new), nil], Tags: [printTag("t", 3)], Unknown: plainThing{A: 1, B: nil, C: nil, D: nil, E: func(), Next: nil}}`},
		{"a value like a pointer", printTag{"t", 1}, `printTag{tenant: "t", no: 1}`},
		{"a slice", []*printTag{{"t", 1}, nil}, `[printTag{tenant: "t", no: 1}, nil]`},
		{"nil", nil, "nil"},
		{"a nil pointer", (*printUser)(nil), "nil"},
		{"a nil slice", []*printUser(nil), "nil"},
		{"a number", 5, "5"},
		{"a string", "x", `"x"`},
		{"bytes are cut off", make([]byte, 20), "0x00000000000000000000000000000000… (20 bytes)"},
		{"no model, with a cycle", loop, `plainThing{A: 1, B: [1, "x", nil], C: {"a": true, "b": 2}, D: [plainThing{A: 2, B: nil, C: nil, D: nil, E: func(), Next: plainThing{…}}], E: func(), Next: plainThing{…}}`},
		{"a map that holds itself", self, `{"self": {"self": {"self": {"self": {"self": …}}}}}`},
		{"a value that panics", &printPanic{ID: 1}, `printPanic{id: 1, p: !(no text)`},
		{"a function", func() {}, "func()"},
		{"no struct with a name", struct{ A int }{1}, "struct{A: 1}"},
	} {
		if got := Sprint(tt.x); got != tt.want {
			t.Errorf("%s: Sprint =\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}
