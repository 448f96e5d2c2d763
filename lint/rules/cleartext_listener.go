package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var cleartextListener = &lint.Rule{
	ID:       "cleartext-listener",
	Summary:  "gRPC over an HTTP listener works only for clients that speak HTTP/2 without TLS",
	Section:  lint.TLSSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkCleartextListener,
}

// GA apis/v1/grpcroute_types.go, GRPCRoute: an HTTP listener takes HTTP/2 with
// prior knowledge, or says that it does not support the protocol.
func checkCleartextListener(p *lint.Pass) {
	if p.Profile.Transport.Tunnel {
		return // clients do not connect to the listener
	}
	for l := range listeners(p.Topology) {
		route := attachedGRPC(l)
		if l.Protocol != "HTTP" || route == nil {
			continue
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("%s serves gRPC without TLS: clients must speak HTTP/2 with prior knowledge and send everything in the clear", l.String()),
			Hint:    "use an HTTPS listener, or make clients connect without TLS on purpose (grpcurl -plaintext)",
			Related: []diag.Related{{Message: "a GRPCRoute on the listener", Range: route.Doc.Range("metadata", "name")}},
		}
		severity := diag.Warning
		if p.Profile.Transport.NoCleartextHTTP2 {
			severity = diag.Error
			d.Message = fmt.Sprintf("%s is to serve gRPC without TLS, and %s takes no HTTP/2 there: no call gets through", l.String(), p.Profile.Title)
		}
		p.ReportAs(severity, l.Doc(), l.Path("protocol"), d)
		p.Once(listenerSubject(l), lint.RankOf(route))
	}
}

// attachedGRPC returns the first GRPCRoute on a listener, nil for none.
func attachedGRPC(l *topology.Listener) *topology.Route {
	for _, a := range l.Attached {
		if a.Parent.Route.GRPC != nil {
			return a.Parent.Route
		}
	}
	return nil
}
