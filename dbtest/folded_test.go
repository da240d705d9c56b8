package dbtest

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"ingot"
)

type foldedShop struct {
	_      struct{} `ingot:"table:Shops"`
	ID     int64    `ingot:"pk"`
	Name   string   `ingot:"size:40;unique"`
	Orders []*foldedOrder
}

type foldedOrder struct {
	_      struct{} `ingot:"table:ShopOrders"`
	ID     int64    `ingot:"pk"`
	ShopID int64    `ingot:"fk:Shops.id"`
	Shop   *foldedShop
	Note   string `ingot:"index;size:20"`
}

// A foldedName is a foldedShop whose orders no model has.
type foldedName struct {
	_    struct{} `ingot:"table:Shops"`
	ID   int64    `ingot:"pk"`
	Name string   `ingot:"size:40;unique"`
}

// A server with lower_case_table_names = 1 keeps its own spelling of tables that models
// write with capitals.
func TestTablesThatTheServerSpellsInSmallLetters(t *testing.T) {
	dir := tempDir(t)
	data := filepath.Join(dir, "data")
	addr := freePorts(t, 1)[0]
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(installMariaDB(t, data, "--lower-case-table-names=1"), "--no-defaults", "--user=root", "--datadir="+data, ownTemp(t), "--port="+port,
		"--bind-address=127.0.0.1", "--socket="+filepath.Join(dir, "sock"), "--pid-file="+filepath.Join(dir, "pid"), "--skip-name-resolve",
		"--character-set-server=utf8mb4", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", "--lower-case-table-names=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	startServer(t, cmd, addr)
	x := targetNamed("mariadb")
	x.dsn = "root@tcp(" + addr + ")/"
	base := x.open(t)
	if !base.Server.FoldTables {
		t.Fatalf("%s has FoldTables unset", &base.Server)
	}

	db := base.ingot(t, foldedShop{}, foldedOrder{})
	ctx := t.Context()
	if err := db.CreateAll(ctx); err != nil {
		t.Errorf("CreateAll with nothing to do gives %v", err)
	}
	s := db.Session()
	if err := s.Add(&foldedShop{Name: "a", Orders: []*foldedOrder{{Note: "x"}, {Note: "y"}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	s.Close()
	want, err := db.Models().Schema(base.dialect)
	if err != nil {
		t.Fatal(err)
	}
	have, err := db.Inspect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if have.Table(ingot.TableName{Name: "shoporders"}) == nil {
		t.Error("the server has no table shoporders, so that it proves nothing")
	}
	for _, steps := range [][]ingot.Step{ingot.Compare(have, want), ingot.Compare(want, have)} {
		if len(steps) > 0 {
			t.Errorf("a database made from models differs from them: %v", steps)
		}
	}
	order := want.Table(ingot.TableName{Name: "ShopOrders"})
	order.Columns = append(order.Columns, ingot.Column{Name: "paid", Type: "boolean", Default: "false"})
	steps := ingot.Compare(have, want)
	if len(steps) != 1 {
		t.Fatalf("one new column gives %v", steps)
	}
	base.run(t, have, steps)
	if have, err = db.Inspect(ctx); err != nil {
		t.Fatal(err)
	}
	if steps := ingot.Compare(have, want); len(steps) > 0 {
		t.Errorf("the column is there, and still %v", steps)
	}
	if err := db.DropAll(ctx); err != nil {
		t.Fatal(err)
	}
	if have, err = db.Inspect(ctx); err != nil || len(have.Tables) > 0 {
		t.Errorf("DropAll leaves %v, %v", have.Tables, err)
	}

	// The same by migrations: a table that a revision made is known under the server's name.
	schema, err := db.Models().Schema(base.dialect)
	if err != nil {
		t.Fatal(err)
	}
	revs := ingot.NewRevisions(
		ingot.Revision{ID: "aaaa01", Message: "the tables", Upgrade: ingot.Compare(&ingot.Schema{}, schema)},
		ingot.Revision{ID: "bbbb02", Parents: []string{"aaaa01"}, Message: "a column", Upgrade: []ingot.Step{
			ingot.AddColumn{Table: ingot.TableName{Name: "Shops"}, Column: ingot.Column{Name: "stars", Type: "integer", Default: "0"}},
		}})
	m := ingot.NewMigrator(db, revs)
	if err := m.Upgrade(ctx); err != nil {
		t.Fatal(err)
	}
	steps, err = m.Autogenerate(ctx, ingot.Decisions{})
	if got := fmt.Sprint(steps); got != "[drop column shops.stars]" || err != nil {
		t.Errorf("Autogenerate after Upgrade gives %s, %v; want the column alone", got, err)
	}
	fewer, err := ingot.Open(base.again(t), base.dialect, ingot.Options{Models: ingot.MustModels(foldedName{})})
	if err != nil {
		t.Fatal(err)
	}
	defer fewer.Close()
	steps, err = ingot.NewMigrator(fewer, revs).Autogenerate(ctx, ingot.Decisions{})
	if got := fmt.Sprint(steps); got != "[drop table shoporders drop column shops.stars]" || err != nil {
		t.Errorf("Autogenerate without the model of a table gives %s, %v; want it dropped", got, err)
	}
	if err := m.Downgrade(ctx, "base"); err != nil {
		t.Fatal(err)
	}
}
