package suite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingot"
)

// A watched pool goes through to its driver and keeps account of what the driver has handed
// out: rows, statements, transactions and connections that nobody has closed are named when
// the test ends. The pool alone would not tell: it closes what is left when it is closed.
//
// Each type implements every optional interface of database/sql/driver, and where the
// driver's own does not, it does what database/sql does without.
//
// Transactions that ingot begins are statements to the driver. So the connections of the pool
// are asked at the end whether one of them is inside a transaction still.

// Watch opens a pool on a database of the dialect, which is closed when the test ends. What
// was left open by then fails the test.
func Watch(t testing.TB, dialect ingot.Dialect, driverName, dsn string) *sql.DB {
	t.Helper()
	pool, _ := watchFaults(t, dialect, driverName, dsn)
	return pool
}

// watchFaults is Watch with the means to let statements fail.
func watchFaults(t testing.TB, dialect ingot.Dialect, driverName, dsn string) (*sql.DB, *faults) {
	t.Helper()
	pool, l := watch(t, driverName, dsn)
	t.Cleanup(func() {
		if left := l.settled(pool); len(left) > 0 {
			t.Errorf("left open at the end:\n\t%s", strings.Join(left, "\n\t"))
		} else if n := unfinished(pool, dialect.Name()); n > 0 {
			t.Errorf("%d connections went back to the pool inside a transaction", n)
		}
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
		if left := wait(func() []string { return l.left("connection") }); len(left) > 0 {
			t.Errorf("left open after the pool was closed:\n\t%s", strings.Join(left, "\n\t"))
		}
	})
	return pool, &l.faults
}

func watch(t testing.TB, driverName, dsn string) (*sql.DB, *ledger) {
	t.Helper()
	plain, err := sql.Open(driverName, dsn) // connects to nothing: it finds the driver
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	l := &ledger{open: map[int]string{}}
	w := &connector{driver: plain.Driver(), dsn: dsn, ledger: l}
	if d, ok := w.driver.(driver.DriverContext); ok {
		if w.inner, err = d.OpenConnector(dsn); err != nil {
			t.Fatal(err)
		}
	}
	return sql.OpenDB(w), l
}

// A ledger is what a driver has handed out and not got back.
type ledger struct {
	mu   sync.Mutex
	next int
	open map[int]string

	faults faults
}

// enter notes one thing; the function returned crosses it out.
func (l *ledger) enter(format string, args ...any) (close func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	n := l.next
	l.open[n] = fmt.Sprintf(format, args...)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, n)
	}
}

// left is what is open, in the order of opening, of the kinds given.
func (l *ledger) left(kinds ...string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for _, n := range slices.Sorted(maps.Keys(l.open)) {
		if kind, _, _ := strings.Cut(l.open[n], " "); slices.Contains(kinds, kind) {
			list = append(list, l.open[n])
		}
	}
	return list
}

// settled is what is still open of a pool in which nothing runs any more. A pool rolls back
// in the background what a cancelled context has ended, so it gets a moment.
func (l *ledger) settled(pool *sql.DB) []string {
	return wait(func() []string {
		left := l.left("rows", "statement", "transaction")
		if n := pool.Stats().InUse; n > 0 {
			left = append(left, fmt.Sprintf("%d connections in use", n))
		}
		return left
	})
}

// unfinished counts the idle connections of a pool that are inside a transaction. One that
// cannot be asked is not: the test has broken it, closed the pool or stopped the server.
func unfinished(pool *sql.DB, dialect string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	n := 0
	for range pool.Stats().Idle {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return n
		}
		defer conn.Close() // after all have been asked, so that none is asked twice
		if inside(ctx, conn, dialect) {
			n++
		}
	}
	return n
}

func inside(ctx context.Context, conn *sql.Conn, dialect string) (is bool) {
	switch dialect {
	case "postgres": // now() is when the transaction began: in one, it stands still
		var first, second string
		err := errors.Join(conn.QueryRowContext(ctx, "SELECT now()::text").Scan(&first), conn.QueryRowContext(ctx, "SELECT now()::text").Scan(&second))
		is = err == nil && first == second
	case "mysql":
		if err := conn.QueryRowContext(ctx, "SELECT @@in_transaction").Scan(&is); err != nil { // MariaDB's word
			time.Sleep(120 * time.Millisecond) // the list of transactions is made anew ten times a second
			_ = conn.QueryRowContext(ctx, "SELECT count(*) > 0 FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = connection_id()").Scan(&is)
		}
	default: // SQLite begins no transaction inside of one
		_, err := conn.ExecContext(ctx, "BEGIN")
		is = err != nil && strings.Contains(err.Error(), "within a transaction")
		_, _ = conn.ExecContext(ctx, "ROLLBACK")
	}
	return is
}

func wait(left func() []string) []string {
	for range 200 {
		if len(left()) == 0 {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return left()
}

// discards are the databases whose driver does not hand out a connection again that is inside
// a transaction, so that none can be found.
var discards = map[string]bool{"postgres": true}

// Whoever leaves something open is told what it was, whatever the driver.
func (on Database) TestWhatIsLeftOpenIsNamed(t *testing.T) {
	driver, dsn := on.Open(t)
	pool, l := watch(t, driver, dsn)
	defer pool.Close()
	ctx := t.Context()
	wantLeft := func(parts ...string) {
		t.Helper()
		left := l.left("rows", "statement", "transaction")
		ok := len(left) == len(parts)
		for i := range min(len(left), len(parts)) {
			ok = ok && strings.Contains(left[i], parts[i])
		}
		if !ok {
			t.Errorf("left open are %q, want %q", left, parts)
		}
	}
	rows, err := pool.QueryContext(ctx, "SELECT 1 UNION ALL SELECT 2")
	must(t, err)
	rows.Next()
	wantLeft("rows of SELECT 1 UNION ALL SELECT 2")
	if in := pool.Stats().InUse; in != 1 {
		t.Errorf("%d connections in use", in)
	}
	must(t, rows.Close())
	stmt, err := pool.PrepareContext(ctx, "SELECT 3")
	must(t, err)
	wantLeft("statement SELECT 3")
	var n int
	must(t, stmt.QueryRowContext(ctx).Scan(&n))
	wantLeft("statement SELECT 3")
	must(t, stmt.Close())
	tx, err := pool.BeginTx(ctx, nil)
	must(t, err)
	rows, err = tx.QueryContext(ctx, "SELECT 4")
	must(t, err)
	wantLeft("transaction", "rows of SELECT 4")
	must(t, rows.Close())
	must(t, tx.Rollback())
	if left := l.settled(pool); left != nil || n != 3 {
		t.Errorf("left open are %q after all was closed", left)
	}
	if left := l.left("connection"); len(left) != 1 {
		t.Errorf("open are %q, want one connection", left)
	}
	if n := unfinished(pool, on.Dialect.Name()); n != 0 {
		t.Errorf("%d connections are inside a transaction, want none", n)
	}
	begin := "BEGIN"
	if on.Dialect.Name() == "mysql" {
		begin = "START TRANSACTION WITH CONSISTENT SNAPSHOT" // MySQL lists no transaction that has met no table
	}
	_, err = pool.ExecContext(ctx, begin)
	must(t, err)
	if n := unfinished(pool, on.Dialect.Name()); n != 1 && !discards[on.Name] {
		t.Errorf("%d connections are inside a transaction, want one", n)
	}
	must(t, pool.Close())
	if left := l.left("connection"); left != nil {
		t.Errorf("open are %q after Close", left)
	}
}

type connector struct {
	inner  driver.Connector // nil if the driver has none
	driver driver.Driver
	dsn    string
	ledger *ledger
}

func (c *connector) Driver() driver.Driver { return c.driver }

func (c *connector) Connect(ctx context.Context) (inner driver.Conn, err error) {
	if c.inner != nil {
		inner, err = c.inner.Connect(ctx)
	} else {
		inner, err = c.driver.Open(c.dsn)
	}
	if err != nil {
		return nil, err
	}
	return &watchedConn{Conn: inner, ledger: c.ledger, closed: c.ledger.enter("connection to %T", c.driver)}, nil
}

type watchedConn struct {
	driver.Conn
	ledger *ledger
	closed func()
	inside bool                  // a transaction, as far as statements tell
	lost   bool                  // by a fault
	stmts  map[*watchedStmt]bool // open
}

func (c *watchedConn) Close() error {
	c.closed()
	for stmt := range c.stmts { // after a fault database/sql closes the connection first
		_ = stmt.Stmt.Close()
	}
	c.stmts = nil
	return c.Conn.Close()
}

func (c *watchedConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *watchedConn) PrepareContext(ctx context.Context, query string) (inner driver.Stmt, err error) {
	if p, ok := c.Conn.(driver.ConnPrepareContext); ok {
		inner, err = p.PrepareContext(ctx, query)
	} else {
		inner, err = c.Conn.Prepare(query)
	}
	if err != nil {
		return nil, err
	}
	stmt := &watchedStmt{Stmt: inner, conn: c, query: query, closed: c.ledger.enter("statement %s", query)}
	if c.stmts == nil {
		c.stmts = map[*watchedStmt]bool{}
	}
	c.stmts[stmt] = true
	return stmt, nil
}

func (c *watchedConn) BeginTx(ctx context.Context, o driver.TxOptions) (inner driver.Tx, err error) {
	if b, ok := c.Conn.(driver.ConnBeginTx); ok {
		inner, err = b.BeginTx(ctx, o)
	} else if o != (driver.TxOptions{}) {
		return nil, errors.New("the driver has no transactions with options")
	} else {
		inner, err = c.Conn.Begin() //lint:ignore SA1019 what drivers have that have no BeginTx
	}
	if err != nil {
		return nil, err
	}
	return &watchedTx{inner, c.ledger.enter("transaction %+v", o)}, nil
}

func (c *watchedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if e, ok := c.Conn.(driver.ExecerContext); ok {
		return sent(c, query, func() (driver.Result, error) { return e.ExecContext(ctx, query, args) })
	}
	return nil, driver.ErrSkip
}

func (c *watchedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if q, ok := c.Conn.(driver.QueryerContext); ok {
		return c.rows(sent(c, query, func() (driver.Rows, error) { return q.QueryContext(ctx, query, args) }))(query)
	}
	return nil, driver.ErrSkip
}

// rows wraps what a query gave.
func (c *watchedConn) rows(inner driver.Rows, err error) func(query string) (driver.Rows, error) {
	return func(query string) (driver.Rows, error) {
		if err != nil {
			return nil, err
		}
		return &watchedRows{inner, c.ledger.enter("rows of %s", query)}, nil
	}
}

func (c *watchedConn) Ping(ctx context.Context) error {
	if p, ok := c.Conn.(driver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

func (c *watchedConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *watchedConn) IsValid() bool {
	if v, ok := c.Conn.(driver.Validator); ok && !c.lost {
		return v.IsValid()
	}
	return !c.lost
}

func (c *watchedConn) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.Conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type watchedTx struct {
	driver.Tx
	closed func()
}

func (t *watchedTx) Commit() error {
	t.closed()
	return t.Tx.Commit()
}

func (t *watchedTx) Rollback() error {
	t.closed()
	return t.Tx.Rollback()
}

type watchedStmt struct {
	driver.Stmt
	conn   *watchedConn
	query  string
	closed func()
}

func (s *watchedStmt) Close() error {
	s.closed()
	if !s.conn.stmts[s] {
		return nil // its connection has closed it
	}
	delete(s.conn.stmts, s)
	return s.Stmt.Close()
}

func (s *watchedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if e, ok := s.Stmt.(driver.StmtExecContext); ok {
		return sent(s.conn, s.query, func() (driver.Result, error) { return e.ExecContext(ctx, args) })
	}
	return nil, fmt.Errorf("%T takes no context", s.Stmt)
}

func (s *watchedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if q, ok := s.Stmt.(driver.StmtQueryContext); ok {
		return s.conn.rows(sent(s.conn, s.query, func() (driver.Rows, error) { return q.QueryContext(ctx, args) }))(s.query)
	}
	return nil, fmt.Errorf("%T takes no context", s.Stmt)
}

func (s *watchedStmt) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return s.conn.CheckNamedValue(v)
}

type watchedRows struct {
	driver.Rows
	closed func()
}

func (r *watchedRows) Close() error {
	r.closed()
	return r.Rows.Close()
}

func (r *watchedRows) HasNextResultSet() bool {
	n, ok := r.Rows.(driver.RowsNextResultSet)
	return ok && n.HasNextResultSet()
}

func (r *watchedRows) NextResultSet() error {
	if n, ok := r.Rows.(driver.RowsNextResultSet); ok {
		return n.NextResultSet()
	}
	return io.EOF
}

func (r *watchedRows) ColumnTypeScanType(i int) reflect.Type {
	if c, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return c.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

func (r *watchedRows) ColumnTypeDatabaseTypeName(i int) string {
	if c, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return c.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

func (r *watchedRows) ColumnTypeLength(i int) (int64, bool) {
	if c, ok := r.Rows.(driver.RowsColumnTypeLength); ok {
		return c.ColumnTypeLength(i)
	}
	return 0, false
}

func (r *watchedRows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if c, ok := r.Rows.(driver.RowsColumnTypeNullable); ok {
		return c.ColumnTypeNullable(i)
	}
	return false, false
}

func (r *watchedRows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if c, ok := r.Rows.(driver.RowsColumnTypePrecisionScale); ok {
		return c.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}
