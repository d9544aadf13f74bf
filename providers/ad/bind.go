package ad

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/ad/internal/kerberos"
	"github.com/dirform/dirform/state/fault"
)

// bind logs on. If the server refuses, the error is a refused.
func (cfg *Config) bind(ctx context.Context, c *conn, s server) error {
	err := c.do(ctx, func() error {
		if cfg.Kerberos != nil {
			return cfg.Kerberos.Bind(c.Conn, s.host)
		}
		return c.Bind(cfg.BindDN, cfg.Password)
	})
	switch {
	case err == nil:
		return nil
	case resultCode(err) == 0 && !errors.As(err, &kerberos.Refused{}):
		return cfg.explainBind(err)
	}
	return refused{fmt.Errorf("%s: %w", s.url, cfg.explainBind(err))}
}

// bindData is Active Directory's reason in the diagnostic message of a refused bind, a Windows error code in small hexadecimal
// letters: 52e in "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1". It has no field of
// its own. "" means that the message has none.
func bindData(err error) string {
	var refusal *ldap.Error
	if !errors.As(err, &refusal) || refusal.Err == nil {
		return ""
	}
	words := strings.Fields(refusal.Err.Error())
	if i := slices.Index(words, "data"); i >= 0 && i+1 < len(words) {
		return strings.ToLower(strings.TrimRight(words[i+1], ","))
	}
	return ""
}

// bindReason is why a bind was refused and what to do about it, which may be nothing.
type bindReason struct{ why, hint string }

// bindReasons are what the codes of bindData mean.
var bindReasons = map[string]bindReason{
	"525": {"there is no such account", "Check bind_dn."},
	"52e": wrongAccount,
	"530": {"the account may not log on at this hour", ""},
	"531": {"the account may not log on from this computer", ""},
	"532": {"the account's password has expired", "Set a new one, and let service accounts' passwords never expire."},
	"533": {"the account is disabled", "Enable it."},
	"568": {"the account is in too many groups", ""},
	"701": {"the account has expired", ""},
	"773": {"the account must change its password first", "Set one without \"must change at next logon\"."},
	"775": {"the account is locked out after too many wrong passwords", "Unlock it, and correct password."},
	"35b": {"the server demands channel bindings, which this Kerberos bind doesn't have",
		"Use bind_dn and password, or lower LdapEnforceChannelBinding."},
}

// wrongAccount is what a refused bind means mostly.
var wrongAccount = bindReason{"wrong account name or password",
	"Check bind_dn (a distinguished name, name@domain or DOMAIN\\name) and password."}

// explainBind words the refusal of a bind. It never contains the password.
func (cfg *Config) explainBind(err error) error {
	who := cfg.BindDN
	if cfg.Kerberos != nil {
		who = cfg.Kerberos.Name()
	}
	f := &fault.Error{Err: err}
	switch resultCode(err) {
	case ldap.LDAPResultInvalidCredentials:
		reason, ok := bindReasons[bindData(err)]
		if !ok {
			reason = wrongAccount
		}
		f.Summary, f.Hint = reason.why, reason.hint
	case ldap.LDAPResultStrongAuthRequired:
		f.Summary, f.Hint = "the server wants an encrypted connection", "Use ldaps://, or start_tls = true."
		if cfg.Kerberos != nil {
			f.Summary = "the server demands signed or sealed Kerberos connections even inside TLS"
			f.Hint = "Use bind_dn and password, or on Samba \"ldap server require strong auth = allow_sasl_over_tls\"."
		}
	case ldap.LDAPResultInvalidDNSyntax:
		f.Summary = "bind_dn is not a distinguished name, name@domain or DOMAIN\\name"
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		f.Summary, f.Hint = "the server is too busy or just starting", "Try again."
	}
	return fmt.Errorf("logging on as %s: %w", who, f)
}

// refused marks errors of a server that answered: others are not tried, so that a wrong password doesn't lock the account out
// once per domain controller.
type refused struct{ error }

func (e refused) Unwrap() error { return e.error }

func isRefused(err error) bool {
	var r refused
	return errors.As(err, &r)
}
