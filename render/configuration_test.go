package render_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/render"
	"sigs.k8s.io/yaml"
)

// TestConfigurationKeepsTheDocument: YAML says what the JSON says, to a reader that
// is not ours.
func TestConfigurationKeepsTheDocument(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `"a"`, `1`, `null`, `true`,
		`{"b":{"x":[]},"a":[1,[2,[3,{}]],{"k":{"l":"m"},"n":null}],"":"", "y":"y"}`,
		`{"a":["0s","010","1e3","0x1f","~","yes","No","a: b","- a","#","a #b","*","&a","!t","%","@","a:","'","\"","1_000","2026-01-01","é","\u2028","<&>","a\nb\n"," a","a ","null","[^/]+","NaN","-1","=","<<"]}`,
		`{"@type":"type.googleapis.com/x","n":1073741824,"f":0.5,"deep":[[{"a":[{"b":[[]]}]}]]}`,
	} {
		out, err := render.Configuration([]byte(text), "yaml")
		if err != nil {
			t.Fatal(err)
		}
		back, err := yaml.YAMLToJSON(out)
		if err != nil {
			t.Errorf("%s became %s: %v", text, out, err)
			continue
		}
		var want, got any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(back, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s became\n%s (-want +got):\n%s", text, out, diff)
		}
	}
	if _, err := render.Configuration([]byte(`{"a":`), "yaml"); err == nil {
		t.Error("half a document is written")
	}
}
