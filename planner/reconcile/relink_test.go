package reconcile_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

const migrationRules = `
provider "ad" "corp" {
  lab = "x"
}
provider "entra" "t" {
  lab = "x"
}
scope "legacy" {
  ou = "OU=Old,DC=corp"
}
scope "staff" {
  ou = "OU=New,DC=corp"
}
link_policy "staff" {
  scope          = scope.staff
  foreign_anchor = "relink"
}
`

// stampedRules have the new anchors written to the new domain as well, before the accounts get them.
var stampedRules = strings.Replace(migrationRules, "foreign_anchor", "anchor = \"ms-DS-ConsistencyGuid\"\n  foreign_anchor", 1)

// migrated is a world (whose old anchors sort after the new ones, so that reading the record in its order would not do) whose n people were linked from the old OU and have objects in the new one only by now.
func migrated(t *testing.T, n int, rules string) *harness {
	w := newWorld(7)
	h := newHarness(t, w, rules)
	for i := range n {
		w.source[state.GUID{0: 9, 15: byte(i)}] = mover(i, "OU=Old,DC=corp")
	}
	h.apply(h.plan())
	for i := range n {
		delete(w.source, state.GUID{0: 9, 15: byte(i)})
		w.source[state.GUID{0: 2, 15: byte(i)}] = mover(i, "OU=New,DC=corp")
	}
	return h
}

func mover(i int, ou string) *person {
	name := fmt.Sprintf("p%03d", i)
	return &person{dn: "CN=" + name + "," + ou, attrs: attributes("userPrincipalName", name+"@contoso.com", "displayName", name,
		"sAMAccountName", name, "mail", name+"@contoso.com")}
}

// checkMigrated: everybody has the account of before, enabled, under the new anchor, with one link; and nothing is left to do.
func checkMigrated(t *testing.T, h *harness, n int) {
	t.Helper()
	if len(h.w.tenant) != n || len(h.w.deleted) > 0 || len(h.w.refused) > 0 {
		t.Errorf("%d accounts, %d deleted, refused: %v", len(h.w.tenant), len(h.w.deleted), h.w.refused)
	}
	for id, a := range h.w.tenant {
		raw, _ := base64.StdEncoding.DecodeString(a["onPremisesImmutableId"].Str())
		if len(raw) != 16 || raw[0] != 2 || fmt.Sprintf("p%03d@contoso.com", raw[15]) != a["mail"].Str() {
			t.Errorf("%s carries the anchor %x", a["mail"].Str(), raw)
		}
		if e := a["accountEnabled"]; e.Kind() == state.BoolValue && !e.Bool() {
			t.Errorf("%s is disabled", id)
		}
	}
	r := h.plan()
	for _, c := range collect(t, r.Changes()) {
		t.Errorf("left to do: %s %s: %s", c.Action, c.Address, c.Reason)
	}
	if links := h.links(); len(links) != n {
		t.Errorf("%d links for %d people", len(links), n)
	}
}

// anchorByte is the first byte of the objectGUID that an anchor stands for, by which these tests tell domains apart; 0 for none.
func anchorByte(anchor string) byte {
	raw, err := base64.StdEncoding.DecodeString(anchor)
	if err != nil || len(raw) != 16 {
		return 0
	}
	return raw[0]
}

// links are the recorded links by account.
func (h *harness) links() map[string]string {
	h.t.Helper()
	record, err := sqlite.OpenReadOnly(context.Background(), h.state)
	check(h.t, err)
	defer record.Close()
	links := map[string]string{}
	for l, err := range record.Links(context.Background()) {
		check(h.t, err)
		if links[l.TargetID] != "" {
			h.t.Errorf("two links to %s", l.TargetID)
		}
		links[l.TargetID] = l.Anchor
	}
	return links
}

// TestRelinkTakesTheLeaversPlace: people whose records belong to a scope that they have left are relinked, not disabled as leavers.
func TestRelinkTakesTheLeaversPlace(t *testing.T) {
	const n = 8
	h := migrated(t, n, migrationRules)
	p := h.plan()
	if s := p.Totals().Summary; s.Relink != n || s.Changes() != n || !p.Totals().Applicable {
		t.Fatalf("%+v, applicable %v", s, p.Totals().Applicable)
	}
	for _, c := range collect(t, p.Changes()) {
		old, now := c.Attributes[0].Before.Str(), c.Attributes[0].After.Str()
		if c.Replaces == nil || c.Replaces.Anchor != old || c.Replaces.Scope != "legacy" || now != c.Anchor || c.Match.Rule != "primary_smtp" {
			t.Errorf("%s: %+v, %s -> %s, %+v", c.Address, c.Replaces, old, now, c.Match)
		}
	}
	h.apply(p)
	checkMigrated(t, h, n)
}

// TestRelinkIsNotDecidedByLeaving: somebody whose new object is blocked is not disabled meanwhile because the old one has left;
// the plan says that the account is signed in.
func TestRelinkIsNotDecidedByLeaving(t *testing.T) {
	h := migrated(t, 3, migrationRules)
	twin := mover(1, "OU=New,DC=corp")
	twin.dn, twin.attrs["userPrincipalName"] = "CN=twin,OU=New,DC=corp", state.String("twin@contoso.com")
	h.w.source[state.GUID{0: 3}] = twin // with the mail of the second
	p := h.plan()
	if s := p.Totals().Summary; s.Relink != 2 || s.Disable != 0 || s.Blocked != 2 {
		t.Errorf("%+v", s)
	}
	for _, f := range collect(t, p.Findings()) {
		if f.Code != "DF204" && f.Code != "DF233" {
			t.Errorf("%s: %s", f.Code, f.Detail)
		}
	}
}

var errKilled = errors.New("killed")

// killer ends an apply at its at-th boundary: around each call to the record, and before each write. After that nothing has any
// effect, as if the process were gone.
type killer struct {
	at, count int
	dead      bool
}

func (k *killer) boundary() bool {
	if k.dead {
		return false
	}
	k.count++
	k.dead = k.count == k.at
	return !k.dead
}

type mortalRecord struct {
	store.Writer
	k *killer
}

func (m mortalRecord) around(f func() error) error {
	if !m.k.boundary() {
		panic(errKilled)
	}
	err := f()
	if !m.k.boundary() {
		panic(errKilled)
	}
	return err
}

func (m mortalRecord) Intents(ctx context.Context, e []state.Entry) error {
	return m.around(func() error { return m.Writer.Intents(ctx, e) })
}

func (m mortalRecord) Results(ctx context.Context, r []state.Result) error {
	return m.around(func() error { return m.Writer.Results(ctx, r) })
}

type mortalTenant struct {
	worldTenant
	k *killer
}

func (m mortalTenant) Write(ctx context.Context, writes []providers.Write) []providers.WriteResult {
	out := make([]providers.WriteResult, len(writes))
	for i := range writes {
		out[i].Err = providers.ErrUnknownOutcome
		if m.k.boundary() {
			out[i] = m.worldTenant.Write(ctx, writes[i:i+1])[0]
		}
	}
	return out
}

// applyMortal applies a fresh plan until the killer strikes, and goes on with a copy of the record as the dead process left it.
func (h *harness) applyMortal(k *killer) {
	ctx := context.Background()
	p := h.plan()
	record, err := sqlite.Open(ctx, h.state, store.Options{Holder: "test"})
	check(h.t, err)
	h.t.Cleanup(func() { record.Close() })
	hd := p.Header()
	run, err := record.Begin(ctx, store.RunInfo{Lineage: hd.State.Lineage, Serial: hd.State.Serial, SourceSID: hd.Source.SID, TenantID: hd.Tenant.ID})
	check(h.t, err)
	func() {
		defer func() {
			if e := recover(); e != nil && e != errKilled {
				panic(e)
			}
		}()
		apply.Run(ctx, apply.Input{Changes: p.Changes(), Records: p.Records(), SourceWriter: func(string) providers.SourceWriter { return h.w }, Tenant: worldTenant{h.w}, TenantWriter: mortalTenant{worldTenant{h.w}, k},
			Schema: providers.TenantSchema, Key: h.key, Journal: mortalRecord{run, k}, Workers: 1, Window: 3, RetryDelay: time.Millisecond})
	}()
	next := filepath.Join(h.t.TempDir(), "left.dfstate")
	for _, suffix := range []string{"", "-wal"} {
		if b, err := os.ReadFile(h.state + suffix); err == nil {
			check(h.t, os.WriteFile(next+suffix, b, 0o600))
		}
	}
	h.state = next
}

// TestRelinkKilledAnywhere ends a migration at every instant. The next apply finishes it; whether a new anchor was written but not
// recorded shows from the account.
func TestRelinkKilledAnywhere(t *testing.T) {
	const n = 6
	for name, rules := range map[string]string{"objectGUID": migrationRules, "stamped": stampedRules} {
		boundaries := relinkKilledAt(t, n, 0, rules)
		if boundaries < n+6 {
			t.Fatalf("only %d boundaries", boundaries)
		}
		for at := 1; at <= boundaries; at++ {
			t.Run(fmt.Sprint(name, " ", at), func(t *testing.T) { relinkKilledAt(t, n, at, rules) })
		}
	}
}

func relinkKilledAt(t *testing.T, n, at int, rules string) int {
	h := migrated(t, n, rules)
	k := &killer{at: at}
	h.applyMortal(k)
	p := h.plan()
	for _, c := range collect(t, p.Changes()) {
		if c.Action != state.ActionRelink && c.Action != state.ActionLink || c.Replaces == nil {
			t.Errorf("after boundary %d: %s %s: %s", at, c.Action, c.Address, c.Reason)
		}
	}
	if s := p.Totals().Summary; s.Relink+s.Link+s.Unchanged != n {
		t.Errorf("after boundary %d: %+v", at, s)
	}
	if out := h.apply(p); !out.Complete() {
		t.Errorf("after boundary %d: %+v", at, out)
	}
	checkMigrated(t, h, n)
	return k.count
}

// TestLeftoverLinkIsForgotten: a second link to an account, which earlier versions could leave behind, ends without a write.
func TestLeftoverLinkIsForgotten(t *testing.T) {
	h := migrated(t, 2, migrationRules)
	left := h.links()
	h.apply(h.plan())
	record, err := sqlite.Open(context.Background(), h.state, store.Options{Holder: "test"})
	check(t, err)
	m := record.Meta()
	run, err := record.Begin(context.Background(), store.RunInfo{Lineage: m.Lineage, Serial: m.Serial, SourceSID: m.SourceSID, TenantID: m.TenantID})
	check(t, err)
	for id, anchor := range left {
		check(t, run.Records(context.Background(), []*state.Link{{Anchor: anchor, Kind: state.User, Scope: "legacy", TargetID: id, SourceGUID: state.GUID{0: 9}}}))
		break
	}
	check(t, errors.Join(run.Finish(context.Background(), store.OutcomeApplied, state.Counts{}, nil), record.Close()))
	p := h.plan()
	cs := collect(t, p.Changes())
	if len(cs) != 1 || cs[0].Action != state.ActionUnlink || cs[0].TargetID != "" || !strings.Contains(cs[0].Reason, "is linked to another source object") {
		t.Fatalf("%+v", cs)
	}
	writes := h.w.writes
	h.apply(p)
	if h.w.writes != writes {
		t.Error("forgetting a link wrote to the tenant")
	}
	checkMigrated(t, h, 2)
}

// TestRecordFollowsTheObject: a move that changes nothing about the account, into another scope or to an object that has the anchor
// carried over, changes the record, without a write. Otherwise the person would later leave by the rules of a scope of the past.
func TestRecordFollowsTheObject(t *testing.T) {
	w := newWorld(7)
	h := newHarness(t, w, stampedRules+`
link_policy "legacy" {
  scope  = scope.legacy
  anchor = "ms-DS-ConsistencyGuid"
}
`)
	old, now := state.GUID{0: 9, 15: 1}, state.GUID{0: 2, 15: 1}
	w.source[old] = mover(1, "OU=Old,DC=corp")
	h.apply(h.plan())
	stays := func(what string) {
		t.Helper()
		p := h.plan()
		records := collect(t, p.Records())
		if s := p.Totals().Summary; s.Changes() > 0 || s.Unchanged != 1 || len(records) != 1 || records[0].Scope != "staff" {
			t.Fatalf("%s: %+v, %d records", what, s, len(records))
		}
		h.apply(p)
		if p := h.plan(); p.Totals().Summary.Changes() > 0 || len(collect(t, p.Records())) > 0 {
			t.Errorf("%s: a second plan has something to note: %+v %+v", what, *collect(t, p.Records())[0], h.links())
		}
	}
	w.source[old].dn = "CN=p001,OU=New,DC=corp"
	stays("another scope")
	w.source[now] = w.source[old]
	delete(w.source, old)
	stays("another object")
	w.source[now].attrs["mS-DS-ConsistencyGuid"] = state.String(base64.StdEncoding.EncodeToString([]byte("another anchor!!")))
	if fs := collect(t, h.plan().Findings()); len(fs) != 1 || fs[0].Code != "DF205" {
		t.Errorf("the record does not know the new object: %v", fs)
	}
}

// TestLinkBlockTakesNoAccountFromALivingObject: a link block is stronger than an anchor, but the object whose anchor the account
// carries is still there, so neither gets it until that is settled.
func TestLinkBlockTakesNoAccountFromALivingObject(t *testing.T) {
	w := newWorld(7)
	w.source[state.GUID{0: 9}], w.source[state.GUID{0: 2}] = mover(1, "OU=Old,DC=corp"), mover(2, "OU=New,DC=corp")
	w.tenant[janeAccount] = attributes("userPrincipalName", "p001@contoso.com", "mail", "p001@contoso.com", "displayName", "p001", "mailNickname", "p001",
		"onPremisesImmutableId", base64.StdEncoding.EncodeToString([]byte{0: 9, 15: 0}))
	h := newHarness(t, w, migrationRules+"link \"two\" {\n  source = \"CN=p002,OU=New,DC=corp\"\n  tenant = \"p001@contoso.com\"\n}\n")
	p := h.plan()
	codes := map[string]string{}
	for _, f := range collect(t, p.Findings()) {
		codes[f.Objects[0].SourceDN] = f.Code
	}
	if codes["CN=p002,OU=New,DC=corp"] != "DF217" || codes["CN=p001,OU=Old,DC=corp"] != "DF204" || p.Totals().Summary.Changes() > 0 {
		t.Errorf("%v %+v", codes, p.Totals().Summary)
	}
}
