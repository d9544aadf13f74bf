package table

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/proxies"
)

// Aliases are what Microsoft Graph lets nobody write: the further addresses among the proxy addresses. They are
// compared by one sum per row, the hashes of its aliases added up, so that sets that are equal have equal sums whatever
// their order and nothing but the rows whose sums differ is looked at with its values. A sum that differs proves
// nothing yet: the values have the last word.

// Sums of aliases that stand for themselves.
const (
	AliasNone  uint64 = 0                  // the mapping has no value: the account's aliases are left alone
	AliasEmpty uint64 = 0x9e3779b97f4a7c15 // the sum of no alias at all
	// aliasOdd is added to the sum of a row whose values have to be looked at in any case. No account has it.
	aliasOdd uint64 = 0x632be59bd9b4e019
)

// accepted tells in which domains Exchange Online takes addresses: those that the tenant has verified.
type accepted struct {
	verified map[string]bool
	domain   string // the last one asked for, since there are few
	answer   AliasDomain
}

// AliasDomain is whose domain an alias is in.
type AliasDomain uint8

// Whose domain an alias may be in.
const (
	OwnDomain AliasDomain = iota // verified, or no domain at all, which is a mistake to be told
	// not verified: Exchange refuses such an address, and drops it from a mailbox it finds it on
	ForeignDomain
	ServiceDomain // the tenant's *.onmicrosoft.com, in which the service adds addresses by itself
)

func (a *accepted) of(address string) AliasDomain {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	if domain == a.domain && domain != "" {
		return a.answer
	}
	a.domain, a.answer = domain, ForeignDomain
	switch d := strings.ToLower(domain); {
	case domain == "", len(domain) == len(address), a.verified[d] && !serviceOwned(d):
		a.answer = OwnDomain
	case serviceOwned(d):
		a.answer = ServiceDomain
	}
	return a.answer
}

// serviceOwned reports whether a domain is one of those that tenants get with their name, in any cloud.
func serviceOwned(domain string) bool {
	return strings.HasSuffix(domain, ".onmicrosoft.com") || strings.HasSuffix(domain, ".onmicrosoft.us") ||
		strings.HasSuffix(domain, ".onmschina.cn")
}

// aliasSum is the sum of the aliases that the mapping wants for an object; foreign says that it wants some that the
// tenant cannot have. What has to be told of anyway makes a sum that no account has. t.fps must be filled in, and smtp
// is what primarySMTP gives.
func (t *Source) aliasSum(o *state.Object, smtp uint64) (sum uint64, foreign bool) {
	var list []string
	switch v, err := Want(t.Aliases, o); {
	case err != nil:
		return aliasOdd, false
	case v.IsEmpty():
		return AliasNone, false
	default:
		list = v.List()
	}
	mail, primary, sum := uint64(0), uint64(0), AliasEmpty
	mailCol := t.Names[state.MailAddresses]
	if mailCol >= 0 {
		mail = t.fps[t.Columns[mailCol].Col]
	}
	t.hashes = t.hashes[:0]
	for _, value := range list {
		address, kind := proxies.Read(value)
		h := smtp
		if kind == proxies.Further || kind == proxies.Primary && address != t.PrimaryAddress(o) {
			h = t.h.Address(state.String(address))
		}
		switch {
		case kind == proxies.Other, kind == proxies.Primary && h == primary:
		case kind == proxies.Disguised, kind == proxies.Primary && (primary != 0 || mailCol >= 0 && h != mail):
			sum += aliasOdd
		case kind == proxies.Primary:
			primary = h
		case h == mail || slices.Contains(t.hashes, h):
		case t.accepted.of(address) == OwnDomain:
			t.hashes = append(t.hashes, h)
			sum += h
		default:
			foreign = foreign || t.accepted.answer == ForeignDomain
		}
	}
	if len(list) > t.Aliases.Target.MaxCount && t.Aliases.Target.MaxCount > 0 {
		sum += aliasOdd
	}
	return sum, foreign
}

// countAlias adds an alias of an account to its sum. Its own user name is set apart, because Exchange gives it to a
// mailbox as an alias by itself: it is neither missed nor too much.
func (m *TenantMeta) countAlias(a *accepted, address string, h uint64) {
	switch {
	case a.of(address) != OwnDomain:
	case h == m.Name:
		m.Flags |= tenantUPNAlias
	default:
		m.Aliases += h
	}
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

// AliasesAre reports whether the account has the aliases whose sum is want, by sums alone.
func (m *TenantMeta) AliasesAre(want uint64) bool {
	return want == AliasNone || want == m.Aliases || m.Flags&tenantUPNAlias != 0 && want == m.Aliases+m.Name
}

// Domain is whose domain an address is in.
func (t *Source) Domain(address string) AliasDomain { return t.accepted.of(address) }
