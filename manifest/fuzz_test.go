package manifest_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// fuzzSeeds are files with whatever makes reading and positions hard.
var fuzzSeeds = []string{
	configMap + "data:\n  a: b\n",
	configMap + "data: # note\n  a: |\n    x\n      y\n\n    z\n  b: >-\n    folded\n    text\n  c: |+\n    keep\n\n  d: |2\n      two\n",
	configMap + "data:\n  a: 'it''s\n    long'\n  b: \"esc\\\"aped \\\n    long\"\n  c: plain\n    over\n\n    lines # note\n",
	configMap + "data: {a: [1, {b: c}, d: e], 'f': ~, g: , \"h\":i}\nbinaryData: {}\n",
	configMap + "x: &x {a: 1, b: &b [y, no]}\ny:\n  <<: *x\n  c: *b\nz: [*x, *b]\nw: {<<: [*x, {d: 1}]}\n",
	configMap + "data:\n- !!str 1\n- &a !!str 2\n- !!binary aGk=\n- ! y\n- &b\n  k: v\n- !!map\n  k: v\n- &c\n- !!str\n- - - a\n  -\n  - b\n-\n  # note\n  k: v\n",
	configMap + "? a\n: b\n? - c\n: d\n1: x\ny: z\n0x10: hex\n'q': 1\n\"\\x41\": 2\n",
	strings.ReplaceAll(configMap+"data:\n  a: |\n    x\n    y\n  b: c\n", "\n", "\r\n"),
	"\ufeff# head\n---\n" + configMap + "...\n--- # next\n\ufeff" + configMap + "data: {é: ü, 日本: [語]}\n---\n---\n#only\n--- {a: b}\n",
	"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n-\n  apiVersion: v1\n  kind: List\n  items: [{apiVersion: v1, kind: Secret}]\n- kind: Foo\n- null\n",
	"apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRouteList\nitems:\n- metadata:\n    name: a\n  spec:\n    rules:\n    - matches: [{method: {service: a.B, method: y}}]\n",
	`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","name":"b"},"data":{"x":[1,-2.5e3,null,"\u00e9\"",{}],"y":{}}}` + "\n" + `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Namespace"}]}`,
	"{apiVersion: v1, kind: ConfigMap,\tdata: {a: b}}\n",
	`{"apiVersion":"v1","kind":"ConfigMap",}` + "\n" + `{"kind":"ConfigMap","apiVersion":"v1"}`,
	"apiVersion: v1\nkind: ConfigMap\n\tdata: x\n---\n" + configMap + "data: {{ .Values.x }}\n---\n" + configMap,
	"a: &a [x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: [*c,*c,*c]\n" + configMap,
	"proxy: {tunnel: {protocol: quic}}\n---\nspec: {parentRefs: []}\n---\n- a\n---\nfoo\n",
	configMap + "a: 1\na: 2\ndata:\n  b: {c: 1, c: 2}\n  l:\n  - d: 1\n    d: 2\n",
	configMap + "data:\n  a: \"\u0085 \u2028 x\"\n  b: c\u2029d: e\n  f: g\rh: i\n",
	"kind: GRPCroute\napiVersion: gateway.networking.k8s.io/v1\n---\nkind: Service\n---\napiVersion: v1\nkind: Service\nspec: {ports: [{port: 5000000000}]}\n",
}

const maxFuzzBytes = 32 << 10

func FuzzLoad(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxFuzzBytes {
			return
		}
		set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: data}}, manifest.Options{})
		if len(set.Problems) > 1001 {
			t.Errorf("%d problems", len(set.Problems))
		}
		for _, p := range set.Problems {
			if i := slices.IndexFunc(manifest.ProblemRules, func(r manifest.ProblemRule) bool { return r.ID == p.Rule }); i < 0 {
				t.Errorf("rule %q is not listed", p.Rule)
			}
			checkRange(t, set.Files[0], p.Range)
			for _, r := range p.Related {
				checkRange(t, set.Files[0], r.Range)
			}
		}
		for _, d := range slices.Concat(set.Documents, set.HelmValues) {
			checkRange(t, set.Files[0], d.Range())
			checkRange(t, set.Files[0], d.Range("metadata", "name"))
		}
		if len(set.Broken)+len(set.Replaced) > len(set.Documents) {
			t.Errorf("%d broken and %d replaced of %d", len(set.Broken), len(set.Replaced), len(set.Documents))
		}
	})
}

func FuzzRange(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s), "spec.rules[0].name", 0)
		f.Add([]byte(s), "data[a]", 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, path string, index int) {
		if len(data) > maxFuzzBytes/4 {
			return
		}
		// The second file makes a document of nearly every input.
		set := manifest.Read([]*manifest.File{
			{Name: "a.yaml", Data: data},
			{Name: "b.yaml", Data: []byte(configMap + string(data))},
		}, manifest.Options{})
		for _, d := range slices.Concat(set.Documents, set.HelmValues) {
			p := append(manifest.ParsePath(path), index)
			checkRange(t, d.File, d.Range(p...))
			checkRange(t, d.File, d.KeyRange(p...))
			d.Text(p...)
			d.Comment(p...)
			checkPositions(t, d)
		}
	})
}

// checkRange says whether a range is inside its file, with lines and columns
// that agree with its offsets.
func checkRange(t testing.TB, f *manifest.File, r diag.Range) {
	t.Helper()
	if r.File != f.Name {
		t.Fatalf("range in %q, want %q", r.File, f.Name)
	}
	if r.Start.Line == 0 {
		return
	}
	for _, p := range []diag.Position{r.Start, r.End} {
		if p.Byte < 0 || p.Byte > len(f.Data) {
			t.Fatalf("offset %d in a file of %d", p.Byte, len(f.Data))
		}
		before := string(f.Data[:p.Byte])
		line, column := 1+strings.Count(before, "\n"), p.Byte-strings.LastIndex(before, "\n")
		if p.Line != line || p.Column != column {
			t.Fatalf("offset %d is %d:%d, want %d:%d", p.Byte, p.Line, p.Column, line, column)
		}
	}
	if r.End.Byte < r.Start.Byte {
		t.Fatalf("range ends before it starts: %+v", r)
	}
}

// checkPositions looks up each path of a document: the text at its range must
// be read as the value, the text at its key as the key.
func checkPositions(t testing.TB, d *manifest.Document) {
	t.Helper()
	var visit func(path manifest.Path, v any)
	visit = func(path manifest.Path, v any) {
		r := d.Range(path...)
		checkRange(t, d.File, r)
		// The items of a typed list are given a type that is not in the text.
		inherited := len(path) == 1 && (path[0] == "apiVersion" || path[0] == "kind") || len(path) == 0
		// Reading every level of a deep document again would be quadratic.
		if !inherited && len(path) < 30 && !readsAs(d.File, r, v) {
			t.Fatalf("%s is %#v, and its range %v holds\n%s\nin\n%s", path, v, r, d.File.Data[r.Start.Byte:r.End.Byte], d.File.Data)
		}
		switch v := v.(type) {
		case map[string]any:
			for key, e := range v {
				p := append(path[:len(path):len(path)], key)
				k := d.KeyRange(p...)
				checkRange(t, d.File, k)
				if text := string(d.File.Data[k.Start.Byte:k.End.Byte]); len(p) > 1 && !isKey(text, key) {
					t.Fatalf("key of %s is at %v, which holds %q in\n%s", p, k, text, d.File.Data)
				}
				visit(p, e)
			}
		case []any:
			for i, e := range v {
				visit(append(path[:len(path):len(path)], i), e)
			}
		}
	}
	visit(nil, map[string]any(d.Value))
}

// readsAs reports whether the text of a range is read as a value in one of the
// surroundings in which it may have stood. Text with an alias cannot be read by
// itself.
func readsAs(f *manifest.File, r diag.Range, want any) bool {
	text := string(f.Data[r.Start.Byte:r.End.Byte])
	if next := r.End.Byte; next < len(f.Data) && strings.ContainsRune("\r\n\u0085\u2028\u2029", firstRune(f.Data[next:])) {
		text += "\n"
	}
	line := string(f.Data[r.Start.Byte-(r.Start.Column-1) : r.Start.Byte])
	if i := strings.LastIndexAny(line, "\r\u0085\u2028\u2029"); i >= 0 {
		_, w := utf8.DecodeRuneInString(line[i:])
		line = line[i+w:]
	}
	column := utf8.RuneCountInString(line)
	pad := strings.Repeat(" ", column)
	surroundings := []string{"x: %s", "[%s]", "x:\n" + pad + "%s", "{x: %s}"}
	if strings.HasPrefix(text, "|") || strings.HasPrefix(text, ">") || strings.HasPrefix(text, "!") {
		for i := range column {
			surroundings = append(surroundings, strings.Repeat(" ", i)+"x: %s")
		}
	}
	for _, s := range surroundings {
		got, err := reference(strings.Replace(s, "%s", text, 1))
		if err != nil {
			if strings.Contains(err.Error(), "unknown anchor") {
				return true
			}
			continue
		}
		switch outer := got.(type) {
		case map[string]any:
			got = outer["x"]
		case []any:
			if got = nil; len(outer) == 1 {
				got = outer[0]
			}
		}
		if reflect.DeepEqual(got, want) {
			return true
		}
	}
	if strings.HasPrefix(strings.TrimSpace(string(f.Data)), "{") { // JSON: "1.0" stays a float there
		got, set := readObject(fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","x":%s}`, text))
		return set != nil && reflect.DeepEqual(got["x"], want)
	}
	return false
}

func firstRune(b []byte) rune {
	r, _ := utf8.DecodeRune(b)
	return r
}

func isKey(text, key string) bool {
	forms := []string{"? %s\n: 1", "{? %s : 1}", "%s: 1"}
	if strings.HasSuffix(text, ":") {
		forms = append(forms, "{%s,}") // a key without a value, in front of a comma
	}
	for _, form := range forms {
		v, err := reference(strings.Replace(form, "%s", text, 1))
		if err != nil && strings.Contains(err.Error(), "unknown anchor") {
			return true
		}
		if m, ok := v.(map[string]any); ok && len(m) == 1 {
			if _, ok := m[key]; ok {
				return true
			}
		}
	}
	return false
}
