package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var headerMatchReserved = &lint.Rule{
	ID:       "header-match-reserved",
	Summary:  "a match asks for a header that belongs to the protocol, not to the caller",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkHeaderMatchReserved,
	PerSet:   true,
}

func checkHeaderMatchReserved(p *lint.Pass) {
	eachHeader(p, func(doc *manifest.Document, path manifest.Path, h *gatewayv1.GRPCHeaderMatch) {
		why, hint := reserved(h)
		if why == "" {
			return
		}
		p.Report(doc, below(path, "name"), diag.Diagnostic{
			Message: fmt.Sprintf("header %q %s", h.Name, why),
			Hint:    hint,
		})
	})
}

const ownHeader = "match a header of your own, as x-tenant"

// reservedHeaders says of headers that gRPC or HTTP/2 writes itself why a match
// hardly does what it looks like.
var reservedHeaders = map[string]struct{ why, hint string }{
	"te":           {`is "trailers" in every gRPC call, and proxies may take it away`, "remove the condition"},
	"content-type": {`begins with "application/grpc" in every gRPC call and may go on with +proto or +json: it tells no two callers apart`, "remove the condition"},
	"host": {"is not sent over HTTP/2, which has :authority in its place",
		"name the host in spec.hostnames"},
	"authority":            {"is not the pseudo-header :authority, which no match can name", "name the host in spec.hostnames"},
	"grpc-timeout":         {"is the time that is left to the call: each client and each hop writes another", ownHeader},
	"grpc-encoding":        {"is the compression that the client's library chose", ownHeader},
	"grpc-accept-encoding": {"lists what the client's library can decompress", ownHeader},
	"grpc-message-type":    {"is the name of a protobuf message, and libraries leave it out", "match the method"},
	"grpc-status":          {"is part of the answer: no request has it", "remove the condition"},
	"grpc-message":         {"is part of the answer: no request has it", "remove the condition"},
	"grpc-previous-rpc-attempts": {"counts retries: only calls that are sent again have it",
		ownHeader},
	"grpc-retry-pushback-ms": {"is part of the answer: no request has it", "remove the condition"},
}

// hopHeaders are those that HTTP/2 forbids (RFC 9113, section 8.2.2).
var hopHeaders = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "transfer-encoding": true, "upgrade": true,
}

// reserved says why a header is not the caller's to choose, and what to do.
func reserved(h *gatewayv1.GRPCHeaderMatch) (why, hint string) {
	name := strings.ToLower(string(h.Name))
	switch known, ok := reservedHeaders[name]; {
	case name == "content-type" && strings.Contains(h.Value, "web"):
		return "", "" // tells gRPC-Web from gRPC
	case ok:
		return known.why, known.hint
	case hopHeaders[name]:
		return "is forbidden in HTTP/2: no gRPC call has it", "remove the condition"
	case name == "user-agent" && isExactHeader(h):
		return "names the client's library and its version: an exact value is right until the next update",
			"match a header of your own, or a regular expression"
	case isReservedHeader(h.Name):
		return "has a name that the gRPC protocol keeps for itself: libraries may drop or write it", ownHeader
	}
	return "", ""
}
