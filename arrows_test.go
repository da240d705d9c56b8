package ingot

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// exceptions are the places that break a rule of this file on purpose.
var exceptions = []exception{
	{"db*.go", "use Models", "Options carry the metadata, which the engine only hands on"},
	{"db.go", "use Hooks", "Options carry the hooks, which the engine only hands on"},
	{"db.go", "use encoding", "how the server takes values, found once by Open and handed to codecs"},
	{"db.go", "use newEncoding", "the same"},
	{"db.go", "use Models.checkNames", "names that are too long for the server found are a mistake of Open"},
	{"model*.go", "import reflect", "the room that knows struct types and fields"},
	{"schema_canon.go", "import reflect", "steps are written and read attribute by attribute, none forgotten; no model is touched"},
	{"schema_go.go", "import reflect", "the same, as Go source"},
	{"errors_driver.go", "import reflect", "reads the fields of drivers' error types without importing the drivers"},
	{"model_access.go", "import unsafe", "the one file that reaches fields by address; its head states the contract"},
	{"migrate_file.go", "import reflect", "the import path of this very package, for generated files"},
	{"model.go", "panic in MustModels", "for package variables: its name and its comment say so"},
}

// An exception is a rule broken on purpose: which file (a pattern), what it does, and why.
type exception struct{ file, what, reason string }

// foreign are the words no file of the root may hold outside of comments.
var foreign = regexp.MustCompile(`(?i)sqlite|postgres|mysql|maria|pgx|pgsql|galera|cockroach|yugabyte|tidb|vitess|modernc`)

func TestRoomsUseWhatTheArrowsAllow(t *testing.T) {
	rooms := readRooms(t, "CONTRIBUTING.md")
	root := checkRoot(t)
	var broken []breach
	for _, f := range root.files {
		file := root.fset.Position(f.Pos()).Filename
		from := rooms.of(file)
		if from == "" {
			t.Errorf("%s is in none of the rooms that CONTRIBUTING.md lists", file)
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			obj := root.info.Uses[id]
			if obj == nil || obj.Pkg() != root.pkg || obj.Pos() == token.NoPos {
				return true
			}
			declared := filepath.Base(root.fset.Position(obj.Pos()).Filename)
			if to := rooms.of(declared); to != from && !slices.Contains(rooms.mayUse[from], to) {
				broken = append(broken, breach{root.fset.Position(id.Pos()), "use " + qualified(obj),
					fmt.Sprintf("%s may not use %s, which %s declares", from, qualified(obj), declared)})
			}
			return true
		})
	}
	report(t, "use ", broken)
}

func TestNothingAUserCompilesImportsBeyondTheStandardLibrary(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	for _, pkg := range strings.Fields(string(out)) {
		if pkg != "ingot" && !strings.HasPrefix(pkg, "ingot/") {
			t.Errorf("a package of the module imports %s", pkg)
		}
	}
}

func TestImportsStayInTheirFiles(t *testing.T) {
	var broken []breach
	for _, p := range checkAll(t) {
		for _, f := range p.files {
			for _, spec := range f.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				pos := p.fset.Position(spec.Pos())
				shared := strings.HasPrefix(p.path, "ingot/dialects/") && strings.HasPrefix(imported, "ingot/dialects/internal/")
				switch own := strings.HasPrefix(imported+"/", "ingot/") && !shared; {
				case imported == "unsafe", imported == "reflect":
					broken = append(broken, breach{pos, "import " + imported, "import of " + imported})
				case p.path == "ingot" && own, own && imported != "ingot":
					t.Errorf("%s: %s imports %s", pos, p.path, imported)
				}
			}
		}
	}
	report(t, "import ", broken)
}

func TestNoStateOutsideOfValues(t *testing.T) {
	var broken []breach
	for _, p := range checkAll(t) {
		add := func(n ast.Node, what, format string, args ...any) {
			broken = append(broken, breach{p.fset.Position(n.Pos()), what, fmt.Sprintf(format, args...)})
		}
		// written reports the package variable that a write to x changes.
		written := func(x ast.Expr) {
			if id := rootIdent(p.info, x); id != nil {
				if v, ok := p.info.Uses[id].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
					add(id, "var "+v.Name(), "package variable %s is changed, or its address taken", v.Name())
				}
			}
		}
		for _, f := range p.files {
			for _, decl := range f.Decls {
				switch decl := decl.(type) {
				case *ast.FuncDecl:
					if decl.Recv == nil && decl.Name.Name == "init" {
						add(decl, "init", "func init")
					}
				case *ast.GenDecl:
					ast.Inspect(decl, func(n ast.Node) bool {
						if id, ok := n.(*ast.Ident); ok && decl.Tok == token.VAR {
							if obj := p.info.Uses[id]; obj != nil && obj.Pkg() != nil && strings.HasPrefix(obj.Pkg().Path(), "sync") {
								add(id, "var "+obj.Name(), "package variable made of %s.%s", obj.Pkg().Name(), obj.Name())
							}
						}
						return true
					})
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					for _, x := range n.Lhs {
						written(x)
					}
				case *ast.IncDecStmt:
					written(n.X)
				case *ast.RangeStmt:
					if n.Tok == token.ASSIGN {
						written(n.Key)
						written(n.Value)
					}
				case *ast.UnaryExpr:
					if n.Op == token.AND {
						written(n.X)
					}
				case *ast.CallExpr:
					if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 {
						if b, ok := p.info.Uses[id].(*types.Builtin); ok && slices.Contains([]string{"delete", "clear", "copy"}, b.Name()) {
							written(n.Args[0])
						}
					}
				case *ast.SelectorExpr:
					// A method with a pointer receiver takes the variable's address.
					if s := p.info.Selections[n]; s != nil && s.Kind() == types.MethodVal {
						_, isPtr := s.Recv().Underlying().(*types.Pointer)
						recv := s.Obj().(*types.Func).Signature().Recv().Type()
						if _, ptrRecv := recv.(*types.Pointer); ptrRecv && !isPtr {
							written(n.X)
						}
					}
				}
				return true
			})
		}
	}
	report(t, "init", broken)
	report(t, "var ", broken)
}

func TestNothingPanics(t *testing.T) {
	var broken []breach
	for _, p := range checkAll(t) {
		for _, f := range p.files {
			for _, decl := range f.Decls {
				ast.Inspect(decl, func(n ast.Node) bool {
					id, ok := n.(*ast.Ident)
					if !ok {
						return true
					}
					if b, ok := p.info.Uses[id].(*types.Builtin); ok && b.Name() == "panic" {
						in := "a declaration"
						if fn, ok := decl.(*ast.FuncDecl); ok {
							in = fn.Name.Name
						}
						broken = append(broken, breach{p.fset.Position(id.Pos()), "panic in " + in, "panic in " + in})
					}
					return true
				})
			}
		}
	}
	report(t, "panic ", broken)
}

func TestTheRootNamesNoDatabase(t *testing.T) {
	root := checkRoot(t)
	var broken []breach
	for _, f := range root.files {
		ast.Inspect(f, func(n ast.Node) bool {
			var text string
			switch n := n.(type) {
			case *ast.Ident:
				text = n.Name
			case *ast.BasicLit:
				if n.Kind == token.STRING {
					text = n.Value
				}
			}
			if word := foreign.FindString(text); word != "" {
				broken = append(broken, breach{root.fset.Position(n.Pos()), "name " + strings.ToLower(word), "names a database or driver: " + text})
			}
			return true
		})
	}
	report(t, "name ", broken)
}

// A file called model_arm.go or schema_js.go would silently not be built.
func TestNoFileNameIsABuildRule(t *testing.T) {
	elsewhere := build.Default
	elsewhere.GOOS, elsewhere.GOARCH, elsewhere.CgoEnabled = "nowhere", "nothing", false
	for _, p := range checkAll(t) {
		for _, f := range p.files {
			dir, name := filepath.Split(p.fset.Position(f.Pos()).Filename)
			if ok, err := elsewhere.MatchFile(dir, name); err != nil || !ok {
				t.Errorf("%s%s is not built everywhere (%v)", dir, name, err)
			}
		}
	}
}

// A breach is one place that breaks a rule. what is compared with the exceptions.
type breach struct {
	pos        token.Position
	what, text string
}

// report fails the test for breaches of the kind given that are no exceptions, and for
// exceptions of that kind that no breach needs.
func report(t *testing.T, kind string, broken []breach) {
	t.Helper()
	needed := make([]bool, len(exceptions))
	for _, b := range broken {
		if !strings.HasPrefix(b.what, kind) {
			continue
		}
		file := filepath.ToSlash(b.pos.Filename)
		excused := false
		for i, e := range exceptions {
			if ok, _ := path.Match(e.file, file); ok && e.what == b.what {
				needed[i], excused = true, true
			}
		}
		if !excused {
			t.Errorf("%s:%d: %s", file, b.pos.Line, b.text)
		}
	}
	for i, e := range exceptions {
		if strings.HasPrefix(e.what, kind) && !needed[i] {
			t.Errorf("nothing needs the exception %q for %s any more", e.what, e.file)
		}
	}
}

// rooms are the parts of the root and what each may use.
type rooms struct {
	mayUse map[string][]string // by room; the base is called "base"
	base   []string            // doors of the base
}

// readRooms reads the table of rooms in a document.
func readRooms(t *testing.T, file string) rooms {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| room |")
	table, _, _ = strings.Cut(table, "\n\n")
	word := regexp.MustCompile("[a-z]+")
	r := rooms{mayUse: map[string][]string{}}
	for i, line := range strings.Split(table, "\n") {
		cells := strings.Split(line, "|")
		switch {
		case i < 2: // the head
		case len(cells) != 5:
			t.Fatalf("%s: a line of the table of rooms has not three cells: %s", file, line)
		default:
			names := word.FindAllString(cells[1], -1)
			r.mayUse[names[0]] = word.FindAllString(cells[3], -1)
			if names[0] == "base" {
				r.base = names[1:]
			}
		}
	}
	if len(r.mayUse) != 6 || len(r.base) == 0 {
		t.Fatalf("%s: the table of rooms has %d rooms", file, len(r.mayUse))
	}
	return r
}

// of returns the room of a file; "" if it is in none.
func (r rooms) of(file string) string {
	door, _, _ := strings.Cut(strings.TrimSuffix(file, ".go"), "_")
	if slices.Contains(r.base, door) {
		return "base"
	}
	if _, ok := r.mayUse[door]; ok {
		return door
	}
	return ""
}

// A checkedPackage is a package of the module, parsed and type-checked without its tests.
type checkedPackage struct {
	path  string
	fset  *token.FileSet
	files []*ast.File
	info  *types.Info
	pkg   *types.Package
}

// checked type-checks what a user compiles, the root first.
var checked = sync.OnceValues(func() ([]*checkedPackage, error) {
	shared, _ := filepath.Glob("dialects/internal/*") // the patterns are well-formed
	dirs, _ := filepath.Glob("dialects/*")
	imp := &moduleImporter{fset: token.NewFileSet(), own: map[string]*types.Package{}}
	imp.std = importer.ForCompiler(imp.fset, "source", nil)
	var all []*checkedPackage
	for _, dir := range slices.Concat([]string{"."}, shared, dirs, []string{"cmd/ingot"}) {
		p := &checkedPackage{path: path.Join("ingot", filepath.ToSlash(dir)), fset: imp.fset, info: &types.Info{
			Uses:       map[*ast.Ident]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{},
		}}
		for _, name := range goFiles(dir) {
			f, err := parser.ParseFile(p.fset, filepath.Join(dir, name), nil, 0)
			if err != nil {
				return nil, err
			}
			p.files = append(p.files, f)
		}
		if len(p.files) == 0 {
			continue
		}
		conf := types.Config{Importer: imp}
		pkg, err := conf.Check(p.path, p.fset, p.files, p.info)
		if err != nil {
			return nil, err
		}
		p.pkg = pkg
		imp.own[p.path] = p.pkg
		all = append(all, p)
	}
	return all, nil
})

// A moduleImporter imports the standard library from source and the module's packages from
// those checked before.
type moduleImporter struct {
	fset *token.FileSet
	std  types.Importer
	own  map[string]*types.Package
}

func (m *moduleImporter) Import(path string) (*types.Package, error) {
	if p := m.own[path]; p != nil {
		return p, nil
	}
	return m.std.Import(path)
}

func checkAll(t *testing.T) []*checkedPackage {
	t.Helper()
	all, err := checked()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func checkRoot(t *testing.T) *checkedPackage { return checkAll(t)[0] }

// goFiles lists the files of a folder that are no tests.
func goFiles(dir string) []string {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go")) // the pattern is well-formed
	var names []string
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			names = append(names, filepath.Base(f))
		}
	}
	return names
}

// qualified is an object's name, for a method with its type's.
func qualified(obj types.Object) string {
	if fn, ok := obj.(*types.Func); ok {
		if recv := fn.Signature().Recv(); recv != nil {
			typ := recv.Type()
			if ptr, ok := typ.(*types.Pointer); ok {
				typ = ptr.Elem()
			}
			if named, ok := typ.(*types.Named); ok {
				return named.Obj().Name() + "." + fn.Name()
			}
		}
	}
	return obj.Name()
}

// rootIdent is the variable that a write to x changes; nil if none is named.
func rootIdent(info *types.Info, x ast.Expr) *ast.Ident {
	for {
		switch e := x.(type) {
		case *ast.Ident:
			return e
		case *ast.ParenExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		case *ast.SelectorExpr:
			if id, ok := e.X.(*ast.Ident); ok {
				if _, ok := info.Uses[id].(*types.PkgName); ok {
					return e.Sel
				}
			}
			x = e.X
		default:
			return nil
		}
	}
}
