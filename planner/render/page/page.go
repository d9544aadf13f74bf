// Package page lays a plan out as one HTML file: the counts, limits and findings as static HTML, and every object in
// compressed rows that a script in the file draws on demand. The file asks no network for anything, and its policy
// forbids what is not in it.
package page

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"fmt"
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

//go:embed filters.html
var pageFilters string

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

func write(w io.Writer, r render.Source, o Options) error {
	places := counts{}
	v, err := view.BuildBy(r, func(c *state.Change) int { return int(risk.Of(c)) }, places.see)
	if err != nil {
		return err
	}
	top := summarise(v, places, o)
	b := bufio.NewWriterSize(w, 64<<10)
	top.static(b)
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

// row is a change or a finding.
type row struct {
	action, tone string // the action, or the severity of a finding; a class of the style sheet
	risk         string // a word
	scope        string
	who          string
	display      string
	place        string
	why          string
	declared     string
	code         string
	value        string // that a finding is about
	fix          string
	snippet      string
	objects      []string // of a finding
	attributes   []attribute
}

// attribute is a name, what it was, what it becomes, and "drift" if somebody else has changed it.
type attribute [4]string

// packed is a row as the script reads it. What many rows have in common is a number: the place of the text in a list
// behind the rows. What is only looked at when a row is opened is text that is not read before.
type packed struct {
	Action   any    `json:"a"`
	Tone     any    `json:"z"`
	Risk     any    `json:"r,omitempty"`
	Scope    any    `json:"s,omitempty"`
	Who      string `json:"w,omitempty"`
	Display  string `json:"d,omitempty"`
	Place    any    `json:"p,omitempty"`
	Why      any    `json:"y,omitempty"`
	Declared any    `json:"l,omitempty"`
	Code     any    `json:"c,omitempty"`
	Value    string `json:"v,omitempty"`
	Fix      any    `json:"h,omitempty"`
	Snippet  string `json:"n,omitempty"`
	Objects  any    `json:"o,omitempty"`
	Names    any    `json:"k,omitempty"` // of attributes
	Changes  string `json:"t,omitempty"` // of attributes, as JSON: before, after, and 1 if somebody else has changed it
}

// texts are what rows have in common, each once, from place 1 on: 0 is no text.
type texts struct {
	place map[string]int
	list  []string
}

// maxTexts is how many texts are told apart; others stand where they are used.
const maxTexts = 16_384

func newTexts() *texts { return &texts{map[string]int{}, []string{""}} }

// of is the place of a text, the text itself where there is no place left, or nil for none.
func (t *texts) of(s string) any {
	if s == "" {
		return nil
	}
	if i, known := t.place[s]; known {
		return i
	}
	if len(t.list) == maxTexts {
		return s
	}
	t.place[s] = len(t.list)
	t.list = append(t.list, s)
	return t.place[s]
}

func (t *texts) pack(x *row) (*packed, error) {
	p := &packed{t.of(x.action), t.of(x.tone), t.of(x.risk), t.of(x.scope), x.who, x.display, t.of(x.place),
		t.of(x.why), t.of(x.declared), t.of(x.code),
		x.value, t.of(x.fix), x.snippet, nil, nil, ""}
	if len(x.objects) > 0 {
		p.Objects = x.objects
	}
	if len(x.attributes) == 0 {
		return p, nil
	}
	names, changes := make([]any, len(x.attributes)), make([][]any, len(x.attributes))
	for i, a := range x.attributes {
		names[i], changes[i] = t.of(a[0]), []any{a[1], a[2]}
		if a[3] != "" {
			changes[i] = append(changes[i], 1)
		}
	}
	text, err := json.Marshal(changes, jsontext.AllowInvalidUTF8(true))
	p.Names, p.Changes = names, string(text)
	return p, err
}

// rows writes findings and changes as the page has them: rows and the texts that they have in common in JSON,
// compressed, in base64.
func rows(w io.Writer, r render.Source, tell phrase.Teller) error {
	text := base64.NewEncoder(base64.StdEncoding, w)
	zipped := gzip.NewWriter(text)
	out := &list{enc: jsontext.NewEncoder(zipped, jsontext.AllowInvalidUTF8(true)), texts: newTexts()}
	out.token(jsontext.BeginObject, jsontext.String("rows"), jsontext.BeginArray)
	for f, err := range r.Findings() {
		if err != nil || !out.add(findingRow(f, tell)) {
			out.fail(err)
			break
		}
	}
	for c, err := range r.Changes() {
		if err != nil || out.n == MaxRows || !out.add(changeRow(c, tell)) {
			out.fail(err)
			break
		}
	}
	out.token(jsontext.EndArray, jsontext.String("texts"))
	if out.err == nil {
		out.err = json.MarshalEncode(out.enc, out.texts.list)
	}
	out.token(jsontext.EndObject)
	for _, step := range []func() error{zipped.Close, text.Close} {
		if out.err == nil {
			out.err = step()
		}
	}
	return out.err
}

// list is rows being written, and the first error.
type list struct {
	enc   *jsontext.Encoder
	texts *texts
	n     int
	err   error
}

func (l *list) token(tokens ...jsontext.Token) {
	for _, t := range tokens {
		if l.err == nil {
			l.err = l.enc.WriteToken(t)
		}
	}
}

func (l *list) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// add writes a row, and reports whether there may be more.
func (l *list) add(x *row) bool {
	p, err := l.texts.pack(x)
	if err == nil && l.err == nil {
		err = json.MarshalEncode(l.enc, p)
	}
	l.fail(err)
	l.n++
	return l.err == nil && l.n < MaxRows
}

// tones are the classes of what happens to somebody.
var tones = map[phrase.Tone]string{phrase.Gives: "gives", phrase.Binds: "binds", phrase.Alters: "alters",
	phrase.Takes: "takes"}

func changeRow(c *state.Change, tell phrase.Teller) *row {
	who := view.WhoIs(c)
	x := &row{action: string(c.Action), tone: tones[phrase.StyleOf(c.Action).Tone], risk: risk.Of(c).Word(),
		scope: phrase.Plain(c.Scope), who: phrase.Plain(who.Short),
		display: phrase.Plain(who.Display), place: phrase.Plain(who.Place), why: phrase.Plain(c.Reason), declared: phrase.Plain(c.DeclaredAt)}
	if m := c.Match; m != nil && phrase.Matters(c.Action) {
		x.why += "; matched by " + phrase.Plain(m.Rule)
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
			x.attributes = append(x.attributes, attribute{name, was, tell.After(a), drift})
		}
	}
	if m := c.Members; m != nil {
		x.attributes = append(x.attributes, attribute{"members", fmt.Sprintf("%d removed", len(m.Remove)),
			fmt.Sprintf("%d added", len(m.Add))})
	}
	return x
}

func findingRow(f *planner.Finding, tell phrase.Teller) *row {
	tone := "alters"
	if f.Severity == planner.Error {
		tone = "takes"
	}
	x := &row{action: string(f.Severity), tone: tone, code: f.Code, why: phrase.Plain(f.Detail),
		fix: phrase.Plain(f.Hint), declared: phrase.Plain(f.DeclaredAt)}
	if f.SignedIn {
		x.risk = "still signed in"
	}
	var snippet []string
	for line := range strings.Lines(f.Snippet) {
		snippet = append(snippet, phrase.Plain(strings.TrimSuffix(line, "\n")))
	}
	x.snippet = strings.Join(snippet, "\n")
	if f.Attribute != "" && f.Value != "" {
		x.value = phrase.Plain(f.Attribute) + ": " + phrase.Quote(f.Value, phrase.MaxRunes)
	}
	for i, o := range f.Objects {
		who := view.WhoIsRef(o)
		if i == 0 {
			x.who, x.display, x.place = phrase.Plain(who.Short), phrase.Plain(who.Display), phrase.Plain(who.Place)
		}
		if name := phrase.Plain(who.Short); name != "" {
			x.objects = append(x.objects, name)
		}
	}
	for _, w := range f.Withheld {
		a := state.AttributeChange{Name: w.Name, Before: w.Before, After: w.After}
		x.attributes = append(x.attributes, attribute{"withheld: " + phrase.Plain(w.Name), tell.Before(a),
			tell.After(a)})
	}
	return x
}
