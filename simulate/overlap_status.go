package simulate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// overlap is a match that another route has as well, on one listener.
type overlap struct {
	listener *topology.Listener // nil where all listeners share a table
	rule     *topology.Rule
	with     *routing.Entry
	unsure   bool // which of the two loses is decided by an age that the input lacks
}

// findOverlaps compares the matches of different routes under one hostname as
// text, which is how the implementations that report them do it: overlapping but
// unequal matches are none.
func (s *predictor) findOverlaps() {
	if s.t.Profile.Wording().Overlap.Type == "" {
		return
	}
	type key struct {
		hosts *routing.Host
		match string
	}
	for _, server := range routing.Compile(s.t).Servers {
		seen := map[key][]*routing.Entry{}
		for _, l := range server.Listeners {
			for _, h := range l.Hosts {
				for _, e := range h.Entries {
					if e.Host.Name != h.Name {
						continue // a less specific host's entry, falling through
					}
					k := key{h, canonical(e)}
					for _, other := range seen[k] {
						s.addOverlap(l.Topology, other, e)
					}
					seen[k] = append(seen[k], e)
				}
			}
		}
	}
}

// addOverlap notes that two entries have one match; the first comes before the
// second.
func (s *predictor) addOverlap(l *topology.Listener, first, second *routing.Entry) {
	if first.Route == second.Route {
		return
	}
	unsure := slices.Equal(first.Keys, second.Keys) && first.Unit.HTTP == second.Unit.HTTP && !(dated(first.Route) && dated(second.Route))
	s.overlaps[second.Route] = append(s.overlaps[second.Route], overlap{l, second.Rule, first, unsure})
	if !s.t.Profile.Wording().Overlap.LoserOnly || unsure {
		s.overlaps[first.Route] = append(s.overlaps[first.Route], overlap{l, first.Rule, second, unsure})
	}
}

// dated reports whether the input shows when a route was created.
func dated(r *topology.Route) bool {
	if r.HTTP != nil {
		return !r.HTTP.CreationTimestamp.IsZero()
	}
	return r.GRPC != nil && !r.GRPC.CreationTimestamp.IsZero()
}

// canonical writes a match so that equal ones are equal texts: header names in
// lower case, conditions sorted.
func canonical(e *routing.Entry) string {
	conditions := []string{}
	if match, ok := matchOf(e); ok && match != nil {
		for _, h := range match.Headers {
			kind := gatewayv1.GRPCHeaderMatchExact
			if h.Type != nil {
				kind = *h.Type
			}
			conditions = append(conditions, strings.ToLower(string(h.Name))+"\x00"+string(kind)+"\x00"+h.Value)
		}
	}
	if e.Route.HTTP != nil && e.Match >= 0 {
		match := e.Route.HTTP.Spec.Rules[e.Rule.Index].Matches[e.Match]
		for _, h := range match.Headers {
			kind := gatewayv1.HeaderMatchExact
			if h.Type != nil {
				kind = *h.Type
			}
			conditions = append(conditions, strings.ToLower(string(h.Name))+"\x00"+string(kind)+"\x00"+h.Value)
		}
		more, _ := json.Marshal([]any{match.Method, match.QueryParams}) // plain data: cannot fail
		conditions = append(conditions, string(more))
	}
	slices.Sort(conditions)
	return fmt.Sprintf("%d %q %q", e.Unit.Path.Type, e.Unit.Path.Value, conditions)
}

// overlapping predicts the implementation's condition on matches in common.
func (s *predictor) overlapping(p *topology.Parent) (Condition, bool) {
	var here []overlap
	for _, o := range s.overlaps[p.Route] {
		if o.listener == nil || slices.ContainsFunc(p.Attachments, func(a *topology.Attachment) bool { return a.Listener == o.listener && a.Refusal == nil }) {
			here = append(here, o)
		}
	}
	if len(here) == 0 {
		return Condition{}, false
	}
	slices.SortStableFunc(here, func(a, b overlap) int {
		return cmp.Or(cmp.Compare(a.rule.Index, b.rule.Index), strings.Compare(a.with.Route.Kind+a.with.Route.Key(), b.with.Route.Kind+b.with.Route.Key()))
	})
	words := s.t.Profile.Wording().Overlap
	sure := slices.DeleteFunc(slices.Clone(here), func(o overlap) bool { return o.unsure })
	cause := &Cause{Range: p.Route.Doc.Range(here[0].rule.Path()...), Field: here[0].rule.Path().String()}
	if words.LoserOnly && len(sure) == 0 {
		return undetermined(words.Type, "cannot be decided: the older route wins, and creation timestamps are not in the input: "+overlapTexts(here), cause), true
	}
	if words.LoserOnly {
		here = sure
		cause = &Cause{Range: p.Route.Doc.Range(here[0].rule.Path()...), Field: here[0].rule.Path().String()}
	}
	return Condition{Type: words.Type, Status: "True", Reason: words.Reason, Message: overlapTexts(here), Certainty: diag.Certain, Cause: cause}, true
}

// overlapTexts names the matches in common, each pair once.
func overlapTexts(list []overlap) string {
	var texts []string
	for _, o := range list {
		host := o.with.Host.Name
		if host == "" {
			host = "any host"
		}
		text := fmt.Sprintf("rule %d has a match for %s that rule %d of %s %s has too", o.rule.Index, host, o.with.Rule.Index, o.with.Route.Kind, o.with.Route.Key())
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "; ")
}

// endpoints predicts the implementation's condition on Services without ready
// endpoints. It is claimed only of Services whose EndpointSlices are in the
// input.
func (s *predictor) endpoints(r *topology.Route) (Condition, bool) {
	words := s.t.Profile.Wording()
	if words.Endpoints == "" {
		return Condition{}, false
	}
	for _, rule := range r.Rules {
		for _, b := range rule.Backends {
			if b.Refusal != nil || b.Service == nil || b.Weight == 0 {
				continue
			}
			if slices, ready := s.readyEndpoints(b.Namespace, b.Name); slices > 0 && ready == 0 {
				return Condition{
					Type: words.Endpoints, Status: "False", Reason: words.EndpointsReason,
					Message: fmt.Sprintf("Service %s/%s has no ready endpoint", b.Namespace, b.Name),
					Cause: &Cause{
						Range: r.Doc.Range(rule.Path("backendRefs", b.Index)...),
						Field: rule.Path("backendRefs", b.Index).String(),
					},
				}, true
			}
		}
	}
	return Condition{}, false
}

// readyEndpoints counts the EndpointSlices of a Service and the ready endpoints
// in them.
func (s *predictor) readyEndpoints(namespace, service string) (slices, ready int) {
	for _, x := range s.t.Set.EndpointSlices.All {
		if x.Doc.Ref.Namespace != namespace || x.Value.Labels["kubernetes.io/service-name"] != service {
			continue
		}
		slices++
		for _, e := range x.Value.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				ready++
			}
		}
	}
	return slices, ready
}
