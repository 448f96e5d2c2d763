package rules

import (
	"fmt"
	"iter"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	corev1 "k8s.io/api/core/v1"
)

// targetName names what a backendRef refers to: `Service "shop/users"`.
func targetName(b *topology.Backend) string {
	return fmt.Sprintf("%s %q", b.Kind, b.Namespace+"/"+b.Name)
}

// refusalOf returns why a reference does not resolve, unless that is only a
// possibility.
func refusalOf(b *topology.Backend) *topology.Refusal {
	if b.Refusal == nil || b.Refusal.Certainty == diag.Unknown {
		return nil
	}
	return b.Refusal
}

// ownRoutes walks the routes that a profile has to answer for: with several
// implementations in one input, those with a parent of its own. What no Gateway
// of the input decides goes with the first of them.
func ownRoutes(t *topology.Topology) iter.Seq[*topology.Route] {
	first := !t.Options.Auto || topology.Profiles(t.Set)[0] == t.Profile
	own := func(r *topology.Route) bool {
		for _, p := range r.Parents {
			if !p.Foreign && (first || p.Gateway != nil || p.Set != nil) {
				return true
			}
		}
		return first && len(r.Parents) == 0
	}
	return func(yield func(*topology.Route) bool) {
		for _, r := range t.Routes {
			if own(r) && !yield(r) {
				return
			}
		}
	}
}

// references walks every reference to a backend, the targets of mirrors included,
// of some routes.
func references(routes iter.Seq[*topology.Route]) iter.Seq[*topology.Backend] {
	return func(yield func(*topology.Backend) bool) {
		for route := range routes {
			for _, rule := range route.Rules {
				if !ruleReferences(rule, yield) {
					return
				}
			}
		}
	}
}

func ruleReferences(rule *topology.Rule, yield func(*topology.Backend) bool) bool {
	mirrors := func(filters []*topology.Filter) bool {
		for _, f := range filters {
			if f.Mirror != nil && !yield(f.Mirror) {
				return false
			}
		}
		return true
	}
	for _, b := range rule.Backends {
		if !yield(b) || !mirrors(b.Filters) {
			return false
		}
	}
	return mirrors(rule.Filters)
}

// backends walks the backendRefs of the GRPCRoutes that a profile answers for.
func backends(t *topology.Topology) iter.Seq[*topology.Backend] {
	return func(yield func(*topology.Backend) bool) {
		for rule := range grpcRules(t) {
			for _, b := range rule.Backends {
				if !yield(b) {
					return
				}
			}
		}
	}
}

// grpcRules walks the rules of the GRPCRoutes that a profile answers for.
func grpcRules(t *topology.Topology) iter.Seq[*topology.Rule] {
	return func(yield func(*topology.Rule) bool) {
		for route := range ownRoutes(t) {
			if route.GRPC == nil {
				continue
			}
			for _, rule := range route.Rules {
				if !yield(rule) {
					return
				}
			}
		}
	}
}

// dial says how the implementation dials a Service port for a GRPCRoute.
func dial(p *lint.Pass, b *topology.Backend, appProtocol *string) profile.Protocol {
	return p.Profile.Backends.Dial(profile.PortFacts{
		Name:        b.ServicePort.Name,
		Port:        b.ServicePort.Port,
		AppProtocol: appProtocol,
		TLS:         b.Policy != nil && (b.Policy.Refusal == nil || b.Policy.Refusal.Certainty == diag.Unknown),
	})
}

// portPath leads to a field of the port that a backendRef resolved to, in its
// Service.
func portPath(b *topology.Backend, field string) manifest.Path {
	for i := range b.Service.Value.Spec.Ports {
		if &b.Service.Value.Spec.Ports[i] == b.ServicePort {
			return at("spec", "ports", i, field)
		}
	}
	return at("spec", "ports")
}

// serviceNames lists the Services of each namespace, in input order.
func serviceNames(set *manifest.Set) map[string][]string {
	names := map[string][]string{}
	for _, s := range set.ServiceRefs() {
		names[s.Namespace] = append(names[s.Namespace], s.Name)
	}
	return names
}

// servicePorts lists a Service's ports: "80, 443 (https)".
func servicePorts(s *corev1.Service) string {
	var out []string
	for _, p := range s.Spec.Ports {
		text := fmt.Sprint(p.Port)
		if p.Name != "" {
			text += " (" + p.Name + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// share writes weight/total as an exact fraction and a percentage: "1/3 (33.3%)".
func share(weight, total int64) string {
	a, b := weight, total
	for b != 0 {
		a, b = b, a%b
	}
	percent := strings.TrimSuffix(fmt.Sprintf("%.1f", float64(weight)*100/float64(total)), ".0")
	return fmt.Sprintf("%d/%d (%s%%)", weight/a, total/a, percent)
}

// codeNames are the names of gRPC status codes, as the gRPC documents spell them.
var codeNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
	"DATA_LOSS", "UNAUTHENTICATED",
}

// codeOf names the status a client gets.
func codeOf(a profile.Answer) string {
	if a.GRPC < 0 || a.GRPC >= len(codeNames) {
		return fmt.Sprint(a.GRPC)
	}
	return codeNames[a.GRPC]
}
