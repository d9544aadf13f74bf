package undo

import (
	"strings"

	"github.com/dirform/dirform/state"
)

// Authors tell which run has decided last what a step of the run to be undone wrote.
type Authors struct {
	run int64
	of  map[string]map[string]*trail // by account and attribute; "" stands for the pair
}

// trail is who decided about one attribute of one account, up to the latest run that was noted.
type trail struct {
	now    int64           // 0: it is as it was before the run
	before map[int64]int64 // who had decided before each run that wrote it
}

// NewAuthors begins with the steps of the run to be undone. Later runs are noted in their order, see [Authors.Note].
func NewAuthors(run int64, steps []state.Entry) *Authors {
	a := &Authors{run: run, of: map[string]map[string]*trail{}}
	for i := range steps {
		e := &steps[i]
		id := strings.ToLower(e.TargetID)
		if id == "" || e.Kept == nil {
			continue
		}
		if a.of[id] == nil {
			a.of[id] = map[string]*trail{}
		}
		for _, name := range wrote(e) {
			a.of[id][name] = &trail{now: run, before: map[int64]int64{run: 0}}
		}
	}
	return a
}

// pairing are the actions by which an account comes to be an object's, or ceases to be.
var pairing = map[state.Action]bool{state.ActionCreate: true, state.ActionLink: true, state.ActionRelink: true, state.ActionRestore: true,
	state.ActionUnlink: true, state.ActionDelete: true}

// wrote are the attributes that a step of its own kind has written, with "" for the pair.
func wrote(e *state.Entry) (names []string) {
	if pairing[e.Action] {
		names = append(names, "")
	}
	for _, k := range e.Kept.Attributes {
		names = append(names, k.Name)
	}
	return names
}

// Note takes in a step of a later run. What a step has undone is decided by whoever had decided before the run that it
// undoes; what an apply has written, by that apply, also where the value was the same once. Of an account that an apply
// has brought back all was decided anew.
func (a *Authors) Note(run int64, e *state.Entry) {
	trails := a.of[strings.ToLower(e.TargetID)]
	if trails == nil || e.Status == state.StatusSkipped || e.Status == state.StatusFailed && e.Writes == (state.Writes{}) {
		return
	}
	var undoes int64
	if e.Kept != nil {
		undoes = e.Kept.Undoes
	}
	switch {
	case e.Attribute != "":
		trails[e.Attribute].note(run, undoes)
	case e.Kept == nil:
	case e.Action == state.ActionRestore && undoes == 0:
		for _, t := range trails {
			t.note(run, 0)
		}
	default:
		d := state.Describe(nil)(e.Kind)
		for _, name := range wrote(e) {
			if d.Reference(name) == nil { // which has a step of its own
				trails[name].note(run, undoes)
			}
		}
	}
}

func (t *trail) note(run, undoes int64) {
	if t == nil {
		return
	}
	former := t.now
	if _, again := t.before[run]; !again {
		t.before[run] = former
	}
	if author, known := t.before[undoes]; known && undoes != 0 {
		t.now = author
	} else {
		t.now = run
	}
}

// later is the later run that has decided about an attribute of an account, or about the pair if the attribute is ""; 0
// if none has.
func (a *Authors) later(id, attribute string) int64 {
	if t := a.of[strings.ToLower(id)][attribute]; t != nil && t.now != a.run {
		return t.now
	}
	return 0
}
