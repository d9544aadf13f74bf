package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/visible"
)

// listed is how many OUs and suffixes the comments of a starting configuration name.
const listed = 40

// replaceMark is the comment on a line whose value init made up.
const replaceMark = "# REPLACE"

// startingConfiguration is the main.hcl that init writes.
func startingConfiguration(o *initOptions, s *survey) []byte {
	var b bytes.Buffer
	writeProviders(&b, o, s)
	writeSuffixes(&b, s)
	writeScope(&b, s)
	text := hclwrite.Format(b.Bytes())
	if len(madeUp(text)) > 0 {
		text = append([]byte("# Init was not told everything. The lines marked "+replaceMark[2:]+" hold made-up values: write your own there before you plan.\n\n"), text...)
	}
	return text
}

// madeUp lists the lines of a configuration whose values init made up, as NUMBER: LINE.
func madeUp(text []byte) (lines []string) {
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if before, _, ok := strings.Cut(line, replaceMark); ok && !strings.HasPrefix(line, "#") {
			name, value, _ := strings.Cut(before, "=")
			lines = append(lines, fmt.Sprintf("%d: %s = %s", n, strings.TrimSpace(name), strings.TrimSpace(value)))
		}
	}
	return lines
}

// value is what init was told or found, or an example, marked as such.
func value(known, example, what string) string {
	if known != "" {
		return open.Quote(known)
	}
	return open.Quote(example) + " " + replaceMark + ": " + what
}

func writeProviders(b *bytes.Buffer, o *initOptions, s *survey) {
	if o.lab != "" {
		fmt.Fprintf(b, "provider \"ad\" \"corp\" {\nlab = %[1]s\n}\n\nprovider \"entra\" \"tenant\" {\nlab = %[1]s\n}\n", open.Quote(o.lab))
		return
	}
	b.WriteString("variable \"ad_password\" {\ntype = string\nsensitive = true # set DIRFORM_VAR_ad_password\n}\n\nprovider \"ad\" \"corp\" {\n")
	fmt.Fprintf(b, "url = %s\n", value(o.url, "ldaps://dc1.corp.contoso.com", "your domain controller"))
	if o.startTLS {
		b.WriteString("start_tls = true\n")
	}
	if s.domain.BaseDN != "" {
		fmt.Fprintf(b, "base_dn = %s\n", open.Quote(s.domain.BaseDN))
	}
	if o.caFile != "" {
		fmt.Fprintf(b, "ca_file = %s\n", open.Quote(o.caFile))
	}
	fmt.Fprintf(b, "bind_dn = %s\npassword = var.ad_password\n}\n", value(o.bindDN, "CN=svc-dirform,OU=Service Accounts,DC=corp,DC=contoso,DC=com", "the account to read with"))
	fmt.Fprintf(b, "\n# Credentials are found as the Azure SDKs find them: environment, workload identity, managed identity, Azure CLI.\n")
	fmt.Fprintf(b, "provider \"entra\" \"tenant\" {\ntenant_id = %s\n", value(o.tenantID, "00000000-0000-0000-0000-000000000000", "your tenant's id"))
	if o.clientID != "" {
		fmt.Fprintf(b, "client_id = %s\n", open.Quote(o.clientID))
	}
	b.WriteString("}\n")
}

// writeSuffixes declares the suffixes that can be used, and names the others in comments.
func writeSuffixes(b *bytes.Buffer, s *survey) {
	if len(s.suffixes) == 0 {
		return
	}
	b.WriteString("\n# Suffixes of user principal names, with their numbers of users:\n")
	for i, x := range s.suffixes {
		if i == listed {
			fmt.Fprintf(b, "#   and %d more\n", len(s.suffixes)-listed)
			break
		}
		note := ""
		if s.tenant != nil && !s.verified[x.name] {
			note = "  (not verified in the tenant)"
		}
		visible.Fprintf(b, "#   %-40s %8d%s\n", x.name, x.users, note)
	}
	for _, x := range s.suffixes {
		if s.verified[x.name] {
			fmt.Fprintf(b, "\nupn_suffix %s {}\n", open.Quote(x.name))
		}
	}
}

// writeScope starts with the OU that holds the most users, the innermost one that holds as many. The container Users and the
// like are left to a person's decision.
func writeScope(b *bytes.Buffer, s *survey) {
	ou, most := "", 0
	for _, x := range s.ous {
		if first, _, _, err := dn.Cut(x.dn); err == nil && strings.EqualFold(first.Type, "OU") && x.users >= most {
			ou, most = x.dn, x.users
		}
	}
	if len(s.ous) > 0 {
		b.WriteString("\n# Users in each container, those below it included:\n")
	}
	for i, x := range s.ous {
		if i == listed {
			fmt.Fprintf(b, "#   and %d more\n", len(s.ous)-listed)
			break
		}
		visible.Fprintf(b, "#   %8d  %s\n", x.users, x.dn)
	}
	why, anchor := s.otherEngine()
	fmt.Fprintf(b, `
scope "staff" {
ou = %s
objects = ["user"]
}

# Accounts pair up by anchor, primary address or user principal name. "skip" creates no account for what pairs with nothing,
# which makes a good first plan for a tenant with people in it; without the line they are created.
%slink_policy "staff" {
scope = scope.staff
unmatched = "skip"
%s}
`, value(ou, "OU=Staff,"+cmp.Or(s.domain.BaseDN, "DC=corp,DC=contoso,DC=com"), "the OU whose people are synchronised"), why, anchor)
}

// otherEngine is what a link policy says in a tenant that another engine synchronises: its anchor, and a comment that says why.
func (s *survey) otherEngine() (comment, anchor string) {
	if s.tenant == nil || !s.tenant.SyncEnabled {
		return "", ""
	}
	return `# Another engine, such as Entra Connect, synchronises this tenant. What it masters stays blocked, and a plan says what differs;
# synced_elsewhere = "take_over" takes it over. Connect has tied people to their accounts by this anchor since 2017.
`, "anchor = \"ms-DS-ConsistencyGuid\"\n"
}
