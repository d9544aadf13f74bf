package ldapd

import (
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/state/dn"
)

// buildTree creates what exists in every domain before anybody adds anything.
func (d *Directory) buildTree() {
	head := dn.OfDomain(d.domain)
	first, _, _ := strings.Cut(head, ",")
	d.root = d.newEntry(first, "domainDNS")
	d.root.kids = &container{dn: head}
	d.root.flags |= isNCHead
	d.place(d.root, nil)

	d.config = d.builtIn(d.root, "CN=Configuration", "configuration", isNCHead)
	d.schemaNC = d.builtIn(d.config, "CN=Schema", "dMD", isNCHead)
	d.users = d.builtIn(d.root, "CN=Users", "container", 0)
	for _, cn := range []string{"CN=Computers", "CN=System", "CN=ForeignSecurityPrincipals", "CN=Program Data"} {
		d.builtIn(d.root, cn, "container", 0)
	}
	d.builtIn(d.root, "CN=Builtin", "builtinDomain", 0)
	d.builtIn(d.root, "CN=LostAndFound", "lostAndFound", 0)
	d.builtIn(d.root, "OU=Domain Controllers", "organizationalUnit", 0)
	d.deleted = d.builtIn(d.root, "CN=Deleted Objects", "container", isTombstone)

	d.partitions = d.builtIn(d.config, "CN=Partitions", "crossRefContainer", 0)
	d.store(d.partitions, "msDS-Behavior-Version", "7")
	cross := d.builtIn(d.partitions, "CN="+d.netbios, "crossRef", 0)
	d.store(cross, "dnsRoot", d.domain)
	d.store(cross, "nETBIOSName", d.netbios)
	d.store(cross, "systemFlags", "3")
	d.connect(cross, d.attr("nCName"), d.root)

	sites := d.builtIn(d.config, "CN=Sites", "sitesContainer", 0)
	site := d.builtIn(sites, "CN=Default-First-Site-Name", "site", 0)
	dc := d.builtIn(d.builtIn(site, "CN=Servers", "serversContainer", 0), "CN=DC1", "server", 0)
	d.store(dc, "dNSHostName", "dc1."+d.domain)
	d.server = d.builtIn(dc, "CN=NTDS Settings", "nTDSDSA", 0)
	id := mintGUID(d.domain, "invocation")
	d.store(d.server, "invocationId", string(id[:]))
	d.connect(d.root, d.attr("fSMORoleOwner"), d.server)
	d.root.blob = d.root.blob.with(d.attr("wellKnownObjects"), d.wellKnownObjects())
	d.describeSchema()
}

// wellKnownObjects are the domain's containers by their GUIDs, in the form of a DN with binary (MS-ADTS 3.1.1.2.2.2.3).
func (d *Directory) wellKnownObjects() (list []string) {
	for _, id := range slices.Sorted(maps.Keys(wellKnown)) {
		list = append(list, "B:32:"+strings.ToUpper(id)+":"+wellKnown[id]+","+d.root.kids.dn)
	}
	return list
}

// number is the syntax's attributeSyntax and oMSyntax in AD's schema.
func (s syntax) number() (oid, om string) {
	switch s {
	case octets, guid:
		return "2.5.5.10", "4"
	case integer:
		return "2.5.5.9", "2"
	case boolean:
		return "2.5.5.8", "1"
	case moment:
		return "2.5.5.11", "24"
	case name:
		return "2.5.5.1", "127"
	case sid:
		return "2.5.5.17", "4"
	}
	return "2.5.5.12", "64"
}

func (d *Directory) store(e *entry, label, value string) {
	e.blob = e.blob.with(d.attr(label), []string{value})
}

func (d *Directory) builtIn(parent *entry, r rdn, class string, f flags) *entry {
	e := d.newEntry(r, class)
	e.flags |= f | isBuiltIn
	d.place(e, parent)
	return e
}
