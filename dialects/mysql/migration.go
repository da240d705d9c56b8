package mysql

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"ingot"
	"ingot/dialects/internal/lease"
	"ingot/dialects/internal/sqltext"
)

// LockMigrations takes a lock of the connection, for the default database. In a cluster
// such a lock holds on one member alone (Vitess: in one shard), so that there a row is the
// lock.
func (Dialect) LockMigrations(ctx context.Context, conn ingot.Queryer, srv *ingot.Server) (ingot.MigrationLock, error) {
	switch srv.Flavour {
	case galera, xtradb, groupReplication, vitess:
		return lease.Acquire(ctx, conn, lease.Text{
			Table:       ident("ingot_lock"),
			Now:         "UNIX_TIMESTAMP()",
			Placeholder: func(int) string { return "?" },
		})
	}
	attempt := context.WithoutCancel(ctx) // it does not wait, and cut short it would cost the connection
	for {
		rows, err := readRows(attempt, conn, "SELECT GET_LOCK("+lockName+", 0)")
		if err != nil {
			return nil, err
		}
		switch {
		case len(rows) == 1 && rows[0][0].String == "1":
			return userLock{conn}, nil
		case len(rows) == 1 && !rows[0][0].Valid:
			return nil, errors.New("the server refuses the lock of the migrations")
		}
		holder := "another connection"
		if rows, err := readRows(attempt, conn, "SELECT ID, USER, HOST FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK("+lockName+")"); err == nil && len(rows) == 1 {
			holder = fmt.Sprintf("connection %s, %s at %s", rows[0][0].String, rows[0][1].String, rows[0][2].String)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("it is held by %s: %w", holder, ctx.Err())
		case <-time.After(20*time.Millisecond + rand.N(80*time.Millisecond)):
		}
	}
}

// lockName is short whatever the database is called: MySQL refuses more than 64 characters.
const lockName = "CONCAT('ingot_', SHA2(DATABASE(), 224))"

type userLock struct{ conn ingot.Queryer }

func (l userLock) Check(ctx context.Context) error {
	rows, err := readRows(ctx, l.conn, "SELECT IS_USED_LOCK("+lockName+") = CONNECTION_ID()")
	switch {
	case err != nil:
		return fmt.Errorf("the lock of the migrations cannot be checked: %w", err)
	case len(rows) != 1 || rows[0][0].String != "1":
		return errors.New("the lock of the migrations was lost: the connection is another one than it was")
	}
	return nil
}

func (l userLock) Unlock(ctx context.Context) error {
	_, err := readRows(ctx, l.conn, "SELECT RELEASE_LOCK("+lockName+")")
	return err
}

// migrationMode is the sql_mode that steps are written for: with it no value is cut off or
// replaced in silence, and a backslash in a constant means what literal writes. Zero dates are
// allowed: a table that has one, in a row or as a default, could not be altered otherwise.
const migrationMode = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"

// BeginMigration sets the connection's sql_mode, and enforces foreign keys.
func (Dialect) BeginMigration(ctx context.Context, q ingot.Queryer, _ []ingot.Step, _ *ingot.Server) (end func(context.Context) error, err error) {
	rows, err := readRows(ctx, q, "SELECT @@SESSION.sql_mode, @@SESSION.foreign_key_checks")
	if err != nil {
		return nil, err
	}
	set := func(ctx context.Context, mode, keys string) error {
		_, err := q.ExecContext(ctx, "SET SESSION sql_mode = '"+mode+"', SESSION foreign_key_checks = "+keys)
		return err
	}
	if err := set(ctx, migrationMode, "1"); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return set(ctx, rows[0][0].String, rows[0][1].String) }, nil
}

// CheckMigration finds nothing: the server has checked everything by itself.
func (Dialect) CheckMigration(context.Context, ingot.Queryer, []ingot.Step, *ingot.Server) error {
	return nil
}

// Delimited puts another delimiter around a statement that has semicolons of its own.
func (Dialect) Delimited(statement string) string {
	tokens, ok := rules.Tokens(statement)
	if !ok || !slices.ContainsFunc(tokens, func(t sqltext.Token) bool { return t.Kind == sqltext.Symbol && strings.Contains(t.Text, ";") }) {
		return ""
	}
	return "DELIMITER //\n" + statement + "\n//\nDELIMITER ;"
}

// OfflineServer is a MySQL of the long-term line; that of [MariaDB] is one.
func (Dialect) OfflineServer() ingot.Server { return offline("", 8, 4) }

func offline(flavour string, major, minor int) ingot.Server {
	srv := ingot.Server{Dialect: "mysql", Flavour: flavour, Version: [3]int{major, minor}}
	srv.Caps = capsOf(&srv, nil)
	return srv
}

// AppendLiteral writes a string constant, for the sql_mode of OfflineMode.
func (Dialect) AppendLiteral(b []byte, s string) []byte { return append(b, literal(s)...) }

// OfflineMode is what BeginMigration does, for a script.
func (Dialect) OfflineMode([]ingot.Step, *ingot.Server) (begin, check, end []string) {
	return []string{
			"SET @ingot_sql_mode = @@SESSION.sql_mode, @ingot_foreign_key_checks = @@SESSION.foreign_key_checks",
			"SET SESSION sql_mode = '" + migrationMode + "', SESSION foreign_key_checks = 1",
		}, nil, []string{
			"SET SESSION sql_mode = @ingot_sql_mode, SESSION foreign_key_checks = @ingot_foreign_key_checks",
		}
}
