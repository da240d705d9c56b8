package mysql

import (
	"errors"
	"reflect"
	"testing"

	"ingot"
)

// A refused error has the shape of go-sql-driver/mysql's.
type refused struct {
	Number  uint16
	Message string
}

func (e *refused) Error() string { return e.Message }

func TestClassifyKinds(t *testing.T) {
	ended := ingot.Refusal{Kind: ingot.ErrSerialization, TxEnded: true, Retry: true}
	lost := ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
	for _, tt := range []struct {
		name, flavour string
		err           error
		want          ingot.Refusal
	}{
		{"deadlock", "", &refused{Number: 1213}, ingot.Refusal{Kind: ingot.ErrDeadlock, TxEnded: true, Retry: true}},
		{"snapshot", mariadb, &refused{Number: 1020}, ended},
		{"certification", groupReplication, &refused{Number: 3101}, ended},
		{"certification at commit", galera, &refused{1180, "Got error 149 \"Lock deadlock; Retry transaction\" during COMMIT"}, ended},
		{"cut off at commit", galera, &refused{1180, "Got error 6 during COMMIT"}, lost},
		{"lock wait", "", &refused{Number: 1205}, ingot.Refusal{Kind: ingot.ErrLock, Retry: true}},
		{"nowait", "", &refused{Number: 3572}, ingot.Refusal{Kind: ingot.ErrLock}},
		{"killed", "", &refused{Number: 1317}, ingot.Refusal{Kind: ingot.ErrCanceled}},
		{"read-only transaction", "", &refused{Number: 1792}, ingot.Refusal{Kind: ingot.ErrReadOnly}},
		{"replica", "", &refused{1290, "The MariaDB server is running with the --read-only option so it cannot execute this statement"}, ingot.Refusal{Kind: ingot.ErrReadOnly}},
		{"another option", "", &refused{1290, "running with the --secure-file-priv option"}, ingot.Refusal{}},
		{"write conflict", tidb, &refused{Number: 9007}, ended},
		{"no primary component", galera, &refused{Number: 1047}, lost},
		{"transaction killer", vitess, &refused{1105, "target: a.0.primary: vttablet: rpc error: code = Aborted desc = exceeded timeout"}, ended},
		{"unknown", "", &refused{1105, "code = Aborted"}, ingot.Refusal{}},
		{"invalid connection", "", errors.New("invalid connection"), lost},
		{"syntax", "", &refused{Number: 1064}, ingot.Refusal{}},
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
		{"unique", "", refused{1062, "Duplicate entry 'it's a 'key' 'x'' for key 'pt.u'"},
			ingot.ConstraintError{Kind: ingot.UniqueViolation, Constraint: "u", Table: "pt"}},
		{"unique of MariaDB", mariadb, refused{1062, "Duplicate entry 'a' for key 'u.v'"},
			ingot.ConstraintError{Kind: ingot.UniqueViolation, Constraint: "u.v"}},
		{"child", "", refused{1452, "Cannot add or update a child row: a foreign key constraint fails (`db`.`c``d`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `p` (`x`, `y`) ON DELETE CASCADE)"},
			ingot.ConstraintError{Kind: ingot.ForeignKeyViolation, Constraint: "fk", Table: "c`d", Columns: []string{"a", "b"}}},
		{"parent", "", refused{1451, "Cannot delete or update a parent row: a foreign key constraint fails (`db`.`c`, CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `p` (`x`))"},
			ingot.ConstraintError{Kind: ingot.ForeignKeyViolation, Constraint: "fk", Table: "c"}},
		{"no rights to see the table", "", refused{1452, "Cannot add or update a child row: a foreign key constraint fails"},
			ingot.ConstraintError{Kind: ingot.ForeignKeyViolation}},
		{"not null", "", refused{1048, "Column 'a' cannot be null"},
			ingot.ConstraintError{Kind: ingot.NotNullViolation, Columns: []string{"a"}}},
		{"no default", "", refused{1364, "Field 'a' doesn't have a default value"},
			ingot.ConstraintError{Kind: ingot.NotNullViolation, Columns: []string{"a"}}},
		{"check", "", refused{3819, "Check constraint 'ck' is violated."},
			ingot.ConstraintError{Kind: ingot.CheckViolation, Constraint: "ck"}},
		{"check of MariaDB", mariadb, refused{4025, "CONSTRAINT `ck` failed for `db`.`t`"},
			ingot.ConstraintError{Kind: ingot.CheckViolation, Constraint: "ck", Table: "t"}},
		{"drop of a parent", "", refused{3730, "Cannot drop table 'p' referenced by a foreign key constraint 'fk' on table 'c'."},
			ingot.ConstraintError{Kind: ingot.ForeignKeyViolation, Table: "c"}},
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
