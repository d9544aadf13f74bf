// Package page lays a plan out as one HTML file: the counts, limits and findings as static HTML, and every object in compressed rows that
// a script in the file draws on demand. The file asks no network for anything, and its policy forbids what is not in it.
package page

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/risk"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/origin"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// begin is what a page begins with, by which an earlier one is known.
const begin = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;"

// Is reports whether a file that begins so is a page.
func Is(b []byte) bool { return strings.HasPrefix(string(b), begin) }

// MaxRows is how many rows a page has: beyond, browsers get slow, and the page says that it has the first ones only.
const MaxRows = 200_000

// Options are what is said of a plan beside what is in it.
type Options struct {
	Days   []Day  // what was done on the last days, the latest first
	Sum    string // of what was done, where the plan has been carried out; "" is what it would do
	Drift  bool   // the plan has only what somebody else changed
	Digest string
	Origin origin.Origin // of the run that made it
}

// Day is how many changes were made on a day.
type Day struct {
	Name    string // 2026-12-01
	Changes int
}

// MaxDays is how many days a page shows.
const MaxDays = 14

// Write writes a plan of any size in bounded memory.
func Write(w io.Writer, r render.Source, o Options) error {
	if err := write(w, r, o); err != nil {
		return fmt.Errorf("writing the plan as HTML: %w", err)
	}
	return nil
}

var parsed = template.Must(template.New("page").Parse(pageHTML))

func write(w io.Writer, r render.Source, o Options) error {
	places := counts{}
	v, err := view.BuildBy(r, func(c *state.Change) int { return int(risk.Of(c)) }, places.see)
	if err != nil {
		return err
	}
	top := summarise(v, places, o)
	b := bufio.NewWriterSize(w, 64<<10)
	if err := parsed.Execute(b, top); err != nil {
		return err
	}
	b.WriteString(`<script type="text/plain" id="rows">`)
	if err := rows(b, r, phrase.Teller{Undoes: v.Header.Undoes > 0}); err != nil {
		return err
	}
	b.WriteString("</script>\n<script>" + pageJS + "</script>\n</body>\n</html>\n")
	return b.Flush()
}

// hashed is what a policy allows a text in the page by.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// row is a change or a finding as the script reads it.
type row struct {
	Action     string      `json:"a"`           // or the severity of a finding
	Tone       string      `json:"z"`           // a class of the style sheet
	Risk       string      `json:"r,omitempty"` // a word
	Scope      string      `json:"s,omitempty"`
	Who        string      `json:"w,omitempty"`
	Display    string      `json:"d,omitempty"`
	Place      string      `json:"p,omitempty"`
	Why        string      `json:"y,omitempty"`
	Declared   string      `json:"l,omitempty"`
	Code       string      `json:"c,omitempty"`
	Value      string      `json:"v,omitempty"` // that a finding is about
	Fix        string      `json:"h,omitempty"`
	Snippet    string      `json:"n,omitempty"`
	Objects    []string    `json:"o,omitempty"` // of a finding
	Attributes []attribute `json:"t,omitempty"`
}

// attribute is a name, what it was, what it becomes, and "drift" if somebody else has changed it.
type attribute [4]string

// rows writes findings and changes as the page has them: a list in JSON, compressed, in base64.
func rows(w io.Writer, r render.Source, tell phrase.Teller) error {
	text := base64.NewEncoder(base64.StdEncoding, w)
	packed := gzip.NewWriter(text)
	out := jsontext.NewEncoder(packed, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	err := out.WriteToken(jsontext.BeginArray)
	n := 0
	add := func(x *row) bool {
		if n++; err == nil && n <= MaxRows {
			err = json.MarshalEncode(out, x)
		}
		return err == nil && n < MaxRows
	}
	for f, failed := range r.Findings() {
		if err == nil {
			err = failed
		}
		if err != nil || !add(findingRow(f, tell)) {
			break
		}
	}
	for c, failed := range r.Changes() {
		if err == nil {
			err = failed
		}
		if err != nil || n >= MaxRows || !add(changeRow(c, tell)) {
			break
		}
	}
	for _, step := range []func() error{func() error { return out.WriteToken(jsontext.EndArray) }, packed.Close, text.Close} {
		if err == nil {
			err = step()
		}
	}
	return err
}

// tones are the classes of what happens to somebody.
var tones = map[phrase.Tone]string{phrase.Gives: "gives", phrase.Binds: "binds", phrase.Alters: "alters", phrase.Takes: "takes"}

func changeRow(c *state.Change, tell phrase.Teller) *row {
	who := view.WhoIs(c)
	x := &row{Action: string(c.Action), Tone: tones[phrase.StyleOf(c.Action).Tone], Risk: risk.Of(c).Word(), Scope: phrase.Plain(c.Scope), Who: phrase.Plain(who.Short),
		Display: phrase.Plain(who.Display), Place: phrase.Plain(who.Place), Why: phrase.Plain(c.Reason), Declared: phrase.Plain(c.DeclaredAt)}
	if m := c.Match; m != nil && phrase.Matters(c.Action) {
		x.Why += "; matched by " + phrase.Plain(m.Rule)
	}
	for i, list := range [...][]state.AttributeChange{c.Attributes, c.SourceAttributes} {
		for _, a := range list {
			name := phrase.Plain(a.Name)
			if i > 0 {
				name = "Active Directory: " + name
			}
			drift := ""
			if a.Drift {
				drift = "drift"
			}
			was := tell.Before(a)
			if c.Action == state.ActionCreate && a.Before.IsNull() {
				was = ""
			}
			x.Attributes = append(x.Attributes, attribute{name, was, tell.After(a), drift})
		}
	}
	if m := c.Members; m != nil {
		x.Attributes = append(x.Attributes, attribute{"members", fmt.Sprintf("%d removed", len(m.Remove)), fmt.Sprintf("%d added", len(m.Add))})
	}
	return x
}

func findingRow(f *planner.Finding, tell phrase.Teller) *row {
	tone := "alters"
	if f.Severity == planner.Error {
		tone = "takes"
	}
	x := &row{Action: string(f.Severity), Tone: tone, Code: f.Code, Why: phrase.Plain(f.Detail), Fix: phrase.Plain(f.Hint), Declared: phrase.Plain(f.DeclaredAt)}
	if f.SignedIn {
		x.Risk = "still signed in"
	}
	var snippet []string
	for line := range strings.Lines(f.Snippet) {
		snippet = append(snippet, phrase.Plain(strings.TrimSuffix(line, "\n")))
	}
	x.Snippet = strings.Join(snippet, "\n")
	if f.Attribute != "" && f.Value != "" {
		x.Value = phrase.Plain(f.Attribute) + ": " + phrase.Quote(f.Value, phrase.MaxRunes)
	}
	for i, o := range f.Objects {
		who := view.WhoIsRef(o)
		if i == 0 {
			x.Who, x.Display, x.Place = phrase.Plain(who.Short), phrase.Plain(who.Display), phrase.Plain(who.Place)
		}
		if name := phrase.Plain(who.Short); name != "" {
			x.Objects = append(x.Objects, name)
		}
	}
	for _, w := range f.Withheld {
		a := state.AttributeChange{Name: w.Name, Before: w.Before, After: w.After}
		x.Attributes = append(x.Attributes, attribute{"withheld: " + phrase.Plain(w.Name), tell.Before(a), tell.After(a)})
	}
	return x
}
