package graphd

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	deltaPage   = 200 // objects on a page of changes; clients can't ask for another size
	maxDeltaIDs = 50  // ids in the filter of a delta query
)

// deltaToken is what a nextLink or deltaLink of a delta query carries. It holds the query, so that a link is all that a client
// has to keep.
type deltaToken struct {
	Kind    kind   `json:"k"`
	Select  string `json:"s,omitempty"`
	Filter  string `json:"f,omitempty"`
	Initial uint64 `json:"i,omitempty"` // in the first round: the position after which the next page starts, counted from 1
	Since   int    `json:"v"`           // the version up to which the client knows everything
	Next    int    `json:"n,omitempty"` // in later rounds: the version after which the next page starts
	Issued  int64  `json:"t"`           // Unix seconds
}

func (d deltaToken) String() string {
	b, err := json.Marshal(d)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// deltaQuery is a delta request, understood.
type deltaQuery struct {
	deltaToken
	cols    []column
	rels    [managerRel + 1]bool // references that are asked for
	filter  *filter
	minimal bool // Prefer: return=minimal
	seen    int  // the version up to which readers see everything by now
}

// deltaObjects serves users/delta, groups/delta and contacts/delta. A first round lists everything, later ones what changed.
func (t *Tenant) deltaObjects(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	d, e := t.parseDelta(rq)
	if e != nil {
		return reply{}, e
	}
	p := deltaWriter{t: t, d: d, scratch: make([]span, len(t.reg.props))}
	p.b = append(p.b, `{"@odata.context":"`+rq.root+`/$metadata#`+d.Kind.collection()+`"`...)
	list := &deltaWriter{t: t, d: d, scratch: p.scratch}
	var token deltaToken
	var more bool
	switch {
	case rq.option("$deltatoken") == "latest":
		token, more = t.deltaEnd(d, d.seen), false
	case d.Initial > 0:
		token, more = t.firstRound(d, list)
	default:
		token, more = t.laterRound(d, list)
	}
	token.Issued = t.opts.Now().Unix()
	name, option := "deltaLink", "$deltatoken="
	if more {
		name, option = "nextLink", "$skiptoken="
	}
	if !more || !t.faults.dropLink() {
		p.b = quote(append(p.b, `,"@odata.`+name+`":`...), rq.root+"/"+d.Kind.collection()+"/delta?"+option+token.String())
	}
	p.b = append(append(append(p.b, `,"value":[`...), list.b...), `]}`...)
	return reply{status: 200, body: p.b, list: true}, nil
}

// parseDelta reads a delta query's options, or the token that stands for them.
func (t *Tenant) parseDelta(rq *request) (*deltaQuery, *Error) {
	d := &deltaQuery{deltaToken: deltaToken{Kind: rq.route.kind, Initial: 1}, minimal: prefers(rq, "return=minimal"), seen: t.seenVersion()}
	d.Since = d.seen
	raw := ""
	for name, values := range rq.query {
		switch strings.TrimPrefix(strings.ToLower(name), "$") {
		case "select":
			d.Select = values[0]
		case "filter":
			d.Filter = values[0]
		case "deltatoken", "skiptoken":
			raw = values[0]
		default:
			return nil, badRequest("'%s' is not supported by the service.", name)
		}
	}
	if raw != "" && raw != "latest" {
		if e := t.readToken(rq, d, raw); e != nil {
			return nil, e
		}
	}
	if e := t.deltaColumns(d); e != nil {
		return nil, e
	}
	return d, t.deltaFilter(d)
}

// readToken replaces the query by the one that the token stands for.
func (t *Tenant) readToken(rq *request, d *deltaQuery, raw string) *Error {
	var token deltaToken
	b, err := base64.RawURLEncoding.DecodeString(raw)
	if err == nil {
		err = json.Unmarshal(b, &token)
	}
	if err != nil || token.Kind != d.Kind || d.Select != "" && d.Select != token.Select || d.Filter != "" && d.Filter != token.Filter {
		return badRequest("Badly formed token.")
	}
	age := t.opts.Now().Sub(time.Unix(token.Issued, 0))
	if age > t.faults.deltaLife() || token.Since > t.changes.version() || token.Next > t.changes.version() {
		again := url.Values{"$deltatoken": {""}}
		if token.Select != "" {
			again.Set("$select", token.Select)
		}
		return &Error{Status: http.StatusGone, Code: "syncStateNotFound",
			Message: "The sync state of the token can no longer be used. Start a full synchronization.",
			Header: http.Header{"Location": {rq.root + "/" + d.Kind.collection() + "/delta?" +
				strings.ReplaceAll(again.Encode(), "%24", "$")}}}
	}
	d.deltaToken = token
	return nil
}

// deltaColumns reads $select, in which references count as properties.
func (t *Tenant) deltaColumns(d *deltaQuery) *Error {
	if d.Select == "" {
		d.cols = t.defaults[d.Kind]
		d.rels[memberRel] = d.Kind == groupKind
		return nil
	}
	var names []string
	for name := range strings.SplitSeq(d.Select, ",") {
		name = strings.TrimSpace(name)
		switch low := strings.ToLower(name); {
		case d.Kind == groupKind && low == "members":
			d.rels[memberRel] = true
		case d.Kind == groupKind && low == "owners":
			d.rels[ownerRel] = true
		case d.Kind == userKind && low == "manager":
			d.rels[managerRel] = true
		case low != "id":
			names = append(names, name)
		}
	}
	var e *Error
	d.cols, e = t.columns(append(names, "id"), d.Kind)
	return e
}

// deltaFilter accepts id eq '…' or id eq '…' and nothing else.
func (t *Tenant) deltaFilter(d *deltaQuery) *Error {
	if d.Filter == "" {
		return nil
	}
	f, _, e := compileFilter(t.reg, d.Kind, d.Filter)
	if e != nil {
		return e
	}
	if !onlyIDs(f) {
		return unsupportedQuery("The $filter of a delta query supports id eq only.")
	}
	if n := f.clauses(); n > maxDeltaIDs {
		return unsupportedQuery("Too many ids in the $filter of a delta query: %d. Max allowed: %d.", n, maxDeltaIDs)
	}
	d.filter = f
	return nil
}

func onlyIDs(f *filter) bool {
	if f.op == "or" {
		return onlyIDs(f.kids[0]) && onlyIDs(f.kids[1])
	}
	return f.op == "eq" && f.prop == propID
}

// seenVersion is the version up to which readers see all changes: while visibility is delayed, changes wait for their time.
func (t *Tenant) seenVersion() int {
	v := t.changes.version()
	if len(t.shadows) == 0 {
		return v
	}
	now := t.opts.Now()
	for _, s := range t.shadows {
		if now.Before(s.until) {
			v = min(v, s.version)
		}
	}
	return v
}

// deltaEnd is the token of a deltaLink.
func (t *Tenant) deltaEnd(d *deltaQuery, version int) deltaToken {
	return deltaToken{Kind: d.Kind, Select: d.Select, Filter: d.Filter, Since: version}
}

// firstRound lists all objects. What changes meanwhile is told by the round after it.
func (t *Tenant) firstRound(d *deltaQuery, w *deltaWriter) (deltaToken, bool) {
	list := t.live[d.Kind]
	start, _ := bySeq(list, d.Initial)
	n := 0
	for _, o := range list[start:] {
		seen := t.see(o)
		if seen == nil || seen.deleted || d.filter != nil && !d.filter.match(seen) {
			continue
		}
		if n == deltaPage {
			next := d.deltaToken
			next.Initial = o.seq
			return next, true
		}
		n++
		w.whole(seen)
	}
	return t.deltaEnd(d, d.Since), false
}

// laterRound lists what changed after version d.Since, oldest first. An object that changes again meanwhile moves behind.
func (t *Tenant) laterRound(d *deltaQuery, w *deltaWriter) (deltaToken, bool) {
	n := 0
	for v := max(d.Next, d.Since) + 1; v <= d.seen; v++ {
		o := t.changes.entries[v-1].o
		if o.kind != d.Kind || t.changes.latest(o, d.seen) != v || d.filter != nil && !d.filter.match(o) {
			continue
		}
		if n == deltaPage {
			next := d.deltaToken
			next.Next = v - 1
			return next, true
		}
		if w.changed(t.see(o), t.changes.between(o, d.Since, d.seen)) {
			n++
		}
	}
	return t.deltaEnd(d, d.seen), false
}
