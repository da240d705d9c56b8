package dbtest

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"ingot"
)

// The law of types: after a flush an instance equals what a fresh session reads, field by
// field, or the flush is an error that names model, field and column. It is tried with the
// edges of every type and with random values, through INSERT, UPDATE, batches of both and
// conditions.

type (
	lawDecimal string // text that is a number
	lawMoney   struct{ text string }
	lawPrice   struct{ text string }
	lawStamp   time.Time
	lawWord    string
)

func (m lawMoney) MarshalText() ([]byte, error)     { return []byte(m.text), nil }
func (m *lawMoney) UnmarshalText(text []byte) error { m.text = string(text); return nil }

func (p lawPrice) Value() (driver.Value, error) { return p.text, nil }
func (p *lawPrice) Scan(src any) error {
	switch v := src.(type) {
	case string:
		p.text = v
	case []byte:
		p.text = string(v)
	default:
		return fmt.Errorf("%T is no price", src)
	}
	return nil
}

// Law has a field of every kind of column.
type Law struct {
	ID   int64 `ingot:"pk"`
	I    int
	I8   int8
	I16  int16
	I32  int32
	I64  int64
	U    uint
	U8   uint8
	U16  uint16
	U32  uint32
	U64  uint64
	F32  float32
	F64  float64
	B    bool
	S    string
	S20  string  `ingot:"size:20"`
	C5   string  `ingot:"type:char(5)"`
	W    lawWord `ingot:"size:10"`
	By   []byte
	ByN  []byte `ingot:"null"`
	Arr  [8]byte
	T    time.Time
	Day  time.Time `ingot:"type:date"`
	Sec  time.Time `ingot:"type@postgres:timestamptz(0);type@mysql:datetime(0);type@sqlite:datetime"`
	Wall time.Time `ingot:"type@postgres:timestamp without time zone;type@mysql:datetime(6);type@sqlite:datetime"`
	St   lawStamp
	Dec  string         `ingot:"precision:12,2"`
	Num  lawDecimal     `ingot:"type:numeric(30,10)"`
	Mon  lawMoney       `ingot:"precision:20,4"`
	Pri  lawPrice       `ingot:"precision:20,4"`
	F2   float64        `ingot:"precision:10,2"`
	M    map[string]any `ingot:"json"`
	L    []string       `ingot:"json"`
	Raw  json.RawMessage
	MN   map[string]any  `ingot:"json;null"`
	RawN json.RawMessage `ingot:"null"`
	PM   *map[string]int `ingot:"json"`
	St2  struct {
		A int
		B []string
	} `ingot:"json"`
	E    lawWord `ingot:"enum:a,b,'it''s',back\\slash"`
	EI   int8    `ingot:"enum:1,2"`
	UU   kindUUID
	PI   *int
	PS   *string
	PT   *time.Time
	PU   *kindUUID
	PU64 *uint64
	PBy  *[]byte
	NS   sql.Null[string]
	NU   sql.Null[uint64]
	NT   sql.Null[time.Time]
	NB   sql.NullBool
	NF   sql.NullFloat64
	NBy  sql.Null[[]byte]
	Z    string `ingot:"null"`
}

// A lawField is a field of Law with the values to try.
type lawField struct {
	name   string
	values []any
	set    func(*Law, any)
	get    func(*Law) any
	eq     func(*Law, any) ingot.Condition
	json   bool
	edges  int // how many of values were chosen by hand
}

func lawOf[T any](name string, at func(*Law) *T, values ...T) lawField {
	field, _ := reflect.TypeFor[Law]().FieldByName(name)
	f := lawField{
		name: name,
		json: strings.Contains(string(field.Tag), "json") || field.Type == reflect.TypeFor[json.RawMessage](),
		set:  func(x *Law, v any) { *at(x) = v.(T) },
		get:  func(x *Law) any { return *at(x) },
		eq:   func(u *Law, v any) ingot.Condition { return ingot.C(at(u)).Eq(v.(T)) },
	}
	for _, v := range values {
		f.values = append(f.values, v)
	}
	return f
}

var awkward = []string{"", " ", "a", "it's", `back\\slash`, "a\x00b", "\xff\xfe", "\xed\xa0\x80", "🧱", "\U0010FFFF", "\uFFFF", "\uFFFD", "\r\n\t", `"quoted"`, "`", "trailing  ", "  leading", "e\u0301", "é", "NULL", "%_", "$1 ? :x", "{1,2}", "0x41", "\x1a\x7f", "\ufeffbom", strings.Repeat("ü", 20), strings.Repeat("x", 21), strings.Repeat("long 🧱", 20000)}

var instants = func() []time.Time {
	zone := time.FixedZone("east", 5*3600+1800)
	return []time.Time{
		{}, time.Unix(0, 0), time.Unix(0, -1), time.Unix(-1, 999_999_999), time.Date(2026, 11, 22, 13, 14, 15, 123456789, zone),
		time.Date(2026, 11, 22, 23, 59, 59, 999_999_999, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, zone), time.Date(1, 1, 2, 0, 0, 0, 1000, time.UTC), time.Date(0, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 5, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("west", -7200)), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1600, 2, 29, 12, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 500_000_000, time.UTC), time.Date(2024, 3, 31, 2, 30, 0, 0, time.UTC), time.Now(),
	}
}()

func lawFields() []lawField {
	fs := []lawField{
		lawOf("I", func(x *Law) *int { return &x.I }, 0, -1, math.MaxInt, math.MinInt),
		lawOf("I8", func(x *Law) *int8 { return &x.I8 }, 0, math.MaxInt8, math.MinInt8),
		lawOf("I16", func(x *Law) *int16 { return &x.I16 }, 0, math.MaxInt16, math.MinInt16),
		lawOf("I32", func(x *Law) *int32 { return &x.I32 }, 0, math.MaxInt32, math.MinInt32),
		lawOf("I64", func(x *Law) *int64 { return &x.I64 }, 0, math.MaxInt64, math.MinInt64, 1<<53+1),
		lawOf("U", func(x *Law) *uint { return &x.U }, 0, math.MaxInt64, math.MaxInt64+1, math.MaxUint64),
		lawOf("U8", func(x *Law) *uint8 { return &x.U8 }, 0, 255),
		lawOf("U16", func(x *Law) *uint16 { return &x.U16 }, 0, math.MaxUint16),
		lawOf("U32", func(x *Law) *uint32 { return &x.U32 }, 0, math.MaxUint32),
		lawOf("U64", func(x *Law) *uint64 { return &x.U64 }, 0, math.MaxInt64, math.MaxInt64+1, math.MaxUint64, 1<<63+12345),
		lawOf("F32", func(x *Law) *float32 { return &x.F32 }, 0, float32(math.Copysign(0, -1)), 0.1, -1.5, 16777217, 3, math.MaxFloat32, math.SmallestNonzeroFloat32, 1e-40, 123456.789, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))),
		lawOf("F64", func(x *Law) *float64 { return &x.F64 }, 0, math.Copysign(0, -1), 0.1, -1.5, 3, 1<<53, 1e15, 1e16, 123456789.125, math.Pi, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 5e-310, 1e300, 9.007199254740993e15, math.NaN(), math.Inf(1), math.Inf(-1)),
		lawOf("B", func(x *Law) *bool { return &x.B }, true, false),
		lawOf("S", func(x *Law) *string { return &x.S }, awkward...),
		lawOf("S20", func(x *Law) *string { return &x.S20 }, awkward...),
		lawOf("C5", func(x *Law) *string { return &x.C5 }, "", "a", "a  ", "     ", "abcde", "abcdef", "abcde  ", "🧱🧱🧱🧱🧱"),
		lawOf("W", func(x *Law) *lawWord { return &x.W }, "", "word", "0123456789", "01234567890", "0123456789 "),
		lawOf("By", func(x *Law) *[]byte { return &x.By }, nil, []byte{}, []byte{0}, []byte{0xff, 0, 0xfe, '\'', '\\'}, bytes.Repeat([]byte{0, 0xff, '\\'}, 50000)),
		lawOf("ByN", func(x *Law) *[]byte { return &x.ByN }, nil, []byte{}, []byte{0}),
		lawOf("Arr", func(x *Law) *[8]byte { return &x.Arr }, [8]byte{}, [8]byte{0xff, 0, 1}),
		lawOf("T", func(x *Law) *time.Time { return &x.T }, instants...),
		lawOf("Day", func(x *Law) *time.Time { return &x.Day }, instants...),
		lawOf("Sec", func(x *Law) *time.Time { return &x.Sec }, instants...),
		lawOf("Wall", func(x *Law) *time.Time { return &x.Wall }, instants...),
		lawOf("St", func(x *Law) *lawStamp { return &x.St }, lawStamp(instants[4])),
		lawOf("Dec", func(x *Law) *string { return &x.Dec }, "0", "1.50", "1.5", "-1.50", "1.505", "0.10", "9999999999.99", "99999999999.99", "1e3", "abc", "", "007.00", "+1.00", "-0.00", "NaN", " 1.00"),
		lawOf("Num", func(x *Law) *lawDecimal { return &x.Num }, "0", "1.50", "12345678901234567890.0123456789", "0.00000000001", "1.5000000000"),
		lawOf("Mon", func(x *Law) *lawMoney { return &x.Mon }, lawMoney{"0"}, lawMoney{"1.50"}, lawMoney{"1.5000"}, lawMoney{"9007199254740993.0001"}, lawMoney{"-0.00005"}),
		lawOf("Pri", func(x *Law) *lawPrice { return &x.Pri }, lawPrice{"0"}, lawPrice{"1.50"}, lawPrice{"1.5000"}, lawPrice{"9007199254740993.0001"}),
		lawOf("F2", func(x *Law) *float64 { return &x.F2 }, 0, 1.5, 1.005, 1.999, -0.001, 99999999.99, 1e9, math.NaN(), math.Inf(1)),
		lawOf("M", func(x *Law) *map[string]any { return &x.M }, nil, map[string]any{}, map[string]any{"a": nil, "ü🧱": "\u0000 \"\\ </script>", "b": []any{1.5, "x", true, map[string]any{}}, "": ""}, map[string]any{"n": 12345678901234567.0, "i": 1, "big": json.Number("123456789012345678901234567890.5")}, map[string]any{"nan": math.NaN()}),
		lawOf("L", func(x *Law) *[]string { return &x.L }, nil, []string{}, []string{""}, []string{"a", "\xff", "🧱"}),
		lawOf("Raw", func(x *Law) *json.RawMessage { return &x.Raw }, nil, json.RawMessage("null"), json.RawMessage(`{"b": 2,  "a":1, "a":3}`), json.RawMessage("123456789012345678901234567890.50"), json.RawMessage(`"\u00e9"`), json.RawMessage("{"), json.RawMessage("")),
		lawOf("MN", func(x *Law) *map[string]any { return &x.MN }, nil, map[string]any{}),
		lawOf("RawN", func(x *Law) *json.RawMessage { return &x.RawN }, nil, json.RawMessage("null"), json.RawMessage("[1, 2]")),
		lawOf("PM", func(x *Law) **map[string]int { return &x.PM }, nil, new(map[string]int(nil)), new(map[string]int{}), new(map[string]int{"a": 1})),
		lawOf("E", func(x *Law) *lawWord { return &x.E }, "a", "it's", `back\slash`, "A", "", "a ", "none"),
		lawOf("EI", func(x *Law) *int8 { return &x.EI }, 1, 2, 3, 0),
		lawOf("UU", func(x *Law) *kindUUID { return &x.UU }, kindUUID{}, kindUUID{0xff, 1, 2, 3}),
		lawOf("PI", func(x *Law) **int { return &x.PI }, nil, new(0), new(-5)),
		lawOf("PS", func(x *Law) **string { return &x.PS }, nil, new(""), new("a\x00"), new("x ")),
		lawOf("PT", func(x *Law) **time.Time { return &x.PT }, nil, new(time.Time{}), &instants[4], &instants[12]),
		lawOf("PU", func(x *Law) **kindUUID { return &x.PU }, nil, &kindUUID{}, &kindUUID{9}),
		lawOf("PU64", func(x *Law) **uint64 { return &x.PU64 }, nil, new(uint64(math.MaxUint64))),
		lawOf("PBy", func(x *Law) **[]byte { return &x.PBy }, nil, new([]byte(nil)), new([]byte{}), new([]byte{1})),
		lawOf("NS", func(x *Law) *sql.Null[string] { return &x.NS }, sql.Null[string]{}, sql.Null[string]{Valid: true}, sql.Null[string]{V: "rest"}, sql.Null[string]{V: "\xff", Valid: true}),
		lawOf("NU", func(x *Law) *sql.Null[uint64] { return &x.NU }, sql.Null[uint64]{}, sql.Null[uint64]{V: math.MaxUint64, Valid: true}),
		lawOf("NT", func(x *Law) *sql.Null[time.Time] { return &x.NT }, sql.Null[time.Time]{}, sql.Null[time.Time]{V: instants[4], Valid: true}, sql.Null[time.Time]{V: instants[4]}),
		lawOf("NB", func(x *Law) *sql.NullBool { return &x.NB }, sql.NullBool{}, sql.NullBool{Valid: true}, sql.NullBool{Bool: true}),
		lawOf("NF", func(x *Law) *sql.NullFloat64 { return &x.NF }, sql.NullFloat64{}, sql.NullFloat64{Float64: math.Inf(1), Valid: true}, sql.NullFloat64{Valid: true}),
		lawOf("NBy", func(x *Law) *sql.Null[[]byte] { return &x.NBy }, sql.Null[[]byte]{}, sql.Null[[]byte]{Valid: true}, sql.Null[[]byte]{V: []byte{}, Valid: true}),
		lawOf("Z", func(x *Law) *string { return &x.Z }, "", "z", "z "),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range fs {
		fs[i].edges = len(fs[i].values)
		for range 12 {
			if v, ok := randomValue(r, reflect.TypeOf(fs[i].values[len(fs[i].values)-1])); ok {
				fs[i].values = append(fs[i].values, v)
			}
		}
	}
	return fs
}

// randomValue makes a value of the kinds whose every value matters.
func randomValue(r *rand.Rand, t reflect.Type) (any, bool) {
	v := reflect.New(t).Elem()
	bits := r.Uint64() >> r.IntN(64)
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(bits))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(bits)
	case reflect.Float32:
		v.SetFloat(float64(math.Float32frombits(r.Uint32())))
	case reflect.Float64:
		v.SetFloat(math.Float64frombits(r.Uint64()))
	case reflect.String:
		b := make([]rune, r.IntN(12))
		for i := range b {
			b[i] = []rune{rune(r.IntN(128)), rune(r.IntN(0x300)), rune(r.IntN(0x110000)), '\'', '\\', ' '}[r.IntN(6)]
		}
		v.SetString(string(b))
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 || t == reflect.TypeFor[json.RawMessage]() {
			return nil, false
		}
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		v.SetBytes(b)
	default:
		if t != reflect.TypeFor[time.Time]() {
			return nil, false
		}
		return time.Unix(r.Int64N(253402300799+62135596800)-62135596800, r.Int64N(1e9)).In(time.FixedZone("", r.IntN(86400)-43200)), true
	}
	return v.Interface(), true
}

// exactly compares two values bit for bit: NaN is NaN, -0 is not 0, nil is not empty.
func exactly(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Kind() == reflect.Pointer && y.Kind() == reflect.Pointer && !x.IsNil() && !y.IsNil() {
		return exactly(x.Elem().Interface(), y.Elem().Interface())
	}
	if x.Kind() == reflect.Float32 || x.Kind() == reflect.Float64 {
		return math.Float64bits(x.Float()) == math.Float64bits(y.Float()) || math.IsNaN(x.Float()) && math.IsNaN(y.Float())
	}
	return reflect.DeepEqual(a, b)
}

func lawRow() *Law {
	return &Law{E: "a", EI: 1, Dec: "0.00", Num: "0", Mon: lawMoney{"0"}, Pri: lawPrice{"0"}, Raw: json.RawMessage("1"), RawN: json.RawMessage("1"), T: instants[1], Day: instants[1], Sec: instants[1], Wall: instants[1], St: lawStamp(instants[1])}
}

// lawRefused is how many of the edges SQLite, PostgreSQL and MySQL have to refuse, so that
// the law is not kept by refusing everything.
var lawRefused = map[string][3]int{
	"F32": {1, 0, 3}, "F64": {1, 0, 3}, "NF": {0, 0, 1}, // NaN; the infinities
	"F2": {3, 2, 3}, "Dec": {6, 6, 6}, // what decimal(p,s) cannot be
	"T": {4, 1, 4}, "Day": {4, 1, 4}, "Sec": {4, 1, 4}, "Wall": {4, 1, 4}, "PT": {1, 0, 1}, // years
	"S": {0, 3, 2}, "PS": {0, 1, 0}, "NS": {0, 1, 1}, // zero characters; what is not UTF-8
	"S20": {0, 5, 4}, "C5": {0, 2, 2}, "W": {0, 2, 2}, // too long
	"M": {1, 2, 1}, "Raw": {2, 2, 2}, // what JSON cannot be
	"E": {4, 4, 4}, "EI": {2, 2, 2},
}

func TestTheLawOfTypes(t *testing.T) {
	on(t, func(t *testing.T, raw *database) {
		if raw.kind == "sqlite" { // thousands of transactions, and no power failure to survive
			raw.dsn += "&_pragma=synchronous(0)&_synchronous=off"
			raw.DB = raw.again(t)
		}
		db, err := ingot.Open(raw.DB, raw.dialect, ingot.Options{Models: ingot.MustModels(Law{})})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.CreateAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		raw.wantSettled(t, db.Models())
		fields := lawFields()
		for i := range fields {
			f := &fields[i]
			t.Run(f.name, func(t *testing.T) {
				var kept []any
				refused := 0
				for n, v := range f.values {
					k, ok := oneByOne(t, db, f, v)
					switch {
					case ok:
						kept = append(kept, k)
					case n < f.edges:
						refused++
					}
				}
				kind := map[string]int{"sqlite": 0, "postgres": 1, "mysql": 2}[raw.kind]
				if want := lawRefused[f.name][kind]; refused != want {
					t.Errorf("%d of the edges are refused; want %d", refused, want)
				}
				f.values = kept
			})
		}
		t.Run("batches", func(t *testing.T) { inBatches(t, db, fields) })
	})
}

// oneByOne writes one value with an INSERT and with an UPDATE, and returns what was kept of
// it unless it was refused.
func oneByOne(t *testing.T, db *ingot.DB, f *lawField, v any) (kept any, ok bool) {
	t.Helper()
	ctx := t.Context()
	for _, update := range []bool{false, true} {
		x := lawRow()
		s := db.Session()
		defer s.Close()
		if update {
			if err := errors.Join(s.Add(x), s.Commit(ctx)); err != nil {
				t.Fatal(err)
			}
		}
		f.set(x, v)
		if update && len(s.Dirty()) == 0 {
			continue // the same to the database: nothing is sent, nothing settled
		}
		if err := errors.Join(s.Add(x), s.Commit(ctx)); err != nil {
			if e, named := errors.AsType[*ingot.ValueError](err); !named || e.Model != "Law" || e.Field != f.name || e.Column == "" {
				t.Errorf("the refusal of %s does not name model, field and column: %v", brief(v), err)
			}
			if ok {
				t.Errorf("an UPDATE refuses %s, which an INSERT took: %v", brief(v), err)
			}
			return nil, false
		}
		kept, ok = f.get(x), true
		got, err := ingot.Get[Law](ctx, db, x.ID)
		if err != nil {
			t.Fatalf("%s: %v", brief(v), err)
		}
		if read := f.get(got); !exactly(read, kept) {
			t.Errorf("update %v: wrote %s, kept %s, read %s", update, brief(v), brief(kept), brief(read))
		}
		if f.json && !exactly(v, kept) {
			continue // the text in the database is that of what was written
		}
		u := new(Law)
		n, err := ingot.Select(u).Where(f.eq(u, kept), ingot.C(&u.ID).Eq(x.ID)).Count(ctx, db)
		if err != nil || n != 1 {
			t.Errorf("Where Eq %s finds %d rows, %v", brief(kept), n, err)
		}
	}
	return kept, ok
}

// inBatches writes many rows with values that are known to be kept: in one flush of INSERTs,
// in one of UPDATEs, and by Insert without a session.
func inBatches(t *testing.T, db *ingot.DB, fields []lawField) {
	ctx := t.Context()
	r := rand.New(rand.NewPCG(3, 4))
	fill := func(x *Law) {
		for _, f := range fields {
			f.set(x, f.values[r.IntN(len(f.values))])
		}
	}
	same := func(what string, rows []*Law) {
		t.Helper()
		for _, x := range rows {
			got, err := ingot.Get[Law](ctx, db, x.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fields {
				if read, kept := f.get(got), f.get(x); !exactly(read, kept) {
					t.Errorf("%s: %s of row %d is kept as %s, read as %s", what, f.name, x.ID, brief(kept), brief(read))
				}
			}
		}
	}
	s := db.Session()
	defer s.Close()
	rows := make([]*Law, 40)
	for i := range rows {
		rows[i] = lawRow()
		fill(rows[i])
		if err := s.Add(rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	same("insert", rows)
	for _, x := range rows {
		fill(x)
	}
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	same("update", rows)
	copies := make([]*Law, len(rows))
	for i, x := range rows {
		copies[i] = new(*x)
		copies[i].ID += 1_000_000
	}
	if _, err := ingot.Insert(copies...).Exec(ctx, db); err != nil {
		t.Fatal(err)
	}
	same("Insert", copies)
}

func brief(v any) string {
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && !p.IsNil() {
		return "&" + brief(p.Elem().Interface())
	}
	s := fmt.Sprintf("%#v", v)
	if t, ok := v.(time.Time); ok {
		s = t.String()
	}
	if len(s) > 80 {
		s = s[:80] + "…"
	}
	return s
}

type kindUUID [16]byte

func (u kindUUID) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(u[:])), nil }
func (u *kindUUID) UnmarshalText(b []byte) error {
	_, err := hex.Decode(u[:], b)
	return err
}
