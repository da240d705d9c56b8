// Package ingot maps plain Go structs to tables: a unit of work as SQLAlchemy has it, and
// migrations as Alembic has them, for SQLite, PostgreSQL and MySQL or MariaDB over any
// [database/sql] driver. It imports the standard library alone.
//
// # Models
//
// A model is a struct. It imports nothing: the tag ingot says what its type cannot.
//
//	type User struct {
//		_         struct{}   `ingot:"table:user_account"`
//		ID        int64      `ingot:"pk"`
//		Name      string     `ingot:"size:30"`
//		Fullname  *string    // a pointer can be NULL
//		Addresses []*Address `ingot:"inverse:User;cascade:all,delete-orphan"`
//	}
//
//	type Address struct {
//		_            struct{} `ingot:"table:address"`
//		ID           int64    `ingot:"pk"`
//		EmailAddress string
//		UserID       int64 `ingot:"fk:user_account.id"`
//		User         *User `ingot:"inverse:Addresses"`
//	}
//
//	var Models = ingot.MustModels(User{}, Address{})
//
// Options are separated by semicolons, each a name or name:value. A field's column is its
// name in snake case; a pointer, a [database/sql.Null] or another type that carries NULL
// may be NULL, others not; a pointer to a model or a slice of such pointers is a
// relationship. [Models] lists every option; [NewModels] reports all mistakes of all models
// together.
//
// # Sessions
//
// [Open] ties models, a *sql.DB and a dialect together. A [Session] is one unit of work for
// one goroutine. Within it one row is one pointer, and plain Go is all that writing takes:
// assign to fields, append to slices, remove from them. [Session.Commit] compares with what
// was loaded and sends the difference, parents before children, in batches.
//
//	s := db.Session()
//	defer s.Close()
//	s.Add(&User{Name: "sandy", Addresses: []*Address{{EmailAddress: "sandy@squirrelpower.org"}}})
//	err := s.Commit(ctx) // keys and foreign keys are filled in
//
// An instance is transient (a plain struct), pending (added, no row yet), persistent (has a
// row and a session), deleted (its row goes at the next flush) or detached. Reading a field
// never runs SQL: what a query did not load, [Query.Load] or [Session.Load] load.
//
// # Queries
//
// A table in a query is a variable, and its fields are the columns.
//
//	u, a := new(User), new(Address)
//	users, err := ingot.Select(u).
//		Join(&u.Addresses, a).
//		Where(ingot.Like(ingot.C(&a.EmailAddress), "%@squirrelpower.org")).
//		OrderBy(ingot.C(&u.Name).Asc()).
//		Load(&u.Addresses).
//		All(ctx, s)
//
// [C] is a column by the address of its field and has the field's type, [N] the same for a
// pointer. A query is an immutable value. It runs on a [Session], which tracks what it
// loads, or on a [DB], which does not and is fastest. SQL text is a [TrustedSQL]: constants
// are, variables have to be converted in so many words.
//
// # Schemas and migrations
//
// A [Schema] is tables as data, from models ([Models.Schema]) or from a live database
// ([DB.Inspect]). [Compare] gives the [Step] values from one to the other. A [Revision] is
// a list of steps in a Go file; revisions form a graph, which a [Migrator] walks up and
// down. On the command line:
//
//	go run ingot/cmd/ingot init migrations
//	go run ./migrations revision --autogenerate -m "Initial migration"
//	go run ./migrations upgrade head
//
// # Errors
//
// Conditions are values ([ErrNotFound], [ErrClosed], …), context is in types:
// [MappingError], [StatementError], [ConstraintError], [StaleError]. What a user of the
// package does wrong is an error that names model, field and column, never a panic.
//
// # Where to start reading
//
// The listing of the folder is the table of contents: model.go, query.go, session.go,
// schema.go and migrate.go are the doors, what stands behind one is named after it
// (session_flush.go). CONTRIBUTING.md says which room may use which.
package ingot
