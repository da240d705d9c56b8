package ingot

import (
	"database/sql"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// Types of these tests stand in functions of their own, so that each set has its own User.

func wantMistakes(t *testing.T, models []any, want ...string) {
	t.Helper()
	_, err := NewModels(models...)
	if got := errText(err); got != strings.Join(want, "\n") {
		t.Errorf("NewModels:\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestModelsThatAreNone(t *testing.T) {
	type Key struct {
		ID int64 `ingot:"pk"`
	}
	type Same struct {
		_  struct{} `ingot:"table:key"`
		ID int64    `ingot:"pk"`
	}
	wantMistakes(t, []any{nil, 5, "x", []Key{}, struct{ ID int }{}, Key{}, &Key{}, Same{}},
		"ingot: nil: argument 1 is no model: give a struct, like User{}",
		"ingot: int: is no model: give a struct, like User{}",
		"ingot: string: is no model: give a struct, like User{}",
		"ingot: []ingot.Key: is no model: give a struct, like User{}",
		"ingot: struct { ID int }: has no name to map by: declare the struct as a type",
		"ingot: Key: is given twice",
		"ingot: Same: table \"key\" is Key's already: name another with `_ struct{} ingot:\"table:…\"`",
	)
	wantMistakes(t, []any{(*Key)(nil)})
	wantMistakes(t, nil)
}

func TestKeysThatAreNone(t *testing.T) {
	type NoKey struct{ Name string }
	type Untagged struct {
		ID   int64
		Name string
	}
	type Missing struct {
		_  struct{} `ingot:"pk:id,tenant"`
		ID int64
	}
	type Twice struct {
		_  struct{} `ingot:"pk:a,a"`
		A  int64
		_  struct{} `ingot:"pk:a"`
		ID int64
	}
	type Both struct {
		_ struct{} `ingot:"pk:a"`
		A int64
		B int64 `ingot:"pk"`
	}
	type Nullable struct {
		_ struct{} `ingot:"pk:a"`
		A *int64
	}
	type Auto struct {
		A int64 `ingot:"pk;auto"`
		B int64 `ingot:"pk"`
	}
	type Misspelt struct {
		ID int64 `ingot:"pkey"`
	}
	type Broken struct {
		ID chan int `ingot:"pk"`
	}
	wantMistakes(t, []any{NoKey{}, Untagged{}, Missing{}, Twice{}, Both{}, Nullable{}, Auto{}, Misspelt{}, Broken{}},
		"ingot: NoKey: has no primary key: tag the field that is it with `ingot:\"pk\"`, or several of them, or add `_ struct{} ingot:\"pk:a,b\"`",
		"ingot: Untagged: has no primary key: tag field ID with `ingot:\"pk\"`",
		`ingot: Missing: option "pk:id,tenant": Missing has no column "tenant"; there is id`,
		`ingot: Twice: option "pk:a,a": names column "a" twice`,
		`ingot: Twice: option "pk:a": is given twice`,
		`ingot: Both.B: option "pk": contradicts "pk:a" on the blank field`,
		`ingot: Nullable.A: a key is never NULL, and *int64 can be: use a plain type`,
		`ingot: Auto.A: option "auto": the database makes a key only where it is one column`,
		`ingot: Misspelt.ID: option "pkey": unknown option: did you mean "pk"?`,
		"ingot: Misspelt: has no primary key: tag field ID with `ingot:\"pk\"`",
		`ingot: Broken.ID: chan int cannot be kept in a database: leave the field out with -`,
	)
}

func TestFieldsThatAreNone(t *testing.T) {
	type Other struct {
		ID int64 `ingot:"pk"`
	}
	type Place struct{ City string }
	type Fields struct {
		ID    int64    `ingot:"pk"`
		Tags  []string // no codec
		Attrs map[string]int
		Place Place
		PP    **int
		C     complex128
		Same  string `ingot:"column:tags"`
		Same2 string `ingot:"column:same"`
		Same3 string `ingot:"column:same"`
		//lint:ignore U1000 the tag on it is the mistake
		hidden string `ingot:"size:3"`
		Other  Other
		Others []Other
		Empty  string `ingot:"column: "`
		*Other2
		Null sql.Null[[]string]
	}
	_ = Fields{}.hidden
	wantMistakes(t, []any{Other{}, Fields{}},
		"ingot: Fields.Tags: []string is no column: tag the field json, or give a type of your own Scan and Value, or leave it out with -",
		"ingot: Fields.Attrs: map[string]int is no column: tag the field json, or give a type of your own Scan and Value, or leave it out with -",
		"ingot: Fields.Place: ingot.Place is no column: tag the field json, or embed to flatten it, or give the type Scan and Value, or leave it out with -",
		"ingot: Fields.PP: a pointer to a pointer cannot be a column: use one *",
		"ingot: Fields.C: complex128 cannot be kept in a database: leave the field out with -",
		`ingot: Fields.Same3: column "same" is taken by field Same2: name one of them with column:, or leave one out with -`,
		"ingot: Fields.hidden: is not exported, so it cannot be mapped: export it or remove the tag",
		"ingot: Fields.Other: a relation to Other is a *Other; to flatten its fields into this table, tag the field embed",
		"ingot: Fields.Others: a relation to Other is a []*Other",
		`ingot: Fields.Empty: option "column:": needs a value: column:…`,
		"ingot: Fields.Other2: is embedded as a pointer, so its fields may not be there: embed ingot.Other2 itself",
		"ingot: Fields.Null: []string is no column: tag the field json, or give a type of your own Scan and Value, or leave it out with -",
	)
}

type Other2 struct{ X int }

func TestMalformedStructTagsAreNoticed(t *testing.T) {
	for _, tt := range []struct{ tag, want string }{
		{"ingot:size:3", "malformed struct tag \"ingot:size:3\": write `ingot:\"…\"`"},
		{"ingot", "malformed struct tag \"ingot\": write `ingot:\"…\"`"},
		{`json:"a" ingot: "pk"`, "malformed struct tag \"json:\\\"a\\\" ingot: \\\"pk\\\"\": write `ingot:\"…\"`"},
		{`json:"ingot"`, ""},
		{`ingot:"check:(a"`, `option "check": no closing ) in "(a"`},
	} {
		if _, _, err := lookupTag(reflect.StructField{Tag: reflect.StructTag(tt.tag)}); errText(err) != tt.want {
			t.Errorf("lookupTag(%q) = %v; want %s", tt.tag, err, tt.want)
		}
	}
}

func TestTableOptionsThatDoNotFit(t *testing.T) {
	type Part struct {
		_ struct{} `ingot:"table:part;index:x"`
		X int
	}
	type M struct {
		_    struct{} `ingot:"table:m;unique:a,c;name:uq_m;index:a desc,(lower(b)) nulls last,cc;where:a > 0;tabel:x"`
		_    struct{} `ingot:"name:x"`
		_    struct{} `ingot:"check:a > 0;fk:a,b->m.id;fk:a->m;fk:a"`
		ID   int64    `ingot:"pk"`
		A    int64
		B    string
		Part `ingot:"prefix:p_"`
	}
	wantMistakes(t, []any{M{}},
		`ingot: M: option "tabel:x": unknown option: did you mean "table"?`,
		`ingot: M: option "name:x": belongs behind pk or unique or index or unique-index or check or fk`,
		`ingot: M.Part: option "table:part": belongs on a blank field of the model itself, not of an embedded struct`,
		`ingot: M: option "unique:a,c": M has no column "c"; there is id, a, b, p_x`,
		`ingot: M: option "index:a desc,(lower(b)) nulls last,cc": M has no column "cc"; there is id, a, b, p_x`,
		`ingot: M: option "fk:a,b->m.id": ties 2 columns to 1`,
		`ingot: M: option "fk:a->m": wants columns->table.columns, like fk:tenant_id,user_id->user.tenant_id,id`,
		`ingot: M: option "fk:a": wants columns->table.columns, like fk:tenant_id,user_id->user.tenant_id,id`,
	)
}

func TestRelationsWithoutOneForeignKey(t *testing.T) {
	type Stranger struct {
		ID int64 `ingot:"pk"`
	}
	type Letter struct {
		ID         int64 `ingot:"pk"`
		SenderID   int64 `ingot:"fk:person.id"`
		ReceiverID int64 `ingot:"fk:person.id"`
		Sender     *struct{}
	}
	type Person struct {
		ID        int64     `ingot:"pk"`
		Letters   []*Letter // two candidates
		Sent      []*Letter `ingot:"via:SenderID"`
		Received  []*Letter `ingot:"via:receiver_id"`
		Lost      []*Letter `ingot:"via:ID"`
		Strangers []*Stranger
		Friend    *Person
		Stranger  *Stranger
		Boss      *Person `ingot:"via:Nobody"`
	}
	type Mail struct {
		ID       int64   `ingot:"pk"`
		FromID   int64   `ingot:"fk:person.id"`
		ToID     int64   `ingot:"fk:person.id"`
		From     *Person `ingot:"via:FromID"`
		To       *Person
		Many     []*Person
		Unmapped *Unmapped
		List     []*Unmapped
	}
	_ = Letter{}.Sender
	type Letter2 = Letter
	_, err := NewModels(Person{}, Letter2{}, Mail{}, Stranger{})
	want := []string{
		"ingot: Person.Letters: several foreign keys tie Person to Letter (Letter.SenderID, Letter.ReceiverID): say which with via:SenderID or via:ReceiverID",
		`ingot: Person.Lost: option "via:ID": no foreign key between Person and Letter is named so: write via:SenderID or via:ReceiverID`,
		"ingot: Person.Strangers: no foreign key ties Stranger to Person: add fk:person.id to a column of Stranger, or name a link table with through:",
		"ingot: Person.Friend: no foreign key ties Person to Person: add fk:person.id to a column of Person",
		"ingot: Person.Stranger: no foreign key ties Person to Stranger: add fk:stranger.id to a column of Person",
		`ingot: Person.Boss: no foreign key ties Person to Person: add fk:person.id to a column of Person`,
		"ingot: Letter.Sender: struct {} is not in the metadata: give it to NewModels, or tag the field json to keep it in a column, or - to leave it out",
		"ingot: Mail.Unmapped: ingot.Unmapped is not in the metadata: give it to NewModels, or tag the field json to keep it in a column, or - to leave it out",
		"ingot: Mail.List: ingot.Unmapped is not in the metadata: give it to NewModels, or tag the field json to keep it in a column, or - to leave it out",
		"ingot: Mail.To: several foreign keys tie Mail to Person (Mail.FromID, Mail.ToID): say which with via:FromID or via:ToID",
		"ingot: Mail.Many: is a slice, but the foreign key is in Mail itself: make it a *Person, or add a foreign key to Person",
	}
	if got := errText(err); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

type Unmapped struct{ ID int64 }

type inverseA struct {
	ID   int64       `ingot:"pk"`
	Bs   []*inverseB `ingot:"inverse:A"`
	Bs2  []*inverseB `ingot:"inverse:Aa"`
	Bs3  []*inverseB `ingot:"inverse:C;via:AID"`
	Bs4  []*inverseB `ingot:"inverse:A;via:AID"`
	Cs   []*inverseC `ingot:"inverse:As;through:a_c"`
	Self *inverseA   `ingot:"inverse:Self;via:ID"`
}

type inverseB struct {
	ID  int64     `ingot:"pk"`
	AID int64     `ingot:"column:a_id;fk:inverse_a.id"`
	A   *inverseA `ingot:"inverse:Bs"`
	CID int64     `ingot:"column:c_id;fk:inverse_c.id"`
	C   *inverseC
}

type inverseC struct {
	ID int64       `ingot:"pk"`
	As []*inverseA `ingot:"inverse:Cs;through:c_a"`
}

func TestInversesThatDoNotPointBack(t *testing.T) {
	wantMistakes(t, []any{inverseA{}, inverseB{}, inverseC{}},
		`ingot: inverseA.Bs2: option "inverse:Aa": inverseB has no relation "Aa"; there is A, C`,
		`ingot: inverseA.Bs3: option "inverse:C": inverseB.C holds inverseC, not inverseA`,
		`ingot: inverseA.Bs4: option "inverse:A": inverseB.A does not point back: it says inverse:Bs`,
		`ingot: inverseA.Self: option "inverse:Self": a relation cannot be its own inverse`,
		`ingot: inverseA.Self: no foreign key ties inverseA to inverseA: add fk:inverse_a.id to a column of inverseA`,
		`ingot: inverseA.Cs: option "inverse:As": inverseC.As goes through c_a (inverse_c_id, inverse_a_id), this side through a_c (inverse_a_id, inverse_c_id): the two must be one link seen from both ends`,
	)
}

type optTag struct {
	ID    int64      `ingot:"pk"`
	Posts []*optPost `ingot:"through:post_tag;cascade:all,delete-orphan;position:Place;post-update"`
}

type optPost struct {
	ID       int64      `ingot:"pk"`
	UserID   int64      `ingot:"fk:opt_user.id"`
	UniqueID int64      `ingot:"fk:opt_user.id;unique"`
	User     *optUser   `ingot:"via:UserID;cascade:all,delete-orphan;order:id;position:Place;passive-deletes"`
	Unique   *optUser   `ingot:"via:UniqueID;cascade:all,delete-orphan"`
	Title    string     `ingot:"size:3"`
	Links    []*optLink `ingot:"order:title"`
	Place    int
}

type optUser struct {
	ID     int64      `ingot:"pk"`
	Orphan []*optPost `ingot:"via:UserID;cascade:delete-orphan;order:Title desk,Place desc,titel"`
	Words  []*optPost `ingot:"via:UserID;cascade:al,none;position:Title;order:id"`
	Pos    []*optPost `ingot:"via:UserID;position:ID"`
	Good   []*optPost `ingot:"via:UserID;position:Place;cascade:none;passive-deletes;post-update"`
	Tags   []*optTag  `ingot:"through:OptLink"`
	Tag    *optTag    `ingot:"through:post_tag"`
	Same   []*optUser `ingot:"through:friends"`
	Three  []*optUser `ingot:"through:friends(a,b,c)"`
	Mapped []*optTag  `ingot:"through:opt_link(a,b)"`
	NoKey  []*optTag  `ingot:"through:opt_link"`
	Two    []*optPost `ingot:"through:opt_link"`
}

type optLink struct {
	UserID  int64 `ingot:"pk;fk:opt_user.id"`
	PostID  int64 `ingot:"pk;fk:opt_post.id"`
	OtherID int64 `ingot:"fk:opt_post.id"`
}

func TestRelationOptionsThatDoNotFit(t *testing.T) {
	wantMistakes(t, []any{optUser{}, optPost{}, optTag{}, optLink{}},
		`ingot: optUser.Tags: option "through:OptLink": type OptLink is not in the metadata: give it to NewModels`,
		`ingot: optUser.Tag: option "through:post_tag": is for many-to-many: make the field a []*optTag`,
		`ingot: optUser.Same: option "through:friends": both sides would be kept in column opt_user_id: name the columns, like through:friends(opt_user_id,other_id), this side's first`,
		`ingot: optUser.Three: option "through:friends(a,b,c)": wants 1 column(s) for optUser and 1 for optUser: through:friends(left,right), or through:friends(left,…->right,…) for composite keys`,
		`ingot: optUser.Mapped: option "through:opt_link(a,b)": optLink is mapped: its columns are known; write through:opt_link, and via: where its foreign keys leave a choice`,
		`ingot: optUser.NoKey: option "through:opt_link": no foreign key of optLink refers to optTag (opt_tag): add one`,
		`ingot: optUser.Two: option "through:opt_link": several foreign keys of optLink refer to optPost (PostID, OtherID): say with via: which of them means optUser`,
		`ingot: optUser.Orphan: option "cascade:delete-orphan": delete-orphan needs delete: write cascade:all,delete-orphan`,
		`ingot: optUser.Orphan: option "order:Title desk,Place desc,titel": "desk" is no direction: write asc or desc`,
		`ingot: optUser.Orphan: option "order:Title desk,Place desc,titel": optPost has no column "titel": did you mean "title"?`,
		`ingot: optUser.Words: option "cascade:al,none": unknown cascade "al": did you mean "all"?`,
		`ingot: optUser.Words: option "cascade:al,none": "none" contradicts the rest`,
		`ingot: optUser.Words: option "position:Title": contradicts order:, since the position is the order`,
		`ingot: optUser.Pos: option "position:ID": optPost.ID is not free to be written`,
		`ingot: optPost.Links: several foreign keys tie optPost to optLink (optLink.PostID, optLink.OtherID): say which with via:PostID or via:OtherID`,
		`ingot: optPost.User: option "cascade:all,delete-orphan": delete-orphan on a many-to-one would delete a optUser that others refer to: put it on the other side, or tag optPost.UserID unique`,
		`ingot: optPost.User: option "order:id": is for slices: one row has no order`,
		`ingot: optPost.User: option "position:Place": is for slices: one row has no position`,
		`ingot: optPost.User: option "passive-deletes": is for the side that is referred to: the database deletes children, never parents`,
		`ingot: optTag.Posts: option "cascade:all,delete-orphan": delete-orphan on a many-to-many would delete a optPost that others are linked to: map the link table as a type whose reference to optPost is unique, or leave it out`,
		`ingot: optTag.Posts: option "position:Place": the position is kept in the link: map table post_tag as a type that has it`,
		`ingot: optTag.Posts: option "post-update": is for foreign keys of the models themselves: a link table has no cycles`,
	)
}

// Whatever a tag says, the model is mapped or refused with mistakes that name it.
func FuzzTags(f *testing.F) {
	for _, s := range []string{
		"pk", "fk:m.id;ondelete:set null", "index:a desc,(lower(b)),,", "fk:a,b->m.id,f", "pk:id", "unique:,", "through:x(a,b->c", "through:(", "via:;inverse:Self", "order: desc,",
		"enum:,", "precision:-1,-2", "prefix:x", "embed", "cascade:,all", "position:F", "check:(", "name:x", "type@postgres:;x@", "fk:->", "fk:.", "table:\x00", "through:m;via:F", "through:link(\x00,)",
	} {
		f.Add(s)
	}
	type embedded struct{ A, B int }
	type linked struct {
		ID int64 `ingot:"pk"`
	}
	f.Fuzz(func(t *testing.T, text string) {
		tag := reflect.StructTag("ingot:" + strconv.Quote(text))
		r := newRegistration([]any{linked{}})
		m := r.add(reflect.StructOf([]reflect.StructField{
			{Name: "ID", Type: reflect.TypeFor[int64](), Tag: `ingot:"pk"`},
			{Name: "F", Type: reflect.TypeFor[*int](), Tag: tag},
			{Name: "One", Type: reflect.TypeFor[*linked](), Tag: tag},
			{Name: "Many", Type: reflect.TypeFor[[]*linked](), Tag: tag},
			{Name: "Part", Type: reflect.TypeFor[embedded](), Tag: tag},
		}), "M")
		if tg, err := parseTag(text); err == nil {
			r.tableTag(m, tg, "", "")
		}
		ms, err := r.run()
		if err == nil {
			for _, m := range ms.mappers {
				if len(m.key) == 0 {
					t.Errorf("%q: mapped without a key", text)
				}
			}
			return
		}
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			if e, ok := e.(*MappingError); !ok || e.Type == "" || e.Text == "" {
				t.Errorf("%q: %v is no mistake that names its place", text, e)
			}
		}
	})
}
