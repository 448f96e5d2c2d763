package rules

import (
	"fmt"
	"slices"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/prove"
	"github.com/grpcroute/grpcroute/routing"
	"github.com/grpcroute/grpcroute/topology"
)

var canaryHeaderLoses = &lint.Rule{
	ID:       "canary-header-loses",
	Summary:  "a rule that asks for a header only loses calls with that header to a rule with a service or method",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Fix:      lint.OfferFix,
	Check:    checkCanaryHeaderLoses,
}

// Service and method are compared before headers (GA apis/v1/grpcroute_types.go,
// GRPCRouteRule.Matches), wherever the rules stand in the file. Reported once per
// rule, with a call, unless the rule names a path in another match.
func checkCanaryHeaderLoses(p *lint.Pass) {
	x := &places{table: p.Table}
	for r := range grpcRoutes(p.Topology) {
		for _, rule := range r.Rules {
			if !headersOnly(x.entries(rule)) {
				continue
			}
			d, ok := losesTo(x, rule)
			if !ok {
				continue
			}
			// What a comment says of order is rule-order-misread's finding.
			if comment, _ := commentAbove(r, rule); !aboutOrder.MatchString(comment) {
				reportCanary(p, rule, d)
			}
		}
	}
}

// headersOnly reports whether every match of a rule asks for headers and for
// nothing else.
func headersOnly(es []place) bool {
	for _, pl := range es {
		if e := pl.entry; e.Dead != "" || e.Unit.Path.Kind != profile.AnyPath || e.Unit.Headers == 0 {
			return false
		}
	}
	return len(es) > 0
}

// losesTo finds a call with the rule's headers that another rule of its route
// takes, which asks for a path and no header.
func losesTo(x *places, rule *topology.Rule) (disorder, bool) {
	tried := 0
	for _, canary := range x.entries(rule) {
		for _, o := range rule.Route.Rules {
			if o == rule {
				continue
			}
			for _, pl := range x.entries(o) {
				e := pl.entry
				if pl.server != canary.server || e.Host != canary.entry.Host || e.Unit.Headers > 0 || e.Unit.Path.Kind == profile.AnyPath || tried == maxReplays {
					continue
				}
				guess, ok := both(e, canary.entry)
				if !ok {
					continue
				}
				tried++
				request := to(pl.server, guess)
				if res := x.table.LookupOnce(request); res.Entry == e && differentEffect(e, canary.entry) {
					return disorder{e, canary.entry, request, res}, true
				}
			}
		}
	}
	return disorder{}, false
}

// differentEffect reports whether two entries do different things with a call.
func differentEffect(a, b *routing.Entry) bool {
	if namesElsewhere(a.Action, b.Action) || namesElsewhere(b.Action, a.Action) {
		return true
	}
	return prove.EffectOf(&routing.Result{Entry: a}).Key() != prove.EffectOf(&routing.Result{Entry: b}).Key()
}

// suggestCanary suggests a further match that has the service and method of the
// one that wins beside the headers.
func suggestCanary(p *lint.Pass, rule *topology.Rule, d disorder) {
	doc := rule.Route.Doc
	method, _ := valueAt(doc, d.won.Rule.Path("matches", d.won.Match, "method"))
	headers, ok := valueAt(doc, rule.Path("matches", d.passed.Match, "headers"))
	if method == nil || !ok {
		p.Refuse("the match that wins names no service")
		return
	}
	suggest(p, lint.OwnCalls, doc, "add a match with the same headers and the method of the rule that wins",
		manifest.Append(rule.Path("matches"), manifest.Fields{{Key: "method", Value: method}, {Key: "headers", Value: headers}}))
}

// namesElsewhere reports whether an action gives calls to a backend that another
// one does not name, which is cheaper to see than their effects. Backends that
// answer with an error are alike whatever their names.
func namesElsewhere(a, b *routing.Action) bool {
	fails := func(s routing.Share) bool { return s.Answer != nil }
	if a.Answer != nil || b.Answer != nil || slices.ContainsFunc(a.Shares, fails) || slices.ContainsFunc(b.Shares, fails) {
		return false
	}
	return slices.ContainsFunc(a.Shares, func(s routing.Share) bool {
		num, _ := s.Fraction()
		return num > 0 && !slices.ContainsFunc(b.Shares, func(t routing.Share) bool {
			x, y := s.Backend, t.Backend
			return x.Name == y.Name && x.Namespace == y.Namespace && x.Port == y.Port && x.Kind == y.Kind && x.Group == y.Group
		})
	})
}

func reportCanary(p *lint.Pass, rule *topology.Rule, d disorder) {
	p.Report(rule.Route.Doc, entryPath(rule, d.passed.Match), diag.Diagnostic{
		Message: fmt.Sprintf("call %s has the header and reaches rules[%d] all the same: a service or method is compared before headers",
			call(d.request), d.won.Rule.Index),
		Hint:    fmt.Sprintf("add the service and method of rules[%d] to this match", d.won.Rule.Index),
		Related: []diag.Related{{Message: "the rule that takes the call", Range: rule.Route.Doc.Range(entryPath(d.won.Rule, d.won.Match)...)}},
		Witness: witness(d.request, listenerOf(d.result)),
	})
	suggestCanary(p, rule, d)
}
