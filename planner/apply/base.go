package apply

import (
	"cmp"
	"context"
	"hash/maphash"
	"maps"
	"slices"
	"time"

	"github.com/dirform/dirform/planner/apply/internal/values"
	"github.com/dirform/dirform/state"
)

// base is what every part of a run works with: the input, the ways to stop, and what has come of it so far.
type base struct {
	in     Input
	soft   context.Context // done: stop after the writes in flight
	hard   context.Context // done: cut off the writes in flight; [Input.Hard] itself, whose Err may look at a clock
	calm   context.Context // never done: the record is written whatever happens
	hasher *state.Hasher
	out    Outcome
	seq    int64
	seed   maphash.Seed
	fate   map[uint64]fate // by hash of anchor: a plan may have a million changes
}

func newBase(ctx context.Context, in Input) *base {
	if in.Workers <= 0 {
		in.Workers = 4
	}
	if in.Window <= 0 {
		in.Window = 400
	}
	if in.RetryDelay <= 0 {
		in.RetryDelay = time.Second
	}
	in.Kinds = state.Describe(in.Kinds)
	calm := context.WithoutCancel(ctx)
	return &base{in: in, soft: ctx, hard: cmp.Or(in.Hard, calm), calm: calm, hasher: state.NewHasher(in.Key),
		seed: maphash.MakeSeed(), fate: map[uint64]fate{}}
}

// stopped reports whether somebody asked the run to stop.
func (r *base) stopped() bool { return r.soft.Err() != nil || r.hard.Err() != nil }

func (r *base) hash(anchor string) uint64 { return maphash.String(r.seed, anchor) }

// deeds is what a change counts as for guards once it is made.
func (r *base) deeds(c *state.Change) map[string]int {
	if r.in.Deeds == nil {
		return nil
	}
	return r.in.Deeds(c)
}

func (r *base) nextSeq() int64 {
	r.seq++
	return r.seq
}

// announce tells what became of a change, and remembers what went wrong.
func (r *base) announce(e Event) {
	switch e.Status {
	case state.StatusDone:
	case StatusWarning:
		r.out.Warnings++
	default:
		if len(r.out.Failures) < MaxFailures {
			r.out.Failures = append(r.out.Failures, e)
		}
	}
	if r.in.Progress != nil {
		r.in.Progress(e)
	}
}

// pause waits before looking again for the n-th time, longer each time. It reports false if ctx ends meanwhile.
func (r *base) pause(ctx context.Context, n int) bool {
	t := time.NewTimer(r.in.RetryDelay << n)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// differing names the attributes of o that are not as they were to be written.
func (r *base) differing(kind state.Kind, o *state.Object, attrs []state.AttributeChange) []string {
	return values.Differing(r.hasher, r.in.Schema(kind), o, attrs)
}

// carriers asks the tenant for the living objects of a kind that carry anchors, and hands each one's id to f with
// what the anchor stands for.
func carriers[T any](ctx context.Context, r *base, kind state.Kind, of map[string]T, f func(x T, id string) error) error {
	if len(of) == 0 {
		return nil
	}
	name := r.in.Kinds(kind).Anchor
	for o, err := range r.in.Tenant.FindByAnchor(ctx, kind, slices.Sorted(maps.Keys(of)), state.NewShape(name)) {
		if err != nil {
			return err
		}
		if x, ok := of[o.Get(name).Str()]; ok {
			if err := f(x, o.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
