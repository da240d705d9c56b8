package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"testing"

	"ingot"
)

// A refused error has the shape of pgx's and lib/pq's.
type refused struct {
	Code, Message, Detail, TableName, ColumnName, ConstraintName string
}

func (e *refused) Error() string    { return e.Message }
func (e *refused) SQLState() string { return e.Code }

func TestClassifyKinds(t *testing.T) {
	for _, tt := range []struct {
		name, flavour string
		err           error
		want          ingot.Refusal
	}{
		{"serialization", "", &refused{Code: "40001"}, ingot.Refusal{Kind: ingot.ErrSerialization, Retry: true}},
		{"deadlock, wrapped", "", fmt.Errorf("flush: %w", &refused{Code: "40P01"}), ingot.Refusal{Kind: ingot.ErrDeadlock, Retry: true}},
		{"ambiguous", cockroach, &refused{Code: "40003"}, ingot.Refusal{Kind: ingot.ErrCommitUnknown}},
		{"nowait", "", &refused{Code: "55P03"}, ingot.Refusal{Kind: ingot.ErrLock}},
		{"cancelled by the server", "", &refused{Code: "57014"}, ingot.Refusal{Kind: ingot.ErrCanceled}},
		{"cancelled by the caller", "", context.DeadlineExceeded, ingot.Refusal{Kind: ingot.ErrCanceled}},
		{"read-only transaction", "", &refused{Code: "25006"}, ingot.Refusal{Kind: ingot.ErrReadOnly}},
		{"standby", "", &refused{Code: "0A000", Message: "cannot use serializable mode in a hot standby"}, ingot.Refusal{Kind: ingot.ErrReadOnly}},
		{"stale plan", "", &refused{Code: "0A000", Message: "cached plan must not change result type"}, ingot.Refusal{Retry: true}},
		{"not supported", "", &refused{Code: "0A000", Message: "x"}, ingot.Refusal{}},
		{"terminated", "", &refused{Code: "57P01"}, ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}},
		{"broken", "", &refused{Code: "08006"}, ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}},
		{"bad connection", "", driver.ErrBadConn, ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}},
		{"schema moved", yugabyte, &refused{Code: "XX000", Message: "Schema version mismatch for table"}, ingot.Refusal{Kind: ingot.ErrSerialization, Retry: true}},
		{"internal", "", &refused{Code: "XX000", Message: "Schema version mismatch for table"}, ingot.Refusal{}},
		{"syntax", "", &refused{Code: "42601"}, ingot.Refusal{}},
		{"no error", "", nil, ingot.Refusal{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := (Dialect{}).Classify(tt.err, &ingot.Server{Flavour: tt.flavour}); got != tt.want {
				t.Errorf("Classify(%v) = %+v; want %+v", tt.err, got, tt.want)
			}
		})
	}
}

func TestClassifyNamesTheConstraint(t *testing.T) {
	for _, tt := range []struct {
		name, flavour string
		err           refused
		want          ingot.ConstraintError
	}{
		{"unique", "", refused{Code: "23505", Detail: `Key (a, "b c")=(1, (2)) already exists.`, TableName: "t", ConstraintName: "t_a_key"},
			ingot.ConstraintError{Kind: ingot.UniqueViolation, Constraint: "t_a_key", Table: "t", Columns: []string{"a", "b c"}}},
		{"unique in another language", "", refused{Code: "23505", Detail: `Schlüssel »(a)=(1)« existiert bereits.`, TableName: "t", ConstraintName: "t_a_key"},
			ingot.ConstraintError{Kind: ingot.UniqueViolation, Constraint: "t_a_key", Table: "t", Columns: []string{"a"}}},
		{"unique expression", "", refused{Code: "23505", Detail: `Key (lower(email))=(a) already exists.`, TableName: "t", ConstraintName: "i"},
			ingot.ConstraintError{Kind: ingot.UniqueViolation, Constraint: "i", Table: "t"}},
		{"no rights to see the key", "", refused{Code: "23505", TableName: "t", ConstraintName: "i"},
			ingot.ConstraintError{Kind: ingot.UniqueViolation, Constraint: "i", Table: "t"}},
		{"child", "", refused{Code: "23503", Message: `insert or update on table "c" violates foreign key constraint "fk"`, Detail: `Key (p id)=(5) is not present in table "p".`, TableName: "c", ConstraintName: "fk"},
			ingot.ConstraintError{Kind: ingot.ForeignKeyViolation, Constraint: "fk", Table: "c", Columns: []string{"p id"}}},
		{"parent", "", refused{Code: "23503", Message: `update or delete on table "p" violates foreign key constraint "fk" on table "c"`, Detail: `Key (id)=(1) is still referenced from table "c".`, TableName: "c", ConstraintName: "fk"},
			ingot.ConstraintError{Kind: ingot.ForeignKeyViolation, Constraint: "fk", Table: "c"}},
		{"not null", "", refused{Code: "23502", TableName: "t", ColumnName: "a"},
			ingot.ConstraintError{Kind: ingot.NotNullViolation, Table: "t", Columns: []string{"a"}}},
		{"check", "", refused{Code: "23514", TableName: "t", ConstraintName: "ck"},
			ingot.ConstraintError{Kind: ingot.CheckViolation, Table: "t", Constraint: "ck"}},
		{"exclusion", "", refused{Code: "23P01", Detail: "Key (r)=([1,2)) conflicts with existing key (r)=([1,3)).", TableName: "t", ConstraintName: "x"},
			ingot.ConstraintError{Kind: ingot.ExclusionViolation, Table: "t", Constraint: "x", Columns: []string{"r"}}},
		{"shard", citus, refused{Code: "23505", Detail: "Key (id)=(1) already exists.", TableName: "dd_102138", ConstraintName: "dd_pkey_102138"},
			ingot.ConstraintError{Kind: ingot.UniqueViolation, Table: "dd", Constraint: "dd_pkey", Columns: []string{"id"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Dialect{}.Classify(&tt.err, &ingot.Server{Flavour: tt.flavour})
			tt.want.Err = &tt.err
			if got.Kind != ingot.ErrConstraint || !reflect.DeepEqual(*got.Constraint, tt.want) {
				t.Errorf("Classify(%+v) = %v, %+v; want %+v", tt.err, got.Kind, got.Constraint, tt.want)
			}
		})
	}
}
