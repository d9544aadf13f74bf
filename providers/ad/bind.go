package ad

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// bind logs on. If the server refuses, the error is a refused.
func (cfg *Config) bind(ctx context.Context, c *conn, s server) error {
	err := c.do(ctx, func() error {
		if cfg.Kerberos != nil {
			return cfg.Kerberos.bind(c.Conn, s)
		}
		return c.Bind(cfg.BindDN, cfg.Password)
	})
	switch {
	case err == nil:
		return nil
	case resultCode(err) == 0:
		return cfg.explainBind(err)
	}
	return refused{fmt.Errorf("%s: %w", s.url, cfg.explainBind(err))}
}

// bindData finds Active Directory's reason in the text of a refused bind: "… AcceptSecurityContext error, data 52e, v1db1".
// The numbers are Windows error codes in hexadecimal.
var bindData = regexp.MustCompile(`\bdata ([0-9a-fA-F]+)`)

var bindReasons = map[string]string{
	"525": "there is no such account: check bind_dn",
	"52e": "wrong account name or password: check bind_dn (a distinguished name, name@domain or DOMAIN\\name) and password",
	"530": "the account may not log on at this hour",
	"531": "the account may not log on from this computer",
	"532": "the account's password has expired: set a new one, and let service accounts' passwords never expire",
	"533": "the account is disabled: enable it",
	"568": "the account is in too many groups",
	"701": "the account has expired",
	"773": "the account must change its password first: set one without \"must change at next logon\"",
	"775": "the account is locked out after too many wrong passwords: unlock it, and correct password",
	"35b": "the server demands channel bindings, which this Kerberos bind doesn't have: use bind_dn and password, or lower LdapEnforceChannelBinding",
}

// explainBind words the refusal of a bind. It never contains the password.
func (cfg *Config) explainBind(err error) error {
	who := cfg.BindDN
	if cfg.Kerberos != nil {
		who = cfg.Kerberos.name()
	}
	switch resultCode(err) {
	case ldap.LDAPResultInvalidCredentials:
		if m := bindData.FindStringSubmatch(err.Error()); m != nil {
			if reason, ok := bindReasons[strings.ToLower(m[1])]; ok {
				return fmt.Errorf("logging on as %s: %s: %w", who, reason, err)
			}
		}
		return fmt.Errorf("logging on as %s: wrong account name or password: %w", who, err)
	case ldap.LDAPResultStrongAuthRequired:
		if cfg.Kerberos != nil {
			return fmt.Errorf("logging on as %s: the server demands signed or sealed Kerberos connections even inside TLS: "+
				"use bind_dn and password, or on Samba \"ldap server require strong auth = allow_sasl_over_tls\": %w", who, err)
		}
		return fmt.Errorf("logging on as %s: the server wants an encrypted connection: use ldaps://, or start_tls = true: %w", who, err)
	case ldap.LDAPResultInvalidDNSyntax:
		return fmt.Errorf("logging on: bind_dn %q is not a distinguished name, name@domain or DOMAIN\\name: %w", who, err)
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return fmt.Errorf("logging on as %s: the server is too busy or just starting: try again: %w", who, err)
	}
	return fmt.Errorf("logging on as %s: %w", who, err)
}

// refused marks errors of a server that answered: others are not tried, so that a wrong password doesn't lock the account out
// once per domain controller.
type refused struct{ error }

func (e refused) Unwrap() error { return e.error }

func isRefused(err error) bool {
	var r refused
	return errors.As(err, &r)
}
