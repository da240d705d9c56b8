package ingot

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// CreateAll makes the tables of the models, and what else they need, as far as they are not
// there: for tests and first steps, without migrations. It compares nothing: a table that is
// there stays as it is. Where DDL is transactional, all is made or nothing.
func (db *DB) CreateAll(ctx context.Context) error {
	want, have, err := db.modelsAndDatabase(ctx)
	if err != nil {
		return err
	}
	missing := *want
	missing.Tables = slices.DeleteFunc(slices.Clone(want.Tables), func(t Table) bool { return have.Table(t.name()) != nil })
	missing.Enums = slices.DeleteFunc(slices.Clone(want.Enums), func(e Enum) bool { return have.enumIndex(e.name()) >= 0 })
	missing.Views = slices.DeleteFunc(slices.Clone(want.Views), func(v View) bool { return have.viewIndex(v.name()) >= 0 })
	return db.define(ctx, Compare(have, &missing, CompareDialect(db.dialect), CompareOwned(func(Object) bool { return false })), have)
}

// DropAll drops the tables of the models with all their rows, and the enums of the models and
// the views of which they have the text; other tables stay. What is not there is no error.
func (db *DB) DropAll(ctx context.Context) error {
	want, have, err := db.modelsAndDatabase(ctx)
	if err != nil {
		return err
	}
	gone := Schema{
		Tables: slices.DeleteFunc(slices.Clone(have.Tables), func(t Table) bool { return want.Table(t.name()) == nil }),
		Enums:  slices.DeleteFunc(slices.Clone(have.Enums), func(e Enum) bool { return want.enumIndex(e.name()) < 0 }),
		Views: slices.DeleteFunc(slices.Clone(have.Views), func(v View) bool {
			i := want.viewIndex(v.name())
			return i < 0 || want.Views[i].SQL == ""
		}),
	}
	return db.define(ctx, Compare(&gone, &Schema{}, CompareDialect(db.dialect)), have)
}

// Inspect reads the tables of the default schema, and of the schemas named, from the
// database.
func (db *DB) Inspect(ctx context.Context, schemas ...string) (*Schema, error) {
	d, err := db.schemaDialect()
	if err != nil {
		return nil, err
	}
	conn, err := db.conn(ctx)
	if err != nil {
		return nil, db.refused(nil, &statement{op: "select"}, err)
	}
	defer conn.Close()
	s, err := inspect(ctx, d, conn, &db.server, schemas)
	if err != nil {
		return nil, within("cannot inspect the database", err)
	}
	return s, nil
}

// inspect reads a schema that remembers where it came from.
func inspect(ctx context.Context, d SchemaDialect, q Queryer, srv *Server, schemas []string) (*Schema, error) {
	s, err := d.Inspect(ctx, q, srv, schemas)
	if err != nil {
		return nil, err
	}
	s.dialect, s.server = d, srv
	return s, nil
}

// CompareOn lets the server judge what neither bytes nor dialect call equal, where it can: a
// read-only question for each such pair of texts. It is for comparing what [DB.Inspect] found.
func CompareOn(ctx context.Context, db *DB) CompareOption {
	return func(c *comparison) {
		if c.dialect == nil {
			c.dialect, _ = db.dialect.(SchemaDialect)
		}
		c.server = &db.server
		judge, ok := db.dialect.(TextJudge)
		if !ok {
			return
		}
		known := map[TextPair]bool{}
		c.same = append(c.same, func(p TextPair) bool {
			same, ok := known[p]
			if !ok {
				asked := p
				same = db.judge(ctx, judge, c.judged(&asked), asked)
				known[p] = same
			}
			return same
		})
	}
}

// judged is the table over whose columns a pair of texts is judged; the pair is then one of its
// own.
func (c *comparison) judged(p *TextPair) *Table {
	t := c.find(c.to, p.Object.Table)
	if p.Object.Kind == ObjectDomain {
		i := c.to.domainIndex(p.Object.Table)
		if i < 0 {
			return nil
		}
		like := c.to.Domains[i].table()
		t, p.Object.Kind = &like, ObjectCheck
		if p.Attribute == "default" {
			p.Object.Kind, p.Object.Name = ObjectColumn, domainValue
		}
	}
	if t == nil || p.Object.Kind != ObjectColumn || t.Column(p.Object.Name) == nil {
		return t
	}
	plain := t.Clone()
	x := plain.Column(p.Object.Name)
	x.Type = c.domains(c.to).madeOf(x.Type) // as which values are compared: a domain may cut them
	return &plain
}

func (db *DB) judge(ctx context.Context, judge TextJudge, t *Table, p TextPair) bool {
	if t == nil && p.Object.Kind != ObjectView {
		return false
	}
	conn, err := db.conn(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	return judge.SameByServer(ctx, conn, &db.server, t, p)
}

func (db *DB) schemaDialect() (SchemaDialect, error) {
	d, ok := db.dialect.(SchemaDialect)
	if !ok {
		return nil, fmt.Errorf("ingot: dialect %s cannot inspect or define schemas", db.dialect.Name())
	}
	return d, nil
}

// modelsAndDatabase is what the models describe, and what is there.
func (db *DB) modelsAndDatabase(ctx context.Context) (want, have *Schema, err error) {
	if want, err = db.models.Schema(db.dialect); err != nil {
		return nil, nil, err
	}
	want.server = &db.server
	have, err = db.Inspect(ctx, want.Schemas...)
	return want, have, err
}

// define runs steps on a connection that is in the mode they need, in one transaction where
// that means something.
func (db *DB) define(ctx context.Context, steps []Step, before *Schema) (err error) {
	if len(steps) == 0 {
		return nil
	}
	texts, err := db.ddl(steps, before)
	if err != nil {
		return err
	}
	begin, err := db.dialect.BeginSQL(TxOptions{}, &db.server)
	if err != nil {
		return err
	}
	conn, err := db.writer(ctx)
	if err != nil {
		return db.refused(nil, &statement{op: "begin"}, err)
	}
	tx := &Tx{db: db, conn: conn}
	bad := false // the connection is in an unknown mode
	defer func() { err = errors.Join(err, tx.release(bad)) }()
	after := context.WithoutCancel(ctx)

	mode, _ := db.dialect.(MigrationConn)
	if mode != nil {
		end, err := mode.BeginMigration(ctx, tx, steps, &db.server)
		if err != nil {
			bad = true
			return err
		}
		if end != nil {
			defer func() { bad = bad || end(after) != nil }()
		}
	}
	run := func(op string, texts ...string) error {
		for _, text := range texts {
			if _, err := db.exec(ctx, tx, statement{op: op, sql: text}); err != nil {
				return err
			}
		}
		return nil
	}
	work := func() error {
		if err := run("exec", texts...); err != nil || mode == nil {
			return err
		}
		return mode.CheckMigration(ctx, tx, steps, &db.server)
	}
	if !db.server.TransactionalDDL {
		return work()
	}
	if err := run("begin", begin...); err != nil {
		return err
	}
	if err = work(); err == nil {
		err = run("commit", "COMMIT")
	}
	if err != nil {
		tx.ended = nil // ROLLBACK may always be sent
		_, undone := db.exec(after, tx, statement{op: "rollback", sql: "ROLLBACK"})
		bad = undone != nil
	}
	return err
}

// ddl are the statements of steps.
func (db *DB) ddl(steps []Step, before *Schema) (texts []string, err error) {
	d, err := db.schemaDialect()
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		ddl, err := d.DDL(s, before, &db.server)
		if err != nil {
			return nil, within(s.String(), err)
		}
		if err := before.Apply(s); err != nil {
			return nil, err
		}
		texts = append(texts, ddl...)
	}
	return texts, nil
}
