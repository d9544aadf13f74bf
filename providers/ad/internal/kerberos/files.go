package kerberos

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
)

// loadKeys reads a keytab. The library's words for a damaged one hold the file's content, which are keys, so they
// are not repeated.
func loadKeys(path string) (*keytab.Keytab, error) {
	data, err := bounds.ReadStream(path, bounds.Credential)
	if err != nil {
		return nil, err
	}
	table := keytab.New()
	if err := table.Unmarshal(data); err != nil {
		return nil, damaged()
	}
	for _, e := range table.Entries { // a length that is not true makes a key a part of a name, and names are shown
		if strings.ContainsFunc(e.Principal.String(), strange) {
			return nil, damaged()
		}
	}
	return table, nil
}

func damaged() error {
	return &fault.Error{Summary: "the keytab is damaged, or is none",
		Hint: "Look at it with \"klist -k FILE\", and make it anew if that fails, too."}
}

// strange is a rune that no principal's name has.
func strange(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// loadTickets reads a cache of tickets. The library takes any length that stands in the file for true, so that is
// looked at before.
func loadTickets(path string) (*credentials.CCache, error) {
	data, err := bounds.ReadStream(path, bounds.Credential)
	if err != nil {
		return nil, err
	}
	cache := new(credentials.CCache)
	if !whole(data) {
		return nil, errors.New("it is cut off, damaged, or no cache of tickets")
	}
	if err := cache.Unmarshal(data); err != nil {
		return nil, err
	}
	if p := cache.DefaultPrincipal; strings.ContainsFunc(p.Realm+p.PrincipalName.PrincipalNameString(), strange) {
		return nil, errors.New("the name of its owner is damaged")
	}
	return cache, nil
}

// loadConf reads a krb5.conf. The library's run ends where a line of a realm has no "=", which is an error here.
func loadConf(path string) (conf *config.Config, err error) {
	data, err := bounds.ReadStream(path, bounds.Credential)
	if err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil {
			conf, err = nil, errors.New("a line has no value, or a block of it is damaged")
		}
	}()
	return config.NewFromString(string(data))
}

// whole reports whether a cache of tickets has as many bytes as it says, in each of its parts (MIT's ccache file
// format).
func whole(b []byte) bool {
	if len(b) < 2 || b[0] != 5 || b[1] < 1 || b[1] > 4 {
		return false
	}
	w := &walk{rest: b[2:], version: b[1], order: binary.BigEndian}
	if w.version < 3 {
		w.order = binary.NativeEndian
	}
	if w.version == 4 {
		w.header()
	}
	w.principal()
	for !w.short && len(w.rest) > 0 {
		w.ticket()
	}
	return !w.short
}

// walk passes over a cache of tickets.
type walk struct {
	rest    []byte
	version byte
	order   binary.ByteOrder
	short   bool // a length is longer than what is left, or negative
}

// skip passes over n bytes, and gives them.
func (w *walk) skip(n int) []byte {
	if n < 0 || n > len(w.rest) || w.short {
		w.short = true
		return make([]byte, 4)
	}
	b := w.rest[:n]
	w.rest = w.rest[n:]
	return b
}

func (w *walk) length() int { return int(int32(w.order.Uint32(w.skip(4)))) }

func (w *walk) data() { w.skip(w.length()) }

// header has fields of a number and a length each.
func (w *walk) header() {
	all := w.skip(int(w.order.Uint16(w.skip(2))))
	fields := &walk{rest: all, order: w.order, short: w.short}
	for !fields.short && len(fields.rest) > 0 {
		fields.skip(2)
		fields.skip(int(w.order.Uint16(fields.skip(2))))
	}
	w.short = fields.short
}

func (w *walk) principal() {
	if w.version != 1 {
		w.skip(4) // the kind of name
	}
	parts := w.length()
	if w.version == 1 {
		parts-- // the realm is counted, too
	}
	w.data() // realm
	for ; parts > 0 && !w.short; parts-- {
		w.data()
	}
}

func (w *walk) ticket() {
	w.principal() // client
	w.principal() // server
	w.skip(2)     // encryption type
	if w.version == 3 {
		w.skip(2) // once more
	}
	w.data()            // key
	w.skip(4*4 + 1 + 4) // times, kind of key, flags
	for range [2]string{"addresses", "authorisation data"} {
		for n := w.length(); ; n-- {
			if n < 0 {
				w.short = true
			}
			if n <= 0 || w.short {
				break
			}
			w.skip(2)
			w.data()
		}
	}
	w.data() // ticket
	w.data() // second ticket
}
