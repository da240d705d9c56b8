package ingot

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A Scaffold says what [Scaffold.Write] writes: the env of the migrations and the package of
// the revisions. What is left empty is written as an example to be changed, with a comment
// that says so; the package compiles once Models and Driver are named.
type Scaffold struct {
	Dir        string // the folder: "migrations"
	Models     string // the metadata, as import path and variable: "example.com/app/models.Models"
	Driver     string // import path of the database/sql driver
	Suggest    string // the one a comment names where Driver is empty
	DriverName string // the name it registers
	Dialect    string // a package of dialects/ of this package
	DSN        string // the data source name
}

// Write writes the files and returns their names. It refuses a folder that is not empty.
func (s Scaffold) Write() (files []string, err error) {
	if s.Dir == "" {
		return nil, errors.New("ingot: init needs the name of the folder to write: init migrations")
	}
	if entries, err := os.ReadDir(s.Dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("ingot: the folder %s is not empty", s.Dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	here, err := packagePath(s.Dir)
	if err != nil {
		return nil, err
	}
	main, err := s.mainSource(here)
	if err != nil {
		return nil, err
	}
	versions := fmt.Sprintf("// Package versions has the revisions of the schema, one file each.\npackage versions\n\nimport %s\n\n"+
		"// Versions are the revisions: each file of this folder adds its own.\nvar Versions = ingot.NewRevisions()\n", importLine("ingot", importPath()))
	dir := filepath.Join(s.Dir, "versions")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{filepath.Join(s.Dir, "main.go"), main}, {filepath.Join(dir, "versions.go"), []byte(versions)}} {
		if err := writeNew(f.name, f.text); err != nil {
			return files, err
		}
		files = append(files, f.name)
	}
	return files, nil
}

// mainSource is the env.
func (s Scaffold) mainSource(here string) ([]byte, error) {
	models, variable := "", ""
	if s.Models != "" {
		i := strings.LastIndexByte(s.Models, '.')
		if i <= strings.LastIndexByte(s.Models, '/') || i+1 == len(s.Models) {
			return nil, fmt.Errorf("ingot: models %q: want the import path of the package and the variable: example.com/app/models.Models", s.Models)
		}
		models, variable = s.Models[:i], s.Models[i+1:]
	}
	ingot := importPath()
	dialect := s.Dialect
	var b bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("// Command migrations moves the schema of the database along the revisions in versions:")
	p("//")
	p("//\tgo run ./%s revision --autogenerate -m \"what changes\"", filepath.ToSlash(filepath.Clean(s.Dir)))
	p("//\tgo run ./%s upgrade head", filepath.ToSlash(filepath.Clean(s.Dir)))
	p("package main\n\nimport (")
	p("\t\"cmp\"\n\t\"database/sql\"\n\t\"os\"\n")
	p("\t%s", importLine("ingot", ingot))
	p("\t%q\n", ingot+"/dialects/"+dialect)
	if s.Driver == "" {
		p("\t// The database/sql driver, for example: _ %q\n", s.Suggest)
	} else {
		p("\t_ %q\n", s.Driver)
	}
	p("\t%q", here+"/versions")
	if models != "" {
		name := "models"
		if clean := identOfPath(path.Base(models)); clean != "" && clean == path.Base(models) && clean != "versions" && clean != "ingot" && clean != dialect && clean != "sql" && clean != "os" && clean != "cmp" {
			name = clean
			p("\t%q", models)
		} else {
			p("\t%s %q", name, models)
		}
		variable = name + "." + variable
	}
	p(")\n\nfunc main() {")
	p("\tingot.Main(ingot.Env{")
	if models == "" {
		p("\t\t// The metadata: import the package of your models and name its variable here.")
		p("\t\t// Models: models.Models,")
	} else {
		p("\t\tModels: %s,", variable)
	}
	p("\t\tRevisions: versions.Versions,")
	p("\t\tDialect: %s.Dialect{},", dialect)
	p("\t\tOpen: func() (*sql.DB, error) {")
	p("\t\t\treturn sql.Open(%q, cmp.Or(os.Getenv(\"DATABASE_URL\"), %q))", s.DriverName, s.DSN)
	p("\t\t},\n\t})\n}")
	src, err := format.Source(b.Bytes())
	if err != nil {
		return nil, within("migrations/main.go", err)
	}
	return src, nil
}

// identOfPath is s if it can be the name of a package.
func identOfPath(s string) string {
	for i, r := range s {
		if !(r == '_' || 'a' <= r && r <= 'z' || i > 0 && '0' <= r && r <= '9') {
			return ""
		}
	}
	return s
}

// packagePath is the import path of a folder: the module of the go.mod above it, and the way
// from there.
func packagePath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := abs; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil {
			module := moduleOf(string(text))
			if module == "" {
				return "", fmt.Errorf("ingot: %s names no module", filepath.Join(at, "go.mod"))
			}
			rel, err := filepath.Rel(at, abs)
			if err != nil {
				return "", err
			}
			return path.Join(module, filepath.ToSlash(rel)), nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("ingot: there is no go.mod in or above %s: run go mod init first", cmp.Or(filepath.Dir(abs), abs))
		}
	}
}

// moduleOf reads the module line of a go.mod.
func moduleOf(text string) string {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "module"); ok && name != "" && strings.ContainsAny(name[:1], " \t\"`") {
			return strings.Trim(strings.TrimSpace(name), "\"`")
		}
	}
	return ""
}
