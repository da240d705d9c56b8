package dbtest

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ingot"
)

// A node is a member of a Galera cluster.
type node struct {
	*database
	cmd *exec.Cmd
}

// galera starts a cluster of three nodes.
func galera(t *testing.T) []*node {
	t.Helper()
	var provider string
	for _, pattern := range []string{"/usr/lib/galera/libgalera_smm.so", "/usr/lib/*/galera/libgalera_smm.so", "/usr/lib64/galera*/libgalera_smm.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			provider = found[0]
		}
	}
	_, noRsync := exec.LookPath("rsync")
	_, noScript := exec.LookPath("wsrep_sst_rsync")
	if err := errors.Join(noRsync, noScript); err != nil || provider == "" {
		missing(t, "MariaDB with its cluster provider (Debian's packages are mariadb-server, galera-4 and rsync)")
	}
	dir := tempDir(t)
	data := func(i int) string { return filepath.Join(dir, fmt.Sprint("data", i)) }
	server, err := installMariaDB(t, data(0)), error(nil)
	for i := 1; i < 3; i++ { // filled by rsync from the first one, as nobody
		err := os.Mkdir(data(i), 0o755)
		if os.Getuid() == 0 {
			err = errors.Join(err, os.Chown(data(i), 65534, 65534))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sqlPorts, groupPorts := freePorts(t, 3), freePorts(t, 3)
	istPorts, sstPorts := freePorts(t, 3), freePorts(t, 3)
	var nodes []*node
	for i := range 3 {
		_, port, _ := net.SplitHostPort(sqlPorts[i])
		_, group, _ := net.SplitHostPort(groupPorts[i])
		cmd := exec.Command(server, "--no-defaults", "--user=root", "--datadir="+data(i), ownTemp(t), "--port="+port, "--bind-address=127.0.0.1",
			"--socket="+filepath.Join(dir, fmt.Sprint(i, ".sock")), "--pid-file="+filepath.Join(dir, fmt.Sprint(i, ".pid")), "--skip-name-resolve",
			"--character-set-server=utf8mb4", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
			"--wsrep-on=ON", "--wsrep-provider="+provider, "--wsrep-cluster-name=ingot", fmt.Sprint("--wsrep-node-name=n", i),
			"--wsrep-cluster-address=gcomm://"+strings.Join(groupPorts, ","), "--wsrep-node-address="+groupPorts[i],
			"--wsrep-sst-method=rsync", "--wsrep-sst-receive-address="+sstPorts[i],
			"--wsrep-provider-options=base_port="+group+";gmcast.listen_addr=tcp://"+groupPorts[i]+";ist.recv_addr="+istPorts[i]+";gcache.size=16M")
		if i == 0 {
			cmd.Args = append(cmd.Args, "--wsrep-new-cluster")
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		startServer(t, cmd, sqlPorts[i])
		x := targetNamed("mariadb")
		x.dsn = "root@tcp(" + sqlPorts[i] + ")/"
		n := &node{&database{target: x, dsn: x.dsn}, cmd}
		n.await(t, "wsrep_local_state_comment", "Synced")
		nodes = append(nodes, n)
	}
	nodes[2].await(t, "wsrep_cluster_size", "3")
	admin := nodes[0].plain(t)
	if _, err := admin.Exec("CREATE DATABASE ingot"); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		n.dsn += "ingot?wsrep_sync_wait=7" // reads wait for what the others have committed
		n.DB = n.plain(t)
		waitFor(t, func() bool { return n.Ping() == nil })
		if n.Server, err = n.dialect.Probe(t.Context(), n.DB); err != nil {
			t.Fatal(err)
		}
	}
	return nodes
}

// installMariaDB fills a folder with an empty server's data and returns the program that
// serves it.
func installMariaDB(t *testing.T, data string, options ...string) (server string) {
	t.Helper()
	server, err := exec.LookPath("mariadbd")
	if err != nil {
		server = "/usr/sbin/mariadbd"
	}
	if _, err := os.Stat(server); err != nil {
		missing(t, "MariaDB's server (Debian's package is mariadb-server)")
	}
	args := append([]string{"--no-defaults", "--user=root", "--datadir=" + data, ownTemp(t), "--auth-root-authentication-method=normal", "--skip-test-db"}, options...)
	if out, err := exec.Command("mariadb-install-db", args...).CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	return server
}

// ownTemp is the option for a folder of a server's own: as it starts, a server deletes the
// temporary tables of all others in the one it is given, and their statements fail.
func ownTemp(t *testing.T) string { return "--tmpdir=" + tempDir(t) }

// plain is a pool without a watch: what the node holds is gone when it is killed.
func (n *node) plain(t *testing.T) *sql.DB {
	t.Helper()
	pool, err := sql.Open(n.driver, n.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// await waits for the status of a node.
func (n *node) await(t *testing.T, variable, want string) {
	t.Helper()
	pool, err := sql.Open(n.driver, n.target.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var got string
	for end := time.Now().Add(30 * time.Second); got != want; time.Sleep(50 * time.Millisecond) {
		err := pool.QueryRow("SHOW STATUS LIKE '"+variable+"'").Scan(new(string), &got)
		if time.Now().After(end) {
			t.Fatalf("%s is %q, %v; want %q", variable, got, err, want)
		}
	}
}

func TestGaleraCluster(t *testing.T) {
	nodes := galera(t)
	ctx := t.Context()
	var dbs []*ingot.DB
	models := ingot.MustModels(Account{}, Transfer{})
	for i, n := range nodes {
		if n.Server.Flavour != "galera" || n.Server.Keys != ingot.KeysSingle {
			t.Fatalf("node %d is taken for %s with keys %v", i, &n.Server, n.Server.Keys)
		}
		db, err := ingot.Open(n.plain(t), n.dialect, ingot.Options{Models: models, Echo: echo(t)})
		if err != nil {
			t.Fatal(err)
		}
		dbs = append(dbs, db)
	}
	t.Run("one of two migrators migrates", func(t *testing.T) {
		schema, err := models.Schema(nodes[0].dialect)
		if err != nil {
			t.Fatal(err)
		}
		revisions := ingot.NewRevisions(ingot.Revision{ID: "one", Upgrade: ingot.Compare(&ingot.Schema{}, schema, ingot.CompareDialect(nodes[0].dialect))},
			ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{ingot.Exec{SQL: "INSERT INTO account (id, balance) VALUES (1, 100), (2, 100)"}}})
		var wg sync.WaitGroup
		errs := make([]error, 3)
		for i, db := range dbs {
			wg.Go(func() { errs[i] = ingot.NewMigrator(db, revisions).Upgrade(ctx, "head") })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			n.wantBalances(t, 100, 100, 0)
		}
	})
	t.Run("keys belong to their rows", func(t *testing.T) {
		var wg sync.WaitGroup
		for i, db := range dbs {
			wg.Go(func() {
				for round := range 3 {
					var xs []*Transfer
					err := db.Transaction(ctx, func(s *ingot.Session) error {
						xs = nil
						for j := range 10 {
							xs = append(xs, &Transfer{Amount: int64(1 + 1000*i + 100*round + j)})
							if err := s.Add(xs[j]); err != nil {
								return err
							}
						}
						return nil
					}, ingot.Retry(5))
					if err != nil {
						t.Error(err)
					}
					for _, x := range xs {
						there, err := ingot.Get[Transfer](ctx, dbs[(i+1)%3].Session(), x.ID)
						if err != nil || there.Amount != x.Amount {
							t.Errorf("transfer %+v is %+v on another node, %v", x, there, err)
						}
					}
				}
			})
		}
		wg.Wait()
		for _, n := range nodes {
			n.wantBalances(t, 100, 100, 90)
		}
	})
	t.Run("a conflict at COMMIT is retried", func(t *testing.T) {
		both := newBarrier(2)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var refused []error
		tries := 0
		for _, db := range dbs[:2] {
			wg.Go(func() {
				var s *ingot.Session
				err := db.Transaction(ctx, func(session *ingot.Session) error {
					s = session
					mu.Lock()
					tries++
					mu.Unlock()
					one, err := get(ctx, s, 1)
					if err != nil {
						return err
					}
					one.Balance++
					err = s.Flush(ctx)
					if err == nil {
						both.wait() // both have changed the row, each on its node
						err = s.Commit(ctx)
					}
					if err != nil {
						mu.Lock()
						refused = append(refused, err)
						mu.Unlock()
					}
					return err
				}, ingot.Retry(10))
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, n := range nodes {
			n.wantBalances(t, 102, 100, 90)
		}
		if len(refused) == 0 || tries < 3 {
			t.Errorf("%d tries, refused with %v; want a conflict", tries, refused)
		}
		for _, err := range refused {
			if !errors.Is(err, ingot.ErrDeadlock) && !errors.Is(err, ingot.ErrSerialization) {
				t.Errorf("the conflict is %v", err)
			}
		}
	})
	t.Run("without a majority", func(t *testing.T) {
		for _, n := range nodes[1:] {
			if err := n.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
			if _, err = nodes[0].ExecContext(ctx, "SELECT balance FROM account"); err != nil {
				break
			}
		}
		for name, work := range map[string]func() error{
			"reading": func() error { _, err := ingot.Select(new(Account)).Count(ctx, dbs[0]); return err },
			"writing": func() error {
				return dbs[0].Transaction(ctx, func(s *ingot.Session) error { return s.Add(&Transfer{Amount: 1}) }, ingot.Retry(2))
			},
		} {
			if err := work(); !errors.Is(err, ingot.ErrConnection) || errors.Is(err, ingot.ErrCommitUnknown) {
				t.Errorf("%s gives %v; want a lost connection", name, err)
			}
		}
	})
}
