package objects_test

import (
	"context"
	"testing"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects/objectstest"
)

// hooked is a bucket that something happens to before it lists.
type hooked struct {
	*objectstest.Memory
	list func()
}

func (h *hooked) List(ctx context.Context, prefix string) ([]string, error) {
	if f := h.list; f != nil {
		h.list = nil
		f()
	}
	return h.Memory.List(ctx, prefix)
}

// TestPausedTakingOver: a holder that takes over, and is paused before it looks for what runs have left that were cut off,
// takes nothing from the journal of whoever takes over from it.
func TestPausedTakingOver(t *testing.T) {
	m := objectstest.NewMemory()
	must(t, run(t.Context(), place(m), 100, 2, func(int) {}))
	lock(t, place(m)) // a run that is cut off
	m.Pass(31 * time.Second)
	paused := &hooked{Memory: m}
	paused.list = func() {
		m.Pass(31 * time.Second)
		w := begin(t, lock(t, place(m)))
		for n := 1; n <= 3; n++ {
			must(t, w.Intents(t.Context(), []state.Entry{entry(n)}))
		}
	}
	if l, err := place(paused).Lock(t.Context(), store.Options{Holder: "paused"}); err == nil {
		_ = l.Close()
	}
	if _, _, open := content(t, place(m)); len(open) != 3 {
		t.Errorf("of three durable intents there are left: %v, of %v", open, m.Names())
	}
}
