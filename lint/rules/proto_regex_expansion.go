package rules

import (
	"fmt"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var protoRegexExpansion = &lint.Rule{
	ID:       "proto-regex-expansion",
	Summary:  "lists the methods that a regular expression selects today",
	Section:  lint.ProtoSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkProtoRegexExpansion,
	PerSet:   true,
	OptIn:    true,
}

func checkProtoRegexExpansion(p *lint.Pass) {
	if p.Options.Descriptors == nil {
		return
	}
	services := namesOf(p.Options.Descriptors).services
	eachRegexMatch(p, func(doc *manifest.Document, path manifest.Path, _ *gatewayv1.GRPCMethodMatch, selected []apiMethod) {
		if len(selected) == 0 {
			return // proto-regex-matches-nothing
		}
		names, by := make([]string, len(selected)), map[string]bool{}
		for i := range selected {
			names[i] = selected[i].name()
			by[selected[i].service] = true
		}
		p.Report(doc, path, diag.Diagnostic{
			Message: fmt.Sprintf("selects %s of %d of %d services today: %s", plural(len(selected), "method", "methods"), len(by), len(services), firstThree(names)),
			Hint:    "write Exact matches, which every implementation serves and which the next service does not slip into",
		})
	})
}
