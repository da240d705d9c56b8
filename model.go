package ingot

import "reflect"

// Models is the metadata: the mapped types, their tables and how they hang together. It is
// immutable once made and may be shared by everything.
//
// A model is a plain struct; what its types do not say, tags do: `ingot:"pk;size:30"`,
// options separated by semicolons, each a name or name:value. Values are verbatim; a
// semicolon inside quotes or parentheses does not split. Options that end up in the schema
// have variants by dialect, which go before the common one: type@postgres:jsonb.
//
// Blank fields speak for the table (`_ struct{}`, any number of them):
//
//	table:name  schema:name  comment:text  was:old_name  option:name=value
//	view:select                   a view; without the query, one that others make
//	pk:a,b  unique:a,b  index:a desc,(lower(b))  unique-index:…  check:expr  fk:a,b->table.a,b
//
// Columns are the exported fields that are no relations; embedded structs are flattened,
// named ones too with prefix:text or embed. NULL follows the Go type.
//
//	column:name  was:old_name  comment:text  -
//	pk  auto  noauto              a single integer key is the database's to make when zero
//	uuidv7                        made by the program at the INSERT when zero (RFC 9562)
//	size:n  precision:10,2  type:sql  collate:name  enum:a,b,c  json
//	null  notnull                 of the column, where the Go type says otherwise
//	default:sql  omitzero         zero is left out of INSERT, so that the default applies
//	generated:sql  virtual        computed by the database, stored unless virtual
//	readonly  deferred            never written, read back; not loaded unless asked for
//	trigger                       a trigger has the last word: read back after every write
//	version  created  updated     optimistic lock (the database's with readonly); set to the
//	                              clock at INSERT, and at UPDATE
//	unique  index  unique-index  check:expr  fk:table.column
//
// Behind the option they belong to stand name:, where:, using:, include:, ondelete:,
// onupdate:, deferrable, match: and nulls-not-distinct. Columns are named as in the database
// or as in Go. A name, or a value of enum:, may stand in quotes, doubled where it has some:
// column:'it”s; ok'.
//
// Relations are fields of type *T and []*T, T being mapped. A *T with a foreign key of its
// own is many-to-one, with the key on the other side one-to-one; a []*T is one-to-many, or
// with through: many-to-many.
//
//	inverse:Field                 the field of the other model that shows the same
//	via:Field                     which foreign key, where there are several
//	through:table                 a link table, its columns named type_key
//	through:table(mine,theirs)    or like this; or through:Type, a mapped one
//	cascade:save-update,merge,refresh-expire,expunge,delete,delete-orphan,all,none
//	order:a,b desc  position:Field  passive-deletes  post-update
//
// Without cascade: it is save-update and merge. A delete-orphan is for the side that is
// referred to, or where a unique foreign key makes sure that a child has one parent. With
// passive-deletes a deleted parent leaves children that are not loaded to the database,
// and all of them where there is no delete cascade: ondelete: says what becomes of them.
type Models struct {
	mappers []*mapper // in the order given
	byType  map[reflect.Type]*mapper
	byTable map[TableName]*mapper
	naming  Naming // no part empty
	types   TypeMap
}

// A TypeMap gives Go types a type in the database: a word of the common vocabulary, or
// anything else, verbatim. A value of it among the arguments of [NewModels] applies to all
// models there, also to pointers and [sql.Null] of the types; a field's own type: goes
// before.
type TypeMap map[reflect.Type]Type

// A mapper ties a struct to a table. It is immutable after [NewModels].
type mapper struct {
	typ       reflect.Type // the struct
	name      string       // the type's name: "User"
	index     int          // position in Models.mappers
	table     TableName
	columns   []*column // in field order, the key's included
	key       []*column // in key order; at least one
	relations []*relation
	byField   map[string]*column // by Go path: "Address.Street"
	byColumn  map[string]*column // by SQL name
	relByName map[string]*relation
	auto      *column // integer key the database generates; nil if none
	version   *column // optimistic lock; nil if none
	view      bool    // read-only: no table to write
	options   tableOptions

	uniques     []*uniqueKey // of columns and blank fields, in that order; not the key
	indexes     []*indexKey
	foreignKeys []*foreignKey

	flat   []span    // byte ranges of the columns that a plain copy captures
	deep   []*column // columns whose content lies behind a pointer, slice or map
	places []fieldPlace

	boxes      []box        // pointers whose values a snapshot keeps inside of itself
	cloned     []*column    // the other deep columns
	boxed      reflect.Type // a snapshot: the struct and its boxes, one behind the other
	boxedSlice reflect.Type
	slice      reflect.Type // []T
}

// A box is where a snapshot keeps the value that a column of it points to.
type box struct {
	column *column
	offset uintptr // inside the snapshot
}

// A uniqueKey is a set of columns that no two rows share.
type uniqueKey struct {
	columns []*column
	option  tableOption // as written, with its modifiers
}

// An indexKey is an index.
type indexKey struct {
	terms  []indexTerm
	option tableOption
}

// An indexTerm is one element of an index.
type indexTerm struct {
	column *column // nil for an expression
	expr   SQLText
	desc   bool
	nulls  string // "FIRST" or "LAST" where it is not the default
}

// A foreignKey ties columns of a model to the key, or to unique columns, of a model.
type foreignKey struct {
	m       *mapper
	columns []*column
	target  *mapper
	remote  []*column   // of target, pair by pair
	option  tableOption // as written, with its modifiers
}

// A span is a range of bytes of a struct.
type span struct{ offset, size uintptr }

// A column is one field kept in one column.
type column struct {
	m     *mapper
	index int    // position in mapper.columns
	field string // Go path: "ID", "Address.Street"
	name  string // SQL name
	place        // where the field lies, and how its values move
	scan  ScanKind

	pk       bool
	nullable bool
	auto     bool    // generated by the database when zero
	omitZero bool    // left out of INSERT when zero, then read back
	readOnly bool    // never written; read back after a write when generated
	deferred bool    // not loaded unless asked for
	version  bool    // optimistic lock
	created  bool    // set to the clock at INSERT
	updated  bool    // set to the clock at INSERT and UPDATE
	uuidV7   bool    // set to a fresh UUID at INSERT when zero
	word     Type    // in the common vocabulary, from the Go type; empty if nobody knows
	refers   *column // of a foreign key: what it refers to; nil if nothing or another class of type
	options  columnOptions
}

// A relation is a field that holds instances of another model.
type relation struct {
	m          *mapper
	index      int    // position in mapper.relations
	field      string // Go name: "Addresses"
	place             // where the field lies; its codec is nil
	kind       relKind
	target     *mapper
	local      []*column   // of m; for manyToOne the foreign key, else the key referred to
	remote     []*column   // of target, pair by pair with local; for manyToMany the key referred to
	link       *link       // manyToMany only
	key        *foreignKey // nil for manyToMany
	inverse    *relation   // the other side; nil if it is not mapped
	cascade    cascade
	passive    bool        // passive-deletes: the database takes care of unloaded children
	order      []orderTerm // order: terms
	position   *column     // of target, or of link.model: keeps the place in the slice
	postUpdate bool
}

// A relKind is the shape of a relation, seen from the model that has the field.
type relKind int

const (
	manyToOne  relKind = iota // *T, own foreign key
	oneToOne                  // *T, key on the other side
	oneToMany                 // []*T, key on the other side
	manyToMany                // []*T through a link
)

// toMany reports whether the field is a slice.
func (k relKind) toMany() bool { return k == oneToMany || k == manyToMany }

// A link is the table between the two sides of a many-to-many relation. local[i] of the
// relation is kept in left[i], remote[i] in right[i].
type link struct {
	table       TableName
	model       *mapper // the mapped association type; nil for a bare table
	left, right []string
}

// An orderTerm is one term of an order: option.
type orderTerm struct {
	column *column
	desc   bool
}

// A cascade is the set of operations a relation carries along.
type cascade uint8

const (
	cascadeSave cascade = 1 << iota
	cascadeMerge
	cascadeRefresh
	cascadeExpunge
	cascadeDelete
	cascadeOrphan

	cascadeAll = cascadeSave | cascadeMerge | cascadeRefresh | cascadeExpunge | cascadeDelete
)

func (c cascade) has(x cascade) bool { return c&x != 0 }

// of returns the mapper of a struct type, or an error that names the type and the fix.
func (ms *Models) of(t reflect.Type) (*mapper, error) {
	if ms != nil {
		if m := ms.byType[t]; m != nil {
			return m, nil
		}
	}
	return nil, unmapped(ms, t)
}

func unmapped(ms *Models, t reflect.Type) error {
	return &MappingError{Type: t.String(), Text: "is not in the metadata: give it to NewModels"}
}

// NewModels maps structs, given as values or pointers, to tables. [Naming] and [TypeMap]
// values among the arguments are options for all of them. All mistakes of all models come
// back together, each a [*MappingError].
func NewModels(models ...any) (*Models, error) {
	return newRegistration(models).run()
}

// MustModels is [NewModels] for package variables: it panics on mistakes.
func MustModels(models ...any) *Models {
	ms, err := NewModels(models...)
	if err != nil {
		panic(err)
	}
	return ms
}
