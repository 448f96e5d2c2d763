package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
)

// apiVersions are the versions to suggest for kinds that name none.
var apiVersions = map[string]string{
	"GatewayClass": gatewayGroup + "/v1", "Gateway": gatewayGroup + "/v1", "ListenerSet": gatewayGroup + "/v1",
	"GRPCRoute": gatewayGroup + "/v1", "HTTPRoute": gatewayGroup + "/v1", "ReferenceGrant": gatewayGroup + "/v1",
	"BackendTLSPolicy": gatewayGroup + "/v1",
	"Service":          "v1", "Namespace": "v1", "Secret": "v1", "ConfigMap": "v1",
	"Deployment": "apps/v1", "EndpointSlice": "discovery.k8s.io/v1", "ServiceImport": "multicluster.x-k8s.io/v1alpha1",
}

// gatewayKinds are the other kinds of the group, so that they are not taken for
// misspelt ones.
var gatewayKinds = []string{
	"TLSRoute", "TCPRoute", "UDPRoute", "ReferencePolicy", "BackendLBPolicy", "BackendTrafficPolicy",
}

// untyped takes a document without apiVersion or kind. Folders hold many that
// are not meant for Kubernetes; what the user named, and what can only be meant
// for it, is reported.
func (d *documents) untyped(doc *Document, v any) {
	ref := doc.Ref
	neither := ref.APIVersion == "" && ref.Kind == ""
	if neither && tunnelProtocol(doc.Value) {
		d.helm = append(d.helm, doc)
		return
	}
	ours := doc.base != nil || apiVersions[ref.Kind] != "" || groupOf(ref.APIVersion) == gatewayGroup ||
		neither && looksLikeGatewayAPI(doc.Value)
	if !ours {
		d.ignore(NoKind, 1)
		if !d.named {
			return
		}
	}
	if d.full() {
		d.dropped++
		return
	}
	message, hint := explainUntyped(doc, v)
	at := doc.Range("kind")
	if ref.APIVersion != "" {
		at = doc.Range("apiVersion")
	}
	p := doc.src.problem(ruleMissingKind, at, message, hint)
	p.Object = ref
	if !ours { // a values file caught by *.yaml does no harm
		p.Severity = diag.Warning
	}
	d.report(p)
}

func explainUntyped(doc *Document, v any) (message, hint string) {
	switch ref := doc.Ref; {
	case doc.Value == nil:
		return fmt.Sprintf("the document is a %s and not a Kubernetes object", jsonType(v)), ""
	case ref.Kind != "" && apiVersions[ref.Kind] != "":
		return fmt.Sprintf("the object has kind %q and no apiVersion", ref.Kind),
			fmt.Sprintf("add \"apiVersion: %s\"", apiVersions[ref.Kind])
	case ref.Kind != "":
		return fmt.Sprintf("the object has kind %q and no apiVersion", ref.Kind), "add its apiVersion"
	case doc.Value["kind"] != nil:
		return "the kind of the object is not a string", "write the name of a kind, as \"kind: GRPCRoute\""
	case ref.APIVersion != "":
		return fmt.Sprintf("the object has apiVersion %q and no kind", ref.APIVersion), "add its kind, as \"kind: GRPCRoute\""
	case looksLikeGatewayAPI(doc.Value):
		return "the document has the spec of a Gateway API object and neither apiVersion nor kind",
			fmt.Sprintf("add \"apiVersion: %s/v1\" and its kind", gatewayGroup)
	}
	return "the document has neither apiVersion nor kind, so it is no Kubernetes object", ""
}

// tunnelProtocol reports whether a values file of Helm chooses the transport of
// a tunnel.
func tunnelProtocol(m map[string]any) bool {
	proxy, _ := m["proxy"].(map[string]any)
	tunnel, _ := proxy["tunnel"].(map[string]any)
	_, ok := tunnel["protocol"]
	return ok
}

// looksLikeGatewayAPI reports whether a mapping has a spec with fields that only
// Gateway API objects have.
func looksLikeGatewayAPI(m map[string]any) bool {
	spec, _ := m["spec"].(map[string]any)
	for _, field := range []string{"parentRefs", "gatewayClassName"} {
		if _, ok := spec[field]; ok {
			return true
		}
	}
	return false
}

func jsonType(v any) string {
	switch v.(type) {
	case []any:
		return "list"
	case string:
		return "string"
	case bool:
		return "boolean"
	}
	return "number"
}

// unknownKind reports an object that nobody would serve and that is nearly one
// of the Gateway API: a misspelt kind, or a kind in another group.
func (d *documents) unknownKind(doc *Document) {
	ref := doc.Ref
	at, message, hint := doc.Range("kind"), "", ""
	switch {
	case ref.APIVersion == gatewayGroup:
		at = doc.Range("apiVersion")
		message = fmt.Sprintf("apiVersion %q names no version", ref.APIVersion)
		hint = fmt.Sprintf("write \"apiVersion: %s/v1\"", gatewayGroup)
	case ref.Kind == "GRPCRoute":
		at = doc.Range("apiVersion")
		message = fmt.Sprintf("%q has no kind GRPCRoute: its group is %q", ref.APIVersion, gatewayGroup)
		hint = fmt.Sprintf("write \"apiVersion: %s/v1\"", gatewayGroup)
	case groupOf(ref.APIVersion) == gatewayGroup && !slices.Contains(gatewayKinds, ref.Kind):
		near := nearestKind(ref.Kind)
		if near == "" {
			return
		}
		message = fmt.Sprintf("the Gateway API has no kind %q", ref.Kind)
		hint = fmt.Sprintf("did you mean %q?", near)
	default:
		return
	}
	p := doc.src.problem(ruleUnknownKind, at, message, hint)
	p.Object = ref
	d.report(p)
}

// nearestKind returns the kind of the Gateway API that differs from a name by no
// more than two letters, or "".
func nearestKind(name string) string {
	best, nearest := 3, ""
	for gk := range kinds {
		if gk.group != gatewayGroup {
			continue
		}
		n := diag.Distance(strings.ToLower(gk.kind), strings.ToLower(name))
		if n < best || n == best && n < 3 && gk.kind < nearest {
			best, nearest = n, gk.kind
		}
	}
	return nearest
}
