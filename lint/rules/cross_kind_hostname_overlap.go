package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

var crossKindHostnameOverlap = &lint.Rule{
	ID:       "cross-kind-hostname-overlap",
	Summary:  "an HTTPRoute and a GRPCRoute claim one host on one listener",
	Section:  lint.HostnameSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkCrossKindHostnameOverlap,
}

// GA apis/v1/grpcroute_types.go, GRPCRouteSpec.Hostnames: of two such routes
// exactly one must be accepted. The documentation of release 1.6 leaves it to
// implementations (kubernetes-sigs/gateway-api pull 4598), and many merge the
// two: there it is a warning.
func checkCrossKindHostnameOverlap(p *lint.Pass) {
	severity := diag.Error
	if p.Profile.Hosts.CrossKind == profile.Merge {
		severity = diag.Warning
	}
	reported := map[*topology.Route]bool{}
	for pair := range crossKindPairs(p.Topology) {
		if !reported[pair.grpc] {
			reportCrossKind(p, severity, pair)
		}
		reported[pair.grpc], reported[pair.http] = true, true
	}
	if p.Profile.Hosts.CrossKind == profile.RejectNewerEverywhere {
		reportLostElsewhere(p, reported)
	}
}

// reportLostElsewhere reports the routes that lose a host to a route on another
// listener, where hostnames are compared as routes write them.
func reportLostElsewhere(p *lint.Pass, reported map[*topology.Route]bool) {
	for _, r := range p.Topology.Routes {
		for _, parent := range r.Parents {
			for _, a := range parent.Attachments {
				if reported[r] || a.Refusal == nil || a.Stage != profile.ConflictStage {
					continue
				}
				reported[r] = true
				host := ""
				if len(r.Hostnames) > 0 {
					host = r.Hostnames[0]
				}
				w := &diag.Witness{Gateway: a.Listener.Gateway.Key(), Listener: a.Listener.Name, Port: a.Listener.Port, Authority: concrete(host), Headers: map[string]string{}}
				if r.GRPC != nil {
					w.Path = pathOfRoute(r)
				} else {
					w.Path = "/" + anyService + "/" + anyMethod
				}
				p.Report(r.Doc, a.Refusal.Path, diag.Diagnostic{
					Message: a.Refusal.Message,
					Hint:    "give the two routes different hostnames or listeners (sectionName), or write all rules in one kind of route",
					Related: a.Refusal.Related(),
					Witness: w,
				})
			}
		}
	}
}

// crossKind is a GRPCRoute and an HTTPRoute that claim a host on one listener.
type crossKind struct {
	grpc, http *topology.Route
	listener   *topology.Listener
	host       string // the effective hostname they have in common
	own        string // the GRPCRoute's own hostname for it
	certainty  diag.Certainty
	loser      *topology.Route // nil where both are accepted
	settled    bool            // that it loses follows from the input
}

func reportCrossKind(p *lint.Pass, severity diag.Severity, c crossKind) {
	consequence := "both are accepted here and their rules compete for each call, but the specification lets an implementation refuse one of them"
	switch {
	case severity != diag.Error:
	case c.loser != nil && c.settled:
		consequence = fmt.Sprintf("only one of them is accepted, and %s %s is refused", c.loser.Kind, c.loser.Key())
	default:
		consequence = "only one of them is accepted, and the input does not show which one is older"
	}
	if c.certainty == diag.Unknown {
		severity = diag.Warning // the listener is not in the input
	}
	p.ReportAs(severity, c.grpc.Doc, hostnameField(c.grpc, c.own), diag.Diagnostic{
		Certainty: c.certainty,
		Message:   fmt.Sprintf("%s is claimed by HTTPRoute %s, too, on %s: %s", shown(c.host), c.http.Key(), where(c.listener), consequence),
		Hint:      "give the two routes different hostnames or listeners (sectionName), or write all rules in one kind of route",
		Related:   []diag.Related{{Message: "the HTTPRoute", Range: c.http.Doc.Range(hostnameField(c.http, commonOwn(c.http, c.host))...)}},
		Witness:   crossKindWitness(c),
	})
}

// crossKindWitness is a call to the host that both routes claim, as the
// GRPCRoute's first rule takes it.
func crossKindWitness(c crossKind) *diag.Witness {
	return &diag.Witness{
		Gateway: c.listener.Gateway.Key(), Listener: c.listener.Name, Port: c.listener.Port,
		Authority: concrete(c.host), Path: pathOfRoute(c.grpc), Headers: map[string]string{},
	}
}

// commonOwn is the hostname of a route that covers a host.
func commonOwn(r *topology.Route, host string) string {
	for _, name := range r.Hostnames {
		if _, ok := topology.Intersect(name, host); ok {
			return name
		}
	}
	return ""
}

// pathOfRoute is a path that a GRPCRoute's first rule is written for.
func pathOfRoute(r *topology.Route) string {
	for _, rule := range r.GRPC.Spec.Rules {
		for i := range rule.Matches {
			if path, ok := pathOf(profile.SpecForm(methodMatch(&rule.Matches[i]))); ok {
				return path
			}
		}
	}
	return "/" + anyService + "/" + anyMethod
}

// where names the place that two routes share.
func where(l *topology.Listener) string {
	if l.Index < 0 {
		return "Gateway " + l.Gateway.Key()
	}
	return l.String()
}
