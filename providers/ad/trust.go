package ad

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/dirform/dirform/providers/ad/internal/trust"
	"github.com/dirform/dirform/state/fault"
)

// tlsConfig is how connections to host are secured.
func (cfg *Config) tlsConfig(host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, InsecureSkipVerify: cfg.SkipVerify}
	if cfg.ServerName != "" {
		c.ServerName = cfg.ServerName
	}
	if len(cfg.CA) == 0 {
		return c, nil
	}
	pool, err := trust.ParseCA(cfg.CA)
	c.RootCAs = pool
	return c, err
}

// explainTLS says what is wrong with a server's certificate and what to do about it.
func (cfg *Config) explainTLS(err error) error {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	trusted := "the system's certificate authorities"
	if len(cfg.CA) > 0 {
		trusted = "the authorities in ca_file"
	}
	switch {
	case errors.As(err, &unknown):
		issuer := "an unknown authority"
		if unknown.Cert != nil {
			issuer = fmt.Sprintf("%q", unknown.Cert.Issuer)
		}
		return &fault.Error{Summary: fmt.Sprintf("the server's certificate was issued by %s, which %s don't vouch for", issuer, trusted),
			Hint: "Set ca_file to the domain's CA certificate.", Err: err}
	case errors.As(err, &name):
		return &fault.Error{Summary: fmt.Sprintf("the server's certificate is for another name (%s)", namesOf(name.Certificate)),
			Hint: "Use one of the certificate's names in url, or set server_name.", Err: err}
	case errors.As(err, &invalid):
		return &fault.Error{Summary: "the server's certificate is not valid, judged by " + trusted, Err: err}
	case strings.Contains(err.Error(), trust.NegativeSerial):
		return trust.RefuseNegative("the server's certificate", "the domain controller", err)
	case errors.As(err, &record):
		return &fault.Error{Summary: "the server doesn't speak TLS on this port",
			Hint: "Use port 636 with ldaps://, or ldap:// with start_tls = true.", Err: err}
	case errors.As(err, &alert):
		return &fault.Error{Summary: "the server refused to talk TLS 1.2 or later", Err: err}
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return &fault.Error{Summary: "the server closed the connection during the TLS handshake, as a domain controller without a certificate does",
			Hint: "Give the domain controller a certificate.", Err: err}
	}
	return fmt.Errorf("TLS: %w", err)
}

func namesOf(c *x509.Certificate) string {
	if c == nil {
		return "none"
	}
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return strings.Join(names, ", ")
}
