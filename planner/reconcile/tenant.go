package reconcile

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// tenantMeta is a tenant object's row.
type tenantMeta struct {
	id     uint64 // fingerprint of its id, as a reference attribute's value has it
	anchor uint64 // hash of onPremisesImmutableId, 0 if it has none
	upn    uint64 // fingerprint of userPrincipalName, 0 if it has none
	// aliases is the sum of its aliases, to compare with a source object's, see [tenantMeta.countAlias].
	aliases uint64
	flags   uint8
}

const (
	tenSynced   uint8 = 1 << iota // mastered by another sync engine
	tenEnabled                    // sign-in is allowed
	tenUPNAlias                   // its user name is one of its aliases
)

// tenantTable holds the tenant's objects of one kind.
type tenantTable struct {
	kind   state.Kind
	layout *layout
	rows   *rows.Table[tenantMeta]
	first  int // number of this table's first row among all tenant rows
	// deleted: these are the objects in the recycle bin
	deleted bool
	// deletedAt is when each of them went there, in seconds since 1970, 0 where that is not known.
	deletedAt []int64
	// addresses of all rows: mail and proxyAddresses without prefix
	addrHash []uint64
	addrRow  []uint32

	h        *state.Hasher
	fps      []uint64
	accepted accepted
	scratch  []byte
	at       struct{ upn, mail, proxies, anchor, synced, enabled int } // in the shape
	col      struct{ upn, mail int }                                   // in the layout
}

// primaryAddress marks the rows of primary addresses among the addresses' rows.
const primaryAddress = 1 << 31

// refAttr is the attribute under whose equality object ids are fingerprinted.
var refAttr = state.Attribute{Type: state.TypeReference}

// addressAttr is the attribute under whose equality addresses are fingerprinted: that of mail and userPrincipalName.
var addressAttr = state.Attribute{Equality: state.EqualFold}

func newTenantTable(b *Builder, kind state.Kind) *tenantTable {
	t := &tenantTable{kind: kind, layout: b.layout(kind), h: state.NewHasher(b.set.Key), accepted: accepted{verified: b.verified}}
	t.fps = make([]uint64, len(t.layout.cols))
	t.rows = rows.NewTable[tenantMeta](len(t.layout.cols), b.spool())
	shape := t.layout.shape
	t.at.upn, t.at.mail, t.at.proxies = shape.Index("userPrincipalName"), shape.Index("mail"), shape.Index("proxyAddresses")
	t.at.anchor, t.at.synced = shape.Index("onPremisesImmutableId"), shape.Index(providers.SyncEnabled)
	t.at.enabled = shape.Index("accountEnabled")
	t.col.upn, t.col.mail = t.layout.col("userPrincipalName"), t.layout.col("mail")
	return t
}

// ReadTenant takes in all tenant objects of a kind. It returns the stream's error, if it ends with one.
func (b *Builder) ReadTenant(kind state.Kind, objects providers.Objects) error {
	return b.readTenant(&b.tenant, newTenantTable(b, kind), objects)
}

// ReadDeleted takes in the objects of a kind that lie in the recycle bin, in the shape of [Builder.DeletedShape].
func (b *Builder) ReadDeleted(kind state.Kind, objects providers.Objects) error {
	t := newTenantTable(b, kind)
	t.deleted = true
	return b.readTenant(&b.deleted, t, objects)
}

// deletionTime is when an object went to the recycle bin, 0 if it does not say.
func deletionTime(o *state.Object) int64 {
	t, err := time.Parse(time.RFC3339, o.Get(deletedAttribute).Str())
	if err != nil {
		return 0
	}
	return t.Unix()
}

func (b *Builder) readTenant(into *[]*tenantTable, t *tenantTable, objects providers.Objects) error {
	b.mu.Lock()
	*into = append(*into, t)
	b.mu.Unlock()
	for o, err := range objects {
		if err != nil {
			return err
		}
		if t.deleted {
			t.deletedAt = append(t.deletedAt, deletionTime(o))
		}
		if err := t.add(o); err != nil {
			return err
		}
	}
	return nil
}

func (t *tenantTable) add(o *state.Object) error {
	if t.deleted {
		unmangle(o)
	}
	for i, a := range t.layout.cols {
		t.fps[i] = t.h.Fingerprint(a, o.Values[t.layout.at[i]])
	}
	meta := tenantMeta{id: t.h.Fingerprint(&refAttr, state.String(o.ID))}
	if v := t.value(o, t.at.upn); v.Str() != "" {
		meta.upn = t.address(v, t.col.upn)
	}
	if v := t.value(o, t.at.anchor); v.Str() != "" {
		meta.anchor = t.h.SumExact(v.Str())
	}
	if t.value(o, t.at.synced).Bool() {
		meta.flags |= tenSynced
	}
	if t.value(o, t.at.enabled).Bool() {
		meta.flags |= tenEnabled
	}
	t.addAddresses(o, &meta)
	t.scratch = rows.AppendObject(t.scratch[:0], o.ID, o.Values[:t.layout.shape.Len()])
	return t.rows.Append(meta, t.fps, t.scratch)
}

// unmangle gives a deleted user the name it will have again: in the recycle bin the service puts the id, without dashes,
// before the userPrincipalName.
func unmangle(o *state.Object) {
	i := o.Shape.Index("userPrincipalName")
	if i < 0 {
		return
	}
	prefix := strings.ReplaceAll(o.ID, "-", "")
	if upn := o.Values[i].Str(); len(upn) > len(prefix) && strings.EqualFold(upn[:len(prefix)], prefix) {
		o.Values[i] = state.String(upn[len(prefix):])
	}
}

// addAddresses indexes the object's mail and proxy addresses, each once, and sums up its aliases if any mapping compares them.
func (t *tenantTable) addAddresses(o *state.Object, meta *tenantMeta) {
	start := len(t.addrHash)
	add := func(h uint64, mark uint32) bool {
		if slices.Contains(t.addrHash[start:], h) {
			return false
		}
		t.addrHash = append(t.addrHash, h)
		t.addrRow = append(t.addrRow, uint32(t.rows.Len())|mark)
		return true
	}
	if mail := t.value(o, t.at.mail); mail.Str() != "" {
		add(t.address(mail, t.col.mail), primaryAddress)
	}
	meta.aliases = aliasEmpty
	for _, p := range t.value(o, t.at.proxies).List() {
		if address, ok := smtpAddress(p); ok {
			mark := uint32(0)
			if p[:5] == "SMTP:" { // SMTP: is primary, smtp: an alias
				mark = primaryAddress
			}
			h := t.h.Fingerprint(&addressAttr, state.String(address))
			if add(h, mark) && mark == 0 && t.layout.aliases {
				meta.countAlias(&t.accepted, address, h)
			}
		}
	}
}

// address is the fingerprint of an address: that of its column where it has one with the equality of addresses.
func (t *tenantTable) address(v state.Value, col int) uint64 {
	if col >= 0 && t.layout.cols[col].Equality == addressAttr.Equality {
		return t.fps[col]
	}
	return t.h.Fingerprint(&addressAttr, v)
}

// smtpAddress is the address of an SMTP: or smtp: proxy address.
func smtpAddress(proxy string) (string, bool) {
	if len(proxy) > 5 && strings.EqualFold(proxy[:5], "smtp:") {
		return proxy[5:], true
	}
	return "", false
}

func (t *tenantTable) value(o *state.Object, at int) state.Value {
	if at < 0 {
		return state.Null()
	}
	return o.Values[at]
}

// load reads row i back.
func (t *tenantTable) load(i int) (*state.Object, error) {
	t.scratch = slices.Grow(t.scratch[:0], rows.ReadAhead)
	rec, err := t.rows.Record(i, t.scratch)
	if err != nil {
		return nil, err
	}
	o := &state.Object{Kind: t.kind, Shape: t.layout.shape, Values: make([]state.Value, t.layout.shape.Len())}
	o.ID, err = rows.DecodeObject(rec, o.Values)
	return o, err
}

// linkMeta is a recorded link's row.
type linkMeta struct {
	guid   state.GUID
	anchor uint64
	target uint64 // as tenantMeta.id
	sum    uint64 // of all fingerprints, see [fpSum]
	scope  int16  // its number among the declared scopes, -1 if it is not declared any more
	left   bool
}

type linkTable struct {
	h       *state.Hasher
	scopes  []*config.Scope
	rows    *rows.Table[linkMeta]
	shapes  []*state.Shape
	scratch []byte
	known   struct { // where the last link's shape has a layout's columns
		lay   *layout
		shape *state.Shape
		at    []int
	}
	last struct { // scope of the last link, and its number
		name string
		at   int16
	}
}

func newLinkTable(b *Builder) *linkTable {
	t := &linkTable{h: state.NewHasher(b.set.Key), scopes: b.set.Rules.Scopes, rows: rows.NewTable[linkMeta](0, b.spool())}
	t.last.at = -1
	return t
}

// scopeAt is a scope's number in the order of declaration, or -1.
func scopeAt(scopes []*config.Scope, name string) int16 {
	return int16(slices.IndexFunc(scopes, func(s *config.Scope) bool { return s.Name == name }))
}

// ReadLinks takes in the recorded links.
func (b *Builder) ReadLinks(links iter.Seq2[*state.Link, error]) error {
	for l, err := range links {
		if err != nil {
			return err
		}
		if err := b.links.add(b.layout(l.Kind), l); err != nil {
			return err
		}
	}
	return nil
}

func (t *linkTable) add(lay *layout, l *state.Link) error {
	meta := linkMeta{guid: l.SourceGUID, anchor: t.h.SumExact(l.Anchor), left: l.Left,
		target: t.h.Fingerprint(&refAttr, state.String(l.TargetID))}
	if t.last.name != l.Scope {
		t.last.name, t.last.at = l.Scope, scopeAt(t.scopes, l.Scope)
	}
	meta.scope = t.last.at
	if t.known.lay != lay || t.known.shape != l.Shape {
		t.known.lay, t.known.shape, t.known.at = lay, l.Shape, t.known.at[:0]
		for _, c := range lay.cols {
			t.known.at = append(t.known.at, l.Shape.Index(c.Name))
		}
	}
	for i, j := range t.known.at {
		if j >= 0 {
			meta.sum += fpSum(i, l.Fingerprints[j])
		}
	}
	shape := slices.Index(t.shapes, l.Shape)
	if shape < 0 {
		shape = len(t.shapes)
		t.shapes = append(t.shapes, l.Shape)
	}
	b := t.scratch[:0]
	for _, s := range [...]string{l.Anchor, l.TargetID, string(l.Kind), l.Scope, l.Rule} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	b = binary.AppendUvarint(b, uint64(l.LeftAt))
	b = binary.AppendUvarint(b, uint64(shape))
	for _, fp := range l.Fingerprints {
		b = binary.LittleEndian.AppendUint64(b, fp)
	}
	t.scratch = b
	return t.rows.Append(meta, nil, b)
}

// fpSum is one fingerprint's share of a row's sum; an unknown fingerprint has none.
func fpSum(col int, fp uint64) uint64 {
	if fp == 0 {
		return 0
	}
	fp ^= uint64(col+1) * 0x9e3779b97f4a7c15
	fp ^= fp >> 29
	return fp * 0xbf58476d1ce4e5b9
}

// load reads link i back.
func (t *linkTable) load(i int) (*state.Link, error) {
	b, err := t.rows.Record(i, nil)
	if err != nil {
		return nil, err
	}
	var parts [5]string
	for k := range parts {
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)-w) {
			return nil, fmt.Errorf("a spooled link is damaged")
		}
		parts[k], b = string(b[w:w+int(n)]), b[w+int(n):]
	}
	leftAt, w := binary.Uvarint(b)
	b = b[w:]
	shape, w := binary.Uvarint(b)
	b = b[w:]
	meta := t.rows.Meta(i)
	l := &state.Link{Anchor: parts[0], TargetID: parts[1], Kind: state.Kind(parts[2]), Scope: parts[3], Rule: parts[4],
		SourceGUID: meta.guid, Left: meta.left, LeftAt: int64(leftAt), Shape: t.shapes[shape]}
	for ; len(b) >= 8; b = b[8:] {
		l.Fingerprints = append(l.Fingerprints, binary.LittleEndian.Uint64(b))
	}
	return l, nil
}
