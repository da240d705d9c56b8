package mysql

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"ingot"
	"ingot/dialects/internal/sequence"
	"ingot/dialects/internal/sqltext"
)

// Sequences are MariaDB's; MySQL has none.

// limits are those of bigint, the ends of which MariaDB keeps for itself. NOCACHE, which is as
// good as CACHE 1, is that.
var limits = sequence.Limits{Low: -math.MaxInt64, High: math.MaxInt64 - 1, Cache: 1000}

// NormalizeSequence clears what is the default.
func (Dialect) NormalizeSequence(q *ingot.Sequence) {
	if *q = limits.Plain(*q); (Dialect{}).CanonicalType(q.Type) == "bigint" {
		q.Type = ""
	}
}

func sequenceName(s ingot.Sequence) ingot.TableName {
	return ingot.TableName{Schema: s.Schema, Name: s.Name}
}

// noSequences is the error for servers, and sequences, that cannot be.
func (w writer) noSequences(s ingot.Sequence) error {
	switch {
	case !isMariaDB(w.srv):
		return fmt.Errorf("sequence %s: MySQL has no sequences, MariaDB has: a script for it wants mysql.MariaDB{} as its dialect", sequenceName(s))
	case s.Type != "" && (Dialect{}).CanonicalType(s.Type) != "bigint":
		return fmt.Errorf("sequence %s: a sequence of MariaDB counts in bigint, not in %s: leave its type out, and say its largest value", sequenceName(s), s.Type)
	}
	return nil
}

func (w writer) createSequence(s ingot.Sequence) ([]string, error) {
	unsaid := limits.Whole(ingot.Sequence{Increment: s.Increment})
	unsaid.Increment = 1
	return []string{"CREATE SEQUENCE " + tableIdent(sequenceName(s)) + sequenceOptions(unsaid, limits.Whole(s))}, w.noSequences(s)
}

func (w writer) alterSequence(old, s ingot.Sequence) ([]string, error) {
	if sequenceName(old) != sequenceName(s) {
		return nil, fmt.Errorf("sequence %s: mysql renames no sequence: drop it and create %s", sequenceName(old), sequenceName(s))
	}
	was, is, name := limits.Whole(old), limits.Whole(s), tableIdent(sequenceName(s))
	options := sequenceOptions(was, is)
	var statements []string
	switch { // the next value has to lie in the new range
	case is.Min > was.Max || is.Max < was.Min: // no value has
		options += fmt.Sprintf(" RESTART WITH %d", is.Start)
	case is.Increment > 0 && was.Increment > 0 && is.Min > was.Min:
		statements = append(statements, moved(name, is.Start, is.Min, was.Max, fmt.Sprintf("< %d", is.Min)))
	case is.Increment < 0 && was.Increment < 0 && is.Max < was.Max:
		statements = append(statements, moved(name, is.Start, is.Max, was.Min, fmt.Sprintf("> %d", is.Max)))
	}
	if options != "" {
		statements = append(statements, "ALTER SEQUENCE "+name+options)
	}
	return statements, w.noSequences(s)
}

// moved takes a sequence that has not come as far as its new range to its new start, or, where
// the old range, which ends at last, does not reach so far, to the first value of both.
func moved(name string, start, first, last int64, short string) string {
	if first <= last && start > last || first >= last && start < last {
		start = first
	}
	return fmt.Sprintf("SELECT SETVAL(%s, %d, 0) FROM %s WHERE next_not_cached_value %s", name, start, name, short)
}

// sequenceOptions writes what differs.
func sequenceOptions(was, is ingot.Sequence) string {
	var b strings.Builder
	for _, o := range []struct {
		word    string
		was, is int64
	}{{"INCREMENT BY", was.Increment, is.Increment}, {"MINVALUE", was.Min, is.Min}, {"MAXVALUE", was.Max, is.Max}, {"START WITH", was.Start, is.Start}} {
		if o.was != o.is {
			fmt.Fprintf(&b, " %s %d", o.word, o.is)
		}
	}
	switch {
	case was.Cache == is.Cache:
	case is.Cache == 1:
		b.WriteString(" NOCACHE")
	default:
		fmt.Fprintf(&b, " CACHE %d", is.Cache)
	}
	switch {
	case is.Cycle && !was.Cycle:
		b.WriteString(" CYCLE")
	case was.Cycle && !is.Cycle:
		b.WriteString(" NOCYCLE")
	}
	return b.String()
}

// readSequences asks each sequence for its options, all in one statement: here it is a table of
// one row.
func (i *inspection) readSequences(ctx context.Context) error {
	queries := make([]string, len(i.sequences))
	for n, s := range i.sequences {
		queries[n] = "SELECT " + strconv.Itoa(n) + ", minimum_value, maximum_value, start_value, increment, cache_size, cycle_option FROM " + tableIdent(s)
	}
	if len(queries) == 0 {
		return nil
	}
	rows, err := i.read(ctx, strings.Join(queries, " UNION ALL "))
	for _, row := range rows {
		n, _ := strconv.Atoi(row[0])
		name := i.sequences[n]
		if typ, ok := i.counts[name]; ok && typ != "bigint" {
			i.unsupported("sequence", name.Schema, name.Name, "it counts in "+string(typ))
			continue
		}
		q := ingot.Sequence{Schema: i.name(name.Schema), Name: name.Name, Min: number(row[1]), Max: number(row[2]), Start: number(row[3]),
			Increment: number(row[4]), Cache: max(number(row[5]), 1), Cycle: row[6] == "1"}
		if q.Increment == 0 {
			i.unsupported("sequence", name.Schema, name.Name, "it counts by auto_increment_increment")
			continue
		}
		Dialect{}.NormalizeSequence(&q)
		i.schema.Sequences = append(i.schema.Sequences, q)
	}
	return err
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// unqualified takes the default database away from the sequences that an expression names:
// MariaDB always says it.
func (i *inspection) unqualified(text ingot.SQLText) ingot.SQLText {
	tokens, ok := lexical.Tokens(string(text))
	if !ok {
		return text
	}
	var b strings.Builder
	at := 0
	for n := 0; n+3 < len(tokens); n++ {
		name := tokens[n+2]
		if slices.ContainsFunc([]string{"nextval", "lastval", "setval"}, tokens[n].Is) && tokens[n+1].Is("(") &&
			name.Kind == sqltext.Name && name.Text == i.home && tokens[n+3].Is(".") {
			b.WriteString(string(text[at:name.Start]))
			at = tokens[n+3].End
		}
	}
	return ingot.SQLText(b.String()) + text[at:]
}
