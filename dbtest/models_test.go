package dbtest

import (
	"database/sql"
	"testing"
	"time"

	"ingot"
)

type (
	mtKind  string
	mtOwner struct {
		_        struct{} `ingot:"table:owner;comment:who has it;check:age >= 0;index:name desc,born;unique:name,kind"`
		ID       int64    `ingot:"pk"`
		Name     string   `ingot:"size:40;default:'it''s';comment:the name"`
		Kind     mtKind   `ingot:"enum:cat,dog,other;default:'cat'"`
		Level    int      `ingot:"enum:1,2,3"`
		Age      int16    `ingot:"default:0"`
		Small    int8
		Big      uint32
		Huge     uint64
		Ratio    float32
		Weight   float64 `ingot:"check:weight > -1"`
		Price    float64 `ingot:"precision:10,2;default:0"`
		OK       bool    `ingot:"default:true"`
		Data     []byte
		Born     time.Time `ingot:"default:CURRENT_TIMESTAMP"`
		Seen     sql.Null[time.Time]
		Nick     *string  `ingot:"unique;size:20"`
		Note     string   `ingot:"index"`
		Tags     []string `ingot:"json"`
		Code     [16]byte
		Double   int64 `ingot:"generated:id_of + 1"`
		IDOf     int64
		Version  int64      `ingot:"version"`
		Email    string     `ingot:"size:80;unique;check:email <> ''"`
		BestID   *int64     `ingot:"fk:pet.id;ondelete:set null"`
		Best     *mtPet     `ingot:"via:BestID"`
		Pets     []*mtPet   `ingot:"inverse:Owner;via:OwnerID"`
		Friends  []*mtOwner `ingot:"through:friendship(a_id,b_id)"`
		ParentID *int64     `ingot:"fk:owner.id;ondelete:cascade;onupdate:cascade"`
	}
	mtPet struct {
		_       struct{} `ingot:"table:pet;index:owner_id,name"`
		ID      int64    `ingot:"pk"`
		Name    string   `ingot:"size:30"`
		OwnerID int64    `ingot:"fk:owner.id;ondelete:cascade"`
		Owner   *mtOwner `ingot:"inverse:Pets"`
	}
	mtPart struct {
		_      struct{} `ingot:"table:Order Part;pk:order,line"`
		Order  string   `ingot:"size:20"`
		Line   int32
		Select string `ingot:"column:select"`
	}
	mtSub struct {
		_     struct{} `ingot:"table:sub_part;fk:part_order,part_line->Order Part.order,line;ondelete:cascade"`
		Key   string   `ingot:"pk"`
		Order string   `ingot:"column:part_order;size:20"`
		Line  int32    `ingot:"column:part_line"`
	}
)

// The first promise: right after the tables are made, nothing differs.
func TestModelsOfAllKindsCompareEqual(t *testing.T) { // CK-04
	models, err := ingot.NewModels(mtOwner{}, mtPet{}, mtPart{}, mtSub{})
	if err != nil {
		t.Fatal(err)
	}
	on(t, func(t *testing.T, db *database) {
		engine, err := ingot.Open(db.DB, db.dialect, ingot.Options{Models: models})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close()
		ctx := t.Context()
		if err := engine.CreateAll(ctx); err != nil {
			t.Fatal(err)
		}
		want, err := models.Schema(db.dialect)
		if err != nil {
			t.Fatal(err)
		}
		have, err := engine.Inspect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if steps := ingot.Compare(have, want, ingot.CompareOn(ctx, engine)); len(steps) > 0 {
			source, _ := ingot.FormatSteps(steps, "")
			t.Errorf("what was created differs:\n%s\n%s", listing(steps), source)
		}
		if steps := ingot.Compare(have, want); len(steps) > 0 {
			t.Logf("without the server's judgement:\n%s", listing(steps))
		}
		if err := engine.DropAll(ctx); err != nil {
			t.Fatal(err)
		}
		if have, err = engine.Inspect(ctx); err != nil || len(have.Tables)+len(have.Enums) > 0 {
			t.Errorf("DropAll leaves %+v, %v", have, err)
		}
	})
}
