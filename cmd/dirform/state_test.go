package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

const (
	guidText = "03020100-0504-0706-0809-0a0b0c0d0e0f"
	anchor   = "AAECAwQFBgcICQoLDA0ODw=="
	targetID = "8d0f1b1e-0000-4000-8000-000000000001"
)

// recordWith makes a folder with a record of one applied run.
func recordWith(t *testing.T, links ...*state.Link) (dir string) {
	t.Helper()
	dir = t.TempDir()
	clock := func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "dirform.dfstate"), store.Options{Holder: "test", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.Begin(t.Context(), store.RunInfo{Lineage: "l", SourceSID: "S-1", TenantID: "t", PlanDigest: "sha256:00", Allowed: []string{"deletes=9"}})
	if err != nil {
		t.Fatal(err)
	}
	var results []state.Result
	for i, l := range links {
		e := state.Entry{Seq: int64(i + 1), Key: l.Anchor, Kind: l.Kind, Action: state.ActionLink, Status: state.StatusDone, TargetID: l.TargetID}
		results = append(results, state.Result{Entry: e, Link: l})
	}
	if err := w.Results(t.Context(), results); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: len(links)}, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func aLink(t *testing.T) *state.Link {
	guid, ok := state.ParseGUID(guidText)
	if !ok {
		t.Fatal("bad GUID")
	}
	return &state.Link{
		Anchor: anchor, Kind: state.User, Scope: "staff", SourceGUID: guid, TargetID: targetID, Rule: "primary_smtp",
		Shape: state.NewShape("department", "displayName", "mail"), Fingerprints: []uint64{7, 0, 9},
	}
}

func TestStateShow(t *testing.T) {
	env := cli.Environment{Dir: recordWith(t, aLink(t))}
	want := `kind         user
scope        staff
anchor       AAECAwQFBgcICQoLDA0ODw==
source GUID  03020100-0504-0706-0809-0a0b0c0d0e0f
tenant id    8d0f1b1e-0000-4000-8000-000000000001
paired by    primary_smtp
last applied department, mail
`
	for _, name := range []string{anchor, strings.ToUpper(targetID), guidText} {
		code, stdout, stderr := runMain(t, env, "state", "show", name)
		if diff := cmp.Diff(want, stdout); diff != "" || code != 0 || stderr != "" {
			t.Errorf("%s: status %d, %q\n%s", name, code, stderr, diff)
		}
	}
	code, stdout, _ := runMain(t, env, "state", "show", "-json", anchor)
	if code != 0 || !strings.Contains(stdout, `"target_id": "`+targetID+`"`) || !strings.Contains(stdout, `"attributes": [`) {
		t.Errorf("status %d\n%s", code, stdout)
	}
}

func TestStateRmForgetsAllOrNothing(t *testing.T) {
	second := aLink(t)
	second.Anchor, second.SourceGUID, second.TargetID = "EAECAwQFBgcICQoLDA0ODw==", state.GUID{16}, "second"
	env := cli.Environment{Dir: recordWith(t, aLink(t), second)}
	lines := func() int {
		_, stdout, _ := runMain(t, env, "state", "list")
		return strings.Count(stdout, "\n")
	}
	if code, _, stderr := runMain(t, env, "state", "rm", anchor, "nobody"); code != 1 || !strings.Contains(stderr, `No link "nobody"`) || lines() != 2 {
		t.Errorf("status %d, %d links left\n%s", code, lines(), stderr)
	}
	if code, _, stderr := runMain(t, env, "state", "rm", targetID, second.Anchor); code != 0 || stderr != "Forgot 2 links.\n" || lines() != 0 {
		t.Errorf("status %d, %d links left\n%s", code, lines(), stderr)
	}
}

func TestStateListJSON(t *testing.T) {
	_, stdout, _ := runMain(t, cli.Environment{Dir: recordWith(t, aLink(t))}, "state", "list", "--json")
	want := `{"lineage":"l","serial":1,"links":[
{"anchor":"AAECAwQFBgcICQoLDA0ODw==","kind":"user","scope":"staff","source_guid":"03020100-0504-0706-0809-0a0b0c0d0e0f",` +
		`"target_id":"8d0f1b1e-0000-4000-8000-000000000001","rule":"primary_smtp","left":false,"attributes":["department","mail"]}]}
`
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Error(diff)
	}
}

func TestHistory(t *testing.T) {
	env := cli.Environment{Dir: recordWith(t, aLink(t))}
	_, stdout, _ := runMain(t, env, "history")
	want := "   1  2026-03-01 09:00:00Z  serial 1  apply: applied in 0s; 1 applied, 0 failed, 0 skipped; allowed deletes=9\n"
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Error(diff)
	}
	_, stdout, _ = runMain(t, env, "history", "1")
	want = "     1  done     link user                 AAECAwQFBgcICQoLDA0ODw==  8d0f1b1e-0000-4000-8000-000000000001\n"
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Error(diff)
	}
	_, stdout, _ = runMain(t, env, "history", "-json", "1")
	want = `{"seq":1,"key":"AAECAwQFBgcICQoLDA0ODw==","kind":"user","action":"link","status":"done","target_id":"` + targetID +
		"\",\"writes\":{\"source\":0,\"tenant\":0}}\n"
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Error(diff)
	}
}

func TestForceUnlockRefusesARunningHolder(t *testing.T) {
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "dirform.dfstate"), store.Options{Holder: "apply by jane@host pid 1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	code, _, stderr := runMain(t, cli.Environment{Dir: dir}, "force-unlock")
	if code != 1 || !strings.Contains(stderr, "apply by jane@host pid 1") {
		t.Errorf("status %d\n%s", code, stderr)
	}
	code, _, stderr = runMain(t, cli.Environment{Dir: dir}, "force-unlock", "0123456789abcdef")
	if code != 1 || !strings.Contains(stderr, "still running") {
		t.Errorf("status %d\n%s", code, stderr)
	}
}
