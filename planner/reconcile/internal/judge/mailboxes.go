package judge

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// warn reports what the service takes, and what people come to regret: a user name that is somebody else's address, a mailbox of
// several people that anybody can sign in to, and somebody who is a guest already. All only where it comes about.
func (d adviser) warn() error {
	for _, c := range d.attrs {
		switch {
		case c.Name == d.Table.Of.UserName && !c.After.IsNull():
			if err := d.warnOfAddress(c.After); err != nil {
				return err
			}
		case c.Name == d.Table.Of.SignIn && c.After.Bool():
			d.warnOfMailbox()
		}
	}
	guest, err := d.PerhapsGuest()
	if guest != nil {
		d.report(words.PerhapsGuest(guest), table.Ref(guest))
	}
	return err
}

// warnOfAddress reports that another object of the tenant has a user name as an address, or gets it, unless an error says so already.
func (d adviser) warnOfAddress(name state.Value) error {
	said := func(f *planner.Finding) bool {
		return f.Severity == planner.Error && strings.EqualFold(f.Value, name.Str())
	}
	if slices.ContainsFunc(d.findings, said) {
		return nil
	}
	h, err := d.addressee(name)
	if err == nil && h.Of != nil {
		d.report(words.NameIsAddress(d.Table.Of.UserName, name.Str(), h), h.ObjectRef)
	}
	return err
}

// addressee is the first other object that has an address and keeps it, or else that gets it in this plan. Without Of it is none.
func (d adviser) addressee(name state.Value) (words.Holder, error) {
	other, next, hash := -1, -1, d.j.Hash.Address(name)
	d.j.Tenant.ByAddress.Each(hash, func(i int) {
		t := d.j.Tenant.AddressRow(i)
		owner := d.j.Owner(t)
		given := owner >= 0 && d.j.GivesUp(owner, pair.NamesIn(state.MailAddresses), hash)
		if t != d.LiveRow && !given && (other < 0 || d.j.Tenant.Meta(t).ID < d.j.Tenant.Meta(other).ID) {
			other = t
		}
	})
	if other >= 0 {
		return d.j.holder(other, d.Table.Of, state.AttributeChange{Name: d.Table.Of.Mail, After: name})
	}
	d.j.Source.Wanting(state.MailAddresses, hash, func(s int) {
		o := d.j.states[s].outcome
		if s != d.Row && o != Blocked && o != Ignored && (next < 0 || d.j.Source.CompareGUID(s, next) < 0) {
			next = s
		}
	})
	if next < 0 {
		return words.Holder{}, nil
	}
	c, err := d.j.Case(next)
	if err != nil {
		return words.Holder{}, err
	}
	return words.Holder{ObjectRef: c.Ref(), How: words.Wants, Of: c.Table.Of}, nil
}

// warnOfMailbox reports that sign-in is turned on for a mailbox that several people share, or for one that looks so.
func (d adviser) warnOfMailbox() {
	off := func(a *table.Account) bool { return !a.SignIn().IsNull() && !a.SignIn().Bool() }
	if what := system.Shared(d.Object); what != "" {
		d.report(words.SharedMailbox(d.Table.Of.SignIn, what))
	} else if d.Live != nil && !d.Linked() && !d.InBin() && off(d.Live) && d.Live.HasAddress() &&
		!d.blocked() && !d.switchedOff() {
		d.report(words.PerhapsShared(d.Table.Of.SignIn, d.Live), table.Ref(d.Live))
	}
}

// switchedOff reports whether dirform itself has switched the account off, as that of somebody who left.
func (d adviser) switchedOff() bool {
	l := d.RecordedLink()
	if l < 0 {
		return false
	}
	link, err := d.j.Links.Load(l)
	return err == nil && link.Left && d.j.recordedEnabled(link, false) // whoever decides about the link meets the error again
}
