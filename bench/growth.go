package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"ingot"
)

// Growth: what twice as many rows cost. Each piece of work is prepared, untimed, for n rows
// and then run once.

// A growthWork is one piece of work of a size that is given.
type growthWork struct {
	name string
	// prepare brings the database to the state that the work needs and returns the work.
	prepare func(ctx context.Context, s *store, db *ingot.DB, n int) (run func() error, err error)
}

var growthWorks = []growthWork{
	{"read n rows, DB", func(ctx context.Context, s *store, db *ingot.DB, n int) (func() error, error) {
		return func() error { return readWide(ctx, db, n) }, s.fillWide(ctx, n)
	}},
	{"read n rows, session", func(ctx context.Context, s *store, db *ingot.DB, n int) (func() error, error) {
		return func() error {
			session := db.Session()
			defer session.Close()
			return readWide(ctx, session, n)
		}, s.fillWide(ctx, n)
	}},
	{"load n children of n/5 parents", func(ctx context.Context, s *store, db *ingot.DB, n int) (func() error, error) {
		if err := addGraph(ctx, s, db, n); err != nil {
			return nil, err
		}
		return func() error {
			session := db.Session()
			defer session.Close()
			got, err := allAuthors(ctx, session)
			if err != nil {
				return err
			}
			if as := got.([]*ingotAuthor); len(as) != n/children || len(as[n/children-1].Books) != children {
				return fmt.Errorf("%d authors, want %d with %d books each", len(as), n/children, children)
			}
			return nil
		}, nil
	}},
	{"flush n new rows in a graph", func(ctx context.Context, s *store, db *ingot.DB, n int) (func() error, error) {
		return func() error { return addGraph(ctx, s, db, n) }, s.emptyGraph(ctx)
	}},
	{"flush n changed rows", func(ctx context.Context, s *store, db *ingot.DB, n int) (func() error, error) {
		return changeWide(ctx, s, db, n, n)
	}},
	{"flush 10 changed rows of n", func(ctx context.Context, s *store, db *ingot.DB, n int) (func() error, error) {
		return changeWide(ctx, s, db, n, 10)
	}},
	{"delete n/5 parents with n children", func(ctx context.Context, s *store, db *ingot.DB, n int) (func() error, error) {
		if err := addGraph(ctx, s, db, n); err != nil {
			return nil, err
		}
		session := db.Session()
		got, err := allAuthors(ctx, session)
		if err != nil {
			return nil, err
		}
		return func() error {
			defer session.Close()
			for _, a := range got.([]*ingotAuthor) {
				if err := session.Delete(a); err != nil {
					return err
				}
			}
			return session.Commit(ctx)
		}, nil
	}},
}

func readWide(ctx context.Context, r ingot.Runner, n int) error {
	got, err := allWide(ctx, r)
	if err == nil && len(got.([]*ingotWide)) != n {
		err = fmt.Errorf("%d rows, want %d", len(got.([]*ingotWide)), n)
	}
	return err
}

// addGraph adds n books of n/5 authors to what was emptied first.
func addGraph(ctx context.Context, s *store, db *ingot.DB, n int) error {
	if err := s.emptyGraph(ctx); err != nil {
		return err
	}
	session := db.Session()
	defer session.Close()
	for range n / children {
		a := &ingotAuthor{Name: "author"}
		for range children {
			a.Books = append(a.Books, &ingotBook{Title: "book", Pages: 100})
		}
		if err := session.Add(a); err != nil {
			return err
		}
	}
	return session.Commit(ctx)
}

// changeWide loads n rows; the work is to change some of them and commit.
func changeWide(ctx context.Context, s *store, db *ingot.DB, n, some int) (func() error, error) {
	if err := s.fillWide(ctx, n); err != nil {
		return nil, err
	}
	session := db.Session()
	got, err := allWide(ctx, session)
	if err != nil {
		return nil, err
	}
	return func() error {
		defer session.Close()
		for i, w := range got.([]*ingotWide)[:some] {
			w.A += int64(i) + 1
		}
		return session.Commit(ctx)
	}, nil
}

// A growthLine is the time of a piece of work at each size.
type growthLine struct {
	name  string
	times []time.Duration
}

var growthSizes = []int{100, 1_000, 10_000, 100_000}

// plotGrowth measures every piece of work at every size, three times, and draws the least
// time of each.
func plotGrowth(ctx context.Context, file, kind string) error {
	s, err := openStore(ctx, kind)
	if err != nil {
		return err
	}
	defer func() {
		s.db.Close()
		_ = s.drop()
	}()
	sqldb, db, err := openIngot(s)
	if err != nil {
		return err
	}
	defer sqldb.Close()
	var lines []growthLine
	for _, w := range growthWorks {
		line := growthLine{name: w.name}
		for _, n := range growthSizes {
			least := time.Duration(math.MaxInt64)
			for range 3 {
				run, err := w.prepare(ctx, s, db, n)
				if err != nil {
					return fmt.Errorf("%s, %d: %w", w.name, n, err)
				}
				start := now(s)
				if err := run(); err != nil {
					return fmt.Errorf("%s, %d: %w", w.name, n, err)
				}
				least = min(least, now(s)-start)
			}
			line.times = append(line.times, least)
			fmt.Printf("%s, %d: %v\n", w.name, n, least)
		}
		lines = append(lines, line)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	drawGrowth(f, kind, lines)
	return f.Close()
}

// drawGrowth draws lines with both axes logarithmic, so that what grows in proportion is
// parallel to the diagonal.
func drawGrowth(out io.Writer, kind string, lines []growthLine) {
	const width, height, left, top, right, bottom = 860, 520, 70, 40, 270, 50
	plotWidth, plotHeight := float64(width-left-right), float64(height-top-bottom)
	low, high := math.Inf(1), math.Inf(-1)
	for _, l := range lines {
		for _, t := range l.times {
			low, high = min(low, math.Log10(t.Seconds())), max(high, math.Log10(t.Seconds()))
		}
	}
	low, high = math.Floor(low), math.Ceil(high)
	first, last := math.Log10(float64(growthSizes[0])), math.Log10(float64(growthSizes[len(growthSizes)-1]))
	x := func(n int) float64 { return left + (math.Log10(float64(n))-first)/(last-first)*plotWidth }
	y := func(log float64) float64 { return top + (high-log)/(high-low)*plotHeight }
	p := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	p(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`, width, height)
	p(`<rect width="100%%" height="100%%" fill="white"/>`)
	p(`<text x="%d" y="24" font-size="15">Time by number of rows, %s</text>`, left, kind)
	for log := low; log <= high; log++ {
		p(`<line x1="%d" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#ddd"/>`, left, left+plotWidth, y(log), y(log))
		p(`<text x="%d" y="%.1f" text-anchor="end">%v</text>`, left-8, y(log)+4, time.Duration(math.Round(math.Pow(10, log+9))))
	}
	for _, n := range growthSizes {
		p(`<line x1="%.1f" x2="%.1f" y1="%d" y2="%.1f" stroke="#ddd"/>`, x(n), x(n), top, top+plotHeight)
		p(`<text x="%.1f" y="%.1f" text-anchor="middle">%d</text>`, x(n), top+plotHeight+18, n)
	}
	colours := []string{"#1b6ca8", "#0aa37f", "#b8336a", "#e07a1f", "#6a4c93", "#444444", "#a0522d"}
	for i, l := range lines {
		colour := colours[i%len(colours)]
		points := ""
		for k, t := range l.times {
			points += fmt.Sprintf("%.1f,%.1f ", x(growthSizes[k]), y(math.Log10(t.Seconds())))
		}
		p(`<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`, points, colour)
		p(`<rect x="%.1f" y="%d" width="12" height="12" fill="%s"/>`, left+plotWidth+16, top+22*i, colour)
		p(`<text x="%.1f" y="%d">%s</text>`, left+plotWidth+34, top+22*i+11, l.name)
	}
	p(`</svg>`)
}
