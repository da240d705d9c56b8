package ingot

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"reflect"
	"strconv"
	"strings"
)

// A DriverError is what a driver's error says of the database's refusal, read without
// importing the driver. What an error does not say is zero.
type DriverError struct {
	SQLState   string // five characters
	Number     int    // MySQL's error number
	Code       int    // SQLite's extended result code
	Message    string // the server's text, without the driver's prefix where that is known
	Detail     string // PostgreSQL's second line
	Schema     string
	Table      string
	Column     string
	Constraint string
	Lost       bool // the connection is gone
	Cancelled  bool // the caller's context ended
}

// ReadDriverError reads err, or the first error wrapped in it that says something. It
// knows errors by their shape alone: a method SQLState() string (pgx, lib/pq), fields
// Number and SQLState (go-sql-driver/mysql), a method Code() int (modernc.org/sqlite),
// fields Code and ExtendedCode (mattn/go-sqlite3), a text "Error 1213 (40001): …".
func ReadDriverError(err error) DriverError {
	var e DriverError
	if err == nil {
		return e
	}
	if !walkErrors(err, e.readShape) {
		walkErrors(err, e.readText)
	}
	if e.Message == "" {
		e.Message = err.Error()
	}
	e.Cancelled = errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	e.Lost = connectionLost(err)
	return e
}

// walkErrors calls visit for err and all it wraps, outermost first, until one is read.
func walkErrors(err error, visit func(error) bool) bool {
	if err == nil {
		return false
	}
	if visit(err) {
		return true
	}
	switch x := err.(type) {
	case interface{ Unwrap() error }:
		return walkErrors(x.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, inner := range x.Unwrap() {
			if walkErrors(inner, visit) {
				return true
			}
		}
	}
	return false
}

func (e *DriverError) readShape(err error) bool {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return false
	}
	fields := reflect.Indirect(v)
	if fields.Kind() != reflect.Struct {
		fields = reflect.Value{}
	}
	switch x := err.(type) {
	case interface{ SQLState() string }:
		e.SQLState = x.SQLState()
		e.Message = textField(fields, "Message")
		e.Detail = textField(fields, "Detail")
		e.Schema = textField(fields, "SchemaName", "Schema")
		e.Table = textField(fields, "TableName", "Table")
		e.Column = textField(fields, "ColumnName", "Column")
		e.Constraint = textField(fields, "ConstraintName", "Constraint")
		return e.SQLState != ""
	case interface{ Code() int }:
		e.Code = x.Code()
		return e.Code != 0
	}
	if n := numberField(fields, "Number"); n != 0 {
		e.Number = n
		e.Message = textField(fields, "Message")
		if state := field(fields, "SQLState"); state.IsValid() && state.Kind() == reflect.Array && state.Type().Elem().Kind() == reflect.Uint8 {
			for i := range state.Len() {
				if c := byte(state.Index(i).Uint()); c != 0 {
					e.SQLState += string(rune(c))
				}
			}
		}
		return true
	}
	if n := numberField(fields, "ExtendedCode"); n != 0 {
		e.Code = n
		return true
	}
	return false
}

// readText reads "Error 1213 (40001): Deadlock found", the way go-sql-driver/mysql prints
// an error, which survives wrappers that keep the text alone.
func (e *DriverError) readText(err error) bool {
	rest, ok := strings.CutPrefix(err.Error(), "Error ")
	if !ok {
		return false
	}
	head, message, ok := strings.Cut(rest, ": ")
	if !ok {
		return false
	}
	number, state, _ := strings.Cut(head, " ")
	n, convErr := strconv.Atoi(number)
	if convErr != nil {
		return false
	}
	e.Number, e.Message = n, message
	if len(state) == len("(40001)") && state[0] == '(' && state[6] == ')' {
		e.SQLState = state[1:6]
	}
	return true
}

// connectionLost also knows the texts of drivers whose errors have no type to go by.
func connectionLost(err error) bool {
	for _, gone := range []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, gone) {
			return true
		}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return true
	}
	return walkErrors(err, func(err error) bool {
		switch err.Error() {
		case "invalid connection", "conn closed", "malformed packet", "commands out of sync. You can't run this command now":
			return true
		}
		return false
	})
}

// unreachable reports whether no connection to the server could be made.
func unreachable(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// field returns the exported field, or the zero Value.
func field(v reflect.Value, name string) reflect.Value {
	if !v.IsValid() {
		return reflect.Value{}
	}
	f, ok := v.Type().FieldByName(name)
	if !ok || !f.IsExported() || len(f.Index) != 1 {
		return reflect.Value{}
	}
	return v.FieldByIndex(f.Index)
}

func textField(v reflect.Value, names ...string) string {
	for _, name := range names {
		if f := field(v, name); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
	}
	return ""
}

func numberField(v reflect.Value, name string) int {
	f := field(v, name)
	switch {
	case !f.IsValid():
		return 0
	case f.CanInt():
		return int(f.Int())
	case f.CanUint():
		return int(f.Uint())
	}
	return 0
}
