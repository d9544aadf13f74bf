package table

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/proxies"
)

// SourceMeta is a source object's row: what finds it and orders it.
type SourceMeta struct {
	GUID   state.GUID
	Anchor uint64 // hash of its anchor
	DN     uint64 // hash of its distinguished name
	UPN    uint64 // hash of its userPrincipalName at the source
	SMTP   uint64 // fingerprint of its primary SMTP address, as [Tenant] indexes addresses; 0 if it has none
	Order  uint64 // first bytes of its readable key
	// Aliases is the sum of the aliases it is to have, see [Source.aliasSum].
	Aliases uint64
	// NameCase is of the user name as it is spelt, see [Hash.NameCase]; 0 where the case of its letters is left alone.
	NameCase uint32
	Flags    uint8
}

const (
	SourceFailed       uint8 = 1 << iota // where or a mapping has no value for it, or its anchor is none
	SourceUnstamped                      // the anchor attribute is empty and will be stamped
	SourceFallback                       // its user name is not the one the mapping gives, see [fallback]
	SourceNoAnchor                       // what its anchor attribute holds is no anchor
	SourceService                        // it looks like the account of a service
	SourceForeignAlias                   // it wants an alias in a domain that the tenant has not verified
)

// Column ties a mapping's attribute to its fingerprint column.
type Column struct {
	Col     int
	Mapping *config.AttributeMapping
	plain   int // position in the shape of the text that the mapping hands on as it is, or -1
}

// Source holds the objects of one scope and kind.
type Source struct {
	Scope   *config.Scope
	Kind    state.Kind
	Of      *state.Descriptor  // of Kind; never nil
	Mapping *config.Mapping    // nil if the scope has none for the kind
	Policy  *config.LinkPolicy // nil if the scope has none
	Layout  *Layout
	Columns []Column
	// of the further addresses, which are no column because they are never written; nil if they are not mapped
	Aliases   *config.AttributeMapping
	Aliased   bool                  // some object has a value for it, so that the source keeps aliases
	TakesOver bool                  // accounts that another sync engine masters are taken over
	NotNull   []int                 // fingerprint columns of attributes that would be cleared if they could be
	Names     [state.NameSpaces]int // by name space the index into Columns of the first name in it, or -1
	Enables   bool                  // a mapping says who may sign in, or nobody signs in with objects of the kind
	Anchored  bool                  // objects of the kind carry their anchors in the tenant
	ScopeAt   int16                 // the scope's number in the order of declaration
	First     int                   // number of this table's first row among all source rows
	Seen      int                   // objects read, before where
	NilFP     uint64                // the fingerprint of null

	rows     *rows.Table[SourceMeta]
	missed   []missed // objects read that have no row, in their order; nil once the stream has ended
	shape    *state.Shape
	at       struct{ upn, mail, proxies, sam, stamp int } // positions in shape
	fallback *fallback
	asides
	projector
}

// projector is what working out one object after another takes. It is for one goroutine.
type projector struct {
	h        Hash
	fps      []uint64 // of the object projected last
	fellBack bool     // that one gets another user name than the mapping gives
	mail     string   // the address that one gets, if it was worked out
	nameCase uint32   // of that one
	hashes   []uint64 // of one object's aliases
	accepted accepted
	keys     dn.Keys // of the objects' names
	refKeys  dn.Keys // of names that references hold
	scratch  []byte
}

func newSource(b *Tables, scope *config.Scope, kind state.Kind) *Source {
	t := &Source{Scope: scope, Kind: kind, Layout: b.layout(kind), shape: b.set.Rules.SourceShapes[kind],
		projector: projector{h: newHash(b.set.Key), accepted: accepted{verified: b.verified}}}
	t.Of, t.ScopeAt = t.Layout.Of, scopeAt(b.set.Rules.Scopes, scope.Name)
	t.Enables, t.Anchored = t.Of.SignIn == "", t.Of.Anchor != ""
	t.at.upn, t.at.mail = t.shape.Index(SourceUserName), t.shape.Index(SourceMail)
	t.at.proxies = t.shape.Index(SourceProxies)
	t.at.sam, t.at.stamp = t.shape.Index(SourceAccount), t.shape.Index(config.AnchorConsistencyGUID)
	for _, m := range b.set.Rules.Mappings {
		if m.Scope == scope && m.Kind == kind {
			t.Mapping = m
		}
	}
	for _, p := range b.set.Rules.Policies {
		if p.Scope == scope && p.Kind == kind {
			t.Policy = p
			t.TakesOver = p.SyncedElsewhere == "take_over"
		}
	}
	if t.Mapping != nil {
		t.Aliases = reported(t.Mapping)
		t.setColumns()
	}
	for space := range t.Names {
		t.Names[space] = t.nameCol(state.NameSpace(space))
	}
	t.fallback = newFallback(t.Of, t.Policy, t.Mapping, b.set.Domains)
	t.fps = make([]uint64, len(t.Layout.Cols))
	t.rows = rows.NewTable[SourceMeta](len(t.Layout.Cols), b.spool())
	t.asides = newAsides(b, scope, t.shape)
	t.NilFP = t.h.Of(&state.Attribute{}, state.Null())
	return t
}

// setColumns lists what the mapping writes.
func (t *Source) setColumns() {
	for _, a := range t.Mapping.Attributes {
		if a.Target.Reported {
			continue
		}
		if (a.Target.NotNull || a.Target.Required) && !a.KeepNull {
			t.NotNull = append(t.NotNull, t.Layout.Col(a.Target.Name))
		}
		t.Enables = t.Enables || a.Target.Name == t.Of.SignIn
		t.Columns = append(t.Columns, Column{Col: t.Layout.Col(a.Target.Name), Mapping: a, plain: a.Expr.Plain(t.shape)})
	}
}

// nameCol is the index into Columns of the attribute with the first name in a space, or -1.
func (t *Source) nameCol(space state.NameSpace) int {
	name := t.Of.First(space)
	return slices.IndexFunc(t.Columns, func(c Column) bool {
		return name != nil &&
			c.Mapping.Target.Name == name.Attribute
	})
}

// add keeps an object's row, if it is in scope.
func (t *Source) add(o *state.Object) error {
	t.Seen++
	if t.system != nil && t.system.What(o) != "" {
		return t.setAside(o)
	}
	return t.admit(o)
}

// admit projects an object and keeps its row, unless the scope's condition leaves it out.
func (t *Source) admit(o *state.Object) error {
	meta := SourceMeta{GUID: o.GUID, DN: t.h.DNOf(o.DN, &t.keys)}
	switch in, known := t.Scope.Has(o); {
	case !known:
		meta.Flags |= SourceFailed
	case !in:
		t.miss(o.GUID, -1)
		return nil
	}
	if t.system != nil && t.system.Service(o) {
		meta.Flags |= SourceService
		t.Services = true
	}
	key, ok := t.project(o)
	if !ok {
		meta.Flags |= SourceFailed
	}
	if t.fellBack {
		meta.Flags |= SourceFallback
	}
	anchor, stamped := t.appendAnchor(t.scratch[:0], o)
	switch {
	case !stamped:
		meta.Flags |= SourceUnstamped
	case t.BadAnchor(o) != "":
		meta.Flags |= SourceFailed | SourceNoAnchor
	}
	meta.Anchor, t.scratch = t.h.h.Sum(anchor), anchor
	if upn := t.value(o, t.at.upn).Str(); upn != "" {
		meta.UPN = t.h.SourceName(upn)
	}
	meta.SMTP = t.primarySMTP(o)
	if t.Aliases != nil {
		var foreign bool
		if meta.Aliases, foreign = t.aliasSum(o, meta.SMTP); foreign {
			meta.Flags |= SourceForeignAlias
		}
		t.Aliased = t.Aliased || meta.Aliases != AliasNone
	}
	meta.Order, meta.NameCase = OrderOf(key), t.nameCase
	t.scratch = rows.AppendObject(t.scratch[:0], o.DN, o.Values)
	return t.rows.Append(meta, t.fps, t.scratch)
}

// project evaluates the mapping into t.fps and returns the object's readable key. ok is false if an expression has no
// value; the object is then blocked, and the reason found again when its finding is written.
func (t *Source) project(o *state.Object) (key string, ok bool) {
	clear(t.fps)
	ok, t.fellBack, t.mail, t.nameCase = true, false, "", 0
	var upn state.Value
	upnCol, mailCol := t.Names[state.SignInNames], t.Names[state.MailAddresses]
	for i, c := range t.Columns {
		if c.plain >= 0 && i != upnCol {
			// Fingerprints disregard the one thing that evaluating would change, and most mappings are such.
			if v := &o.Values[c.plain]; v.Kind() == state.StringValue || v.IsNull() {
				if state.Trimmed(v.Str()) {
					t.fps[c.Col] = t.fingerprint(c.Mapping, *v)
				} else {
					t.fps[c.Col] = t.fingerprint(c.Mapping, state.Tidy(*v))
				}
				continue
			}
		}
		v, err := Want(c.Mapping, o)
		if err != nil {
			ok = false
			continue
		}
		switch i {
		case mailCol:
			t.mail = v.Str()
		case upnCol:
			upn, t.fellBack = t.UserName(c.Mapping, v, o)
			v = upn
			if t.Mapping.CaseChanges {
				t.nameCase = t.h.NameCase(v)
			}
		}
		t.fps[c.Col] = t.fingerprint(c.Mapping, v)
	}
	return t.ReadableKey(upn, o), ok
}

// Want is what a mapping wants an attribute of an object's account to be, without the blanks around it.
func Want(m *config.AttributeMapping, o *state.Object) (state.Value, error) {
	v, err := m.Expr.Eval(o)
	if v.Kind() != state.ListValue && state.Trimmed(v.Str()) {
		return v, err
	}
	return state.Tidy(v), err
}

// primarySMTP is the fingerprint of the object's primary address: the SMTP: entry of its proxy addresses, else the one
// it is going to have, else its mail at the source.
func (t *Source) primarySMTP(o *state.Object) uint64 {
	if address := t.PrimaryAddress(o); address != "" {
		if address == t.mail {
			return t.fps[t.Columns[t.Names[state.MailAddresses]].Col]
		}
		return t.h.Address(state.String(address))
	}
	if i := t.Names[state.MailAddresses]; i >= 0 {
		if fp := t.fps[t.Columns[i].Col]; fp != t.NilFP {
			return fp
		}
		return 0
	}
	if mail := t.value(o, t.at.mail).Str(); mail != "" {
		return t.h.Address(state.String(mail))
	}
	return 0
}

// PrimaryAddress is the primary one of the object's proxy addresses at the source, or "", see [proxies.PrimaryOf].
func (t *Source) PrimaryAddress(o *state.Object) string {
	return proxies.PrimaryOf(t.value(o, t.at.proxies).List())
}

// fingerprint is the desired fingerprint of one attribute: 0 where there is nothing to say (null for an attribute that
// can't be null leaves it alone), and for a reference the hash of the distinguished name it points to.
func (t *Source) fingerprint(m *config.AttributeMapping, v state.Value) uint64 {
	a := m.Target
	if (a.NotNull || a.Required || m.KeepNull) && v.IsEmpty() {
		return 0
	}
	if a.Type == state.TypeReference && v.Kind() == state.StringValue && v.Str() != "" {
		return t.h.DNOf(v.Str(), &t.refKeys)
	}
	return t.h.Of(a, v)
}

// value is the attribute at a position of the shape as expressions get it, null for -1.
func (t *Source) value(o *state.Object, at int) state.Value {
	if at < 0 {
		return state.Null()
	}
	return state.Tidy(o.Values[at])
}

// ReadableKey is what people know the object by: its UPN in the cloud, else at the source, else its logon name or GUID.
func (t *Source) ReadableKey(upn state.Value, o *state.Object) string {
	if upn.Str() != "" {
		return upn.Str()
	}
	for _, at := range [...]int{t.at.upn, t.at.mail, t.at.sam} {
		if s := t.value(o, at).Str(); s != "" {
			return s
		}
	}
	return o.GUID.String()
}

// AnchorOf is the object's anchor under the scope's policy. stamped is false if the anchor attribute is still empty;
// the anchor is then the one it will be stamped with, its objectGUID. That also stands for a value that is no anchor, see
// [Source.BadAnchor].
func (t *Source) AnchorOf(o *state.Object) (anchor string, stamped bool) {
	b, stamped := t.appendAnchor(nil, o)
	return string(b), stamped
}

func (t *Source) appendAnchor(b []byte, o *state.Object) (anchor []byte, stamped bool) {
	if t.Policy != nil && t.Policy.Anchor == config.AnchorConsistencyGUID {
		v := t.value(o, t.at.stamp).Str()
		if v != "" && isAnchor(v) {
			return append(b, v...), true
		}
		return base64.StdEncoding.AppendEncode(b, o.GUID[:]), v != ""
	}
	return base64.StdEncoding.AppendEncode(b, o.GUID[:]), true
}

// BadAnchor is what the anchor attribute holds, in base64, if that is no anchor; else "".
func (t *Source) BadAnchor(o *state.Object) string {
	if t.Policy == nil || t.Policy.Anchor != config.AnchorConsistencyGUID {
		return ""
	}
	if v := t.value(o, t.at.stamp).Str(); v != "" && !isAnchor(v) {
		return v
	}
	return ""
}

// isAnchor reports whether a value in base64 is one that tells objects apart: 16 bytes, as a GUID has, that are not all zero.
func isAnchor(v string) bool {
	const length, zero = 24, "AAAAAAAAAAAAAAAAAAAAAA==" // of 16 bytes
	return len(v) == length && v[length-2:] == "==" && v != zero
}

// OrderOf is the key's first bytes as a number, so that rows sort nearly as their keys do without reading them.
func OrderOf(key string) uint64 {
	var b [8]byte
	copy(b[:], strings.ToLower(key[:min(len(key), 8)]))
	return binary.BigEndian.Uint64(b[:])
}

// Meta is row s's fixed part. Here and below, s is the row's number among all source rows.
func (t *Source) Meta(s int) *SourceMeta { return t.rows.Meta(s - t.First) }

// FP are row s's desired fingerprints, by column of the layout.
func (t *Source) FP(s int) []uint64 { return t.rows.FP(s - t.First) }

// Len is the number of rows.
func (t *Source) Len() int { return t.rows.Len() }

// Load reads row s back.
func (t *Source) Load(s int) (*state.Object, error) {
	i := s - t.First
	t.scratch = slices.Grow(t.scratch[:0], rows.ReadAhead)
	o, err := t.read(t.rows.Record(i, t.scratch))
	if err != nil {
		return nil, err
	}
	o.GUID = t.rows.Meta(i).GUID
	return o, nil
}

// read is the object of a spooled record, without its GUID.
func (t *Source) read(record []byte, err error) (*state.Object, error) {
	if err != nil {
		return nil, err
	}
	o := &state.Object{Kind: t.Kind, Shape: t.shape, Values: make([]state.Value, t.shape.Len())}
	o.DN, err = rows.DecodeObject(record, o.Values)
	return o, err
}

// DeclaredAt is where a person asked for an attribute: its own line, or the mapping whose preset brought it.
func (t *Source) DeclaredAt(m *config.AttributeMapping) string {
	if m.Preset {
		return t.Mapping.DeclaredAt
	}
	return m.DeclaredAt
}
