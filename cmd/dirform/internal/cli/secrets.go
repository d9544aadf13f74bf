package cli

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
)

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
