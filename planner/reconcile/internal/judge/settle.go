package judge

import (
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/state"
)

// stuck reports whether the object waits for a name that will not be released.
func (d *draft) stuck() bool { return d.j.states[d.Row].stuck }

// waitsFor reports whether the account's owner gives up the name that attribute has the draft ask for in the same plan,
// so that it can have it afterwards, and notes the order. While rows are surveyed, an owner that may do so is taken to
// do so; Settle corrects what comes out otherwise, so that the order of the survey does not matter.
//
// Of mail this holds for the primary address only. Whether an account keeps its old primary address as a further one,
// which nobody else could have then, is not documented for accounts without a mailbox; words.KeepsAddress says so in
// the plan.
func (d *draft) waitsFor(owner int, attribute string, name uint64) bool {
	if owner < 0 || d.stuck() {
		return false
	}
	j := d.j
	v, st := j.Verdict(owner), &j.states[owner]
	if v.Target < 0 || v.Flags != 0 || st.agreed || j.settled && st.outcome != Changes {
		return false
	}
	names := pair.NameOf(d.Table.Of, attribute)
	if !j.GivesUp(owner, names, name) {
		return false
	}
	if !j.settled {
		j.waits.Add(d.Row, owner, names)
	}
	return j.waits.Has(d.Row, owner, names)
}

// Settle ends the survey: it blocks every row that waits for one that will not give up its name, opens circles, and
// works out the order. From then on, deciding gives changes and findings as they are told.
func (j *Judge) Settle() {
	j.blockWaiting()
	made := func(s int) bool { return j.states[s].outcome == Changes || j.states[s].off }
	if blocked := j.limits.Settle(made); len(blocked) > 0 {
		for _, s := range blocked {
			j.states[s].outcome = Blocked
		}
		j.blockWaiting() // who waits for one of them waits in vain
	}
	j.waits.Open(j.waiting())
	j.waits.Hurry(func(row int32) bool { return j.states[row].outcome == Changes && j.states[row].first })
	j.settled = true
}

func (j *Judge) waiting() []int32 {
	return j.waits.Sort(func(row int32) bool { return j.states[row].outcome == Changes })
}

// blockWaiting blocks every row that waits, directly or not, for one that will not give up its name.
func (j *Judge) blockWaiting() {
	waiting := j.waiting()
	for changed := true; changed; {
		changed = false
		for _, s := range waiting {
			st := &j.states[s]
			if st.stuck {
				continue
			}
			for _, n := range j.waits.Of(int(s)) {
				if j.states[n.Row].outcome != Changes {
					st.stuck, st.outcome, changed = true, Blocked, true
					j.waits.Drop(s)
					break
				}
			}
		}
	}
}

// Depth is how many changes have to come before source row s's; ordered is false if it waits for nothing and nothing
// for it. first says that it waits and turns sign-in off, or that one has to wait for it that does.
func (j *Judge) Depth(s int) (depth int, first, ordered bool) {
	depth, ordered = j.waits.Depth(s)
	return depth, j.waits.Hurried(s), ordered
}

// detours gives the names that others wait for in a circle the values that they have in between: the account's id in
// the tenant's own domain, which hardly anybody else is called.
func (d *draft) detours(attrs []state.AttributeChange) {
	free := d.j.waits.Detour(d.Row)
	if free == 0 {
		return
	}
	for i := range attrs {
		if pair.NameOf(d.Table.Of, attrs[i].Name)&free != 0 {
			attrs[i].Via = state.String(nameBetween(d, d.Table.Of.UniqueName(attrs[i].Name).Space))
		}
	}
}

// nameBetween is a name in a space that nobody has or had.
func nameBetween(d *draft, space state.NameSpace) string {
	name, domain := strings.ReplaceAll(d.Live.ID, "-", ""), ""
	if space.HasDomain() {
		domain = "@" + d.ownDomain()
	}
	for d.j.isKnown(name + domain) {
		name += "x"
	}
	return name + domain
}

// isKnown reports whether anybody in the tenant has or had a name.
func (j *Judge) isKnown(name string) bool {
	fp := j.Hash.Address(state.String(name))
	return j.Tenant.Has(fp) || j.Bin.Has(fp)
}

// ownDomain is the domain in which the account can be called anything: the tenant's initial one, else its own.
func (d *draft) ownDomain() string {
	if initial := d.j.Domains.Initial(); initial != "" {
		return initial
	}
	_, domain, _ := strings.Cut(d.Live.First(state.SignInNames), "@")
	return domain
}
