package kerberos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/dirform/dirform/state/fault"
)

// keys are those of one principal in a keytab.
type keys struct {
	table       *keytab.Keytab
	user, realm string
	entries     []key // the newest version of each encryption type
}

// key is what is known about a key but for the key itself.
type key struct {
	etype   int32
	version uint32
	made    time.Time
}

// readKeys reads the keys of a principal, user@REALM; of the only one that the keytab has, if that is "".
func readKeys(path, principal string) (*keys, error) {
	table, err := loadKeys(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range table.Entries {
		if name := e.Principal.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if principal == "" {
		if len(names) != 1 {
			return nil, &fault.Error{Summary: "the keytab has keys of several principals: " + listed(names),
				Hint: "Say which one by principal in the kerberos block."}
		}
		principal = names[0]
	}
	k := &keys{table: table}
	k.user, k.realm, _ = strings.Cut(principal, "@")
	k.realm = strings.ToUpper(k.realm)
	for _, e := range table.Entries {
		if e.Principal.String() == k.name() {
			k.note(key{e.Key.KeyType, e.KVNO, e.Timestamp})
		}
	}
	// The library would take the key that was written last, whatever its version.
	for i := len(table.Entries) - 1; i >= 0; i-- {
		e := table.Entries[i]
		if e.Principal.String() != k.name() || !slices.Contains(k.entries, key{e.Key.KeyType, e.KVNO, e.Timestamp}) {
			table.Entries = slices.Delete(table.Entries, i, i+1)
		}
	}
	if len(k.entries) == 0 {
		return nil, &fault.Error{Summary: fmt.Sprintf("the keytab has no key of %s, but of %s", k.name(), listed(names)),
			Hint: "Correct principal, which is compared letter by letter, or make the keytab anew. " + k.renewal()}
	}
	return k, nil
}

// name is the principal.
func (k *keys) name() string { return k.user + "@" + k.realm }

// note keeps the newest of an encryption type.
func (k *keys) note(x key) {
	for i, have := range k.entries {
		if have.etype == x.etype {
			if x.version > have.version {
				k.entries[i] = x
			}
			return
		}
	}
	k.entries = append(k.entries, x)
}

// prefer is what a krb5.conf allows of the encryption types of these keys, in its order; all that it allows, if it is
// none of them.
func (k *keys) prefer(conf *config.Config) []int32 {
	all := conf.LibDefaults.DefaultTktEnctypeIDs
	if own := slices.DeleteFunc(slices.Clone(all), func(id int32) bool { return !k.has(id) }); len(own) > 0 {
		return own
	}
	return all
}

func (k *keys) has(etype int32) bool {
	return slices.ContainsFunc(k.entries, func(x key) bool { return x.etype == etype })
}

// renumber gives the keys another version number, in memory.
func (k *keys) renumber(version int) {
	for i := range k.table.Entries {
		k.table.Entries[i].KVNO = uint32(version)
	}
}

// String says which keys there are, such as "kvno 3, aes256-cts-hmac-sha1-96, made 2026-01-02".
func (k *keys) String() string {
	var list []string
	for _, x := range k.entries {
		text := fmt.Sprintf("kvno %d, %s", x.version, etypeName(x.etype))
		if x.made.Unix() > 0 { // ktpass writes none
			text += ", made " + x.made.UTC().Format(time.DateOnly)
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

// renewal is how to make a keytab, on either kind of domain controller.
func (k *keys) renewal() string {
	return fmt.Sprintf("On Windows: ktpass /out svc.keytab /princ %s /mapuser %s /crypto AES256-SHA1 /ptype "+
		"KRB5_NT_PRINCIPAL /pass * (it sets the password; \"Get-ADUser %s -Properties msDS-KeyVersionNumber\" shows the "+
		"version that counts). "+
		"On Samba: samba-tool domain exportkeytab svc.keytab --principal=%s.", k.name(), k.user, k.user, k.name())
}

// etypes are the encryption types of Active Directory by name (MS-KILE, section 2.2.7).
var etypes = map[int32]string{
	etypeID.AES256_CTS_HMAC_SHA1_96: "aes256-cts-hmac-sha1-96", etypeID.AES128_CTS_HMAC_SHA1_96: "aes128-cts-hmac-sha1-96",
	etypeID.RC4_HMAC: "rc4-hmac", etypeID.DES_CBC_MD5: "des-cbc-md5", etypeID.DES_CBC_CRC: "des-cbc-crc",
}

func etypeName(id int32) string {
	if name, ok := etypes[id]; ok {
		return name
	}
	return fmt.Sprintf("encryption type %d", id)
}

// listed names a few.
func listed(names []string) string {
	const most = 5
	if len(names) == 0 {
		return "nobody"
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d others", len(names)-most)
	}
	return strings.Join(names, ", ")
}
