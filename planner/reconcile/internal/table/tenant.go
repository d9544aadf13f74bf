package table

import (
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

// TenantMeta is a tenant object's row.
type TenantMeta struct {
	ID     uint64 // fingerprint of its id, as a reference attribute's value has it
	Anchor uint64 // hash of its anchor, 0 if it has none
	Name   uint64 // fingerprint of its name in the table's name space, 0 if it has none
	// aliases is the sum of its aliases, to compare with a source object's, see [TenantMeta.countAlias].
	Aliases uint64
	// NameCase is of the user name as it is spelt, see [Hash.NameCase]; 0 where no mapping asks for it.
	NameCase uint32
	Flags    uint8
}

const (
	TenantMastered uint8 = 1 << iota // mastered by another sync engine
	TenantEnabled                    // sign-in is allowed
	tenantUPNAlias                   // its user name is one of its aliases
)

// Tenant holds the tenant's objects of one kind.
type Tenant struct {
	Kind   state.Kind
	Layout *Layout
	rows   *rows.Table[TenantMeta]
	First  int // number of this table's first row among all tenant rows
	// deleted: these are the objects in the recycle bin
	deleted bool
	// deletedAt is when each of them went there, in seconds since 1970, 0 where that is not known.
	deletedAt []int64
	// addresses of all rows, without their types
	addrHash []uint64
	addrRow  []uint32

	// guests are the fingerprints of the ids of guests by those of their further addresses, see [state.Guests].
	guests map[uint64][]uint64

	h        Hash
	fps      []uint64
	accepted accepted
	scratch  []byte
	at       struct{ name, mail, proxies, anchor, master, enabled, further int } // in the shape
	col      struct{ name, mail int }                                            // in the layout
	// space is the one in which objects have names beside their addresses, or no space at all.
	space state.NameSpace
}

// noSpace is the name space of a kind whose objects have no names but addresses.
const noSpace = state.NameSpace(state.NameSpaces)

// primaryAddress marks the rows of primary addresses among the addresses' rows.
const primaryAddress = 1 << 31

func newTenant(b *Tables, kind state.Kind, deleted bool) *Tenant {
	t := &Tenant{Kind: kind, Layout: b.layout(kind), deleted: deleted, h: newHash(b.set.Key),
		accepted: accepted{verified: b.verified}}
	t.fps = make([]uint64, len(t.Layout.Cols))
	t.rows = rows.NewTable[TenantMeta](len(t.Layout.Cols), b.spool())
	shape, of, name := t.Layout.Shape, t.Layout.Of, ""
	name, t.space = ownName(of)
	t.at.name, t.at.mail, t.at.proxies = shape.Index(name), shape.Index(of.Mail), shape.Index(of.Proxies)
	t.at.anchor, t.at.master, t.at.enabled = shape.Index(of.Anchor), shape.Index(of.Master), shape.Index(of.SignIn)
	t.at.further = shape.Index(of.Guests.Addresses)
	t.col.name, t.col.mail = t.Layout.Col(name), t.Layout.Col(of.Mail)
	return t
}

// ownName is the attribute in which objects of a kind have the name that is no address, and the name space it is in; ""
// and noSpace if they have none.
func ownName(of *state.Descriptor) (attribute string, space state.NameSpace) {
	for _, u := range of.Unique {
		if u.Space != state.MailAddresses && !u.Further {
			return u.Attribute, u.Space
		}
	}
	return "", noSpace
}

// deletedAttribute tells when an object went to the recycle bin.
const deletedAttribute = "deletedDateTime"

// deletionTime is when an object went to the recycle bin, 0 if it does not say.
func deletionTime(o *state.Object) int64 {
	t, err := time.Parse(time.RFC3339, o.Get(deletedAttribute).Str())
	if err != nil {
		return 0
	}
	return t.Unix()
}

func (t *Tenant) add(o *state.Object) error {
	if t.deleted {
		t.deletedAt = append(t.deletedAt, deletionTime(o))
		t.unmangle(o)
	}
	for i, a := range t.Layout.Cols {
		t.fps[i] = t.h.Of(a, o.Values[t.Layout.At[i]])
	}
	meta := TenantMeta{ID: t.h.ID(o.ID)}
	if v := t.value(o, t.at.name); v.Str() != "" {
		meta.Name = t.address(v, t.col.name)
		if t.Layout.spelling {
			meta.NameCase = t.h.NameCase(v)
		}
	}
	if v := t.value(o, t.at.anchor); v.Str() != "" {
		meta.Anchor = t.h.Anchor(v.Str())
	}
	if t.value(o, t.at.master).Bool() {
		meta.Flags |= TenantMastered
	}
	if t.value(o, t.at.enabled).Bool() {
		meta.Flags |= TenantEnabled
	}
	t.addAddresses(o, &meta)
	t.addGuest(o, &meta)
	t.scratch = rows.AppendObject(t.scratch[:0], o.ID, o.Values[:t.Layout.Shape.Len()])
	return t.rows.Append(meta, t.fps, t.scratch)
}

// unmangle gives a deleted object the user name it will have again: in the recycle bin the service puts the id, without
// dashes, before it.
func (t *Tenant) unmangle(o *state.Object) {
	if t.space != state.SignInNames || t.at.name < 0 {
		return
	}
	prefix := strings.ReplaceAll(o.ID, "-", "")
	if name := o.Values[t.at.name].Str(); len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
		o.Values[t.at.name] = state.String(name[len(prefix):])
	}
}

// addAddresses indexes the object's mail and proxy addresses, each once, and sums up its aliases if any mapping
// compares them.
func (t *Tenant) addAddresses(o *state.Object, meta *TenantMeta) {
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
	meta.Aliases = AliasEmpty
	for _, p := range t.value(o, t.at.proxies).List() {
		if address, ok := SMTPAddress(p); ok {
			mark := uint32(0)
			if p[:5] == "SMTP:" { // SMTP: is primary, smtp: an alias
				mark = primaryAddress
			}
			h := t.h.Address(state.String(address))
			if add(h, mark) && mark == 0 && t.Layout.aliases {
				meta.countAlias(&t.accepted, address, h)
			}
		}
	}
}

// addGuest indexes a guest's further addresses.
func (t *Tenant) addGuest(o *state.Object, meta *TenantMeta) {
	further := t.value(o, t.at.further).List()
	if len(further) == 0 || !(&Account{Of: t.Layout.Of, Object: *o}).Guest() {
		return
	}
	if t.guests == nil {
		t.guests = map[uint64][]uint64{}
	}
	for _, address := range further {
		h := t.h.Address(state.String(address))
		t.guests[h] = append(t.guests[h], meta.ID)
	}
}

// address is the fingerprint of an address: that of its column where it has one with the equality of addresses.
func (t *Tenant) address(v state.Value, col int) uint64 {
	if col >= 0 && t.Layout.Cols[col].Equality == addressAttr.Equality {
		return t.fps[col]
	}
	return t.h.Address(v)
}

func (t *Tenant) value(o *state.Object, at int) state.Value {
	if at < 0 {
		return state.Null()
	}
	return o.Values[at]
}

// Meta is row i's fixed part. Here and below, i is the row's number among all rows of the tenant, or of the recycle
// bin.
func (t *Tenant) Meta(i int) *TenantMeta { return t.rows.Meta(i - t.First) }

// FP are row i's fingerprints, by column of the layout.
func (t *Tenant) FP(i int) []uint64 { return t.rows.FP(i - t.First) }

// Len is the number of rows.
func (t *Tenant) Len() int { return t.rows.Len() }

// deletion is when row i went to the recycle bin, in seconds since 1970; 0 if that is not known.
func (t *Tenant) deletion(i int) int64 { return t.deletedAt[i-t.First] }

// Load reads row i back.
func (t *Tenant) Load(i int) (*Account, error) {
	i -= t.First
	t.scratch = slices.Grow(t.scratch[:0], rows.ReadAhead)
	rec, err := t.rows.Record(i, t.scratch)
	if err != nil {
		return nil, err
	}
	a := &Account{Of: t.Layout.Of, Object: state.Object{Kind: t.Kind, Shape: t.Layout.Shape,
		Values: make([]state.Value, t.Layout.Shape.Len())}}
	a.ID, err = rows.DecodeObject(rec, a.Values)
	return a, err
}
