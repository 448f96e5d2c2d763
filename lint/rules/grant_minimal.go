package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

// minimalGrant writes the smallest grant that permits a reference, on one line
// of YAML that can be pasted into a file.
func minimalGrant(p *lint.Pass, ref *topology.Backend) string {
	route := ref.Rule.Route
	return fmt.Sprintf("{apiVersion: %s, kind: ReferenceGrant, metadata: {name: %s, namespace: %s}, "+
		"spec: {from: [{group: %s, kind: %s, namespace: %s}], to: [{group: %q, kind: %s, name: %s}]}}",
		grantVersion(p), grantName(ref), ref.Namespace,
		gatewayGroup, fromKind(p.Profile, ref), route.Namespace, ref.Group, ref.Kind, ref.Name)
}

func grantVersion(p *lint.Pass) string {
	version := servedVersion(p, gatewayGroup, "ReferenceGrant")
	if version == "" {
		version = "v1beta1"
	}
	return gatewayGroup + "/" + version
}

// grantName is what a grant for a reference is called.
func grantName(ref *topology.Backend) string { return ref.Rule.Route.Namespace + "-to-" + ref.Name }

// suggestGrant suggests the smallest grant that permits a reference. Grants for
// other kinds between the same namespaces have other names.
func suggestGrant(p *lint.Pass, ref *topology.Backend) {
	route, name := ref.Rule.Route, grantName(ref)
	kind := fromKind(p.Profile, ref)
	if kind != "GRPCRoute" {
		name += "-" + strings.ToLower(kind)
	}
	if ref.Kind != "Service" {
		name += "-" + strings.ToLower(ref.Kind)
	}
	for i, base := 2, name; p.Set.ReferenceGrants.Get(ref.Namespace, name) != nil; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	p.Suggest(lint.Suggestion{
		Title: fmt.Sprintf("add ReferenceGrant %q", ref.Namespace+"/"+name),
		Claim: lint.RepairsCalls,
		Add: manifest.Fields{
			{Key: "apiVersion", Value: grantVersion(p)},
			{Key: "kind", Value: "ReferenceGrant"},
			{Key: "metadata", Value: manifest.Fields{{Key: "name", Value: name}, {Key: "namespace", Value: ref.Namespace}}},
			{Key: "spec", Value: manifest.Fields{
				{Key: "from", Value: []any{manifest.Fields{
					{Key: "group", Value: gatewayGroup}, {Key: "kind", Value: kind}, {Key: "namespace", Value: route.Namespace},
				}}},
				{Key: "to", Value: []any{manifest.Fields{
					{Key: "group", Value: ref.Group}, {Key: "kind", Value: ref.Kind}, {Key: "name", Value: ref.Name},
				}}},
			}},
		},
		AddNote: fmt.Sprintf("%s %s refers to %s.", route.Kind, route.Key(), targetName(ref)),
	})
}
