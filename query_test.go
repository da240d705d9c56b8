package ingot_test

import (
	"testing"

	"ingot"
)

func TestNothingToRunOnIsAnError(t *testing.T) {
	ctx := t.Context()
	a := new(Album)
	q := ingot.Select(a)
	for name, r := range map[string]ingot.Runner{"nil": nil, "*DB": (*ingot.DB)(nil), "*Session": (*ingot.Session)(nil)} {
		_, get := ingot.Get[Album](ctx, r, 1)
		_, all := q.All(ctx, r)
		_, count := q.Count(ctx, r)
		_, cursor := q.Cursor(r, a)
		_, values := ingot.Scalars(q, ingot.C(&a.ID)).All(ctx, r)
		_, raw := ingot.SQL[int](ctx, r, "SELECT 1")
		_, write := ingot.Delete(a).Everywhere().Exec(ctx, r)
		for range q.Iter(ctx, r) {
		}
		for i, err := range []error{get, all, count, cursor, values, raw, write} {
			if err == nil {
				t.Errorf("%s, entry %d: no error", name, i)
			}
		}
	}
	if _, _, err := q.SQL(nil); err == nil {
		t.Error("SQL(nil): no error")
	}
}
