package ldapd

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Everybody stands for all accounts in [Server.Deny].
const Everybody = "*"

// The identifiers of all who have signed in and of all there are (MS-DTYP 2.4.2.4).
const (
	authenticatedUsers = "\x01\x01\x00\x00\x00\x00\x00\x05\x0b\x00\x00\x00"
	world              = "\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"
)

// CheckDeny finds attributes in what a [Server.Deny] would give that the schema does not have.
func (d *Directory) CheckDeny(deny map[string][]string) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, reader := range slices.Sorted(maps.Keys(deny)) {
		for _, name := range deny[reader] {
			if d.schema.lookup(name) == nil {
				return fmt.Errorf("deny: %q is to be kept from reading %q, which is no attribute of the schema", reader,
					name)
			}
		}
	}
	return nil
}

// hidden are attributes that an account may not read: they come without a value, and a filter about them is undefined.
type hidden map[*attribute]bool

// hiddenFrom are the attributes that an account may not read, nil for none.
func (s *Server) hiddenFrom(who string) hidden {
	if s.Deny == nil {
		return nil
	}
	var h hidden
	s.Dir.mu.RLock()
	defer s.Dir.mu.RUnlock()
	for reader, names := range s.Deny() {
		if reader != Everybody && !strings.EqualFold(reader, who) {
			continue
		}
		for _, name := range names {
			if a := s.Dir.schema.lookup(name); a != nil {
				if h == nil {
					h = hidden{}
				}
				h[a] = true
			}
		}
	}
	return h
}

// hide takes hidden attributes out of what a search sends, and has it send the objects' descriptor that says so, if
// it is among names. Without hidden ones the descriptor says that everything may be read.
func (d *Directory) hide(s *selection, h hidden, names []string) {
	for a := range h {
		if int(a.id) < len(s.stored) {
			s.stored[a.id] = false
		}
	}
	s.rest = slices.DeleteFunc(s.rest, func(c chosen) bool { return h[c.attr] })
	if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, "nTSecurityDescriptor") }) {
		s.descriptor = d.descriptor(h)
	}
}

// Who owns every object: the domain's administrators, a group of rid 512.
const domainAdmins = 512

// descriptor is a security descriptor with an owner, who stands for the group too, and a list that denies everybody to
// read hidden attributes, and allows the rest (MS-DTYP 2.4.6): as the account for which they are hidden sees it, since
// nobody else is asked about.
func (d *Directory) descriptor(h hidden) string {
	var list []byte
	add := func(kind byte, mask uint32, object, sid string) {
		body := binary.LittleEndian.AppendUint32(nil, mask)
		if object != "" {
			body = append(binary.LittleEndian.AppendUint32(body, 1), object...)
		}
		body = append(body, sid...)
		list = append(list, kind, 0)
		list = append(binary.LittleEndian.AppendUint16(list, uint16(4+len(body))), body...)
	}
	const denyObject, allow, readProperty, genericRead = 0x06, 0x00, 0x10, 0x20094
	attrs := slices.SortedFunc(maps.Keys(h), func(a, b *attribute) int { return strings.Compare(a.low, b.low) })
	for _, a := range attrs {
		id := schemaID(a)
		add(denyObject, readProperty, string(id[:]), authenticatedUsers)
	}
	add(allow, genericRead, "", world)
	const head = 20
	owner := withRID(d.domainSID, domainAdmins)
	at := byte(head + len(owner))
	b := append([]byte{1, 0, 0x04, 0x80, head, 0, 0, 0, head, 0, 0, 0, 0, 0, 0, 0, at, 0, 0, 0}, owner...)
	b = append(b, 4, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(8+len(list)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(attrs)+1))
	return string(append(append(b, 0, 0), list...))
}

// schemaID is an attribute's schemaIDGUID; not Microsoft's, but the same in every lab.
func schemaID(a *attribute) [16]byte { return mintGUID("schemaIDGUID", a.low) }
