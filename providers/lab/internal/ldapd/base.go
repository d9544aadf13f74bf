package ldapd

import "strings"

// searchBase finds the entry a search starts at.
func (d *Directory) searchBase(dn string, showDeleted bool) (*entry, *ResultError) {
	e, refused := d.base(dn)
	if refused == nil && e.is(isTombstone) && !showDeleted {
		return nil, d.noObject(d.root)
	}
	return e, refused
}

func (d *Directory) noObject(best *entry) *ResultError {
	r := refuse(codeNoSuchObject, "0000208D: NameErr: DSID-03100241, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'%s'\n", best.dn())
	r.Matched = best.dn()
	return r
}

// wellKnown maps the GUIDs of well-known containers to where they are in the domain.
var wellKnown = map[string]string{
	"a9d1ca15768811d1aded00c04fd8d5cd": "CN=Users",
	"aa312825768811d1aded00c04fd8d5cd": "CN=Computers",
	"a361b2ffffd211d1aa4b00c04fd7d83a": "OU=Domain Controllers",
	"ab1d30f3768811d1aded00c04fd8d5cd": "CN=System",
	"18e2ea80684f11d2b9aa00c04f79f805": "CN=Deleted Objects",
	"22b70c67d56e4efb91e9300fca3dc1aa": "CN=ForeignSecurityPrincipals",
	"ab8153b7768811d1aded00c04fd8d5cd": "CN=LostAndFound",
	"09460c08ae1e4a4ea0f64aee7daa1e5a": "CN=Program Data",
}

// base resolves a distinguished name in any of AD's forms.
func (d *Directory) base(dn string) (*entry, *ResultError) {
	if strings.HasPrefix(dn, "<") {
		e := d.special(dn)
		if e == nil {
			return nil, d.noObject(d.root)
		}
		return e, nil
	}
	e, best, err := d.resolve(dn)
	switch {
	case err != nil:
		return nil, refuse(codeInvalidDN, "0000208F: NameErr: DSID-031001F7, problem 2006 (BAD_NAME), data 8350, best match of:\n\t'%s'\n", dn)
	case e != nil:
		return e, nil
	case best != nil:
		return nil, d.noObject(best)
	case dn == "":
		return nil, d.noObject(d.root)
	}
	r := refuse(codeReferral, "0000202B: RefErr: DSID-0310082F, data 0, 1 access points\n\tref 1: '%s'\n", dn)
	r.Referral = "ldap://" + dnDomain(dn) + "/" + dn
	return nil, r
}

func dnDomain(dn string) string {
	names, _ := splitDN(dn)
	var labels []string
	for _, n := range names {
		if rdnType(n) == "DC" {
			labels = append(labels, lower(rdnValue(n)))
		}
	}
	return strings.Join(labels, ".")
}

// special resolves <GUID=...>, <SID=...> and <WKGUID=...,domain>.
func (d *Directory) special(dn string) *entry {
	key, value, ok := strings.Cut(strings.TrimPrefix(dn, "<"), "=")
	value, closed := strings.CutSuffix(value, ">")
	if !ok || !closed {
		return nil
	}
	switch lower(key) {
	case "guid":
		if g, ok := parseGUID(value); ok {
			return d.byGUID(g)
		}
	case "sid":
		if b, ok := parseSID(value); ok {
			return d.bySID(b)
		}
		if raw, ok := parseHex(value); ok {
			return d.bySID(raw)
		}
	case "wkguid":
		id, domain, _ := strings.Cut(value, ",")
		if at, ok := wellKnown[lower(id)]; ok && strings.EqualFold(domain, d.root.kids.dn) {
			return d.child(d.root, at)
		}
	}
	return nil
}

func parseHex(s string) (string, bool) {
	if len(s)%2 != 0 {
		return "", false
	}
	b := make([]byte, len(s)/2)
	for i := range b {
		hi, ok1 := hexDigit(s[2*i])
		lo, ok2 := hexDigit(s[2*i+1])
		if !ok1 || !ok2 {
			return "", false
		}
		b[i] = hi<<4 | lo
	}
	return string(b), true
}
