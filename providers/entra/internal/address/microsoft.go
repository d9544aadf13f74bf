package address

import (
	"slices"
	"strings"
)

// logins are the hosts at which Microsoft's clouds sign in. They have several names each: the documents of one name
// others, and that of China names login.partner.microsoftonline.cn for tokens. The list is that of MSAL
// (aadTrustedHostList), without clouds that are not offered any more or that environment cannot name.
var logins = []string{
	"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net",
	"login.microsoftonline.us", "login-us.microsoftonline.com", "login.usgovcloudapi.net",
	"login.chinacloudapi.cn", "login.partner.microsoftonline.cn",
}

// MicrosoftLogin reports whether Microsoft's clouds sign in at a host, one of a region included.
func MicrosoftLogin(host string) bool {
	host = Name(host)
	return slices.ContainsFunc(logins, func(l string) bool { return host == l || strings.HasSuffix(host, "."+l) })
}

// Name is a host's name as it is compared: in small letters, without the dot of a complete one.
func Name(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }
