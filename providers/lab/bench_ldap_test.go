package lab_test

import (
	"net"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// ldapPages asks for pages and looks at no more of them than the framing.
type ldapPages struct {
	b      *testing.B
	conn   net.Conn
	id     int64
	cookie []byte
	got    []byte // the last answer
}

func (c *ldapPages) message(op *ber.Packet, control ldap.Control) []byte {
	c.id++
	m := ber.NewSequence("")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, c.id, ""))
	m.AppendChild(op)
	if control != nil {
		list := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		list.AppendChild(control.Encode())
		m.AppendChild(list)
	}
	return m.Bytes()
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func (c *ldapPages) bind(dn, password string) {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationBindRequest, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 3, ""))
	op.AppendChild(octets(dn))
	op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, password, ""))
	if _, err := c.conn.Write(c.message(op, nil)); err != nil {
		c.b.Fatal(err)
	}
	p, err := ber.ReadPacket(c.conn)
	if err == nil {
		err = ldap.GetLDAPError(p)
	}
	if err != nil {
		c.b.Fatal(err)
	}
}

// page reads the next page of the users below base; more says that it was not the last.
func (c *ldapPages) page(base string) (entries int, more bool) {
	filter, err := ldap.CompileFilter("(&(objectCategory=person)(objectClass=user))")
	if err != nil {
		c.b.Fatal(err)
	}
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchRequest, nil, "")
	op.AppendChild(octets(base))
	for _, n := range []int{ldap.ScopeWholeSubtree, ldap.NeverDerefAliases} {
		op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, n, ""))
	}
	for range 2 { // no limits
		op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
	}
	op.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
	op.AppendChild(filter)
	list := ber.NewSequence("")
	for _, a := range sourceAttributes {
		list.AppendChild(octets(a))
	}
	op.AppendChild(list)
	paging := ldap.NewControlPaging(1000)
	paging.Cookie = c.cookie
	if _, err := c.conn.Write(c.message(op, paging)); err != nil {
		c.b.Fatal(err)
	}
	entries = c.read()
	return entries, len(c.cookie) > 0
}

// read receives messages up to the one that ends a search, and takes the cookie from that.
func (c *ldapPages) read() (entries int) {
	if c.got == nil {
		c.got = make([]byte, 0, 4<<20)
	}
	c.got = c.got[:0]
	for at := 0; ; {
		for len(c.got)-at >= 12 {
			head := c.got[at:]
			n, size := 2, int(head[1])
			if k := size - 0x80; k >= 0 {
				size = 0
				for _, x := range head[2 : 2+k] {
					size = size<<8 | int(x)
				}
				n += k
			}
			if len(head) < n+size {
				break
			}
			switch head[n+2+int(head[n+1])] {
			case 0x64:
				entries++
			case 0x65:
				p := ber.DecodePacket(head[:n+size])
				if err := ldap.GetLDAPError(p); err != nil {
					c.b.Fatal(err)
				}
				control, err := ldap.DecodeControl(p.Children[2].Children[0])
				if err != nil {
					c.b.Fatal(err)
				}
				c.cookie = control.(*ldap.ControlPaging).Cookie
				return entries
			}
			at += n + size
		}
		n, err := c.conn.Read(c.got[len(c.got):cap(c.got)])
		if err != nil {
			c.b.Fatal(err)
		}
		c.got = c.got[:len(c.got)+n]
	}
}
