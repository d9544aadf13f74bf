// Package system tells which objects of Active Directory are no people: accounts of the domain itself, of Exchange, of sync engines,
// of trusts, and what replication renamed because its name was taken. Computers and managed service accounts are of other classes
// (objectCategory), which are never read.
//
// The list follows what Microsoft Entra Connect leaves out (Microsoft Learn, "Microsoft Entra Connect Sync: understanding the default
// configuration"), and accounts beyond it that Exchange and Windows make and nobody signs in with. Two of Connect's rules are not
// taken over: an object without sAMAccountName or userAccountControl is one that may not be read, and that is a finding (DF110).
package system

import (
	"strings"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// The attributes that tell.
const (
	critical  = "isCriticalSystemObject"
	logonName = "sAMAccountName"
	userName  = "userPrincipalName"
	nickname  = "mailNickname"
	recipient = Recipient
	control   = "userAccountControl"
	service   = "servicePrincipalName"
	given     = "givenName"
	master    = "msExchMasterAccountSid"
	own       = "objectSid"
)

// Recipient is the attribute that says what sort of mailbox an object has.
const Recipient = "msExchRecipientTypeDetails"

// Attributes are the source attributes by which objects are told; an object's name tells as well.
func Attributes() []string {
	return []string{critical, logonName, userName, nickname, recipient, control, service, given, master, own}
}

// recipients are the sorts of mailbox (msExchRecipientTypeDetails, a bit each) that belong to Exchange itself: public folder 0x1000,
// system attendant 0x2000, mailbox database 0x4000, arbitration 0x800000 and its relatives, discovery 0x20000000; and that of
// health mailboxes, monitoring, 0x8000000000.
const recipients = 0x21C07000 | 0x8000000000

// A name is one by which products call accounts of theirs.
type name struct {
	prefix string // in lower case
	// rest says what may follow the prefix, in lower case; nil for anything.
	rest func(string) bool
	// logon says that only sAMAccountName tells: user names and nicknames that begin so are people's.
	logon bool
	what  string
}

const exchange = "a mailbox of Exchange itself"

// The forms of Exchange's names are those that its setup and its monitoring write: an arbitration mailbox has the logon name SM_ and 17
// hexadecimal digits, and a user name, nickname and common name of a word and a GUID; a health mailbox has 32 digits, and the first 7
// of them in the logon name, which has room for 20 characters.
var names = []name{
	{"krbtgt", func(s string) bool { return s == "" || s[0] == '_' }, false, "the domain's own account"},
	{"aad_", nil, true, "a sync engine's account"},
	{"msol_", nil, true, "a sync engine's account"},
	{"support_388945a0", empty, true, "a Windows support account"},
	{"systemmailbox{", nil, false, exchange},
	{"discoverysearchmailbox{", nil, false, exchange},
	{"discoverysearchmailbox {", nil, false, exchange},
	{"healthmailbox", func(s string) bool { return (len(s) == 7 || len(s) == 32) && hexadecimal(s) }, false, exchange},
	{"federatedemail.", guid, false, exchange},
	{"migration.", guid, false, exchange},
	{"sm_", func(s string) bool { return len(s) == 17 && hexadecimal(s) }, true, exchange},
	{"cas_", func(s string) bool { return strings.Contains(s, "}") }, false, exchange},
}

func empty(s string) bool { return s == "" }

// hexadecimal reports whether a text in lower case has no other characters than hexadecimal digits.
func hexadecimal(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

func guid(s string) bool {
	_, ok := state.ParseGUID(s)
	return ok
}

// Teller tells system objects among objects of one shape.
type Teller struct {
	critical, logonName, userName, nickname, recipient, control, service, given, master, own int
}

// NewTeller is a teller for objects of a shape. What the shape lacks tells nothing.
func NewTeller(shape *state.Shape) *Teller {
	return &Teller{critical: shape.Index(critical), logonName: shape.Index(logonName), userName: shape.Index(userName),
		nickname: shape.Index(nickname), recipient: shape.Index(recipient), control: shape.Index(control),
		service: shape.Index(service), given: shape.Index(given), master: shape.Index(master), own: shape.Index(own)}
}

// What says what a system object is, such as "a sync engine's account"; "" for any other object.
func (t *Teller) What(o *state.Object) string {
	if dn.Conflict(o.DN) {
		return "a copy that replication renamed"
	}
	if t.value(o, t.critical).Bool() {
		return "a critical system object of the domain"
	}
	if t.value(o, t.recipient).Int()&recipients != 0 {
		return exchange
	}
	if t.Linked(o) {
		return LinkedMailbox
	}
	logon := t.value(o, t.logonName).Str()
	if strings.HasSuffix(logon, "$") {
		return "the account of a computer, a service or a trust"
	}
	if what := called(logon, true); what != "" {
		return what
	}
	if what := called(t.value(o, t.nickname).Str(), false); what != "" {
		return what
	}
	user, _, _ := strings.Cut(t.value(o, t.userName).Str(), "@")
	return called(user, false)
}

// LinkedMailbox is what [Teller.What] says of a linked mailbox.
const LinkedMailbox = "the mailbox of somebody who has an account elsewhere"

const (
	disabled = 2          // ADS_UF_ACCOUNTDISABLE of userAccountControl
	self     = "S-1-5-10" // stands for a mailbox without an account of its own, such as a shared one
	linked   = 2          // LinkedMailbox of msExchRecipientTypeDetails
)

// Linked reports whether an object is the disabled account to which Exchange ties the mailbox of somebody whose account
// lies in another domain or forest, or beside it. The two are one person, whose anchor is the enabled account's. An account that
// names itself as the owner is its own, and a shared, room or equipment mailbox nobody's, whoever is named.
func (t *Teller) Linked(o *state.Object) bool {
	owner, sort := t.value(o, t.master).Str(), t.value(o, t.recipient).Int()
	if sort != linked && (owner == "" || owner == self || owner == t.value(o, t.own).Str() || shared[sort] != "") {
		return false
	}
	control := t.value(o, t.control)
	return control.IsNull() || control.Int()&disabled != 0
}

// SwitchedOff reports whether Active Directory has an object's account disabled; not if that could not be read.
func SwitchedOff(o *state.Object) bool {
	c := o.Get(control)
	return !c.IsNull() && c.Int()&disabled != 0
}

// passwordStays is the bit of userAccountControl that a password never expires (MS-ADTS 2.2.16, ADS_UF_DONT_EXPIRE_PASSWD).
const passwordStays = 0x10000

// Service reports whether an object looks like the account of a service rather than a person's: it has names of services, or a
// password that never expires and nobody's given name. People may look so too, so that nothing more than a warning follows.
func (t *Teller) Service(o *state.Object) bool {
	return len(t.value(o, t.service).List()) > 0 ||
		t.value(o, t.control).Int()&passwordStays != 0 && state.Blank(t.value(o, t.given).Str())
}

func (t *Teller) value(o *state.Object, at int) state.Value {
	if at < 0 || at >= len(o.Values) {
		return state.Null()
	}
	return o.Values[at]
}

// called is what an account with a name is, a logon name (sAMAccountName) or another one; "" for a name like any other. The first
// letters decide nearly always.
func called(s string, logon bool) string {
	if s == "" || !strings.ContainsRune("kamshdfcKAMSHDFC", rune(s[0])) {
		return ""
	}
	for i := range names {
		n := &names[i]
		if len(s) < len(n.prefix) || !strings.EqualFold(s[:len(n.prefix)], n.prefix) || n.logon && !logon {
			continue
		}
		if n.rest == nil || n.rest(strings.ToLower(s[len(n.prefix):])) {
			return n.what
		}
	}
	return ""
}

// shared are the sorts of mailbox, here and in Exchange Online, that nobody signs in to.
var shared = map[int64]string{4: "a shared mailbox", 16: "a room mailbox", 32: "an equipment mailbox", 1 << 33: "a room mailbox",
	1 << 34: "an equipment mailbox", 1 << 35: "a shared mailbox"}

// Shared is what an object's mailbox is if several people share it, such as "a room mailbox"; else "".
func Shared(o *state.Object) string { return shared[o.Get(Recipient).Int()] }
