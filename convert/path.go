package convert

import (
	"fmt"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// names is a method match: "" takes any name.
type names struct {
	regex           bool
	service, method string
}

func (n names) any() bool { return n.service == "" && n.method == "" }

// pathNames returns the method matches that together take the gRPC calls which a
// path match takes. Why says what stands against it.
func pathNames(m *gatewayv1.HTTPPathMatch) (list []names, why, hint string) {
	kind, value := gatewayv1.PathMatchPathPrefix, "/"
	if m != nil {
		kind, value = deref(m.Type, kind), deref(m.Value, value)
	}
	switch kind {
	case gatewayv1.PathMatchExact:
		n, ok := literalNames(value)
		if !ok || n.method == "" {
			return nil, fmt.Sprintf("no gRPC call has the path %q: one is \"/SERVICE/METHOD\"", value), keepHTTP
		}
		return checked(n, value)
	case gatewayv1.PathMatchPathPrefix:
		// By whole segments; a trailing slash makes no difference (GA
		// apis/v1/httproute_types.go, PathMatchPathPrefix).
		prefix := strings.TrimSuffix(value, "/")
		if prefix == "" {
			return []names{{}}, "", ""
		}
		n, ok := literalNames(prefix)
		if !ok {
			return nil, fmt.Sprintf("no gRPC call has a path below %q: one is \"/SERVICE/METHOD\"", value), keepHTTP
		}
		return checked(n, value)
	case gatewayv1.PathMatchRegularExpression:
		list, err := splitPattern(value)
		if err != nil {
			return nil, err.Error(), "write one match for each service, as \"/pkg\\.Service/(Get|List)\""
		}
		return list, "", ""
	}
	return nil, fmt.Sprintf("its path type %q is not known", kind), "Exact, PathPrefix and RegularExpression are"
}

// keepHTTP is the hint for what no GRPCRoute can do.
const keepHTTP = "leave it in an HTTPRoute of its own, on another host where the two kinds cannot share one"

// literalNames reads "/service" and "/service/method".
func literalNames(path string) (n names, ok bool) {
	n.service, n.method, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	ok = strings.HasPrefix(path, "/") && n.service != "" && !strings.Contains(n.method, "/") && !strings.HasSuffix(path, "/")
	return n, ok
}

// checked refuses names that an Exact match may not hold.
func checked(n names, path string) ([]names, string, string) {
	switch {
	case !serviceName.MatchString(n.service):
		return nil, fmt.Sprintf("%q in path %q is no name of a service, and a GRPCRoute matches no other exactly", n.service, path), keepHTTP
	case n.method != "" && !methodName.MatchString(n.method):
		return nil, fmt.Sprintf("%q in path %q is no name of a method, and a GRPCRoute matches no other exactly", n.method, path), keepHTTP
	}
	return []names{n}, "", ""
}
