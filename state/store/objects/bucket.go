package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dirform/dirform/state/fault"
)

// Version is which of the contents that an object has had is meant; "" is that of no object.
type Version string

// Info is what a store says about an object.
type Info struct {
	Version  Version
	Size     int64     // bytes
	Modified time.Time // when it was written, by the store's clock
	Now      time.Time // when the store said so, by the same clock
}

// Bucket is a place in an object store. What is read is what was written last. Its methods are safe for concurrent use, and
// try again by themselves what may go better then. The errors that callers tell apart are [ErrAbsent] and [ErrChanged].
type Bucket interface {
	// String names the bucket for people, as what stands before an object's name and a slash. It holds no secret.
	String() string
	// Stat tells about an object.
	Stat(ctx context.Context, name string) (Info, error)
	// Get reads an object; close what it gives.
	Get(ctx context.Context, name string) (io.ReadCloser, Info, error)
	// Put writes an object in place of the version over; with "" there must be none. Anything else is ErrChanged, and also an
	// own earlier attempt whose answer was lost may be the reason for that.
	Put(ctx context.Context, name string, content *io.SectionReader, over Version) (Version, error)
	// Delete removes an object, if there is one.
	Delete(ctx context.Context, name string) error
	// List are the names of objects that begin with a prefix; see [Pages].
	List(ctx context.Context, prefix string) ([]string, error)
}

// MostListed is how many objects a list may have. A run leaves one for each batch of writes, until it ends.
const MostListed = 100_000

// Pages puts a list together that a store gives in pages: read is given what the page before said of its next one, "" for the first,
// and "" ends the list. One that has no end, or more than [MostListed] names, is an error: what is missing from it would be taken for
// what is not there.
func Pages(read func(from string) (names []string, next string, err error)) (names []string, err error) {
	from := ""
	for range MostListed {
		page, next, err := read(from)
		if err != nil {
			return nil, err
		}
		names = append(names, page...)
		switch {
		case len(names) > MostListed, next == from && next != "":
			return nil, errEndless
		case next == "":
			return names, nil
		}
		from = next
	}
	return nil, errEndless
}

var errEndless = &fault.Error{Summary: "the store lists the state's objects without an end",
	Detail: fmt.Sprintf("It names more than %d, or gives one page again and again.", MostListed),
	Hint:   "Look at the objects below the record's name; those of a run that has ended are removed by it."}

// Errors of a [Bucket]; test with errors.Is.
var (
	ErrAbsent  = errors.New("there is no such object")
	ErrChanged = errors.New("the object is not as it was any more")
)

// entryName is the name of a journal's entry.
func (p *Place) entryName(epoch string, n int) string {
	return fmt.Sprintf("%s%s/%08d", p.journalPrefix(), epoch, n)
}

// journalPrefix begins the names of all entries of the record, whatever their epoch.
func (p *Place) journalPrefix() string { return p.name + ".journal/" }

func (p *Place) lockName() string { return p.name + ".lock" }
