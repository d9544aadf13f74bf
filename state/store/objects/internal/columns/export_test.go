package columns

import "github.com/dirform/dirform/state"

// AddAfterAny adds a link whatever stands before it.
func (w *Writer) AddAfterAny(l *state.Link) error {
	w.last = ""
	return w.Add(l)
}
