package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// aliasChange is how the aliases of an account differ from what its source object is to have.
type aliasChange struct {
	add, remove []string // addresses without prefix, sorted
	taken       []takenAlias
	others      []planner.ObjectRef // who has them
	primary     string              // the primary address at the source where mail is mapped to another one, which is then mail
	mail        string
	bad         []*planner.Finding // about values that Exchange refuses
}

// takenAlias is an alias that is wanted and that somebody else has or wants.
type takenAlias struct {
	address, who string
	freed        bool // whoever has it gives it up in the same plan
}

// aliasFindings tells what has to be done in Exchange for the subject. They are warnings, all of them: a wrong alias is no reason
// to keep from an account what can be written.
func (s *subject) aliasFindings() ([]*planner.Finding, error) {
	m := s.table.aliases
	if m == nil || s.live != nil && s.live.Get("onPremisesSyncEnabled").Bool() {
		return nil, nil // another engine sees to its aliases, and Exchange lets nobody else
	}
	v, err := m.Expr.Eval(s.obj)
	if err != nil {
		return s.warnings(m, noValue(m, err, s.obj)), nil
	}
	if isEmpty(v) {
		return nil, nil
	}
	if values := v.List(); m.Target.MaxCount > 0 && len(values) > m.Target.MaxCount {
		return s.warnings(m, tooMany(m.Target, values)), nil
	}
	c, err := s.aliasesOf(m.Target, v.List())
	if err != nil {
		return nil, err
	}
	found := s.warnings(m, c.bad...)
	if len(c.add)+len(c.remove)+len(c.taken) > 0 || c.primary != "" {
		found = append(found, s.warnings(m, s.aliasFinding(m.Target, c))...)
		f := found[len(found)-1]
		f.Objects = append(f.Objects, c.others...)
	}
	return found, nil
}

// warnings are findings about the subject's aliases.
func (s *subject) warnings(m *config.AttributeMapping, found ...*planner.Finding) []*planner.Finding {
	for _, f := range found {
		f.Severity, f.DeclaredAt, f.Objects = planner.Warning, s.table.declaredAt(m), []planner.ObjectRef{s.ref()}
	}
	return found
}

// aliasSet are addresses by their canonical form.
type aliasSet map[string]string

func (x aliasSet) add(address string) { x[state.Canonical(state.EqualFold, address)] = address }

func (x aliasSet) has(address string) bool {
	_, ok := x[state.Canonical(state.EqualFold, address)]
	return ok
}

// sorted are the addresses of x that are not in any of the others.
func (x aliasSet) sorted(without ...aliasSet) (list []string) {
	for _, key := range slices.Sorted(maps.Keys(x)) {
		if !slices.ContainsFunc(without, func(w aliasSet) bool { _, ok := w[key]; return ok }) {
			list = append(list, x[key])
		}
	}
	return list
}

// aliasesOf compares the values that the mapping wants with those of the account.
func (s *subject) aliasesOf(a *state.Attribute, values []string) (c aliasChange, err error) {
	want, own := aliasSet{}, aliasSet{} // own are the names that others of its attributes are about
	for _, name := range [...]string{"mail", "userPrincipalName"} {
		own.add(s.want(name).Str())
	}
	has, aliases := s.liveAddresses(a)
	primary := ""
	for _, value := range values {
		switch address, kind := proxyAddress(value); {
		case kind == primaryOne && primary != "":
			c.bad = append(c.bad, badValue(a, value, "only one address can be the primary one, which SMTP: in capitals marks"))
		case kind == primaryOne:
			primary = address
		case kind == furtherAddress:
			switch why := refusedAddress(a, address); {
			case why != "" && !has.has(address):
				c.bad = append(c.bad, badValue(a, value, why))
			case s.table.accepted.of(address) == ownDomain:
				want.add(address)
			}
		}
	}
	s.comparePrimary(&c, primary)
	own.add(primary)
	delete(want, state.Canonical(state.EqualFold, s.want("mail").Str()))
	c.remove = aliases.sorted(want, own)
	for _, address := range want.sorted(has) {
		who, freed, refs, err := s.whoHasAlias(address)
		if err != nil {
			return c, err
		}
		if who == "" {
			c.add = append(c.add, address)
			continue
		}
		c.taken, c.others = append(c.taken, takenAlias{address, who, freed}), append(c.others, refs...)
	}
	return c, nil
}

// liveAddresses are all addresses that the account will still have, and those of them that may be taken away: aliases in a domain of
// the tenant. An address elsewhere is not the tenant's to manage, those in *.onmicrosoft.com come and go with the service, and the
// user name is an alias that Exchange gives by itself. A primary address that mail takes the place of stays with a mailbox, and is
// lost to an account without one; adding it to an account that has it does no harm.
func (s *subject) liveAddresses(a *state.Attribute) (all, removable aliasSet) {
	all, removable = aliasSet{}, aliasSet{}
	if s.live == nil {
		return all, removable
	}
	own := []string{s.live.Get("mail").Str()}
	for _, value := range s.live.Get("proxyAddresses").List() {
		switch address, ok := smtpAddress(value); {
		case !ok:
		case value[:5] == "SMTP:":
			own = append(own, address)
		default:
			all.add(address)
			if s.table.accepted.of(address) == ownDomain && refusedAddress(a, address) == "" {
				removable.add(address)
			}
		}
	}
	for _, address := range append(own, s.live.Get("userPrincipalName").Str()) {
		delete(removable, state.Canonical(state.EqualFold, address))
	}
	if mail := s.want("mail"); isEmpty(mail) {
		for _, address := range own {
			all.add(address)
		}
	}
	return all, removable
}

// comparePrimary notes a primary address that mail, which sets the primary address, is not mapped to.
func (s *subject) comparePrimary(c *aliasChange, primary string) {
	if s.table.mailCol < 0 || primary == "" {
		return
	}
	mail := s.want("mail").Str()
	if mail == "" && s.live != nil {
		mail = s.live.Get("mail").Str() // which a mapping without a value leaves alone
	}
	if state.Canonical(state.EqualFold, mail) != state.Canonical(state.EqualFold, primary) {
		c.primary, c.mail = primary, mail
	}
}

// refusedAddress says why Exchange would refuse an address, or "".
func refusedAddress(a *state.Attribute, address string) string {
	local, domain, ok := strings.Cut(address, "@")
	switch why := illegal(a, address); {
	case why != "":
		return why
	case strings.ContainsAny(address, "\t\r\n"):
		return "it holds a line break or tabulator"
	case !ok || local == "" || domain == "" || strings.Contains(domain, "@"):
		return "an address must have the form name@domain with exactly one @"
	case a.MaxLen > 0 && len("smtp:")+len(address) > a.MaxLen:
		return fmt.Sprintf("it has more than %d characters", a.MaxLen)
	}
	return ""
}

// whoHasAlias says who else has or wants an address, "" if nobody does. freed tells that this plan takes it from them.
func (s *subject) whoHasAlias(address string) (text string, freed bool, refs []planner.ObjectRef, err error) {
	p := s.p
	if p.wanted == nil {
		if err := p.indexWanted(); err != nil {
			return "", false, nil, err
		}
	}
	fp := p.h.Fingerprint(&addressAttr, state.String(address))
	var holders, rivals []int
	note := func(list *[]int, i int) {
		if !slices.Contains(*list, i) {
			*list = append(*list, i)
		}
	}
	p.tenAddress.Each(fp, func(i int) {
		if t := p.addressRow(i); t != s.liveRow {
			note(&holders, t)
		}
	})
	p.wanted.index.Each(fp, func(i int) { note(&rivals, int(p.wanted.row[i])) })
	p.srcMail.Each(fp, func(i int) { note(&rivals, i) })
	var found []holder
	freeing := len(holders) > 0
	for _, t := range holders {
		owner := int(p.owner[t]) - 1
		h, err := p.holder(t, owner, state.AttributeChange{Name: "proxyAddresses", After: state.String(address)})
		if err != nil {
			return "", false, nil, err
		}
		found = append(found, h)
		freeing = freeing && owner >= 0 && p.verdicts[owner].outcome == outChange && p.givesUp(owner, nameMail, fp)
		rivals = slices.DeleteFunc(rivals, func(r int) bool { return r == owner })
	}
	for _, r := range rivals {
		if r == s.row {
			continue
		}
		other, err := p.subject(r)
		if err != nil {
			return "", false, nil, err
		}
		found, freeing = append(found, holder{other.ref(), wants}), false
	}
	slices.SortFunc(found, func(a, b holder) int { return strings.Compare(a.Anchor+"|"+a.TargetID, b.Anchor+"|"+b.TargetID) })
	var who []string
	for _, h := range found {
		who, refs = append(who, h.text()), append(refs, h.ObjectRef)
	}
	return strings.Join(who, "; "), freeing, refs, nil
}

// aliasFinding puts a difference into words and commands.
func (s *subject) aliasFinding(a *state.Attribute, c aliasChange) *planner.Finding {
	var said, values []string
	say := func(format string, list []string) {
		if len(list) > 0 {
			said = append(said, fmt.Sprintf(format, strings.Join(list, ", ")))
		}
	}
	for _, address := range c.add {
		values = append(values, "+smtp:"+address)
	}
	for _, address := range c.remove {
		values = append(values, "-smtp:"+address)
	}
	say("To add: %s.", prefixed(c.add))
	say("To remove: %s.", prefixed(c.remove))
	for _, t := range c.taken {
		values = append(values, "+smtp:"+t.address)
		if t.freed {
			said = append(said, fmt.Sprintf("smtp:%s cannot be added yet: %s, and gives it up in this plan.", t.address, t.who))
			continue
		}
		said = append(said, fmt.Sprintf("smtp:%s cannot be added: %s.", t.address, t.who))
	}
	if c.primary != "" {
		values = append(values, "SMTP:"+c.primary)
		said = append(said, fmt.Sprintf("The primary address is SMTP:%s at the source, but mail, which sets it, is %s.", c.primary, orNothing(c.mail)))
	}
	f := planner.NewFinding(planner.AliasesCode, "", s.aliasHint(c))
	if len(c.add)+len(c.remove) > 0 {
		if why := s.untouchable(); why != "" {
			said = append(said, why)
		} else {
			f.Commands = []string{setMailbox(s.mailboxIdentity(), c.add, c.remove)}
		}
	}
	f.Detail = strings.Join(said, " ")
	return about(f, a.Name, strings.Join(values, ", "), "")
}

func prefixed(addresses []string) (list []string) {
	for _, address := range addresses {
		list = append(list, "smtp:"+address)
	}
	return list
}

func orNothing(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

func (s *subject) aliasHint(c aliasChange) string {
	var hints []string
	if len(c.add)+len(c.remove) > 0 {
		hints = append(hints, planner.CodeOf(planner.AliasesCode).Cure)
	}
	if slices.ContainsFunc(c.taken, func(t takenAlias) bool { return t.freed }) {
		hints = append(hints, "Plan again after this apply, which frees the address unless the mailbox that has it keeps it as a further one.")
	}
	if slices.ContainsFunc(c.taken, func(t takenAlias) bool { return !t.freed }) {
		hints = append(hints, "Take the address away from the other object first, and plan again.")
	}
	if c.primary != "" {
		hints = append(hints, "Map mail = primary_smtp(ad.proxyAddresses), or make the two agree at the source.")
	}
	return strings.Join(hints, " ")
}

// untouchable says why no command is offered that changes the subject's account, or "".
func (s *subject) untouchable() string {
	if s.live == nil {
		return ""
	}
	if name, ok := s.p.protected[s.liveRow]; ok {
		return fmt.Sprintf("No command is offered: the account is protected by %q.", name)
	}
	if roles := s.p.roles[s.p.h.Fingerprint(&refAttr, state.String(s.live.ID))]; len(roles) > 0 && s.table.policy.Privileged != "allow" {
		return fmt.Sprintf("No command is offered: the account holds %s.", strings.Join(roles, ", "))
	}
	return ""
}

// mailboxIdentity is how Exchange finds the account: by its object id, which no rename changes. One that the plan creates has none yet.
func (s *subject) mailboxIdentity() string {
	if s.live != nil {
		return s.live.ID
	}
	return s.want("userPrincipalName").Str()
}

// setMailbox is the Exchange Online command that adds and removes aliases. It changes no other address, and says the same if it
// is run twice.
func setMailbox(identity string, add, remove []string) string {
	var parts []string
	for _, x := range []struct {
		verb      string
		addresses []string
	}{{"Add", add}, {"Remove", remove}} {
		if len(x.addresses) == 0 {
			continue
		}
		quoted := prefixed(x.addresses)
		for i := range quoted {
			quoted[i] = powerShell(quoted[i])
		}
		parts = append(parts, x.verb+"="+strings.Join(quoted, ","))
	}
	return fmt.Sprintf("Set-Mailbox -Identity %s -EmailAddresses @{%s}", powerShell(identity), strings.Join(parts, "; "))
}

// takeAway is the Exchange Online command that takes a further address from an object. Whether a group is a Microsoft 365 group is
// not read, so it may need Set-DistributionGroup.
func takeAway(o planner.ObjectRef, address string) string {
	command := setMailbox(o.TargetID, nil, []string{address})
	switch o.Kind {
	case state.Group:
		return strings.Replace(command, "Set-Mailbox", "Set-UnifiedGroup", 1)
	case state.Contact:
		return strings.Replace(command, "Set-Mailbox", "Set-MailContact", 1)
	}
	return command
}

// powerShell is s as a PowerShell string that stands for nothing but itself. PowerShell takes the typographic single quotes for
// plain ones (about_Quoting_Rules), so they are doubled as well.
func powerShell(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		if strings.ContainsRune("'‘’‚‛", r) {
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	b.WriteByte('\'')
	return b.String()
}

// aliases emits the findings of the rows that differ in nothing but their aliases.
func (e *emitter) aliases() error {
	slices.SortFunc(e.p.differing, e.p.byKey)
	for _, s := range e.p.differing {
		sub, err := e.p.subject(int(s))
		if err != nil {
			return err
		}
		if !e.p.selected(sub.address) {
			continue
		}
		found, err := sub.aliasFindings()
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := e.find(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// foreign warns of aliases that are left out for their domains, and names those of the first objects.
func (e *emitter) foreign() error {
	c := &e.p.foreign
	first, err := e.p.firstOf(c.first)
	if err != nil {
		return err
	}
	domains := map[string]bool{}
	for _, sub := range first {
		v, _ := sub.table.aliases.Expr.Eval(sub.obj) // it had a value when the row was read
		for _, value := range v.List() {
			if address, kind := proxyAddress(value); kind == furtherAddress && sub.table.accepted.of(address) == foreignDomain {
				domains[strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])] = true
			}
		}
	}
	names := strings.Join(slices.Sorted(maps.Keys(domains)), ", ")
	f := about(planner.NewFinding("DF307", fmt.Sprintf("%d objects have further addresses in domains that the tenant has not verified, such as %s.", c.count, names), ""),
		"proxyAddresses", names, "")
	if c.count == 1 {
		f.Detail = fmt.Sprintf("One object has a further address in a domain that the tenant has not verified: %s.", names)
	}
	return e.crowd(f, c)
}

// find hands a finding to the sink and counts it.
func (e *emitter) find(f *planner.Finding) error {
	if f.Code == planner.AliasesCode {
		e.totals.Summary.Aliases++
	}
	return e.sink.Finding(f)
}
