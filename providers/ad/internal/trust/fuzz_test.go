package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/state/fault"
)

// FuzzCA reads anything as the certificates of authorities, and such a file with a byte changed and cut off. Either
// each certificate of it counts, or there is an error that says which one is wrong or what the file lacks.
func FuzzCA(f *testing.F) {
	good := slices.Concat([]byte("# the first\n"), authority(f, 1), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY",
		Bytes: []byte("x")}), authority(f, 2))
	f.Add(good, uint16(0), byte('#'), uint16(0))
	f.Add(authority(f, -5), uint16(0), byte('-'), uint16(0))
	f.Add([]byte{}, uint16(0), byte(0), uint16(0))
	f.Add(bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), uint16(0), byte('#'), uint16(0))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE"}), uint16(0), byte('-'), uint16(0))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: []byte("x")}), uint16(0), byte('-'),
		uint16(0))
	for at := 0; at < len(good); at += 41 {
		f.Add(good, uint16(at), byte('A'), uint16(0))
		f.Add(good, uint16(at), byte('-'), uint16(at))
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint16, to byte, cut uint16) {
		if data = slices.Clone(data); len(data) > 0 {
			data[int(at)%len(data)] = to
			data = data[:len(data)-int(cut)%len(data)]
		}
		want, count, bad := x509.NewCertPool(), 0, 0
		for rest := data; ; {
			var b *pem.Block
			if b, rest = pem.Decode(rest); b == nil {
				break
			} else if b.Type != "CERTIFICATE" {
				continue
			}
			count++
			if cert, err := x509.ParseCertificate(b.Bytes); err != nil {
				bad++
			} else {
				want.AddCert(cert)
			}
		}
		pool, err := ParseCA(data)
		if whole := count > 0 && bad == 0; whole != (err == nil) || whole && !pool.Equal(want) {
			t.Errorf("%d certificates, of which %d are none: %v", count, bad, err)
		}
		if err != nil && (pool != nil || !strings.HasPrefix(err.Error(), "ca_file") || bad > 0 &&
			!strings.Contains(err.Error(), "certificate ") || count == 0 && fault.Hint(err) == "") {
			t.Error(err)
		}
	})
}

// authority is a certificate with a serial number.
func authority(f *testing.F, serial int64) []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(max(serial, 1)), NotAfter: time.Date(2040, 1, 1, 0, 0, 0,
		0, time.UTC)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		f.Fatal(err)
	}
	if serial < 0 { // which Go does not make
		raw = bytes.Replace(raw, []byte{2, 1, 1}, []byte{2, 1, byte(serial)}, 1)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}
