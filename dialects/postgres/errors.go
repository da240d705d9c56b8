package postgres

import (
	"regexp"
	"strings"

	"ingot"
)

// Classify reads a driver's error by its SQLSTATE.
func (Dialect) Classify(err error, srv *ingot.Server) ingot.Refusal {
	e := ingot.ReadDriverError(err)
	flavour := ""
	if srv != nil {
		flavour = srv.Flavour
	}
	if kind, ok := constraintKinds[e.SQLState]; ok {
		return ingot.Refusal{Kind: ingot.ErrConstraint, Constraint: constraintOf(kind, e, flavour, err)}
	}
	switch e.SQLState {
	case "40001", "CR000":
		return ingot.Refusal{Kind: ingot.ErrSerialization, Retry: true}
	case "40P01":
		return ingot.Refusal{Kind: ingot.ErrDeadlock, Retry: true}
	case "40003":
		return ingot.Refusal{Kind: ingot.ErrCommitUnknown}
	case "55P03":
		return ingot.Refusal{Kind: ingot.ErrLock}
	case "57014":
		return ingot.Refusal{Kind: ingot.ErrCanceled}
	case "25006":
		return ingot.Refusal{Kind: ingot.ErrReadOnly}
	case "25P03", "25P04", "57P01", "57P02", "57P03", "57P05", "53300":
		// The server hangs up after these, or never let us in.
		return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
	case "26000", "42P05": // a pooler handed us another backend
		return ingot.Refusal{Retry: true}
	case "2BP01": // something depends on it
		return ingot.Refusal{Objects: objectsOf(e.Detail)}
	case "0A000":
		switch {
		case strings.Contains(e.Message, "cached plan must not change result type"):
			return ingot.Refusal{Retry: true}
		case strings.Contains(e.Message, "hot standby"):
			return ingot.Refusal{Kind: ingot.ErrReadOnly}
		}
		return ingot.Refusal{Objects: objectsOf(e.Detail)} // a view or generated column uses the type of a column
	case "XX000":
		switch {
		case flavour == yugabyte && yugabyteRetry.MatchString(e.Message):
			return ingot.Refusal{Kind: ingot.ErrSerialization, Retry: true}
		case flavour == citus && strings.Contains(e.Message, "server closed the connection"):
			return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
		}
	}
	switch {
	case strings.HasPrefix(e.SQLState, "08"):
		return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
	case e.SQLState != "":
		return ingot.Refusal{}
	case e.Cancelled:
		return ingot.Refusal{Kind: ingot.ErrCanceled}
	case e.Lost:
		return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
	}
	return ingot.Refusal{}
}

// objectsOf puts a detail of several lines on one.
func objectsOf(detail string) string { return strings.ReplaceAll(detail, "\n", "; ") }

var constraintKinds = map[string]ingot.ConstraintKind{
	"23502": ingot.NotNullViolation,
	"23503": ingot.ForeignKeyViolation,
	"23505": ingot.UniqueViolation,
	"23514": ingot.CheckViolation,
	"23P01": ingot.ExclusionViolation,
	"23001": ingot.ForeignKeyViolation, // RESTRICT, from PostgreSQL 18
}

// Older YugabyteDB has no SQLSTATE of its own for these.
var yugabyteRetry = regexp.MustCompile(`(?i)schema version mismatch|catalog version mismatch|restart read required`)

func constraintOf(kind ingot.ConstraintKind, e ingot.DriverError, flavour string, err error) *ingot.ConstraintError {
	c := &ingot.ConstraintError{Kind: kind, Constraint: e.Constraint, Table: e.Table, Err: err}
	if e.Column != "" {
		c.Columns = []string{e.Column}
	}
	switch kind {
	case ingot.UniqueViolation, ingot.ExclusionViolation:
		c.Columns = keyColumns(e.Detail)
	case ingot.ForeignKeyViolation:
		// Three names in the message: a row of the parent goes, the key in the detail is the
		// parent's, but Table is the child that refers to it.
		if strings.Count(e.Message, `"`) == 4 {
			c.Columns = refColumns(e.Detail)
		}
	}
	if flavour == citus {
		c.Constraint, c.Table = unshard(c.Constraint), unshard(c.Table)
	}
	return c
}

// keyColumns reads the columns from `Key (a, b)=(1, 2) already exists.`, the shape of
// which every language keeps. An expression among them gives none.
func keyColumns(detail string) []string {
	_, rest, ok := strings.Cut(detail, "(")
	if !ok {
		return nil
	}
	var columns []string
	for {
		name, tail, ok := cutName(rest)
		if !ok {
			return nil
		}
		columns = append(columns, name)
		if strings.HasPrefix(tail, ")=(") {
			return columns
		}
		if rest, ok = strings.CutPrefix(tail, ", "); !ok {
			return nil
		}
	}
}

// refColumns is the same for a foreign key, whose columns stand there unquoted.
func refColumns(detail string) []string {
	_, rest, ok := strings.Cut(detail, "(")
	if !ok {
		return nil
	}
	list, _, ok := strings.Cut(rest, ")=(")
	if !ok {
		return nil
	}
	return strings.Split(list, ", ")
}

// cutName takes one identifier off, quoted or plain.
func cutName(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, `"`) {
		for i := 1; i < len(s); i++ {
			if s[i] != '"' {
				name += s[i : i+1]
			} else if i++; i < len(s) && s[i] == '"' {
				name += `"`
			} else {
				return name, s[min(i, len(s)):], name != ""
			}
		}
		return "", s, false
	}
	end := strings.IndexAny(s, `,()" `)
	if end <= 0 {
		return "", s, false
	}
	return s[:end], s[end:], true
}

// shardSuffix is what Citus puts behind the names of a shard; its numbers start at 102008.
var shardSuffix = regexp.MustCompile(`_\d{6,}$`)

func unshard(name string) string { return shardSuffix.ReplaceAllString(name, "") }
