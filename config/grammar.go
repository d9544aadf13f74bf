package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config/internal/report"
	"github.com/dirform/dirform/config/limits"
)

// grammar is what each block may hold, by its type and, behind a dot, those of the blocks in it. The decoder reads no other list.
var grammar = map[string]spec{
	"dirform":                {optional: []string{"required_version"}, blocks: []string{"state", "encryption"}},
	"dirform.state":          {required: []string{"path"}},
	"dirform.state.postgres": {required: []string{"url", "name"}},
	"dirform.state.azure":    {required: []string{"url"}, optional: []string{"encrypt_existing"}},
	"dirform.state.s3":       {required: []string{"bucket", "key"}, optional: []string{"region", "endpoint", "encrypt_existing"}},
	"dirform.state.gcs":      {required: []string{"bucket", "object"}, optional: []string{"endpoint", "encrypt_existing"}},
	"dirform.encryption":     {required: []string{"key"}, optional: []string{"previous"}},
	"variable":               {optional: []string{"type", "default", "sensitive", "description"}, blocks: []string{"validation"}},
	"variable.validation":    {required: []string{"condition", "error_message"}},
	"provider.ad":            {optional: append([]string{"lab", "page_size"}, adConnection...), blocks: []string{"kerberos"}},
	"provider.ad.kerberos":   {optional: []string{"keytab", "ccache", "principal", "spn", "krb5_conf"}},
	"provider.entra":         {optional: append([]string{"lab"}, entraConnection...)},
	"upn_suffix":             {optional: []string{"provider"}},
	"directory_sync":         {required: []string{"enabled"}},
	"scope":                  {optional: []string{"provider", "ou", "ous", "exclude", "objects", "filter", "where", "system_objects"}},
	"mapping": {required: []string{"scope"}, optional: []string{"object", "preset", "unmanaged", "on_null", "keep_on_link", "case_changes"},
		blocks: []string{"attributes", "initial"}},
	"link_policy": {required: []string{"scope"}, optional: policyArguments},
	"link":        {required: []string{"source", "tenant"}},
	"guard":       {optional: []string{"protect"}, blocks: limits.Names()},
	"guard.LIMIT": {optional: limitArguments},
}

// forms are the blocks as they are written, in the order in which they are listed, with their names in grammar.
var forms = []struct{ name, form string }{
	{"dirform", "dirform"}, {"dirform.state", "  state \"file\""}, {"dirform.state.postgres", "  state \"postgres\""},
	{"dirform.state.azure", "  state \"azure\""}, {"dirform.state.s3", "  state \"s3\""}, {"dirform.state.gcs", "  state \"gcs\""},
	{"dirform.encryption", "  encryption"},
	{"variable", "variable \"NAME\""},
	{"variable.validation", "  validation"}, {"", "locals"}, {"provider.ad", "provider \"ad\" \"NAME\""}, {"provider.ad.kerberos", "  kerberos"},
	{"provider.entra", "provider \"entra\" \"NAME\""}, {"upn_suffix", "upn_suffix \"DOMAIN\""}, {"directory_sync", "directory_sync"},
	{"scope", "scope \"NAME\""}, {"mapping", "mapping \"NAME\""}, {"link_policy", "link_policy \"NAME\""}, {"link", "link \"NAME\""},
	{"guard", "guard \"NAME\""}, {"guard.LIMIT", "  LIMIT"},
}

// Reference lists every block with what it may hold, for "dirform help language".
func Reference() string {
	var b strings.Builder
	for _, f := range forms {
		indent := strings.Repeat(" ", len(f.form)-len(strings.TrimLeft(f.form, " ")))
		fmt.Fprintf(&b, "\n  %s {}\n", f.form)
		s := grammar[f.name]
		arguments := slices.Clone(s.optional)
		slices.Sort(arguments)
		for i, list := range [][]string{s.required, arguments, s.blocks} {
			if title := []string{"must have: ", "may have: ", "blocks: "}[i]; len(list) > 0 {
				report.Wrap(&b, "      "+indent+title, list)
			}
		}
		if f.name == "" || f.name == "mapping" {
			fmt.Fprintf(&b, "      %s\n", map[string]string{"": "NAME = VALUE, any number", "mapping": "attributes and initial hold ATTRIBUTE = EXPRESSION, any number"}[f.name])
		}
	}
	return b.String()
}
