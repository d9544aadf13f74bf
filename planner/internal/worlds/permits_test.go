package worlds_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// permits is what a plan file lets an apply do, worked out from the file and without the filter: as lines of a world's log, where "*"
// at the end stands for anything.
type permits struct {
	lines   map[string]bool
	anchors map[string]bool // whose links may change
}

// permits reads a plan file; one that cannot be read permits nothing. plan is today's, from which a file takes what is not compared:
// names that somebody has for a moment, and what is only recorded.
func (h *harness) permits(path string, plan *saved) *permits {
	f := &permits{lines: map[string]bool{}, anchors: map[string]bool{}}
	for _, r := range plan.records {
		f.anchors[r.Anchor] = true
	}
	via := map[string]state.Value{}
	evidence := map[string]bool{}
	for _, c := range plan.changes {
		evidence[evidenceOf(c)] = true
		for _, a := range c.Attributes {
			if !a.Via.IsNull() {
				via[c.TargetID+" "+a.Name+text(a.Before)] = a.Via
			}
		}
	}
	file, err := planfile.Open(path, nil)
	if err != nil {
		return f
	}
	defer file.Close()
	replaces := map[string]string{}
	for _, c := range plan.changes {
		if c.Replaces != nil {
			replaces[c.Anchor] = c.Replaces.Anchor
		}
	}
	for c, err := range file.Changes() {
		if err != nil {
			return &permits{lines: map[string]bool{}}
		}
		if made := h.w.of(c.Anchor); c.Action == state.ActionCreate && len(made) > 0 {
			// a run that was cut off has made it, and left its references and the object's anchor to be written
			for _, a := range c.SourceAttributes {
				f.line("source %s: %s -> %s", a.Name, text(a.Before), text(a.After))
			}
			for _, a := range c.Attributes {
				for _, id := range made {
					if a.Name == "manager" {
						f.reference(h.w, id, a)
					}
				}
			}
		}
		if !evidence[evidenceOf(c)] { // they are paired otherwise today, or not at all: at most sign-in is turned off
			c.Attributes = slices.DeleteFunc(c.Attributes, func(a state.AttributeChange) bool {
				return a.Name != "accountEnabled" || !a.After.Equal(state.Bool(false))
			})
			c.Action, c.SourceAttributes = state.ActionUpdate, nil
		}
		f.change(h.w, c)
		f.anchors[replaces[c.Anchor]] = true
		for _, a := range c.Attributes {
			if v := via[c.TargetID+" "+a.Name+text(a.Before)]; !v.IsNull() {
				f.line("patch %s %s: %s -> %s", c.TargetID, a.Name, text(a.Before), text(v))
			}
		}
	}
	return f
}

// evidenceOf is whose change it is, and by what the two are paired.
func evidenceOf(c *state.Change) string {
	if c.Match == nil {
		return c.Anchor
	}
	return fmt.Sprintf("%s %s %q", c.Anchor, c.Match.Rule, c.Match.Value)
}

func (f *permits) line(format string, args ...any) { f.lines[fmt.Sprintf(format, args...)] = true }

// change adds what a change of the file asks for.
func (f *permits) change(w *world, c *state.Change) {
	f.anchors[c.Anchor] = true
	for _, a := range c.SourceAttributes {
		f.line("source %s: %s -> %s", a.Name, text(a.Before), text(a.After))
		f.line("suffix %s", a.After.Str())
	}
	whose, what := c.TargetID, "patch"
	switch c.Action {
	case state.ActionCreate:
		whose, what = madeUp(c.Anchor), "create"
		f.line("create %s", whose)
	case state.ActionDelete:
		f.line("delete %s", whose)
		return
	case state.ActionRestore:
		f.line("restore %s", whose)
	case state.ActionUnlink:
		f.line("patch %s %s: %s -> null", whose, anchorName, text(state.String(c.Anchor)))
	}
	for _, a := range c.Attributes {
		switch {
		case a.Name == "accountEnabled" && a.After.Equal(state.Bool(false)):
			f.line("%s %s accountEnabled: *", what, whose)
		case a.Name == providers.CloudManaged:
			f.line("take over %s", whose)
			f.line("take over %s %s: %s -> %s", whose, a.Name, text(a.Before), text(a.After))
		case a.Name == "manager":
			f.reference(w, whose, a)
		default:
			f.line("%s %s %s: %s -> %s", what, whose, a.Name, text(a.Before), text(a.After))
		}
	}
}

// reference adds that a manager is set.
func (f *permits) reference(w *world, whose string, a state.AttributeChange) {
	if a.After.IsNull() {
		f.line("clear reference %s", whose)
		f.line("clear reference %s manager: null -> null", whose)
		return
	}
	to := []string{a.After.Str()}
	if anchor, ok := strings.CutPrefix(a.After.Str(), state.PendingRef); ok {
		to = append(w.of(anchor), madeUp(anchor))
	}
	f.line("set reference %s", whose)
	for _, id := range to {
		f.line("set reference %s manager: null -> %s", whose, text(state.String(id)))
	}
}

// of are the accounts that an anchor has: the recorded one, and those that carry it.
func (w *world) of(anchor string) (ids []string) {
	if l := w.known[anchor]; l != nil {
		ids = append(ids, l.TargetID)
	}
	for _, a := range w.accounts {
		if a.attrs[anchorName].Str() == anchor {
			ids = append(ids, a.id)
		}
	}
	return ids
}

// strange lists what a world has been asked, and what its record has changed, without being permitted to.
func (f *permits) strange(before, w *world) (wrong []string) {
	for _, line := range w.log {
		plain, any := line, line
		if rest, ok := strings.CutPrefix(line, "source "); ok {
			_, plain, _ = strings.Cut(rest, " ")
			plain = "source " + plain
		}
		if name, _, ok := strings.Cut(line, ": "); ok {
			any = name + ": *"
		}
		if !f.lines[plain] && !(f.lines[any] && strings.HasSuffix(line, `-> "false"`)) {
			wrong = append(wrong, "written: "+line)
		}
	}
	for anchor, l := range before.known {
		if m := w.known[anchor]; !f.anchors[anchor] && (m == nil || linkText(m) != linkText(l)) {
			wrong = append(wrong, "recorded, or forgotten: "+linkText(l))
		}
	}
	for anchor, l := range w.known {
		if before.known[anchor] == nil && !f.anchors[anchor] {
			wrong = append(wrong, "recorded: "+linkText(l))
		}
	}
	slices.Sort(wrong)
	return wrong
}
