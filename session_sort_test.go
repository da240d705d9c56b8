package ingot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func orderingOf(n int, edges ...[2]int) *ordering {
	g := newOrdering(n)
	for _, e := range edges {
		g.edge(e[0], e[1])
	}
	return g
}

func TestOrderingSort(t *testing.T) {
	for _, tt := range []struct {
		name         string
		g            *ordering
		order, cycle []int
	}{
		{"nodes without edges keep their order", orderingOf(4), []int{0, 1, 2, 3}, nil},
		{"an edge moves only what it must", orderingOf(4, [2]int{3, 1}), []int{0, 2, 3, 1}, nil},
		{"an edge given twice counts once", orderingOf(2, [2]int{1, 0}, [2]int{1, 0}), []int{1, 0}, nil},
		{"a cycle is named from its smallest node on", orderingOf(5, [2]int{4, 1}, [2]int{1, 3}, [2]int{3, 4}, [2]int{0, 1}), nil, []int{1, 3, 4}},
		{"a node before itself is a cycle of one", orderingOf(2, [2]int{1, 1}), nil, []int{1}},
		{"what hangs behind a cycle is not part of it", orderingOf(3, [2]int{1, 2}, [2]int{2, 1}, [2]int{1, 0}), nil, []int{1, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			order, cycle := tt.g.sort(nil)
			if !slices.Equal(order, tt.order) || !slices.Equal(cycle, tt.cycle) {
				t.Errorf("sort() = %v, %v; want %v, %v", order, cycle, tt.order, tt.cycle)
			}
		})
	}
}

func TestOrderingSortRespectsEveryEdgeOfRandomGraphs(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 1 + r.IntN(30)
		rank := r.Perm(n) // edges go up in rank, so there is no cycle
		g := newOrdering(n)
		var edges [][2]int
		for range r.IntN(3 * n) {
			a, b := r.IntN(n), r.IntN(n)
			if rank[a] < rank[b] {
				g.edge(a, b)
				edges = append(edges, [2]int{a, b})
			}
		}
		order, cycle := g.sort(nil)
		if cycle != nil {
			t.Fatalf("seed %d: cycle %v in %v", seed, cycle, edges)
		}
		at := make([]int, n)
		for i, a := range order {
			at[a] = i
		}
		component := g.components()
		for _, e := range edges {
			if at[e[0]] >= at[e[1]] {
				t.Fatalf("seed %d: %d not before %d in %v", seed, e[0], e[1], order)
			}
			if component[e[0]] >= component[e[1]] {
				t.Fatalf("seed %d: component of %d not before that of %d: %v", seed, e[0], e[1], component)
			}
		}
	}
}

func TestOrderingKeepsKindsTogether(t *testing.T) {
	// 2 and 3 have to come before 0 and 1, in pairs.
	order, _ := orderingOf(4, [2]int{2, 0}, [2]int{3, 1}).sort([]int{0, 0, 1, 1})
	if want := []int{2, 3, 0, 1}; !slices.Equal(order, want) {
		t.Errorf("sort = %v, want %v", order, want)
	}
}

func TestOrderingComponents(t *testing.T) {
	for _, tt := range []struct {
		g    *ordering
		want string
	}{
		{orderingOf(3), "[0 1 2]"},
		{orderingOf(3, [2]int{2, 0}), "[2 0 1]"},
		{orderingOf(4, [2]int{1, 2}, [2]int{2, 1}, [2]int{2, 0}), "[1 0 0 2]"},
		{orderingOf(2, [2]int{0, 0}), "[0 1]"},
	} {
		if got := fmt.Sprint(tt.g.components()); got != tt.want {
			t.Errorf("components of %v = %s, want %s", tt.g.next, got, tt.want)
		}
	}
}
