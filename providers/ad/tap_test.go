package ad

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/providers/ad/internal/ber"
	"github.com/dirform/dirform/providers/ad/internal/tap"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/bounds"
)

// calm are limits that no test meets.
var calm = tap.Limits{Silence: time.Second, Reply: time.Minute}

// replay is a connection that delivers data in pieces of random length.
type replay struct {
	net.Conn
	data []byte
	size func() int
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.data[:min(len(r.data), r.size())])
	r.data = r.data[n:]
	return n, nil
}

func (r *replay) SetReadDeadline(time.Time) error { return nil }

// FuzzTap: however a stream of messages is cut into pieces, the sink gets the entries and the library the rest, each in order.
func FuzzTap(f *testing.F) {
	f.Add(uint64(1), 100, 20)
	f.Add(uint64(2), 1, 3)
	f.Add(uint64(3), 200000, 200)
	for seed := range uint64(12) {
		f.Add(seed+4, 1000<<seed/4, 60)
		f.Add(seed+16, 64<<10, 20)
		f.Add(seed+28, 7, 4)
	}
	f.Fuzz(func(t *testing.T, seed uint64, most, messages int) {
		if most < 1 || most > 1<<20 || messages < 0 || messages > 300 {
			return
		}
		r := rand.New(rand.NewPCG(seed, 0))
		var stream, entries, others []byte
		for range messages {
			if r.IntN(4) == 0 {
				m := doneMessage(int64(r.IntN(1 << 30)))
				stream, others = append(stream, m...), append(others, m...)
				continue
			}
			dn, attrs := randomEntry(r)
			m := entryMessage(int64(r.IntN(1<<30)), dn, attrs)
			stream, entries = append(stream, m...), append(entries, m...)
		}
		tp := tap.New(&replay{data: slices.Clone(stream), size: func() int { return 1 + r.IntN(most) }}, calm)
		var got []byte
		tp.Divert(func(run string) error { got = append(got, run...); return nil })
		rest, err := io.ReadAll(tp)
		if !bytes.Equal(got, entries) || !bytes.Equal(rest, others) {
			t.Errorf("seed %d: %d of %d bytes of entries, %d of %d of others, %v", seed, len(got), len(entries), len(rest), len(others), err)
		}
	})
}

// TestTapPassesOn: without a sink everything goes to the library.
func TestTapPassesOn(t *testing.T) {
	stream := append(entryMessage(1, "CN=x", nil), doneMessage(1)...)
	rest, _ := io.ReadAll(tap.New(&replay{data: slices.Clone(stream), size: func() int { return 7 }}, calm))
	if !bytes.Equal(rest, stream) {
		t.Errorf("%d of %d bytes", len(rest), len(stream))
	}
}

// TestTapTooLarge: what goes to the library, which keeps all of a reply, has a limit.
func TestTapTooLarge(t *testing.T) {
	m := entryMessage(1, "CN=x", []attr{{"info", []string{strings.Repeat("x", 60<<10)}}})
	tp := tap.New(&loop{data: m, left: bounds.Page + 10*len(m)}, calm)
	tp.Begin()
	n, err := io.Copy(io.Discard, tp)
	if err == nil || !strings.Contains(err.Error(), "larger than 64 MiB, the limit for one reply") || n > bounds.Page {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// FuzzFrame: no input makes Frame panic or claim a message that isn't longer than nothing; a message that is begun
// is that one, whatever of it has come; and of a whole message, Element finds the same.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00"))
	f.Add([]byte("\x30\x84\x00\x00\x00\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00"))
	for _, length := range []string{"\x80", "\x81\x80", "\x84\x7f\xff\xff\xff", "\x85\x00\x00\x00\x00\x0c",
		"\x88\xff\xff\xff\xff\xff\xff\xff\xf0", "\xff",
		"\x84\x04\x00\x00\x01", "\x84\x08\x00\x00\x00", "\x05", "\x00", "\x03"} {
		f.Add([]byte("\x30" + length + "\x02\x01\x01\x64\x07\x0a\x01\x00\x04\x00\x04\x00"))
	}
	for _, id := range []string{"\x02\x08\x00\x00\x00\x00\x00\x00\x00\x01",
		"\x02\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01", "\x02\x81\x01\x01", "\x02\x7f", "\x02\x00", "\x04\x01\x01"} {
		f.Add([]byte("\x30\x14" + id + "\x64\x07\x0a\x01\x00\x04\x00\x04\x00\x00\x00\x00\x00\x00\x00"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		size, op, err := ber.Frame(b)
		if size < 0 || size > ber.MaxMessage+6 || err != nil && size != 0 {
			t.Errorf("size %d, error %v", size, err)
		}
		if size == 0 && err == nil && len(b) > 20 {
			t.Errorf("%d bytes and still no frame", len(b))
		}
		for cut := range min(len(b), 24) {
			part, kind, early := ber.Frame(b[:cut])
			if early != nil && err == nil || part != 0 && (part != size || kind != op) {
				t.Errorf("%d bytes are a frame of %d, %v, and all %d one of %d, %v", cut, part, early, len(b), size,
					err)
			}
		}
		tag, start, end := ber.Element(string(b), 0, len(b))
		if end < 0 || tag != ber.Sequence || end > ber.MaxMessage {
			if size > 0 && size <= len(b) {
				t.Errorf("%d of %d bytes are a frame", size, len(b))
			}
			return
		}
		tag, idStart, idEnd := ber.Element(string(b), start, end)
		if whole := tag == ber.Integer && idEnd >= 0 && idEnd < end && idEnd-idStart <= 8; whole != (err == nil) ||
			whole && (size != end || op != b[idEnd]) {
			t.Errorf("%x is a frame of %d bytes and type %x, %v", b, size, op, err)
		}
	})
}

// benchmarkEntry is a user with 28 attributes, 1.2 kB.
func benchmarkEntry(i int) ([]byte, *state.Shape) {
	name := fmt.Sprintf("User Number %06d", i)
	values := []struct{ name, value string }{
		{"cn", name}, {"sn", "Number"}, {"c", "HU"}, {"l", "Budapest"}, {"st", "Pest"}, {"title", "Engineer"}, {"description", "A person who works here"},
		{"postalCode", "1011"}, {"physicalDeliveryOfficeName", "B 12"}, {"telephoneNumber", "+36 1 555 0100"}, {"givenName", "User"},
		{"distinguishedName", "CN=" + name + ",OU=Users,OU=Budapest,OU=Company,DC=corp,DC=contoso,DC=com"}, {"whenCreated", "20240131120000.0Z"},
		{"displayName", name}, {"co", "Hungary"}, {"department", "Engineering"}, {"company", "Contoso"}, {"streetAddress", "Fo utca 1"},
		{"employeeNumber", fmt.Sprint(i)}, {"name", name}, {"objectGUID", fmt.Sprintf("%016d", i)}, {"userAccountControl", "512"},
		{"sAMAccountName", fmt.Sprint("user", i)}, {"userPrincipalName", fmt.Sprintf("user%d@contoso.com", i)}, {"mail", fmt.Sprintf("user%d@contoso.com", i)},
		{"manager", "CN=The Boss,OU=Users,OU=Budapest,OU=Company,DC=corp,DC=contoso,DC=com"}, {"mobile", "+36 30 555 0100"},
	}
	var names []string
	var attrs []attr
	for _, v := range values {
		names = append(names, v.name)
		attrs = append(attrs, attr{v.name, []string{v.value}})
	}
	proxies := []string{fmt.Sprintf("SMTP:user%d@contoso.com", i), fmt.Sprintf("smtp:u%d@corp.contoso.com", i)}
	return entryMessage(1, "CN="+name+",OU=Users,OU=Budapest,OU=Company,DC=corp,DC=contoso,DC=com", append(attrs, attr{"proxyAddresses", proxies})),
		state.NewShape(append(names, "proxyAddresses")...)
}

// loop is a connection that repeats data until so many bytes have been read, in pieces as long as TLS records.
type loop struct {
	net.Conn
	data []byte
	at   int
	left int
}

func (l *loop) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 16<<10, l.left)], l.data[l.at:])
	l.at = (l.at + n) % len(l.data)
	l.left -= n
	return n, nil
}

func (l *loop) SetReadDeadline(time.Time) error { return nil }

// BenchmarkTap measures taking entries of 28 attributes off a connection and decoding them, per entry.
func BenchmarkTap(b *testing.B) {
	var data []byte
	var shape *state.Shape
	for i := range 1000 {
		m, s := benchmarkEntry(i)
		data, shape = append(data, m...), s
	}
	size := len(data) / 1000
	tp := tap.New(&loop{data: data, left: size * b.N}, calm)
	d := newDecoder(state.User, shape)
	n := 0
	tp.Divert(func(run string) error {
		for at := 0; at < len(run); n++ {
			_, next, err := d.next(run, at)
			if err != nil {
				return err
			}
			at = next
		}
		return nil
	})
	b.ReportAllocs()
	b.SetBytes(int64(size))
	b.ResetTimer()
	_, _ = tp.Read(make([]byte, 1<<10))
	if n < b.N*9/10 {
		b.Fatalf("%d of %d entries: %v", n, b.N, tp.Cause())
	}
}

// BenchmarkLibrary is the floor to compare with: what the library's decoder takes for the same entry.
func BenchmarkLibrary(b *testing.B) {
	const entries = 1000
	var data []byte
	for i := range entries {
		m, _ := benchmarkEntry(i)
		data = append(data, m...)
	}
	for i := 0; i < b.N; i += entries {
		if _, err := libraryEntries(data); err != nil {
			b.Fatal(err)
		}
	}
}
