package graphd

import (
	"fmt"
	"slices"
	"strings"
)

// finish resolves references and fills in organization and domains.
func (s *seeder) finish() error {
	for _, p := range s.managers {
		m := s.t.refer(p.to)
		if m == nil {
			return dangling(p.at, "manager", p.to)
		}
		p.from.manager = m
	}
	for _, p := range s.members {
		m := s.t.refer(p.to)
		if m == nil {
			return dangling(p.at, "member", p.to)
		}
		if p.from.ext == nil {
			p.from.ext = &extra{}
		}
		p.from.ext.members = append(p.from.ext.members, m)
	}
	for _, p := range s.owners {
		m := s.t.refer(p.to)
		if m == nil {
			return dangling(p.at, "owner", p.to)
		}
		*p.from = p.from.withRefs(ownerRel, append(p.from.refs(ownerRel), m))
	}
	for _, r := range s.roles {
		o := s.t.refer(r.principal)
		if o == nil && strings.EqualFold(r.principal, ServicePrincipalID) {
			o = s.t.roles.servicePrincipal()
		}
		if o == nil {
			return dangling(r.at, "role holder", r.principal)
		}
		s.t.roles.assign(s.t.reg, o, r.role)
	}
	s.finishDomains()
	s.finishOrganization()
	s.finishSeats()
	s.finishPlans()
	s.t.changes.on = true
	s.t.setFaults(s.faults, len(s.t.live[userKind]))
	return nil
}

func dangling(at int64, what, name string) error {
	return &atError{at, fmt.Errorf("the %s %q is not in the seed; name a user by id or userPrincipalName", what, name)}
}

// finishDomains makes up domains that the seed leaves out: all UPN suffixes, verified, if it names none at all; and always the
// initial *.onmicrosoft.com one.
func (s *seeder) finishDomains() {
	suffixes := s.suffixes()
	if !s.gaveDomain {
		for _, name := range suffixes {
			s.domains = append(s.domains, draft{kind: plainKind, id: name})
		}
	}
	initial := slices.IndexFunc(s.domains, func(d draft) bool { return strings.HasSuffix(strings.ToLower(d.id), ".onmicrosoft.com") })
	if initial < 0 {
		name := "contoso.onmicrosoft.com"
		for _, x := range suffixes {
			if strings.HasSuffix(x, ".onmicrosoft.com") {
				name = x
			}
		}
		s.domains = append(s.domains, draft{kind: plainKind, id: name})
		initial = len(s.domains) - 1
	}
	hasDefault := slices.ContainsFunc(s.domains, func(d draft) bool { return s.flag(&d, "isDefault") == "true" })
	for i := range s.domains {
		s.addDomain(&s.domains[i], i == initial, i == initial && !hasDefault)
	}
}

// suffixes are the domains of the users' UPNs, sorted.
func (s *seeder) suffixes() []string {
	seen := map[string]bool{}
	for _, o := range s.t.live[userKind] {
		_, domain, _ := strings.Cut(text(o.rec.get(propUPN)), "@")
		seen[domain] = true
	}
	var out []string
	for d := range seen {
		if d = strings.ToLower(d); !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}

func (s *seeder) flag(d *draft, name string) string { return d.get(s.t.reg.must(name)) }

func (s *seeder) addDomain(d *draft, initial, isDefault bool) {
	orElse := func(name, raw string) {
		if p := s.t.reg.must(name); d.get(p) == "" {
			d.set(p, raw)
		}
	}
	orElse("authenticationType", `"Managed"`)
	orElse("isAdminManaged", "true")
	orElse("isDefault", fmt.Sprint(isDefault))
	orElse("isInitial", fmt.Sprint(initial))
	orElse("isRoot", "true")
	orElse("isVerified", "true")
	orElse("supportedServices", `["Email","OfficeCommunicationsOnline"]`)
	if s.flag(d, "isVerified") == "true" {
		auth, _ := s.t.reg.find("authenticationType")
		s.t.verified[strings.ToLower(d.id)] = d.text(auth) == "Federated"
	}
	s.t.domains = append(s.t.domains, s.t.plain(d, "domain"))
}

func (s *seeder) finishOrganization() {
	t, d := s.t, s.org
	if d == nil {
		d = &draft{kind: plainKind}
	}
	initial := ""
	for _, o := range t.domains {
		if o.rec.get(t.reg.must("isInitial")) == "true" {
			initial = text(o.rec.get(propID))
		}
	}
	if d.get(propDisplayName) == "" {
		name, _, _ := strings.Cut(initial, ".")
		first := name[:min(1, len(name))] // a domain that begins with a dot has none
		d.set(propDisplayName, quoted(strings.ToUpper(first)+name[len(first):]))
	}
	if p, _ := t.reg.find("verifiedDomains"); d.get(p) == "" {
		d.set(p, t.verifiedDomains())
	}
	if p := t.reg.must("tenantType"); d.get(p) == "" {
		d.set(p, `"AAD"`)
	}
	if d.get(propCreatedDateTime) == "" {
		d.set(propCreatedDateTime, seedTime)
	}
	if d.id == "" {
		d.id = mintGUID("organization", initial).String()
	}
	t.org, t.tenantID = t.plain(d, "organization"), d.id
}

// plain makes an object of a kind without rules; a missing id is minted from what it is called.
func (t *Tenant) plain(d *draft, what string) *object {
	if d.id == "" {
		part := t.reg.must("skuPartNumber")
		d.id = mintGUID(what, d.text(propDisplayName), d.text(part)).String()
	}
	return &object{kind: plainKind, rec: makeRecord(append(d.fields, field{propID, quoted(d.id)}))}
}

// finishSeats takes the licences that the seed's users hold out of what it says is in use.
func (s *seeder) finishSeats() {
	used, id := s.t.reg.must("consumedUnits"), s.t.reg.must("skuId")
	for _, o := range s.t.skus {
		if n := number(o.rec.get(used)); n > 0 {
			o.rec = o.rec.with(field{used, fmt.Sprint(max(0, n-s.t.seats[strings.ToLower(text(o.rec.get(id)))]))})
		}
	}
}
