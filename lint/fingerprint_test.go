package lint_test

import (
	"strings"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/lint/rules"
	"github.com/grpcroute/grpcroute/manifest"
)

const printed = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: users, namespace: shop}
spec:
  parentRefs:
  - name: edge
  rules:
  - name: get
    matches:
    - method: {service: shop.Users, metod: Get}
    backendRefs:
    - name: users
      port: 9000
  - matches:
    - method: {service: shop.Users, method: Put}
      heders: []
    backendRefs:
    - name: users
      port: 9000
`

// prints returns the fingerprints of the unknown fields of a text.
func prints(t *testing.T, text string) map[string]int {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := lint.Run(set, rules.All, lint.Options{Rules: []string{"unknown-field"}})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, d := range r.Diagnostics {
		out[lint.Fingerprint(d)]++
	}
	return out
}

func TestFingerprintsStayWhenThingsMove(t *testing.T) {
	want := prints(t, printed)
	if len(want) != 2 {
		t.Fatalf("%d fingerprints, want 2: %v", len(want), want)
	}
	for name, edit := range map[string]*strings.Replacer{
		"lines": strings.NewReplacer("kind:", "# a comment\n\n# another\nkind:"),
		"rule":  strings.NewReplacer("  rules:\n", "  rules:\n  - name: first\n    backendRefs: [{name: users, port: 1}]\n"),
		"match": strings.NewReplacer("    matches:\n", "    matches:\n    - method: {service: shop.Other}\n"),
	} {
		t.Run(name, func(t *testing.T) {
			text := edit.Replace(printed)
			if text == printed {
				t.Fatal("the edit changes nothing")
			}
			got := prints(t, text)

			for p := range want {
				if got[p] != 1 {
					t.Errorf("fingerprint %s is there %d times, want once: %v", p, got[p], got)
				}
			}
		})
	}
}

func TestFingerprintsTellFindingsApart(t *testing.T) {
	base := diag.Diagnostic{Rule: "r", Message: `port 1 is wrong, see a.yaml:3:4`, Field: "spec.rules[1].x", Object: diag.Ref{Kind: "GRPCRoute", Namespace: "a", Name: "b"}}
	same, rule, field, message, object := base, base, base, base, base
	same.Message, same.Field, same.Range.Start.Line = `port 1 is wrong, see a.yaml:30:4`, "spec.rules[7].x", 9
	rule.Rule, field.Field, message.Message, object.Object.Name = "q", "spec.rules[1].y", "port 2 is wrong", "c"
	want := lint.Fingerprint(base)
	if len(want) != 32 {
		t.Errorf("fingerprint %q has %d digits, want 32", want, len(want))
	}
	if got := lint.Fingerprint(same); got != want {
		t.Errorf("a moved finding has fingerprint %s, was %s", got, want)
	}
	for name, d := range map[string]diag.Diagnostic{"rule": rule, "field": field, "message": message, "object": object} {
		if lint.Fingerprint(d) == want {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
	for _, pair := range [][2]diag.Diagnostic{
		{{Message: `Service "a" does not exist: expected one of "b", "c"`}, {Message: `Service "a" does not exist: expected "b"`}},
		{{Message: `no listener "a": did you mean "b"?`}, {Message: `no listener "a"`}},
		{{Message: `port 1 is none of S, which has 2 (x)`}, {Message: `port 1 is none of S, which has 3`}},
		{
			{Message: "call h/s/m with a: b reaches rules[1]", Witness: &diag.Witness{Authority: "h", Path: "/s/m", Headers: map[string]string{"a": "b"}}},
			{Message: "call h2/s/n reaches rules[0]", Witness: &diag.Witness{Authority: "h2", Path: "/s/n"}},
		},
	} {
		if lint.Fingerprint(pair[0]) != lint.Fingerprint(pair[1]) {
			t.Errorf("%q and %q have two fingerprints", pair[0].Message, pair[1].Message)
		}
	}
	a, b := diag.Diagnostic{Range: diag.Range{File: "a"}}, diag.Diagnostic{Range: diag.Range{File: "b"}}
	if lint.Fingerprint(a) == lint.Fingerprint(b) {
		t.Error("findings about no object in two files have the same fingerprint")
	}
}
