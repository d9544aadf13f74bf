package worlds_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// tenantSide is the tenant of a world.
type tenantSide struct{ *world }

// domains of every world's tenant: a suffix of the forest may be verified, known but not verified, or unknown.
var domains = []providers.TenantDomain{{Name: "contoso.com", Verified: true}, {Name: "fabrikam.com", Verified: true},
	{Name: "contoso.onmicrosoft.com", Verified: true, Initial: true}, {Name: "pending.com"}}

func verified(domain string) bool {
	return slices.ContainsFunc(domains, func(d providers.TenantDomain) bool { return d.Verified && strings.EqualFold(d.Name, domain) })
}

func (w tenantSide) Organization(context.Context) (providers.Organization, error) {
	return providers.Organization{ID: tenantID}, nil
}

func (w tenantSide) Identity(context.Context) (id providers.Identity, err error) { return id, nil }

func (w tenantSide) SyncFeatures(context.Context) (f providers.SyncFeatures, err error) {
	return f, nil
}

func (w tenantSide) Domains(context.Context) ([]providers.TenantDomain, error) { return domains, nil }

func (w tenantSide) RoleHolders(context.Context) (out []providers.RoleHolder, err error) {
	for _, id := range slices.Sorted(maps.Keys(w.roles)) {
		h := providers.RoleHolder{ID: id, Roles: w.roles[id]}
		if slices.Contains(h.Roles, "Global Administrator") {
			h.Templates = []string{providers.GlobalAdministrator}
		}
		out = append(out, h)
	}
	return shuffled(w.world, out), nil
}

// admins counts the Global Administrators who can sign in.
func (w *world) admins() (n int) {
	for id, roles := range w.roles {
		if a := w.living(id); a != nil && a.attrs["accountEnabled"].Bool() && slices.Contains(roles, "Global Administrator") {
			n++
		}
	}
	return n
}

func (w tenantSide) Read(_ context.Context, q providers.TenantQuery) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		var found []*state.Object
		for _, a := range shuffled(w.world, w.accounts) {
			if a.kind == q.Kind && a.deleted == q.Deleted {
				found = append(found, w.object(a, q.Attributes))
			}
		}
		w.deliver(found, yield)
	}
}

func (w tenantSide) object(a *account, shape *state.Shape) *state.Object {
	o := &state.Object{Kind: a.kind, ID: a.id, Shape: shape, Values: make([]state.Value, shape.Len())}
	for i, name := range shape.Names() {
		o.Values[i] = w.shown(a, name)
	}
	return o
}

// shown is an attribute as the service shows it: a manager only while it lives.
func (w *world) shown(a *account, name string) state.Value {
	v := a.attrs[name]
	if name == "manager" && w.living(v.Str()) == nil {
		return state.Null()
	}
	return v
}

func (w tenantSide) Lookup(_ context.Context, kind state.Kind, ids []string, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		w.killer.mustLive()
		for _, id := range ids {
			if a := w.living(id); a != nil && a.kind == kind && !yield(w.object(a, shape), nil) {
				return
			}
		}
	}
}

// Mailboxes knows of none: nobody has a licence here.
func (tenantSide) Mailboxes(context.Context, []string) (map[string]bool, error) { return nil, nil }

// Usage knows of none.
func (tenantSide) Usage(context.Context, []string) (u providers.Usages, err error) { return u, nil }

func (w tenantSide) FindByAnchor(_ context.Context, _ state.Kind, anchors []string, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		w.killer.mustLive()
		for _, a := range w.accounts {
			if !a.deleted && slices.Contains(anchors, a.attrs[anchorName].Str()) && !yield(w.object(a, shape), nil) {
				return
			}
		}
	}
}

func (w tenantSide) Write(_ context.Context, writes []providers.Write) []providers.WriteResult {
	out := make([]providers.WriteResult, len(writes))
	for i := range writes {
		out[i].Err = providers.ErrUnknownOutcome
	}
	for i, x := range writes {
		if !w.killer.survives() {
			return out
		}
		w.writes++
		w.note(x)
		out[i].ID, out[i].Err = w.write(x)
		if out[i].Err == nil && len(writes) > providers.MaxBatch {
			out[i].Err = bad("BadRequest", "more than %d requests", providers.MaxBatch)
		}
		if out[i].Err != nil {
			out[i].ID = ""
			w.refused = append(w.refused, fmt.Sprintf("%s of %s %s: %v", opNames[x.Op], x.ID, written(x), out[i].Err))
		}
	}
	w.killer.survives()
	return out
}

// note logs a request, attribute by attribute. An account that was made in this world's time goes by its anchor.
func (w tenantSide) note(x providers.Write) {
	whose := w.named(x.ID)
	for _, a := range x.Attributes {
		if x.Op == providers.OpCreate && a.Name == anchorName {
			whose = madeUp(a.After.Str())
		}
	}
	what := opNames[x.Op] + " " + whose
	if x.Op != providers.OpPatch {
		w.log = append(w.log, what)
	}
	for _, a := range x.Attributes {
		before := a.Before
		if x.Op == providers.OpSetReference || x.Op == providers.OpClearReference {
			before = state.Null()
		}
		after := a.After
		if after.Kind() == state.StringValue {
			after = state.String(w.named(after.Str()))
		}
		w.log = append(w.log, fmt.Sprintf("%s %s: %s -> %s", what, a.Name, text(before), text(after)))
	}
}

// named is an id, or for an account that was created while the log was written a name that says for whom.
func (w tenantSide) named(id string) string {
	if a := w.account(id); a != nil && a.created {
		return madeUp(a.attrs[anchorName].Str())
	}
	return id
}

var opNames = [...]string{"create", "patch", "delete", "restore", "set reference", "clear reference", "take over"}

func written(x providers.Write) string {
	attrs := map[string]state.Value{}
	for _, a := range x.Attributes {
		attrs[a.Name] = state.String(text(a.After))
	}
	return textOf(attrs)
}

func bad(code, format string, args ...any) error {
	return &providers.ServiceError{Status: 400, Code: code, Message: fmt.Sprintf(format, args...), Op: "write"}
}

// write is what the service does with one request.
func (w tenantSide) write(x providers.Write) (string, error) {
	if x.Op == providers.OpCreate {
		return w.create(x.Attributes)
	}
	a := w.account(x.ID)
	switch {
	case a == nil || a.deleted != (x.Op == providers.OpRestore):
		return "", &providers.ServiceError{Status: 404, Code: "Request_ResourceNotFound", Op: "write"}
	case a.kind != state.User:
		return "", bad("Request_BadRequest", "%s is a %s", a.id, a.kind)
	case x.Op == providers.OpTakeOver:
		a.takeOver()
		return a.id, nil
	case a.attrs[providers.SyncEnabled].Bool() && x.Op != providers.OpRestore:
		return "", bad("Request_BadRequest", "on-premises mastered")
	case len(w.roles[a.id]) > 0 && !w.allowed:
		return "", &providers.ServiceError{Status: 403, Code: "Authorization_RequestDenied", Op: "write"}
	}
	switch x.Op {
	case providers.OpDelete:
		a.bury(w.now)
		return a.id, nil
	case providers.OpRestore:
		b := *a
		b.attrs = maps.Clone(a.attrs)
		b.unbury()
		return a.id, w.commit(a, &b)
	case providers.OpPatch:
		b := *a
		b.attrs = maps.Clone(a.attrs)
		b.set(x.Attributes, w.mailboxes)
		return a.id, w.commit(a, &b)
	}
	return a.id, w.refer(a, x)
}

func (w tenantSide) create(attrs []state.AttributeChange) (string, error) {
	a := &account{id: idOf(w.lastID + 1), kind: state.User, created: true, attrs: map[string]state.Value{}}
	a.set(attrs, false)
	for _, name := range [...]string{"accountEnabled", "displayName", "mailNickname", "userPrincipalName"} {
		if a.attrs[name].IsNull() {
			return "", bad("Request_BadRequest", "A value is required for property '%s'", name)
		}
	}
	if err := w.check(a); err != nil {
		return "", err
	}
	w.lastID++
	w.accounts = append(w.accounts, a)
	return a.id, nil
}

func idOf(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// commit makes a what next is, if the service accepts it.
func (w tenantSide) commit(a, next *account) error {
	if err := w.check(next); err != nil {
		return err
	}
	*a = *next
	return nil
}

func (w tenantSide) refer(a *account, x providers.Write) error {
	if x.Op == providers.OpClearReference {
		if w.shown(a, "manager").IsNull() {
			return &providers.ServiceError{Status: 404, Code: "Request_ResourceNotFound", Op: "write"}
		}
		delete(a.attrs, "manager")
		return nil
	}
	id := x.Attributes[0].After
	switch m := w.living(id.Str()); {
	case m == nil || m.kind == state.Group:
		return &providers.ServiceError{Status: 404, Code: "Request_ResourceNotFound", Op: "write"}
	case m == a:
		return bad("Request_BadRequest", "nobody manages himself")
	}
	a.attrs["manager"] = id
	return nil
}

// set writes attributes, with what follows from them: mail becomes the primary address. An account with a mailbox keeps the one
// before as an alias.
func (a *account) set(attrs []state.AttributeChange, mailbox bool) {
	for _, c := range attrs {
		if c.Name == "mail" && !c.After.Equal(a.attrs["mail"]) {
			a.attrs["proxyAddresses"] = withMail(a.attrs["proxyAddresses"], c.After.Str(), mailbox)
		}
		a.attrs[c.Name] = c.After
	}
}

// takeOver makes an account that another engine mastered one that is managed in the cloud.
func (a *account) takeOver() { delete(a.attrs, providers.SyncEnabled) }

// withMail are proxy addresses once mail is the primary one.
func withMail(proxies state.Value, mail string, mailbox bool) state.Value {
	list := []string{"SMTP:" + mail}
	if mail == "" {
		list = nil
	}
	for _, p := range proxies.List() {
		address, isPrimary := strings.CutPrefix(p, "SMTP:")
		switch {
		case isPrimary && mailbox && mail != "" && !strings.EqualFold(address, mail):
			list = append(list, "smtp:"+address)
		case !isPrimary && !strings.EqualFold(p, "smtp:"+mail):
			list = append(list, p)
		}
	}
	if list == nil {
		return state.Null()
	}
	return state.List(list)
}

// bury moves the account to the recycle bin, where its user name is changed so that it is free.
func (a *account) bury(now time.Time) {
	a.deleted = true
	a.attrs["deletedDateTime"] = state.String(now.Format(time.RFC3339))
	if a.kind == state.User {
		a.attrs["userPrincipalName"] = state.String(strings.ReplaceAll(a.id, "-", "") + a.attrs["userPrincipalName"].Str())
	}
}

// unbury is the inverse.
func (a *account) unbury() {
	a.deleted = false
	delete(a.attrs, "deletedDateTime")
	if a.kind == state.User {
		a.attrs["userPrincipalName"] = state.String(strings.TrimPrefix(a.attrs["userPrincipalName"].Str(), strings.ReplaceAll(a.id, "-", "")))
	}
}

// lengths are those that the service's reference gives, in characters.
var lengths = map[string]int{"displayName": 256, "department": 64, "mailNickname": 64, "usageLocation": 2, "employeeId": 16, "userPrincipalName": 113}

// check has the service's rules for values, and those that concern several objects.
func (w tenantSide) check(a *account) error {
	for name, limit := range lengths {
		if utf8.RuneCountInString(a.attrs[name].Str()) > limit {
			return bad("Request_BadRequest", "%s is too long", name)
		}
	}
	for _, name := range [...]string{"displayName", "mailNickname", "userPrincipalName", "accountEnabled", "usageLocation", "mail"} {
		if v, set := a.attrs[name]; set && (v.IsNull() || v.Kind() == state.StringValue && v.Str() == "") {
			return bad("Request_BadRequest", "%s cannot be cleared", name)
		}
	}
	if a.kind != state.User {
		return w.checkUnique(a)
	}
	upn, nickname := a.attrs["userPrincipalName"].Str(), a.attrs["mailNickname"].Str()
	local, domain, _ := strings.Cut(upn, "@")
	switch {
	case local == "" || strings.ContainsAny(local, " %&*+/=?{}|<>();:,[]\"\\") || strings.HasSuffix(local, "."):
		return bad("Request_BadRequest", "userPrincipalName %q", upn)
	case !verified(domain):
		return bad("Request_BadRequest", "The domain portion of the userPrincipalName property is invalid.")
	case strings.ContainsAny(nickname, " @()\\/[]\"';:<>,"):
		return bad("Request_BadRequest", "mailNickname %q", nickname)
	case strings.ContainsAny(a.attrs[anchorName].Str(), "$_"):
		return bad("Request_BadRequest", "onPremisesImmutableId")
	case len(a.attrs["businessPhones"].List()) > 1:
		return bad("Request_BadRequest", "businessPhones takes one value")
	}
	return w.checkUnique(a)
}

// checkUnique compares with the living: user names and anchors over users, addresses over all objects.
func (w tenantSide) checkUnique(a *account) error {
	for _, b := range w.accounts {
		if b.id == a.id || b.deleted {
			continue
		}
		for _, name := range [...]string{"userPrincipalName", anchorName} {
			v := a.attrs[name].Str()
			if v != "" && (v == b.attrs[name].Str() || name != anchorName && strings.EqualFold(v, b.attrs[name].Str())) {
				return bad("ObjectConflict", "%s %s belongs to %s", name, v, b.id)
			}
		}
		for _, address := range a.addresses() {
			if slices.ContainsFunc(b.addresses(), func(other string) bool { return strings.EqualFold(address, other) }) {
				return bad("ObjectConflict", "%s belongs to %s", address, b.id)
			}
		}
	}
	return nil
}

// addresses are mail and the SMTP proxy addresses.
func (a *account) addresses() (out []string) {
	if mail := a.attrs["mail"].Str(); mail != "" {
		out = append(out, mail)
	}
	for _, p := range a.attrs["proxyAddresses"].List() {
		if len(p) > 5 && strings.EqualFold(p[:5], "smtp:") {
			out = append(out, p[5:])
		}
	}
	return out
}
