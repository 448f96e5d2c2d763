package rules

import (
	"fmt"
	"strings"

	"github.com/grpcroute/grpcroute/manifest"
)

// callNames reads "/shop.Users/Get", "/shop.Users/" or "/shop.Users" as a gRPC path:
// the full name of a service in a package, whose own name begins with a capital,
// and a method that does so, too. Paths of other APIs hardly look like that.
func callNames(path string) (service, method string, ok bool) {
	service, method, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	at := strings.LastIndexByte(service, '.')
	ok = strings.HasPrefix(path, "/") && at > 0 && startsUpper(service[at+1:]) && protobufNames("/"+service+"/"+method)
	return service, method, ok && !strings.Contains(method, "/") && (method == "" || startsUpper(method))
}

func startsUpper(name string) bool { return name != "" && 'A' <= name[0] && name[0] <= 'Z' }

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
