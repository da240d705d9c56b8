package ingot

import "context"

// A SchemaDialect is a [Dialect] that knows its data definition language and its catalogs.
type SchemaDialect interface {
	Dialect

	// Inspect reads the tables of the default schema, and of the schemas named, in one
	// snapshot.
	Inspect(ctx context.Context, q Queryer, srv *Server, schemas []string) (*Schema, error)
	// DDL renders a step as statements. before is the schema the step meets; nil where it
	// is not known, then a step that needs it is an error.
	DDL(step Step, before *Schema, srv *Server) ([]string, error)
	// CanonicalType brings a type to the one spelling in which equal types are equal.
	CanonicalType(t Type) Type
	// SameText reports whether two expressions are the same for certain, by their text
	// alone: tiers T0 and T2.
	SameText(a, b SQLText) bool
	// NormalizeTable brings a table, from models or from the catalog, to what the database
	// keeps of it: attributes it cannot hold are cleared (comments, NOT VALID), words that
	// mean the same get one form (RESTRICT and NO ACTION), objects that are one and the same
	// get one place (unique indexes that are unique constraints). The table is the caller's
	// own copy.
	NormalizeTable(t *Table)
	// Traits are the facts that Compare and Models.Schema ask for. srv is nil where no server
	// is known; then they are those of a plain one.
	Traits(srv *Server) SchemaTraits
}

// A MigrationConn is a dialect whose connection has to be in another mode while steps run.
type MigrationConn interface {
	// BeginMigration runs before BEGIN on the connection that will run the steps. The
	// function it returns, nil if there is nothing to do, brings the connection back after
	// COMMIT or ROLLBACK.
	BeginMigration(ctx context.Context, q Queryer, steps []Step, srv *Server) (end func(context.Context) error, err error)
	// CheckMigration runs before COMMIT; its error rolls back.
	CheckMigration(ctx context.Context, q Queryer, steps []Step, srv *Server) error
}

// A TextJudge is a dialect whose server can tell whether two expressions are the same: its
// own parser prints both (tier T3). Nothing is written, and what it cannot judge is not the
// same.
type TextJudge interface {
	// SameByServer compares two texts over the columns of t, which is nil for those of a view.
	SameByServer(ctx context.Context, q Queryer, srv *Server, t *Table, p TextPair) bool
}

// A SequenceNormalizer is a dialect with sequences, whose defaults it knows: what says no more
// than a default is cleared.
type SequenceNormalizer interface {
	NormalizeSequence(q *Sequence)
}

// A SequenceOwner is a dialect whose columns may bring sequences of their own along, from which
// other defaults may take values.
type SequenceOwner interface {
	// OwnSequence is the name that the sequence of a column gets, where it has one.
	OwnSequence(t TableName, c Column) (name TableName, ok bool)
	// TakesFrom are the sequences that a default takes values from.
	TakesFrom(text SQLText) []TableName
}

// SchemaTraits are facts about how a database keeps schemas. The zero value is the plainest
// database.
type SchemaTraits struct {
	// NamedEnums: an enum is a type of its own, made before the tables that use it.
	NamedEnums bool
	// InlineEnums: an enum is spelled in the column's type, enum('a','b'), with backslashes
	// doubled. With neither, it is a text column with a check.
	InlineEnums bool
	// ForwardReferences: a foreign key may name a table that is made later.
	ForwardReferences bool
	// ForeignKeyIndexes: the database makes the index a foreign key needs by itself.
	ForeignKeyIndexes bool
	// KeyText and KeyBlob are what text and blob become in columns that a key, an index or a
	// foreign key stands on; empty where they can be that too.
	KeyText, KeyBlob Type
	// DecimalText is what a decimal column becomes where its field holds text, because the
	// database would make a floating-point number of it; empty where it keeps the digits.
	DecimalText Type
	// FoldTables: names of tables that differ by case only are the same name.
	FoldTables bool
	// FoldNames: the same for columns, constraints and indexes.
	FoldNames bool
	// QuietOptions are options of tables that stay as they are where models do not name them.
	QuietOptions []string
	// WideIntegers: an integer takes 64 bits, whatever the name of its type.
	WideIntegers bool
	// Renames are the kinds of parts of a table that can be renamed as they are.
	Renames []ObjectKind
	// MaxIdent is the bytes after which the database cuts a name off; 0 where it refuses
	// long names or takes them all.
	MaxIdent int
}

// The tables in which migrations keep their state: part of no schema.
const (
	revisionTable = "ingot_revision"
	stepTable     = "ingot_step"
	objectTable   = "ingot_object"
	lockTable     = "ingot_lock" // where a row is the lock
)

// isStateTable reports whether a table is one of them.
func isStateTable(t TableName) bool {
	return t.Schema == "" && (t.Name == revisionTable || t.Name == stepTable || t.Name == objectTable || t.Name == lockTable)
}
