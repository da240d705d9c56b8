package suite

import (
	"fmt"
	"strings"
	"testing"

	"ingot"
)

func (on Database) TestTooManyParametersAreAnErrorThatSaysSo(t *testing.T) {
	type Row struct {
		ID int64 `ingot:"pk"`
	}
	db, sent := on.open(t, ingot.Options{}, Row{})
	r := new(Row)
	n := db.Server().MaxParams + 1
	_, err := ingot.Select(r).Where(ingot.C(&r.ID).In(make([]int64, n)...)).All(t.Context(), db)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint(n, " parameters")) || len(sent.take()) > 0 {
		t.Errorf("All = %v, want an error that counts the parameters", err)
	}
}
