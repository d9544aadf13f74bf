package entra

import (
	"context"
	"sync"

	"github.com/dirform/dirform/providers/entra/internal/graph"
	"github.com/dirform/dirform/providers/entra/internal/wire"
	"github.com/dirform/dirform/state/crash"
)

// aheadPages is how many pages may be in memory at a time: one being decoded, the others arriving.
const aheadPages = 3

// chain fetches the pages of one collection. Each page names the next, so they can only be asked for one after the other; but
// the name arrives with the first bytes of a page, and that is when the next page is asked for.
type chain struct {
	client *graph.Client
	op     string
	ctx    context.Context
	slots  chan struct{} // one for each page in memory
	group  sync.WaitGroup
}

// download is one page on its way.
type download struct {
	chain *chain
	link  string
	ctx   context.Context
	stop  context.CancelFunc
	done  chan struct{} // closed when text and err are set
	text  string
	err   error

	mu      sync.Mutex
	stopped bool
	next    *download // the page that was asked for ahead, on a guess at its link
}

func newChain(ctx context.Context, c *graph.Client, op string) *chain {
	return &chain{client: c, op: op, ctx: ctx, slots: make(chan struct{}, aheadPages)}
}

func (c *chain) start(link string) *download {
	d := &download{chain: c, link: link, done: make(chan struct{})}
	d.ctx, d.stop = context.WithCancel(c.ctx)
	c.group.Add(1)
	go func() {
		defer crash.Guard()
		d.run()
	}()
	return d
}

// run downloads the page. The slot it takes is given back by finish or, for a page that nobody wants, by discard.
func (d *download) run() {
	defer d.chain.group.Done()
	defer close(d.done)
	select {
	case d.chain.slots <- struct{}{}:
	case <-d.ctx.Done():
		d.err = context.Cause(d.ctx)
		return
	}
	d.chain.client.Count.Reads.Add(1)
	looking := true
	d.text, d.err = d.chain.client.Get(d.ctx, d.chain.op, d.link, func(prefix string) {
		if looking && len(prefix) < 256<<10 {
			if link := wire.LinkIn(prefix); link != "" {
				looking = false
				d.ahead(link)
			}
		}
	})
	if d.err == nil && looking {
		d.ahead(wire.LinkAtEnd(d.text))
	}
	if d.err != nil {
		<-d.chain.slots
	}
}

// ahead asks for the next page while this one still arrives.
func (d *download) ahead(link string) {
	if link == "" || link == d.link {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.stopped {
		d.next = d.chain.start(link)
	}
}

// finish gives the page's memory back and returns the download of link: the one asked for ahead if its guess was right.
func (d *download) finish(link string) *download {
	<-d.chain.slots
	d.stop()
	d.mu.Lock()
	d.stopped = true
	next := d.next
	d.mu.Unlock()
	switch {
	case next == nil:
	case link != "" && next.link == link:
		return next
	default:
		next.discard()
	}
	if link == "" {
		return nil
	}
	return d.chain.start(link)
}

// discard drops a page, and those after it, that turned out not to be wanted.
func (d *download) discard() {
	d.stop()
	d.chain.group.Add(1)
	go func() {
		defer crash.Guard()
		defer d.chain.group.Done()
		<-d.done
		if d.err == nil {
			<-d.chain.slots
		}
		d.mu.Lock()
		d.stopped = true
		next := d.next
		d.mu.Unlock()
		if next != nil {
			next.discard()
		}
	}()
}
