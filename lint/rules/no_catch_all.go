package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var noCatchAll = &lint.Rule{
	ID:         "no-catch-all",
	Summary:    "a host has no rule for the calls that its rules do not name",
	Section:    lint.MatchingSection,
	Severity:   diag.Info,
	Since:      "0.1",
	Check:      checkNoCatchAll,
	OptIn:      true,
	WholeHosts: true,
}

// What no rule matches is answered by the implementation, with 404 or
// UNIMPLEMENTED (GA apis/v1/gateway_types.go). A call that no route is likely to
// name shows it.
func checkNoCatchAll(p *lint.Pass) {
	for pl, e := range grpcHosts(p.Table) {
		request, res := pl.ask(p.Table, "/grpcroute.probe.Nobody/Asks")
		if res.Entry != nil || res.Server == nil {
			continue
		}
		var among []string
		for _, path := range []string{healthCheck, reflectionV1, reflectionAlpha} {
			if _, res := pl.ask(p.Table, path); res.Entry == nil {
				service, _, _ := strings.Cut(path[1:], "/")
				among = append(among, service)
			}
		}
		message := fmt.Sprintf("a call to %s that no rule matches %s", shown(pl.host.Name), ends(res))
		if len(among) > 0 {
			message += ", as do calls of " + quotedList(among)
		}
		p.ReportAs(diag.Info, e.Route.Doc, hostnameField(e.Route, e.Host.Own), diag.Diagnostic{
			Certainty: e.Certainty,
			Message:   message,
			Hint:      "a rule without matches takes what the others leave",
			Witness:   witness(request, listenerOf(res)),
		})
	}
}
