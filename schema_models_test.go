package ingot

import (
	"database/sql"
	"strings"
	"testing"
	"time"
)

// A plainDialect knows traits and nothing else.
type plainDialect struct {
	SchemaDialect
	name   string
	traits SchemaTraits
}

func (d plainDialect) Name() string                             { return d.name }
func (d plainDialect) Traits(*Server) SchemaTraits              { return d.traits }
func (d plainDialect) AppendIdent(b []byte, name string) []byte { return append(b, `"`+name+`"`...) }
func (d plainDialect) CanonicalType(t Type) Type                { return Type(strings.ToLower(string(t))) }
func (d plainDialect) SameText(a, b SQLText) bool               { return strings.EqualFold(string(a), string(b)) }
func (d plainDialect) NormalizeTable(t *Table)                  {}

type (
	smCustomer struct {
		_         struct{} `ingot:"table:customer;schema:shop;comment:who buys;option:strict;was:client"`
		_         struct{} `ingot:"unique:tenant,email;index:name desc,(lower(email));name:ix_fancy;where:name <> '';check:tenant > 0"`
		_         struct{} `ingot:"check:1 = 1;check@postgres:2 = 2;index:tenant;index@postgres:tenant;using:hash;option@mysql:engine=InnoDB"`
		ID        int64    `ingot:"pk"`
		Tenant    int32
		Email     string  `ingot:"size:200;was:mail"`
		Name      string  `ingot:"default:'x';type@postgres:citext;comment:'it''s'"`
		Nick      *string `ingot:"unique;where:nick is not null;index@mysql"`
		Status    string  `ingot:"enum:new,paid,gone"`
		Level     int     `ingot:"enum:1,2;check:level > 0;name:ck_level;check:level < 9"`
		Lower     string  `ingot:"generated:lower(name);virtual"`
		Price     float64 `ingot:"precision:10,2"`
		Seen      sql.Null[time.Time]
		Friends   []*smCustomer `ingot:"through:friendship(a_id,b_id);inverse:FriendOf"`
		FriendOf  []*smCustomer `ingot:"through:friendship(b_id,a_id);inverse:Friends"`
		Favourite *smItem
		FavID     *int64 `ingot:"fk:item.id;ondelete:set null;onupdate:cascade;deferrable:deferred"`
	}
	smItem struct {
		_       struct{} `ingot:"table:item"`
		ID      int64    `ingot:"pk;name:key_of_item"`
		Owner   *smTag   `ingot:"via:OwnerID"`
		OwnID   int64    `ingot:"-"`
		Tags    []*smTag `ingot:"through:item_tag"`
		Code    [16]byte `ingot:"unique;name:uq_code"`
		OwnerID *int64   `ingot:"fk:tag.id"`
	}
	smTag struct {
		_                                                                         struct{}  `ingot:"table:tag"`
		ID                                                                        int64     `ingot:"pk"`
		A_very_long_name_that_is_longer_than_names_may_be_in_any_of_the_databases bool      `ingot:"index"`
		Items                                                                     []*smItem `ingot:"through:item_tag;inverse:Tags"`
	}
	smView struct {
		_  struct{} `ingot:"table:names;view:SELECT id FROM item"`
		ID int64    `ingot:"pk"`
	}
)

func TestModelsBecomeASchema(t *testing.T) {
	ms, err := NewModels(smCustomer{}, smItem{}, smTag{}, smView{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []plainDialect{
		{name: "sqlite"},
		{name: "postgres", traits: SchemaTraits{NamedEnums: true}},
		{name: "mysql", traits: SchemaTraits{InlineEnums: true, KeyText: "varchar(255)", KeyBlob: "varbinary(255)"}},
	} {
		s, err := ms.Schema(d)
		if err != nil {
			t.Fatal(err)
		}
		var steps []Step
		for _, n := range s.Schemas {
			steps = append(steps, CreateSchema{n})
		}
		for _, e := range s.Enums {
			steps = append(steps, CreateEnum{e})
		}
		for _, x := range s.Tables {
			steps = append(steps, CreateTable{x})
		}
		text, err := FormatSteps(steps, "")
		if err != nil {
			t.Fatal(err)
		}
		wantGolden(t, "models_"+d.name+".golden", []byte(text+"\n"))
		if len(s.Views) != 1 || s.Views[0] != (View{Name: "names", SQL: "SELECT id FROM item"}) {
			t.Errorf("views are %v", s.Views)
		}
		if again, err := ms.Schema(d); err != nil || schemaText(t, again) != schemaText(t, s) {
			t.Errorf("the second schema is another one: %v", err)
		}
		if steps := Compare(s, s.Clone(), CompareDialect(d)); len(steps) > 0 {
			t.Errorf("the schema differs from itself: %s", listing(steps))
		}
	}
}
