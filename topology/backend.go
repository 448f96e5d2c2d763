package topology

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Backend is one backendRef, resolved.
type Backend struct {
	Rule                         *Rule
	Index                        int    // -1 for the target of a mirror
	Group, Kind, Namespace, Name string // defaults filled in
	Port                         int32  // 0 when not given
	Weight                       int32  // 1 when not given
	Service                      *manifest.Object[corev1.Service]
	Import                       *manifest.Object[manifest.ServiceImport]
	ServicePort                  *corev1.ServicePort // of Service or Import; nil when not found
	Policy                       *Policy             // the BackendTLSPolicy that covers the port
	Filters                      []*Filter
	// Refusal is why the reference does not resolve. Certainty Unknown: the
	// object is not in the input; Reason is then what would be reported if it
	// does not exist.
	Refusal *Refusal
	// Certainty of a reference without a refusal: Assumed when objects are assumed
	// to exist, Unknown when the input does not show which policy covers it.
	Certainty diag.Certainty
	Why       string
	// Unseen is what is wrong with the reference and the implementation does not
	// look at: no status tells, and calls that are sent there fail. nil otherwise.
	Unseen *Refusal
	// Status is the HTTP status that the share is answered with instead of being
	// dialled, in a configuration that says so; 0 for none.
	Status int

	place      *place
	assumedTLS bool // a policy that the input lacks covers the port, by --assume=present
}

// Path returns where the reference stands in its route.
func (b *Backend) Path(more ...any) manifest.Path { return join(b.place.at(), more...) }

// Label names the backend for people: "NS/NAME:PORT", without a namespace for a
// host, and without a port where there is none.
func (b *Backend) Label() string {
	name := b.Name
	if b.Port != 0 {
		name = net.JoinHostPort(b.Name, strconv.Itoa(int(b.Port)))
	}
	if b.Namespace == "" {
		return name
	}
	return b.Namespace + "/" + name
}

func (b *Backend) key() string { return b.Namespace + "/" + b.Name }

// refuse keeps the first refusal that holds, before any that may not hold: what
// is certain does not become uncertain because of an earlier doubt.
func (b *Backend) refuse(reason, message string, certainty diag.Certainty, field ...any) *Refusal {
	r := b.refusal(reason, message, certainty, field...)
	if b.Refusal == nil || !refused(b.Refusal) && refused(r) {
		b.Refusal = r
	}
	return r
}

func (b *Backend) refusal(reason, message string, certainty diag.Certainty, field ...any) *Refusal {
	return &Refusal{Reason: reason, Message: message, Doc: b.Rule.Route.Doc, Path: b.place.below(field), Certainty: certainty}
}

func (b *Backend) doubt(c diag.Certainty, why string) {
	if c > b.Certainty {
		b.Certainty, b.Why = c, why
	}
}

var serviceKind = profile.GroupKind{Kind: "Service"}

// backend resolves a reference: its kind, the grant, whether object and port
// exist, then what the port speaks. The grant comes before existence, so that
// nothing about the other namespace leaks (Gateway API site,
// api-types/referencegrant). from is the kind that a grant must name.
func (x *resolver) backend(rule *Rule, index int, at *place, ref *gatewayv1.BackendRef, from string) *Backend {
	b := &Backend{
		Rule:      rule,
		Index:     index,
		Group:     string(value(ref.Group, "")),
		Kind:      string(value(ref.Kind, "Service")),
		Namespace: string(value(ref.Namespace, gatewayv1.Namespace(rule.Route.Namespace))),
		Name:      string(ref.Name),
		Port:      int32(value(ref.Port, 0)),
		Weight:    value(ref.Weight, 1),
		place:     at,
	}
	knobs := &x.Profile.Backends
	if b.Weight == 0 && knobs.ZeroWeightUnchecked {
		return b
	}
	kind := profile.GroupKind{Group: b.Group, Kind: b.Kind}
	if b.Group == "core" && knobs.CoreGroupAlias || b.Kind == serviceKind.Kind && knobs.GroupUnchecked {
		kind.Group = ""
	}
	if kind != serviceKind && !slices.Contains(knobs.Kinds, kind) {
		if knobs.KindsOpen && !ofKubernetes(kind.Group) {
			b.refuse(invalidKind, fmt.Sprintf("whether kind %s of group %q is a backend is for the implementation to say", b.Kind, b.Group), diag.Unknown, "kind")
			return b
		}
		b.refuse(invalidKind, fmt.Sprintf("kind %s of group %q is no backend for %s: expected %s", b.Kind, b.Group, x.Profile.Title, backendKinds(knobs)), diag.Certain, "kind")
		return b
	}
	if b.Namespace != rule.Route.Namespace && !knobs.GrantsIgnored {
		allowed := x.permission(grant{
			from:          profile.GroupKind{Group: gatewayv1.GroupName, Kind: from},
			fromNamespace: rule.Route.Namespace,
			to:            kind,
			namespace:     b.Namespace,
			name:          b.Name,
		})
		if !allowed.exists {
			b.refuse(refNotPermitted, allowed.why, allowed.certainty, "namespace")
		}
		b.doubt(allowed.certainty, allowed.why)
		if refused(b.Refusal) {
			return b
		}
	}
	x.target(b, kind)
	return b
}

// ofKubernetes reports whether a group is one of Kubernetes itself, or that of the
// Gateway API: of their kinds it is known which take calls. Names below k8s.io with
// more labels belong to projects beside it (kubernetes/enhancements KEP-2337).
func ofKubernetes(group string) bool {
	label, isBuiltIn := strings.CutSuffix(group, ".k8s.io")
	return !strings.Contains(group, ".") || group == gatewayv1.GroupName || isBuiltIn && !strings.Contains(label, ".")
}

func backendKinds(knobs *profile.Backends) string {
	kinds := []string{"Service"}
	for _, k := range knobs.Kinds {
		kinds = append(kinds, k.Kind+" of "+k.Group)
	}
	return strings.Join(kinds, ", ")
}

// target finds the object that a reference names and its port.
func (x *resolver) target(b *Backend, kind profile.GroupKind) {
	switch kind {
	case serviceKind:
		if b.Service = x.Set.Services.Get(b.Namespace, b.Name); b.Service != nil {
			x.servicePort(b)
			return
		}
	case profile.GroupKind{Group: "multicluster.x-k8s.io", Kind: "ServiceImport"}:
		if b.Import = x.Set.ServiceImports.Get(b.Namespace, b.Name); b.Import != nil {
			b.ServicePort = importPort(b.Import.Value, b.Port)
			x.port(b, b.Import.Doc)
			return
		}
	}
	knobs := &x.Profile.Backends
	if slices.Contains(knobs.NoPortKinds, kind) && b.Port != 0 {
		b.refuse(backendNotFound, fmt.Sprintf("a reference to kind %s has no port", b.Kind), diag.Certain, "port")
		return
	}
	gone := x.missing(kind.Group, b.Kind, b.Namespace, b.Name)
	if gone.certainty == diag.Unknown || !gone.exists {
		if knobs.ExistenceIgnored {
			b.Unseen = b.refusal(backendNotFound, gone.why, gone.certainty, "name")
			return
		}
		b.refuse(backendNotFound, gone.why, gone.certainty, "name")
	}
	if refused(b.Refusal) {
		return
	}
	b.doubt(gone.certainty, gone.why)
	b.Policy = x.policyFor(b, "")
}

// servicePort finds the port of a Service by its number, which is not the target
// port.
func (x *resolver) servicePort(b *Backend) {
	for i := range b.Service.Value.Spec.Ports {
		p := &b.Service.Value.Spec.Ports[i]
		if p.Port == b.Port && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP) {
			b.ServicePort = p
			break
		}
	}
	if b.Service.Value.Spec.Type == corev1.ServiceTypeExternalName {
		message := fmt.Sprintf("Service %s is of type ExternalName", b.key())
		switch x.Profile.Backends.ExternalName {
		case profile.Rejected:
			b.refuse(unsupportedValue, message+", which is not supported", diag.Certain, "name").
				see(b.Service.Doc, manifest.Path{"spec", "type"}, "the Service's type")
			return
		case profile.Unknown:
			b.refuse(unsupportedValue, message+", which implementations should not support", diag.Unknown, "name").
				see(b.Service.Doc, manifest.Path{"spec", "type"}, "the Service's type")
		}
		if len(b.Service.Value.Spec.Ports) == 0 {
			return // an ExternalName needs no ports
		}
	}
	x.port(b, b.Service.Doc)
}

func importPort(s *manifest.ServiceImport, port int32) *corev1.ServicePort {
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		if p.Port == port && (p.Protocol == "" || p.Protocol == "TCP") {
			return &corev1.ServicePort{Name: p.Name, Port: p.Port, AppProtocol: p.AppProtocol}
		}
	}
	return nil
}

// port refuses a port that does not exist, or that speaks what the route cannot
// use.
func (x *resolver) port(b *Backend, doc *manifest.Document) {
	knobs := &x.Profile.Backends
	if b.ServicePort == nil {
		if knobs.PortUnchecked {
			b.Unseen = x.unseenPort(b, doc)
		} else {
			reason, message := backendNotFound, fmt.Sprintf("%s has no TCP port %d%s", doc.Ref, b.Port, x.portHint(b))
			if knobs.PortReason != "" {
				reason = knobs.PortReason
			}
			if b.Port == 0 {
				message = fmt.Sprintf("a reference to %s needs a port", doc.Ref)
			}
			b.refuse(reason, message, diag.Certain, "port").see(doc, manifest.Path{"spec", "ports"}, "the ports of %s", doc.Ref)
		}
		return
	}
	b.Policy = x.policyFor(b, b.ServicePort.Name)
	dial := knobs.Dial(b.Facts())
	if dial.NeedsPolicy && x.Options.Assume == AssumePresent {
		b.assumedTLS = true
		b.doubt(diag.Assumed, fmt.Sprintf("a BackendTLSPolicy for %s is not in the input and is assumed to exist", doc.Ref))
		dial = knobs.Dial(b.Facts())
	}
	if dial.Reason == "" {
		return
	}
	certainty := diag.Certain
	switch {
	case dial.NeedsPolicy && x.Options.Assume == AssumeAbsent:
		certainty = diag.Assumed
	case dial.NeedsPolicy || dial.Unsure:
		certainty = diag.Unknown
	}
	r := b.refuse(dial.Reason, dial.Message, certainty, "port")
	if b.Service != nil {
		for i := range b.Service.Value.Spec.Ports {
			if &b.Service.Value.Spec.Ports[i] == b.ServicePort {
				r.see(doc, manifest.Path{"spec", "ports", i, "appProtocol"}, "the port's appProtocol")
			}
		}
	}
}

// Facts are what decides how the port of a backend is dialled; it must have one.
func (b *Backend) Facts() profile.PortFacts {
	return profile.PortFacts{
		Name:        b.ServicePort.Name,
		Port:        b.ServicePort.Port,
		AppProtocol: b.ServicePort.AppProtocol,
		TLS:         b.assumedTLS || b.Policy != nil && !refused(b.Policy.Refusal),
		HTTPRoute:   b.Rule.Route.HTTP != nil,
	}
}
