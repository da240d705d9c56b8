package ingot

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// A Dialect is what every database must answer about the text of SQL. It is a plain value
// without connections; what it has to know of the server at hand comes as a [Server].
// What only the schema side needs is asked through [SchemaDialect].
//
// The Append methods add to b and return it, as [strconv.AppendInt] does.
type Dialect interface {
	// Name is the dialect's name in tags (type@postgres:jsonb) and messages.
	Name() string

	// AppendIdent quotes one identifier.
	AppendIdent(b []byte, name string) []byte
	// AppendPlaceholder writes the n-th parameter of a statement; n counts from 1.
	AppendPlaceholder(b []byte, n int) []byte
	// AppendScanColumn writes a column of a result list, already quoted in col. Of
	// kind [ScanTime] it may be wrapped so that the driver does not parse it.
	AppendScanColumn(b []byte, col string, kind ScanKind) []byte
	// AppendLimit writes the clause for limit and offset; a negative limit means none,
	// offset 0 means none.
	AppendLimit(b []byte, limit, offset int) []byte
	// AppendLock writes the clause that locks the rows of a SELECT.
	AppendLock(b []byte, lock Lock, srv *Server) ([]byte, error)

	// Probe finds out what the server is. A server of another dialect is an error that
	// names the right one.
	Probe(ctx context.Context, q Queryer) (Server, error)
	// BeginSQL are the statements that begin a transaction.
	BeginSQL(o TxOptions, srv *Server) ([]string, error)
	// Classify reads a driver's error. It never fails: an unknown error is the zero
	// value.
	Classify(err error, srv *Server) Refusal
}

// A Server is what stands at the other end of the connection, found by [Open].
type Server struct {
	Dialect string // the dialect's name: "postgres"
	Flavour string // what speaks the dialect's wire: "mariadb", "galera", "cockroach"; empty for the original
	Version [3]int // of the flavour
	Caps
}

func (s *Server) String() string {
	name := s.Dialect
	if s.Flavour != "" {
		name = s.Flavour
	}
	return fmt.Sprintf("%s %d.%d.%d", name, s.Version[0], s.Version[1], s.Version[2])
}

// AtLeast reports whether the server's version is major.minor or newer.
func (s *Server) AtLeast(major, minor int) bool {
	return s.Version[0] > major || s.Version[0] == major && s.Version[1] >= minor
}

// Caps are the abilities and limits of a server. [Open] fills them by version and flavour;
// Options.Adjust may overrule them.
type Caps struct {
	InsertReturning   bool    // INSERT … RETURNING
	UpdateReturning   bool    // UPDATE … RETURNING
	DeleteReturning   bool    // DELETE … RETURNING
	LastInsertID      bool    // the driver reports the key of a single INSERT
	Keys              KeyRule // how generated keys of a multi-row INSERT find their objects
	MaxParams         int     // parameters in one statement
	MaxIdent          int     // bytes in an identifier; 0 means no limit
	IdentChars        bool    // MaxIdent counts characters
	BatchRows         int     // most rows worth putting into one statement
	BatchParams       int     // most parameters worth binding in one that has several rows; 0 means no limit but MaxParams
	CacheStatements   bool    // preparing once pays: the driver keeps no statements itself
	TransactionalDDL  bool    // DDL is undone by ROLLBACK
	SkipLocked        bool
	RowLocks          bool // SELECT … FOR UPDATE
	Deferrable        bool // foreign keys may be checked at COMMIT
	PartialIndexes    bool
	ExpressionIndexes bool
	ArrayIn           bool   // a list of keys can be one parameter: key = ANY($1)
	UpdateFrom        bool   // UPDATE … FROM (VALUES …)
	ReturningAlias    bool   // RETURNING of an UPDATE sees all its tables, each by its alias; else the updated one alone
	JSONCast          string // type that text beside a JSON column has to be cast to, or it is no JSON; empty where it has not
	UntypedValues     bool   // parameters inside VALUES take their types from the first row
	UpdateJoin        bool   // UPDATE … JOIN (SELECT … UNION ALL …)
	ReturningEarly    bool   // RETURNING gives rows as they are before triggers change them
	SetInOrder        bool   // SET a = 1, b = a: b gets the new a
	DefaultInValues   bool   // the word DEFAULT inside VALUES
	NullsOrder        bool   // NULLS FIRST and NULLS LAST
	TupleIn           bool   // (a, b) IN ((?, ?), …)
	NoSelfDelete      bool   // a row that refers to itself cannot be deleted
	LockWaitEndsTx    bool   // who has waited too long for a lock loses the whole transaction
	TextUTF8          bool   // text is UTF-8, and nothing else
	TextNoNUL         bool   // text cannot hold the character zero
	TextSized         bool   // char(n) and varchar(n) hold n characters, not more
	FoldTables        bool   // names of tables that differ by case only are the same name
	NoNaN             bool   // floating-point columns cannot hold NaN
	NoInf             bool   // nor the infinities
	// Years are the first and the last that a time can be in; the zero value means no limit.
	Years [2]int
	// TimeText is the layout in which times are bound and kept as text, in UTC; empty
	// where the driver takes time.Time.
	TimeText string
	// EmptyValues is what follows INSERT INTO t to insert a row of defaults.
	EmptyValues string
}

// A KeyRule says by what guarantee of the database the generated keys of a multi-row
// INSERT are matched to the rows sent.
type KeyRule int

const (
	// KeysSingle inserts one row at a time: nothing is guaranteed.
	KeysSingle KeyRule = iota
	// KeysReserved asks the dialect for keys first ([KeyReserver]) and sends them along.
	KeysReserved
	// KeysConsecutive counts up from the key of the first row, which the driver reports, by
	// what the dialect says each time ([KeyStepper]), or else by one.
	KeysConsecutive
)

// A KeyReserver is a dialect that can take n generated keys of a table out of circulation
// before the rows are inserted. The keys are valid inside the caller's transaction.
type KeyReserver interface {
	// KeySource says what the generated keys of a column come from, in words of the
	// dialect's own; empty where none can be taken ahead, and the table has to be inserted
	// row by row. An answer is kept until ReserveKeys gives no keys for it.
	KeySource(ctx context.Context, q Queryer, srv *Server, table TableName, column string) (string, error)
	// ReserveKeys takes n keys of the source. No keys and no error mean that the source is
	// not, or no longer, what the keys come from.
	ReserveKeys(ctx context.Context, q Queryer, srv *Server, source string, table TableName, column string, n int) ([]int64, error)
}

// A KeyStepper is a dialect that knows how far apart the keys are that one INSERT of several
// rows generates.
type KeyStepper interface {
	// KeyStep is that distance for the INSERT that follows on the connection of q. Zero means
	// that nothing is guaranteed, and the rows are inserted one by one.
	KeyStep(ctx context.Context, q Queryer, srv *Server, table TableName, column string) (int64, error)
}

// An ArrayBinder is a dialect in which the values that many rows have in one column can be
// one parameter, an array in text form: {1,2,NULL} or {"a","b"}.
type ArrayBinder interface {
	// ArrayType is the type of such an array for a column of type t; empty where the values
	// of the column have to be bound one by one.
	ArrayType(t Type) string
}

// A ConnSetup is a dialect whose connections need a statement before they may write, such
// as SQLite's enforcement of foreign keys. SetupSQL returns the statements; none means
// that the connection given (any one of the pool) shows that the DSN does it already.
type ConnSetup interface {
	SetupSQL(ctx context.Context, q Queryer) ([]string, error)
}

// A LockWaiter is a dialect whose connections do not wait by themselves for a lock that
// another one holds. WaitSQL returns the statement that makes them wait so long; empty means
// that the connection given (any one of the pool) shows that the DSN says how long.
type LockWaiter interface {
	WaitSQL(ctx context.Context, q Queryer, wait time.Duration) (string, error)
}

// A TableName is a table with its schema, which is empty for the default one. Types and other
// objects go by such names, too.
type TableName struct{ Schema, Name string }

// String joins schema and name by a dot. A part that has a dot itself, or begins with a double
// quote, stands in double quotes, as in SQL.
func (t TableName) String() string {
	part := func(s string) string {
		if strings.Contains(s, ".") || strings.HasPrefix(s, `"`) {
			return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
		}
		return s
	}
	if t.Schema == "" {
		return part(t.Name)
	}
	return part(t.Schema) + "." + part(t.Name)
}

// ParseTableName reads a name as [TableName.String] writes it, and as tags have it. Without a
// dot outside of double quotes it has no schema.
func ParseTableName(text string) TableName {
	part := func(s string) (name, rest string, dot bool) {
		if !strings.HasPrefix(s, `"`) {
			return strings.Cut(s, ".")
		}
		for rest = s[1:]; ; {
			before, after, closed := strings.Cut(rest, `"`)
			name += before
			if !strings.HasPrefix(after, `"`) {
				rest, dot = strings.CutPrefix(after, ".")
				if !closed || !dot && rest != "" { // no quotes after all
					return strings.Cut(s, ".")
				}
				return name, rest, dot
			}
			name, rest = name+`"`, after[1:]
		}
	}
	first, rest, dot := part(text)
	if !dot {
		return TableName{Name: first}
	}
	if name, more, dot := part(rest); !dot && more == "" {
		rest = name
	}
	return TableName{Schema: first, Name: rest}
}

// A ScanKind is what a column of a result holds, as far as a dialect must treat it apart.
type ScanKind int

// The kinds of result columns.
const (
	ScanPlain ScanKind = iota
	ScanTime
)

// A Lock is a locking clause of a SELECT. The zero value locks nothing.
type Lock struct {
	Update     bool // FOR UPDATE
	Share      bool // FOR SHARE
	SkipLocked bool
	NoWait     bool
}

// TxOptions are the options of a transaction. The zero value is the server's default.
type TxOptions struct {
	Isolation sql.IsolationLevel
	ReadOnly  bool
}

// A Queryer runs statements: *sql.DB, *sql.Conn and *sql.Tx do.
type Queryer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// A Refusal is a driver's error as the dialect reads it.
type Refusal struct {
	Kind       error            // one of the Err kinds; nil if unknown
	Constraint *ConstraintError // set when Kind is ErrConstraint
	// TxEnded: the server has ended the transaction; no statement may follow.
	TxEnded bool
	// NoTx: COMMIT or ROLLBACK met no transaction, which the server had ended before.
	NoTx bool
	// Retry: running the whole transaction again may succeed.
	Retry bool
	// Objects is what the server says beside its message of the objects at fault, such as
	// those that depend on what was to be dropped; no data.
	Objects string
}

// TrustedSQL is SQL text that did not come from outside. Constants convert to it by
// themselves; a variable has to be converted in so many words, which a review finds.
type TrustedSQL string

// A SingleConn is a dialect whose database may live inside one connection, as SQLite's
// in-memory databases do. SingleConn reports whether the one at hand does; it may take two
// connections to find out.
type SingleConn interface {
	SingleConn(ctx context.Context, db *sql.DB) (bool, error)
}

// A TxCommitter is a dialect whose COMMIT does not tell that it committed nothing, because a
// statement before it had failed. CommitSQL is sent instead, and then is an error.
type TxCommitter interface {
	CommitSQL() string
}

// A TxChecker is a dialect whose servers end a transaction by themselves and run what
// follows without one, each statement for good. CheckTxSQL are statements that change nothing
// and of which one is refused, as TxEnded, where no transaction is open.
type TxChecker interface {
	CheckTxSQL() []string
}

// A TxEnder is a dialect whose connections keep something of a transaction after its end.
// EndSQL are the statements that bring the connection back after COMMIT or ROLLBACK.
type TxEnder interface {
	EndSQL(o TxOptions, srv *Server) []string
}
