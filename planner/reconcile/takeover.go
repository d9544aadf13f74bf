package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// synced reports whether another sync engine masters a tenant object: the service refuses changes by anybody else. Only true
// says so; false and null both mean that nobody else does.
func synced(live *state.Object) bool { return live.Get(providers.SyncEnabled).Bool() }

// onceSynced reports whether another sync engine masters a tenant object or did so once, which locks some attributes for good.
//
// The trace is the time of its last synchronisation. That an account keeps it after its conversion is inferred: the tools that
// clear what an engine has left on an account leave that alone. An account that has lost it is taken for one that never was
// synchronised, and then the service refuses the write, for that one account. One that has it although it could be written keeps
// its values, and the finding says so; that is the harmless side to err on.
func onceSynced(live *state.Object) bool {
	return !live.Get(providers.SyncEnabled).IsNull() || !isEmpty(live.Get(providers.LastSync))
}

// locks reports whether the service refuses changes of an attribute because of what another sync engine has left on the account.
func locks(a *state.Attribute, live *state.Object) bool { return a.Lockable && onceSynced(live) }

// traceMatters reports whether it makes a difference which accounts another engine mastered once. If not, the trace is not read.
func traceMatters(rules *config.Config, managed []*state.Attribute) bool {
	return slices.ContainsFunc(managed, func(a *state.Attribute) bool { return a.Lockable }) ||
		slices.ContainsFunc(rules.Policies, func(p *config.LinkPolicy) bool { return p.SyncedElsewhere == "take_over" })
}

// claims reports whether the subject's account is taken over from another sync engine.
func (s *subject) claims() bool { return s.table.claims && s.live != nil && synced(s.live) }

// takesOver reports whether a change takes its account over from another sync engine.
func takesOver(c *state.Change) bool {
	return slices.ContainsFunc(c.Attributes, func(a state.AttributeChange) bool { return a.Name == providers.CloudManaged })
}

// claim adds the write by which the account is taken over. An account that was linked already has been claimed back by the other
// engine since, which is drift.
func (s *subject) claim() {
	if s.claims() {
		s.attrs = append(s.attrs, state.AttributeChange{Name: providers.CloudManaged, Before: state.Bool(false), After: state.Bool(true),
			Drift: s.v.link >= 0})
	}
}

// reportLocked warns of the attributes that stay as they are because the service refuses to change them.
func (s *subject) reportLocked() {
	slices.SortFunc(s.locked, func(a, b state.AttributeChange) int { return strings.Compare(a.Name, b.Name) })
	for _, a := range s.locked {
		f := about(planner.NewFinding("DF303", fmt.Sprintf("%s of account %s is %s and should be %s.", a.Name, tenantRef(s.live).Name, quoted(a.Before), quoted(a.After)), ""),
			a.Name, a.After.Text(), "")
		if n, ok := strings.CutPrefix(a.Name, "extensionAttribute"); ok {
			f.Hint = fmt.Sprintf("In Exchange Online: Set-Mailbox (or Set-MailUser) -Identity %s -CustomAttribute%s %s. Or take it out of the mapping.",
				s.live.ID, n, powerShellValue(a.After))
		}
		s.find(f, tenantRef(s.live))
	}
}

// takenOver warns once of all accounts that are taken over, and tells once of those that were converted before.
func (e *emitter) takenOver() error {
	err := e.crowded("DF219", &e.claimed, "One account that another sync engine masters is taken over from it.",
		"%d accounts that another sync engine masters are taken over from it.")
	if err != nil {
		return err
	}
	return e.crowded("DF220", &e.converted, "One account that another sync engine mastered before is linked.",
		"%d accounts that another sync engine mastered before are linked.")
}

// crowded makes one finding about many source rows and names the first of them.
func (e *emitter) crowded(code string, c *crowd, one, many string) error {
	f := planner.NewFinding(code, one, "")
	if c.count > 1 {
		f.Detail = fmt.Sprintf(many, c.count)
	}
	return e.crowd(f, c)
}

func quoted(v state.Value) string {
	if isEmpty(v) {
		return "empty"
	}
	return fmt.Sprintf("%q", v.Text())
}

// powerShellValue is a value as an argument of a PowerShell command.
func powerShellValue(v state.Value) string {
	if isEmpty(v) {
		return "$null"
	}
	return powerShell(v.Text())
}

// syncedElsewhere refuses an account that another sync engine masters, and says what taking it over would change.
func syncedElsewhere(live *state.Object, p *config.LinkPolicy, attrs, locked []state.AttributeChange) *planner.Finding {
	detail := fmt.Sprintf("Account %s has onPremisesSyncEnabled = true.", tenantRef(live).Name)
	if len(attrs) > 0 {
		detail += " Not as declared: " + attributeNames(attrs) + "."
	}
	if len(locked) > 0 {
		detail += " Locked for good, and not as declared: " + attributeNames(locked) + "."
	}
	return about(planner.NewFinding("DF208", detail, ""), providers.SyncEnabled, "true", p.DeclaredAt)
}

// staysInItsScope warns of the cure that comes to mind first.
const staysInItsScope = "Do not take the object out of the other engine's scope as long as that masters the account: Entra Connect and Cloud Sync delete accounts whose objects leave it."

func attributeNames(attrs []state.AttributeChange) string {
	var names []string
	for _, a := range attrs {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
