package cmd_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/cmd"
	"github.com/grpcroute/grpcroute/internal/agreement"
)

const withSecret = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: d}
spec:
  gatewayClassName: c
  listeners: [{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: own}]}}]
---
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: d}
type: kubernetes.io/tls
stringData:
  tls.crt: %q
  tls.key: %q
`

// TestKeysAreWrittenBesideConfigurations: nginx and HAProxy read keys from files,
// which nobody but the owner may read, and which no terminal shows.
func TestKeysAreWrittenBesideConfigurations(t *testing.T) {
	certificate, key := agreement.PEM(t, "localhost")
	dir := t.TempDir()
	input := filepath.Join(dir, "in.yaml")
	if err := os.WriteFile(input, fmt.Appendf(nil, withSecret, certificate, key), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		s := &cmd.Streams{In: strings.NewReader(""), Out: &out, Err: &out}
		if code := cmd.Main(append([]string{"grpcroute", "translate"}, args...), s); code != 0 {
			t.Fatalf("%v: exit code %d\n%s", args, code, out.String())
		}
		if strings.Contains(out.String(), "PRIVATE KEY") {
			t.Errorf("%v shows the key", args)
		}
		return out.String()
	}
	for to, file := range map[string]string{"nginx": "nginx.conf", "haproxy": "haproxy.cfg"} {
		if said := run("--to", to, input); !strings.Contains(said, "certificates/d/own/tls.crt") || !strings.Contains(said, "are written with --out only") {
			t.Errorf("%s does not say where the certificate is to be:\n%s", to, said)
		}
		out := filepath.Join(dir, to)
		run("--to", to, "--out", out+"/", input)
		for name, want := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
			path := filepath.Join(out, "certificates", "d", "own", name)
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %v", path, err)
			}
			if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s may be read by others: %s", path, info.Mode())
			}
		}
		if text, err := os.ReadFile(filepath.Join(out, file)); err != nil || bytes.Contains(text, []byte("PRIVATE KEY")) {
			t.Errorf("%s holds the key, or cannot be read: %v", file, err)
		}
		if said := run("--to", to, "--certificates", "/etc/tls", input); !strings.Contains(said, "/etc/tls/d/own/tls.crt") || strings.Contains(said, "--out only") {
			t.Errorf("%s does not refer to the folder of --certificates:\n%s", to, said)
		}
	}
}
