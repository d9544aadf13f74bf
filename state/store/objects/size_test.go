package objects_test

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/objectstest"
)

// mostBytes is what a link of a record may take as it travels. Nobody can guess the 16 bytes of its object's GUID, the
// 16 of its account's id, and 8 of a fingerprint for each managed attribute.
const mostBytes = 70

// TestSize holds how large a record of links with three attributes is as it travels, and tells how long and how much
// memory it takes. DIRFORM_LINKS is how many links it has: 20,000 by themselves, and a million in the long form.
func TestSize(t *testing.T) {
	count := 20_000
	if quick.Long() {
		count = 1_000_000
	}
	if n, err := strconv.Atoi(os.Getenv("DIRFORM_LINKS")); err == nil {
		count = n
	}
	b := objectstest.NewMemory()
	p := objects.New(b, object, objects.Options{Keys: seal.New(newKey(t))})
	l := lock(t, p)
	w := begin(t, l)
	shape := state.NewShape("a", "b", "c")
	var batch []*state.Link
	for range count {
		l := &state.Link{Kind: state.User, Scope: "staff", Rule: "created", TargetID: uuid.NewString(), Shape: shape,
			Fingerprints: []uint64{rand.Uint64(), rand.Uint64(), rand.Uint64()}}
		binary.LittleEndian.PutUint64(l.SourceGUID[:], rand.Uint64())
		binary.LittleEndian.PutUint64(l.SourceGUID[8:], rand.Uint64())
		l.Anchor = base64.StdEncoding.EncodeToString(l.SourceGUID[:])
		batch = append(batch, l)
		if len(batch) == 1000 {
			must(t, w.Records(t.Context(), batch))
			batch = nil
		}
	}
	must(t, w.Records(t.Context(), batch))
	writing := measure(func() { must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil)) })
	must(t, l.Close())
	links := 0
	reading := measure(func() {
		r, err := p.Load(t.Context())
		must(t, err)
		for _, err := range r.Links(t.Context()) {
			must(t, err)
			links++
		}
		must(t, r.Close())
	})
	locking := measure(func() { must(t, lock(t, p).Close()) })
	each := float64(len(b.Content(object))) / float64(count)
	t.Logf("%d links: %.1f bytes each; written in %v, read in %v, opened for writing in %v", count, each, writing,
		reading, locking)
	if each > mostBytes || links != count {
		t.Errorf("%d links of %d, of %.1f bytes each, which are to be %d at most", links, count, each, mostBytes)
	}
}

// spent is what something took.
type spent struct {
	time  time.Duration
	bytes uint64 // allocated by Go in all, of which most is freed again at once
}

func (s spent) String() string {
	return s.time.Round(time.Millisecond).String() + " (" + strconv.FormatUint(s.bytes>>20, 10) + " MB allocated)"
}

func measure(f func()) spent {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	f()
	took := time.Since(started)
	runtime.ReadMemStats(&after)
	return spent{took, after.TotalAlloc - before.TotalAlloc}
}
