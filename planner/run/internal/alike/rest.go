package alike

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// Rest reports whether a fresh change is what is left to be done of a reviewed one, as after a run that was cut off: it is about the
// same object and account, and writes nothing that the reviewed one does not write in place of the same value. What somebody else has
// taken back since is no rest. done is what is not
// left, as an update: if all of it shows, the reviewed change is carried out with the fresh one.
func Rest(reviewed, fresh *state.Change, ids map[string]string) (done *state.Change, ok bool) {
	if reviewed.Anchor == "" || reviewed.Kind != fresh.Kind || reviewed.Anchor != fresh.Anchor || reviewed.Partial != fresh.Partial ||
		reviewed.Members != nil || fresh.Members != nil || driftsAnew(reviewed, fresh) {
		return nil, false
	}
	if reviewed.Action == state.ActionDelete && fresh.Action == state.ActionUnlink && fresh.ReasonCode == state.BecauseAccountGone {
		return &state.Change{Kind: fresh.Kind, Action: fresh.Action, Anchor: fresh.Anchor}, true // only the record is left
	}
	attributes, ok := without(reviewed.Attributes, fresh.Attributes, ids)
	sources, only := without(reviewed.SourceAttributes, fresh.SourceAttributes, ids)
	if !ok || !only || !continues(reviewed, fresh, attributes) {
		return nil, false
	}
	return &state.Change{Address: fresh.Address, Kind: fresh.Kind, Action: state.ActionUpdate, Scope: fresh.Scope, Anchor: fresh.Anchor,
		SourceGUID: fresh.SourceGUID, TargetID: fresh.TargetID, Attributes: attributes, SourceAttributes: sources}, true
}

// driftsAnew reports whether somebody has changed what the record knows as applied. Where an account was brought back or linked before
// the rest of the change, drift that the reviewed change had as well is none anew; an update is one write, so that whoever has made a
// part of it is somebody else.
func driftsAnew(reviewed, fresh *state.Change) bool {
	return slices.ContainsFunc(fresh.Attributes, func(a state.AttributeChange) bool {
		return a.Drift && (reviewed.Action == fresh.Action ||
			!slices.ContainsFunc(reviewed.Attributes, func(b state.AttributeChange) bool { return b.Drift && b.Name == a.Name }))
	})
}

// continues reports whether a fresh change can be about the account that the reviewed one has made or begun to change, of which done is
// what it has written.
func continues(reviewed, fresh *state.Change, done []state.AttributeChange) bool {
	if reviewed.Action == state.ActionCreate && fresh.Action != state.ActionCreate {
		// An account is created at one blow, but for its references: what else it lacks, somebody has taken away since.
		if slices.ContainsFunc(fresh.Attributes, func(a state.AttributeChange) bool { return !isReference(fresh.Kind, a.Name) }) {
			return false
		}
	} else if reviewed.Action != state.ActionCreate && !strings.EqualFold(reviewed.TargetID, fresh.TargetID) {
		return false
	}
	paired := ruleOf(fresh) == ruleOf(reviewed) && evidenceOf(fresh) == evidenceOf(reviewed)
	stamped := slices.ContainsFunc(done, func(a state.AttributeChange) bool { // by whatever evidence it matches now
		return a.Name == fresh.Kind.Descriptor().Anchor && a.After.Str() == fresh.Anchor
	})
	begun := []state.Action{state.ActionCreate, state.ActionLink, state.ActionRelink, state.ActionRestore}
	switch fresh.Action {
	case state.ActionLink:
		return slices.Contains(begun, reviewed.Action) && (paired || stamped)
	case state.ActionUpdate:
		return fresh.Action == reviewed.Action && paired || slices.Contains(begun, reviewed.Action)
	}
	return fresh.Action == reviewed.Action && paired
}

// without is what of a reviewed list a fresh one does not write. only is false if the fresh one writes anything else.
func without(reviewed, fresh []state.AttributeChange, ids map[string]string) (rest []state.AttributeChange, only bool) {
	alike := func(a, b state.AttributeChange) bool { // a is the reviewed one
		return a.Name == b.Name && (same(a.Before, b.Before) || !a.Via.IsNull() && same(a.Via, b.Before)) &&
			(same(a.After, b.After) || same(resolved(a.After, ids), b.After))
	}
	for _, a := range reviewed {
		if !slices.ContainsFunc(fresh, func(b state.AttributeChange) bool { return alike(a, b) }) {
			rest = append(rest, a)
		}
	}
	return rest, len(rest)+len(fresh) == len(reviewed)
}

// isReference reports whether an attribute of a kind points to another object, which is a write of its own.
func isReference(kind state.Kind, name string) bool {
	return slices.ContainsFunc(kind.Descriptor().References, func(r state.Reference) bool { return r.Attribute == name })
}
