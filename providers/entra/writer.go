package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/graph"
	"github.com/dirform/dirform/state"
)

// Writer writes to an Entra tenant. It is safe for concurrent use; all calls share one write quota.
type Writer struct {
	client  *graph.Client
	pace    *graph.Pacer
	fresh   *freshIDs
	taken   *freshIDs                    // objects taken over from another engine
	schemas map[state.Kind]*state.Schema // of the kinds that can be written
}

var _ providers.TenantWriter = (*Writer)(nil)

// OpenWriter signs in and returns a writer.
func OpenWriter(ctx context.Context, cfg Config) (*Writer, error) {
	s, err := cfg.settings()
	if err != nil {
		return nil, err
	}
	c, err := graph.ForWriting(ctx, s)
	if err != nil {
		return nil, err
	}
	clock := c.Settings.Clock
	return &Writer{client: c, pace: graph.NewPacer(clock, cfg.Unpaced), fresh: newFreshIDs(clock.Now), taken: newFreshIDs(clock.Now), schemas: map[state.Kind]*state.Schema{
		state.User: providers.TenantSchema(state.User), state.Group: providers.TenantSchema(state.Group),
		state.DirectorySync: providers.TenantSchema(state.DirectorySync),
	}}, nil
}

// Close gives connections back.
func (w *Writer) Close() error {
	w.client.Close()
	return nil
}

// Stats counts what has been asked of the service so far.
func (w *Writer) Stats() Stats { return w.client.Count.Stats() }

// Write carries writes out, in one $batch if there are no more than [providers.MaxBatch], and returns a result for each, in
// order. Writes of one call must be independent of each other.
//
// Parts that are throttled or fail in passing are sent again, alone. A create is not sent again once the service may have
// acted on it: its result then wraps [providers.ErrUnknownOutcome], as does that of any write whose reply stayed away to the
// end. Whoever has looked for the account and does not find it may send the write again, marked as Resent. An object that this
// Writer has just created or restored may not be found everywhere at once; a 404 on it is waited out.
func (w *Writer) Write(ctx context.Context, writes []providers.Write) []providers.WriteResult {
	results := make([]providers.WriteResult, 0, len(writes))
	for some := range slices.Chunk(writes, providers.MaxBatch) {
		results = append(results, w.writeBatch(ctx, some)...)
	}
	return results
}

// item is one write on its way.
type item struct {
	write  providers.Write
	part   graph.Part
	op     string // for messages
	result *providers.WriteResult

	attempts int
	resent   bool  // it may already have been carried out by an earlier attempt
	renewed  bool  // it was sent again with a new token
	last     error // why it is sent again
}

func (w *Writer) writeBatch(ctx context.Context, writes []providers.Write) []providers.WriteResult {
	results := make([]providers.WriteResult, len(writes))
	var open []*item
	for i, wr := range writes {
		results[i].ID = wr.ID
		it := &item{write: wr, op: opName(wr), result: &results[i], resent: wr.Resent}
		var err error
		if it.part, err = w.request(wr); err != nil {
			results[i].Err = err
			continue
		}
		open = append(open, it)
	}
	for len(open) > 0 {
		open = w.round(ctx, open)
	}
	return results
}

// round sends the open items once, settles those that are decided, and returns the others after the pause they need.
func (w *Writer) round(ctx context.Context, open []*item) []*item {
	if err := w.pace.Wait(ctx, len(open)); err != nil {
		return abandon(open, err)
	}
	parts := make([]graph.Part, len(open))
	for i, it := range open {
		parts[i] = it.part
	}
	w.client.Count.Writes.Add(int64(len(open)))
	replies, header, err := w.client.Batch(ctx, parts, true)
	w.pace.Observe(len(open), header, replies)
	if err != nil && !errors.Is(err, graph.ErrLost) {
		return abandon(open, err)
	}
	if replies == nil {
		replies = make([]*graph.Reply, len(open))
	}
	var again []*item
	var wait waits
	for i, it := range open {
		if w.settle(it, replies[i], err, &wait) {
			again = append(again, it)
		}
	}
	if len(again) == 0 {
		return nil
	}
	w.client.Count.Retries.Add(int64(len(again)))
	if wait.token {
		if err := w.client.Tokens.RenewLast(ctx); err != nil {
			return abandon(again, err)
		}
	}
	if err := w.client.Settings.Clock.Sleep(ctx, wait.duration()); err != nil {
		return abandon(again, err)
	}
	return again
}

// abandon ends items that won't be sent (again).
func abandon(open []*item, err error) []*item {
	for _, it := range open {
		if it.resent || errors.Is(it.last, graph.ErrLost) {
			err := fmt.Errorf("%s: %w: %w", it.op, providers.ErrUnknownOutcome, err)
			it.result.Err = err
			continue
		}
		it.result.Err = fmt.Errorf("%s: %w", it.op, err)
	}
	return nil
}

// settle decides an item by the reply to it and reports whether it is to be sent again. lost is why there is no reply.
func (w *Writer) settle(it *item, r *graph.Reply, lost error, wait *waits) (again bool) {
	it.attempts++
	now := w.client.Settings.Clock.Now
	switch {
	case r == nil:
		return w.settleLost(it, lost, wait)
	case r.Status/100 == 2:
		w.settleDone(it, r)
		return false
	}
	w.client.CountThrottled(r.Status)
	failure := r.Failure(it.op, now)
	it.last = failure
	switch {
	case r.Status == http.StatusTooManyRequests || r.Status == http.StatusFailedDependency:
		again = it.attempts < graph.MaxThrottledAttempts
		wait.add(r.Header(), it.attempts-1, now)
	case r.Status == http.StatusUnauthorized && !it.renewed:
		it.renewed, again, wait.token = true, true, true
	case graph.PassingStatus(r.Status) && it.repeatable(r, now):
		it.resent, again = true, it.attempts < graph.MaxAttempts
		wait.add(r.Header(), it.attempts-1, now)
	case it.alreadyDone(failure):
		return false
	case w.notYetThere(it, failure), w.notYetOurs(it, failure):
		again = true
		wait.consistency(it.attempts - 1)
	}
	if !again {
		it.result.Err = w.verdict(it, failure)
	}
	return again
}

// settleLost: a write that can be repeated without harm is sent again, others are left for the caller to find out about.
func (w *Writer) settleLost(it *item, lost error, wait *waits) (again bool) {
	if lost == nil {
		lost = fmt.Errorf("%w: the service left this part out of its reply", graph.ErrLost)
	}
	it.last = lost
	if it.idempotent() && it.attempts < graph.MaxAttempts {
		it.resent = true
		wait.add(nil, it.attempts-1, w.client.Settings.Clock.Now)
		return true
	}
	it.result.Err = fmt.Errorf("%s: %w: %w", it.op, providers.ErrUnknownOutcome, lost)
	return false
}

func (w *Writer) settleDone(it *item, r *graph.Reply) {
	switch it.write.Op {
	case providers.OpCreate:
		id := replyID(r.Body)
		if id == "" {
			it.result.Err = fmt.Errorf("%s: %w: the service reports success without naming the new object", it.op, providers.ErrUnknownOutcome)
			return
		}
		it.result.ID = id
		w.fresh.add(id)
	case providers.OpRestore:
		w.fresh.add(it.write.ID)
	case providers.OpTakeOver:
		w.taken.add(it.write.ID)
	}
}

// verdict is the error of a write that has failed for good.
func (w *Writer) verdict(it *item, failure *providers.ServiceError) error {
	unknown := graph.PassingStatus(failure.Status) && failure.Status != http.StatusTooManyRequests && failure.Status != http.StatusFailedDependency
	if unknown || it.resent && it.looksRepeated(failure) {
		return fmt.Errorf("%w: %w", providers.ErrUnknownOutcome, error(failure))
	}
	if failure.Status == http.StatusBadRequest {
		return explainMastery(failure)
	}
	return graph.Explain(failure, it.permission())
}

// idempotent reports whether repeating the write changes nothing more.
func (it *item) idempotent() bool { return !it.write.Once() }

// repeatable reports whether an item that got a passing error may be sent again. A 503 with Retry-After is the service turning
// work away; should a create have been carried out all the same, its repetition fails on the unique user name and ends as
// an unknown outcome.
func (it *item) repeatable(r *graph.Reply, now func() time.Time) bool {
	if it.idempotent() {
		return true
	}
	_, asked := graph.RetryAfter(r.Header(), now)
	return asked && r.Status == http.StatusServiceUnavailable
}

// looksRepeated reports errors that the repetition of a create or restore gets if the first attempt was carried out after all.
func (it *item) looksRepeated(e *providers.ServiceError) bool {
	switch it.write.Op {
	case providers.OpCreate:
		return contains(e.Message, "already exists") || contains(e.Message, "conflicting object") ||
			slices.ContainsFunc(e.Details, func(d providers.ErrorDetail) bool { return d.Code == "ObjectConflict" })
	case providers.OpRestore:
		return e.Status == http.StatusNotFound
	}
	return false
}

// alreadyDone reports errors that say that the wanted state is there.
func (it *item) alreadyDone(e *providers.ServiceError) bool {
	switch it.write.Op {
	case providers.OpSetReference:
		return e.Status == http.StatusBadRequest && contains(e.Message, "references already exist")
	case providers.OpClearReference: // there is none
		return e.Status == http.StatusNotFound
	case providers.OpDelete: // an earlier attempt, whose reply was lost, has deleted it
		return e.Status == http.StatusNotFound && it.resent
	}
	return false
}
