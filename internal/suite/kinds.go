package suite

import (
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"ingot"
)

type (
	kindState string
	kindLevel int8
	kindUUID  [16]byte
	kindMoney struct{ cents int64 }
	KindBase  struct {
		Created time.Time
		Note    *string
	}
)

func (u kindUUID) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(u[:])), nil }
func (u *kindUUID) UnmarshalText(b []byte) error {
	_, err := hex.Decode(u[:], b)
	return err
}
func (m kindMoney) Value() (driver.Value, error) { return m.cents, nil }
func (m *kindMoney) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("%v is no money", src)
	}
	m.cents = n
	return nil
}

// Kinds has a field of every type that a column can be.
type Kinds struct {
	ID       int64 `ingot:"pk"`
	Int      int
	Int8     int8
	Int16    int16
	Int32    int32
	Uint     uint
	Uint8    uint8
	Uint16   uint16
	Uint32   uint32
	Uint64   uint64
	F32      float32
	F64      float64
	Bool     bool
	Text     string    `ingot:"size:40"`
	State    kindState `ingot:"enum:draft,sent"`
	Level    kindLevel `ingot:"enum:1,2,3"`
	Bytes    []byte
	Hash     [4]byte
	Time     time.Time
	UUID     kindUUID
	Money    kindMoney      `ingot:"type:bigint"`
	JSON     map[string]any `ingot:"json"`
	List     []string       `ingot:"json"`
	Raw      json.RawMessage
	PInt     *int
	PText    *string
	PTime    *time.Time
	PBytes   *[]byte
	PUUID    *kindUUID
	PMoney   *kindMoney `ingot:"type:bigint"`
	PJSON    *KindBase  `ingot:"json"`
	NText    sql.Null[string]
	NTime    sql.Null[time.Time]
	NUUID    sql.Null[kindUUID]
	NString  sql.NullString
	NInt32   sql.NullInt32
	NTime2   sql.NullTime
	Maybe    []byte `ingot:"null"`
	Plain    string `ingot:"null"`
	KindBase `ingot:"prefix:base_"`
}

func (on Database) TestEveryTypeGoesToTheDatabaseAndBack(t *testing.T) {
	east := time.FixedZone("east", 3600)
	at := time.Date(2026, 11, 22, 13, 0, 0, 123456789, east)
	text := "it's 'quoted' — ünïcode 🧱"
	full := &Kinds{
		Int: -1, Int8: math.MinInt8, Int16: math.MaxInt16, Int32: math.MinInt32, Uint: math.MaxInt64, Uint8: 255, Uint16: 65535, Uint32: math.MaxUint32, Uint64: math.MaxUint64,
		F32: 0.1, F64: math.Pi, Bool: true, Text: "sandy", State: "sent", Level: 3, Bytes: []byte{0, 1, 255}, Hash: [4]byte{1, 2, 3, 4}, Time: at,
		UUID: kindUUID{1, 2, 3}, Money: kindMoney{5}, JSON: map[string]any{"a": []any{1.5, "x", nil}}, List: []string{"a"}, Raw: json.RawMessage(`{"b":2}`),
		PInt: new(7), PText: &text, PTime: &at, PBytes: new([]byte("b")), PUUID: &kindUUID{9}, PMoney: &kindMoney{8}, PJSON: &KindBase{Note: new("n")},
		NText: sql.Null[string]{V: "n", Valid: true}, NTime: sql.Null[time.Time]{V: at, Valid: true}, NUUID: sql.Null[kindUUID]{V: kindUUID{7}, Valid: true},
		NString: sql.NullString{String: "s", Valid: true}, NInt32: sql.NullInt32{Int32: 5, Valid: true}, NTime2: sql.NullTime{Time: at, Valid: true}, Maybe: []byte("m"), Plain: "p",
		KindBase: KindBase{Created: at, Note: new("base")},
	}
	empty := &Kinds{State: "draft", Level: 1}
	db, _ := on.open(t, ingot.Options{}, Kinds{})
	s := db.Session()
	defer s.Close()
	if err := errors.Join(s.AddAll(full, empty), s.Commit(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Kinds{full, empty} {
		for name, r := range map[string]ingot.Runner{"DB": db, "session": db.Session()} {
			got, err := ingot.Get[Kinds](t.Context(), r, x.ID)
			if err != nil {
				t.Fatal(err)
			}
			sameFields(t, name, got, x)
		}
	}
	on.wantSettled(t, db)
	if n := len(s.Dirty()); n != 0 {
		t.Errorf("%d instances are dirty right after the commit", n)
	}
}

// sameFields compares what was read with what was written.
func sameFields(t *testing.T, runner string, got, want *Kinds) {
	t.Helper()
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		if a, b := g.Field(i).Interface(), w.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %s is %#v; want %#v", runner, g.Type().Field(i).Name, a, b)
		}
	}
}

type UintParent struct {
	ID       uint `ingot:"pk"`
	Name     string
	Children []*UintChild `ingot:"inverse:Parent"`
}

type UintChild struct {
	ID       uint64      `ingot:"pk"`
	ParentID uint        `ingot:"fk:uint_parent.id"`
	Parent   *UintParent `ingot:"inverse:Children"`
}

func (on Database) TestUnsignedKeysAreGenerated(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, UintParent{}, UintChild{})
	p := &UintParent{Name: "p", Children: []*UintChild{{}, {}}}
	s := db.Session()
	defer s.Close()
	if err := errors.Join(s.Add(p), s.Commit(t.Context())); err != nil {
		t.Fatal(err)
	}
	if p.ID != 1 || p.Children[1].ID != 2 || p.Children[1].ParentID != 1 {
		t.Errorf("keys: %v", ingot.Sprint(p))
	}
	on.wantSettled(t, db)
}

// wantSettled compares the models with the database that was made from them.
func (on Database) wantSettled(t *testing.T, db *ingot.DB) {
	t.Helper()
	dialect := on.Dialect.(ingot.SchemaDialect)
	want, err := db.Models().Schema(dialect)
	must(t, err)
	have, err := db.Inspect(t.Context())
	must(t, err)
	for _, step := range ingot.Compare(have, want, ingot.CompareDialect(dialect)) {
		t.Errorf("right after CreateAll there is still to do: %+v", step)
	}
}
