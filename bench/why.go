package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// A cost is what an implementation has spent CPU time on, by part.
type cost struct {
	ops   int
	parts map[string]time.Duration
}

// why prints what an operation spends CPU time on in each implementation, which take turns.
func why(ctx context.Context, s *store, ms []implementation, only []string, rounds int) error {
	for _, w := range workloads {
		if only != nil && !slices.Contains(only, w.name) {
			continue
		}
		var doing []implementation
		var costs []*cost
		for _, m := range ms {
			if _, err := once(ctx, s, w, m, new(int), false); err == nil {
				doing, costs = append(doing, m), append(costs, &cost{parts: map[string]time.Duration{}})
			} else if err != errMissing {
				return fmt.Errorf("%s: %s: %w", w.name, m.name(), err)
			}
		}
		if err := s.findBackends(ctx); err != nil {
			return err
		}
		counters := make([]int, len(doing))
		for range rounds {
			for i, m := range doing {
				if err := costs[i].add(ctx, s, w, m, &counters[i]); err != nil {
					return fmt.Errorf("%s: %s: %w", w.name, m.name(), err)
				}
			}
		}
		printCosts(s.kind+", "+w.name+" "+w.title, doing, costs)
	}
	return nil
}

// add profiles operations for half a second. A goroutine's label says whether it works or
// prepares work.
func (c *cost) add(ctx context.Context, s *store, w workload, m implementation, counter *int) error {
	var out bytes.Buffer
	if err := pprof.StartCPUProfile(&out); err != nil {
		return err
	}
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); c.ops++ {
		var given any
		var err error
		if w.before != nil {
			if given, err = w.before(ctx, s, m, *counter); err != nil {
				return err
			}
		}
		server := s.serverTime()
		pprof.Do(ctx, pprof.Labels("does", "work"), func(context.Context) { _, err = w.run(ctx, m, *counter, given) })
		if err != nil {
			return err
		}
		c.parts["server"] += s.serverTime() - server
		*counter++
	}
	pprof.StopCPUProfile()
	p, err := profile.ParseData(out.Bytes())
	if err != nil {
		return err
	}
	for _, sample := range p.Sample {
		part := partOf(sample)
		if part != "collector" && sample.Label["does"] == nil {
			continue
		}
		c.parts[part] += time.Duration(sample.Value[1])
	}
	return nil
}

// parts are who may be at work, by the beginnings of their functions' names.
var parts = []struct{ begin, part string }{
	{"runtime.gcBgMarkWorker", "collector"}, {"runtime.gcAssistAlloc", "collector"}, {"runtime.bgsweep", "collector"}, {"runtime.bgscavenge", "collector"},
	{"modernc.org/", "driver"}, {"github.com/jackc/", "driver"}, {"database/sql.", "database/sql"},
	{"ingot/bench.", "program"}, {"main.", "program"},
	{"ingot.(*Session).Add", "planning"}, {"ingot.(*Session).collect", "planning"}, {"ingot.(*flush).sort", "planning"},
	{"ingot.(*step)", "text and arguments"},
	{"ingot.(*flush).settle", "snapshots and identity"}, {"ingot.(*admission)", "snapshots and identity"}, {"ingot.(*Session).settled", "snapshots and identity"},
	{"ingot.(*reader)", "scanning"}, {"ingot.(*cell)", "scanning"}, {"ingot.(*int64Cell)", "scanning"}, {"ingot.(*stringCell)", "scanning"},
	{"ingot.", rest},
	{"github.com/", "library"}, {"xorm.io/", "library"}, {"gorm.io/", "library"}, {"entgo.io/", "library"},
}

const rest = "the rest of ingot"

// partOf is the part that a sample belongs to: that of the nearest caller that has one. What
// several parts of ingot call belongs to the part that called it.
func partOf(s *profile.Sample) string {
	found := ""
	for _, l := range s.Location {
		for _, line := range l.Line {
			i := slices.IndexFunc(parts, func(p struct{ begin, part string }) bool { return strings.HasPrefix(line.Function.Name, p.begin) })
			switch {
			case i < 0 || found == rest && !strings.HasPrefix(line.Function.Name, "ingot."):
			case parts[i].part != rest:
				return parts[i].part
			default:
				found = rest
			}
		}
	}
	return cmp.Or(found, "the runtime")
}

func printCosts(title string, ms []implementation, costs []*cost) {
	fmt.Printf("\n| %s: µs of CPU |", title)
	names := []string{}
	for i, m := range ms {
		fmt.Printf(" %s |", m.name())
		for part := range costs[i].parts {
			if !slices.Contains(names, part) {
				names = append(names, part)
			}
		}
	}
	fmt.Printf("\n|---|%s\n", strings.Repeat("---|", len(ms)))
	slices.Sort(names)
	sums := make([]float64, len(ms))
	for _, part := range names {
		fmt.Printf("| %s |", part)
		for i, c := range costs {
			µs := float64(c.parts[part]) / float64(time.Microsecond) / float64(c.ops)
			sums[i] += µs
			fmt.Printf(" %.1f |", µs)
		}
		fmt.Println()
	}
	fmt.Print("| sum |")
	for _, sum := range sums {
		fmt.Printf(" %.1f |", sum)
	}
	fmt.Println()
}
