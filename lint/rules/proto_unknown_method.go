package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var protoUnknownMethod = &lint.Rule{
	ID:       "proto-unknown-method",
	Summary:  "a match names a method that its service does not have",
	Section:  lint.ProtoSection,
	Severity: diag.Error,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkProtoUnknownMethod,
	PerSet:   true,
}

func checkProtoUnknownMethod(p *lint.Pass) {
	eachNamed(p, func(n *apiNames, doc *manifest.Document, path manifest.Path, service, method string) {
		s := n.set.Service(service)
		if s == nil || method == "" || n.set.Method(service, method) != nil {
			return
		}
		var names []string
		for i := range s.Methods().Len() {
			names = append(names, string(s.Methods().Get(i).Name()))
		}
		hint := "correct the name, or give the newer descriptors"
		if near := lint.Nearest(method, names); near != "" {
			hint = "method: " + near
		}
		d := diag.Diagnostic{
			Message: also(fmt.Sprintf("service %q has no method %q, so that no call has that name", service, method), expected(method, names)),
			Hint:    hint,
		}
		if at := n.set.Position(s); at.Start.Line > 0 {
			d.Related = []diag.Related{{Message: "the service", Range: at}}
		}
		p.Report(doc, below(path, "method"), d)
		suggestNear(p, lint.OwnCalls, doc, below(path, "method"), method, names)
	})
}
