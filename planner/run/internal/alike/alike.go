// Package alike compares changes of two plans of the same pair: a reviewed and a fresh one.
package alike

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/internal/planjson"
	"github.com/dirform/dirform/state"
)

// Content sums up everything about a change that has to be the same in a reviewed and a fresh plan: kind, action,
// anchor, target, match with its evidence, and what is written to either side. Two changes have the same content
// exactly if [Difference] has nothing to tell of them (but for a chance of 2^-64 under a random seed). Reason,
// address, order and needs may differ. References to anchors that ids has count as references to those accounts.
func Content(seed maphash.Seed, c *state.Change, ids map[string]string) uint64 {
	b := make([]byte, 0, 1024)
	for _, s := range [...]string{string(c.Kind), string(c.Action), c.Anchor, strings.ToLower(c.TargetID), resource(c),
		ruleOf(c), evidenceOf(c)} {
		b = planjson.AppendString(b, s)
	}
	b = append(b, fmt.Sprint(c.Partial)...)
	for i, list := range [...][]state.AttributeChange{c.Attributes, c.SourceAttributes} {
		b = append(b, '|', byte('0'+i))
		for _, a := range sorted(list) {
			b = planjson.AppendString(b, a.Name)
			b = append(planjson.AppendValue(b, a.Before), ' ') // numbers have no end of their own
			b = append(planjson.AppendValue(b, resolved(a.After, ids)), ' ')
		}
	}
	if c.Members != nil {
		for i, list := range [...][]string{c.Members.Add, c.Members.Remove} {
			b = append(b, '|', byte('m'+i))
			for _, id := range sortedRefs(list, ids) {
				b = planjson.AppendString(b, id)
			}
		}
	}
	return maphash.Bytes(seed, b)
}

// sortedRefs are references by the ids of their accounts, as far as these are recorded.
func sortedRefs(list []string, ids map[string]string) (refs []string) {
	for _, id := range list {
		refs = append(refs, resolved(state.String(id), ids).Str())
	}
	slices.Sort(refs)
	return refs
}

// resource is the address of a declared resource; objects go by their anchors.
func resource(c *state.Change) string {
	if c.Anchor == "" {
		return c.Address
	}
	return ""
}

func ruleOf(c *state.Change) string {
	if c.Match == nil {
		return ""
	}
	return c.Match.Rule
}

func evidenceOf(c *state.Change) string {
	if c.Match == nil {
		return ""
	}
	return c.Match.Value
}

func sorted(list []state.AttributeChange) []state.AttributeChange {
	return slices.SortedStableFunc(slices.Values(list), func(a, b state.AttributeChange) int {
		return cmp.Compare(a.Name, b.Name)
	})
}

// resolved is a reference by the id of its account once the account is recorded; everything else is itself.
func resolved(v state.Value, ids map[string]string) state.Value {
	if anchor, ok := strings.CutPrefix(v.Str(), state.PendingRef); ok && ids[anchor] != "" {
		return state.String(ids[anchor])
	}
	return v
}

// Difference says how a fresh plan's change is not the reviewed one; fresh may be nil where that is not known any
// more. ids are the accounts of anchors that the reviewed change refers to.
func Difference(reviewed, fresh *state.Change, ids map[string]string) string {
	switch {
	case fresh == nil:
		return "today's plan wants it otherwise"
	case fresh.Action != reviewed.Action:
		return fmt.Sprintf("today's plan has %s for it instead of %s", fresh.Action, reviewed.Action)
	case !strings.EqualFold(fresh.TargetID, reviewed.TargetID):
		return "today's plan is about another account"
	case ruleOf(fresh) != ruleOf(reviewed), evidenceOf(fresh) != evidenceOf(reviewed):
		return "today's plan pairs the two by other evidence"
	}
	if names := differingNames(reviewed.Attributes, fresh.Attributes, ids); len(names) > 0 {
		return "changed since the plan was reviewed: " + strings.Join(names, ", ")
	}
	if names := differingNames(reviewed.SourceAttributes, fresh.SourceAttributes, ids); len(names) > 0 {
		return "changed since the plan was reviewed, at the source: " + strings.Join(names, ", ")
	}
	if !sameMembers(reviewed.Members, fresh.Members, ids) {
		return "changed since the plan was reviewed: members"
	}
	return "today's plan wants it otherwise"
}

func sameMembers(reviewed, fresh *state.SetChange, ids map[string]string) bool {
	if reviewed == nil || fresh == nil {
		return reviewed == fresh
	}
	same := func(a, b []string) bool {
		return slices.Equal(sortedRefs(a, nil), sortedRefs(b, nil)) || slices.Equal(sortedRefs(a, ids), sortedRefs(b, nil))
	}
	return same(reviewed.Add, fresh.Add) && same(reviewed.Remove, fresh.Remove)
}

// differingNames are the attributes that are not written alike, sorted.
func differingNames(reviewed, fresh []state.AttributeChange, ids map[string]string) (names []string) {
	alike := func(a, b state.AttributeChange) bool { // a is the reviewed one
		return a.Name == b.Name && same(a.Before, b.Before) &&
			(same(a.After, b.After) || same(resolved(a.After, ids), b.After))
	}
	for _, a := range reviewed {
		if !slices.ContainsFunc(fresh, func(b state.AttributeChange) bool { return alike(a, b) }) {
			names = append(names, a.Name)
		}
	}
	for _, b := range fresh {
		if !slices.ContainsFunc(reviewed, func(a state.AttributeChange) bool { return alike(a, b) }) {
			names = append(names, b.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func same(a, b state.Value) bool {
	return string(planjson.AppendValue(nil, a)) == string(planjson.AppendValue(nil, b))
}
