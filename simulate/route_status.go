package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// parentConditions predicts one entry of status.parents, in the order in which
// controllers write them.
func (s *predictor) parentConditions(p *topology.Parent) []Condition {
	invalid := s.invalidRules(p.Route)
	accepted := s.accepted(p, invalid)
	conditions := []Condition{accepted, s.resolvedRefs(p)}
	if accepted.Status != "True" {
		return conditions // what follows speaks of routes that are served
	}
	if c, ok := s.partiallyInvalid(p.Route, invalid); ok {
		c.Certainty = diag.Weakest(c.Certainty, accepted.Certainty)
		conditions = append(conditions, c)
	}
	if c, ok := s.overlapping(p); ok {
		conditions = append(conditions, c)
	}
	if c, ok := s.endpoints(p.Route); ok {
		conditions = append(conditions, c)
	}
	if c, ok := s.pushed(); ok {
		conditions = append(conditions, c)
	}
	return conditions
}

// condition fills in the implementation's text, or ours where it is not known.
func (s *predictor) condition(kind, conditionType, status, reason, message string) Condition {
	if text := s.t.Profile.Message(kind, conditionType, reason); text != "" {
		message = text
	}
	return Condition{Type: conditionType, Status: status, Reason: reason, Message: message}
}

// undetermined is a condition that depends on what the input does not show.
func undetermined(conditionType, depends string, cause *Cause) Condition {
	return Condition{Type: conditionType, Status: Undetermined, Message: depends, Certainty: diag.Unknown, Cause: cause}
}

func causeOf(r *topology.Refusal) *Cause {
	return &Cause{Range: r.Range(), Field: r.Field()}
}

// accepted predicts Accepted for one parentRef: binding first, then the rules.
func (s *predictor) accepted(p *topology.Parent, invalid []invalidRule) Condition {
	here := &Cause{
		Range: p.Route.Doc.Range("spec", "parentRefs", p.Index),
		Field: fmt.Sprintf("spec.parentRefs[%d]", p.Index),
	}
	if p.Refusal != nil {
		return s.notAccepted(p, here)
	}
	certainty, why := attached(p)
	if certainty == diag.Unknown {
		return undetermined("Accepted", "cannot be decided: "+why, here)
	}
	if c, ok := s.tunnelRefuses(); ok {
		c.Certainty = certainty
		return c
	}
	if c, ok := s.rulesRefuse(p.Route, invalid); ok {
		c.Certainty = diag.Weakest(c.Certainty, certainty)
		return c
	}
	if open := openRules(invalid); len(open) > 0 && s.refuse(p.Route, invalid) {
		return undetermined("Accepted", "cannot be decided: "+messages(open), causeOf(open[0].why))
	}
	c := s.condition("route", "Accepted", "True", string(gatewayv1.RouteReasonAccepted), "the route is accepted")
	c.Certainty, c.Cause, c.Note = certainty, here, why
	if s.t.Profile.Transport.Tunnel && s.t.Tunnel.Protocol == "" {
		c.Certainty = diag.Weakest(certainty, diag.Assumed)
		c.Note = fmt.Sprintf("assumes that the tunnel protocol is not set to %s", strings.Join(s.t.Profile.Transport.TunnelFails, ", "))
	}
	if p.Mesh {
		c.Certainty, c.Note = diag.Weakest(certainty, diag.Assumed), "assumes that a mesh takes Services as parents of GRPCRoutes"
	}
	return c
}

// tunnelRefuses predicts Accepted=False for a tunnel protocol that loses the
// trailers of gRPC.
func (s *predictor) tunnelRefuses() (Condition, bool) {
	tunnel := s.t.Tunnel
	if !s.t.Profile.Transport.Tunnel || !slices.Contains(s.t.Profile.Transport.TunnelFails, tunnel.Protocol) {
		return Condition{}, false
	}
	message := fmt.Sprintf("the tunnel protocol is %q, which loses the trailers that carry the status of a gRPC call (%s)", tunnel.Protocol, tunnel.Source)
	c := s.condition("route", "Accepted", "False", string(gatewayv1.RouteReasonUnsupportedProtocol), message)
	if tunnel.Doc != nil {
		c.Cause = &Cause{Range: tunnel.Doc.Range(tunnel.Path...), Field: tunnel.Path.String()}
	}
	return c, true
}

// notAccepted is Accepted where the parent refuses the route, or may.
func (s *predictor) notAccepted(p *topology.Parent, here *Cause) Condition {
	r := p.Refusal
	cause := causeOf(r)
	if r.Doc == nil {
		cause = here
	}
	if r.Certainty == diag.Unknown {
		return undetermined("Accepted", "cannot be decided: "+r.Message, cause)
	}
	reason := r.Reason
	if reason == "" {
		// No reason constant exists for the loser of a cross-kind conflict (GA
		// apis/v1/shared_types.go), so each implementation has its own.
		reason = "implementation-defined"
	}
	c := s.condition("route", "Accepted", "False", reason, r.Message)
	c.Certainty, c.Cause = r.Certainty, cause
	if c.Message != r.Message {
		c.Note = r.Message // the implementation's text is general, ours names the cause
	}
	return c
}

// attached returns how certain it is that some listener takes a route, and what
// makes it less than certain. One listener that takes it for certain is enough.
func attached(p *topology.Parent) (diag.Certainty, string) {
	best, why := diag.Unknown, ""
	found := false
	for _, a := range p.Attachments {
		if a.Refusal != nil && a.Refusal.Certainty != diag.Unknown {
			continue
		}
		certainty, text := a.Certainty, a.Why
		if a.Refusal != nil {
			certainty, text = diag.Unknown, a.Refusal.Message
		}
		if !found || certainty < best {
			best, why, found = certainty, text, true
		}
	}
	if !found {
		return diag.Certain, "" // a mesh parent has no listeners
	}
	return best, why
}
