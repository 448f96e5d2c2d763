package topology_test

import (
	"slices"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

const sliced = `apiVersion: v1
kind: Service
metadata: {name: s, namespace: d}
spec: {ports: [{name: a, port: 80}, {name: b, port: 81}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-1, namespace: d, labels: {kubernetes.io/service-name: s}}
addressType: IPv4
ports: [{name: a, port: 8080}, {name: b, port: 8081}]
endpoints:
- {addresses: [10.0.0.2, 10.0.0.9]}
- {addresses: [10.0.0.1], conditions: {ready: true}}
- {addresses: [10.0.0.3], conditions: {ready: false}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-6, namespace: d, labels: {kubernetes.io/service-name: s}}
addressType: IPv6
ports: [{name: b, port: 8081}]
endpoints: [{addresses: ['2001:db8::1']}, {addresses: ['2001:db8::1']}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: down-1, namespace: d, labels: {kubernetes.io/service-name: down}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.0.0.4], conditions: {ready: false}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: names-1, namespace: d, labels: {kubernetes.io/service-name: names}}
addressType: FQDN
ports: [{port: 8080}]
endpoints: [{addresses: [a.example.com]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: d}
spec:
  parentRefs: [{name: gw}]
  rules: [{backendRefs: [{name: s, port: 80}, {name: s, port: 81}, {name: s, port: 82}, {name: down, port: 80}, {name: names, port: 80}, {name: none, port: 80}]}]
`

// TestEndpoints: ports go by name, endpoints by readiness, and a Service whose port no
// slice has is not known.
func TestEndpoints(t *testing.T) {
	set := manifest.Read([]*manifest.File{{Name: "in.yaml", Data: []byte(sliced)}}, manifest.Options{})
	x := topology.Resolve(set, topology.Options{Profile: profile.Spec, Assume: topology.AssumePresent})
	endpoints := topology.NewEndpoints(set)
	for i, want := range []struct {
		addresses []string
		known     bool
	}{
		{[]string{"10.0.0.1:8080", "10.0.0.2:8080"}, true},
		{[]string{"10.0.0.1:8081", "10.0.0.2:8081", "[2001:db8::1]:8081"}, true},
		{nil, false}, // a port that the Service has not, nor any slice
		{nil, true},
		{nil, false},
		{nil, false},
	} {
		b := x.Routes[0].Rules[0].Backends[i]
		if got, known := endpoints.Of(b); known != want.known || !slices.Equal(got, want.addresses) {
			t.Errorf("%s: %v, %v; want %v", b.Label(), got, known, want)
		}
	}
}
