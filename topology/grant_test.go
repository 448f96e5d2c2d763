package topology_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

func referenceGrant(version, namespace, rest string) string {
	return object("gateway.networking.k8s.io/"+version, "ReferenceGrant", namespace, "g", "spec:\n"+rest)
}

// Who may refer to Service target/s from a GRPCRoute in namespace app, with the
// input declared complete: GA apis/v1/referencegrant_types.go.
func TestReferenceGrant(t *testing.T) {
	const (
		from = "  from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: app}]\n"
		to   = "  to: [{group: '', kind: Service}]\n"
	)
	for _, tt := range []struct{ name, grant, want string }{
		{"all of the namespace", referenceGrant("v1", "target", from+to), ""},
		{"older version", referenceGrant("v1beta1", "target", from+to), ""},
		{"this one", referenceGrant("v1", "target", from+"  to: [{group: '', kind: Service, name: s}]\n"), ""},
		{"empty name", referenceGrant("v1", "target", from+"  to: [{group: '', kind: Service, name: ''}]\n"), ""},
		{"one of several", referenceGrant("v1", "target", "  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: x}, {group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: app}]\n  to: [{group: '', kind: Secret}, {group: '', kind: Service}]\n"), ""},
		{"none", "", "RefNotPermitted~"},
		{"another name", referenceGrant("v1", "target", from+"  to: [{group: '', kind: Service, name: other}]\n"), "RefNotPermitted~"},
		{"from HTTPRoute", referenceGrant("v1", "target", "  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: app}]\n"+to), "RefNotPermitted~"},
		{"from another namespace", referenceGrant("v1", "target", "  from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: other}]\n"+to), "RefNotPermitted~"},
		{"in the route's namespace", referenceGrant("v1", "app", from+to), "RefNotPermitted~"},
		{"to Secret", referenceGrant("v1", "target", from+"  to: [{group: '', kind: Secret}]\n"), "RefNotPermitted~"},
		{"to group core", referenceGrant("v1", "target", from+"  to: [{group: core, kind: Service}]\n"), "RefNotPermitted~"},
		{"from group v1", referenceGrant("v1", "target", "  from: [{group: gateway.networking.k8s.io/v1, kind: GRPCRoute, namespace: app}]\n"+to), "RefNotPermitted~"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := load(t, tt.grant, service("target", "s", "  - {port: 50051}\n"),
				grpcRoute("app", "r", "  rules: [{backendRefs: [{name: s, namespace: target, port: 50051}]}]\n"))
			top := topology.Resolve(set, topology.Options{Assume: topology.AssumeAbsent})
			b := route(t, top, "r").Rules[0].Backends[0]
			if got := word(b.Refusal); got != tt.want {
				t.Errorf("refusal = %q, want %q", got, tt.want)
			}
			if refused := b.Refusal != nil; refused && b.Service != nil {
				t.Error("the Service was looked at although nothing may be told of it")
			}
		})
	}
}

func TestGrantCoreAlias(t *testing.T) {
	set := load(t, referenceGrant("v1", "target", "  from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: app}]\n  to: [{group: core, kind: Service}]\n"),
		service("target", "s", "  - {port: 50051}\n"),
		grpcRoute("app", "r", "  rules: [{backendRefs: [{name: s, namespace: target, port: 50051}]}]\n"))
	top := topology.Resolve(set, topology.Options{Profile: profile.KGateway, Assume: topology.AssumeAbsent})
	if got := word(route(t, top, "r").Rules[0].Backends[0].Refusal); got != "" {
		t.Errorf("refusal = %q, want none", got)
	}
}

// From and to of different grants do not combine.
func TestGrantsDoNotMix(t *testing.T) {
	set := load(t,
		object("gateway.networking.k8s.io/v1", "ReferenceGrant", "target", "one", "spec:\n  from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: app}]\n  to: [{group: '', kind: Secret}]\n"),
		object("gateway.networking.k8s.io/v1", "ReferenceGrant", "target", "two", "spec:\n  from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: other}]\n  to: [{group: '', kind: Service}]\n"),
		service("target", "s", "  - {port: 50051}\n"),
		grpcRoute("app", "r", "  rules: [{backendRefs: [{name: s, namespace: target, port: 50051}]}]\n"))
	for assume, want := range map[topology.Assume]string{
		topology.AssumeNothing: "RefNotPermitted?",
		topology.AssumeAbsent:  "RefNotPermitted~",
		topology.AssumePresent: "",
	} {
		top := topology.Resolve(set, topology.Options{Assume: assume})
		if got := word(route(t, top, "r").Rules[0].Backends[0].Refusal); got != want {
			t.Errorf("assume %d: refusal = %q, want %q", assume, got, want)
		}
	}
}
