package dbtest

import (
	"slices"
	"testing"

	"ingot"
)

// Options of a method that an extension brings are read, kept and written as they are.
func TestIndexesOfExtensionsKeepTheirOptions(t *testing.T) {
	on(t, func(t *testing.T, db *database) {
		if _, err := db.ExecContext(t.Context(), "CREATE EXTENSION bloom"); err != nil {
			t.Skip("the server has no bloom: ", err)
		}
		bloom := func(options ...ingot.Option) *ingot.Schema {
			return schema(table("t", cols(col("a", "integer"), col("b", "text")), key("id"),
				indexOf(ingot.Index{Name: "ix", Using: "bloom", Parts: parts("a", "b"), Options: options}), index("other", "a")))
		}
		a := bloom(ingot.Option{Name: "length", Value: "80"}, ingot.Option{Name: "col1", Value: "2"})
		b := bloom(ingot.Option{Name: "col1", Value: "3"}, ingot.Option{Name: "col2", Value: "4"})
		checkPair(t, db, a, b)
		none := db.inspect(t)
		db.migrate(t, none, ingot.Compare(nil, a, ingot.CompareDialect(db.dialect)))
		if got := db.inspect(t).Tables[0].Indexes[0].Options; !slices.Equal(got, []ingot.Option{{Name: "length", Value: "80"}, {Name: "col1", Value: "2"}}) {
			t.Errorf("the options are %v", got)
		}
	}, "postgres")
}
