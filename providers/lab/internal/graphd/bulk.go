package graphd

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"unsafe"
)

// Bulk adds users to a tenant without a text in between: the same objects that LoadSeed makes of their JSON, for a fraction of
// the time and without garbage.
type Bulk struct {
	t      *Tenant
	props  []int      // by rank: in the order of their numbers, as records have them
	types  []propType // by rank
	rank   []int      // by slot
	spans  []span     // by rank: raw JSON of the user being put together
	data   []byte
	arena  []byte
	chunk  []object
	upn    int // ranks of what is indexed or decides about something else; -1 if not among the properties
	anchor int
	mail   int
	proxy  int
	fixed  []bulkFixed
}

// bulkFixed is what every seeded user has.
type bulkFixed struct {
	rank int
	raw  string
}

// Fill hands add a Bulk that makes users with these properties, strings, booleans or lists of one string; n says how many users
// there will be. What a seed may leave out (user type, creation, addresses) must be left out. The tenant is locked until add returns.
func (t *Tenant) Fill(n int, properties []string, add func(*Bulk) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := &Bulk{t: t, rank: make([]int, len(properties))}
	for _, name := range properties {
		p, ok := t.reg.find(name)
		if !ok || p == propID || t.reg.props[p].typ > listProp {
			return fmt.Errorf("%s is not a property of a plain type", name)
		}
		b.props = append(b.props, p)
	}
	slotProps := slices.Clone(b.props)
	b.props = append(b.props, propUserType, propCreatedDateTime, propProxyAddresses)
	slices.SortFunc(b.props, cmp.Compare[int])
	for slot, p := range slotProps {
		b.rank[slot] = slices.Index(b.props, p)
	}
	for _, p := range b.props {
		b.types = append(b.types, t.reg.props[p].typ)
	}
	b.spans = make([]span, len(b.props))
	b.upn, b.anchor = slices.Index(b.props, propUPN), slices.Index(b.props, propImmutableID)
	b.mail, b.proxy = slices.Index(b.props, propMail), slices.Index(b.props, propProxyAddresses)
	b.fixed = []bulkFixed{{slices.Index(b.props, propUserType), `"Member"`}, {slices.Index(b.props, propCreatedDateTime), seedTime}}
	t.reserve(n)
	return add(b)
}

// reserve makes room for n more users.
func (t *Tenant) reserve(n int) {
	known := t.byID
	t.byID = make(map[guid]*object, len(known)+n)
	maps.Copy(t.byID, known)
	for _, x := range []*index{t.upns, t.anchors, t.address} {
		x.reserve(n)
	}
	t.live[userKind] = slices.Grow(t.live[userKind], n)
}

func (x *index) reserve(n int) {
	known := x.first
	x.first = make(map[uint64]*object, len(known)+n)
	maps.Copy(x.first, known)
}

// Put gives the next user the property with this position in Fill's list.
func (b *Bulk) Put(slot int, value string) {
	r := b.rank[slot]
	from := len(b.data)
	switch b.types[r] {
	case listProp:
		b.data = append(quote(append(b.data, '['), value), ']')
	case boolProp:
		b.data = append(b.data, value...)
	default:
		b.data = quote(b.data, value)
	}
	b.spans[r] = span{int32(from), int32(len(b.data))}
}

// Add makes a user with the properties put since the last one. Its id and what is unique of it must be free; manager is what
// Add returned for another user, or -1.
func (b *Bulk) Add(id [16]byte, manager int) int {
	t := b.t
	if mail := b.plain(b.mail); mail != "" {
		from := len(b.data)
		b.data = append(append(append(b.data, `["SMTP:`...), mail...), `"]`...)
		b.spans[b.proxy] = span{int32(from), int32(len(b.data))}
	}
	if len(b.chunk) == 0 {
		b.chunk = make([]object, 1024)
	}
	o := &b.chunk[0]
	b.chunk = b.chunk[1:]
	t.lastSeq++
	*o = object{id: id, kind: userKind, seq: t.lastSeq, rec: b.record()}
	if manager >= 0 {
		o.manager = t.live[userKind][manager]
	}
	t.byID[o.id] = o
	t.live[userKind] = append(t.live[userKind], o)
	for _, key := range []struct {
		x    *index
		rank int
	}{{t.upns, b.upn}, {t.anchors, b.anchor}, {t.address, b.mail}} {
		if v := b.plain(key.rank); v != "" {
			key.x.add(v, o)
		}
	}
	clear(b.spans)
	b.data = b.data[:0]
	return len(t.live[userKind]) - 1
}

// plain is what a string of the user being made stands for; it has nothing to escape.
func (b *Bulk) plain(rank int) string {
	if rank < 0 || b.spans[rank].to == 0 {
		return ""
	}
	raw := b.data[b.spans[rank].from:b.spans[rank].to]
	return text(unsafe.String(unsafe.SliceData(raw), len(raw)))
}

// record encodes the user being made.
func (b *Bulk) record() record {
	for _, f := range b.fixed {
		from := len(b.data)
		b.data = append(b.data, f.raw...)
		b.spans[f.rank] = span{int32(from), int32(len(b.data))}
	}
	if most := len(b.data) + 8*len(b.props); cap(b.arena)-len(b.arena) < most {
		b.arena = make([]byte, 0, max(1<<20, most))
	}
	start := len(b.arena)
	for r, s := range b.spans {
		if s.to == 0 {
			continue
		}
		b.arena = binary.AppendUvarint(b.arena, uint64(b.props[r]))
		b.arena = binary.AppendUvarint(b.arena, uint64(s.to-s.from))
		b.arena = append(b.arena, b.data[s.from:s.to]...)
	}
	made := b.arena[start:]
	return record(unsafe.String(unsafe.SliceData(made), len(made)))
}
