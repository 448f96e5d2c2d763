package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

// gateway predicts the status of one Gateway. Listeners of its ListenerSets are
// in the status of the set.
func (s *predictor) gateway(g *topology.Gateway) GatewayStatus {
	status := GatewayStatus{Gateway: g, Controller: s.controller(g)}
	if message, ok := s.refused[g.Object.Doc]; ok {
		status.Why = refusal(message)
		return status
	}
	for _, l := range g.Listeners {
		if l.Set == nil {
			status.Listeners = append(status.Listeners, s.listener(l))
		}
	}
	status.Conditions = s.summary("gateway", g.Refusals, status.Listeners)
	if c, ok := s.clientCertificate(g); ok {
		status.Conditions = replace(status.Conditions, c)
	}
	return status
}

// clientCertificate predicts a Gateway's ResolvedRefs from the certificate that
// it shows to backends (GA apis/v1/gateway_types.go, GatewayConditionResolvedRefs).
func (s *predictor) clientCertificate(g *topology.Gateway) (Condition, bool) {
	if g.ClientCertificate == nil || s.t.Profile.Status.ListenersAlwaysValid {
		return Condition{}, false
	}
	r := g.ClientCertificate.Refusal
	switch {
	case r == nil && s.t.Profile.Wording().GatewayRefs && g.ClientCertificate.Secret != nil:
		return Condition{}, false // what its listeners say stands
	case r == nil:
		c := s.condition("gateway", "ResolvedRefs", "True", "ResolvedRefs", "all references are resolved")
		c.Certainty = assumed(g.ClientCertificate)
		return c, true
	case r.Certainty == diag.Unknown:
		return undetermined("ResolvedRefs", "cannot be decided: "+r.Message, causeOf(r)), true
	}
	c := s.condition("gateway", "ResolvedRefs", "False", r.Reason, r.Message)
	c.Certainty, c.Cause = r.Certainty, causeOf(r)
	return c, true
}

// assumed is Assumed when the Secret of a certificate counts as there although
// the input does not hold it.
func assumed(certificates ...*topology.Certificate) diag.Certainty {
	for _, c := range certificates {
		if c.Refusal == nil && c.Secret == nil {
			return diag.Assumed
		}
	}
	return diag.Certain
}

// replace puts a condition in the place of the one of its type, or at the end.
func replace(conditions []Condition, c Condition) []Condition {
	for i := range conditions {
		if conditions[i].Type == c.Type {
			conditions[i] = c
			return conditions
		}
	}
	return append(conditions, c)
}

// listenerSet predicts the status of one ListenerSet.
func (s *predictor) listenerSet(set *topology.ListenerSet) ListenerSetStatus {
	status := ListenerSetStatus{Set: set, Controller: s.controller(set.Gateway)}
	if message, ok := s.refused[set.Object.Doc]; ok {
		status.Why = refusal(message)
		return status
	}
	if message, ok := s.refused[set.Gateway.Object.Doc]; ok {
		status.Why = fmt.Sprintf("the API server refuses its Gateway %s: %s", set.Gateway.Key(), message)
		return status
	}
	var refusals []*topology.Refusal
	if set.Refusal != nil {
		refusals = append(refusals, set.Refusal)
	}
	for _, l := range set.Listeners {
		if set.Refusal == nil {
			status.Listeners = append(status.Listeners, s.listener(l))
		}
	}
	status.Conditions = s.summary("listenerset", refusals, status.Listeners)
	return status
}

// strays lists the ListenerSets without a Gateway in the input, which nobody
// writes a status for as far as it shows. Those of another implementation's
// Gateway are listed with it.
func (s *predictor) strays() []ListenerSetStatus {
	sets := slices.Clone(s.t.Strays)
	for _, g := range s.t.Gateways {
		if g.Object == nil {
			sets = append(sets, g.Sets...)
		}
	}
	var list []ListenerSetStatus
	for _, set := range sets {
		if set.Gateway != nil && set.Gateway.Foreign {
			continue
		}
		status := ListenerSetStatus{Set: set, Why: set.Why}
		if set.Refusal != nil {
			status.Why = set.Refusal.Message
		}
		if message, ok := s.refused[set.Object.Doc]; ok {
			status.Why = refusal(message)
		}
		list = append(list, status)
	}
	slices.SortFunc(list, func(a, b ListenerSetStatus) int {
		return strings.Compare(a.Set.Object.Doc.Ref.Key(), b.Set.Object.Doc.Ref.Key())
	})
	return list
}

// addSets adds the ListenerSets that are not in the report yet: one without a
// Gateway is a stray for every implementation.
func (r *StatusReport) addSets(sets []ListenerSetStatus) {
	for _, s := range sets {
		if !slices.ContainsFunc(r.ListenerSets, func(o ListenerSetStatus) bool { return o.Set.Object.Doc == s.Set.Object.Doc }) {
			r.ListenerSets = append(r.ListenerSets, s)
		}
	}
}

// summary predicts Accepted and Programmed of what holds listeners: True as long
// as one of them is accepted, with reason ListenersNotValid when another is not
// (GA apis/v1/gateway_types.go, GatewayReasonListenersNotValid).
func (s *predictor) summary(kind string, refusals []*topology.Refusal, listeners []ListenerStatus) []Condition {
	accepted := s.summaryAccepted(kind, refusals, listeners)
	list := []Condition{accepted}
	if s.t.Profile.Wording().GatewayRefs && kind == "gateway" {
		list = append(list, s.summaryRefs(listeners))
	}
	programmed := s.condition(kind, "Programmed", "True", "Programmed", "its listeners are programmed")
	switch {
	case accepted.Status == "False":
		programmed = s.condition(kind, "Programmed", "False", "Invalid", accepted.Message)
		programmed.Certainty, programmed.Cause = accepted.Certainty, accepted.Cause
	case accepted.Status == Undetermined:
		programmed = undetermined("Programmed", accepted.Message, accepted.Cause)
	case s.t.Profile.Status.ListenersAlwaysValid:
		programmed.Note = s.t.Profile.Name + " writes this whatever its data plane does"
	default:
		programmed.Certainty, programmed.Note = diag.Assumed, dataPlane
		if c := unprogrammed(listeners); c != nil && !s.t.Profile.Wording().ProgrammedAnyway {
			programmed = *c
		}
	}
	return append(list, programmed)
}

// unprogrammed returns the Programmed condition of a listener when none of them is
// programmed: False then follows for what holds them, and one that cannot be
// decided leaves it open.
func unprogrammed(listeners []ListenerStatus) *Condition {
	var found *Condition
	for i := range listeners {
		for j := range listeners[i].Conditions {
			switch c := &listeners[i].Conditions[j]; {
			case c.Type != "Programmed":
			case c.Status == "True":
				return nil
			case found == nil || found.Status != Undetermined && c.Status == Undetermined:
				found = c
			}
		}
	}
	return found
}

// decisive returns the first refusal that holds for certain, else the first that
// may hold, nil when there is none.
func decisive(refusals []*topology.Refusal) *topology.Refusal {
	for _, r := range refusals {
		if r.Certainty != diag.Unknown {
			return r
		}
	}
	if len(refusals) == 0 {
		return nil
	}
	return refusals[0]
}

func (s *predictor) summaryAccepted(kind string, refusals []*topology.Refusal, listeners []ListenerStatus) Condition {
	if r := decisive(refusals); r != nil {
		if r.Certainty == diag.Unknown {
			return undetermined("Accepted", "cannot be decided: "+r.Message, causeOf(r))
		}
		c := s.condition(kind, "Accepted", "False", r.Reason, r.Message)
		c.Certainty, c.Cause = r.Certainty, causeOf(r)
		return c
	}
	var bad, unsure []string
	var first *Condition
	refused, conflict, open := 0, false, (*Condition)(nil)
	for i := range listeners {
		switch c := acceptance(&listeners[i]); {
		case c.Status == Undetermined:
			open, unsure = c, append(unsure, listeners[i].Listener.Name)
		case c.Status == "False" || c.Type == "Conflicted":
			refused++
			fallthrough
		case s.t.Profile.Wording().UnprogrammedNotValid && (has(listeners[i].Conditions, "Programmed", "False") || useless(listeners[i].Listener)):
			bad = append(bad, listeners[i].Listener.Name)
			conflict = conflict || has(listeners[i].Conditions, "Conflicted", "True")
			if first == nil {
				first = c
			}
		}
	}
	if open != nil && refused+len(unsure) == len(listeners) {
		return undetermined("Accepted", open.Message, open.Cause)
	}
	if len(bad) == 0 {
		c := s.condition(kind, "Accepted", "True", "Accepted", "its listeners are accepted")
		if open != nil {
			c.Certainty, c.Cause = diag.Assumed, open.Cause
			c.Note = fmt.Sprintf("the reason is ListenersNotValid if one of these is not valid: %s", strings.Join(unsure, ", "))
		}
		return c
	}
	status := "True"
	if refused == len(listeners) || conflict && s.t.Profile.Wording().ConflictRefusesGateway && kind == "gateway" {
		status = "False"
	}
	c := s.condition(kind, "Accepted", status, "ListenersNotValid", fmt.Sprintf("listeners that are not valid: %s", strings.Join(bad, ", ")))
	c.Certainty, c.Cause = first.Certainty, first.Cause
	return c
}

// acceptance returns the condition that says whether a listener is accepted:
// Accepted, or Conflicted where an implementation writes no Accepted beside it.
func acceptance(l *ListenerStatus) *Condition {
	for _, t := range []string{"Accepted", "Conflicted"} {
		for i := range l.Conditions {
			if l.Conditions[i].Type == t {
				return &l.Conditions[i]
			}
		}
	}
	return &Condition{Status: "True"}
}

// useless reports whether none of the route kinds of a listener is usable.
func useless(l *topology.Listener) bool { return len(l.Kinds) == 0 && !l.KindsUnknown }

func has(conditions []Condition, conditionType, status string) bool {
	for _, c := range conditions {
		if c.Type == conditionType && c.Status == status {
			return true
		}
	}
	return false
}

// summaryRefs predicts a Gateway's ResolvedRefs from those of its listeners.
func (s *predictor) summaryRefs(listeners []ListenerStatus) Condition {
	var open *Condition
	for _, l := range listeners {
		for i, c := range l.Conditions {
			switch {
			case c.Type != "ResolvedRefs":
			case c.Status == "False":
				refs := s.condition("gateway", "ResolvedRefs", "False", "ListenersNotResolved", fmt.Sprintf("listener %s has references that do not resolve", l.Listener.Name))
				refs.Certainty, refs.Cause = c.Certainty, c.Cause
				return refs
			case c.Status == Undetermined && open == nil:
				open = &l.Conditions[i]
			}
		}
	}
	if open != nil {
		return undetermined("ResolvedRefs", open.Message, open.Cause)
	}
	return s.condition("gateway", "ResolvedRefs", "True", "ResolvedRefs", "all references are resolved")
}

func fieldText(path []any) string { return manifest.Path(path).String() }
