package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

type grant = manifest.Object[gatewayv1.ReferenceGrant]

// grants finds the grants of a namespace and what is wrong with those that
// nearly permit a reference. Whether one permits it is decided in topology.
type grants struct {
	byNamespace map[string][]*grant
	profile     *profile.Profile
}

func grantsOf(p *lint.Pass) *grants {
	g := &grants{profile: p.Profile, byNamespace: map[string][]*grant{}}
	for _, o := range p.Set.ReferenceGrants.All {
		g.byNamespace[o.Doc.Ref.Namespace] = append(g.byNamespace[o.Doc.Ref.Namespace], o)
	}
	return g
}

// fromKind is the kind that a grant for a reference names: that of the route,
// except where an implementation wants another one for the targets of mirrors.
func fromKind(p *profile.Profile, ref *topology.Backend) string {
	if ref.Index < 0 && p.Filters.MirrorGrantKind != "" {
		return p.Filters.MirrorGrantKind
	}
	return ref.Rule.Route.Kind
}

// near is a grant that would permit a reference but for one thing.
type near struct {
	rule  string // the rule that reports it
	grant *grant
	path  manifest.Path
	have  string // what stands there
	want  string // what would permit the reference
}

// nearest returns the grant that comes nearest to permitting a reference that
// none permits.
func (g *grants) nearest(ref *topology.Backend) (near, bool) {
	route, kind := ref.Rule.Route, fromKind(g.profile, ref)
	for _, o := range g.byNamespace[ref.Namespace] {
		for i := range o.Value.Spec.From {
			for j := range o.Value.Spec.To {
				if n, ok := oneOff(o, i, j, kind, ref); ok {
					return n, true
				}
			}
		}
	}
	for _, o := range g.byNamespace[route.Namespace] {
		for i := range o.Value.Spec.From {
			for j := range o.Value.Spec.To {
				from, to := &o.Value.Spec.From[i], &o.Value.Spec.To[j]
				if fromFaults(from, kind, route.Namespace) == 0 && toFaults(to, ref) == 0 {
					return near{"grant-wrong-namespace", o, at("metadata", "namespace"), route.Namespace, ref.Namespace}, true
				}
			}
		}
	}
	return near{}, false
}

// The parts of a grant's entries that can be wrong.
const (
	wrongGroup = 1 << iota
	wrongKind
	wrongNamespace
	wrongName
)

func fromFaults(f *gatewayv1.ReferenceGrantFrom, kind, namespace string) (faults int) {
	if string(f.Group) != gatewayGroup {
		faults |= wrongGroup
	}
	if string(f.Kind) != kind {
		faults |= wrongKind
	}
	if string(f.Namespace) != namespace {
		faults |= wrongNamespace
	}
	return faults
}

func toFaults(t *gatewayv1.ReferenceGrantTo, ref *topology.Backend) (faults int) {
	if string(t.Group) != ref.Group {
		faults |= wrongGroup
	}
	if string(t.Kind) != ref.Kind {
		faults |= wrongKind
	}
	if t.Name != nil && *t.Name != "" && string(*t.Name) != ref.Name {
		faults |= wrongName
	}
	return faults
}

// oneOff says what is wrong with a grant whose entries i and j are wrong in
// exactly one group or kind.
func oneOff(o *grant, i, j int, kind string, ref *topology.Backend) (near, bool) {
	from, to := &o.Value.Spec.From[i], &o.Value.Spec.To[j]
	switch f, t := fromFaults(from, kind, ref.Rule.Route.Namespace), toFaults(to, ref); {
	case f == wrongKind && t == 0:
		return near{"grant-wrong-kind", o, at("spec", "from", i, "kind"), string(from.Kind), kind}, true
	case f == 0 && t == wrongKind:
		return near{"grant-wrong-kind", o, at("spec", "to", j, "kind"), string(to.Kind), ref.Kind}, true
	case f == wrongGroup && t == 0:
		return near{"grant-wrong-group", o, at("spec", "from", i, "group"), string(from.Group), gatewayGroup}, true
	case f == 0 && t == wrongGroup:
		return near{"grant-wrong-group", o, at("spec", "to", j, "group"), string(to.Group), ref.Group}, true
	}
	return near{}, false
}

// ungranted walks the references that no grant permits. Without --assume=absent
// another grant may be elsewhere, and the refusal's certainty says so.
func ungranted(p *lint.Pass) func(func(*topology.Backend) bool) {
	return func(yield func(*topology.Backend) bool) {
		for ref := range references(ownRoutes(p.Topology)) {
			if ref.Refusal != nil && ref.Refusal.Reason == refNotPermitted && !yield(ref) {
				return
			}
		}
	}
}

// reportNear reports the grants that one rule has something against, once each.
// When another grant may be elsewhere, it is a warning.
func reportNear(p *lint.Pass, message func(*topology.Backend, near) (message, hint string)) {
	var g *grants
	type key struct {
		doc  *manifest.Document
		path string
	}
	seen := map[key]bool{}
	for ref := range ungranted(p) {
		if g == nil {
			g = grantsOf(p)
		}
		n, ok := g.nearest(ref)
		if !ok || n.rule != p.Rule.ID {
			continue
		}
		k := key{n.grant.Doc, n.path.String()}
		if seen[k] {
			continue
		}
		seen[k] = true
		d := diag.Diagnostic{
			Certainty: ref.Refusal.Certainty,
			Related: []diag.Related{{
				Message: fmt.Sprintf("%s refers to %s", ref.Rule.Route.Doc.Ref, targetName(ref)),
				Range:   ref.Rule.Route.Doc.Range(ref.Path()...),
			}},
		}
		if d.Certainty == diag.Unknown {
			d.Severity = diag.Warning
		}
		d.Message, d.Hint = message(ref, n)
		p.Report(n.grant.Doc, n.path, d)
		p.Once(lint.Subject{Doc: n.grant.Doc, Name: n.path.String()}, lint.RankOf(ref.Rule.Route))
		suggestValue(p, lint.RepairsCalls, n.grant.Doc, n.path, n.want)
	}
}
