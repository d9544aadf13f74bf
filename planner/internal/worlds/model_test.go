package worlds_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// predict says what both directories and the record are after a plan, from the plan's document alone: each object has the
// attributes that the plan gives it, and what the service makes of them by itself; nothing else has changed.
func predict(before *world, p *saved) *world {
	w := before.clone()
	for _, c := range p.changes {
		if c.Kind == state.UPNSuffix {
			w.suffixes = append(w.suffixes, c.SourceAttributes[0].After.Str())
			continue
		}
		for _, a := range c.SourceAttributes {
			g, _ := state.ParseGUID(c.SourceGUID)
			w.personByGUID(g).attrs[a.Name] = a.After
		}
		w.predictAccount(c)
	}
	for _, a := range w.accounts {
		if anchor, pending := strings.CutPrefix(a.attrs["manager"].Str(), state.PendingRef); pending {
			a.attrs["manager"] = state.String(w.carrying(anchor))
		}
	}
	for _, c := range p.changes {
		w.predictLink(c)
	}
	for _, r := range p.records {
		if l := w.known[r.Anchor]; l != nil {
			l.Scope = r.Scope
			w.noteLeft(l, r.Left, l.Left && l.LeftAt != 0)
			if len(r.Fingerprints) > 0 {
				l.Shape, l.Fingerprints = shapeOf(r.Fingerprints)
			}
		}
	}
	return w
}

// madeUp is the id of an account that a plan creates, until the service has chosen one.
func madeUp(anchor string) string { return "new account of " + anchor }

func (w *world) predictAccount(c *state.Change) {
	var a *account
	switch c.Action {
	case state.ActionCreate:
		a = &account{id: madeUp(c.Anchor), kind: c.Kind, attrs: map[string]state.Value{}} // it has no mailbox yet
		w.accounts = append(w.accounts, a)
	case state.ActionUnlink:
		if c.TargetID == "" {
			return
		}
		a = w.account(c.TargetID)
	case state.ActionRestore:
		a = w.account(c.TargetID)
		a.unbury()
	case state.ActionDelete:
		w.account(c.TargetID).bury(w.now)
		return
	default:
		a = w.account(c.TargetID)
	}
	attrs := slices.DeleteFunc(slices.Clone(c.Attributes), func(x state.AttributeChange) bool { return x.Name == providers.CloudManaged })
	if len(attrs) < len(c.Attributes) {
		a.takeOver()
	}
	a.set(attrs, w.mailboxes)
}

// carrying is the id of the living account that carries an anchor.
func (w *world) carrying(anchor string) string {
	for _, a := range w.accounts {
		if !a.deleted && a.attrs[anchorName].Str() == anchor {
			return a.id
		}
	}
	return "nobody carries " + anchor
}

func (w *world) predictLink(c *state.Change) {
	switch {
	case c.Kind == state.UPNSuffix:
		return
	case c.Action == state.ActionUnlink || c.Action == state.ActionDelete:
		delete(w.known, c.Anchor)
		return
	}
	l := w.known[c.Anchor]
	if l == nil {
		l = &state.Link{Anchor: c.Anchor, Rule: "recorded", Shape: state.NewShape()}
	}
	if c.Partial {
		remember(l, "accountEnabled", fingerprint("accountEnabled", state.Bool(false)))
		return
	}
	l.SourceGUID, _ = state.ParseGUID(c.SourceGUID)
	l.Kind, l.Scope, l.TargetID = c.Kind, c.Scope, c.TargetID
	switch {
	case c.Action == state.ActionCreate:
		l.Rule, l.TargetID = "created", madeUp(c.Anchor)
	case c.Match.Rule != "recorded":
		l.Rule = c.Match.Rule
	}
	again := l.Left && l.LeftAt != 0 && len(c.Attributes) > 0 && c.Attributes[0].Drift && !c.GraceAnew
	w.noteLeft(l, c.Action == state.ActionDisable, again)
	if !l.Left {
		l.Shape, l.Fingerprints = shapeOf(c.Fingerprints)
	}
	if c.Replaces != nil && c.Replaces.Anchor != c.Anchor {
		delete(w.known, c.Replaces.Anchor)
	}
	for _, a := range c.Attributes {
		if l.Left {
			remember(l, a.Name, fingerprint(a.Name, a.After))
		}
		if strings.HasPrefix(a.After.Str(), state.PendingRef) {
			remember(l, a.Name, pendingPrint)
		}
	}
	w.known[c.Anchor] = l
}

// noteLeft notes since when a link's source object has left; again leaves the time as it is.
func (w *world) noteLeft(l *state.Link, left, again bool) {
	l.Left = left
	switch {
	case !left:
		l.LeftAt = 0
	case !again:
		l.LeftAt = w.now.Unix()
	}
}

// pendingPrint stands for the fingerprint of a reference to an account that had no id yet.
const pendingPrint = 1

func shapeOf(prints map[string]string) (*state.Shape, []uint64) {
	names := slices.Sorted(maps.Keys(prints))
	fps := make([]uint64, len(names))
	for i, name := range names {
		fmt.Sscanf(prints[name], "%x", &fps[i])
	}
	return state.NewShape(names...), fps
}

func remember(l *state.Link, name string, fp uint64) {
	names, fps := slices.Clone(l.Shape.Names()), slices.Clone(l.Fingerprints)
	i, found := slices.BinarySearch(names, name)
	if found {
		fps[i] = fp
	} else {
		names, fps = slices.Insert(names, i, name), slices.Insert(fps, i, fp)
	}
	l.Shape, l.Fingerprints = state.NewShape(names...), fps
}

// christen gives predicted new accounts the ids that the service chose, which are known by their anchors.
func (w *world) christen(actual *world) {
	ids := map[string]string{}
	for _, a := range actual.accounts {
		if w.account(a.id) == nil && !a.deleted {
			ids[madeUp(a.attrs[anchorName].Str())] = a.id
		}
	}
	named := func(id string) string {
		if n, ok := ids[id]; ok {
			return n
		}
		return id
	}
	for _, a := range w.accounts {
		a.id = named(a.id)
		if m := a.attrs["manager"]; !m.IsNull() {
			a.attrs["manager"] = state.String(named(m.Str()))
		}
	}
	for _, l := range w.known {
		l.TargetID = named(l.TargetID)
		for i, name := range l.Shape.Names() {
			if l.Fingerprints[i] == pendingPrint {
				l.Fingerprints[i] = fingerprint(name, w.account(l.TargetID).attrs[name])
			}
		}
	}
}

// difference compares what was predicted with what is, attribute by attribute, for people.
func (w *world) difference(actual *world) []string {
	w.christen(actual)
	var out []string
	differ := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, a := range w.accounts {
		b := actual.account(a.id)
		if b == nil {
			differ("predicted, but not there: %s %s", a.id, textOf(a.attrs))
			continue
		}
		if a.deleted != b.deleted {
			differ("%s: deleted is %v, predicted was %v", a.id, b.deleted, a.deleted)
		}
		compareAttributes(a.id, a.attrs, b.attrs, differ)
	}
	for _, b := range actual.accounts {
		if w.account(b.id) == nil {
			differ("not predicted: %s %s", b.id, textOf(b.attrs))
		}
	}
	for i, p := range w.people {
		compareAttributes(p.dn(), p.attrs, actual.people[i].attrs, differ)
	}
	if !slices.Equal(w.suffixes, actual.suffixes) {
		differ("the forest has the suffixes %v, predicted were %v", actual.suffixes, w.suffixes)
	}
	if !maps.EqualFunc(w.roles, actual.roles, slices.Equal) {
		differ("roles have changed")
	}
	return append(out, w.differentLinks(actual)...)
}

func compareAttributes(whose string, want, have map[string]state.Value, differ func(string, ...any)) {
	for name, v := range want {
		if !v.Equal(have[name]) {
			differ("%s: %s is %s, predicted was %s", whose, name, text(have[name]), text(v))
		}
	}
	for name, v := range have {
		if _, known := want[name]; !known && !v.IsNull() {
			differ("%s: %s is %s, predicted was none", whose, name, text(v))
		}
	}
}

func (w *world) differentLinks(actual *world) (out []string) {
	for anchor, l := range w.known {
		m := actual.known[anchor]
		switch {
		case m == nil:
			out = append(out, fmt.Sprintf("link %s is not recorded: %s", anchor, linkText(l)))
		case linkText(l) != linkText(m):
			out = append(out, fmt.Sprintf("link %s is %s, predicted was %s", anchor, linkText(m), linkText(l)))
		}
	}
	for anchor, m := range actual.known {
		if w.known[anchor] == nil {
			out = append(out, fmt.Sprintf("link %s was not predicted: %s", anchor, linkText(m)))
		}
	}
	slices.Sort(out)
	return out
}
