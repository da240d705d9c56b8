package ingot_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"ingot"
)

type Writer struct {
	_     struct{} `ingot:"table:writer"`
	ID    int64    `ingot:"pk"`
	Name  string   `ingot:"size:30"`
	Books []*Book  `ingot:"inverse:Writer;cascade:all,delete-orphan"`
}

type Book struct {
	_        struct{} `ingot:"table:book"`
	ID       int64    `ingot:"pk"`
	Title    string
	Subtitle *string
	WriterID int64   `ingot:"fk:writer.id"`
	Writer   *Writer `ingot:"inverse:Books"`
}

func ExampleNewModels() {
	_, err := ingot.NewModels(Writer{}, Book{})
	fmt.Println(err)
	// Output: <nil>
}

// All mistakes of all models come back at once, each naming type, field and option.
func ExampleNewModels_mistakes() {
	type Song struct {
		ID       int64  `ingot:"pk"`
		Title    string `ingot:"szie:30"`
		WriterID int64  `ingot:"fk:writers.id"`
		Tags     []string
		Writer   *Writer
	}
	_, err := ingot.NewModels(Writer{}, Book{}, Song{})
	fmt.Println(err)
	if e, ok := errors.AsType[*ingot.MappingError](err); ok {
		fmt.Println(e.Type, e.Field, e.Option)
	}
	// Output:
	// ingot: Song.Title: option "szie:30": unknown option: did you mean "size"?
	// ingot: Song.Tags: []string is no column: tag the field json, or give a type of your own Scan and Value, or leave it out with -
	// ingot: Song.WriterID: option "fk:writers.id": no model has table "writers": did you mean "writer"?
	// Song Title szie:30
}

func ExampleMustModels() {
	defer func() { fmt.Println(recover()) }()
	ingot.MustModels(struct{}{})
	// Output: ingot: struct {}: has no name to map by: declare the struct as a type
}

func ExampleNaming() {
	plural := ingot.Naming{Table: func(name string) string { return strings.ToLower(name) + "s" }}
	type Pen struct {
		ID int64 `ingot:"pk"`
	}
	type Ink struct {
		ID    int64 `ingot:"pk"`
		PenID int64 `ingot:"fk:pens.id"`
	}
	_, err := ingot.NewModels(plural, Pen{}, Ink{})
	fmt.Println(err)
	// Output: <nil>
}

type Celsius struct{ deg float64 }

func (c Celsius) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%g°C", c.deg), nil }
func (c *Celsius) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "%g°C", &c.deg)
	return err
}

func ExampleTypeMap() {
	type Reading struct {
		ID   int64 `ingot:"pk"`
		Temp Celsius
	}
	_, err := ingot.NewModels(Reading{}, ingot.TypeMap{reflect.TypeFor[Celsius](): "varchar(10)"})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleSprint() {
	w := &Writer{ID: 1, Name: "Ursula"}
	b := &Book{ID: 5, Title: "The Dispossessed", Subtitle: new("An Ambiguous Utopia"), WriterID: 1, Writer: w}
	w.Books = []*Book{b, {Title: "not saved yet"}}
	fmt.Println(ingot.Sprint(w))
	fmt.Println(ingot.Sprint(b))
	// Output:
	// Writer{id: 1, name: "Ursula", Books: [Book(5), Book(new)]}
	// Book{id: 5, title: "The Dispossessed", subtitle: "An Ambiguous Utopia", writer_id: 1, Writer: Writer(1)}
}
