// Package discreet keeps secrets out of an output.
package discreet

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/dirform/dirform/state/visible"
)

// Writer is the second wall around secrets, in front of standard error: whatever is said there, also in the words of
// libraries and servers, the values that whoever runs dirform has given as secrets are left out of it. The first wall
// is that nothing puts them into a message. What is computed from a secret is not looked for: then the places that are
// left out would tell about it.
type Writer struct {
	w  io.Writer
	mu sync.Mutex

	secrets []string // in each form in which they may be printed, longest first
}

// shortestSecret is the length from which on a secret is left out. Shorter ones are part of ordinary words.
const shortestSecret = 8

// New is a wall in front of w that knows no secrets yet.
func New(w io.Writer) *Writer { return &Writer{w: w} }

// Hide leaves further secrets out from now on.
func (d *Writer) Hide(secrets []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range secrets {
		if len(s) < shortestSecret {
			continue
		}
		for _, form := range []string{s, visible.Line(s), bare(visible.Quote(s)), bare(strconv.Quote(s)), inJSON(s)} {
			if !slices.Contains(d.secrets, form) {
				d.secrets = append(d.secrets, form)
			}
		}
	}
	slices.SortStableFunc(d.secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
}

// inJSON is a text as it stands in a JSON string.
func inJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text has a form
	return bare(strings.TrimSuffix(b.String(), "\n"))
}

// bare is a quoted text without its quotes.
func bare(quoted string) string { return quoted[1 : len(quoted)-1] }

// Write writes p without the secrets in it, which are found only if they are whole: whoever writes does so in whole
// messages.
func (d *Writer) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.secrets) == 0 {
		return d.w.Write(p)
	}
	if _, err := io.WriteString(d.w, d.without(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Without is text without the secrets in it, for another output than the one behind the wall.
func (d *Writer) Without(text string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.without(text)
}

func (d *Writer) without(text string) string {
	for _, s := range d.secrets {
		text = strings.ReplaceAll(text, s, "(sensitive value)")
	}
	return text
}
