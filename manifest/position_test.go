package manifest_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

const positioned = `# about the route
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  name: "a" # its name
  labels: &labels {app: x, 'on': "y"}
spec:
  parentRefs:
  # the gateway
  - name: gw
    port:
  hostnames: []
  rules:
  -
    name: !!str 1
    matches:
    - method: {service: a.B, method: 017}
      headers:
      - &h
        name: x-a
        value: |
          text
            more

      - <<: *h
        value: y
  - matches:
    - headers: [*h]
    backendRefs:
      - name: >-
          folded
          text
`

func TestRange(t *testing.T) {
	tests := []struct{ path, value, key string }{
		{"", "2:1-32:15", "2:1-2:11"},
		{"kind", "3:7-3:16", "3:1-3:5"},
		{"metadata.name", "5:9-5:12", "5:3-5:7"},
		{"metadata.labels", "6:19-6:38", "6:3-6:9"},
		{"metadata.labels.on", "6:34-6:37", "6:28-6:32"},
		{"spec", "8:3-32:15", "7:1-7:5"},
		{"spec.parentRefs", "10:3-11:10", "8:3-8:13"},
		{"spec.parentRefs[0]", "10:5-11:10", "10:3-10:4"},
		{"spec.parentRefs[0].port", "11:10-11:10", "11:5-11:9"},
		{"spec.hostnames", "12:14-12:16", "12:3-12:12"},
		{"spec.rules[0].name", "15:11-15:18", "15:5-15:9"},
		{"spec.rules[0].matches[0].method.service", "17:25-17:28", "17:16-17:23"},
		{"spec.rules[0].matches[0].headers[0].value", "21:16-23:17", "21:9-21:14"},
		// Through merge keys and aliases: where it is written.
		{"spec.rules[0].matches[0].headers[1].name", "20:15-20:18", "20:9-20:13"},
		{"spec.rules[0].matches[0].headers[1].value", "26:16-26:17", "26:9-26:14"},
		{"spec.rules[1].matches[0].headers[0].name", "20:15-20:18", "20:9-20:13"},
		{"spec.rules[1].matches[0].headers[0]", "20:9-23:17", "28:17-28:18"},
		{"spec.rules[1].backendRefs[0].name", "30:15-32:15", "30:9-30:13"},
		// What is missing is reported where it is missing.
		{"status", "2:1-2:11", "2:1-2:11"},
		{"metadata.namespace", "4:1-4:9", "4:1-4:9"},
		{"metadata.labels.x.y", "6:3-6:9", "6:3-6:9"},
		{"metadata.name.x", "5:9-5:12", "5:9-5:12"},
		{"spec.parentRefs[0].kind", "10:3-10:4", "10:3-10:4"},
		{"spec.parentRefs[0].port.x", "11:5-11:9", "11:5-11:9"},
		{"spec.parentRefs[7].name", "8:3-8:13", "8:3-8:13"},
		{"spec.hostnames[0]", "12:3-12:12", "12:3-12:12"},
		{"spec.rules[0].backendRefs", "14:3-14:4", "14:3-14:4"},
		{"spec.rules[0].matches[0].headers[0].x", "19:7-19:8", "19:7-19:8"},
		{"spec.rules.x", "13:3-13:8", "13:3-13:8"},
		{"spec[0]", "7:1-7:5", "7:1-7:5"},
	}
	for _, ending := range []string{"\n", "\r\n"} {
		set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(strings.ReplaceAll(positioned, "\n", ending))}}, manifest.Options{})
		if len(set.Documents) != 1 {
			t.Fatal(set.Problems)
		}
		d := set.Documents[0]
		for _, tt := range tests {
			t.Run(tt.path, func(t *testing.T) {
				p := manifest.ParsePath(tt.path)
				checkRange(t, d.File, d.Range(p...))
				if got := lines(d.Range(p...)); got != tt.value {
					t.Errorf("Range = %s, want %s", got, tt.value)
				}
				if got := lines(d.KeyRange(p...)); got != tt.key {
					t.Errorf("KeyRange = %s, want %s", got, tt.key)
				}
			})
		}
		checkPositions(t, d)
	}
}

func lines(r diag.Range) string {
	end := diag.Range{File: "", Start: r.End}.String()
	start := diag.Range{File: "", Start: r.Start}.String()
	return strings.TrimPrefix(start, ":") + "-" + strings.TrimPrefix(end, ":")
}

func TestText(t *testing.T) {
	set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(positioned)}}, manifest.Options{})
	d := set.Documents[0]
	for path, want := range map[string]string{
		"metadata.name":                            `"a"`,
		"metadata.labels.on":                       `"y"`,
		"spec.rules[0].name":                       "!!str 1",
		"spec.rules[0].matches[0].method.method":   "017",
		"spec.rules[0].matches[0].headers[1].name": "x-a",
		"spec.parentRefs[0].port":                  "",
	} {
		if got, ok := d.Text(manifest.ParsePath(path)...); !ok || got != want {
			t.Errorf("Text(%s) = %q, %v, want %q", path, got, ok, want)
		}
	}
	for _, path := range []string{"", "spec", "spec.rules", "metadata.x"} {
		if got, ok := d.Text(manifest.ParsePath(path)...); ok {
			t.Errorf("Text(%s) = %q, want none", path, got)
		}
	}
}

func TestComment(t *testing.T) {
	set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(positioned + `# the end
---
# first
# second

apiVersion: v1
kind: Secret # a kind
data:
  # above
  a: b # beside
  ## two
  #three
  c: # on the key
    - d # of an item
    # above an item
    - e: f
`)}}, manifest.Options{})
	for i, want := range []map[string]string{
		{"": "", "apiVersion": "about the route", "metadata.name": "its name", "spec.parentRefs[0]": "the gateway", "kind": "", "x": ""},
		{"kind": "a kind", "data.a": "above\nbeside", "data.c": "two\nthree\non the key", "data.c[0]": "of an item", "data.c[1]": "above an item", "data.c[1].e": ""},
	} {
		for path, text := range want {
			if got := set.Documents[i].Comment(manifest.ParsePath(path)...); got != text {
				t.Errorf("%d: Comment(%s) = %q, want %q", i, path, got, text)
			}
		}
	}
}

func TestRangeInJSON(t *testing.T) {
	set := manifest.Read([]*manifest.File{{Name: "a.json", Data: []byte(`{"apiVersion": "v1", "kind": "Secret"}
{
	"apiVersion": "v1", "kind": "ConfigMap",
	"data": {"a\u0062": [1, {"c": null}]}
}`)}}, manifest.Options{})
	if len(set.Documents) != 2 {
		t.Fatal(set.Problems)
	}
	d := set.Documents[1]
	for path, want := range map[string]string{
		"": "2:1-5:2", "kind": "3:30-3:41", "data": "4:10-4:39", "data.ab": "4:22-4:38", "data.ab[1].c": "4:32-4:36", "data.ab[1].d": "4:26-4:27", "status": "3:2-3:14",
	} {
		if got := lines(d.Range(manifest.ParsePath(path)...)); got != want {
			t.Errorf("Range(%s) = %s, want %s", path, got, want)
		}
	}
}

// TestDocumentWithoutSource: others may build documents by hand.
func TestDocumentWithoutSource(t *testing.T) {
	d := &manifest.Document{File: &manifest.File{Name: "a.yaml"}}
	if got := d.Range("spec"); got != (diag.Range{File: "a.yaml"}) {
		t.Errorf("Range = %v", got)
	}
	if _, ok := d.Text("spec"); ok || d.Comment("spec") != "" {
		t.Error("a text or comment out of nothing")
	}
	(&manifest.Document{}).KeyRange("spec")
}

func TestPositionsFromManyGoroutines(t *testing.T) {
	set := manifest.Read([]*manifest.File{{Name: "a.yaml", Data: []byte(positioned)}}, manifest.Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := set.Documents[0].Range("kind"); got.Start.Line != 3 {
				t.Errorf("kind at %v", got)
			}
		})
	}
	wg.Wait()
}

func TestFileLine(t *testing.T) {
	f := &manifest.File{Name: "a", Data: []byte("one\r\n\ntwo")}
	for n, want := range map[int]string{0: "", 1: "one", 2: "", 3: "two", 4: ""} {
		if got := f.Line(n); got != want {
			t.Errorf("Line(%d) = %q, want %q", n, got, want)
		}
	}
}
