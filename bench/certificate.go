package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// hostname is what clients call every proxy.
const hostname = "bench.test"

// certify writes a certificate for the host, its key, and both in one file, and
// puts them into the setting; it returns the certificate in PEM.
func certify(s *setting) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: hostname},
		DNSNames:              []string{hostname},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	s.Cert, s.Key, s.CertAndKey = filepath.Join(s.Dir, "cert.pem"), filepath.Join(s.Dir, "key.pem"), filepath.Join(s.Dir, "both.pem")
	s.CertText, s.KeyText = base64.StdEncoding.EncodeToString(cert), base64.StdEncoding.EncodeToString(private)
	for name, text := range map[string][]byte{s.Cert: cert, s.Key: private, s.CertAndKey: slices.Concat(cert, private)} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return nil, err
		}
	}
	return cert, nil
}
