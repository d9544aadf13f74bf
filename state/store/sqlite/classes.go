package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/bound"
)

// class is what many links have in common.
type class struct {
	kind  state.Kind
	scope string
	rule  string
	left  bool
	shape int64 // id
}

// classes are the classes and shapes of a record, by id and back. There are few: kinds × scopes × rules × attribute sets.
type classes struct {
	byID    map[int64]class
	ids     map[class]int64
	shapes  map[int64]*state.Shape
	shapeID map[string]int64 // by the attribute names as JSON
	labels  map[int64]bound.Label
	known   map[*state.Shape]int64 // shapes that callers handed in, so that each is spelled out once
}

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// load reads all classes and shapes.
func (c *classes) load(ctx context.Context, q queryer) error {
	*c = classes{byID: map[int64]class{}, ids: map[class]int64{}, shapes: map[int64]*state.Shape{}, shapeID: map[string]int64{},
		known: map[*state.Shape]int64{}, labels: map[int64]bound.Label{}}
	err := each(ctx, q, "SELECT id, attributes FROM shapes", func(scan func(...any) error) error {
		var id int64
		var text string
		if err := scan(&id, &text); err != nil {
			return err
		}
		var names []string
		if err := json.Unmarshal([]byte(text), &names); err != nil {
			return fmt.Errorf("shape %d: %w", id, err)
		}
		c.shapes[id], c.shapeID[text] = state.NewShape(names...), id
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, q, "SELECT id, kind, scope, rule, left_scope, shape FROM classes", func(scan func(...any) error) error {
		var id int64
		var cl class
		if err := scan(&id, &cl.kind, &cl.scope, &cl.rule, &cl.left, &cl.shape); err != nil {
			return err
		}
		c.byID[id], c.ids[cl] = cl, id
		return nil
	})
}

// label is the label of a class's links; ok is false for a class that is not known.
func (c *classes) label(id int64) (l bound.Label, ok bool) {
	if l, ok = c.labels[id]; ok {
		return l, true
	}
	cl, ok := c.byID[id]
	if shape := c.shapes[cl.shape]; ok && shape != nil {
		c.labels[id] = bound.NewLabel(cl.kind, cl.scope, cl.rule, cl.left, shape)
		return c.labels[id], true
	}
	return l, false
}

// id is the class of link l, recorded if it is new.
func (c *classes) id(ctx context.Context, tx *sql.Tx, l *state.Link) (int64, error) {
	shape, err := c.shape(ctx, tx, l.Shape)
	if err != nil {
		return 0, err
	}
	cl := class{kind: l.Kind, scope: l.Scope, rule: l.Rule, left: l.Left, shape: shape}
	if id, ok := c.ids[cl]; ok {
		return id, nil
	}
	r, err := tx.ExecContext(ctx, "INSERT INTO classes (kind, scope, rule, left_scope, shape) VALUES (?, ?, ?, ?, ?)",
		cl.kind, cl.scope, cl.rule, cl.left, cl.shape)
	if err != nil {
		return 0, err
	}
	id, err := r.LastInsertId()
	if err != nil {
		return 0, err
	}
	c.byID[id], c.ids[cl] = cl, id
	return id, nil
}

// shape is the id of shape s, recorded if it is new. A nil shape is the empty one.
func (c *classes) shape(ctx context.Context, tx *sql.Tx, s *state.Shape) (int64, error) {
	if id, ok := c.known[s]; ok {
		return id, nil
	}
	names := []string{}
	if s != nil {
		names = s.Names()
	}
	text, err := json.Marshal(names)
	if err != nil {
		return 0, err
	}
	id, ok := c.shapeID[string(text)]
	if !ok {
		r, err := tx.ExecContext(ctx, "INSERT INTO shapes (attributes) VALUES (?)", string(text))
		if err != nil {
			return 0, err
		}
		if id, err = r.LastInsertId(); err != nil {
			return 0, err
		}
		c.shapes[id], c.shapeID[string(text)] = state.NewShape(names...), id
	}
	if len(c.known) < 1024 { // a caller that makes a shape per link must not fill memory
		c.known[s] = id
	}
	return id, nil
}

// each runs f for every row of a query, which must be a small one.
func each(ctx context.Context, q queryer, query string, f func(scan func(...any) error) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
