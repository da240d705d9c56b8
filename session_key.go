package ingot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// Keys that the database generates: foreseen where several rows share a statement, found
// out where what the driver reports may be another number.

// keySource is what the keys of a column come from, asked for once, as Open asks: nobody is
// told of the statement.
func (db *DB) keySource(ctx context.Context, tx *Tx, k KeyReserver, auto *column) (string, error) {
	if source, ok := db.keySources.Load(auto); ok {
		return source.(string), nil
	}
	var q Queryer = db.sqldb
	switch {
	case tx != nil && tx.joined != nil:
		q = tx.joined
	case tx != nil && tx.conn != nil:
		q = tx.conn
	}
	source, err := k.KeySource(ctx, q, &db.server, auto.m.table, auto.name)
	if err != nil {
		return "", db.refused(tx, &statement{op: "select", model: auto.m.name}, err)
	}
	if source != "" {
		db.keySources.Store(auto, source)
	}
	return source, nil
}

// readWhole queries for a reader that leaves out neither rows nor the error at their end: the
// transaction need not be asked afterwards whether it is still there.
type readWhole struct{ *Tx }

func (q readWhole) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return q.db.query(ctx, q.Tx, statement{op: "exec", sql: text, args: args})
}

// foreseeKeys sees to it that the keys of several rows are known: taken ahead, or apart by
// what the server says. Where it reports false, they go one by one.
func (st *step) foreseeKeys() (bool, error) {
	f := st.f
	db, auto := f.s.db, st.m.auto
	switch k, ok := db.dialect.(KeyStepper); {
	case db.server.Keys == KeysReserved:
		return st.reserveKeys()
	case db.server.Keys == KeysConsecutive && ok:
		var err error
		st.keyStep, err = k.KeyStep(f.ctx, readWhole{f.s.tx}, &db.server, st.m.table, auto.name)
		var known *StatementError
		if err != nil && !errors.As(err, &known) {
			err = db.refused(f.s.tx, &statement{op: "select", model: st.m.name}, err)
		}
		return st.keyStep != 0, err
	}
	st.keyStep = 1
	return db.server.Keys == KeysConsecutive, nil
}

// reserveKeys takes keys out of circulation first, where the dialect can, and sends them
// along.
func (st *step) reserveKeys() (bool, error) {
	f := st.f
	db := f.s.db
	k, ok := db.dialect.(KeyReserver)
	if !ok {
		return false, nil
	}
	auto := st.m.auto
	var keys []int64
	for tries := 0; len(keys) == 0; tries++ {
		source, err := db.keySource(f.ctx, f.s.tx, k, auto)
		if err != nil || source == "" || tries == 2 {
			return false, err
		}
		keys, err = k.ReserveKeys(f.ctx, f.s.tx, &db.server, source, st.m.table, auto.name, len(st.changes))
		if len(keys) == 0 {
			db.keySources.Delete(auto) // perhaps it has another one by now
		}
		if err != nil {
			return false, err
		}
	}
	if len(keys) != len(st.changes) {
		return false, fmt.Errorf("ingot: %s reserved %d keys of %s instead of %d", db.dialect.Name(), len(keys), st.m.table, len(st.changes))
	}
	for i, c := range st.changes {
		if err := auto.codec.load(auto.at(c.e.obj), keys[i]); err != nil {
			return false, auto.valueError(err)
		}
	}
	st.keyless = false
	st.cols = slices.Concat([]*column{auto}, st.cols)
	slices.SortFunc(st.cols, func(a, b *column) int { return a.index - b.index })
	return true, nil
}

// findKey finds out whether what the driver reports is the key: SQLite has tables where it is
// another number.
func (st *step) findKey() error {
	db := st.f.s.db
	k, ok := db.dialect.(KeyReserver)
	if st.vague || st.kind != stepInsert || !st.keyless || !ok || !db.server.LastInsertID || db.server.Keys != KeysReserved {
		return nil
	}
	source, err := db.keySource(st.f.ctx, st.f.s.tx, k, st.m.auto)
	st.vague = err == nil && source == ""
	return err
}
