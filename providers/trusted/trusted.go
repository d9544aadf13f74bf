// Package trusted judges to which hosts credentials may be sent. Who writes a configuration, as in a pull request, can point a
// provider at any server; who runs dirform says which ones are theirs.
package trusted

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dirform/dirform/state/fault"
)

// Variable is the environment variable that names the hosts which may get credentials.
const Variable = "DIRFORM_ALLOW_HOSTS"

// Rules say to which hosts credentials may be sent. The zero value allows none.
type Rules struct {
	Always func(host string) bool // hosts that may get them whatever else the rules say; may be nil
	Hosts  []string               // that the variable names or else the last apply recorded
	Not    string                 // why a host is none of these, as the end of a sentence
	Any    bool                   // the variable is not set, and no apply has recorded any
}

// Destination is what gets credentials.
type Destination struct {
	Name  string // such as provider "ad" "corp", or state "postgres"
	At    string // where that is declared: file:line
	Hosts []string
}

// Parse reads the value of the variable: names or addresses, separated by commas. An empty one names none.
func Parse(list string) (hosts []string, err error) {
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		host := strings.TrimSuffix(strings.ToLower(entry), ".")
		if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && !strings.ContainsFunc(ip.Zone(), noHost) &&
			!strings.HasSuffix(host, ".") {
			host = ip.String()
		} else if host == "" || strings.HasSuffix(host, ".") || strings.ContainsFunc(host, noHost) {
			return nil, &fault.Error{
				Summary: Variable + " names no host",
				Detail:  fmt.Sprintf("%q is not the name or address of a host.", entry),
				Hint: "Write names of hosts without port, path or wildcard, separated by commas: " + Variable +
					"=dc1.corp.contoso.com,dc2.corp.contoso.com.",
			}
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

// noHost reports whether a character stands in no name of a host: what begins a port, a path or an account, a wildcard, a bracket,
// a blank, and whatever cannot be seen.
func noHost(r rune) bool {
	return strings.ContainsRune(":/*@[]", r) || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r)
}

// Check refuses a destination that has a host which may not get credentials.
func (r Rules) Check(d Destination) error {
	for _, host := range d.Hosts {
		if r.Any || r.Always != nil && r.Always(host) || slices.Contains(r.Hosts, host) {
			continue
		}
		all := strings.Join(append(slices.Clone(r.Hosts), host), ",")
		return &fault.Error{
			Summary: fmt.Sprintf("Credentials may not be sent to %s", Shown(host)),
			Detail:  fmt.Sprintf("%s (%s) would send its credentials there, and %s.", d.Name, d.At, r.Not),
			Hint: fmt.Sprintf("Nothing was sent. If the host is yours, run this with %s=%s, which names all hosts that may get "+
				"credentials; else correct the configuration. \"dirform help sign-in\" tells more.", Variable, all),
		}
	}
	return nil
}

// Shown is a host for a message; what is not ASCII could look like another one.
func Shown(host string) string {
	return strings.Trim(strconv.QuoteToASCII(host), `"`)
}
