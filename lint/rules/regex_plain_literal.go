package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/topology"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var regexPlainLiteral = &lint.Rule{
	ID:       "regex-plain-literal",
	Summary:  "a regular expression that takes one text only, which Exact says in a portable way",
	Section:  lint.MatchingSection,
	Severity: diag.Info,
	Since:    "0.1",
	Fix:      lint.AutoFix,
	Check:    checkRegexPlainLiteral,
}

func checkRegexPlainLiteral(p *lint.Pass) {
	eachMatch(p.Topology, func(rule *topology.Rule, i int, m *gatewayv1.GRPCRouteMatch) {
		if names, ok := exactNames(p, m); ok {
			p.ReportAs(diag.Info, rule.Route.Doc, rule.Path("matches", i, "method", "type"), diag.Diagnostic{
				Message: fmt.Sprintf("regular expression %q is plain text, which Exact says in a portable way", patternOf(m.Method)),
				Hint:    "method: {type: Exact, " + hintOf(names) + "}",
			})
			method := rule.Path("matches", i, "method")
			changes := []manifest.Change{manifest.Put(below(method, "type"), "Exact")}
			for _, n := range names {
				changes = append(changes, manifest.Put(below(method, n.Key), n.Value))
			}
			suggest(p, lint.SameRouting, rule.Route.Doc, "write it as Exact", changes...)
		}
		for j := range m.Headers {
			h := &m.Headers[j]
			if text, ok := exactHeader(p, h); ok {
				p.ReportAs(diag.Info, rule.Route.Doc, rule.Path("matches", i, "headers", j, "value"), diag.Diagnostic{
					Message: fmt.Sprintf("regular expression %q takes the text %q only, which Exact says in a portable way", h.Value, text),
					Hint:    fmt.Sprintf("type: Exact, value: %q", text),
				})
				header := rule.Path("matches", i, "headers", j)
				suggest(p, lint.SameRouting, rule.Route.Doc, "write it as Exact",
					manifest.Put(below(header, "type"), "Exact"), manifest.Put(below(header, "value"), text))
			}
		}
	})
}

// patternOf writes the patterns of a match as a path, without what is absent.
func patternOf(m *gatewayv1.GRPCMethodMatch) string {
	return strings.Trim(deref(m.Service, "")+"/"+deref(m.Method, ""), "/")
}

// The patterns of the API server for Exact names (GA apis/v1/grpcroute_types.go,
// CEL rules of GRPCMethodMatch), but for the leading dot, which no client sends.
var (
	exactService = regexp.MustCompile(`^(?i)[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$`)
	exactMethod  = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`)
)

// exactNames writes the names of a regular expression match as Exact ones. It has
// none where a name is more than plain text, where Exact would refuse it, and
// where there is no service: an Exact method alone is no more portable.
func exactNames(p *lint.Pass, m *gatewayv1.GRPCRouteMatch) (manifest.Fields, bool) {
	if m.Method == nil || !isRegex(m.Method) || deref(m.Method.Service, "") == "" || p.Profile.Matching.RegexUndefined {
		return nil, false
	}
	var out manifest.Fields
	for _, n := range methodNames(m.Method) {
		if deref(n.value, "") == "" {
			continue
		}
		name, ok := plainText(*n.value)
		valid := exactMethod
		if n.key == "service" {
			valid = exactService
		}
		if !ok || !valid.MatchString(name.text) || (name.start || name.end) && !wholeSegment(p, m) {
			return nil, false
		}
		out = append(out, manifest.Field{Key: n.key, Value: name.text})
	}
	return out, true
}

// hintOf writes names as they stand in a method match.
func hintOf(names manifest.Fields) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = fmt.Sprintf("%s: %s", n.Key, n.Value)
	}
	return strings.Join(parts, ", ")
}

// exactHeader returns the Exact value that says what a header's pattern says.
// Where a pattern is looked for anywhere in the value it needs both its anchors
// for that, and where nothing is known, too.
func exactHeader(p *lint.Pass, h *gatewayv1.GRPCHeaderMatch) (string, bool) {
	if !isRegexHeader(h) {
		return "", false
	}
	value, ok := plainText(h.Value)
	return value.text, ok && (value.start && value.end || readsWholeValue(p)) && impossible(value.text) == "" && unsendable(h) == ""
}
