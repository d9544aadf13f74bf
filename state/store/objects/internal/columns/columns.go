// Package columns is how the links of a record travel: in blocks, each of them column by column, so that a link takes
// little more than what nobody can guess of it.
//
// # Format
//
// A block has up to 4096 links, ordered by anchor as all are. Numbers are varints (encoding/binary), texts have their
// lengths before them.
//
//	number of links; 0 ends the links
//	number of classes that are new in this block, and each: kind, scope, rule, 1 byte that is 1 for links that have
//	  left their scope, number of attributes, and their names
//	number of each link's class, of all until here, from 0 on
//	1 byte for each link, see form
//	the source objects' GUIDs, 16 bytes each
//	16 bytes for each id of a tenant's object that is a GUID in its usual text form
//	the ids that are not, the anchors that are not their object's GUID in base64, and when links left, link by link
//	the fingerprints, sealed
//
// # What is sealed, and why
//
// Outside of this package every link's fingerprints are sealed singly, by the record's key and for that link, which
// takes a nonce and a tag of 28 bytes for each. Here those of a block are sealed at once: by the same key, with a nonce
// that is as random, for all links from the first one of the record to the last one of the block. So they show as
// little as they do singly, and without the key nothing of a link, its place among the links or their
// number is changed or mixed with another record's, be it by a bit that flips. That the object as a whole is encrypted
// is no reason to leave this out: what is sealed cannot be compressed, and were it compressed, the size of the object
// would tell whoever sees no more of it how many values are equal. A record without encryption has its key beside the
// links, in the clear, in this form as in every other: there sealing finds damage, and hides nothing from whoever has
// the object.
package columns

import (
	"crypto/sha256"
	"errors"
	"hash"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/bound"
	"github.com/dirform/dirform/state/store/internal/seal"
)

// What a block has at most. One is ended by the link with which it reaches any of these, and which may go beyond it.
const (
	mostLinks  = 4096
	mostPrints = 64 << 10 // fingerprints
	mostText   = 1 << 20  // bytes of the texts of links, and of any single one
)

// mostSpelled is how many bytes the texts of all classes have at most: there are few of them, and they are kept while
// links are read.
const mostSpelled = 16 << 20

// form says how a link is written: the bits of what is left out of its texts.
type form byte

const (
	guidAnchor form = 1 << iota // the anchor is the source object's GUID in base64
	guidTarget                  // the id of the tenant's object is a GUID in lower case
	noTime                      // when the link left is not known, or it did not
	forms
)

// ErrDamaged says that links are not as they were written.
var ErrDamaged = errors.New("its links are not as dirform writes them")

// class is what many links have in common.
type class struct {
	kind  state.Kind
	scope string
	rule  string
	left  bool
	shape *state.Shape
}

func classOf(l *state.Link) class { return class{l.Kind, l.Scope, l.Rule, l.Left, l.Shape} }

func (c *class) label() bound.Label { return bound.NewLabel(c.kind, c.scope, c.rule, c.left, c.shape) }

// binding is what seals blocks for all links until their ends.
type binding struct {
	sealer *seal.Sealer
	sum    hash.Hash // of the links until now
	buf    []byte
}

func newBinding(key state.Key) (*binding, error) {
	s, err := seal.New(key)
	return &binding{sealer: s, sum: sha256.New()}, err
}

// add takes a link in.
func (b *binding) add(l *state.Link, label bound.Label) {
	b.buf = bound.Append(b.buf[:0], l, label)
	b.sum.Write(b.buf)
}

// to names the links until now. It is no link's name: those begin with an anchor.
func (b *binding) to() []byte {
	b.buf = b.sum.Sum(append(b.buf[:0], "\x00links"...))
	return b.buf
}

// sealedSize is how many bytes n fingerprints of a block take.
func (b *binding) sealedSize(n int) int { return b.sealer.SealedSize(n + 1) }

// seal seals the fingerprints of a block. There is one more, which is none, so that a block without any is sealed too.
func (b *binding) seal(prints []uint64) []byte { return b.sealer.Seal(nil, b.to(), append(prints, 0)) }

// open is the opposite of seal, into the memory of prints.
func (b *binding) open(prints []uint64, sealed []byte) ([]uint64, error) {
	prints, err := b.sealer.Open(prints[:0], b.to(), sealed)
	if err != nil {
		return nil, ErrDamaged
	}
	return prints[:len(prints)-1], nil
}

// fits reports whether another link may be in a block that has so much.
func fits(links, prints, text int) bool {
	return links < mostLinks && prints < mostPrints && text < mostText
}
