// Package aliases compares the further addresses of accounts with those of their source objects: nobody can write them
// through Microsoft Graph, so findings say what is to be done in Exchange.
package aliases

import (
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/proxies"
	"github.com/dirform/dirform/state/visible"
)

// Checker compares the aliases of accounts. Changes, Wants and Holder are asked once every row is decided.
type Checker struct {
	*pair.Pairs
	Limits *offlimits.Limits
	// Changes reports whether a source row's account is changed, and Wants whether a row may get aliases: that is so
	// unless findings stop it, nothing is to be done about it, or it is known to agree with its account.
	Changes, Wants func(row int) bool
	// Holder names tenant row t, which has a name that a change asks for an object of a kind.
	Holder func(t int, of *state.Descriptor, c state.AttributeChange) (words.Holder, error)
	wanted *wantedAliases // made when first asked for
}

// aliasCheck compares the aliases of an account with those that its source object is to have.
type aliasCheck struct {
	*pair.Case
	j         *Checker
	attribute *state.Attribute
	diff      words.AliasDiff
	others    []planner.ObjectRef // who has those that are taken
	bad       []*planner.Finding  // about values that Exchange refuses
}

// Findings tells what has to be done in Exchange for the object. They are warnings, all of them: a wrong alias is
// no reason to keep from an account what can be written.
func (j *Checker) Findings(c *pair.Case) ([]*planner.Finding, error) {
	m := c.Table.Aliases
	if m == nil || c.Live != nil && offlimits.Synced(c.Live) {
		return nil, nil // another engine sees to its aliases, and Exchange lets nobody else
	}
	v, err := table.Want(m, c.Object)
	if err != nil {
		return warnings(c, m, words.NoValue(m, err, c.Object)), nil
	}
	if v.IsEmpty() {
		return nil, nil
	}
	if values := v.List(); m.Target.MaxCount > 0 && len(values) > m.Target.MaxCount {
		return warnings(c, m, words.TooMany(m.Target, values)), nil
	}
	x := aliasCheck{Case: c, j: j, attribute: m.Target}
	if err := x.compare(v.List()); err != nil {
		return nil, err
	}
	found := warnings(c, m, x.bad...)
	if !x.diff.IsEmpty() {
		f := words.Aliases(c.Table.Of, c.Live != nil && c.Live.Guest(), m.Target.Name, x.diff, mailboxIdentity(c), x.offLimits())
		found = append(found, warnings(c, m, f)...)
		f.Objects = append(f.Objects, x.others...)
	}
	return found, nil
}

// warnings are findings about the object's aliases.
func warnings(c *pair.Case, m *config.AttributeMapping, found ...*planner.Finding) []*planner.Finding {
	for _, f := range found {
		f.Severity, f.DeclaredAt, f.Objects = planner.Warning, c.Table.DeclaredAt(m), []planner.ObjectRef{c.Ref()}
	}
	return found
}

// offLimits says why no command is offered that changes the account, or "".
func (x *aliasCheck) offLimits() string {
	if x.Live == nil {
		return ""
	}
	a := offlimits.Attempt{Account: x.Live, Row: x.LiveRow, Policy: x.Table.Policy, Action: state.ActionUpdate,
		Rule: pair.Recorded, Recorded: x.Anchor}
	list := x.j.Limits.Against(a)
	if len(list) == 0 {
		return ""
	}
	switch o := offlimits.Weightiest(list); o.Reason {
	case offlimits.OwnAccount:
		return "dirform is signed in with it"
	case offlimits.ProtectedBy:
		return words.IsProtected(o.Standing.Protected)
	case offlimits.HoldsRole:
		return words.HoldsRoles(o.Standing.Roles)
	}
	return "it is off limits"
}

// mailboxIdentity is how Exchange finds the account: by its object id, which no rename changes. One that the plan
// creates has none yet.
func mailboxIdentity(c *pair.Case) string {
	if c.Live != nil {
		return c.Live.ID
	}
	return c.WantName(state.SignInNames).Str()
}

// addresses are mail addresses by their canonical form.
type addresses map[string]string

// add adds an address. Of two spellings one stands, whichever comes first.
func (x addresses) add(address string) {
	key := state.Canonical(state.EqualFold, address)
	if other, ok := x[key]; !ok || address < other {
		x[key] = address
	}
}

func (x addresses) drop(address string) { delete(x, state.Canonical(state.EqualFold, address)) }

func (x addresses) has(address string) bool {
	_, ok := x[state.Canonical(state.EqualFold, address)]
	return ok
}

// sorted are the addresses of x that are not in any of the others.
func (x addresses) sorted(without ...addresses) (list []string) {
	for _, key := range slices.Sorted(maps.Keys(x)) {
		if !slices.ContainsFunc(without, func(w addresses) bool { _, ok := w[key]; return ok }) {
			list = append(list, x[key])
		}
	}
	return list
}

// compare compares the values that the mapping wants with those of the account.
func (x *aliasCheck) compare(values []string) error {
	mail := x.WantName(state.MailAddresses).Str()
	own := addresses{} // the names that others of its attributes are about
	own.add(mail)
	own.add(x.WantName(state.SignInNames).Str())
	has, removable := x.liveAddresses()
	want, primary := x.wanted(values, has)
	x.comparePrimary(primary)
	for _, address := range primary {
		own.add(address)
	}
	want.drop(mail)
	x.diff.Remove = removable.sorted(want, own)
	for _, address := range want.sorted(has) {
		taken, refs, err := x.whoHas(address)
		if err != nil {
			return err
		}
		if taken.Who == "" {
			x.diff.Add = append(x.diff.Add, address)
			continue
		}
		x.diff.Taken, x.others = append(x.diff.Taken, taken), append(x.others, refs...)
	}
	return nil
}

// wanted are the aliases and the primary addresses among the values of the mapping. Those that Exchange would refuse are
// told of, unless the account has them, and so are several primary ones.
func (x *aliasCheck) wanted(values []string, has addresses) (want, primary addresses) {
	want, primary = addresses{}, addresses{}
	for _, value := range values {
		switch address, kind := proxies.Read(value); kind {
		case proxies.Primary:
			primary.add(address)
		case proxies.Disguised:
			name, n := visible.Trap(value, false)
			x.bad = append(x.bad, words.Trap(x.attribute, value, name, n))
		case proxies.Further:
			switch why := table.RefusedAddress(x.attribute, address); {
			case why != "" && !has.has(address):
				x.bad = append(x.bad, words.BadValue(x.attribute, value, why, words.AtSource))
			case x.Table.Domain(address) == table.OwnDomain:
				want.add(address)
			}
		}
	}
	if len(primary) > 1 {
		x.bad = append(x.bad, words.SeveralPrimary(x.attribute, primary.sorted()))
	}
	return want, primary
}

// liveAddresses are all addresses that the account will still have, and those of them that may be taken away: aliases
// in a domain of the tenant. An address elsewhere is not the tenant's to manage, those in *.onmicrosoft.com come and go
// with the service, and the user name is an alias that Exchange gives by itself. A primary address that mail takes the
// place of stays with a mailbox, and is lost to an account without one; adding it to an account that has it does no
// harm.
func (x *aliasCheck) liveAddresses() (all, removable addresses) {
	all, removable = addresses{}, addresses{}
	if x.Live == nil {
		return all, removable
	}
	own := []string{x.Live.Mail()}
	for _, value := range x.Live.Proxies() {
		switch address, ok := table.SMTPAddress(value); {
		case !ok:
		case value[:5] == "SMTP:":
			own = append(own, address)
		default:
			all.add(address)
			if x.Table.Domain(address) == table.OwnDomain && table.RefusedAddress(x.attribute, address) == "" {
				removable.add(address)
			}
		}
	}
	for _, address := range append(own, x.Live.UserName()) {
		removable.drop(address)
	}
	if x.WantName(state.MailAddresses).IsEmpty() {
		for _, address := range own {
			all.add(address)
		}
	}
	return all, removable
}

// comparePrimary notes a primary address to which the attribute that sets it is not mapped. Of several, none is the one.
func (x *aliasCheck) comparePrimary(all addresses) {
	if x.Table.Names[state.MailAddresses] < 0 || len(all) != 1 {
		return
	}
	primary := all.sorted()[0]
	mail := x.WantName(state.MailAddresses).Str()
	if mail == "" && x.Live != nil {
		mail = x.Live.Mail() // which a mapping without a value leaves alone
	}
	if state.Canonical(state.EqualFold, mail) != state.Canonical(state.EqualFold, primary) {
		x.diff.Primary, x.diff.Mail, x.diff.SetBy = primary, mail, x.Table.Of.Mail
	}
}

// whoHas says who else has or wants an address; Who is "" if nobody does.
func (x *aliasCheck) whoHas(address string) (taken words.TakenAlias, refs []planner.ObjectRef, err error) {
	j := x.j
	if j.wanted == nil {
		if err := j.indexAliases(); err != nil {
			return taken, nil, err
		}
	}
	name := state.AttributeChange{Name: x.Table.Aliases.Target.Name, After: state.String(address)}
	fp := j.Hash.Address(name.After)
	holding, rivals := x.holders(fp)
	var found []words.Holder
	taken = words.TakenAlias{Address: address, Freed: len(holding) > 0}
	for _, t := range holding {
		owner := j.Owner(t)
		h, err := j.Holder(t, x.Table.Of, name)
		if err != nil {
			return taken, nil, err
		}
		found = append(found, h)
		taken.Freed = taken.Freed && owner >= 0 && j.Changes(owner) &&
			j.GivesUp(owner, pair.NamesIn(state.MailAddresses), fp)
		rivals = slices.DeleteFunc(rivals, func(r int) bool { return r == owner })
	}
	for _, r := range rivals {
		if r == x.Row {
			continue
		}
		other, err := j.Case(r)
		if err != nil {
			return taken, nil, err
		}
		found, taken.Freed = append(found, words.Holder{ObjectRef: other.Ref(), How: words.Wants, Of: other.Table.Of}), false
	}
	slices.SortFunc(found, func(a, b words.Holder) int {
		return strings.Compare(a.Anchor+"|"+a.TargetID, b.Anchor+"|"+b.TargetID)
	})
	var who []string
	for _, h := range found {
		who, refs = append(who, h.Text()), append(refs, h.ObjectRef)
	}
	taken.Who = strings.Join(who, "; ")
	return taken, refs, nil
}

// holders are the tenant rows that have an address, other than the account's, and the source rows that want it.
func (x *aliasCheck) holders(fp uint64) (holding, rivals []int) {
	j := x.j
	note := func(list *[]int, i int) {
		if !slices.Contains(*list, i) {
			*list = append(*list, i)
		}
	}
	j.Tenant.ByAddress.Each(fp, func(i int) {
		if t := j.Tenant.AddressRow(i); t != x.LiveRow {
			note(&holding, t)
		}
	})
	j.wanted.index.Each(fp, func(i int) { note(&rivals, int(j.wanted.row[i])) })
	j.Source.Wanting(state.MailAddresses, fp, func(i int) { note(&rivals, i) })
	return holding, rivals
}

// Agree reports whether a linked row's account has the aliases it should have, by sums alone.
func (j *Checker) Agree(s int) bool {
	want := j.Source.Meta(s).Aliases
	return want == table.AliasNone || j.Tenant.Meta(int(j.Verdict(s).Target)).AliasesAre(want)
}

// wantedAliases is an index of the aliases that rows want which are not known to have them.
type wantedAliases struct {
	hash  []uint64
	row   []int32
	index *rows.Index
}

// indexAliases goes through all rows that may get an alias: two of them may want the same one.
func (j *Checker) indexAliases() error {
	w := &wantedAliases{}
	j.wanted = w
	for s := range j.Source.Len() {
		t := j.Source.Table(s)
		if t.Aliases == nil || t.Meta(s).Aliases == table.AliasNone || !j.Wants(s) {
			continue
		}
		o, err := t.Load(s)
		if err != nil {
			return err
		}
		list, _ := table.Want(t.Aliases, o) // an expression that fails wants nothing
		for _, value := range list.List() {
			if address, kind := proxies.Read(value); kind == proxies.Further {
				w.hash, w.row = append(w.hash, j.Hash.Address(state.String(address))), append(w.row, int32(s))
			}
		}
	}
	w.index = rows.NewIndex(len(w.hash), func(i int) uint64 { return w.hash[i] })
	j.Source.IndexWanted(j.Idle)
	return nil
}
