package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/risk"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
)

// top is what the page says without its script.
type top struct {
	Policy, Title, Sum, Domain, Tenant, At, Version, By, Ref, Digest, Without string
	Refused                                                                   bool
	Notes                                                                     []string
	Tiles                                                                     []tile
	Limits                                                                    []limit
	Charts                                                                    []chart
	Findings                                                                  []code
}

// tile is a number that the list of objects can be filtered by.
type tile struct {
	Name, Tone, Filter, Value string
	Count                     int
	Limits                    []limit
}

type limit struct {
	Text string
	Over bool
}

// chart is bars of numbers of one kind.
type chart struct {
	Title string
	Bars  []bar
	More  string
}

type bar struct {
	Name, Filter, Value string
	Count, Share        int // Share is of the largest, in percent
	Over                bool
}

// code is the findings of a code.
type code struct {
	Code, Summary, Severity string
	Count                   int
	Fixes                   []string
}

// How much is static.
const (
	maxBars  = 12
	maxFixes = 3
	maxKeys  = 16_384 // containers that are counted apart
)

// summarise works out what the page says without its script.
func summarise(v *view.Plan, places counts, o Options) *top {
	h, t := v.Header, v.Totals
	title, sum := "dirform plan", phrase.Sum(t, len(h.Targets)+len(h.Excludes) > 0, h.Undoes)
	if o.Sum != "" {
		title, sum = "dirform apply", phrase.Plain(o.Sum)
	}
	if o.Drift {
		title, sum = "dirform drift", phrase.Drift(t)
	}
	x := &top{Title: title, Sum: sum, Refused: !t.Applicable && !o.Drift,
		Domain: phrase.Plain(strings.Join(append([]string{h.Source.Domain}, h.Source.Others...),
			", ")), Tenant: phrase.Plain(h.Tenant.ID), At: phrase.Plain(h.CreatedAt),
		Version: phrase.Plain(h.DirformVersion), By: phrase.Plain(o.Origin.By), Ref: phrase.Plain(o.Origin.Ref), Digest: phrase.Plain(o.Digest),
		Policy:  "default-src 'none'; style-src " + hashed(pageCSS) + "; script-src " + hashed(pageJS) + "; base-uri 'none'; form-action 'none'",
		Without: "The objects are listed by a script in this file, which does not run here. Download the file and open it in a browser."}
	for _, n := range []struct {
		label string
		names []string
	}{{"Limited to ", h.Targets}, {"Left out: ", h.Excludes}, {"Limits lifted for this plan: ", h.Allowed}} {
		if len(n.names) > 0 {
			x.Notes = append(x.Notes, phrase.Plain(n.label+strings.Join(n.names, ", ")))
		}
	}
	for _, a := range v.Actions {
		if o.Drift { // they are what would be done about it
			break
		}
		t := tile{Name: string(a.Action), Tone: tones[phrase.StyleOf(a.Action).Tone], Filter: "action",
			Value: string(a.Action), Count: a.Count, Limits: limits(a.Limits)}
		if a.Action == state.ActionBlocked { // of whom the findings tell that are errors
			t.Value = string(planner.Error)
		}
		x.Tiles = append(x.Tiles, t)
	}
	if n := t.Summary.SignedIn; n > 0 {
		x.Tiles = append(x.Tiles, tile{Name: "still signed in", Tone: "takes", Filter: "risk",
			Value: "still signed in", Count: n})
	}
	x.Limits = limits(v.Limits)
	findings := 0
	for _, b := range slices.Concat(v.Refused, v.Warned) {
		x.finding(b)
		findings += b.Count
	}
	x.sections(v)
	if c := places.chart("By OU", "place"); len(c.Bars) > 0 {
		x.Charts = append(x.Charts, c)
	}
	x.days(o.Days)
	if n := t.Summary.Changes() + findings; n > MaxRows {
		x.Notes = append(x.Notes,
			fmt.Sprintf("This page lists the first %d of %d changes and findings; `dirform show` has all of them.",
				MaxRows, n))
	}
	return x
}

func limits(list []view.Limit) (out []limit) {
	for _, l := range list {
		out = append(out, limit{phrase.Limit(l), l.Tripped})
	}
	return out
}

// finding adds the findings of a block to those of its code.
func (x *top) finding(b *view.Block) {
	i := slices.IndexFunc(x.Findings, func(c code) bool { return c.Code == b.Code && c.Severity == string(b.Severity) })
	if i < 0 {
		i = len(x.Findings)
		x.Findings = append(x.Findings, code{Code: b.Code, Summary: phrase.Plain(b.Summary),
			Severity: string(b.Severity)})
	}
	c := &x.Findings[i]
	c.Count += b.Count
	for _, h := range b.Hints {
		if fix := phrase.Plain(h.Text); fix != "" && len(c.Fixes) < maxFixes && !slices.Contains(c.Fixes, fix) {
			c.Fixes = append(c.Fixes, fix)
		}
	}
}

// counts are numbers by name.
type counts map[string]int

// chart is the largest of them.
func (c counts) chart(title, filter string) chart {
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(c[b], c[a]), cmp.Compare(a, b)) })
	out := chart{Title: title}
	for i, name := range names {
		if i == maxBars {
			out.More = fmt.Sprintf("… and %d more", len(names)-i)
			break
		}
		b := bar{Name: name, Filter: filter, Value: name, Count: c[name], Share: max(1, 100*c[name]/c[names[0]])}
		if name == "" {
			b.Name, b.Filter = "(no container)", ""
		}
		out.Bars = append(out.Bars, b)
	}
	return out
}

// sections adds the charts of attributes and scopes.
func (x *top) sections(v *view.Plan) {
	attributes, scopes, risks := counts{}, counts{}, counts{}
	for _, s := range v.Sections {
		if word := risk.Risk(s.Class).Word(); word != "" {
			risks[word] += s.Count
		}
		for _, a := range s.Attributes {
			attributes[phrase.Plain(a.Name)] += a.Count
		}
		for _, a := range s.Source {
			attributes["Active Directory: "+phrase.Plain(a.Name)] += a.Count
		}
		if s.Scope != "" {
			scopes[phrase.Plain(s.Scope)+": "+string(s.Action)] += s.Count
		}
	}
	for _, c := range []chart{risks.chart("What could hurt", "risk"), scopes.chart("By scope", ""),
		attributes.chart("By attribute", "attribute")} {
		if len(c.Bars) > 0 {
			x.Charts = append(x.Charts, c)
		}
	}
}

// days adds the chart of what was done before.
func (x *top) days(list []Day) {
	list = list[:min(len(list), MaxDays)]
	most := 1
	for _, d := range list {
		most = max(most, d.Changes)
	}
	c := chart{Title: "Done by day"}
	for _, d := range list {
		c.Bars = append(c.Bars, bar{Name: phrase.Plain(d.Name), Count: d.Changes, Share: 100 * d.Changes / most})
	}
	if len(c.Bars) > 0 {
		x.Charts = append(x.Charts, c)
	}
}

// see counts the container of a change.
func (c counts) see(x *state.Change) {
	place := phrase.Plain(view.WhoIs(x).Place)
	if _, known := c[place]; known || len(c) < maxKeys {
		c[place]++
	}
}
