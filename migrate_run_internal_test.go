package ingot

import "testing"

// A step that was under way when its run died is told from one that had not begun by the schema.
func TestAStepIsSeenInTheSchemaItLeaves(t *testing.T) {
	name := TableName{Name: "t"}
	full := Table{Name: "t", PrimaryKey: PrimaryKey{Columns: []string{"id"}},
		Columns:     []Column{{Name: "id", Type: "bigint"}, {Name: "n", Type: "integer"}},
		Uniques:     []Unique{{Name: "u", Columns: []string{"n"}}},
		ForeignKeys: []ForeignKey{{Name: "f", Columns: []string{"n"}, RefTable: "t", RefColumns: []string{"id"}}},
		Checks:      []Check{{Name: "k", Expr: "n > 0"}},
		Indexes:     []Index{{Name: "x", Parts: []IndexPart{{Column: "n"}}}}}
	bare := Table{Name: "t", PrimaryKey: full.PrimaryKey, Columns: full.Columns}
	more := Column{Name: "more", Type: "text"}
	view := View{Name: "v", SQL: "SELECT 1"}
	for _, tt := range []struct {
		step Step
		met  Schema
	}{
		{CreateTable{full}, Schema{}},
		{DropTable{full}, Schema{Tables: []Table{full}}},
		{RenameTable{From: "t", To: "s"}, Schema{Tables: []Table{full}}},
		{CreateView{view}, Schema{}},
		{DropView{view}, Schema{Views: []View{view}}},
		{CreateSequence{Sequence{Name: "q"}}, Schema{}},
		{DropSequence{Sequence{Name: "q"}}, Schema{Sequences: []Sequence{{Name: "q"}}}},
		{AddColumn{name, more}, Schema{Tables: []Table{full}}},
		{DropColumn{name, full.Columns[1]}, Schema{Tables: []Table{bare}}},
		{RenameColumn{name, "n", "m"}, Schema{Tables: []Table{full}}},
		{RenamePart{name, ObjectIndex, "x", "y"}, Schema{Tables: []Table{full}}},
		{AddUnique{name, full.Uniques[0]}, Schema{Tables: []Table{bare}}},
		{AddUnique{name, Unique{Columns: []string{"n"}}}, Schema{Tables: []Table{bare}}},
		{DropUnique{name, full.Uniques[0]}, Schema{Tables: []Table{full}}},
		{AddForeignKey{name, full.ForeignKeys[0]}, Schema{Tables: []Table{bare}}},
		{DropForeignKey{name, full.ForeignKeys[0]}, Schema{Tables: []Table{full}}},
		{AddCheck{name, full.Checks[0]}, Schema{Tables: []Table{bare}}},
		{AddCheck{name, Check{Expr: "n > 0"}}, Schema{Tables: []Table{bare}}},
		{DropCheck{name, full.Checks[0]}, Schema{Tables: []Table{full}}},
		{CreateIndex{name, full.Indexes[0]}, Schema{Tables: []Table{bare}}},
		{DropIndex{name, full.Indexes[0]}, Schema{Tables: []Table{full}}},
	} {
		if hasEffect(tt.step, &tt.met) {
			t.Errorf("%s: seen before it has run", tt.step)
		}
		left := tt.met.Clone()
		if err := left.Apply(tt.step); err != nil {
			t.Fatal(err)
		}
		if !hasEffect(tt.step, left) {
			t.Errorf("%s: not seen after it has run", tt.step)
		}
	}
	for _, step := range []Step{AlterColumn{Table: name, Old: full.Columns[1], New: full.Columns[1]}, AlterTable{Table: name},
		AlterPrimaryKey{Table: name, Old: full.PrimaryKey, New: full.PrimaryKey}, CreateSchema{"s"}, DropSchema{"s"},
		Exec{SQL: "DELETE FROM t", Down: "DELETE FROM t"}, Do{Name: "d"}} {
		if hasEffect(step, &Schema{Tables: []Table{full}}) {
			t.Errorf("%s: seen where nothing tells", step)
		}
	}
	part := full.Clone()
	part.Indexes = nil
	if hasEffect(CreateTable{full}, &Schema{Tables: []Table{part}}) {
		t.Error("a table without its index is taken for made")
	}
}
