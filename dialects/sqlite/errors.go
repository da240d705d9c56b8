package sqlite

import (
	"strings"

	"ingot"
)

// Result codes of SQLite. The extended code has the primary one in its low byte.
const (
	codeError      = 1
	codeAbort      = 4
	codeBusy       = 5
	codeLocked     = 6
	codeNoMem      = 7
	codeReadOnly   = 8
	codeInterrupt  = 9
	codeIOErr      = 10
	codeCorrupt    = 11
	codeFull       = 13
	codeCantOpen   = 14
	codeConstraint = 19
	codeNotADB     = 26

	codeBusySnapshot         = 517
	codeConstraintCheck      = 275
	codeConstraintForeignKey = 787
	codeConstraintNotNull    = 1299
	codeConstraintPrimaryKey = 1555
	codeConstraintUnique     = 2067
	codeConstraintRowID      = 2579
	codeConstraintDatatype   = 3091
)

// Classify reads the error of any SQLite driver, by its code or, where it shows none, by the
// words of SQLite itself.
//
// The name in a violated check is its text where the check has none. TxEnded means that
// SQLite may have rolled back by itself: ROLLBACK is then either needed or refused (NoTx).
func (Dialect) Classify(err error, srv *ingot.Server) ingot.Refusal {
	if err == nil {
		return ingot.Refusal{}
	}
	code := errorCode(err)
	switch code & 0xff {
	case codeConstraint:
		if c := constraintError(code, err); c != nil {
			return ingot.Refusal{Kind: ingot.ErrConstraint, Constraint: c}
		}
		return ingot.Refusal{Kind: ingot.ErrConstraint}
	case codeBusy:
		if code == codeBusySnapshot {
			return ingot.Refusal{Kind: ingot.ErrSerialization, Retry: true}
		}
		return ingot.Refusal{Kind: ingot.ErrLock, Retry: true}
	case codeLocked:
		return ingot.Refusal{Kind: ingot.ErrLock, Retry: true}
	case codeReadOnly:
		return ingot.Refusal{Kind: ingot.ErrReadOnly}
	case codeInterrupt:
		return ingot.Refusal{Kind: ingot.ErrCanceled, TxEnded: true}
	case codeAbort, codeNoMem, codeIOErr, codeCorrupt, codeFull:
		return ingot.Refusal{TxEnded: true}
	case codeCantOpen:
		return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
	}
	switch e := ingot.ReadDriverError(err); {
	case e.Cancelled:
		return ingot.Refusal{Kind: ingot.ErrCanceled, TxEnded: true}
	case strings.Contains(err.Error(), "no transaction is active"):
		return ingot.Refusal{TxEnded: true, NoTx: true}
	case e.Lost:
		return ingot.Refusal{Kind: ingot.ErrConnection, TxEnded: true}
	}
	return ingot.Refusal{}
}

// errorCode finds the extended result code in a driver's error; 0 where there is none.
func errorCode(err error) int {
	if code := ingot.ReadDriverError(err).Code; code != 0 {
		return code
	}
	text := err.Error()
	for _, m := range messages {
		if strings.Contains(text, m.text) {
			return m.code
		}
	}
	return 0
}

// messages are what SQLite says, for drivers that hide the code.
var messages = []struct {
	text string
	code int
}{
	{"UNIQUE constraint failed: ", codeConstraintUnique},
	{"NOT NULL constraint failed: ", codeConstraintNotNull},
	{"CHECK constraint failed: ", codeConstraintCheck},
	{"FOREIGN KEY constraint failed", codeConstraintForeignKey},
	{"database is locked", codeBusy},
	{"database table is locked", codeLocked},
	{"attempt to write a readonly database", codeReadOnly},
	{"file is not a database", codeNotADB},
	{"unable to open database file", codeCantOpen},
	{"database disk image is malformed", codeCorrupt},
}

// constraintError reads which constraint was violated; nil where SQLite does not say.
func constraintError(code int, err error) *ingot.ConstraintError {
	e := &ingot.ConstraintError{Err: err}
	switch code {
	case codeConstraintUnique, codeConstraintPrimaryKey, codeConstraintRowID:
		e.Kind = ingot.UniqueViolation
		what := detail(err, "UNIQUE constraint failed: ")
		if name, ok := strings.CutPrefix(what, "index '"); ok {
			e.Constraint = strings.ReplaceAll(strings.TrimSuffix(name, "'"), "''", "'")
			break
		}
		e.Table, e.Columns = splitColumns(what)
	case codeConstraintNotNull:
		e.Kind = ingot.NotNullViolation
		e.Table, e.Columns = splitColumns(detail(err, "NOT NULL constraint failed: "))
	case codeConstraintCheck:
		e.Kind = ingot.CheckViolation
		e.Constraint = detail(err, "CHECK constraint failed: ")
	case codeConstraintForeignKey:
		e.Kind = ingot.ForeignKeyViolation
	case codeConstraintDatatype: // a value of the wrong type in a STRICT table
		e.Kind = ingot.CheckViolation
		if _, column, ok := strings.Cut(detail(err, "cannot store "), " column "); ok {
			e.Table, e.Columns = splitColumns(column)
		}
	default:
		return nil
	}
	return e
}

// detail returns what follows prefix in the message of err, without the code that
// modernc.org/sqlite appends.
func detail(err error, prefix string) string {
	_, text, ok := strings.Cut(err.Error(), prefix)
	if !ok {
		return ""
	}
	text, _, _ = strings.Cut(text, "\n")
	if i := strings.LastIndex(text, " ("); i >= 0 && strings.HasSuffix(text, ")") && strings.Trim(text[i+2:len(text)-1], "0123456789") == "" {
		text = text[:i]
	}
	return text
}

// splitColumns takes "t.a, t.b" apart. SQLite does not quote the names, so those with dots
// and commas stay guesses.
func splitColumns(text string) (table string, columns []string) {
	for part := range strings.SplitSeq(text, ", ") {
		i := strings.LastIndexByte(part, '.')
		if i < 0 {
			continue
		}
		table = part[:i]
		columns = append(columns, part[i+1:])
	}
	return table, columns
}
