package simulate

import (
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// failedRef is a reference that does not resolve, or may not.
type failedRef struct {
	profile.FailedRef
	refusal *topology.Refusal
}

// failedRefs lists the references of a route that do not resolve, in rule and
// reference order, which is the order in which the first one gives the reason.
func (s *predictor) failedRefs(r *topology.Route) []failedRef {
	var list []failedRef
	add := func(b *topology.Backend, refusal *topology.Refusal) {
		list = append(list, failedRef{profile.FailedRef{Kind: b.Kind, Namespace: b.Namespace, Name: b.Name, Reason: refusal.Reason}, refusal})
	}
	for _, rule := range r.Rules {
		for _, b := range rule.Backends {
			if b.Weight == 0 && s.t.Profile.Backends.ZeroWeightUnchecked {
				continue
			}
			if b.Refusal != nil {
				add(b, b.Refusal)
				continue
			}
			for _, f := range b.Filters {
				if f.Refusal != nil && (refReason(f.Refusal.Reason) || s.t.Profile.Filters.BackendReason != "") {
					add(b, f.Refusal)
				}
			}
		}
		for _, f := range rule.Filters {
			switch {
			case f.Refusal != nil && refReason(f.Refusal.Reason):
				list = append(list, failedRef{profile.FailedRef{Kind: f.Type, Namespace: r.Namespace, Reason: f.Refusal.Reason}, f.Refusal})
			case f.Refusal == nil && f.Mirror != nil && f.Mirror.Refusal != nil && !s.t.Profile.Wording().SkipMirrorRefs:
				add(f.Mirror, f.Mirror.Refusal)
			}
		}
	}
	return list
}

// resolvedRefs predicts ResolvedRefs. With one reference that fails for certain
// it is False whatever the others do; otherwise one that the input does not show
// leaves it undetermined.
func (s *predictor) resolvedRefs(p *topology.Parent) Condition {
	const ok = string(gatewayv1.RouteReasonResolvedRefs)
	if s.t.Profile.Status.RefsAlwaysResolved {
		c := s.condition("route", "ResolvedRefs", "True", ok, "all references are resolved")
		c.Note = s.t.Profile.Name + " writes this whatever the references say"
		return c
	}
	var sure, open []failedRef
	for _, f := range s.failedRefs(p.Route) {
		if f.refusal.Certainty == diag.Unknown {
			open = append(open, f)
		} else {
			sure = append(sure, f)
		}
	}
	switch {
	case len(sure) > 0:
		return s.unresolved(sure, open)
	case len(open) > 0:
		return undetermined("ResolvedRefs", "cannot be decided: "+refTexts(open), causeOf(open[0].refusal))
	}
	c := s.condition("route", "ResolvedRefs", "True", ok, "all references are resolved")
	c.Certainty = s.refsCertainty(p.Route)
	return c
}

// unresolved is ResolvedRefs=False. Its reason is that of the first failed
// reference (the specification sets no order), for some implementations of the
// first that fails in earnest.
func (s *predictor) unresolved(sure, open []failedRef) Condition {
	words := s.t.Profile.Wording()
	soft := func(f failedRef) bool { return slices.Contains(words.SoftReasons, f.Reason) }
	join := words.Refs
	if hard := slices.DeleteFunc(slices.Clone(sure), soft); len(hard) > 0 {
		sure = hard
	} else {
		join = nil
	}
	reason := sure[0].Reason
	c := Condition{Type: "ResolvedRefs", Status: "False", Reason: reason, Message: refTexts(sure), Certainty: sure[0].refusal.Certainty, Cause: causeOf(sure[0].refusal)}
	if join != nil {
		refs := make([]profile.FailedRef, len(sure))
		for i, f := range sure {
			refs[i] = f.FailedRef
		}
		c.Note, c.Message = c.Message, join(refs)
	}
	if len(open) > 0 {
		c.Note = strings.TrimPrefix(c.Note+"; the reason may be another one if these fail too: "+refTexts(open), "; ")
	}
	return c
}

// refTexts joins what is wrong with references, each text once.
func refTexts(refs []failedRef) string {
	var texts []string
	for _, f := range refs {
		if !slices.Contains(texts, f.refusal.Message) {
			texts = append(texts, f.refusal.Message)
		}
	}
	return strings.Join(texts, "; ")
}

// refsCertainty is Assumed when a Service counts as there because of --assume.
func (s *predictor) refsCertainty(r *topology.Route) diag.Certainty {
	for _, rule := range r.Rules {
		for _, b := range rule.Backends {
			if b.Weight == 0 && s.t.Profile.Backends.ZeroWeightUnchecked {
				continue
			}
			if b.Refusal == nil && b.Group == "" && b.Kind == "Service" && b.Service == nil {
				return diag.Assumed
			}
		}
	}
	return diag.Certain
}
