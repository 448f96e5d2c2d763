package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var weightsNeedCanaryPlan = &lint.Rule{
	ID:       "weights-need-canary-plan",
	Summary:  "calls are split by weight, and no rule reaches the smaller side on purpose",
	Section:  lint.HygieneSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkWeightsNeedCanaryPlan,
	OptIn:    true,
}

// More than a quarter of the calls is no canary: regions and zones are shared out
// so, too.
func checkWeightsNeedCanaryPlan(p *lint.Pass) {
	for rule := range grpcRules(p.Topology) {
		least, total := smallerSide(rule)
		if least == nil || int64(least.Weight)*4 > total || chosenByHeader(rule.Route, keyOf(least)) {
			continue
		}
		p.Report(rule.Route.Doc, least.Path(), diag.Diagnostic{
			Message: fmt.Sprintf("%s gets %s of the calls, and no rule sends it one on purpose: nobody can try it before users do",
				targetName(least), share(int64(least.Weight), total)),
			Hint: "add a rule with the same method and a header, as x-canary: \"true\", that sends its calls to this backend alone",
		})
	}
}

// smallerSide returns the backend with the least weight that gets calls, and the
// sum of the weights; nil when calls are not split, or split evenly.
func smallerSide(rule *topology.Rule) (least *topology.Backend, total int64) {
	even := true
	for _, b := range rule.Backends {
		total += int64(b.Weight)
		if b.Weight == 0 {
			continue
		}
		even = even && (least == nil || least.Weight == b.Weight)
		if least == nil || b.Weight < least.Weight {
			least = b
		}
	}
	if even {
		return nil, total
	}
	return least, total
}

// chosenByHeader reports whether a rule of the route sends calls with some header
// to one backend alone.
func chosenByHeader(route *topology.Route, target backendKey) bool {
	return slices.ContainsFunc(route.Rules, func(rule *topology.Rule) bool {
		for _, b := range rule.Backends {
			if b.Weight > 0 && keyOf(b) != target {
				return false
			}
		}
		for _, m := range route.GRPC.Spec.Rules[rule.Index].Matches {
			if len(m.Headers) > 0 && len(rule.Backends) > 0 && !allZero(rule) {
				return true
			}
		}
		return false
	})
}
