package suite

import (
	"cmp"
	"embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ingot"
)

//go:embed testdata/write_*.golden
var writeTexts embed.FS

// The text of each kind of write, as each database gets it: a file for each, which go test
// -update rewrites. What a kind of write does is held by the other tests, on all databases.
// MySQL's, which knows no RETURNING, is what MariaDB gets when it is taken for a MySQL.
func (on Database) TestTheTextOfWrites(t *testing.T) {
	if on.writeTexts(t, ingot.Options{}, "") == "mariadb" {
		on.writeTexts(t, ingot.Options{Adjust: func(s *ingot.Server) { s.InsertReturning, s.DeleteReturning = false, false }}, "mysql")
	}
}

// writeTexts compares with the texts of a server, which is that of the database without a
// name, and returns the name.
func (on Database) writeTexts(t *testing.T, o ingot.Options, server string) string {
	t.Helper()
	db, sent := on.open(t, o, cUser{}, cAddress{}, cOrder{}, cItem{}, cKeyword{}, cNode{}, tTenant{}, tLogin{}, tTicket{}, tDoc{}, tPage{}, vFoo{}, qcounter{})
	ctx := t.Context()
	s := db.Session()
	defer s.Close()
	var b strings.Builder
	write := func(what string, edit func() error) {
		t.Helper()
		must(t, s.Commit(ctx))
		sent.take()
		must(t, edit())
		must(t, s.Flush(ctx))
		fmt.Fprintf(&b, "-- %s\n%s\n\n", what, strings.Join(sent.take(), "\n"))
	}
	a, c, d := &cUser{Name: "a"}, &cUser{Name: "c"}, &cUser{Name: "d"}
	write("one row", func() error { return s.Add(a) })
	write("rows with generated keys", func() error { return s.AddAll(c, d) })
	docs := []*tDoc{{Title: "x"}, {Title: "y"}, {Title: "z", State: "done"}}
	write("rows with values that the database makes", func() error { return s.AddAll(docs[0], docs[1], docs[2]) })
	tenant := &tTenant{Code: "t", Users: []*tLogin{{Number: 1}, {Number: 2}}}
	write("rows with keys of their own", func() error { return s.Add(tenant) })
	write("one column of one row", func() error { a.Name = "b"; return nil })
	write("rows that get different values", func() error { a.Name, c.Name, d.Name = "1", "2", "3"; return nil })
	write("rows that get the same value", func() error { a.Name, c.Name, d.Name = "x", "x", "x"; return nil })
	write("rows with values that the database makes again", func() error { docs[0].Title, docs[1].Title = "p", "q"; return nil })
	foos := []*vFoo{{}, {}}
	write("rows with a version", func() error { return s.AddAll(foos[0], foos[1]) })
	write("one row with a version", func() error { foos[0].Value = "v"; return nil })
	write("more rows with a version", func() error { foos[0].Value, foos[1].Value = "1", "2"; return nil })
	write("deleted rows with a version", func() error { s.Delete(foos[0]); return s.Delete(foos[1]) })
	write("deleted rows with keys of two columns", func() error { return s.Delete(tenant) })
	item := &cItem{Keywords: []*cKeyword{{}, {}}}
	write("links", func() error { return s.Add(item) })
	write("fewer links", func() error { item.Keywords = nil; return nil })
	parent := &cUser{Orders: []*cOrder{{}, {}, {}}}
	must(t, s.Add(parent))
	must(t, s.Commit(ctx))
	must(t, s.Expunge(parent))
	write("a deleted parent whose children are not loaded", func() error {
		x, err := ingot.Get[cUser](ctx, s, parent.ID)
		must(t, err)
		return s.Delete(x)
	})
	q := new(qcounter)
	bulk := func(_ int, err error) error { return err }
	write("bulk insert", func() error { return bulk(ingot.Insert(&qcounter{Word: "a"}, &qcounter{Word: "b"}).Exec(ctx, db)) })
	write("bulk insert of what may be there", func() error {
		return bulk(ingot.Insert(&qcounter{Word: "a"}).As(q).OnConflict(&q.Word).DoNothing().Exec(ctx, db))
	})
	write("bulk insert or update", func() error {
		return bulk(ingot.Insert(&qcounter{Word: "a", N: 2}).As(q).OnConflict(&q.Word).DoUpdate(ingot.C(&q.N).SetX(ingot.Excluded(ingot.C(&q.N)))).Exec(ctx, db))
	})
	write("bulk update", func() error {
		return bulk(ingot.Update(q).Set(ingot.C(&q.N).Set(5)).Where(ingot.C(&q.Word).Eq("a")).Exec(ctx, db))
	})
	write("bulk delete", func() error { return bulk(ingot.Delete(q).Where(ingot.C(&q.Word).Eq("a")).Exec(ctx, db)) })
	write("savepoint", func() error {
		return s.Savepoint(ctx, func() error { return s.Add(&cKeyword{}) })
	})

	srv := db.Server()
	server = cmp.Or(server, srv.Flavour, srv.Dialect)
	file := "testdata/write_" + server + ".golden"
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		_, here, _, _ := runtime.Caller(0)
		must(t, os.WriteFile(filepath.Join(filepath.Dir(here), file), []byte(b.String()), 0o644))
		return server
	}
	want, err := writeTexts.ReadFile(file)
	if err != nil {
		t.Skipf("no texts are kept for %s yet: go test -update makes %s", &srv, file)
	}
	if b.String() != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, b.String(), want)
	}
	return server
}
