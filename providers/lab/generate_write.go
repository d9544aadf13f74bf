package lab

import (
	"bufio"
	"encoding/base64"

	"github.com/go-json-experiment/json/jsontext"
)

// ldif writes one line, base64 where the format asks for it (RFC 2849: values beyond ASCII).
func ldif(w *bufio.Writer, name, value string) {
	w.WriteString(name)
	for i := 0; i < len(value); i++ {
		if value[i] >= 0x80 {
			w.WriteString(":: ")
			w.WriteString(base64.StdEncoding.EncodeToString([]byte(value)))
			w.WriteByte('\n')
			return
		}
	}
	w.WriteString(": ")
	w.WriteString(value)
	w.WriteByte('\n')
}

// writeLDIF writes the record, apart from the manager and the empty line at the end.
func (x *person) writeLDIF(w *bufio.Writer) {
	ldif(w, "dn", x.dn())
	w.WriteString("objectClass: user\nobjectGUID:: " + x.anchor() + "\n")
	x.eachAttribute(func(slot int, value string) { ldif(w, personAttributes[slot], value) })
}

// writeJSON writes the person's account; manager is the id of another or "".
func (x *person) writeJSON(w *bufio.Writer, match matchKind, manager string) {
	var buf []byte
	text := func(name, before, value, after string) {
		w.WriteString(`,"` + name + `":` + before)
		buf, _ = jsontext.AppendQuote(buf[:0], value) // what is written here is valid UTF-8
		w.Write(buf)
		w.WriteString(after)
	}
	w.WriteString(`{"id":"` + x.accountID() + `"`)
	x.eachProperty(match, func(slot int, value string) {
		switch name := accountProperties[slot]; name {
		case "accountEnabled":
			w.WriteString(`,"accountEnabled":` + value)
		case "businessPhones":
			text(name, "[", value, "]")
		default:
			text(name, "", value, "")
		}
	})
	if manager != "" {
		text("manager", "", manager, "")
	}
	w.WriteByte('}')
}
