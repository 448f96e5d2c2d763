package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/internal/crdgen/crdbin"
	"github.com/grpcroute/grpcroute/internal/crdgen/crds"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// TestFresh fails when the artifact in the tree is not what the definitions give.
func TestFresh(t *testing.T) {
	want, err := generate()
	if errors.Is(err, crds.ErrUnavailable) && os.Getenv("GRPCROUTE_REQUIRE_ALL") != "1" {
		t.Skipf("SKIPPED, FRESHNESS NOT CHECKED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../admission/crds.bin")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("admission/crds.bin is stale: run go run ./internal/crdgen")
	}
	if len(want) > 150<<10 {
		t.Errorf("the artifact has %d bytes, want at most 150 KB", len(want))
	}
}

// TestRefuses gives the generator what admission does not know: it must say so,
// never leave it out.
func TestRefuses(t *testing.T) {
	rule := func(properties, r string) string {
		return "type: object\nproperties: {spec: {type: object, properties: {" + properties + "}, x-kubernetes-validations: [{message: m, rule: '" + r + "'}]}}"
	}
	const fields = "a: {type: string}, b: {type: string}, n: {type: integer}, l: {type: array, maxItems: 3, items: {type: string, maxLength: 9}}"
	tests := []struct{ name, schema, want string }{
		{"keyword", "type: object\nproperties: {a: {type: string, nullable: true}}", `keyword "nullable"`},
		{"type", "type: object\nproperties: {a: {type: number}}", `type "number"`},
		{"format", "type: object\nproperties: {a: {type: string, format: date-time}}", `format "date-time"`},
		{"free form", "type: object\nproperties: {a: {type: object, x-kubernetes-preserve-unknown-fields: true}}", "x-kubernetes-preserve-unknown-fields"},
		{"status without subresource", "type: object\nproperties: {status: {type: object}}", "subresource"},
		{"function", rule(fields, "self.a.lowerAscii() == self.b"), `function "lowerAscii"`},
		{"list equality", rule(fields, `self.l == self.l`), "equality of a"},
		{"object equality", rule(fields, `self == self`), "equality of a"},
		{"macro", rule(fields, `self.l.map(x, x) == self.l`), "not known to admission"},
		{"optional", rule(fields, `self.?a.hasValue()`), "not known to admission"},
		{"pattern that is computed", rule(fields, `self.a.matches(self.b)`), "pattern that is not literal"},
		{"wrong expression", rule(fields, `self.c == 1`), "undefined field"},
		{"reason", "type: object\nproperties: {a: {type: string, x-kubernetes-validations: [{message: m, rule: 'true', reason: FieldValueForbidden}]}}", "reason"},
		{"metadata", "type: object\nproperties: {metadata: {type: object}}\nx-kubernetes-validations: [{message: m, rule: 'self.metadata.name == \"a\"'}]", "about metadata"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var props apiextensionsv1.JSONSchemaProps
			if err := yaml.Unmarshal([]byte(tt.schema), &props); err != nil {
				t.Fatal(err)
			}
			g := &generator{w: &crdbin.Writer{}}
			_, err := g.version(&apiextensionsv1.CustomResourceDefinitionVersion{Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &props}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
