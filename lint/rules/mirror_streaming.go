package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
)

var mirrorStreaming = &lint.Rule{
	ID:       "mirror-streaming",
	Summary:  "a mirror copies calls of streaming methods, which data planes buffer or cut",
	Section:  lint.FilterSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkMirrorStreaming,
}

func checkMirrorStreaming(p *lint.Pass) {
	eachMirrored(p, func(rule *topology.Rule, path manifest.Path, calls []apiCall) {
		calls = filtered(calls, (*apiMethod).streaming)
		if len(calls) == 0 {
			return
		}
		p.Report(rule.Route.Doc, path, diag.Diagnostic{
			Message: fmt.Sprintf("streaming %s copied: a data plane buffers the stream until it ends, or cuts the copy off", methodsAre(calls)),
			Hint:    "mirror unary methods only: move the filter to a rule that names them",
			Related: declared(p, calls[0].apiMethod),
			Witness: calls[0].witness(),
		})
	})
}

// methodsAre writes methods as the subject of a sentence.
func methodsAre(calls []apiCall) string {
	if len(calls) == 1 {
		return "method " + nameCalls(calls) + " is"
	}
	return "methods " + nameCalls(calls) + " are"
}

// eachMirrored calls f for each mirror that copies calls: where it stands, and the
// declared methods whose calls it copies.
func eachMirrored(p *lint.Pass, f func(rule *topology.Rule, path manifest.Path, calls []apiCall)) {
	methods := apiMethods(p.Options.Descriptors)
	if len(methods) == 0 {
		return
	}
	api := newAPICalls(p, methods)
	for rule := range grpcRules(p.Topology) {
		var calls []apiCall
		asked := false
		visit := func(filter *topology.Filter, path manifest.Path) {
			if filter.Mirror == nil || noShare(filter.GRPC.RequestMirror) != nil {
				return
			}
			if !asked {
				calls, asked = api.of(rule), true
			}
			f(rule, below(path, "filters", filter.Index, "requestMirror"), calls)
		}
		for _, filter := range rule.Filters {
			visit(filter, rule.Path())
		}
		for _, b := range rule.Backends {
			for _, filter := range b.Filters {
				visit(filter, b.Path())
			}
		}
	}
}
