package convert

import (
	"regexp"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// CallNames reads "/shop.Users/Get", "/shop.Users/" or "/shop.Users" as a gRPC path:
// the full name of a service in a package, whose own name begins with a capital,
// and a method that does so, too. Paths of other APIs hardly look like that.
func CallNames(path string) (service, method string, ok bool) {
	service, method, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	at := strings.LastIndexByte(service, '.')
	ok = strings.HasPrefix(path, "/") && at > 0 && startsUpper(service[at+1:]) && serviceName.MatchString(service)
	return service, method, ok && (method == "" || startsUpper(method) && methodName.MatchString(method))
}

func startsUpper(name string) bool { return name != "" && 'A' <= name[0] && name[0] <= 'Z' }

// serviceName and methodName are what an Exact match may hold (GA
// apis/v1/grpcroute_types.go, GRPCMethodMatch).
var (
	serviceName = regexp.MustCompile(`^\.?[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*$`)
	methodName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`)
)

// servicePattern is what expressions for the paths of services in packages begin
// with: "/shop\.Users".
var servicePattern = regexp.MustCompile(`^\^?/[(?:]*([a-z_][A-Za-z_0-9]*\\?\.)+[(?:]*[A-Z\[(]`)

// IsGRPC reports whether an HTTPRoute plainly takes gRPC calls: one of its matches
// has the path of a service in a package and takes POST.
func IsGRPC(r *gatewayv1.HTTPRoute) bool {
	for i := range r.Spec.Rules {
		for j := range r.Spec.Rules[i].Matches {
			if looksGRPC(&r.Spec.Rules[i].Matches[j]) {
				return true
			}
		}
	}
	return false
}

func looksGRPC(m *gatewayv1.HTTPRouteMatch) bool {
	if m.Path == nil || deref(m.Method, gatewayv1.HTTPMethodPost) != gatewayv1.HTTPMethodPost || otherProtocol(m) {
		return false
	}
	value := deref(m.Path.Value, "")
	switch deref(m.Path.Type, gatewayv1.PathMatchPathPrefix) {
	case gatewayv1.PathMatchRegularExpression:
		return servicePattern.MatchString(value)
	case gatewayv1.PathMatchExact:
		_, method, ok := CallNames(value)
		return ok && method != ""
	}
	_, _, ok := CallNames(value)
	return ok
}

// otherProtocol reports whether a match asks for a content type that is not
// gRPC's.
func otherProtocol(m *gatewayv1.HTTPRouteMatch) bool {
	for _, h := range m.Headers {
		if strings.EqualFold(string(h.Name), "content-type") && (!strings.Contains(h.Value, "grpc") || strings.Contains(h.Value, "grpc-web")) {
			return true
		}
	}
	return false
}

func deref[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
