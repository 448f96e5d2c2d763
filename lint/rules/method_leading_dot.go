package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var methodLeadingDot = &lint.Rule{
	ID:       "method-leading-dot",
	Summary:  "a service name begins with a dot, which no gRPC client sends",
	Section:  lint.SchemaSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkMethodLeadingDot,
	PerSet:   true,
}

// The schema's pattern takes one leading dot, as protobuf's fully qualified
// names are written in descriptors; paths on the wire never have it.
func checkMethodLeadingDot(p *lint.Pass) {
	eachMethod(p, func(doc *manifest.Document, rule, match int, m *gatewayv1.GRPCMethodMatch) {
		service := deref(m.Service, "")
		if isRegex(m) || !strings.HasPrefix(service, ".") || strings.Contains(service, "/") {
			return
		}
		bare := strings.TrimLeft(service, ".")
		reportExplaining(p, doc, methodPath(rule, match, "service"), diag.Diagnostic{
			Message: fmt.Sprintf("service %q begins with a dot and matches no call: clients send it without one", service),
			Hint:    "service: " + bare,
		}, ofName(methodPath(rule, match), "service"))
		if bare == "" {
			p.Refuse("nothing but dots is written")
			return
		}
		suggestValue(p, lint.OwnCalls, doc, methodPath(rule, match, "service"), bare)
	})
}
