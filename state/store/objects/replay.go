package objects

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// replay records in a copy what a journal says, as the runs did that wrote it.
type replay struct {
	p    *Place
	file string
	run  store.Locked // of the run that is replayed; nil before the first
	w    store.Writer
	at   time.Time
}

// entry replays an entry.
func (r *replay) entry(ctx context.Context, d *entryDoc) error {
	shapes := make([]*state.Shape, len(d.Shapes))
	for i, names := range d.Shapes {
		shapes[i] = state.NewShape(names...)
	}
	for i := range d.Ops {
		if err := r.op(ctx, &d.Ops[i], shapes); err != nil {
			if errors.Is(err, errEntry) || errors.Is(err, store.ErrOtherState) {
				return r.p.damaged(fmt.Sprintf("entry %d of its journal cannot be replayed: %v", d.Number, err))
			}
			return err
		}
	}
	return nil
}

func (r *replay) op(ctx context.Context, o *op, shapes []*state.Shape) error {
	r.at = o.At
	if o.Begin != nil {
		return r.begin(ctx, o.Begin)
	}
	if r.w == nil {
		if o.Intents == nil && o.Results == nil && o.Links == nil && o.OUs == nil && o.Finish == nil {
			return nil
		}
		return errEntry
	}
	switch {
	case o.Intents != nil:
		return r.w.Intents(ctx, o.Intents)
	case o.Results != nil:
		list := make([]state.Result, len(o.Results))
		for i, d := range o.Results {
			list[i] = state.Result{Entry: d.Entry, Forget: d.Forget, Replaces: d.Replaces}
			if d.Link != nil {
				var err error
				if list[i].Link, err = d.Link.link(shapes); err != nil {
					return err
				}
			}
		}
		return r.w.Results(ctx, list)
	case o.Links != nil:
		list := make([]*state.Link, len(o.Links))
		for i := range o.Links {
			var err error
			if list[i], err = o.Links[i].link(shapes); err != nil {
				return err
			}
		}
		return r.w.Records(ctx, list)
	case o.OUs != nil:
		return r.w.OUs(ctx, o.OUs)
	case o.Finish != nil:
		return r.w.Finish(ctx, o.Finish.Outcome, o.Finish.Counts, o.Finish.Scopes)
	}
	return nil
}

// begin begins a run as it was begun, or goes on with it.
func (r *replay) begin(ctx context.Context, d *beginDoc) (err error) {
	if err := r.close(); err != nil {
		return err
	}
	r.run, err = r.p.local(r.file).Lock(ctx, store.Options{Holder: "replay", Now: func() time.Time { return r.at }, Origin: d.Origin})
	if err == nil {
		r.w, err = begin(ctx, r.run, d)
	}
	return err
}

// begin begins a run in a copy, or goes on with one.
func begin(ctx context.Context, l store.Locked, d *beginDoc) (store.Writer, error) {
	info := d.RunInfo
	if d.Run != 0 { // it was begun at an earlier serial
		info.Serial = l.Meta().Serial
	}
	w, err := l.Begin(ctx, info)
	if err != nil {
		return nil, err
	}
	w.(*tables.Writer).Run = d.Run
	return w, nil
}

// close ends the replaying.
func (r *replay) close() (err error) {
	if r.run != nil {
		err = r.run.Close()
	}
	r.run, r.w = nil, nil
	return err
}
