package entra_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/lab"
)

// usedTenant is a tenant of 30 users, of whom the last two are in use, with a seed's manners.
func usedTenant(t *testing.T, manners string) (entra.Config, []string) {
	t.Helper()
	var users, ids []string
	for i := range 30 {
		more := ""
		switch i {
		case 28:
			more = `,"signInActivity":{"lastSignInDateTime":"2026-09-04T10:00:00Z"}`
		case 29:
			more = `,"lastPasswordChangeDateTime":"2026-09-02T10:00:00Z",
				"assignedLicenses":[{"skuId":"05e9a617-0261-4cee-bb44-138d3ef5d965"}],
				"assignedPlans":[{"service":"exchange","servicePlanId":"efb87545-963c-4e0d-99df-69c6916d9eb0","capabilityStatus":"Enabled"}],
				"signInActivity":{"lastSignInDateTime":"2026-09-04T10:00:00Z","lastSuccessfulSignInDateTime":"2026-09-03T10:00:00Z"}`
		}
		ids = append(ids, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
		users = append(users, fmt.Sprintf(`{"id":%q,"userPrincipalName":"u%d@contoso.com","displayName":"U","mailNickname":"u%d",
			"accountEnabled":true,"createdDateTime":"2026-09-01T10:00:00Z"%s}`, ids[i], i, i, more))
	}
	seed := fmt.Sprintf(`{%s"domains":[{"id":"contoso.com","isDefault":true,"isInitial":true,"isVerified":true}],"users":[%s],"groups":[
		{"id":"00000000-0000-4000-8000-00000000000a","displayName":"Staff","mailNickname":"staff","securityEnabled":true,"members":[%q]},
		{"id":"00000000-0000-4000-8000-00000000000b","displayName":"All","mailNickname":"all","securityEnabled":true,
		 "groupTypes":["DynamicMembership"],"membershipRule":"true","members":[%q,%q]}]}`, manners, strings.Join(users, ","), ids[29], ids[28], ids[29])
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tenant.json"), []byte(seed), 0o600); err != nil {
		t.Fatal(err)
	}
	l := must(lab.Open(lab.Options{Seed: dir}))
	t.Cleanup(func() { _ = l.Close() })
	access := must(l.ServeEntra())
	return entra.Config{Endpoint: access.Endpoint, Authority: access.Authority, TenantID: access.TenantID, ClientID: access.ClientID,
		ClientSecret: access.ClientSecret, CA: must(os.ReadFile(access.CAFile)), Clock: newClock()}, ids
}

// TestUsage: what the tenant says about the use of accounts, more of them than fit into one batch, one of which does
// not live.
func TestUsage(t *testing.T) {
	cfg, ids := usedTenant(t, "")
	r := must(entra.Open(t.Context(), cfg))
	defer r.Close()
	ids[3] = "00000000-0000-4000-8000-00000000dead"
	got := must(r.Usage(t.Context(), ids))
	on := func(day int) time.Time { return time.Date(2026, 9, day, 10, 0, 0, 0, time.UTC) }
	want := providers.Usages{Of: map[string]providers.Usage{}}
	for i, id := range ids {
		if i != 3 {
			want.Of[id] = providers.Usage{Created: on(1)}
		}
	}
	want.Of[ids[28]] = providers.Usage{Created: on(1), SignedIn: on(4), Tried: true}
	want.Of[ids[29]] = providers.Usage{Created: on(1), PasswordSet: on(2), SignedIn: on(3), Licences: 1, Mailbox: true, Groups: 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestUsageUnread: what an application may not read is unread, not unused, and all else is read.
func TestUsageUnread(t *testing.T) {
	cfg, ids := usedTenant(t, `"lab":{"permissions":"User.Read.All"},`)
	r := must(entra.Open(t.Context(), cfg))
	defer r.Close()
	got := must(r.Usage(t.Context(), ids))
	want := []providers.Unread{{What: "was signed in to",
		Why: "the permission AuditLog.Read.All, and Microsoft Entra ID P1 (Authentication_MSGraphPermissionMissing)"}}
	if d := cmp.Diff(want, got.Unread); d != "" {
		t.Error(d)
	}
	if u := got.Of[ids[29]]; u.Licences != 1 || u.Groups != 1 || !u.SignedIn.IsZero() {
		t.Errorf("%+v", u)
	}
}
