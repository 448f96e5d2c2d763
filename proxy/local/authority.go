package local

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Authority signs certificates for this machine alone. Its key never leaves its
// folder.
type Authority struct {
	// File is where clients find the certificate to trust, in PEM.
	File string

	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // by server name
}

// How long certificates are valid, and how long before their end they are
// replaced.
const (
	caLife   = 365 * 24 * time.Hour
	leafLife = 30 * 24 * time.Hour
	renewal  = 24 * time.Hour
	// maxLeaves bounds what clients can make us sign and keep.
	maxLeaves = 1024
)

const caFile, keyFile = "ca.crt", "ca.key"

// OpenAuthority reads the authority of a folder, or makes one there when there is
// none, or when it is about to expire. The key is readable by its owner only. A
// file that is there and is no certificate or key is an error: it may be someone
// else's.
func OpenAuthority(dir string) (*Authority, error) {
	a := &Authority{File: filepath.Join(dir, caFile), leaves: map[string]*tls.Certificate{}}
	found, err := a.read(dir)
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority in %s: %w; remove %s and %s to get a new one", dir, err, caFile, keyFile)
	}
	if found && time.Until(a.cert.NotAfter) > renewal {
		return a, nil
	}
	if err := a.create(dir); err != nil {
		return nil, fmt.Errorf("write a certificate authority into %s: %w", dir, err)
	}
	return a, nil
}

func (a *Authority) read(dir string) (found bool, err error) {
	certText, certErr := os.ReadFile(a.File)
	keyText, keyErr := os.ReadFile(filepath.Join(dir, keyFile))
	if errors.Is(certErr, fs.ErrNotExist) && errors.Is(keyErr, fs.ErrNotExist) {
		return false, nil
	}
	if err := errors.Join(certErr, keyErr); err != nil {
		return false, err
	}
	pair, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return false, fmt.Errorf("%s and %s are no certificate and its key", caFile, keyFile)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return false, fmt.Errorf("%s is no authority that was made here", caFile)
	}
	a.cert, a.key = pair.Leaf, key
	return true, nil
}

func (a *Authority) create(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "grpcroute local authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(caLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	a.key = key
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, keyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return err
	}
	return replace(a.File, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

// replace writes a file beside its place and renames it.
func replace(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil { // crypto/rand does not fail
		return big.NewInt(time.Now().UnixNano())
	}
	return n
}

// Leaf returns a certificate for a server name, and for this machine by name and
// address; for "" only the latter. The first handshake that needs one pays for it.
func (a *Authority) Leaf(name string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if leaf := a.leaves[name]; leaf != nil && time.Until(leaf.Leaf.NotAfter) > renewal {
		return leaf, nil
	}
	leaf, err := a.sign(name)
	if err != nil {
		return nil, err
	}
	if len(a.leaves) >= maxLeaves {
		clear(a.leaves)
	}
	a.leaves[name] = leaf
	return leaf, nil
}

func (a *Authority) sign(name string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{"grpcroute serve"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if name != "" && name != "localhost" {
		template.DNSNames = []string{name, "localhost"}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate for %q: %w", name, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
