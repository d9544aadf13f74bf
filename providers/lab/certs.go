package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/dirform/dirform/state/inside"
)

// Names of the certificate files. The CA's key is not among them: it signs one certificate and is forgotten, so that nobody
// can use a CA that somebody trusts to make another.
const (
	caFile     = "ca.pem"
	serverFile = "server.pem" // certificate and key
)

// certificates loads the server certificate from dir, or makes it and its CA.
func certificates(dir *inside.Folder) (tls.Certificate, error) {
	if dir.Exists(serverFile) {
		pair, err := dir.ReadFile(serverFile)
		if err != nil {
			return tls.Certificate{}, err
		}
		cert, err := tls.X509KeyPair(pair, pair)
		if err != nil || !dir.Exists(caFile) {
			return cert, fmt.Errorf("%s or %s is damaged; delete both to have new certificates made", dir.Path(serverFile), caFile)
		}
		return cert, nil
	}
	ca, server, err := makeCertificates(time.Now())
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := dir.Write(caFile, ca, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	if err := dir.Write(serverFile, server, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(server, server)
}

// makeCertificates makes a CA and a server certificate for loopback, as PEM; the server's includes its key.
func makeCertificates(now time.Time) (ca, server []byte, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	caTemplate := template("dirform lab CA", now)
	caTemplate.IsCA, caTemplate.BasicConstraintsValid = true, true
	caTemplate.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	caDER, err := x509.CreateCertificate(rand.Reader, caTemplate, caTemplate, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, nil, err
	}
	leaf := template("dirform lab", now)
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	der, err := x509.CreateCertificate(rand.Reader, leaf, caTemplate, &key.PublicKey, caKey)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	server = append(block("CERTIFICATE", der), block("PRIVATE KEY", keyDER)...)
	return block("CERTIFICATE", caDER), server, nil
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// template has a positive random serial (RFC 5280, 4.1.2.2) and ten years of life.
func template(name string, now time.Time) *x509.Certificate {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	b[0] = b[0]&0x7f | 0x40
	return &x509.Certificate{SerialNumber: new(big.Int).SetBytes(b[:]), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0)}
}
