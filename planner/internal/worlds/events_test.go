package worlds_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// event is something that happens to a world: a person is hired, somebody edits an account in the portal. Whom it concerns is
// drawn as a number, so that an event means something in every world, and taking one away leaves the others as they are.
type event struct {
	what       string
	who, other int
	name       string
	value      state.Value
	attrs      map[string]state.Value // of a new object
	kind       state.Kind
	manager    int
}

// GoString is how a failing world lists its events.
func (e event) GoString() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  %s", e.what)
	switch e.what {
	case "hire":
		fmt.Fprintf(&b, " p%d in %s, manager %d: %s", e.who, e.name, e.manager, textOf(e.attrs))
	case "account":
		fmt.Fprintf(&b, " %d (%s): %s", e.who, e.kind, textOf(e.attrs))
	default:
		fmt.Fprintf(&b, " who %d other %d %s %s", e.who, e.other, e.name, text(e.value))
	}
	return b.String()
}

// textOf lists attributes that have a value.
func textOf(attrs map[string]state.Value) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if v := attrs[name]; !v.IsNull() {
			list = append(list, name+"="+shortened(v.Text()))
		}
	}
	return strings.Join(list, " ")
}

func shortened(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("%s… (%d characters)", s[:20], len(s))
	}
	return s
}

var (
	names   = []string{"ann", "bob", "cat", "dan"}
	address = rapid.Custom(func(rt *rapid.T) string {
		name := rapid.SampledFrom(names).Draw(rt, "name")
		if oneIn(rt, 6, "capital") {
			name = strings.ToUpper(name[:1]) + name[1:]
		}
		return name + "@" + pick(rt, "domain", "contoso.com", "contoso.com", "contoso.com", "fabrikam.com")
	})
	anEvent = rapid.Custom(drawEvent)
	anEntry = rapid.Custom(drawEntry)
	// aSwap lets people exchange names, which takes writes that need each other.
	aSwap = rapid.Custom(func(rt *rapid.T) event {
		return event{what: pick(rt, "how", "swap", "turn"), who: whom(rt), other: whom(rt), name: pick(rt, "swapped", "userPrincipalName", "mail")}
	})
)

// drawEntry is an event that fills an empty world.
func drawEntry(rt *rapid.T) event {
	switch rapid.IntRange(0, 9).Draw(rt, "entry") {
	case 0, 1, 2, 3:
		return drawHire(rt)
	case 4, 5, 6:
		return drawAccount(rt)
	case 8:
		return event{what: "role", who: whom(rt), other: whom(rt)}
	case 7:
		return event{what: "link", who: whom(rt), other: whom(rt), name: pick(rt, "scope", "in", "sub", "old"), manager: rapid.IntRange(0, 3).Draw(rt, "sort")}
	}
	return drawEvent(rt)
}

func whom(rt *rapid.T) int { return rapid.IntRange(1, 7).Draw(rt, "who") }

// What may happen later.
var happenings = []string{"change", "change", "change", "edit", "edit", "edit", "hire", "fire", "bereave", "bereave", "move", "rename", "swap", "turn", "account",
	"delete", "purge", "restore", "role", "role", "sync", "steal", "alias", "link", "forget", "rules", "declare",
	"usurp", "wait"}

func drawEvent(rt *rapid.T) event {
	e := event{what: rapid.SampledFrom(happenings).Draw(rt, "event"), who: whom(rt)}
	switch e.what {
	case "hire":
		return drawHire(rt)
	case "account":
		return drawAccount(rt)
	case "change":
		e.name = rapid.SampledFrom(changeable).Draw(rt, "attribute")
		e.value, e.other = drawValue(rt, e.name), whom(rt)
	case "edit":
		e.name = pick(rt, "edited", "department", "accountEnabled", "userPrincipalName", "mail", "displayName", "usageLocation", anchorName, "manager", "preferredLanguage")
		e.value, e.other = drawEdit(rt, e.name), whom(rt)
	case "steal", "fire", "usurp":
		e.other = whom(rt)
	case "move":
		e.name = pick(rt, "ou", outOU, inOU, subOU, secondOU)
	case "swap", "turn":
		e.other, e.name = whom(rt), pick(rt, "swapped", "userPrincipalName", "mail", "department")
	case "role":
		e.other = whom(rt)
	case "alias":
		e.value = state.String(pick(rt, "prefix", "smtp:", "SMTP:", "X500:") + address.Draw(rt, "address"))
	case "link":
		e.other, e.name, e.manager = whom(rt), pick(rt, "scope", "in", "sub", "old"), rapid.IntRange(0, 3).Draw(rt, "sort")
	case "declare":
		e.other, e.manager = whom(rt), rapid.IntRange(0, 4).Draw(rt, "sort")
	case "wait":
		e.other = pick(rt, "days", 1, 9, 11, 31)
	case "rules":
		e.other = rapid.IntRange(0, 9).Draw(rt, "which")
	}
	return e
}

// changeable are the attributes of people that change.
var changeable = []string{"userPrincipalName", "mail", "displayName", "department", "c", "manager", "employeeType", "userAccountControl",
	"sAMAccountName", "proxyAddresses", "telephoneNumber", consistencyGUID}

// tooLong are values that the service refuses.
var tooLong = map[string]string{"displayName": strings.Repeat("y", 257), "department": strings.Repeat("z", 65), "c": "HUN"}

func drawValue(rt *rapid.T, name string) state.Value {
	if rapid.IntRange(0, 3).Draw(rt, name) == 0 && name != "userAccountControl" && name != "sAMAccountName" {
		return state.Null()
	}
	one := func(values ...string) state.Value { return state.String(rapid.SampledFrom(values).Draw(rt, "value")) }
	if long := tooLong[name]; long != "" && oneIn(rt, 12, "too long") {
		return state.String(long)
	}
	switch name {
	case "userPrincipalName":
		if oneIn(rt, 10, "odd") {
			return one("ann@corp.local", "bob@pending.com", "c d@contoso.com", "cat", strings.Repeat("x", 70)+"@contoso.com")
		}
		return state.String(address.Draw(rt, "upn"))
	case "mail":
		return state.String(address.Draw(rt, "mail"))
	case "displayName":
		return one("Ann", "ANN", "Bob", "bob", "Zoë")
	case "department":
		return one("Sales", "R&D")
	case "c":
		return one("HU", "hu", "DE")
	case "employeeType":
		return one("robot", "temp")
	case "userAccountControl":
		return state.Int(int64(rapid.SampledFrom([]int{512, 514}).Draw(rt, "uac")))
	case "sAMAccountName":
		return one("a1", "b2", "c 3", "A1")
	case "telephoneNumber":
		return one("+36 1 234", "+3612 34", "112")
	case consistencyGUID:
		g := state.GUID{byte(rapid.IntRange(1, 4).Draw(rt, "stamp")) + 100*byte(rapid.IntRange(0, 1).Draw(rt, "own series"))}
		return state.String(base64Of(g))
	case "proxyAddresses":
		var list []string
		for range rapid.IntRange(1, 2).Draw(rt, "addresses") {
			list = append(list, pick(rt, "prefix", "SMTP:", "smtp:")+address.Draw(rt, "address"))
		}
		return state.List(list)
	}
	return state.Null()
}

func drawHire(rt *rapid.T) event {
	e := event{what: "hire", who: whom(rt), name: pick(rt, "ou", inOU, inOU, inOU, subOU, secondOU, outOU), attrs: map[string]state.Value{}, manager: -1}
	for _, name := range changeable {
		switch {
		case name == "manager" || name == "proxyAddresses" && !oneIn(rt, 3, "proxies") || name == consistencyGUID && !oneIn(rt, 4, "stamped"):
		case name == "employeeType" && !oneIn(rt, 6, "typed") || name == "sAMAccountName" && !oneIn(rt, 8, "named"):
		default:
			e.attrs[name] = drawValue(rt, name)
		}
	}
	if e.attrs["userPrincipalName"].IsNull() && !oneIn(rt, 10, "nameless") {
		e.attrs["userPrincipalName"] = state.String(address.Draw(rt, "upn"))
	}
	if e.attrs["displayName"].IsNull() && !oneIn(rt, 10, "nameless") {
		e.attrs["displayName"] = state.String("Ann")
	}
	if rapid.Bool().Draw(rt, "name of his own") {
		e.attrs["userPrincipalName"] = state.String(fmt.Sprintf("p%d@contoso.com", e.who))
	}
	if oneIn(rt, 2, "managed") {
		e.manager = whom(rt)
	}
	return e
}

func drawAccount(rt *rapid.T) event {
	e := event{what: "account", who: whom(rt), attrs: map[string]state.Value{"displayName": state.String("Cloud")},
		kind: pick(rt, "kind", state.User, state.User, state.User, state.User, state.User, state.Group, state.Contact)}
	if rapid.Bool().Draw(rt, "has mail") || e.kind != state.User {
		e.attrs["mail"] = state.String(address.Draw(rt, "mail"))
		e.attrs["proxyAddresses"] = withMail(state.Null(), e.attrs["mail"].Str(), false)
	}
	if e.kind != state.User {
		return e
	}
	e.attrs["userPrincipalName"] = state.String(address.Draw(rt, "upn"))
	e.attrs["mailNickname"], e.attrs["accountEnabled"] = state.String("cloud"), state.Bool(true)
	switch rapid.IntRange(0, 4).Draw(rt, "anchor") {
	case 1, 2:
		e.attrs[anchorName] = state.String(base64Of(state.GUID{byte(rapid.IntRange(1, 5).Draw(rt, "anchor of"))}))
	case 3:
		e.attrs[anchorName] = state.String(base64Of(state.GUID{byte(rapid.IntRange(101, 104).Draw(rt, "stamp of"))}))
	case 4:
		e.attrs[anchorName] = state.String("b3RoZXIgZG9tYWlu")
	}
	return e
}

func drawEdit(rt *rapid.T, name string) state.Value {
	switch name {
	case "department", "preferredLanguage":
		return pick(rt, "value", state.Null(), state.String("Edited"))
	case "accountEnabled":
		return state.Bool(rapid.Bool().Draw(rt, "enabled"))
	case "userPrincipalName", "mail":
		return state.String(address.Draw(rt, "value"))
	case "displayName":
		return state.String(pick(rt, "value", "Edited", "Ann", "ann"))
	case "usageLocation":
		return state.String(pick(rt, "value", "AT", "hu"))
	case anchorName:
		return pick(rt, "value", state.Null(), state.String("b3RoZXIgZG9tYWlu"), state.String(base64Of(state.GUID{1})), state.String(base64Of(state.GUID{102})))
	}
	return pick(rt, "value", state.Null(), state.String("somebody"))
}

// happen lets an event change the world or its rules. What a directory would refuse does not happen.
func (w *world) happen(r *rules, e event) {
	if len(w.people) > 0 {
		w.happenToPerson(w.somebody(e.who), w.somebody(e.other), e)
	}
	if len(w.accounts) > 0 {
		w.happenToAccount(w.some(e.who), w.some(e.other), e)
	}
	switch e.what {
	case "hire":
		w.hire(e)
	case "account":
		a := &account{id: idOf(e.who), kind: e.kind, attrs: maps.Clone(e.attrs)}
		if w.account(a.id) == nil && (tenantSide{w}).check(a) == nil {
			w.accounts = append(w.accounts, a)
		}
	case "link":
		w.record(r, e)
	case "forget":
		if known := slices.Sorted(maps.Keys(w.known)); len(known) > 0 {
			delete(w.known, known[e.who%len(known)])
		}
	case "rules":
		r.change(e)
	case "wait":
		w.wait(e.other)
	case "declare":
		w.declare(r, e)
	case "usurp":
		w.usurp(r, e)
	}
}

// somebody is the person with a number, or another one if nobody has it; some is the same for accounts.
func (w *world) somebody(n int) *person {
	if p := w.personByGUID(state.GUID{byte(n)}); p != nil {
		return p
	}
	return w.people[n%len(w.people)]
}

func (w *world) some(n int) *account {
	if a := w.account(idOf(n)); a != nil {
		return a
	}
	return w.accounts[n%len(w.accounts)]
}

// wait lets days go by. The service empties its recycle bin of what has lain there for more than thirty.
func (w *world) wait(days int) {
	w.now = w.now.AddDate(0, 0, days)
	w.accounts = slices.DeleteFunc(w.accounts, func(a *account) bool {
		t, err := time.Parse(time.RFC3339, a.attrs["deletedDateTime"].Str())
		return a.deleted && err == nil && w.now.Sub(t) > 30*24*time.Hour
	})
}

func (w *world) hire(e event) {
	p := &person{guid: state.GUID{byte(e.who)}, cn: fmt.Sprintf("p%d", e.who), ou: e.name, attrs: maps.Clone(e.attrs)}
	if w.personByGUID(p.guid) != nil {
		return
	}
	p.attrs["cn"] = state.String(p.cn)
	if p.attrs["sAMAccountName"].IsNull() {
		p.attrs["sAMAccountName"] = state.String(p.cn)
	}
	w.people = append(w.people, p)
	if e.manager >= 0 {
		w.setManager(p, e.manager)
	}
}

// setManager makes somebody the manager, himself included; the last number stands for somebody of another forest.
func (w *world) setManager(p *person, n int) {
	p.manager = w.somebody(n).guid.String()
	if n == 7 {
		p.manager = "CN=Nobody,OU=Elsewhere,DC=corp"
	}
}

func (w *world) happenToPerson(p, q *person, e event) {
	switch e.what {
	case "change":
		if e.name != "manager" {
			p.attrs[e.name] = e.value
		} else if p.manager = ""; e.other > 1 {
			w.setManager(p, e.other)
		}
	case "steal": // somebody's anchor, as a copied object has it
		p.attrs[consistencyGUID] = state.String(q.anchorUnder(consistencyGUID))
	case "fire":
		w.people = slices.DeleteFunc(w.people, func(x *person) bool { return x == p })
		w.gone[p.guid] = e.other > 2 // or the directory has forgotten already
	case "bereave": // a manager goes, and with him the references to him
		i := slices.IndexFunc(w.people, func(x *person) bool {
			return slices.ContainsFunc(w.people, func(y *person) bool { return x != y && y.manager == x.guid.String() })
		})
		if i >= 0 {
			w.gone[w.people[i].guid] = true
			w.people = slices.Delete(w.people, i, i+1)
		}
	case "move":
		p.ou = e.name
	case "rename":
		p.cn += "x"
	case "swap":
		p.attrs[e.name], q.attrs[e.name] = q.attrs[e.name], p.attrs[e.name]
	case "turn":
		last := w.people[len(w.people)-1].attrs[e.name]
		for i := len(w.people) - 1; i > 0; i-- {
			w.people[i].attrs[e.name] = w.people[i-1].attrs[e.name]
		}
		w.people[0].attrs[e.name] = last
	}
}

func (w *world) happenToAccount(a, b *account, e event) {
	tenant := tenantSide{w}
	next := *a
	next.attrs = maps.Clone(a.attrs)
	switch e.what {
	case "edit":
		if a.deleted || a.kind != state.User {
			return
		}
		if e.name == "manager" {
			if delete(a.attrs, "manager"); !e.value.IsNull() {
				tenant.refer(a, reference(b.id))
			}
			return
		}
		next.set([]state.AttributeChange{{Name: e.name, After: e.value}}, w.mailboxes)
		tenant.commit(a, &next)
	case "alias":
		if !a.deleted {
			next.addAlias(e.value.Str())
			tenant.commit(a, &next)
		}
	case "delete":
		if !a.deleted && a.kind != state.Contact {
			a.bury(w.now)
		}
	case "restore":
		if next.unbury(); a.deleted {
			tenant.commit(a, &next)
		}
	case "purge":
		if a.deleted {
			w.accounts = slices.DeleteFunc(w.accounts, func(x *account) bool { return x == a })
		}
	case "role":
		if _, ok := w.roles[a.id]; ok || a.deleted {
			delete(w.roles, a.id)
		} else if a.kind == state.User {
			w.roles[a.id] = []string{[]string{"User Administrator", "Global Administrator"}[e.other%2]}
		}
	case "sync":
		if a.kind == state.User && !a.deleted {
			if a.attrs[providers.SyncEnabled].Bool() {
				a.takeOver()
			} else {
				a.attrs[providers.SyncEnabled] = state.Bool(true)
			}
		}
	}
}

// addAlias adds a proxy address; a primary one makes the primary one before an alias, and becomes mail.
func (a *account) addAlias(proxy string) {
	list := slices.Clone(a.attrs["proxyAddresses"].List())
	kind, address, _ := strings.Cut(proxy, ":")
	if list = slices.DeleteFunc(list, func(p string) bool { return strings.EqualFold(p, proxy) }); kind == "SMTP" {
		a.attrs["proxyAddresses"] = withMail(state.List(list), address, true)
		a.attrs["mail"] = state.String(address)
		return
	}
	if strings.EqualFold(a.attrs["mail"].Str(), address) && kind == "smtp" {
		return
	}
	a.attrs["proxyAddresses"] = state.List(append(list, proxy))
}

// record writes a link as earlier runs may have left it: to an account or to one that is gone, with what was applied last or
// something older, left or not, for somebody who is there or is not.
func (w *world) record(r *rules, e event) {
	l := &state.Link{Anchor: base64Of(state.GUID{byte(200 + e.who)}), Kind: state.User, Scope: e.name, SourceGUID: state.GUID{byte(200 + e.who)},
		TargetID: idOf(900 + e.other), Rule: "created", Shape: linkShape, Fingerprints: []uint64{7, 0}, Left: e.manager == 2}
	if l.Left && e.who%2 == 0 {
		l.LeftAt = w.now.Unix()
	}
	if e.manager < 3 && len(w.people) > 0 {
		p := w.somebody(e.who)
		l.SourceGUID, l.Anchor = p.guid, base64Of(p.guid)
		if s := r.scopeOf(p); s != nil {
			l.Anchor = p.anchorUnder(s.policy.Anchor)
		}
	}
	if e.manager > 0 && len(w.accounts) > 0 {
		a := w.some(e.other)
		if a.kind != state.User {
			return
		}
		l.TargetID = a.id
		l.Fingerprints = []uint64{fingerprint("department", a.attrs["department"]), 0}
	}
	for _, other := range w.known {
		if other.TargetID == l.TargetID || other.SourceGUID == l.SourceGUID {
			return
		}
	}
	w.known[l.Anchor], w.unrecorded = l, false
}

var linkShape = state.NewShape("department", "displayName")

// change changes a policy in mid-life.
func (r *rules) change(e event) {
	s := r.scopes[e.who%len(r.scopes)]
	p := &s.policy
	switch e.other {
	case 0:
		p.Leaving, p.Grace = []string{"keep", "disable", "unlink", "delete"}[e.who%4], 0
	case 1:
		p.ForeignAnchor = []string{"relink", "block"}[e.who%2]
	case 2:
		p.Deleted = []string{"restore", "create", "block"}[e.who%3]
	case 3:
		s.mail = e.who % len(mails)
	case 4:
		s.name += "x" // its people move on to a scope of another name
	case 5:
		r.scopes = r.scopes[:1]
	case 6:
		r.protect = [][]string{nil, {"ann@contoso.com"}, {idOf(1)}}[e.who%3]
	case 7:
		r.limits = [][]limitRule{nil, {{limitNames[e.who%len(limitNames)], e.who % 2}}}[e.who/4%2]
	case 8:
		p.Privileged = []string{"block", "allow"}[e.who%2]
	case 9:
		p.Unmatched = []string{"create", "skip", "block"}[e.who%3]
	}
}

// declare adds a link block, a good or a bad one. An object stands in one at most.
func (w *world) declare(r *rules, e event) {
	if len(w.people) == 0 || len(w.accounts) == 0 || len(r.links) > 1 {
		return
	}
	p, a := w.somebody(e.who), w.some(e.other)
	source, tenant := p.guid.String(), a.id
	switch e.manager {
	case 1:
		source = p.dn()
	case 2:
		source, tenant = p.attrs["userPrincipalName"].Str(), a.attrs["userPrincipalName"].Str()
	case 3:
		source = "CN=Nobody,OU=Elsewhere,DC=corp"
	case 4:
		tenant = "nobody@contoso.com"
	}
	r.link(source, tenant)
}

// link adds a link block, unless another has one of its sides.
func (r *rules) link(source, tenant string) {
	for _, l := range r.links {
		if strings.EqualFold(l.Source, source) || strings.EqualFold(l.Tenant, tenant) {
			return
		}
	}
	if source != "" && tenant != "" {
		r.links = append(r.links, newLink(len(r.links), source, tenant))
	}
}

// usurp lets somebody leave every scope, and a link block give the account to somebody else.
func (w *world) usurp(r *rules, e event) {
	if len(w.people) == 0 || len(r.links) > 1 {
		return
	}
	p, q := w.somebody(e.who), w.somebody(e.other)
	for _, anchor := range slices.Sorted(maps.Keys(w.known)) {
		if l := w.known[anchor]; p != q && l.SourceGUID == p.guid {
			p.ou = outOU
			r.link(q.guid.String(), l.TargetID)
			return
		}
	}
}

func reference(id string) providers.Write {
	return providers.Write{Op: providers.OpSetReference, Attributes: []state.AttributeChange{{Name: "manager", After: state.String(id)}}}
}
