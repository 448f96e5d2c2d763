package rules

import (
	"strings"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// apiNames are the names that descriptors declare.
type apiNames struct {
	set      *descriptor.Set
	services []string
	packages map[string]bool
}

func namesOf(set *descriptor.Set) *apiNames {
	n := &apiNames{set: set, packages: map[string]bool{}}
	for _, s := range set.Services() {
		n.services = append(n.services, string(s.FullName()))
		n.packages[packageOf(string(s.FullName()))] = true
	}
	return n
}

// packageOf is the package in the full name of a service.
func packageOf(service string) string {
	return service[:max(strings.LastIndexByte(service, '.'), 0)]
}

// renamed returns the only service of the same simple name in another package,
// where the package that a route names has no services any more; "" for none.
func (n *apiNames) renamed(service string) string {
	if n.packages[packageOf(service)] {
		return ""
	}
	simple, found := service[strings.LastIndexByte(service, '.')+1:], ""
	for _, other := range n.services {
		if other[strings.LastIndexByte(other, '.')+1:] != simple {
			continue
		}
		if found != "" {
			return ""
		}
		found = other
	}
	return found
}

// ofLibrary reports whether a service comes with gRPC libraries: health,
// reflection, channelz. Servers have it without a .proto file of their own.
func ofLibrary(service string) bool { return strings.HasPrefix(service, "grpc.") }

// eachNamed calls f for each Exact match that names a service, where descriptors
// are given.
func eachNamed(p *lint.Pass, f func(n *apiNames, doc *manifest.Document, path manifest.Path, service, method string)) {
	if p.Options.Descriptors == nil {
		return
	}
	n := namesOf(p.Options.Descriptors)
	eachMethod(p, func(doc *manifest.Document, rule, match int, m *gatewayv1.GRPCMethodMatch) {
		service := deref(m.Service, "")
		if !isRegex(m) && service != "" && !strings.HasPrefix(service, ".") && !strings.Contains(service, "/") {
			f(n, doc, methodPath(rule, match), service, deref(m.Method, ""))
		}
	})
}
