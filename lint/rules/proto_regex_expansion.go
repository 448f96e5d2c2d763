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
		suggestExact(p, doc, path[:len(path)-1], selected)
	})
}

// suggestExact suggests to write a match as one for each method that it selects.
// The first takes its place, with its headers, and the others follow all matches
// of the rule: among Exact matches the order does not count.
func suggestExact(p *lint.Pass, doc *manifest.Document, match manifest.Path, selected []apiMethod) {
	list := match[:len(match)-1]
	v, _ := valueAt(doc, list)
	matches, _ := v.([]any)
	written, _ := valueAt(doc, match)
	fields, _ := written.(map[string]any)
	if len(matches)-1+len(selected) > maxRuleMatches {
		p.Refuse(fmt.Sprintf("a rule has room for %d matches", maxRuleMatches))
		return
	}
	changes := []manifest.Change{
		manifest.Put(below(match, "method", "type"), "Exact"),
		manifest.PutAfter(below(match, "method", "service"), "type", selected[0].service),
		manifest.PutAfter(below(match, "method", "method"), "service", selected[0].method),
	}
	for i := range selected[1:] {
		one := manifest.Fields{{Key: "method", Value: manifest.Fields{{Key: "service", Value: selected[i+1].service}, {Key: "method", Value: selected[i+1].method}}}}
		if headers, ok := fields["headers"]; ok {
			one = append(one, manifest.Field{Key: "headers", Value: headers})
		}
		changes = append(changes, manifest.Append(list, one))
	}
	suggest(p, lint.OwnCalls, doc, "write "+plural(len(selected), "Exact match", "Exact matches"), changes...)
}
