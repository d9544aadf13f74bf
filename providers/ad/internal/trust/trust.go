// Package trust reads certificates.
package trust

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
)

// NegativeSerial is what crypto/x509 says about certificates whose serial number is negative. Go refuses them since 1.23, unless
// GODEBUG has x509negativeserial=1. Samba generates such certificates for itself: it takes the low byte of the time first,
// so that half of them are negative (verified on 4.17.12).
const NegativeSerial = "x509: negative serial number"

// RefuseNegative is the error about such a certificate; whose says which one it is, and owner whom it was issued to.
func RefuseNegative(whose, owner string, err error) error {
	return &fault.Error{Summary: whose + " has a negative serial number, which RFC 5280 forbids and Go refuses", Err: err,
		Hint: "Issue " + owner + " a new certificate, or run with GODEBUG=x509negativeserial=1 in the environment."}
}

// soon is how long before its end a certificate is spoken of.
const soon = 30 * 24 * time.Hour

// Ending is a warning about the certificate that a server has presented, the first of chain, if it ends within 30 days;
// "" if it does not, or there is none.
func Ending(server string, chain []*x509.Certificate, now time.Time) string {
	if len(chain) == 0 || chain[0].NotAfter.Sub(now) > soon {
		return ""
	}
	return fmt.Sprintf("The certificate of %s ends on %s: after that, dirform can't connect to it until it has a new one",
		server, chain[0].NotAfter.UTC().Format(time.DateOnly))
}

// ParseCA reads PEM certificates. Unlike AppendCertsFromPEM it doesn't skip what it can't read.
func ParseCA(data []byte) (*x509.CertPool, error) {
	pool, count, wide := x509.NewCertPool(), 0, bounds.Wide(data)
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		if block.Type != "CERTIFICATE" {
			continue
		}
		count++
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			if err.Error() == NegativeSerial {
				return nil, RefuseNegative(fmt.Sprintf("ca_file: certificate %d", count), "the authority", nil)
			}
			return nil, fmt.Errorf("ca_file: certificate %d: %w", count, err)
		}
		pool.AddCert(cert)
	}
	if count == 0 {
		hint := "Convert a DER file with: openssl x509 -inform der -in CA.cer -out CA.pem"
		if wide {
			hint = "The file is in UTF-16. " + bounds.Narrow
		}
		return nil, &fault.Error{Summary: "ca_file holds no PEM certificate (-----BEGIN CERTIFICATE-----)", Hint: hint}
	}
	return pool, nil
}
