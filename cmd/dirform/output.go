package main

import "encoding/json"

// printJSON writes v to stdout as one indented document, without the HTML escapes that would make names such as "R&D" unreadable.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.env.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
