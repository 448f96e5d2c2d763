package routing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

// share works out what the calls of one backendRef get.
func (c *compiler) share(b *topology.Backend) Share {
	s := Share{Backend: b}
	fs := c.filters(b.Rule.Route, &c.profile.Filters.Backend, b.Filters)
	s.Filters, s.Ignored, s.Certainty = fs.applied, fs.ignored, fs.certainty
	s.Why = strings.Join(fs.whys, "; ")
	if b.ServicePort != nil {
		s.Protocol = c.profile.Backends.Dial(b.Facts())
	}
	switch r := b.Refusal; {
	case c.dropped(b):
		s.Why = fmt.Sprintf("%s drops references to other kinds than it knows", c.profile.Name)
	case b.Status != 0:
		s.fail(statusAnswer(b.Status), fmt.Sprintf("the configuration answers with HTTP status %d", b.Status))
	case fs.answer != nil:
		s.Answer = fs.answer
	case refused(r) && r.Reason == "UnsupportedProtocol" && s.Protocol.Reason != "":
		// The profile says whether what it reports fails as well.
		if s.Protocol.Fails {
			s.fail(&c.profile.Answers.Protocol, r.Message)
		}
	case refused(r):
		s.fail(c.invalidBackend(b.Rule.Route), r.Message)
	case s.Protocol.Fails && !s.Protocol.Unsure && !(s.Protocol.NeedsPolicy && r != nil):
		s.fail(&c.profile.Answers.Protocol, s.Protocol.Message)
	case c.brokenTLS(b) != "":
		s.fail(&c.profile.Answers.BackendTLS, c.brokenTLS(b))
	case refused(b.Unseen):
		s.fail(&c.profile.Answers.Unreachable, b.Unseen.Message)
	case r != nil:
		s.Certainty, s.Why = diag.Unknown, r.Message
	case b.Unseen != nil:
		s.Certainty, s.Why = diag.Unknown, b.Unseen.Message
	case b.Certainty != diag.Certain:
		s.Certainty, s.Why = diag.Weakest(s.Certainty, b.Certainty), b.Why
	case s.Protocol.Unsure:
		s.Certainty, s.Why = diag.Unknown, s.Protocol.Message
	case c.noEndpoints(b):
		s.fail(&c.profile.Answers.NoEndpoints, fmt.Sprintf("Service %s/%s has no ready endpoint", b.Namespace, b.Name))
	}
	return s
}

// dropped reports whether the implementation leaves a reference out, weight and
// all, because of its kind.
func (c *compiler) dropped(b *topology.Backend) bool {
	if b.Kind == "Service" && c.profile.Backends.GroupUnchecked {
		return false
	}
	service := profile.GroupKind{Kind: "Service"}
	kind := profile.GroupKind{Group: b.Group, Kind: b.Kind}
	return c.profile.Backends.OtherKindsDropped && kind != service && !slices.Contains(c.profile.Backends.Kinds, kind)
}

func (s *Share) fail(a *profile.Answer, why string) { s.Answer, s.Why = a, why }

// brokenTLS says why a backend's TLS policy cannot be used; then no call may
// reach it in the clear (GA apis/v1/backendtlspolicy_types.go).
func (c *compiler) brokenTLS(b *topology.Backend) string {
	p := b.Policy
	switch {
	case p == nil || c.profile.Backends.TLS == profile.Ignored:
		return ""
	case refused(p.Refusal):
		return p.Refusal.Message
	}
	for _, ca := range p.CA {
		if !refused(ca) {
			return ""
		}
	}
	if len(p.CA) > 0 && p.Object != nil && len(p.CA) == len(p.Object.Value.Spec.Validation.CACertificateRefs) {
		return p.CA[0].Message
	}
	return ""
}

// noEndpoints reports whether the input holds EndpointSlices of a backend's
// Service and none has a ready endpoint.
func (c *compiler) noEndpoints(b *topology.Backend) bool {
	if b.Service == nil || c.topology.Set == nil {
		return false
	}
	if c.endpoints == nil {
		c.endpoints = map[string]bool{}
		for _, o := range c.topology.Set.EndpointSlices.All {
			key := o.Doc.Ref.Namespace + "/" + o.Value.Labels["kubernetes.io/service-name"]
			for _, e := range o.Value.Endpoints {
				// A nil condition is to be read as ready (core EndpointConditions).
				c.endpoints[key] = c.endpoints[key] || deref(e.Conditions.Ready, true)
			}
			if _, ok := c.endpoints[key]; !ok {
				c.endpoints[key] = false
			}
		}
	}
	ready, known := c.endpoints[b.Namespace+"/"+b.Name]
	return known && !ready
}
