package graphd

import (
	"cmp"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Options are a tenant's credentials and environment.
type Options struct {
	ClientID     string // the application that may ask for tokens
	ClientSecret string
	AccessToken  string           // a bearer token that is always valid; "" for none
	Now          func() time.Time // time.Now if nil
	Tells        func() time.Time // what replies say the time is; Now if nil
	Gzip         bool             // compress replies for clients that ask for it
}

// Tenant is a directory and its server. It is safe for concurrent use.
type Tenant struct {
	opts Options

	mu       sync.RWMutex
	reg      *registry
	byID     map[guid]*object // users, groups and contacts, the recycle bin's included
	live     [plainKind][]*object
	bin      []*object // the recycle bin; like live ordered by seq
	upns     *index    // of living users
	anchors  *index    // onPremisesImmutableId of living users
	address  *index    // mail and proxyAddresses of all living objects, without their type
	lastSeq  uint64
	shadows  map[*object]shadow
	changes  *changeLog
	names    *index // uniqueName of living groups
	onChange func(json.RawMessage) error

	org      *object
	tenantID string
	domains  []*object
	verified map[string]bool // verified domain names in lower case; true if federated
	skus     []*object
	roles    roleTable
	seats    map[string]int // licences in use, by skuId in lower case
	defaults [plainKind][]column
	syncOff  time.Time // when synchronization was last turned off; zero if never
	sync     syncSettings

	tokens *tokens
	trusts []FederatedCredential
	faults *faultState
	stats  *stats
}

// New makes an empty tenant; LoadSeed fills it.
func New(o Options) *Tenant {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Tells == nil {
		o.Tells = o.Now
	}
	t := &Tenant{opts: o, reg: newRegistry(), byID: map[guid]*object{}, upns: newIndex(), anchors: newIndex(), address: newIndex(),
		shadows: map[*object]shadow{}, changes: newChangeLog(), names: newIndex(), seats: map[string]int{}, sync: newSyncSettings(), verified: map[string]bool{}, tokens: newTokens(o), faults: &faultState{}, stats: newStats()}
	t.roles = newRoleTable(t.reg)
	for k, names := range [][]string{defaultUserProps, defaultGroupProps, defaultContactProps} {
		t.defaults[k], _ = t.columns(names, kind(k))
	}
	return t
}

// ID is the tenant id: the organization's object id. It is empty until a seed is loaded.
func (t *Tenant) ID() string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.tenantID
}

// Len is the number of living users.
func (t *Tenant) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.live[userKind])
}

// bySeq finds seq's place in a list ordered by seq.
func bySeq(list []*object, seq uint64) (int, bool) {
	return slices.BinarySearchFunc(list, seq, func(o *object, s uint64) int { return cmp.Compare(o.seq, s) })
}

// commit makes next the value of o, journals it first, and keeps lists and indexes true. The caller holds the write lock and has
// checked everything; an error means that the journal failed and nothing has changed.
func (t *Tenant) commit(o *object, next object) error {
	if t.onChange != nil {
		if err := t.onChange(t.putRecord(&next)); err != nil {
			return journalFailed(err)
		}
	}
	t.store(o, next)
	return nil
}

// store is commit without the journal.
func (t *Tenant) store(o *object, next object) {
	_, known := t.byID[next.id]
	c := compare(o, &next, known)
	if known {
		t.shade(o, true)
		t.unlist(o)
	} else {
		t.lastSeq++
		next.seq = t.lastSeq
		t.shade(o, false)
		t.byID[next.id] = o
	}
	t.changes.note(o, c)
	*o = next
	t.list(o)
}

func (t *Tenant) list(o *object) {
	list := &t.bin
	if !o.deleted {
		list = &t.live[o.kind]
		t.eachKey(o, (*index).add)
		t.countSeats(o, 1)
	}
	if n := len(*list); n == 0 || (*list)[n-1].seq < o.seq {
		*list = append(*list, o)
	} else if i, found := bySeq(*list, o.seq); !found {
		*list = slices.Insert(*list, i, o)
	}
}

func (t *Tenant) unlist(o *object) {
	list := &t.bin
	if !o.deleted {
		list = &t.live[o.kind]
		t.eachKey(o, (*index).remove)
		t.countSeats(o, -1)
	}
	if i, found := bySeq(*list, o.seq); found {
		*list = slices.Delete(*list, i, i+1)
	}
}

// purge removes an object for good.
func (t *Tenant) purge(o *object) error {
	if t.onChange != nil {
		if err := t.onChange(removeRecord(o)); err != nil {
			return journalFailed(err)
		}
	}
	t.forget(o)
	return nil
}

func (t *Tenant) forget(o *object) {
	t.changes.note(o, change{purged: true})
	t.unlist(o)
	delete(t.byID, o.id)
	delete(t.shadows, o)
	o.deleted = true // references to it are dead
}

// eachKey calls f for every index entry of o.
func (t *Tenant) eachKey(o *object, f func(*index, string, *object)) {
	for r := o.rec; r != ""; {
		var p int
		var raw string
		p, raw, r = r.next()
		switch {
		case p == propUPN && o.kind == userKind:
			f(t.upns, text(raw), o)
		case p == propImmutableID && o.kind == userKind:
			f(t.anchors, text(raw), o)
		case p == propUniqueName && o.kind == groupKind:
			f(t.names, text(raw), o)
		case p == propMail:
			f(t.address, text(raw), o)
		case p == propProxyAddresses:
			for _, a := range texts(raw) {
				f(t.address, bareAddress(a), o)
			}
		}
	}
}

// text is the string a raw JSON string stands for, "" for anything else.
func text(raw string) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	for i := 1; i < len(raw)-1; i++ {
		if raw[i] == '\\' {
			b, _ := jsontext.AppendUnquote(nil, raw)
			return string(b)
		}
	}
	return raw[1 : len(raw)-1]
}

// texts are the strings of a raw JSON array of strings.
func texts(raw string) []string {
	if len(raw) < 3 || raw[0] != '[' {
		return nil
	}
	var out []string
	for i := 1; i < len(raw)-1; {
		if raw[i] != '"' {
			i++
			continue
		}
		end := i + 1
		for ; raw[end] != '"'; end++ {
			if raw[end] == '\\' {
				end++
			}
		}
		out = append(out, text(raw[i:end+1]))
		i = end + 1
	}
	return out
}

// rawTexts is the reverse of texts.
func rawTexts(list []string) string {
	b := []byte{'['}
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = quote(b, s)
	}
	return string(append(b, ']'))
}
