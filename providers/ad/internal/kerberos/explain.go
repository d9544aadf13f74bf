package kerberos

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/krberror"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/dirform/dirform/state/fault"
)

// kdcTimeout is for one question to a key distribution centre.
const kdcTimeout = 5 * time.Second

// answer is what a key distribution centre says to somebody who does not prove who asks.
type answer struct {
	code    int32     // of RFC 4120, section 7.5.9; 0 if it gave a ticket, which it does where no proof is demanded
	text    string    // its words, mostly none
	clock   time.Time // zero if it gave a ticket
	wants   []int32   // encryption types, best first; empty if it doesn't say
	version int       // of the key that it used for the ticket; 0 if it gave none
}

// ask asks for a ticket-granting ticket by a key of certain encryption types; proof is what is to prove who asks, if
// anything.
func (l *logon) ask(etypes []int32, proof ...types.PAData) (answer, error) {
	user := l.client.Credentials.CName()
	user.NameType = nametype.KRB_NT_PRINCIPAL
	req, err := messages.NewASReqForTGT(l.client.Credentials.Domain(), l.conf, user)
	if err != nil {
		return answer{}, err
	}
	req.PAData, req.ReqBody.EType = append(req.PAData, proof...), etypes
	raw, err := req.Marshal()
	if err != nil {
		return answer{}, err
	}
	raw, err = l.exchange(raw)
	if err != nil {
		return answer{}, err
	}
	var reply messages.ASRep
	if reply.Unmarshal(raw) == nil {
		return answer{version: reply.EncPart.KVNO}, nil
	}
	var refusal messages.KRBError
	if err := refusal.Unmarshal(raw); err != nil {
		return answer{}, err
	}
	a := answer{code: refusal.ErrorCode, text: strings.TrimSpace(refusal.EText), clock: refusal.STime}
	a.wants = hints(refusal.EData)
	return a, nil
}

// hints are the encryption types in the data of a refusal (RFC 4120, section 5.2.7.5).
func hints(data []byte) (ids []int32) {
	var list types.PADataSequence
	if list.Unmarshal(data) != nil {
		return nil
	}
	for _, hint := range list {
		if hint.PADataType != patype.PA_ETYPE_INFO2 {
			continue
		}
		info, err := hint.GetETypeInfo2()
		if err != nil {
			return nil
		}
		for _, e := range info {
			ids = append(ids, e.EType)
		}
	}
	return ids
}

// exchange sends a message over TCP, as RFC 4120, section 7.2.2 says, to the first key distribution centre that
// answers.
func (l *logon) exchange(message []byte) ([]byte, error) {
	_, kdcs, err := l.conf.GetKDCs(l.client.Credentials.Domain(), true)
	if err != nil {
		return nil, err
	}
	var errs []error
	for range passes {
		errs = nil
		for i := 1; i <= len(kdcs); i++ { // the library counts from one
			reply, err := exchangeWith(kdcs[i], message)
			if err == nil {
				return reply, nil
			}
			errs = append(errs, fmt.Errorf("%s: %w", kdcs[i], err))
		}
	}
	return nil, errors.Join(errs...)
}

func exchangeWith(addr string, message []byte) ([]byte, error) {
	conn, err := net.DialTimeout("tcp", addr, kdcTimeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(kdcTimeout))
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...)); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > 1<<20 {
		return nil, fmt.Errorf("a reply of %d bytes", n)
	}
	reply := make([]byte, n)
	_, err = io.ReadFull(conn, reply)
	return reply, err
}

// version is the number of the key that the key distribution centre uses, which it tells who proves to have it. It must
// be asked only if the proof was accepted before, for others are counted as failed logons.
func (l *logon) version() (int, error) {
	own := l.conf.LibDefaults.DefaultTktEnctypeIDs
	first, err := l.ask(own)
	if err != nil || first.version != 0 {
		return first.version, err
	}
	i := slices.IndexFunc(first.wants, l.keys.has)
	if i < 0 {
		return 0, nil
	}
	stamp, err := types.GetPAEncTSEncAsnMarshalled()
	if err != nil {
		return 0, err
	}
	secret, number, err := l.keys.table.GetEncryptionKey(l.client.Credentials.CName(), l.keys.realm, 0, first.wants[i])
	if err != nil {
		return 0, err
	}
	sealed, err := crypto.GetEncryptedData(stamp, secret, keyusage.AS_REQ_PA_ENC_TIMESTAMP, number)
	if err != nil {
		return 0, err
	}
	proof, err := sealed.Marshal()
	if err != nil {
		return 0, err
	}
	second, err := l.ask(own, types.PAData{PADataType: patype.PA_ENC_TIMESTAMP, PADataValue: proof})
	return second.version, err
}

// Refused is why a key distribution centre that answers gives no ticket. Another one would give none either, and where
// a proof was wrong, it would count another failed logon.
type Refused struct{ error }

// Unwrap is the reason.
func (e Refused) Unwrap() error { return e.error }

// explain says why there is no ticket-granting ticket, by what the key distribution centre answers now. The error is a
// Refused if it does.
func (l *logon) explain(err error) error {
	a, asked := l.ask(l.types)
	if asked == nil {
		return Refused{l.reason(err, a)}
	}
	return &fault.Error{Summary: "no key distribution centre of " + l.client.Credentials.Domain() + " answers", Err: asked,
		Hint: "Look at kdc under [realms] in " + l.files.conf + ", at name resolution, and at the firewall (port 88)."}
}

// reason is what an answer tells about a logon that failed with err.
func (l *logon) reason(err error, a answer) error {
	if skewed := l.skew(a); skewed != nil {
		return skewed
	}
	if reason, ok := l.refusal(a); ok {
		return reason
	}
	if l.keys != nil && len(a.wants) > 0 && !slices.ContainsFunc(a.wants, l.keys.has) {
		return l.otherTypes(a)
	}
	var failed krberror.Krberror
	refused := a.code == errorcode.KDC_ERR_PREAUTH_REQUIRED || a.code == 0
	if l.keys != nil && refused && errors.As(err, &failed) &&
		(failed.RootCause == krberror.KDCError || failed.RootCause == krberror.DecryptingError) {
		return l.oldKey(a)
	}
	return fault.Advise(err, "Check principal, keytab or ccache and krb5_conf, and that the clocks agree.")
}

// oldKey is the error about a key that is not the account's. The domain controller tells the version of its own only to
// whoever has that, or where no proof is demanded.
func (l *logon) oldKey(a answer) error {
	its := "another key with a higher version"
	if a.version != 0 {
		its = fmt.Sprintf("another key, kvno %d", a.version)
	}
	return &fault.Error{Summary: fmt.Sprintf("the domain controller does not accept the key of %s in the keytab (%s): "+
		"the account's password was changed since, so that it has %s, or the keytab was made for another name",
		l.keys.name(), l.keys, its),
		Hint: "Make the keytab anew. " + l.keys.renewal()}
}

// explainService says why there is no ticket for the server itself, though there was one for the realm.
func (l *logon) explainService(err error) error {
	if a, asked := l.ask(l.types); asked == nil {
		if skewed := l.skew(a); skewed != nil {
			return skewed
		}
	}
	return fault.Advise(err,
		"Use the domain controller's full name in url, or set spn in the kerberos block to a service name that its account "+
			"has: \"setspn -L DC\" on Windows, \"samba-tool spn list DC$\" on Samba. Check keytab or ccache as well.")
}

// skew is an error if the clocks differ by more than Kerberos allows, which by default is five minutes; nil if they
// don't, or nothing is known.
func (l *logon) skew(a answer) error {
	if a.clock.IsZero() {
		return nil
	}
	here := time.Now()
	apart := here.Sub(a.clock).Abs()
	if apart <= l.conf.LibDefaults.Clockskew {
		return nil
	}
	return &fault.Error{Summary: fmt.Sprintf("the clocks differ by %v: here it is %s, on the domain controller %s",
		apart.Round(time.Second), moment(here), moment(a.clock)),
		Hint: fmt.Sprintf("Kerberos allows %v. Set the clock that is wrong (chronyc makestep, w32tm /resync).",
			l.conf.LibDefaults.Clockskew)}
}

// refusal is the error for a code that says something about the account.
func (l *logon) refusal(a answer) (error, bool) {
	who := l.client.Credentials.CName().PrincipalNameString() + "@" + l.client.Credentials.Domain()
	var f fault.Error
	switch a.code {
	case errorcode.KDC_ERR_C_PRINCIPAL_UNKNOWN:
		f = fault.Error{Summary: "the domain controller knows no account " + who,
			Hint: "Correct principal: the account's sAMAccountName, and the realm in capital letters."}
	case errorcode.KDC_ERR_CLIENT_REVOKED:
		f = fault.Error{Summary: "the account " + who + " is disabled, locked out, expired, or may not log on now",
			Hint: "Look at the account."}
	case errorcode.KDC_ERR_KEY_EXPIRED:
		f = fault.Error{Summary: "the password of " + who + " has expired",
			Hint: "Set a new one and make the keytab anew, and let service accounts' passwords never expire."}
	case errorcode.KDC_ERR_ETYPE_NOSUPP:
		if l.keys == nil {
			return nil, false
		}
		return l.otherTypes(a), true
	case errorcode.KDC_ERR_WRONG_REALM:
		f = fault.Error{Summary: who + " is an account of another realm", Hint: "Correct principal, or krb5_conf."}
	case 0, errorcode.KDC_ERR_PREAUTH_REQUIRED:
		return nil, false
	default:
		f = fault.Error{Summary: "the domain controller refuses " + who + ": " + errorcode.Lookup(a.code),
			Hint: "Look at the account."}
	}
	if a.text != "" {
		f.Summary += " (" + a.text + ")"
	}
	return &f, true
}

// otherTypes is the error about a keytab that has keys of encryption types only that the domain controller does not
// take from this account.
func (l *logon) otherTypes(a answer) error {
	wants := ""
	for i, id := range a.wants {
		if i == 0 {
			wants = ", which wants "
		} else {
			wants += " or "
		}
		wants += etypeName(id)
	}
	return &fault.Error{Summary: fmt.Sprintf("the keytab has no key of %s of a type that the domain controller "+
		"takes%s; it has %s", l.keys.name(), wants, l.keys),
		Hint: "Make the keytab anew, with AES keys. " + l.keys.renewal()}
}
