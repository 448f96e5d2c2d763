package admission_test

import (
	"fmt"
	"strings"
	"testing"
)

type object = map[string]any

func long(n int) string { return strings.Repeat("a", n) }

// numbered returns n values of different names.
func numbered(n int, value func(name string) any) []any {
	var out []any
	for i := range n {
		out = append(out, value(fmt.Sprintf("%s%02d", long(60), i)))
	}
	return out
}

func always(v any) func(string) any { return func(string) any { return v } }

func header(name string) any { return object{"name": name, "value": "v"} }

func largeFilters() []any {
	mirror := object{"type": "RequestMirror", "requestMirror": object{
		"backendRef": object{"name": long(253), "port": int64(1)}, "fraction": object{"numerator": int64(1)},
	}}
	return numbered(16, always(mirror))
}

// largeRoute is a route with as many parents, hosts, rules, matches, backends and
// filters as the schema allows.
func largeRoute(match any) object {
	return object{
		"parentRefs": numbered(32, func(name string) any {
			return object{"name": long(253), "namespace": long(63), "sectionName": name, "group": long(253), "kind": long(63)}
		}),
		"hostnames": numbered(16, func(name string) any { return name + ".example.com" }),
		"rules": numbered(16, func(name string) any {
			return object{
				"name": name, "matches": numbered(8, always(match)), "filters": largeFilters(),
				"backendRefs": numbered(16, always(object{"name": long(253), "port": int64(1), "filters": largeFilters()})),
			}
		}),
	}
}

func largeListener(name string) any {
	return object{
		"name": name, "hostname": name + "." + long(63) + "." + long(63) + ".com", "port": int64(443), "protocol": "HTTPS",
		"tls":           object{"mode": "Terminate", "certificateRefs": numbered(64, always(object{"name": long(253)}))},
		"allowedRoutes": object{"kinds": numbered(8, always(object{"kind": "GRPCRoute"}))},
	}
}

// TestLargest builds objects with as much to evaluate as the schema lets through
// to the rules, in the channel that has the most of them: even there the server stays within its budgets, so that not counting
// costs never gives another verdict.
func TestLargest(t *testing.T) {
	tests := map[string]object{
		"GRPCRoute": largeRoute(object{"method": object{"service": long(1024), "method": long(1024)}, "headers": numbered(16, header)}),
		"HTTPRoute": largeRoute(object{"path": object{"type": "PathPrefix", "value": "/" + long(1023)}, "headers": numbered(16, header), "queryParams": numbered(16, header)}),
		"Gateway": {
			"gatewayClassName": "a", "listeners": numbered(64, largeListener),
			"addresses": numbered(16, func(name string) any { return object{"type": "Hostname", "value": name + "." + long(63) + ".com"} }),
		},
	}
	for kind, spec := range tests {
		t.Run(kind, func(t *testing.T) {
			r := findReference(t, "experimental", "gateway.networking.k8s.io/v1", kind)
			o := object{"apiVersion": r.apiVersion(), "kind": kind, "metadata": object{"name": "a", "namespace": "default"}, "spec": spec}
			if f := r.server.Check(r.document(o)); len(f) > 0 {
				t.Fatalf("the largest object is refused: %+v", f[0])
			}
			if d := compare(r, o); d != "" {
				t.Error(d)
			}
		})
	}
}
