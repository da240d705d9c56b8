package suite

import (
	"testing"

	"ingot"
)

// PostgreSQL answers COMMIT with ROLLBACK, and no error, once a statement has failed.
func (on Database) TestCommitAfterAFailedStatementIsNoSuccess(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, User{}, Address{})
	ctx := t.Context()
	for _, how := range []string{"session", "transaction"} {
		s := db.Session()
		if err := s.Add(&User{Name: how}); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		tx, err := s.Tx(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var failed error
		if how == "session" {
			_, failed = s.Exec(ctx, "INSERT INTO missing VALUES (1)")
		} else {
			_, failed = tx.ExecContext(ctx, "INSERT INTO missing VALUES (1)")
		}
		if failed == nil {
			t.Fatal("a statement on a table that does not exist succeeds")
		}
		committed := s.Commit(ctx)
		s.Close()
		u := new(User)
		n, err := ingot.Select(u).Where(ingot.C(&u.Name).Eq(how)).Count(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		if (committed == nil) != (n == 1) {
			t.Errorf("%s: Commit gives %v, and %d rows are there", how, committed, n)
		}
	}
}
