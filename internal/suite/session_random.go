package suite

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"ingot"
)

// The model-based random test: seeded programs of edits against a session and against an
// oracle that keeps the same facts in plain maps. After every commit and rollback the
// database, the live session and the oracle have to agree. A program that fails is shrunk
// to the steps that matter.

var (
	randomSeed = flag.Uint64("random.seed", 0, "run this one program of the random test")
	randomRuns = flag.Int("random.runs", 0, "how many programs the random test runs on each database")
)

// Models of every shape: optional and required many-to-one, one-to-one, many-to-many, a
// tree, natural and versioned keys.
type (
	rTeam struct {
		_       struct{} `ingot:"table:team"`
		ID      int64    `ingot:"pk"`
		Label   string
		Members []*rMember `ingot:"inverse:Team"`
	}
	rMember struct {
		_      struct{} `ingot:"table:member"`
		ID     int64    `ingot:"pk"`
		Label  string
		Rev    int64    `ingot:"version"`
		TeamID *int64   `ingot:"fk:team.id"`
		Team   *rTeam   `ingot:"inverse:Members"`
		Items  []*rItem `ingot:"inverse:Owner;cascade:all,delete-orphan"`
		Badge  *rBadge  `ingot:"inverse:Member;cascade:all,delete-orphan"`
		Tags   []*rTag  `ingot:"through:member_tag;inverse:Members"`
	}
	rItem struct {
		_       struct{} `ingot:"table:item"`
		ID      int64    `ingot:"pk"`
		Label   string
		OwnerID int64    `ingot:"fk:member.id"`
		Owner   *rMember `ingot:"inverse:Items"`
	}
	rBadge struct {
		_        struct{} `ingot:"table:badge"`
		ID       int64    `ingot:"pk"`
		Label    string
		MemberID int64    `ingot:"fk:member.id;unique"`
		Member   *rMember `ingot:"inverse:Badge"`
	}
	rTag struct {
		_       struct{} `ingot:"table:tag"`
		ID      int64    `ingot:"pk"`
		Label   string
		Members []*rMember `ingot:"inverse:Tags"`
	}
	rNode struct {
		_        struct{} `ingot:"table:node"`
		ID       int64    `ingot:"pk"`
		Label    string
		ParentID *int64   `ingot:"fk:node.id"`
		Parent   *rNode   `ingot:"inverse:Children"`
		Children []*rNode `ingot:"inverse:Parent;cascade:all"`
	}
)

// A fact is one row as the oracle has it.
type fact struct {
	kind  string
	label string
	up    *thing          // team, owner, member, parent; nil if none
	tags  map[*thing]bool // of a member
}

// A thing is one row's identity through its life, with the instance that stands for it.
type thing struct {
	n    int
	kind string
	x    any // instance in the live session; nil while none is loaded
}

func (t *thing) String() string { return fmt.Sprintf("%s%d", t.kind, t.n) }

// A world is what the oracle holds true.
type world map[*thing]fact

func (w world) clone() world {
	c := world{}
	for t, f := range w {
		if f.tags != nil {
			f.tags = mapsClone(f.tags)
		}
		c[t] = f
	}
	return c
}

func mapsClone(m map[*thing]bool) map[*thing]bool {
	c := map[*thing]bool{}
	for k, v := range m {
		c[k] = v
	}
	return c
}

// things returns those of a kind in the order of their making.
func (w world) things(kinds ...string) []*thing {
	var ts []*thing
	for t := range w {
		if slices.Contains(kinds, t.kind) {
			ts = append(ts, t)
		}
	}
	sort.Slice(ts, func(i, j int) bool { return ts[i].n < ts[j].n })
	return ts
}

// under returns those whose parent t is.
func (w world) under(t *thing, kind string) []*thing {
	return slices.DeleteFunc(w.things(kind), func(c *thing) bool { return w[c].up != t })
}

// remove deletes a row with what the cascades take along.
func (w world) remove(t *thing) {
	delete(w, t)
	for c, f := range w {
		delete(f.tags, t)
		if f.up != t {
			continue
		}
		switch c.kind {
		case "item", "badge", "node":
			w.remove(c)
		case "member":
			f.up = nil
			w[c] = f
		}
	}
}

// A program is a run of the random test.
type program struct {
	t     testing.TB
	db    *ingot.DB
	sent  *recorder
	s     *ingot.Session
	r     *rand.Rand
	now   world
	saved world
	next  int
	busy  map[*thing]bool // links edited since the last flush
	log   []string
}

func (p *program) note(format string, args ...any) {
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

func (p *program) pick(ts []*thing) *thing {
	ts = slices.DeleteFunc(ts, func(t *thing) bool { return t.x == nil })
	if len(ts) == 0 {
		return nil
	}
	return ts[p.r.IntN(len(ts))]
}

// free picks one whose links were not edited since the last flush.
func (p *program) free(ts []*thing) *thing {
	return p.pick(slices.DeleteFunc(ts, func(t *thing) bool { return p.busy[t] }))
}

func (p *program) make(kind string, x any, up *thing) *thing {
	p.next++
	t := &thing{n: p.next, kind: kind, x: x}
	f := fact{kind: kind, label: fmt.Sprintf("%s%d", kind, p.next), up: up}
	if kind == "member" {
		f.tags = map[*thing]bool{}
	}
	setLabel(x, f.label)
	p.now[t] = f
	p.busy[t] = true
	return t
}

func setLabel(x any, label string) {
	switch x := x.(type) {
	case *rTeam:
		x.Label = label
	case *rMember:
		x.Label = label
	case *rItem:
		x.Label = label
	case *rBadge:
		x.Label = label
	case *rTag:
		x.Label = label
	case *rNode:
		x.Label = label
	}
}

// step does one random thing to the session and to the oracle.
func (p *program) step(i int) error {
	ctx := p.t.Context()
	switch op := p.r.IntN(28); op {
	case 0, 1:
		x := &rTeam{}
		t := p.make("team", x, nil)
		p.note("add %v", t)
		return p.s.Add(x)
	case 2, 3, 4:
		x := &rMember{}
		team := p.pick(p.now.things("team"))
		t := p.make("member", x, team)
		switch way := p.r.IntN(3); {
		case team == nil:
			p.note("add %v", t)
			return p.s.Add(x)
		case way == 0:
			p.note("add %v by pointer to %v", t, team)
			x.Team = team.x.(*rTeam)
			return p.s.Add(x)
		default:
			p.note("append %v to %v", t, team)
			m := &team.x.(*rTeam).Members
			*m = append(*m, x)
		}
	case 5, 6, 7:
		owner := p.pick(p.now.things("member"))
		if owner == nil {
			return nil
		}
		x := &rItem{}
		t := p.make("item", x, owner)
		m := owner.x.(*rMember)
		if p.r.IntN(2) == 0 {
			p.note("append %v to %v", t, owner)
			m.Items = append(m.Items, x)
			return nil
		}
		p.note("add %v by pointer to %v", t, owner)
		x.Owner = m
		return p.s.Add(x)
	case 8:
		x := &rTag{}
		t := p.make("tag", x, nil)
		p.note("add %v", t)
		return p.s.Add(x)
	case 9, 10:
		parent := p.pick(p.now.things("node"))
		x := &rNode{}
		t := p.make("node", x, parent)
		switch {
		case parent == nil:
			p.note("add %v", t)
			return p.s.Add(x)
		case p.r.IntN(2) == 0:
			p.note("append %v to %v", t, parent)
			n := parent.x.(*rNode)
			n.Children = append(n.Children, x)
		default:
			p.note("add %v by pointer to %v", t, parent)
			x.Parent = parent.x.(*rNode)
			return p.s.Add(x)
		}
	case 11: // badge: give, replace or take away
		owner := p.free(p.now.things("member"))
		if owner == nil {
			return nil
		}
		m := owner.x.(*rMember)
		old := p.now.under(owner, "badge")
		if len(old) > 0 && p.busy[old[0]] {
			return nil
		}
		if len(old) > 0 && p.s.Loaded(m, &m.Badge) == ingot.Loaded && p.r.IntN(3) == 0 {
			p.note("take %v from %v", old[0], owner)
			m.Badge = nil
			p.now.remove(old[0])
			p.busy[owner] = true
			return nil
		}
		x := &rBadge{}
		for _, t := range old {
			p.now.remove(t)
		}
		t := p.make("badge", x, owner)
		p.note("give %v to %v instead of %v", t, owner, old)
		m.Badge = x
		p.busy[owner] = true
	case 12: // tag from either side
		m, tag := p.pick(p.now.things("member")), p.pick(p.now.things("tag"))
		if m == nil || tag == nil || p.now[m].tags[tag] {
			return nil
		}
		p.now[m].tags[tag] = true
		x, y := m.x.(*rMember), tag.x.(*rTag)
		if p.r.IntN(2) == 0 {
			p.note("tag %v with %v", m, tag)
			x.Tags = append(x.Tags, y)
		} else {
			p.note("append %v to %v", m, tag)
			y.Members = append(y.Members, x)
		}
		return p.flush(ctx)
	case 13: // untag from either side
		m := p.pick(p.now.things("member"))
		if m == nil {
			return nil
		}
		x := m.x.(*rMember)
		for _, tag := range p.now.things("tag") {
			if !p.now[m].tags[tag] || tag.x == nil {
				continue
			}
			y := tag.x.(*rTag)
			switch {
			case slices.Contains(x.Tags, y) && p.r.IntN(2) == 0:
				p.note("untag %v of %v", m, tag)
				x.Tags = slices.DeleteFunc(slices.Clone(x.Tags), func(z *rTag) bool { return z == y })
			case slices.Contains(y.Members, x):
				p.note("remove %v from %v", m, tag)
				y.Members = slices.DeleteFunc(y.Members, func(z *rMember) bool { return z == x }) // in place
			default:
				continue
			}
			delete(p.now[m].tags, tag)
			return p.flush(ctx)
		}
	case 14, 15: // move
		return p.move()
	case 16: // edit
		t := p.pick(p.now.things("team", "member", "item", "badge", "tag", "node"))
		if t == nil {
			return nil
		}
		f := p.now[t]
		f.label = fmt.Sprintf("%v'%d", t, i)
		p.note("edit %v", t)
		p.now[t] = f
		setLabel(t.x, f.label)
	case 17, 18: // delete
		t := p.pick(p.now.things("team", "member", "item", "badge", "tag", "node"))
		if t == nil {
			return nil
		}
		if err := p.flush(ctx); err != nil {
			return err
		}
		p.note("delete %v", t)
		if err := p.s.Delete(t.x); err != nil {
			return err
		}
		p.now.remove(t)
		return p.flush(ctx)
	case 19:
		return p.flush(ctx)
	case 20:
		return p.commit()
	case 21:
		p.note("rollback")
		return p.rollback()
	case 22:
		return p.savepoint(i)
	case 23:
		return p.reload()
	case 24, 25:
		return p.load()
	case 26: // a query meets loaded and edited instances
		p.note("query")
		clear(p.busy)
		var err error
		switch p.r.IntN(3) {
		case 0:
			_, err = ingot.Select(new(rMember)).All(ctx, p.s)
		case 1:
			m := new(rMember)
			_, err = ingot.Select(m).Load(&m.Items).Load(&m.Tags).Load(&m.Badge).All(ctx, p.s)
		case 2:
			n := new(rNode)
			_, err = ingot.Select(n).Load(&n.Children).Load(&n.Parent).All(ctx, p.s)
		}
		if err != nil {
			return err
		}
		if err := p.flush(ctx); err != nil { // what the query could not see
			return err
		}
		return p.checkLive("query")
	case 27: // read again what is clean
		t := p.pick(p.now.things("team", "member", "item", "badge", "tag", "node"))
		if t == nil {
			return nil
		}
		if err := p.flush(ctx); err != nil {
			return err
		}
		if p.r.IntN(2) == 0 {
			p.note("refresh %v", t)
			if err := p.s.Refresh(ctx, t.x); err != nil {
				return err
			}
			return p.checkLive("refresh")
		}
		p.note("expire %v", t)
		if err := p.s.Expire(t.x); err != nil {
			return err
		}
		return p.checkLive("expire")
	}
	return nil
}

// load loads a relationship in the middle of unsaved edits.
func (p *program) load() error {
	ctx := p.t.Context()
	t := p.pick(p.now.things("team", "member", "item", "badge", "tag", "node"))
	if t == nil || p.s.State(t.x) != ingot.Persistent {
		return nil
	}
	p.note("load of %v", t)
	switch x := t.x.(type) {
	case *rTeam:
		if p.r.IntN(2) == 0 { // only some: partial
			m := new(rMember)
			return p.s.Load(ctx, x, &x.Members, ingot.As(m), ingot.Top(1))
		}
		return p.s.Load(ctx, x, &x.Members)
	case *rMember:
		switch p.r.IntN(4) {
		case 0:
			return p.s.Load(ctx, x, &x.Team)
		case 1:
			return p.s.Load(ctx, x, &x.Items)
		case 2:
			return p.s.Load(ctx, x, &x.Badge)
		}
		return p.s.Load(ctx, x, &x.Tags)
	case *rItem:
		return p.s.Load(ctx, x, &x.Owner)
	case *rBadge:
		return p.s.Load(ctx, x, &x.Member)
	case *rTag:
		return p.s.Load(ctx, x, &x.Members)
	case *rNode:
		if p.r.IntN(2) == 0 {
			return p.s.Load(ctx, x, &x.Parent)
		}
		return p.s.Load(ctx, x, &x.Children)
	}
	return nil
}

func (p *program) flush(ctx context.Context) error {
	p.note("flush")
	clear(p.busy)
	if err := p.s.Flush(ctx); err != nil {
		return err
	}
	return p.checkLive("flush")
}

func (p *program) move() error {
	switch p.r.IntN(4) {
	case 0: // member to another team or to none
		t := p.free(p.now.things("member"))
		if t == nil {
			return nil
		}
		x := t.x.(*rMember)
		f := p.now[t]
		to := p.pick(p.now.things("team"))
		if to == f.up {
			return nil
		}
		switch way := p.r.IntN(3); {
		case way == 0:
			p.note("point %v to %v", t, to)
			if to == nil {
				if x.Team == nil {
					return nil
				}
				x.Team = nil
			} else {
				x.Team = to.x.(*rTeam)
			}
		case way == 1 && to != nil && to.x.(*rTeam).ID != 0:
			p.note("set the key of %v to %v", t, to)
			id := to.x.(*rTeam).ID
			x.TeamID = &id
		default:
			if f.up != nil && f.up.x != nil {
				old := f.up.x.(*rTeam)
				if !slices.Contains(old.Members, x) && to == nil {
					return nil
				}
				old.Members = slices.DeleteFunc(slices.Clone(old.Members), func(z *rMember) bool { return z == x })
			} else if to == nil {
				return nil
			}
			p.note("move %v from %v to %v by collections", t, f.up, to)
			if to != nil {
				y := to.x.(*rTeam)
				y.Members = append(y.Members, x)
			}
		}
		f.up = to
		p.now[t] = f
		p.busy[t] = true
	case 1: // item to another owner
		t, to := p.free(p.now.things("item")), p.pick(p.now.things("member"))
		if t == nil || to == nil || to == p.now[t].up {
			return nil
		}
		x, y := t.x.(*rItem), to.x.(*rMember)
		f := p.now[t]
		if p.r.IntN(2) == 0 {
			p.note("point %v to %v", t, to)
			x.Owner = y
		} else {
			p.note("move %v to %v by collections", t, to)
			if f.up.x != nil {
				old := f.up.x.(*rMember)
				old.Items = slices.DeleteFunc(slices.Clone(old.Items), func(z *rItem) bool { return z == x })
			}
			y.Items = append(y.Items, x)
		}
		f.up = to
		p.now[t] = f
		p.busy[t] = true
	case 2: // item out of its collection: an orphan
		t := p.free(p.now.things("item"))
		if t == nil || p.now[t].up.x == nil {
			return nil
		}
		x, y := t.x.(*rItem), p.now[t].up.x.(*rMember)
		if !slices.Contains(y.Items, x) {
			return nil
		}
		p.note("orphan %v", t)
		y.Items = slices.DeleteFunc(slices.Clone(y.Items), func(z *rItem) bool { return z == x })
		p.now.remove(t)
	case 3: // node under another one, never under itself
		t, to := p.free(p.now.things("node")), p.pick(p.now.things("node"))
		if t == nil || to == nil || to == p.now[t].up {
			return nil
		}
		for a := to; a != nil; a = p.now[a].up {
			if a == t {
				return nil
			}
		}
		p.note("point %v to %v", t, to)
		t.x.(*rNode).Parent = to.x.(*rNode)
		f := p.now[t]
		f.up = to
		p.now[t] = f
		p.busy[t] = true
	}
	return nil
}

// commit commits, perhaps with a statement cancelled on the way.
func (p *program) commit() error {
	ctx := p.t.Context()
	clear(p.busy)
	if p.r.IntN(4) == 0 {
		p.note("commit with a fault")
		ctx, cancel := context.WithCancel(ctx)
		p.sent.cancelAt(1+p.r.IntN(6), cancel)
		err := p.s.Commit(ctx)
		cut := p.sent.cancelAt(0, nil)
		cancel()
		switch {
		case err == nil:
			p.saved = p.now.clone()
			return p.check("commit")
		case errors.Is(err, ingot.ErrCommitUnknown):
			p.note("outcome unknown")
			return errUnknown
		case !cut && !errors.Is(err, context.Canceled):
			return err
		}
		if err := p.s.Flush(p.t.Context()); !errors.Is(err, ingot.ErrRolledBack) {
			return fmt.Errorf("flush after a failed commit: %v, want ErrRolledBack", err)
		}
		return p.rollback()
	}
	p.note("commit")
	if err := p.s.Commit(ctx); err != nil {
		return err
	}
	p.saved = p.now.clone()
	return p.check("commit")
}

// errUnknown ends a program whose commit has no known outcome.
var errUnknown = errors.New("outcome unknown")

func (p *program) rollback() error {
	clear(p.busy)
	if err := p.s.Rollback(p.t.Context()); err != nil {
		return err
	}
	for t := range p.now {
		if _, ok := p.saved[t]; !ok && t.x != nil {
			if st := p.s.State(t.x); st != ingot.Transient {
				return fmt.Errorf("%v is %v after rollback", t, st)
			}
			if id := idOf(t.x); id != 0 {
				return fmt.Errorf("%v kept its key %d after rollback", t, id)
			}
		}
	}
	p.now = p.saved.clone()
	return p.check("rollback")
}

// savepoint runs a few steps inside a savepoint, which ends one way or the other.
func (p *program) savepoint(i int) error {
	ctx := p.t.Context()
	fail := p.r.IntN(2) == 0
	p.note("savepoint (fails: %v)", fail)
	var before world
	stop := errors.New("stop")
	clear(p.busy)
	err := p.s.Savepoint(ctx, func() error {
		before = p.now.clone()
		for k := range 1 + p.r.IntN(6) {
			if err := p.stepInside(1000*i + k); err != nil {
				return err
			}
		}
		if fail {
			return stop
		}
		return nil
	})
	clear(p.busy)
	p.note("end of savepoint")
	switch {
	case errors.Is(err, stop):
		p.now = before
		return p.checkLive("savepoint undone")
	case err != nil:
		return err
	}
	return p.checkLive("savepoint released")
}

// stepInside is a step that does not end the transaction.
func (p *program) stepInside(i int) error {
	return p.edit(i)
}

// edit is a step out of those that only edit.
func (p *program) edit(i int) error {
	switch p.r.IntN(5) {
	case 0:
		return p.move()
	case 1:
		x := &rTeam{}
		t := p.make("team", x, nil)
		p.note("add %v", t)
		return p.s.Add(x)
	case 2:
		owner := p.pick(p.now.things("member"))
		if owner == nil {
			return nil
		}
		x := &rItem{}
		t := p.make("item", x, owner)
		p.note("append %v to %v", t, owner)
		m := owner.x.(*rMember)
		m.Items = append(m.Items, x)
	case 3:
		t := p.pick(p.now.things("item", "tag", "node", "member"))
		if t == nil {
			return nil
		}
		if err := p.flush(p.t.Context()); err != nil {
			return err
		}
		p.note("delete %v", t)
		if err := p.s.Delete(t.x); err != nil {
			return err
		}
		p.now.remove(t)
		return p.flush(p.t.Context())
	case 4:
		t := p.pick(p.now.things("team", "member", "item", "node"))
		if t == nil {
			return nil
		}
		f := p.now[t]
		f.label = fmt.Sprintf("%v'%d", t, i)
		p.note("edit %v", t)
		p.now[t] = f
		setLabel(t.x, f.label)
	}
	return nil
}

// reload goes on with a fresh session that has loaded all rows and some relationships.
func (p *program) reload() error {
	p.note("reload")
	if err := p.commit(); err != nil {
		return err
	}
	if err := p.s.Close(); err != nil {
		return err
	}
	p.s = p.db.Session(ingot.Autoflush(p.r.IntN(2) == 0)) // without it, loads meet unsaved edits
	byID := map[string]*thing{}
	for t := range p.now {
		byID[fmt.Sprint(t.kind, idOf(t.x))] = t
		t.x = nil
	}
	ctx := p.t.Context()
	take := func(kind string, x any) { byID[fmt.Sprint(kind, idOf(x))].x = x }
	team, member, tag, node := new(rTeam), new(rMember), new(rTag), new(rNode)
	some := func() bool { return p.r.IntN(2) == 0 }
	tq, mq, gq, nq := ingot.Select(team), ingot.Select(member), ingot.Select(tag), ingot.Select(node)
	if some() {
		tq = tq.Load(&team.Members)
	}
	if some() {
		mq = mq.Load(&member.Items)
	}
	if some() {
		mq = mq.Load(&member.Team)
	}
	if some() {
		mq = mq.Load(&member.Badge)
	}
	if some() {
		mq = mq.Load(&member.Tags)
	}
	if some() {
		gq = gq.Load(&tag.Members)
	}
	if some() {
		nq = nq.Load(&node.Children)
	}
	teams, err := tq.All(ctx, p.s)
	if err != nil {
		return err
	}
	for _, x := range teams {
		take("team", x)
	}
	members, err := mq.All(ctx, p.s)
	if err != nil {
		return err
	}
	for _, x := range members {
		take("member", x)
	}
	tags, err := gq.All(ctx, p.s)
	if err != nil {
		return err
	}
	for _, x := range tags {
		take("tag", x)
	}
	nodes, err := nq.All(ctx, p.s)
	if err != nil {
		return err
	}
	for _, x := range nodes {
		take("node", x)
	}
	items, err := ingot.Select(new(rItem)).All(ctx, p.s)
	if err != nil {
		return err
	}
	for _, x := range items {
		take("item", x)
	}
	badges, err := ingot.Select(new(rBadge)).All(ctx, p.s)
	if err != nil {
		return err
	}
	for _, x := range badges {
		take("badge", x)
	}
	return p.checkLive("reload")
}

func idOf(x any) int64 {
	switch x := x.(type) {
	case *rTeam:
		return x.ID
	case *rMember:
		return x.ID
	case *rItem:
		return x.ID
	case *rBadge:
		return x.ID
	case *rTag:
		return x.ID
	case *rNode:
		return x.ID
	}
	return 0
}

// check compares the oracle with the live session and with the database.
func (p *program) check(when string) error {
	if err := p.checkLive(when); err != nil {
		return err
	}
	var want []string
	for t, f := range p.now {
		up := "0"
		if f.up != nil {
			up = fmt.Sprint(idOf(f.up.x))
		}
		want = append(want, fmt.Sprintf("%s %d %s %s", t.kind, idOf(t.x), f.label, up))
		for tag := range f.tags {
			want = append(want, fmt.Sprintf("link %d %d", idOf(t.x), idOf(tag.x)))
		}
	}
	got, err := ingot.SQL[string](p.t.Context(), p.db, `SELECT concat('team ', id, ' ', label, ' 0') FROM team
		UNION ALL SELECT concat('member ', id, ' ', label, ' ', coalesce(team_id,0)) FROM member
		UNION ALL SELECT concat('item ', id, ' ', label, ' ', owner_id) FROM item
		UNION ALL SELECT concat('badge ', id, ' ', label, ' ', member_id) FROM badge
		UNION ALL SELECT concat('tag ', id, ' ', label, ' 0') FROM tag
		UNION ALL SELECT concat('node ', id, ' ', label, ' ', coalesce(parent_id,0)) FROM node
		UNION ALL SELECT concat('link ', r_member_id, ' ', r_tag_id) FROM member_tag`)
	if err != nil {
		return err
	}
	sort.Strings(got)
	sort.Strings(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("after %s the database has\n\t%s\nwant\n\t%s", when, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	return nil
}

// checkLive compares the oracle with the instances of the session.
func (p *program) checkLive(when string) error {
	for t, f := range p.now {
		if t.x == nil {
			continue
		}
		if st := p.s.State(t.x); st != ingot.Persistent {
			return fmt.Errorf("after %s %v is %v", when, t, st)
		}
		bad := func(what string, got, want any) error {
			return fmt.Errorf("after %s %v (%d) has %s %v, want %v", when, t, idOf(t.x), what, got, want)
		}
		var up any
		var upID int64
		if f.up != nil {
			up, upID = f.up.x, idOf(f.up.x)
		}
		one := func(field any, got any, isNil bool) error {
			switch {
			case isNil && f.up != nil && p.s.Loaded(t.x, field) != ingot.NotLoaded,
				!isNil && got != up:
				return bad("parent", fmt.Sprintf("%v (%v)", got, p.s.Loaded(t.x, field)), f.up)
			}
			return nil
		}
		many := func(field any, got []any, want []*thing) error {
			if p.s.Loaded(t.x, field) != ingot.Loaded {
				return nil
			}
			for _, w := range want {
				if !slices.Contains(got, w.x) {
					return bad(fmt.Sprintf("%T", field), len(got), want)
				}
			}
			if len(got) != len(want) {
				return bad(fmt.Sprintf("%T", field), len(got), want)
			}
			return nil
		}
		var err error
		var label string
		switch x := t.x.(type) {
		case *rTeam:
			label = x.Label
			err = many(&x.Members, anys(x.Members), p.now.under(t, "member"))
		case *rMember:
			label = x.Label
			if (x.TeamID == nil) != (f.up == nil) || x.TeamID != nil && *x.TeamID != upID {
				return bad("team key", x.TeamID, upID)
			}
			var tags []*thing
			for tag := range f.tags {
				tags = append(tags, tag)
			}
			badges := []any{}
			if x.Badge != nil {
				badges = append(badges, x.Badge)
			}
			err = errors.Join(one(&x.Team, x.Team, x.Team == nil), many(&x.Items, anys(x.Items), p.now.under(t, "item")),
				many(&x.Tags, anys(x.Tags), tags), many(&x.Badge, badges, p.now.under(t, "badge")))
		case *rItem:
			label = x.Label
			if x.OwnerID != upID {
				return bad("owner key", x.OwnerID, upID)
			}
			err = one(&x.Owner, x.Owner, x.Owner == nil)
		case *rBadge:
			label = x.Label
			if x.MemberID != upID {
				return bad("member key", x.MemberID, upID)
			}
			err = one(&x.Member, x.Member, x.Member == nil)
		case *rTag:
			label = x.Label
			var members []*thing
			for _, m := range p.now.things("member") {
				if p.now[m].tags[t] {
					members = append(members, m)
				}
			}
			err = many(&x.Members, anys(x.Members), members)
		case *rNode:
			label = x.Label
			if (x.ParentID == nil) != (f.up == nil) || x.ParentID != nil && *x.ParentID != upID {
				return bad("parent key", x.ParentID, upID)
			}
			err = errors.Join(one(&x.Parent, x.Parent, x.Parent == nil), many(&x.Children, anys(x.Children), p.now.under(t, "node")))
		}
		if err != nil {
			return err
		}
		if label != f.label {
			return bad("label", label, f.label)
		}
	}
	return nil
}

func anys[T any](xs []*T) []any {
	list := make([]any, len(xs))
	for i, x := range xs {
		list[i] = x
	}
	return list
}

// cancelAt cancels a context at the n-th statement from now; it reports whether the one
// before was cancelled.
func (r *recorder) cancelAt(n int, cancel func()) (cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	cut = r.cancel == nil
	r.countdown, r.cancel = n, cancel
	return cut
}

func (on Database) TestRandomProgramsAgreeWithTheOracle(t *testing.T) {
	seeds := make([]uint64, cmp.Or(*randomRuns, on.Programs))
	for i := range seeds {
		seeds[i] = uint64(i + 1)
	}
	if *randomSeed != 0 {
		seeds = []uint64{*randomSeed}
	}
	db, sent := on.open(t, ingot.Options{}, rTeam{}, rMember{}, rItem{}, rBadge{}, rTag{}, rNode{})
	for _, seed := range seeds {
		for _, table := range []ingot.TrustedSQL{"member_tag", "badge", "item", "member", "team", "tag", "node"} {
			if table == "node" {
				mustExec(t, db, "UPDATE node SET parent_id = NULL")
			}
			mustExec(t, db, "DELETE FROM "+table)
		}
		sent.take()
		p := &program{t: t, db: db, sent: sent, s: db.Session(ingot.Autoflush(seed%2 == 0)), r: rand.New(rand.NewPCG(seed, 7)),
			now: world{}, saved: world{}, busy: map[*thing]bool{}}
		var err error
		for i := range 60 {
			if err = p.step(i); err != nil {
				break
			}
		}
		if err == nil {
			err = p.commit()
		}
		p.s.Close()
		if err != nil && !errors.Is(err, errUnknown) {
			t.Fatalf("seed %d (go test -run '%s' . -random.seed=%d): %v\nprogram:\n\t%s\nlast statements:\n\t%s", seed, t.Name(), seed, err,
				strings.Join(p.log, "\n\t"), strings.Join(last(sent.take(), 8), "\n\t"))
		}
	}
}

func last(list []string, n int) []string { return list[max(0, len(list)-n):] }

// Rows under boxes trade their unique values, come, go and change boxes, all in one flush.
func (on Database) TestRandomTradesOfUniqueValues(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, uBox{}, uSlot{})
	for seed := range uint64(cmp.Or(*randomRuns, on.Programs)) {
		if *randomSeed != 0 && seed != *randomSeed {
			continue
		}
		mustExec(t, db, "DELETE FROM slot")
		mustExec(t, db, "DELETE FROM box")
		sent.take()
		r := rand.New(rand.NewPCG(seed, 11))
		s := db.Session()
		boxes := []*uBox{{}, {}}
		must(t, s.AddAll(boxes[0], boxes[1]))
		var rows []*uSlot
		rank := int64(0)
		for round := range 12 {
			for range r.IntN(3) { // some go
				if len(rows) == 0 {
					break
				}
				i := r.IntN(len(rows))
				for _, b := range boxes {
					b.Slots = slices.DeleteFunc(slices.Clone(b.Slots), func(x *uSlot) bool { return x == rows[i] })
				}
				rows = slices.Delete(rows, i, i+1)
			}
			for range r.IntN(4) { // some come
				rank++
				x := &uSlot{Rank: rank}
				rows = append(rows, x)
				b := boxes[r.IntN(2)]
				b.Slots = append(b.Slots, x)
			}
			if len(rows) > 0 && r.IntN(3) == 0 { // one changes boxes
				x := rows[r.IntN(len(rows))]
				from, to := boxes[0], boxes[1]
				if slices.Contains(to.Slots, x) {
					from, to = to, from
				}
				from.Slots = slices.DeleteFunc(slices.Clone(from.Slots), func(y *uSlot) bool { return x == y })
				to.Slots = append(to.Slots, x)
			}
			for _, x := range rows { // most trade
				if r.IntN(4) > 0 {
					x.Label = ""
				}
			}
			labels := r.Perm(len(rows) + 3)
			taken := map[string]bool{}
			for _, x := range rows {
				taken[x.Label] = true
			}
			for i, x := range rows {
				if x.Label == "" {
					for taken[fmt.Sprint("l", labels[i])] {
						labels[i] = (labels[i] + 1) % (len(rows) + 3)
					}
					x.Label = fmt.Sprint("l", labels[i])
					taken[x.Label] = true
				}
			}
			places := r.Perm(len(rows) + 1)
			for i, x := range rows {
				if place := int64(places[i]); place > 0 {
					x.Place = &place
				} else {
					x.Place = nil
				}
			}
			var err error
			if r.IntN(2) == 0 {
				err = s.Flush(t.Context())
			} else {
				err = s.Commit(t.Context())
			}
			if err != nil {
				t.Fatalf("seed %d, round %d: %v\n\t%s", seed, round, err, strings.Join(last(sent.take(), 12), "\n\t"))
			}
			sent.take()
		}
		must(t, s.Commit(t.Context()))
		var want []string
		for _, x := range rows {
			place := int64(0)
			if x.Place != nil {
				place = *x.Place
			}
			want = append(want, fmt.Sprintf("%d %d %s %d", x.ID, x.BoxID, x.Label, place))
		}
		got, err := ingot.SQL[string](t.Context(), db, "SELECT concat(id, ' ', box_id, ' ', label, ' ', coalesce(place, 0)) FROM slot")
		must(t, err)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: the database has %q, want %q", seed, got, want)
		}
		s.Close()
	}
}
