package pair

import (
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Unhoused are the ids of the accounts that are to get an address in a domain which the tenant has not verified.
// Whether such an account has a mailbox decides what the service makes of the address, and is asked for these alone.
func (p *Pairs) Unhoused() (ids []string, err error) {
	for s := range p.Source.Len() {
		if !p.newMail(s) {
			continue
		}
		c, err := p.Case(s)
		if err != nil {
			return nil, err
		}
		if c.Live != nil && foreign(c, c.WantName(state.MailAddresses)) {
			ids = append(ids, c.Live.ID)
		}
	}
	return ids, nil
}

// newMail reports whether source row s has an account whose primary address is to be another one.
func (p *Pairs) newMail(s int) bool {
	v := p.Verdict(s)
	if v.Target < 0 || v.Is(InBin) {
		return false
	}
	t := p.Source.Table(s)
	i := t.Names[state.MailAddresses]
	if i < 0 {
		return false
	}
	col := t.Columns[i].Col
	want := t.FP(s)[col]
	return want != 0 && want != t.NilFP && want != p.Tenant.FP(int(v.Target))[col]
}

// keepsAddress reports whether the account of source row s keeps its primary address because the service would drop the
// one that it is to get.
func (p *Pairs) keepsAddress(s int, space state.NameSpace) bool {
	if space != state.MailAddresses || len(p.Mailboxes) == 0 {
		return false
	}
	c, err := p.Case(s)
	if err != nil {
		return false // whoever decides about the row meets the error again
	}
	want := c.WantName(space)
	return c.DropsAddress(&state.AttributeChange{Name: c.Table.Of.Mail, After: want})
}

func foreign(c *Case, address state.Value) bool {
	return address.Kind() == state.StringValue && strings.Contains(address.Str(), "@") &&
		c.Table.Domain(address.Str()) == table.ForeignDomain
}

// DropsAddress reports whether the service would drop an address again that it takes: Exchange keeps those of a
// mailbox in verified domains only, so that every apply would set the address once more.
func (c *Case) DropsAddress(ch *state.AttributeChange) bool {
	return ch.Name == c.Table.Of.Mail && c.Live != nil && c.pairs.Mailboxes[c.Live.ID] && foreign(c, ch.After)
}
