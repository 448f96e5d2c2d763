package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var ingressNginxGrpc = &lint.Rule{
	ID:       "ingress-nginx-grpc",
	Summary:  "an Ingress carries gRPC by an annotation of ingress-nginx, which is retired",
	Section:  lint.MigrationSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkIngressNginxGRPC,
	PerSet:   true,
}

const nginxProtocol = "nginx.ingress.kubernetes.io/backend-protocol"

func checkIngressNginxGRPC(p *lint.Pass) {
	for _, doc := range p.Set.Others {
		if doc.Ref.Kind != "Ingress" {
			continue
		}
		field := at("metadata", "annotations", nginxProtocol)
		v, _ := valueAt(doc, field)
		protocol, _ := v.(string)
		tls := strings.EqualFold(protocol, "GRPCS")
		if !tls && !strings.EqualFold(protocol, "GRPC") {
			continue
		}
		hint := "write a GRPCRoute for its hosts, and appProtocol: kubernetes.io/h2c at the Service's port"
		if tls {
			hint = "write a GRPCRoute for its hosts, and a BackendTLSPolicy for the Service, which the S of GRPCS becomes"
		}
		p.Report(doc, field, diag.Diagnostic{
			Message: fmt.Sprintf("this Ingress carries gRPC by %s: %q, which only ingress-nginx reads, and that is retired", nginxProtocol, protocol),
			Hint:    hint,
		})
	}
}
