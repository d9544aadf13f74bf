package survey

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// Survey is what the directories hold. Its zero value is that nobody has looked.
type Survey struct {
	Domain   providers.Domain
	OUs      []OU     // and other containers; most users first, outer ones first
	Suffixes []Suffix // most users first
	All      Counts
	Tenant   *providers.Organization // nil if it was not read
	Verified map[string]bool         // the tenant's domains, in lower case
}

// OU is a container, with the users in it and below it.
type OU struct {
	DN string
	Counts
}

// Suffix is one of user principal names, in lower case.
type Suffix struct {
	Name  string
	Users int
}

// Counts are numbers of users. System objects are left out.
type Counts struct {
	Users, Disabled int
	// NoMail is how many have neither a mail address nor proxy addresses, NoSuffix how many have no user principal name.
	NoMail, NoSuffix int
	// Services and Shared are how many look like a service's account, and have a mailbox that several people share.
	Services, Shared int
	// People are the others that are not disabled.
	People int
}

func (c *Counts) add(d Counts) {
	c.Users += d.Users
	c.Disabled += d.Disabled
	c.NoMail += d.NoMail
	c.NoSuffix += d.NoSuffix
	c.Services += d.Services
	c.Shared += d.Shared
	c.People += d.People
}

// disabled is the bit of userAccountControl that an account is disabled (MS-ADTS 2.2.16, ADS_UF_ACCOUNT_DISABLE).
const disabled = 2

// countsOf are those of one user.
func countsOf(u *state.Object, service bool) Counts {
	one := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	off, shared := u.Get("userAccountControl").Int()&disabled != 0, system.Shared(u) != ""
	return Counts{Users: 1, Disabled: one(off), Services: one(service), Shared: one(shared), People: one(!off && !service && !shared),
		NoMail:   one(u.Get("mail").Text() == "" && len(u.Get("proxyAddresses").List()) == 0),
		NoSuffix: one(!strings.Contains(u.Get("userPrincipalName").Text(), "@"))}
}

// Source counts the users of each container and of each suffix in one paged read of the domain.
func (s *Survey) Source(ctx context.Context, src providers.SourceReader) (err error) {
	if s.Domain, err = src.Domain(ctx); err != nil {
		return err
	}
	shape := state.NewShape(append(system.Attributes(), "mail", "proxyAddresses")...)
	teller := system.NewTeller(shape)
	ous, suffixes := map[string]*Counts{}, map[string]int{}
	for u, err := range src.Read(ctx, providers.Query{Kind: state.User, Bases: []string{s.Domain.BaseDN}, Attributes: shape}) {
		if err != nil {
			return err
		}
		if teller.What(u) != "" {
			continue
		}
		c := countsOf(u, teller.Service(u))
		s.All.add(c)
		for ou := dn.Parent(u.DN); ou != "" && len(ou) > len(s.Domain.BaseDN); ou = dn.Parent(ou) {
			if ous[ou] == nil {
				ous[ou] = &Counts{}
			}
			ous[ou].add(c)
		}
		if _, suffix, ok := strings.Cut(u.Get("userPrincipalName").Text(), "@"); ok {
			suffixes[strings.ToLower(suffix)]++
		}
	}
	for ou, c := range ous {
		s.OUs = append(s.OUs, OU{ou, *c})
	}
	slices.SortFunc(s.OUs, func(a, b OU) int {
		return cmp.Or(b.Users-a.Users, len(a.DN)-len(b.DN), strings.Compare(a.DN, b.DN))
	})
	for name, n := range suffixes {
		s.Suffixes = append(s.Suffixes, Suffix{name, n})
	}
	slices.SortFunc(s.Suffixes, func(a, b Suffix) int { return cmp.Or(b.Users-a.Users, strings.Compare(a.Name, b.Name)) })
	return nil
}

// ReadTenant reads whose tenant it is and which domains it has verified.
func (s *Survey) ReadTenant(ctx context.Context, tenant providers.TenantReader) error {
	org, err := tenant.Organization(ctx)
	if err != nil {
		return err
	}
	domains, err := tenant.Domains(ctx)
	if err != nil {
		return err
	}
	s.Tenant, s.Verified = &org, map[string]bool{}
	for _, d := range domains {
		if d.Verified {
			s.Verified[strings.ToLower(d.Name)] = true
		}
	}
	return nil
}

// Home is the container to begin with: the innermost OU that holds as many people as any; "" if no OU holds anybody. The container
// Users and the like are left to a person's decision.
func (s *Survey) Home() string {
	home, most := "", 0
	for _, x := range s.OUs {
		if isOU(x.DN) && x.People > 0 && (x.People > most || x.People == most && dn.Within(x.DN, home)) {
			home, most = x.DN, x.People
		}
	}
	return home
}

func isOU(name string) bool {
	first, _, _, err := dn.Cut(name)
	return err == nil && strings.EqualFold(first.Type, "OU")
}

// An Exclude is an OU whose accounts are better left out, and what they are.
type Exclude struct{ DN, Why string }

// notForPeople are names of OUs that hold other accounts than those of people at work. A department may be called Customer
// Service, so that a word alone counts as a whole name only.
var notForPeople = []struct {
	why          string
	names, parts []string // the whole name, and part of one; in lower case
}{
	{"service accounts, by the name", []string{"service", "services"}, []string{"service account", "serviceaccount", "svc"}},
	{"leavers, by the name", []string{"archive", "archived", "former"}, []string{"leaver", "former employee", "former user", "terminated"}},
	{"disabled accounts, by the name", []string{"disabled", "inactive"}, []string{"disabled user", "disabled account", "inactive user"}},
	{"shared mailboxes, by the name", []string{"rooms", "shared"}, []string{"shared mailbox", "resource mailbox", "room mailbox"}},
}

// Excludes are the outermost OUs below home that had better be left out: nobody in them is a person at work, or their name says so.
func (s *Survey) Excludes(home string) (list []Exclude) {
	for _, x := range s.OUs {
		if home == "" || strings.EqualFold(x.DN, home) || !dn.Within(x.DN, home) || !isOU(x.DN) {
			continue
		}
		if why := x.notPeople(); why != "" {
			list = append(list, Exclude{x.DN, why})
		}
	}
	slices.SortFunc(list, func(a, b Exclude) int { return cmp.Or(len(a.DN)-len(b.DN), strings.Compare(a.DN, b.DN)) })
	var outermost []Exclude
	for _, x := range list {
		if !slices.ContainsFunc(outermost, func(o Exclude) bool { return dn.Within(x.DN, o.DN) }) {
			outermost = append(outermost, x)
		}
	}
	slices.SortFunc(outermost, func(a, b Exclude) int { return strings.Compare(a.DN, b.DN) })
	return outermost
}

// notPeople says what an OU holds instead of people, "" if it holds people.
func (x *OU) notPeople() string {
	if x.People == 0 {
		switch {
		case x.Shared > 0 && x.Shared >= x.Services:
			return "shared mailboxes, or disabled accounts"
		case x.Services > 0:
			return "service accounts, or disabled ones"
		}
		return "all of them are disabled"
	}
	name := strings.ToLower(dn.FirstValue(x.DN))
	for _, n := range notForPeople {
		in := func(part string) bool { return strings.Contains(name, part) }
		if slices.Contains(n.names, name) || slices.ContainsFunc(n.parts, in) {
			return n.why
		}
	}
	return ""
}
