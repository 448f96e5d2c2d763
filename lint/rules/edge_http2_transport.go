package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var edgeHttp2Transport = &lint.Rule{
	ID:       "edge-http2-transport",
	Summary:  "the tunnel's protocol loses gRPC trailers, so that every call fails",
	Section:  lint.ImplementationSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkEdgeHTTP2Transport,
}

func checkEdgeHTTP2Transport(p *lint.Pass) {
	behind, tunnel := p.Profile, p.Topology.Tunnel
	severity, certainty := diag.Error, diag.Certain
	if !p.Profile.Transport.Tunnel {
		// A Gateway that the input lacks may be the tunnel's.
		behind, tunnel = possibleTunnel(p)
		severity, certainty = diag.Warning, diag.Unknown
	}
	if behind == nil || tunnel.Protocol == "" {
		return
	}
	var first *topology.Route
	for r := range served(p.Topology) {
		if certainty != diag.Unknown || hasUnknownGateway(r) {
			first = r
			break
		}
	}
	if first == nil {
		return
	}
	report := func(t topology.Tunnel, severity diag.Severity) {
		if slices.Contains(behind.Transport.TunnelFails, t.Protocol) {
			reportTunnel(p, behind, t, first, severity, certainty)
		}
	}
	report(tunnel, severity)
	if p.Options.TunnelProtocol == "" {
		for _, other := range tunnel.Others {
			report(other, diag.Warning)
		}
	}
}

// reportTunnel reports a place that sets the protocol, once, with the first route
// behind the tunnel.
func reportTunnel(p *lint.Pass, behind *profile.Profile, t topology.Tunnel, first *topology.Route, severity diag.Severity, certainty diag.Certainty) {
	effect := "every call of a GRPCRoute behind it fails"
	switch {
	case certainty == diag.Unknown:
		effect = "every call fails if the Gateway, which is not in the input, is behind that tunnel"
	case severity == diag.Error:
		effect += ", and the routes are not accepted"
	}
	d := diag.Diagnostic{
		Certainty: certainty,
		Message:   fmt.Sprintf("tunnel protocol %q (%s) loses the trailers that gRPC needs: %s%s", t.Protocol, t.Source, effect, constraintSource(behind, "http2-tunnel-transport")),
		Hint:      `set the tunnel protocol to "http2" or "auto"`,
		Related:   []diag.Related{{Message: "a GRPCRoute behind the tunnel", Range: first.Doc.Range("metadata", "name")}},
	}
	doc, path := t.Doc, t.Path
	if doc == nil {
		doc, path = first.Doc, at("metadata", "name")
	}
	p.ReportAs(severity, doc, path, d)
	p.Once(lint.Subject{Doc: t.Doc, Name: t.Path.String()}, lint.RankOf(first))
}

// possibleTunnel reads the tunnel settings of the input for an implementation
// that has a tunnel, when no Gateway of the input says that there is one.
func possibleTunnel(p *lint.Pass) (*profile.Profile, topology.Tunnel) {
	if p.Options.Profile != nil || p.Options.TunnelProtocol == "" && len(p.Set.HelmValues) == 0 && len(p.Set.Deployments.All) == 0 {
		return nil, topology.Tunnel{}
	}
	for _, q := range profile.All {
		if !q.Transport.Tunnel {
			continue
		}
		only := &manifest.Set{HelmValues: p.Set.HelmValues, Deployments: p.Set.Deployments}
		t := topology.Resolve(only, topology.Options{Profile: q, TunnelProtocol: p.Options.TunnelProtocol})
		return q, t.Tunnel
	}
	return nil, topology.Tunnel{}
}

// hasUnknownGateway reports whether a parent of the route is a Gateway that the
// input lacks.
func hasUnknownGateway(r *topology.Route) bool {
	return slices.ContainsFunc(r.Parents, func(p *topology.Parent) bool {
		return p.Gateway != nil && p.Gateway.Object == nil && p.Gateway.Certainty == diag.Unknown
	})
}
