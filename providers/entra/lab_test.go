package entra_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state"
)

// openLab starts a tenant in miniature with so many users, who all have accounts.
func openLab(t *testing.T, users int) (*lab.Lab, entra.Config) {
	t.Helper()
	dir := t.TempDir()
	if err := lab.Generate(dir, users, lab.GenerateOptions{Linked: true}); err != nil {
		t.Fatal(err)
	}
	l, err := lab.Open(lab.Options{Seed: dir, Record: os.Getenv("DIRFORM_LAB_RECORD")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	access, err := l.ServeEntra()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(access.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	return l, entra.Config{Endpoint: access.Endpoint, Authority: access.Authority, TenantID: access.TenantID,
		ClientID: access.ClientID, ClientSecret: access.ClientSecret, CA: ca, Clock: newClock()}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func labShape() *state.Shape {
	return state.NewShape("userPrincipalName", "displayName", "onPremisesImmutableId", "mail", "proxyAddresses", "businessPhones",
		"manager", "accountEnabled", "extensionAttribute1", "costCenter", "city", "onPremisesSyncEnabled")
}

func TestLabReads(t *testing.T) {
	_, cfg := openLab(t, 2500)
	r := must(entra.Open(t.Context(), cfg))
	defer r.Close()
	org := must(r.Organization(t.Context()))
	if org.ID != cfg.TenantID || org.SyncEnabled {
		t.Errorf("%+v", org)
	}
	if domains := must(r.Domains(t.Context())); len(domains) < 2 {
		t.Errorf("%+v", domains)
	}
	if holders := must(r.RoleHolders(t.Context())); len(holders) != 1 || len(holders[0].Roles) != 1 {
		t.Errorf("%+v", holders)
	}
	all, err := drainObjects(r.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: labShape()}))
	if err != nil || len(all) < 2500 {
		t.Fatal(len(all), err)
	}
	var ids, anchors []string
	managers := 0
	for _, o := range all[:100] {
		ids = append(ids, o.ID)
		if a := o.Get("onPremisesImmutableId").Str(); a != "" {
			anchors = append(anchors, a)
		}
		if !o.Get("manager").IsNull() {
			managers++
		}
	}
	if managers == 0 {
		t.Error("nobody has a manager")
	}
	ids = append(ids, "00000000-0000-0000-0000-000000000000")
	looked, err := drainObjects(r.Lookup(t.Context(), state.User, ids, labShape()))
	if err != nil || len(looked) != 100 {
		t.Fatal(len(looked), err)
	}
	for i, o := range looked {
		for j := range o.Values {
			if !o.Values[j].Equal(all[i].Values[j]) {
				t.Errorf("%s of %s: %v by id, %v in the list", o.Shape.Name(j), o.ID, o.Values[j], all[i].Values[j])
			}
		}
	}
	found, err := drainObjects(r.FindByAnchor(t.Context(), state.User, append(anchors, "bm90LXRoZXJlLi4uLi4uLg=="), labShape()))
	if err != nil || len(found) != len(anchors) {
		t.Errorf("%d of %d anchors found: %v", len(found), len(anchors), err)
	}
	for _, q := range []providers.TenantQuery{{Kind: state.Group, Attributes: state.NewShape("displayName", "mail", "proxyAddresses")},
		{Kind: state.Contact, Attributes: state.NewShape("mail")}, {Kind: state.User, Attributes: labShape(), Deleted: true}} {
		if _, err := drainObjects(r.Read(t.Context(), q)); err != nil {
			t.Error(q.Kind, err)
		}
	}
}

func TestLabIncompleteReads(t *testing.T) {
	l, cfg := openLab(t, 2500)
	read := func() (int, error) {
		r := must(entra.Open(t.Context(), cfg))
		defer r.Close()
		all, err := drainObjects(r.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: labShape()}))
		return len(all), err
	}
	whole, err := read()
	if err != nil {
		t.Fatal(err)
	}
	l.SetFaults(lab.Faults{TruncatePage: 2})
	if n, err := read(); err != nil || n != whole {
		t.Errorf("a page that breaks off is asked for again: %d, %v", n, err)
	}
	l.SetFaults(lab.Faults{OmitNextLink: 1})
	if n, err := read(); err == nil || !strings.Contains(err.Error(), "incomplete") {
		t.Errorf("a lost link goes unnoticed: %d objects, %v", n, err)
	}
	l.SetFaults(lab.Faults{Unavailable: 0.3, GatewayTimeout: 0.2, Seed: 7})
	if n, err := read(); err != nil || n != whole {
		t.Errorf("passing failures: %d, %v", n, err)
	}
}

func newUser(i int) providers.Write {
	return providers.Write{Op: providers.OpCreate, Kind: state.User, Attributes: []state.AttributeChange{
		change("accountEnabled", state.Bool(true)), change("displayName", state.String(fmt.Sprintf("New User %d", i))),
		change("mailNickname", state.String(fmt.Sprintf("new.user%d", i))), change("userPrincipalName", state.String(fmt.Sprintf("new.user%d@contoso.com", i))),
		change("onPremisesImmutableId", state.String(fmt.Sprintf("QUJDREVGR0hJSktMTU5P%02dA==", i))), change("extensionAttribute1", state.String("one")),
		change("costCenter", state.String("C1")), change("businessPhones", state.List([]string{"+36 1 555"})), change("usageLocation", state.String("HU"))}}
}

func TestLabWrites(t *testing.T) {
	l, cfg := openLab(t, 20)
	w := must(entra.OpenWriter(t.Context(), cfg))
	r := must(entra.Open(t.Context(), cfg))
	var creates []providers.Write
	for i := range 20 {
		creates = append(creates, newUser(i))
	}
	created := w.Write(t.Context(), creates)
	for _, c := range created {
		if c.Err != nil || c.ID == "" {
			t.Fatal(c.Err)
		}
	}
	id := created[0].ID
	again := w.Write(t.Context(), creates[:1])
	var e *providers.ServiceError
	if !errors.As(again[0].Err, &e) || e.Status != 400 || len(e.Details) == 0 || e.Details[0].Code != "ObjectConflict" {
		t.Errorf("the same user again: %v", again[0].Err)
	}
	l.Tenant().ExpireTokens()
	do := func(writes ...providers.Write) {
		t.Helper()
		for i, res := range w.Write(t.Context(), writes) {
			if res.Err != nil {
				t.Fatal(i, res.Err)
			}
		}
	}
	do(patch(id, change("extensionAttribute1", state.Null()), change("extensionAttribute2", state.String("two")), change("costCenter", state.Null()),
		change("businessPhones", state.Null()), change("city", state.String("Pécs")), change("onPremisesImmutableId", state.Null())),
		providers.Write{Op: providers.OpSetReference, Kind: state.User, ID: created[1].ID, Attributes: []state.AttributeChange{change("manager", state.String(id))}},
		providers.Write{Op: providers.OpDelete, Kind: state.User, ID: created[2].ID})
	objects := must(drainObjects(r.Lookup(t.Context(), state.User, []string{id, created[1].ID, created[2].ID}, labShape())))
	if len(objects) != 2 || objects[1].Get("manager").Str() != id || objects[0].Get("city").Str() != "Pécs" || !objects[0].Get("extensionAttribute1").IsNull() ||
		!objects[0].Get("costCenter").IsNull() || len(objects[0].Get("businessPhones").List()) != 0 || !objects[0].Get("onPremisesImmutableId").IsNull() {
		t.Errorf("%+v", objects)
	}
	bin := must(drainObjects(r.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: labShape(), Deleted: true})))
	if len(bin) != 1 || bin[0].ID != created[2].ID {
		t.Errorf("recycle bin %+v", bin)
	}
	do(providers.Write{Op: providers.OpRestore, Kind: state.User, ID: created[2].ID},
		providers.Write{Op: providers.OpClearReference, Kind: state.User, ID: created[1].ID, Attributes: []state.AttributeChange{change("manager", state.Null())}})
	do(providers.Write{Op: providers.OpClearReference, Kind: state.User, ID: created[1].ID, Attributes: []state.AttributeChange{change("manager", state.Null())}})
	if n := len(must(drainObjects(r.Lookup(t.Context(), state.User, []string{created[2].ID}, labShape())))); n != 1 {
		t.Error("the restored user is not there")
	}
}

func TestLabLostReplies(t *testing.T) {
	for _, fault := range []lab.Faults{{DropBefore: 1}, {DropAfter: 1}} {
		l, cfg := openLab(t, 5)
		w := must(entra.OpenWriter(t.Context(), cfg))
		r := must(entra.Open(t.Context(), cfg))
		l.SetFaults(fault)
		res := w.Write(t.Context(), []providers.Write{newUser(1)})
		if !errors.Is(res[0].Err, providers.ErrUnknownOutcome) {
			t.Errorf("%+v: %v", fault, res[0].Err)
		}
		found := must(drainObjects(r.FindByAnchor(t.Context(), state.User, []string{"QUJDREVGR0hJSktMTU5P01A=="}, labShape())))
		if want := fault.DropAfter; len(found) != want {
			t.Errorf("%+v: %d users", fault, len(found))
		}
		l.SetFaults(fault)
		users := must(drainObjects(r.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: labShape()})))
		if res := w.Write(t.Context(), []providers.Write{patch(users[0].ID, change("city", state.String("X")))}); res[0].Err != nil {
			t.Errorf("%+v: an update is repeated: %v", fault, res[0].Err)
		}
		l.SetFaults(fault)
		if res := w.Write(t.Context(), []providers.Write{{Op: providers.OpDelete, Kind: state.User, ID: users[len(users)-1].ID}}); res[0].Err != nil {
			t.Errorf("%+v: a deletion is repeated: %v", fault, res[0].Err)
		}
	}
}

func TestLabDelayedVisibility(t *testing.T) {
	l, cfg := openLab(t, 5)
	cfg.Clock = nil
	w := must(entra.OpenWriter(t.Context(), cfg))
	l.SetFaults(lab.Faults{VisibilityDelay: 300 * time.Millisecond})
	created := w.Write(t.Context(), []providers.Write{newUser(1), newUser(2)})
	for i, res := range w.Write(t.Context(), []providers.Write{patch(created[0].ID, change("city", state.String("X"))),
		{Op: providers.OpSetReference, Kind: state.User, ID: created[0].ID, Attributes: []state.AttributeChange{change("manager", state.String(created[1].ID))}}}) {
		if res.Err != nil {
			t.Error(i, res.Err)
		}
	}
	if w.Stats().Retries == 0 {
		t.Error("nothing had to be waited for")
	}
}

func TestLabThrottling(t *testing.T) {
	l, cfg := openLab(t, 5)
	cfg.Clock = nil
	w := must(entra.OpenWriter(t.Context(), cfg))
	l.SetFaults(lab.Faults{Throttle: &lab.Throttle{Units: 1000, UnitsWindow: time.Second, Writes: 15, WriteWindow: time.Second}})
	var creates []providers.Write
	for i := range 20 {
		creates = append(creates, newUser(i))
	}
	for i, res := range w.Write(t.Context(), creates) {
		if res.Err != nil {
			t.Error(i, res.Err)
		}
	}
	if st := w.Stats(); st.Throttled == 0 || st.Writes != 20+st.Throttled {
		t.Errorf("%+v", st)
	}
}

// Whatever the schema lists can be asked for, but for the one attribute that is only written.
func TestLabKnowsTheSchema(t *testing.T) {
	_, cfg := openLab(t, 5)
	r := must(entra.Open(t.Context(), cfg))
	for _, kind := range []state.Kind{state.User, state.Group, state.Contact} {
		shape := state.NewShape(slices.DeleteFunc(slices.Clone(providers.TenantSchema(kind).Names()), func(name string) bool {
			return name == providers.CloudManaged
		})...)
		if _, err := drainObjects(r.Read(t.Context(), providers.TenantQuery{Kind: kind, Attributes: shape})); err != nil {
			t.Error(kind, err)
		}
	}
}
