package manifest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/manifest"
)

const good = "---\n" + configMap

// TestProblems gives broken files, each followed by a good document that must be
// read all the same, and says where which finding stands and what it says.
func TestProblems(t *testing.T) {
	tests := []struct {
		name, text string
		objects    int // without the good one
		want       []string
	}{
		{"tab", "kind: A\n\tapiVersion: b\n", 0, []string{"2:1-2:2 error yaml-syntax tab used for indentation"}},
		{"tab before a dash", "kind: A\nspec:\n  \t- b\n", 0, []string{"3:3-3:4 error yaml-syntax tab used for indentation"}},
		{"two colons", "spec:\n  name: a: b\n", 0, []string{"2:10-2:11 error yaml-syntax a second \":\""}},
		{"indented too far", "spec:\n  name: a\n    port: 1\n", 0, []string{"3:5-3:12 error yaml-syntax a second \":\" in one line, or a line that is indented too far"}},
		{"indented too little", "spec:\n  name: a\n port: 1\n", 0, []string{"3:2-3:9 error yaml-syntax a key was expected"}},
		{"no colon", "spec:\n  name: a\n  port\n  x: 1\n", 0, []string{"3:3-3:7 error yaml-syntax a key without \":\""}},
		{"open quote", "spec:\n  name: \"a\n  port: 1\n  x: 2\n", 0, []string{"2:3-2:11 error yaml-syntax a quote is opened here"}},
		{"open bracket", "spec:\n  name: [a, b\n  port: 1\n", 0, []string{"2:3-2:14 error yaml-syntax not valid YAML: did not find expected ',' or ']'"}},
		{"reserved", "spec:\n  name: @a\n", 0, []string{"2:9-2:10 error yaml-syntax '@' cannot start a value"}},
		{"unknown alias", "spec:\n  name: *a\n", 0, []string{"2:9-2:11 error yaml-syntax alias \"*a\" has no anchor"}},
		{"alias in a Secret", "kind: Secret\nstringData:\n  password: *Xy12\n", 0, []string{"3:13-3:18 error yaml-syntax alias without an anchor before it in this document"}},
		{"not a number", "spec:\n  weight: .nan\n", 0, []string{"2:3-2:15 error yaml-syntax JSON, and so Kubernetes, knows neither"}},
		{"null key", "spec:\n  ~: a\n", 0, []string{"2:3-2:7 error yaml-syntax a mapping, a list or null cannot be a key"}},
		{"control character", "spec:\n  name: \x07\n", 0, []string{"2:9-2:10 error yaml-syntax control character U+0007"}},
		{"Helm value", "spec:\n  name: {{ .Values.name }}\n", 0, []string{"2:9-2:27 error yaml-syntax not valid YAML: \"{{\" begins a mapping"}},
		{"Helm statement", "{{- if .Values.x }}\nspec: a\n{{- end }}\n", 0, []string{"1:1-1:20 error yaml-syntax not valid YAML"}},
		{"directive", "%YAML 1.1\n---\n" + configMap, 1, []string{"1:1-1:10 error yaml-syntax directives"}},
		{"document on the separator line", "--- {apiVersion: v1, kind: Secret}\n", 1, []string{"1:5-1:35 error yaml-syntax a document must not start on the line"}},
		{"after the end", configMap + "...\n# fine\na: b\n", 1, []string{"7:1-7:5 warning content-not-read what follows \"...\""}},
		{"after the end, with old line breaks", "apiVersion: v1\rkind: ConfigMap\rmetadata: {name: a}\r...\r a: b\r", 0, []string{"1:57-1:65 warning content-not-read what follows \"...\""}},
		{"after the last brace", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}},\t# a\n x: 1\n", 1, []string{"1:55-1:61 warning content-not-read what follows the object's last brace"}},
		{"nothing after the last brace", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}} # a\n\n...\n", 1, nil},
		{"end", configMap + "...\n# fine\n", 1, nil},
		{"JSON comma", "{\"a\": 1\n \"b\": 2}\n", 0, []string{"2:2-2:3 error yaml-syntax not valid JSON: invalid character '\"' after object key:value pair"}},
		{"JSON end", "{\"a\": [1,\n", 0, []string{"1:9-1:10 error yaml-syntax not valid JSON: unexpected end"}},
		{"not UTF-8", "spec:\n  name: a\xe9\n", 0, []string{"2:10-2:11 error file-not-utf8 the document is not UTF-8: byte 0xe9"}},
		{"duplicate key", configMap + "data:\n  a: b\n  a: c\n", 1, []string{"7:3-7:4 error duplicate-yaml-key key \"a\" is given twice"}},
		{"objects without a separator", configMap + configMap + "data: {a: b}\n", 1, []string{"5:1-5:11 error duplicate-yaml-key key \"apiVersion\" is given twice"}},
		{"duplicate key in a list", configMap + "x:\n- a: {b: 1}\n- a: {b: 1, c: 2, b: 3}\n", 1, []string{"7:19-7:20 error duplicate-yaml-key key \"b\" is given twice"}},
		{"duplicate key by another name", configMap + "x: {1: a, '1': b, yes: c, true: d}\n", 1, []string{"5:11-5:14 error duplicate-yaml-key key \"1\"", "5:27-5:31 error duplicate-yaml-key key \"true\""}},
		{"duplicate key three times", configMap + "x: 1\nx: 2\nx: 3\n", 1, []string{"6:1-6:2 error duplicate-yaml-key key \"x\"", "7:1-7:2 error duplicate-yaml-key key \"x\""}},
		{"duplicate key beside a merge", configMap + "x: &x {a: 1}\ny: {<<: *x, a: 2, a: 3}\n", 1, []string{"6:19-6:20 error duplicate-yaml-key key \"a\""}},
		{"merge keys that override", configMap + "x: &x {a: 1}\nz: &z {a: 2}\ny: {<<: *x, a: 2}\nw: {<<: [*x, *z]}\nv:\n  <<: *x\n  <<: *z\n", 1, nil},
		{"duplicate key in an unknown kind", "apiVersion: a/v1\nkind: B\nkind: B\n", 0, []string{"3:1-3:5 error duplicate-yaml-key key \"kind\""}},
		{"no apiVersion", "kind: GRPCRoute\n", 0, []string{"1:7-1:16 error missing-kind the object has kind \"GRPCRoute\" and no apiVersion"}},
		{"no kind", "apiVersion: gateway.networking.k8s.io/v1\nspec: {}\n", 0, []string{"1:13-1:41 error missing-kind the object has apiVersion"}},
		{"neither, but ours", "metadata: {name: a}\nspec:\n  parentRefs: []\n", 0, []string{"1:1-1:9 error missing-kind the document has the spec of a Gateway API object"}},
		{"neither", "a: b\n", 0, []string{"1:1-1:2 warning missing-kind the document has neither"}},
		{"a list", "- a\n", 0, []string{"1:3-1:4 warning missing-kind the document is a list"}},
		{"kind of another type", "apiVersion: v1\nkind: 1\n", 0, []string{"1:13-1:15 warning missing-kind the kind of the object is not a string"}},
		{"item without kind", "apiVersion: v1\nkind: List\nitems:\n- metadata: {}\n", 0, []string{"4:1-4:2 error missing-kind the document has neither"}},
		{"misspelt kind", "apiVersion: gateway.networking.k8s.io/v1\nkind: GrpcRoutes\n", 0, []string{"2:7-2:17 error unknown-kind the Gateway API has no kind \"GrpcRoutes\""}},
		{"other group", "apiVersion: networking.k8s.io/v1\nkind: GRPCRoute\n", 0, []string{"1:13-1:33 error unknown-kind \"networking.k8s.io/v1\" has no kind GRPCRoute"}},
		{"no version", "apiVersion: gateway.networking.k8s.io\nkind: Gateway\n", 0, []string{"1:13-1:38 error unknown-kind apiVersion \"gateway.networking.k8s.io\" names no version"}},
		{"other kinds of the group", "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: Whatever\n", 0, nil},
		{"alias bomb", aliasBomb(), 0, []string{"1:1-1:12 error alias-bomb the aliases of the document"}},
		{"deep", strings.Repeat("[", 100_000) + "\n", 0, []string{"1:1-1:100001 error document-too-deep the document nests deeper than 10000"}},
		{"deep block", strings.Repeat("- ", 20_000) + "a\n", 0, []string{"1:1-1:40002 error document-too-deep"}},
		{"deep JSON", strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000) + "\n", 0, []string{"1:1-1:120002 error document-too-deep"}},
		{"large document", "a: " + strings.Repeat("x", manifest.MaxDocumentBytes) + "\n", 0, []string{fmt.Sprintf("1:1-1:%d error file-too-large the document is larger than the 4 MiB", manifest.MaxDocumentBytes+4)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(tt.text + good)}}, manifest.Options{})
			var got []string
			for _, p := range set.Problems {
				checkRange(t, set.Files[0], p.Range)
				r := p.Range
				line := fmt.Sprintf("%d:%d-%d:%d %v %s %s", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column, p.Severity, p.Rule, p.Message)
				if i := len(got); i < len(tt.want) && strings.HasPrefix(line, tt.want[i]) {
					line = tt.want[i]
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(set.Documents) != tt.objects+1 {
				t.Errorf("%d objects, want %d", len(set.Documents), tt.objects+1)
			}
		})
	}
}

func aliasBomb() string {
	var b strings.Builder
	b.WriteString("a: &a [x,x]\n")
	for c := 'b'; c <= 'z'; c++ {
		fmt.Fprintf(&b, "%c: &%c [*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1)
	}
	return b.String()
}

func TestWholeFileProblems(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"UTF-16", "\xff\xfea\x00", "error file-not-utf8 the file is UTF-16, and Kubernetes reads UTF-8"},
		{"binary", "a: b\n\x00\x01", "error file-not-utf8 the file holds a zero byte, so it is not text"},
		{"empty", "", ""},
		{"BOM only", "\ufeff", ""},
		{"comments", "# a\n---\n# b\n--- # c\n---\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(tt.data)}}, manifest.Options{})
			got := ""
			for _, p := range set.Problems {
				got += fmt.Sprintf("%v %s %s", p.Severity, p.Rule, p.Message)
			}
			if got != tt.want || len(set.Documents) > 0 || len(set.Ignored) > 0 {
				t.Errorf("%q, %d documents, ignored %v; want %q", got, len(set.Documents), set.Ignored, tt.want)
			}
		})
	}
}

func TestHugeFileIsNotRead(t *testing.T) {
	t.Chdir(t.TempDir())
	f, err := os.Create("a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(manifest.MaxFileBytes + 1); err != nil { // a file with a hole: no disk is used
		t.Fatal(err)
	}
	set, err := manifest.Load([]string{"a.yaml"}, manifest.Options{})
	if err != nil || len(set.Problems) != 1 || set.Problems[0].Rule != "file-too-large" {
		t.Errorf("problems %v, error %v", set.Problems, err)
	}
}

func TestProblemsOfOneFileAreBounded(t *testing.T) {
	set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(strings.Repeat("---\n\ta: b\n", 5000))}}, manifest.Options{})
	last := set.Problems[len(set.Problems)-1]
	if len(set.Problems) != 1001 || !strings.Contains(last.Message, "4000 more") {
		t.Errorf("%d problems, the last: %s", len(set.Problems), last.Message)
	}
}

// TestFolderProblems: a folder holds much that is not meant for Kubernetes.
func TestFolderProblems(t *testing.T) {
	folder(t, "a.yaml")
	for name, text := range map[string]string{
		"values.yaml":        "replicas: 2\n",
		"kustomization.yaml": "resources: [a.yaml]\n",
		"list.json":          "[1, 2]",
		"route.yaml":         "spec: {parentRefs: []}\n",
		"tunnel.yaml":        "proxy:\n  tunnel:\n    protocol: quic\n",
		"pod.yaml":           "apiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Pod\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := manifest.Load([]string{"."}, manifest.Options{})
	if err != nil || len(set.Problems) != 1 || set.Problems[0].Range.File != "route.yaml" {
		t.Errorf("problems %v, error %v; want one, in route.yaml", set.Problems, err)
	}
	if diff := cmp.Diff(map[string]int{manifest.NoKind: 3, "v1, Kind=Pod": 2}, set.Ignored); diff != "" {
		t.Errorf("ignored (-want +got):\n%s", diff)
	}
	if len(set.HelmValues) != 1 || set.HelmValues[0].Range("proxy", "tunnel", "protocol").String() != "tunnel.yaml:3:15" {
		t.Errorf("helm values %v", set.HelmValues)
	}
	for _, f := range set.Files {
		if kept := f.Data != nil; kept != strings.Contains("a.yaml route.yaml tunnel.yaml", f.Name) {
			t.Errorf("text of %s in memory: %v", f.Name, kept)
		}
	}
}
