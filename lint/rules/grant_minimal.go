package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
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

// suggestGrant suggests the smallest grant that permits a reference of a route.
func suggestGrant(p *lint.Pass, ref *topology.Backend) {
	route := ref.Rule.Route
	from := diag.Ref{Kind: fromKind(p.Profile, ref), Namespace: route.Namespace}
	to := diag.Ref{APIVersion: ref.Group, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
	suggestGrantFor(p, from, to, fmt.Sprintf("%s %s refers to %s.", route.Kind, route.Key(), targetName(ref)))
}

// suggestGrantFor suggests the smallest grant from a kind of a namespace to an
// object, whose APIVersion is its group alone. Grants for other kinds between the
// same namespaces have other names.
func suggestGrantFor(p *lint.Pass, from, to diag.Ref, note string) {
	name := from.Namespace + "-to-" + to.Name
	if from.Kind != "GRPCRoute" {
		name += "-" + strings.ToLower(from.Kind)
	}
	if to.Kind != "Service" {
		name += "-" + strings.ToLower(to.Kind)
	}
	for i, base := 2, name; p.Set.ReferenceGrants.Get(to.Namespace, name) != nil; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	p.Suggest(lint.Suggestion{
		Title: fmt.Sprintf("add ReferenceGrant %q", to.Namespace+"/"+name),
		Claim: lint.RepairsCalls,
		Add: manifest.Fields{
			{Key: "apiVersion", Value: grantVersion(p)},
			{Key: "kind", Value: "ReferenceGrant"},
			{Key: "metadata", Value: manifest.Fields{{Key: "name", Value: name}, {Key: "namespace", Value: to.Namespace}}},
			{Key: "spec", Value: manifest.Fields{
				{Key: "from", Value: []any{manifest.Fields{
					{Key: "group", Value: gatewayGroup}, {Key: "kind", Value: from.Kind}, {Key: "namespace", Value: from.Namespace},
				}}},
				{Key: "to", Value: []any{manifest.Fields{
					{Key: "group", Value: to.APIVersion}, {Key: "kind", Value: to.Kind}, {Key: "name", Value: to.Name},
				}}},
			}},
		},
		AddNote: note,
	})
}
