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
		d := diag.Diagnostic{Severity: diag.Warning, Hint: "send what calls are routed by in a header whose name does not end in -bin"}
		asText := fmt.Sprintf("for these bytes write value: %q, or rather %s", base64.RawStdEncoding.EncodeToString([]byte(h.Value)), d.Hint)
		const ignored = "gRPC clients that route by themselves ignore the condition"
		switch bare := strings.TrimRight(h.Value, "="); {
		case !isExactHeader(h):
			d.Severity = diag.Info
			d.Message = fmt.Sprintf("header %q is binary: pattern %q is matched with its base64 text, and %s", h.Name, h.Value, ignored)
		case !isBase64(h.Value):
			d.Message = fmt.Sprintf("value %q is not base64, as which binary header %q is sent: the match takes no call", h.Value, h.Name)
			d.Hint = asText
		case bare != h.Value:
			d.Message = fmt.Sprintf("value %q of binary header %q has padding, which most gRPC clients do not send", h.Value, h.Name)
			d.Hint = fmt.Sprintf("value: %q, or rather %s", bare, d.Hint)
		case !encodesText(h.Value):
			d.Message = fmt.Sprintf("value %q of binary header %q stands for the bytes that it encodes as base64: meant as text, it matches no call", h.Value, h.Name)
			d.Hint = asText
		default:
			d.Severity = diag.Info
			d.Message = fmt.Sprintf("value %q of binary header %q is compared with base64 text, and %s", h.Value, h.Name, ignored)
		}
		p.ReportAs(d.Severity, doc, below(path, "value"), d)
	})
}

// encodesText reports whether base64 holds printable text, so that it was surely
// encoded on purpose. A word such as "prod" passes for base64 by chance.
func encodesText(value string) bool {
	for part := range strings.SplitSeq(value, ",") {
		data, _ := base64.RawStdEncoding.DecodeString(part)
		for _, c := range data {
			if c < ' ' || c > '~' {
				return false
			}
		}
	}
	return true
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
