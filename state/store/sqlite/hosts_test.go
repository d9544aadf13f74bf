package sqlite_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// TestHosts: an apply notes its hosts in place of the last one's; what is no apply leaves them, and so does reading.
func TestHosts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts.dfstate")
	s := open(t, path)
	check := func(want []string, wantRecorded bool) {
		t.Helper()
		hosts, recorded, err := s.Hosts(t.Context())
		if err != nil || !slices.Equal(hosts, want) || recorded != wantRecorded {
			t.Errorf("%q, %v, %v", hosts, recorded, err)
		}
	}
	run := func(hosts []string) {
		t.Helper()
		m := s.Meta()
		info := store.RunInfo{Lineage: "l", Serial: m.Serial, SourceSID: "S-1", TenantID: "t", Hosts: hosts}
		w, err := s.Begin(t.Context(), info)
		must(t, err)
		must(t, w.Records(t.Context(), []*state.Link{link(1)}))
		must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	}
	check(nil, false)
	run(nil)
	check(nil, false)
	run([]string{})
	check(nil, true)
	run([]string{"dc1.example", "dc2.example"})
	check([]string{"dc1.example", "dc2.example"}, true)
	must(t, s.RemoveLinks(t.Context(), link(1).Anchor))
	check([]string{"dc1.example", "dc2.example"}, true)
	run([]string{"dc3.example"})
	must(t, s.Close())
	r, err := sqlite.OpenReadOnly(t.Context(), path)
	must(t, err)
	defer r.Close()
	s = r
	check([]string{"dc3.example"}, true)
}
