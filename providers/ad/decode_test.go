package ad

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	wire "github.com/dirform/dirform/providers/ad/internal/ber"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/state"
)

// attr is an attribute of a test entry.
type attr struct {
	name   string
	values []string
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

// envelope is an LDAP message.
func envelope(id int64, op *ber.Packet) []byte {
	m := ber.NewSequence("")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	m.AppendChild(op)
	return m.Bytes()
}

func entryMessage(id int64, dn string, attrs []attr) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	op.AppendChild(octets(dn))
	list := ber.NewSequence("")
	for _, a := range attrs {
		pair := ber.NewSequence("")
		pair.AppendChild(octets(a.name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range a.values {
			set.AppendChild(octets(v))
		}
		pair.AppendChild(set)
		list.AppendChild(pair)
	}
	op.AppendChild(list)
	return envelope(id, op)
}

func doneMessage(id int64) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultDone, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(0), ""))
	op.AppendChild(octets(""))
	op.AppendChild(octets(""))
	return envelope(id, op)
}

// libraryEntries is what the LDAP library makes of messages.
func libraryEntries(messages []byte) ([]*ldap.Entry, error) {
	client, server := net.Pipe()
	defer server.Close()
	c := ldap.NewConn(client, true)
	c.Start()
	defer c.Close()
	c.SetTimeout(5 * time.Second)
	go func() {
		if _, err := ber.ReadPacket(server); err == nil {
			_, _ = server.Write(append(slices.Clip(messages), doneMessage(1)...))
		}
		_, _ = io.Copy(io.Discard, server)
	}()
	result, err := c.Search(ldap.NewSearchRequest("", ldap.ScopeWholeSubtree, 0, 0, 0, false, "(a=*)", nil, nil))
	if err != nil {
		return nil, err
	}
	return result.Entries, nil
}

var randomShape = state.NewShape("cn", "displayName", "proxyAddresses", "contosoTag", "contosoTags", "objectGUID", "member", "userCertificate")

// randomEntry has attributes in any order, some empty, some not asked for, some of them long.
func randomEntry(r *rand.Rand) (dn string, attrs []attr) {
	text := func() string {
		b := make([]byte, []int{0, 1, 5, 20, 130, 300, 70000}[min(r.IntN(6), r.IntN(200))+r.IntN(100)/99])
		for i := range b {
			b[i] = byte(' ' + r.IntN(90))
		}
		if len(b) > 1 && r.IntN(4) == 0 {
			b[0], b[1] = 0xc3, 0xbc
		}
		return string(b)
	}
	names := []string{"cn", "DisplayName", "proxyAddresses", "contosoTag", "contosoTags", "notAsked", "member", "userCertificate;binary"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, n := range names[:r.IntN(len(names)+1)] {
		a := attr{name: n}
		count := r.IntN(4)
		if n == "cn" || n == "DisplayName" {
			count = r.IntN(2)
		}
		for range count {
			a.values = append(a.values, text())
		}
		attrs = append(attrs, a)
	}
	guid := attr{"objectGUID", []string{fmt.Sprintf("%016d", r.IntN(1e9))}}
	return "CN=" + text(), slices.Insert(attrs, r.IntN(len(attrs)+1), guid)
}

// wantValue is the value the decoder should make of an entry of the library's.
func wantValue(name string, e *ldap.Entry) state.Value {
	var values []string
	binary := name == "objectGUID" || name == "userCertificate"
	for _, a := range e.Attributes {
		base, _, _ := strings.Cut(a.Name, ";")
		if !strings.EqualFold(base, name) {
			continue
		}
		for _, v := range a.Values {
			if v == "" {
				continue
			}
			if binary || strings.HasPrefix(name, "contoso") && !utf8.ValidString(v) {
				v = base64.StdEncoding.EncodeToString([]byte(v))
			}
			values = append(values, v)
		}
		if len(values) == 1 && len(a.Values) > 1 && strings.HasPrefix(name, "contoso") {
			return state.List(values)
		}
	}
	multi := name == "proxyAddresses" || name == "userCertificate"
	switch {
	case len(values) == 0:
		return state.Null()
	case len(values) == 1 && !multi:
		return state.String(values[0])
	}
	return state.List(values)
}

// TestDecoderAgainstLibrary decodes random entries and compares with what the library decodes.
func TestDecoderAgainstLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var run []byte
	for range 300 {
		dn, attrs := randomEntry(r)
		run = append(run, entryMessage(1, dn, attrs)...)
	}
	entries, err := libraryEntries(run)
	if err != nil {
		t.Fatal(err)
	}
	d := newDecoder(state.User, randomShape)
	at := 0
	for i, e := range entries {
		obj, next, err := d.next(string(run), at)
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		at = next
		compare(t, obj, e)
	}
	if at != len(run) || len(entries) != 300 {
		t.Errorf("%d of %d bytes decoded, %d entries", at, len(run), len(entries))
	}
}

func compare(t *testing.T, obj *state.Object, e *ldap.Entry) {
	t.Helper()
	if obj.DN != e.DN || string(obj.GUID[:]) != string(e.GetRawAttributeValue("objectGUID")) {
		t.Errorf("DN %q, GUID %x; want %q, %x", obj.DN, obj.GUID, e.DN, e.GetRawAttributeValue("objectGUID"))
	}
	for i, name := range obj.Shape.Names() {
		want := wantValue(name, e)
		if name == "member" && !obj.Values[i].IsNull() && obj.Values[i].Kind() != want.Kind() {
			continue // users have no member in the schema: a list only if it has several values, empty ones included
		}
		if !obj.Values[i].Equal(want) {
			t.Errorf("%s: %.100q is %#.100v, want %#.100v", name, e.GetAttributeValues(name), obj.Values[i], want)
		}
	}
}

// FuzzDecoder: no input makes the decoder panic, and where the library understands the input too they agree.
// Besides a message as it is, one
// is decoded in which a byte was set, and one that was cut off.
func FuzzDecoder(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		dn, attrs := randomEntry(r)
		if m := entryMessage(1, dn, attrs); len(m) < 1000 {
			f.Add(m, uint16(r.IntN(len(m))), byte(r.IntN(256)))
			f.Add(longForm(m), uint16(r.IntN(len(m))), byte(0x84))
		}
	}
	f.Add([]byte("\x30\x84\xff\xff\xff\xff\x02\x01\x01\x64\x80"), uint16(0), byte(0x30))
	guid := attr{"objectGUID", []string{"0123456789abcdef"}}
	f.Add(entryMessage(1, "CN=x", []attr{guid, {"description", []string{"b", "a", "", "c"}}, {"userAccountControl",
		[]string{"512"}}}), uint16(4), byte(1))
	f.Add(entryMessage(1, "CN=x", []attr{{"objectGUID", []string{"0123456789abcdefg"}}, {"cn", []string{"x"}}}),
		uint16(2), byte(2))
	f.Add(entryMessage(1, "CN=x", []attr{guid, {"objectGUID", []string{"0123456789abcde"}}, {"member;range=0-1",
		[]string{"CN=a", "CN=b"}}}), uint16(3), byte(9))
	f.Add([]byte("\x30\x18\x02\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01\x64\x0b\x04\x04CN=x\x30\x03\x30\x01\x00"),
		uint16(0), byte(0x30))
	long := entryMessage(1, "CN=x", []attr{guid})
	long = slices.Concat([]byte{0x30, long[1] + 8, 2, 9, 0, 0, 0, 0, 0, 0, 0, 0}, long[4:]) // an id of nine bytes
	f.Add(long, uint16(0), byte(0x30))
	shape := state.NewShape("cn", "displayName", "description", "whenCreated", "objectSid", "userAccountControl",
		"proxyAddresses", "objectGUID", "contosoTag")
	f.Fuzz(func(t *testing.T, message []byte, at uint16, to byte) {
		checkEntry(t, message, shape)
		if len(message) == 0 {
			return
		}
		i := int(at) % len(message)
		_, _, _ = newDecoder(state.User, shape).next(string(message[:i]), 0)
		edited := slices.Clone(message)
		edited[i] = to
		checkEntry(t, edited, shape)
	})
}

// longForm is a message whose length takes four bytes although two would do.
func longForm(message []byte) []byte {
	_, start, end := wire.Element(string(message), 0, len(message))
	n := end - start
	return append([]byte{message[0], 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, message[start:end]...)
}

// checkEntry decodes a message, and compares the result with the library's packets.
func checkEntry(t *testing.T, message []byte, shape *state.Shape) {
	obj, end, err := newDecoder(state.User, shape).next(string(message), 0)
	if err != nil {
		return
	}
	if size, op, err := wire.Frame(message); err != nil || size != end || op != wire.SearchEntry {
		t.Fatalf("decoded %d bytes, but the frame has %d of type %x, %v", end, size, op, err)
	}
	packet, err := ber.DecodePacketErr(message[:end])
	if err != nil || len(packet.Children) < 2 || len(packet.Children[1].Children) < 2 {
		return
	}
	dn, list := packet.Children[1].Children[0], packet.Children[1].Children[1]
	if name, ok := dn.Value.(string); ok && name != obj.DN {
		t.Errorf("DN %q, the library says %q", obj.DN, name)
	}
	var guid string
	values := map[string][][]string{}
	for _, a := range list.Children {
		if len(a.Children) < 2 {
			return
		}
		var all []string
		for _, v := range a.Children[1].Children {
			all = append(all, v.Data.String())
		}
		name := strings.ToLower(a.Children[0].Data.String())
		values[name] = append(values[name], all)
		if base, _, _ := strings.Cut(name, ";"); base == "objectguid" && len(all) > 0 && len(all[0]) == 16 {
			guid = all[0]
		} else if base != name {
			return // what an option means is tested with entries that make sense
		}
	}
	if string(obj.GUID[:]) != guid {
		t.Errorf("GUID %x, the library says %x", obj.GUID, guid)
	}
	for _, name := range []string{"displayName", "description", "contosoTag"} {
		all := values[strings.ToLower(name)]
		if len(all) != 1 {
			continue
		}
		full := slices.DeleteFunc(slices.Clone(all[0]), func(v string) bool { return v == "" })
		got, valid := obj.Get(name), utf8.ValidString(strings.Join(full, ""))
		switch {
		case len(full) == 0:
			if !got.IsEmpty() {
				t.Errorf("%s of %q is %#v", name, all[0], got)
			}
		case name == "contosoTag" && len(all[0]) > 1:
			if valid && !slices.Equal(got.List(), full) {
				t.Errorf("%s of %q is %#v", name, all[0], got)
			}
		case (name != "contosoTag" || valid) && got.Str() != slices.Min(full):
			t.Errorf("%s of %q is %#v", name, all[0], got)
		}
	}
}

func TestDecoderErrors(t *testing.T) {
	guid := attr{"objectGUID", []string{"0123456789abcdef"}}
	for want, m := range map[string][]byte{
		"malformed":          {0x30, 0x03, 0x02, 0x01, 0x01},
		"no objectGUID":      entryMessage(1, "CN=x", nil),
		"userAccountControl": entryMessage(1, "CN=x", []attr{guid, {"userAccountControl", []string{"many"}}}),
		"whenCreated of CN=": entryMessage(1, "CN=x", []attr{guid, {"whenCreated", []string{"yesterday"}}}),
	} {
		d := newDecoder(state.User, state.NewShape("userAccountControl", "whenCreated"))
		if _, _, err := d.next(string(m), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	whole := entryMessage(1, "CN=x", []attr{guid, {"cn", []string{"x", "y"}}})
	for i := range whole {
		d := newDecoder(state.User, state.NewShape("cn"))
		if _, _, err := d.next(string(whole[:i]), 0); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%d of %d bytes: %v", i, len(whole), err)
		}
	}
}

// TestSeveralOfSingle: which value a single-valued attribute has must not depend on the order in which the server sends them.
func TestSeveralOfSingle(t *testing.T) {
	d := newDecoder(state.Contact, state.NewShape("description", "countryCode"))
	for _, values := range [][]string{{"b", "a", "c"}, {"c", "b", "a"}} {
		obj, _, err := d.next(string(entryMessage(1, "CN=x", []attr{{"objectGUID", []string{"0123456789abcdef"}}, {"description", values}, {"countryCode", []string{"36", "36"}}})), 0)
		if err != nil || obj.Get("description").Str() != "a" || obj.Get("countryCode").Int() != 36 {
			t.Errorf("%q: %#v, %v", values, obj.Get("description"), err)
		}
	}
}

// TestManyNames: a server that makes up names doesn't make the decoder grow without bounds or go wrong.
func TestManyNames(t *testing.T) {
	d := newDecoder(state.User, state.NewShape("cn"))
	for i := range 3 * maxFields {
		obj, _, err := d.next(string(entryMessage(1, "CN=x", []attr{
			{"objectGUID", []string{"0123456789abcdef"}}, {fmt.Sprint("x-", i), []string{"1"}}, {"cn", []string{fmt.Sprint(i)}},
		})), 0)
		if err != nil || obj.Get("cn").Str() != fmt.Sprint(i) {
			t.Fatalf("entry %d: cn %#v, %v", i, obj.Get("cn"), err)
		}
	}
	if len(d.fields) > maxFields || len(d.byName) > maxFields {
		t.Errorf("%d fields", len(d.fields))
	}
}
