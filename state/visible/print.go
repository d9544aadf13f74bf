package visible

import (
	"fmt"
	"io"
	"reflect"
)

// Fprintf is fmt.Fprintf with every text and every error among args made a part of one line, as [Line] has it, or
// [Quote] for %q.
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	return fmt.Fprintf(w, format, safe(args)...)
}

// Sprintf is fmt.Sprintf likewise.
func Sprintf(format string, args ...any) string { return fmt.Sprintf(format, safe(args)...) }

// safe are args with each text as one that is formatted in a safe form.
func safe(args []any) []any {
	list := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case string:
			list[i] = text(v)
		case error:
			list[i] = text(v.Error())
		default:
			list[i] = a
			if _, says := a.(fmt.Stringer); says {
				continue
			}
			if r := reflect.ValueOf(a); r.Kind() == reflect.String {
				list[i] = text(r.String())
			}
		}
	}
	return list
}

// text is a text that is formatted in a safe form.
type text string

// Format formats t as fmt formats a string.
func (t text) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		io.WriteString(f, Quote(string(t)))
		return
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), Line(string(t)))
}
