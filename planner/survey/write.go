package survey

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/state/visible"
)

// Told is what whoever starts has said about the directories. What is empty is made up, and marked as such, or left out.
type Told struct {
	Lab                              string // the folder of embedded directories, which replaces all others
	URL, BindDN, CAFile              string
	StartTLS                         bool
	TenantID, ClientID               string
	Environment, Endpoint, Authority string
}

// listed is how many OUs and suffixes the comments of a starting configuration name.
const listed = 40

// replaceMark is the comment on a line whose value was made up.
const replaceMark = "# REPLACE"

// Configuration is a configuration to start with, as text.
func (s *Survey) Configuration(o *Told) []byte {
	var b bytes.Buffer
	s.writeProviders(&b, o)
	s.writeSuffixes(&b)
	s.writeScope(&b)
	text := hclwrite.Format(b.Bytes())
	if len(MadeUp(text)) > 0 {
		text = append([]byte("# Init was not told everything. The lines marked "+replaceMark[2:]+" hold made-up values: write your own there before you plan.\n\n"), text...)
	}
	return text
}

// MadeUp lists the lines of a configuration whose values were made up, as NUMBER: LINE.
func MadeUp(text []byte) (lines []string) {
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

// quote is s as a string of the language.
func quote(s string) string { return string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes()) }

// value is what is known, or an example, marked as such.
func value(known, example, what string) string {
	if known != "" {
		return quote(known)
	}
	return quote(example) + " " + replaceMark + ": " + what
}

// optional writes arguments, names and values in turn, that have a value.
func optional(b *bytes.Buffer, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(b, "%s = %s\n", pairs[i], quote(pairs[i+1]))
		}
	}
}

func (s *Survey) writeProviders(b *bytes.Buffer, o *Told) {
	if o.Lab != "" {
		fmt.Fprintf(b, "provider \"ad\" \"corp\" {\nlab = %[1]s\n}\n\nprovider \"entra\" \"tenant\" {\nlab = %[1]s\n}\n", quote(o.Lab))
		return
	}
	b.WriteString("variable \"ad_password\" {\ntype = string\nsensitive = true # set DIRFORM_SECRET_ad_password\n}\n\nprovider \"ad\" \"corp\" {\n")
	fmt.Fprintf(b, "url = %s\n", value(o.URL, "ldaps://dc1.corp.contoso.com", "your domain controller"))
	if o.StartTLS {
		b.WriteString("start_tls = true\n")
	}
	optional(b, "base_dn", s.Domain.BaseDN, "ca_file", o.CAFile)
	fmt.Fprintf(b, "bind_dn = %s\npassword = var.ad_password\n}\n", value(o.BindDN, "CN=svc-dirform,OU=Service Accounts,DC=corp,DC=contoso,DC=com", "the account to read with"))
	b.WriteString("\n# Credentials are found as the Azure SDKs find them: environment, workload identity, managed identity, Azure CLI.\n")
	fmt.Fprintf(b, "provider \"entra\" \"tenant\" {\ntenant_id = %s\n", value(o.TenantID, "00000000-0000-0000-0000-000000000000", "your tenant's id"))
	optional(b, "client_id", o.ClientID, "environment", o.Environment, "endpoint", o.Endpoint, "authority", o.Authority)
	if o.Endpoint != "" {
		optional(b, "ca_file", o.CAFile)
	}
	b.WriteString("}\n")
}

// writeSuffixes declares the suffixes that can be used, and names the others in comments.
func (s *Survey) writeSuffixes(b *bytes.Buffer) {
	if len(s.Suffixes) == 0 {
		return
	}
	b.WriteString("\n# Suffixes of user principal names, with their numbers of users:\n")
	for i, x := range s.Suffixes {
		if i == listed {
			fmt.Fprintf(b, "#   and %d more\n", len(s.Suffixes)-listed)
			break
		}
		note := ""
		if s.Tenant != nil && !s.Verified[x.Name] {
			note = "  (not verified in the tenant)"
		}
		visible.Fprintf(b, "#   %-40s %8d%s\n", x.Name, x.Users, note)
	}
	if s.Tenant == nil {
		b.WriteString("# The tenant was not read, so it is not known which of them it has verified. Declare those: upn_suffix \"NAME\" {}\n")
	}
	for _, x := range s.Suffixes {
		if s.Verified[x.Name] {
			fmt.Fprintf(b, "\nupn_suffix %s {}\n", quote(x.Name))
		}
	}
}

// writeScope starts with the OU that holds people, without those below it that hold none.
func (s *Survey) writeScope(b *bytes.Buffer) {
	home := s.Home()
	s.writeCounts(b)
	b.WriteString("\n")
	if home == "" && len(s.OUs) > 0 {
		b.WriteString("# No OU holds anybody who is enabled and looks like a person.\n")
	}
	b.WriteString("scope \"staff\" {\n")
	fmt.Fprintf(b, "ou = %s\n", value(home, "OU=Staff,"+cmp.Or(s.Domain.BaseDN, "DC=corp,DC=contoso,DC=com"), "the OU whose people are synchronised"))
	b.WriteString("objects = [\"user\"]\n")
	if list := s.Excludes(home); len(list) > 0 {
		b.WriteString("\n# A proposal: look each of them over.\nexclude = [\n")
		for _, x := range list {
			fmt.Fprintf(b, "%s, # %s\n", quote(x.DN), x.Why)
		}
		b.WriteString("]\n")
	}
	why, anchor := s.otherEngine()
	fmt.Fprintf(b, `}

# Accounts pair up by anchor, primary address or user principal name. "skip" creates no account for what pairs with nothing,
# which makes a good first plan for a tenant with people in it; without the line they are created.
%slink_policy "staff" {
scope = scope.staff
unmatched = "skip"
%s}
`, why, anchor)
}

// writeCounts lists the containers with their numbers, in comments.
func (s *Survey) writeCounts(b *bytes.Buffer) {
	if len(s.OUs) == 0 {
		return
	}
	row := func(c Counts, name string) {
		visible.Fprintf(b, "# %8d %8d %8d %8d %9d  %s\n", c.Users, c.Users-c.Disabled, c.Disabled, c.NoMail, c.NoSuffix, name)
	}
	b.WriteString("\n# Users in each container, those below it included. No mail: neither mail nor proxyAddresses; no suffix: no user principal name.\n")
	fmt.Fprintf(b, "# %8s %8s %8s %8s %9s\n", "users", "enabled", "disabled", "no mail", "no suffix")
	for i, x := range s.OUs {
		if i == listed {
			fmt.Fprintf(b, "#   and %d more containers\n", len(s.OUs)-listed)
			break
		}
		row(x.Counts, x.DN)
	}
	row(s.All, "in all")
}

// otherEngine is what a link policy says in a tenant that another engine synchronises: its anchor, and a comment that says why.
func (s *Survey) otherEngine() (comment, anchor string) {
	if s.Tenant == nil || !s.Tenant.SyncEnabled {
		return "", ""
	}
	return `# Another engine, such as Entra Connect, synchronises this tenant. What it masters stays blocked, and a plan says what differs;
# synced_elsewhere = "take_over" takes it over. Connect has tied people to their accounts by this anchor since 2017.
`, "anchor = \"ms-DS-ConsistencyGuid\"\n"
}
