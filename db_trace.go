package ingot

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Tracer is told before and after each statement. The context that StatementStart
// returns goes with the statement to the driver and on to StatementEnd, so that spans
// nest. It is called from every goroutine that uses the DB.
type Tracer interface {
	StatementStart(ctx context.Context, s *TracedStatement) context.Context
	StatementEnd(ctx context.Context, s *TracedStatement)
}

// A TracedStatement is what a [Tracer] sees of a statement. Rows, Took and Err are set at
// its end.
type TracedStatement struct {
	Op    string // "insert", "update", "delete", "select", "begin", "commit", "rollback", "savepoint" or "exec"
	Model string // mapped type; empty if none is known
	SQL   string
	Args  []any         // nil with Options.HideArgs
	Rows  int64         // rows affected; -1 for a query
	Took  time.Duration // until the driver answered; rows are read later
	Err   error         // the driver's error
}

// begun tells the echo, the log and the tracer that a statement starts. The function it
// returns tells its end; it is nil when nobody listens.
func (db *DB) begun(ctx context.Context, st *statement) (context.Context, func(sql.Result, error)) {
	o := &db.opts
	if o.Echo == nil && o.Logger == nil && o.Tracer == nil {
		return ctx, nil
	}
	if o.Echo != nil {
		// A line is one Write, so that statements of several goroutines do not mix.
		_, _ = o.Echo.Write([]byte(echo(st, o.HideArgs)))
	}
	t := &TracedStatement{Op: st.op, Model: st.model, SQL: st.sql, Rows: -1}
	if !o.HideArgs {
		t.Args = slices.Clone(st.args) // whoever listens may keep it
	}
	if o.Tracer != nil {
		ctx = o.Tracer.StatementStart(ctx, t)
	}
	start := time.Now()
	return ctx, func(res sql.Result, err error) {
		t.Took, t.Err = time.Since(start), err
		if res != nil {
			if n, err := res.RowsAffected(); err == nil {
				t.Rows = n
			}
		}
		if o.Tracer != nil {
			o.Tracer.StatementEnd(ctx, t)
		}
		if o.Logger != nil {
			t.log(ctx, o.Logger)
		}
	}
}

func (t *TracedStatement) log(ctx context.Context, l *slog.Logger) {
	level := slog.LevelDebug
	if t.Err != nil {
		level = slog.LevelError
	}
	if !l.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("op", t.Op), slog.String("sql", t.SQL), slog.Duration("took", t.Took)}
	if t.Model != "" {
		attrs = append(attrs, slog.String("model", t.Model))
	}
	if t.Args != nil {
		attrs = append(attrs, slog.Any("args", t.Args))
	}
	if t.Rows >= 0 {
		attrs = append(attrs, slog.Int64("rows", t.Rows))
	}
	if t.Err != nil {
		attrs = append(attrs, slog.Any("err", t.Err))
	}
	l.LogAttrs(ctx, level, "statement", attrs...)
}

// echo is a statement as a line of text, its arguments behind a comment mark.
func echo(st *statement, hide bool) string {
	var b strings.Builder
	b.WriteString(st.sql)
	switch {
	case len(st.args) == 0:
	case hide:
		fmt.Fprintf(&b, " -- %d hidden", len(st.args))
	default:
		b.WriteString(" -- ")
		for i, a := range st.args {
			if i > 0 {
				b.WriteString(", ")
			}
			if i == 60 {
				fmt.Fprintf(&b, "… %d more", len(st.args)-i)
				break
			}
			b.WriteString(echoArg(a))
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// echoArg is an argument as a reader expects it: short, on one line.
func echoArg(a any) string {
	switch a := a.(type) {
	case nil:
		return "NULL"
	case string:
		return strconv.Quote(cut(a))
	case []byte:
		if len(a) > 40 {
			return fmt.Sprintf("x'%x…' (%d bytes)", a[:40], len(a))
		}
		return fmt.Sprintf("x'%x'", a)
	case time.Time:
		return a.Format(time.RFC3339Nano)
	case fmt.Stringer:
		return strconv.Quote(cut(a.String()))
	}
	return fmt.Sprint(a)
}

// cut shortens long text at a rune's boundary.
func cut(s string) string {
	if len(s) <= 120 {
		return s
	}
	n := 120
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
