package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
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
		p.ReportAs(severity, l.Doc(), l.Path("tls"), diag.Diagnostic{
			Message: fmt.Sprintf("%s has protocol HTTPS and no tls: there is no certificate to answer with", l.String()),
			Hint:    hint,
		})
	}
}
