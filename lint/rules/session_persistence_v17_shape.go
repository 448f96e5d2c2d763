package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var sessionPersistenceV17Shape = &lint.Rule{
	ID:       "session-persistence-v17-shape",
	Summary:  "sessionPersistence is written in a shape that Gateway API 1.6 and 1.7 do not share",
	Section:  lint.SchemaSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkSessionPersistenceV17Shape,
	PerSet:   true,
}

// sessionMembers says where each member that is not in both shapes belongs: 1.7
// turned sessionName and cookieConfig into unions by type.
var sessionMembers = []struct{ key, has, instead string }{
	{"sessionName", "1.6", "cookie.name or header.name"},
	{"cookieConfig", "1.6", "cookie"},
	{"cookie", "1.7", "sessionName and cookieConfig"},
	{"header", "1.7", "sessionName"},
}

func checkSessionPersistenceV17Shape(p *lint.Pass) {
	for _, route := range p.Set.GRPCRoutes.All {
		if slices.ContainsFunc(route.Value.Spec.Rules, func(r gatewayv1.GRPCRouteRule) bool { return r.SessionPersistence != nil }) {
			sessionShapes(p, route.Doc)
		}
	}
	for _, route := range p.Set.HTTPRoutes.All {
		if slices.ContainsFunc(route.Value.Spec.Rules, func(r gatewayv1.HTTPRouteRule) bool { return r.SessionPersistence != nil }) {
			sessionShapes(p, route.Doc)
		}
	}
}

// sessionShapes reads the document, not the typed value: the types know only the
// shape of the version they were built for.
func sessionShapes(p *lint.Pass, doc *manifest.Document) {
	spec, _ := doc.Object()["spec"].(map[string]any)
	rules, _ := spec["rules"].([]any)
	for i := range rules {
		rule, _ := rules[i].(map[string]any)
		session, _ := rule["sessionPersistence"].(map[string]any)
		if len(session) == 0 {
			continue
		}
		for _, m := range sessionMembers {
			if _, ok := session[m.key]; !ok {
				continue
			}
			other := "1.7"
			if m.has == other {
				other = "1.6"
			}
			field := at("spec", "rules", i, "sessionPersistence", m.key)
			reportExplaining(p, doc, field, diag.Diagnostic{
				Message: fmt.Sprintf("sessionPersistence.%s exists in Gateway API %s only: %s writes %s", m.key, m.has, other, m.instead),
				Hint:    "write the shape of the version your clusters serve, and change it together with their CRDs",
			}, func(f *admission.Failure) bool {
				return f.Source == diag.UnknownField && len(f.Path) == len(field) && hasPrefix(f.Path, field)
			})
			p.OnKey()
			p.Refuse("the shape changes together with the CRDs of the cluster, and not in the manifest alone")
		}
	}
}
