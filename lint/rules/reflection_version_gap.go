package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/routing"
)

var reflectionVersionGap = &lint.Rule{
	ID:       "reflection-version-gap",
	Summary:  "one version of the reflection service is routed on a host and the other is not",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkReflectionVersionGap,
}

// Clients ask v1 first, and some ask nothing else; older ones know v1alpha only.
// Both calls are sent: a rule that takes more than it names is no gap, and where
// the two end does not matter.
func checkReflectionVersionGap(p *lint.Pass) {
	for pl := range grpcHosts(p.Table) {
		askV1, v1 := pl.ask(p.Table, reflectionV1)
		askAlpha, alpha := pl.ask(p.Table, reflectionAlpha)
		switch {
		case v1.Entry == nil && alpha.Entry != nil:
			reportGap(p, diag.Warning, alpha.Entry, "v1", "v1alpha", "which clients ask for first", witness(askV1, listenerOf(v1)), v1)
		case v1.Entry != nil && alpha.Entry == nil:
			reportGap(p, diag.Info, v1.Entry, "v1alpha", "v1", "all that older clients know", witness(askAlpha, listenerOf(alpha)), alpha)
		}
	}
}

func reportGap(p *lint.Pass, s diag.Severity, e *routing.Entry, missing, routed, why string, w *diag.Witness, res routing.Result) {
	m := grpcMatch(e)
	if m == nil || e.Match < 0 {
		return // an HTTPRoute's
	}
	service := fmt.Sprintf("grpc.reflection.%s.ServerReflection", missing)
	p.ReportAs(s, e.Route.Doc, servicePath(e), diag.Diagnostic{
		Certainty: e.Certainty,
		Message:   fmt.Sprintf("reflection %s is routed on %s, and %s, %s, %s", routed, shown(e.Host.Name), missing, why, ends(res)),
		Hint:      "add to the matches of the rule: - method: {service: " + service + "}",
		Witness:   w,
	})
	suggestReflection(p, e, service, s == diag.Info)
}

// suggestReflection suggests to take the other version's calls where those of one
// version are taken, with the same headers.
func suggestReflection(p *lint.Pass, e *routing.Entry, service string, offer bool) {
	m := grpcMatch(e)
	if m.Method == nil || m.Method.Service == nil || isRegex(m.Method) {
		p.Refuse("the match names no service")
		return
	}
	v, _ := valueAt(e.Route.Doc, e.Rule.Path("matches", e.Match))
	written, _ := v.(map[string]any)
	method := manifest.Fields{{Key: "service", Value: service}}
	if m.Method.Method != nil {
		method = append(method, manifest.Field{Key: "method", Value: *m.Method.Method})
	}
	match := manifest.Fields{{Key: "method", Value: method}}
	if headers, ok := written["headers"]; ok {
		match = append(match, manifest.Field{Key: "headers", Value: headers})
	}
	p.Suggest(lint.Suggestion{
		Title: "add a match for " + service, Claim: lint.OwnCalls, Offer: offer,
		Changes: lint.In(e.Route.Doc, manifest.Append(e.Rule.Path("matches"), match)),
	})
}

// servicePath leads to the service of an entry's match, or to the match.
func servicePath(e *routing.Entry) manifest.Path {
	if m := grpcMatch(e); m.Method == nil || m.Method.Service == nil {
		return e.Rule.Path("matches", e.Match)
	}
	return e.Rule.Path("matches", e.Match, "method", "service")
}
