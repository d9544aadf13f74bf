package graphd

import "strings"

// byUPN is the living user with this UPN, or nil.
func (t *Tenant) byUPN(upn string) *object {
	for _, o := range t.upns.candidates(upn) {
		if strings.EqualFold(text(o.rec.get(propUPN)), upn) {
			return o
		}
	}
	return nil
}

// byAnchor is the living user with this onPremisesImmutableId, which is compared exactly, or nil.
func (t *Tenant) byAnchor(anchor string) *object {
	for _, o := range t.anchors.candidates(anchor) {
		if text(o.rec.get(propImmutableID)) == anchor {
			return o
		}
	}
	return nil
}

// byAddress is a living object other than except that has this address, in mail or proxyAddresses, or nil.
func (t *Tenant) byAddress(address string, except *object) *object {
	for _, o := range t.address.candidates(address) {
		if o == except {
			continue
		}
		if strings.EqualFold(text(o.rec.get(propMail)), address) {
			return o
		}
		for _, a := range texts(o.rec.get(propProxyAddresses)) {
			if strings.EqualFold(bareAddress(a), address) {
				return o
			}
		}
	}
	return nil
}

// bareAddress is a proxy address without its type: SMTP: and smtp: name the same mailbox.
func bareAddress(a string) string {
	if len(a) > 5 && strings.EqualFold(a[:5], "smtp:") {
		return a[5:]
	}
	return a
}

// clash finds a living object, other than o, that has a value which next wants for itself. The recycle bin does not count:
// a deleted user's UPN is renamed, and that its addresses and anchor are free is what a restore's conflicts imply.
func (t *Tenant) clash(o *object, next *object) (other *object, property, value string) {
	if next.kind == userKind {
		value = text(next.rec.get(propUPN))
		if other = t.byUPN(value); other != nil && other != o {
			return other, "userPrincipalName", value
		}
		value = text(next.rec.get(propImmutableID))
		if value != "" {
			if other = t.byAnchor(value); other != nil && other != o {
				return other, "onPremisesImmutableId", value
			}
		}
	}
	if value = text(next.rec.get(propMail)); value != "" {
		if other = t.byAddress(value, o); other != nil {
			return other, "proxyAddresses", value
		}
	}
	for _, a := range texts(next.rec.get(propProxyAddresses)) {
		if other = t.byAddress(bareAddress(a), o); other != nil {
			return other, "proxyAddresses", a
		}
	}
	return nil, "", ""
}

// withMail are the proxy addresses that follow from a new mail value: it becomes the primary SMTP: address. The old one stays as a
// further address if the account has a mailbox, which is what Exchange does; without one it goes. The reference says no more
// than that proxyAddresses are recalculated, so both is UNVERIFIED. Without mail there is no primary address.
func withMail(proxies []string, mail string, mailbox bool) []string {
	var out []string
	if mail != "" {
		out = append(out, "SMTP:"+mail)
	}
	for _, p := range proxies {
		if strings.HasPrefix(p, "SMTP:") {
			if mail == "" || !mailbox {
				continue
			}
			p = "smtp:" + p[5:]
		}
		if strings.HasPrefix(p, "smtp:") && strings.EqualFold(p[5:], mail) {
			continue
		}
		out = append(out, p)
	}
	return out
}
