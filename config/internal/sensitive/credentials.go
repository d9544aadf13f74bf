package sensitive

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/dirform/dirform/state/near"
)

// argument is an argument of the blocks of one type.
type argument struct{ block, name string }

// credentials are the arguments that sensitive values may go into: what they hold is sent to a server or opened as a
// file, and is never shown. Every other argument is shown somewhere, in plans, errors or logs. A new kind of credential
// is a line here.
var credentials = []argument{
	{"provider", "password"},
	{"kerberos", "keytab"},
	{"provider", "client_secret"},
	{"provider", "client_certificate_file"},
	{"provider", "access_token"},
	{"state", "url"},
	{"encryption", "key"},
	{"encryption", "previous"},
}

// Credential reports whether an argument of the blocks of a type may hold a sensitive value.
func Credential(block, name string) bool { return slices.Contains(credentials, argument{block, name}) }

// credentialNames lists the arguments for sensitive values, for messages.
func credentialNames() string {
	var names []string
	for _, a := range credentials {
		names = append(names, a.name)
	}
	return strings.Join(names, ", ")
}

// Meant reports whether an argument that a block does not have was meant to be a credential. known are the arguments
// that the block has; one for keys has nothing else.
func Meant(block, name string, known []string) bool {
	return block == "encryption" || secretName.MatchString(name) || Credential(block, near.Closest(name, known))
}

var (
	// A variable's default may be a secret.
	secretName    = regexp.MustCompile(`(?i)password|secret|token|(^|[{,])\s*(default|key|previous)\b`)
	argumentStart = regexp.MustCompile(`(?m)^\s*([A-Za-z_][A-Za-z0-9_-]*)\s*=\s*(.*)$`)
	openValue     = regexp.MustCompile(`^<<|[(\[{]\s*$`)
)

// Beside reports whether the line at a position, in bytes, of a file that could not be parsed may show a secret: it
// names one, or goes on with the value of one.
func Beside(src []byte, at int) bool {
	at = min(at, len(src))
	from := bytes.LastIndexByte(src[:at], '\n') + 1
	to := len(src)
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		to = at + i
	}
	if secretName.Match(src[from:to]) {
		return true
	}
	arguments := argumentStart.FindAllSubmatch(src[:from], -1)
	if len(arguments) == 0 {
		return false
	}
	last := arguments[len(arguments)-1]
	return secretName.Match(last[1]) && openValue.Match(last[2])
}
