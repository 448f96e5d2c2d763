package manifest_test

import (
	"slices"
	"testing"

	"github.com/grpcroute/grpcroute/manifest"
)

const presenceText = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: users, namespace: shop}
- apiVersion: v1
  kind: Namespace
  metadata: {name: empty}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: users, namespace: routes}
spec: {rules: [{backendRefs: [{name: users, port: 1}]}]}
`

// TestPresence asks a set that was read, and one that was put together.
func TestPresence(t *testing.T) {
	whole := read(t, presenceText)
	for name, set := range map[string]*manifest.Set{"read": whole, "put together": {Documents: whole.Documents, GRPCRoutes: whole.GRPCRoutes}} {
		for namespace, want := range map[string]bool{"shop": true, "empty": true, "routes": true, "users": false, "default": false} {
			if got := set.HasNamespace(namespace); got != want {
				t.Errorf("%s: HasNamespace(%q) is %v, want %v", name, namespace, got, want)
			}
		}
	}
}

// TestItems finds the places of items in their List.
func TestItems(t *testing.T) {
	want := [][]int{{0}, {1}, nil}
	for i, doc := range read(t, presenceText).Documents {
		if got := doc.Items(); !slices.Equal(got, want[i]) {
			t.Errorf("items of %s are %v, want %v", doc.Ref, got, want[i])
		}
	}
}
