package ingot

// The words that models, schemas and dialects share.

// A Type is a column's type: a word of the common vocabulary (boolean, smallint, integer,
// bigint, real, double, decimal(p,s), varchar(n), char(n), text, blob, date, time,
// timestamp, json, uuid), which every dialect spells its own way, or anything else,
// verbatim.
type Type string

// SQLText is an expression as written in a model, or as a catalog prints it.
type SQLText string

// Deferrable says when a constraint is checked.
type Deferrable int

// The times a constraint can be checked at.
const (
	NotDeferrable                Deferrable = iota
	DeferrableInitiallyImmediate            // at once unless the transaction defers it
	DeferrableInitiallyDeferred             // at COMMIT
)
