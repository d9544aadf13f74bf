package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

const staffRules = `
provider "ad" "corp" {
  lab = "x"
}
provider "entra" "t" {
  lab = "x"
}
scope "staff" {
  ou = "DC=corp"
}
mapping "staff" {
  scope  = scope.staff
  object = "user"
  attributes {
    userPrincipalName = ad.userPrincipalName
    displayName       = ad.displayName
    mailNickname      = ad.sAMAccountName
    mail              = ad.mail
  }
  initial {
    accountEnabled = true
  }
}
`

const (
	janeAnchor  = "AAAAAAAAAAAAAAAAAAAAAQ=="
	janeAccount = "00000000-0000-4000-8000-000000000001"
)

func attributes(pairs ...string) map[string]state.Value {
	m := map[string]state.Value{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = state.String(pairs[i+1])
		if pairs[i] == "proxyAddresses" {
			m[pairs[i]] = state.List(strings.Fields(pairs[i+1]))
		}
	}
	return m
}

// TestExistingAccount holds what a source object and an account have in common against the pair that comes of it, the rule and
// value shown as evidence, and the finding if there is one.
func TestExistingAccount(t *testing.T) {
	const softOnly, byName = `match = ["immutable_id", "primary_smtp"]`, `match = ["user_principal_name", "primary_smtp"]`
	for _, x := range []struct {
		name           string
		policy, extra  string
		source, tenant []string // attributes beside the usual ones
		want           string
	}{
		{"mail and mail", "", "", []string{"mail", "Jane.Doe@contoso.com"}, []string{"mail", "jane.doe@contoso.com"}, "link primary_smtp Jane.Doe@contoso.com"},
		{"mail and primary address", "", "", []string{"mail", "jane.doe@contoso.com"}, []string{"proxyAddresses", "SMTP:jane.doe@contoso.com"}, "link primary_smtp jane.doe@contoso.com"},
		{"mail and further address", "", "", []string{"mail", "jane.doe@contoso.com"}, []string{"mail", "j@contoso.com", "proxyAddresses", "SMTP:j@contoso.com smtp:jane.doe@contoso.com"}, "DF202"},
		{"primary address and mail", "", "", []string{"proxyAddresses", "smtp:j@contoso.com SMTP:jane.doe@contoso.com"}, []string{"mail", "jane.doe@contoso.com"}, "link primary_smtp jane.doe@contoso.com DF301"},
		{"primary address and primary address", "", "", []string{"proxyAddresses", "SMTP:jane.doe@contoso.com"}, []string{"proxyAddresses", "SMTP:jane.doe@contoso.com"}, "link primary_smtp jane.doe@contoso.com"},
		{"primary address before mail", "", "", []string{"mail", "other@contoso.com", "proxyAddresses", "SMTP:jane.doe@contoso.com"}, []string{"mail", "jane.doe@contoso.com"}, "link primary_smtp jane.doe@contoso.com"},
		{"further address and mail", "", "", []string{"proxyAddresses", "smtp:jane.doe@contoso.com"}, []string{"mail", "jane.doe@contoso.com"}, "create"},
		{"another protocol's address", "", "", []string{"proxyAddresses", "X500:jane.doe@contoso.com"}, []string{"mail", "jane.doe@contoso.com"}, "create"},
		{"user name", "", "", nil, []string{"userPrincipalName", "JANE@contoso.com"}, "link user_principal_name jane@contoso.com"},
		{"user name, not asked for", softOnly, "", nil, []string{"userPrincipalName", "jane@contoso.com"}, "DF202"},
		{"user name first", byName, "", []string{"mail", "jane.doe@contoso.com"}, []string{"userPrincipalName", "jane@contoso.com", "mail", "jane.doe@contoso.com"}, "link user_principal_name jane@contoso.com"},
		{"mail is the user name", "", "", []string{"mail", "elsewhere@contoso.com"}, nil, "DF202"},
		{"anchor", "", "", nil, []string{"onPremisesImmutableId", janeAnchor}, "link immutable_id " + janeAnchor},
		{"anchor, not asked for", `match = ["primary_smtp"]`, "", nil, []string{"onPremisesImmutableId", janeAnchor}, "DF203"},
		{"anchor before address", "", "", []string{"mail", "jane.doe@contoso.com"}, []string{"mail", "jane.doe@contoso.com", "onPremisesImmutableId", janeAnchor}, "link immutable_id " + janeAnchor},
		{"another anchor", "", "", []string{"mail", "jane.doe@contoso.com"}, []string{"mail", "jane.doe@contoso.com", "onPremisesImmutableId", "other"}, "DF207"},
		{"another anchor, relinked", `foreign_anchor = "relink"`, "", []string{"mail", "jane.doe@contoso.com"}, []string{"mail", "jane.doe@contoso.com", "onPremisesImmutableId", "other"}, "relink primary_smtp jane.doe@contoso.com"},
		{"link block", "", `link "jane" {
  source = "CN=Jane,DC=corp"
  tenant = "elsewhere@contoso.com"
}`, nil, nil, "link declared " + janeAccount},
		{"link block before anchor", "", `link "jane" {
  source = "jane@contoso.com"
  tenant = "` + janeAccount + `"
}`, nil, []string{"onPremisesImmutableId", janeAnchor}, "link declared " + janeAccount},
		{"nothing", "", "", nil, nil, "create"},
		{"nothing, to be skipped", `unmatched = "skip"`, "", nil, nil, ""},
		{"nothing, to be blocked", `unmatched = "block"`, "", nil, nil, "DF213"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(1)
			w.source[state.GUID{15: 1}] = &person{dn: "CN=Jane,DC=corp", attrs: attributes(append([]string{"userPrincipalName", "jane@contoso.com",
				"displayName", "Jane", "sAMAccountName", "jane"}, x.source...)...)}
			w.tenant[janeAccount] = attributes(append([]string{"userPrincipalName", "elsewhere@contoso.com", "displayName", "Jane", "mailNickname", "jane"}, x.tenant...)...)
			h := newHarness(t, w, staffRules+"link_policy \"staff\" {\n  scope = scope.staff\n  "+x.policy+"\n}\n"+x.extra)
			if got := outcome(t, h); got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

// outcome is the plan's only change with its evidence, or the code of its only finding.
func outcome(t *testing.T, h *harness) string {
	r := h.plan()
	var parts []string
	for _, c := range collect(t, r.Changes()) {
		parts = append(parts, string(c.Action))
		if c.Match != nil {
			parts = append(parts, c.Match.Rule, c.Match.Value)
		}
	}
	for _, f := range collect(t, r.Findings()) {
		parts = append(parts, f.Code)
	}
	return strings.Join(parts, " ")
}

// TestRecordedLink: once recorded, a pair stays one whatever else matches, and an update names the record as its evidence.
func TestRecordedLink(t *testing.T) {
	w := newWorld(1)
	jane := state.GUID{15: 1}
	w.source[jane] = &person{dn: "CN=Jane,DC=corp", attrs: attributes("userPrincipalName", "jane@contoso.com", "displayName", "Jane", "sAMAccountName", "jane")}
	w.tenant[janeAccount] = attributes("userPrincipalName", "jane@contoso.com", "displayName", "Jane", "mailNickname", "jane")
	h := newHarness(t, w, staffRules)
	h.apply(h.plan())
	w.source[jane].attrs["mail"] = state.String("new@contoso.com")
	w.tenant["00000000-0000-4000-8000-000000000002"] = attributes("userPrincipalName", "new@contoso.com", "displayName", "New", "mailNickname", "new", "mail", "x@contoso.com")
	if got := outcome(t, h); got != "update recorded "+janeAccount {
		t.Error(got)
	}
}

// TestLinkBlockOffered: where a person has to decide, the finding holds the link block, with the names filled in and quoted so
// that it can be pasted.
func TestLinkBlockOffered(t *testing.T) {
	w := newWorld(1)
	w.source[state.GUID{15: 1}] = &person{dn: `CN=Doe\, \"J\" ${x},DC=corp`, attrs: attributes("userPrincipalName", "jane@contoso.com",
		"displayName", "Jane", "sAMAccountName", "jane", "mail", "jane@contoso.com")}
	w.tenant[janeAccount] = attributes("userPrincipalName", "a@contoso.com", "displayName", "A", "mailNickname", "a", "mail", "jane@contoso.com")
	w.tenant["00000000-0000-4000-8000-000000000002"] = attributes("userPrincipalName", "b@contoso.com", "displayName", "B", "mailNickname", "b",
		"proxyAddresses", "SMTP:jane@contoso.com")
	h := newHarness(t, w, staffRules)
	fs := collect(t, h.plan().Findings())
	if i := slices.IndexFunc(fs, func(f *planner.Finding) bool { return f.Code == "DF203" }); i < 0 {
		t.Fatal("no finding about the ambiguous match")
	} else if want := "link \"jane@contoso.com\" {\n  source = \"" + `CN=Doe\\, \\\"J\\\" $${x},DC=corp` + "\"\n  tenant = \"a@contoso.com\" # or \"b@contoso.com\"\n}\n"; fs[i].Snippet != want {
		t.Errorf("%s\nwant\n%s", fs[i].Snippet, want)
	} else if got := outcome(t, newHarness(t, w, staffRules+fs[i].Snippet)); got != "link declared "+janeAccount+" DF224" {
		t.Error(got) // the other one keeps the address, which is now somebody's user name
	}
}

// TestCopiedAnchorInTwoScopes: the finding about a copied anchor names the other object, and not the same one in another scope.
func TestCopiedAnchorInTwoScopes(t *testing.T) {
	w := newWorld(1)
	for i, name := range []string{"Jane", "Kim"} {
		a := attributes("userPrincipalName", name+"@contoso.com", "displayName", name, "sAMAccountName", name)
		a["mS-DS-ConsistencyGuid"] = state.String(janeAnchor)
		w.source[state.GUID{15: byte(i + 1)}] = &person{dn: "CN=" + name + ",DC=corp", attrs: a}
	}
	const policy = "link_policy %[1]q {\n  scope = scope.%[1]s\n  anchor = \"ms-DS-ConsistencyGuid\"\n}\n"
	h := newHarness(t, w, staffRules+"scope \"again\" {\n  ou = \"DC=corp\"\n}\n"+fmt.Sprintf(policy, "staff")+fmt.Sprintf(policy, "again"))
	named := map[string]string{}
	for _, f := range collect(t, h.plan().Findings()) {
		if f.Code == "DF201" {
			named[f.Objects[0].SourceDN] += f.Objects[1].SourceDN
		}
	}
	if want := map[string]string{"CN=Jane,DC=corp": "CN=Kim,DC=corp", "CN=Kim,DC=corp": "CN=Jane,DC=corp"}; !maps.Equal(named, want) {
		t.Errorf("%v", named)
	}
}
