package dbtest

import (
	"errors"
	"strings"
	"testing"

	"ingot"
)

type LimitRow struct {
	ID                           int64 `ingot:"pk"`
	A, B, C, D, E, F, G, H, I, J int64
}

func TestLimitsOfParametersAreKept(t *testing.T) {
	on(t, func(t *testing.T, raw *database) {
		ctx := t.Context()
		db, err := ingot.Open(raw.DB, raw.dialect, ingot.Options{Models: ingot.MustModels(LimitRow{}), BatchSize: 1_000_000})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.CreateAll(ctx); err != nil {
			t.Fatal(err)
		}
		s := db.Session()
		defer s.Close()
		rows := make([]*LimitRow, 20_000)
		for i := range rows {
			n := int64(i)
			rows[i] = &LimitRow{A: n, B: -n, C: n * n, J: n + 1}
			if err := s.Add(rows[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		for _, x := range rows {
			x.B, x.J = x.B-1, x.J*2
		}
		if err := s.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		u := new(LimitRow)
		ids := make([]int64, 100_000)
		for i := range ids {
			ids[i] = int64(i)
		}
		got, err := ingot.Select(u).Where(ingot.C(&u.A).In(ids...)).All(ctx, db)
		switch {
		case err != nil && !strings.Contains(err.Error(), "parameters"):
			t.Errorf("In of %d values: %v", len(ids), err)
		case err == nil && len(got) != len(rows):
			t.Errorf("In of %d values finds %d rows; want %d", len(ids), len(got), len(rows))
		}
		sum, err := ingot.Scalars(ingot.Select(u), ingot.Count(ingot.C(&u.ID))).One(ctx, db)
		if err != nil || sum != int64(len(rows)) {
			t.Errorf("%d rows, %v", sum, err)
		}
		for _, x := range rows {
			if err := s.Delete(x); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		if n, err := ingot.Select(u).Count(ctx, db); err != nil || n != 0 {
			t.Errorf("%d rows are left, %v", n, err)
		}
	})
}

type LongColumn struct {
	ID int64 `ingot:"pk"`
	A  int64 `ingot:"column:a23456789_123456789_123456789_123456789_123456789_123456789_123"`
	B  int64 `ingot:"column:b23456789_123456789_123456789_123456789_123456789_123456789_1234;index;unique"`
	C  int64 `ingot:"column:c23456789_123456789_123456789_123456789_123456789_123456789_12345"`
}

func TestNamesAreTakenWholeOrRefused(t *testing.T) {
	on(t, func(t *testing.T, raw *database) {
		ctx := t.Context()
		_, err := ingot.Open(raw.DB, raw.dialect, ingot.Options{Models: ingot.MustModels(LongColumn{})})
		wrong := map[string][]string{"postgres": {"B", "C"}, "mysql": {"C"}}[raw.kind]
		for _, field := range wrong {
			e, ok := errors.AsType[*ingot.MappingError](err)
			if !ok || e.Type != "LongColumn" || !strings.Contains(err.Error(), "LongColumn."+field+": ") {
				t.Errorf("Open says %v; want it to name %s", err, field)
			}
		}
		if len(wrong) > 0 {
			return
		}
		db, err := ingot.Open(raw.DB, raw.dialect, ingot.Options{Models: ingot.MustModels(LongColumn{})})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := db.Session()
		defer s.Close()
		if err := errors.Join(db.CreateAll(ctx), s.Add(&LongColumn{A: 1, B: 2, C: 3}), s.Commit(ctx)); err != nil {
			t.Error(err)
		}
		raw.wantSettled(t, db.Models())
	})
}
