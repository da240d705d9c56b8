package postgres

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"ingot"
	"ingot/dialects/internal/sequence"
	"ingot/dialects/internal/sqltext"
)

// Traits are PostgreSQL's, with as long names as the server takes.
func (Dialect) Traits(srv *ingot.Server) ingot.SchemaTraits {
	traits := ingot.SchemaTraits{NamedEnums: true, MaxIdent: 63,
		Renames: []ingot.ObjectKind{ingot.ObjectUnique, ingot.ObjectForeignKey, ingot.ObjectCheck, ingot.ObjectIndex}}
	if srv != nil && srv.MaxIdent > 0 {
		traits.MaxIdent = srv.MaxIdent
	}
	return traits
}

// NormalizeTable brings a table to what PostgreSQL keeps of it.
func (d Dialect) NormalizeTable(t *ingot.Table) {
	for i := range t.Columns {
		c := &t.Columns[i]
		c.OnUpdate = ""
		c.Auto = c.Auto || isSerial(*c)
		if c.Enum == "" {
			c.Type = d.CanonicalType(c.Type)
		}
		if c.Auto || c.Identity != nil {
			c.Auto, c.Null, c.Default = true, false, ""
			c.Identity = plainIdentity(c.Identity, c.Type)
		}
		if c.Generated == "" {
			c.Virtual = false
		}
		c.Collation = plainCollation(c.Collation)
		if isNull(c.Default) {
			c.Default = ""
		}
	}
	t.Options = slices.DeleteFunc(t.Options, func(o ingot.Option) bool {
		return o.Name != "unlogged" && o.Name != "tablespace" && !storageOption(o.Name)
	})
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if x.Using = strings.ToLower(x.Using); x.Using == "btree" {
			x.Using = ""
		}
		x.Concurrently = false
		x.Options = slices.DeleteFunc(x.Options, func(o ingot.Option) bool { return !indexOption(*x, o.Name) })
		for j := range x.Parts {
			p := &x.Parts[j]
			p.Prefix = 0
			own := "" // as the column has it
			if c := t.Column(p.Column); c != nil {
				own = c.Collation
			}
			if p.Collation != "" && plainCollation(p.Collation) == own {
				p.Collation = ""
			} else if p.Collation != "" {
				p.Collation = cmp.Or(plainCollation(p.Collation), "default")
			}
			if p.Nulls = strings.ToUpper(p.Nulls); p.Desc && p.Nulls == "FIRST" || !p.Desc && p.Nulls == "LAST" {
				p.Nulls = ""
			}
		}
	}
}

// NormalizeSequence clears what is the default.
func (Dialect) NormalizeSequence(q *ingot.Sequence) { *q = plainSequence(*q) }

// OwnSequence is so for identities and serials.
func (Dialect) OwnSequence(t ingot.TableName, c ingot.Column) (name ingot.TableName, ok bool) {
	return ingot.TableName{Schema: t.Schema, Name: objectName(t.Name, c.Name, "seq")}, c.Generated == "" && (isIdentity(c) || isSerial(c))
}

// TakesFrom finds the constants that name sequences.
func (Dialect) TakesFrom(text ingot.SQLText) (names []ingot.TableName) {
	tokens, _ := rules.Tokens(string(text))
	for i, t := range tokens {
		called := i > 1 && tokens[i-1].Is("(") && (tokens[i-2].Is("nextval") || tokens[i-2].Is("currval"))
		if t.Kind == sqltext.String && (called || i+2 < len(tokens) && tokens[i+1].Is("::") && tokens[i+2].Is("regclass")) {
			if name, _ := typeName(ingot.Type(t.Text)); name.Name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// plainIdentity is nil for what BY DEFAULT alone gives.
func plainIdentity(i *ingot.Identity, t ingot.Type) *ingot.Identity {
	if i == nil {
		return nil
	}
	s := plainSequence(ingot.Sequence{Type: t, Start: i.Start, Increment: i.Increment, Min: i.Min, Max: i.Max, Cache: i.Cache, Cycle: i.Cycle})
	plain := ingot.Identity{Always: i.Always, Start: s.Start, Increment: s.Increment, Min: s.Min, Max: s.Max, Cache: s.Cache, Cycle: s.Cycle}
	if plain == (ingot.Identity{}) {
		return nil
	}
	return &plain
}

// plainSequence clears what is the default, so that it does not matter whether it was said.
func plainSequence(s ingot.Sequence) ingot.Sequence {
	if s = limits(s).Plain(s); s.Type == "bigint" {
		s.Type = ""
	}
	return s
}

// wholeSequence says what the defaults are.
func wholeSequence(s ingot.Sequence) ingot.Sequence {
	s.Type = cmp.Or(s.Type, "bigint")
	return limits(s).Whole(s)
}

func limits(s ingot.Sequence) sequence.Limits {
	n := highest(s.Type)
	return sequence.Limits{Low: -n - 1, High: n, Cache: 1}
}

// highest is the largest number of an integer type.
func highest(t ingot.Type) int64 {
	switch t {
	case "smallint":
		return math.MaxInt16
	case "integer":
		return math.MaxInt32
	}
	return math.MaxInt64
}

// isNull reports whether a default is none: NULL, or NULL::text.
func isNull(text ingot.SQLText) bool {
	tokens, ok := rules.Tokens(string(text))
	return ok && len(tokens) > 0 && tokens[0].Is("null") && (len(tokens) == 1 || tokens[1].Is("::"))
}

// SameText compares expressions by what they say: brackets that group nothing, the case of
// words, casts of constants to the types they have anyway, and PostgreSQL's ways of printing
// IN, BETWEEN and LIKE do not count. Two different constants are never the same.
func (Dialect) SameText(a, b ingot.SQLText) bool {
	return a == b || rules.Same(string(a), string(b))
}
