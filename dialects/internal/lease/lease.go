// Package lease is a lock for servers without one that holds in a whole cluster: a row that
// says who holds it and until when. The holder prolongs it; when it dies, others may take
// the row over once its time is up. Times are the server's.
package lease

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"ingot"
)

// A Text is what dialects write their own way.
type Text struct {
	Table       string // the table's name, quoted
	Now         string // the server's clock, in whole seconds
	Placeholder func(n int) string
}

// time to live, and how often it is prolonged
const (
	ttl  = 60 * time.Second
	beat = ttl / 4
)

// Acquire takes the lock on conn, polling until ctx ends. conn is used until Unlock. An
// attempt does not wait, so the end of ctx does not cut it short: that would cost the
// connection, and the name of the holder.
func Acquire(ctx context.Context, conn ingot.Queryer, text Text) (*Lease, error) {
	l := &Lease{conn: conn, text: text, owner: ownerName()}
	if err := l.createTable(ctx); err != nil {
		return nil, err
	}
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		holder, err := l.try(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		if holder == "" {
			break
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("it is held by %s: %w", holder, ctx.Err())
		case <-time.After(pause):
		}
	}
	l.stop, l.stopped = make(chan struct{}), make(chan struct{})
	go l.prolong()
	return l, nil
}

// A Lease is a lock that is held.
type Lease struct {
	conn    ingot.Queryer
	text    Text
	owner   string
	mu      sync.Mutex // one statement at a time on conn
	lost    error
	stop    chan struct{}
	stopped chan struct{}
}

func ownerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%.150s, process %d (%s)", host, os.Getpid(), rand.Text())
}

// sql writes placeholders for question marks and the names of the dialect.
func (l *Lease) sql(text string) string {
	var b strings.Builder
	n := 0
	for _, c := range strings.NewReplacer("TABLE_NAME", l.text.Table, "NOW", l.text.Now, "TTL", fmt.Sprint(int(ttl.Seconds()))).Replace(text) {
		if c == '?' {
			n++
			b.WriteString(l.text.Placeholder(n))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func (l *Lease) createTable(ctx context.Context) error {
	_, err := l.conn.ExecContext(ctx, l.sql("CREATE TABLE IF NOT EXISTS TABLE_NAME (id INT NOT NULL PRIMARY KEY, owner VARCHAR(255) NOT NULL, until BIGINT NOT NULL)"))
	if err == nil {
		return nil
	}
	if _, _, readErr := l.holder(ctx); readErr == nil { // somebody else made it at the same time
		return nil
	}
	return err
}

// try takes the row where it is free or its time is up, and else names the holder.
func (l *Lease) try(ctx context.Context) (holder string, err error) {
	_, insertErr := l.conn.ExecContext(ctx, l.sql("INSERT INTO TABLE_NAME (id, owner, until) VALUES (1, ?, NOW + TTL)"), l.owner)
	if insertErr == nil {
		return "", nil
	}
	holder, until, err := l.holder(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows): // it was given back just now, or the cluster chose another
		return "somebody", nil
	case err != nil:
		return "", errors.Join(insertErr, err)
	}
	res, err := l.conn.ExecContext(ctx, l.sql("UPDATE TABLE_NAME SET owner = ?, until = NOW + TTL WHERE id = 1 AND owner = ? AND until = ? AND until < NOW"), l.owner, holder, until)
	if err != nil {
		return holder, nil // others try the same
	}
	if n, err := res.RowsAffected(); err == nil && n == 1 {
		return "", nil
	}
	return holder, nil
}

func (l *Lease) holder(ctx context.Context) (owner string, until int64, err error) {
	rows, err := l.conn.QueryContext(ctx, l.sql("SELECT owner, until FROM TABLE_NAME WHERE id = 1"))
	if err != nil {
		return "", 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return "", 0, err
		}
		return "", 0, sql.ErrNoRows
	}
	err = rows.Scan(&owner, &until)
	return owner, until, err
}

// prolong keeps the lease until Unlock.
func (l *Lease) prolong() {
	defer close(l.stopped)
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
			ctx, cancel := context.WithTimeout(context.Background(), beat)
			_ = l.Check(ctx)
			cancel()
		}
	}
}

// Check prolongs the lease, and reports that it is another's by now.
func (l *Lease) Check(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost != nil {
		return l.lost
	}
	if _, err := l.conn.ExecContext(ctx, l.sql("UPDATE TABLE_NAME SET until = NOW + TTL WHERE id = 1 AND owner = ?"), l.owner); err != nil {
		return fmt.Errorf("the lock of the migrations cannot be prolonged: %w", err)
	}
	// Rows that do not change may not count as affected: look.
	holder, _, err := l.holder(ctx)
	if err == nil && holder != l.owner {
		l.lost = fmt.Errorf("the lock of the migrations was lost to %s: it was not prolonged for %v", holder, ttl)
		return l.lost
	}
	return err
}

// Unlock gives the lock back.
func (l *Lease) Unlock(ctx context.Context) error {
	close(l.stop)
	<-l.stopped
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.conn.ExecContext(ctx, l.sql("DELETE FROM TABLE_NAME WHERE id = 1 AND owner = ?"), l.owner)
	return err
}
