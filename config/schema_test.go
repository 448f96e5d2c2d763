package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/config"
	"github.com/grpcroute/grpcroute/internal/golden"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// published is the schema in docs/, compiled by a library that shares nothing with
// the one that wrote it.
func published(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash("../docs/grpcroute.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(config.SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(config.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaIsPublished(t *testing.T) {
	s, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.FromSlash("../docs/grpcroute.schema.json"), string(s))
}

// TestSchemaAndReaderAgree: what an editor underlines is what the tool refuses.
func TestSchemaAndReaderAgree(t *testing.T) {
	s := published(t)
	for text, right := range map[string]bool{
		"profile: spec\ngateway-api: 1.4\nchannel: standard\n": true,
		"gateway-api: \"1.4\"\n":                               true,
		"gateway-api: 2\n":                                     false,
		"profile: nobody\n":                                    false,
		"profile:\nrules:\nexclude:\ntunnel:\nadvice:\n":       true,
		"rules: {unknown-field: off, no-catch-all: true}\n":    true,
		"rules: {unknown-field: yes}\n":                        false,
		"rules: {unknown-feild: off}\n":                        false,
		"rules: []\n":                                          false,
		"tunnel: {protocol: quic}\n":                           true,
		"tunnel: {protocl: quic}\n":                            false,
		"tunnel: quic\n":                                       false,
		"exclude: [a, b]\nresources: []\n":                     true,
		"exclude: a\n":                                         false,
		"exclude: [1]\n":                                       false,
		"exclude: [~]\n":                                       false,
		"namespace: ''\n":                                      false,
		"namespace: shop\n":                                    true,
		"namespace: 3\n":                                       false,
		"overrides: [{paths: [a], rules: {unknown-field: info}}]\n": true,
		"overrides: [{rules: {unknown-field: info}}]\n":             false,
		"overrides: [{paths: []}]\n":                                false,
		"overrides: [{paths: }]\n":                                  false,
		"overrides: [~]\n":                                          false,
		"overrides: [{path: [a]}]\n":                                false,
		"suppression: {require-reason: true}\n":                     true,
		"suppression: {require-reason: 'yes'}\n":                    false,
		"proto: {paths: [proto], descriptor-sets: [a.binpb]}\n":     true,
		"as-built: true\nadvice: false\nstrict-docs: true\n":        true,
		"as-built: 1\n":                                             false,
		"bogus: 1\n":                                                false,
		"[]\n":                                                      false,
	} {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		_, err := config.Parse("f", []byte(text))
		if (err == nil) != right {
			t.Errorf("%q: the reader says %v, want right: %v", text, err, right)
		}
		if err := s.Validate(v); (err == nil) != right {
			t.Errorf("%q: the schema says %v, want right: %v", text, err, right)
		}
	}
}

// FuzzParse: the reader takes nothing that the schema refuses.
func FuzzParse(f *testing.F) {
	f.Add("profile: spec\nrules: {unknown-field: off}\noverrides:\n- paths: [a]\n")
	f.Add("exclude: [a, 'b/**']\ntunnel: {protocol: quic}\nadvice: true\ngateway-api: 1.5\n")
	s := published(f)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := config.Parse("f", []byte(text)); err != nil {
			return
		}
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil || v == nil {
			return
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%q is taken, and the schema says %v", text, err)
		}
	})
}

// TestExampleHasEveryKey: the example of the page is right, and shows all there is.
func TestExampleHasEveryKey(t *testing.T) {
	page, err := os.ReadFile(filepath.FromSlash("../docs/configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml\n(# \\.grpcroute\\.yaml.*?)```").FindSubmatch(page)
	if m == nil {
		t.Fatal("docs/configuration.md has no YAML block that begins with \"# .grpcroute.yaml\"")
	}
	if _, err := config.Parse("example", m[1]); err != nil {
		t.Error(err)
	}
	var v any
	if err := yaml.Unmarshal(m[1], &v); err != nil {
		t.Fatal(err)
	}
	s := published(t)
	if err := s.Validate(v); err != nil {
		t.Error(err)
	}
	text := string(m[1])
	var walk func(s *jsonschema.Schema)
	walk = func(s *jsonschema.Schema) {
		for key, sub := range s.Properties {
			if !strings.Contains(text, key+":") {
				t.Errorf("the example lacks the key %s", key)
			}
			if key == "rules" {
				continue // one of them will do
			}
			walk(sub)
			if sub.Items2020 != nil {
				walk(sub.Items2020)
			}
		}
	}
	walk(s)
	if len(s.Properties) < 15 {
		t.Errorf("the schema has %d keys: the walk is wrong", len(s.Properties))
	}
}
