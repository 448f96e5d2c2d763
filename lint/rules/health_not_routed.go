package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var healthNotRouted = &lint.Rule{
	ID:         "health-not-routed",
	Summary:    "health checks find no rule on a host",
	Section:    lint.MatchingSection,
	Severity:   diag.Info,
	Since:      "0.1",
	Fix:        lint.OfferFix,
	Check:      checkHealthNotRouted,
	OptIn:      true,
	WholeHosts: true,
}

func checkHealthNotRouted(p *lint.Pass) {
	for pl, e := range grpcHosts(p.Table) {
		request, res := pl.ask(p.Table, healthCheck)
		if res.Entry != nil || res.Server == nil {
			continue
		}
		p.ReportAs(diag.Info, e.Route.Doc, hostnameField(e.Route, e.Host.Own), diag.Diagnostic{
			Certainty: e.Certainty,
			Message:   fmt.Sprintf("health checks of %s find no rule: grpc.health.v1.Health/Check %s", shown(pl.host.Name), ends(res)),
			Hint:      "add to the matches of the rule whose backend answers for the host: - method: {service: grpc.health.v1.Health}",
			Witness:   witness(request, listenerOf(res)),
		})
		if rules := e.Route.GRPC; rules == nil || len(rules.Spec.Rules) != 1 || e.Match < 0 {
			p.Refuse("which rule's backend answers for the host cannot be told")
			continue
		}
		suggest(p, lint.OwnCalls, e.Route.Doc, "add a match for grpc.health.v1.Health", manifest.Append(e.Rule.Path("matches"),
			manifest.Fields{{Key: "method", Value: manifest.Fields{{Key: "service", Value: "grpc.health.v1.Health"}}}}))
	}
}
