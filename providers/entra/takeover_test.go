package entra_test

import (
	"strings"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

const undergoingMigration = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."

func claim(id string) providers.Write {
	return providers.Write{Op: providers.OpTakeOver, Kind: state.User, ID: id, Attributes: []state.AttributeChange{change(providers.CloudManaged, state.Bool(true))}}
}

// What was taken over a moment ago may still be refused for a while; what was not is refused for good.
func TestTakenOverObjectsAreWaitedFor(t *testing.T) {
	var got []string
	refusals := 2
	s := serve(t, batches(func(p part) answer {
		got = append(got, p.Method+" "+p.URL+" "+string(p.Body))
		switch {
		case p.URL == "/users/other", p.URL == "/users/mine" && refusals > 0:
			refusals--
			return answer{status: 400, body: graphError("Request_BadRequest", undergoingMigration)}
		}
		return answer{status: 204}
	}))
	w := s.writer(t)
	if r := w.Write(t.Context(), []providers.Write{claim("mine")}); r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
	if want := `PATCH /users/mine/onPremisesSyncBehavior {"isCloudManaged":true}`; got[0] != want {
		t.Errorf("sent %s, not %s", got[0], want)
	}
	refusals = 2
	if r := w.Write(t.Context(), []providers.Write{patch("mine", change("city", state.String("X")))}); r[0].Err != nil {
		t.Error(r[0].Err)
	}
	if s.clock.total() == 0 || len(got) != 4 {
		t.Errorf("sent %q", got)
	}
	r := w.Write(t.Context(), []providers.Write{patch("other", change("city", state.String("X")))})
	if r[0].Err == nil || !strings.Contains(told(r[0].Err), "Another sync engine masters") || len(got) != 5 {
		t.Errorf("%v after %q", r[0].Err, got)
	}
}

func TestTakeOverIsRefusedWithThePermissionItTakes(t *testing.T) {
	s := serve(t, batches(func(p part) answer {
		if strings.HasSuffix(p.URL, "SyncBehavior") {
			return answer{status: 403, body: graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")}
		}
		return answer{status: 400, body: graphError("Request_BadRequest", "Unable to update the specified properties for objects that have originated within an external service.")}
	}))
	w := s.writer(t)
	group := claim("g")
	group.Kind = state.Group
	back := claim("u")
	back.Attributes = []state.AttributeChange{change(providers.CloudManaged, state.Bool(false))}
	r := w.Write(t.Context(), []providers.Write{claim("u"), group, patch("u", change("extensionAttribute3", state.String("x"))), back})
	for i, want := range []string{"User-OnPremisesSyncBehavior.ReadWrite.All", "Group-OnPremisesSyncBehavior.ReadWrite.All", "CustomAttribute1", "nothing else"} {
		if r[i].Err == nil || !strings.Contains(told(r[i].Err), want) {
			t.Errorf("%d: %v does not say %s", i, r[i].Err, want)
		}
	}
}

func TestMasteryIsReadElsewhere(t *testing.T) {
	r := serve(t, nil).reader(t)
	_, err := drainObjects(r.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: state.NewShape(providers.CloudManaged)}))
	if err == nil || !strings.Contains(err.Error(), providers.SyncEnabled) {
		t.Error(err)
	}
}
