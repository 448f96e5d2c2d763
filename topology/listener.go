package topology

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Listener is one listener of a Gateway or of a ListenerSet.
type Listener struct {
	Gateway      *Gateway
	Set          *ListenerSet // nil for a Gateway's own
	Index        int          // in the object that defines it; -1 for a synthetic one
	Name         string
	Port         int32  // 0 for a synthetic one
	Protocol     string // "" for a synthetic one
	Hostname     string // lower case; "" for none
	TLS          *gatewayv1.ListenerTLSConfig
	Kinds        []profile.GroupKind // route kinds it takes, after defaulting and validation
	KindsUnknown bool                // an implementation-defined protocol: the kinds are unknown
	Certificates []*Certificate      // one per certificateRef
	// Refusals make the listener unusable: conflicts, protocol, no usable
	// certificate. A refusal of a kind entry or of one certificate is in Problems.
	Refusals []*Refusal
	Problems []*Refusal
	// Attached are the accepted attachments in route order, and those that may be:
	// with a Refusal of Certainty Unknown.
	Attached []*Attachment

	allowed    *gatewayv1.AllowedRoutes
	verdicts   map[string]verdict // on namespaces, by name
	conflicted bool
	contested  *Refusal // a conflict that it may lose
	miss       *Refusal // what it says to routes of other hostnames
	why        string   // why a synthetic listener is less than certain
}

// Doc returns the document the listener is written in, nil for a synthetic one.
func (l *Listener) Doc() *manifest.Document {
	switch {
	case l.Set != nil && l.Set.Object != nil:
		return l.Set.Object.Doc
	case l.Set == nil && l.Gateway.Object != nil:
		return l.Gateway.Object.Doc
	}
	return nil
}

// Path returns where the listener stands in its document.
func (l *Listener) Path(more ...any) manifest.Path {
	return append(manifest.Path{"spec", "listeners", l.Index}, more...)
}

// Usable reports whether the listener's routes are served, as far as the input
// shows.
func (l *Listener) Usable() bool {
	if l.Set != nil && refused(l.Set.Refusal) {
		return false
	}
	p := l.Gateway.Profile
	return p != nil && p.Transport.ServesInvalid || !slices.ContainsFunc(l.Refusals, refused)
}

// String names the listener with the object that defines it.
func (l *Listener) String() string {
	if l.Set != nil {
		return fmt.Sprintf("listener %q of ListenerSet %s", l.Name, l.Set.Object.Doc.Ref.Key())
	}
	return fmt.Sprintf("listener %q of Gateway %s", l.Name, l.Gateway.Key())
}

// namespace is the one that allowedRoutes "Same" means.
func (l *Listener) namespace() string {
	if l.Set != nil {
		return l.Set.Object.Doc.Ref.Namespace
	}
	return l.Gateway.Namespace
}

// listenerFields are what Gateways and ListenerSets write alike.
type listenerFields struct {
	name     gatewayv1.SectionName
	hostname *gatewayv1.Hostname
	port     gatewayv1.PortNumber
	protocol gatewayv1.ProtocolType
	tls      *gatewayv1.ListenerTLSConfig
	allowed  *gatewayv1.AllowedRoutes
}

// listener fills in a listener; conflicts with others come later.
func (x *resolver) listener(l *Listener, f *listenerFields) *Listener {
	l.Name, l.Port, l.Protocol = string(f.name), int32(f.port), string(f.protocol)
	l.TLS, l.allowed = f.tls, f.allowed
	if f.hostname != nil {
		l.Hostname = NormalizeHostname(string(*f.hostname))
	}
	if served := x.Profile.Transport.ListenerProtocols; served != nil && !contains(served, l.Protocol) {
		l.refuse(&Refusal{
			Reason:  "UnsupportedProtocol",
			Message: fmt.Sprintf("protocol %q is not served by %s: expected one of %s", l.Protocol, x.Profile.Title, strings.Join(served, ", ")),
			Path:    l.Path("protocol"),
		})
	}
	x.kinds(l)
	x.listenerTLS(l)
	return l
}

func (l *Listener) refuse(r *Refusal) {
	r.Doc = l.Doc()
	l.Refusals = append(l.Refusals, r)
}

// protocolKinds are the route kinds of each protocol by default (Gateway API site,
// concepts/api-overview, "Route summary table").
var protocolKinds = map[string][]string{
	"HTTP":  {"HTTPRoute", "GRPCRoute"},
	"HTTPS": {"HTTPRoute", "GRPCRoute"},
	"TLS":   {"TLSRoute"},
	"TCP":   {"TCPRoute"},
	"UDP":   {"UDPRoute"},
}

// kinds works out which route kinds a listener takes. An entry of
// allowedRoutes.kinds that the protocol cannot carry is left out, valid ones stay
// (GA apis/v1/gateway_types.go, ListenerStatus.SupportedKinds).
func (x *resolver) kinds(l *Listener) {
	byProtocol, known := protocolKinds[l.Protocol]
	l.KindsUnknown = !known
	if l.allowed == nil || len(l.allowed.Kinds) == 0 {
		for _, kind := range byProtocol {
			l.Kinds = append(l.Kinds, profile.GroupKind{Group: gatewayv1.GroupName, Kind: kind})
		}
		return
	}
	for i, k := range l.allowed.Kinds {
		kind := profile.GroupKind{Group: gatewayv1.GroupName, Kind: string(k.Kind)}
		if k.Group != nil {
			kind.Group = string(*k.Group)
		}
		carried := kind.Group == gatewayv1.GroupName && contains(byProtocol, kind.Kind)
		// Whether TLS with mode Terminate carries HTTP is open: the hostname page
		// mentions it, the table of route kinds does not.
		open := l.Protocol == "TLS" && l.terminates() && contains(protocolKinds["HTTPS"], kind.Kind)
		if carried || open || l.KindsUnknown || x.Profile.Transport.AnyProtocolBinds {
			l.Kinds = append(l.Kinds, kind)
		}
		l.KindsUnknown = l.KindsUnknown || open && !x.Profile.Transport.AnyProtocolBinds
		if carried || !known {
			continue
		}
		r := &Refusal{
			Reason:  "InvalidRouteKinds",
			Message: fmt.Sprintf("protocol %s carries no %s: expected one of %s", l.Protocol, kind.Kind, strings.Join(byProtocol, ", ")),
			Doc:     l.Doc(),
			Path:    l.Path("allowedRoutes", "kinds", i),
		}
		if kind.Group != gatewayv1.GroupName && contains(byProtocol, kind.Kind) {
			r.Message = fmt.Sprintf("group %q has no kind %s: expected %q", kind.Group, kind.Kind, gatewayv1.GroupName)
		}
		if open {
			r.Certainty = diag.Unknown
		}
		l.Problems = append(l.Problems, r)
	}
}

func (l *Listener) terminates() bool {
	return l.TLS != nil && (l.TLS.Mode == nil || *l.TLS.Mode == gatewayv1.TLSModeTerminate)
}

// listenerTLS resolves the certificates of a listener. CEL lets protocol HTTPS
// without tls pass, though it can serve nothing.
func (x *resolver) listenerTLS(l *Listener) {
	if l.TLS == nil {
		if l.Protocol == "HTTPS" && !x.Profile.Transport.NoTLS {
			l.refuse(&Refusal{
				Reason:  "Invalid",
				Message: "protocol HTTPS needs tls with certificateRefs",
				Path:    l.Path("protocol"),
			})
		}
		return
	}
	usable := len(l.TLS.CertificateRefs) == 0
	for i := range l.TLS.CertificateRefs {
		c := x.certificate(&l.TLS.CertificateRefs[i], l.Doc(), l.Path("tls", "certificateRefs", i), "InvalidCertificateRef")
		l.Certificates = append(l.Certificates, c)
		if c.Refusal != nil {
			l.Problems = append(l.Problems, c.Refusal)
		}
		usable = usable || !refused(c.Refusal)
	}
	if !usable && !x.Profile.Transport.NoTLS {
		l.Refusals = append(l.Refusals, l.Certificates[0].Refusal)
	}
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
