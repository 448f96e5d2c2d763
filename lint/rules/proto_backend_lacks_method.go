package rules

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grpcroute/grpcroute/descriptor"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/topology"
)

var protoBackendLacksMethod = &lint.Rule{
	ID:       "proto-backend-lacks-method",
	Summary:  "a rule sends calls of a method to a backend that does not have it",
	Section:  lint.ProtoSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkProtoBackendLacksMethod,
}

func checkProtoBackendLacksMethod(p *lint.Pass) {
	if len(p.Options.BackendDescriptors) == 0 {
		return
	}
	api := newAPICalls(p, everyMethod(p))
	for rule := range grpcRules(p.Topology) {
		var calls []apiCall
		for _, b := range rule.Backends {
			set := p.Options.BackendDescriptors[b.Namespace+"/"+b.Name]
			if set == nil || b.Weight == 0 || b.Kind != "Service" {
				continue
			}
			if calls == nil {
				calls = api.of(rule)
			}
			reportLacking(p, b, filtered(calls, func(m *apiMethod) bool { return lacks(set, rule, m) }))
		}
	}
}

// lacks reports whether a backend misses a method that is meant for it: one of a
// service that it has, or that a match of the rule names.
func lacks(set *descriptor.Set, rule *topology.Rule, m *apiMethod) bool {
	if set.Method(m.service, m.method) != nil || ofLibrary(m.service) {
		return false
	}
	if set.Service(m.service) != nil {
		return true
	}
	matches := rule.Route.GRPC.Spec.Rules[rule.Index].Matches
	for i := range matches {
		if method := matches[i].Method; method != nil && !isRegex(method) && deref(method.Service, "") == m.service {
			return true
		}
	}
	return false
}

func reportLacking(p *lint.Pass, b *topology.Backend, calls []apiCall) {
	if len(calls) == 0 {
		return
	}
	p.Report(b.Rule.Route.Doc, b.Path("name"), diag.Diagnostic{
		Message: fmt.Sprintf("%s does not have %s, which the rule sends to it: such calls get UNIMPLEMENTED", targetName(b), nameCalls(calls)),
		Hint:    "send them to a backend that has them, or deploy them there first",
		Witness: calls[0].witness(),
	})
	p.Refuse("which backend has the methods, or will have them, is for people to say")
}

// everyMethod lists the methods of all descriptors, those of single backends
// included, each once.
func everyMethod(p *lint.Pass) []apiMethod {
	seen := map[string]bool{}
	var out []apiMethod
	add := func(set *descriptor.Set) {
		for _, m := range apiMethods(set) {
			if !seen[m.name()] {
				seen[m.name()] = true
				out = append(out, m)
			}
		}
	}
	add(p.Options.Descriptors)
	for _, name := range slices.Sorted(maps.Keys(p.Options.BackendDescriptors)) {
		add(p.Options.BackendDescriptors[name])
	}
	return out
}
