package ingot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
)

// An Env is what migrations/main.go knows and the command needs: the models, the revisions
// and the way to the database.
type Env struct {
	Models    *Models
	Revisions *Revisions
	Dialect   Dialect
	// Open opens the database. It is called by commands that need it, once; the command
	// closes it.
	Open func() (*sql.DB, error)
	// Dir is the folder of the revision files; empty means the folder versions beside the
	// file that calls Main.
	Dir string
	// Options are given to [Open]; Models is filled in.
	Options Options
	// Migrator changes how revisions are run.
	Migrator []MigratorOption
}

// Exit codes of the command.
const (
	ExitOK      = 0
	ExitDiffers = 1 // check: models and database differ; current --check-heads: not at the heads
	ExitError   = 2 // anything that failed, wrong usage included
	ExitBehind  = 3 // check and revision --autogenerate: revisions wait to be applied
)

// Main runs the command with the arguments of the program and ends the program with its
// exit code. An interrupt or SIGTERM cancels what runs; a transaction under way is rolled
// back.
func Main(e Env) {
	if e.Dir == "" {
		if _, file, _, ok := runtime.Caller(1); ok {
			if dir := filepath.Join(filepath.Dir(file), "versions"); isDir(dir) {
				e.Dir = dir // not so in a program built with -trimpath, or on another machine
			}
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := e.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// A command is one word of the command line.
type command struct {
	name, args, help string
	run              func(*invocation, []string) error
	flags            func(*invocation, *flag.FlagSet)
	min, max         int  // arguments; max -1 means any number
	alone            bool // it wants nothing of the revisions
}

// commands are what the command can do, in the order of its help.
func commands() []command {
	return []command{
		{name: "revision", help: "write a new revision", run: (*invocation).revision, flags: func(c *invocation, f *flag.FlagSet) {
			f.StringVar(&c.message, "m", "", "the message")
			f.BoolVar(&c.autogenerate, "autogenerate", false, "fill it with the difference between models and database")
			f.StringVar(&c.head, "head", "head", "the revision it follows, or base")
			f.BoolVar(&c.splice, "splice", false, "allow a --head that is followed by another revision already: a new branch")
			f.Var((*listFlag)(&c.labels), "branch-label", "a name for the branch that begins here")
			f.Var((*listFlag)(&c.dependsOn), "depends-on", "a revision that must be applied before, of another branch; may be repeated")
			f.StringVar(&c.revID, "rev-id", "", "the ID, instead of a random one")
			f.Var((*listFlag)(&c.renames), "rename", "table.column=new or table=new: what looks dropped and added was renamed; may be repeated")
			f.BoolVar(&c.answers.NoRename, "no-rename", false, "nothing was renamed")
			f.Var((*listFlag)(&c.fills), "fill", "table.column=SQL: the value of a new NOT NULL column in rows that exist; may be repeated")
			f.BoolVar(&c.answers.NoFill, "no-fill", false, "no table with a new NOT NULL column has rows")
			limitFlags(c, f)
		}},
		{name: "upgrade", args: "[target]", max: -1, help: "apply revisions, up to head", run: (*invocation).upgrade, flags: sqlFlag},
		{name: "downgrade", args: "target", min: 1, max: 1, help: "undo revisions: -1, an ID, base", run: (*invocation).downgrade, flags: sqlFlag},
		{name: "plan", args: "[target]", max: -1, help: "show what upgrade would run", run: (*invocation).plan, flags: func(c *invocation, f *flag.FlagSet) {
			f.BoolVar(&c.down, "downgrade", false, "show what downgrade would run")
		}},
		{name: "check", help: "compare models and database", run: (*invocation).check, flags: limitFlags},
		{name: "current", help: "show where the database is", run: (*invocation).current, flags: func(c *invocation, f *flag.FlagSet) {
			verboseFlag(c, f)
			f.BoolVar(&c.checkHeads, "check-heads", false, "exit with 1 unless the database is at the heads")
		}},
		{name: "history", help: "list revisions, newest first", run: (*invocation).history, flags: func(c *invocation, f *flag.FlagSet) {
			f.StringVar(&c.span, "r", "", "a range, [start]:[end]")
			verboseFlag(c, f)
			f.BoolVar(&c.indicate, "i", false, "mark what the database is at")
		}},
		{name: "heads", help: "list the newest revisions", run: (*invocation).heads, flags: func(c *invocation, f *flag.FlagSet) {
			verboseFlag(c, f)
			f.BoolVar(&c.resolve, "resolve-dependencies", false, "leave out those that others depend on")
		}},
		{name: "branches", help: "list the revisions at which branches begin", run: (*invocation).branches, flags: verboseFlag},
		{name: "merge", args: "[revision …]", max: -1, help: "write a revision that joins heads", run: (*invocation).merge, flags: func(c *invocation, f *flag.FlagSet) {
			f.StringVar(&c.message, "m", "", "the message")
			f.Var((*listFlag)(&c.labels), "branch-label", "a name for the branch that begins here")
			f.StringVar(&c.revID, "rev-id", "", "the ID, instead of a random one")
			f.BoolVar(&c.splice, "splice", false, "allow revisions that are not heads")
		}},
		{name: "show", args: "revision", min: 1, max: 1, help: "show a revision", run: (*invocation).show},
		{name: "edit", args: "revision", min: 1, max: 1, help: "open the file of a revision in $EDITOR", run: (*invocation).edit},
		{name: "stamp", args: "target …", min: 1, max: -1, help: "mark revisions as applied and run nothing", run: (*invocation).stamp, flags: func(c *invocation, f *flag.FlagSet) {
			f.BoolVar(&c.purge, "purge", false, "forget first what the database says is applied")
			sqlFlag(c, f)
		}},
		{name: "models", args: "[table …]", max: -1, alone: true, help: "write the structs of a database that exists", run: (*invocation).models, flags: func(c *invocation, f *flag.FlagSet) {
			f.StringVar(&c.outFile, "out", "", "the file to write; without it they are printed")
			f.Var((*listFlag)(&c.schemas), "schema", "a schema beside the default one; may be repeated")
		}},
		{name: "ensure-version", help: "make the tables that keep what is applied", run: (*invocation).ensureVersion},
	}
}

func verboseFlag(c *invocation, f *flag.FlagSet) {
	f.BoolVar(&c.verbose, "v", false, "show more")
}

func sqlFlag(c *invocation, f *flag.FlagSet) {
	f.BoolVar(&c.sql, "sql", false, "print SQL and run nothing; no database is needed. A range start:end says where from")
}

func limitFlags(c *invocation, f *flag.FlagSet) {
	f.Var((*listFlag)(&c.schemas), "schema", "compare only this schema, default being the default one; may be repeated")
	f.Var((*listFlag)(&c.tables), "table", "compare only this table, table or schema.table; may be repeated")
}

// A listFlag is a flag that may be given several times.
type listFlag []string

func (l *listFlag) String() string     { return strings.Join(*l, ",") }
func (l *listFlag) Set(s string) error { *l = append(*l, s); return nil }

// An invocation is one run of the command.
type invocation struct {
	env Env
	ctx context.Context
	out io.Writer
	err io.Writer

	g     *graph
	sqldb *sql.DB
	db    *DB

	message, head, revID, span             string
	autogenerate, splice, sql, down, purge bool
	verbose, checkHeads, indicate, resolve bool
	labels, dependsOn, renames, fills      []string
	outFile                                string
	schemas, tables                        []string
	answers                                Decisions
}

// An exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error // nil: what there is to say has been said
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usageError is a mistake in the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// Run runs the command with its arguments and returns the exit code. What it is asked for
// goes to out, everything else to err.
func (e Env) Run(ctx context.Context, args []string, out, errOut io.Writer) int {
	if e.Dir == "" {
		e.Dir = filepath.Join("migrations", "versions")
	}
	c := &invocation{env: e, ctx: ctx, out: out, err: errOut}
	defer c.close()
	err := c.dispatch(args)
	if err == nil {
		return ExitOK
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintln(errOut, usage.text)
		return ExitError
	}
	if exit, ok := errors.AsType[*exitError](err); ok {
		if exit.err != nil {
			fmt.Fprintln(errOut, message(exit.err))
		}
		return exit.code
	}
	fmt.Fprintln(errOut, message(err))
	if errors.Is(err, ErrBehind) {
		return ExitBehind
	}
	return ExitError
}

// message is an error for people.
func message(err error) string { return "error: " + strings.ReplaceAll(err.Error(), "ingot: ", "") }

func (c *invocation) dispatch(args []string) error {
	if len(args) == 0 {
		c.usage(c.err)
		return &exitError{code: ExitError}
	}
	name := args[0]
	switch name {
	case "help", "-h", "-help", "--help":
		c.usage(c.out)
		return nil
	}
	all := commands()
	i := slices.IndexFunc(all, func(cmd command) bool { return cmd.name == strings.ReplaceAll(name, "_", "-") })
	if i < 0 {
		var names []string
		for _, cmd := range all {
			names = append(names, cmd.name)
		}
		return &usageError{fmt.Sprintf("unknown command %q: want one of %s", name, strings.Join(names, ", "))}
	}
	cmd := all[i]
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	if cmd.flags != nil {
		cmd.flags(c, fs)
	}
	rest, err := parseArgs(fs, args[1:])
	if errors.Is(err, flag.ErrHelp) {
		c.commandUsage(c.out, cmd, fs)
		return nil
	}
	if err == nil && (len(rest) < cmd.min || cmd.max >= 0 && len(rest) > cmd.max) {
		err = fmt.Errorf("got %s", counted(len(rest), "argument", "arguments"))
	}
	if err != nil {
		var b strings.Builder
		c.commandUsage(&b, cmd, fs)
		return &usageError{fmt.Sprintf("%s: %v\n%s", cmd.name, err, strings.TrimSuffix(b.String(), "\n"))}
	}
	if !cmd.alone {
		if c.g, err = c.env.Revisions.graph(); err != nil {
			return err
		}
	}
	return cmd.run(c, rest)
}

// parseArgs parses flags that may stand among the arguments. A relative revision such as -1
// is an argument.
func parseArgs(fs *flag.FlagSet, args []string) (rest []string, err error) {
	for len(args) > 0 {
		if args[0] == "--" {
			return append(rest, args[1:]...), nil
		}
		if !strings.HasPrefix(args[0], "-") || isOffset(args[0]) {
			rest, args = append(rest, args[0]), args[1:]
			continue
		}
		end := slices.IndexFunc(args, isOffset)
		if end < 0 {
			end = len(args)
		}
		if err := fs.Parse(args[:end]); err != nil {
			return nil, err
		}
		args = args[end-fs.NArg():]
	}
	return rest, nil
}

// isOffset reports whether an argument is -1, -2 and so on.
func isOffset(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && strings.Trim(arg[1:], "0123456789") == ""
}

func (c *invocation) usage(w io.Writer) {
	fmt.Fprint(w, "usage: go run ./migrations COMMAND [flags] [arguments]\n\n")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cmd := range commands() {
		fmt.Fprintf(tw, "  %s\t%s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.help)
	}
	tw.Flush()
	fmt.Fprint(w, `
A target is an ID, its first four characters or more, head, heads, base, current, a label
or label@head, or relative: +1, -2, ae10+2, label@+1. COMMAND -h shows the flags.

exit codes: 0 done; 1 check found a difference; 2 error; 3 the database is behind
`)
}

func (c *invocation) commandUsage(w io.Writer, cmd command, fs *flag.FlagSet) {
	fmt.Fprintf(w, "usage: go run ./migrations %s", cmd.name)
	if cmd.flags != nil {
		fmt.Fprint(w, " [flags]")
	}
	if cmd.args != "" {
		fmt.Fprint(w, " "+cmd.args)
	}
	fmt.Fprintf(w, "\n  %s\n", cmd.help)
	fs.SetOutput(w)
	fs.PrintDefaults()
	fs.SetOutput(io.Discard)
}

// open connects to the database, once.
func (c *invocation) open() (*DB, error) {
	if c.db != nil {
		return c.db, nil
	}
	if c.env.Open == nil || c.env.Dialect == nil {
		return nil, errors.New("ingot: this command needs the database: set Open and Dialect of the Env in migrations/main.go")
	}
	sqldb, err := c.env.Open()
	if err != nil {
		return nil, within("cannot open the database", err)
	}
	c.sqldb = sqldb
	o := c.env.Options
	o.Models = cmp.Or(c.env.Models, o.Models)
	if c.db, err = Open(sqldb, c.env.Dialect, o); err != nil {
		return nil, err
	}
	return c.db, nil
}

func (c *invocation) close() {
	if c.db != nil {
		_ = c.db.Close()
	}
	if c.sqldb != nil {
		_ = c.sqldb.Close()
	}
}

// migrator connects and returns a migrator that says what it does.
func (c *invocation) migrator() (*Migrator, error) {
	db, err := c.open()
	if err != nil {
		return nil, err
	}
	m := NewMigrator(db, c.env.Revisions, c.env.Migrator...)
	m.limit = limits{c.schemas, c.tables}
	if m.progress == nil {
		m.progress = c.progress
	}
	return m, nil
}

// look connects and reads what is applied.
func (c *invocation) look() (*view, error) {
	m, err := c.migrator()
	if err != nil {
		return nil, err
	}
	return m.look(c.ctx)
}

func (c *invocation) progress(p Progress) {
	if p.Step != 0 {
		return
	}
	arrow, verb := strings.Join(p.Revision.Parents, ", ")+" -> "+p.Revision.ID, goingUp
	if p.Down {
		arrow, verb = p.Revision.ID+" -> "+strings.Join(p.Revision.Parents, ", "), goingDown
	}
	if !p.Done {
		fmt.Fprintf(c.out, "%s %s", verb, strings.TrimSpace(arrow))
		if p.Revision.Message != "" {
			fmt.Fprintf(c.out, ", %s", firstLine(p.Revision.Message))
		}
		fmt.Fprintln(c.out)
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func (c *invocation) upgrade(args []string) error {
	if c.sql {
		return c.offline(false, cmp.Or(strings.Join(args, " "), "head"))
	}
	m, err := c.migrator()
	if err != nil {
		return err
	}
	done, err := m.upgrade(c.ctx, args)
	if err != nil {
		return err
	}
	if len(done) > 0 {
		return nil
	}
	v, err := m.look(c.ctx)
	switch {
	case err != nil:
		return err
	case len(v.unknown) > 0:
		fmt.Fprintf(c.out, "nothing done: the database is ahead of this program, at %s\n", appliedList(v.heads()))
	default:
		fmt.Fprintf(c.out, "nothing to do: the database is at %s\n", cmp.Or(appliedList(v.heads()), "base, and there are no revisions"))
	}
	return nil
}

func appliedList(rows []AppliedRevision) string {
	var list []string
	for _, r := range rows {
		list = append(list, r.ID)
	}
	return strings.Join(list, ", ")
}

func (c *invocation) downgrade(args []string) error {
	if c.sql {
		return c.offline(true, args[0])
	}
	m, err := c.migrator()
	if err != nil {
		return err
	}
	done, err := m.downgrade(c.ctx, args[0])
	if err == nil && len(done) == 0 {
		fmt.Fprintf(c.out, "nothing to do\n")
	}
	return err
}

func (c *invocation) plan(args []string) error {
	m, err := c.migrator()
	if err != nil {
		return err
	}
	if c.down && len(args) != 1 {
		return &usageError{"plan --downgrade: want one target"}
	}
	plan, err := m.planned(c.ctx, c.down, args)
	if err != nil {
		return err
	}
	if len(plan) == 0 {
		fmt.Fprintln(c.out, "nothing to do")
	}
	for _, p := range plan {
		c.progress(Progress{Revision: p.Revision, Down: p.Down})
		for i, s := range p.Steps {
			fmt.Fprintf(c.out, "  %d. %s\n", i+1, s)
			if lost := Destroys(s); lost != "" {
				fmt.Fprintf(c.out, "     destroys %s\n", lost)
			}
			for _, text := range p.SQL[i] {
				fmt.Fprintf(c.out, "     %s;\n", strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(text), ";"), "\n", "\n     "))
			}
		}
	}
	return nil
}

func (c *invocation) check([]string) error {
	m, err := c.migrator()
	if err != nil {
		return err
	}
	steps, err := m.Check(c.ctx)
	if err != nil {
		return err
	}
	if len(steps) == 0 {
		fmt.Fprintln(c.out, "nothing to do: models and database are the same")
		return nil
	}
	fmt.Fprintf(c.out, "models and database differ; to make the database what the models say:\n")
	for _, s := range steps {
		fmt.Fprintf(c.out, "  %s\n", s)
	}
	return &exitError{code: ExitDiffers}
}

func (c *invocation) current([]string) error {
	v, err := c.look()
	if err != nil {
		return err
	}
	for _, r := range v.heads() {
		n := v.g.byID[r.ID]
		switch {
		case n == nil:
			fmt.Fprintf(c.out, "%s (unknown to this program: %s)\n", r.ID, r.describe())
		case c.verbose:
			fmt.Fprintf(c.out, "%s\n  %s\n", c.line(n, nil), r.describe())
		default:
			fmt.Fprintln(c.out, n.ID+marks(n))
		}
	}
	for _, f := range v.state.failed {
		if f.state == stepFailed {
			fmt.Fprintf(c.out, "failed: %s of %s, step %d, %s, %s: %s\n", f.direction, f.revision, f.step, f.what, f.endedAt, strings.TrimPrefix(f.err, "ingot: "))
		}
	}
	for _, id := range v.state.partial {
		fmt.Fprintf(c.out, "%s is applied in part: upgrade goes on where it stopped, downgrade undoes what was done\n", id)
	}
	for _, id := range v.state.undoing {
		fmt.Fprintf(c.out, "%s is undone in part: downgrade goes on where it stopped\n", id)
	}
	if c.checkHeads {
		if err := v.upToDate(); err != nil {
			return &exitError{code: ExitDiffers, err: err}
		}
	}
	return nil
}

// marks are what is said of a revision behind its ID.
func marks(n *node) string {
	s := ""
	if len(n.names) > 0 {
		s += " (" + strings.Join(n.names, ", ") + ")"
	}
	if len(n.allNext) == 0 {
		s += " (head)"
	} else if len(n.next) == 0 {
		s += " (effective head)"
	}
	if len(n.next) > 1 {
		s += " (branchpoint)"
	}
	if len(n.parents) > 1 {
		s += " (mergepoint)"
	}
	return s
}

// line is a revision in one line, and in a few more with -v.
func (c *invocation) line(n *node, current nodeSet) string {
	s := fmt.Sprintf("%s -> %s%s", cmp.Or(idList(n.parents), "<base>"), n.ID, marks(n))
	if current != nil && current.has(n) {
		s += " (current)"
	}
	if n.Message != "" {
		s += ", " + firstLine(n.Message)
	}
	if c.verbose {
		if len(n.deps) > 0 {
			s += "\n  depends on: " + idList(n.deps)
		}
		if file, err := revisionFile(c.env.Dir, n.ID); err == nil {
			s += "\n  file: " + file
		}
		if _, more, ok := strings.Cut(n.Message, "\n"); ok {
			s += "\n  " + strings.ReplaceAll(strings.TrimSpace(more), "\n", "\n  ")
		}
	}
	return s
}

func (c *invocation) history([]string) error {
	low, high, ok := strings.Cut(c.span, ":")
	if c.span != "" && (!ok || strings.Contains(high, ":")) {
		return &usageError{fmt.Sprintf("history range requires [start]:[end], [start]:, or :[end]; got %q", c.span)}
	}
	g, applied := c.g, c.g.set()
	var current nodeSet
	if c.indicate || strings.Contains(c.span, "current") {
		v, err := c.look()
		if err != nil {
			return err
		}
		g, applied = v.g, v.applied
		if c.indicate {
			current = g.set(g.headsOf(applied)...)
		}
	}
	ns, err := g.between(low, high, applied, true)
	if err != nil {
		return err
	}
	for _, n := range ns {
		fmt.Fprintln(c.out, c.line(n, current))
	}
	return nil
}

func (c *invocation) heads([]string) error {
	heads := c.g.heads
	if c.resolve {
		heads = c.g.tips
	}
	for _, n := range heads {
		if c.verbose {
			fmt.Fprintln(c.out, c.line(n, nil))
		} else {
			fmt.Fprintln(c.out, n.ID+marks(n))
		}
	}
	return nil
}

func (c *invocation) branches([]string) error {
	for _, n := range c.g.nodes {
		if len(n.next) < 2 {
			continue
		}
		fmt.Fprintln(c.out, c.line(n, nil))
		for _, x := range n.next {
			fmt.Fprintf(c.out, "  -> %s%s\n", x.ID, marks(x))
		}
	}
	return nil
}

func (c *invocation) show(args []string) error {
	g, current := c.g, []*node(nil)
	if strings.Contains(args[0], "current") {
		v, err := c.look()
		if err != nil {
			return err
		}
		g, current = v.g, v.g.headsOf(v.applied)
	}
	n, err := g.single(args[0], current)
	if err != nil {
		return err
	}
	c.verbose = true
	fmt.Fprintln(c.out, c.line(n, nil))
	list := func(title string, steps []Step) {
		fmt.Fprintln(c.out, title+":")
		if len(steps) == 0 {
			fmt.Fprintln(c.out, "  nothing")
		}
		for i, s := range steps {
			fmt.Fprintf(c.out, "  %d. %s\n", i+1, s)
		}
	}
	list("upgrade", n.Upgrade)
	down, err := n.DowngradeSteps()
	if err != nil {
		fmt.Fprintf(c.out, "downgrade: not possible: %s\n", strings.ReplaceAll(err.Error(), "ingot: ", ""))
		return nil
	}
	list("downgrade", down)
	return nil
}

func (c *invocation) edit(args []string) error {
	n, err := c.g.single(args[0], nil)
	if err != nil {
		return err
	}
	file, err := revisionFile(c.env.Dir, n.ID)
	if err != nil {
		return err
	}
	editor := strings.Fields(cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR")))
	if len(editor) == 0 {
		return fmt.Errorf("ingot: no editor: set EDITOR; the file is %s", file)
	}
	cmd := exec.CommandContext(c.ctx, editor[0], append(editor[1:], file)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, c.out, c.err
	return cmd.Run()
}

func (c *invocation) stamp(args []string) error {
	if c.sql {
		return c.offlineStamp(args)
	}
	m, err := c.migrator()
	if err != nil {
		return err
	}
	if err := m.stamp(c.ctx, args, c.purge); err != nil {
		return err
	}
	now, err := m.Current(c.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "stamped: the database is at %s\n", cmp.Or(appliedList(now), "base"))
	return nil
}

// models writes the structs of tables that are there.
func (c *invocation) models(tables []string) error {
	db, err := c.open()
	if err != nil {
		return err
	}
	s, err := db.Inspect(c.ctx, c.schemas...)
	if err != nil {
		return err
	}
	if len(tables) > 0 {
		all := s.Tables
		s.Tables, s.Views, s.Sequences, s.Unsupported = nil, nil, nil, nil
		for _, name := range tables {
			t := findTable(&Schema{Tables: all}, name)
			if t == nil {
				var names []string
				for i := range all {
					names = append(names, all[i].name().String())
				}
				return fmt.Errorf("ingot: the database has no table %q%s", name, didYouMean(name, names))
			}
			s.Tables = append(s.Tables, *t)
		}
	}
	pkg := "models"
	if c.outFile != "" {
		dir, err := filepath.Abs(filepath.Dir(c.outFile))
		if err != nil {
			return err
		}
		pkg = cmp.Or(identOfPath(filepath.Base(dir)), pkg)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	text, unsaid, err := FormatModels(s, db.dialect, pkg)
	if err != nil {
		return err
	}
	for _, u := range unsaid {
		fmt.Fprintf(c.err, "no tag says: %s\n", u.line())
	}
	if c.outFile == "" {
		_, err = io.WriteString(c.out, text)
		return err
	}
	if err := writeNew(c.outFile, []byte(text)); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "wrote %s: %s\n", c.outFile, counted(len(s.Tables), "table", "tables"))
	return nil
}

func (c *invocation) ensureVersion([]string) error {
	m, err := c.migrator()
	if err != nil {
		return err
	}
	return m.EnsureVersion(c.ctx)
}

// revision writes a new revision.
func (c *invocation) revision([]string) error {
	if _, err := packageOf(c.env.Dir); err != nil { // before connecting
		return err
	}
	r := Revision{ID: cmp.Or(c.revID, newRevisionID()), Message: c.message, Labels: c.labels}
	if c.g.byID[r.ID] != nil {
		return fmt.Errorf("ingot: revision %s exists already", r.ID)
	}
	ends, err := c.g.targets(parseTarget(c.head), nil)
	if several, ok := errors.AsType[*MultipleHeadsError](err); ok {
		return fmt.Errorf("ingot: there are several heads, %s: say which one to follow with --head, or merge them", strings.Join(several.Heads, ", "))
	}
	if err != nil {
		return err
	}
	for _, p := range ends {
		if err := c.follow(&r, p); err != nil {
			return err
		}
	}
	for _, d := range c.dependsOn {
		n, err := c.g.find(d, "")
		if err != nil {
			return err
		}
		if slices.Contains(n.Labels, d) {
			r.DependsOn = append(r.DependsOn, d)
		} else {
			r.DependsOn = append(r.DependsOn, n.ID)
		}
	}
	if c.autogenerate {
		if r.Upgrade, err = c.generate(); err != nil {
			return err
		}
		if len(r.Upgrade) == 0 {
			fmt.Fprintln(c.out, "nothing to do: models and database are the same; no file written")
			return nil
		}
		if r.Downgrade, err = undo(r.Upgrade); err != nil {
			return err
		}
	}
	return c.write(r)
}

// follow makes a revision the child of another.
func (c *invocation) follow(r *Revision, parent *node) error {
	if len(parent.next) > 0 && !c.splice {
		return fmt.Errorf("ingot: revision %s is not a head: %s follows it; --splice begins a branch there", parent.ID, idList(parent.next))
	}
	r.Parents = append(r.Parents, parent.ID)
	return nil
}

// generate asks for the difference, with the answers of the command line.
func (c *invocation) generate() ([]Step, error) {
	c.answers.Rename, c.answers.Fill = map[string]string{}, map[string]TrustedSQL{}
	for _, x := range c.renames {
		from, to, ok := strings.Cut(x, "=")
		if !ok {
			return nil, &usageError{fmt.Sprintf("--rename %s: want table.column=new or table=new", x)}
		}
		c.answers.Rename[from] = to
	}
	for _, x := range c.fills {
		column, value, ok := strings.Cut(x, "=")
		if !ok || value == "" {
			return nil, &usageError{fmt.Sprintf("--fill %s: want table.column=SQL", x)}
		}
		c.answers.Fill[column] = TrustedSQL(value) // the command line is the developer's
	}
	m, err := c.migrator()
	if err != nil {
		return nil, err
	}
	steps, err := m.Autogenerate(c.ctx, c.answers)
	if _, undecided := errors.AsType[*DecisionError](err); undecided {
		return nil, fmt.Errorf("%w\nno file written", err)
	}
	return steps, err
}

// write writes the file of a new revision, after the graph has accepted it.
func (c *invocation) write(r Revision) error {
	if _, err := newGraph(append(c.env.Revisions.All(), r)); err != nil {
		return err
	}
	file, err := writeRevision(c.env.Dir, r, c.now())
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "wrote %s\n", file)
	for _, s := range r.Upgrade {
		fmt.Fprintf(c.out, "  %s\n", s)
	}
	return nil
}

// merge writes a revision that joins others.
func (c *invocation) merge(args []string) error {
	if len(args) == 0 {
		args = []string{"heads"}
	}
	var ends []*node
	for _, a := range args {
		ns, err := c.g.targets(parseTarget(a), nil)
		if err != nil {
			return err
		}
		if a == "heads" {
			ns = c.g.heads
		}
		for _, n := range ns {
			if !slices.Contains(ends, n) {
				ends = append(ends, n)
			}
		}
	}
	if len(ends) < 2 {
		return fmt.Errorf("ingot: nothing to merge: %s is the only head", cmp.Or(idList(ends), "base"))
	}
	r := Revision{ID: cmp.Or(c.revID, newRevisionID()), Message: cmp.Or(c.message, "merge "+strings.Join(ids(ends), " and ")), Labels: c.labels}
	for _, n := range ends {
		for _, other := range ends {
			if n != other && n.line.has(other) {
				return fmt.Errorf("ingot: %s is below %s already: there is nothing to merge", other.ID, n.ID)
			}
		}
		if err := c.follow(&r, n); err != nil {
			return err
		}
	}
	return c.write(r)
}
