package sqlite_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/seal"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// unbind seals the fingerprints of links for their anchors alone, as layouts 3 to 5 have them.
func unbind(t *testing.T, path string, key state.Key, list []*state.Link) {
	t.Helper()
	s, err := seal.New(key)
	must(t, err)
	for _, l := range list {
		sealed := s.Seal(nil, []byte(l.Anchor), l.Fingerprints)
		execute(t, path, fmt.Sprintf("UPDATE links SET fingerprints = x'%s' WHERE anchor = '%s'", hex.EncodeToString(sealed), l.Anchor))
	}
}

// TestNothingOfALinkChangesUnseen: whatever becomes another value in a link, or in what it has in common with others, is refused.
func TestNothingOfALinkChangesUnseen(t *testing.T) {
	for _, statement := range []string{
		"UPDATE links SET tenant_id = tenant_id || 'x' WHERE anchor = 'anchor-0000001'",
		"UPDATE links SET source_guid = zeroblob(16) WHERE anchor = 'anchor-0000001'",
		"UPDATE links SET left_at = 7 WHERE anchor = 'anchor-0000001'",
		"UPDATE links SET anchor = 'anchor-0000009' WHERE anchor = 'anchor-0000001'",
		"UPDATE classes SET scope = 'other'", "UPDATE classes SET rule = 'declared'", "UPDATE classes SET kind = 'group'",
		"UPDATE classes SET left_scope = 1 - left_scope", `UPDATE shapes SET attributes = replace(attributes, '","', 'x","')`,
	} {
		path := filepath.Join(t.TempDir(), "x")
		s := open(t, path)
		must(t, begin(t, s).Records(t.Context(), []*state.Link{link(1), link(2)}))
		must(t, s.Close())
		if n, err := countLinks(t, path); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		execute(t, path, statement)
		if n, err := countLinks(t, path); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: %d links, %v", statement, n, err)
		}
	}
}

// TestLayout5 has fingerprints that are sealed for an anchor alone: they are read as they are, and the first run that writes seals
// them for the whole of their links.
func TestLayout5(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	s := open(t, path)
	must(t, begin(t, s).Records(t.Context(), []*state.Link{link(1), link(2)}))
	want, key := links(t, s), s.Meta().Key
	must(t, s.Close())
	execute(t, path, withoutOrigin+"UPDATE schema SET version = 5")
	unbind(t, path, key, want)
	s = open(t, path)
	if d := cmp.Diff(want, links(t, s), cmpLink); d != "" || version(t, path) != 5 {
		t.Error("as it is: ", d)
	}
	must(t, begin(t, s).Records(t.Context(), []*state.Link{link(3)}))
	if d := cmp.Diff(append(want, link(3)), links(t, s), cmpLink); d != "" || version(t, path) != layout.Version {
		t.Error("brought up to date: ", d)
	}
	must(t, s.Close())
	execute(t, path, "UPDATE links SET tenant_id = tenant_id || 'x' WHERE anchor = 'anchor-0000001'")
	if _, err := countLinks(t, path); !errors.Is(err, store.ErrDamaged) {
		t.Error(err)
	}
}
