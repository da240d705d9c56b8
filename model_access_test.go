package ingot

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"time"
)

type accessUser struct {
	ID     int64 `ingot:"pk"`
	Name   string
	Age    int
	Nick   *string
	Phone  sql.Null[string]
	Born   time.Time
	Meta   map[string]int `ingot:"json"`
	Loose  int            `ingot:"-"`
	Score  float64
	BossID *int64      `ingot:"fk:access_user.id"`
	Boss   *accessUser `ingot:"inverse:Staff"`
	Staff  []*accessUser
	accessPart
}

type accessPart struct {
	First int8
	Small bool
}

func accessMapper(t testing.TB) *mapper {
	t.Helper()
	ms, err := NewModels(accessUser{})
	if err != nil {
		t.Fatal(err)
	}
	return ms.mappers[0]
}

func TestPointersFindTheirColumns(t *testing.T) {
	m := accessMapper(t)
	u := new(accessUser)
	base, typ := addrOf(u)
	if typ != m.typ {
		t.Fatalf("addrOf: type %v", typ)
	}
	for _, tt := range []struct {
		p    any
		want string
	}{
		{&u.ID, "id"}, {&u.Name, "name"}, {&u.Nick, "nick"}, {&u.Phone, "phone"}, {&u.Phone.V, "phone inner"}, {&u.Born, "born"}, {&u.Meta, "meta"}, {&u.First, "first"}, {&u.Small, "small"},
		{&u.Boss, "Boss"}, {&u.Staff, "Staff"}, {&u.Loose, "nothing"}, {&u.Phone.Valid, "nothing"}, {&u.accessPart, "nothing"}, {u, "nothing"},
	} {
		p, typ := addrOf(tt.p)
		offset := uintptr(p) - uintptr(base)
		got := "nothing"
		if c, inner := m.columnAt(offset, typ); inner {
			got = c.name + " inner"
		} else if c != nil {
			got = c.name
		} else if r := m.relationAt(offset, typ); r != nil {
			got = r.field
		}
		if got != tt.want {
			t.Errorf("%T at %d is %s; want %s", tt.p, offset, got, tt.want)
		}
	}
	for _, x := range []any{nil, 5, "x", accessUser{}} {
		if p, typ := addrOf(x); p != nil || typ != nil {
			t.Errorf("addrOf(%v) = %v, %v; want nothing", x, p, typ)
		}
	}
}

func TestFieldsWithoutSizeMustDiffer(t *testing.T) {
	type M struct {
		ID   int64 `ingot:"pk"`
		A, B emptyColumn
		C    int
	}
	_, err := NewModels(M{}, TypeMap{reflect.TypeFor[emptyColumn](): "text"})
	want := "ingot: M.B: has no size and the same type as A: the two cannot be told apart by address"
	if errText(err) != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

type emptyColumn struct{}

func (emptyColumn) MarshalText() ([]byte, error)  { return []byte("x"), nil }
func (*emptyColumn) UnmarshalText(b []byte) error { return nil }

func TestCellsScanRowAfterRow(t *testing.T) {
	m := accessMapper(t)
	var base addr
	cells := newCells(m.columns[:6], &base)
	for i := range 3 {
		u := new(accessUser)
		base, _ = addrOf(u)
		for j, v := range []any{int64(i), fmt.Sprint("n", i), int64(30 + i), "nick", nil, noonText} {
			if err := cells[j].(sql.Scanner).Scan(v); err != nil {
				t.Fatal(err)
			}
		}
		if u.ID != int64(i) || u.Name != fmt.Sprint("n", i) || u.Age != 30+i || *u.Nick != "nick" || u.Phone.Valid || u.Born != noon {
			t.Errorf("row %d: %+v", i, u)
		}
	}
	base, _ = addrOf(new(accessUser))
	err := cells[1].(sql.Scanner).Scan(nil)
	if e, ok := errors.AsType[*ValueError](err); !ok || e.Field != "Name" || err.Error() != `ingot: accessUser.Name, column "name": cannot hold NULL: use a pointer or sql.Null` {
		t.Errorf("NULL into a plain field: %v", err)
	}
}

func TestScanningAllocatesNothingOfItsOwn(t *testing.T) {
	m := accessMapper(t)
	u := new(accessUser)
	base, _ := addrOf(u)
	cells := newCells([]*column{m.byField["ID"], m.byField["Name"], m.byField["Age"], m.byField["Score"], m.byField["Phone"], m.byField["Born"]}, &base)
	row := []any{int64(1 << 40), "a name", int64(1 << 20), 0.5, "phone", noonText}
	if n := testing.AllocsPerRun(100, func() {
		for i, v := range row {
			if err := cells[i].(sql.Scanner).Scan(v); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("scanning a row: %v allocations; want 0", n)
	}
	if n := testing.AllocsPerRun(100, func() { m.instance(base); addrOf(u) }); n != 0 {
		t.Errorf("instance and addrOf: %v allocations; want 0", n)
	}
	if n := testing.AllocsPerRun(100, func() { m.sameFlat(base, base); m.columnAt(8, m.columns[1].typ) }); n != 0 {
		t.Errorf("sameFlat and columnAt: %v allocations; want 0", n)
	}
}

func TestSnapshotsSeeEveryChange(t *testing.T) {
	m := accessMapper(t)
	for _, tt := range []struct {
		name   string
		change func(u *accessUser)
		flat   bool // sameFlat tells it
	}{
		{"Name", func(u *accessUser) { u.Name = "b" }, true},
		{"Age", func(u *accessUser) { u.Age++ }, true},
		{"Phone", func(u *accessUser) { u.Phone.V = "b" }, true},
		{"Born", func(u *accessUser) { u.Born = u.Born.Add(time.Hour) }, true},
		{"Score", func(u *accessUser) { u.Score++ }, true},
		{"First", func(u *accessUser) { u.First++ }, true},
		{"Small", func(u *accessUser) { u.Small = true }, true},
		{"Nick", func(u *accessUser) { *u.Nick = "b" }, false},
		{"Meta", func(u *accessUser) { u.Meta["a"] = 2 }, false},
		{"Staff", func(u *accessUser) { u.Staff[0] = nil }, false},
		{"", func(u *accessUser) { u.Loose++ }, false},
		{"", func(u *accessUser) { u.Nick = ptr("a") }, false},
		{"", func(u *accessUser) { u.Phone = sql.Null[string]{V: string([]byte("p")), Valid: true} }, true},
	} {
		u := &accessUser{ID: 1, Name: "a", Nick: ptr("a"), Phone: sql.Null[string]{V: "p", Valid: true}, Born: noon, Meta: map[string]int{"a": 1}, Staff: []*accessUser{{ID: 2}}}
		p, _ := addrOf(u)
		slab := m.snaps(1)
		snap := slab.next()
		m.snapshot(snap, p)
		if !m.sameFlat(p, snap) {
			t.Fatal("a fresh snapshot is not the same")
		}
		tt.change(u)
		var got string
		for _, c := range m.columns {
			if !c.codec.equal(c.at(p), c.at(snap)) {
				got += c.field
			}
		}
		if r := m.relByName["Staff"]; r.many(p)[0] != r.many(snap)[0] {
			got += "Staff"
		}
		if got = trimPart(got); got != tt.name || m.sameFlat(p, snap) == tt.flat {
			t.Errorf("after a change of %q: %q differs, sameFlat %v", tt.name, got, m.sameFlat(p, snap))
		}
	}
}

func trimPart(s string) string {
	if len(s) > len("accessPart.") && s[:len("accessPart.")] == "accessPart." {
		return s[len("accessPart."):]
	}
	return s
}

func TestRelationsHoldInstances(t *testing.T) {
	m := accessMapper(t)
	boss, staff := m.relByName["Boss"], m.relByName["Staff"]
	u, a, b := new(accessUser), &accessUser{ID: 1}, &accessUser{ID: 2}
	p, _ := addrOf(u)
	pa, _ := addrOf(a)
	pb, _ := addrOf(b)
	if !boss.isNil(p) || !staff.isNil(p) || boss.one(p) != nil || staff.many(p) != nil {
		t.Error("new instance: want nil relations")
	}
	boss.setOne(p, pa)
	list := []addr{pa, pb}
	staff.setMany(p, list)
	list[0] = nil
	if u.Boss != a || len(u.Staff) != 2 || u.Staff[0] != a || u.Staff[1] != b || boss.one(p) != pa || staff.many(p)[1] != pb {
		t.Errorf("set: %v %v", u.Boss, u.Staff)
	}
	staff.setMany(p, []addr{})
	if u.Staff == nil || len(u.Staff) != 0 || staff.isNil(p) {
		t.Error("setMany of no instances: want an empty slice that is not nil")
	}
	staff.setMany(p, nil)
	if u.Staff != nil {
		t.Error("setMany(nil): want nil")
	}
	if m.instance(p).(*accessUser) != u {
		t.Error("instance: want the same pointer")
	}
}

func TestSlabsGiveFreshInstances(t *testing.T) {
	m := accessMapper(t)
	for _, n := range []int{0, 1, 3} {
		s := m.slab(n)
		seen := map[*accessUser]bool{}
		for i := range 150 {
			u := m.instance(s.next()).(*accessUser)
			if seen[u] || u.ID != 0 {
				t.Fatalf("slab(%d): instance %d is not fresh", n, i)
			}
			seen[u] = true
			u.ID, u.Nick, u.Meta = int64(i+1), ptr(fmt.Sprint(i)), map[string]int{"i": i}
		}
		runtime.GC()
		for u := range seen {
			if *u.Nick != fmt.Sprint(u.ID-1) || u.Meta["i"] != int(u.ID-1) {
				t.Fatalf("slab(%d): the collector took what instance %d holds", n, u.ID)
			}
		}
	}
}

func TestKeysGoFromRowToRow(t *testing.T) {
	m := accessMapper(t)
	parent, child := &accessUser{ID: 7}, &accessUser{}
	pp, _ := addrOf(parent)
	pc, _ := addrOf(child)
	id, boss, small := m.byField["ID"], m.byField["BossID"], m.byField["First"]
	if err := boss.take(pc, id, pp); err != nil || child.BossID == nil || *child.BossID != 7 {
		t.Errorf("int64 to *int64: %v, %v", child.BossID, err)
	}
	if err := id.take(pp, boss, pc); err != nil || parent.ID != 7 {
		t.Errorf("*int64 to int64: %v, %v", parent.ID, err)
	}
	if err := small.take(pc, id, pp); err != nil || child.First != 7 {
		t.Errorf("int64 to int8: %v, %v", child.First, err)
	}
	parent.ID, child.BossID = 300, nil
	if err := small.take(pc, id, pp); errText(err) != `ingot: accessUser.accessPart.First, column "first": 300 overflows int8` || child.First != 7 {
		t.Errorf("300 to int8: %v, %v", child.First, err)
	}
	if err := id.take(pp, boss, pc); errText(err) != `ingot: accessUser.ID, column "id": cannot hold NULL: use a pointer or sql.Null` {
		t.Errorf("nil to int64: %v", err)
	}
}

func BenchmarkSnapshot(b *testing.B) {
	m := accessMapper(b)
	p, _ := addrOf(&accessUser{Name: "a"})
	slab := m.snaps(1)
	snap := slab.next()
	for b.Loop() {
		m.snapshot(snap, p)
	}
}

func BenchmarkSameFlat(b *testing.B) {
	m := accessMapper(b)
	p, _ := addrOf(&accessUser{Name: "a"})
	slab := m.snaps(1)
	snap := slab.next()
	m.snapshot(snap, p)
	for b.Loop() {
		m.sameFlat(p, snap)
	}
}
