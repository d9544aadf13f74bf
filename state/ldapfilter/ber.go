package ldapfilter

// Element takes one element off the front of b. Indefinite lengths and multi-byte tags do not occur in LDAP and are
// refused.
func Element(b []byte) (tag byte, body, rest []byte, err error) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, nil, nil, ErrMalformed
	}
	tag, n, b := b[0], int(b[1]), b[2:]
	if n >= 0x80 {
		k := n & 0x7f
		if k == 0 || k > 4 || len(b) < k {
			return 0, nil, nil, ErrMalformed
		}
		n = 0
		for _, c := range b[:k] {
			n = n<<8 | int(c)
		}
		b = b[k:]
	}
	if n > len(b) {
		return 0, nil, nil, ErrMalformed
	}
	return tag, b[:n], b[n:], nil
}

// reader takes elements off a byte slice and remembers the first error.
type reader struct {
	b   []byte
	err error
}

func (r *reader) more() bool { return r.err == nil && len(r.b) > 0 }

func (r *reader) any() (tag byte, body []byte) {
	if r.err != nil {
		return 0, nil
	}
	tag, body, rest, err := Element(r.b)
	if err != nil {
		r.err = err
		return 0, nil
	}
	r.b = rest
	return tag, body
}

func (r *reader) take(want byte) []byte {
	tag, body := r.any()
	if r.err == nil && tag != want {
		r.err = ErrMalformed
		return nil
	}
	return body
}

func (r *reader) text() string { return string(r.take(octets)) }
