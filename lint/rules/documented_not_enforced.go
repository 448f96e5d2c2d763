package rules

import (
	"fmt"
	"regexp"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var documentedNotEnforced = &lint.Rule{
	ID:       "documented-not-enforced",
	Summary:  "the input breaks a constraint that the implementation documents and its code does not have",
	Section:  lint.ImplementationSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkDocumentedNotEnforced,
}

// documented are the constraints whose violation shows in manifests, by the id
// under which profiles list them.
var documented = map[string]func(*lint.Pass, *profile.Constraint){
	"https-listener-only":            onlyProtocol("HTTPS"),
	"http-listener-only":             onlyProtocol("HTTP"),
	"rules-in-order":                 rulesInOrder,
	"unique-host-across-kinds":       uniqueHost,
	"grant-to-attach":                grantToAttach,
	"grant-for-backend":              grantForBackend,
	"parent-refs-and-rules-required": rulesRequired,
	"regex-compiled-at-sync":         regexCompiled,
	"host-selects-bucket":            bestHostAnswers,
}

func checkDocumentedNotEnforced(p *lint.Pass) {
	for i := range p.Profile.Constraints {
		c := &p.Profile.Constraints[i]
		if check := documented[c.ID]; check != nil && !c.Enforced {
			check(p, c)
		}
	}
}

// reportDocumented reports what breaks a constraint. With --strict-docs the
// document is taken at its word.
func reportDocumented(p *lint.Pass, c *profile.Constraint, doc *manifest.Document, path manifest.Path, d diag.Diagnostic) {
	d.Message = fmt.Sprintf("%s, although %s: documented by %s, not enforced by %s", d.Message, c.Says, c.Document, c.Code)
	severity := diag.Warning
	if p.Options.StrictDocs {
		severity = diag.Error
	}
	p.ReportAs(severity, doc, path, d)
}

func onlyProtocol(want string) func(*lint.Pass, *profile.Constraint) {
	return func(p *lint.Pass, c *profile.Constraint) {
		for l := range listeners(p.Topology) {
			route := attachedGRPC(l)
			if route == nil || l.Protocol == want {
				continue
			}
			reportDocumented(p, c, l.Doc(), l.Path("protocol"), diag.Diagnostic{
				Message: fmt.Sprintf("%s with protocol %s has GRPCRoutes", l, l.Protocol),
				Hint:    fmt.Sprintf("the routes are served; use protocol %s to follow the document", want),
				Related: []diag.Related{{Message: "a GRPCRoute on the listener", Range: route.Doc.Range("metadata", "name")}},
			})
			p.Once(listenerSubject(l, c.ID), lint.RankOf(route))
		}
	}
}

func uniqueHost(p *lint.Pass, c *profile.Constraint) {
	reported := map[*topology.Route]bool{}
	for pair := range crossKindPairs(p.Topology) {
		if reported[pair.grpc] || pair.certainty == diag.Unknown {
			continue
		}
		reported[pair.grpc] = true
		reportDocumented(p, c, pair.grpc.Doc, hostnameField(pair.grpc, pair.own), diag.Diagnostic{
			Certainty: pair.certainty,
			Message:   fmt.Sprintf("%s is a host of HTTPRoute %s as well", shown(pair.host), pair.http.Key()),
			Hint:      "both routes are served; give them different hostnames to follow the document",
			Witness:   crossKindWitness(pair),
		})
	}
}

// grantToAttach speaks of Gateways in the input only: the manifests of another
// one, and with them a grant, are elsewhere.
func grantToAttach(p *lint.Pass, c *profile.Constraint) {
	type pair struct{ from, to string }
	reported := map[pair]bool{} // a grant speaks of two namespaces
	for parent := range grpcParents(p.Topology) {
		g, own := parent.Gateway, parent.Route.Namespace
		if g == nil || g.Object == nil || g.Foreign || parent.Set != nil || g.Namespace == own || reported[pair{own, g.Namespace}] {
			continue
		}
		from := gatewayv1.ReferenceGrantFrom{Group: gatewayGroup, Kind: "GRPCRoute", Namespace: gatewayv1.Namespace(own)}
		has := granted(p.Set, from, g.Namespace, gatewayGroup, "Gateway", g.Name)
		d := diag.Diagnostic{Hint: "allowedRoutes.namespaces of the listener decides"}
		switch last, stage := lastRefusals(&p.Profile.Status, parent); {
		case parent.Refusal == nil && !has:
			d.Message = fmt.Sprintf("the route attaches to Gateway %s of another namespace without a ReferenceGrant", g.Key())
		case has && last != nil && stage == profile.NamespaceStage:
			d.Message = fmt.Sprintf("a ReferenceGrant permits the route to refer to Gateway %s, which refuses it all the same", g.Key())
		default:
			continue
		}
		reported[pair{own, g.Namespace}] = true
		reportDocumented(p, c, parent.Route.Doc, parent.Path(), d)
		p.Once(lint.Subject{Name: c.ID + " " + own + " " + g.Namespace}, lint.RankOf(parent.Route))
	}
}

// grantForBackend speaks of Services in the input only, whose namespace the grant
// would stand in.
func grantForBackend(p *lint.Pass, c *profile.Constraint) {
	if !p.Profile.Backends.GrantsIgnored {
		return
	}
	for r := range served(p.Topology) {
		from := gatewayv1.ReferenceGrantFrom{Group: gatewayGroup, Kind: "GRPCRoute", Namespace: gatewayv1.Namespace(r.Namespace)}
		for _, rule := range r.Rules {
			for _, b := range rule.Backends {
				if b.Namespace == r.Namespace || b.Service == nil && p.Options.Assume != topology.AssumeAbsent ||
					granted(p.Set, from, b.Namespace, b.Group, b.Kind, b.Name) {
					continue
				}
				reportDocumented(p, c, r.Doc, rule.Path("backendRefs", b.Index, "namespace"), diag.Diagnostic{
					Message: fmt.Sprintf("%s %s/%s is reached without a ReferenceGrant", b.Kind, b.Namespace, b.Name),
					Hint:    fmt.Sprintf("add a ReferenceGrant in namespace %q: other implementations refuse the reference, and this one lets any namespace reach any Service", b.Namespace),
				})
			}
		}
	}
}

// granted reports whether a ReferenceGrant of the input permits a reference
// (GA apis/v1/referencegrant_types.go).
func granted(set *manifest.Set, from gatewayv1.ReferenceGrantFrom, namespace, group, kind, name string) bool {
	for _, g := range set.ReferenceGrants.All {
		if g.Doc.Ref.Namespace != namespace {
			continue
		}
		named := false
		for _, to := range g.Value.Spec.To {
			named = named || string(to.Group) == group && string(to.Kind) == kind && (deref(to.Name, "") == "" || string(*to.Name) == name)
		}
		for _, f := range g.Value.Spec.From {
			if named && f == from {
				return true
			}
		}
	}
	return false
}

func rulesRequired(p *lint.Pass, c *profile.Constraint) {
	for r := range served(p.Topology) {
		if len(r.Rules) == 0 {
			reportDocumented(p, c, r.Doc, at("spec", "rules"), diag.Diagnostic{
				Message: "the route has no rules and takes no call",
				Hint:    "add a rule with backendRefs",
			})
		}
	}
}

func regexCompiled(p *lint.Pass, c *profile.Constraint) {
	for r := range served(p.Topology) {
		for _, rule := range r.Rules {
			for i := range r.GRPC.Spec.Rules[rule.Index].Matches {
				eachPattern(&r.GRPC.Spec.Rules[rule.Index].Matches[i], func(pattern string, path ...any) {
					if _, err := regexp.Compile(pattern); err != nil {
						reportDocumented(p, c, r.Doc, rule.Path(append([]any{"matches", i}, path...)...), diag.Diagnostic{
							Message: fmt.Sprintf("regular expression %q does not compile and is accepted", pattern),
						})
					}
				})
			}
		}
	}
}

func bestHostAnswers(p *lint.Pass, c *profile.Constraint) {
	eachFallthrough(p, func(f fallThrough) {
		reportDocumented(p, c, f.own.Route.Doc, hostnameField(f.own.Route, f.own.Host.Own), diag.Diagnostic{
			Certainty: f.certainty(),
			Message:   fmt.Sprintf("call %s %s, by its less specific hostname %s", call(f.request), ends(f.with), shown(f.less.Host.Name)),
			Hint:      fmt.Sprintf("repeat under %s the rules that its calls need", shown(f.own.Host.Name)),
			Witness:   f.witness(),
		})
	})
}
