package cmd

import (
	"testing"

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
