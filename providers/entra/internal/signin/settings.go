package signin

import "net/url"

// Settings say who to be, where to sign in and what for. Credentials are tried in this order: AccessToken,
// ClientSecret, CertificateFile, and then what the Azure SDKs find by themselves.
type Settings struct {
	TenantID        string
	ClientID        string
	ClientSecret    string
	CertificateFile string // PEM or PFX, with its private key
	AccessToken     string // used as it is; not renewed

	Authority string   // the login root as it is configured; empty if it is the cloud's own
	Login     string   // the login root
	Scope     string   // what a token is asked for
	Endpoint  *url.URL // whom tokens are for, without a trailing slash

	Getenv func(name string) string // looks up the environment variables that the Azure SDKs define; never nil
}
