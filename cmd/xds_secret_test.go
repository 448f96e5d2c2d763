package cmd_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// secureDir is a folder with a Gateway that has a certificate.
func secureDir(t *testing.T) string {
	t.Helper()
	dir, _ := manifests(t)
	a, _ := authority(t)
	cert, key := pemOf(t, signed(t, a, "a.example.com"))
	put(t, filepath.Join(dir, "gateway.yaml"), strings.Replace(serveGateway, "protocol: HTTP}", "protocol: HTTPS, tls: {certificateRefs: [{name: own}]}}", 1))
	put(t, filepath.Join(dir, "secret.yaml"), "apiVersion: v1\nkind: Secret\nmetadata: {name: own, namespace: demo}\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: |\n"+
		indented(cert)+"  tls.key: |\n"+indented(key))
	return dir
}

// TestTranslateFolderKeepsKeys: of a folder of resources the files with keys, and no
// others, are their owner's.
func TestTranslateFolderKeepsKeys(t *testing.T) {
	out := filepath.Join(t.TempDir(), "envoy")
	text, err := exec.Command("grpcroute", "translate", "--to", "envoy", "--mode", "xds-resources", "-q", "--out", out, secureDir(t)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	keys := 0
	err = filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		secret := strings.Contains(string(data), "PRIVATE KEY")
		if secret {
			keys++
		}
		if closed := info.Mode().Perm() == 0o600; closed != secret {
			t.Errorf("%s has mode %v; it holds a key: %v", path, info.Mode(), secret)
		}
		return nil
	})
	if err != nil || keys != 1 || filepath.Base(out) != "envoy" {
		t.Errorf("%d files with keys, %v", keys, err)
	}
	if _, err := os.Stat(filepath.Join(out, "secrets", "demo_own.yaml")); err != nil {
		t.Error(err)
	}
}

// TestXDSWarnsOfKeys: a server that other machines reach says that it gives keys
// away; one on this machine alone does not. Keys are never told.
func TestXDSWarnsOfKeys(t *testing.T) {
	dir := secureDir(t)
	for address, warns := range map[string]bool{"127.0.0.1:0": false, "0.0.0.0:0": true} {
		p := startProcess(t, `^ready$`, "xds", "--address", address, dir)
		if got := p.said(`^warning: whoever reaches \S+ is given the private keys of 1 certificates`); got != warns {
			t.Errorf("%s: it warns of keys: %v", address, got)
		}
		if got := p.said(`^warning: xDS is open to other machines`); got != warns {
			t.Errorf("%s: it warns of other machines: %v", address, got)
		}
		if code := p.stop(t, syscall.SIGTERM); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if text := strings.Join(p.lines, "\n"); strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("it tells a key:\n%s", text)
		}
	}
}
