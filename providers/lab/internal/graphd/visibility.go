package graphd

import "time"

// shadow is what readers still see of an object that was written a moment ago, while delayed visibility is on.
type shadow struct {
	until  time.Time
	before object
	known  bool // false: it did not exist before
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
		t.shadows[o] = shadow{now.Add(delay), *o, known}
	}
}

// see is o as readers see it now, or nil if they don't yet. A deleted object stays visible by id, not in lists.
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
