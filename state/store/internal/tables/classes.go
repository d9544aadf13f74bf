package tables

import (
	"context"
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

// Classes are the classes and shapes of a record, by id and back. There are few: kinds × scopes × rules × attribute sets.
type Classes struct {
	byID    map[int64]class
	ids     map[class]int64
	shapes  map[int64]*state.Shape
	shapeID map[string]int64 // by the attribute names as JSON
	labels  map[int64]bound.Label
	known   map[*state.Shape]int64 // shapes that callers handed in, so that each is spelled out once
}

// Load reads all classes and shapes.
func (c *Classes) Load(ctx context.Context, q Reader) error {
	*c = Classes{byID: map[int64]class{}, ids: map[class]int64{}, shapes: map[int64]*state.Shape{}, shapeID: map[string]int64{},
		known: map[*state.Shape]int64{}, labels: map[int64]bound.Label{}}
	err := q.Each(ctx, "SELECT id, attributes FROM {t}shapes WHERE {mine}", func(scan func(...any) error) error {
		var id int64
		var text string
		if err := scan(&id, &text); err != nil {
			return err
		}
		var names []string
		if err := unmarshal(fmt.Sprintf("shape %d", id), text, &names); err != nil {
			return err
		}
		c.shapes[id], c.shapeID[text] = state.NewShape(names...), id
		return nil
	})
	if err != nil {
		return err
	}
	return q.Each(ctx, "SELECT id, kind, scope, rule, left_scope, shape FROM {t}classes WHERE {mine}", func(scan func(...any) error) error {
		var id int64
		var cl class
		var kind string
		var left int64
		if err := scan(&id, &kind, &cl.scope, &cl.rule, &left, &cl.shape); err != nil {
			return err
		}
		cl.kind, cl.left = state.Kind(kind), left != 0
		c.byID[id], c.ids[cl] = cl, id
		return nil
	})
}

// Label is the label of a class's links; ok is false for a class that is not known.
func (c *Classes) Label(id int64) (l bound.Label, ok bool) {
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
func (c *Classes) id(ctx context.Context, tx DB, l *state.Link) (int64, error) {
	shape, err := c.shape(ctx, tx, l.Shape)
	if err != nil {
		return 0, err
	}
	cl := class{kind: l.Kind, scope: l.Scope, rule: l.Rule, left: l.Left, shape: shape}
	if id, ok := c.ids[cl]; ok {
		return id, nil
	}
	id, err := next(ctx, tx, "classes")
	if err != nil {
		return 0, err
	}
	left := 0
	if cl.left {
		left = 1
	}
	_, err = tx.Exec(ctx, "INSERT INTO {t}classes ({record,} id, kind, scope, rule, left_scope, shape) VALUES ({its,} $1, $2, $3, $4, $5, $6)",
		id, string(cl.kind), cl.scope, cl.rule, left, cl.shape)
	if err != nil {
		return 0, err
	}
	c.byID[id], c.ids[cl] = cl, id
	return id, nil
}

// shape is the id of shape s, recorded if it is new. A nil shape is the empty one.
func (c *Classes) shape(ctx context.Context, tx DB, s *state.Shape) (int64, error) {
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
		if id, err = next(ctx, tx, "shapes"); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO {t}shapes ({record,} id, attributes) VALUES ({its,} $1, $2)", id, string(text)); err != nil {
			return 0, err
		}
		c.shapes[id], c.shapeID[string(text)] = state.NewShape(names...), id
	}
	if len(c.known) < 1024 { // a caller that makes a shape per link must not fill memory
		c.known[s] = id
	}
	return id, nil
}

// next is the id that a new row of a table gets.
func next(ctx context.Context, tx DB, table string) (id int64, err error) {
	err = tx.Each(ctx, "SELECT coalesce(max(id), 0) + 1 FROM {t}"+table+" WHERE {mine}", func(scan func(...any) error) error { return scan(&id) })
	return id, err
}

// Describe gives a link what its class says; ok is false for a class that is not known.
func (c *Classes) Describe(l *state.Link, id int64) (ok bool) {
	cl, ok := c.byID[id]
	shape := c.shapes[cl.shape]
	l.Kind, l.Scope, l.Rule, l.Left, l.Shape = cl.kind, cl.scope, cl.rule, cl.left, shape
	return ok && shape != nil
}
