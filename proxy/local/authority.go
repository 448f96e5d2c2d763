package local

import (
	"cmp"
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

// CAFile is the authority's certificate in the folder of --tls-dir.
const CAFile = "ca.crt"

const keyFile = "ca.key"

// authority issues a certificate for every name that clients ask for.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

const (
	authorityDays = 365
	leafDays      = 30
	maxLeaves     = 4096 // under a wildcard clients may ask for any name
)

// openAuthority takes up the authority of a folder, or makes a new one when there
// is none or it soon ends.
func openAuthority(dir string) (*authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a, err := readAuthority(dir)
	if err != nil || a != nil {
		return a, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := newCertificate(authorityDays)
	template.Subject = pkix.Name{CommonName: "grpcroute serve, on this machine only"}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	// The key first: a certificate without its key would be taken for somebody's own.
	if err := writePEM(filepath.Join(dir, keyFile), "EC PRIVATE KEY", secret, 0o600); err != nil {
		return nil, err
	}
	if err := writePEM(filepath.Join(dir, CAFile), "CERTIFICATE", der, 0o644); err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert: cert, key: key, leaves: map[string]*tls.Certificate{}}, err
}

// readAuthority returns the authority of a folder, nil when it holds none that can
// still be used.
func readAuthority(dir string) (*authority, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, CAFile), filepath.Join(dir, keyFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil //nolint:nilnil // there is none
	case err != nil:
		return nil, fmt.Errorf("read %s and %s: %w; remove both to have new ones made", CAFile, keyFile, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return nil, fmt.Errorf("%s is not an authority that was made here: choose another folder", CAFile)
	}
	if time.Until(pair.Leaf.NotAfter) < leafDays*24*time.Hour {
		return nil, nil //nolint:nilnil // a new one is made
	}
	return &authority{cert: pair.Leaf, key: key, leaves: map[string]*tls.Certificate{}}, nil
}

// leaf returns the certificate for a name, "" for a client that names none.
func (a *authority) leaf(name string) (*tls.Certificate, error) {
	name = cmp.Or(name, "localhost")
	a.mu.Lock()
	defer a.mu.Unlock()
	if have := a.leaves[name]; have != nil && time.Until(have.Leaf.NotAfter) > 24*time.Hour {
		return have, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := newCertificate(leafDays)
	template.DNSNames = []string{name}
	if name == "localhost" {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if len(a.leaves) >= maxLeaves {
		clear(a.leaves)
	}
	a.leaves[name] = &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}
	return a.leaves[name], nil
}

func newCertificate(days int) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		serial = big.NewInt(time.Now().UnixNano()) // crypto/rand does not fail on the systems we run on
	}
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, days)}
}

// writePEM writes a file beside and renames it.
func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = f.Chmod(mode)
	if err == nil {
		err = pem.Encode(f, &pem.Block{Type: kind, Bytes: der})
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the error is the one to tell
	}
	return err
}
