package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// invalidRule is a rule that cannot be served as it stands.
type invalidRule struct {
	rule  *topology.Rule
	whole bool // all its calls fail; otherwise those of one backend
	why   *topology.Refusal
}

// invalidRules lists what makes rules unusable, in rule order. References that do
// not resolve are not among it: they show in ResolvedRefs.
func (s *predictor) invalidRules(r *topology.Route) []invalidRule {
	var list []invalidRule
	for _, rule := range r.Rules {
		if refusal := s.emptyRule(rule); refusal != nil {
			list = append(list, invalidRule{rule, true, refusal})
		}
		for _, refusal := range rule.Refusals {
			list = append(list, invalidRule{rule, true, refusal})
		}
		for _, f := range rule.Filters {
			if f.Refusal != nil && !slices.Contains(rule.Refusals, f.Refusal) && !refReason(f.Refusal.Reason) {
				list = append(list, invalidRule{rule, true, f.Refusal})
			}
		}
		if s.t.Profile.Filters.BackendReason != "" {
			continue
		}
		for _, b := range rule.Backends {
			for _, f := range b.Filters {
				if f.Refusal != nil && !refReason(f.Refusal.Reason) {
					list = append(list, invalidRule{rule, false, f.Refusal})
				}
			}
		}
	}
	return list
}

// emptyRule says why a rule that sends calls nowhere is replaced, nil for
// implementations that take it as it is. A lone backendRef may serve whatever its
// weight.
func (s *predictor) emptyRule(rule *topology.Rule) *topology.Refusal {
	if !s.t.Profile.Wording().EmptyReplaced {
		return nil
	}
	total := int32(0)
	for _, b := range rule.Backends {
		total += b.Weight
	}
	refusal := &topology.Refusal{Doc: rule.Route.Doc, Path: rule.Path("backendRefs")}
	switch {
	case len(rule.Backends) == 0:
		refusal.Message = fmt.Sprintf("rule %d has no backendRefs", rule.Index)
	case total == 0 && (len(rule.Backends) > 1 || !s.t.Profile.Backends.LoneWeightIgnored):
		refusal.Message = fmt.Sprintf("every backendRef of rule %d has weight 0", rule.Index)
	default:
		return nil
	}
	return refusal
}

// sureRules leaves what makes rules unusable for certain, openRules what may.
func sureRules(invalid []invalidRule) []invalidRule {
	return slices.DeleteFunc(slices.Clone(invalid), func(v invalidRule) bool { return v.why.Certainty == diag.Unknown })
}

func openRules(invalid []invalidRule) []invalidRule {
	return slices.DeleteFunc(slices.Clone(invalid), func(v invalidRule) bool { return v.why.Certainty != diag.Unknown })
}

// refuse reports whether so many rules are wholly invalid that the route is not
// accepted: every one or, for some implementations, any.
func (s *predictor) refuse(r *topology.Route, invalid []invalidRule) bool {
	whole := map[int]bool{}
	for _, v := range invalid {
		if v.whole {
			whole[v.rule.Index] = true
		}
	}
	return len(whole) > 0 && (s.t.Profile.Status.InvalidRule != "" || len(whole) == len(r.Rules))
}

// refReason reports whether a reason belongs to ResolvedRefs.
func refReason(reason string) bool {
	switch gatewayv1.RouteConditionReason(reason) {
	case gatewayv1.RouteReasonInvalidKind, gatewayv1.RouteReasonBackendNotFound, gatewayv1.RouteReasonRefNotPermitted, gatewayv1.RouteReasonUnsupportedProtocol:
		return true
	}
	return false
}

// rulesRefuse predicts Accepted=False because of rules: when every rule is
// invalid, or for implementations that say so of a single one.
func (s *predictor) rulesRefuse(r *topology.Route, invalid []invalidRule) (Condition, bool) {
	invalid = sureRules(invalid)
	if !s.refuse(r, invalid) {
		return Condition{}, false
	}
	first := invalid[slices.IndexFunc(invalid, func(v invalidRule) bool { return v.whole })]
	reason := first.why.Reason
	if one := s.t.Profile.Status.InvalidRule; one != "" {
		reason = one
	} else if reason == "" {
		reason = string(gatewayv1.RouteReasonUnsupportedValue)
	}
	message := messages(invalid)
	if words := s.t.Profile.Wording(); words.Replaced != "" {
		message = fmt.Sprintf(words.Replaced, 0) + message
	}
	c := s.condition("route", "Accepted", "False", reason, message)
	c.Certainty, c.Cause = first.why.Certainty, causeOf(first.why)
	return c, true
}

// messages joins what is wrong with rules, each text once.
func messages(invalid []invalidRule) string {
	var texts []string
	for _, v := range invalid {
		if !slices.Contains(texts, v.why.Message) {
			texts = append(texts, v.why.Message)
		}
	}
	return strings.Join(texts, "; ")
}

// partiallyInvalid predicts PartiallyInvalid=True: some rules cannot be served,
// others can. It is never written as False (GEP-1364).
func (s *predictor) partiallyInvalid(r *topology.Route, invalid []invalidRule) (Condition, bool) {
	if len(invalid) == 0 || s.t.Profile.Status.NoPartiallyInvalid || s.t.Profile.Status.InvalidRule != "" {
		return Condition{}, false
	}
	open := openRules(invalid)
	if invalid = sureRules(invalid); len(invalid) == 0 {
		return undetermined("PartiallyInvalid", "cannot be decided: "+messages(open), causeOf(open[0].why)), true
	}
	var rules []int
	certainty := diag.Certain
	for _, v := range invalid {
		if !slices.Contains(rules, v.rule.Index) {
			rules = append(rules, v.rule.Index)
		}
		certainty = diag.Weakest(certainty, v.why.Certainty)
	}
	beginning := "Dropped Rule " + strings.Trim(strings.ReplaceAll(fmt.Sprint(rules), " ", ", "), "[]") + ": "
	if dropped := s.t.Profile.Wording().Dropped; dropped != nil {
		beginning = dropped(rules)
	}
	reason := invalid[0].why.Reason
	if reason == "" {
		reason = string(gatewayv1.RouteReasonUnsupportedValue)
	}
	return Condition{
		Type: "PartiallyInvalid", Status: "True", Reason: reason, Message: beginning + messages(invalid),
		Certainty: certainty, Cause: causeOf(invalid[0].why),
	}, true
}
