package rules

import (
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

// weights returns what each backendRef of a rule weighs under the profile, and
// the sum. Invalid references keep their weight (GA apis/v1/grpcroute_types.go).
func weights(p *lint.Pass, rule *topology.Rule) (each []int64, total int64) {
	knobs := &p.Profile.Backends
	each = make([]int64, len(rule.Backends))
	for i, b := range rule.Backends {
		w := int64(b.Weight)
		if w == 0 && knobs.ZeroWeightIsOne || len(rule.Backends) == 1 && knobs.LoneWeightIgnored {
			w = 1
		}
		if r := b.Refusal; knobs.OtherKindsDropped && r != nil && r.Reason == invalidKind {
			w = 0
		}
		each[i] = w
		total += w
	}
	return each, total
}
