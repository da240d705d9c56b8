package mysql

import (
	"slices"
	"strings"

	"ingot"
)

// Classify reads a driver's error by its number: SQLSTATE says too little here.
func (Dialect) Classify(err error, srv *ingot.Server) ingot.Refusal {
	e := ingot.ReadDriverError(err)
	flavour := ""
	if srv != nil {
		flavour = srv.Flavour
	}
	if kind, ok := constraintKinds[e.Number]; ok {
		return ingot.Refusal{Kind: ingot.ErrConstraint, Constraint: constraintOf(kind, e, srv, err)}
	}
	switch e.Number {
	case 1213, 1614:
		return ingot.Refusal{Kind: ingot.ErrDeadlock, TxEnded: true, Retry: true}
	case 1020, 3101:
		return ingot.Refusal{Kind: ingot.ErrSerialization, TxEnded: true, Retry: true}
	case 8002, 8005, 8022, 8028, 9007:
		if flavour == tidb {
			return ingot.Refusal{Kind: ingot.ErrSerialization, TxEnded: true, Retry: true}
		}
	case 1180: // refused at COMMIT
		if strings.Contains(e.Message, "Lock deadlock") {
			return ingot.Refusal{Kind: ingot.ErrSerialization, TxEnded: true, Retry: true}
		}
		return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
	case 1205: // by default the transaction is still open, half done: it needs a ROLLBACK
		return ingot.Refusal{Kind: ingot.ErrLock, Retry: true, TxEnded: srv != nil && srv.LockWaitEndsTx}
	case 1305: // one of our savepoints is gone, and the transaction with it
		if strings.Contains(e.Message, "SAVEPOINT "+savepoints) {
			return ingot.Refusal{TxEnded: true, NoTx: true}
		}
	case 3572:
		return ingot.Refusal{Kind: ingot.ErrLock}
	case 1317, 1969, 3024:
		return ingot.Refusal{Kind: ingot.ErrCanceled}
	case 1792, 1836:
		return ingot.Refusal{Kind: ingot.ErrReadOnly}
	case 1290: // any option of the server that forbids something
		if strings.Contains(e.Message, "read-only") || strings.Contains(e.Message, "read_only") || strings.Contains(e.Message, "READ_ONLY") {
			return ingot.Refusal{Kind: ingot.ErrReadOnly}
		}
	case 1105: // Vitess has one number for all, and then only words
		switch {
		case flavour != vitess:
		case strings.Contains(e.Message, "code = Aborted"):
			return ingot.Refusal{Kind: ingot.ErrSerialization, TxEnded: true, Retry: true}
		case strings.Contains(e.Message, "code = Unavailable"):
			return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
		}
	case 1040, 1047, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1927, 3169, 4031, 2006, 2013:
		return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
	}
	switch {
	case e.Number != 0:
		return ingot.Refusal{}
	case e.Cancelled:
		return ingot.Refusal{Kind: ingot.ErrCanceled}
	case e.Lost:
		return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
	}
	return ingot.Refusal{}
}

// savepoints is how the names of ingot's savepoints begin.
const savepoints = "ingot_"

var constraintKinds = map[int]ingot.ConstraintKind{
	1022: ingot.UniqueViolation,
	1062: ingot.UniqueViolation,
	1169: ingot.UniqueViolation,
	1586: ingot.UniqueViolation,
	1048: ingot.NotNullViolation,
	1364: ingot.NotNullViolation, // left out, and without a default
	1216: ingot.ForeignKeyViolation,
	1217: ingot.ForeignKeyViolation,
	1451: ingot.ForeignKeyViolation,
	1452: ingot.ForeignKeyViolation,
	1557: ingot.ForeignKeyViolation,
	1761: ingot.ForeignKeyViolation,
	1762: ingot.ForeignKeyViolation,
	3730: ingot.ForeignKeyViolation,
	3819: ingot.CheckViolation,
	4025: ingot.CheckViolation,
}

// constraintOf finds the names in the message, which is all that the server sends.
func constraintOf(kind ingot.ConstraintKind, e ingot.DriverError, srv *ingot.Server, err error) *ingot.ConstraintError {
	c := &ingot.ConstraintError{Kind: kind, Err: err}
	switch e.Number {
	case 1062, 1586: // Duplicate entry 'a' for key 't.u'; MariaDB: 'u'
		c.Constraint = lastQuoted(e.Message)
		if table, key, ok := strings.Cut(c.Constraint, "."); ok && !isMariaDB(srv) {
			c.Table, c.Constraint = table, key
		}
	case 1048: // Column 'a' cannot be null
		if column := lastQuoted(e.Message); column != "" {
			c.Columns = []string{column}
		}
	case 1364: // Field 'a' doesn't have a default value
		if _, rest, ok := strings.Cut(e.Message, "'"); ok {
			if column, _, ok := strings.Cut(rest, "'"); ok {
				c.Columns = []string{column}
			}
		}
	case 1451, 1452: // … (`db`.`t`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES …
		head, rest, ok := strings.Cut(e.Message, " FOREIGN KEY (")
		if names := backquoted(head); len(names) >= 3 {
			c.Table, c.Constraint = names[len(names)-2], names[len(names)-1]
		}
		// A row of the parent that goes (1451) broke no column of the child.
		if ok && e.Number == 1452 {
			list, _, _ := strings.Cut(rest, " REFERENCES ")
			c.Columns = backquoted(list)
		}
	case 3819: // Check constraint 'c' is violated.
		c.Constraint = lastQuoted(e.Message)
	case 4025: // CONSTRAINT `c` failed for `db`.`t`; for a check of a column `t`.`c`
		if names := backquoted(e.Message); len(names) >= 3 {
			c.Constraint, c.Table = names[len(names)-3], names[len(names)-1]
		}
	case 3730: // Cannot drop table 'p' referenced by a foreign key constraint 'fk' on table 't'.
		c.Table = lastQuoted(e.Message)
	}
	return c
}

// lastQuoted is what stands between the last two single quotes; values before it may hold
// quotes of their own.
func lastQuoted(s string) string {
	end := strings.LastIndexByte(s, '\'')
	if end < 0 {
		return ""
	}
	return s[strings.LastIndexByte(s[:end], '\'')+1 : end]
}

// backquoted collects the names in backquotes.
func backquoted(s string) []string {
	var names []string
	var name []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		name = name[:0]
		for i++; i < len(s); i++ {
			if s[i] == '`' {
				if i+1 == len(s) || s[i+1] != '`' {
					break
				}
				i++
			}
			name = append(name, s[i])
		}
		if i < len(s) { // messages are cut at 512 bytes
			names = append(names, string(name))
		}
	}
	return slices.Clip(names)
}
