package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var parentKindUnsupported = &lint.Rule{
	ID:       "parent-kind-unsupported",
	Summary:  "no implementation attaches a GRPCRoute to that kind of parent",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkParentKindUnsupported,
	PerSet:   true,
}

// Parents are Gateways, ListenerSets and, in a mesh, Services; any other kind is
// implementation-specific (GA apis/v1/shared_types.go, ParentReference). The
// groups of Kubernetes itself are no implementation's own, so that there nobody
// can handle the kind.
func checkParentKindUnsupported(p *lint.Pass) {
	for route, i := range parentRefs(p.Set) {
		t := targetOf(route.Doc, &route.Value.Spec.ParentRefs[i])
		if t.isService() || t.group == gatewayv1.GroupName && (t.kind == "Gateway" || t.kind == "ListenerSet" || t.kind == "Service") {
			continue // a Service of that group: parent-service-group
		}
		path := manifest.Path{"spec", "parentRefs", i, "kind"}
		if !builtIn(t.group) {
			p.ReportAs(diag.Info, route.Doc, path, diag.Diagnostic{
				Certainty: diag.Unknown,
				Message:   fmt.Sprintf("kind %q of group %q is a parent only for an implementation of its own: whether it takes the route is not known", t.kind, t.group),
			})
			continue
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("kind %q of group %q cannot be the parent of a route: expected Gateway, ListenerSet, or Service with group %q", t.kind, t.group, ""),
		}
		if near := lint.Nearest(t.kind, []string{"Gateway", "ListenerSet", "Service"}); near != "" {
			d.Hint = "write kind: " + near
		}
		p.Report(route.Doc, path, d)
	}
}

// builtIn reports whether a group belongs to Kubernetes or to the Gateway API.
func builtIn(group string) bool {
	switch group {
	case "", "apps", "batch", "autoscaling", "policy", "extensions":
		return true
	}
	return strings.HasSuffix(group, ".k8s.io") && group != "gateway.networking.x-k8s.io"
}
