package cmd

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/simulate"
	"github.com/grpcroute/grpcroute/topology"
)

func TestLintFlags(t *testing.T) {
	s, _, errs := quiet()
	var got *lintOptions
	c := newLintCmd(s, func(o *lintOptions) error { got = o; return nil })
	c.SetArgs([]string{
		"a.yaml", "-f", "b.yaml", "-f", "-", "dir", "-R=false", "--profile", "spec", "--as-built", "--channel", "experimental",
		"--assume", "absent", "--fail-on", "warning", "--rule", "x,y", "--rule", "z", "--skip", "w", "--strict-docs", "--advice",
		"--tunnel-protocol", "quic", "-n", "shop", "-o", "json", "--color", "never", "-v",
		"--fix=offer", "--diff", "--grants", "g.yaml",
	})
	if err := c.Execute(); err != nil {
		t.Fatal(err, errs)
	}
	want := lintOptions{
		Command: "lint",
		Input: inputOptions{
			Files: []string{"b.yaml", "-", "a.yaml", "dir"}, Namespace: "shop", Profile: "spec", AsBuilt: true,
			GatewayAPI: got.Input.GatewayAPI, Channel: "experimental", Assume: "absent", TunnelProtocol: "quic",
		},
		Output: outputOptions{Color: "never", Verbose: true}, Outputs: lintOutputs{{Format: "json"}},
		FailOn: "warning", Rules: []string{"x", "y", "z"}, Skip: []string{"w"}, Strict: true, Advice: true,
		Fixes: fixOptions{Fix: "offer", Diff: true, Grants: "g.yaml"},
	}
	got.Streams, got.Input.Config = nil, configOptions{}
	if diff := cmp.Diff(want, *got, cmp.AllowUnexported(configOptions{})); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if got.Input.assume() != topology.AssumeAbsent || got.Input.tunnel() != "quic" {
		t.Errorf("assume %v, tunnel %q", got.Input.assume(), got.Input.tunnel())
	}
}

func TestLintDefaults(t *testing.T) {
	s, _, _ := quiet()
	var got *lintOptions
	c := newLintCmd(s, func(o *lintOptions) error { got = o; return nil })
	c.SetArgs([]string{"a.yaml"})
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	if got.Input.Profile != "auto" || !got.Input.Recursive || got.FailOn != "error" || got.Outputs.String() != "text" || got.Output.Color != "auto" || got.Fixes.wanted() {
		t.Errorf("defaults are %+v", *got)
	}
	if got.Input.assume() != topology.AssumeNothing || got.Input.tunnel() != "" {
		t.Errorf("assume %v, tunnel %q", got.Input.assume(), got.Input.tunnel())
	}
}

func TestExplainFlags(t *testing.T) {
	s, _, _ := quiet()
	var got *explainOptions
	c := newExplainCmd(s, func(o *explainOptions) error { got = o; return nil })
	c.SetArgs([]string{"-f", "m", "-H", "a: 1,2", "-H", "b: 3", "--authority", "h", "--gateway", "ns/gw", "--port", "443", "--sni", "s", "/p.S/M"})
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	want := simulate.Call{Target: "/p.S/M", Authority: "h", Headers: []string{"a: 1,2", "b: 3"}, Gateway: "ns/gw", Port: 443, SNI: "s"}
	if diff := cmp.Diff(want, got.Call); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
}

func TestRequestIsReplayed(t *testing.T) {
	o := &explainOptions{Request: "../examples/request.json", Call: simulate.Call{Headers: []string{"x-more: 1"}, Port: 444}}
	if err := o.readRequest(); err != nil {
		t.Fatal(err)
	}
	want := simulate.Call{
		Target: "/shop.catalog.v1.Catalog/ListItems", Authority: "shop.example.com", Gateway: "infra/edge", Listener: "https", Port: 444,
		Headers: []string{"x-canary: always", "x-more: 1"},
	}
	if diff := cmp.Diff(want, o.Call); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
}

func TestServeFlags(t *testing.T) {
	s, _, errs := quiet()
	var got *serveOptions
	c := newServeCmd(s, func(o *serveOptions) error { got = o; return nil })
	c.SetArgs([]string{
		"a.yaml", "-f", "b.yaml", "dir", "--profile", "kgateway", "--assume", "present", "-n", "shop", "--listen", "127.0.0.1:9000",
		"--gateway-address", "a/b=127.1.0.1", "--gateway-address", "a/c=127.1.0.2:0", "--tls-self-signed", "--tls-dir", "keys",
		"--backend", "a/b:1=127.0.0.1:1,127.0.0.1:2", "--backend", "c:2=127.0.0.1:3", "--mock", "--mock-latency", "1ms", "--mock-error", "a/b=ABORTED:5",
		"--proto", "api", "--descriptor-set", "api.binpb", "--explain-headers", "--watch", "--access-log", "json", "--log-level", "warn",
		"--log-format", "json", "--admin", "127.0.0.1:9901", "--drain", "1s", "--xds", "127.0.0.1:18000", "--xds-listen", "a/b:1=127.0.0.1:9",
	})
	if err := c.Execute(); err != nil {
		t.Fatal(err, errs)
	}
	want := serveOptions{
		Command: "serve",
		Input: inputOptions{Files: []string{"b.yaml", "a.yaml", "dir"}, Recursive: true, Namespace: "shop", Profile: "kgateway",
			GatewayAPI: got.Input.GatewayAPI, Channel: "standard", Assume: "present", TunnelProtocol: "input"},
		Listen: "127.0.0.1:9000", Addresses: []string{"a/b=127.1.0.1", "a/c=127.1.0.2:0"}, SelfSigned: true, TLSDir: "keys",
		Backends: []string{"a/b:1=127.0.0.1:1,127.0.0.1:2", "c:2=127.0.0.1:3"},
		Mocks:    mockOptions{On: true, Latency: []string{"1ms"}, Error: []string{"a/b=ABORTED:5"}, Protos: []string{"api"}, DescriptorSets: []string{"api.binpb"}},
		Admin:    "127.0.0.1:9901", ExplainHeaders: true, Watch: true, AccessLog: "json", LogLevel: "warn", LogFormat: "json", Drain: time.Second,
		XDS: controlOptions{Flag: "--xds-listen", Address: "127.0.0.1:18000", Listen: []string{"a/b:1=127.0.0.1:9"}},
	}
	got.Streams, got.Input.Config = nil, configOptions{}
	if diff := cmp.Diff(want, *got, cmp.AllowUnexported(configOptions{})); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func TestServeDefaults(t *testing.T) {
	s, _, _ := quiet()
	var got *serveOptions
	c := newServeCmd(s, func(o *serveOptions) error { got = o; return nil })
	c.SetArgs([]string{"a.yaml", "--config", "proxy.json"})
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	if got.AccessLog != "text" || got.LogLevel != "info" || got.LogFormat != "text" || got.Drain != 10*time.Second || got.Input.Profile != "auto" ||
		got.Mocks.On || got.Watch || got.SelfSigned || got.ExplainHeaders || got.Admin != "" || got.Listen != "" {
		t.Errorf("defaults are %+v", *got)
	}
	// A .json file is a proxy's configuration, which leaves no room for manifests.
	if err := got.check(); err == nil || got.Config != "proxy.json" || got.Input.Config.Path != "" {
		t.Errorf("check says %v of %+v", err, *got)
	}
}

// TestServeContradictions are mistakes in the command line, each with what was
// expected.
func TestServeContradictions(t *testing.T) {
	for want, args := range map[string][]string{
		"--drain 0s: expected a time above 0":                              {"--drain", "0s", "a"},
		"--tls-dir is for --tls-self-signed":                               {"--tls-dir", "d", "a"},
		"give one of the two":                                              {"--config", "p.json", "a"},
		"--watch and standard input":                                       {"--watch", "-f", "-"},
		"are for --mock, which is not given":                               {"--mock-latency", "1s", "a"},
		`--listen "9000": expected HOST:PORT`:                              {"--listen", "9000", "a"},
		`--admin "127.0.0.1:70000": expected a port number from 1`:         {"--admin", "127.0.0.1:70000", "a"},
		"--assume is for manifests, and p.json is a proxy's configuration": {"--config", "p.json", "--assume", "absent"},
		"--tls-self-signed is for manifests":                               {"--config", "p.json", "--tls-self-signed"},
	} {
		s, _, _ := quiet()
		c := newServeCmd(s, func(o *serveOptions) error { return o.check() })
		c.SetArgs(args)
		c.SilenceErrors, c.SilenceUsage = true, true
		err := c.Execute()
		if wrong := (*usageError)(nil); !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
