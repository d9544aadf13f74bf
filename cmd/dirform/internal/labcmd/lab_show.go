package labcmd

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config/declared"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

func newLabShowCommand(a *cli.App) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show [ad|tenant] [OBJECT]",
		Aliases: []string{"inspect"},
		Short:   "Show what is in the lab, or an object with all its attributes",
		Long: `Show looks into the labs that the configuration uses. Without an OBJECT it counts what each side holds. With one it prints all
attributes of the object on each side that knows it. OBJECT is a distinguished name, sAMAccountName or common name (Active
Directory), an object id, mail address or display name (tenant), or a user principal name, which both sides know. The tenant's own
switches are the OBJECTs "organization" and "onPremisesSynchronization".`,
		Example: `  dirform lab show
  dirform lab show jane@contoso.com
  dirform lab show ad "CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com"
  dirform lab show tenant jane@contoso.com --json`,
		Args: cli.Arguments(0, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			side := ""
			if len(args) > 0 && (args[0] == sideAD || args[0] == sideTenant || args[0] == "entra") {
				side, args = args[0], args[1:]
				if side == "entra" {
					side = sideTenant
				}
			}
			if len(args) > 1 {
				return &fault.Error{Summary: fmt.Sprintf("%q is no side of a lab", args[0]), Hint: "Sides are ad and tenant."}
			}
			return showLab(a, side, args, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cli.ExitStatus(cmd, "0  done", "1  no side has such an object, or the configuration uses no lab")
}

// labView is what "lab show" knows about one side: counts, or an object.
type labView struct {
	Counts     map[string]int `json:"counts,omitempty"`
	Name       string         `json:"name,omitempty"`       // DN or object id
	Attributes map[string]any `json:"attributes,omitempty"` // texts, lists of texts, or Graph's JSON values
}

type labDocument struct {
	AD     *labView `json:"ad,omitempty"`
	Tenant *labView `json:"tenant,omitempty"`
}

func showLab(a *cli.App, side string, object []string, asJSON bool) error {
	ad, entra, err := declared.Labs(a.Dir())
	if err != nil {
		return err
	}
	if side == sideTenant {
		ad = ""
	}
	if side == sideAD {
		entra = ""
	}
	if ad == "" && entra == "" {
		return &fault.Error{Summary: "No lab", Detail: "No provider of the configuration has lab = \"FOLDER\" on that side."}
	}
	var doc labDocument
	for _, s := range []struct {
		folder string
		view   **labView
		look   func(*lab.Lab, []string) (*labView, error)
	}{{ad, &doc.AD, viewAD}, {entra, &doc.Tenant, viewTenant}} {
		if s.folder == "" {
			continue
		}
		if err := lookIntoLab(a, s.folder, func(l *lab.Lab) (err error) { *s.view, err = s.look(l, object); return err }); err != nil {
			return err
		}
	}
	switch {
	case doc.AD == nil && doc.Tenant == nil:
		return &fault.Error{Summary: fmt.Sprintf("The lab has no object %q", object[0]),
			Hint: "Name one by its distinguished name or sAMAccountName (Active Directory), by its user principal name, object id, mail address or display name (tenant)."}
	case asJSON:
		return a.PrintJSON(doc)
	}
	doc.AD.write(a, "Active Directory")
	if doc.AD != nil && doc.Tenant != nil {
		a.Printf("\n")
	}
	doc.Tenant.write(a, "Tenant")
	return nil
}

// lookIntoLab opens the lab of a folder for as long as look takes.
func lookIntoLab(a *cli.App, folder string, look func(*lab.Lab) error) error {
	l, err := lab.Open(open.LabAt(a.Dir(), folder))
	if err != nil {
		return err
	}
	if err := look(l); err != nil {
		l.Close()
		return err
	}
	return l.Close()
}

func viewAD(l *lab.Lab, object []string) (*labView, error) {
	if len(object) == 0 {
		counts, _ := l.Counts()
		return &labView{Counts: counts}, nil
	}
	dn, attributes, ok, err := l.ShowAD(object[0])
	if !ok || err != nil {
		return nil, err
	}
	v := &labView{Name: dn, Attributes: map[string]any{}}
	for _, x := range attributes {
		var texts []string
		for _, value := range x.Values {
			texts = append(texts, readable(x.Name, value))
		}
		v.Attributes[x.Name] = texts
		if len(texts) == 1 {
			v.Attributes[x.Name] = texts[0]
		}
	}
	return v, nil
}

func viewTenant(l *lab.Lab, object []string) (*labView, error) {
	if len(object) == 0 {
		_, counts := l.Counts()
		return &labView{Counts: counts}, nil
	}
	raw, err := l.ShowTenant(object[0])
	if err != nil {
		return nil, nil //nolint:nilerr // the other side may know it
	}
	v := &labView{}
	if err := json.Unmarshal(raw, &v.Attributes); err != nil {
		return nil, err
	}
	v.Name, _ = v.Attributes["id"].(string)
	return v, nil
}

// readable is an LDAP value as a person writes it: GUIDs in their usual form, SIDs too, other bytes as "lab set" takes them.
func readable(name string, value []byte) string {
	if len(value) == 16 && (strings.EqualFold(name, "objectGUID") || strings.EqualFold(name, "mS-DS-ConsistencyGuid")) {
		return state.GUID(value).String()
	}
	if strings.EqualFold(name, "objectSid") || strings.EqualFold(name, "msExchMasterAccountSid") {
		return sidText(value)
	}
	if utf8.Valid(value) && !strings.ContainsFunc(string(value), unicode.IsControl) {
		return string(value)
	}
	return "base64:" + base64.StdEncoding.EncodeToString(value)
}

// sidText is a security identifier in its usual form (MS-DTYP 2.4.2.1): revision, authority and subauthorities.
func sidText(b []byte) string {
	if len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return "base64:" + base64.StdEncoding.EncodeToString(b)
	}
	s := fmt.Sprintf("S-%d-%d", b[0], binary.BigEndian.Uint64(append([]byte{0, 0}, b[2:8]...)))
	for at := 8; at < len(b); at += 4 {
		s += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(b[at:]))
	}
	return s
}

// write prints a view for people; nil is nothing.
func (v *labView) write(a *cli.App, side string) {
	if v == nil {
		return
	}
	if v.Counts != nil {
		a.Printf("%s\n", side)
		for _, kind := range sortedKeys(v.Counts) {
			if n := v.Counts[kind]; n > 1 {
				a.Printf("  %8d %s\n", n, kind)
			} else if n == 1 {
				a.Printf("  %8d %s\n", n, strings.TrimSuffix(kind, "s"))
			}
		}
		return
	}
	a.Printf("%s: %s\n", side, v.Name)
	width := 0
	for name := range v.Attributes {
		width = max(width, len(name))
	}
	for _, name := range sortedKeys(v.Attributes) {
		for i, line := range lines(v.Attributes[name]) {
			if i > 0 {
				name = ""
			}
			a.Printf("  %-*s  %s\n", width, name, line)
		}
	}
}

// lines are a value's lines: one for each value of a list.
func lines(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		var all []string
		for _, x := range v {
			all = append(all, lines(x)...)
		}
		return all
	}
	b, err := json.Marshal(v)
	if err != nil {
		return []string{fmt.Sprint(v)}
	}
	return []string{string(b)}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return keys
}
