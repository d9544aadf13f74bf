package table

// The attributes of Active Directory that say what a source object is called. They are the source's own, whatever the kind of its
// counterpart in the tenant; everything else that is read of the source, the rules name.
const (
	SourceUserName = "userPrincipalName"
	SourceMail     = "mail"
	SourceProxies  = "proxyAddresses"
	SourceAccount  = "sAMAccountName"
	SourceDisplay  = "displayName"
)
