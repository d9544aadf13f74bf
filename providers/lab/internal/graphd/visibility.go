package graphd

import (
	"slices"
	"time"
)

// shadow is what readers still see of an object that was written a moment ago, while delayed visibility is on.
type shadow struct {
	until   time.Time
	before  object
	known   bool // false: it did not exist before
	version int  // of the last change before
}

// shade keeps o's old value for readers if the fault is on. Called before o changes.
func (t *Tenant) shade(o *object, known bool) {
	delay := t.faults.visibilityDelay()
	if delay <= 0 && len(t.shadows) == 0 {
		return
	}
	now := t.opts.Now()
	for x, s := range t.shadows {
		if !now.Before(s.until) {
			delete(t.shadows, x)
		}
	}
	if _, already := t.shadows[o]; delay > 0 && !already {
		t.shadows[o] = shadow{now.Add(delay), *o, known, t.changes.version()}
	}
}

// lagging adds to a list ordered by seq what readers still see there although it was deleted a moment ago.
func (t *Tenant) lagging(list []*object, k kind) []*object {
	copied := false
	for o := range t.shadows {
		seen := t.see(o)
		if seen == nil || seen == o || seen.deleted || !o.deleted || o.kind != k {
			continue
		}
		i, found := bySeq(list, o.seq)
		if found {
			continue
		}
		if !copied { // the list is the tenant's own
			list, copied = slices.Clone(list), true
		}
		list = slices.Insert(list, i, o)
	}
	return list
}

// laggards adds to what the indexes found everything whose old value readers still see, which no index knows.
func (t *Tenant) laggards(found []*object) []*object {
	for o := range t.shadows {
		found = append(found, o)
	}
	return found
}

// see is o as readers see it now, or nil if they don't yet. A deleted object stays visible, by id and in lists.
func (t *Tenant) see(o *object) *object {
	if len(t.shadows) == 0 {
		return o
	}
	s, ok := t.shadows[o]
	if !ok || !t.opts.Now().Before(s.until) {
		return o
	}
	if !s.known {
		return nil
	}
	return &s.before
}
