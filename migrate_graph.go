package ingot

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The graph of revisions. Its behaviour is Alembic's (script/revision.py): parents make
// branches and merges, depends-on makes one branch wait for another without joining it.
//
// A database's state is a set of applied revisions, closed downwards. Its heads are the
// members that no other member names as parent or dependency; applying or undoing one
// revision and taking the heads again gives just what Alembic's bookkeeping of its version
// table does, merges, splits and implied heads included.

// A graph is the revisions linked. Each call of a [Migrator] makes its own.
type graph struct {
	nodes  []*node // by id
	byID   map[string]*node
	labels map[string]*node
	heads  []*node // no other revision has them as parent
	tips   []*node // no other revision has them as parent or dependency
	bases  []*node // without parents
}

// A node is a revision in the graph. All its lists are in the order of ids, but for
// parents and down, which keep the order they were written in.
type node struct {
	Revision
	index   int
	parents []*node
	deps    []*node // depends-on, resolved
	down    []*node // parents and those deps that no ancestor already has
	next    []*node // children by parent
	allNext []*node // children by parent or dependency
	above   nodeSet // ancestors by parents and dependencies, itself included
	line    nodeSet // ancestors by parents alone, itself included
	names   []string
	hash    string // of Upgrade, once asked for
}

// upgradeHash is the hash of the steps of the upgrade. A graph belongs to one call, so
// that it may be kept without a lock.
func (n *node) upgradeHash() (_ string, err error) {
	if n.hash == "" {
		n.hash, err = HashSteps(n.Upgrade)
	}
	return n.hash, err
}

// A nodeSet is a set of the revisions of one graph.
type nodeSet []uint64

func (s nodeSet) has(n *node) bool { return s[n.index>>6]&(1<<(n.index&63)) != 0 }
func (s nodeSet) add(n *node)      { s[n.index>>6] |= 1 << (n.index & 63) }
func (s nodeSet) remove(n *node)   { s[n.index>>6] &^= 1 << (n.index & 63) }
func (s nodeSet) addAll(t nodeSet) {
	for i := range t {
		s[i] |= t[i]
	}
}
func (s nodeSet) removeAll(t nodeSet) {
	for i := range t {
		s[i] &^= t[i]
	}
}

func (g *graph) set(ns ...*node) nodeSet {
	s := make(nodeSet, (len(g.nodes)+63)/64)
	for _, n := range ns {
		s.add(n)
	}
	return s
}

// pickNodes returns those of the nodes that are wanted.
func pickNodes(ns []*node, want func(*node) bool) []*node {
	var picked []*node
	for _, n := range ns {
		if want(n) {
			picked = append(picked, n)
		}
	}
	return picked
}

// newGraph links revisions. All mistakes come back together.
func newGraph(revs []Revision) (*graph, error) {
	g := &graph{byID: map[string]*node{}, labels: map[string]*node{}}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("ingot: "+format, args...)) }

	for _, r := range revs {
		if err := checkRevisionID(r.ID); err != nil {
			fail("revision %q: %w", r.ID, err)
			continue
		}
		if g.byID[r.ID] != nil {
			fail("revision %s is there twice (%q and %q): give one of them another ID", r.ID, g.byID[r.ID].Message, r.Message)
			continue
		}
		n := &node{Revision: r}
		g.byID[r.ID] = n
		g.nodes = append(g.nodes, n)
	}
	slices.SortFunc(g.nodes, func(a, b *node) int { return cmp.Compare(a.ID, b.ID) })
	for i, n := range g.nodes {
		n.index = i
	}
	for _, n := range g.nodes {
		for _, label := range n.Labels {
			if err := checkRevisionID(label); err != nil {
				fail("revision %s: label %q: %w", n.ID, label, err)
			} else if other := cmp.Or(g.labels[label], g.byID[label]); other != nil && other != n {
				fail("revision %s: label %q is already used by revision %s", n.ID, label, other.ID)
			} else {
				g.labels[label] = n
			}
		}
	}
	for _, n := range g.nodes {
		for _, id := range slices.Compact(slices.Clone(n.Parents)) {
			if p := g.byID[id]; p == nil {
				fail("revision %s: its parent %s is not among the revisions of this program; is the file missing?", n.ID, id)
			} else if !slices.Contains(n.parents, p) {
				n.parents = append(n.parents, p)
			}
		}
		for _, id := range n.DependsOn {
			if d := cmp.Or(g.byID[id], g.labels[id]); d == nil {
				fail("revision %s: it depends on %s, which is neither a revision nor a label of this program", n.ID, id)
			} else if !slices.Contains(n.deps, d) {
				n.deps = append(n.deps, d)
			}
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if err := g.link(); err != nil {
		return nil, err
	}
	return g, nil
}

// checkRevisionID refuses ids and labels that the command could not tell from its own words.
func checkRevisionID(id string) error {
	switch {
	case id == "":
		return errors.New("an ID is required")
	case id == "head" || id == "heads" || id == "base" || id == "current":
		return errors.New("this word has a meaning of its own")
	case strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || strings.ContainsRune("@+-:,/\\\"'", r) }):
		return errors.New("may not contain spaces, quotes, slashes or any of @ + - : ,")
	}
	return nil
}

// link orders the nodes downwards first, which finds cycles, and derives the rest.
func (g *graph) link() error {
	for _, kind := range []struct {
		name string
		down func(*node) []*node
	}{
		{"cycle", func(n *node) []*node { return n.parents }},
		{"dependency cycle", func(n *node) []*node { return slices.Concat(n.parents, n.deps) }},
	} {
		if cycle := g.findCycle(kind.down); cycle != nil {
			return fmt.Errorf("ingot: %s of revisions: %s", kind.name, strings.Join(cycle, " -> "))
		}
	}
	done := g.set()
	var visit func(n *node)
	visit = func(n *node) {
		if done.has(n) {
			return
		}
		done.add(n)
		n.above, n.line = g.set(n), g.set(n)
		for _, p := range n.parents {
			visit(p)
			n.above.addAll(p.above)
			n.line.addAll(p.line)
		}
		for _, d := range n.deps {
			visit(d)
			n.above.addAll(d.above)
		}
	}
	for _, n := range g.nodes {
		visit(n)
	}
	for _, n := range g.nodes {
		inherited := g.set()
		for _, a := range g.nodes {
			if a != n && n.line.has(a) {
				for _, d := range a.deps {
					inherited.add(d)
				}
			}
		}
		n.down = slices.Clone(n.parents)
		for _, d := range n.deps {
			if !inherited.has(d) && !slices.Contains(n.down, d) {
				n.down = append(n.down, d)
			}
		}
		for _, p := range n.parents {
			p.next = append(p.next, n)
			p.allNext = append(p.allNext, n)
		}
		for _, d := range n.deps {
			if !slices.Contains(d.allNext, n) {
				d.allNext = append(d.allNext, n)
			}
		}
	}
	g.heads = pickNodes(g.nodes, func(n *node) bool { return len(n.next) == 0 })
	g.tips = pickNodes(g.nodes, func(n *node) bool { return len(n.allNext) == 0 })
	g.bases = pickNodes(g.nodes, func(n *node) bool { return len(n.parents) == 0 })
	g.spreadLabels()
	return nil
}

// findCycle returns the ids of one cycle, the first one again at the end; nil if there is none.
func (g *graph) findCycle(down func(*node) []*node) []string {
	done, path := g.set(), []*node(nil)
	var walk func(n *node) []string
	walk = func(n *node) []string {
		if i := slices.Index(path, n); i >= 0 {
			return ids(append(path[i:len(path):len(path)], n))
		}
		if done.has(n) {
			return nil
		}
		done.add(n)
		path = append(path, n)
		for _, d := range down(n) {
			if cycle := walk(d); cycle != nil {
				return cycle
			}
		}
		path = path[:len(path)-1]
		return nil
	}
	for _, n := range g.nodes {
		if cycle := walk(n); cycle != nil {
			return cycle
		}
	}
	return nil
}

// spreadLabels gives a label to all descendants, and down the line to the last branch
// point or merge.
func (g *graph) spreadLabels() {
	for _, n := range g.nodes {
		if len(n.Labels) == 0 {
			continue
		}
		for _, d := range g.nodes {
			if d.line.has(n) {
				d.names = append(d.names, n.Labels...)
			}
		}
		for p := n; len(p.allNext) < 2 && len(p.parents) == 1; {
			if p = p.parents[0]; len(p.allNext) < 2 {
				p.names = append(p.names, n.Labels...)
			}
		}
	}
	for _, n := range g.nodes {
		slices.Sort(n.names)
		n.names = slices.Compact(n.names)
	}
}

// closure is the set of revisions that heads stand for: they and all below.
func (g *graph) closure(heads []*node) nodeSet {
	s := g.set()
	for _, n := range heads {
		s.addAll(n.above)
	}
	return s
}

// headsOf returns the members of s that no other member needs.
func (g *graph) headsOf(s nodeSet) []*node {
	return pickNodes(g.nodes, func(n *node) bool { return s.has(n) && !slices.ContainsFunc(n.allNext, s.has) })
}

// related reports whether a and b are on one line: the same, or ancestor and descendant.
func related(a, b *node) bool { return a.line.has(b) || b.line.has(a) }

// onBranch keeps the nodes that are on one line with the revision the branch names.
func (g *graph) onBranch(ns []*node, branch string) ([]*node, error) {
	if branch == "" {
		return ns, nil
	}
	b, err := g.branch(branch)
	if err != nil {
		return nil, err
	}
	return pickNodes(ns, func(n *node) bool { return related(n, b) }), nil
}

// branch finds the revision that stands for a branch: by label, id or partial id.
func (g *graph) branch(name string) (*node, error) {
	n, err := g.find(name, "")
	if err != nil {
		return nil, fmt.Errorf("ingot: no such branch: %q (labels: %s)", name, g.labelList())
	}
	return n, nil
}

func (g *graph) labelList() string {
	var names []string
	for _, n := range g.nodes {
		names = append(names, n.Labels...)
	}
	slices.Sort(names)
	return cmp.Or(strings.Join(names, ", "), "none")
}

// find finds one revision by its id, a label or the beginning of its id. With a branch it
// has to be a member of that.
func (g *graph) find(id, branch string) (*node, error) {
	n := cmp.Or(g.byID[id], g.labels[id])
	if n == nil {
		if len(id) < 4 {
			return nil, &UnknownRevisionError{ID: id, Text: "; the beginning of an ID needs at least four characters"}
		}
		found, err := g.onBranch(pickNodes(g.nodes, func(m *node) bool { return strings.HasPrefix(m.ID, id) }), branch)
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0:
			return nil, &UnknownRevisionError{ID: id}
		case len(found) > 1:
			more := ""
			if len(found) > 3 {
				found, more = found[:3], ", …"
			}
			return nil, fmt.Errorf("ingot: several revisions begin with %s: %s%s", id, idList(found), more)
		}
		n = found[0]
	}
	if branch != "" {
		b, err := g.branch(branch)
		if err != nil {
			return nil, err
		}
		if !related(n, b) {
			return nil, fmt.Errorf("ingot: revision %s is not a member of branch %s", n.ID, branch)
		}
	}
	return n, nil
}

// head is the one head (of a branch, if one is given); nil if there are no revisions.
func (g *graph) head(branch string) (*node, error) {
	heads, err := g.onBranch(g.heads, branch)
	if err != nil {
		return nil, err
	}
	return onlyOne(heads, "")
}

// onlyOne is the revision that a target leads to; nil for base.
func onlyOne(ns []*node, target string) (*node, error) {
	switch len(ns) {
	case 0:
		return nil, nil
	case 1:
		return ns[0], nil
	}
	return nil, &MultipleHeadsError{Heads: ids(ns), Target: target}
}

// atMost is a node, or none, as a list.
func atMost(n *node, err error) ([]*node, error) {
	if n == nil || err != nil {
		return nil, err
	}
	return []*node{n}, nil
}

// order sorts a set from the top down: no revision comes before one that needs it. It
// stays on a branch as long as it can; where heads are equal, ids decide, so that the
// order does not depend on the order of registration.
func (g *graph) order(s nodeSet, from []*node) []*node {
	todo := slices.Clone(s)
	current := pickNodes(from, todo.has)
	slices.SortFunc(current, func(a, b *node) int { return a.index - b.index })
	current = slices.Compact(current)

	var out []*node
	for at := 0; len(current) > 0; {
		n := current[at]
		needs := slices.IndexFunc(current, func(m *node) bool { return m != n && m.above.has(n) })
		if needs >= 0 {
			at = needs
			continue
		}
		if todo.has(n) {
			out = append(out, n)
			todo.remove(n)
		}
		below := pickNodes(n.down, func(d *node) bool { return todo.has(d) && !slices.Contains(current, d) })
		if len(below) == 0 {
			current = slices.Delete(current, at, at+1)
			at = max(at-1, 0)
			continue
		}
		current[at] = below[0]
		current = append(current, below[1:]...)
	}
	return out
}

// planUpgrade returns the revisions to apply so that the targets are, in order.
func (g *graph) planUpgrade(applied nodeSet, targets ...string) ([]*node, error) {
	var ends []*node
	for _, t := range targets {
		ns, err := g.upgradeTargets(applied, t)
		if err != nil {
			return nil, err
		}
		ends = append(ends, ns...)
	}
	for _, a := range ends {
		for _, b := range ends {
			if a != b && a.above.has(b) {
				return nil, fmt.Errorf("ingot: revision %s overlaps with %s: the one contains the other", a.ID, b.ID)
			}
		}
	}
	needs := g.closure(ends)
	needs.removeAll(applied)
	// Where an ancestor of something applied is missing, it is not below any end of its
	// own: the heads of what is needed are added.
	plan := g.order(needs, g.headsOf(needs))
	slices.Reverse(plan)
	return plan, nil
}

// upgradeTargets reads the target of an upgrade.
func (g *graph) upgradeTargets(applied nodeSet, text string) ([]*node, error) {
	t := parseTarget(text)
	current := g.headsOf(applied)
	if !t.relative {
		return g.targets(t, current)
	}
	if t.symbol != "" {
		return atMost(g.walkFrom(t, current))
	}
	if t.steps <= 0 {
		return nil, notProduced(t)
	}
	start, err := g.onBranch(current, t.branch)
	if err != nil {
		return nil, err
	}
	if len(start) == 0 && t.branch != "" {
		// No head is on the branch: begin where the branch leaves what is applied.
		below, err := g.onBranch(pickNodes(g.nodes, applied.has), t.branch)
		if err != nil {
			return nil, err
		}
		start = g.headsOf(g.set(below...))
	}
	if len(start) > 1 {
		return nil, fmt.Errorf("ingot: ambiguous upgrade from multiple current revisions (%s): write branch@%s", idList(start), t.offset)
	}
	from, _ := onlyOne(start, "")
	n, ok, err := g.walk(from, t.steps, t.branch)
	if err == nil && !ok {
		err = notProduced(t)
	}
	return atMost(n, err)
}

// targets are the revisions an absolute target names; none for base.
func (g *graph) targets(t target, current []*node) ([]*node, error) {
	switch t.symbol {
	case "base", "":
		if t.branch != "" {
			_, err := g.branch(t.branch)
			return nil, err
		}
		return nil, nil
	case "heads":
		if t.branch == "" {
			return g.tips, nil
		}
		return g.onBranch(g.heads, t.branch)
	case "head":
		return atMost(g.head(t.branch))
	case "current":
		return g.onBranch(current, t.branch)
	}
	return atMost(g.find(t.symbol, t.branch))
}

// one is a target that must be a single revision; nil for base.
func (g *graph) one(t target, current []*node) (*node, error) {
	ns, err := g.targets(t, current)
	if err != nil {
		return nil, err
	}
	return onlyOne(ns, t.String())
}

// single is the one revision that a target means, relative ones from where the database is.
func (g *graph) single(text string, current []*node) (n *node, err error) {
	t := parseTarget(text)
	if t.relative {
		t.symbol = cmp.Or(t.symbol, "current")
		n, err = g.walkFrom(t, current)
	} else {
		n, err = g.one(t, current)
	}
	if err == nil && n == nil {
		err = fmt.Errorf("ingot: %s is no revision", text)
	}
	return n, err
}

// planDowngrade returns the revisions to undo so that nothing above the target is left.
func (g *graph) planDowngrade(applied nodeSet, text string) ([]*node, error) {
	t := parseTarget(text)
	current := g.headsOf(applied)
	branch, end, err := g.downgradeTarget(t, applied, current)
	if err != nil {
		return nil, err
	}
	roots := g.bases
	if end != nil {
		roots = end.next
	}
	if branch != nil && len(roots) > 1 {
		if roots = pickNodes(roots, branch.line.has); len(roots) == 0 {
			return nil, fmt.Errorf("ingot: %s is not a valid target of a downgrade from %s: nothing of that branch is above it", t, headList(current))
		}
	}
	drop := pickNodes(g.nodes, func(n *node) bool { return applied.has(n) && slices.ContainsFunc(roots, n.above.has) })
	plan := g.order(g.set(drop...), current)
	if end != nil && len(plan) == 0 && !slices.Contains(current, end) {
		return nil, fmt.Errorf("ingot: %s is not a valid target of a downgrade from %s", end.ID, headList(current))
	}
	return plan, nil
}

// downgradeTarget reads the target of a downgrade: the revision to stay (nil for base),
// and the one whose branch alone is to be undone (nil for all).
func (g *graph) downgradeTarget(t target, applied nodeSet, current []*node) (branch, end *node, err error) {
	if t.branch != "" {
		if branch, err = g.branch(t.branch); err != nil {
			return nil, nil, err
		}
	}
	if !t.relative {
		// The branch says what to undo; the target itself may be shared with others.
		end, err = g.one(target{symbol: t.symbol}, current)
		if t.symbol == "head" || t.symbol == "heads" {
			end, err = g.one(t, current)
		}
		return branch, end, err
	}
	if t.symbol != "" {
		end, err = g.walkFrom(t, current)
		return branch, end, err
	}
	if t.steps >= 0 || len(current) == 0 {
		return nil, nil, notProduced(t)
	}
	start, err := g.onBranch(current, t.branch)
	if err != nil {
		return nil, nil, err
	}
	if len(start) == 0 {
		// The branch has no head of its own: another branch depends on it.
		below, err := g.onBranch(pickNodes(g.nodes, applied.has), t.branch)
		if err != nil {
			return nil, nil, err
		}
		start = pickNodes(below, func(n *node) bool { return !slices.ContainsFunc(n.next, applied.has) })
	}
	switch {
	case len(start) == 0:
		return nil, nil, fmt.Errorf("ingot: nothing of branch %s is applied", t.branch)
	case len(start) > 1:
		return nil, nil, fmt.Errorf("ingot: ambiguous downgrade from multiple current revisions (%s): write branch@%s", idList(start), t.offset)
	}
	if branch == nil {
		branch = start[0]
	}
	end, ok, err := g.walk(start[0], t.steps, "")
	if err == nil && !ok {
		err = notProduced(t)
	}
	return branch, end, err
}

// walkFrom walks from the symbol of a relative target.
func (g *graph) walkFrom(t target, current []*node) (*node, error) {
	from := target{branch: t.branch, symbol: t.symbol}
	if t.steps > 0 {
		from.branch = "" // the branch chooses the way up
	}
	start, err := g.one(from, current)
	if err != nil {
		return nil, err
	}
	n, ok, err := g.walk(start, t.steps, t.branch)
	if err == nil && !ok {
		err = fmt.Errorf("ingot: %s leads out of the graph", t)
	}
	return n, err
}

// walk goes up (steps > 0) or down from start, where nil is base. ok is false if the graph
// ends before.
func (g *graph) walk(start *node, steps int, branch string) (n *node, ok bool, err error) {
	n = start
	for ; steps > 0; steps-- {
		next := g.bases
		if n != nil {
			next = n.next
		}
		if next, err = g.onBranch(next, branch); err != nil {
			return nil, false, err
		}
		if len(next) == 0 {
			return n, false, nil
		}
		if len(next) > 1 {
			return nil, false, fmt.Errorf("ingot: ambiguous walk: %s is followed by %s; name a branch: branch@+1", nodeName(n), idList(next))
		}
		n = next[0]
	}
	for ; steps < 0; steps++ {
		switch {
		case n == nil:
			return nil, false, nil
		case len(n.parents) == 0:
			n = nil
		case len(n.parents) > 1:
			return nil, false, fmt.Errorf("ingot: ambiguous walk: %s merges %s; name the one to go to", n.ID, idList(n.parents))
		default:
			n = n.parents[0]
		}
	}
	return n, true, nil
}

// between returns the revisions of a range, newest first. Either end may be empty: base
// and heads. clip forgives relative ends that lead out.
func (g *graph) between(low, high string, applied nodeSet, clip bool) ([]*node, error) {
	current := g.headsOf(applied)
	lo, hi := parseTarget(low), parseTarget(cmp.Or(high, "heads"))
	end := func(t target, from *node) ([]*node, error) {
		if !t.relative {
			return g.targets(t, current)
		}
		if t.symbol != "" {
			var err error
			if from, err = g.one(target{branch: t.branch, symbol: t.symbol}, current); err != nil {
				return nil, err
			}
		}
		n, ok, err := g.walk(from, t.steps, t.branch)
		if err == nil && !ok && !clip {
			err = notProduced(t)
		}
		return atMost(n, err)
	}
	// An end that is only an offset counts from the other end.
	ends := func(first, second target) (a, b []*node, err error) {
		if a, err = end(first, nil); err != nil {
			return nil, nil, err
		}
		var from *node
		if second.relative && second.symbol == "" {
			if from, err = onlyOne(a, first.String()); err != nil {
				return nil, nil, err
			}
		}
		b, err = end(second, from)
		return a, b, err
	}
	var lows, highs []*node
	var err error
	if hi.relative && hi.symbol == "" {
		lows, highs, err = ends(lo, hi)
	} else {
		highs, lows, err = ends(hi, lo)
	}
	if err != nil {
		return nil, err
	}
	in := g.closure(highs)
	for _, n := range lows {
		if !in.has(n) {
			return nil, fmt.Errorf("ingot: revision %s is not an ancestor of %s", n.ID, cmp.Or(idList(highs), "base"))
		}
	}
	if len(lows) > 0 {
		below := g.closure(lows)
		for _, n := range pickNodes(g.nodes, in.has) {
			if slices.Contains(lows, n) {
				continue
			}
			// History shows what lies between, not what else was needed.
			if below.has(n) || clip && !slices.ContainsFunc(lows, n.above.has) {
				in.remove(n)
			}
		}
	}
	return g.order(in, g.headsOf(in)), nil
}

// A target is what a user writes for a revision: [branch@]symbol[+n|-n].
type target struct {
	branch, symbol string
	relative       bool
	steps          int
	offset         string // as written: "+2"
}

func (t target) String() string {
	s := t.symbol + t.offset
	if t.branch != "" {
		s = t.branch + "@" + s
	}
	return s
}

func parseTarget(text string) target {
	var t target
	if b, rest, ok := strings.Cut(text, "@"); ok {
		t.branch, text = b, rest
	}
	t.symbol = text
	if i := strings.LastIndexAny(text, "+-"); i >= 0 && i+1 < len(text) && len(text)-i <= 10 {
		n := 0
		for _, c := range []byte(text[i+1:]) {
			if c < '0' || c > '9' {
				return t
			}
			n = n*10 + int(c-'0')
		}
		if text[i] == '-' {
			n = -n
		}
		t.symbol, t.offset, t.steps, t.relative = text[:i], text[i:], n, true
	}
	return t
}

func notProduced(t target) error {
	return fmt.Errorf("ingot: relative revision %s didn't produce %d migrations", t, max(t.steps, -t.steps))
}

func ids(ns []*node) []string {
	var list []string
	for _, n := range ns {
		list = append(list, n.ID)
	}
	return list
}

func idList(ns []*node) string { return strings.Join(ids(ns), ", ") }

func nodeName(n *node) string {
	if n == nil {
		return "base"
	}
	return n.ID
}

func headList(ns []*node) string {
	if len(ns) == 0 {
		return "base"
	}
	return "current head(s) " + idList(ns)
}

// An UnknownRevisionError reports a revision this program does not know.
type UnknownRevisionError struct {
	ID   string
	Text string // what is known about it; begins with its punctuation
}

func (e *UnknownRevisionError) Error() string {
	return fmt.Sprintf("ingot: can't locate revision %q%s", e.ID, e.Text)
}

// A MultipleHeadsError reports that one head was meant where there are several.
type MultipleHeadsError struct {
	Heads  []string
	Target string // what was written; "head" if empty
}

func (e *MultipleHeadsError) Error() string {
	return fmt.Sprintf("ingot: multiple heads for %q: %s; write branch@head for one of them, heads for all, or merge them",
		cmp.Or(e.Target, "head"), strings.Join(e.Heads, ", "))
}
