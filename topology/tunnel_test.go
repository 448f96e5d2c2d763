package topology_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

func deployment(container string) string {
	return object("apps/v1", "Deployment", "ns", "d", "spec:\n  template:\n    spec:\n      containers:\n      - name: c\n"+container)
}

func TestTunnel(t *testing.T) {
	const values = "proxy:\n  tunnel:\n    protocol: QUIC\n"
	for _, tt := range []struct {
		name, input, option string
		profile             *profile.Profile
		protocol, source    string
		field               string
		others              int
	}{
		{name: "nothing", input: deployment("        args: [--verbose]\n")},
		{name: "argument", input: deployment("        args: [--verbose, --tunnel-protocol=quic]\n"), protocol: "quic", source: "--tunnel-protocol of Deployment ns/d", field: "spec.template.spec.containers[0].args[1]"},
		{name: "two arguments", input: deployment("        command: [x, --tunnel-protocol, ' HTTP2 ']\n"), protocol: "http2", source: "--tunnel-protocol of Deployment ns/d", field: "spec.template.spec.containers[0].command[2]"},
		{name: "environment", input: deployment("        env: [{name: A, value: b}, {name: PROXY_TUNNEL_PROTOCOL, value: quic}]\n"), protocol: "quic", source: "env PROXY_TUNNEL_PROTOCOL of Deployment ns/d", field: "spec.template.spec.containers[0].env[1].value"},
		{name: "Helm value", input: values, protocol: "quic", source: "Helm value proxy.tunnel.protocol", field: "proxy.tunnel.protocol"},
		{name: "option", input: values, option: "http2", protocol: "http2", source: "--tunnel-protocol", others: 1},
		{name: "environment before Helm", input: values + "---\n" + deployment("        env: [{name: PROXY_TUNNEL_PROTOCOL, value: http2}]\n"), protocol: "http2", source: "env PROXY_TUNNEL_PROTOCOL of Deployment ns/d", field: "spec.template.spec.containers[0].env[0].value", others: 1},
		{name: "no tunnel", profile: profile.KGateway, input: values, option: "quic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.profile
			if p == nil {
				p = profile.CloudflareTunnel
			}
			got := topology.Resolve(load(t, tt.input), topology.Options{Profile: p, TunnelProtocol: tt.option}).Tunnel
			if got.Protocol != tt.protocol || got.Source != tt.source || got.Path.String() != tt.field || len(got.Others) != tt.others {
				t.Errorf("got %q from %q at %q, %d others", got.Protocol, got.Source, got.Path, len(got.Others))
			}
			if tt.field != "" && !strings.HasPrefix(got.Range.String(), "<stdin>:") {
				t.Errorf("range %s", got.Range)
			}
		})
	}
}
