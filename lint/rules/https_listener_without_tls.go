package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var httpsListenerWithoutTls = &lint.Rule{
	ID:       "https-listener-without-tls",
	Summary:  "an HTTPS listener has no tls and so no certificate to answer with",
	Section:  lint.TLSSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkHTTPSListenerWithoutTLS,
}

// The API server's rules speak only of a tls that is there (GA
// apis/v1/gateway_types.go, Listener.TLS: required for HTTPS). Where the data
// plane terminates no TLS the listener works all the same.
func checkHTTPSListenerWithoutTLS(p *lint.Pass) {
	for l := range listeners(p.Topology) {
		if l.Protocol != "HTTPS" || l.TLS != nil {
			continue
		}
		severity, hint := diag.Error, "add tls.certificateRefs with the name of a Secret of type kubernetes.io/tls"
		if p.Profile.Transport.NoTLS {
			severity = diag.Info
			hint = "TLS does not end at this implementation's listeners; other implementations refuse the listener"
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("%s has protocol HTTPS and no tls: there is no certificate to answer with", l.String()),
			Hint:    hint,
		}
		if ref := parametersOf(p, l.Gateway); ref != "" && severity == diag.Error {
			severity, d.Certainty = diag.Warning, diag.Unknown
			d.Message = fmt.Sprintf("%s has protocol HTTPS and no tls: the certificate has to come from %s, which is not read", l.String(), ref)
			d.Hint = "right where the implementation documents it; others have no certificate to answer with"
		}
		p.ReportAs(severity, l.Doc(), l.Path("tls"), d)
	}
}

// parametersOf names the object with settings of the implementation's own that a
// Gateway or its class refers to; "" for none. Certificates may be among them.
func parametersOf(p *lint.Pass, g *topology.Gateway) string {
	if g == nil || g.Object == nil {
		return ""
	}
	if in := g.Object.Value.Spec.Infrastructure; in != nil && in.ParametersRef != nil {
		return fmt.Sprintf("%s %q", in.ParametersRef.Kind, in.ParametersRef.Name)
	}
	if class := p.Set.GatewayClasses.Get("", string(g.Object.Value.Spec.GatewayClassName)); class != nil && class.Value.Spec.ParametersRef != nil {
		return fmt.Sprintf("%s %q of the class", class.Value.Spec.ParametersRef.Kind, class.Value.Spec.ParametersRef.Name)
	}
	return ""
}
