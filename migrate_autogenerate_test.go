package ingot_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ingot"
)

// Versions of one model over time.
type (
	personV1 struct {
		_    struct{} `ingot:"table:person"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"size:30;index"`
	}
	personV2 struct { // name is renamed, by all that shows
		_        struct{} `ingot:"table:person"`
		ID       int64    `ingot:"pk"`
		FullName string   `ingot:"size:30"`
	}
	personV3 struct { // two columns that rows do not have
		_    struct{} `ingot:"table:person"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"size:30;index"`
		Age  int
		Kind string  `ingot:"default:'child'"`
		Note *string `ingot:"check:note <> ''"`
	}
	personV4 struct { // renamed, and it says so
		_        struct{} `ingot:"table:person"`
		ID       int64    `ingot:"pk"`
		FullName string   `ingot:"size:30;was:name"`
	}
	pet struct {
		ID      int64 `ingot:"pk"`
		OwnerID int64 `ingot:"fk:person.id;ondelete:cascade"`
		Name    string
	}
)

// history migrates a database through versions of models, by autogenerate alone.
type history struct {
	t    *testing.T
	file string
	revs *ingot.Revisions
}

func (h *history) migrator(models ...any) *ingot.Migrator {
	h.t.Helper()
	ms, err := ingot.NewModels(models...)
	if err != nil {
		h.t.Fatal(err)
	}
	return ingot.NewMigrator(openFile(h.t, h.file, ingot.Options{Models: ms}).DB, h.revs)
}

// to generates a revision for the models, applies it and sees that nothing is left to do.
func (h *history) to(answers ingot.Decisions, models ...any) []ingot.Step {
	h.t.Helper()
	m := h.migrator(models...)
	steps, err := m.Autogenerate(h.t.Context(), answers)
	if err != nil {
		h.t.Fatal(err)
	}
	id := strings.Repeat("abcdefgh"[len(h.revs.All()):][:1], 6)
	r := ingot.Revision{ID: id, Upgrade: steps}
	if heads, err := m.Heads(); err != nil {
		h.t.Fatal(err)
	} else if len(heads) > 0 {
		r.Parents = []string{heads[0].ID}
	}
	h.revs.Add(r)
	if err := m.Upgrade(h.t.Context(), "head"); err != nil {
		h.t.Fatal(err)
	}
	if again, err := m.Check(h.t.Context()); err != nil || len(again) > 0 {
		h.t.Errorf("after the upgrade check finds %v, %v", again, err)
	}
	return steps
}

func newHistory(t *testing.T) *history {
	return &history{t: t, file: tempFile(t), revs: ingot.NewRevisions()}
}

func stepList(steps []ingot.Step) string {
	var lines []string
	for _, s := range steps {
		lines = append(lines, s.String())
	}
	return strings.Join(lines, "\n")
}

func wantSteps(t *testing.T, steps []ingot.Step, want ...string) {
	t.Helper()
	if got := stepList(steps); got != strings.Join(want, "\n") {
		t.Errorf("steps are\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func wantQuestions(t *testing.T, err error, want ...string) {
	t.Helper()
	e, ok := errors.AsType[*ingot.DecisionError](err)
	if !ok {
		t.Errorf("error is %v, want questions", err)
	} else if !slices.Equal(e.Questions, want) {
		t.Errorf("questions are\n%s\nwant\n%s", strings.Join(e.Questions, "\n"), strings.Join(want, "\n"))
	}
}

func TestAutogenerateFollowsTheModels(t *testing.T) { // AG-11
	h := newHistory(t)
	wantSteps(t, h.to(ingot.Decisions{}, personV1{}), "create table person (id, name)", "create index ix_person_name on person (name)")
	wantSteps(t, h.to(ingot.Decisions{}, personV1{}, pet{}), "create table pet (id, owner_id, name)")
	db := openFile(t, h.file, ingot.Options{})
	mustExec(t, db.DB, "INSERT INTO person (id, name) VALUES (1, 'sandy')")
	mustExec(t, db.DB, "INSERT INTO pet (id, owner_id, name) VALUES (1, 1, 'snail')")

	_, err := h.migrator(personV3{}, pet{}).Autogenerate(t.Context(), ingot.Decisions{})
	wantQuestions(t, err, "column person.age is new and NOT NULL without a default: what shall rows have that exist? --fill person.age=VALUE (SQL), or --no-fill if no table has rows")
	h.to(ingot.Decisions{Fill: map[string]ingot.TrustedSQL{"person.age": "7"}}, personV3{}, pet{})
	if got := db.column(t, "SELECT name || ' ' || age || ' ' || kind FROM person"); !slices.Equal(got, []string{"sandy 7 child"}) {
		t.Errorf("rows are %v", got)
	}
	if got := db.column(t, "SELECT name FROM pet"); len(got) != 1 {
		t.Errorf("pets are %v", got)
	}
	wantSteps(t, h.to(ingot.Decisions{}, personV3{}), "drop table pet")
}

func TestAutogenerateAsksAboutRenames(t *testing.T) { // AG-13
	question := "was column person.name renamed to full_name? --rename person.name=full_name, or --no-rename to drop the one and add the other"
	h := newHistory(t)
	h.to(ingot.Decisions{}, personV1{})
	db := openFile(t, h.file, ingot.Options{})
	mustExec(t, db.DB, "INSERT INTO person (id, name) VALUES (1, 'sandy')")
	m := h.migrator(personV2{})
	_, err := m.Autogenerate(t.Context(), ingot.Decisions{NoFill: true})
	wantQuestions(t, err, question)
	_, err = m.Autogenerate(t.Context(), ingot.Decisions{Rename: map[string]string{"person.nome": "full_name"}})
	wantError(t, err, "rename person.nome to full_name: the database has no such column")
	_, err = m.Autogenerate(t.Context(), ingot.Decisions{Rename: map[string]string{"person.name": "fullname"}})
	wantError(t, err, "rename person.name to fullname: the model has no column fullname")
	steps, err := m.Autogenerate(t.Context(), ingot.Decisions{NoRename: true, NoFill: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := stepList(steps); !strings.Contains(got, "drop column person.name") || !strings.Contains(got, "add column person.full_name") {
		t.Errorf("steps are\n%s", got)
	}
	steps = h.to(ingot.Decisions{Rename: map[string]string{"person.name": "full_name"}}, personV2{})
	if got := stepList(steps); !strings.Contains(got, "rename column person.name to full_name") || strings.Contains(got, "drop column") {
		t.Errorf("steps are\n%s", got)
	}
	if got := db.column(t, "SELECT full_name FROM person"); !slices.Equal(got, []string{"sandy"}) {
		t.Errorf("rows are %v", got)
	}

	h = newHistory(t)
	h.to(ingot.Decisions{}, personV1{})
	if got := stepList(h.to(ingot.Decisions{}, personV4{})); !strings.Contains(got, "rename column person.name to full_name") {
		t.Errorf("a model that says was: makes\n%s", got)
	}
}

func TestAutogenerateLooksAtWhatIsAskedFor(t *testing.T) {
	ms := ingot.MustModels(personV1{}, pet{})
	db := openFile(t, tempFile(t), ingot.Options{Models: ms}).DB
	m := ingot.NewMigrator(db, ingot.NewRevisions(), ingot.CompareWith(ingot.CompareOnly(func(o ingot.Object) bool {
		return o.Table.Name != "pet" && o.Kind != ingot.ObjectIndex
	})))
	steps, err := m.Autogenerate(t.Context(), ingot.Decisions{})
	if err != nil || len(steps) != 1 || steps[0].String() != "create table person (id, name)" {
		t.Errorf("got %v, %v", steps, err)
	}
}

func TestAutogenerateLeavesAloneWhatNobodyClaims(t *testing.T) {
	h := newHistory(t)
	db := openFile(t, h.file, ingot.Options{})
	mustExec(t, db.DB, "CREATE TABLE other (x)")
	mustExec(t, db.DB, "CREATE VIEW v AS SELECT x FROM other")
	wantSteps(t, h.to(ingot.Decisions{}, personV1{}), "create table person (id, name)", "create index ix_person_name on person (name)")
	mustExec(t, db.DB, "CREATE TABLE another (x)")
	if steps, err := h.migrator(personV1{}).Check(t.Context()); err != nil || len(steps) > 0 {
		t.Errorf("check finds %v, %v", steps, err)
	}
	mustExec(t, db.DB, "CREATE INDEX by_hand ON person (name, id)")
	steps, err := h.migrator(personV1{}).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSteps(t, steps, "drop index by_hand on person (name, id)")
}

func TestCommandAutogenerates(t *testing.T) { // CL-01, CL-02
	models := ingot.MustModels(personV1{}, pet{})
	c := newCLI(t, models, threeRevisions())
	c.want(t, `revision --autogenerate -m "people"`, 3, "error: target database is not up to date: it is at base, and 3 revisions are waiting: aaaa01, bbbb02, cccc03")
	c.want(t, "check", 3, "error: target database is not up to date…")
	if files := c.files(t); len(files) != 0 {
		t.Errorf("files written: %v", files)
	}
	c.want(t, `revision -m "plain" --rev-id ffff06`, 0, "wrote ffff06_plain.go")

	c = newCLI(t, models, ingot.NewRevisions())
	c.want(t, "check", 1, "models and database differ; to make the database what the models say:\n  create table person (id, name)\n  create index ix_person_name on person (name)\n  create table pet (id, owner_id, name)")
	c.want(t, `revision --autogenerate -m "people and pets" --rev-id aaaa01`, 0, "wrote aaaa01_people_and_pets.go\n  create table person (id, name)\n  create index ix_person_name on person (name)\n  create table pet (id, owner_id, name)")
	text, err := os.ReadFile(filepath.Join(c.dir, "aaaa01_people_and_pets.go"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "revision.go.golden", string(text))

	steps, err := ingot.NewMigrator(openFile(t, tempFile(t), ingot.Options{Models: models}).DB, nil).Autogenerate(t.Context(), ingot.Decisions{})
	if err != nil {
		t.Fatal(err)
	}
	c.env.Revisions = ingot.NewRevisions(ingot.Revision{ID: "aaaa01", Message: "people and pets", Upgrade: steps})
	c.want(t, "check", 3, "error: target database is not up to date: it is at base, and 1 revision is waiting: aaaa01")
	c.want(t, "upgrade head", 0, "upgrade -> aaaa01, people and pets")
	c.want(t, "check", 0, "nothing to do: models and database are the same")
	c.want(t, `revision --autogenerate -m again`, 0, "nothing to do: models and database are the same; no file written")
	c.env.Models = ingot.MustModels(personV2{}, pet{})
	c.want(t, `revision --autogenerate -m again`, 2, "error: a decision is needed:…was column person.name renamed to full_name?…no file written")
	c.want(t, `revision --autogenerate -m again --rename person.name=full_name --rev-id bbbb02`, 0, "wrote bbbb02_again.go\n  rename column person.name to full_name\n  drop index ix_person_name on person (full_name)")
	c.env.Models = ingot.MustModels(personV3{}, pet{})
	c.want(t, `revision --autogenerate -m values --fill person.age=7 --rev-id cccc03`, 0, "wrote cccc03_values.go\n  add column person.age bigint\n…")
	if text, err = os.ReadFile(filepath.Join(c.dir, "cccc03_values.go")); err != nil {
		t.Fatal(err)
	}
	golden(t, "fill.go.golden", string(text))
	c.env.Models = ingot.MustModels(personV2{}, pet{})
	c.want(t, `revision --autogenerate -m again --rename person.name`, 2, "--rename person.name: want table.column=new or table=new")
	if files := c.files(t); !slices.Equal(files, []string{"aaaa01_people_and_pets.go", "bbbb02_again.go", "cccc03_values.go"}) {
		t.Errorf("files are %v", files)
	}
}

// golden compares with a file of testdata; go test -update rewrites it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func TestComparisonIsLimitedToSchemasAndTables(t *testing.T) {
	ms, err := ingot.NewModels(personV3{}, pet{})
	if err != nil {
		t.Fatal(err)
	}
	c := newCLI(t, ms, ingot.NewRevisions())
	c.want(t, "check --table pet", 1, `
models and database differ; to make the database what the models say:
  create table pet (id, owner_id, name)
`)
	c.want(t, "check --table pet --table person --schema default", 1, `
models and database differ; to make the database what the models say:
  create table person (id, name, age, kind, note)
  create index ix_person_name on person (name)
  create table pet (id, owner_id, name)
`)
	c.want(t, "check --table cat", 2, "error: neither models nor database have a schema, table or view cat")
	c.want(t, "check --schema shop", 2, "error: neither models nor database have a schema, table or view shop")
	c.want(t, `revision --autogenerate --table person -m "only one"`, 0, "wrote …only_one.go\n  create table person (id, name, age, kind, note)\n  create index ix_person_name on person (name)")
	file, err := os.ReadFile(filepath.Join(c.dir, c.files(t)[0]))
	if err != nil || !strings.Contains(string(file), `"person"`) || strings.Contains(string(file), `"pet"`) {
		t.Errorf("the file is %s, %v", file, err)
	}
}

func TestALimitToOneNameOfARenamedTableHoldsForTheOther(t *testing.T) {
	type human struct {
		_    struct{} `ingot:"table:human;was:person"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"size:30;index"`
	}
	ms, err := ingot.NewModels(human{})
	if err != nil {
		t.Fatal(err)
	}
	c := newCLI(t, ms, ingot.NewRevisions())
	pool, err := c.env.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec("CREATE TABLE person (id INTEGER PRIMARY KEY, name VARCHAR(30) NOT NULL); CREATE INDEX ix_human_name ON person (name)"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"human", "person"} {
		c.want(t, "check --table "+name, 1, "models and database differ; to make the database what the models say:\n  rename table person to human")
	}
}

func TestAnAnswerExchangesNames(t *testing.T) {
	type pair struct {
		ID   int64 `ingot:"pk"`
		Low  int
		High int
	}
	h := newHistory(t)
	h.to(ingot.Decisions{}, pair{})
	wantSteps(t, h.to(ingot.Decisions{Rename: map[string]string{"pair.low": "high", "pair.high": "low"}}, pair{}),
		"rename column pair.high to high_was", "rename column pair.low to high", "rename column pair.high_was to low")
}
