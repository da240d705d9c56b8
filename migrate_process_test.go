package ingot_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingot"
	"ingot/dialects/sqlite"
)

// helperFile names, in the environment, the database that a helper process migrates.
const helperFile = "INGOT_TEST_MIGRATE"

// TestMigrateInAProcess is no test: it is what the tests below start as processes of their own. It prints a
// line for every revision it has run.
func TestMigrateInAProcess(t *testing.T) {
	file := os.Getenv(helperFile)
	if file == "" {
		t.Skip("run by other tests")
	}
	revs := threeRevisions()
	if os.Getenv(helperFile+"_HANG") != "" {
		revs = hanging()
	}
	m := ingot.NewMigrator(openFile(t, file, ingot.Options{}).DB, revs, ingot.OnProgress(func(p ingot.Progress) {
		if p.Step == 0 && p.Done {
			fmt.Println("ran", p.Revision.ID)
		}
	}))
	if err := m.Upgrade(t.Context(), "head"); err != nil {
		fmt.Println("error", err)
		t.Fatal(err)
	}
}

// hanging are revisions of which the second hangs in its second step.
func hanging() *ingot.Revisions {
	revs := threeRevisions().All()
	revs[1].Upgrade = append(revs[1].Upgrade[:1:1], ingot.Do{Name: "hang", Func: func(ctx context.Context, tx *ingot.Tx) error {
		fmt.Println("hanging")
		time.Sleep(time.Minute)
		return nil
	}})
	return ingot.NewRevisions(revs...)
}

func startHelper(t *testing.T, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMigrateInAProcess$")
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

func TestTenProcessesUpgradeAtOnce(t *testing.T) { // TX-05
	file := tempFile(t)
	var mu sync.Mutex
	var ran []string
	var group sync.WaitGroup
	for range 10 {
		cmd, out := startHelper(t, helperFile+"="+file)
		group.Go(func() {
			for out.Scan() {
				mu.Lock()
				if id, ok := strings.CutPrefix(out.Text(), "ran "); ok {
					ran = append(ran, id)
				} else if strings.HasPrefix(out.Text(), "error ") {
					t.Error(out.Text())
				}
				mu.Unlock()
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	slices.Sort(ran)
	if want := []string{"aaaa01", "bbbb02", "cccc03"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
	db := openFile(t, file, ingot.Options{})
	wantState(t, db, ingot.NewMigrator(db.DB, threeRevisions()), "cccc03 | orders(id,what) users(id,name,email)")
}

func TestAKilledProcessLeavesNoLockAndNothingHalfDone(t *testing.T) { // TX-07
	file := tempFile(t)
	cmd, out := startHelper(t, helperFile+"="+file, helperFile+"_HANG=1")
	for out.Scan() && out.Text() != "hanging" {
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	db := openFile(t, file, ingot.Options{})
	m := ingot.NewMigrator(db.DB, threeRevisions())
	wantState(t, db, m, "aaaa01 | users(id,name)")
	if err := m.Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	wantState(t, db, m, "cccc03 | orders(id,what) users(id,name,email)")
}

type processOwner struct {
	_     struct{} `ingot:"table:owner"`
	ID    int64    `ingot:"pk"`
	Name  string   `ingot:"size:30;index;check:name <> ''"`
	State string   `ingot:"enum:a,b"`
	Pets  []*processPet
}

type processPet struct {
	_       struct{} `ingot:"table:pet;unique:owner_id,name"`
	ID      int64    `ingot:"pk"`
	Name    string
	OwnerID int64 `ingot:"fk:owner.id"`
	Owner   *processOwner
	Friends []*processPet `ingot:"through:friendship(a_id,b_id)"`
}

// The same as Go programmers rename things: other names of types, fields and relationships,
// methods, and the models given in another order.
type (
	processKeeper struct {
		_       struct{} `ingot:"table:owner"`
		Number  int64    `ingot:"column:id;pk"`
		Called  string   `ingot:"column:name;size:30;index;check:name <> ''"`
		Mood    string   `ingot:"column:state;enum:a,b"`
		Animals []*processAnimal
		Extra   string `ingot:"-"`
	}
	processAnimal struct {
		_        struct{} `ingot:"table:pet;unique:owner_id,name"`
		ID       int64    `ingot:"pk"`
		Name     string
		KeeperID int64            `ingot:"column:owner_id;fk:owner.id"`
		Keeper   *processKeeper   `ingot:"via:KeeperID"`
		Others   []*processAnimal `ingot:"through:friendship(a_id,b_id)"`
	}
)

func (processKeeper) String() string { return "a method" }

// processSchema is the schema of models as text.
func processSchema(t *testing.T, models ...any) string {
	t.Helper()
	m, err := ingot.NewModels(models...)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := m.Schema(sqlite.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := ingot.EncodeSteps(ingot.Compare(&ingot.Schema{}, schema))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestModelsThatMapTheSameAreTheSame(t *testing.T) { // CL-08
	want := processSchema(t, processOwner{}, processPet{})
	if os.Getenv(helperFile) == "schema" {
		fmt.Println(strings.ReplaceAll(want, "\n", "\t"))
		return
	}
	for range 20 {
		if got := processSchema(t, processOwner{}, processPet{}); got != want {
			t.Fatalf("built again it is\n%s\nwant\n%s", got, want)
		}
	}
	if got := processSchema(t, processAnimal{}, processKeeper{}); got != want {
		t.Errorf("with other names in Go it is\n%s\nwant\n%s", got, want)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), helperFile+"=schema")
	out, err := cmd.Output()
	if line, _, _ := strings.Cut(string(out), "\n"); err != nil || line != strings.ReplaceAll(want, "\n", "\t") {
		t.Errorf("in another process it is\n%s\nwant\n%s\n%v", out, want, err)
	}
}
