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
	served := slices.Collect(served(p.Topology))
	if certainty == diag.Unknown {
		served = slices.DeleteFunc(served, func(r *topology.Route) bool { return !hasUnknownGateway(r) })
	}
	if len(served) == 0 {
		return
	}
	report := func(t topology.Tunnel, severity diag.Severity) {
		if slices.Contains(behind.Transport.TunnelFails, t.Protocol) {
			reportTunnel(p, behind, t, served, severity, certainty)
		}
	}
	report(tunnel, severity)
	if p.Options.TunnelProtocol == "" {
		for _, other := range tunnel.Others {
			report(other, diag.Warning)
		}
	}
}

func reportTunnel(p *lint.Pass, behind *profile.Profile, t topology.Tunnel, served []*topology.Route, severity diag.Severity, certainty diag.Certainty) {
	effect := "every call of " + plural(len(served), "GRPCRoute", "GRPCRoutes") + " fails"
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
		Related:   []diag.Related{{Message: "a GRPCRoute behind the tunnel", Range: served[0].Doc.Range("metadata", "name")}},
	}
	doc, path := t.Doc, t.Path
	if doc == nil {
		doc, path = served[0].Doc, at("metadata", "name")
	}
	p.ReportAs(severity, doc, path, d)
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
