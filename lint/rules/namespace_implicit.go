package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var namespaceImplicit = &lint.Rule{
	ID:       "namespace-implicit",
	Summary:  "an object names no namespace, so that it lands where the command line points",
	Section:  lint.HygieneSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkNamespaceImplicit,
	PerSet:   true,
	OptIn:    true,
}

// namespaced are the kinds whose namespace decides about routes, grants and
// policies.
var namespaced = []string{"Gateway", "ListenerSet", "GRPCRoute", "HTTPRoute", "ReferenceGrant", "BackendTLSPolicy"}

func checkNamespaceImplicit(p *lint.Pass) {
	for _, doc := range p.Set.Documents {
		if !strings.HasPrefix(doc.Ref.APIVersion, gatewayGroup+"/") || !slices.Contains(namespaced, doc.Ref.Kind) {
			continue
		}
		if v, _ := valueAt(doc, at("metadata", "namespace")); v != nil && v != "" {
			continue
		}
		p.Report(doc, at("metadata"), diag.Diagnostic{
			Message: fmt.Sprintf("%s %q names no namespace: %q is assumed here, and kubectl takes that of its context", doc.Ref.Kind, doc.Ref.Name, doc.Ref.Namespace),
			Hint:    "add metadata.namespace, or say here which it is with -n",
		})
	}
}
