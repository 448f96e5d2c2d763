package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var parentNotFound = &lint.Rule{
	ID:       "parent-not-found",
	Summary:  "the parent does not exist in an input that is declared complete",
	Section:  lint.AttachmentSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkParentNotFound,
}

// Without --assume=absent the topology leaves a missing parent unknown, and this
// rule is quiet.
func checkParentNotFound(p *lint.Pass) {
	for parent := range grpcParents(p.Topology) {
		r := parent.Refusal
		if r == nil || r.Certainty != diag.Assumed {
			continue // what is certain is no absence: an implementation may not know the kind
		}
		t := targetOf(parent.Route.Doc, &parent.Ref)
		names, found := parentNames(p.Set, t)
		if found || names == nil {
			continue
		}
		message := fmt.Sprintf("%s %q does not exist in namespace %q", t.kind, t.name, t.namespace)
		var same []string
		var elsewhere string
		for _, n := range names {
			switch {
			case n.Namespace == t.namespace:
				same = append(same, n.Name)
			case n.Name == t.name:
				elsewhere = n.Namespace
			}
		}
		d := diag.Diagnostic{Certainty: r.Certainty, Message: also(message, expected(t.name, same))}
		if elsewhere != "" {
			d.Message = fmt.Sprintf("%s: one of that name is in namespace %q", message, elsewhere)
			d.Hint = "add namespace: " + elsewhere
		}
		p.Report(parent.Route.Doc, parent.Path("name"), d)
		if elsewhere != "" {
			suggest(p, lint.OwnCalls, parent.Route.Doc, "write namespace: "+elsewhere, manifest.PutAfter(parent.Path("namespace"), "name", elsewhere))
			continue
		}
		suggestNear(p, lint.OwnCalls, parent.Route.Doc, parent.Path("name"), t.name, same)
	}
}

// parentNames returns the objects of the kind that a parentRef names, and whether
// the one it names is among them; nil for a kind that is no parent.
func parentNames(set *manifest.Set, t target) (names []diag.Ref, found bool) {
	switch {
	case t.isService():
		return set.ServiceRefs(), set.Services.Get(t.namespace, t.name) != nil
	case t.group == gatewayGroup && t.kind == "Gateway":
		return refs(&set.Gateways), set.Gateways.Get(t.namespace, t.name) != nil
	case t.group == gatewayGroup && t.kind == "ListenerSet":
		return refs(&set.ListenerSets), set.ListenerSets.Get(t.namespace, t.name) != nil
	}
	return nil, false
}

// refs lists the objects of an index; never nil.
func refs[T any](x *manifest.Index[T]) []diag.Ref {
	out := make([]diag.Ref, len(x.All))
	for i, o := range x.All {
		out[i] = o.Doc.Ref
	}
	return out
}
