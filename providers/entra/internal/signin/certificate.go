package signin

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
)

// soon is how long before its end a certificate is spoken of.
const soon = 30 * 24 * time.Hour

// certificate is the way of whoever has a certificate's key. The file is read again whenever the credential is made
// again, so that a renewed one is used.
type certificate struct {
	*chooser
	file string
	once sync.Once // the warning about its end
}

func (c *certificate) credential() (azcore.TokenCredential, error) {
	name := c.file
	if c.hides(c.file) {
		name = "client_certificate_file"
	}
	data, err := bounds.ReadStream(c.file, bounds.Credential)
	if err != nil {
		var at *fs.PathError
		if c.hides(c.file) && errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("the client certificate cannot be read: %w", err)
	}
	certs, key, err := azidentity.ParseCertificates(data, []byte(c.Getenv("AZURE_CLIENT_CERTIFICATE_PASSWORD")))
	if err != nil {
		hint := "The password of an encrypted PFX is taken from AZURE_CLIENT_CERTIFICATE_PASSWORD."
		if bounds.Wide(data) {
			hint = "The file is in UTF-16. " + bounds.Narrow
		}
		return nil, &fault.Error{Summary: name + " does not hold a certificate with its private key in PEM or PFX form",
			Err: err, Hint: hint}
	}
	if err := c.inForce(name, certs[0]); err != nil {
		return nil, err
	}
	return azidentity.NewClientCertificateCredential(c.tenant, c.app, certs, key,
		&azidentity.ClientCertificateCredentialOptions{
			ClientOptions: c.opts, DisableInstanceDiscovery: c.Authority != "", SendCertificateChain: true})
}

// clockSkew is how far the service's clock may be off this machine's, as it documents for tokens.
const clockSkew = 5 * time.Minute

// inForce refuses a certificate that has ended or that is not yet in force, and warns of one that is about to end. name
// is the file's name, for messages.
func (c *certificate) inForce(name string, cert *x509.Certificate) error {
	now, end := c.Now(), cert.NotAfter.UTC().Format(time.DateOnly)
	switch left := cert.NotAfter.Sub(now); {
	case cert.NotBefore.Sub(now) > clockSkew:
		return &fault.Error{Summary: fmt.Sprintf("the certificate in %s is not in force before %s, and the clock here says %s",
			name, cert.NotBefore.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)),
			Hint: "Use another certificate until then; or set this machine's clock, if it is the one that is wrong."}
	case left <= 0:
		return &fault.Error{Summary: fmt.Sprintf("the certificate in %s ended on %s", name, end),
			Hint: "Make a new one, and register it with the application in Entra (App registrations > Certificates & secrets)."}
	case left < soon:
		c.once.Do(func() {
			c.Warn(fmt.Sprintf("The certificate in %s, by which dirform signs in to Microsoft Entra ID, ends on %s: register "+
				"a new one with the application before", name, end))
		})
	}
	return nil
}
