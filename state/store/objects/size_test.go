package objects_test

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/objectstest"
)

// TestSize tells how large a record is as it travels. DIRFORM_LINKS is how many links it has; a few by themselves.
func TestSize(t *testing.T) {
	count := 20_000
	if n, err := strconv.Atoi(os.Getenv("DIRFORM_LINKS")); err == nil {
		count = n
	}
	b := objectstest.NewMemory()
	p := objects.New(b, object, objects.Options{Keys: seal.New(newKey(t))})
	l := lock(t, p)
	w := begin(t, l)
	const attributes = 3
	shape := state.NewShape("a", "b", "c")
	var batch []*state.Link
	for range count {
		var guid state.GUID
		rand.Read(guid[:])
		batch = append(batch, &state.Link{Anchor: base64.StdEncoding.EncodeToString(guid[:]), Kind: state.User, Scope: "staff", Rule: "created",
			SourceGUID: guid, TargetID: uuid.NewString(), Shape: shape, Fingerprints: make([]uint64, attributes)})
		if len(batch) == 1000 {
			must(t, w.Records(t.Context(), batch))
			batch = nil
		}
	}
	must(t, w.Records(t.Context(), batch))
	started := time.Now()
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	wrote := time.Since(started)
	must(t, l.Close())
	started = time.Now()
	r, err := p.Load(t.Context())
	must(t, err)
	must(t, r.Close())
	each := float64(len(b.Content(object))) / float64(count)
	t.Logf("%d links of %d attributes: %.1f bytes each, of which fingerprints %d; written in %v, read in %v", count, attributes,
		each, attributes*8, wrote.Round(time.Millisecond), time.Since(started).Round(time.Millisecond))
}
