package manifest

import (
	"fmt"
	"strings"
)

// NamedPath writes a path of a document with the items of lists by what they are
// called instead of their index: "spec.rules[track].backendRefs[orders].port". It
// stays the same when items are added or moved. An item is called by its name,
// a match by its service and method, a filter by its type, a text by itself; the
// others are called nothing: "spec.rules[]".
func (d *Document) NamedPath(path Path) string {
	var b strings.Builder
	var at any = d.Object()
	for _, e := range path {
		switch e := e.(type) {
		case string:
			b.WriteString("." + e)
			m, _ := at.(map[string]any)
			at = m[e]
		case int:
			items, _ := at.([]any)
			at = nil
			if e >= 0 && e < len(items) {
				at = items[e]
			}
			b.WriteString("[" + itemName(at) + "]")
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}

// itemName is what the item of a list is called.
func itemName(v any) string {
	switch v := v.(type) {
	case map[string]any:
		if name, ok := v["name"].(string); ok {
			return name
		}
		if method, ok := v["method"].(map[string]any); ok {
			return stringOf(method["service"]) + "/" + stringOf(method["method"])
		}
		return stringOf(v["type"])
	case nil, []any:
		return ""
	}
	return fmt.Sprint(v)
}
