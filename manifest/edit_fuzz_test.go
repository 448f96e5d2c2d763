package manifest_test

import (
	"maps"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/manifest"
)

// fields lists every path of a value, in a fixed order.
func fields(v any, at manifest.Path, out []manifest.Path) []manifest.Path {
	down := func(step, child any) {
		path := append(slices.Clone(at), step)
		out = fields(child, path, append(out, path))
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			down(k, v[k])
		}
	case []any:
		for i := range v {
			down(i, v[i])
		}
	}
	return out
}

// FuzzEdits makes any change at any place of any text. What is not refused reads
// as the object with just that change (see edited), and the text outside of the
// edits is copied by construction.
func FuzzEdits(f *testing.F) {
	for _, text := range []string{
		head + "spec:\n  parentRefs:\n  - name: edge # c\n    port: 80\n  # of rules\n  rules:\n  - matches:\n    - method: {service: a.B, method: 'x'}\n    - headers:\n      - name: \"k\"\n        value: |\n          v\n\n    backendRefs: [{name: a, port: 1}, {name: b}]\n",
		head + "spec:\r\n  a: b\r\n  c:\r\n  - - d\r\n    - e\r\n  -\r\n    f: g\r\n",
		head + "spec:\n  a: &x {b: c}\n  d: *x\n  e:\n    <<: *x\n    ? f\n    : g\n  h: !!str 1\n  i: >-\n    folded\n    text\n  j:\n  k: [a: b, c]\n---\n" + head,
		"apiVersion: v1\nkind: List\nitems:\n- apiVersion: gateway.networking.k8s.io/v1\n  kind: GRPCRoute\n  spec: {a: 1}\n- apiVersion: gateway.networking.k8s.io/v1\n  kind: Gateway\n",
		"{\"apiVersion\": \"gateway.networking.k8s.io/v1\", \"kind\": \"GRPCRoute\",\n \"spec\": {\"a\": [1, {\"b\": null}],\n  \"c\": \"d\"}}\n",
	} {
		for n := range uint16(12) {
			f.Add(text, n*7, uint8(n), "x: y")
		}
	}
	f.Fuzz(func(t *testing.T, text string, field uint16, op uint8, value string) {
		set := readNamed(t, "a.yaml", text)
		if len(set.Documents) == 0 || len(set.Problems) > 0 || !utf8.ValidString(value) {
			return
		}
		n := int(field) % len(set.Documents)
		paths := fields(set.Documents[n].Value, nil, nil)
		path := paths[int(field)%len(paths)]
		if path[0] == "apiVersion" || path[0] == "kind" {
			return // it might be read as nothing of ours
		}
		for _, change := range [][]manifest.Change{
			{manifest.Put(path, value)},
			{manifest.Put(append(slices.Clone(path), "fuzz"), value)},
			{manifest.Remove(path)},
			{manifest.Rename(path, "fuzz")},
			{manifest.Append(path, manifest.Fields{{Key: "fuzz", Value: []any{value, manifest.Fields{{Key: "a", Value: 1}}}}})},
			{manifest.Remove(nil)},
			{manifest.Put(path, true), manifest.PutAfter(append(slices.Clone(path[:len(path)-1]), "fuzz"), "a", value)},
			{manifest.Remove(path).KeepComments()},
		}[op%8 : op%8+1] {
			_, _ = edited(t, "a.yaml", text, n, change...)
		}
	})
}
