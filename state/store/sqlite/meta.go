package sqlite

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/seal"
	"github.com/dirform/dirform/state/store/internal/tables"
	"github.com/dirform/dirform/state/store/internal/wrap"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// ErrClear says that a record's key is in the clear where [Encrypted] wants none such.
var ErrClear = errors.New("the key is in the clear")

const metaErase = "erase" // see [Store.eraseReplaced]

// load reads the record's identity and its classes.
func (s *Store) load(ctx context.Context) error {
	values, err := tables.Values(ctx, asked{s.conn})
	if err != nil {
		return explain(s.name, err)
	}
	m, what := tables.Identity(values)
	if what != "" {
		return damaged(s.name, what)
	}
	if m.MovedTo != "" && !s.moved {
		return &store.MovedError{Path: s.name, To: m.MovedTo}
	}
	if _, wrapped := values[wrap.Wrapped]; s.sealed && !wrapped {
		return &fault.Error{Summary: "the state's key is in the clear", Err: ErrClear,
			Detail: s.name + " is not encrypted, although the configuration has an encryption block: anybody could have made it.",
			Hint:   "Take a copy that `dirform state pull` made with that block. If you know where this one comes from, say so with --force."}
	}
	s.sealer, s.rewrap = nil, false
	if s.layout < layout.Sealed {
		m.Key = derivedKey(m.Lineage)
	}
	if s.layout >= layout.Sealed {
		m.Key, s.rewrap, err = wrap.Key(values, s.keys, m.Lineage, s.name)
		if errors.Is(err, wrap.ErrNotAsWritten) {
			return damaged(s.name, err.Error())
		}
		if err != nil {
			return err
		}
		if s.sealer, err = seal.New(m.Key); err != nil {
			return err
		}
	}
	s.meta, s.erase = m, values[metaErase] != ""
	return explain(s.name, s.classes.Load(ctx, asked{s.conn}))
}

// derivedKey is how records of layouts 1 and 2 had their fingerprints: by a key that followed from the lineage, so
// that whoever knew the lineage could try out values. Nothing is sealed by it.
func derivedKey(lineage string) (k state.Key) {
	sum := sha256.Sum256([]byte("dirform fingerprint key\x00" + lineage))
	copy(k[:16], sum[:])
	return k
}

// Meta is the record's identity.
func (s *Store) Meta() store.Meta {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta
}
