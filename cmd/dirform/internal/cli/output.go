package cli

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/dirform/dirform/state/visible"
)

// PrintJSON writes v to stdout as one indented document, without the HTML escapes that would make names such as "R&D" unreadable.
func (a *App) PrintJSON(v any) error {
	e := json.NewEncoder(a.Env.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// WriteJSONLine writes v as one line.
func WriteJSONLine(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Count is [visible.Count].
func Count(n int, noun string) string { return visible.Count(n, noun) }
