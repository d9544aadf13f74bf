package kerberos

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/dirform/dirform/state/fault"
)

// FuzzKeytab reads anything as a keytab, and a keytab with a byte of it changed and its end cut off. Of what can be
// read the newest key of each type of one principal is left; of the rest it is said what to do, without a byte of
// the keys.
func FuzzKeytab(f *testing.F) {
	const password = "right"
	table := keytab.New()
	for i, name := range []string{"svc", "svc", "svc", "HTTP/x", "svc"} {
		if err := table.AddEntry(name, realm, password, time.Unix(1e9, 0), []uint8{3, 4, 2, 9, 4}[i], []int32{aes256,
			aes256, aes256, aes128, aes128}[i]); err != nil {
			f.Fatal(err)
		}
	}
	good, err := table.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	key := table.Entries[0].Key.KeyValue
	f.Add(good, uint16(0), byte(5), uint16(0), "svc@"+realm)
	f.Add(good, uint16(0), byte(5), uint16(0), "")
	f.Add(good, uint16(0), byte(5), uint16(0), "Svc@"+realm)
	for at := range min(len(good), 60) {
		f.Add(good, uint16(at), byte(0xff), uint16(0), "svc@"+realm)
		f.Add(good, uint16(at), byte(0), uint16(at), "svc@"+strings.ToLower(realm))
	}
	f.Add([]byte{}, uint16(0), byte(0), uint16(0), "")
	f.Add([]byte{5, 2, 0x80, 0, 0, 0}, uint16(2), byte(0x80), uint16(0), "")
	f.Add([]byte{5, 2, 0xff, 0xff, 0xff, 0xf0}, uint16(2), byte(0xff), uint16(0), "")
	path := filepath.Join(f.TempDir(), "keytab")
	f.Fuzz(func(t *testing.T, data []byte, at uint16, to byte, cut uint16, principal string) {
		data = slices.Clone(data)
		if len(data) > 0 {
			data[int(at)%len(data)] = to
			data = data[:len(data)-int(cut)%len(data)]
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := readKeys(path, principal)
		if err != nil {
			d := fault.Describe(err)
			if d.Summary == "" || d.Hint == "" || strings.Contains(told(err), string(key)) ||
				strings.Contains(told(err), string(data)) && len(data) > 8 {
				t.Errorf("%q", told(err))
			}
			return
		}
		all := keytab.New()
		if err := all.Unmarshal(data); err != nil {
			t.Fatal(err)
		}
		newest := map[int32]uint32{}
		for _, e := range all.Entries {
			if e.Principal.String() == k.name() {
				newest[e.Key.KeyType] = max(newest[e.Key.KeyType], e.KVNO)
			}
		}
		left := map[int32]bool{}
		for _, e := range k.table.Entries {
			if left[e.Key.KeyType] = true; e.Principal.String() != k.name() || e.KVNO != newest[e.Key.KeyType] {
				t.Errorf("of %s's keys number %d of type %d is left", e.Principal, e.KVNO, e.Key.KeyType)
			}
		}
		if len(left) != len(newest) || len(newest) != len(k.entries) || len(newest) == 0 || k.String() == "" {
			t.Errorf("keys of %v are left, of %v", left, newest)
		}
	})
}

// ticketCache is a cache with the ticket-granting ticket of svc, which ends then, and a second ticket, in one of
// the four versions of the format.
func ticketCache(version byte, end time.Time) []byte {
	var order binary.AppendByteOrder = binary.BigEndian
	if version < 3 {
		order = binary.NativeEndian
	}
	b := []byte{5, version}
	if version == 4 {
		b = append(b, 0, 12, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	text := func(s string) { b = append(order.AppendUint32(b, uint32(len(s))), s...) }
	name := func(parts ...string) {
		n := len(parts)
		if version > 1 {
			b = order.AppendUint32(b, 1)
		} else {
			n++
		}
		b = order.AppendUint32(b, uint32(n))
		text(realm)
		for _, p := range parts {
			text(p)
		}
	}
	name("svc")
	for _, service := range []string{"krbtgt", "ldap"} {
		name("svc")
		name(service, realm)
		b = order.AppendUint16(b, uint16(aes256))
		if version == 3 {
			b = order.AppendUint16(b, uint16(aes256))
		}
		text(strings.Repeat("k", 32))
		for range 4 {
			b = order.AppendUint32(b, uint32(end.Unix()))
		}
		b = append(b, 0, 0, 0, 0, 0)
		for range 2 { // an address and authorisation data
			b = order.AppendUint32(b, 1)
			b = order.AppendUint16(b, 2)
			text("abcd")
		}
		text("no ticket")
		text("")
	}
	return b
}

// FuzzTickets reads anything as a cache of tickets, and such a cache with a number in it changed, or cut off: a
// length that is not true is an error and takes no memory.
func FuzzTickets(f *testing.F) {
	conf, err := loadConf(file5f(f, "krb5.conf", "[libdefaults]\n default_realm = "+realm+"\n"))
	if err != nil {
		f.Fatal(err)
	}
	for version := byte(1); version <= 4; version++ {
		good := ticketCache(version, time.Unix(4e9, 0))
		f.Add(good, uint16(len(good)), uint32(0), uint16(0))
		f.Add(ticketCache(version, time.Unix(1e9, 0)), uint16(len(good)), uint32(0), uint16(0))
		for at := int(version); at < len(good); at += 5 {
			f.Add(good, uint16(at), uint32(0x7fffffff), uint16(0))
			f.Add(good, uint16(at+1), uint32(0xfffffff0), uint16(at))
		}
	}
	f.Add([]byte{}, uint16(0), uint32(0), uint16(0))
	f.Add([]byte{5}, uint16(9), uint32(0), uint16(0))
	path := filepath.Join(f.TempDir(), "tickets")
	f.Fuzz(func(t *testing.T, data []byte, at uint16, to uint32, cut uint16) {
		data = slices.Clone(data)
		if i := int(at); i+4 <= len(data) {
			binary.BigEndian.PutUint32(data[i:], to)
		}
		if len(data) > 0 {
			data = data[:len(data)-int(cut)%len(data)]
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := tickets(path, conf); (c == nil) == (err == nil) && !strings.Contains(err.Error(), "not valid") ||
			err != nil && err.Error() == "" {
			t.Errorf("%v, %v", c, err)
		}
	})
}

// FuzzConf reads anything as a krb5.conf.
func FuzzConf(f *testing.F) {
	f.Add("[libdefaults]\n default_realm = X\n dns_lookup_kdc = false\n[realms]\n X = {\n  kdc = a:88\n admin_server = b\n }\n[domain_realm]\n .x = X\n")
	for _, s := range []string{"", "[realms]", "[realms]\n}", "[realms]\nX = {", "[realms]\nX = {\nkdc\n}",
		"[realms]\n = {\n}", "[realms]\nX = {\nkdc = \n}", "[realms]\n{\n}\n",
		"[libdefaults]\nticket_lifetime = 1d2h\n", "[libdefaults]\nticket_lifetime = :\n",
		"[libdefaults]\nclockskew = 1d\nkdc_timesync\n", "[libdefaults]\nextra_addresses = ,\n",
		"[libdefaults]\npreferred_preauth_types = ,\n", "[domain_realm]\n=\n",
		"[libdefaults]\nkdc_default_options = 0x\n", "include x\n[x]\n",
		"[libdefaults]\nkdc_default_options = 0x0102030405060708\n",
		"[realms]\nX = {\nkpasswd_server = :\nkdc = *\n}\n", "[realms]\nX = {\n v4 = {\n }\n}\n"} {
		f.Add(s)
	}
	path := filepath.Join(f.TempDir(), "krb5.conf")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		conf, err := loadConf(path)
		if err == nil && conf == nil {
			t.Error("neither a configuration nor an error")
		}
		(&Credentials{Krb5Conf: path}).KDCs()
	})
}

func file5f(f *testing.F, name, text string) string {
	path := filepath.Join(f.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
	return path
}
