package mysql

import (
	"slices"
	"strings"

	"ingot"
	"ingot/dialects/internal/sqltext"
)

// Traits are MySQL's and MariaDB's. Names that are too long are refused, not cut. Case counts
// in names of tables unless the server was started with another lower_case_table_names.
func (Dialect) Traits(srv *ingot.Server) ingot.SchemaTraits {
	return ingot.SchemaTraits{
		InlineEnums:       true,
		ForeignKeyIndexes: true,
		FoldTables:        srv != nil && srv.FoldTables,
		FoldNames:         true,
		KeyText:           "varchar(255)",
		KeyBlob:           "varbinary(255)",
		Renames:           []ingot.ObjectKind{ingot.ObjectUnique, ingot.ObjectIndex},
	}
}

// NormalizeTable brings a table to what MySQL keeps of it. What it cannot have, such as an
// index of only some rows, stays: leaving it out would not be the same, and DDL refuses it.
func (d Dialect) NormalizeTable(t *ingot.Table) {
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Enum == "" {
			c.Type = d.CanonicalType(c.Type)
		}
		c.Auto = c.Auto || c.Identity != nil
		c.Identity = nil
		if c.Auto {
			c.Null, c.Default = false, ""
		}
		if strings.HasPrefix(string(c.Type), "binary(") { // filled up with zeros
			if tokens, ok := lexical.Tokens(string(c.Default)); ok && len(tokens) == 1 && tokens[0].Kind == sqltext.String && strings.HasSuffix(tokens[0].Text, "\x00") {
				c.Default = ingot.SQLText(literal(strings.TrimRight(tokens[0].Text, "\x00")))
			}
		}
		c.Default, c.OnUpdate = clockText(c.Default, c.Type), clockUpdate(c.OnUpdate, c.Type)
		if c.Generated == "" {
			c.Virtual = false
		} else {
			c.Null = true // MariaDB takes no NOT NULL there
		}
		c.Collation, c.Comment = collationName(c.Collation), keptComment(c.Comment)
	}
	t.Comment = keptComment(t.Comment)
	t.PrimaryKey.Name = "" // always PRIMARY
	for i := range t.Uniques {
		u := &t.Uniques[i]
		u.Deferrable, u.NullsNotDistinct = ingot.NotDeferrable, false
	}
	for i := range t.ForeignKeys {
		f := &t.ForeignKeys[i]
		f.OnDelete, f.OnUpdate = noRestrict(f.OnDelete), noRestrict(f.OnUpdate)
		f.Deferrable, f.NotValid, f.Match = ingot.NotDeferrable, false, ""
	}
	for i := range t.Checks {
		t.Checks[i].NotValid = false
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if x.Using = strings.ToLower(x.Using); x.Using == "btree" && !inMemory(t) {
			x.Using = ""
		}
		x.Include, x.NullsNotDistinct, x.Concurrently = nil, false, false
		x.Options = slices.DeleteFunc(x.Options, func(o ingot.Option) bool { return o.Name != "parser" && o.Name != "invisible" && o.Name != "comment" })
		for j := range x.Parts {
			p := &x.Parts[j]
			p.Nulls, p.OpClass, p.Collation = "", "", ""
		}
	}
	// A unique constraint is a unique index.
	t.Indexes = slices.DeleteFunc(t.Indexes, func(x ingot.Index) bool {
		u, ok := uniqueOf(x)
		if ok {
			t.Uniques = append(t.Uniques, u)
		}
		return ok
	})
	t.Options = normalOptions(t.Options)
	for _, o := range t.Options {
		for i := range t.Columns {
			if c := &t.Columns[i]; o.Name == "collate" && c.Collation == o.Value {
				c.Collation = "" // the table's
			}
		}
	}
}

// keptComment is a comment as both servers keep it: in three bytes for a character.
func keptComment(text string) string {
	return strings.Map(func(c rune) rune {
		if c > 0xffff {
			return '?'
		}
		return c
	}, text)
}

// inMemory reports whether an index of the table is a hash unless it says otherwise.
func inMemory(t *ingot.Table) bool {
	return slices.ContainsFunc(t.Options, func(o ingot.Option) bool { return o.Name == "engine" && strings.EqualFold(o.Value, "memory") })
}

// uniqueOf is the unique constraint that an index is.
func uniqueOf(x ingot.Index) (ingot.Unique, bool) {
	if !x.Unique || x.Where != "" || x.Using != "" || len(x.Options) > 0 {
		return ingot.Unique{}, false
	}
	u := ingot.Unique{Name: x.Name, AnyName: x.AnyName}
	for _, p := range x.Parts {
		if p.Column == "" || p.Prefix != 0 || p.Desc {
			return ingot.Unique{}, false
		}
		u.Columns = append(u.Columns, p.Column)
	}
	return u, true
}

func noRestrict(action string) string {
	switch action = strings.ToUpper(action); action {
	case "RESTRICT", "NO ACTION":
		return ""
	}
	return action
}

// normalOptions leaves out what is the default of our tables, and what only other databases
// know. A charset without a collation is its default one, as the catalog has it.
func normalOptions(options []ingot.Option) []ingot.Option {
	var out []ingot.Option
	collated := slices.ContainsFunc(options, func(o ingot.Option) bool { return o.Name == "collate" })
	for _, o := range options {
		o.Value = strings.ToLower(o.Value)
		if o.Name == "charset" && o.Value != "utf8mb4" && !collated {
			o = ingot.Option{Name: "collate", Value: defaultCollation(o.Value)}
		}
		if o.Name == "collate" {
			o.Value = collationName(o.Value)
		}
		switch {
		case o.Name == "engine" && o.Value != "innodb",
			o.Name == "collate",
			numberOption(o.Name) && !((o.Name == "transactional" || o.Name == "page_checksum") && o.Value == "1"), // as they are anyway
			o.Name == "row_format" && o.Value != "default" && o.Value != "dynamic":
			out = append(out, o)
		}
	}
	return out
}

// collationName is the name of a collation as the catalog has it.
func collationName(name string) string {
	name = strings.ToLower(name)
	if rest, ok := strings.CutPrefix(name, "utf8_"); ok {
		return "utf8mb3_" + rest
	}
	return name
}

// defaultCollation is the collation that a charset has where none is named.
func defaultCollation(charset string) string {
	switch charset {
	case "utf8":
		return "utf8mb3_general_ci"
	case "binary":
		return "binary"
	case "latin1", "dec8", "swe7":
		return charset + "_swedish_ci"
	case "gbk", "big5", "gb2312", "gb18030":
		return charset + "_chinese_ci"
	case "sjis", "ujis", "cp932", "eucjpms":
		return charset + "_japanese_ci"
	case "euckr":
		return "euckr_korean_ci"
	case "tis620":
		return "tis620_thai_ci"
	case "hp8":
		return "hp8_english_ci"
	}
	return charset + "_general_ci"
}

// numberOption reports whether a table has an option of that name whose value is a number.
func numberOption(name string) bool {
	return slices.Contains([]string{"max_rows", "min_rows", "avg_row_length", "key_block_size", "pack_keys", "checksum", "delay_key_write",
		"stats_persistent", "stats_auto_recalc", "stats_sample_pages", "page_checksum", "transactional"}, name)
}

// SameText compares expressions by what they say: brackets that group nothing, the case of
// words and names, charsets in front of constants, and the servers' own names of functions
// do not count. Two different constants are never the same.
func (Dialect) SameText(a, b ingot.SQLText) bool {
	return a == b || rules.Same(string(a), string(b))
}
