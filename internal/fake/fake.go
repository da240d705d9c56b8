// Package fake is a server for tests that answers a few questions, as servers do that cannot
// be had.
package fake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// A Server answers what it is asked with rows of text, and takes every other statement.
type Server struct {
	Answers map[string][][]string // by a part of the question
	mu      sync.Mutex
	sent    []string
}

// Open returns a pool of connections to the server.
func (s *Server) Open() *sql.DB { return sql.OpenDB(s) }

// Sent are the statements that the server took, without the questions it had answers to.
func (s *Server) Sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Connect makes the server a [driver.Connector].
func (s *Server) Connect(context.Context) (driver.Conn, error) { return conn{s}, nil }

// Driver is part of [driver.Connector].
func (s *Server) Driver() driver.Driver { return nil }

type conn struct{ s *Server }

func (conn) Prepare(text string) (driver.Stmt, error) {
	return nil, fmt.Errorf("the fake server prepares nothing: %s", text)
}
func (conn) Begin() (driver.Tx, error) { return nil, errors.New("the fake server begins nothing") }
func (conn) Close() error              { return nil }

func (c conn) ExecContext(_ context.Context, text string, _ []driver.NamedValue) (driver.Result, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.sent = append(c.s.sent, text)
	return driver.RowsAffected(1), nil
}

func (c conn) QueryContext(_ context.Context, text string, _ []driver.NamedValue) (driver.Rows, error) {
	for part, answer := range c.s.Answers {
		if strings.Contains(text, part) {
			return &rows{answer}, nil
		}
	}
	return nil, fmt.Errorf("the fake server has no answer to: %s", text)
}

type rows struct{ left [][]string }

func (r *rows) Columns() []string {
	if len(r.left) == 0 {
		return []string{"x"}
	}
	return make([]string, len(r.left[0]))
}

func (r *rows) Close() error { return nil }

func (r *rows) Next(dest []driver.Value) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	for i, cell := range r.left[0] {
		dest[i] = cell
	}
	r.left = r.left[1:]
	return nil
}
