package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// BeginMigration turns legacy_alter_table off, so that renaming a table repoints the foreign
// keys of others, and foreign_keys where a step drops tables or may make them anew: to drop
// a table would delete its rows first, and those of the children that cascade. The function
// it returns puts both back.
func (Dialect) BeginMigration(ctx context.Context, q ingot.Queryer, steps []ingot.Step, srv *ingot.Server) (end func(context.Context) error, err error) {
	var keys, legacy bool
	err = errors.Join(
		queryRow(ctx, q, "PRAGMA foreign_keys", []any{&keys}),
		queryRow(ctx, q, "PRAGMA legacy_alter_table", []any{&legacy}))
	if err != nil {
		return nil, err
	}
	set := func(ctx context.Context, name string, on bool) error {
		word := "OFF"
		if on {
			word = "ON"
		}
		_, err := q.ExecContext(ctx, "PRAGMA "+name+"="+word)
		return err
	}
	off := keys && slices.ContainsFunc(steps, dropsTables)
	end = func(ctx context.Context) error {
		err := set(ctx, "legacy_alter_table", legacy)
		if off {
			err = errors.Join(err, set(ctx, "foreign_keys", true))
		}
		return err
	}
	if err := set(ctx, "legacy_alter_table", false); err != nil {
		return nil, err
	}
	if !off {
		return end, nil
	}
	var still bool
	err = errors.Join(set(ctx, "foreign_keys", false), queryRow(ctx, q, "PRAGMA foreign_keys", []any{&still}))
	if err == nil && still {
		err = errors.New("foreign keys stay enforced, as they do inside a transaction: a migration that makes tables anew needs one of its own")
	}
	if err != nil {
		return nil, errors.Join(err, end(ctx))
	}
	return end, nil
}

// CheckMigration looks for rows without parents in the tables that the steps changed, and in
// those that refer to them, if foreign keys were not enforced meanwhile.
func (Dialect) CheckMigration(ctx context.Context, q ingot.Queryer, steps []ingot.Step, srv *ingot.Server) error {
	if !slices.ContainsFunc(steps, dropsTables) {
		return nil
	}
	children, err := childTables(ctx, q, touchedTables(steps))
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range children {
		rows, err := q.QueryContext(ctx, "SELECT parent, count(*) FROM pragma_foreign_key_check("+literal(t.Name)+", "+literal(t.Schema)+") GROUP BY 1 ORDER BY 1")
		if err != nil {
			return fmt.Errorf("foreign keys of table %s: %w", t.Name, err)
		}
		for rows.Next() {
			var parent string
			var n int
			if err := rows.Scan(&parent, &n); err != nil {
				rows.Close()
				return err
			}
			errs = append(errs, fmt.Errorf("%d rows of table %s refer to rows of table %s that are not there", n, t.Name, parent))
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("foreign keys of table %s: %w", t.Name, err)
		}
	}
	return errors.Join(errs...)
}

// dropsTables reports whether a step drops a table, or may have to.
func dropsTables(step ingot.Step) bool {
	switch s := step.(type) {
	case ingot.DropTable:
		return true
	case ingot.AddColumn:
		return !addable(&s.Column)
	case ingot.CreateIndex, ingot.DropIndex:
		return false
	}
	_, ok := stepTable(step)
	return ok
}

// touchedTables are the tables of the steps, by database.
func touchedTables(steps []ingot.Step) []ingot.TableName {
	var list []ingot.TableName
	add := func(t ingot.TableName) {
		if t.Schema == "" {
			t.Schema = "main"
		}
		t.Name = fold(t.Name)
		if !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	for _, step := range steps {
		switch s := step.(type) {
		case ingot.CreateTable:
			add(ingot.TableName{Schema: s.Table.Schema, Name: s.Table.Name})
		case ingot.DropTable:
			add(ingot.TableName{Schema: s.Table.Schema, Name: s.Table.Name})
		case ingot.RenameTable:
			add(ingot.TableName{Schema: s.Schema, Name: s.From})
			add(ingot.TableName{Schema: s.Schema, Name: s.To})
		default:
			if t, ok := stepTable(step); ok {
				add(t)
			}
		}
	}
	return list
}

// childTables are the tables with foreign keys of their own among the given ones, or that
// refer to one of them.
func childTables(ctx context.Context, q ingot.Queryer, touched []ingot.TableName) ([]ingot.TableName, error) {
	var children []ingot.TableName
	var schemas []string
	for _, t := range touched {
		if !slices.Contains(schemas, t.Schema) {
			schemas = append(schemas, t.Schema)
		}
	}
	for _, schema := range schemas {
		rows, err := q.QueryContext(ctx, "SELECT DISTINCT m.name, f.\"table\" FROM "+ident(schema)+".sqlite_master m JOIN pragma_foreign_key_list(m.name, "+literal(schema)+") f"+
			" WHERE m.type = 'table' AND m.rootpage > 0 ORDER BY 1, 2")
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var child, parent string
			if err := rows.Scan(&child, &parent); err != nil {
				rows.Close()
				return nil, err
			}
			in := func(name string) bool {
				return slices.Contains(touched, ingot.TableName{Schema: schema, Name: fold(name)})
			}
			t := ingot.TableName{Schema: schema, Name: child}
			if (in(child) || in(parent)) && !slices.Contains(children, t) {
				children = append(children, t)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return children, nil
}

// OfflineServer is a current SQLite, as far as statements differ.
func (Dialect) OfflineServer() ingot.Server {
	srv := ingot.Server{Dialect: "sqlite", Version: [3]int{3, 45, 0}}
	srv.Caps = caps(&srv)
	return srv
}

// AppendLiteral writes a string constant.
func (Dialect) AppendLiteral(b []byte, s string) []byte { return sqltext.AppendQuoted(b, s, '\'') }

// OfflineMode is what BeginMigration and CheckMigration do, for a script. What it found on
// or off before, a script cannot know: it leaves SQLite's own default, with foreign keys
// enforced.
func (Dialect) OfflineMode(steps []ingot.Step, srv *ingot.Server) (begin, check, end []string) {
	if !slices.ContainsFunc(steps, dropsTables) {
		return []string{"PRAGMA legacy_alter_table=OFF"}, nil, nil
	}
	return []string{
			"-- Stop at the first error: with sqlite3, run this as sqlite3 -bail.",
			"PRAGMA foreign_keys=OFF", "PRAGMA legacy_alter_table=OFF",
		}, []string{
			// Where rows have no parents, nothing is left for COMMIT to commit.
			`CREATE TEMP TABLE ingot_check (n INTEGER CONSTRAINT "no rows without parents" CHECK (n = 0))`,
			"INSERT OR ROLLBACK INTO temp.ingot_check SELECT count(*) FROM pragma_foreign_key_check",
			"DROP TABLE temp.ingot_check",
		}, []string{
			"PRAGMA foreign_keys=ON",
		}
}
