package ingot

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Revision files: Go source in the versions folder, one revision each.

// importPath is where this package lives: a program may have it under another path.
func importPath() string { return reflect.TypeFor[Revision]().PkgPath() }

// importLine is the import of a package, named where the path does not end in its name.
func importLine(name, importPath string) string {
	if path.Base(importPath) == name {
		return strconv.Quote(importPath)
	}
	return name + " " + strconv.Quote(importPath)
}

// newRevisionID makes an ID of 12 hex digits. At least one is a letter, so that no ID looks
// like a number.
func newRevisionID() string {
	for {
		var b [6]byte
		rand.Read(b[:])
		if id := hex.EncodeToString(b[:]); strings.ContainsAny(id, "abcdef") {
			return id
		}
	}
}

// slug makes a part of a file name of a message: at most 40 characters, cut at a word.
func slug(message string) string {
	words := strings.FieldsFunc(strings.ToLower(message), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	s := ""
	for _, w := range words {
		if s == "" && len(w) > 40 {
			r := []rune(w)
			for len(string(r)) > 40 {
				r = r[:len(r)-1]
			}
			return string(r)
		}
		if len(s)+1+len(w) > 40 {
			break
		}
		if s != "" {
			s += "_"
		}
		s += w
	}
	return s
}

// revisionFileName is <id>_<slug>.go. The go command gives names that end in _test or in a
// system's name a meaning, so a slug that ends so gets a word after it.
func revisionFileName(id, message string) string {
	name := id
	if s := slug(message); s != "" {
		name += "_" + s
	}
	if goWord(name[strings.LastIndexByte(name, '_')+1:]) {
		name += "_revision"
	}
	return name + ".go"
}

// goWord reports whether the go command gives file names with this ending a meaning: test,
// an operating system or a processor, by the shape of the word, so that the list cannot
// grow old.
func goWord(word string) bool {
	switch word {
	case "test", "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd",
		"openbsd", "plan9", "solaris", "wasip1", "windows", "zos", "unix",
		"386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le",
		"mips64p32", "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm":
		return true
	}
	return false
}

// revisionSource renders the file of a revision. written is when.
func revisionSource(pkg string, r Revision, written time.Time) ([]byte, error) {
	var b strings.Builder
	imp := importPath()
	fmt.Fprintf(&b, "package %s\n\nimport %s\n\n", pkg, importLine("ingot", imp))
	for _, line := range strings.Split(cmp.Or(strings.TrimSpace(r.Message), "(no message)"), "\n") {
		fmt.Fprintf(&b, "// %s\n", strings.TrimSpace(line))
	}
	after := "the first one"
	if len(r.Parents) > 0 {
		after = "after " + strings.Join(r.Parents, " and ")
	}
	fmt.Fprintf(&b, "//\n// Revision %s, %s, written %s.\n", r.ID, after, written.UTC().Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(&b, "var _ = Versions.Add(ingot.Revision{\n\tID: %q,\n", r.ID)
	stringsField := func(name string, list []string) {
		if len(list) > 0 {
			fmt.Fprintf(&b, "\t%s: %#v,\n", name, list)
		}
	}
	stringsField("Parents", r.Parents)
	stringsField("DependsOn", r.DependsOn)
	stringsField("Labels", r.Labels)
	fmt.Fprintf(&b, "\tMessage: %q,\n", r.Message)
	if len(r.Upgrade) == 0 && len(r.Parents) < 2 {
		b.WriteString("\tUpgrade: []ingot.Step{\n\t\t// ingot.Exec{SQL: \"…\", Down: \"…\"},\n\t},\n")
	} else if len(r.Upgrade) > 0 {
		text, err := FormatSteps(r.Upgrade, "ingot")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "\tUpgrade: %s,\n", text)
	}
	if r.Downgrade != nil {
		text, err := FormatSteps(r.Downgrade, "ingot")
		if err != nil {
			return nil, err
		}
		if len(r.Downgrade) == 0 {
			text = "[]ingot.Step{}"
		}
		fmt.Fprintf(&b, "\tDowngrade: %s,\n", text)
	} else if len(r.Parents) < 2 {
		b.WriteString("\t// Downgrade: where it is not written out, it is Upgrade backwards, each step reversed.\n")
	}
	b.WriteString("})\n")
	src, err := format.Source([]byte(b.String()))
	if err != nil {
		return nil, within(fmt.Sprintf("the file of revision %s", r.ID), err)
	}
	return src, nil
}

// writeRevision writes the file of a revision and returns its name. It never overwrites.
func writeRevision(dir string, r Revision, written time.Time) (string, error) {
	pkg, err := packageOf(dir)
	if err != nil {
		return "", err
	}
	src, err := revisionSource(pkg, r, written)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, revisionFileName(r.ID, r.Message))
	if err := writeNew(name, src); err != nil {
		return "", err
	}
	return name, nil
}

// writeNew writes a file that must not exist, all of it or none.
func writeNew(name string, content []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("ingot: %s exists already", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(name)
	}
	return err
}

// packageOf is the name of the package in a versions folder, "versions" by default.
func packageOf(dir string) (string, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("ingot: the folder of the revisions: %w; run the command from the root of the module, or set Env.Dir", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("ingot: the folder of the revisions, %s, is not a folder", dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, "versions.go"))
	if err != nil {
		return "versions", nil
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "package "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "versions", nil
}

// revisionFile finds the file of a revision: the one that begins with its ID.
func revisionFile(dir, id string) (string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", err
	}
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), ".go")
		if base == id || strings.HasPrefix(base, id+"_") {
			return name, nil
		}
	}
	for _, name := range names { // renamed by hand
		if text, err := os.ReadFile(name); err == nil && strings.Contains(string(text), strconv.Quote(id)) && strings.Contains(string(text), "Versions.Add") {
			if rest := strings.SplitN(string(text), "ID:", 2); len(rest) == 2 && strings.HasPrefix(strings.TrimSpace(rest[1]), strconv.Quote(id)) {
				return name, nil
			}
		}
	}
	return "", fmt.Errorf("ingot: no file of revision %s in %s", id, dir)
}
