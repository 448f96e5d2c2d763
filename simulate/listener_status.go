package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// dataPlane is the note on Programmed=True, which no file can show.
const dataPlane = "assumes that the data plane runs and has an address"

// listener predicts the status of one listener.
func (s *predictor) listener(l *topology.Listener) ListenerStatus {
	status := ListenerStatus{Listener: l, SupportedKinds: s.supportedKinds(l)}
	for _, a := range l.Attached {
		if a.Parent.Route.Kind == "GRPCRoute" || a.Parent.Route.Kind == "HTTPRoute" {
			s.count(&status, a)
		}
	}
	if s.t.Profile.Status.ListenersAlwaysValid {
		for _, c := range []struct{ conditionType, reason string }{{"Accepted", "Accepted"}, {"Programmed", "Programmed"}, {"ResolvedRefs", "ResolvedRefs"}} {
			condition := s.condition("listener", c.conditionType, "True", c.reason, "")
			condition.Note = s.t.Profile.Name + " writes this whatever the listener says"
			status.Conditions = append(status.Conditions, condition)
		}
		return status
	}
	conflicted := s.conflicted(l)
	accepted := s.listenerAccepted(l, conflicted)
	refs := s.listenerRefs(l)
	if conflicted == nil || !s.t.Profile.Wording().ConflictedNotAccepted {
		status.Conditions = append(status.Conditions, accepted)
	}
	if conflicted != nil {
		status.Conditions = append(status.Conditions, *conflicted)
	} else if s.t.Profile.Wording().NoConflicts {
		status.Conditions = append(status.Conditions, s.condition("listener", "Conflicted", "False", "NoConflicts", "no other listener conflicts"))
	}
	status.Conditions = append(status.Conditions, refs, s.listenerProgrammed(l, conflicted, &accepted, &refs))
	if conflicted == nil && accepted.Status == "True" {
		status.Conditions = append(status.Conditions, s.advice(l)...)
	}
	return status
}

// count adds an attachment to the number of attached routes: those that are
// accepted on the listener, whatever its own condition (GA
// apis/v1/gateway_types.go, ListenerStatus.AttachedRoutes). A route counts once.
func (s *predictor) count(status *ListenerStatus, a *topology.Attachment) {
	if _, refused := s.refused[a.Parent.Route.Doc]; refused {
		return
	}
	for _, b := range status.Listener.Attached {
		if b == a {
			break
		}
		if b.Parent.Route == a.Parent.Route {
			return
		}
	}
	if a.Certainty == diag.Unknown {
		status.AttachedUnknown++
		return
	}
	invalid := s.invalidRules(a.Parent.Route)
	switch _, refused := s.rulesRefuse(a.Parent.Route, invalid); {
	case refused:
	case len(openRules(invalid)) > 0 && s.refuse(a.Parent.Route, invalid):
		status.AttachedUnknown++
	default:
		status.AttachedRoutes++
	}
}

// supportedKinds lists the route kinds of a listener; another group than the
// Gateway API's stands in front.
func (s *predictor) supportedKinds(l *topology.Listener) []string {
	kinds := []string{}
	if s.t.Profile.Status.ListenersAlwaysValid {
		return []string{"HTTPRoute", "GRPCRoute"}
	}
	if refusalIn(l.Refusals, "UnsupportedProtocol") != nil {
		return kinds
	}
	for _, k := range l.Kinds {
		// A kind may bind without being supported where protocols do not count.
		if s.t.Profile.Transport.AnyProtocolBinds && k.Kind != "GRPCRoute" && k.Kind != "HTTPRoute" {
			continue
		}
		if k.Group == gatewayv1.GroupName || k.Group == "" {
			kinds = append(kinds, k.Kind)
		} else {
			kinds = append(kinds, k.Group+"/"+k.Kind)
		}
	}
	return kinds
}

// refusalIn returns the first refusal with one of the reasons.
func refusalIn(list []*topology.Refusal, reasons ...string) *topology.Refusal {
	for _, reason := range reasons {
		for _, r := range list {
			if r.Reason == reason {
				return r
			}
		}
	}
	return nil
}

var (
	conflictReasons = []string{"ProtocolConflict", "HostnameConflict", "ListenerConflict", "TooManyListeners"}
	// refReasons are those of a listener's ResolvedRefs, the weightiest first:
	// RefNotPermitted has to be used where a missing grant is the cause (GA
	// apis/v1/gateway_types.go, ListenerReasonInvalidCertificateRef).
	refReasons = []string{"InvalidRouteKinds", "RefNotPermitted", "InvalidCertificateRef", "PartiallyInvalidCertificateRef", "InvalidCACertificateRef", "InvalidCACertificateKind"}
)

// conflicted predicts Conflicted=True, nil without a conflict.
func (s *predictor) conflicted(l *topology.Listener) *Condition {
	sure := slices.DeleteFunc(slices.Clone(l.Refusals), func(r *topology.Refusal) bool { return r.Certainty == diag.Unknown })
	r := cmp.Or(refusalIn(sure, conflictReasons...), refusalIn(l.Refusals, conflictReasons...))
	if r == nil {
		return nil
	}
	if r.Certainty == diag.Unknown {
		c := undetermined("Conflicted", "cannot be decided: "+r.Message+", and the input does not show which of them comes first", causeOf(r))
		return &c
	}
	c := s.condition("listener", "Conflicted", "True", r.Reason, r.Message)
	c.Certainty, c.Cause = r.Certainty, causeOf(r)
	return &c
}

// listenerAccepted predicts a listener's Accepted. A conflicted listener is not
// accepted for processing (GA apis/v1/gateway_types.go, GatewaySpec.Listeners).
func (s *predictor) listenerAccepted(l *topology.Listener, conflicted *Condition) Condition {
	if conflicted != nil {
		c := *conflicted
		if c.Type = "Accepted"; c.Status != Undetermined {
			c.Status = "False"
		}
		return c
	}
	for _, r := range l.Refusals {
		if slices.Contains(refReasons, r.Reason) {
			continue
		}
		if r.Certainty == diag.Unknown {
			return undetermined("Accepted", "cannot be decided: "+r.Message, causeOf(r))
		}
		c := s.condition("listener", "Accepted", "False", r.Reason, r.Message)
		c.Certainty, c.Cause = r.Certainty, causeOf(r)
		return c
	}
	if l.Index >= 0 && l.Protocol != "HTTP" && l.Protocol != "HTTPS" && !s.serves(l.Protocol) {
		return undetermined("Accepted", fmt.Sprintf("cannot be decided: whether %s serves protocol %q is not known", s.t.Profile.Name, l.Protocol), listenerCause(l, "protocol"))
	}
	return s.condition("listener", "Accepted", "True", "Accepted", "the listener is accepted")
}

// serves reports whether the profile says that listeners of a protocol are
// served. HTTP and HTTPS have to be (GA apis/v1/gateway_types.go, ProtocolType);
// the others are up to the implementation.
func (s *predictor) serves(protocol string) bool {
	words := s.t.Profile.Wording()
	return slices.Contains(s.t.Profile.Transport.ListenerProtocols, protocol) || slices.Contains(words.MoreProtocols, protocol)
}

// listenerRefs predicts a listener's ResolvedRefs.
func (s *predictor) listenerRefs(l *topology.Listener) Condition {
	all := append(slices.Clone(l.Refusals), l.Problems...)
	sure := slices.DeleteFunc(slices.Clone(all), func(r *topology.Refusal) bool { return r.Certainty == diag.Unknown })
	if r := refusalIn(sure, refReasons...); r != nil {
		c := s.condition("listener", "ResolvedRefs", "False", r.Reason, r.Message)
		c.Certainty, c.Cause = r.Certainty, causeOf(r)
		if c.Message != r.Message {
			c.Note = r.Message
		}
		return c
	}
	if r := refusalIn(all, refReasons...); r != nil {
		return undetermined("ResolvedRefs", "cannot be decided: "+r.Message, causeOf(r))
	}
	c := s.condition("listener", "ResolvedRefs", "True", "ResolvedRefs", "all references are resolved")
	c.Certainty = assumed(l.Certificates...)
	return c
}

// listenerProgrammed predicts Programmed: False follows from the other
// conditions, True is assumed, since it tells of the data plane.
func (s *predictor) listenerProgrammed(l *topology.Listener, conflicted, accepted, refs *Condition) Condition {
	words := s.t.Profile.Wording()
	no := func(c *Condition, reason string) Condition {
		p := s.condition("listener", "Programmed", "False", reason, c.Message)
		p.Certainty, p.Cause = c.Certainty, c.Cause
		return p
	}
	unusable := refs.Status == "False" && (words.RefsStopListener || refusalIn(l.Refusals, refReasons...) != nil ||
		len(l.Kinds) == 0 && !l.KindsUnknown && !words.KindsStopNothing)
	switch {
	case conflicted != nil && conflicted.Status == Undetermined:
		return undetermined("Programmed", conflicted.Message, conflicted.Cause)
	case conflicted != nil && words.InvalidReason:
		return no(conflicted, "Invalid")
	case conflicted != nil:
		return no(conflicted, conflicted.Reason)
	case accepted.Status == "False":
		return no(accepted, "Invalid")
	case unusable:
		c := no(refs, "Invalid")
		if text := s.t.Profile.Message("listener", "Programmed", "unresolved"); text != "" {
			c.Message = text
		}
		return c
	case accepted.Status == Undetermined:
		return undetermined("Programmed", accepted.Message, accepted.Cause)
	case refs.Status == Undetermined:
		return undetermined("Programmed", refs.Message, refs.Cause)
	}
	c := s.condition("listener", "Programmed", "True", "Programmed", "the listener is programmed")
	c.Certainty, c.Note = diag.Assumed, dataPlane
	return c
}

// advice predicts the conditions that warn without refusing anything.
func (s *predictor) advice(l *topology.Listener) []Condition {
	var list []Condition
	words := s.t.Profile.Wording()
	if c, ok := overlappingTLS(l); ok && !words.NoOverlappingTLS {
		list = append(list, c)
	}
	if words.Permissive != "" && l.Hostname == "" && takesAllNamespaces(l) {
		list = append(list, Condition{
			Type: words.Permissive, Status: "True", Reason: words.PermissiveReason,
			Message: "the listener takes routes of every namespace for every host",
			Cause:   listenerCause(l, "allowedRoutes", "namespaces", "from"),
		})
	}
	return list
}

// overlappingTLS predicts OverlappingTLSConfig: another listener of the port ends
// TLS for a hostname in common (GA apis/v1/gateway_types.go).
func overlappingTLS(l *topology.Listener) (Condition, bool) {
	ends := func(l *topology.Listener) bool {
		passes := l.TLS != nil && l.TLS.Mode != nil && *l.TLS.Mode == gatewayv1.TLSModePassthrough
		return (l.Protocol == "HTTPS" || l.Protocol == "TLS") && !passes
	}
	if !ends(l) {
		return Condition{}, false
	}
	var names []string
	for _, o := range l.Gateway.Listeners {
		if o == l || o.Port != l.Port || !ends(o) {
			continue
		}
		if _, meet := topology.Intersect(l.Hostname, o.Hostname); meet {
			names = append(names, o.Name)
		}
	}
	if len(names) == 0 {
		return Condition{}, false
	}
	return Condition{
		Type: "OverlappingTLSConfig", Status: "True", Reason: "OverlappingHostnames",
		Message: fmt.Sprintf("the hostname overlaps that of %s on port %d", strings.Join(names, ", "), l.Port),
		Cause:   listenerCause(l, "hostname"),
	}, true
}

// takesAllNamespaces reports whether a listener says from: All itself.
func takesAllNamespaces(l *topology.Listener) bool {
	if l.Index < 0 {
		return false
	}
	var allowed *gatewayv1.AllowedRoutes
	if l.Set != nil {
		allowed = l.Set.Object.Value.Spec.Listeners[l.Index].AllowedRoutes
	} else if l.Gateway.Object != nil {
		allowed = l.Gateway.Object.Value.Spec.Listeners[l.Index].AllowedRoutes
	}
	return allowed != nil && allowed.Namespaces != nil && allowed.Namespaces.From != nil && *allowed.Namespaces.From == gatewayv1.NamespacesFromAll
}

// listenerCause points at a field of a listener.
func listenerCause(l *topology.Listener, field ...any) *Cause {
	doc := l.Doc()
	if doc == nil || l.Index < 0 {
		return nil
	}
	path := append([]any{"spec", "listeners", l.Index}, field...)
	return &Cause{Range: doc.Range(path...), Field: fieldText(path)}
}
