package ingot

import "context"

// What only some databases need around a migration. A dialect implements what it has to;
// without them a migration is BEGIN, the statements of the steps, COMMIT.

// A MigrationLocker is a dialect with a lock that keeps other migrators of the same
// database out. Where there is none, the transaction of each revision has to do: BEGIN
// takes a lock that admits one writer, and what is pending is read again inside.
type MigrationLocker interface {
	// LockMigrations takes the lock on conn, which stays open as long as it is held. It
	// polls until ctx ends; the error names the holder, where the server tells. Waiting
	// opens no transaction: an index built concurrently would wait for that.
	LockMigrations(ctx context.Context, conn Queryer, srv *Server) (MigrationLock, error)
}

// A MigrationLock is a lock that is held.
type MigrationLock interface {
	// Check reports that the lock was lost: the connection is another one than it was.
	Check(ctx context.Context) error
	Unlock(ctx context.Context) error
}

// A StepSplitter is a dialect with steps that must not run inside a transaction, though its
// DDL is transactional.
type StepSplitter interface {
	OutsideTransaction(step Step, srv *Server) bool
}

// A StepGrouper is a dialect to which several steps in a row may be one piece of work, as
// where a table has to be made anew.
type StepGrouper interface {
	// DDLGroup renders the first n of the steps together, as [SchemaDialect] has DDL render
	// one; n is at least 1.
	DDLGroup(steps []Step, before *Schema, srv *Server) (texts []string, n int, err error)
}

// renderGroup renders the first n of the steps; none of these is an [Exec] or [Do].
func renderGroup(d SchemaDialect, steps []Step, before *Schema, srv *Server) (texts []string, n int, err error) {
	if g, ok := d.(StepGrouper); ok {
		return g.DDLGroup(steps, before, srv)
	}
	texts, err = d.DDL(steps[0], before, srv)
	return texts, 1, err
}

// A ScriptDelimiter is a dialect whose own client cuts a script at every semicolon, those
// inside the bodies of triggers and routines too.
type ScriptDelimiter interface {
	// Delimited writes a statement so that the client takes it as one; empty where a
	// semicolon behind it is enough.
	Delimited(statement string) string
}

// An OfflineDialect is a dialect that can write scripts without a server.
type OfflineDialect interface {
	// OfflineServer is the server a script is written for: a current one.
	OfflineServer() Server
	// AppendLiteral writes a string constant.
	AppendLiteral(b []byte, s string) []byte
	// OfflineMode is what [MigrationConn] does, as statements: before BEGIN, before COMMIT
	// and after it.
	OfflineMode(steps []Step, srv *Server) (begin, check, end []string)
}
