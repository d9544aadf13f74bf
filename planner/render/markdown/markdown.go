// Package markdown lays a plan out for a pull request: what is refused and what could hurt first, details folded, as
// much of it as the place takes. Nothing that a directory says becomes markup.
package markdown

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/risk"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/origin"
)

// Options are where a plan is shown, and what is said of it beside what is in it.
type Options struct {
	Place  Place
	Limit  int           // bytes; 0 is what the place takes. See [Least]
	Tag    string        // tells the plan apart from those of other configurations for the same directories; the folder, say
	Digest string        // of the plan, "" if nobody can get at it
	Origin origin.Origin // of the run that made it
	Drift  bool          // the plan has only what somebody else changed
	Sum    string        // of what was done, where the plan has been carried out; "" is what it would do
	More   string        // where everything is that has no room here, as a sentence
}

// Least is the smallest limit: what the first lines and the last one may take.
const Least = 16 << 10

// longSum is from how many characters on the sum is cut where there is no room for the other first lines.
const longSum = 500

// Write writes a plan. It takes at most o's bytes of UTF-8 for any plan, and only whole lines: what has no room is
// counted in the last line. The memory it takes is bounded by the same number.
func Write(w io.Writer, r render.Source, o Options) error {
	if err := write(w, r, o); err != nil {
		return fmt.Errorf("writing the plan as Markdown: %w", err)
	}
	return nil
}

func write(w io.Writer, r render.Source, o Options) error {
	if o.Limit == 0 {
		o.Limit = o.Place.Limit
	}
	v, err := view.BuildBy(r, classOf, nil)
	if err != nil {
		return err
	}
	l := &layout{o: o, v: v, tell: phrase.Teller{Undoes: v.Header.Undoes > 0}}
	d := l.document()
	if err := l.rows(r, d); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	for _, s := range d.fit(o.Limit) {
		b.WriteString(s)
	}
	return b.Flush()
}

// classOf tells what is pending anyway from the rest, and both by what could hurt.
func classOf(c *state.Change) int { return view.CauseOf(c)*(int(risk.None)+1) + int(risk.Of(c)) }

// layout makes the parts of the document.
type layout struct {
	o    Options
	v    *view.Plan
	tell phrase.Teller
}

// document is everything but the objects of sections.
func (l *layout) document() *document {
	d := &document{head: l.head(), least: l.mark() + "**" + esc(cut(l.sum(), longSum)) + "**\n\n", foot: l.foot}
	for _, b := range l.v.Refused {
		d.blocks = append(d.blocks, l.finding(b))
	}
	last, pending := risk.Risk(-1), false
	for _, s := range l.v.Sections {
		title := ""
		c, anyway := risk.Risk(s.Class%(int(risk.None)+1)), s.Class > int(risk.None)
		if c != last || anyway != pending {
			if title = c.Title(); title == "" && last >= 0 {
				title = "Everything else"
			}
			if anyway {
				title = strings.TrimSuffix("Pending anyway: "+title, ": Everything else")
				title = strings.TrimSuffix(title, ": ")
			}
			last, pending = c, anyway
		}
		d.blocks = append(d.blocks, l.section(s, title))
	}
	if n := l.v.Totals.Summary.Skipped; n > 0 {
		d.blocks = append(d.blocks, l.skipped(n))
	}
	for _, b := range l.v.Warned {
		d.blocks = append(d.blocks, l.finding(b))
	}
	return d
}

// mark is the line by which a pipeline finds the comment that it made before, to update it: the same for all plans of a
// configuration.
func (l *layout) mark() string {
	h := l.v.Header
	id := fmt.Sprintf("%.6x", sha256.Sum256([]byte(strings.Join([]string{h.Tenant.ID, h.Source.SID, l.o.Tag}, "\x00"))))
	if l.o.Place.Flat {
		return flatMark + id + ")\n\n"
	}
	return foldMark + id + " -->\n"
}

// What a document begins with.
const (
	foldMark = "<!-- dirform-plan "
	flatMark = "[//]: # (dirform-plan " // for places that would show a comment
)

// Is reports whether a text that begins so is a plan that was written here.
func Is(begin []byte) bool {
	return bytes.HasPrefix(begin, []byte(foldMark)) || bytes.HasPrefix(begin, []byte(flatMark))
}

// head is what stands first in any case.
func (l *layout) head() string {
	h, t := l.v.Header, l.v.Totals
	var b strings.Builder
	b.WriteString(l.mark())
	if l.v.Against != nil {
		b.WriteString("**" + esc(phrase.Brought(l.v.Against)) + ".**\n\n")
		for _, g := range l.v.Against.Gone {
			b.WriteString("- no longer: " + esc(cut(phrase.Gone(g), longSum)) + "\n")
		}
		if len(l.v.Against.Gone) > 0 {
			b.WriteString("\n")
		}
	}
	b.WriteString("**" + esc(l.sum()) + "**\n\n")
	if len(l.v.Actions) > 0 && !l.o.Drift {
		b.WriteString("| | Action | Objects | Limits |\n|---|---|--:|---|\n")
		for _, a := range l.v.Actions {
			fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", esc(phrase.StyleOf(a.Action).Symbol), esc(string(a.Action)),
				a.Count, limits(a.Limits))
		}
		b.WriteString("\n")
	}
	if len(l.v.Limits) > 0 {
		b.WriteString("Limits: " + limits(l.v.Limits) + "\n\n")
	}
	if n := t.Summary.SignedIn; n > 0 {
		fmt.Fprintf(&b, "**Still signed in, although the source has switched them off: %d**\n\n", n)
	}
	fmt.Fprintf(&b, "Read Active Directory %s and tenant %s.", esc(strings.Join(append([]string{h.Source.Domain},
		h.Source.Others...), ", ")), esc(h.Tenant.ID))
	if h.Source.MovesFrom != "" {
		b.WriteString(esc(fmt.Sprintf(" The state belongs to domain %s; applying this plan moves it to %s.",
			h.Source.MovesFrom, h.Source.Domain)))
	}
	for _, x := range []struct {
		label string
		names []string
	}{{" Limited to ", h.Targets}, {" Left out: ", h.Excludes}, {" Limits lifted for this plan: ", h.Allowed}} {
		if len(x.names) > 0 {
			b.WriteString(x.label + esc(few(x.names)) + ".")
		}
	}
	b.WriteString("\n\n")
	return b.String()
}

// sum is the plan in a sentence.
func (l *layout) sum() string {
	switch {
	case l.o.Drift:
		return phrase.Drift(l.v.Totals)
	case l.o.Sum != "":
		return l.o.Sum
	}
	h := l.v.Header
	return phrase.Sum(l.v.Totals, len(h.Targets)+len(h.Excludes) > 0, h.Undoes)
}

// foot is the last lines, where shown of all sections and findings have their details, and objects of them are not
// named.
func (l *layout) foot(folded, unnamed int) string {
	var b strings.Builder
	b.WriteString("\n---\n\n")
	var said []string
	if folded > 0 {
		said = append(said, phrase.Count(folded, "block")+" without details")
	}
	if unnamed > 0 {
		said = append(said, phrase.Count(unnamed, "object")+" not named")
	}
	if len(said) > 0 {
		b.WriteString("Not everything has room here: " + strings.Join(said, ", ") + "." + sentence(l.o.More) + "\n\n" +
			esc(cut(l.sum(), longSum)) + "\n\n")
	}
	b.WriteString("Planned at " + name(l.v.Header.CreatedAt) + " by dirform " + name(l.v.Header.DirformVersion))
	for _, x := range []struct{ what, is string }{{"run", l.o.Origin.By}, {"commit", l.o.Origin.Ref},
		{"plan", l.o.Digest}} {
		if x.is != "" {
			b.WriteString(", " + x.what + " " + name(x.is))
		}
	}
	b.WriteString(".\n")
	return b.String()
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return " " + esc(s)
}

// fewLimits is how many limits and addresses are told of where there may be any number.
const fewLimits = 12

func limits(list []view.Limit) string {
	var parts []string
	for i, l := range list {
		if i == fewLimits {
			parts = append(parts, fmt.Sprintf("… and %d more", len(list)-i))
			break
		}
		part := esc(phrase.Limit(l))
		if l.Tripped {
			part = "**" + part + "**"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// few are the first of a list of any length, each of them cut.
func few(list []string) string {
	var parts []string
	for i, s := range list {
		if i == fewLimits {
			parts = append(parts, fmt.Sprintf("… and %d more", len(list)-i))
			break
		}
		parts = append(parts, cut(s, longName))
	}
	return strings.Join(parts, ", ")
}
