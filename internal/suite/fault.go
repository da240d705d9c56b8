package suite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Faults: a watched pool can be told to fail at one of its next statements, before the
// driver sees the statement or after the database has run it.

// A faultKind is how a statement fails.
type faultKind int

const (
	faultBefore faultKind = iota // the statement is refused and not sent
	faultAfter                   // it has run; outside of a transaction and at COMMIT as faultLost, for no server refuses what it has made last
	faultLost                    // it is not sent, and the connection is gone
	faultCancel                  // its context ends as it is sent
	faultKinds
)

func (k faultKind) String() string {
	return [...]string{"before it runs", "after it has run", "with the connection", "by its context"}[k]
}

var errInjected = errors.New("injected fault")

// faults is what is to fail. Its zero value lets everything through.
type faults struct {
	mu     sync.Mutex
	in     int // statements until one fails; 0 for none
	kind   faultKind
	cancel func()
	struck string // the statement that failed; empty if none has
}

// arm makes the n-th statement from now fail; n of 0 makes none.
func (f *faults) arm(n int, kind faultKind, cancel func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.in, f.kind, f.cancel, f.struck = n, kind, cancel, ""
}

// hit returns the statement that has failed since arm; empty if none has.
func (f *faults) hit() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.struck
}

// due counts a statement, and reports whether it is the one to fail.
func (f *faults) due(query string) (faultKind, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.in == 0 {
		return 0, false
	}
	if f.in--; f.in > 0 {
		return 0, false
	}
	f.struck = query
	return f.kind, true
}

// skipped takes back the counting of a statement that the driver has not taken this way.
func (f *faults) skipped(due bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if due || f.in > 0 {
		f.in++
		f.struck = ""
	}
}

// sent runs one statement of a connection, or lets it fail.
func sent[T any](c *watchedConn, query string, run func() (T, error)) (T, error) {
	var none T
	kind, due := c.ledger.faults.due(query)
	refused := fmt.Errorf("%w at %s", errInjected, query)
	lost := fmt.Errorf("%w at %s: %w", errInjected, query, io.ErrUnexpectedEOF)
	word, _, _ := strings.Cut(strings.ToUpper(query), " ")
	switch {
	case c.lost:
		return none, driver.ErrBadConn
	case due && kind == faultBefore:
		return none, refused
	case due && kind == faultLost:
		c.lost = true
		return none, lost
	case due && kind == faultCancel:
		c.ledger.faults.cancel()
	}
	res, err := run()
	if errors.Is(err, driver.ErrSkip) {
		c.ledger.faults.skipped(due)
		return res, err
	}
	alone := !c.inside
	if err == nil {
		switch {
		case word == "BEGIN", word == "START":
			c.inside, alone = true, false
		case strings.HasSuffix(query, "COMMIT"), query == "ROLLBACK": // PostgreSQL's COMMIT has a word before it
			c.inside, alone = false, true
		}
	}
	if err != nil || !due || kind != faultAfter {
		return res, err
	}
	if rows, ok := any(res).(driver.Rows); ok {
		_ = rows.Close()
	}
	if alone && word != "ROLLBACK" {
		c.lost = true
		return none, lost
	}
	return none, refused
}
