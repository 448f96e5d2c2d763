package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// The rules are the same for all: one that matches a header, two for a prefix, one
// whose backend refuses connections.
//
//go:embed conf
var confFiles embed.FS

// ours is the name of the proxy that is measured against the others.
const ours = "grpcroute"

// setting is what a configuration is made of.
type setting struct {
	Clear, TLS            int // ports of the proxy
	A, B, Closed          int // ports of the backends
	Files                 int // descriptors that a process may have
	Dir                   string
	Cert, Key, CertAndKey string // files in PEM
	CertText, KeyText     string // the first two in base64, as a Secret has them
}

// Conns is how many client connections a proxy with that many descriptors can
// promise to take.
func (s *setting) Conns() int { return min(s.Files/2-100, 20000) }

// peer is a proxy that can be measured.
type peer struct {
	name    string
	path    string // of the program
	version string
	conf    string // in confFiles
	args    func(conf string, s *setting) []string
	env     func(s *setting) []string
	says    string // a line without which it is not ready; "" for none
}

// peers are what grpcroute can be compared with.
var peers = []peer{
	{name: "nginx", conf: "nginx.conf", args: func(conf string, s *setting) []string {
		return []string{"-p", s.Dir, "-e", "stderr", "-c", conf}
	}},
	{name: "haproxy", conf: "haproxy.cfg", args: func(conf string, _ *setting) []string {
		return []string{"-db", "-f", conf}
	}},
	{name: "caddy", conf: "Caddyfile", args: func(conf string, _ *setting) []string {
		return []string{"run", "--adapter", "caddyfile", "--config", conf}
	}, env: func(s *setting) []string {
		return []string{"HOME=" + s.Dir, "XDG_CONFIG_HOME=" + s.Dir, "XDG_DATA_HOME=" + s.Dir}
	}},
	{name: "envoy", conf: "envoy.yaml", args: func(conf string, _ *setting) []string {
		return []string{"--concurrency", "1", "--disable-hot-restart", "--log-level", "error", "-c", conf}
	}},
}

// grpcroute is this repository's proxy as people run it, with its metrics.
func grpcroute(name, path string) peer {
	return peer{name: name, path: path, conf: "routes.yaml", says: "ready", args: func(conf string, s *setting) []string {
		args := []string{"serve", "--admin", "127.0.0.1:0", "--access-log", "off", "--drain", "100ms",
			"--gateway-address", "bench/gw=127.0.0.1"}
		for _, b := range []struct {
			name string
			port int
		}{{"a", s.A}, {"b", s.B}, {"closed", s.Closed}} {
			args = append(args, "--backend", "bench/"+b.name+":50051="+loopback(b.port))
		}
		return append(args, conf)
	}}
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// configure writes the configuration of a peer and returns its arguments.
func (p *peer) configure(s *setting) ([]string, error) {
	text, err := confFiles.ReadFile("conf/" + p.conf)
	if err != nil {
		return nil, err
	}
	t, err := template.New(p.conf).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if err := t.Execute(&b, s); err != nil {
		return nil, err
	}
	name := filepath.Join(s.Dir, p.conf)
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		return nil, fmt.Errorf("configuration of %s: %w", p.name, err)
	}
	return p.args(name, s), nil
}
