package table

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

// Rows are both sides, read completely. Source rows, tenant rows and the rows of the recycle bin are each numbered
// through over all their tables, in an order that does not depend on which stream came first.
type Rows struct {
	Source SourceRows
	Tenant TenantRows
	Bin    TenantRows // the recycle bin
	Links  *Links
	Hash   Hash
	// Err says why what was set aside could not be read back: then no plan can be made of the rows.
	Err error
}

// Rows numbers and indexes what has been read. It is called once, when all streams have ended.
func (t *Tables) Rows() *Rows {
	byKind := func(a, b *Tenant) int { return cmp.Compare(a.Kind, b.Kind) }
	slices.SortStableFunc(t.tenant, byKind)
	slices.SortStableFunc(t.bin, byKind)
	r := &Rows{Links: t.links, Hash: newHash(t.set.Key), Err: t.settleAsides()}
	r.Source.number(t.sources, r.Hash)
	r.Tenant.number(t.tenant)
	r.Bin.number(t.bin)
	return r
}

// SourceRows are the source objects of all scopes and kinds, with indexes. Rows whose hash is 0 are not in an index.
type SourceRows struct {
	Tables   []*Source
	n        int
	ByAnchor *rows.Index
	ByGUID   *rows.Index
	ByDN     *rows.Index
	ByName   *rows.Index // by the user name at the source
	// wanted are indexes of what rows want to be called, by name space; made by [SourceRows.IndexWanted], nil where no row
	// wants a name.
	wanted  [state.NameSpaces]*rows.Index
	indexed bool // wanted is made
}

func (r *SourceRows) number(tables []*Source, h Hash) {
	r.Tables = tables
	for _, t := range tables {
		t.First = r.n
		r.n += t.rows.Len()
	}
	r.ByAnchor = rows.NewIndex(r.n, func(s int) uint64 { return r.Meta(s).Anchor })
	r.ByGUID = rows.NewIndex(r.n, func(s int) uint64 { return h.GUID(r.Meta(s).GUID) })
	r.ByDN = rows.NewIndex(r.n, func(s int) uint64 { return r.Meta(s).DN })
	r.ByName = rows.NewIndex(r.n, func(s int) uint64 { return r.Meta(s).UPN })
}

// IndexWanted indexes, once, what the rows want to be called that are not idle; it is needed only where something
// changes.
func (r *SourceRows) IndexWanted(idle func(s int) bool) {
	if r.indexed {
		return
	}
	r.indexed = true
	for space := range r.wanted {
		if !slices.ContainsFunc(r.Tables, func(t *Source) bool { return t.Names[space] >= 0 }) {
			continue
		}
		r.wanted[space] = rows.NewIndex(r.n, func(s int) uint64 {
			t := r.Table(s)
			c := t.Names[space]
			if c < 0 || idle(s) {
				return 0
			}
			if fp := t.FP(s)[t.Columns[c].Col]; fp != t.NilFP {
				return fp
			}
			return 0
		}).Build()
	}
}

// IndexWantedAnew is IndexWanted once more, with other rows idle.
func (r *SourceRows) IndexWantedAnew(idle func(s int) bool) {
	r.indexed, r.wanted = false, [state.NameSpaces]*rows.Index{}
	r.IndexWanted(idle)
}

// Wanting calls f for every row that wants a name in a space, as far as [SourceRows.IndexWanted] has indexed them.
func (r *SourceRows) Wanting(space state.NameSpace, name uint64, f func(s int)) {
	if x := r.wanted[space]; x != nil {
		x.Each(name, f)
	}
}

// Len is the number of rows.
func (r *SourceRows) Len() int { return r.n }

// Table is the table that row s is in.
func (r *SourceRows) Table(s int) *Source {
	ts := r.Tables
	for len(ts) > 1 && s >= ts[1].First {
		ts = ts[1:]
	}
	return ts[0]
}

// Meta is row s's fixed part.
func (r *SourceRows) Meta(s int) *SourceMeta { return r.Table(s).Meta(s) }

// FP are row s's desired fingerprints, by column of its table's layout; 0 where there is nothing to say.
func (r *SourceRows) FP(s int) []uint64 { return r.Table(s).FP(s) }

// Load reads row s back.
func (r *SourceRows) Load(s int) (*state.Object, error) { return r.Table(s).Load(s) }

// CompareGUID orders rows by the GUIDs of their objects, which does not depend on the order of reading.
func (r *SourceRows) CompareGUID(a, b int) int {
	x, y := r.Meta(a).GUID, r.Meta(b).GUID
	return slices.Compare(x[:], y[:])
}

// CompareKey orders rows nearly as their readable keys are, without reading them.
func (r *SourceRows) CompareKey(a, b int) int {
	return cmp.Or(cmp.Compare(r.Meta(a).Order, r.Meta(b).Order), r.CompareGUID(a, b))
}

// TenantRows are the tenant's objects of all kinds, the living ones or those in the recycle bin, with indexes.
type TenantRows struct {
	Tables    []*Tenant // by kind
	n         int
	ByID      *rows.Index
	ByAnchor  *rows.Index
	ByAddress *rows.Index // of addresses, not of rows: see [TenantRows.AddressRow]

	named    [state.NameSpaces]*rows.Index // by the names that are no addresses; nil where no table has any
	addrHash []uint64
	addrRow  []uint32
}

func (r *TenantRows) number(tables []*Tenant) {
	r.Tables = tables
	for _, t := range tables {
		t.First = r.n
		r.n += t.rows.Len()
		for i := range t.addrRow {
			t.addrRow[i] += uint32(t.First)
		}
		if len(r.addrRow) == 0 { // mostly there is one kind with many addresses, which need not be copied
			r.addrHash, r.addrRow = t.addrHash, t.addrRow
		} else {
			r.addrHash, r.addrRow = append(r.addrHash, t.addrHash...), append(r.addrRow, t.addrRow...)
		}
		t.addrHash, t.addrRow = nil, nil
	}
	r.ByID = rows.NewIndex(r.n, func(i int) uint64 { return r.Meta(i).ID })
	r.ByAnchor = rows.NewIndex(r.n, func(i int) uint64 { return r.Meta(i).Anchor })
	for space := range r.named {
		if slices.ContainsFunc(tables, func(t *Tenant) bool { return int(t.space) == space }) {
			r.named[space] = rows.NewIndex(r.n, func(i int) uint64 {
				if t := r.Table(i); int(t.space) == space {
					return t.Meta(i).Name
				}
				return 0
			})
		}
	}
	r.ByAddress = rows.NewIndex(len(r.addrHash), func(i int) uint64 { return r.addrHash[i] })
}

// Len is the number of rows.
func (r *TenantRows) Len() int { return r.n }

// Table is the table that row i is in.
func (r *TenantRows) Table(i int) *Tenant {
	ts := r.Tables
	for len(ts) > 1 && i >= ts[1].First {
		ts = ts[1:]
	}
	return ts[0]
}

// Meta is row i's fixed part.
func (r *TenantRows) Meta(i int) *TenantMeta { return r.Table(i).Meta(i) }

// FP are row i's fingerprints, by column of its table's layout.
func (r *TenantRows) FP(i int) []uint64 { return r.Table(i).FP(i) }

// Kind is the kind of row i's object.
func (r *TenantRows) Kind(i int) state.Kind { return r.Table(i).Kind }

// Lists reports whether the tenant's objects of a kind were read at all.
func (r *TenantRows) Lists(kind state.Kind) bool {
	return slices.ContainsFunc(r.Tables, func(t *Tenant) bool { return t.Kind == kind })
}

// Load reads row i back.
func (r *TenantRows) Load(i int) (*Account, error) { return r.Table(i).Load(i) }

// AddressRow is the row that has the i-th address of [TenantRows.ByAddress].
func (r *TenantRows) AddressRow(i int) int { return int(r.addrRow[i] &^ primaryAddress) }

// IsPrimary reports whether the i-th address is a primary one, rather than an alias.
func (r *TenantRows) IsPrimary(i int) bool { return r.addrRow[i]&primaryAddress != 0 }

// Named calls f for every row that has a name in a space; a row may come up twice. first says that it is the row's
// first name there.
func (r *TenantRows) Named(space state.NameSpace, name uint64, f func(row int, first bool)) {
	if space == state.MailAddresses {
		r.ByAddress.Each(name, func(i int) { f(r.AddressRow(i), r.IsPrimary(i)) })
	} else if x := r.named[space]; x != nil {
		x.Each(name, func(i int) { f(i, true) })
	}
}

// FirstNamed is the lowest-numbered row that has a name in a space other than that of addresses, or -1.
func (r *TenantRows) FirstNamed(space state.NameSpace, name uint64) int {
	if x := r.named[space]; x != nil {
		return x.First(name)
	}
	return -1
}

// Guests are the rows of guests who have a further address, see [state.Guests], in no order.
func (r *TenantRows) Guests(address uint64) (list []int) {
	for _, t := range r.Tables {
		for _, id := range t.guests[address] {
			list = append(list, r.ByID.First(id))
		}
	}
	return list
}

// Has reports whether anybody is called name in any space.
func (r *TenantRows) Has(name uint64) bool {
	has := r.ByAddress.First(name) >= 0
	for space := range r.named {
		has = has || r.FirstNamed(state.NameSpace(space), name) >= 0
	}
	return has
}

// CompareDeleted orders rows of the recycle bin by the time of deletion. Ids decide between those of one time, or of
// none.
func (r *TenantRows) CompareDeleted(a, b int) int {
	if c := cmp.Compare(r.Table(a).deletion(a), r.Table(b).deletion(b)); c != 0 {
		return c
	}
	x, errX := r.Load(a)
	y, errY := r.Load(b)
	if errX != nil || errY != nil {
		return cmp.Compare(r.Meta(b).ID, r.Meta(a).ID) // whoever restores one of them meets the error again
	}
	return cmp.Compare(y.ID, x.ID)
}

// Find is the row that a person names by user name or object id, or -1.
func (r *TenantRows) Find(h Hash, name string) int {
	if i := r.FirstNamed(state.SignInNames, h.Address(state.String(name))); i >= 0 {
		return i
	}
	return r.ByID.First(h.ID(strings.ToLower(name)))
}
