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
