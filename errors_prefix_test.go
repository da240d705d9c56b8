package ingot_test

import (
	"errors"
	"strings"
	"testing"

	"ingot"
)

func TestThePackageIsNamedOnceInAnError(t *testing.T) {
	type Priced struct {
		ID    int64  `ingot:"pk"`
		Kind  string `ingot:"enum:a,b;unique"`
		Price string `ingot:"precision:5,2"`
	}
	ctx := t.Context()
	db := openDB(t, ingot.Options{Models: ingot.MustModels(Priced{})})
	if err := db.CreateAll(ctx); err != nil {
		t.Fatal(err)
	}
	s := db.Session()
	defer s.Close()
	flush := func(x *Priced) error {
		s := db.Session()
		defer s.Close()
		return errors.Join(s.Add(x), s.Commit(ctx))
	}
	if err := flush(&Priced{Kind: "a", Price: "1.00"}); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"Add of nothing":            s.Add((*Priced)(nil)),
		"Delete of nothing":         s.Delete((*Priced)(nil)),
		"a unique violation":        flush(&Priced{Kind: "a", Price: "2.00"}),
		"a value that does not fit": flush(&Priced{Kind: "b", Price: "1234.00"}),
		"a value of no enum":        flush(&Priced{Kind: "c", Price: "1.00"}),
		"an unknown column":         second(ingot.SQL[Priced](ctx, db, "SELECT 1 AS nonsense")),
		"what cannot be read":       second(ingot.SQL[int64](ctx, db, "SELECT 'x'")),
		"a key of another type":     second(ingot.Get[Priced](ctx, db, "x")),
	} {
		if err == nil || strings.Count(err.Error(), "ingot: ") != 1 || !strings.HasPrefix(err.Error(), "ingot: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
