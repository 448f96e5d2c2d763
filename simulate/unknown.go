package simulate

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// unknowns lists what an answer depends on and the input does not show: what
// decides between rules first, then whether the backends are there.
func unknowns(x *Explanation) []string {
	list := slices.Clone(x.Decision.Unknowns)
	add := func(text string) {
		if text != "" && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	if x.Decision.Entry == nil || x.Decision.Outcome == routing.Refused {
		return list // no backend is asked
	}
	for _, s := range x.Decision.Entry.Action.Shares {
		switch {
		case s.Certainty != diag.Unknown:
		case s.Backend.Refusal != nil:
			add(s.Backend.Refusal.Message)
		default:
			add(fmt.Sprintf("whether backend %s/%s can be used", s.Backend.Namespace, s.Backend.Name))
		}
	}
	return list
}

// doubtUnread marks an answer that is given without routes of the input whose
// values do not fit their type. Any of them may take the call.
func (x *Explanation) doubtUnread(t *topology.Topology) {
	if t == nil || t.Set == nil {
		return
	}
	for _, doc := range t.Set.Broken {
		if doc.Ref.Kind != "GRPCRoute" && doc.Ref.Kind != "HTTPRoute" {
			continue
		}
		text := fmt.Sprintf("%s is in the input but cannot be read, so that its rules are not asked", doc.Ref)
		if !slices.Contains(x.Unknowns, text) {
			x.Unknowns = append(x.Unknowns, text)
		}
		x.Decision.Certainty = diag.Unknown
	}
}
