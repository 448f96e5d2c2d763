package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Status predicts the conditions. refused says which documents the API server
// would not take, with its message; they get no status.
func Status(t *topology.Topology, refused map[*manifest.Document]string) *StatusReport {
	return StatusAll([]*topology.Topology{t}, refused)
}

// StatusAll predicts the conditions that the implementations of several
// topologies of one input write, each on its own Gateways. A route whose parents
// belong to two implementations gets the entries of both.
func StatusAll(ts []*topology.Topology, refused map[*manifest.Document]string) *StatusReport {
	report := &StatusReport{}
	at := map[*manifest.Document]int{}
	for _, t := range ts {
		s := &predictor{t: t, refused: refused, overlaps: map[*topology.Route][]overlap{}}
		s.findOverlaps()
		for _, g := range t.Gateways {
			if s.owns(g) && g.Object != nil {
				report.Gateways = append(report.Gateways, s.gateway(g))
				for _, set := range g.Sets {
					report.ListenerSets = append(report.ListenerSets, s.listenerSet(set))
				}
			}
		}
		report.addSets(s.strays())
		for _, r := range t.Routes {
			if r.Kind != "GRPCRoute" {
				continue
			}
			status := s.route(r)
			i, known := at[r.Doc]
			if !known {
				at[r.Doc] = len(report.Routes)
				report.Routes = append(report.Routes, status)
				continue
			}
			report.Routes[i].merge(status)
		}
	}
	if len(ts) > 0 {
		report.unreadable(ts[0].Set, refused)
	}
	for i := range report.Routes {
		report.Routes[i].settle()
	}
	slices.SortStableFunc(report.Routes, func(a, b RouteStatus) int {
		return cmp.Or(strings.Compare(a.Route.Namespace, b.Route.Namespace), strings.Compare(a.Route.Name, b.Route.Name))
	})
	slices.SortStableFunc(report.Gateways, func(a, b GatewayStatus) int {
		return cmp.Or(strings.Compare(a.Gateway.Namespace, b.Gateway.Namespace), strings.Compare(a.Gateway.Name, b.Gateway.Name))
	})
	return report
}

// unreadable adds the objects whose values do not fit their type: no topology
// holds them, and no API server takes them.
func (r *StatusReport) unreadable(set *manifest.Set, refused map[*manifest.Document]string) {
	for _, doc := range set.Broken {
		why, ok := refused[doc]
		if !ok {
			why = doc.DecodeError.Error()
		}
		why = refusal(why)
		namespace, name := doc.Ref.Namespace, doc.Ref.Name
		switch doc.Ref.Kind {
		case "GRPCRoute":
			r.Routes = append(r.Routes, RouteStatus{Route: &topology.Route{Kind: doc.Ref.Kind, Doc: doc, Namespace: namespace, Name: name}, Why: why})
		case "Gateway":
			g := &topology.Gateway{Namespace: namespace, Name: name, Object: &manifest.Object[gatewayv1.Gateway]{Doc: doc, Value: &gatewayv1.Gateway{}}}
			r.Gateways = append(r.Gateways, GatewayStatus{Gateway: g, Why: why})
		case "ListenerSet":
			s := &topology.ListenerSet{Object: &manifest.Object[gatewayv1.ListenerSet]{Doc: doc, Value: &gatewayv1.ListenerSet{}}}
			r.ListenerSets = append(r.ListenerSets, ListenerSetStatus{Set: s, Why: why})
		}
	}
}

func refusal(message string) string { return "the API server refuses the object: " + message }

// merge adds the entries that another implementation writes. A parentRef that
// one of them answers for is not skipped.
func (r *RouteStatus) merge(more RouteStatus) {
	r.Parents = append(r.Parents, more.Parents...)
	r.Skipped = append(r.Skipped, more.Skipped...)
}

// settle puts entries into the order of parentRefs and says why there are none.
func (r *RouteStatus) settle() {
	slices.SortStableFunc(r.Parents, func(a, b ParentStatus) int { return cmp.Compare(a.Parent.Index, b.Parent.Index) })
	answered := func(s SkippedParent) bool {
		return slices.ContainsFunc(r.Parents, func(p ParentStatus) bool { return p.Parent.Index == s.Parent.Index })
	}
	r.Skipped = slices.DeleteFunc(r.Skipped, answered)
	slices.SortStableFunc(r.Skipped, func(a, b SkippedParent) int { return cmp.Compare(a.Parent.Index, b.Parent.Index) })
	// Of several implementations that pass a parentRef by, one reason is enough.
	r.Skipped = slices.CompactFunc(r.Skipped, func(a, b SkippedParent) bool { return a.Parent.Index == b.Parent.Index })
	if len(r.Parents) > 0 || r.Why != "" {
		return
	}
	var why []string
	for _, s := range r.Skipped {
		if !slices.Contains(why, s.Why) {
			why = append(why, s.Why)
		}
	}
	r.Why = strings.Join(why, "; ")
}

// predictor writes the status of one topology.
type predictor struct {
	t        *topology.Topology
	refused  map[*manifest.Document]string
	overlaps map[*topology.Route][]overlap
	sought   bool   // block is known
	block    *block // see pushed
}

// owns reports whether the topology's implementation manages a Gateway. Without
// --profile auto every Gateway is its own.
func (s *predictor) owns(g *topology.Gateway) bool {
	return g != nil && !g.Foreign
}

// controller returns the controllerName of a Gateway's entries: that of its
// GatewayClass or, when the class is not in the input, the implementation's own
// if it has one. A class-name implementation signs with its own in either case.
func (s *predictor) controller(g *topology.Gateway) string {
	if g != nil && g.Controller != "" {
		return g.Controller
	}
	if names := s.t.Profile.Controllers; len(names) > 0 {
		return names[0]
	}
	return ""
}

// route predicts the status of one GRPCRoute.
func (s *predictor) route(r *topology.Route) RouteStatus {
	status := RouteStatus{Route: r}
	if message, ok := s.refused[r.Doc]; ok {
		status.Why = refusal(message)
		return status
	}
	if len(r.Parents) == 0 {
		status.Why = "the route names no parentRefs, so it attaches to nothing"
		return status
	}
	for _, p := range r.Parents {
		if why := s.noEntry(p); why != "" {
			status.Skipped = append(status.Skipped, SkippedParent{p, why})
			continue
		}
		status.Parents = append(status.Parents, ParentStatus{p, s.controller(p.Gateway), s.parentConditions(p)})
	}
	if s.t.Profile.Status.NoneWhenRejected {
		s.dropRejected(&status)
	}
	return status
}

// dropRejected empties the status of a route that no parent takes, for
// implementations that write one only to routes they serve somewhere.
func (s *predictor) dropRejected(status *RouteStatus) {
	rejected := func(p ParentStatus) bool {
		return p.Parent.Refusal != nil && p.Parent.Refusal.Certainty != diag.Unknown
	}
	if slices.ContainsFunc(status.Parents, func(p ParentStatus) bool { return !rejected(p) }) {
		return
	}
	for _, p := range status.Parents {
		why := fmt.Sprintf("%s refuses the route (%s: %s), and %s writes a status only to routes that some parent takes",
			p.Parent, p.Parent.Refusal.Reason, p.Parent.Refusal.Message, s.t.Profile.Name)
		status.Skipped = append(status.Skipped, SkippedParent{p.Parent, why})
	}
	status.Parents = nil
}

// noEntry says why an implementation writes no entry for a parentRef, "" when it
// does. A parent that is missing or another controller's gets none (GA
// apis/v1/shared_types.go, RouteParentStatus).
func (s *predictor) noEntry(p *topology.Parent) string {
	switch {
	case p.Mesh:
		if p.Refusal != nil && p.Refusal.Reason == "" && p.Refusal.Certainty != diag.Unknown {
			return p.Refusal.Message
		}
		return ""
	case p.Gateway == nil && p.Set == nil:
		if p.Refusal != nil && p.Refusal.Message != "" {
			return p.Refusal.Message
		}
		return fmt.Sprintf("no known controller handles parents of the kind of %s", p)
	case !s.owns(p.Gateway):
		return fmt.Sprintf("%s belongs to another implementation: class %q", p, p.Gateway.Class)
	case p.Refusal != nil && p.Refusal.Reason == "" && p.Gateway != nil && p.Gateway.Object == nil:
		return p.Refusal.Message
	}
	if p.Set != nil {
		if message, ok := s.refused[p.Set.Object.Doc]; ok {
			return fmt.Sprintf("the API server refuses %s: %s", p, message)
		}
	}
	if p.Gateway != nil && p.Gateway.Object != nil {
		if message, ok := s.refused[p.Gateway.Object.Doc]; ok {
			return fmt.Sprintf("the API server refuses Gateway %s: %s", p.Gateway.Key(), message)
		}
	}
	return ""
}
