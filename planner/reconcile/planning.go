package reconcile

import (
	"sort"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

// plan is the state of one planning run over a Builder's rows. Source rows and tenant rows are numbered through over all their
// tables, in an order that does not depend on which stream came first.
type plan struct {
	b     *Builder
	h     *state.Hasher
	links *linkTable

	nsrc, nten, ndel int

	srcAnchor, srcGUID, srcDN, srcName   *rows.Index
	srcUPN, srcMail                      *rows.Index // what source objects want to be called
	tenID, tenAnchor, tenUPN, tenAddress *rows.Index
	delID, delAnchor                     *rows.Index
	addrHash                             []uint64
	addrRow                              []uint32
	delUPN, delAddress                   *rows.Index
	delAddrHash                          []uint64
	delAddrRow                           []uint32

	verdicts               []verdict
	owner                  []int32 // per tenant row: 1 + the source row it is linked to or claimed by
	linkOf                 []int32 // per tenant row: 1 + its recorded link
	linkSource, linkTarget []int32 // per link
	unresolved             []unresolvedLink
	idleLinks              []idleLink
	declaredBy             map[int]*config.Link // by source row
	disputed               map[int]bool         // tenant rows that source rows want and none gets, see noteDisputed
	early                  []*planner.Finding   // about the rules themselves
	aimed                  map[string]bool      // --target and --exclude addresses that something has
	kept                   map[string]*crowd    // attributes that cannot be cleared
	foreign                crowd                // rows that want aliases in domains which are not the tenant's
	differing              []int32              // rows that agree in everything but their aliases
	wanted                 *wanted

	roles     map[uint64][]string // by tenantMeta.id
	guarded   map[uint64]bool     // those of roles whose sensitive changes take a higher role, see higherRole
	mayAdmins bool                // dirform holds a higher role
	protected map[int]string      // tenant row to the name in the guard
	admins    admins
	verified  map[string]bool // verified domains, lower case

	totals  planner.Totals
	needs   needs // who waits for whom to give up a name
	settled bool  // every row's outcome is known

	restored map[uint64][]int // see restoredWith
	revived  map[int]int      // deleted row to the source row that it is restored for
	orphans  managerless      // their managers have no account
	// ownManagers name themselves as manager, which Active Directory lets them and the tenant does not (inferred).
	ownManagers managerless
	room        []state.AttributeChange // see subject.begin
}

func (b *Builder) newPlan() *plan {
	byKind := func(t []*tenantTable) func(i, j int) bool {
		return func(i, j int) bool { return t[i].kind < t[j].kind }
	}
	sort.SliceStable(b.tenant, byKind(b.tenant))
	sort.SliceStable(b.deleted, byKind(b.deleted))
	p := &plan{needs: newNeeds(), revived: map[int]int{}, declaredBy: map[int]*config.Link{},
		disputed: map[int]bool{}, aimed: map[string]bool{}, kept: map[string]*crowd{}, b: b, h: state.NewHasher(b.set.Key), links: b.links}
	for _, t := range b.sources {
		t.first = p.nsrc
		p.nsrc += t.rows.Len()
	}
	for _, t := range b.tenant {
		t.first = p.nten
		p.nten += t.rows.Len()
		for i := range t.addrRow {
			t.addrRow[i] += uint32(t.first)
		}
		if len(p.addrRow) == 0 { // mostly there is one kind with many addresses, which need not be copied
			p.addrHash, p.addrRow = t.addrHash, t.addrRow
		} else {
			p.addrHash, p.addrRow = append(p.addrHash, t.addrHash...), append(p.addrRow, t.addrRow...)
		}
		t.addrHash, t.addrRow = nil, nil
	}
	for _, t := range b.deleted {
		t.first = p.ndel
		p.ndel += t.rows.Len()
		for i, row := range t.addrRow {
			p.delAddrHash = append(p.delAddrHash, t.addrHash[i])
			p.delAddrRow = append(p.delAddrRow, row+uint32(t.first))
		}
		t.addrHash, t.addrRow = nil, nil
	}
	p.index()
	p.verdicts = make([]verdict, p.nsrc)
	for i := range p.verdicts {
		p.verdicts[i] = verdict{link: -1, target: -1, rival: -1}
	}
	p.owner, p.linkOf = make([]int32, p.nten), make([]int32, p.nten)
	p.linkSource, p.linkTarget = make([]int32, p.links.rows.Len()), make([]int32, p.links.rows.Len())
	p.verified = b.verified
	p.roles, p.guarded = map[uint64][]string{}, map[uint64]bool{}
	for _, r := range b.set.RoleHolders {
		id := p.h.Fingerprint(&refAttr, state.String(r.ID))
		p.roles[id] = r.Roles
		if guardedHolder(r) {
			p.guarded[id] = true
		}
	}
	p.mayAdmins = b.set.mayTouchAdministrators()
	p.findAdmins()
	return p
}

func (p *plan) index() {
	p.srcAnchor = rows.NewIndex(p.nsrc, func(i int) uint64 { return p.srcMeta(i).anchor })
	p.srcDN = rows.NewIndex(p.nsrc, func(i int) uint64 { return p.srcMeta(i).dn })
	p.srcGUID = rows.NewIndex(p.nsrc, func(i int) uint64 { g := p.srcMeta(i).guid; return p.h.Sum(g[:]) })
	p.srcName = rows.NewIndex(p.nsrc, func(i int) uint64 { return p.srcMeta(i).upn })
	p.tenID = rows.NewIndex(p.nten, func(i int) uint64 { return p.tenMeta(i).id })
	p.tenAnchor = rows.NewIndex(p.nten, func(i int) uint64 { return p.tenMeta(i).anchor })
	p.tenUPN = rows.NewIndex(p.nten, func(i int) uint64 { return p.tenMeta(i).upn })
	p.tenAddress = rows.NewIndex(len(p.addrHash), func(i int) uint64 { return p.addrHash[i] })
	p.delID = rows.NewIndex(p.ndel, func(i int) uint64 { return p.delMeta(i).id })
	p.delUPN = rows.NewIndex(p.ndel, func(i int) uint64 { return p.delMeta(i).upn })
	p.delAddress = rows.NewIndex(len(p.delAddrHash), func(i int) uint64 { return p.delAddrHash[i] })
	p.delAnchor = rows.NewIndex(p.ndel, func(i int) uint64 { return p.delMeta(i).anchor })
}

// indexDesired indexes what source objects want to be called; it is needed only where something changes.
func (p *plan) indexDesired() {
	desired := func(col func(*sourceTable) int) func(int) uint64 {
		return func(i int) uint64 {
			t := p.srcTable(i)
			c := col(t)
			if c < 0 || p.idle(i) {
				return 0
			}
			if fp := p.srcFP(i)[t.columns[c].col]; fp != t.nilFP {
				return fp
			}
			return 0
		}
	}
	p.srcUPN = rows.NewIndex(p.nsrc, desired(func(t *sourceTable) int { return t.upnCol })).Build()
	p.srcMail = rows.NewIndex(p.nsrc, desired(func(t *sourceTable) int { return t.mailCol })).Build()
}

// idle reports whether source row s asks for nothing: an earlier scope has it, or no account matches and the policy creates none.
// Unlike its outcome this is known before rows are surveyed.
func (p *plan) idle(s int) bool {
	v := &p.verdicts[s]
	return v.flags&vShadowed != 0 || p.unmatched(v) && p.srcTable(s).policy.Unmatched == "skip"
}

// addressRow is the tenant row that has the i-th address.
func (p *plan) addressRow(i int) int { return int(p.addrRow[i] &^ primaryAddress) }

func (p *plan) srcTable(s int) *sourceTable {
	ts := p.b.sources
	for len(ts) > 1 && s >= ts[1].first {
		ts = ts[1:]
	}
	return ts[0]
}

func (p *plan) srcMeta(s int) *sourceMeta { t := p.srcTable(s); return t.rows.Meta(s - t.first) }
func (p *plan) srcFP(s int) []uint64      { t := p.srcTable(s); return t.rows.FP(s - t.first) }

func tableOf(ts []*tenantTable, i int) *tenantTable {
	for len(ts) > 1 && i >= ts[1].first {
		ts = ts[1:]
	}
	return ts[0]
}

func (p *plan) tenMeta(i int) *tenantMeta {
	t := tableOf(p.b.tenant, i)
	return t.rows.Meta(i - t.first)
}
func (p *plan) tenFP(i int) []uint64     { t := tableOf(p.b.tenant, i); return t.rows.FP(i - t.first) }
func (p *plan) tenKind(i int) state.Kind { return tableOf(p.b.tenant, i).kind }
func (p *plan) delMeta(i int) *tenantMeta {
	t := tableOf(p.b.deleted, i)
	return t.rows.Meta(i - t.first)
}

// deletedAt is when deleted row i went to the recycle bin, in seconds since 1970; 0 if that is not known.
func (p *plan) deletedAt(i int) int64 {
	t := tableOf(p.b.deleted, i)
	return t.deletedAt[i-t.first]
}

func (p *plan) loadTenant(i int) (*state.Object, error) {
	t := tableOf(p.b.tenant, i)
	return t.load(i - t.first)
}

func (p *plan) loadDeleted(i int) (*state.Object, error) {
	t := tableOf(p.b.deleted, i)
	return t.load(i - t.first)
}

func (p *plan) loadSource(s int) (*state.Object, error) {
	t := p.srcTable(s)
	return t.load(s - t.first)
}
