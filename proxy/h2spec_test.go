package proxy_test

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcroute/grpcroute/internal/agreement"
	"github.com/grpcroute/grpcroute/proxy"
	"github.com/summerwind/h2spec"
	"github.com/summerwind/h2spec/config"
)

// certificate is one that signs itself, for a host and the loopback address.
func certificate(t testing.TB, host string) tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(agreement.PEM(t, host))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// TestH2spec runs the conformance suite for HTTP/2 against both kinds of listener.
func TestH2spec(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, secure := range []bool{false, true} {
		name := map[bool]string{false: "h2c", true: "TLS"}[secure]
		t.Run(name, func(t *testing.T) {
			s := proxy.New(proxy.Config{Table: compile(t, manifests), Backend: nowhere}, proxy.Options{})
			l := listen(t)
			of := proxy.Listener{Gateway: "demo/gw", Port: 8080}
			if secure {
				of.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(t, "localhost")}}
			}
			go func() { _ = s.Serve(l, of) }()
			t.Cleanup(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
				defer cancel()
				_ = s.Shutdown(ctx)
			})
			report := filepath.Join(t.TempDir(), "report.xml")
			passed, err := suite(t, l.Addr().(*net.TCPAddr).Port, secure, report)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(report)
			if err != nil {
				t.Fatal(err)
			}
			cases, skipped := strings.Count(string(text), "<testcase "), strings.Count(string(text), "<skipped")
			if !passed || strings.Contains(string(text), "<failure") || strings.Contains(string(text), "<error") || cases < 145 || skipped > 0 {
				t.Errorf("%d cases, %d skipped, passed: %v\n%s", cases, skipped, passed, failures(string(text)))
			}
			t.Logf("%d cases passed", cases)
		})
	}
}

// suite runs h2spec, whose progress goes to the standard output, elsewhere.
func suite(t *testing.T, port int, secure bool, report string) (passed bool, err error) {
	t.Helper()
	out := os.Stdout
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout = null
	defer func() { os.Stdout = out; _ = null.Close() }()
	return h2spec.Run(&config.Config{
		Host: "127.0.0.1", Port: port, Path: "/", Timeout: 2 * time.Second, MaxHeaderLen: 4000,
		TLS: secure, Insecure: true, JUnitReport: report,
	})
}

// failures picks the cases out of a report that did not pass.
func failures(report string) string {
	var out []string
	for _, c := range strings.Split(report, "<testcase ")[1:] {
		if strings.Contains(c, "<failure") || strings.Contains(c, "<error") || strings.Contains(c, "<skipped") {
			out = append(out, c)
		}
	}
	return strings.Join(out, "\n")
}
