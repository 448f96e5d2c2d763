package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
)

var virtualserviceGrpc = &lint.Rule{
	ID:       "virtualservice-grpc",
	Summary:  "an Istio VirtualService matches gRPC calls by their paths, which a GRPCRoute does by name",
	Section:  lint.MigrationSection,
	Severity: diag.Info,
	Since:    "0.1",
	Check:    checkVirtualServiceGRPC,
	PerSet:   true,
}

func checkVirtualServiceGRPC(p *lint.Pass) {
	for _, doc := range p.Set.Others {
		if !ofKind(doc, "networking.istio.io", "VirtualService") {
			continue
		}
		routes := items(doc.Object()["spec"], "http")
		reported := false
		for i := 0; i < len(routes) && !reported; i++ {
			matches := items(routes[i], "match")
			for j := 0; j < len(matches) && !reported; j++ {
				reported = reportVirtualMatch(p, doc, at("spec", "http", i, "match", j), matches[j])
			}
		}
	}
}

// reportVirtualMatch reports a match of gRPC calls: by path, or by content-type.
func reportVirtualMatch(p *lint.Pass, doc *manifest.Document, path manifest.Path, match map[string]any) bool {
	const mesh = "write a GRPCRoute, with a Gateway or, in a mesh, the Service as its parent"
	for _, kind := range []string{"exact", "prefix"} {
		uri, _ := match["uri"].(map[string]any)
		value, _ := uri[kind].(string)
		if service, method, ok := callNames(value); ok {
			p.Report(doc, below(path, "uri", kind), diag.Diagnostic{
				Message: fmt.Sprintf("path %q is a gRPC call's: a GRPCRoute matches it by name, and other implementations than Istio serve it", value),
				Hint:    mesh + ": " + matchFor(service, method),
			})
			return true
		}
		headers, _ := match["headers"].(map[string]any)
		contentType, _ := headers["content-type"].(map[string]any)
		if value, _ := contentType[kind].(string); strings.HasPrefix(value, "application/grpc") && !strings.HasPrefix(value, "application/grpc-web") {
			p.Report(doc, below(path, "headers", "content-type", kind), diag.Diagnostic{
				Message: fmt.Sprintf("content-type %q asks for gRPC: a GRPCRoute takes nothing else, and other implementations than Istio serve it", value),
				Hint:    mesh,
			})
			return true
		}
	}
	return false
}
