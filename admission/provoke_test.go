package admission_test

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// families are values of one union.
var families = [][]string{
	{"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect", "URLRewrite", "ExtensionRef", "CORS", "ExternalAuth"},
	{"ReplaceFullPath", "ReplacePrefixMatch"}, {"Cookie", "Header"}, {"Hostname", "URI", "IPAddress"}, {"Exact", "PathPrefix", "RegularExpression"},
}

// provocations are edits that some rule is about, by the field they change.
var provocations = map[string]func(*source, any) any{
	"path": func(s *source, v any) any {
		m, ok := v.(map[string]any)
		if !ok {
			return v
		}
		if m["replacePrefixMatch"] != nil {
			return map[string]any{"type": pick(s, families[1]), "replaceFullPath": "/"}
		}
		if m["replaceFullPath"] != nil {
			return map[string]any{"type": "ReplacePrefixMatch", "replaceFullPath": "/"}
		}
		m["type"] = pick(s, []string{"Exact", "PathPrefix", "RegularExpression"})
		m["value"] = pick(s, []string{"/a#b", "/a%2fb", "/a%2Fb", "//", "/a/./b", "/a/../b", "/a/.", "/a/..", "a", "/a b", "/ok", "/%41"})
		return m
	},
	"parentRefs": func(s *source, v any) any {
		a, b := twins(v)
		if a == nil {
			return v
		}
		for _, m := range []map[string]any{a, b} {
			switch s.IntN(6) {
			case 0:
				delete(m, "sectionName")
			case 1:
				delete(m, "port")
			case 2:
				m["sectionName"] = pick(s, []string{"a", "b"})
			case 3:
				m["port"] = int64(s.IntN(2) + 1)
			case 4:
				delete(m, "sectionName")
				delete(m, "port")
			}
		}
		return []any{a, b}
	},
	"addresses": func(s *source, v any) any {
		a, b := twins(v)
		if a == nil {
			return v
		}
		a["type"] = pick(s, []string{"IPAddress", "Hostname"})
		a["value"] = pick(s, []string{"10.0.0.1", "a.example.com"})
		if b["type"], b["value"] = a["type"], a["value"]; s.chance(20) {
			delete(b, "value")
		}
		return []any{a, b}
	},
	"listeners": func(s *source, v any) any {
		a, b := twins(v)
		if a == nil {
			return v
		}
		if s.chance(70) {
			b["name"] = "other"
		}
		if s.chance(30) {
			b["port"] = int64(1234)
		}
		return []any{a, b}
	},
	"rules": func(s *source, v any) any {
		list, _ := v.([]any)
		if len(list) == 0 {
			return v
		}
		out := []any{}
		many := s.chance(40)
		for range pick(s, []int{2, 3, 16}) {
			m, ok := runtime.DeepCopyJSONValue(list[0]).(map[string]any)
			if !ok {
				return v
			}
			if many {
				m["matches"] = times(map[string]any{}, pick(s, []int{8, 9, 43, 64}))
			}
			if s.chance(50) {
				m["name"] = "a"
			}
			out = append(out, m)
		}
		return out
	},
	"matches": func(s *source, v any) any {
		list, _ := v.([]any)
		if len(list) == 0 {
			return v
		}
		if s.chance(50) {
			return append(list, runtime.DeepCopyJSONValue(list[0]))
		}
		if m, ok := list[0].(map[string]any); ok {
			if path, ok := m["path"].(map[string]any); ok {
				path["type"] = pick(s, []string{"Exact", "RegularExpression"})
			} else {
				m["path"] = map[string]any{"type": "Exact", "value": "/"}
			}
		}
		return list
	},
	"filters": func(s *source, v any) any {
		if list, _ := v.([]any); len(list) > 0 {
			return append(list, runtime.DeepCopyJSONValue(pick(s, list)))
		}
		return v
	},
	"tls": func(s *source, v any) any {
		if m, ok := v.(map[string]any); ok {
			m["mode"] = pick(s, []string{"Terminate", "Passthrough"})
			if s.chance(60) {
				delete(m, "certificateRefs")
				delete(m, "options")
			}
			switch s.IntN(4) {
			case 0:
				m["options"] = map[string]any{}
			case 1:
				m["certificateRefs"] = []any{}
			case 2:
				m["mode"], m["options"], m["certificateRefs"] = "Terminate", map[string]any{}, []any{}
			}
		}
		return v
	},
	"infrastructure": func(s *source, v any) any {
		if m, ok := v.(map[string]any); ok {
			m[pick(s, []string{"labels", "annotations"})] = map[string]any{
				pick(s, []string{"bad key", strings.Repeat("a", 260) + "/x", "-a", "a/b/c"}): "v",
			}
		}
		return v
	},
	"type": func(s *source, v any) any {
		for _, family := range families {
			if slices.Contains(family, fmt.Sprint(v)) {
				return pick(s, family)
			}
		}
		return v
	},
	"fraction": func(s *source, _ any) any {
		return map[string]any{"numerator": int64(s.IntN(4)), "denominator": int64(s.IntN(3) + 1)}
	},
	"subjectAltNames": func(s *source, _ any) any {
		san := map[string]any{"type": pick(s, []string{"Hostname", "URI"})}
		if s.chance(60) {
			san["hostname"] = pick(s, []string{"", "a.example.com"})
		}
		if s.chance(60) {
			san["uri"] = pick(s, []string{"", "spiffe://a/b"})
		}
		return []any{san}
	},
	"requestMirror": func(s *source, v any) any {
		if m, ok := v.(map[string]any); ok {
			m["fraction"] = map[string]any{"numerator": int64(s.IntN(4)), "denominator": int64(2)}
			if s.chance(50) {
				m["percent"] = int64(s.IntN(3))
			}
		}
		return v
	},
	"allowMethods": func(*source, any) any { return []any{"GET", "*"} },
	"allowOrigins": func(*source, any) any { return []any{"https://a.example.com", "*"} },
	"allowHeaders": func(*source, any) any { return []any{"a", "*"} },
	"sessionPersistence": func(s *source, v any) any {
		return map[string]any{"sessionName": "a", "type": "Cookie", "cookieConfig": map[string]any{"lifetimeType": "Permanent"}}
	},
}

// twins returns two copies of the first object of a list.
func twins(v any) (a, b map[string]any) {
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil, nil
	}
	m, ok := list[0].(map[string]any)
	if !ok {
		return nil, nil
	}
	return runtime.DeepCopyJSON(m), runtime.DeepCopyJSON(m)
}

func times(v any, n int) []any {
	out := []any{}
	for range n {
		out = append(out, runtime.DeepCopyJSONValue(v))
	}
	return out
}

func (s *source) provoke(all []place) {
	var fit []place
	for _, p := range all {
		if provocations[p.key] != nil && p.in != nil {
			fit = append(fit, p)
		}
	}
	if len(fit) > 0 {
		p := pick(s, fit)
		p.put(provocations[p.key](s, p.get()))
	}
}
