package ingot_test

import (
	"strings"
	"testing"

	"ingot"
	"ingot/dialects/postgres"
	"ingot/dialects/sqlite"
)

// structsDDL has what names and relationships make hard.
const structsDDL = `
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE, "fullName" TEXT, manager_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
	homepage_url TEXT, "user ids" JSON, born DATE, balance DECIMAL(10, 2) NOT NULL DEFAULT 0, hidden BOOLEAN NOT NULL DEFAULT false);
CREATE UNIQUE INDEX users_email_lower ON users (lower(email)) WHERE hidden = 0;
CREATE TABLE categories (id INTEGER PRIMARY KEY AUTOINCREMENT, parent_id INTEGER REFERENCES categories, name TEXT NOT NULL COLLATE NOCASE, CONSTRAINT "no; name" CHECK (name <> ';'));
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, editor_id INTEGER REFERENCES users, "type" TEXT, "Type 2" TEXT DEFAULT 'it''s') STRICT;
CREATE TABLE posts_categories (category_id INTEGER NOT NULL REFERENCES categories ON DELETE CASCADE, post_id INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE, PRIMARY KEY (category_id, post_id));
CREATE TABLE friendships (user_id INTEGER NOT NULL REFERENCES users, friend_id INTEGER NOT NULL REFERENCES users, PRIMARY KEY (user_id, friend_id)) WITHOUT ROWID;
CREATE TABLE profiles (user_id INTEGER PRIMARY KEY REFERENCES users, "quo""te" BLOB, "1st" TEXT, data JSON);
CREATE TABLE "Order Lines" ("order" VARCHAR(9) NOT NULL, line INT NOT NULL, "日" REAL, PRIMARY KEY ("order", line));
CREATE TABLE "l;o'g" (nr INTEGER PRIMARY KEY, "order" VARCHAR(9), line INT, FOREIGN KEY ("order", line) REFERENCES "Order Lines" ("order", line));
CREATE TABLE nokey (a TEXT);
CREATE VIEW v AS SELECT 1 AS one;
CREATE TRIGGER tr AFTER INSERT ON nokey BEGIN SELECT 1; END;
`

func TestModelsAreWrittenFromADatabase(t *testing.T) {
	db := openFile(t, tempFile(t), ingot.Options{})
	if _, err := db.pool.Exec(structsDDL); err != nil {
		t.Fatal(err)
	}
	schema, err := db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	source, unsaid, err := ingot.FormatModels(schema, sqlite.Dialect{}, "shop")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "models.go.golden", source)
	var list []string
	for _, u := range unsaid {
		list = append(list, u.Kind+" "+u.Name)
	}
	if got := strings.Join(list, ", "); got != "table nokey" {
		t.Errorf("unsaid: %s", got)
	}
}

func TestModelsOfTypesThatArePostgresOnly(t *testing.T) {
	column := func(name string, typ ingot.Type, def ingot.SQLText) ingot.Column {
		return ingot.Column{Name: name, Type: typ, Default: def}
	}
	mood := column("mood", "", "'ok'::mood")
	mood.Enum = "mood"
	schema := &ingot.Schema{Enums: []ingot.Enum{{Name: "mood", Values: []string{"ok", "sad"}}},
		Tables: []ingot.Table{{Name: "t", PrimaryKey: ingot.PrimaryKey{Columns: []string{"id"}}, Columns: []ingot.Column{
			column("id", "bigint", ""), column("hint", "hint_type", "''"), column("vector", "int2vector", ""), column("tags", "text[]", "'{}'::text[]"),
			column("ip", "inet", "'::1'::inet"), column("at", "timestamp(3) with time zone", "now()"), column("doc", "json", "'{}'::jsonb"),
			column("digits", "decimal(30,5)", "0"), column("title", "varchar(9)", "'x'"), mood,
		}}}}
	source, _, err := ingot.FormatModels(schema, postgres.Dialect{}, "shop")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(source), " ")
	for _, want := range []string{ // "" is no inet, no array, no number and no mood: left out, the default applies
		"Hint string `ingot:\"type:hint_type;default:''\"`",
		"Vector string `ingot:\"type:int2vector\"`",
		"Tags string `ingot:\"type:text[];default:'{}'::text[];omitzero\"`",
		"IP string `ingot:\"type:inet;default:'::1'::inet;omitzero\"`",
		"At time.Time `ingot:\"type:timestamp(3) with time zone;default:now();omitzero\"`",
		"Doc json.RawMessage `ingot:\"default:'{}'::jsonb;omitzero\"`",
		"Digits string `ingot:\"type:decimal(30,5);default:0;omitzero\"`",
		"Title string `ingot:\"size:9;default:'x'\"`",
		"Mood string `ingot:\"enum:ok,sad;name:mood;default:'ok'::mood;omitzero\"`",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, source)
		}
	}
}

func TestTheCommandWritesModels(t *testing.T) {
	c := newCLI(t, nil, threeRevisions())
	c.want(t, "upgrade head", 0, "…")
	c.want(t, "models", 0, "// Package models has the models of a database, written from its tables.\npackage models\n…type User struct {…")
	c.want(t, "models usres", 2, `error: the database has no table "usres": did you mean "users"?`)
	file := c.dir + "/not/there/yet/shop.go"
	c.want(t, "models users --out "+file, 0, "wrote not/there/yet/shop.go: 1 table")
	c.want(t, "models --out "+file, 2, "…shop.go exists already")
}

// What begins and ends with a quote says itself without them.
func TestNamesInTagsMayStandInQuotes(t *testing.T) {
	type Odd struct {
		_    struct{} `ingot:"table:'l;o''g';index:Name,id;name:'a;b'"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"column:\"na\"\"me\";enum:'a,b','it''s',c"`
	}
	type Ref struct {
		ID  int64 `ingot:"pk"`
		Odd int64 `ingot:"fk:'l;o''g'.id"`
	}
	s, err := ingot.MustModels(Odd{}, Ref{}).Schema(sqlite.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	odd := s.Table(ingot.TableName{Name: "l;o'g"})
	if odd == nil || odd.Column(`na"me`) == nil || odd.Indexes[0].Name != "a;b" || odd.Checks[0].Expr != `"na""me" IN ('a,b','it''s','c')` {
		t.Errorf("got %+v", s.Tables)
	}
}

func TestAUniqueIndexIsNoConstraint(t *testing.T) {
	type User struct {
		_     struct{} `ingot:"unique-index:(lower(email)),name desc;where:name <> '';unique-index:name,id"`
		ID    int64    `ingot:"pk"`
		Email string   `ingot:"unique-index"`
		Name  string
	}
	type Ref struct {
		ID    int64  `ingot:"pk"`
		Email string `ingot:"fk:user.email"`
	}
	s, err := ingot.MustModels(User{}, Ref{}).Schema(sqlite.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	user := s.Table(ingot.TableName{Name: "user"})
	var got []string
	for _, x := range user.Indexes {
		got = append(got, ingot.CreateIndex{Table: ingot.TableName{Name: "user"}, Index: x}.String())
	}
	want := "create unique index ix_user_email on user (email)\n" +
		"create unique index ix_user_expr_name on user (lower(email), name desc) where name <> ''\n" +
		"create unique index ix_user_name_id on user (name, id)"
	if strings.Join(got, "\n") != want || len(user.Uniques) != 0 {
		t.Errorf("got\n%s\nwant\n%s; and constraints %v", strings.Join(got, "\n"), want, user.Uniques)
	}
}
