package entra

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"strconv"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// pageSize is the most objects the service puts on a page.
const pageSize = 999

// Read streams all objects of a kind. Attributes that the kind does not have are an error, as is anything that makes the read
// incomplete: a page that cannot be had, a broken or malformed one, pages that repeat, a next page on another host.
func (r *Reader) Read(ctx context.Context, q providers.TenantQuery) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		query, err := newQuery(q.Kind, q.Attributes, q.Deleted)
		if err != nil {
			yield(nil, err)
			return
		}
		path, err := query.path(q.Deleted)
		if err != nil {
			yield(nil, err)
			return
		}
		link := path + "?" + query.params + "&$top=" + strconv.Itoa(pageSize)
		r.stream(ctx, query, path, link, yield)
	}
}

// stream yields the objects of link's page and of all that follow.
func (r *Reader) stream(ctx context.Context, q *query, path, link string, yield func(*state.Object, error) bool) {
	ctx, cancel := context.WithCancel(ctx)
	c := newChain(ctx, r.client, "GET "+path)
	defer c.group.Wait()
	defer cancel()
	var objects, pages int
	fail := func(err error) {
		err = explain(err, readPermission(q.kind))
		yield(nil, fmt.Errorf("reading the tenant's %ss stopped after %d objects on %d pages, so the read is incomplete: %w", q.kind, objects, pages, err))
	}
	d := newDecoder(q)
	seen := newLinks(link)
	for page := c.start(link); page != nil; {
		<-page.done
		if page.err != nil {
			fail(page.err)
			return
		}
		next, err := d.page(page.text, func(o *state.Object) bool {
			objects++
			return yield(o, nil)
		})
		switch {
		case errors.Is(err, errStop):
			return
		case err == nil:
			pages++
			err = seen.add(next)
		}
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			fail(err)
			return
		}
		page = page.finish(next)
	}
}

// links remembers which pages were asked for, so that pages that follow each other in a circle are noticed.
type links struct {
	seed maphash.Seed
	seen map[uint64]bool
}

func newLinks(first string) *links {
	l := &links{maphash.MakeSeed(), map[uint64]bool{}}
	l.seen[maphash.String(l.seed, first)] = true
	return l
}

func (l *links) add(link string) error {
	if link == "" {
		return nil
	}
	h := maphash.String(l.seed, link)
	if l.seen[h] {
		return errors.New("the service names a page as the next one that was read before, so the pages go round in a circle")
	}
	l.seen[h] = true
	return nil
}
