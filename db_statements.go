package ingot

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"sync"
)

// A statementCache keeps prepared statements by text. A text is prepared when it comes for
// the second time, so that statements sent once cost nothing more; the least recently used
// one makes room. It is safe for concurrent use.
type statementCache struct {
	sqldb *sql.DB
	max   int

	mu    sync.Mutex
	byKey map[string]*list.Element // of *cachedStatement
	order *list.List               // most recently used first
}

// A cachedStatement is a text seen, and from its second use on its statement.
type cachedStatement struct {
	text string
	stmt *sql.Stmt // nil after the first sight
	uses int       // calls under way
	dead bool      // out of the cache: the last call closes it
}

func newStatementCache(sqldb *sql.DB, max int) *statementCache {
	return &statementCache{sqldb: sqldb, max: max, byKey: map[string]*list.Element{}, order: list.New()}
}

// take returns the prepared statement for a text, to be given back after use, or nil if it
// should be sent as text.
func (c *statementCache) take(ctx context.Context, text string) *cachedStatement {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.byKey[text]
	if el == nil {
		c.byKey[text] = c.order.PushFront(&cachedStatement{text: text})
		c.evict()
		return nil
	}
	c.order.MoveToFront(el)
	st := el.Value.(*cachedStatement)
	if st.stmt == nil {
		c.mu.Unlock() // preparing waits for a connection
		stmt, err := c.sqldb.PrepareContext(ctx, text)
		c.mu.Lock()
		if err != nil {
			return nil // sending the text brings the same error, with its context
		}
		if st.stmt != nil || st.dead {
			_ = stmt.Close() // somebody else was faster
			if st.dead {
				return nil
			}
		} else {
			st.stmt = stmt
		}
	}
	st.uses++
	return st
}

// give ends a use of a statement.
func (c *statementCache) give(st *cachedStatement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st.uses--
	if st.dead && st.uses == 0 {
		_ = st.stmt.Close()
	}
}

// evict drops the least recently used statements over the limit.
func (c *statementCache) evict() {
	for c.order.Len() > c.max {
		_ = c.drop(c.order.Back())
	}
}

func (c *statementCache) drop(el *list.Element) error {
	st := c.order.Remove(el).(*cachedStatement)
	delete(c.byKey, st.text)
	st.dead = true
	if st.stmt != nil && st.uses == 0 {
		return st.stmt.Close()
	}
	return nil
}

func (c *statementCache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for c.order.Len() > 0 {
		errs = append(errs, c.drop(c.order.Back()))
	}
	return errors.Join(errs...)
}
