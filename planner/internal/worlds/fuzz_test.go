package worlds_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/planfile/planfiletest"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
)

// FuzzForgedPlan applies plan files in which anything may stand, with the right checksum, to a world in which all actions are planned
// and some things have happened since. A file is the lines of body, in one of which the member at path is set to a value of JSON. Nothing
// panics, and what is written is a part of what today's plan writes, and of what the file says.
func FuzzForgedPlan(f *testing.F) {
	h, body := forged(f)
	p, err := planfiletest.Parse(body)
	if err != nil {
		f.Fatal(err)
	}
	seedMembers(f, body, p)
	seedAttacks(f, body, p)
	seedLies(f, body, p)
	fresh, plan := h.freshly()
	path := filepath.Join(h.dir, "forged.dfplan")
	f.Fuzz(func(t *testing.T, body []byte, line uint8, member, value string) {
		g := *h
		g.t, g.w = t, h.w.clone()
		check(t, os.WriteFile(path, planfiletest.Seal(planfiletest.Recount(edited(body, line, member, value))), 0o600))
		before := g.begin()
		permits := g.permits(path, plan)
		out, err := g.tryFile(path)
		g.partOf(before, fresh, out, err)
		if wrong := permits.strange(before, g.w); len(wrong) > 0 {
			t.Fatalf("not what the file says:\n%s--- the file ---\n%s", list(wrong), contentOf(path))
		}
		g.shown(path)
	})
}

// edited sets a member of the line with that number, counted from 0 and from the front again; a body that is no plan stays as it is.
func edited(body []byte, line uint8, member, value string) []byte {
	p, err := planfiletest.Parse(body)
	var v any
	if err != nil || member == "" || json.Unmarshal([]byte(value), &v) != nil {
		return body
	}
	all := linesOf(p)
	if at := all[int(line)%len(all)]; at == nil || planfiletest.Set(at, member, v) != nil {
		return body
	}
	return p.Body()
}

// linesOf are the lines of a plan: the header, the totals, and then the others.
func linesOf(p *planfiletest.Plan) []map[string]any { return (&forger{p: p}).lines() }

// shown lets a forged plan be shown, which may fail.
func (h *harness) shown(path string) {
	file, err := planfile.Open(path, nil)
	if err != nil {
		return
	}
	defer file.Close()
	_ = render.Text(io.Discard, file, render.TextOptions{})
	_ = render.Text(io.Discard, file, render.TextOptions{Verbose: true})
	_ = render.JSON(io.Discard, file)
	_ = render.Drift(io.Discard, file, render.TextOptions{})
}

// forged is a world that has changed since a plan of it was saved, and that plan's lines.
func forged(t testing.TB) (h *harness, body []byte) {
	dir := quick.Dir(t)
	all, err := variants(dir)
	check(t, err)
	policy := config.LinkPolicy{Anchor: consistencyGUID, Match: matchOrders[0], Unmatched: "create", ForeignAnchor: "relink", SyncedElsewhere: "take_over",
		Privileged: "block", Deleted: "restore", Leaving: "disable", OnUnverifiedSuffix: "block"}
	in, second := &scopeRules{name: "in", ou: inOU, manager: true, policy: policy}, &scopeRules{name: "sub", ou: secondOU, policy: policy}
	second.policy.Leaving = "delete"
	r := &rules{scopes: []*scopeRules{in, second}, suffixes: []string{"contoso.com"}}
	h = &harness{t: t, w: newWorld(1), r: r, dir: dir, all: all}
	h.configure()
	for n := 1; n <= 6; n++ {
		ou := inOU
		if n == 6 {
			ou = secondOU
		}
		h.happen([]event{newcomer(n, ou)})
	}
	h.settle()
	h.happen([]event{
		{what: "change", who: 1, name: "department", value: state.String("R&D")},
		{what: "swap", who: 2, other: 3, name: "userPrincipalName"},
		{what: "move", who: 4, name: outOU}, {what: "move", who: 6, name: outOU},
		{what: "delete", who: 105}, {what: "change", who: 5, name: "userAccountControl", value: state.Int(514)},
		newcomer(7, inOU), newcomer(8, inOU), {what: "change", who: 7, name: "manager", other: 8},
		accountOf(9, "p9@contoso.com", nil), newcomer(9, inOU), accountOf(10, "p10@contoso.com", map[string]state.Value{anchorName: state.String("b3RoZXIgZG9tYWlu")}),
		newcomer(10, inOU), accountOf(11, "p11@contoso.com", map[string]state.Value{providers.SyncEnabled: state.Bool(true)}), newcomer(11, inOU),
	})
	path := filepath.Join(dir, "plan.dfplan")
	o := h.options()
	o.Out = path
	file, err := h.run().Plan(context.Background(), o)
	check(t, err)
	checkVaried(t, h.saved(file))
	check(t, file.Close())
	h.happen([]event{{what: "change", who: 9, name: "displayName", value: state.String("Bob")}, {what: "change", who: 1, name: "displayName", value: state.String("Bob")},
		{what: "move", who: 2, name: outOU}, {what: "edit", who: 101, name: "accountEnabled", value: state.Bool(false)}})
	b, err := os.ReadFile(path)
	check(t, err)
	return h, b[:strings.LastIndex(string(b), `{"sha256"`)]
}

// newcomer hires somebody with names of his own.
func newcomer(n int, ou string) event {
	local := "p" + string(rune('0'+n%10))
	if n >= 10 {
		local = "p1" + local[1:]
	}
	return event{what: "hire", who: n, name: ou, manager: -1, attrs: map[string]state.Value{"userPrincipalName": state.String(local + "@contoso.com"),
		"displayName": state.String("Ann"), "department": state.String("Sales"), "userAccountControl": state.Int(512)}}
}

// accountOf makes an account that nobody has linked.
func accountOf(n int, upn string, attrs map[string]state.Value) event {
	all := map[string]state.Value{"userPrincipalName": state.String(upn), "displayName": state.String("Cloud"), "mailNickname": state.String("cloud"),
		"accountEnabled": state.Bool(true)}
	for name, v := range attrs {
		all[name] = v
	}
	return event{what: "account", who: n, kind: state.User, attrs: all}
}

// settle applies until nothing is left to be done.
func (h *harness) settle() {
	for range 4 {
		h.apply(func(*saved) {})
	}
}

// checkVaried makes sure that the plan has every action.
func checkVaried(t testing.TB, p *saved) {
	for _, a := range state.Actions {
		found := a == state.ActionUnlink // its policy would take the place of another
		for _, c := range p.changes {
			found = found || c.Action == a
		}
		if !found {
			t.Fatalf("no %s is planned:\n%s", a, describe(p))
		}
	}
}

// odd are values that no plan has where they are put.
var odd = []string{`null`, `"x"`, `-1`, `9223372036854775807`, `1e300`, `[]`, `{}`, `true`, `[null,{"anchor":""}]`}

// seedMembers seeds one file for each member that a line can have and each odd value.
func seedMembers(f *testing.F, body []byte, p *planfiletest.Plan) {
	firstFinding, firstRecord := 2+len(p.Changes), 2+len(p.Changes)+len(p.Findings)
	for _, line := range []struct {
		number int
		prefix string
		of     any
	}{{0, "", planner.Header{}}, {0, "state.", planner.StateID{}}, {0, "source.", planner.SourceID{}}, {0, "tenant.", planner.TenantID{}},
		{1, "", planner.Totals{}}, {1, "summary.", planner.Summary{}}, {1, "cost.", planner.Cost{}}, {1, "guards.0.", planner.GuardResult{}},
		{1, "scopes.0.", planner.ScopeSeen{}}, {1, "scopes.0.ous.0.", planner.OUSeen{}},
		{2, "", state.Change{}}, {2, "match.", state.Match{}}, {2, "replaces.", state.Replaced{}}, {2, "attributes.0.", state.AttributeChange{}},
		{2, "source_attributes.0.", state.AttributeChange{}}, {2, "members.", state.SetChange{}}, {3, "", state.Change{}},
		{firstFinding, "", planner.Finding{}}, {firstFinding, "objects.0.", planner.ObjectRef{}}, {firstRecord, "", planner.Record{}}} {
		for i := range reflect.TypeOf(line.of).NumField() {
			name, _, _ := strings.Cut(reflect.TypeOf(line.of).Field(i).Tag.Get("json"), ",")
			f.Add(body, uint8(line.number), line.prefix+name, odd[i%len(odd)])
			f.Add(body, uint8(line.number), line.prefix+name, odd[(i+4)%len(odd)])
		}
	}
}

// seedLies seeds one file for each text, truth and number in a change that has to be in today's plan, too, in which that
// alone is something else that could be meant.
func seedLies(f *testing.F, body []byte, p *planfiletest.Plan) {
	for i, c := range p.Changes {
		var lie func(path string, v any)
		lie = func(path string, v any) {
			var other any
			switch v := v.(type) {
			case map[string]any:
				for _, name := range slices.Sorted(maps.Keys(v)) {
					lie(path+"."+name, v[name])
				}
				return
			case []any:
				for n := range v {
					lie(path+"."+strconv.Itoa(n), v[n])
				}
				return
			case string:
				other = v + "x"
				if id, _ := p.Changes[(i+1)%len(p.Changes)][path].(string); id != v && id != "" {
					other = id
				}
			case bool:
				other = !v
			default:
				other = 7
			}
			text, err := json.Marshal(other)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(body, uint8(2+i), path, string(text))
		}
		for _, member := range []string{"kind", "action", "anchor", "target_id", "match", "partial", "attributes",
			"source_attributes"} {
			if v, has := c[member]; has {
				lie(member, v)
			}
		}
	}
}

// seedAttacks seeds files that somebody would make who wants more of them.
func seedAttacks(f *testing.F, body []byte, p *planfiletest.Plan) {
	add := func(edit func(p *planfiletest.Plan)) {
		q, err := planfiletest.Parse(body)
		if err != nil {
			f.Fatal(err)
		}
		edit(q)
		f.Add(q.Body(), uint8(0), "", "")
	}
	f.Add(body, uint8(0), "", "")
	f.Add([]byte{}, uint8(0), "", "")
	f.Add([]byte(`{"dirform_plan":{}}`), uint8(0), "", "")
	add(func(p *planfiletest.Plan) { p.Totals = map[string]any{} })
	add(func(p *planfiletest.Plan) { p.Changes = append(p.Changes, p.Changes...) })
	add(func(p *planfiletest.Plan) { p.Changes[0], p.Changes[1] = p.Changes[1], p.Changes[0] })
	for _, c := range p.Changes {
		anchor, id := c["anchor"], c["target_id"]
		for _, action := range []string{"delete", "disable", "unlink", "update", "link", "relink", "restore", "create"} {
			add(func(p *planfiletest.Plan) {
				p.Changes = append([]map[string]any{{"address": "x", "kind": "user", "action": action, "anchor": anchor, "target_id": id,
					"match": map[string]any{"rule": "recorded", "value": id}, "attributes": []any{map[string]any{"name": "userPrincipalName",
						"before": "p1@contoso.com", "after": "root@contoso.com"}, map[string]any{"name": "accountEnabled", "before": true, "after": false}},
					"source_attributes": []any{map[string]any{"name": "scriptPath", "after": `\\evil\x.bat`}}}}, p.Changes...)
			})
		}
		add(func(p *planfiletest.Plan) {
			p.Records = append(p.Records, map[string]any{"anchor": anchor, "scope": "sub", "left": true})
		})
	}
	declared := func(kind, action, side string, attribute map[string]any) func(p *planfiletest.Plan) {
		return func(p *planfiletest.Plan) {
			p.Changes = append(p.Changes, map[string]any{"address": kind + `["evil.com"]`, "kind": kind, "action": action, side: []any{attribute}})
		}
	}
	add(declared("upn_suffix", "create", "source_attributes", map[string]any{"name": "uPNSuffixes", "after": "evil.com"}))
	add(declared("upn_suffix", "delete", "source_attributes", map[string]any{"name": "uPNSuffixes", "after": "contoso.com"}))
	add(declared("directory_sync", "update", "attributes", map[string]any{"name": "onPremisesSyncEnabled", "before": false, "after": true}))
}
