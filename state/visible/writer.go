package visible

import (
	"fmt"
	"io"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// own are the sequences of control characters that dirform itself writes to a terminal: a few colours, and what
// draws a line anew.
var own = []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[1;31m",
	"\x1b[1;33m", "\r\x1b[K"}

// Writer is the wall in front of an output: whatever is written to it, it writes on in a form that nothing obeys.
// It is there so that no output can forget [Line]. It may be used by several goroutines.
type Writer struct {
	w io.Writer

	mu   sync.Mutex
	at   cursor
	held []byte // the beginning of a character whose end is still to come
	join []byte // held and what was written then
	out  []byte
}

// NewWriter is a wall in front of w. Where w is a terminal, dirform's own colours pass, and the return to the
// start of the line with which a progress is drawn; elsewhere nothing with a control character does but lines and
// tabs.
func NewWriter(w io.Writer, terminal bool) *Writer {
	x := &Writer{w: w, at: cursor{lines: true}}
	if terminal {
		x.at.own = own
	}
	return x
}

// Write writes p, escaped where that is necessary. The end of p is held back if it is less than a character.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := p
	if len(w.held) > 0 {
		w.join = append(append(w.join[:0], w.held...), p...)
		b = w.join
	}
	whole := len(b) - w.at.cut(b)
	w.held = append(w.held[:0], b[whole:]...)
	if err := w.write(b[:whole]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes what was held back, which no end came for. It does not close the output.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.held
	w.held = nil
	return w.write(b)
}

func (w *Writer) write(b []byte) error {
	out := w.out[:0]
	from := 0
	for {
		at, size := w.at.next(b, from)
		if size == 0 {
			break
		}
		out = appendJSON(append(out, b[from:at]...), b[at:at+size])
		from = at + size
	}
	if from > 0 {
		b = append(out, b[from:]...)
		w.out = b
	}
	if len(b) == 0 {
		return nil
	}
	_, err := w.w.Write(b)
	return err
}

// appendJSON appends a character as JSON escapes it. A byte that is not UTF-8, which JSON has no way to write,
// becomes \x80 or the like.
func appendJSON(out, char []byte) []byte {
	r, n := utf8.DecodeRune(char)
	if r == utf8.RuneError && n == 1 {
		return fmt.Appendf(out, `\x%02x`, char[0])
	}
	if r1, r2 := utf16.EncodeRune(r); r1 != utf8.RuneError {
		return fmt.Appendf(out, `\u%04x\u%04x`, r1, r2)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}
