package guards

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner"
)

// noun is what a limit counts, as sentences have it after a number and before a share.
type noun struct{ many, share string }

// nouns are those of limits whose name does not say it.
var nouns = map[string]noun{
	limits.Clears:       {"accounts to lose their %s", "accounts that lose their %s"},
	limits.Blocked:      {"recorded accounts to be blocked", "blocked accounts"},
	limits.SourceShrink: {"linked objects to be missing at the source", "objects missing at the source"},
	limits.TenantShrink: {"recorded accounts to be missing in the tenant", "accounts missing in the tenant"},
}

// wholes are what bases are called in sentences.
var wholes = map[limits.Base]string{
	limits.Linked: "linked accounts", limits.Recorded: "recorded accounts", limits.Holders: "accounts that hold one",
	limits.InScope: "linked objects", limits.Members: "members", limits.Held: "licences",
}

// noun is what the measure counts.
func (m *measure) noun() noun {
	n, ok := nouns[m.Name]
	switch plain := strings.ReplaceAll(m.Name, "_", " "); {
	case !ok && m.of != "":
		return noun{plain + " from " + m.of, plain + " from " + m.of}
	case !ok:
		return noun{plain, plain}
	case m.of != "":
		return noun{fmt.Sprintf(n.many, m.of), fmt.Sprintf(n.share, m.of)}
	}
	return n
}

// exceeded is the finding about a limit that trips. allow is the number with which --allow lets the whole plan pass it.
func exceeded(m *measure, r planner.GuardResult, allow int) *planner.Finding {
	code := planner.GuardCode(m.Name)
	who := fmt.Sprintf("Guard %q", r.Name)
	if r.Name == BuiltIn {
		who = "The built-in limit"
	}
	n := m.noun()
	allowed, planned := fmt.Sprintf("at most %v %s", r.Allowed, n.many), fmt.Sprint(m.own)
	if share := strings.HasSuffix(r.Limit, ".percent"); share {
		allowed = fmt.Sprintf("%s for at most %v %% of the %s", n.share, r.Allowed, wholes[m.Base])
		planned = fmt.Sprintf("%d of %d (%v %%)", m.own, m.base, percent(m.own, m.base))
	}
	if m.earlier > 0 {
		planned += fmt.Sprintf(", and with the %d of the last 24 hours' runs that is %v", m.earlier, r.Planned)
		if strings.HasSuffix(r.Limit, ".percent") {
			planned += " %"
		}
	}
	f := planner.NewFinding(code, fmt.Sprintf("%s allows %s; this plan has %s. Nothing of it will be applied.", who, allowed, planned),
		m.wayOut(allow))
	f.DeclaredAt = m.declaredAt(r.Name)
	if m.Each == "attribute" {
		f.Attribute = m.of
	}
	return f
}

// wayOut says what to do about a limit that trips.
func (m *measure) wayOut(allow int) string {
	cause := "Look whether a scope, filter or mapping is wrong."
	switch m.Name {
	case limits.Blocked:
		cause = "Look at the error findings: what many of them have in common is the cause."
	case limits.TenantShrink:
		cause = "Look who purged the accounts, and whether this is the right tenant."
	}
	meant := "If this is meant"
	if m.Name == limits.Relinks {
		meant = "If this is meant, or the rest of a run that was cut off"
	}
	return fmt.Sprintf("%s %s, run again with --allow %s=%d.", cause, meant, m.Name, allow)
}

// isOff warns of a limit that a guard block takes away.
func isOff(f *inForce) *planner.Finding {
	detail := fmt.Sprintf("Guard %q has %s { off = true }, so nothing limits what this plan has of it.", f.guard.Name, f.Name)
	if !f.block.Until.IsZero() {
		detail += " That ends after " + f.day() + "."
	}
	w := planner.NewFinding("DF412", detail, "")
	w.DeclaredAt = f.block.DeclaredAt
	return w
}

// hasEnded warns of a guard's block whose last day is over.
func hasEnded(f *inForce) *planner.Finding {
	w := planner.NewFinding("DF413", fmt.Sprintf("The block %s of guard %q held until %s and counts as not written since.", f.Name, f.ended.Name, f.day()), "")
	w.DeclaredAt = f.block.DeclaredAt
	return w
}

// day is the last day of the limit's block.
func (f *inForce) day() string { return f.block.Until.Format("2006-01-02") }
