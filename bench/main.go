// Command bench runs the same work in hand-written database/sql, in ingot and in its peers,
// in turns within short slices, and prints ratios to the hand-written one.
//
//	go run -C bench . [-db sqlite,pg] [-only W4,W5] [-rounds 20] [-impl raw,ingot]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// now is the clock: the time since the program started, or what it and the server's
// processes that serve it have used of the CPU.
var now = func(*store) time.Duration { return time.Since(started) }

var started = time.Now()

func cpuTime(s *store) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano()+u.Stime.Nano()) + s.serverTime()
}

// serverTime is what the server's processes that serve the store have used of the CPU.
func (s *store) serverTime() (d time.Duration) {
	for _, pid := range s.backends {
		stat, _ := os.ReadFile("/proc/" + pid + "/schedstat") // time on the CPU first, in ns
		first, _, _ := strings.Cut(string(stat), " ")
		ns, _ := strconv.ParseInt(first, 10, 64)
		d += time.Duration(ns)
	}
	return d
}

type opener func(context.Context, *store) (implementation, error)

// implementations are all of them, the hand-written one first: everything is a ratio to it.
func implementations() []opener {
	return withEnt([]opener{newRaw, newIngotDB, newIngotSession, newSqlx, newBun, newGorm, newXorm})
}

func main() {
	dbs := flag.String("db", "sqlite,pg", "databases")
	only := flag.String("only", "", "workloads, such as W4,W5; empty: all")
	impl := flag.String("impl", "", "implementations beside raw; empty: all")
	rounds := flag.Int("rounds", 20, "rounds; a ratio is the median over them")
	slice := flag.Duration("slice", 20*time.Millisecond, "time of one implementation's turn")
	clock := flag.String("clock", "wall", "what is measured: wall, or cpu (of this process and of the processes of a PostgreSQL on this machine that serve it: steadier beside other load)")
	grow := flag.String("growth", "", "file for a plot (SVG) of how times grow with the number of rows, instead of the table")
	parts := flag.Bool("why", false, "what an operation spends CPU time on, in place of ratios; half a second a round")
	profile := flag.String("cpuprofile", "", "file for a CPU profile")
	flag.Parse()
	if *clock == "cpu" {
		now = cpuTime
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	ctx := context.Background()
	if *grow != "" {
		if err := plotGrowth(ctx, *grow, strings.Split(*dbs, ",")[0]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	for _, kind := range strings.Split(*dbs, ",") {
		if err := run(ctx, kind, list(*only), list(*impl), *rounds, *slice, *parts); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// openAll opens the implementations wanted, raw always among them.
func openAll(ctx context.Context, s *store, want []string) ([]implementation, error) {
	var out []implementation
	for i, open := range implementations() {
		m, err := open(ctx, s)
		if err != nil {
			return nil, err
		}
		if i > 0 && want != nil && !slices.Contains(want, m.name()) {
			_ = m.close()
			continue
		}
		out = append(out, m)
	}
	return out, nil
}

func run(ctx context.Context, kind string, only, want []string, rounds int, slice time.Duration, parts bool) (err error) {
	s, err := openStore(ctx, kind)
	if err != nil {
		return err
	}
	defer func() {
		s.db.Close()
		if e := s.drop(); err == nil {
			err = e
		}
	}()
	ms, err := openAll(ctx, s, want)
	if err != nil {
		return err
	}
	defer func() {
		for _, m := range ms {
			_ = m.close()
		}
	}()
	if parts {
		return why(ctx, s, ms, only, rounds)
	}
	fmt.Printf("\n%s: ratio to raw (allocations per operation)\n\n| work | raw |", kind)
	for _, m := range ms[1:] {
		fmt.Printf(" %s |", m.name())
	}
	fmt.Printf("\n|---|---|%s\n", strings.Repeat("---|", len(ms)-1))
	for _, w := range workloads {
		if only != nil && !slices.Contains(only, w.name) {
			continue
		}
		r, err := measure(ctx, s, w, ms, rounds, slice)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		fmt.Printf("| %s %s | %v (%d) |", w.name, w.title, r[0].time.Round(10*time.Nanosecond), r[0].allocs)
		for _, x := range r[1:] {
			if x.missing {
				fmt.Print(" – |")
				continue
			}
			fmt.Printf(" %.2f (%d) |", x.ratio, x.allocs)
		}
		fmt.Println()
	}
	return nil
}

// A result is what one implementation needed for one operation of a workload.
type result struct {
	time    time.Duration // lower quartile
	ratio   float64       // median of the ratios to raw within each round
	allocs  int64
	missing bool
}

// measure lets the implementations take turns for some rounds, in rotating order.
func measure(ctx context.Context, s *store, w workload, ms []implementation, rounds int, slice time.Duration) ([]result, error) {
	times := make([][]time.Duration, len(ms))
	results := make([]result, len(ms))
	counters := make([]int, len(ms))
	for i, m := range ms {
		_, err := once(ctx, s, w, m, &counters[i], true)
		if err == errMissing {
			results[i].missing = true
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name(), err)
		}

		if results[i].allocs, err = allocations(ctx, s, w, m, &counters[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name(), err)
		}
	}
	if err := s.findBackends(ctx); err != nil {
		return nil, err
	}
	for round := range rounds {
		for k := range ms {
			i := (k + round) % len(ms)
			if results[i].missing {
				continue
			}
			d, err := turn(ctx, s, w, ms[i], &counters[i], slice)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", ms[i].name(), err)
			}
			times[i] = append(times[i], d)
		}
	}
	for i := range ms {
		if results[i].missing {
			continue
		}
		ratios := make([]float64, rounds)
		for r := range rounds {
			ratios[r] = float64(times[i][r]) / float64(times[0][r])
		}
		slices.Sort(ratios)
		results[i].ratio = ratios[rounds/2]
		slices.Sort(times[i])
		results[i].time = times[i][rounds/4]
	}
	return results, nil
}

var errMissing = fmt.Errorf("not implemented")

// turn lets one implementation work for a slice of time and returns the time of one
// operation. What needs no preparing is timed by the dozen, because the clock has a cost of
// its own.
func turn(ctx context.Context, s *store, w workload, m implementation, counter *int, slice time.Duration) (time.Duration, error) {
	var spent time.Duration
	n, together := 0, 1
	for spent < slice {
		if w.before != nil {
			d, err := once(ctx, s, w, m, counter, false)
			if err != nil {
				return 0, err
			}
			spent += d
			n++
			continue
		}
		start := now(s)
		for range together {
			if _, err := w.run(ctx, m, *counter, nil); err != nil {
				return 0, err
			}
			*counter++
		}
		d := now(s) - start
		spent += d
		n += together
		if d < slice/8 {
			together *= 2
		}
	}
	return spent / time.Duration(n), nil
}

// once prepares and runs one operation and returns its time.
func once(ctx context.Context, s *store, w workload, m implementation, counter *int, check bool) (time.Duration, error) {
	i := *counter
	*counter++
	var given any
	var err error
	if w.before != nil {
		if given, err = w.before(ctx, s, m, i); err != nil {
			return 0, err
		}
	}
	start := now(s)
	got, err := w.run(ctx, m, i, given)
	d := now(s) - start
	if err != nil {
		return 0, err
	}
	if check && w.check != nil {
		err = w.check(ctx, s, got, i)
	}
	return d, err
}

// allocations counts the allocations of one operation, the least of some tries.
func allocations(ctx context.Context, s *store, w workload, m implementation, counter *int) (int64, error) {
	least := int64(-1)
	var before, after runtime.MemStats
	for range 5 {
		i := *counter
		*counter++
		var given any
		var err error
		if w.before != nil {
			if given, err = w.before(ctx, s, m, i); err != nil {
				return 0, err
			}
		}
		runtime.ReadMemStats(&before)
		if _, err = w.run(ctx, m, i, given); err != nil {
			return 0, err
		}
		runtime.ReadMemStats(&after)
		if n := int64(after.Mallocs - before.Mallocs); least < 0 || n < least {
			least = n
		}
	}
	return least, nil
}
