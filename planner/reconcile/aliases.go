package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

// Aliases are what Microsoft Graph lets nobody write: the further addresses in proxyAddresses. They are compared by one sum per
// row, the hashes of its aliases added up, so that sets that are equal have equal sums whatever their order and nothing but the
// rows whose sums differ is looked at with its values. A sum that differs proves nothing yet: aliasesOf has the last word.

const (
	aliasNone  uint64 = 0                  // the mapping has no value: the account's aliases are left alone
	aliasEmpty uint64 = 0x9e3779b97f4a7c15 // the sum of no alias at all
	// aliasOdd is added to the sum of a row whose values have to be looked at in any case. No account has it.
	aliasOdd uint64 = 0x632be59bd9b4e019
)

// aliasKind is what a value of proxyAddresses is.
type aliasKind uint8

const (
	otherAddress   aliasKind = iota // SIP:, X500: and the like, which have nothing to do with mail addresses
	primaryOne                      // SMTP: is the primary address, which is mail's business
	furtherAddress                  // smtp: is an alias
)

// proxyAddress reads a value of proxyAddresses. Only SMTP: in capitals is the primary address. An address without a type is an
// alias, which is what Exchange takes it for.
func proxyAddress(value string) (string, aliasKind) {
	switch address, ok := smtpAddress(value); {
	case ok && value[:5] == "SMTP:":
		return address, primaryOne
	case ok:
		return address, furtherAddress
	case !strings.Contains(value, ":") && strings.Contains(value, "@"):
		return value, furtherAddress
	}
	return "", otherAddress
}

// accepted tells in which domains Exchange Online takes addresses: those that the tenant has verified.
type accepted struct {
	verified map[string]bool
	domain   string // the last one asked for, since there are few
	answer   aliasDomain
}

// aliasDomain is whose domain an alias is in.
type aliasDomain uint8

const (
	ownDomain     aliasDomain = iota // verified, or no domain at all, which is a mistake to be told
	foreignDomain                    // not verified: Exchange refuses such an address, and drops it from a mailbox it finds it on
	serviceDomain                    // the tenant's *.onmicrosoft.com, in which the service adds addresses by itself
)

func (a *accepted) of(address string) aliasDomain {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	if domain == a.domain && domain != "" {
		return a.answer
	}
	a.domain, a.answer = domain, foreignDomain
	switch d := strings.ToLower(domain); {
	case domain == "", len(domain) == len(address), a.verified[d] && !serviceOwned(d):
		a.answer = ownDomain
	case serviceOwned(d):
		a.answer = serviceDomain
	}
	return a.answer
}

// serviceOwned reports whether a domain is one of those that tenants get with their name, in any cloud.
func serviceOwned(domain string) bool {
	return strings.HasSuffix(domain, ".onmicrosoft.com") || strings.HasSuffix(domain, ".onmicrosoft.us") ||
		strings.HasSuffix(domain, ".onmschina.cn")
}

// aliasSum is the sum of the aliases that the mapping wants for an object; foreign says that it wants some that the tenant cannot
// have. What has to be told of anyway makes a sum that no account has. t.fps must be filled in, and smtp is what primarySMTP gives.
func (t *sourceTable) aliasSum(o *state.Object, smtp uint64) (sum uint64, foreign bool) {
	var list []string
	switch v, err := t.aliases.Expr.Eval(o); {
	case err != nil:
		return aliasOdd, false
	case isEmpty(v):
		return aliasNone, false
	default:
		list = v.List()
	}
	mail, sum, primary := uint64(0), aliasEmpty, false
	if t.mailCol >= 0 {
		mail = t.fps[t.columns[t.mailCol].col]
	}
	t.hashes = t.hashes[:0]
	for _, value := range list {
		address, kind := proxyAddress(value)
		h := smtp
		if kind == furtherAddress || kind == primaryOne && address != t.primaryAddress(o) {
			h = t.h.Fingerprint(&addressAttr, state.String(address))
		}
		switch {
		case kind == otherAddress:
		case kind == primaryOne && (primary || t.mailCol >= 0 && h != mail):
			sum += aliasOdd
		case kind == primaryOne:
			primary = true
		case h == mail || slices.Contains(t.hashes, h):
		case t.accepted.of(address) == ownDomain:
			t.hashes = append(t.hashes, h)
			sum += h
		default:
			foreign = foreign || t.accepted.answer == foreignDomain
		}
	}
	if len(list) > t.aliases.Target.MaxCount && t.aliases.Target.MaxCount > 0 {
		sum += aliasOdd
	}
	return sum, foreign
}

// countAlias adds an alias of an account to its sum. Its own user name is set apart, because Exchange gives it to a mailbox as an
// alias by itself: it is neither missed nor too much.
func (m *tenantMeta) countAlias(a *accepted, address string, h uint64) {
	switch {
	case a.of(address) != ownDomain:
	case h == m.upn:
		m.flags |= tenUPNAlias
	default:
		m.aliases += h
	}
}

// aliasesAgree reports whether a linked row's account has the aliases it should have, by sums alone.
func (p *plan) aliasesAgree(s int) bool {
	want := p.srcMeta(s).aliases
	if want == aliasNone {
		return true
	}
	m := p.tenMeta(int(p.verdicts[s].target))
	return want == m.aliases || m.flags&tenUPNAlias != 0 && want == m.aliases+m.upn
}

// noteAliases notes a linked row whose mapping has no aliases while its account does, and one that wants aliases which the tenant
// cannot have. Where no object of the scope has any, the source does not keep aliases at all, which is nothing to tell of.
func (p *plan) noteAliases(s int, v *verdict, t *sourceTable) {
	m := t.rows.Meta(s - t.first)
	if m.flags&srcForeignAlias != 0 && !p.idle(s) {
		p.foreign.add(p, s)
	}
	if t.aliased && m.aliases == aliasNone && v.target >= 0 && v.link >= 0 && v.flags == 0 && p.tenMeta(int(v.target)).aliases != aliasEmpty {
		p.keep(t.aliases.Target.Name, s)
	}
}

// wanted is an index of the aliases that rows want which are not known to have them.
type wanted struct {
	hash  []uint64
	row   []int32
	index *rows.Index
}

// indexWanted goes through all rows that may get an alias: two of them may want the same one.
func (p *plan) indexWanted() error {
	w := &wanted{}
	p.wanted = w
	for s := range p.nsrc {
		v := &p.verdicts[s]
		t := p.srcTable(s)
		if t.aliases == nil || p.srcMeta(s).aliases == aliasNone || v.outcome == outBlocked || v.outcome == outIgnored {
			continue
		}
		if v.agreed && p.aliasesAgree(s) {
			continue
		}
		o, err := p.loadSource(s)
		if err != nil {
			return err
		}
		list, _ := t.aliases.Expr.Eval(o) // an expression that fails wants nothing
		for _, value := range list.List() {
			if address, kind := proxyAddress(value); kind == furtherAddress {
				w.hash, w.row = append(w.hash, p.h.Fingerprint(&addressAttr, state.String(address))), append(w.row, int32(s))
			}
		}
	}
	w.index = rows.NewIndex(len(w.hash), func(i int) uint64 { return w.hash[i] })
	if p.srcMail == nil {
		p.indexDesired()
	}
	return nil
}

// byKey orders rows nearly as their readable keys are, without reading them.
func (p *plan) byKey(a, b int32) int {
	return cmp.Or(cmp.Compare(p.srcMeta(int(a)).order, p.srcMeta(int(b)).order), p.compareGUID(int(a), int(b)))
}

// reported is the mapping's attribute that is reported instead of written, or nil.
func reported(m *config.Mapping) *config.AttributeMapping {
	for _, a := range m.Attributes {
		if a.Target.Reported {
			return a
		}
	}
	return nil
}
