package lint_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcroute/grpcroute/diag"
	"github.com/grpcroute/grpcroute/lint"
	"github.com/grpcroute/grpcroute/manifest"
	"github.com/grpcroute/grpcroute/profile"
	"github.com/grpcroute/grpcroute/topology"
)

const route = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: users, namespace: shop}
spec:
  parentRefs:
  - name: edge
  rules:
  - backendRefs:
    - {name: users, port: 50051, weight: -1}
    - {name: users, port: 50051, wieght: 1}
`

// gateways are two Gateways of different implementations.
const gateways = `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: kgateway
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: other, namespace: shop}
spec:
  gatewayClassName: any
  listeners: [{name: http, port: 80, protocol: HTTP}]
`

func load(t *testing.T, text string) *manifest.Set {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func run(t *testing.T, text string, o lint.Options, rules ...*lint.Rule) *lint.Result {
	t.Helper()
	r, err := lint.Run(load(t, text), rules, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// routes is a rule that reports once a route.
func routes(id string, s diag.Severity, report func(*lint.Pass, *manifest.Document)) *lint.Rule {
	return &lint.Rule{ID: id, Severity: s, Check: func(p *lint.Pass) {
		for _, o := range p.Set.GRPCRoutes.All {
			report(p, o.Doc)
		}
	}}
}

func TestReportFillsIn(t *testing.T) {
	path := manifest.Path{"spec", "parentRefs", 0, "name"}
	r := run(t, route, lint.Options{Profile: profile.Spec},
		routes("b-rule", diag.Warning, func(p *lint.Pass, d *manifest.Document) {
			p.Report(d, path, diag.Diagnostic{Message: "said by default"})
			p.ReportAs(diag.Info, d, path, diag.Diagnostic{Message: "said as info"})
			p.ReportKey(d, path, diag.Diagnostic{Message: "said of the key", Severity: diag.Error, Source: diag.CEL})
		}))
	at := func(line, from, to, byteAt int) diag.Range {
		return diag.Range{File: "<stdin>",
			Start: diag.Position{Line: line, Column: from, Byte: byteAt},
			End:   diag.Position{Line: line, Column: to, Byte: byteAt + to - from}}
	}
	object := diag.Ref{APIVersion: "gateway.networking.k8s.io/v1", Kind: "GRPCRoute", Namespace: "shop", Name: "users"}
	fill := func(d diag.Diagnostic) diag.Diagnostic {
		d.Rule, d.Object, d.Field, d.Profile = "b-rule", object, "spec.parentRefs[0].name", "spec"
		d.NamedField = "spec.parentRefs[edge].name"
		return d
	}
	name := strings.Index(route, "edge")
	want := diag.List{
		fill(diag.Diagnostic{Severity: diag.Error, Source: diag.CEL, Message: "said of the key", Range: at(6, 5, 9, name-len("name: "))}),
		fill(diag.Diagnostic{Severity: diag.Info, Source: diag.Semantic, Message: "said as info", Range: at(6, 11, 15, name)}),
		fill(diag.Diagnostic{Severity: diag.Warning, Source: diag.Semantic, Message: "said by default", Range: at(6, 11, 15, name)}),
	}
	if diff := cmp.Diff(want, r.Diagnostics); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if r.Objects != 1 {
		t.Errorf("Objects = %d, want 1", r.Objects)
	}
}

func TestReportRefusal(t *testing.T) {
	r := run(t, route, lint.Options{Profile: profile.Spec},
		routes("rule", diag.Error, func(p *lint.Pass, d *manifest.Document) {
			at := manifest.Path{"spec", "parentRefs", 0}
			p.ReportRefusal(nil, diag.Diagnostic{Message: "no refusal"})
			p.ReportRefusal(&topology.Refusal{Message: "possible", Doc: d, Path: at, Certainty: diag.Unknown}, diag.Diagnostic{})
			p.ReportRefusal(&topology.Refusal{Message: "assumed", Doc: d, Path: at, Certainty: diag.Assumed}, diag.Diagnostic{})
			p.ReportRefusal(&topology.Refusal{Message: "its own words", Doc: d, Path: at}, diag.Diagnostic{Message: "the rule's words"})
		}))
	var got []string
	for _, d := range r.Diagnostics {
		got = append(got, d.Message+", "+d.Certainty.String()+" at "+d.Field+" "+d.Range.String())
	}
	want := []string{
		"assumed, assumed at spec.parentRefs[0] <stdin>:6:5",
		"the rule's words, certain at spec.parentRefs[0] <stdin>:6:5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestSpecialRuleTakesTheFailure(t *testing.T) {
	general := &lint.Rule{ID: "general", Severity: diag.Error, General: true, Check: func(p *lint.Pass) {
		for _, doc := range p.Set.Documents {
			failures := p.Failures(doc)
			for i := range failures {
				p.ReportFailure(doc, &failures[i], nil, diag.Diagnostic{Message: "refused"})
			}
		}
	}}
	special := routes("special", diag.Warning, func(p *lint.Pass, doc *manifest.Document) {
		failures := p.Failures(doc)
		for i := range failures {
			if failures[i].Source == diag.Schema {
				p.ReportFailure(doc, &failures[i], nil, diag.Diagnostic{Message: "explained"})
			}
		}
	})
	r := run(t, route, lint.Options{}, general, special)
	var got []string
	for _, d := range r.Diagnostics {
		got = append(got, d.Rule+" "+d.Severity.String()+" "+string(d.Source)+" "+d.Field)
		if d.Admission == "" {
			t.Errorf("%s: Admission is empty", d.Rule)
		}
	}
	want := []string{
		"special error schema spec.rules[0].backendRefs[0].weight", // what the server refuses is an error
		"general error unknown-field spec.rules[0].backendRefs[1].wieght",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	r = run(t, route, lint.Options{Skip: []string{"special"}}, general, special)
	if n := len(r.Diagnostics); n != 2 || r.Diagnostics[0].Rule != "general" {
		t.Errorf("with the special rule skipped: %d findings, want both of the general one", n)
	}
}

func TestProfilesAreMerged(t *testing.T) {
	same := routes("same", diag.Error, func(p *lint.Pass, doc *manifest.Document) {
		p.Report(doc, nil, diag.Diagnostic{Message: "equal"})
		p.Report(doc, nil, diag.Diagnostic{Message: "equal"})
		p.Report(doc, nil, diag.Diagnostic{Message: "as " + p.Profile.Name})
	})
	once := routes("once", diag.Error, func(p *lint.Pass, doc *manifest.Document) {
		p.Report(doc, nil, diag.Diagnostic{Message: "of the documents"})
		if p.Topology != nil || p.Table != nil || p.Profile != nil {
			t.Error("a rule that is PerSet got a topology")
		}
	})
	once.PerSet = true
	only := routes("only", diag.Error, func(p *lint.Pass, doc *manifest.Document) {
		p.Report(doc, nil, diag.Diagnostic{Message: "of one implementation"})
	})
	only.Profiles = []string{"kgateway"}
	r := run(t, route+gateways, lint.Options{}, same, once, only)
	var names []string
	for _, p := range r.Profiles {
		names = append(names, p.Name)
	}
	if len(names) != 2 {
		t.Fatalf("profiles %v, want two", names)
	}
	var got []string
	for _, d := range r.Diagnostics {
		got = append(got, d.Message+": "+d.Profile)
	}
	both := strings.Join(names, ",")
	want := []string{
		"of the documents: " + both, "of one implementation: kgateway",
		"as kgateway: kgateway", "as spec: spec", "equal: " + both,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestProblemsOfReading(t *testing.T) {
	text := route + "---\na: [\n"
	listed := &lint.Rule{ID: "yaml-syntax"}
	count := func(o lint.Options, rules ...*lint.Rule) int { return len(run(t, text, o, rules...).Diagnostics) }
	other := &lint.Rule{ID: "other", Check: func(*lint.Pass) {}}
	if n := count(lint.Options{}, listed, other); n != 1 {
		t.Errorf("%d findings, want the syntax error", n)
	}
	if n := count(lint.Options{Skip: []string{"yaml-syntax"}}, listed, other); n != 0 {
		t.Errorf("%d findings with the rule skipped, want none", n)
	}
	if n := count(lint.Options{Rules: []string{"other"}}, listed, other); n != 0 {
		t.Errorf("%d findings with only another rule, want none", n)
	}
	if n := count(lint.Options{}, other); n != 1 {
		t.Errorf("%d findings of a rule that the catalogue lacks, want it kept", n)
	}
}

func TestUnknownRule(t *testing.T) {
	rules := []*lint.Rule{{ID: "backend-not-found"}, {ID: "no-backend"}}
	for _, tc := range []struct{ name, id, want string }{
		{"near", "backend-notfound", `unknown rule "backend-notfound": did you mean "backend-not-found"?`},
		{"swapped", "no-bakcend", `unknown rule "no-bakcend": did you mean "no-backend"?`},
		{"far", "x", "unknown rule \"x\": `grpcroute rules` lists them all"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, o := range []lint.Options{{Rules: []string{tc.id}}, {Skip: []string{tc.id}}} {
				_, err := lint.Run(&manifest.Set{}, rules, o)
				if err == nil || err.Error() != tc.want {
					t.Errorf("error %v, want %s", err, tc.want)
				}
			}
		})
	}
}

func TestUnknownServer(t *testing.T) {
	for _, o := range []lint.Options{{GatewayAPI: "0.9"}, {Channel: "alpha"}} {
		if _, err := lint.Run(&manifest.Set{}, nil, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"users", "orders", "Users-v2", "a"}
	for _, tc := range []struct{ name, want string }{
		{"usres", "users"}, {"USERS", "users"}, {"user", "users"}, {"users-v3", "Users-v2"}, {"orderss", "orders"},
		{"billing", ""}, {"", ""}, {"xyz", ""}, {"b", ""}, {"ordres", "orders"},
		{"ord", "orders"}, {"orders-v1.2.3", "orders"}, {"use", ""}, {"or", ""},
	} {
		if got := lint.Nearest(tc.name, names); got != tc.want {
			t.Errorf("Nearest(%q) = %q, want %q", tc.name, got, tc.want)
		}
	}
	if got := lint.Nearest("lnit", []string{"init", "lint"}); got != "lint" {
		t.Errorf("letters that changed places make %q, want lint", got)
	}
}

// TestAdviceRunsOnDemand: a rule that is OptIn runs when it is named and with
// Advice, and Skip still has the last word.
func TestAdviceRunsOnDemand(t *testing.T) {
	advice := routes("some-advice", diag.Warning, func(p *lint.Pass, d *manifest.Document) {
		p.Report(d, nil, diag.Diagnostic{Message: "could be better"})
	})
	advice.OptIn = true
	for _, c := range []struct {
		name string
		o    lint.Options
		want int
	}{
		{"by default", lint.Options{}, 0},
		{"with advice", lint.Options{Advice: true}, 1},
		{"named", lint.Options{Rules: []string{"some-advice"}}, 1},
		{"skipped", lint.Options{Advice: true, Skip: []string{"some-advice"}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := len(run(t, route, c.o, advice).Diagnostics); got != c.want {
				t.Errorf("%d findings, want %d", got, c.want)
			}
		})
	}
}
