package manifest_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// head makes a document that is read as a GRPCRoute of what stands below spec.
const head = "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: a}\n"

func readNamed(t testing.TB, name, text string) *manifest.Set {
	t.Helper()
	return manifest.Read([]*manifest.File{{Name: name, Data: []byte(text)}}, manifest.Options{})
}

// edited makes changes of the first document of a text and checks that it reads
// as it should and that all others are what they were.
func edited(t testing.TB, name, text string, n int, changes ...manifest.Change) (string, error) {
	t.Helper()
	set := readNamed(t, name, text)
	doc := set.Documents[n]
	want, err := doc.Changed(changes)
	if err != nil {
		return "", err
	}
	edits, err := doc.Edits(changes)
	if err != nil {
		return "", err
	}
	out, err := diag.Apply([]byte(text), edits)
	if err != nil {
		return "", err
	}
	after := readNamed(t, name, string(out)).Documents
	for i, d := range set.Documents {
		value := d.Value
		if i == n {
			if value = want; want == nil {
				continue
			}
		}
		if len(after) == 0 || !reflect.DeepEqual(after[0].Value, value) {
			t.Fatalf("document %d does not read as it should after %v:\n%s\n--- from\n%s", i, changes, out, text)
		}
		after = after[1:]
	}
	return string(out), nil
}

func TestEdits(t *testing.T) {
	p := func(path string) manifest.Path { return manifest.ParsePath(path) }
	match := manifest.Fields{{Key: "method", Value: manifest.Fields{{Key: "service", Value: "c.D"}}}}
	tests := []struct {
		name, text, want string
		changes          []manifest.Change
	}{
		{"plain scalar", "spec:\n  a: b # c\n", "spec:\n  a: x # c\n", []manifest.Change{manifest.Put(p("spec.a"), "x")}},
		{"quotes stay", "spec:\n  a: 'b'\n  c: \"d\"\n", "spec:\n  a: 'it''s'\n  c: \"x\\\\\"\n",
			[]manifest.Change{manifest.Put(p("spec.a"), "it's"), manifest.Put(p("spec.c"), `x\`)}},
		{"quotes where YAML needs them", "spec:\n  a: b\n", "spec:\n  a: \"yes\"\n", []manifest.Change{manifest.Put(p("spec.a"), "yes")}},
		{"a number becomes a text", "spec:\n  a: 012\n", "spec:\n  a: \"012\"\n", []manifest.Change{manifest.Put(p("spec.a"), "012")}},
		{"number", "spec:\n  a: 1\n", "spec:\n  a: 20\n", []manifest.Change{manifest.Put(p("spec.a"), 20)}},
		{"new field behind a sibling", "spec:\n  rules:\n  - name: a # n\n    port: 1\n", "spec:\n  rules:\n  - name: a # n\n    group: \"\"\n    port: 1\n",
			[]manifest.Change{manifest.PutAfter(p("spec.rules[0].group"), "name", "")}},
		{"new field at the end, without a newline", "spec:\n  a: b", "spec:\n  a: b\n  c: d", []manifest.Change{manifest.Put(p("spec.c"), "d")}},
		{"new field behind a nested one", "spec:\n  a:\n    b: c\n  d: e\n", "spec:\n  a:\n    b: c\n  f: g\n  d: e\n",
			[]manifest.Change{manifest.PutAfter(p("spec.f"), "a", "g")}},
		{"new field in braces", "spec: {a: b}\n", "spec: {a: b, c: \"\"}\n", []manifest.Change{manifest.Put(p("spec.c"), "")}},
		{"new field in empty braces", "spec: {}\n", "spec: {c: d}\n", []manifest.Change{manifest.Put(p("spec.c"), "d")}},
		{"item", "spec:\n  rules:\n  - name: a\n  # end\n", "spec:\n  rules:\n  - name: a\n  - method:\n      service: c.D\n  # end\n",
			[]manifest.Change{manifest.Append(p("spec.rules"), match)}},
		{"item in brackets", "spec:\n  rules: [a]\n", "spec:\n  rules: [a, {method: {service: c.D}}]\n", []manifest.Change{manifest.Append(p("spec.rules"), match)}},
		{"item in empty brackets", "spec:\n  rules: []\n", "spec:\n  rules: [b]\n", []manifest.Change{manifest.Append(p("spec.rules"), "b")}},
		{"key with its block", "spec:\n  # of a\n  a:\n    b: c\n    # below\n  # of d\n  d: e\n", "spec:\n  # of a\n  # of d\n  d: e\n",
			[]manifest.Change{manifest.Remove(p("spec.a"))}},
		{"key with its comment", "spec:\n  a: b\n  # of d\n  d: e # d\n  # of f\n  f: g\n", "spec:\n  a: b\n  # of f\n  f: g\n",
			[]manifest.Change{manifest.Remove(p("spec.d"))}},
		{"first key behind a dash", "spec:\n  rules:\n  - a: b # c\n    d: e\n", "spec:\n  rules:\n  - d: e\n", []manifest.Change{manifest.Remove(p("spec.rules[0].a"))}},
		{"only key", "spec:\n  a:\n    b: c\n  d: e\n", "spec:\n  a: {}\n  d: e\n", []manifest.Change{manifest.Remove(p("spec.a.b"))}},
		{"only key behind a dash", "spec:\n  rules:\n  - a: b\n  - c\n", "spec:\n  rules:\n  - {}\n  - c\n", []manifest.Change{manifest.Remove(p("spec.rules[0].a"))}},
		{"items", "spec:\n  rules:\n    - a\n    # b\n    - b\n    - c\n", "spec:\n  rules:\n    - a\n", []manifest.Change{manifest.Remove(p("spec.rules[1]")), manifest.Remove(p("spec.rules[2]"))}},
		{"item of brackets", "spec: {a: [b, c , d]}\n", "spec: {a: [b, d]}\n", []manifest.Change{manifest.Remove(p("spec.a[1]"))}},
		{"last item of brackets", "spec: {a: [b, c ]}\n", "spec: {a: [b ]}\n", []manifest.Change{manifest.Remove(p("spec.a[1]"))}},
		{"only field of braces", "spec: {a: {b: c}}\n", "spec: {a: {}}\n", []manifest.Change{manifest.Remove(p("spec.a.b"))}},
		{"rename", "spec:\n  \"metod\": x\n", "spec:\n  \"method\": x\n", []manifest.Change{manifest.Rename(p("spec.metod"), "method")}},
		{"block scalar goes whole", "spec:\n  a: |\n    b\n\n    c\n  d: e\n", "spec:\n  d: e\n", []manifest.Change{manifest.Remove(p("spec.a"))}},
		{"windows lines", "spec:\r\n  a: b\r\n  c: d\r\n", "spec:\r\n  a: b\r\n  x: z\r\n  c: d\r\n", []manifest.Change{manifest.PutAfter(p("spec.x"), "a", "z")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := head
			if strings.Contains(tt.text, "\r\n") {
				h = strings.ReplaceAll(h, "\n", "\r\n")
			}
			got, err := edited(t, "a.yaml", h+tt.text, 0, tt.changes...)
			if err != nil {
				t.Fatal(err)
			}
			if got != h+tt.want {
				t.Errorf("got\n%s\nwant\n%s", got[len(h):], tt.want)
			}
		})
	}
}

func TestEditsOfJSON(t *testing.T) {
	p := manifest.ParsePath
	text := `{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute", "metadata": {"name": "a"},
 "spec": {
  "rules": [
    {"name": "a"},
    {"name": "b"}
  ],
  "x": 1
 }
}
`
	for want, change := range map[string]manifest.Change{
		strings.Replace(text, `"a"},
    `, "\"a\\\"<\"},\n    ", 1): manifest.Put(p("spec.rules[0].name"), `a"<`),
		strings.Replace(text, `"x": 1`, "\"x\": 1,\n  \"y\": true", 1): manifest.Put(p("spec.y"), true),
		strings.Replace(text, ",\n  \"x\": 1", "", 1):                  manifest.Remove(p("spec.x")),
		strings.Replace(text, "{\"name\": \"a\"},\n    ", "", 1):       manifest.Remove(p("spec.rules[0]")),
		strings.Replace(text, `"b"}`, "\"b\"},\n    {\"n\": [\"x\"]}", 1): manifest.Append(p("spec.rules"),
			manifest.Fields{{Key: "n", Value: []any{"x"}}}),
		strings.Replace(text, `"x":`, `"z":`, 1): manifest.Rename(p("spec.x"), "z"),
	} {
		got, err := edited(t, "a.json", text, 0, change)
		if err != nil || got != want {
			t.Errorf("%v: got %v\n%s\nwant\n%s", change, err, got, want)
		}
	}
}

// TestEditsOfDocuments deletes whole objects from a file of several and from a
// List.
func TestEditsOfDocuments(t *testing.T) {
	one := head + "spec: {a: 1}\n"
	for _, tt := range []struct {
		name, text, want string
		n                int
	}{
		{"first", "# Licence\n\n# of one\n" + one + "---\n" + head, "# Licence\n\n---\n" + head, 0},
		{"middle", head + "---\n" + one + "---\n" + head, head + "---\n" + head, 1},
		{"last", head + "---\n# of one\n" + one, head, 1},
		{"of a List", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute}\n- {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway}\n",
			"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway}\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edited(t, "a.yaml", tt.text, tt.n, manifest.Remove(nil))
			if err != nil || got != tt.want {
				t.Errorf("got %v\n%s\nwant\n%s", err, got, tt.want)
			}
		})
	}
}

// TestEditsThatAreRefused lists what has no safe edit, with the reason.
func TestEditsThatAreRefused(t *testing.T) {
	p := manifest.ParsePath
	for _, tt := range []struct {
		name, text string
		change     manifest.Change
		want       string
	}{
		{"in an anchor", "spec:\n  a: &x {b: c}\n  d: *x\n", manifest.Put(p("spec.a.b"), "y"), "spec.a has an anchor that is used elsewhere"},
		{"an alias", "spec:\n  a: &x {b: c}\n  d: *x\n", manifest.Put(p("spec.d.b"), "y"), "spec.d is an alias"},
		{"a merge key", "spec:\n  a: &x {b: c}\n  d:\n    <<: *x\n", manifest.Put(p("spec.d.b"), "y"), "spec.d.b comes through a merge key"},
		{"an anchor goes", "spec:\n  a:\n    z: &x {b: c}\n  d: *x\n", manifest.Remove(p("spec.a")), "an anchor in it is used elsewhere"},
		{"the only item", "spec:\n  a: [b]\n", manifest.Remove(p("spec.a[0]")), "only item"},
		{"twice", "spec:\n  a: b\n  a: c\n", manifest.Put(p("spec.a"), "y"), "spec.a is given twice"},
		{"a block scalar", "spec:\n  a: |\n    b\n", manifest.Put(p("spec.a"), "y"), "block scalar"},
		{"a block", "spec:\n  a:\n    b: c\n", manifest.Put(p("spec.a"), "y"), "not replaced as a whole"},
		{"a comment in braces", "spec: {a: 1, # a\n  b: 2}\n", manifest.Remove(p("spec.a")), "a comment stands"},
		{"nothing there", "spec:\n  a: b\n", manifest.Put(p("spec.x.y.z"), "y"), "there is no spec.x"},
		{"a name that is taken", "spec:\n  a: b\n  c: d\n", manifest.Rename(p("spec.a"), "c"), "already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edited(t, "a.yaml", head+tt.text, 0, tt.change)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v and\n%s\nwant an error with %q", err, got, tt.want)
			}
		})
	}
}
