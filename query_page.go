package ingot

import (
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Pages by keyset: a page begins behind the last row of the one before, by its values in
// the order of the query, not by counting rows. It costs the same for every page, and rows
// that come or go in between neither repeat nor hide others. (Markus Winand, "We need tool
// support for keyset pagination".)

// A pageSpec is a page asked for.
type pageSpec struct{ after string }

// Page gives n instances, from the first on or, given a cursor of [Query.Cursor], those
// after it. The query is ordered by columns of the selected variable; the key is added, so
// that the order is total. NULL comes last unless an ordering says otherwise.
func (q Query[T]) Page(n int, after string) Query[T] {
	q = q.Limit(n)
	q.q.page = &pageSpec{after}
	return q
}

// Cursor is the place of an instance in the order of the query, as text that may be handed
// to users: q.Page(20, cursor) continues behind it. The text says the values it stands for.
func (q Query[T]) Cursor(r Runner, x *T) (string, error) {
	db := engineOf(r)
	if db == nil {
		return "", errNoRunner
	}
	w := db.newRenderer()
	defer w.free()
	w.enter()
	w.root = q.q
	root := w.declare(q.q.root)
	if root == nil {
		return "", w.err
	}
	if x == nil {
		return "", fmt.Errorf("ingot: Cursor of a nil %s", root.m.name)
	}
	terms := w.pageTerms(&w.root, root)
	if w.err != nil {
		return "", w.err
	}
	c := cursor{Order: orderText(terms)}
	for _, t := range terms {
		v, err := t.c.valueOf(addr(x), &db.enc)
		if err != nil {
			return "", err
		}
		cv, err := newCursorValue(v)
		if err != nil {
			return "", within(fmt.Sprintf("Cursor over %s.%s", t.c.m.name, t.c.field), err)
		}
		c.Values = append(c.Values, cv)
	}
	text, err := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(text), err
}

// A pageTerm is a column of a total order.
type pageTerm struct {
	c     *column
	alias int
	desc  bool
	nulls int8 // 0 where NULL cannot be
}

// pageTerms is the order of a query made total by the key.
func (r *renderer) pageTerms(q *query, root *source) []pageTerm {
	var terms []pageTerm
	have := make([]bool, len(root.m.columns))
	add := func(c *column, o Ordering) {
		if have[c.index] {
			return
		}
		have[c.index] = true
		t := pageTerm{c: c, alias: root.alias, desc: o.desc}
		if c.nullable {
			if t.nulls = o.nulls; t.nulls == 0 {
				t.nulls = +1
			}
		}
		terms = append(terms, t)
	}
	for _, o := range q.order {
		if o.err != nil {
			r.fail(o.err)
			return nil
		}
		c := r.columnOf(o.o)
		if c == nil || c.m != root.m {
			if r.err == nil {
				r.fail(errors.New("ingot: Page of a query that is ordered by an expression: only columns have a place to continue at"))
			}
			return nil
		}
		add(c, o)
	}
	for _, c := range root.m.key {
		add(c, Ordering{})
	}
	return terms
}

// paged is the query with the order and the condition of its page.
func (r *renderer) paged(q *query, root *source) *query {
	terms := r.pageTerms(q, root)
	if r.err != nil {
		return q
	}
	p := *q
	p.page, p.order = nil, nil
	for _, t := range terms {
		p.order = append(p.order, Ordering{o: operand{node: &columnNode{t.alias, t.c}}, desc: t.desc, nulls: t.nulls})
	}
	if q.page.after == "" {
		return &p
	}
	values, err := readCursor(q.page.after, terms)
	if err != nil {
		r.fail(err)
		return q
	}
	p.where = with(p.where, Condition{&keysetNode{terms, values}})
	return &p
}

// A keysetNode is the condition that a row comes behind a place in a total order.
type keysetNode struct {
	terms  []pageTerm
	values []driver.Value
}

func (n *keysetNode) render(r *renderer) {
	r.text("(")
	for i := range n.terms {
		r.sep(i, " OR ")
		r.text("(")
		for k := range i {
			n.same(r, k)
			r.text(" AND ")
		}
		n.behind(r, i)
		r.text(")")
	}
	r.text(")")
}

func (n *keysetNode) same(r *renderer, i int) {
	t := n.terms[i]
	r.column(t.alias, t.c.name)
	if n.values[i] == nil {
		r.text(" IS NULL")
		return
	}
	r.text(" = ")
	r.bind(n.values[i])
}

func (n *keysetNode) behind(r *renderer, i int) {
	t := n.terms[i]
	switch {
	case n.values[i] == nil && t.nulls > 0:
		r.text("1 = 0") // nothing comes behind NULL
	case n.values[i] == nil:
		r.column(t.alias, t.c.name)
		r.text(" IS NOT NULL")
	default:
		if t.nulls > 0 {
			r.text("(")
		}
		r.column(t.alias, t.c.name)
		r.text(pick(t.desc, " < ", " > "))
		r.bind(n.values[i])
		if t.nulls > 0 {
			r.text(" OR ")
			r.column(t.alias, t.c.name)
			r.text(" IS NULL)")
		}
	}
}

func (n *keysetNode) parts(func(operand), func(*query)) {}

// A cursor is a place in an order, as it is written.
type cursor struct {
	Order  string        `json:"o"`
	Values []cursorValue `json:"v"`
}

// orderText says an order, so that a cursor is not taken for one of another query.
func orderText(terms []pageTerm) string {
	var b strings.Builder
	for i, t := range terms {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(pick(t.desc, "-", ""))
		b.WriteString(t.c.name)
		b.WriteString(pick(t.nulls < 0, "^", ""))
	}
	return b.String()
}

// A cursorValue is a value with its kind; none is NULL.
type cursorValue struct {
	Int   *int64     `json:"i,omitempty"`
	Float *float64   `json:"f,omitempty"`
	Text  *string    `json:"s,omitempty"`
	Bytes []byte     `json:"x,omitempty"`
	Bool  *bool      `json:"b,omitempty"`
	Time  *time.Time `json:"t,omitempty"`
}

func newCursorValue(v driver.Value) (c cursorValue, err error) {
	switch v := v.(type) {
	case nil:
	case int64:
		c.Int = &v
	case float64:
		c.Float = &v
	case string:
		c.Text = &v
	case []byte:
		c.Bytes = v
	case bool:
		c.Bool = &v
	case time.Time:
		c.Time = &v
	default:
		err = fmt.Errorf("a %T has no place in a cursor", v)
	}
	return c, err
}

func (c cursorValue) value() driver.Value {
	switch {
	case c.Int != nil:
		return *c.Int
	case c.Float != nil:
		return *c.Float
	case c.Text != nil:
		return *c.Text
	case c.Bytes != nil:
		return c.Bytes
	case c.Bool != nil:
		return *c.Bool
	case c.Time != nil:
		return *c.Time
	}
	return nil
}

// ErrCursor reports a text given to Page that is no cursor of the query.
var ErrCursor = errors.New("ingot: not a cursor of this query")

// readCursor reads a cursor, which may come from anybody.
func readCursor(text string, terms []pageTerm) ([]driver.Value, error) {
	var c cursor
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %q", ErrCursor, text)
	case c.Order != orderText(terms) || len(c.Values) != len(terms):
		return nil, fmt.Errorf("%w: it is of the order %q, and the query's is %q", ErrCursor, c.Order, orderText(terms))
	}
	values := make([]driver.Value, len(terms))
	for i, t := range terms {
		if values[i] = c.Values[i].value(); values[i] == nil && !t.c.nullable {
			return nil, fmt.Errorf("%w: NULL for %s", ErrCursor, t.c.name)
		}
	}
	return values, nil
}
