// Package kerberos logs on to a domain controller with Kerberos, and finds out why that failed.
//
// The library that speaks Kerberos makes one text of all that it knows about a failure, so the reasons are found out
// here: the key distribution centre is asked once more, without proof of who asks, which counts as no failed logon, and
// tells its clock, the encryption types that it wants, and whether it knows the account.
package kerberos

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/go-ldap/ldap/v3/gssapi"
	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/krberror"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/dirform/dirform/state/fault"
)

// Credentials are those of a GSSAPI bind. What is empty is taken from the environment, in the order that
// [Credentials.find] says.
type Credentials struct {
	Keytab string // file with the principal's keys
	// KeytabHidden keeps the file's name out of messages.
	KeytabHidden bool
	CCache       string // file with tickets, instead of Keytab
	Principal    string // user@REALM; needed with Keytab
	SPN          string // service principal; default ldap/ and the URL's host
	Krb5Conf     string // default $KRB5_CONFIG or /etc/krb5.conf

	Getenv func(name string) string // looks up environment variables; nil means os.Getenv
}

// Bind logs on to the server called host. The library negotiates neither a security layer nor channel bindings, TLS
// protects the connection: domain controllers that demand either one refuse it (codes 8 and 49 with data 35b), which is
// an error of package ldap.
func (k *Credentials) Bind(c *ldap.Conn, host string) error {
	spn := k.SPN
	if spn == "" {
		spn = "ldap/" + host
	}
	l, err := k.open()
	if err != nil {
		return fmt.Errorf("kerberos: %w", k.discreet(err))
	}
	g := &gssapi.Client{Client: l.client}
	defer g.Close()
	if err := l.logOn(); err != nil {
		return noTicket(spn, l.explain(err))
	}
	// The bind takes the service's ticket from the client, which keeps it.
	if err := patiently(func() error { _, _, err := l.client.GetServiceTicket(spn); return err }); err != nil {
		return noTicket(spn, l.explainService(err))
	}
	err = c.GSSAPIBind(g, spn, "")
	var refused *ldap.Error
	if err == nil || errors.As(err, &refused) && refused.ResultCode < ldap.ErrorNetwork {
		return err
	}
	return noTicket(spn, l.explainService(err))
}

// noTicket says that the server could not be asked for want of a ticket.
func noTicket(spn string, why error) error {
	return &fault.Error{Summary: "kerberos: no ticket for " + spn, Err: why, Hint: fault.Hint(why)}
}

// Name is whom the credentials are for.
func (k *Credentials) Name() string {
	if k.Principal != "" {
		return k.Principal
	}
	f, err := k.find()
	if err != nil || f.ccache == "" {
		return "the owner of the Kerberos keys"
	}
	return "the owner of the Kerberos tickets in " + f.ccache
}

// KDCs are the key distribution centres that the krb5.conf of the configuration names, with or without a port. What the
// environment or the system names is whoever runs dirform's own choice.
func (k *Credentials) KDCs() (hosts []string) {
	if k.Krb5Conf == "" {
		return nil
	}
	conf, err := loadConf(k.Krb5Conf)
	if err != nil {
		return nil // logging on says so, before it sends anything
	}
	for _, realm := range conf.Realms {
		hosts = append(hosts, realm.KDC...)
	}
	return hosts
}

// files are what credentials come from: a keytab or a cache of tickets, and how to reach the realm.
type files struct{ keytab, ccache, conf string }

// find says which files to use: keytab or ccache of the configuration; if it has neither, the keytab in KRB5_KTNAME
// where it names a principal, else the tickets in KRB5CCNAME, else the keytab in KRB5_KTNAME.
func (k *Credentials) find() (f files, err error) {
	f.conf = first(k.Krb5Conf, firstFile(k.getenv("KRB5_CONFIG")), "/etc/krb5.conf")
	keys, tickets := k.getenv("KRB5_KTNAME"), k.getenv("KRB5CCNAME")
	switch {
	case k.Keytab != "":
		f.keytab, err = file("keytab", k.Keytab)
	case k.CCache != "":
		f.ccache, err = file("ccache", k.CCache)
	case keys != "" && (k.Principal != "" || tickets == ""):
		f.keytab, err = file("KRB5_KTNAME", keys)
	case tickets != "":
		f.ccache, err = file("KRB5CCNAME", tickets)
	default:
		err = &fault.Error{Summary: "neither keytab nor ccache is set, and neither KRB5_KTNAME nor KRB5CCNAME",
			Hint: "Set keytab and principal, or ccache, in the kerberos block, or one of the two variables in the environment."}
	}
	return f, err
}

func (k *Credentials) getenv(name string) string {
	if k.Getenv == nil {
		return os.Getenv(name)
	}
	return k.Getenv(name)
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// firstFile is the first existing file of a list as KRB5_CONFIG may be one; the first of all, if none exists.
func firstFile(list string) string {
	names := strings.Split(list, string(os.PathListSeparator))
	for _, name := range names {
		if _, err := os.Stat(name); name != "" && err == nil {
			return name
		}
	}
	return names[0]
}

// file is the path in the name of a keytab or a cache, which may begin with its type. Only files can be read. A single
// letter is a drive of Windows.
func file(what, name string) (string, error) {
	kind, path, ok := strings.Cut(name, ":")
	switch {
	case !ok || len(kind) <= 1 || strings.ContainsAny(kind, `/\.`):
		return name, nil
	case kind == "FILE" || kind == "WRFILE":
		return path, nil
	}
	hint := "Name a file: kinit -c FILE:/tmp/krb5cc_dirform, and " + what + " = FILE:/tmp/krb5cc_dirform."
	if what == "KRB5_KTNAME" || what == "keytab" {
		hint = "Name a file, such as FILE:/etc/dirform.keytab."
	}
	return "", &fault.Error{Summary: fmt.Sprintf("%s is of the type %s, which dirform can't read", what, kind), Hint: hint}
}

// logon is a logon that is under way.
type logon struct {
	client *client.Client
	conf   *config.Config
	files  files
	keys   *keys   // nil with a cache of tickets
	types  []int32 // encryption types that krb5.conf allows
}

// open reads the files.
func (k *Credentials) open() (*logon, error) {
	l := &logon{}
	var err error
	if l.files, err = k.find(); err != nil {
		return nil, err
	}
	user, realm, ok := strings.Cut(k.Principal, "@")
	if l.files.keytab != "" && k.Principal != "" && (!ok || user == "" || realm == "") {
		return nil, fmt.Errorf("principal %q must be user@REALM", k.Principal)
	}
	if l.conf, err = loadConf(l.files.conf); err != nil {
		return nil, fmt.Errorf("%s: %w", l.files.conf, err)
	}
	l.types = l.conf.LibDefaults.DefaultTktEnctypeIDs
	// Active Directory doesn't offer FAST before a ticket was got (RFC 6113).
	noFast := client.DisablePAFXFAST(true)
	if l.files.ccache != "" {
		l.client, err = tickets(l.files.ccache, l.conf, noFast)
		return l, err
	}
	if l.keys, err = readKeys(l.files.keytab, k.Principal); err != nil {
		return nil, err
	}
	// Asked for more, the domain controller would choose a type for which there may be no key.
	l.conf.LibDefaults.DefaultTktEnctypeIDs = l.keys.prefer(l.conf)
	l.client = client.NewWithKeytab(l.keys.user, l.keys.realm, l.keys.table, l.conf, noFast)
	return l, nil
}

// tickets reads a cache of tickets, and says so if they have ended.
func tickets(path string, conf *config.Config, settings ...func(*client.Settings)) (*client.Client, error) {
	cache, err := loadTickets(path)
	if err != nil {
		return nil, fmt.Errorf("the tickets in %s cannot be read: %w", path, err)
	}
	realm := cache.GetClientRealm()
	who := cache.GetClientPrincipalName().PrincipalNameString() + "@" + realm
	again := "Get a new one with kinit, in a job by \"kinit -k -t KEYTAB " + who +
		"\" right before, or let dirform use the keytab."
	granting, ok := cache.GetEntry(types.PrincipalName{NameString: []string{"krbtgt", realm}})
	switch {
	case !ok:
		return nil, &fault.Error{Summary: fmt.Sprintf("%s holds no ticket-granting ticket of %s", path, who), Hint: again}
	case time.Now().After(granting.EndTime):
		return nil, &fault.Error{Summary: fmt.Sprintf("the ticket of %s in %s ended at %s, and now it is %s", who, path,
			moment(granting.EndTime), moment(time.Now())), Hint: again}
	}
	return client.NewFromCCache(cache, conf, settings...)
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// logOn gets a ticket-granting ticket. Where the right key has another version number in the keytab than the domain
// controller counts, as one that was made with ktutil has, it goes by the domain controller's, as kinit does.
func (l *logon) logOn() error {
	err := patiently(l.client.Login)
	var failed krberror.Krberror
	if err == nil || l.keys == nil || !errors.As(err, &failed) || failed.RootCause != krberror.DecryptingError {
		return err
	}
	version, asked := l.version()
	if asked != nil || version == 0 {
		return err
	}
	l.keys.renumber(version)
	return patiently(l.client.Login)
}

// passes is how often all key distribution centres of a realm are asked before they count as silent, as in MIT's
// clients: the library gives each of them five seconds, and a busy one may take longer once.
const passes = 3

// patiently asks again if no key distribution centre answered, and only then.
func patiently(ask func() error) (err error) {
	for range passes {
		var failed krberror.Krberror
		if err = ask(); !errors.As(err, &failed) || failed.RootCause != krberror.NetworkingError {
			return err
		}
	}
	return err
}

// discreet is an error of reading files without the keytab's name, where that is to be hidden.
func (k *Credentials) discreet(err error) error {
	if !k.KeytabHidden || !strings.Contains(err.Error(), strings.TrimPrefix(k.Keytab, "FILE:")) {
		return err
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		return fmt.Errorf("the keytab cannot be read: %w", file.Err)
	}
	return errors.New("the keytab cannot be used")
}
