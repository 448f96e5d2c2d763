package rules

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var headerMatchBinary = &lint.Rule{
	ID:       "header-match-binary",
	Summary:  "a match compares binary metadata, which travels as base64 text",
	Section:  lint.MatchingSection,
	Severity: diag.Warning,
	Since:    "0.1",
	Check:    checkHeaderMatchBinary,
	PerSet:   true,
}

// The value of a header whose name ends in -bin is base64 on the wire, in the
// standard alphabet and mostly without padding (gRPC, doc/PROTOCOL-HTTP2.md,
// Binary-Header). A match sees that text. grpc-go does not route by such headers
// at all (internal/xds/resolver/serviceconfig.go).
func checkHeaderMatchBinary(p *lint.Pass) {
	eachHeader(p, func(doc *manifest.Document, path manifest.Path, h *gatewayv1.GRPCHeaderMatch) {
		if !isBinaryHeader(h.Name) || isReservedHeader(h.Name) || isExactHeader(h) && impossible(h.Value) != "" {
			return
		}
		d := diag.Diagnostic{Hint: "send what calls are routed by in a header whose name does not end in -bin"}
		encoded := base64.RawStdEncoding.EncodeToString([]byte(h.Value))
		switch bare := strings.TrimRight(h.Value, "="); {
		case !isExactHeader(h):
			d.Message = fmt.Sprintf("header %q is binary: the pattern is matched with its base64 text, and gRPC clients that route by themselves ignore the condition", h.Name)
		case !isBase64(h.Value):
			d.Message = fmt.Sprintf("value %q is not base64, as which binary header %q is sent: the match takes no call", h.Value, h.Name)
			d.Hint = fmt.Sprintf("for these bytes write value: %q, or rather %s", encoded, d.Hint)
		case bare != h.Value:
			d.Message = fmt.Sprintf("value %q of binary header %q has padding, which most gRPC clients do not send", h.Value, h.Name)
			d.Hint = fmt.Sprintf("value: %q, or rather %s", bare, d.Hint)
		default:
			d.Message = fmt.Sprintf("value %q of binary header %q is compared with base64 text, and gRPC clients that route by themselves ignore the condition", h.Value, h.Name)
		}
		p.Report(doc, below(path, "value"), d)
	})
}

// isBase64 reports whether an encoder could have written a text: with padding or
// without, and with zeros in the bits that are left over.
func isBase64(value string) bool {
	for part := range strings.SplitSeq(value, ",") { // as values of one name are joined
		_, bare := base64.RawStdEncoding.Strict().DecodeString(part)
		_, padded := base64.StdEncoding.Strict().DecodeString(part)
		if bare != nil && padded != nil {
			return false
		}
	}
	return true
}
