package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/graph"
	"github.com/dirform/dirform/providers/entra/internal/wire"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/crash"
)

const (
	// anchorsPerFilter is how many values one filter may compare: more than 15 are refused as too many child clauses.
	anchorsPerFilter = 15
	// batchesAhead is how many batches of lookups are on their way at a time.
	batchesAhead = 4
)

// Lookup streams the living objects with these ids, in their order; those that don't exist are left out.
func (r *Reader) Lookup(ctx context.Context, kind state.Kind, ids []string, attributes *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		q, err := wire.NewQuery(kind, attributes, false)
		if err != nil {
			yield(nil, err)
			return
		}
		links := make([]string, len(ids))
		for i, id := range ids {
			links[i] = wire.Collection(kind) + "/" + url.PathEscape(id) + "?" + q.Params
		}
		d := wire.NewDecoder(q)
		r.ask(ctx, q, "GET "+wire.Collection(kind)+"/{id}", links, yield, func(_ int, body string) (bool, error) {
			o, err := d.Single(body)
			return err != nil || yield(o, nil), err
		})
	}
}

// FindByAnchor streams the living objects of a kind that carry one of anchors.
func (r *Reader) FindByAnchor(ctx context.Context, kind state.Kind, anchors []string, attributes *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		name := state.Describe(nil)(kind).Anchor
		if name == "" {
			yield(nil, fmt.Errorf("objects of kind %s carry no anchors", kind))
			return
		}
		q, err := wire.NewQuery(kind, attributes, false)
		if err != nil {
			yield(nil, err)
			return
		}
		var links []string
		for some := range slices.Chunk(anchors, anchorsPerFilter) {
			links = append(links, wire.Collection(kind)+"?"+q.Params+"&$top=999&$filter="+escapeQuery(name+" in ("+quoteAll(some)+")"))
		}
		d := wire.NewDecoder(q)
		r.ask(ctx, q, "GET "+wire.Collection(kind)+" by "+name, links, yield, func(_ int, body string) (bool, error) {
			next, err := d.Page(body, func(o *state.Object) bool { return yield(o, nil) })
			if errors.Is(err, wire.ErrStop) {
				return false, nil
			}
			if err == nil && next != "" {
				err = fmt.Errorf("more objects carry %d anchors than fit on a page, so the answer is incomplete", anchorsPerFilter)
			}
			return true, err
		})
	}
}

// quoteAll makes OData string literals, in which a quote is doubled.
func quoteAll(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	return strings.Join(quoted, ",")
}

// escapeQuery escapes everything that means something in a query, the + and / of base64 included; a space is %20, since not
// every server reads a + as one.
func escapeQuery(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// answer is what came back for one batch of lookups.
type answer struct {
	replies []*graph.Reply
	err     error
}

// ask sends GETs in batches, several at a time, and hands the bodies to use in order, with which of the links each is
// of; a 404 is left out. use reports whether the consumer wants more.
func (r *Reader) ask(ctx context.Context, q *wire.Query, op string, links []string, yield func(*state.Object, error) bool,
	use func(link int, body string) (more bool, err error)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pending := make(chan chan answer, batchesAhead)
	go func() {
		defer crash.Guard()
		defer close(pending)
		for some := range slices.Chunk(links, providers.MaxBatch) {
			got := make(chan answer, 1)
			select {
			case pending <- got:
			case <-ctx.Done():
				return
			}
			go func() {
				defer crash.Guard()
				replies, err := r.client.GetMany(ctx, op, some)
				got <- answer{replies, err}
			}()
		}
	}()
	found, asked := 0, 0
	fail := func(err error) {
		yield(nil, fmt.Errorf("looking up the tenant's %ss stopped after %d objects: %w", q.Kind, found, graph.Explain(err, readPermission(q.Kind))))
	}
	for got := range pending {
		a := <-got
		for i := 0; a.err == nil && i < len(a.replies); i++ {
			if a.replies[i].Status == http.StatusNotFound {
				continue
			}
			more, err := use(asked+i, string(a.replies[i].Body))
			if !more {
				return
			}
			a.err = err
			found++
		}
		if a.err != nil {
			fail(a.err)
			return
		}
		asked += len(a.replies)
	}
	if err := ctx.Err(); err != nil {
		fail(err)
	}
}
