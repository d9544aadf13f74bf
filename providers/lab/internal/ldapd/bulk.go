package ldapd

import (
	"cmp"
	"fmt"
	"slices"
	"unsafe"
)

// Bulk adds accounts to a directory without a text in between: the same entries that LoadLDIF makes of their records, for a
// fraction of the time and without garbage.
type Bulk struct {
	d       *Directory
	class   uint16
	manager attrID
	attrs   []*attribute // by rank: in the order of their ids, as blobs have them
	rank    []int        // by slot
	spans   []bulkSpan   // by rank: the values of the account being put together
	data    []byte
	lacks   []bulkDefault
	arena   []byte
	links   []linkRef
}

// bulkSpan is a value's place in data; empty if there is none.
type bulkSpan struct{ from, to int }

// bulkDefault is an attribute that AD sets on every new account, already in a blob's form.
type bulkDefault struct {
	attr    attrID
	encoded []byte
}

// Parent is where accounts go.
type Parent struct{ e *entry }

// Account is what of an account is not in its attributes.
type Account struct {
	Parent  Parent
	RDN     string // CN=Jane Doe, in canonical spelling
	GUID    [16]byte
	Manager uint32 // what Add returned; 0 for none
	Reports int    // how many accounts will name this one as their manager; a hint
}

// Fill hands add a Bulk that makes accounts of a class with these attributes, each of one value; n says how many there will be.
// Attributes are stored ones of the schema. The directory is locked until add returns.
func (d *Directory) Fill(class string, n int, attributes []string, add func(*Bulk) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := &Bulk{d: d, manager: d.attr("manager"), spans: make([]bulkSpan, len(attributes)), rank: make([]int, len(attributes))}
	id, ok := d.schema.classOf([]string{class})
	if !ok || !d.schema.classes[id].account {
		return fmt.Errorf("%s is not a class of accounts", class)
	}
	b.class = uint16(id)
	slots := make([]int, len(attributes))
	indexed := 3 // name, GUID and SID
	for i, name := range attributes {
		a := d.schema.lookup(name)
		if a == nil || a.origin != stored || a.secret {
			return fmt.Errorf("%s is not a stored attribute", name)
		}
		if a.indexed {
			indexed++
		}
		b.attrs, slots[i] = append(b.attrs, a), i
	}
	unsorted := slices.Clone(b.attrs)
	slices.SortFunc(slots, func(i, j int) int { return cmp.Compare(unsorted[i].id, unsorted[j].id) })
	for r, slot := range slots {
		b.rank[slot], b.attrs[r] = r, unsorted[slot]
	}
	defaults := blob(d.appendDefaults(nil, &entry{class: b.class}))
	for len(defaults) > 0 {
		a, _, rest := defaults.next()
		b.lacks = append(b.lacks, bulkDefault{a, []byte(defaults[:len(defaults)-len(rest)])})
		defaults = rest
	}
	d.index.postpone(n * indexed)
	defer d.index.settle()
	return add(b)
}

// Parent finds a container.
func (b *Bulk) Parent(dn string) (Parent, error) {
	e, _, err := b.d.resolve(dn)
	if err == nil && e == nil {
		err = fmt.Errorf("%s does not exist", dn)
	}
	return Parent{e}, err
}

// Put gives the next account a value of the attribute with this position in Fill's list.
func (b *Bulk) Put(slot int, value string) {
	from := len(b.data)
	b.data = append(b.data, value...)
	b.spans[b.rank[slot]] = bulkSpan{from, len(b.data)}
}

// Add makes an account with the values put since the last one. Its name, GUID and account name must be free.
func (b *Bulk) Add(a Account) uint32 {
	d := b.d
	e := d.alloc()
	e.rdn = b.keepText(a.RDN)
	e.guid, e.class, e.created, e.changed = a.GUID, b.class, seedTime, seedTime
	start := b.room(len(b.data) + 16*len(b.attrs) + 64)
	out := b.appendValues(b.arena[start:start], e.id)
	for _, x := range b.lacks {
		if !b.has(x.attr) {
			out = append(out, x.encoded...)
		}
	}
	b.arena = b.arena[:start+len(out)]
	e.blob = blob(unsafe.String(unsafe.SliceData(out), len(out)))
	b.reserveLinks(e, a)
	d.place(e, a.Parent.e)
	d.setRID(e, d.nextRID)
	if a.Manager != 0 {
		d.connect(e, b.manager, d.at(a.Manager))
	}
	clear(b.spans)
	b.data = b.data[:0]
	return e.id
}

// appendValues encodes what was put, and makes it findable.
func (b *Bulk) appendValues(out []byte, id uint32) []byte {
	var buf [256]byte
	for r, s := range b.spans {
		if s.from == s.to {
			continue
		}
		a, v := b.attrs[r], b.data[s.from:s.to]
		out = appendUvarint(out, int(a.id))
		out = appendUvarint(out, 1+lenSize(len(v))+len(v))
		out = appendTLV(out, tagOctetString, v)
		if a.indexed {
			b.d.index.add(b.d.index.hash(a.id, a.appendNorm(buf[:0], unsafe.String(unsafe.SliceData(v), len(v)))), id)
		}
	}
	return out
}

func (b *Bulk) has(id attrID) bool {
	for r, a := range b.attrs {
		if a.id == id {
			return b.spans[r].from < b.spans[r].to
		}
	}
	return false
}

// reserveLinks gives an account room for its links, so that they need no allocation of their own.
func (b *Bulk) reserveLinks(e *entry, a Account) {
	n := a.Reports
	if a.Manager != 0 {
		n++
	}
	if n > len(b.links) {
		b.links = make([]linkRef, max(n, 1<<15))
	}
	e.links, b.links = b.links[:0:n], b.links[n:]
}

// room makes sure that the arena has space for n bytes and returns where it begins.
func (b *Bulk) room(n int) int {
	if cap(b.arena)-len(b.arena) < n {
		b.arena = make([]byte, 0, max(1<<20, n))
	}
	return len(b.arena)
}

func (b *Bulk) keepText(s string) string {
	start := b.room(len(s))
	b.arena = append(b.arena, s...)
	return unsafe.String(unsafe.SliceData(b.arena[start:]), len(s))
}
