package ingot_test

import (
	"strings"
	"testing"

	"ingot"
)

func TestTooManyParametersAreAnErrorThatSaysSo(t *testing.T) {
	type Row struct {
		ID int64 `ingot:"pk"`
	}
	db := openDB(t, ingot.Options{Models: ingot.MustModels(Row{})})
	r := new(Row)
	_, err := ingot.Select(r).Where(ingot.C(&r.ID).In(make([]int64, 40000)...)).All(t.Context(), db)
	if err == nil || !strings.Contains(err.Error(), "40000 parameters") {
		t.Errorf("All = %v, want an error that counts the parameters", err)
	}
}
