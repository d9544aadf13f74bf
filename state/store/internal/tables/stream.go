package tables

import (
	"context"
	"iter"

	"github.com/dirform/dirform/state"
)

// LinkChunk is how many links one query of a stream fetches. Between two of them the database is free for other work.
const LinkChunk = 2048

// Pages reads a record's links.
type Pages interface {
	// LinksAfter fills buf with the links whose anchors follow one, or with the first ones of all after "", ordered by
	// anchor, and returns how many there were: fewer than buf has room for only at the end. Fingerprint slices that buf
	// holds are reused.
	LinksAfter(ctx context.Context, anchor string, buf []state.Link) (n int, err error)
	// LinksOf are the recorded links of some anchors.
	LinksOf(ctx context.Context, anchors []string) (map[string]*state.Link, error)
	// Damaged is the error of a record that holds what dirform never writes.
	Damaged(what string) error
}

// Links streams all recorded links, ordered by anchor. A link is valid until the next one is asked for: it and its
// fingerprints are reused, while its strings and shape stay valid. An error is the last element.
func Links(ctx context.Context, from Pages) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		buf := make([]state.Link, LinkChunk)
		for last := ""; ; {
			n, err := from.LinksAfter(ctx, last, buf)
			for i := range n {
				if buf[i].Anchor <= last { // a page of the database that lies where another belongs
					yield(nil, from.Damaged("its links are not in order"))
					return
				}
				last = buf[i].Anchor
				if !yield(&buf[i], nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if n < len(buf) {
				return
			}
		}
	}
}

// Link is the recorded link of an anchor.
func Link(ctx context.Context, from Pages, anchor string) (l *state.Link, ok bool, err error) {
	links, err := from.LinksOf(ctx, []string{anchor})
	l = links[anchor]
	return l, l != nil, err
}
