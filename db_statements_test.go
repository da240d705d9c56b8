package ingot

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"

	_ "modernc.org/sqlite"
)

func openPool(t *testing.T) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func TestStatementsArePreparedAtTheirSecondUse(t *testing.T) {
	c := newStatementCache(openPool(t), 2)
	for i, want := range []bool{false, true, true} {
		st := c.take(t.Context(), "SELECT 1")
		if got := st != nil; got != want {
			t.Errorf("use %d: prepared is %v, want %v", i+1, got, want)
		}
		if st != nil {
			c.give(st)
		}
	}
	if st := c.take(t.Context(), "nonsense"); st != nil {
		t.Error("nonsense was prepared")
	}
	if st := c.take(t.Context(), "nonsense"); st != nil {
		t.Error("nonsense was prepared at its second use")
	}
}

func TestStatementCacheIsBoundedAndClosesWhatItDrops(t *testing.T) {
	c := newStatementCache(openPool(t), 2)
	held := func(text string) *cachedStatement {
		c.take(t.Context(), text)
		return c.take(t.Context(), text)
	}
	used := held("SELECT 1")
	c.give(held("SELECT 2"))
	c.give(held("SELECT 3"))
	if n := c.order.Len(); n != 2 {
		t.Errorf("%d statements are kept, want 2", n)
	}
	var one int
	if err := used.stmt.QueryRowContext(t.Context()).Scan(&one); err != nil {
		t.Errorf("a statement in use was closed when it was dropped: %v", err)
	}
	c.give(used)
	if err := used.stmt.QueryRowContext(t.Context()).Scan(&one); err == nil {
		t.Error("a dropped statement was not closed after its last use")
	}
}

func TestStatementCacheIsSafeForConcurrentUse(t *testing.T) {
	c := newStatementCache(openPool(t), 3)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				text := fmt.Sprintf("SELECT %d", (g+i)%7)
				st := c.take(context.Background(), text)
				if st == nil {
					continue
				}
				var n int
				if err := st.stmt.QueryRow().Scan(&n); err != nil || n != (g+i)%7 {
					t.Errorf("%s = %d, %v", text, n, err)
				}
				c.give(st)
			}
		})
	}
	wg.Wait()
	if err := c.close(); err != nil {
		t.Error(err)
	}
}
