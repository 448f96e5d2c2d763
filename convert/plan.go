package convert

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// apiVersion and kind of what routes become.
const (
	grpcVersion = gatewayv1.GroupName + "/v1"
	grpcKind    = "GRPCRoute"
)

// plan is how a document is edited: first what is added, then what goes, then what
// is written, whose paths are those after that.
type plan struct {
	doc    *manifest.Document
	adds   []manifest.Change
	cuts   []manifest.Change // in the order of the text
	writes []manifest.Change
	rules  []int // the old index of each rule that is left
	// steps: what is cut and what is written cannot be said in one step.
	steps bool
}

// planner makes the plan of a route.
type planner struct {
	*plan
	route *Route
	spec  *gatewayv1.HTTPRoute
}

func newPlan(r *Route, spec *gatewayv1.HTTPRoute) *plan {
	p := &planner{plan: &plan{doc: r.Doc}, route: r, spec: spec}
	if r.Doc.Ref.APIVersion != grpcVersion {
		p.write(manifest.Put(manifest.Path{"apiVersion"}, grpcVersion))
	}
	p.write(manifest.Put(manifest.Path{"kind"}, grpcKind))
	if _, ok := r.Doc.Text("kind"); !ok {
		r.Why = "its kind is that of the list it stands in: write the list as one of kind List, with the kind in each item"
	}
	p.live()
	for i := range spec.Spec.Rules {
		p.rule(i)
	}
	if len(p.rules) == 0 && r.Why == "" {
		r.Why = "nothing in it takes gRPC calls"
	}
	return p.plan
}

// live takes out the age, which the GRPCRoute will not have, and notes what else is
// of the HTTPRoute in a cluster.
func (p *planner) live() {
	if !p.spec.CreationTimestamp.IsZero() {
		p.cut(at("metadata", "creationTimestamp"))
	}
	for _, path := range []manifest.Path{
		at("metadata", "resourceVersion"), at("metadata", "uid"), at("metadata", "managedFields"), at("status"),
		at("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
	} {
		if valueAt(p.doc.Object(), path) != nil {
			p.route.Notes = append(p.route.Notes, Remark{Path: path, Message: "this is of the HTTPRoute in a cluster: take it out before the GRPCRoute is applied"})
		}
	}
}

func (p *planner) cut(path manifest.Path) {
	p.cuts = append(p.cuts, manifest.Remove(path).KeepComments())
}

func (p *planner) write(cs ...manifest.Change) { p.writes = append(p.writes, cs...) }

func (p *planner) lose(path manifest.Path, hint, format string, args ...any) {
	p.route.Losses = append(p.route.Losses, Remark{path, fmt.Sprintf(format, args...), hint})
}

func at(elements ...any) manifest.Path { return elements }

func join(path manifest.Path, more ...any) manifest.Path {
	return append(path[:len(path):len(path)], more...)
}

// wanted is what the matches of a rule become.
type wanted struct {
	match int // index in the HTTPRoute
	list  []names
}

// rule plans one rule. One that takes no gRPC call is left out.
func (p *planner) rule(i int) {
	rule := &p.spec.Spec.Rules[i]
	path := at("spec", "rules", i)
	var keep []wanted
	var gone []int
	for j := range rule.Matches {
		if list := p.match(&rule.Matches[j], join(path, "matches", j)); list != nil {
			keep = append(keep, wanted{j, list})
		} else {
			gone = append(gone, j)
		}
	}
	if len(rule.Matches) > 0 && len(keep) == 0 {
		if len(p.spec.Spec.Rules) > 1 {
			p.cut(path)
		}
		return
	}
	after := at("spec", "rules", len(p.rules))
	p.rules = append(p.rules, i)
	p.body(rule, path)
	if len(keep) == 1 && len(keep[0].list) == 1 && keep[0].list[0].any() && len(rule.Matches[keep[0].match].Headers) == 0 {
		p.cut(join(path, "matches"))
		return
	}
	for _, j := range gone {
		p.cut(join(path, "matches", j))
	}
	for n, w := range keep {
		p.rewrite(&rule.Matches[w.match], w.list[0], join(path, "matches", w.match), join(after, "matches", n))
	}
	for _, w := range keep {
		for _, n := range w.list[1:] {
			p.adds = append(p.adds, manifest.Append(join(path, "matches"), p.further(n, join(path, "matches", w.match, "headers"))))
		}
	}
}

// match returns what a match becomes; nil when it takes no gRPC call, or what it
// takes cannot be said.
func (p *planner) match(m *gatewayv1.HTTPRouteMatch, path manifest.Path) []names {
	if m.Method != nil && *m.Method != gatewayv1.HTTPMethodPost {
		p.lose(join(path, "method"), keepHTTP, "it takes %s requests only, and gRPC calls are POST", *m.Method)
		return nil
	}
	if len(m.QueryParams) > 0 {
		p.lose(join(path, "queryParams"), keepHTTP, "it wants a query parameter, which no gRPC call has and no GRPCRoute matches")
		return nil
	}
	list, why, hint := pathNames(m.Path)
	if why != "" {
		p.lose(join(path, "path", "value"), hint, "%s", why)
		return nil
	}
	if m.Path != nil && !looksGRPC(m) && !list[0].any() && !list[0].regex {
		p.route.Notes = append(p.route.Notes, Remark{
			Path:    join(path, "path", "value"),
			Message: fmt.Sprintf("path %q need not be that of a gRPC service: requests for it that are not gRPC are not routed any more", deref(m.Path.Value, "")),
			Hint:    keepHTTP,
		})
	}
	return list
}

// rewrite plans the fields of a match that stays. The paths are those before and
// after the cuts.
func (p *planner) rewrite(m *gatewayv1.HTTPRouteMatch, n names, path, after manifest.Path) {
	if m.Method != nil {
		p.cut(join(path, "method"))
	}
	if m.Path == nil {
		return
	}
	after = join(after, "path")
	if n.any() {
		p.steps = p.steps || m.Method != nil && len(m.Headers) == 0 // nothing would be left
		p.write(manifest.Remove(after).KeepComments())
		return
	}
	kind := gatewayv1.GRPCMethodMatchExact
	if n.regex {
		kind = gatewayv1.GRPCMethodMatchRegularExpression
	}
	if m.Path.Type != nil && string(*m.Path.Type) != string(kind) {
		p.write(manifest.Put(join(after, "type"), string(kind)))
	}
	value := join(after, "value")
	switch {
	case n.service == "":
		p.write(manifest.Put(value, n.method), manifest.Rename(value, "method"))
	case n.method == "":
		p.write(manifest.Put(value, n.service), manifest.Rename(value, "service"))
	default:
		p.write(manifest.Put(value, n.service), manifest.PutAfter(join(after, "method"), "value", n.method), manifest.Rename(value, "service"))
	}
	p.write(manifest.Rename(after, "method"))
}

// further is a match of its own for another alternative of an expression.
func (p *planner) further(n names, headers manifest.Path) manifest.Fields {
	var method manifest.Fields
	add := func(key, value string) {
		if value != "" {
			method = append(method, manifest.Field{Key: key, Value: value})
		}
	}
	if n.regex {
		add("type", string(gatewayv1.GRPCMethodMatchRegularExpression))
	}
	add("service", n.service)
	add("method", n.method)
	match := manifest.Fields{}
	if len(method) > 0 {
		match = append(match, manifest.Field{Key: "method", Value: method})
	}
	if list, ok := valueAt(p.doc.Object(), headers).([]any); ok && len(list) > 0 {
		match = append(match, manifest.Field{Key: "headers", Value: list})
	}
	return match
}

func valueAt(v any, path manifest.Path) any {
	for _, element := range path {
		switch key := element.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			list, _ := v.([]any)
			if key >= len(list) {
				return nil
			}
			v = list[key]
		}
	}
	return v
}

// body plans what a rule does with its calls.
func (p *planner) body(rule *gatewayv1.HTTPRouteRule, path manifest.Path) {
	p.filters(rule.Filters, join(path, "filters"))
	for k := range rule.BackendRefs {
		p.filters(rule.BackendRefs[k].Filters, join(path, "backendRefs", k, "filters"))
	}
	if rule.Timeouts != nil {
		p.lose(join(path, "timeouts"), "clients set deadlines of gRPC calls; implementations have policies for more", "a GRPCRoute has no timeouts")
		p.cut(join(path, "timeouts"))
	}
	if rule.Retry != nil {
		p.lose(join(path, "retry"), "gRPC's service config has retries; implementations have policies for more", "a GRPCRoute has no retries")
		p.cut(join(path, "retry"))
	}
}

// carried are the filters that both kinds have in the same form.
var carried = []gatewayv1.HTTPRouteFilterType{
	gatewayv1.HTTPRouteFilterRequestHeaderModifier, gatewayv1.HTTPRouteFilterResponseHeaderModifier,
	gatewayv1.HTTPRouteFilterRequestMirror, gatewayv1.HTTPRouteFilterExtensionRef,
}

func (p *planner) filters(list []gatewayv1.HTTPRouteFilter, path manifest.Path) {
	var gone []int
	for k := range list {
		if !slices.Contains(carried, list[k].Type) {
			p.lose(join(path, k, "type"), keepHTTP, "a GRPCRoute has no filter %s", list[k].Type)
			gone = append(gone, k)
		}
	}
	if len(gone) == len(list) && len(list) > 0 {
		p.cut(path)
		return
	}
	for _, k := range gone {
		p.cut(join(path, k))
	}
}
