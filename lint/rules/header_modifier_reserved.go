package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var headerModifierReserved = &lint.Rule{
	ID:       "header-modifier-reserved",
	Summary:  "a filter changes a header that the gRPC protocol or HTTP/2 needs as it is",
	Section:  lint.FilterSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkHeaderModifierReserved,
	PerSet:   true,
}

func checkHeaderModifierReserved(p *lint.Pass) {
	eachModifier(p, func(_ *gatewayv1.GRPCRoute, m *modifier) {
		for _, a := range m.actions() {
			if noCallHas(m, &a) || !isToken(a.name) {
				continue // header-modifier-noop, header-remove-syntax
			}
			if why, hint := breaks(m, &a); why != "" {
				p.Report(m.doc, m.at(&a), diag.Diagnostic{
					Message: fmt.Sprintf("%s header %q is %s: %s", m.direction(), a.name, a.done(), why),
					Hint:    hint,
				})
			}
		}
	})
}

// requestMeanings says what depends on a header of requests (gRPC,
// doc/PROTOCOL-HTTP2.md, Requests).
var requestMeanings = map[string]string{
	"te":                   `gRPC servers may refuse calls without "te: trailers"`,
	"content-type":         `servers know gRPC calls by "application/grpc" and refuse others`,
	"content-length":       "a call's length is not known when it begins, and a wrong one ends the call",
	"host":                 "HTTP/2 has :authority in its place, and whether that changes depends on the implementation",
	"authority":            "it is not the pseudo-header :authority, which stays as it is",
	"grpc-encoding":        "it says how messages are compressed, and the filter does not compress them anew",
	"grpc-accept-encoding": "it says what the client can decompress: an answer may come that the client cannot read",
	"grpc-timeout":         "it is the time that is left to the call: the server keeps another deadline than the client",
}

// responseMeanings says what depends on a header of answers (gRPC,
// doc/PROTOCOL-HTTP2.md, Responses).
var responseMeanings = map[string]string{
	"content-type":   `clients know gRPC answers by "application/grpc" and fail with UNKNOWN on others`,
	"content-length": "an answer's length is not known when it begins, and a wrong one ends the call",
	"grpc-encoding":  "it says how messages are compressed, and the filter does not compress them anew",
	"grpc-status":    "the status comes in trailers, which filters do not reach: only an answer that is trailers alone changes",
	"grpc-message":   "it comes in trailers, which filters do not reach: only an answer that is trailers alone changes",
	"trailer":        "gRPC announces no trailers by it",
}

// breaks says what a change to a header breaks, and what to do.
func breaks(m *modifier, a *headerAction) (why, hint string) {
	meanings := requestMeanings
	if m.response {
		meanings = responseMeanings
	}
	const leave, other = "leave the header alone", "use a header of your own, as x-tenant"
	why, known := meanings[a.key()]
	switch {
	case a.key() == "te" && strings.EqualFold(a.value, "trailers"):
		return "", ""
	case known:
		return why, leave
	case hopHeaders[a.key()]:
		return "HTTP/2 forbids it, and a call that has it is malformed", leave
	case strings.HasPrefix(a.key(), "grpc-"):
		return "names that begin with grpc- belong to the protocol, and libraries may drop them", other
	case strings.HasSuffix(a.key(), "-bin") && a.verb != "remove" && !isBase64(a.value):
		return fmt.Sprintf("value %q is not base64, as which binary metadata travels, so that receivers fail to read it", a.value),
			fmt.Sprintf("write the value in base64, or rename the header to %q", strings.TrimSuffix(a.key(), "-bin"))
	}
	return "", ""
}
