package reconcile

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// names are the attributes that no two objects may share, as a set.
type names uint8

const (
	nameUPN names = 1 << iota
	nameMail
)

func nameOf(attribute string) names {
	switch attribute {
	case "userPrincipalName":
		return nameUPN
	case "mail":
		return nameMail
	}
	return 0
}

// need says that a row's change has to wait until another row has given up a name.
type need struct {
	row   int32
	names names
}

// needs are the rows that wait for others, and how circles among them are opened.
type needs struct {
	of     map[int32][]need
	detour map[int32]names // rows that give up these names first, by taking temporary ones
	depth  map[int32]int   // how many changes come before a row's
}

func newNeeds() needs {
	return needs{of: map[int32][]need{}, detour: map[int32]names{}, depth: map[int32]int{}}
}

func (n *needs) add(row, on int32, name names) {
	list := n.of[row]
	if i := slices.IndexFunc(list, func(x need) bool { return x.row == on }); i >= 0 {
		list[i].names |= name
		return
	}
	n.of[row] = append(list, need{on, name})
}

func (n *needs) has(row, on int32, name names) bool {
	return slices.ContainsFunc(n.of[row], func(x need) bool { return x.row == on && x.names&name != 0 })
}

// waitsFor reports whether the account's owner gives up the name that c asks for in the same plan, so that the subject can have it
// afterwards, and notes the order. While rows are surveyed, an owner that may do so is taken to do so; settleNeeds corrects what
// comes out otherwise, so that the order of the survey does not matter.
//
// Of mail this holds for the primary address only. Whether an account keeps its old primary address as a further one, which
// nobody else could have then, is not documented for accounts without a mailbox; keepsAddress says so in the plan.
func (s *subject) waitsFor(owner int, c state.AttributeChange, wanted uint64) bool {
	if owner < 0 || s.v.flags&vNeedBlocked != 0 {
		return false
	}
	p := s.p
	v := &p.verdicts[owner]
	if v.target < 0 || v.flags&^vNeedBlocked != 0 || v.agreed || p.settled && v.outcome != outChange {
		return false
	}
	if !p.givesUp(owner, nameOf(c.Name), wanted) {
		return false
	}
	if !p.settled {
		p.needs.add(int32(s.row), int32(owner), nameOf(c.Name))
	}
	return p.needs.has(int32(s.row), int32(owner), nameOf(c.Name))
}

// givesUp reports whether row s, which has an account, is going to be called something else than name.
func (p *plan) givesUp(s int, attribute names, name uint64) bool {
	t := p.srcTable(s)
	target := int(p.verdicts[s].target)
	col, have := t.upnCol, p.tenMeta(target).upn
	if attribute == nameMail {
		if col = t.mailCol; col >= 0 {
			have = p.tenFP(target)[t.columns[col].col]
		}
	}
	if col < 0 || have != name {
		return false
	}
	want := p.srcFP(s)[t.columns[col].col]
	return want != 0 && want != t.nilFP && want != have
}

// settleNeeds blocks every row that waits for one that will not give up its name, opens circles, and works out the order.
func (p *plan) settleNeeds() {
	defer func() { p.settled = true }()
	p.blockWaiting()
	if p.settleAdmins() {
		p.blockWaiting() // who waits for one of them waits in vain
	}
	p.openCircles(p.waiting())
}

// blockWaiting blocks every row that waits, directly or not, for one that will not give up its name.
func (p *plan) blockWaiting() {
	waiting := p.waiting()
	for changed := true; changed; {
		changed = false
		for _, s := range waiting {
			v := &p.verdicts[s]
			if v.flags&vNeedBlocked != 0 {
				continue
			}
			i := slices.IndexFunc(p.needs.of[s], func(n need) bool { return p.verdicts[n.row].outcome != outChange })
			if i < 0 {
				continue
			}
			p.blockNeed(s)
			changed = true
		}
	}
}

// blockNeed blocks a row that waits in vain.
func (p *plan) blockNeed(s int32) {
	v := &p.verdicts[s]
	v.flags |= vNeedBlocked
	v.outcome = outBlocked
	delete(p.needs.of, s)
}

// waiting are the rows with needs, in the order of GUIDs; each row's needs are brought into that order, too.
func (p *plan) waiting() []int32 {
	byGUID := func(a, b int32) int { return p.compareGUID(int(a), int(b)) }
	var list []int32
	for s, of := range p.needs.of {
		if p.verdicts[s].outcome != outChange {
			delete(p.needs.of, s)
			continue
		}
		slices.SortFunc(of, func(a, b need) int { return byGUID(a.row, b.row) })
		list = append(list, s)
	}
	slices.SortFunc(list, byGUID)
	return list
}

// openCircles finds for every row how many changes come before it. Where rows wait for each other in a circle, the one with the
// least GUID gives up its names first, in a write of its own.
func (p *plan) openCircles(waiting []int32) {
	const onPath = -1
	n := &p.needs
	for _, start := range waiting {
		path := []int32{start}
		for len(path) > 0 {
			s := path[len(path)-1]
			n.depth[s] = onPath
			next, circle, deepest := int32(-1), false, 0
			for _, on := range n.of[s] {
				d, known := n.depth[on.row]
				switch {
				case n.detour[on.row] != 0: // frees its names before anything else
					n.detour[on.row] |= on.names
					deepest = max(deepest, 1)
				case len(n.of[on.row]) == 0:
					deepest = max(deepest, 1)
				case known && d != onPath:
					deepest = max(deepest, d+1)
				case known:
					next, circle = on.row, true
				case next < 0:
					next = on.row
				}
				if circle {
					break
				}
			}
			switch {
			case circle:
				path = p.openCircle(path, next)
			case next >= 0:
				path = append(path, next)
			default:
				n.depth[s] = deepest
				path = path[:len(path)-1]
			}
		}
	}
	for s := range n.detour {
		n.depth[s] = 0 // its first write needs nothing
	}
}

// openCircle opens the circle that the end of path makes with its row first, and returns the path as far as it is still valid.
func (p *plan) openCircle(path []int32, first int32) []int32 {
	at := slices.Index(path, first)
	least := slices.MinFunc(path[at:], func(a, b int32) int { return p.compareGUID(int(a), int(b)) })
	i := slices.Index(path, least)
	before := path[len(path)-1] // who waits for least: the row before it in the circle
	if i > at {
		before = path[i-1]
	}
	for _, on := range p.needs.of[before] {
		if on.row == least {
			p.needs.detour[least] |= on.names
		}
	}
	for _, s := range path[at:] { // to be looked at again: their depths depended on the circle
		delete(p.needs.depth, s)
	}
	return path[:at+1]
}

// detours gives the subject's names that others wait for in a circle the values that they have in between: the account's id in
// the tenant's own domain, which hardly anybody else is called.
func (s *subject) detours(attrs []state.AttributeChange) {
	free := s.p.needs.detour[int32(s.row)]
	if free == 0 || !s.p.settled {
		return
	}
	name := strings.ReplaceAll(s.live.ID, "-", "")
	for s.p.known(name + "@" + s.ownDomain()) {
		name += "x"
	}
	name += "@" + s.ownDomain()
	for i := range attrs {
		if nameOf(attrs[i].Name)&free != 0 {
			attrs[i].Via = state.String(name)
		}
	}
}

// known reports whether anybody in the tenant has or had a name.
func (p *plan) known(name string) bool {
	fp := p.h.Fingerprint(&addressAttr, state.String(name))
	return p.tenUPN.First(fp) >= 0 || p.tenAddress.First(fp) >= 0 || p.delUPN.First(fp) >= 0 || p.delAddress.First(fp) >= 0
}

// ownDomain is the domain in which the subject's account can be called anything: the tenant's initial one, else its own.
func (s *subject) ownDomain() string {
	for _, d := range s.p.b.set.Domains {
		if d.Initial && d.Verified {
			return d.Name
		}
	}
	_, domain, _ := strings.Cut(s.live.Get("userPrincipalName").Str(), "@")
	return domain
}
