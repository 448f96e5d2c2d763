package convert

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// abroad are the namespaces other than its own that a route sends calls to, with a
// field that does.
func (w *work) abroad(r *Route) map[string]manifest.Path {
	out := map[string]manifest.Path{}
	route := routeOf(w.before[0].Topology, r.Doc)
	if route == nil {
		return out
	}
	add := func(b *topology.Backend) {
		if b != nil && b.Namespace != route.Namespace && out[b.Namespace] == nil {
			out[b.Namespace] = b.Path("namespace")
		}
	}
	for _, rule := range route.Rules {
		if !slices.Contains(r.plan.rules, rule.Index) {
			continue
		}
		for _, f := range rule.Filters {
			add(f.Mirror)
		}
		for _, b := range rule.Backends {
			add(b)
			for _, f := range b.Filters {
				add(f.Mirror)
			}
		}
	}
	return out
}

// grants lists the ReferenceGrants that let HTTPRoutes reach what routes refer to,
// and not yet GRPCRoutes.
func (w *work) grants(routes []*Route) []*Grant {
	var out []*Grant
	for _, o := range w.set.ReferenceGrants.All {
		done := map[string]bool{}
		for _, f := range o.Value.Spec.From {
			if string(f.Group) == gatewayv1.GroupName && f.Kind == grpcKind {
				done[string(f.Namespace)] = true
			}
		}
		for _, f := range o.Value.Spec.From {
			from := string(f.Namespace)
			if string(f.Group) != gatewayv1.GroupName || f.Kind != "HTTPRoute" || done[from] {
				continue
			}
			if slices.ContainsFunc(routes, func(r *Route) bool {
				return r.Doc.Ref.Namespace == from && w.abroad(r)[o.Doc.Ref.Namespace] != nil
			}) {
				done[from] = true
				out = append(out, &Grant{Doc: o.Doc, From: from})
			}
		}
	}
	return out
}

// grantPlans makes one plan for each ReferenceGrant.
func grantPlans(grants []*Grant) []*plan {
	var out []*plan
	byDoc := map[*manifest.Document]*plan{}
	for _, g := range grants {
		p := byDoc[g.Doc]
		if p == nil {
			p = &plan{doc: g.Doc}
			byDoc[g.Doc] = p
			out = append(out, p)
		}
		p.writes = append(p.writes, manifest.Append(at("spec", "from"), manifest.Fields{
			{Key: "group", Value: gatewayv1.GroupName}, {Key: "kind", Value: grpcKind}, {Key: "namespace", Value: g.From},
		}))
	}
	return out
}

// references lists what names a converted route as an HTTPRoute, and the grants
// that somebody else has to write.
func (w *work) references(t *trial) diag.List {
	var out diag.List
	for _, doc := range slices.Concat(w.set.Documents, w.set.Unread) {
		walk(doc.Object(), nil, func(path manifest.Path, m map[string]any) {
			if r := named(doc, m, t.routes); r != nil {
				out = append(out, diag.Diagnostic{
					Severity: diag.Warning, Object: doc.Ref, Range: doc.Range(join(path, "kind")...), Field: join(path, "kind").String(),
					Message: fmt.Sprintf("it names %s, which is a GRPCRoute now", r.Doc.Ref),
					Hint:    "write \"kind: GRPCRoute\", if what reads it takes that kind",
				})
			}
		})
	}
	for _, r := range t.routes {
		abroad := w.abroad(r)
		for _, namespace := range slices.Sorted(maps.Keys(abroad)) {
			if !slices.ContainsFunc(w.set.ReferenceGrants.All, func(o *manifest.Object[gatewayv1.ReferenceGrant]) bool { return o.Doc.Ref.Namespace == namespace }) {
				path := abroad[namespace]
				out = append(out, diag.Diagnostic{
					Severity: diag.Warning, Object: r.Doc.Ref, Range: r.Doc.Range(path...), Field: path.String(),
					Message: fmt.Sprintf("a ReferenceGrant in namespace %q has to name kind GRPCRoute, too: the input does not hold it", namespace),
				})
			}
		}
	}
	return out
}

// named returns the route that a mapping names by kind and name, as targetRefs of
// policies do.
func named(doc *manifest.Document, m map[string]any, routes []*Route) *Route {
	if kind, _ := m["kind"].(string); kind != "HTTPRoute" {
		return nil
	}
	name, _ := m["name"].(string)
	namespace, ok := m["namespace"].(string)
	if !ok {
		namespace = doc.Ref.Namespace
	}
	for _, r := range routes {
		if r.Doc.Ref.Name == name && r.Doc.Ref.Namespace == namespace {
			return r
		}
	}
	return nil
}

// walk visits the mappings below the top of an object, in an order that does not
// depend on maps.
func walk(v any, path manifest.Path, visit func(manifest.Path, map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		if len(path) > 0 {
			visit(path, v)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walk(v[key], join(path, key), visit)
		}
	case []any:
		for i := range v {
			walk(v[i], join(path, i), visit)
		}
	}
}
