package ingot

import (
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

type (
	codecInt   int32
	codecText  string
	codecBytes []byte
	codecStamp time.Time
	codecUUID  [16]byte
	codecMoney struct{ cents int64 } // Scanner and Valuer, never NULL
	codecList  []string              // Scanner by pointer, Valuer by value; nil is NULL
)

func (u codecUUID) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(u[:])), nil }

func (u *codecUUID) UnmarshalText(b []byte) error {
	if len(b) != 32 {
		return errors.New("no UUID")
	}
	_, err := hex.Decode(u[:], b)
	return err
}

func (m codecMoney) Value() (driver.Value, error) { return m.cents, nil }

func (m *codecMoney) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("%v is no money", src)
	}
	m.cents = n
	return nil
}

func (l codecList) Value() (driver.Value, error) {
	if l == nil {
		return nil, nil
	}
	return strings.Join(l, ","), nil
}

func (l *codecList) Scan(src any) error {
	*l = nil
	if s, ok := src.(string); ok {
		*l = strings.Split(s, ",")
	}
	return nil
}

// A byPointer has both methods on the pointer.
type byPointer struct{ s string }

func (b *byPointer) Value() (driver.Value, error) { return b.s, nil }
func (b *byPointer) Scan(src any) error           { b.s = fmt.Sprint(src); return nil }

// A sample is a value of a column's type with its codec.
type sample struct {
	codec *codec
	v     reflect.Value
}

func newSample(t testing.TB, x any, tag string) sample {
	t.Helper()
	typ := reflect.TypeOf(x)
	c, err := mapColumn(typ, tag, TypeMap{
		reflect.TypeFor[codecMoney](): "bigint", reflect.TypeFor[codecList](): "text", reflect.TypeFor[byPointer](): "text",
	})
	if err != nil {
		t.Fatalf("%T: %v", x, err)
	}
	f := sample{c.codec, reflect.New(typ).Elem()}
	f.v.Set(reflect.ValueOf(x))
	return f
}

func (f sample) addr() addr { return f.v.Addr().UnsafePointer() }

func ptr[T any](x T) *T { return &x }

var (
	noon     = time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)
	noonText = "2026-11-22 12:00:00.123456"
)

// TestValues takes each value to the database and back.
func TestValues(t *testing.T) {
	east := time.FixedZone("east", 2*3600)
	for _, tt := range []struct {
		x    any
		tag  string
		want driver.Value
	}{
		{int(-5), "", int64(-5)}, {int8(-128), "", int64(-128)}, {int16(5), "", int64(5)}, {int32(5), "", int64(5)}, {int64(math.MinInt64), "", int64(math.MinInt64)},
		{uint(5), "", int64(5)}, {uint8(255), "", int64(255)}, {uint16(65535), "", int64(65535)}, {uint32(1 << 31), "", int64(1 << 31)},
		{uint64(math.MaxInt64), "", int64(math.MaxInt64)}, {uint64(math.MaxUint64), "", "18446744073709551615"}, {uint(math.MaxUint64), "", "18446744073709551615"},
		{float32(0.5), "", 0.5}, {0.1, "", 0.1}, {math.Inf(1), "", math.Inf(1)}, {true, "", true}, {false, "", false}, {"x", "", "x"}, {"", "", ""},
		{codecInt(7), "", int64(7)}, {codecText("y"), "", "y"}, {codecText("a"), "enum:a,b", "a"}, {codecInt(2), "enum:1,2", int64(2)},
		{[]byte("ab"), "", []byte("ab")}, {codecBytes("ab"), "", []byte("ab")}, {[]byte{}, "", []byte{}}, {[]byte(nil), "null", nil}, {[]byte{}, "null", []byte{}}, {[3]byte{1, 2, 3}, "", []byte{1, 2, 3}},
		{noon, "", noon}, {noon.In(east), "", noon}, {codecStamp(noon), "", noon}, {time.Time{}, "", time.Time{}},
		{codecUUID{1, 2}, "", "01020000000000000000000000000000"}, {netip.MustParseAddr("10.0.0.1"), "", "10.0.0.1"}, {*big.NewInt(12), "", "12"},
		{codecMoney{12}, "", int64(12)}, {codecList{"a", "b"}, "", "a,b"}, {codecList(nil), "", nil}, {byPointer{"p"}, "", "p"},
		{ptr(5), "", int64(5)}, {(*int)(nil), "", nil}, {ptr("s"), "", "s"}, {ptr(noon.In(east)), "", noon}, {ptr(codecMoney{3}), "", int64(3)}, {ptr([]byte("b")), "", []byte("b")}, {ptr(codecText("b")), "enum:a,b", "b"},
		{sql.Null[int]{V: 5, Valid: true}, "", int64(5)}, {sql.Null[int]{}, "", nil}, {sql.NullString{String: "s", Valid: true}, "", "s"}, {sql.NullTime{Time: noon, Valid: true}, "", noon}, {sql.NullTime{}, "", nil},
		{sql.NullInt16{Int16: 3, Valid: true}, "", int64(3)}, {sql.NullByte{Byte: 3, Valid: true}, "", int64(3)}, {sql.NullBool{Bool: true, Valid: true}, "", true}, {sql.NullFloat64{Float64: 1, Valid: true}, "", 1.0},
		{sql.Null[codecUUID]{V: codecUUID{9}, Valid: true}, "", "09000000000000000000000000000000"},
		{map[string]int{"a": 1}, "json", `{"a":1}`}, {[]string{"a"}, "json", `["a"]`}, {struct{ A int }{1}, "json", `{"A":1}`}, {json.RawMessage(`{"a": 1}`), "", `{"a":1}`},
		{map[string]int(nil), "json;null", nil}, {[]string(nil), "json;null", nil}, {ptr(struct{ A int }{1}), "json", `{"A":1}`}, {(*struct{ A int })(nil), "json", nil}, {[2]int{1, 2}, "json", `[1,2]`}, {"s", "json", `"s"`},
	} {
		f := newSample(t, tt.x, tt.tag)
		got, err := f.codec.value(f.addr(), &encoding{})
		if err != nil || !sameValue(got, tt.want) || reflect.TypeOf(got) != reflect.TypeOf(tt.want) {
			t.Errorf("value of %T %v = %#v, %v; want %#v", tt.x, tt.x, got, err, tt.want)
			continue
		}
		back := newSample(t, tt.x, tt.tag)
		back.v.SetZero()
		if err := back.codec.load(back.addr(), got); err != nil || !f.codec.equal(f.addr(), back.addr()) {
			t.Errorf("load of %#v = %v, %v; want %v", got, back.v, err, tt.x)
		}
		if (f.codec.null != nil && f.codec.null(f.addr())) != (tt.want == nil) {
			t.Errorf("null of %T %v: want %v", tt.x, tt.x, tt.want == nil)
		}
		if got, want := f.codec.zero(f.addr()), f.v.IsZero(); got != want {
			t.Errorf("zero of %T %v = %v; want %v", tt.x, tt.x, got, want)
		}
	}
}

func TestNilOfColumnsThatAreNotNullIsEmpty(t *testing.T) {
	for _, tt := range []struct {
		x    any
		tag  string
		want driver.Value
	}{
		{[]byte(nil), "", []byte{}}, {map[string]int(nil), "json", "{}"}, {[]string(nil), "json", "[]"}, {json.RawMessage(nil), "", "null"},
	} {
		f := newSample(t, tt.x, tt.tag)
		if got, err := f.codec.value(f.addr(), nil); err != nil || !sameValue(got, tt.want) {
			t.Errorf("value of nil %T = %#v, %v; want %#v", tt.x, got, err, tt.want)
		}
	}
}

func TestPlainTypesOfNullableColumns(t *testing.T) {
	count := newSample(t, 5, "null")
	if err := count.codec.load(count.addr(), nil); err != nil || count.v.Int() != 0 {
		t.Errorf("NULL into an int tagged null: %v, %v; want 0", count.v, err)
	}
	if v, err := count.codec.value(count.addr(), nil); v != int64(0) || err != nil {
		t.Errorf("zero of an int tagged null: %v, %v; want it written as it stands", v, err)
	}
	ref := newSample(t, 0, "null;fk:m.id;ondelete:set null")
	if v, err := ref.codec.value(ref.addr(), nil); v != nil || err != nil || !ref.codec.null(ref.addr()) {
		t.Errorf("zero of a nullable foreign key: %v, %v; want NULL", v, err)
	}
}

func TestLoadConverts(t *testing.T) {
	for _, tt := range []struct {
		src  any
		want any
	}{
		{[]byte("5"), 5}, {"5", int8(5)}, {5.0, int16(5)}, {true, 1}, {int32(5), int64(5)}, {uint8(5), int64(5)},
		{"18446744073709551615", uint64(math.MaxUint64)}, {uint64(math.MaxUint64), uint64(math.MaxUint64)}, {[]byte("7"), uint(7)},
		{int64(2), 2.0}, {"0.5", 0.5}, {[]byte("0.5"), float32(0.5)}, {float32(0.5), 0.5},
		{int64(1), true}, {int64(0), false}, {[]byte{1}, true}, {[]byte("t"), true}, {"false", false},
		{[]byte("x"), "x"}, {int64(5), "5"}, {0.5, "0.5"}, {true, "true"}, {codecText("y"), "y"},
		{"ab", []byte("ab")}, {"ab", [2]byte{'a', 'b'}},
		{noonText, noon}, {[]byte(noonText), noon}, {codecUUID{1, 2}.text(), codecUUID{1, 2}}, {make([]byte, 16), codecUUID{}}, {"01020000-0000-0000-0000-000000000000", codecUUID{1, 2}},
		{[]byte(`{"a":1}`), struct{}{}},
	} {
		tag := ""
		if reflect.TypeOf(tt.want).Kind() == reflect.Struct && tt.want == (struct{}{}) {
			tag = "json"
		}
		f := newSample(t, tt.want, tag)
		f.v.SetZero()
		if err := f.codec.load(f.addr(), tt.src); err != nil || !reflect.DeepEqual(f.v.Interface(), tt.want) {
			t.Errorf("load %#v into %T = %v, %v; want %v", tt.src, tt.want, f.v, err, tt.want)
		}
	}
}

// A codecULID has the bytes of a UUID and a text of its own.
type codecULID [16]byte

func (u codecULID) MarshalText() ([]byte, error)  { return []byte("0123456789ABCDEFGHJKMNPQRS"), nil }
func (u *codecULID) UnmarshalText(b []byte) error { return nil }

func (u codecUUID) text() string { b, _ := u.MarshalText(); return string(b) }

func TestLoadRefuses(t *testing.T) {
	const null = "cannot hold NULL: use a pointer or sql.Null"
	for _, tt := range []struct {
		src  any
		into any
		want string
	}{
		{nil, 0, null}, {nil, int64(0), null}, {nil, uint64(0), null}, {nil, "", null}, {nil, false, null}, {nil, 0.5, null}, {nil, time.Time{}, null}, {nil, codecUUID{}, null}, {nil, [2]byte{}, null},
		{int64(300), int8(0), "300 overflows int8"}, {int64(-1), uint8(0), "-1 overflows uint8"}, {int64(-1), uint64(0), "-1 (int64) is no unsigned 64-bit integer"}, {int64(1 << 40), int32(0), "1099511627776 overflows int32"},
		{1e300, float32(0), "1e+300 overflows float32"}, {1.5, 0, "1.5 (float64) is no 64-bit integer"}, {"x", 0, `"x" is no 64-bit integer`}, {"x", 0.5, `"x" is no number`}, {"x", false, `"x" is no boolean`}, {int64(2), false, "2 (int64) is no boolean"},
		{"soon", time.Time{}, `"soon" is no time`}, {int64(5), time.Time{}, "5 (int64) is no time"}, {noon, 0, "2026-11-22 12:00:00.123456 +0000 UTC (time.Time) is no 64-bit integer"},
		{int64(5), []byte(nil), "5 (int64) is no byte string"}, {"abc", [2]byte{}, "3 bytes do not fit [2]uint8"}, {int64(300), ptr(int8(0)), "300 overflows int8"}, {int64(300), sql.Null[int8]{}, "300 overflows int8"},
		{strings.Repeat("x", 50), 0, `"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"… is no 64-bit integer`}, {"x", codecMoney{}, "x is no money"}, {"zz", codecUUID{}, "no UUID"},
	} {
		f := newSample(t, tt.into, "")
		if err := f.codec.load(f.addr(), tt.src); errText(err) != tt.want {
			t.Errorf("load %#v into %T: %v; want %s", tt.src, tt.into, err, tt.want)
		}
	}
	for _, tt := range []struct {
		x    any
		tag  string
		want string
	}{
		{"c", "enum:a,b", `"c" is none of a,b`}, {codecInt(0), "enum:1,2", `"0" is none of 1,2`}, {math.NaN(), "json", "cannot be written as JSON: json: unsupported value: NaN"},
	} {
		f := newSample(t, tt.x, tt.tag)
		if _, err := f.codec.value(f.addr(), nil); errText(err) != tt.want {
			t.Errorf("value of %v tagged %s: %v; want %s", tt.x, tt.tag, err, tt.want)
		}
	}
}

func TestLoadedBytesAreTheFieldsOwn(t *testing.T) {
	src := []byte(`"ab"`)
	for _, x := range []any{[]byte(nil), codecBytes(nil), json.RawMessage(nil), sql.Null[[]byte]{}, keeper{}} {
		f := newSample(t, x, map[bool]string{true: "type:blob"}[reflect.TypeOf(x) == reflect.TypeFor[keeper]()])
		if err := f.codec.load(f.addr(), src); err != nil {
			t.Fatalf("%T: %v", x, err)
		}
		before := fmt.Sprint(f.v.Interface())
		src[1] = 'z'
		if got := fmt.Sprint(f.v.Interface()); got != before {
			t.Errorf("%T changed with the driver's memory", x)
		}
		src[1] = 'a'
	}
}

// A keeper keeps what it is given.
type keeper struct{ b []byte }

func (k *keeper) Scan(src any) error          { k.b, _ = src.([]byte); return nil }
func (k keeper) Value() (driver.Value, error) { return k.b, nil }

func TestClonesAreApart(t *testing.T) {
	type deep struct {
		M map[string][]int
		P *int
		I any
	}
	for _, tt := range []struct {
		x      any
		tag    string
		change func(x any) // of a pointer to the field
	}{
		{ptr(5), "", func(x any) { **x.(**int) = 6 }},
		{ptr("a"), "", func(x any) { **x.(**string) = "b" }},
		{ptr(noon), "", func(x any) { **x.(**time.Time) = noon.Add(time.Second) }},
		{[]byte("ab"), "", func(x any) { (*x.(*[]byte))[0] = 'z' }},
		{ptr([]byte("ab")), "", func(x any) { (**x.(**[]byte))[0] = 'z' }},
		{codecList{"a"}, "", func(x any) { (*x.(*codecList))[0] = "z" }},
		{*big.NewInt(5), "", func(x any) { x.(*big.Int).Add(x.(*big.Int), x.(*big.Int)) }},
		{sql.Null[[]byte]{V: []byte("ab"), Valid: true}, "", func(x any) { x.(*sql.Null[[]byte]).V[0] = 'z' }},
		{map[string]any{"a": []any{1}}, "json", func(x any) { (*x.(*map[string]any))["a"].([]any)[0] = 2 }},
		{deep{M: map[string][]int{"a": {1}}}, "json", func(x any) { x.(*deep).M["a"][0] = 2 }},
		{deep{P: ptr(1)}, "json", func(x any) { *x.(*deep).P = 2 }},
		{deep{I: []int{1}}, "json", func(x any) { x.(*deep).I.([]int)[0] = 2 }},
		{ptr(deep{P: ptr(1)}), "json", func(x any) { *(*x.(**deep)).P = 2 }},
	} {
		f, snap := newSample(t, tt.x, tt.tag), newSample(t, tt.x, tt.tag)
		if f.codec.clone == nil {
			t.Errorf("%T is taken for flat", tt.x)
			continue
		}
		f.codec.clone(snap.addr(), f.addr())
		if !f.codec.equal(f.addr(), snap.addr()) {
			t.Errorf("%T: a clone is not equal", tt.x)
		}
		tt.change(f.v.Addr().Interface())
		if f.codec.equal(f.addr(), snap.addr()) {
			t.Errorf("%T: a change in place reached the clone", tt.x)
		}
	}
	for _, x := range []any{5, "s", noon, codecUUID{}, codecMoney{}, sql.Null[string]{}, sql.NullTime{}, [4]byte{}} {
		if newSample(t, x, "").codec.clone != nil {
			t.Errorf("%T is taken for deep", x)
		}
	}
}

func TestCyclicJSONEnds(t *testing.T) {
	type node struct{ Next *node }
	n := &node{}
	n.Next = n
	f, snap := newSample(t, *n, "json"), newSample(t, node{}, "json")
	f.codec.clone(snap.addr(), f.addr())
	if _, err := f.codec.value(f.addr(), nil); err == nil {
		t.Error("a cycle was written as JSON")
	}
}

func TestSettleGivesWhatAReloadGives(t *testing.T) {
	local := time.Now().In(time.FixedZone("east", 3600)).Add(123)
	want := time.UnixMicro(local.UnixMicro()).UTC()
	for _, x := range []any{local, ptr(local), sql.Null[time.Time]{V: local, Valid: true}, sql.NullTime{Time: local, Valid: true}, ptr(codecStamp(local))} {
		f, loaded := newSample(t, x, ""), newSample(t, x, "")
		f.codec.settle(f.addr())
		if err := loaded.codec.load(loaded.addr(), local); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(f.v.Interface(), loaded.v.Interface()) {
			t.Errorf("%T settled to %v; a reload gives %v", x, f.v, loaded.v)
		}
	}
	mine := local
	f := newSample(t, &mine, "")
	f.codec.settle(f.addr())
	if mine != local || !(*f.v.Interface().(*time.Time)).Equal(want) {
		t.Error("settle changed a time that the caller holds too")
	}
}

func TestTimeText(t *testing.T) {
	e := &encoding{timeText: timeText}
	for _, tt := range []struct{ text, want string }{
		{"2026-11-22 12:00:00.123456", ""}, {"2026-11-22 12:00:00.1", ""}, {"2026-11-22 12:00:00", ""}, {"0001-01-01 00:00:00", ""}, {"9999-12-31 23:59:59.999999", ""},
		{"2024-02-29 00:00:00.000001", ""}, {"2026-11-22T12:00:00", "2026-11-22 12:00:00"}, {"2026-11-22", "2026-11-22 00:00:00"}, {"2026-11-22 12:00:00.123456789", "2026-11-22 12:00:00.123456"},
		{"2026-11-22 12:00:00.1234560", "2026-11-22 12:00:00.123456"}, {"2026-11-22T12:00:00Z", "2026-11-22 12:00:00"}, {"2026-11-22T12:00:00.5+02:00", "2026-11-22 10:00:00.5"}, {"2026-11-22 12:00:00+02", "2026-11-22 10:00:00"},
		{"2026-11-22 12:00:00.5-07:00", "2026-11-22 19:00:00.5"}, {"2026-11-22 12:00:00.5 +0200 CEST", "2026-11-22 10:00:00.5"}, {"2026-11-22 12:00:00.5 +0000 UTC m=+0.001", "2026-11-22 12:00:00.5"}, {"2026-11-22 12:00", "2026-11-22 12:00:00"},
		{"", "no"}, {"2026-02-30", "no"}, {"2026-13-01", "no"}, {"2026-11-22 24:00:00", "no"}, {"2026-11-22 12:00:00.", "no"}, {"2026-11-22 12:00:00.x", "no"}, {"26-11-22", "no"}, {"2026-11-22 12:00:0", "no"}, {"2026-1x-22", "no"},
	} {
		want := tt.want
		if want == "" {
			want = tt.text
		}
		got := "no"
		if at, ok := parseTime(tt.text); ok {
			v, err := timeValue(at, e)
			if err != nil {
				t.Error(err)
			}
			got = v.(string)
		}
		if got != want {
			t.Errorf("parseTime(%q) = %s; want %s", tt.text, got, want)
		}
	}
	if _, err := timeValue(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), e); err == nil {
		t.Error("year 10000 was written as text that does not sort")
	}
}

func TestDaysAreCountedAsTheCalendarDoes(t *testing.T) {
	for at := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() <= 9999; at = at.AddDate(0, 0, 1) {
		if got := daysSince1970(at.Year(), int(at.Month()), at.Day()); got*86400 != at.Unix() {
			t.Fatalf("daysSince1970(%s) = %d; want %d", at.Format(time.DateOnly), got, at.Unix()/86400)
		}
	}
	for year := range 401 {
		for month := 1; month <= 12; month++ {
			if got, want := daysIn(year, month), time.Date(year, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day(); got != want {
				t.Errorf("daysIn(%d, %d) = %d; want %d", year, month, got, want)
			}
		}
	}
}

func FuzzTimeText(f *testing.F) {
	f.Add(int64(0))
	f.Add(noon.UnixMicro())
	f.Fuzz(func(t *testing.T, micros int64) {
		at := time.UnixMicro(micros % (1 << 47)).UTC()
		text := string(appendTime(nil, at))
		if want := at.Format(timeText); text != want {
			t.Fatalf("appendTime(%v) = %q; want %q", at, text, want)
		}
		if back, ok := parsePlainTime(text); !ok || back != at {
			t.Errorf("parsePlainTime(%q) = %v, %v; want %v", text, back, ok, at)
		}
	})
}

func TestTimeTextTakesNoMemory(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { parseTime(noonText) }); n != 0 {
		t.Errorf("parseTime: %v allocations; want 0", n)
	}
}

func BenchmarkParseTime(b *testing.B) {
	for b.Loop() {
		parseTime(noonText)
	}
}
