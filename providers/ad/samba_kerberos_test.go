package ad_test

import (
	"encoding/binary"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/state"
)

// TestSambaKerberos logs on with a keytab. A Samba with its default settings refuses the logon after it got and accepted the
// ticket, because the connection is neither signed nor sealed by Kerberos (4.17) or has no channel bindings (4.22); with
// "ldap server require strong auth = allow_sasl_over_tls" it works.
func TestSambaKerberos(t *testing.T) {
	cfg := sambaConfig(t)
	r := openSamba(t, cfg)
	domain, err := r.Domain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	realm := strings.ToUpper(domain.Name)
	account := sambaAccount(t, r, cfg)
	cfg.Kerberos = &ad.Kerberos{
		Principal: account + "@" + realm, SPN: "ldap/" + sambaHost(t, cfg),
		Keytab: writeKeytab(t, account, realm, cfg.Password), Krb5Conf: writeKrb5Conf(t, realm, cfg.URLs[0]),
	}
	k, err := ad.Open(t.Context(), cfg)
	switch {
	case err == nil:
		defer k.Close()
		if again, err := k.Domain(t.Context()); err != nil || again != domain {
			t.Errorf("%+v, %v", again, err)
		}
	case !strings.Contains(err.Error(), "signed or sealed") && !strings.Contains(err.Error(), "channel bindings"):
		t.Error(err)
	}
	// The number of the key counts for nothing if it is the right one, as with kinit.
	cfg.Kerberos.Keytab = writeKeytabs(t, account, realm, cfg.Password, 200, etypeID.AES256_CTS_HMAC_SHA1_96)
	switch k, err := ad.Open(t.Context(), cfg); {
	case err == nil:
		k.Close()
	case !strings.Contains(err.Error(), "signed or sealed") && !strings.Contains(err.Error(), "channel bindings"):
		t.Error(err)
	}
	cfg.Kerberos.Keytab = writeKeytab(t, account, realm, "another password")
	_, err = ad.Open(t.Context(), cfg)
	wantError(t, err, "no ticket for ldap/", "does not accept the key of "+account+"@"+realm,
		" in the keytab (kvno 1, aes256-cts-hmac-sha1-96, made ",
		"samba-tool domain exportkeytab", "keytab")
	cfg.Kerberos.Principal = "nobody-at-all@" + realm
	cfg.Kerberos.Keytab = writeKeytab(t, "nobody-at-all", realm, "x")
	_, err = ad.Open(t.Context(), cfg)
	wantError(t, err, "knows no account nobody-at-all@"+realm)
}

// TestSambaKerberosEnvironment logs on with what the environment names, and with tickets.
func TestSambaKerberosEnvironment(t *testing.T) {
	cfg := sambaConfig(t)
	r := openSamba(t, cfg)
	domain, err := r.Domain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	realm := strings.ToUpper(domain.Name)
	account := sambaAccount(t, r, cfg)
	env := map[string]string{"KRB5_CONFIG": "/nowhere:" + writeKrb5Conf(t, realm, cfg.URLs[0]),
		"KRB5_KTNAME": "FILE:" + writeKeytab(t, account, realm, cfg.Password)}
	cfg.Kerberos = &ad.Kerberos{SPN: "ldap/" + sambaHost(t, cfg), Getenv: func(name string) string { return env[name] }}
	open := func() {
		t.Helper()
		switch k, err := ad.Open(t.Context(), cfg); {
		case err == nil:
			k.Close()
		case !strings.Contains(err.Error(), "signed or sealed") && !strings.Contains(err.Error(), "channel bindings"):
			t.Error(err)
		}
	}
	open()
	env["KRB5CCNAME"] = "FILE:" + writeTickets(t, account, realm, env["KRB5_KTNAME"], env["KRB5_CONFIG"])
	env["KRB5_KTNAME"] = "/nowhere"
	open()
	cfg.Kerberos.SPN = "ldap/elsewhere.example"
	_, err = ad.Open(t.Context(), cfg)
	wantError(t, err, "no ticket for ldap/elsewhere.example", "full name in url")
}

// writeTickets gets a ticket-granting ticket by a keytab, and writes it to a cache as kinit does (version 4 of the format).
func writeTickets(t *testing.T, account, realm, keytabName, confNames string) string {
	t.Helper()
	table, err := keytab.Load(strings.TrimPrefix(keytabName, "FILE:"))
	if err != nil {
		t.Fatal(err)
	}
	_, conf, _ := strings.Cut(confNames, ":")
	krb5, err := config.Load(conf)
	if err != nil {
		t.Fatal(err)
	}
	c := client.NewWithKeytab(account, realm, table, krb5, client.DisablePAFXFAST(true))
	defer c.Destroy()
	ticket, key, err := c.GetServiceTicket("krbtgt/" + realm)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ticket.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	b := []byte{5, 4, 0, 0}
	text := func(s string) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...) }
	name := func(parts ...string) {
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, 1), uint32(len(parts)))
		text(realm)
		for _, p := range parts {
			text(p)
		}
	}
	name(account) // whose the cache is, and then one ticket: whose, what for, and by which key
	name(account)
	name("krbtgt", realm)
	b = binary.BigEndian.AppendUint16(b, uint16(key.KeyType))
	text(string(key.KeyValue))
	now := time.Now()
	for _, at := range []time.Time{now, now, now.Add(time.Hour), now.Add(time.Hour)} {
		b = binary.BigEndian.AppendUint32(b, uint32(at.Unix()))
	}
	b = append(b, make([]byte, 1+4+4+4)...) // no session key ticket, no flags, addresses or authorization data
	text(string(raw))
	text("")
	return writeFile(t, "tickets", b)
}

func sambaAccount(t *testing.T, r *ad.Reader, cfg ad.Config) string {
	t.Helper()
	for _, u := range collect(t, r.Read(t.Context(), providers.Query{Kind: state.User, Bases: []string{cfg.BindDN}, Attributes: state.NewShape("sAMAccountName")})) {
		return u.Get("sAMAccountName").Str()
	}
	t.Fatalf("%s is no user", cfg.BindDN)
	return ""
}

// sambaHost is the domain controller's DNS name, as it says itself.
func sambaHost(t *testing.T, cfg ad.Config) string {
	t.Helper()
	c := dialLibrary(t, cfg)
	result, err := c.Search(ldap.NewSearchRequest("", ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"dnsHostName"}, nil))
	if err != nil || len(result.Entries) != 1 {
		t.Fatal(result, err)
	}
	return result.Entries[0].GetAttributeValue("dnsHostName")
}

func writeKeytab(t *testing.T, account, realm, password string) string {
	t.Helper()
	return writeKeytabs(t, account, realm, password, 1, etypeID.AES256_CTS_HMAC_SHA1_96)
}

func writeKeytabs(t *testing.T, account, realm, password string, version uint8, etype int32) string {
	t.Helper()
	kt := keytab.New()
	if err := kt.AddEntry(account, realm, password, time.Now(), version, etype); err != nil {
		t.Fatal(err)
	}
	data, err := kt.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "account.keytab", data)
}

func writeKrb5Conf(t *testing.T, realm, server string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "krb5.conf", fmt.Appendf(nil, "[libdefaults]\n default_realm = %s\n dns_lookup_kdc = false\n udp_preference_limit = 1\n"+
		"[realms]\n %s = {\n  kdc = %s:88\n }\n", realm, realm, u.Hostname()))
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
