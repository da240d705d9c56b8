package dbtest

import (
	"context"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"ingot"
)

type User struct {
	_         struct{} `ingot:"table:user_account"`
	ID        int64    `ingot:"pk"`
	Name      string   `ingot:"size:30"`
	Fullname  *string
	Addresses []*Address `ingot:"inverse:User;cascade:all,delete-orphan"`
}

type Address struct {
	_            struct{} `ingot:"table:address"`
	ID           int64    `ingot:"pk"`
	EmailAddress string
	UserID       int64 `ingot:"fk:user_account.id"`
	User         *User `ingot:"inverse:Addresses"`
}

// open is the database of a test as ingot sees it, with the tables of the models.
func (db *database) ingot(t *testing.T, models ...any) *ingot.DB {
	t.Helper()
	m, err := ingot.NewModels(models...)
	if err != nil {
		t.Fatal(err)
	}
	x, err := ingot.Open(db.again(t), db.dialect, ingot.Options{Models: m, Echo: echo(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	if err := x.CreateAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return x
}

// echo collects the statements of a test, and shows them if it fails.
func echo(t *testing.T) *strings.Builder {
	var b strings.Builder
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(b.String()[max(0, b.Len()-3000):])
		}
	})
	return &b
}

func TestCheckFindsNothingAfterCreateAll(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		db := base.ingot(t, User{}, Address{}, Everything{})
		have, err := db.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		models, err := ingot.NewModels(User{}, Address{}, Everything{})
		if err != nil {
			t.Fatal(err)
		}
		want, err := models.Schema(base.dialect)
		if err != nil {
			t.Fatal(err)
		}
		base.wantSame(t, "what was created", have, want)
	})
}

// Everything has a field of each Go type that applications use.
type Everything struct {
	ID      int64 `ingot:"pk"`
	Bool    bool
	Int8    int8
	Int16   int16
	Int32   int32
	Int     int
	Uint8   uint8
	Uint32  uint32
	Uint64  uint64
	Float32 float32
	Float64 float64
	Text    string
	Short   string `ingot:"size:30;unique"`
	Bytes   []byte
	Time    time.Time
	Maybe   *time.Time
	Null    *string
	JSON    map[string]int `ingot:"json"`
	Mood    string         `ingot:"enum:sad,ok"`
	Price   string         `ingot:"type:decimal(10,2);type@sqlite:text"` // SQLite would make a float of it
	Default int            `ingot:"default:5"`
	Made    time.Time      `ingot:"default:CURRENT_TIMESTAMP;omitzero"`
}

func TestValuesComeBackAsTheyWere(t *testing.T) { on(t, checkValues) }

func TestValuesDoNotDependOnTheDSN(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		options := map[string][]string{
			"mysql": {"parseTime=true&loc=America%2FNew_York", "loc=Asia%2FKolkata", "time_zone=%27-07%3A00%27", "parseTime=true&loc=Local&time_zone=%27%2B05%3A30%27",
				"interpolateParams=true", "clientFoundRows=true&sql_mode=%27%27", "sql_mode=%27ANSI_QUOTES%2CNO_BACKSLASH_ESCAPES%27", "collation=utf8mb4_bin"},
			"postgres":    {"timezone=America/New_York", "default_query_exec_mode=exec", "default_query_exec_mode=cache_describe", "default_query_exec_mode=simple_protocol", "DateStyle=German,DMY", "standard_conforming_strings=off"},
			"postgres-pq": {"timezone=Asia/Kolkata", "binary_parameters=yes", "standard_conforming_strings=off"},
		}
		list := options[db.name]
		if list == nil {
			list = options[db.kind]
		}
		plain := db.dsn
		for _, o := range list {
			t.Run(o, func(t *testing.T) {
				other := *db
				other.dsn = plain + "&" + o
				if !strings.Contains(plain, "?") {
					other.dsn = plain + "?" + o
				}
				checkValues(t, &other)
			})
		}
	}, "postgres", "mysql")
}

// checkValues writes the extremes of every type and reads them back.
func checkValues(t *testing.T, base *database) {
	db := base.ingot(t, Everything{})
	defer func() {
		if err := db.DropAll(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	most := uint64(math.MaxUint64)
	if base.kind == "sqlite" {
		most = math.MaxInt64 // its integers end there
	}
	zone := time.FixedZone("", 5*3600+1800)
	when := time.Date(2024, 3, 31, 2, 30, 15, 123456789, zone)
	in := []*Everything{
		{Mood: "ok", Price: "1.50", Bytes: []byte{}, Short: "a", JSON: map[string]int{}, Time: when, Made: when},
		{Bool: true, Int8: -128, Int16: math.MinInt16, Int32: math.MinInt32, Int: math.MinInt64, Uint8: 255, Uint32: math.MaxUint32, Uint64: most,
			Float32: 1.1, Float64: math.Pi, Text: "it's \\ \"ünïcode\" 名 😀 \n\t%_", Short: "b", Bytes: []byte{0, 255, 39, 92}, Time: when.UTC(), Maybe: &when, Null: new(""),
			JSON: map[string]int{"a": 1}, Mood: "sad", Price: "12345678.90", Made: when},
		{Mood: "ok", Price: "0.00", Bytes: []byte{}, Short: "c", JSON: map[string]int{}, Time: when},
	}
	s := db.Session()
	defer s.Close()
	for _, x := range in {
		if err := s.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := new(Everything)
	out, err := ingot.Select(e).OrderBy(ingot.C(&e.Short).Asc()).All(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for i := range in {
		if !reflect.DeepEqual(in[i], out[i]) {
			t.Errorf("got  %+v\nwant %+v, as the flush left it", out[i], in[i])
		}
		if !in[i].Time.Equal(when.Truncate(time.Microsecond)) {
			t.Errorf("the time was %v and is %v", when, in[i].Time)
		}
	}
	found, err := ingot.Select(e).Where(ingot.C(&e.Time).Eq(when), ingot.C(&e.Text).Eq(in[1].Text)).Count(t.Context(), db)
	if found != 1 || err != nil {
		t.Errorf("%d rows found by their time and text, %v; want 1", found, err)
	}
	// The clock of the database is the program's, whatever zone the session has.
	if d := time.Since(in[2].Made); d < -time.Minute || d > time.Minute {
		t.Errorf("the default time is %v", in[2].Made)
	}
}
