package manifest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

const fullRoute = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: a, namespace: b, labels: {c: d}, annotations: {e: f, g: ""}}
spec:
  parentRefs:
  - {name: gw, group: gateway.networking.k8s.io, kind: Gateway, namespace: infra, sectionName: https, port: 443}
  - {name: other}
  hostnames: [a.example.com, "*.example.com"]
  rules:
  - name: first
    matches:
    - method: {type: Exact, service: a.B, method: Get}
      headers: [{type: Exact, name: x, value: "1"}, {name: z, value: ""}]
    - {}
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: a, value: b}], add: [], remove: [c]}
    - type: ResponseHeaderModifier
      responseHeaderModifier: {}
    backendRefs:
    - {name: a, group: "", kind: Service, namespace: c, port: 9000, weight: 80, filters: [{type: RequestHeaderModifier}]}
    - {name: b, port: 9000, weight: 0}
  - backendRefs: []
`

// TestTyping compares GRPCRoutes that are made without reflection with those that
// the converter makes, over random changes of one that has every field.
func TestTyping(t *testing.T) {
	var r reader
	base, err := r.yamlValue([]byte(fullRoute))
	if err != nil {
		t.Fatal(err)
	}
	var ty typing
	if ty.route(base.(map[string]any)) == nil {
		t.Fatal("the route with every field is left to the converter")
	}
	random := rand.New(rand.NewPCG(1, 2))
	taken := 0
	for range 20000 {
		v := clone(base).(map[string]any)
		for range random.IntN(3) {
			disturb(random, v)
		}
		got := ty.route(v)
		if got == nil {
			continue
		}
		taken++
		want := &gatewayv1.GRPCRoute{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(v, want); err != nil {
			t.Fatalf("the converter refuses %v: %v", v, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v\nconverter (-), here (+):\n%s", v, diff)
		}
	}
	if taken < 5000 {
		t.Errorf("%d changed routes were taken, too few to compare", taken)
	}
}

// disturb changes one value somewhere below v.
func disturb(random *rand.Rand, v any) {
	var keys []any
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			keys = append(keys, k)
		}
	case []any:
		for i := range v {
			keys = append(keys, i)
		}
	}
	if len(keys) == 0 {
		return
	}
	key := keys[random.IntN(len(keys))]
	child, set := any(nil), func(any) {}
	switch v := v.(type) {
	case map[string]any:
		child, set = v[key.(string)], func(to any) { v[key.(string)] = to }
	case []any:
		child, set = v[key.(int)], func(to any) { v[key.(int)] = to }
	}
	_, isMap := child.(map[string]any)
	_, isList := child.([]any)
	if (isMap || isList) && random.IntN(8) > 0 {
		disturb(random, child)
		return
	}
	values := []any{nil, "", "text", int64(7), int64(-1), 1.5, true, map[string]any{}, []any{}, []any{"a"}, map[string]any{"a": "b"}}
	if m, ok := v.(map[string]any); ok && random.IntN(3) == 0 {
		if random.IntN(2) == 0 {
			delete(m, key.(string))
		} else {
			m[[]string{"type", "filters", "sessionPersistence", "status", "unknown"}[random.IntN(5)]] = values[random.IntN(len(values))]
		}
		return
	}
	set(values[random.IntN(len(values))])
}
