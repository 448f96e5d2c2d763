package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
)

var protoStreamingWeighted = &lint.Rule{
	ID:       "proto-streaming-weighted",
	Summary:  "streams are shared out by weight, one draw for each stream however long it lasts",
	Section:  lint.ProtoSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkProtoStreamingWeighted,
}

func checkProtoStreamingWeighted(p *lint.Pass) {
	methods := apiMethods(p.Options.Descriptors)
	if len(methods) == 0 {
		return
	}
	api := newAPICalls(p, methods)
	for rule := range grpcRules(p.Topology) {
		weighted := 0
		for _, b := range rule.Backends {
			if b.Weight > 0 {
				weighted++
			}
		}
		if weighted < 2 {
			continue
		}
		calls := filtered(api.of(rule), (*apiMethod).streaming)
		if len(calls) == 0 {
			continue
		}
		p.Report(rule.Route.Doc, rule.Path("backendRefs"), diag.Diagnostic{
			Message: fmt.Sprintf("streaming %s shared out once for each stream: a change of weights does not move streams that are open", methodsAre(calls)),
			Hint:    "let servers end streams from time to time, so that clients open new ones",
			Related: declared(p, calls[0].apiMethod),
			Witness: calls[0].witness(),
		})
	}
}
