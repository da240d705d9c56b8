package ingot

import (
	"context"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"strings"
	"testing"

	"go/ast"
	"go/parser"
)

func TestFormatStepsReadsLikeWrittenByHand(t *testing.T) {
	user := TableName{Name: "user_account"}
	steps := []Step{
		CreateTable{Table{Name: "user_account", Columns: []Column{
			{Name: "id", Type: "bigint", Auto: true}, {Name: "name", Type: "varchar(30)", Default: "'x'"}, {Name: "nick", Type: "text", Null: true}},
			PrimaryKey: PrimaryKey{Columns: []string{"id"}, AnyName: true},
			Uniques:    []Unique{{Name: "uq_user_account_name", Columns: []string{"name"}, AnyName: true, Deferrable: DeferrableInitiallyDeferred}},
			Was:        "users"}},
		CreateIndex{user, Index{Name: "ix_user_account_nick", Parts: []IndexPart{{Column: "nick"}}}},
		CreateIndex{user, Index{Name: "ix_both", Parts: []IndexPart{{Column: "nick", Desc: true}, {Expr: `lower("name")`}}, Where: "nick <> ''"}},
		AddForeignKey{TableName{"shop", "item"}, ForeignKey{Name: "fk_item_owner_id_user_account", Columns: []string{"owner_id"}, RefTable: "user_account", RefColumns: []string{"id"}, OnDelete: "CASCADE"}},
		AlterColumn{Table: user, Old: Column{Name: "nick", Type: "text", Null: true}, New: Column{Name: "nick", Type: "bigint", Identity: &Identity{}}},
		Exec{SQL: "UPDATE user_account\nSET nick = \"name\"", Down: "SELECT 1", State: []Step{DropSchema{"a"}}},
	}
	got, err := FormatSteps(steps, "ingot")
	if err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "steps.go.golden", []byte(got+"\n"))
}

func TestFormatStepsCompilesAndMeansTheSame(t *testing.T) {
	steps := everyStep()
	text, err := FormatSteps(steps, "ingot")
	if err != nil {
		t.Fatal(err)
	}
	root := checkRoot(t)
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "revision.go", "package versions\n\nimport \"ingot\"\n\nvar Up = "+text+"\n", 0)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: importRoot{root.pkg}}
	if _, err := conf.Check("versions", fset, []*ast.File{file}, info); err != nil {
		t.Fatal(err)
	}
	up := file.Decls[1].(*ast.GenDecl).Specs[0].(*ast.ValueSpec).Values[0]
	var back []Step
	evaluate(t, info, up, reflect.ValueOf(&back).Elem())
	if !reflect.DeepEqual(back, steps) {
		a, _ := EncodeSteps(back)
		b, _ := EncodeSteps(steps)
		t.Errorf("the source evaluates to\n%s\nwant\n%s", a, b)
	}
}

type importRoot struct{ pkg *types.Package }

func (i importRoot) Import(string) (*types.Package, error) { return i.pkg, nil }

// evaluate runs the few kinds of expression that literals of steps are made of.
func evaluate(t *testing.T, info *types.Info, e ast.Expr, v reflect.Value) {
	t.Helper()
	if tv := info.Types[e]; tv.Value != nil {
		switch v.Kind() {
		case reflect.String:
			v.SetString(constant.StringVal(tv.Value))
		case reflect.Bool:
			v.SetBool(constant.BoolVal(tv.Value))
		default:
			n, _ := constant.Int64Val(tv.Value)
			v.SetInt(n)
		}
		return
	}
	switch e := e.(type) {
	case *ast.UnaryExpr:
		v.Set(reflect.New(v.Type().Elem()))
		evaluate(t, info, e.X, v.Elem())
	case *ast.CompositeLit:
		if v.Kind() == reflect.Interface {
			name := info.Types[e].Type.String()
			for _, k := range stepKinds() {
				if "ingot."+reflect.TypeOf(k).Name() == name {
					s := reflect.New(reflect.TypeOf(k)).Elem()
					evaluate(t, info, e, s)
					v.Set(s)
				}
			}
			return
		}
		if v.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(v.Type(), len(e.Elts), len(e.Elts)))
			for i, x := range e.Elts {
				evaluate(t, info, x, v.Index(i))
			}
			return
		}
		for _, x := range e.Elts {
			kv := x.(*ast.KeyValueExpr)
			evaluate(t, info, kv.Value, v.FieldByName(kv.Key.(*ast.Ident).Name))
		}
	default:
		t.Fatalf("unexpected %T", e)
	}
}

func TestFormatStepsRefusesWhatHasNoSource(t *testing.T) {
	for _, s := range []Step{Do{Name: "x", Func: func(ctx context.Context, tx *Tx) error { return nil }}, &DropSchema{}} {
		if _, err := FormatSteps([]Step{s}, "ingot"); err == nil {
			t.Errorf("FormatSteps(%s) has no error", s)
		}
	}
	if got, err := FormatSteps(nil, "ingot"); got != "nil" || err != nil {
		t.Errorf("FormatSteps(nil) = %q, %v", got, err)
	}
	if got, _ := FormatSteps([]Step{DropSchema{"a"}}, ""); !strings.HasPrefix(got, "[]Step{\n\tDropSchema{Name: \"a\"}") {
		t.Errorf("without a package: %s", got)
	}
}
