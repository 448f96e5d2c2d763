package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

// rulesInOrder reports a route whose rules, tried in the order of the file, would
// answer a call differently; once per route, with the call.
func rulesInOrder(p *lint.Pass, c *profile.Constraint) {
	x := &places{table: p.Table}
	for r := range served(p.Topology) {
		if len(r.Rules) < 2 {
			continue
		}
		o, ok := outOfOrder(x, r)
		if !ok {
			continue
		}
		reportDocumented(p, c, r.Doc, o.won.Rule.Path(), diag.Diagnostic{
			Certainty: o.won.Certainty,
			Message:   fmt.Sprintf("call %s reaches rules[%d] and not rules[%d], which matches it and stands before", call(o.request), o.won.Rule.Index, o.passed.Rule.Index),
			Hint:      "the more specific rule wins wherever it stands",
			Related:   []diag.Related{{Message: "the rule that stands before", Range: r.Doc.Range(o.passed.Rule.Path()...)}},
			Witness:   witness(o.request, listenerOf(o.result)),
		})
	}
}

// disorder is a call that a later rule takes from an earlier one.
type disorder struct {
	won, passed *routing.Entry
	request     *routing.Request
	result      routing.Result
}

// outOfOrder looks for a call that two rules of a route match and the later one
// takes: a call of the later rule with the headers of the earlier one added.
func outOfOrder(x *places, r *topology.Route) (disorder, bool) {
	tried := 0
	for j := 1; j < len(r.Rules); j++ {
		for _, later := range x.entries(r.Rules[j]) {
			for i := range j {
				for _, earlier := range x.entries(r.Rules[i]) {
					if later.server != earlier.server || later.entry.Host != earlier.entry.Host || tried == maxReplays {
						continue
					}
					guess, ok := both(later.entry, earlier.entry)
					if !ok {
						continue
					}
					tried++
					request := to(later.server, guess)
					if res := x.table.LookupOnce(request); res.Entry == later.entry {
						return disorder{later.entry, earlier.entry, request, res}, true
					}
				}
			}
		}
	}
	return disorder{}, false
}

// both guesses a call that two entries of one host match.
func both(a, b *routing.Entry) (routing.Request, bool) {
	if a.Dead != "" || b.Dead != "" || disjoint(a.Unit.Path, b.Unit.Path) {
		return routing.Request{}, false
	}
	ra, ok := sampleRequest(a, concrete(a.Host.Name))
	if !ok {
		return ra, false
	}
	rb, ok := sampleRequest(b, ra.Authority)
	if !ok {
		return ra, false
	}
	// One of the two paths has to do for both.
	if !takes(b.Unit.Path, ra.Path) {
		ra.Path = rb.Path
	}
	if !takes(a.Unit.Path, ra.Path) || !takes(b.Unit.Path, ra.Path) {
		return ra, false
	}
	for _, h := range rb.Headers {
		if !addHeader(&ra, h) {
			return ra, false
		}
	}
	return ra, true
}

// addHeader adds a header to a request; false when it has another value of it.
func addHeader(r *routing.Request, h routing.Header) bool {
	for _, old := range r.Headers {
		if old.Name == h.Name {
			return old.Value == h.Value
		}
	}
	r.Headers = append(r.Headers[:len(r.Headers):len(r.Headers)], h)
	return true
}

// disjoint reports whether two forms name different services or methods.
func disjoint(a, b profile.PathForm) bool {
	literal := func(f profile.PathForm) bool {
		return f.Kind == profile.ExactPath || f.Kind == profile.ServicePath || f.Kind == profile.MethodPath
	}
	if !literal(a) || !literal(b) {
		return false
	}
	return a.Service != "" && b.Service != "" && a.Service != b.Service || a.Method != "" && b.Method != "" && a.Method != b.Method
}
