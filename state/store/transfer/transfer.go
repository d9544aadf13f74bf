// Package transfer takes a record from one place to another, whatever lives at either: it copies all of it in one transaction,
// reads the copy back and compares it. Both sides stream; a record of a million links needs no more memory than one of ten.
//
// The copy is the record: it has the same lineage, serial, key, links and history, and plans that were made from the one fit the
// other. Only how its key is wrapped is the other place's own.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/visible"
)

// Options say who copies, and how.
type Options struct {
	store.Options
	Wait  time.Duration       // for whoever has a lock, at most
	Tell  func(holder string) // is told of the wait once
	Force bool                // another lineage and a newer record are replaced too, and so is a damaged one, which is kept aside
	Copy  bool                // the former record is not marked, see [Migrate]
}

// Done is what was copied.
type Done struct {
	Sum
	Serial  int64
	Already bool           // it was there already: nothing was written
	Damaged *store.Damaged // what a forced copy has replaced; nil if that was whole, or nothing
}

// Push puts a copy of a record into a place, under its lock. A place without a record takes any. One with another lineage or a
// later serial refuses, and so does one that has runs which the copy does not know, unless it is forced.
func Push(ctx context.Context, from store.Record, to store.Place, o Options) (done Done, err error) {
	if !from.Meta().Exists {
		return done, store.ErrMissing
	}
	o.Moved = o.Force
	l, damaged, err := lock(ctx, to, o)
	if err != nil {
		return done, err
	}
	done, err = push(ctx, from, l, to, o, false)
	done.Damaged = damaged
	return done, errors.Join(err, l.Close())
}

// lock locks a place. A forced one may hold a damaged record.
func lock(ctx context.Context, p store.Place, o Options) (store.Locked, *store.Damaged, error) {
	l, err := store.LockWithin(ctx, p, o.Options, o.Wait, o.Tell)
	if errors.Is(err, store.ErrDamaged) && o.Force {
		return store.RebuildWithin(ctx, p, o.Options, o.Wait, o.Tell)
	}
	return l, nil, err
}

func push(ctx context.Context, from store.Record, l store.Locked, to store.Place, o Options, moving bool) (done Done, err error) {
	if done.Sum, err = Of(ctx, from); err != nil {
		return done, err
	}
	done.Serial = from.Meta().Serial
	is, err := compare(ctx, from, done.Sum, l, to)
	switch mayForce := o.Force && !(moving && (is == behind || is == older)); {
	case ctx.Err() != nil:
		return done, errors.Join(err, context.Cause(ctx))
	case is == there && l.Meta().MovedTo == "":
		done.Already = true
		return done, err
	case moving && is == behind && l.Meta().MovedTo == "":
		done.Already, done.Serial = true, l.Meta().Serial
		done.Sum, err = Of(ctx, l)
		return done, err
	case err != nil && !mayForce:
		return done, err
	}
	if err := l.Replace(ctx, &summed{Record: from, want: done.Sum, journals: map[int64]journal{}}); err != nil {
		return done, err
	}
	got, err := Of(ctx, l)
	if err == nil && got != done.Sum {
		err = errors.New("what was written is not what was read")
	}
	if err != nil {
		return done, &fault.Error{Summary: "the copy of the state cannot be trusted", Err: err,
			Detail: visible.Sprintf("%s has %d links and %d runs, and was given %d and %d.", to, got.Links, got.Runs, done.Links, done.Runs),
			Hint:   "Do not run against it. The state that was copied is as it was: look at the disk or the server, and copy it again."}
	}
	return done, nil
}

// relation is how what is to be copied compares to what is there.
type relation int

const (
	ahead   relation = iota // it is a later moment of it, or nothing is there
	there                   // it is the same
	behind                  // what is there is a later moment of it
	older                   // neither is a moment of the other, and what is there has a later serial
	another                 // neither is a moment of the other otherwise
)

// compare refuses a copy in place of a record that it is no later moment of.
func compare(ctx context.Context, from store.Record, sum Sum, l store.Locked, to store.Place) (relation, error) {
	mine, its := from.Meta(), l.Meta()
	if !its.Exists {
		return ahead, nil
	}
	if mine.Lineage != its.Lineage {
		return another, &fault.Error{Summary: "there is another state already", Detail: visible.Sprintf(
			"%s has lineage %s at serial %d; what was to take its place has lineage %s.", to, its.Lineage, its.Serial, mine.Lineage),
			Hint: "Nothing was written. Name another place in the state block if both are needed."}
	}
	mineKnows, err := knows(ctx, from, l)
	if err != nil {
		return another, err
	}
	itKnows, err := knows(ctx, l, from)
	if err != nil {
		return another, err
	}
	if mine.Serial < its.Serial {
		newer := &fault.Error{Summary: "the state there is newer", Detail: visible.Sprintf(
			"%s is at serial %d; what was to take its place is at serial %d: it does not know what was applied since.", to, its.Serial, mine.Serial),
			Hint: "Nothing was written. Plan from the state that is there."}
		if itKnows {
			return behind, newer
		}
		return older, newer
	}
	apart := &fault.Error{Summary: "the states have gone apart", Detail: visible.Sprintf(
		"%s has the same lineage, serial %d, and what was to take its place, of serial %d, does not know all that was done there: "+
			"runs have gone on from one state in two places.", to, its.Serial, mine.Serial),
		Hint: "Nothing was written. `dirform state list` and `dirform history` tell which of them to go on with."}
	switch {
	case !mineKnows && (!itKnows || mine.Serial > its.Serial):
		return another, apart
	case mine.Serial > its.Serial:
		return ahead, nil
	}
	has, err := Of(ctx, l)
	switch {
	case err != nil:
		return another, err
	case has.Pairs != sum.Pairs:
		return another, apart
	case has.All == sum.All || !mineKnows: // runs that write nothing do not raise the serial: whoever knows more of them is the later one
		return there, nil
	}
	return ahead, nil
}

// Migrate moves a record: it locks both places, copies the record and, unless o.Copy says otherwise, marks the former one, so that
// nobody goes on with it. A record that was moved away before may be moved back to where it was. Cut off at any moment, it can be
// made again, also when runs went on at the new place meanwhile: then nothing is copied. It never puts an earlier moment of a
// record over a later one, even if forced.
func Migrate(ctx context.Context, from, to store.Place, o Options) (done Done, err error) {
	if err := here(ctx, from); err != nil {
		return done, err
	}
	former, err := store.LockWithin(ctx, from, o.Options, o.Wait, o.Tell)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, former.Close()) }()
	back := o
	back.Moved = true
	l, damaged, err := lock(ctx, to, back)
	var locked *store.LockedError
	if errors.As(err, &locked) && locked.Info.Holder == o.Holder {
		return done, &fault.Error{Summary: "the state is there already", Detail: visible.Sprintf("%s is the place that the configuration names.", from),
			Hint: "Write the former place's state block into the file, and the new one's into the configuration."}
	}
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if done, err = push(ctx, former, l, to, o, true); err != nil {
		return done, err
	}
	done.Damaged = damaged
	if o.Copy {
		return done, nil
	}
	if err := former.MarkMoved(ctx, to.String()); err != nil {
		return done, fmt.Errorf("the state was copied, but the former one could not be marked: %w", err)
	}
	return done, nil
}

// StaysEncrypted refuses to move a record that was encrypted by keys to a place without any: its key would be there in the clear,
// and what it keeps of people for undoing would be lost.
func StaysEncrypted(then, now *seal.Keys) error {
	if then == nil || now != nil {
		return nil
	}
	return &fault.Error{Summary: "the state would not be encrypted any more",
		Detail: "Where it was it is encrypted; the configuration has no encryption block for where it goes. Its key would be there in the clear, " +
			"and the values that it keeps to undo runs would be gone.",
		Hint: "Nothing was written. Write encryption { key = … } into the dirform block, or say --decrypt if that is what you want."}
}

// here refuses a place where no record is, before a lock makes a folder for it.
func here(ctx context.Context, p store.Place) error {
	r, err := p.Load(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	return Exists(r, p)
}

// Exists refuses a record that is not there.
func Exists(r store.Record, p store.Place) error {
	if r.Meta().Exists {
		return nil
	}
	return &fault.Error{Summary: "there is no state", Detail: visible.Sprintf("%s does not exist.", p)}
}
