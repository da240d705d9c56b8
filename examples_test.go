package ingot

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withoutExample are the names that stand in no Example, each with its reason.
var withoutExample = []struct{ names, reason string }{
	{"*.Error *.Unwrap *.String", "called by fmt, errors.Is and errors.AsType"},
	{"*.Reverse", "of each kind of step: called through Step"},
	{"AnyExpr Subquery Runner LockOption", "what arguments are made of, never named by a caller"},
	{"Main", "Env.Run, which has Examples, and an exit"},
	{"ErrSerialization ErrDeadlock ErrConnection ErrCommitUnknown ErrConcurrent",
		"compared as ErrCanceled and ErrLock are; each takes a second client, a lost connection or a race"},
	{"ArrayBinder ConnSetup FuncDialect KeyReserver KeyStepper LockWaiter MigrationConn MigrationLocker OfflineDialect " +
		"SchemaDialect SequenceNormalizer SequenceOwner SingleConn StepGrouper StepSplitter TextJudge TxChecker TxCommitter TxEnder UpsertDialect",
		"implemented by dialects, called by this package"},
	{"Caps KeysReserved KeysConsecutive Lock LockWait MigrationLock Queryer ScanKind ScanPlain ScanTime SchemaTraits ScriptDelimiter TxOptions",
		"what those take or answer"},
}

// Documentation that runs cannot lie: what a user calls, is given or names is shown by an
// Example with its output.
func TestEveryExportedNameIsShownByAnExample(t *testing.T) {
	shown := namesInExamples(t)
	missing := map[string]bool{}
	for _, name := range exportedNames(checkRoot(t).pkg) {
		if !shown[name] {
			missing[name] = true
		}
	}
	for _, w := range withoutExample {
		for pattern := range strings.FieldsSeq(w.names) {
			needed := false
			for name := range missing {
				if ok, _ := path.Match(pattern, name); ok {
					needed = true
					delete(missing, name)
				}
			}
			if !needed {
				t.Errorf("the list of names without an Example has %s (%s), which is shown or not there", pattern, w.reason)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s is used in no Example", name)
	}
}

// exportedNames lists functions, types, methods, constants and variables: "Open", "DB.Close".
// Methods of interfaces are left out: they are called where the interface is implemented.
func exportedNames(pkg *types.Package) []string {
	var names []string
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		names = append(names, name)
		if named, ok := obj.Type().(*types.Named); ok && obj == types.Object(named.Obj()) {
			for m := range named.Methods() {
				if m.Exported() {
					names = append(names, qualified(m))
				}
			}
		}
	}
	return names
}

// namesInExamples finds the root's names that the bodies of Examples use, and the types that
// their expressions have.
func namesInExamples(t *testing.T) map[string]bool {
	root := checkRoot(t)
	tests, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range tests {
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name.Name == "ingot_test" {
			files = append(files, f)
		}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{
		Importer: faceImporter(checkAll(t)),
		Error:    func(error) {}, // of packages that only other tests need; that all compiles is the compiler's to say
	}
	_, _ = conf.Check("ingot_test", fset, files, info)

	shown := map[string]bool{}
	for _, e := range doc.Examples(files...) {
		if e.Output == "" && !e.EmptyOutput {
			t.Errorf("Example%s has no output: nothing runs it", e.Name)
		}
		ast.Inspect(e.Code, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				obj := info.Uses[id]
				v, _ := obj.(*types.Var)
				if field := v != nil && v.IsField(); obj != nil && obj.Pkg() == root.pkg && !field {
					shown[qualified(obj)] = true
				}
			}
			if x, ok := n.(ast.Expr); ok {
				typ := info.Types[x].Type
				if ptr, ok := typ.(*types.Pointer); ok {
					typ = ptr.Elem()
				}
				if named, ok := typ.(*types.Named); ok && named.Obj().Pkg() == root.pkg {
					shown[named.Obj().Name()] = true
				}
			}
			return true
		})
	}
	return shown
}
