package ingot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// parseGraph reads revisions as "c1:b;label=c1branch;dep=x,y", separated by spaces.
func parseGraph(text string) []Revision {
	var revs []Revision
	for _, word := range strings.Fields(text) {
		parts := strings.Split(word, ";")
		id, parents, _ := strings.Cut(parts[0], ":")
		r := Revision{ID: id}
		if parents != "" {
			r.Parents = strings.Split(parents, ",")
		}
		for _, p := range parts[1:] {
			name, value, _ := strings.Cut(p, "=")
			if name == "label" {
				r.Labels = strings.Split(value, ",")
			} else {
				r.DependsOn = strings.Split(value, ",")
			}
		}
		revs = append(revs, r)
	}
	return revs
}

const (
	graphL  = "a b:a c:b d:c e:d"
	graphB  = "a b:a c1:b;label=c1branch d1:c1 c2:b;label=c2branch d2:c2"
	graphM  = "a b:a c1:b d1:c1 c2:b;label=c2branch d2:c2 e:d1,d2 f:e"
	graphP  = "a1 b1:a1 c1:b1 a2 b2:a2 c2:b2 d1:c1,c2 d2:c2"
	graph2  = "a1 a2 a3 amerge:a1,a2,a3 b1 b2 bmerge:b1,b2 c1 c2 c3 cmerge:c1,c2,c3 d1;dep=a3,b2,c1"
	graph3  = "a1 a2:a1 b1 b2:b1;dep=a2 b3:b2 a3:a2;dep=b1"
	graph4  = "a1 a2:a1 a3:a2 b1 b2:b1;dep=a3 b3:b2 b4:b3;dep=a3"
	graph5  = "a1 b1;dep=a1 bmerge:a1,b1"
	graphW  = "a b1:a b2:a b3:a c1:b1,b2,b3 c2:b1,b2,b3 d1:c1 d2:c2"
	graphD  = "a1;label=lib1 b1:a1 c1:b1;label=c1lib a2 b2:a2 c2:b2;dep=c1lib d1:c1 e1:d1 f1:e1"
	graphX  = "a b:a c1:b;label=c1branch d1:c1 c2:b;label=c2branch d2:c2;dep=c1"
	graph3W = "a1 b1:a1 c1:b1 a2 b2:a2 c2:b2 a3 b3:a3 c3:b3 d1:c1,c2,c3 d2:c2 d3:c3"
)

func mustGraph(t testing.TB, text string) *graph {
	t.Helper()
	g, err := newGraph(parseGraph(text))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *graph) mustHeads(t testing.TB, text string) []*node {
	t.Helper()
	var heads []*node
	for _, id := range strings.Fields(text) {
		if g.byID[id] == nil {
			t.Fatalf("no revision %s", id)
		}
		heads = append(heads, g.byID[id])
	}
	return heads
}

func spaced(ns []*node) string { return strings.Join(ids(ns), " ") }

func TestPlansFollowAlembic(t *testing.T) {
	const up, down = "up", "down"
	for _, tt := range []struct{ graph, from, dir, target, want, heads, err string }{
		// VG-01, VG-02: a line
		{graphL, "c", up, "e", "d e", "e", ""},
		{graphL, "", up, "c", "a b c", "c", ""},
		{graphL, "a", up, "+2", "b c", "c", ""},
		{graphL, "b", up, "+3", "c d e", "e", ""},
		{graphL, "a", up, "b+2", "b c d", "d", ""},
		{graphL, "a", up, "d-2", "b", "b", ""},
		{graphL, "e", up, "head", "", "e", ""},
		{graphL, "e", up, "c", "", "e", ""},
		{graphL, "", up, "base+1", "a", "a", ""},
		{graphL, "", up, "+1", "a", "a", ""},
		{graphL, "b", up, "current+1", "c", "c", ""},
		{graphL, "b", up, "+5", "", "", "ingot: relative revision +5 didn't produce 5 migrations"},
		{graphL, "b", up, "-2", "", "", "ingot: relative revision -2 didn't produce 2 migrations"},
		{graphL, "b", down, "-5", "", "", "ingot: relative revision -5 didn't produce 5 migrations"},
		{graphL, "", down, "-1", "", "", "ingot: relative revision -1 didn't produce 1 migrations"},
		{graphL, "b", down, "+2", "", "", "ingot: relative revision +2 didn't produce 2 migrations"},
		// VG-03: down a line
		{graphL, "e", down, "c", "e d", "c", ""},
		{graphL, "c", down, "base", "c b a", "", ""},
		{graphL, "c", down, "-1", "c", "b", ""},
		{graphL, "e", down, "-3", "e d c", "b", ""},
		{graphL, "d", down, "a+2", "d", "c", ""},
		{graphL, "d", down, "c-2", "d c b", "a", ""},
		{graphL, "", down, "base", "", "", ""},
		{graphL, "a", down, "a", "", "a", ""},
		{graphL, "e", down, "e", "", "e", ""},
		{graphL, "", down, "b", "", "", "ingot: b is not a valid target of a downgrade from base"},
		{graphL, "b", down, "c", "", "", "ingot: c is not a valid target of a downgrade from current head(s) b"},
		// VG-05: branches
		{graphB, "b", up, "d1", "c1 d1", "d1", ""},
		{graphB, "a", up, "heads", "b c2 d2 c1 d1", "d1 d2", ""},
		{graphB, "a", up, "head", "", "", `ingot: multiple heads for "head": d1, d2; write branch@head for one of them, heads for all, or merge them`},
		{graphB, "d1 d2", down, "a", "d1 c1 d2 c2 b", "a", ""},
		{graphB, "d1 d2", down, "base+2", "d1 c1 d2 c2", "b", ""},
		{graphB, "d1 d2", down, "c2branch@base+2", "d2 c2", "d1", ""},
		{graphB, "d1 d2", down, "c2", "d2", "c2 d1", ""},
		{graphB, "d1 d2", down, "c2branch@base+3", "d2", "c2 d1", ""},
		{graphB, "d1 d2", down, "c1branch@-1", "d1", "c1 d2", ""},
		{graphB, "d1 d2", down, "-1", "", "", "ingot: ambiguous downgrade from multiple current revisions (d1, d2): write branch@-1"},
		{graphB, "c1 d2", down, "d2-1", "d2", "c1 c2", ""},
		{graphB, "c1 d2", down, "c1branch@b", "c1", "d2", ""},
		{graphB, "c1 d2", down, "c2branch@b", "d2 c2", "c1", ""},
		{graphB, "d1 d2", down, "c2@b", "d2 c2", "d1", ""},
		{graphB, "d1 d2", down, "d1@b", "d1 c1", "d2", ""},
		{graphB, "d1 d2", down, "c1branch@head-1", "d1", "c1 d2", ""},
		{graphB, "c2 d1", down, "c2", "", "c2 d1", ""},
		{graphB, "c2 d1", down, "d1", "", "c2 d1", ""},
		{graphB, "a", down, "-1", "a", "", ""},
		// VG-06
		{graphB, "c1", up, "c2branch@+1", "c2", "c1 c2", ""},
		{graphB, "c1 c2", up, "c2branch@+1", "d2", "c1 d2", ""},
		{graphB, "b", up, "c2branch@head-1", "c2", "c2", ""},
		{graphB, "b", up, "c2branch@head", "c2 d2", "d2", ""},
		{graphB, "c1 c2", up, "+1", "", "", "ingot: ambiguous upgrade from multiple current revisions (c1, c2): write branch@+1"},
		{graphB, "b", up, "+1", "", "", "ingot: ambiguous walk: b is followed by c1, c2; name a branch: branch@+1"},
		// VG-07: a forest
		{"a1 b1:a1 a2 b2:a2", "", up, "heads", "a2 b2 a1 b1", "b1 b2", ""},
		// VG-08: merges
		{graphM, "b", up, "f", "c2 d2 c1 d1 e f", "f", ""},
		{graphM, "f", down, "b", "f e d1 c1 d2 c2", "b", ""},
		{graphM, "d1 d2", up, "+1", "", "", "ingot: ambiguous upgrade from multiple current revisions (d1, d2): write branch@+1"},
		{graphM, "e", down, "-1", "", "", "ingot: ambiguous walk: e merges d1, d2; name the one to go to"},
		{graphP, "b1 d2", up, "d1", "c1 d1", "d1 d2", ""},
		{graphP, "d1 d2", down, "b1", "d1 c1", "b1 d2", ""},
		{graph3W, "b1 d2 d3", up, "d1", "c1 d1", "d1 d2 d3", ""},
		{graph3W, "b1 b2 d3", up, "d1", "c2 c1 d1", "d1 d3", ""},
		{graph3W, "d1 d3", up, "d2", "d2", "d1 d2 d3", ""},
		{graph3W, "d1 d2 d3", down, "b1", "d1 c1", "b1 d2 d3", ""},
		// VG-10: depends on a label
		{graphD, "a2", up, "c2", "a1 b1 c1 b2 c2", "c2", ""},
		{graphD, "c2 d1", down, "c1", "d1", "c2", ""},
		// VG-11: implied heads come back
		{graph2, "amerge bmerge cmerge d1", down, "b2", "bmerge", "amerge b1 cmerge d1", ""},
		{graph2, "amerge d1 b1 cmerge", down, "d1@base", "d1", "amerge b1 b2 cmerge", ""},
		{graph2, "amerge b1 b2 cmerge", down, "base", "amerge a1 b1 b2 cmerge c1 a2 a3 c2 c3", "", ""},
		{graph5, "a1", up, "b1", "b1", "b1", ""},
		{graph5, "b1", up, "bmerge", "bmerge", "bmerge", ""},
		{graph5, "bmerge", down, "a1", "bmerge", "b1", ""},
		{graph5, "bmerge", down, "b1", "bmerge", "b1", ""},
		// VG-12: crisscross, redundant dependencies
		{graph3, "a3 b2", down, "b1", "b2", "a3", ""},
		{graph4, "b4", down, "b3", "b4", "b3", ""},
		{"a1 a2:a1;dep=a1", "", up, "a2", "a1 a2", "a2", ""},
		{"a1 a2:a1;dep=a1", "a2", down, "a1", "a2", "a1", ""},
		{graphX, "d1 d2", down, "c2branch@b", "d2 c2", "d1", ""},
		{graphX, "d1 d2", down, "c1branch@b", "d1 d2 c1", "c2", ""},
		// VG-14: finding
		{graphL, "", up, "nope1", "", "", `ingot: can't locate revision "nope1"`},
		{graphL, "", up, "x", "", "", `ingot: can't locate revision "x"; the beginning of an ID needs at least four characters`},
		{graphB, "", up, "c3branch@head", "", "", `ingot: no such branch: "c3branch" (labels: c1branch, c2branch)`},
		{graphB, "", up, "c2branch@c1", "", "", "ingot: revision c1 is not a member of branch c2branch"},
	} {
		t.Run(fmt.Sprintf("{%s} %s %s", tt.from, tt.dir, tt.target), func(t *testing.T) {
			g := mustGraph(t, tt.graph)
			applied := g.closure(g.mustHeads(t, tt.from))
			var plan []*node
			var err error
			if tt.dir == up {
				plan, err = g.planUpgrade(applied, tt.target)
			} else {
				plan, err = g.planDowngrade(applied, tt.target)
			}
			if got := spaced(plan); got != tt.want || errString(err) != tt.err {
				t.Fatalf("%s %s from {%s} of %q\n got %q, %v\nwant %q, %v", tt.dir, tt.target, tt.from, tt.graph, got, err, tt.want, tt.err)
			}
			for _, n := range plan {
				if tt.dir == up {
					applied.add(n)
				} else {
					applied.remove(n)
				}
			}
			if got := spaced(g.headsOf(applied)); err == nil && got != tt.heads {
				t.Errorf("heads are {%s}, want {%s}", got, tt.heads)
			}
		})
	}
}

func errString(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestHeadsFollowEachStepOfTwinMerges(t *testing.T) { // VG-09
	g := mustGraph(t, graphW)
	applied := g.closure(g.mustHeads(t, "a"))
	for _, step := range []struct{ id, heads string }{
		{"b3", "b3"}, {"b1", "b1 b3"}, {"b2", "b1 b2 b3"}, {"c2", "c2"}, {"d2", "d2"}, {"c1", "c1 d2"}, {"d1", "d1 d2"},
	} {
		applied.add(g.byID[step.id])
		if got := spaced(g.headsOf(applied)); got != step.heads {
			t.Errorf("after %s: heads {%s}, want {%s}", step.id, got, step.heads)
		}
	}
}

func TestFindRevision(t *testing.T) { // VG-14
	g := mustGraph(t, "abcd01;label=ebranch abcd02:abcd01 abce03:abcd02 xyz:abce03 abcd04:abcd01 abcd05:abcd04")
	for _, tt := range []struct{ id, branch, want, err string }{
		{"abcd01", "", "abcd01", ""},
		{"abce", "", "abce03", ""},
		{"xyz", "", "xyz", ""},
		{"ebranch", "", "abcd01", ""},
		{"abc", "", "", `ingot: can't locate revision "abc"; the beginning of an ID needs at least four characters`},
		{"abcd", "", "", "ingot: several revisions begin with abcd: abcd01, abcd02, abcd04, …"},
		{"abcdef", "", "", `ingot: can't locate revision "abcdef"`},
		{"abce03", "abcd04", "", "ingot: revision abce03 is not a member of branch abcd04"},
	} {
		n, err := g.find(tt.id, tt.branch)
		if got := nodeName(n); err == nil && got != tt.want || errString(err) != tt.err {
			t.Errorf("find(%q, %q) = %v, %v; want %q, %q", tt.id, tt.branch, nodeName(n), err, tt.want, tt.err)
		}
	}
}

func TestGraphRefusesMistakes(t *testing.T) { // VG-15
	for _, tt := range []struct{ graph, want string }{
		{"a:a", "ingot: cycle of revisions: a -> a"},
		{"a:c b:a c:b", "ingot: cycle of revisions: a -> c -> b -> a"},
		{"a b:a x:z y:x z:y", "ingot: cycle of revisions: x -> z -> y -> x"},
		{"a;dep=a", "ingot: dependency cycle of revisions: a -> a"},
		{"a;dep=b b:a", "ingot: dependency cycle of revisions: a -> b -> a"},
		{"a a", `ingot: revision a is there twice ("" and ""): give one of them another ID`},
		{"a:x b:y", "ingot: revision a: its parent x is not among the revisions of this program; is the file missing?\n" +
			"ingot: revision b: its parent y is not among the revisions of this program; is the file missing?"},
		{"a;dep=q", "ingot: revision a: it depends on q, which is neither a revision nor a label of this program"},
		{"a;label=x b:a;label=x", `ingot: revision b: label "x" is already used by revision a`},
		{"a;label=b b:a", `ingot: revision a: label "b" is already used by revision b`},
		{"head", `ingot: revision "head": this word has a meaning of its own`},
		{"a-1", `ingot: revision "a-1": may not contain spaces, quotes, slashes or any of @ + - : ,`},
		{"a ab:a abc:ab", ""}, // ids may be parts of each other
	} {
		if _, err := newGraph(parseGraph(tt.graph)); errString(err) != tt.want {
			t.Errorf("newGraph(%q):\n got %v\nwant %v", tt.graph, err, tt.want)
		}
	}
}

func TestOverlappingTargets(t *testing.T) { // VG-17
	g := mustGraph(t, graphB)
	if plan, err := g.planUpgrade(g.set(), "d1", "d1"); err != nil || spaced(plan) != "a b c1 d1" {
		t.Errorf("the same target twice: %s, %v", spaced(plan), err)
	}
	_, err := g.planUpgrade(g.set(), "d1", "c1")
	if want := "ingot: revision d1 overlaps with c1: the one contains the other"; errString(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestRanges(t *testing.T) { // VG-16, CL-05
	for _, tt := range []struct{ graph, current, low, high, want, err string }{
		{graphL, "c", "a", "c", "c b a", ""},
		{graphL, "c", "", "b", "b a", ""},
		{graphL, "c", "b", "", "e d c b", ""},
		{graphL, "c", "-2", "c", "c b a", ""},
		{graphL, "c", "c", "+2", "e d c", ""},
		{graphL, "c", "current", "", "e d c", ""},
		{graphL, "c", "", "current", "c b a", ""},
		{graphL, "c", "-9", "c", "c b a", ""},
		{graphL, "c", "", "", "e d c b a", ""},
		{graphB, "c1", "d2", "d1", "", "ingot: revision d2 is not an ancestor of d1"},
		{graphB, "c1", "b", "c2branch@head", "d2 c2 b", ""},
	} {
		g := mustGraph(t, tt.graph)
		got, err := g.between(tt.low, tt.high, g.closure(g.mustHeads(t, tt.current)), true)
		if spaced(got) != tt.want || errString(err) != tt.err {
			t.Errorf("%s:%s of %q = %q, %v; want %q, %q", tt.low, tt.high, tt.graph, spaced(got), err, tt.want, tt.err)
		}
	}
}

func TestLabelsSpreadAlongTheirBranch(t *testing.T) {
	g := mustGraph(t, "a b:a c1:b d1:c1;label=one e1:d1 c2:b")
	for id, want := range map[string]string{"a": "", "b": "", "c1": "one", "d1": "one", "e1": "one", "c2": ""} {
		if got := strings.Join(g.byID[id].names, " "); got != want {
			t.Errorf("labels of %s = %q, want %q", id, got, want)
		}
	}
}

// VG-18: plans do not depend on the order of registration, put what is needed first, and
// lead back to where they began, from every point on the way.
func TestPlansOfRandomGraphs(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var revs []Revision
		pick := func() (ids []string) {
			for range rnd.IntN(3) {
				if len(revs) > 0 {
					ids = append(ids, revs[rnd.IntN(len(revs))].ID)
				}
			}
			return slices.Compact(ids)
		}
		for i := range 2 + rnd.IntN(14) {
			r := Revision{ID: fmt.Sprintf("r%02d", (i*7)%31), Parents: pick()}
			if rnd.IntN(3) == 0 {
				r.DependsOn = pick()
			}
			revs = append(revs, r)
		}
		g, err := newGraph(revs)
		if err != nil {
			t.Fatal(err)
		}
		start := g.set()
		for range rnd.IntN(3) {
			start.addAll(g.nodes[rnd.IntN(len(g.nodes))].above)
		}
		before := spaced(g.headsOf(start))
		plan, err := g.planUpgrade(start, "heads")
		if err != nil {
			t.Fatal(err)
		}
		shuffled := slices.Clone(revs)
		rnd.Shuffle(len(revs), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		g2, _ := newGraph(shuffled)
		if plan2, _ := g2.planUpgrade(start, "heads"); spaced(plan2) != spaced(plan) {
			t.Fatalf("seed %d: plan depends on the order of registration: %s and %s", seed, spaced(plan), spaced(plan2))
		}
		applied := slices.Clone(start)
		for i, n := range plan {
			for _, d := range append(slices.Clone(n.parents), n.deps...) {
				if !applied.has(d) {
					t.Fatalf("seed %d: %s comes before %s, which it needs", seed, n.ID, d.ID)
				}
			}
			applied.add(n)
			back := slices.Clone(applied)
			for _, m := range slices.Backward(plan[:i+1]) {
				if !slices.Contains(g.headsOf(back), m) {
					t.Fatalf("seed %d: %s is undone while something needs it", seed, m.ID)
				}
				back.remove(m)
			}
			if got := spaced(g.headsOf(back)); got != before {
				t.Fatalf("seed %d: back at {%s}, began at {%s}", seed, got, before)
			}
		}
		down, err := g.planDowngrade(applied, "base")
		if err != nil || len(down) != len(g.nodes) {
			t.Fatalf("seed %d: downgrade of everything: %s, %v", seed, spaced(down), err)
		}
		for _, n := range down {
			if !slices.Contains(g.headsOf(applied), n) {
				t.Fatalf("seed %d: downgrade takes %s while something needs it", seed, n.ID)
			}
			applied.remove(n)
		}
	}
}
