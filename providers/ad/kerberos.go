package ad

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"github.com/go-ldap/ldap/v3/gssapi"
	"github.com/jcmturner/gokrb5/v8/client"

	"github.com/dirform/dirform/state/fault"
)

// bind logs on with GSSAPI. The library negotiates neither a security layer nor channel bindings, TLS protects the connection:
// domain controllers that demand either one refuse it (codes 8 and 49 with data 35b).
func (k *Kerberos) bind(c *ldap.Conn, s server) error {
	g, err := k.client()
	if err != nil {
		return fmt.Errorf("kerberos: %w", k.discreet(err))
	}
	defer g.Close()
	spn := k.SPN
	if spn == "" {
		spn = "ldap/" + s.host
	}
	if err := c.GSSAPIBind(g, spn, ""); err != nil {
		if resultCode(err) != 0 {
			return err
		}
		return &fault.Error{Summary: "kerberos: no ticket for " + spn, Err: err, Hint: "Check principal, keytab or ccache and krb5_conf, " +
			"that the clocks agree, and that url has the domain controller's full name."}
	}
	return nil
}

func (k *Kerberos) client() (*gssapi.Client, error) {
	conf := k.Krb5Conf
	if conf == "" {
		conf = "/etc/krb5.conf"
	}
	// Active Directory doesn't offer FAST before a ticket was got (RFC 6113).
	noFast := client.DisablePAFXFAST(true)
	switch {
	case k.Keytab != "":
		user, realm, ok := strings.Cut(k.Principal, "@")
		if !ok || user == "" || realm == "" {
			return nil, fmt.Errorf("principal %q must be user@REALM", k.Principal)
		}
		return gssapi.NewClientWithKeytab(user, strings.ToUpper(realm), strings.TrimPrefix(k.Keytab, "FILE:"), conf, noFast)
	case k.CCache != "":
		return gssapi.NewClientFromCCache(strings.TrimPrefix(k.CCache, "FILE:"), conf, noFast)
	}
	return nil, errors.New("neither keytab nor ccache is set")
}

// discreet is an error of making a client without the file's name, where that is to be hidden.
func (k *Kerberos) discreet(err error) error {
	if !k.KeytabHidden || !strings.Contains(err.Error(), strings.TrimPrefix(k.Keytab, "FILE:")) {
		return err
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		return fmt.Errorf("the keytab cannot be read: %w", file.Err)
	}
	return errors.New("the keytab cannot be used")
}

// name is whom the credentials are for.
func (k *Kerberos) name() string {
	if k.Principal != "" {
		return k.Principal
	}
	return "the owner of the Kerberos tickets in " + k.CCache
}
