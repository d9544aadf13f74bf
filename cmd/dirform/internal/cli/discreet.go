package cli

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/dirform/dirform/config"
)

// discreet is the second wall around secrets, in front of standard error: whatever is said there, also in the words of
// libraries and servers, the values that whoever runs dirform has given as secrets are left out of it. The first wall
// is that nothing puts them into a message. What is computed from a secret is not looked for: then the places that are
// left out would tell about it.
type discreet struct {
	w  io.Writer
	mu sync.Mutex

	secrets []string // longest first
}

// shortestSecret is the length from which on a secret is left out. Shorter ones are part of ordinary words.
const shortestSecret = 8

// ownSecrets are the environment variables with secrets that are not the configuration's.
var ownSecrets = []string{
	"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
	"SYSTEM_ACCESSTOKEN", "ARM_OIDC_TOKEN", "GITLAB_OIDC_TOKEN", "IDENTITY_HEADER", "MSI_SECRET",
}

// secretsIn are the secrets that an environment holds by their names.
func secretsIn(environ []string) (secrets []string) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, config.SecretPrefix) || slices.Contains(ownSecrets, name) {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

// hide leaves further secrets out from now on.
func (d *discreet) hide(secrets []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range secrets {
		if len(s) >= shortestSecret && !slices.Contains(d.secrets, s) {
			d.secrets = append(d.secrets, s)
		}
	}
	slices.SortStableFunc(d.secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
}

// Write writes p without the secrets in it, which are found only if they are whole: whoever writes does so in whole
// messages.
func (d *discreet) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.secrets) == 0 {
		return d.w.Write(p)
	}
	text := string(p)
	for _, s := range d.secrets {
		text = strings.ReplaceAll(text, s, "(sensitive value)")
	}
	if _, err := io.WriteString(d.w, text); err != nil {
		return 0, err
	}
	return len(p), nil
}
