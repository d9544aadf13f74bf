package worlds_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner/planfile/planfiletest"
)

// editFile edits a plan file as somebody may who wants more of it than it says.
func (h *harness) editFile(path string) {
	p, err := planfiletest.Load(path)
	check(h.t, err)
	f := &forger{t: h.rt, p: p, values: []any{nil, "", "x", true, false, json.Number("0"), json.Number("-1"), json.Number("9223372036854775807"), []any{}, map[string]any{}}}
	for _, line := range f.lines() {
		f.gather(line)
	}
	for _, a := range h.w.accounts {
		f.values = append(f.values, a.id)
		f.ids = append(f.ids, a.id)
	}
	for anchor := range h.w.known {
		f.anchors = append(f.anchors, anchor)
	}
	slices.Sort(f.anchors)
	for range rapid.IntRange(0, 4).Draw(h.rt, "edits") {
		f.edit()
	}
	check(h.t, p.Save(path))
}

// forger edits a plan. What it puts in is mostly from the plan itself, so that it means something.
type forger struct {
	t            *rapid.T
	p            *planfiletest.Plan
	values       []any
	ids, anchors []string
}

// lines are all lines of the plan.
func (f *forger) lines() []map[string]any {
	return slices.Concat([]map[string]any{f.p.Header, f.p.Totals}, f.p.Changes, f.p.Findings, f.p.Records)
}

// gather keeps the values of a line.
func (f *forger) gather(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			f.gather(v[name])
		}
	case []any:
		for _, x := range v {
			f.gather(x)
		}
	default:
		f.values = append(f.values, v)
	}
}

func (f *forger) value() any { return rapid.SampledFrom(f.values).Draw(f.t, "value") }

func pickOne[T any](f *forger, list []T, label string) (x T, i int, ok bool) {
	if len(list) == 0 {
		return x, 0, false
	}
	i = rapid.IntRange(0, len(list)-1).Draw(f.t, label)
	return list[i], i, true
}

// edit makes one edit.
func (f *forger) edit() {
	changes := &f.p.Changes
	c, i, ok := pickOne(f, *changes, "change")
	what := rapid.SampledFrom([]string{"attribute", "member", "drop", "insert", "swap", "twice", "record", "limit", "finding", "change", "totals", "header"}).Draw(f.t, "edit")
	switch {
	case what == "insert":
		f.insert()
	case what == "record":
		f.record()
	case what == "limit":
		f.p.Header["targets"] = []any{"user.in"}
	case what == "finding" && len(f.p.Findings) > 0:
		f.p.Findings = f.p.Findings[1:]
	case what == "totals":
		f.mutate(f.p.Totals)
	case what == "header":
		f.mutate(f.p.Header)
	case !ok:
	case what == "attribute":
		f.attribute(c)
	case what == "member":
		f.member(c)
	case what == "drop":
		*changes = slices.Delete(*changes, i, i+1)
	case what == "swap":
		(*changes)[i], (*changes)[0] = (*changes)[0], (*changes)[i]
	case what == "twice":
		*changes = append(*changes, copied(c))
	default:
		f.mutate(c)
	}
}

func copied(x map[string]any) (c map[string]any) {
	b, _ := json.Marshal(x)
	json.Unmarshal(b, &c)
	return c
}

// members are what a change has, with values that mean something.
func (f *forger) members() map[string][]any {
	list := func(xs []string) (out []any) {
		for _, x := range xs {
			out = append(out, x)
		}
		return append(out, f.value())
	}
	return map[string][]any{
		"kind": {"user", "group", "contact", "upn_suffix", "directory_sync", "device"}, "scope": {"in", "sub", "old", ""},
		"action": {"create", "link", "relink", "restore", "update", "disable", "unlink", "delete"}, "anchor": list(f.anchors),
		"target_id": list(f.ids), "address": list(nil), "source_guid": list(nil), "needs": {list(f.anchors)}, "partial": {true},
		"match": {map[string]any{"rule": "recorded", "value": f.value()}, nil}, "seen": list(nil), "fingerprints": {map[string]any{"mail": "1"}},
		"replaces": {map[string]any{"anchor": f.value(), "scope": "in"}}, "grace_anew": {true}, "members": {map[string]any{"add": list(f.ids)}},
	}
}

// member gives a member of a change another value.
func (f *forger) member(c map[string]any) {
	all := f.members()
	name, _, _ := pickOne(f, slices.Sorted(maps.Keys(all)), "member")
	c[name], _, _ = pickOne(f, all[name], name)
}

// attribute edits what a change writes.
func (f *forger) attribute(c map[string]any) {
	where := pick(f.t, "side", "attributes", "attributes", "source_attributes")
	list, _ := c[where].([]any)
	a := map[string]any{"name": pick(f.t, "name", "userPrincipalName", "accountEnabled", "manager", "mail", anchorName, "scriptPath", consistencyGUID),
		"before": f.value(), "after": f.value()}
	x, i, ok := pickOne(f, list, "attribute")
	switch how := rapid.IntRange(0, 3).Draw(f.t, "how"); {
	case how == 0 || !ok:
		list = append(list, a)
	case how == 1:
		list = slices.Delete(list, i, i+1)
	default:
		if m, ok := x.(map[string]any); ok {
			m[pick(f.t, "which", "name", "before", "after", "after", "via", "drift")] = f.value()
		}
	}
	c[where] = list
}

// insert adds a change of somebody's that the plan does not have.
func (f *forger) insert() {
	id, _, _ := pickOne(f, f.ids, "whose")
	anchor, _, _ := pickOne(f, f.anchors, "of")
	action := pick(f.t, "action", "delete", "disable", "update", "unlink", "link")
	c := map[string]any{"address": `user.in["x"]`, "kind": "user", "action": action, "scope": "in", "anchor": anchor, "target_id": id,
		"match": map[string]any{"rule": "recorded", "value": id}, "reason": "", "attributes": []any{}}
	if action != "delete" && action != "unlink" {
		c["attributes"] = []any{map[string]any{"name": "accountEnabled", "before": true, "after": false}}
	}
	if oneIn(f.t, 3, "a declared resource") {
		c = map[string]any{"address": `upn_suffix["corp.local"]`, "kind": "upn_suffix", "action": "create", "attributes": []any{},
			"source_attributes": []any{map[string]any{"name": "uPNSuffixes", "after": "corp.local"}}}
	}
	f.p.Changes = append(f.p.Changes, c)
}

// record adds a line that moves a pair to another scope.
func (f *forger) record() {
	anchor, _, _ := pickOne(f, f.anchors, "of")
	f.p.Records = append(f.p.Records, map[string]any{"anchor": anchor, "scope": "old", "left": true, "fingerprints": map[string]any{"mail": "1"}})
}

// mutate changes something anywhere in a line.
func (f *forger) mutate(line map[string]any) {
	var at any = line
	for depth := 0; ; depth++ {
		var set, drop func()
		var next any
		switch x := at.(type) {
		case map[string]any:
			name, _, ok := pickOne(f, slices.Sorted(maps.Keys(x)), "name")
			if !ok {
				x["x"] = f.value()
				return
			}
			next, set, drop = x[name], func() { x[name] = f.value() }, func() { delete(x, name) }
		case []any:
			_, i, ok := pickOne(f, x, "position")
			if !ok {
				return
			}
			next, set = x[i], func() { x[i] = f.value() }
			drop = set
		}
		_, deeper := next.(map[string]any)
		if _, isList := next.([]any); isList {
			deeper = true
		}
		switch {
		case deeper && !oneIn(f.t, 3, fmt.Sprint("here, at depth ", depth)):
			at = next
		case oneIn(f.t, 4, "drop"):
			drop()
			return
		default:
			set()
			return
		}
	}
}
