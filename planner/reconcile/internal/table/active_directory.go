package table

import "github.com/dirform/dirform/state"

// The attributes of Active Directory that say what a source object is called. They are the source's own, whatever the
// kind of its counterpart in the tenant; everything else that is read of the source, the rules name.
const (
	SourceUserName = "userPrincipalName"
	SourceMail     = "mail"
	SourceProxies  = "proxyAddresses"
	SourceAccount  = "sAMAccountName"
	SourceDisplay  = "displayName"
	SourceNickname = "mailNickname"
)

// SourceNames are the names by which people know a source object, its distinguished name aside: user name, addresses,
// display name, nickname and logon name. Some may be empty.
func SourceNames(o *state.Object) (names []string) {
	for _, attribute := range [...]string{SourceUserName, SourceDisplay, SourceNickname, SourceAccount} {
		names = append(names, o.Get(attribute).Str())
	}
	return append(names, mailAddresses(o.Get(SourceProxies).List(), o.Get(SourceMail).Str())...)
}
