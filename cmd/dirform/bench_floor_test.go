package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state"
)

// The floors are what no reader can do without: the same questions on the same wire, the answers received and thrown away.

// drained is what a floor has received.
type drained struct {
	pages   int
	objects int
	bytes   int64
}

func trusting(caFile string) (*tls.Config, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in " + caFile)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// ldapFloor reads the users below base page by page. Entries are told apart by their lengths and not decoded.
func ldapFloor(at *lab.ADAccess, base string, attributes []string) (drained, error) {
	config, err := trusting(at.CAFile)
	if err != nil {
		return drained{}, err
	}
	conn, err := tls.Dial("tcp", strings.TrimPrefix(at.URL, "ldaps://"), config)
	if err != nil {
		return drained{}, err
	}
	defer conn.Close()
	c := &ldapDrain{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}
	bind := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationBindRequest, nil, "")
	bind.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 3, ""))
	bind.AppendChild(octets(at.BindDN))
	bind.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, at.Password, ""))
	if _, err := c.ask(bind, nil); err != nil {
		return drained{}, err
	}
	paging := ldap.NewControlPaging(1000)
	for {
		search, err := searchRequest(base, "(&(objectCategory=person)(objectClass=user))", attributes)
		if err != nil {
			return drained{}, err
		}
		done, err := c.ask(search, paging)
		if err != nil {
			return drained{}, err
		}
		c.got.pages++
		if paging.Cookie, err = pagingCookie(done); err != nil || len(paging.Cookie) == 0 {
			return c.got, err
		}
	}
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func searchRequest(base, filter string, attributes []string) (*ber.Packet, error) {
	compiled, err := ldap.CompileFilter(filter)
	if err != nil {
		return nil, err
	}
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchRequest, nil, "")
	p.AppendChild(octets(base))
	for _, n := range []int{ldap.ScopeWholeSubtree, ldap.NeverDerefAliases} {
		p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, n, ""))
	}
	for range 2 { // no limits
		p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
	}
	p.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
	p.AppendChild(compiled)
	list := ber.NewSequence("")
	for _, a := range attributes {
		list.AppendChild(octets(a))
	}
	p.AppendChild(list)
	return p, nil
}

func pagingCookie(done *ber.Packet) ([]byte, error) {
	if len(done.Children) < 3 {
		return nil, errors.New("a page ended without a paging control")
	}
	control, err := ldap.DecodeControl(done.Children[2].Children[0])
	if err != nil {
		return nil, err
	}
	return control.(*ldap.ControlPaging).Cookie, nil
}

type ldapDrain struct {
	conn io.Writer
	r    *bufio.Reader
	id   int64
	got  drained
}

// ask sends a request and returns the message that ends its answer.
func (c *ldapDrain) ask(request *ber.Packet, paging *ldap.ControlPaging) (*ber.Packet, error) {
	c.id++
	message := ber.NewSequence("")
	message.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, c.id, ""))
	message.AppendChild(request)
	if paging != nil {
		controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		controls.AppendChild(paging.Encode())
		message.AppendChild(controls)
	}
	if _, err := c.conn.Write(message.Bytes()); err != nil {
		return nil, err
	}
	for {
		op, size, err := c.frame()
		if err != nil {
			return nil, err
		}
		c.got.bytes += int64(size)
		if op != 0x64 { // not a SearchResultEntry
			p, err := ber.ReadPacket(c.r)
			if err == nil {
				err = ldap.GetLDAPError(p)
			}
			return p, err
		}
		c.got.objects++
		if _, err := c.r.Discard(size); err != nil {
			return nil, err
		}
	}
}

// frame looks at the next message: the tag of its operation and its whole size.
func (c *ldapDrain) frame() (op byte, size int, err error) {
	head, err := c.r.Peek(12)
	if err != nil {
		return 0, 0, err
	}
	at := 2
	size = int(head[1])
	if n := int(head[1]) - 0x80; n >= 0 {
		if head[0] != 0x30 || n > 4 {
			return 0, 0, fmt.Errorf("% x begins no LDAP message", head)
		}
		size = 0
		for _, b := range head[2 : 2+n] {
			size = size<<8 | int(b)
		}
		at += n
	}
	return head[at+2+int(head[at+1])], at + size, nil
}

// graphFloor downloads all users page by page and looks for the next page's link in the bytes.
func graphFloor(at *lab.EntraAccess, query string) (drained, error) {
	config, err := trusting(at.CAFile)
	if err != nil {
		return drained{}, err
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	defer client.CloseIdleConnections()
	var got drained
	var page bytes.Buffer
	for link := at.Endpoint + "/users?" + query; link != ""; got.pages++ {
		req, err := http.NewRequest(http.MethodGet, link, nil)
		if err != nil {
			return got, err
		}
		req.Header.Set("Authorization", "Bearer "+at.AccessToken)
		resp, err := client.Do(req)
		if err != nil {
			return got, err
		}
		page.Reset()
		n, err := page.ReadFrom(resp.Body)
		resp.Body.Close()
		if err == nil && resp.StatusCode != http.StatusOK {
			err = errors.New(resp.Status)
		}
		if err != nil {
			return got, err
		}
		got.bytes += n
		if link, err = nextLink(page.Bytes()); err != nil {
			return got, err
		}
	}
	return got, nil
}

func nextLink(page []byte) (link string, err error) {
	_, rest, ok := bytes.Cut(page, []byte(`"@odata.nextLink":`))
	if !ok {
		return "", nil
	}
	return link, json.NewDecoder(bytes.NewReader(rest)).Decode(&link)
}

// sourceAttributes and tenantQuery are what the plan asks the directories for.
func (x *bench) sourceAttributes() []string {
	return append([]string{"objectGUID"}, x.cfg.SourceShapes[state.User].Names()...)
}

func (x *bench) tenantQuery() string {
	b := reconcile.New(reconcile.Settings{Rules: x.cfg, Schema: providers.TenantSchema})
	defer b.Close()
	schema := providers.TenantSchema(state.User)
	selected, expand := []string{"id"}, ""
	for _, name := range b.TenantShape(state.User).Names() {
		switch a := schema.Lookup(name); {
		case a.Type == state.TypeReference:
			expand += "&$expand=" + name + "($select=id)"
		case len(a.Path) > 0:
			name = a.Path[0]
			fallthrough
		default:
			if !slices.Contains(selected, name) {
				selected = append(selected, name)
			}
		}
	}
	return "$select=" + strings.Join(selected, ",") + expand + "&$top=999"
}
