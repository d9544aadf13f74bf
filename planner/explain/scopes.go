package explain

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// sourceFound is a source object that a name leads to, wherever it is, and what each scope of its domain says about it.
type sourceFound struct {
	object *state.Object
	class  string // the most specific object class
	scopes []Membership
}

// Membership is whether a scope has a source object, and why.
type Membership struct {
	Scope      string     `json:"scope"`
	DeclaredAt string     `json:"declared_at"`
	In         bool       `json:"in"`
	Reason     Reasons    `json:"reason"`
	OU         string     `json:"ou,omitempty"` // the scope's container that it lies below
	Filter     string     `json:"filter,omitempty"`
	Where      *WhereSeen `json:"where,omitempty"`
}

// Reasons are why something is so, one clause each; in JSON they are one text.
type Reasons []string

func (r Reasons) String() string { return strings.Join(r, "; ") }

// MarshalText is the clauses in one text.
func (r Reasons) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// WhereSeen is a scope's where with the values it saw.
type WhereSeen struct {
	Expression string                 `json:"expression"`
	Inputs     map[string]state.Value `json:"inputs"`
	Result     state.Value            `json:"result"`
	Error      string                 `json:"error,omitempty"`
}

// Outside is a source object that is in no scope, and why.
type Outside struct {
	DN      string       `json:"source_dn"`
	GUID    string       `json:"source_guid"`
	Kind    state.Kind   `json:"kind,omitempty"` // empty for what is no user, group or contact
	Class   string       `json:"object_class"`
	Reasons []string     `json:"reasons"`
	Scopes  []Membership `json:"scopes"`
}

func (f *sourceFound) outside() Outside {
	o := Outside{DN: f.object.DN, GUID: f.object.GUID.String(), Kind: f.object.Kind, Class: f.class, Reasons: []string{},
		Scopes: f.scopes}
	for _, m := range f.scopes {
		o.Reasons = append(o.Reasons, fmt.Sprintf("scope %s (%s): %s", m.Scope, m.DeclaredAt, m.Reason))
	}
	return o
}

// accountNames are the names by which an account of the tenant may be the object's: its anchor, user name and address.
func (f *sourceFound) accountNames() (names []string) {
	names = append(names, base64.StdEncoding.EncodeToString(f.object.GUID[:]))
	for _, attribute := range []string{config.AnchorConsistencyGUID, "userPrincipalName", "mail"} {
		if v := f.object.Get(attribute).Str(); v != "" {
			names = append(names, v)
		}
	}
	return names
}

// findInSource looks for a name, and for GUIDs, in the whole of each domain: one search for the objects, and one for
// each scope and kind that may have them. Objects that are found too often to be meant are cut off.
func (e *Explainer) findInSource(ctx context.Context, name string, guids []state.GUID) (found []sourceFound,
	err error) {
	filter := namedFilter(name, guids)
	if filter == "" {
		return nil, nil
	}
	for _, p := range e.Config.AD {
		src, err := e.Directories.Source(ctx, p)
		if err != nil {
			return nil, err
		}
		domain, err := src.Domain(ctx)
		if err != nil {
			return nil, err
		}
		q := providers.Query{Kind: providers.AnyKind, Bases: []string{domain.BaseDN}, Filter: filter,
			Attributes: e.lookupShape()}
		var here []sourceFound
		for o, err := range src.Read(ctx, q) {
			if err != nil {
				return nil, err
			}
			if len(here) == manyObjects {
				break
			}
			here = append(here, sourceFound{object: o.Clone(), class: classOf(o)})
			here[len(here)-1].object.Kind = kindOf(o)
		}
		slices.SortFunc(here, func(a, b sourceFound) int { return strings.Compare(a.object.DN, b.object.DN) })
		if err := e.askScopes(ctx, src, p, here); err != nil {
			return nil, err
		}
		found = append(found, here...)
	}
	return found, nil
}

// lookupShape are the source attributes that all rules need, and what tells an object's kind.
func (e *Explainer) lookupShape() *state.Shape {
	names := []string{"objectClass", "objectCategory", config.AnchorConsistencyGUID, "userPrincipalName", "mail"}
	for _, kind := range slices.Sorted(maps.Keys(e.Config.SourceShapes)) {
		for _, n := range e.Config.SourceShapes[kind].Names() {
			if !slices.ContainsFunc(names, func(x string) bool { return strings.EqualFold(x, n) }) {
				names = append(names, n)
			}
		}
	}
	return state.NewShape(names...)
}

// namedFilter finds an object by any of its names, or by objectGUID or anchor; "" if there is nothing to look for.
func namedFilter(name string, guids []state.GUID) string {
	var b strings.Builder
	if name != "" && !strings.HasSuffix(name, "\"]") { // a plan address is known to the plan only
		v := ldap.EscapeFilter(name)
		for _, attribute := range []string{"distinguishedName", "userPrincipalName", "mail", "sAMAccountName", "cn",
			"displayName"} {
			fmt.Fprintf(&b, "(%s=%s)", attribute, v)
		}
		fmt.Fprintf(&b, "(proxyAddresses=smtp:%s)", v)
	}
	if len(guids) > 0 {
		b.WriteString(providers.GUIDFilter(guids, "objectGUID", "mS-DS-ConsistencyGuid"))
	}
	if b.Len() == 0 {
		return ""
	}
	return "(|" + b.String() + ")"
}

// classOf is an object's most specific class, which the directory lists last.
func classOf(o *state.Object) string {
	if classes := o.Get("objectClass").List(); len(classes) > 0 {
		return classes[len(classes)-1]
	}
	return "object"
}

// kindOf is the kind that a scope would have an object under, "" for computers, containers and the like. An object of
// class inetOrgPerson is a user: it is one to Active Directory, and its category is Person.
func kindOf(o *state.Object) state.Kind {
	classes := o.Get("objectClass").List()
	has := func(class string) bool {
		return slices.ContainsFunc(classes, func(c string) bool { return strings.EqualFold(c, class) })
	}
	category, _, _ := dn.Split(o.Get("objectCategory").Str())
	switch {
	case has("group"):
		return state.Group
	case !dn.Equal(category, "CN=Person"):
		return ""
	case has("contact"):
		return state.Contact
	case has("user"):
		return state.User
	}
	return ""
}

// askScopes says for every scope of a domain whether it has the objects, and why. Whether a filter matches only the
// server knows.
func (e *Explainer) askScopes(ctx context.Context, src providers.SourceReader, p *config.ADProvider,
	found []sourceFound) error {
	for _, s := range e.Config.Scopes {
		if s.Provider != p {
			continue
		}
		listed, err := e.listed(ctx, src, s, found)
		if err != nil {
			return err
		}
		for i := range found {
			found[i].scopes = append(found[i].scopes, e.membership(s, &found[i], listed))
		}
	}
	return nil
}

// listed are the objects among found that the directory lists for a scope.
func (e *Explainer) listed(ctx context.Context, src providers.SourceReader, s *config.Scope,
	found []sourceFound) (map[state.GUID]bool, error) {
	listed := map[state.GUID]bool{}
	for _, kind := range s.Objects {
		q := e.Query(s, kind)
		for _, f := range found {
			if f.object.Kind == kind {
				q.GUIDs = append(q.GUIDs, f.object.GUID)
			}
		}
		if len(q.GUIDs) == 0 {
			continue
		}
		q.Attributes = state.NewShape("objectGUID")
		for o, err := range src.Read(ctx, q) {
			if err != nil {
				return nil, err
			}
			listed[o.GUID] = true
		}
	}
	return listed, nil
}

// membership says whether scope s has an object.
func (e *Explainer) membership(s *config.Scope, f *sourceFound, listed map[state.GUID]bool) Membership {
	m := Membership{Scope: s.Name, DeclaredAt: s.DeclaredAt}
	switch {
	case f.object.Kind == "":
		m.Reason = Reasons{fmt.Sprintf("it is of class %s, which no scope synchronises", f.class)}
	case !slices.Contains(s.Objects, f.object.Kind):
		m.Reason = Reasons{fmt.Sprintf("it synchronises no objects of kind %s", f.object.Kind)}
		if ou, why := e.place(s, f.object.DN); ou != "" {
			m.Reason = append(m.Reason, why)
		}
	default:
		ou, why := e.place(s, f.object.DN)
		m.OU, m.Reason = ou, Reasons{why}
	}
	if m.OU == "" {
		return m
	}
	m.Filter = s.Filter
	switch {
	case listed[f.object.GUID] && s.Filter != "":
		m.Reason = append(m.Reason, "the filter "+s.Filter+" matches it")
	case listed[f.object.GUID]:
	case s.Filter != "":
		m.Reason = Reasons{"the filter " + s.Filter + " does not match it"}
		return m
	default:
		m.Reason = Reasons{"the directory does not list it there"}
		return m
	}
	if !s.SystemObjects {
		switch what := system.NewTeller(f.object.Shape).What(f.object); {
		case what == "":
		case !e.View.HasSource(f.object.GUID):
			m.Reason = Reasons{"it is " + what + ", which system_objects = \"exclude\" leaves out"}
			return m
		default:
			m.Reason = append(m.Reason, "it is "+what+", and stays in scope because dirform manages it")
		}
	}
	e.evaluateWhere(s, f.object, &m)
	return m
}

// place is the scope's container that a distinguished name lies below, and the sentence about it; "" if there is none.
func (e *Explainer) place(s *config.Scope, name string) (ou, why string) {
	near, ok := planner.NearestOU(e.OUs[s.Name], name)
	switch {
	case ok && near.Exclude:
		return "", "it lies below the excluded " + near.DN
	case ok:
		return near.DN, "it lies below " + near.DN
	}
	var bases []string
	for _, o := range e.OUs[s.Name] {
		if !o.Exclude {
			bases = append(bases, o.DN)
		}
	}
	return "", "it does not lie below " + strings.Join(bases, " or ")
}

// evaluateWhere adds what a scope's where says about an object.
func (e *Explainer) evaluateWhere(s *config.Scope, found *state.Object, m *Membership) {
	if s.Where == nil {
		m.In = true
		return
	}
	o := &state.Object{Kind: found.Kind, GUID: found.GUID, DN: found.DN, Shape: e.Config.SourceShapes[found.Kind]}
	for _, name := range o.Shape.Names() {
		o.Values = append(o.Values, found.Get(name))
	}
	w := &WhereSeen{Expression: s.Where.Source(), Inputs: map[string]state.Value{}}
	for _, name := range s.Where.Attributes() {
		w.Inputs[name] = state.Tidy(found.Get(name))
	}
	v, err := s.Where.Eval(o)
	w.Result, m.Where = v, w
	switch {
	case err != nil:
		w.Error, m.In = err.Error(), true // it is in scope and blocked: a plan has a finding about it
		m.Reason = append(m.Reason, "where = "+w.Expression+" has no value: "+w.Error)
	case v.Kind() == state.BoolValue && v.Bool():
		m.In = true
		m.Reason = append(m.Reason, "where = "+w.Expression+" is true for it"+seen(w.Inputs))
	default:
		m.Reason = Reasons{"where = " + w.Expression + " is " + Quoted(v) + " for it" + seen(w.Inputs)}
	}
}

// seen lists inputs in brackets, sorted by name.
func seen(inputs map[string]state.Value) string {
	var parts []string
	for _, n := range slices.Sorted(maps.Keys(inputs)) {
		parts = append(parts, "ad."+n+" = "+Quoted(inputs[n]))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// Quoted writes a value as the language would, with what is not to be seen in it escaped.
func Quoted(v state.Value) string {
	b, err := v.MarshalJSON()
	if err != nil {
		return v.Text()
	}
	return render.Plain(string(b))
}

// sourceName is what an object signs in with at the source.
func sourceName(o *state.Object) string { return o.Get("userPrincipalName").Str() }
