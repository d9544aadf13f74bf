package ldapd

import (
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
	tells     func() time.Time // what the server says the time is
	passwords passwords

	root, config, schemaNC, users, partitions, deleted, server *entry
}

// New makes an empty domain: its naming contexts with the containers every domain has, and a SID derived from its name.
func New(domain string) *Directory {
	domain = strings.ToLower(strings.Trim(domain, "."))
	label, _, _ := strings.Cut(domain, ".")
	d := &Directory{
		domain: domain, netbios: strings.ToUpper(label[:min(len(label), 15)]), domainSID: mintDomainSID(domain),
		schema: newSchema(), index: newHashIndex(), usn: 4096, nextRID: 1103, now: time.Now, tells: time.Now,
		passwords: newPasswords(),
	}
	d.buildTree()
	return d
}

// attr is the id of an attribute the schema is known to have.
func (d *Directory) attr(label string) attrID { return d.schema.byName[lower(label)] }

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
