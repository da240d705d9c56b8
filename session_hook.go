package ingot

import (
	"context"
	"fmt"
)

// Hooks are functions called at points of the unit of work; nil ones are left out. Models
// need no methods for it. A hook may use the session it is given, except to flush, commit
// or roll back. An error from a hook fails the flush.
type Hooks struct {
	// BeforeFlush is called before a flush looks for changes: what it adds, deletes or
	// edits is part of that flush.
	BeforeFlush func(ctx context.Context, s *Session) error
	// AfterFlush is called when everything was sent and settled. What it changes is
	// written by the next flush; a commit flushes until nothing is left, and fails when
	// that takes more than 100 flushes.
	AfterFlush func(ctx context.Context, s *Session) error
	// AfterCommit is called when the COMMIT has succeeded. In a transaction of the caller's
	// ([OnTx]) it is not: only the caller knows.
	AfterCommit func(ctx context.Context, s *Session)

	// BeforeInsert, BeforeUpdate and BeforeDelete are called with each instance that is
	// going to be written, before any of them is. They may set columns of it, not
	// relationships or the key.
	BeforeInsert func(ctx context.Context, s *Session, x any) error
	BeforeUpdate func(ctx context.Context, s *Session, x any) error
	BeforeDelete func(ctx context.Context, s *Session, x any) error

	// AfterLoad is called with each instance that a session has read.
	AfterLoad func(x any) error
}

// hooked reports whether a hook could send statements of its own.
func (s *Session) hooked() bool {
	h := &s.db.opts.Hooks
	return h.BeforeFlush != nil || h.AfterFlush != nil || h.BeforeInsert != nil || h.BeforeUpdate != nil || h.BeforeDelete != nil
}

// outside runs a hook with the session free to be used.
func (s *Session) outside(fn func() error) error {
	s.leave()
	err := fn()
	if !s.busy.CompareAndSwap(false, true) {
		// Somebody else took it meanwhile; our caller still gives it back.
		s.busy.Store(true)
		return ErrConcurrent
	}
	return err
}

func (s *Session) hookFlush(ctx context.Context, hook func(context.Context, *Session) error) error {
	if hook == nil {
		return nil
	}
	return s.outside(func() error { return hook(ctx, s) })
}

func (s *Session) hookAfterCommit(ctx context.Context) {
	if hook := s.db.opts.Hooks.AfterCommit; hook != nil {
		_ = s.outside(func() error { hook(ctx, s); return nil })
	}
}

// hookRow calls the hook of a row about to be written.
func (f *flush) hookRow(c *change) error {
	h := &f.s.db.opts.Hooks
	hook, name := h.BeforeInsert, "BeforeInsert"
	switch c.op {
	case opUpdate:
		hook, name = h.BeforeUpdate, "BeforeUpdate"
	case opDelete:
		hook, name = h.BeforeDelete, "BeforeDelete"
	}
	if hook == nil {
		return nil
	}
	x := c.e.m.instance(c.e.obj)
	if err := f.s.outside(func() error { return hook(f.ctx, f.s, x) }); err != nil {
		return within(fmt.Sprintf("%s of %s", name, c.e.name()), err)
	}
	return nil
}
