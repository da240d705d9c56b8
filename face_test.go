package ingot

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"
	"testing"
)

// The face is what users compile against: call sites that have to compile, and mistakes
// that the compiler has to find, type-checked without being run.

// faceHead is in scope of every call site.
const faceHead = `package face

import (
	"context"
	"database/sql"
	"fmt"
	"ingot"
	"os"
	"time"
)

type Level string

const (
	Low  Level = "low"
	High Level = "high"
)

type Place struct{ City string }

type User struct {
	ID        int64
	Name      string
	Fullname  *string
	Email     Email
	Age       int
	Score     float64
	Nick      *string
	Phone     sql.Null[string]
	Home      Place
	Created   time.Time
	Tags      []string
	Level     Level
	ManagerID *int64
	Addresses []*Address
	Orders    []*Order
}

type Email string

type Address struct {
	ID           int64
	EmailAddress string
	UserID       int64
}

type Order struct {
	ID    int64
	Total int64
	Items []*Item
}

type Item struct{ ID int64 }

type fake struct{}

var (
	_ = fmt.Sprint
	_ = os.Stderr
	_ time.Time
	_ sql.DB
)

func site(ctx context.Context, s *ingot.Session, sqldb *sql.DB, text string) {
	u, a := new(User), new(Address)
	r := new(struct { Name string; N int64 })
	_, _, _ = u, a, r
	{
`

// checkFace type-checks one call site and returns its first mistake.
func checkFace(t *testing.T, root *checkedPackage, code string) error {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "site.go", faceHead+code+"\n}\n}\n", 0)
	if err != nil {
		t.Fatalf("%s\n%v", code, err)
	}
	conf := types.Config{Importer: faceImporter{root}}
	_, err = conf.Check("face", fset, []*ast.File{f}, nil)
	return err
}

// A faceImporter imports packages as checked, and what they import.
type faceImporter []*checkedPackage

func (i faceImporter) Import(path string) (*types.Package, error) {
	for _, c := range i {
		for _, p := range slices.Concat([]*types.Package{c.pkg}, c.pkg.Imports()) {
			if p.Path() == path {
				return p, nil
			}
		}
	}
	return nil, fmt.Errorf("neither checked nor imported by what is: %s", path)
}

// faceSites reads the call sites of a file, separated as given, without comments.
func faceSites(t *testing.T, file, separator string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var sites []string
	for _, site := range strings.Split(string(b), separator) {
		var lines []string
		for _, line := range strings.Split(site, "\n") {
			if !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "" {
				lines = append(lines, line)
			}
		}
		if len(lines) > 0 {
			sites = append(sites, strings.Join(lines, "\n"))
		}
	}
	return sites
}

func TestTheFaceCompiles(t *testing.T) {
	root := checkRoot(t)
	for _, site := range faceSites(t, "testdata/face_compiles.txt", "\n\n") {
		if err := checkFace(t, root, site); err != nil {
			t.Errorf("%s\ndoes not compile: %v", site, err)
		}
	}
}

func TestTheCompilerFindsMistakes(t *testing.T) {
	root := checkRoot(t)
	for _, site := range faceSites(t, "testdata/face_refused.txt", "\n") {
		switch err := checkFace(t, root, site); {
		case err == nil:
			t.Errorf("%s\ncompiles", site)
		case strings.Contains(err.Error(), "undefined: "), strings.Contains(err.Error(), "declared and not used"):
			t.Errorf("%s\nis refused for another reason than the one it stands here for: %v", site, err)
		}
	}
}
