// Package sequence knows what follows from what a sequence does not say.
package sequence

import (
	"cmp"

	"ingot"
)

// Limits are what a database takes where a sequence says nothing: the numbers it may count
// through, and how many it hands out ahead.
type Limits struct{ Low, High, Cache int64 }

// Whole says what the defaults are.
func (l Limits) Whole(s ingot.Sequence) ingot.Sequence {
	s.Increment, s.Cache = cmp.Or(s.Increment, 1), cmp.Or(s.Cache, l.Cache)
	if s.Increment > 0 {
		s.Min, s.Max = cmp.Or(s.Min, 1), cmp.Or(s.Max, l.High)
		s.Start = cmp.Or(s.Start, s.Min)
	} else {
		s.Min, s.Max = cmp.Or(s.Min, l.Low), cmp.Or(s.Max, -1)
		s.Start = cmp.Or(s.Start, s.Max)
	}
	return s
}

// Plain clears what is the default, so that it does not matter whether it was said.
func (l Limits) Plain(s ingot.Sequence) ingot.Sequence {
	clear := func(value *int64, plain int64) {
		if *value == plain {
			*value = 0
		}
	}
	unset := s
	unset.Start = 0
	clear(&s.Start, l.Whole(unset).Start)
	unset.Min, unset.Max = 0, 0
	first := l.Whole(unset)
	clear(&s.Min, first.Min)
	clear(&s.Max, first.Max)
	clear(&s.Increment, 1)
	clear(&s.Cache, l.Cache)
	return s
}
