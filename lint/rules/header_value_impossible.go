package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var headerValueImpossible = &lint.Rule{
	ID:       "header-value-impossible",
	Summary:  "a header is compared with a value that no call can carry",
	Section:  lint.MatchingSection,
	Severity: diag.Error,
	Since:    "0.1",
	Check:    checkHeaderValueImpossible,
	PerSet:   true,
}

// What a regular expression can match is for the exact engine to say.
func checkHeaderValueImpossible(p *lint.Pass) {
	eachHeader(p, func(doc *manifest.Document, path manifest.Path, h *gatewayv1.GRPCHeaderMatch) {
		if !isExactHeader(h) || h.Value == "" {
			return
		}
		path = below(path, "value")
		wrong := impossible(h.Value)
		if wrong == "" {
			if wrong = unsendable(h); wrong != "" {
				p.ReportAs(diag.Warning, doc, path, diag.Diagnostic{
					Message: fmt.Sprintf("value %q of header %q %s", h.Value, h.Name, wrong),
					Hint:    "send it as base64, in a header whose name ends in -bin",
				})
			}
			return
		}
		d := diag.Diagnostic{Message: fmt.Sprintf("value %q of header %q %s: the match takes no call", h.Value, h.Name, wrong)}
		if bare := strings.TrimSpace(h.Value); bare != "" && impossible(bare) == "" {
			d.Hint = "value: " + quoted(bare)
		}
		p.Report(doc, path, d)
	})
}

// impossible says what keeps a text from being the value of an HTTP/2 field: a
// control character, or a blank at its ends, which are stripped (RFC 9113, section
// 8.2.1; RFC 9110, section 5.5).
func impossible(value string) string {
	for _, c := range []byte(value) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Sprintf("holds the control character %q, which no header can carry", c)
		}
	}
	const blanks = " \t"
	switch {
	case strings.Trim(value, blanks) == "":
		return "is blank, and blanks around a value are stripped"
	case strings.TrimLeft(value, blanks) != value:
		return "begins with a blank, which is stripped from what a call sends"
	case strings.TrimRight(value, blanks) != value:
		return "ends with a blank, which is stripped from what a call sends"
	}
	return ""
}

// unsendable says what HTTP/2 could carry and the metadata of gRPC cannot: it is
// printable ASCII (gRPC, doc/PROTOCOL-HTTP2.md, ASCII-Value).
func unsendable(h *gatewayv1.GRPCHeaderMatch) string {
	if isBinaryHeader(h.Name) {
		return "" // see header-match-binary
	}
	for _, c := range h.Value {
		if c < ' ' || c > '~' {
			return fmt.Sprintf("holds %q, which gRPC clients do not send: their metadata is printable ASCII", c)
		}
	}
	return ""
}
