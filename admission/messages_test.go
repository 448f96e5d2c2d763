package admission_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/grpcroute/grpcroute/admission"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/manifest"
)

// TestMessages shows each sort of failure once, as a user reads it. The texts of
// the server are those that TestDifferential holds against its code.
func TestMessages(t *testing.T) {
	const rule = "{backendRefs: [{name: a, port: 80}]}"
	tests := []struct {
		name, metadata, spec string
		want                 []admission.Failure
	}{
		{"valid", "{name: a}", "{rules: [" + rule + "]}", nil},
		{"number out of range", "{name: a}", "{rules: [{backendRefs: [{name: a, port: 80, weight: -1}]}]}", []admission.Failure{{
			Source: diag.Schema, Path: manifest.ParsePath("spec.rules[0].backendRefs[0].weight"), Refuses: true,
			Message: "weight -1 is out of range: expected 0 to 1000000",
			Server:  "spec.rules[0].backendRefs[0].weight: Invalid value: -1: spec.rules[0].backendRefs[0].weight in body should be greater than or equal to 0",
		}}},
		{"text read as a boolean", "{name: a}", "{rules: [{matches: [{headers: [{name: x, value: true}]}]}]}", []admission.Failure{{
			Source: diag.Schema, Path: manifest.ParsePath("spec.rules[0].matches[0].headers[0].value"), Refuses: true,
			Message: "value is the boolean true: expected a string", Expected: "write it in quotes", WantType: "string", GotType: "boolean",
			Server: `spec.rules[0].matches[0].headers[0].value: Invalid value: "boolean": spec.rules[0].matches[0].headers[0].value in body must be of type string: "boolean"`,
		}}},
		{"label read as a number", "{name: a, labels: {b: x, c: 1}}", "{}", []admission.Failure{{
			Source: diag.Metadata, Path: manifest.Path{"metadata", "labels", "c"}, Refuses: true,
			Message: "metadata.labels.c is the integer 1: expected a string", Expected: "write it in quotes", WantType: "string", GotType: "integer",
			Server: `GRPCRoute in version "v1" cannot be handled as a GRPCRoute: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string`,
		}}},
		{"enum", "{name: a}", "{rules: [{matches: [{method: {type: Exat, service: a}}]}]}", []admission.Failure{{
			Source: diag.Schema, Path: manifest.ParsePath("spec.rules[0].matches[0].method.type"), Refuses: true, Suggestion: "Exact",
			Message: `type "Exat" is not allowed: expected one of "Exact", "RegularExpression"`, Expected: `did you mean "Exact"?`,
			Server: `spec.rules[0].matches[0].method.type: Unsupported value: "Exat": supported values: "Exact", "RegularExpression"`,
		}}},
		{"required", "{name: a}", "{rules: [{backendRefs: [{port: 80}]}]}", []admission.Failure{{
			Source: diag.Schema, Path: manifest.ParsePath("spec.rules[0].backendRefs[0].name"), Refuses: true,
			Message: `required field "name" is missing in backendRefs[0]`,
			Server:  "spec.rules[0].backendRefs[0].name: Required value",
		}}},
		{"typo", "{name: a}", "{rules: [{backendRef: [], matches: [{metod: {}}]}]}", []admission.Failure{{
			Source: diag.UnknownField, Path: manifest.ParsePath("spec.rules[0].backendRef"), Suggestion: "backendRefs",
			Message: `unknown field "backendRef": the server drops it`, Expected: `did you mean "backendRefs"?`,
			Server: `unknown field "spec.rules[0].backendRef"`,
		}, {
			Source: diag.UnknownField, Path: manifest.ParsePath("spec.rules[0].matches[0].metod"), Suggestion: "method",
			Message: `unknown field "metod": the server drops it`, Expected: `did you mean "method"?`,
			Server: `unknown field "spec.rules[0].matches[0].metod"`,
		}}},
		{"experimental field", "{name: a}", "{rules: [{sessionPersistence: {}}]}", []admission.Failure{{
			Source: diag.UnknownField, Path: manifest.ParsePath("spec.rules[0].sessionPersistence"),
			Message: `field "sessionPersistence" exists only in the experimental channel of Gateway API 1.6: the server drops it`,
			Server:  `unknown field "spec.rules[0].sessionPersistence"`,
		}}},
		{"pattern", "{name: a}", "{hostnames: [A.example.com]}", []admission.Failure{{
			Source: diag.Schema, Path: manifest.ParsePath("spec.hostnames[0]"), Refuses: true,
			Message: `hostnames[0] "A.example.com" is malformed: expected a DNS name in lower case: letters, digits, '-' and '.', which may begin with "*."`,
			Server:  `spec.hostnames[0]: Invalid value: "A.example.com": spec.hostnames[0] in body should match '^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'`,
		}}},
		{"empty text", "{name: a}", "{rules: [{backendRefs: [{name: '', port: 1}]}]}", []admission.Failure{{
			Source: diag.Schema, Path: manifest.ParsePath("spec.rules[0].backendRefs[0].name"), Refuses: true,
			Message: "name is empty: expected at least 1 character",
			Server:  `spec.rules[0].backendRefs[0].name: Invalid value: "": spec.rules[0].backendRefs[0].name in body should be at least 1 chars long`,
		}}},
		{"list too long", "{name: a}", "{hostnames: [" + strings.Repeat("a, ", 16) + "a]}", []admission.Failure{{
			Source: diag.Schema, Path: manifest.ParsePath("spec.hostnames"), Refuses: true,
			Message: "hostnames has 17 items: at most 16 are allowed",
			Server:  "spec.hostnames: Too many: 17: must have at most 16 items",
		}}},
		{"duplicate key", "{name: a}", "{rules: [{matches: [{headers: [{name: x, value: a}, {name: x, value: b}]}]}]}", []admission.Failure{{
			Source: diag.Schema, Path: manifest.ParsePath("spec.rules[0].matches[0].headers[1]"), Refuses: true,
			Message: `headers[1] repeats name "x": items must be unique by that`,
			Server:  `spec.rules[0].matches[0].headers[1]: Duplicate value: {"name":"x"}`,
		}}},
		{"label value", "{name: a, labels: {b: c d}}", "{}", []admission.Failure{{
			Source: diag.Metadata, Path: manifest.ParsePath("metadata.labels.b"), Refuses: true,
			Message: `value "c d" of label "b" is invalid: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
			Server:  `metadata.labels: Invalid value: "c d": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
		}}},
		{"number in quotes", "{name: a}", "{rules: [{backendRefs: [{name: a, port: '80'}]}]}", []admission.Failure{{
			Source: diag.Schema, Path: manifest.ParsePath("spec.rules[0].backendRefs[0].port"), Refuses: true,
			Message: `port is the string "80": expected an integer`, Expected: "write it without quotes", WantType: "integer", GotType: "string",
			Server: `spec.rules[0].backendRefs[0].port: Invalid value: "string": spec.rules[0].backendRefs[0].port in body must be of type integer: "string"`,
		}}},
		{"rule", "{name: a}", "{rules: [{backendRefs: [{name: a}]}]}", []admission.Failure{{
			Source: diag.CEL, Path: manifest.ParsePath("spec.rules[0].backendRefs[0]"), Refuses: true,
			Message: "backendRefs[0]: must have port for Service reference",
			Server:  "spec.rules[0].backendRefs[0]: Invalid value: Must have port for Service reference",
		}}},
		{"no name", "{}", "{}", []admission.Failure{{
			Source: diag.Metadata, Path: manifest.ParsePath("metadata.name"), Refuses: true,
			Message: `required field "name" is missing in metadata`,
			Server:  "metadata.name: Required value: name or generateName is required",
		}}},
		{"annotation", "{name: a, annotations: {a: b, b c: d}}", "{}", []admission.Failure{{
			Source: diag.Metadata, Path: manifest.Path{"metadata", "annotations", "b c"}, Refuses: true,
			Message: `annotation "b c" is invalid: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
			Server:  `metadata.annotations: Invalid value: "b c": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
		}}},
	}
	s := server(t, "1.6", "standard")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := document(t, "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: "+tt.metadata+"\nspec: "+tt.spec)
			if d := cmp.Diff(tt.want, s.Check(doc), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// TestStatus drops a status unseen, but not the fields in it that do not exist.
func TestStatus(t *testing.T) {
	s := server(t, "1.6", "standard")
	doc := document(t, `{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: a}, spec: {}, status: {parents: 5, parent: []}}`)
	got := s.Check(doc)
	if len(got) != 1 || got[0].Server != `unknown field "status.parent"` {
		t.Errorf("got %+v", got)
	}
}
