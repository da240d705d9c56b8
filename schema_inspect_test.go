package ingot_test

import (
	"testing"

	"ingot"
	"ingot/dialects/sqlite"
)

func TestCompareOfADatabaseWithItsModelsFindsNothing(t *testing.T) {
	type Owner struct {
		_    struct{} `ingot:"index:name desc;check:length(name) > 0"`
		ID   int64    `ingot:"pk"`
		Name string   `ingot:"size:30;unique"`
		Age  *int32   `ingot:"default:18"`
	}
	type Pet struct {
		ID      int64 `ingot:"pk"`
		OwnerID int64 `ingot:"fk:owner.id;ondelete:cascade"`
	}
	models := ingot.MustModels(Owner{}, Pet{})
	db := openDB(t, ingot.Options{Models: models})
	if err := db.CreateAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	have, err := db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want, err := models.Schema(sqlite.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	if steps := ingot.Compare(have, want); len(steps) != 0 {
		t.Errorf("Compare without options found %v, want nothing", steps)
	}
}
