package ingot

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Conditions that errors of this package report through [errors.Is].
var (
	// ErrNotFound reports that no row matched where one was required.
	ErrNotFound = errors.New("ingot: no row found")
	// ErrMultiple reports that several rows matched where one was required.
	ErrMultiple = errors.New("ingot: more than one row found")
	// ErrClosed reports use of a session after Close, or of a DB after Close.
	ErrClosed = errors.New("ingot: use after Close")
	// ErrConcurrent reports use of one session from two goroutines at once.
	ErrConcurrent = errors.New("ingot: session is in use by another goroutine")
	// ErrDetached reports use of an instance that has left its session: it was expunged
	// ([Session.Attach] takes it in again), or its row was deleted.
	ErrDetached = errors.New("ingot: instance is detached")
	// ErrReadOnly reports a write through a read-only session, model or server.
	ErrReadOnly = errors.New("ingot: read-only")
	// ErrNoWhere reports a bulk UPDATE or DELETE without conditions.
	ErrNoWhere = errors.New("ingot: statement without Where")
	// ErrRolledBack reports work on a session that refuses it until Rollback.
	ErrRolledBack = errors.New("ingot: session needs a Rollback")
	// ErrCommitUnknown reports a COMMIT of which nobody knows whether it took effect.
	ErrCommitUnknown = errors.New("ingot: outcome of the commit is unknown")
)

// Kinds of refusal by the database, told apart over all dialects and drivers. A
// [*StatementError] matches its kind through [errors.Is].
var (
	// ErrConstraint reports data that a constraint refuses; see [ConstraintError].
	ErrConstraint = errors.New("ingot: constraint violated")
	// ErrSerialization reports a transaction undone because it ran beside others as it could
	// not have run alone. [Retry] runs it again.
	ErrSerialization = errors.New("ingot: serialization failure")
	// ErrDeadlock reports a transaction undone because it and another waited for each other.
	// [Retry] runs it again.
	ErrDeadlock = errors.New("ingot: deadlock")
	// ErrLock reports a lock that did not come in time.
	ErrLock = errors.New("ingot: lock not available")
	// ErrConnection reports that the connection was lost before anything could be committed.
	ErrConnection = errors.New("ingot: connection lost")
	// ErrCanceled reports that the context ended, or that the server cut the statement short.
	ErrCanceled = errors.New("ingot: statement cancelled")
)

// A MappingError is one mistake in the description of a model.
type MappingError struct {
	Type   string // Go type: "User"
	Field  string // Go field: "Address.Street"; empty for the model as a whole
	Option string // tag option at fault: "szie:30"; empty if none
	Text   string // what is wrong and, where known, what to write instead
}

func (e *MappingError) Error() string {
	var b strings.Builder
	b.WriteString("ingot: ")
	b.WriteString(e.Type)
	if e.Field != "" {
		b.WriteString("." + e.Field)
	}
	if e.Option != "" {
		fmt.Fprintf(&b, ": option %q", e.Option)
	}
	return b.String() + ": " + e.Text
}

// A StatementError says what was being done when the database refused. It carries no
// argument values, but Err may quote data: MySQL names the duplicate it rejects.
type StatementError struct {
	Op     string // "insert", "update", "delete", "select", "flush", "begin", "commit" or "exec"
	Model  string // mapped type: "Order"; empty if none is known
	Column string // column at fault; empty if unknown
	Key    string // identity: "Order(7)"; empty while pending
	SQL    string // the statement as sent
	Kind   error  // one of the Err kinds of this package; nil if unknown
	Err    error  // the driver's error, never nil

	unsent bool // the statement never went to the server
}

func (e *StatementError) Error() string {
	who := cmp.Or(e.Key, e.Model)
	if who != "" {
		who = " " + who
	}
	return fmt.Sprintf("ingot: %s%s: %s", e.Op, who, unprefixed(e.Err))
}

// Unwrap gives [errors.Is] and [errors.As] the kind and the driver's error.
func (e *StatementError) Unwrap() []error {
	if e.Kind == nil {
		return []error{e.Err}
	}
	return []error{e.Kind, e.Err}
}

// ConstraintKind tells constraints apart.
type ConstraintKind string

// The kinds of constraint a database reports.
const (
	UniqueViolation     ConstraintKind = "unique"
	ForeignKeyViolation ConstraintKind = "foreign key"
	NotNullViolation    ConstraintKind = "not null"
	CheckViolation      ConstraintKind = "check"
	ExclusionViolation  ConstraintKind = "exclusion"
)

// A ConstraintError is the database's refusal of data, read from the driver's error
// without importing the driver. It wraps [ErrConstraint] and the driver's error.
type ConstraintError struct {
	Kind       ConstraintKind
	Constraint string   // name of the constraint; empty where the database does not say
	Table      string   // empty where the database does not say
	Columns    []string // empty where the database does not say
	Err        error    // the driver's error
}

func (e *ConstraintError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ingot: %s constraint", e.Kind)
	if e.Constraint != "" {
		fmt.Fprintf(&b, " %q", e.Constraint)
	}
	if e.Table != "" {
		b.WriteString(" of " + e.Table)
	}
	if len(e.Columns) > 0 {
		b.WriteString(" (" + strings.Join(e.Columns, ", ") + ")")
	}
	return fmt.Sprintf("%s violated: %v", b.String(), e.Err)
}

// Unwrap returns [ErrConstraint] and the driver's error.
func (e *ConstraintError) Unwrap() []error { return []error{ErrConstraint, e.Err} }

// A StaleError reports that a write or a read met other rows than the session knows: a
// row that is gone, or a version that moved on.
type StaleError struct {
	Op    string // "update", "delete" or "read"
	Model string // mapped type: "Order"
	Key   string // identity: "Order(7)"; empty for a batch
	Table string
	Want  int // rows expected
	Got   int // rows found
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("ingot: stale %s of %s: table %s matched %d of %d rows; somebody else changed or deleted it since it was loaded",
		e.Op, cmp.Or(e.Key, e.Model), e.Table, e.Got, e.Want)
}

// A ValueError reports a value that does not fit between a field and its column: NULL for
// a plain Go type, a number too large, text that is no time.
type ValueError struct {
	Model  string // mapped type: "User"
	Field  string // Go field: "Address.Street"
	Column string // column of the table
	Err    error
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("ingot: %s.%s, column %q: %v", e.Model, e.Field, e.Column, e.Err)
}

func (e *ValueError) Unwrap() error { return e.Err }

// within says what was being done when err came back. The name of the package stands in
// front once, however deep the error comes from.
func within(what string, err error) error { return &contextError{what, err} }

type contextError struct {
	what string
	err  error
}

func (e *contextError) Error() string { return "ingot: " + e.what + ": " + unprefixed(e.err) }

func (e *contextError) Unwrap() error { return e.err }

// unprefixed is the text of an error without the name of the package in front, or behind what
// [database/sql] says of a column.
func unprefixed(err error) string {
	text := strings.TrimPrefix(err.Error(), "ingot: ")
	if strings.HasPrefix(text, "sql: ") {
		text = strings.Replace(text, ": ingot: ", ": ", 1)
	}
	return text
}
