package signin

import "net/url"

// Settings say who to be, where to sign in and what for. Credentials are tried in this order: AccessToken,
// ClientSecret, CertificateFile, and then what the Azure SDKs find by themselves.
type Settings struct {
	TenantID        string
	ClientID        string
	ClientSecret    string
	CertificateFile string // PEM or PFX, with its private key
	// CertificateHidden keeps the file's name out of messages.
	CertificateHidden bool
	AccessToken       string // used as it is; not renewed

	Authority string   // the login root as it is configured; empty if it is the cloud's own
	Login     string   // the login root
	Scope     string   // what a token is asked for
	Endpoint  *url.URL // whom tokens are for, without a trailing slash

	Getenv func(name string) string // looks up the environment variables that the Azure SDKs define; never nil
}

// hides reports whether the name of a file is to be kept out of messages.
func (s *Settings) hides(file string) bool { return s.CertificateHidden && file == s.CertificateFile }

// certificate names the certificate in file, for messages.
func (s *Settings) certificate(file string) string {
	if s.hides(file) {
		return "the client certificate"
	}
	return "the client certificate " + file
}
