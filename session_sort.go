package ingot

// Sorting: in what order the rows of one flush are written. Everything here is pure and
// deterministic; it knows numbers, not instances.
//
// Tables are ranked once by their foreign keys (strongly connected components, Tarjan's
// algorithm): a component written later refers to earlier ones only. That order is right
// for whole tables, so most flushes need no graph at all. Inside a component (a tree kept
// in one table, two tables that refer to each other) the rows themselves decide. A row
// that takes over a unique value from another adds edges that cross the ranks; then the
// whole flush is sorted as a graph (Kahn's algorithm, the smallest ready node first, so
// that nodes nobody holds back keep their order).

// An ordering is a set of nodes 0…n-1 in the order they would have without edges.
type ordering struct {
	next [][]int32 // next[a] come after a
	held []int32   // how many nodes come before
}

func newOrdering(n int) *ordering {
	return &ordering{next: make([][]int32, n), held: make([]int32, n)}
}

// edge puts a before b. An edge given twice is harmless.
func (g *ordering) edge(a, b int) {
	g.next[a] = append(g.next[a], int32(b))
	g.held[b]++
}

// sort returns the nodes in an order that respects all edges. Otherwise nodes of one kind
// stay together, and nodes and kinds come by their numbers; nil kinds are all one. Where
// there is no order it returns the nodes of a cycle, each before the next.
func (g *ordering) sort(kinds []int) (order, cycle []int) {
	held := append([]int32(nil), g.held...)
	kind := func(a int) int {
		if kinds == nil {
			return 0
		}
		return kinds[a]
	}
	most := 0
	for a := range held {
		most = max(most, kind(a))
	}
	ready := make([]intHeap, most+1)
	for a, h := range held {
		if h == 0 {
			ready[kind(a)].push(a)
		}
	}
	order = make([]int, 0, len(held))
	for k := -1; ; {
		if k < 0 || len(ready[k]) == 0 {
			k = -1
			for i, h := range ready {
				if len(h) > 0 && (k < 0 || h[0] < ready[k][0]) {
					k = i
				}
			}
			if k < 0 {
				break
			}
		}
		a := ready[k].pop()
		order = append(order, a)
		for _, b := range g.next[a] {
			if held[b]--; held[b] == 0 {
				ready[kind(int(b))].push(int(b))
			}
		}
	}
	if len(order) == len(held) {
		return order, nil
	}
	return nil, g.cycle(held)
}

// cycle finds a cycle among the nodes that sort could not place.
func (g *ordering) cycle(held []int32) []int {
	const unseen, open, done = 0, 1, 2
	state := make([]int8, len(held))
	var path []int
	var walk func(a int) []int
	walk = func(a int) []int {
		state[a] = open
		path = append(path, a)
		for _, b := range g.next[a] {
			switch {
			case held[b] == 0 || state[b] == done:
			case state[b] == open:
				for i, p := range path {
					if p == int(b) {
						return append([]int(nil), path[i:]...)
					}
				}
			default:
				if c := walk(int(b)); c != nil {
					return c
				}
			}
		}
		state[a] = done
		path = path[:len(path)-1]
		return nil
	}
	for a, h := range held {
		if h > 0 && state[a] == unseen {
			if c := walk(a); c != nil {
				return c
			}
		}
	}
	return nil
}

// components numbers the strongly connected components of a ordering so that an edge never
// leads to a smaller number. Nodes nobody holds back keep their order as far as it goes.
func (g *ordering) components() []int {
	t := tarjan{g: g, index: make([]int, len(g.next)), low: make([]int, len(g.next)), of: make([]int, len(g.next))}
	for i := range t.of {
		t.of[i] = -1
	}
	// Tarjan closes a component after everything it leads to, so the numbers come out
	// backwards; starting from the last node keeps the first ones first.
	for a := len(g.next) - 1; a >= 0; a-- {
		if t.index[a] == 0 {
			t.visit(a)
		}
	}
	for i, c := range t.of {
		t.of[i] = t.found - 1 - c
	}
	return t.of
}

type tarjan struct {
	g          *ordering
	seen       int
	index, low []int
	stack      []int
	of         []int // component of a node; -1 while open
	found      int
}

func (t *tarjan) visit(a int) {
	t.seen++
	t.index[a], t.low[a] = t.seen, t.seen
	t.stack = append(t.stack, a)
	for _, b := range t.g.next[a] {
		switch {
		case t.index[b] == 0:
			t.visit(int(b))
			t.low[a] = min(t.low[a], t.low[b])
		case t.of[b] < 0:
			t.low[a] = min(t.low[a], t.index[b])
		}
	}
	if t.low[a] != t.index[a] {
		return
	}
	for {
		b := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		t.of[b] = t.found
		if b == a {
			break
		}
	}
	t.found++
}

// An intHeap is a binary heap with the smallest number first.
type intHeap []int

func (h *intHeap) push(x int) {
	a := append(*h, x)
	for i := len(a) - 1; i > 0; {
		up := (i - 1) / 2
		if a[up] <= a[i] {
			break
		}
		a[up], a[i] = a[i], a[up]
		i = up
	}
	*h = a
}

func (h *intHeap) pop() int {
	a := *h
	top, last := a[0], len(a)-1
	a[0] = a[last]
	a = a[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			break
		}
		if down+1 < last && a[down+1] < a[down] {
			down++
		}
		if a[i] <= a[down] {
			break
		}
		a[i], a[down] = a[down], a[i]
		i = down
	}
	*h = a
	return top
}
