package ldapd

import (
	"encoding/hex"
	"strings"

	"github.com/dirform/dirform/state/dn"
)

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
func (d *Directory) base(name string) (*entry, *ResultError) {
	if strings.HasPrefix(name, "<") {
		e := d.special(name)
		if e == nil {
			return nil, d.noObject(d.root)
		}
		return e, nil
	}
	e, best, err := d.resolve(name)
	switch {
	case err != nil:
		return nil, refuse(codeInvalidDN, "0000208F: NameErr: DSID-031001F7, problem 2006 (BAD_NAME), data 8350, best match of:\n\t'%s'\n", name)
	case e != nil:
		return e, nil
	case best != nil:
		return nil, d.noObject(best)
	case name == "":
		return nil, d.noObject(d.root)
	}
	r := refuse(codeReferral, "0000202B: RefErr: DSID-0310082F, data 0, 1 access points\n\tref 1: '%s'\n", name)
	r.Referral = "ldap://" + dn.Domain(name) + "/" + name
	return nil, r
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
	b, err := hex.DecodeString(s)
	return string(b), err == nil
}
