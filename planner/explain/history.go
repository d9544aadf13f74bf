package explain

import (
	"context"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// Record is what the record of links tells of the past.
type Record interface {
	// StepsOf lists the latest steps about an anchor whose outcome is known, newest first; at most limit of them.
	StepsOf(ctx context.Context, key string, limit int) ([]store.Step, error)
}

// PastStep is something that a run did to a recorded pair.
type PastStep struct {
	Run    int64             `json:"run"`
	At     string            `json:"at"` // RFC 3339, UTC: when the run started
	Action state.Action      `json:"action"`
	Status state.EntryStatus `json:"status"`
}

// rememberedSteps is how many steps of the past are told.
const rememberedSteps = 5

// recall adds what earlier runs did.
func (x *Document) recall(ctx context.Context, record Record) error {
	for i := range x.Matches {
		m := &x.Matches[i]
		key := m.Anchor
		if m.What == IsDeclared || key == "" {
			continue
		}
		steps, err := record.StepsOf(ctx, key, rememberedSteps)
		if err != nil {
			return err
		}
		for _, s := range steps {
			at := s.Started.UTC().Format("2006-01-02T15:04:05Z")
			m.History = append(m.History, PastStep{Run: s.Run, At: at, Action: s.Action, Status: s.Status})
		}
	}
	return nil
}
