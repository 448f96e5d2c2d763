package admission_test

import (
	"testing"

	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"sigs.k8s.io/yaml"
)

const benchRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: shop
  namespace: shop
  labels: {app.kubernetes.io/name: shop}
spec:
  parentRefs: [{name: edge, namespace: infra, sectionName: grpc}]
  hostnames: [shop.example.com]
  rules:
  - matches:
    - method: {service: shop.v1.Catalog, method: Get}
      headers: [{name: x-tenant, value: blue}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: x-a, value: "1"}]}
    backendRefs: [{name: catalog, port: 50051, weight: 9}, {name: catalog-canary, port: 50051, weight: 1}]
  - matches: [{method: {service: shop.v1.Orders}}]
    backendRefs: [{name: orders, port: 50051}]
  - backendRefs: [{name: fallback, port: 50051}]
`

func benchDoc(b testing.TB) *manifest.Document {
	var v map[string]any
	if err := yaml.Unmarshal([]byte(benchRoute), &v); err != nil {
		b.Fatal(err)
	}
	return &manifest.Document{
		Ref:   diag.Ref{APIVersion: "gateway.networking.k8s.io/v1", Kind: "GRPCRoute", Namespace: "shop", Name: "shop"},
		Value: integers(v).(map[string]any),
	}
}

// BenchmarkCheck is one valid GRPCRoute with three rules.
func BenchmarkCheck(b *testing.B) {
	s, err := admission.New("1.6", "standard")
	if err != nil {
		b.Fatal(err)
	}
	doc := benchDoc(b)
	if f := s.Check(doc); len(f) > 0 {
		b.Fatalf("not valid: %+v", f)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Check(doc)
	}
}

// BenchmarkColdStart is what the first GRPCRoute of a process costs: opening the
// artifact, decoding the schema, compiling rules and patterns, and the check.
func BenchmarkColdStart(b *testing.B) {
	doc := benchDoc(b)
	b.ReportAllocs()
	for b.Loop() {
		s, err := admission.Cold("1.6", "standard")
		if err != nil {
			b.Fatal(err)
		}
		s.Check(doc)
	}
}

// BenchmarkReference is the same object in the code of the API server, with
// everything compiled beforehand.
func BenchmarkReference(b *testing.B) {
	doc := benchDoc(b)
	r := findReference(b, "standard", "gateway.networking.k8s.io/v1", "GRPCRoute")
	b.ReportAllocs()
	for b.Loop() {
		r.check(doc.Value)
	}
}
