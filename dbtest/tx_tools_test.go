package dbtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"

	"ingot"
)

// An Account is what transactions of the tests fight over.
type Account struct {
	_       struct{} `ingot:"table:account"`
	ID      int64    `ingot:"pk;noauto"`
	Balance int64
}

// A Transfer has a key that the database makes.
type Transfer struct {
	_      struct{} `ingot:"table:transfer"`
	ID     int64    `ingot:"pk"`
	Amount int64
}

// accounts opens the database with two accounts of 100 each.
func (db *database) accounts(t *testing.T, o ingot.Options) *ingot.DB {
	t.Helper()
	setup := db.ingot(t, Account{}, Transfer{})
	s := setup.Session()
	defer s.Close()
	if err := s.AddAll(&Account{ID: 1, Balance: 100}, &Account{ID: 2, Balance: 100}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Models, o.Echo = setup.Models(), echo(t)
	x, err := ingot.Open(db.again(t), db.dialect, o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// balances are those of both accounts, and the number of transfers, as another connection
// sees them.
func (db *database) balances(t *testing.T) (one, two, transfers int) {
	t.Helper()
	err := db.QueryRowContext(t.Context(), "SELECT (SELECT balance FROM account WHERE id = 1), (SELECT balance FROM account WHERE id = 2), (SELECT count(*) FROM transfer)").Scan(&one, &two, &transfers)
	if err != nil {
		t.Fatal(err)
	}
	return one, two, transfers
}

func (db *database) wantBalances(t *testing.T, one, two, transfers int) {
	t.Helper()
	a, b, n := db.balances(t)
	if a != one || b != two || n != transfers {
		t.Errorf("the accounts have %d and %d after %d transfers; want %d, %d, %d", a, b, n, one, two, transfers)
	}
}

// with is the same database under more options of the DSN.
func (db *database) with(options string) *database {
	other := *db
	other.dsn += "?"
	if strings.Contains(db.dsn, "?") {
		other.dsn = db.dsn + "&"
	}
	other.dsn += options
	return &other
}

// get reads an account in a session.
func get(ctx context.Context, s *ingot.Session, id int64) (*Account, error) {
	return ingot.Get[Account](ctx, s, id)
}

// A barrier lets nobody pass before all have come, once.
type barrier struct {
	wg   sync.WaitGroup
	mu   sync.Mutex
	left int
}

func newBarrier(n int) *barrier {
	b := &barrier{left: n}
	b.wg.Add(n)
	return b
}

func (b *barrier) wait() {
	b.mu.Lock()
	if b.left > 0 {
		b.left--
		b.wg.Done()
	}
	b.mu.Unlock()
	b.wg.Wait()
}

// id is the server's name for the connection of a transaction.
func (db *database) connID(ctx context.Context, tx ingot.Queryer) (id int64, err error) {
	text := "SELECT pg_backend_pid()"
	if db.kind == "mysql" {
		text = "SELECT CONNECTION_ID()"
	}
	rows, err := tx.QueryContext(ctx, text)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	rows.Next()
	return id, rows.Scan(&id)
}

// kill ends a connection from another one, and waits until it has ended.
func (db *database) kill(t *testing.T, id int64) {
	t.Helper()
	if db.kind == "postgres" {
		db.exec(t, fmt.Sprintf("SELECT pg_terminate_backend(%d, 5000)", id))
		return
	}
	db.exec(t, fmt.Sprintf("KILL %d", id))
	for range 100 {
		var n int
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT count(*) FROM information_schema.PROCESSLIST WHERE ID = %d", id)).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("connection %d does not die", id)
}

// A cutter is a proxy before a server that can lose the answer to a message.
type cutter struct {
	listener net.Listener
	server   string
	mu       sync.Mutex
	after    []byte
	cuts     int
}

// cutter starts a proxy, and returns the database as it is reached through it.
func (db *database) cutter(t *testing.T) (*database, *cutter) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: l}
	t.Cleanup(func() { l.Close() })
	through := *db
	switch db.kind {
	case "postgres":
		u, err := url.Parse(db.dsn)
		if err != nil {
			t.Fatal(err)
		}
		c.server, u.Host = u.Host, l.Addr().String()
		through.dsn = u.String()
	case "mysql":
		config, err := mysqldriver.ParseDSN(db.dsn)
		if err != nil {
			t.Fatal(err)
		}
		c.server, config.Addr = config.Addr, l.Addr().String()
		through.dsn = config.FormatDSN()
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(client)
		}
	}()
	return &through, c
}

// cut makes the answer to the next message that contains text get lost, with the connection.
func (c *cutter) cut(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = []byte(text)
}

func (c *cutter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	var lost sync.Mutex // held from the message on: the answer stays here
	go func() {
		defer client.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			if !lost.TryLock() {
				return // the server has answered, and nobody hears of it
			}
			_, err = client.Write(buf[:n])
			lost.Unlock()
			if err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		c.mu.Lock()
		if len(c.after) > 0 && bytes.Contains(buf[:n], c.after) {
			c.after = nil
			c.cuts++
			lost.Lock()
		}
		c.mu.Unlock()
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}
