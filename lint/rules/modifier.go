package rules

import (
	"strings"

	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// modifier is one header filter of a GRPCRoute.
type modifier struct {
	doc           *manifest.Document
	path          manifest.Path // to requestHeaderModifier or responseHeaderModifier
	response      bool
	rule, backend int // backend is -1 for a filter of the rule
	filter        *gatewayv1.HTTPHeaderFilter
}

// direction is what the filter changes the headers of, as messages say it.
func (m *modifier) direction() string {
	if m.response {
		return "response"
	}
	return "request"
}

// headerAction is one entry of set, add or remove.
type headerAction struct {
	verb  string // "set", "add" or "remove"
	index int
	name  string
	value string // "" for remove
}

// done is what the action does to a header, as messages say it.
func (a *headerAction) done() string {
	switch a.verb {
	case "add":
		return "added to"
	case "remove":
		return "removed"
	}
	return "set"
}

// key is the name as headers are compared.
func (a *headerAction) key() string { return strings.ToLower(a.name) }

// at leads to the name of an action.
func (m *modifier) at(a *headerAction) manifest.Path {
	if a.verb == "remove" {
		return below(m.path, a.verb, a.index)
	}
	return below(m.path, a.verb, a.index, "name")
}

// actions lists the entries of a filter in the order of the schema.
func (m *modifier) actions() []headerAction {
	out := make([]headerAction, 0, len(m.filter.Set)+len(m.filter.Add)+len(m.filter.Remove))
	for i, h := range m.filter.Set {
		out = append(out, headerAction{"set", i, string(h.Name), h.Value})
	}
	for i, h := range m.filter.Add {
		out = append(out, headerAction{"add", i, string(h.Name), h.Value})
	}
	for i, name := range m.filter.Remove {
		out = append(out, headerAction{"remove", i, name, ""})
	}
	return out
}

// modifiers lists the header filters of a GRPCRoute: per rule its own, then those
// of its backends.
func modifiers(route *manifest.Object[gatewayv1.GRPCRoute]) []modifier {
	var out []modifier
	for i := range route.Value.Spec.Rules {
		rule := &route.Value.Spec.Rules[i]
		if len(rule.Filters) > 0 {
			out = addModifiers(out, route.Doc, at("spec", "rules", i), i, -1, rule.Filters)
		}
		for j := range rule.BackendRefs {
			if fs := rule.BackendRefs[j].Filters; len(fs) > 0 {
				out = addModifiers(out, route.Doc, at("spec", "rules", i, "backendRefs", j), i, j, fs)
			}
		}
	}
	return out
}

func addModifiers(out []modifier, doc *manifest.Document, path manifest.Path, rule, backend int, filters []gatewayv1.GRPCRouteFilter) []modifier {
	for k := range filters {
		f := &filters[k]
		if f.RequestHeaderModifier != nil {
			out = append(out, modifier{doc, below(path, "filters", k, "requestHeaderModifier"), false, rule, backend, f.RequestHeaderModifier})
		}
		if f.ResponseHeaderModifier != nil {
			out = append(out, modifier{doc, below(path, "filters", k, "responseHeaderModifier"), true, rule, backend, f.ResponseHeaderModifier})
		}
	}
	return out
}

// eachModifier calls f for each header filter of each GRPCRoute.
func eachModifier(p *lint.Pass, f func(route *gatewayv1.GRPCRoute, m *modifier)) {
	for _, route := range p.Set.GRPCRoutes.All {
		all := modifiers(route)
		for i := range all {
			f(route.Value, &all[i])
		}
	}
}

// isToken reports whether a text can be the name of a header (RFC 9110, section
// 5.6.2).
func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !isWordByte(c) && !strings.ContainsRune("!#$%&'*+-.^`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}
