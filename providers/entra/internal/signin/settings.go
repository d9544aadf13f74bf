package signin

import (
	"context"
	"net/url"
	"os"
	"time"
)

// Settings say who to be, where to sign in and what for. Ways to sign in are tried in the order in which the package
// lists them.
type Settings struct {
	TenantID        string
	ClientID        string
	ClientSecret    string
	CertificateFile string // PEM or PFX, with its private key
	// CertificateHidden keeps the file's name out of messages.
	CertificateHidden bool
	AccessToken       string // used as it is; not renewed
	// Blockless says that no provider block stands behind these settings, for messages that tell what it lacks.
	Blockless bool

	Authority string   // the login root as it is configured; empty if it is the cloud's own
	Login     string   // the login root
	Scope     string   // what a token is asked for
	Endpoint  *url.URL // whom tokens are for, without a trailing slash

	Session *Session // who else signs in the same way; nil is nobody

	Getenv func(name string) string // looks up environment variables; nil means os.Getenv
	// Now and Sleep are the clock by which tokens expire and services are asked again; nil means the real one.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
	// Warn is told what goes on working but needs somebody to see to it, in a sentence without a full stop; nil tells
	// nobody.
	Warn func(string)
}

// defaults fills in what is not set.
func (s *Settings) defaults() {
	if s.Getenv == nil {
		s.Getenv = os.Getenv
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Sleep == nil {
		s.Sleep = sleep
	}
	if s.Warn == nil {
		s.Warn = func(string) {}
	}
}

// sleep waits for d, or returns ctx's error as soon as it ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
