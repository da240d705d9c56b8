package ingot

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"
)

// The shapes of the drivers' errors, without the drivers.
type (
	pgxShape struct {
		Code, Message, Detail, SchemaName, TableName, ColumnName, ConstraintName string
	}
	pqCode  string
	pqShape struct {
		Code                                               pqCode
		Message, Detail, Schema, Table, Column, Constraint string
	}
	mysqlShape struct {
		Number   uint16
		SQLState [5]byte
		Message  string
	}
	modernShape struct{ code int }
	mattnCode   int
	mattnShape  struct{ Code, ExtendedCode mattnCode }
)

func (e *pgxShape) Error() string    { return "ERROR: " + e.Message + " (SQLSTATE " + e.Code + ")" }
func (e *pgxShape) SQLState() string { return e.Code }
func (e *pqShape) Error() string     { return "pq: " + e.Message }
func (e *pqShape) SQLState() string  { return string(e.Code) }
func (e *mysqlShape) Error() string {
	return fmt.Sprintf("Error %d (%s): %s", e.Number, e.SQLState[:], e.Message)
}
func (e *modernShape) Error() string { return "constraint failed" }
func (e *modernShape) Code() int     { return e.code }
func (e mattnShape) Error() string   { return "constraint failed" }

func TestReadDriverErrorKnowsDriversByShape(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want DriverError
	}{
		{"pgx", &pgxShape{"23505", "duplicate", "Key (a)=(1) already exists.", "public", "t", "", "t_a_key"},
			DriverError{SQLState: "23505", Message: "duplicate", Detail: "Key (a)=(1) already exists.", Schema: "public", Table: "t", Constraint: "t_a_key"}},
		{"lib/pq", &pqShape{"23502", "null", "", "public", "t", "a", ""},
			DriverError{SQLState: "23502", Message: "null", Schema: "public", Table: "t", Column: "a"}},
		{"go-sql-driver/mysql", &mysqlShape{1213, [5]byte{'4', '0', '0', '0', '1'}, "Deadlock found"},
			DriverError{SQLState: "40001", Number: 1213, Message: "Deadlock found"}},
		{"modernc.org/sqlite", &modernShape{2067}, DriverError{Code: 2067, Message: "constraint failed"}},
		{"mattn/go-sqlite3", mattnShape{19, 787}, DriverError{Code: 787, Message: "constraint failed"}},
		{"wrapped", fmt.Errorf("flush: %w", &mysqlShape{1205, [5]byte{'H', 'Y', '0', '0', '0'}, "Lock wait"}),
			DriverError{SQLState: "HY000", Number: 1205, Message: "Lock wait"}},
		{"joined", errors.Join(errors.New("first"), &modernShape{5}), DriverError{Code: 5, Message: "first\nconstraint failed"}},
		{"text alone", errors.New("Error 1062 (23000): Duplicate entry 'a: b' for key 'u'"),
			DriverError{SQLState: "23000", Number: 1062, Message: "Duplicate entry 'a: b' for key 'u'"}},
		{"text without state", errors.New("Error 1105: code = Aborted"), DriverError{Number: 1105, Message: "code = Aborted"}},
		{"not a number", errors.New("Error in line 5: no"), DriverError{Message: "Error in line 5: no"}},
		{"bad connection", driver.ErrBadConn, DriverError{Message: "driver: bad connection", Lost: true}},
		{"end of stream", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), DriverError{Message: "read: unexpected EOF", Lost: true}},
		{"mysql's text", errors.New("invalid connection"), DriverError{Message: "invalid connection", Lost: true}},
		{"deadline", fmt.Errorf("timeout: %w", context.DeadlineExceeded), DriverError{Message: "timeout: context deadline exceeded", Cancelled: true}},
		{"nil inside", (*nilShape)(nil), DriverError{Message: "nil"}},
		{"nil", nil, DriverError{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ReadDriverError(tt.err); got != tt.want {
				t.Errorf("ReadDriverError(%v) = %+v; want %+v", tt.err, got, tt.want)
			}
		})
	}
}

type nilShape struct{ Number int }

func (*nilShape) Error() string { return "nil" }
