package reconcile

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// sourceMeta is a source object's row: what finds it and orders it.
type sourceMeta struct {
	guid   state.GUID
	anchor uint64 // hash of its anchor
	dn     uint64 // hash of its distinguished name
	upn    uint64 // hash of its userPrincipalName at the source
	smtp   uint64 // fingerprint of its primary SMTP address, as [tenantTable] indexes addresses; 0 if it has none
	order  uint64 // first bytes of its readable key
	// aliases is the sum of the aliases it is to have, see [sourceTable.aliasSum].
	aliases uint64
	flags   uint8
}

const (
	srcFailed       uint8 = 1 << iota // where or a mapping has no value for it
	srcUnstamp                        // the anchor attribute is empty and will be stamped
	srcFallback                       // its user name is not the one the mapping gives, see [fallback]
	srcForeignAlias                   // it wants an alias in a domain that the tenant has not verified
)

// column ties a mapping's attribute to its fingerprint column.
type column struct {
	col   int
	m     *config.AttributeMapping
	plain int // position in the shape of the text that the mapping hands on as it is, or -1
}

// sourceTable holds the objects of one scope and kind.
type sourceTable struct {
	scope    *config.Scope
	kind     state.Kind
	mapping  *config.Mapping
	policy   *config.LinkPolicy
	layout   *layout
	columns  []column
	aliases  *config.AttributeMapping // of proxyAddresses, which is no column because it is never written; nil if it is not mapped
	aliased  bool                     // some object has a value for it, so that the source keeps aliases
	claims   bool                     // accounts that another sync engine masters are taken over
	notNull  []int                    // fingerprint columns of mapped attributes that cannot be cleared
	upnCol   int                      // index into columns of userPrincipalName, or -1
	mailCol  int                      // of mail
	enables  bool                     // accountEnabled is mapped
	fallback *fallback
	fellBack bool // the object projected last gets another user name than the mapping gives
	rows     *rows.Table[sourceMeta]
	seen     int // objects read, before where
	scopeAt  int16
	first    int // number of this table's first row among all source rows
	shape    *state.Shape
	at       struct{ upn, mail, proxies, sam, stamp int } // positions in shape

	h        *state.Hasher
	fps      []uint64
	hashes   []uint64 // of one object's aliases
	accepted accepted
	scratch  []byte
	nilFP    uint64
}

func newSourceTable(b *Builder, scope *config.Scope, kind state.Kind) *sourceTable {
	t := &sourceTable{scope: scope, kind: kind, layout: b.layout(kind), upnCol: -1, mailCol: -1, h: state.NewHasher(b.set.Key),
		shape: b.set.Rules.SourceShapes[kind], accepted: accepted{verified: b.verified}}
	t.scopeAt = scopeAt(b.set.Rules.Scopes, scope.Name)
	t.at.upn, t.at.mail, t.at.proxies = t.shape.Index("userPrincipalName"), t.shape.Index("mail"), t.shape.Index("proxyAddresses")
	t.at.sam, t.at.stamp = t.shape.Index("sAMAccountName"), t.shape.Index(config.AnchorConsistencyGUID)
	for _, m := range b.set.Rules.Mappings {
		if m.Scope == scope && m.Kind == kind {
			t.mapping = m
		}
	}
	for _, p := range b.set.Rules.Policies {
		if p.Scope == scope && p.Kind == kind {
			t.policy = p
			t.claims = p.SyncedElsewhere == "take_over"
		}
	}
	if t.mapping != nil {
		t.aliases = reported(t.mapping)
		for _, a := range t.mapping.Attributes {
			if a.Target.Reported {
				continue
			}
			if a.Target.NotNull || a.Target.Required {
				t.notNull = append(t.notNull, t.layout.col(a.Target.Name))
			}
			switch a.Target.Name {
			case "userPrincipalName":
				t.upnCol = len(t.columns)
			case "mail":
				t.mailCol = len(t.columns)
			case "accountEnabled":
				t.enables = true
			}
			t.columns = append(t.columns, column{col: t.layout.col(a.Target.Name), m: a, plain: a.Expr.Plain(t.shape)})
		}
	}
	t.fallback = newFallback(t.policy, t.mapping, b.set.Domains)
	t.fps = make([]uint64, len(t.layout.cols))
	t.rows = rows.NewTable[sourceMeta](len(t.layout.cols), b.spool())
	t.nilFP = t.h.Fingerprint(&state.Attribute{}, state.Null())
	return t
}

// ReadSource takes in the objects of one scope and kind. It returns the stream's error, if it ends with one; then no plan can
// be made.
func (b *Builder) ReadSource(scope *config.Scope, kind state.Kind, objects providers.Objects) error {
	for _, t := range b.sources {
		if t.scope != scope || t.kind != kind {
			continue
		}
		for o, err := range objects {
			if err != nil {
				return err
			}
			if err := t.add(o); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("scope %s does not synchronise objects of kind %s", scope.Name, kind)
}

// add projects an object and keeps its row, if it is in scope.
func (t *sourceTable) add(o *state.Object) error {
	t.seen++
	meta := sourceMeta{guid: o.GUID, dn: t.h.SumFold(o.DN)}
	switch in, known := t.scope.Has(o); {
	case !known:
		meta.flags |= srcFailed
	case !in:
		return nil
	}
	key, ok := t.project(o)
	if !ok {
		meta.flags |= srcFailed
	}
	if t.fellBack {
		meta.flags |= srcFallback
	}
	anchor, stamped := t.appendAnchor(t.scratch[:0], o)
	if !stamped {
		meta.flags |= srcUnstamp
	}
	meta.anchor, t.scratch = t.h.Sum(anchor), anchor
	if upn := t.value(o, t.at.upn).Str(); upn != "" {
		meta.upn = t.h.SumFold(upn)
	}
	meta.smtp = t.primarySMTP(o)
	if t.aliases != nil {
		var foreign bool
		if meta.aliases, foreign = t.aliasSum(o, meta.smtp); foreign {
			meta.flags |= srcForeignAlias
		}
		t.aliased = t.aliased || meta.aliases != aliasNone
	}
	meta.order = orderOf(key)
	t.scratch = rows.AppendObject(t.scratch[:0], o.DN, o.Values)
	return t.rows.Append(meta, t.fps, t.scratch)
}

// project evaluates the mapping into t.fps and returns the object's readable key. ok is false if an expression has no value;
// the object is then blocked, and the reason found again when its finding is written.
func (t *sourceTable) project(o *state.Object) (key string, ok bool) {
	clear(t.fps)
	ok, t.fellBack = true, false
	var upn state.Value
	for i, c := range t.columns {
		if c.plain >= 0 && i != t.upnCol {
			// Fingerprints disregard the one thing that evaluating would change, and most mappings are such.
			if v := o.Values[c.plain]; v.Kind() == state.StringValue || v.IsNull() {
				t.fps[c.col] = t.fingerprint(c.m.Target, v)
				continue
			}
		}
		v, err := c.m.Expr.Eval(o)
		if err != nil {
			ok = false
			continue
		}
		if i == t.upnCol {
			upn, t.fellBack = t.userName(c.m, v, o)
			v = upn
		}
		t.fps[c.col] = t.fingerprint(c.m.Target, v)
	}
	return t.readableKey(upn, o), ok
}

// primarySMTP is the fingerprint of the object's primary address: the SMTP: entry of proxyAddresses, else the mail it is going
// to have, else its mail at the source.
func (t *sourceTable) primarySMTP(o *state.Object) uint64 {
	if address := t.primaryAddress(o); address != "" {
		return t.h.Fingerprint(&addressAttr, state.String(address))
	}
	if t.mailCol >= 0 {
		if fp := t.fps[t.columns[t.mailCol].col]; fp != t.nilFP {
			return fp
		}
		return 0
	}
	if mail := t.value(o, t.at.mail).Str(); mail != "" {
		return t.h.Fingerprint(&addressAttr, state.String(mail))
	}
	return 0
}

// primaryAddress is the SMTP: (upper-case) entry of the object's proxyAddresses, without prefix.
func (t *sourceTable) primaryAddress(o *state.Object) string {
	for _, p := range t.value(o, t.at.proxies).List() {
		if len(p) > 5 && p[:5] == "SMTP:" {
			return p[5:]
		}
	}
	return ""
}

// fingerprint is the desired fingerprint of one attribute: 0 where there is nothing to say (null for an attribute that can't
// be null leaves it alone), and for a reference the hash of the distinguished name it points to.
func (t *sourceTable) fingerprint(a *state.Attribute, v state.Value) uint64 {
	if (a.NotNull || a.Required) && isEmpty(v) {
		return 0
	}
	if a.Type == state.TypeReference && v.Kind() == state.StringValue && v.Str() != "" {
		return t.h.SumFold(v.Str())
	}
	return t.h.Fingerprint(a, v)
}

func isEmpty(v state.Value) bool {
	switch v.Kind() {
	case state.NullValue:
		return true
	case state.StringValue:
		return v.Str() == ""
	case state.ListValue:
		for _, s := range v.List() {
			if s != "" {
				return false
			}
		}
		return true
	}
	return false
}

// value is the attribute at a position of the shape, null for -1.
func (t *sourceTable) value(o *state.Object, at int) state.Value {
	if at < 0 {
		return state.Null()
	}
	return o.Values[at]
}

// readableKey is what people know the object by: its UPN in the cloud, else at the source, else its logon name or GUID.
func (t *sourceTable) readableKey(upn state.Value, o *state.Object) string {
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

// anchorOf is the object's anchor under the scope's policy. stamped is false if the anchor attribute is still empty; the anchor
// is then the one it will be stamped with, its objectGUID.
func (t *sourceTable) anchorOf(o *state.Object) (anchor string, stamped bool) {
	b, stamped := t.appendAnchor(nil, o)
	return string(b), stamped
}

func (t *sourceTable) appendAnchor(b []byte, o *state.Object) (anchor []byte, stamped bool) {
	if t.policy != nil && t.policy.Anchor == config.AnchorConsistencyGUID {
		if v := t.value(o, t.at.stamp).Str(); v != "" {
			return append(b, v...), true
		}
		return base64.StdEncoding.AppendEncode(b, o.GUID[:]), false
	}
	return base64.StdEncoding.AppendEncode(b, o.GUID[:]), true
}

// orderOf is the key's first bytes as a number, so that rows sort nearly as their keys do without reading them.
func orderOf(key string) uint64 {
	var b [8]byte
	copy(b[:], strings.ToLower(key[:min(len(key), 8)]))
	return binary.BigEndian.Uint64(b[:])
}

// load reads row i back.
func (t *sourceTable) load(i int) (*state.Object, error) {
	t.scratch = slices.Grow(t.scratch[:0], rows.ReadAhead)
	rec, err := t.rows.Record(i, t.scratch)
	if err != nil {
		return nil, err
	}
	o := &state.Object{Kind: t.kind, GUID: t.rows.Meta(i).guid, Shape: t.shape, Values: make([]state.Value, t.shape.Len())}
	o.DN, err = rows.DecodeObject(rec, o.Values)
	return o, err
}
