package graphd

// changeLog remembers what changed since the tenant was loaded, for delta queries. A change's version is its place in the log,
// counted from 1, so that versions mean the same after a restart that replays the journal.
type changeLog struct {
	on      bool // false while the seed is read
	entries []change
	last    map[*object]int // version of an object's latest change
}

// change is what one write did to one object.
type change struct {
	o      *object
	before int         // version of the object's change before this one; 0 if none
	props  []int       // numbers of the properties that changed
	refs   []refChange // references that came and went
	whole  bool        // created or restored: a client knows nothing of it
	purged bool        // gone for good
}

func newChangeLog() *changeLog { return &changeLog{last: map[*object]int{}} }

// version is that of the latest change; 0 if there is none.
func (l *changeLog) version() int { return len(l.entries) }

// note adds a change of o.
func (l *changeLog) note(o *object, c change) {
	if !l.on {
		return
	}
	c.o, c.before = o, l.last[o]
	l.entries = append(l.entries, c)
	l.last[o] = len(l.entries)
}

// compare is the change from o to next. known is false for a new object.
func compare(o, next *object, known bool) change {
	c := change{whole: !known || o.deleted && !next.deleted}
	if c.whole {
		return c
	}
	c.props = diffRecords(o.rec, next.rec)
	c.refs = diffRefs(o, next)
	return c
}

// diffRecords lists the properties that have another value in b than in a.
func diffRecords(a, b record) []int {
	const none = 1 << 30
	step := func(r record) (int, string, record) {
		if r == "" {
			return none, "", ""
		}
		return r.next()
	}
	var out []int
	p, v, a := step(a)
	q, w, b := step(b)
	for p != none || q != none {
		if p != q || v != w {
			out = append(out, min(p, q))
		}
		before := q
		if q <= p {
			q, w, b = step(b)
		}
		if p <= before {
			p, v, a = step(a)
		}
	}
	return out
}

// latest is the version of o's latest change up to a version.
func (l *changeLog) latest(o *object, upTo int) int {
	v := l.last[o]
	for v > upTo {
		v = l.entries[v-1].before
	}
	return v
}

// between sums up the changes of o after version from, up to another.
func (l *changeLog) between(o *object, from, upTo int) change {
	sum := change{o: o}
	var refs []refChange
	for v := l.latest(o, upTo); v > from; {
		c := &l.entries[v-1]
		sum.props = append(sum.props, c.props...)
		sum.whole = sum.whole || c.whole
		sum.purged = sum.purged || c.purged
		refs = append(c.refs[:len(c.refs):len(c.refs)], refs...)
		v = c.before
	}
	sum.refs = lastRefs(refs)
	return sum
}

// lastRefs keeps the last word about each reference.
func lastRefs(refs []refChange) []refChange {
	type key struct {
		rel relation
		id  guid
	}
	at := map[key]int{}
	var out []refChange
	for _, r := range refs {
		k := key{r.rel, r.id}
		if i, ok := at[k]; ok {
			out[i] = r
			continue
		}
		at[k] = len(out)
		out = append(out, r)
	}
	return out
}
