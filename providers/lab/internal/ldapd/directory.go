package ldapd

import (
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
	"time"
)

const entriesPerChunk = 1024

// Directory is the data: a tree of entries. It is safe for concurrent use.
type Directory struct {
	mu        sync.RWMutex
	domain    string // DNS name
	netbios   string
	domainSID string // bytes
	schema    *schema
	chunks    []*[entriesPerChunk]entry
	count     uint32 // entries made, deleted ones included; ids run from 1
	index     hashIndex
	usn       uint64
	nextRID   uint32
	onChange  func(Change)
	now       func() time.Time

	root, config, schemaNC, users, partitions, deleted, server *entry
}

// New makes an empty domain: its naming contexts with the containers every domain has, and a SID derived from its name.
func New(domain string) *Directory {
	domain = strings.ToLower(strings.Trim(domain, "."))
	label, _, _ := strings.Cut(domain, ".")
	d := &Directory{
		domain: domain, netbios: strings.ToUpper(label[:min(len(label), 15)]), domainSID: mintDomainSID(domain),
		schema: newSchema(), index: newHashIndex(), usn: 4096, nextRID: 1103, now: time.Now,
	}
	d.buildTree()
	return d
}

// buildTree creates what exists in every domain before anybody adds anything.
func (d *Directory) buildTree() {
	dn := domainDN(d.domain)
	first, _, _ := strings.Cut(dn, ",")
	d.root = d.newEntry(first, "domainDNS")
	d.root.kids = &container{dn: dn}
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
	d.describeSchema()
}

// describeSchema lists the attributes below CN=Schema for clients that look there.
func (d *Directory) describeSchema() {
	described := []attrID{d.attr("lDAPDisplayName"), d.attr("isSingleValued"), d.attr("attributeSyntax"), d.attr("oMSyntax")}
	for _, a := range d.schema.attrs[1:] {
		e := d.builtIn(d.schemaNC, "CN="+strings.ToUpper(a.name[:1])+a.name[1:], "attributeSchema", 0)
		oid, om := a.syntax.number()
		var b []byte
		for i, v := range []string{a.name, strings.ToUpper(strconv.FormatBool(a.single)), oid, om} {
			b = appendAttribute(b, described[i], []string{v})
		}
		e.blob = blob(b)
	}
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

// attr is the id of an attribute the schema is known to have.
func (d *Directory) attr(label string) attrID { return d.schema.byName[lower(label)] }

func (d *Directory) builtIn(parent *entry, r rdn, class string, f flags) *entry {
	e := d.newEntry(r, class)
	e.flags |= f | isBuiltIn
	d.place(e, parent)
	return e
}

// newEntry allocates an entry of a known class; it is not in the tree yet.
func (d *Directory) newEntry(r rdn, class string) *entry {
	e := d.alloc()
	e.rdn = r
	e.class = uint16(d.schema.byClass[lower(class)])
	e.created, e.changed = seedTime, seedTime
	return e
}

func (d *Directory) alloc() *entry {
	d.count++
	if int(d.count)/entriesPerChunk >= len(d.chunks) {
		d.chunks = append(d.chunks, new([entriesPerChunk]entry))
	}
	e := d.at(d.count)
	e.id = d.count
	return e
}

func (d *Directory) at(id uint32) *entry {
	return &d.chunks[id/entriesPerChunk][id%entriesPerChunk]
}

// place puts a new entry into the tree, gives it a GUID and USN if it has none, and makes it findable by name.
func (d *Directory) place(e *entry, parent *entry) {
	if parent != nil {
		e.attach(parent)
	}
	if e.guid == ([16]byte{}) {
		e.guid = mintGUID(d.domain, e.dn())
	}
	if e.usnCreated == 0 {
		d.usn++
		e.usnCreated, e.usnChanged = d.usn, d.usn
	}
	d.indexName(e)
	d.index.add(d.index.hash(guidKey, e.guid[:]), e.id)
}

// Index keys that are not attributes of the schema.
const (
	rdnKey  attrID = 0xffff0001 // mixed with the parent's id
	guidKey attrID = 0xffff0002
	ridKey  attrID = 0xffff0003
)

func (d *Directory) nameHash(parent *entry, r rdn) uint32 {
	var buf [128]byte
	return d.index.hash(parent.nameKey(), appendLower(buf[:0], r))
}

// nameKey is the index key of the names of an entry's children.
func (e *entry) nameKey() attrID { return rdnKey + attrID(e.id)<<8 }

func (d *Directory) indexName(e *entry) {
	if e.parent != nil {
		d.index.add(d.nameHash(e.parent, e.rdn), e.id)
	}
}

func (d *Directory) unindexName(e *entry) { d.index.remove(d.nameHash(e.parent, e.rdn), e.id) }

// child finds an entry below parent by canonical relative name in any case.
func (d *Directory) child(parent *entry, r rdn) *entry {
	var found *entry
	var buf [128]byte
	low := appendLower(buf[:0], r)
	d.index.each(d.index.hash(parent.nameKey(), low), func(id uint32) bool {
		if e := d.at(id); e.parent == parent && foldEqual(e.rdn, string(low)) {
			found = e
		}
		return found == nil
	})
	return found
}

// resolve finds an entry by distinguished name. best is the deepest ancestor that exists, nil if dn is outside the domain.
func (d *Directory) resolve(dn string) (e, best *entry, err error) {
	names, err := splitDN(dn)
	if err != nil {
		return nil, nil, err
	}
	roots := strings.Split(lower(d.root.kids.dn), ",")
	if len(names) < len(roots) {
		return nil, nil, nil
	}
	split := len(names) - len(roots)
	for i, r := range roots {
		if !foldEqual(names[split+i], r) {
			return nil, nil, nil
		}
	}
	e = d.root
	for i := split - 1; i >= 0; i-- {
		next := d.child(e, names[i])
		if next == nil {
			return nil, e, nil
		}
		e = next
	}
	return e, e, nil
}

func (d *Directory) byGUID(g [16]byte) *entry {
	var found *entry
	d.index.each(d.index.hash(guidKey, g[:]), func(id uint32) bool {
		if e := d.at(id); e.guid == g {
			found = e
		}
		return found == nil
	})
	return found
}

// bySID finds an entry by the bytes of its SID.
func (d *Directory) bySID(b string) *entry {
	domain, rid, ok := splitSID(b)
	if b == d.domainSID {
		return d.root
	}
	if !ok || domain != d.domainSID {
		return nil
	}
	var found *entry
	d.index.each(d.ridHash(rid), func(id uint32) bool {
		if e := d.at(id); e.rid == rid {
			found = e
		}
		return found == nil
	})
	return found
}

func (d *Directory) ridHash(rid uint32) uint32 {
	return d.index.hash(ridKey, []byte{byte(rid), byte(rid >> 8), byte(rid >> 16), byte(rid >> 24)})
}

// setRID gives a new entry its SID.
func (d *Directory) setRID(e *entry, rid uint32) {
	e.rid = rid
	d.index.add(d.ridHash(rid), e.id)
	d.nextRID = max(d.nextRID, rid+1)
}

// byValue lists the entries that hold a value (in normal form) of an indexed attribute.
func (d *Directory) byValue(a *attribute, norm string) []uint32 {
	var ids []uint32
	d.index.each(d.index.hash(a.id, []byte(norm)), func(id uint32) bool {
		for v := d.at(id).blob.get(a.id); len(v) > 0; {
			var one string
			if one, v = v.next(); a.equal(one, norm) {
				ids = append(ids, id)
				break
			}
		}
		return true
	})
	return ids
}

// indexValues adds (or with on false removes) all of an entry's indexed values.
func (d *Directory) indexValues(e *entry, on bool) {
	var buf [256]byte
	for b := e.blob; len(b) > 0; {
		id, v, rest := b.next()
		if b = rest; !d.schema.attrs[id].indexed {
			continue
		}
		for len(v) > 0 {
			var one string
			one, v = v.next()
			h := d.index.hash(id, d.schema.attrs[id].appendNorm(buf[:0], one))
			if on {
				d.index.add(h, e.id)
			} else {
				d.index.remove(h, e.id)
			}
		}
	}
}

// connect links e to target and keeps the back link.
func (d *Directory) connect(e *entry, a attrID, target *entry) {
	e.links = append(e.links, refTo(a, target))
	if p := d.schema.attrs[a].partner; p != 0 {
		target.links = append(target.links, refTo(p, e))
	}
}

// connected looks from the end with fewer links.
func (d *Directory) connected(e *entry, a attrID, target *entry) bool {
	if p := d.schema.attrs[a].partner; p != 0 && len(target.links) < len(e.links) {
		return target.linked(refTo(p, e))
	}
	return e.linked(refTo(a, target))
}

// disconnect takes a link back from both ends.
func (d *Directory) disconnect(e *entry, a attrID, target *entry) {
	e.unlink(refTo(a, target))
	if p := d.schema.attrs[a].partner; p != 0 {
		target.unlink(refTo(p, e))
	}
}

func (e *entry) unlink(r linkRef) {
	if i := e.linkIndex(r); i >= 0 {
		e.links = append(e.links[:i], e.links[i+1:]...)
	}
}

// BaseDN is the distinguished name of the domain.
func (d *Directory) BaseDN() string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.root.kids.dn
}

// SID is the domain's security identifier, S-1-5-21-...
func (d *Directory) SID() string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return sidText(d.domainSID)
}

// Domain is the domain's DNS name.
func (d *Directory) Domain() string { return d.domain }

// Find looks an entry up by distinguished name, sAMAccountName, userPrincipalName, mail or objectGUID in text form or base64.
func (d *Directory) Find(nameOrDN string) (dn string, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e := d.find(nameOrDN); e != nil {
		return e.dn(), true
	}
	return "", false
}

func (d *Directory) find(key string) *entry {
	if e, _, err := d.resolve(key); err == nil && e != nil {
		return e
	}
	for _, label := range []string{"sAMAccountName", "userPrincipalName", "mail"} {
		for _, id := range d.byValue(d.schema.lookup(label), lower(key)) {
			if e := d.at(id); !e.is(isTombstone) {
				return e
			}
		}
	}
	g, ok := parseGUID(key)
	if raw, err := base64.StdEncoding.DecodeString(key); !ok && err == nil {
		g, ok = parseGUID(string(raw))
	}
	if ok {
		return d.byGUID(g)
	}
	return nil
}
