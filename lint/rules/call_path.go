package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/convert"
	"github.com/grpcroute/grpcroute/manifest"
)

// callNames reads a gRPC path.
func callNames(path string) (service, method string, ok bool) { return convert.CallNames(path) }

// matchFor writes the fields of a GRPCRoute match for a path.
func matchFor(service, method string) string {
	if method == "" {
		return "service: " + service
	}
	return fmt.Sprintf("service: %s, method: %s", service, method)
}

// items returns the entries of a list of mappings below a value: nil for one that
// is none.
func items(v any, key string) []map[string]any {
	m, _ := v.(map[string]any)
	list, _ := m[key].([]any)
	out := make([]map[string]any, len(list))
	for i, item := range list {
		out[i], _ = item.(map[string]any)
	}
	return out
}

// ofKind reports whether a document is of a kind in a group, whatever its version.
func ofKind(doc *manifest.Document, group, kind string) bool {
	return doc.Ref.Kind == kind && strings.HasPrefix(doc.Ref.APIVersion, group+"/")
}

// groupName returns the group of an apiVersion; that of the core is "".
func groupName(apiVersion string) string {
	if group, _, grouped := strings.Cut(apiVersion, "/"); grouped {
		return group
	}
	return ""
}
