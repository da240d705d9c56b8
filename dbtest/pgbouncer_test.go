package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
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

// pgbouncer starts a pooler of transactions before the PostgreSQL of the tests, and returns
// its address.
func pgbouncer(t *testing.T) string {
	t.Helper()
	binary, err := exec.LookPath("pgbouncer")
	if err != nil {
		binary = "/usr/sbin/pgbouncer"
	}
	if _, err := os.Stat(binary); err != nil {
		missing(t, "pgbouncer (Debian's package has the name)")
	}
	server, err := url.Parse(targetNamed("postgres").dsn)
	if err != nil {
		t.Fatal(err)
	}
	dir := tempDir(t)
	addr := freePorts(t, 1)[0]
	_, port, _ := net.SplitHostPort(addr)
	config := fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\n"+
		"auth_type = trust\nauth_file = %s/users\npool_mode = transaction\ndefault_pool_size = 3\nignore_startup_parameters = extra_float_digits\n",
		server.Hostname(), server.Port(), port, dir)
	for name, text := range map[string]string{"users": fmt.Sprintf("%q %q\n", server.User.Username(), ""), "pgbouncer.ini": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(binary, filepath.Join(dir, "pgbouncer.ini"))
	if os.Getuid() == 0 { // as which it refuses to run
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	startServer(t, cmd, addr)
	return addr
}

// tempDir is a folder that another user may enter.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ingot")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// missing ends a test for which a program is not installed.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("not installed: %s", what)
	}
	t.Skipf("not installed: %s", what)
}

// freePorts are addresses on which nobody listens.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs
}

// startServer starts a server that dies with the test, and waits until it listens. ended is
// closed when the process has ended.
func startServer(t *testing.T, cmd *exec.Cmd, addr string) (ended chan struct{}) {
	t.Helper()
	out, err := os.CreateTemp(tempDir(t), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended = make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			text, _ := os.ReadFile(out.Name())
			t.Logf("%s says at the end: %s", filepath.Base(cmd.Path), text[max(0, len(text)-2000):])
		}
	})
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return ended
		}
		select {
		case <-ended:
			t.Fatalf("%s has ended", cmd.Path)
		default:
		}
	}
	t.Fatalf("%s does not listen on %s", cmd.Path, addr)
	return nil
}

// A pooler of transactions gives each transaction, and each statement outside of one, the
// process of the server that is free just then.
func TestPgBouncer(t *testing.T) {
	admin := targetNamed("postgres").admin(t)
	addr := pgbouncer(t)
	for _, mode := range []struct{ name, driver, options string }{
		{"pgx exec", "pgx", "default_query_exec_mode=exec"},
		{"pgx cache_describe", "pgx", "default_query_exec_mode=cache_describe"},
		{"pq binary_parameters", "postgres", "binary_parameters=yes"},
	} {
		t.Run(mode.name, func(t *testing.T) {
			name := fresh()
			if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if _, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
					t.Error(err)
				}
			})
			target := targetNamed("postgres")
			target.driver = mode.driver
			u, err := url.Parse(target.dsn)
			if err != nil {
				t.Fatal(err)
			}
			u.Path = "/" + name
			direct := &database{target: target, dsn: u.String()}
			direct.DB = direct.again(t)
			u.Host = addr
			u.RawQuery = "sslmode=disable&" + mode.options
			base := &database{target: target, dsn: u.String()}
			base.DB = base.again(t)
			if base.Server, err = base.dialect.Probe(t.Context(), base.DB); err != nil {
				t.Fatal(err)
			}
			checkPooled(t, base, direct)
		})
	}
}

func checkPooled(t *testing.T, base, direct *database) {
	ctx := t.Context()
	db := base.accounts(t, ingot.Options{})
	// Keys of many rows, and what refers to them; everything by several clients at once.
	shop := base.ingot(t, User{}, Address{})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			errs[i] = func() error {
				s := shop.Session()
				defer s.Close()
				var users []*User
				for n := range 5 {
					users = append(users, &User{Name: fmt.Sprint(i), Addresses: []*Address{{EmailAddress: fmt.Sprintf("%d.%d", i, n)}, {EmailAddress: fmt.Sprintf("%d.%d", i, n)}}})
					if err := s.Add(users[n]); err != nil {
						return err
					}
				}
				if err := s.Commit(ctx); err != nil {
					return err
				}
				a := new(Address)
				for n, u := range users {
					list, err := ingot.Select(a).Where(ingot.C(&a.UserID).Eq(u.ID)).All(ctx, shop)
					if err != nil {
						return err
					}
					if len(list) != 2 || list[0].EmailAddress != fmt.Sprintf("%d.%d", i, n) {
						return fmt.Errorf("user %d has the addresses %+v", u.ID, list)
					}
				}
				for range 5 {
					err := db.Transaction(ctx, func(s *ingot.Session) error {
						one, err := get(ctx, s, 1)
						if err != nil {
							return err
						}
						one.Balance++
						failed := errors.New("undone")
						err = s.Savepoint(ctx, func() error { one.Balance = 0; return errors.Join(s.Flush(ctx), failed) })
						if !errors.Is(err, failed) {
							return err
						}
						return s.Add(&Transfer{Amount: 1})
					}, ingot.Isolation(sql.LevelSerializable), ingot.Retry(100))
					if err != nil {
						return err
					}
				}
				return nil
			}()
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	direct.wantBalances(t, 120, 100, 20)

	// One migrator at a time, whatever process of the server each meets.
	locker := base.dialect.(ingot.MigrationLocker)
	first, err := locker.LockMigrations(ctx, base.conn(t), &base.Server)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		_, err = locker.LockMigrations(short, base.conn(t), &base.Server)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "it is held by ") {
			t.Errorf("a second lock gives %v", err)
		}
	}
	if err := errors.Join(first.Check(ctx), first.Unlock(ctx)); err != nil {
		t.Error(err)
	}
	revisions := ingot.NewRevisions(ingot.Revision{ID: "one", Upgrade: []ingot.Step{ingot.CreateTable{Table: table("once", []ingot.Column{id()}, key("id"))}}},
		ingot.Revision{ID: "two", Parents: []string{"one"}, Upgrade: []ingot.Step{ingot.Exec{SQL: "INSERT INTO once DEFAULT VALUES"}}})
	errs = make([]error, 4)
	for i := range errs {
		pool := base.again(t)
		wg.Go(func() {
			x, err := ingot.Open(pool, base.dialect, ingot.Options{})
			if err == nil {
				err = ingot.NewMigrator(x, revisions).Upgrade(ctx, "head")
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	var n, locks int
	if err := direct.QueryRowContext(ctx, "SELECT count(*) FROM once").Scan(&n); err != nil || n != 1 {
		t.Errorf("the second revision ran %d times, %v", n, err)
	}
	// Nothing of all that stays with the processes that others get.
	if err := direct.QueryRowContext(ctx, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&locks); err != nil || locks != 0 {
		t.Errorf("%d advisory locks are left, %v", locks, err)
	}
	settings := "SELECT current_setting('idle_in_transaction_session_timeout') || current_setting('statement_timeout') || current_setting('lock_timeout') || current_setting('search_path') || current_setting('transaction_isolation')"
	var want string
	if err := direct.QueryRowContext(ctx, settings).Scan(&want); err != nil {
		t.Fatal(err)
	}
	for range 3 { // each of the processes at once
		c := base.conn(t)
		mustExec(t, c, "BEGIN")
		var got string
		if err := c.QueryRowContext(ctx, settings).Scan(&got); err != nil || got != want {
			t.Errorf("a process of the server was left with %q, %v; want %q", got, err, want)
		}
		defer mustExec(t, c, "ROLLBACK")
	}
}
