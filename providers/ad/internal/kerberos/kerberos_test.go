package kerberos

import (
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/dirform/dirform/state/fault"
)

const (
	realm  = "CORP.EXAMPLE"
	aes256 = etypeID.AES256_CTS_HMAC_SHA1_96
	aes128 = etypeID.AES128_CTS_HMAC_SHA1_96
	rc4    = etypeID.RC4_HMAC
)

// kdc plays a key distribution centre that knows one account, svc.
type kdc struct {
	t       *testing.T
	addr    string
	keys    *keytab.Keytab // the account's
	version int            // of its key
	takes   []int32        // encryption types
	ahead   time.Duration  // its clock
	refuses int32          // every request, with this code
	wrong   int            // proofs that were not accepted
	silent  atomic.Int32   // requests that get no answer, from now on
}

func newKDC(t *testing.T, version uint8, takes ...int32) *kdc {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	k := &kdc{t: t, addr: ln.Addr().String(), keys: keytab.New(), version: int(version), takes: takes}
	for _, etype := range takes {
		add(t, k.keys, "svc", version, etype, "right")
	}
	add(t, k.keys, "krbtgt/"+realm, version, aes256, "krbtgt")
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			k.serve(conn)
		}
	}()
	return k
}

func add(t *testing.T, table *keytab.Keytab, name string, version uint8, etype int32, password string) {
	t.Helper()
	if err := table.AddEntry(name, realm, password, time.Now(), version, etype); err != nil {
		t.Fatal(err)
	}
}

func (k *kdc) serve(conn net.Conn) {
	defer conn.Close()
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	raw := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(conn, raw); err != nil {
		return
	}
	if k.silent.Add(-1) >= 0 {
		return
	}
	reply := k.answer(raw)
	_, _ = conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(reply))), reply...))
}

func (k *kdc) answer(raw []byte) []byte {
	var req messages.ASReq
	if err := req.Unmarshal(raw); err != nil { // for a ticket of a service, of which it knows none
		return k.refuse(errorcode.KDC_ERR_S_PRINCIPAL_UNKNOWN, nil)
	}
	common := slices.ContainsFunc(k.takes, func(own int32) bool { return slices.Contains(req.ReqBody.EType, own) })
	switch {
	case k.refuses != 0:
		return k.refuse(k.refuses, nil)
	case req.ReqBody.CName.PrincipalNameString() != "svc":
		return k.refuse(errorcode.KDC_ERR_C_PRINCIPAL_UNKNOWN, nil)
	case !common:
		return k.refuse(errorcode.KDC_ERR_ETYPE_NOSUPP, nil)
	}
	for _, pa := range req.PAData {
		if pa.PADataType != patype.PA_ENC_TIMESTAMP {
			continue
		}
		if k.ahead.Abs() > 5*time.Minute {
			return k.refuse(errorcode.KRB_AP_ERR_SKEW, nil)
		}
		var sealed types.EncryptedData
		if err := sealed.Unmarshal(pa.PADataValue); err != nil {
			k.t.Error(err)
		}
		key, _, err := k.keys.GetEncryptionKey(req.ReqBody.CName, realm, 0, sealed.EType)
		if err == nil {
			_, err = crypto.DecryptEncPart(sealed, key, keyusage.AS_REQ_PA_ENC_TIMESTAMP)
		}
		if err != nil {
			k.wrong++
			return k.refuse(errorcode.KDC_ERR_PREAUTH_FAILED, k.hints(req.ReqBody.EType))
		}
		return k.grant(req, key)
	}
	return k.refuse(errorcode.KDC_ERR_PREAUTH_REQUIRED, k.hints(req.ReqBody.EType))
}

// hints is the ETYPE-INFO2 of the account, as far as the client asked for it.
func (k *kdc) hints(asked []int32) []byte {
	type entry struct {
		EType int32 `asn1:"explicit,tag:0"`
	}
	type data struct {
		Type  int32  `asn1:"explicit,tag:1"`
		Value []byte `asn1:"explicit,tag:2"`
	}
	var list []entry
	for _, etype := range k.takes {
		if slices.Contains(asked, etype) {
			list = append(list, entry{etype})
		}
	}
	info, err := asn1.Marshal(list)
	if err != nil {
		k.t.Error(err)
	}
	raw, err := asn1.Marshal([]data{{patype.PA_ETYPE_INFO2, info}})
	if err != nil {
		k.t.Error(err)
	}
	return raw
}

func (k *kdc) refuse(code int32, data []byte) []byte {
	e := messages.NewKRBError(types.PrincipalName{NameType: 2, NameString: []string{"krbtgt", realm}}, realm, code, "")
	e.STime, e.EData = e.STime.Add(k.ahead), data
	raw, err := e.Marshal()
	if err != nil {
		k.t.Error(err)
	}
	return raw
}

func (k *kdc) grant(req messages.ASReq, key types.EncryptionKey) []byte {
	now := time.Now().UTC()
	end := now.Add(time.Hour)
	ticket, session, err := messages.NewTicket(req.ReqBody.CName, realm, req.ReqBody.SName, realm, types.NewKrbFlags(),
		k.keys, aes256,
		k.version, now, now, end, end)
	if err != nil {
		k.t.Error(err)
		return nil
	}
	part := messages.EncKDCRepPart{Key: session, Nonce: req.ReqBody.Nonce, Flags: types.NewKrbFlags(), AuthTime: now,
		StartTime: now,
		EndTime:   end, RenewTill: end, SRealm: realm, SName: req.ReqBody.SName, LastReqs: []messages.LastReq{{LRType: 0,
			LRValue: now}}}
	types.SetFlag(&part.Flags, flags.Initial)
	raw, err := part.Marshal()
	if err != nil {
		k.t.Error(err)
		return nil
	}
	sealed, err := crypto.GetEncryptedData(raw, key, keyusage.AS_REP_ENCPART, k.version)
	if err != nil {
		k.t.Error(err)
		return nil
	}
	rep := messages.ASRep{KDCRepFields: messages.KDCRepFields{PVNO: 5, MsgType: msgtype.KRB_AS_REP, CRealm: realm,
		CName:  req.ReqBody.CName,
		Ticket: ticket, EncPart: sealed}}
	out, err := rep.Marshal()
	if err != nil {
		k.t.Error(err)
	}
	return out
}

// conf is a krb5.conf for the realm.
func (k *kdc) conf() string {
	return file5(k.t, "krb5.conf", fmt.Appendf(nil,
		"[libdefaults]\n default_realm = %s\n dns_lookup_kdc = false\n udp_preference_limit = 1\n"+
			" allow_weak_crypto = true\n[realms]\n %s = {\n  kdc = %s\n }\n", realm, realm, k.addr))
}

func file5(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// made is a key in a keytab of a test.
type made struct {
	name     string
	version  uint8
	etype    int32
	password string
}

func writeKeytab(t *testing.T, keys ...made) string {
	t.Helper()
	table := keytab.New()
	for _, k := range keys {
		add(t, table, k.name, k.version, k.etype, k.password)
	}
	raw, err := table.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return file5(t, "svc.keytab", raw)
}

// told is an error's words and what it says is to be done.
func told(err error) string { return err.Error() + "\n" + fault.Hint(err) }

// What a keytab and a domain controller can disagree about, and what is told of it.
// TestBusyKDC leaves requests without an answer, as a domain controller under load does.
func TestBusyKDC(t *testing.T) {
	for silent, want := range []string{"", "", "", "no key distribution centre of " + realm + " answers"} {
		k := newKDC(t, 1, aes256)
		keys := writeKeytab(t, made{"svc", 1, aes256, "right"})
		l, err := (&Credentials{Keytab: keys, Principal: "svc@" + realm, Krb5Conf: k.conf()}).open()
		if err != nil {
			t.Fatal(err)
		}
		k.silent.Store(int32(silent))
		if want != "" {
			k.silent.Store(1000)
		}
		switch err := l.logOn(); {
		case want == "" && err != nil:
			t.Errorf("%d silent: %v", silent, err)
		case want != "" && (err == nil || !strings.Contains(l.explain(err).Error(), want)):
			t.Errorf("%d silent: %v", silent, err)
		}
		// one answer is late when it is asked why there is none
		k.silent.Store(1)
		if a, err := l.ask(l.types); err != nil || a.code != errorcode.KDC_ERR_PREAUTH_REQUIRED {
			t.Errorf("%d silent: %+v, %v", silent, a, err)
		}
	}
}

func TestKeytabs(t *testing.T) {
	both := func(want ...string) []string { return want }
	for name, c := range map[string]struct {
		kdc  func(*kdc)
		keys []made
		want []string // nothing: a ticket is got
	}{
		"right":          {nil, []made{{"svc", 4, aes256, "right"}}, nil},
		"another number": {nil, []made{{"svc", 1, aes256, "right"}}, nil},
		"the newest counts": {nil, []made{{"svc", 3, aes256, "old"}, {"svc", 4, aes256, "right"}, {"svc", 2, aes256,
			"older"}}, nil},
		"second best type":     {nil, []made{{"svc", 4, aes128, "right"}}, nil},
		"an old type besides":  {nil, []made{{"svc", 4, rc4, "right"}, {"svc", 4, aes128, "right"}}, nil},
		"others' keys besides": {nil, []made{{"svc2", 9, aes256, "x"}, {"svc", 4, aes256, "right"}}, nil},
		"password was changed": {nil, []made{{"svc", 3, aes256, "old"}},
			both("does not accept the key of svc@CORP.EXAMPLE in the keytab (kvno 3, aes256-cts-hmac-sha1-96, made 20",
				"changed since", "ktpass /out", "samba-tool domain exportkeytab svc.keytab --principal=svc@CORP.EXAMPLE",
				"msDS-KeyVersionNumber")},
		"old type only": {nil, []made{{"svc", 3, rc4, "right"}},
			both("no key of svc@CORP.EXAMPLE of a type that the domain controller takes, which wants aes256-cts-hmac-sha1-96 "+
				"or aes128-cts-hmac-sha1-96", "it has kvno 3, rc4-hmac", "AES keys")},
		"other principal": {nil, []made{{"SVC", 3, aes256, "right"}, {"http/x", 1, aes256, "x"}},
			both("the keytab has no key of svc@CORP.EXAMPLE, but of SVC@CORP.EXAMPLE, http/x@CORP.EXAMPLE", "letter by letter")},
		"clock ahead": {func(k *kdc) { k.ahead = 20*time.Minute + 30*time.Second }, []made{{"svc", 4, aes256,
			"right"}}, both("the clocks differ by 20m", "here it is 20", ", on the domain controller 20",
			"Kerberos allows 5m0s")},
		"clock behind, wrong key": {func(k *kdc) { k.ahead = -time.Hour - time.Minute }, []made{{"svc", 4, aes256, "old"}},
			both("the clocks differ by 1h1m")},
		"account unknown": {func(k *kdc) { k.refuses = errorcode.KDC_ERR_C_PRINCIPAL_UNKNOWN }, []made{{"svc", 4,
			aes256, "x"}}, both("knows no account svc@CORP.EXAMPLE")},
		"account switched off": {func(k *kdc) { k.refuses = errorcode.KDC_ERR_CLIENT_REVOKED }, []made{{"svc", 4, aes256,
			"x"}}, both("svc@CORP.EXAMPLE is disabled, locked out")},
		"password expired": {func(k *kdc) { k.refuses = errorcode.KDC_ERR_KEY_EXPIRED }, []made{{"svc", 4, aes256,
			"x"}}, both("has expired")},
		"something else is wrong": {func(k *kdc) { k.refuses = errorcode.KDC_ERR_POLICY }, []made{{"svc", 4, aes256, "x"}},
			both("KDC policy rejects request")},
		"nobody is there": {func(k *kdc) { k.addr = "127.0.0.1:1" }, []made{{"svc", 4, aes256, "x"}},
			both("no key distribution centre of CORP.EXAMPLE answers", "krb5.conf", "port 88")},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKDC(t, 4, aes256, aes128)
			if c.kdc != nil {
				c.kdc(k)
			}
			cred := &Credentials{Keytab: writeKeytab(t, c.keys...), Principal: "svc@corp.example", Krb5Conf: k.conf()}
			l, err := cred.open()
			if err == nil {
				if err = l.logOn(); err != nil {
					err = l.explain(err)
				}
				l.client.Destroy()
			}
			if (err == nil) != (len(c.want) == 0) {
				t.Fatal(err)
			}
			// Only a domain controller that doesn't answer, or a keytab that nobody was asked about, is no reason to leave
			// others alone.
			if err != nil && errors.As(err, &Refused{}) != (name != "nobody is there" && name != "other principal") {
				t.Errorf("%T", err)
			}
			for _, want := range c.want {
				if !strings.Contains(told(err), want) {
					t.Errorf("no %q in %s", want, told(err))
				}
			}
			if k.wrong > 1 {
				t.Errorf("%d wrong proofs, each of which counts towards a lockout", k.wrong)
			}
		})
	}
}

// What the configuration names wins over the environment.
func TestWhichFiles(t *testing.T) {
	other, conf := file5(t, "krb5.conf", nil), "/nowhere/krb5.conf"
	for name, c := range map[string]struct {
		k    Credentials
		env  map[string]string
		want files
		err  string
	}{
		"configuration": {Credentials{Keytab: "/k", Krb5Conf: conf}, map[string]string{"KRB5_CONFIG": other,
			"KRB5_KTNAME": "/e", "KRB5CCNAME": "/c"},
			files{keytab: "/k", conf: conf}, ""},
		"its tickets": {Credentials{CCache: "FILE:/t"}, map[string]string{"KRB5_KTNAME": "/e", "KRB5CCNAME": "/c"},
			files{ccache: "/t", conf: "/etc/krb5.conf"}, ""},
		"a principal": {Credentials{Principal: "svc@X"}, map[string]string{"KRB5_KTNAME": "FILE:/e",
			"KRB5CCNAME": "/c"}, files{keytab: "/e", conf: "/etc/krb5.conf"}, ""},
		"a principal, no keytab": {Credentials{Principal: "svc@X"}, map[string]string{"KRB5CCNAME": "/c"}, files{ccache: "/c",
			conf: "/etc/krb5.conf"}, ""},
		"tickets": {Credentials{}, map[string]string{"KRB5_KTNAME": "/e", "KRB5CCNAME": "FILE:/c"},
			files{ccache: "/c", conf: "/etc/krb5.conf"}, ""},
		"keytab alone": {Credentials{}, map[string]string{"KRB5_KTNAME": "WRFILE:/e"}, files{keytab: "/e",
			conf: "/etc/krb5.conf"}, ""},
		"several krb5.conf": {Credentials{CCache: "/t"}, map[string]string{"KRB5_CONFIG": "/nowhere" +
			string(os.PathListSeparator) + other}, files{ccache: "/t", conf: other}, ""},
		"KCM": {Credentials{}, map[string]string{"KRB5CCNAME": "KCM:1000"}, files{conf: "/etc/krb5.conf"},
			"KRB5CCNAME is of the type KCM, which dirform can't read"},
		"KEYRING": {Credentials{}, map[string]string{"KRB5CCNAME": "KEYRING:persistent:0"},
			files{conf: "/etc/krb5.conf"}, "type KEYRING"},
		"DIR": {Credentials{}, map[string]string{"KRB5CCNAME": "DIR:/tmp/c"},
			files{conf: "/etc/krb5.conf"}, "type DIR"},
		"MEMORY": {Credentials{Principal: "svc@X"}, map[string]string{"KRB5_KTNAME": "MEMORY:x"},
			files{conf: "/etc/krb5.conf"}, "KRB5_KTNAME is of the type MEMORY"},
		"a drive": {Credentials{}, map[string]string{"KRB5CCNAME": `C:\tickets`}, files{ccache: `C:\tickets`,
			conf: "/etc/krb5.conf"}, ""},
		"nothing": {Credentials{}, nil, files{conf: "/etc/krb5.conf"}, "neither keytab nor ccache"},
	} {
		c.k.Getenv = func(name string) string { return c.env[name] }
		got, err := c.k.find()
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(told(err), c.err) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A keytab in the environment needs no principal if it has one only.
func TestPrincipalOfKeytab(t *testing.T) {
	one := writeKeytab(t, made{"svc", 1, aes256, "x"}, made{"svc", 1, aes128, "x"})
	if k, err := readKeys(one, ""); err != nil || k.name() != "svc@"+realm || k.String() == "" {
		t.Errorf("%v, %v", k, err)
	}
	if _, err := readKeys(writeKeytab(t, made{"svc", 1, aes256, "x"}, made{"web", 1, aes128, "x"}), ""); err == nil ||
		!strings.Contains(told(err), "svc@CORP.EXAMPLE, web@CORP.EXAMPLE") {
		t.Error(err)
	}
}

// cache writes a cache of tickets (version 4 of the format) with the ticket-granting ticket that k gives.
func cache(t *testing.T, end time.Time) string {
	t.Helper()
	b := []byte{5, 4, 0, 0}
	text := func(s string) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...) }
	name := func(parts ...string) {
		b = binary.BigEndian.AppendUint32(b, 1)
		b = binary.BigEndian.AppendUint32(b, uint32(len(parts)))
		text(realm)
		for _, p := range parts {
			text(p)
		}
	}
	name("svc")
	name("svc")
	name("krbtgt", realm)
	b = binary.BigEndian.AppendUint16(b, uint16(aes256))
	text(strings.Repeat("k", 32))
	for _, at := range []time.Time{end.Add(-time.Hour), end.Add(-time.Hour), end, end} {
		b = binary.BigEndian.AppendUint32(b, uint32(at.Unix()))
	}
	b = append(b, 0)
	b = binary.BigEndian.AppendUint32(b, 0) // flags
	b = binary.BigEndian.AppendUint32(b, 0) // addresses
	b = binary.BigEndian.AppendUint32(b, 0) // authorization data
	text("no ticket")
	text("")
	return file5(t, "tickets", b)
}

func TestTicketsEnd(t *testing.T) {
	k := newKDC(t, 4, aes256)
	c := &Credentials{CCache: cache(t, time.Now().Add(-time.Hour)), Krb5Conf: k.conf()}
	_, err := c.open()
	if err == nil || !strings.Contains(told(err), "the ticket of svc@CORP.EXAMPLE in "+c.CCache+" ended at 20") ||
		!strings.Contains(told(err), "kinit -k -t KEYTAB svc@CORP.EXAMPLE") {
		t.Error(err)
	}
	c.CCache = cache(t, time.Now().Add(time.Hour))
	if _, err := c.open(); err == nil || !strings.Contains(err.Error(), "TGT bytes") {
		t.Error(err)
	}
}
