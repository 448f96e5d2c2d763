package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var backendTlsV1alpha3 = &lint.Rule{
	ID:       "backend-tls-v1alpha3",
	Summary:  "a BackendTLSPolicy is written as v1alpha3 or older, which the standard channel does not serve",
	Section:  lint.MigrationSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkBackendTLSV1alpha3,
	PerSet:   true,
}

func checkBackendTLSV1alpha3(p *lint.Pass) {
	for _, doc := range p.Set.Documents {
		if !oldBackendTLS(p, doc) {
			continue
		}
		_, version, _ := strings.Cut(doc.Ref.APIVersion, "/")
		hint := "apiVersion: " + gatewayGroup + "/v1; targetRefs and validation stay as they are"
		if version == "v1alpha2" {
			hint = "apiVersion: " + gatewayGroup + "/v1; targetRef becomes an entry of targetRefs, and tls becomes validation"
		}
		if _, served := p.Admission.Server.Known(doc); served {
			p.ReportAs(diag.Warning, doc, at("apiVersion"), diag.Diagnostic{
				Message: fmt.Sprintf("BackendTLSPolicy %s is deprecated: Gateway API %s serves it in the experimental channel only", version, p.Admission.Version),
				Hint:    hint,
			})
			continue
		}
		p.Report(doc, at("apiVersion"), diag.Diagnostic{
			Source:    diag.Strict,
			Message:   fmt.Sprintf("BackendTLSPolicy %s is not served by Gateway API %s (%s channel): the policy is refused, and backends are dialled without TLS", version, p.Admission.Version, p.Admission.Channel),
			Hint:      hint,
			Admission: fmt.Sprintf("no matches for kind %q in version %q", doc.Ref.Kind, doc.Ref.APIVersion),
		})
	}
}

// oldBackendTLS reports whether a document is a BackendTLSPolicy of an alpha
// version that v1 has followed on the server.
func oldBackendTLS(p *lint.Pass, doc *manifest.Document) bool {
	return ofKind(doc, gatewayGroup, "BackendTLSPolicy") && strings.Contains(doc.Ref.APIVersion, "/v1alpha") &&
		servedVersion(p, gatewayGroup, "BackendTLSPolicy") == "v1"
}
