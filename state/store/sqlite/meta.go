package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/seal"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// The names in the table meta that every record has, and those that only some have.
const (
	metaLineage, metaSerial, metaSource, metaTenant = "lineage", "serial", "source_sid", "tenant_id"

	metaKey   = "key"   // from layout 3 on: 32 bytes in base64
	metaErase = "erase" // see [Store.eraseReplaced]
)

// load reads the record's identity and its classes.
func (s *Store) load(ctx context.Context) error {
	values := map[string]string{}
	err := each(ctx, s.conn, "SELECT name, value FROM meta", func(scan func(...any) error) error {
		var name, value string
		if err := scan(&name, &value); err != nil {
			return err
		}
		values[name] = value
		return nil
	})
	if err != nil {
		return explain(s.path, err)
	}
	m, what := s.identity(values)
	if what != "" {
		return damaged(s.path, what)
	}
	s.sealer = nil
	if s.layout >= layout.Sealed {
		if s.sealer, err = seal.New(m.Key); err != nil {
			return err
		}
	}
	s.meta, s.erase = m, values[metaErase] != ""
	return explain(s.path, s.classes.load(ctx, s.conn))
}

// identity is what the table meta says; what is wrong with it otherwise.
func (s *Store) identity(values map[string]string) (m store.Meta, what string) {
	names := []string{metaLineage, metaSerial, metaSource, metaTenant}
	if s.layout >= layout.Sealed {
		names = append(names, metaKey)
	}
	if values[metaLineage] == "" {
		return m, "it has no " + metaLineage
	}
	for _, name := range names[1:] {
		if _, ok := values[name]; !ok {
			return m, "it has no " + name
		}
	}
	m = store.Meta{Exists: true, Lineage: values[metaLineage], SourceSID: values[metaSource], TenantID: values[metaTenant],
		Key: derivedKey(values[metaLineage])}
	var err error
	if m.Serial, err = strconv.ParseInt(values[metaSerial], 10, 64); err != nil {
		return m, fmt.Sprintf("its serial is not as dirform writes it: %v", err)
	}
	if s.layout >= layout.Sealed {
		key, err := base64.StdEncoding.DecodeString(values[metaKey])
		if err != nil || copy(m.Key[:], key) != len(m.Key) || len(key) != len(m.Key) {
			return m, "its key is not as dirform writes it"
		}
	}
	return m, ""
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
