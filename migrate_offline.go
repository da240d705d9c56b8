package ingot

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Offline scripts: what upgrade, downgrade and stamp would do, as SQL, without a database.
// The schema that steps meet is replayed from the revisions below.

// A script collects statements. Nothing of it is printed if one cannot be rendered.
type script struct {
	bytes.Buffer
	d       Dialect
	offline OfflineDialect // nil if the dialect is none
	srv     Server
}

func newScript(d Dialect) (*script, SchemaDialect, error) {
	if d == nil {
		return nil, nil, errors.New("ingot: --sql needs the dialect: set Dialect of the Env in migrations/main.go")
	}
	sd, ok := d.(SchemaDialect)
	if !ok {
		return nil, nil, fmt.Errorf("ingot: dialect %s knows nothing of schemas: migrations need a SchemaDialect", d.Name())
	}
	s := &script{d: d, srv: Server{Dialect: d.Name(), Caps: Caps{TransactionalDDL: true}}}
	if s.offline, ok = d.(OfflineDialect); ok {
		s.srv = s.offline.OfflineServer()
	}
	return s, sd, nil
}

// statement writes one statement.
func (s *script) statement(text string) {
	text = strings.TrimRight(strings.TrimSpace(text), ";")
	last := text[strings.LastIndexByte(text, '\n')+1:]
	switch delimiter, ok := s.d.(ScriptDelimiter); {
	case strings.HasPrefix(text, "--") && !strings.Contains(text, "\n"):
		fmt.Fprintf(s, "%s\n", text)
	case ok && delimiter.Delimited(text) != "":
		fmt.Fprintf(s, "%s\n", delimiter.Delimited(text))
	case strings.Contains(last, "--"), strings.Contains(last, "#"): // perhaps a comment
		fmt.Fprintf(s, "%s\n;\n", text)
	default:
		fmt.Fprintf(s, "%s;\n", text)
	}
}

func (s *script) statements(texts []string) {
	for _, text := range texts {
		s.statement(text)
	}
}

// row writes a statement on a table of the state, in which arguments become literals.
func (s *script) row(text string, args ...string) {
	s.statement(stateSQL(s.d, text, func(b []byte, n int) []byte { return s.literal(b, args[n-1]) }))
}

func (s *script) literal(b []byte, text string) []byte {
	if s.offline != nil {
		return s.offline.AppendLiteral(b, text)
	}
	return append(append(append(b, '\''), strings.ReplaceAll(text, "'", "''")...), '\'')
}

// transaction writes what body writes as one transaction, where DDL is transactional.
func (s *script) transaction(steps []Step, body func() error) error {
	var begin, check, end []string
	if s.offline != nil && len(steps) > 0 {
		begin, check, end = s.offline.OfflineMode(steps, &s.srv)
	}
	s.statements(begin)
	if s.srv.TransactionalDDL {
		s.statement("BEGIN")
	}
	if err := body(); err != nil {
		return err
	}
	s.statements(check)
	if s.srv.TransactionalDDL {
		s.statement("COMMIT")
	}
	s.statements(end)
	s.WriteByte('\n')
	return nil
}

// stateTables writes the tables of the state.
func (s *script) stateTables(sd SchemaDialect) error {
	return s.transaction(nil, func() error {
		for _, t := range stateTables() {
			texts, err := sd.DDL(CreateTable{Table: t}, &Schema{}, &s.srv)
			if err != nil {
				return err
			}
			s.statements(texts)
		}
		return nil
	})
}

func (s *script) addRevision(n *node, how string, at time.Time) error {
	hash, err := n.upgradeHash()
	if err != nil {
		return err
	}
	s.row("INSERT INTO `"+revisionTable+"` (`id`, `parents`, `depends_on`, `message`, `hash`, `how`, `applied_at`, `applied_by`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		n.ID, strings.Join(ids(n.parents), " "), strings.Join(ids(n.deps), " "), n.Message, hash, how, stateTime(at), "a script by "+programName())
	return nil
}

func (s *script) removeRevision(n *node) {
	s.row("DELETE FROM `"+revisionTable+"` WHERE `id` = ?", n.ID)
	s.row("DELETE FROM `"+stepTable+"` WHERE `revision` = ?", n.ID)
}

func (c *invocation) now() time.Time {
	if c.env.Options.Now != nil {
		return c.env.Options.Now()
	}
	return time.Now()
}

// offline prints the script of an upgrade or a downgrade.
func (c *invocation) offline(down bool, span string) error {
	g := c.g
	s, sd, err := newScript(c.env.Dialect)
	if err != nil {
		return err
	}
	from, to, ranged := strings.Cut(span, ":")
	if !ranged {
		if down {
			return &usageError{"downgrade --sql needs a range, from:to, because no database says where it is"}
		}
		from, to = "base", span
	}
	start, err := g.targets(parseTarget(cmp.Or(from, "base")), nil)
	if err != nil {
		return err
	}
	applied := g.closure(start)
	var plan []*node
	if down {
		plan, err = g.planDowngrade(applied, cmp.Or(to, "base"))
	} else if plan, err = g.planUpgrade(applied, cmp.Or(to, "head")); err == nil && len(start) > 0 {
		_, err = g.between(cmp.Or(from, "base"), cmp.Or(to, "head"), applied, false)
	}
	if err != nil {
		return err
	}

	// The schema that the first step meets. Where a revision cannot be replayed nothing is
	// known, and a step that needs to know says so.
	before := &Schema{}
	below := g.order(applied, g.headsOf(applied))
	for i := len(below) - 1; i >= 0 && before != nil; i-- {
		if before.ApplySteps(below[i].Upgrade) != nil {
			before = nil
		}
	}
	if !down && len(start) == 0 {
		if err := s.stateTables(sd); err != nil {
			return err
		}
	}
	for _, n := range plan {
		steps := n.Upgrade
		if down {
			if steps, err = n.DowngradeSteps(); err != nil {
				return err
			}
		}
		splitter, _ := sd.(StepSplitter)
		err := s.transaction(steps, func() error {
			s.title(n, down)
			sent := 0 // steps written, some along with an earlier one
			for i, step := range steps {
				var err error
				if i >= sent {
					alone := s.srv.TransactionalDDL && splitter != nil && splitter.OutsideTransaction(step, &s.srv)
					if alone {
						s.statement("COMMIT")
					}
					var n int
					n, err = s.step(sd, steps[i:], before)
					sent = i + n
					if alone {
						s.statement("BEGIN")
					}
				}
				if err == nil && before != nil && before.Apply(step) != nil {
					before = nil
				}
				if err != nil {
					return &MigrationError{Revision: n.ID, Message: n.Message, Down: down, Step: i + 1, What: step.String(), Err: err}
				}
			}
			if down {
				s.removeRevision(n)
				return nil
			}
			return s.addRevision(n, goingUp, c.now())
		})
		if err != nil {
			return err
		}
	}
	_, err = c.out.Write(s.Bytes())
	return err
}

func (s *script) title(n *node, down bool) {
	verb := goingUp
	if down {
		verb = goingDown
	}
	fmt.Fprintf(s, "-- %s of revision %s", verb, n.ID)
	if n.Message != "" {
		fmt.Fprintf(s, ": %s", firstLine(n.Message))
	}
	s.WriteByte('\n')
}

// step writes the first of the steps, and those that the dialect takes together with it.
func (s *script) step(sd SchemaDialect, steps []Step, before *Schema) (n int, err error) {
	if _, ok := steps[0].(Do); ok {
		return 0, errors.New("a function of the program has no SQL")
	}
	texts, n, err := renderGroup(sd, steps, before, &s.srv)
	if err != nil && before == nil {
		return 0, fmt.Errorf("a script needs to know the table here, and the revisions below cannot be replayed: run it against a live database (%w)", err)
	}
	s.statements(texts)
	return n, err
}

// offlineStamp prints the script of a stamp, from:to or to.
func (c *invocation) offlineStamp(args []string) error {
	g := c.g
	s, sd, err := newScript(c.env.Dialect)
	if err != nil {
		return err
	}
	from, to, ranged := strings.Cut(args[0], ":")
	if !ranged {
		from, to = "base", args[0]
	}
	start, err := g.targets(parseTarget(cmp.Or(from, "base")), nil)
	if err != nil {
		return err
	}
	v := &view{g: g, state: &migrationState{}, applied: g.closure(start)}
	after, err := v.stamped(append([]string{to}, args[1:]...), c.purge)
	if err != nil {
		return err
	}
	if len(start) == 0 {
		if err := s.stateTables(sd); err != nil {
			return err
		}
	}
	err = s.transaction(nil, func() error {
		for _, n := range g.nodes {
			switch {
			case v.applied.has(n) && !after.has(n):
				s.removeRevision(n)
			case !v.applied.has(n) && after.has(n):
				if err := s.addRevision(n, "stamp", c.now()); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = c.out.Write(s.Bytes())
	return err
}
