package ingot

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseTag(t *testing.T) {
	for _, tt := range []struct{ name, tag, want, err string }{
		{"empty", "", "", ""},
		{"options keep their order", "pk;size:30", "pk;size:30", ""},
		{"space around options and values is dropped", " pk ; size : 30 ", "pk;size:30", ""},
		{"nothing between semicolons is nothing", ";pk;;size:30;", "pk;size:30", ""},
		{"a value may hold commas and colons", "pk:a,b;check:a::int > 0", "pk:a,b;check:a::int > 0", ""},
		{"quotes protect a semicolon", "default:'a;b';notnull", "default:'a;b';notnull", ""},
		{"a doubled quote stays inside", "default:'it''s;so';null", "default:'it''s;so';null", ""},
		{"double quotes and backquotes protect too", "check:\"a;b\" > `c;d`", "check:\"a;b\" > `c;d`", ""},
		{"parentheses protect a semicolon", "check:(a in ('x;)',';'));pk", "check:(a in ('x;)',';'));pk", ""},
		{"a dialect follows the name", "type@postgres:jsonb;type:text", "type@postgres:jsonb;type:text", ""},
		{"a comment is prose", "comment:the user's name :);notnull", "comment:the user's name :);notnull", ""},
		{"a comment in quotes may hold a semicolon", "comment:'a;b';notnull", "comment:'a;b';notnull", ""},
		{"any space may stand before a quote", "comment:\v'a;b'", "comment:'a;b'", ""},
		{"an empty value is kept for the error", "size:;pk", "size:;pk", ""},
		{"a quote must close", "default:'a;pk", "", `option "default": no closing ' in "'a;pk"`},
		{"a parenthesis must close", "check:(a;pk", "", `option "check": no closing ) in "(a;pk"`},
		{"a parenthesis must open", "check:a);pk", "", `option "check": no ( for the ) in "a);pk"`},
		{"a name is needed", ":30", "", `option without a name: ":30"`},
		{"a dialect is needed after @", "type@:x", "", `option "type": no dialect after @`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseTag(tt.tag)
			if got.String() != tt.want || errText(err) != tt.err {
				t.Errorf("parseTag(%q) = %q, %v; want %q, %q", tt.tag, got, err, tt.want, tt.err)
			}
		})
	}
}

func FuzzParseTag(f *testing.F) {
	for _, s := range []string{"pk;size:30", "default:'a;b'", "check:(a in ('x'))", "type@postgres:jsonb", "comment:it's;pk", "comment:\v\"", "comment :'a;b' x", " a @ b : c "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := parseTag(text)
		if err != nil {
			return
		}
		second, err := parseTag(first.String())
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Errorf("parseTag(%q) = %#v; printed as %q it reads %#v, %v", text, first, first, second, err)
		}
	})
}

func TestUnknownOptionsNameTheNearest(t *testing.T) {
	for _, tt := range []struct {
		option string
		place  tagPlace
		want   string
	}{
		{"szie", onColumn, `unknown option: did you mean "size"?`},
		{"notnul", onColumn, `unknown option: did you mean "notnull"?`},
		{"primary", onColumn, `unknown option: did you mean "pk"?`},
		{"primary_key", onColumn, `unknown option: did you mean "pk"?`},
		{"Size", onColumn, `unknown option: did you mean "size"?`},
		{"autoIncrement", onColumn, `unknown option: did you mean "auto"?`},
		{"back_populates", onRelation, `unknown option: did you mean "inverse"?`},
		{"many2many", onRelation, `unknown option: did you mean "through"?`},
		{"cascades", onRelation, `unknown option: did you mean "cascade"?`},
		{"tabel", onTable, `unknown option: did you mean "table"?`},
		{"prefx", onEmbed, `unknown option: did you mean "prefix"?`},
		{"cascade", onColumn, `belongs on a relation, not on a column`},
		{"size", onRelation, `belongs on a column, not on a relation`},
		{"table", onColumn, `belongs on a blank field, not on a column`},
		{"xyzzy", onEmbed, `unknown option; there is -, prefix, embed`},
	} {
		if got := checkOption(tagOption{name: tt.option, value: "x", hasValue: true}, tt.place); got != tt.want {
			t.Errorf("checkOption(%q, %v) = %q; want %q", tt.option, tt.place, got, tt.want)
		}
	}
}

// mapColumn maps a struct of a key and one more field with a tag, and returns the column
// of that field.
func mapColumn(goType reflect.Type, tag string, options ...any) (*column, error) {
	field := func(name string, t reflect.Type, tag string) reflect.StructField {
		return reflect.StructField{Name: name, Type: t, Tag: reflect.StructTag(`ingot:` + fmt.Sprintf("%q", tag))}
	}
	r := newRegistration(options)
	fields := []reflect.StructField{field("ID", reflect.TypeFor[int64](), "pk"), field("F", goType, tag)}
	if t, _ := parseTag(tag); t.has("pk") {
		fields = fields[1:]
	}
	m := r.add(reflect.StructOf(fields), "M")
	if _, err := r.run(); err != nil {
		return nil, err
	}
	return m.byField["F"], nil
}

func TestColumnOptions(t *testing.T) {
	const prefix = "ingot: M.F: option "
	type myInt int32
	type state string
	for _, tt := range []struct {
		x    any // of the field's type
		tag  string
		want string // after the prefix; empty: no mistake
	}{
		{"", "size:30;default:'x';index;unique;name:uq;check:f <> '';comment:a name", ""},
		{"", "column:g;was:f;collate:nocase;deferred", ""},
		{"", "szie:30", `"szie:30": unknown option: did you mean "size"?`},
		{"", "size", `"size": needs a value: size:…`},
		{"", "size:", `"size:": needs a value: size:…`},
		{"", "size:big", `"size:big": wants a number above zero, like size:30`},
		{"", "size:0", `"size:0": wants a number above zero, like size:30`},
		{"", "size:3;size:4", `"size:4": is given twice`},
		{"", "size:3;size@mysql:4", ""},
		{"", "size:3;type:varchar(3)", `"size:3": contradicts type:, which says it all`},
		{0, "size:3", `"size:3": is the length of text, and the field is of type int`},
		{"", "notnull:yes", `"notnull:yes": takes no value on a column: write "notnull"`},
		{"", "null;notnull", `"null": contradicts notnull`},
		{"", "column@mysql:x", `"column@mysql:x": is the same for all databases: leave out @mysql`},
		{"", "unique:uq_f", `"unique:uq_f": takes no value on a column: write "unique;name:uq_f" to name it, or put it on a blank field for several columns`},
		{"", "precision:10,2", ""},
		{true, "precision:10,2", `"precision:10,2": is for numbers and text that is one, and the field is of type bool`},
		{0.5, "precision:10,2", ""},
		{0.5, "precision:10", ""},
		{0.5, "precision:2,10", `"precision:2,10": wants digits in all and behind the point, like precision:10,2`},
		{0.5, "precision:a", `"precision:a": wants digits in all and behind the point, like precision:10,2`},
		{"", "name:x", `"name:x": belongs behind pk or unique or index or unique-index or check or fk or enum`},
		{"", "index;where:f > ''", ""},
		{"", "unique;ondelete:cascade", `"ondelete:cascade": belongs behind fk`},
		{0, "index;name:a;name:b", `"name:b": is given twice for "index"`},
		{int64(0), "pk;auto", ""},
		{int64(0), "pk;noauto", ""},
		{int64(0), "pk;auto;noauto", `"auto": contradicts noauto`},
		{int64(0), "auto", `"auto": belongs on the primary key: the database makes no other values`},
		{"", "pk;auto", `"auto": the database makes integers, and the field is of type string`},
		{int64(0), "pk;null", `"pk": contradicts null: a key is never NULL`},
		{(*int64)(nil), "pk", `"pk": a key is never NULL, and *int64 can be: use a plain type`},
		{[]string(nil), "pk;json", `"pk": JSON cannot be a key`},
		{int64(0), "pk;deferred", `"deferred": contradicts pk: the key is always loaded`},
		{myInt(0), "version", ""},
		{"", "version", `"version": wants a plain integer or a time, and the field is of type string`},
		{(*int)(nil), "version", `"version": wants a plain integer or a time, and the field is of type *int`},
		{int64(0), "version;pk", `"version": contradicts pk: a key does not move`},
		{0, "version;readonly", ""}, // made by the database
		{"", "version;readonly", ""},
		{(*int)(nil), "version;readonly", `"version": has to be compared by =, and never be NULL`},
		{"", "trigger", ""},
		{int64(0), "trigger;pk", `"trigger": contradicts pk: a row is found by its key while it is written`},
		{0, "trigger;generated:1+1", `"trigger": contradicts generated: such a column is read back anyway`},
		{0, "created", `"created": wants a time, and the field is of type int`},
		{0, "generated:id * 2", ""},
		{0, "generated:id * 2;virtual", ""},
		{0, "generated:id * 2;default:1", `"generated:id * 2": contradicts default`},
		{0, "readonly;omitzero", `"readonly": contradicts omitzero: a read-only column is never written`},
		{0, "fk:nowhere.id", `"fk:nowhere.id": no model has table "nowhere"; there is m`},
		{0, "fk:n.id", `"fk:n.id": no model has table "n"; there is m`},
		{0, "fk:m.di", `"fk:m.di": M has no column "di": did you mean "id"?`},
		{0, "fk:M.id", `"fk:M.id": "M" is a Go type: write its table, "m"`},
		{0, "fk:m", `"fk:m": wants table.column, like fk:user_account.id; for several columns write ` + "`_ struct{} ingot:\"fk:a,b->table.a,b\"`"},
		{0, "fk:m.f", `"fk:m.f": m (f) is neither the primary key nor unique: refer to the key (id), or tag it unique`},
		{"", "fk:m.id", `"fk:m.id": column f is of type string, but m.id of type int64: the two must hold the same values`},
		{0, "fk:m.id;ondelete:set null", `"ondelete:set null": the column is NOT NULL: make the field a *int, or choose another action`},
		{(*int)(nil), "fk:m.id;ondelete:set null;onupdate:cascade;deferrable:initially deferred;match:full;name:fk_x", ""},
		{0, "fk:m.id;ondelete:cascde", `"ondelete:cascde": unknown action: did you mean "cascade"?`},
		{0, "fk:m.id;deferrable:later", `"deferrable:later": wants deferrable, deferrable:immediate or deferrable:deferred`},
		{state(""), "enum:draft,sent", ""},
		{myInt(0), "enum:1,2", ""},
		{myInt(0), "enum:a,b", `"enum:a,b": "a" is no number, and the field is of type ingot.myInt`},
		{0.5, "enum:1,2", `"enum:1,2": float64 cannot be an enum: it takes strings and integers`},
		{"", "enum:a,a", `"enum:a,a": lists "a" twice`},
		{"", "enum:a,,b", `"enum:a,,b": has an empty value in its list: write '' if it is meant`},
		{"", "enum:a,''", ""},
		{"", "cascade:all", `"cascade:all": belongs on a relation, not on a column`},
		{"", "-;size:3", `"-": leaves the field out, which contradicts the rest of "-;size:3"`},
	} {
		_, err := mapColumn(reflect.TypeOf(tt.x), tt.tag)
		want := tt.want
		if want != "" {
			want = prefix + want
		}
		if got := errText(err); got != want {
			t.Errorf("%T tagged %q:\n got %s\nwant %s", tt.x, tt.tag, got, want)
		}
	}
}

func TestTypeWords(t *testing.T) {
	for _, tt := range []struct {
		x    any
		tag  string
		want string // typeFor postgres
	}{
		{0, "", "bigint"}, {int8(0), "", "smallint"}, {int16(0), "", "smallint"}, {int32(0), "", "integer"}, {int64(0), "", "bigint"},
		{uint8(0), "", "smallint"}, {uint16(0), "", "integer"}, {uint32(0), "", "bigint"}, {uint64(0), "", "bigint unsigned"}, {uint(0), "", "bigint unsigned"},
		{float32(0), "", "real"}, {0.5, "", "double"}, {0.5, "precision:10,2", "decimal(10,2)"}, {true, "", "boolean"},
		{"", "", "text"}, {"", "size:30", "varchar(30)"}, {"", "type:citext", "citext"}, {"", "type@postgres:citext", "citext"}, {"", "type@mysql:tinytext", "text"},
		{"", "size@postgres:9", "varchar(9)"}, {[]byte(nil), "", "blob"}, {[32]byte{}, "", "blob"}, {map[string]int{}, "json", "json"},
		{codecUUID{}, "", "uuid"}, {codecULID{}, "", "text"}, {netip.Addr{}, "", "text"},
	} {
		c, err := mapColumn(reflect.TypeOf(tt.x), tt.tag)
		if err != nil {
			t.Errorf("%T tagged %q: %v", tt.x, tt.tag, err)
			continue
		}
		if got := c.typeFor("postgres"); string(got) != tt.want {
			t.Errorf("%T tagged %q is %s; want %s", tt.x, tt.tag, got, tt.want)
		}
	}
	c, err := mapColumn(reflect.TypeFor[*string](), "", TypeMap{reflect.TypeFor[string](): "citext"})
	if err != nil || c.typeFor("") != "citext" {
		t.Errorf("TypeMap of string makes *string %v, %v; want citext", c.typeFor(""), err)
	}
}

func TestForeignKeysTakeTheTypeOfWhatTheyReferTo(t *testing.T) {
	type Country struct {
		Code string `ingot:"pk;size:2;type@mysql:char(2)"`
	}
	type City struct {
		ID      uint64 `ingot:"pk"`
		Country string `ingot:"fk:country.code"`
		Twin    uint64 `ingot:"fk:city.id"`
		Sister  int32  `ingot:"fk:city.id"`
		Own     int32  `ingot:"fk:city.id;type:int"`
	}
	ms, err := NewModels(Country{}, City{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ field, dialect, want string }{
		{"ID", "", "bigint"}, {"Country", "", "varchar(2)"}, {"Country", "mysql", "char(2)"}, {"Twin", "", "bigint"}, {"Sister", "", "bigint"}, {"Own", "", "int"},
	} {
		if got := ms.mappers[1].byField[tt.field].typeFor(tt.dialect); string(got) != tt.want {
			t.Errorf("%s is %s for %q; want %s", tt.field, got, tt.dialect, tt.want)
		}
	}
}

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{
		"ID": "id", "UserID": "user_id", "HTTPServerID": "http_server_id", "OAuth2Token": "oauth2_token", "UserIDs": "user_ids",
		"URLsByID": "urls_by_id", "EmailAddress": "email_address", "Sha256Sum": "sha256_sum", "IPAddress": "ip_address", "X": "x",
		"A1B": "a1_b", "Already_Snake": "already_snake", "ÄrgerÜber": "ärger_über", "HTTP2": "http2", "Box[int]": "box", "lower": "lower",
	} {
		if got := snakeCase(name); got != want {
			t.Errorf("snakeCase(%q) = %q; want %q", name, got, want)
		}
	}
}

func TestNamingAppliesToTablesColumnsAndTemplates(t *testing.T) { // SC-04
	n := Naming{Table: func(s string) string { return strings.ToLower(s) + "s" }, Column: strings.ToUpper, Unique: "{table}_{columns}_key"}
	c, err := mapColumn(reflect.TypeFor[string](), "unique", n)
	if err != nil {
		t.Fatal(err)
	}
	if c.m.table.Name != "ms" || c.name != "F" {
		t.Errorf("table %q, column %q; want ms, F", c.m.table, c.name)
	}
	n = n.withDefaults()
	for _, tt := range []struct{ template, want string }{
		{n.Unique, "ms_A_B_key"}, {n.ForeignKey, "fk_ms_A_B_other"}, {n.PrimaryKey, "pk_ms"}, {n.Index, "ix_ms_A_B"}, {n.Check, "ck_ms_A_B"},
	} {
		if got := n.expand(tt.template, "ms", []string{"A", "B"}, "other", nil); got != tt.want {
			t.Errorf("expand(%q) = %q; want %q", tt.template, got, tt.want)
		}
	}
}
