package entra

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/graph"
	"github.com/dirform/dirform/providers/entra/internal/wire"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// pageSize is the most objects the service puts on a page.
const pageSize = 999

// Read streams all objects of a kind. Attributes that the kind does not have are an error, as is anything that makes the read
// incomplete: a page that cannot be had, a broken or malformed one, pages that repeat, a next page on another host. An object that
// stands on two pages comes twice.
func (r *Reader) Read(ctx context.Context, q providers.TenantQuery) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		query, err := wire.NewQuery(q.Kind, q.Attributes, q.Deleted)
		if err != nil {
			yield(nil, err)
			return
		}
		path, err := query.Path(q.Deleted)
		if err != nil {
			yield(nil, err)
			return
		}
		link := path + "?" + query.Params + "&$top=" + strconv.Itoa(pageSize)
		r.stream(ctx, query, path, link, yield)
	}
}

// tally is how far a read has come.
type tally struct {
	objects, pages int
	ids            *distinct // of the objects: one that comes twice stands for one that may be missing
	onPage         int       // objects on the last page
	largest        int       // objects on the largest page before it
}

// stream yields the objects of link's page and of all that follow.
func (r *Reader) stream(ctx context.Context, q *wire.Query, path, link string, yield func(*state.Object, error) bool) {
	ctx, cancel := context.WithCancel(ctx)
	c := newChain(ctx, r.client, "GET "+path)
	defer c.group.Wait()
	defer cancel()
	n := tally{ids: newDistinct()}
	d := wire.NewDecoder(q)
	seen := newLinks(link)
	err := error(nil)
	for page := c.start(link); page != nil && err == nil; {
		<-page.done
		n.largest, n.onPage = max(n.largest, n.onPage), 0
		var next string
		if err = page.err; err == nil {
			next, err = d.Page(page.text, func(o *state.Object) bool {
				n.objects++
				n.ids.add(o.ID)
				n.onPage++
				return yield(o, nil)
			})
		}
		if err == nil {
			n.pages++
			err = errors.Join(seen.add(next), context.Cause(ctx))
		}
		if err == nil {
			page = page.finish(next)
		}
	}
	if errors.Is(err, wire.ErrStop) {
		return
	}
	if err == nil {
		err = r.confirmEnd(ctx, q.Kind, path, n)
	}
	if err != nil {
		yield(nil, &fault.Error{Summary: "the read of the tenant is incomplete", Err: fmt.Errorf("reading its %ss stopped after %d objects on %d pages: %w",
			q.Kind, n.objects, n.pages, graph.Explain(err, readPermission(q.Kind)))})
	}
}

// confirmEnd makes sure that a list is whole. If its last page is as full as a page gets, the link to the next one may have been
// lost. A user list may also be short for any other reason, and whoever is missing would look as if somebody had deleted the
// account. So the service is asked how many objects there are; where it does not say, the pages are believed.
func (r *Reader) confirmEnd(ctx context.Context, kind state.Kind, path string, n tally) error {
	full := n.onPage >= pageSize || n.pages > 1 && n.onPage >= n.largest
	if !full && kind != state.User || strings.HasPrefix(path, "/directory/") {
		return nil
	}
	resp, err := r.client.Send(ctx, graph.Request{Op: "GET " + path + "/$count", Link: path + "/$count",
		Header: map[string]string{"ConsistencyLevel": "eventual", "Accept": "text/plain"}})
	if err != nil {
		return ctx.Err()
	}
	defer graph.Drain(resp)
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64))
	if err != nil || resp.StatusCode != http.StatusOK {
		return ctx.Err()
	}
	count, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(string(text), "\ufeff")))
	switch missing := count - n.ids.count(); {
	case err != nil || missing <= 0:
		return nil
	case full:
		return fault.Advise(fmt.Errorf("the service counts %d objects, yet page %d names no further page", count, n.pages),
			"Run the command again.")
	case missing > max(countSlack, count/100):
		return fault.Advise(fmt.Errorf("the service counts %d objects, and it has listed %d fewer", count, missing),
			"Run the command again. If it stays so, ask Microsoft's support about the list.")
	}
	return nil
}

// countSlack is by how many objects, or one in a hundred, a list may be shorter than the service's count: that is taken from
// an index which follows the directory after a while.
const countSlack = 20

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

// readPermission is the least application permission for reading a kind.
func readPermission(kind state.Kind) string {
	switch kind {
	case state.Group:
		return "Group.Read.All"
	case state.Contact:
		return "OrgContact.Read.All"
	case state.DirectorySync:
		return "Organization.Read.All"
	}
	return "User.Read.All"
}
